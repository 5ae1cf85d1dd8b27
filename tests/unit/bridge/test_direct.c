/* Calls between one phone and one person, among stand-ins: who may call whom, what the phone is told, what is left behind. */
#include "direct_kit.h"
#include "base/limits.h"

static guint calls_of(world *w, const char *number) {
  g_autoptr(GPtrArray) rooms = gw_bridge_rooms(w->b);
  for (guint i = 0; i < rooms->len; i++) {
    const gw_room_info *r = rooms->pdata[i];
    if (!strcmp(r->number, number)) return r->calls;
  }
  g_assert_not_reached();
}

static void test_phone_calls(void) {
  world w;
  start(&w);
  gw_sip_call *sip = talking(&w);
  g_autofree char *state = state_of_first(&w);
  g_assert_cmpstr(state, ==, "connecting");
  g_assert_cmpuint(calls_of(&w, "8101"), ==, 1);
  g_assert_cmpuint(calls_of(&w, "8000"), ==, 0);
  g_assert_true(strstr(w.store->str, "+session " DEVICE) != NULL);
  fake_clear();
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("jingle session-terminate to=" DEVICE));
  g_assert_true(fake_said("jmi finish"));
  g_assert_true(strstr(w.store->str, "-session " DEVICE) != NULL);
  g_assert_true(strstr(w.store->str, "\"room\":\"" ALICE "\"") != NULL);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_assert_cmpuint(calls_of(&w, "8101"), ==, 0);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* Who had to say a PIN, and who was rung by the operator, was in a lobby until then: its session is of the call's room. */
static void test_from_lobby(void) {
  for (guint dialled = 0; dialled < 2; dialled++) {
    world w;
    start(&w);
    g_autofree char *id = NULL, *why = NULL;
    g_autofree char *call = dialled ? gw_bridge_dial(w.b, "100", "8101", &why) : NULL;
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = dialled ? NULL : invite(&w, "100", "8102", offer);
    spin();
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    if (dialled)
      gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
    else
      keys(&w, sip, "4711#");
    wait_said("media move");
    spin();
    g_assert_false(fake_said("jmi propose"));
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b); /* in its room now */
    spin();
    const char *said = strstr(fake_log(), "jmi propose ");
    g_assert_nonnull(said);
    id = g_strndup(said + strlen("jmi propose "), 36);
    jmi(&w, GW_JMI_PROCEED, DEVICE, "100@gw.example.test", id);
    fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
    g_assert_true(fake_said("jingle session-initiate to=" DEVICE));
    fake_jingle("100@", jingle(GW_JINGLE_SESSION_ACCEPT, id));
    spin();
    g_assert_false(fake_said("sip hangup"));
    g_autofree char *state = state_of_first(&w);
    g_assert_cmpstr(state, ==, "connecting");
    end_sip(&w, dialled ? fake_dialled : sip, GW_CAUSE_NORMAL);
    g_assert_true(fake_said("jingle session-terminate to=" DEVICE));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    if (sip) gw_sip_call_unref(sip);
    finish(&w);
  }
}

