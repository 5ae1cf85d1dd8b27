/* Calls between one phone and one person, step by step: both directions, every way out of every state. */
#include "direct_rig.h"
#include "gateway/flavour/direct_plain.h"

#define ALICE "alice@x.test"
#define PHONE "alice@x.test/phone"
#define TABLET "alice@x.test/tablet"

static void begin(dr *d) {
  dr_feed(d, &(gw_ev){.type = GW_EV_START});
}

static void stop(dr *d, gw_cause cause) {
  dr_feed(d, &(gw_ev){.type = GW_EV_STOP, .cause = cause});
}

/* our phone calls, her device has taken the call, and both talk */
static void call_up(dr *d) {
  dr_new(d, ALICE, NULL, FALSE);
  begin(d);
  dr_jmi(d, GW_JMI_PROCEED, PHONE, d->sid, NULL);
  dr_local(d, 1);
  dr_jingle(d, GW_JINGLE_SESSION_ACCEPT, PHONE, d->sid, NULL);
  dr_state(d, 1, GW_PEER_UP, GW_CAUSE_NONE);
  dr_expect(d,
            "propose alice@x.test; open 1 offerer; session-initiate alice@x.test/phone; remote 1; "
            "connecting; talking; ");
}

/* she calls, our phone is picked up, and both talk */
static void called_up(dr *d) {
  dr_new(d, PHONE, "s1", TRUE);
  dr_feed(d, &(gw_ev){.type = GW_EV_RINGING});
  begin(d);
  dr_jingle(d, GW_JINGLE_SESSION_INITIATE, PHONE, "s1", NULL);
  dr_local(d, 1);
  dr_state(d, 1, GW_PEER_UP, GW_CAUSE_NONE);
  dr_expect(d,
            "ringing alice@x.test/phone; proceed alice@x.test/phone; connecting; open 1 answerer; "
            "remote 1; session-accept alice@x.test/phone; talking; ");
}

static void test_out(void) {
  dr d;
  call_up(&d);
  stop(&d, GW_CAUSE_NORMAL);
  dr_expect(&d,
            "session-terminate alice@x.test/phone success; finish alice@x.test success; close 1; "
            "ended normal; ");
  stop(&d, GW_CAUSE_NORMAL);
  dr_expect(&d, "");
  dr_free(&d);
}

static void test_in(void) {
  dr d;
  called_up(&d);
  dr_jingle(&d, GW_JINGLE_SESSION_TERMINATE, PHONE, "s1", "success");
  dr_expect(&d, "finish alice@x.test success; close 1; ended normal; ");
  dr_free(&d);
}

/* What becomes of a call of ours before anybody has taken it. */
static void test_out_refused(void) {
  static const struct {
    gw_jmi_action action;
    const char *from, *reason, *said;
  } rows[] = {{GW_JMI_REJECT, PHONE, "busy", "ended busy; "},
              {GW_JMI_REJECT, TABLET, "decline", "ended rejected; "},
              {GW_JMI_REJECT, PHONE, NULL, "ended rejected; "},
              {GW_JMI_RINGING, TABLET, NULL, "ringing; "},
              {GW_JMI_REJECT, "mallory@x.test/phone", "busy", ""},
              {GW_JMI_PROCEED, "mallory@x.test/phone", NULL, ""},
              {GW_JMI_PROCEED, ALICE, NULL, ""},
              {GW_JMI_ACCEPT, PHONE, NULL, ""},
              {GW_JMI_FINISH, PHONE, "success", ""},
              {GW_JMI_RETRACT, PHONE, "cancel", ""},
              {GW_JMI_ERROR, ALICE, "service-unavailable", "ended peer-gone; "},
              {GW_JMI_ERROR, ALICE, "item-not-found", "ended not-found; "},
              {GW_JMI_ERROR, ALICE, "remote-server-timeout", "ended timeout; "},
              {GW_JMI_ERROR, ALICE, "not-authorized", "ended forbidden; "},
              {GW_JMI_ERROR, ALICE, "resource-constraint", "ended busy; "},
              {GW_JMI_ERROR, ALICE, "forbidden", "ended forbidden; "}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    dr d;
    dr_new(&d, ALICE, NULL, FALSE);
    begin(&d);
    dr_expect(&d, "propose alice@x.test; ");
    dr_jmi(&d, rows[i].action, rows[i].from, "another-call", rows[i].reason);
    dr_expect(&d, "");
    dr_jmi(&d, rows[i].action, rows[i].from, d.sid, rows[i].reason);
    dr_expect(&d, rows[i].said);
    dr_free(&d);
  }
}

