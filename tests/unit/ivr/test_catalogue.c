#include <json-glib/json-glib.h>
#include "gateway/ivr/ivr.h"

static void check_language(JsonObject *all, const char *name, JsonNode *node, gpointer user) {
  JsonObject *language = json_node_get_object(node);
  JsonObject *prompts = json_object_get_object_member(language, "prompts");
  g_assert_cmpstr(json_object_get_string_member(language, "voice"), !=, "");
  guint n = 0;
  for (; gw_ivr_prompts[n]; n++) {
    if (g_str_equal(gw_ivr_prompts[n], "music")) continue;
    g_test_message("%s/%s", name, gw_ivr_prompts[n]);
    g_assert_true(json_object_has_member(prompts, gw_ivr_prompts[n]));
  }
  g_assert_cmpuint(json_object_get_size(prompts), ==, n - 1); /* and nothing that nobody asks for */
  ++*(guint *)user;
}

static void test_languages(void) {
  g_autoptr(JsonParser) parser = json_parser_new();
  guint languages = 0;
  g_assert_true(json_parser_load_from_file(parser, CATALOGUE, NULL));
  JsonObject *all = json_node_get_object(json_parser_get_root(parser));
  json_object_foreach_member(all, check_language, &languages);
  g_assert_true(json_object_has_member(all, "en") && json_object_has_member(all, "de"));
  g_assert_cmpuint(languages, >=, 2);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/catalogue/languages", test_languages);
  return g_test_run();
}
