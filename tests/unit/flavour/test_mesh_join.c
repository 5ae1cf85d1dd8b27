/* Which call, and when in: one case per rule of the JMUCI state machine. */
#include "rig.h"

/* --- joining --- */

static void no_accept_before_the_phone_is_there(void) {
  rig r;
  rig_running(&r, (rig_opt){.idle = TRUE});
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "");
  rig_clear(&r);
}

static void a_live_call_is_accepted(void) {
  rig r;
  rig_running(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_expect(&r, "accept X | connecting");
  g_assert_cmpstr(r.said->u.jmuci.jid, ==, "phone@gw/1");
  rig_clear(&r);
}

static void a_fresh_proposal_is_accepted_an_old_one_is_not(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = FALSE});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(28));
  rig_start(&r);
  rig_expect(&r, "accept X | connecting");
  rig_clear(&r);
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(29));
  rig_start(&r);
  rig_expect(&r, "propose P | waiting");
  rig_clear(&r);
}

static void the_ledger_of_the_watcher_counts(void) {
  rig r;
  g_autoptr(gw_ledger) l = gw_ledger_new();
  const char *const jids[] = {BOB, NULL}, *const watch[] = {"gateway@gw/1", NULL};
  const gw_fl_occupant bob = {.nick = "bob", .jids = jids, .present = TRUE};
  const gw_fl_occupant watcher = {.nick = "watch", .jids = watch, .present = TRUE, .self = TRUE};
  gw_ledger_occupant(l, &bob, 0);
  gw_ledger_occupant(l, &watcher, 0);
  g_autoptr(gw_word) w = gw_word_new_jmuci(GW_JMUCI_PROPOSE, FALSE, "X");
  w->from = g_strdup("room@muc/bob");
  gw_ledger_word(l, w, GW_SEC(990));
  rig_init(&r, (rig_opt){.idle = TRUE, .ledger = l});
  rig_start(&r);
  rig_expect(&r, "accept X | connecting");
  rig_clear(&r);
}

static void the_watcher_is_nobody_to_propose_to(void) {
  rig r;
  g_autoptr(gw_ledger) l = gw_ledger_new();
  const char *const watch[] = {"gateway@gw/1", NULL};
  const gw_fl_occupant watcher = {.nick = "watch", .jids = watch, .present = TRUE, .self = TRUE};
  gw_ledger_occupant(l, &watcher, 0);
  rig_init(&r, (rig_opt){.idle = TRUE, .ledger = l});
  rig_start(&r);
  rig_expect(&r, "waiting");
  rig_clear(&r);
}

static void none_runs_and_idle_is_propose(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_expect(&r, "propose P | waiting");
  g_assert_true(r.said->u.jmuci.audio && !r.said->u.jmuci.video && !r.said->u.jmuci.sfu);
  g_assert_cmpuint(strlen(r.proposed), ==, 36);
  rig_clear(&r);
}

static void none_runs_and_idle_is_wait(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = FALSE});
  rig_start(&r);
  rig_after(&r, GW_SEC(300));
  rig_expect(&r, "waiting");
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_expect(&r, "accept X | connecting");
  rig_clear(&r);
}

static void alone_one_waits_until_somebody_comes(void) {
  rig r;
  rig_init(&r, (rig_opt){.idle = TRUE});
  rig_join_as(&r, "watch", "gateway@gw/1", FALSE, TRUE);
  rig_join_as(&r, "other phone", "phone2@gw/1", TRUE, FALSE);
  rig_start(&r);
  rig_after(&r, GW_SEC(300));
  rig_expect(&r, "waiting"); /* watcher and own phones are nobody to propose to */
  rig_join(&r, "bob", BOB);
  rig_expect(&r, "propose P");
  rig_clear(&r);
}

