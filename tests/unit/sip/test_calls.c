/* test_calls.c - two ends on loopback: registration, calls both ways, hold, fork, the end. */
#include "rig.h"
#include <string.h>

static char *server_uri(rig *r, gboolean tcp) {
  return g_strdup_printf("sip:8000@127.0.0.1:%u%s", tcp ? r->server.tcp : r->server.udp,
                         tcp ? ";transport=tcp" : "");
}

/* A call from the client to the server that is up at both ends. */
static void connected(rig *r, gboolean tcp, end **ret_client, end **ret_server) {
  g_autofree char *uri = server_uri(r, tcp);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  guint before = r->server.ends->len;
  end *c = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  end *s = rig_in(&r->server, before);
  g_assert_nonnull(s);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_CONFIRMED]));
  *ret_client = c;
  *ret_server = s;
}

static void both_end(rig *r, end *a, end *b) {
  g_assert_true(RIG_WAIT(r, a->states[GW_SIP_ENDED] && b->states[GW_SIP_ENDED]));
  g_assert_cmpuint(a->states[GW_SIP_ENDED], ==, 1);
  g_assert_cmpuint(b->states[GW_SIP_ENDED], ==, 1);
}

static void check_call(gconstpointer data) {
  gboolean tcp = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  end *c, *s;
  connected(r, tcp, &c, &s);
  g_assert_cmpstr(s->phone, ==, "100");
  g_assert_cmpstr(s->to_user, ==, "8000");
  g_assert_cmpstr(s->from_name, ==, "A \"quoted\" name");
  g_assert_true(g_str_has_prefix(s->source, tcp ? "tcp:127.0.0.1:" : "udp:127.0.0.1:"));
  g_assert_true(s->had_offer);
  g_assert_cmpuint(c->states[GW_SIP_RINGING], ==, 1);
  g_assert_cmpuint(c->ringing_status, ==, 180);
  g_assert_cmpuint(c->states[GW_SIP_ANSWERED], ==, 1);
  g_assert_cmpuint(c->remotes, ==, 1);
  g_assert_cmpuint(gw_desc_audio(c->remote)->port, ==, 30002);
  g_assert_cmpuint(gw_desc_audio(s->remote)->port, ==, 30000);
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  g_assert_cmpuint(c->states[GW_SIP_ENDED], ==, 0); /* told from the loop only */
  both_end(r, c, s);
  g_assert_cmpint(s->cause, ==, GW_CAUSE_NORMAL);
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  rig_free(r);
}

static void test_bye_from_server(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  gw_sip_call_hangup(s->call, GW_CAUSE_REJECTED);
  both_end(r, c, s);
  g_assert_cmpint(c->cause, ==, GW_CAUSE_REJECTED); /* by the Reason header */
  rig_free(r);
}

static void test_wrong_password(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *wrong = rig_dial(r, uri, "100", "guess", offer);
  g_assert_true(RIG_WAIT(r, wrong->states[GW_SIP_ENDED]));
  end *unknown = rig_dial(r, uri, "nobody", "guess", offer);
  g_assert_true(RIG_WAIT(r, unknown->states[GW_SIP_ENDED]));
  end *none = rig_dial(r, uri, NULL, NULL, offer);
  g_assert_true(RIG_WAIT(r, none->states[GW_SIP_ENDED]));
  g_assert_cmpuint(wrong->status, ==, 401);
  g_assert_cmpuint(unknown->status, ==, 401);
  g_assert_cmpuint(none->status, ==, 401);
  g_assert_cmpuint(r->server.ends->len, ==, 0);
  gw_sip_counters n;
  gw_sip_get_counters(r->server.sip, &n);
  g_assert_cmpuint(n.auth_failed, ==, 2);
  g_assert_cmpuint(rig_count_lines(r, "sip-auth-failed"), ==, 2);
  g_assert_cmpuint(rig_count_lines(r, "guess"), ==, 0);
  rig_free(r);
}

