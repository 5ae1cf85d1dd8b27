/* Recordings of any rate become ours: a tone stays where it was and as loud, and nothing comes in that was above. */
#include "gateway/media/resample.h"
#include "gateway/media/tone.h"

#define HZ 16000

static gint16 *made(guint rate, gdouble hz, gsize *ret_n) {
  g_autofree gint16 *in = g_new(gint16, rate);
  gw_tone tone;
  gw_tone_init(&tone, hz, 0.25, rate);
  gw_tone_fill(&tone, in, rate);
  return gw_resample_all(in, rate, rate, HZ, ret_n);
}

static void test_tones(void) {
  static const guint rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 48000};
  static const guint hz[] = {300, 1000, 3000};
  for (guint r = 0; r < G_N_ELEMENTS(rates); r++)
    for (guint i = 0; i < G_N_ELEMENTS(hz); i++) {
      gsize n = 0;
      g_autofree gint16 *out = made(rates[r], hz[i], &n);
      gdouble level = gw_goertzel_dbfs(out + 1600, 8000, HZ, hz[i]);
      g_test_message("%u Hz, tone %u: %.2f dB", rates[r], hz[i], level);
      g_assert_cmpuint(n, ==, HZ);
      g_assert_cmpfloat_with_epsilon(level, -12.04, 0.5);
    }
}

static void test_no_mirrors(void) {
  gsize n = 0;
  g_autofree gint16 *out = made(48000, 12000, &n); /* would be heard at 4 kHz */
  g_assert_cmpfloat(gw_goertzel_dbfs(out + 1600, 8000, HZ, 4000), <, -55);
  g_autofree gint16 *speech = made(22050, 1000, &n); /* ... at 22050 - 16000 - 1000 */
  g_assert_cmpfloat(gw_goertzel_dbfs(speech + 1600, 8000, HZ, 5050), <, -55);
}

static void test_short(void) {
  static const gint16 in[] = {32767, -32768, 32767};
  for (gsize n = 0; n <= 3; n++) {
    gsize got = 99;
    g_autofree gint16 *out = gw_resample_all(in, n, 44100, HZ, &got);
    g_assert_cmpuint(got, ==, n * 160 / 441);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/resample/tones", test_tones);
  g_test_add_func("/resample/no-mirrors", test_no_mirrors);
  g_test_add_func("/resample/short", test_short);
  return g_test_run();
}
