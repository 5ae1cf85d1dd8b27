#include "gateway/media/latch.h"

void gw_latch_init(gw_latch *l, const gw_addr *hint) {
  *l = (gw_latch){0};
  if (hint) l->hint = *hint;
}

void gw_latch_sdp(gw_latch *l, const gw_addr *sdp) {
  /* A session refresh repeats the address: a latched NAT mapping must live through it. */
  if (l->sdp.len && gw_addr_equal(&l->sdp, sdp)) return;
  l->sdp = *sdp;
  l->target = gw_addr_sendable(sdp) ? *sdp : (gw_addr){0};
  l->packets = 0;
}

gboolean gw_latch_locked(const gw_latch *l) {
  return l->packets >= GW_LATCH_PACKETS;
}

gboolean gw_latch_packet(gw_latch *l, const gw_addr *from) {
  if (l->target.len && gw_addr_equal(from, &l->target)) {
    if (!gw_latch_locked(l)) l->packets++;
    return TRUE;
  }
  if (!gw_addr_sendable(&l->sdp))
    return FALSE; /* before any SDP, and while one says 0.0.0.0, nobody is believed */
  gboolean home = gw_addr_equal(from, &l->sdp);
  gboolean open = home ? !gw_latch_locked(l) : l->packets == 0;
  if (!open || !(home || gw_addr_same_ip(from, &l->sdp) || gw_addr_same_ip(from, &l->hint)))
    return FALSE;
  l->target = *from;
  l->packets = 1;
  return TRUE;
}
