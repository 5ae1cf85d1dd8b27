#include "gateway/flavour/jmuci_roster.h"
#include "base/jid.h"

struct gw_jmuci_roster {
  GHashTable *by_nick; /* nick -> gw_jmuci_person */
};

static void person_free(gpointer data) {
  gw_jmuci_person *p = data;
  g_free(p->nick);
  g_strfreev(p->jids);
  g_free(p);
}

gw_jmuci_roster *gw_jmuci_roster_new(void) {
  gw_jmuci_roster *r = g_new0(gw_jmuci_roster, 1);
  r->by_nick = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, person_free);
  return r;
}

gw_jmuci_roster *gw_jmuci_roster_copy(const gw_jmuci_roster *from) {
  gw_jmuci_roster *r = gw_jmuci_roster_new();
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, from->by_nick);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const gw_jmuci_person *p = value;
    gw_jmuci_person *q = g_new0(gw_jmuci_person, 1);
    *q = *p;
    q->nick = g_strdup(p->nick);
    q->jids = g_strdupv(p->jids);
    q->watcher = p->watcher || p->self;
    q->self = FALSE;
    g_hash_table_insert(r->by_nick, q->nick, q);
  }
  return r;
}

void gw_jmuci_roster_free(gw_jmuci_roster *r) {
  if (!r) return;
  g_hash_table_unref(r->by_nick);
  g_free(r);
}

/* The newest few: a nick with more devices than that loses its oldest. */
static char **copy_jids(const char *const *jids) {
  const guint n = jids ? g_strv_length((char **)jids) : 0;
  return g_strdupv((char **)(n > GW_MAX_JIDS_PER_NICK ? jids + n - GW_MAX_JIDS_PER_NICK
                             : n                      ? jids
                                                      : (const char *const[]){NULL}));
}

static void rename_person(gw_jmuci_roster *r, const char *old_nick, const char *nick) {
  gpointer value = NULL;
  if (!g_hash_table_steal_extended(r->by_nick, old_nick, NULL, &value)) return;
  gw_jmuci_person *p = value;
  g_free(p->nick);
  p->nick = g_strdup(nick);
  g_hash_table_replace(r->by_nick, p->nick, p);
}

gboolean gw_jmuci_roster_set(gw_jmuci_roster *r, const gw_fl_occupant *who) {
  if (!who->present) {
    g_hash_table_remove(r->by_nick, who->nick);
    return FALSE;
  }
  if (who->old_nick && g_strcmp0(who->old_nick, who->nick))
    rename_person(r, who->old_nick, who->nick);
  gw_jmuci_person *p = g_hash_table_lookup(r->by_nick, who->nick);
  const gboolean fresh = !p;
  if (fresh) {
    if (g_hash_table_size(r->by_nick) >= GW_MAX_OCCUPANTS) return FALSE;
    p = g_new0(gw_jmuci_person, 1);
    p->nick = g_strdup(who->nick);
    g_hash_table_insert(r->by_nick, p->nick, p);
  }
  g_strfreev(p->jids);
  p->jids = copy_jids(who->jids);
  p->self = who->self;
  p->seat = who->seat;
  p->watcher = who->watcher;
  p->stale = FALSE;
  return fresh;
}

gw_jmuci_person *gw_jmuci_roster_find(const gw_jmuci_roster *r, const char *nick) {
  return nick ? g_hash_table_lookup(r->by_nick, nick) : NULL;
}

gw_jmuci_person *gw_jmuci_roster_by_jid(const gw_jmuci_roster *r, const char *jid) {
  gw_jmuci_person *near = NULL;
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, r->by_nick);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    gw_jmuci_person *p = value;
    for (guint i = 0; p->jids[i]; i++)
      if (gw_jid_same(p->jids[i], jid)) return p;
    /* several nicks of one bare JID: the choice must not hang on the hash order */
    if (!p->self && !p->seat && !p->watcher && gw_jmuci_person_owns(p, jid) &&
        (!near || g_strcmp0(p->nick, near->nick) < 0))
      near = p;
  }
  return near;
}

guint gw_jmuci_roster_others(const gw_jmuci_roster *r) {
  guint n = 0;
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, r->by_nick);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const gw_jmuci_person *p = value;
    n += !p->self && !p->seat && !p->watcher;
  }
  return n;
}

void gw_jmuci_roster_doubt(gw_jmuci_roster *r) {
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, r->by_nick);
  while (g_hash_table_iter_next(&it, NULL, &value))
    ((gw_jmuci_person *)value)->stale = TRUE;
}

void gw_jmuci_roster_miss(gw_jmuci_roster *r, const char *nick) {
  gw_jmuci_person *p = g_hash_table_lookup(r->by_nick, nick);
  if (p) p->stale = TRUE;
}

static int by_name(gconstpointer a, gconstpointer b) {
  return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

GPtrArray *gw_jmuci_roster_settle(gw_jmuci_roster *r,
                                  gboolean (*keep)(const char *nick, const void *user),
                                  const void *user) {
  GPtrArray *gone = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, r->by_nick);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const gw_jmuci_person *p = value;
    if (!p->stale || (keep && keep(p->nick, user))) continue;
    g_ptr_array_add(gone, g_strdup(p->nick));
    g_hash_table_iter_remove(&it);
  }
  g_ptr_array_sort(gone, by_name); /* the hash order must not show in what is done */
  return gone;
}

const char *gw_jmuci_person_newest(const gw_jmuci_person *p) {
  for (guint i = g_strv_length(p->jids); i > 0; i--)
    if (gw_jid_resource(p->jids[i - 1])) return p->jids[i - 1];
  return NULL;
}

gboolean gw_jmuci_person_owns(const gw_jmuci_person *p, const char *jid) {
  if (!jid || !gw_jid_resource(jid)) return FALSE;
  for (guint i = 0; p->jids[i]; i++)
    if (gw_jid_same_bare(p->jids[i], jid)) return TRUE;
  return FALSE;
}
