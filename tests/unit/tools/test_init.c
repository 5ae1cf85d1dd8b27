/* test_init.c - what init writes and prints: every answer lands where it belongs, and nothing that a file could misread
 * gets through. */
#include <string.h>
#include "conf/conf.h"
#include "tools/tipringctl_init.h"

static const gw_init_answers good = {.domain = (char *)"phone.example.org",
                                     .secret = (char *)"s3cret",
                                     .room = (char *)"standup@rooms.example.org",
                                     .password = (char *)"pa55",
                                     .phone = (char *)"100",
                                     .number = (char *)"8000"};

static char *piece(const char *name, const gw_init_answers *a) {
  for (const gw_init_piece *p = gw_init_pieces; p->name; p++)
    if (!strcmp(p->name, name)) return p->make(a);
  g_assert_not_reached();
}

static void holds(const char *text, const char *part) {
  if (!strstr(text, part)) g_error("\"%s\" is not in:\n%s", part, text);
}

static void test_conf(void) {
  g_autofree char *text = gw_init_conf(&good);
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(gw_conf) conf = gw_conf_parse(text, strlen(text), "/nowhere/t.conf", errors);
  g_assert_cmpuint(errors->len, ==, 0);
  g_assert_nonnull(conf);
  g_assert_cmpuint(gw_conf_warnings(conf)->len, ==, 0);
  g_assert_cmpstr(gw_conf_str(conf, "xmpp.domain"), ==, "phone.example.org");
  g_assert_cmpstr(gw_conf_secret(conf, "xmpp.secret"), ==, "s3cret");
  g_assert_cmpstr(gw_conf_secret(conf, "phones[0].password"), ==, "pa55");
  g_assert_cmpstr(gw_conf_str(conf, "rooms[0].room"), ==, "standup@rooms.example.org");
  g_assert_cmpint(gw_conf_find(conf, "rooms", "8000"), ==, 0);
  g_assert_cmpuint(g_strv_length(lines), <=, 17);
}

static void test_pieces(void) {
  g_autofree char *global = piece("prosody_global", &good);
  g_autofree char *components = piece("prosody_components", &good);
  g_autofree char *groups = piece("prosody_groups", &good), *ejabberd = piece("ejabberd", &good);
  g_autofree char *commands = piece("ejabberd_commands", &good);
  holds(global, "groups_file = ");
  holds(components, "Component \"rooms.example.org\" \"muc\"");
  holds(components, "admins = { \"gateway@phone.example.org\" }");
  holds(components, "Component \"phone.example.org\"\n  component_secret = \"s3cret\"");
  holds(groups, "\n100@phone.example.org=Phone 100\n");
  holds(groups, "\ngateway@phone.example.org=");
  holds(groups, "\nphones@phone.example.org=");
  holds(ejabberd, "hosts: { \"phone.example.org\": { password: \"s3cret\" } }");
  holds(ejabberd, "user: [ \"gateway@phone.example.org\" ]");
  holds(commands, "registered_users example.org)");
  holds(commands, "add_rosteritem $user example.org 100 phone.example.org \"Phone 100\" ");
  holds(commands, "add_rosteritem $user example.org gateway phone.example.org ");
  holds(commands, "add_rosteritem $user example.org phones phone.example.org ");
}

/* A room service without a parent of its own: its domain is the users'. */
static void test_short_room(void) {
  gw_init_answers a = good;
  a.room = (char *)"r@rooms.lan";
  g_autofree char *commands = piece("ejabberd_commands", &a);
  holds(commands, "registered_users rooms.lan)");
}

static void test_problems(void) {
  static const struct {
    gsize member;
    const char *value, *word; /* word: of the message; NULL: fine */
  } rows[] = {
#define M(name) offsetof(gw_init_answers, name)
      {M(domain), NULL, "domain"},
      {M(domain), "", "domain"},
      {M(domain), "phone.example.org\"", "domain"},
      {M(domain), "a b", "domain"},
      {M(domain), ".org", "domain"},
      {M(domain), "localhost", NULL},
      {M(secret), "a\"b", "secret"},
      {M(secret), "a\\b", "secret"},
      {M(secret), "a\nb", "secret"},
      {M(secret), "", "secret"},
      {M(secret), "p#;{}$%", NULL},
      {M(room), "rooms.example.org", "room"},
      {M(room), "standup@rooms.example.org/nick", "room"},
      {M(room), "stand\"up@rooms.example.org", "room"},
      {M(room), "sales_2@conf.x", NULL},
      {M(password), "two words", "password"},
      {M(phone), "10a", "phone"},
      {M(phone), "8000", "different numbers"},
      {M(number), "", "number"},
      {M(number), "1234567890123456", "number"},
  };
  g_autofree char *none = gw_init_problem(&good);
  g_assert_null(none);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_init_answers a = good;
    *(const char **)((char *)&a + rows[i].member) = rows[i].value;
    g_autofree char *problem = gw_init_problem(&a);
    g_test_message("%u %s: %s", i, rows[i].value, problem);
    g_assert_cmpint(problem != NULL, ==, rows[i].word != NULL);
    if (problem) holds(problem, rows[i].word);
    /* what passes here is a configuration */
    g_autofree char *text = problem ? NULL : gw_init_conf(&a);
    g_autoptr(gw_conf) conf = text ? gw_conf_parse(text, strlen(text), "/t.conf", NULL) : NULL;
    g_assert_true(problem || conf);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/init/conf", test_conf);
  g_test_add_func("/init/pieces", test_pieces);
  g_test_add_func("/init/short-room", test_short_room);
  g_test_add_func("/init/problems", test_problems);
  return g_test_run();
}
