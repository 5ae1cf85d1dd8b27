/* commands_call.c - live calls and ended ones. */
#include <string.h>
#include "base/clock.h"
#include "daemon/command_table.h"
#include "daemon/commands.h"

#define MAX_DEPTH 16 /* of a call's document: our own, but it went through the store */
#define HISTORY_DEFAULT 100
#define HISTORY_MOST 1000

static JsonNode *call_node(const gw_call_info *info, gboolean full) {
  g_autofree char *text = gw_call_info_json(info, full);
  return gw_json_parse(text, strlen(text), MAX_DEPTH, NULL);
}

static void call_row(gw_table *table, const gw_call_info *call) {
  g_autofree char *peers = g_strdup_printf("%u", call->peers ? call->peers->len : 0);
  g_autofree char *since = call->since_wall_us ? gw_rfc3339(call->since_wall_us) : NULL;
  gw_table_row(table, (const char *const[]){call->id, call->direction, call->phone, call->number,
                                            call->room, call->flavour, call->state, peers,
                                            call->muted ? "muted" : "", since, NULL});
}

static gw_table *call_table(void) {
  return gw_table_new((const char *const[]){"ID", "DIR", "PHONE", "NUMBER", "ROOM", "FLAVOUR",
                                            "STATE", "PEERS", "MUTED", "SINCE", NULL});
}

void gw_do_call_list(gw_request *request, gw_control_env *env, const char *const *rest) {
  JsonBuilder *b = json_builder_new();
  gw_table *table = call_table();
  g_autoptr(GPtrArray) calls = env->bridge ? gw_bridge_calls(env->bridge) : g_ptr_array_new();
  json_builder_begin_array(b);
  for (guint i = 0; i < calls->len; i++) {
    const gw_call_info *call = g_ptr_array_index(calls, i);
    JsonNode *node = call_node(call, FALSE);
    if (node) json_builder_add_value(b, node);
    call_row(table, call);
  }
  json_builder_end_array(b);
  gw_request_reply(request, 0, gw_table_text(table), gw_json_done(b));
}

/* --- call show: for people the document itself, indented */
static void show(gw_request *request, JsonNode *node) {
  g_autoptr(JsonGenerator) generator = json_generator_new();
  json_generator_set_pretty(generator, TRUE);
  json_generator_set_root(generator, node);
  g_autofree char *text = json_generator_to_data(generator, NULL);
  gw_request_reply(request, 0, g_strconcat(text, "\n", NULL), json_node_ref(node));
}

static void unknown_call(gw_request *request) {
  gw_request_fail(request, "there is no such call: tipringctl call list, tipringctl history");
}

static void on_stored_call(GPtrArray *json, void *user) {
  const char *text = json->len ? g_ptr_array_index(json, 0) : NULL;
  g_autoptr(JsonNode) node = text ? gw_json_parse(text, strlen(text), MAX_DEPTH, NULL) : NULL;
  if (!node) {
    unknown_call(user);
    return;
  }
  if (JSON_NODE_HOLDS_OBJECT(node)) json_object_remove_member(json_node_get_object(node), "trace");
  show(user, node);
}

void gw_do_call_show(gw_request *request, gw_control_env *env, const char *const *rest) {
  gw_call_info *call = env->bridge ? gw_bridge_call(env->bridge, rest[0]) : NULL;
  g_autoptr(JsonNode) node = call ? call_node(call, TRUE) : NULL;
  gw_call_info_free(call);
  if (node)
    show(request, node);
  else if (env->store)
    gw_store_history(env->store, rest[0], 0, 1, on_stored_call, request);
  else
    unknown_call(request);
}

void gw_do_call_hangup(gw_request *request, gw_control_env *env, const char *const *rest) {
  if (env->bridge && gw_bridge_hangup(env->bridge, rest[0]))
    gw_request_reply(request, 0, g_strdup("ending\n"), NULL);
  else
    unknown_call(request);
}

static void mute(gw_request *request, gw_control_env *env, const char *id, gboolean on) {
  if (env->bridge && gw_bridge_mute(env->bridge, id, on))
    gw_request_reply(request, 0, g_strdup(on ? "muted\n" : "heard again\n"), NULL);
  else
    unknown_call(request);
}

