/* tunnel.h - TLS in front of a TURN server (RFC 8656 2.1, "turns"). libnice speaks TURN over TCP but no TLS: what it calls so is
 * plain TCP. So a TLS server gets a port of our own on loopback, and what connects there is carried through TLS, the
 * certificate checked, on a thread that does nothing else.
 * Thread: control; a thread of its own inside.  Owner: maker frees.  Calls back: never. */
#ifndef GW_TUNNEL_H
#define GW_TUNNEL_H
#include <glib.h>

typedef struct gw_tunnels gw_tunnels;
/* ca_file: who must have signed the servers' certificates, PEM; NULL or "": the authorities of the system. */
gw_tunnels *gw_tunnels_new(const char *ca_file, GError **);
void gw_tunnels_free(gw_tunnels *); /* cuts what still goes through */
/* How long a server may take to shake hands, in ms, 10000 by default; before the first server is asked for. For tests. */
void gw_tunnels_set_patience(gw_tunnels *, guint ms);
/* The port for this server (literal address), on 127.0.0.1, for an IPv6 server on ::1: *ret_address, static. name: what its
 * certificate must be made out for. The same one each time. 0: no more (GW_MAX_TUNNELS), or no port. */
guint16 gw_tunnels_to(gw_tunnels *, const char *host, guint16 port, const char *name,
                      const char **ret_address);
/* Those that were not asked for since the last sweep lead nowhere any more; what goes through them goes on. */
void gw_tunnels_sweep(gw_tunnels *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_tunnels, gw_tunnels_free)

#endif
