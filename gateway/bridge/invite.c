/* invite.c - phones that are invited into rooms: who may (the policy decides), the ringing (dial.c), and what the inviter
 * and the room are told when nobody comes. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/private.h"

#define INVITES_AT_ONCE 20 /* of one inviter, a whole meeting; from then on one in INVITE_EVERY */
#define INVITE_EVERY GW_SEC(10)
#define REFUSALS_AT_ONCE 20 /* of one domain */
#define REFUSAL_EVERY GW_SEC(10)
#define NOTICES_AT_ONCE 2 /* said in one room */
#define NOTICE_EVERY GW_SEC(10)

void gw_invite_init(gw_bridge *b) {
  b->invite_pace = gw_pace_new(INVITES_AT_ONCE, INVITE_EVERY, GW_MAX_INVITERS);
  b->refusal_pace = gw_pace_new(REFUSALS_AT_ONCE, REFUSAL_EVERY, GW_MAX_INVITERS);
  b->notice_pace = gw_pace_new(NOTICES_AT_ONCE, NOTICE_EVERY, GW_MAX_INVITERS);
}

void gw_invite_clear(gw_bridge *b) {
  gw_pace_free(b->invite_pace);
  gw_pace_free(b->refusal_pace);
  gw_pace_free(b->notice_pace);
}

/* Names of persons cost a stranger nothing, domains do: by names he would fill the table, and the log. */
gboolean gw_refusal_due(gw_bridge *b, const char *jid, gboolean *ret_last) {
  g_autofree char *domain = NULL;
  *ret_last = FALSE;
  if (!gw_jid_split(jid, NULL, &domain, NULL)) return FALSE;
  return gw_pace_take(b->refusal_pace, domain, gw_now_us(), ret_last) || *ret_last;
}

/* --- who invites --- */

typedef struct {
  const char *jid, *nick; /* one of the two is looked for */
  char *bare;             /* found: real bare JID */
  char *name;             /* found: nick */
} occupant_search;

static void match(const gw_occupant *o, void *user) {
  occupant_search *s = user;
  if (s->name || o->self) return;
  for (guint i = 0; o->jids && o->jids[i]; i++)
    if (s->nick ? !strcmp(o->nick, s->nick) : gw_jid_same_bare(o->jids[i], s->jid)) {
      s->bare = gw_jid_bare(o->jids[i]);
      s->name = g_strdup(o->nick);
      return;
    }
}

/* The inviter as an occupant of the room, as far as the watcher sees: a room may name him by his nick. */
static void look_up(const gw_conference *c, const gw_invite *i, occupant_search *s) {
  gboolean by_nick = i->mediated && gw_jid_same_bare(i->inviter, i->room);
  *s = (occupant_search){.jid = i->inviter, .nick = by_nick ? gw_jid_resource(i->inviter) : NULL};
  if (c && c->watch_muc && (!by_nick || s->nick)) gw_muc_foreach(c->watch_muc, match, s);
  if (!s->bare && !by_nick) s->bare = gw_jid_bare(i->inviter);
  if (!s->bare) s->bare = g_strdup(i->room);
}

/* --- what they are told --- */

static void decline(gw_bridge *b, const gw_word *w, const char *number, const char *phrase) {
  g_autofree char *name = number ? gw_dial_name(b, number) : g_strdup("That address");
  g_autofree char *text = g_strdup_printf("%s %s.", name, phrase);
  gw_xmpp_decline(b->xmpp, w, text);
}

/* For all in the room to read: they may be waiting for somebody. */
static void tell_room(gw_bridge *b, const gw_conference *c, const char *number,
                      const char *phrase) {
  if (!c->watch_muc || !gw_pace_take(b->notice_pace, c->conf->room, gw_now_us(), NULL)) return;
  g_autofree char *name = gw_dial_name(b, number);
  g_autofree char *text = g_strdup_printf("%s %s.", name, phrase);
  gw_muc_tell(c->watch_muc, text);
}

/* A call that was asked for by an invitation has ended; who was in the room needs no word. */
void gw_invite_over(gw_call *c) {
  const gw_call_machine *m = &c->machine;
  if (gw_call_invite_is(c)) gw_call_invite_over(c);
  if (!c->invitation || m->joined) return;
  const char *phrase = m->sip_up ? "could not enter the room" : gw_dial_phrase(m->cause);
  const char *number = c->phone ? c->phone : c->caller;
  decline(c->bridge, c->invitation, number, phrase);
  tell_room(c->bridge, c->conference, number, phrase);
}

