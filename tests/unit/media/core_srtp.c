/* SRTP through the narrow door: both suites, and what an attacker may send. */
#include "gateway/media/seal.h"
#include "gateway/media/srtp.h"

#include "base/limits.h"
#include "gateway/media/rtp.h"

#include <string.h>

#define PAYLOAD 80
#define SSRC 0x1234

static const gw_srtp_suite suites[] = {GW_SRTP_AES_CM_128_HMAC_SHA1_80, GW_SRTP_AEAD_AES_128_GCM};
static const gsize tags[] = {10, 16};

typedef struct {
  gw_srtp *out, *in;
} pair;

static pair pair_new(gw_srtp_suite suite) {
  guint8 key[30];
  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guint8)(i * 7 + 1);
  pair p = {gw_srtp_new(suite, TRUE, key), gw_srtp_new(suite, FALSE, key)};
  g_assert_nonnull(p.out);
  g_assert_nonnull(p.in);
  return p;
}

static void pair_free(pair p) {
  gw_srtp_free(p.out);
  gw_srtp_free(p.in);
}

static gsize make_rtp(guint8 *buf, guint16 seq, guint32 ssrc) {
  gsize n = gw_rtp_write_header(buf, 111, FALSE, seq, seq * 960u, ssrc);
  for (guint i = 0; i < PAYLOAD; i++)
    buf[n + i] = (guint8)(seq + i);
  return n + PAYLOAD;
}

static gsize protected_rtp(gw_srtp *out, guint8 *buf, gsize cap, guint16 seq, guint32 ssrc) {
  gsize n = make_rtp(buf, seq, ssrc);
  g_assert_cmpint(gw_srtp_protect_rtp(out, buf, &n, cap), ==, GW_SRTP_OK);
  return n;
}

static void test_round_trip(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    for (guint i = 0; i < 70000; i += 37) { /* over a wrap of the sequence */
      guint8 plain[256], buf[256];
      gsize n = make_rtp(plain, (guint16)i, SSRC),
            m = protected_rtp(p.out, buf, sizeof buf, (guint16)i, SSRC);
      g_assert_cmpuint(m, ==, n + tags[k]);
      g_assert_true(memcmp(buf + 12, plain + 12, PAYLOAD) != 0);
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_OK);
      g_assert_cmpmem(buf, m, plain, n);
    }
    pair_free(p);
  }
}

static void test_key_len(void) {
  g_assert_cmpuint(gw_srtp_key_len(GW_SRTP_AES_CM_128_HMAC_SHA1_80), ==, 30);
  g_assert_cmpuint(gw_srtp_key_len(GW_SRTP_AEAD_AES_128_GCM), ==, 28);
}

static void test_replay(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 first[256], buf[256];
    gsize n = protected_rtp(p.out, first, sizeof first, 1, SSRC), m = n;
    memcpy(buf, first, n);
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_OK);
    for (guint i = 0; i < 100; i++) {
      m = n;
      memcpy(buf, first, n);
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_REPLAY);
      g_assert_cmpuint(m, ==, n);
    }
    for (guint i = 2; i < 2000; i++) { /* until it is older than the window */
      m = protected_rtp(p.out, buf, sizeof buf, (guint16)i, SSRC);
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_OK);
    }
    memcpy(buf, first, n);
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &n), ==, GW_SRTP_REPLAY);
    pair_free(p);
  }
}

/* Overtaken by up to the window is no replay. */
static void test_late(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 late[256], buf[256];
    gsize n = protected_rtp(p.out, late, sizeof late, 1, SSRC);
    for (guint i = 2; i < 1000; i++) {
      gsize m = protected_rtp(p.out, buf, sizeof buf, (guint16)i, SSRC);
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_OK);
    }
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, late, &n), ==, GW_SRTP_OK);
    pair_free(p);
  }
}

/* Each byte changed in turn is noticed, and the good packet still passes afterwards. */
static void test_tamper(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 good[256], buf[256];
    gsize n = protected_rtp(p.out, good, sizeof good, 1, SSRC), m;
    for (gsize i = 1; i < n; i++) {
      m = n;
      memcpy(buf, good, n);
      buf[i] ^= 0x40;
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), ==, GW_SRTP_AUTH);
    }
    for (gsize cut = 1; cut <= n; cut++) { /* stripped tag and shorter */
      m = n - cut;
      memcpy(buf, good, n);
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), !=, GW_SRTP_OK);
    }
    m = make_rtp(buf, 2, SSRC); /* no downgrade to plain RTP */
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), !=, GW_SRTP_OK);
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, good, &n), ==, GW_SRTP_OK);
    pair_free(p);
  }
}

