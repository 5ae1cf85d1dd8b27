/* JMUCI through a forwarding service: whole calls, word by word and stream by stream. */
#include <string.h>
#include "gateway/flavour/jmuci_sfu.h"
#include "rig.h"

#define SFU .class = &gw_flavour_jmuci_sfu

/* --- what the service says --- */

static void said(rig *r, gw_fl_sfu s) {
  rig_ev(r, &(gw_ev){.type = GW_EV_SFU, .u.sfu = &s});
}

static void joined(rig *r, const char *nicks) {
  g_auto(GStrv) list = g_strsplit(nicks, " ", -1);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED, .nicks = (const char *const *)list});
}

static void news(rig *r, gw_fl_sfu_news what, const char *nick) {
  said(r, (gw_fl_sfu){.news = what, .nick = nick});
}

static void answers(rig *r, const char *nick, gw_dir dir) {
  g_autoptr(gw_desc) d = rig_desc(dir, TRUE, FALSE, TRUE, GW_SETUP_ACTIVE);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .nick = nick, .desc = d});
}

static void refuses(rig *r, const char *nick) {
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .nick = nick});
}

static void fails(rig *r, gw_cause cause) {
  const gw_fl_sfu s = {.news = GW_SFU_SAID_FAILED, .text = "no answer"};
  rig_ev(r, &(gw_ev){.type = GW_EV_SFU, .cause = cause, .u.sfu = &s});
}

static void trickles(rig *r, const char *nick, guint component) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  const gw_candidate c = {
      .foundation = "1", .component = component, .udp = TRUE, .ip = "192.0.2.1", .port = 9};
  g_array_append_val(m->candidates, c);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_CANDIDATE, .nick = nick, .desc = d});
}

/* A stream from PEER_OPEN to its first RTP. */
static void stands(rig *r, guint peer, const char *nick) {
  rig_local(r, peer);
  answers(r, nick, GW_DIR_SENDONLY);
  rig_state(r, peer, GW_PEER_ICE);
  rig_state(r, peer, GW_PEER_UP);
  rig_state(r, peer, GW_PEER_RTP);
}

static void published(rig *r, guint peer) {
  rig_local(r, peer);
  answers(r, "phone", GW_DIR_RECVONLY);
}

/* --- scenes --- */

/* bob proposed X long ago, carol accepted; we dial in and have published. */
static void entered(rig *r, rig_opt opt) {
  rig_running(r, opt);
  rig_start(r);
  rig_expect(r, "sfu join X | connecting");
  joined(r, "bob carol");
  rig_expect(r, "open 1 phone publish");
  published(r, 1);
}

/* ... and are in, hearing both. */
static void talking(rig *r, rig_opt opt) {
  entered(r, opt);
  rig_expect(r,
             "sfu stream phone | remote 1 | accept X | open 2 bob receive | open 3 carol receive");
  rig_say(r, "phone", GW_JMUCI_ACCEPT, "X");
  stands(r, 2, "bob");
  stands(r, 3, "carol");
  rig_state(r, 1, GW_PEER_UP);
  rig_expect(r, "sfu stream bob | remote 2 | talking | sfu stream carol | remote 3");
}

/* --- joining --- */

static void test_join(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_stop(&r);
  rig_expect(&r, "close 1 | close 2 | close 3 | ended X | sfu leave | ended:normal");
  rig_clear(&r);
}

/* Nothing is said in the room before our stream is published. */
static void test_publish_first(void) {
  rig r;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  rig_expect(&r, "sfu join X | connecting");
  rig_after(&r, GW_SEC(9));
  joined(&r, "bob carol");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 phone publish | sfu stream phone");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "");
  answers(&r, "phone", GW_DIR_RECVONLY);
  rig_expect(&r, "remote 1 | accept X | open 2 bob receive | open 3 carol receive");
  rig_clear(&r);
}

/* A name like ours had to be taken away there: in again before our stream was answered. */
static void test_joined_twice(void) {
  rig r;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  joined(&r, "bob carol");
  rig_local(&r, 1);
  rig_expect(&r, "sfu join X | connecting | open 1 phone publish | sfu stream phone");
  joined(&r, "bob carol");
  rig_expect(&r, "close 1 | open 2 phone publish");
  published(&r, 2);
  rig_expect(&r, "sfu stream phone | remote 2 | accept X | open 3 bob receive | open 4 carol receive");
  rig_clear(&r);
}

