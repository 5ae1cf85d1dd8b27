/* Own SIP accounts over a scripted server: who is answered what, and what the daemon hears of it. */
#include "fake_server.h"
#include "kit.h"
#include "base/log.h"
#include "xmpp/register.h"

#define DOMAIN "phone.localhost"

typedef struct {
  fake_server *server;
  gw_xmpp *x;
  GString *heard;     /* what the callbacks were told */
  const char *wanted; /* for the condition */
} fixture;

static gboolean is_up(void *user) {
  return gw_xmpp_get_state(((fixture *)user)->x) == GW_XMPP_UP;
}

static gboolean server_got(void *user) {
  return strstr(((fixture *)user)->server->got->str, ((fixture *)user)->wanted) != NULL;
}

static gboolean was_heard(void *user) {
  return strstr(((fixture *)user)->heard->str, ((fixture *)user)->wanted) != NULL;
}

static void set_up(fixture *f, gconstpointer data) {
  f->server = fake_server_new();
  f->heard = g_string_new(NULL);
  const gw_xmpp_config c = {.domain = DOMAIN, .secret = "wire", .host = "127.0.0.1", .port = f->server->port};
  const gw_xmpp_events e = {0};
  f->x = gw_xmpp_new(NULL, &c, &e, f, NULL);
  gw_xmpp_start(f->x);
  g_assert_true(kit_until(is_up, f, 10));
}

static void tear_down(fixture *f, gconstpointer data) {
  gw_xmpp_free(f->x);
  fake_server_free(f->server);
  g_string_free(f->heard, TRUE);
}

static void expect(fixture *f, const char *reply) {
  f->wanted = reply;
  g_assert_true(kit_until(server_got, f, 5));
}

static void expect_heard(fixture *f, const char *what) {
  f->wanted = what;
  g_assert_true(kit_until(was_heard, f, 5));
}

static void say(fixture *f, const char *stanza) {
  g_string_truncate(f->server->got, 0);
  fake_server_say(f->server, stanza);
}

static gboolean gone;

static const gw_account *on_account(const char *bare, const char **ret_status, void *user) {
  static char password[] = "verysecret", anna[] = "anna", at[] = "sip.example.net";
  static gw_account his = {anna, at, password, anna};
  *ret_status = "registered";
  return gone || strcmp(bare, "bob@x") ? NULL : &his;
}

static const char *on_account_set(const char *bare, const gw_account *a, void *user) {
  g_string_append_printf(((fixture *)user)->heard, "%s has %s at %s %s;", bare, a->user, a->registrar, a->password);
  return NULL;
}

static void on_account_remove(const char *bare, void *user) {
  gone = !strcmp(bare, "bob@x");
  g_string_append_printf(((fixture *)user)->heard, "%s has none;", bare);
}

#define ASK(id, type, from, inside) "<iq type='" type "' id='" id "' from='" from "' to='" DOMAIN "'><query xmlns='jabber:iq:register'>" inside "</query></iq>"

/* Own SIP accounts: who is answered what, that a password goes in and never out, and how often. */
static void accounts(fixture *f, gconstpointer d) {
  static const char *const people[] = {"*@X", NULL}, *const at[] = {"sip.example.net", NULL};
  static const gw_register_events events = {on_account, on_account_set, on_account_remove};
  say(f, ASK("r1", "get", "bob@x/y", ""));
  expect(f, "service-unavailable"); /* it is off */
  gw_xmpp_set_register_events(f->x, &events, f);
  gw_xmpp_set_registration(f->x, people, at);
  g_assert_true(gw_xmpp_may_register(f->x, "bob@x/y") && !gw_xmpp_may_register(f->x, "x"));
  say(f, ASK("r2", "get", "eve@y/z", ""));
  expect(f, "not-allowed");
  say(f, ASK("r3", "get", "bob@x/y", ""));
  expect(f, "<registered");
  expect(f, "text-private");
  g_assert_null(strstr(f->server->got->str, "verysecret"));
  say(f, ASK("r5", "set", "carol@x/y", "<username>carol</username><password>pw</password>"));
  expect_heard(f, "carol@x has carol at sip.example.net pw;");
  say(f, ASK("r6", "set", "bob@x/y", "<username>anna</username>")); /* the password stays */
  expect_heard(f, "bob@x has anna at sip.example.net verysecret;");
  say(f, ASK("r8", "set", "bob@x/y", "<username>anna@evil.example</username><password>pw</password>"));
  expect(f, "not-acceptable");
  for (guint i = 0; i < 8; i++)
    say(f, ASK("r9", "set", "dan@x/y", "<username>dan</username><password>guess</password>"));
  expect(f, "resource-constraint");
  say(f, "<presence type='unsubscribe' from='eve@y' to='" DOMAIN "'/><presence type='unsubscribe' from='bob@x' to='" DOMAIN "'/>");
  expect_heard(f, "bob@x has none;");
  g_assert_null(strstr(f->heard->str, "eve"));
  gone = FALSE;
  say(f, "<presence type='probe' from='bob@x/y' to='" DOMAIN "'/>");
  expect(f, "<status>registered</status>");
  gw_xmpp_set_registration(f->x, NULL, NULL);
  say(f, ASK("r10", "set", "bob@x/y", "<username>anna</username><remove/>")); /* who may no longer may still go */
  expect(f, "id=\"r10\"");
  expect(f, "<presence"); /* what he saw of it counts no longer */
  g_assert_null(strstr(f->server->got->str, "registered"));
  g_assert_true(gw_xmpp_tell_account(f->x, "bob@x", "registered", "Your account is registered."));
  expect(f, "<body>Your account is registered.</body>");
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_log_set_level(GW_LOG_ERROR);
  g_test_add("/register/accounts", fixture, NULL, set_up, accounts, tear_down);
  return g_test_run();
}
