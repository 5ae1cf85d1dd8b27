#include "daemon/app.h"
#include <glib-unix.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/timer.h"
#include "daemon/app_conf.h"
#include "daemon/control.h"
#include "daemon/http.h"
#include "daemon/loop_watch.h"
#include "daemon/notify.h"
#include "daemon/relays.h"
#include "daemon/operators.h"
#include "daemon/store.h"

#define STOP_LIMIT GW_SEC(5)

struct gw_app {
  GMainLoop *loop;
  gw_conf *conf;
  gw_arena *arena;
  gw_control_env env;
  gw_store *store;
  gw_bridge *bridge;
  gw_sip *sip;
  gw_xmpp *xmpp;
  gw_media *media;
  gw_relay_book *relays;
  gw_control *control;
  gw_http *http;
  gw_operators *operators;
  gw_accounts *accounts;
  guint signals[3];
  gw_timer *stop_timer, *drain_timer, *watchdog;
  gboolean buried, stopping, sip_down, xmpp_down;
};

/* --- what survives a crash --- */

static void session_add(const char *ours, const char *peer, const char *sid, void *user) {
  gw_store_session_add(((gw_app *)user)->store, ours, peer, sid);
}

static void session_remove(const char *ours, const char *peer, const char *sid, void *user) {
  gw_store_session_remove(((gw_app *)user)->store, ours, peer, sid);
}

static void occupant_add(const char *ours, const char *room_nick, void *user) {
  gw_store_occupant_add(((gw_app *)user)->store, ours, room_nick);
}

static void occupant_remove(const char *ours, const char *room_nick, void *user) {
  gw_store_occupant_remove(((gw_app *)user)->store, ours, room_nick);
}

static void ledger_save(const char *room, const char *text, void *user) {
  gw_store_ledger_save(((gw_app *)user)->store, room, text);
}

static void record(const char *id, const char *json, gint64 started, void *user) {
  gw_store_record(((gw_app *)user)->store, id, json, started);
}

static const gw_bridge_store store_events = {session_add,     session_remove, occupant_add,
                                             occupant_remove, ledger_save,    record};

/* Peers of sessions that a crash cut off are told before anything else is said; then our ghosts
 * leave the rooms. */
static void bury(gw_app *a) {
  g_autoptr(GPtrArray) sessions = gw_store_sessions(a->store),
                       occupants = gw_store_occupants(a->store);
  for (guint i = 0; i < sessions->len; i++) {
    const gw_store_session *s = sessions->pdata[i];
    gw_xmpp_bury_session(a->xmpp, s->our_jid, s->peer_jid, s->sid);
  }
  for (guint i = 0; i < occupants->len; i++) {
    const gw_store_occupant *o = occupants->pdata[i];
    gw_xmpp_bury_occupant(a->xmpp, o->our_jid, o->room_nick);
  }
  if (sessions->len || occupants->len)
    gw_info(NULL, "crash-mended", "sessions=%u occupants=%u", sessions->len, occupants->len);
  gw_store_clear_running(a->store);
}

/* --- events of the rooms --- */

static gboolean credential(gw_sip *sip, const char *user, const char **ret, void *app) {
  return gw_bridge_credential(sip, user, ret, ((gw_app *)app)->bridge);
}

static void binding(gw_sip *sip, const gw_sip_binding *b, void *app) {
  gw_store_binding_save(((gw_app *)app)->store, b->number, b->contact, b->source, b->user_agent,
                        b->expires_wall_us);
  gw_bridge_phone_changed(((gw_app *)app)->bridge, b->number);
}

static void invite(gw_sip *sip, gw_sip_call *call, const gw_sip_invite *i, void *app) {
  gw_bridge_invite(sip, call, i, ((gw_app *)app)->bridge);
}

static void sip_state(gw_sip_call *call, gw_sip_state state, gw_cause cause, guint status,
                      void *app) {
  gw_bridge_sip_state(call, state, cause, status, ((gw_app *)app)->bridge);
}

static void sip_remote(gw_sip_call *call, const gw_desc *d, gboolean is_offer, void *app) {
  gw_bridge_sip_remote(call, d, is_offer, ((gw_app *)app)->bridge);
}

static void sip_digit(gw_sip_call *call, char digit, guint ms, void *app) {
  gw_bridge_sip_digit(call, digit, ms, ((gw_app *)app)->bridge);
}

static void sip_refer(gw_sip_call *call, const gw_sip_refer *refer, void *app) {
  gw_bridge_sip_refer(call, refer, ((gw_app *)app)->bridge);
}

static guint sip_message(gw_sip *sip, const gw_sip_message *m, const char **ret_why, void *app) {
  return gw_bridge_sip_message(sip, m, ret_why, ((gw_app *)app)->bridge);
}

