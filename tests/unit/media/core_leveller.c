#include "gateway/media/leveller.h"
#include "gateway/media/mixer.h"
#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

/* Seconds of a tone; the level of the last frame that came out, and the greatest change from one frame to the next. */
static gdouble after(gw_leveller *l, gdouble dbfs, guint seconds, gdouble *ret_most_change) {
  gw_tone tone;
  gint16 frame[GW_FRAME];
  gdouble last = NAN;
  *ret_most_change = 0;
  gw_tone_init(&tone, 450, pow(10, dbfs / 20) * G_SQRT2, GW_RATE);
  for (guint i = 0; i < seconds * 50; i++) {
    gw_tone_fill(&tone, frame, GW_FRAME);
    gw_leveller_frame(l, frame, gw_level_dbfs(frame, GW_FRAME));
    gdouble level = gw_level_dbfs(frame, GW_FRAME);
    if (!isnan(last)) *ret_most_change = MAX(*ret_most_change, fabs(level - last));
    last = level;
  }
  return last;
}

static void test_towards_the_others(void) {
  static const struct {
    gdouble in, out;
  } voices[] = {{-22, -22},
                {-28, -22},
                {-40, -31} /* 9 dB at most */,
                {-12, -22},
                {-5, -17} /* 12 dB at most */};
  for (guint i = 0; i < G_N_ELEMENTS(voices); i++) {
    gw_leveller l = {0};
    gdouble change, level = after(&l, voices[i].in, 15, &change);
    g_assert_cmpfloat_with_epsilon(level, voices[i].out, 0.3);
    g_assert_cmpfloat(change, <, 0.3); /* dB from frame to frame: nobody hears it */
  }
}

static void test_pause(void) {
  gw_leveller l = {0};
  gdouble change;
  after(&l, -35, 10, &change);
  gdouble gain = l.gain_db;
  g_assert_cmpfloat(gain, >, 8);
  g_assert_cmpfloat_with_epsilon(after(&l, -60, 60, &change), -60 + gain, 0.5);
  g_assert_true(l.gain_db == gain);
}

static void test_new_voice(void) {
  gw_leveller l = {0};
  gint16 frame[GW_FRAME], copy[GW_FRAME];
  gw_tone tone;
  gw_tone_init(&tone, 440, 0.001, GW_RATE);
  gw_tone_fill(&tone, frame, GW_FRAME);
  memcpy(copy, frame, sizeof copy);
  gw_leveller_frame(&l, frame, -63);
  g_assert_cmpmem(frame, sizeof frame, copy, sizeof copy);
}

/* What is made louder bends at full scale and does not turn over. */
static void test_full_scale(void) {
  gw_leveller l = {.speech_db = -40, .gain_db = GW_LEVELLER_MOST};
  gint16 frame[GW_FRAME];
  for (guint i = 0; i < GW_FRAME; i++)
    frame[i] = i & 1 ? 30000 : -30000;
  gw_leveller_frame(&l, frame, -0.8);
  for (guint i = 0; i < GW_FRAME; i++)
    g_assert_true(i & 1 ? frame[i] == 32767 : frame[i] == -32767);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/leveller/towards-the-others", test_towards_the_others);
  g_test_add_func("/leveller/pause", test_pause);
  g_test_add_func("/leveller/new-voice", test_new_voice);
  g_test_add_func("/leveller/full-scale", test_full_scale);
  return g_test_run();
}