/* Her hold is a new offer to the phone, and the phone's is said to her. */
static void test_hold(void) {
  world w;
  start(&w);
  gw_sip_call *sip = talking(&w);
  g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
  const char *said = strstr(fake_log(), "jmi propose ");
  g_autofree char *id = g_strndup(said + strlen("jmi propose "), 36);
  static const struct {
    gw_jingle_info info;
    const char *said;
  } rows[] = {{GW_INFO_HOLD, "sip reinvite dir=1"}, {GW_INFO_ACTIVE, "sip reinvite dir=3"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_word *word = jingle(GW_JINGLE_SESSION_INFO, id);
    word->u.jingle.info = rows[i].info;
    fake_clear();
    fake_jingle("100@", word);
    g_assert_true(fake_said(rows[i].said));
  }
  g_autoptr(gw_desc) held = phone_offer(GW_DIR_SENDONLY);
  fake_clear();
  gw_bridge_sip_remote(sip, held, TRUE, w.b);
  g_assert_true(fake_said("jingle session-info to=" DEVICE));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* What the phone does while the stream is away is said when it is back, and the call goes on. */
static void test_stream_lost(void) {
  world w;
  start(&w);
  gw_sip_call *sip = talking(&w);
  const char *said = strstr(fake_log(), "jmi propose ");
  g_autofree char *id = g_strndup(said + strlen("jmi propose "), 36);
  fake_clear();
  fake_persona_stream("100@", FALSE);
  g_autoptr(gw_desc) held = phone_offer(GW_DIR_SENDONLY);
  gw_bridge_sip_remote(sip, held, TRUE, w.b);
  spin();
  g_assert_false(fake_said("jingle session-info"));
  fake_persona_stream("100@", TRUE);
  spin();
  g_assert_true(fake_said("jingle session-info to=" DEVICE));
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_TERMINATE, id));
  spin();
  g_assert_true(fake_said("sip hangup normal"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  finish(&w);
}

static void test_dialled(void) {
  static const struct {
    const char *to, *host, *said;
  } rows[] = {{"bob", "example.test", "jmi propose"},
              {"bob@example.test", NULL, "jmi propose"},
              {"eve", "evil.test", "sip hangup not-found"},
              {"100", "gw.example.test", "sip hangup not-found"},
              {"bob", NULL, "sip hangup not-found"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    gw_bridge_conf *c = direct_conf();
    g_strfreev(c->dial_users);
    c->dial_users = g_strsplit("*@EXAMPLE.test,*@gw.example.test", ",", 0);
    gw_bridge_reconfigure(w.b, c);
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = fake_sip_call();
    gw_sip_invite in = {.phone = "100",
                        .from_user = "100",
                        .from_name = "",
                        .to_user = rows[i].to,
                        .to_host = rows[i].host,
                        .source = "udp:127.0.0.1:5062",
                        .call_id = "x"};
    in.offer = offer;
    fake_clear();
    gw_bridge_invite(NULL, sip, &in, w.b);
    spin();
    g_assert_true(fake_said(rows[i].said));
    if (gw_bridge_call_count(w.b)) end_sip(&w, sip, GW_CAUSE_CANCELLED);
    gw_sip_call_unref(sip);
    finish(&w);
  }
}

/* --- her own account */

#define OWN "account:" ALICE

static void with_account(world *w) {
  start(w);
  gw_bridge_conf *c = direct_conf();
  gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
  *t = (gw_trunk_conf){.name = g_strdup(OWN),
                       .owner = g_strdup(ALICE),
                       .caller = g_strdup("anna"),
                       .caller_name = g_strdup("Anna B."),
                       .dial_out = g_strsplit("*", ",", 0),
                       .dial_out_by = g_strsplit(ALICE, ",", 0),
                       .number_jid = TRUE,
                       .max_calls = 2};
  g_ptr_array_add(c->trunks, t);
  g_strfreev(c->dial_users);
  c->dial_users = g_strsplit("*@example.test", ",", 0);
  gw_room_conf *r = c->rooms->pdata[1]; /* the number that leads to her asks for a PIN */
  g_free(r->pin);
  r->pin = g_strdup("4711");
  gw_bridge_reconfigure(w->b, c);
  fake_clear();
}

/* Whatever is called there rings her and nobody else: not the room of the same number, and without that number's PIN. */
static void test_account_in(void) {
  static const struct {
    const char *to, *from, *node;
  } rows[] = {{"anna", "+493012345647", "+493012345647@"}, {"8000", "20", "guest@"}, {"", "100", "guest@"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    with_account(&w);
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = fake_sip_call();
    const gw_sip_invite in = {.trunk = OWN,
                              .from_user = rows[i].from,
                              .from_name = "",
                              .to_user = rows[i].to,
                              .source = "udp:192.0.2.7:5060",
                              .call_id = "x",
                              .offer = offer};
    gw_bridge_invite(NULL, sip, &in, w.b);
    spin();
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("jmi propose"));
    g_assert_false(fake_said("join "));
    g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
    const gw_call_info *info = calls->pdata[0];
    g_assert_cmpstr(info->room, ==, ALICE);
    g_assert_cmpstr(info->trunk, ==, OWN);
    jmi(&w, GW_JMI_REJECT, DEVICE, rows[i].node[0] == '+' ? "+493012345647@gw.example.test" : "guest@gw.example.test", "none"); /* not this one */
    end_sip(&w, sip, GW_CAUSE_CANCELLED);
    gw_sip_call_unref(sip);
    finish(&w);
  }
}

static void test_account_out(void) {
  world w;
  with_account(&w);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "0900123456@gw.example.test", "p1"); /* no trunk of the operator's would */
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip dial 0900123456 by " OWN " from anna as Anna B."));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ENDED, GW_CAUSE_OVERLOAD, 503, w.b);
  spin();
  g_assert_false(fake_said("by main")); /* it fails: hers are not paid for by the house */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  fake_clear();
  jmi(&w, GW_JMI_PROPOSE, "bob@example.test/phone", "0900123456@gw.example.test", "p2");
  g_assert_true(fake_said("reject"));
  g_assert_false(fake_said("sip dial"));
  g_autofree char *why = NULL, *id = gw_bridge_dial(w.b, "0900123456", "8000", &why);
  g_assert_null(id);
  finish(&w);
}

/* What the operator is told is what would happen. */
static void test_explained(void) {
  static const struct {
    const char *from, *to;
    gboolean allowed;
    const char *room, *trunk;
    guint code;
  } rows[] = {
      {"100", "bob@example.test", TRUE, "bob@example.test", NULL, 0},
      {"100", "sip:bob@example.test", TRUE, "bob@example.test", NULL, 0},
      {"100", "eve@evil.test", FALSE, NULL, NULL, 404},
      {"100", "8000@gw.example.test", TRUE, ROOM, NULL, 0},
      {"100", "101@gw.example.test", FALSE, NULL, NULL, 404},
      {"100", "8101", TRUE, ALICE, NULL, 0},
      {"trunk:main", "bob@example.test", FALSE, NULL, NULL, 404},
      {"", "bob@example.test", FALSE, NULL, NULL, 404},
      {"trunk:" OWN, "8000", TRUE, ALICE, NULL, 0},
      {ALICE, "100@gw.example.test", TRUE, NULL, NULL, 0}, /* a number leads to her */
      {ALICE, "100", TRUE, NULL, NULL, 0},
      {ALICE, "100@elsewhere.test", FALSE, NULL, NULL, 404},
      {ALICE, "8000@gw.example.test", TRUE, ROOM, NULL, 0}, /* into the room's call */
      {ALICE, "8000", TRUE, ROOM, NULL, 0},
      {ALICE, "8000@elsewhere.test", FALSE, NULL, NULL, 404},
      {"bob@evil.test", "8000@gw.example.test", FALSE, NULL, NULL, 403},
      {DEVICE, "+4930123456@gw.example.test", TRUE, NULL, OWN, 0},
      {"bob@example.test", "100@gw.example.test", TRUE, NULL, NULL, 0}, /* local */
      {"bob@evil.test", "100@gw.example.test", FALSE, NULL, NULL, 403},
      {"bob@example.test", "+4930123456@gw.example.test", FALSE, NULL, NULL, 403},
      {"operator", "+4930123456", TRUE, NULL, "main", 0},
  };
  world w;
  with_account(&w);
  fake_contacts = 1;
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_route) r = gw_bridge_route(w.b, rows[i].from, rows[i].to);
    g_test_message("row %u: %s to %s", i, rows[i].from, rows[i].to);
    g_assert_cmpint(r->allowed, ==, rows[i].allowed);
    g_assert_cmpstr(r->allowed ? r->room : NULL, ==, rows[i].room);
    g_assert_cmpstr(r->trunk, ==, rows[i].trunk);
    g_assert_cmpuint(r->code, ==, rows[i].code);
  }
  finish(&w);
}

