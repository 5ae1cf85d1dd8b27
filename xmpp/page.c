#include "xmpp/page.h"
#include <string.h>

/* How many names stand before this one, itself included or not. */
static guint rank(const char *const *names, guint n, const char *name, gboolean included) {
  guint low = 0, high = n;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    int order = strcmp(names[middle], name);
    if (order < 0 || (included && order == 0))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

gboolean gw_page_of(const char *const *names, guint n, const gw_page_ask *ask, guint most,
                    gw_page *ret) {
  guint first = 0, last = n, count = ask->limited ? MIN(ask->max, most) : most;
  if (ask->by_index && ask->index > 0 && ask->index >= n) return FALSE;
  if (ask->by_index) first = ask->index;
  if (ask->after) first = rank(names, n, ask->after, TRUE);
  if (ask->before && *ask->before) last = rank(names, n, ask->before, FALSE);
  last = MAX(first, last);
  count = MIN(count, last - first);
  *ret = (gw_page){ask->before ? last - count : first, count};
  return TRUE;
}
