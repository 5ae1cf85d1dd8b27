/* test_ctl.c - the program tipringctl itself: exit codes, what stands on stdout and on stderr, and the doctor against a
 * stand-in for the XMPP server. Path of the program: $TIPRINGCTL. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"

typedef struct {
  int exit;
  char *out, *err;
} outcome;

static void outcome_clear(outcome *o) {
  g_free(o->out);
  g_free(o->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(outcome, outcome_clear)

static gboolean on_exit_of_child(gint fd, GIOCondition condition, gpointer done) {
  *(gboolean *)done = TRUE;
  return G_SOURCE_REMOVE;
}

static int output_file(void) {
  int fd = memfd_create("output", MFD_CLOEXEC);
  g_assert_cmpint(fd, >=, 0);
  return fd;
}

static char *written(int fd) {
  off_t n = lseek(fd, 0, SEEK_END);
  char *text = g_malloc0((gsize)n + 1);
  g_assert_cmpint(pread(fd, text, (gsize)n, 0), ==, n);
  close(fd);
  return text;
}

/* A pidfd on the loop and no GSubprocess: that one's helper thread gives the thread sanitizer false races. */
static void run_argv(char **argv, outcome *ret) {
  g_autoptr(GError) error = NULL;
  GPid pid;
  int status = 0, out = output_file(), err = output_file();
  gboolean done = FALSE;
  g_spawn_async_with_fds(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, -1, out,
                         err, &error);
  g_assert_no_error(error);
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  g_assert_cmpint(pidfd, >=, 0);
  g_unix_fd_add(pidfd, G_IO_IN, on_exit_of_child, &done);
  while (!done)
    g_main_context_iteration(NULL, TRUE);
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  close(pidfd);
  g_assert_true(WIFEXITED(status));
  ret->exit = WEXITSTATUS(status);
  ret->out = written(out);
  ret->err = written(err);
  g_test_message("exit %d\n%s%s", ret->exit, ret->out, ret->err);
}

/* Runs it with these arguments, parted by blanks; @S is the control socket, @D the folder of the test. */
static void run(world *w, const char *arguments, outcome *ret) {
  g_auto(GStrv) words = g_strsplit(arguments, " ", -1);
  g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
  g_strv_builder_add(argv, g_getenv("TIPRINGCTL"));
  for (char **word = words; *word; word++) {
    g_autoptr(GString) text = g_string_new(*word);
    g_string_replace(text, "@S", w->socket, 0);
    g_string_replace(text, "@D", w->dir, 0);
    if (text->len) g_strv_builder_add(argv, text->str);
  }
  g_auto(GStrv) all = g_strv_builder_end(argv);
  run_argv(all, ret);
}

/* out and err: what must be found; NULL: nothing may stand there. */
static void expect(world *w, const char *arguments, int exit, const char *out, const char *err) {
  g_auto(outcome) o = {0};
  g_test_message("%s", arguments);
  run(w, arguments, &o);
  g_assert_cmpint(o.exit, ==, exit);
  g_assert_true(out ? strstr(o.out, out) != NULL : *o.out == '\0');
  g_assert_true(err ? strstr(o.err, err) != NULL : *o.err == '\0');
}

static void test_usage(world *w, gconstpointer data) {
  expect(w, "--help", 0, "usage: tipringctl", NULL);
  expect(w, "call show --help", 0, "usage: tipringctl call show ID", NULL);
  expect(w, "", 2, NULL, "which command?");
  expect(w, "-s @S nonsense", 2, NULL, "unknown command \"nonsense\"");
  expect(w, "-s @S call shout 100 8000", 2, NULL, "unknown command \"call shout 100 8000\"");
  expect(w, "-s @S call show", 2, NULL, "usage: tipringctl call show ID");
  expect(w, "-s @S status --wait", 2, NULL, "usage: tipringctl status");
  expect(w, "-s @S status --wait soon", 2, NULL, "no number of seconds");
  expect(w, "-s @S status now", 2, NULL, "usage: tipringctl status");
  expect(w, "--nonsense status", 2, NULL, "--nonsense");
  expect(w, "status -s", 2, NULL, "-s");
  expect(w, "-s @S log loud", 2, NULL, "no level");
}

