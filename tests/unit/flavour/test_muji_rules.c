/* The Muji flavour alone on a bench: each rule of docs/muji.md. */
#include <string.h>
#include "gateway/flavour/muji.h"
#include "rig.h"

#define ME "phone@gw/1"
static const rig_opt muji = {.idle = TRUE, .class = &gw_flavour_muji};

static gw_desc *types(const char *list) { /* "111=opus/48000/2/useinbandfec=1 0=PCMU/8000/1" */
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  g_auto(GStrv) each = g_strsplit(list, " ", -1);
  for (guint i = 0; each[i] && *each[i]; i++) {
    g_auto(GStrv) pt = g_strsplit(each[i], "=", 2), part = g_strsplit(pt[1], "/", 4);
    gw_desc_media_add_codec(m, (guint8)g_ascii_strtoull(pt[0], NULL, 10), part[0],
                            (guint32)g_ascii_strtoull(part[1], NULL, 10),
                            (guint8)g_ascii_strtoull(part[2], NULL, 10), part[3]);
  }
  return d;
}

#define DINO "111=opus/48000/2/useinbandfec=1 112=speex/32000/1 0=PCMU/8000/1 8=PCMA/8000/1"

static void in(rig *r, const char *nick, const char *jid, const char *list) {
  g_autoptr(gw_desc) d = types(list);
  g_autoptr(gw_muji) m = gw_muji_new(FALSE, d);
  rig_present(r, nick, jid, m);
}

static void preparing(rig *r, const char *nick, const char *jid) {
  g_autoptr(gw_muji) m = gw_muji_new(TRUE, NULL);
  rig_present(r, nick, jid, m);
}

/* The room sends our last presence back. */
static void reflect(rig *r) {
  g_autoptr(gw_muji) m = gw_muji_copy(r->muji);
  rig_present(r, "phone", ME, m);
}

static char *payloads(const gw_desc *d) {
  GString *s = g_string_new(NULL);
  const gw_desc_media *m = gw_desc_audio(d);
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    g_string_append_printf(s, "%s%u=%s%s%s", i ? " " : "", c->pt, c->name, c->fmtp ? ":" : "",
                           c->fmtp ? c->fmtp : "");
  }
  return g_string_free(s, FALSE);
}

static void expect_payloads(const gw_desc *d, const char *want) {
  g_autofree char *text = payloads(d);
  g_assert_cmpstr(text, ==, want);
}

/* Alone in the room, in the call. */
static void alone(rig *r) {
  rig_init(r, muji);
  rig_start(r);
  reflect(r);
  reflect(r);
  rig_after(r, GW_MS(400));
}

/* bob was there first: he is called, and all is well. */
static void with_bob(rig *r) {
  rig_init(r, muji);
  in(r, "bob", BOB, DINO);
  rig_start(r);
  reflect(r);
  reflect(r);
  rig_after(r, GW_MS(400));
  rig_local(r, 1);
  rig_accepts(r, BOB, r->sid);
  rig_state(r, 1, GW_PEER_UP);
  rig_expect(r, "muji preparing | connecting | muji in | open 1 bob offer | initiate " BOB
                " | remote 1 | talking");
}

static void first_in_the_room(void) {
  rig r;
  alone(&r);
  rig_expect(&r, "muji preparing | waiting | muji in");
  expect_payloads(r.muji->desc, "111=opus:useinbandfec=1 0=PCMU 8=PCMA");
  g_assert_cmpstr(gw_desc_audio(r.muji->desc)->mid, ==, "audio");
  /* a newcomer calls: we wait, and answer with his own entry */
  preparing(&r, "bob", BOB);
  rig_after(&r, GW_SEC(30));
  in(&r, "bob", BOB, DINO);
  rig_expect(&r, "connecting");
  rig_offer(&r, BOB, "S");
  rig_local(&r, 1);
  rig_state(&r, 1, GW_PEER_UP);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | answer " BOB " | talking");
  expect_payloads(r.answer, "111=opus:minptime=10;useinbandfec=1 9=G722 0=PCMU 8=PCMA");
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "");
  rig_clear(&r);
}

