#include <string.h>
#include "gateway/bridge/private.h"

#define LEDGER_SAVE_DELAY GW_MS(50) /* a burst of accepts is one write */
#define WATCH_RETRY GW_SEC(30)
#define BACK_AFTER GW_SEC(30) /* after a stream loss others come back later than we do */

static gw_log_ctx ctx_of(const gw_conference *c) {
  return (gw_log_ctx){.room = c->conf->room};
}

/* --- who is ours --- */

gboolean gw_conference_is_ours(const gw_conference *c, const char *const *jids, const char *nick,
                               gboolean *ret_watcher) {
  *ret_watcher = FALSE;
  if (c->watch_muc && nick && !g_strcmp0(gw_muc_nick(c->watch_muc), nick)) *ret_watcher = TRUE;
  for (guint i = 0; i < c->seats->len; i++)
    if (!g_strcmp0(gw_seat_nick(c->seats->pdata[i]), nick)) return TRUE;
  for (guint k = 0; jids && jids[k]; k++) {
    if (c->watcher && gw_jid_same(jids[k], gw_persona_jid(c->watcher))) *ret_watcher = TRUE;
    for (guint i = 0; i < c->seats->len; i++)
      if (gw_jid_same(jids[k], gw_seat_jid(c->seats->pdata[i]))) return TRUE;
  }
  return FALSE;
}

/* --- the watcher --- */

/* What a session showed and the room never said. A call is dead for newcomers only when no other phone of ours is in it. */
void gw_conference_learn(gw_conference *c, const gw_seat *s, const char *id, const char *nick) {
  gw_log_ctx ctx = ctx_of(c);
  if (nick && !gw_ledger_kill_nick(c->ledger, id, nick)) return;
  if (!nick && gw_conference_active_seats(c, s)) return;
  if (!nick) gw_ledger_forget(c->ledger, id);
  gw_debug(&ctx, "ledger", "proposal=%s dead=%s", id, nick ? nick : "all");
  gw_conference_touch_ledger(c);
}

static void save_ledger(void *user) {
  gw_conference *c = user;
  c->save_due = FALSE;
  g_autofree char *text = gw_ledger_save(c->ledger);
  if (c->bridge->store.ledger_save)
    c->bridge->store.ledger_save(c->conf->room, text, c->bridge->store_user);
}

void gw_conference_touch_ledger(gw_conference *c) {
  c->save_due = TRUE;
  gw_timer_set(c->save_timer, gw_now_us() + LEDGER_SAVE_DELAY);
}

static void tell_gone(gw_conference *c, const char *nick) {
  const gw_fl_occupant who = {.nick = nick, .present = FALSE};
  gw_which_occupant(c, &who);
  if (gw_ledger_occupant(c->ledger, &who, gw_now_us())) gw_conference_touch_ledger(c);
}

/* Who has not come back by now has gone. */
static void settle_absent(void *user) {
  gw_conference *c = user;
  for (guint i = 0; i < c->absent->len; i++)
    tell_gone(c, c->absent->pdata[i]);
  g_ptr_array_set_size(c->absent, 0);
}

static gboolean forget_absent(gw_conference *c, const char *nick) {
  guint i;
  if (!g_ptr_array_find_with_equal_func(c->absent, nick, g_str_equal, &i)) return FALSE;
  g_ptr_array_remove_index(c->absent, i);
  return TRUE;
}

/* TRUE: out of the room only because the server was away, and perhaps quicker than we saw it; the order is kept for a while. */
static gboolean may_come_back(gw_conference *c, const char *nick) {
  if (gw_muc_get_state(c->watch_muc) == GW_MUC_IN || c->absent->len >= GW_MAX_OCCUPANTS)
    return FALSE;
  if (!forget_absent(c, nick)) gw_timer_set(c->absent_timer, gw_now_us() + BACK_AFTER);
  g_ptr_array_add(c->absent, g_strdup(nick));
  return TRUE;
}

static void on_joined(gw_muc *muc, gboolean again, void *user) {
  gw_conference *c = user;
  gw_log_ctx ctx = ctx_of(c);
  if (c->absent->len) gw_timer_set(c->absent_timer, gw_now_us() + BACK_AFTER);
  g_clear_pointer(&c->problem, g_free);
  gw_info(&ctx, "watching", "nick=%s occupants=%u again=%d", gw_muc_nick(muc), gw_muc_count(muc),
          again);
}

