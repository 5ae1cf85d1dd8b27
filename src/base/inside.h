/* inside.h - which of our two addresses a peer can use when we sit behind 1:1 NAT.
 * Thread: any (pure).  Owner: -.  Calls back: never. */
#ifndef GW_INSIDE_H
#define GW_INSIDE_H
#include <glib.h>

/* A literal address that no router of the internet leads to: loopback, RFC 1918, RFC 3927 and RFC 4193 networks, fe80::.
 * FALSE for what is no literal address. */
gboolean gw_ip_private(const char *literal_or_null);
/* TRUE: this peer must be told public_address; FALSE: it is on our side of the NAT, and the way to the public address and
 * back in (hairpin) is one that many routers do not have. peer: the address that its packets come from; NULL: not known,
 * the world. public_address "": there is none, FALSE. One that is private itself (NAT behind NAT) is for everybody but
 * this machine. */
gboolean gw_ip_beyond_nat(const char *peer_or_null, const char *public_address);

#endif
