/* test_conf.c - the configuration: what is refused and where, what defaults are, and that the
 * example loads. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf/schema.h"

#define XMPP                                                                                       \
  "xmpp = { domain = \"p.example.org\"; secret = \"s3cret\"; };\n" /* line 1 of most texts */

static GPtrArray *errors_of(const char *text) {
  GPtrArray *errors = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(gw_conf) conf = gw_conf_parse(text, strlen(text), "t.conf", errors);
  g_assert_true((conf == NULL) == (errors->len > 0));
  return errors;
}

static gw_conf *good(const char *text) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  gw_conf *conf = gw_conf_parse(text, strlen(text), "/etc/t/t.conf", errors);
  for (guint i = 0; i < errors->len; i++)
    g_test_message("%s", (char *)g_ptr_array_index(errors, i));
  g_assert_nonnull(conf);
  return conf;
}

/* Each text has exactly one error: it begins with `where` and contains `what`. */
static const struct {
  const char *text, *where, *what;
} broken[] = {
    {XMPP "sipp = { };\n", "t.conf:2: sipp:", "unknown key; accepted: xmpp, sip, media"},
    {XMPP "sip = {\n realm = \"r\";\n max_cals = 3;\n};\n",
     "t.conf:4: sip.max_cals:", "unknown key; accepted: listen, realm, max_calls"},
    {XMPP "\nsip = { max_calls = \"3\"; };\n",
     "t.conf:3: sip.max_calls:", "has the wrong type; accepted: 1..10000 calls"},
    {XMPP "sip = { max_calls = 0; };\n",
     "t.conf:2: sip.max_calls:", "0 is out of range; accepted: 1..10000 calls"},
    {XMPP "sip = { max_calls = 99999999999; };\n", "t.conf:2: (file):", "number too large"},
    {XMPP "# 99999999999\nsip = { realm = \"99999999999\"; max_calls = 0xFFFFFFFFF; };\n",
     "t.conf:3: (file):", "number too large"},
    {XMPP "sip = 3;\n", "t.conf:2: sip:", "wrong type; accepted: a group"},
    {XMPP "sip = { listen = \"udp:0.0.0.0:5060\"; };\n", "t.conf:2: sip.listen:", "wrong type"},
    {XMPP "sip = { listen = [ \"udp:0.0.0.0\" ]; };\n", "t.conf:2: sip.listen:", "is not known"},
    {XMPP "sip = { listen = [ \"udp:::5060\" ]; };\n", "t.conf:2: sip.listen:", "is not known"},
    {XMPP "sip = { listen = [ ]; };\n", "t.conf:2: sip.listen:", "is empty"},
    {XMPP "sip = { listen = [ \"tls:0.0.0.0:5061\" ]; key = \"a\"; };\n",
     "t.conf:2: sip.certificate:", "needs it"},
    {XMPP "sip = { listen = [ \"tls:0.0.0.0:5061\" ]; certificate = \"a\"; };\n",
     "t.conf:2: sip.key:", "needs it"},
    {XMPP "sip = { public_address = \"gw.example.org\"; };\n",
     "t.conf:2: sip.public_address:", "accepted: an address"},
    {XMPP "media = { rtp_ports = [ 30000, 20000 ]; };\n",
     "t.conf:2: media.rtp_ports:", "the first is not below the last"},
    {XMPP "media = { rtp_ports = [ 20000 ]; };\n", "t.conf:2: media.rtp_ports:", "wrong type"},
    {XMPP "media = { rtp_ports = [ 80, 20000 ]; };\n",
     "t.conf:2: media.rtp_ports:", "80 is out of range"},
    {XMPP "media = { codecs = [ \"opus\", \"G729\" ]; };\n", "t.conf:2: media.codecs:",
     "\"G729\" is not known; accepted: a list [ \"...\", ... ] of \"opus\", \"G722\""},
    {XMPP "media = { codecs = [ \"opus\", \"opus\" ]; };\n", "t.conf:2: media.codecs:", "twice"},
    {XMPP "media = { turn = ( { port = 1; } ); };\n",
     "t.conf:2: media.turn[0].host:", "is missing"},
    {XMPP "sip = { ring_limit = 4; };\n",
     "t.conf:2: sip.ring_limit:", "4 is out of range; accepted: 5..300 s"},
    {XMPP "invites = ( { numbers = [ \"1*\" ]; } );\n", "t.conf:2: invites[0].from:", "is missing"},
    {XMPP "invites = ( { from = \"*@x\"; } );\n", "t.conf:2: invites[0].from:", "wrong type"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; invite = \"all\"; } );\n",
     "t.conf:2: rooms[0].invite:", "\"occupants\", \"rules\""},
    {XMPP "phones = ( { password = \"p\"; } );\n", "t.conf:2: phones[0].number:", "is missing"},
    {XMPP "phones = ( { number = \"1\"; } );\n", "t.conf:2: phones[0].password:", "is missing"},
    {XMPP "phones = ( { number = 100; password = \"p\"; } );\n",
     "t.conf:2: phones[0].number:", "wrong type"},
    {XMPP "phones = ( { number = \"1\"; password = \"p\"; },\n{ number = \"1\"; password = \"q\"; "
          "} );\n",
     "t.conf:3: phones[1].number:", "\"1\" is taken by phones[0].number"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; },\n { number = \"8\"; room = \"b@c.x\"; "
          "} );\n",
     "t.conf:3: rooms[1].number:", "taken by rooms[0].number"},
    {XMPP "phones = ( { number = \"8\"; password = \"p\"; } );\nrooms = ( { number = \"8\"; room = "
          "\"b@c.x\"; } );\n",
     "t.conf:3: rooms[0].number:", "taken by phones[0].number"},
    {XMPP "phones = ( { number = \"1\"; password = \"p\"; room = \"9\"; } );\n",
     "t.conf:2: phones[0].room:", "\"9\" is no room"},
    {XMPP "phones = ( { number = \"1\"; password = \"p\"; srtp = \"required\"; } );\n",
     "t.conf:2: phones[0].srtp:", "needs tls"},
    {XMPP "phones = { number = \"1\"; };\n",
     "t.conf:2: phones:", "wrong type; accepted: a list of groups"},
    {XMPP "phones = ( \"1\" );\n", "t.conf:2: phones:", "something else than groups"},
    {XMPP "rooms = ( { number = \"8\"; room = \"c.x\"; } );\n",
     "t.conf:2: rooms[0].room:", "\"c.x\" is not possible; accepted: ROOM@SERVICE"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x/n\"; } );\n",
     "t.conf:2: rooms[0].room:", "ROOM@SERVICE"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; flavour = \"mesh\"; } );\n",
     "t.conf:2: rooms[0].flavour:", "accepted: one of \"auto\", \"jmuci-mesh\""},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; idle = \"no\"; } );\n",
     "t.conf:2: rooms[0].idle:", "\"propose\", \"wait\""},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; identity = \"x\"; } );\n",
     "t.conf:2: rooms[0].identity:", "\"per-phone\", \"shared\""},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; watch = 1; } );\n",
     "t.conf:2: rooms[0].watch:", "accepted: true, false"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\";\n ring = [ \"1\" ]; } );\n",
     "t.conf:3: rooms[0].ring:", "\"1\" is no phone"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; sfu = \"k\"; } );\n",
     "t.conf:2: rooms[0].sfu:", "a name from the list sfu"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\";\n flavour = \"jmuci-sfu\"; } );\n",
     "t.conf:3: rooms[0].sfu:", "needs a server"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\";\n flavour = \"jingle-sfu\"; } );\n"
          "sfu = ( { name = \"k\"; url = \"ws://h:1\"; } );\n",
     "t.conf:3: rooms[0].sfu:", "xep-0521 or tigase-meet"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; sfu = \"k\";\n flavour = \"jmuci-sfu\"; } );\n"
          "sfu = ( { name = \"k\"; kind = \"xep-0521\"; jid = \"t.x\"; } );\n",
     "t.conf:3: rooms[0].sfu:", "of the kind socket.io"},
    {XMPP "sfu = ( { name = \"k\"; kind = \"xep-0521\"; } );\n", "t.conf:2: sfu[0].jid:", "is missing"},
    {XMPP "sfu = ( { name = \"k\"; } );\n", "t.conf:2: sfu[0].url:", "is missing"},
    {XMPP "sfu = ( { name = \"k\"; kind = \"tigase-meet\"; jid = \"a b\"; } );\n", "t.conf:2: sfu[0].jid:",
     "NAME@SERVICE"},
    {XMPP "sfu = ( { name = \"k\"; jid = \"t.x\"; kind = \"xep-0521\"; url = \"ws://h\"; } );\n",
     "t.conf:2: sfu[0].url:", "means nothing"},
    {XMPP "sfu = ( { name = \"k\"; url = \"ws://h\"; kind = \"janus\"; } );\n", "t.conf:2: sfu[0].kind:", "tigase-meet"},
    {XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; pin = \"12a4\"; } );\n",
     "t.conf:2: rooms[0].pin:", "is not possible; accepted: up to 16 digits"},
    {XMPP "trunks = ( { name = \"a\"; proxy = \"h\"; register = true; } );\n",
     "t.conf:2: trunks[0].user:", "register needs it"},
    {XMPP "trunks = ( { name = \"a\"; proxy = \"h\"; transport = \"tls\"; } );\n",
     "t.conf:2: trunks[0].transport:", "needs a listener"},
    {XMPP "trunks = ( { name = \"a\"; proxy = \"h\"; srtp = \"optional\"; } );\n",
     "t.conf:2: trunks[0].srtp:", "needs transport"},
    {XMPP "trunks = ( { name = \"a\"; proxy = \"h\"; dial_out = [ \"+49x\" ]; } );\n",
     "t.conf:2: trunks[0].dial_out:", "? for one digit"},
    {XMPP "trunks = ( { name = \"a\"; } );\n", "t.conf:2: trunks[0].proxy:", "is missing"},
    {XMPP "trunks = ( { name = \"a\"; proxy = \"h\"; addresses = [ \"192.0.2.0/33\" ]; } );\n",
     "t.conf:2: trunks[0].addresses:", "is not known"},
    {XMPP "sfu = ( { name = \"k\"; url = \"http://h\"; } );\n", "t.conf:2: sfu[0].url:", "ws://"},
    {XMPP "http = { listen = \"9160\"; };\n", "t.conf:2: http.listen:", "ADDRESS:PORT"},
    {"xmpp = { secret = \"s\"; };\n", "t.conf:1: xmpp.domain:", "is missing"},
    {"xmpp = { domain = \"d\"; secret = \"s\"; registration = [ \"*@d\" ]; };\n", "t.conf:1: xmpp.registrars:", "registration needs it"},
    {"xmpp = { domain = \"d\"; secret = \"s\"; registrars = [ \"a b\" ]; };\n", "t.conf:1: xmpp.registrars:", "HOST:PORT"},
    {"xmpp = { domain = \"d\"; };\n", "t.conf:1: xmpp.secret:", "is missing"},
    {"xmpp = { mode = \"both\"; domain = \"d\"; secret = \"s\"; };\n",
     "t.conf:1: xmpp.mode:", "one of \"component\", \"client\""},
    {"xmpp = { domain = \"u@d\"; secret = \"s\"; };\n", "t.conf:1: xmpp.domain:", "a domain name"},
    {"xmpp = {\n mode = \"client\";\n password = \"s\"; };\n", "t.conf:2: xmpp.jid:", "is missing"},
    {"xmpp = { mode = \"client\"; jid = \"a@b.example\"; password = \"s\";\n tls = \"off\"; };\n",
     "t.conf:2: xmpp.tls:", "over the network"},
    {"xmpp = { domain = \"d\"; secret_file = \"nosuch\"; };\n",
     "t.conf:1: xmpp.secret_file:", "cannot read ./nosuch"},
    {XMPP "@include \"other.conf\"\n", "t.conf:2: (file):", "@include"},
    {XMPP "sip = { max_calls = 3\n realm = };\n", "t.conf:3: (file):", "syntax error"},
    {XMPP "sip = { realm = \"a\"; realm = \"b\"; };\n", "t.conf:2: (file):", "duplicate"},
    {XMPP "sip = { realm = \"a\\\"; };\n\n\n", "t.conf:2: (file):", "text without an end"},
    {XMPP "sip = {{{{{{{{{{{{{{{{{{{{{{\n", "t.conf:2: (file):", "nested too deeply"},
    {"\xff\xfe", "t.conf:1: (file):", "UTF-8"},
};

