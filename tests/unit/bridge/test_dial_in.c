/* A person calls the number of a room: two calls of ours, joined inside; who may, how both end. */
#include "direct_kit.h"

#define ROOM_JID "8000@gw.example.test"
#define ID "6c6f7665-0000-4000-8000-000000000001"

static GPtrArray *calls(world *w) {
  return gw_bridge_calls(w->b);
}

static gboolean recorded(world *w, const char *a, const char *b) {
  g_auto(GStrv) lines = g_strsplit(w->store->str, "\n", 0);
  for (guint i = 0; lines[i]; i++)
    if (g_str_has_prefix(lines[i], "record") && strstr(lines[i], a) && strstr(lines[i], b))
      return TRUE;
  return FALSE;
}

static void end_by_hand(world *w) {
  for (guint i = 0; i < 2; i++)
    gw_bridge_sip_state(fake_inside[i], GW_SIP_ENDED, GW_CAUSE_NORMAL, 0, w->b);
  until_calls(w, 0);
}

static void finish_inside(world *w) {
  teardown(w);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer(&fake_inside[i], gw_sip_call_unref);
}

/* What the ends say to each other; here by hand. Each is kept by the test, too. */
static void propose(world *w) {
  jmi(w, GW_JMI_PROPOSE, DEVICE, ROOM_JID, ID);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  for (guint i = 0; i < 2 && fake_said("sip pair"); i++)
    gw_sip_call_ref(fake_inside[i]);
}

static void begin(world *w) {
  start(w);
  propose(w);
  g_assert_true(fake_said("sip pair"));
  g_assert_true(fake_said("sip ringing"));
  g_assert_true(fake_said("join " ROOM " as alice"));
  gw_bridge_sip_state(fake_inside[0], GW_SIP_RINGING, GW_CAUSE_NONE, 180, w->b);
  spin();
  g_assert_true(fake_said("jmi ringing " ID));
}

/* The room lets him in, so he may come: his device offers, and has both. */
static void let_in(world *w) {
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  fake_muc_in(fake_muc("guest@"), FALSE);
  spin();
  g_assert_true(fake_said("sip answer dir=3"));
  g_assert_false(fake_said("jmi proceed"));
  gw_bridge_sip_state(fake_inside[0], GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w->b);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b); /* his leg, out of its lobby */
  spin();
  g_assert_true(fake_said("jmi proceed " ID));
  fake_jingle("8000@", jingle(GW_JINGLE_SESSION_INITIATE, ID));
  spin();
  fake_local_desc(fake_last(GW_MEDIA_PEER), w->b);
  spin();
  g_assert_true(fake_said("jingle session-accept to=" DEVICE));
}

static void test_in(void) {
  world w;
  begin(&w);
  let_in(&w);
  g_autoptr(GPtrArray) both = calls(&w);
  g_assert_cmpuint(both->len, ==, 2);
  const gw_call_info *his = both->pdata[0], *there = both->pdata[1];
  g_assert_cmpstr(his->direction, ==, "out");
  g_assert_cmpstr(his->room, ==, ALICE);
  g_assert_cmpstr(his->name, ==, "Room 8000");
  g_assert_cmpstr(his->caller, ==, "8000");
  g_assert_cmpstr(there->direction, ==, "in");
  g_assert_cmpstr(there->room, ==, ROOM);
  g_assert_cmpstr(there->number, ==, "8000");
  g_assert_cmpstr(there->caller, ==, ALICE);
  g_assert_cmpstr(there->nick, ==, "alice");
  fake_clear(); /* he hangs up */
  fake_jingle("8000@", jingle(GW_JINGLE_SESSION_TERMINATE, ID));
  spin();
  g_assert_true(fake_said("sip hangup normal"));
  gw_bridge_sip_state(fake_inside[1], GW_SIP_ENDED, GW_CAUSE_NORMAL, 0, w.b);
  gw_bridge_sip_state(fake_inside[0], GW_SIP_ENDED, GW_CAUSE_NORMAL, 0, w.b);
  until_calls(&w, 0);
  g_assert_true(fake_said("leave " ROOM " as alice"));
  g_assert_true(recorded(&w, "\"room\":\"" ALICE "\"", "\"cause\":\"normal\""));
  g_assert_true(recorded(&w, "\"room\":\"" ROOM "\"", "\"cause\":\"normal\""));
  finish_inside(&w);
}

/* The room puts him out, or does not let him in: he hears so. */
static void test_room_gone(void) {
  for (guint inside = 0; inside < 2; inside++) {
    world w;
    begin(&w);
    if (inside) let_in(&w);
    fake_clear();
    fake_muc_out(fake_muc("guest@"), GW_CAUSE_ROOM_CLOSED, "gone");
    spin();
    g_assert_true(fake_said("sip hangup room-closed"));
    const guint status = inside ? 0 : gw_cause_sip(GW_CAUSE_ROOM_CLOSED);
    gw_bridge_sip_state(fake_inside[0], GW_SIP_ENDED, GW_CAUSE_ROOM_CLOSED, status, w.b);
    gw_bridge_sip_state(fake_inside[1], GW_SIP_ENDED, GW_CAUSE_ROOM_CLOSED, status, w.b);
    until_calls(&w, 0);
    g_assert_true(fake_said(inside ? "jingle session-terminate to=" DEVICE : "jmi reject " ID));
    g_assert_true(recorded(&w, "\"room\":\"" ALICE "\"", "\"cause\":\"room-closed\""));
    finish_inside(&w);
  }
}

