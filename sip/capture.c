#include "sip/internal.h"
#include "sip/capture.h"
#include "sip/hep.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/limits.h"

static struct {
  const gw_sip *sip; /* whose messages; NULL: off */
  int fd;
  guint32 id;
  char *password;
  /* the message that is being told */
  GString *text; /* NULL: none */
  gboolean sent;
  gw_transport transport;
  char peer[64];
  guint peer_port;
  gint64 wall_us;
  guint64 packets, lost;
} capture = {.fd = -1};

gboolean gw_capture_on(void) {
  return capture.sip != NULL;
}

/* --- the server --- */

static GQuark capture_error_quark(void) {
  return g_quark_from_static_string("gw-sip-capture");
}

/* "192.0.2.7:9060", "[2001:db8::7]:9060" */
static gboolean parse_server(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len) {
  struct sockaddr_in *a = (struct sockaddr_in *)ret;
  struct sockaddr_in6 *b = (struct sockaddr_in6 *)ret;
  const char *colon = strrchr(text, ':');
  if (!colon) return FALSE;
  const gboolean v6 = text[0] == '[';
  g_autofree char *host = v6 && colon[-1] == ']' ? g_strndup(text + 1, (gsize)(colon - text) - 2)
                                                 : g_strndup(text, (gsize)(colon - text));
  const guint16 port = htons((guint16)g_ascii_strtoull(colon + 1, NULL, 10));
  memset(ret, 0, sizeof *ret);
  *ret_len = v6 ? sizeof *b : sizeof *a;
  if (v6) {
    b->sin6_family = AF_INET6;
    b->sin6_port = port;
    return inet_pton(AF_INET6, host, &b->sin6_addr) == 1;
  }
  a->sin_family = AF_INET;
  a->sin_port = port;
  return inet_pton(AF_INET, host, &a->sin_addr) == 1;
}

gboolean gw_capture_start(gw_sip *sip, const gw_sip_config *c, GError **error) {
  struct sockaddr_storage to;
  socklen_t len;
  if (!c->hep_server || !*c->hep_server) return TRUE;
  if (!parse_server(c->hep_server, &to, &len)) {
    g_set_error(error, capture_error_quark(), 1, "%s: must be ADDRESS:PORT", c->hep_server);
    return FALSE;
  }
  capture.fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (capture.fd < 0 || connect(capture.fd, (struct sockaddr *)&to, len) != 0) {
    g_set_error(error, capture_error_quark(), 1, "%s: no way there", c->hep_server);
    return FALSE;
  }
  capture.sip = sip;
  capture.id = c->hep_id;
  capture.password = g_strdup(c->hep_password);
  gw_info(NULL, "sip-capture", "server=%s id=%u", c->hep_server, c->hep_id);
  return TRUE;
}

static void forget_message(void) {
  if (capture.text) g_string_free(g_steal_pointer(&capture.text), TRUE);
}

void gw_capture_stop(gw_sip *sip) {
  if (capture.sip != sip) return;
  if (capture.fd >= 0) close(capture.fd);
  forget_message();
  g_clear_pointer(&capture.password, g_free);
  capture.fd = -1;
  capture.sip = NULL;
}

void gw_capture_counters(guint64 *ret_sent, guint64 *ret_lost) {
  *ret_sent = capture.packets;
  *ret_lost = capture.lost;
}

/* --- one message --- */

static void put_address(guint8 ret[16], const char *host) {
  inet_pton(strchr(host, ':') ? AF_INET6 : AF_INET, host, ret);
}

static void ship(void) {
  const gboolean v6 = strchr(capture.peer, ':') != NULL;
  const gw_sip_port *p = gw_sip_port_for(capture.sip, capture.transport, v6, capture.peer);
  g_autofree char *clean = gw_hep_mask(capture.text->str);
  gw_hep h = {.v6 = v6,
              .protocol = capture.transport == GW_UDP ? IPPROTO_UDP : IPPROTO_TCP,
              .from_port = (guint16)(capture.sent ? p ? p->port : 0 : capture.peer_port),
              .to_port = (guint16)(capture.sent ? capture.peer_port
                                   : p          ? p->port
                                                : 0),
              .wall_us = capture.wall_us,
              .capture_id = capture.id,
              .password = capture.password,
              .message = clean};
  put_address(capture.sent ? h.to_ip : h.from_ip, capture.peer);
  if (p) put_address(capture.sent ? h.from_ip : h.to_ip, p->bound);
  g_autoptr(GByteArray) packet = gw_hep_packet(&h);
  const gboolean ok = send(capture.fd, packet->data, packet->len, MSG_NOSIGNAL) >= 0;
  capture.packets += ok;
  capture.lost += !ok;
}

/* "recv 412 bytes from udp/[192.0.2.7]:5060 at 10:00:00.123456:\n" and a line of dashes: a message begins. */
static void begin(const char *stamp) {
  forget_message();
  capture.sent = g_str_has_prefix(stamp, "send ");
  const char *mark = capture.sent ? " to " : " from ", *via = strstr(stamp, mark);
  const char *host = via ? strstr(via, "/[") : NULL;
  const char *end = host ? strchr(host, ']') : NULL;
  if (!end || end[1] != ':' || (gsize)(end - host) >= sizeof capture.peer) return;
  g_autofree char *word = g_strndup(via + strlen(mark), (gsize)(host - via) - strlen(mark));
  capture.transport = gw_transport_of(word);
  g_strlcpy(capture.peer, host + 2, (gsize)(end - host) - 1);
  capture.peer_port = (guint)g_ascii_strtoull(end + 2, NULL, 10);
  capture.wall_us = gw_wall_us();
  capture.text = g_string_new(NULL);
}

static void add(const char *text, gsize n) {
  if (capture.text && capture.text->len + n <= GW_MAX_HEP_MESSAGE)
    g_string_append_len(capture.text, text, (gssize)n);
}

/* The same format opens and ends a message: with a stamp, or with what ends its last line. */
static void on_dashes(va_list ap) {
  const char *stamp = va_arg(ap, const char *);
  if (g_str_has_prefix(stamp, "recv ") || g_str_has_prefix(stamp, "send ")) {
    begin(stamp);
    return;
  }
  if (capture.text) ship();
  forget_message();
}

gboolean gw_capture_line(const char *fmt, va_list ap) {
  if (!capture.sip) return FALSE;
  if (g_str_has_prefix(fmt, "%s   ------")) {
    on_dashes(ap);
  } else if (!strcmp(fmt, "%s%.*s")) {
    (void)va_arg(ap, const char *); /* the indentation */
    const int n = va_arg(ap, int);
    add(va_arg(ap, const char *), (gsize)MAX(n, 0));
  } else if (!strcmp(fmt, "\n")) {
    add("\r\n", 2);
  } else {
    return FALSE;
  }
  return TRUE;
}
