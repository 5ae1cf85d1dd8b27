/* test_control.c - the control socket and every command, over a real socket, on fakes. */
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/log.h"
#include "daemon/command_table.h"
#include "daemon/commands.h"
#include "world.h"

/* --- a client that lives in the same loop */
typedef struct {
  int exit;
  char *out;
  JsonNode *json;
} answer;

static void answer_clear(answer *a) {
  g_clear_pointer(&a->out, g_free);
  g_clear_pointer(&a->json, json_node_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

static GSocket *dial(world *w) {
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new(w->socket);
  GSocket *s = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, &error);
  g_assert_true(g_socket_connect(s, address, NULL, &error));
  g_socket_set_blocking(s, FALSE);
  return s;
}

static gboolean too_late(gpointer user) {
  g_error("no answer on the control socket");
  return G_SOURCE_REMOVE;
}

/* Sends text, then runs the loop until the daemon hangs up; what it said. */
static char *talk(world *w, const char *text, gsize n) {
  g_autoptr(GSocket) s = dial(w);
  GString *got = g_string_new(NULL);
  guint limit = g_timeout_add_seconds(20, too_late, NULL);
  for (gsize sent = 0; sent < n;) {
    gssize some = g_socket_send(s, text + sent, n - sent, NULL, NULL);
    if (some > 0) sent += (gsize)some;
    if (some <= 0 && !g_main_context_iteration(NULL, FALSE)) break;
  }
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

static void read_answer(const char *line, answer *ret) {
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = gw_json_parse(line, strlen(line), 20, &error);
  g_assert_no_error(error);
  g_assert_true(g_str_has_suffix(line, "\n"));
  g_assert_true(strchr(line, '\n') == line + strlen(line) - 1);
  ret->exit = (int)gw_json_get_int(node, "exit", -1);
  ret->out = g_strdup(gw_json_get_string(node, "out"));
  ret->json = json_node_copy(gw_json_get(node, "json"));
}

static void ask(world *w, const char *command, answer *ret) {
  g_auto(GStrv) words = g_strsplit(command, " ", -1);
  g_autofree char *inside = g_strjoinv("\",\"", words);
  g_autofree char *line = g_strdup_printf("{\"cmd\":[\"%s\"],\"json\":true}\n", inside);
  g_autofree char *said = talk(w, line, strlen(line));
  read_answer(said, ret);
  g_test_message("%s -> %d %s", command, ret->exit, ret->out);
}

static char *json_of(world *w, const char *command) {
  g_auto(answer) a = {0};
  ask(w, command, &a);
  g_assert_cmpint(a.exit, ==, 0);
  return gw_json_text(a.json);
}

static void expect(world *w, const char *command, int exit, const char *out) {
  g_auto(answer) a = {0};
  ask(w, command, &a);
  g_assert_cmpint(a.exit, ==, exit);
  g_assert_nonnull(strstr(a.out, out));
}

/* --- commands */
static void test_exit_codes(world *w, gconstpointer data) {
  fake.calls = 2;
  expect(w, "call hangup c1", 0, "ending");
  g_assert_cmpstr(fake.hung_up, ==, "c1");
  expect(w, "call mute c0", 0, "muted");
  g_assert_cmpstr(fake.muted, ==, "c0 1");
  g_clear_pointer(&fake.muted, g_free);
  expect(w, "call unmute c0", 0, "heard");
  g_assert_cmpstr(fake.muted, ==, "c0 0");
  expect(w, "call hangup c7", 1, "no such call");
  expect(w, "call mute nope", 1, "no such call");
  expect(w, "call show nope", 1, "no such call");
  expect(w, "call show", 2, "usage: tipringctl call show ID");
  expect(w, "call show a b", 2, "usage: tipringctl call show ID");
  expect(w, "call dial 100 8000", 0, "c9\n");
  expect(w, "call dial 199 8000", 1, "199 is not registered");
  expect(w, "call dial 100", 2, "usage: tipringctl call dial NUMBER ROOM");
  expect(w, "init", 2, "does not know the command");
  expect(w, "check", 2, "does not know the command");
  expect(w, "nonsense", 2, "does not know the command \"nonsense\"");
  expect(w, "room remove 9", 1, "not in the list rooms");
  expect(w, "phone remove 9", 1, "not in the list phones");
  expect(w, "log loud", 2, "no level");
  expect(w, "version", 0, TIPRING_VERSION);
}

#define TICKS                                                                                      \
  "\"ticks\":100,\"stages_us\":{\"read\":2.0,\"phones\":0.0,\"remotes\":0.0,\"say\":0.0,\"encode\":0.0,"           \
  "\"send\":0.0,\"ice\":0.0},\"late_ms\":{\"1\":97,\"2\":0,\"5\":0,\"10\":3,\"20\":0,\"50\":0,\"100\":0,\"more\":0}}"

static void test_status(world *w, gconstpointer data) {
  g_autofree char *down = json_of(w, "status");
  g_assert_cmpstr(down, ==,
                  "{\"version\":\"" TIPRING_VERSION
                  "\",\"up_since\":\"2026-09-21T14:13:20.000Z\",\"ready\":false,\"draining\":false,"
                  "\"xmpp\":{\"state\":\"down\",\"jid\":\"p.example.org\",\"since\":null},"
                  "\"sip\":{\"listen\":[\"udp:127.0.0.1:5060\"]},"
                  "\"phones\":{\"known\":1,\"registered\":0},"
                  "\"trunks\":{\"known\":1,\"registered\":0},\"calls\":{\"now\":0,\"max\":200},"
                  "\"workers\":[{\"rooms\":0,\"load\":0.25," TICKS ",{\"rooms\":1,\"load\":0.25," TICKS "],"
                  "\"guard\":{\"auth_failed\":5,\"refused\":0,\"bad_messages\":0,\"banned\":0,"
                  "\"bans\":[],\"pins_slowed\":[]}}");
  w->env.sip_listening = TRUE;
  g_assert_false(gw_env_ready(&w->env));
  fake.stream = GW_XMPP_UP;
  g_assert_true(gw_env_ready(&w->env));
  fake.registered = "100";
  g_autofree char *up = json_of(w, "status");
  g_assert_nonnull(strstr(up, "\"ready\":true"));
  g_assert_nonnull(strstr(up, "\"registered\":1}"));
}

static void test_status_guard(world *w, gconstpointer data) {
  fake.bans = 2;
  fake.slowed = 1;
  g_autofree char *said = json_of(w, "status");
  g_assert_nonnull(strstr(said, "\"banned\":2,\"bans\":[{\"source\":\"192.0.2.7\",\"user\":\"100\","
                                "\"seconds\":30},{\"source\":\"198.51.100.0\",\"user\":null,"
                                "\"seconds\":3600}],\"pins_slowed\":[{\"room\":"
                                "\"standup@rooms.example.org\",\"tries\":7,\"seconds\":10}]}"));
  expect(w, "status", 0, "5 wrong passwords, 2 banned");
  expect(w, "status", 0, "192.0.2.7 as 100 for 30 s");
  expect(w, "status", 0, "198.51.100.0 for 3600 s");
  expect(w, "status", 0, "room standup@rooms.example.org: 7 wrong, next try in 10 s");
}

/* Nothing is up yet: every command still answers. */
static void test_nothing_up(world *w, gconstpointer data) {
  gw_conf *conf = g_steal_pointer(&w->env.conf);
  w->env.bridge = NULL;
  w->env.sip = NULL;
  w->env.xmpp = NULL;
  w->env.media = NULL;
  w->env.store = NULL;
  for (guint i = 0; i < GW_N_COMMANDS; i++) {
    g_auto(answer) a = {0};
    g_autofree char *line = g_strdup_printf("%s%s", gw_command_table[i].name,
                                            gw_command_table[i].min > 1   ? " 1 a@b.c"
                                            : gw_command_table[i].min > 0 ? " 1"
                                                                          : "");
    ask(w, line, &a);
    g_assert_cmpint(a.exit, <=, 2);
    g_assert_true(*a.out || a.exit == 0);
  }
  w->env.conf = conf;
}

static void test_lists(world *w, gconstpointer data) {
  fake.calls = 1;
  fake.registered = "100";
  gw_store_binding_save(w->store, "100", "sip:100@192.0.2.1", "udp:192.0.2.1:5060", "",
                        gw_wall_us() + GW_SEC(60));
  g_autofree char *calls = json_of(w, "call list"), *show = json_of(w, "call show c0");
  g_autofree char *rooms = json_of(w, "room list"), *phones = json_of(w, "phone list");
  g_autofree char *trunks = json_of(w, "trunk list");
  g_assert_cmpstr(calls, ==, "[{\"id\":\"c0\",\"state\":\"talking\"}]");
  g_assert_cmpstr(show, ==, "{\"id\":\"c0\",\"state\":\"talking\",\"hops\":[],\"cause\":null}");
  g_assert_cmpstr(rooms, ==,
                  "[{\"number\":\"8000\",\"room\":\"a@c.x\",\"flavour\":\"auto\",\"watching\":true,"
                  "\"participants\":3,\"calls\":1,\"source\":\"file\",\"problem\":null}]");
  g_assert_cmpstr(phones, ==,
                  "[{\"number\":\"100\",\"name\":\"Front desk\",\"registered\":true,"
                  "\"contacts\":[\"sip:100@192.0.2.1\"],\"source\":\"file\"}]");
  g_assert_cmpstr(trunks, ==,
                  "[{\"name\":\"provider\",\"state\":\"down\",\"since\":\"2026-09-21T14:13:20.000Z\","
                  "\"reason\":\"403 Forbidden\",\"host\":\"udp:192.0.2.7:5060\","
                  "\"registers\":false}]");
}

/* What callers call themselves must not act on the operator's terminal. */
static void test_terminal(world *w, gconstpointer data) {
  gw_table *table = gw_table_new((const char *const[]){"A", "B", NULL});
  gw_table_row(table, (const char *const[]){"x\033[31m\nz", "\xff", NULL});
  gw_table_row(table, (const char *const[]){"\303\244", NULL, NULL});
  g_autofree char *text = gw_table_text(table);
  g_assert_cmpstr(text, ==, "A         B\nx?[31m?z  ?\n\303\244         -\n");
}

static void test_route(world *w, gconstpointer data) {
  g_autofree char *in = json_of(w, "route explain 100 8000");
  g_autofree char *out = json_of(w, "route explain 100 0049");
  g_assert_cmpstr(in, ==,
                  "{\"allowed\":true,\"room\":\"a@c.x\",\"trunk\":null,\"code\":null,\"tried\":["
                  "{\"rule\":\"rooms\",\"matched\":true,\"why\":\"because\"}]}");
  g_assert_nonnull(strstr(out, "\"allowed\":false,\"room\":null,\"trunk\":null,\"code\":404"));
}

static void test_history(world *w, gconstpointer data) {
  gint64 now = gw_wall_us();
  gw_store_record(w->store, "old", "{\"id\":\"old\",\"cause\":\"busy\"}", now - GW_SEC(7200));
  gw_store_record(w->store, "new", "{\"id\":\"new\",\"cause\":\"normal\"}", now - GW_SEC(60));
  gw_store_record(w->store, "broken", "{\"id\":", now - GW_SEC(60));
  g_autofree char *all = json_of(w, "history"), *recent = json_of(w, "history --since 1h");
  g_autofree char *one = json_of(w, "history --limit 2");
  g_assert_cmpstr(all, ==,
                  "[{\"id\":\"new\",\"cause\":\"normal\"},{\"id\":\"old\",\"cause\":\"busy\"}]");
  g_assert_cmpstr(recent, ==, "[{\"id\":\"new\",\"cause\":\"normal\"}]");
  g_assert_cmpstr(one, ==,
                  "[{\"id\":\"new\",\"cause\":\"normal\"}]"); /* the broken one is left out */
  g_autofree char *ended = json_of(w, "call show old");
  g_assert_cmpstr(ended, ==, "{\"id\":\"old\",\"cause\":\"busy\"}");
  expect(w, "history --since yesterday", 2, "no time");
  expect(w, "history --until 1h", 2, "\"--until\" is not known");
  expect(w, "history --since", 2, "\"--since\"");
  expect(w, "history --limit 0", 2, "no limit");
}

static void test_phone_sheet(world *w, gconstpointer data) {
  static const char *const wanted[] = {"phone 105\nType into the phone:\n",
                                       "  SIP server      this machine's address:5060 (udp)\n",
                                       "  or              this machine's address:5060 (tcp)\n",
                                       "  user, login     105\n",
                                       "  password        as given\n",
                                       "  codecs          opus, G722, PCMA, PCMU\n"};
  g_auto(answer) a = {0}, b = {0};
  ask(w, "phone add 105 password=geheim", &a);
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
    g_assert_nonnull(strstr(a.out, wanted[i]));
  g_assert_null(strstr(a.out, "geheim"));
  ask(w, "phone add 106", &b);
  g_autofree char *line =
      g_strdup_printf("  password        %s\n", gw_json_get_string(b.json, "password"));
  g_assert_nonnull(strstr(b.out, line));
}

static void test_trace(world *w, gconstpointer data) {
  static const char record[] =
      "{\"id\":\"old\",\"trace\":{\"events\":[{\"ms\":0,\"lane\":\"sip\",\"from\":\"phone\",\"to\":"
      "\"gateway\",\"text\":\"INVITE "
      "8000\"},{\"ms\":17,\"lane\":\"jingle\",\"from\":\"gateway\",\"to\":"
      "\"alice\",\"text\":\"session-accept\"},{\"ms\":1234,\"lane\":\"ice\",\"from\":\"alice\","
      "\"to\":"
      "\"alice\",\"text\":\"a pair works\"}],\"dropped\":2}}";
  fake.calls = 1;
  expect(w, "call trace c0", 0,
         "4  sip    |------------>|             |             INVITE 8000\n");
  gw_store_record(w->store, "old", record, 1);
  gw_store_record(w->store, "bare", "{\"id\":\"bare\"}", 1);
  expect(w, "call trace old", 0,
         "      ms  lane   phone         gateway       room          alice\n"
         "       0  sip    |------------>|             |             |             INVITE 8000\n"
         "      17  jingle |             |-------------------------->|             session-accept\n"
         "    1234  ice    |             |             |             *             a pair works\n"
         "2 events ");
  g_autofree char *json = json_of(w, "call trace old"), *shown = json_of(w, "call show old");
  g_assert_true(g_str_has_suffix(json, "\"dropped\":2,\"id\":\"old\"}"));
  g_assert_cmpstr(shown, ==, "{\"id\":\"old\"}");
  expect(w, "call trace bare", 1, "no trace was kept of this call");
  expect(w, "call trace nope", 1, "there is no such call");
  expect(w, "call trace", 2, "usage: tipringctl call trace ID");
}

/* Odd documents from a damaged store are drawn, too, and no column is left out of the frame. */
static void test_ladder_odd(void) {
  static const char *const rows[] = {
      "null", "{}", "{\"events\":3}", "{\"events\":[3,null,{}]}",
      "{\"events\":[{\"ms\":\"x\",\"from\":3,\"to\":\"\",\"text\":null}]}"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(JsonNode) node = gw_json_parse(rows[i], strlen(rows[i]), 8, NULL);
    g_autofree char *text = gw_ladder_text(node);
    g_assert_true(g_str_has_prefix(text, "      ms  lane   phone"));
  }
  g_autoptr(GString) many = g_string_new("{\"events\":[");
  for (guint i = 0; i < 30; i++)
    g_string_append_printf(
        many, "%s{\"ms\":%u,\"lane\":\"muc\",\"from\":\"p%u\",\"to\":\"gateway\",\"text\":\"t\"}",
        i ? "," : "", i, i);
  g_string_append(many, "]}");
  g_autoptr(JsonNode) node = gw_json_parse(many->str, many->len, 8, NULL);
  g_autofree char *text = gw_ladder_text(node);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), ==, 32);
  g_assert_nonnull(strstr(lines[0], "others"));
  g_assert_nonnull(strstr(lines[30], "29"));
}

