/* Calls that are invited to in a room and take place in another (XEP-0482 with Muji: what Dino makes of a private room). */
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
}

const char *gw_call_room(const gw_conference *c) {
  const char *room = c->invite ? c->invite->muji_room : NULL;
  return room && !gw_jid_same_bare(room, c->conf->room) ? room : NULL;
}

static void invited(gw_conference *c, const gw_word *word) {
  const gw_call_invite *v = &word->u.call_invite;
  gw_log_ctx ctx = ctx_of(c);
  if (!v->muji_room || !wanted(c)) {
    gw_info(&ctx, "call-invite-passed-over", "from=%s why=%s", word->from,
            v->muji_room ? "the room's flavour is another" : "no way into it that we know");
    return;
  }
  gw_call_room_forget(c); /* the newest counts */
  c->invite = g_new0(gw_call_invite, 1);
  gw_call_invite_copy(c->invite, v);
  gw_info(&ctx, "call-invite", "from=%s call_room=%s id=%s", word->from, v->muji_room, v->ids[0]);
  gw_conference_ring(c, v->ids[0]);
}

void gw_call_room_word(gw_conference *c, const gw_word *word) {
  const gw_call_invite *v = &word->u.call_invite;
  if (v->action == GW_INVITE_INVITE) {
    invited(c, word);
  } else if (v->action == GW_INVITE_RETRACT && c->invite &&
             gw_call_invite_has_id(c->invite, v->ids[0])) {
    gw_conference_stop_ringing(c, c->invite->ids[0]);
    gw_call_room_forget(c);
  }
}
