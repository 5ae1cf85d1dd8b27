#include "gateway/bridge/call_room_rules.h"
#include "base/jid.h"

/* A call that runs in the room itself comes before one that somebody has invited to. */
const char *gw_call_room_where(const gw_call_room_facts *f) {
  const char *there = f->taken ? f->taken : f->running ? NULL : f->invited;
  return there && !gw_jid_same_bare(there, f->room) ? there : NULL;
}

const char *gw_call_room_why_not(const gw_call_room_ask *a) {
  if (!a->leads_to) return "no way into it that we know";
  if (!a->wanted) return "the room's flavour is another";
  if (!a->occupants_invite) return "the room's occupants may not invite";
  return a->taken && !gw_jid_same_bare(a->taken, a->leads_to) ? "phones of ours are in another call"
                                                              : NULL;
}
