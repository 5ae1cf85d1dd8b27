/* The bridge's shell with every neighbour faked: what is asked of SIP, XMPP and media, in which
 * order, and that nothing stays open behind a call. */
#include "kit.h"

static void test_refusals(void) {
  static const struct {
    const char *to, *expect;
  } rows[] = {{"9999", "sip hangup not-found"},
              {"101", "sip hangup not-found"},
              {"", "sip hangup not-found"}};
  world w;
  setup(&w);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fake_clear();
    gw_sip_call *sip = invite(&w, "100", rows[i].to, NULL);
    g_assert_true(g_str_has_prefix(fake_log(), rows[i].expect));
    g_assert_cmpuint(fake_sip_refs(sip), ==, 1);
    gw_sip_call_unref(sip);
  }
  fake_clear();
  fake_stream = GW_XMPP_DOWN;
  gw_sip_call *sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("sip hangup xmpp-down"));
  gw_sip_call_unref(sip);
  fake_stream = GW_XMPP_UP;
  gw_bridge_drain(w.b, TRUE);
  sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("sip hangup shutdown"));
  gw_sip_call_unref(sip);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  teardown(&w);
}

static void test_alone_then_gone(void) {
  world w;
  setup(&w);
  gw_sip_call *sip = seated(&w);
  g_autofree char *state = state_of_first(&w);
  g_assert_cmpstr(state, ==, "waiting");
  g_assert_true(strstr(w.store->str, "+occupant " ROOM "/Front desk") != NULL);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_assert_true(strstr(w.store->str, "-occupant " ROOM "/Front desk") != NULL);
  g_assert_true(strstr(w.store->str, "record {") != NULL);
  g_assert_true(fake_said("leave " ROOM " as Front desk"));
  g_assert_cmpuint(fake_sip_refs(sip), ==, 1);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_no_codec_is_told_before_the_room(void) {
  world w;
  setup(&w);
  g_autoptr(gw_desc) offer = gw_desc_new();
  gw_desc_media_add_codec(gw_desc_add(offer, GW_KIND_AUDIO, NULL), 18, "G729", 8000, 1, NULL);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip hangup no-codec"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* The room's worker takes no more: one phone is refused, and those before it stay. */
static void test_ceiling(void) {
  world w;
  setup(&w);
  gw_sip_call *first = invite(&w, "100", "8000", NULL);
  fake_worker_full = TRUE;
  gw_sip_call *sip = invite(&w, "101", "8000", NULL);
  g_assert_true(fake_said("sip hangup overload"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  gw_sip_call_unref(sip);
  gw_sip_call_unref(first);
  teardown(&w);
}

static void test_overload(void) {
  world w;
  setup(&w);
  fake_media_full = TRUE;
  gw_sip_call *sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("sip hangup overload"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_membership(void) {
  world w;
  setup(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_clear();
  fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "registration-required");
  spin();
  g_assert_true(fake_said("grant 100@gw.test"));
  fake_answer_questions();
  g_assert_true(fake_said("join " ROOM " as Front desk"));
  fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "registration-required"); /* once is enough */
  spin();
  g_assert_true(fake_said("sip hangup forbidden"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void ring_nobody(world *w) {
  gw_bridge_conf *quiet = conf(FALSE);
  g_strfreev(g_steal_pointer(&((gw_room_conf *)quiet->rooms->pdata[0])->ring));
  gw_bridge_reconfigure(w->b, quiet);
}

static void test_membership_beforehand(void) {
  world w;
  setup(&w);
  fake_members_only = TRUE;
  fake_clear();
  gw_sip_call *sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("grant 100@gw.test"));
  g_assert_false(fake_said("join"));
  fake_answer_questions();
  g_assert_true(fake_said("join " ROOM " as Front desk"));
  end_sip(&w, sip, GW_CAUSE_CANCELLED);
  fake_clear();
  fake_grant_answer = GW_ANSWER_NO;
  gw_sip_call *again = invite(&w, "100", "8000", NULL);
  fake_answer_questions();
  g_assert_true(fake_said("join " ROOM)); /* perhaps it is a member all the same */
  fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "registration-required");
  spin();
  g_assert_true(fake_said("sip hangup forbidden"));
  gw_sip_call_unref(sip);
  gw_sip_call_unref(again);
  teardown(&w);
}

/* "lane from>to text" of each event of the last record. */
static char *ladder(world *w) {
  const char *record = strstr(w->store->str, "record {") + strlen("record ");
  g_autofree char *line = g_strndup(record, strcspn(record, "\n"));
  g_autoptr(JsonNode) node = json_from_string(line, NULL);
  JsonObject *trace = json_object_get_object_member(json_node_get_object(node), "trace");
  JsonArray *events = json_object_get_array_member(trace, "events");
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < json_array_get_length(events); i++) {
    JsonObject *e = json_array_get_object_element(events, i);
    g_string_append_printf(out, "%s %s>%s %s\n", json_object_get_string_member(e, "lane"),
                           json_object_get_string_member(e, "from"),
                           json_object_get_string_member(e, "to"),
                           json_object_get_string_member(e, "text"));
  }
  return g_string_free(out, FALSE);
}

static void bob_calls(void) {
  gw_word *initiate = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, NULL, "id-1:s1", FALSE);
  initiate->from = g_strdup("bob@x.test/web");
  initiate->u.jingle.desc = web_sound("0", "bbbb", GW_SETUP_ACTPASS);
  initiate->u.jingle.desc->bundle = TRUE;
  fake_jingle("100@", initiate);
}

/* bob proposes, the phone accepts, bob calls, the phone talks; then the stream drops and comes
 * back. */
static void test_mesh(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  ring_nobody(&w);
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-1", "bob"));
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  g_assert_true(fake_said("media expect offerer=0 peers=1")); /* while it still comes into the room */
  bob_joins("100@");
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  g_assert_false(fake_said("sip answer")); /* the roster question comes first */
  fake_answer_questions();
  spin();
  g_assert_true(fake_said("sip answer"));
  g_assert_true(fake_said("say accept id-1"));
  fake_word(fake_muc("100@"), word(GW_JMUCI_ACCEPT, "id-1", "Front desk"));
  bob_calls();
  g_assert_true(fake_said("media peer offerer=0"));
  g_assert_true(strstr(w.store->str, "+session bob@x.test/web") != NULL);
  fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
  g_assert_true(fake_said("jingle session-accept to=bob@x.test/web"));
  g_assert_true(fake_said("media peer-agreed opus"));
  gw_bridge_media_events.state(fake_last(GW_MEDIA_PEER), GW_MS_ICE, GW_CAUSE_NONE, w.b);
  gw_bridge_media_events.state(fake_last(GW_MEDIA_PEER), GW_MS_UP, GW_CAUSE_NONE, w.b);
  spin();
  g_autofree char *talking = state_of_first(&w);
  g_assert_cmpstr(talking, ==, "talking");
  fake_persona_stream("100@", FALSE);
  spin();
  g_assert_cmpuint(fake_open(GW_MEDIA_PEER), ==, 1); /* the sound goes on */
  fake_muc_in(fake_muc("100@"), TRUE);
  spin();
  g_assert_cmpuint(fake_open(GW_MEDIA_PEER), ==, 1);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("jingle session-terminate to=bob@x.test/web"));
  g_assert_true(fake_said("say ended id-1"));
  g_assert_true(strstr(w.store->str, "-session bob@x.test/web") != NULL);
  g_assert_true(strstr(w.store->str, "\"cause\":\"normal\"") != NULL);
  /* the record tells of bob, though his session had ended before it was written */
  g_assert_true(strstr(w.store->str,
                       "{\"jid\":\"bob@x.test/web\",\"nick\":\"bob\",\"state\":\"ended\","
                       "\"codec\":\"opus\",\"packets_in\":50,\"packets_out\":49,\"lost\":0,"
                       "\"jitter_ms\":0,\"mos\":4.4") != NULL);
  g_assert_true(strstr(w.store->str, "\"sip_status\":null,\"jingle_reason\":\"success\"") != NULL);
  gw_bridge_counters counters;
  gw_bridge_get_counters(w.b, &counters);
  g_assert_cmpuint(counters.ended[GW_CAUSE_NORMAL], ==, 1);
  g_assert_cmpuint(counters.mos_count, ==, 1);
  g_assert_cmpuint(counters.mos_buckets[GW_MOS_BUCKETS - 1], ==, 1);
  g_assert_cmpuint(counters.mos_buckets[0], ==, 0);
  g_autofree char *events = ladder(&w);
  g_assert_cmpstr(events, ==,
                  "sip phone>gateway INVITE 8000: PCMA\n"
                  "sip gateway>phone 180 Ringing\n"
                  "muc gateway>room join as Front desk\n"
                  "muc room>gateway joined as Front desk\n"
                  "sip gateway>phone 200 OK: PCMA\n"
                  "jmuci gateway>room accept\n"
                  "jmuci room>gateway accept of ours, as the room orders it\n"
                  "jingle bob>gateway session-initiate\n"
                  "jingle gateway>bob session-accept\n"
                  "ice bob>bob a pair works\n"
                  "dtls bob>bob keys agreed\n"
                  "muc room>room stream down\n"
                  "muc room>gateway joined again as Front desk\n"
                  "sip phone>gateway ended: normal\n"
                  "jingle gateway>bob session-terminate: success\n"
                  "jmuci gateway>room ended\n"
                  "muc gateway>room leave\n");
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_roster_check(void) {
  world w;
  setup(&w);
  ring_nobody(&w);
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-1", "bob"));
  spin();
  fake_roster_answer = GW_ANSWER_NO;
  fake_disco_name = "JSXC";
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc("100@"), FALSE);
  fake_answer_questions();
  spin();
  g_assert_true(fake_said("sip hangup forbidden"));
  g_assert_false(fake_said("say accept"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_ring_and_retract(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-1", "bob"));
  spin();
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  g_assert_true(
      fake_said("media leg hint=127.0.0.1")); /* or the offer would say 0.0.0.0, which is hold */
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip dial 101")); /* not registered: that call is over */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  fake_local_desc((gw_handle){fake_last(GW_MEDIA_LEG).v - 1}, w.b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
  fake_clear();
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_RETRACT, "id-1", "bob"));
  spin();
  g_assert_true(fake_said("sip hangup cancelled"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

static void check_sums(const world *w, guint phones, guint room) {
  gw_stream_sums p, r;
  gw_bridge_sum_streams(w->b, &p, &r);
  g_assert_cmpuint(p.streams, ==, phones);
  g_assert_cmpuint(r.streams, ==, room);
  g_assert_cmpuint(p.concealed_ms, ==, phones * 20);
  g_assert_cmpuint(r.listened_ms, ==, room * 1000);
  g_assert_cmpuint(r.spoken_ms, ==, room * 250);
}

/* The sums of all streams, while calls and sessions come and go. */
static void test_sums(void) {
  world w;
  setup(&w);
  check_sums(&w, 0, 0);
  bob_joins("gateway@");
  ring_nobody(&w);
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-1", "bob"));
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *a = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  bob_joins("100@");
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  fake_answer_questions();
  spin();
  check_sums(&w, 1, 0);
  fake_word(fake_muc("100@"), word(GW_JMUCI_ACCEPT, "id-1", "Front desk"));
  bob_calls();
  check_sums(&w, 1, 1);
  gw_sip_call *b = invite(&w, "101", "8000", offer);
  check_sums(&w, 2, 1); /* the other phone is no stream of the room */
  end_sip(&w, a, GW_CAUSE_NORMAL);
  until_calls(&w, 1);
  check_sums(&w, 1, 0);
  end_sip(&w, b, GW_CAUSE_NORMAL);
  until_calls(&w, 0);
  check_sums(&w, 0, 0);
  gw_sip_call_unref(a);
  gw_sip_call_unref(b);
  teardown(&w);
}

static void test_hold(void) {
  world w;
  setup(&w);
  gw_sip_call *sip = seated(&w);
  fake_clear();
  g_autoptr(gw_desc) hold = phone_offer(GW_DIR_SENDONLY), resume = phone_offer(GW_DIR_SENDRECV);
  gw_bridge_sip_remote(sip, hold, TRUE, w.b);
  g_assert_true(fake_said("sip answer dir=2")); /* recvonly */
  g_assert_true(fake_said("media mute=1"));
  gw_bridge_sip_remote(sip, resume, TRUE, w.b);
  g_assert_true(fake_said("media mute=0"));
  fake_clear();
  g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
  g_assert_true(gw_bridge_mute(w.b, ((gw_call_info *)calls->pdata[0])->id, TRUE));
  gw_bridge_sip_remote(sip, hold, TRUE, w.b);
  gw_bridge_sip_remote(sip, resume, TRUE, w.b);
  g_assert_false(fake_said("media mute=0")); /* muted before the hold, muted after it */
  g_autoptr(gw_desc) bad = gw_desc_new();
  gw_bridge_sip_remote(sip, bad, TRUE, w.b);
  g_assert_true(fake_said("sip refuse-offer no-codec"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_two_phones(void) {
  world w;
  setup(&w);
  gw_sip_call *a = seated(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *b = invite(&w, "101", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_occupant(fake_muc("100@"), "Workshop", "101@gw.test/zz", GW_OCC_JOINED);
  fake_muc_in(fake_muc("101@"), FALSE);
  spin();
  g_autofree char *state = state_of_first(&w);
  g_assert_cmpstr(state, ==, "talking");
  g_assert_cmpuint(fake_open(GW_MEDIA_PEER), ==, 0);
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1);
  end_sip(&w, b, GW_CAUSE_NORMAL);
  g_autofree char *after = state_of_first(&w);
  g_assert_cmpstr(after, ==, "waiting");
  end_sip(&w, a, GW_CAUSE_NORMAL);
  gw_sip_call_unref(a);
  gw_sip_call_unref(b);
  teardown(&w);
}

static void on_stopped(void *user) {
  ((world *)user)->stopped = TRUE;
}

/* Two numbers of one room, the second with a PIN; a menu; English prompts or none. */
static void setup_voice(world *w, gboolean prompts) {
  setup(w);
  fake_prompts = prompts;
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = gw_room_conf_new();
  g_free(r->pin);
  r->number = g_strdup("8500");
  r->room = g_strdup(ROOM);
  r->pin = g_strdup("4711");
  g_ptr_array_add(c->rooms, r);
  gw_menu_conf *m = g_new0(gw_menu_conf, 1);
  *m = (gw_menu_conf){g_strdup("8999"), g_strdup("de")};
  g_ptr_array_add(c->menus, m);
  gw_bridge_reconfigure(w->b, c);
  fake_clear();
}

static gw_sip_call *at_the_door(world *w, const char *number) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, "100", number, offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("sip answer dir=3"));
  g_autofree char *state = state_of_first(w);
  g_assert_cmpstr(state, ==, "menu");
  g_assert_null(fake_muc("100@")); /* nobody in the room sees who has not said the PIN */
  return sip;
}

static void let_in(world *w) {
  wait_said("join " ROOM " as Front desk");
  g_assert_false(fake_said("media move")); /* not before the room has let it in */
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  g_assert_true(fake_said("media move"));
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1); /* the lobby is closed */
  fake_clear();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("media leg-remote dir=3 codec=PCMA"));
  g_assert_false(fake_said("sip answer"));
  g_autofree char *state = state_of_first(w);
  g_assert_cmpstr(state, ==, "waiting");
}

static void test_pin(void) {
  for (guint prompts = 0; prompts < 2; prompts++) {
    world w;
    setup_voice(&w, prompts);
    gw_sip_call *sip = at_the_door(&w, "8500");
    g_assert_true(fake_said("play en/enter-pin") == (prompts != 0));
    keys(&w, sip, "4711#");
    g_assert_false(fake_said("media move"));
    let_in(&w);
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    g_assert_null(strstr(w.store->str, "4711"));
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* The room has filled up meanwhile: the leg stays where it is to hear that, and goes with the call. */
static void test_pin_ceiling(void) {
  world w;
  setup_voice(&w, TRUE);
  gw_sip_call *sip = at_the_door(&w, "8500");
  keys(&w, sip, "4711#");
  wait_said("join " ROOM " as Front desk");
  fake_worker_full = TRUE;
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  g_assert_true(fake_said("media move") && fake_said("play en/overload"));
  g_assert_false(fake_said("sip hangup"));
  g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 1);
  run_for(80); /* an earlier end would be that of the prompt before */
  gw_bridge_media_events.prompt_end(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip hangup overload"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_wrong_pin(void) {
  world w;
  setup_voice(&w, FALSE);
  gw_sip_call *sip = at_the_door(&w, "8500");
  for (guint i = 0; i < 3; i++) {
    keys(&w, sip, "1234#");
    g_autofree char *now = state_of_first(&w);
    g_assert_cmpstr(now, ==, "menu");
    if (i == 2) wait_said("sip hangup auth");
    run_for(700);
  }
  g_assert_false(fake_said("media move") || fake_said("join " ROOM " as Front desk"));
  g_assert_null(strstr(w.store->str, "1234"));
  g_assert_nonnull(strstr(w.store->str, "\"cause\":\"auth\""));
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_menu(void) {
  world w;
  setup_voice(&w, TRUE);
  gw_sip_call *sip = at_the_door(&w, "8999");
  g_assert_true(fake_said("play en/enter-room")); /* no German ones: English */
  keys(&w, sip, "77#");
  g_assert_true(fake_said("play en/no-such-room"));
  keys(&w, sip, "8500#");
  g_assert_true(fake_said("play en/enter-pin"));
  g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
  g_assert_cmpstr(((gw_call_info *)calls->pdata[0])->room, ==, ROOM);
  keys(&w, sip, "4711#");
  let_in(&w);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  fake_clear();
  gw_sip_call_unref(sip);
  sip = at_the_door(&w, "8999"); /* the same room by the number that has no PIN */
  keys(&w, sip, "8000#");
  let_in(&w);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  sip = at_the_door(&w, "8999"); /* hangs up while being asked: there is no room in the record */
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static const gw_call_info *first(GPtrArray *calls) {
  return calls->pdata[0];
}

static void test_room_keys(void) {
  world w;
  setup_voice(&w, FALSE);
  gw_sip_call *sip = seated(&w);
  keys(&w, sip, "*6");
  g_autoptr(GPtrArray) muted = gw_bridge_calls(w.b);
  g_assert_true(first(muted)->muted && fake_said("media mute=1") && !fake_said("media mute=0"));
  g_assert_cmpstr(fake_status, ==, "muted");
  keys(&w, sip, "*5");
  g_autoptr(GPtrArray) raised = gw_bridge_calls(w.b);
  g_assert_true(first(raised)->hand);
  g_assert_cmpstr(fake_status, ==, "muted, hand raised");
  gw_bridge_mute(w.b, first(raised)->id, FALSE);
  g_assert_true(fake_said("media mute=0"));
  g_assert_cmpstr(fake_status, ==, "hand raised");
  keys(&w, sip, "*9");
  g_assert_null(fake_status);
  keys(&w, sip, "*0");
  g_assert_true(fake_said("sip hangup normal"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* Answered calls are told why they end; the room is left before the word is out. */
static void test_reason_is_spoken(void) {
  world w;
  setup_voice(&w, TRUE);
  gw_sip_call *sip = seated(&w);
  fake_clear();
  fake_muc_out(fake_muc("100@"), GW_CAUSE_ROOM_CLOSED, "destroyed");
  spin();
  g_assert_true(fake_said("play en/room-closed") && fake_said("leave " ROOM " as Front desk"));
  g_assert_false(fake_said("sip hangup"));
  run_for(80); /* an earlier end would be that of the prompt before */
  gw_bridge_media_events.prompt_end(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip hangup room-closed"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_stop(void) {
  world w;
  setup(&w);
  gw_sip_call *sip = seated(&w);
  gw_bridge_stop(w.b, on_stopped, &w);
  for (guint i = 0; i < 100 && !w.stopped; i++)
    spin();
  g_assert_true(w.stopped);
  g_assert_true(fake_said("sip hangup shutdown"));
  g_assert_true(fake_said("as Telephone gateway"));
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_reconfigure(void) {
  world w;
  setup(&w);
  gw_bridge_reconfigure(w.b, conf(TRUE));
  g_assert_true(fake_said("join other@muc.test as Telephone gateway"));
  fake_clear();
  gw_bridge_reconfigure(w.b, conf(FALSE));
  g_assert_true(fake_said("leave other@muc.test as Telephone gateway"));
  g_autoptr(gw_route) r = gw_bridge_route(w.b, "100", "8001");
  g_assert_false(r->allowed);
  teardown(&w);
}

static void use(world *w, const char *flavour, gboolean two_numbers) {
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_strfreev(g_steal_pointer(&r->ring));
  g_free(r->flavour);
  r->flavour = g_strdup(flavour);
  if (two_numbers) {
    gw_room_conf *again = gw_room_conf_new();
    again->number = g_strdup("8009");
    again->room = g_strdup(ROOM);
    again->propose_when_idle = FALSE;
    again->ring = g_strsplit("101", ",", 0);
    g_ptr_array_add(c->rooms, again);
  }
  gw_bridge_reconfigure(w->b, c);
}

static void test_unbuilt_flavour(void) {
  world w;
  setup(&w);
  use(&w, "jitsi", FALSE);
  gw_sip_call *sip = invite(&w, "100", "8000", NULL);
  g_assert_true(fake_said("sip hangup no-codec"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  use(&w, "auto", FALSE);
  sip = seated(&w);
  use(&w, "jitsi", FALSE); /* a running call keeps what it took */
  g_autofree char *state = state_of_first(&w);
  g_assert_cmpstr(state, ==, "waiting");
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* The phone gives up in the very turn in which the room lets it in. */
static void test_cancel_race(void) {
  world w;
  setup(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  fake_muc_in(fake_muc("100@"), FALSE);
  gw_bridge_sip_state(sip, GW_SIP_ENDED, GW_CAUSE_CANCELLED, 487, w.b);
  spin();
  g_assert_false(fake_said("sip answer"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_record_is_whole(void) {
  world w;
  setup(&w);
  gw_sip_call *sip = seated(&w);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  g_assert_nonnull(strstr(w.store->str, "\"packets_in\":50"));
  g_assert_nonnull(strstr(w.store->str, "\"nick\":\"Front desk\""));
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* *3: the numbers, then the names of who is there; the call goes on whether they can be said or not. */
static void test_names(void) {
  for (guint round = 0; round < 3; round++) {
    world w;
    setup_voice(&w, TRUE);
    fake_speaks = round > 0;
    gw_sip_call *sip = seated(&w);
    gw_handle leg = fake_last(GW_MEDIA_LEG);
    bob_joins("100@"); /* this fake room counts neither the phone nor the watcher */
    fake_occupant(fake_muc("100@"), "carol", "carol@x.test/web", GW_OCC_JOINED);
    fake_occupant(fake_muc("100@"), "Telephone gateway", "gateway@y.test/w", GW_OCC_JOINED);
    fake_clear();
    keys(&w, sip, "*3");
    for (guint i = 0; i < 4; i++) { /* in-call, 0, in-room, 1 */
      run_for(80);
      gw_bridge_media_events.prompt_end(leg, w.b);
    }
    g_assert_true(fake_said("speak en: bob, carol\n"));
    run_for(80);
    if (round == 1) gw_bridge_media_events.unspoken(leg, w.b);
    if (round == 2) gw_bridge_media_events.prompt_end(leg, w.b);
    fake_clear();
    keys(&w, sip, "*1");
    g_assert_true(fake_said("play en/help"));
    g_assert_false(fake_said("play -")); /* nothing was stopped: it had come to its end */
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* The phone sits in the room already when a JSXC that does not know it proposes. */
static void test_roster_check_later(void) {
  world w;
  setup(&w);
  ring_nobody(&w);
  bob_joins("gateway@");
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  bob_joins("100@");
  fake_clear();
  fake_roster_answer = GW_ANSWER_NO;
  fake_disco_name = "JSXC";
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-9", "bob"));
  fake_word(fake_muc("100@"), word(GW_JMUCI_PROPOSE, "id-9", "bob"));
  spin();
  g_assert_false(fake_said("say accept id-9"));
  fake_answer_questions();
  spin();
  g_assert_false(fake_said("say accept id-9"));
  fake_roster_answer = GW_ANSWER_YES;
  fake_word(fake_muc("100@"), word(GW_JMUCI_PROPOSE, "id-10", "bob"));
  fake_answer_questions();
  spin();
  g_assert_true(fake_said("say accept id-10"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_two_numbers(void) {
  world w;
  setup(&w);
  use(&w, "auto", TRUE);
  bob_joins("gateway@");
  fake_clear();
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8009", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  bob_joins("100@");
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  g_assert_true(fake_said("sip answer"));
  g_assert_false(fake_said("say propose")); /* 8009 waits, whatever 8000 does */
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void test_stray_session(void) {
  world w;
  setup(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8000", offer);
  gw_word *initiate = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, NULL, "x:y", FALSE);
  initiate->from = g_strdup("mallory@x.test/web");
  fake_jingle("100@", initiate);
  g_assert_true(fake_said("jingle session-terminate to=mallory@x.test/web"));
  end_sip(&w, sip, GW_CAUSE_CANCELLED);
  gw_sip_call_unref(sip);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/refusals", test_refusals);
  g_test_add_func("/bridge/alone", test_alone_then_gone);
  g_test_add_func("/bridge/no-codec", test_no_codec_is_told_before_the_room);
  g_test_add_func("/bridge/overload", test_overload);
  g_test_add_func("/bridge/ceiling", test_ceiling);
  g_test_add_func("/bridge/membership", test_membership);
  g_test_add_func("/bridge/membership-beforehand", test_membership_beforehand);
  g_test_add_func("/bridge/mesh", test_mesh);
  g_test_add_func("/bridge/sums", test_sums);
  g_test_add_func("/bridge/roster-check", test_roster_check);
  g_test_add_func("/bridge/ring", test_ring_and_retract);
  g_test_add_func("/bridge/hold", test_hold);
  g_test_add_func("/bridge/two-phones", test_two_phones);
  g_test_add_func("/bridge/unbuilt-flavour", test_unbuilt_flavour);
  g_test_add_func("/bridge/cancel-race", test_cancel_race);
  g_test_add_func("/bridge/record", test_record_is_whole);
  g_test_add_func("/bridge/names", test_names);
  g_test_add_func("/bridge/roster-check-later", test_roster_check_later);
  g_test_add_func("/bridge/two-numbers", test_two_numbers);
  g_test_add_func("/bridge/stray-session", test_stray_session);
  g_test_add_func("/bridge/pin", test_pin);
  g_test_add_func("/bridge/pin-ceiling", test_pin_ceiling);
  g_test_add_func("/bridge/wrong-pin", test_wrong_pin);
  g_test_add_func("/bridge/menu", test_menu);
  g_test_add_func("/bridge/room-keys", test_room_keys);
  g_test_add_func("/bridge/reason-is-spoken", test_reason_is_spoken);
  g_test_add_func("/bridge/stop", test_stop);
  g_test_add_func("/bridge/reconfigure", test_reconfigure);
  return g_test_run();
}
