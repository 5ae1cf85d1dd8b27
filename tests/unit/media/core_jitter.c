/* The jitter buffer against a simulated network: what a listener would notice is what is asserted.
 */
#include "core_sim.h"

#include "gateway/media/mixer.h"
#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

#define SETTLED (GW_RATE) /* samples: the first second is not judged where the network is bad */
#define HZ 500.0
/* What G.711 alone leaves of the sine is 0.022; a step of a tenth of the amplitude would add 0.1.
 */
#define SMOOTH 0.06

static gdouble bad_ms; /* parameter of the delays below */

static gint64 uniform_delay(sim *s, guint i) {
  return (gint64)(g_rand_double(s->rnd) * bad_ms * 1000);
}

static gint64 overtaken_delay(sim *s, guint i) {
  return i % 10 == 5 ? 25000 : 0;
}

static gboolean lost_5(sim *s, guint i) {
  return i > 5 && g_rand_double(s->rnd) < 0.05;
}

static gboolean lost_every_25th(sim *s, guint i) {
  return i % 25 == 20;
}

static void assert_tone(const sim *s, guint from, gdouble expect, gdouble within) {
  gdouble low, high;
  sim_levels(s, from, &low, &high);
  g_assert_cmpfloat(low, >, expect - within);
  g_assert_cmpfloat(high, <, expect + within);
}

static gdouble expected_level(const sim *s) {
  return 20 * log10(s->amplitude);
}

static const char *const codecs[] = {"PCMA", "PCMU", "G722", "opus", "opus"};
#define ALIGNED 4 /* the second opus */

static void init(sim *s, guint codec) {
  sim_init(s, codecs[codec], HZ);
  s->align = codec == ALIGNED;
}

static void test_clean(void) {
  for (guint i = 0; i < G_N_ELEMENTS(codecs); i++) {
    sim s;
    init(&s, i);
    sim_run(&s, 10);
    g_assert_cmpuint(s.frames, >=, 497);
    g_assert_cmpuint(s.silent, ==, 0);
    g_assert_cmpuint(s.stats.concealed_ms + s.stats.late + s.stats.dropped, ==, 0);
    g_assert_cmpuint(s.depth_max, <=, 30);
    assert_tone(&s, SETTLED, expected_level(&s), 1);
    g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, SMOOTH);
    sim_clear(&s);
  }
}

static void test_packet_lengths(void) {
  static const guint ptimes[] = {10, 30, 40, 60, 120};
  for (guint i = 0; i < G_N_ELEMENTS(ptimes); i++) {
    sim s;
    sim_init(&s, "PCMU", HZ);
    s.ptime = ptimes[i];
    sim_run(&s, 10);
    g_assert_cmpuint(s.silent, ==, 0);
    g_assert_cmpuint(s.stats.concealed_ms + s.stats.late, ==, 0);
    assert_tone(&s, SETTLED, expected_level(&s), 1);
    sim_clear(&s);
  }
}

static void test_jitter(void) {
  static const gdouble jitters[] = {10, 30, 80, 150};
  for (guint i = 0; i < G_N_ELEMENTS(jitters); i++)
    for (guint c = 0; c < G_N_ELEMENTS(codecs); c++) {
      sim s;
      init(&s, c);
      bad_ms = jitters[i];
      s.delay = uniform_delay;
      sim_run(&s, 30);
      g_assert_cmpuint(s.silent, ==, 0);
      /* Half a second to learn, then nothing is missed. */
      g_assert_cmpuint(s.stats.concealed_ms, <=, (guint)jitters[i] + 20);
      g_assert_cmpuint(s.depth_max, <=, (guint)jitters[i] + 45);
      assert_tone(&s, SETTLED, expected_level(&s), 1);
      g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, SMOOTH);
      sim_clear(&s);
    }
}

/* The depth follows the network down again. */
static gint64 first_half_delay(sim *s, guint i) {
  return i < 1000 ? (gint64)(g_rand_double(s->rnd) * 100000) : 0;
}

static void test_shrinks_again(void) {
  sim s;
  sim_init(&s, "PCMA", HZ);
  s.delay = first_half_delay;
  sim_run(&s, 40);
  g_assert_cmpuint(s.depth_max, >=, 80);
  g_assert_cmpuint(s.stats.depth_ms, <=, 40);
  g_assert_cmpuint(s.silent, ==, 0);
  assert_tone(&s, SETTLED, expected_level(&s), 1);
  g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, SMOOTH);
  sim_clear(&s);
}

