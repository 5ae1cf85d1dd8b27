/* test_takeovers.c - another dialog of the same phone takes the place of a call's own (Replaces). */
#include "kit.h"

static gw_sip_call *replacing(world *w, gw_sip_call *old, const gw_desc *offer) {
  gw_sip_call *sip = fake_sip_call();
  gw_sip_invite i = {.phone = "100",
                     .from_user = "100",
                     .from_name = "",
                     .to_user = "8000",
                     .source = "udp:127.0.0.9:5062",
                     .call_id = "y",
                     .offer = offer,
                     .replaces = old};
  gw_bridge_invite(NULL, sip, &i, w->b);
  spin();
  return sip;
}

static void test_taken_over(void) {
  for (guint way = 0; way < 3;
       way++) { /* with sound, without any, and the old one hangs up itself */
    world w;
    setup(&w);
    gw_sip_call *sip = seated(&w);
    bob_joins("100@");
    fake_clear();
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *heir = replacing(&w, sip, offer);
    g_assert_true(fake_said("media leg hint=127.0.0.9"));
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    g_assert_true(fake_said("sip answer dir=3"));
    g_assert_false(fake_said("media inherit"));
    if (way == 0)
      gw_bridge_media_events.state(fake_last(GW_MEDIA_LEG), GW_MS_UP, GW_CAUSE_NONE, w.b);
    if (way == 2) end_sip(&w, sip, GW_CAUSE_NORMAL);
    wait_said("media inherit");
    g_assert_true(fake_said("sip hangup alternative") == (way != 2));
    g_assert_false(fake_said("leave") || fake_said("join"));
    g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 1);
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    /* it is the call's own now */
    gw_bridge_sip_digit(heir, '1', 100, w.b);
    end_sip(&w, heir, GW_CAUSE_NORMAL);
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    g_assert_cmpuint(fake_sip_refs(sip), ==, 1);
    gw_sip_call_unref(sip);
    gw_sip_call_unref(heir);
    teardown(&w);
  }
}

/* It comes without an offer, gets ours, and its answer comes with the ACK. */
static void test_taken_over_late(void) {
  for (guint way = 0; way < 4; way++) { /* answered, never, with nothing in common, and the old one hangs up before */
    world w;
    setup(&w);
    gw_sip_call *sip = seated(&w);
    g_autoptr(gw_desc) answer = way == 2 ? gw_desc_new() : phone_offer(GW_DIR_SENDRECV);
    fake_clear();
    gw_sip_call *heir = replacing(&w, sip, NULL);
    g_assert_true(fake_said("media leg hint=127.0.0.9"));
    if (way == 3) end_sip(&w, sip, GW_CAUSE_NORMAL);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    g_assert_true(fake_said("sip answer dir=3 codecs=2"));
    if (way == 1) {
      wait_said("sip hangup overload");
    } else {
      gw_bridge_sip_remote(heir, answer, FALSE, w.b);
      spin();
    }
    if (way == 2) g_assert_true(fake_said("sip hangup no-codec"));
    if (way == 0 || way == 3) wait_said("media inherit");
    g_assert_cmpint(fake_said("sip hangup alternative"), ==, way == 0);
    g_assert_false(fake_said("leave") || fake_said("join"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 1);
    end_sip(&w, way == 0 || way == 3 ? heir : sip, GW_CAUSE_NORMAL);
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(sip);
    gw_sip_call_unref(heir);
    teardown(&w);
  }
}

/* The old dialog ends first: the call waits for the one that was to take its place, and ends with it. */
static void test_old_ends_first(void) {
  for (guint way = 0; way < 3; way++) { /* the new one comes up, gives up, has nothing in common with us */
    world w;
    setup(&w);
    gw_sip_call *sip = seated(&w);
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV), none = gw_desc_new();
    gw_sip_call *heir = replacing(&w, sip, way == 2 ? none : offer);
    fake_clear();
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    g_assert_false(fake_said("leave") || fake_said("media"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    g_assert_cmpuint(fake_sip_refs(sip), ==, 1);
    if (way == 1)
      end_sip(&w, heir, GW_CAUSE_CANCELLED);
    else
      fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_cmpint(fake_said("media inherit"), ==, way == 0);
    g_assert_cmpint(fake_said("leave " ROOM), ==, way != 0);
    if (way == 0) end_sip(&w, heir, GW_CAUSE_NORMAL);
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(sip);
    gw_sip_call_unref(heir);
    teardown(&w);
  }
}

/* The new one fails, or gives up: nothing has happened. */
static void test_not_taken_over(void) {
  for (guint way = 0; way < 4; way++) {
    world w;
    setup(&w);
    gw_sip_call *sip = seated(&w);
    fake_clear();
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV), none = gw_desc_new();
    gw_sip_call *heir = replacing(&w, sip, way == 0 ? none : offer);
    if (way == 0) fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    if (way == 0) g_assert_true(fake_said("sip hangup no-codec"));
    if (way == 1) gw_sip_call_unref(replacing(&w, sip, offer)); /* one at a time */
    if (way == 1) g_assert_true(fake_said("sip hangup busy"));
    if (way == 1) end_sip(&w, heir, GW_CAUSE_CANCELLED);
    if (way == 2) end_sip(&w, heir, GW_CAUSE_CANCELLED);
    if (way == 3) { /* the call itself ends meanwhile */
      g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
      gw_bridge_hangup(w.b, ((gw_call_info *)calls->pdata[0])->id);
      spin();
      g_assert_true(fake_said("sip hangup normal"));
      end_sip(&w, sip, GW_CAUSE_NORMAL);
    } else {
      g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 1);
      g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
      end_sip(&w, sip, GW_CAUSE_NORMAL);
    }
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(sip);
    gw_sip_call_unref(heir);
    teardown(&w);
  }
}

/* An attended transfer between two calls of one phone: the first goes on in the second's place. */
static void test_adopted(void) {
  world w;
  setup_two(&w);
  gw_sip_call *one = seated(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *two = invite(&w, "100", "8001", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  fake_clear();
  refer(&w, one, "8001", TRUE, two);
  g_assert_true(fake_said("sip refer-answer 202") && fake_said("media move"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("media inherit") && fake_said("sip hangup alternative") &&
                fake_said("sip refer-progress 200"));
  g_assert_true(fake_said("leave " ROOM));
  g_assert_false(fake_said("leave " OTHER));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  end_sip(&w, one, GW_CAUSE_NORMAL);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(one);
  gw_sip_call_unref(two);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/dialogs/taken-over", test_taken_over);
  g_test_add_func("/bridge/dialogs/taken-over-late", test_taken_over_late);
  g_test_add_func("/bridge/dialogs/old-ends-first", test_old_ends_first);
  g_test_add_func("/bridge/dialogs/not-taken-over", test_not_taken_over);
  g_test_add_func("/bridge/dialogs/adopted", test_adopted);
  return g_test_run();
}
