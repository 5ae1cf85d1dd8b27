#include "xmpp/watchers.h"

typedef struct {
  char *jid, *show, *status;
  gboolean known; /* a phone of ours now; else only its watchers are remembered */
  gw_stand stand;
  GPtrArray *watchers; /* watcher, owned */
} phone;

typedef struct {
  phone *phone;
  char *jid;
  gboolean due;
} watcher;

struct gw_watchers {
  guint most, most_of_one, count;
  GHashTable *phones; /* JID -> phone */
  GQueue due;         /* watcher, not owned */
};

static void watcher_free(void *p) {
  watcher *w = p;
  g_free(w->jid);
  g_free(w);
}

static void phone_free(void *p) {
  phone *f = p;
  g_ptr_array_unref(f->watchers);
  g_free(f->jid);
  g_free(f->show);
  g_free(f->status);
  g_free(f);
}

gw_watchers *gw_watchers_new(guint most, guint most_of_one) {
  gw_watchers *w = g_new0(gw_watchers, 1);
  w->most = most;
  w->most_of_one = most_of_one;
  w->phones = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, phone_free);
  return w;
}

void gw_watchers_free(gw_watchers *w) {
  if (!w) return;
  g_queue_clear(&w->due);
  g_hash_table_unref(w->phones);
  g_free(w);
}

static phone *phone_of(gw_watchers *all, const char *ours) {
  phone *p = g_hash_table_lookup(all->phones, ours);
  if (p) return p;
  p = g_new0(phone, 1);
  p->jid = g_strdup(ours);
  p->watchers = g_ptr_array_new_with_free_func(watcher_free);
  g_hash_table_insert(all->phones, p->jid, p);
  return p;
}

static void tell(gw_watchers *all, watcher *w) {
  if (w->due) return;
  w->due = TRUE;
  g_queue_push_tail(&all->due, w);
}

static void tell_all(gw_watchers *all, const phone *p) {
  for (guint i = 0; i < p->watchers->len; i++)
    tell(all, p->watchers->pdata[i]);
}

static gboolean same(const gw_stand *a, const gw_stand *b) {
  return a->available == b->available && !g_strcmp0(a->show, b->show) &&
         !g_strcmp0(a->status, b->status);
}

void gw_watchers_set(gw_watchers *all, const char *ours, const gw_stand *stand) {
  const gw_stand gone = {0};
  phone *p = phone_of(all, ours);
  gboolean changed = !same(&p->stand, stand ? stand : &gone) || (stand && !p->known);
  char *show = stand ? g_strdup(stand->show) : NULL;
  char *status = stand ? g_strdup(stand->status) : NULL;
  g_free(p->show);
  g_free(p->status);
  p->show = show;
  p->status = status;
  p->stand = (gw_stand){stand && stand->available, show, status};
  p->known = stand != NULL;
  if (changed) tell_all(all, p);
}

const gw_stand *gw_watchers_get(const gw_watchers *all, const char *ours) {
  const phone *p = g_hash_table_lookup(all->phones, ours);
  return p && p->known ? &p->stand : NULL;
}

static gboolean find(const phone *p, const char *theirs, guint *ret) {
  for (guint i = 0; p && i < p->watchers->len; i++)
    if (g_str_equal(((const watcher *)p->watchers->pdata[i])->jid, theirs)) {
      *ret = i;
      return TRUE;
    }
  return FALSE;
}

gboolean gw_watchers_add(gw_watchers *all, const char *ours, const char *theirs) {
  phone *p = g_hash_table_lookup(all->phones, ours);
  guint at;
  if (find(p, theirs, &at) || all->count >= all->most) return FALSE;
  if (p && p->watchers->len >= all->most_of_one) return FALSE;
  if (!p) p = phone_of(all, ours);
  watcher *w = g_new0(watcher, 1);
  *w = (watcher){p, g_strdup(theirs), FALSE};
  g_ptr_array_add(p->watchers, w);
  all->count++;
  return TRUE;
}

gboolean gw_watchers_remove(gw_watchers *all, const char *ours, const char *theirs) {
  phone *p = g_hash_table_lookup(all->phones, ours);
  guint at;
  if (!find(p, theirs, &at)) return FALSE;
  g_queue_remove(&all->due, p->watchers->pdata[at]);
  g_ptr_array_remove_index_fast(p->watchers, at);
  all->count--;
  return TRUE;
}

void gw_watchers_renew(gw_watchers *all) {
  GHashTableIter i;
  void *p;
  g_hash_table_iter_init(&i, all->phones);
  while (g_hash_table_iter_next(&i, NULL, &p))
    if (((phone *)p)->known) tell_all(all, p);
}

gboolean gw_watchers_next(gw_watchers *all, const char **ret_ours, const char **ret_theirs,
                          gw_stand *ret) {
  watcher *w = g_queue_pop_head(&all->due);
  if (!w) return FALSE;
  w->due = FALSE;
  *ret_ours = w->phone->jid;
  *ret_theirs = w->jid;
  *ret = w->phone->stand;
  return TRUE;
}

guint gw_watchers_count(const gw_watchers *all) {
  return all->count;
}
