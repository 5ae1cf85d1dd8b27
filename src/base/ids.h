/* ids.h - where identifiers and random values come from: injected, so that pure cores repeat exactly in tests.
 * Thread: the thread that owns the generator.  Owner: caller frees strings with g_free.  Calls back: never. */
#ifndef GW_IDS_H
#define GW_IDS_H
#include <glib.h>

typedef struct gw_ids gw_ids;
gw_ids *gw_ids_new(void);               /* from the kernel's random source */
gw_ids *gw_ids_new_fixed(guint32 seed); /* repeatable, for tests only */
void gw_ids_free(gw_ids *);
char *gw_ids_uuid(gw_ids *);            /* RFC 4122 version 4 */
char *gw_ids_hex(gw_ids *, guint bytes); /* 2 * bytes lower-case hex digits */
guint32 gw_ids_u32(gw_ids *);
void gw_ids_bytes(gw_ids *, guint8 *ret, gsize n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ids, gw_ids_free)

#endif
