/* The buffer plays along the sender's media time. Two clocks are compared: at any moment the sample
 * being played is `lag` behind the fastest packet of the last seconds, and jitter_delay.c says how
 * far behind it should be. Too far: pitch periods are taken out; too near, or a packet is late: the
 * gap is concealed and what comes later is played later. */
#include "gateway/media/jitter.h"

#include "gateway/media/jitter_delay.h"
#include "gateway/media/jitter_store.h"
#include "gateway/media/jitter_timeline.h"
#include "gateway/media/stretch.h"

#include <string.h>

#define PCM_CAP (GW_STRETCH_NEED + 2 * GW_MAX_FRAME)
#define OPUS_NO_CONTENT 2 /* bytes */
#define UNIT 40           /* 2.5 ms, what Opus conceals at a time */
#define SAMPLE_US(n) ((gint64)(n)*125 / 2)
#define US_SAMPLES(us) ((us)*2 / 125)
#define FRAME_US 20000
#define MARGIN_US 5000 /* ticks are not exact */
#define LOSS_MEMORY_US (10 * G_USEC_PER_SEC)
#define GIVE_UP (80 * 16) /* samples concealed with nothing arriving: by then it has faded away */
#define SEAM 80           /* concealed before a jump, for the decoder to blend from */
#define SLACK_US 10000    /* this far too deep is left alone */
#define TIGHT_US 3000     /* this far too shallow is left alone; less than the margin */
#define HARD_US 150000    /* this far too deep for HARD_PATIENCE frames costs whole packets */
#define HARD_PATIENCE 10
#define ABSURD_US 400000  /* and this far at once */
#define PATIENCE 25       /* frames too deep before the first cut */
#define PATIENCE_AGAIN 8  /* frames between cuts */
#define SHORTEN_FORCE 200 /* frames too deep after which a bad place will do as well */
#define LENGTHEN_FORCE 5  /* the same for insertions, which are urgent */
#define SHORT_PAUSE 160   /* samples */
#define MAX_STEPS 128     /* per frame: each plays a packet or fills a gap */

struct gw_jitter {
  gw_decoder *decoder;
  gw_timeline timeline;
  gw_delay delay;
  gw_store store;
  gboolean playing;
  gboolean deaf;
  gint64 next_seq; /* first packet not yet played */
  gint64 next_ts;  /* media time behind the last sound decoded, samples */
  gint64 last_us;
  gboolean is_opus;  /* the codec that can carry a copy of the packet before */
  gint64 loss_until; /* losses are expected until then */
  guint packet;      /* samples of the last packet played */
  guint owed; /* samples concealed while nothing was there: lost or late, the next packet tells */
  guint silence;  /* samples of a pause still to be played; next_ts is behind it */
  guint n;        /* samples in pcm */
  guint made_up;  /* of them, up to the last one that did not come from a packet */
  gboolean whole; /* none in the last frame given out */
  guint too_deep; /* frames for which the lag has been too great */
  guint refused;  /* frames that did not let themselves be lengthened */
  gint64 newest_seq;
  guint64 seen;      /* bit n: packet newest_seq - n has come */
  gint64 newest_end; /* media time behind the newest packet, samples */
  gint64 depth_us;
  guint64 concealed; /* samples */
  gboolean align;    /* packets of one frame are to be played as one */
  gboolean paused;   /* the sender has said that it has nothing to say */
  int kept;          /* of the last frame: gw_jitter_packet */
  guint8 packet_kept[GW_JITTER_KEPT];
  guint n_seam; /* samples that were left out, for the next frame to be blended with */
  gint16 seam[SEAM];
  gw_jitter_stats stats;
  gint16 pcm[PCM_CAP];
};

