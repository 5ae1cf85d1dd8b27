/* Meets (Tigase Meet): made for a call that a phone starts, opened to whoever sits in the room, given up when nobody comes; and
 * invitations to a meet that ring phones. */
#include "kit.h"

#define SERVICE "meet.test"
#define MEET "abc@meet.test"

/* ROOM has its calls in meets of their own; carol is invited wherever she is. */
static void with_meets(world *w, const char *identity) {
  setup(w);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_strfreev(g_steal_pointer(&r->ring));
  g_free(r->flavour);
  g_free(r->identity);
  r->flavour = g_strdup("jingle-sfu");
  r->identity = g_strdup(identity);
  r->conference = g_strdup(SERVICE);
  r->conference_kind = g_strdup("tigase-meet");
  r->private_calls = TRUE;
  r->people = g_strsplit("carol@x.test", ",", 0);
  gw_bridge_reconfigure(w->b, c);
  bob_joins("gateway@");
  fake_clear();
}

static void answer_all(const char *condition) {
  while (fake_meet_questions())
    fake_answer_meet(condition);
  spin();
}

/* Where our stream was sent, and to whom since the log was cleared. */
static char *publishes_at(world *w) {
  spin();
  fake_local_desc(fake_last(GW_MEDIA_PEER), w->b);
  const char *said = strstr(fake_log(), "jingle session-initiate to=");
  return said ? g_strndup(said + 27, strcspn(said + 27, " ")) : NULL;
}

static char *id_for(const char *whom) {
  g_autofree char *to = g_strdup_printf(" to=%s ", whom);
  const char *at = strstr(fake_log(), to);
  if (!at) return NULL;
  while (strncmp(at, "call invite ", 12))
    at--;
  return g_strndup(at + 12, 36);
}

static void invited_to_meet(world *w, const char *to, const char *who, gw_invite_action action,
                            const char *id, const char *meet) {
  gw_word *word = g_new0(gw_word, 1);
  word->kind = GW_WORD_CALL_INVITE;
  word->from = g_strdup_printf("%s/web", who);
  word->to = g_strdup(to);
  word->u.call_invite = (gw_call_invite){.action = action, .in_meet = TRUE, .n_ids = 1};
  word->u.call_invite.ids[0] = g_strdup(id);
  word->u.call_invite.meet = g_strdup(meet);
  gw_bridge_call_invited(NULL, word, w->b);
  gw_word_free(word);
  spin();
}

static void says(world *w, gw_invite_action action, const char *who, const char *id,
                 const char *meet) {
  invited_to_meet(w, "100@gw.test", who, action, id, meet);
}

/* Made with all who are to come, who are let in and invited one by one; later phones and people as well. */
static void test_made(void) {
  world w;
  with_meets(&w, "per-phone");
  gw_sip_call *sip = enters(&w, "100", "8000", "100@");
  g_assert_true(fake_said("meet create at " SERVICE " by 100@gw.test"));
  g_assert_true(fake_said(": carol@x.test bob@x.test 100@gw.test\n"));
  g_assert_false(fake_said("session-initiate"));
  gw_sip_call *second = enters(&w, "101", "8000", "101@");
  g_assert_cmpuint(fake_meet_questions(), ==, 1); /* it waits for the same */
  fake_answer_meet(NULL);
  g_autofree char *at = publishes_at(&w);
  g_assert_true(at && g_str_has_suffix(at, "@" SERVICE));
  g_autofree char *invited = g_strdup_printf("from=100@gw.test to=bob@x.test meet=%s", at);
  g_assert_false(fake_said(invited)); /* not before he is let in */
  g_assert_true(fake_said("allow") && fake_said(": 101@gw.test\n"));
  answer_all(NULL);
  g_assert_true(fake_said(invited) && fake_said("to=carol@x.test"));
  fake_clear();
  g_autofree char *same = publishes_at(&w);
  g_assert_cmpstr(same, ==, at);
  fake_occupant(fake_muc("gateway@"), "dave", "dave@x.test/1", GW_OCC_JOINED);
  answer_all(NULL);
  g_assert_true(fake_said("to=dave@x.test meet="));
  fake_occupant(fake_muc("gateway@"), "frank", "frank@x.test/1", GW_OCC_JOINED);
  fake_clear();
  hangs_up(&w, sip, 1); /* before it has heard whether frank is let in */
  g_assert_true(fake_said(": frank@x.test\n"));
  answer_all(NULL);
  g_assert_true(fake_said("to=frank@x.test meet="));
  g_assert_false(fake_said("retract") || fake_said("destroy")); /* one of ours is still in it */
  fake_occupant(fake_muc("gateway@"), "eve", "eve@x.test/1", GW_OCC_JOINED);
  g_assert_true(fake_said(" by 101@gw.test"));
  hangs_up(&w, second, 0);
  g_assert_true(fake_said("call retract ") && fake_said("meet destroy at "));
  teardown(&w);
}

