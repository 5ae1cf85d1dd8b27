/* chat.c - text between telephones and rooms: a MESSAGE of a phone is said in the room by its occupant, what is said there
 * goes to the phone when it wants that (phones: messages). Never logged, and kept nowhere. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/chat_rule.h"
#include "gateway/bridge/private.h"
#include "gateway/bridge/seat_priv.h"

#define SAID_AT_ONCE                                                                               \
  5 /* by one phone; then one in SAID_EVERY: servers delay or punish who is faster */
#define SAID_EVERY GW_SEC(1)
#define SHOWN_AT_ONCE 10 /* in one call */
#define SHOWN_EVERY GW_SEC(1)
#define MAX_CALLS 100 /* of one phone: the most that phones[].max_calls may say */

void gw_chat_init(gw_bridge *b) {
  b->said_pace = gw_pace_new(SAID_AT_ONCE, SAID_EVERY, GW_MAX_CHATTERS);
  b->shown_pace = gw_pace_new(SHOWN_AT_ONCE, SHOWN_EVERY, GW_MAX_CHATTERS);
}

void gw_chat_clear(gw_bridge *b) {
  gw_pace_free(b->said_pace);
  gw_pace_free(b->shown_pace);
}

/* The room as the phone's occupant sees it, once it is in there and has been let in. */
static gw_muc *muc_of(const gw_call *c) {
  gw_muc *muc =
      c->seat && c->machine.sip_up && c->machine.state < GW_CS_CLOSING && c->machine.joined
          ? gw_seat_muc(c->seat)
          : NULL;
  return muc && gw_muc_get_state(muc) == GW_MUC_IN ? muc : NULL;
}

/* --- to the phone */

static void show(gw_call *c, const char *nick, const char *body) {
  gw_bridge *b = c->bridge;
  const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, c->phone);
  gw_log_ctx ctx = gw_call_ctx(c);
  gboolean first = FALSE;
  if (!phone || !phone->messages || !c->sip || !muc_of(c)) return;
  g_autofree char *line = gw_chat_line(nick, body);
  if (!line) return;
  if (!gw_pace_take(b->shown_pace, c->id, gw_now_us(), &first)) {
    if (first)
      gw_warn(&ctx, "text-dropped", "phone=%s why=%s", c->phone, "the room writes too fast");
    return;
  }
  if (gw_sip_call_send_text(c->sip, line))
    gw_call_trace(c, GW_LANE_SIP, GW_TRACE_OUT, NULL, "MESSAGE, %zu bytes, from the room",
                  strlen(line));
}

/* To every phone that sits in the room by this seat, but one. */
static void show_all(const gw_seat *in_room, const gw_call *but, const char *nick, const char *body) {
  const GPtrArray *seats = in_room->conference->seats;
  for (guint i = 0; i < seats->len; i++) {
    const gw_seat *s = seats->pdata[i];
    if (gw_seat_main(s) == in_room && s->call != but) show(s->call, nick, body);
  }
}

void gw_chat_heard(gw_seat *in_room, const char *nick, const char *body) {
  show_all(in_room, NULL, nick, body);
}

/* --- from the phone */

static gw_call *pick(const gw_bridge *b, const gw_sip_message *m, guint *ret_status,
                     const char **ret_why) {
  gw_chat_call list[MAX_CALLS];
  gw_call *calls[MAX_CALLS];
  guint n = 0;
  g_autofree char *to = gw_dialplan_normalise(m->to_user);
  const gw_room_conf *room = to ? gw_bridge_conf_room(b->conf, to) : NULL;
  for (guint i = 0; i < b->calls->len && n < MAX_CALLS; i++) {
    gw_call *c = b->calls->pdata[i];
    if (g_strcmp0(c->phone, m->phone)) continue;
    calls[n] = c;
    list[n++] = (gw_chat_call){.dialog = m->call && c->sip == m->call,
                               .addressed = room && c->conference &&
                                            gw_jid_same_bare(c->conference->conf->room, room->room),
                               .inside = muc_of(c) != NULL};
  }
  int found = gw_chat_pick(list, n, room != NULL, ret_status, ret_why);
  return found < 0 ? NULL : calls[found];
}

/* Phones that share one occupant are told apart by a name before the text, and see each other's. */
static void say(gw_call *c, const char *text) {
  if (!gw_seat_is_shared(c->seat)) {
    gw_muc_tell(muc_of(c), text);
    return;
  }
  g_autofree char *name = gw_nick_clean(c->sip_name);
  g_autofree char *named = g_strdup_printf("%s: %s", name ? name : c->node, text);
  gw_muc_tell(muc_of(c), named);
  show_all(gw_seat_main(c->seat), c, name ? name : c->node, text);
}

guint gw_bridge_sip_message(gw_sip *sip, const gw_sip_message *m, const char **ret_why,
                            void *bridge) {
  gw_bridge *b = bridge;
  guint status = 202; /* RFC 3428 7: what becomes of it is another network's matter */
  gw_call *c = pick(b, m, &status, ret_why);
  if (!c) return status;
  if (!gw_pace_take(b->said_pace, m->phone, gw_now_us(), NULL)) {
    *ret_why = "too many texts";
    return 503;
  }
  say(c, m->text);
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_IN, NULL, "MESSAGE, %zu bytes, said in the room",
                strlen(m->text));
  return status;
}
