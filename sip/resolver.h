/* resolver.h - hosts of trunks, looked up beside the loop (trunk_dns.h): each question on a thread of its own, for a name server
 * may take its time; the answer comes back through a queue.
 * Thread: control.  Owner: gw_sip. A thread that is still busy when the resolver is freed ends by itself later.
 * Calls back: done, once for each question, from the loop; with NULL from gw_resolver_free, when nothing was found by then. */
#ifndef GW_RESOLVER_H
#define GW_RESOLVER_H
#include "sip/trunk_dns.h"

typedef struct gw_resolver gw_resolver;
gw_resolver *gw_resolver_new(GMainContext *);
void gw_resolver_free(gw_resolver *);
/* done gets the list (taken), empty when the name leads nowhere. */
void gw_resolver_ask(gw_resolver *, const gw_dns_question *, void (*done)(GPtrArray *hosts_or_null, void *data), void *data);

#endif
