/* test_trunk.c - the client registers at the server and calls by it; the server lets a peer in by its address; a trunk
 * that answers nonsense. */
#include <gio/gio.h>
#include "tests/unit/sip/talk.h"
#include "sip/trunk.h"

static gw_sip_trunk_info state_of(gw_sip *sip, const char *name) {
  gw_sip_trunk_info info = {.state = GW_TRUNK_TRYING, .reason = "not there"};
  gw_sip_find_trunk(sip, name, &info);
  return info;
}

static char *at(guint port) {
  return g_strdup_printf("127.0.0.1:%u", port);
}

static void test_registers_and_calls(void) {
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  r->server.on_invite = DO_RING_ANSWER;
  g_autofree char *proxy = at(r->server.udp);
  gw_sip_trunk t = {.name = "provider",
                    .proxy = proxy,
                    .registers = TRUE,
                    .user = "100",
                    .password = "secret",
                    .trusted = TRUE};
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_null(rig_dial_trunk(r, "nobody", "1", "2", NULL, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_NOT_FOUND);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "provider").state == GW_TRUNK_UP));
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 1);
  gw_sip_set_trunks(r->client.sip, &t, 1); /* nothing has changed */
  rig_spin(r, 200);
  g_assert_cmpuint(r->server.bindings_told, ==, 1);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *c = rig_dial_trunk(r, "provider", "+4930123456", "+493099", offer, &why);
  g_assert_nonnull(c);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  end *s = rig_in(&r->server, 0);
  g_assert_cmpstr(s->phone, ==, "100");
  g_assert_cmpstr(s->to_user, ==, "+4930123456");
  g_assert_cmpstr(s->from_user, ==, "100"); /* the server does not trust us */
  g_assert_cmpstr(s->from_name, ==, "Anna");
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_ENDED]));
  t.keepalive_s =
      7; /* changed: a new one, and the old one does not take back what that registers */
  gw_sip_set_trunks(r->client.sip, &t, 1);
  gw_sip_set_trunks(r->client.sip, NULL, 0); /* and three changes in one turn */
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "provider").state == GW_TRUNK_UP));
  rig_spin(r, 300);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 1);
  gw_sip_set_trunks(r->client.sip, NULL, 0);
  g_assert_true(RIG_WAIT(r, gw_sip_contacts(r->server.sip, "100") == 0));
  rig_free(r);
}

static void test_wrong_password(void) {
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  g_autofree char *proxy = at(r->server.udp);
  gw_sip_trunk t = {
      .name = "provider", .proxy = proxy, .registers = TRUE, .user = "100", .password = "guess"};
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "provider").state == GW_TRUNK_DOWN));
  g_assert_cmpstr(state_of(r->client.sip, "provider").reason, ==, "401 Unauthorized");
  rig_spin(r, 500);
  g_assert_cmpuint(rig_count_lines(r, "sip-auth-failed"), ==, 1); /* not asked again at once */
  g_assert_null(rig_dial_trunk(r, "provider", "1", "2", NULL, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_PEER_GONE);
  rig_free(r);
}

/* --- who calls --- */

/* An INVITE from 127.0.0.2; its final status, and the call if it came in. */
static end *call_from(rig *r, wire *w, const char *uri_user, const char *extra) {
  static guint n;
  g_autofree char *id = g_strdup_printf("trunk-call-%u", ++n);
  g_autofree char *uri = g_strdup_printf("sip:%s@127.0.0.1:%u", uri_user, r->server.udp);
  guint before = r->server.ends->len;
  g_autofree char *text = wire_request(w, "INVITE", uri, id, 1, NULL, extra, NULL);
  wire_send(w, text);
  g_assert_cmpuint(wire_status(r, w, 2000), >=, 200);
  return rig_in(&r->server, before);
}