gw_jitter *gw_jitter_new(const char *codec, guint rtp_clock) {
  gw_decoder *decoder = gw_decoder_new(codec);
  if (!decoder) return NULL;
  gw_jitter *j = g_new0(gw_jitter, 1);
  j->decoder = decoder;
  j->is_opus = !g_ascii_strcasecmp(codec, "opus");
  j->timeline.clock = rtp_clock ? rtp_clock : gw_codec_rtp_clock(codec);
  j->packet = GW_FRAME;
  gw_store_init(&j->store);
  return j;
}

void gw_jitter_free(gw_jitter *j) {
  if (!j) return;
  gw_decoder_free(j->decoder);
  g_free(j);
}

/* ---- packets in ---- */

static gint64 end_seq(const gw_jitter *j) {
  return j->timeline.seq + 1;
}

/* Forgets a waiting packet and the time it would have taken. */
static void skip(gw_jitter *j, gw_slot *s) {
  if (j->playing) j->next_ts = MAX(j->next_ts, s->ts + s->samples);
  j->next_seq = s->seq + 1;
  if (s->len) j->stats.dropped++;
  gw_store_drop(&j->store, s);
}

/* More packets than fit: the oldest give way, for the newest are what people say now. */
static void make_room(gw_jitter *j, gint64 seq) {
  gint64 from = seq - (GW_JITTER_MAX - 1);
  if (from <= j->next_seq) return;
  gw_slot *s;
  while ((s = gw_store_first(&j->store, j->next_seq, from)))
    skip(j, s);
  j->next_seq = from;
}

static gint64 monotonic(gw_jitter *j, gint64 now_us) {
  j->last_us = MAX(j->last_us, now_us);
  return j->last_us;
}

/* A copy says nothing about the network's speed, and must not count as late either. */
static gboolean is_copy(gw_jitter *j, gint64 seq) {
  gint64 ahead = seq - j->newest_seq;
  if (ahead > 0) {
    j->seen = ahead < 64 ? j->seen << ahead : 0;
    j->newest_seq = seq;
  }
  guint64 bit = G_GUINT64_CONSTANT(1) << MIN(63, j->newest_seq - seq);
  gboolean copy = (j->seen & bit) != 0;
  j->seen |= bit;
  return copy;
}

static void put(gw_jitter *j, const gw_rtp *rtp, guint samples, gint64 now_us) {
  gboolean first = !j->timeline.started;
  gw_slot slot = {.samples = samples, .len = samples ? (guint)rtp->payload_len : 0};
  guint32 length = (guint32)((guint64)samples * j->timeline.clock / GW_RATE);
  if (samples) length = MAX(length, 1);
  gint64 ts;
  if (!gw_timeline_map(&j->timeline, rtp, length, now_us, &slot.seq, &ts, &slot.fresh)) {
    j->stats.dropped++;
    return;
  }
  if (is_copy(j, slot.seq)) return;
  slot.ts = ts * GW_RATE / j->timeline.clock;
  if (first) j->next_seq = slot.seq - GW_JITTER_MAX / 4; /* what it has overtaken may still come */
  j->newest_end = MAX(j->newest_end, slot.ts + samples);
  if (samples) gw_delay_packet(&j->delay, now_us - SAMPLE_US(slot.ts), now_us);
  if (slot.seq < j->next_seq) {
    if (samples) j->stats.late++;
    return;
  }
  make_room(j, slot.seq);
  if (!gw_store_put(&j->store, &slot, rtp->payload)) j->stats.dropped++;
}

void gw_jitter_other(gw_jitter *j, const gw_rtp *rtp, gint64 now_us) {
  if (j->timeline.started && rtp->ssrc == j->timeline.ssrc) put(j, rtp, 0, monotonic(j, now_us));
}

/* In a pause some Opus senders send a frame without content now and then; played, each is a puff of
 * noise. */
static gboolean is_pause_marker(const gw_jitter *j, const gw_rtp *rtp) {
  return j->is_opus && rtp->payload_len <= OPUS_NO_CONTENT;
}

