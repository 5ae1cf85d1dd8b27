/* talk.h - a phone made of a bare socket: requests with digest, whole calls, and answers to what it is asked.
 * Thread: the test's.  Owner: callers free strings.  Calls back: -. */
#ifndef TALK_H
#define TALK_H
#include "rig.h"
#include <string.h>

#define SDP                                                                                        \
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 "        \
  "RTP/AVP 0\r\n"
#define HOLD SDP "a=sendonly\r\n"

G_GNUC_UNUSED static char *target(guint port) {
  return g_strdup_printf("sip:8000@127.0.0.1:%u", port);
}

G_GNUC_UNUSED static void send_request(wire *w, const char *method, const char *call_id, guint cseq,
                                       const char *to_tag, const char *extra, const char *body) {
  g_autofree char *uri = target(w->peer);
  g_autofree char *text = wire_request(w, method, uri, call_id, cseq, to_tag, extra, body);
  wire_send(w, text);
}

G_GNUC_UNUSED static guint ask(rig *r, wire *w, const char *method, const char *call_id, guint cseq,
                               const char *to_tag, const char *extra, const char *body) {
  send_request(w, method, call_id, cseq, to_tag, extra, body);
  return wire_status(r, w, 3000);
}

G_GNUC_UNUSED static void ack(wire *w, const char *call_id, guint cseq, const char *to_tag,
                              const char *body) {
  send_request(w, "ACK", call_id, cseq, to_tag, NULL, body);
}

G_GNUC_UNUSED static char *tag_of(const char *message) {
  g_autofree char *to = wire_header(message, "To");
  const char *tag = to ? strstr(to, ";tag=") : NULL;
  return tag ? g_strdup(tag + 5) : NULL;
}

/* INVITE or REGISTER through the challenge; the final response, to be freed. *cseq counts on. */
G_GNUC_UNUSED static char *with_digest(rig *r, wire *w, const char *method, const char *call_id,
                                       guint *cseq, const char *extra, const char *body,
                                       const char *user, const char *password) {
  g_autofree char *uri = target(w->peer);
  send_request(w, method, call_id, *cseq, NULL, extra, body);
  g_autofree char *first = wire_final(r, w, 3000);
  if (!first || !g_str_has_prefix(first, "SIP/2.0 401")) return g_steal_pointer(&first);
  g_autofree char *challenge = wire_header(first, "WWW-Authenticate");
  if (strcmp(method, "INVITE") == 0) {
    g_autofree char *tag = tag_of(first);
    ack(w, call_id, *cseq, tag, NULL);
  }
  g_autofree char *auth = wire_authorization(challenge, method, uri, user, password, 1);
  g_autofree char *all = g_strconcat(extra ? extra : "", auth, NULL);
  send_request(w, method, call_id, ++*cseq, NULL, all, body);
  return wire_final(r, w, 3000);
}

/* A call from the wire, answered and acknowledged; *ret_tag is the server's. */
G_GNUC_UNUSED static end *wire_call(rig *r, wire *w, side *s, const char *call_id, guint *cseq,
                                    char **ret_tag) {
  guint before = s->ends->len;
  g_autofree char *ok = with_digest(r, w, "INVITE", call_id, cseq, NULL, SDP, "100", "secret");
  g_assert_nonnull(ok);
  g_assert_true(g_str_has_prefix(ok, "SIP/2.0 200"));
  *ret_tag = tag_of(ok);
  ack(w, call_id, *cseq, *ret_tag, NULL);
  end *e = rig_in(s, before);
  g_assert_true(RIG_WAIT(r, e->states[GW_SIP_CONFIRMED]));
  return e;
}

G_GNUC_UNUSED static void still_alive(rig *r, guint port) {
  wire *w = wire_udp(r, port);
  g_assert_cmpuint(ask(r, w, "OPTIONS", "alive", 1, NULL, NULL, NULL), ==, 200);
  wire_free(w);
}

/* The next request of that method, or NULL after 3 s; others are left alone. */
G_GNUC_UNUSED static char *asked(rig *r, wire *w, const char *method) {
  for (guint i = 0; i < 20; i++) {
    char *m = wire_read(r, w, 3000);
    if (!m || (g_str_has_prefix(m, method) && m[strlen(method)] == ' ')) return m;
    g_free(m);
  }
  return NULL;
}

/* Answers a request. tag: of our end, for To; extra: header lines, each with CRLF. */
G_GNUC_UNUSED static void say(wire *w, const char *request, const char *status, const char *tag,
                              const char *extra, const char *body) {
  static const char *const copied[] = {"Via", "From", "Call-ID", "CSeq"};
  GString *s = g_string_new(NULL);
  g_string_append_printf(s, "SIP/2.0 %s\r\n", status);
  for (guint i = 0; i < G_N_ELEMENTS(copied); i++) {
    g_autofree char *value = wire_header(request, copied[i]);
    g_string_append_printf(s, "%s: %s\r\n", copied[i], value);
  }
  g_autofree char *to = wire_header(request, "To");
  g_string_append_printf(s, "To: %s%s%s\r\n", to,
                         strstr(to, "tag=") ? "" : ";tag=", strstr(to, "tag=") ? "" : tag);
  if (!extra || !strstr(extra, "Contact:"))
    g_string_append_printf(s, "Contact: <sip:101@127.0.0.1:%u>\r\n", w->port);
  if (extra) g_string_append(s, extra);
  if (body) g_string_append(s, "Content-Type: application/sdp\r\n");
  g_string_append_printf(s, "Content-Length: %zu\r\n\r\n%s", body ? strlen(body) : 0,
                         body ? body : "");
  wire_send(w, s->str);
  g_string_free(s, TRUE);
}

/* As if that phone had registered from this socket. */
G_GNUC_UNUSED static void bound_to(rig *r, wire *w, const char *number) {
  g_autofree char *contact = g_strdup_printf("sip:%s@127.0.0.1:%u", number, w->port);
  g_autofree char *source = g_strdup_printf("udp:127.0.0.1:%u", w->port);
  gw_sip_binding b = {.number = number,
                      .contact = contact,
                      .source = source,
                      .user_agent = "",
                      .expires_wall_us = g_get_real_time() + 600 * G_USEC_PER_SEC};
  gw_sip_restore_binding(r->server.sip, &b);
}

/* Phone 101 is this socket, and is rung with an offer: its INVITE. */
G_GNUC_UNUSED static char *rung(rig *r, wire *w, end **ret) {
  gw_cause why = GW_CAUSE_NONE;
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  bound_to(r, w, "101");
  *ret = rig_dial_phone(r, "101", offer, &why);
  char *invite = asked(r, w, "INVITE");
  g_assert_nonnull(invite);
  return invite;
}

#endif
