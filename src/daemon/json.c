#include "daemon/json.h"
#include <gio/gio.h>
#include <string.h>
#include "base/clock.h"

/* Deepest nesting of a text, strings skipped. */
static guint depth_of(const char *text, gsize n) {
  guint depth = 0, deepest = 0;
  gboolean quoted = FALSE;
  for (gsize i = 0; i < n; i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '{' || text[i] == '['))
      depth++;
    else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
      depth--;
    deepest = MAX(deepest, depth);
  }
  return deepest;
}

JsonNode *gw_json_parse(const char *text, gsize n, guint depth, GError **error) {
  if (n > 0 && (memchr(text, '\0', n) || !g_utf8_validate(text, (gssize)n, NULL))) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not UTF-8");
    return NULL;
  }
  if (n == 0) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "empty");
    return NULL;
  }
  if (depth_of(text, n) > depth) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "nested deeper than %u", depth);
    return NULL;
  }
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  if (!json_parser_load_from_data(parser, text, (gssize)n, error)) return NULL;
  JsonNode *root = json_parser_get_root(parser);
  if (root) return json_node_ref(root);
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "empty");
  return NULL;
}

char *gw_json_text(JsonNode *node) {
  g_autoptr(JsonGenerator) generator = json_generator_new();
  json_generator_set_root(generator, node);
  return json_generator_to_data(generator, NULL);
}

void gw_json_string(JsonBuilder *b, const char *name, const char *value) {
  json_builder_set_member_name(b, name);
  if (value && *value)
    json_builder_add_string_value(b, value);
  else
    json_builder_add_null_value(b);
}

void gw_json_int(JsonBuilder *b, const char *name, gint64 value) {
  json_builder_set_member_name(b, name);
  json_builder_add_int_value(b, value);
}

void gw_json_bool(JsonBuilder *b, const char *name, gboolean value) {
  json_builder_set_member_name(b, name);
  json_builder_add_boolean_value(b, value);
}

void gw_json_real(JsonBuilder *b, const char *name, double value) {
  json_builder_set_member_name(b, name);
  json_builder_add_double_value(b, value);
}

void gw_json_time(JsonBuilder *b, const char *name, gint64 wall_us) {
  g_autofree char *text = wall_us ? gw_rfc3339(wall_us) : NULL;
  gw_json_string(b, name, text);
}

void gw_json_null(JsonBuilder *b, const char *name) {
  gw_json_string(b, name, NULL);
}

JsonNode *gw_json_done(JsonBuilder *b) {
  JsonNode *root = json_builder_get_root(b);
  g_object_unref(b);
  return root;
}

JsonNode *gw_json_get(JsonNode *object, const char *name) {
  if (!object || !JSON_NODE_HOLDS_OBJECT(object)) return NULL;
  return json_object_get_member(json_node_get_object(object), name);
}

const char *gw_json_get_string(JsonNode *object, const char *name) {
  JsonNode *member = gw_json_get(object, name);
  if (!member || json_node_get_value_type(member) != G_TYPE_STRING) return NULL;
  return json_node_get_string(member);
}

gboolean gw_json_get_bool(JsonNode *object, const char *name) {
  JsonNode *member = gw_json_get(object, name);
  return member && json_node_get_value_type(member) == G_TYPE_BOOLEAN &&
         json_node_get_boolean(member);
}

gint64 gw_json_get_int(JsonNode *object, const char *name, gint64 otherwise) {
  JsonNode *member = gw_json_get(object, name);
  if (!member || json_node_get_value_type(member) != G_TYPE_INT64) return otherwise;
  return json_node_get_int(member);
}
