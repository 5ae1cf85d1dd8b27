/* test_attacks.c - bad input over a bare socket: each is refused with the right code and one line, and nobody dies. */
#include "talk.h"
#include <string.h>

/* -- methods -- */

static void test_methods(void) {
  static const struct {
    const char *method;
    guint status;
  } rows[] = {{"MESSAGE", 401}, {"SUBSCRIBE", 405}, {"NOTIFY", 405}, {"REFER", 405},
              {"PUBLISH", 405}, {"PRACK", 481},     {"FOO", 501},    {"INFO", 481},
              {"UPDATE", 481},  {"BYE", 481},       {"CANCEL", 481}, {"REGISTER", 401},
              {"OPTIONS", 200}, {"INVITE", 401}};
  rig *r = rig_new();
  for (guint tcp = 0; tcp < 2; tcp++) {
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
      wire *w = tcp ? wire_tcp(r, r->server.tcp) : wire_udp(r, r->server.udp);
      g_autofree char *id = g_strdup_printf("m%u-%u", tcp, i);
      const char *extra = strcmp(rows[i].method, "SUBSCRIBE") == 0
                              ? "Event: presence\r\nExpires: 600\r\n"
                          : strcmp(rows[i].method, "REFER") == 0 ? "Refer-To: <sip:1@127.0.0.1>\r\n"
                                                                 : NULL;
      guint lines = rig_count_lines(r, "sip-refused");
      g_assert_cmpuint(ask(r, w, rows[i].method, id, 1, NULL, extra, NULL), ==, rows[i].status);
      rig_spin(r, 5);
      guint expected = rows[i].status == 200 || rows[i].status == 401 ? 0 : 1;
      g_assert_cmpuint(rig_count_lines(r, "sip-refused") - lines, ==, expected);
      g_autofree char *source =
          tcp ? g_strdup_printf("tcp:127.0.0.1:%u", w->port) : g_strdup("udp:127.0.0.1");
      if (expected)
        g_assert_nonnull(strstr(g_ptr_array_index(r->lines, r->lines->len - 1), source));
      g_autofree char *more = wire_read(r, w, 20); /* such as a NOTIFY to that Contact */
      g_assert_true(!more || g_str_has_prefix(more, "SIP/2.0 "));
      wire_free(w);
    }
  }
  g_assert_cmpuint(r->server.ends->len, ==, 0);
  rig_free(r);
}

/* -- contacts that are no address to call -- */

static const char *const evil_contacts[] = {
    "<tel:+123>", "<foo:bar>", "<mailto:a@b>", "<http://x/>", "*", "<urn:x:y>", "<:x>"};
static const char *const odd_contacts[] = {"<sip:@127.0.0.1>", "<sip:127.0.0.1:99999999>",
                                           "<sip:a@[::1>", "<sip:a@b:0>", "<sip:%00@127.0.0.1:9>"};

static void test_contact_initial(void) {
  rig *r = rig_new();
  for (guint i = 0; i < G_N_ELEMENTS(evil_contacts); i++) {
    wire *w = wire_udp(r, r->server.udp);
    g_autofree char *extra = g_strdup_printf("Contact: %s\r\n", evil_contacts[i]);
    g_autofree char *id = g_strdup_printf("c%u", i);
    g_assert_cmpuint(ask(r, w, "INVITE", id, 1, NULL, extra, SDP), ==, 400);
    g_assert_cmpuint(rig_count_lines(r, id), ==, 1);
    wire_free(w);
  }
  still_alive(r, r->server.udp);
  rig_free(r);
}

/* These may or may not be let in; a call that is answered to them must end without harm. */
static void test_contact_odd(void) {
  rig *r = rig_new();
  for (guint i = 0; i < G_N_ELEMENTS(odd_contacts); i++) {
    wire *w = wire_udp(r, r->client.udp);
    g_autofree char *extra = g_strdup_printf("Contact: %s\r\n", odd_contacts[i]);
    g_autofree char *id = g_strdup_printf("o%u", i);
    guint before = r->client.ends->len;
    guint status = ask(r, w, "INVITE", id, 1, NULL, extra, SDP);
    g_assert_cmpuint(status, >=, 200);
    if (status == 200) gw_sip_call_hangup(rig_in(&r->client, before)->call, GW_CAUSE_NORMAL);
    rig_spin(r, 50);
    wire_free(w);
  }
  still_alive(r, r->client.udp);
  rig_free(r);
}

