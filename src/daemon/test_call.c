#include "daemon/test_call.h"
#include <string.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/json.h"

#define MAX_DOCUMENT 65536
#define MAX_DEPTH 8
#define HELD "2" /* s that it lasts: long enough to be let in and to hear something */

typedef struct {
  gw_test_call_fn fn;
  void *user;
} asker;

struct gw_test_call {
  GMainContext *ctx;
  const gw_control_env *env;
  gw_child *child;
  GArray *askers;       /* asker */
  char *phone, *number; /* of the call under way */
  gint64 began_us, began_wall_us;
  gboolean any, ok; /* of the last one */
  char *json;
};

gw_test_call *gw_test_call_new(GMainContext *ctx, const gw_control_env *env) {
  gw_test_call *t = g_new0(gw_test_call, 1);
  t->ctx = ctx;
  t->env = env;
  t->askers = g_array_new(FALSE, FALSE, sizeof(asker));
  return t;
}

void gw_test_call_free(gw_test_call *t) {
  if (!t) return;
  gw_child_free(t->child);
  g_array_unref(t->askers);
  g_free(t->phone);
  g_free(t->number);
  g_free(t->json);
  g_free(t);
}

gboolean gw_test_call_configured(const gw_test_call *t) {
  const gw_conf *c = t->env->conf;
  return *gw_conf_str(c, "health.phone") && *gw_conf_str(c, "health.number");
}

/* --- the result --- */

