/* Several voices on one transport: who is announced is heard, all at once, and nobody else. */
#include <string.h>
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/media/crowd.h"
#include "gateway/media/tone.h"

#define VOICES 6

typedef struct {
  guint32 ssrc;
  gw_tone tone;
  gdouble hz;
  gw_encoder *encoder;
  guint16 seq;
  guint32 ts;
} speaker;

typedef struct {
  gw_crowd *crowd;
  gw_inflow sum;
  speaker s[VOICES];
  guint ticks, refused;
  gint16 last[10 * GW_FRAME];
} bench;

static const gdouble tones[VOICES] = {500, 700, 900, 1100, 1300, 1500};

static void bench_init(bench *b) {
  g_autoptr(gw_desc) d = gw_desc_new();
  memset(b, 0, sizeof *b);
  b->crowd = gw_crowd_new(FALSE);
  gw_inflow_init(&b->sum, FALSE);
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  gw_codec_fill("opus", 111, m);
  gw_inflow_map(&b->sum, m, NULL);
  for (guint i = 0; i < VOICES; i++) {
    b->s[i] =
        (speaker){.ssrc = 100 + i, .hz = tones[i], .encoder = gw_encoder_new("opus", FALSE, FALSE)};
    gw_tone_init(&b->s[i].tone, tones[i], 0.1, 48000);
  }
}

static void bench_clear(bench *b) {
  gw_inflow_clear(&b->sum);
  gw_crowd_free(b->crowd);
  for (guint i = 0; i < VOICES; i++)
    gw_encoder_free(b->s[i].encoder);
}

/* bits: whose source is announced, in an audio content each. */
static void announce(bench *b, guint bits) {
  g_autoptr(gw_desc) d = gw_desc_new();
  for (guint i = 0; i < VOICES; i++) {
    const gw_source s = {.ssrc = 100 + i};
    if (bits >> i & 1) g_array_append_val(gw_desc_add(d, GW_KIND_AUDIO, "x")->sources, s);
  }
  gw_crowd_announce(b->crowd, d);
}

static void speak(bench *b, speaker *s, gint64 now) {
  gint16 pcm[GW_FRAME];
  guint8 payload[1500];
  gw_tone_fill(&s->tone, pcm, GW_FRAME);
  const int n = gw_encoder_frame(s->encoder, pcm, payload, sizeof payload);
  const gw_rtp rtp = {.pt = 111,
                      .seq = s->seq++,
                      .ts = s->ts,
                      .ssrc = s->ssrc,
                      .payload = payload,
                      .payload_len = (gsize)n,
                      .header_len = 12,
                      .level = -1};
  s->ts += GW_FRAME;
  b->refused += !gw_crowd_rtp(b->crowd, &b->sum, &rtp, (gsize)n + 12, now);
}

/* So many ticks in which those of bits speak. */
static void run(bench *b, guint n, guint bits) {
  while (n--) {
    const gint64 now = GW_SEC(50) + GW_MS(20) * b->ticks++;
    for (guint i = 0; i < VOICES; i++)
      if (bits >> i & 1) speak(b, &b->s[i], now);
    gw_crowd_play(b->crowd, &b->sum, now);
    memmove(b->last, b->last + GW_FRAME, sizeof b->last - sizeof b->sum.pcm);
    memcpy(b->last + 9 * GW_FRAME, b->sum.pcm, sizeof b->sum.pcm);
  }
}

static guint heard(const bench *b) {
  guint bits = 0;
  for (guint i = 0; i < VOICES; i++)
    bits |= (guint)(gw_goertzel_dbfs(b->last, G_N_ELEMENTS(b->last), 48000, tones[i]) > -40) << i;
  return bits;
}

static void test_together(void) {
  bench b;
  bench_init(&b);
  announce(&b, 7);
  run(&b, 100, 7);
  g_assert_cmpuint(heard(&b), ==, 7);
  g_assert_true(b.sum.live);
  g_assert_cmpuint(b.sum.packets, ==, 300);
  g_assert_cmpuint(b.refused, ==, 0);
  run(&b, 100, 4);
  g_assert_cmpuint(heard(&b), ==, 4);
  run(&b, 100, 0);
  g_assert_false(b.sum.live);
  bench_clear(&b);
}

static void test_strangers(void) {
  bench b;
  bench_init(&b);
  run(&b, 50, 1);
  g_assert_cmpuint(b.refused, ==, 50);
  g_assert_cmpuint(heard(&b), ==, 0);
  announce(&b, 1);
  run(&b, 50, 3);
  g_assert_cmpuint(b.refused, ==, 100);
  g_assert_cmpuint(heard(&b), ==, 1);
  announce(&b, 2); /* the first one is our own phone, as it turns out */
  run(&b, 50, 3);
  g_assert_cmpuint(heard(&b), ==, 2);
  g_assert_cmpuint(gw_crowd_count(b.crowd), ==, 1);
  bench_clear(&b);
}

/* Who is named again goes on: no gap, no new decoder. */
static void test_named_again(void) {
  bench b;
  bench_init(&b);
  announce(&b, 1);
  run(&b, 50, 1);
  announce(&b, 3);
  for (guint i = 0; i < 20; i++) {
    run(&b, 1, 3);
    g_assert_true(b.sum.live);
  }
  run(&b, 30, 3);
  g_assert_cmpuint(heard(&b), ==, 3);
  bench_clear(&b);
}

static void test_loudest(void) {
  bench b;
  bench_init(&b);
  for (guint i = 0; i < VOICES; i++)
    gw_tone_init(&b.s[i].tone, tones[i], i < 3 ? 0.2 : 0.01, 48000);
  announce(&b, 63);
  run(&b, 150, 63);
  g_assert_cmpuint(heard(&b), ==, 7);
  bench_clear(&b);
}

/* Another connection brings the same: nothing is kept, and the first sound afterwards is new. */
static void test_follows(void) {
  bench b;
  bench_init(&b);
  announce(&b, 1);
  run(&b, 50, 1);
  b.sum.follows = TRUE;
  speak(&b, &b.s[0], GW_SEC(60));
  g_assert_cmpuint(b.sum.packets, ==, 51);
  gw_crowd_play(b.crowd, &b.sum, GW_SEC(60));
  g_assert_false(b.sum.live);
  bench_clear(&b);
}

static void test_bounded(void) {
  bench b;
  g_autoptr(gw_desc) d = gw_desc_new();
  bench_init(&b);
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "x");
  for (guint i = 0; i < 3 * GW_MAX_SFU_CONTENTS; i++) {
    const gw_source s = {.ssrc = 1000 + i / 2}; /* each twice */
    g_array_append_val(m->sources, s);
  }
  const gw_source picture = {.ssrc = 5};
  g_array_append_val(gw_desc_add(d, GW_KIND_VIDEO, "v")->sources, picture);
  gw_crowd_announce(b.crowd, d);
  g_assert_cmpuint(gw_crowd_count(b.crowd), ==, GW_MAX_SFU_CONTENTS);
  bench_clear(&b);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/crowd/together", test_together);
  g_test_add_func("/crowd/strangers", test_strangers);
  g_test_add_func("/crowd/named-again", test_named_again);
  g_test_add_func("/crowd/loudest", test_loudest);
  g_test_add_func("/crowd/follows", test_follows);
  g_test_add_func("/crowd/bounded", test_bounded);
  return g_test_run();
}
