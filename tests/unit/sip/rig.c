#include "rig.h"
#include "sip/digest.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- ends -- */

static end *end_new(rig *r, gw_sip_call *call) {
  end *e = g_new0(end, 1);
  e->rig = r;
  e->call = call;
  e->referred = g_string_new(NULL);
  gw_sip_call_set_user_data(call, e);
  return e;
}

static void end_free(void *p) {
  end *e = p;
  gw_sip_call_unref(e->call);
  gw_desc_free(e->remote);
  g_free(e->phone);
  g_free(e->trunk);
  g_free(e->to_user);
  g_free(e->from_user);
  g_free(e->from_name);
  g_free(e->source);
  g_free(e->history);
  g_free(e->refer_target);
  g_string_free(e->referred, TRUE);
  g_free(e);
}

gw_desc *rig_desc(guint16 port, gw_dir dir) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  g_strlcpy(m->addr, "127.0.0.1", sizeof m->addr);
  m->port = port;
  m->dir = dir;
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 101, "telephone-event", 8000, 1, "0-15");
  return d;
}

side *rig_side(rig *r, gw_sip *sip) {
  return r->server.sip == sip ? &r->server : &r->client;
}

/* -- the handlers of both sides -- */

static gboolean on_credential(gw_sip *sip, const char *user, const char **ret, void *data) {
  static const char *const known[][2] = {{"100", "secret"}, {"101", "other secret"}};
  for (guint i = 0; i < G_N_ELEMENTS(known); i++)
    if (strcmp(user, known[i][0]) == 0) return *ret = known[i][1], TRUE;
  return FALSE;
}

static void on_binding(gw_sip *sip, const gw_sip_binding *b, void *data) {
  side *s = data;
  g_assert_false(s->rig->in_call);
  if (b->expires_wall_us)
    s->bindings_told++;
  else
    s->bindings_gone++;
  g_free(s->last_source);
  g_free(s->last_contact);
  s->last_source = g_strdup(b->source);
  s->last_contact = g_strdup(b->contact);
}

static void on_invite(gw_sip *sip, gw_sip_call *call, const gw_sip_invite *i, void *data) {
  side *s = data;
  g_assert_false(s->rig->in_call);
  if (s->on_invite == DO_DROP) return;
  end *e = end_new(s->rig, gw_sip_call_ref(call));
  e->phone = g_strdup(i->phone);
  e->trunk = g_strdup(i->trunk);
  e->to_user = g_strdup(i->to_user);
  e->from_user = g_strdup(i->from_user);
  e->anonymous = i->anonymous;
  e->from_name = g_strdup(i->from_name);
  e->source = g_strdup(i->source);
  e->had_offer = i->offer != NULL;
  e->history = g_strdup(i->history);
  e->replaces = i->replaces;
  if (i->offer) e->remote = gw_desc_copy(i->offer);
  g_ptr_array_add(s->ends, e);
  g_autoptr(gw_desc) mine = rig_desc(30002, GW_DIR_SENDRECV);
  s->rig->in_call = TRUE;
  if (s->on_invite == DO_RING || s->on_invite == DO_RING_ANSWER) gw_sip_call_ringing(call);
  if (s->on_invite == DO_PROGRESS) gw_sip_call_progress(call, mine);
  if (s->on_invite == DO_ANSWER || s->on_invite == DO_RING_ANSWER) gw_sip_call_answer(call, mine);
  if (s->on_invite == DO_REFUSE_BUSY) gw_sip_call_hangup(call, GW_CAUSE_BUSY);
  s->rig->in_call = FALSE;
}

static void on_state(gw_sip_call *call, gw_sip_state state, gw_cause cause, guint status,
                     void *data) {
  end *e = gw_sip_call_user_data(call);
  side *s = data;
  g_assert_false(s->rig->in_call);
  if (!e) return;
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0); /* nothing follows the end */
  e->states[state]++;
  if (state == GW_SIP_RINGING) e->ringing_status = status;
  if (state == GW_SIP_ENDED) {
    e->cause = cause;
    e->status = status;
  }
}