static void check_register(gconstpointer data) {
  gboolean tcp = GPOINTER_TO_INT(data);
  rig *r = rig_new();
  guint up = 0, down = 0;
  gw_sip_line *l = rig_register(r, "100", "secret", tcp, &up, &down);
  g_assert_true(RIG_WAIT(r, up));
  g_assert_cmpuint(up, ==, 600);
  g_assert_cmpuint(r->server.bindings_told, ==, 1);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 1);
  g_assert_true(g_str_has_prefix(r->server.last_source, tcp ? "tcp:127.0.0.1:" : "udp:127.0.0.1:"));
  /* and it can be called there */
  gw_cause why = GW_CAUSE_NONE;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *s = rig_dial_phone(r, "100", offer, &why);
  g_assert_nonnull(s);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_CONFIRMED] && r->client.ends->len));
  end *c = rig_in(&r->client, 0);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  g_assert_cmpstr(c->from_name, ==, "Standup");
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  both_end(r, c, s);
  gw_sip_line_free(l);
  g_assert_true(RIG_WAIT(r, r->server.bindings_gone));
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 0);
  g_assert_null(rig_dial_phone(r, "100", offer, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_NOT_FOUND);
  rig_free(r);
}

static void test_register_wrong(void) {
  rig *r = rig_new();
  guint up = 0, down = 0;
  rig_register(r, "100", "guess", FALSE, &up, &down);
  g_assert_true(RIG_WAIT(r, down));
  g_assert_cmpuint(down, ==, 401);
  g_assert_cmpuint(up, ==, 0);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 0);
  rig_free(r);
}

static void test_forget(void) {
  rig *r = rig_new();
  gw_sip_binding b = {.number = "101",
                      .contact = "sip:101@127.0.0.1:9",
                      .source = "udp:127.0.0.1:9",
                      .user_agent = "",
                      .expires_wall_us = g_get_real_time() + 60 * G_USEC_PER_SEC};
  gw_sip_restore_binding(r->server.sip, &b);
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "101"), ==, 1);
  r->in_call = TRUE;
  gw_sip_forget_phone(r->server.sip, "101");
  r->in_call = FALSE;
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "101"), ==, 0);
  g_assert_true(RIG_WAIT(r, r->server.bindings_gone == 1));
  rig_free(r);
}

/* What the store has kept may be anything: such a contact is passed over, and the others ring. */
static void test_unreadable_contact(void) {
  static const char *const contacts[] = {"sip:[", "", "sip:101@host:99999999:1", "<<>>",
                                         "sip:1 0 1@\x01"};
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  for (guint i = 0; i < G_N_ELEMENTS(contacts); i++) {
    gw_sip_binding b = {.number = "101",
                        .contact = contacts[i],
                        .source = "udp:127.0.0.1:9",
                        .user_agent = "",
                        .expires_wall_us = g_get_real_time() + 60 * G_USEC_PER_SEC};
    gw_sip_restore_binding(r->server.sip, &b);
    g_test_message("%s", contacts[i]);
    end *c = rig_dial_phone(r, "101", offer, &why);
    g_assert_true(!c || RIG_WAIT(r, c->states[GW_SIP_ENDED]));
    gw_sip_forget_phone(r->server.sip, "101");
  }
  g_assert_cmpuint(rig_count_lines(r, "sip-not-called"), >=, 1);
  guint up = 0, down = 0;
  rig_register(r, "101", "other secret", FALSE, &up, &down);
  g_assert_true(RIG_WAIT(r, up));
  gw_sip_binding b = {.number = "101",
                      .contact = contacts[0],
                      .source = "udp:127.0.0.1:9",
                      .user_agent = "",
                      .expires_wall_us = g_get_real_time() + 60 * G_USEC_PER_SEC};
  gw_sip_restore_binding(r->server.sip, &b);
  r->client.on_invite = DO_ANSWER;
  end *c = rig_dial_phone(r, "101", offer, &why);
  g_assert_nonnull(c);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  rig_free(r);
}

static void test_cancel(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  r->server.on_invite = DO_RING;
  end *c = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_RINGING] && r->server.ends->len));
  end *s = rig_in(&r->server, 0);
  gw_sip_call_hangup(c->call, GW_CAUSE_CANCELLED);
  both_end(r, c, s);
  g_assert_cmpint(s->cause, ==, GW_CAUSE_CANCELLED);
  g_assert_cmpuint(s->status, ==, 487);
  g_assert_cmpuint(s->states[GW_SIP_ANSWERED], ==, 0);
  rig_free(r);
}

