/* Mouth to ear without a network: what one side says is what the other measures, with each codec
 * and each kind of damage. */
#include "gateway/media/codec.h"
#include "tools/ua_desc.h"
#include "tools/ua_ear.h"
#include "tools/ua_mouth.h"
#include <math.h>
#include <string.h>

#define PACKET 1500
#define TICK GW_UA_TICK_US

typedef struct {
  gw_ids *ids;
  gw_ua_voices *voices;
  gw_ua_mouth *mouth;
  gw_ua_ear *ear;
  gw_desc *own;
  gint64 now_us;
} pair;

static void open_pair(pair *p, const char *codec, gdouble hz, const gw_ua_wav *wav,
                      gboolean thorough) {
  const char *const list[] = {codec, NULL};
  gw_ua_agreed a;
  p->ids = gw_ids_new_fixed(7);
  p->voices = gw_ua_voices_new(hz, wav, FALSE);
  p->mouth = gw_ua_mouth_new(p->ids, p->voices);
  p->ear = gw_ua_ear_new(thorough);
  p->own = gw_ua_desc_new("127.0.0.1", 4000, list, GW_DIR_SENDRECV);
  p->now_us = G_USEC_PER_SEC;
  g_assert_true(gw_ua_desc_agreed(p->own, p->own, &a));
  gw_ua_mouth_codec(p->mouth, a.codec, a.pt, a.event_pt, a.event_clock);
  gw_ua_ear_codecs(p->ear, gw_desc_audio(p->own));
  gw_ua_gaps_resume(gw_ua_ear_gaps(p->ear), p->now_us);
}

static void close_pair(pair *p) {
  gw_ua_mouth_free(p->mouth);
  gw_ua_voices_free(p->voices);
  gw_ua_ear_free(p->ear);
  gw_desc_free(p->own);
  gw_ids_free(p->ids);
}

typedef gboolean (*keep)(guint tick);
static gboolean keep_all(guint tick) {
  return TRUE;
}
static gboolean lose_five(guint tick) {
  return tick < 50 || tick >= 55;
}
static gboolean lose_two(guint tick) {
  return tick < 50 || tick >= 52;
}

static void run(pair *p, guint ticks, keep kept) {
  for (guint i = 0; i < ticks; i++, p->now_us += TICK) {
    guint8 data[PACKET];
    gw_rtp rtp;
    gsize n = gw_ua_mouth_packet(p->mouth, i, NULL, data, sizeof data);
    if (!kept(i)) continue;
    g_assert_true(gw_rtp_parse(data, n, 0, &rtp));
    g_assert_true(gw_ua_ear_packet(p->ear, &rtp, p->now_us));
  }
}

static guint gaps_of(pair *p) {
  guint n = 0;
  gw_ua_gaps_found(gw_ua_ear_gaps(p->ear), &n);
  return n;
}

static void test_codecs(void) {
  static const char *const codecs[] = {"PCMU", "PCMA", "G722", "opus"};
  for (guint i = 0; i < G_N_ELEMENTS(codecs); i++) {
    pair p;
    gw_ua_heard h;
    g_test_message("%s", codecs[i]);
    open_pair(&p, codecs[i], 440, NULL, TRUE);
    run(&p, 100, keep_all);
    gw_ua_ear_get(p.ear, &h);
    g_assert_cmpuint(h.received, ==, 100);
    g_assert_cmpuint(h.lost, ==, 0);
    g_assert_cmpfloat(h.jitter_ms, <, 0.5);
    g_assert_cmpstr(h.codec, ==, codecs[i]);
    g_assert_cmpuint(h.n_heard, ==, 1);
    g_assert_cmpint(ABS((int)h.heard[0].hz - 440), <=, 10);
    g_assert_cmpfloat(h.heard[0].dbfs, >, -14);
    g_assert_cmpfloat(h.heard[0].dbfs, <, -10);
    g_assert_cmpfloat(h.heard[0].seconds, >, 1.7);
    g_assert_cmpint(h.first_audio_us, <=, G_USEC_PER_SEC + 2 * TICK);
    g_assert_cmpuint(gaps_of(&p), ==, 0);
    close_pair(&p);
  }
}

