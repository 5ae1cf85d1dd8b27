/* call_invite.c - phones that are invited to a call by a message to their own JID (XEP-0482 with Muji, or the older form, as
 * Dino says it, or to a meet in the form of Tigase): who may (the policy of invitations decides), the ringing, and what the inviter is answered. A call that was
 * asked for in this way invites nobody further, so two gateways cannot pass an invite to and fro. */
#include <string.h>
#include "gateway/bridge/private.h"

gboolean gw_call_invite_is(const gw_call *c) {
  return c->invitation && c->invitation->kind == GW_WORD_CALL_INVITE;
}

/* Where the call is: a Muji room, or a meet. NULL: no way into it that we know. */
static const char *place_of(const gw_word *w) {
  const gw_call_invite *v = &w->u.call_invite;
  return v->meet ? v->meet : v->muji_room;
}

/* --- what the inviter is told --- */

/* In the form that his invite came in, from the bare JID that he invited. */
static void answer(gw_bridge *b, const gw_word *invite, gw_invite_action action) {
  const gw_call_invite *v = &invite->u.call_invite;
  g_autoptr(gw_word) w = g_new0(gw_word, 1);
  w->kind = GW_WORD_CALL_INVITE;
  w->from = invite->to ? gw_jid_bare(invite->to) : NULL;
  w->to = gw_jid_bare(invite->from);
  gw_call_invite *a = &w->u.call_invite;
  *a = (gw_call_invite){.action = action,
                        .in_new = v->in_new,
                        .in_old = v->in_old,
                        .in_meet = v->in_meet,
                        .n_ids = 1};
  a->ids[0] = g_strdup(v->ids[0]);
  a->muji_room = g_strdup(v->muji_room);
  gw_xmpp_say_call_invite(b->xmpp, w);
}

void gw_call_invite_answered(gw_call *c) {
  if (!gw_call_invite_is(c)) return;
  gw_call_trace(c, GW_LANE_MUC, GW_TRACE_OUT, c->invitation->from, "invite accepted");
  answer(c->bridge, c->invitation, GW_INVITE_ACCEPT);
}

/* The call was never ours: its service would not have us, or was not there. */
static gboolean was_failure(const gw_call *c) {
  const gw_cause cause = c->machine.cause;
  return c->invitation->u.call_invite.in_meet &&
         (cause == GW_CAUSE_FORBIDDEN || cause == GW_CAUSE_NOT_FOUND || cause == GW_CAUSE_SFU_DOWN);
}

void gw_call_invite_over(gw_call *c) {
  answer(c->bridge, c->invitation,
         !c->machine.sip_up ? GW_INVITE_REJECT
         : was_failure(c)   ? GW_INVITE_FAILED
                            : GW_INVITE_LEFT);
  g_clear_pointer(&c->invitation, gw_word_free);
}

static void refuse(gw_bridge *b, const gw_word *w, const char *number, const char *bare,
                   const char *why) {
  gw_warn(&(gw_log_ctx){.room = place_of(w)}, "call-invite-refused", "number=%s inviter=%s why=%s",
          number ? number : "-", bare, why);
  answer(b, w, GW_INVITE_REJECT);
}

/* Who may not. */
static void turn_away(gw_bridge *b, const gw_word *w, const char *number, const char *bare,
                      const char *why) {
  gboolean last;
  if (gw_refusal_due(b, bare, &last)) refuse(b, w, number, bare, last ? GW_INVITED_TOO_OFTEN : why);
}

/* --- an invite --- */

typedef struct {
  const char *bare;
  gboolean found;
} search;

static void match(const gw_occupant *o, void *user) {
  search *s = user;
  for (guint i = 0; !o->self && o->jids && o->jids[i]; i++)
    s->found |= gw_jid_same_bare(o->jids[i], s->bare);
}

/* Somebody whom we see in one of our rooms, and who may have phones called there. */
static gboolean is_known(const gw_bridge *b, const char *bare, const gw_room_conf *only) {
  search s = {.bare = bare};
  for (guint i = 0; i < b->conferences->len && !s.found; i++) {
    const gw_conference *c = b->conferences->pdata[i];
    if (!c->watch_muc || !c->conf->occupants_invite) continue;
    if (!only || gw_jid_same_bare(only->room, c->conf->room))
      gw_muc_foreach(c->watch_muc, match, &s);
  }
  return s.found;
}

