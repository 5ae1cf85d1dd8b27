/* A phone with SRTP (SDES) in a room with a plain one: what is encrypted is heard, and nothing else is believed. */
#include "shell_kit.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  kit *k;
  gw_handle room, leg[2]; /* 0: encrypted */
  phone *p[2];
} pair;

static gw_leg_params sealed(gw_sdes_policy policy) {
  static const char *const codecs[] = {"PCMU", NULL};
  return (gw_leg_params){
      .local_address = "127.0.0.1", .remote_hint = "127.0.0.1", .codecs = codecs, .srtp = policy};
}

static gw_handle sealed_leg(kit *k, gw_handle room, gw_sdes_policy policy) {
  gw_leg_params lp = sealed(policy);
  return gw_media_leg(k->media, room, &lp);
}

/* The phone offers its key; what the engine says of itself answers it. */
static void seal(pair *s, gboolean with_keys, gboolean expected) {
  g_autoptr(gw_desc) remote = phone_desc(s->p[0], GW_DIR_SENDRECV), agreed = NULL;
  gw_cause why = GW_CAUSE_NONE;
  const gw_desc *own = kit_desc(s->k, s->leg[0]);
  if (with_keys) gw_sdes_offer(gw_desc_audio(remote), GW_SDES_REQUIRED, s->p[0]->seal.own);
  g_assert_cmpint(gw_desc_answer(remote, own, TRUE, &agreed, &why), ==, expected);
  if (!agreed) return;
  gw_addr_parse(gw_desc_audio(own)->addr, gw_desc_audio(own)->port, &s->p[0]->to);
  g_assert_true(gw_seal_agree(&s->p[0]->seal, gw_desc_audio(agreed), gw_desc_audio(remote)));
  gw_media_leg_remote(s->k->media, s->leg[0], remote, agreed);
}

/* apart: the encrypted one is in a room of its own. */
static pair pair_on(guint workers, gw_sdes_policy policy, gboolean apart) {
  pair s = {.k = kit_new(workers, NULL)};
  g_autoptr(gw_ids) ids = gw_ids_new();
  s.room = gw_media_room(s.k->media);
  s.leg[0] = sealed_leg(s.k, apart ? gw_media_room(s.k->media) : s.room, policy);
  s.leg[1] = kit_leg(s.k, s.room);
  s.p[0] = phone_new("127.0.0.1", "PCMU", 0, 440);
  s.p[1] = phone_new("127.0.0.1", "PCMU", 0, 1000);
  gw_seal_init(&s.p[0]->seal, ids);
  phone_join(s.p[1], s.k, s.leg[1]);
  return s;
}

static pair pair_new(gw_sdes_policy policy) {
  return pair_on(1, policy, FALSE);
}

static void pair_free(pair *s) {
  phone_free(s->p[0]);
  phone_free(s->p[1]);
  kit_free(s->k);
}

static void test_talk(void) {
  for (guint i = 0; i < 2; i++) {
    pair s = pair_new(i ? GW_SDES_REQUIRED : GW_SDES_OPTIONAL);
    seal(&s, TRUE, TRUE);
    g_assert_true(phone_hears(s.p[0], 1000));
    g_assert_true(phone_hears(s.p[1], 440));
    g_assert_true(kit_state(s.k, s.leg[0], GW_MS_UP));
    for (guint ms = 0; !s.p[0]->got_sr && ms < 3000; ms += 100)
      kit_run(100);
    g_assert_cmpuint(s.p[0]->got_sr, >, 0);
    g_assert_cmpuint(s.p[0]->shut, ==, 0); /* not one plain packet came */
    g_assert_cmpuint(kit_stats(s.k, s.leg[0]).bad, ==, 0);
    pair_free(&s);
  }
}

static void test_optional_plain(void) {
  pair s = pair_new(GW_SDES_OPTIONAL);
  seal(&s, FALSE, TRUE);
  g_assert_true(phone_hears(s.p[0], 1000));
  g_assert_true(phone_hears(s.p[1], 440));
  pair_free(&s);
}