static void test_broken(void) {
  for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
    g_autoptr(GPtrArray) errors = errors_of(broken[i].text);
    for (guint k = 0; k < errors->len; k++)
      g_test_message("%u: %s", i, (char *)g_ptr_array_index(errors, k));
    g_assert_cmpuint(errors->len, ==, 1);
    const char *text = g_ptr_array_index(errors, 0);
    g_assert_true(g_str_has_prefix(text, broken[i].where));
    g_assert_nonnull(strstr(text, broken[i].what));
    g_assert_nonnull(strstr(text, "; accepted: "));
  }
}

static void test_all_errors_at_once(void) {
  g_autoptr(GPtrArray) errors = errors_of("xmpp = { port = 0; };\n"
                                          "sip = { max_calls = true;\n nope = 1; };\n"
                                          "rooms = ( { number = \"8\"; } );\n");
  /* port, max_calls, nope, room, and both required keys of the stream */
  g_assert_cmpuint(errors->len, ==, 6);
}

static void test_defaults(void) {
  g_autoptr(gw_conf) conf = good(XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; } );\n");
  g_assert_cmpstr(gw_conf_str(conf, "xmpp.mode"), ==, "component");
  g_assert_cmpstr(gw_conf_str(conf, "xmpp.host"), ==, "127.0.0.1");
  g_assert_cmpint(gw_conf_int(conf, "xmpp.port"), ==, 5347);
  g_assert_cmpstr(gw_conf_str(conf, "sip.realm"), ==, "p.example.org");
  g_assert_cmpint(gw_conf_int(conf, "sip.max_calls"), ==, 200);
  g_assert_cmpint(gw_conf_int(conf, "media.rtp_ports[0]"), ==, 20000);
  g_assert_cmpint(gw_conf_int(conf, "media.rtp_ports[1]"), ==, 29999);
  g_auto(GStrv) codecs = gw_conf_strv(conf, "media.codecs");
  g_assert_cmpuint(g_strv_length(codecs), ==, 4);
  g_assert_cmpstr(codecs[1], ==, "G722");
  g_assert_cmpuint(gw_conf_count(conf, "rooms"), ==, 1);
  g_assert_cmpuint(gw_conf_count(conf, "phones"), ==, 0);
  g_assert_cmpuint(gw_conf_count(conf, "media.turn"), ==, 0);
  g_assert_cmpstr(gw_conf_str(conf, "rooms[0].flavour"), ==, "auto");
  g_assert_cmpstr(gw_conf_str(conf, "rooms[0].pin"), ==, "");
  g_assert_cmpint(gw_conf_int(conf, "rooms[0].alone_limit"), ==, 1800);
  g_assert_true(gw_conf_bool(conf, "rooms[0].watch"));
  g_assert_true(gw_conf_bool(conf, "rooms[0].roster_check"));
  g_auto(GStrv) ring = gw_conf_strv(conf, "rooms[0].ring");
  g_assert_cmpuint(g_strv_length(ring), ==, 0);
  g_assert_null(gw_conf_secret(conf, "rooms[0].password"));
  g_assert_cmpstr(gw_conf_secret(conf, "xmpp.secret"), ==, "s3cret");
  g_assert_cmpstr(gw_conf_str(conf, "http.listen"), ==, "127.0.0.1:9160");
  g_assert_cmpuint(gw_conf_warnings(conf)->len, ==, 0);
}