static void on_left(gw_muc *muc, gw_cause cause, const char *detail, void *user) {
  gw_conference *c = user;
  gw_log_ctx ctx = ctx_of(c);
  g_free(c->problem);
  c->problem = g_strdup(detail ? detail : gw_cause_text(cause));
  gw_error(&ctx, "watcher-out", "cause=%s detail=%s retry_s=%d", gw_cause_word(cause), detail,
           (int)(WATCH_RETRY / GW_SEC(1)));
  gw_timer_set(c->watch_timer, gw_now_us() + WATCH_RETRY);
}

static void on_occupant(gw_muc *muc, const gw_occupant *o, gw_occ_change change, void *user) {
  gw_conference *c = user;
  if (change == GW_OCC_LEFT && may_come_back(c, o->nick)) return;
  if (change != GW_OCC_LEFT) forget_absent(c, o->nick);
  gw_fl_occupant who = {
      .nick = o->nick, .old_nick = o->old_nick, .jids = o->jids, .present = change != GW_OCC_LEFT};
  who.seat = gw_conference_is_ours(c, o->jids, o->nick, &who.watcher);
  who.watcher = who.watcher || o->self;
  who.muji = o->muji;
  gw_which_occupant(c, &who);
  if (change == GW_OCC_LEFT) gw_call_room_left(c, o->nick);
  if (change == GW_OCC_JOINED) gw_directory_met(c->bridge, o);
  if (change == GW_OCC_JOINED) gw_own_meet_met(c, o);
  if (gw_ledger_occupant(c->ledger, &who, gw_now_us())) gw_conference_touch_ledger(c);
}

static gboolean is_here(const gw_conference *c, const char *phone) {
  for (guint i = 0; i < c->bridge->calls->len; i++) {
    const gw_call *call = c->bridge->calls->pdata[i];
    if (call->conference == c && !g_strcmp0(call->phone, phone)) return TRUE;
  }
  return FALSE;
}

/* Phones of ours that propose ring the others as well: it is a call like any other. */
void gw_conference_ring(gw_conference *c, const char *id) {
  gw_bridge *b = c->bridge;
  for (char **n = c->conf->ring; n && *n; n++) {
    const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, *n);
    if (!phone || is_here(c, *n) || !gw_room_conf_flavour(c->conf)) continue;
    gw_cause why = gw_bridge_admission(b, *n);
    if (why) {
      gw_log_ctx ctx = ctx_of(c);
      gw_info(&ctx, "not-rung", "phone=%s cause=%s", *n, gw_cause_word(why));
      continue;
    }
    gw_call_post(gw_call_new_out(b, phone, c->conf, id),
                 &(gw_ce){.type = GW_CE_RING});
  }
}

static gboolean from_us(const gw_conference *c, const gw_word *word) {
  gboolean watcher;
  const char *nick = word->from ? gw_jid_resource(word->from) : NULL;
  return gw_conference_is_ours(c, NULL, nick, &watcher) || watcher;
}

/* A proposal taken back: phones that still ring for it stop. */
void gw_conference_stop_ringing(gw_conference *c, const char *id) {
  for (guint i = 0; i < c->bridge->calls->len; i++) {
    gw_call *call = c->bridge->calls->pdata[i];
    if (call->conference == c && !g_strcmp0(call->answer_id, id) &&
        call->machine.state == GW_CS_RINGING)
      gw_call_post(call, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_CANCELLED});
  }
}

/* An answer may come when somebody else has proposed meanwhile: it is about whoever was asked. */
typedef struct {
  gw_conference *conference;
  char *jid;
} inquiry;

static void inquiry_free(void *p) {
  g_free(((inquiry *)p)->jid);
  g_free(p);
}

static void on_proposer(const char *name, const char *const *features, void *user) {
  inquiry *i = user;
  gw_conference *c = i->conference;
  if (features && !g_strcmp0(i->jid, c->proposer))
    c->proposer_is_jsxc = name && strstr(name, "JSXC") ? GW_ANSWER_YES : GW_ANSWER_NO;
  g_ptr_array_remove_fast(c->inquiries, i);
}

