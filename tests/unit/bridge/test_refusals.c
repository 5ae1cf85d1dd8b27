/* test_refusals.c - a phone is told why before it is refused. */
#include "kit.h"

static void test_told_why(void) {
  for (guint way = 0; way < 3; way++) { /* heard out, given up, or nothing that could be made */
    world w;
    setup(&w);
    fake_prompts = TRUE;
    fake_clear();
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = invite(&w, "100", "9999", offer);
    g_assert_true(fake_said("media leg") && !fake_said("sip"));
    if (way == 2) {
      wait_said("sip hangup not-found");
    } else {
      fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
      spin();
      g_assert_true(fake_said("sip progress dir=3") && fake_said("play en/not-found"));
      g_assert_false(fake_said("sip hangup") || fake_said("join"));
      if (way == 0) end_prompt(&w);
      if (way == 0) g_assert_true(fake_said("sip hangup not-found"));
      if (way == 1) end_sip(&w, sip, GW_CAUSE_CANCELLED);
    }
    spin();
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    g_assert_nonnull(strstr(w.store->str, "\"cause\":\"not-found\""));
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

static void test_not_told(void) {
  static const gboolean prompts[] = {FALSE, TRUE, TRUE}, spoken[] = {TRUE, FALSE, TRUE},
                        offers[] = {TRUE, TRUE, FALSE};
  for (guint i = 0; i < G_N_ELEMENTS(prompts); i++) {
    world w;
    setup(&w);
    gw_bridge_conf *c = conf(FALSE);
    c->spoken_refusals = spoken[i];
    gw_bridge_reconfigure(w.b, c);
    fake_prompts = prompts[i];
    fake_clear();
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = invite(&w, "100", "9999", offers[i] ? offer : NULL);
    g_assert_true(fake_said("sip hangup not-found") && !fake_said("media"));
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* Refused calls are few at once: the third of a phone gets its code only. */
static void test_told_few(void) {
  world w;
  setup(&w);
  fake_prompts = TRUE;
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *calls[3];
  for (guint i = 0; i < 3; i++) {
    g_assert_false(fake_said("sip hangup not-found"));
    calls[i] = invite(&w, "100", "9999", offer);
  }
  g_assert_true(fake_said("sip hangup not-found"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  for (guint i = 0; i < 2; i++)
    end_sip(&w, calls[i], GW_CAUSE_CANCELLED);
  for (guint i = 0; i < 3; i++)
    gw_sip_call_unref(calls[i]);
  teardown(&w);
}

/* The room does not let it in: nobody in there is heard while that is said. */
static void test_room_refuses(gconstpointer before_leg) {
  world w;
  setup(&w);
  fake_prompts = TRUE;
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  if (!before_leg) fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "forbidden");
  spin();
  g_assert_true(fake_said("leave " ROOM) && !fake_said("sip progress") && !fake_said("sip hangup"));
  if (before_leg) {
    g_assert_false(fake_said("media move"));
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
  }
  g_assert_true(fake_said("media move") && !fake_said("sip progress"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip progress dir=3") && fake_said("play en/forbidden"));
  end_prompt(&w);
  g_assert_true(fake_said("sip hangup forbidden"));
  g_assert_nonnull(strstr(w.store->str, "\"sip_status\":403"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/dialogs/told-why", test_told_why);
  g_test_add_func("/bridge/dialogs/not-told", test_not_told);
  g_test_add_func("/bridge/dialogs/told-few", test_told_few);
  g_test_add_data_func("/bridge/dialogs/room-refuses", NULL, test_room_refuses);
  g_test_add_data_func("/bridge/dialogs/room-refuses-at-once", "before the leg", test_room_refuses);
  return g_test_run();
}