static void test_values(void) {
  g_autoptr(gw_conf) conf =
      good(XMPP "sip = { listen = ( \"udp:[::]:5060\", \"tcp:127.0.0.1:0\" ); max_calls = 7; };\n"
                "media = { turn = ( { host = \"t\"; password = \"x\"; } ); stun = [ "
                "\"s.example:1\" ]; };\n"
                "phones = ( { number = \"1\"; password = \"p\"; }, { number = \"+492\"; password = "
                "\"q\"; } );\n"
                "rooms = ( { number = \"8\"; room = \"a@c.x\"; ring = [ \"1\", \"+492\" ]; watch = "
                "false; } );\n"
                "store = { path = \"t.db\"; }; http = { listen = \"\"; };\n");
  g_auto(GStrv) listen = gw_conf_strv(conf, "sip.listen");
  g_assert_cmpstr(listen[0], ==, "udp:[::]:5060");
  g_assert_cmpint(gw_conf_int(conf, "sip.max_calls"), ==, 7);
  g_assert_cmpstr(gw_conf_secret(conf, "media.turn[0].password"), ==, "x");
  g_assert_cmpint(gw_conf_int(conf, "media.turn[0].port"), ==, 3478);
  g_assert_cmpstr(gw_conf_secret(conf, "phones[1].password"), ==, "q");
  g_assert_false(gw_conf_bool(conf, "rooms[0].watch"));
  g_assert_cmpstr(gw_conf_str(conf, "store.path"), ==, "/etc/t/t.db");
  g_assert_cmpint(gw_conf_find(conf, "phones", "+492"), ==, 1);
  g_assert_cmpint(gw_conf_find(conf, "phones", "8"), ==, -1);
}

