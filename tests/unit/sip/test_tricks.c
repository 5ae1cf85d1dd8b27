/* test_tricks.c - headers that say who one is, and digests that were made for something else: neither gets anybody in, nor
 * makes a phone somebody else. */
#include "rig.h"
#include <string.h>

#define URI "sip:8000@127.0.0.1"

static char *challenge_of(rig *r, wire *w, const char *method, const char *id, const char *extra) {
  g_autofree char *ask = wire_request(w, method, URI, id, 1, NULL, extra, NULL);
  wire_send(w, ask);
  g_autofree char *answer = wire_final(r, w, 3000);
  g_assert_nonnull(answer);
  g_assert_true(g_str_has_prefix(answer, "SIP/2.0 401"));
  return wire_header(answer, "WWW-Authenticate");
}

static guint with_header(rig *r, wire *w, const char *method, const char *id, guint cseq,
                         const char *extra) {
  g_autofree char *text = wire_request(w, method, URI, id, cseq, NULL, extra, NULL);
  wire_send(w, text);
  return wire_status(r, w, 3000);
}

static char *replaced(const char *text, const char *what, const char *by) {
  g_auto(GStrv) parts = g_strsplit(text, what, -1);
  g_assert_nonnull(parts[1]);
  return g_strjoinv(by, parts);
}

/* The right password in a reply that was made for another realm, method, address or source. */
static void test_other_digest(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp), *else_where = wire_udp_from(r, r->server.udp, "127.0.0.2");
  g_autofree char *challenge = challenge_of(r, w, "INVITE", "other", NULL);
  g_autofree char *foreign = replaced(challenge, "phones.test", "provider.test");
  for (guint i = 0; i < 40; i++) { /* not a guess, so no ban */
    g_autofree char *auth = wire_authorization(foreign, "INVITE", URI, "100", "secret", 1);
    g_assert_cmpuint(with_header(r, w, "INVITE", "other-realm", 2 + i, auth), ==, 401);
  }
  g_autofree char *method = wire_authorization(challenge, "REGISTER", URI, "100", "secret", 1);
  g_assert_cmpuint(with_header(r, w, "INVITE", "other-method", 2, method), ==, 401);
  g_autofree char *target =
      wire_authorization(challenge, "INVITE", "sip:900@127.0.0.1", "100", "secret", 1);
  g_assert_cmpuint(with_header(r, w, "INVITE", "other-target", 2, target), ==, 401);
  g_autofree char *good = wire_authorization(challenge, "INVITE", URI, "100", "secret", 1);
  g_assert_cmpuint(with_header(r, else_where, "INVITE", "other-source", 2, good), ==, 401);
  g_assert_null(rig_in(&r->server, 0));
  /* and beside the reply for somebody else on the way, ours is found */
  g_autofree char *theirs = wire_authorization(foreign, "INVITE", URI, "100", "secret", 1);
  g_autofree char *both = g_strconcat(theirs, good, NULL);
  g_autofree char *text = wire_request(w, "INVITE", URI, "both", 2, NULL, both, NULL);
  wire_send(w, text);
  g_assert_true(RIG_WAIT(r, rig_in(&r->server, 0)));
  g_assert_cmpstr(rig_in(&r->server, 0)->phone, ==, "100");
  wire_free(w);
  wire_free(else_where);
  rig_free(r);
}

static const char *const tricks[] = {
    "P-Asserted-Identity: <sip:100@127.0.0.1>\r\n",
    "P-Preferred-Identity: <sip:100@127.0.0.1>\r\n",
    "Remote-Party-ID: <sip:100@127.0.0.1>;party=calling;screen=yes\r\n",
    "Diversion: <sip:100@127.0.0.1>;reason=unconditional\r\n",
    "Referred-By: <sip:100@127.0.0.1>\r\n",
    "Replaces: a@b;to-tag=1;from-tag=2\r\n",
    "Route: <sip:127.0.0.1;lr>\r\n",
    "P-Charging-Vector: icid-value=1\r\n",
    "X-Authenticated: yes\r\n",
    "Identity: x\r\n",
    "Authorization: Basic MTAwOnNlY3JldA==\r\n",
    "Authorization: Digest\r\n",
    "Proxy-Authorization: Digest username=\"100\", realm=\"phones.test\"\r\n",
};

/* From nobody: challenged, whatever it says of itself. */
static void test_stranger(void) {
  rig *r = rig_new();
  for (guint i = 0; i < G_N_ELEMENTS(tricks); i++) {
    wire *w = wire_udp(r, r->server.udp);
    g_autofree char *id = g_strdup_printf("trick-%u", i);
    g_test_message("%s", tricks[i]);
    guint status = with_header(r, w, "INVITE", id, 1, tricks[i]);
    g_assert_true(status == 401 || (status >= 400 && status < 500));
    wire_free(w);
  }
  g_assert_null(rig_in(&r->server, 0));
  rig_free(r);
}

/* From a phone: it is this phone and no other, and its answers come back to it. */
static void test_phone(void) {
  for (guint i = 0; i < 9; i++) { /* those that a phone could be let in with */
    if (strstr(tricks[i], "Replaces")) continue;
    rig *r = rig_new();
    wire *w = wire_udp(r, r->server.udp);
    g_autofree char *other = replaced(tricks[i], ":", ":");
    g_autofree char *named =
        strstr(other, "100@") ? replaced(other, "100@", "101@") : g_strdup(other);
    g_autofree char *challenge = challenge_of(r, w, "INVITE", "trick", named);
    g_autofree char *auth = wire_authorization(challenge, "INVITE", URI, "100", "secret", 1);
    g_autofree char *all = g_strconcat(named, auth, NULL);
    g_autofree char *text = wire_request(w, "INVITE", URI, "trick", 2, NULL, all, NULL);
    g_test_message("%s", named);
    wire_send(w, text);
    g_assert_true(RIG_WAIT(r, rig_in(&r->server, 0)));
    g_assert_cmpstr(rig_in(&r->server, 0)->phone, ==, "100");
    g_assert_cmpstr(rig_in(&r->server, 0)->to_user, ==, "8000");
    g_autofree char *answer = wire_read(r, w, 3000);
    g_assert_nonnull(answer);
    wire_free(w);
    rig_free(r);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/tricks/other-digest", test_other_digest);
  g_test_add_func("/sip/tricks/stranger", test_stranger);
  g_test_add_func("/sip/tricks/phone", test_phone);
  return g_test_run();
}
