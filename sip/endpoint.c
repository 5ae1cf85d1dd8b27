/* endpoint.c - the life of a gw_sip: start, events to whom they belong, the way down. */
#include "sip/internal.h"
#include "sip/capture.h"
#include "sip/tls.h"
#include "sip/resolver.h"
#include "sip/trunk.h"
#include <sofia-sip/su.h>
#include <sofia-sip/tport_tag.h>
#include <string.h>

#define CALLS_DEADLINE GW_MS(1500) /* for goodbyes to be answered, when shutting down */
#define STACK_DEADLINE GW_MS(1000) /* and for the library after that */
#define SESSION_S 1800             /* RFC 4028 4: recommended */
#define BANS_REMEMBERED 4096

enum { RUNNING, ENDING_CALLS, ENDING_STACK, ENDED };

gw_sip *gw_sip_ref(gw_sip *sip) {
  sip->refs++;
  return sip;
}

void gw_sip_unref(gw_sip *sip) {
  if (--sip->refs > 0) return;
  g_main_context_unref(sip->ctx);
  g_free(sip->realm);
  g_free(sip->public_address);
  g_free(sip);
}

gboolean gw_sip_alive(const gw_sip *sip) {
  return !sip->freed;
}

typedef struct {
  void (*fn)(void *);
  void *data;
  GDestroyNotify free_data;
} posted;

static gboolean posted_run(void *p) {
  posted *m = p;
  m->fn(m->data);
  return G_SOURCE_REMOVE;
}

static void posted_free(void *p) {
  posted *m = p;
  if (m->free_data) m->free_data(m->data);
  g_free(m);
}

void gw_sip_post(gw_sip *sip, void (*fn)(void *), void *data, GDestroyNotify free_data) {
  posted *m = g_new0(posted, 1);
  *m = (posted){fn, data, free_data};
  GSource *idle = g_idle_source_new();
  g_source_set_priority(idle, G_PRIORITY_DEFAULT);
  g_source_set_callback(idle, posted_run, m, posted_free);
  g_source_attach(idle, sip->ctx);
  g_source_unref(idle);
}

static void release(void *sip) {
  gw_sip_unref(sip);
}

/* -- the end -- */

static gboolean all_down(const gw_sip *sip) {
  for (guint i = 0; i < sip->ports->len; i++)
    if (!((gw_sip_port *)g_ptr_array_index(sip->ports, i))->down) return FALSE;
  return TRUE;
}

/* Order matters to the library: stacks, root, source. From the loop, never from one of its own callbacks. */
static void destroy(void *data) {
  gw_sip *sip = data;
  for (guint i = 0; i < sip->ports->len; i++)
    nua_destroy(((gw_sip_port *)g_ptr_array_index(sip->ports, i))->nua);
  su_root_destroy(sip->root);
  g_source_destroy(sip->source);
  su_deinit();
  g_ptr_array_unref(sip->lines);
  gw_resolver_free(sip->resolver);
  g_ptr_array_unref(sip->trunks);
  g_ptr_array_unref(sip->legs);
  g_ptr_array_unref(sip->ports);
  g_hash_table_unref(sip->calls);
  gw_digest_free(sip->digest);
  gw_guard_free(sip->guard);
  gw_capture_stop(sip);
  gw_bindings_free(sip->bindings);
  gw_timer_free(sip->expiry);
  gw_timer_free(sip->pulse);
  gw_timer_free(sip->deadline);
  gw_ids_free(sip->ids);
  gw_sip_unref(sip);
}

static void tell_done(void *data) {
  gw_sip *sip = data;
  if (!sip->freed && sip->done) sip->done(sip->done_data);
}

static void ended(gw_sip *sip) {
  sip->phase = ENDED;
  gw_timer_set(sip->deadline, GW_NEVER);
  if (sip->done_told) return;
  sip->done_told = TRUE;
  gw_sip_post(sip, tell_done, gw_sip_ref(sip), release);
}

