/* Calls at a conference service that speaks Jingle: whole calls, stream by stream. */
#include <string.h>
#include "gateway/flavour/jingle_sfu.h"
#include "rig.h"

#define SFU .class = &gw_flavour_jingle_sfu
#define TALKS "room@talks"

/* --- what the service says --- */

static void said(rig *r, gw_fl_sfu s) {
  rig_ev(r, &(gw_ev){.type = GW_EV_SFU, .u.sfu = &s});
}

static void offers(rig *r, const char *sid, const char *who /* by comma, or NULL */) {
  g_auto(GStrv) users = who ? g_strsplit(who, ",", 0) : NULL;
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_SENDONLY, TRUE, FALSE, FALSE, GW_SETUP_ACTPASS);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = sid, .jid = TALKS, .users = (const char *const *)users, .desc = d});
}

static void answers(rig *r, gw_dir dir) {
  const gw_jsfu_leg *l = r->f->legs->pdata[0];
  g_autofree char *sid = g_strdup(l->sid);
  g_autoptr(gw_desc) d = rig_desc(dir, FALSE, FALSE, FALSE, GW_SETUP_ACTIVE);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .sid = sid, .desc = d});
}

static void refuses(rig *r, gw_cause cause, const char *text) {
  const gw_jsfu_leg *l = r->f->legs->pdata[0];
  g_autofree char *sid = g_strdup(l->sid);
  const gw_fl_sfu s = {.news = GW_SFU_SAID_ANSWER, .sid = sid, .text = text};
  rig_ev(r, &(gw_ev){.type = GW_EV_SFU, .cause = cause, .u.sfu = &s});
}

static void ends(rig *r, guint leg, const char *reason) {
  const gw_jsfu_leg *l = r->f->legs->pdata[leg];
  g_autofree char *sid = g_strdup(l->sid);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_ENDED, .sid = sid, .text = reason});
}

static void publisher(rig *r, gw_fl_sfu_news what, const char *who, const char *mid) {
  const char *const mids[] = {mid, NULL};
  said(r, (gw_fl_sfu){.news = what, .who = who, .mids = mids});
}

/* One more content: audio (or video) from that source. */
static void adds(rig *r, const char *sid, const char *mid, guint32 ssrc, gboolean video) {
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_SENDONLY, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS);
  gw_desc_media *m = d->media->pdata[0];
  g_free(m->mid);
  m->mid = g_strdup(mid);
  if (video) m->kind = GW_KIND_VIDEO;
  g_array_index(m->sources, gw_source, 0).ssrc = ssrc;
  said(r,
       (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = sid, .jid = TALKS, .desc = d, .many = TRUE});
}

static void stands(rig *r, guint peer) {
  rig_state(r, peer, GW_PEER_ICE);
  rig_state(r, peer, GW_PEER_UP);
  rig_state(r, peer, GW_PEER_RTP);
}

/* --- scenes --- */

static void begun_as(rig *r, gboolean patient) {
  rig_two(r, (rig_opt){SFU, .patient = patient});
  rig_start(r);
  rig_expect(r, "sfu join | connecting");
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED});
  rig_local(r, 1);
  rig_expect(r, "open 1 phone publish | sfu stream");
}

static void begun(rig *r) {
  begun_as(r, FALSE);
}

static void inside_as(rig *r, gboolean patient) {
  begun_as(r, patient);
  answers(r, GW_DIR_RECVONLY);
  stands(r, 1);
  rig_expect(r, "remote 1 | waiting");
}

static void inside(rig *r) {
  inside_as(r, FALSE);
}

static void talking(rig *r) {
  inside(r);
  offers(r, "s1", "bob@x/1");
  rig_local(r, 2);
  stands(r, 2);
  rig_expect(r, "open 2 bob receive | remote 2 | connecting | sfu answer s1 | talking");
}

static void growing(rig *r) {
  inside(r);
  publisher(r, GW_SFU_SAID_COMES, "bob@x", "7");
  adds(r, "s1", "7", 700, FALSE);
  rig_local(r, 2);
  stands(r, 2);
  rig_expect(r, "open 2 " TALKS " receive-many | remote 2 | connecting | sfu answer s1 | talking");
}

