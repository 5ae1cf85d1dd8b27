/* test_transfers.c - REFER of a phone in a call: it moves to another room, with a PIN or without, or brings in another phone. */
#include "kit.h"

/* -- to another room -- */

static void test_to_room(void) {
  world w;
  setup_two(&w);
  gw_sip_call *other = enters(&w, "101", "8001", "101@"), *sip = seated(&w);
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

/* No place there: it is told so, and goes on where it was. */
static void test_to_full_room(void) {
  world w;
  setup_two(&w);
  gw_sip_call *other = enters(&w, "101", "8001", "101@"), *sip = seated(&w);
  fake_clear();
  refer(&w, sip, "8001", TRUE, NULL);
  fake_worker_full = TRUE;
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  g_assert_true(fake_said("sip refer-progress 503") && fake_said("leave " OTHER));
  g_assert_false(fake_said("media move") || fake_said("leave " ROOM) || fake_said("sip hangup"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("leave " ROOM));
  end_sip(&w, other, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  gw_sip_call_unref(other);
  teardown(&w);
}

/* The room that it goes to, or that it leaves, is configured no more: it is kept for as long as somebody sits there. */
static void test_to_room_kept(void) {
  for (guint way = 0; way < 2; way++) {
    world w;
    setup_two(&w);
    gw_sip_call *sip = seated(&w);
    refer(&w, sip, "8001", TRUE, NULL);
    if (way == 0) gw_bridge_reconfigure(w.b, conf(FALSE)); /* without the one it is about to join */
    fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
    spin();
    if (way == 1) {
      gw_bridge_conf *c = conf(TRUE);
      g_ptr_array_remove_index(c->rooms, 0); /* without the one it has not left yet */
      gw_bridge_reconfigure(w.b, c);
    }
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("leave " ROOM " as Front desk"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1);
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    run_for(50);
    g_assert_true(fake_said("leave " OTHER " as Front desk"));
    g_assert_null(way ? fake_muc_at("gateway@", ROOM) : fake_muc_at("gateway@", OTHER));
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* -- to a room with a PIN -- */

/* 8001 asks for 4711; nobody is rung. */
static void setup_pin(world *w) {
  setup(w);
  gw_bridge_conf *c = conf(TRUE);
  gw_room_conf *r = c->rooms->pdata[1];
  g_free(r->pin);
  r->pin = g_strdup("4711");
  for (guint i = 0; i < 2; i++)
    g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[i])->ring));
  gw_bridge_reconfigure(w->b, c);
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
  fake_prompts = TRUE;
}

/* The caller is asked before anybody there sees him, and those where he is do not hear what he keys in. */
static void test_to_pin_room(void) {
  world w;
  setup_pin(&w);
  gw_sip_call *sip = seated(&w);
  fake_clear();
  refer(&w, sip, "8001", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 202") && fake_said("play en/enter-pin"));
  g_assert_true(fake_said("media mute=1"));
  g_assert_false(fake_said("join") || fake_said("media move"));
  keys(&w, sip, "4711#");
  g_assert_false(fake_said("join"));
  wait_said("join " OTHER);
  g_assert_true(fake_said("media mute=0"));
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  g_assert_true(fake_said("media move"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("leave " ROOM) && !fake_said("sip hangup"));
  fake_clear();
  keys(&w, sip, "*0"); /* keys are commands there */
  g_assert_true(fake_said("play en/goodbye"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  run_for(50);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* -- to a room where all phones are one -- */

static void setup_shared(world *w) {
  setup(w);
  gw_bridge_conf *c = conf(TRUE);
  gw_room_conf *r = c->rooms->pdata[1];
  g_free(r->flavour);
  g_free(r->identity);
  r->flavour = g_strdup("muji");
  r->identity = g_strdup("shared");
  for (guint i = 0; i < 2; i++)
    g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[i])->ring));
  gw_bridge_reconfigure(w->b, c);
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
}

/* Phone 101 dials the room, and before it is dealt with the other call is transferred there: that one's seat is the first. */
static gw_sip_call *second_to(world *w, gw_sip_call *first) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  const gw_sip_invite i = {.phone = "101",
                           .from_user = "101",
                           .from_name = "",
                           .to_user = "8001",
                           .source = "udp:127.0.0.1:5062",
                           .call_id = "y",
                           .offer = offer};
  gw_sip_call *sip = fake_sip_call();
  gw_bridge_invite(NULL, sip, &i, w->b);
  refer(w, first, "8001", TRUE, NULL);
  g_assert_true(fake_said("join " OTHER " as Phones"));
  g_assert_false(fake_said("sip answer"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  return sip;
}

/* Both hear in one turn that they are in. The second takes part when the first does, or by a seat of its own when that one
 * goes before. */
static void test_to_shared_room(gconstpointer goes) {
  world w;
  setup_shared(&w);
  gw_sip_call *first = seated(&w);
  fake_clear();
  gw_sip_call *second = second_to(&w, first);
  fake_muc_in(fake_muc_at("phones@", OTHER), FALSE);
  spin();
  g_test_message("%s", fake_log());
  g_assert_true(fake_said("sip answer") && fake_said("media move"));
  g_assert_true(fake_said("leave " ROOM) && !fake_said("muji"));
  g_assert_false(fake_said("sip refer-progress"));
  if (!goes) {
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("muji preparing") && fake_said("sip refer-progress 200"));
  }
  fake_clear();
  end_sip(&w, first, GW_CAUSE_NORMAL);
  until_calls(&w, 1);
  g_assert_cmpint(fake_said("join " OTHER " as Phones"), ==, goes != NULL);
  if (goes) fake_muc_in(fake_muc_at("phones@", OTHER), FALSE);
  spin();
  g_assert_cmpint(fake_said("muji preparing"), ==, goes != NULL);
  g_assert_false(fake_said("sip hangup"));
  end_sip(&w, second, GW_CAUSE_NORMAL);
  until_calls(&w, 0);
  g_assert_true(fake_said("muji none") && fake_said("leave " OTHER " as Phones"));
  gw_sip_call_unref(first);
  gw_sip_call_unref(second);
  teardown(&w);
}

/* Wrong PINs, or a room that does not let it in: it stays where it is, and is heard there again. */
static void test_to_pin_room_fails(void) {
  for (guint way = 0; way < 3; way++) {
    world w;
    setup_pin(&w);
    gw_sip_call *sip = seated(&w);
    refer(&w, sip, "8001", TRUE, NULL);
    fake_clear();
    if (way == 0) {
      for (guint i = 0; i < 3; i++) {
        fake_clear();
        keys(&w, sip, "0#");
        wait_said("play en/wrong-pin");
      }
      g_assert_true(fake_said("sip refer-progress 403") && fake_said("media mute=0"));
    } else if (way == 1) {
      keys(&w, sip, "4711#");
      wait_said("join " OTHER);
      fake_muc_out(fake_muc_at("100@", OTHER), GW_CAUSE_FORBIDDEN, "forbidden");
      spin();
      g_assert_true(fake_said("sip refer-progress 403") && fake_said("play en/not-moved"));
    } else { /* the room is configured no more */
      gw_bridge_reconfigure(w.b, conf(FALSE));
      keys(&w, sip, "4711#");
      wait_said("sip refer-progress 404");
    }
    g_assert_false(fake_said("media move") || fake_said("sip hangup") || fake_said("leave " ROOM));
    g_autofree char *state = state_of_first(&w);
    g_assert_cmpstr(state, ==, "waiting");
    fake_clear();
    keys(&w, sip, "*1");
    g_assert_true(fake_said("play en/help"));
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* Attended: the second call is being asked for the PIN, and the first takes its place; on hold it is asked when it is
 * back. */
static void test_to_pin_room_attended(void) {
  for (guint held = 0; held < 2; held++) {
    world w;
    setup_pin(&w);
    gw_sip_call *one = seated(&w);
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV), hold = phone_offer(GW_DIR_SENDONLY);
    gw_sip_call *two = invite(&w, "100", "8001", offer);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    if (held) gw_bridge_sip_remote(one, hold, TRUE, w.b);
    fake_clear();
    refer(&w, one, "8001", TRUE, two);
    g_assert_true(fake_said("sip refer-answer 202") && fake_said("sip hangup alternative"));
    g_assert_cmpint(fake_said("sip refer-progress 401"), ==, held);
    g_assert_cmpint(fake_said("play en/enter-pin"), ==, !held);
    if (held) {
      refer(&w, one, "8001", TRUE, NULL); /* pressed again: that one counts */
      g_assert_false(fake_said("sip refer-progress 480"));
      gw_bridge_sip_remote(one, offer, TRUE, w.b);
      spin();
      g_assert_true(fake_said("play en/enter-pin"));
      keys(&w, one, "4711#");
      wait_said("join " OTHER);
      fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
      spin();
      fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
      run_for(50);
      g_assert_true(fake_said("leave " ROOM));
      g_assert_false(fake_said("sip refer-progress 200")); /* told once */
    }
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    end_sip(&w, one, GW_CAUSE_NORMAL); /* in the middle of the question */
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    gw_sip_call_unref(one);
    gw_sip_call_unref(two);
    teardown(&w);
  }
}

/* What was being said when the phone was moved is said again where it is now; names are not: they were the others'. */
static void test_said_again(void) {
  world w;
  setup_pin(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8001", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("play en/enter-pin"));
  keys(&w, sip, "4711#");
  wait_said("play en/one-moment");
  fake_clear();
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  g_assert_true(fake_said("media move") && !fake_said("play"));
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("play en/one-moment"));
  end_prompt(&w);
  fake_speaks = TRUE;
  fake_occupant(fake_muc_at("100@", OTHER), "Telephone gateway", "gateway@gw.test/x", GW_OCC_JOINED);
  fake_occupant(fake_muc_at("100@", OTHER), "bob", "bob@x.test/web", GW_OCC_JOINED);
  fake_clear();
  keys(&w, sip, "*3");
  for (guint i = 0; i < 4; i++)
    end_prompt(&w);
  g_assert_true(fake_said("speak en: "));
  refer(&w, sip, "8000", TRUE, NULL);
  fake_muc_in(fake_muc_at("100@", ROOM), FALSE);
  spin();
  fake_clear();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  run_for(50);
  g_assert_false(fake_said("play") || fake_said("speak"));
  keys(&w, sip, "*1"); /* and it is not waited for any more */
  g_assert_true(fake_said("play en/help"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  run_for(50);
  gw_sip_call_unref(sip);
  teardown(&w);
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

static void test_to_phone(void) {
  for (guint way = 0; way < 3; way++) { /* answered, busy, and the one that asked is gone already */
    world w;
    setup(&w);
    gw_sip_call *sip = enters(&w, "101", "8000", "101@");
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
    g_clear_pointer(&fake_dialled, gw_sip_call_unref);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* A phone that is there already, or rings already, is not rung again; nor are phones rung again and again. */
static void test_to_phone_again(void) {
  world w;
  setup(&w);
  gw_sip_call *sip = enters(&w, "101", "8000", "101@");
  refer(&w, sip, "100", TRUE, NULL);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  fake_clear();
  refer(&w, sip, "100", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 486"));
  g_assert_false(fake_said("media leg"));
  end_sip(&w, fake_dialled, GW_CAUSE_BUSY);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  fake_contacts = 0;
  for (guint i = 2; i < 20; i++)
    refer(&w, sip, "100", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 404"));
  fake_contacts = 1;
  fake_clear();
  refer(&w, sip, "100", TRUE, NULL);
  g_assert_true(fake_said("sip refer-answer 503"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/dialogs/to-room", test_to_room);
  g_test_add_func("/bridge/dialogs/to-room-fails", test_to_room_fails);
  g_test_add_func("/bridge/dialogs/to-full-room", test_to_full_room);
  g_test_add_func("/bridge/dialogs/to-room-kept", test_to_room_kept);
  g_test_add_func("/bridge/dialogs/said-again", test_said_again);
  g_test_add_func("/bridge/dialogs/to-phone-again", test_to_phone_again);
  g_test_add_func("/bridge/dialogs/to-pin-room", test_to_pin_room);
  g_test_add_func("/bridge/dialogs/to-pin-room-fails", test_to_pin_room_fails);
  g_test_add_func("/bridge/dialogs/to-pin-room-attended", test_to_pin_room_attended);
  g_test_add_data_func("/bridge/dialogs/to-shared-room", NULL, test_to_shared_room);
  g_test_add_data_func("/bridge/dialogs/to-shared-room-left", "goes", test_to_shared_room);
  g_test_add_func("/bridge/dialogs/refused", test_refused);
  g_test_add_func("/bridge/dialogs/to-phone", test_to_phone);
  return g_test_run();
}
