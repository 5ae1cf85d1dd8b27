#include <string.h>
#include "gateway/bridge/private.h"

#define STOP_LIMIT GW_SEC(4)

/* --- media objects and whose they are --- */

void gw_bridge_own(gw_bridge *b, gw_handle h, gw_call *call, gw_seat *seat, guint peer) {
  gw_owner *o = g_new0(gw_owner, 1);
  *o = (gw_owner){call, seat, peer};
  g_hash_table_insert(b->owners, g_memdup2(&h.v, sizeof h.v), o);
}

void gw_bridge_disown(gw_bridge *b, gw_handle h) {
  g_hash_table_remove(b->owners, &h.v);
  gw_media_close(b->media, h);
}

static gw_owner *owner_of(gw_bridge *b, gw_handle h) {
  return g_hash_table_lookup(b->owners, &h.v);
}

static void on_local_desc(gw_handle h, const gw_desc *d, void *user) {
  gw_owner *o = owner_of(user, h);
  if (!o) return;
  if (o->seat)
    gw_seat_media_desc(o->seat, o->peer, d);
  else if (gw_successor_is_leg(o->call, h))
    gw_successor_leg_desc(o->call, d);
  else
    gw_call_leg_desc(o->call, d);
}

static void on_candidate(gw_handle h, const gw_candidate *c, void *user) {
  gw_owner *o = owner_of(user, h);
  if (o && o->seat) gw_seat_media_candidate(o->seat, o->peer, c);
}

static void on_restarted(gw_handle h, const gw_desc *transport, void *user) {
  gw_owner *o = owner_of(user, h);
  if (o && o->seat) gw_seat_media_restarted(o->seat, o->peer, transport);
}

static void on_state(gw_handle h, gw_media_state state, gw_cause cause, void *user) {
  gw_owner *o = owner_of(user, h);
  if (!o) return;
  if (o->seat)
    gw_seat_media_state(o->seat, o->peer, state, cause);
  else if (gw_successor_is_leg(o->call, h))
    gw_successor_leg_state(o->call, state);
  else
    gw_call_leg_state(o->call, state, cause);
}

static void on_digit(gw_handle leg, char digit, guint ms, void *user) {
  gw_owner *o = owner_of(user, leg);
  if (o && !o->seat) gw_attendant_key(o->call->attendant, GW_KEY_MEDIA, digit);
}

static void on_prompt_end(gw_handle leg, void *user) {
  gw_owner *o = owner_of(user, leg);
  if (o && !o->seat) gw_attendant_tell(o->call->attendant, &(gw_ie){.type = GW_IE_PLAYED});
}

static void on_unspoken(gw_handle leg, void *user) {
  gw_owner *o = owner_of(user, leg);
  if (o && !o->seat) gw_attendant_tell(o->call->attendant, &(gw_ie){.type = GW_IE_MISSING});
}

const gw_media_events gw_bridge_media_events = {.local_desc = on_local_desc,
                                                .candidate = on_candidate,
                                                .restarted = on_restarted,
                                                .state = on_state,
                                                .digit = on_digit,
                                                .prompt_end = on_prompt_end,
                                                .unspoken = on_unspoken};

/* --- SIP --- */

gboolean gw_bridge_credential(gw_sip *sip, const char *user, const char **ret_password,
                              void *bridge) {
  const gw_phone_conf *phone = gw_bridge_conf_phone(((gw_bridge *)bridge)->conf, user);
  if (!phone || !phone->password) return FALSE;
  *ret_password = phone->password;
  return TRUE;
}

gw_conference *gw_bridge_conference(const gw_bridge *b, const char *room) {
  for (guint i = 0; i < b->conferences->len; i++) {
    gw_conference *c = b->conferences->pdata[i];
    if (!gw_direct_is(c->conf) && gw_jid_same_bare(c->conf->room, room)) return c;
  }
  return NULL;
}

static guint calls_of_phone(const gw_bridge *b, const char *phone) {
  guint n = 0;
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    n += c->machine.state < GW_CS_CLOSING && !g_strcmp0(c->phone, phone);
  }
  return n;
}

