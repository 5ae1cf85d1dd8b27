/* test_parts.c - the pure parts: digest, guard, bindings, key presses. */
#include "base/clock.h"
#include "base/limits.h"
#include "sip/bindings.h"
#include "sip/crowd.h"
#include "sip/digest.h"
#include "sip/dtmf.h"
#include "sip/guard.h"
#include "sip/keepalive.h"
#include <string.h>

/* -- digest -- */

static const guint8 secret[32] = {1, 2, 3};

static void test_digest_example(void) { /* RFC 2617 3.5 */
  gw_digest_reply r = {.username = (char *)"Mufasa",
                       .realm = (char *)"testrealm@host.com",
                       .nonce = (char *)"dcd98b7102dd2f0e8b11d0f600bfb0c093",
                       .uri = (char *)"/dir/index.html",
                       .nc = (char *)"00000001",
                       .cnonce = (char *)"0a4f113b",
                       .qop = (char *)"auth"};
  g_autofree char *got = gw_digest_response(&r, "GET", "Circle Of Life");
  g_assert_cmpstr(got, ==, "6629fae49393a05397450978507c4ef1");
  r.qop = NULL; /* RFC 2069 form of the same */
  g_autofree char *old = gw_digest_response(&r, "GET", "Circle Of Life");
  g_assert_cmpstr(old, ==, "670fd8c2df070c60b045671b8b24ff02");
}

static char *nonce_of(gw_digest *d, const char *source, gint64 now) {
  g_autofree char *challenge = gw_digest_challenge(d, source, now, FALSE);
  const char *p = strstr(challenge, "nonce=\"") + strlen("nonce=\"");
  return g_strndup(p, strcspn(p, "\""));
}

typedef struct {
  const char *user, *password, *realm, *uri, *algorithm, *qop;
  guint nc;
} attempt;

static gw_digest_result try(gw_digest *d, const char *nonce, attempt a, const char *known,
                            const char *source, gint64 now) {
  g_autofree char *nc = g_strdup_printf("%08x", a.nc);
  gw_digest_reply r = {.username = (char *)(a.user ? a.user : "100"),
                       .realm = (char *)(a.realm ? a.realm : "r"),
                       .nonce = (char *)nonce,
                       .uri = (char *)(a.uri ? a.uri : "sip:8000@h"),
                       .algorithm = (char *)a.algorithm,
                       .cnonce = (char *)"c",
                       .nc = nc,
                       .qop = (char *)a.qop};
  g_autofree char *response = gw_digest_response(&r, "INVITE", a.password ? a.password : "pw");
  r.response = response;
  return gw_digest_check(d, &r, "INVITE", "sip:8000@H:5060;transport=udp", known, source, now);
}

static void test_digest_check(void) {
  const gint64 t = GW_SEC(1000);
  static const struct {
    attempt a;
    gw_digest_result result;
  } rows[] = {{{.qop = "auth", .nc = 1}, GW_DIGEST_OK},
              {{.qop = "AUTH", .nc = 1}, GW_DIGEST_OK},
              {{.qop = NULL}, GW_DIGEST_OK},
              {{.qop = "auth", .nc = 1, .algorithm = "md5"}, GW_DIGEST_OK},
              {{.qop = "auth", .nc = 1, .uri = "sip:8000@h:9;x=y"}, GW_DIGEST_OK},
              {{.qop = "auth", .nc = 1, .password = "wrong"}, GW_DIGEST_WRONG},
              {{.qop = NULL, .password = "wrong"}, GW_DIGEST_WRONG},
              {{.qop = "auth", .nc = 0}, GW_DIGEST_BAD},
              {{.qop = "auth-int", .nc = 1}, GW_DIGEST_BAD},
              {{.qop = "auth", .nc = 1, .algorithm = "SHA-256"}, GW_DIGEST_BAD},
              {{.qop = "auth", .nc = 1, .realm = "other"}, GW_DIGEST_BAD},
              {{.qop = "auth", .nc = 1, .uri = "sip:h:5060"}, GW_DIGEST_OK},
              {{.qop = "auth", .nc = 1, .uri = "sip:other"}, GW_DIGEST_BAD},
              {{.qop = "auth", .nc = 1, .uri = "sip:9000@h"}, GW_DIGEST_BAD}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_digest) d = gw_digest_new("r", secret);
    g_autofree char *nonce = nonce_of(d, "192.0.2.1", t);
    g_assert_cmpint(try(d, nonce, rows[i].a, "pw", "192.0.2.1", t), ==, rows[i].result);
  }
}

