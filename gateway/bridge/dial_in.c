/* dial_in.c - a person whose client knows only calls between two calls the number of a room (docs/direct.md 7), and is in its
 * call like a caller from outside. Two calls of ours are joined: his, with the session, and one in the room, with a name
 * there. Between them are the two ends of one call inside (gw_sip_pair) and sound on loopback; neither knows the other but
 * by that, so it leads to a room and never out of it. */
#include "gateway/bridge/private.h"

#define INSIDE "127.0.0.1" /* where the two legs speak with each other, and nobody else reaches them */

const gw_room_conf *gw_dial_in_room(const gw_bridge *b, const char *number, const char **ret_why) {
  const gw_room_conf *room = gw_bridge_conf_room(b->conf, number);
  if (!room || gw_direct_is(room) || gw_bridge_conf_phone(b->conf, number)) return NULL;
  if (!*room->pin) return room;
  *ret_why = "the room has a PIN, and no keys come by such a call";
  return NULL;
}

/* Both calls count. */
static gw_cause obstacle(const gw_bridge *b, const char *number, const char **ret_why) {
  const gw_cause full = gw_bridge_capacity(b);
  *ret_why = full ? gw_dial_phrase(full) : NULL;
  if (full) return full;
  *ret_why = gw_dial_phrase(GW_CAUSE_OVERLOAD);
  if (b->calls->len + 2 > b->conf->max_calls) return GW_CAUSE_OVERLOAD;
  *ret_why = "the room's flavour is not part of this version";
  if (!gw_room_conf_flavour(gw_bridge_conf_room(b->conf, number))) return GW_CAUSE_NO_CODEC;
  *ret_why = NULL;
  return GW_CAUSE_NONE;
}

gw_call *gw_dial_in(gw_bridge *b, const char *number, const gw_room_conf *person, gw_cause *ret_cause,
                    const char **ret_why) {
  *ret_cause = obstacle(b, number, ret_why);
  if (*ret_cause) return NULL;
  gw_call *c = gw_call_new_inside(b, number, person);
  gw_call_post(c, &(gw_ce){.type = GW_CE_RING});
  return c;
}

/* As the room sees him: the part of his address before the @, as most clients would enter it. */
static char *name_of(const char *bare) {
  g_autofree char *node = NULL;
  gw_jid_split(bare, &node, NULL, NULL);
  return node ? gw_jid_unescape(node) : g_strdup("Guest");
}

gw_sip_call *gw_dial_in_call(gw_call *c, const gw_desc *offer, gw_cause *ret_why) {
  gw_bridge *b = c->bridge;
  const char *why;
  const gw_room_conf *room = gw_dial_in_room(b, c->dial_in, &why); /* the configuration may be another one by now */
  *ret_why = GW_CAUSE_NOT_FOUND;
  if (!room) return NULL;
  gw_sip_call *caller = NULL, *callee = NULL;
  g_autofree char *bare = gw_jid_bare(c->direct->peer), *name = name_of(bare);
  gw_sip_pair(b->sip, &caller, &callee);
  const gw_sip_invite invite = {.from_user = bare,
                                .from_name = name,
                                .to_user = c->dial_in,
                                .source = "inside:" INSIDE ":0",
                                .call_id = c->id,
                                .offer = offer};
  gw_call *there = gw_call_new_in(b, callee, &invite, room, c->dial_in, b->conf->language);
  gw_sip_call_unref(callee);
  there->dial_in = g_strdup(bare);
  there->caller = g_strdup(bare);
  there->node = g_strdup("guest");
  there->machine.early = FALSE; /* what is said to him is said when he has been let in, or by the reason */
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_info(&ctx, "dials-in", "number=%s call_there=%s", c->dial_in, there->id);
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "goes on inside, into the room, as call %s", there->id);
  gw_call_trace(there, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "is the other half of call %s", c->id);
  gw_call_post(there, &(gw_ce){.type = GW_CE_INVITE});
  return caller;
}

/* Opus whatever phones speak: his packets and the room's then go on as they came (pass.h). */
void gw_dial_in_leg(const gw_call *c, gw_leg_params *p) {
  static const char *const codecs[] = {"opus", NULL};
  if (!c->dial_in) return;
  p->local_address = p->remote_hint = INSIDE;
  p->codecs = codecs;
}
