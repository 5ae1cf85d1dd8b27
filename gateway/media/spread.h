/* spread.h - which worker a new room goes to, and whether one takes anything more. By what workers measured in the last seconds; a room
 * stays where it is, so one room's ceiling is one worker. Pure.
 * Thread: any.  Owner: -.  Calls back: never. */
#ifndef GW_SPREAD_H
#define GW_SPREAD_H
#include "gateway/media/media.h"

/* Of a full worker the calls that run go on undisturbed; a phone more might make ticks late for all of them. */
gboolean gw_spread_full(const gw_worker_stats *);
/* One phone more for the worker to; from: the one that has it now, -1 none. It is nothing more for that one. */
gboolean gw_spread_takes(const gw_worker_stats *all, guint to, gint from);
/* rooms: as many as each worker will have, also those it does not know yet. Returns its index, -1 when all are full. */
gint gw_spread_choose(const gw_worker_stats *all, const guint *rooms, guint n);

#endif