static void test_refused(void) {
  static const struct {
    habit what;
    guint status;
    gw_cause cause;
  } rows[] = {{DO_REFUSE_BUSY, 486, GW_CAUSE_BUSY}, {DO_DROP, 480, GW_CAUSE_TIMEOUT}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rig *r = rig_new();
    g_autofree char *uri = server_uri(r, FALSE);
    g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
    r->server.on_invite = rows[i].what;
    end *c = rig_dial(r, uri, "100", "secret", offer);
    g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
    g_assert_cmpuint(c->status, ==, rows[i].status);
    g_assert_cmpint(c->cause, ==, gw_cause_from_sip(rows[i].status));
    g_assert_cmpuint(rig_count_lines(r, "sip-refused"), ==, 1);
    rig_free(r);
  }
}

/* Nobody holds it any more: hung up at the other end, and not a word more here. */
static void test_let_go(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  gw_sip_call *call = c->call;
  c->call = NULL;
  gw_sip_call_unref(call);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_ENDED]));
  g_assert_cmpuint(c->states[GW_SIP_ENDED], ==, 0);
  rig_free(r);
}

/* Nobody listens there: the call ends at once and is not mistaken for a full house. */
static void test_unreachable(void) {
  rig *r = rig_new();
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *c = rig_dial(r, "sip:8000@127.0.0.1:1;transport=tcp", NULL, NULL, offer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
  g_assert_cmpuint(c->status, ==, 480);
  g_assert_cmpint(c->cause, !=, GW_CAUSE_OVERLOAD);
  rig_free(r);
}

static void test_early_media(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV),
                     answer = rig_desc(30002, GW_DIR_SENDRECV);
  r->server.on_invite = DO_PROGRESS;
  end *c = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, c->remotes == 1));
  g_assert_cmpuint(c->ringing_status, ==, 183);
  g_assert_cmpuint(c->states[GW_SIP_ANSWERED], ==, 0);
  gw_sip_call_answer(rig_in(&r->server, 0)->call, answer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  rig_free(r);
}

static void test_hold(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  g_autoptr(gw_desc) hold = rig_desc(30000, GW_DIR_SENDONLY),
                     back = rig_desc(30010, GW_DIR_SENDRECV);
  guint answers = c->remotes;
  gw_sip_call_reinvite(c->call, hold);
  g_assert_true(RIG_WAIT(r, s->offers == 1 && c->remotes == answers + 1));
  g_assert_cmpint(gw_desc_audio(s->remote)->dir, ==, GW_DIR_SENDONLY);
  g_assert_cmpint(gw_desc_audio(c->remote)->dir, ==, GW_DIR_RECVONLY);
  g_assert_cmpuint(c->remote->version, ==, 2);
  gw_sip_call_reinvite(c->call, back);
  g_assert_true(RIG_WAIT(r, s->offers == 2 && c->remotes == answers + 2));
  g_assert_cmpuint(gw_desc_audio(s->remote)->port, ==, 30010);
  /* and from the other side */
  gw_sip_call_reinvite(s->call, hold);
  g_assert_true(RIG_WAIT(r, c->offers == 1));
  g_assert_cmpint(gw_desc_audio(c->remote)->dir, ==, GW_DIR_SENDONLY);
  g_assert_cmpuint(c->states[GW_SIP_ENDED] + s->states[GW_SIP_ENDED], ==, 0);
  rig_free(r);
}

static void test_offer_refused(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  g_autoptr(gw_desc) other = rig_desc(30012, GW_DIR_SENDRECV),
                     again = rig_desc(30014, GW_DIR_SENDRECV);
  r->server.answer_offers = FALSE;
  guint answers = c->remotes;
  gw_sip_call_reinvite(c->call, other);
  g_assert_true(RIG_WAIT(r, s->offers == 1));
  gw_sip_call_refuse_offer(s->call, GW_CAUSE_NO_CODEC);
  g_assert_true(RIG_WAIT(r, rig_count_lines(r, "sip-reinvite-failed")));
  g_assert_cmpuint(rig_count_lines(r, "status=488"), ==, 2); /* who refused and who was refused */
  g_assert_cmpuint(c->remotes, ==, answers);
  r->server.answer_offers = TRUE;
  gw_sip_call_reinvite(c->call, again);
  g_assert_true(RIG_WAIT(r, c->remotes == answers + 1));
  g_assert_cmpuint(c->states[GW_SIP_ENDED] + s->states[GW_SIP_ENDED], ==, 0);
  rig_free(r);
}