static void test_by_address(void) {
  static const char *const addresses[] = {"127.0.0.2/32", NULL};
  static const struct {
    gboolean trusted;
    const char *extra, *user;
    gboolean anonymous;
  } rows[] = {
      {FALSE, "P-Asserted-Identity: \"Anna\" <sip:+4930@h>\r\n", NULL, FALSE},
      {TRUE, "P-Asserted-Identity: \"Anna\" <sip:+4930@h>\r\n", "+4930", FALSE},
      {TRUE, "Remote-Party-ID: <sip:+4931@h>;party=calling;privacy=full\r\n", "+4931", TRUE},
      {TRUE, "P-Asserted-Identity: <sip:+4930@h>\r\nPrivacy: id\r\n", "+4930", TRUE},
      {TRUE, "P-Asserted-Identity: <sip:+4930@h>\r\nPrivacy: none\r\n", "+4930", FALSE},
      {FALSE, "Privacy: id\r\n", NULL, TRUE},
      {TRUE, "P-Asserted-Identity: garbage <\r\n", NULL, FALSE},
  };
  rig *r = rig_new();
  r->server.on_invite = DO_REFUSE_BUSY;
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_sip_trunk t = {
        .name = "pbx", .proxy = "127.0.0.2:9", .addresses = addresses, .trusted = rows[i].trusted};
    gw_sip_set_trunks(r->server.sip, &t, 1);
    wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2"), *stranger = wire_udp(r, r->server.udp);
    end *e = call_from(r, w, "+493055550", rows[i].extra);
    g_assert_nonnull(e);
    g_assert_cmpstr(e->trunk, ==, "pbx");
    g_assert_null(e->phone);
    g_assert_cmpstr(e->to_user, ==, "+493055550");
    if (rows[i].user)
      g_assert_cmpstr(e->from_user, ==, rows[i].user);
    else
      g_assert_cmpstr(e->from_user, !=, "+4930");
    g_assert_cmpint(e->anonymous, ==, rows[i].anonymous);
    g_assert_null(call_from(r, stranger, "+493055550",
                            rows[i].extra)); /* the same words from anywhere else: 401 */
    wire_free(w);
    wire_free(stranger);
  }
  g_assert_cmpuint(r->made->len, ==, 0);
  rig_free(r);
}

/* Somebody's own account at the place of the operator's PBX: what is for that account is his, once the registrar has taken his
 * password; what is for others is not, whatever he calls himself. */
