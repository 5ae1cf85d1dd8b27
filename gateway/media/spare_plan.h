/* spare_plan.h - how many transports a room keeps ready ahead of the sessions that they are for, and for how long: with STUN and TURN
 * servers it takes round trips until a transport knows its candidates, and these can pass while the phone still comes into the room.
 * Thread: any (pure).  Owner: embedded.  Calls back: never. */
#ifndef GW_SPARE_PLAN_H
#define GW_SPARE_PLAN_H
#include <glib.h>

typedef struct {
  gboolean controlling; /* ICE role of them: the library cannot change it once it has gathered */
  guint expected;       /* sessions that are still to come, as far as is known */
  gint64 until_us;      /* 0: nothing is expected */
} gw_spare_plan;

/* Of a phone that comes: so many sessions are expected within GW_SPARE_S; again with each phone of the room. */
void gw_spare_plan_expect(gw_spare_plan *, gboolean controlling, guint sessions, gint64 now_us);
void gw_spare_plan_began(gw_spare_plan *); /* a session has, with a spare transport or without */
/* How many should be there now: as many as are expected, but at least one, for whoever comes with them; at most GW_MAX_SPARES; 0: those that
 * are there are to be let go of. */
guint gw_spare_plan_keep(gw_spare_plan *, gint64 now_us);

#endif