static void end_stack(gw_sip *sip) {
  sip->phase = ENDING_STACK;
  gw_timer_set(sip->deadline, gw_now_us() + STACK_DEADLINE);
  for (guint i = 0; i < sip->ports->len; i++)
    nua_shutdown(((gw_sip_port *)g_ptr_array_index(sip->ports, i))->nua);
  if (sip->ports->len == 0) ended(sip);
}

void gw_sip_leg_gone(gw_sip *sip) {
  if (sip->phase == ENDING_CALLS && sip->legs->len == 0 && sip->lines->len == 0 &&
      sip->trunks->len == 0)
    end_stack(sip);
}

static void on_deadline(void *data) {
  gw_sip *sip = data;
  if (sip->phase == ENDING_CALLS)
    end_stack(sip);
  else if (sip->phase == ENDING_STACK) {
    gw_warn(NULL, "sip-shutdown-slow", "legs=%u", sip->legs->len);
    ended(sip);
  }
}

static void port_down(gw_sip_port *p) {
  gw_sip *sip = p->sip;
  if (p->down) return;
  p->down = TRUE;
  if (!all_down(sip)) return;
  if (sip->phase == ENDING_STACK) ended(sip);
  if (sip->freed) gw_sip_post(sip, destroy, sip, NULL);
}

void gw_sip_shutdown(gw_sip *sip, void (*done)(void *), void *done_data) {
  GW_ON_CONTROL();
  if (sip->phase != RUNNING) return;
  sip->done = done;
  sip->done_data = done_data;
  sip->draining = sip->closing = TRUE;
  sip->phase = ENDING_CALLS;
  gw_keepalive_stop(sip);
  gw_timer_set(sip->deadline, gw_now_us() + CALLS_DEADLINE);
  g_autofree gw_sip_call **calls = (gw_sip_call **)g_hash_table_get_keys_as_array(sip->calls, NULL);
  for (gw_sip_call **c = calls; *c; c++)
    gw_sip_call_hangup(*c, GW_CAUSE_SHUTDOWN);
  for (guint i = sip->lines->len; i-- > 0;)
    gw_sip_line_free(g_ptr_array_index(sip->lines, i));
  gw_sip_set_trunks(sip, NULL, 0);
  gw_sip_leg_gone(sip);
}

/* When the stack is not down yet (no or a hurried shutdown), it goes on dying in the loop without calling anybody. */
void gw_sip_free(gw_sip *sip) {
  if (!sip) return;
  GW_ON_CONTROL();
  if (sip->freed) return;
  gw_sip_shutdown(sip, NULL, NULL);
  sip->freed = TRUE;
  g_autofree gw_sip_call **calls = (gw_sip_call **)g_hash_table_get_keys_as_array(sip->calls, NULL);
  for (gw_sip_call **c = calls; *c; c++)
    gw_sip_call_end(*c, GW_CAUSE_SHUTDOWN, 0);
  if (all_down(sip)) destroy(sip);
}

/* -- events -- */

static void tell_listening(gw_sip *sip) {
  for (guint i = 0; i < sip->ports->len; i++)
    if (!((gw_sip_port *)g_ptr_array_index(sip->ports, i))->known) return;
  if (sip->listening_told) return;
  sip->listening_told = TRUE;
  g_auto(GStrv) all = gw_sip_listening(sip);
  g_autofree char *detail = g_strjoinv(" ", all);
  gw_info(NULL, "sip-listening", "on=%s", detail);
  gw_trunks_start(sip);
  if (sip->on.listening) sip->on.listening(sip, TRUE, detail, sip->user_data);
}

static gboolean is_request(nua_event_t event) {
  return event == nua_i_invite || event == nua_i_register || event == nua_i_options ||
         event == nua_i_info || event == nua_i_update || event == nua_i_refer ||
         event == nua_i_prack || event == nua_i_message;
}

