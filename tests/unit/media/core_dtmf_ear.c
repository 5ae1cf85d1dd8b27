/* Keys in the voice, through the codecs that carry them. */
#include <string.h>
#include "gateway/media/codec.h"
#include "gateway/media/dtmf_ear.h"
#include "gateway/media/tone.h"

#define KEYS "123A456B789C*0#D" /* rows by columns, Q.23 */

typedef struct {
  gw_dtmf_ear *ear;
  gw_encoder *encoder;
  gw_decoder *decoder;
  GString *heard;
} line;

static line line_new(const char *codec) {
  return (line){gw_dtmf_ear_new(), gw_encoder_new(codec, FALSE, FALSE), gw_decoder_new(codec),
                g_string_new(NULL)};
}

static void line_free(line *l) {
  gw_dtmf_ear_free(l->ear);
  gw_encoder_free(l->encoder);
  gw_decoder_free(l->decoder);
  g_string_free(l->heard, TRUE);
}

static void frame(line *l, const gint16 *pcm) {
  guint8 payload[GW_FRAME];
  gint16 out[GW_FRAME];
  int n = gw_encoder_frame(l->encoder, pcm, payload, sizeof payload);
  g_assert_cmpint(gw_decoder_packet(l->decoder, payload, (gsize)n, FALSE, out, GW_FRAME), ==,
                  GW_FRAME);
  char key = gw_dtmf_ear_frame(l->ear, out);
  if (key) g_string_append_c(l->heard, key);
}

static void mix(gint16 *pcm, gw_tone *t) {
  gint16 one[GW_FRAME];
  gw_tone_fill(t, one, GW_FRAME);
  for (guint i = 0; i < GW_FRAME; i++)
    pcm[i] = (gint16)(pcm[i] + one[i]);
}

static void tones(line *l, gdouble low, gdouble high, gdouble amplitude, guint frames) {
  gw_tone a, b;
  gw_tone_init(&a, low, amplitude, GW_RATE);
  gw_tone_init(&b, high, amplitude, GW_RATE);
  for (guint i = 0; i < frames; i++) {
    gint16 pcm[GW_FRAME] = {0};
    mix(pcm, &a);
    mix(pcm, &b);
    frame(l, pcm);
  }
}

static void silence(line *l, guint frames) {
  gint16 pcm[GW_FRAME] = {0};
  for (guint i = 0; i < frames; i++)
    frame(l, pcm);
}

static void press(line *l, char key, gdouble amplitude, guint frames) {
  static const gdouble rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
  guint at = (guint)(strchr(KEYS, key) - KEYS);
  tones(l, rows[at / 4], columns[at % 4], amplitude, frames);
  silence(l, 4);
}

static void test_keys(void) {
  static const char *const codecs[] = {"PCMA", "PCMU"};
  static const gdouble amplitudes[] = {0.4, 0.1, 0.03};
  for (guint c = 0; c < 2; c++)
    for (guint a = 0; a < G_N_ELEMENTS(amplitudes); a++) {
      line l = line_new(codecs[c]);
      for (const char *k = KEYS "1155##"; *k; k++)
        press(&l, *k, amplitudes[a], 5);
      g_assert_cmpstr(l.heard->str, ==, KEYS "1155##");
      line_free(&l);
    }
}

/* Held for ten seconds it is one press. */
static void test_long(void) {
  line l = line_new("PCMA");
  press(&l, '7', 0.2, 500);
  g_assert_cmpstr(l.heard->str, ==, "7");
  line_free(&l);
}

static void test_what_is_no_key(void) {
  static const struct {
    gdouble low, high;
    guint frames;
  } rows[] = {{440, 660, 50},   {697, 770, 50},   {697, 697, 50},
              {1209, 1336, 50}, {1000, 1000, 50}, {770, 1336, 1} /* too short */};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    line l = line_new("PCMU");
    tones(&l, rows[i].low, rows[i].high, 0.2, rows[i].frames);
    silence(&l, 4);
    g_assert_cmpstr(l.heard->str, ==, "");
    line_free(&l);
  }
  line l = line_new("PCMU");
  g_autoptr(GRand) r = g_rand_new_with_seed(4);
  for (guint i = 0; i < 3000; i++) { /* a minute of noise */
    gint16 pcm[GW_FRAME];
    for (guint k = 0; k < GW_FRAME; k++)
      pcm[k] = (gint16)g_rand_int_range(r, -8000, 8000);
    frame(&l, pcm);
  }
  g_assert_cmpstr(l.heard->str, ==, "");
  line_free(&l);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dtmf-ear/keys", test_keys);
  g_test_add_func("/dtmf-ear/long", test_long);
  g_test_add_func("/dtmf-ear/what-is-no-key", test_what_is_no_key);
  return g_test_run();
}
