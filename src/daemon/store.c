/* store.c - the control thread's side of the store: opens, keeps what it must answer at once,
 * queues the rest. */
#include "daemon/store.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "daemon/store_internal.h"

/* --- open and close */
static void on_answer(gw_msg *msg, void *user) {
  gw_store_query *q = (gw_store_query *)msg;
  q->fn(q->json, q->user);
  gw_store_query_free(msg);
}

/* The file holds passwords: it is made for us alone (its -wal and -shm take the same mode). */
static gboolean make_file(const char *path, GError **error) {
  g_autofree char *dir = g_path_get_dirname(path);
  int fd = -1;
  if (g_mkdir_with_parents(dir, 0750) == 0)
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) {
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                "the store %s cannot be opened: %s: make its folder writable for this user", path,
                g_strerror(errno));
    return FALSE;
  }
  close(fd);
  return TRUE;
}

static gboolean open_database(gw_store *store, const char *path, GError **error) {
  int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) {
    sqlite3_busy_timeout(store->db, GW_STORE_BUSY_MS);
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
  }
  if (rc == SQLITE_OK && !gw_store_migrate(store->db, path, error)) return FALSE;
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(
        store->db,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64; " /* KiB; records are written once and seldom read */
        "PRAGMA secure_delete=ON;" /* a password that was taken out is overwritten */
        ,
        NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                "%s cannot be used as store: %s: mend it or move it away", path,
                sqlite3_errmsg(store->db));
  return rc == SQLITE_OK;
}

/* Signals are the control thread's. */
static gboolean start_thread(gw_store *store, GError **error) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&store->thread, NULL, gw_store_run, store);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  store->running = rc == 0;
  if (rc != 0)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no thread for the store: %s",
                g_strerror(rc));
  return store->running;
}

gw_store *gw_store_open(const char *path, GMainContext *control, GError **error) {
  GW_ON_CONTROL();
  if (!make_file(path, error)) return NULL;
  g_autoptr(gw_store) store = g_new0(gw_store, 1);
  g_queue_init(&store->pending);
  store->writes = gw_queue_new(GW_STORE_QUEUE, gw_store_write_free);
  store->queries = gw_queue_new(GW_STORE_QUERIES, gw_store_query_free);
  store->answers = gw_queue_new(GW_STORE_QUERIES, gw_store_query_free);
  store->bindings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, gw_store_binding_free);
  store->items =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
  if (!open_database(store, path, error) || !gw_store_prepare(store, error) ||
      !gw_store_read_all(store, error) || !start_thread(store, error))
    return NULL;
  store->answers_source = gw_queue_attach(store->answers, control, on_answer, store);
  return g_steal_pointer(&store);
}

static void empty_answer(gw_msg *msg) {
  gw_store_query *q = (gw_store_query *)msg;
  g_ptr_array_set_size(q->json, 0);
  on_answer(msg, NULL);
}

static void stop_thread(gw_store *store) {
  gw_msg *msg;
  if (!store->running) return;
  gw_store_query *end = g_new0(gw_store_query, 1); /* no fn: the last message */
  gw_queue_push_always(store->queries, &end->msg);
  pthread_join(store->thread, NULL);
  while ((msg = gw_queue_pop(store->queries)))
    empty_answer(msg);
  while ((msg = gw_queue_pop(store->answers)))
    empty_answer(msg);
}

void gw_store_close(gw_store *store) {
  if (!store) return;
  stop_thread(store);
  if (store->answers_source) {
    g_source_destroy(store->answers_source);
    g_source_unref(store->answers_source);
  }
  for (guint i = 0; i < GW_N_OPS; i++)
    sqlite3_finalize(store->ops[i]);
  sqlite3_finalize(store->history);
  sqlite3_close(store->db);
  gw_queue_free(store->writes);
  gw_queue_free(store->queries);
  gw_queue_free(store->answers);
  g_clear_pointer(&store->sessions, g_ptr_array_unref);
  g_clear_pointer(&store->occupants, g_ptr_array_unref);
  g_clear_pointer(&store->ledgers, g_ptr_array_unref);
  g_clear_pointer(&store->watchers, g_ptr_array_unref);
  g_hash_table_unref(store->bindings);
  g_hash_table_unref(store->items);
  g_free(store);
}

guint64 gw_store_dropped(const gw_store *store) {
  return atomic_load(&store->dropped);
}

