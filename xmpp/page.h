/* page.h - one page of a long list (XEP-0059), by the names of its items.
 * Thread: any (pure).  Owner: nothing is kept.  Calls back: never. */
#ifndef GW_PAGE_H
#define GW_PAGE_H
#include <glib.h>

typedef struct {
  gboolean limited;           /* max was given */
  guint max;
  const char *after, *before; /* names of items, or NULL; before "": the last page */
  gboolean by_index;
  guint index;                /* of the first one wanted */
} gw_page_ask;

typedef struct {
  guint first, count;
} gw_page;

/* names: sorted by strcmp, each once; an item that is named and has gone counts as if it still stood at its place. most: of one page,
 * whatever is asked for. FALSE: nothing is there (an index beyond the end). */
gboolean gw_page_of(const char *const *names, guint n, const gw_page_ask *, guint most, gw_page *ret);

#endif
