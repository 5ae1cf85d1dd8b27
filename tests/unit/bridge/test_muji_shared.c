/* identity = "shared": the phones of a room are one participant of its Muji call. */
#include "kit.h"

static gw_sip_call *dials_shared(world *w, const char *phone) {
  fake_clear();
  return dials(w, phone, "8000");
}

static void test_shared(void) {
  world w;
  setup(&w);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_strfreev(g_steal_pointer(&r->ring));
  g_free(r->flavour);
  r->flavour = g_strdup("muji");
  g_free(r->identity);
  r->identity = g_strdup("shared");
  gw_bridge_reconfigure(w.b, c);
  gw_sip_call *one = dials_shared(&w, "100");
  gw_sip_call *two = dials_shared(&w, "101"); /* before the room has let the first one in */
  g_assert_false(fake_said("join"));
  fake_muc_in(fake_muc("phones@"), FALSE);
  spin();
  g_assert_true(fake_said("muji preparing"));
  g_assert_true(strstr(strstr(fake_log(), "sip answer") + 1, "sip answer") != NULL); /* both */
  hangs_up(&w, one, 1);
  g_assert_false(fake_said("muji none") || fake_said("leave "));
  one = dials_shared(&w, "100"); /* into the seat that is there */
  g_assert_true(fake_said("sip answer") && !fake_said("join"));
  hangs_up(&w, two, 1);
  g_assert_false(fake_said("leave "));
  fake_clear();
  hangs_up(&w, one, 0);
  g_assert_true(fake_said("muji none") && fake_said("leave " ROOM " as Phones"));
  one = dials_shared(&w, "100"); /* all are put out together */
  fake_muc_in(fake_muc("phones@"), FALSE);
  spin();
  two = dials_shared(&w, "101");
  fake_muc_out(fake_muc("phones@"), GW_CAUSE_ROOM_CLOSED, "kicked");
  spin();
  until_calls(&w, 0);
  end_sip(&w, one, GW_CAUSE_NORMAL);
  end_sip(&w, two, GW_CAUSE_NORMAL);
  gw_sip_call_unref(one);
  gw_sip_call_unref(two);
  one = dials_shared(&w, "100"); /* the first goes before the room lets it in: the second joins by itself */
  two = dials_shared(&w, "101");
  hangs_up(&w, one, 1);
  g_assert_true(fake_said("join " ROOM " as Phones"));
  fake_muc_in(fake_muc("phones@"), FALSE);
  spin();
  g_assert_true(fake_said("sip answer"));
  hangs_up(&w, two, 0);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muji-rooms/shared", test_shared);
  return g_test_run();
}