/* Who is asked for STUN and TURN servers. */
static void test_services_domain(void) {
  static const struct { const char *text, *domain; } rows[] = {
      {"xmpp = { domain = \"phone.example.org\"; secret = \"s\"; };", "example.org"},
      {"xmpp = { domain = \"phones\"; secret = \"s\"; };", NULL},
      {"xmpp = { domain = \"a.b\"; secret = \"s\"; services = \"other.org\"; };", "other.org"},
      {"xmpp = { domain = \"a.b\"; secret = \"s\"; services = \"off\"; };", NULL},
      {"xmpp = { mode = \"client\"; jid = \"p@example.org\"; password = \"s\"; };", "example.org"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_conf) conf = good(rows[i].text);
    g_autofree char *domain = gw_conf_services_domain(conf);
    g_assert_cmpstr(domain, ==, rows[i].domain);
  }
}

static void test_client_mode(void) {
  g_autoptr(gw_conf) conf =
      good("xmpp = { mode = \"client\"; jid = \"gw@example.org\"; password = \"p\"; };\n");
  g_assert_cmpstr(gw_conf_str(conf, "xmpp.domain"), ==, "example.org");
  g_assert_cmpstr(gw_conf_str(conf, "xmpp.host"), ==, "example.org");
  g_assert_cmpint(gw_conf_int(conf, "xmpp.port"), ==, 5222);
  g_autoptr(gw_conf) local =
      good("xmpp = { mode = \"client\"; jid = \"gw@example.org\"; password = "
           "\"p\"; host = \"127.0.0.1\"; tls = \"off\"; port = 15222; };\n");
  g_assert_cmpint(gw_conf_int(local, "xmpp.port"), ==, 15222);
}

