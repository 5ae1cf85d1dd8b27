/* One session: who may offer, what is answered, what cures it: one case per rule. */
#include "rig.h"
#include <string.h>
#include "gateway/flavour/jmuci_mesh.h"

/* --- what we write --- */

static void the_offer_is_what_every_client_takes(void) {
  rig r;
  rig_offered(&r);
  const gw_desc *d = rig_said(&r);
  g_assert_true(r.said->u.jingle.we_initiated && d->bundle);
  g_assert_cmpuint(d->media->len, ==, 1);
  const gw_desc_media *m = gw_desc_by_mid(d, "0");
  g_assert_cmpint(m->kind, ==, GW_KIND_AUDIO);
  g_assert_cmpint(m->dir, ==, GW_DIR_SENDRECV);
  g_assert_cmpint(m->setup, ==, GW_SETUP_ACTPASS);
  g_assert_cmpint(m->proto, ==, GW_PROTO_DTLS_SAVPF);
  g_assert_true(m->rtcp_mux);
  g_assert_cmpuint(m->codecs->len, ==, 3);
  g_assert_cmpstr(g_array_index(m->codecs, gw_codec, 0).name, ==, "opus");
  g_assert_true(gw_desc_media_codec(m, "PCMU", 8000) && gw_desc_media_codec(m, "PCMA", 8000));
  g_assert_cmpuint(m->candidates->len, ==, 1);
  g_assert_cmpstr(m->fp_value, ==, "AB:CD:EF");
  const gw_source *s = &g_array_index(m->sources, gw_source, 0);
  g_assert_true(s->cname && s->msid);
  rig_clear(&r);
}

static void caps_without_a_known_codec_still_make_an_offer(void) {
  rig r;
  rig_talking(&r);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  g_autoptr(gw_desc) d = rig_caps(2);
  gw_desc_add(d, GW_KIND_VIDEO, "v");
  g_array_set_size(gw_desc_audio(d)->codecs, 0);
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = d});
  rig_expect(&r, "open 2 dave offer | initiate " DAVE);
  g_assert_cmpuint(rig_said(&r)->media->len, ==, 1);
  g_assert_cmpuint(gw_desc_audio(rig_said(&r))->codecs->len, ==, 3);
  rig_clear(&r);
}

static void every_content_is_answered_video_inactive(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  const gw_desc *d = rig_said(&r);
  g_assert_cmpint(r.said->u.jingle.action, ==, GW_JINGLE_SESSION_ACCEPT);
  g_assert_false(r.said->u.jingle.we_initiated);
  g_assert_cmpuint(d->media->len, ==, 2);
  g_assert_true(d->bundle);
  const gw_desc_media *a = gw_desc_by_mid(d, "0"), *v = gw_desc_by_mid(d, "1");
  g_assert_cmpint(a->dir, ==, GW_DIR_SENDRECV);
  g_assert_cmpint(v->dir, ==, GW_DIR_INACTIVE);
  g_assert_cmpuint(v->codecs->len, ==, 1);
  g_assert_cmpstr(a->ufrag, ==, v->ufrag);
  g_assert_true(a->rtcp_mux && v->rtcp_mux);
  g_assert_cmpuint(a->candidates->len, ==, 1);
  g_assert_cmpuint(v->candidates->len, ==, 0); /* the transport is shared: said once */
  g_assert_cmpstr(g_array_index(a->sources, gw_source, 0).msid, !=, NULL);
  g_assert_cmpuint(v->sources->len, ==, 0);
  rig_clear(&r);
}

