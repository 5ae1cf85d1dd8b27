/* One session: who may offer, what is answered, what cures it: one case per rule. */
#include "rig.h"
#include "gateway/flavour/jmuci_mesh.h"

#define BOB "bob@x/1"
#define CAROL "carol@x/1"
#define DAVE "dave@x/1"

/* Order: bob (proposer), carol, we, dave. Nothing under way with dave yet: he has no transport (peer 1 is his). */
static void inside(rig *r) {
  rig_init(r, (rig_opt){0});
  rig_join(r, "bob", BOB);
  rig_join(r, "carol", CAROL);
  rig_join(r, "dave", DAVE);
  rig_say(r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_after(r, GW_SEC(100));
  rig_start(r);
  rig_say(r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_expect(r, "accept X | connecting");
}

/* ... carol has called us: peer 1, session X:1, up. */
static void talking(rig *r) {
  inside(r);
  rig_offer(r, CAROL, "X:1");
  rig_local(r, 1);
  rig_state(r, 1, GW_PEER_ICE);
  rig_state(r, 1, GW_PEER_UP);
  rig_state(r, 1, GW_PEER_RTP);
  rig_expect(r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
}

/* ... dave has accepted after us and got our offer: peer 2. */
static void offered(rig *r) {
  talking(r);
  rig_say(r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(r, 2);
  rig_expect(r, "open 2 dave offer | initiate " DAVE);
}

static const gw_desc *said_desc(const rig *r) {
  return r->said->u.jingle.desc;
}

/* --- what we write --- */

static void the_offer_is_what_every_client_takes(void) {
  rig r;
  offered(&r);
  const gw_desc *d = said_desc(&r);
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
  talking(&r);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  g_autoptr(gw_desc) d = rig_caps(2);
  gw_desc_add(d, GW_KIND_VIDEO, "v");
  g_array_set_size(gw_desc_audio(d)->codecs, 0);
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = d});
  rig_expect(&r, "open 2 dave offer | initiate " DAVE);
  g_assert_cmpuint(said_desc(&r)->media->len, ==, 1);
  g_assert_cmpuint(gw_desc_audio(said_desc(&r))->codecs->len, ==, 3);
  rig_clear(&r);
}

static void every_content_is_answered_video_inactive(void) {
  rig r;
  inside(&r);
  rig_offer(&r, CAROL, "X:1");
  rig_local(&r, 1);
  const gw_desc *d = said_desc(&r);
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
  static const struct { gw_setup offer; gboolean bundle; const char *open; gw_setup answer; } rows[] = {
      {GW_SETUP_ACTPASS, TRUE, "open 1 carol answer:passive | remote 1", GW_SETUP_PASSIVE},
      {GW_SETUP_ACTPASS, FALSE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
      {GW_SETUP_NONE, FALSE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
      {GW_SETUP_ACTIVE, FALSE, "open 1 carol answer:passive | remote 1", GW_SETUP_PASSIVE},
      {GW_SETUP_PASSIVE, TRUE, "open 1 carol answer:active | remote 1", GW_SETUP_ACTIVE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    inside(&r);
    rig_offer_with(&r, CAROL, "X:1", rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, rows[i].bundle, rows[i].offer));
    rig_expect(&r, rows[i].open);
    rig_local(&r, 1);
    g_assert_cmpint(gw_desc_audio(said_desc(&r))->setup, ==, rows[i].answer);
    rig_clear(&r);
  }
}

static void offers_that_cannot_be_answered_are_ended(void) {
  static const struct { const char *what, *end; } rows[] = {
      {"no codec", "end " CAROL " incompatible-parameters"},
      {"no fingerprint", "end " CAROL " security-error"},
      {"no mux", "end " CAROL " incompatible-parameters"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    inside(&r);
    gw_desc *d = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS);
    gw_desc_media *m = gw_desc_audio(d);
    if (i == 0) g_array_set_size(m->codecs, 0);
    if (i == 1) g_clear_pointer(&m->fp_value, g_free);
    if (i == 2) m->rtcp_mux = FALSE;
    rig_offer_with(&r, CAROL, "X:1", d);
    rig_local(&r, 1);
    g_autofree char *expected = g_strdup_printf("open 1 carol answer:passive | remote 1 | %s | close 1", rows[i].end);
    rig_expect(&r, expected);
    rig_clear(&r);
  }
}

static void an_offer_without_audio_is_ended_at_once(void) {
  rig r;
  inside(&r);
  rig_offer_with(&r, CAROL, "X:1", gw_desc_new());
  rig_offer_with(&r, BOB, "X:2", NULL);
  rig_expect(&r, "end " CAROL " incompatible-parameters | end " BOB " incompatible-parameters");
  rig_clear(&r);
}

static void a_local_description_without_audio_ends_the_session(void) {
  rig r;
  inside(&r);
  rig_offer(&r, CAROL, "X:1");
  g_autoptr(gw_desc) empty = gw_desc_new();
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 1, .u.desc = empty});
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_ev(&r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = empty});
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | end " CAROL
                 " incompatible-parameters | close 1 | open 2 dave offer | close 2");
  rig_clear(&r);
}