static void test_loss(void) {
  for (guint c = 0; c < G_N_ELEMENTS(codecs); c++) {
    sim s;
    init(&s, c);
    s.lost = lost_5;
    sim_run(&s, 60);
    guint64 mended = s.stats.concealed_ms + 20 * s.stats.fec_used;
    g_assert_cmpuint(s.silent, ==, 0);
    g_assert_cmpuint(mended, >, 60 * 40); /* 5 % of a minute is 3000 ms */
    g_assert_cmpuint(mended, <, 60 * 60);
    g_assert_cmpuint(s.stats.late + s.stats.dropped, ==, 0);
    g_assert_cmpuint(s.depth_max, <=, 55);
    sim_clear(&s);
  }
}

/* One lost packet of G.711 cannot be told from one that came; where the tone does not fit the
 * samples, it is blended. */
static void test_loss_concealed(void) {
  static const gdouble tones[] = {HZ, 440, 1234.5};
  for (guint c = 0; c < 3; c++)
    for (guint k = 0; k < G_N_ELEMENTS(tones); k++) {
      sim s;
      sim_init(&s, codecs[c], tones[k]);
      s.lost = lost_every_25th;
      sim_run(&s, 20);
      if (k == 0) assert_tone(&s, SETTLED, expected_level(&s), 1.5);
      g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, k == 2 ? 0.2 : SMOOTH);
      sim_clear(&s);
    }
}

/* Harmonics with the rhythm of syllables: the encoder spends its copies on speech only. */
static void speech(sim *s, gint16 *out, guint n) {
  static gdouble phase;
  static guint at;
  for (guint i = 0; i < n; i++, at++) {
    gdouble t = (gdouble)at / GW_RATE, v = 0;
    phase += 2 * G_PI * (130 + 25 * sin(2 * G_PI * 0.7 * t)) / GW_RATE;
    for (guint h = 1; h <= 20; h++)
      v += sin(h * phase) / h;
    out[i] = (gint16)(4000 * v * fabs(sin(2 * G_PI * 2 * t)));
  }
}

static void test_fec(void) {
  for (guint align = 0; align < 2; align++) {
    sim s;
    sim_init(&s, "opus", HZ);
    s.align = align;
    s.sound = speech;
    s.lost = lost_every_25th;
    sim_run(&s, 30);
    g_assert_cmpuint(s.stats.fec_used, >=, 30); /* of 60 lost; not all frames carry a copy */
    g_assert_cmpuint(s.silent, ==, 0);
    sim_clear(&s);
  }
}

static gboolean lost_by_chance(sim *s, guint i) { return g_rand_double(s->rnd) < 0.05; }

static gint64 up_to_30_ms(sim *s, guint i) { return g_rand_int_range(s->rnd, 0, 30000); }

/* One packet of twenty lost by chance, on a way that is even and on one that is not: no hole that an ear takes for an end. */
static void test_no_gaps(void) {
  for (guint c = 0; c < G_N_ELEMENTS(codecs); c++)
    for (guint k = 0; k < 2; k++) {
      sim s;
      guint longest;
      sim_init(&s, codecs[c], 440);
      s.lost = lost_by_chance;
      s.delay = k ? up_to_30_ms : NULL;
      sim_run(&s, 120);
      g_assert_cmpuint(sim_gaps(&s, SETTLED, &longest), ==, 0);
      g_assert_cmpuint(longest, <=, 60);
      sim_clear(&s);
    }
}

static void test_reorder_and_copies(void) {
  sim s;
  sim_init(&s, "PCMA", HZ);
  s.delay = overtaken_delay;
  s.copies = 2;
  sim_run(&s, 20);
  g_assert_cmpuint(s.silent, ==, 0);
  g_assert_cmpuint(s.stats.concealed_ms, <=, 60);
  g_assert_cmpuint(s.stats.dropped, ==, 0);
  assert_tone(&s, SETTLED, expected_level(&s), 1);
  g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, SMOOTH);
  sim_clear(&s);
}