static gboolean permitted(const gw_bridge *b, const char *room, const char *bare,
                          const char *number, const char **ret_why) {
  const gw_room_conf *known = gw_bridge_conf_by_jid(b->conf, room);
  const gw_invite_ask ask = {.inviter = bare,
                             .room = room,
                             .number = number,
                             .room_configured = known != NULL,
                             .call_room = !known,
                             .occupants_may = !known || known->occupants_invite,
                             .occupant = is_known(b, bare, known),
                             .callable = gw_dial_allowed(b, bare, number)};
  return gw_invite_policy_allows(b->conf->invites, &ask, ret_why);
}

gw_room_conf *gw_call_invite_conf(const char *room) {
  gw_room_conf *conf = gw_room_conf_new();
  conf->room = g_strdup(room);
  conf->watch = conf->roster_check = FALSE;
  g_free(conf->flavour);
  conf->flavour = g_strdup(gw_flavour_muji.name);
  return conf;
}

/* Where the call is ours already: phones of one call hear each other without sessions. Else a room for this call alone. */
static gw_room_conf *call_room_of(const gw_bridge *b, const char *room) {
  for (guint i = 0; i < b->conferences->len; i++) {
    const gw_conference *c = b->conferences->pdata[i];
    const char *now = gw_call_room(c);
    if (now && gw_jid_same_bare(now, room)) return gw_room_conf_copy(c->conf);
  }
  const gw_room_conf *known = gw_bridge_conf_by_jid(b->conf, room);
  return known ? gw_room_conf_copy(known) : gw_call_invite_conf(room);
}

static gboolean goes_to(const gw_conference *c, const char *meet) {
  const char *const flavour = c->conf->flavour, *own = gw_own_meet_jid(c);
  const gboolean here = g_str_equal(flavour, gw_flavour_jingle_sfu.name) ||
                        (g_str_equal(flavour, "auto") && c->conf->conference_named);
  const char *named =
      c->conf->conference && strchr(c->conf->conference, '@') ? c->conf->conference : NULL;
  return !gw_direct_is(c->conf) && !c->conf->no_room &&
         ((own && gw_jid_same_bare(own, meet)) || (here && named && gw_jid_same_bare(named, meet)));
}

/* Where a room of ours has its calls in that meet, the phone sits in the room as well; else there is but the meet. */
static gw_room_conf *meet_room_of(const gw_bridge *b, const char *meet) {
  for (guint i = 0; i < b->conferences->len; i++) {
    const gw_conference *c = b->conferences->pdata[i];
    if (goes_to(c, meet)) return gw_room_conf_copy(c->conf);
  }
  gw_room_conf *conf = gw_room_conf_new();
  conf->room = g_strdup(meet);
  conf->conference = g_strdup(meet);
  conf->conference_kind = g_strdup("tigase-meet");
  conf->conference_named = conf->no_room = TRUE;
  conf->watch = conf->roster_check = FALSE;
  g_free(conf->flavour);
  conf->flavour = g_strdup(gw_flavour_jingle_sfu.name);
  return conf;
}

static gw_room_conf *room_of(const gw_bridge *b, const gw_word *w) {
  return w->u.call_invite.meet ? meet_room_of(b, w->u.call_invite.meet)
                               : call_room_of(b, w->u.call_invite.muji_room);
}

static gboolean takes(const gw_room_conf *conf, const gw_word *w) {
  return w->u.call_invite.meet || g_str_equal(conf->flavour, "auto") ||
         g_str_equal(conf->flavour, gw_flavour_muji.name);
}

/* By a trunk it is known by what was invited, too: what that is in full may be written otherwise, and changes with the trunk. */
static gboolean rings(const gw_call *c, const char *number) {
  return !g_strcmp0(c->phone, number) || !g_strcmp0(c->caller, number) ||
         (c->hunt && !g_strcmp0(gw_hunt_number(c->hunt), number));
}

