/* gateway.h - what the component's own JID answers as a gateway (XEP-0100): a list of its rooms and phones for who may see them
 * (XEP-0030, XEP-0059), and the address of a number (jabber:iq:gateway).
 * Thread: control.  Owner: lists belong to who made them; strings are copied.  Calls back: gw_xmpp_events.items. */
#ifndef GW_GATEWAY_H
#define GW_GATEWAY_H
#include <glib.h>

typedef struct gw_items gw_items;
gw_items *gw_items_new(void);
void gw_items_free(gw_items *);
/* One that stands in the list already, or does not fit any more (GW_MAX_ITEMS), is left out. */
void gw_items_add(gw_items *, const char *jid, const char *name);
guint gw_items_count(const gw_items *);
const char *gw_items_jid(const gw_items *, guint i);   /* sorted by JID */
const char *gw_items_name(const gw_items *, guint i);  /* "" none */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_items, gw_items_free)

/* Bare JID of what somebody has typed ("+49 (30) 123-45"), as an address at this domain (XEP-0106); NULL when nothing is left. g_free. */
char *gw_gateway_address(const char *typed, const char *domain);

#endif
