/* Calls that begin here, among stand-ins: dialled by the operator, asked for by invitations; and how phones stand. */
#include "kit.h"
#include "base/limits.h"

static gw_bridge_conf *quiet_conf(void) {
  gw_bridge_conf *c = conf(TRUE);
  for (guint i = 0; i < c->rooms->len; i++)
    g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[i])->ring));
  c->ring_limit = 30;
  return c;
}

static void start(world *w) {
  setup(w);
  gw_bridge_reconfigure(w->b, quiet_conf());
  fake_muc_in(fake_muc("gateway@gw.test/other"), FALSE);
  fake_clear();
}

static void ring(void *bridge) {
  fake_local_desc(fake_last(GW_MEDIA_LEG), bridge);
  spin();
}

static void finish(world *w) {
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(w);
}

static void test_refusals(void) {
  static const struct {
    const char *number, *room, *why;
  } rows[] = {{"100", "8999", "no room 8999"},
              {"100", "x@muc.test", "no room x@muc.test"},
              {"100", "", "no room"},
              {"101", "8000", "101 is not registered"},
              {"102", "8000", "102 is not known"},
              {"", "8000", "is no number"},
              {"\x01", "8000", "is no number"},
              {"8000", "8000", "8000 is not known"}};
  world w;
  start(&w);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *why = NULL;
    g_assert_null(gw_bridge_dial(w.b, rows[i].number, rows[i].room, &why));
    g_assert_nonnull(strstr(why, rows[i].why));
  }
  fake_stream = GW_XMPP_DOWN;
  g_autofree char *down = NULL, *draining = NULL;
  g_assert_null(gw_bridge_dial(w.b, "100", "8000", &down));
  g_assert_nonnull(strstr(down, "meeting server"));
  fake_stream = GW_XMPP_UP;
  gw_bridge_drain(w.b, TRUE);
  g_assert_null(gw_bridge_dial(w.b, "100", "8000", &draining));
  g_assert_nonnull(strstr(draining, "shutting down"));
  g_assert_false(fake_said("sip dial"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

static void test_answered(void) {
  world w;
  start(&w);
  g_autofree char *why = NULL, *id = gw_bridge_dial(w.b, "100", "8001", &why);
  g_assert_nonnull(id);
  spin();
  ring(w.b);
  g_assert_true(fake_said("sip dial 100"));
  g_autofree char *again = gw_bridge_dial(w.b, "100", "other@muc.test", &why);
  g_assert_null(again);
  g_assert_nonnull(strstr(why, "already"));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  g_assert_true(fake_said("join other@muc.test as Front desk"));
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b); /* it was in a lobby until the room had let it in */
  spin();
  gw_call_info *info = gw_bridge_call(w.b, id);
  g_assert_cmpstr(info->direction, ==, "out");
  g_assert_cmpstr(info->number, ==, "8001");
  g_assert_cmpstr(info->state, ==, "waiting");
  gw_call_info_free(info);
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  g_assert_false(fake_said("tell")); /* nobody was invited: nobody is told */
  g_assert_false(fake_said("decline"));
  finish(&w);
}

/* The operator's call counts for the phone's limit, and the limit for the operator's call. */
static void test_limit(void) {
  world w;
  start(&w);
  gw_bridge_conf *one = quiet_conf();
  ((gw_phone_conf *)one->phones->pdata[0])->max_calls = 1;
  gw_bridge_reconfigure(w.b, one);
  g_autofree char *why = NULL, *id = gw_bridge_dial(w.b, "100", "8000", &why);
  spin();
  g_autofree char *second = gw_bridge_dial(w.b, "100", "8001", &why);
  g_assert_null(second);
  g_assert_nonnull(strstr(why, "as many calls as it may have"));
  fake_clear();
  gw_sip_call *in = invite(&w, "100", "8001", NULL);
  g_assert_true(fake_said("sip hangup busy"));
  gw_sip_call_unref(in);
  g_assert_true(gw_bridge_hangup(w.b, id));
  spin();
  finish(&w);
}

/* --- invitations --- */

static void invited(world *w, gboolean mediated, const char *room, const char *inviter,
                    const char *to) {
  g_autoptr(gw_word) word = gw_word_new_invite(mediated, room, inviter);
  word->from = g_strdup(mediated ? room : inviter);
  word->to = g_strdup(to);
  gw_bridge_invited(NULL, word, w->b);
  spin();
}

static void alice_is_in(world *w) {
  fake_occupant(fake_muc("gateway@gw.test/standup"), "Alice", "alice@x.test/web", GW_OCC_JOINED);
  fake_clear();
}

static void test_invite_refused(void) {
  static const struct {
    gboolean mediated;
    const char *room, *inviter, *to, *why;
  } rows[] = {
      {FALSE, ROOM, "bob@x.test/web", "100@gw.test", "only those who are in the room"},
      {FALSE, "no@muc.test", "alice@x.test/web", "100@gw.test",
       "no rule lets you invite into that room"},
      {TRUE, "no@muc.test", "alice@x.test/web", "100@gw.test",
       "no rule lets you invite into that room"},
      {TRUE, ROOM, "alice@x.test/web", "102@gw.test", "no rule lets you have that number called"},
      {TRUE, ROOM, "alice@x.test/web", "+493012345678@gw.test",
       "no rule lets you have that number called"},
      {TRUE, ROOM, "alice@x.test/web", "101@gw.test", "Workshop is not registered"},
      {TRUE, ROOM, "alice@x.test/web", "gateway@gw.test", "is no phone"},
      {TRUE, ROOM, "alice@x.test/web", "gw.test", "is no phone"},
  };
  world w;
  start(&w);
  alice_is_in(&w);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fake_clear();
    invited(&w, rows[i].mediated, rows[i].room, rows[i].inviter, rows[i].to);
    g_test_message("row %u: %s", i, fake_log());
    g_assert_true(fake_said("decline") && fake_said(rows[i].why));
    g_assert_false(fake_said("media leg"));
    g_assert_null(strstr(fake_log(), "12345678")); /* masked */
  }
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

static void test_invite_rings(void) {
  static const struct {
    gboolean mediated;
    const char *inviter;
  } rows[] = {{TRUE, "alice@x.test/web"}, {TRUE, ROOM "/Alice"}, {FALSE, "alice@x.test/other"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    alice_is_in(&w);
    invited(&w, rows[i].mediated, ROOM, rows[i].inviter, "100@gw.test");
    ring(w.b);
    g_assert_true(fake_said("sip dial 100"));
    g_assert_false(fake_said("decline"));
    g_assert_true(fake_said("stand 100 ringing"));
    gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
    spin();
    g_assert_true(fake_said("join " ROOM " as Front desk"));
    g_assert_true(fake_said("stand 100 in a call"));
    fake_muc_in(fake_muc("100@"), FALSE);
    end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
    g_assert_false(fake_said("decline"));
    g_assert_false(fake_said("tell "));
    g_assert_true(fake_said("stand 100 here"));
    finish(&w);
  }
}

static void test_nobody_comes(void) {
  static const struct {
    gw_cause cause;
    const char *text;
  } rows[] = {{GW_CAUSE_BUSY, "Front desk is busy."},
              {GW_CAUSE_REJECTED, "Front desk declined."},
              {GW_CAUSE_TIMEOUT, "Front desk did not answer."},
              {GW_CAUSE_INTERNAL, "Front desk could not be reached."}};
  world w;
  start(&w);
  alice_is_in(&w);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fake_clear();
    invited(&w, TRUE, ROOM, "alice@x.test/web", "100@gw.test");
    ring(w.b);
    end_sip(&w, fake_dialled, rows[i].cause);
    g_autofree char *told = g_strdup_printf("decline alice@x.test/web: %s", rows[i].text);
    g_autofree char *said = g_strdup_printf("tell " ROOM ": %s", rows[i].text);
    g_assert_true(fake_said(told));
    g_assert_cmpint(fake_said(said), ==, i < 2); /* the room is not flooded */
    g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  }
  finish(&w);
}

static void test_room_refuses(void) {
  world w;
  start(&w);
  alice_is_in(&w);
  invited(&w, FALSE, ROOM, "alice@x.test/web", "100@gw.test");
  ring(w.b);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  fake_muc_out(fake_muc("100@"), GW_CAUSE_ROOM_CLOSED, "banned");
  spin();
  g_assert_true(fake_said("decline alice@x.test/web: Front desk could not enter the room."));
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  finish(&w);
}

static void test_pace(void) {
  world w;
  start(&w);
  guint told = 0, refused = 0;
  for (guint i = 0; i < 60; i++) {
    fake_clear();
    invited(&w, FALSE, ROOM, "eve@x.test/web", "100@gw.test");
    told += fake_said("too often");
    refused += fake_said("decline");
  }
  g_assert_cmpuint(told, ==, 1);
  g_assert_cmpuint(refused, <=, 21);
  fake_clear();
  alice_is_in(&w);
  invited(&w, TRUE, ROOM, "alice@x.test/web", "101@gw.test"); /* others are not hindered */
  g_assert_true(fake_said("not registered"));
  finish(&w);
}

/* More people than are counted, none of whom may: who may is not kept out. */
static void test_strangers(void) {
  world w;
  start(&w);
  guint told = 0;
  for (guint i = 0; i <= GW_MAX_INVITERS; i++) {
    g_autofree char *eve = g_strdup_printf("eve%u@evil.test/x", i);
    fake_clear();
    invited(&w, FALSE, ROOM, eve, "100@gw.test");
    told += fake_said("decline");
  }
  g_assert_cmpuint(told, ==, 21);
  alice_is_in(&w);
  invited(&w, TRUE, ROOM, "alice@x.test/web", "101@gw.test");
  g_assert_true(fake_said("not registered"));
  finish(&w);
}

/* An unknown room may claim any inviter: it is the room whose invitations are counted, and no rule is met by the claim. */
static void test_forged_room(void) {
  world w;
  start(&w);
  gw_bridge_conf *c = quiet_conf();
  static const char *const boss[] = {"alice@x.test", NULL};
  gw_invite_policy_add(c->invites, boss, NULL, NULL);
  gw_bridge_reconfigure(w.b, c);
  fake_clear();
  for (guint i = 0; i < 60; i++) {
    g_autofree char *claimed = g_strdup_printf("u%u@x.test", i);
    invited(&w, TRUE, "evil@x.test", i ? claimed : "alice@x.test/web", "100@gw.test");
  }
  g_assert_true(fake_said("too often"));
  g_assert_false(fake_said("media leg"));
  invited(&w, FALSE, ROOM, "alice@x.test/web", "100@gw.test");
  g_assert_true(fake_said("media leg")); /* the true one is not held responsible */
  ring(w.b);
  end_sip(&w, fake_dialled, GW_CAUSE_BUSY);
  finish(&w);
}

static void test_delayed(void) {
  world w;
  start(&w);
  alice_is_in(&w);
  g_autoptr(gw_word) word = gw_word_new_invite(TRUE, ROOM, "alice@x.test/web");
  word->to = g_strdup("100@gw.test");
  word->historic = TRUE;
  gw_bridge_invited(NULL, word, w.b);
  spin();
  g_assert_false(fake_said("media leg") || fake_said("decline"));
  finish(&w);
}

/* One account stands for all phones: which one is meant cannot be said. */
static void test_client_mode(void) {
  world w;
  start(&w);
  gw_bridge_conf *c = quiet_conf();
  c->client_mode = TRUE;
  gw_bridge_reconfigure(w.b, c);
  alice_is_in(&w);
  invited(&w, TRUE, ROOM, "alice@x.test/web", "100@gw.test");
  g_assert_true(fake_said("decline alice@x.test/web: That address is no phone"));
  g_assert_false(fake_said("media leg"));
  finish(&w);
}

/* --- numbers that leave by a trunk --- */

/* Invitations are as open as can be: still nothing leaves by them. */
static void with_trunk(world *w, const char *by, guint max_calls) {
  static const char *const all[] = {"*", NULL};
  gw_bridge_conf *c = quiet_conf();
  gw_invite_policy_add(c->invites, all, all, NULL);
  gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
  *t = (gw_trunk_conf){.name = g_strdup("provider"),
                       .country = g_strdup("49"),
                       .international = g_strdup("00"),
                       .national = g_strdup("0"),
                       .format = g_strdup("national"),
                       .dial_out = g_strsplit("!+49900*,+49*", ",", 0),
                       .dial_out_by = g_strsplit(by, ",", 0),
                       .max_calls = max_calls};
  g_ptr_array_add(c->trunks, t);
  gw_bridge_reconfigure(w->b, c);
  fake_clear();
}

static void test_dial_away(void) {
  static const struct {
    const char *number, *why;
  } refused[] = {{"+44207946000", "no rule lets it leave"},
                 {"+49900123456", "no rule lets it leave"},
                 {"0044207946000", "no rule lets it leave"},
                 {"12*34", "not known"}};
  world w;
  start(&w);
  with_trunk(&w, "", 1);
  for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_autofree char *why = NULL;
    g_assert_null(gw_bridge_dial(w.b, refused[i].number, "8000", &why));
    g_test_message("%s", why);
    g_assert_nonnull(strstr(why, refused[i].why));
  }
  g_assert_false(fake_said("media leg"));
  g_autofree char *why = NULL, *id = gw_bridge_dial(w.b, "030 1234567", "8000", &why);
  g_assert_nonnull(id);
  spin();
  ring(w.b);
  g_assert_true(fake_said("sip dial 0301234567 by provider from 8000"));
  g_autofree char *why2 = NULL, *second = gw_bridge_dial(w.b, "+49307654321", "8000", &why2);
  g_assert_null(second);
  g_assert_nonnull(strstr(why2, "all lines of the trunk"));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  g_assert_nonnull(fake_muc("guest@"));
  g_assert_true(fake_said("join " ROOM " as +49"));
  g_assert_null(strstr(fake_log(), "as +49301234567")); /* masked */
  gw_call_info *info = gw_bridge_call(w.b, id);
  g_assert_cmpstr(info->trunk, ==, "provider");
  g_assert_cmpstr(info->caller, ==, "+49301234567");
  g_assert_null(info->phone);
  g_assert_cmpstr(info->direction, ==, "out");
  gw_call_info_free(info);
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  finish(&w);
}

