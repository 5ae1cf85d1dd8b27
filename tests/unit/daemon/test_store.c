/* test_store.c - what the store keeps over a restart, and what it does when the file cannot be
 * written. */
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/log.h"
#include "daemon/store.h"

typedef struct {
  char *dir, *path;
  GMainContext *ctx;
  gw_store *store;
} fixture;

static void open_store(fixture *f) {
  g_autoptr(GError) error = NULL;
  f->store = gw_store_open(f->path, f->ctx, &error);
  g_assert_no_error(error);
}

static void reopen(fixture *f) {
  gw_store_close(f->store);
  open_store(f);
}

static void up(fixture *f, gconstpointer data) {
  f->dir = g_dir_make_tmp("tipring-store-XXXXXX", NULL);
  f->path = g_build_filename(f->dir, "sub", "t.db", NULL);
  f->ctx = g_main_context_new();
  open_store(f);
}

static void down(fixture *f, gconstpointer data) {
  static const char *const tails[] = {"", "-wal", "-shm"};
  gw_store_close(f->store);
  for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
    g_autofree char *file = g_strconcat(f->path, tails[i], NULL);
    g_unlink(file);
  }
  g_autofree char *sub = g_path_get_dirname(f->path);
  g_rmdir(sub);
  g_rmdir(f->dir);
  g_main_context_unref(f->ctx);
  g_free(f->dir);
  g_free(f->path);
}

/* --- history, waited for */
typedef struct {
  GPtrArray *json;
} answer;

static void on_history(GPtrArray *json, void *user) {
  answer *a = user;
  g_assert_null(a->json);
  a->json = g_ptr_array_ref(json);
}

static gboolean too_late(void *user) {
  g_error("no answer from the store");
  return G_SOURCE_REMOVE;
}

static GPtrArray *history(fixture *f, const char *id, gint64 since, guint limit) {
  answer a = {NULL};
  g_autoptr(GSource) limit_source = g_timeout_source_new_seconds(20);
  g_source_set_callback(limit_source, too_late, NULL, NULL);
  g_source_attach(limit_source, f->ctx);
  gw_store_history(f->store, id, since, limit, on_history, &a);
  g_assert_null(a.json); /* never from inside the call */
  while (!a.json)
    g_main_context_iteration(f->ctx, TRUE);
  g_source_destroy(limit_source);
  return a.json;
}

static void test_running(fixture *f, gconstpointer data) {
  gw_store_session_add(f->store, "1@d/a", "x@y/z", "sid1");
  gw_store_session_add(f->store, "1@d/a", "x@y/z", "sid2");
  gw_store_session_add(f->store, "1@d/a", "x@y/z", "sid2"); /* twice is once */
  gw_store_session_remove(f->store, "1@d/a", "x@y/z", "sid1");
  gw_store_occupant_add(f->store, "1@d/a", "room@c/nick");
  gw_store_occupant_add(f->store, "2@d/a", "room@c/two");
  gw_store_occupant_remove(f->store, "2@d/a", "room@c/two");
  g_autoptr(GPtrArray) before = gw_store_sessions(f->store);
  g_assert_cmpuint(before->len, ==, 0); /* what was left at the start, not what runs */
  reopen(f);
  g_autoptr(GPtrArray) sessions = gw_store_sessions(f->store);
  g_autoptr(GPtrArray) occupants = gw_store_occupants(f->store);
  g_assert_cmpuint(sessions->len, ==, 1);
  const gw_store_session *s = g_ptr_array_index(sessions, 0);
  g_assert_cmpstr(s->our_jid, ==, "1@d/a");
  g_assert_cmpstr(s->peer_jid, ==, "x@y/z");
  g_assert_cmpstr(s->sid, ==, "sid2");
  g_assert_cmpuint(occupants->len, ==, 1);
  g_assert_cmpstr(((gw_store_occupant *)g_ptr_array_index(occupants, 0))->room_nick, ==,
                  "room@c/nick");
  gw_store_clear_running(f->store);
  reopen(f);
  g_autoptr(GPtrArray) none = gw_store_sessions(f->store);
  g_autoptr(GPtrArray) nobody = gw_store_occupants(f->store);
  g_assert_cmpuint(none->len + nobody->len, ==, 0);
}

