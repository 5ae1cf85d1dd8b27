/* http.c - the three pages. libsoup speaks HTTP; connections are accepted here, so that their
 * number and time are bounded. */
#include "daemon/http.h"
#include <gio/gio.h>
#include <libsoup/soup.h>
#include <string.h>
#include "base/log.h"
#include "base/thread.h"
#include "base/timer.h"
#include "daemon/commands.h"
#include "daemon/metrics.h"
#include "daemon/test_call.h"

#define MAX_CONNECTIONS 32
#define LIFE 20         /* s of a connection: one request, then it is closed */
#define PAUSE GW_SEC(1) /* without accepting, when out of descriptors */

struct gw_http {
  GMainContext *ctx;
  const gw_control_env *env;
  gw_test_call *test;
  GSocketListener *listener;
  GCancellable *cancel;
  SoupServer *server;
  gw_timer *pause;
  guint16 port;
  guint *open; /* connections; shared with them, some may outlive us */
};

/* --- pages */
static void send_text(SoupServerMessage *msg, guint status, const char *type, char *taken) {
  SoupMessageHeaders *headers = soup_server_message_get_response_headers(msg);
  soup_message_headers_replace(headers, "Cache-Control", "no-store");
  soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace(headers, "Content-Security-Policy",
                               "default-src 'none'; style-src 'unsafe-inline'");
  soup_server_message_set_response(msg, type, SOUP_MEMORY_TAKE, taken, strlen(taken));
  soup_server_message_set_status(msg, status, NULL);
}

static void row(GString *out, const char *name, const char *value) {
  g_autofree char *escaped = g_markup_escape_text(value ? value : "-", -1);
  g_string_append_printf(out, "<tr><th>%s</th><td>%s</td></tr>\n", name, escaped);
}

static void row_pair(GString *out, const char *name, JsonNode *pair, const char *some,
                     const char *all) {
  g_autofree char *text =
      g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT, gw_json_get_int(pair, some, 0),
                      gw_json_get_int(pair, all, 0));
  row(out, name, text);
}

/* Counts only: numbers, names and JIDs of callers are not for whoever reaches this port. */
static char *status_page(const gw_control_env *env) {
  g_autoptr(JsonNode) status = gw_status_json(env);
  GString *out = g_string_new(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tipring</title>\n"
      "<style>body{font-family:sans-serif;margin:2em}th{text-align:left;padding-right:2em}</style>"
      "</head>\n<body><h1>Tipring</h1><table>\n");
  row(out, "Version", gw_json_get_string(status, "version"));
  row(out, "Up since", gw_json_get_string(status, "up_since"));
  row(out, "Ready", gw_env_ready(env) ? "yes" : "no");
  row(out, "XMPP stream", gw_json_get_string(gw_json_get(status, "xmpp"), "state"));
  row(out, "SIP", env->sip_listening ? "listening" : "not listening");
  row_pair(out, "Phones registered", gw_json_get(status, "phones"), "registered", "known");
  row_pair(out, "Calls", gw_json_get(status, "calls"), "now", "max");
  g_string_append(out, "</table><p><a href=\"metrics\">metrics</a> "
                       "<a href=\"health\">health</a></p></body></html>\n");
  return g_string_free(out, FALSE);
}

/* --- /health?call: the one page that takes a while */
typedef struct {
  gw_http *http;
  SoupServerMessage *msg;
  gulong gone;
} patient;

static void patient_free(patient *p) {
  g_signal_handler_disconnect(p->msg, p->gone);
  g_object_unref(p->msg);
  g_free(p);
}

static void on_examined(gboolean ok, const char *json, void *user) {
  patient *p = user;
  gboolean ready = gw_env_ready(p->http->env);
  send_text(p->msg, ok && ready ? 200 : 503, "application/json", g_strconcat(json, "\n", NULL));
  soup_server_message_unpause(p->msg);
  patient_free(p);
}

static void on_patient_gone(SoupServerMessage *msg, gpointer user) {
  patient *p = user;
  gw_test_call_forget(p->http->test, p);
  patient_free(p);
}

static gboolean is_local(SoupServerMessage *msg) {
  GSocketAddress *from = soup_server_message_get_remote_address(msg);
  return G_IS_INET_SOCKET_ADDRESS(from) &&
         g_inet_address_get_is_loopback(
             g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(from)));
}