static void comes_later(void) {
  rig r;
  with_bob(&r);
  expect_payloads(r.muji->desc, "111=opus:useinbandfec=1 0=PCMU 8=PCMA");
  expect_payloads(rig_said(&r), "111=opus:useinbandfec=1 0=PCMU 8=PCMA");
  g_assert_cmpstr(r.said->u.jingle.muji_room, ==, "room@muc");
  g_assert_false(rig_said(&r)->bundle);
  g_assert_cmpstr(gw_desc_audio(rig_said(&r))->mid, ==, "audio");
  rig_clear(&r);
}

/* Their payload type and parameters, not ours: a second Opus is silence for a Dino. */
static void their_payload_map(void) {
  static const struct {
    const char *bob, *carol, *want;
    gboolean note;
  } rows[] = {
      {"96=opus/48000/2 8=PCMA/8000/1", NULL, "96=opus 8=PCMA", FALSE},
      {"96=opus/48000/2 8=PCMA/8000/1", "96=opus/48000/2 0=PCMU/8000/1", "96=opus", FALSE},
      {"0=PCMU/8000/1 111=opus/48000/2/useinbandfec=1", DINO, "0=PCMU 111=opus:useinbandfec=1",
       FALSE},
      {"96=opus/48000/2", DINO, "96=opus", TRUE},
      {"0=PCMU/8000/1", "8=PCMA/8000/1", "111=opus:useinbandfec=1 0=PCMU 8=PCMA", TRUE},
      {"97=speex/16000/1", NULL, "111=opus:useinbandfec=1 0=PCMU 8=PCMA", TRUE},
      {"111=opus/48000/1", NULL, "111=opus:useinbandfec=1 0=PCMU 8=PCMA", TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    rig_init(&r, muji);
    in(&r, "bob", BOB, rows[i].bob);
    if (rows[i].carol) in(&r, "carol", CAROL, rows[i].carol);
    rig_start(&r);
    reflect(&r);
    rig_expect(&r, rows[i].note ? "muji preparing | connecting | note | muji in"
                                : "muji preparing | connecting | muji in");
    expect_payloads(r.muji->desc, rows[i].want);
    rig_clear(&r);
  }
}

static void waits_for_those_before(void) {
  rig r;
  rig_init(&r, muji);
  preparing(&r, "bob", BOB);
  rig_start(&r);
  reflect(&r);
  preparing(&r, "carol", CAROL); /* after us: she waits for us, not we for her */
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "muji preparing | connecting");
  in(&r, "bob", BOB, DINO);
  reflect(&r);
  rig_after(&r, GW_MS(300));
  rig_expect(&r, "muji in | open 1 bob offer");
  rig_clear(&r);
}

static void does_not_wait_for_ever(void) {
  rig r;
  rig_init(&r, muji);
  preparing(&r, "bob", BOB);
  rig_start(&r);
  reflect(&r);
  rig_after(&r, GW_SEC(3));
  rig_expect(&r, "muji preparing | connecting | muji in");
  reflect(&r);
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "waiting");
  /* he finishes at last: he has read our presence and should call; when he does not, we do */
  in(&r, "bob", BOB, DINO);
  rig_after(&r, GW_SEC(4));
  rig_expect(&r, "connecting");
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "open 1 bob offer");
  rig_clear(&r);
  /* and a room that never sends our presence back does not hold others up for more than 5 s */
  rig_init(&r, muji);
  rig_start(&r);
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "muji preparing | waiting | muji in");
  rig_clear(&r);
}

static void idle_waits(void) {
  rig r;
  rig_opt wait = muji;
  wait.idle = FALSE;
  rig_init(&r, wait);
  rig_start(&r);
  rig_join(&r, "bob", BOB);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "waiting");
  preparing(&r, "bob", BOB);
  rig_expect(&r, "muji preparing | connecting");
  rig_clear(&r);
}

static void newcomer_that_never_calls(void) {
  rig r;
  alone(&r);
  in(&r, "bob", BOB, DINO);
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "muji preparing | waiting | muji in | connecting | open 1 bob offer");
  rig_local(&r, 1);
  rig_after(&r, GW_SEC(5)); /* no answer: once more, then no more */
  rig_expect(&r, "initiate " BOB " | end " BOB " timeout | close 1 | open 2 bob offer");
  rig_local(&r, 2);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "initiate " BOB " | end " BOB " timeout | close 2 | waiting");
  rig_leave(&r, "bob"); /* a new stay of his starts anew */
  in(&r, "bob", BOB, DINO);
  rig_after(&r, GW_SEC(10));
  rig_expect(&r, "connecting | open 3 bob offer");
  rig_clear(&r);
}

