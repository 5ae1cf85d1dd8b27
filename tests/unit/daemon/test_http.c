/* test_http.c - the three pages, everything else refused; and what the service manager is told. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/notify.h"
#include "world.h"

static gboolean too_late(gpointer user) {
  g_error("no answer over HTTP");
  return G_SOURCE_REMOVE;
}

static GSocket *dial(world *w) {
  g_autoptr(GSocketAddress) address =
      g_inet_socket_address_new_from_string("127.0.0.1", gw_http_port(w->http));
  GSocket *s = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_assert_true(g_socket_connect(s, address, NULL, NULL));
  g_socket_set_blocking(s, FALSE);
  return s;
}

/* The whole answer to a raw request; the connection is closed by the server. */
static char *raw(world *w, const char *request) {
  g_autoptr(GSocket) s = dial(w);
  GString *got = g_string_new(NULL);
  guint limit = g_timeout_add_seconds(20, too_late, NULL);
  g_socket_send(s, request, strlen(request), NULL, NULL);
  for (;;) {
    char buf[4096];
    g_autoptr(GError) error = NULL;
    gssize some = g_socket_receive(s, buf, sizeof buf, NULL, &error);
    if (some > 0)
      g_string_append_len(got, buf, some);
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      g_main_context_iteration(NULL, FALSE);
    else
      break;
  }
  g_source_remove(limit);
  return g_string_free(got, FALSE);
}