static void test_silence(void) {
  pair p;
  gw_ua_heard h;
  open_pair(&p, "PCMU", 0, NULL, TRUE);
  run(&p, 100, keep_all);
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.received, ==, 100);
  g_assert_cmpuint(h.n_heard, ==, 0);
  g_assert_cmpint(h.first_audio_us, ==, 0);
  close_pair(&p);
}

static void test_loss(void) {
  pair p;
  gw_ua_heard h;
  open_pair(&p, "PCMA", 440, NULL, TRUE);
  run(&p, 100, lose_five);
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.lost, ==, 5);
  guint n = 0;
  const gw_ua_gap *gaps = gw_ua_gaps_found(gw_ua_ear_gaps(p.ear), &n);
  g_assert_cmpuint(n, ==, 1);
  g_assert_cmpint(gaps->us, ==, 5 * TICK);
  g_assert_cmpint(ABS(gaps->at_us - 51 * TICK), <=,
                  TICK); /* fifty frames were heard, the last one to its end */
  close_pair(&p);
  open_pair(&p, "PCMA", 440, NULL, TRUE);
  run(&p, 100, lose_two); /* 40 ms: lost, but no gap */
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.lost, ==, 2);
  g_assert_cmpuint(gaps_of(&p), ==, 0);
  close_pair(&p);
}

/* Packets come all the time, but for 200 ms there is silence in them. */
static void test_silent_packets(void) {
  gint16 pcm[GW_FRAME * 50];
  gw_ua_wav wav = {.pcm = pcm, .n = G_N_ELEMENTS(pcm)};
  gw_tone tone;
  pair p;
  guint n = 0;
  gw_tone_init(&tone, 600, 0.25, GW_RATE);
  gw_tone_fill(&tone, pcm, G_N_ELEMENTS(pcm));
  memset(pcm + GW_FRAME * 20, 0, GW_FRAME * 10 * sizeof *pcm);
  open_pair(&p, "PCMU", 0, &wav, TRUE);
  run(&p, 100, keep_all); /* the file twice */
  const gw_ua_gap *gaps = gw_ua_gaps_found(gw_ua_ear_gaps(p.ear), &n);
  g_assert_cmpuint(n, ==, 2);
  g_assert_cmpint(ABS(gaps[0].us - 10 * TICK), <=, TICK);
  g_assert_cmpint(ABS(gaps[1].at_us - gaps[0].at_us - 50 * TICK), <=, TICK);
  close_pair(&p);
}

/* Digits are each heard once, in order, whatever the clock; they are no gap and no jitter. */
static void test_digits(void) {
  static const char *const codecs[] = {"PCMU", "G722", "opus"};
  for (guint i = 0; i < G_N_ELEMENTS(codecs); i++) {
    pair p;
    gw_ua_heard h;
    open_pair(&p, codecs[i], 440, NULL, TRUE);
    run(&p, 20, keep_all);
    gw_ua_mouth_digits(p.mouth, "4711,#*D");
    run(&p, 135, keep_all); /* to the end of the last one */
    gw_ua_ear_get(p.ear, &h);
    g_assert_cmpstr(h.digits, ==, "4711#*D");
    g_assert_cmpuint(h.lost, ==, 0);
    g_assert_cmpfloat(h.jitter_ms, <, 0.5);
    g_assert_cmpuint(gaps_of(&p), ==, 0);
    close_pair(&p);
  }
}

/* RFC 4733 2.5.1: one timestamp for the event, the duration grows, the end three times, marker on
 * the first. */
static void test_event_packets(void) {
  pair p;
  guint8 data[PACKET];
  gw_rtp rtp;
  guint ends = 0, markers = 0, events = 0;
  guint32 ts = 0;
  guint16 duration = 0;
  open_pair(&p, "PCMU", 440, NULL, TRUE);
  gw_ua_mouth_digits(p.mouth, "5");
  for (guint i = 0; i < 20; i++) {
    gsize n = gw_ua_mouth_packet(p.mouth, i, NULL, data, sizeof data);
    g_assert_true(gw_rtp_parse(data, n, 0, &rtp));
    if (rtp.pt == 0) continue;
    guint16 now = (guint16)(rtp.payload[2] << 8 | rtp.payload[3]);
    g_assert_cmpuint(rtp.payload[0], ==, 5);
    if (events++) g_assert_cmpuint(rtp.ts, ==, ts);
    g_assert_cmpuint(now, >=, duration);
    ts = rtp.ts;
    duration = now;
    ends += rtp.payload[1] >> 7;
    markers += rtp.marker ? 1 : 0;
  }
  g_assert_cmpuint(ends, ==, 3);
  g_assert_cmpuint(markers, ==, 1);
  g_assert_cmpuint(duration, ==, 800);
  close_pair(&p);
}