static void test_warnings(void) {
  g_autoptr(gw_conf) conf =
      good(XMPP "rooms = (\n { number = \"9\"; room = \"r@c.x\"; flavour = \"jitsi\"; } );\n"
                "menus = ( { number = \"8\"; } );\n"
                "sfu = ( { name = \"k\"; url = \"ws://h:1\"; } );\n");
  const GPtrArray *warnings = gw_conf_warnings(conf);
  g_assert_cmpuint(warnings->len, ==, 1);
  g_assert_cmpstr(g_ptr_array_index(warnings, 0), ==,
                  "/etc/t/t.conf:3: rooms[0].flavour: \"jitsi\" has no effect in this version");
  g_autoptr(gw_conf) phone =
      good(XMPP "phones = ( { number = \"1\"; password = \"p\";\n messages = "
                "true; } );\n");
  g_assert_cmpuint(gw_conf_warnings(phone)->len, ==, 0);
}

/* --- files */
typedef struct {
  char *dir, *conf, *secret;
} files;

static void files_up(files *f, gconstpointer data) {
  f->dir = g_dir_make_tmp("tipring-conf-XXXXXX", NULL);
  f->conf = g_build_filename(f->dir, "t.conf", NULL);
  f->secret = g_build_filename(f->dir, "c.secret", NULL);
}

static void files_down(files *f, gconstpointer data) {
  g_unlink(f->conf);
  g_unlink(f->secret);
  g_rmdir(f->dir);
  g_free(f->dir);
  g_free(f->conf);
  g_free(f->secret);
}

static void put(const char *path, const char *text, int mode) {
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
  g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static char *load_error(const char *path) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(gw_conf) conf = gw_conf_load(path, errors);
  g_assert_cmpuint(errors->len, ==, conf ? 0 : 1);
  return conf ? NULL : g_strdup(g_ptr_array_index(errors, 0));
}

