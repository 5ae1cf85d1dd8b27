/* muji_xml.h - stanzas <-> Muji presences (XEP-0272) and call invites (XEP-0482 and the older urn:xmpp:call-message:1).
 * Thread: control.  Owner: caller frees what is returned.  Calls back: never. */
#ifndef GW_XMPP_MUJI_XML_H
#define GW_XMPP_MUJI_XML_H
#include "xmpp/words.h"
#include "xmpp/xml.h"

/* What a presence says of Muji; NULL: nothing, or more than we look at. An element that cannot be understood counts as
 * neither preparing nor taking part. */
gw_muji *gw_muji_xml_parse(xmpp_stanza_t *presence);
void gw_muji_xml_add(xmpp_stanza_t *presence, const gw_muji *);

/* The room of a muji element inside of jingle, invite or answer (XEP-0272 "room"): bare and normal, NULL none. */
char *gw_muji_xml_room(xmpp_stanza_t *parent);
void gw_muji_xml_add_room(xmpp_stanza_t *parent, const char *room_or_null);

/* A message's word about a call, either form; both in one message are one word. NULL: none, broken, or one that JMI
 * (XEP-0353) says in the same message. historic is set from a delay. */
gw_word *gw_muji_xml_parse_invite(xmpp_stanza_t *message);
/* Both forms in one message (or the one that in_new or in_old asks for), whose id is the invite's own (XEP-0482 3). type: "chat" or "groupchat". */
xmpp_stanza_t *gw_muji_xml_build_invite(const gw_word *, const char *from, const char *to, const char *type,
                                        const char *answer_id);

#endif
