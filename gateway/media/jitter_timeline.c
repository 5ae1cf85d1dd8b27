#include "gateway/media/jitter_timeline.h"

#include "gateway/media/jitter.h"

#define FIRST_SEQ (1 << 20) /* far from zero, so that packets before the first have numbers too */
#define JUMP_US 300000 /* the timestamp goes its own way, compared with the clock on the wall */
#define MAX_REORDER_S 2
#define MAX_SILENT_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static gint64 units(const gw_timeline *t, gint64 us) {
  return us * t->clock / G_USEC_PER_SEC;
}

/* The packet follows the newest one directly, or after as long as nothing came; its own numbers say
 * nothing. */
static void splice(gw_timeline *t, const gw_rtp *rtp, guint32 length, gint64 now_us) {
  gint64 silent_us = MIN(now_us - t->arrival_us, MAX_SILENT_US);
  if (!t->started) {
    t->seq = FIRST_SEQ;
    t->ts = 0;
  } else {
    t->seq++;
    t->ts += silent_us > JUMP_US ? units(t, silent_us) : t->length;
  }
  t->started = TRUE;
  t->ssrc = rtp->ssrc;
  t->rtp_seq = rtp->seq;
  t->rtp_ts = rtp->ts;
  t->length = length;
  t->arrival_us = now_us;
  t->bad_seq = 0;
}

/* Has the sender's media clock jumped? A pause of talk is none: there the time on the wall passes
 * as well. */
static gboolean ts_jumped(const gw_timeline *t, gint32 d_seq, gint32 d_ts, gint64 now_us) {
  if (d_ts <= 0) return TRUE;
  if ((gint64)d_ts == (gint64)d_seq * t->length) return FALSE;
  gint64 d_us = (gint64)d_ts * G_USEC_PER_SEC / t->clock;
  return ABS(d_us - (now_us - t->arrival_us)) > JUMP_US;
}

/* RFC 3550 A.1: one packet far away is a stray, two in a row are a new start. */
static gboolean seq_confirmed(gw_timeline *t, guint16 seq) {
  if (t->bad_seq == seq + 1u) return TRUE;
  t->bad_seq = (guint16)(seq + 1) + 1u;
  return FALSE;
}

static void map_newer(gw_timeline *t, const gw_rtp *rtp, guint32 length, gint32 d_seq,
                      gint64 now_us) {
  gint32 d_ts = (gint32)(rtp->ts - t->rtp_ts);
  t->bad_seq = 0;
  if (length && ts_jumped(t, d_seq, d_ts, now_us)) {
    splice(t, rtp, length, now_us);
    t->seq += d_seq - 1;
    return;
  }
  t->seq += d_seq;
  t->rtp_seq = rtp->seq;
  if (!length) return;
  t->ts += d_ts;
  t->rtp_ts = rtp->ts;
  t->length = length;
  t->arrival_us = now_us;
}

gboolean gw_timeline_map(gw_timeline *t, const gw_rtp *rtp, guint32 length, gint64 now_us,
                         gint64 *ret_seq, gint64 *ret_ts, gboolean *ret_fresh) {
  gint32 d_seq = (gint16)(rtp->seq - t->rtp_seq);
  gboolean fresh = !t->started || rtp->ssrc != t->ssrc;
  if (!fresh && ABS(d_seq) >= GW_JITTER_MAX) {
    if (!seq_confirmed(t, rtp->seq)) return FALSE;
    fresh = TRUE;
  }
  if (fresh && !length) return FALSE;
  if (!fresh && d_seq <= 0) { /* overtaken on the way, or a copy */
    gint32 d_ts = (gint32)(rtp->ts - t->rtp_ts);
    if (length && (d_ts > 0 || d_ts < -(gint32)(MAX_REORDER_S * t->clock))) return FALSE;
    *ret_seq = t->seq + d_seq;
    *ret_ts = t->ts + (length ? d_ts : 0);
    *ret_fresh = FALSE;
    return TRUE;
  }
  if (fresh)
    splice(t, rtp, length, now_us);
  else
    map_newer(t, rtp, length, d_seq, now_us);
  *ret_seq = t->seq;
  *ret_ts = t->ts;
  *ret_fresh = fresh;
  return TRUE;
}