static void test_wrap(void) {
  sim s;
  sim_init(&s, "PCMA", HZ);
  s.first_seq = 65500;
  s.first_ts = 0xFFFFF000;
  bad_ms = 30;
  s.delay = uniform_delay;
  sim_run(&s, 10);
  g_assert_cmpuint(s.silent, ==, 0);
  g_assert_cmpuint(s.stats.concealed_ms, <=, 50);
  g_assert_cmpuint(s.stats.dropped, ==, 0);
  assert_tone(&s, SETTLED, expected_level(&s), 1);
  sim_clear(&s);
}

static void test_drift(gconstpointer ppm) {
  sim s;
  sim_init(&s, "PCMA", HZ);
  s.ppm = GPOINTER_TO_INT(ppm);
  sim_run(&s, 3600);
  g_assert_cmpuint(s.silent, ==, 0);
  g_assert_cmpuint(s.stats.concealed_ms + s.stats.late + s.stats.dropped, ==, 0);
  g_assert_cmpuint(s.depth_min, >=, 20);
  g_assert_cmpuint(s.depth_max, <=, 45);
  assert_tone(&s, SETTLED, expected_level(&s), 1);
  g_assert_cmpfloat(sim_roughness(&s, SETTLED), <, SMOOTH);
  sim_clear(&s);
}

/* A tone, packet by packet; deaf in the third second. Losses on the way, which are no business of the deaf. */
typedef struct {
  gw_encoder *encoder;
  gw_tone tone;
  gw_rtp rtp;
  gw_jitter *jitter;
} sender;

static void say(sender *s, guint i, gint16 *out) {
  guint8 data[400];
  gint16 pcm[GW_FRAME];
  gw_tone_fill(&s->tone, pcm, GW_FRAME);
  s->rtp.payload_len = (gsize)gw_encoder_frame(s->encoder, pcm, data, sizeof data);
  s->rtp.payload = data;
  s->rtp.seq = (guint16)i;
  s->rtp.ts = i * 960;
  if (i <= 100 || i >= 150 || i % 10) gw_jitter_put(s->jitter, &s->rtp, i * 20000);
  gw_jitter_get(s->jitter, i * 20000 + 1000, out);
}

static void test_deaf(void) {
  sender s = {gw_encoder_new("opus", FALSE, TRUE), .jitter = gw_jitter_new("opus", 48000),
              .rtp = {.ssrc = 7, .level = -1}};
  gw_jitter_stats hearing, after;
  gw_tone_init(&s.tone, HZ, 0.2, GW_RATE);
  for (guint i = 0; i < 300; i++) {
    gint16 out[GW_FRAME];
    gw_jitter_deafen(s.jitter, i >= 100 && i < 150);
    if (i == 100) gw_jitter_stats_get(s.jitter, &hearing);
    say(&s, i, out);
    gdouble level = gw_level_dbfs(out, GW_FRAME);
    if (i >= 102 && i < 150) g_assert_cmpfloat(level, ==, -127);
    if ((i > 50 && i < 100) || i > 153)
      g_assert_cmpfloat(level, >, -20); /* the first word after it too */
  }
  gw_jitter_stats_get(s.jitter, &after);
  g_assert_cmpint((gint)after.depth_ms - (gint)hearing.depth_ms, <=, 25);
  g_assert_cmpuint(after.late + after.dropped, ==, 0);
  gw_jitter_free(s.jitter);
  gw_encoder_free(s.encoder);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/jitter/clean", test_clean);
  g_test_add_func("/jitter/packet-lengths", test_packet_lengths);
  g_test_add_func("/jitter/jitter", test_jitter);
  g_test_add_func("/jitter/shrinks-again", test_shrinks_again);
  g_test_add_func("/jitter/loss", test_loss);
  g_test_add_func("/jitter/loss-concealed", test_loss_concealed);
  g_test_add_func("/jitter/fec", test_fec);
  g_test_add_func("/jitter/no-gaps", test_no_gaps);
  g_test_add_func("/jitter/reorder-and-copies", test_reorder_and_copies);
  g_test_add_func("/jitter/wrap", test_wrap);
  g_test_add_func("/jitter/deaf", test_deaf);
  g_test_add_data_func("/jitter/drift-fast-hour", GINT_TO_POINTER(200), test_drift);
  g_test_add_data_func("/jitter/drift-slow-hour", GINT_TO_POINTER(-200), test_drift);
  return g_test_run();
}