static void stop(rig *r, const char *want) {
  rig_stop(r);
  rig_expect(r, want);
  rig_clear(r);
}

/* --- joining and leaving --- */

static void test_whole(void) {
  rig r;
  talking(&r);
  offers(&r, "s2", "carol@x");
  rig_local(&r, 3);
  stands(&r, 3);
  rig_expect(&r, "open 3 carol receive | remote 3 | sfu answer s2");
  ends(&r, 1, "success");
  rig_expect(&r, "close 2");
  ends(&r, 1, "success");
  rig_expect(&r, "close 3 | waiting");
  stop(&r, "close 1 | sfu leave | ended:normal");
}

/* What our offer and our answer say: sound only, one way each, on a transport of DTLS-SRTP. */
static void test_descriptions(void) {
  rig r;
  gw_actions actions;
  rig_two(&r, (rig_opt){SFU});
  rig_start(&r);
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED});
  for (guint peer = 1; peer <= 2; peer++) {
    g_autoptr(gw_desc) local = rig_caps(peer);
    if (peer == 1) gw_desc_add(local, GW_KIND_VIDEO, NULL);
    gw_desc_audio(local)->dir = peer == 1 ? GW_DIR_SENDONLY : GW_DIR_RECVONLY;
    gw_actions_init(&actions);
    r.class->step(r.f, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = local}, r.now,
                  &actions);
    const gw_action *a = gw_actions_at(&actions, 0);
    g_assert_cmpuint(a->desc->media->len, ==, 1);
    g_assert_cmpint(gw_desc_audio(a->desc)->dir, ==, peer == 1 ? GW_DIR_SENDONLY : GW_DIR_RECVONLY);
    g_assert_true(gw_desc_audio(a->desc)->rtcp_mux && gw_desc_audio(a->desc)->fp_value);
    gw_actions_clear(&actions);
    if (peer == 1) {
      answers(&r, GW_DIR_RECVONLY);
      offers(&r, "s1", "bob@x");
    }
  }
  rig_clear(&r);
}

static void test_candidates(void) {
  rig r;
  const gw_candidate c = {.component = 1, .udp = TRUE, .ip = "192.0.2.7", .port = 7};
  begun(&r);
  g_autofree char *sid = g_strdup(((gw_jsfu_leg *)r.f->legs->pdata[0])->sid);
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_RECVONLY, FALSE, FALSE, FALSE, GW_SETUP_ACTIVE);
  said(&r, (gw_fl_sfu){
               .news = GW_SFU_SAID_CANDIDATE, .sid = sid, .desc = d}); /* waits for the answer */
  rig_expect(&r, "");
  rig_ev(&r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = 1, .u.candidate = &c});
  rig_expect(&r, "sfu cand mine");
  answers(&r, GW_DIR_RECVONLY);
  rig_expect(&r, "remote 1 | remote 1 | waiting");
  offers(&r, "s1", NULL);
  rig_ev(&r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = 2, .u.candidate = &c}); /* waits for ours */
  rig_expect(&r, "open 2 unknown receive | remote 2 | connecting");
  rig_local(&r, 2);
  rig_ev(&r, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = 2, .u.candidate = &c});
  rig_expect(&r, "sfu answer s1 | sfu cand s1");
  stop(&r, "close 1 | close 2 | sfu leave | ended:normal");
}

/* --- refused --- */

static void test_refused(void) {
  static const struct {
    gw_cause cause, told;
  } rows[] = {{GW_CAUSE_FORBIDDEN, GW_CAUSE_FORBIDDEN},
              {GW_CAUSE_NOT_FOUND, GW_CAUSE_NOT_FOUND},
              {GW_CAUSE_SFU_DOWN, GW_CAUSE_SFU_DOWN},
              {GW_CAUSE_NONE, GW_CAUSE_SFU_DOWN}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    g_autofree char *want =
        g_strdup_printf("close 1 | sfu leave | ended:%s", gw_cause_word(rows[i].told));
    begun(&r);
    refuses(&r, rows[i].cause, "why");
    rig_expect(&r, want);
    rig_stop(&r);
    rig_expect(&r, "ended:normal");
    rig_clear(&r);
  }
}

