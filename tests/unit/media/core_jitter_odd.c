/* The jitter buffer and senders that do odd or hostile things: pauses, jumps, floods, outages. One
 * step is 20 ms. */
#include "gateway/media/jitter.h"
#include "gateway/media/mixer.h"
#include "gateway/media/tone.h"

#include <string.h>

#define STEP_US 20000
#define HZ 500.0
#define AMPLITUDE 0.3
#define LEVEL -10.5 /* dBFS of that */

typedef struct {
  gw_jitter *jitter;
  gw_encoder *encoder;
  gw_tone tone;
  gint64 now;
  guint16 seq;
  guint32 ts, ssrc;
  gint16 frame[GW_FRAME];
  gboolean heard;
} rig;

static void rig_init(rig *r) {
  memset(r, 0, sizeof *r);
  r->jitter = gw_jitter_new("PCMA", 8000);
  r->encoder = gw_encoder_new("PCMA", TRUE, FALSE);
  gw_tone_init(&r->tone, HZ, AMPLITUDE, GW_RATE);
  r->now = 1000000;
  r->seq = 100;
  r->ts = 1600;
  r->ssrc = 5;
}

static void rig_clear(rig *r) {
  gw_jitter_free(r->jitter);
  gw_encoder_free(r->encoder);
}

static void put_raw(rig *r, const guint8 *payload, gsize n, guint ts_step) {
  gw_rtp rtp = {.pt = 8,
                .seq = r->seq++,
                .ts = r->ts,
                .ssrc = r->ssrc,
                .payload = payload,
                .payload_len = n,
                .level = -1};
  gw_jitter_put(r->jitter, &rtp, r->now);
  r->ts += ts_step;
}

static void send_tone(rig *r) {
  guint8 payload[GW_FRAME / 2];
  gint16 pcm[GW_FRAME];
  gw_tone_fill(&r->tone, pcm, GW_FRAME);
  gw_encoder_frame(r->encoder, pcm, payload, sizeof payload);
  put_raw(r, payload, sizeof payload, 160);
}

static void play(rig *r) {
  r->heard = gw_jitter_get(r->jitter, r->now, r->frame);
  r->now += STEP_US;
}

static void talk(rig *r, guint steps) {
  while (steps--) {
    send_tone(r);
    play(r);
  }
}

/* Talks, and demands that the tone is there in each frame. */
static void talk_heard(rig *r, guint steps) {
  while (steps--) {
    talk(r, 1);
    g_assert_true(r->heard);
    g_assert_cmpfloat(gw_goertzel_dbfs(r->frame, GW_FRAME, GW_RATE, HZ), >, LEVEL - 1);
  }
}

static void wait_steps(rig *r, guint steps) {
  while (steps--)
    play(r);
}

static gw_jitter_stats stats(const rig *r) {
  gw_jitter_stats s;
  gw_jitter_stats_get(r->jitter, &s);
  return s;
}

static void test_nothing(void) {
  rig r;
  rig_init(&r);
  memset(r.frame, 1, sizeof r.frame);
  play(&r);
  g_assert_false(r.heard);
  g_assert_cmpfloat(gw_level_dbfs(r.frame, GW_FRAME), ==, -127);
  g_assert_cmpuint(stats(&r).played_ms, ==, 0);
  g_assert_null(gw_jitter_new("mp3", 8000));
  rig_clear(&r);
}

/* A sender that stops fades away within 0.1 s, and then nothing runs. */
static void test_end(void) {
  rig r;
  rig_init(&r);
  talk(&r, 10);
  talk_heard(&r, 40);
  guint steps = 0;
  gdouble before = 0;
  do {
    play(&r);
    gdouble level = gw_level_dbfs(r.frame, GW_FRAME);
    g_assert_cmpfloat(level, <=, before);
    before = MIN(0, level + 0.5);
  } while (r.heard && ++steps < 50);
  g_assert_cmpuint(steps, <=, 7);
  rig_clear(&r);
}

/* A pause of talk (no packets, timestamps go on) costs nothing and counts as nothing. */
static void test_pause(void) {
  static const guint pauses[] = {3, 5, 10, 100, 3000};
  for (guint i = 0; i < G_N_ELEMENTS(pauses); i++) {
    rig r;
    rig_init(&r);
    talk(&r, 50);
    wait_steps(&r, pauses[i]);
    r.ts += 160 * pauses[i];
    talk(&r, 5);
    talk_heard(&r, 50);
    gw_jitter_stats s = stats(&r);
    g_assert_cmpuint(s.concealed_ms, ==, 0);
    g_assert_cmpuint(s.late + s.dropped, ==, 0);
    g_assert_cmpuint(s.depth_ms, <=, 45);
    rig_clear(&r);
  }
}

