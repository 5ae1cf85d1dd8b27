/* upgrade.c - a call between one phone and one person becomes a group call: he invites the phone, while they talk, into the Muji
 * room that he has made (XEP-0482, or the older form). The seat joins that room by the JID that it has in the call; when he is seen
 * there by the JID that he has in it, the flavour changes, and the session with him goes on as it is: Dino would take a second
 * one for another call. Whatever fails before that leaves the call as it was. */
#include <string.h>
#include "gateway/bridge/seat_priv.h"
#include "gateway/flavour/direct.h"

#define JOIN_US GW_SEC(10)
#define SEEN_US GW_SEC(5) /* that he has, once we are in, to be there as well */

struct gw_upgrade {
  gw_seat *seat;
  char *room;
  gw_word *invite;
  const char
      *why; /* it fails: static; at the next turn, since a room is not left in its own callback */
  gw_timer *timer;
};

void gw_upgrade_drop(gw_seat *s) {
  gw_upgrade *u = g_steal_pointer(&s->upgrade);
  if (!u) return;
  gw_seat_leave_room(s);
  gw_timer_free(u->timer);
  gw_word_free(u->invite);
  g_free(u->room);
  g_free(u);
}

static void fail(gw_seat *s, const char *why) {
  s->upgrade->why = why;
  gw_timer_set(s->upgrade->timer, 0);
}

static void on_timer(void *user) {
  gw_seat *s = ((gw_upgrade *)user)->seat;
  const char *late =
      s->nick ? "the person does not take part there" : "the room does not let us in";
  const char *why = s->upgrade->why ? s->upgrade->why : late;
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_warn(&ctx, "group-call-failed", "call_room=%s why=%s", s->upgrade->room, why);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, "no group call: %s", why);
  gw_upgrade_drop(s);
}

void gw_upgrade_lost(gw_seat *s) {
  if (s->upgrade) fail(s, "the stream went down");
}

/* --- the change --- */

/* Phones that are rung for that room have been since before: whoever is not in it yet comes to where this one is. */
static void gather(const gw_call *c, const char *room) {
  for (guint i = 0; i < c->bridge->calls->len; i++) {
    gw_call *other = c->bridge->calls->pdata[i];
    if (other != c && other->machine.aside && !other->machine.direct && !other->seat &&
        other->conference && gw_jid_same_bare(other->conference->conf->room, room))
      other->conference = c->conference;
  }
}

/* What led to the person leads to the group now; phones that are invited there find the others of ours in this conference. */
static void become_room(gw_seat *s) {
  gw_call *c = s->call;
  g_autoptr(gw_room_conf) conf = gw_call_invite_conf(s->upgrade->room);
  gw_conference_become(s->conference, conf);
  gw_room_conf_free(s->conf);
  s->conf = gw_room_conf_copy(conf);
  gw_room_conf_free(c->room_conf);
  c->room_conf = gw_room_conf_copy(conf);
  c->machine.direct = FALSE;
  c->machine.alone_limit_us = GW_SEC(conf->alone_limit);
  c->machine.speaks = gw_attendant_has_voice(c->attendant);
  s->admitted = TRUE;
  gather(c, conf->room);
}

static void change(gw_seat *s, const gw_fl_running *running) {
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_call *c = s->call;
  gw_flavour *was = s->flavour;
  const gw_flavour_params params = {.own_nick = s->nick,
                                    .own_jid = gw_seat_jid(s),
                                    .room = s->upgrade->room,
                                    .patient = TRUE,
                                    .running = running,
                                    .ids = c->bridge->ids};
  gw_info(&ctx, "group-call", "call_room=%s peer=%s", s->upgrade->room, running->jid);
  gw_call_trace(c, GW_LANE_MUC, GW_TRACE_NOTE, NULL, "goes on as a group call in %s",
                s->upgrade->room);
  gw_call_hop(c, "group-call");
  become_room(s);
  s->class = c->flavour = &gw_flavour_muji;
  s->flavour = s->class->make(&params);
  gw_flavour_direct.free(was);
  gw_timer_free(s->upgrade->timer);
  gw_word_free(s->upgrade->invite);
  g_free(s->upgrade->room);
  g_clear_pointer(&s->upgrade, g_free);
  gw_seat_tell_occupants(s);
  gw_seat_step(s, &(gw_ev){.type = GW_EV_START});
  if (s->muted) gw_seat_mute(s, TRUE);
}

/* Hold is a word between two; what is left of it in a group is that the phone is muted. */
static void take_back_hold(gw_seat *s, gboolean his) {
  if (his) gw_direct_held(s->call, FALSE);
  if (s->call->held) gw_seat_step(s, &(gw_ev){.type = GW_EV_HELD, .u.flag = FALSE});
}