/* Whoever asks chooses nothing about the call, and only programs of this machine may ask. */
static void examine(gw_http *http, SoupServerMessage *msg) {
  static const char type[] = "text/plain; charset=utf-8";
  if (!is_local(msg)) {
    send_text(msg, 403, type, g_strdup("test calls are made for this machine only\n"));
  } else if (!gw_test_call_configured(http->test)) {
    send_text(msg, 404, type, g_strdup("no test call: set health.phone and health.number\n"));
  } else if (!gw_env_ready(http->env)) {
    send_text(msg, 503, type, g_strdup("not ready\n"));
  } else {
    patient *p = g_new0(patient, 1);
    p->http = http;
    p->msg = g_object_ref(msg);
    p->gone = g_signal_connect(msg, "disconnected", G_CALLBACK(on_patient_gone), p);
    soup_server_message_pause(msg);
    gw_test_call_ask(http->test, on_examined, p);
  }
}

/* libsoup's table of the query lacks what has no "=". */
static gboolean wants_call(SoupServerMessage *msg) {
  const char *query = g_uri_get_query(soup_server_message_get_uri(msg));
  return query && (!strcmp(query, "call") || g_str_has_prefix(query, "call="));
}

static void on_request(SoupServer *server, SoupServerMessage *msg, const char *path,
                       GHashTable *query, gpointer user) {
  gw_http *http = user;
  gboolean ready = gw_env_ready(http->env);
  if (strcmp(path, "/metrics") == 0)
    send_text(msg, 200, "text/plain; version=0.0.4; charset=utf-8", gw_metrics_text(http->env));
  else if (strcmp(path, "/health") == 0 && wants_call(msg))
    examine(http, msg);
  else if (strcmp(path, "/health") == 0)
    send_text(msg, ready ? 200 : 503, "text/plain; charset=utf-8",
              g_strdup(ready ? "ready\n" : "not ready\n"));
  else if (strcmp(path, "/") == 0)
    send_text(msg, 200, "text/html; charset=utf-8", status_page(http->env));
  else
    send_text(msg, 404, "text/plain; charset=utf-8", g_strdup("not found\n"));
}

/* Answers at once and hangs up: a body that was announced is neither read nor waited for. */
static void refuse(SoupServerMessage *msg, const char *status) {
  g_autoptr(GIOStream) stream = soup_server_message_steal_connection(msg);
  g_autofree char *answer = g_strdup_printf(
      "HTTP/1.1 %s\r\nContent-Length: 0\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n", status);
  GOutputStream *out = g_io_stream_get_output_stream(stream);
  /* One small write into an empty socket buffer; if it does not fit, the caller reads nothing
   * anyway. */
  g_pollable_output_stream_write_nonblocking(G_POLLABLE_OUTPUT_STREAM(out), answer, strlen(answer),
                                             NULL, NULL);
  g_io_stream_close(stream, NULL, NULL);
}

/* Runs when the headers have come: nothing but GET and HEAD without a body gets further. */
static void on_headers(SoupServer *server, SoupServerMessage *msg, const char *path,
                       GHashTable *query, gpointer user) {
  const char *method = soup_server_message_get_method(msg);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers(msg);
  SoupEncoding encoding = soup_message_headers_get_encoding(headers);
  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
    refuse(msg, "405 Method Not Allowed");
  else if (encoding == SOUP_ENCODING_CHUNKED ||
           soup_message_headers_get_content_length(headers) > 0)
    refuse(msg, "413 Content Too Large");
  else
    soup_message_headers_replace(soup_server_message_get_response_headers(msg), "Connection",
                                 "close");
}

/* --- connections */
typedef struct {
  guint *open;
  GSource *life;
} guest;

static void on_gone(gpointer user, GObject *connection) {
  guest *g = user;
  g_source_destroy(g->life);
  g_source_unref(g->life);
  (*g->open)--;
  g_rc_box_release(g->open);
  g_free(g);
}

static gboolean on_life_over(gpointer socket) {
  g_socket_shutdown(socket, TRUE, TRUE, NULL); /* libsoup sees the end of it */
  return G_SOURCE_REMOVE;
}

