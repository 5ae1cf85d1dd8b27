/* WebRTC parties: real ICE, DTLS and SRTP on loopback. phone A - leg - peer ... peer - leg - phone
 * B. */
#include "shell_kit.h"
#include "gateway/media/env.h"
#include "gateway/media/thin.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  kit *k[2];
  gw_handle room[2], leg[2], peer[2]; /* [0] offers */
  phone *p[2];
} call;

typedef struct {
  guint workers;
  gboolean one_engine;
  gw_setup answer;      /* role of the answerer */
  const char *suites;   /* of the first engine, NULL: all */
  const char *codec;    /* between the peers */
  gboolean wrong_print; /* A is told another fingerprint */
  gboolean shared;      /* A's peer is for all legs */
  gboolean trickle;     /* candidates come later, one by one */
  gboolean one_way;     /* A publishes, B receives */
} plan;

static gw_handle open_peer_for(kit *k, gw_handle room, gw_handle leg, gboolean offerer,
                               gw_setup setup, gw_media_use use) {
  gw_peer_params p = {.leg = leg,
                      .offerer = offerer,
                      .use = use,
                      .setup = setup,
                      .cname = offerer ? "alice" : "bob"};
  return gw_media_peer(k->media, room, &p);
}

static gw_handle open_peer(kit *k, gw_handle room, gw_handle leg, gboolean offerer,
                           gw_setup setup) {
  return open_peer_for(k, room, leg, offerer, setup, GW_MEDIA_BOTH);
}

static gw_desc *only_codec(const gw_desc *d, const char *name) {
  gw_desc *copy = gw_desc_copy(d);
  gw_desc_media *m = gw_desc_audio(copy);
  for (guint i = m->codecs->len; i-- > 0;) {
    gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    if (!gw_codec_is(c, name)) g_array_remove_index(m->codecs, i);
  }
  g_assert_cmpuint(m->codecs->len, ==, 1);
  return copy;
}

/* Signalling: tells engine `to` what the other side said. */
static void tell(call *c, const plan *pl, int to) {
  const gw_desc *said = kit_desc(c->k[1 - to], c->peer[1 - to]);
  g_autoptr(gw_desc) d = only_codec(said, pl->codec);
  gw_desc_media *m = gw_desc_audio(d);
  if (to == 0) m->setup = pl->answer;
  if (to == 0 && pl->wrong_print) m->fp_value[0] = m->fp_value[0] == 'A' ? 'B' : 'A';
  g_autoptr(GArray) candidates = g_array_copy(m->candidates);
  if (pl->trickle) g_array_set_size(m->candidates, 0);
  gw_media_peer_remote(c->k[to]->media, c->peer[to], d);
  gw_media_peer_agreed(c->k[to]->media, c->peer[to], d);
  for (guint i = 0; pl->trickle && i < candidates->len; i++) {
    g_autoptr(gw_desc) one = gw_desc_new();
    gw_desc_media *om = gw_desc_add(one, GW_KIND_AUDIO, "audio");
    g_array_append_val(om->candidates, g_array_index(candidates, gw_candidate, i));
    gw_media_peer_remote(c->k[to]->media, c->peer[to], one);
  }
}

static call call_new(const plan *pl) {
  call c = {0};
  for (int i = 0; i < 2; i++) {
    c.k[i] = i && pl->one_engine ? c.k[0] : kit_new(pl->workers, NULL);
    if (!i && pl->suites)
      g_assert_true(gw_identity_suites(gw_media_identity(c.k[0]->media), pl->suites));
    c.room[i] = gw_media_room(c.k[i]->media);
    c.leg[i] = kit_leg(c.k[i], c.room[i]);
    c.p[i] = phone_new("127.0.0.1", "PCMU", 0, i ? 1000 : 440);
    phone_join(c.p[i], c.k[i], c.leg[i]);
    c.peer[i] = open_peer_for(c.k[i], c.room[i], !i && pl->shared ? GW_HANDLE_NONE : c.leg[i], !i,
                              pl->answer,
                              !pl->one_way ? GW_MEDIA_BOTH
                              : i          ? GW_MEDIA_RECEIVE
                                           : GW_MEDIA_PUBLISH);
  }
  tell(&c, pl, 1);
  tell(&c, pl, 0);
  return c;
}

