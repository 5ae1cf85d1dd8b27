/* People's own SIP accounts: what is kept, what is run of it, who has what, and when its owner is told. The rooms below are
 * stood in for. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "daemon/accounts.h"

#define ANNA "anna@example.org"
#define CONF                                                                                       \
  "xmpp = { domain = \"phone.example.org\"; secret = \"s\"; registration = [ \"*@example.org\" ];" \
  " registrars = [ \"sip.example.net\" ]; max_accounts = 2; };\n"                                  \
  "trunks = ( { name = \"main\"; proxy = \"sip.example.net\"; register = true; user = \"house\"; password = \"p\"; } );\n"

static struct {
  gw_register_events on;
  void *user;
  gboolean allowed, up;
  gw_sip_trunk_state state;
  GString *told;
  guint changes;
} far;

void gw_xmpp_set_register_events(gw_xmpp *x, const gw_register_events *events, void *user) {
  far.on = *events;
  far.user = user;
}

void gw_xmpp_set_registration(gw_xmpp *x, const char *const *patterns, const char *const *registrars) {
}

gboolean gw_xmpp_may_register(const gw_xmpp *x, const char *jid) {
  return far.allowed;
}

gboolean gw_xmpp_tell_account(gw_xmpp *x, const char *bare, const char *status, const char *text) {
  if (far.up) g_string_append_printf(far.told, "%s: %s;", bare, status ? status : text);
  return far.up;
}

gboolean gw_sip_find_trunk(const gw_sip *sip, const char *name, gw_sip_trunk_info *ret) {
  *ret = (gw_sip_trunk_info){.name = name, .state = far.state, .reason = "403 Forbidden", .since_wall_us = 1, .personal = TRUE};
  return TRUE;
}

typedef struct {
  char *dir, *path, *conf_path;
  gw_conf *conf;
  gw_store *store;
  gw_accounts *a;
} fixture;

static void changed(void *user) {
  far.changes++;
}

static void open_all(fixture *f) {
  g_autoptr(GError) error = NULL;
  f->store = gw_store_open(f->path, NULL, &error);
  g_assert_no_error(error);
  f->a = gw_accounts_new(f->store, NULL, changed, NULL);
  gw_accounts_connect(f->a, (const gw_sip *)f);
  gw_accounts_configure(f->a, f->conf);
}

static void close_all(fixture *f) {
  gw_accounts_free(f->a);
  gw_store_close(f->store);
}

static void up(fixture *f, gconstpointer data) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  far.allowed = far.up = TRUE;
  far.state = GW_TRUNK_TRYING;
  far.told = g_string_new(NULL);
  far.changes = 0;
  f->dir = g_dir_make_tmp("tipring-accounts-XXXXXX", NULL);
  f->path = g_build_filename(f->dir, "t.db", NULL);
  f->conf_path = g_build_filename(f->dir, "t.conf", NULL);
  g_assert_true(g_file_set_contents_full(f->conf_path, CONF, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  f->conf = gw_conf_load(f->conf_path, errors);
  g_assert_nonnull(f->conf);
  open_all(f);
}

static void down(fixture *f, gconstpointer data) {
  static const char *const tails[] = {"", "-wal", "-shm"};
  close_all(f);
  for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
    g_autofree char *name = g_strconcat(f->path, tails[i], NULL);
    g_unlink(name);
  }
  g_unlink(f->conf_path);
  g_rmdir(f->dir);
  g_string_free(far.told, TRUE);
  gw_conf_free(f->conf);
  g_free(f->path);
  g_free(f->conf_path);
  g_free(f->dir);
}

static const char *set_at(const char *registrar, const char *jid, const char *user, const char *password) {
  g_autoptr(gw_account) a = gw_account_new(user, registrar, password, "Anna");
  return far.on.set(jid, a, far.user);
}

static const char *set(const char *jid, const char *user, const char *password) {
  return set_at("sip.example.net", jid, user, password);
}

static void trunk_is(fixture *f, gw_sip_trunk_state state) {
  gw_sip_trunk_info info;
  far.state = state;
  gw_sip_find_trunk(NULL, "account:" ANNA, &info);
  gw_accounts_trunk(f->a, &info);
}

static guint trunks_of(const fixture *f, gw_sip_trunk *ret) {
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(gw_sip_trunk));
  static GPtrArray *arena;
  if (arena) g_ptr_array_unref(arena);
  arena = g_ptr_array_new_with_free_func(g_free);
  gw_accounts_add_trunks(f->a, list, arena);
  if (list->len) *ret = g_array_index(list, gw_sip_trunk, 0);
  return list->len;
}

/* Over a restart; and gone for good when it is removed. */
static void test_kept(fixture *f, gconstpointer data) {
  const char *status = NULL;
  gw_sip_trunk t;
  struct stat file;
  g_assert_null(set(ANNA, "anna", "secret"));
  g_assert_cmpuint(far.changes, ==, 1);
  close_all(f);
  g_assert_cmpint(stat(f->path, &file), ==, 0);
  g_assert_cmpuint(file.st_mode & 077, ==, 0);
  open_all(f);
  const gw_account *a = far.on.get(ANNA, &status, far.user);
  g_assert_cmpstr(a->user, ==, "anna");
  g_assert_cmpstr(a->password, ==, "secret");
  g_assert_cmpstr(a->name, ==, "Anna");
  g_assert_cmpuint(trunks_of(f, &t), ==, 1);
  g_assert_cmpstr(t.name, ==, "account:" ANNA);
  g_assert_cmpstr(t.password, ==, "secret");
  g_assert_true(t.personal && t.registers);
  far.on.remove(ANNA, far.user);
  g_assert_cmpuint(trunks_of(f, &t), ==, 0);
  close_all(f);
  open_all(f);
  g_assert_null(far.on.get(ANNA, &status, far.user));
  g_assert_false(gw_accounts_drop(f->a, ANNA));
}