static void test_digest_life(void) {
  g_autoptr(gw_digest) d = gw_digest_new("r", secret);
  const gint64 t = GW_SEC(1000), old = t + GW_SEC(GW_NONCE_SECONDS);
  g_autofree char *nonce = nonce_of(d, "a", t);
  const attempt right = {.qop = "auth", .nc = 1}, wrong = {.qop = "auth", .nc = 1, .password = "x"};
  g_assert_cmpint(try(d, nonce, right, "pw", "a", old), ==, GW_DIGEST_STALE);
  g_assert_cmpint(try(d, nonce, wrong, "pw", "a", old), ==, GW_DIGEST_WRONG);
  g_assert_cmpint(try(d, nonce, right, "pw", "a", t - 1), ==, GW_DIGEST_STALE);
  g_assert_cmpint(try(d, nonce, right, "pw", "a", old - 1), ==, GW_DIGEST_OK);
  g_assert_cmpint(try(d, nonce, right, "pw", "b", t), ==,
                  GW_DIGEST_STALE); /* of another source: no word on the password */
  g_assert_cmpint(try(d, nonce, wrong, "pw", "b", t), ==, GW_DIGEST_STALE);
  g_assert_cmpint(try(d, nonce, (attempt){.qop = "auth", .nc = 9}, NULL, "a", t), ==,
                  GW_DIGEST_WRONG);
  guint8 other[32] = {9};
  g_autoptr(gw_digest) later = gw_digest_new("r", other); /* after a restart */
  g_assert_cmpint(try(later, nonce, right, "pw", "a", t), ==, GW_DIGEST_STALE);
}