static void check_contact_in_dialog(gconstpointer method) {
  rig *r = rig_new();
  for (guint i = 0; i < G_N_ELEMENTS(evil_contacts); i++) {
    wire *w = wire_udp(r, r->server.udp);
    g_autofree char *extra = g_strdup_printf("Contact: %s\r\n", evil_contacts[i]), *tag = NULL;
    g_autofree char *id = g_strdup_printf("d%u", i);
    guint cseq = 1;
    end *e = wire_call(r, w, &r->server, id, &cseq, &tag);
    guint status = ask(r, w, method, id, ++cseq, tag, extra, SDP);
    g_assert_true(status == 481 || status == 400);
    if (status == 481) {
      g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
      g_assert_cmpint(e->cause, ==, GW_CAUSE_BAD_REQUEST);
    } else {
      gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
    }
    rig_spin(r, 30);
    wire_free(w);
  }
  still_alive(r, r->server.udp);
  rig_free(r);
}

/* The one we call answers with such a Contact: both ends of the BYE that follows. */
static void test_contact_in_answer(void) {
  rig *r = rig_new();
  for (guint i = 0; i < G_N_ELEMENTS(evil_contacts) + G_N_ELEMENTS(odd_contacts); i++) {
    const char *contact = i < G_N_ELEMENTS(evil_contacts)
                              ? evil_contacts[i]
                              : odd_contacts[i - G_N_ELEMENTS(evil_contacts)];
    wire *w = wire_udp(r, r->client.udp);
    g_autofree char *uri = g_strdup_printf("sip:x@127.0.0.1:%u", w->port);
    g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
    end *e = rig_dial(r, uri, NULL, NULL, offer);
    g_autofree char *invite = wire_read(r, w, 3000);
    g_assert_nonnull(invite);
    g_autofree char *via = wire_header(invite, "Via"), *from = wire_header(invite, "From"),
                    *to = wire_header(invite, "To");
    g_autofree char *id = wire_header(invite, "Call-ID"), *cseq = wire_header(invite, "CSeq");
    g_autofree char *ok =
        g_strdup_printf("SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: "
                        "%s\r\nCSeq: %s\r\nContact: %s\r\n"
                        "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                        via, from, to, id, cseq, contact, strlen(SDP), SDP);
    wire_send(w, ok);
    rig_spin(r, 60); /* answered, ended, or thrown away by the library: all may be */
    gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
    rig_spin(r, 30);
    wire_free(w);
  }
  still_alive(r, r->client.udp);
  rig_free(r);
}

/* -- dialogs -- */

static void test_wrong_tag(void) {
  static const char *const methods[] = {"BYE", "INVITE", "UPDATE", "INFO", "REFER"};
  static const guint codes[] = {481, 481, 481, 481, 405};
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *tag = NULL;
  guint cseq = 1;
  end *e = wire_call(r, w, &r->server, "wrongtag", &cseq, &tag);
  for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
    guint lines = rig_count_lines(r, "sip-refused");
    g_assert_cmpuint(ask(r, w, methods[i], "wrongtag", 90 + i, "guess", NULL, NULL), ==, codes[i]);
    g_assert_cmpuint(rig_count_lines(r, "sip-refused") - lines, ==, 1);
  }
  rig_spin(r, 50);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  g_assert_cmpuint(ask(r, w, "BYE", "wrongtag", ++cseq, tag, NULL, NULL), ==, 200);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
  wire_free(w);
  rig_free(r);
}

static void test_hold_and_update(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *tag = NULL;
  guint cseq = 1;
  end *e = wire_call(r, w, &r->server, "update", &cseq, &tag);
  /* UPDATE without a body refreshes, with one it holds */
  g_assert_cmpuint(ask(r, w, "UPDATE", "update", ++cseq, tag, NULL, NULL), ==, 200);
  g_assert_cmpuint(e->offers, ==, 0);
  send_request(w, "UPDATE", "update", ++cseq, tag, NULL, HOLD);
  g_autofree char *held = wire_final(r, w, 3000);
  g_assert_true(g_str_has_prefix(held, "SIP/2.0 200"));
  g_assert_nonnull(strstr(held, "a=recvonly"));
  g_assert_cmpuint(e->offers, ==, 1);
  /* an offer while ours is not answered, and theirs twice */
  r->server.answer_offers = FALSE;
  send_request(w, "UPDATE", "update", ++cseq, tag, NULL, SDP);
  g_assert_true(RIG_WAIT(r, e->offers == 2));
  g_assert_cmpuint(ask(r, w, "UPDATE", "update", ++cseq, tag, NULL, SDP), ==, 500);
  g_assert_cmpuint(e->offers, ==, 2);
  gw_sip_call_refuse_offer(e->call, GW_CAUSE_NO_CODEC);
  g_assert_cmpuint(wire_status(r, w, 3000), ==, 488);
  /* a bad body ends nothing */
  g_assert_cmpuint(ask(r, w, "UPDATE", "update", ++cseq, tag, NULL, "v=1\r\n"), ==, 400);
  g_assert_cmpuint(ask(r, w, "UPDATE", "update", ++cseq, tag, "Content-Type: text/plain\r\n", "x"),
                   ==, 415);
  g_assert_cmpuint(ask(r, w, "INFO", "update", ++cseq, tag, "Content-Type: text/plain\r\n", "x"),
                   ==, 415);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  wire_free(w);
  rig_free(r);
}