static char *get(world *w, const char *path) {
  g_autofree char *request =
      g_strdup_printf("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
  return raw(w, request);
}

static void test_health(world *w, gconstpointer data) {
  g_autofree char *down = get(w, "/health");
  g_assert_true(g_str_has_prefix(down, "HTTP/1.1 503 "));
  w->env.sip_listening = TRUE;
  fake.stream = GW_XMPP_UP;
  g_autofree char *up = get(w, "/health");
  g_assert_true(g_str_has_prefix(up, "HTTP/1.1 200 "));
  fake.stream = GW_XMPP_CONNECTING;
  g_autofree char *again = get(w, "/health");
  g_assert_true(g_str_has_prefix(again, "HTTP/1.1 503 "));
}

/* What the test phone says; how often it was run is in the file calls. */
#define PHONE(json) "#!/bin/sh\necho \"$*\" >>${0%phone}calls\n" json "\n"
static void use_phone(world *w, const char *script, guint every) {
  g_autofree char *program = g_build_filename(w->dir, "phone", NULL);
  g_autofree char *text = g_strdup_printf(
      "xmpp = { domain = \"p.example.org\"; secret = \"s3cret\"; };\n"
      "phones = ( { number = \"100\"; password = \"p100\"; } );\n"
      "health = { phone = \"100\"; number = \"8000\"; every = %u; program = \"%s\"; };\n",
      every, program);
  g_assert_true(
      g_file_set_contents_full(program, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  gw_conf_free(w->env.conf);
  w->env.conf = gw_conf_parse(text, strlen(text), "/etc/t.conf", NULL);
  g_assert_nonnull(w->env.conf);
  w->env.sip_listening = TRUE;
  fake.stream = GW_XMPP_UP;
  fake.let_in = TRUE;
}

static guint calls_made(world *w) {
  g_autofree char *path = g_build_filename(w->dir, "calls", NULL), *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, NULL)) return 0;
  g_assert_null(strstr(text, "p100")); /* everybody on the machine can read a command line */
  guint n = 0;
  for (const char *c = text; *c; c++)
    n += *c == '\n';
  return n;
}

static void expect_call(world *w, const char *status, const char *part) {
  g_autofree char *got = get(w, "/health?call");
  g_test_message("%s", got);
  g_autofree char *head = g_strdup_printf("HTTP/1.1 %s ", status);
  g_assert_true(g_str_has_prefix(got, head));
  g_assert_nonnull(strstr(got, part));
}

static void test_call(world *w, gconstpointer data) {
  expect_call(w, "404", "health.phone"); /* not configured */
  use_phone(w,
            PHONE("echo "
                  "'{\"status\":200,\"reason\":\"OK\",\"setup_ms\":31,\"first_audio_ms\":44,"
                  "\"packets_received\":9}'"),
            3600);
  expect_call(w, "200", "\"hops\":[{\"event\":\"muc-joined\",\"ms\":7}]");
  expect_call(w, "200", "\"setup_ms\":31"); /* told again, not called again */
  expect_call(w, "200", "\"ok\":true,\"why\":null");
  g_assert_cmpuint(calls_made(w), ==, 1);
  fake.stream = GW_XMPP_DOWN;
  expect_call(w, "503", "not ready");
  g_assert_cmpuint(calls_made(w), ==, 1);
}

static void test_call_fails(world *w, gconstpointer data) {
  static const struct {
    const char *script, *why;
    gboolean let_in;
  } rows[] = {
      {PHONE("echo '{\"status\":403,\"reason\":\"Forbidden\"}'; exit 1"), "not answered", FALSE},
      {PHONE("echo '{\"status\":200,\"packets_received\":9}'"), "not let into the room", FALSE},
      {PHONE("echo '{\"status\":200,\"packets_received\":0}'; exit 1"), "no sound came", TRUE},
      {PHONE("exit 1"), "it failed", TRUE},
      {PHONE("echo nonsense"), "the test phone said nothing", TRUE},
      {PHONE("exec cat /dev/zero"), "it says too much", TRUE},
  };
  const guint i = GPOINTER_TO_UINT(data);
  use_phone(w, rows[i].script, 3600);
  fake.let_in = rows[i].let_in;
  expect_call(w, "503", rows[i].why);
}

static void test_call_no_program(world *w, gconstpointer data) {
  g_autofree char *program = g_build_filename(w->dir, "phone", NULL);
  use_phone(w, PHONE("exit 0"), 3600);
  g_assert_cmpint(g_unlink(program), ==, 0);
  expect_call(w, "503", "health.program is not installed");
}

/* Many ask at once, some go away: one call. */
static void test_call_crowd(world *w, gconstpointer data) {
  use_phone(w, PHONE("sleep 0.4; echo '{\"status\":200,\"packets_received\":9}'"), 3600);
  static const char request[] = "GET /health?call HTTP/1.1\r\nHost: x\r\n\r\n";
  for (guint i = 0; i < 5; i++) {
    g_autoptr(GSocket) s = dial(w);
    g_socket_send(s, request, strlen(request), NULL, NULL);
    for (guint k = 0; k < 20; k++)
      g_main_context_iteration(NULL, FALSE);
  }
  expect_call(w, "200", "\"ok\":true");
  g_assert_cmpuint(calls_made(w), ==, 1);
}

static void test_metrics(world *w, gconstpointer data) {
  static const char *const wanted[] = {
      "\ntipring_calls 2\n",
      "\ntipring_calls_max 200\n",
      "\ntipring_phones_known 1\n",
      "\ntipring_phones_registered 1\n",
      "\ntipring_xmpp_up 0\n",
      "\ntipring_xmpp_stanzas_total{direction=\"out\"} 12\n",
      "\ntipring_ready 0\n",
      "\ntipring_sip_auth_failed_total 5\n",
      "\ntipring_log_dropped_total 0\n",
      "\ntipring_store_dropped_total 0\n",
      "\ntipring_worker_load{worker=\"1\"} 0.25\n",
      "\ntipring_worker_ticks_total{worker=\"0\"} 100\n",
      "\n# TYPE tipring_worker_ticks_total counter\n",
      "\ntipring_worker_stage_seconds_total{worker=\"1\",stage=\"read\"} 0.0002\n",
      "\n# TYPE tipring_worker_tick_late_seconds histogram\n",
      "\ntipring_worker_tick_late_seconds_bucket{worker=\"0\",le=\"0.005\"} 97\n",
      "\ntipring_worker_tick_late_seconds_bucket{worker=\"0\",le=\"0.01\"} 100\n",
      "\ntipring_worker_tick_late_seconds_bucket{worker=\"0\",le=\"+Inf\"} 100\n",
      "\ntipring_worker_tick_late_seconds_sum{worker=\"0\"} 0.023\n",
      "\ntipring_worker_tick_late_seconds_count{worker=\"0\"} 100\n",
      "\n# TYPE tipring_calls gauge\n",
      "\ntipring_calls_ended_total{cause=\"busy\"} 3\n",
      "\ntipring_trunk_up{trunk=\"provider\"} 0\n",
      "\n# TYPE tipring_call_mos histogram\n",
      "\ntipring_call_mos_bucket{le=\"3.6\"} 1\n",
      "\ntipring_call_mos_bucket{le=\"+Inf\"} 2\n",
      "\ntipring_call_mos_sum 7.75\n",
      "\ntipring_streams{side=\"phones\"} 2\n",
      "\ntipring_stream_lost_packets{side=\"phones\"} 6\n",
      "\ntipring_stream_concealed_seconds{side=\"phones\"} 0.12\n",
      "\ntipring_stream_jitter_seconds{side=\"phones\"} 0.007\n",
      "\ntipring_stream_talk_ratio{side=\"phones\"} 0.25\n",
      "\ntipring_streams{side=\"room\"} 0\n",
  };
  fake.calls = 2;
  fake.registered = "100";
  g_autofree char *page = get(w, "/metrics");
  g_assert_nonnull(strstr(page, "Content-Type: text/plain; version=0.0.4"));
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    g_test_message("%s", wanted[i]);
    g_assert_nonnull(strstr(page, wanted[i]));
  }
  /* Every line is a comment or NAME[{LABELS}] NUMBER. */
  g_auto(GStrv) lines = g_strsplit(strstr(page, "\r\n\r\n") + 4, "\n", -1);
  for (char **line = lines; **line; line++)
    g_assert_true(g_regex_match_simple(
        "^(# (HELP|TYPE) tipring_[a-z_]+ .+|tipring_[a-z_]+(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\\})? [0-9.e+-]+)$",
        *line, 0, 0));
}

