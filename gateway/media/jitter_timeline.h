/* jitter_timeline.h - turns the sequence numbers and timestamps of RTP, which wrap, jump and start
 * anew with each sender, into one endless line. Pure.
 * Thread: one.  Owner: caller; zeros and clock are ready.  Calls back: never. */
#ifndef GW_JITTER_TIMELINE_H
#define GW_JITTER_TIMELINE_H
#include <glib.h>
#include "gateway/media/rtp.h"

typedef struct {
  guint clock; /* Hz of the timestamps */
  gboolean started;
  guint32 ssrc;
  guint16 rtp_seq; /* of the newest packet */
  guint32 rtp_ts;  /* of the newest packet with sound */
  gint64 seq, ts;  /* the same, extended; ts in units of clock */
  guint32 length;  /* of its sound, in units of clock */
  gint64 arrival_us;
  guint32 bad_seq; /* what would confirm a jump of the sequence, + 1; 0: none suspected */
} gw_timeline;
/* length: of the packet's sound in units of clock, 0: no sound. *ret_seq, *ret_ts (units of clock)
 * extended; *ret_fresh: another sender begins. FALSE: out of place, to be dropped. */
gboolean gw_timeline_map(gw_timeline *, const gw_rtp *, guint32 length, gint64 now_us,
                         gint64 *ret_seq, gint64 *ret_ts, gboolean *ret_fresh);

#endif
