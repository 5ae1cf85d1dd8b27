/* meet_xml.h - what Tigase Meet (tigase:meet:0) says of a meet itself, as stanzas: invitations to it (its document, 3.2.2 to
 * 3.2.5, as GW_WORD_CALL_INVITE) and how it is made and opened to people (3.1). Who publishes what: conference_xml.h.
 * Thread: control.  Owner: caller frees what is returned.  Calls back: never. */
#ifndef GW_XMPP_MEET_XML_H
#define GW_XMPP_MEET_XML_H
#include "xmpp/words.h"
#include "xmpp/xml.h"

gw_word *gw_meet_xml_parse_invite(xmpp_stanza_t *message); /* NULL: none, or broken */
/* From word->from to word->to; id: of the message. NULL: that is not said in this form. */
xmpp_stanza_t *gw_meet_xml_build_invite(const gw_word *, const char *id);

/* verb: "create", "allow" or "destroy", inside of iq; who: bare JIDs, NULL-terminated, or NULL. */
void gw_meet_xml_add(xmpp_stanza_t *iq, const char *verb, const char *const *who);
char *gw_meet_xml_made(xmpp_stanza_t *result, const char *service); /* bare JID of the new meet, or NULL */

#endif