void gw_jitter_put(gw_jitter *j, const gw_rtp *rtp, gint64 now_us) {
  int samples = rtp->payload_len <= GW_MAX_DATAGRAM
                    ? gw_decoder_samples(j->decoder, rtp->payload, rtp->payload_len)
                    : 0;
  if (samples <= 0)
    j->stats.dropped++;
  else if (is_pause_marker(j, rtp))
    gw_jitter_other(j, rtp, now_us);
  else
    put(j, rtp, (guint)samples, monotonic(j, now_us));
}

/* ---- sound out ---- */

/* Packets begin where frames do. What is wanted for losses is had at one of them then (settle), not by stretching. */
static gboolean in_step(const gw_jitter *j) {
  return j->align && j->packet == GW_FRAME && (j->n + j->silence) % GW_FRAME == 0;
}

/* A frame of 20 ms can begin anywhere in a packet, so the packet behind it must be there too: one
 * frame more than what the arrival times ask for; not where they begin together. Where packets get
 * lost, another one, so that the copy inside the next one is there in time. */
static gint64 loss_us(const gw_jitter *j) {
  return j->loss_until > j->last_us ? FRAME_US : 0;
}

static gint64 wanted_us(const gw_jitter *j, gboolean together) {
  gint64 target = j->delay.need + MARGIN_US + (together ? 0 : FRAME_US) + loss_us(j);
  return MIN(target, GW_JITTER_MAX_MS * 1000);
}

static gint64 target_us(const gw_jitter *j) {
  return wanted_us(j, in_step(j));
}

/* How far the next sample to be given out is behind the fastest packet. */
static gint64 lag_us(const gw_jitter *j, gint64 now_us) {
  gint64 play = j->next_ts - j->n - j->silence;
  return now_us - SAMPLE_US(play) - j->delay.base;
}

/* The same as far as it can be undone: no more than what is really here. A packet that came far too
 * early, or numbers that lie, make the lag look greater than it is. */
static gint64 depth_us(const gw_jitter *j, gint64 now_us) {
  gint64 held = j->newest_end - (j->next_ts - j->n - j->silence);
  return MIN(lag_us(j, now_us), SAMPLE_US(held));
}

static void push_zeros(gw_jitter *j, guint n) {
  n = MIN(n, PCM_CAP - j->n);
  memset(j->pcm + j->n, 0, n * sizeof *j->pcm);
  j->n += n;
  j->made_up = j->n;
}

static void push_concealed(gw_jitter *j, guint n) {
  if (j->deaf) {
    push_zeros(j, n);
    return;
  }
  n = MIN(n, PCM_CAP - j->n);
  gw_decoder_conceal(j->decoder, j->pcm + j->n, (int)n);
  j->n += n;
  j->made_up = j->n;
}

static void expect_loss(gw_jitter *j) {
  if (j->is_opus) j->loss_until = j->last_us + LOSS_MEMORY_US;
}

/* In step with frames, the time for copies in later packets to come is had by playing a lost one all the same, as if late. */
static gboolean wants_depth(const gw_jitter *j, guint64 covered) {
  gint64 lag = lag_us(j, j->last_us) - SAMPLE_US(covered);
  return in_step(j) && lag < wanted_us(j, TRUE) - FRAME_US / 2;
}

/* A packet has come: was what has been concealed since the last one lost, late, or just a pause? */
static void settle(gw_jitter *j, const gw_slot *s) {
  guint64 gap = (guint64)MAX(0, s->ts - j->next_ts);
  guint64 missing = (guint64)(s->seq - j->next_seq);
  guint64 covered = MIN(j->owed, gap);
  if (missing) expect_loss(j);
  if (missing && wants_depth(j, covered)) covered = 0;
  j->concealed += MIN(covered, missing * j->packet) + (j->owed - covered);
  j->next_ts += (gint64)covered;
  j->next_seq += (gint64)MIN(missing, covered / j->packet);
  j->owed = 0;
}

