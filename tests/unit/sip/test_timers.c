/* test_timers.c - dialogs that must hold: session timers (RFC 4028) in both roles, with intervals of a few seconds;
 * requests that come twice or cross. */
#include "rig.h"
#include <string.h>

#define SESSION 4 /* s */

static const char sdp[] =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\n";

static rig *timer_rig(guint server_s, guint client_s) {
  static const char *const listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", NULL};
  return rig_new_with(
      &(gw_sip_config){
          .listen = listen, .realm = "phones.test", .max_calls = 20, .session_s = server_s},
      &(gw_sip_config){.listen = listen, .realm = "", .open = TRUE, .session_s = client_s});
}

/* An answer to a request that came: its Via, From, To, Call-ID and CSeq go back. */
static void reply(wire *w, const char *request, const char *status, const char *extra,
                  const char *body) {
  static const char *const names[] = {"Via", "From", "To", "Call-ID", "CSeq"};
  GString *out = g_string_new(NULL);
  g_string_printf(out, "SIP/2.0 %s\r\n", status);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *value = wire_header(request, names[i]);
    g_string_append_printf(out, "%s: %s\r\n", names[i], value);
  }
  g_string_append_printf(out, "Contact: <sip:100@127.0.0.1:%u>\r\n%sContent-Length: %u\r\n\r\n%s",
                         w->port, extra ? extra : "", body ? (guint)strlen(body) : 0,
                         body ? body : "");
  wire_send(w, out->str);
  g_string_free(out, TRUE);
}

static const char sdp_type[] = "Content-Type: application/sdp\r\n";

/* The next request of that method, or NULL after ms; all else that comes is let pass. */
static char *next_request(rig *r, wire *w, const char *method, guint ms) {
  gint64 until = g_get_monotonic_time() + (gint64)ms * 1000;
  g_autofree char *start = g_strconcat(method, " ", NULL);
  while (g_get_monotonic_time() < until) {
    char *m = wire_read(r, w, 100);
    if (m && g_str_has_prefix(m, start)) return m;
    g_free(m);
  }
  return NULL;
}

typedef struct {
  rig *r;
  wire *w;
  char *uri;
} setup;

static setup set_up(guint session_s) {
  setup s = {.r = timer_rig(session_s, session_s)};
  s.w = wire_udp(s.r, s.r->client.udp); /* open: no digest in the way */
  s.uri = g_strdup_printf("sip:x@127.0.0.1:%u", s.r->client.udp);
  return s;
}

static void tear_down(setup *s) {
  wire_free(s->w);
  g_free(s->uri);
  rig_free(s->r);
}

/* Calls by hand with these header lines; the 200, acknowledged. */
static char *call(setup *s, const char *extra) {
  g_autofree char *ask = wire_request(s->w, "INVITE", s->uri, "timer", 1, NULL, extra, sdp);
  wire_send(s->w, ask);
  char *ok = wire_final(s->r, s->w, 3000);
  g_assert_true(g_str_has_prefix(ok, "SIP/2.0 200"));
  g_autofree char *to = wire_header(ok, "To");
  const char *tag = strstr(to, "tag=") + strlen("tag=");
  g_autofree char *only = g_strndup(tag, strcspn(tag, ";"));
  g_autofree char *ack = wire_request(s->w, "ACK", s->uri, "timer", 1, only, NULL, NULL);
  wire_send(s->w, ack);
  return ok;
}

static void check_header(const char *message, const char *name, const char *wanted) {
  g_autofree char *value = wire_header(message, name);
  g_assert_cmpstr(value, ==, wanted);
}

/* The caller leaves refreshing to us: UPDATE at half time, again and again, and the call stays. */
static void test_we_refresh(void) {
  setup s = set_up(SESSION);
  g_autofree char *ok = call(&s, "Supported: timer\r\nSession-Expires: 4;refresher=uas\r\n"
                                 "Allow: INVITE, ACK, BYE, UPDATE\r\n");
  check_header(ok, "Session-Expires", "4;refresher=uas");
  for (guint i = 0; i < 2; i++) {
    g_autofree char *update = next_request(s.r, s.w, "UPDATE", 4000);
    g_assert_nonnull(update);
    check_header(update, "Session-Expires", "4;refresher=uac");
    reply(s.w, update, "200 OK", "Session-Expires: 4;refresher=uac\r\nRequire: timer\r\n", NULL);
  }
  g_assert_cmpuint(rig_in(&s.r->client, 0)->states[GW_SIP_ENDED], ==, 0);
  tear_down(&s);
}

/* The caller refreshes, but is gone: BYE at the end of the interval, with the reason. */
static void test_they_do_not(void) {
  setup s = set_up(SESSION);
  g_autofree char *ok =
      call(&s, "Supported: timer\r\nSession-Expires: 4\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n");
  check_header(ok, "Session-Expires", "4;refresher=uac");
  g_autofree char *bye = next_request(s.r, s.w, "BYE", 6000);
  g_assert_nonnull(bye);
  g_autofree char *reason = wire_header(bye, "Reason");
  g_assert_nonnull(strstr(reason, "cause=408"));
  reply(s.w, bye, "200 OK", NULL, NULL);
  end *e = rig_in(&s.r->client, 0);
  g_assert_true(RIG_WAIT(s.r, e->states[GW_SIP_ENDED]));
  g_assert_cmpint(e->cause, ==, GW_CAUSE_TIMEOUT);
  tear_down(&s);
}