static void transport_fails(void) {
  rig r;
  with_bob(&r);
  gw_ev failed = {
      .type = GW_EV_PEER_STATE, .peer = 1, .cause = GW_CAUSE_ICE_FAILED, .u.state = GW_PEER_FAILED};
  rig_ev(&r, &failed);
  rig_expect(&r, "end " BOB " connectivity-error | close 1 | open 2 bob offer | connecting");
  rig_local(&r, 2);
  rig_accepts(&r, BOB, r.sid);
  rig_expect(&r, "initiate " BOB " | remote 2");
  rig_after(&r, GW_SEC(10)); /* accepted, and no sound */
  rig_expect(&r, "end " BOB " connectivity-error | close 2 | waiting");
  rig_clear(&r);
}

static void offer_before_presence(void) {
  rig r;
  alone(&r);
  rig_offer(&r, BOB, "S");
  rig_jingle(&r, GW_JINGLE_TRANSPORT_INFO, BOB, "S");
  rig_after(&r, GW_SEC(4));
  rig_expect(&r, "muji preparing | waiting | muji in");
  in(&r, "bob", BOB, DINO);
  rig_expect(&r, "open 1 bob answer:passive | remote 1 | remote 1 | connecting");
  rig_clear(&r);
}

static void strangers_and_others_rooms(void) {
  rig r;
  alone(&r);
  rig_expect(&r, "muji preparing | waiting | muji in");
  rig_offer(&r, "eve@x/1", "S");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "end eve@x/1 decline");
  in(&r, "bob", BOB, DINO);
  rig_offer(&r, "bob@x/other-device", "T"); /* not the device that is in the room */
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "connecting | end bob@x/other-device decline");
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, ME, "U", FALSE);
  w->from = g_strdup(BOB);
  w->u.jingle.muji_room = g_strdup("elsewhere@muc");
  w->u.jingle.desc = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, FALSE, GW_SETUP_ACTPASS);
  rig_word(&r, w);
  rig_expect(&r, "end " BOB " decline");
  for (guint i = 0; i < 20; i++) {
    g_autofree char *sid = g_strdup_printf("flood%u", i);
    rig_offer(&r, "eve@x/1", sid);
  }
  rig_expect(&r, "end eve@x/1 busy | end eve@x/1 busy | end eve@x/1 busy | end eve@x/1 busy");
  rig_clear(&r);
}

static void unfit_offers(void) {
  static const struct {
    gboolean audio, fingerprint, mux;
    const char *reason;
  } rows[] = {{FALSE, TRUE, TRUE, "unsupported-applications"},
              {TRUE, FALSE, TRUE, "security-error"},
              {TRUE, TRUE, FALSE, "incompatible-parameters"}};
  rig r;
  alone(&r);
  in(&r, "bob", BOB, DINO);
  rig_expect(&r, "muji preparing | waiting | muji in | connecting");
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_desc *d = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, FALSE, GW_SETUP_ACTPASS);
    gw_desc_media *m = gw_desc_audio(d);
    m->rtcp_mux = rows[i].mux;
    if (!rows[i].fingerprint) g_clear_pointer(&m->fp_value, g_free);
    if (!rows[i].audio) m->kind = GW_KIND_VIDEO;
    rig_offer_with(&r, BOB, "S", d);
    g_autofree char *want = g_strdup_printf("end " BOB " %s", rows[i].reason);
    rig_expect(&r, want);
  }
  rig_clear(&r);
}

/* Dino's answer leaves out what it does not want, and so must ours: each content has a transport of its own. */
static void video_is_left_out(void) {
  rig r;
  alone(&r);
  in(&r, "bob", BOB, DINO);
  rig_offer_with(&r, BOB, "S", rig_desc(GW_DIR_SENDRECV, TRUE, TRUE, FALSE, GW_SETUP_ACTPASS));
  rig_local(&r, 1);
  rig_expect(&r, "muji preparing | waiting | muji in | connecting | open 1 bob answer:active | "
                 "remote 1 | answer " BOB);
  g_assert_cmpuint(r.answer->media->len, ==, 1);
  rig_clear(&r);
}