static void test_since(void) {
  static const struct {
    const char *text;
    gint64 wanted; /* us; -1: refused */
  } table[] = {
      {"30m", GW_SEC(1000000 - 1800)},
      {"2h", GW_SEC(1000000 - 7200)},
      {"1d", GW_SEC(1000000 - 86400)},
      {"1970-01-02", GW_SEC(86400)},
      {"1970-01-01T01:00:00Z", GW_SEC(3600)},
      {"1970-01-01T01:00:00+01:00", 0},
      {"", -1},
      {"h", -1},
      {"2", -1},
      {"2y", -1},
      {"-2h", -1},
      {"99999999999999999999d", -1},
      {"9999999d", -1},
      {"now", -1},
  };
  for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
    gint64 got = -1;
    gboolean good = gw_since_parse(table[i].text, GW_SEC(1000000), &got);
    g_test_message("%s", table[i].text);
    g_assert_true(good == (table[i].wanted >= 0));
    g_assert_cmpint(got, ==, table[i].wanted);
  }
}

static void test_rooms_and_phones(world *w, gconstpointer data) {
  expect(w, "room add 8001 b@c.x flavour=jmuci-mesh pin=123", 0, "8001 leads to b@c.x");
  expect(w, "room add 8001 b@c.x", 1, "number 8001 is in the list rooms");
  expect(w, "room add 100 b@c.x", 1, "number 100 is in the list phones");
  expect(w, "room add 8002 nonsense", 1, "accepted: ROOM@SERVICE");
  expect(w, "room add 8002 b@c.x nonsense", 2, "KEY=VALUE");
  expect(w, "room add 8002 b@c.x =x", 2, "KEY=VALUE");
  expect(w, "room add 8002 b@c.x pin=1 pin=2", 2, "once each");
  expect(w, "room add 8002 b@c.x number=1", 2, "once each");
  expect(w, "room add 8002", 2, "usage");
  expect(w, "room remove 8000", 1, "/etc/t.conf");
  expect(w, "phone add 101 password=geheim name=Lab", 0, "phone 101\n");
  g_assert_cmpuint(w->changes, ==, 2);
  g_assert_cmpstr(gw_conf_secret(w->env.conf, "phones[1].password"), ==, "geheim");
  g_autofree char *phones = json_of(w, "phone list");
  g_assert_nonnull(strstr(phones, "{\"number\":\"101\",\"name\":\"Lab\",\"registered\":false,"
                                  "\"contacts\":[],\"source\":\"store\"}"));
  expect(w, "phone remove 101", 0, "removed");
  g_assert_cmpstr(fake.forgotten, ==, "101");
  g_assert_cmpuint(w->changes, ==, 3);
  expect(w, "room remove 8001", 0, "removed");
  g_assert_cmpuint(gw_conf_count(w->env.conf, "rooms"), ==, 1);
}