static void the_dtls_role_follows_the_offer(void) {
  static const struct {
    gw_setup offer;
    gboolean bundle;
    const char *open;
    gw_setup answer;
  } rows[] = {
      {GW_SETUP_ACTPASS, TRUE, "open 1 carol answer:passive | remote 1", GW_SETUP_PASSIVE},
      {GW_SETUP_ACTPASS, FALSE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
      {GW_SETUP_NONE, FALSE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
      {GW_SETUP_ACTIVE, FALSE, "open 1 carol answer:passive | remote 1", GW_SETUP_PASSIVE},
      {GW_SETUP_PASSIVE, TRUE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    rig_three(&r);
    rig_offer_with(&r, CAROL, "X:1",
                   rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, rows[i].bundle, rows[i].offer));
    rig_expect(&r, rows[i].open);
    rig_local(&r, 1);
    g_assert_cmpint(gw_desc_audio(rig_said(&r))->setup, ==, rows[i].answer);
    rig_clear(&r);
  }
}

static void offers_that_cannot_be_answered_are_ended(void) {
  static const struct {
    const char *what, *end;
  } rows[] = {
      {"no codec", "end " CAROL " incompatible-parameters"},
      {"no fingerprint", "end " CAROL " security-error"},
      {"no mux", "end " CAROL " incompatible-parameters"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    rig_three(&r);
    gw_desc *d = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS);
    gw_desc_media *m = gw_desc_audio(d);
    if (i == 0) g_array_set_size(m->codecs, 0);
    if (i == 1) g_clear_pointer(&m->fp_value, g_free);
    if (i == 2) m->rtcp_mux = FALSE;
    rig_offer_with(&r, CAROL, "X:1", d);
    rig_local(&r, 1);
    g_autofree char *expected =
        g_strdup_printf("open 1 carol answer:passive | remote 1 | %s | close 1", rows[i].end);
    rig_expect(&r, expected);
    rig_clear(&r);
  }
}

static void an_offer_without_audio_is_ended_at_once(void) {
  rig r;
  rig_three(&r);
  rig_offer_with(&r, CAROL, "X:1", gw_desc_new());
  rig_offer_with(&r, BOB, "X:2", NULL);
  rig_expect(&r, "end " CAROL " incompatible-parameters | end " BOB " incompatible-parameters");
  rig_clear(&r);
}

static void a_local_description_without_audio_ends_the_session(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  g_autoptr(gw_desc) empty = gw_desc_new();
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 1, .u.desc = empty});
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = empty});
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | end " CAROL
                 " success | close 1 | open 2 dave offer | close 2");
  rig_clear(&r);
}

/* --- trickle --- */

static void candidate(rig *r, guint peer, guint16 port) {
  const gw_candidate c = {.foundation = "2",
                          .component = 1,
                          .udp = TRUE,
                          .priority = 2,
                          .ip = "127.0.0.2",
                          .port = port};
  rig_ev(r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = &c});
}

static void candidates_before_our_word_go_into_it_later_ones_trickle(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  candidate(&r, 1, 5001);
  rig_local(&r, 1);
  g_assert_cmpuint(gw_desc_audio(rig_said(&r))->candidates->len, ==, 2);
  candidate(&r, 1, 5002);
  candidate(&r, 9, 5003); /* no such transport */
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | cand " CAROL);
  const gw_desc_media *m = rig_said(&r)->media->pdata[0];
  g_assert_cmpstr(m->mid, ==, "0");
  g_assert_cmpstr(m->ufrag, ==, "uus1");
  g_assert_cmpstr(m->pwd, ==, "passwordpasswordpassus1");
  g_assert_cmpuint(g_array_index(m->candidates, gw_candidate, 0).port, ==, 5002);
  rig_clear(&r);
}

static void our_candidates_are_bounded(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  for (guint16 i = 0; i < 1000; i++)
    candidate(&r, 1, (guint16)(5000 + i));
  rig_local(&r, 1);
  g_assert_cmpuint(gw_desc_audio(rig_said(&r))->candidates->len, ==, GW_MAX_CANDIDATES);
  rig_clear(&r);
}

static void their_candidates_go_to_the_transport_at_once(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, CAROL, "X:1");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, CAROL, "X:1"); /* before our answer too */
  rig_local(&r, 1);
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, CAROL, "X:1");
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | remote 1 | answer " CAROL " | remote 1");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, CAROL, "X:2");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, BOB, "X:1");
  rig_expect(&r, "");
  rig_clear(&r);
}

static void their_candidates_before_their_accept_wait_for_it(void) {
  rig r;
  rig_offered(&r);
  for (guint i = 0; i < 100; i++)
    rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, r.sid);
  rig_expect(&r, "");
  rig_accepts(&r, DAVE, r.sid);
  g_auto(GStrv) parts = g_strsplit(r.log->str, " | ", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 1 + GW_MAX_CANDIDATES);
  rig_clear(&r);
}

/* --- who may call us --- */

