#include "gateway/sfu/message.h"
#include <json-glib/json-glib.h>
#include <string.h>
#include "base/limits.h"

#define PING_MS 25000
#define PONG_MS 20000
#define LONGEST_MS 300000

/* --- reading --- */

/* json-glib recurses with the nesting of what it reads. */
static gboolean too_deep(const char *json) {
  guint depth = 0;
  gboolean in_string = FALSE;
  for (const char *p = json; *p; p++) {
    if (in_string && *p == '\\' && p[1])
      p++;
    else if (*p == '"')
      in_string = !in_string;
    else if (!in_string && (*p == '[' || *p == '{') && ++depth > GW_MAX_JSON_DEPTH)
      return TRUE;
    else if (!in_string && (*p == ']' || *p == '}') && depth)
      depth--;
  }
  return FALSE;
}

static JsonNode *parse(const char *json) {
  if (!g_utf8_validate(json, -1, NULL) || too_deep(json)) return NULL;
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  if (!json_parser_load_from_data(parser, json, -1, NULL)) return NULL;
  JsonNode *root = json_parser_get_root(parser);
  return root ? json_node_ref(root) : NULL;
}

static JsonArray *array_of(JsonNode *node) {
  return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *object_at(JsonArray *a, guint i) {
  JsonNode *node = a && json_array_get_length(a) > i ? json_array_get_element(a, i) : NULL;
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *text_of(JsonNode *node) {
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
             ? json_node_get_string(node)
             : NULL;
}

static const char *text_at(JsonArray *a, guint i) {
  return a && json_array_get_length(a) > i ? text_of(json_array_get_element(a, i)) : NULL;
}

static char *member(JsonObject *o, const char *name) {
  return g_strdup(text_of(json_object_get_member(o, name)));
}

static gint64 number(JsonObject *o, const char *name, gint64 otherwise) {
  JsonNode *node = json_object_get_member(o, name);
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64
             ? json_node_get_int(node)
             : otherwise;
}

void gw_sfu_message_clear(gw_sfu_message *m) {
  g_free(m->room);
  g_free(m->name);
  g_free(m->candidate);
  g_free(m->mid);
  memset(m, 0, sizeof *m);
}

static void read_candidate(JsonObject *o, gw_sfu_message *m) {
  JsonNode *node = json_object_get_member(o, "candidate");
  JsonObject *c = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
  m->type = GW_SFU_MSG_CANDIDATE;
  m->name = member(o, "peerId");
  if (!c) return;
  m->candidate = member(c, "candidate");
  m->mid = member(c, "sdpMid");
  m->mline = (guint)CLAMP(number(c, "sdpMLineIndex", 0), 0, GW_MAX_MEDIA);
}

/* The prototype says roomId in one event and room in the other: either will do. */
gboolean gw_sfu_message_read(const char *json, gw_sfu_message *ret) {
  g_autoptr(JsonNode) root = parse(json);
  JsonArray *a = array_of(root);
  const char *event = text_at(a, 0);
  JsonObject *o = object_at(a, 1);
  memset(ret, 0, sizeof *ret);
  if (!event) return FALSE;
  if (!o) return TRUE;
  ret->room = member(o, "roomId");
  if (!ret->room) ret->room = member(o, "room");
  if (!strcmp(event, "iceCandidate")) {
    read_candidate(o, ret);
  } else if (!strcmp(event, "joined") || !strcmp(event, "left")) {
    ret->type = *event == 'j' ? GW_SFU_MSG_JOINED : GW_SFU_MSG_LEFT;
    ret->name = member(o, "name");
  }
  if (!ret->name) ret->type = GW_SFU_MSG_NONE;
  return TRUE;
}

char **gw_sfu_read_names(const char *json) {
  g_autoptr(JsonNode) root = parse(json);
  JsonArray *a = array_of(root);
  a = a && json_array_get_length(a) ? array_of(json_array_get_element(a, 0)) : NULL;
  if (!a) return NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < json_array_get_length(a) && names->len < GW_MAX_SFU_NAMES; i++)
    if (text_at(a, i)) g_ptr_array_add(names, g_strdup(text_at(a, i)));
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

char *gw_sfu_read_answer(const char *json) {
  g_autoptr(JsonNode) root = parse(json);
  return g_strdup(text_at(array_of(root), 0));
}

gboolean gw_sfu_read_open(const char *json, guint *ret_ping_ms, guint *ret_timeout_ms,
                          gsize *ret_max_payload) {
  g_autoptr(JsonNode) root = parse(json);
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) return FALSE;
  JsonObject *o = json_node_get_object(root);
  const gint64 ping = number(o, "pingInterval", PING_MS), wait = number(o, "pingTimeout", PONG_MS);
  const gint64 most = number(o, "maxPayload", GW_MAX_SFU_FRAME);
  *ret_ping_ms = ping > 0 && ping <= LONGEST_MS ? (guint)ping : PING_MS;
  *ret_timeout_ms = wait > 0 && wait <= LONGEST_MS ? (guint)wait : PONG_MS;
  *ret_max_payload = most > 0 && most <= GW_MAX_SFU_FRAME ? (gsize)most : GW_MAX_SFU_FRAME;
  return TRUE;
}

/* --- writing --- */

static void put(JsonBuilder *b, const char *name, const char *value) {
  json_builder_set_member_name(b, name);
  json_builder_add_string_value(b, value);
}

static JsonBuilder *begin(const char *event) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_array(b);
  json_builder_add_string_value(b, event);
  json_builder_begin_object(b);
  return b;
}

static char *end(JsonBuilder *taken) {
  json_builder_end_object(taken);
  json_builder_end_array(taken);
  g_autoptr(JsonNode) root = json_builder_get_root(taken);
  g_object_unref(taken);
  return json_to_string(root, FALSE);
}

char *gw_sfu_say_join(const char *room, const char *name) {
  JsonBuilder *b = begin("join");
  put(b, "roomId", room);
  put(b, "name", name);
  return end(b);
}

char *gw_sfu_say_leave(const char *room, const char *name) {
  JsonBuilder *b = begin("leave");
  put(b, "room", room);
  put(b, "name", name);
  return end(b);
}

char *gw_sfu_say_request(const char *room, const char *name, const char *src, const char *sdp) {
  JsonBuilder *b = begin("requestStream");
  put(b, "roomId", room);
  put(b, "name", name);
  put(b, "src", src);
  put(b, "offer", sdp);
  return end(b);
}

char *gw_sfu_say_candidate(const char *src, const char *candidate, const char *mid, guint mline) {
  JsonBuilder *b = begin("iceCandidate");
  put(b, "name", src);
  json_builder_set_member_name(b, "candidate");
  json_builder_begin_object(b);
  put(b, "candidate", candidate);
  if (mid) put(b, "sdpMid", mid);
  json_builder_set_member_name(b, "sdpMLineIndex");
  json_builder_add_int_value(b, mline);
  json_builder_end_object(b);
  return end(b);
}
