/* crowd.h - who of many connections has to go: strangers that open TCP or TLS connections and say nothing would take the
 * descriptors and the memory that phones, calls and the XMPP stream need. Pure.
 * Thread: any.  Owner: caller's array.  Calls back: never. */
#ifndef GW_CROWD_H
#define GW_CROWD_H
#include <glib.h>

#define GW_CROWD_IDLE_MS 30000  /* a stranger that has been silent for so long goes */
#define GW_CROWD_PER_SOURCE 100 /* connections of strangers from one address */
#define GW_CROWD_STRANGERS 250  /* and from all */

typedef struct {
  char ip[64];
  guint idle_ms;  /* since something came, or since it was opened */
  gboolean known; /* a phone registered over it, a call goes over it, or a trunk stands there: never dropped */
  gboolean drop;  /* answer */
} gw_crowd_member;

/* Sets drop of those that are over one of the bounds above, the longest silent first. How many there are. */
guint gw_crowd_judge(gw_crowd_member *, guint n);

#endif