static void test_page(world *w, gconstpointer data) {
  g_autofree char *page = get(w, "/");
  g_assert_true(g_str_has_prefix(page, "HTTP/1.1 200 "));
  g_assert_nonnull(strstr(page, "Content-Type: text/html"));
  g_assert_nonnull(strstr(page, "0 of 200"));
  static const char *const secrets[] = {"s3cret", "p100", "4711", "Front desk"};
  for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
    g_assert_null(strstr(page, secrets[i]));
}

static void test_refused(world *w, gconstpointer data) {
  static const struct {
    const char *request, *status;
  } table[] = {
      {"GET /etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
      {"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "40"},
      {"GET /metrics/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
      {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "40"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "405"},
      {"PUT /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
       "405"},
      {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", "405"},
      {"DELETE /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"},
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "413"},
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
       "close\r\n\r\n5\r\nhello"
       "\r\n0\r\n\r\n",
       "413"},
      {"nonsense\r\n\r\n", "400"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
    g_autofree char *answer = raw(w, table[i].request);
    g_autofree char *line = g_strndup(answer, strcspn(answer, "\r"));
    g_test_message("%u: %s", i, line);
    g_autofree char *wanted = g_strdup_printf("HTTP/1.1 %s", table[i].status);
    g_autofree char *old = g_strdup_printf("HTTP/1.0 %s", table[i].status);
    g_assert_true(g_str_has_prefix(line, wanted) || g_str_has_prefix(line, old));
  }
}

static void test_crowd(world *w, gconstpointer data) {
  g_autoptr(GPtrArray) idle = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; i < 100; i++) {
    g_ptr_array_add(idle, dial(w));
    while (g_main_context_iteration(NULL, FALSE))
      continue;
  }
  char byte;
  guint closed = 0;
  for (guint i = 0; i < idle->len; i++)
    closed += g_socket_receive(g_ptr_array_index(idle, i), &byte, 1, NULL, NULL) == 0;
  g_assert_cmpuint(closed, ==, 100 - 32); /* bounded, however many knock */
  g_ptr_array_set_size(idle, 0);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  g_autofree char *page = get(w, "/metrics");
  g_assert_true(g_str_has_prefix(page, "HTTP/1.1 200 "));
}

static void test_listen(world *w, gconstpointer data) {
  static const char *const bad[] = {"", "9160", "127.0.0.1", "127.0.0.1:70000", "host:1", ":1"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(gw_http_new(NULL, bad[i], &w->env, &error));
    g_assert_nonnull(error);
  }
  g_autofree char *taken = g_strdup_printf("127.0.0.1:%u", gw_http_port(w->http));
  g_autoptr(GError) error = NULL;
  g_assert_null(gw_http_new(NULL, taken, &w->env, &error));
  g_assert_nonnull(strstr(error->message, taken));
}

/* --- notify */
static void test_notify(void) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  g_autofree char *dir = g_dir_make_tmp("tipring-notify-XXXXXX", NULL);
  g_snprintf(addr.sun_path, sizeof addr.sun_path, "%s/n", dir);
  char buf[64] = "";
  g_unsetenv("NOTIFY_SOCKET");
  g_assert_false(gw_notify("READY=1"));
  g_setenv("NOTIFY_SOCKET", addr.sun_path, TRUE);
  g_assert_false(gw_notify("READY=1")); /* nobody there */
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof addr), ==, 0);
  g_assert_true(gw_notify("READY=1"));
  g_assert_cmpint(recv(fd, buf, sizeof buf, 0), ==, 7);
  g_assert_cmpstr(buf, ==, "READY=1");
  close(fd);
  unlink(addr.sun_path);
  /* the abstract namespace */
  g_autofree char *abstract = g_strdup_printf("@tipring-test-%d", (int)getpid());
  memset(addr.sun_path, 0, sizeof addr.sun_path);
  memcpy(addr.sun_path + 1, abstract + 1, strlen(abstract) - 1);
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  g_assert_cmpint(
      bind(fd, (struct sockaddr *)&addr, (socklen_t)(sizeof addr.sun_family + strlen(abstract))),
      ==, 0);
  g_setenv("NOTIFY_SOCKET", abstract, TRUE);
  g_assert_true(gw_notify("STOPPING=1"));
  g_assert_cmpint(recv(fd, buf, sizeof buf, 0), ==, 10);
  close(fd);
  rmdir(dir);
}

#define ADD(name, fn) g_test_add("/http/" name, world, NULL, world_up, fn, world_down)
int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  ADD("health", test_health);
  ADD("metrics", test_metrics);
  ADD("page", test_page);
  ADD("refused", test_refused);
  ADD("crowd", test_crowd);
  ADD("listen", test_listen);
  ADD("call", test_call);
  ADD("call-crowd", test_call_crowd);
  ADD("call-no-program", test_call_no_program);
  for (guint i = 0; i < 6; i++) {
    g_autofree char *name = g_strdup_printf("/http/call-fails/%u", i);
    g_test_add(name, world, GUINT_TO_POINTER(i), world_up, test_call_fails, world_down);
  }
  g_test_add_func("/notify", test_notify);
  return g_test_run();
}