static GString *logged;
static void on_line(const char *line, void *user) {
  g_string_append(logged, line);
}

static void test_made_password(world *w, gconstpointer data) {
  g_auto(answer) a = {0}, b = {0};
  logged = g_string_new(NULL);
  gw_log_set_level(GW_LOG_TRACE);
  gw_log_set_hook(on_line, NULL);
  ask(w, "phone add 101", &a);
  ask(w, "phone add 102", &b);
  gw_log_set_hook(NULL, NULL);
  gw_log_set_level(GW_LOG_INFO);
  const char *password = gw_json_get_string(a.json, "password");
  g_assert_cmpuint(strlen(password), >=, 16);
  g_assert_cmpstr(password, !=, gw_json_get_string(b.json, "password"));
  g_assert_nonnull(strstr(a.out, password));
  g_assert_cmpstr(gw_conf_secret(w->env.conf, "phones[1].password"), ==, password);
  g_assert_nonnull(strstr(logged->str, "item-added"));
  g_assert_null(strstr(logged->str, password));
  g_string_free(logged, TRUE);
}

/* What was added is there after a reload and a restart; what the file names by now stays the
 * file's. */
static void test_items_come_back(world *w, gconstpointer data) {
  static const char text[] = "xmpp = { domain = \"d\"; secret = \"s\"; };\n"
                             "rooms = ( { number = \"8001\"; room = \"file@c.x\"; } );\n";
  expect(w, "room add 8001 b@c.x", 0, "leads");
  expect(w, "room add 8002 b@c.x ring=100,100", 1, "twice");
  expect(w, "room add 8002 b@c.x watch=true", 0, "leads");
  g_autoptr(gw_conf) conf = gw_conf_parse(text, strlen(text), "t.conf", NULL);
  gw_items_load(conf, w->store);
  g_assert_cmpuint(gw_conf_count(conf, "rooms"), ==, 2);
  g_assert_cmpstr(gw_conf_str(conf, "rooms[0].room"), ==, "file@c.x");
  g_assert_cmpstr(gw_conf_str(conf, "rooms[1].number"), ==, "8002");
  g_assert_true(gw_conf_bool(conf, "rooms[1].watch"));
}

