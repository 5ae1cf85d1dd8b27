/* watchers.h - how each phone stands, who wants to see it (RFC 6121 3 and 4), and who has not been told yet.
 * Thread: any (pure).  Owner: caller frees; strings are copied, results live until the next change.  Calls back: never.
 * A watcher is told the newest state only: what changed twice meanwhile is told once. */
#ifndef GW_WATCHERS_H
#define GW_WATCHERS_H
#include <glib.h>

typedef struct gw_watchers gw_watchers;
typedef struct {
  gboolean available;
  const char *show, *status; /* NULL: none */
} gw_stand;

gw_watchers *gw_watchers_new(guint most, guint most_of_one); /* watchers in all, and of one phone */
void gw_watchers_free(gw_watchers *);
/* NULL: there is no such phone any more; who watches it is told that it is gone, and kept in case it comes back. */
void gw_watchers_set(gw_watchers *, const char *ours, const gw_stand *);
const gw_stand *gw_watchers_get(const gw_watchers *, const char *ours); /* NULL: no such phone */
/* TRUE: somebody new. FALSE: known already, or there is no room for more. Does not ask for being told. */
gboolean gw_watchers_add(gw_watchers *, const char *ours, const char *theirs);
gboolean gw_watchers_remove(gw_watchers *, const char *ours,
                            const char *theirs); /* TRUE: was one */
void gw_watchers_renew(gw_watchers *);           /* everybody is to be told again */
/* The next one to be told, once each. FALSE: nobody. */
gboolean gw_watchers_next(gw_watchers *, const char **ret_ours, const char **ret_theirs,
                          gw_stand *ret);
guint gw_watchers_count(const gw_watchers *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_watchers, gw_watchers_free)

#endif