typedef struct {
  const char *jid;
  gboolean found;
} search;

static void match(const gw_occupant *o, void *user) {
  search *l = user;
  for (guint i = 0; !o->self && o->muji && o->jids && o->jids[i]; i++)
    l->found |= gw_jid_same(o->jids[i], l->jid);
}

void gw_upgrade_look(gw_seat *s) {
  gw_fl_running running;
  gboolean his = FALSE;
  if (!s->upgrade || s->upgrade->why || !s->muc || gw_muc_get_state(s->muc) != GW_MUC_IN) return;
  if (!gw_direct_running(s->flavour, &running, &his)) {
    fail(s, "the call has no sound yet, or no longer");
    return;
  }
  search l = {.jid = running.jid};
  gw_muc_foreach(s->muc, match, &l);
  if (!l.found) return;
  take_back_hold(s, his);
  change(s, &running);
}

/* --- the way there --- */

gboolean gw_upgrade_joined(gw_seat *s) {
  if (!s->upgrade) return FALSE;
  if (s->upgrade->why) return TRUE;
  gw_timer_set(s->upgrade->timer, gw_now_us() + SEEN_US);
  gw_upgrade_look(s);
  return TRUE;
}

gboolean gw_upgrade_left(gw_seat *s, gw_cause cause) {
  if (!s->upgrade) return FALSE;
  fail(s, gw_cause_text(cause));
  return TRUE;
}

/* To join a room that is no more would make a new one, with the phone alone in it. */
static void on_room(const char *name, const char *const *features, void *user) {
  gw_seat *s = user;
  if (!s->upgrade || s->upgrade->why || s->muc) return;
  if (features)
    gw_seat_join_call(s, s->upgrade->room);
  else
    fail(s, "the room is not there");
}

static void begin(gw_seat *s, const gw_word *w, const char *bare) {
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_upgrade *u = s->upgrade = g_new0(gw_upgrade, 1);
  u->seat = s;
  u->room = g_strdup(w->u.call_invite.muji_room);
  u->invite = gw_word_copy(w);
  u->timer = gw_timer_new(s->call->bridge->ctx, on_timer, u);
  gw_timer_set(u->timer, gw_now_us() + JOIN_US);
  gw_info(&ctx, "invited-to-group-call", "inviter=%s call_room=%s", bare, u->room);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, bare, "invite to go on as a group call in %s",
                u->room);
  gw_persona_ask_disco(s->persona, u->room, on_room, s);
}

/* --- invites --- */

/* By the JID in the call, where that was invited; else by the number. */
static gboolean is_asked(const gw_call *c, const gw_word *w, const char *number) {
  if (!c->seat || c->machine.state < GW_CS_WAITING || c->machine.state > GW_CS_TALKING)
    return FALSE;
  return w->to && gw_jid_resource(w->to) ? gw_jid_same(w->to, gw_seat_jid(c->seat))
                                         : !g_strcmp0(c->node, number);
}

gboolean gw_upgrade_invited(gw_bridge *b, const gw_word *w, const char *number, const char *bare) {
  const char *room = w->u.call_invite.muji_room;
  gw_call *with = NULL;
  if (!room || gw_bridge_conf_by_jid(b->conf, room)) return FALSE;
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (!is_asked(c, w, number)) continue;
    if (gw_jid_same_bare(gw_seat_room(c->seat), room)) return TRUE; /* said twice */
    if (c->machine.direct && gw_jid_same_bare(c->room_conf->room, bare)) with = c;
  }
  if (!with) return FALSE;
  gboolean first = FALSE;
  if (with->seat->upgrade) return TRUE; /* one at a time: it has come or failed in a moment */
  if (gw_pace_take(b->invite_pace, bare, gw_now_us(), &first)) {
    begin(with->seat, w, bare);
  } else if (first) {
    gw_warn(&(gw_log_ctx){.call = with->id}, "call-invite-refused", "number=%s inviter=%s why=%s",
            number, bare, GW_INVITED_TOO_OFTEN);
  }
  return TRUE;
}

void gw_upgrade_retracted(gw_bridge *b, const gw_word *w) {
  for (guint i = 0; i < b->calls->len; i++) {
    gw_seat *s = ((gw_call *)b->calls->pdata[i])->seat;
    const gw_word *invite = s && s->upgrade ? s->upgrade->invite : NULL;
    if (invite && !s->upgrade->why && gw_jid_same_bare(invite->from, w->from) &&
        gw_call_invite_has_id(&invite->u.call_invite, w->u.call_invite.ids[0]))
      fail(s, "the invite was taken back");
  }
}
