#include "xmpp/stream.h"
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "xmpp/ns.h"
#include "xmpp/pump.h"

#define SILENCE                                                                                    \
  GW_SEC(30) /* then we ask whether the server still lives: half-open TCP says nothing */
#define PING_WAIT GW_SEC(15)
#define STABLE GW_SEC(30) /* up for so long: the next failure begins at 1 s again */
#define MAX_KEPT 512

/* What the library holds of us: outlives the stream until the library lets go of the connection. */
typedef struct {
  gw_stream *stream;
  xmpp_conn_t *conn;
  gw_pump *pump;
} hook;
struct gw_stream {
  gw_stream_config conf;
  char *jid, *secret, *host, *ca_file, *bound;
  gw_stream_events events;
  void *user;
  gw_pump *pump;
  gw_pump_link link;
  hook *hook;
  gw_timer *retry, *life, *farewell;
  GCancellable *resolving;
  GList *addresses; /* GInetAddress, still to be tried */
  gw_xmpp_state state;
  gboolean wanted, pinged, lost, retired;
  gboolean *gone; /* set when freed in a callback that we come back from */
  guint attempts, reconnects;
  gint64 up_since;
  GQueue kept; /* xmpp_stanza_t */
};
static GHashTable *by_conn; /* xmpp_conn_t -> gw_stream: the socket callback has no user data */
static char *certificate_trouble;

gint64 gw_stream_backoff(guint n, gboolean refused, guint32 random) {
  gint64 base = refused ? GW_SEC(60) : MIN(GW_SEC(60), GW_SEC(1) << MIN(n, 6u));
  if (refused) return base;
  return MIN(GW_SEC(60), base * 3 / 4 + (gint64)(random % (guint32)(base / 2)));
}

gboolean gw_stream_is_loopback(const char *host) {
  g_autoptr(GInetAddress) a = host ? g_inet_address_new_from_string(host) : NULL;
  return a ? g_inet_address_get_is_loopback(a) : host && !g_ascii_strcasecmp(host, "localhost");
}

static void tell(gw_stream *s, gw_xmpp_state state, const char *detail) {
  s->state = state;
  if (!s->retired) s->events.state(s, state, detail, s->user);
}

/* --- sending */

static void send_now(gw_stream *s, xmpp_stanza_t *stanza) {
  xmpp_send(s->hook->conn, stanza);
  xmpp_stanza_release(stanza);
  gw_pump_wake(&s->link);
}

gboolean gw_stream_send(gw_stream *s, xmpp_stanza_t *stanza, gboolean keep) {
  if (s->state == GW_XMPP_UP) {
    send_now(s, stanza);
    return TRUE;
  }
  if (keep && g_queue_get_length(&s->kept) < MAX_KEPT) {
    g_queue_push_tail(&s->kept, stanza);
    return TRUE;
  }
  xmpp_stanza_release(stanza);
  return FALSE;
}

static void send_kept(gw_stream *s) {
  xmpp_stanza_t *stanza;
  while ((stanza = g_queue_pop_head(&s->kept)))
    send_now(s, stanza);
}

/* --- is it alive? (XEP-0199) */

static void ping(gw_stream *s) {
  xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
  gw_xml_set(iq, "type", "get");
  gw_xml_set(iq, "id", "life");
  gw_xml_set(iq, "from", s->bound);
  if (!s->conf.client)
    gw_xml_set(iq, "to", s->jid); /* comes back to ourselves, by way of the server */
  gw_xml_add(iq, "ping", GW_NS_PING);
  send_now(s, iq);
}

static void on_life(void *user) {
  gw_stream *s = user;
  if (s->state != GW_XMPP_UP) return;
  if (s->pinged) {
    gw_warn(NULL, "xmpp-stream-silent", "jid=%s wait_s=%d", s->jid,
            (int)(s->conf.ping_wait_us / 1000000));
    s->lost = TRUE;
    xmpp_disconnect(s->hook->conn);
    gw_pump_wake(&s->link);
    return;
  }
  s->pinged = TRUE;
  gw_timer_set(s->life, gw_now_us() + s->conf.ping_wait_us);
  ping(s);
}

