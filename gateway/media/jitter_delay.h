/* jitter_delay.h - how long packets must wait so that nearly all are in time. Pure.
 * Thread: one.  Owner: caller; a state of zeros is ready.  Calls back: never.
 * Transit = arrival time minus media time, both in us; only its changes matter. */
#ifndef GW_JITTER_DELAY_H
#define GW_JITTER_DELAY_H
#include <glib.h>

#define GW_DELAY_WINDOWS 8 /* of a second each: what is remembered */
typedef struct {
  gboolean any;
  gint64 min, max,
      second; /* transit; the greatest two, for one straggler is not worth waiting for */
} gw_delay_window;
typedef struct {
  gw_delay_window w[GW_DELAY_WINDOWS];
  guint at;
  gint64 window_from;
  gint64 base; /* transit of the fastest packet remembered */
  gint64 need; /* us that the slow ones come after it */
  gboolean started, stalled;
  gint64 stalled_from;
} gw_delay;
void gw_delay_packet(gw_delay *, gint64 transit_us, gint64 now_us);

#endif
