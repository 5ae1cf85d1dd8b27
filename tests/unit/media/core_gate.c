/* The gate before the encoder: what opens it, when it closes, and that no word's start is lost. */
#include "gateway/media/gate.h"
#include "gateway/media/jitter.h"

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
    guint closed = gw_gate_frame(&g, pcm, TRUE);
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

/* Every third packet of the line's noise is lost, and something quieter or nothing takes its place. */
static void test_lost_packets(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(6);
  gw_gate g = {0};
  for (guint i = 0; i < 1000; i++) {
    gint16 pcm[GW_FRAME];
    noise(rnd, i % 3 ? -60 : -80, pcm);
    guint closed = gw_gate_frame(&g, i % 100 ? pcm : NULL, i % 3 != 0);
    if (i > 100) g_assert_cmpuint(closed, >, 0);
  }
}

typedef struct {
  gw_jitter *jitter;
  gw_encoder *encoder;
  GRand *rnd;
  guint16 seq;
} line;

static void line_packet(line *l, gint64 now_us) {
  gint16 pcm[GW_FRAME];
  guint8 payload[GW_FRAME / 2];
  noise(l->rnd, -60, pcm);
  gw_encoder_frame(l->encoder, pcm, payload, sizeof payload);
  gw_rtp rtp = {.pt = 0,
                .seq = l->seq,
                .ts = l->seq * 160u,
                .payload = payload,
                .payload_len = sizeof payload,
                .level = -1};
  l->seq++;
  gw_jitter_put(l->jitter, &rtp, now_us);
}

/* The machine is too busy: of each second one third of the ticks come late, three at once, and some packets of a quiet line
 * were thrown away meanwhile. What is made up in their place is never taken for sound. */
static void test_held_up(void) {
  line l = {gw_jitter_new("PCMU", 8000), gw_encoder_new("PCMU", TRUE, FALSE),
            g_rand_new_with_seed(8), 0};
  gw_gate g = {0};
  guint made_up = 0;
  for (guint i = 0; i < 1000; i++) {
    gint64 now_us = G_USEC_PER_SEC + i * 20000;
    gint16 pcm[GW_FRAME];
    if (g_rand_int_range(l.rnd, 0, 4))
      line_packet(&l, now_us);
    else
      l.seq++;
    guint due = i % 9 >= 7 ? 0 : i % 9 == 0 ? 3 : 1;
    for (guint late = due; late-- > 0;) {
      gboolean live = gw_jitter_get(l.jitter, now_us - late * 20000, pcm);
      made_up += live && !gw_jitter_whole(l.jitter);
      guint closed = gw_gate_frame(&g, live ? pcm : NULL, gw_jitter_whole(l.jitter));
      if (i > 200) g_assert_cmpuint(closed, >, 0);
    }
  }
  g_assert_cmpuint(made_up, >, 100);
  gw_jitter_free(l.jitter);
  gw_encoder_free(l.encoder);
  g_rand_free(l.rnd);
}

static void test_no_frame_at_all(void) {
  gw_gate g = {0};
  for (guint i = 0; i < GW_GATE_HANG; i++)
    g_assert_cmpuint(gw_gate_frame(&g, NULL, TRUE), ==, 0);
  for (guint i = 1; i < 200; i++)
    g_assert_cmpuint(gw_gate_frame(&g, NULL, TRUE), ==, i);
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
          gw_gate_frame(&g, pcm, TRUE);
        }
        g_assert_cmpuint(g.closed, >, GW_GATE_HANG);
        noise(rnd, lines[l], pcm);
        add_tone(pcm, from, GW_FRAME, 500, words[w]);
        g_assert_cmpuint(gw_gate_frame(&g, pcm, TRUE), ==, 0);
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
    g_assert_cmpuint(gw_gate_frame(&g, i % 30 < 8 ? word : NULL, TRUE), ==, 0);
  for (guint i = 0; i < GW_GATE_HANG; i++)
    gw_gate_frame(&g, NULL, TRUE);
  g_assert_cmpuint(gw_gate_frame(&g, NULL, TRUE), >, 0);
}

/* Somebody talks for a minute without a pause: never taken for the noise of the line. */
static void test_long_talk(void) {
  gw_gate g = {0};
  for (guint i = 0; i < 3000; i++) {
    gint16 pcm[GW_FRAME] = {0};
    add_tone(pcm, 0, GW_FRAME, 200 + i % 7 * 40, -46 + (gint)(i % 11));
    g_assert_cmpuint(gw_gate_frame(&g, pcm, TRUE), ==, 0);
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
    closed = gw_gate_frame(&g, pcm, TRUE);
    if (i == 210) g_assert_cmpuint(closed, ==, 0);
  }
  g_assert_cmpuint(closed, >, 50);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/gate/lines", test_lines);
  g_test_add_func("/gate/lost-packets", test_lost_packets);
  g_test_add_func("/gate/held-up", test_held_up);
  g_test_add_func("/gate/no-frame", test_no_frame_at_all);
  g_test_add_func("/gate/word-begins", test_word_begins);
  g_test_add_func("/gate/pauses", test_pauses);
  g_test_add_func("/gate/long-talk", test_long_talk);
  g_test_add_func("/gate/louder-line", test_louder_line);
  return g_test_run();
}