gw_cause gw_bridge_capacity(const gw_bridge *b) {
  if (b->draining || b->stopped) return GW_CAUSE_SHUTDOWN;
  if (b->calls->len >= b->conf->max_calls) return GW_CAUSE_OVERLOAD;
  return gw_xmpp_get_state(b->xmpp) == GW_XMPP_UP ? GW_CAUSE_NONE : GW_CAUSE_XMPP_DOWN;
}

gw_cause gw_bridge_admission(const gw_bridge *b, const char *phone) {
  const gw_phone_conf *p = gw_bridge_conf_phone(b->conf, phone);
  gw_cause full = gw_bridge_capacity(b);
  if (full && full != GW_CAUSE_XMPP_DOWN) return full;
  if (!p) return GW_CAUSE_AUTH;
  if (p->max_calls && calls_of_phone(b, phone) >= p->max_calls) return GW_CAUSE_BUSY;
  return full;
}

static void refuse(gw_sip_call *sip, const gw_sip_invite *i, gw_cause cause, const char *why) {
  gw_warn(NULL, "call-refused", "phone=%s trunk=%s to=%s source=%s cause=%s code=%u why=%s",
          i->phone ? i->phone : "-", i->trunk ? i->trunk : "-", i->to_user, i->source,
          gw_cause_word(cause), gw_cause_sip(cause), why);
  gw_sip_call_hangup(sip, cause);
}

static const char *language_of(const gw_bridge *b, const gw_route *route) {
  const gw_menu_conf *menu = gw_bridge_conf_menu(b->conf, route->number);
  return menu ? menu->language : b->conf->language;
}

static void take_over(gw_call *replaced, gw_sip_call *call, const gw_sip_invite *i) {
  if (replaced)
    gw_successor_invited(replaced, call, i);
  else
    refuse(call, i, GW_CAUSE_NOT_FOUND, "the call that it replaces has ended");
}

static gboolean has_voice(const gw_bridge *b) {
  g_autofree char *own = g_strdup_printf("%s/goodbye", b->conf->language);
  return gw_media_has_prompt(b->media, own) || gw_media_has_prompt(b->media, "en/goodbye");
}

/* Few at a time: it takes seconds, and nobody shall fill the house with calls that are refused. */
static gboolean may_be_told(const gw_bridge *b, const gw_sip_invite *i, gw_cause cause) {
  guint all = 0, own = 0;
  for (guint k = 0; k < b->calls->len; k++) {
    const gw_call *c = b->calls->pdata[k];
    all += c->machine.refusing;
    own += c->machine.refusing && i->phone && !g_strcmp0(c->phone, i->phone);
  }
  return i->offer && b->conf->spoken_refusals && gw_call_machine_worth_saying(cause) &&
         all < GW_MAX_SPOKEN_REFUSALS && own < 2 && has_voice(b);
}

static void refuse_aloud(gw_bridge *b, gw_sip_call *call, const gw_sip_invite *i,
                         const char *number, gw_cause cause, const char *why) {
  gw_warn(NULL, "call-refused", "phone=%s to=%s source=%s cause=%s code=%u why=%s", i->phone,
          i->to_user, i->source, gw_cause_word(cause), gw_cause_sip(cause), why);
  gw_call_post(gw_call_new_in(b, call, i, NULL, number, b->conf->language),
               &(gw_ce){.type = GW_CE_REFUSE, .cause = cause});
}

