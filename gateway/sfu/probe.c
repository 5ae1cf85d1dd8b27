/* Is there a forwarding service? Asked once, without joining anything. */
#include <libsoup/soup.h>
#include "base/limits.h"
#include "gateway/sfu/sfu.h"
#include "gateway/sfu/sio.h"
#include "gateway/sfu/socket.h"

typedef struct {
  GMainLoop *loop;
  SoupMessage *asked;
  SoupWebsocketConnection *socket;
  char *why; /* NULL as long as nothing is wrong */
  gboolean there;
} probe;

static void wrong(probe *p, char *taken_why) {
  g_free(p->why);
  p->why = taken_why;
  g_main_loop_quit(p->loop);
}

/* The first thing that it says is its handshake. */
static void on_message(SoupWebsocketConnection *socket, gint type, GBytes *message, void *user) {
  probe *p = user;
  gsize n;
  const char *data = g_bytes_get_data(message, &n);
  g_autofree char *text = g_strndup(data, n);
  gw_sio_packet packet;
  p->there = type == SOUP_WEBSOCKET_DATA_TEXT && gw_sio_read(text, &packet) && packet.type == GW_SIO_OPEN;
  if (p->there)
    g_main_loop_quit(p->loop);
  else
    wrong(p, g_strdup("a WebSocket is there that does not speak Engine.IO"));
}

static void on_closed(SoupWebsocketConnection *socket, void *user) {
  wrong(user, g_strdup("it closes the connection at once"));
}

static void on_connected(GObject *soup, GAsyncResult *result, void *user) {
  probe *p = user;
  g_autoptr(GError) error = NULL;
  p->socket = soup_session_websocket_connect_finish(SOUP_SESSION(soup), result, &error);
  if (!p->socket) {
    wrong(p, gw_sfu_no_socket(p->asked, error->message));
    return;
  }
  soup_websocket_connection_set_max_incoming_payload_size(p->socket, GW_MAX_SFU_FRAME);
  g_signal_connect(p->socket, "message", G_CALLBACK(on_message), p);
  g_signal_connect(p->socket, "closed", G_CALLBACK(on_closed), p);
}

static gboolean on_late(void *user) {
  wrong(user, g_strdup("it does not answer"));
  return G_SOURCE_CONTINUE;
}

/* The session holds the callbacks back until it is gone, so nothing may run after this. */
static void end(probe *p, SoupSession *soup, guint timer, GCancellable *cancel) {
  g_source_remove(timer);
  g_cancellable_cancel(cancel);
  if (p->socket) {
    g_signal_handlers_disconnect_by_data(p->socket, p);
    if (soup_websocket_connection_get_state(p->socket) == SOUP_WEBSOCKET_STATE_OPEN)
      soup_websocket_connection_close(p->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  }
  while (g_main_context_iteration(NULL, FALSE))
    ;
  g_clear_object(&p->socket);
  g_object_unref(soup);
  g_object_unref(p->asked);
  g_main_loop_unref(p->loop);
}

char *gw_sfu_probe(const char *url, guint seconds) {
  g_autofree char *address = gw_sfu_address(url);
  if (!address) return g_strdup("no address of a WebSocket");
  g_autoptr(GCancellable) cancel = g_cancellable_new();
  probe p = {.loop = g_main_loop_new(NULL, FALSE), .asked = soup_message_new(SOUP_METHOD_GET, address)};
  SoupSession *soup = gw_sfu_http();
  const guint timer = g_timeout_add_seconds(seconds, on_late, &p);
  soup_session_websocket_connect_async(soup, p.asked, NULL, NULL, G_PRIORITY_DEFAULT, cancel, on_connected, &p);
  g_main_loop_run(p.loop);
  end(&p, soup, timer, cancel);
  if (p.there) g_clear_pointer(&p.why, g_free);
  return p.why;
}
