/* The WebSocket around the session: a service in this process that says what the test wants. Every wait is for an event. */
#include <libsoup/soup.h>
#include <string.h>
#include "base/limits.h"
#include "base/log.h"
#include "gateway/sfu/sfu.h"

#define OPEN                                                                                       \
  "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":"   \
  "1000000}"

/* The library's server forgets its sockets; what is tested here is the other end. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "fast_unwind_on_malloc=0";
}
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:g_socket_accept\nleak:soup_server_listen_local\n";
}

typedef struct {
  SoupServer *server;
  SoupWebsocketConnection *peer;
  GString *heard; /* frames of ours */
  GString *told;  /* news */
  guint connections, closed;
  gboolean mute;
  char *url;
  gw_sfu *sfu;
  gboolean free_in_news;
} bench;

static void on_frame(SoupWebsocketConnection *c, gint type, GBytes *message, void *user) {
  bench *b = user;
  g_autofree char *text = g_strndup(g_bytes_get_data(message, NULL), g_bytes_get_size(message));
  g_string_append_printf(b->heard, "%s\n", text);
  if (!strcmp(text, "40")) soup_websocket_connection_send_text(c, "40{\"sid\":\"t\"}");
  if (g_str_has_prefix(text, "420[\"join\""))
    soup_websocket_connection_send_text(c, "430[[\"al\"]]");
}

static void on_closed(SoupWebsocketConnection *c, void *user) {
  ((bench *)user)->closed++;
}

static void on_websocket(SoupServer *server, SoupServerMessage *m, const char *path,
                         SoupWebsocketConnection *c, void *user) {
  bench *b = user;
  g_assert_cmpstr(path, ==, "/socket.io/");
  g_assert_cmpstr(g_uri_get_query(soup_server_message_get_uri(m)), ==, "EIO=4&transport=websocket");
  g_set_object(&b->peer, c);
  b->connections++;
  g_signal_connect(c, "message", G_CALLBACK(on_frame), b);
  g_signal_connect(c, "closed", G_CALLBACK(on_closed), b);
  if (!b->mute) soup_websocket_connection_send_text(c, OPEN);
}

static void on_news(const gw_sfu_news *n, void *user) {
  static const char *const words[] = {"in",   "answers", "trickles", "comes",
                                      "goes", "down",    "gives-up"};
  bench *b = user;
  g_string_append_printf(b->told, "%s %s %s\n", words[n->type], n->name ? n->name : "-",
                         n->names && n->names[0]                ? n->names[0]
                         : n->text && n->type != GW_SFU_IS_DOWN ? n->text
                                                                : "-");
  if (b->free_in_news) g_clear_pointer(&b->sfu, gw_sfu_free);
}

