/* dtmf.h - telephone-event (RFC 4733): packets in, each digit once out; and back. Pure.
 * Thread: one.  Owner: caller.  Calls back: never. */
#ifndef GW_DTMF_H
#define GW_DTMF_H
#include <glib.h>
#include "gateway/media/rtp.h"

typedef struct {
  gboolean active, reported;
  guint32 ts;
  guint8 event;
  guint16 duration;
  gint64 last_us;
  guint rate;
  gint64 rate_from_us;
} gw_dtmf_in;
/* TRUE when a digit has ended or is first heard (once per event): *ret_digit, *ret_ms. More than 25
 * a second are ignored. */
gboolean gw_dtmf_packet(gw_dtmf_in *, const gw_rtp *, guint clock, gint64 now_us, char *ret_digit,
                        guint *ret_ms);
gboolean gw_dtmf_payload(char digit, gboolean end, guint16 duration,
                         guint8 out[4]); /* FALSE: no such digit */

#endif