static void test_glare(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  g_autoptr(gw_desc) a = rig_desc(30020, GW_DIR_SENDRECV), b = rig_desc(30022, GW_DIR_SENDRECV);
  gw_sip_call_reinvite(c->call, a);
  gw_sip_call_reinvite(s->call, b);
  g_assert_true(RIG_WAIT(r, gw_desc_audio(s->remote)->port == 30020 &&
                                gw_desc_audio(c->remote)->port == 30022));
  rig_free(r);
}

static void test_late_offer(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  end *c = rig_dial(r, uri, "100", "secret", NULL);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  end *s = rig_in(&r->server, 0);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_CONFIRMED] && s->remotes));
  g_assert_false(s->had_offer);
  g_assert_cmpuint(c->offers, ==, 1); /* the offer in the 200 */
  g_assert_cmpuint(s->offers, ==, 0); /* its answer in the ACK */
  g_assert_cmpuint(gw_desc_audio(s->remote)->port, ==, 30004);
  gw_sip_call_hangup(s->call, GW_CAUSE_NORMAL);
  both_end(r, c, s);
  rig_free(r);
}

static void test_digits(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  for (const char *d = "12*#A"; *d; d++) {
    gw_sip_call_send_info(c->call, *d, 160);
    gsize n = (gsize)(strlen(s->digits) + 1);
    g_assert_true(RIG_WAIT(r, strlen(s->digits) == n));
  }
  g_assert_cmpstr(s->digits, ==, "12*#A");
  rig_free(r);
}

/* Two contacts of one phone ring; the first to answer has the call, the other is told to stop. */
static void test_fork(void) {
  rig *r = rig_new();
  guint up = 0, up2 = 0, down = 0;
  r->client.on_invite = DO_RING;
  rig_register(r, "100", "secret", FALSE, &up, &down);
  rig_register(r, "100", "secret", TRUE, &up2, &down);
  g_assert_true(RIG_WAIT(r, up && up2));
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 2);
  gw_cause why;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV),
                     answer = rig_desc(30006, GW_DIR_SENDRECV);
  end *s = rig_dial_phone(r, "100", offer, &why);
  g_assert_true(RIG_WAIT(r, r->client.ends->len == 2));
  end *one = rig_in(&r->client, 0), *two = rig_in(&r->client, 1);
  g_assert_true(RIG_WAIT(r, one->states[GW_SIP_RINGING] && two->states[GW_SIP_RINGING]));
  gw_sip_call_answer(two->call, answer);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_CONFIRMED] && two->states[GW_SIP_CONFIRMED] &&
                                one->states[GW_SIP_ENDED]));
  g_assert_cmpint(one->cause, ==, GW_CAUSE_CANCELLED);
  g_assert_cmpuint(s->states[GW_SIP_ANSWERED], ==, 1);
  g_assert_cmpuint(gw_desc_audio(s->remote)->port, ==, 30006);
  gw_sip_call_hangup(s->call, GW_CAUSE_NORMAL);
  both_end(r, s, two);
  rig_free(r);
}

/* Both refuse: one end, with the better of the two answers. */
static void test_fork_refused(void) {
  rig *r = rig_new();
  guint up = 0, up2 = 0, down = 0;
  rig_register(r, "100", "secret", FALSE, &up, &down);
  rig_register(r, "100", "secret", TRUE, &up2, &down);
  g_assert_true(RIG_WAIT(r, up && up2));
  r->client.on_invite = DO_RING;
  gw_cause why;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *s = rig_dial_phone(r, "100", offer, &why);
  g_assert_true(RIG_WAIT(r, r->client.ends->len == 2));
  gw_sip_call_hangup(rig_in(&r->client, 0)->call, GW_CAUSE_NORMAL); /* 480 */
  rig_spin(r, 50);
  g_assert_cmpuint(s->states[GW_SIP_ENDED], ==, 0);
  gw_sip_call_hangup(rig_in(&r->client, 1)->call, GW_CAUSE_BUSY); /* 486 */
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_ENDED]));
  g_assert_cmpuint(s->status, ==, 486);
  g_assert_cmpint(s->cause, ==, GW_CAUSE_BUSY);
  rig_free(r);
}

