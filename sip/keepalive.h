/* keepalive.h - which registered phones are asked for a sign of life, and when, so that the NAT or firewall in front of
 * them keeps the way in open. Pure: time is a parameter, and nothing is kept of a phone.
 * Thread: any.  Owner: -.  Calls back: never. */
#ifndef GW_KEEPALIVE_H
#define GW_KEEPALIVE_H
#include <glib.h>

/* s. Bindings for UDP live for 30 s where they are short; RFC 5626 4.4.2 has 24 to 29 s for the same purpose. */
#define GW_KEEPALIVE_SECONDS 25

/* source: "udp:192.0.2.7:49152". UDP only: TCP keeps its own state. Not within this machine. Whether the Contact is
 * another address does not count: a SIP-aware NAT rewrites it, and a firewall without NAT forgets as soon. */
gboolean gw_keepalive_wanted(const char *source);
/* Whether its turn came after the second after_s, until_s included. Each source has one turn in every
 * GW_KEEPALIVE_SECONDS, and the turns of many are spread over them. */
gboolean gw_keepalive_due(const char *source, gint64 after_s, gint64 until_s);

#endif