/* Who has taken an invitation is not told that it is taken back, and the meet stays for whoever comes back to it; it is made
 * anew when it is no more. */
static void test_taken(void) {
  static const char *const rows[] = {NULL, "item-not-found", "feature-not-implemented"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    with_meets(&w, "per-phone");
    gw_sip_call *sip = enters(&w, "100", "8000", "100@");
    fake_answer_meet(NULL);
    answer_all(NULL);
    g_autofree char *first = publishes_at(&w), *id = id_for("bob@x.test");
    says(&w, GW_INVITE_ACCEPT, "bob@x.test", id, NULL);
    fake_clear();
    hangs_up(&w, sip, 0);
    g_assert_true(fake_said("to=carol@x.test") && !fake_said("to=bob@x.test"));
    g_assert_false(fake_said("destroy"));
    fake_clear();
    sip = enters(&w, "100", "8000", "100@");
    g_assert_true(fake_said("meet allow at ") && !fake_said("create"));
    fake_answer_meet(rows[i]);
    const gboolean anew = i == 1;
    g_assert_cmpint(fake_said("meet create"), ==, anew);
    answer_all(NULL);
    g_autofree char *at = publishes_at(&w);
    g_assert_cmpint(!g_strcmp0(first, at), ==, !anew);
    g_assert_true(fake_said("to=bob@x.test meet=")); /* he is asked again */
    hangs_up(&w, sip, 0);
    teardown(&w);
  }
}

/* Two come back at once to one that is no more: whoever is told last, none is left out, and one is made for both. */
static void test_gone_for_two(void) {
  for (guint row = 0; row < 3; row++) {
    world w;
    with_meets(&w, "per-phone");
    gw_sip_call *sip = enters(&w, "100", "8000", "100@");
    fake_answer_meet(NULL);
    answer_all(NULL);
    g_autofree char *first = publishes_at(&w), *id = id_for("bob@x.test");
    says(&w, GW_INVITE_ACCEPT, "bob@x.test", id, NULL);
    hangs_up(&w, sip, 0);
    sip = enters(&w, "100", "8000", "100@");
    gw_sip_call *second = enters(&w, "101", "8000", "101@");
    g_assert_cmpuint(fake_meet_questions(), ==, 2);
    fake_clear();
    fake_answer_meet("item-not-found");
    if (row == 0) fake_answer_meet("item-not-found");
    if (row == 1) fake_answer_meet(NULL);
    if (row == 2) hangs_up(&w, second, 1); /* it is not told any more */
    spin();
    g_assert_cmpint(fake_said("meet create"), ==, row != 1);
    g_assert_cmpuint(fake_meet_questions() > 0, ==, TRUE);
    answer_all(NULL);
    g_autofree char *at = publishes_at(&w);
    g_assert_cmpint(!g_strcmp0(at, first), ==, row == 1);
    hangs_up(&w, sip, row != 2);
    if (row != 2) hangs_up(&w, second, 0);
    teardown(&w);
  }
}