static void rung_for_a_proposal_that_one_is_accepted(void) {
  rig r;
  rig_running(&r, (rig_opt){.patient = TRUE, .answer_id = "Y"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Y");
  rig_start(&r);
  rig_expect(&r, "accept Y | connecting");
  rig_clear(&r);
}

static void rung_and_taken_back_meanwhile(void) {
  rig r;
  rig_running(&r, (rig_opt){.idle = TRUE, .patient = TRUE, .answer_id = "Y"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Y");
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "Y");
  rig_start(&r);
  rig_expect(&r, "ended:cancelled");
  rig_clear(&r);
}

static void rung_and_taken_back_after_our_accept(void) {
  rig r;
  rig_two(&r, (rig_opt){.patient = TRUE, .answer_id = "Y"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Y");
  rig_start(&r);
  rig_say(&r, "bob", GW_JMUCI_RETRACT, "Y");
  rig_expect(&r, "accept Y | connecting | ended Y | ended:cancelled");
  rig_clear(&r);
}

static void accept_waits_after_anybody_elses(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_after(&r, GW_MS(1499));
  rig_expect(&r, "connecting");
  rig_after(&r, GW_MS(1));
  rig_expect(&r, "accept X");
  rig_clear(&r);
}

/* A phone of ours opens no microphone late, and one who has gone calls nobody. */
static void accept_does_not_wait_for_phones_of_ours_or_the_departed(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_join_as(&r, "other phone", "101@gw/1", TRUE, FALSE);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_leave(&r, "carol");
  rig_say(&r, "other phone", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_expect(&r, "accept X | connecting");
  rig_clear(&r);
}

static void accept_waits_again_after_the_next(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_after(&r, GW_SEC(1));
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_MS(1400));
  rig_expect(&r, "connecting");
  rig_after(&r, GW_MS(100));
  rig_expect(&r, "accept X");
  rig_clear(&r);
}

static void a_flood_of_accepts_keeps_us_out_ten_seconds_at_most(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_expect(&r, "connecting");
  for (guint i = 0; i < 99; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    rig_join(&r, nick, jid);
    rig_say(&r, nick, GW_JMUCI_ACCEPT, "X");
    rig_after(&r, GW_MS(100));
  }
  rig_expect(&r, "");
  rig_after(&r, GW_MS(100));
  rig_expect(&r, "accept X");
  rig_clear(&r);
}

static void retracted_while_the_accept_is_held(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_start(&r);
  rig_leave(&r, "bob");
  rig_leave(&r, "carol");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "connecting | waiting"); /* never accepted, nothing to take back */
  rig_clear(&r);
}

static void history_never_makes_us_join(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  gw_word *w = gw_word_new_jmuci(GW_JMUCI_PROPOSE, FALSE, "X");
  w->from = g_strdup("room@muc/bob");
  w->historic = TRUE;
  rig_word(&r, w);
  rig_start(&r);
  rig_expect(&r, "waiting");
  rig_clear(&r);
}

static void a_call_through_an_sfu_is_not_ours(void) {
  rig r;
  rig_two(&r, (rig_opt){0});
  rig_start(&r);
  gw_word *w = gw_word_new_jmuci(GW_JMUCI_PROPOSE, TRUE, "X");
  w->from = g_strdup("room@muc/bob");
  rig_word(&r, w);
  rig_expect(&r, "waiting");
  rig_clear(&r);
}

/* --- the order --- */

static void earlier_ones_call_us_the_silent_accepter_is_called(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | answer " BOB " | talking");
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_expect(&r, "open 2 carol offer");
  rig_local(&r, 2);
  rig_expect(&r, "initiate " CAROL);
  g_assert_true(g_str_has_prefix(r.sid, "X:") && !strchr(r.sid + 2, ':') && strlen(r.sid) == 38);
  rig_accepts(&r, CAROL, r.sid);
  rig_expect(&r, "remote 2");
  rig_clear(&r);
}

static void the_silent_proposer_is_never_called(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "");
  rig_clear(&r);
}

/* Not one of them has called: their windows are closed, and calling them would only make a zombie. */
static void a_call_in_which_nobody_calls_is_given_up_at_once(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "ended X | waiting");
  rig_clear(&r);
}

static void nobody_calls_the_call_is_dead_and_we_propose(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "accept X | connecting");
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_expect(&r, "ended X | waiting | propose P");
  rig_clear(&r);
}

static void nobody_answers_the_call_is_dead_when_rung_too(void) {
  rig r;
  rig_two(&r, (rig_opt){.patient = TRUE, .answer_id = "X"});
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "accept X | connecting | ended X | ended:timeout");
  rig_clear(&r);
}

static void a_later_accepter_is_called_at_once(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_expect(&r, "");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 1 dave offer");
  rig_local(&r, 1);
  rig_expect(&r, "initiate " DAVE);
  rig_clear(&r);
}