static void test_personal(void) {
  static const char *const addresses[] = {"127.0.0.2/32", NULL};
  static const struct {
    const char *password, *to, *trunk;
    gw_sip_trunk_state state;
    gboolean pbx;
  } rows[] = {{"secret", "100", "own", GW_TRUNK_UP, TRUE},     {"secret", "8000", "pbx", GW_TRUNK_UP, TRUE},
              {"guess", "100", "pbx", GW_TRUNK_DOWN, TRUE},    {"secret", "100", "own", GW_TRUNK_UP, FALSE},
              {"secret", "8000", NULL, GW_TRUNK_UP, FALSE},    {"guess", "100", NULL, GW_TRUNK_DOWN, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig *r = rig_new(); /* the gateway registers at itself: what counts is that it is taken */
    g_autofree char *proxy = at(r->server.udp);
    r->server.on_invite = DO_REFUSE_BUSY;
    const gw_sip_trunk t[] = {{.name = "own",
                               .proxy = proxy,
                               .registers = TRUE,
                               .user = "100",
                               .password = rows[i].password,
                               .addresses = addresses,
                               .personal = TRUE},
                              {.name = "pbx", .proxy = "127.0.0.2:9", .addresses = addresses}};
    gw_sip_set_trunks(r->server.sip, t, rows[i].pbx ? 2 : 1);
    g_assert_true(RIG_WAIT(r, state_of(r->server.sip, "own").state == rows[i].state));
    wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2");
    end *e = call_from(r, w, rows[i].to, NULL);
    g_test_message("row %u", i);
    g_assert_cmpstr(e ? e->trunk : NULL, ==, rows[i].trunk);
    wire_free(w);
    rig_free(r);
  }
}

static end *call_to(rig *r, wire *w, const char *id, const char *host) {
  g_autofree char *uri = g_strdup_printf("sip:100@127.0.0.1:%u", r->server.udp);
  g_autofree char *said = g_strdup_printf("To: <%s>", uri), *meant = g_strdup_printf("To: <sip:100@%s>", host);
  g_autofree char *text = wire_request(w, "INVITE", uri, id, 1, NULL, NULL, NULL);
  g_auto(GStrv) parts = g_strsplit(text, said, 2);
  g_autofree char *changed = g_strjoinv(meant, parts);
  guint before = r->server.ends->len;
  wire_send(w, changed);
  g_assert_cmpuint(wire_status(r, w, 2000), >=, 200);
  return rig_in(&r->server, before);
}

/* Two people with one user name in two domains of one provider, which speaks from one address: To says whose call it is, and
 * where it does not, it is nobody's. */
static void test_two_domains(void) {
  rig *r = rig_new();
  g_autofree char *proxy = at(r->server.udp);
  static const char *const addresses[] = {"127.0.0.2/32", NULL};
  r->server.on_invite = DO_REFUSE_BUSY;
  gw_sip_trunk t[] = {{.name = "anna", .proxy = "one.example"}, {.name = "bert", .proxy = "two.example"}};
  for (guint i = 0; i < G_N_ELEMENTS(t); i++) {
    t[i].outbound_proxy = proxy;
    t[i].user = "100";
    t[i].password = "secret";
    t[i].addresses = addresses;
    t[i].registers = t[i].personal = TRUE;
  }
  gw_sip_set_trunks(r->server.sip, t, G_N_ELEMENTS(t));
  g_assert_true(RIG_WAIT(r, state_of(r->server.sip, "anna").state == GW_TRUNK_UP &&
                                state_of(r->server.sip, "bert").state == GW_TRUNK_UP));
  wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2");
  end *e = call_to(r, w, "two-domains-1", "one.example");
  g_assert_cmpstr(e ? e->trunk : NULL, ==, "anna");
  e = call_to(r, w, "two-domains-2", "TWO.example");
  g_assert_cmpstr(e ? e->trunk : NULL, ==, "bert");
  g_assert_null(call_to(r, w, "two-domains-3", "127.0.0.1"));
  wire_free(w);
  rig_free(r);
}

/* People with accounts at one provider call each other: what a proxy there sends back to us is our own INVITE, and for an account. For anything
 * else it is a loop. */
static void check_called_by_us(gconstpointer data) {
  const gboolean account = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  r->server.on_invite = DO_REFUSE_BUSY;
  wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2");
  g_autofree char *proxy = g_strdup_printf("127.0.0.2:%u", w->port);
  const gw_sip_trunk t = {.name = "anna", .proxy = proxy, .registers = TRUE, .user = "100", .password = "p", .personal = TRUE};
  gw_sip_set_trunks(r->server.sip, &t, 1);
  g_autofree char *enlists = asked(r, w, "REGISTER");
  say(w, enlists, "200 OK", "t", "Expires: 600\r\n", NULL);
  g_assert_true(RIG_WAIT(r, state_of(r->server.sip, "anna").state == GW_TRUNK_UP));
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  gw_sip_call *call = gw_sip_dial_trunk(r->server.sip, "anna", "200", "100", NULL, offer, &why);
  g_assert_nonnull(call);
  g_autofree char *invite = asked(r, w, "INVITE");
  g_autofree char *back =
      g_strdup_printf("INVITE sip:%s@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:%u;rport;branch=z9hG4bKback%s",
                      account ? "100" : "8000", r->server.udp, w->port, strstr(invite, "\r\n"));
  wire_send(w, back);
  g_assert_cmpuint(wire_status(r, w, 3000), ==, account ? 486 : 482);
  end *e = rig_in(&r->server, 0);
  g_assert_cmpstr(e ? e->trunk : NULL, ==, account ? "anna" : NULL);
  gw_sip_call_hangup(call, GW_CAUSE_NORMAL);
  gw_sip_call_unref(call);
  wire_free(w);
  rig_free(r);
}

/* A phone at the trunk's address is a phone: it brings the password. And what a trunk may not do any better than a
 * stranger. */
static void test_beside_a_phone(void) {
  static const char *const addresses[] = {"127.0.0.0/8", NULL};
  rig *r = rig_new();
  gw_sip_trunk t = {.name = "pbx", .proxy = "127.0.0.2:9", .addresses = addresses};
  r->server.on_invite = DO_ANSWER;
  g_autofree char *uri = g_strdup_printf("sip:8000@127.0.0.1:%u", r->server.udp);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *before = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, before->states[GW_SIP_CONFIRMED]));
  guint up = 0, down = 0;
  rig_register(r, "100", "secret", FALSE, &up, &down);
  g_assert_true(RIG_WAIT(r, up));
  gw_sip_set_trunks(r->server.sip, &t, 1);
  end *after = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, after->states[GW_SIP_CONFIRMED]));
  g_assert_cmpstr(rig_in(&r->server, 1)->phone, ==, "100");
  g_assert_null(rig_in(&r->server, 1)->trunk);
  end *other = rig_dial(r, uri, "555", "secret", offer); /* somebody else at that address */
  g_assert_true(RIG_WAIT(r, other->states[GW_SIP_CONFIRMED]));
  g_assert_cmpstr(rig_in(&r->server, 2)->trunk, ==, "pbx");
  wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2");
  g_autofree char *reg = wire_request(w, "REGISTER", "sip:127.0.0.1", "trunk-register", 1, NULL,
                                      "Expires: 60\r\n", NULL);
  wire_send(w, reg);
  g_assert_cmpuint(wire_status(r, w, 2000), ==, 401);
  static const char *const methods[] = {"MESSAGE", "SUBSCRIBE", "REFER", "NOTIFY",
                                        "PUBLISH", "INFO",      "BYE"};
  for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
    g_autofree char *id = g_strdup_printf("trunk-%s", methods[i]);
    g_autofree char *text = wire_request(w, methods[i], uri, id, 1, NULL,
                                         "Refer-To: <sip:+49900@evil.example>\r\n", NULL);
    wire_send(w, text);
    g_assert_cmpuint(wire_status(r, w, 2000), >=, 400);
  }
  g_assert_cmpuint(r->made->len, ==, 3); /* those above */
  wire_free(w);
  rig_free(r);
}