static void test_watchers(fixture *f, gconstpointer data) {
  gw_store_watcher_add(f->store, "101@p.x", "a@x");
  gw_store_watcher_add(f->store, "101@p.x", "a@x");
  gw_store_watcher_add(f->store, "101@p.x", "b@x");
  gw_store_watcher_remove(f->store, "101@p.x", "b@x");
  gw_store_clear_running(f->store); /* nothing of calls */
  reopen(f);
  g_autoptr(GPtrArray) all = gw_store_watchers(f->store);
  g_assert_cmpuint(all->len, ==, 1);
  const gw_store_watcher *w = g_ptr_array_index(all, 0);
  g_assert_cmpstr(w->our_jid, ==, "101@p.x");
  g_assert_cmpstr(w->their_jid, ==, "a@x");
}

static void test_ledger(fixture *f, gconstpointer data) {
  gw_store_ledger_save(f->store, "a@c", "one");
  gw_store_ledger_save(f->store, "b@c", "'; DROP TABLE ledger; --");
  gw_store_ledger_save(f->store, "a@c", "two");
  gw_store_ledger_save(f->store, "c@c", "x");
  gw_store_ledger_save(f->store, "c@c", "");
  reopen(f);
  g_autoptr(GPtrArray) ledgers = gw_store_ledgers(f->store);
  g_assert_cmpuint(ledgers->len, ==, 2);
  const gw_store_ledger *a = g_ptr_array_index(ledgers, 0), *b = g_ptr_array_index(ledgers, 1);
  g_assert_cmpstr(a->room, ==, "a@c");
  g_assert_cmpstr(a->text, ==, "two");
  g_assert_cmpstr(b->text, ==, "'; DROP TABLE ledger; --");
}

static void test_bindings(fixture *f, gconstpointer data) {
  gint64 later = gw_wall_us() + GW_SEC(3600);
  gw_store_binding_save(f->store, "100", "sip:100@192.0.2.1", "udp:192.0.2.1:5060", "Phone", later);
  gw_store_binding_save(f->store, "100", "sip:100@192.0.2.2", "udp:192.0.2.2:5060", NULL, later);
  gw_store_binding_save(f->store, "101", "sip:101@192.0.2.3", "udp:192.0.2.3:5060", "", 1);
  gw_store_binding_save(f->store, "102", "sip:102@192.0.2.4", "udp:192.0.2.4:5060", "", later);
  gw_store_binding_save(f->store, "102", "sip:102@192.0.2.4", "udp:192.0.2.4:5060", "", 0);
  for (guint round = 0; round < 2; round++, reopen(f)) {
    g_autoptr(GPtrArray) all = gw_store_bindings(f->store);
    g_assert_cmpuint(all->len, ==, 2); /* 101 ran out, 102 went */
    const gw_store_binding *b = g_ptr_array_index(all, 0);
    g_assert_cmpstr(b->number, ==, "100");
    g_assert_cmpstr(b->contact, ==, "sip:100@192.0.2.1");
    g_assert_cmpstr(b->source, ==, "udp:192.0.2.1:5060");
    g_assert_cmpstr(b->user_agent, ==, "Phone");
    g_assert_cmpint(b->expires_wall_us, ==, later);
    g_auto(GStrv) contacts = gw_store_contacts(f->store, "100");
    g_auto(GStrv) none = gw_store_contacts(f->store, "101");
    g_assert_cmpuint(g_strv_length(contacts), ==, 2);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
  }
}

static void set(GHashTable *keys, const char *key, const char *value) {
  g_hash_table_replace(keys, g_strdup(key), g_strdup(value));
}

static void test_items(fixture *f, gconstpointer data) {
  g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  set(keys, "number", "8001");
  set(keys, "room", "a@c");
  set(keys, "password", "a=b\nc\\\"\303\244");
  gw_store_item_put(f->store, "rooms", "8001", keys);
  set(keys, "number", "7");
  gw_store_item_put(f->store, "rooms", "7", keys);
  gw_store_item_put(f->store, "phones", "8001", keys);
  gw_store_item_put(f->store, "rooms", "9", keys);
  gw_store_item_remove(f->store, "rooms", "9");
  for (guint round = 0; round < 2; round++, reopen(f)) {
    g_autoptr(GPtrArray) rooms = gw_store_items(f->store, "rooms");
    g_autoptr(GPtrArray) phones = gw_store_items(f->store, "phones");
    g_assert_cmpuint(rooms->len, ==, 2);
    g_assert_cmpuint(phones->len, ==, 1);
    GHashTable *second = g_ptr_array_index(rooms, 1);
    g_assert_cmpstr(g_hash_table_lookup(second, "number"), ==, "8001");
    g_assert_cmpstr(g_hash_table_lookup(second, "password"), ==, "a=b\nc\\\"\303\244");
  }
}

