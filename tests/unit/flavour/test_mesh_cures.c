/* What goes wrong between two and is mended: mute pairs, glare, several devices of a nick. */
#include "rig.h"
#include "gateway/flavour/jmuci_mesh.h"

/* --- mute pairs --- */

static void mute_offer(rig *r, const char *from, const char *sid) {
  rig_offer_with(r, from, sid, rig_desc(GW_DIR_RECVONLY, FALSE, TRUE, TRUE, GW_SETUP_ACTPASS));
}

static void a_mute_offer_is_cured(void) {
  rig r;
  rig_three(&r);
  mute_offer(&r, CAROL, "X:1");
  rig_expect(&r, "end " CAROL " alternative-session");
  rig_after(&r, GW_SEC(1) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_local(&r, 1);
  rig_expect(&r, "open 1 carol offer | initiate " CAROL);
  g_assert_true(g_str_has_prefix(r.sid, "X:"));
  rig_clear(&r);
}

static void a_mute_offer_is_cured_once_only(void) {
  rig r;
  rig_three(&r);
  mute_offer(&r, CAROL, "X:1");
  mute_offer(&r, CAROL, "X:2");
  rig_expect(&r, "end " CAROL " alternative-session | open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_sounding_offer_during_the_pause_is_taken(void) {
  rig r;
  rig_three(&r);
  mute_offer(&r, CAROL, "X:1");
  rig_offer(&r, CAROL, "X:2");
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "end " CAROL " alternative-session | open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_mute_proposer_is_answered_we_never_call_him(void) {
  rig r;
  rig_three(&r);
  mute_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | answer " BOB);
  rig_clear(&r);
}

static void who_became_proposer_meanwhile_is_not_called(void) {
  rig r;
  rig_three(&r);
  mute_offer(&r, CAROL, "X:1");
  rig_say(&r, "carol", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "end " CAROL " alternative-session");
  rig_clear(&r);
}

static void muted_with_a_source_is_no_mute_pair(void) {
  rig r;
  rig_three(&r);
  rig_offer_with(&r, CAROL, "X:1", rig_desc(GW_DIR_RECVONLY, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS));
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_mute_offer_while_ours_is_out_is_refused_ours_stands(void) {
  rig r;
  rig_offered(&r);
  mute_offer(&r, DAVE, "X:9");
  rig_accepts(&r, DAVE, r.sid);
  rig_expect(&r, "end " DAVE " alternative-session | remote 2");
  rig_clear(&r);
}

static void a_mute_offer_after_a_sounding_one_in_preparation(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  mute_offer(&r, CAROL, "X:2");
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | end " CAROL
                 " alternative-session | end " CAROL
                 " alternative-session | close 1 | open 2 carol offer");
  rig_clear(&r);
}

/* --- glare --- */

static void glare_with_a_later_one_his_offer_stands(void) {
  rig r;
  rig_offered(&r);
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r,
             "end " DAVE " alternative-session | close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
  rig_talking(&r);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, DAVE, "X:9"); /* ours not said yet: nothing to take back */
  rig_expect(&r, "open 2 dave offer | close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

/* carol, earlier, was silent for 10 s and got our offer (peer 1); then hers comes (X:9). */
static void glare_with_carol(rig *r) {
  rig_three(r);
  rig_offer(r, BOB, "X:8"); /* somebody calls, so the call lives */
  rig_local(r, 1);
  rig_state(r, 1, GW_PEER_RTP);
  rig_after(r, GW_SEC(10));
  rig_local(r, 2);
  rig_offer(r, CAROL, "X:9");
  rig_jingle(r, GW_JINGLE_TRANSPORT_INFO, CAROL, "X:9");
  rig_expect(r, "open 1 bob answer:passive | remote 1 | answer " BOB
                " | talking | open 2 carol offer | initiate " CAROL);
}

static void glare_with_an_earlier_one_ours_stands(void) {
  rig r;
  glare_with_carol(&r);
  rig_accepts(&r, CAROL, r.sid);
  rig_expect(&r, "remote 2 | end " CAROL " alternative-session");
  rig_clear(&r);
}

static void glare_with_an_earlier_one_hers_is_taken_when_ours_fails(void) {
  rig r;
  glare_with_carol(&r);
  rig_error(&r, CAROL, r.sid, GW_JINGLE_SESSION_INITIATE, "conflict");
  rig_local(&r, 3);
  rig_expect(&r, "close 2 | open 3 carol answer:passive | remote 3 | remote 3 | answer " CAROL);
  rig_clear(&r);
}

static void glare_with_an_earlier_one_is_over_in_five_seconds(void) {
  rig r;
  glare_with_carol(&r);
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "end " CAROL " alternative-session");
  rig_clear(&r);
}

static void a_conflict_means_that_theirs_is_on_its_way(void) {
  rig r;
  rig_offered(&r);
  rig_error(&r, DAVE, r.sid, GW_JINGLE_SESSION_INITIATE, "conflict");
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r, "close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

/* --- several devices of a nick --- */

static void two_devices(rig *r) {
  rig_talking(r);
  rig_join(r, "dave", "dave@x/desk dave@x/pad dave@x/mobile");
  rig_say(r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(r, 2);
  rig_expect(r, "open 2 dave offer | initiate dave@x/mobile");
}

static void a_device_that_is_gone_makes_us_try_the_next(void) {
  static const char *const conditions[] = {"item-not-found", "service-unavailable",
                                           "recipient-unavailable"};
  for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
    rig r;
    two_devices(&r);
    rig_error(&r, "dave@x/mobile", r.sid, GW_JINGLE_SESSION_INITIATE, conditions[i]);
    rig_local(&r, 3);
    rig_expect(&r, "close 2 | open 3 dave offer | initiate dave@x/pad");
    rig_error(&r, NULL, r.sid, GW_JINGLE_SESSION_INITIATE, conditions[i]);
    rig_local(&r, 4);
    rig_expect(&r, "close 3 | open 4 dave offer | initiate dave@x/desk");
    rig_error(&r, "phone@gw/1", r.sid, GW_JINGLE_SESSION_INITIATE, conditions[i]);
    rig_expect(&r, "close 4"); /* none left: that pair is over */
    rig_clear(&r);
  }
}

static void a_decline_at_once_makes_us_try_the_next(void) {
  rig r;
  two_devices(&r);
  rig_after(&r, GW_SEC(2) - 1);
  rig_end(&r, "dave@x/mobile", r.sid, "decline");
  rig_expect(&r, "close 2 | open 3 dave offer");
  rig_clear(&r);
}

static void a_decline_later_is_meant(void) {
  rig r;
  two_devices(&r);
  rig_after(&r, GW_SEC(2));
  rig_end(&r, "dave@x/mobile", r.sid, "decline");
  rig_expect(&r, "close 2");
  rig_clear(&r);
}

static void other_errors_end_the_pair(void) {
  rig r;
  two_devices(&r);
  rig_error(&r, "dave@x/mobile", r.sid, GW_JINGLE_SESSION_INITIATE, "bad-request");
  rig_expect(&r, "close 2");
  rig_clear(&r);
  rig_offered(&r);
  rig_error(&r, DAVE, r.sid, GW_JINGLE_SESSION_INITIATE, "timeout");
  rig_expect(&r, "end " DAVE " timeout | close 2"); /* perhaps it did arrive */
  rig_clear(&r);
}

#define CASE(name) g_test_add_func("/mesh/cures/" #name, name)

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  CASE(a_mute_offer_is_cured);
  CASE(a_mute_offer_is_cured_once_only);
  CASE(a_sounding_offer_during_the_pause_is_taken);
  CASE(a_mute_proposer_is_answered_we_never_call_him);
  CASE(who_became_proposer_meanwhile_is_not_called);
  CASE(muted_with_a_source_is_no_mute_pair);
  CASE(a_mute_offer_while_ours_is_out_is_refused_ours_stands);
  CASE(a_mute_offer_after_a_sounding_one_in_preparation);
  CASE(glare_with_a_later_one_his_offer_stands);
  CASE(glare_with_an_earlier_one_ours_stands);
  CASE(glare_with_an_earlier_one_hers_is_taken_when_ours_fails);
  CASE(glare_with_an_earlier_one_is_over_in_five_seconds);
  CASE(a_conflict_means_that_theirs_is_on_its_way);
  CASE(a_device_that_is_gone_makes_us_try_the_next);
  CASE(a_decline_at_once_makes_us_try_the_next);
  CASE(a_decline_later_is_meant);
  CASE(other_errors_end_the_pair);
  return g_test_run();
}
