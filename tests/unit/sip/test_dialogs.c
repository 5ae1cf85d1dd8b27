/* test_dialogs.c - what calls do besides beginning and ending: reliable provisional responses, transfers, taking over,
 * forwarding, branches that race, and packets that get lost. */
#include "sip/replaces.h"
#include "talk.h"

/* -- what is named -- */

static void test_replaces(void) {
  static const struct {
    const char *text;
    gboolean ok;
  } rows[] = {
      {"a@b;to-tag=1;from-tag=2", TRUE},
      {" a@b ; from-tag=2 ; to-tag=1;early-only;x=y", TRUE},
      {"a@b;to-tag=1", FALSE},
      {"a@b;from-tag=1", FALSE},
      {";to-tag=1;from-tag=2", FALSE},
      {"a@b;to-tag=;from-tag=2", FALSE},
      {"a@b;to-tag=1;to-tag=3;from-tag=2", FALSE},
      {"a b;to-tag=1;from-tag=2", FALSE},
      {"a@b\r\nX: y;to-tag=1;from-tag=2", FALSE},
      {"a@b;to-tag=1\r\n;from-tag=2>", FALSE},
      {"", FALSE},
      {NULL, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_replaces) r = gw_replaces_parse(rows[i].text);
    if ((r != NULL) != rows[i].ok) g_test_message("%s", rows[i].text);
    g_assert_cmpint(r != NULL, ==, rows[i].ok);
    if (!r) continue;
    g_assert_cmpstr(r->call_id, ==, "a@b");
    g_assert_cmpstr(r->to_tag, ==, "1");
    g_assert_cmpstr(r->from_tag, ==, "2");
    g_assert_cmpint(r->early_only, ==, strstr(rows[i].text, "early") != NULL);
  }
  g_autofree char *filler = g_strnfill(600, 'x');
  g_autofree char *text = g_strdup_printf("%s;to-tag=1;from-tag=2", filler);
  g_assert_null(gw_replaces_parse(text));
  GString *many = g_string_new("a@b;to-tag=1;from-tag=2");
  for (guint i = 0; i < 40; i++)
    g_string_append(many, ";p=1");
  g_assert_null(gw_replaces_parse(many->str));
  g_string_free(many, TRUE);
}

static void test_refer_to(void) {
  static const struct {
    const char *uri, *user, *host;
    guint port;
    const char *call_id; /* of its Replaces */
  } rows[] = {
      {"sip:101@example.org", "101", "example.org", 0, NULL},
      {"SIPS:101@192.0.2.1:5061;transport=tls", "101", "192.0.2.1", 5061, NULL},
      {"sip:8001@[::1]:5060", "8001", "::1", 5060, NULL},
      {"sip:example.org", "", "example.org", 0, NULL},
      {"sip:%31%300:pw@h;method=INVITE", "100", "h", 0, NULL},
      {"sip:1@h?Subject=x&Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2", "1", "h", 0, "a@b"},
      {"sip:1@h?Replaces=a", NULL, NULL, 0, NULL},
      {"sip:1@h?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%"
       "3D2",
       NULL, NULL, 0, NULL},
      {"sip:1@h?Replaces=%zz", NULL, NULL, 0, NULL},
      {"sip:1@h;method=BYE", NULL, NULL, 0, NULL},
      {"tel:+4930123", NULL, NULL, 0, NULL},
      {"http://example.org", NULL, NULL, 0, NULL},
      {"sip:1@", NULL, NULL, 0, NULL},
      {"sip:1@h:0", NULL, NULL, 0, NULL},
      {"sip:1@h:99999", NULL, NULL, 0, NULL},
      {"sip:1@[::1", NULL, NULL, 0, NULL},
      {"sip:%00@h", NULL, NULL, 0, NULL},
      {"sip:a%0d%0ab@h", NULL, NULL, 0, NULL},
      {"sip:%ff@h", NULL, NULL, 0, NULL},
      {"sip:", NULL, NULL, 0, NULL},
      {"", NULL, NULL, 0, NULL},
      {NULL, NULL, NULL, 0, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_refer_to) to = gw_refer_to_parse(rows[i].uri);
    if ((to != NULL) != (rows[i].host != NULL)) g_test_message("%s", rows[i].uri);
    g_assert_cmpint(to != NULL, ==, rows[i].host != NULL);
    if (!to) continue;
    g_assert_cmpstr(to->user, ==, rows[i].user);
    g_assert_cmpstr(to->host, ==, rows[i].host);
    g_assert_cmpuint(to->port, ==, rows[i].port);
    g_assert_cmpstr(to->replaces ? to->replaces->call_id : NULL, ==, rows[i].call_id);
  }
  g_autofree char *filler = g_strnfill(1100, 'x');
  g_autofree char *uri = g_strdup_printf("sip:1@h;%s", filler);
  g_assert_null(gw_refer_to_parse(uri));
}