/* He gives up while the room has not let him in. */
static void test_given_up(void) {
  world w;
  begin(&w);
  fake_clear();
  jmi(&w, GW_JMI_RETRACT, DEVICE, ROOM_JID, ID);
  g_assert_true(fake_said("sip hangup cancelled"));
  gw_bridge_sip_state(fake_inside[1], GW_SIP_ENDED, GW_CAUSE_CANCELLED, 487, w.b);
  gw_bridge_sip_state(fake_inside[0], GW_SIP_ENDED, GW_CAUSE_CANCELLED, 487, w.b);
  until_calls(&w, 0);
  finish_inside(&w);
}

/* Who may not, and where nobody may by such a call. */
static void test_refused(void) {
  static const struct {
    const char *from, *pin;
    gboolean one_line_left, draining;
    const char *reason;
  } rows[] = {{"mallory@elsewhere.test/x", "", FALSE, FALSE, "decline"},
              {DEVICE, "1234", FALSE, FALSE, "decline"},
              {DEVICE, "", TRUE, FALSE, "busy"},
              {DEVICE, "", FALSE, TRUE, NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    setup(&w);
    gw_bridge_conf *c = direct_conf();
    gw_room_conf *r = c->rooms->pdata[0];
    g_free(r->pin);
    r->pin = g_strdup(rows[i].pin);
    if (rows[i].one_line_left) c->max_calls = 1;
    gw_bridge_reconfigure(w.b, c);
    gw_bridge_drain(w.b, rows[i].draining);
    fake_clear();
    jmi(&w, GW_JMI_PROPOSE, rows[i].from, ROOM_JID, ID);
    g_assert_true(fake_said("reject " ID));
    if (rows[i].reason) g_assert_true(fake_said(rows[i].reason));
    g_assert_false(fake_said("sip pair"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    teardown(&w);
  }
}

/* Into a room that does not let in everybody, or that has a password, only who is there. */
static void test_closed(void) {
  for (guint i = 0; i < 8; i++) {
    const gboolean members = i & 1, secret = i & 2, there = i & 4,
                   may = there || (!members && !secret);
    world w;
    setup(&w);
    gw_bridge_conf *c = direct_conf();
    gw_room_conf *r = c->rooms->pdata[0];
    if (secret) {
      g_free(r->password);
      r->password = g_strdup("sesame");
    }
    gw_bridge_reconfigure(w.b, c);
    fake_members_only = members;
    if (there) fake_occupant(fake_muc("gateway@"), "al", "alice@example.test/desk", GW_OCC_JOINED);
    fake_clear();
    propose(&w);
    g_assert_cmpint(fake_said("sip pair"), ==, may);
    g_assert_cmpint(fake_said("reject " ID), ==, !may);
    if (may)
      finish_inside(&w);
    else
      teardown(&w);
  }
}

/* The number is taken out of the configuration in the moment before the room is entered. */
static void test_number_gone(void) {
  world w;
  start(&w);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, ROOM_JID, ID);
  gw_bridge_conf *c = direct_conf();
  g_ptr_array_remove_index(c->rooms, 0);
  gw_bridge_reconfigure(w.b, c);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_false(fake_said("sip pair"));
  g_assert_true(fake_said("jmi reject " ID));
  until_calls(&w, 0);
  teardown(&w);
}

/* Hold goes through: the leg in the room is held like that of a phone. */
static void test_hold(void) {
  world w;
  begin(&w);
  let_in(&w);
  fake_clear();
  gw_word *hold = jingle(GW_JINGLE_SESSION_INFO, ID);
  hold->u.jingle.info = GW_INFO_HOLD;
  fake_jingle("8000@", hold);
  g_assert_true(fake_said("sip reinvite dir=1"));
  g_autoptr(gw_desc) held = phone_offer(GW_DIR_SENDONLY);
  gw_bridge_sip_remote(fake_inside[1], held, TRUE, w.b);
  spin();
  g_assert_true(fake_said("media mute=1"));
  finish_inside(&w);
}

/* He is told who is there: of phones, by their numbers; what changes, at most once a second; and no more when he does not want it. */
static void test_told(void) {
  world w;
  begin(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  let_in(&w);
  g_assert_true(fake_said("jingle session-accept to=" DEVICE " sid=" ID " - focus"));
  wait_said("coin to=" DEVICE " version=1 all=1");
  g_assert_true(fake_said("coin user xmpp:" ALICE " alice"));
  fake_clear();
  gw_sip_call *phone = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc("100@"), FALSE);
  wait_said("coin to=" DEVICE " version=2 all=2");
  g_assert_true(fake_said("coin user sip:100@gw.test Front desk"));
  fake_clear();
  end_sip(&w, phone, GW_CAUSE_NORMAL);
  wait_said("coin to=" DEVICE " version=3 all=1");
  fake_told(FALSE);
  fake_clear();
  gw_sip_call *again = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc("100@"), FALSE);
  run_for(1300);
  g_assert_false(fake_said("coin"));
  end_sip(&w, again, GW_CAUSE_NORMAL);
  end_by_hand(&w);
  gw_sip_call_unref(phone);
  gw_sip_call_unref(again);
  finish_inside(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dial-in/in", test_in);
  g_test_add_func("/dial-in/room-gone", test_room_gone);
  g_test_add_func("/dial-in/given-up", test_given_up);
  g_test_add_func("/dial-in/refused", test_refused);
  g_test_add_func("/dial-in/closed", test_closed);
  g_test_add_func("/dial-in/number-gone", test_number_gone);
  g_test_add_func("/dial-in/hold", test_hold);
  g_test_add_func("/dial-in/told", test_told);
  return g_test_run();
}