static void test_useless_answer(void) {
  rig r;
  begun(&r);
  g_autoptr(gw_desc) d = gw_desc_new();
  const gw_jsfu_leg *l = r.f->legs->pdata[0];
  g_autofree char *sid = g_strdup(l->sid);
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .sid = sid, .desc = d});
  stop(&r, "close 1 | sfu leave | ended:no-codec | ended:normal");
}

static void test_unserved(void) {
  rig r;
  rig_two(&r, (rig_opt){SFU});
  rig_start(&r);
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_FAILED, .text = "none"});
  rig_expect(&r, "sfu join | connecting | sfu leave | ended:sfu-down");
  rig_clear(&r);
}

/* Streams that are not taken: of our own phones, without sound, without keys, or when we are on the way out. */
static void test_offers_refused(void) {
  rig r;
  inside(&r);
  rig_join_as(&r, "other", "101@gw/1", TRUE, FALSE);
  offers(&r, "s1", "101@gw");
  offers(&r, "s2", "phone@gw");
  offers(&r, "s3", "room@muc/other");
  rig_expect(&r, "sfu answer s1 decline | sfu answer s2 decline | sfu answer s3 decline");
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_SENDONLY, TRUE, TRUE, TRUE, GW_SETUP_ACTPASS);
  g_ptr_array_remove_index(d->media, 0);
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = "s4", .jid = TALKS, .desc = d});
  rig_expect(&r, "sfu answer s4 unsupported-applications");
  g_autoptr(gw_desc) bare = rig_desc(GW_DIR_SENDONLY, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS);
  g_clear_pointer(&gw_desc_audio(bare)->fp_value, g_free);
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = "s5", .jid = TALKS, .desc = bare});
  rig_expect(&r, "sfu answer s5 security-error");
  stop(&r, "close 1 | sfu leave | ended:normal");
}

/* --- streams that break --- */

static void test_stream_breaks(void) {
  rig r;
  talking(&r);
  rig_state(&r, 2, GW_PEER_FAILED);
  rig_expect(&r, "sfu close s1 connectivity-error | close 2 | waiting");
  offers(&r, "s2", "bob@x");
  rig_after(&r, GW_JSFU_LOCAL);
  rig_expect(&r, "open 3 bob receive | remote 3 | connecting | sfu answer s2 general-error | close "
                 "3 | waiting");
  stop(&r, "close 1 | sfu leave | ended:normal");
}

/* The service has died: in again with growing pauses, for a minute; then the phone is told. */
static void test_service_dies(void) {
  rig r;
  talking(&r);
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_expect(&r, "close 1 | close 2 | connecting");
  for (guint i = 0; i < 5; i++) {
    rig_after(&r, GW_SEC(1 << i));
    rig_expect(&r, "sfu again");
    said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED});
    rig_local(&r, i + 3);
    g_string_truncate(r.log, 0);
    refuses(&r, GW_CAUSE_SFU_DOWN, "service-unavailable");
    if (i == 4) break;
    g_autofree char *want = g_strdup_printf("close %u", i + 3);
    rig_expect(&r, want);
  }
  rig_expect(&r, "close 7");
  rig_after(&r, GW_SEC(16));
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED});
  rig_local(&r, 8);
  g_string_truncate(r.log, 0);
  refuses(&r, GW_CAUSE_SFU_DOWN, "service-unavailable");
  rig_expect(&r, "close 8 | sfu leave | ended:sfu-down");
  rig_clear(&r);
}

static void test_service_back(void) {
  rig r;
  talking(&r);
  rig_state(&r, 1, GW_PEER_FAILED);
  rig_after(&r, GW_SEC(1));
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED});
  rig_local(&r, 3);
  answers(&r, GW_DIR_RECVONLY);
  stands(&r, 3);
  rig_expect(&r, "close 1 | close 2 | connecting | sfu again | open 3 phone publish | sfu stream | "
                 "remote 3 | waiting");
  g_assert_cmpint(r.f->give_up, ==, GW_NEVER);
  stop(&r, "close 3 | sfu leave | ended:normal");
}