/* A phone that knows neither timers nor UPDATE is left alone. */
static void test_old_phone(void) {
  setup s = set_up(SESSION);
  g_autofree char *ok = call(&s, "Allow: INVITE, ACK, BYE\r\n");
  check_header(ok, "Session-Expires", NULL);
  g_autofree char *any = wire_read(s.r, s.w, 3000);
  g_assert_null(any);
  tear_down(&s);
}

static void test_too_small(void) {
  setup s = set_up(0);
  g_autofree char *ask = wire_request(s.w, "INVITE", s.uri, "small", 1, NULL,
                                      "Supported: timer\r\nSession-Expires: 30\r\n", sdp);
  wire_send(s.w, ask);
  g_autofree char *no = wire_final(s.r, s.w, 3000);
  g_assert_true(g_str_has_prefix(no, "SIP/2.0 422"));
  check_header(no, "Min-SE", "90");
  tear_down(&s);
}

/* We call: the timer is asked for; 422 makes us ask for more; without UPDATE the refresh is a re-INVITE with our
 * description. */
static void test_we_call(void) {
  setup s = set_up(SESSION);
  g_autofree char *uri = g_strdup_printf("sip:x@127.0.0.1:%u", s.w->port);
  g_autoptr(gw_desc) offer = rig_desc(40000, GW_DIR_SENDRECV);
  end *e = rig_dial(s.r, uri, NULL, NULL, offer);
  g_autofree char *first = next_request(s.r, s.w, "INVITE", 2000);
  check_header(first, "Session-Expires", "4");
  reply(s.w, first, "422 Session Interval Too Small", "Min-SE: 6\r\n", NULL);
  g_autofree char *second = next_request(s.r, s.w, "INVITE", 2000);
  check_header(second, "Session-Expires", "6");
  check_header(second, "Min-SE", "6");
  reply(s.w, second, "200 OK", "Content-Type: application/sdp\r\nAllow: INVITE, ACK, BYE\r\n", sdp);
  g_assert_true(RIG_WAIT(s.r, e->states[GW_SIP_CONFIRMED]));
  g_autofree char *refresh = next_request(s.r, s.w, "INVITE", 5000);
  g_assert_nonnull(refresh);
  check_header(refresh, "Session-Expires", "6;refresher=uac");
  g_assert_nonnull(strstr(refresh, "m=audio 40000"));
  reply(s.w, refresh, "200 OK", sdp_type, sdp);
  g_autofree char *ack = next_request(s.r, s.w, "ACK", 2000);
  g_assert_nonnull(ack);
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  tear_down(&s);
}

/* The same request by two ways (a fork that meets again, a loop through a proxy): the second one gets 482. */
static void test_merged(void) {
  setup s = set_up(SESSION);
  g_autofree char *ok = call(&s, NULL);
  g_autofree char *again = wire_request(s.w, "INVITE", s.uri, "timer", 1, NULL, NULL, sdp);
  wire_send(s.w, again);
  for (guint i = 0; i < 3; i++) { /* the 200 may come once more */
    g_autofree char *answer = wire_final(s.r, s.w, 3000);
    if (answer && g_str_has_prefix(answer, "SIP/2.0 200")) continue;
    g_assert_nonnull(answer);
    g_assert_true(g_str_has_prefix(answer, "SIP/2.0 482"));
    break;
  }
  g_assert_cmpuint(s.r->client.ends->len, ==, 1);
  tear_down(&s);
}

/* Both sides offer at once (RFC 3261 14.1): theirs gets 491 while ours waits for its answer, and ours comes again after
 * theirs was refused. */
static void test_glare(void) {
  setup s = set_up(0);
  g_autofree char *ok = call(&s, NULL);
  g_autofree char *to = wire_header(ok, "To");
  const char *tag = strstr(to, "tag=") + strlen("tag=");
  g_autofree char *only = g_strndup(tag, strcspn(tag, ";"));
  end *e = rig_in(&s.r->client, 0);
  g_assert_true(RIG_WAIT(s.r, e->states[GW_SIP_CONFIRMED]));
  g_autoptr(gw_desc) hold = rig_desc(40000, GW_DIR_SENDONLY);
  gw_sip_call_reinvite(e->call, hold);
  g_autofree char *ours = next_request(s.r, s.w, "INVITE", 2000);
  g_assert_nonnull(ours);
  g_autofree char *theirs = wire_request(s.w, "INVITE", s.uri, "timer", 2, only, NULL, sdp);
  wire_send(s.w, theirs);
  g_assert_cmpuint(wire_status(s.r, s.w, 3000), ==, 491);
  reply(s.w, ours, "491 Request Pending", NULL, NULL);
  g_autofree char *again =
      next_request(s.r, s.w, "INVITE", 5000); /* after 0 to 2 s: we were called */
  g_assert_nonnull(again);
  g_assert_nonnull(strstr(again, "a=sendonly"));
  reply(s.w, again, "200 OK", sdp_type, sdp);
  g_assert_true(RIG_WAIT(s.r, e->remotes == 1));
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  tear_down(&s);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/timers/we-refresh", test_we_refresh);
  g_test_add_func("/sip/timers/they-do-not", test_they_do_not);
  g_test_add_func("/sip/timers/old-phone", test_old_phone);
  g_test_add_func("/sip/timers/too-small", test_too_small);
  g_test_add_func("/sip/timers/we-call", test_we_call);
  g_test_add_func("/sip/timers/merged", test_merged);
  g_test_add_func("/sip/timers/glare", test_glare);
  return g_test_run();
}