/* A re-INVITE without an offer gets one of ours, both ways even when the call was held. */
static void test_late_reinvite(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *tag = NULL;
  guint cseq = 1;
  end *e = wire_call(r, w, &r->server, "late", &cseq, &tag);
  g_assert_cmpuint(ask(r, w, "INVITE", "late", ++cseq, tag, NULL, HOLD), ==, 200);
  ack(w, "late", cseq, tag, NULL);
  g_assert_cmpuint(e->offers, ==, 1);
  send_request(w, "INVITE", "late", ++cseq, tag, NULL, NULL);
  g_autofree char *ours = wire_final(r, w, 3000);
  g_assert_true(g_str_has_prefix(ours, "SIP/2.0 200"));
  g_assert_nonnull(strstr(ours, "a=sendrecv"));
  guint told = e->remotes;
  ack(w, "late", cseq, tag, SDP);
  g_assert_true(RIG_WAIT(r, e->remotes == told + 1));
  g_assert_false(e->remote_is_offer);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  wire_free(w);
  rig_free(r);
}

/* INVITE without an offer whose ACK brings no answer either: nothing to talk with. */
static void test_late_without_answer(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  send_request(w, "INVITE", "noanswer", 1, NULL, NULL, NULL);
  g_autofree char *ok = wire_final(r, w, 3000);
  g_assert_nonnull(strstr(ok, "m=audio 30002"));
  g_autofree char *tag = tag_of(ok);
  ack(w, "noanswer", 1, tag, NULL);
  end *e = rig_in(&r->client, 0);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
  g_assert_cmpint(e->cause, ==, GW_CAUSE_BAD_REQUEST);
  wire_free(w);
  rig_free(r);
}

/* -- digest -- */

static void test_replay(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *reg = g_strdup_printf("sip:100@127.0.0.1:%u", w->peer);
  g_autofree char *first = wire_request(w, "REGISTER", reg, "replay", 1, NULL, NULL, NULL);
  wire_send(w, first);
  g_autofree char *answer = wire_final(r, w, 3000);
  g_autofree char *challenge = wire_header(answer, "WWW-Authenticate");
  g_assert_null(strstr(challenge, "stale"));
  static const struct {
    guint nc, status;
    const char *password;
  } rows[] = {{1, 200, "secret"}, {1, 401, "secret"}, {2, 200, "secret"}, {2, 401, "secret"},
              {1, 401, "secret"}, {7, 200, "secret"}, {8, 401, "wrong"},  {0, 200, "secret"},
              {0, 401, "secret"}, {9, 401, "secret"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *auth =
        wire_authorization(challenge, "REGISTER", reg, "100", rows[i].password, rows[i].nc);
    g_autofree char *text = wire_request(w, "REGISTER", reg, "replay", 10 + i, NULL, auth, NULL);
    wire_send(w, text);
    g_autofree char *got = wire_final(r, w, 3000);
    g_assert_cmpuint((guint)g_ascii_strtoull(got + 8, NULL, 10), ==, rows[i].status);
    if (rows[i].status == 401)
      g_assert_cmpint(strstr(got, "stale=true") != NULL, ==,
                      strcmp(rows[i].password, "secret") == 0);
  }
  wire_free(w);
  rig_free(r);
}

/* A nonce that was given to another address is worth nothing, and no oracle for passwords either. */
static void test_made_up_nonce(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *reg = g_strdup_printf("sip:100@127.0.0.1:%u", w->peer);
  const char *forged = "Digest realm=\"phones.test\", nonce=\""
                       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"";
  static const char *const passwords[] = {"secret", "wrong"};
  for (guint i = 0; i < 2; i++) {
    g_autofree char *auth = wire_authorization(forged, "REGISTER", reg, "100", passwords[i], 1);
    g_autofree char *text = wire_request(w, "REGISTER", reg, "forged", 1 + i, NULL, auth, NULL);
    wire_send(w, text);
    g_autofree char *got = wire_final(r, w, 3000);
    g_assert_true(g_str_has_prefix(got, "SIP/2.0 401"));
    g_assert_nonnull(strstr(got, "stale=true"));
  }
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 0);
  wire_free(w);
  rig_free(r);
}