static void test_invite_away(void) {
  static const struct {
    gboolean mediated;
    const char *room, *inviter, *number;
    gboolean rings;
  } rows[] = {
      {TRUE, ROOM, "alice@x.test/web", "+49301234567", TRUE},
      {FALSE, ROOM, "alice@x.test/web", "+49301234567", TRUE},
      {FALSE, "+49110@side.test", "alice@x.test/web", "+49301234567", TRUE},
      {TRUE, ROOM, "bob@x.test/web", "+49301234567", FALSE},    /* in the room, but not his money */
      {TRUE, ROOM, "alice@x.test/web", "+44207946000", FALSE},  /* nobody may */
      {TRUE, ROOM, "alice@x.test/web", "+499001234567", FALSE}, /* premium */
      {FALSE, ROOM, "alice@evil.test/web", "+49301234567", FALSE},
      {TRUE, "alice@evil.test", "alice@x.test/web", "+49301234567",
       FALSE}, /* a room that claims her */
  };
  world w;
  start(&w);
  with_trunk(&w, "alice@x.test", 0);
  alice_is_in(&w);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *to = g_strdup_printf("%s@gw.test", rows[i].number);
    fake_clear();
    invited(&w, rows[i].mediated, rows[i].room, rows[i].inviter, to);
    g_test_message("row %u: %s", i, fake_log());
    g_assert_cmpint(fake_said("media leg"), ==, rows[i].rings);
    g_assert_cmpint(fake_said("decline"), ==, !rows[i].rings);
    g_assert_null(strstr(fake_log(), rows[i].number)); /* whoever is told sees no number in full */
    if (!rows[i].rings) continue;
    ring(w.b);
    const gboolean ours = g_str_equal(rows[i].room, ROOM);
    g_assert_true(fake_said(ours ? "sip dial 0301234567 by provider from 8000"
                                 : "sip dial 0301234567 by provider from nobody"));
    fake_clear();
    end_sip(&w, fake_dialled, GW_CAUSE_BUSY);
    g_assert_true(fake_said("is busy."));
    g_assert_null(strstr(fake_log(), "1234567"));
    g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  }
  finish(&w);
}