static void call_free(call *c) {
  for (int i = 0; i < 2; i++)
    phone_free(c->p[i]);
  if (c->k[1] != c->k[0]) kit_free(c->k[1]);
  kit_free(c->k[0]);
}

static void check_talk(call *c) {
  for (int i = 0; i < 2; i++) {
    g_assert_true(kit_state(c->k[i], c->peer[i], GW_MS_GATHERED));
    g_assert_true(kit_state(c->k[i], c->peer[i], GW_MS_ICE));
    g_assert_true(kit_state(c->k[i], c->peer[i], GW_MS_UP));
    g_assert_true(kit_state(c->k[i], c->peer[i], GW_MS_RTP));
  }
  g_assert_true(phone_hears(c->p[0], 1000));
  g_assert_true(phone_hears(c->p[1], 440));
  g_assert_false(phone_heard(c->p[0], 440) || phone_heard(c->p[1], 1000)); /* no echo */
  for (int i = 0; i < 2; i++)
    for (int s = GW_MS_GATHERED; s <= GW_MS_FAILED; s++)
      g_assert_cmpuint(kit_count(c->k[i], c->peer[i], (gw_media_state)s), ==,
                       s == GW_MS_FAILED ? 0 : 1);
}

static void test_talk(void) {
  static const plan rows[] = {
      {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"},
      {.workers = 2, .answer = GW_SETUP_PASSIVE, .codec = "opus"},
      {.workers = 1,
       .one_engine = TRUE,
       .answer = GW_SETUP_ACTIVE,
       .codec = "opus",
       .trickle = TRUE},
      {.workers = 2, .one_engine = TRUE, .answer = GW_SETUP_PASSIVE, .codec = "PCMA"},
      {.workers = 1,
       .answer = GW_SETUP_ACTIVE,
       .codec = "opus",
       .suites = "SRTP_AES128_CM_SHA1_80"},
      {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "PCMU", .suites = "SRTP_AEAD_AES_128_GCM"},
      {.workers = 1, .answer = GW_SETUP_PASSIVE, .codec = "opus", .shared = TRUE},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    call c = call_new(&rows[i]);
    check_talk(&c);
    call_free(&c);
  }
}

static void test_one_way(void) {
  const plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus", .one_way = TRUE};
  call c = call_new(&pl);
  g_assert_true(kit_state(c.k[1], c.peer[1], GW_MS_RTP));
  g_assert_true(phone_hears(c.p[1], 440));
  kit_run(300);
  g_assert_false(phone_heard(c.p[0], 1000));
  g_assert_cmpuint(kit_count(c.k[0], c.peer[0], GW_MS_RTP), ==, 0);
  g_assert_cmpuint(kit_stats(c.k[1], c.peer[1]).packets_out, ==, 0);
  const gw_desc *out = kit_desc(c.k[0], c.peer[0]), *in = kit_desc(c.k[1], c.peer[1]);
  g_assert_cmpuint(out->media->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    const gw_desc_media *m = out->media->pdata[i];
    g_assert_cmpint(m->dir, ==, GW_DIR_SENDONLY);
    g_assert_cmpuint(m->sources->len, ==, 1);
    g_assert_cmpstr(m->ufrag, ==, gw_desc_audio(out)->ufrag);
  }
  g_assert_cmpuint(in->media->len, ==, 1);
  g_assert_cmpint(gw_desc_audio(in)->dir, ==, GW_DIR_RECVONLY);
  g_assert_cmpuint(gw_desc_audio(in)->sources->len, ==, 0);
  call_free(&c);
}

/* Who hung up without a word: no RTP for ten seconds. */
static void test_quiet(void) {
  const plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus", .one_way = TRUE};
  call c = call_new(&pl);
  g_assert_true(kit_state(c.k[1], c.peer[1], GW_MS_RTP));
  gw_media_close(c.k[0]->media, c.leg[0]); /* nobody speaks into the peer any more */
  for (guint i = 0; i < 3 * GW_PEER_QUIET_S && !kit_count(c.k[1], c.peer[1], GW_MS_QUIET); i++)
    kit_run(1000);
  g_assert_cmpuint(kit_count(c.k[1], c.peer[1], GW_MS_QUIET), ==, 1);
  g_assert_cmpuint(kit_count(c.k[1], c.peer[1], GW_MS_FAILED), ==, 0);
  call_free(&c);
}

static void test_description(void) {
  kit *k = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media), leg = kit_leg(k, room);
  const gw_desc *d = kit_desc(k, open_peer(k, room, leg, TRUE, GW_SETUP_NONE));
  const gw_desc_media *m = gw_desc_audio(d);
  g_assert_true(d->bundle && m->rtcp_mux && m->proto == GW_PROTO_DTLS_SAVPF);
  g_assert_cmpint(m->setup, ==, GW_SETUP_ACTPASS);
  g_assert_cmpint(m->dir, ==, GW_DIR_SENDRECV);
  g_assert_cmpuint(strlen(m->ufrag), >=, 4);
  g_assert_cmpuint(strlen(m->pwd), >=, 22);
  g_assert_cmpstr(m->fp_hash, ==, "sha-256");
  g_assert_cmpuint(strlen(m->fp_value), ==, 95);
  g_assert_cmpuint(m->candidates->len, ==, 1);
  const gw_candidate *c = &g_array_index(m->candidates, gw_candidate, 0);
  g_assert_cmpstr(c->ip, ==, "127.0.0.1");
  g_assert_true(c->udp && c->component == 1 && c->port >= 30000 && c->port <= 34999);
  g_assert_cmpuint(m->sources->len, ==, 1);
  const gw_source *s = &g_array_index(m->sources, gw_source, 0);
  g_assert_true(s->ssrc != 0);
  g_assert_cmpstr(s->msid, ==, "alice alicea0");
  const gw_codec *opus = gw_desc_media_codec(m, "opus", 48000);
  g_assert_true(opus && opus->pt == 111 && opus->channels == 2);
  g_assert_nonnull(gw_desc_media_codec(m, "PCMU", 8000));
  g_assert_nonnull(gw_desc_media_codec(m, "PCMA", 8000));
  kit_free(k);
}