static void test_put_out(void) {
  static const struct {
    const char *reason, *want;
  } rows[] = {{"success", "close 1 | close 2 | sfu leave | ended:room-closed"},
              {NULL, "close 1 | close 2 | sfu leave | ended:room-closed"},
              {"decline", "close 1 | close 2 | sfu leave | ended:room-closed"},
              {"general-error", "close 1 | close 2 | connecting"},
              {"gone", "close 1 | close 2 | connecting"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    talking(&r);
    ends(&r, 0, rows[i].reason);
    rig_expect(&r, rows[i].want);
    rig_clear(&r);
  }
}

/* The XMPP stream: what stands goes on, what was on the way begins afresh. */
static void test_stream_down(void) {
  rig r;
  talking(&r);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_after(&r, GW_SEC(100));
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_expect(&r, "");
  stop(&r, "close 1 | close 2 | sfu leave | ended:normal");
  begun(&r);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_expect(&r, "close 1 | sfu again");
  rig_clear(&r);
}

/* --- one session for all --- */

static guint heard(const rig *r) {
  guint n = 0;
  for (guint i = 0; i < r->remote->media->len; i++)
    n += ((gw_desc_media *)r->remote->media->pdata[i])->sources->len;
  return n;
}

static void test_grows(void) {
  rig r;
  growing(&r);
  g_assert_cmpuint(heard(&r), ==, 1);
  publisher(&r, GW_SFU_SAID_COMES, "carol@x", "8");
  adds(&r, "s1", "8", 800, FALSE);
  rig_expect(&r, "sfu answer s1 | remote 2");
  g_assert_cmpuint(heard(&r), ==, 2);
  adds(&r, "s1", "8", 801, FALSE); /* the same one again: its new source counts */
  rig_expect(&r, "sfu answer s1 | remote 2");
  g_assert_cmpuint(heard(&r), ==, 2);
  adds(&r, "s1", "9", 900, TRUE);
  g_assert_cmpuint(r.remote->media->len, ==, 3);
  rig_expect(&r, "sfu answer s1 unsupported-applications | remote 2");
  publisher(&r, GW_SFU_SAID_GOES, "carol@x", "8");
  publisher(&r, GW_SFU_SAID_GOES, "bob@x", "7");
  rig_expect(&r, "waiting");
  publisher(&r, GW_SFU_SAID_COMES, "bob@x", "7");
  rig_expect(&r, "talking");
  stop(&r, "close 1 | close 2 | sfu leave | ended:normal");
}

/* Of our own phones nothing is heard by the service, whichever is said first: whose it is, or that it is there. */
static void test_grows_ours(void) {
  rig r;
  growing(&r);
  rig_join_as(&r, "other", "101@gw/1", TRUE, FALSE);
  adds(&r, "s1", "8", 800, FALSE);
  g_assert_cmpuint(heard(&r), ==, 2);
  publisher(&r, GW_SFU_SAID_COMES, "101@gw", "8");
  g_assert_cmpuint(heard(&r), ==, 1);
  rig_expect(&r, "sfu answer s1 | remote 2 | remote 2");
  publisher(&r, GW_SFU_SAID_COMES, "phone@gw", "9");
  adds(&r, "s1", "9", 900, FALSE);
  g_assert_cmpuint(heard(&r), ==, 1);
  rig_clear(&r);
}

/* Several contents from the start: each audio is answered, a picture is not taken. */
static void test_grows_from_the_start(void) {
  rig r;
  gw_actions actions;
  inside(&r);
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_SENDONLY, TRUE, TRUE, TRUE, GW_SETUP_ACTPASS);
  g_autoptr(gw_desc) more = rig_desc(GW_DIR_SENDONLY, TRUE, FALSE, TRUE, GW_SETUP_ACTPASS);
  gw_desc_media *m = g_ptr_array_steal_index(more->media, 0);
  g_free(m->mid);
  m->mid = g_strdup("2");
  g_ptr_array_add(d->media, m);
  said(&r,
       (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = "s1", .jid = TALKS, .desc = d, .many = TRUE});
  g_autoptr(gw_desc) local = rig_caps(2);
  gw_desc_audio(local)->dir = GW_DIR_RECVONLY;
  gw_actions_init(&actions);
  r.class->step(r.f, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = local}, r.now,
                &actions);
  const gw_desc *answer = gw_actions_at(&actions, 0)->desc;
  static const gw_dir dirs[] = {GW_DIR_RECVONLY, GW_DIR_INACTIVE, GW_DIR_RECVONLY};
  g_assert_cmpuint(answer->media->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint(((gw_desc_media *)answer->media->pdata[i])->dir, ==, dirs[i]);
  g_assert_cmpstr(((gw_desc_media *)answer->media->pdata[2])->mid, ==, "2");
  gw_actions_clear(&actions);
  rig_clear(&r);
}