static guint try_register(rig *r, wire *w, const char *user, const char *password, guint *cseq,
                          const char *extra) {
  g_autofree char *reg = g_strdup_printf("sip:%s@127.0.0.1:%u", user, w->peer);
  g_autofree char *id = g_strdup_printf("reg-%s-%u", user, w->port);
  g_autofree char *first = wire_request(w, "REGISTER", reg, id, ++*cseq, NULL, extra, NULL);
  wire_send(w, first);
  g_autofree char *answer = wire_final(r, w, 3000);
  g_autofree char *challenge = wire_header(answer, "WWW-Authenticate");
  if (!challenge) return (guint)g_ascii_strtoull(answer + 8, NULL, 10);
  g_autofree char *auth = wire_authorization(challenge, "REGISTER", reg, user, password, 1);
  g_autofree char *all = g_strconcat(extra ? extra : "", auth, NULL);
  g_autofree char *second = wire_request(w, "REGISTER", reg, id, ++*cseq, NULL, all, NULL);
  wire_send(w, second);
  return wire_status(r, w, 3000);
}

static void test_ban(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 0;
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint(try_register(r, w, "100", "wrong", &cseq, NULL), ==, 401);
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, NULL), ==, 403);
  g_assert_cmpuint(try_register(r, w, "101", "other secret", &cseq, NULL), ==,
                   200); /* others behind that address go on */
  g_assert_cmpuint(rig_count_lines(r, "banned=1"), ==, 1);
  g_assert_cmpuint(rig_count_lines(r, "reason=banned"), ==, 1);
  wire_free(w);
  rig_free(r);
}

static void test_registrar(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 0;
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, "Expires: 30\r\n"), ==, 423);
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, "Contact: <tel:1>\r\n"), ==, 400);
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, "Contact: *\r\nExpires: 60\r\n"), ==,
                   400);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 0);
  for (guint i = 0; i < 10; i++) {
    g_autofree char *extra = g_strdup_printf("Contact: <sip:100@10.0.0.%u>\r\n", i + 1);
    g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, extra), ==, 200);
  }
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, "Contact: <sip:100@10.0.0.99>\r\n"),
                   ==, 403);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 10);
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq, "Contact: *\r\nExpires: 0\r\n"), ==,
                   200);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 0);
  g_assert_true(RIG_WAIT(r, r->server.bindings_gone == 10));
  /* somebody else's number, with a password of one's own */
  g_autofree char *uri = g_strdup_printf("sip:101@127.0.0.1:%u", w->peer);
  g_autofree char *first = wire_request(w, "REGISTER", uri, "foreign", 1, NULL, NULL, NULL);
  wire_send(w, first);
  g_autofree char *answer = wire_final(r, w, 3000),
                  *challenge = wire_header(answer, "WWW-Authenticate");
  g_autofree char *auth = wire_authorization(challenge, "REGISTER", uri, "100", "secret", 1);
  g_autofree char *second = wire_request(w, "REGISTER", uri, "foreign", 2, NULL, auth, NULL);
  wire_send(w, second);
  g_assert_cmpuint(wire_status(r, w, 3000), ==, 403);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "101"), ==, 0);
  wire_free(w);
  rig_free(r);
}

/* A phone behind NAT registers an address that leads nowhere; what we send goes to where it really is: INVITE, ACK and
 * BYE, over UDP and back along its TCP connection. */
