/* Calls between one phone and one person that do not stay as they began: new transports, devices that cannot be asked first, a call
 * that becomes a group call. */
#include "direct_kit.h"

/* She begins ICE anew, by other credentials or another transport, in a session that either side began: the engine does, and she is
 * told ours. */
static void test_ice_anew(void) {
  for (guint row = 0; row < 4; row++) {
    const gboolean hers = row & 1, replaces = row & 2;
    world w;
    start(&w);
    gw_sip_call *sip = NULL;
    g_autofree char *id = NULL;
    if (hers) {
      jmi(&w, GW_JMI_PROPOSE, DEVICE, "100@gw.example.test", "s1");
      picked_up(&w);
      fake_jingle("100@", jingle(GW_JINGLE_SESSION_INITIATE, "s1"));
      fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
      id = g_strdup("s1");
    } else {
      sip = talking(&w);
      const char *said = strstr(fake_log(), "jmi propose ");
      id = g_strndup(said + strlen("jmi propose "), 36);
    }
    spin();
    fake_clear();
    gw_word *anew = jingle(replaces ? GW_JINGLE_TRANSPORT_REPLACE : GW_JINGLE_TRANSPORT_INFO, id);
    gw_desc_media *m = gw_desc_audio(anew->u.jingle.desc);
    g_free(m->ufrag);
    m->ufrag = g_strdup("nnnn");
    g_array_set_size(m->codecs, 0);
    fake_jingle("100@", anew);
    g_assert_true(fake_said("media peer-remote"));
    g_autoptr(gw_desc) ours = gw_desc_new();
    gw_desc_media *own = gw_desc_add(ours, GW_KIND_AUDIO, NULL);
    own->ufrag = g_strdup("oooo");
    own->pwd = g_strdup("pppppppppppppppppppppp");
    gw_bridge_media_events.restarted(fake_last(GW_MEDIA_PEER), ours, w.b);
    spin();
    g_assert_true(fake_said(replaces ? "jingle transport-accept to=" DEVICE : "jingle transport-info to=" DEVICE));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    end_sip(&w, hers ? fake_dialled : sip, GW_CAUSE_NORMAL);
    if (sip) gw_sip_call_unref(sip);
    finish(&w);
  }
}

/* A browser of hers, whose presence the phone may see, is offered a session beside the question to all others. */
static void test_device(void) {
  static const char *const plain[] = {"urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:apps:rtp:audio",
                                      "urn:xmpp:jingle:transports:ice-udp:1", NULL};
  static const char *const asked[] = {"urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1", "urn:xmpp:jingle:apps:rtp:audio",
                                      "urn:xmpp:jingle:transports:ice-udp:1", "urn:xmpp:jingle-message:0", NULL};
  static const char *const *const rows[] = {NULL, plain + 1, asked, plain};
  world w;
  start(&w);
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(&w, "100", "8101", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("watch devices of " ALICE));
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *jid = g_strdup_printf(ALICE "/web%u", i);
    fake_disco_features = rows[i];
    fake_device(jid);
    fake_answer_questions();
    g_assert_cmpuint(fake_open(GW_MEDIA_PEER), ==, rows[i] == plain);
  }
  fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
  g_assert_true(fake_said("jingle session-initiate to=" ALICE "/web3"));
  fake_device(ALICE "/later"); /* asked when the call has ended */
  fake_clear();
  end_sip(&w, sip, GW_CAUSE_CANCELLED);
  g_assert_true(fake_said("jmi retract"));
  g_assert_true(fake_said("jingle session-terminate to=" ALICE "/web3"));
  g_assert_true(strstr(w.store->str, "-session " ALICE "/web3") != NULL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* --- a call that becomes a group call */

#define GROUP "c0ffee00@muc.test"
static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};

static gw_word *group_invite(gw_invite_action action, const char *room) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_CALL_INVITE;
  w->from = g_strdup(DEVICE);
  w->to = g_strdup("100@gw.example.test"); /* or the full JID of the call */
  w->u.call_invite = (gw_call_invite){
      .action = action, .ids = {g_strdup("U")}, .n_ids = 1, .in_old = TRUE, .muji_room = g_strdup(room)};
  return w;
}

