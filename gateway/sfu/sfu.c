#include "gateway/sfu/sfu.h"
#include <string.h>
#include "base/limits.h"
#include "base/log.h"
#include "base/timer.h"
#include "gateway/sfu/session.h"
#include "gateway/sfu/socket.h"

#define SOCKET_IO "/socket.io/"
#define QUERY "EIO=4&transport=websocket"
#define GOODBYE_MS 300 /* between the last words and the closing */
#define GOODBYE_S 2

struct gw_sfu {
  char *address, *room;
  gw_sfu_listener listener;
  void *user;
  gw_sfu_session *session;
  SoupSession *soup;
  GCancellable *connecting; /* or NULL */
  SoupMessage *asked;       /* of the last attempt */
  char *why;                /* that one has failed, as last logged */
  SoupWebsocketConnection *socket;
  gw_timer *timer, *soon;
  GQueue news; /* gw_sfu_out* for the listener, told from the loop */
  gboolean telling, freed;
};

static void step(gw_sfu *s, const gw_sfu_ev *ev);

/* --- the goodbye --- */

/* What was sent last is still to be written, and to be looked at by the service, when nobody holds the participant any
 * more: socket.io throws away what stands before a goodbye in the same read. */
typedef struct {
  SoupSession *soup;
  SoupWebsocketConnection *socket;
  guint timeout;
} goodbye;

static void goodbye_end(goodbye *g) {
  g_signal_handlers_disconnect_by_data(g->socket, g);
  if (g->timeout) g_source_remove(g->timeout);
  g_object_unref(g->socket);
  g_object_unref(g->soup);
  g_free(g);
}

static void on_goodbye_closed(SoupWebsocketConnection *socket, void *user) {
  goodbye_end(user);
}

static gboolean on_goodbye_late(void *user);

static gboolean on_goodbye_said(void *user) {
  goodbye *g = user;
  g->timeout = g_timeout_add_seconds(GOODBYE_S, on_goodbye_late, g);
  soup_websocket_connection_close(g->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean on_goodbye_late(void *user) {
  goodbye *g = user;
  g->timeout = 0;
  goodbye_end(g);
  return G_SOURCE_REMOVE;
}

static void close_socket(gw_sfu *s) {
  if (!s->socket) return;
  SoupWebsocketConnection *socket = g_steal_pointer(&s->socket);
  g_signal_handlers_disconnect_by_data(socket, s);
  if (soup_websocket_connection_get_state(socket) != SOUP_WEBSOCKET_STATE_OPEN) {
    g_object_unref(socket);
    return;
  }
  goodbye *g = g_new0(goodbye, 1);
  g->soup = g_object_ref(s->soup);
  g->socket = socket;
  g->timeout = g_timeout_add(GOODBYE_MS, on_goodbye_said, g);
  g_signal_connect(socket, "closed", G_CALLBACK(on_goodbye_closed), g);
}

/* --- the socket --- */

static void on_message(SoupWebsocketConnection *socket, gint type, GBytes *message, void *user) {
  gsize n;
  const char *data = g_bytes_get_data(message, &n);
  if (type != SOUP_WEBSOCKET_DATA_TEXT) return;
  g_autofree char *text = g_strndup(data, n);
  step(user, &(gw_sfu_ev){.type = GW_SFU_EV_TEXT, .text = text});
}

static void on_closed(SoupWebsocketConnection *socket, void *user) {
  step(user, &(gw_sfu_ev){.type = GW_SFU_EV_CLOSED, .text = "it closed the connection"});
}

static void take_socket(gw_sfu *s, SoupWebsocketConnection *socket) {
  s->socket = socket;
  soup_websocket_connection_set_max_incoming_payload_size(socket, GW_MAX_SFU_FRAME);
  g_signal_connect(socket, "message", G_CALLBACK(on_message), s);
  g_signal_connect(socket, "closed", G_CALLBACK(on_closed), s);
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_OPENED});
}

/* What is no WebSocket is mostly another path, or a proxy before the service: the status says which. */
char *gw_sfu_no_socket(SoupMessage *asked, const char *error) {
  const guint status = soup_message_get_status(asked);
  return status && status != SOUP_STATUS_SWITCHING_PROTOCOLS
             ? g_strdup_printf("it answers HTTP %u %s, no WebSocket is there", status,
                               soup_status_get_phrase(status))
             : g_strdup(error);
}

