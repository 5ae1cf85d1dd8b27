/* cause.h - why something ended: the error vocabulary of a gateway.
 * Thread: any (pure tables).  Owner: all strings are static.  Calls back: never.
 * One row holds every face of a cause: SIP status (RFC 3261 21), Q.850 value (RFC 3326), Jingle reason
 * (XEP-0166 7.4), a word for the log and a sentence for people. */
#ifndef GW_CAUSE_H
#define GW_CAUSE_H
#include <glib.h>

typedef enum {
  GW_CAUSE_NONE,          /* nothing ended */
  GW_CAUSE_NORMAL,        /* hang-up */
  GW_CAUSE_CANCELLED,     /* given up before an answer */
  GW_CAUSE_BUSY,
  GW_CAUSE_REJECTED,      /* declined by a person */
  GW_CAUSE_NOT_FOUND,     /* number, room or JID unknown */
  GW_CAUSE_FORBIDDEN,     /* known, but may not */
  GW_CAUSE_AUTH,          /* wrong or missing credentials */
  GW_CAUSE_BAD_REQUEST,   /* malformed */
  GW_CAUSE_NO_CODEC,      /* nothing in common */
  GW_CAUSE_ICE_FAILED,
  GW_CAUSE_DTLS_FAILED,   /* handshake or fingerprint */
  GW_CAUSE_TIMEOUT,       /* nobody answered in time */
  GW_CAUSE_PEER_GONE,     /* left, crashed, or its server did */
  GW_CAUSE_NO_MEDIA,      /* connected, but no RTP ever came */
  GW_CAUSE_ROOM_CLOSED,   /* room destroyed, we were kicked or banned */
  GW_CAUSE_XMPP_DOWN,     /* no stream to the XMPP server */
  GW_CAUSE_SFU_DOWN,      /* the forwarding service of the room's calls does not answer, or not well */
  GW_CAUSE_OVERLOAD,      /* a limit of ours is reached */
  GW_CAUSE_ALTERNATIVE,   /* replaced by another session (Jingle alternative-session) */
  GW_CAUSE_SHUTDOWN,
  GW_CAUSE_INTERNAL,
  GW_N_CAUSES
} gw_cause;

const char *gw_cause_word(gw_cause);        /* "busy": for log and JSON */
const char *gw_cause_text(gw_cause);        /* "The other side is busy.": for people */
guint gw_cause_sip(gw_cause);               /* final response to an INVITE: 486 */
const char *gw_cause_sip_phrase(gw_cause);  /* "Busy Here" */
guint gw_cause_q850(gw_cause);              /* 17 */
const char *gw_cause_jingle(gw_cause);      /* reason element name: "busy" */
gw_cause gw_cause_from_sip(guint status);   /* 1xx and 2xx: NONE */
gw_cause gw_cause_from_q850(guint value, gw_cause otherwise); /* of a BYE or CANCEL; 16 and unknown ones: otherwise */
gw_cause gw_cause_from_jingle(const char *reason); /* unknown or NULL: PEER_GONE */
gw_cause gw_cause_from_condition(const char *condition, gw_cause otherwise); /* of a stanza error (RFC 6120 8.3.3); "timeout": no answer at all */

#endif
