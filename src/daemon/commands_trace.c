/* commands_trace.c - `call trace`: of a live call from the bridge, of an ended one from its record. */
#include <string.h>
#include "daemon/commands.h"

#define MAX_DEPTH 16

static void show(gw_request *request, JsonNode *trace) {
  gw_request_reply(request, 0, gw_ladder_text(trace), json_node_ref(trace));
}

/* Records of a version that kept no trace have none. */
static void on_stored(GPtrArray *json, void *user) {
  const char *text = json->len ? g_ptr_array_index(json, 0) : NULL;
  g_autoptr(JsonNode) record = text ? gw_json_parse(text, strlen(text), MAX_DEPTH, NULL) : NULL;
  JsonNode *trace = record ? gw_json_get(record, "trace") : NULL;
  if (!record) {
    gw_request_fail(user, "there is no such call: tipringctl call list, tipringctl history");
  } else if (!trace || !JSON_NODE_HOLDS_OBJECT(trace)) {
    gw_request_fail(user, "no trace was kept of this call: tipringctl call show has its steps");
  } else {
    json_object_set_string_member(json_node_get_object(trace), "id",
                                  gw_json_get_string(record, "id"));
    show(user, trace);
  }
}

void gw_do_call_trace(gw_request *request, gw_control_env *env, const char *const *rest) {
  gw_call_info *call = env->bridge ? gw_bridge_call(env->bridge, rest[0]) : NULL;
  g_autofree char *text = call ? gw_call_trace_json(call) : NULL;
  g_autoptr(JsonNode) trace = text ? gw_json_parse(text, strlen(text), MAX_DEPTH, NULL) : NULL;
  gw_call_info_free(call);
  if (trace)
    show(request, trace);
  else if (env->store)
    gw_store_history(env->store, rest[0], 0, 1, on_stored, request);
  else
    gw_request_fail(request, "there is no such call: tipringctl call list");
}
