/* muc_xml.h - room stanzas <-> what the room machine thinks in (XEP-0045).
 * Thread: control.  Owner: parsed values point into the stanza and live as long; built stanzas are the caller's.
 * Calls back: never. */
#ifndef GW_XMPP_MUC_XML_H
#define GW_XMPP_MUC_XML_H
#include "xmpp/muc_machine.h"
#include "xmpp/xml.h"

void gw_muc_xml_presence(xmpp_stanza_t *, gw_muc_presence *ret);
/* The address in the text of a gone error ("xmpp:room@host?join", or a JID): caller frees, NULL none. */
char *gw_muc_xml_alternate(xmpp_stanza_t *presence);
gboolean gw_muc_xml_is_subject(xmpp_stanza_t *message);
/* What a groupchat message says for people to read, cut at GW_MAX_CHAT bytes, g_free. NULL: nothing, or it is old (XEP-0203),
 * or its text stands for something encrypted (XEP-0380). */
char *gw_muc_xml_text(xmpp_stanza_t *message);
void gw_muc_xml_disco(xmpp_stanza_t *result_or_null, gw_muc_disco *ret);
void gw_muc_xml_add_join(xmpp_stanza_t *presence, const char *password_or_null); /* <x/> without history */
/* for_a_call: gone with the last, listed nowhere, real JIDs shown; FALSE: take the room as it is */
void gw_muc_xml_add_submit(xmpp_stanza_t *iq, gboolean for_a_call, gboolean members_only);
void gw_muc_xml_add_voice(xmpp_stanza_t *message);
void gw_muc_xml_add_affiliation(xmpp_stanza_t *iq, const char *bare_jid, const char *affiliation);

#endif