/* The PIN of the number that leads to her is no less asked for when she is dialled by address. */
static void test_dialled_pin(void) {
  for (guint pin = 0; pin < 2; pin++) {
    world w;
    start(&w);
    gw_bridge_conf *c = direct_conf();
    gw_room_conf *r = c->rooms->pdata[1];
    g_free(r->pin);
    r->pin = g_strdup(pin ? "4711" : "");
    gw_bridge_reconfigure(w.b, c);
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = invite(&w, "100", ALICE, offer);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_cmpint(fake_said("jmi propose"), ==, !pin);
    g_assert_cmpint(fake_said("sip answer"), ==, pin); /* to be asked */
    end_sip(&w, sip, GW_CAUSE_CANCELLED);
    gw_sip_call_unref(sip);
    finish(&w);
  }
}


static void test_person_calls(void) {
  world w;
  start(&w);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "s1");
  picked_up(&w);
  g_assert_true(fake_said("sip dial 100"));
  g_assert_true(fake_said("jmi ringing s1"));
  g_assert_true(fake_said("jmi proceed s1"));
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_INITIATE, "s1"));
  fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
  spin();
  g_assert_true(fake_said("jingle session-accept to=" DEVICE));
  fake_clear();
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_TERMINATE, "s1"));
  spin();
  g_assert_true(fake_said("sip hangup normal"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

/* A number by a trunk: her wish is asked by the trunk's rules alone, and it is the number that answers her. */
static void test_person_calls_away(void) {
  world w;
  start(&w);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "+4930123456@gw.example.test", "s1");
  picked_up(&w);
  g_assert_true(fake_said("sip dial +4930123456 by main from 8101"));
  g_assert_true(fake_said("jmi proceed s1 from=+4930123456@"));
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("jmi finish s1"));
  finish(&w);
}