static void test_offers(void) {
  rig r;
  gw_actions actions;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  joined(&r, "bob carol");
  g_autoptr(gw_desc) local = rig_caps(1);
  gw_desc_add(local, GW_KIND_VIDEO, NULL);
  gw_actions_init(&actions);
  r.class->step(r.f, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 1, .u.desc = local}, r.now,
                &actions);
  const gw_action *a = gw_actions_at(&actions, 0);
  g_assert_cmpint(a->ask, ==, GW_SFU_ASK_STREAM);
  g_assert_true(a->desc->bundle);
  g_assert_cmpuint(a->desc->media->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    const gw_desc_media *m = a->desc->media->pdata[i];
    g_assert_cmpuint(m->port, ==, 9); /* 0 would refuse it */
    g_assert_cmpstr(m->mid, ==, i ? "1" : "0");
    g_assert_cmpint(m->setup, ==, GW_SETUP_ACTPASS);
  }
  gw_actions_clear(&actions);
  rig_clear(&r);
}

static void test_later_accept(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_join(&r, "dave", DAVE);
  news(&r, GW_SFU_SAID_COMES, "dave");
  rig_expect(&r, "");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 4 dave receive");
  stands(&r, 4, "dave");
  rig_expect(&r, "sfu stream dave | remote 4");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "");
  rig_clear(&r);
}

/* A stream asked for before its owner has joined would stay silent: a moment's patience, for services that say "joined". */
static void test_accept_before_join(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "");
  news(&r, GW_SFU_SAID_COMES, "dave");
  rig_expect(&r, "open 4 dave receive");
  rig_join(&r, "erin", "erin@x/1");
  rig_say(&r, "erin", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "open 5 erin receive");
  rig_clear(&r);
}

/* carol is at the service and has not accepted yet: she goes first, for three seconds. */
static void test_hold(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  joined(&r, "bob carol stranger");
  published(&r, 1);
  rig_expect(&r, "sfu join X | connecting | open 1 phone publish | sfu stream phone | remote 1");
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "accept X | open 2 bob receive | open 3 carol receive");
  rig_clear(&r);
  rig_two(&r, (rig_opt){SFU});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  joined(&r, "bob carol");
  published(&r, 1);
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "sfu join X | connecting | open 1 phone publish | sfu stream phone | remote 1 | "
                 "accept X | open 2 bob receive");
  rig_clear(&r);
}

static void test_retracted_on_the_way(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU, .patient = TRUE, .answer_id = "X"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  joined(&r, "bob");
  rig_expect(&r, "sfu join X | connecting | open 1 phone publish");
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "X");
  rig_expect(&r, "close 1 | sfu leave | ended:cancelled");
  rig_clear(&r);
}

/* After 30 s without any accept JSXC's proposer shows nobody any more. */
static void test_too_late(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(25));
  rig_start(&r);
  rig_expect(&r, "sfu join X | connecting");
  rig_after(&r, GW_SEC(6));
  joined(&r, "bob");
  rig_expect(&r, "open 1 phone publish | close 1 | sfu leave | waiting");
  rig_clear(&r);
}

static void test_mesh_words_are_not_ours(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU});
  rig_start(&r);
  rig_expect(&r, "waiting");
  gw_word *w = gw_word_new_jmuci(GW_JMUCI_PROPOSE, FALSE, "M");
  w->from = g_strdup("room@muc/bob");
  rig_word(&r, w);
  rig_expect(&r, "");
  rig_offer(&r, BOB, "M:1");
  rig_expect(&r, "end bob@x/1 decline");
  rig_clear(&r);
}

static void test_own_seats(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU});
  rig_join_as(&r, "desk", "desk@gw/2", TRUE, FALSE);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "desk", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  joined(&r, "bob desk");
  published(&r, 1);
  rig_expect(&r, "sfu join X | connecting | open 1 phone publish | sfu stream phone | remote 1 | "
                 "accept X | open 2 bob receive");
  rig_clear(&r);
}

/* --- proposing --- */