static void leaves_in_order(void) {
  rig r;
  with_bob(&r);
  rig_stop(&r);
  rig_expect(&r, "muji none");
  rig_offer(&r, BOB, "T");
  rig_after(&r, GW_MS(200));
  rig_expect(&r, "end " BOB " gone | end " BOB " success | close 1 | ended:normal");
  rig_ev(&r, &(gw_ev){.type = GW_EV_TICK});
  rig_expect(&r, "");
  rig_clear(&r);
  rig_init(&r, muji); /* before anybody saw us: nothing to be said */
  rig_stop(&r);
  rig_expect(&r, "ended:normal");
  rig_clear(&r);
}

static void others_leave(void) {
  static const struct { gboolean room; } rows[] = {{TRUE}, {FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig r;
    with_bob(&r);
    if (rows[i].room)
      rig_leave(&r, "bob");
    else
      rig_join(&r, "bob", BOB); /* stays in the room, without muji */
    rig_expect(&r, "end " BOB " success | close 1 | waiting");
    rig_end(&r, BOB, r.sid, "cancel"); /* his own terminate crosses ours */
    rig_after(&r, GW_SEC(100));
    rig_expect(&r, "");
    rig_clear(&r);
  }
}

static void ended_by_them(void) {
  rig r;
  with_bob(&r);
  rig_end(&r, BOB, r.sid, "success");
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "close 1 | waiting"); /* meant so: not called again */
  rig_clear(&r);
  with_bob(&r);
  rig_end(&r, BOB, r.sid, "connectivity-error");
  rig_after(&r, GW_SEC(5));
  rig_expect(&r, "close 1 | connecting | open 2 bob offer");
  rig_clear(&r);
}

static void muted(void) {
  rig r;
  with_bob(&r);
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  in(&r, "carol", CAROL, DINO);
  rig_offer(&r, CAROL, "S");
  rig_local(&r, 2);
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED});
  rig_expect(&r, "info " BOB " mute:audio | open 2 carol answer:passive | remote 2 | answer " CAROL
                 " | info " CAROL " mute:0 | info " BOB " unmute:audio | info " CAROL " unmute:0");
  rig_clear(&r);
}

static void our_other_phones(void) {
  rig r;
  rig_init(&r, muji);
  g_autoptr(gw_desc) d = types("96=opus/48000/2");
  g_autoptr(gw_muji) m = gw_muji_new(FALSE, d);
  const char *const jids[] = {"two@gw/2", NULL};
  const gw_fl_occupant who = {
      .nick = "two", .jids = jids, .present = TRUE, .seat = TRUE, .muji = m};
  rig_ev(&r, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
  rig_start(&r);
  reflect(&r);
  reflect(&r);
  rig_after(&r, GW_SEC(60));
  rig_expect(&r, "muji preparing | waiting | muji in");
  expect_payloads(r.muji->desc, "96=opus"); /* but the same map as theirs */
  rig_clear(&r);
}

static void called_and_alone(void) {
  rig r;
  rig_opt opt = muji;
  opt.patient = TRUE;
  rig_init(&r, opt);
  rig_start(&r);
  rig_after(&r, GW_SEC(59));
  rig_expect(&r, "muji preparing | waiting | muji in");
  in(&r, "bob", BOB, DINO);
  rig_after(&r, GW_SEC(5));
  rig_leave(&r, "bob");
  rig_after(&r, GW_SEC(9));
  rig_expect(&r, "connecting | waiting");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "muji none | ended:normal");
  rig_stop(&r);
  rig_expect(&r, "ended:normal");
  rig_clear(&r);
  rig_init(&r, opt);
  rig_start(&r);
  rig_after(&r, GW_SEC(61)); /* nobody ever came */
  rig_expect(&r, "muji preparing | waiting | muji in | muji none | ended:normal");
  rig_clear(&r);
}

static void stream_goes_and_comes(void) {
  rig r;
  with_bob(&r);
  in(&r, "carol", CAROL, DINO);
  rig_expect(&r, "");
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  rig_ev(&r, &(gw_ev){.type = GW_EV_MUTED, .u.flag = TRUE});
  rig_after(&r, GW_SEC(100));
  rig_leave(&r, "bob"); /* not back yet, but heard */
  in(&r, "carol", CAROL, DINO);
  rig_ev(&r, &(gw_ev){.type = GW_EV_STREAM_UP});
  rig_expect(&r, "info " BOB " mute:audio");
  rig_after(&r, GW_SEC(9)); /* her time stood still */
  rig_expect(&r, "");
  rig_after(&r, GW_SEC(2));
  rig_expect(&r, "open 2 carol offer");
  rig_after(&r, GW_SEC(30));
  rig_expect(&r, "close 2 | end " BOB " success | close 1 | waiting");
  rig_clear(&r);
}

