/* latch.c: who may take a phone's media. */
#include "gateway/media/latch.h"

typedef struct {
  const char *what;
  const char *sdp, *hint;
  guint16 sdp_port;
  /* steps: "ip:port" a packet comes, "=ip:port" a new SDP; '+' or '-' before: is the packet
   * believed? */
  const char *steps;
  const char *target; /* at the end, "" = none */
  gboolean locked;
} row;

static const row rows[] = {
    {"sdp address used before any packet", "192.0.2.1", NULL, 4000, "", "192.0.2.1:4000", FALSE},
    {"exact source", "192.0.2.1", NULL, 4000, "+192.0.2.1:4000", "192.0.2.1:4000", FALSE},
    {"same host, other port: follows once", "192.0.2.1", NULL, 4000,
     "+192.0.2.1:5000 -192.0.2.1:6000", "192.0.2.1:5000", FALSE},
    {"nat: from the address of its sip", "10.0.0.5", "203.0.113.9", 4000, "+203.0.113.9:7000",
     "203.0.113.9:7000", FALSE},
    {"stranger before the phone", "192.0.2.1", NULL, 4000, "-198.51.100.1:4000", "192.0.2.1:4000",
     FALSE},
    {"stranger while latched", "10.0.0.5", "203.0.113.9", 4000,
     "+203.0.113.9:7000 -198.51.100.1:7000", "203.0.113.9:7000", FALSE},
    {"sdp address takes it back before the lock", "192.0.2.1", "203.0.113.9", 4000,
     "+203.0.113.9:7000 +192.0.2.1:4000 -203.0.113.9:7000", "192.0.2.1:4000", FALSE},
    {"lock after five", "192.0.2.1", "203.0.113.9", 4000,
     "+203.0.113.9:7000 +203.0.113.9:7000 +203.0.113.9:7000 +203.0.113.9:7000 +203.0.113.9:7000 "
     "-192.0.2.1:4000 -203.0.113.9:7001 +203.0.113.9:7000",
     "203.0.113.9:7000", TRUE},
    {"four do not lock", "192.0.2.1", "203.0.113.9", 4000,
     "+203.0.113.9:7000 +203.0.113.9:7000 +203.0.113.9:7000 +203.0.113.9:7000 +192.0.2.1:4000",
     "192.0.2.1:4000", FALSE},
    {"the same sdp again keeps the nat port", "10.0.0.5", "203.0.113.9", 4000,
     "+203.0.113.9:7000 =10.0.0.5:4000 +203.0.113.9:7000", "203.0.113.9:7000", FALSE},
    {"a new sdp opens it", "192.0.2.1", NULL, 4000,
     "+192.0.2.1:4000 +192.0.2.1:4000 +192.0.2.1:4000 +192.0.2.1:4000 +192.0.2.1:4000 "
     "=192.0.2.7:4100 -192.0.2.1:4000 +192.0.2.7:4200",
     "192.0.2.7:4200", FALSE},
    {"0.0.0.0 closes", "192.0.2.1", "203.0.113.9", 4000,
     "=0.0.0.0:4000 -203.0.113.9:7000 -192.0.2.1:4000", "", FALSE},
    {"multicast is no phone", "239.1.2.3", NULL, 4000, "-239.1.2.3:4000", "", FALSE},
    {"broadcast is no phone", "255.255.255.255", NULL, 4000, "", "", FALSE},
    {"port 0", "192.0.2.1", NULL, 0, "-192.0.2.1:4000", "", FALSE},
    {"ipv6", "2001:db8::1", "2001:db8::9", 4000, "-2001:db8::2:4000 +2001:db8::9:7000",
     "2001:db8::9:7000", FALSE},
    {"ipv6 multicast", "ff02::1", NULL, 4000, "", "", FALSE},
};

static gw_addr addr_of(const char *text) {
  g_autofree char *ip = g_strdup(text);
  char *colon = strrchr(ip, ':');
  gw_addr a;
  *colon = 0;
  g_assert_true(gw_addr_parse(ip, (guint16)g_ascii_strtoull(colon + 1, NULL, 10), &a));
  return a;
}

static void run_step(gw_latch *l, const char *step, const char *what) {
  gw_addr a = addr_of(step + 1);
  if (*step == '=') {
    gw_latch_sdp(l, &a);
    return;
  }
  if (gw_latch_packet(l, &a) != (*step == '+')) g_error("%s: %s", what, step);
}

static void test_rows(void) {
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    const row *r = &rows[i];
    gw_latch l;
    gw_addr sdp, hint = {0};
    if (r->hint) g_assert_true(gw_addr_parse(r->hint, 0, &hint));
    gw_latch_init(&l, &hint);
    gw_addr early;
    g_assert_true(gw_addr_parse(r->sdp, 4000, &early));
    g_assert_false(gw_latch_packet(&l, &early)); /* nobody before the SDP */
    g_assert_true(gw_addr_parse(r->sdp, r->sdp_port, &sdp));
    gw_latch_sdp(&l, &sdp);
    g_auto(GStrv) steps = g_strsplit(r->steps, " ", -1);
    for (char **s = steps; *s && **s; s++)
      run_step(&l, *s, r->what);
    gw_addr want = {0};
    if (*r->target) want = addr_of(r->target);
    if (want.len ? !gw_addr_equal(&want, &l.target) : l.target.len != 0)
      g_error("%s: wrong target", r->what);
    if (gw_latch_locked(&l) != r->locked) g_error("%s: locked?", r->what);
  }
}

static void test_addr(void) {
  gw_addr a, b;
  g_assert_false(gw_addr_parse("phone.example.org", 1, &a));
  g_assert_false(gw_addr_parse("", 1, &a));
  g_assert_false(gw_addr_parse(NULL, 1, &a));
  g_assert_false(gw_addr_parse("1.2.3", 1, &a));
  g_assert_true(gw_addr_parse("::ffff:127.0.0.1", 1, &a));
  g_assert_false(gw_addr_sendable(&a)); /* a way round the IPv4 rules */
  g_assert_true(gw_addr_parse("127.0.0.1", 1, &a));
  g_assert_true(gw_addr_parse("::1", 1, &b));
  g_assert_false(gw_addr_same_ip(&a, &b));
  g_assert_true(gw_addr_loopback(&a) && gw_addr_loopback(&b));
  g_assert_true(gw_addr_parse("fe80::1", 1, &b) && gw_addr_link_local(&b));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/latch/rows", test_rows);
  g_test_add_func("/media/latch/addr", test_addr);
  return g_test_run();
}