static int on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *user) {
  gw_stream *s = ((hook *)user)->stream;
  if (!s || s->state != GW_XMPP_UP || s->retired) return 1;
  if (!gw_xml_is(stanza, "iq", NULL) && !gw_xml_is(stanza, "message", NULL) &&
      !gw_xml_is(stanza, "presence", NULL))
    return 1;
  s->pinged = FALSE;
  gw_timer_set(s->life, gw_now_us() + s->conf.silence_us);
  s->events.stanza(s, stanza, s->user);
  return 1;
}

/* --- coming up and going down */

static const char *error_name(const xmpp_stream_error_t *e) {
  switch (e->type) {
  case XMPP_SE_NOT_AUTHORIZED:
    return "not-authorized";
  case XMPP_SE_CONFLICT:
    return "conflict";
  case XMPP_SE_HOST_UNKNOWN:
    return "host-unknown";
  case XMPP_SE_HOST_GONE:
    return "host-gone";
  case XMPP_SE_POLICY_VIOLATION:
    return "policy-violation";
  case XMPP_SE_XML_NOT_WELL_FORMED:
    return "xml-not-well-formed";
  case XMPP_SE_SYSTEM_SHUTDOWN:
    return "system-shutdown";
  default:
    return "stream-error";
  }
}

static void retry_later(gw_stream *s, gboolean refused) {
  gint64 wait = gw_stream_backoff(s->attempts, refused, g_random_int());
  if (s->conf.retry_us && !refused) wait = s->conf.retry_us;
  if (s->attempts < 16) s->attempts++;
  gw_timer_set(s->retry, gw_now_us() + wait);
}

static void went_down(gw_stream *s, const char *detail, gboolean refused) {
  gboolean was_up = s->state == GW_XMPP_UP, retired = s->retired;
  gw_pump_unwatch(&s->link);
  gw_pump_regain(s->pump);
  gw_timer_set(s->life, GW_NEVER);
  gw_timer_set(s->farewell, GW_NEVER);
  if (was_up && gw_now_us() - s->up_since > STABLE) s->attempts = 0;
  if (s->wanted) retry_later(s, refused);
  g_clear_pointer(&s->bound, g_free);
  s->pinged = s->lost = FALSE;
  tell(s, GW_XMPP_DOWN, detail); /* may free it */
  if (retired) gw_stream_free(s);
}

static void came_up(gw_stream *s) {
  if (!s->wanted) { /* closed while it was connecting */
    xmpp_disconnect(s->hook->conn);
    return;
  }
  const char *bound = s->conf.client ? xmpp_conn_get_bound_jid(s->hook->conn) : s->jid;
  g_free(s->bound);
  s->bound = g_strdup(bound ? bound : s->jid);
  s->up_since = gw_now_us();
  s->pinged = FALSE;
  gw_timer_set(s->life, s->up_since + s->conf.silence_us);
  s->state = GW_XMPP_UP;
  send_kept(s);
  tell(s, GW_XMPP_UP, "");
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                          xmpp_stream_error_t *stream_error, void *user) {
  gw_stream *s = ((hook *)user)->stream;
  if (!s) return;
  if (event == XMPP_CONN_CONNECT) {
    came_up(s);
    return;
  }
  const char *detail = stream_error             ? error_name(stream_error)
                       : s->lost                ? "no answer"
                       : !s->wanted             ? "closed"
                       : s->state == GW_XMPP_UP ? "connection lost"
                                                : "connection failed";
  g_autofree char *certificate = g_steal_pointer(&certificate_trouble);
  gboolean refused = stream_error && stream_error->type == XMPP_SE_NOT_AUTHORIZED;
  gw_pump_stop_early(s->pump);
  went_down(s, certificate ? certificate : detail, refused);
}

/* --- connecting */

static int on_certificate(const xmpp_tlscert_t *cert, const char *const message) {
  g_free(certificate_trouble);
  certificate_trouble = g_strdup_printf("certificate: %s", message ? message : "not trusted");
  return 0;
}

