/* jmi_xml.h - messages <-> words of Jingle Message Initiation (XEP-0353).
 * Thread: control.  Owner: caller frees words and stanzas.  Calls back: never. */
#ifndef GW_XMPP_JMI_XML_H
#define GW_XMPP_JMI_XML_H
#include "xmpp/words.h"
#include "xmpp/xml.h"

/* A message's word; an error that our propose comes back with is one, too (GW_JMI_ERROR). NULL: none, or not one to be
 * acted on (no usable id, said in a room, more than one). historic: it was delayed on the way. */
gw_word *gw_jmi_xml_parse(xmpp_stanza_t *message);
/* The message's id tells which propose an error is about. With a store hint, as all of them must have. */
xmpp_stanza_t *gw_jmi_xml_build(const gw_word *, const char *from, const char *unique);

#endif