static void strangers_and_forged_offers_are_declined(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, "mallory@y/1", "X:5"); /* not in the room */
  rig_offer(&r, BOB, "Y:5");           /* another call */
  rig_offer(&r, BOB, "X");
  rig_offer(&r, BOB, "X:");
  rig_offer(&r, BOB, "X:5:6");
  rig_offer(&r, BOB, "X-5");
  rig_expect(&r, "end mallory@y/1 decline | end " BOB " decline | end " BOB " decline | end " BOB
                 " decline | end " BOB " decline | end " BOB " decline");
  g_autofree char *lengthy = g_strnfill(GW_MAX_SID, 'a'), *sid = g_strconcat("X:", lengthy, NULL);
  rig_offer(&r, BOB, sid);
  rig_expect(&r, "end " BOB " decline");
  rig_offer(&r, BOB, "X:6");
  rig_expect(&r, "open 2 bob answer:passive | remote 2");
  rig_clear(&r);
}

static void own_phones_are_never_answered(void) {
  rig r;
  rig_talking(&r);
  rig_join_as(&r, "phone2", "phone2@gw/1", TRUE, FALSE);
  rig_say(&r, "phone2", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, "phone2@gw/1", "X:7");
  rig_expect(&r, "end phone2@gw/1 decline");
  rig_clear(&r);
}

static void without_a_call_every_offer_is_declined(void) {
  rig r;
  rig_init(&r, (rig_opt){0});
  rig_join(&r, "bob", BOB);
  rig_offer(&r, BOB, "X:1");
  rig_start(&r);
  rig_offer(&r, BOB, "X:2");
  rig_expect(&r, "end " BOB " decline | waiting | end " BOB " decline");
  rig_clear(&r);
}

static void another_device_of_the_nick_may_call(void) {
  rig r;
  rig_three(&r);
  rig_offer(&r, "carol@x/other", "X:1");
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void words_of_others_cannot_touch_a_session(void) {
  rig r;
  rig_talking(&r);
  rig_end(&r, BOB, "X:1", "success");
  rig_end(&r, CAROL, "X:2", "success");
  rig_accepts(&r, BOB, "X:1");
  rig_expect(&r, "");
  rig_clear(&r);
}

static void a_sid_is_good_for_one_session(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, CAROL, "X:1"); /* said twice while it stands: nothing */
  rig_expect(&r, "");
  rig_end(&r, CAROL, "X:1", "success");
  rig_offer(&r, CAROL, "X:1");
  rig_expect(&r, "close 1 | connecting | end " CAROL " decline");
  rig_clear(&r);
}

static void a_new_session_of_the_same_peer_replaces_the_old(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, CAROL, "X:2");
  rig_expect(
      &r, "end " CAROL
          " alternative-session | close 1 | open 2 carol answer:passive | remote 2 | connecting");
  rig_clear(&r);
}

static void an_offer_before_our_own_reflection_is_taken(void) {
  rig r;
  rig_init(&r, (rig_opt){0});
  rig_join(&r, "bob", BOB);
  rig_say(&r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_start(&r);
  rig_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_expect(&r, "accept X | connecting | open 1 bob answer:passive | remote 1 | answer " BOB);
  rig_clear(&r);
}

static void an_offer_that_overtook_its_accept_waits_for_it(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, DAVE, "X:4");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, "X:4");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, "X:4");
  rig_after(&r, GW_SEC(5) - 1);
  rig_expect(&r, "");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(
      &r, "open 2 dave answer:passive | remote 2 | remote 2 | remote 2"); /* and no offer of ours */
  rig_clear(&r);
}

static void an_offer_whose_accept_never_comes_is_declined(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, DAVE, "X:4");
  rig_offer(&r, DAVE, "X:4");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "end " DAVE " decline");
  rig_offer(&r, DAVE, "X:5");
  rig_end(&r, DAVE, "X:5", "cancel");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "");
  rig_clear(&r);
}

static void offers_held_back_are_bounded(void) {
  rig r;
  rig_talking(&r);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *sid = g_strdup_printf("X:a%u", i);
    rig_offer(&r, DAVE, sid);
  }
  g_auto(GStrv) parts = g_strsplit(r.log->str, " | ", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 100 - 16);
  g_string_truncate(r.log, 0);
  rig_stop(&r);
  rig_after(&r, GW_SEC(3));
  g_assert_nonnull(strstr(r.log->str, "end " DAVE " decline | ended X | ended:normal"));
  rig_clear(&r);
}

/* --- ends --- */

