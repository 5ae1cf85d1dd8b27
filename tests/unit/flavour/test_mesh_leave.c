/* When out: retracts, ends, hang-ups, a stream that goes away: one case per rule. */
#include "rig.h"

/* --- leaving --- */

static void retract_without_session_sends_us_back_to_waiting(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "X");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "accept X | connecting | ended X | waiting");
  rig_clear(&r);
}

static void retract_with_a_session_is_ignored(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "X");
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "");
  rig_clear(&r);
}

static void retract_of_somebody_else_means_nothing(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_say(&r, "carol", GW_JMUCI_RETRACT, "X");
  rig_expect(&r, "");
  rig_clear(&r);
}

static void a_phone_of_ours_takes_its_proposal_back_and_the_other_goes_on(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_say(&r, "phone2", GW_JMUCI_PROPOSE, "Y");
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "Y");
  rig_say(&r, "phone2", GW_JMUCI_RETRACT, "Y");
  rig_expect(&r, "accept Y | connecting | waiting | ended Y | propose P");
  rig_clear(&r);
}

static void ended_makes_the_sender_dead(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_say(&r, "carol", GW_JMUCI_ENDED, "X");
  rig_say(&r, "bob", GW_JMUCI_ENDED, "X");
  rig_expect(&r, "ended X | waiting"); /* nobody lives in it any more */
  rig_clear(&r);
}

static void ended_with_a_session_waits_for_its_terminate(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_say(&r, "bob", GW_JMUCI_ENDED, "X");
  rig_say(&r, "carol", GW_JMUCI_ENDED, "X");
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_end(&r, CAROL, "X:1", "success");
  rig_expect(&r, "close 1 | ended X | waiting");
  rig_clear(&r);
}

static void the_call_is_over_when_all_are_gone(void) {
  rig r;
  rig_inside(&r, (rig_opt){.idle = TRUE});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_leave(&r, "bob");
  rig_leave(&r, "carol");
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking | end " CAROL
                 " gone | close 1 | ended X | waiting");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, ""); /* and we do not propose at once */
  rig_join(&r, "dave", DAVE);
  rig_expect(&r, "propose P");
  rig_clear(&r);
}

static void the_call_is_over_ten_seconds_without_a_session(void) {
  rig r;
  rig_inside(&r, (rig_opt){.idle = TRUE});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_after(&r, GW_SEC(20));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_end(&r, CAROL, "X:1", "success");
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "close 1 | waiting"); /* bob is still there */
  rig_after(&r, 1);
  rig_expect(&r, "ended X");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, ""); /* the same call is not joined again, and none proposed */
  rig_clear(&r);
}

static void rung_the_phone_is_hung_up_when_the_call_is_over(void) {
  rig r;
  rig_two(&r, (rig_opt){.patient = TRUE, .answer_id = "X"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_end(&r, BOB, "X:1", "success");
  rig_expect(&r, "accept X | connecting | open 1 bob answer:passive | remote 1 | answer " BOB
                 " | talking | close 1 | ended X | ended:normal");
  rig_clear(&r);
}

static void a_zombie_call_is_ended(void) {
  rig r;
  rig_inside(&r, (rig_opt){.idle = TRUE});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_UP);
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_after(&r, 1);
  rig_expect(&r, "end " CAROL " success | close 1 | ended X | ended:no-media");
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Z");
  rig_offer(&r, BOB, "X:9");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, ""); /* through is through */
  rig_stop(&r);
  rig_stop(&r);
  rig_expect(&r, "ended:normal"); /* whoever stops us waits for an answer, once */
  rig_clear(&r);
}

static void one_voice_makes_it_no_zombie(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_UP);
  rig_after(&r, GW_SEC(9));
  rig_state(&r, 1, GW_PEER_RTP);
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_clear(&r);
}

/* --- the phone hangs up --- */

static void hang_up_before_anything(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_stop(&r);
  rig_expect(&r, "ended:normal");
  rig_clear(&r);
  rig_running(&r, (rig_opt){0});
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "Q");
  rig_ev(&r, &(gw_ev){.type = GW_EV_STOP, .cause = GW_CAUSE_SHUTDOWN});
  rig_expect(&r, "ended:shutdown");
  rig_clear(&r);
}