/* Whoever forges the trunk's address must not say where the answers go: the library would obey. */
static void test_maddr(void) {
  static const char *const addresses[] = {"127.0.0.2/32", NULL};
  rig *r = rig_new();
  r->server.on_invite = DO_REFUSE_BUSY;
  gw_sip_trunk t = {.name = "pbx", .proxy = "127.0.0.2:9", .addresses = addresses};
  gw_sip_set_trunks(r->server.sip, &t, 1);
  wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2"),
       *thief = wire_udp_from(r, r->server.udp, "127.0.0.3");
  g_autofree char *plain =
      wire_request(w, "INVITE", "sip:8000@127.0.0.1", "maddr", 1, NULL, NULL, NULL);
  g_auto(GStrv) parts = g_strsplit(plain, ";branch=", 2);
  g_autofree char *there = g_strdup_printf(";maddr=127.0.0.3;sent-port=%u", thief->port),
                  *forged = g_strconcat(parts[0], there, ";branch=", parts[1], NULL);
  wire_send(w, forged);
  g_assert_true(RIG_WAIT(r, rig_count_lines(r, "maddr from a trunk") == 1));
  g_assert_null(rig_in(&r->server, 0));
  g_assert_cmpuint(rig_count_lines(r, "status=400"), ==, 1);
  g_autofree char *stray = wire_read(r, thief, 200);
  g_assert_true(!stray || g_str_has_prefix(stray, "SIP/2.0 4")); /* no more than that */
  g_assert_nonnull(call_from(r, w, "8000", NULL));               /* without it: as ever */
  wire_free(w);
  wire_free(thief);
  rig_free(r);
}

/* --- a trunk that answers nonsense --- */

static gw_sip_trunk registering(const char *proxy) {
  return (gw_sip_trunk){.name = "odd",
                        .proxy = proxy,
                        .registers = TRUE,
                        .user = "100",
                        .password = "secret",
                        .expires_s = 120};
}