static void test_modes(files *f, gconstpointer data) {
  static const struct {
    int conf_mode, secret_mode;
    gboolean inside, ok;
  } table[] = {
      {0640, 0, TRUE, TRUE},      {0600, 0, TRUE, TRUE},      {0644, 0, TRUE, FALSE},
      {0602, 0, TRUE, FALSE},     {0644, 0640, FALSE, TRUE},  {0644, 0600, FALSE, TRUE},
      {0644, 0644, FALSE, FALSE}, {0600, 0604, FALSE, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
    put(f->secret, "topsecret\n", table[i].secret_mode ? table[i].secret_mode : 0600);
    put(f->conf,
        table[i].inside ? XMPP : "xmpp = { domain = \"d\"; secret_file = \"c.secret\"; };\n",
        table[i].conf_mode);
    g_autofree char *error = load_error(f->conf);
    g_test_message("%u: %s", i, error ? error : "ok");
    g_assert_true((error == NULL) == table[i].ok);
    if (error) {
      g_autofree char *mend = g_strdup_printf("chmod o= %s", table[i].inside ? f->conf : f->secret);
      g_assert_nonnull(strstr(error, mend));
      g_assert_null(strstr(error, "topsecret"));
      g_assert_null(strstr(error, "s3cret"));
    }
  }
}

static void test_secret_files(files *f, gconstpointer data) {
  put(f->conf, "xmpp = { domain = \"d\"; secret_file = \"c.secret\"; };\n", 0644);
  put(f->secret, "top secret \n", 0600);
  g_autoptr(gw_conf) conf = gw_conf_load(f->conf, NULL);
  g_assert_cmpstr(gw_conf_secret(conf, "xmpp.secret"), ==, "top secret");
  put(f->secret, "\n", 0600);
  g_autofree char *empty = load_error(f->conf);
  g_assert_nonnull(strstr(empty, "does not hold a secret"));
  put(f->secret, "two\nlines", 0600);
  g_autofree char *lines = load_error(f->conf);
  g_assert_nonnull(strstr(lines, "does not hold a secret"));
  put(f->secret, "x", 0600);
  put(f->conf, "xmpp = { domain = \"d\"; secret = \"a\"; secret_file = \"c.secret\"; };\n", 0600);
  g_autofree char *twice = load_error(f->conf);
  g_assert_nonnull(strstr(twice, "given twice"));
  g_autofree char *dir = load_error(f->dir);
  g_assert_nonnull(strstr(dir, "no plain file"));
}

static void test_peek(files *f, gconstpointer data) {
  put(f->conf, "control = { socket = \"c.sock\"; };\nnonsense = 1;\n", 0600);
  g_autofree char *peeked = gw_conf_peek(f->conf, "control.socket");
  g_autofree char *wanted = g_build_filename(f->dir, "c.sock", NULL);
  g_assert_cmpstr(peeked, ==, wanted);
  g_assert_null(gw_conf_peek(f->conf, "store.path"));
  put(f->conf, "control = { socket = ", 0600);
  g_assert_null(gw_conf_peek(f->conf, "control.socket"));
  g_assert_null(gw_conf_peek("/nonexistent", "control.socket"));
}

static void test_example(files *f, gconstpointer data) {
  g_autofree char *text = NULL, *phone = g_build_filename(f->dir, "100.secret", NULL);
  g_autofree char *component = g_build_filename(f->dir, "component.secret", NULL);
  g_assert_true(g_file_get_contents(EXAMPLE, &text, NULL, NULL));
  put(f->conf, text, 0644);
  put(phone, "p", 0600);
  put(component, "c", 0600);
  g_autofree char *error = load_error(f->conf);
  g_unlink(phone);
  g_unlink(component);
  g_assert_cmpstr(error, ==, NULL);
}

/* Every key of the schema stands in the example, commented or not, inside its section. */
static void test_example_complete(void) {
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents(EXAMPLE, &text, NULL, NULL));
  for (guint i = 0; i < gw_n_keys; i++) {
    g_autofree char *section = g_strndup(gw_keys[i].name, strcspn(gw_keys[i].name, ".["));
    g_autofree char *head =
        g_strdup_printf("(?ms)^(# )?%s = .*?\\b%s = ", section, gw_key_leaf(&gw_keys[i]));
    g_autofree char *list = g_strdup_printf("(?m)^(# )?%s = \\(", section);
    const char *regex =
        gw_keys[i].type == GW_CONF_GROUPS && !strchr(gw_keys[i].name, '.') ? list : head;
    g_test_message("%s", gw_keys[i].name);
    g_assert_true(g_regex_match_simple(regex, text, 0, 0));
  }
}