/* Two digits are parted by sound, and beside Opus the duration may count in another clock than the
 * sound. */
static void test_event_pause(void) {
  pair p;
  guint8 data[PACKET];
  gw_rtp rtp;
  guint pause = 0, pauses = 0;
  open_pair(&p, "opus", 440, NULL, TRUE);
  gw_ua_mouth_codec(p.mouth, "opus", 96, 101, 8000);
  gw_ua_mouth_digits(p.mouth, "55");
  for (guint i = 0; i < 30; i++) {
    gsize n = gw_ua_mouth_packet(p.mouth, i, NULL, data, sizeof data);
    g_assert_true(gw_rtp_parse(data, n, 0, &rtp));
    if (rtp.pt != 101) {
      pause++;
      continue;
    }
    if (rtp.payload[1] >> 7) g_assert_cmpuint(rtp.payload[2] << 8 | rtp.payload[3], ==, 800);
    if (pause) {
      pauses++;
      g_assert_cmpuint(pause, >=, 3);
    }
    pause = 0;
  }
  g_assert_cmpuint(pauses, ==, 1);
  close_pair(&p);
}

/* Load: only counters and the first sound. */
static void test_not_thorough(void) {
  pair p;
  gw_ua_heard h;
  open_pair(&p, "opus", 440, NULL, FALSE);
  run(&p, 100, lose_five);
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpint(h.first_audio_us, >, 0);
  g_assert_cmpuint(h.received, ==, 95);
  g_assert_cmpuint(h.lost, ==, 5);
  g_assert_cmpuint(h.n_heard, ==, 0);
  close_pair(&p);
}

/* A talker that starts anew (other SSRC): losses before it stay counted, the new time line is no
 * gap. */
static void test_new_ssrc(void) {
  pair p, q;
  gw_ua_heard h;
  open_pair(&p, "PCMU", 440, NULL, TRUE);
  open_pair(&q, "PCMU", 440, NULL, TRUE);
  gw_ids_u32(q.ids);
  gw_ua_mouth_free(q.mouth);
  q.mouth = gw_ua_mouth_new(q.ids, q.voices);
  gw_ua_mouth_codec(q.mouth, "PCMU", 0, -1, 0);
  run(&p, 100, lose_two);
  gw_ua_ear *other = q.ear;
  q.ear = p.ear;
  q.now_us = p.now_us;
  run(&q, 50, keep_all);
  q.ear = other;
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.lost, ==, 2);
  g_assert_cmpuint(h.received, ==, 148);
  g_assert_cmpuint(gaps_of(&p), ==, 0);
  close_pair(&p);
  close_pair(&q);
}

/* Many mouths, one voice: the same payload in the same tick, headers of their own, and the tone
 * goes on steadily. */
static void test_shared(void) {
  pair p;
  gw_ua_heard h;
  guint8 one[PACKET], two[PACKET];
  gw_rtp a, b;
  open_pair(&p, "opus", 440, NULL, TRUE);
  g_autoptr(gw_ua_mouth) other = gw_ua_mouth_new(p.ids, p.voices);
  gw_ua_mouth_codec(other, "opus", 100, -1, 0);
  for (guint i = 0; i < 100; i++, p.now_us += TICK) {
    gsize n = gw_ua_mouth_packet(p.mouth, i, NULL, one, sizeof one);
    gsize m = gw_ua_mouth_packet(other, i, NULL, two, sizeof two);
    g_assert_true(gw_rtp_parse(one, n, 0, &a) && gw_rtp_parse(two, m, 0, &b));
    g_assert_cmpmem(a.payload, a.payload_len, b.payload, b.payload_len);
    g_assert_cmpuint(a.ssrc, !=, b.ssrc);
    g_assert_cmpuint(b.pt, ==, 100);
    gw_ua_ear_packet(p.ear, &a, p.now_us);
  }
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.n_heard, ==, 1);
  g_assert_cmpfloat(h.heard[0].seconds, >, 1.7);
  close_pair(&p);
}