static void test_junk(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(1);
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 buf[GW_MAX_DATAGRAM + 64];
    for (guint i = 0; i < 10000; i++) {
      gsize n = (gsize)g_rand_int_range(rnd, 0, 200);
      for (gsize b = 0; b < n; b++)
        buf[b] = (guint8)g_rand_int(rnd);
      if (n && i & 1) buf[0] = (guint8)(0x80 | (buf[0] & 0x3f));
      if (n > 1 && i & 2) buf[1] = 200;
      gsize m = n;
      g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &m), !=, GW_SRTP_OK);
      g_assert_cmpint(gw_srtp_unprotect_rtcp(p.in, buf, &n), !=, GW_SRTP_OK);
    }
    gsize n = sizeof buf;
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &n), ==, GW_SRTP_BAD);
    n = protected_rtp(p.out, buf, sizeof buf, 5, SSRC);
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &n), ==, GW_SRTP_OK);
    pair_free(p);
  }
}

static void test_rtcp(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 plain[128], buf[128], copy[128];
    for (guint i = 0; i < 50; i++) {
      gsize n = gw_rtcp_write(plain, sizeof plain, SSRC, 1, 2, 3, 4, NULL, "me"), m = n;
      memcpy(buf, plain, n);
      g_assert_cmpint(gw_srtp_protect_rtcp(p.out, buf, &m, sizeof buf), ==, GW_SRTP_OK);
      g_assert_cmpuint(m, ==, n + tags[k] + 4);
      memcpy(copy, buf, m);
      gsize c = m;
      copy[9] ^= 1;
      g_assert_cmpint(gw_srtp_unprotect_rtcp(p.in, copy, &c), ==, GW_SRTP_AUTH);
      memcpy(copy, buf, m);
      g_assert_cmpint(gw_srtp_unprotect_rtcp(p.in, buf, &m), ==, GW_SRTP_OK);
      g_assert_cmpmem(buf, m, plain, n);
      g_assert_cmpint(gw_srtp_unprotect_rtcp(p.in, copy, &c), ==, GW_SRTP_REPLAY);
    }
    pair_free(p);
  }
}

/* Many sources are fine, endless ones are not; those known keep working. */
static void test_sources(void) {
  pair p = pair_new(GW_SRTP_AEAD_AES_128_GCM);
  guint8 buf[256];
  guint ok = 0;
  for (guint32 s = 1; s <= 1000; s++) {
    gsize n = protected_rtp(p.out, buf, sizeof buf, 1, s);
    ok += gw_srtp_unprotect_rtp(p.in, buf, &n) == GW_SRTP_OK;
  }
  g_assert_cmpuint(ok, ==, GW_MAX_SRTP_SSRCS);
  for (guint32 s = 1; s <= GW_MAX_SRTP_SSRCS; s++) {
    gsize n = protected_rtp(p.out, buf, sizeof buf, 2, s);
    g_assert_cmpint(gw_srtp_unprotect_rtp(p.in, buf, &n), ==, GW_SRTP_OK);
  }
  pair_free(p);
}

static void test_bounds(void) {
  pair p = pair_new(GW_SRTP_AES_CM_128_HMAC_SHA1_80);
  guint8 buf[256];
  gsize n = make_rtp(buf, 1, SSRC);
  g_assert_cmpint(gw_srtp_protect_rtp(p.out, buf, &n, n + 31), ==, GW_SRTP_BAD);
  g_assert_cmpint(gw_srtp_protect_rtp(p.out, buf, &n, n + 32), ==, GW_SRTP_OK);
  g_assert_cmpint(gw_srtp_protect_rtp(p.in, buf, &n, sizeof buf), ==, GW_SRTP_BAD);
  g_assert_cmpint(gw_srtp_unprotect_rtp(p.out, buf, &n), ==, GW_SRTP_BAD);
  n = 5;
  g_assert_cmpint(gw_srtp_protect_rtp(p.out, buf, &n, sizeof buf), ==, GW_SRTP_BAD);
  g_assert_cmpint(gw_srtp_protect_rtcp(p.out, buf, &n, sizeof buf), ==, GW_SRTP_BAD);
  pair_free(p);
}

/* An encryption that moves keeps its counters: over a wrap of the sequence the phone still understands, and what it has
 * said once is not believed again. */