/* The timestamp jumps though the packets go on. */
static void test_timestamp_jump(void) {
  static const guint32 jumps[] = {1000000000u, 0u - 1000000000u, 80000,      0u - 80000u,
                                  4000,        0u - 4000u,       0x80000000u};
  for (guint i = 0; i < G_N_ELEMENTS(jumps); i++) {
    rig r;
    rig_init(&r);
    talk(&r, 50);
    r.ts += jumps[i];
    talk_heard(&r, 50);
    g_assert_cmpuint(stats(&r).concealed_ms, ==, 0);
    g_assert_cmpuint(stats(&r).depth_ms, <=, 45);
    rig_clear(&r);
  }
}

/* A sender whose timestamp stands still. */
static void test_timestamp_stuck(void) {
  rig r;
  rig_init(&r);
  talk(&r, 50);
  for (guint i = 0; i < 500; i++) {
    talk_heard(&r, 1);
    r.ts -= 160;
  }
  g_assert_cmpuint(stats(&r).concealed_ms + stats(&r).late + stats(&r).dropped, ==, 0);
  g_assert_cmpuint(stats(&r).depth_ms, <=, 45);
  g_assert_cmpuint(stats(&r).target_ms, <=, 45);
  rig_clear(&r);
}

static void test_new_sender(void) {
  rig r;
  rig_init(&r);
  talk(&r, 50);
  r.ssrc = 99;
  r.seq = 60000;
  r.ts = 7;
  talk(&r, 1); /* what was waiting of the old one */
  talk_heard(&r, 50);
  g_assert_cmpuint(stats(&r).concealed_ms + stats(&r).dropped, ==, 0);
  g_assert_cmpuint(stats(&r).depth_ms, <=, 45);
  rig_clear(&r);
}

/* One stray number is dropped, a new start is followed. */
static void test_sequence_jump(void) {
  rig r;
  rig_init(&r);
  talk(&r, 50);
  r.seq += 20000;
  send_tone(&r);
  r.seq -= 20001;
  g_assert_cmpuint(stats(&r).dropped, ==, 1);
  r.ts -= 160;
  talk_heard(&r, 10);
  r.seq += 20000;
  talk(&r, 8);
  talk_heard(&r, 50);
  g_assert_cmpuint(stats(&r).depth_ms, <=, 65);
  rig_clear(&r);
}

/* The network repeats packets a little later: nobody notices, and nothing gets slower. */
static void test_late_copies(void) {
  rig r;
  rig_init(&r);
  talk(&r, 50);
  for (guint i = 0; i < 100; i++) {
    static const guint8 junk[160];
    gw_rtp old = {.pt = 8,
                  .seq = r.seq - 8,
                  .ts = r.ts - 8 * 160,
                  .ssrc = r.ssrc,
                  .payload = junk,
                  .payload_len = 160};
    gw_jitter_put(r.jitter, &old, r.now);
    talk_heard(&r, 1);
  }
  g_assert_cmpuint(stats(&r).late + stats(&r).dropped + stats(&r).concealed_ms, ==, 0);
  g_assert_cmpuint(stats(&r).target_ms, <=, 45);
  rig_clear(&r);
}

/* A key press takes sequence numbers and time, but no sound is missing. */
static void test_events(void) {
  rig r;
  rig_init(&r);
  talk(&r, 50);
  guint8 event[4] = {1, 10, 0, 160};
  guint32 start = r.ts;
  for (guint i = 0; i < 13; i++) {
    gw_rtp rtp = {
        .pt = 101, .seq = r.seq++, .ts = start, .ssrc = r.ssrc, .payload = event, .payload_len = 4};
    gw_jitter_other(r.jitter, &rtp, r.now);
    if (i < 10) {
      play(&r);
      r.ts += 160;
    }
  }
  talk(&r, 5);
  talk_heard(&r, 50);
  g_assert_cmpuint(stats(&r).concealed_ms, ==, 0);
  g_assert_cmpuint(stats(&r).dropped + stats(&r).late, ==, 0);
  rig_clear(&r);
}

/* Discontinuous Opus: frames of one byte in the pause are neither sound nor loss. */
static void test_opus_pause(void) {
  rig r;
  rig_init(&r);
  gw_jitter_free(r.jitter);
  gw_encoder_free(r.encoder);
  r.jitter = gw_jitter_new("opus", 48000);
  r.encoder = gw_encoder_new("opus", FALSE, FALSE);
  guint heard_in_pause = 0;
  for (guint i = 0; i < 200; i++) {
    static const guint8 marker[1] = {0x48};
    guint8 payload[400];
    gint16 pcm[GW_FRAME];
    gboolean talking = i < 50 || i >= 150;
    gw_tone_fill(&r.tone, pcm, GW_FRAME);
    int n = gw_encoder_frame(r.encoder, pcm, payload, sizeof payload);
    if (talking)
      put_raw(&r, payload, (gsize)n, 0);
    else if (i % 20 == 0)
      put_raw(&r, marker, sizeof marker, 0);
    r.ts += 960;
    play(&r);
    if (i > 60 && i < 150) heard_in_pause += r.heard;
  }
  g_assert_cmpuint(heard_in_pause, ==, 0);
  g_assert_true(r.heard);
  g_assert_cmpuint(stats(&r).concealed_ms + stats(&r).late + stats(&r).dropped, ==, 0);
  rig_clear(&r);
}