/* A commented default in the example is the schema's. */
static void test_example_defaults(void) {
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents(EXAMPLE, &text, NULL, NULL));
  g_autoptr(GRegex) regex =
      g_regex_new("^  +# (alone_limit|max_calls|workers|watch|messages|alone|idle|identity|"
                  "flavour|srtp_backend|srtp|tls) = \"?([^;\"]*)\"?;",
                  G_REGEX_MULTILINE, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  guint found = 0;
  for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
       g_match_info_next(match, NULL)) {
    g_autofree char *leaf = g_match_info_fetch(match, 1), *value = g_match_info_fetch(match, 2);
    gboolean same = FALSE;
    for (guint i = 0; i < gw_n_keys; i++)
      same |= strcmp(gw_key_leaf(&gw_keys[i]), leaf) == 0 && g_strcmp0(gw_keys[i].def, value) == 0;
    g_test_message("%s = %s", leaf, value);
    g_assert_true(same);
    found++;
  }
  g_assert_cmpuint(found, >=, 12);
}

static void test_schema_is_sane(void) {
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    g_test_message("%s", key->name);
    g_assert_true(key->help && *key->help);
    g_assert_true(gw_key_find(key->name) == key);
    g_assert_true(!key->choices || !key->def || key->type == GW_CONF_STRINGS ||
                  gw_word_in(key->choices, key->def, strlen(key->def)));
    if (key->check && key->def && key->type == GW_CONF_STRING) g_assert_true(key->check(key->def));
    if (key->type == GW_CONF_INT)
      g_assert_true(g_ascii_strtoll(key->def, NULL, 10) >= key->min && key->max > key->min);
    if (key->flags & GW_KEY_SECRET_FILE) {
      g_autofree char *base = g_strndup(key->name, strlen(key->name) - strlen("_file"));
      g_assert_true(gw_key_find(base)->flags & GW_KEY_SECRET);
    }
  }
}

/* --- phones and rooms added while running */
static GHashTable *keys_of(const char *text) {
  GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) pairs = g_strsplit(text, " ", -1);
  for (char **pair = pairs; *pair; pair++) {
    char *eq = strchr(*pair, '=');
    g_hash_table_insert(keys, g_strndup(*pair, (gsize)(eq - *pair)), g_strdup(eq + 1));
  }
  return keys;
}

static void test_items(void) {
  static const struct {
    const char *list, *keys, *error; /* NULL: taken */
  } table[] = {
      {"rooms", "number=8001 room=b@c.x watch=false alone_limit=0", NULL},
      {"rooms", "number=8001 room=b@c.x", "number 8001 is in the list rooms"},
      {"rooms", "number=8000 room=b@c.x", "number 8000 is in the list rooms"},
      {"rooms", "number=1 room=b@c.x", "number 1 is in the list phones"},
      {"rooms", "number=8002", "room: is missing; accepted: ROOM@SERVICE"},
      {"rooms", "number=8002 room=b", "room: \"b\" is not possible; accepted: ROOM@SERVICE"},
      {"rooms", "number=8002 room=b@c.x nope=1", "nope: unknown key; accepted: number, room"},
      {"rooms", "number=8002 room=b@c.x watch=yes",
       "watch: \"yes\" is not possible; accepted: true, false"},
      {"rooms", "number=8002 room=b@c.x alone_limit=-1", "alone_limit: -1 is out of range"},
      {"rooms", "number=8002 room=b@c.x pin=secret1", "pin: is not possible; accepted: up to 16"},
      {"rooms", "number=8002 room=b@c.x ring=1,2", NULL},
      {"phones", "number=2 password=p", NULL},
      {"phones", "number=3", "password: is missing"},
      {"phones", "number=3 password_file=/etc/shadow", "password_file: only in the file"},
  };
  g_autoptr(gw_conf) conf = good(XMPP "phones = ( { number = \"1\"; password = \"p\"; } );\n"
                                      "rooms = ( { number = \"8000\"; room = \"a@c.x\"; } );\n");
  for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
    g_autoptr(GHashTable) keys = keys_of(table[i].keys);
    g_autoptr(GError) error = NULL;
    gboolean taken = gw_conf_add_item(conf, table[i].list, keys, &error);
    g_test_message("%s: %s", table[i].keys, error ? error->message : "ok");
    g_assert_true(taken == (table[i].error == NULL));
    g_assert_true(taken || g_str_has_prefix(error->message, table[i].error));
  }
  g_assert_cmpuint(gw_conf_count(conf, "rooms"), ==, 3);
  g_assert_true(gw_conf_item_from_file(conf, "rooms", 0));
  g_assert_false(gw_conf_item_from_file(conf, "rooms", 1));
  g_assert_false(gw_conf_bool(conf, "rooms[1].watch"));
  g_assert_cmpint(gw_conf_int(conf, "rooms[1].alone_limit"), ==, 0);
  g_auto(GStrv) ring = gw_conf_strv(conf, "rooms[2].ring");
  g_assert_cmpuint(g_strv_length(ring), ==, 2);
}