/* --- the rest --- */

static void owners(rig *r, const char *sid, const char *who) {
  g_auto(GStrv) users = g_strsplit(who, ",", 0);
  said(r, (gw_fl_sfu){.news = GW_SFU_SAID_OWNERS, .sid = sid, .users = (const char *const *)users});
}

/* Whose stream it is changes while it runs: it is his name and his voice then, unless he is heard here. */
static void test_owners(void) {
  rig r;
  talking(&r);
  owners(&r, "s1", "carol@x/1");
  rig_expect(&r, "named 2 carol (carol@x/1)");
  owners(&r, "s1", "dave@y,carol@x/1"); /* one more: it is still hers */
  owners(&r, "s2", "dave@y");
  rig_expect(&r, "");
  owners(&r, "s1", "dave@y");
  rig_expect(&r, "named 2 dave@y (dave@y)");
  owners(&r, "s1", ""); /* he has left, and the stream has not */
  rig_expect(&r, "named 2 unknown (" TALKS " s1)");
  offers(&r, "s2", "dave@y");
  rig_local(&r, 3);
  stands(&r, 3);
  rig_expect(&r, "open 3 dave@y receive | remote 3 | sfu answer s2");
  owners(&r, "s1", "dave@y"); /* a second stream of his: not the same voice */
  rig_expect(&r, "named 2 dave@y (" TALKS " s1)");
  rig_join_as(&r, "other", "101@gw/1", TRUE, FALSE);
  owners(&r, "s1", "101@gw");
  rig_expect(&r, "sfu close s1 decline | close 2");
  offers(&r, "s3", "101@gw,erin@x"); /* of both: hers is wanted */
  rig_local(&r, 4);
  rig_expect(&r, "open 4 erin@x receive | remote 4 | sfu answer s3");
  rig_clear(&r);
}

/* The same sound and picture at several qualities: one of them is heard, nothing is seen. */
static void test_simulcast(void) {
  rig r;
  gw_actions actions;
  inside(&r);
  g_autoptr(gw_desc) d = rig_desc(GW_DIR_SENDONLY, TRUE, TRUE, TRUE, GW_SETUP_ACTPASS);
  for (guint i = 0; i < 4; i++) {
    gw_desc_media *more = gw_desc_add(d, i % 2 ? GW_KIND_AUDIO : GW_KIND_VIDEO, i % 2 ? "a9" : "v9");
    gw_desc_media_add_codec(more, i % 2 ? 111 : 96, i % 2 ? "opus" : "VP8", i % 2 ? 48000 : 90000, 2, NULL);
    more->dir = GW_DIR_SENDONLY;
  }
  said(&r, (gw_fl_sfu){.news = GW_SFU_SAID_OFFER, .sid = "s1", .jid = TALKS, .desc = d});
  g_autoptr(gw_desc) local = rig_caps(2);
  gw_actions_init(&actions);
  r.class->step(r.f, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = 2, .u.desc = local}, r.now, &actions);
  const gw_action *a = gw_actions_at(&actions, 0);
  guint active = 0;
  g_assert_cmpint(a->ask, ==, GW_SFU_ASK_ANSWER);
  for (guint i = 0; i < a->desc->media->len; i++) {
    const gw_desc_media *m = a->desc->media->pdata[i];
    active += !m->refused && m->dir != GW_DIR_INACTIVE;
    if (m->kind == GW_KIND_VIDEO) g_assert_cmpint(m->dir, ==, GW_DIR_INACTIVE);
  }
  g_assert_cmpuint(active, ==, 1);
  gw_actions_clear(&actions);
  rig_clear(&r);
}

