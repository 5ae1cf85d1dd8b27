/* store_thread.c - the thread that owns the database: writes in batches, answers questions. */
#include <poll.h>
#include <string.h>
#include <gio/gio.h>
#include "base/log.h"
#include "daemon/store_internal.h"

static const char *const sql[GW_N_OPS] = {
    [GW_OP_SESSION_ADD] = "INSERT OR REPLACE INTO session(our_jid, peer_jid, sid) VALUES(?1,?2,?3)",
    [GW_OP_SESSION_REMOVE] = "DELETE FROM session WHERE our_jid=?1 AND peer_jid=?2 AND sid=?3",
    [GW_OP_SESSIONS_CLEAR] = "DELETE FROM session",
    [GW_OP_OCCUPANT_ADD] = "INSERT OR REPLACE INTO occupant(our_jid, room_nick) VALUES(?1,?2)",
    [GW_OP_OCCUPANT_REMOVE] = "DELETE FROM occupant WHERE our_jid=?1 AND room_nick=?2",
    [GW_OP_OCCUPANTS_CLEAR] = "DELETE FROM occupant",
    [GW_OP_WATCHER_ADD] = "INSERT OR REPLACE INTO watcher(our_jid, their_jid) VALUES(?1,?2)",
    [GW_OP_WATCHER_REMOVE] = "DELETE FROM watcher WHERE our_jid=?1 AND their_jid=?2",
    [GW_OP_LEDGER_SAVE] = "INSERT OR REPLACE INTO ledger(room, text) VALUES(?1,?2)",
    [GW_OP_LEDGER_REMOVE] = "DELETE FROM ledger WHERE room=?1",
    [GW_OP_BINDING_SAVE] = ("INSERT OR REPLACE INTO binding(number, contact, source, user_agent, "
                            "expires) VALUES(?1,?2,?3,?4,?5)"),
    [GW_OP_BINDING_REMOVE] = "DELETE FROM binding WHERE number=?1 AND contact=?2",
    [GW_OP_RECORD] = "INSERT INTO record(call_id, json, started) VALUES(?1,?2,?3)",
    [GW_OP_ITEM_PUT] = "INSERT OR REPLACE INTO item(kind, number, keys) VALUES(?1,?2,?3)",
    [GW_OP_ITEM_REMOVE] = "DELETE FROM item WHERE kind=?1 AND number=?2",
};
static const char history_sql[] =
    /* the long part only when one call is asked for */
    "SELECT CASE WHEN ?2 IS NULL AND json_valid(json) THEN json_remove(json, '$.trace') ELSE json "
    "END FROM record WHERE started >= ?1 AND (?2 IS NULL OR call_id = ?2)"
    " ORDER BY started DESC, id DESC LIMIT ?3";

void gw_store_write_free(gw_msg *msg) {
  gw_store_write *w = (gw_store_write *)msg;
  for (guint i = 0; i < GW_STORE_PARAMS; i++)
    g_free(w->text[i]);
  g_free(w);
}

void gw_store_query_free(gw_msg *msg) {
  gw_store_query *q = (gw_store_query *)msg;
  g_free(q->id);
  g_clear_pointer(&q->json, g_ptr_array_unref);
  g_free(q);
}

gboolean gw_store_prepare(gw_store *store, GError **error) {
  int rc = sqlite3_prepare_v3(store->db, history_sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &store->history, NULL);
  for (guint i = 0; i < GW_N_OPS && rc == SQLITE_OK; i++)
    rc = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->ops[i], NULL);
  if (rc == SQLITE_OK) return TRUE;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: mend it or move it away",
              sqlite3_errmsg(store->db));
  return FALSE;
}

/* Trouble that may pass without the write being at fault. */
static gboolean may_pass(int rc) {
  switch (rc & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_NOMEM:
    return TRUE;
  default:
    return FALSE;
  }
}

static void note_trouble(gw_store *store, const char *reason) {
  if (atomic_exchange(&store->failing, TRUE)) return; /* one line until it works again */
  gw_error(NULL, "store-failing", "reason=%s pending=%u", reason, store->pending.length);
}

static void note_success(gw_store *store) {
  if (atomic_exchange(&store->failing, FALSE))
    gw_info(NULL, "store-recovered", "dropped=%" G_GUINT64_FORMAT, (guint64)store->dropped);
}