static void test_help_is_complete(world *w, gconstpointer data) {
  static const char *const names[] = {"check",
                                      "init",
                                      "status [--wait SECONDS]",
                                      "call hangup ID",
                                      "room add NUMBER ROOMJID [KEY=VALUE...]",
                                      "phone remove NUMBER",
                                      "route explain FROM TO",
                                      "history",
                                      "drain",
                                      "--json",
                                      "-s, "};
  g_auto(outcome) o = {0};
  run(w, "-h", &o);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    g_assert_nonnull(strstr(o.out, names[i]));
}

static void test_no_daemon(world *w, gconstpointer data) {
  expect(w, "-s @D/none.sock status", 1, NULL, "no tipringd answers on");
  expect(w, "-s @D/none.sock --json call list", 1, NULL, "is it running?");
  expect(w, "-s @D/none.sock status --wait 0", 1, NULL, "no tipringd answers on");
  expect(w, "-s @D/none.sock version", 0, "tipringd (not running)", NULL);
  expect(w, "-s @D/none.sock version --json", 0,
         "{\"version\":\"" TIPRING_VERSION "\",\"daemon\":null}\n", NULL);
}

static void test_commands(world *w, gconstpointer data) {
  fake.calls = 1;
  expect(w, "-s @S call show c0 --json", 0,
         "{\"id\":\"c0\",\"state\":\"talking\",\"hops\":[],\"cause\":null}\n", NULL);
  expect(w, "--json -s @S call list", 0, "[{\"id\":\"c0\",\"state\":\"talking\"}]\n", NULL);
  expect(w, "-s @S call list", 0, "c0", NULL);
  expect(w, "-s @S --json call show nope", 1, NULL, "tipringctl: there is no such call");
  expect(w, "-s @S --json call hangup c0", 0, "null\n", NULL);
  expect(w, "-s @S room add 8001 b@c.x pin=12", 0, "8001 leads to b@c.x", NULL);
  expect(w, "-s @S room add 8001 b@c.x pin=12", 1, NULL, "number 8001 is in the list rooms");
  expect(w, "-s @S history --since 1h --limit 5 --json", 0, "[]\n", NULL);
  expect(w, "-s @S -- version", 0, "tipringd " TIPRING_VERSION, NULL);
  w->reload_error = "t.conf:1: a\nt.conf:2: b";
  expect(w, "-s @S reload", 1, NULL, "t.conf:2: b");
}

static void test_wait(world *w, gconstpointer data) {
  w->env.sip_listening = TRUE;
  expect(w, "-s @S status --wait 0.2", 1, NULL, "the XMPP stream is down");
  fake.up_after = 5; /* comes up while it waits */
  expect(w, "-s @S --json status --wait 20", 0, "\"ready\":true", NULL);
  expect(w, "-s @S status --wait 0", 0, "ready     yes", NULL);
}

/* The socket is found by way of the configuration, even if that is broken elsewhere. */
static void test_socket_of_conf(world *w, gconstpointer data) {
  g_autofree char *conf = g_build_filename(w->dir, "t.conf", NULL);
  g_file_set_contents(conf, "control = { socket = \"c.sock\"; };\nnonsense = 1;\n", -1, NULL);
  expect(w, "-c @D/t.conf version", 0, "tipringd " TIPRING_VERSION, NULL);
}

/* --- init */
#define INIT " -c @D/new/t.conf init --domain p.x --secret s3 --room r@rooms.x.org --password pw"