static void test_history(fixture *f, gconstpointer data) {
  for (guint i = 0; i < 1000; i++) {
    g_autofree char *id = g_strdup_printf("call%u", i);
    g_autofree char *json = g_strdup_printf("{\"n\":%u}", i);
    gw_store_record(f->store, id, json, 1000 + (gint64)i);
  }
  g_autoptr(GPtrArray) newest = history(f, NULL, 0, 3);
  g_assert_cmpuint(newest->len, ==, 3);
  g_assert_cmpstr(g_ptr_array_index(newest, 0), ==, "{\"n\":999}");
  g_assert_cmpstr(g_ptr_array_index(newest, 2), ==, "{\"n\":997}");
  g_autoptr(GPtrArray) since = history(f, NULL, 1995, 100);
  g_assert_cmpuint(since->len, ==, 5);
  g_autoptr(GPtrArray) one = history(f, "call17", 0, 100);
  g_assert_cmpuint(one->len, ==, 1);
  g_assert_cmpstr(g_ptr_array_index(one, 0), ==, "{\"n\":17}");
  g_autoptr(GPtrArray) none = history(f, "nosuch", 0, 100);
  g_assert_cmpuint(none->len, ==, 0);
  /* the trace comes with one call, not with the list; what is no JSON is nobody's trouble here */
  gw_store_record(f->store, "long", "{\"n\":7,\"trace\":{\"events\":[]}}", 5000);
  gw_store_record(f->store, "odd", "{\"n\"", 5001);
  g_autoptr(GPtrArray) list = history(f, NULL, 5000, 9);
  g_autoptr(GPtrArray) alone = history(f, "long", 0, 1);
  g_assert_cmpuint(list->len, ==, 2);
  g_assert_cmpstr(g_ptr_array_index(list, 0), ==, "{\"n\"");
  g_assert_cmpstr(g_ptr_array_index(list, 1), ==, "{\"n\":7}");
  g_assert_cmpstr(g_ptr_array_index(alone, 0), ==, "{\"n\":7,\"trace\":{\"events\":[]}}");
  reopen(f);
  g_autoptr(GPtrArray) again = history(f, NULL, 0, 2000);
  g_assert_cmpuint(again->len, ==, 1002);
  g_assert_cmpuint(gw_store_dropped(f->store), ==, 0);
}

static void test_question_at_close(fixture *f, gconstpointer data) {
  answer a = {NULL};
  gw_store_record(f->store, "c", "{}", 1);
  gw_store_history(f->store, NULL, 0, 10, on_history, &a);
  reopen(f);
  g_assert_nonnull(a.json); /* whoever asked is not left waiting for ever */
  g_assert_cmpuint(a.json->len, ==, 0);
  g_ptr_array_unref(a.json);
}

