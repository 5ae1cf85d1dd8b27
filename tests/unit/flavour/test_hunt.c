/* One number, several trunks: which takes it, and whether the next one is tried. */
#include "gateway/dialplan/hunt.h"
#include <string.h>

static void test_worth(void) {
  static const struct {
    gw_cause cause;
    guint status;
    gboolean rang, another;
  } rows[] = {
      {GW_CAUSE_OVERLOAD, 503, FALSE, TRUE},
      {GW_CAUSE_OVERLOAD, 503, TRUE, FALSE},
      {GW_CAUSE_TIMEOUT, 408, FALSE, TRUE},
      {GW_CAUSE_TIMEOUT, 408, TRUE, FALSE}, /* nobody picked up */
      {GW_CAUSE_TIMEOUT, 0, FALSE, TRUE},
      {GW_CAUSE_TIMEOUT, 0, TRUE, FALSE},
      {GW_CAUSE_INTERNAL, 500, FALSE, TRUE},
      {GW_CAUSE_INTERNAL, 502, FALSE, TRUE},
      {GW_CAUSE_INTERNAL, 504, FALSE, TRUE},
      {GW_CAUSE_INTERNAL, 501, FALSE, FALSE},
      {GW_CAUSE_AUTH, 401, FALSE, TRUE},
      {GW_CAUSE_AUTH, 407, FALSE, TRUE},
      {GW_CAUSE_PEER_GONE, 480, FALSE, TRUE}, /* no host could be reached */
      {GW_CAUSE_TIMEOUT, 480, FALSE, FALSE},  /* said by the callee's side */
      {GW_CAUSE_PEER_GONE, 0, FALSE, TRUE},
      {GW_CAUSE_NOT_FOUND, 0, FALSE, TRUE}, /* the trunk is no more */
      {GW_CAUSE_FORBIDDEN, 0, FALSE, TRUE}, /* its way is not encrypted */
      {GW_CAUSE_SHUTDOWN, 0, FALSE, FALSE},
      {GW_CAUSE_CANCELLED, 0, FALSE, FALSE},
      {GW_CAUSE_BUSY, 486, FALSE, FALSE},
      {GW_CAUSE_BUSY, 600, FALSE, FALSE},
      {GW_CAUSE_REJECTED, 603, FALSE, FALSE},
      {GW_CAUSE_REJECTED, 403, FALSE, FALSE},
      {GW_CAUSE_REJECTED, 302, FALSE, FALSE},
      {GW_CAUSE_NOT_FOUND, 404, FALSE, FALSE},
      {GW_CAUSE_NOT_FOUND, 484, FALSE, FALSE},
      {GW_CAUSE_NO_CODEC, 488, FALSE, FALSE},
      {GW_CAUSE_CANCELLED, 487, FALSE, FALSE},
      {GW_CAUSE_PEER_GONE, 433, FALSE, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s %u rang=%d", gw_cause_word(rows[i].cause), rows[i].status, rows[i].rang);
    g_assert_cmpint(gw_hunt_worth_another(rows[i].cause, rows[i].status, rows[i].rang), ==,
                    rows[i].another);
  }
}

static gw_cause obstacle(const char *trunk, void *user) {
  GString *asked = user;
  g_string_append_printf(asked, "%s ", trunk);
  return strstr(trunk, "full")   ? GW_CAUSE_BUSY
         : strstr(trunk, "down") ? GW_CAUSE_PEER_GONE
                                 : GW_CAUSE_NONE;
}

static GPtrArray *ways_of(const char *names) {
  GPtrArray *ways = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_way_free);
  g_auto(GStrv) all = g_strsplit(names, " ", 0);
  for (char **n = all; *n; n++) {
    gw_dialplan_way *w = g_new0(gw_dialplan_way, 1);
    *w = (gw_dialplan_way){g_strdup(*n), g_strdup("1")};
    g_ptr_array_add(ways, w);
  }
  return ways;
}

static void test_order(void) {
  static const struct {
    const char *ways, *tried, *found, *asked;
    gw_cause why;
  } rows[] = {
      {"a b", "", "a", "a ", GW_CAUSE_NONE},
      {"a b", "a", "b", "b ", GW_CAUSE_NONE},
      {"a b", "b", "a", "a ", GW_CAUSE_NONE}, /* the file has changed meanwhile */
      {"a b", "a b", NULL, "", GW_CAUSE_PEER_GONE},
      {"down full c", "", "c", "down full c ", GW_CAUSE_NONE},
      {"down full", "", NULL, "down full ", GW_CAUSE_BUSY},
      {"full down", "", NULL, "full down ", GW_CAUSE_PEER_GONE},
      {"a b c d e f", "a b c", "d", "d ", GW_CAUSE_NONE},
      {"a b c d e f", "a b c d", NULL, "", GW_CAUSE_PEER_GONE}, /* enough */
      {"a", "b", "a", "a ", GW_CAUSE_NONE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_hunt) h = gw_hunt_new(NULL, "1");
    g_autoptr(GPtrArray) ways = ways_of(rows[i].ways);
    g_autoptr(GString) asked = g_string_new(NULL);
    g_auto(GStrv) tried = g_strsplit(rows[i].tried, " ", 0);
    gw_cause why = GW_CAUSE_INTERNAL;
    for (char **t = tried; *t; t++) {
      gw_hunt_tried(h, *t);
      gw_hunt_tried(h, *t); /* counts once */
    }
    const gw_dialplan_way *way = gw_hunt_find(h, ways, obstacle, asked, &why);
    g_assert_cmpstr(way ? way->trunk : NULL, ==, rows[i].found);
    g_assert_cmpstr(asked->str, ==, rows[i].asked);
    g_assert_cmpint(why, ==, rows[i].why);
  }
}

static void test_no_ways(void) {
  g_autoptr(gw_hunt) h = gw_hunt_new("anna@x.test", "+49301");
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  gw_cause why = GW_CAUSE_NONE;
  g_assert_null(gw_hunt_find(h, none, obstacle, NULL, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_PEER_GONE);
  g_assert_cmpstr(gw_hunt_by(h), ==, "anna@x.test");
  g_assert_cmpstr(gw_hunt_number(h), ==, "+49301");
  for (guint i = 0; i < 100; i++) {
    g_autofree char *name = g_strdup_printf("t%u", i);
    gw_hunt_tried(h, name);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/hunt/worth-another", test_worth);
  g_test_add_func("/hunt/order", test_order);
  g_test_add_func("/hunt/bounded", test_no_ways);
  return g_test_run();
}
