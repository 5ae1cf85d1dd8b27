/* The filter in the kernel: what it keeps back, and that this is counted. */
#include "gateway/media/thin.h"
#include <string.h>
#include <unistd.h>

typedef struct {
  int in, out, stranger;
  gw_addr at;
} wire;

static int bound(const char *ip, gw_addr *ret) {
  gw_addr_parse(ip, 0, ret);
  int fd = socket(ret->u.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_assert_cmpint(bind(fd, &ret->u.sa, ret->len), ==, 0);
  ret->len = sizeof ret->u;
  g_assert_cmpint(getsockname(fd, &ret->u.sa, &ret->len), ==, 0);
  return fd;
}

static void send_one(const wire *w, int fd, guint8 first, guint8 second, guint16 seq, gsize n) {
  guint8 data[200] = {first, second, (guint8)(seq >> 8), (guint8)seq};
  g_assert_cmpint(sendto(fd, data, n, 0, &w->at.u.sa, w->at.len), ==, (gssize)n);
}

static guint arrived(const wire *w) {
  guint8 data[200];
  guint n = 0;
  while (recv(w->in, data, sizeof data, 0) >= 0)
    n++;
  return n;
}

static void check(const char *ip) {
  static const struct {
    const char *what;
    gboolean stranger;
    guint8 first, second;
    guint16 seq;
    gsize n;
    gboolean through;
  } rows[] = {
      {"voice", FALSE, 0x80, 111, 1, 60, FALSE},
      {"with an extension", FALSE, 0x90, 111, 31, 60, FALSE},
      {"one of many", FALSE, 0x80, 111, 32, 60, TRUE},
      {"one of many", FALSE, 0x80, 111, 0, 60, TRUE},
      {"the next", FALSE, 0x80, 111, 33, 60, FALSE},
      {"begins to talk", FALSE, 0x80, 0x80 | 111, 34, 60, TRUE},
      {"last number", FALSE, 0x80, 111, 65535, 60, FALSE},
      {"sender report", FALSE, 0x80, 200, 1, 60, TRUE},
      {"STUN", FALSE, 0, 1, 1, 60, TRUE},
      {"DTLS", FALSE, 22, 254, 1, 60, TRUE},
      {"TURN", FALSE, 64, 1, 1, 60, TRUE},
      {"junk", FALSE, 255, 1, 1, 60, TRUE},
      {"too short", FALSE, 0x80, 111, 1, 19, TRUE},
      {"short", FALSE, 0x80, 111, 1, 20, FALSE},
      {"empty", FALSE, 0, 0, 0, 0, TRUE},
      {"a stranger", TRUE, 0x80, 111, 1, 60, TRUE},
  };
  gw_addr sender, other;
  wire w;
  guint32 before, after;
  w.in = bound(ip, &w.at);
  w.out = bound(ip, &sender);
  w.stranger = bound(ip, &other);
  g_assert_true(gw_thin_on(w.in, &sender));
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s", rows[i].what);
    g_assert_true(gw_thin_dropped(w.in, &before));
    send_one(&w, rows[i].stranger ? w.stranger : w.out, rows[i].first, rows[i].second, rows[i].seq,
             rows[i].n);
    g_assert_true(gw_thin_dropped(w.in, &after));
    g_assert_cmpuint(arrived(&w), ==, rows[i].through);
    g_assert_cmpuint(after - before, ==, !rows[i].through);
  }
  gw_thin_off(w.in);
  send_one(&w, w.out, 0x80, 111, 1, 60);
  g_assert_cmpuint(arrived(&w), ==, 1);
  close(w.in);
  close(w.out);
  close(w.stranger);
}

static gboolean possible(void) {
  guint32 dropped;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok = gw_thin_dropped(fd, &dropped);
  close(fd);
  if (!ok) g_test_skip("this kernel does not count what a socket drops");
  return ok;
}

static void test_filter(void) {
  if (possible()) check("127.0.0.1");
}

static void test_filter_v6(void) {
  gw_addr a;
  gw_addr_parse("::1", 0, &a);
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean six = fd >= 0 && !bind(fd, &a.u.sa, a.len);
  close(fd);
  if (!six)
    g_test_skip("no IPv6 here");
  else if (possible())
    check("::1");
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/thin/filter", test_filter);
  g_test_add_func("/media/thin/filter-v6", test_filter_v6);
  return g_test_run();
}