static void test_init(world *w, gconstpointer data) {
  g_autofree char *path = g_build_filename(w->dir, "new", "t.conf", NULL), *text = NULL;
  GStatBuf st;
  expect(w, INIT, 0, "/new/t.conf is written", NULL);
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_nonnull(strstr(text, "secret = \"s3\";"));
  g_assert_cmpint(g_stat(path, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 07777, ==, 0640);
  /* what is there stays, unless it is said twice */
  g_file_set_contents(path, "mine", -1, NULL);
  expect(w, INIT, 1, NULL, "exists: --force replaces it");
  g_free(text);
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "mine");
  expect(w, "--json" INIT " --force --phone 7 --number 70", 0, "\"number\":\"70\"", NULL);
  g_free(text);
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_nonnull(strstr(text, "number = \"7\"; password = \"pw\""));
  g_assert_cmpint(g_stat(path, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 07777, ==, 0640);
}

static void test_init_wrong(world *w, gconstpointer data) {
  expect(w, "-c @D/t.conf init --nonsense", 2, NULL, "--nonsense");
  expect(w, "-c @D/t.conf init --domain", 2, NULL, "--domain");
  expect(w, "-c @D/t.conf init nonsense", 2, NULL, "\"nonsense\" is not known");
  expect(w, "-c @D/t.conf init --domain a@b --secret s --room r@x.y --password p", 1, NULL,
         "the domain is not usable");
  /* nobody there to answer: the end of the input is no answer */
  expect(w, "-c @D/t.conf init --domain p.x --secret s --password p", 1, NULL,
         "the room is not usable; wanted:");
  g_autofree char *path = g_build_filename(w->dir, "t.conf", NULL);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* --- the doctor */
/* A component port: takes the secret "s3cret" under stream id "abc"; answers disco for rooms. */
static gboolean on_component(GThreadedSocketService *service, GSocketConnection *c, GObject *source,
                             gpointer user) {
  GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(c));
  GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(c));
  g_autofree char *proof = g_compute_checksum_for_string(G_CHECKSUM_SHA1, "abcs3cret", -1);
  g_autoptr(GString) got = g_string_new(NULL);
  char buf[2000];
  gssize n;
  while ((n = g_input_stream_read(in, buf, sizeof buf, NULL, NULL)) > 0) {
    const char *say = NULL;
    g_string_append_len(got, buf, n);
    if (strstr(got->str, "<stream:stream"))
      say = "<?xml version='1.0'?><stream:stream id='abc' xmlns='jabber:component:accept' "
            "xmlns:stream='http://etherx.jabber.org/streams' from='p'>";
    else if (strstr(got->str, proof))
      say = "<presence from='other'/><handshake/>";
    else if (strstr(got->str, "</handshake>"))
      say = "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>";
    else if (strstr(got->str, "open@c.x"))
      say =
          "<iq type='result' id='check-0' from='open@c.x'><query><identity category='conference'/>"
          "<feature var='muc_nonanonymous'/><feature var='muc_membersonly'/></query></iq>";
    else if (strstr(got->str, "hiding@c.x"))
      say = "<iq type='result' id='check-1'><query><feature var='muc_semianonymous'/></query></iq>";
    else if (strstr(got->str, "none@d.x"))
      say = "<iq type='error' id='check-2'><error "
            "type='cancel'><remote-server-not-found/></error></iq>";
    if (!say) continue;
    g_output_stream_write_all(out, say, strlen(say), NULL, NULL, NULL);
    g_string_truncate(got, 0);
  }
  return TRUE;
}

static GSocketService *component_up(guint16 *ret_port) {
  GSocketService *service = g_threaded_socket_service_new(4);
  *ret_port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);
  g_signal_connect(service, "run", G_CALLBACK(on_component), NULL);
  g_socket_service_start(service);
  return service;
}

static void write_conf(world *w, guint16 port, const char *secret) {
  g_autofree char *conf = g_build_filename(w->dir, "d.conf", NULL);
  g_autofree char *text =
      g_strdup_printf("xmpp = { domain = \"p.x\"; secret = \"%s\"; port = %u; };\n"
                      "sip = { listen = [ \"udp:127.0.0.1:0\" ]; };\n"
                      "rooms = ( { number = \"1\"; room = \"open@c.x\"; }, { number = \"2\"; room "
                      "= \"hiding@c.x\"; },"
                      " { number = \"3\"; room = \"none@d.x\"; } );\n",
                      secret, port);
  g_assert_true(g_file_set_contents(conf, text, -1, NULL));
  g_assert_cmpint(g_chmod(conf, 0640), ==, 0);
}