/* FALSE: nothing came for so long that the concealment has faded away. */
static gboolean underrun(gw_jitter *j) {
  if (j->owed >= GIVE_UP) {
    j->playing = FALSE;
    return FALSE;
  }
  guint n = (GW_FRAME - j->n + UNIT - 1) / UNIT * UNIT;
  if (in_step(j) && !j->n && !j->paused) j->kept = -1;
  push_concealed(j, n);
  j->owed += n;
  return TRUE;
}

static void fill_pause(gw_jitter *j) {
  guint n = MIN(j->silence, GW_FRAME);
  push_concealed(j, n); /* fades out of what was before */
  j->silence -= n;
}

/* A pause of talk is the moment to correct the depth: nobody hears whether it is longer or shorter.
 */
static void begin_pause(gw_jitter *j, gint64 gap, gint64 now_us) {
  gint64 correction = US_SAMPLES(target_us(j) - lag_us(j, now_us));
  j->silence = (guint)CLAMP(gap + correction, 0, GW_JITTER_MAX_MS * 16);
  guint beyond = (j->n + j->silence) % GW_FRAME;
  if (j->align && beyond) j->silence += GW_FRAME - beyond;
  j->next_ts += gap;
}

/* Too short for a pause: timestamps that do not quite fit the packets. */
static void bridge(gw_jitter *j, guint gap) {
  push_concealed(j, gap);
  j->next_ts += gap;
}

/* The whole of the frame that is being made. Behind another sender's sound it could not follow. */
static gboolean fills_frame(const gw_jitter *j, const gw_slot *s, int got) {
  return in_step(j) && !j->n && got == GW_FRAME && s->len <= GW_JITTER_KEPT &&
         !(s->fresh && j->stats.played_ms);
}

static void decode(gw_jitter *j, gw_slot *s) {
  guint8 payload[GW_MAX_DATAGRAM];
  int got = 0;
  j->paused = !s->len;
  if (s->len && j->deaf) {
    push_zeros(j, s->samples);
    j->packet = s->samples;
    j->next_ts = s->ts + s->samples;
  } else if (s->len) {
    gw_store_copy(&j->store, s, payload);
    if (s->fresh) gw_decoder_reset(j->decoder);
    got =
        gw_decoder_packet(j->decoder, payload, s->len, FALSE, j->pcm + j->n, (int)(PCM_CAP - j->n));
    if (got > 0) {
      if (fills_frame(j, s, got)) {
        memcpy(j->packet_kept, payload, s->len);
        j->kept = (int)s->len;
      }
      j->n += (guint)got;
    } else { /* it looked right but is not */
      got = (int)s->samples;
      push_concealed(j, s->samples);
      j->concealed += s->samples;
    }
    j->packet = (guint)got;
    j->next_ts = s->ts + got;
  }
  j->next_seq = s->seq + 1;
  gw_store_drop(&j->store, s);
}

/* One lost packet before s, from its in-band copy when it is the last one missing. */
static void fill_loss(gw_jitter *j, const gw_slot *s, guint n) {
  int got = 0;
  expect_loss(j);
  if (in_step(j) && !j->n && n == GW_FRAME) j->kept = -1;
  if (s->seq == j->next_seq + 1 && s->len && !j->deaf) {
    guint8 payload[GW_MAX_DATAGRAM];
    gw_store_copy(&j->store, s, payload);
    got = gw_decoder_packet(j->decoder, payload, s->len, TRUE, j->pcm + j->n, (int)n);
  }
  if (got > 0) {
    j->n += (guint)got;
    j->stats.fec_used++;
    n = (guint)got;
  } else {
    push_concealed(j, n);
    j->concealed += n;
  }
  j->next_ts += n;
  if (j->next_seq < s->seq) j->next_seq++;
}