static void test_digest_replay(void) {
  g_autoptr(gw_digest) d = gw_digest_new("r", secret);
  g_autofree char *nonce = nonce_of(d, "a", 1), *once = nonce_of(d, "a", 1);
  static const struct {
    guint nc;
    gw_digest_result result;
  } rows[] = {{1, GW_DIGEST_OK},
              {1, GW_DIGEST_STALE},
              {3, GW_DIGEST_OK},
              {2, GW_DIGEST_STALE},
              {4, GW_DIGEST_OK}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(try(d, nonce, (attempt){.qop = "auth", .nc = rows[i].nc}, "pw", "a", 2), ==,
                    rows[i].result);
  g_assert_cmpint(try(d, once, (attempt){0}, "pw", "a", 2), ==, GW_DIGEST_OK);
  g_assert_cmpint(try(d, once, (attempt){0}, "pw", "a", 2), ==, GW_DIGEST_STALE);
  g_assert_cmpint(try(d, once, (attempt){.qop = "auth", .nc = 5}, "pw", "a", 2), ==,
                  GW_DIGEST_STALE);
}

/* The table of used nonces is bounded, and one that was pushed out of it is not new again. */
static void test_digest_bounded(void) {
  g_autoptr(gw_digest) d = gw_digest_new("r", secret);
  g_autofree char *first = nonce_of(d, "a", 1);
  g_assert_cmpint(try(d, first, (attempt){.qop = "auth", .nc = 1}, "pw", "a", 2), ==, GW_DIGEST_OK);
  for (guint i = 0; i < GW_NONCES_REMEMBERED + 10; i++) {
    g_autofree char *nonce = nonce_of(d, "a", 1);
    g_assert_cmpint(try(d, nonce, (attempt){.qop = "auth", .nc = 1}, "pw", "a", 2), ==,
                    GW_DIGEST_OK);
  }
  g_assert_cmpuint(gw_digest_remembered(d), ==, GW_NONCES_REMEMBERED);
  g_assert_cmpint(try(d, first, (attempt){.qop = "auth", .nc = 1}, "pw", "a", 2), ==,
                  GW_DIGEST_STALE);
}

static void test_digest_unique(void) {
  g_autoptr(gw_digest) d = gw_digest_new("r", secret);
  g_autofree char *a = nonce_of(d, "x", 5), *b = nonce_of(d, "x", 5);
  g_assert_cmpstr(a, !=, b);
  g_autofree char *stale = gw_digest_challenge(d, "x", 5, TRUE);
  g_assert_nonnull(strstr(stale, "stale=true"));
  g_assert_nonnull(strstr(stale, "realm=\"r\""));
  g_assert_nonnull(strstr(stale, "qop=\"auth\""));
}

static void test_digest_parse(void) {
  static const char *const params[] = {
      "username=\"a\\\"b\"", "REALM=\"r\"",         "nc=00000001", "qop=auth", "strange",
      "uri=\"sip:x\"",       "username=\"second\"", NULL};
  g_auto(gw_digest_reply) r = {0};
  gw_digest_reply_parse(params, &r);
  g_assert_cmpstr(r.username, ==, "a\"b");
  g_assert_cmpstr(r.realm, ==, "r");
  g_assert_cmpstr(r.nc, ==, "00000001");
  g_assert_null(r.nonce);
  g_autoptr(gw_digest) d = gw_digest_new("r", secret);
  g_assert_cmpint(gw_digest_check(d, &r, "INVITE", "sip:x", "pw", "a", 1), ==, GW_DIGEST_BAD);
}

/* -- guard -- */

static void test_guard(void) {
  g_autoptr(gw_guard) g = gw_guard_new(100);
  gint64 t = GW_SEC(100);
  for (guint i = 0; i < 4; i++)
    g_assert_false(gw_guard_failed(g, "a", 5, t));
  g_assert_cmpint(gw_guard_banned_us(g, "a", t), ==, 0);
  g_assert_true(gw_guard_failed(g, "a", 5, t));
  g_assert_cmpint(gw_guard_banned_us(g, "a", t), ==, GW_SEC(30));
  g_assert_cmpint(gw_guard_banned_us(g, "b", t), ==, 0);
  g_assert_cmpint(gw_guard_banned_us(g, "a", t + GW_SEC(30)), ==, 0);
  gint64 ban = 0;
  for (guint n = 0; n < 12; n++) { /* each ban doubles, up to an hour */
    t += MAX(ban, GW_SEC(30));
    for (guint i = 0; i < 5; i++)
      gw_guard_failed(g, "a", 5, t);
    gint64 next = gw_guard_banned_us(g, "a", t);
    g_assert_cmpint(next, ==, MIN(n ? ban * 2 : GW_SEC(60), GW_SEC(3600)));
    ban = next;
  }
  gw_guard_ok(g, "a");
  g_assert_cmpint(gw_guard_banned_us(g, "a", t), ==, 0);
  for (guint i = 0; i < 100; i++)
    g_assert_false(gw_guard_failed(g, "slow", 5, t += GW_SEC(20))); /* four a minute */
}

static void test_guard_bounded(void) {
  g_autoptr(gw_guard) g = gw_guard_new(3);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *key = g_strdup_printf("%u", i);
    gw_guard_failed(g, key, 1, i);
    g_assert_cmpuint(gw_guard_keys(g), <=, 3);
  }
  g_assert_cmpint(gw_guard_banned_us(g, "99", 99), >, 0);
  g_assert_cmpint(gw_guard_banned_us(g, "1", 99), ==, 0);
}