static void an_error_to_our_answer_ends_the_session(void) {
  rig r;
  rig_talking(&r);
  rig_error(&r, CAROL, "X:1", GW_JINGLE_TRANSPORT_INFO, "bad-request");
  rig_error(&r, CAROL, "X:7", GW_JINGLE_SESSION_ACCEPT, "bad-request");
  rig_expect(&r, "");
  rig_error(&r, CAROL, "X:1", GW_JINGLE_SESSION_ACCEPT, "bad-request");
  rig_expect(&r, "end " CAROL " general-error | close 1 | connecting");
  rig_clear(&r);
}

static void an_answer_we_cannot_use_ends_the_session(void) {
  for (guint i = 0; i < 3; i++) {
    rig r;
    rig_offered(&r);
    gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_ACCEPT, "phone@gw/1", r.sid, TRUE);
    w->from = g_strdup(DAVE);
    w->u.jingle.desc = i ? rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTIVE) : NULL;
    if (i == 1) g_array_set_size(gw_desc_audio(w->u.jingle.desc)->codecs, 0);
    if (i == 2) g_clear_pointer(&gw_desc_audio(w->u.jingle.desc)->fp_value, g_free);
    rig_word(&r, w);
    rig_expect(&r, i == 2 ? "end " DAVE " security-error | close 2"
                          : "end " DAVE " incompatible-parameters | close 2");
    rig_clear(&r);
  }
}

static void a_second_accept_is_ignored(void) {
  rig r;
  rig_offered(&r);
  rig_accepts(&r, DAVE, r.sid);
  rig_accepts(&r, DAVE, r.sid);
  rig_expect(&r, "remote 2");
  rig_clear(&r);
}

static void not_connected_in_twenty_seconds(void) {
  rig r;
  rig_offered(&r);
  rig_accepts(&r, DAVE, r.sid);
  rig_state(&r, 2, GW_PEER_CONNECTING);
  rig_state(&r, 2, GW_PEER_ICE);
  rig_after(&r, GW_SEC(20) - 1);
  rig_expect(&r, "remote 2");
  rig_after(&r, 1);
  rig_expect(&r, "end " DAVE " connectivity-error | close 2");
  rig_clear(&r);
}

static void our_offer_unanswered_for_thirty_seconds(void) {
  rig r;
  rig_offered(&r);
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "end " DAVE " timeout | close 2");
  rig_clear(&r);
}

static void a_transport_that_never_gets_ready(void) {
  rig r;
  rig_talking(&r);
  rig_offer(&r, BOB, "X:2");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 2 bob answer:passive | remote 2 | open 3 dave offer");
  rig_after(&r, GW_SEC(10) - 1);
  rig_expect(&r, "");
  rig_after(&r, 1);
  rig_expect(&r, "answer " BOB " | end " BOB
                 " success | close 2 | close 3"); /* dave never heard of it */
  rig_clear(&r);
}

/* A proposer whose session-initiate ends without a session-accept calls nobody after us: what cannot
 * be is accepted first and ended then (jsxc-observed 3.2). */
static void a_transport_that_fails_before_our_answer_accepts_for_form(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_expect(&r, "open 1 bob answer:passive | remote 1");
  g_autoptr(gw_desc) answer = NULL;
  rig_ev(&r, &(gw_ev){.type = GW_EV_PEER_STATE,
                      .peer = 1,
                      .cause = GW_CAUSE_OVERLOAD,
                      .u.state = GW_PEER_FAILED});
  rig_expect(&r, "answer " BOB " | end " BOB " success | close 1");
  g_assert_nonnull(r.answer);
  answer = gw_desc_copy(r.answer);
  g_assert_cmpuint(answer->media->len, ==, 2); /* every content, or JSXC refuses it */
  g_assert_true(answer->bundle);
  for (guint i = 0; i < answer->media->len; i++) {
    const gw_desc_media *m = answer->media->pdata[i];
    g_assert_true(m->rtcp_mux && m->codecs->len > 0 && m->setup == GW_SETUP_PASSIVE);
    g_assert_cmpuint(strlen(m->ufrag), >=, 4); /* RFC 8839 5.4 */
    g_assert_cmpuint(strlen(m->pwd), >=, 22);
    g_assert_cmpstr(m->fp_hash, ==, "sha-256");
    g_assert_cmpuint(strlen(m->fp_value), ==, 32 * 3 - 1);
  }
  rig_clear(&r);
}

