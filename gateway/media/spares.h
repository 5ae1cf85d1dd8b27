/* spares.h - transports of a room that gather their candidates ahead of the sessions that they are for (spare_plan.h).
 * Thread: its worker.  Owner: the room; who takes one owns it.  Calls back: never. */
#ifndef GW_SPARES_H
#define GW_SPARES_H
#include "gateway/media/ice.h"

typedef struct gw_spares gw_spares;
gw_spares *gw_spares_new(gw_env *);
void gw_spares_free(gw_spares *);
/* Sessions are to come, with these servers; transports with others, or for the other role, are let go of. */
void gw_spares_expect(gw_spares *, gboolean controlling, guint sessions, gw_relays *taken, gint64 now_us);
/* A session begins: the transport that is furthest, or NULL when there is none with this role and these servers. */
gw_ice *gw_spares_take(gw_spares *or_null, gboolean controlling, const gw_relays *, const gw_ice_events *, void *user);
/* Somebody needs a port now: lets go of all, until sessions are expected again. TRUE: there were some. */
gboolean gw_spares_give_up(gw_spares *);
/* Makes what is missing, one at a time, and lets go of what nobody wants, or has waited for GW_SPARE_S. TRUE: something is still gathering, and to be driven often. */
gboolean gw_spares_drive(gw_spares *, gint64 now_us);
guint gw_spares_count(const gw_spares *);

#endif