static void test_refusals(void) {
  static const struct {
    const char *condition, *record;
  } rows[] = {
      {"forbidden", "\"forbidden\""}, {"timeout", "\"sfu-down\""}, {"bad-answer", "\"sfu-down\""}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    with_meets(&w, i == 1 ? "shared" : "per-phone");
    gw_sip_call *sip = enters(&w, "100", "8000", i == 1 ? "phones@" : "100@");
    fake_answer_meet(rows[i].condition);
    spin();
    until_calls(&w, 0);
    g_assert_nonnull(strstr(w.store->str, rows[i].record));
    g_assert_false(fake_said("session-initiate") || fake_said("retract") || fake_said("destroy"));
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* All who were asked refuse: there is nobody to wait for. A stranger's word counts for nothing. */
static void test_nobody_wants(void) {
  world w;
  with_meets(&w, "per-phone");
  gw_sip_call *sip = enters(&w, "100", "8000", "100@");
  fake_answer_meet(NULL);
  answer_all(NULL);
  g_autofree char *bobs = id_for("bob@x.test"), *carols = id_for("carol@x.test");
  g_assert_cmpstr(bobs, !=, carols);
  says(&w, GW_INVITE_REJECT, "mallory@x.test", bobs, NULL);
  says(&w, GW_INVITE_REJECT, "carol@x.test", bobs, NULL);
  says(&w, GW_INVITE_REJECT, "bob@x.test", bobs, NULL);
  g_assert_false(fake_said("sip hangup"));
  says(&w, GW_INVITE_FAILED, "carol@x.test", carols, NULL);
  g_assert_true(fake_said("sip hangup rejected"));
  hangs_up(&w, sip, 0);
  teardown(&w);
}

/* Who refuses before the next one is invited leaves somebody to wait for. */
static void test_one_wants_not(void) {
  world w;
  with_meets(&w, "per-phone");
  gw_sip_call *sip = enters(&w, "100", "8000", "100@");
  fake_answer_meet(NULL);
  fake_answer_meet(NULL);
  g_assert_cmpuint(fake_meet_questions(), ==, 1);
  g_autofree char *carols = id_for("carol@x.test");
  says(&w, GW_INVITE_REJECT, "carol@x.test", carols, NULL);
  g_assert_false(fake_said("sip hangup"));
  fake_answer_meet("forbidden");
  spin();
  g_assert_true(fake_said("sip hangup rejected"));
  hangs_up(&w, sip, 0);
  teardown(&w);
}

/* Phones that are one participant and come while the meet is made: each is in it then, and stays when the other goes. */
static void test_shared(void) {
  for (guint row = 0; row < 2; row++) {
    world w;
    with_meets(&w, "shared");
    gw_sip_call *sip = enters(&w, "100", "8000", "phones@"), *second = dials(&w, "101", "8000");
    spin();
    answer_all(NULL);
    g_autofree char *at = publishes_at(&w);
    g_assert_nonnull(at);
    fake_clear();
    hangs_up(&w, row ? sip : second, 1);
    answer_all(NULL);
    g_assert_false(fake_said("meet") || fake_said("session-terminate"));
    hangs_up(&w, row ? second : sip, 0);
    g_assert_true(fake_said("session-terminate") && fake_said("meet destroy"));
    teardown(&w);
  }
}

/* The phone that asks goes before the answer: who waited with it asks for himself. */
static void test_maker_goes(void) {
  for (guint made = 0; made < 2; made++) {
    world w;
    with_meets(&w, "per-phone");
    gw_sip_call *sip = enters(&w, "100", "8000", "100@");
    if (made) fake_answer_meet(NULL);
    gw_sip_call *second = enters(&w, "101", "8000", "101@");
    fake_clear();
    hangs_up(&w, sip, 1);
    g_assert_cmpint(fake_said("meet destroy at "), ==, made); /* nobody was in it yet */
    g_assert_true(fake_said("meet create at " SERVICE " by 101@"));
    answer_all(NULL);
    g_autofree char *at = publishes_at(&w);
    g_assert_nonnull(at);
    hangs_up(&w, second, 0);
    teardown(&w);
  }
}

/* --- a phone is invited --- */

static void picked_up(world *w) {
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("sip dial 10"));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w->b);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b); /* out of its lobby */
  spin();
}

static void rejected(world *w, const char *number) {
  g_assert_cmpuint(gw_bridge_call_count(w->b), ==, 0);
  g_assert_true(fake_said("call reject U from=100@gw.test to=bob@x.test meet="));
}

static void test_invited(void) {
  world w;
  setup(&w);
  fake_clear();
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", MEET); /* nobody knows him */
  rejected(&w, "100");
  bob_joins("gateway@");
  fake_clear();
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", NULL); /* no sound, or no meet */
  rejected(&w, "100");
  fake_clear();
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", MEET);
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", MEET); /* the same */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  picked_up(&w);
  g_assert_true(fake_said("call accept U from=100@gw.test to=bob@x.test meet="));
  g_assert_null(fake_muc("100@")); /* there is no room around it */
  g_autofree char *at = publishes_at(&w);
  g_assert_cmpstr(at, ==, MEET);
  gw_sip_call *sip = g_steal_pointer(&fake_dialled);
  hangs_up(&w, sip, 0);
  g_assert_true(fake_said("jingle session-terminate to=" MEET));
  g_assert_true(fake_said("call left U")); /* which has no word there */
  teardown(&w);
}