static void on_remote(gw_sip_call *call, const gw_desc *d, gboolean is_offer, void *data) {
  end *e = gw_sip_call_user_data(call);
  side *s = data;
  g_assert_false(s->rig->in_call);
  if (!e) return;
  gw_desc_free(e->remote);
  e->remote = gw_desc_copy(d);
  e->remotes++;
  e->offers += is_offer;
  e->remote_is_offer = is_offer;
  if (!is_offer || !s->answer_offers) return;
  const gw_desc_media *m = gw_desc_audio(d);
  g_autoptr(gw_desc) mine = rig_desc(30004, m ? gw_dir_flip(m->dir) : GW_DIR_INACTIVE);
  s->rig->in_call = TRUE;
  gw_sip_call_answer(call, mine);
  s->rig->in_call = FALSE;
}

static void on_digit(gw_sip_call *call, char digit, guint ms, void *data) {
  end *e = gw_sip_call_user_data(call);
  char one[2] = {digit, 0};
  if (e) g_strlcat(e->digits, one, sizeof e->digits);
}

static void on_refer(gw_sip_call *call, const gw_sip_refer *refer, void *data) {
  end *e = gw_sip_call_user_data(call);
  side *s = data;
  g_assert_nonnull(e);
  g_free(e->refer_target);
  e->refer_target = g_strdup(refer->target);
  e->refer_ours = refer->ours;
  e->refer_names_call = refer->names_call;
  e->refer_call = refer->replaces;
  e->refers++;
  if (s->answer_refer) gw_sip_call_refer_answer(call, s->answer_refer, "test");
}

static void on_referred(gw_sip_call *call, guint status, void *data) {
  end *e = gw_sip_call_user_data(call);
  if (e) g_string_append_printf(e->referred, "%u ", status);
}

static guint on_message(gw_sip *sip, const gw_sip_message *m, const char **why, void *data) {
  side *s = data;
  g_assert_false(s->rig->in_call);
  g_ptr_array_add(s->texts, g_strdup_printf("%s %s %s: %s", m->phone, m->to_user,
                                            m->call ? "in call" : "outside", m->text));
  *why = "the test says so";
  return s->text_status;
}

static void on_listening(gw_sip *sip, gboolean ok, const char *detail, void *data) {
  side *s = data;
  g_assert_true(ok);
  s->listening = TRUE;
}

static void on_log(const char *line, void *data) {
  rig *r = data;
  g_ptr_array_add(r->lines, g_strdup(line));
}

/* -- the rig -- */

static void side_start(rig *r, side *s, const gw_sip_config *config) {
  static const gw_sip_events events = {.credential = on_credential,
                                       .binding = on_binding,
                                       .invite = on_invite,
                                       .state = on_state,
                                       .remote = on_remote,
                                       .digit = on_digit,
                                       .refer = on_refer,
                                       .referred = on_referred,
                                       .message = on_message,
                                       .listening = on_listening};
  g_autoptr(GError) error = NULL;
  s->rig = r;
  s->ends = g_ptr_array_new_with_free_func(end_free);
  s->texts = g_ptr_array_new_with_free_func(g_free);
  s->answer_offers = TRUE;
  s->sip = gw_sip_new(r->ctx, config, &events, s, &error);
  g_assert_no_error(error);
  g_assert_true(RIG_WAIT(r, s->listening));
  g_auto(GStrv) all = gw_sip_listening(s->sip);
  for (char **a = all; *a; a++) {
    guint port = (guint)g_ascii_strtoull(strrchr(*a, ':') + 1, NULL, 10);
    *(g_str_has_prefix(*a, "udp:")   ? &s->udp
      : g_str_has_prefix(*a, "tls:") ? &s->tls
                                     : &s->tcp) = port;
  }
}

