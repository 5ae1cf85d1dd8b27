/* ua_totals.h - many calls added up, with percentiles. Pure.
 * Thread: any.  Owner: maker frees; caller frees strings.  Calls back: never. */
#ifndef GW_UA_TOTALS_H
#define GW_UA_TOTALS_H
#include <glib.h>
#include "tools/ua_report.h"

typedef struct gw_ua_totals gw_ua_totals;
gw_ua_totals *gw_ua_totals_new(void);
void gw_ua_totals_free(gw_ua_totals *);
void gw_ua_totals_add(gw_ua_totals *, const gw_ua_result *);
guint gw_ua_totals_calls(const gw_ua_totals *);
guint gw_ua_totals_answered(const gw_ua_totals *);
guint gw_ua_totals_audio(const gw_ua_totals *);
char *gw_ua_totals_json(gw_ua_totals *);
char *gw_ua_totals_text(gw_ua_totals *);
/* The value that p percent of the values do not exceed (nearest rank); sorts the array of gint64;
 * -1 when it is empty. */
gint64 gw_ua_percentile(GArray *values, guint p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_totals, gw_ua_totals_free)

#endif