static void test_who_has_what(fixture *f, gconstpointer data) {
  g_assert_null(set(ANNA, "anna", "1"));
  g_assert_cmpstr(set("bert@example.org", "anna", "2"), ==, "conflict"); /* hers, with whatever password */
  g_assert_cmpstr(set("bert@example.org", "house", "2"), ==, "conflict"); /* the operator's */
  g_assert_cmpstr(set_at("SIP.example.net:5060", "bert@example.org", "house", "2"), ==, "conflict");
  g_assert_cmpstr(set_at("sip.example.net:5060", "bert@example.org", "anna", "2"), ==, "conflict");
  g_assert_null(set("bert@example.org", "bert", "2"));
  g_assert_cmpstr(set("carl@example.org", "carl", "3"), ==, "resource-constraint");
  g_assert_null(set(ANNA, "anna", "4")); /* she may change hers */
  gw_account_info info;
  g_assert_cmpuint(gw_accounts_count(f->a), ==, 2);
  gw_accounts_get(f->a, 1, &info);
  g_assert_cmpstr(info.jid, ==, "bert@example.org");
  g_assert_cmpstr(info.address, ==, "bert@sip.example.net");
}

/* A name that somebody has entered with a wrong password keeps nobody from his own account. */
static void test_no_squatting(fixture *f, gconstpointer data) {
  g_assert_null(set("bert@example.org", "anna", "guess"));
  g_assert_cmpstr(set(ANNA, "anna", "1"), ==, "conflict"); /* it may be his */
  far.state = GW_TRUNK_DOWN;
  g_assert_cmpstr(set(ANNA, "house", "1"), ==, "conflict");
  g_assert_null(set(ANNA, "anna", "1"));
  far.state = GW_TRUNK_UP;
  g_assert_cmpstr(set("bert@example.org", "anna", "guess"), ==, "conflict");
}

/* The ways of the bridge: hers alone. What the file lets no longer is kept, and nothing is made of it. */
static void test_used(fixture *f, gconstpointer data) {
  gw_sip_trunk t;
  gw_account_info info;
  g_assert_null(set(ANNA, "anna", "1"));
  gw_bridge_conf conf = {.trunks = g_ptr_array_new()};
  gw_accounts_add_ways(f->a, &conf);
  g_assert_cmpuint(conf.trunks->len, ==, 1);
  gw_trunk_conf *way = conf.trunks->pdata[0];
  g_assert_cmpstr(way->owner, ==, ANNA);
  g_assert_cmpstr(way->caller, ==, "anna");
  g_assert_cmpuint(way->max_calls, >, 0);
  far.allowed = FALSE;
  g_assert_cmpuint(trunks_of(f, &t), ==, 0);
  gw_accounts_get(f->a, 0, &info);
  g_assert_cmpstr(info.state, ==, "off");
  g_assert_nonnull(info.reason);
  g_ptr_array_unref(conf.trunks);
  char *words[] = {way->name, way->owner, way->caller, way->caller_name};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    g_free(words[i]);
  g_strfreev(way->dial_out);
  g_strfreev(way->dial_out_by);
  g_free(way);
}

#define EXPECT(text)                                                                               \
  do {                                                                                             \
    g_assert_cmpstr(far.told->str, ==, text);                                                      \
    g_string_truncate(far.told, 0);                                                                \
  } while (0)

/* The outcome once, each change once, a restart never, and not more often than somebody can read. */
static void test_told(fixture *f, gconstpointer data) {
  g_assert_null(set(ANNA, "anna", "1"));
  EXPECT("");
  trunk_is(f, GW_TRUNK_DOWN);
  EXPECT(ANNA ": not registered (403 Forbidden);");
  trunk_is(f, GW_TRUNK_DOWN);
  trunk_is(f, GW_TRUNK_TRYING);
  EXPECT("");
  trunk_is(f, GW_TRUNK_UP);
  EXPECT(ANNA ": registered;");
  far.state = GW_TRUNK_TRYING;
  close_all(f);
  open_all(f);
  trunk_is(f, GW_TRUNK_UP);
  EXPECT("");
  far.up = FALSE; /* while the stream is away */
  trunk_is(f, GW_TRUNK_DOWN);
  far.up = TRUE;
  gw_accounts_tell_all(f->a);
  EXPECT(ANNA ": not registered (403 Forbidden);");
  far.allowed = FALSE; /* the file lets it no longer */
  gw_accounts_configure(f->a, f->conf);
  gw_accounts_tell_all(f->a);
  gw_accounts_tell_all(f->a);
  EXPECT(ANNA ": not registered (the operator does not let it be used any more);");
  far.allowed = TRUE;
  for (guint i = 0; i < 50; i++)
    trunk_is(f, i % 2 ? GW_TRUNK_DOWN : GW_TRUNK_UP);
  guint n = 0;
  for (const char *p = far.told->str; (p = strchr(p, ';')); p++)
    n++;
  g_assert_cmpuint(n, >=, 1);
  g_assert_cmpuint(n, <=, 6);
  g_string_truncate(far.told, 0);
  g_assert_true(gw_accounts_drop(f->a, "ANNA@example.org"));
  EXPECT(ANNA ": Your SIP account anna@sip.example.net has been removed by the operator.;");
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_log_set_level(GW_LOG_ERROR);
#define CASE(name, fn) g_test_add("/accounts/" name, fixture, NULL, up, fn, down)
  CASE("kept", test_kept);
  CASE("who-has-what", test_who_has_what);
  CASE("no-squatting", test_no_squatting);
  CASE("used", test_used);
  CASE("told", test_told);
  return g_test_run();
}