static void test_seal_take(void) {
  pair phone = pair_new(GW_SRTP_AES_CM_128_HMAC_SHA1_80),
       ours = pair_new(GW_SRTP_AES_CM_128_HMAC_SHA1_80);
  gw_seal old = {.in = ours.in, .out = ours.out, .own = {1}}, heir = {0};
  guint8 said[256], copy[256], buf[256];
  gsize n_said = protected_rtp(phone.out, said, sizeof said, 9, SSRC), n = n_said;
  memcpy(copy, said, n);
  g_assert_true(gw_seal_open(&old, copy, &n, FALSE));
  for (guint i = 65000; i < 66000; i++) {
    if (i == 65600) gw_seal_take(&heir, &old);
    n = make_rtp(buf, (guint16)i, SSRC);
    g_assert_true(gw_seal_close(i < 65600 ? &old : &heir, buf, &n, sizeof buf, FALSE));
    g_assert_cmpint(gw_srtp_unprotect_rtp(phone.in, buf, &n), ==, GW_SRTP_OK);
  }
  g_assert_false(gw_seal_on(&old));
  g_assert_cmpuint(heir.own[0], ==, 1);
  g_assert_false(gw_seal_open(&heir, said, &n_said, FALSE));
  gw_seal_clear(&heir);
  gw_seal_clear(&old);
  pair_free(phone);
}

static void test_init_again(void) {
  gw_srtp_init();
  gw_srtp_exit();
  gw_srtp_exit();
  gw_srtp_init();
  pair_free(pair_new(GW_SRTP_AEAD_AES_128_GCM));
}

/* ---- the two that can do the work, against each other: what one writes the other reads, byte for byte */

typedef struct {
  pair lib, evp;
} both;

static both both_new(gw_srtp_suite suite) {
  both b;
  g_assert_true(gw_srtp_use("libsrtp2"));
  b.lib = pair_new(suite);
  g_assert_true(gw_srtp_use("openssl"));
  b.evp = pair_new(suite);
  return b;
}

static void both_free(both *b) {
  pair_free(b->lib);
  pair_free(b->evp);
}

/* With CSRCs and an extension now and then, also with no payload at all. */
static gsize odd_rtp(GRand *rnd, guint8 *buf, guint16 seq) {
  gsize n = gw_rtp_write_header(buf, 111, FALSE, seq, seq * 960u, SSRC);
  guint csrcs = (guint)g_rand_int_range(rnd, 0, 3), words = (guint)g_rand_int_range(rnd, 0, 4);
  buf[0] |= (guint8)csrcs;
  n += csrcs * 4;
  if (words) {
    buf[0] |= 0x10;
    memcpy(buf + n, (guint8[]){0xBE, 0xDE, 0, (guint8)words}, 4);
    n += 4 + words * 4;
  }
  gsize end = n + (gsize)g_rand_int_range(rnd, 0, 200);
  for (gsize i = 12; i < end; i++)
    if (i < 12 + csrcs * 4 || i >= 16 + csrcs * 4 || !words) buf[i] = (guint8)g_rand_int(rnd);
  return end;
}

static void test_same_rtp(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(11);
  for (guint k = 0; k < 2; k++) {
    both b = both_new(suites[k]);
    for (guint i = 60000; i < 60000 + 150000; i += (guint)g_rand_int_range(rnd, 1, 6)) { /* two wraps */
      guint8 plain[512], x[512], y[512];
      gsize n = odd_rtp(rnd, plain, (guint16)i), nx = n, ny = n;
      memcpy(x, plain, n);
      memcpy(y, plain, n);
      g_assert_cmpint(gw_srtp_protect_rtp(b.lib.out, x, &nx, sizeof x), ==, GW_SRTP_OK);
      g_assert_cmpint(gw_srtp_protect_rtp(b.evp.out, y, &ny, sizeof y), ==, GW_SRTP_OK);
      g_assert_cmpmem(x, nx, y, ny);
      g_assert_cmpint(gw_srtp_unprotect_rtp(b.evp.in, x, &nx), ==, GW_SRTP_OK);
      g_assert_cmpint(gw_srtp_unprotect_rtp(b.lib.in, y, &ny), ==, GW_SRTP_OK);
      g_assert_cmpmem(x, nx, plain, n);
      g_assert_cmpmem(y, ny, plain, n);
    }
    both_free(&b);
  }
}

static void test_same_rtcp(void) {
  for (guint k = 0; k < 2; k++) {
    both b = both_new(suites[k]);
    for (guint i = 0; i < 3000; i++) {
      guint8 plain[256], x[256], y[256];
      gsize n = gw_rtcp_write(plain, sizeof plain, SSRC, i, 2, i & 1, 4, NULL, "name"), nx = n, ny = n;
      memcpy(x, plain, n);
      memcpy(y, plain, n);
      g_assert_cmpint(gw_srtp_protect_rtcp(b.lib.out, x, &nx, sizeof x), ==, GW_SRTP_OK);
      g_assert_cmpint(gw_srtp_protect_rtcp(b.evp.out, y, &ny, sizeof y), ==, GW_SRTP_OK);
      g_assert_cmpmem(x, nx, y, ny);
      g_assert_cmpint(gw_srtp_unprotect_rtcp(b.evp.in, x, &nx), ==, GW_SRTP_OK);
      g_assert_cmpint(gw_srtp_unprotect_rtcp(b.lib.in, y, &ny), ==, GW_SRTP_OK);
      g_assert_cmpmem(x, nx, plain, n);
    }
    both_free(&b);
  }
}