static void new_device(void) {
  rig r;
  with_bob(&r);
  in(&r, "bob", "bob@x/2", DINO);
  rig_expect(&r, "end " BOB " gone | close 1 | connecting");
  rig_offer(&r, "bob@x/2", "S");
  rig_expect(&r, "open 2 bob answer:passive | remote 2");
  rig_offer(&r, "bob@x/2", "T"); /* he starts anew: his last offer counts */
  rig_expect(&r,
             "end bob@x/2 alternative-session | close 2 | open 3 bob answer:passive | remote 3");
  rig_clear(&r);
}

static void noted_once(void) {
  rig r;
  alone(&r);
  rig_expect(&r, "muji preparing | waiting | muji in");
  for (guint i = 0; i < 7; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    in(&r, nick, jid, DINO);
  }
  rig_expect(&r, "connecting | note");
  rig_clear(&r);
  rig_init(&r, muji); /* a room that hides who is who */
  in(&r, "bob", NULL, DINO);
  in(&r, "carol", NULL, DINO);
  rig_start(&r);
  reflect(&r);
  reflect(&r);
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "muji preparing | connecting | muji in | note | waiting");
  rig_clear(&r);
}

static void crowd_is_bounded(void) {
  rig r;
  alone(&r);
  for (guint i = 0; i < 3 * GW_MAX_SESSIONS_PER_SEAT; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    preparing(&r, nick, jid);
  }
  g_assert_cmpuint(r.f->members->len, ==, GW_MAX_SESSIONS_PER_SEAT);
  rig_clear(&r);
}

static guint count(const rig *r, const char *what) {
  guint n = 0;
  for (const char *at = r->log->str; (at = strstr(at, what)); at++)
    n++;
  return n;
}

/* A hundred of them, each half-joined, in, with other payload types, hidden, gone, all within one moment. */
static void five_hundred_at_once(void) {
  static const char *const maps[] = {DINO, "96=opus/48000/2", "97=speex/16000/1", ""};
  rig r;
  alone(&r);
  for (guint i = 0; i < 500; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i % 100), *jid = g_strdup_printf("%s@x/1", nick);
    if (i % 7 == 6)
      rig_leave(&r, nick);
    else if (i % 7 == 5)
      preparing(&r, nick, jid);
    else
      in(&r, nick, i % 11 ? jid : NULL, maps[i % 4]);
  }
  g_assert_cmpuint(r.f->members->len, <=, 100);
  g_assert_cmpuint(count(&r, "open "), ==, 0); /* newcomers call */
  rig_after(&r, GW_SEC(90));                   /* these never do, and answer no offer */
  g_assert_cmpuint(count(&r, "open "), <=, GW_MJ_ATTEMPTS * r.f->members->len);
  g_assert_cmpuint(count(&r, "note"), <=, 2); /* the crowd, the hidden JIDs */
  g_assert_cmpuint(g_hash_table_size(r.open), ==, 0);
  rig_clear(&r);
}

