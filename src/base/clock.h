/* clock.h - time. Pure code never calls these; shells read the clock and pass it in.
 * Thread: any.  Owner: caller frees strings.  Calls back: never. */
#ifndef GW_CLOCK_H
#define GW_CLOCK_H
#include <glib.h>

#define GW_NEVER G_MAXINT64
#define GW_MS(n) ((gint64)(n)*1000)          /* ms -> us */
#define GW_SEC(n) ((gint64)(n)*1000000)      /* s -> us */
gint64 gw_now_us(void);                      /* monotonic, us */
gint64 gw_wall_us(void);                     /* UTC since 1970, us */
char *gw_rfc3339(gint64 wall_us);            /* "2026-11-22T10:00:00.123Z" */

#endif
