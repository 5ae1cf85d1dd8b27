/* Data forms (XEP-0004) as they come in: which values count, what is missing, what is too much. */
#include <string.h>
#include "xmpp/form_xml.h"

static GPtrArray *fields(void) {
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)gw_field_free);
  gw_field *room = gw_field_new("room", "Room", GW_FIELD_LIST, TRUE);
  room->options = g_strsplit("8000,8001", ",", 0);
  g_ptr_array_add(all, gw_field_new("number", "Number", GW_FIELD_TEXT, TRUE));
  g_ptr_array_add(all, room);
  g_ptr_array_add(all, gw_field_new("keys", "Keys", GW_FIELD_LINES, FALSE));
  return all;
}

#define FORM(inside) "<command><x xmlns='jabber:x:data' type='submit'>" inside "</x></command>"
#define F(var, ...) "<field var='" var "'>" __VA_ARGS__ "</field>"
#define V(text) "<value>" text "</value>"

static void test_read(void) {
  static const struct {
    const char *xml, *values; /* NULL: refused */
    gboolean complete;
  } rows[] = {
      {FORM(F("number", V("103")) F("room", V("8000"))), "103;8000;", TRUE},
      {FORM(F("room", V("8000")) F("number", V(" 103 "))), "103;8000;", TRUE},
      {FORM(F("number", V("103")) F("room", V("8000")) F("keys", V("a=1") V("b=2"))),
       "103;8000;a=1,b=2", TRUE},
      {FORM(F("number", V("103"))), "103;;", FALSE},
      {FORM(F("number", V("")) F("room", V("8000"))), ";8000;", FALSE},
      {FORM(F("number", V("103")) F("room", V("9999"))), "103;9999;", FALSE}, /* was not offered */
      {FORM(F("number", V("1") V("2")) F("room", V("8000"))), "1;8000;", TRUE},
      {FORM(F("number", V("1\n2")) F("room", V("8000"))), "1;8000;", TRUE},
      {FORM(F("number", V("1")) F("number", V("2")) F("room", V("8001"))), "1;8001;", TRUE},
      {FORM(""), ";;", FALSE},
      {"<command/>", NULL, FALSE},
      {"<command><x xmlns='jabber:x:data' type='cancel'/></command>", NULL, FALSE},
      {"<command><x xmlns='other' type='submit'/></command>", NULL, FALSE},
  };
  g_autoptr(GPtrArray) wanted = fields();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    xmpp_stanza_t *s = gw_xml_parse(rows[i].xml, strlen(rows[i].xml));
    gboolean complete;
    g_autoptr(GPtrArray) got = gw_form_xml_read(s, wanted, &complete);
    GString *text = g_string_new(NULL);
    for (guint k = 0; got && k < got->len; k++) {
      g_autofree char *one = g_strjoinv(",", got->pdata[k]);
      g_string_append_printf(text, "%s%s", k ? ";" : "", one);
    }
    g_test_message("row %u: %s", i, text->str);
    g_assert_true((got != NULL) == (rows[i].values != NULL));
    if (got) g_assert_cmpstr(text->str, ==, rows[i].values);
    g_assert_true(complete == rows[i].complete);
    g_string_free(text, TRUE);
    xmpp_stanza_release(s);
  }
}

static void test_too_much(void) {
  g_autoptr(GPtrArray) wanted = fields();
  g_autofree char *longer = g_strnfill(GW_FORM_VALUE + 1, 'x');
  GString *many =
      g_string_new("<command><x xmlns='jabber:x:data' type='submit'><field var='keys'>");
  for (guint i = 0; i <= GW_FORM_VALUES; i++)
    g_string_append(many, V("k"));
  g_string_append(many, "</field></x></command>");
  g_autofree char *huge = g_strdup_printf(FORM(F("number", V("%s"))), longer);
  const char *const texts[] = {many->str, huge};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    xmpp_stanza_t *s = gw_xml_parse(texts[i], strlen(texts[i]));
    gboolean complete = TRUE;
    g_assert_null(gw_form_xml_read(s, wanted, &complete));
    g_assert_false(complete);
    xmpp_stanza_release(s);
  }
  g_string_free(many, TRUE);
}

/* What we ask for can be read by what reads, and results hold what they were given. */
static void test_written(void) {
  g_autoptr(GPtrArray) wanted = fields();
  xmpp_stanza_t *s = gw_xml_new("command", NULL);
  gw_form_xml_add(s, "Dial", "Please", wanted);
  g_autofree char *form = gw_xml_print(s);
  g_assert_nonnull(strstr(form, "<required/>"));
  g_assert_nonnull(strstr(form, "<value>8001</value>"));
  g_assert_nonnull(strstr(form, "text-multi"));
  xmpp_stanza_release(s);
  gw_adhoc_result r = {.text = g_strdup("one\ntwo & <three>"), .heads = NULL};
  s = gw_xml_new("command", NULL);
  gw_form_xml_add_result(s, "Title", &r);
  g_autofree char *text = gw_xml_print(s);
  g_assert_nonnull(strstr(text, "<value>one</value><value>two &amp; &lt;three&gt;</value>"));
  xmpp_stanza_release(s);
  gw_adhoc_result_clear(&r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/forms/read", test_read);
  g_test_add_func("/forms/too-much", test_too_much);
  g_test_add_func("/forms/written", test_written);
  return g_test_run();
}