static void test_out_nobody(void) {
  for (guint rings = 0; rings < 2; rings++) {
    dr d;
    dr_new(&d, ALICE, NULL, FALSE);
    begin(&d);
    if (rings) dr_jmi(&d, GW_JMI_RINGING, TABLET, d.sid, NULL);
    dr_wait(&d, GW_SEC(44));
    dr_expect(&d, rings ? "propose alice@x.test; ringing; " : "propose alice@x.test; ");
    dr_wait(&d, GW_SEC(1));
    dr_expect(&d, rings ? "retract alice@x.test cancel; ended timeout; "
                        : "retract alice@x.test cancel; ended peer-gone; ");
    dr_free(&d);
  }
}

/* The phone hangs up, at each stage of its call. */
static void test_out_given_up(void) {
  static const char *const said[] = {"retract alice@x.test cancel; ended normal; ",
                                     "retract alice@x.test cancel; close 1; ended normal; ",
                                     "session-terminate alice@x.test/phone cancel; finish "
                                     "alice@x.test cancel; close 1; ended normal; "};
  for (guint stage = 0; stage < G_N_ELEMENTS(said); stage++) {
    dr d;
    dr_new(&d, ALICE, NULL, FALSE);
    begin(&d);
    if (stage > 0) dr_jmi(&d, GW_JMI_PROCEED, PHONE, d.sid, NULL);
    if (stage > 1) dr_local(&d, 1);
    g_string_truncate(d.said, 0);
    stop(&d, GW_CAUSE_NORMAL);
    dr_expect(&d, said[stage]);
    dr_free(&d);
  }
}

/* The first device that takes it has it; what the others say then is nothing. */
static void test_fan_out(void) {
  dr d;
  dr_new(&d, ALICE, NULL, FALSE);
  begin(&d);
  dr_jmi(&d, GW_JMI_RINGING, PHONE, d.sid, NULL);
  dr_jmi(&d, GW_JMI_RINGING, TABLET, d.sid, NULL);
  dr_jmi(&d, GW_JMI_PROCEED, TABLET, d.sid, NULL);
  dr_jmi(&d, GW_JMI_PROCEED, PHONE, d.sid, NULL);
  dr_jmi(&d, GW_JMI_REJECT, PHONE, d.sid, "busy");
  dr_jmi(&d, GW_JMI_FINISH, PHONE, d.sid, "success");
  dr_local(&d, 1);
  dr_expect(
      &d, "propose alice@x.test; ringing; open 1 offerer; session-initiate alice@x.test/tablet; ");
  dr_jingle(&d, GW_JINGLE_SESSION_ACCEPT, PHONE, d.sid, NULL);
  dr_jingle(&d, GW_JINGLE_SESSION_TERMINATE, PHONE, d.sid, "busy");
  dr_expect(&d, "");
  dr_jmi(&d, GW_JMI_REJECT, TABLET, d.sid, "busy");
  dr_expect(&d, "close 1; ended busy; ");
  dr_free(&d);
}

/* A full address is called without asking before. */
static void test_out_plain(void) {
  dr d;
  dr_new(&d, PHONE, NULL, FALSE);
  begin(&d);
  dr_local(&d, 1);
  dr_info(&d, GW_INFO_RINGING);
  dr_expect(&d, "open 1 offerer; session-initiate alice@x.test/phone; ringing; ");
  dr_wait(&d, GW_SEC(45));
  dr_expect(&d, "session-terminate alice@x.test/phone timeout; close 1; ended timeout; ");
  dr_free(&d);
}

