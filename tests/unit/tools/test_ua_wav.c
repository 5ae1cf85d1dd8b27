/* WAV files: read at all three rates, refused with a reason, written so that they can be read
 * again. */
#include "gateway/media/codec.h"
#include "gateway/media/tone.h"
#include "tools/ua_wav.h"
#include <glib/gstdio.h>
#include <string.h>

static void put(GByteArray *b, guint32 v, guint bytes) {
  for (guint i = 0; i < bytes; i++) {
    guint8 byte = (guint8)(v >> (8 * i));
    g_byte_array_append(b, &byte, 1);
  }
}

static void put_word(GByteArray *b, const char *word) {
  g_byte_array_append(b, (const guint8 *)word, (guint)strlen(word));
}

/* A file with a chunk that nobody knows (odd length) before the sound. */
static GByteArray *make(guint tag, guint channels, guint rate, guint bits, const gint16 *pcm,
                        guint n) {
  GByteArray *b = g_byte_array_new();
  put_word(b, "RIFF");
  put(b, 0, 4);
  put_word(b, "WAVEfmt ");
  put(b, 16, 4);
  put(b, tag, 2);
  put(b, channels, 2);
  put(b, rate, 4);
  put(b, rate * channels * bits / 8, 4);
  put(b, channels * bits / 8, 2);
  put(b, bits, 2);
  put_word(b, "LIST");
  put(b, 3, 4);
  put_word(b, "abc");
  put(b, 0, 1);
  put_word(b, "data");
  put(b, 2 * n, 4);
  for (guint i = 0; i < n; i++)
    put(b, (guint16)pcm[i], 2);
  return b;
}

static void test_rates(void) {
  static const guint rates[] = {8000, 16000, 48000};
  for (guint i = 0; i < G_N_ELEMENTS(rates); i++) {
    g_autofree gint16 *pcm = g_new(gint16, rates[i]);
    g_autoptr(GError) error = NULL;
    gw_tone tone;
    gw_tone_init(&tone, 1000, 0.5, rates[i]);
    gw_tone_fill(&tone, pcm, rates[i]);
    g_autoptr(GByteArray) file = make(1, 1, rates[i], 16, pcm, rates[i]);
    g_autoptr(gw_ua_wav) wav = gw_ua_wav_parse(file->data, file->len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(wav->n, ==, GW_RATE); /* one second stays one second */
    /* the middle half: the same tone at the same level, and no image of it */
    const gint16 *middle = wav->pcm + GW_RATE / 4;
    gdouble level = gw_goertzel_dbfs(middle, GW_RATE / 2, GW_RATE, 1000);
    g_assert_cmpfloat(level, >, -6.5);
    g_assert_cmpfloat(level, <, -5.5);
    g_assert_cmpfloat(gw_goertzel_dbfs(middle, GW_RATE / 2, GW_RATE, 7000), <, -50);
  }
}

/* 10 kHz cannot be in 16 kHz sound: it must vanish, not come back as 6 kHz. */
static void test_alias(void) {
  g_autofree gint16 *pcm = g_new(gint16, 48000);
  gw_tone tone;
  gw_tone_init(&tone, 10000, 0.5, 48000);
  gw_tone_fill(&tone, pcm, 48000);
  g_autoptr(GByteArray) file = make(1, 1, 48000, 16, pcm, 48000);
  g_autoptr(gw_ua_wav) wav = gw_ua_wav_parse(file->data, file->len, NULL);
  g_assert_cmpfloat(gw_goertzel_dbfs(wav->pcm + GW_RATE / 4, GW_RATE / 2, GW_RATE, 6000), <, -50);
}

static void test_refused(void) {
  static const gint16 pcm[4] = {1, 2, 3, 4};
  static const struct {
    guint tag, channels, rate, bits;
    const char *says;
  } rows[] = {{1, 2, 16000, 16, "2 channels"},
              {1, 1, 44100, 16, "44100 Hz"},
              {1, 1, 16000, 8, "8 bits"},
              {3, 1, 16000, 16, "wanted"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) file =
        make(rows[i].tag, rows[i].channels, rows[i].rate, rows[i].bits, pcm, 4);
    g_assert_null(gw_ua_wav_parse(file->data, file->len, &error));
    g_assert_nonnull(strstr(error->message, rows[i].says));
  }
}

/* Every prefix of a good file, each byte of the header spoiled: an answer or a refusal, never a
 * crash. */
static void test_broken(void) {
  static const gint16 pcm[4] = {1, 2, 3, 4};
  g_autoptr(GByteArray) file = make(1, 1, 16000, 16, pcm, 4);
  for (guint n = 0; n < file->len; n++) {
    g_autofree guint8 *part = g_memdup2(file->data, n);
    g_autoptr(gw_ua_wav) wav = gw_ua_wav_parse(part, n, NULL);
    g_assert_true(!wav || (wav->n >= 1 && wav->n <= 4));
  }
  for (guint i = 0; i < file->len - 8; i++) {
    g_autofree guint8 *copy = g_memdup2(file->data, file->len);
    copy[i] = 0xFF;
    g_autoptr(gw_ua_wav) wav = gw_ua_wav_parse(copy, file->len, NULL);
    g_assert_true(!wav || wav->n >= 1);
  }
}

static void test_round_trip(void) {
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp("ua-wav-XXXXXX", NULL),
                  *path = g_build_filename(dir, "x.wav", NULL);
  gint16 frame[GW_FRAME];
  gw_ua_wav_writer *w = gw_ua_wav_create(path, &error);
  g_assert_no_error(error);
  for (gint16 i = 0; i < 3; i++) {
    for (gint16 k = 0; k < GW_FRAME; k++)
      frame[k] = (gint16)(i * 1000 - k);
    gw_ua_wav_write(w, frame, GW_FRAME);
  }
  g_assert_true(gw_ua_wav_close(w, &error));
  g_autoptr(gw_ua_wav) wav = gw_ua_wav_load(path, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(wav->n, ==, 3 * GW_FRAME);
  g_assert_cmpint(wav->pcm[0], ==, 0);
  g_assert_cmpint(wav->pcm[2 * GW_FRAME + 7], ==, 1993);
  g_unlink(path);
  g_rmdir(dir);
}

static void test_no_file(void) {
  g_autoptr(GError) error = NULL, other = NULL;
  g_assert_null(gw_ua_wav_load("/nowhere/x.wav", &error));
  g_assert_nonnull(strstr(error->message, "/nowhere/x.wav"));
  g_assert_null(gw_ua_wav_create("/nowhere/x.wav", &other));
  g_assert_nonnull(strstr(other->message, "/nowhere/x.wav"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ua/wav/rates", test_rates);
  g_test_add_func("/ua/wav/alias", test_alias);
  g_test_add_func("/ua/wav/refused", test_refused);
  g_test_add_func("/ua/wav/broken", test_broken);
  g_test_add_func("/ua/wav/round-trip", test_round_trip);
  g_test_add_func("/ua/wav/no-file", test_no_file);
  return g_test_run();
}
