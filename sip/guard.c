#include "sip/guard.h"
#include "base/clock.h"
#include <arpa/inet.h>
#include <string.h>

#define WINDOW GW_SEC(60)
#define FIRST_BAN GW_SEC(30)
#define LONGEST_BAN GW_SEC(3600)
#define MEMORY GW_SEC(7200)

typedef struct {
  char *key;
  guint failures; /* in the current window */
  gint64 window_from;
  gint64 last;
  gint64 banned_until;
  gint64 ban; /* length of the last one */
  GList link;
} entry;

struct gw_guard {
  guint max;
  GHashTable *entries; /* key -> entry */
  GQueue order;        /* oldest failure first */
};

static void entry_free(void *p) {
  entry *e = p;
  g_free(e->key);
  g_free(e);
}

gw_guard *gw_guard_new(guint max) {
  gw_guard *g = g_new0(gw_guard, 1);
  g->max = MAX(max, 1);
  g->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
  g_queue_init(&g->order);
  return g;
}

void gw_guard_free(gw_guard *g) {
  if (!g) return;
  g_hash_table_unref(g->entries);
  g_free(g);
}

guint gw_guard_keys(const gw_guard *g) {
  return g_hash_table_size(g->entries);
}

gint64 gw_guard_banned_us(const gw_guard *g, const char *key, gint64 now) {
  const entry *e = g_hash_table_lookup(g->entries, key);
  return e && e->banned_until > now ? e->banned_until - now : 0;
}

static void forget(gw_guard *g, entry *e) {
  g_queue_unlink(&g->order, &e->link);
  g_hash_table_remove(g->entries, e->key);
}

static entry *entry_for(gw_guard *g, const char *key, gint64 now) {
  entry *e = g_hash_table_lookup(g->entries, key);
  if (e && now - e->last > MEMORY) {
    forget(g, e);
    e = NULL;
  }
  if (e) {
    g_queue_unlink(&g->order, &e->link);
  } else {
    if (g_hash_table_size(g->entries) >= g->max) forget(g, g_queue_peek_head(&g->order));
    e = g_new0(entry, 1);
    e->key = g_strdup(key);
    e->window_from = now;
    e->link.data = e;
    g_hash_table_insert(g->entries, e->key, e);
  }
  g_queue_push_tail_link(&g->order, &e->link);
  e->last = now;
  return e;
}

gboolean gw_guard_failed(gw_guard *g, const char *key, guint limit, gint64 now) {
  entry *e = entry_for(g, key, now);
  if (now - e->window_from > WINDOW) {
    e->window_from = now;
    e->failures = 0;
  }
  if (++e->failures < limit) return FALSE;
  e->ban = e->ban ? MIN(e->ban * 2, LONGEST_BAN) : FIRST_BAN;
  e->banned_until = now + e->ban;
  e->failures = 0;
  return TRUE;
}

void gw_guard_ok(gw_guard *g, const char *key) {
  entry *e = g_hash_table_lookup(g->entries, key);
  if (e) forget(g, e);
}

guint gw_guard_bans(const gw_guard *g, gint64 now, gw_guard_ban *ret, guint max) {
  guint n = 0;
  for (const GList *l = g->order.tail; l; l = l->prev) {
    const entry *e = l->data;
    if (e->banned_until <= now) continue;
    if (n < max) ret[n] = (gw_guard_ban){e->key, e->banned_until - now};
    n++;
  }
  return n;
}

char *gw_guard_source(const char *ip) {
  struct in6_addr six;
  char text[INET6_ADDRSTRLEN];
  if (!strchr(ip, ':') || inet_pton(AF_INET6, ip, &six) != 1) return g_strdup(ip);
  if (IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_LOOPBACK(&six)) return g_strdup(ip);
  memset(six.s6_addr + 8, 0, 8);
  return g_strdup_printf("%s/64", inet_ntop(AF_INET6, &six, text, sizeof text));
}