static void check_nat(gconstpointer data) {
  gboolean tcp = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  wire *w = tcp ? wire_tcp(r, r->server.tcp) : wire_udp(r, r->server.udp);
  guint cseq = 0;
  g_assert_cmpuint(try_register(r, w, "100", "secret", &cseq,
                                tcp ? "Contact: <sip:100@10.9.9.9:5062;transport=tcp>\r\n"
                                    : "Contact: <sip:100@10.9.9.9:5062>\r\n"),
                   ==, 200);
  gw_cause why;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *e = rig_dial_phone(r, "100", offer, &why);
  g_autofree char *invite = wire_read(r, w, 3000);
  g_assert_nonnull(invite);
  g_assert_true(g_str_has_prefix(invite, "INVITE sip:100@10.9.9.9:5062"));
  g_autofree char *via = wire_header(invite, "Via"), *from = wire_header(invite, "From"),
                  *to = wire_header(invite, "To");
  g_autofree char *id = wire_header(invite, "Call-ID"), *seq = wire_header(invite, "CSeq");
  g_autofree char *ok = g_strdup_printf(
      "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: %s\r\nCSeq: %s\r\n"
      "Contact: <sip:100@10.9.9.9:5062>\r\nContent-Type: application/sdp\r\nContent-Length: "
      "%zu\r\n\r\n%s",
      via, from, to, id, seq, strlen(SDP), SDP);
  wire_send(w, ok);
  g_autofree char *acked = wire_read(r, w, 3000);
  g_assert_true(acked && g_str_has_prefix(acked, "ACK sip:100@10.9.9.9:5062"));
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  gw_sip_call_hangup(e->call, GW_CAUSE_BUSY);
  g_autofree char *bye = wire_read(r, w, 3000);
  g_assert_true(bye && g_str_has_prefix(bye, "BYE sip:100@10.9.9.9:5062"));
  g_assert_nonnull(strstr(bye, "Reason: Q.850;cause=17"));
  wire_free(w);
  rig_free(r);
}

/* The one that we hang up on asks for a password, for the realm of a provider: none is sent, and the call is over. */
static void test_digest_leak(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *tag = NULL;
  guint cseq = 1;
  end *e = wire_call(r, w, &r->server, "leak", &cseq, &tag);
  gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
  g_autofree char *bye = wire_read(r, w, 3000);
  g_assert_true(g_str_has_prefix(bye, "BYE "));
  g_autofree char *via = wire_header(bye, "Via"), *from = wire_header(bye, "From"),
                  *to = wire_header(bye, "To");
  g_autofree char *id = wire_header(bye, "Call-ID"), *seq = wire_header(bye, "CSeq");
  static const char *const challenges[] = {"401 Unauthorized\r\nWWW-Authenticate",
                                           "407 Proxy\r\nProxy-Authenticate"};
  g_autofree char *no = g_strdup_printf(
      "SIP/2.0 %s: Digest realm=\"provider\", nonce=\"x\"\r\nVia: %s\r\nFrom: %s\r\n"
      "To: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
      challenges[g_test_rand_int_range(0, 2)], via, from, to, id, seq);
  wire_send(w, no);
  g_autofree char *more = wire_read(r, w, 700);
  g_assert_null(more);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 1);
  wire_free(w);
  rig_free(r);
}

#define DTMF "Content-Type: application/dtmf\r\n"

/* Call-ID and tags seen by somebody at another address. */
static void test_hijack(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp), *thief = wire_udp_from(r, r->server.udp, "127.0.0.2");
  g_autofree char *tag = NULL;
  guint cseq = 1;
  end *e = wire_call(r, w, &r->server, "hijack", &cseq, &tag);
  g_assert_cmpuint(ask(r, thief, "INVITE", "hijack", ++cseq, tag, NULL, SDP), ==, 401);
  g_assert_cmpuint(ask(r, thief, "UPDATE", "hijack", ++cseq, tag, NULL, SDP), ==, 401);
  g_assert_cmpuint(ask(r, thief, "INFO", "hijack", ++cseq, tag, DTMF, "*"), ==, 401);
  g_assert_cmpuint(ask(r, thief, "INFO", "hijack", ++cseq, tag, DTMF, "0"), ==, 401);
  g_assert_cmpuint(
      ask(r, thief, "REFER", "hijack", ++cseq, tag, "Refer-To: <sip:101@127.0.0.1>\r\n", NULL), ==,
      401);
  g_assert_cmpuint(e->offers, ==, 0);
  g_assert_cmpuint(e->refers, ==, 0);
  g_assert_cmpstr(e->digits, ==, "");
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  g_assert_cmpuint(ask(r, w, "INFO", "hijack", ++cseq, tag, DTMF, "7"), ==, 200);
  g_assert_cmpstr(e->digits, ==, "7");
  g_assert_cmpuint(ask(r, w, "UPDATE", "hijack", ++cseq, tag, NULL, HOLD), ==, 200);
  wire_free(w);
  wire_free(thief);
  rig_free(r);
}