static void ask_proposer(gw_conference *c, const gw_word *word) {
  const gw_ledger_call *call = gw_ledger_find(c->ledger, word->u.jmuci.id);
  const char *jid =
      call && call->order->len ? g_array_index(call->order, gw_order_entry, 0).jid : NULL;
  if (!jid || !g_strcmp0(jid, c->proposer)) return;
  g_free(c->proposer);
  c->proposer = g_strdup(jid);
  c->proposer_is_jsxc = GW_ANSWER_UNKNOWN;
  inquiry *i = g_new0(inquiry, 1);
  *i = (inquiry){c, g_strdup(jid)};
  g_ptr_array_add(c->inquiries, i);
  gw_persona_ask_disco(c->watcher, jid, on_proposer, i);
}

gw_answer gw_conference_is_jsxc(const gw_conference *c, const char *jid) {
  return g_strcmp0(c->proposer, jid) ? GW_ANSWER_UNKNOWN : c->proposer_is_jsxc;
}

const gw_flavour_class *gw_conference_flavour(const gw_conference *c, const gw_room_conf *conf) {
  return c ? gw_which_flavour(c, conf, NULL, NULL) : gw_room_conf_flavour(conf);
}

static gboolean can_take(const gw_conference *c, const gw_word *proposal) {
  const gw_flavour_class *flavour = gw_conference_flavour(c, c->conf);
  return proposal->u.jmuci.sfu ? flavour == &gw_flavour_jmuci_sfu
                               : flavour == &gw_flavour_jmuci_mesh;
}

static void on_word(gw_muc *muc, const gw_word *word, void *user) {
  gw_conference *c = user;
  gint64 now = gw_now_us();
  if (word->kind == GW_WORD_CALL_INVITE && !word->historic && !from_us(c, word))
    gw_call_room_word(c, word);
  if (gw_ledger_word(c->ledger, word, now)) gw_conference_touch_ledger(c);
  if (word->kind != GW_WORD_JMUCI || word->historic) return;
  if (word->u.jmuci.action == GW_JMUCI_PROPOSE && can_take(c, word)) {
    if (!from_us(c, word)) ask_proposer(c, word);
    gw_conference_ring(c, word->u.jmuci.id);
  }
  if (word->u.jmuci.action == GW_JMUCI_RETRACT) gw_conference_stop_ringing(c, word->u.jmuci.id);
}

static const gw_muc_events watch_events = {
    .joined = on_joined, .left = on_left, .occupant = on_occupant, .word = on_word};
static const gw_persona_events no_words = {0};

void gw_conference_watch(gw_conference *c) {
  if (!c->conf->watch || c->watch_muc) return;
  if (!c->watcher)
    c->watcher = gw_persona_new(c->bridge->xmpp, "gateway", c->conf->room, &no_words, c);
  c->watch_muc = gw_muc_join(c->watcher, c->conf->room, "Telephone gateway", c->conf->password,
                             &watch_events, c);
}

void gw_conference_leave(gw_conference *c) {
  gw_timer_set(c->watch_timer, GW_NEVER);
  if (c->watch_muc) gw_muc_leave(g_steal_pointer(&c->watch_muc), NULL);
  gw_which_forget_all(c);
}

static void retry_watch(void *user) {
  gw_conference_leave(user);
  gw_conference_watch(user);
}

/* --- membership --- */

typedef struct {
  gw_conference *conference;
  char *jid; /* full JID of the seat: never used twice */
} grant;

static void grant_free(void *p) {
  g_free(((grant *)p)->jid);
  g_free(p);
}

static void on_granted(gw_answer answer, const char *detail, void *user) {
  grant *g = user;
  gw_conference *c = g->conference;
  for (guint i = 0; i < c->seats->len; i++)
    if (!g_strcmp0(gw_seat_jid(c->seats->pdata[i]), g->jid)) {
      gw_seat_granted(c->seats->pdata[i], answer, detail);
      break;
    }
  g_ptr_array_remove(c->grants, g);
}

gboolean gw_conference_grant(gw_conference *c, gw_seat *s) {
  if (!c->watch_muc || gw_muc_get_state(c->watch_muc) != GW_MUC_IN) return FALSE;
  g_autofree char *bare = gw_jid_bare(gw_seat_jid(s));
  grant *g = g_new0(grant, 1);
  *g = (grant){c, g_strdup(gw_seat_jid(s))};
  g_ptr_array_add(c->grants, g);
  gw_persona_grant_member(c->watcher, gw_seat_room(s), bare, on_granted, g);
  return TRUE;
}