/* Neither silence nor a byte now and then may hold a place for ever. */
static void welcome(gw_http *http, GSocketConnection *connection) {
  GSocket *socket = g_socket_connection_get_socket(connection);
  g_autoptr(GSocketAddress) local = g_socket_connection_get_local_address(connection, NULL);
  g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, NULL);
  if (*http->open >= MAX_CONNECTIONS || !local || !remote) return; /* the last unref closes it */
  guest *g = g_new0(guest, 1);
  g->open = g_rc_box_acquire(http->open);
  g->life = g_timeout_source_new_seconds(LIFE);
  g_source_set_callback(g->life, on_life_over, g_object_ref(socket), g_object_unref);
  g_source_attach(g->life, http->ctx);
  (*http->open)++;
  g_object_weak_ref(G_OBJECT(connection), on_gone, g);
  soup_server_accept_iostream(http->server, G_IO_STREAM(connection), local, remote, NULL);
}

static void on_accepted(GObject *source, GAsyncResult *result, gpointer user);

/* libsoup and GIO take the thread's default context for what they start. */
static void accept_next(gw_http *http) {
  g_socket_listener_accept_async(http->listener, http->cancel, on_accepted, http);
}

static void on_accepted(GObject *source, GAsyncResult *result, gpointer user) {
  gw_http *http = user;
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketConnection) connection =
      g_socket_listener_accept_finish(G_SOCKET_LISTENER(source), result, NULL, &error);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) return; /* http is gone */
  g_main_context_push_thread_default(http->ctx);
  if (connection) {
    welcome(http, connection);
    accept_next(http);
  } else {
    /* Out of descriptors: the waiting connection would wake us again at once. */
    gw_warn(NULL, "http-accept-failed", "reason=%s", error->message);
    gw_timer_set(http->pause, gw_now_us() + PAUSE);
  }
  g_main_context_pop_thread_default(http->ctx);
}

static void on_pause_over(void *user) {
  gw_http *http = user;
  g_main_context_push_thread_default(http->ctx);
  accept_next(http);
  g_main_context_pop_thread_default(http->ctx);
}

/* --- life */
static gboolean bind_to(gw_http *http, const char *listen, GError **error) {
  const char *colon = strrchr(listen, ':');
  guint64 port;
  g_autofree char *host = colon ? g_strndup(listen, (gsize)(colon - listen)) : NULL;
  if (!host || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL)) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "http.listen: \"%s\" is not ADDRESS:PORT", listen);
    return FALSE;
  }
  gsize n = strlen(host);
  gboolean brackets = n > 2 && host[0] == '[' && host[n - 1] == ']';
  if (brackets) host[n - 1] = '\0';
  g_autoptr(GSocketAddress) address =
      g_inet_socket_address_new_from_string(brackets ? host + 1 : host, (guint)port);
  g_autoptr(GSocketAddress) real = NULL;
  if (!address) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "http.listen: \"%s\" is no address",
                host);
    return FALSE;
  }
  if (!g_socket_listener_add_address(http->listener, address, G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_TCP, NULL, &real, error)) {
    g_prefix_error(error, "http.listen %s: ", listen);
    return FALSE;
  }
  http->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(real));
  return TRUE;
}

gw_http *gw_http_new(GMainContext *ctx, const char *listen, const gw_control_env *env,
                     GError **error) {
  GW_ON_CONTROL();
  g_autoptr(gw_http) http = g_new0(gw_http, 1);
  http->ctx = g_main_context_ref(ctx ? ctx : g_main_context_default());
  http->env = env;
  http->open = g_rc_box_new0(guint);
  http->listener = g_socket_listener_new();
  http->cancel = g_cancellable_new();
  http->pause = gw_timer_new(ctx, on_pause_over, http);
  http->test = gw_test_call_new(ctx, env);
  if (!bind_to(http, listen, error)) return NULL;
  g_main_context_push_thread_default(ctx);
  http->server = soup_server_new("server-header", "tipring", NULL);
  soup_server_add_early_handler(http->server, NULL, on_headers, http, NULL);
  soup_server_add_handler(http->server, NULL, on_request, http, NULL);
  accept_next(http);
  g_main_context_pop_thread_default(ctx);
  gw_info(NULL, "http-listening", "listen=%s port=%u", listen, http->port);
  return g_steal_pointer(&http);
}

guint16 gw_http_port(const gw_http *http) {
  return http->port;
}

void gw_http_free(gw_http *http) {
  if (!http) return;
  g_cancellable_cancel(http->cancel);
  g_object_unref(http->cancel);
  g_socket_listener_close(http->listener);
  g_object_unref(http->listener);
  gw_timer_free(http->pause);
  if (http->server) soup_server_disconnect(http->server);
  g_clear_object(&http->server);
  gw_test_call_free(http->test);
  g_rc_box_release(http->open);
  g_main_context_unref(http->ctx);
  g_free(http);
}