static void hang_up_while_the_accept_is_held(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_stop(&r);
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "connecting | ended:normal"); /* never accept once the leg has gone */
  rig_clear(&r);
}

static void hang_up_of_an_unanswered_proposal_retracts_it(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_stop(&r);
  rig_expect(&r, "propose P | waiting | retract P | ended:normal");
  rig_clear(&r);
}

static void hang_up_ends_all_sessions_then_says_ended(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_offer(&r, BOB, "X:2");
  rig_local(&r, 1);
  rig_local(&r, 2);
  rig_state(&r, 1, GW_PEER_UP);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | open 2 bob answer:passive | remote 2 | "
                 "answer " CAROL " | answer " BOB " | talking");
  rig_stop(&r);
  rig_expect(&r, "end " BOB " success | close 2 | end " CAROL
                 " success | close 1 | ended X | ended:normal");
  g_assert_cmpstr(r.said->u.jmuci.jid, ==, "phone@gw/1");
  rig_clear(&r);
}

/* Kicked, banned, or the room destroyed: nobody hung up. */
static void put_out_of_the_room_sessions_end_with_gone(void) {
  static const struct {
    gw_cause cause;
    const char *reason;
  } rows[] = {{GW_CAUSE_ROOM_CLOSED, "gone"},
              {GW_CAUSE_NORMAL, "success"},
              {GW_CAUSE_SHUTDOWN, "success"}}; /* that JSXC closes cleanly */
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    rig_talking(&r);
    rig_offer(&r, BOB, "X:2");
    rig_ev(&r, &(gw_ev){.type = GW_EV_STOP, .cause = rows[i].cause});
    rig_local(&r, 2);
    g_autofree char *expected = g_strdup_printf(
        "open 2 bob answer:passive | remote 2 | end " CAROL " %s | close 1 | answer " BOB
        " | end " BOB " %s | close 2 | ended X | ended:%s",
        rows[i].reason, rows[i].reason, gw_cause_word(rows[i].cause));
    rig_expect(&r, expected);
    rig_clear(&r);
  }
}

static void hang_up_with_an_offer_under_way_accepts_it_first(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_stop(&r);
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_local(&r, 1);
  rig_expect(&r, "answer " CAROL " | end " CAROL " success | close 1");
  rig_offer(&r, BOB, "X:2"); /* he was to call us: he gets his answer too */
  rig_local(&r, 2);
  rig_expect(&r, "open 2 bob answer:passive | remote 2 | answer " BOB " | end " BOB
                 " success | close 2 | ended X | ended:normal");
  rig_clear(&r);
}

static void hang_up_before_our_transport_is_ready_accepts_for_form(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_stop(&r);
  rig_after(&r, GW_SEC(3) - 1);
  rig_expect(&r, "open 1 bob answer:passive | remote 1");
  rig_after(&r, 1);
  rig_expect(&r, "answer " BOB " | end " BOB " success | close 1 | ended X | ended:normal");
  rig_clear(&r);
}

static void hang_up_waits_three_seconds_for_offers_at_most(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_stop(&r);
  rig_after(&r, GW_SEC(3) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_expect(&r, "ended X | ended:normal");
  rig_clear(&r);
}

static void hang_up_later_does_not_wait_for_a_proposer_who_never_called(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_after(&r, GW_SEC(60));
  rig_stop(&r);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking | end " CAROL
                 " success | close 1 | ended X | ended:normal");
  rig_clear(&r);
}

/* --- the stream --- */

static void without_stream_everything_stands_still(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  g_assert_cmpint(gw_flavour_jmuci_mesh.deadline(r.f), ==, GW_NEVER);
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  rig_after(&r, GW_SEC(40));
  rig_expect(&r, "");
  rig_join(&r, "phone", "phone@gw/1");
  rig_join(&r, "carol", CAROL);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP}); /* bob has vanished, what was to be said is said */
  rig_expect(&r, "info " CAROL " mute:0");
  rig_end(&r, CAROL, "X:1", "success");
  rig_expect(&r, "close 1 | ended X | waiting");
  rig_clear(&r);
}