static void listening(gw_sip *sip, gboolean ok, const char *detail, void *app) {
  gw_app *a = app;
  a->env.sip_listening = ok;
  if (!ok) {
    gw_error(NULL, "sip-not-listening", "why=%s mend=%s", detail,
             "free the address or change sip.listen");
    return;
  }
  g_auto(GStrv) on = gw_sip_listening(sip);
  g_autofree char *list = g_strjoinv(",", on);
  gw_info(NULL, "ready", "sip=%s", list);
  gw_notify("READY=1");
}

static void trunk(gw_sip *sip, const gw_sip_trunk_info *info, void *app) {
  gw_accounts_trunk(((gw_app *)app)->accounts, info);
}

static const gw_sip_events sip_events = {.credential = credential,
                                         .binding = binding,
                                         .invite = invite,
                                         .state = sip_state,
                                         .remote = sip_remote,
                                         .digit = sip_digit,
                                         .refer = sip_refer,
                                         .message = sip_message,
                                         .listening = listening,
                                         .trunk = trunk};

static void stream(gw_xmpp *x, gw_xmpp_state state, const char *detail, void *app) {
  gw_app *a = app;
  a->env.xmpp_since_wall_us = gw_wall_us();
  gw_bridge_stream(x, state, detail, a->bridge);
  if (state == GW_XMPP_UP) gw_accounts_tell_all(a->accounts);
  if (state != GW_XMPP_UP || a->buried) return;
  a->buried = TRUE;
  bury(a);
  gw_bridge_start(a->bridge);
}

static void call_invited(gw_xmpp *x, const gw_word *word, void *app) {
  gw_bridge_call_invited(x, word, ((gw_app *)app)->bridge);
}

static void invited(gw_xmpp *x, const gw_word *word, void *app) {
  gw_bridge_invited(x, word, ((gw_app *)app)->bridge);
}

static void watcher(gw_xmpp *x, const char *ours, const char *theirs, gboolean added, void *app) {
  if (added)
    gw_store_watcher_add(((gw_app *)app)->store, ours, theirs);
  else
    gw_store_watcher_remove(((gw_app *)app)->store, ours, theirs);
}

static void services(gw_xmpp *x, const GPtrArray *good, void *app) {
  gw_relay_book_found(((gw_app *)app)->relays, good);
}

static void relays_json(void *app, JsonBuilder *b) {
  gw_relay_book_json(((gw_app *)app)->relays, b);
}

static void items(gw_xmpp *x, gw_items *list, void *app) {
  gw_bridge_items(x, list, ((gw_app *)app)->bridge);
}

static void jmi(gw_xmpp *x, const gw_word *word, void *app) {
  gw_bridge_jmi(x, word, ((gw_app *)app)->bridge);
}

static gw_cause offered(gw_xmpp *x, const char *ours, const char *from, void *app) {
  return gw_bridge_offered(x, ours, from, ((gw_app *)app)->bridge);
}

static const gw_xmpp_events xmpp_events = {.stream = stream,
                                           .invite = invited,
                                           .call_invite = call_invited,
                                           .jmi = jmi,
                                           .offer = offered,
                                           .watcher = watcher,
                                           .services = services,
                                           .items = items};

/* --- reload, drain, stop --- */

static gw_conf *load(const char *file, gw_store *store, GError **error) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  gw_conf *c = gw_conf_load(file, errors);
  if (!c) {
    g_ptr_array_add(errors, NULL);
    g_autofree char *all = g_strjoinv("\n", (char **)errors->pdata);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, all);
    return NULL;
  }
  gw_items_load(c, store);
  return c;
}

static void conf_changed(void *user) {
  gw_app *a = user;
  gw_app_set_people(a->conf, a->xmpp);
  gw_bridge_reconfigure(a->bridge, gw_app_bridge_conf(a->conf, a->accounts));
}

/* Whom the file names stays as it is: set anew, everybody's contact list would be helped once more. */
static void accounts_changed(void *user) {
  gw_app *a = user;
  gw_app_set_trunks(a->conf, a->accounts, a->sip);
  gw_bridge_reconfigure(a->bridge, gw_app_bridge_conf(a->conf, a->accounts));
}

/* Phones that the new file no longer knows lose their bindings with it. */
static void forget_phones(gw_app *a, const gw_conf *before) {
  for (guint i = 0; i < gw_conf_count(before, "phones"); i++) {
    g_autofree char *path = g_strdup_printf("phones[%u].number", i);
    const char *number = gw_conf_str(before, path);
    if (gw_conf_find(a->conf, "phones", number) < 0) gw_sip_forget_phone(a->sip, number);
  }
}

