/* guard.h - who has failed too often: counts per key, bans that grow, a bounded table. Time is a parameter.
 * Thread: the one that owns the object.  Owner: caller frees.  Calls back: never. */
#ifndef GW_GUARD_H
#define GW_GUARD_H
#include <glib.h>

typedef struct gw_guard gw_guard;
gw_guard *gw_guard_new(guint max_keys); /* when full, the key that failed longest ago is forgotten */
void gw_guard_free(gw_guard *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_guard, gw_guard_free)

gint64 gw_guard_banned_us(const gw_guard *, const char *key, gint64 now_us); /* how long still; 0: not banned */
/* One failure more. After limit failures within a minute the key is banned for 30 s; each ban that follows the last one
 * within two hours lasts twice as long, up to an hour. TRUE when this failure began a ban. */
gboolean gw_guard_failed(gw_guard *, const char *key, guint limit, gint64 now_us);
void gw_guard_ok(gw_guard *, const char *key); /* succeeded: forget what it did */
typedef struct {
  const char *key; /* valid until the next change */
  gint64 left_us;
} gw_guard_ban;
/* Those who are banned now, the latest to have failed first; at most max of them into ret. How many there are in all. */
guint gw_guard_bans(const gw_guard *, gint64 now_us, gw_guard_ban *ret, guint max);
/* Whom a failure counts against: the address, of IPv6 the network of 64 bits, since whoever has one address there has all.
 * g_free. */
char *gw_guard_source(const char *ip);
guint gw_guard_keys(const gw_guard *);

#endif
