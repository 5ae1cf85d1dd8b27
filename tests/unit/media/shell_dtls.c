/* dtls.c against itself, over memory: roles, suites, fingerprints, junk. */
#include "gateway/media/dtls.h"
#include "gateway/media/rtp.h"
#include <string.h>

typedef struct {
  gw_identity *id;
  gw_dtls *d;
  GQueue out; /* GBytes */
} side;

static void collect(const guint8 *data, gsize n, void *user) {
  g_queue_push_tail(&((side *)user)->out, g_bytes_new(data, n));
}

static void side_open(side *s, gboolean server, const char *hash, const char *value) {
  s->d = gw_dtls_new(s->id, server, hash, value, collect, s);
}

static void side_new(side *s) {
  g_autoptr(GError) error = NULL;
  memset(s, 0, sizeof *s);
  s->id = gw_identity_new(&error);
  g_assert_no_error(error);
}

static void side_free(side *s) {
  gw_dtls_free(s->d);
  g_queue_clear_full(&s->out, (GDestroyNotify)g_bytes_unref);
  gw_identity_free(s->id);
}

static gboolean carry(side *from, side *to, guint *datagrams, gsize *longest) {
  gboolean any = FALSE;
  for (GBytes *b; (b = g_queue_pop_head(&from->out)); any = TRUE) {
    gsize n;
    const guint8 *data = g_bytes_get_data(b, &n);
    *longest = MAX(*longest, n);
    (*datagrams)++;
    gw_dtls_input(to->d, data, n);
    g_bytes_unref(b);
  }
  return any;
}

static void shake(side *a, side *b) {
  guint datagrams = 0;
  gsize longest = 0;
  gw_dtls_start(a->d);
  gw_dtls_start(b->d);
  for (gboolean more = TRUE; more && datagrams < 200;)
    more = carry(a, b, &datagrams, &longest) | carry(b, a, &datagrams, &longest);
  g_assert_cmpuint(longest, <=, 1200);
}

/* One packet each way: the keys are the same at both ends. */
static void talk(side *a, side *b) {
  gw_srtp *in[2] = {0}, *out[2] = {0};
  g_assert_true(gw_dtls_sessions(a->d, &in[0], &out[0]));
  g_assert_true(gw_dtls_sessions(b->d, &in[1], &out[1]));
  for (int i = 0; i < 2; i++) {
    guint8 packet[200] = {0};
    gsize head = gw_rtp_write_header(packet, 111, FALSE, 7, 960, 0x1234), n = head + 5;
    memcpy(packet + head, "hello", 5);
    g_assert_cmpint(gw_srtp_protect_rtp(out[i], packet, &n, sizeof packet), ==, GW_SRTP_OK);
    g_assert_true(memcmp(packet + head, "hello", 5));
    g_assert_cmpint(gw_srtp_unprotect_rtp(in[1 - i], packet, &n), ==, GW_SRTP_OK);
    g_assert_cmpuint(n, ==, head + 5);
    g_assert_cmpmem(packet + head, 5, "hello", 5);
  }
  for (int i = 0; i < 2; i++) {
    gw_srtp_free(in[i]);
    gw_srtp_free(out[i]);
  }
}

static void test_suites(void) {
  static const struct {
    const char *client, *server;
    gboolean common;
  } rows[] = {
      {"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
       "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", TRUE},
      {"SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", TRUE},
      {"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_80", TRUE},
      {"SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80", FALSE},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    side a, b;
    side_new(&a);
    side_new(&b);
    g_assert_true(gw_identity_suites(a.id, rows[i].client) &&
                  gw_identity_suites(b.id, rows[i].server));
    side_open(&a, FALSE, "sha-256", gw_identity_fingerprint(b.id));
    side_open(&b, TRUE, "SHA-256", gw_identity_fingerprint(a.id));
    shake(&a, &b);
    if (rows[i].common) {
      g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
      g_assert_cmpint(gw_dtls_get_state(b.d), ==, GW_DTLS_DONE);
      talk(&a, &b);
    } else {
      gw_srtp *in = NULL, *out = NULL;
      g_assert_false(gw_dtls_sessions(a.d, &in, &out));
      g_assert_false(gw_dtls_sessions(b.d, &in, &out));
    }
    side_free(&a);
    side_free(&b);
  }
}