void gw_sip_on_event(nua_event_t event, int status, char const *phrase, nua_t *nua, gw_sip_port *p,
                     nua_handle_t *nh, gw_sip_owner *owner, sip_t const *msg, tagi_t tags[]) {
  gw_watch_event();
  gw_trace(NULL, "sip-event", "event=%s status=%d phrase=%s", nua_event_name(event), status,
           phrase);
  if (event == nua_r_shutdown) {
    if (status >= 200) port_down(p);
  } else if (event == nua_r_get_params) {
    gw_sip_port_event(p, event, status, tags);
    if (!p->sip->freed) tell_listening(p->sip);
  } else if (owner) {
    owner->event(owner, event, status, phrase, msg, tags);
  } else if (nh && msg && is_request(event)) {
    gw_sip_request(p, event, nh, msg);
  }
}

/* -- the beginning -- */

static gboolean wants_tls(const char *const *listen) {
  for (; listen && *listen; listen++)
    if (gw_transport_of(*listen) == GW_TLS) return TRUE;
  return FALSE;
}

#define WARN_DAYS 14 /* before the certificate expires */

gboolean gw_sip_tls_check(const char *certificate, const char *key, const char *ca,
                          gint64 *ret_expires, GError **error) {
  return gw_tls_check(&(gw_tls_files){certificate, key, ca}, ret_expires, error);
}

static gw_tls_files tls_files(const gw_sip_config *c) {
  gboolean clients = c->client_ca && *c->client_ca;
  return (gw_tls_files){c->certificate, c->key, clients ? c->client_ca : c->server_ca};
}

static void warn_expiry(const char *file, gint64 expires) {
  gint64 now = gw_wall_us() / GW_SEC(1);
  if (expires - now < WARN_DAYS * 86400)
    gw_warn(NULL, "certificate-expires", "file=%s days=%" G_GINT64_FORMAT, file,
            (expires - now) / 86400);
}

static gboolean prepare_tls(gw_sip *sip, const gw_sip_config *c, GError **error) {
  gboolean clients = c->client_ca && *c->client_ca, servers = c->server_ca && *c->server_ca;
  gw_tls_files files = tls_files(c);
  gint64 expires = G_MAXINT64;
  if (!gw_tls_check(&files, &expires, error)) return FALSE;
  warn_expiry(c->certificate, expires);
  sip->tls_policy = clients   ? TPTLS_VERIFY_INCOMING
                    : servers ? TPTLS_VERIFY_SUBJECTS_OUT
                              : TPTLS_VERIFY_NONE;
  gw_tls_mend_start();
  sip->tls_folder = gw_tls_folder_new(&files, error);
  return sip->tls_folder != NULL;
}

gboolean gw_sip_renew_tls(gw_sip *sip, const gw_sip_config *c, GError **error) {
  GW_ON_CONTROL();
  guint renewed = 0, sockets = 0;
  gw_tls_files files = tls_files(c);
  g_autoptr(gw_tls_identity) id = gw_tls_identity_read(&files, error);
  if (!id) return FALSE;
  for (guint i = 0; i < sip->ports->len; i++) {
    gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    sockets += p->transport == GW_TLS;
    if (p->tls) renewed += gw_tls_context_renew(p->tls, id);
  }
  if (renewed < sockets) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "%u of %u tls sockets kept their old certificate: restart", sockets - renewed,
                sockets);
    return FALSE;
  }
  if (!sockets || !id->chain) return TRUE;
  warn_expiry(c->certificate, id->expires);
  gw_info(NULL, "certificate-read", "file=%s days=%" G_GINT64_FORMAT, c->certificate,
          (id->expires - gw_wall_us() / GW_SEC(1)) / 86400);
  return TRUE;
}

static gboolean start_ports(gw_sip *sip, const char *const *listen, GError **error) {
  for (guint i = 0; listen && listen[i]; i++)
    if (!gw_sip_ports_open(sip, listen[i], error)) return FALSE;
  return TRUE;
}

static void bindings_expire(void *data) {
  gw_sip_bindings_watch(data);
}