static int refuse_socket(xmpp_conn_t *conn, void *sock) {
  errno = EACCES;
  return -1;
}

static int on_socket(xmpp_conn_t *conn, void *sock) {
  gw_stream *s = g_hash_table_lookup(by_conn, conn);
  int fd = *(int *)sock, on = 1;
  unsigned int lost_ms = 30000;
  if (!s || !gw_pump_watch(s->pump, &s->link, fd)) {
    errno = EMFILE;
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof lost_ms);
  return xmpp_sockopt_cb_keepalive(conn, sock);
}

static void ignore_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                         xmpp_stream_error_t *stream_error, void *user) {}

/* The library makes the stream-management state that every send looks at in its client connect
 * only, so a component's first stanza would crash. A client connect whose socket is refused makes
 * it and does nothing else. */
static void prime(xmpp_conn_t *conn) {
  xmpp_conn_set_sockopt_callback(conn, refuse_socket);
  xmpp_connect_client(conn, "127.0.0.1", 1, ignore_event, NULL);
  xmpp_conn_set_sockopt_callback(conn, on_socket);
}

static void set_flags(gw_stream *s, xmpp_conn_t *conn) {
  long flags = XMPP_CONN_FLAG_DISABLE_SM; /* rooms are joined anew anyway */
  if (s->conf.tls == GW_TLS_REQUIRED) flags |= XMPP_CONN_FLAG_MANDATORY_TLS;
  if (s->conf.tls == GW_TLS_OFF) flags |= XMPP_CONN_FLAG_DISABLE_TLS;
  xmpp_conn_set_flags(conn, flags);
  xmpp_conn_set_certfail_handler(conn, on_certificate);
  if (s->ca_file) xmpp_conn_set_cafile(conn, s->ca_file);
}

static hook *hook_new(gw_stream *s) {
  hook *h = g_new0(hook, 1);
  h->stream = s;
  h->pump = s->pump;
  h->conn = xmpp_conn_new(gw_xml_ctx());
  xmpp_conn_set_jid(h->conn, s->jid);
  xmpp_conn_set_pass(h->conn, s->secret);
  if (s->conf.client)
    set_flags(s, h->conn);
  else
    prime(h->conn);
  xmpp_conn_set_sockopt_callback(h->conn, on_socket);
  /* One for all: the library takes a function with the same user data only once, whatever it is to
   * match. */
  xmpp_handler_add(h->conn, on_stanza, NULL, NULL, NULL, h);
  if (!by_conn) by_conn = g_hash_table_new(NULL, NULL);
  g_hash_table_insert(by_conn, h->conn, s);
  return h;
}

static void hook_free(void *p) {
  hook *h = p;
  gw_pump *pump = h->pump;
  xmpp_conn_release(h->conn);
  g_free(h);
  gw_pump_regain(pump);
  gw_pump_unref(pump);
}

static void connect_to(gw_stream *s, const char *address) {
  gw_pump_spend(s->pump);
  int rc =
      s->conf.client
          ? xmpp_connect_client(s->hook->conn, address, s->conf.port, on_connection, s->hook)
          : xmpp_connect_component(s->hook->conn, address, s->conf.port, on_connection, s->hook);
  if (rc != XMPP_EOK) went_down(s, "connection failed", FALSE);
}

static void next_address(gw_stream *s) {
  GInetAddress *a = s->addresses->data;
  s->addresses = g_list_delete_link(s->addresses, s->addresses);
  g_autofree char *text = g_inet_address_to_string(a);
  g_object_unref(a);
  connect_to(s, text);
}

static void on_resolved(GObject *resolver, GAsyncResult *result, void *user) {
  g_autoptr(GError) err = NULL;
  GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &err);
  if (g_error_matches(err, G_IO_ERROR, G_IO_ERROR_CANCELLED)) return; /* the stream may be gone */
  gw_stream *s = user;
  g_clear_object(&s->resolving);
  s->addresses = found;
  if (found)
    next_address(s);
  else
    went_down(s, "host not found", FALSE);
}