/* -- RFC 3262, we are called -- */

/* INVITE from a wire with these headers; the first provisional response above 100. */
static char *provisional(rig *r, wire *w, const char *call_id, guint *cseq, const char *extra,
                         const char *body) {
  g_autofree char *uri = target(w->peer);
  send_request(w, "INVITE", call_id, *cseq, NULL, extra, body);
  g_autofree char *first = wire_final(r, w, 3000),
                  *challenge = wire_header(first, "WWW-Authenticate"), *tag = tag_of(first);
  ack(w, call_id, *cseq, tag, NULL);
  g_autofree char *auth = wire_authorization(challenge, "INVITE", uri, "100", "secret", 1);
  g_autofree char *all = g_strconcat(extra ? extra : "", auth, NULL);
  send_request(w, "INVITE", call_id, ++*cseq, NULL, all, body);
  for (;;) {
    char *m = wire_read(r, w, 3000);
    if (!m || !g_str_has_prefix(m, "SIP/2.0 100")) return m;
    g_free(m);
  }
}

static guint prack(rig *r, wire *w, const char *call_id, guint cseq, const char *tag,
                   const char *rseq, guint invite, const char *body) {
  g_autofree char *rack = g_strdup_printf("RAck: %s %u INVITE\r\n", rseq, invite);
  return ask(r, w, "PRACK", call_id, cseq, tag, rack, body);
}

/* Early media is reliable for whoever supports it; the refusal after it does not wait for a PRACK. */
static void test_early_is_reliable(void) {
  rig *r = rig_new();
  r->server.on_invite = DO_PROGRESS;
  wire *w = wire_udp(r, r->server.udp);
  for (guint honest = 0; honest < 2; honest++) {
    guint cseq = 1;
    const char *id = honest ? "honest" : "silent";
    g_autofree char *m = provisional(r, w, id, &cseq, "Supported: 100rel\r\n", SDP);
    g_assert_true(m && g_str_has_prefix(m, "SIP/2.0 183"));
    g_autofree char *rseq = wire_header(m, "RSeq"), *require = wire_header(m, "Require"),
                    *tag = tag_of(m);
    g_assert_cmpstr(require, ==, "100rel");
    g_assert_nonnull(rseq);
    g_assert_nonnull(strstr(m, "m=audio"));
    if (honest) {
      g_assert_cmpuint(prack(r, w, id, cseq + 1, tag, "99", cseq, NULL), ==, 481);
      g_assert_cmpuint(prack(r, w, id, cseq + 2, tag, rseq, cseq, NULL), ==, 200);
    } else { /* it is said again until then */
      g_autofree char *again = wire_read(r, w, 2000);
      g_assert_true(again && g_str_has_prefix(again, "SIP/2.0 183"));
    }
    gw_sip_call_hangup(rig_in(&r->server, honest)->call, GW_CAUSE_NOT_FOUND);
    g_assert_cmpuint(wire_status(r, w, 2000), ==, 404);
    ack(w, id, cseq, tag, NULL);
    g_assert_true(RIG_WAIT(r, rig_in(&r->server, honest)->states[GW_SIP_ENDED]));
  }
  still_alive(r, r->server.udp);
  wire_free(w);
  rig_free(r);
}

/* A phone that says 100rel and does not do it is answered all the same. */
static void test_bad_100rel(void) {
  rig *r = rig_new();
  r->server.on_invite = DO_RING_ANSWER;
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *m = provisional(r, w, "liar", &cseq, "Supported: 100rel\r\n", SDP);
  g_assert_true(m && g_str_has_prefix(m, "SIP/2.0 180"));
  g_assert_null(strstr(m, "RSeq"));
  g_assert_cmpuint(wire_status(r, w, 2000), ==, 200);
  wire_free(w);
  rig_free(r);
}

