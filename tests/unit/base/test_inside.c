/* test_inside.c - who is told the public address. */
#include "base/inside.h"

static void test_private(void) {
  static const struct {
    const char *address;
    gboolean private;
  } rows[] = {{"127.0.0.1", TRUE},
              {"10.255.255.255", TRUE},
              {"11.0.0.0", FALSE},
              {"172.16.0.1", TRUE},
              {"172.31.255.1", TRUE},
              {"172.32.0.1", FALSE},
              {"172.15.255.1", FALSE},
              {"192.168.0.1", TRUE},
              {"192.169.0.1", FALSE},
              {"169.254.1.1", TRUE},
              {"100.64.0.1", FALSE},
              {"203.0.113.1", FALSE},
              {"::1", TRUE},
              {"fd00::1", TRUE},
              {"fe80::1", TRUE},
              {"fec0::1", FALSE},
              {"2001:db8::1", FALSE},
              {"::ffff:10.0.0.1", TRUE},
              {"::ffff:8.8.8.8", FALSE},
              {"10.0.0", FALSE},
              {"host", FALSE},
              {"", FALSE},
              {NULL, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s", rows[i].address);
    g_assert_cmpint(gw_ip_private(rows[i].address), ==, rows[i].private);
  }
}

static void test_beyond(void) {
  static const struct {
    const char *peer, *public;
    gboolean beyond;
  } rows[] = {{"198.51.100.7", "203.0.113.10", TRUE},
              {"10.0.0.7", "203.0.113.10", FALSE},
              {"127.0.0.1", "203.0.113.10", FALSE},
              {NULL, "203.0.113.10", TRUE},
              {"", "203.0.113.10", TRUE},
              {"198.51.100.7", "", FALSE},
              {NULL, NULL, FALSE},
              {"192.168.1.7", "192.168.1.2", TRUE},
              {"127.0.0.1", "192.168.1.2", FALSE},
              {"2001:db8::7", "2001:db8::1", TRUE},
              {"fd00::7", "2001:db8::1", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s %s", rows[i].peer, rows[i].public);
    g_assert_cmpint(gw_ip_beyond_nat(rows[i].peer, rows[i].public), ==, rows[i].beyond);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/inside/private", test_private);
  g_test_add_func("/base/inside/beyond-nat", test_beyond);
  return g_test_run();
}