static void on_retry(void *user) {
  gw_stream *s = user;
  if (!s->wanted || s->resolving || !xmpp_conn_is_disconnected(s->hook->conn)) return;
  g_autoptr(GInetAddress) literal = g_inet_address_new_from_string(s->host);
  if (s->up_since) s->reconnects++;
  gboolean gone = FALSE;
  s->gone = &gone;
  tell(s, GW_XMPP_CONNECTING, "");
  if (gone) return;
  s->gone = NULL;
  if (!s->wanted) return;
  if (s->addresses) {
    next_address(s);
  } else if (literal) {
    connect_to(s, s->host);
  } else {
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    s->resolving = g_cancellable_new();
    g_resolver_lookup_by_name_async(resolver, s->host, s->resolving, on_resolved, s);
  }
}

/* --- life */

static void on_farewell(void *user) {
  gw_stream *s = user;
  went_down(s, "closed", FALSE);
}

gw_stream *gw_stream_new(GMainContext *ctx, const gw_stream_config *c,
                         const gw_stream_events *events, void *user) {
  gw_stream *s = g_new0(gw_stream, 1);
  s->conf = *c;
  if (!s->conf.silence_us) s->conf.silence_us = SILENCE;
  if (!s->conf.ping_wait_us) s->conf.ping_wait_us = PING_WAIT;
  s->jid = g_strdup(c->jid);
  s->secret = g_strdup(c->secret);
  s->host = g_strdup(c->host);
  s->ca_file = g_strdup(c->ca_file);
  s->events = *events;
  s->user = user;
  s->pump = gw_pump_ref(ctx);
  s->retry = gw_timer_new(ctx, on_retry, s);
  s->life = gw_timer_new(ctx, on_life, s);
  s->farewell = gw_timer_new(ctx, on_farewell, s);
  g_queue_init(&s->kept);
  s->hook = hook_new(s);
  return s;
}

void gw_stream_start(gw_stream *s) {
  s->wanted = TRUE;
  gw_timer_set(s->retry, gw_now_us());
}

void gw_stream_close(gw_stream *s) {
  s->wanted = FALSE;
  gw_timer_set(s->retry, GW_NEVER);
  if (s->state == GW_XMPP_UP) {
    xmpp_disconnect(s->hook->conn); /* waits 2 s at most for the other side's end */
    gw_pump_wake(&s->link);
  } else {
    gw_timer_set(s->farewell, gw_now_us());
  }
}

static void forget_addresses(gw_stream *s) {
  g_list_free_full(g_steal_pointer(&s->addresses), g_object_unref);
}

void gw_stream_free(gw_stream *s) {
  if (!s) return;
  if (s->gone) *s->gone = TRUE;
  if (s->resolving) g_cancellable_cancel(s->resolving);
  g_clear_object(&s->resolving);
  forget_addresses(s);
  gw_pump_unwatch(&s->link);
  g_hash_table_remove(by_conn, s->hook->conn);
  s->hook->stream = NULL;
  gw_timer_free(s->retry);
  gw_timer_free(s->life);
  gw_timer_free(s->farewell);
  xmpp_stanza_t *stanza;
  while ((stanza = g_queue_pop_head(&s->kept)))
    xmpp_stanza_release(stanza);
  gw_pump_outside(s->pump, hook_free, s->hook);
  g_free(s->jid);
  g_free(s->secret);
  g_free(s->host);
  g_free(s->ca_file);
  g_free(s->bound);
  g_free(s);
}

void gw_stream_retire(gw_stream *s) {
  s->retired = TRUE;
  gw_stream_close(s);
  gw_timer_set(s->farewell, gw_now_us() + (s->state == GW_XMPP_UP ? GW_SEC(3) : 0));
}

gw_xmpp_state gw_stream_state(const gw_stream *s) {
  return s->state;
}

const char *gw_stream_jid(const gw_stream *s) {
  return s->bound;
}

guint gw_stream_reconnects(const gw_stream *s) {
  return s->reconnects;
}
