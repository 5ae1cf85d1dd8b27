/* The gateway's lists and addresses: pages of a list, what is in it, and what a typed number becomes. */
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/gateway.h"
#include "xmpp/page.h"
#include "xmpp/roster_help.h"

static void test_pages(void) {
  static const char *const names[] = {"a", "c", "e", "g", "i"};
  static const struct {
    gw_page_ask ask;
    gboolean found;
    gw_page page;
  } rows[] = {
      {{0}, TRUE, {0, 4}}, /* most: 4 */
      {{.limited = TRUE, .max = 2}, TRUE, {0, 2}},
      {{.limited = TRUE, .max = 0}, TRUE, {0, 0}},
      {{.limited = TRUE, .max = G_MAXUINT}, TRUE, {0, 4}},
      {{.limited = TRUE, .max = 2, .after = "c"}, TRUE, {2, 2}},
      {{.limited = TRUE, .max = 2, .after = "d"}, TRUE, {2, 2}}, /* it has gone meanwhile */
      {{.after = "i"}, TRUE, {5, 0}},
      {{.after = "z"}, TRUE, {5, 0}},
      {{.limited = TRUE, .max = 2, .before = ""}, TRUE, {3, 2}},
      {{.limited = TRUE, .max = 2, .before = "g"}, TRUE, {1, 2}},
      {{.limited = TRUE, .max = 2, .before = "a"}, TRUE, {0, 0}},
      {{.limited = TRUE, .max = 9, .after = "a", .before = "g"}, TRUE, {1, 2}},
      {{.after = "g", .before = "c"}, TRUE, {4, 0}},
      {{.by_index = TRUE, .index = 3}, TRUE, {3, 2}},
      {{.by_index = TRUE, .index = 5}, FALSE, {0, 0}},
      {{.by_index = TRUE, .index = G_MAXUINT}, FALSE, {0, 0}},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_page page = {0};
    g_test_message("row %u", i);
    g_assert_true(gw_page_of(names, G_N_ELEMENTS(names), &rows[i].ask, 4, &page) == rows[i].found);
    g_assert_cmpuint(page.first, ==, rows[i].page.first);
    g_assert_cmpuint(page.count, ==, rows[i].page.count);
  }
  gw_page none;
  g_assert_true(gw_page_of(NULL, 0, &(gw_page_ask){.by_index = TRUE}, 4, &none) && !none.count);
}

static void test_items(void) {
  g_autoptr(gw_items) l = gw_items_new();
  gw_items_add(l, "101@p.test", "Workshop");
  gw_items_add(l, "100@P.test", "Front desk");
  gw_items_add(l, "101@p.test", "again");
  gw_items_add(l, "bad@@", "bad");
  gw_items_add(l, "Room@c.test", NULL);
  g_assert_cmpuint(gw_items_count(l), ==, 3);
  g_assert_cmpstr(gw_items_jid(l, 0), ==, "100@p.test");
  g_assert_cmpstr(gw_items_name(l, 1), ==, "Workshop");
  g_assert_cmpstr(gw_items_jid(l, 2), ==, "room@c.test");
  g_assert_cmpstr(gw_items_name(l, 2), ==, "");
  for (guint i = 0; i < GW_MAX_ITEMS + 10; i++) {
    g_autofree char *jid = g_strdup_printf("%06u@many.test", i);
    gw_items_add(l, jid, NULL);
  }
  g_assert_cmpuint(gw_items_count(l), ==, GW_MAX_ITEMS);
}

static void test_addresses(void) {
  static const struct {
    const char *typed, *jid;
  } rows[] = {
      {"100", "100@p.test"},
      {" +49 (0)30 / 12-34.5 ", "+4903012345@p.test"},
      {"*72#", "*72#@p.test"},
      {"Front desk", "front\\20desk@p.test"},
      {"a-b.c", "a-b.c@p.test"},
      {"o'hara&<x>@y/z\"", "o\\27hara\\26\\3cx\\3e\\40y\\2fz\\22@p.test"},
      {"a\\20b", "a\\5c20b@p.test"},
      {"a:b", "a\\3ab@p.test"},
      {"", NULL},
      {"  ", NULL},
      {"-/()", NULL},
      {"\xff", NULL},
      {NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *jid = gw_gateway_address(rows[i].typed, "p.test");
    g_test_message("row %u", i);
    g_assert_cmpstr(jid, ==, rows[i].jid);
  }
  g_autofree char *huge = g_strnfill(GW_MAX_NUMBER + 1, '1');
  g_assert_null(gw_gateway_address(huge, "p.test"));
}

static void test_lack(void) {
  g_autoptr(gw_items) ours = gw_items_new();
  gw_items_add(ours, "100@p.test", "Front desk");
  gw_items_add(ours, "101@p.test", "Workshop");
  gw_items_add(ours, "102@p.test", NULL);
  g_autoptr(gw_lack) l = gw_lack_new(ours);
  gw_lack_has(l, "101@P.test/x", TRUE);
  gw_lack_has(l, "100@p.test", FALSE); /* one of the two does not see the other */
  gw_lack_has(l, "900@p.test", TRUE);
  gw_lack_has(l, "@@", TRUE);
  g_assert_cmpuint(gw_lack_count(l), ==, 2);
  const char *jid, *name;
  g_assert_true(gw_lack_next(l, &jid, &name));
  g_assert_cmpstr(jid, ==, "100@p.test");
  g_assert_cmpstr(name, ==, "Front desk");
  g_assert_true(gw_lack_next(l, &jid, &name));
  g_assert_cmpstr(jid, ==, "102@p.test");
  g_assert_false(gw_lack_next(l, &jid, &name));
  for (guint i = 0; i < GW_HELP_MOST * 2; i++) {
    g_autofree char *more = g_strdup_printf("%u@more.test", i);
    gw_items_add(ours, more, NULL);
  }
  g_autoptr(gw_lack) many = gw_lack_new(ours);
  guint n = 0;
  while (gw_lack_next(many, &jid, &name))
    n++;
  g_assert_cmpuint(n, ==, GW_HELP_MOST);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/gateway/pages", test_pages);
  g_test_add_func("/gateway/items", test_items);
  g_test_add_func("/gateway/addresses", test_addresses);
  g_test_add_func("/gateway/lack", test_lack);
  return g_test_run();
}