/* The first attempt that fails is logged when it fails, the next ones where they fail for another reason. */
static void not_connected(gw_sfu *s, const char *error) {
  g_autofree char *why = gw_sfu_no_socket(s->asked, error);
  if (g_strcmp0(why, s->why)) gw_warn(NULL, "sfu-unreachable", "service=%s call=%s why=%s", s->address, s->room, why);
  g_free(s->why);
  s->why = g_steal_pointer(&why);
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_CLOSED, .text = s->why});
}

/* A cancelled connection has lost its participant: user may be gone. */
static void on_connected(GObject *soup, GAsyncResult *result, void *user) {
  g_autoptr(GError) error = NULL;
  gw_sfu *s = user;
  SoupWebsocketConnection *socket =
      soup_session_websocket_connect_finish(SOUP_SESSION(soup), result, &error);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) return;
  g_clear_object(&s->connecting);
  if (socket)
    take_socket(s, socket);
  else
    not_connected(s, error->message);
}

static void drop_socket(gw_sfu *s) {
  if (s->connecting) g_cancellable_cancel(s->connecting);
  g_clear_object(&s->connecting);
  close_socket(s);
}

static void open_socket(gw_sfu *s) {
  drop_socket(s);
  g_clear_object(&s->asked);
  s->asked = soup_message_new(SOUP_METHOD_GET, s->address);
  s->connecting = g_cancellable_new();
  soup_session_websocket_connect_async(s->soup, s->asked, NULL, NULL, G_PRIORITY_DEFAULT,
                                       s->connecting, on_connected, s);
}