gw_sip *gw_sip_new(GMainContext *ctx, const gw_sip_config *config, const gw_sip_events *events,
                   void *user_data, GError **error) {
  GW_ON_CONTROL();
  guint8 secret[32];
  gw_watch_start();
  su_init();
  gw_sip *sip = g_new0(gw_sip, 1);
  sip->refs = 1;
  sip->ctx = g_main_context_ref(ctx ? ctx : g_main_context_default());
  sip->on = *events;
  sip->user_data = user_data;
  sip->realm = g_strdup(config->realm ? config->realm : "");
  sip->public_address = g_strdup(config->public_address ? config->public_address : "");
  sip->max_calls = config->max_calls;
  sip->session_s = config->session_s ? config->session_s : SESSION_S;
  sip->open = config->open;
  sip->refreshes = config->refreshes;
  sip->ports = g_ptr_array_new_with_free_func(gw_sip_port_free);
  sip->legs = g_ptr_array_new_with_free_func(gw_sip_leg_free);
  sip->lines = g_ptr_array_new_with_free_func(gw_sip_line_discard);
  sip->trunks = g_ptr_array_new_with_free_func(gw_trunk_unref);
  sip->calls = g_hash_table_new(NULL, NULL);
  sip->resolver = gw_resolver_new(sip->ctx);
  sip->ids = gw_ids_new();
  gw_ids_bytes(sip->ids, secret, sizeof secret);
  sip->digest = gw_digest_new(sip->realm, secret);
  sip->guard = gw_guard_new(BANS_REMEMBERED);
  sip->bindings = gw_bindings_new();
  sip->expiry = gw_timer_new(sip->ctx, bindings_expire, sip);
  sip->deadline = gw_timer_new(sip->ctx, on_deadline, sip);
  gw_flood_start(sip);
  sip->root = su_glib_root_create(sip);
  su_root_threading(sip->root, 0);
  sip->source = su_glib_root_gsource(sip->root);
  g_source_attach(sip->source, sip->ctx);
  gboolean ok = gw_capture_start(sip, config, error) &&
                (!wants_tls(config->listen) || prepare_tls(sip, config, error)) &&
                start_ports(sip, config->listen, error);
  gw_tls_folder_free(g_steal_pointer(&sip->tls_folder));
  if (ok) return sip;
  gw_sip_free(sip);
  return NULL;
}

/* -- questions -- */

void gw_sip_set_draining(gw_sip *sip, gboolean draining) {
  GW_ON_CONTROL();
  sip->draining = draining || sip->closing;
}

char **gw_sip_listening(const gw_sip *sip) {
  char **all = g_new0(char *, sip->ports->len + 1);
  guint n = 0;
  for (guint i = 0; i < sip->ports->len; i++) {
    const gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    if (p->spec) all[n++] = g_strdup_printf("%s:%u", p->spec, p->port);
  }
  return all;
}

void gw_sip_get_counters(const gw_sip *sip, gw_sip_counters *ret) {
  guint64 refused, bad;
  guint64 copied, lost;
  gw_watch_counters(&refused, &bad);
  gw_capture_counters(&copied, &lost);
  *ret = (gw_sip_counters){.auth_failed = sip->auth_failed,
                           .refused = sip->refused + refused,
                           .bad_messages = bad,
                           .copied = copied,
                           .copies_lost = lost,
                           .bindings = gw_bindings_count(sip->bindings),
                           .calls = g_hash_table_size(sip->calls)};
}

guint gw_sip_bans(const gw_sip *sip, gw_sip_ban *ret, guint max) {
  g_autofree gw_guard_ban *bans = g_new0(gw_guard_ban, max + 1);
  guint all = gw_guard_bans(sip->guard, gw_now_us(), bans, max);
  for (guint i = 0; i < MIN(all, max); i++) {
    const char *blank = strchr(bans[i].key, ' '); /* "ADDRESS USER" or "ADDRESS": request.c */
    g_autofree char *source = g_strndup(bans[i].key, strcspn(bans[i].key, " "));
    g_strlcpy(ret[i].source, source, sizeof ret[i].source);
    g_strlcpy(ret[i].user, blank ? blank + 1 : "", sizeof ret[i].user);
    ret[i].seconds = (guint)(bans[i].left_us / GW_SEC(1)) + 1;
  }
  return all;
}