static void test_config(world *w, gconstpointer data) {
  g_auto(answer) a = {0};
  ask(w, "config", &a);
  g_autofree char *json = gw_json_text(a.json);
  static const char *const secrets[] = {"s3cret", "p100", "4711"};
  for (guint i = 0; i < G_N_ELEMENTS(secrets); i++) {
    g_assert_null(strstr(a.out, secrets[i]));
    g_assert_null(strstr(json, secrets[i]));
  }
  g_assert_nonnull(strstr(a.out, "* rooms[0].pin = \"***\""));
  g_assert_nonnull(strstr(a.out, "  xmpp.port = 5347"));
  g_assert_cmpint(gw_json_get_int(a.json, "xmpp.port", 0), ==, 5347);
  g_assert_cmpstr(gw_json_get_string(a.json, "xmpp.domain"), ==, "p.example.org");
  g_assert_nonnull(strstr(json, "\"media.rtp_ports\":[20000,29999]"));
  g_assert_nonnull(strstr(json, "\"menus\":[]"));
}

static void test_reload_and_drain(world *w, gconstpointer data) {
  expect(w, "reload", 0, "taken into use");
  w->reload_error = "t.conf:3: sip.max_calls: wrong";
  expect(w, "reload", 1, "the old configuration stays in force: t.conf:3:");
  fake.calls = 3;
  expect(w, "drain", 0, "3 to go");
  g_assert_cmpuint(w->drains, ==, 1);
}