/* Plain RTP on an encrypted leg: dropped, counted, and it moves nothing. */
static void test_plain_dropped(void) {
  pair s = pair_new(GW_SDES_REQUIRED);
  seal(&s, FALSE, FALSE);
  s.p[0]->says_plain = TRUE;
  seal(&s, TRUE, TRUE);
  g_assert_true(phone_hears(s.p[0], 1000)); /* it is spoken to at the address of its description */
  kit_run(600);
  g_assert_false(phone_heard(s.p[1], 440));
  g_assert_cmpuint(kit_count(s.k, s.leg[0], GW_MS_UP), ==, 0);
  g_assert_cmpuint(kit_stats(s.k, s.leg[0]).bad, >, 10);
  g_assert_cmpuint(kit_stats(s.k, s.leg[0]).packets_in, ==, 0);
  s.p[0]->says_plain = FALSE;
  g_assert_true(phone_hears(s.p[1], 440));
  pair_free(&s);
}

/* Packets of a stranger on the phone's own address, plain and with a key of his own: the sound stays with the phone. */
static void test_stranger(void) {
  pair s = pair_new(GW_SDES_REQUIRED);
  g_autoptr(gw_ids) ids = gw_ids_new();
  phone *thief = phone_new("127.0.0.1", "PCMU", 0, 700);
  const gw_desc_media *own = gw_desc_audio(kit_desc(s.k, s.leg[0]));
  seal(&s, TRUE, TRUE);
  s.p[0]->silent = TRUE; /* nothing of the phone yet: plain RTP would latch now */
  gw_addr_parse(own->addr, own->port, &thief->to);
  kit_run(300);
  guint8 key[GW_SDES_KEY_LEN] = {1, 2, 3};
  gw_srtp *foreign = gw_srtp_new(GW_SRTP_AES_CM_128_HMAC_SHA1_80, TRUE, key);
  for (guint i = 0; i < 50; i++) {
    guint8 packet[300] = {0};
    gsize n = gw_rtp_write_header(packet, 0, FALSE, (guint16)i, i * 160, 77) + 160;
    g_assert_cmpint(gw_srtp_protect_rtp(foreign, packet, &n, sizeof packet), ==, GW_SRTP_OK);
    sendto(thief->rtp, packet, n, 0, &thief->to.u.sa, thief->to.len);
  }
  kit_run(300);
  g_assert_cmpuint(thief->got + thief->shut, ==, 0);
  s.p[0]->silent = FALSE;
  g_assert_true(phone_hears(s.p[0], 1000));
  g_assert_true(phone_hears(s.p[1], 440));
  g_assert_false(phone_heard(s.p[1], 700));
  gw_srtp_free(foreign);
  phone_free(thief);
  pair_free(&s);
}

static void junk(pair *s, const guint8 *packet, gsize n, guint times) {
  for (guint i = 0; i < times; i++) {
    sendto(s->p[0]->rtp, packet, n, 0, &s->p[0]->to.u.sa, s->p[0]->to.len);
    if (i % 20 == 19) kit_run(20); /* a socket buffer holds only so many */
  }
}

/* Stripped and wrong tags, replays: counted, and the call goes on. */
static void test_junk(void) {
  pair s = pair_new(GW_SDES_REQUIRED);
  seal(&s, TRUE, TRUE);
  g_assert_true(phone_hears(s.p[1], 440));
  guint8 packet[300] = {0};
  gsize n = gw_rtp_write_header(packet, 0, FALSE, s.p[0]->seq++, s.p[0]->ts, s.p[0]->ssrc) + 160,
        cut;
  g_assert_true(gw_seal_close(&s.p[0]->seal, packet, &n, sizeof packet, FALSE));
  cut = n - 10;
  guint64 before = kit_stats(s.k, s.leg[0]).bad;
  junk(&s, packet, cut, 300); /* without its tag */
  kit_run(100);
  junk(&s, packet, n, 300); /* once good, then 299 replays */
  kit_run(100);
  packet[n - 1] ^= 1;
  junk(&s, packet, n, 300);
  kit_run(1300);
  g_assert_cmpuint(kit_stats(s.k, s.leg[0]).bad - before, ==, 899);
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(s.p[1], 440));
  g_assert_cmpint(kit_count(s.k, s.leg[0], GW_MS_FAILED), ==, 0);
  pair_free(&s);
}