/* --- trickle --- */

static void candidate(rig *r, guint peer, guint16 port) {
  const gw_candidate c = {.foundation = "2", .component = 1, .udp = TRUE, .priority = 2, .ip = "127.0.0.2", .port = port};
  rig_ev(r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = &c});
}

static void candidates_before_our_word_go_into_it_later_ones_trickle(void) {
  rig r;
  inside(&r);
  rig_offer(&r, CAROL, "X:1");
  candidate(&r, 1, 5001);
  rig_local(&r, 1);
  g_assert_cmpuint(gw_desc_audio(said_desc(&r))->candidates->len, ==, 2);
  candidate(&r, 1, 5002);
  candidate(&r, 9, 5003); /* no such transport */
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | cand " CAROL);
  const gw_desc_media *m = said_desc(&r)->media->pdata[0];
  g_assert_cmpstr(m->mid, ==, "0");
  g_assert_cmpstr(m->ufrag, ==, "uus1");
  g_assert_cmpstr(m->pwd, ==, "passwordpasswordpassus1");
  g_assert_cmpuint(g_array_index(m->candidates, gw_candidate, 0).port, ==, 5002);
  rig_clear(&r);
}

static void our_candidates_are_bounded(void) {
  rig r;
  inside(&r);
  rig_offer(&r, CAROL, "X:1");
  for (guint16 i = 0; i < 1000; i++) candidate(&r, 1, (guint16)(5000 + i));
  rig_local(&r, 1);
  g_assert_cmpuint(gw_desc_audio(said_desc(&r))->candidates->len, ==, GW_MAX_CANDIDATES);
  rig_clear(&r);
}

static void their_candidates_go_to_the_transport_at_once(void) {
  rig r;
  inside(&r);
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
  offered(&r);
  for (guint i = 0; i < 100; i++) rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, r.sid);
  rig_expect(&r, "");
  rig_accepts(&r, DAVE, r.sid);
  g_auto(GStrv) parts = g_strsplit(r.log->str, " | ", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 1 + GW_MAX_CANDIDATES);
  rig_clear(&r);
}

/* --- who may call us --- */

static void strangers_and_forged_offers_are_declined(void) {
  rig r;
  talking(&r);
  rig_offer(&r, "mallory@y/1", "X:5");  /* not in the room */
  rig_offer(&r, BOB, "Y:5");            /* another call */
  rig_offer(&r, BOB, "X");
  rig_offer(&r, BOB, "X:");
  rig_offer(&r, BOB, "X:5:6");
  rig_offer(&r, BOB, "X-5");
  rig_expect(&r, "end mallory@y/1 decline | end " BOB " decline | end " BOB " decline | end " BOB " decline | end " BOB
                 " decline | end " BOB " decline");
  g_autofree char *lengthy = g_strnfill(GW_MAX_SID, 'a'), *sid = g_strconcat("X:", lengthy, NULL);
  rig_offer(&r, BOB, sid);
  rig_expect(&r, "end " BOB " decline");
  rig_offer(&r, BOB, "X:6");
  rig_expect(&r, "open 2 bob answer:passive | remote 2");
  rig_clear(&r);
}

static void own_phones_are_never_answered(void) {
  rig r;
  talking(&r);
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
  inside(&r);
  rig_offer(&r, "carol@x/other", "X:1");
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void words_of_others_cannot_touch_a_session(void) {
  rig r;
  talking(&r);
  rig_end(&r, BOB, "X:1", "success");
  rig_end(&r, CAROL, "X:2", "success");
  rig_accepts(&r, BOB, "X:1");
  rig_expect(&r, "");
  rig_clear(&r);
}

static void a_sid_is_good_for_one_session(void) {
  rig r;
  talking(&r);
  rig_offer(&r, CAROL, "X:1"); /* said twice while it stands: nothing */
  rig_expect(&r, "");
  rig_end(&r, CAROL, "X:1", "success");
  rig_offer(&r, CAROL, "X:1");
  rig_expect(&r, "close 1 | connecting | end " CAROL " decline");
  rig_clear(&r);
}

static void a_new_session_of_the_same_peer_replaces_the_old(void) {
  rig r;
  talking(&r);
  rig_offer(&r, CAROL, "X:2");
  rig_expect(&r, "end " CAROL " alternative-session | close 1 | open 2 carol answer:passive | remote 2 | connecting");
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
  talking(&r);
  rig_offer(&r, DAVE, "X:4");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, "X:4");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, DAVE, "X:4");
  rig_after(&r, GW_SEC(5) - 1);
  rig_expect(&r, "");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 2 dave answer:passive | remote 2 | remote 2 | remote 2"); /* and no offer of ours */
  rig_clear(&r);
}