/* A call that the phone was invited to is over when everybody else has gone, or never came; one that it dialled is not. */
static void test_invited(void) {
  for (guint patient = 0; patient < 2; patient++) {
    rig r;
    inside_as(&r, patient);
    rig_after(&r, GW_SEC(50));
    rig_expect(&r, "");
    offers(&r, "s1", "bob@x/1");
    rig_local(&r, 2);
    stands(&r, 2);
    rig_after(&r, GW_SEC(100));
    rig_expect(&r, "open 2 bob receive | remote 2 | connecting | sfu answer s1 | talking");
    ends(&r, 1, "success");
    rig_after(&r, GW_SEC(8));
    rig_expect(&r, "close 2 | waiting");
    rig_after(&r, GW_SEC(3));
    rig_expect(&r, patient ? "close 1 | sfu leave | ended:normal" : "");
    rig_clear(&r);
    inside_as(&r, patient);
    rig_after(&r, GW_SEC(61));
    rig_expect(&r, patient ? "close 1 | sfu leave | ended:normal" : "");
    rig_clear(&r);
  }
}

static void test_strangers(void) {
  rig r;
  talking(&r);
  rig_offer(&r, "eve@x/1", "e1");
  rig_expect(&r, "end eve@x/1 decline");
  stop(&r, "close 1 | close 2 | sfu leave | ended:normal");
}

static void test_probe(void) {
  static const struct {
    gw_room_facts facts;
    const char *name;
  } rows[] = {{{.conference = TRUE}, "jingle-sfu"},
              {{.conference = TRUE, .feature_jmuci = TRUE, .feature_muji = TRUE}, "jingle-sfu"},
              {{.conference = TRUE, .jmuci_live = TRUE}, "jmuci-mesh"},
              {{.conference = TRUE, .jmuci_sfu_live = TRUE}, "jmuci-sfu"},
              {{.conference = TRUE, .muji_live = TRUE}, "muji"},
              {{.feature_jmuci = TRUE}, "jmuci-mesh"},
              {{0}, "jmuci-mesh"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpstr(gw_flavour_for(&rows[i].facts)->name, ==, rows[i].name);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/jingle-sfu/whole", test_whole);
  g_test_add_func("/jingle-sfu/descriptions", test_descriptions);
  g_test_add_func("/jingle-sfu/candidates", test_candidates);
  g_test_add_func("/jingle-sfu/refused", test_refused);
  g_test_add_func("/jingle-sfu/useless-answer", test_useless_answer);
  g_test_add_func("/jingle-sfu/unserved", test_unserved);
  g_test_add_func("/jingle-sfu/offers-refused", test_offers_refused);
  g_test_add_func("/jingle-sfu/stream-breaks", test_stream_breaks);
  g_test_add_func("/jingle-sfu/service-dies", test_service_dies);
  g_test_add_func("/jingle-sfu/service-back", test_service_back);
  g_test_add_func("/jingle-sfu/put-out", test_put_out);
  g_test_add_func("/jingle-sfu/stream-down", test_stream_down);
  g_test_add_func("/jingle-sfu/grows", test_grows);
  g_test_add_func("/jingle-sfu/grows-ours", test_grows_ours);
  g_test_add_func("/jingle-sfu/grows-from-the-start", test_grows_from_the_start);
  g_test_add_func("/jingle-sfu/owners", test_owners);
  g_test_add_func("/jingle-sfu/simulcast", test_simulcast);
  g_test_add_func("/jingle-sfu/invited", test_invited);
  g_test_add_func("/jingle-sfu/strangers", test_strangers);
  g_test_add_func("/jingle-sfu/probe", test_probe);
  return g_test_run();
}