/* -- bodies and texts -- */

static void test_bodies(void) {
  rig *r = rig_new();
  g_autoptr(GString) many =
      g_string_new("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n");
  for (guint i = 0; i < 200; i++)
    g_string_append(many, "m=audio 4000 RTP/AVP 0\r\n");
  g_autofree char *filler = g_strnfill(20000, 'x');
  g_autofree char *huge = g_strconcat(SDP "a=", filler, "\r\n", NULL);
  const struct {
    const char *type, *body;
    guint status;
  } rows[] = {{NULL, "v=1\r\n", 400},
              {NULL, "hello", 400},
              {NULL, SDP "m=image 6000 udptl t38 (\r\n",
               200}, /* the line that the library's parser would eat memory on */
              {NULL, many->str, 400},
              {NULL, huge, 400},
              {"Content-Type: text/plain\r\n", "hello", 415},
              {"Content-Type: multipart/mixed;boundary=x\r\n", "--x\r\n\r\n--x--\r\n", 415}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    wire *w = wire_udp(r, r->client.udp);
    g_autofree char *id = g_strdup_printf("body%u", i);
    guint lines = rig_count_lines(r, "sip-refused");
    g_assert_cmpuint(ask(r, w, "INVITE", id, 1, NULL, rows[i].type, rows[i].body), ==,
                     rows[i].status);
    g_assert_cmpuint(rig_count_lines(r, "sip-refused") - lines, ==, rows[i].status == 200 ? 0 : 1);
    wire_free(w);
  }
  rig_free(r);
}

static void test_texts(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  g_autofree char *text = wire_request(w, "INVITE", "sip:%00%1b%5b31m80%0d%0a00%ff@127.0.0.1",
                                       "texts", 1, NULL, NULL, SDP);
  g_auto(GStrv) parts = g_strsplit(text, "From: <", 2);
  g_autofree char *evil =
      g_strconcat(parts[0], "From: \"\x1b[31mred\xe2\x80\xae\xff\" <", parts[1], NULL);
  wire_send(w, evil);
  guint status = wire_status(r, w, 3000);
  g_assert_true(status == 200 || status == 400);
  if (status == 200) {
    end *e = rig_in(&r->client, 0);
    g_assert_true(g_utf8_validate(e->to_user, -1, NULL) && g_utf8_validate(e->from_name, -1, NULL));
    for (const char *p = e->to_user; *p; p++)
      g_assert_false(g_ascii_iscntrl(*p));
    for (const char *p = e->from_name; *p; p++)
      g_assert_false(g_ascii_iscntrl(*p));
  }
  for (guint i = 0; i < r->lines->len; i++)
    g_assert_null(strchr(g_ptr_array_index(r->lines, i), 0x1b));
  wire_free(w);
  rig_free(r);
}

/* -- malformed messages, in the manner of RFC 4475 -- */

#define VIA "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKtorture%u\r\n"
#define REST                                                                                       \
  "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: t%u\r\nCSeq: 1 INVITE\r\nMax-Forwards: "     \
  "70\r\n"
#define CON "Contact: <sip:a@127.0.0.1:9>\r\n"