static void asks_into(world *w, gw_invite_action action, const char *room) {
  g_autoptr(gw_word) word = group_invite(action, room);
  gw_bridge_call_invited(NULL, word, w->b);
  spin();
}

static const char *shown(world *w, const char *what) {
  static char text[64];
  g_autoptr(GPtrArray) calls = gw_bridge_calls(w->b);
  g_assert_cmpuint(calls->len, ==, 1);
  const gw_call_info *i = calls->pdata[0];
  g_strlcpy(text, g_str_equal(what, "room") ? i->room : i->flavour, sizeof text);
  g_ptr_array_set_free_func(calls, (GDestroyNotify)gw_call_info_free);
  return text;
}

static gw_sip_call *hearing(world *w) {
  gw_sip_call *sip = talking(w);
  gw_bridge_media_events.state(fake_last(GW_MEDIA_PEER), GW_MS_UP, GW_CAUSE_NONE, w->b);
  spin();
  fake_disco_features = stands;
  return sip;
}

/* She leads the phone into a Muji call: it goes there by the JID of the call, its session with her goes on. */
static void test_group_call(void) {
  world w;
  start(&w);
  gw_sip_call *sip = hearing(&w);
  fake_muji_nick = "alice";
  fake_clear();
  asks_into(&w, GW_INVITE_INVITE, GROUP);
  asks_into(&w, GW_INVITE_INVITE, "elsewhere@muc.test"); /* one at a time */
  asks_into(&w, GW_INVITE_INVITE, GROUP);
  g_assert_false(fake_said("join"));
  fake_answer_questions();
  g_assert_true(fake_said("join " GROUP " as Front desk"));
  g_assert_false(fake_said("elsewhere"));
  g_assert_cmpstr(shown(&w, "flavour"), ==, "direct");
  gw_muc *muc = fake_muc("100@");
  fake_muc_in(muc, FALSE);
  g_assert_false(fake_said("muji preparing")); /* she is not there yet */
  fake_occupant(muc, "alice", DEVICE, GW_OCC_JOINED);
  spin();
  g_assert_true(fake_said("muji preparing"));
  g_assert_false(fake_said("session-terminate"));
  g_assert_false(fake_said("invite accept"));
  g_assert_cmpstr(shown(&w, "flavour"), ==, "muji");
  g_assert_cmpstr(shown(&w, "room"), ==, GROUP);
  fake_clear();
  asks_into(&w, GW_INVITE_INVITE, GROUP); /* the other form of it, a moment later */
  g_assert_cmpstr(fake_log(), ==, "");
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  run_for(400);
  g_assert_true(fake_said("muji none"));
  g_assert_true(fake_said("jingle session-terminate to=" DEVICE));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_assert_true(strstr(w.store->str, "\"room\":\"" GROUP "\"") != NULL);
  g_assert_true(strstr(w.store->str, "-occupant " GROUP "/Front desk") != NULL);
  gw_sip_call_unref(sip);
  finish(&w);
}

/* She asks another phone of ours to the same group, which rings before the first one is there: they meet in one room of ours and
 * need no session with each other. */
static void test_group_of_two(void) {
  static const char *const all[] = {"*", NULL};
  world w;
  start(&w);
  gw_bridge_conf *c = direct_conf();
  gw_invite_policy_add(c->invites, all, all, NULL);
  gw_bridge_reconfigure(w.b, c);
  fake_all_registered = TRUE;
  gw_sip_call *sip = hearing(&w);
  fake_muji_nick = "alice";
  g_autoptr(gw_word) other = group_invite(GW_INVITE_INVITE, GROUP);
  g_free(other->to);
  other->to = g_strdup("101@gw.example.test");
  gw_bridge_call_invited(NULL, other, w.b);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip dial 101"));
  asks_into(&w, GW_INVITE_INVITE, GROUP);
  fake_answer_questions();
  fake_muc_in(fake_muc("100@"), FALSE);
  fake_occupant(fake_muc("100@"), "alice", DEVICE, GW_OCC_JOINED);
  spin();
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  fake_answer_questions();
  spin();
  fake_muc_in(fake_muc_at("101@", GROUP), FALSE);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  run_for(400);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  g_assert_true(strstr(w.store->str, "\"codec\":\"local\"") != NULL);
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  run_for(400);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  gw_sip_call_unref(sip);
  fake_all_registered = FALSE;
  finish(&w);
}