/* Before anything of the new file counts: a broken certificate leaves all of the old one in force. */
static gboolean renew_tls(gw_app *a, const gw_conf *new, GError **error) {
  g_autoptr(GPtrArray) arena = gw_arena_new();
  gw_sip_config sip;
  gw_app_sip_config(new, arena, &sip);
  return gw_sip_renew_tls(a->sip, &sip, error);
}

static char *reload(void *user, GError **error) {
  gw_app *a = user;
  gw_conf *new = load(gw_conf_file(a->conf), a->store, error);
  if (new && !renew_tls(a, new, error)) g_clear_pointer(&new, gw_conf_free);
  if (!new) {
    gw_error(NULL, "reload-refused", "why=%s", error && *error ? (*error)->message : "broken file");
    return NULL;
  }
  g_autoptr(gw_conf) old = a->conf;
  g_autofree char *restart = gw_app_needs_restart(old, new);
  a->conf = a->env.conf = new;
  forget_phones(a, old);
  gw_accounts_configure(a->accounts, new);
  gw_app_set_trunks(new, a->accounts, a->sip);
  gw_relay_book_configure(a->relays, new);
  conf_changed(a);
  gw_accounts_tell_all(a->accounts);
  gw_info(NULL, "reloaded", "file=%s needs_restart=%s", gw_conf_file(new), restart ? restart : "-");
  return restart ? g_strdup_printf("reloaded; a restart is needed for: %s", restart)
                 : g_strdup("reloaded");
}

static void quit(void *user) {
  g_main_loop_quit(((gw_app *)user)->loop);
}

static void down(gw_app *a) {
  if (a->sip_down && a->xmpp_down) quit(a);
}

static void sip_is_down(void *user) {
  ((gw_app *)user)->sip_down = TRUE;
  down(user);
}

static void xmpp_is_down(void *user) {
  ((gw_app *)user)->xmpp_down = TRUE;
  down(user);
}

static void calls_ended(void *user) {
  gw_app *a = user;
  gw_sip_shutdown(a->sip, sip_is_down, a);
  gw_xmpp_stop(a->xmpp, xmpp_is_down, a);
}

static void stop(gw_app *a) {
  if (a->stopping) return;
  a->stopping = TRUE;
  gw_info(NULL, "stopping", "calls=%u", gw_bridge_call_count(a->bridge));
  gw_notify("STOPPING=1");
  gw_timer_set(a->stop_timer, gw_now_us() + STOP_LIMIT);
  gw_sip_set_draining(a->sip, TRUE);
  gw_bridge_stop(a->bridge, calls_ended, a);
}

static void drain_tick(void *user) {
  gw_app *a = user;
  if (!gw_bridge_call_count(a->bridge))
    stop(a);
  else
    gw_timer_set(a->drain_timer, gw_now_us() + GW_MS(200));
}

static void drain(void *user) {
  gw_app *a = user;
  a->env.draining = TRUE;
  gw_sip_set_draining(a->sip, TRUE);
  gw_bridge_drain(a->bridge, TRUE);
  gw_timer_set(a->drain_timer, gw_now_us() + GW_MS(200));
}

static gboolean on_term(gpointer user) {
  stop(user);
  return G_SOURCE_CONTINUE;
}

static gboolean on_hup(gpointer user) {
  g_autoptr(GError) e = NULL;
  g_autofree char *said = reload(user, &e);
  return G_SOURCE_CONTINUE;
}

/* The loop turns, so this is called: a loop that hangs is what the service manager waits for. */
static void alive(void *user) {
  gw_app *a = user;
  gint64 every = gw_notify_watchdog_us();
  if (!every) return;
  gw_notify("WATCHDOG=1");
  gw_timer_set(a->watchdog, gw_now_us() + every);
}

/* --- life --- */

static void restore(gw_app *a) {
  g_autoptr(GPtrArray) ledgers = gw_store_ledgers(a->store), bindings = gw_store_bindings(a->store),
                       watchers = gw_store_watchers(a->store);
  for (guint i = 0; i < ledgers->len; i++) {
    const gw_store_ledger *l = ledgers->pdata[i];
    gw_bridge_restore_ledger(a->bridge, l->room, l->text);
  }
  for (guint i = 0; i < bindings->len; i++) {
    const gw_store_binding *b = bindings->pdata[i];
    gw_sip_restore_binding(a->sip, &(gw_sip_binding){b->number, b->contact, b->source,
                                                     b->user_agent, b->expires_wall_us});
  }
  for (guint i = 0; i < watchers->len; i++) {
    const gw_store_watcher *w = watchers->pdata[i];
    gw_xmpp_restore_watcher(a->xmpp, w->our_jid, w->their_jid);
  }
}