static void an_offer_whose_accept_never_comes_is_declined(void) {
  rig r;
  talking(&r);
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
  talking(&r);
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

/* --- mute pairs --- */

static void mute_offer(rig *r, const char *from, const char *sid) {
  rig_offer_with(r, from, sid, rig_desc(GW_DIR_RECVONLY, FALSE, TRUE, TRUE, GW_SETUP_ACTPASS));
}

static void a_mute_offer_is_cured(void) {
  rig r;
  inside(&r);
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
  inside(&r);
  mute_offer(&r, CAROL, "X:1");
  mute_offer(&r, CAROL, "X:2");
  rig_expect(&r, "end " CAROL " alternative-session | open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_sounding_offer_during_the_pause_is_taken(void) {
  rig r;
  inside(&r);
  mute_offer(&r, CAROL, "X:1");
  rig_offer(&r, CAROL, "X:2");
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "end " CAROL " alternative-session | open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_mute_proposer_is_answered_we_never_call_him(void) {
  rig r;
  inside(&r);
  mute_offer(&r, BOB, "X:1");
  rig_local(&r, 1);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | answer " BOB);
  rig_clear(&r);
}

static void who_became_proposer_meanwhile_is_not_called(void) {
  rig r;
  inside(&r);
  mute_offer(&r, CAROL, "X:1");
  rig_say(&r, "carol", GW_JMUCI_PROPOSE, "X");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "end " CAROL " alternative-session");
  rig_clear(&r);
}

static void muted_with_a_source_is_no_mute_pair(void) {
  rig r;
  inside(&r);
  rig_offer_with(&r, CAROL, "X:1", rig_desc(GW_DIR_RECVONLY, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS));
  rig_expect(&r, "open 1 carol answer:passive | remote 1");
  rig_clear(&r);
}

static void a_mute_offer_while_ours_is_out_is_refused_ours_stands(void) {
  rig r;
  offered(&r);
  mute_offer(&r, DAVE, "X:9");
  rig_accepts(&r, DAVE, r.sid);
  rig_expect(&r, "end " DAVE " alternative-session | remote 2");
  rig_clear(&r);
}

static void a_mute_offer_after_a_sounding_one_in_preparation(void) {
  rig r;
  inside(&r);
  rig_offer(&r, CAROL, "X:1");
  mute_offer(&r, CAROL, "X:2");
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "open 1 carol answer:passive | remote 1 | end " CAROL " alternative-session | end " CAROL
                 " alternative-session | close 1 | open 2 carol offer");
  rig_clear(&r);
}

/* --- glare --- */

