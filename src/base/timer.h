/* timer.h - one re-settable deadline on a main context.
 * Thread: the one that iterates the context.  Owner: maker frees.  Calls back: fn(user) from the loop when the deadline
 * has passed, never from inside a call; the deadline is then GW_NEVER until set again. */
#ifndef GW_TIMER_H
#define GW_TIMER_H
#include <glib.h>
#include "base/clock.h"

typedef struct gw_timer gw_timer;
gw_timer *gw_timer_new(GMainContext *ctx, void (*fn)(void *user), void *user);
void gw_timer_free(gw_timer *);
void gw_timer_set(gw_timer *, gint64 at_us); /* monotonic; GW_NEVER: off */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_timer, gw_timer_free)

#endif