/* A network that loses, repeats, overtakes and changes packets, over wraps: both believe the same ones. */
static void test_same_verdict(void) {
  enum { KEPT = 2048 };
  g_autoptr(GRand) rnd = g_rand_new_with_seed(12);
  for (guint k = 0; k < 2; k++) {
    both b = both_new(suites[k]);
    static guint8 sent[KEPT][256];
    static gsize len[KEPT];
    guint verdicts[4] = {0};
    for (guint i = 0; i < 140000; i++) {
      len[i % KEPT] = protected_rtp(b.lib.out, sent[i % KEPT], sizeof sent[0], (guint16)(i + 65000), SSRC);
      if (g_rand_int_range(rnd, 0, 10) == 0) continue;
      guint back = g_rand_int_range(rnd, 0, 4) ? 0 : (guint)g_rand_int_range(rnd, 0, (gint)MIN(i + 1, KEPT));
      guint8 x[256], y[256];
      gsize nx = len[(i - back) % KEPT], ny = nx;
      memcpy(x, sent[(i - back) % KEPT], nx);
      if (g_rand_int_range(rnd, 0, 20) == 0) x[g_rand_int_range(rnd, 12, (gint)nx)] ^= 1;
      memcpy(y, x, nx);
      gw_srtp_result rx = gw_srtp_unprotect_rtp(b.lib.in, x, &nx), ry = gw_srtp_unprotect_rtp(b.evp.in, y, &ny);
      g_assert_cmpint(rx, ==, ry);
      if (rx == GW_SRTP_OK) g_assert_cmpmem(x, nx, y, ny);
      verdicts[rx]++;
    }
    g_assert_cmpuint(verdicts[GW_SRTP_OK], >, 90000);
    g_assert_cmpuint(MIN(verdicts[GW_SRTP_REPLAY], verdicts[GW_SRTP_AUTH]), >, 1000);
    both_free(&b);
  }
}

/* The same key stream never twice. */
static void test_sent_once(void) {
  for (guint k = 0; k < 2; k++) {
    pair p = pair_new(suites[k]);
    guint8 buf[256];
    gsize n = protected_rtp(p.out, buf, sizeof buf, 7, SSRC);
    n = make_rtp(buf, 7, SSRC);
    g_assert_cmpint(gw_srtp_protect_rtp(p.out, buf, &n, sizeof buf), ==, GW_SRTP_REPLAY);
    pair_free(p);
  }
}

static void test_words(void) {
  g_assert_false(gw_srtp_use("gnutls"));
  g_assert_true(gw_srtp_use("libsrtp2"));
  g_assert_true(gw_srtp_use(NULL));
}

static void add_all(const char *backend, const char *path, void (*test)(void)) {
  g_autofree char *name = g_strdup_printf("/srtp/%s/%s", backend, path);
  g_test_add_func(name, test);
}

static int run_with(const char *backend) {
  g_assert_true(gw_srtp_use(backend));
  return g_test_run();
}

int main(int argc, char **argv) {
  const char *backend = argc > 1 && g_str_equal(argv[argc - 1], "libsrtp2") ? "libsrtp2" : "openssl";
  g_test_init(&argc, &argv, NULL);
  gw_srtp_init();
  add_all(backend, "round-trip", test_round_trip);
  add_all(backend, "key-len", test_key_len);
  add_all(backend, "replay", test_replay);
  add_all(backend, "late", test_late);
  add_all(backend, "tamper", test_tamper);
  add_all(backend, "junk", test_junk);
  add_all(backend, "rtcp", test_rtcp);
  add_all(backend, "sources", test_sources);
  add_all(backend, "bounds", test_bounds);
  add_all(backend, "seal-take", test_seal_take);
  add_all(backend, "init-again", test_init_again);
  add_all(backend, "sent-once", test_sent_once);
  if (g_str_equal(backend, "openssl")) {
    g_test_add_func("/srtp/same/rtp", test_same_rtp);
    g_test_add_func("/srtp/same/rtcp", test_same_rtcp);
    g_test_add_func("/srtp/same/verdict", test_same_verdict);
    g_test_add_func("/srtp/words", test_words);
  }
  int rc = run_with(backend);
  gw_srtp_exit();
  return rc;
}