static void send_text(gw_sfu *s, const char *text) {
  if (s->socket && soup_websocket_connection_get_state(s->socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text(s->socket, text);
}

/* --- the session --- */

static void log_out(const gw_sfu *s, const gw_sfu_out *o) {
  gw_log_ctx ctx = {0};
  if (o->type == GW_SFU_JOINED)
    gw_info(&ctx, "sfu-joined", "service=%s call=%s others=%u", s->address, s->room,
            g_strv_length(o->names));
  else if (o->type == GW_SFU_DOWN)
    gw_warn(&ctx, "sfu-down", "service=%s call=%s why=%s", s->address, s->room, o->text);
  else if (o->type == GW_SFU_FAILED)
    gw_warn(&ctx, "sfu-failed", "service=%s call=%s why=%s", s->address, s->room, o->text);
  else if (o->type == GW_SFU_ANSWER_TO && !o->text)
    gw_warn(&ctx, "sfu-refused", "service=%s call=%s stream=%s", s->address, s->room, o->name);
}

static gw_sfu_out *take_out(gw_sfu_out *o) {
  gw_sfu_out *taken = g_memdup2(o, sizeof *o);
  memset(o, 0, sizeof *o); /* its strings have moved */
  return taken;
}

static void out_free(void *p) {
  gw_sfu_out *o = p;
  g_free(o->text);
  g_free(o->name);
  g_free(o->mid);
  g_strfreev(o->names);
  g_free(o);
}

static void run(gw_sfu *s, gw_sfu_out *o) {
  log_out(s, o);
  if (o->type == GW_SFU_CONNECTING) {
    open_socket(s);
  } else if (o->type == GW_SFU_SEND) {
    send_text(s, o->text);
  } else if (o->type == GW_SFU_CLOSE) {
    drop_socket(s);
  } else {
    g_queue_push_tail(&s->news, take_out(o));
    gw_timer_set(s->soon, gw_now_us());
  }
}

static void step(gw_sfu *s, const gw_sfu_ev *ev) {
  g_autoptr(GArray) outs = gw_sfu_outs_new();
  gw_sfu_session_step(s->session, ev, gw_now_us(), outs);
  for (guint i = 0; i < outs->len; i++)
    run(s, &g_array_index(outs, gw_sfu_out, i));
  gw_timer_set(s->timer, gw_sfu_session_deadline(s->session));
}

static void on_deadline(void *user) {
  step(user, &(gw_sfu_ev){.type = GW_SFU_EV_TICK});
}

static void destroy(gw_sfu *s) {
  gw_sfu_session_free(s->session);
  g_object_unref(s->soup);
  g_clear_object(&s->asked);
  g_free(s->why);
  gw_timer_free(s->timer);
  gw_timer_free(s->soon);
  g_queue_clear_full(&s->news, out_free);
  g_free(s->address);
  g_free(s->room);
  g_free(s);
}

static void tell(gw_sfu *s, const gw_sfu_out *o) {
  static const gw_sfu_news_type types[] = {
      [GW_SFU_JOINED] = GW_SFU_IS_IN,    [GW_SFU_ANSWER_TO] = GW_SFU_ANSWERS,
      [GW_SFU_REMOTE] = GW_SFU_TRICKLES, [GW_SFU_COMES] = GW_SFU_ONE_COMES,
      [GW_SFU_GOES] = GW_SFU_ONE_GOES,   [GW_SFU_DOWN] = GW_SFU_IS_DOWN,
      [GW_SFU_FAILED] = GW_SFU_GIVES_UP};
  const gw_sfu_news news = {.type = types[o->type],
                            .name = o->name,
                            .text = o->text,
                            .mid = o->mid,
                            .names = (const char *const *)o->names,
                            .cause = o->cause};
  s->listener(&news, s->user);
}

/* The listener may free us. */
static void on_soon(void *user) {
  gw_sfu *s = user;
  s->telling = TRUE;
  for (gw_sfu_out *o; !s->freed && (o = g_queue_pop_head(&s->news)); out_free(o))
    tell(s, o);
  s->telling = FALSE;
  if (s->freed) destroy(s);
}

/* --- for others --- */

/* libsoup speaks of http and https; a path of its own is kept, a query too. */
char *gw_sfu_address(const char *url) {
  g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL);
  const char *scheme = uri ? g_uri_get_scheme(uri) : NULL;
  if (!scheme || (strcmp(scheme, "ws") && strcmp(scheme, "wss")) || !g_uri_get_host(uri) ||
      !*g_uri_get_host(uri))
    return NULL;
  const char *path = g_uri_get_path(uri), *query = g_uri_get_query(uri);
  g_autoptr(GUri) full =
      g_uri_build(G_URI_FLAGS_ENCODED, scheme, g_uri_get_userinfo(uri), g_uri_get_host(uri),
                  g_uri_get_port(uri), !*path || !strcmp(path, "/") ? SOCKET_IO : path,
                  query && *query ? query : QUERY, NULL);
  return g_uri_to_string(full);
}

/* No extension is answered, so none is offered. */
SoupSession *gw_sfu_http(void) {
  SoupSession *soup = soup_session_new();
  soup_session_remove_feature_by_type(soup, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  return soup;
}

gw_sfu *gw_sfu_new(const char *url, const char *room, const char *name, gw_sfu_listener listener,
                   void *user) {
  gw_sfu *s = g_new0(gw_sfu, 1);
  s->address = gw_sfu_address(url);
  if (!s->address)
    s->address = g_strdup("ws://invalid.invalid/"); /* the configuration was checked */
  s->room = g_strdup(room);
  s->listener = listener;
  s->user = user;
  s->session = gw_sfu_session_new(room, name);
  s->soup = gw_sfu_http();
  s->timer = gw_timer_new(NULL, on_deadline, s);
  s->soon = gw_timer_new(NULL, on_soon, s);
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_START});
  return s;
}

void gw_sfu_free(gw_sfu *s) {
  if (!s || s->freed) return;
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_LEAVE});
  drop_socket(s);
  s->freed = TRUE;
  if (!s->telling) destroy(s);
}

void gw_sfu_rejoin(gw_sfu *s) {
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_REJOIN});
}

void gw_sfu_request(gw_sfu *s, const char *src, const char *offer) {
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_REQUEST, .src = src, .text = offer});
}

void gw_sfu_candidate(gw_sfu *s, const char *src, const char *candidate, const char *mid) {
  step(s, &(gw_sfu_ev){.type = GW_SFU_EV_CANDIDATE, .src = src, .text = candidate, .mid = mid});
}