static void test_strange_payload(void) {
  pair p;
  gw_rtp rtp = {.pt = 77, .payload = (const guint8 *)"x", .payload_len = 1};
  gw_ua_heard h;
  open_pair(&p, "PCMU", 440, NULL, TRUE);
  g_assert_false(gw_ua_ear_packet(p.ear, &rtp, 1));
  gw_ua_ear_get(p.ear, &h);
  g_assert_cmpuint(h.received, ==, 0);
  close_pair(&p);
}

/* What an answer means: the first common codec, the direction both want, events of the right clock.
 */
static void test_agreed(void) {
  const char *const all[] = {"opus", "G722", "PCMA", "PCMU", NULL}, *const one[] = {"PCMA", NULL};
  g_autoptr(gw_desc) ours = gw_ua_desc_new("127.0.0.1", 4000, all, GW_DIR_SENDRECV);
  g_autoptr(gw_desc) theirs = gw_ua_desc_new("127.0.0.2", 5000, one, GW_DIR_SENDONLY);
  gw_ua_agreed a;
  g_assert_true(gw_ua_desc_agreed(theirs, ours, &a));
  g_assert_cmpstr(a.codec, ==, "PCMA");
  g_assert_cmpuint(a.pt, ==, 8);
  g_assert_cmpint(a.dir, ==, GW_DIR_RECVONLY);
  g_assert_cmpuint(a.event_clock, ==, 8000);
  g_assert_cmpuint(a.port, ==, 5000);
  g_assert_cmpstr(a.address, ==, "127.0.0.2");
  const char *const other[] = {"PCMU", NULL};
  g_autoptr(gw_desc) strange = gw_ua_desc_new("127.0.0.2", 5000, other, GW_DIR_SENDRECV);
  g_assert_false(gw_ua_desc_agreed(theirs, strange, &a));
}

/* Something like a voice: the codec keeps no copy of a steady tone. */
static void voice_frame(guint tick, gint16 *out) {
  for (guint i = 0; i < GW_FRAME; i++) {
    gdouble t = (tick * GW_FRAME + i) / (gdouble)GW_RATE, x = 0;
    for (guint h = 1; h < 20; h++)
      x += sin(2 * G_PI * 140 * h * t + h) / h;
    out[i] = (gint16)(4000 * x * (0.55 + 0.45 * sin(2 * G_PI * 4 * t)));
  }
}

static guint copies(gboolean fec) {
  g_autoptr(gw_ua_voices) voices = gw_ua_voices_new(0, NULL, fec);
  gw_ua_voice *voice = gw_ua_voices_get(voices, "opus");
  gw_decoder *decoder = gw_decoder_new("opus");
  const guint8 *payload = NULL;
  gint16 frame[GW_FRAME], before[GW_FRAME];
  guint found = 0;
  for (guint tick = 0; tick < 100; tick++) {
    voice_frame(tick, frame);
    int n = gw_ua_voice_say(voice, tick, frame, &payload);
    found += gw_decoder_packet(decoder, payload, (gsize)n, TRUE, before, GW_FRAME) == GW_FRAME;
  }
  gw_decoder_free(decoder);
  return found;
}

static void test_fec(void) {
  g_assert_cmpuint(copies(TRUE), >, 30);
  g_assert_cmpuint(copies(FALSE), ==, 0);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ua/sound/codecs", test_codecs);
  g_test_add_func("/ua/sound/silence", test_silence);
  g_test_add_func("/ua/sound/loss", test_loss);
  g_test_add_func("/ua/sound/fec", test_fec);
  g_test_add_func("/ua/sound/silent-packets", test_silent_packets);
  g_test_add_func("/ua/sound/digits", test_digits);
  g_test_add_func("/ua/sound/event-packets", test_event_packets);
  g_test_add_func("/ua/sound/event-pause", test_event_pause);
  g_test_add_func("/ua/sound/not-thorough", test_not_thorough);
  g_test_add_func("/ua/sound/new-ssrc", test_new_ssrc);
  g_test_add_func("/ua/sound/shared", test_shared);
  g_test_add_func("/ua/sound/strange-payload", test_strange_payload);
  g_test_add_func("/ua/sound/agreed", test_agreed);
  return g_test_run();
}