static void test_propose(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU, .idle = TRUE});
  rig_start(&r);
  rig_expect(&r, "sfu join P | connecting");
  joined(&r, "");
  published(&r, 1);
  rig_expect(&r, "open 1 phone publish | sfu stream phone | remote 1 | propose P | waiting");
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  news(&r, GW_SFU_SAID_COMES, "bob");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  stands(&r, 2, "bob");
  rig_expect(&r, "open 2 bob receive | connecting | sfu stream bob | remote 2 | talking");
  rig_clear(&r);
}

static void test_unanswered(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU, .idle = TRUE});
  rig_start(&r);
  joined(&r, "");
  published(&r, 1);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  g_string_truncate(r.log, 0);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "close 1 | retract P | sfu leave");
  rig_after(&r, GW_SEC(600));
  rig_expect(&r, ""); /* not again before somebody comes */
  rig_join(&r, "dave", DAVE);
  rig_expect(&r, "sfu join P | connecting");
  rig_clear(&r);
}

/* Somebody proposes while we are on the way to: nothing was said yet, so we go to his. */
static void test_crossed(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU, .idle = TRUE});
  rig_start(&r);
  joined(&r, "");
  rig_expect(&r, "sfu join P | connecting | open 1 phone publish");
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_expect(&r, "close 1 | sfu leave | waiting | sfu join X | connecting");
  rig_clear(&r);
  rig_two(&r, (rig_opt){SFU, .idle = TRUE});
  rig_start(&r);
  joined(&r, "");
  published(&r, 1);
  g_string_truncate(r.log, 0);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X"); /* seen before our own */
  rig_expect(&r, "close 1 | retract P | sfu leave | sfu join X | connecting");
  rig_clear(&r);
}

/* --- leaving --- */

/* JSXC hangs up without a word: its RTP stops. */
static void test_quiet(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_state(&r, 2, GW_PEER_QUIET);
  rig_expect_dead(&r, "bob");
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "");
  rig_state(&r, 2, GW_PEER_RTP); /* it was only the network */
  rig_state(&r, 3, GW_PEER_QUIET);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "");
  rig_state(&r, 2, GW_PEER_QUIET);
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "close 1 | close 2 | close 3 | ended X | sfu leave | waiting");
  rig_clear(&r);
}

static void test_everybody_leaves(void) {
  rig r;
  talking(&r, (rig_opt){SFU, .patient = TRUE, .answer_id = "X"});
  rig_leave(&r, "bob");
  rig_expect(&r, "close 2");
  rig_say(&r, "carol", GW_JMUCI_ENDED, "X");
  rig_expect(&r, "close 3 | waiting");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "close 1 | ended X | sfu leave | ended:normal");
  rig_stop(&r);
  rig_expect(&r, "ended:normal");
  rig_clear(&r);
}

static void test_zombie(void) {
  rig r;
  entered(&r, (rig_opt){SFU});
  for (guint peer = 2; peer < 4; peer++) {
    rig_local(&r, peer);
    answers(&r, peer == 2 ? "bob" : "carol", GW_DIR_SENDONLY);
    rig_state(&r, peer, GW_PEER_UP);
  }
  g_string_truncate(r.log, 0);
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "");
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "close 1 | close 2 | close 3 | ended X | sfu leave | ended:no-media");
  rig_clear(&r);
}

static void test_stop_any_time(void) {
  static const char *const goodbyes[] = {
      "sfu leave | ended:normal", "close 1 | sfu leave | ended:normal",
      "close 1 | close 2 | close 3 | ended X | sfu leave | ended:normal"};
  for (int stage = 0; stage < 3; stage++) {
    rig r;
    rig_running(&r, (rig_opt){SFU});
    rig_start(&r);
    if (stage > 0) joined(&r, "bob carol");
    if (stage > 1) published(&r, 1);
    g_string_truncate(r.log, 0);
    rig_stop(&r);
    rig_expect(&r, goodbyes[stage]);
    joined(&r, "bob");
    fails(&r, GW_CAUSE_SFU_DOWN);
    rig_after(&r, GW_SEC(100));
    rig_expect(&r, "");
    rig_clear(&r);
  }
}

/* --- the service is in trouble --- */