/* The name of an account is nothing that the telephone network could be told as a number. */
static void test_name_like_number(void) {
  world w;
  start(&w);
  gw_bridge_conf *c = direct_conf();
  gw_trunk_conf *t = c->trunks->pdata[0];
  g_strfreev(t->dial_out_by);
  t->dial_out_by = g_strsplit("example.test", ",", 0);
  gw_bridge_reconfigure(w.b, c);
  jmi(&w, GW_JMI_PROPOSE, "+49110@example.test/x", "+4930123456@gw.example.test", "s1");
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip dial +4930123456 by main from nobody"));
  end_sip(&w, fake_dialled, GW_CAUSE_BUSY);
  finish(&w);
}

static void test_no_answer(void) {
  static const struct {
    gw_cause cause;
    guint status;
    const char *said;
  } rows[] = {{GW_CAUSE_BUSY, 486, "jmi reject s1 busy"},
              {GW_CAUSE_REJECTED, 603, "jmi reject s1 decline"},
              {GW_CAUSE_TIMEOUT, 480, "jmi reject s1 timeout"},
              {GW_CAUSE_INTERNAL, 500, "jmi reject s1 general-error"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "s1");
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    gw_bridge_sip_state(fake_dialled, GW_SIP_ENDED, rows[i].cause, rows[i].status, w.b);
    spin();
    g_assert_true(fake_said(rows[i].said));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    finish(&w);
  }
}

/* Once more, as after a resumed stream: one phone rings once, and a number is dialled once. */
static void test_proposed_twice(void) {
  static const char *const to[] = {"100@gw.example.test", "+4930123456@gw.example.test"};
  for (guint i = 0; i < G_N_ELEMENTS(to); i++) {
    world w;
    start(&w);
    for (guint n = 0; n < 2; n++)
      jmi(&w, GW_JMI_PROPOSE, DEVICE, to[i], "s1");
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    g_assert_false(fake_said("reject"));
    jmi(&w, GW_JMI_RETRACT, DEVICE, to[i], "s1");
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    finish(&w);
  }
}

