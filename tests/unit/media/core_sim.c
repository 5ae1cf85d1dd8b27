#include "core_sim.h"

#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

#define TICK_US 20000
#define SEED 7

typedef struct {
  gint64 arrival_us;
  guint n;
  guint8 data[GW_MAX_DATAGRAM];
} packet;

void sim_init(sim *s, const char *codec, gdouble hz) {
  *s = (sim){.codec = codec,
             .ptime = 20,
             .hz = hz,
             .amplitude = 0.3,
             .first_seq = 1000,
             .first_ts = 5000,
             .ssrc = 77,
             .copies = 1};
  s->rnd = g_rand_new_with_seed(SEED);
  s->pcm = g_array_new(FALSE, FALSE, sizeof(gint16));
}

void sim_clear(sim *s) {
  g_rand_free(s->rnd);
  g_array_free(s->pcm, TRUE);
}

typedef struct {
  sim *s;
  gw_encoder *encoder;
  gw_tone tone;
  guint8 bytes[2000]; /* encoded and not yet sent, codecs that can be cut anywhere */
  guint n_bytes, sent;
} sender;

static void sound(sender *t, gint16 *out) {
  if (t->s->sound)
    t->s->sound(t->s, out, GW_FRAME);
  else
    gw_tone_fill(&t->tone, out, GW_FRAME);
}

static guint payload(sender *t, guint8 *out) {
  gint16 pcm[GW_FRAME];
  guint want = t->s->ptime * 8;
  if (!g_ascii_strcasecmp(t->s->codec, "opus")) {
    sound(t, pcm);
    return (guint)gw_encoder_frame(t->encoder, pcm, out, GW_MAX_DATAGRAM);
  }
  while (t->n_bytes < want) {
    sound(t, pcm);
    t->n_bytes += (guint)gw_encoder_frame(t->encoder, pcm, t->bytes + t->n_bytes,
                                          (int)(sizeof t->bytes - t->n_bytes));
  }
  memcpy(out, t->bytes, want);
  t->n_bytes -= want;
  memmove(t->bytes, t->bytes + want, t->n_bytes);
  return want;
}

static gint64 send_time(const sender *t, guint i) {
  return (gint64)((gdouble)i * t->s->ptime * 1000 / (1 + t->s->ppm * 1e-6));
}

/* FALSE: lost on the way. */
static gboolean next_packet(sender *t, packet *p) {
  sim *s = t->s;
  guint i = t->sent++, clock = gw_codec_rtp_clock(s->codec);
  guint n = payload(t, p->data + 12);
  gw_rtp_write_header(p->data, 96, i == 0, (guint16)(s->first_seq + i),
                      s->first_ts + i * s->ptime * (clock / 1000), s->ssrc);
  p->n = n + 12;
  p->arrival_us = send_time(t, i) + (s->delay ? s->delay(s, i) : 0);
  return !(s->lost && s->lost(s, i));
}

static gint by_arrival(gconstpointer a, gconstpointer b, gpointer user) {
  const packet *x = a, *y = b;
  return x->arrival_us < y->arrival_us ? -1 : x->arrival_us > y->arrival_us;
}

static void collect(sim *s, gint64 now, gboolean sound, const gint16 *frame) {
  if (!s->frames && !sound) return;
  if (!s->frames) s->began_us = now;
  s->frames++;
  s->silent += !sound;
  g_array_append_vals(s->pcm, frame, GW_FRAME);
}

/* Packets are made a second ahead, so that a late one finds its place among those after it. */
void sim_run(sim *s, gdouble seconds) {
  sender t = {.s = s, .encoder = gw_encoder_new(s->codec, FALSE, TRUE)};
  g_autoptr(GSequence) way = g_sequence_new(g_free);
  gw_jitter *j = gw_jitter_new(s->codec, gw_codec_rtp_clock(s->codec));
  gint64 end = (gint64)(seconds * 1e6);
  gint16 frame[GW_FRAME];
  gw_jitter_align(j, s->align);
  gw_tone_init(&t.tone, s->hz, s->amplitude, GW_RATE);
  s->depth_min = G_MAXUINT;
  for (gint64 now = 3700; now < end; now += TICK_US) {
    while (send_time(&t, t.sent) < now + G_USEC_PER_SEC) {
      packet *p = g_new(packet, 1);
      if (next_packet(&t, p))
        g_sequence_insert_sorted(way, p, by_arrival, NULL);
      else
        g_free(p);
    }
    for (GSequenceIter *it = g_sequence_get_begin_iter(way); !g_sequence_iter_is_end(it);
         it = g_sequence_get_begin_iter(way)) {
      packet *p = g_sequence_get(it);
      gw_rtp rtp;
      if (p->arrival_us > now) break;
      g_assert_true(gw_rtp_parse(p->data, p->n, 0, &rtp));
      for (guint i = 0; i < s->copies; i++)
        gw_jitter_put(j, &rtp, p->arrival_us);
      g_sequence_remove(it);
    }
    collect(s, now, gw_jitter_get(j, now, frame), frame);
    gw_jitter_stats_get(j, &s->stats);
    if (now < end / 2) continue;
    s->depth_min = MIN(s->depth_min, s->stats.depth_ms);
    s->depth_max = MAX(s->depth_max, s->stats.depth_ms);
  }
  gw_jitter_free(j);
  gw_encoder_free(t.encoder);
}

gdouble sim_roughness(const sim *s, guint from) {
  const gint16 *x = (const gint16 *)(gpointer)s->pcm->data;
  gdouble c = 2 * cos(2 * G_PI * s->hz / GW_RATE), worst = 0;
  for (guint i = from + 2; i < s->pcm->len; i++)
    worst = MAX(worst, fabs(x[i] - c * x[i - 1] + x[i - 2]));
  return worst / (s->amplitude * 32767);
}

void sim_levels(const sim *s, guint from, gdouble *ret_min, gdouble *ret_max) {
  const gint16 *x = (const gint16 *)(gpointer)s->pcm->data;
  *ret_min = 0;
  *ret_max = -127;
  for (guint i = from; i + GW_FRAME <= s->pcm->len; i += GW_FRAME) {
    gdouble level = gw_goertzel_dbfs(x + i, GW_FRAME, GW_RATE, s->hz);
    *ret_min = MIN(*ret_min, level);
    *ret_max = MAX(*ret_max, level);
  }
}

guint sim_gaps(const sim *s, guint from, guint *ret_longest_ms) {
  const gint16 *x = (const gint16 *)(gpointer)s->pcm->data;
  gdouble weak = 20 * log10(s->amplitude) - 20;
  guint gaps = 0, missing = 0;
  *ret_longest_ms = 0;
  for (guint i = from; i + GW_FRAME <= s->pcm->len; i += GW_FRAME / 2) {
    missing = gw_goertzel_dbfs(x + i, GW_FRAME, GW_RATE, s->hz) < weak ? missing + 10 : 0;
    *ret_longest_ms = MAX(*ret_longest_ms, missing);
    gaps += missing == 70;
  }
  return gaps;
}