rig *rig_new(void) {
  static const char *const listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", NULL};
  return rig_new_with(&(gw_sip_config){.listen = listen, .realm = "phones.test", .max_calls = 20},
                      &(gw_sip_config){.listen = listen, .realm = "", .open = TRUE});
}

rig *rig_new_with(const gw_sip_config *server, const gw_sip_config *client) {
  rig *r = g_new0(rig, 1);
  r->ctx = g_main_context_default();
  r->lines = g_ptr_array_new_with_free_func(g_free);
  r->made = g_ptr_array_new_with_free_func(end_free);
  gw_log_set_level(GW_LOG_INFO);
  gw_log_set_hook(on_log, r);
  side_start(r, &r->server, server);
  side_start(r, &r->client, client);
  r->server.on_invite = DO_RING_ANSWER;
  r->client.on_invite = DO_RING_ANSWER;
  return r;
}

static void on_done(void *p) {
  *(gboolean *)p = TRUE;
}

static void side_stop(rig *r, side *s) {
  gboolean done = FALSE;
  if (!s->sip) return; /* the test has stopped it itself */
  gw_sip_shutdown(s->sip, on_done, &done);
  g_assert_true(RIG_WAIT(r, done));
  gw_sip_free(s->sip);
}

void rig_free(rig *r) {
  side_stop(r, &r->client);
  side_stop(r, &r->server);
  g_ptr_array_unref(r->server.ends);
  g_ptr_array_unref(r->client.ends);
  g_ptr_array_unref(r->server.texts);
  g_ptr_array_unref(r->client.texts);
  g_ptr_array_unref(r->made);
  gw_log_set_hook(NULL, NULL);
  g_ptr_array_unref(r->lines);
  g_free(r->server.last_contact);
  g_free(r->server.last_source);
  while (g_main_context_iteration(r->ctx, FALSE))
    continue;
  g_free(r);
}

static gboolean wake(void *p) {
  return G_SOURCE_CONTINUE;
}

void rig_turn(rig *r) {
  static guint ticker;
  if (!ticker) ticker = g_timeout_add(10, wake, NULL);
  g_main_context_iteration(r->ctx, TRUE);
}

void rig_spin(rig *r, guint ms) {
  gint64 until = g_get_monotonic_time() + (gint64)ms * 1000;
  while (g_get_monotonic_time() < until)
    rig_turn(r);
}

end *rig_in(side *s, guint n) {
  return n < s->ends->len ? g_ptr_array_index(s->ends, n) : NULL;
}

guint rig_count_lines(rig *r, const char *part) {
  guint n = 0;
  for (guint i = 0; i < r->lines->len; i++)
    n += strstr(g_ptr_array_index(r->lines, i), part) != NULL;
  return n;
}

static end *made(rig *r, gw_sip_call *call) {
  end *e = end_new(r, call);
  g_ptr_array_add(r->made, e);
  return e;
}

end *rig_dial(rig *r, const char *uri, const char *user, const char *password,
              const gw_desc *offer) {
  g_autoptr(GError) error = NULL;
  gw_sip_target t = {.uri = uri,
                     .from_user = user ? user : "guest",
                     .from_name = "A \"quoted\" name",
                     .user = user,
                     .password = password};
  r->in_call = TRUE;
  gw_sip_call *call = gw_sip_dial(r->client.sip, &t, offer, &error);
  r->in_call = FALSE;
  g_assert_no_error(error);
  return made(r, call);
}

end *rig_dial_phone(rig *r, const char *number, const gw_desc *offer, gw_cause *why) {
  r->in_call = TRUE;
  gw_sip_call *call = gw_sip_dial_phone(r->server.sip, number, "8000", "Standup", offer, why);
  r->in_call = FALSE;
  return call ? made(r, call) : NULL;
}

void rig_pair(rig *r, end **ret_caller, end **ret_callee) {
  gw_sip_call *caller, *callee;
  gw_sip_pair(r->server.sip, &caller, &callee);
  *ret_caller = made(r, caller);
  *ret_callee = made(r, callee);
}

typedef struct {
  guint *up, *down;
} line_marks;