static void a_replaced_offer_needs_no_answer(void) {
  rig r;
  rig_inside(&r, (rig_opt){0});
  rig_offer(&r, BOB, "X:1");
  rig_offer(&r, BOB, "X:2");
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | end " BOB
                 " alternative-session | close 1 | open 2 bob answer:passive | remote 2");
  rig_clear(&r);
}

static void a_failed_transport_ends_its_session_only(void) {
  rig r;
  rig_offered(&r);
  rig_accepts(&r, DAVE, r.sid);
  rig_state(&r, 2, GW_PEER_UP);
  rig_ev(&r, &(gw_ev){.type = GW_EV_PEER_STATE,
                      .peer = 2,
                      .cause = GW_CAUSE_DTLS_FAILED,
                      .u.state = GW_PEER_FAILED});
  rig_expect(&r, "remote 2 | end " DAVE " security-error | close 2");
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_state(&r, 1, GW_PEER_FAILED); /* told twice: once is enough */
  rig_expect(&r, "end " CAROL " connectivity-error | close 1 | connecting");
  rig_clear(&r);
}

static void alternative_session_means_another_is_coming(void) {
  rig r;
  rig_offered(&r);
  rig_end(&r, DAVE, r.sid, "alternative-session");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "close 2");
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r, "open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

static void who_wears_us_out_is_not_called_for_ever(void) {
  rig r;
  rig_offered(&r);
  guint calls = 1;
  for (guint i = 0; i < 50; i++) {
    rig_end(&r, DAVE, r.sid, "alternative-session");
    g_string_truncate(r.log, 0);
    rig_after(&r, GW_SEC(10));
    if (strstr(r.log->str, "open")) rig_local(&r, ++calls + 1);
  }
  g_assert_cmpuint(calls, ==, 8);
  rig_clear(&r);
}

static void who_leaves_the_room_is_closed(void) {
  rig r;
  rig_offered(&r);
  rig_leave(&r, "dave");
  rig_leave(&r, "dave");
  rig_leave(&r, "carol");
  rig_expect(&r, "end " DAVE " gone | close 2 | end " CAROL " gone | close 1 | connecting");
  rig_clear(&r);
}

static void sessions_are_bounded(void) {
  rig r;
  rig_talking(&r);
  guint opened = 0;
  for (guint i = 0; i < 2 * GW_MAX_SESSIONS_PER_SEAT; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    rig_join(&r, nick, jid);
    rig_say(&r, nick, GW_JMUCI_ACCEPT, "X");
    opened += strstr(r.log->str, "open") != NULL;
    g_string_truncate(r.log, 0);
  }
  g_assert_cmpuint(opened, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(opened, >, 190);
  rig_stop(&r);
  rig_after(&r, GW_SEC(3));
  g_assert_cmpuint(g_hash_table_size(r.open), ==, 0);
  rig_clear(&r);
}

static void who_has_gone_gives_up_the_place(void) {
  rig r;
  rig_talking(&r);
  for (guint i = 0; i < 3 * GW_MAX_SESSIONS_PER_SEAT; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    rig_join(&r, nick, jid);
    rig_say(&r, nick, GW_JMUCI_ACCEPT, "X");
    rig_leave(&r, nick);
  }
  g_assert_cmpuint(g_hash_table_size(r.open), ==, 1);
  rig_clear(&r);
}

/* Somebody proposes our call's id once more: all who accept now begin a new order, without us. */
static void a_new_order_under_the_same_id_stays_within_bounds(void) {
  rig r;
  rig_talking(&r);
  for (guint i = 0; i < 3 * GW_MAX_SESSIONS_PER_SEAT; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    if (i % 150 == 149) {
      rig_say(&r, (i / 150) % 2 ? "bob" : "dave", GW_JMUCI_PROPOSE, "X");
      rig_after(&r, GW_SEC(11)); /* transports that never got ready are given up */
    }
    rig_join(&r, nick, jid);
    rig_say(&r, nick, GW_JMUCI_ACCEPT, "X");
    g_assert_cmpuint(r.f->pairs->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  }
  g_assert_cmpuint(r.f->pairs->len, ==, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_true(g_hash_table_contains(r.open, GUINT_TO_POINTER(1))); /* what stood, stands */
  rig_clear(&r);
}

static void no_place_left_an_offer_is_refused(void) {
  rig r;
  rig_talking(&r);
  while (r.f->pairs->len < GW_MAX_SESSIONS_PER_SEAT) {
    g_autofree char *nick = g_strdup_printf("full%u", r.f->pairs->len);
    gw_pair *p = gw_pair_get(r.f, nick);
    p->state = GW_PAIR_PAUSE;
    p->due = r.now + GW_SEC(1000);
  }
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, DAVE, "X:4");
  rig_expect(&r, "end " DAVE " busy");
  rig_clear(&r);
}

/* --- mute --- */

static void mute_is_told_to_all_sessions(void) {
  rig r;
  rig_offered(&r);
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  rig_expect(&r, "info " CAROL " mute:0"); /* dave has no session yet */
  rig_accepts(&r, DAVE, r.sid);
  rig_expect(&r, "remote 2 | info " DAVE " mute:0");
  g_assert_true(r.said->u.jingle.we_initiated);
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = FALSE});
  rig_expect(&r, "info " CAROL " unmute:0 | info " DAVE " unmute:0");
  rig_clear(&r);
}