static void an_accept_seen_before_our_own_reflection_is_earlier(void) {
  rig r;
  rig_running(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_start(&r);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "accept X | connecting");
  rig_offer(&r, DAVE, "X:1");
  rig_expect(&r, "open 1 dave answer:passive | remote 1");
  rig_clear(&r);
}

static void as_proposer_we_call_everybody_at_once(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_expect(&r, "propose P | waiting");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  rig_expect(&r, "open 1 bob offer | connecting");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "P");
  rig_expect(&r, "open 2 carol offer"); /* not one after the other */
  rig_local(&r, 2);
  rig_local(&r, 1);
  rig_expect(&r, "initiate " CAROL " | initiate " BOB);
  rig_clear(&r);
}

static void a_repeated_accept_makes_no_second_session(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 1 dave offer");
  rig_clear(&r);
}

static void strangers_and_rejects_are_ignored(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_say(&r, "nobody", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "carol", GW_JMUCI_REJECT, "X");
  rig_say(&r, "nobody", GW_JMUCI_PROPOSE, "Y");
  rig_expect(&r, "");
  rig_offer(&r, CAROL, "X:1"); /* accept wins over a reject of another device */
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void nick_changes_of_others_are_followed(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_rename(&r, "carol", "caroline", CAROL);
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 caroline answer:passive | remote 1 | answer " CAROL);
  rig_rename(&r, "caroline", "carol", CAROL);
  rig_leave(&r, "carol");
  rig_expect(&r, "end " CAROL " gone | close 1");
  rig_clear(&r);
}

static void our_own_nick_changed_by_the_service_is_followed(void) {
  rig r;
  rig_running(&r, (rig_opt){0});
  rig_start(&r);
  const char *const jids[] = {"phone@gw/1", NULL};
  const gw_fl_occupant who = {
      .nick = "phone 2", .old_nick = "phone", .jids = jids, .present = TRUE, .self = TRUE};
  rig_ev(&r, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
  rig_say(&r, "phone 2", GW_JMUCI_ACCEPT, "X");
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "accept X | connecting | open 1 dave offer");
  rig_clear(&r);
}

static void own_phones_are_skipped_but_keep_their_place(void) {
  rig r;
  rig_running(&r, (rig_opt){0});
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_join_as(&r, "phone3", "phone3@gw/1", TRUE, FALSE);
  rig_say(&r, "phone2", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_SEC(2));
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_say(&r, "phone3", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, BOB, "X:1");
  rig_offer(&r, CAROL, "X:2");
  rig_expect(&r, "accept X | connecting | open 1 bob answer:passive | remote 1 | open 2 carol "
                 "answer:passive | remote 2");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "");
  rig_clear(&r);
}

static void who_accepts_again_after_leaving_is_called_again(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", DAVE);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 1 dave offer");
  rig_leave(&r, "dave");
  rig_expect(&r, "close 1");
  rig_join(&r, "dave", "dave@x/2");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(&r, 2);
  rig_expect(&r, "open 2 dave offer | initiate dave@x/2");
  rig_clear(&r);
}

static void back_at_our_old_place_we_call_those_behind(void) {
  rig r;
  g_autoptr(gw_ledger) l = gw_ledger_new();
  const char *const nicks[] = {"bob", "phone", "carol"}, *const jids[] = {BOB, "phone@gw/0", CAROL};
  for (guint i = 0; i < 3; i++) {
    const char *const one[] = {jids[i], NULL};
    const gw_fl_occupant who = {.nick = nicks[i], .jids = one, .present = TRUE};
    gw_ledger_occupant(l, &who, 0);
    g_autoptr(gw_word) w = gw_word_new_jmuci(i ? GW_JMUCI_ACCEPT : GW_JMUCI_PROPOSE, FALSE, "X");
    w->from = g_strconcat("room@muc/", nicks[i], NULL);
    gw_ledger_word(l, w, i);
  }
  rig_init(&r, (rig_opt){.ledger = l});
  rig_start(&r);
  rig_expect(&r, "accept X | connecting");
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 1 carol offer");
  rig_clear(&r);
}