static void test_refusals(void) {
  static const struct {
    const char *status, *extra, *reason;
  } rows[] = {
      {"403 Forbidden", "", "403 Forbidden"},
      {"302 Moved", "Contact: <sip:100@127.0.0.1:9>\r\n", "302 Moved"},
      {"200 OK", "Contact: <sip:100@127.0.0.1:9>;expires=0\r\n", "registered for no time at all"},
      {"420 Bad\x1b[31mExtension", "", "420 Bad[31mExtension"},
      {"699 ", "", "699"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig *r = rig_new();
    wire *w = wire_udp(r, r->client.udp);
    g_autofree char *proxy = at(w->port);
    gw_sip_trunk t = registering(proxy);
    gw_sip_set_trunks(r->client.sip, &t, 1);
    g_autofree char *text = asked(r, w, "REGISTER");
    g_assert_nonnull(text);
    say(w, text, rows[i].status, "x", rows[i].extra, NULL);
    g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "odd").state == GW_TRUNK_DOWN));
    g_assert_cmpstr(state_of(r->client.sip, "odd").reason, ==, rows[i].reason);
    g_assert_null(wire_read(r, w, 300)); /* nothing is sent again at once, here or anywhere */
    wire_free(w);
    rig_free(r);
  }
}

/* New challenges for ever: the password is told once per REGISTER, and then comes the wait. */
static void test_endless_401(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  g_autofree char *proxy = at(w->port);
  gw_sip_trunk t = registering(proxy);
  gw_sip_set_trunks(r->client.sip, &t, 1);
  guint asked = 0, told = 0;
  for (guint i = 0; i < 10; i++) {
    g_autofree char *text = wire_read(r, w, 1000);
    if (!text) break;
    g_autofree char *shown = wire_header(text, "Authorization"),
                    *challenge = g_strdup_printf(
                        "WWW-Authenticate: Digest realm=\"r%u\", nonce=\"n%u\", qop=\"auth\"\r\n",
                        i, i);
    asked++;
    told += shown != NULL;
    say(w, text, "401 Unauthorized", "x", challenge, NULL);
  }
  g_assert_cmpuint(asked, ==, 2);
  g_assert_cmpuint(told, ==, 1);
  g_assert_cmpint(state_of(r->client.sip, "odd").state, ==, GW_TRUNK_DOWN);
  wire_free(w);
  rig_free(r);
}

static void test_brief_and_garbage(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  g_autofree char *proxy = at(w->port);
  gw_sip_trunk t = registering(proxy);
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_autofree char *first = asked(r, w, "REGISTER");
  static const char *const garbage[] = {"SIP/2.0 200 OK\r\n\r\n",
                                        "SIP/2.0 999999 X\r\nVia: x\r\n\r\n", "\r\n\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n\r\n", "SIP/2.0 200"};
  for (guint i = 0; i < G_N_ELEMENTS(garbage); i++)
    wire_send(w, garbage[i]);
  wire_send_bytes(w, "\x80\xff\x00\x01", 4);
  say(w, first, "423 Interval Too Brief", "x", "Min-Expires: 900\r\n", NULL);
  g_autofree char *second = asked(r, w, "REGISTER"), *expires = wire_header(second, "Expires");
  while (!g_strcmp0(expires, "120")) { /* the first one again */
    g_free(second);
    g_free(expires);
    second = asked(r, w, "REGISTER");
    expires = wire_header(second, "Expires");
  }
  g_assert_cmpstr(expires, ==, "900");
  g_autofree char *one = wire_header(first, "Call-ID"), *two = wire_header(second, "Call-ID");
  g_assert_cmpstr(one, ==, two);
  say(w, second, "200 OK", "x",
      "Contact: <sip:other@h>;expires=5\r\nContact: <sip:100@127.0.0.1>;expires=4294967295\r\n",
      NULL);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "odd").state == GW_TRUNK_UP));
  wire_free(w);
  rig_free(r);
}

/* A trunk of the client at this socket, which nobody asks whether it lives: it is up at once. */
static void trunk_at(rig *r, const wire *w) {
  g_autofree char *proxy = at(w->port);
  gw_sip_trunk t = {
      .name = "odd", .proxy = proxy, .user = "100", .password = "secret", .trusted = TRUE};
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "odd").state == GW_TRUNK_UP));
}