/* Makes some more samples. FALSE: nothing runs any more. */
static gboolean produce(gw_jitter *j, gint64 now_us) {
  if (j->silence) {
    fill_pause(j);
    return TRUE;
  }
  gw_slot *s = gw_store_first(&j->store, j->next_seq, end_seq(j));
  if (!s) return underrun(j);
  if (s->len && j->owed) settle(j, s);
  gint64 gap = s->len ? s->ts - j->next_ts : 0;
  gint64 pause = gap - (s->seq - j->next_seq) * j->packet;
  if (gap > 0 && pause > SHORT_PAUSE)
    begin_pause(j, pause, now_us);
  else if (gap > 0 && pause > 0)
    bridge(j, (guint)pause);
  else if (gap > 0)
    fill_loss(j, s, (guint)MIN(gap, j->packet));
  else
    decode(j, s);
  return TRUE;
}

/* ---- depth ---- */

/* Decodes ahead as long as packets follow each other without a gap. */
static void look_ahead(gw_jitter *j, guint n) {
  while (j->n < n) {
    gw_slot *s = gw_store_first(&j->store, j->next_seq, j->next_seq + 1);
    if (!s || j->silence || !s->len || s->ts > j->next_ts) return;
    decode(j, s);
  }
}

/* Far too deep (a burst after an outage): pitch periods would take seconds, whole packets go. */
static void skip_packets(gw_jitter *j, gint64 now_us) {
  gw_slot *s;
  push_concealed(j, SEAM);
  while (depth_us(j, now_us) > target_us(j) + FRAME_US &&
         (s = gw_store_first(&j->store, j->next_seq, end_seq(j))))
    skip(j, s);
  if (!j->store.n_used) j->next_ts = MAX(j->next_ts, j->newest_end);
}

static void shorten(gw_jitter *j, gint64 excess_us) {
  look_ahead(j, GW_STRETCH_NEED);
  gboolean force = j->too_deep > SHORTEN_FORCE;
  guint cut = gw_stretch_shrink(j->pcm, j->n, GW_FRAME, (guint)US_SAMPLES(excess_us), force);
  j->n -= cut;
  if (cut) j->too_deep = PATIENCE - PATIENCE_AGAIN;
}

static void lengthen(gw_jitter *j, gint64 wanting_us) {
  guint got = gw_stretch_grow(j->pcm, j->n, PCM_CAP, (guint)US_SAMPLES(wanting_us),
                              j->refused >= LENGTHEN_FORCE);
  j->n += got;
  j->refused = got ? 0 : j->refused + 1;
}

static void adjust(gw_jitter *j, gint64 now_us) {
  if (j->owed) return;
  gint64 target = target_us(j);
  gint64 excess = lag_us(j, now_us) - target, surplus = depth_us(j, now_us) - target;
  j->too_deep = excess > (in_step(j) ? FRAME_US : SLACK_US) ? j->too_deep + 1 : 0;
  if (surplus > ABSURD_US || (surplus > HARD_US && j->too_deep >= HARD_PATIENCE))
    skip_packets(j, now_us);
  else if (surplus > 0 && j->too_deep >= PATIENCE)
    shorten(j, excess);
  else if (excess < -TIGHT_US - (in_step(j) ? loss_us(j) : 0))
    lengthen(j, -excess);
  j->depth_us = depth_us(j, now_us);
}

/* Begins, or begins again, when the first packet has waited long enough; of a backlog only what is
 * due is played. */
static gboolean start(gw_jitter *j, gint64 now_us) {
  gint64 behind;
  gw_slot *s;
  for (;;) {
    s = gw_store_first(&j->store, j->next_seq, end_seq(j));
    if (!s) return FALSE;
    behind = now_us - SAMPLE_US(s->ts) - j->delay.base;
    gboolean stale = behind > target_us(j) + FRAME_US + SAMPLE_US(s->samples);
    if (s->len && !(stale && gw_store_first(&j->store, s->seq + 1, end_seq(j)))) break;
    skip(j, s);
  }
  if (j->align) j->packet = s->samples;
  gboolean whole = in_step(j); /* waits for a frame to begin with it */
  if (behind < target_us(j) - (whole ? TIGHT_US : FRAME_US)) return FALSE;
  if (j->stats.played_ms) {
    settle(j, s);
    j->concealed +=
        MIN((guint64)(s->seq - j->next_seq) * j->packet, (guint64)MAX(0, s->ts - j->next_ts));
  }
  if (!whole) push_zeros(j, (guint)US_SAMPLES(CLAMP(target_us(j) - behind, 0, FRAME_US)));
  j->next_ts = s->ts;
  j->next_seq = s->seq;
  j->owed = j->silence = j->too_deep = j->refused = 0;
  j->playing = TRUE;
  return TRUE;
}

