/* prompts.c: WAV files, good and broken; and what a phone hears of them. */
#include "shell_kit.h"
#include "gateway/media/prompts.h"
#include <glib/gstdio.h>
#include <string.h>

static void put(GByteArray *a, guint32 v, guint bytes) {
  guint8 b[4] = {v & 255, (v >> 8) & 255, (v >> 16) & 255, v >> 24};
  g_byte_array_append(a, b, bytes);
}

typedef struct {
  const char *what;
  guint format, channels, rate, bits;
  guint extra_chunk; /* bytes of an unknown chunk before the data */
  guint said;        /* data length in the header, 0 = right */
  gsize want;        /* samples at GW_RATE of 800 in the file; 0 = refused */
} wav;

static const wav rows[] = {
    {"8 kHz", 1, 1, 8000, 16, 0, 0, 1600},
    {"16 kHz", 1, 1, 16000, 16, 0, 0, 800},
    {"extensible", 0xfffe, 1, 16000, 16, 0, 0, 800},
    {"odd chunk before", 1, 1, 16000, 16, 33, 0, 800},
    {"streamed: length unknown", 1, 1, 16000, 16, 0, 0xffffffff, 800},
    {"says less", 1, 1, 16000, 16, 0, 100, 50},
    {"stereo", 1, 2, 16000, 16, 0, 0, 0},
    {"48 kHz", 1, 1, 48000, 16, 0, 0, 266},
    {"22.05 kHz", 1, 1, 22050, 16, 0, 0, 580},
    {"44.1 kHz", 1, 1, 44100, 16, 0, 0, 290},
    {"96 kHz", 1, 1, 96000, 16, 0, 0, 0},
    {"8 bit", 1, 1, 8000, 8, 0, 0, 0},
    {"A-law", 6, 1, 8000, 8, 0, 0, 0},
};

static GByteArray *make_wav(const wav *w, gdouble hz, guint samples) {
  GByteArray *a = g_byte_array_new();
  g_autofree gint16 *pcm = g_new(gint16, samples);
  gw_tone tone;
  gw_tone_init(&tone, hz, 0.3, w->rate);
  gw_tone_fill(&tone, pcm, samples);
  guint head = w->format == 0xfffe ? 40 : 16;
  g_byte_array_append(a, (const guint8 *)"RIFF\0\0\0\0WAVEfmt ", 16);
  put(a, head, 4);
  put(a, w->format, 2);
  put(a, w->channels, 2);
  put(a, w->rate, 4);
  put(a, w->rate * 2, 4);
  put(a, 2, 2);
  put(a, w->bits, 2);
  for (guint i = 16; i < head; i += 2)
    put(a, i == 24 ? 1 : 0, 2);
  if (w->extra_chunk) {
    g_byte_array_append(a, (const guint8 *)"LIST", 4);
    put(a, w->extra_chunk, 4);
    for (guint i = 0; i < w->extra_chunk + (w->extra_chunk & 1); i++)
      put(a, 'd', 1);
  }
  g_byte_array_append(a, (const guint8 *)"data", 4);
  put(a, w->said ? w->said : samples * 2, 4);
  g_byte_array_append(a, (const guint8 *)pcm, samples * 2);
  return a;
}

static void test_parse(void) {
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GByteArray) a = make_wav(&rows[i], 1000, 800);
    g_autoptr(gw_prompt) p = gw_prompt_parse(a->data, a->len);
    if ((p ? p->n : 0) != rows[i].want) g_error("%s: %zu samples", rows[i].what, p ? p->n : 0);
    if (p && p->n >= 800) /* the tone is where it was, whatever the rate */
      g_assert_cmpfloat(gw_goertzel_dbfs(p->pcm + 160, 640, GW_RATE, 1000), >, -12);
    for (guint cut = 0; cut < a->len; cut++) { /* every truncation */
      g_autofree guint8 *copy = g_memdup2(a->data, cut);
      g_autoptr(gw_prompt) part = gw_prompt_parse(copy, cut);
      g_assert_true(!part || part->n <= 1600);
    }
  }
}

