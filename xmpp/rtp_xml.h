/* rtp_xml.h - the contents of a <jingle/> element <-> gw_desc, by the table of XEP-0167 section 6 and its companions.
 * Thread: control.  Owner: caller frees the description.  Calls back: never. */
#ifndef GW_XMPP_RTP_XML_H
#define GW_XMPP_RTP_XML_H
#include "base/desc.h"
#include "xmpp/xml.h"

/* What of each content is written. */
typedef enum { GW_RTP_NAMES, GW_RTP_TRANSPORT, GW_RTP_WHOLE, GW_RTP_DESCRIPTION /* Muji presence */ } gw_rtp_extent;

/* NULL when there is no content at all (*ret_why NULL) or when it is malformed (*ret_why says what). */
gw_desc *gw_rtp_xml_parse(xmpp_stanza_t *jingle, gboolean writer_is_initiator, const char **ret_why);
void gw_rtp_xml_build(xmpp_stanza_t *jingle, const gw_desc *, gboolean writer_is_initiator, gw_rtp_extent);

#endif