static void test_required_100rel(void) {
  rig *r = rig_new();
  r->server.on_invite = DO_RING;
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *m = provisional(r, w, "must", &cseq, "Require: 100rel\r\n", SDP);
  g_assert_true(m && g_str_has_prefix(m, "SIP/2.0 180"));
  g_autofree char *rseq = wire_header(m, "RSeq"), *tag = tag_of(m);
  g_assert_nonnull(rseq);
  g_assert_cmpuint(prack(r, w, "must", ++cseq, tag, rseq, 2, SDP), ==,
                   488); /* an offer nobody asked for */
  g_autoptr(gw_desc) mine = rig_desc(30002, GW_DIR_SENDRECV);
  gw_sip_call_answer(rig_in(&r->server, 0)->call, mine);
  g_autofree char *ok = wire_final(r, w, 2000);
  g_assert_true(g_str_has_prefix(ok, "SIP/2.0 200"));
  ack(w, "must", 2, tag, NULL);
  g_assert_true(RIG_WAIT(r, rig_in(&r->server, 0)->states[GW_SIP_CONFIRMED]));
  g_assert_cmpuint(ask(r, w, "BYE", "must", 5, tag, NULL, NULL), ==, 200);
  /* a late offer may not ring reliably without an offer: it does not ring */
  cseq = 1;
  r->server.on_invite = DO_RING_ANSWER;
  g_autofree char *late = provisional(r, w, "late", &cseq, "Require: 100rel\r\n", NULL);
  g_assert_true(late && g_str_has_prefix(late, "SIP/2.0 200"));
  wire_free(w);
  rig_free(r);
}

/* -- RFC 3262, we call -- */

static void check_prack_out(gconstpointer data) {
  gboolean good = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  end *e;
  g_autofree char *invite = rung(r, w, &e);
  g_autofree char *supported = wire_header(invite, "Supported");
  g_assert_nonnull(strstr(supported, "100rel"));
  say(w, invite, "183 Session Progress", "x",
      good ? "Require: 100rel\r\nRSeq: 7\r\n"
           : "Require: 100rel\r\nRSeq: 7\r\nContact: <tel:+123>\r\n",
      SDP);
  if (good) {
    g_autofree char *request = asked(r, w, "PRACK"), *rack = wire_header(request, "RAck"),
                    *cseq = wire_header(invite, "CSeq");
    g_autofree char *expected = g_strdup_printf("7 %s", cseq);
    g_assert_cmpstr(rack, ==, expected);
    say(w, request, "200 OK", "x", NULL, NULL);
    g_assert_cmpuint(e->remotes, ==, 1); /* early media */
    say(w, invite, "200 OK", "x", NULL, SDP);
    g_autofree char *acked = asked(r, w, "ACK");
    g_assert_nonnull(acked);
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  } else {
    g_autofree char *request = asked(r, w, "CANCEL");
    g_assert_nonnull(request);
    say(w, request, "200 OK", "x", NULL, NULL);
    say(w, invite, "487 Request Terminated", "x", NULL, NULL);
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
  }
  still_alive(r, r->server.udp);
  wire_free(w);
  rig_free(r);
}

/* -- what is refused before it is a call -- */

static void test_hops(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  g_autofree char *uri = target(w->peer);
  g_autofree char *text = wire_request(w, "INVITE", uri, "hops", 1, NULL, NULL, SDP);
  char *zero = strstr(text, "Max-Forwards: 70");
  g_assert_nonnull(zero);
  memcpy(zero, "Max-Forwards: 0 ", 16);
  wire_send(w, text);
  g_assert_cmpuint(wire_status(r, w, 3000), ==, 483);
  send_request(w, "INVITE", "strange", 1, NULL, "Require: foo, 100rel\r\n", SDP);
  g_autofree char *m = wire_final(r, w, 3000), *unsupported = wire_header(m, "Unsupported");
  g_assert_true(g_str_has_prefix(m, "SIP/2.0 420"));
  g_assert_cmpstr(unsupported, ==, "foo");
  wire_free(w);
  rig_free(r);
}

