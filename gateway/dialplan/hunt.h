/* hunt.h - one number that several trunks may carry: which of them takes it, and whether another one is tried when it failed.
 * Thread: any (pure).  Owner: caller frees the hunt; strings passed in are copied.
 * Calls back: the obstacle function, from within gw_hunt_find only. */
#ifndef GW_HUNT_H
#define GW_HUNT_H
#include "gateway/dialplan/dialplan.h"

#define GW_HUNT_TRUNKS 4 /* tried for one call, in all */

typedef struct gw_hunt gw_hunt;
/* by: whose wish the call is, as of gw_dialplan_outbound, which is asked again for each try; number: as dialled. */
gw_hunt *gw_hunt_new(const char *by_or_null, const char *number);
void gw_hunt_free(gw_hunt *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_hunt, gw_hunt_free)
const char *gw_hunt_by(const gw_hunt *);
const char *gw_hunt_number(const gw_hunt *);

/* The first of the ways whose trunk was not tried and has no obstacle (NONE: it may be dialled now). NULL: none, or enough
 * were tried; *ret is then the last obstacle, PEER_GONE when there was nobody left to ask. The way belongs to the list. */
const gw_dialplan_way *gw_hunt_find(const gw_hunt *, const GPtrArray *ways, gw_cause (*obstacle)(const char *trunk, void *user),
                                    void *user, gw_cause *ret);
void gw_hunt_tried(gw_hunt *, const char *trunk);
/* How a call by a trunk ended before an answer: was it the trunk that failed, so that another one may do better? Not when
 * the callee has spoken (busy, declined, unknown) or its telephone has rung (that would ring again). status: final SIP response, 0 none. */
gboolean gw_hunt_worth_another(gw_cause, guint status, gboolean rang);

#endif