/* She proposes while our session to her device is on its way: she is told, and ours goes on. */
static void test_plain_crossed(void) {
  dr d;
  dr_new(&d, PHONE, NULL, FALSE);
  begin(&d);
  dr_local(&d, 1);
  dr_expect(&d, "open 1 offerer; session-initiate alice@x.test/phone; ");
  dr_jmi(&d, GW_JMI_PROPOSE, PHONE, "s1", NULL);
  dr_expect(&d, "reject alice@x.test/phone busy; ");
  dr_jingle(&d, GW_JINGLE_SESSION_ACCEPT, PHONE, d.sid, NULL);
  dr_expect(&d, "remote 1; connecting; ");
  dr_free(&d);
}

static void test_offer_refused(void) {
  static const struct {
    gboolean error;
    const char *reason, *said;
  } rows[] = {{FALSE, "busy", "close 1; ended busy; "},
              {FALSE, "decline", "close 1; ended rejected; "},
              {FALSE, "incompatible-parameters", "close 1; ended no-codec; "},
              {TRUE, "service-unavailable", "close 1; ended peer-gone; "},
              {TRUE, "timeout", "close 1; ended timeout; "}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    dr d;
    dr_new(&d, PHONE, NULL, FALSE);
    begin(&d);
    dr_local(&d, 1);
    g_string_truncate(d.said, 0);
    dr_jingle(&d, rows[i].error ? GW_JINGLE_ERROR : GW_JINGLE_SESSION_TERMINATE, PHONE, d.sid,
              rows[i].reason);
    dr_expect(&d, rows[i].said);
    dr_free(&d);
  }
}

/* Our phone was not picked up, for whatever reason. */
static void test_in_refused(void) {
  static const struct {
    gw_cause cause;
    const char *reason;
  } rows[] = {{GW_CAUSE_BUSY, "busy"},
              {GW_CAUSE_REJECTED, "decline"},
              {GW_CAUSE_TIMEOUT, "timeout"},
              {GW_CAUSE_NOT_FOUND, "gone"},
              {GW_CAUSE_NORMAL, "decline"},
              {GW_CAUSE_OVERLOAD, "busy"},
              {GW_CAUSE_NO_CODEC, "incompatible-parameters"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
    const guint r = i / 2;
    const gboolean plain = i & 1;
    dr d;
    dr_new(&d, PHONE, plain ? NULL : "s1", TRUE);
    if (plain) dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "s1", NULL);
    dr_expect(&d, "");
    stop(&d, rows[r].cause);
    g_autofree char *want = g_strdup_printf("%s alice@x.test/phone %s; ended %s; ",
                                            plain ? "session-terminate" : "reject", rows[r].reason,
                                            gw_cause_word(rows[r].cause));
    dr_expect(&d, want);
    dr_free(&d);
  }
}

static void test_in_retracted(void) {
  dr d;
  dr_new(&d, PHONE, "s1", TRUE);
  dr_jmi(&d, GW_JMI_RETRACT, "mallory@x.test/x", "s1", "cancel");
  dr_jmi(&d, GW_JMI_RETRACT, PHONE, "s2", "cancel");
  dr_expect(&d, "");
  dr_jmi(&d, GW_JMI_RETRACT, PHONE, "s1", "cancel");
  dr_expect(&d, "ended cancelled; ");
  stop(&d, GW_CAUSE_CANCELLED);
  dr_expect(&d, "ended cancelled; ");
  dr_free(&d);
}

/* Without asking before: the phone rings for the session itself. */
static void test_in_plain(void) {
  dr d;
  dr_new(&d, PHONE, NULL, TRUE);
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, "mallory@x.test/x", "s9", NULL);
  dr_expect(&d, "session-terminate mallory@x.test/x busy; ");
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "s1", NULL);
  dr_jingle(&d, GW_JINGLE_TRANSPORT_INFO, PHONE, "s1", NULL);
  dr_feed(&d, &(gw_ev){.type = GW_EV_RINGING});
  dr_feed(&d, &(gw_ev){.type = GW_EV_RINGING});
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, TABLET, "s2", NULL);
  dr_expect(
      &d, "session-info alice@x.test/phone ringing; session-terminate alice@x.test/tablet busy; ");
  begin(&d);
  dr_local(&d, 1);
  dr_expect(&d,
            "open 1 answerer; remote 1; remote 1; connecting; session-accept alice@x.test/phone; ");
  dr_wait(&d, GW_DC_CONNECT);
  dr_expect(&d,
            "session-terminate alice@x.test/phone connectivity-error; close 1; ended ice-failed; ");
  dr_free(&d);
}