/* A fork is given up while it rings: everybody stops. */
static void test_fork_cancelled(void) {
  rig *r = rig_new();
  guint up = 0, up2 = 0, down = 0;
  rig_register(r, "100", "secret", FALSE, &up, &down);
  rig_register(r, "100", "secret", TRUE, &up2, &down);
  g_assert_true(RIG_WAIT(r, up && up2));
  r->client.on_invite = DO_RING;
  gw_cause why;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *s = rig_dial_phone(r, "100", offer, &why);
  g_assert_true(RIG_WAIT(r, r->client.ends->len == 2 && s->states[GW_SIP_RINGING]));
  gw_sip_call_hangup(s->call, GW_CAUSE_CANCELLED);
  both_end(r, rig_in(&r->client, 0), rig_in(&r->client, 1));
  g_assert_cmpuint(s->states[GW_SIP_ENDED], ==, 1);
  rig_free(r);
}

static void test_limits(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  for (guint i = 0; i < 20; i++) {
    end *c, *s;
    connected(r, i % 2, &c, &s);
  }
  end *more = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, more->states[GW_SIP_ENDED]));
  g_assert_cmpuint(more->status, ==, 503);
  g_assert_cmpuint(rig_count_lines(r, "max_calls"), ==, 1);
  rig_free(r);
}

static void test_draining(void) {
  rig *r = rig_new();
  g_autofree char *uri = server_uri(r, FALSE);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  gw_sip_set_draining(r->server.sip, TRUE);
  end *c = rig_dial(r, uri, "100", "secret", offer);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
  g_assert_cmpuint(c->status, ==, 503);
  gw_sip_set_draining(r->server.sip, FALSE);
  end *s;
  connected(r, FALSE, &c, &s);
  rig_free(r);
}

static void on_done(void *p) {
  *(gboolean *)p = TRUE;
}

/* Running calls are ended politely and told; the whole takes no longer than promised. */
static void test_shutdown(void) {
  rig *r = rig_new();
  end *c, *s;
  connected(r, FALSE, &c, &s);
  gboolean done = FALSE;
  gint64 began = g_get_monotonic_time();
  gw_sip_shutdown(r->server.sip, on_done, &done);
  g_assert_false(done);
  g_assert_true(RIG_WAIT(r, done));
  g_assert_cmpint(g_get_monotonic_time() - began, <, 3 * G_USEC_PER_SEC);
  both_end(r, c, s);
  g_assert_cmpint(s->cause, ==, GW_CAUSE_SHUTDOWN);
  gw_sip_call *kept = gw_sip_call_ref(s->call);
  gw_sip_free(r->server.sip);
  r->server.sip = NULL;
  rig_free(r);
  g_assert_nonnull(gw_sip_call_id(kept)); /* a reference outlives the endpoint */
  gw_sip_call_hangup(kept, GW_CAUSE_NORMAL);
  gw_sip_call_unref(kept);
}

static void test_bad_listen(void) {
  static const char *const bad[] = {
      "127.0.0.1:5060",     "udp:127.0.0.1",       "udp:127.0.0.1:x", "sctp:127.0.0.1:5061",
      "udp:localhost:5060", "udp:127.0.0.1:70000", "udp::5060",       "udp:192.0.2.1:0"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    const char *listen[] = {bad[i], NULL};
    g_autoptr(GError) error = NULL;
    gw_sip_events none = {0};
    g_assert_null(
        gw_sip_new(NULL, &(gw_sip_config){.listen = listen, .realm = "x"}, &none, NULL, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, bad[i]));
    while (g_main_context_iteration(NULL, FALSE))
      continue;
  }
}

static void mark(gw_sip *sip, gboolean ok, const char *detail, void *data) {
  *(char **)data = g_strdup(detail);
}

/* All addresses, IPv6, several sockets: each says where it really is. */
static void test_listeners(void) {
  const char *listen[] = {"udp:0.0.0.0:0", "tcp:[::1]:0", "udp:127.0.0.1:0", NULL};
  g_autofree char *detail = NULL;
  gboolean done = FALSE;
  gw_sip_events events = {.listening = mark};
  gw_sip *sip =
      gw_sip_new(NULL, &(gw_sip_config){.listen = listen, .realm = "x"}, &events, &detail, NULL);
  g_assert_nonnull(sip);
  while (!detail)
    g_main_context_iteration(NULL, TRUE);
  g_auto(GStrv) all = gw_sip_listening(sip);
  g_assert_true(g_str_has_prefix(all[0], "udp:0.0.0.0:"));
  g_assert_true(g_str_has_prefix(all[1], "tcp:[::1]:"));
  g_assert_true(g_str_has_prefix(all[2], "udp:127.0.0.1:"));
  for (guint i = 0; i < 3; i++)
    g_assert_false(g_str_has_suffix(all[i], ":0"));
  gw_sip_shutdown(sip, on_done, &done);
  while (!done)
    g_main_context_iteration(NULL, TRUE);
  gw_sip_free(sip);
}