void gw_bridge_invite(gw_sip *sip, gw_sip_call *call, const gw_sip_invite *i, void *bridge) {
  gw_bridge *b = bridge;
  gw_call *replaced = i->replaces ? gw_sip_call_user_data(i->replaces) : NULL;
  if (i->replaces) {
    take_over(replaced, call, i);
    return;
  }
  g_autofree char *trunk = i->trunk ? g_strconcat("trunk:", i->trunk, NULL) : NULL;
  g_autoptr(gw_route) route = gw_bridge_route_in(b,
                                                 trunk      ? trunk
                                                 : i->phone ? i->phone
                                                            : "",
                                                 i->to_user, i->to_host);
  gw_cause cause =
      i->trunk ? gw_bridge_trunk_admission(b, i->trunk) : gw_bridge_admission(b, i->phone);
  gw_sip_call_ref(call); /* the reference of the refusal; a call takes its own */
  const char *why = cause ? gw_cause_text(cause) : NULL;
  if (!cause && !route->allowed) {
    const gw_route_step *last =
        route->tried->len ? route->tried->pdata[route->tried->len - 1] : NULL;
    cause = route->cause;
    why = last ? last->why : gw_cause_text(cause);
  }
  const gw_room_conf *conf = cause || route->menu ? NULL
                             : route->person      ? route->person
                                                  : gw_bridge_conf_room(b->conf, route->number);
  if (cause && may_be_told(b, i, cause))
    refuse_aloud(b, call, i, route->number, cause, why);
  else if (cause)
    refuse(call, i, cause, why);
  else
    gw_call_post(gw_call_new_in(b, call, i, conf, route->number, language_of(b, route)),
                 &(gw_ce){.type = GW_CE_INVITE, .asks = route->menu || route->has_pin});
  gw_sip_call_unref(call);
}

void gw_bridge_sip_state(gw_sip_call *sip, gw_sip_state state, gw_cause cause, guint status,
                         void *bridge) {
  gw_call *c = gw_sip_call_user_data(sip);
  if (c && gw_successor_is(c, sip))
    gw_successor_sip_state(c, state);
  else if (c)
    gw_call_sip_state(c, state, cause, status);
}

void gw_bridge_sip_remote(gw_sip_call *sip, const gw_desc *d, gboolean is_offer, void *bridge) {
  gw_call *c = gw_sip_call_user_data(sip);
  if (c && !gw_successor_is(c, sip))
    gw_call_sip_remote(c, d, is_offer);
  else if (c && !is_offer)
    gw_successor_sip_remote(c, d);
  else if (is_offer)
    gw_sip_call_refuse_offer(sip, GW_CAUSE_PEER_GONE);
}

void gw_bridge_sip_digit(gw_sip_call *sip, char digit, guint ms, void *bridge) {
  gw_call *c = gw_sip_call_user_data(sip);
  if (c) gw_attendant_key(c->attendant, GW_KEY_INFO, digit);
}

void gw_bridge_sip_refer(gw_sip_call *sip, const gw_sip_refer *refer, void *bridge) {
  gw_call *c = gw_sip_call_user_data(sip);
  if (c && !gw_successor_is(c, sip))
    gw_transfer_asked(c, refer);
  else
    gw_sip_call_refer_answer(sip, 603, "the call is not up");
}

/* --- XMPP --- */

void gw_bridge_stream(gw_xmpp *xmpp, gw_xmpp_state state, const char *detail, void *bridge) {
  static const char *const words[] = {"down", "connecting", "up"};
  gw_info(NULL, "xmpp", "state=%s detail=%s", words[state], detail ? detail : "-");
}

/* --- life --- */

gw_bridge *gw_bridge_new(GMainContext *ctx, gw_bridge_conf *conf, const gw_bridge_store *store,
                         void *store_user) {
  gw_bridge *b = g_new0(gw_bridge, 1);
  b->ctx = ctx;
  b->conf = conf;
  b->dialplan = gw_bridge_conf_dialplan(conf);
  b->store = *store;
  b->store_user = store_user;
  b->ids = gw_ids_new();
  b->lockout = gw_lockout_new();
  gw_invite_init(b);
  gw_chat_init(b);
  gw_direct_init(b);
  b->conferences = g_ptr_array_new_with_free_func((GDestroyNotify)gw_conference_free);
  b->calls = g_ptr_array_new_with_free_func((GDestroyNotify)gw_call_free);
  b->ledgers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  b->owners = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
  return b;
}

void gw_bridge_connect(gw_bridge *b, gw_sip *sip, gw_xmpp *xmpp, gw_media *media) {
  b->sip = sip;
  b->xmpp = xmpp;
  b->media = media;
}

void gw_bridge_restore_ledger(gw_bridge *b, const char *room, const char *text) {
  g_hash_table_insert(b->ledgers, g_strdup(room), g_strdup(text));
}

gw_conference *gw_bridge_conference_for(gw_bridge *b, const gw_room_conf *conf) {
  gw_conference *c = gw_direct_is(conf) ? NULL : gw_bridge_conference(b, conf->room);
  if (c) return c;
  c = gw_conference_new(b, conf);
  g_ptr_array_add(b->conferences, c);
  return c;
}