void gw_do_call_mute(gw_request *request, gw_control_env *env, const char *const *rest) {
  mute(request, env, rest[0], TRUE);
}

void gw_do_call_unmute(gw_request *request, gw_control_env *env, const char *const *rest) {
  mute(request, env, rest[0], FALSE);
}

void gw_do_call_dial(gw_request *request, gw_control_env *env, const char *const *rest) {
  g_autofree char *why = NULL;
  char *id = env->bridge ? gw_bridge_dial(env->bridge, rest[0], rest[1], &why) : NULL;
  if (!id) {
    gw_request_fail(request, "%s", why ? why : "the daemon is still starting: try again");
    return;
  }
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "id", id);
  json_builder_end_object(b);
  gw_request_reply(request, 0, g_strconcat(id, "\n", NULL), gw_json_done(b));
  g_free(id);
}

/* --- history */
static void history_row(gw_table *table, JsonNode *call) {
  static const char *const names[] = {"id",   "direction", "phone", "number",
                                      "room", "flavour",   "cause", "since"};
  const char *cells[G_N_ELEMENTS(names) + 1] = {NULL};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    cells[i] = gw_json_get_string(call, names[i]);
  gw_table_row(table, cells);
}

static void on_history(GPtrArray *json, void *user) {
  JsonBuilder *b = json_builder_new();
  gw_table *table = gw_table_new((const char *const[]){"ID", "DIR", "PHONE", "NUMBER", "ROOM",
                                                       "FLAVOUR", "CAUSE", "SINCE", NULL});
  json_builder_begin_array(b);
  for (guint i = 0; i < json->len; i++) {
    const char *text = g_ptr_array_index(json, i);
    JsonNode *node = gw_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    if (!node) continue;
    history_row(table, node);
    json_builder_add_value(b, node);
  }
  json_builder_end_array(b);
  gw_request_reply(user, 0, gw_table_text(table), gw_json_done(b));
}

gboolean gw_since_parse(const char *text, gint64 now_wall_us, gint64 *ret_wall_us) {
  static const struct {
    char unit;
    gint64 seconds;
  } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
  char *end = NULL;
  guint64 n = g_ascii_strtoull(text, &end, 10);
  for (guint i = 0; g_ascii_isdigit(*text) && *end && !end[1] && i < G_N_ELEMENTS(units); i++)
    if (*end == units[i].unit && n < 1000000) {
      *ret_wall_us = now_wall_us - GW_SEC((gint64)n * units[i].seconds);
      return TRUE;
    }
  gboolean day = strlen(text) == strlen("2026-11-22");
  g_autofree char *full = day ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(full, utc);
  if (!when) return FALSE;
  *ret_wall_us = GW_SEC(g_date_time_to_unix(when)) + g_date_time_get_microsecond(when);
  return TRUE;
}

void gw_do_history(gw_request *request, gw_control_env *env, const char *const *rest) {
  static const char *const names[] = {"--since", "--limit", NULL};
  const char *values[2] = {NULL}, *wrong = NULL;
  gint64 since = 0;
  guint64 limit = HISTORY_DEFAULT;
  if (!gw_command_options(rest, names, values, &wrong))
    gw_request_usage(request, "\"%s\" is not known: tipringctl history [--since TIME] [--limit N]",
                     wrong);
  else if (values[0] && !gw_since_parse(values[0], gw_wall_us(), &since))
    gw_request_usage(request, "\"%s\" is no time: 30m, 2h, 7d, 2026-11-22, 2026-11-22T10:00:00Z",
                     values[0]);
  else if (values[1] && !g_ascii_string_to_unsigned(values[1], 10, 1, HISTORY_MOST, &limit, NULL))
    gw_request_usage(request, "\"%s\" is no limit: 1..%d", values[1], HISTORY_MOST);
  else if (!env->store)
    gw_request_fail(request, "the daemon runs without its store: look at its log");
  else
    gw_store_history(env->store, NULL, since, (guint)limit, on_history, request);
}