static void an_earlier_one_who_comes_back_is_expected_anew(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | answer " BOB " | talking");
  rig_leave(&r, "carol");
  rig_join(&r, "carol", "carol@x/2");
  rig_after(&r, GW_SEC(8));
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "");
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "open 2 carol offer");
  rig_clear(&r);
}

static void the_jid_attribute_names_the_device(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", "dave@x/desk dave@x/mobile");
  gw_word *w = gw_word_new_jmuci(GW_JMUCI_ACCEPT, FALSE, "X");
  w->from = g_strdup("room@muc/dave");
  w->u.jmuci.jid = g_strdup("dave@x/desk");
  rig_word(&r, w);
  rig_local(&r, 1);
  rig_expect(&r, "open 1 dave offer | initiate dave@x/desk");
  rig_join(&r, "eve", "eve@x/1");
  w = gw_word_new_jmuci(GW_JMUCI_ACCEPT, FALSE, "X");
  w->from = g_strdup("room@muc/eve");
  w->u.jmuci.jid = g_strdup("bob@x/1"); /* not hers: the room does not vouch for it */
  rig_word(&r, w);
  rig_local(&r, 2);
  rig_expect(&r, "open 2 eve offer | initiate eve@x/1");
  rig_clear(&r);
}

static void without_attribute_the_newest_device_is_called(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", "dave@x/desk dave@x/mobile");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 dave offer | initiate dave@x/mobile");
  rig_clear(&r);
}

static void a_jid_without_resource_cannot_be_called(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_join(&r, "dave", "dave@x");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "");
  rig_clear(&r);
}

/* --- own proposals --- */

static void own_proposal_unanswered_is_retracted_after_a_minute(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_after(&r, GW_SEC(60) - 1);
  rig_expect(&r, "propose P | waiting");
  rig_after(&r, 1);
  rig_expect(&r, "retract P");
  rig_after(&r, GW_SEC(1000));
  rig_expect(&r, ""); /* not again by itself */
  rig_join(&r, "dave", DAVE);
  rig_expect(&r, "propose P");
  rig_clear(&r);
}

static void proposals_come_once_a_minute_at_most(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_after(&r, GW_SEC(10));
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  rig_leave(&r, "bob");
  rig_expect(&r,
             "propose P | waiting | open 1 bob offer | connecting | close 1 | ended P | waiting");
  rig_join(&r, "bob", BOB);
  rig_after(&r, GW_SEC(50) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_expect(&r, "propose P");
  rig_clear(&r);
}

static void answered_in_time_it_is_never_retracted(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  rig_local(&r, 1);
  rig_accepts(&r, BOB, r.sid);
  rig_state(&r, 1, GW_PEER_RTP);
  rig_after(&r, GW_SEC(300));
  rig_expect(&r, "propose P | waiting | open 1 bob offer | connecting | initiate " BOB
                 " | remote 1 | talking");
  rig_clear(&r);
}

static void another_phone_of_ours_is_no_answer(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_say(&r, "phone2", GW_JMUCI_ACCEPT, "P");
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "propose P | waiting"); /* it rings on */
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "P");
  rig_expect(&r, "open 1 bob offer | connecting");
  rig_clear(&r);
}

static void our_phones_never_cross(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_start(&r);
  rig_say(&r, "phone2", GW_JMUCI_PROPOSE, "Y"); /* the room saw it before ours */
  rig_expect(&r, "propose P | waiting | retract P | accept Y | connecting");
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_say(&r, "phone", GW_JMUCI_RETRACT, "P");
  rig_say(&r, "phone", GW_JMUCI_ACCEPT, "Y");
  rig_after(&r, GW_SEC(59));
  rig_expect(&r, "waiting"); /* in that call, nobody called us yet, the other phone is there */
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "Y");
  rig_expect(&r, "open 1 bob offer | connecting");
  rig_clear(&r);
}

static void of_two_proposals_the_first_seen_counts(void) {
  rig r;
  rig_two(&r, (rig_opt){.idle = TRUE});
  rig_start(&r);
  rig_say(&r, "phone", GW_JMUCI_PROPOSE, "P");
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "Y");
  rig_expect(&r, "propose P | waiting"); /* ours was first */
  rig_say(&r, "carol", GW_JMUCI_ACCEPT, "Y");
  rig_expect(&r, "retract P | connecting"); /* but theirs runs */
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "accept Y");
  rig_clear(&r);
}