static void which_flavour(void) {
  static const struct {
    gw_room_facts facts;
    const char *best;
  } rows[] = {
      {{0}, "jmuci-mesh"},
      {{.muji_live = TRUE}, "muji"},
      {{.jmuci_live = TRUE, .muji_live = TRUE}, "jmuci-mesh"},
      {{.feature_muji = TRUE}, "muji"},
      {{.feature_jmuci = TRUE, .feature_muji = TRUE}, "jmuci-mesh"},
      {{.jmuci_live = TRUE, .feature_muji = TRUE}, "jmuci-mesh"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpstr(gw_flavour_for(&rows[i].facts)->name, ==, rows[i].best);
}

/* --- a call with bob alone that has become this one */

static const gw_fl_running with_him = {
    .peer = 4, .offerer = TRUE, .jid = BOB, .sid = "S", .mid = "audio", .ufrag = "uuuu", .pwd = "pppp"};
static const rig_opt led_here = {.class = &gw_flavour_muji, .patient = TRUE, .running = &with_him};

/* Bob led us here, carol was here, too: she is called, he is not. */
static void led(rig *r) {
  rig_init(r, led_here);
  in(r, "bob", BOB, DINO);
  in(r, "carol", CAROL, DINO);
  rig_start(r);
  reflect(r);
  reflect(r);
  rig_after(r, GW_MS(400));
  rig_expect(r, "muji preparing | talking | muji in | open 5 carol offer");
  rig_local(r, 5);
  rig_accepts(r, CAROL, r->sid);
  rig_state(r, 5, GW_PEER_UP);
  rig_expect(r, "initiate " CAROL " | remote 5");
}

static void carried_session(void) {
  rig r;
  led(&r);
  rig_after(&r, GW_SEC(100));
  rig_expect(&r, "");
  rig_stop(&r);
  rig_after(&r, GW_SEC(1));
  rig_expect(&r, "muji none | end " BOB " success | close 4 | end " CAROL " success | close 5 | ended:normal");
  rig_clear(&r);
  led(&r);
  rig_leave(&r, "bob"); /* the others talk on */
  rig_end(&r, BOB, "S", "success");
  rig_after(&r, GW_SEC(20));
  rig_expect(&r, "end " BOB " success | close 4");
  rig_clear(&r);
}

/* Bob ends it but stays, or begins another one in its place: both as in any Muji call; and what breaks is made anew. */
static void carried_session_ends(void) {
  rig r;
  led(&r);
  rig_end(&r, BOB, "S", "success");
  rig_after(&r, GW_MS(900));
  rig_expect(&r, "close 4");
  rig_after(&r, GW_MS(200));
  rig_expect(&r, "open 6 bob offer");
  rig_clear(&r);
  led(&r);
  rig_offer(&r, BOB, "T");
  rig_expect(&r, "end " BOB " alternative-session | close 4 | open 6 bob answer:passive | remote 6");
  rig_clear(&r);
  led(&r);
  rig_state(&r, 4, GW_PEER_FAILED);
  rig_expect(&r, "end " BOB " connectivity-error | close 4 | open 6 bob offer");
  rig_clear(&r);
}

/* Who had it is not here, after all: it is ended, and nothing of it stays. */
static void carried_for_nobody(void) {
  rig r;
  rig_init(&r, led_here);
  in(&r, "carol", CAROL, DINO);
  rig_start(&r);
  reflect(&r);
  reflect(&r);
  rig_after(&r, GW_MS(400));
  rig_expect(&r, "muji preparing | connecting | muji in | end " BOB " success | close 4 | open 5 carol offer");
  rig_clear(&r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muji/first-in-the-room", first_in_the_room);
  g_test_add_func("/muji/comes-later", comes_later);
  g_test_add_func("/muji/their-payload-map", their_payload_map);
  g_test_add_func("/muji/waits-for-those-before", waits_for_those_before);
  g_test_add_func("/muji/does-not-wait-for-ever", does_not_wait_for_ever);
  g_test_add_func("/muji/idle-waits", idle_waits);
  g_test_add_func("/muji/newcomer-that-never-calls", newcomer_that_never_calls);
  g_test_add_func("/muji/transport-fails", transport_fails);
  g_test_add_func("/muji/offer-before-presence", offer_before_presence);
  g_test_add_func("/muji/strangers-and-others-rooms", strangers_and_others_rooms);
  g_test_add_func("/muji/unfit-offers", unfit_offers);
  g_test_add_func("/muji/video-is-left-out", video_is_left_out);
  g_test_add_func("/muji/leaves-in-order", leaves_in_order);
  g_test_add_func("/muji/others-leave", others_leave);
  g_test_add_func("/muji/ended-by-them", ended_by_them);
  g_test_add_func("/muji/muted", muted);
  g_test_add_func("/muji/our-other-phones", our_other_phones);
  g_test_add_func("/muji/called-and-alone", called_and_alone);
  g_test_add_func("/muji/stream-goes-and-comes", stream_goes_and_comes);
  g_test_add_func("/muji/new-device", new_device);
  g_test_add_func("/muji/noted-once", noted_once);
  g_test_add_func("/muji/crowd-is-bounded", crowd_is_bounded);
  g_test_add_func("/muji/five-hundred-at-once", five_hundred_at_once);
  g_test_add_func("/muji/carried-session", carried_session);
  g_test_add_func("/muji/carried-session-ends", carried_session_ends);
  g_test_add_func("/muji/carried-for-nobody", carried_for_nobody);
  g_test_add_func("/muji/which-flavour", which_flavour);
  return g_test_run();
}