static void take_rooms(gw_bridge *b) {
  for (guint i = 0; i < b->conf->rooms->len; i++) {
    if (gw_direct_is(b->conf->rooms->pdata[i])) continue;
    gw_conference *c = gw_bridge_conference_for(b, b->conf->rooms->pdata[i]);
    gw_conference_set_conf(c, b->conf->rooms->pdata[i]);
    gw_conference_watch(c);
  }
}

void gw_bridge_start(gw_bridge *b) {
  b->started = TRUE;
  take_rooms(b);
  gw_bridge_show_phones(b);
}

/* A room that is no longer configured is left at once, or when its last call has ended. */
void gw_bridge_drop_rooms(gw_bridge *b) {
  for (guint i = b->conferences->len; i-- > 0;) {
    gw_conference *c = b->conferences->pdata[i];
    gboolean wanted = FALSE, used = c->seats->len > 0; /* a call that moves has a seat in two rooms */
    for (guint k = 0; k < b->conf->rooms->len && !gw_direct_is(c->conf); k++)
      wanted |= gw_jid_same_bare(((gw_room_conf *)b->conf->rooms->pdata[k])->room, c->conf->room);
    for (guint k = 0; k < b->calls->len; k++)
      used |= ((gw_call *)b->calls->pdata[k])->conference == c;
    if (!wanted && !used)
      g_ptr_array_remove_index(b->conferences, i);
    else if (!wanted)
      gw_conference_leave(c);
  }
}

void gw_bridge_reconfigure(gw_bridge *b, gw_bridge_conf *conf) {
  gw_bridge_conf *before = b->conf;
  gw_dialplan_free(b->dialplan);
  b->conf = conf;
  if (b->started) gw_bridge_hide_phones(b, before);
  gw_bridge_conf_free(before);
  b->dialplan = gw_bridge_conf_dialplan(conf);
  gw_bridge_drop_rooms(b);
  if (b->started) take_rooms(b);
  gw_bridge_show_phones(b);
}

void gw_bridge_drain(gw_bridge *b, gboolean on) {
  b->draining = on;
}

static void stopped(void *user) {
  gw_bridge *b = user;
  if (!b->stopped) return;
  void (*done)(void *) = b->stopped;
  gw_timer_set(b->stop_timer, GW_NEVER);
  for (guint i = 0; i < b->conferences->len; i++)
    gw_conference_leave(b->conferences->pdata[i]);
  b->stopped = NULL;
  b->draining = TRUE;
  done(b->stopped_user);
}

void gw_bridge_stop(gw_bridge *b, void (*done)(void *), void *user) {
  b->draining = TRUE;
  b->stopped = done;
  b->stopped_user = user;
  if (!b->stop_timer) b->stop_timer = gw_timer_new(b->ctx, stopped, b);
  gw_timer_set(b->stop_timer, b->calls->len ? gw_now_us() + STOP_LIMIT : 0);
  for (guint i = 0; i < b->calls->len; i++)
    gw_call_post(b->calls->pdata[i], &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_SHUTDOWN});
}

void gw_bridge_free(gw_bridge *b) {
  if (!b) return;
  while (b->calls->len)
    gw_call_free(
        g_ptr_array_steal_index(b->calls, b->calls->len - 1)); /* each looks at the others */
  g_ptr_array_unref(b->calls);
  g_ptr_array_unref(b->conferences);
  g_queue_clear_full(&b->ended, (GDestroyNotify)gw_call_info_free);
  g_hash_table_unref(b->ledgers);
  g_hash_table_unref(b->owners);
  gw_timer_free(b->stop_timer);
  gw_ids_free(b->ids);
  gw_lockout_free(b->lockout);
  gw_invite_clear(b);
  gw_chat_clear(b);
  gw_direct_clear(b);
  gw_dialplan_free(b->dialplan);
  gw_bridge_conf_free(b->conf);
  g_free(b);
}

/* --- for control commands --- */

gw_call *gw_bridge_call_by_id(const gw_bridge *b, const char *id) {
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (!strcmp(c->id, id)) return c;
  }
  return NULL;
}