static void a_proposal_of_a_second_call_while_in_one_changes_nothing(void) {
  rig r;
  rig_inside(&r, (rig_opt){.idle = TRUE});
  rig_say(&r, "carol", GW_JMUCI_PROPOSE, "Y");
  rig_say(&r, "bob", GW_JMUCI_ACCEPT, "Y");
  rig_expect(&r, "");
  rig_clear(&r);
}

/* --- the class --- */

static void auto_prefers_a_live_mesh_call(void) {
  const gw_flavour_class *c = gw_flavours[0];
  g_assert_cmpstr(c->name, ==, "jmuci-mesh");
  g_assert_cmpstr(c->features[0], ==, "urn:xmpp:jingle-muc-message:0");
  g_assert_cmpint(c->probe(&(gw_room_facts){.jmuci_live = TRUE, .muji_live = TRUE}), ==, 100);
  g_assert_cmpint(c->probe(&(gw_room_facts){.jmuci_sfu_live = TRUE, .feature_jmuci = TRUE}), ==, 0);
  g_assert_cmpint(c->probe(&(gw_room_facts){.muji_live = TRUE}), ==, 0);
  g_assert_cmpint(c->probe(&(gw_room_facts){.feature_jmuci = TRUE}), >,
                  c->probe(&(gw_room_facts){0}));
}

#define CASE(name) g_test_add_func("/mesh/join/" #name, name)

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  CASE(no_accept_before_the_phone_is_there);
  CASE(a_live_call_is_accepted);
  CASE(a_fresh_proposal_is_accepted_an_old_one_is_not);
  CASE(the_ledger_of_the_watcher_counts);
  CASE(the_watcher_is_nobody_to_propose_to);
  CASE(none_runs_and_idle_is_propose);
  CASE(none_runs_and_idle_is_wait);
  CASE(alone_one_waits_until_somebody_comes);
  CASE(rung_for_a_proposal_that_one_is_accepted);
  CASE(rung_and_taken_back_meanwhile);
  CASE(rung_and_taken_back_after_our_accept);
  CASE(accept_waits_after_anybody_elses);
  CASE(accept_does_not_wait_for_phones_of_ours_or_the_departed);
  CASE(accept_waits_again_after_the_next);
  CASE(a_flood_of_accepts_keeps_us_out_ten_seconds_at_most);
  CASE(retracted_while_the_accept_is_held);
  CASE(history_never_makes_us_join);
  CASE(a_call_through_an_sfu_is_not_ours);
  CASE(earlier_ones_call_us_the_silent_accepter_is_called);
  CASE(the_silent_proposer_is_never_called);
  CASE(a_call_in_which_nobody_calls_is_given_up_at_once);
  CASE(nobody_calls_the_call_is_dead_and_we_propose);
  CASE(nobody_answers_the_call_is_dead_when_rung_too);
  CASE(a_later_accepter_is_called_at_once);
  CASE(an_accept_seen_before_our_own_reflection_is_earlier);
  CASE(as_proposer_we_call_everybody_at_once);
  CASE(a_repeated_accept_makes_no_second_session);
  CASE(strangers_and_rejects_are_ignored);
  CASE(nick_changes_of_others_are_followed);
  CASE(our_own_nick_changed_by_the_service_is_followed);
  CASE(own_phones_are_skipped_but_keep_their_place);
  CASE(who_accepts_again_after_leaving_is_called_again);
  CASE(back_at_our_old_place_we_call_those_behind);
  CASE(an_earlier_one_who_comes_back_is_expected_anew);
  CASE(the_jid_attribute_names_the_device);
  CASE(without_attribute_the_newest_device_is_called);
  CASE(a_jid_without_resource_cannot_be_called);
  CASE(own_proposal_unanswered_is_retracted_after_a_minute);
  CASE(proposals_come_once_a_minute_at_most);
  CASE(answered_in_time_it_is_never_retracted);
  CASE(another_phone_of_ours_is_no_answer);
  CASE(our_phones_never_cross);
  CASE(of_two_proposals_the_first_seen_counts);
  CASE(a_proposal_of_a_second_call_while_in_one_changes_nothing);
  CASE(auto_prefers_a_live_mesh_call);
  return g_test_run();
}
