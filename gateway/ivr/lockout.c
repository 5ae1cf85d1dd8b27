#include "gateway/ivr/lockout.h"
#include "base/clock.h"
#include "base/limits.h"

#define FREE_TRIES 3

typedef struct {
  guint tries;
  gint64 next_us, last_us;
  gw_lock_kind kind;
} entry;

struct gw_lockout {
  GHashTable *entries; /* "0room@x", "1100" -> entry */
};

static const struct {
  gint64 longest_us, forget_us;
} rules[] = {
    [GW_LOCK_ROOM] = {GW_SEC(10), GW_SEC(15 * 60)}, [GW_LOCK_SOURCE] = {GW_SEC(300), GW_SEC(3600)}};

gw_lockout *gw_lockout_new(void) {
  gw_lockout *l = g_new0(gw_lockout, 1);
  l->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return l;
}

void gw_lockout_free(gw_lockout *l) {
  if (!l) return;
  g_hash_table_unref(l->entries);
  g_free(l);
}

static char *name(gw_lock_kind kind, const char *key) {
  return g_strdup_printf("%d%s", kind, key ? key : "");
}

static entry *find(const gw_lockout *l, gw_lock_kind kind, const char *key) {
  g_autofree char *n = name(kind, key);
  return g_hash_table_lookup(l->entries, n);
}

static gboolean stale(const entry *e, gint64 now_us) {
  return now_us - e->last_us > rules[e->kind].forget_us;
}

static gint64 gap(const entry *e) {
  if (e->tries < FREE_TRIES) return 0;
  return MIN(GW_SEC(1) << MIN(e->tries - FREE_TRIES, 16), rules[e->kind].longest_us);
}

gint64 gw_lockout_wait(const gw_lockout *l, gw_lock_kind kind, const char *key, gint64 now_us) {
  const entry *e = find(l, kind, key);
  return e && !stale(e, now_us) ? MAX(0, e->next_us - now_us) : 0;
}

static gboolean is_stale(gpointer key, gpointer value, gpointer now_us) {
  return stale(value, *(gint64 *)now_us);
}

/* Full: what is stale goes, else whoever has tried least; the busiest are who the table is for. */
static void make_place(gw_lockout *l, gint64 now_us) {
  if (g_hash_table_size(l->entries) < GW_MAX_LOCKOUTS) return;
  if (g_hash_table_foreach_remove(l->entries, is_stale, &now_us)) return;
  GHashTableIter it;
  gpointer key, value, least = NULL;
  guint tries = G_MAXUINT;
  g_hash_table_iter_init(&it, l->entries);
  while (g_hash_table_iter_next(&it, &key, &value))
    if (((entry *)value)->tries < tries) {
      tries = ((entry *)value)->tries;
      least = key;
    }
  g_hash_table_remove(l->entries, least);
}

void gw_lockout_try(gw_lockout *l, gw_lock_kind kind, const char *key, gint64 now_us) {
  entry *e = find(l, kind, key);
  if (!e) {
    make_place(l, now_us);
    e = g_new0(entry, 1);
    g_hash_table_insert(l->entries, name(kind, key), e);
  } else if (stale(e, now_us)) {
    *e = (entry){0};
  }
  e->kind = kind;
  e->tries++;
  e->last_us = now_us;
  e->next_us = MAX(now_us, e->next_us) + gap(e);
}

/* A source that knows a PIN is trusted again; a room stays under the tries of the others. */
void gw_lockout_right(gw_lockout *l, gw_lock_kind kind, const char *key) {
  entry *e = find(l, kind, key);
  if (!e) return;
  if (kind == GW_LOCK_ROOM && --e->tries > 0) return;
  g_autofree char *n = name(kind, key);
  g_hash_table_remove(l->entries, n);
}

guint gw_lockout_size(const gw_lockout *l) {
  return g_hash_table_size(l->entries);
}

guint gw_lockout_slowed(const gw_lockout *l, gint64 now_us, gw_lockout_slow *ret, guint max) {
  GHashTableIter it;
  gpointer key, value;
  guint n = 0;
  g_hash_table_iter_init(&it, l->entries);
  while (g_hash_table_iter_next(&it, &key, &value)) {
    const entry *e = value;
    if (e->tries < FREE_TRIES || stale(e, now_us)) continue;
    gint64 wait = MAX(0, e->next_us - now_us);
    if (n < max)
      ret[n] = (gw_lockout_slow){e->kind, (const char *)key + 1, e->tries,
                                 (guint)((wait + GW_SEC(1) - 1) / GW_SEC(1))};
    n++;
  }
  return n;
}