static void test_file_mode(fixture *f, gconstpointer data) {
  struct stat st;
  gw_store_record(f->store, "c", "{}", 1);
  g_autoptr(GPtrArray) written = history(f, NULL, 0, 1);
  g_assert_cmpuint(written->len, ==, 1);
  g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
  g_assert_cmpint(g_stat(f->path, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0600);
  g_assert_cmpint(g_stat(wal, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0077, ==, 0);
}

/* --- versions */
static void run_sql(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close(db);
}

static char *open_error(fixture *f) {
  g_autoptr(GError) error = NULL;
  g_assert_null(gw_store_open(f->path, f->ctx, &error));
  g_assert_nonnull(error);
  return g_strdup(error->message);
}

static void close_store(fixture *f) {
  gw_store_close(f->store);
  f->store = NULL;
}

static void test_version_0(fixture *f, gconstpointer data) {
  close_store(f);
  g_unlink(f->path);
  run_sql(f->path, "PRAGMA user_version = 0; VACUUM;"); /* a real, empty database file */
  open_store(f);
  gw_store_ledger_save(f->store, "a@c", "one");
  reopen(f);
  g_autoptr(GPtrArray) ledgers = gw_store_ledgers(f->store);
  g_assert_cmpuint(ledgers->len, ==, 1);
}

/* A file of the version before this table. */
static void test_version_1(fixture *f, gconstpointer data) {
  gw_store_ledger_save(f->store, "a@c", "kept");
  close_store(f);
  run_sql(f->path, "DROP TABLE watcher; PRAGMA user_version = 1;");
  open_store(f);
  g_autoptr(GPtrArray) ledgers = gw_store_ledgers(f->store), watchers = gw_store_watchers(f->store);
  g_assert_cmpuint(ledgers->len, ==, 1);
  g_assert_cmpuint(watchers->len, ==, 0);
}

static void test_newer_version(fixture *f, gconstpointer data) {
  close_store(f);
  run_sql(f->path, "PRAGMA user_version = 77;");
  g_autofree char *error = open_error(f);
  g_assert_nonnull(strstr(error, "newer version (format 77"));
  g_assert_nonnull(strstr(error, f->path));
  run_sql(f->path, "PRAGMA user_version = 2;");
  open_store(f);
}

static void test_no_database(fixture *f, gconstpointer data) {
  close_store(f);
  g_assert_true(
      g_file_set_contents(f->path, "this is no database, but a long enough text", -1, NULL));
  g_autofree char *error = open_error(f);
  g_assert_nonnull(strstr(error, "not a database"));
  g_unlink(f->path);
  g_assert_cmpint(g_mkdir(f->path, 0700), ==, 0);
  g_autofree char *folder = open_error(f);
  g_assert_nonnull(strstr(folder, f->path));
  g_rmdir(f->path);
}

/* --- trouble */
static void test_locked(fixture *f, gconstpointer data) {
  sqlite3 *other = NULL;
  g_assert_cmpint(sqlite3_open(f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  gw_store_record(f->store, "c", "{}", 1);
  g_autoptr(GPtrArray) nothing =
      history(f, NULL, 0, 10); /* answered although nothing can be written */
  g_assert_cmpuint(nothing->len, ==, 0);
  g_assert_true(gw_store_failing(f->store));
  g_assert_cmpint(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close(other);
  g_autoptr(GPtrArray) there = history(f, NULL, 0, 10);
  g_assert_cmpuint(there->len, ==, 1);
  g_assert_false(gw_store_failing(f->store));
  g_assert_cmpuint(gw_store_dropped(f->store), ==, 0);
}

static void test_overflow(fixture *f, gconstpointer data) {
  sqlite3 *other = NULL;
  const guint many = 20000;
  g_assert_cmpint(sqlite3_open(f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  gw_store_session_add(f->store, "1@d/a", "x@y/z", "sid1");
  for (guint i = 0; i < many; i++)
    gw_store_record(f->store, "c", "{}", i);
  gw_store_session_remove(f->store, "1@d/a", "x@y/z", "sid1");
  guint64 dropped = gw_store_dropped(f->store);
  g_assert_cmpuint(dropped, >, many / 2); /* bounded */
  g_assert_cmpint(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close(other);
  g_autoptr(GPtrArray) kept = history(f, NULL, 0, 100000);
  g_assert_cmpuint(kept->len + dropped, ==, many);
  reopen(f);
  g_autoptr(GPtrArray) sessions = gw_store_sessions(f->store);
  g_assert_cmpuint(sessions->len, ==, 0); /* what frees was not dropped */
}

/* A disk without room: nothing dies, and when there is room again all is written. */
static void test_disk_full(fixture *f, gconstpointer data) {
  struct rlimit limit;
  g_autofree char *big = g_strnfill(20000, 'x');
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  rlim_t before = limit.rlim_cur;
  limit.rlim_cur = 200000;
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  for (guint i = 0; i < 50; i++)
    gw_store_record(f->store, "c", big, i);
  g_autoptr(GPtrArray) some = history(f, NULL, 0, 100);
  g_assert_cmpuint(some->len, <, 50);
  g_assert_true(gw_store_failing(f->store));
  limit.rlim_cur = before;
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  g_autoptr(GPtrArray) all = history(f, NULL, 0, 100);
  g_assert_cmpuint(all->len, ==, 50);
  g_assert_false(gw_store_failing(f->store));
}

#define ADD(name, fn) g_test_add("/store/" name, fixture, NULL, up, fn, down)
int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  ADD("running", test_running);
  ADD("ledger", test_ledger);
  ADD("bindings", test_bindings);
  ADD("items", test_items);
  ADD("history", test_history);
  ADD("question-at-close", test_question_at_close);
  ADD("file-mode", test_file_mode);
  ADD("watchers", test_watchers);
  ADD("version-1", test_version_1);
  ADD("version-0", test_version_0);
  ADD("newer-version", test_newer_version);
  ADD("no-database", test_no_database);
  ADD("locked", test_locked);
  ADD("overflow", test_overflow);
  ADD("disk-full", test_disk_full);
  return g_test_run();
}
