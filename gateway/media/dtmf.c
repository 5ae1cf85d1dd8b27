#include "gateway/media/dtmf.h"

#include <string.h>

#define EVENTS "0123456789*#ABCD" /* RFC 4733 3.2, event 0 to 15 */
#define N_EVENTS 16
#define PAYLOAD_LEN 4
#define MAX_PER_S 25
#define VOLUME 10 /* -dBm0; RFC 4733 2.3.3 */
#define SEGMENT_MIN                                                                                \
  0xF000 /* a segment is cut when the next packet would pass 0xFFFF (RFC 4733 2.5.1.3) */
#define REORDER_US 2000000 /* an older timestamp within this time is a packet that was overtaken   \
                            */

static gboolean within_rate(gw_dtmf_in *in, gint64 now_us) {
  if (!in->rate || now_us - in->rate_from_us >= G_USEC_PER_SEC) {
    in->rate_from_us = now_us;
    in->rate = 0;
  }
  if (in->rate >= MAX_PER_S) return FALSE;
  in->rate++;
  return TRUE;
}

/* Does the packet belong to what was heard last: a repetition, a continuation or something
 * overtaken? */
static gboolean same_event(const gw_dtmf_in *in, guint32 ts, guint8 event, guint clock,
                           gint64 now_us) {
  if (!in->reported) return FALSE;
  if (ts == in->ts) return TRUE;
  gint32 ahead = (gint32)(ts - in->ts);
  if (ahead < 0) return now_us - in->last_us < REORDER_US && ahead > -(gint32)(2 * clock);
  return in->active && event == in->event && in->duration >= SEGMENT_MIN && ahead >= SEGMENT_MIN &&
         ahead <= 0x10000;
}

gboolean gw_dtmf_packet(gw_dtmf_in *in, const gw_rtp *rtp, guint clock, gint64 now_us,
                        char *ret_digit, guint *ret_ms) {
  if (rtp->payload_len < PAYLOAD_LEN || rtp->payload[0] >= N_EVENTS || !clock) return FALSE;
  guint8 event = rtp->payload[0];
  gboolean end = rtp->payload[1] >> 7;
  guint16 duration = (guint16)(rtp->payload[2] << 8 | rtp->payload[3]);
  if (same_event(in, rtp->ts, event, clock, now_us)) {
    if ((gint32)(rtp->ts - in->ts) < 0) return FALSE;
    if (rtp->ts != in->ts || duration > in->duration) in->duration = duration;
    in->ts = rtp->ts;
    in->last_us = now_us;
    if (end) in->active = FALSE;
    return FALSE;
  }
  gboolean report = within_rate(in, now_us);
  in->active = !end;
  in->reported = TRUE;
  in->ts = rtp->ts;
  in->event = event;
  in->duration = duration;
  in->last_us = now_us;
  if (!report) return FALSE;
  *ret_digit = EVENTS[event];
  *ret_ms = (guint)((guint64)duration * 1000 / clock);
  return TRUE;
}

gboolean gw_dtmf_payload(char digit, gboolean end, guint16 duration, guint8 out[4]) {
  const char *at = digit ? strchr(EVENTS, g_ascii_toupper(digit)) : NULL;
  if (!at) return FALSE;
  out[0] = (guint8)(at - EVENTS);
  out[1] = (guint8)((end ? 0x80 : 0) | VOLUME);
  out[2] = (guint8)(duration >> 8);
  out[3] = (guint8)duration;
  return TRUE;
}
