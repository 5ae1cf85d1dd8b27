/* Rows of the command table as forms, forms as command lines, answers as tables. */
#include <string.h>
#include "daemon/json.h"
#include "daemon/operators.h"

static char *joined(const GPtrArray *fields) {
  GString *s = g_string_new(NULL);
  for (guint i = 0; i < fields->len; i++) {
    const gw_field *f = fields->pdata[i];
    g_string_append_printf(s, "%s%s%s", i ? " " : "", f->var, f->required ? "!" : "");
  }
  return g_string_free(s, FALSE);
}

static void test_fields(void) {
  static const struct {
    gw_command command;
    const char *fields;
  } rows[] = {{GW_CMD_STATUS, ""},
              {GW_CMD_CALL_LIST, ""},
              {GW_CMD_CALL_HANGUP, "id!"},
              {GW_CMD_CALL_DIAL, "number! room!"},
              {GW_CMD_ROOM_ADD, "number! roomjid! keys"},
              {GW_CMD_ROUTE_EXPLAIN, "from! to!"},
              {GW_CMD_HISTORY, ""}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GPtrArray) fields = gw_operator_fields(&gw_command_table[rows[i].command]);
    g_autofree char *text = joined(fields);
    g_assert_cmpstr(text, ==, rows[i].fields);
  }
}

static void test_words(void) {
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  g_ptr_array_add(values, g_strsplit("8100", "\n", 0));
  g_ptr_array_add(values, g_strsplit("--help me", "\n", 0));
  g_ptr_array_add(values, g_strsplit("idle=wait\npin=1", "\n", 0));
  g_auto(GStrv) words = gw_operator_words(&gw_command_table[GW_CMD_ROOM_ADD], values);
  g_autofree char *line = g_strjoinv("|", words);
  g_assert_cmpstr(line, ==, "room|add|8100|--help me|idle=wait|pin=1");
  const char *const *rest;
  g_assert_cmpint(gw_command_find((const char *const *)words, &rest), ==, GW_CMD_ROOM_ADD);
}

static void test_results(void) {
  static const char list[] =
      "[{\"id\":\"a\",\"n\":2,\"on\":true,\"none\":null,\"peers\":[]},{\"id\":\"b\"}]";
  gw_adhoc_result r;
  g_autoptr(JsonNode) json = gw_json_parse(list, strlen(list), 8, NULL);
  gw_operator_result(0, "text\n", json, &r);
  g_autofree char *heads = g_strjoinv("|", r.heads), *first = g_strjoinv("|", r.rows->pdata[0]),
                  *second = g_strjoinv("|", r.rows->pdata[1]);
  g_assert_cmpstr(heads, ==, "id|n|on|none");
  g_assert_cmpstr(first, ==, "a|2|yes|");
  g_assert_cmpstr(second, ==, "b|||");
  gw_adhoc_result_clear(&r);
  gw_operator_result(1, "there is no such call\n", json, &r);
  g_assert_true(r.failed && !r.heads);
  g_assert_cmpstr(r.text, ==, "there is no such call");
  gw_adhoc_result_clear(&r);
  g_autofree char *much = g_strnfill(100000, 'x');
  gw_operator_result(0, much, NULL, &r);
  g_assert_cmpuint(strlen(r.text), <=, 16384);
  gw_adhoc_result_clear(&r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/operator_form/fields", test_fields);
  g_test_add_func("/operator_form/words", test_words);
  g_test_add_func("/operator_form/results", test_results);
  return g_test_run();
}