static void test_wrong_fingerprint(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus", .wrong_print = TRUE};
  call c = call_new(&pl);
  g_assert_cmpint(kit_failed(c.k[0], c.peer[0], 10000), ==, GW_CAUSE_DTLS_FAILED);
  kit_run(1000);
  g_assert_cmpuint(kit_count(c.k[0], c.peer[0], GW_MS_UP), ==, 0);
  g_assert_cmpuint(kit_count(c.k[1], c.peer[1], GW_MS_RTP), ==, 0); /* not one packet of ours */
  g_assert_false(phone_heard(c.p[0], 1000) || phone_heard(c.p[1], 440));
  call_free(&c);
}

static void test_no_fingerprint_yet(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = {0};
  for (int i = 0; i < 2; i++) {
    c.k[i] = kit_new(1, NULL);
    c.room[i] = gw_media_room(c.k[i]->media);
    c.leg[i] = kit_leg(c.k[i], c.room[i]);
    c.p[i] = phone_new("127.0.0.1", "PCMU", 0, i ? 1000 : 440);
    phone_join(c.p[i], c.k[i], c.leg[i]);
    c.peer[i] = open_peer(c.k[i], c.room[i], c.leg[i], !i, GW_SETUP_ACTIVE);
  }
  /* The answerer's candidates and credentials overtake its answer. */
  g_autoptr(gw_desc) early = only_codec(kit_desc(c.k[1], c.peer[1]), "opus");
  g_clear_pointer(&gw_desc_audio(early)->fp_value, g_free);
  gw_media_peer_remote(c.k[0]->media, c.peer[0], early);
  tell(&c, &pl, 1);
  g_assert_true(kit_state(c.k[0], c.peer[0], GW_MS_ICE));
  kit_run(300);
  g_assert_cmpuint(kit_count(c.k[0], c.peer[0], GW_MS_UP), ==, 0); /* fails closed */
  tell(&c, &pl, 0);
  check_talk(&c);
  call_free(&c);
}

