#include "daemon/request.h"
#include <gio/gio.h>
#include <string.h>

struct gw_request {
  void (*fn)(int, const char *, JsonNode *, void *); /* NULL: nobody waits any more */
  void *user;
};

gw_request *gw_request_new(void (*fn)(int, const char *, JsonNode *, void *), void *user) {
  gw_request *request = g_new0(gw_request, 1);
  request->fn = fn;
  request->user = user;
  return request;
}

void gw_request_orphan(gw_request *request) {
  request->fn = NULL;
}

void gw_request_reply(gw_request *request, int exit, char *out, JsonNode *json) {
  if (request->fn) request->fn(exit, out ? out : "", json, request->user);
  g_free(out);
  if (json) json_node_unref(json);
  g_free(request);
}

void gw_request_fail(gw_request *request, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  char *out = g_strdup_vprintf(fmt, args);
  va_end(args);
  gw_request_reply(request, 1, out, NULL);
}

void gw_request_usage(gw_request *request, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  char *out = g_strdup_vprintf(fmt, args);
  va_end(args);
  gw_request_reply(request, 2, out, NULL);
}

#define MAX_DEPTH 3   /* {"cmd":[...]} and one to spare */
#define MAX_WORDS 64  /* of a command */
#define MAX_WORD 4096 /* bytes of one */

static gboolean take_word(JsonNode *element, GStrvBuilder *out) {
  gboolean text = json_node_get_value_type(element) == G_TYPE_STRING;
  const char *word = text ? json_node_get_string(element) : NULL;
  if (!word || strlen(word) > MAX_WORD) return FALSE;
  g_strv_builder_add(out, word);
  return TRUE;
}

char **gw_request_words(const char *line, gsize n, GError **error) {
  g_autoptr(JsonNode) root = gw_json_parse(line, n, MAX_DEPTH, error);
  if (!root) return NULL;
  JsonNode *cmd = gw_json_get(root, "cmd");
  JsonArray *words = cmd && JSON_NODE_HOLDS_ARRAY(cmd) ? json_node_get_array(cmd) : NULL;
  guint count = words ? json_array_get_length(words) : 0;
  g_autoptr(GStrvBuilder) out = g_strv_builder_new();
  gboolean good = count > 0 && count <= MAX_WORDS;
  for (guint i = 0; i < count && good; i++)
    good = take_word(json_array_get_element(words, i), out);
  if (good) return g_strv_builder_end(out);
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
              "expected {\"cmd\":[\"word\", ...]} with 1..%d words", MAX_WORDS);
  return NULL;
}

char *gw_request_answer(int exit, const char *out, JsonNode *json) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_int(b, "exit", exit);
  json_builder_set_member_name(b, "out");
  json_builder_add_string_value(b, out);
  json_builder_set_member_name(b, "json");
  if (json)
    json_builder_add_value(b, json_node_copy(json));
  else
    json_builder_add_null_value(b);
  json_builder_end_object(b);
  g_autoptr(JsonNode) root = gw_json_done(b);
  g_autofree char *text = gw_json_text(root);
  return g_strconcat(text, "\n", NULL);
}