static void put_hops(JsonBuilder *b, const gw_call_info *call) {
  json_builder_set_member_name(b, "hops");
  json_builder_begin_array(b);
  for (guint i = 0; call && call->hops && i < call->hops->len; i++) {
    const gw_hop *hop = call->hops->pdata[i];
    json_builder_begin_object(b);
    gw_json_string(b, "event", hop->event);
    gw_json_int(b, "ms", hop->ms);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

static gboolean was_let_in(const gw_call_info *call) {
  for (guint i = 0; call && call->hops && i < call->hops->len; i++)
    if (!strcmp(((const gw_hop *)call->hops->pdata[i])->event, "muc-joined")) return TRUE;
  return FALSE;
}

static void put_figure(JsonBuilder *b, const char *name, JsonNode *phone) {
  gint64 value = gw_json_get_int(phone, name, -1);
  if (value >= 0)
    gw_json_int(b, name, value);
  else
    gw_json_null(b, name);
}

/* Why it does not count as well; NULL: it does. That the phone heard silence only is right in an empty room, so its exit
 * status is not asked when it has told its story. */
static const char *trouble(JsonNode *phone, const gw_call_info *call, const char *why) {
  if (!phone) return why ? why : "the test phone said nothing";
  if (gw_json_get_int(phone, "status", 0) != 200) return "not answered";
  if (!was_let_in(call)) return "answered, but not let into the room";
  if (gw_json_get_int(phone, "packets_received", 0) == 0) return "no sound came";
  return NULL;
}

static char *document(const gw_test_call *t, JsonNode *phone, const gw_call_info *call,
                      const char *why) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_bool(b, "ready", gw_env_ready(t->env));
  json_builder_set_member_name(b, "call");
  json_builder_begin_object(b);
  gw_json_bool(b, "ok", !why);
  gw_json_string(b, "why", why);
  gw_json_time(b, "at", t->began_wall_us);
  gw_json_string(b, "phone", t->phone);
  gw_json_string(b, "number", t->number);
  put_figure(b, "status", phone);
  gw_json_string(b, "reason", phone ? gw_json_get_string(phone, "reason") : NULL);
  put_figure(b, "setup_ms", phone);
  put_figure(b, "first_audio_ms", phone);
  put_figure(b, "packets_received", phone);
  put_hops(b, call);
  json_builder_end_object(b);
  json_builder_end_object(b);
  g_autoptr(JsonNode) root = gw_json_done(b);
  return gw_json_text(root);
}

static void tell_all(gw_test_call *t) {
  g_autoptr(GArray) askers = g_steal_pointer(&t->askers);
  t->askers = g_array_new(FALSE, FALSE, sizeof(asker));
  for (guint i = 0; i < askers->len; i++) {
    const asker *a = &g_array_index(askers, asker, i);
    a->fn(t->ok, t->json, a->user);
  }
}

static void conclude(gw_test_call *t, JsonNode *phone, const char *why) {
  gw_call_info *call = gw_bridge_latest(t->env->bridge, t->phone, t->number, t->began_wall_us);
  const char *wrong = trouble(phone, call, why);
  g_clear_pointer(&t->child, gw_child_free);
  g_free(t->json);
  t->json = document(t, phone, call, wrong);
  t->ok = !wrong;
  t->any = TRUE;
  if (wrong)
    gw_warn(NULL, "test-call-failed", "phone=%s number=%s why=%s", t->phone, t->number, wrong);
  else
    gw_info(NULL, "test-call", "phone=%s number=%s ms=%" G_GINT64_FORMAT, t->phone, t->number,
            gw_json_get_int(phone, "setup_ms", -1));
  gw_call_info_free(call);
  tell_all(t);
}

static void on_done(const guint8 *out, gsize n, const char *why, void *user) {
  g_autoptr(JsonNode) phone = n ? gw_json_parse((const char *)out, n, MAX_DEPTH, NULL) : NULL;
  conclude(user, phone, why);
}

/* --- the call --- */

/* The listener as a phone on this machine would reach it: "127.0.0.1:5060" and its transport. */
static char *find_listener(const gw_test_call *t, const char **ret_transport) {
  static const char *const kinds[] = {"udp", "tcp", "tls"};
  g_auto(GStrv) all = t->env->sip ? gw_sip_listening(t->env->sip) : NULL;
  for (guint k = 0; all && k < G_N_ELEMENTS(kinds); k++)
    for (guint i = 0; all[i]; i++) {
      if (!g_str_has_prefix(all[i], kinds[k])) continue;
      const char *at = all[i] + strlen("udp:"), *port = strrchr(at, ':');
      *ret_transport = kinds[k];
      if (g_str_has_prefix(at, "0.0.0.0:")) return g_strconcat("127.0.0.1", port, NULL);
      if (g_str_has_prefix(at, "[::]:")) return g_strconcat("[::1]", port, NULL);
      return g_strdup(at);
    }
  return NULL;
}

static gboolean launch(gw_test_call *t, GError **error) {
  const char *transport = NULL, *password = NULL;
  const char *named = gw_conf_str(t->env->conf, "health.program");
  g_autofree char *at = find_listener(t, &transport), *program = g_find_program_in_path(named);
  if (!at || !program || !gw_bridge_credential(t->env->sip, t->phone, &password, t->env->bridge)) {
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s",
                !program ? "health.program is not installed"
                : !at    ? "SIP does not listen"
                         : "health.phone is no phone of this gateway");
    return FALSE;
  }
  g_autofree char *uri = g_strdup_printf("sip:%s@%s", t->number, at);
  g_autofree char *secret = g_strdup_printf("TIPRING_UA_PASSWORD=%s", password);
  const char *const argv[] = {program,   "call",       uri,  "--user", t->phone, "--transport",
                              transport, "--duration", HELD, "--json", NULL};
  const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", secret, NULL};
  const gw_child_params p = {argv, env, NULL, MAX_DOCUMENT, GW_TEST_CALL_LIMIT_US};
  t->child = gw_child_new(t->ctx, &p, on_done, t, error);
  return t->child != NULL;
}

static void begin(gw_test_call *t) {
  g_autoptr(GError) error = NULL;
  g_free(t->phone);
  g_free(t->number);
  t->phone = g_strdup(gw_conf_str(t->env->conf, "health.phone"));
  t->number = g_strdup(gw_conf_str(t->env->conf, "health.number"));
  t->began_us = gw_now_us();
  t->began_wall_us = gw_wall_us();
  if (!launch(t, &error)) conclude(t, NULL, error->message);
}

void gw_test_call_ask(gw_test_call *t, gw_test_call_fn fn, void *user) {
  const gint64 every = GW_SEC(gw_conf_int(t->env->conf, "health.every"));
  if (!t->child && t->any && gw_now_us() - t->began_us < every) {
    fn(t->ok, t->json, user);
    return;
  }
  g_array_append_vals(t->askers, &(asker){fn, user}, 1);
  if (!t->child) begin(t);
}

void gw_test_call_forget(gw_test_call *t, void *user) {
  for (guint i = t->askers->len; i-- > 0;)
    if (g_array_index(t->askers, asker, i).user == user) g_array_remove_index(t->askers, i);
}
