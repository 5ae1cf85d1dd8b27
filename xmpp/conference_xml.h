/* conference_xml.h - stanzas <-> what conference services say beside Jingle: whose stream a session brings (XEP-0298), who
 * publishes what (Tigase Meet).
 * Thread: control.  Owner: caller frees what is returned.  Calls back: never. */
#ifndef GW_XMPP_CONFERENCE_XML_H
#define GW_XMPP_CONFERENCE_XML_H
#include "xmpp/coin.h"
#include "xmpp/words.h"
#include "xmpp/xml.h"

/* Sets focus, users, gone and partial from the conference-info inside of <jingle/>; what is broken counts as not said. */
void gw_coin_xml_read(xmpp_stanza_t *jingle, gw_jingle *ret);

void gw_coin_xml_add_focus(xmpp_stanza_t *jingle); /* we mix */
void gw_coin_xml_build(xmpp_stanza_t *iq, const gw_coin *); /* beside <jingle/>, not inside of it (XEP-0298 6) */
gboolean gw_coin_xml_is(xmpp_stanza_t *iq); /* says who is in a call */

gboolean gw_meet_xml_is(xmpp_stanza_t *iq); /* has a <joined/> or <left/> of tigase:meet:0 */
gw_word *gw_meet_xml_parse(xmpp_stanza_t *iq); /* NULL: broken, or more than we look at */

#endif
