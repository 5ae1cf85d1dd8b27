/* pace.h - how often somebody may do something: so many at once, then one per interval; by name, bounded.
 * Thread: any (pure).  Owner: caller frees; names are copied.  Calls back: never. */
#ifndef GW_PACE_H
#define GW_PACE_H
#include <glib.h>

typedef struct gw_pace gw_pace;

/* burst >= 1. At most `names` are remembered; when all of them are busy a new one is refused. */
gw_pace *gw_pace_new(guint burst, gint64 every_us, guint names);
void gw_pace_free(gw_pace *);
/* TRUE: now is fine, and counted. FALSE: too often; *ret_first (may be NULL) says whether this is the first refusal since
 * it was fine, so that it can be told once. */
gboolean gw_pace_take(gw_pace *, const char *name, gint64 now_us, gboolean *ret_first);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_pace, gw_pace_free)

#endif
