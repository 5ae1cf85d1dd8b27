/* The mixer and the time stretcher. */
#include "gateway/media/mixer.h"
#include "gateway/media/stretch.h"
#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

static void tone(gint16 *out, guint n, gdouble hz, gdouble amplitude) {
  gw_tone t;
  gw_tone_init(&t, hz, amplitude, GW_RATE);
  gw_tone_fill(&t, out, n);
}

static gdouble level(const gint16 *pcm, gdouble hz) {
  return gw_goertzel_dbfs(pcm, GW_FRAME, GW_RATE, hz);
}

/* Four talkers: each hears the three others and not itself. */
static void test_mix_minus(void) {
  static const gdouble hz[] = {400, 600, 1000, 2000}; /* whole periods in a frame */
  gint16 in[4][GW_FRAME], out[GW_FRAME];
  gw_mix mix;
  gw_mix_clear(&mix);
  for (guint i = 0; i < 4; i++) {
    tone(in[i], GW_FRAME, hz[i], 0.2);
    gw_mix_add(&mix, in[i]);
  }
  for (guint me = 0; me < 5; me++) { /* the fifth only listens */
    gw_mix_out(&mix, me < 4 ? in[me] : NULL, out);
    for (guint i = 0; i < 4; i++)
      if (i == me)
        g_assert_cmpfloat(level(out, hz[i]), <, -70);
      else
        g_assert_cmpfloat(fabs(level(out, hz[i]) - 20 * log10(0.2)), <, 0.1);
  }
  gw_mix_sub(&mix, in[3]);
  gw_mix_out(&mix, NULL, out);
  g_assert_cmpfloat(level(out, 2000), <, -70);
}

/* What fits passes bit by bit; what does not is squeezed, in order, never wrapped. */
static void test_limiter(void) {
  gint16 frame[GW_FRAME], out[GW_FRAME], last = G_MININT16;
  gint32 step = 0;
  gw_mix mix;
  for (gint32 sum = -40 * 32768; sum <= 40 * 32767; sum += 997, step++) {
    gw_mix_clear(&mix);
    mix.sum[step % GW_FRAME] = sum;
    gw_mix_out(&mix, NULL, out);
    gint16 got = out[step % GW_FRAME];
    g_assert_cmpint(got, >=, last);
    if (ABS(sum) <= 28000) g_assert_cmpint(got, ==, sum);
    if (sum) g_assert_true((got > 0) == (sum > 0));
    last = got;
  }
  for (guint i = 0; i < GW_FRAME; i++)
    frame[i] = -32768;
  gw_mix_clear(&mix);
  for (guint i = 0; i < 1000; i++)
    gw_mix_add(&mix, frame);
  gw_mix_out(&mix, frame, out);
  g_assert_cmpint(out[0], <, -32000);
}

static void test_level(void) {
  gint16 pcm[GW_FRAME];
  memset(pcm, 0, sizeof pcm);
  g_assert_cmpfloat(gw_level_dbfs(pcm, GW_FRAME), ==, -127);
  g_assert_cmpfloat(gw_level_dbfs(pcm, 0), ==, -127);
  for (guint i = 0; i < GW_FRAME; i++)
    pcm[i] = i & 1 ? 32767 : -32767;
  g_assert_cmpfloat(fabs(gw_level_dbfs(pcm, GW_FRAME)), <, 0.01);
  tone(pcm, GW_FRAME, 1000, 1);
  g_assert_cmpfloat(fabs(gw_level_dbfs(pcm, GW_FRAME) + 3.01), <, 0.02);
}