static int run_write(gw_store *store, const gw_store_write *w) {
  sqlite3_stmt *stmt = store->ops[w->op];
  int n = sqlite3_bind_parameter_count(stmt), i = 0;
  for (; i < n && i < GW_STORE_PARAMS && w->text[i]; i++)
    sqlite3_bind_text(stmt, i + 1, w->text[i], -1, SQLITE_STATIC);
  if (i < n) sqlite3_bind_int64(stmt, i + 1, w->num);
  int rc = sqlite3_step(stmt);
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void forget_pending(gw_store *store, gboolean lost) {
  gw_store_write *w;
  if (lost) atomic_fetch_add(&store->dropped, store->pending.length);
  while ((w = g_queue_pop_head(&store->pending))) {
    atomic_fetch_sub(&store->bytes, w->bytes);
    gw_store_write_free(&w->msg);
  }
}

/* One attempt at all pending writes. SQLITE_OK: done (bad single ones are logged and counted). */
static int try_batch(gw_store *store) {
  guint bad = 0;
  int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  for (GList *l = store->pending.head; l && rc == SQLITE_OK; l = l->next) {
    rc = run_write(store, l->data);
    if (rc == SQLITE_OK || may_pass(rc)) continue;
    gw_error(NULL, "store-write-lost", "op=%u reason=%s", ((gw_store_write *)l->data)->op,
             sqlite3_errmsg(store->db));
    bad++;
    rc = SQLITE_OK;
  }
  if (rc == SQLITE_OK) rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
  if (rc == SQLITE_OK) atomic_fetch_add(&store->dropped, bad);
  return rc;
}

/* FALSE: the file cannot be written now, the writes are kept. */
static gboolean commit(gw_store *store) {
  if (store->pending.length == 0) return TRUE;
  int rc = try_batch(store);
  if (rc != SQLITE_OK) note_trouble(store, sqlite3_errmsg(store->db));
  if (!sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  if (rc != SQLITE_OK && may_pass(rc)) return FALSE;
  forget_pending(store, rc != SQLITE_OK);
  if (rc == SQLITE_OK) note_success(store);
  return TRUE;
}

/* Writes all that is queued; FALSE: stuck. */
static gboolean write_out(gw_store *store) {
  for (;;) {
    gw_msg *msg;
    while (store->pending.length < GW_STORE_BATCH && (msg = gw_queue_pop(store->writes)))
      g_queue_push_tail(&store->pending, msg);
    if (store->pending.length == 0) return TRUE;
    if (!commit(store)) return FALSE;
  }
}

static void answer(gw_store *store, gw_store_query *q) {
  gsize bytes = 0;
  sqlite3_bind_int64(store->history, 1, q->since);
  if (q->id) sqlite3_bind_text(store->history, 2, q->id, -1, SQLITE_STATIC);
  sqlite3_bind_int64(store->history, 3, q->limit);
  int rc = sqlite3_step(store->history);
  for (; rc == SQLITE_ROW && bytes < GW_STORE_ANSWER; rc = sqlite3_step(store->history)) {
    const char *json = (const char *)sqlite3_column_text(store->history, 0);
    bytes += json ? strlen(json) : 0;
    if (json) g_ptr_array_add(q->json, g_strdup(json));
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    gw_warn(NULL, "store-read-failed", "reason=%s", sqlite3_errmsg(store->db));
  sqlite3_reset(store->history);
  sqlite3_clear_bindings(store->history);
  gw_queue_push_always(store->answers, &q->msg);
}

static void wait_for_work(gw_store *store, gboolean stuck, gboolean stopping) {
  struct pollfd fds[] = {{gw_queue_fd(store->queries), POLLIN, 0},
                         {gw_queue_fd(store->writes), POLLIN, 0}};
  /* Stuck: writes stay in their queue, which bounds them; only questions wake us before the next
   * attempt. */
  int ms = stuck ? GW_STORE_RETRY_MS : stopping ? 0 : -1;
  poll(fds, stuck ? 1 : 2, ms);
}

/* Each question sees all that was written before it was asked: the file may have become writable since the last attempt, for
 * the question before it as well, so there is one more. TRUE: gw_store_close asks for the end; all writes that it has seen are
 * queued by then. */
static gboolean answer_all(gw_store *store, gboolean *stuck) {
  gboolean end = FALSE;
  gw_msg *msg;
  while ((msg = gw_queue_pop(store->queries))) {
    gw_store_query *q = (gw_store_query *)msg;
    if (q->fn) {
      *stuck = !write_out(store);
      answer(store, q);
    } else {
      end = TRUE;
      gw_store_query_free(msg);
    }
  }
  return end;
}

void *gw_store_run(void *data) {
  gw_store *store = data;
  gboolean stuck = FALSE, stopping = FALSE;
  for (guint tries = 0; tries < GW_STORE_LAST_TRIES;) {
    wait_for_work(store, stuck, stopping);
    stuck = !write_out(store);
    if (stopping) tries = stuck ? tries + 1 : GW_STORE_LAST_TRIES;
    stopping |= answer_all(store, &stuck);
  }
  forget_pending(store, TRUE);
  return NULL;
}
