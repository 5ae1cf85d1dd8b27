/* store.h - SQLite on its own thread: call records, bindings, phones and rooms added while running,
 * running calls. Thread: control, except that gw_store_open reads at start before the loop.  Owner:
 * caller frees. Writes are queued (bounded; full: what comes then is dropped and counted, what
 * frees things is never dropped). A full disk or a locked file is logged once; what is queued is
 * tried again until it works. Calls back: query results on the control thread, from the loop; those
 * still open at gw_store_close: empty, from there. */
#ifndef GW_STORE_H
#define GW_STORE_H
#include <glib.h>

typedef struct gw_store gw_store;
/* Creates (mode 0600) and migrates (user_version). A file of a newer version or of something else:
 * NULL and the error. */
gw_store *gw_store_open(const char *path, GMainContext *control, GError **);
void gw_store_close(gw_store *); /* writes what is queued */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_store, gw_store_close)
guint64 gw_store_dropped(const gw_store *);  /* writes lost since the start */
gboolean gw_store_failing(const gw_store *); /* the file cannot be written at the moment */

/* what a crash left: read once at start, then forgotten by gw_store_clear_running */
typedef struct {
  char *our_jid, *peer_jid, *sid;
} gw_store_session;
typedef struct {
  char *our_jid, *room_nick;
} gw_store_occupant;
typedef struct {
  char *room, *text;
} gw_store_ledger;
typedef struct {
  char *number, *contact, *source, *user_agent;
  gint64 expires_wall_us;
} gw_store_binding;
typedef struct {
  char *our_jid, *their_jid;
} gw_store_watcher;
GPtrArray *gw_store_watchers(gw_store *); /* who is told of which phone's presence, at the start */
GPtrArray *gw_store_sessions(gw_store *); /* gw_store_session* */
GPtrArray *gw_store_occupants(gw_store *);
GPtrArray *gw_store_ledgers(gw_store *);
GPtrArray *
gw_store_bindings(gw_store *); /* as gw_store_binding_save keeps them, not those that ran out */
char **gw_store_contacts(gw_store *, const char *number); /* of one phone, g_strfreev */
void gw_store_clear_running(gw_store *);                  /* sessions and occupants */

void gw_store_session_add(gw_store *, const char *our_jid, const char *peer_jid, const char *sid);
void gw_store_session_remove(gw_store *, const char *our_jid, const char *peer_jid,
                             const char *sid);
void gw_store_occupant_add(gw_store *, const char *our_jid, const char *room_nick);
void gw_store_occupant_remove(gw_store *, const char *our_jid, const char *room_nick);
void gw_store_watcher_add(gw_store *, const char *our_jid, const char *their_jid);
void gw_store_watcher_remove(gw_store *, const char *our_jid, const char *their_jid);
void gw_store_ledger_save(gw_store *, const char *room, const char *text);
/* expires 0: gone */
void gw_store_binding_save(gw_store *, const char *number, const char *contact, const char *source,
                           const char *user_agent, gint64 expires_wall_us);
void gw_store_record(gw_store *, const char *call_id, const char *json, gint64 started_wall_us);

/* Phones and rooms managed while running: key=value pairs as in the file. Readable at any time
 * (kept in memory). */
GPtrArray *gw_store_items(
    gw_store *,
    const char *kind /* "phones", "rooms" */); /* GHashTable* char->char, with "number" */
void gw_store_item_put(gw_store *, const char *kind, const char *number, GHashTable *keys);
void gw_store_item_remove(gw_store *, const char *kind, const char *number);

/* JSON documents of records that began at or after since, newest first, at most limit. id: one call
 * or NULL. */
void gw_store_history(gw_store *, const char *id_or_null, gint64 since_wall_us, guint limit,
                      void (*fn)(GPtrArray *json /* char* */, void *user), void *user);

#endif