/* What we call ourselves: the address that faces the peer, or the one that the operator has given. */
static void check_names(gconstpointer data) {
  const char *public = data;
  g_autofree char *own = *public ? wire_outer_address() : g_strdup("127.0.0.1");
  if (!own) {
    g_test_skip("this host has only loopback");
    return;
  }
  const char *listen[] = {"udp:0.0.0.0:0", NULL};
  rig *r = rig_new();
  g_autofree char *detail = NULL;
  gboolean done = FALSE;
  gw_sip_events events = {.listening = mark};
  gw_sip *sip = gw_sip_new(
      NULL,
      &(gw_sip_config){.listen = listen, .realm = "x", .public_address = public, .open = TRUE},
      &events, &detail, NULL);
  g_assert_true(RIG_WAIT(r, detail));
  guint port = (guint)g_ascii_strtoull(strrchr(detail, ':') + 1, NULL, 10);
  wire *w = wire_udp_from(r, port, own);
  g_autofree char *uri = g_strdup_printf("sip:1@%s:%u", own, w->port), *want = NULL;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  gw_sip_call *call = gw_sip_dial(sip, &(gw_sip_target){.uri = uri, .from_user = "7"}, offer, NULL);
  g_autofree char *invite = wire_read(r, w, 3000);
  g_assert_nonnull(invite);
  g_autofree char *contact = wire_header(invite, "Contact"), *via = wire_header(invite, "Via");
  want = g_strdup_printf("<sip:7@%s:%u>", *public ? public : own, port);
  g_assert_cmpstr(contact, ==, want);
  g_assert_null(strstr(via, "0.0.0.0"));
  if (*public) g_assert_nonnull(strstr(via, public));
  gw_sip_call_hangup(call, GW_CAUSE_CANCELLED);
  gw_sip_call_unref(call);
  gw_sip_shutdown(sip, on_done, &done);
  g_assert_true(RIG_WAIT(r, done));
  gw_sip_free(sip);
  wire_free(w);
  rig_free(r);
}

/* The two ends of a call inside: each hears of the other from the loop, as from a network. */
static void test_pair(void) {
  rig *r = rig_new();
  end *c, *s;
  g_autoptr(gw_desc) answer = rig_desc(30002, GW_DIR_SENDRECV), hold = rig_desc(30000, GW_DIR_SENDONLY),
                     held = rig_desc(30002, GW_DIR_RECVONLY);
  rig_pair(r, &c, &s);
  g_assert_cmpstr(gw_sip_call_id(c->call), ==, gw_sip_call_id(s->call));
  g_assert_false(gw_sip_call_secure(c->call));
  gw_sip_call_reinvite(c->call, hold); /* not yet */
  gw_sip_call_ringing(s->call);
  g_assert_cmpuint(c->states[GW_SIP_RINGING], ==, 0);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_RINGING]));
  gw_sip_call_answer(s->call, answer);
  gw_sip_call_answer(s->call, answer); /* once is enough */
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED] && s->states[GW_SIP_CONFIRMED]));
  g_assert_cmpuint(c->remotes, ==, 1);
  g_assert_false(c->remote_is_offer);
  g_assert_cmpuint(gw_desc_audio(c->remote)->port, ==, 30002);
  g_assert_cmpuint(s->remotes, ==, 0);
  gw_sip_call_reinvite(c->call, hold);
  g_assert_true(RIG_WAIT(r, s->remotes == 1));
  g_assert_true(s->remote_is_offer);
  g_assert_cmpint(gw_desc_audio(s->remote)->dir, ==, GW_DIR_SENDONLY);
  gw_sip_call_answer(s->call, held);
  g_assert_true(RIG_WAIT(r, c->remotes == 2));
  g_assert_cmpint(gw_desc_audio(c->remote)->dir, ==, GW_DIR_RECVONLY);
  gw_sip_call_hangup(s->call, GW_CAUSE_ROOM_CLOSED);
  g_assert_cmpuint(c->states[GW_SIP_ENDED], ==, 0);
  both_end(r, c, s);
  g_assert_cmpint(c->cause, ==, GW_CAUSE_ROOM_CLOSED);
  g_assert_cmpuint(c->status, ==, 0);
  rig_free(r);
}