static void test_doctor(world *w, gconstpointer data) {
  guint16 port;
  g_autoptr(GSocketService) service = component_up(&port);
  write_conf(w, port, "s3cret");
  g_auto(outcome) o = {0};
  run(w, "-c @D/d.conf -s @D/none.sock check", &o);
  g_assert_cmpint(o.exit, ==, 1);
  g_assert_nonnull(strstr(o.out, "ok   configuration: "));
  g_assert_nonnull(strstr(o.out, "ok   daemon: not running"));
  g_assert_nonnull(strstr(o.out, "ok   DNS: 127.0.0.1"));
  g_assert_nonnull(strstr(o.out, "ok   XMPP log-in: component p.x\n"));
  g_assert_nonnull(
      strstr(o.out, "ok   room: open@c.x is reachable and shows real JIDs; members only"));
  g_assert_nonnull(strstr(o.out, "FAIL room: hiding@c.x hides the addresses"));
  g_assert_nonnull(strstr(o.out, "-- let everybody see real JIDs"));
  g_assert_nonnull(strstr(o.out, "FAIL room: none@d.x: remote-server-not-found"));
  g_assert_nonnull(strstr(o.out, "ok   SIP port: udp:127.0.0.1:0 is free"));
  g_assert_null(strstr(o.out, "s3cret"));
  write_conf(w, port, "wrong");
  expect(w, "-c @D/d.conf -s @D/none.sock check", 1,
         "FAIL XMPP log-in: p.x: not-authorized -- give xmpp.secret", NULL);
  g_socket_service_stop(service);
  g_socket_listener_close(G_SOCKET_LISTENER(service));
  expect(w, "-c @D/d.conf -s @D/none.sock check", 1, "FAIL XMPP log-in: Could not connect", NULL);
}

static void test_doctor_json(world *w, gconstpointer data) {
  g_autofree char *conf = g_build_filename(w->dir, "d.conf", NULL);
  g_auto(outcome) o = {0};
  g_file_set_contents(conf, "xmpp = { domain = 3; secret = \"x\"; };\nsip = { max_calls = 0; };\n",
                      -1, NULL);
  g_chmod(conf, 0640);
  run(w, "-c @D/d.conf -s @D/none.sock --json check", &o);
  g_assert_cmpint(o.exit, ==, 1);
  g_assert_cmpstr(o.err, ==, "");
  g_autoptr(JsonNode) root = gw_json_parse(o.out, strlen(o.out), 4, NULL);
  JsonArray *rows = json_node_get_array(root);
  guint failed = 0;
  for (guint i = 0; i < json_array_get_length(rows); i++) {
    JsonNode *row = json_array_get_element(rows, i);
    g_assert_nonnull(gw_json_get_string(row, "what"));
    g_assert_nonnull(gw_json_get_string(row, "detail"));
    failed += !gw_json_get_bool(row, "ok");
    g_assert_true(gw_json_get_bool(row, "ok") || gw_json_get_string(row, "mend"));
  }
  g_assert_cmpuint(failed, ==, 2);
}

/* With a daemon that holds the stream nothing is logged in twice. */
static void test_doctor_beside_daemon(world *w, gconstpointer data) {
  write_conf(w, 1, "s3cret");
  fake.stream = GW_XMPP_UP;
  g_auto(outcome) o = {0};
  run(w, "-c @D/d.conf -s @S check", &o);
  g_assert_nonnull(
      strstr(o.out, "ok   XMPP log-in: the running daemon is logged in as p.example.org"));
  g_assert_nonnull(strstr(o.out, "ok   room: a@c.x: the running daemon is in it"));
}

#define ADD(name, fn) g_test_add("/ctl/" name, world, NULL, world_up, fn, world_down)
int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_assert_nonnull(g_getenv("TIPRINGCTL"));
  ADD("usage", test_usage);
  ADD("help-is-complete", test_help_is_complete);
  ADD("no-daemon", test_no_daemon);
  ADD("commands", test_commands);
  ADD("wait", test_wait);
  ADD("socket-of-conf", test_socket_of_conf);
  ADD("init", test_init);
  ADD("init-wrong", test_init_wrong);
  ADD("doctor", test_doctor);
  ADD("doctor-json", test_doctor_json);
  ADD("doctor-beside-daemon", test_doctor_beside_daemon);
  return g_test_run();
}
