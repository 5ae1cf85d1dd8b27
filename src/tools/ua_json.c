#include "tools/ua_json.h"

static void write_node(GString *out, JsonNode *node);

/* json-glib writes 0.1 as 0.10000000000000001: right, but no sight for people who read the line. */
static void write_number(GString *out, gdouble v) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(text, sizeof text, "%.12g", v);
  g_string_append(out, text);
}

static void write_object(GString *out, JsonObject *object) {
  JsonObjectIter iter;
  const char *name, *comma = "";
  JsonNode *member;
  g_string_append_c(out, '{');
  json_object_iter_init_ordered(&iter, object);
  while (json_object_iter_next_ordered(&iter, &name, &member)) {
    g_autoptr(JsonNode) key = json_node_init_string(json_node_alloc(), name);
    g_autofree char *text = json_to_string(key, FALSE);
    g_string_append_printf(out, "%s%s:", comma, text);
    write_node(out, member);
    comma = ",";
  }
  g_string_append_c(out, '}');
}

static void write_array(GString *out, JsonArray *array) {
  g_string_append_c(out, '[');
  for (guint i = 0; i < json_array_get_length(array); i++) {
    if (i) g_string_append_c(out, ',');
    write_node(out, json_array_get_element(array, i));
  }
  g_string_append_c(out, ']');
}

static void write_node(GString *out, JsonNode *node) {
  if (JSON_NODE_HOLDS_OBJECT(node)) {
    write_object(out, json_node_get_object(node));
  } else if (JSON_NODE_HOLDS_ARRAY(node)) {
    write_array(out, json_node_get_array(node));
  } else if (json_node_get_value_type(node) == G_TYPE_DOUBLE) {
    write_number(out, json_node_get_double(node));
  } else {
    g_autofree char *text = json_to_string(node, FALSE);
    g_string_append(out, text);
  }
}

char *gw_ua_json_line(JsonObject *take) {
  GString *out = g_string_new(NULL);
  write_object(out, take);
  json_object_unref(take);
  return g_string_free(out, FALSE);
}

void gw_ua_json_int(JsonObject *o, const char *name, gint64 v, gboolean known) {
  if (known)
    json_object_set_int_member(o, name, v);
  else
    json_object_set_null_member(o, name);
}

void gw_ua_json_string(JsonObject *o, const char *name, const char *v) {
  if (v && *v)
    json_object_set_string_member(o, name, v);
  else
    json_object_set_null_member(o, name);
}