static const char *const torture[] = {
    "INVITE\r\n\r\n",
    "\r\n\r\n\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/7.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON "Content-Length: -999\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Content-Length: 99999999999999999999\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON "Content-Length: 9999\r\n\r\nshort",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON "Content-Length: zero\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x%u\r\nCSeq: 99999999999 INVITE\r\n" CON
    "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: y%u\r\nCSeq: 1 OPTIONS\r\n" CON "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA "From: \"unterminated <sip:a@b>;tag=1\r\nTo: "
    "<sip:c@d>\r\nCall-ID: z%u\r\nCSeq: 1 INVITE\r\n" CON "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA
    "From: <<<>>>\r\nTo: \r\nCall-ID: w%u\r\nCSeq: 1 INVITE\r\n" CON "\r\n",
    "INVITE <sip:x@127.0.0.1> SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE sip:x@127.0.0.1; lr SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE  sip:x@127.0.0.1  SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE nobodyKnowsThisScheme:totally SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE sip:%%%%@%%:::: SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "INVITE sip:x@[::1 SIP/2.0\r\n" VIA REST CON "Content-Length: 0\r\n\r\n",
    "!interesting-Method0123456789_*+`.%%indeed'~ sip:x@127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: v%u\r\nCSeq: 1 "
    "!interesting-Method0123456789_*+`.%%indeed'~\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" REST CON "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP ;;,;,,\r\n" REST CON "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:999999;branch=;;=;\r\n" REST CON
    "\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON "Authorization: Digest username=\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Authorization: Digest username=\"100\", realm=\"phones.test\", nonce=\"\", uri=\"\", "
    "response=\"\", nc=zz, qop=x\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Authorization: NoOneKnowsThisScheme opaque=\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Require: nothingSupportsThis\r\nContent-Length: 0\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Session-Expires: 0\r\nMin-SE: 99999999999\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Route: <sip:\r\nRecord-Route: <>\r\nMax-Forwards: -1\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Expires: 0 0 0\r\nDate: Fri, 01 Jan 2010 16:00:00 EST\r\n\r\n",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Content-Type: application/sdp;;;=\r\nContent-Length: 3\r\n\r\nv=0",
    "INVITE sip:x@127.0.0.1 SIP/2.0\r\n" VIA REST CON
    "Content-Type:\r\nContent-Length: 3\r\n\r\nv=0",
    "REGISTER sip:127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: u%u\r\nCSeq: 1 REGISTER\r\nContact: "
    "<sip:a@b>;expires=\"x\"\r\n\r\n",
    "REGISTER sip:127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: s%u\r\nCSeq: 1 REGISTER\r\nContact: "
    "sip:?Route=%%3C;,,<>\r\n\r\n",
    "ACK sip:x@127.0.0.1 SIP/2.0\r\n" VIA
    "From: <sip:a@b>\r\nTo: <sip:c@d>;tag=9\r\nCall-ID: r%u\r\nCSeq: 1 ACK\r\n\r\n",
    "SIP/2.0 200 OK\r\n" VIA REST "\r\n",
    "SIP/2.0 -1 \r\n" VIA REST "\r\n",
    "SIP/2.0 4294967301 better not\r\n" VIA REST "\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
};

static char *fill(const char *pattern, guint i) {
  GString *out = g_string_new(NULL);
  for (const char *p = pattern; *p; p++) {
    if (p[0] == '%' && p[1] == 'u')
      g_string_append_printf(out, "%u", i), p++;
    else if (p[0] == '%' && p[1] == '%')
      g_string_append_c(out, '%'), p++;
    else
      g_string_append_c(out, *p);
  }
  return g_string_free(out, FALSE);
}

static void torture_both(rig *r, const void *bytes, gsize n) {
  wire *udp = wire_udp(r, r->server.udp), *tcp = wire_tcp(r, r->server.tcp),
       *open = wire_udp(r, r->client.udp);
  wire_send_bytes(udp, bytes, n);
  wire_send_bytes(tcp, bytes, n);
  wire_send_bytes(open, bytes, n);
  rig_spin(r, 12);
  wire_free(udp);
  wire_free(tcp);
  wire_free(open);
}

static void test_torture(void) {
  rig *r = rig_new();
  gw_sip_counters before, after;
  gw_sip_get_counters(r->server.sip, &before);
  for (guint i = 0; i < G_N_ELEMENTS(torture); i++) {
    g_autofree char *text = fill(torture[i], i);
    torture_both(r, text, strlen(text));
  }
  gw_sip_get_counters(r->server.sip, &after);
  g_assert_cmpuint(after.bad_messages - before.bad_messages, >=, 10);
  g_assert_cmpuint(after.refused - before.refused, >=, 20);
  still_alive(r, r->server.udp);
  still_alive(r, r->client.udp);
  wire *w = wire_tcp(r, r->server.tcp);
  g_assert_cmpuint(ask(r, w, "OPTIONS", "tcp-alive", 1, NULL, NULL, NULL), ==, 200);
  wire_free(w);
  rig_free(r);
}

/* A good INVITE with bytes changed by chance, 1500 times, and cut short anywhere. */
static void test_mutations(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  gw_log_set_level(GW_LOG_ERROR);
  r->client.on_invite = DO_REFUSE_BUSY;
  g_autofree char *uri = target(w->peer);
  for (guint i = 0; i < 1500; i++) {
    g_autofree char *id = g_strdup_printf("mut%u", i);
    g_autofree char *text = wire_request(
        w, "INVITE", uri, id, 1, NULL, "Session-Expires: 1800\r\nAccept: application/sdp\r\n", SDP);
    gsize n = strlen(text);
    for (gint k = g_test_rand_int_range(1, 6); k > 0; k--)
      text[g_test_rand_int_range(0, (gint)n)] = (char)g_test_rand_int_range(0, 256);
    if (i % 7 == 0) n = (gsize)g_test_rand_int_range(1, (gint)n);
    wire_send_bytes(w, text, n);
    while (g_main_context_iteration(r->ctx, FALSE))
      continue;
  }
  wire_free(w);
  still_alive(r, r->client.udp);
  rig_free(r);
}

static void test_sizes(void) {
  rig *r = rig_new();
  g_autofree char *a = g_strnfill(60000, 'a'), *mib = g_strnfill(1 << 20, 'b');
  g_autofree char *big = g_strconcat("OPTIONS sip:", a, "@127.0.0.1 SIP/2.0\r\n\r\n", NULL);
  torture_both(r, big, strlen(big));
  g_autofree char *header =
      g_strconcat("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nSubject: ", mib, "\r\n\r\n", NULL);
  wire *w = wire_tcp(r, r->server.tcp);
  wire_send_bytes(w, header, strlen(header));
  rig_spin(r, 100);
  wire_free(w);
  g_autoptr(GString) vias = g_string_new("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n");
  for (guint i = 0; i < 1000; i++)
    g_string_append_printf(vias, "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%u\r\n", i);
  g_string_append(
      vias, "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: vias\r\nCSeq: 1 OPTIONS\r\n\r\n");
  torture_both(r, vias->str, vias->len);
  still_alive(r, r->server.udp);
  rig_free(r);
}

/* More requests than the budget has room for: answers are kept for a shorter time, and then as long as ever again. */
static void test_flood(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  gw_log_set_level(GW_LOG_WARN);
  gint64 until = g_get_monotonic_time() + 4 * G_USEC_PER_SEC;
  for (guint i = 0; !rig_count_lines(r, "sip-flood") && g_get_monotonic_time() < until; i++) {
    g_autofree char *id = g_strdup_printf("flood%u", i);
    send_request(w, "MESSAGE", id, 1, NULL, NULL, NULL);
    if (i % 10 == 0) g_main_context_iteration(NULL, FALSE);
  }
  g_assert_cmpuint(rig_count_lines(r, "sip-flood"), >=, 1);
  while (wire_status(r, w, 20))
    continue;
  still_alive(r, r->server.udp);
  wire_free(w);
  rig_free(r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/attacks/methods", test_methods);
  g_test_add_func("/sip/attacks/contact-initial", test_contact_initial);
  g_test_add_func("/sip/attacks/contact-odd", test_contact_odd);
  g_test_add_data_func("/sip/attacks/contact-reinvite", "INVITE", check_contact_in_dialog);
  g_test_add_data_func("/sip/attacks/contact-update", "UPDATE", check_contact_in_dialog);
  g_test_add_func("/sip/attacks/contact-in-answer", test_contact_in_answer);
  g_test_add_func("/sip/attacks/wrong-tag", test_wrong_tag);
  g_test_add_func("/sip/attacks/hold-and-update", test_hold_and_update);
  g_test_add_func("/sip/attacks/late-reinvite", test_late_reinvite);
  g_test_add_func("/sip/attacks/late-without-answer", test_late_without_answer);
  g_test_add_func("/sip/attacks/replay", test_replay);
  g_test_add_func("/sip/attacks/made-up-nonce", test_made_up_nonce);
  g_test_add_func("/sip/attacks/ban", test_ban);
  g_test_add_func("/sip/attacks/registrar", test_registrar);
  g_test_add_data_func("/sip/attacks/nat-udp", GINT_TO_POINTER(FALSE), check_nat);
  g_test_add_data_func("/sip/attacks/nat-tcp", GINT_TO_POINTER(TRUE), check_nat);
  g_test_add_func("/sip/attacks/digest-leak", test_digest_leak);
  g_test_add_func("/sip/attacks/hijack", test_hijack);
  g_test_add_func("/sip/attacks/bodies", test_bodies);
  g_test_add_func("/sip/attacks/texts", test_texts);
  g_test_add_func("/sip/attacks/torture", test_torture);
  g_test_add_func("/sip/attacks/mutations", test_mutations);
  g_test_add_func("/sip/attacks/sizes", test_sizes);
  g_test_add_func("/sip/attacks/flood", test_flood);
  return g_test_run();
}