static void blend_seam(gw_jitter *j, gint16 *out) {
  for (guint i = 0; i < j->n_seam; i++)
    out[i] = (gint16)((j->seam[i] * (gint)(j->n_seam - i) + out[i] * (gint)(i + 1)) /
                      (gint)(j->n_seam + 1));
  if (j->n_seam) j->kept = 0;
  j->n_seam = 0;
}

static gboolean take(gw_jitter *j, gint16 *out) {
  guint n = MIN(j->n, GW_FRAME);
  memcpy(out, j->pcm, n * sizeof *out);
  memset(out + n, 0, (GW_FRAME - n) * sizeof *out);
  blend_seam(j, out);
  j->n -= n;
  memmove(j->pcm, j->pcm + n, j->n * sizeof *out);
  j->whole = n == GW_FRAME && !j->made_up;
  j->made_up = j->made_up > n ? MIN(j->made_up - n, j->n) : 0;
  if (n) j->stats.played_ms += FRAME_US / 1000;
  return n > 0;
}

gboolean gw_jitter_get(gw_jitter *j, gint64 now_us, gint16 *out) {
  now_us = monotonic(j, now_us);
  j->kept = 0;
  if (!j->playing) start(j, now_us);
  for (guint i = 0; j->playing && j->n < GW_FRAME && i < MAX_STEPS; i++)
    if (!produce(j, now_us)) break;
  if (j->playing) adjust(j, now_us);
  if (j->n != GW_FRAME || j->deaf) j->kept = 0;
  return take(j, out);
}

void gw_jitter_align(gw_jitter *j, gboolean align) {
  j->align = align;
}

int gw_jitter_packet(const gw_jitter *j, const guint8 **ret) {
  *ret = j->packet_kept;
  return j->kept;
}

static void leave_out(gw_jitter *j) {
  j->n_seam = MIN(j->n, SEAM);
  memcpy(j->seam, j->pcm, j->n_seam * sizeof *j->seam);
  j->n = 0;
}

/* What is left of a packet is left out, or made longer when it is not there to be spared. */
void gw_jitter_rest(gw_jitter *j, gint64 now_us) {
  if (!j->align || !j->playing || j->owed || j->packet != GW_FRAME) return;
  now_us = monotonic(j, now_us);
  guint beyond = (j->n + j->silence) % GW_FRAME;
  gint64 spare = lag_us(j, now_us) + FRAME_US - wanted_us(j, TRUE); /* when the next frame is due */
  if (beyond && beyond == j->n && spare >= SAMPLE_US(beyond) - TIGHT_US)
    leave_out(j);
  else if (beyond)
    push_concealed(j, GW_FRAME - beyond);
  else if (spare < -FRAME_US / 2)
    push_concealed(j, GW_FRAME);
}

gboolean gw_jitter_whole(const gw_jitter *j) {
  return j->whole;
}

void gw_jitter_deafen(gw_jitter *j, gboolean deaf) {
  if (j->deaf && !deaf) gw_decoder_reset(j->decoder);
  j->deaf = deaf;
}

void gw_jitter_stats_get(const gw_jitter *j, gw_jitter_stats *ret) {
  *ret = j->stats;
  ret->concealed_ms = j->concealed / (GW_RATE / 1000);
  ret->depth_ms = j->playing ? (guint)(MAX(0, j->depth_us) / 1000) : 0;
  ret->target_ms = (guint)(target_us(j) / 1000);
}