/* Whatever is in the way, the call with her stays as it was, and nothing of the attempt is left. */
static void test_no_group_call(void) {
  enum { NO_ROOM, REFUSED, NOT_THERE, RETRACTED, STREAM, HUNG_UP, ROWS };
  for (guint row = 0; row < ROWS; row++) {
    world w;
    start(&w);
    gw_sip_call *sip = hearing(&w);
    fake_clear();
    if (row == NO_ROOM) fake_disco_features = NULL;
    asks_into(&w, GW_INVITE_INVITE, GROUP);
    fake_answer_questions();
    spin();
    g_assert_cmpint(fake_said("join " GROUP), ==, row != NO_ROOM);
    if (row == REFUSED) fake_muc_out(fake_muc("100@"), GW_CAUSE_FORBIDDEN, "registration-required");
    if (row > REFUSED) fake_muc_in(fake_muc("100@"), FALSE);
    if (row == NOT_THERE) run_for(5200);
    if (row == RETRACTED) asks_into(&w, GW_INVITE_RETRACT, NULL);
    if (row == STREAM) fake_persona_stream("100@", FALSE);
    if (row == STREAM) fake_persona_stream("100@", TRUE);
    if (row == HUNG_UP) end_sip(&w, sip, GW_CAUSE_NORMAL);
    spin();
    g_assert_cmpint(fake_said("session-terminate"), ==, row == HUNG_UP);
    g_assert_cmpint(fake_said("leave"), ==, row != NO_ROOM);
    g_assert_false(fake_said("muji"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, row != HUNG_UP);
    if (row != HUNG_UP) {
      g_assert_cmpstr(shown(&w, "flavour"), ==, "direct");
      g_assert_cmpstr(shown(&w, "room"), ==, ALICE);
      end_sip(&w, sip, GW_CAUSE_NORMAL);
      g_assert_true(fake_said("jmi finish"));
    }
    g_assert_cmpint(strstr(w.store->str, "+occupant") != NULL, ==, row > REFUSED);
    g_assert_cmpint(strstr(w.store->str, "-occupant " GROUP) != NULL, ==, row > REFUSED);
    gw_sip_call_unref(sip);
    finish(&w);
  }
}

/* Invites of others, to others and into rooms of the configuration are what they are without the call. */
static void test_other_invites(void) {
  world w;
  start(&w);
  gw_sip_call *sip = hearing(&w);
  fake_clear();
  asks_into(&w, GW_INVITE_INVITE, ROOM);
  g_autoptr(gw_word) bob = group_invite(GW_INVITE_INVITE, GROUP);
  g_free(bob->from);
  bob->from = g_strdup("bob@example.test/x");
  gw_bridge_call_invited(NULL, bob, w.b);
  fake_answer_questions();
  spin();
  g_assert_false(fake_said("join"));
  g_assert_cmpstr(shown(&w, "flavour"), ==, "direct");
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  finish(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/direct/ice-anew", test_ice_anew);
  g_test_add_func("/bridge/direct/device", test_device);
  g_test_add_func("/bridge/direct/group-call", test_group_call);
  g_test_add_func("/bridge/direct/group-of-two", test_group_of_two);
  g_test_add_func("/bridge/direct/no-group-call", test_no_group_call);
  g_test_add_func("/bridge/direct/other-invites", test_other_invites);
  return g_test_run();
}