static void infos_of_others_are_ignored(void) {
  rig r;
  rig_talking(&r);
  static const gw_jingle_action actions[] = {GW_JINGLE_SESSION_INFO,     GW_JINGLE_CONTENT_ADD,
                                             GW_JINGLE_DESCRIPTION_INFO, GW_JINGLE_UNKNOWN,
                                             GW_JINGLE_CONTENT_MODIFY,   GW_JINGLE_SOURCE_ADD};
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
    rig_jingle(&r, actions[i], CAROL, "X:1");
  rig_jingle(&r, GW_JINGLE_SESSION_INITIATE, CAROL, NULL);
  rig_word(&r, gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, NULL, "X:1", FALSE));
  rig_expect(&r, "");
  rig_clear(&r);
}

#define CASE(name) g_test_add_func("/mesh/session/" #name, name)

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  CASE(the_offer_is_what_every_client_takes);
  CASE(caps_without_a_known_codec_still_make_an_offer);
  CASE(every_content_is_answered_video_inactive);
  CASE(the_dtls_role_follows_the_offer);
  CASE(offers_that_cannot_be_answered_are_ended);
  CASE(an_offer_without_audio_is_ended_at_once);
  CASE(a_local_description_without_audio_ends_the_session);
  CASE(candidates_before_our_word_go_into_it_later_ones_trickle);
  CASE(our_candidates_are_bounded);
  CASE(their_candidates_go_to_the_transport_at_once);
  CASE(their_candidates_before_their_accept_wait_for_it);
  CASE(strangers_and_forged_offers_are_declined);
  CASE(own_phones_are_never_answered);
  CASE(without_a_call_every_offer_is_declined);
  CASE(another_device_of_the_nick_may_call);
  CASE(words_of_others_cannot_touch_a_session);
  CASE(a_sid_is_good_for_one_session);
  CASE(a_new_session_of_the_same_peer_replaces_the_old);
  CASE(an_offer_before_our_own_reflection_is_taken);
  CASE(an_offer_that_overtook_its_accept_waits_for_it);
  CASE(an_offer_whose_accept_never_comes_is_declined);
  CASE(offers_held_back_are_bounded);
  CASE(an_error_to_our_answer_ends_the_session);
  CASE(an_answer_we_cannot_use_ends_the_session);
  CASE(a_second_accept_is_ignored);
  CASE(not_connected_in_twenty_seconds);
  CASE(our_offer_unanswered_for_thirty_seconds);
  CASE(a_transport_that_never_gets_ready);
  CASE(a_transport_that_fails_before_our_answer_accepts_for_form);
  CASE(a_replaced_offer_needs_no_answer);
  CASE(a_failed_transport_ends_its_session_only);
  CASE(alternative_session_means_another_is_coming);
  CASE(who_wears_us_out_is_not_called_for_ever);
  CASE(who_leaves_the_room_is_closed);
  CASE(sessions_are_bounded);
  CASE(who_has_gone_gives_up_the_place);
  CASE(a_new_order_under_the_same_id_stays_within_bounds);
  CASE(no_place_left_an_offer_is_refused);
  CASE(mute_is_told_to_all_sessions);
  CASE(infos_of_others_are_ignored);
  return g_test_run();
}