static void on_line(gw_sip_line *l, gboolean up, guint value, void *data) {
  line_marks *m = data;
  *(up ? m->up : m->down) = value;
}

gw_sip_line *rig_register_at(rig *r, const char *uri, const char *user, const char *password,
                             guint *up, guint *down) {
  static line_marks marks[8];
  static guint used;
  line_marks *m = &marks[used++ % G_N_ELEMENTS(marks)];
  *m = (line_marks){up, down};
  return gw_sip_line_new(r->client.sip, uri, user, password, 600, on_line, m);
}

gw_sip_line *rig_register(rig *r, const char *user, const char *password, gboolean tcp, guint *up,
                          guint *down) {
  g_autofree char *uri = g_strdup_printf("sip:127.0.0.1:%u%s", tcp ? r->server.tcp : r->server.udp,
                                         tcp ? ";transport=tcp" : "");
  return rig_register_at(r, uri, user, password, up, down);
}

/* -- wires -- */

static wire *wire_open(guint peer, gboolean tcp, const char *ip) {
  wire *w = g_new0(wire, 1);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((guint16)peer)}, own;
  socklen_t len = sizeof own;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  w->tcp = tcp;
  w->peer = peer;
  w->fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  own = (struct sockaddr_in){.sin_family = AF_INET};
  if (ip && inet_pton(AF_INET, ip, &own.sin_addr) == 1) {
    g_assert_cmpint(bind(w->fd, (struct sockaddr *)&own, sizeof own), ==, 0);
    if (!g_str_has_prefix(ip, "127.")) to.sin_addr = own.sin_addr;
  }
  g_assert_cmpint(connect(w->fd, (struct sockaddr *)&to, sizeof to), ==, 0);
  g_assert_cmpint(getsockname(w->fd, (struct sockaddr *)&own, &len), ==, 0);
  w->port = ntohs(own.sin_port);
  return w;
}

wire *wire_udp(rig *r, guint peer) {
  return wire_open(peer, FALSE, NULL);
}

wire *wire_udp_from(rig *r, guint peer, const char *ip) {
  return wire_open(peer, FALSE, ip);
}

wire *wire_tcp(rig *r, guint peer) {
  return wire_open(peer, TRUE, NULL);
}

void wire_free(wire *w) {
  close(w->fd);
  g_free(w);
}

void wire_send_bytes(wire *w, const void *bytes, gsize n) {
  (void)!send(w->fd, bytes, n, MSG_NOSIGNAL);
}

void wire_send(wire *w, const char *text) {
  wire_send_bytes(w, text, strlen(text));
}

char *wire_read(rig *r, wire *w, guint ms) {
  gint64 until = g_get_monotonic_time() + (gint64)ms * 1000;
  do {
    char buf[65536];
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    if (poll(&p, 1, 0) == 1) {
      ssize_t n = recv(w->fd, buf, sizeof buf - 1, MSG_DONTWAIT);
      if (n > 0) return buf[n] = 0, g_strdup(buf);
      if (n == 0) return NULL;
    }
    rig_turn(r);
  } while (g_get_monotonic_time() < until);
  return NULL;
}

char *wire_final(rig *r, wire *w, guint ms) {
  for (;;) {
    char *m = wire_read(r, w, ms);
    if (!m) return NULL;
    guint status = g_str_has_prefix(m, "SIP/2.0 ") ? (guint)g_ascii_strtoull(m + 8, NULL, 10) : 0;
    if (status >= 200) return m;
    g_free(m);
  }
}

guint wire_status(rig *r, wire *w, guint ms) {
  g_autofree char *m = wire_final(r, w, ms);
  return m ? (guint)g_ascii_strtoull(m + 8, NULL, 10) : 0;
}

char *wire_header(const char *message, const char *name) {
  g_autofree char *start = g_strdup_printf("\r\n%s: ", name);
  const char *p = message ? strstr(message, start) : NULL;
  if (!p) return NULL;
  p += strlen(start);
  return g_strndup(p, strcspn(p, "\r"));
}