static void test_never_there(void) {
  rig r;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  fails(&r, GW_CAUSE_SFU_DOWN);
  rig_expect(&r, "sfu join X | connecting | sfu leave | ended:sfu-down");
  rig_clear(&r);
}

static void test_publish_refused(void) {
  rig r;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  joined(&r, "bob carol");
  rig_local(&r, 1);
  g_string_truncate(r.log, 0);
  refuses(&r, "phone");
  rig_expect(&r, "close 1 | sfu leave | ended:sfu-down");
  rig_clear(&r);
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  joined(&r, "bob carol");
  rig_local(&r, 1);
  g_string_truncate(r.log, 0);
  answers(&r, "phone", GW_DIR_SENDONLY); /* does not want to receive */
  rig_expect(&r, "close 1 | sfu leave | ended:no-codec");
  rig_clear(&r);
}

static void test_stream_refused(void) {
  rig r;
  entered(&r, (rig_opt){SFU});
  rig_local(&r, 2);
  rig_local(&r, 3);
  g_string_truncate(r.log, 0);
  refuses(&r, "bob");
  rig_expect(&r, "close 2");
  rig_expect_dead(&r, "bob");
  refuses(&r, "bob");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "X"); /* it can be asked for once only */
  rig_expect(&r, "");
  answers(&r, "carol", GW_DIR_SENDONLY);
  rig_expect(&r, "remote 3");
  rig_clear(&r);
}

/* The connection breaks: sound goes on. Back again: everything afresh, but no second accept. */
static void test_down_and_back(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  news(&r, GW_SFU_SAID_DOWN, NULL);
  rig_state(&r, 2, GW_PEER_QUIET);
  rig_state(&r, 3, GW_PEER_FAILED);
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "close 3");
  rig_expect_dead(&r, "");
  joined(&r, "bob carol");
  rig_expect(&r, "close 1 | close 2 | open 4 phone publish | waiting");
  published(&r, 4);
  rig_expect(
      &r, "sfu stream phone | remote 4 | open 5 bob receive | open 6 carol receive | connecting");
  stands(&r, 5, "bob");
  rig_expect(&r, "sfu stream bob | remote 5 | talking");
  rig_clear(&r);
}

static void test_down_for_good(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  news(&r, GW_SFU_SAID_DOWN, NULL);
  fails(&r, GW_CAUSE_SFU_DOWN);
  rig_expect(&r, "close 1 | close 2 | close 3 | ended X | sfu leave | ended:sfu-down");
  rig_clear(&r);
}

/* Our own stream breaks although the service is there: leave and join, three times at most. */
static void test_publish_breaks(void) {
  rig r;
  guint peer = 1;
  talking(&r, (rig_opt){SFU});
  for (int i = 0; i < GW_SFUFL_STARTS; i++) {
    rig_after(&r, GW_SEC(11));
    g_string_truncate(r.log, 0);
    rig_state(&r, peer, GW_PEER_FAILED);
    g_autofree char *want = g_strdup_printf("close %u | sfu again", peer);
    rig_expect(&r, want);
    joined(&r, "bob carol");
    peer = peer == 1 ? 4 : peer + 3;
    published(&r, peer);
  }
  g_string_truncate(r.log, 0);
  rig_state(&r, peer, GW_PEER_FAILED);
  g_assert_true(g_str_has_suffix(r.log->str, "sfu leave | ended:ice-failed"));
  g_string_truncate(r.log, 0);
  rig_clear(&r);
}

static void test_rejoins(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  news(&r, GW_SFU_SAID_GOES, "bob");
  rig_expect(&r, "close 2");
  news(&r, GW_SFU_SAID_COMES, "bob"); /* he has lost his connection and starts afresh */
  rig_expect(&r, "open 4 bob receive");
  news(&r, GW_SFU_SAID_COMES, "carol"); /* a service that does not say who goes */
  rig_expect(&r, "close 3 | open 5 carol receive | connecting");
  rig_clear(&r);
}

