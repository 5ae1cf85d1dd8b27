/* test_dialogs.c - what a phone's dialog may do to its call: be told why before a refusal, move to another room, bring in
 * another phone, be taken over by another dialog. */
#include "kit.h"

#define OTHER "other@muc.test"

static gboolean too_late(gpointer flag) {
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

static void run_for(guint ms) {
  gboolean over = FALSE;
  g_timeout_add(ms, too_late, &over);
  while (!over)
    g_main_context_iteration(NULL, TRUE);
}

static void wait_said(const char *part) {
  gboolean over = FALSE;
  guint timer = g_timeout_add(9000, too_late, &over);
  while (!over && !fake_said(part))
    g_main_context_iteration(NULL, TRUE);
  if (!over) g_source_remove(timer);
  if (over) g_test_message("%s", fake_log());
  g_assert_false(over);
}

static void setup_two(world *w) {
  setup(w);
  gw_bridge_reconfigure(w->b, conf(TRUE));
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
}

static void end_prompt(world *w) {
  run_for(80); /* an earlier end would be that of the prompt before */
  gw_bridge_media_events.prompt_end(fake_last(GW_MEDIA_LEG), w->b);
  spin();
}

/* -- told before a refusal -- */

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
static void test_room_refuses(void) {
  world w;
  setup(&w);
  fake_prompts = TRUE;
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "forbidden");
  spin();
  g_assert_true(fake_said("media move") && fake_said("leave " ROOM) && !fake_said("sip progress"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip progress dir=3") && fake_said("play en/forbidden"));
  end_prompt(&w);
  g_assert_true(fake_said("sip hangup forbidden"));
  g_assert_nonnull(strstr(w.store->str, "\"sip_status\":403"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* -- to another room -- */

static void refer(world *w, gw_sip_call *sip, const char *target, gboolean ours,
                  gw_sip_call *replaces) {
  gw_sip_refer r = {.target = target,
                    .uri = target,
                    .ours = ours,
                    .names_call = replaces != NULL,
                    .replaces = replaces};
  gw_bridge_sip_refer(sip, &r, w->b);
  spin();
}

/* Another phone waits there, so that there is somebody to talk to. */
static gw_sip_call *waiting_there(world *w) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, "101", "8001", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  fake_muc_in(fake_muc("101@"), FALSE);
  spin();
  return sip;
}

static void test_to_room(void) {
  world w;
  setup_two(&w);
  gw_sip_call *other = waiting_there(&w), *sip = seated(&w);
  fake_clear();
  refer(&w, sip, "8001", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 202") && fake_said("join " OTHER));
  g_assert_false(fake_said("leave") || fake_said("media move"));
  refer(&w, sip, "101", TRUE, NULL); /* one at a time */
  g_assert_true(fake_said("sip refer-answer 480"));
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  g_assert_true(fake_said("media move"));
  g_assert_false(fake_said("sip refer-progress"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_test_message("%s", fake_log());
  g_assert_true(fake_said("sip refer-progress 200"));
  g_assert_true(fake_said("leave " ROOM));
  g_assert_false(fake_said("sip hangup") || fake_said("leave " OTHER));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("leave " OTHER));
  end_sip(&w, other, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  gw_sip_call_unref(other);
  teardown(&w);
}

/* The other room does not want it, or it hangs up meanwhile: it stays where it was, or is gone. */
static void test_to_room_fails(void) {
  for (guint way = 0; way < 3; way++) {
    world w;
    setup_two(&w);
    gw_sip_call *sip = seated(&w);
    fake_clear();
    refer(&w, sip, "8001", TRUE, NULL);
    if (way == 0) {
      fake_muc_out(fake_muc_at("100@", OTHER), GW_CAUSE_FORBIDDEN, "forbidden");
      spin();
      g_assert_true(fake_said("sip refer-progress 403") && fake_said("leave " OTHER));
      g_assert_false(fake_said("leave " ROOM) || fake_said("sip hangup"));
      g_autofree char *state = state_of_first(&w);
      g_assert_cmpstr(state, ==, "waiting");
    } else if (way == 2) { /* in the middle of it */
      fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
      spin();
    }
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    if (way == 2) run_for(100);
    g_assert_true(fake_said("leave " OTHER));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

static void test_refused(void) {
  world w;
  setup_two(&w);
  gw_sip_call *sip = seated(&w);
  fake_clear();
  refer(&w, sip, "+49900123456", FALSE, NULL);
  g_assert_true(fake_said("sip refer-answer 403"));
  refer(&w, sip, "+49900123456", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 404"));
  gw_bridge_conf *c = conf(TRUE);
  c->transfer = FALSE;
  gw_bridge_reconfigure(w.b, c);
  fake_clear();
  refer(&w, sip, "8001", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 403"));
  g_assert_false(fake_said("join") || fake_said("sip dial") || fake_said("media"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* -- to another phone -- */

static gw_sip_call *seated_101(world *w) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, "101", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  fake_muc_in(fake_muc("101@"), FALSE);
  spin();
  return sip;
}

static void test_to_phone(void) {
  for (guint way = 0; way < 3; way++) { /* answered, busy, and the one that asked is gone already */
    world w;
    setup(&w);
    gw_sip_call *sip = seated_101(&w);
    fake_clear();
    refer(&w, sip, "100", TRUE, NULL);
    g_assert_true(fake_said("sip refer-answer 202"));
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("sip dial 100"));
    if (way == 2) end_sip(&w, sip, GW_CAUSE_NORMAL);
    if (way == 1) {
      end_sip(&w, fake_dialled, GW_CAUSE_BUSY);
      g_assert_true(fake_said("sip refer-progress 486"));
    } else {
      g_autoptr(gw_desc) answer = phone_offer(GW_DIR_SENDRECV);
      gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
      gw_bridge_sip_remote(fake_dialled, answer, FALSE, w.b);
      spin();
      fake_muc_in(fake_muc("100@"), FALSE);
      spin();
      fake_local_desc(fake_last(GW_MEDIA_LEG), w.b); /* out of its lobby */
      spin();
      g_assert_true(fake_said("sip refer-progress 200") == (way == 0));
      end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
    }
    if (way != 2) end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(fake_dialled);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* -- taken over -- */

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

/* The new one fails, or gives up: nothing has happened. */
static void test_not_taken_over(void) {
  for (guint way = 0; way < 4; way++) {
    world w;
    setup(&w);
    gw_sip_call *sip = seated(&w);
    fake_clear();
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV), none = gw_desc_new();
    gw_sip_call *heir = replacing(&w, sip, way == 0 ? none : way == 1 ? NULL : offer);
    if (way == 0) fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    if (way == 0) g_assert_true(fake_said("sip hangup no-codec"));
    if (way == 1) g_assert_true(fake_said("sip hangup busy"));
    if (way == 2) end_sip(&w, heir, GW_CAUSE_CANCELLED);
    if (way == 3) { /* the call itself ends meanwhile */
      end_sip(&w, sip, GW_CAUSE_NORMAL);
      g_assert_true(fake_said("sip hangup normal"));
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
  g_test_add_func("/bridge/dialogs/told-why", test_told_why);
  g_test_add_func("/bridge/dialogs/not-told", test_not_told);
  g_test_add_func("/bridge/dialogs/told-few", test_told_few);
  g_test_add_func("/bridge/dialogs/room-refuses", test_room_refuses);
  g_test_add_func("/bridge/dialogs/to-room", test_to_room);
  g_test_add_func("/bridge/dialogs/to-room-fails", test_to_room_fails);
  g_test_add_func("/bridge/dialogs/refused", test_refused);
  g_test_add_func("/bridge/dialogs/to-phone", test_to_phone);
  g_test_add_func("/bridge/dialogs/taken-over", test_taken_over);
  g_test_add_func("/bridge/dialogs/not-taken-over", test_not_taken_over);
  g_test_add_func("/bridge/dialogs/adopted", test_adopted);
  return g_test_run();
}
