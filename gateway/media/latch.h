/* latch.h - where a phone's media goes and whose media is believed (symmetric RTP, RFC 4961), so
 * that a stranger who finds the port neither hears nor is heard. Pure. The SDP address is used
 * first. The first packet with a negotiated payload type from the SDP's address, or from the
 * address that the phone's SIP came from (NAT), fixes the target; until five packets came from it
 * the SDP address itself may still take it back; then it is locked. Only an SDP with another
 * address opens it again. Thread: one.  Owner: value.  Calls back: never. */
#ifndef GW_LATCH_H
#define GW_LATCH_H
#include "gateway/media/addr.h"

#define GW_LATCH_PACKETS 5

typedef struct {
  gw_addr sdp, hint, target; /* target none: send nowhere */
  guint packets;             /* believed ones from the target, up to GW_LATCH_PACKETS */
} gw_latch;

/* hint: address of the phone's SIP (its port is not looked at), or NULL. */
void gw_latch_init(gw_latch *, const gw_addr *hint);
/* A description came. Unsendable addresses (0.0.0.0, multicast, port 0) close the target. */
void gw_latch_sdp(gw_latch *, const gw_addr *);
/* A packet of a negotiated payload type came. FALSE: a stranger's, drop it. */
gboolean gw_latch_packet(gw_latch *, const gw_addr *from);
gboolean gw_latch_locked(const gw_latch *);

#endif