/* The phone rings for this call already (or has been picked up), since the room that it rings for was told of it, too. */
static gboolean is_rung_by_room(const gw_call *c, const gw_word *w, const char *number) {
  const gw_call_invite *v = &w->u.call_invite, *said = c->conference ? c->conference->invite : NULL;
  return !c->invitation && c->machine.state < GW_CS_CLOSING && c->answer_id && rings(c, number) &&
         said && gw_call_invite_has_id(said, c->answer_id) &&
         gw_call_invite_has_id(v, c->answer_id) && gw_jid_same_bare(said->muji_room, v->muji_room);
}

static gboolean adopted(gw_bridge *b, const gw_word *w, const char *number) {
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (!is_rung_by_room(c, w, number)) continue;
    c->invitation = gw_word_copy(w);
    if (c->machine.sip_up) gw_call_invite_answered(c);
    return TRUE;
  }
  return FALSE;
}

static void ring(gw_bridge *b, const gw_word *w, const char *number, const char *bare) {
  const gw_call_invite *v = &w->u.call_invite;
  if (v->muji_room && adopted(b, w, number)) return;
  g_autoptr(gw_room_conf) room = room_of(b, w);
  gw_cause cause;
  const char *why = takes(room, w) ? NULL : "is not called: the room's flavour is another";
  gw_call *c = why ? NULL : gw_dial(b, bare, number, room, &cause, &why);
  if (!c) {
    refuse(b, w, number, bare, why);
    return;
  }
  c->invitation = gw_word_copy(w);
  c->answer_id = g_strdup(v->ids[0]); /* the call is over for the phone when the others have gone */
  gw_call_trace(c, GW_LANE_MUC, GW_TRACE_IN, bare, "invite to a call in %s", place_of(w));
  gw_info(&(gw_log_ctx){.call = c->id, .room = room->room}, "invited-to-call",
          "number=%s inviter=%s call_room=%s", number, bare, place_of(w));
}

/* Said twice, or come by two ways: the phone rings for it already. */
static gw_call *call_of(const gw_bridge *b, const gw_word *w, const char *number) {
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (!gw_call_invite_is(c) || c->machine.state >= GW_CS_CLOSING) continue;
    if (gw_call_invite_has_id(&c->invitation->u.call_invite, w->u.call_invite.ids[0]) &&
        gw_jid_same_bare(c->invitation->from, w->from) && rings(c, number))
      return c;
  }
  return NULL;
}

static void invited(gw_bridge *b, const gw_word *w, const char *number, const char *bare) {
  const char *why = NULL;
  gboolean first = FALSE;
  if (w->historic || (number && call_of(b, w, number))) return;
  if (number && gw_upgrade_invited(b, w, number, bare)) return;
  if (!number)
    why = "is no phone: invite NUMBER@DOMAIN";
  else if (!place_of(w))
    why = "no way into the call that we know";
  if (why || !permitted(b, place_of(w), bare, number, &why))
    turn_away(b, w, number, bare, why);
  else if (gw_pace_take(b->invite_pace, bare, gw_now_us(), &first))
    ring(b, w, number, bare);
  else if (first)
    refuse(b, w, number, bare, GW_INVITED_TOO_OFTEN);
}

/* Only while it rings: later the call is its own. */
static void retracted(gw_bridge *b, const gw_word *w, const char *number) {
  gw_call *c = call_of(b, w, number);
  gw_upgrade_retracted(b, w);
  if (!c || c->machine.state != GW_CS_RINGING) return;
  g_clear_pointer(&c->invitation, gw_word_free); /* nobody waits for an answer any more */
  gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_CANCELLED});
}

void gw_bridge_call_invited(gw_xmpp *xmpp, const gw_word *w, void *bridge) {
  gw_bridge *b = bridge;
  g_autofree char *number = gw_invite_number(b, w);
  g_autofree char *bare = gw_jid_bare(w->from);
  if (!bare) return;
  if (w->u.call_invite.action == GW_INVITE_INVITE)
    invited(b, w, number, bare);
  else if (w->u.call_invite.action == GW_INVITE_RETRACT)
    retracted(b, w, number);
  else if (w->u.call_invite.in_meet)
    gw_own_meet_answered(b, w, bare);
  else
    gw_own_room_answered(b, w, bare);
}