/* Her session-initiate never comes, is somebody else's, or has no audio. */
static void test_in_no_session(void) {
  dr d;
  dr_new(&d, PHONE, "s1", TRUE);
  begin(&d);
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, TABLET, "s1", NULL);
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "s2", NULL);
  dr_expect(&d,
            "proceed alice@x.test/phone; connecting; session-terminate alice@x.test/tablet busy; "
            "session-terminate alice@x.test/phone busy; ");
  dr_wait(&d, GW_DC_INITIATE);
  dr_expect(&d, "finish alice@x.test timeout; ended timeout; ");
  dr_free(&d);
  dr_new(&d, PHONE, "s1", TRUE);
  begin(&d);
  g_string_truncate(d.said, 0);
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "s1", "no-audio");
  dr_expect(&d, "session-terminate alice@x.test/phone unsupported-applications; ended no-codec; ");
  dr_free(&d);
}

/* Video is not taken: without a BUNDLE group it is not in the answer (Dino refuses it there), with one it is (browsers miss it). */
static void test_in_video(void) {
  static const struct {
    const char *offer, *more;
  } rows[] = {{"video", ""}, {"video-bundled", " and more"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    dr d;
    dr_new(&d, PHONE, "s1", TRUE);
    begin(&d);
    g_string_truncate(d.said, 0);
    dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "s1", rows[i].offer);
    dr_local(&d, 1);
    g_autofree char *want = g_strdup_printf(
        "open 1 answerer; remote 1; session-accept alice@x.test/phone%s; ", rows[i].more);
    dr_expect(&d, want);
    dr_free(&d);
  }
}

/* Both propose at once: of the two ids the lower stays. */
static void test_tie_break(void) {
  for (guint theirs_lower = 0; theirs_lower < 2; theirs_lower++) {
    const char *id = theirs_lower ? "!" : "~";
    dr d;
    dr_new(&d, ALICE, NULL, FALSE);
    begin(&d);
    g_string_truncate(d.said, 0);
    dr_jmi(&d, GW_JMI_PROPOSE, PHONE, id, NULL);
    if (!theirs_lower) {
      dr_expect(&d, "reject alice@x.test/phone expired tie; ");
      dr_jmi(&d, GW_JMI_PROCEED, PHONE, d.sid, NULL);
      dr_expect(&d, "open 1 offerer; ");
      dr_jmi(&d, GW_JMI_PROPOSE, PHONE, "third", NULL);
      dr_expect(&d, "reject alice@x.test/phone busy; ");
    } else {
      dr_expect(&d, "retract alice@x.test expired tie; proceed alice@x.test/phone; ");
      dr_jmi(&d, GW_JMI_REJECT, PHONE, d.sid, "tie");
      dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, id, NULL);
      dr_local(&d, 1);
      dr_expect(&d, "open 1 answerer; remote 1; session-accept alice@x.test/phone; connecting; ");
    }
    dr_free(&d);
  }
}

/* The same of session-initiates: ours gave way, hers is taken. */
static void test_tie_break_sessions(void) {
  dr d;
  dr_new(&d, PHONE, NULL, FALSE);
  begin(&d);
  dr_local(&d, 1);
  dr_jingle(&d, GW_JINGLE_ERROR, PHONE, d.sid, "conflict");
  g_string_truncate(d.said, 0);
  dr_jingle(&d, GW_JINGLE_SESSION_INITIATE, PHONE, "hers", NULL);
  dr_local(&d, 2);
  dr_expect(&d, "open 2 answerer; remote 2; session-accept alice@x.test/phone; connecting; ");
  dr_free(&d);
}