/* What we have sent out comes back to us. */
static void test_loop(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  end *e;
  g_autofree char *invite = rung(r, w, &e), *id = wire_header(invite, "Call-ID");
  g_assert_cmpuint(ask(r, w, "INVITE", id, 1, NULL, NULL, SDP), ==, 482);
  wire_free(w);
  rig_free(r);
}

/* -- forwarding and branches -- */

static void check_forward(gconstpointer data) {
  static const struct {
    const char *name, *contact;
    gboolean followed;
  } rows[] = {{"ours", "<sip:100@phones.test>", TRUE},
              {"loop", "<sip:101@phones.test>", FALSE},
              {"unknown", "<sip:199@phones.test>", FALSE},
              {"outside", "<sip:+49900123456@provider.example>", FALSE},
              {"tel", "<tel:+49900123456>", FALSE},
              {"none", NULL, FALSE}};
  guint row = GPOINTER_TO_UINT(data);
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp), *other = wire_udp(r, r->server.udp);
  bound_to(r, other, "100");
  end *e;
  g_autofree char *invite = rung(r, w, &e);
  g_autofree char *contact =
      rows[row].contact ? g_strdup_printf("Contact: %s\r\n", rows[row].contact) : NULL;
  say(w, invite, "302 Moved Temporarily", "x", contact ? contact : "Contact: *\r\n", NULL);
  if (rows[row].followed) {
    g_autofree char *second = asked(r, other, "INVITE");
    g_assert_nonnull(second);
    g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
    say(other, second, "200 OK", "y", NULL, SDP);
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  } else {
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
    g_assert_cmpint(e->cause, ==, GW_CAUSE_REJECTED);
    g_assert_cmpuint(e->status, ==, 302);
    g_assert_cmpuint(rig_count_lines(r, "sip-forward-refused"), ==, 1);
    g_autofree char *second = wire_read(r, other, 200);
    g_assert_null(second);
  }
  wire_free(w);
  wire_free(other);
  rig_free(r);
}

/* A proxy behind a contact forks: two answers to one INVITE. The second one gets ACK and BYE. */
static void test_two_answers(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  end *e;
  g_autofree char *invite = rung(r, w, &e);
  say(w, invite, "180 Ringing", "a", NULL, NULL);
  say(w, invite, "183 Session Progress", "b", NULL, SDP);
  say(w, invite, "180 Ringing", "c", NULL, NULL);
  say(w, invite, "200 OK", "a", NULL, SDP);
  g_autofree char *first = asked(r, w, "ACK");
  g_assert_nonnull(first);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  say(w, invite, "200 OK", "b", NULL, SDP);
  g_autofree char *second = asked(r, w, "ACK"), *to = wire_header(second, "To");
  g_assert_nonnull(second);
  g_assert_nonnull(strstr(to, "tag=b"));
  g_autofree char *bye = asked(r, w, "BYE"), *whom = wire_header(bye, "To");
  g_assert_nonnull(bye);
  g_assert_nonnull(strstr(whom, "tag=b"));
  say(w, bye, "200 OK", "b", NULL, NULL);
  rig_spin(r, 100);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0); /* the first one lives */
  wire_free(w);
  rig_free(r);
}

/* -- packets that get lost -- */

/* Our 200 is said again until it is acknowledged, and an INVITE that comes again is no second call. */
static void test_lost_ack(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *ok = with_digest(r, w, "INVITE", "lost", &cseq, NULL, SDP, "100", "secret"),
                  *tag = tag_of(ok);
  g_assert_true(g_str_has_prefix(ok, "SIP/2.0 200"));
  g_autofree char *again = wire_final(r, w, 3000);
  g_assert_true(again && g_str_has_prefix(again, "SIP/2.0 200"));
  ack(w, "lost", cseq, tag, NULL);
  g_assert_true(RIG_WAIT(r, rig_in(&r->server, 0)->states[GW_SIP_CONFIRMED]));
  g_assert_cmpuint(r->server.ends->len, ==, 1);
  /* our BYE comes again as well */
  gw_sip_call_hangup(rig_in(&r->server, 0)->call, GW_CAUSE_NORMAL);
  g_autofree char *bye = asked(r, w, "BYE"), *bye2 = asked(r, w, "BYE");
  g_assert_nonnull(bye2);
  say(w, bye2, "200 OK", "x", NULL, NULL);
  wire_free(w);
  rig_free(r);
}