static gboolean make_rooms(gw_app *a, GError **error) {
  gw_sip_config sip;
  gw_xmpp_config xmpp;
  gw_media_config media;
  gw_app_sip_config(a->conf, a->arena, &sip);
  gw_app_xmpp_config(a->conf, a->arena, &xmpp);
  gw_app_media_config(a->conf, a->arena, &media);
  if (!(a->xmpp = gw_xmpp_new(NULL, &xmpp, &xmpp_events, a, error)))
    return FALSE; /* first: it wants low file descriptors */
  if (!(a->store = gw_store_open(gw_conf_str(a->conf, "store.path"), NULL, error))) return FALSE;
  gw_items_load(a->conf, a->store);
  a->accounts = gw_accounts_new(a->store, a->xmpp, accounts_changed, a);
  gw_accounts_configure(a->accounts, a->conf);
  a->bridge = gw_bridge_new(NULL, gw_app_bridge_conf(a->conf, a->accounts), &store_events, a);
  if (!(a->media = gw_media_new(&media, NULL, &gw_bridge_media_events, a->bridge, error)))
    return FALSE;
  a->relays = gw_relay_book_new(a->media);
  gw_relay_book_configure(a->relays, a->conf);
  if (!(a->sip = gw_sip_new(NULL, &sip, &sip_events, a, error))) return FALSE;
  gw_bridge_connect(a->bridge, a->sip, a->xmpp, a->media);
  gw_accounts_connect(a->accounts, a->sip);
  gw_app_set_trunks(a->conf, a->accounts, a->sip);
  gw_app_set_people(a->conf, a->xmpp);
  restore(a);
  return TRUE;
}

static void fill_env(gw_app *a) {
  a->env = (gw_control_env){.bridge = a->bridge,
                            .sip = a->sip,
                            .xmpp = a->xmpp,
                            .media = a->media,
                            .store = a->store,
                            .accounts = a->accounts,
                            .conf = a->conf,
                            .started_wall_us = gw_wall_us(),
                            .sip_listening = a->env.sip_listening,
                            .reload = reload,
                            .drain = drain,
                            .conf_changed = conf_changed,
                            .relays = relays_json,
                            .user = a};
}

static gboolean make_doors(gw_app *a, GError **error) {
  const char *http = gw_conf_str(a->conf, "http.listen");
  fill_env(a);
  a->operators = gw_operators_new(&a->env);
  if (!(a->control = gw_control_new(NULL, gw_conf_str(a->conf, "control.socket"), &a->env, error)))
    return FALSE;
  return !*http || (a->http = gw_http_new(NULL, http, &a->env, error));
}

gw_app *gw_app_new(gw_conf *conf, GError **error) {
  g_autoptr(gw_app) a = g_new0(gw_app, 1);
  a->conf = conf;
  a->arena = gw_arena_new();
  a->loop = g_main_loop_new(NULL, FALSE);
  a->stop_timer = gw_timer_new(NULL, quit, a);
  a->drain_timer = gw_timer_new(NULL, drain_tick, a);
  a->watchdog = gw_timer_new(NULL, alive, a);
  if (!make_rooms(a, error) || !make_doors(a, error)) return NULL;
  for (guint i = 0; i < gw_conf_warnings(conf)->len; i++)
    gw_warn(NULL, "configuration", "note=%s", (const char *)gw_conf_warnings(conf)->pdata[i]);
  a->signals[0] = g_unix_signal_add(SIGTERM, on_term, a);
  a->signals[1] = g_unix_signal_add(SIGINT, on_term, a);
  a->signals[2] = g_unix_signal_add(SIGHUP, on_hup, a);
  return g_steal_pointer(&a);
}

int gw_app_run(gw_app *a) {
  gw_loop_watch(NULL, &a->env.loop_lag_us, &a->env.slow_handlers);
  gw_xmpp_start(a->xmpp);
  alive(a);
  g_main_loop_run(a->loop);
  gw_loop_unwatch(NULL);
  gw_info(NULL, "stopped", "exit=0");
  return 0;
}

void gw_app_free(gw_app *a) {
  if (!a) return;
  for (guint i = 0; i < G_N_ELEMENTS(a->signals); i++)
    if (a->signals[i]) g_source_remove(a->signals[i]);
  gw_http_free(a->http);
  gw_control_free(a->control);
  gw_operators_free(a->operators);
  gw_bridge_free(a->bridge);
  gw_sip_free(a->sip);
  gw_accounts_free(a->accounts);
  gw_xmpp_free(a->xmpp);
  gw_relay_book_free(a->relays);
  gw_media_free(a->media);
  gw_store_close(a->store);
  gw_timer_free(a->stop_timer);
  gw_timer_free(a->drain_timer);
  gw_timer_free(a->watchdog);
  g_main_loop_unref(a->loop);
  gw_conf_free(a->conf);
  g_ptr_array_unref(a->arena);
  g_free(a);
}