static void test_trickle(void) {
  rig r;
  entered(&r, (rig_opt){SFU});
  rig_local(&r, 2);
  g_string_truncate(r.log, 0);
  trickles(&r, "bob", 1); /* before the answer: kept */
  trickles(&r, "bob", 2); /* RTCP of its own: we have none */
  trickles(&r, "nobody", 1);
  rig_expect(&r, "");
  answers(&r, "bob", GW_DIR_SENDONLY);
  rig_expect(&r, "remote 2 | remote 2");
  trickles(&r, "bob", 1);
  rig_expect(&r, "remote 2");
  g_assert_cmpstr(((gw_desc_media *)r.remote->media->pdata[0])->ufrag, ==, "uthem");
  const gw_candidate c = {
      .foundation = "1", .component = 1, .udp = TRUE, .ip = "192.0.2.1", .port = 9};
  rig_ev(&r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = 2, .u.candidate = &c});
  rig_expect(&r, "sfu cand bob");
  rig_ev(&r,
         &(gw_ev){.type = GW_EV_CANDIDATE, .peer = 3, .u.candidate = &c}); /* not asked for yet */
  rig_local(&r, 3);
  rig_expect(&r, "sfu stream carol | sfu cand carol");
  rig_clear(&r);
}

/* A transport that never gets ready; and one of ours, without which nothing goes. */
static void test_no_transport(void) {
  rig r;
  rig_running(&r, (rig_opt){SFU});
  rig_start(&r);
  joined(&r, "bob carol");
  g_string_truncate(r.log, 0);
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "close 1 | sfu again");
  rig_clear(&r);
}

/* --- the XMPP stream --- */

static void test_stream_loss(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  news(&r, GW_SFU_SAID_COMES, "dave");
  rig_after(&r, GW_SEC(20));
  rig_expect(&r, "");
  rig_join(&r, "phone", "phone@gw/1");
  rig_join(&r, "carol", CAROL);
  rig_join(&r, "dave", DAVE);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_expect(&r, "open 4 dave receive"); /* his accept came meanwhile */
  stands(&r, 4, "dave");
  rig_expect(&r, "sfu stream dave | remote 4");
  rig_after(&r, GW_SEC(31));
  rig_expect(&r, "close 2"); /* bob has not come back */
  rig_clear(&r);
}

static void test_frozen_words(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_stop(&r);
  rig_expect(&r, "close 1 | close 2 | close 3 | ended X | sfu leave | ended:normal");
  rig_clear(&r);
}

static void test_bounds(void) {
  rig r;
  talking(&r, (rig_opt){SFU});
  for (guint i = 0; i < 2 * GW_MAX_SFU_NAMES; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i);
    news(&r, GW_SFU_SAID_COMES, nick);
    rig_join(&r, nick, "n@x/1");
    rig_say(&r, nick, GW_JMUCI_ACCEPT, "X");
  }
  g_assert_cmpuint(g_hash_table_size(r.open), <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(r.f->legs->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(g_hash_table_size(r.f->there), <=, GW_MAX_SFU_NAMES);
  rig_clear(&r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  static const struct {
    const char *name;
    void (*fn)(void);
  } tests[] = {{"join", test_join},
               {"publish-first", test_publish_first},
               {"joined-twice", test_joined_twice},
               {"offers", test_offers},
               {"later-accept", test_later_accept},
               {"accept-before-join", test_accept_before_join},
               {"hold", test_hold},
               {"retracted-on-the-way", test_retracted_on_the_way},
               {"too-late", test_too_late},
               {"mesh-words-are-not-ours", test_mesh_words_are_not_ours},
               {"own-seats", test_own_seats},
               {"propose", test_propose},
               {"unanswered", test_unanswered},
               {"crossed", test_crossed},
               {"quiet", test_quiet},
               {"everybody-leaves", test_everybody_leaves},
               {"zombie", test_zombie},
               {"stop-any-time", test_stop_any_time},
               {"never-there", test_never_there},
               {"publish-refused", test_publish_refused},
               {"stream-refused", test_stream_refused},
               {"down-and-back", test_down_and_back},
               {"down-for-good", test_down_for_good},
               {"publish-breaks", test_publish_breaks},
               {"rejoins", test_rejoins},
               {"trickle", test_trickle},
               {"no-transport", test_no_transport},
               {"stream-loss", test_stream_loss},
               {"frozen-words", test_frozen_words},
               {"bounds", test_bounds}};
  for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
    g_autofree char *path = g_strconcat("/flavour/sfu/", tests[i].name, NULL);
    g_test_add_func(path, tests[i].fn);
  }
  return g_test_run();
}