/* --- seats and the media room --- */

gboolean gw_conference_take_room(gw_conference *c) {
  if (!c->room.v) c->room = gw_media_room(c->bridge->media);
  return c->room.v != 0;
}

void gw_conference_add_seat(gw_conference *c, gw_seat *s) {
  g_ptr_array_add(c->seats, s);
}

void gw_conference_remove_seat(gw_conference *c, gw_seat *s) {
  g_ptr_array_remove(c->seats, s);
  gw_own_room_left(c, s);
  gw_own_meet_left(c, s);
  gw_conference_changed(c);
}

guint gw_conference_active_seats(const gw_conference *c, const gw_seat *but) {
  guint n = 0;
  for (guint i = 0; i < c->seats->len; i++)
    n += c->seats->pdata[i] != but && gw_seat_started(c->seats->pdata[i]);
  return n;
}

static gboolean in_use(const gw_conference *c) {
  for (guint i = 0; i < c->bridge->calls->len; i++) {
    const gw_call *call = c->bridge->calls->pdata[i];
    if (call->conference == c && call->machine.state != GW_CS_GONE) return TRUE;
  }
  return c->seats->len > 0;
}

void gw_conference_changed(gw_conference *c) {
  for (guint i = 0; i < c->seats->len; i++)
    if (gw_seat_started(c->seats->pdata[i])) gw_seat_tell(c->seats->pdata[i], GW_CAUSE_NONE);
  if (in_use(c) || !c->room.v) return;
  gw_media_close(c->bridge->media, c->room);
  c->room = GW_HANDLE_NONE;
}

/* --- life --- */

gw_conference *gw_conference_new(gw_bridge *b, const gw_room_conf *conf) {
  gw_conference *c = g_new0(gw_conference, 1);
  c->bridge = b;
  c->conf = gw_bridge_conf_joined(b->conf, conf->room);
  if (!c->conf) c->conf = gw_room_conf_copy(conf); /* of an invitation, for one call */
  c->seats = g_ptr_array_new();
  c->proposer_is_jsxc = GW_ANSWER_UNKNOWN;
  c->clients = gw_which_clients_new();
  c->grants = g_ptr_array_new_with_free_func(grant_free);
  c->inquiries = g_ptr_array_new_with_free_func(inquiry_free);
  const char *text = g_hash_table_lookup(b->ledgers, conf->room);
  if (text) c->ledger = gw_ledger_load(text, gw_now_us());
  g_hash_table_remove(b->ledgers, conf->room); /* old news the next time */
  if (!c->ledger) c->ledger = gw_ledger_new();
  c->save_timer = gw_timer_new(b->ctx, save_ledger, c);
  c->absent = g_ptr_array_new_with_free_func(g_free);
  c->absent_timer = gw_timer_new(b->ctx, settle_absent, c);
  c->watch_timer = gw_timer_new(b->ctx, retry_watch, c);
  return c;
}

void gw_conference_set_conf(gw_conference *c, const gw_room_conf *conf) {
  gw_room_conf_free(c->conf);
  c->conf = gw_bridge_conf_joined(c->bridge->conf, conf->room);
  if (!c->conf->watch) gw_conference_leave(c);
}

void gw_conference_become(gw_conference *c, const gw_room_conf *conf) {
  gw_room_conf_free(c->conf);
  c->conf = gw_room_conf_copy(conf);
}

void gw_conference_free(gw_conference *c) {
  if (!c) return;
  gw_conference_leave(c);
  if (c->save_due) save_ledger(c);
  gw_persona_free(c->watcher);
  gw_timer_free(c->save_timer);
  gw_timer_free(c->watch_timer);
  gw_timer_free(c->absent_timer);
  g_ptr_array_unref(c->absent);
  if (c->room.v) gw_media_close(c->bridge->media, c->room);
  gw_ledger_free(c->ledger);
  g_free(c->problem);
  g_free(c->proposer);
  gw_call_room_forget(c);
  gw_own_room_clear(c);
  gw_own_meet_clear(c);
  g_ptr_array_unref(c->clients);
  g_ptr_array_unref(c->grants);
  g_ptr_array_unref(c->inquiries);
  g_ptr_array_unref(c->seats);
  gw_room_conf_free(c->conf);
  g_free(c);
}