static void refuse(gw_bridge *b, const gw_word *w, const char *number, const char *inviter,
                   const char *why) {
  gw_warn(&(gw_log_ctx){.room = w->u.invite.room}, "invite-refused",
          "number=%s inviter=%s through=%s why=%s", number ? number : "-", inviter,
          w->u.invite.mediated ? "room" : "message", why);
  if (!w->historic) decline(b, w, number, why);
}

/* Who may not. */
static void turn_away(gw_bridge *b, const gw_word *w, const char *number, const char *inviter,
                      const char *wish, const char *why) {
  gboolean last;
  if (gw_refusal_due(b, wish, &last))
    refuse(b, w, number, inviter, last ? GW_INVITED_TOO_OFTEN : why);
}

/* --- an invitation --- */

/* A room that nobody configured, wanted by a rule: it is known for as long as the call lasts. */
static gw_room_conf *room_of(const gw_bridge *b, const gw_invite *i) {
  const gw_room_conf *known = gw_bridge_conf_by_jid(b->conf, i->room);
  gw_room_conf *conf = known ? gw_room_conf_copy(known) : gw_room_conf_new();
  if (!known) {
    conf->room = g_strdup(i->room);
    conf->watch = FALSE;
  }
  if (i->password && (!conf->password || !*conf->password)) {
    g_free(conf->password);
    conf->password = g_strdup(i->password);
  }
  return conf;
}

/* Of an unknown room only the room itself is sure: whom it names may be invented. So that is what is counted, and whose wish
 * it is when a number is to leave. */
static const char *wish_of(const gw_bridge *b, const gw_invite *i, const occupant_search *who) {
  gboolean sure = !i->mediated || gw_bridge_conf_by_jid(b->conf, i->room);
  return sure ? who->bare : i->room;
}

static gboolean permitted(const gw_bridge *b, const gw_invite *i, const occupant_search *who,
                          const char *number, const char **ret_why) {
  const gw_room_conf *known = gw_bridge_conf_by_jid(b->conf, i->room);
  const gw_invite_ask ask = {.inviter = who->bare,
                             .room = i->room,
                             .number = number,
                             .room_configured = known != NULL,
                             .occupants_may = known && known->occupants_invite,
                             .occupant = i->mediated || who->name,
                             .callable = gw_dial_allowed(b, wish_of(b, i, who), number)};
  return gw_invite_policy_allows(b->conf->invites, &ask, ret_why);
}

static void ring(gw_bridge *b, const gw_word *w, const char *number, const char *inviter,
                 const char *by) {
  g_autoptr(gw_room_conf) room = room_of(b, &w->u.invite);
  gw_cause cause;
  const char *why;
  gw_call *c = gw_dial(b, by, number, room, &cause, &why);
  if (!c) {
    refuse(b, w, number, inviter, why);
    return;
  }
  c->invitation = gw_word_copy(w);
  gw_call_trace(c, GW_LANE_MUC, GW_TRACE_IN, inviter, "invitation");
  gw_info(&(gw_log_ctx){.call = c->id, .room = room->room}, "invited", "number=%s inviter=%s",
          number, inviter);
}

/* Who is asked: the node of the address. NULL: the gateway itself, or an account that stands for all phones. */
char *gw_invite_number(const gw_bridge *b, const gw_word *w) {
  g_autofree char *node = NULL;
  if (b->conf->client_mode || !w->to || !gw_jid_split(w->to, &node, NULL, NULL) || !node)
    return NULL;
  g_autofree char *plain = gw_jid_unescape(node);
  g_autofree char *number = gw_dialplan_normalise(plain);
  return number && *number && strcmp(number, "gateway") ? g_steal_pointer(&number) : NULL;
}

void gw_bridge_invited(gw_xmpp *xmpp, const gw_word *w, void *bridge) {
  gw_bridge *b = bridge;
  const gw_invite *i = &w->u.invite;
  g_autofree char *number = gw_invite_number(b, w);
  const char *why = NULL;
  gboolean first = FALSE;
  occupant_search who;
  look_up(gw_bridge_conference(b, i->room), i, &who);
  g_autofree char *bare = who.bare, *name = who.name;
  const char *wish = wish_of(b, i, &who);
  if (w->historic)
    why = "came late: it was delayed on the way";
  else if (!number)
    why = "is no phone: invite NUMBER@DOMAIN";
  if (why || !permitted(b, i, &who, number, &why))
    turn_away(b, w, number, bare, wish, why);
  else if (gw_pace_take(b->invite_pace, wish, gw_now_us(), &first))
    ring(b, w, number, bare, wish);
  else if (first)
    refuse(b, w, number, bare, GW_INVITED_TOO_OFTEN);
}
