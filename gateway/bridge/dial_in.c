/* dial_in.c - a person whose client knows only calls between two calls the number of a room (docs/direct.md 7), and is in its
 * call like a caller from outside. Two calls of ours are joined: his, with the session, and one in the room, with a name
 * there. Between them are the two ends of one call inside (gw_sip_pair) and sound on loopback; neither knows the other but
 * by that, so it leads to a room and never out of it. */
#include "gateway/bridge/private.h"

#define INSIDE                                                                                     \
  "127.0.0.1" /* where the two legs speak with each other, and nobody else reaches them */

typedef struct {
  const char *bare;
  gboolean found;
} search;

static void match(const gw_occupant *o, void *user) {
  search *s = user;
  for (guint i = 0; o->jids && o->jids[i]; i++)
    s->found |= gw_jid_same_bare(o->jids[i], s->bare);
}

/* Whom the room would not let in by itself must not come in as a guest of ours: into one that is not known to be open only who
 * is there already. */
static gboolean lets_in(const gw_bridge *b, const gw_room_conf *room, const char *bare) {
  const gw_conference *c = gw_bridge_conference(b, room->room);
  const gw_muc *watch = c ? c->watch_muc : NULL;
  const gboolean seen = watch && gw_muc_get_state(watch) == GW_MUC_IN;
  const gboolean secret = room->password && *room->password;
  search s = {.bare = bare};
  if (!bare || (!secret && (seen ? !gw_muc_is_members_only(watch) : !room->watch))) return TRUE;
  if (seen) gw_muc_foreach(watch, match, &s);
  return s.found;
}

const gw_room_conf *gw_dial_in_room(const gw_bridge *b, const char *number, const char *bare,
                                    const char **ret_why) {
  const gw_room_conf *room = gw_bridge_conf_room(b->conf, number);
  if (!room || gw_direct_is(room) || gw_bridge_conf_phone(b->conf, number)) return NULL;
  if (*room->pin)
    *ret_why = "the room has a PIN, and no keys come by such a call";
  else if (!lets_in(b, room, bare))
    *ret_why = "the room is closed, or not known to be open, and he is not in it";
  else
    return room;
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

gw_call *gw_dial_in(gw_bridge *b, const char *number, const gw_room_conf *person,
                    gw_cause *ret_cause, const char **ret_why) {
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
  g_autofree char *bare = gw_jid_bare(c->direct->peer), *name = name_of(bare);
  const gw_room_conf *room =
      gw_dial_in_room(b, c->dial_in->to, bare, &why); /* much may be different by now */
  *ret_why = GW_CAUSE_NOT_FOUND;
  if (!room) return NULL;
  gw_sip_call *caller = NULL, *callee = NULL;
  gw_sip_pair(b->sip, &caller, &callee);
  const gw_sip_invite invite = {.from_user = bare,
                                .from_name = name,
                                .to_user = c->dial_in->to,
                                .source = "inside:" INSIDE ":0",
                                .call_id = c->id,
                                .offer = offer};
  gw_call *there = gw_call_new_in(b, callee, &invite, room, c->dial_in->to, b->conf->language);
  gw_sip_call_unref(callee);
  there->dial_in = gw_dial_in_half_new(TRUE, bare, c->id);
  c->dial_in->other = g_strdup(there->id);
  there->caller = g_strdup(bare);
  there->node = g_strdup("guest");
  there->machine.early =
      FALSE; /* what is said to him is said when he has been let in, or by the reason */
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_info(&ctx, "dials-in", "number=%s call_there=%s", c->dial_in->to, there->id);
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "goes on inside, into the room, as call %s",
                there->id);
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

gw_dial_in_half *gw_dial_in_half_new(gboolean there, const char *to, const char *other) {
  gw_dial_in_half *h = g_new0(gw_dial_in_half, 1);
  *h = (gw_dial_in_half){.there = there, .to = g_strdup(to), .other = g_strdup(other)};
  return h;
}

void gw_dial_in_half_free(gw_dial_in_half *h) {
  if (!h) return;
  g_free(h->to);
  g_free(h->other);
  gw_coin_line_free(h->line);
  g_free(h);
}
