/* operator_form.c - rows of the command table as forms, forms as command lines, documents as tables. Pure. */
#include <string.h>
#include "daemon/json.h"
#include "daemon/operators.h"

#define MOST_ROWS 100
#define MOST_COLUMNS 16
#define MOST_TEXT 16384

static const struct {
  const char *word, *label;
} labels[] = {{"ID", "Call"},
              {"NUMBER", "Number"},
              {"ROOM", "Room (number or JID)"},
              {"ROOMJID", "Room (JID)"},
              {"JID", "JID"},
              {"FROM", "From"},
              {"TO", "To"}};

static const char *label_of(const char *word) {
  for (guint i = 0; i < G_N_ELEMENTS(labels); i++)
    if (!strcmp(labels[i].word, word)) return labels[i].label;
  return word;
}

GPtrArray *gw_operator_fields(const gw_command_row *row) {
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)gw_field_free);
  g_auto(GStrv) words = g_strsplit(row->arguments, " ", -1);
  for (char **w = words; *w; w++) {
    if (g_str_has_prefix(*w, "[--")) {
      while (w[0] && !g_str_has_suffix(*w, "]") && w[1])
        w++;
    } else if (g_str_has_prefix(*w, "[KEY=VALUE")) {
      g_ptr_array_add(all, gw_field_new("keys", "More, each as KEY=VALUE", GW_FIELD_LINES, FALSE));
    } else if (**w) {
      g_autofree char *var = g_ascii_strdown(*w, -1);
      g_ptr_array_add(all, gw_field_new(var, label_of(*w), GW_FIELD_TEXT, TRUE));
    }
  }
  return all;
}

char **gw_operator_words(const gw_command_row *row, const GPtrArray *values) {
  g_autoptr(GStrvBuilder) words = g_strv_builder_new();
  g_auto(GStrv) name = g_strsplit(row->name, " ", -1);
  g_strv_builder_addv(words, (const char **)name);
  for (guint i = 0; i < values->len; i++)
    if (values->pdata[i]) g_strv_builder_addv(words, values->pdata[i]);
  return g_strv_builder_end(words);
}

/* --- results */

static char *cell(JsonNode *node) {
  GType type =
      node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
  if (type == G_TYPE_STRING) return g_strdup(json_node_get_string(node));
  if (type == G_TYPE_BOOLEAN) return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? gw_json_text(node) : g_strdup("");
}

static gboolean is_list(JsonNode *json) {
  JsonArray *a = json && JSON_NODE_HOLDS_ARRAY(json) ? json_node_get_array(json) : NULL;
  return a && json_array_get_length(a) && JSON_NODE_HOLDS_OBJECT(json_array_get_element(a, 0));
}

static char **heads_of(JsonObject *first) {
  g_autoptr(GStrvBuilder) heads = g_strv_builder_new();
  g_autoptr(GList) members = json_object_get_members(first);
  guint n = 0;
  for (GList *m = members; m && n < MOST_COLUMNS; m = m->next) {
    JsonNode *node = json_object_get_member(first, m->data);
    if (JSON_NODE_HOLDS_ARRAY(node) || JSON_NODE_HOLDS_OBJECT(node)) continue;
    g_strv_builder_add(heads, m->data);
    n++;
  }
  return g_strv_builder_end(heads);
}

static void table(JsonArray *list, gw_adhoc_result *ret) {
  ret->heads = heads_of(json_array_get_object_element(list, 0));
  ret->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  for (guint i = 0; i < MIN(json_array_get_length(list), MOST_ROWS); i++) {
    JsonNode *row = json_array_get_element(list, i);
    GPtrArray *cells = g_ptr_array_new();
    for (char **h = ret->heads; *h; h++)
      g_ptr_array_add(cells, cell(gw_json_get(row, *h)));
    g_ptr_array_add(cells, NULL);
    g_ptr_array_add(ret->rows, g_ptr_array_free(cells, FALSE));
  }
}

void gw_operator_result(int exit, const char *out, JsonNode *json, gw_adhoc_result *ret) {
  *ret = (gw_adhoc_result){.failed = exit != 0};
  g_autofree char *valid = g_utf8_make_valid(out ? out : "", -1);
  gsize n = strlen(valid) > MOST_TEXT ? MOST_TEXT : strlen(valid);
  while (n && (valid[n] & 0xc0) == 0x80)
    n--;
  ret->text = g_strchomp(g_strndup(valid, n));
  if (!ret->failed && is_list(json)) table(json_node_get_array(json), ret);
}