static char *folder_new(void) {
  g_autoptr(GError) error = NULL;
  char *dir = g_dir_make_tmp("prompts-XXXXXX", &error);
  g_assert_no_error(error);
  g_autofree char *en = g_build_filename(dir, "en", NULL);
  g_assert_cmpint(g_mkdir(en, 0700), ==, 0);
  g_autofree char *one = g_build_filename(dir, "one.wav", NULL),
                  *two = g_build_filename(en, "two.wav", NULL),
                  *bad = g_build_filename(dir, "bad.wav", NULL),
                  *no = g_build_filename(dir, "readme.txt", NULL);
  g_autoptr(GByteArray) a = make_wav(&rows[0], 600, 8000), b = make_wav(&rows[1], 900, 16000);
  g_assert_true(g_file_set_contents(one, (char *)a->data, a->len, NULL));
  g_assert_true(g_file_set_contents(two, (char *)b->data, b->len, NULL));
  g_assert_true(g_file_set_contents(bad, "RIFF", 4, NULL));
  g_assert_true(g_file_set_contents(no, "x", 1, NULL));
  return dir;
}

static void folder_free(char *dir) {
  static const char *const files[] = {"one.wav", "en/two.wav", "bad.wav", "readme.txt", "en", ""};
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(dir, files[i], NULL);
    g_remove(path);
  }
  g_free(dir);
}

static void test_load(void) {
  char *dir = folder_new();
  g_autoptr(GError) error = NULL;
  g_autoptr(gw_prompts) set = gw_prompts_load(dir, &error), none = gw_prompts_load("", NULL);
  g_assert_no_error(error);
  g_assert_nonnull(gw_prompts_find(set, "one"));
  g_assert_true(gw_prompts_find(set, "one.wav") == gw_prompts_find(set, "one"));
  g_assert_nonnull(gw_prompts_find(set, "en/two"));
  g_assert_null(gw_prompts_find(set, "bad"));
  g_assert_null(gw_prompts_find(set, "readme"));
  g_assert_null(gw_prompts_find(set, "../one"));
  g_assert_null(gw_prompts_find(set, ""));
  g_assert_null(gw_prompts_find(none, "one"));
  g_assert_null(gw_prompts_load("/nonexistent/prompts", &error));
  g_assert_nonnull(error);
  folder_free(dir);
}

static guint ends(const kit *k, gw_handle leg) {
  guint n = 0;
  for (guint i = 0; i < k->events->len; i++) {
    const kit_event *e = &g_array_index(k->events, kit_event, i);
    n += e->prompt_end && gw_handle_is(e->handle, leg);
  }
  return n;
}

typedef struct {
  kit *k;
  gw_handle leg;
  guint n;
} count;

static gboolean ended(void *user) {
  count *c = user;
  return ends(c->k, c->leg) >= c->n;
}

static void test_play(void) {
  char *dir = folder_new();
  kit *k = kit_new(1, dir);
  gw_handle room = gw_media_room(k->media), a = kit_leg(k, room), b = kit_leg(k, room);
  phone *p = phone_new("127.0.0.1", "PCMU", 0, 440), *q = phone_new("127.0.0.1", "PCMU", 0, 1300);
  gw_media_play(k->media, a, "one"); /* before the phone is known: waits for it */
  kit_run(100);
  g_assert_cmpuint(ends(k, a), ==, 0);
  phone_join(p, k, a);
  phone_join(q, k, b);
  count c = {k, a, 1};
  g_assert_true(kit_until(ended, &c, 5000));
  g_assert_true(phone_hears(p, 600));
  g_assert_true(phone_hears(p, 1300)); /* over the call, not instead of it */
  gw_media_play(k->media, a, "en/two.wav");
  c.n = 2;
  g_assert_true(kit_until(ended, &c, 5000));
  g_assert_true(phone_hears(p, 900));
  g_assert_false(phone_heard(q, 600) || phone_heard(q, 900)); /* for that phone only */
  gw_media_play(k->media, a, "nothing");
  c.n = 3;
  g_assert_true(kit_until(ended, &c, 5000));
  gw_media_play(k->media, a, "one");
  gw_media_play(k->media, a, NULL); /* stopped: no end is told */
  gw_media_tone(k->media, a, 2100, 600);
  g_assert_true(phone_hears(p, 2100));
  kit_run(800);
  g_assert_cmpuint(ends(k, a), ==, 3);
  g_assert_cmpuint(ends(k, b), ==, 0);
  g_assert_false(phone_heard(q, 2100));
  phone_free(p);
  phone_free(q);
  kit_free(k);
  folder_free(dir);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/prompts/parse", test_parse);
  g_test_add_func("/media/prompts/load", test_load);
  g_test_add_func("/media/prompts/play", test_play);
  return g_test_run();
}