static void test_fingerprint(void) {
  static const struct {
    const char *hash;
    gboolean wrong, missing;
    const char *why; /* NULL: good */
  } rows[] = {
      {"sha-256", FALSE, FALSE, NULL},
      {"sha-256", TRUE, FALSE, "wrong-fingerprint"},
      {"sha-256", FALSE, TRUE, "no-fingerprint"},
      {NULL, FALSE, FALSE, "no-fingerprint"},
      {"sha-512", FALSE, FALSE, "wrong-fingerprint"}, /* a sha-256 value under another name */
      {"sha-1", FALSE, FALSE, "wrong-fingerprint"},
      {"md5", FALSE, FALSE, "no-fingerprint"},
      {"", FALSE, FALSE, "no-fingerprint"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    side a, b;
    side_new(&a);
    side_new(&b);
    g_autofree char *value = g_strdup(gw_identity_fingerprint(b.id));
    if (rows[i].wrong) value[0] = value[0] == 'A' ? 'B' : 'A';
    side_open(&a, FALSE, rows[i].hash, rows[i].missing ? NULL : value);
    side_open(&b, TRUE, "sha-256", gw_identity_fingerprint(a.id));
    shake(&a, &b);
    gw_srtp *in = NULL, *out = NULL;
    if (rows[i].why) {
      g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_FAILED);
      g_assert_cmpstr(gw_dtls_why(a.d), ==, rows[i].why);
      g_assert_false(gw_dtls_sessions(a.d, &in, &out)); /* no keys leave it */
    } else {
      g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
    }
    side_free(&a);
    side_free(&b);
  }
}

/* The same handshake with rubbish before, between and behind. */
static void test_junk(void) {
  GRand *rand = g_rand_new_with_seed(7);
  for (int i = 0; i < 20; i++) {
    side a, b;
    side_new(&a);
    side_new(&b);
    side_open(&a, FALSE, "sha-256", gw_identity_fingerprint(b.id));
    side_open(&b, TRUE, "sha-256", gw_identity_fingerprint(a.id));
    for (int round = 0; round < 2; round++) {
      for (int j = 0; j < 200; j++) {
        guint8 junk[300];
        gsize n = (gsize)g_rand_int_range(rand, 1, sizeof junk);
        for (gsize k = 0; k < n; k++)
          junk[k] = (guint8)g_rand_int(rand);
        junk[0] = (guint8)g_rand_int_range(rand, 20, 64);
        gw_dtls_input(round ? a.d : b.d, junk, n);
      }
      shake(&a, &b);
    }
    g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
    g_assert_cmpint(gw_dtls_get_state(b.d), ==, GW_DTLS_DONE);
    talk(&a, &b);
    side_free(&a);
    side_free(&b);
  }
  g_rand_free(rand);
}

/* The first flight is lost: it comes again by the timer (RFC 6347 4.2.4), here after a second. */
static void test_loss(void) {
  side a, b;
  side_new(&a);
  side_new(&b);
  side_open(&a, FALSE, "sha-256", gw_identity_fingerprint(b.id));
  side_open(&b, TRUE, "sha-256", gw_identity_fingerprint(a.id));
  gw_dtls_start(a.d);
  g_assert_false(g_queue_is_empty(&a.out));
  g_queue_clear_full(&a.out, (GDestroyNotify)g_bytes_unref);
  for (int i = 0; i < 500 && g_queue_is_empty(&a.out); i++) {
    g_usleep(10000);
    gw_dtls_timeout(a.d);
  }
  g_assert_false(g_queue_is_empty(&a.out));
  shake(&a, &b);
  g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
  g_assert_cmpint(gw_dtls_get_state(b.d), ==, GW_DTLS_DONE);
  talk(&a, &b);
  side_free(&a);
  side_free(&b);
}

/* The server's last flight is lost: it is up and rests, and answers all the same when the client says its last one again. Its goodbye, too,
 * comes from a session that rests. */