gboolean gw_store_failing(const gw_store *store) {
  return atomic_load(&store->failing);
}

/* --- writes */
/* frees: never refused, or what was freed would come back at the next start. */
static void put(gw_store *store, gw_store_op op, gboolean frees, gint64 num,
                const char *const *text) {
  GW_ON_CONTROL();
  gw_store_write *w = g_new0(gw_store_write, 1);
  w->op = op;
  w->num = num;
  for (guint i = 0; text[i]; i++) {
    g_assert(i < GW_STORE_PARAMS);
    w->text[i] = g_strdup(text[i]);
    w->bytes += strlen(text[i]) + 1;
  }
  atomic_fetch_add(&store->bytes, w->bytes);
  if (frees) {
    gw_queue_push_always(store->writes, &w->msg);
  } else if (atomic_load(&store->bytes) > GW_STORE_BYTES ||
             !gw_queue_push(store->writes, &w->msg)) {
    if (atomic_fetch_add(&store->dropped, 1) % 1000 == 0)
      gw_warn(NULL, "store-overflow", "dropped=%" G_GUINT64_FORMAT, gw_store_dropped(store));
    atomic_fetch_sub(&store->bytes, w->bytes);
    gw_store_write_free(&w->msg);
  }
}
#define PUT(store, op, frees, num, ...)                                                            \
  put(store, op, frees, num, (const char *const[]){__VA_ARGS__, NULL})
#define PUT_BARE(store, op) put(store, op, TRUE, 0, (const char *const[]){NULL})

void gw_store_session_add(gw_store *store, const char *our_jid, const char *peer_jid,
                          const char *sid) {
  PUT(store, GW_OP_SESSION_ADD, FALSE, 0, our_jid, peer_jid, sid);
}

void gw_store_session_remove(gw_store *store, const char *our_jid, const char *peer_jid,
                             const char *sid) {
  PUT(store, GW_OP_SESSION_REMOVE, TRUE, 0, our_jid, peer_jid, sid);
}

void gw_store_occupant_add(gw_store *store, const char *our_jid, const char *room_nick) {
  PUT(store, GW_OP_OCCUPANT_ADD, FALSE, 0, our_jid, room_nick);
}

void gw_store_occupant_remove(gw_store *store, const char *our_jid, const char *room_nick) {
  PUT(store, GW_OP_OCCUPANT_REMOVE, TRUE, 0, our_jid, room_nick);
}

void gw_store_watcher_add(gw_store *store, const char *our_jid, const char *their_jid) {
  PUT(store, GW_OP_WATCHER_ADD, FALSE, 0, our_jid, their_jid);
}

void gw_store_watcher_remove(gw_store *store, const char *our_jid, const char *their_jid) {
  PUT(store, GW_OP_WATCHER_REMOVE, TRUE, 0, our_jid, their_jid);
}

void gw_store_clear_running(gw_store *store) {
  g_ptr_array_set_size(store->sessions, 0);
  g_ptr_array_set_size(store->occupants, 0);
  PUT_BARE(store, GW_OP_SESSIONS_CLEAR);
  PUT_BARE(store, GW_OP_OCCUPANTS_CLEAR);
}

void gw_store_ledger_save(gw_store *store, const char *room, const char *text) {
  if (text && *text)
    PUT(store, GW_OP_LEDGER_SAVE, FALSE, 0, room, text);
  else
    PUT(store, GW_OP_LEDGER_REMOVE, TRUE, 0, room);
}

void gw_store_binding_save(gw_store *store, const char *number, const char *contact,
                           const char *source, const char *user_agent, gint64 expires_wall_us) {
  char *key = g_strdup_printf("%s\n%s", number, contact);
  if (expires_wall_us == 0) {
    g_hash_table_remove(store->bindings, key);
    g_free(key);
    PUT(store, GW_OP_BINDING_REMOVE, TRUE, 0, number, contact);
    return;
  }
  gw_store_binding *b = g_new0(gw_store_binding, 1);
  *b = (gw_store_binding){g_strdup(number), g_strdup(contact), g_strdup(source ? source : ""),
                          g_strdup(user_agent ? user_agent : ""), expires_wall_us};
  g_hash_table_replace(store->bindings, key, b);
  PUT(store, GW_OP_BINDING_SAVE, FALSE, expires_wall_us, number, contact, b->source, b->user_agent);
}