static void test_hold_and_mute(void) {
  dr d;
  call_up(&d);
  dr_flag(&d, GW_EV_MUTED, TRUE);
  dr_flag(&d, GW_EV_MUTED, FALSE);
  dr_expect(&d, "session-info alice@x.test/phone mute; session-info alice@x.test/phone unmute; ");
  dr_flag(&d, GW_EV_HELD, TRUE);
  dr_flag(&d, GW_EV_MUTED, TRUE); /* what the hold means for the sound is not said as well */
  dr_flag(&d, GW_EV_MUTED, FALSE);
  dr_flag(&d, GW_EV_HELD, FALSE);
  dr_expect(&d, "session-info alice@x.test/phone hold; session-info alice@x.test/phone active; ");
  dr_info(&d, GW_INFO_HOLD);
  dr_info(&d, GW_INFO_HOLD);
  dr_info(&d, GW_INFO_ACTIVE);
  dr_info(&d, GW_INFO_MUTE);
  dr_expect(&d, "held 1; held 0; ");
  dr_jingle(&d, GW_JINGLE_CONTENT_MODIFY, PHONE, d.sid, "none");
  dr_jingle(&d, GW_JINGLE_CONTENT_MODIFY, PHONE, d.sid, NULL);
  dr_expect(&d, "held 1; held 0; ");
  dr_free(&d);
}

static void test_media_lost(void) {
  dr d;
  call_up(&d);
  dr_state(&d, 1, GW_PEER_FAILED, GW_CAUSE_ICE_FAILED);
  dr_expect(&d, "session-terminate alice@x.test/phone connectivity-error; "
                "finish alice@x.test connectivity-error; close 1; ended ice-failed; ");
  dr_free(&d);
  called_up(&d);
  dr_jmi(&d, GW_JMI_FINISH, TABLET, "s1", "success"); /* not the one that talks */
  dr_expect(&d, "");
  dr_jmi(&d, GW_JMI_FINISH, PHONE, "s1", "success");
  dr_expect(&d, "session-terminate alice@x.test/phone success; finish alice@x.test success; close "
                "1; ended normal; ");
  dr_free(&d);
}

/* --- devices that cannot be asked before */

#define WEB "alice@x.test/web"

static void device(dr *d, const char *jid) {
  dr_feed(d, &(gw_ev){.type = GW_EV_DEVICE, .u.device = jid});
}

/* A browser of hers is offered a session beside the question to all others. */
static char *asked_beside(dr *d) {
  dr_new(d, ALICE, NULL, FALSE);
  begin(d);
  char *id = g_strdup(d->sid);
  device(d, WEB);
  device(d, WEB);                /* seen twice */
  device(d, "mallory@x.test/1"); /* of somebody else */
  dr_local(d, 1);
  dr_expect(d, "propose alice@x.test; open 1 offerer; session-initiate alice@x.test/web; ");
  g_assert_cmpstr(id, !=, d->sid);
  return id;
}