static end *dial_by_it(rig *r, const char *from) {
  gw_cause why = GW_CAUSE_NONE;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *c = rig_dial_trunk(r, "odd", "+4930", from, offer, &why);
  g_assert_nonnull(c);
  return c;
}

/* A call that is redirected, or challenged by somebody else in its course: it ends, and nothing goes there. */
static void test_call_is_redirected(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp), *elsewhere = wire_udp(r, r->client.udp);
  g_autofree char *contact =
      g_strdup_printf("Contact: <sip:+49900@127.0.0.1:%u>\r\n", elsewhere->port);
  static const char *const statuses[] = {"302 Moved Temporarily", "305 Use Proxy",
                                         "380 Alternative Service"};
  trunk_at(r, w);
  for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
    end *c = dial_by_it(r, i ? "+4911" : "");
    g_autofree char *text = asked(r, w, "INVITE");
    g_autofree char *asserted = wire_header(text, "P-Asserted-Identity"),
                    *privacy = wire_header(text, "Privacy"), *from = wire_header(text, "From");
    g_assert_cmpint(asserted != NULL, ==, i > 0);
    g_assert_cmpint(privacy != NULL, ==, i == 0);
    g_assert_true(!strstr(text, "\nDiversion:") &&
                  !strstr(text, "\nHistory-Info:")); /* nothing that we send was diverted */
    g_assert_cmpint(strstr(from, "Anna") != NULL, ==, i > 0);
    say(w, text, statuses[i], "x", contact, NULL);
    g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
    g_autofree char *ack = asked(r, w, "ACK");
    g_assert_nonnull(ack);
  }
  g_assert_null(wire_read(r, elsewhere, 500));
  wire_free(w);
  wire_free(elsewhere);
  rig_free(r);
}

/* Two hosts, of which the first is dead: silent, or saying 503. The call is answered by the second. */
static void check_next_host(gconstpointer data) {
  gboolean says_503 = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  r->server.on_invite = DO_ANSWER;
  trunk_at(r, w);
  gw_dns_host *second = g_new0(gw_dns_host, 1);
  *second = (gw_dns_host){g_strdup("127.0.0.1"), g_strdup("127.0.0.1"), r->server.udp, GW_DNS_UDP};
  g_ptr_array_add(gw_trunk_named(r->client.sip, "odd")->hosts, second);
  gint64 began = g_get_monotonic_time();
  end *c = dial_by_it(r, "+4911");
  g_autofree char *text = asked(r, w, "INVITE");
  g_assert_nonnull(text);
  if (says_503) say(w, text, "503 Service Unavailable", "x", NULL, NULL);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  g_test_message("answered by the second host after %" G_GINT64_FORMAT " ms",
                 (g_get_monotonic_time() - began) / 1000);
  g_assert_cmpuint(gw_desc_audio(c->remote)->port, ==, 30002);
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
  g_assert_cmpint(c->cause, ==, GW_CAUSE_NORMAL);
  wire_free(w);
  rig_free(r);
}

/* All hosts are dead, or the call is given up while one is waited for. */
static void test_no_host(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  trunk_at(r, w);
  end *c = dial_by_it(r, "+4911");
  g_autofree char *text = asked(r, w, "INVITE");
  say(w, text, "503 Service Unavailable", "x", NULL, NULL);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
  g_assert_cmpuint(c->status, ==, 503);
  end *d = dial_by_it(r, "+4911");
  gw_sip_call_hangup(d->call, GW_CAUSE_CANCELLED);
  g_assert_true(RIG_WAIT(r, d->states[GW_SIP_ENDED]));
  gw_sip_set_trunks(r->client.sip, NULL, 0); /* while its call is still dying */
  wire_free(w);
  rig_free(r);
}

/* Where the rest of a call goes: to the trunk, whatever Contact says, for the answer to its challenge goes with it; by
 * Record-Route where the trunk says so. */