static void test_remove_items(void) {
  g_autoptr(gw_conf) conf = good(XMPP "rooms = ( { number = \"8000\"; room = \"a@c.x\"; } );\n");
  g_autoptr(GHashTable) keys = keys_of("number=8001 room=b@c.x");
  g_autoptr(GError) in_file = NULL, unknown = NULL;
  g_assert_true(gw_conf_add_item(conf, "rooms", keys, NULL));
  g_assert_false(gw_conf_remove_item(conf, "rooms", "8000", &in_file));
  g_assert_nonnull(strstr(in_file->message, "/etc/t/t.conf"));
  g_assert_true(gw_conf_remove_item(conf, "rooms", "8001", NULL));
  g_assert_false(gw_conf_remove_item(conf, "rooms", "8001", &unknown));
  g_assert_cmpuint(gw_conf_count(conf, "rooms"), ==, 1);
}

static void test_dump(void) {
  g_autoptr(gw_conf) conf =
      good(XMPP "rooms = ( { number = \"8\"; room = \"a@c.x\"; pin = \"123456\"; } );\n");
  g_autoptr(GPtrArray) all = gw_conf_dump(conf);
  guint secrets = 0;
  gboolean port = FALSE;
  for (guint i = 0; i < all->len; i++) {
    const gw_conf_value *v = g_ptr_array_index(all, i);
    g_assert_null(strstr(v->text, "s3cret"));
    g_assert_null(strstr(v->text, "123456"));
    secrets += strcmp(v->text, "\"***\"") == 0;
    port |= strcmp(v->path, "xmpp.port") == 0 && strcmp(v->text, "5347") == 0 && v->is_default;
  }
  g_assert_cmpuint(secrets, ==, 2);
  g_assert_true(port);
}

static void test_man(void) {
  g_autofree char *man = gw_conf_man();
  for (guint i = 0; i < gw_n_keys; i++) {
    if (gw_keys[i].type == GW_CONF_GROUPS && !strchr(gw_keys[i].name, '.'))
      continue; /* the section itself */
    g_autofree char *head = g_strdup_printf(".TP\n\\fB%s\\fR", gw_key_leaf(&gw_keys[i]));
    g_assert_nonnull(strstr(man, head));
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/conf/broken", test_broken);
  g_test_add_func("/conf/all-errors-at-once", test_all_errors_at_once);
  g_test_add_func("/conf/defaults", test_defaults);
  g_test_add_func("/conf/values", test_values);
  g_test_add_func("/conf/client-mode", test_client_mode);
  g_test_add_func("/conf/services-domain", test_services_domain);
  g_test_add_func("/conf/warnings", test_warnings);
  g_test_add("/conf/modes", files, NULL, files_up, test_modes, files_down);
  g_test_add("/conf/secret-files", files, NULL, files_up, test_secret_files, files_down);
  g_test_add("/conf/peek", files, NULL, files_up, test_peek, files_down);
  g_test_add("/conf/example", files, NULL, files_up, test_example, files_down);
  g_test_add_func("/conf/example-complete", test_example_complete);
  g_test_add_func("/conf/example-defaults", test_example_defaults);
  g_test_add_func("/conf/schema", test_schema_is_sane);
  g_test_add_func("/conf/items", test_items);
  g_test_add_func("/conf/remove-items", test_remove_items);
  g_test_add_func("/conf/dump", test_dump);
  g_test_add_func("/conf/man", test_man);
  return g_test_run();
}
