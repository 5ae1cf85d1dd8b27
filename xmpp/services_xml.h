/* services_xml.h - the words of External Service Discovery (XEP-0215, urn:xmpp:extdisco:2), without a connection.
 * Thread: control.  Owner: caller frees lists (g_ptr_array_unref) and stanzas (xmpp_stanza_release).  Calls back: never. */
#ifndef GW_XMPP_SERVICES_XML_H
#define GW_XMPP_SERVICES_XML_H
#include "xmpp/services.h"
#include "xmpp/xml.h"

/* The STUN and TURN services in an answer or a push (<services/>, <credentials/>), at most GW_MAX_SERVICES; what is of another
 * type or broken is left out. NULL: no such element in it. */
GPtrArray *gw_services_xml_parse(xmpp_stanza_t *iq);
void gw_services_xml_ask(xmpp_stanza_t *iq);                                   /* 3.1: all types */
void gw_services_xml_ask_credentials(xmpp_stanza_t *iq, const gw_service *of); /* 3.2 */

#endif