static void test_last_flight(void) {
  side a, b;
  guint datagrams = 0;
  gsize longest = 0;
  side_new(&a);
  side_new(&b);
  side_open(&a, FALSE, "sha-256", gw_identity_fingerprint(b.id));
  side_open(&b, TRUE, "sha-256", gw_identity_fingerprint(a.id));
  gw_dtls_start(a.d);
  gw_dtls_start(b.d);
  while (carry(&a, &b, &datagrams, &longest) && gw_dtls_get_state(b.d) == GW_DTLS_RUNNING)
    carry(&b, &a, &datagrams, &longest);
  g_assert_cmpint(gw_dtls_get_state(b.d), ==, GW_DTLS_DONE);
  g_queue_clear_full(&b.out, (GDestroyNotify)g_bytes_unref);
  for (int i = 0; i < 500 && g_queue_is_empty(&a.out); i++) {
    g_usleep(10000);
    gw_dtls_timeout(a.d);
  }
  g_assert_true(carry(&a, &b, &datagrams, &longest));
  g_assert_false(g_queue_is_empty(&b.out));
  carry(&b, &a, &datagrams, &longest);
  g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
  talk(&a, &b);
  g_clear_pointer(&b.d, gw_dtls_free);
  g_assert_cmpuint(g_queue_get_length(&b.out), ==, 1);
  side_free(&a);
  side_free(&b);
}

static void test_role(void) {
  static const struct {
    gw_setup local, remote;
    int server; /* -1: conflict */
  } rows[] = {
      {GW_SETUP_ACTPASS, GW_SETUP_ACTIVE, 1},  {GW_SETUP_ACTPASS, GW_SETUP_PASSIVE, 0},
      {GW_SETUP_ACTPASS, GW_SETUP_NONE, 1},    {GW_SETUP_ACTIVE, GW_SETUP_ACTPASS, 0},
      {GW_SETUP_PASSIVE, GW_SETUP_ACTPASS, 1}, {GW_SETUP_ACTIVE, GW_SETUP_PASSIVE, 0},
      {GW_SETUP_PASSIVE, GW_SETUP_ACTIVE, 1},  {GW_SETUP_ACTIVE, GW_SETUP_NONE, 0},
      {GW_SETUP_ACTIVE, GW_SETUP_ACTIVE, -1},  {GW_SETUP_PASSIVE, GW_SETUP_PASSIVE, -1},
      {GW_SETUP_NONE, GW_SETUP_ACTIVE, 1},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    gboolean server = FALSE, ok = gw_dtls_role(rows[i].local, rows[i].remote, &server);
    g_assert_cmpint(ok ? server : -1, ==, rows[i].server);
  }
}

/* Both through, then one side gives its state back: it says goodbye all the same, once, encrypted, and what comes late is no harm. */
static void test_settle(void) {
  for (guint server = 0; server < 2; server++) {
    side a, b;
    gw_srtp *in = NULL, *out = NULL;
    gsize n;
    side_new(&a);
    side_new(&b);
    side_open(&a, server, "sha-256", gw_identity_fingerprint(b.id));
    side_open(&b, !server, "sha-256", gw_identity_fingerprint(a.id));
    gw_dtls_settle(a.d); /* too early: nothing happens */
    shake(&a, &b);
    talk(&a, &b);
    gw_dtls_settle(a.d);
    gw_dtls_settle(a.d);
    g_assert_cmpint(gw_dtls_get_state(a.d), ==, GW_DTLS_DONE);
    g_assert_false(gw_dtls_sessions(a.d, &in, &out));
    gw_dtls_input(a.d, (const guint8 *)"\x16\xfe\xfd", 3);
    gw_dtls_timeout(a.d);
    g_assert_cmpuint(a.out.length, ==, 0);
    g_clear_pointer(&a.d, gw_dtls_free);
    g_assert_cmpuint(a.out.length, ==, 1);
    const guint8 *said = g_bytes_get_data(a.out.head->data, &n);
    g_assert_cmpuint(n, >, 13 + 2); /* more than the bare alert */
    g_assert_cmpuint(said[0], ==, 21);
    g_assert_cmpuint(said[4], ==, 1); /* epoch: that of the keys */
    gw_dtls_input(b.d, said, n);
    g_assert_cmpint(gw_dtls_get_state(b.d), ==, GW_DTLS_DONE);
    side_free(&a);
    side_free(&b);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_srtp_init();
  g_test_add_func("/media/dtls/suites", test_suites);
  g_test_add_func("/media/dtls/fingerprint", test_fingerprint);
  g_test_add_func("/media/dtls/junk", test_junk);
  g_test_add_func("/media/dtls/loss", test_loss);
  g_test_add_func("/media/dtls/last-flight", test_last_flight);
  g_test_add_func("/media/dtls/settle", test_settle);
  g_test_add_func("/media/dtls/role", test_role);
  int rc = g_test_run();
  gw_srtp_exit();
  return rc;
}