static void web_info(dr *d, gw_jingle_info info) {
  g_autoptr(gw_word) w = gw_word_new_jingle(GW_JINGLE_SESSION_INFO, "100@gw.test/a", d->sid, TRUE);
  w->from = g_strdup(WEB);
  w->u.jingle.info = info;
  dr_feed(d, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

static void test_plain_takes(void) {
  dr d;
  g_free(asked_beside(&d));
  web_info(&d, GW_INFO_RINGING);
  dr_jingle(&d, GW_JINGLE_TRANSPORT_INFO, WEB, d.sid, NULL); /* kept for after the accept */
  device(&d, PHONE);
  dr_jingle(&d, GW_JINGLE_SESSION_ACCEPT, WEB, d.sid, NULL);
  dr_expect(&d, "ringing; open 2 offerer; remote 1; remote 1; retract alice@x.test cancel; close 2; connecting; ");
  dr_state(&d, 1, GW_PEER_UP, GW_CAUSE_NONE);
  dr_jmi(&d, GW_JMI_PROCEED, PHONE, d.sid, NULL);
  dr_jingle(&d, GW_JINGLE_SESSION_TERMINATE, WEB, d.sid, "success");
  dr_expect(&d, "talking; close 1; ended normal; ");
  dr_free(&d);
}

/* Somebody who was asked is quicker; or she declines; or nobody takes it, or the phone gives up. */
static void test_plain_loses(void) {
  dr d;
  g_autofree char *id = asked_beside(&d);
  g_autofree char *web = g_strdup(d.sid);
  dr_jmi(&d, GW_JMI_PROCEED, PHONE, id, NULL);
  dr_expect(&d, "session-terminate alice@x.test/web cancel; close 1; open 2 offerer; ");
  dr_jingle(&d, GW_JINGLE_SESSION_ACCEPT, WEB, web, NULL); /* too late */
  dr_local(&d, 2);
  dr_expect(&d, "session-initiate alice@x.test/phone; ");
  g_assert_cmpstr(d.sid, ==, id);
  dr_free(&d);
  g_free(asked_beside(&d));
  dr_jingle(&d, GW_JINGLE_SESSION_TERMINATE, WEB, d.sid, "decline");
  dr_expect(&d, "close 1; retract alice@x.test cancel; ended rejected; ");
  dr_free(&d);
  g_free(asked_beside(&d));
  dr_jingle(&d, GW_JINGLE_SESSION_TERMINATE, WEB, d.sid, "busy"); /* that one only */
  dr_wait(&d, GW_SEC(45));
  dr_expect(&d, "close 1; retract alice@x.test cancel; ended peer-gone; ");
  dr_free(&d);
  g_free(asked_beside(&d));
  stop(&d, GW_CAUSE_NORMAL);
  dr_expect(&d, "retract alice@x.test cancel; session-terminate alice@x.test/web cancel; close 1; ended normal; ");
  dr_free(&d);
}

/* The question came back: only the browser is left, until that is gone, too. */
static void test_plain_only(void) {
  dr d;
  g_autofree char *id = asked_beside(&d);
  dr_jmi(&d, GW_JMI_ERROR, ALICE, id, "service-unavailable");
  dr_expect(&d, "");
  dr_jingle(&d, GW_JINGLE_ERROR, WEB, d.sid, "service-unavailable");
  dr_expect(&d, "close 1; ended peer-gone; ");
  dr_free(&d);
  g_free(asked_beside(&d));
  dr_state(&d, 1, GW_PEER_FAILED, GW_CAUSE_OVERLOAD);
  dr_expect(&d, "session-terminate alice@x.test/web general-error; close 1; ");
  for (guint i = 0; i < 2 * GW_DP_MAX; i++) { /* no more than that at once */
    g_autofree char *jid = g_strdup_printf(ALICE "/%u", i);
    device(&d, jid);
  }
  dr_expect(&d, "open 2 offerer; open 3 offerer; open 4 offerer; ");
  stop(&d, GW_CAUSE_NORMAL);
  dr_free(&d);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/direct/out", test_out);
  g_test_add_func("/direct/in", test_in);
  g_test_add_func("/direct/out-refused", test_out_refused);
  g_test_add_func("/direct/out-nobody", test_out_nobody);
  g_test_add_func("/direct/out-given-up", test_out_given_up);
  g_test_add_func("/direct/fan-out", test_fan_out);
  g_test_add_func("/direct/out-plain", test_out_plain);
  g_test_add_func("/direct/plain-crossed", test_plain_crossed);
  g_test_add_func("/direct/offer-refused", test_offer_refused);
  g_test_add_func("/direct/in-refused", test_in_refused);
  g_test_add_func("/direct/in-retracted", test_in_retracted);
  g_test_add_func("/direct/in-plain", test_in_plain);
  g_test_add_func("/direct/in-no-session", test_in_no_session);
  g_test_add_func("/direct/in-video", test_in_video);
  g_test_add_func("/direct/tie-break", test_tie_break);
  g_test_add_func("/direct/tie-break-sessions", test_tie_break_sessions);
  g_test_add_func("/direct/hold-and-mute", test_hold_and_mute);
  g_test_add_func("/direct/media-lost", test_media_lost);
  g_test_add_func("/direct/plain-takes", test_plain_takes);
  g_test_add_func("/direct/plain-loses", test_plain_loses);
  g_test_add_func("/direct/plain-only", test_plain_only);
  return g_test_run();
}