static void what_waits_for_the_stream_is_bounded(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  for (guint i = 0; i < 1000; i++)
    rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = i % 2 == 0});
  rig_join(&r, "bob", BOB);
  rig_join(&r, "carol", CAROL);
  g_string_truncate(r.log, 0);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  g_auto(GStrv) parts = g_strsplit(r.log->str, " | ", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 2 * GW_MAX_SESSIONS_PER_SEAT);
  rig_clear(&r);
}

static void hang_up_without_stream_begins_nothing(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | open 2 dave offer");
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_local(&r, 2);
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_stop(&r);
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "close 1 | end " CAROL " connectivity-error | end " DAVE
                 " success | close 2 | ended X | ended:normal");
  rig_clear(&r);
}

/* An accept that crossed our retract: he is not left alone. */
static void an_accept_crossing_our_retract_is_served(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "propose P | waiting | retract P");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  rig_say(&r, "phone", GW_JMUCI_RETRACT, "P");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "connecting | accept P");
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "P");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 bob offer | initiate " BOB);
  rig_clear(&r);
}

/* The same, and our retract is reflected only after we have accepted our own proposal. */
static void our_own_late_retract_does_not_send_us_away(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Y");
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "Y");
  rig_expect(&r, "propose P | waiting | retract P | accept Y | connecting | ended Y | waiting");
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "P");
  rig_after(&r, GW_SEC(2));
  rig_say(&r, "phone", GW_JMUCI_RETRACT, "P");
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "P");
  rig_expect(&r, "connecting | accept P | open 1 carol offer");
  rig_clear(&r);
}

static void a_call_once_left_is_never_accepted_again(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_leave(&r, "bob");
  rig_leave(&r, "carol");
  rig_expect(&r, "ended X | waiting");
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "");
  rig_clear(&r);
}

/* Our rejoin may be quicker than theirs; what still sounds is not cut off for it. */
static void who_is_still_heard_may_come_back_late(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_leave(&r, "carol");
  rig_join(&r, "bob", BOB);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_after(&r, GW_SEC(29));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_join(&r, "carol", CAROL);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "");
  rig_leave(&r, "carol");
  rig_expect(&r, "end " CAROL " gone | close 1 | waiting");
  rig_clear(&r);
}

static void who_vanished_meanwhile_is_closed(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_join(&r, "bob", BOB);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking | end " CAROL
                 " gone | close 1 | waiting");
  rig_clear(&r);
}

static void waiting_times_stand_still_too(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_after(&r, GW_SEC(9));
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_after(&r, GW_SEC(60));
  rig_join(&r, "bob", BOB);
  rig_join(&r, "carol", CAROL);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_after(&r, GW_MS(999));
  rig_expect(&r, "");
  rig_after(&r, GW_MS(1));
  rig_expect(&r, "ended X | waiting"); /* ten seconds without a call from anybody */
  rig_clear(&r);
}

static void after_a_gap_unseen_accepters_are_believed(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_join(&r, "bob", BOB);
  rig_join(&r, "carol", CAROL);
  rig_join(&r, "dave", DAVE);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_offer(&r, DAVE, "X:1");
  rig_expect(&r, "open 1 dave answer:passive | remote 1");
  rig_clear(&r);
}

/* --- what the watcher learns of our sessions --- */

static void a_session_ended_by_them_is_told_to_the_watcher(void) {
  rig r;
  rig_talking(&r);
  rig_expect_dead(&r, "");
  rig_end(&r, CAROL, "X:1", "success");
  rig_expect_dead(&r, "carol");
  rig_after(&r, GW_SEC(20)); /* bob never called, no session any more: over, for newcomers too */
  rig_expect_dead(&r, "*");
  rig_expect(&r, "close 1 | connecting | waiting | ended X");
  rig_clear(&r);
}

static void a_session_that_fails_is_told_to_the_watcher(void) {
  rig r;
  rig_talking(&r);
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_expect_dead(&r, "carol");
  rig_clear(&r);
}