static void test_guard_bans(void) {
  g_autoptr(gw_guard) g = gw_guard_new(100);
  gw_guard_ban bans[2];
  g_assert_cmpuint(gw_guard_bans(g, 0, bans, 2), ==, 0);
  gw_guard_failed(g, "innocent", 5, GW_SEC(1));
  gw_guard_failed(g, "a", 1, GW_SEC(1));
  gw_guard_failed(g, "b", 1, GW_SEC(2));
  gw_guard_failed(g, "c", 1, GW_SEC(3));
  g_assert_cmpuint(gw_guard_bans(g, GW_SEC(4), bans, 2), ==, 3);
  g_assert_cmpstr(bans[0].key, ==, "c");
  g_assert_cmpint(bans[0].left_us, ==, GW_SEC(29));
  g_assert_cmpstr(bans[1].key, ==, "b");
  g_assert_cmpuint(gw_guard_bans(g, GW_SEC(32), bans, 2), ==, 1);
  g_assert_cmpuint(gw_guard_bans(g, GW_SEC(40), NULL, 0), ==, 0);
}

static void test_guard_source(void) {
  static const char *const rows[][2] = {
      {"192.0.2.7", "192.0.2.7"},         {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
      {"2001:db8:1:2::", "2001:db8:1:2::/64"}, {"::1", "::1"},
      {"::ffff:192.0.2.7", "::ffff:192.0.2.7"}, {"", ""}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = gw_guard_source(rows[i][0]);
    g_assert_cmpstr(got, ==, rows[i][1]);
  }
}

/* -- crowd -- */

static guint crowd(gw_crowd_member *m, guint from, guint n, const char *ip, guint idle_ms, gboolean known) {
  for (guint i = from; i < from + n; i++) {
    m[i] = (gw_crowd_member){.idle_ms = idle_ms + i, .known = known};
    g_strlcpy(m[i].ip, ip, sizeof m[i].ip);
  }
  return from + n;
}

static guint kept(const gw_crowd_member *m, guint from, guint n) {
  guint count = 0;
  for (guint i = from; i < from + n; i++)
    count += !m[i].drop;
  return count;
}

static void test_crowd(void) {
  g_autofree gw_crowd_member *m = g_new(gw_crowd_member, 4000);
  guint n = crowd(m, 0, 40, "192.0.2.1", 0, FALSE);
  g_assert_cmpuint(gw_crowd_judge(m, n), ==, 0);
  n = crowd(m, n, 100, "192.0.2.2", 0, TRUE); /* an office behind NAT */
  n = crowd(m, n, 30, "192.0.2.3", GW_CROWD_IDLE_MS + 1, FALSE);
  n = crowd(m, n, 10, "192.0.2.4", GW_CROWD_IDLE_MS + 1, TRUE);
  g_assert_cmpuint(gw_crowd_judge(m, n), ==, 30);
  g_assert_cmpuint(kept(m, 140, 30), ==, 0);
  n = crowd(m, n, 1000, "192.0.2.5", 100, FALSE); /* one source */
  g_assert_cmpuint(gw_crowd_judge(m, n), ==, 30 + 1000 - GW_CROWD_PER_SOURCE);
  g_assert_cmpuint(kept(m, 0, 140), ==, 140);
  g_assert_cmpuint(kept(m, 180, GW_CROWD_PER_SOURCE), ==, GW_CROWD_PER_SOURCE); /* those that said something last */
  for (guint i = 0; i < 1000; i++) { /* many sources */
    g_autofree char *ip = g_strdup_printf("198.51.100.%u", i % 200);
    n = crowd(m, n, 1, ip, 500, FALSE);
  }
  gw_crowd_judge(m, n);
  g_assert_cmpuint(kept(m, 0, n), ==, 110 + GW_CROWD_STRANGERS);
  g_assert_cmpuint(gw_crowd_judge(m, 0), ==, 0);
}

/* -- bindings -- */

static gw_bound_change put(gw_bindings *t, const char *contact, const char *instance,
                           const char *call_id, guint32 cseq, gint64 expires) {
  gw_bound b = {.number = (char *)"100",
                .contact = (char *)contact,
                .instance = (char *)instance,
                .source = (char *)"udp:192.0.2.1:5",
                .user_agent = (char *)"ua",
                .call_id = (char *)call_id,
                .cseq = cseq,
                .expires_us = expires};
  return gw_bindings_put(t, &b);
}

static void test_bindings(void) {
  g_autoptr(gw_bindings) t = gw_bindings_new();
  const gw_bound *all[16];
  g_assert_cmpint(gw_bindings_next_us(t), ==, GW_NEVER);
  g_assert_cmpint(put(t, "sip:a", "", "c", 1, 1000), ==, GW_BOUND_ADDED);
  g_assert_cmpint(put(t, "sip:a", "", "c", 2, 2000), ==, GW_BOUND_REFRESHED);
  g_assert_cmpint(put(t, "sip:a", "", "c", 2, 3000), ==, GW_BOUND_OLD);
  g_assert_cmpint(put(t, "sip:a", "", "c", 1, 0), ==, GW_BOUND_OLD);
  g_assert_cmpint(put(t, "sip:a", "", "d", 1, 2500), ==,
                  GW_BOUND_REFRESHED); /* restarted phone: new Call-ID */
  g_assert_cmpint(put(t, "sip:b", "<urn:x>", "e", 1, 1500), ==, GW_BOUND_ADDED);
  g_assert_cmpint(put(t, "sip:c", "<urn:x>", "f", 1, 1600), ==,
                  GW_BOUND_REFRESHED); /* same device, new address */
  g_assert_cmpint(put(t, "sip:z", "", "g", 1, 0), ==, GW_BOUND_UNKNOWN);
  g_assert_cmpuint(gw_bindings_get(t, "100", 1000, all, 16), ==, 2);
  g_assert_cmpstr(all[0]->contact, ==, "sip:a");
  g_assert_cmpstr(all[1]->contact, ==, "sip:c");
  g_assert_cmpuint(gw_bindings_get(t, "100", 1600, all, 16), ==, 1);
  g_assert_cmpuint(gw_bindings_get(t, "101", 0, all, 16), ==, 0);
  g_assert_cmpint(gw_bindings_next_us(t), ==, 1600);
  g_assert_null(gw_bindings_take_expired(t, 1599));
  g_autoptr(gw_bound) gone = gw_bindings_take_expired(t, 1600);
  g_assert_cmpstr(gone->contact, ==, "sip:c");
  g_assert_cmpint(put(t, "sip:a", "", "d", 2, 0), ==, GW_BOUND_GONE);
  g_assert_cmpuint(gw_bindings_count(t), ==, 0);
  g_assert_null(gw_bindings_take(t, "100"));
}

static void test_bindings_bounded(void) {
  g_autoptr(gw_bindings) t = gw_bindings_new();
  for (guint i = 0; i < 50; i++) {
    g_autofree char *contact = g_strdup_printf("sip:%u", i);
    g_assert_cmpint(put(t, contact, "", "c", i + 1, 1000), ==,
                    i < GW_MAX_BINDINGS ? GW_BOUND_ADDED : GW_BOUND_FULL);
  }
  g_assert_cmpuint(gw_bindings_count(t), ==, GW_MAX_BINDINGS);
  g_assert_cmpint(put(t, "sip:0", "", "d", 1, 2000), ==, GW_BOUND_REFRESHED);
  guint n = 0;
  for (gw_bound *b; (b = gw_bindings_take(t, "100")); n++)
    gw_bound_free(b);
  g_assert_cmpuint(n, ==, GW_MAX_BINDINGS);
}

/* -- key presses -- */

static void test_dtmf(void) {
  static const struct {
    const char *type, *body;
    char digit; /* 0: refused */
    guint ms;
  } rows[] = {{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5', 160},
              {"application/dtmf-relay", "Signal= *\nDuration= 99999999999999\n", '*', 6000},
              {"Application/DTMF-Relay", "duration=10\nsignal=d", 'D', 10},
              {"application/dtmf-relay", "Signal=#", '#', 100},
              {"application/dtmf", "7", '7', 100},
              {"application/dtmf", " # \r\n", '#', 100},
              {"application/dtmf", "", 0, 0},
              {"application/dtmf", "x", 0, 0},
              {"application/dtmf-relay", "Signal=\r\n", 0, 0},
              {"application/dtmf-relay", "Signal=!\r\n", 0, 0},
              {"application/dtmf-relay", "", 0, 0},
              {"text/plain", "5", 0, 0},
              {NULL, "5", 0, 0}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    char digit = 0;
    guint ms = 0;
    gboolean ok = gw_dtmf_parse(rows[i].type, rows[i].body, strlen(rows[i].body), &digit, &ms);
    g_assert_cmpint(ok, ==, rows[i].digit != 0);
    g_assert_cmpint(digit, ==, rows[i].digit);
    g_assert_cmpuint(ms, ==, rows[i].ms);
  }
  char digit;
  guint ms;
  g_autofree char *body = gw_dtmf_print('B', 200), *big = g_strnfill(1000, '5');
  g_assert_true(gw_dtmf_parse("application/dtmf-relay", body, strlen(body), &digit, &ms));
  g_assert_cmpint(digit, ==, 'B');
  g_assert_cmpuint(ms, ==, 200);
  g_assert_false(gw_dtmf_parse("application/dtmf", big, 1000, &digit, &ms));
}

/* Every source has one turn in each round, however late the beats are, and never two. */
static void test_keepalive(void) {
  static const struct {
    const char *source;
    gboolean wanted;
  } rows[] = {{"udp:192.0.2.7:49152", TRUE},    {"udp:[2001:db8::7]:5060", TRUE},
              {"udp:127.0.0.1:5060", FALSE},    {"udp:[::1]:5060", FALSE},
              {"tcp:192.0.2.7:49152", FALSE},   {"tls:[2001:db8::7]:5061", FALSE},
              {"udp:128.0.0.1:5060", TRUE},     {"", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(gw_keepalive_wanted(rows[i].source), ==, rows[i].wanted);
  guint busiest = 0, asked[GW_KEEPALIVE_SECONDS] = {0};
  for (guint n = 0; n < 1000; n++) {
    g_autofree char *source = g_strdup_printf("udp:192.0.2.%u:%u", n % 250, 1024 + n * 7);
    for (gint64 at = 1000; at < 1000 + GW_KEEPALIVE_SECONDS; at++)
      asked[at - 1000] += gw_keepalive_due(source, at - 1, at);
    for (gint64 step = 1; step <= GW_KEEPALIVE_SECONDS; step++) { /* a loop that turns slowly */
      guint turns = 0;
      for (gint64 at = 0; at < step * GW_KEEPALIVE_SECONDS; at += step)
        turns += gw_keepalive_due(source, 5000 + at, 5000 + at + step);
      g_assert_cmpuint(turns, ==, step);
    }
    g_assert_true(gw_keepalive_due(source, 5000, 6000)); /* asleep for long: once */
    g_assert_false(gw_keepalive_due(source, 5000, 5000));
  }
  for (guint i = 0; i < GW_KEEPALIVE_SECONDS; i++)
    busiest = MAX(busiest, asked[i]);
  g_assert_cmpuint(busiest, <, 4 * 1000 / GW_KEEPALIVE_SECONDS);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/digest/example", test_digest_example);
  g_test_add_func("/sip/digest/check", test_digest_check);
  g_test_add_func("/sip/digest/life", test_digest_life);
  g_test_add_func("/sip/digest/replay", test_digest_replay);
  g_test_add_func("/sip/digest/bounded", test_digest_bounded);
  g_test_add_func("/sip/digest/unique", test_digest_unique);
  g_test_add_func("/sip/digest/parse", test_digest_parse);
  g_test_add_func("/sip/guard/bans", test_guard);
  g_test_add_func("/sip/guard/bounded", test_guard_bounded);
  g_test_add_func("/sip/guard/list", test_guard_bans);
  g_test_add_func("/sip/guard/source", test_guard_source);
  g_test_add_func("/sip/crowd/judge", test_crowd);
  g_test_add_func("/sip/bindings/table", test_bindings);
  g_test_add_func("/sip/bindings/bounded", test_bindings_bounded);
  g_test_add_func("/sip/keepalive/turns", test_keepalive);
  g_test_add_func("/sip/dtmf/bodies", test_dtmf);
  return g_test_run();
}