GPtrArray *gw_bridge_calls(gw_bridge *b) {
  GPtrArray *a = g_ptr_array_new_with_free_func((GDestroyNotify)gw_call_info_free);
  for (guint i = 0; i < b->calls->len; i++)
    g_ptr_array_add(a, gw_call_info_of(b->calls->pdata[i]));
  return a;
}

gw_call_info *gw_bridge_call(gw_bridge *b, const char *id) {
  gw_call *c = gw_bridge_call_by_id(b, id);
  if (c) return gw_call_info_of(c);
  for (GList *l = b->ended.head; l; l = l->next)
    if (!strcmp(((gw_call_info *)l->data)->id, id)) return gw_call_info_copy(l->data);
  return NULL;
}

gw_call_info *gw_bridge_latest(gw_bridge *b, const char *phone, const char *number,
                               gint64 since_wall_us) {
  for (guint i = b->calls->len; i-- > 0;) {
    const gw_call *c = b->calls->pdata[i];
    if (c->since_wall_us >= since_wall_us && !g_strcmp0(c->phone, phone) &&
        !g_strcmp0(c->number, number))
      return gw_call_info_of(c);
  }
  for (GList *l = b->ended.head; l; l = l->next) {
    const gw_call_info *c = l->data;
    if (c->since_wall_us >= since_wall_us && !g_strcmp0(c->phone, phone) &&
        !g_strcmp0(c->number, number))
      return gw_call_info_copy(c);
  }
  return NULL;
}

guint gw_bridge_call_count(const gw_bridge *b) {
  return b->calls->len;
}

guint gw_bridge_slowed(const gw_bridge *b, gw_lockout_slow *ret, guint max) {
  return gw_lockout_slowed(b->lockout, gw_now_us(), ret, max);
}

void gw_bridge_get_counters(const gw_bridge *b, gw_bridge_counters *ret) {
  *ret = b->counters;
}

gboolean gw_bridge_hangup(gw_bridge *b, const char *id) {
  gw_call *c = gw_bridge_call_by_id(b, id);
  if (c) gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NORMAL});
  return c != NULL;
}

gboolean gw_bridge_mute(gw_bridge *b, const char *id, gboolean on) {
  gw_call *c = gw_bridge_call_by_id(b, id);
  if (c) gw_call_set_muted(c, on);
  return c != NULL;
}

void gw_room_info_free(gw_room_info *r) {
  if (!r) return;
  g_free(r->number);
  g_free(r->room);
  g_free(r->flavour);
  g_free(r->problem);
  g_free(r);
}

static guint participants(const gw_conference *c) {
  guint n = c->watch_muc ? gw_muc_count(c->watch_muc) : 0;
  if (n) return n - 1; /* the watcher is nobody */
  return c->seats->len ? gw_seat_participants(c->seats->pdata[0]) : 0;
}

/* Each call with a person has a conference of its own. */
static guint calls_with(const gw_bridge *b, const char *person) {
  guint n = 0;
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    n += c->machine.direct && c->seat && gw_jid_same_bare(c->room_conf->room, person);
  }
  return n;
}

GPtrArray *gw_bridge_rooms(gw_bridge *b) {
  GPtrArray *a = g_ptr_array_new_with_free_func((GDestroyNotify)gw_room_info_free);
  for (guint i = 0; i < b->conf->rooms->len; i++) {
    const gw_room_conf *conf = b->conf->rooms->pdata[i];
    const gboolean direct = gw_direct_is(conf);
    gw_conference *c = direct ? NULL : gw_bridge_conference(b, conf->room);
    gw_room_info *r = g_new0(gw_room_info, 1);
    r->number = g_strdup(conf->number);
    r->room = g_strdup(conf->room);
    r->flavour = g_strdup(conf->flavour);
    r->from_file = conf->from_file;
    r->watching = c && c->watch_muc && gw_muc_get_state(c->watch_muc) == GW_MUC_IN;
    r->problem = c ? g_strdup(c->problem) : NULL;
    r->participants = c ? participants(c) : 0;
    r->calls = direct ? calls_with(b, conf->room) : c ? c->seats->len : 0;
    g_ptr_array_add(a, r);
  }
  return a;
}