static void check_rest_of_call(gconstpointer data) {
  gboolean routed = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp), *elsewhere = wire_udp(r, r->client.udp);
  g_autofree char *extra =
      routed ? g_strdup_printf(
                   "Record-Route: <sip:127.0.0.1:%u;lr>\r\nContact: <sip:x@127.0.0.1:7>\r\n",
                   elsewhere->port)
             : g_strdup_printf("Contact: <sip:x@127.0.0.1:%u>\r\n", elsewhere->port);
  trunk_at(r, w);
  end *c = dial_by_it(r, "+4911");
  g_autofree char *first = asked(r, w, "INVITE");
  say(w, first, "407 Proxy Authentication Required", "x",
      "Proxy-Authenticate: Digest realm=\"odd\", nonce=\"n\", qop=\"auth\"\r\n", NULL);
  g_autofree char *ack = asked(r, w, "ACK"), *second = asked(r, w, "INVITE");
  g_autofree char *shown = wire_header(second, "Proxy-Authorization");
  g_assert_nonnull(shown);
  say(w, second, "200 OK", "x", extra, SDP);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  wire *right = routed ? elsewhere : w, *wrong = routed ? w : elsewhere;
  g_autofree char *bye = asked(r, right, "BYE"), *stray = wire_read(r, wrong, 300);
  g_assert_nonnull(bye);
  g_assert_null(stray);
  say(right, bye, "200 OK", "x", NULL, NULL);
  wire_free(w);
  wire_free(elsewhere);
  rig_free(r);
}

/* Who calls us asks for the password when we hang up: a caller by the trunk, in its name. Nobody is told. */
static void test_digest_leak(void) {
  static const char *const addresses[] = {"127.0.0.2/32", NULL};
  static const char *const asks[] = {"401 Unauthorized", "407 Proxy Authentication Required"};
  rig *r = rig_new();
  gw_sip_trunk t = {.name = "pbx",
                    .proxy = "127.0.0.2:9",
                    .user = "us",
                    .password = "secret",
                    .addresses = addresses};
  gw_sip_set_trunks(r->server.sip, &t, 1);
  r->server.on_invite = DO_ANSWER;
  for (guint i = 0; i < G_N_ELEMENTS(asks); i++) {
    wire *w = wire_udp_from(r, r->server.udp, "127.0.0.2");
    g_autofree char *id = g_strdup_printf("leak-%u", i),
                    *uri = g_strdup_printf("sip:8000@127.0.0.1:%u", r->server.udp);
    g_autofree char *invite =
        wire_request(w, "INVITE", uri, id, 1, NULL, "Content-Type: application/sdp\r\n", SDP);
    wire_send(w, invite);
    g_autofree char *ok = wire_final(r, w, 2000), *to = wire_header(ok, "To");
    g_autofree char *ack = wire_request(w, "ACK", uri, id, 1, strstr(to, "tag=") + 4, "", NULL);
    g_assert_true(g_str_has_prefix(ok, "SIP/2.0 200"));
    wire_send(w, ack);
    end *e = rig_in(&r->server, i);
    g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
    gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
    g_autofree char *bye = asked(r, w, "BYE");
    g_autofree char *challenge = g_strdup_printf("%s: Digest realm=\"127.0.0.2\", nonce=\"n\"\r\n",
                                                 i ? "Proxy-Authenticate" : "WWW-Authenticate");
    say(w, bye, asks[i], "x", challenge, NULL);
    for (guint k = 0; k < 3; k++) {
      g_autofree char *more = wire_read(r, w, 200);
      g_assert_true(!more || !strstr(more, "Authorization"));
    }
    wire_free(w);
  }
  rig_free(r);
}