static void test_lost_invite(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  end *e;
  g_autofree char *lost = rung(r, w, &e), *invite = asked(r, w, "INVITE");
  g_assert_nonnull(invite);
  say(w, invite, "200 OK", "x", NULL, SDP);
  g_autofree char *first = asked(r, w, "ACK");
  say(w, invite, "200 OK", "x", NULL, SDP); /* it has not got the ACK */
  g_autofree char *second = asked(r, w, "ACK");
  g_assert_nonnull(second);
  g_assert_cmpuint(e->states[GW_SIP_CONFIRMED], ==, 1);
  wire_free(w);
  rig_free(r);
}

/* -- what a request tells -- */

static void test_history(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *filler = g_strnfill(400, 'x');
  g_autofree char *extra = g_strdup_printf(
      "Diversion: <sip:200@pbx.test>;reason=unconditional\r\nDiversion: %s\r\n", filler);
  g_autofree char *ok = with_digest(r, w, "INVITE", "div", &cseq, extra, SDP, "100", "secret"),
                  *tag = tag_of(ok);
  ack(w, "div", cseq, tag, NULL);
  end *e = rig_in(&r->server, 0);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  g_assert_true(g_str_has_prefix(e->history, "Diversion: <sip:200@pbx.test>;reason=unconditional"));
  g_assert_cmpuint(strlen(e->history), <=, 256);
  g_assert_cmpstr(e->phone, ==, "100"); /* nobody else by it */
  g_assert_cmpuint(ask(r, w, "BYE", "div", cseq + 1, tag,
                       "Reason: SIP;cause=200\r\nReason: Q.850;cause=17;text=\"User busy\"\r\n",
                       NULL),
                   ==, 200);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
  g_assert_cmpint(e->cause, ==, GW_CAUSE_BUSY);
  g_assert_cmpstr(gw_sip_call_reason(e->call), ==, "Q.850 17: User busy");
  wire_free(w);
  rig_free(r);
}

/* -- transfers -- */

static void test_refer(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *tag = NULL;
  end *e = wire_call(r, w, &r->server, "ref", &cseq, &tag);
  g_autofree char *to = g_strdup_printf("Refer-To: <sip:8001@127.0.0.1:%u>\r\n", r->server.udp);
  r->server.answer_refer = 202;
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, tag, to, NULL), ==, 202);
  g_assert_cmpstr(e->refer_target, ==, "8001");
  g_assert_true(e->refer_ours);
  g_autofree char *trying = asked(r, w, "NOTIFY"), *event = wire_header(trying, "Event"),
                  *state = wire_header(trying, "Subscription-State"),
                  *type = wire_header(trying, "Content-Type");
  g_assert_nonnull(strstr(trying, "\r\n\r\nSIP/2.0 100 Trying"));
  g_assert_cmpstr(event, ==, "refer;id=3");
  g_assert_true(g_str_has_prefix(state, "active"));
  g_assert_true(g_str_has_prefix(type, "message/sipfrag"));
  say(w, trying, "200 OK", "x", NULL, NULL);
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, tag, to, NULL), ==, 491);
  gw_sip_call_refer_progress(e->call, 180);
  g_autofree char *ringing = asked(r, w, "NOTIFY");
  g_assert_nonnull(strstr(ringing, "SIP/2.0 180"));
  say(w, ringing, "200 OK", "x", NULL, NULL);
  gw_sip_call_refer_progress(e->call, 486);
  g_autofree char *busy = asked(r, w, "NOTIFY"), *over = wire_header(busy, "Subscription-State");
  g_assert_nonnull(strstr(busy, "SIP/2.0 486"));
  g_assert_true(g_str_has_prefix(over, "terminated"));
  say(w, busy, "200 OK", "x", NULL, NULL);
  /* a second one, which is refused; and outwards, which is seen to be */
  r->server.answer_refer = 403;
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, tag,
                       "Refer-To: <sip:+49900123@provider.example>\r\n", NULL),
                   ==, 403);
  g_assert_false(e->refer_ours);
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, tag, "Refer-To: <tel:+49900123>\r\n", NULL),
                   ==, 400);
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, tag, NULL, NULL), ==, 400);
  g_assert_cmpuint(ask(r, w, "REFER", "ref", ++cseq, "wrong", to, NULL), ==, 405);
  g_assert_cmpuint(e->refers, ==, 2);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  g_assert_cmpuint(ask(r, w, "BYE", "ref", ++cseq, tag, NULL, NULL), ==, 200);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
  gw_sip_call_refer_progress(e->call, 200);
  wire_free(w);
  rig_free(r);
}

