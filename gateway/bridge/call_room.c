/* Calls that are invited to in a room and take place in another (XEP-0482 with Muji: what Dino makes of a private room). */
#include "gateway/bridge/call_room_rules.h"
#include "gateway/bridge/private.h"

static gw_log_ctx ctx_of(const gw_conference *c) {
  return (gw_log_ctx){.room = c->conf->room};
}

static gboolean wanted(const gw_conference *c) {
  return g_str_equal(c->conf->flavour, "auto") ||
         g_str_equal(c->conf->flavour, gw_flavour_muji.name);
}

void gw_call_room_forget(gw_conference *c) {
  if (!c->invite) return;
  gw_call_invite_clear(c->invite);
  g_clear_pointer(&c->invite, g_free);
  g_clear_pointer(&c->inviter, g_free);
}

void gw_call_room_set(gw_conference *c, const gw_call_invite *v) {
  gw_call_room_forget(c);
  c->invite = g_new0(gw_call_invite, 1);
  gw_call_invite_copy(c->invite, v);
}

void gw_call_room_left(gw_conference *c, const char *nick) {
  if (!c->invite || g_strcmp0(nick, c->inviter)) return;
  gw_conference_stop_ringing(c, c->invite->ids[0]);
  gw_call_room_forget(c);
}

/* Where our phones are already. */
static const char *taken(const gw_conference *c) {
  for (guint i = 0; i < c->seats->len; i++)
    if (gw_seat_started(c->seats->pdata[i])) return gw_seat_room(c->seats->pdata[i]);
  return NULL;
}

const char *gw_call_room(const gw_conference *c) {
  const gw_call_room_facts facts = {.room = c->conf->room,
                                    .taken = taken(c),
                                    .invited = c->invite ? c->invite->muji_room : NULL,
                                    .running =
                                        gw_ledger_live(c->ledger, FALSE, gw_now_us()) != NULL};
  return gw_call_room_where(&facts);
}

static void invited(gw_conference *c, const gw_word *word) {
  const gw_call_invite *v = &word->u.call_invite;
  gw_log_ctx ctx = ctx_of(c);
  const gw_call_room_ask ask = {.leads_to = v->muji_room,
                                .taken = taken(c),
                                .wanted = wanted(c),
                                .occupants_invite = c->conf->occupants_invite};
  const char *why = gw_call_room_why_not(&ask);
  if (why) {
    gw_info(&ctx, "call-invite-passed-over", "from=%s why=%s", word->from, why);
    return;
  }
  gw_call_room_forget(c); /* the newest counts */
  c->invite = g_new0(gw_call_invite, 1);
  gw_call_invite_copy(c->invite, v);
  c->inviter = g_strdup(gw_jid_resource(word->from));
  gw_info(&ctx, "call-invite", "from=%s call_room=%s id=%s", word->from, v->muji_room, v->ids[0]);
  gw_conference_ring(c, v->ids[0]);
}

void gw_call_room_word(gw_conference *c, const gw_word *word) {
  const gw_call_invite *v = &word->u.call_invite;
  if (v->action == GW_INVITE_INVITE) {
    invited(c, word);
  } else if (v->action == GW_INVITE_RETRACT && c->invite &&
             !g_strcmp0(gw_jid_resource(word->from), c->inviter) &&
             gw_call_invite_has_id(c->invite, v->ids[0])) {
    gw_conference_stop_ringing(c, c->invite->ids[0]);
    gw_call_room_forget(c);
  }
}
