/* What the shell takes as configuration, and what its addresses are made of; no server is there. */
#include "base/log.h"
#include "xmpp/xmpp.h"

#define DOMAIN "phone.localhost"

static void odd_locals(void) {
  static const struct {
    const char *local, *jid;
  } rows[] = {{"100", "100@" DOMAIN "/r"},
              {"+4930123", "+4930123@" DOMAIN "/r"},
              {"a b@c", "a\\20b\\40c@" DOMAIN "/r"},
              {"", "phone@" DOMAIN "/r"}};
  gw_xmpp_config c = {.domain = DOMAIN, .secret = "wire", .host = "127.0.0.1"};
  gw_xmpp_events e = {NULL};
  gw_persona_events pe = {NULL};
  gw_xmpp *x = gw_xmpp_new(NULL, &c, &e, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_persona *p = gw_persona_new(x, rows[i].local, "r", &pe, NULL);
    g_assert_cmpstr(gw_persona_jid(p), ==, rows[i].jid);
    gw_persona_free(p);
  }
  gw_xmpp_free(x);
}

static void configurations(void) {
  static const struct {
    gw_xmpp_config c;
    gboolean ok;
  } rows[] = {
      {{.domain = DOMAIN, .secret = "s", .host = "h"}, TRUE},
      {{.domain = DOMAIN, .secret = "", .host = "h"}, FALSE},
      {{.domain = "a@b", .secret = "s", .host = "h"}, FALSE},
      {{.secret = "s", .host = "h"}, FALSE},
      {{.domain = DOMAIN, .secret = "s"}, FALSE},
      {{.client = TRUE, .jid = "a@b", .secret = "s", .host = "h"}, TRUE},
      {{.client = TRUE, .jid = "b", .secret = "s", .host = "h"}, FALSE},
      {{.client = TRUE, .jid = "a@b", .secret = "s", .host = "192.0.2.1", .tls = GW_TLS_OFF},
       FALSE},
      {{.client = TRUE, .jid = "a@b", .secret = "s", .host = "127.0.0.1", .tls = GW_TLS_OFF},
       TRUE}};
  gw_xmpp_events e = {NULL};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) err = NULL;
    gw_xmpp *x = gw_xmpp_new(NULL, &rows[i].c, &e, NULL, &err);
    g_assert_cmpint(x != NULL, ==, rows[i].ok);
    g_assert_cmpint(err == NULL, ==, rows[i].ok);
    gw_xmpp_free(x);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_log_set_level(GW_LOG_ERROR);
  g_test_add_func("/xmpp/config/odd-locals", odd_locals);
  g_test_add_func("/xmpp/config/configurations", configurations);
  return g_test_run();
}
