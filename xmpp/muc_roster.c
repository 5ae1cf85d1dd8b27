#include "xmpp/muc_roster.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

struct gw_muc_roster {
  GHashTable *table; /* nick -> gw_muc_occ; the occupant owns the key */
};

static gw_muc_occ *occ_new(const char *nick) {
  gw_muc_occ *o = g_new0(gw_muc_occ, 1);
  o->nick = g_strdup(nick);
  o->jids = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(o->jids, NULL);
  return o;
}

void gw_muc_occ_free(gw_muc_occ *o) {
  if (!o) return;
  g_free(o->nick);
  g_free(o->affiliation);
  g_free(o->role);
  g_ptr_array_unref(o->jids);
  gw_muji_free(o->muji);
  g_free(o);
}

gboolean gw_muc_occ_set_muji(gw_muc_occ *o, const gw_muji *muji) {
  if (gw_muji_equal(o->muji, muji)) return FALSE;
  gw_muji_free(o->muji);
  o->muji = gw_muji_copy(muji);
  return TRUE;
}

static void occ_free(void *p) {
  gw_muc_occ_free(p);
}

gw_muc_occ *gw_muc_occ_copy(const gw_muc_occ *o) {
  gw_muc_occ *c = occ_new(o->nick);
  c->affiliation = g_strdup(o->affiliation);
  c->role = g_strdup(o->role);
  c->self = o->self;
  c->stale = o->stale;
  c->muji = gw_muji_copy(o->muji);
  for (guint i = 0; i + 1 < o->jids->len; i++)
    g_ptr_array_insert(c->jids, (int)i, g_strdup(o->jids->pdata[i]));
  return c;
}

gw_muc_roster *gw_muc_roster_new(void) {
  gw_muc_roster *r = g_new0(gw_muc_roster, 1);
  r->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, occ_free);
  return r;
}

void gw_muc_roster_free(gw_muc_roster *r) {
  if (!r) return;
  g_hash_table_unref(r->table);
  g_free(r);
}

gw_muc_occ *gw_muc_roster_find(const gw_muc_roster *r, const char *nick) {
  return nick ? g_hash_table_lookup(r->table, nick) : NULL;
}

gboolean gw_muc_roster_has_jid(const gw_muc_roster *r, const char *full_jid) {
  g_autofree char *normal = gw_jid_normal(full_jid);
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, r->table);
  while (normal && g_hash_table_iter_next(&it, NULL, &value)) {
    const gw_muc_occ *o = value;
    for (guint i = 0; i + 1 < o->jids->len; i++)
      if (!strcmp(o->jids->pdata[i], normal)) return TRUE;
  }
  return FALSE;
}

guint gw_muc_roster_count(const gw_muc_roster *r) {
  return g_hash_table_size(r->table);
}

static gboolean set(char **to, const char *value) {
  if (!value || !g_strcmp0(*to, value)) return FALSE;
  g_free(*to);
  *to = g_strndup(value, 32);
  return TRUE;
}

/* A JID seen again keeps its place: the order is that of joining. */
static gboolean add_jid(gw_muc_occ *o, const char *jid) {
  g_autofree char *normal = jid && gw_jid_resource(jid) ? gw_jid_normal(jid) : NULL;
  if (!normal) return FALSE;
  for (guint i = 0; i + 1 < o->jids->len; i++)
    if (!strcmp(o->jids->pdata[i], normal)) return FALSE;
  if (o->jids->len > GW_MAX_JIDS_PER_NICK) g_ptr_array_remove_index(o->jids, 0);
  g_ptr_array_insert(o->jids, (int)o->jids->len - 1, g_steal_pointer(&normal));
  return TRUE;
}

gw_roster_news gw_muc_roster_see(gw_muc_roster *r, const char *nick, const gw_muc_item *items,
                                 guint n, gboolean self, gw_muc_occ **ret_occ) {
  gw_muc_occ *o = gw_muc_roster_find(r, nick);
  gboolean is_new = !o, changed = FALSE;
  if (is_new && gw_muc_roster_count(r) >= GW_MAX_OCCUPANTS) return GW_ROSTER_FULL;
  if (is_new) {
    o = occ_new(nick);
    g_hash_table_insert(r->table, o->nick, o);
  }
  changed |= o->stale || o->self != self;
  if (o->stale) g_ptr_array_remove_range(o->jids, 0, o->jids->len - 1);
  o->stale = FALSE;
  o->self = self;
  for (guint i = 0; i < n; i++) {
    changed |= set(&o->affiliation, items[i].affiliation);
    changed |= set(&o->role, items[i].role);
    changed |= add_jid(o, items[i].jid);
  }
  *ret_occ = o;
  return is_new ? GW_ROSTER_NEW : changed ? GW_ROSTER_CHANGED : GW_ROSTER_SAME;
}

gw_muc_occ *gw_muc_roster_take(gw_muc_roster *r, const char *nick) {
  gw_muc_occ *o = gw_muc_roster_find(r, nick);
  if (o) g_hash_table_steal(r->table, o->nick);
  return o;
}

gw_muc_occ *gw_muc_roster_rename(gw_muc_roster *r, const char *nick, const char *to) {
  gw_muc_occ *o = gw_muc_roster_take(r, nick);
  if (!o) return NULL;
  g_free(o->nick);
  o->nick = g_strdup(to);
  g_hash_table_replace(r->table, o->nick, o);
  return o;
}

void gw_muc_roster_clear(gw_muc_roster *r) {
  g_hash_table_remove_all(r->table);
}

void gw_muc_roster_mark_stale(gw_muc_roster *r) {
  GHashTableIter it;
  void *o;
  g_hash_table_iter_init(&it, r->table);
  while (g_hash_table_iter_next(&it, NULL, &o))
    ((gw_muc_occ *)o)->stale = TRUE;
}

gw_muc_occ *gw_muc_roster_take_stale(gw_muc_roster *r) {
  GHashTableIter it;
  void *o;
  g_hash_table_iter_init(&it, r->table);
  while (g_hash_table_iter_next(&it, NULL, &o))
    if (((gw_muc_occ *)o)->stale) return gw_muc_roster_take(r, ((gw_muc_occ *)o)->nick);
  return NULL;
}

void gw_muc_roster_foreach(const gw_muc_roster *r, void (*fn)(const gw_muc_occ *, void *),
                           void *user) {
  GHashTableIter it;
  void *o;
  g_hash_table_iter_init(&it, r->table);
  while (g_hash_table_iter_next(&it, NULL, &o))
    fn(o, user);
}
