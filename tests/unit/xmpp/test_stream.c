/* The library's traps, each against a scripted server: none of them may cost the process. */
#include <fcntl.h>
#include <sys/resource.h>
#include "fake_server.h"
#include "kit.h"
#include "base/log.h"
#include "xmpp/pump.h"
#include "xmpp/stream.h"
#include "xmpp/xml.h"

typedef struct {
  fake_server *server;
  gw_stream *stream;
  guint ups, downs, stanzas;
  char *detail, *last;
  gboolean free_on_stanza, free_on_down;
  guint want; /* for conditions */
} fixture;

static void on_state(gw_stream *s, gw_xmpp_state state, const char *detail, void *user) {
  fixture *f = user;
  f->ups += state == GW_XMPP_UP;
  if (state != GW_XMPP_DOWN) return;
  f->downs++;
  g_free(f->detail);
  f->detail = g_strdup(detail);
  if (f->free_on_down) g_clear_pointer(&f->stream, gw_stream_free);
}

static void on_stanza(gw_stream *s, xmpp_stanza_t *stanza, void *user) {
  fixture *f = user;
  f->stanzas++;
  g_free(f->last);
  f->last = g_strdup(gw_xml_get(stanza, "id"));
  if (f->free_on_stanza) g_clear_pointer(&f->stream, gw_stream_free);
}

static void start(fixture *f, gint64 silence, gint64 wait) {
  static const gw_stream_events events = {on_state, on_stanza};
  gw_stream_config c = {.jid = "phone.localhost",
                        .secret = "wire",
                        .host = "127.0.0.1",
                        .port = f->server->port,
                        .silence_us = silence,

                        .retry_us = 50000,
                        .ping_wait_us = wait};
  f->stream = gw_stream_new(NULL, &c, &events, f);
  gw_stream_start(f->stream);
}

static void set_up(fixture *f, gconstpointer data) {
  f->server = fake_server_new();
}

static void tear_down(fixture *f, gconstpointer data) {
  gw_stream_free(f->stream);
  fake_server_free(f->server);
  g_free(f->detail);
  g_free(f->last);
}

static gboolean ups_reached(void *user) {
  return ((fixture *)user)->ups >= ((fixture *)user)->want;
}

static gboolean downs_reached(void *user) {
  return ((fixture *)user)->downs >= ((fixture *)user)->want;
}

static gboolean stanzas_reached(void *user) {
  return ((fixture *)user)->stanzas >= ((fixture *)user)->want;
}

static gboolean got_message(void *user) {
  return strstr(((fixture *)user)->server->got->str, "</message>") != NULL;
}

static void await(fixture *f, gboolean (*what)(void *), guint n) {
  f->want = n;
  g_assert_true(kit_until(what, f, 15));
}

static void send_message(fixture *f, const char *id, gsize size) {
  xmpp_stanza_t *m = gw_xml_new("message", NULL);
  g_autofree char *body = g_strnfill(size, 'x');
  gw_xml_set(m, "id", id);
  gw_xml_set(m, "to", "a@b/c");
  gw_xml_set_text(gw_xml_add(m, "body", NULL), body);
  g_assert_true(gw_stream_send(f->stream, m, FALSE));
}

/* The first stanza sent, the first received and the disconnect each crash a component that was not
 * primed. */
static void component_guard(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  await(f, ups_reached, 1);
  g_assert_cmpstr(gw_stream_jid(f->stream), ==, "phone.localhost");
  send_message(f, "m1", 10);
  g_assert_true(kit_until(got_message, f, 5));
  g_assert_nonnull(strstr(f->server->got->str, "id=\"m1\""));
  fake_server_say(f->server,
                  "<message id='a' from='x@y' to='p@phone.localhost'/><iq id='b' type='get'/>"
                  "<presence id='c'/><other id='d'/>");
  await(f, stanzas_reached, 3);
  g_assert_cmpstr(f->last, ==, "c");
  fake_server_drop(f->server);
  await(f, downs_reached, 1);
  g_assert_cmpint(gw_stream_state(f->stream), ==, GW_XMPP_DOWN);
}

static void reconnects(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  await(f, ups_reached, 1);
  for (guint i = 2; i <= 3; i++) {
    fake_server_drop(f->server);
    await(f, ups_reached, i);
    send_message(f, "again", 10);
    g_assert_true(kit_until(got_message, f, 5));
  }
  g_assert_cmpuint(f->server->connections, ==, 3);
  g_assert_cmpuint(gw_stream_reconnects(f->stream), ==, 2);
}