static void test_refer_silent(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *tag = NULL;
  end *e = wire_call(r, w, &r->server, "quiet", &cseq, &tag);
  r->server.answer_refer = 202;
  send_request(w, "REFER", "quiet", ++cseq, tag,
               "Refer-To: <sip:8001@phones.test>\r\nRefer-Sub: false\r\n", NULL);
  g_autofree char *m = wire_final(r, w, 3000), *sub = wire_header(m, "Refer-Sub");
  g_assert_true(g_str_has_prefix(m, "SIP/2.0 202"));
  g_assert_cmpstr(sub, ==, "false");
  gw_sip_call_refer_progress(e->call, 200);
  g_autofree char *nothing = wire_read(r, w, 300);
  g_assert_null(nothing);
  wire_free(w);
  rig_free(r);
}

/* The one that asks hangs up before it knows, and bad addresses in a REFER or its answers. */
static void test_refer_rough(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  const char *to = "Refer-To: <sip:8001@phones.test>\r\n";
  r->server.answer_refer = 202;
  for (guint i = 0; i < 3; i++) {
    g_autofree char *id = g_strdup_printf("rough%u", i), *tag = NULL;
    guint cseq = 1;
    end *e = wire_call(r, w, &r->server, id, &cseq, &tag);
    if (i == 1) {
      g_assert_cmpuint(ask(r, w, "REFER", id, ++cseq, tag,
                           "Refer-To: <sip:8001@phones.test>\r\nContact: <tel:+123>\r\n", NULL),
                       ==, 481);
      gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
    } else {
      g_assert_cmpuint(ask(r, w, "REFER", id, ++cseq, tag, to, NULL), ==, 202);
      g_autofree char *trying = asked(r, w, "NOTIFY");
      say(w, trying, i == 2 ? "481 No Subscription" : "200 OK", "x", NULL, NULL);
      g_assert_cmpuint(ask(r, w, "BYE", id, ++cseq, tag, NULL, NULL), ==, 200);
    }
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_ENDED]));
    gw_sip_call_refer_progress(e->call, 200);
    rig_spin(r, 50);
  }
  still_alive(r, r->server.udp);
  wire_free(w);
  rig_free(r);
}

/* Both sides ours. */
static void test_refer_out(void) {
  rig *r = rig_new();
  g_autofree char *uri = g_strdup_printf("sip:8000@127.0.0.1:%u", r->server.udp);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *c = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  r->server.answer_refer = 202;
  gw_sip_call_refer(c->call, "sip:8001@phones.test");
  end *s = rig_in(&r->server, 0);
  g_assert_true(RIG_WAIT(r, s->refers == 1));
  gw_sip_call_refer_progress(s->call, 200);
  g_assert_true(RIG_WAIT(r, strcmp(c->referred->str, "100 200 ") == 0));
  r->server.answer_refer = 403;
  gw_sip_call_refer(c->call, "sip:8001@elsewhere.test");
  g_assert_true(RIG_WAIT(r, strcmp(c->referred->str, "100 200 403 ") == 0));
  rig_free(r);
}

/* -- taking over -- */

static char *replaces_of(const char *call_id, const char *to_tag, const char *more) {
  return g_strdup_printf("Replaces: %s;to-tag=%s;from-tag=f%s%s\r\n", call_id, to_tag, call_id,
                         more);
}

static guint take_over(rig *r, wire *w, const char *id, const char *replaces, const char *user,
                       const char *password) {
  guint cseq = 1;
  g_autofree char *m = with_digest(r, w, "INVITE", id, &cseq, replaces, SDP, user, password);
  return m ? (guint)g_ascii_strtoull(m + 8, NULL, 10) : 0;
}

