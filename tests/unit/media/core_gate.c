/* The gate before the encoder: what opens it, when it closes, and that no word's start is lost. */
#include "gateway/media/gate.h"

#include <math.h>
#include <string.h>

#define RMS(dbfs) (32768 * pow(10, (dbfs) / 20))

static void noise(GRand *rnd, gdouble dbfs, gint16 *out) {
  for (guint i = 0; i < GW_FRAME; i++)
    out[i] = (gint16)lrint(g_rand_double_range(rnd, -1, 1) * RMS(dbfs) * sqrt(3));
}

static void add_tone(gint16 *pcm, guint from, guint to, gdouble hz, gdouble dbfs) {
  for (guint i = from; i < to; i++)
    pcm[i] = (gint16)(pcm[i] + lrint(RMS(dbfs) * sqrt(2) * sin(2 * G_PI * hz * i / GW_RATE)));
}

/* Ten seconds of a line's noise; how many of the frames of the last five are encoded. */
static guint open_frames(gdouble dbfs) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(3);
  gw_gate g = {0};
  guint open = 0;
  for (guint i = 0; i < 500; i++) {
    gint16 pcm[GW_FRAME];
    noise(rnd, dbfs, pcm);
    guint closed = gw_gate_frame(&g, pcm);
    open += i >= 250 && !closed;
  }
  return open;
}

static void test_lines(void) {
  static const struct {
    gdouble dbfs;
    gboolean open;
  } rows[] = {{-90, FALSE}, {-70, FALSE}, {-64, FALSE}, {-58, FALSE},
              {-53, FALSE}, {-44, TRUE},  {-30, TRUE},  {-10, TRUE}};
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpuint(open_frames(rows[i].dbfs), ==, rows[i].open ? 250 : 0);
}

/* Now and then a packet of the line's noise is lost, and nothing or something quieter takes its place. */
static void test_lost_packets(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(6);
  gw_gate g = {0};
  for (guint i = 0; i < 1000; i++) {
    gint16 pcm[GW_FRAME];
    noise(rnd, i % 300 == 150 ? -80 : -60, pcm);
    guint closed = gw_gate_frame(&g, i % 100 ? pcm : NULL);
    if (i > 100) g_assert_cmpuint(closed, >, 0);
  }
}

static void test_no_frame_at_all(void) {
  gw_gate g = {0};
  for (guint i = 0; i < GW_GATE_HANG; i++)
    g_assert_cmpuint(gw_gate_frame(&g, NULL), ==, 0);
  for (guint i = 1; i < 200; i++)
    g_assert_cmpuint(gw_gate_frame(&g, NULL), ==, i);
}

/* Whenever in a frame a word begins, and however softly: that very frame is encoded. */
static void test_word_begins(void) {
  static const gdouble lines[] = {-90, -70, -62, -56}, words[] = {-40, -45, -47};
  for (guint l = 0; l < G_N_ELEMENTS(lines); l++) {
    for (guint w = 0; w < G_N_ELEMENTS(words); w++) {
      for (guint from = 0; from < GW_FRAME - 80; from += 16) {
        g_autoptr(GRand) rnd = g_rand_new_with_seed(from);
        gw_gate g = {0};
        gint16 pcm[GW_FRAME];
        for (guint i = 0; i < 300; i++) {
          noise(rnd, lines[l], pcm);
          gw_gate_frame(&g, pcm);
        }
        g_assert_cmpuint(g.closed, >, GW_GATE_HANG);
        noise(rnd, lines[l], pcm);
        add_tone(pcm, from, GW_FRAME, 500, words[w]);
        g_assert_cmpuint(gw_gate_frame(&g, pcm), ==, 0);
      }
    }
  }
}

/* Pauses between words do not close it; a long one does. */
static void test_pauses(void) {
  gw_gate g = {0};
  gint16 word[GW_FRAME] = {0};
  add_tone(word, 0, GW_FRAME, 300, -25);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint(gw_gate_frame(&g, i % 30 < 8 ? word : NULL), ==, 0);
  for (guint i = 0; i < GW_GATE_HANG; i++)
    gw_gate_frame(&g, NULL);
  g_assert_cmpuint(gw_gate_frame(&g, NULL), >, 0);
}

/* Somebody talks for a minute without a pause: never taken for the noise of the line. */
static void test_long_talk(void) {
  gw_gate g = {0};
  for (guint i = 0; i < 3000; i++) {
    gint16 pcm[GW_FRAME] = {0};
    add_tone(pcm, 0, GW_FRAME, 200 + i % 7 * 40, -46 + (gint)(i % 11));
    g_assert_cmpuint(gw_gate_frame(&g, pcm), ==, 0);
  }
}

/* The noise becomes louder (a window is opened): open for some seconds, then closed again. */
static void test_louder_line(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(4);
  gw_gate g = {0};
  gint16 pcm[GW_FRAME];
  guint closed = 0;
  for (guint i = 0; i < 800; i++) {
    noise(rnd, i < 200 ? -68 : -54, pcm);
    closed = gw_gate_frame(&g, pcm);
    if (i == 210) g_assert_cmpuint(closed, ==, 0);
  }
  g_assert_cmpuint(closed, >, 50);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/gate/lines", test_lines);
  g_test_add_func("/gate/lost-packets", test_lost_packets);
  g_test_add_func("/gate/no-frame", test_no_frame_at_all);
  g_test_add_func("/gate/word-begins", test_word_begins);
  g_test_add_func("/gate/pauses", test_pauses);
  g_test_add_func("/gate/long-talk", test_long_talk);
  g_test_add_func("/gate/louder-line", test_louder_line);
  return g_test_run();
}