static void an_alternative_session_leaves_everybody_alive(void) {
  rig r;
  rig_talking(&r);
  rig_end(&r, CAROL, "X:1", "alternative-session");
  rig_expect_dead(&r, "");
  rig_clear(&r);
}

static void our_own_hang_up_leaves_the_call_alive_for_others(void) {
  rig r;
  rig_talking(&r);
  rig_stop(&r);
  rig_after(&r, GW_SEC(10));
  rig_expect_dead(&r, "");
  rig_clear(&r);
}

static void our_own_hang_up_ends_a_call_of_two(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_leave(&r, "carol");
  rig_stop(&r);
  rig_after(&r, GW_SEC(10));
  rig_expect_dead(&r, "*");
  rig_clear(&r);
}

static void a_call_where_nobody_calls_us_is_dead_for_newcomers(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "accept X | connecting | ended X | waiting");
  rig_expect_dead(&r, "*");
  rig_clear(&r);
}

static void a_zombie_call_is_dead_for_newcomers(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_UP);
  rig_after(&r, GW_SEC(10));
  rig_expect_dead(&r, "*");
  rig_clear(&r);
}

/* Its own sessions may stand: our fate is not that of the call. */
static void a_call_with_another_phone_of_ours_is_never_dead(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "phone2", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_end(&r, BOB, "X:1", "success");
  rig_after(&r, GW_SEC(20));
  rig_expect_dead(&r, "bob");
  rig_clear(&r);
}

#define CASE(name) g_test_add_func("/mesh/leave/" #name, name)

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  CASE(retract_without_session_sends_us_back_to_waiting);
  CASE(retract_with_a_session_is_ignored);
  CASE(retract_of_somebody_else_means_nothing);
  CASE(a_phone_of_ours_takes_its_proposal_back_and_the_other_goes_on);
  CASE(ended_makes_the_sender_dead);
  CASE(ended_with_a_session_waits_for_its_terminate);
  CASE(the_call_is_over_when_all_are_gone);
  CASE(the_call_is_over_ten_seconds_without_a_session);
  CASE(rung_the_phone_is_hung_up_when_the_call_is_over);
  CASE(a_zombie_call_is_ended);
  CASE(one_voice_makes_it_no_zombie);
  CASE(hang_up_before_anything);
  CASE(hang_up_while_the_accept_is_held);
  CASE(hang_up_of_an_unanswered_proposal_retracts_it);
  CASE(hang_up_ends_all_sessions_then_says_ended);
  CASE(put_out_of_the_room_sessions_end_with_gone);
  CASE(hang_up_with_an_offer_under_way_accepts_it_first);
  CASE(hang_up_before_our_transport_is_ready_accepts_for_form);
  CASE(hang_up_waits_three_seconds_for_offers_at_most);
  CASE(hang_up_later_does_not_wait_for_a_proposer_who_never_called);
  CASE(without_stream_everything_stands_still);
  CASE(what_waits_for_the_stream_is_bounded);
  CASE(hang_up_without_stream_begins_nothing);
  CASE(an_accept_crossing_our_retract_is_served);
  CASE(our_own_late_retract_does_not_send_us_away);
  CASE(a_call_once_left_is_never_accepted_again);
  CASE(who_is_still_heard_may_come_back_late);
  CASE(who_vanished_meanwhile_is_closed);
  CASE(waiting_times_stand_still_too);
  CASE(after_a_gap_unseen_accepters_are_believed);
  CASE(a_session_ended_by_them_is_told_to_the_watcher);
  CASE(a_session_that_fails_is_told_to_the_watcher);
  CASE(an_alternative_session_leaves_everybody_alive);
  CASE(our_own_hang_up_leaves_the_call_alive_for_others);
  CASE(our_own_hang_up_ends_a_call_of_two);
  CASE(a_call_where_nobody_calls_us_is_dead_for_newcomers);
  CASE(a_zombie_call_is_dead_for_newcomers);
  CASE(a_call_with_another_phone_of_ours_is_never_dead);
  return g_test_run();
}