void gw_store_record(gw_store *store, const char *call_id, const char *json,
                     gint64 started_wall_us) {
  PUT(store, GW_OP_RECORD, FALSE, started_wall_us, call_id, json);
}

void gw_store_item_put(gw_store *store, const char *kind, const char *number, GHashTable *keys) {
  g_autofree char *text = gw_store_pack(keys);
  g_hash_table_replace(store->items, g_strdup_printf("%s\n%s", kind, number),
                       gw_store_unpack(text));
  /* An operator's word: never dropped, however full the queue. */
  PUT(store, GW_OP_ITEM_PUT, TRUE, 0, kind, number, text);
}

void gw_store_item_remove(gw_store *store, const char *kind, const char *number) {
  g_autofree char *key = g_strdup_printf("%s\n%s", kind, number);
  g_hash_table_remove(store->items, key);
  PUT(store, GW_OP_ITEM_REMOVE, TRUE, 0, kind, number);
}

/* --- reads */
GPtrArray *gw_store_sessions(gw_store *store) {
  return g_ptr_array_ref(store->sessions);
}

GPtrArray *gw_store_occupants(gw_store *store) {
  return g_ptr_array_ref(store->occupants);
}

GPtrArray *gw_store_ledgers(gw_store *store) {
  return g_ptr_array_ref(store->ledgers);
}

GPtrArray *gw_store_watchers(gw_store *store) {
  return g_ptr_array_ref(store->watchers);
}

static gint by_contact(gconstpointer a, gconstpointer b) {
  const gw_store_binding *x = *(void *const *)a, *y = *(void *const *)b;
  int order = strcmp(x->number, y->number);
  return order ? order : strcmp(x->contact, y->contact);
}

GPtrArray *gw_store_bindings(gw_store *store) {
  GPtrArray *out = g_ptr_array_new_with_free_func(gw_store_binding_free);
  gint64 now = gw_wall_us();
  GHashTableIter iter;
  void *value;
  g_hash_table_iter_init(&iter, store->bindings);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    const gw_store_binding *b = value;
    if (b->expires_wall_us <= now) continue;
    gw_store_binding *copy = g_new0(gw_store_binding, 1);
    *copy = (gw_store_binding){g_strdup(b->number), g_strdup(b->contact), g_strdup(b->source),
                               g_strdup(b->user_agent), b->expires_wall_us};
    g_ptr_array_add(out, copy);
  }
  g_ptr_array_sort(out, by_contact);
  return out;
}

char **gw_store_contacts(gw_store *store, const char *number) {
  g_autoptr(GPtrArray) all = gw_store_bindings(store);
  g_autoptr(GStrvBuilder) out = g_strv_builder_new();
  for (guint i = 0; i < all->len; i++) {
    const gw_store_binding *b = g_ptr_array_index(all, i);
    if (strcmp(b->number, number) == 0) g_strv_builder_add(out, b->contact);
  }
  return g_strv_builder_end(out);
}

static gint by_number(gconstpointer a, gconstpointer b) {
  const char *x = g_hash_table_lookup(*(GHashTable *const *)a, "number");
  const char *y = g_hash_table_lookup(*(GHashTable *const *)b, "number");
  return g_strcmp0(x, y);
}

GPtrArray *gw_store_items(gw_store *store, const char *kind) {
  GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
  g_autofree char *prefix = g_strdup_printf("%s\n", kind);
  GHashTableIter iter;
  void *key, *value;
  g_hash_table_iter_init(&iter, store->items);
  while (g_hash_table_iter_next(&iter, &key, &value))
    if (g_str_has_prefix(key, prefix)) g_ptr_array_add(out, g_hash_table_ref(value));
  g_ptr_array_sort(out, by_number);
  return out;
}

void gw_store_history(gw_store *store, const char *id, gint64 since_wall_us, guint limit,
                      void (*fn)(GPtrArray *, void *), void *user) {
  GW_ON_CONTROL();
  gw_store_query *q = g_new0(gw_store_query, 1);
  *q = (gw_store_query){.id = g_strdup(id),
                        .since = since_wall_us,
                        .limit = limit,
                        .json = g_ptr_array_new_with_free_func(g_free),
                        .fn = fn,
                        .user = user};
  /* Too many questions: an empty answer, from the loop as all answers. */
  if (!gw_queue_push(store->queries, &q->msg)) gw_queue_push_always(store->answers, &q->msg);
}