/* After an outage the backlog is not played: people want to hear now. */
static void test_outage(void) {
  static const guint outages[] = {20, 50, 200};
  for (guint i = 0; i < G_N_ELEMENTS(outages); i++) {
    rig r;
    rig_init(&r);
    talk(&r, 50);
    wait_steps(&r, outages[i]);
    for (guint k = 0; k < outages[i]; k++)
      send_tone(&r);
    talk(&r, 50);
    talk_heard(&r, 50);
    g_assert_cmpuint(stats(&r).depth_ms, <=, 80);
    rig_clear(&r);
  }
}

/* The way becomes longer for good: after some seconds that is the new normal. */
static void test_longer_way(void) {
  rig r;
  rig_init(&r);
  talk(&r, 100);
  wait_steps(&r, 25);
  talk(&r, 200);
  talk_heard(&r, 500);
  g_assert_cmpuint(stats(&r).depth_ms, <=, 60);
  g_assert_cmpuint(stats(&r).concealed_ms, <=, 500);
  rig_clear(&r);
}

static void test_bad_payloads(void) {
  static const guint8 big[2000];
  rig r;
  rig_init(&r);
  put_raw(&r, big, 0, 160);
  put_raw(&r, big, sizeof big, 160);
  put_raw(&r, big, GW_MAX_FRAME / 2 + 1, 160);
  play(&r);
  g_assert_false(r.heard);
  g_assert_cmpuint(stats(&r).dropped, ==, 3);
  rig_clear(&r);
}

typedef enum {
  FLOOD_1MS,
  FLOOD_ONE_SAMPLE,
  FLOOD_TIMESTAMPS,
  FLOOD_SOURCES,
  FLOOD_SEQUENCE,
  FLOOD_LONG,
  FLOOD_KINDS
} flood;

static void flood_packet(rig *r, flood kind, GRand *rnd) {
  static const guint8 payload[960];
  guint n = kind == FLOOD_ONE_SAMPLE ? 1 : kind == FLOOD_LONG ? 960 : 8;
  if (kind == FLOOD_TIMESTAMPS) r->ts = g_rand_int(rnd);
  if (kind == FLOOD_SOURCES) r->ssrc++;
  if (kind == FLOOD_SEQUENCE) r->seq = (guint16)g_rand_int(rnd);
  put_raw(r, payload, n, n);
}

/* 65 000 packets a second of every kind: the depth stays bounded (a worker may stall for 0.4 s
 * without loss), and an honest sender is heard again at once. */
static void test_flood(void) {
  for (flood kind = 0; kind < FLOOD_KINDS; kind++) {
    rig r;
    g_autoptr(GRand) rnd = g_rand_new_with_seed(3);
    rig_init(&r);
    for (guint step = 0; step < 100; step++) {
      for (guint i = 0; i < 1300; i++) {
        flood_packet(&r, kind, rnd);
        if (i % 65 == 0) r.now += 1000;
      }
      r.now -= STEP_US;
      play(&r);
      g_assert_cmpuint(stats(&r).depth_ms, <=, GW_JITTER_MAX_MS + 450);
    }
    g_assert_cmpuint(stats(&r).dropped, >, 0);
    r.ssrc = 1234567;
    talk(&r, 100);
    talk_heard(&r, 50);
    talk(&r, 600);
    talk_heard(&r, 50);
    g_assert_cmpuint(stats(&r).depth_ms, <=, 60);
    rig_clear(&r);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/jitter-odd/nothing", test_nothing);
  g_test_add_func("/jitter-odd/end", test_end);
  g_test_add_func("/jitter-odd/pause", test_pause);
  g_test_add_func("/jitter-odd/timestamp-jump", test_timestamp_jump);
  g_test_add_func("/jitter-odd/timestamp-stuck", test_timestamp_stuck);
  g_test_add_func("/jitter-odd/new-sender", test_new_sender);
  g_test_add_func("/jitter-odd/sequence-jump", test_sequence_jump);
  g_test_add_func("/jitter-odd/late-copies", test_late_copies);
  g_test_add_func("/jitter-odd/events", test_events);
  g_test_add_func("/jitter-odd/opus-pause", test_opus_pause);
  g_test_add_func("/jitter-odd/outage", test_outage);
  g_test_add_func("/jitter-odd/longer-way", test_longer_way);
  g_test_add_func("/jitter-odd/bad-payloads", test_bad_payloads);
  g_test_add_func("/jitter-odd/flood", test_flood);
  return g_test_run();
}
