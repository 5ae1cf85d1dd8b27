/* store_read.c - what the store holds when the daemon starts, read before the loop. */
#include <gio/gio.h>
#include <string.h>
#include "daemon/store_internal.h"

static void session_free(void *data) {
  gw_store_session *s = data;
  g_free(s->our_jid);
  g_free(s->peer_jid);
  g_free(s->sid);
  g_free(s);
}

static void occupant_free(void *data) {
  gw_store_occupant *o = data;
  g_free(o->our_jid);
  g_free(o->room_nick);
  g_free(o);
}

static void watcher_free(void *data) {
  gw_store_watcher *w = data;
  g_free(w->our_jid);
  g_free(w->their_jid);
  g_free(w);
}

static void ledger_free(void *data) {
  gw_store_ledger *l = data;
  g_free(l->room);
  g_free(l->text);
  g_free(l);
}

void gw_store_binding_free(void *data) {
  gw_store_binding *b = data;
  g_free(b->number);
  g_free(b->contact);
  g_free(b->source);
  g_free(b->user_agent);
  g_free(b);
}

char *gw_store_pack(GHashTable *keys) {
  GString *out = g_string_new(NULL);
  GHashTableIter iter;
  void *key, *value;
  g_hash_table_iter_init(&iter, keys);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    g_autofree char *escaped = g_strescape(value, NULL);
    g_string_append_printf(out, "%s=%s\n", (char *)key, escaped);
  }
  return g_string_free(out, FALSE);
}

GHashTable *gw_store_unpack(const char *text) {
  GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    char *eq = strchr(*line, '=');
    if (eq) g_hash_table_insert(keys, g_strndup(*line, (gsize)(eq - *line)), g_strcompress(eq + 1));
  }
  return keys;
}

static char *column(sqlite3_stmt *row, int i) {
  const char *text = (const char *)sqlite3_column_text(row, i);
  return g_strdup(text ? text : "");
}

static void take_session(gw_store *store, sqlite3_stmt *row) {
  gw_store_session *s = g_new0(gw_store_session, 1);
  *s = (gw_store_session){column(row, 0), column(row, 1), column(row, 2)};
  g_ptr_array_add(store->sessions, s);
}

static void take_occupant(gw_store *store, sqlite3_stmt *row) {
  gw_store_occupant *o = g_new0(gw_store_occupant, 1);
  *o = (gw_store_occupant){column(row, 0), column(row, 1)};
  g_ptr_array_add(store->occupants, o);
}

static void take_watcher(gw_store *store, sqlite3_stmt *row) {
  gw_store_watcher *w = g_new0(gw_store_watcher, 1);
  *w = (gw_store_watcher){column(row, 0), column(row, 1)};
  g_ptr_array_add(store->watchers, w);
}

static void take_ledger(gw_store *store, sqlite3_stmt *row) {
  gw_store_ledger *l = g_new0(gw_store_ledger, 1);
  *l = (gw_store_ledger){column(row, 0), column(row, 1)};
  g_ptr_array_add(store->ledgers, l);
}

static void take_binding(gw_store *store, sqlite3_stmt *row) {
  gw_store_binding *b = g_new0(gw_store_binding, 1);
  *b = (gw_store_binding){column(row, 0), column(row, 1), column(row, 2), column(row, 3),
                          sqlite3_column_int64(row, 4)};
  g_hash_table_replace(store->bindings, g_strdup_printf("%s\n%s", b->number, b->contact), b);
}

static void take_item(gw_store *store, sqlite3_stmt *row) {
  g_autofree char *text = column(row, 2);
  g_autofree char *kind = column(row, 0), *number = column(row, 1);
  g_hash_table_replace(store->items, g_strdup_printf("%s\n%s", kind, number),
                       gw_store_unpack(text));
}

static const struct {
  const char *sql;
  void (*take)(gw_store *, sqlite3_stmt *);
} tables[] = {
    {"SELECT our_jid, peer_jid, sid FROM session ORDER BY 1, 2, 3", take_session},
    {"SELECT our_jid, room_nick FROM occupant ORDER BY 1, 2", take_occupant},
    {"SELECT our_jid, their_jid FROM watcher ORDER BY 1, 2", take_watcher},
    {"SELECT room, text FROM ledger ORDER BY room", take_ledger},
    {"SELECT number, contact, source, user_agent, expires FROM binding", take_binding},
    {"SELECT kind, number, keys FROM item", take_item},
};

gboolean gw_store_read_all(gw_store *store, GError **error) {
  store->sessions = g_ptr_array_new_with_free_func(session_free);
  store->occupants = g_ptr_array_new_with_free_func(occupant_free);
  store->watchers = g_ptr_array_new_with_free_func(watcher_free);
  store->ledgers = g_ptr_array_new_with_free_func(ledger_free);
  for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(store->db, tables[i].sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
      if ((rc = sqlite3_step(stmt)) == SQLITE_ROW) tables[i].take(store, stmt);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_DONE) {
      g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: mend it or move it away",
                  sqlite3_errmsg(store->db));
      return FALSE;
    }
  }
  return TRUE;
}