static void begin(bench *b) {
  g_autoptr(GError) error = NULL;
  memset(b, 0, sizeof *b);
  b->heard = g_string_new(NULL);
  b->told = g_string_new(NULL);
  b->server = g_object_new(SOUP_TYPE_SERVER, NULL);
  soup_server_add_websocket_handler(b->server, NULL, NULL, NULL, on_websocket, b, NULL);
  g_assert_true(soup_server_listen_local(b->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  GSList *uris = soup_server_get_uris(b->server);
  b->url = g_strdup_printf("ws://127.0.0.1:%d", g_uri_get_port(uris->data));
  g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
}

static gboolean on_late(void *user) {
  g_error("nothing more came: %s", (const char *)user);
  return G_SOURCE_REMOVE;
}

static void until(const GString *log, const char *part) {
  guint guard = g_timeout_add_seconds(20, on_late, (void *)part);
  while (!strstr(log->str, part))
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(guard);
}

static void until_count(const guint *n, guint want) {
  guint guard = g_timeout_add_seconds(20, on_late, (void *)"count");
  while (*n < want)
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(guard);
}

static void end(bench *b) {
  gw_sfu_free(b->sfu);
  until_count(&b->closed, b->connections);
  soup_server_disconnect(b->server);
  if (b->peer) g_signal_handlers_disconnect_by_data(b->peer, b);
  g_clear_object(&b->peer);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  g_object_unref(b->server);
  g_string_free(b->heard, TRUE);
  g_string_free(b->told, TRUE);
  g_free(b->url);
}

static void join(bench *b) {
  b->sfu = gw_sfu_new(b->url, "r", "me", on_news, b);
  g_assert_cmpstr(b->told->str, ==, ""); /* never from inside a call */
  until(b->told, "in - al\n");
}

static void test_whole(void) {
  bench b;
  begin(&b);
  join(&b);
  gw_sfu_request(b.sfu, "me", "OFFER");
  gw_sfu_candidate(b.sfu, "me", "candidate:1", "0");
  until(b.heard, "\"sdpMid\":\"0\"");
  soup_websocket_connection_send_text(b.peer, "431[\"ANSWER\"]");
  soup_websocket_connection_send_text(
      b.peer, "42[\"iceCandidate\",{\"peerId\":\"me\",\"candidate\":{\"candidate\":\"c\"}}]");
  until(b.told, "answers me ANSWER\ntrickles me c\n");
  g_clear_pointer(&b.sfu, gw_sfu_free); /* the goodbye still goes out */
  until(b.heard, "42[\"leave\",{\"room\":\"r\",\"name\":\"me\"}]\n");
  g_assert_cmpuint(b.closed, ==, 0); /* it is looked at before the connection closes */
  until_count(&b.closed, 1);
  end(&b);
}

static void test_back(void) {
  bench b;
  begin(&b);
  join(&b);
  soup_websocket_connection_close(b.peer, 1001, NULL);
  until(b.told, "down - -\n");
  g_string_truncate(b.told, 0);
  g_string_truncate(b.heard, 0);
  until(b.heard, "42[\"leave\",{\"room\":\"r\",\"name\":\"me\"}]\n420[\"join\"");
  until(b.told, "in - al\n");
  g_assert_cmpuint(b.connections, ==, 2);
  end(&b);
}

/* More than a frame may have: the connection is given up, not filled into memory. */
static void on_log(const char *text, void *user) {
  g_string_append_printf(((bench *)user)->heard, "%s\n", text);
}

/* A web server that knows of no such service: the first attempt says so, and says what it answers. */
static void test_no_service(void) {
  bench b;
  begin(&b);
  soup_server_remove_handler(b.server, NULL);
  gw_log_set_hook(on_log, &b);
  b.sfu = gw_sfu_new(b.url, "r", "me", on_news, &b);
  until(b.heard, "sfu-unreachable");
  g_assert_nonnull(strstr(b.heard->str, "HTTP 404 Not Found"));
  g_assert_cmpstr(b.told->str, ==, ""); /* it is tried again */
  end(&b);
  gw_log_set_hook(NULL, NULL);
}

/* The doctor's question: is there a service? */
static void test_probe(void) {
  bench b;
  begin(&b);
  g_assert_null(gw_sfu_probe(b.url, 20));
  g_assert_cmpuint(b.connections, ==, 1);
  g_assert_cmpstr(b.heard->str, ==, ""); /* nothing was joined */
  soup_server_remove_handler(b.server, NULL);
  g_autofree char *nobody = gw_sfu_probe(b.url, 20), *wrong = gw_sfu_probe("ws://127.0.0.1:1", 20), *no = gw_sfu_probe("http://x", 20);
  g_assert_nonnull(strstr(nobody, "HTTP 404"));
  g_assert_nonnull(strstr(wrong, "refused"));
  g_assert_nonnull(strstr(no, "address"));
  end(&b);
}

static void test_flood(void) {
  bench b;
  g_autofree char *huge = g_strnfill(2 * GW_MAX_SFU_FRAME, 'x');
  begin(&b);
  join(&b);
  soup_websocket_connection_send_text(b.peer, huge);
  until(b.told, "down - -\n");
  end(&b);
}

static void test_freed_in_news(void) {
  bench b;
  begin(&b);
  b.free_in_news = TRUE;
  b.sfu = gw_sfu_new(b.url, "r", "me", on_news, &b);
  until(b.heard, "42[\"leave\"");
  g_assert_cmpstr(b.told->str, ==, "in - al\n");
  end(&b);
}

static void test_free_any_time(void) {
  bench b;
  begin(&b);
  b.mute = TRUE;
  gw_sfu_free(gw_sfu_new(b.url, "r", "me", on_news, &b));
  b.sfu = gw_sfu_new(b.url, "r", "me", on_news, &b);
  until_count(&b.connections, 1);
  g_clear_pointer(&b.sfu, gw_sfu_free);
  b.sfu = gw_sfu_new("ws://127.0.0.1:1", "r", "me", on_news, &b);
  gw_sfu_request(b.sfu, "me", "OFFER");
  until(b.told, "answers me -\n"); /* refused at once, but told from the loop */
  end(&b);
}

static void test_address(void) {
  static const struct {
    const char *url, *address;
  } rows[] = {
      {"ws://127.0.0.1:3000", "ws://127.0.0.1:3000/socket.io/?EIO=4&transport=websocket"},
      {"wss://sfu.example/", "wss://sfu.example/socket.io/?EIO=4&transport=websocket"},
      {"wss://x:8443/sfu/socket.io/", "wss://x:8443/sfu/socket.io/?EIO=4&transport=websocket"},
      {"ws://[::1]:3000", "ws://[::1]:3000/socket.io/?EIO=4&transport=websocket"},
      {"ws://x/p?EIO=4&transport=websocket&token=t", "ws://x/p?EIO=4&transport=websocket&token=t"},
      {"http://x", NULL},
      {"ws://", NULL},
      {"", NULL},
      {"x", NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *address = gw_sfu_address(rows[i].url);
    g_assert_cmpstr(address, ==, rows[i].address);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sfu/shell/whole", test_whole);
  g_test_add_func("/sfu/shell/back", test_back);
  g_test_add_func("/sfu/shell/no-service", test_no_service);
  g_test_add_func("/sfu/shell/probe", test_probe);
  g_test_add_func("/sfu/shell/flood", test_flood);
  g_test_add_func("/sfu/shell/freed-in-news", test_freed_in_news);
  g_test_add_func("/sfu/shell/free-any-time", test_free_any_time);
  g_test_add_func("/sfu/shell/address", test_address);
  return g_test_run();
}
