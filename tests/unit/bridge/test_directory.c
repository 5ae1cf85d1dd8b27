/* Whose contact lists are helped, and with whom: people the watcher meets, never our own. */
#include "kit.h"

static void test_met(void) {
  world w;
  setup(&w);
  gw_muc *room = fake_muc("gateway@");
  fake_occupant(room, "bob", "bob@x.test/web", GW_OCC_JOINED);
  g_assert_false(fake_said("contact")); /* not wanted */
  fake_occupant(room, "bob", "bob@x.test/web", GW_OCC_LEFT);
  fake_roster_help = TRUE;
  fake_occupant(room, "nobody", NULL, GW_OCC_JOINED); /* the room hides who it is */
  g_assert_false(fake_said("contact"));
  fake_occupant(room, "bob", "bob@x.test/web", GW_OCC_JOINED);
  g_assert_true(fake_said("contact Front desk for bob@x.test/web: 100@gw.test"));
  g_assert_true(fake_said("contact Guest for bob@x.test/web: guest@gw.test"));
  g_assert_true(fake_said("contact Telephone gateway for bob@x.test/web: gateway@gw.test"));
  g_assert_false(fake_said("phones@")); /* each phone is one of its own here */
  fake_clear();
  fake_occupant(room, "bob", "bob@x.test/web", GW_OCC_LEFT);
  g_assert_false(fake_said("contact"));
  teardown(&w);
}

/* All phones of one room are one participant: he would be rung by that, or not at all. */
static void test_met_shared(void) {
  world w;
  setup(&w);
  gw_bridge_conf *c = conf(TRUE);
  gw_room_conf *r = c->rooms->pdata[1];
  g_free(r->identity);
  r->identity = g_strdup("shared");
  gw_bridge_reconfigure(w.b, c);
  fake_roster_help = TRUE;
  fake_occupant(fake_muc("gateway@"), "bob", "bob@x.test/web", GW_OCC_JOINED);
  g_assert_true(fake_said("contact Front desk for bob@x.test/web: 100@gw.test"));
  g_assert_true(fake_said("contact Telephones for bob@x.test/web: phones@gw.test"));
  teardown(&w);
}

static void test_items(void) {
  world w;
  setup(&w);
  gw_bridge_conf *c =
      conf(TRUE); /* the second number leads to a person: no room, and nobody's to list */
  gw_room_conf *r = c->rooms->pdata[1];
  g_free(r->room);
  g_free(r->flavour);
  r->room = g_strdup("alice@x.test");
  r->flavour = g_strdup("direct");
  gw_bridge_reconfigure(w.b, c);
  g_autoptr(gw_items) list = gw_items_new();
  gw_bridge_items(NULL, list, w.b);
  g_assert_cmpuint(gw_items_count(list), ==, 3);
  g_assert_cmpstr(gw_items_jid(list, 0), ==, "100@gw.test");
  g_assert_cmpstr(gw_items_name(list, 1), ==, "Workshop");
  g_assert_cmpstr(gw_items_jid(list, 2), ==, ROOM);
  g_assert_cmpstr(gw_items_name(list, 2), ==, "8000");
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/directory/met", test_met);
  g_test_add_func("/directory/met-shared", test_met_shared);
  g_test_add_func("/directory/items", test_items);
  return g_test_run();
}
