/* loop_watch.h - how long the control loop is busy between two looks at its sources.
 * Thread: control; one context at a time.  Owner: the counters are the caller's.  Calls back:
 * never. */
#ifndef GW_LOOP_WATCH_H
#define GW_LOOP_WATCH_H
#include <glib.h>

#define GW_SLOW_TURN_US 20000 /* longer turns are logged and counted */
/* *worst_us: the longest turn of the last minute; *slow: turns over GW_SLOW_TURN_US so far. */
void gw_loop_watch(GMainContext *, gint64 *worst_us, guint64 *slow);
void gw_loop_unwatch(GMainContext *);

#endif