/* --- the line */
static void test_bad_lines(world *w, gconstpointer data) {
  static const char *const lines[] = {
      "\n",
      "{}\n",
      "[]\n",
      "nonsense\n",
      "{\"cmd\":\"status\"}\n",
      "{\"cmd\":[]}\n",
      "{\"cmd\":[1]}\n",
      "{\"cmd\":[\"status\",null]}\n",
      "{\"cmd\":[\"status\"]\n",
      "{\"cmd\":[[[[[[[[\"status\"]]]]]]]]}\n",
      "{\"cmd\":[\"\\u0000\"]}\n",
      "{\"cmd\":[\"\xff\"]}\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_auto(answer) a = {0};
    g_autofree char *said = talk(w, lines[i], strlen(lines[i]));
    g_autofree char *shown = g_strescape(lines[i], NULL);
    g_test_message("%s", shown);
    read_answer(said, &a);
    g_assert_cmpint(a.exit, ==, 2);
  }
}

static void test_deep_and_long(world *w, gconstpointer data) {
  g_autofree char *deep = g_strnfill(60000, '[');
  deep[59999] = '\n';
  g_auto(answer) a = {0};
  g_autofree char *said = talk(w, deep, 60000);
  read_answer(said, &a);
  g_assert_cmpint(a.exit, ==, 2);
  g_assert_nonnull(strstr(a.out, "nested deeper"));
  g_autofree char *endless = g_strnfill(200000, 'x');
  g_autofree char *nothing = talk(w, endless, 200000);
  g_assert_cmpstr(nothing, ==, ""); /* hung up */
  g_autofree char *many = g_strnfill(40000, ' ');
  memcpy(many, "{\"cmd\":[\"version\"]}", 19);
  many[39999] = '\n';
  g_autofree char *fine = talk(w, many, 40000);
  g_assert_nonnull(strstr(fine, TIPRING_VERSION));
}