/* A sine stays a sine: no click, whatever its period. */
static void test_stretch_sine(void) {
  static const gdouble hz[] = {90, 250, 440, 1000, 1234.5, 3100};
  for (guint k = 0; k < G_N_ELEMENTS(hz); k++)
    for (guint grow = 0; grow < 2; grow++) {
      gint16 pcm[2000];
      tone(pcm, 1000, hz[k], 0.5);
      gint16 first = pcm[0];
      guint n = grow ? 1000 + gw_stretch_grow(pcm, 1000, 2000, 160, FALSE)
                     : 1000 - gw_stretch_shrink(pcm, 1000, 320, 160, FALSE);
      g_assert_cmpuint(n, !=, 1000);
      g_assert_cmpint(ABS(pcm[0] - first), <=, 2500); /* continues what has been given out */
      gdouble c = 2 * cos(2 * G_PI * hz[k] / GW_RATE);
      for (guint i = 2; i < n; i++)
        g_assert_cmpfloat(fabs(pcm[i] - c * pcm[i - 1] + pcm[i - 2]), <, 0.02 * 16384);
    }
}

/* Noise repeats nowhere: it is left alone unless it must be. */
static void test_stretch_noise(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(5);
  gint16 pcm[1200];
  for (guint i = 0; i < 1000; i++)
    pcm[i] = (gint16)g_rand_int_range(rnd, -8000, 8000);
  g_assert_cmpuint(gw_stretch_shrink(pcm, 1000, 320, 160, FALSE), ==, 0);
  g_assert_cmpuint(gw_stretch_grow(pcm, 1000, 1200, 160, FALSE), ==, 0);
  g_assert_cmpuint(gw_stretch_shrink(pcm, 1000, 320, 160, TRUE), >, 0);
}

/* Silence gives exactly what is wanted. */
static void test_stretch_silence(void) {
  gint16 pcm[1400] = {0};
  g_assert_cmpuint(gw_stretch_shrink(pcm, 1000, 320, 300, FALSE), ==, 300);
  g_assert_cmpuint(gw_stretch_shrink(pcm, 700, 320, 1000, FALSE), ==, 380);
  g_assert_cmpuint(gw_stretch_grow(pcm, 1000, 1400, 300, FALSE), ==, 300);
  g_assert_cmpuint(gw_stretch_grow(pcm, 1000, 1100, 300, FALSE), ==, 100);
}

static void test_stretch_bounds(void) {
  gint16 pcm[400] = {0};
  g_assert_cmpuint(gw_stretch_shrink(pcm, 340, 320, 100, TRUE), ==, 0);
  g_assert_cmpuint(gw_stretch_shrink(pcm, 100, 0, 100, TRUE), ==, 0);
  g_assert_cmpuint(gw_stretch_grow(pcm, 100, 400, 100, TRUE), ==, 0);
  g_assert_cmpuint(gw_stretch_grow(pcm, 390, 400, 100, TRUE), ==, 0);
}

static void test_match(void) {
  static const gint16 loud[2] = {G_MAXINT16, G_MININT16};
  gint16 ref[640], moving[1280];
  g_autoptr(GRand) rnd = g_rand_new_with_seed(5);
  gfloat score;
  for (guint i = 0; i < 1280; i++)
    moving[i] = (gint16)g_rand_int_range(rnd, -20000, 20000);
  memcpy(ref, moving + 123, 200 * sizeof *ref);
  g_assert_cmpuint(gw_match(ref, 200, moving, 400, &score), ==, 123);
  g_assert_cmpfloat(score, >, 0.99);
  for (guint i = 0; i < 640; i++) /* the greatest sums there are */
    ref[i] = moving[i] = moving[i + 640] = loud[i & 1];
  g_assert_cmpuint(gw_match(ref, 640, moving, 640, &score), ==, 0);
  g_assert_cmpfloat(score, >, 0.99);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/mixer/mix-minus", test_mix_minus);
  g_test_add_func("/mixer/limiter", test_limiter);
  g_test_add_func("/mixer/level", test_level);
  g_test_add_func("/stretch/sine", test_stretch_sine);
  g_test_add_func("/stretch/noise", test_stretch_noise);
  g_test_add_func("/stretch/silence", test_stretch_silence);
  g_test_add_func("/stretch/bounds", test_stretch_bounds);
  g_test_add_func("/stretch/match", test_match);
  return g_test_run();
}
