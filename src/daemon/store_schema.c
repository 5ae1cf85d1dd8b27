/* store_schema.c - tables of the store, one numbered step per change. A step is never edited once
 * released. */
#include <gio/gio.h>
#include "daemon/store_internal.h"

static const char *const steps[] = {
    /* 0 -> 1 */
    "CREATE TABLE session(our_jid TEXT NOT NULL, peer_jid TEXT NOT NULL, sid TEXT NOT NULL,"
    "  PRIMARY KEY(our_jid, peer_jid, sid)) WITHOUT ROWID;"
    "CREATE TABLE occupant(our_jid TEXT NOT NULL, room_nick TEXT NOT NULL,"
    "  PRIMARY KEY(our_jid, room_nick)) WITHOUT ROWID;"
    "CREATE TABLE ledger(room TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL);"
    "CREATE TABLE binding(number TEXT NOT NULL, contact TEXT NOT NULL, source TEXT NOT NULL,"
    "  user_agent TEXT NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY(number, contact));"
    "CREATE TABLE item(kind TEXT NOT NULL, number TEXT NOT NULL, keys TEXT NOT NULL,"
    "  PRIMARY KEY(kind, number)) WITHOUT ROWID;"
    "CREATE TABLE record(id INTEGER PRIMARY KEY, call_id TEXT NOT NULL, started INTEGER NOT NULL,"
    "  json TEXT NOT NULL);"
    "CREATE INDEX record_started ON record(started);"
    "CREATE INDEX record_call ON record(call_id);",
    /* 1 -> 2 */
    "CREATE TABLE watcher(our_jid TEXT NOT NULL, their_jid TEXT NOT NULL,"
    "  PRIMARY KEY(our_jid, their_jid)) WITHOUT ROWID;",
};
const int gw_store_version = G_N_ELEMENTS(steps);

static gboolean read_version(sqlite3 *db, int *ret) {
  sqlite3_stmt *stmt = NULL;
  gboolean found = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
                   sqlite3_step(stmt) == SQLITE_ROW;
  if (found) *ret = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return found;
}

static gboolean run_step(sqlite3 *db, int from, char **ret_why) {
  g_autofree char *sql = g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
                                         steps[from], from + 1);
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return TRUE;
  *ret_why = g_strdup(sqlite3_errmsg(db)); /* before ROLLBACK replaces it */
  sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

gboolean gw_store_migrate(sqlite3 *db, const char *path, GError **error) {
  int version = 0;
  g_autofree char *why = NULL;
  gboolean good = read_version(db, &version);
  if (good && version > gw_store_version) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                "%s was written by a newer version (format %d, this one knows %d): install that "
                "version again or move the file away",
                path, version, gw_store_version);
    return FALSE;
  }
  while (good && version < gw_store_version)
    good = run_step(db, version++, &why);
  if (!good)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                "%s cannot be used as store: %s: mend it or move it away", path,
                why ? why : sqlite3_errmsg(db));
  return good;
}