static void test_role_conflict(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = {0};
  c.k[0] = c.k[1] = kit_new(1, NULL);
  for (int i = 0; i < 2; i++) {
    c.room[i] = gw_media_room(c.k[i]->media);
    c.leg[i] = kit_leg(c.k[i], c.room[i]);
    c.p[i] = phone_new("127.0.0.1", "PCMU", 0, 440);
    c.peer[i] = open_peer(c.k[i], c.room[i], c.leg[i], !i, GW_SETUP_ACTIVE);
  }
  g_autoptr(gw_desc) offer = gw_desc_copy(kit_desc(c.k[0], c.peer[0]));
  gw_desc_audio(offer)->setup = GW_SETUP_ACTIVE; /* we signalled active as well */
  gw_media_peer_remote(c.k[1]->media, c.peer[1], offer);
  tell(&c, &pl, 0);
  g_assert_cmpint(kit_failed(c.k[1], c.peer[1], 10000), ==, GW_CAUSE_DTLS_FAILED);
  call_free(&c);
}

static void test_mute_and_leave(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = call_new(&pl);
  check_talk(&c);
  gw_media_mute(c.k[0]->media, c.leg[0], TRUE);
  gw_media_stats before = kit_stats(c.k[1], c.peer[1]);
  phone_forget(c.p[1]);
  gw_media_stats after = kit_stats(c.k[1], c.peer[1]);
  /* The encoder rests, but a sign of life comes now and then. */
  g_assert_cmpuint(after.packets_in, >=, before.packets_in + 3);
  g_assert_cmpuint(after.packets_in, <=, before.packets_in + 60);
  g_assert_false(phone_heard(c.p[1], 440));
  gw_media_mute(c.k[0]->media, c.leg[0], FALSE);
  g_assert_true(phone_hears(c.p[1], 440));
  gw_media_close(c.k[0]->media,
                 c.leg[0]); /* the phone goes first, its peer lives on for a moment */
  kit_run(300);
  phone_forget(c.p[1]);
  kit_run(600);
  g_assert_false(phone_heard(c.p[1], 440));
  gw_media_close(c.k[0]->media, c.peer[0]);
  kit_run(100);
  call_free(&c);
}

static void test_two_peers(void) {
  /* two phones of one room, each with its own peer to the same far party: mix-minus across all */
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = call_new(&pl);
  gw_handle leg = kit_leg(c.k[0], c.room[0]);
  phone *third = phone_new("127.0.0.1", "G722", 9, 1700);
  phone_join(third, c.k[0], leg);
  check_talk(&c);
  g_assert_true(phone_hears(third, 440));
  g_assert_true(phone_hears(c.p[0], 1700));
  kit_run(600);
  g_assert_false(phone_heard(third, 1000)); /* that peer belongs to the first phone */
  g_assert_false(phone_heard(c.p[1], 1700));
  phone_free(third);
  call_free(&c);
}

typedef struct {
  kit *k;
  gw_handle peer;
} one_peer;

static gboolean has_unread(void *user) {
  const one_peer *o = user;
  gw_media_stats s;
  return gw_media_get_stats(o->k->media, o->peer, &s) && s.unread > 20;
}

/* The second copy of a voice ends in the kernel, but is counted: what one gets the other gets too. */
static void copy_is_thinned(kit *k, gw_handle leader, gw_handle copy) {
  one_peer o = {k, copy};
  gw_media_stats a, b;
  guint32 dropped;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  gboolean possible = gw_thin_dropped(fd, &dropped);
  close(fd);
  if (!possible) return;
  g_assert_true(kit_until(has_unread, &o, 15000));
  g_assert_true(gw_media_get_stats(k->media, leader, &a) && gw_media_get_stats(k->media, copy, &b));
  g_assert_cmpuint(b.packets_in, >, b.unread);
  g_assert_cmpuint(a.unread, ==, 0);
  g_assert_cmpuint(b.packets_in + 2 * GW_THIN_EVERY, >, a.packets_in); /* told with each packet that is opened */
}

/* Bob is connected to both phones of one room: his voice is decoded once, and goes on when one of
 * them leaves. */