/* Before the answer: given up, refused, let go of, or the house closes. */
static void test_pair_ends(void) {
  for (guint how = 0; how < 4; how++) {
    rig *r = rig_new();
    end *c, *s;
    g_autoptr(gw_desc) answer = rig_desc(30002, GW_DIR_SENDRECV);
    rig_pair(r, &c, &s);
    if (how == 0) gw_sip_call_hangup(c->call, GW_CAUSE_CANCELLED);
    if (how == 1) gw_sip_call_hangup(s->call, GW_CAUSE_BUSY);
    if (how == 2) gw_sip_call_unref(g_steal_pointer(&c->call));
    if (how == 3) { /* both are alive when the house closes */
      rig_free(r);
      continue;
    }
    gw_sip_call_answer(s->call, answer); /* too late */
    g_assert_true(RIG_WAIT(r, s->states[GW_SIP_ENDED]));
    g_assert_cmpuint(s->states[GW_SIP_ENDED], ==, 1);
    if (how == 1) {
      g_assert_true(RIG_WAIT(r, c->states[GW_SIP_ENDED]));
      g_assert_cmpint(c->cause, ==, GW_CAUSE_BUSY);
      g_assert_cmpuint(c->status, ==, 486);
    }
    if (how == 0) g_assert_cmpint(s->cause, ==, GW_CAUSE_CANCELLED);
    g_assert_cmpuint(c->states[GW_SIP_ANSWERED], ==, 0);
    rig_free(r);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/calls/bad-listen", test_bad_listen);
  g_test_add_func("/sip/calls/listeners", test_listeners);
  g_test_add_data_func("/sip/calls/names-wildcard", "", check_names);
  g_test_add_data_func("/sip/calls/names-public", "203.0.113.5", check_names);
  g_test_add_data_func("/sip/calls/udp", GINT_TO_POINTER(FALSE), check_call);
  g_test_add_data_func("/sip/calls/tcp", GINT_TO_POINTER(TRUE), check_call);
  g_test_add_func("/sip/calls/bye-from-server", test_bye_from_server);
  g_test_add_func("/sip/calls/wrong-password", test_wrong_password);
  g_test_add_data_func("/sip/calls/register-udp", GINT_TO_POINTER(FALSE), check_register);
  g_test_add_data_func("/sip/calls/register-tcp", GINT_TO_POINTER(TRUE), check_register);
  g_test_add_func("/sip/calls/register-wrong", test_register_wrong);
  g_test_add_func("/sip/calls/forget", test_forget);
  g_test_add_func("/sip/calls/unreadable-contact", test_unreadable_contact);
  g_test_add_func("/sip/calls/cancel", test_cancel);
  g_test_add_func("/sip/calls/refused", test_refused);
  g_test_add_func("/sip/calls/let-go", test_let_go);
  g_test_add_func("/sip/calls/unreachable", test_unreachable);
  g_test_add_func("/sip/calls/early-media", test_early_media);
  g_test_add_func("/sip/calls/hold", test_hold);
  g_test_add_func("/sip/calls/offer-refused", test_offer_refused);
  g_test_add_func("/sip/calls/glare", test_glare);
  g_test_add_func("/sip/calls/late-offer", test_late_offer);
  g_test_add_func("/sip/calls/digits", test_digits);
  g_test_add_func("/sip/calls/fork", test_fork);
  g_test_add_func("/sip/calls/fork-refused", test_fork_refused);
  g_test_add_func("/sip/calls/fork-cancelled", test_fork_cancelled);
  g_test_add_func("/sip/calls/limits", test_limits);
  g_test_add_func("/sip/calls/draining", test_draining);
  g_test_add_func("/sip/calls/shutdown", test_shutdown);
  g_test_add_func("/sip/calls/pair", test_pair);
  g_test_add_func("/sip/calls/pair-ends", test_pair_ends);
  return g_test_run();
}
