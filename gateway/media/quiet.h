/* quiet.h - when nothing comes from a phone any more that ought to send. Pure.
 * Thread: one.  Owner: value.  Calls back: never. */
#ifndef GW_QUIET_H
#define GW_QUIET_H
#include <glib.h>

#define GW_RTP_TIMEOUT_S 60 /* without any packet, RTP or RTCP, while both directions are agreed */

typedef struct {
  gboolean counting;
  guint64 packets;
  gint64 since_us;
} gw_quiet;

/* packets: how many came so far. expected FALSE: on hold, or nothing agreed yet; the time begins anew with the next TRUE.
 * TRUE: limit_us have passed without one. */
gboolean gw_quiet_too_long(gw_quiet *, guint64 packets, gboolean expected, gint64 now_us,
                           gint64 limit_us);

#endif