/* An answer without keys on a leg that was encrypted: silence, never plain sound. */
static void test_no_way_back(void) {
  pair s = pair_new(GW_SDES_OPTIONAL);
  seal(&s, TRUE, TRUE);
  g_assert_true(phone_hears(s.p[0], 1000));
  g_autoptr(gw_desc) remote = phone_desc(s.p[0], GW_DIR_SENDRECV),
                     agreed = phone_desc(s.p[0], GW_DIR_SENDRECV);
  gw_media_leg_remote(s.k->media, s.leg[0], remote, agreed);
  kit_settle(s.k, s.room);
  phone_drain(s.p[0]);
  guint got = s.p[0]->got, shut = s.p[0]->shut;
  kit_run(500);
  g_assert_cmpuint(s.p[0]->got + s.p[0]->shut, ==, got + shut);
  pair_free(&s);
}

/* A new offer with a new key: the sound goes on; with the same key: the session goes on (no replay). */
static void test_new_key(void) {
  pair s = pair_new(GW_SDES_REQUIRED);
  seal(&s, TRUE, TRUE);
  g_assert_true(phone_hears(s.p[1], 440));
  seal(&s, TRUE, TRUE);
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(s.p[1], 440));
  gw_seal_clear(&s.p[0]->seal);
  g_autoptr(gw_ids) ids = gw_ids_new();
  gw_seal_init(&s.p[0]->seal, ids);
  seal(&s, TRUE, TRUE);
  kit_run(100);
  phone_forget(s.p[1]);
  phone_forget(s.p[0]);
  g_assert_true(phone_hears(s.p[1], 440));
  g_assert_true(phone_hears(s.p[0], 1000));
  pair_free(&s);
}

/* Into the room where the other phone is: with the keys that the encrypted one knows, in the stream that it knows. */
static void test_move(void) {
  for (guint workers = 1; workers <= 2; workers++) {
    pair s = pair_on(workers, GW_SDES_REQUIRED, TRUE);
    gw_leg_params lp = sealed(GW_SDES_REQUIRED);
    seal(&s, TRUE, TRUE);
    g_assert_true(kit_state(s.k, s.leg[0], GW_MS_UP));
    gw_media_tone(s.k->media, s.leg[0], 600, 4000);
    g_assert_true(phone_hears(s.p[0], 600));
    guint8 key[GW_SDES_KEY_LEN];
    memcpy(key, s.p[0]->seal.theirs, sizeof key);
    s.leg[0] = gw_media_move(s.k->media, s.leg[0], s.room, &lp);
    seal(&s, TRUE, TRUE); /* the same offer again: it gets the same answer */
    g_assert_cmpmem(key, sizeof key, s.p[0]->seal.theirs, sizeof key);
    g_assert_true(phone_hears(s.p[0], 1000));
    g_assert_true(phone_hears(s.p[1], 440));
    g_assert_cmpuint(s.p[0]->shut, ==, 0);
    g_assert_cmpuint(s.p[0]->sources, ==, 1);
    pair_free(&s);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/seal/talk", test_talk);
  g_test_add_func("/media/seal/optional-plain", test_optional_plain);
  g_test_add_func("/media/seal/plain-dropped", test_plain_dropped);
  g_test_add_func("/media/seal/stranger", test_stranger);
  g_test_add_func("/media/seal/junk", test_junk);
  g_test_add_func("/media/seal/no-way-back", test_no_way_back);
  g_test_add_func("/media/seal/new-key", test_new_key);
  g_test_add_func("/media/seal/move", test_move);
  return g_test_run();
}