char *wire_request(wire *w, const char *method, const char *uri, const char *call_id, guint cseq,
                   const char *to_tag, const char *extra, const char *body) {
  const char *transport = w->tcp ? "TCP" : "UDP";
  gboolean is_ack =
      strcmp(method, "ACK") == 0; /* of a refusal: same branch as its INVITE (RFC 3261 17.1.1.3) */
  if (!is_ack) w->branch = g_random_int();
  GString *s = g_string_new(NULL);
  g_string_append_printf(
      s, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s 127.0.0.1:%u;rport;branch=z9hG4bK%u%u\r\n", method, uri,
      transport, w->port, w->port, w->branch);
  g_string_append_printf(
      s, "Max-Forwards: 70\r\nFrom: <sip:100@phones.test>;tag=f%s\r\nTo: <%s>%s%s\r\n", call_id,
      uri, to_tag ? ";tag=" : "", to_tag ? to_tag : "");
  g_string_append_printf(s, "Call-ID: %s\r\nCSeq: %u %s\r\n", call_id, cseq, method);
  if (!extra || !strstr(extra, "Contact:"))
    g_string_append_printf(s, "Contact: <sip:100@127.0.0.1:%u%s>\r\n", w->port,
                           w->tcp ? ";transport=tcp" : "");
  if (extra) g_string_append(s, extra);
  if (body && !(extra && strstr(extra, "Content-Type:")))
    g_string_append(s, "Content-Type: application/sdp\r\n");
  g_string_append_printf(s, "Content-Length: %zu\r\n\r\n%s", body ? strlen(body) : 0,
                         body ? body : "");
  return g_string_free(s, FALSE);
}

static char *quoted(const char *challenge, const char *name) {
  g_autofree char *start = g_strdup_printf("%s=\"", name);
  const char *p = challenge ? strstr(challenge, start) : NULL;
  if (!p) return g_strdup("");
  p += strlen(start);
  return g_strndup(p, strcspn(p, "\""));
}

char *wire_authorization(const char *challenge, const char *method, const char *uri,
                         const char *user, const char *password, guint nc) {
  g_autofree char *realm = quoted(challenge, "realm"), *nonce = quoted(challenge, "nonce");
  g_autofree char *count = g_strdup_printf("%08x", nc);
  gw_digest_reply reply = {.username = (char *)user,
                           .realm = realm,
                           .nonce = nonce,
                           .uri = (char *)uri,
                           .cnonce = (char *)"abcdef",
                           .nc = count,
                           .qop = nc ? (char *)"auth" : NULL};
  g_autofree char *response = gw_digest_response(&reply, method, password);
  g_autofree char *qop =
      nc ? g_strdup_printf(", qop=auth, nc=%s, cnonce=\"abcdef\"", count) : g_strdup("");
  return g_strdup_printf("Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
                         "uri=\"%s\", response=\"%s\""
                         ", algorithm=MD5%s\r\n",
                         user, realm, nonce, uri, response, qop);
}

char *wire_outer_address(void) {
  struct ifaddrs *list = NULL;
  char *found = NULL;
  if (getifaddrs(&list) != 0) return NULL;
  for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
    char host[64];
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET) continue;
    if (getnameinfo(i->ifa_addr, sizeof(struct sockaddr_in), host, sizeof host, NULL, 0,
                    NI_NUMERICHOST) != 0)
      continue;
    if (!g_str_has_prefix(host, "127.")) found = g_strdup(host);
  }
  freeifaddrs(list);
  return found;
}

end *rig_dial_trunk(rig *r, const char *trunk, const char *number, const char *from, const gw_desc *offer, gw_cause *ret_why) {
  r->in_call = TRUE;
  gw_sip_call *call = gw_sip_dial_trunk(r->client.sip, trunk, number, from, "Anna", offer, ret_why);
  r->in_call = FALSE;
  return call ? made(r, call) : NULL;
}
