/* ns.h - the XML namespaces that this room reads and writes.
 * Thread: any.  Owner: static strings.  Calls back: never. */
#ifndef GW_XMPP_NS_H
#define GW_XMPP_NS_H

#define GW_NS_JINGLE "urn:xmpp:jingle:1"
#define GW_NS_JINGLE_ERRORS "urn:xmpp:jingle:errors:1"
#define GW_NS_RTP "urn:xmpp:jingle:apps:rtp:1"
#define GW_NS_HDREXT "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0"
#define GW_NS_RTP_INFO "urn:xmpp:jingle:apps:rtp:info:1"
#define GW_NS_ICE "urn:xmpp:jingle:transports:ice-udp:1"
#define GW_NS_DTLS "urn:xmpp:jingle:apps:dtls:0"
#define GW_NS_GROUPING "urn:xmpp:jingle:apps:grouping:0"
#define GW_NS_SSMA "urn:xmpp:jingle:apps:rtp:ssma:0"
#define GW_NS_CALL_INVITES "urn:xmpp:call-invites:0"
#define GW_NS_CALL_MESSAGE "urn:xmpp:call-message:1"
#define GW_NS_JMI "urn:xmpp:jingle-message:0"
#define GW_NS_MEET "tigase:meet:0"
#define GW_NS_SID "urn:xmpp:sid:0"
#define GW_NS_HINTS "urn:xmpp:hints"
#define GW_NS_MUC "http://jabber.org/protocol/muc"
#define GW_NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define GW_NS_CONFERENCE "jabber:x:conference"
#define GW_NS_MUC_ADMIN "http://jabber.org/protocol/muc#admin"
#define GW_NS_MUC_OWNER "http://jabber.org/protocol/muc#owner"
#define GW_NS_MUC_ROOMCONFIG "http://jabber.org/protocol/muc#roomconfig"
#define GW_NS_MUC_REQUEST "http://jabber.org/protocol/muc#request"
#define GW_NS_CAPS "http://jabber.org/protocol/caps"
#define GW_NS_DELAY "urn:xmpp:delay"
#define GW_NS_DELAY_OLD "jabber:x:delay"
#define GW_NS_PING "urn:xmpp:ping"
#define GW_NS_VERSION "jabber:iq:version"
#define GW_NS_DATA "jabber:x:data"
#define GW_NS_EXTDISCO "urn:xmpp:extdisco:2"

#endif