static void test_talker(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  kit *k = kit_new(1, NULL), *far = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media), far_room = gw_media_room(far->media),
            far_leg = kit_leg(far, far_room);
  gw_handle leg[2], peer[2], far_peer[2];
  phone *p[2], *bob = phone_new("127.0.0.1", "PCMU", 0, 1000);
  phone_join(bob, far, far_leg);
  for (int i = 0; i < 2; i++) {
    leg[i] = kit_leg(k, room);
    p[i] = phone_new("127.0.0.1", "PCMU", 0, 440 + 260 * i);
    phone_join(p[i], k, leg[i]);
    gw_peer_params params = {
        .leg = leg[i], .offerer = TRUE, .cname = "c", .talker = "bob@example.org/x"};
    peer[i] = gw_media_peer(k->media, room, &params);
    far_peer[i] = open_peer(far, far_room, far_leg, FALSE, GW_SETUP_ACTIVE);
    call c = {.k = {k, far}, .peer = {peer[i], far_peer[i]}};
    tell(&c, &pl, 1);
    tell(&c, &pl, 0);
  }
  for (int i = 0; i < 2; i++) {
    g_assert_true(phone_hears(p[i], 1000));
    g_assert_true(phone_hears(bob, 440 + 260 * (guint)i));
  }
  gw_media_stats s[2];
  s[0] = kit_stats(k, peer[0]);
  g_assert_true(gw_media_get_stats(k->media, peer[1], &s[1]));
  int leader = s[0].buffer_ms ? 0 : 1;
  g_assert_cmpuint(s[leader].buffer_ms, >, 0);
  g_assert_cmpuint(s[1 - leader].buffer_ms, ==, 0); /* nothing is kept of the second copy */
  g_assert_cmpuint(s[1 - leader].packets_in, >, 50);
  copy_is_thinned(k, peer[leader], peer[1 - leader]);
  gw_media_close(k->media, peer[leader]);
  kit_settle(k, room);
  for (int i = 0; i < 2; i++)
    phone_drain(p[i]);
  phone_forget(p[0]);
  phone_forget(p[1]);
  g_assert_true(phone_hears(p[1 - leader], 1000));
  g_assert_false(phone_heard(p[leader], 1000));
  for (int i = 0; i < 2; i++)
    phone_free(p[i]);
  phone_free(bob);
  kit_free(k);
  kit_free(far);
}

static void spray(const gw_candidate *at, guint seed) {
  GRand *rand = g_rand_new_with_seed(seed);
  gw_addr to, from;
  gw_addr_parse(at->ip, at->port, &to);
  gw_addr_parse("127.0.0.1", 0, &from);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  g_assert_cmpint(bind(fd, &from.u.sa, from.len), ==, 0);
  for (int i = 0; i < 50; i++) {
    guint8 junk[400];
    gsize n = (gsize)g_rand_int_range(rand, 0, sizeof junk);
    for (gsize k = 0; k < n; k++)
      junk[k] = (guint8)g_rand_int(rand);
    static const guint8 first[] = {0, 1, 22, 64, 128, 128, 144, 255};
    junk[0] = first[i % sizeof first];
    junk[1] = i % 3 ? 111 : 200;
    sendto(fd, junk, n, 0, &to.u.sa, to.len);
  }
  close(fd);
  g_rand_free(rand);
}

static void test_junk(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_PASSIVE, .codec = "opus"};
  call c = call_new(&pl);
  const gw_candidate *at =
      &g_array_index(gw_desc_audio(kit_desc(c.k[0], c.peer[0]))->candidates, gw_candidate, 0);
  for (guint i = 0; i < 20; i++) { /* while it sets up */
    spray(at, i);
    g_main_context_iteration(NULL, FALSE);
  }
  check_talk(&c);
  for (guint i = 0; i < 100; i++) { /* and in the call */
    spray(at, 100 + i);
    kit_run(5);
  }
  gw_media_stats s = kit_stats(c.k[0], c.peer[0]);
  g_assert_cmpuint(s.bad, >, 500);
  phone_forget(c.p[0]);
  phone_forget(c.p[1]);
  g_assert_true(phone_hears(c.p[0], 1000));
  g_assert_true(phone_hears(c.p[1], 440));
  g_assert_cmpint(kit_failed(c.k[0], c.peer[0], 0), ==, GW_CAUSE_NONE);
  call_free(&c);
}

static void add_candidate(gw_desc_media *m, guint component, gboolean udp, const char *ip,
                          guint16 port) {
  gw_candidate c = {
      .foundation = "9", .component = component, .udp = udp, .priority = 1, .port = port};
  g_strlcpy(c.ip, ip, sizeof c.ip);
  g_array_append_val(m->candidates, c);
}