static void glare_with_a_later_one_his_offer_stands(void) {
  rig r;
  offered(&r);
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r, "end " DAVE " alternative-session | close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
  talking(&r);
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_offer(&r, DAVE, "X:9"); /* ours not said yet: nothing to take back */
  rig_expect(&r, "open 2 dave offer | close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

/* carol, earlier, was silent for 10 s and got our offer (peer 1); then hers comes (X:9). */
static void glare_with_carol(rig *r) {
  inside(r);
  rig_after(r, GW_SEC(10));
  rig_local(r, 1);
  rig_offer(r, CAROL, "X:9");
  rig_jingle(r, GW_JINGLE_TRANSPORT_INFO, CAROL, "X:9");
  rig_expect(r, "open 1 carol offer | initiate " CAROL);
}

static void glare_with_an_earlier_one_ours_stands(void) {
  rig r;
  glare_with_carol(&r);
  rig_accepts(&r, CAROL, r.sid);
  rig_expect(&r, "remote 1 | end " CAROL " alternative-session");
  rig_clear(&r);
}

static void glare_with_an_earlier_one_hers_is_taken_when_ours_fails(void) {
  rig r;
  glare_with_carol(&r);
  rig_error(&r, CAROL, r.sid, GW_JINGLE_SESSION_INITIATE, "conflict");
  rig_local(&r, 2);
  rig_expect(&r, "close 1 | open 2 carol answer:passive | remote 2 | remote 2 | answer " CAROL);
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
  offered(&r);
  rig_error(&r, DAVE, r.sid, GW_JINGLE_SESSION_INITIATE, "conflict");
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r, "close 2 | open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

/* --- several devices of a nick --- */

static void two_devices(rig *r) {
  talking(r);
  rig_join(r, "dave", "dave@x/desk dave@x/pad dave@x/mobile");
  rig_say(r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(r, 2);
  rig_expect(r, "open 2 dave offer | initiate dave@x/mobile");
}

static void a_device_that_is_gone_makes_us_try_the_next(void) {
  static const char *const conditions[] = {"item-not-found", "service-unavailable", "recipient-unavailable"};
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
  offered(&r);
  rig_error(&r, DAVE, r.sid, GW_JINGLE_SESSION_INITIATE, "timeout");
  rig_expect(&r, "end " DAVE " timeout | close 2"); /* perhaps it did arrive */
  rig_clear(&r);
}

/* --- ends --- */

static void an_error_to_our_answer_ends_the_session(void) {
  rig r;
  talking(&r);
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
    offered(&r);
    gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_ACCEPT, "phone@gw/1", r.sid, TRUE);
    w->from = g_strdup(DAVE);
    w->u.jingle.desc = i ? rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTIVE) : NULL;
    if (i == 1) g_array_set_size(gw_desc_audio(w->u.jingle.desc)->codecs, 0);
    if (i == 2) g_clear_pointer(&gw_desc_audio(w->u.jingle.desc)->fp_value, g_free);
    rig_word(&r, w);
    rig_expect(&r, i == 2 ? "end " DAVE " security-error | close 2" : "end " DAVE " incompatible-parameters | close 2");
    rig_clear(&r);
  }
}

static void a_second_accept_is_ignored(void) {
  rig r;
  offered(&r);
  rig_accepts(&r, DAVE, r.sid);
  rig_accepts(&r, DAVE, r.sid);
  rig_expect(&r, "remote 2");
  rig_clear(&r);
}

static void not_connected_in_twenty_seconds(void) {
  rig r;
  offered(&r);
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
  offered(&r);
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "end " DAVE " timeout | close 2");
  rig_clear(&r);
}

static void a_transport_that_never_gets_ready(void) {
  rig r;
  talking(&r);
  rig_offer(&r, BOB, "X:2");
  rig_say(&r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_expect(&r, "open 2 bob answer:passive | remote 2 | open 3 dave offer");
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "end " BOB " general-error | close 2 | close 3"); /* dave never heard of it */
  rig_clear(&r);
}

static void a_failed_transport_ends_its_session_only(void) {
  rig r;
  offered(&r);
  rig_accepts(&r, DAVE, r.sid);
  rig_state(&r, 2, GW_PEER_UP);
  rig_ev(&r, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = 2, .cause = GW_CAUSE_DTLS_FAILED, .u.state = GW_PEER_FAILED});
  rig_expect(&r, "remote 2 | end " DAVE " security-error | close 2");
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_state(&r, 1, GW_PEER_FAILED); /* told twice: once is enough */
  rig_expect(&r, "end " CAROL " connectivity-error | close 1 | connecting");
  rig_clear(&r);
}

static void alternative_session_means_another_is_coming(void) {
  rig r;
  offered(&r);
  rig_end(&r, DAVE, r.sid, "alternative-session");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "close 2");
  rig_offer(&r, DAVE, "X:9");
  rig_expect(&r, "open 3 dave answer:passive | remote 3");
  rig_clear(&r);
}

static void who_wears_us_out_is_not_called_for_ever(void) {
  rig r;
  offered(&r);
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
  offered(&r);
  rig_leave(&r, "dave");
  rig_leave(&r, "dave");
  rig_leave(&r, "carol");
  rig_expect(&r, "end " DAVE " gone | close 2 | end " CAROL " gone | close 1 | connecting");
  rig_clear(&r);
}

static void sessions_are_bounded(void) {
  rig r;
  talking(&r);
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
  talking(&r);
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
  talking(&r);
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
  talking(&r);
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
  offered(&r);
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
  talking(&r);
  static const gw_jingle_action actions[] = {GW_JINGLE_SESSION_INFO, GW_JINGLE_CONTENT_ADD, GW_JINGLE_DESCRIPTION_INFO,
                                             GW_JINGLE_UNKNOWN, GW_JINGLE_CONTENT_MODIFY, GW_JINGLE_SOURCE_ADD};
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) rig_jingle(&r, actions[i], CAROL, "X:1");
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
  CASE(an_error_to_our_answer_ends_the_session);
  CASE(an_answer_we_cannot_use_ends_the_session);
  CASE(a_second_accept_is_ignored);
  CASE(not_connected_in_twenty_seconds);
  CASE(our_offer_unanswered_for_thirty_seconds);
  CASE(a_transport_that_never_gets_ready);
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
