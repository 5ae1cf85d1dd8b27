/* rtp.h - RTP and RTCP on the wire (RFC 3550, 5761, 5506-tolerant). Pure.
 * Thread: any.  Owner: views point into the caller's buffer.  Calls back: never.  Errors: FALSE,
 * nothing touched. */
#ifndef GW_RTP_H
#define GW_RTP_H
#include <glib.h>

typedef struct {
  guint8 pt;
  gboolean marker;
  guint16 seq;
  guint32 ts, ssrc;
  const guint8 *payload;
  gsize payload_len; /* padding removed */
  gsize header_len;  /* with CSRCs and extension */
  gint level;        /* RFC 6464 audio level 0..127 (-dBov), -1 when absent */
} gw_rtp;
gboolean gw_rtp_parse(const guint8 *data, gsize n, guint level_ext_id /* 0 = none */, gw_rtp *ret);
gsize gw_rtp_write_header(guint8 *out /* >= 12 */, guint8 pt, gboolean marker, guint16 seq,
                          guint32 ts, guint32 ssrc);
gboolean gw_rtp_is_rtcp(const guint8 *data, gsize n); /* RFC 5761 4: by the second byte */

typedef struct {
  guint32 ssrc;
  guint8 fraction;
  gint32 lost;
  guint32 highest_seq, jitter, lsr, dlsr;
} gw_rtcp_block;
typedef struct {
  gboolean has_sr;
  guint32 sender_ssrc;
  guint64 ntp;
  guint32 rtp_ts, sr_packets, sr_bytes;
  gw_rtcp_block blocks[31];
  guint n_blocks;
  gboolean bye;
  gboolean fb_pli;
} gw_rtcp;
gboolean gw_rtcp_parse(const guint8 *data, gsize n,
                       gw_rtcp *ret); /* whole compound; shorter than 8 bytes: FALSE */
guint64 gw_rtcp_ntp(gint64 wall_us); /* RFC 3550 4: of microseconds since 1970 */
/* SR (packets > 0) or RR, with SDES CNAME; report NULL = none. Returns bytes written, 0 when cap is
 * too small. */
gsize gw_rtcp_write(guint8 *out, gsize cap, guint32 ssrc, guint64 ntp, guint32 rtp_ts,
                    guint32 packets, guint32 bytes, const gw_rtcp_block *report, const char *cname);

/* Reception statistics of one SSRC (RFC 3550 A.1, A.3, A.8). */
typedef struct {
  gboolean started;
  guint32 ssrc;
  guint32 clock;
  guint16 max_seq;
  guint32 cycles, base_seq;
  guint64 received;
  guint32 expected_prior, received_prior;
  gdouble jitter;
  guint32 transit;
  gboolean have_transit;
  guint32 bad_seq;
} gw_rtp_stats;
void gw_rtp_stats_init(gw_rtp_stats *, guint32 ssrc, guint32 clock);
void gw_rtp_stats_packet(gw_rtp_stats *, guint16 seq, guint32 ts, gint64 now_us);
void gw_rtp_stats_unseen(gw_rtp_stats *, guint n); /* packets that came but were not looked at */
guint64 gw_rtp_stats_lost(const gw_rtp_stats *); /* expected - received, >= 0 */
void gw_rtp_stats_block(gw_rtp_stats *, guint32 lsr, guint32 dlsr,
                        gw_rtcp_block *ret); /* moves the interval on */

#endif
