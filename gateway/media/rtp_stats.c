/* Reception statistics as RFC 3550 appendix A computes them. */
#include "gateway/media/rtp.h"

#define MAX_DROPOUT 3000
#define MAX_MISORDER 100
#define SEQ_MOD (1u << 16)
#define NO_BAD_SEQ (SEQ_MOD + 1) /* no sequence number has this value */
#define MAX_TRANSIT_JUMP_S 5     /* a bigger jump is a new clock, not jitter */

void gw_rtp_stats_init(gw_rtp_stats *s, guint32 ssrc, guint32 clock) {
  *s = (gw_rtp_stats){.ssrc = ssrc, .clock = clock, .bad_seq = NO_BAD_SEQ};
}

static void restart(gw_rtp_stats *s, guint16 seq) {
  s->started = TRUE;
  s->base_seq = s->max_seq = seq;
  s->cycles = 0;
  s->bad_seq = NO_BAD_SEQ;
  s->received = 0;
  s->expected_prior = s->received_prior = 0;
  s->have_transit = FALSE;
}

/* RFC 3550 A.1 without its probation: the caller has chosen the source already. FALSE: not to be
 * counted. */
static gboolean update_seq(gw_rtp_stats *s, guint16 seq) {
  if (!s->started) restart(s, seq);
  guint16 delta = (guint16)(seq - s->max_seq);
  if (delta < MAX_DROPOUT) {
    if (seq < s->max_seq) s->cycles += SEQ_MOD;
    s->max_seq = seq;
  } else if (delta <= SEQ_MOD - MAX_MISORDER) {
    if (seq != s->bad_seq) {
      s->bad_seq = (seq + 1u) & (SEQ_MOD - 1);
      return FALSE;
    }
    restart(s, seq); /* two in a row: the sender has restarted */
  }
  s->received++;
  return TRUE;
}

/* RFC 3550 A.8 */
static void update_jitter(gw_rtp_stats *s, guint32 ts, gint64 now_us) {
  guint32 arrival = (guint32)(now_us / 1000000 * s->clock + now_us % 1000000 * s->clock / 1000000);
  guint32 transit = arrival - ts;
  gint64 d = s->have_transit ? ABS((gint64)(gint32)(transit - s->transit)) : 0;
  s->transit = transit;
  s->have_transit = TRUE;
  if (d <= (gint64)s->clock * MAX_TRANSIT_JUMP_S) s->jitter += ((gdouble)d - s->jitter) / 16;
}

void gw_rtp_stats_packet(gw_rtp_stats *s, guint16 seq, guint32 ts, gint64 now_us) {
  if (update_seq(s, seq)) update_jitter(s, ts, now_us);
}

void gw_rtp_stats_unseen(gw_rtp_stats *s, guint n) {
  if (s->started) s->received += n;
}

static guint64 expected(const gw_rtp_stats *s) {
  return s->started ? (guint64)s->cycles + s->max_seq - s->base_seq + 1 : 0;
}

guint64 gw_rtp_stats_lost(const gw_rtp_stats *s) {
  guint64 e = expected(s);
  return e > s->received ? e - s->received : 0;
}

/* RFC 3550 A.3 */
void gw_rtp_stats_block(gw_rtp_stats *s, guint32 lsr, guint32 dlsr, gw_rtcp_block *ret) {
  guint64 e = expected(s);
  gint64 lost = (gint64)e - (gint64)s->received;
  guint32 interval = (guint32)e - s->expected_prior;
  gint32 lost_interval = (gint32)(interval - ((guint32)s->received - s->received_prior));
  s->expected_prior = (guint32)e;
  s->received_prior = (guint32)s->received;
  guint fraction =
      interval && lost_interval > 0 ? (guint)(((guint64)lost_interval << 8) / interval) : 0;
  *ret = (gw_rtcp_block){.ssrc = s->ssrc,
                         .fraction = (guint8)MIN(fraction, 255),
                         .lost = (gint32)CLAMP(lost, -0x800000, 0x7FFFFF),
                         .highest_seq = s->cycles + s->max_seq,
                         .jitter = (guint32)s->jitter,
                         .lsr = lsr,
                         .dlsr = dlsr};
}
