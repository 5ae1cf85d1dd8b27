/* Text both ways among stand-ins: said in the room by the phone's occupant, sent to the phone that wants it. */
#include "kit.h"

static void start(world *w, gboolean messages) {
  setup(w);
  gw_bridge_conf *c = conf(TRUE);
  ((gw_phone_conf *)c->phones->pdata[0])->messages = messages;
  gw_bridge_reconfigure(w->b, c);
  fake_muc_in(fake_muc("gateway@gw.test/other"), FALSE);
}

static guint write_to(world *w, gw_sip_call *call, const char *to, const char *text) {
  const gw_sip_message m = {.phone = "100", .to_user = to, .call = call, .text = text};
  const char *why = NULL;
  guint status = gw_bridge_sip_message(NULL, &m, &why, w->b);
  g_assert_true(status < 300 || why);
  return status;
}

static gw_sip_call *sit(world *w) {
  gw_sip_call *sip = seated(w);
  fake_clear();
  return sip;
}

static void test_from_phone(void) {
  world w;
  start(&w, FALSE);
  g_assert_cmpuint(write_to(&w, NULL, "8000", "too early"), ==, 480);
  gw_sip_call *sip = sit(&w);
  g_assert_cmpuint(write_to(&w, sip, "tipring", "in the dialog"), ==, 202);
  g_assert_true(fake_said("tell " ROOM ": in the dialog"));
  g_assert_cmpuint(write_to(&w, NULL, "8000", "to the number"), ==, 202);
  g_assert_true(fake_said("tell " ROOM ": to the number"));
  g_assert_cmpuint(write_to(&w, NULL, "anything", "to whatever"), ==, 202);
  g_assert_cmpuint(write_to(&w, NULL, "8001", "not there"), ==, 480);
  g_assert_false(fake_said("not there"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_cmpuint(write_to(&w, NULL, "8000", "too late"), ==, 480);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_pace(void) {
  world w;
  start(&w, FALSE);
  gw_sip_call *sip = sit(&w);
  guint taken = 0;
  for (guint i = 0; i < 50; i++)
    taken += write_to(&w, sip, "8000", "again") == 202;
  g_assert_cmpuint(taken, >=, 5);
  g_assert_cmpuint(taken, <, 10);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void hear(const char *persona, const char *nick, const char *body) {
  fake_muc_text(fake_muc(persona), nick, body);
}

static void test_to_phone(void) {
  world w;
  start(&w, TRUE);
  gw_sip_call *sip = sit(&w);
  hear("100@", "Anna", "hello");
  g_assert_true(fake_said("sip text Anna: hello"));
  hear("100@", "Anna", " ");
  fake_clear();
  for (guint i = 0; i < 100; i++)
    hear("100@", "Anna", "flood");
  guint sent = 0;
  for (const char *p = fake_log(); (p = strstr(p, "sip text")); p++)
    sent++;
  g_assert_cmpuint(sent, >=, 9);
  g_assert_cmpuint(sent, <, 15);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_not_wanted(void) {
  world w;
  start(&w, FALSE);
  gw_sip_call *sip = sit(&w);
  hear("100@", "Anna", "hello");
  g_assert_false(fake_said("sip text"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* One occupant for two phones: told apart by a name, and the other one reads it as well. */
static void test_shared(void) {
  world w;
  start(&w, TRUE);
  gw_bridge_conf *c = conf(FALSE);
  ((gw_phone_conf *)c->phones->pdata[0])->messages = TRUE;
  g_free(((gw_room_conf *)c->rooms->pdata[0])->identity);
  ((gw_room_conf *)c->rooms->pdata[0])->identity = g_strdup("shared");
  gw_bridge_reconfigure(w.b, c);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *first = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc("phones@"), FALSE);
  spin();
  gw_sip_call *second = invite(&w, "101", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  g_usleep(2000);
  spin();
  fake_clear();
  const gw_sip_message m = {.phone = "101", .to_user = "8000", .text = "hi"};
  const char *why = NULL;
  g_assert_cmpuint(gw_bridge_sip_message(NULL, &m, &why, w.b), ==, 202);
  g_assert_true(fake_said("tell " ROOM ": Workshop: hi"));
  g_assert_true(fake_said("sip text Workshop: hi"));
  end_sip(&w, second, GW_CAUSE_NORMAL);
  end_sip(&w, first, GW_CAUSE_NORMAL);
  gw_sip_call_unref(first);
  gw_sip_call_unref(second);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/chat/from-phone", test_from_phone);
  g_test_add_func("/chat/pace", test_pace);
  g_test_add_func("/chat/to-phone", test_to_phone);
  g_test_add_func("/chat/not-wanted", test_not_wanted);
  g_test_add_func("/chat/shared", test_shared);
  return g_test_run();
}