static void test_odd_candidates(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = call_new(&pl);
  g_autoptr(gw_desc) odd = gw_desc_new();
  gw_desc_media *m = gw_desc_add(odd, GW_KIND_AUDIO, "audio");
  add_candidate(m, 1, TRUE, "0d3c8f2a-11aa-4bbb.local", 5000);
  add_candidate(m, 1, FALSE, "127.0.0.1", 9);
  add_candidate(m, 2, TRUE, "127.0.0.1", 5001);
  add_candidate(m, 1, TRUE, "127.0.0.1", 0);
  add_candidate(m, 1, TRUE, "255.255.255.255", 5000);
  add_candidate(m, 1, TRUE, "239.0.0.1", 5000);
  add_candidate(m, 1, TRUE, "fe80::1", 5000);
  add_candidate(m, 1, TRUE, "", 5000);
  for (guint i = 0; i < 200; i++)
    add_candidate(m, 1, TRUE, "127.0.0.1", (guint16)(40000 + i));
  gw_media_peer_remote(c.k[0]->media, c.peer[0], odd);
  gw_media_peer_remote(c.k[1]->media, c.peer[1], odd);
  check_talk(&c);
  call_free(&c);
}

static gw_cause lost(call *c) {
  return kit_failed(c->k[0], c->peer[0], 30000);
}

static void test_consent(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus"};
  call c = call_new(&pl);
  check_talk(&c);
  gw_media_close(c.k[1]->media, c.peer[1]);
  g_assert_cmpint(lost(&c), ==, GW_CAUSE_ICE_FAILED);
  call_free(&c);
}

static void test_no_pair(void) {
  plan pl = {.workers = 1, .answer = GW_SETUP_ACTIVE, .codec = "opus", .trickle = TRUE};
  kit *k = kit_new(1, NULL), *far = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media), other = gw_media_room(far->media);
  gw_handle a = open_peer(k, room, GW_HANDLE_NONE, TRUE, GW_SETUP_NONE);
  gw_handle b = open_peer(far, other, GW_HANDLE_NONE, FALSE, GW_SETUP_ACTIVE);
  g_autoptr(gw_desc) d = only_codec(kit_desc(far, b), pl.codec);
  g_array_set_size(gw_desc_audio(d)->candidates, 0);
  kit_desc(k, a);
  gw_media_peer_remote(k->media, a, d);
  g_assert_cmpint(kit_failed(k, a, 30000), ==, GW_CAUSE_ICE_FAILED);
  kit_free(k);
  kit_free(far);
}

static void test_churn(void) {
  plan pl = {.workers = 2, .answer = GW_SETUP_ACTIVE, .codec = "opus", .one_engine = TRUE};
  guint before = 0;
  for (int i = 0; i < 3; i++) {
    call c = call_new(&pl);
    check_talk(&c);
    call_free(&c);
    if (!i) before = kit_fds();
  }
  g_assert_cmpuint(kit_fds(), ==, before);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  if (g_test_slow()) { /* ten and twenty seconds: a run of their own */
    g_test_add_func("/media/peer/quiet", test_quiet);
    g_test_add_func("/media/peer/consent", test_consent);
    g_test_add_func("/media/peer/no-pair", test_no_pair);
    return g_test_run();
  }
  g_test_add_func("/media/peer/description", test_description);
  g_test_add_func("/media/peer/talk", test_talk);
  g_test_add_func("/media/peer/wrong-fingerprint", test_wrong_fingerprint);
  g_test_add_func("/media/peer/late-fingerprint", test_no_fingerprint_yet);
  g_test_add_func("/media/peer/role-conflict", test_role_conflict);
  g_test_add_func("/media/peer/mute-and-leave", test_mute_and_leave);
  g_test_add_func("/media/peer/two-peers", test_two_peers);
  g_test_add_func("/media/peer/one-way", test_one_way);
  g_test_add_func("/media/peer/talker", test_talker);
  g_test_add_func("/media/peer/junk", test_junk);
  g_test_add_func("/media/peer/odd-candidates", test_odd_candidates);
  g_test_add_func("/media/peer/churn", test_churn);
  return g_test_run();
}