/* --- a room that only a rule knows --- */

static void test_unknown_room(void) {
  static const char *const from[] = {"bob@*", NULL}, *const rooms[] = {"*@side.test", NULL};
  world w;
  start(&w);
  gw_bridge_conf *c = quiet_conf();
  gw_invite_policy_add(c->invites, from, rooms, NULL);
  gw_bridge_reconfigure(w.b, c);
  fake_clear();
  invited(&w, TRUE, "party@side.test", "bob@x.test/web", "100@gw.test");
  ring(w.b);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  g_assert_true(fake_said("join party@side.test as Front desk"));
  g_assert_null(strstr(fake_log(), "as Telephone gateway")); /* nobody asked for a watcher there */
  fake_muc_in(fake_muc("100@"), FALSE);
  g_autoptr(GPtrArray) rooms_now = gw_bridge_rooms(w.b);
  g_assert_cmpuint(rooms_now->len, ==, 2);
  gw_bridge_reconfigure(w.b, quiet_conf()); /* the rule goes: the call stays */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

/* --- how phones stand --- */

static void test_stand(void) {
  world w;
  start(&w);
  fake_contacts = 0;
  gw_bridge_phone_changed(w.b, "100");
  g_assert_true(fake_said("stand 100 gone"));
  fake_contacts = 1;
  gw_bridge_phone_changed(w.b, "100");
  g_assert_true(fake_said("stand 100 here"));
  gw_bridge_phone_changed(w.b, "777");
  g_assert_false(fake_said("stand 777"));
  fake_clear();
  gw_sip_call *sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("stand 100 in a call"));
  end_sip(&w, sip, GW_CAUSE_CANCELLED);
  g_assert_true(g_str_has_suffix(fake_log(), "stand 100 here\n") || fake_said("stand 100 here"));
  gw_sip_call_unref(sip);
  gw_bridge_conf *less = quiet_conf();
  g_ptr_array_remove_index(less->phones, 1);
  gw_bridge_reconfigure(w.b, less);
  g_assert_true(fake_said("stand 101 none"));
  finish(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dial/refusals", test_refusals);
  g_test_add_func("/dial/answered", test_answered);
  g_test_add_func("/dial/limit", test_limit);
  g_test_add_func("/dial/invite-refused", test_invite_refused);
  g_test_add_func("/dial/invite-rings", test_invite_rings);
  g_test_add_func("/dial/nobody-comes", test_nobody_comes);
  g_test_add_func("/dial/room-refuses", test_room_refuses);
  g_test_add_func("/dial/pace", test_pace);
  g_test_add_func("/dial/strangers", test_strangers);
  g_test_add_func("/dial/forged-room", test_forged_room);
  g_test_add_func("/dial/delayed", test_delayed);
  g_test_add_func("/dial/unknown-room", test_unknown_room);
  g_test_add_func("/dial/client-mode", test_client_mode);
  g_test_add_func("/dial/away", test_dial_away);
  g_test_add_func("/dial/invite-away", test_invite_away);
  g_test_add_func("/dial/stand", test_stand);
  return g_test_run();
}