static void test_retracted(void) {
  world w;
  start(&w);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "s1");
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  jmi(&w, GW_JMI_RETRACT, "mallory@evil.test/x", "100@gw.example.test", "s1");
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  jmi(&w, GW_JMI_RETRACT, DEVICE, "100@gw.example.test", "s1");
  g_assert_true(fake_said("sip hangup cancelled"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

/* By the JID of its presence, in the middle of a call. */
static void test_second_person(void) {
  static const struct {
    const char *from, *reason;
  } rows[] = {{"bob@example.test/x", "busy"}, {"eve@evil.test/x", "decline"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    gw_bridge_conf *c = direct_conf();
    g_strfreev(c->callers);
    c->callers = g_strsplit("local", ",", 0);
    gw_bridge_reconfigure(w.b, c);
    g_assert_cmpint(gw_bridge_offered(NULL, "100@gw.example.test", DEVICE, w.b), ==, GW_CAUSE_NONE);
    fake_jingle("100@", jingle(GW_JINGLE_SESSION_INITIATE, "s1"));
    spin();
    picked_up(&w);
    fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
    g_assert_true(fake_said("jingle session-accept to=" DEVICE));
    gw_word *word = jingle(GW_JINGLE_SESSION_INITIATE, "s2");
    g_free(word->from);
    word->from = g_strdup(rows[i].from);
    fake_clear();
    fake_jingle("100@", word);
    g_autofree char *said = g_strdup_printf("jingle session-terminate to=%s sid=s2 %s",
                                            rows[i].from, rows[i].reason);
    g_assert_true(fake_said(said));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
    g_assert_true(fake_said("jingle session-terminate to=" DEVICE));
    finish(&w);
  }
}

static void test_who_may(void) {
  static const struct {
    const char *callers, *from, *to, *reason;
  } rows[] = {{"local", "bob@example.test/x", "100@gw.example.test", NULL},
              {"local", "eve@evil.test/x", "100@gw.example.test", "decline"},
              {"*@evil.test", "eve@evil.test/x", "100@gw.example.test", NULL},
              {"nobody", "bob@example.test/x", "100@gw.example.test", "decline"},
              {"nobody", DEVICE, "100@gw.example.test", NULL}, /* a number leads to her */
              {"*", "bob@example.test/x", "101@gw.example.test", "gone"}, /* not registered */
              {"*", "bob@example.test/x", "199@gw.example.test", "decline"},
              {"*", "bob@example.test/x", "+4930123456@gw.example.test", "decline"},
              {"*", "bob@example.test/x", "8000@gw.example.test", NULL}, /* a room */
              {"nobody", "bob@example.test/x", "8000@gw.example.test", "decline"},
              {"*", "bob@example.test/x", "gw.example.test", "decline"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    gw_bridge_conf *c = direct_conf();
    g_strfreev(c->callers);
    c->callers = g_strsplit(rows[i].callers, ",", 0);
    gw_bridge_reconfigure(w.b, c);
    fake_clear();
    jmi(&w, GW_JMI_PROPOSE, rows[i].from, rows[i].to, "s1");
    g_autofree char *no = g_strdup_printf("reject s1: %s", rows[i].reason);
    g_assert_true(fake_said("reject") == (rows[i].reason != NULL));
    if (rows[i].reason) g_assert_true(fake_said(no));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, rows[i].reason ? 0 : 1);
    gw_cause plain = gw_bridge_offered(NULL, rows[i].to, rows[i].from, w.b);
    g_assert_true((plain == GW_CAUSE_NONE) == (rows[i].reason == NULL));
    finish(&w);
  }
}

static void test_pace(void) {
  world w;
  start(&w);
  guint told = 0;
  for (guint i = 0; i < 40; i++) {
    fake_clear();
    jmi(&w, GW_JMI_PROPOSE, "eve@evil.test/x", "100@gw.example.test", "s1");
    told += fake_said("reject");
  }
  g_assert_cmpuint(told, ==, 21); /* twenty refusals, and that it was too often */
  told = 0;
  for (guint i = 0; i < 40; i++) {
    g_autofree char *id = g_strdup_printf("t%u", i);
    fake_clear();
    jmi(&w, GW_JMI_PROPOSE, DEVICE, "101@gw.example.test", id); /* she may, it is not registered */
    told += fake_said("reject");
  }
  g_assert_cmpuint(told, ==, 11);
  finish(&w);
}

/* More people than are counted, none of whom may: who may is not kept out, and is not told of their refusals. */
static void test_strangers(void) {
  world w;
  start(&w);
  guint told = 0;
  for (guint i = 0; i <= GW_MAX_INVITERS; i++) {
    g_autofree char *eve = g_strdup_printf("eve%u@evil.test/x", i);
    fake_clear();
    jmi(&w, GW_JMI_PROPOSE, eve, "100@gw.example.test", "s1");
    told += fake_said("reject");
  }
  g_assert_cmpuint(told, ==, 21);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "s1");
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  finish(&w);
}

/* The same by sessions that are begun in the middle of a call. */
static void test_strangers_within(void) {
  world w;
  start(&w);
  gw_sip_call *sip = talking(&w);
  for (guint i = 0; i <= GW_MAX_INVITERS; i++) {
    gw_word *word = jingle(GW_JINGLE_SESSION_INITIATE, "s1");
    g_free(word->from);
    word->from = g_strdup_printf("eve%u@evil.test/x", i);
    fake_jingle("100@", word);
  }
  fake_clear();
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "101@gw.example.test", "s2");
  g_assert_true(fake_said("reject s2: gone")); /* it is not registered; she is not refused */
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* What is no JID calls nobody, and is answered nothing. */
static void test_no_jid(void) {
  static const char *const from[] = {"alice@example.test/", "a@b@c/x", "@example.test/x",
                                     "alice@example.test/\x01"};
  world w;
  start(&w);
  for (guint i = 0; i < G_N_ELEMENTS(from); i++) {
    jmi(&w, GW_JMI_PROPOSE, from[i], "100@gw.example.test", "s1");
    g_assert_cmpint(gw_bridge_offered(NULL, "100@gw.example.test", from[i], w.b), ==,
                    GW_CAUSE_BAD_REQUEST);
  }
  g_assert_cmpstr(fake_log(), ==, "");
  finish(&w);
}

/* Late, from nobody, without audio: nothing rings. */
static void test_strange(void) {
  world w;
  start(&w);
  g_autoptr(gw_word) word = gw_word_new_jmi(GW_JMI_PROPOSE, "100@gw.example.test", "s1");
  word->from = g_strdup(DEVICE);
  word->u.jmi.video = TRUE;
  gw_bridge_jmi(NULL, word, w.b);
  g_assert_true(fake_said("reject s1: incompatible-parameters"));
  word->u.jmi.audio = word->historic = TRUE;
  fake_clear();
  gw_bridge_jmi(NULL, word, w.b);
  jmi(&w, GW_JMI_PROPOSE, ALICE, "100@gw.example.test", "s1");
  jmi(&w, GW_JMI_PROCEED, DEVICE, "100@gw.example.test", "s1");
  g_assert_cmpstr(fake_log(), ==, "");
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  finish(&w);
}

/* Both call at the same time: one call comes of it. */
static void test_crossed(void) {
  world w;
  start(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8101", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "!"); /* below any id of ours */
  g_assert_true(fake_said("jmi proceed !"));
  g_assert_false(fake_said("sip dial"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_INITIATE, "!"));
  fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
  spin();
  g_assert_true(fake_said("jingle session-accept to=" DEVICE));
  g_assert_true(fake_said("sip answer"));
  fake_clear();
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "!"); /* once more, after a resumed stream */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  g_assert_cmpstr(fake_log(), ==, "");
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* Hers gave way to ours, and comes once more when that call is up. */
static void test_crossed_ours(void) {
  world w;
  start(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8101", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_autofree char *id = g_strndup(strstr(fake_log(), "jmi propose ") + strlen("jmi propose "), 36);
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "~"); /* above any id of ours */
  g_assert_true(fake_said("jmi reject ~"));
  jmi(&w, GW_JMI_PROCEED, DEVICE, "100@gw.example.test", id);
  fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_ACCEPT, id));
  spin();
  g_assert_true(fake_said("sip answer"));
  fake_clear();
  jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "~");
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  g_assert_cmpstr(fake_log(), ==, "");
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* Two phones call her: two calls, which do not hear each other. */
static void test_two_calls(void) {
  world w;
  start(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *a = invite(&w, "100", "8101", offer), *b = invite(&w, "101", "8101", offer);
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 2);
  end_sip(&w, a, GW_CAUSE_CANCELLED);
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1);
  end_sip(&w, b, GW_CAUSE_CANCELLED);
  gw_sip_call_unref(a);
  gw_sip_call_unref(b);
  finish(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/direct/phone-calls", test_phone_calls);
  g_test_add_func("/bridge/direct/from-lobby", test_from_lobby);
  g_test_add_func("/bridge/direct/hold", test_hold);
  g_test_add_func("/bridge/direct/stream-lost", test_stream_lost);
  g_test_add_func("/bridge/direct/dialled", test_dialled);
  g_test_add_func("/bridge/direct/account-in", test_account_in);
  g_test_add_func("/bridge/direct/account-out", test_account_out);
  g_test_add_func("/bridge/direct/explained", test_explained);
  g_test_add_func("/bridge/direct/dialled-pin", test_dialled_pin);
  g_test_add_func("/bridge/direct/person-calls", test_person_calls);
  g_test_add_func("/bridge/direct/person-calls-away", test_person_calls_away);
  g_test_add_func("/bridge/direct/name-like-number", test_name_like_number);
  g_test_add_func("/bridge/direct/no-answer", test_no_answer);
  g_test_add_func("/bridge/direct/proposed-twice", test_proposed_twice);
  g_test_add_func("/bridge/direct/retracted", test_retracted);
  g_test_add_func("/bridge/direct/second-person", test_second_person);
  g_test_add_func("/bridge/direct/who-may", test_who_may);
  g_test_add_func("/bridge/direct/pace", test_pace);
  g_test_add_func("/bridge/direct/strangers", test_strangers);
  g_test_add_func("/bridge/direct/strangers-within", test_strangers_within);
  g_test_add_func("/bridge/direct/no-jid", test_no_jid);
  g_test_add_func("/bridge/direct/strange", test_strange);
  g_test_add_func("/bridge/direct/crossed", test_crossed);
  g_test_add_func("/bridge/direct/crossed-ours", test_crossed_ours);
  g_test_add_func("/bridge/direct/two-calls", test_two_calls);
  return g_test_run();
}