static void keeps_what_must_arrive(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  xmpp_stanza_t *lost = gw_xml_new("presence", NULL), *kept = gw_xml_new("message", NULL);
  gw_xml_add(kept, "body", NULL);
  gw_xml_set_text(gw_xml_add(kept, "thread", NULL), "kept");
  g_assert_false(gw_stream_send(f->stream, lost, FALSE));
  g_assert_true(gw_stream_send(f->stream, kept, TRUE));
  await(f, ups_reached, 1);
  g_assert_true(kit_until(got_message, f, 5));
  g_assert_null(strstr(f->server->got->str, "<presence"));
  g_assert_nonnull(strstr(f->server->got->str, "kept"));
}

static void refused_secret(fixture *f, gconstpointer data) {
  f->server->refuse = TRUE;
  start(f, 0, 0);
  await(f, downs_reached, 1);
  g_assert_cmpstr(f->detail, ==, "not-authorized");
  g_assert_cmpuint(f->server->handshakes, ==, 1);
}

static void nobody_listens(fixture *f, gconstpointer data) {
  fake_server *real = f->server;
  g_source_remove(real->listen_source);
  close(real->listener);
  start(f, 0, 0);
  await(f, downs_reached, 2); /* goes on trying */
  g_assert_cmpstr(f->detail, ==, "connection failed");
  real->listener = open("/dev/null", O_RDONLY);
  real->listen_source = g_timeout_add_seconds(1000, kit_wake, NULL);
}

static void long_stanza_goes_out_whole(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  await(f, ups_reached, 1);
  send_message(f, "long", 1 << 20);
  g_assert_true(kit_until(got_message, f, 10));
  g_assert_cmpuint(f->server->got->len, >, 1 << 20);
}

static void say_nested(fixture *f, guint depth) {
  GString *s = g_string_new("<message id='deep'>");
  for (guint i = 0; i < depth; i++)
    g_string_append(s, "<a>");
  for (guint i = 0; i < depth; i++)
    g_string_append(s, "</a>");
  g_string_append(s, "</message>");
  fake_server_say(f->server, s->str);
  g_string_free(s, TRUE);
}

/* Newer expat (CVE-2023-52425) looks again at an unfinished token only when twice as much has come: what follows a
 * monster helps it through. */
static void say_blanks(fixture *f, gsize n) {
  g_autofree char *blanks = g_strnfill(n, ' ');
  fake_server_say(f->server, blanks);
}

static void monstrous_stanzas(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  await(f, ups_reached, 1);
  say_nested(f, 10000);
  await(f, stanzas_reached, 1);
  g_autofree char *value = g_strnfill(1 << 20, 'v');
  g_autofree char *attribute = g_strdup_printf("<message id='%s'/>", value);
  fake_server_say(f->server, attribute);
  say_blanks(f, 2 << 20);
  await(f, stanzas_reached, 2);
  g_assert_cmpuint(strlen(f->last), ==, 1 << 20);
  g_assert_cmpuint(f->ups, ==, 1);
}

/* Entities are declared in a DTD, which no stream may have: the stream ends and comes again, the
 * process stays small. */
static void billion_laughs(fixture *f, gconstpointer data) {
  start(f, 0, 0);
  await(f, ups_reached, 1);
  fake_server_say(f->server, "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b "
                             "'&a;&a;&a;&a;&a;&a;&a;&a;'>]><message>&b;</message>");
  await(f, downs_reached, 1);
  g_assert_cmpuint(f->stanzas, ==, 0);
  await(f, ups_reached, 2);
}

static void half_open(fixture *f, gconstpointer data) {
  start(f, 100000, 100000);
  await(f, ups_reached, 1);
  f->server->mute = TRUE;
  await(f, downs_reached, 1);
  g_assert_nonnull(strstr(f->server->got->str, "urn:xmpp:ping"));
  g_assert_cmpstr(f->detail, ==, "no answer");
}

static void freed_in_its_own_callback(fixture *f, gconstpointer data) {
  f->free_on_stanza = TRUE;
  start(f, 0, 0);
  await(f, ups_reached, 1);
  fake_server_say(f->server, "<message id='1'/><message id='2'/>");
  await(f, stanzas_reached, 1);
  kit_until(kit_never, NULL, 0.05);
  g_assert_cmpuint(f->stanzas, ==, 1);
  f->free_on_stanza = FALSE;
  f->free_on_down = TRUE;
  f->downs = 0;
  start(f, 0, 0);
  await(f, ups_reached, 2);
  fake_server_drop(f->server);
  await(f, downs_reached, 1);
  g_assert_null(f->stream);
}