static void test_invited_retracted(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", MEET);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  says(&w, GW_INVITE_RETRACT, "eve@x.test", "U", NULL);
  g_assert_false(fake_said("sip hangup"));
  says(&w, GW_INVITE_RETRACT, "bob@x.test", "U", NULL);
  g_assert_true(fake_said("sip hangup cancelled"));
  until_calls(&w, 0);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

/* The meet will not have us: the inviter hears of it. */
static void test_invited_in_vain(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  says(&w, GW_INVITE_INVITE, "bob@x.test", "U", MEET);
  picked_up(&w);
  g_autofree char *at = publishes_at(&w);
  const char *said = strstr(fake_log(), "jingle session-initiate to=" MEET " sid=");
  g_assert_nonnull(said);
  g_autofree char *sid = g_strndup(strstr(said, "sid=") + 4, 36);
  gw_word *no = gw_word_new_jingle(GW_JINGLE_ERROR, NULL, sid, TRUE);
  no->from = g_strdup(MEET);
  no->u.jingle.of = GW_JINGLE_SESSION_INITIATE;
  no->u.jingle.error = g_strdup("forbidden");
  fake_jingle("100@", no);
  spin();
  until_calls(&w, 0);
  g_assert_true(fake_said("call failure U from=100@gw.test to=bob@x.test"));
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

/* A room of ours that has its calls in that meet is where the phone goes; else two phones in it hear each other here. */
static void test_invited_to_a_room(void) {
  world w;
  setup(&w);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_free(r->flavour);
  r->flavour = g_strdup("jingle-sfu");
  r->conference = g_strdup(MEET);
  r->conference_kind = g_strdup("tigase-meet");
  gw_bridge_reconfigure(w.b, c);
  bob_joins("gateway@");
  fake_clear();
  says(&w, GW_INVITE_INVITE, "bob@x.test", "V", MEET);
  picked_up(&w);
  fake_answer_questions();
  g_assert_true(fake_said("join " ROOM));
  gw_sip_call *sip = g_steal_pointer(&fake_dialled);
  hangs_up(&w, sip, 0);
  teardown(&w);
}

static void stream_of(const char *to, const char *who, const char *sid) {
  gw_word *joined = gw_word_new_meet(FALSE);
  const char *const mids[] = {sid, NULL};
  joined->from = g_strdup(MEET);
  gw_meet_add(&joined->u.meet, who, mids);
  fake_jingle(to, joined);
  gw_word *offer = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, NULL, sid, FALSE);
  offer->from = g_strdup(MEET);
  gw_desc *d = offer->u.jingle.desc = web_sound(sid, "bbbb", GW_SETUP_ACTPASS);
  gw_desc_media *m = gw_desc_audio(d);
  m->dir = GW_DIR_SENDONLY;
  const gw_source source = {.ssrc = 1234};
  g_array_append_val(m->sources, source);
  fake_jingle(to, offer);
  spin();
}

static void test_invited_two(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  gw_sip_call *sips[2];
  fake_all_registered = TRUE;
  for (guint i = 0; i < 2; i++) {
    invited_to_meet(&w, i ? "101@gw.test" : "100@gw.test", "bob@x.test", GW_INVITE_INVITE, "U",
                    MEET);
    picked_up(&w);
    fake_local_desc(fake_last(GW_MEDIA_PEER), w.b); /* it publishes */
    sips[i] = g_steal_pointer(&fake_dialled);
  }
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 1);
  g_autofree char *state = state_of_first(&w);
  g_assert_cmpstr(state, ==, "talking");
  static const char *const owners[] = {"101@gw.test", "carol@x.test"};
  for (guint i = 0; i < G_N_ELEMENTS(owners); i++) {
    fake_clear();
    stream_of("100@", owners[i], i ? "s2" : "s1");
    g_assert_true(fake_said("media peer-remote"));
    g_assert_cmpint(fake_said("media peer-remote with sources"), ==,
                    i); /* not from the other phone */
  }
  hangs_up(&w, sips[0], 1);
  hangs_up(&w, sips[1], 0);
  teardown(&w);
}

/* The one whose meet is being made goes: the other begins anew, for itself. */
static void test_shared_maker_goes(void) {
  world w;
  with_meets(&w, "shared");
  gw_sip_call *sip = enters(&w, "100", "8000", "phones@"), *second = dials(&w, "101", "8000");
  spin();
  fake_clear();
  hangs_up(&w, sip, 1);
  spin();
  g_assert_true(fake_said("join " ROOM));
  fake_muc_in(fake_muc("phones@"), FALSE);
  spin();
  g_assert_true(fake_said("meet create"));
  answer_all(NULL);
  g_autofree char *at = publishes_at(&w);
  g_assert_nonnull(at);
  hangs_up(&w, second, 0);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/meets/made", test_made);
  g_test_add_func("/meets/taken", test_taken);
  g_test_add_func("/meets/gone-for-two", test_gone_for_two);
  g_test_add_func("/meets/refusals", test_refusals);
  g_test_add_func("/meets/nobody-wants", test_nobody_wants);
  g_test_add_func("/meets/one-wants-not", test_one_wants_not);
  g_test_add_func("/meets/shared", test_shared);
  g_test_add_func("/meets/shared-maker-goes", test_shared_maker_goes);
  g_test_add_func("/meets/maker-goes", test_maker_goes);
  g_test_add_func("/meets/invited", test_invited);
  g_test_add_func("/meets/invited-retracted", test_invited_retracted);
  g_test_add_func("/meets/invited-in-vain", test_invited_in_vain);
  g_test_add_func("/meets/invited-to-a-room", test_invited_to_a_room);
  g_test_add_func("/meets/invited-two", test_invited_two);
  return g_test_run();
}
