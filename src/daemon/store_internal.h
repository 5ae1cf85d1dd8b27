/* store_internal.h - what the control side and the store thread of the store share. Internal to
 * src/daemon/store*.c. Thread: see each part.  Owner: the gw_store owns all.  Calls back: never. */
#ifndef GW_STORE_INTERNAL_H
#define GW_STORE_INTERNAL_H
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "base/queue.h"
#include "daemon/store.h"

#define GW_STORE_BATCH 256        /* writes in one transaction */
#define GW_STORE_QUEUE 4096       /* writes waiting */
#define GW_STORE_BYTES (64 << 20) /* text waiting */
#define GW_STORE_QUERIES 32       /* questions waiting */
#define GW_STORE_ANSWER (8 << 20) /* bytes of one answer */
#define GW_STORE_RETRY_MS 500     /* between attempts on a file that cannot be written */
#define GW_STORE_BUSY_MS 300      /* waiting for another program that holds the file */
#define GW_STORE_LAST_TRIES 2     /* attempts of that kind before giving up at the end: under 2 s */
#define GW_STORE_PARAMS 5

typedef enum {
  GW_OP_SESSION_ADD,
  GW_OP_SESSION_REMOVE,
  GW_OP_SESSIONS_CLEAR,
  GW_OP_OCCUPANT_ADD,
  GW_OP_OCCUPANT_REMOVE,
  GW_OP_OCCUPANTS_CLEAR,
  GW_OP_WATCHER_ADD,
  GW_OP_WATCHER_REMOVE,
  GW_OP_LEDGER_SAVE,
  GW_OP_LEDGER_REMOVE,
  GW_OP_BINDING_SAVE,
  GW_OP_BINDING_REMOVE,
  GW_OP_RECORD,
  GW_OP_ITEM_PUT,
  GW_OP_ITEM_REMOVE,
  GW_N_OPS
} gw_store_op;

typedef struct {
  gw_msg msg;
  gw_store_op op;
  char *text[GW_STORE_PARAMS]; /* parameters ?1.. */
  gint64 num;                  /* parameter behind them */
  gsize bytes;
} gw_store_write;

typedef struct {
  gw_msg msg;
  char *id;
  gint64 since;
  guint limit;
  GPtrArray *json;
  void (*fn)(GPtrArray *, void *); /* NULL: gw_store_close wants the thread to end */
  void *user;
} gw_store_query;

struct gw_store {
  /* control only */
  GPtrArray *sessions, *occupants, *ledgers, *watchers; /* as read at the start */
  GHashTable *bindings;                                 /* "number\ncontact" -> gw_store_binding */
  GHashTable *items;                                    /* "kind\nnumber" -> GHashTable */
  GSource *answers_source;
  pthread_t thread;
  gboolean running;
  /* doors */
  gw_queue *writes, *queries, *answers;
  atomic_size_t bytes; /* text in writes and pending */
  atomic_uint_fast64_t dropped;
  atomic_bool failing;
  /* control until the thread starts, then the thread only */
  sqlite3 *db;
  sqlite3_stmt *ops[GW_N_OPS];
  sqlite3_stmt *history;
  GQueue pending; /* gw_store_write not committed yet */
};

/* store_schema.c: brings the file to the version of this program. FALSE and the error when it
 * cannot be. */
extern const int gw_store_version;
gboolean gw_store_migrate(sqlite3 *, const char *path, GError **);
/* store_thread.c */
gboolean gw_store_prepare(gw_store *, GError **); /* all statements */
void *gw_store_run(void *store);                  /* the thread */
void gw_store_write_free(gw_msg *);
void gw_store_query_free(gw_msg *);
/* store_read.c: what is there at the start */
gboolean gw_store_read_all(gw_store *, GError **);
void gw_store_binding_free(void *);
char *gw_store_pack(GHashTable *keys); /* one line each: key=value, escaped */
GHashTable *gw_store_unpack(const char *text);

#endif
