/* lockout.h - slows down who tries PINs: for each source and for each room. Every try is counted
 * when it is made and given back when it was right, so that many calls at once gain nothing.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_LOCKOUT_H
#define GW_LOCKOUT_H
#include <glib.h>

typedef struct gw_lockout gw_lockout;
typedef enum { GW_LOCK_ROOM, GW_LOCK_SOURCE } gw_lock_kind;

gw_lockout *gw_lockout_new(void);
void gw_lockout_free(gw_lockout *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_lockout, gw_lockout_free)
/* How long the next try has to wait, us; 0: not at all. Three tries are free; after them a source
 * waits 1 s, 2 s, 4 s ... 300 s, a room at most 10 s (whoever guesses must not lock everybody out).
 * Forgotten an hour (source) or 15 min (room) after the last wrong one. */
gint64 gw_lockout_wait(const gw_lockout *, gw_lock_kind, const char *key, gint64 now_us);
void gw_lockout_try(gw_lockout *, gw_lock_kind, const char *key, gint64 now_us);
void gw_lockout_right(gw_lockout *, gw_lock_kind, const char *key); /* the last try was right */
typedef struct {
  gw_lock_kind kind;
  const char *key; /* valid until the next change */
  guint tries;     /* wrong ones */
  guint wait_s;    /* until the next may be made */
} gw_lockout_slow;
/* Those who have to wait between tries, in no order; at most max into ret. How many in all. */
guint gw_lockout_slowed(const gw_lockout *, gint64 now_us, gw_lockout_slow *ret, guint max);
guint gw_lockout_size(const gw_lockout *);                          /* at most GW_MAX_LOCKOUTS */

#endif