static guint open_descriptors(void) {
  g_autoptr(GDir) d = g_dir_open("/proc/self/fd", 0, NULL);
  guint n = 0;
  while (g_dir_read_name(d))
    n++;
  return n;
}

static void leaves_no_descriptor(fixture *f, gconstpointer data) {
  guint before = open_descriptors();
  for (guint i = 1; i <= 3; i++) {
    start(f, 0, 0);
    await(f, ups_reached, i);
    g_clear_pointer(&f->stream, gw_stream_free);
    fake_server_drop(f->server);
  }
  g_assert_cmpuint(open_descriptors(), ==, before);
}

/* The library's select() aborts the process on a descriptor from 1024 up. */
static void many_descriptors(fixture *f, gconstpointer data) {
  struct rlimit r;
  int fds[1500];
  getrlimit(RLIMIT_NOFILE, &r);
  r.rlim_cur = r.rlim_max;
  setrlimit(RLIMIT_NOFILE, &r);
  if (r.rlim_cur < 1700) {
    g_test_skip("too few descriptors allowed");
    return;
  }
  gw_pump *pump = gw_pump_ref(NULL);
  gw_pump_reserve(pump, 2);
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    fds[i] = open("/dev/null", O_RDONLY);
  g_assert_cmpint(fds[G_N_ELEMENTS(fds) - 1], >, 1024);
  start(f, 0, 0);
  await(f, ups_reached, 1);
  fake_server_drop(f->server);
  await(f, ups_reached, 2);
  fake_server_drop(f->server);
  await(f, ups_reached, 3);
  g_clear_pointer(&f->stream, gw_stream_free);
  gw_pump_unref(pump);
  /* Without a reserve it fails cleanly and tries again. */
  f->downs = 0;
  for (guint i = 0; i < 8; i++)
    fds[i] = open("/dev/null", O_RDONLY);
  start(f, 0, 0);
  await(f, downs_reached, 1);
  g_assert_cmpint(gw_stream_state(f->stream), ==, GW_XMPP_DOWN);
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    close(fds[i]);
  await(f, ups_reached, 4);
}

static void backoff(void) {
  static const struct {
    guint n;
    gint64 base;
  } rows[] = {{0, 1}, {1, 2}, {2, 4}, {5, 32}, {6, 60}, {40, 60}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    for (guint32 r = 0; r < 100; r++) {
      gint64 wait = gw_stream_backoff(rows[i].n, FALSE, r * 42949672u);
      g_assert_cmpint(wait, >=, rows[i].base * 3 / 4 * 1000000);
      g_assert_cmpint(wait, <=, MIN(60 * 1000000, rows[i].base * 5 / 4 * 1000000 + 1000000));
    }
  g_assert_cmpint(gw_stream_backoff(0, TRUE, 5), ==, 60000000);
  g_assert_cmpint(gw_stream_backoff(1, FALSE, 0), !=, gw_stream_backoff(1, FALSE, 12345));
}

static void loopback(void) {
  g_assert_true(gw_stream_is_loopback("127.0.0.1"));
  g_assert_true(gw_stream_is_loopback("::1"));
  g_assert_true(gw_stream_is_loopback("localhost"));
  g_assert_false(gw_stream_is_loopback("192.0.2.1"));
  g_assert_false(gw_stream_is_loopback("example.org"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_log_set_level(GW_LOG_ERROR);
  g_test_add_func("/stream/backoff", backoff);
  g_test_add_func("/stream/loopback", loopback);
#define CASE(name, fn) g_test_add("/stream/" name, fixture, NULL, set_up, fn, tear_down)
  CASE("component-guard", component_guard);
  CASE("reconnects", reconnects);
  CASE("keeps-what-must-arrive", keeps_what_must_arrive);
  CASE("refused-secret", refused_secret);
  CASE("nobody-listens", nobody_listens);
  CASE("long-stanza", long_stanza_goes_out_whole);
  CASE("monstrous-stanzas", monstrous_stanzas);
  CASE("billion-laughs", billion_laughs);
  CASE("half-open", half_open);
  CASE("freed-in-callback", freed_in_its_own_callback);
  CASE("no-descriptor-left", leaves_no_descriptor);
  CASE("many-descriptors", many_descriptors);
  return g_test_run();
}