static void test_take_over(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp), *other = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *tag = NULL;
  end *e = wire_call(r, w, &r->server, "old", &cseq, &tag);
  g_autofree char *good = replaces_of("old", tag, ""),
                  *early = replaces_of("old", tag, ";early-only"),
                  *wrong = replaces_of("old", "xyz", ""), *none = replaces_of("other", tag, "");
  g_assert_cmpuint(take_over(r, other, "n1", good, "101", "other secret"), ==, 403);
  g_assert_cmpuint(take_over(r, other, "n2", wrong, "100", "secret"), ==, 481);
  g_assert_cmpuint(take_over(r, other, "n3", none, "100", "secret"), ==, 481);
  g_assert_cmpuint(take_over(r, other, "n4", early, "100", "secret"), ==, 486);
  g_assert_cmpuint(take_over(r, other, "n5", "Replaces: nonsense\r\n", "100", "secret"), ==, 400);
  g_assert_cmpuint(r->server.ends->len, ==, 1);
  g_assert_cmpuint(take_over(r, other, "n6", good, "100", "secret"), ==, 200);
  g_assert_true(rig_in(&r->server, 1)->replaces == e->call);
  /* a Refer-To that names the second call, on the first */
  rig_in(&r->server, 1)->replaces = NULL;
  wire_free(w);
  wire_free(other);
  rig_free(r);
}

static void test_refer_names_a_call(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint c1 = 1, c2 = 1;
  g_autofree char *t1 = NULL, *t2 = NULL;
  end *a = wire_call(r, w, &r->server, "one", &c1, &t1),
      *b = wire_call(r, w, &r->server, "two", &c2, &t2);
  r->server.answer_refer = 403;
  g_autofree char *to = g_strdup_printf(
      "Refer-To: <sip:8000@phones.test?Replaces=two%%3Bto-tag%%3D%s%%3Bfrom-tag%%3Dftwo>\r\n", t2);
  g_assert_cmpuint(ask(r, w, "REFER", "one", ++c1, t1, to, NULL), ==, 403);
  g_assert_true(a->refer_names_call);
  g_assert_true(a->refer_call == b->call);
  g_autofree char *itself = g_strdup_printf(
      "Refer-To: <sip:8000@phones.test?Replaces=one%%3Bto-tag%%3D%s%%3Bfrom-tag%%3Dfone>\r\n", t1);
  g_assert_cmpuint(ask(r, w, "REFER", "one", ++c1, t1, itself, NULL), ==, 403);
  g_assert_true(a->refer_names_call);
  g_assert_null(a->refer_call);
  wire_free(w);
  rig_free(r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/dialogs/replaces", test_replaces);
  g_test_add_func("/sip/dialogs/refer-to", test_refer_to);
  g_test_add_func("/sip/dialogs/early-is-reliable", test_early_is_reliable);
  g_test_add_func("/sip/dialogs/bad-100rel", test_bad_100rel);
  g_test_add_func("/sip/dialogs/required-100rel", test_required_100rel);
  g_test_add_data_func("/sip/dialogs/prack", GINT_TO_POINTER(TRUE), check_prack_out);
  g_test_add_data_func("/sip/dialogs/prack-bad-contact", GINT_TO_POINTER(FALSE), check_prack_out);
  g_test_add_func("/sip/dialogs/hops-and-features", test_hops);
  g_test_add_func("/sip/dialogs/loop", test_loop);
  for (guint i = 0; i < 6; i++) {
    static const char *const names[] = {"ours", "loop", "unknown", "outside", "tel", "none"};
    g_autofree char *path = g_strdup_printf("/sip/dialogs/forward-%s", names[i]);
    g_test_add_data_func(path, GUINT_TO_POINTER(i), check_forward);
  }
  g_test_add_func("/sip/dialogs/two-answers", test_two_answers);
  g_test_add_func("/sip/dialogs/lost-ack-and-bye", test_lost_ack);
  g_test_add_func("/sip/dialogs/lost-invite", test_lost_invite);
  g_test_add_func("/sip/dialogs/history", test_history);
  g_test_add_func("/sip/dialogs/refer", test_refer);
  g_test_add_func("/sip/dialogs/refer-silent", test_refer_silent);
  g_test_add_func("/sip/dialogs/refer-rough", test_refer_rough);
  g_test_add_func("/sip/dialogs/refer-out", test_refer_out);
  g_test_add_func("/sip/dialogs/take-over", test_take_over);
  g_test_add_func("/sip/dialogs/refer-names-a-call", test_refer_names_a_call);
  return g_test_run();
}
