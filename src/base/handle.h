/* handle.h - 64-bit names for objects that live on another thread: kind + slot + generation. A stale or wrong-kind
 * handle finds nothing; it never dangles. The table itself belongs to one thread.
 * Thread: the one that owns the table; the value type may go anywhere.  Owner: the table does not own the objects.
 * Calls back: never. */
#ifndef GW_HANDLE_H
#define GW_HANDLE_H
#include <glib.h>

typedef struct { guint64 v; } gw_handle;     /* v = 0: none */
#define GW_HANDLE_NONE ((gw_handle){0})
static inline gboolean gw_handle_is(gw_handle a, gw_handle b) { return a.v == b.v; }
static inline guint gw_handle_kind(gw_handle h) { return (guint)(h.v >> 56); }

typedef struct gw_handles gw_handles;
gw_handles *gw_handles_new(guint max);                             /* max objects at once */
void gw_handles_free(gw_handles *);
gw_handle gw_handles_add(gw_handles *, guint kind /* 1..255 */, void *object); /* NONE when full */
void *gw_handles_get(const gw_handles *, gw_handle, guint kind);   /* NULL: stale, wrong kind or none */
void *gw_handles_remove(gw_handles *, gw_handle, guint kind);      /* the object, or NULL */
guint gw_handles_count(const gw_handles *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_handles, gw_handles_free)

#endif