/* Words in pieces, then a connection that goes before its answer: neither hurts the next one. */
static void test_rude_clients(world *w, gconstpointer data) {
  g_autoptr(GSocket) half = dial(w);
  g_socket_send(half, "{\"cmd\":[\"ver", 12, NULL, NULL);
  for (guint i = 0; i < 5; i++) {
    g_autoptr(GSocket) gone = dial(w);
    g_socket_send(gone, "{\"cmd\":[\"history\"]}\n", 20, NULL, NULL);
    g_main_context_iteration(NULL, FALSE);
    g_main_context_iteration(NULL, FALSE);
  }
  expect(w, "version", 0, TIPRING_VERSION);
  g_socket_send(half, "sion\"]}\n", 8, NULL, NULL);
  char buf[200] = "";
  while (g_socket_receive(half, buf, sizeof buf - 1, NULL, NULL) <= 0)
    g_main_context_iteration(NULL, FALSE);
  g_assert_nonnull(strstr(buf, TIPRING_VERSION));
}

static void test_crowd(world *w, gconstpointer data) {
  g_autoptr(GPtrArray) idle = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; i < 100; i++) {
    g_ptr_array_add(idle, dial(w));
    while (g_main_context_iteration(NULL, FALSE))
      continue;
  }
  expect(w, "version", 0, TIPRING_VERSION); /* those who say nothing make room */
}