/* The SDES key of an offer never goes over UDP: an offer that needs it is refused before anything is sent. */
static void test_srtp_needs_tls(void) {
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  wire *w = wire_udp(r, r->client.udp);
  trunk_at(r, w);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  gw_desc_audio(offer)->proto = GW_PROTO_RTP_SAVP;
  g_assert_null(rig_dial_trunk(r, "odd", "+4930", "1", offer, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_FORBIDDEN);
  g_assert_null(wire_read(r, w, 300));
  wire_free(w);
  rig_free(r);
}

/* Says 100 to an INVITE that nobody sent, from a hundred addresses. */
static void strangers_try(rig *r) {
  static const char text[] = "SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n"
                             "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: stranger\r\n"
                             "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
  g_autoptr(GSocketAddress) to = g_inet_socket_address_new_from_string("127.0.0.1", r->client.udp);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *ip = g_strdup_printf("127.0.7.%u", i + 1);
    g_autoptr(GSocketAddress) from = g_inet_socket_address_new_from_string(ip, 0);
    g_autoptr(GSocket) s =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
    g_assert_true(g_socket_bind(s, from, FALSE, NULL));
    g_assert_cmpint(g_socket_send_to(s, to, text, strlen(text), NULL, NULL), >, 0);
    rig_turn(r);
  }
}

/* Another trunk would take the call: this one's only host gets 4 s, and not the 32 of the library. */
static void test_hurry(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  trunk_at(r, w);
  end *slow = dial_by_it(r, "+4911");
  gw_sip_call_hurry(slow->call);
  g_autofree char *text = asked(r, w, "INVITE");
  g_assert_nonnull(text);
  say(w, text, "100 Trying", "x", NULL, NULL);
  strangers_try(r); /* and nobody else makes that forgotten */
  rig_spin(r, 4500);
  g_assert_cmpuint(slow->states[GW_SIP_ENDED], ==, 0); /* it has said that it is at it */
  gw_sip_call_hangup(slow->call, GW_CAUSE_CANCELLED);
  end *silent = dial_by_it(r, "+4911");
  gw_sip_call_hurry(silent->call);
  g_assert_true(RIG_WAIT(r, silent->states[GW_SIP_ENDED]));
  g_assert_cmpint(silent->cause, ==, GW_CAUSE_TIMEOUT);
  g_assert_cmpuint(silent->status, ==, 0);
  wire_free(w);
  rig_free(r);
}

/* Nobody listens there: the cause says that it was the trunk. */
static void test_unreachable(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->client.udp);
  trunk_at(r, w);
  wire_free(w);
  end *c = dial_by_it(r, "+4911");
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
  g_assert_cmpint(c->cause, ==, GW_CAUSE_PEER_GONE);
  g_assert_cmpuint(c->status, ==, 480);
  rig_free(r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/trunk/registers-and-calls", test_registers_and_calls);
  g_test_add_func("/trunk/wrong-password", test_wrong_password);
  g_test_add_func("/trunk/by-address", test_by_address);
  g_test_add_func("/trunk/personal", test_personal);
  g_test_add_func("/trunk/two-domains", test_two_domains);
  g_test_add_data_func("/trunk/called-by-us", GINT_TO_POINTER(TRUE), check_called_by_us);
  g_test_add_data_func("/trunk/loop", GINT_TO_POINTER(FALSE), check_called_by_us);
  g_test_add_func("/trunk/maddr", test_maddr);
  g_test_add_func("/trunk/beside-a-phone", test_beside_a_phone);
  g_test_add_func("/trunk/refusals", test_refusals);
  g_test_add_func("/trunk/endless-401", test_endless_401);
  g_test_add_func("/trunk/brief-and-garbage", test_brief_and_garbage);
  g_test_add_func("/trunk/redirected", test_call_is_redirected);
  g_test_add_data_func("/trunk/next-host-silent", GINT_TO_POINTER(FALSE), check_next_host);
  g_test_add_data_func("/trunk/next-host-503", GINT_TO_POINTER(TRUE), check_next_host);
  g_test_add_func("/trunk/no-host", test_no_host);
  g_test_add_func("/trunk/hurry", test_hurry);
  g_test_add_func("/trunk/unreachable", test_unreachable);
  g_test_add_data_func("/trunk/rest-of-call", GINT_TO_POINTER(FALSE), check_rest_of_call);
  g_test_add_data_func("/trunk/rest-of-call-routed", GINT_TO_POINTER(TRUE), check_rest_of_call);
  g_test_add_func("/trunk/digest-leak", test_digest_leak);
  g_test_add_func("/trunk/srtp-needs-tls", test_srtp_needs_tls);
  return g_test_run();
}