static void test_free_with_open_request(world *w, gconstpointer data) {
  g_autoptr(GSocket) s = dial(w);
  g_socket_send(s, "{\"cmd\":[\"history\"]}\n", 20, NULL, NULL);
  g_main_context_iteration(NULL, FALSE);
  g_main_context_iteration(NULL, FALSE);
  gw_control_free(w->control);
  w->control = NULL; /* the answer from the store comes later, or at its close: nobody to take it */
}

/* --- the socket file */
static void test_socket_mode(world *w, gconstpointer data) {
  struct stat st;
  g_assert_cmpint(g_stat(w->socket, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0660);
}

static void test_socket_taken(world *w, gconstpointer data) {
  g_autoptr(GError) error = NULL, plain = NULL, length = NULL;
  g_assert_null(gw_control_new(NULL, w->socket, &w->env, &error));
  g_assert_nonnull(strstr(error->message, "another tipringd"));
  g_autofree char *file = g_build_filename(w->dir, "file", NULL);
  g_file_set_contents(file, "x", 1, NULL);
  g_assert_null(gw_control_new(NULL, file, &w->env, &plain));
  g_assert_nonnull(strstr(plain->message, "no socket"));
  g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
  g_autofree char *name = g_strnfill(200, 'x');
  g_autofree char *path = g_build_filename(w->dir, name, NULL);
  g_assert_null(gw_control_new(NULL, path, &w->env, &length));
  expect(w, "version", 0, TIPRING_VERSION); /* the first one still has its socket */
}

/* A daemon that was killed leaves its file: the next one takes over. */
static void test_socket_stale(world *w, gconstpointer data) {
  g_autofree char *path = g_build_filename(w->dir, "stale.sock", NULL);
  g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
  GSocket *dead = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_assert_true(g_socket_bind(dead, address, TRUE, NULL));
  g_object_unref(dead);
  g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
  g_autoptr(GError) error = NULL;
  g_autoptr(gw_control) control = gw_control_new(NULL, path, &w->env, &error);
  g_assert_no_error(error);
  g_unlink(path); /* somebody else's by now: must not be removed at the end */
  g_file_set_contents(path, "x", 1, NULL);
  g_clear_pointer(&control, gw_control_free);
  g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* --- the table */
static void test_table(void) {
  for (guint i = 0; i < GW_N_COMMANDS; i++) {
    const gw_command_row *row = &gw_command_table[i];
    const char *const *rest = NULL;
    g_auto(GStrv) words = g_strsplit(row->name, " ", -1);
    g_test_message("%s", row->name);
    g_assert_true(row->help && *row->help && row->arguments);
    g_assert_cmpuint(row->min, <=, row->max);
    g_assert_true((*row->arguments != '\0') == (row->max > 0));
    g_assert_cmpuint(gw_command_find((const char *const *)words, &rest), ==, i);
    g_assert_null(*rest);
  }
}

#define ADD(name, fn) g_test_add("/control/" name, world, NULL, world_up, fn, world_down)
int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  ADD("exit-codes", test_exit_codes);
  ADD("status", test_status);
  ADD("status-guard", test_status_guard);
  ADD("nothing-up", test_nothing_up);
  ADD("lists", test_lists);
  ADD("terminal", test_terminal);
  ADD("route", test_route);
  ADD("history", test_history);
  ADD("trace", test_trace);
  ADD("phone-sheet", test_phone_sheet);
  g_test_add_func("/control/ladder-odd", test_ladder_odd);
  g_test_add_func("/control/since", test_since);
  ADD("rooms-and-phones", test_rooms_and_phones);
  ADD("made-password", test_made_password);
  ADD("items-come-back", test_items_come_back);
  ADD("config", test_config);
  ADD("reload-and-drain", test_reload_and_drain);
  ADD("bad-lines", test_bad_lines);
  ADD("deep-and-long", test_deep_and_long);
  ADD("rude-clients", test_rude_clients);
  ADD("crowd", test_crowd);
  ADD("free-with-open-request", test_free_with_open_request);
  ADD("socket-mode", test_socket_mode);
  ADD("socket-taken", test_socket_taken);
  ADD("socket-stale", test_socket_stale);
  g_test_add_func("/control/table", test_table);
  return g_test_run();
}
