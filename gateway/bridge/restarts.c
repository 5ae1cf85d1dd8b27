#include "gateway/bridge/restarts.h"
#include "base/jid.h"

typedef struct {
  char *mid;
  char *ufrag, *pwd;  /* ours since the last restart, or NULL */
  gboolean replacing; /* they wait for a transport-accept */
} known;

struct gw_restarts {
  GHashTable *table; /* jid, sid -> known; as many as the seat has sessions */
};

static void known_free(void *p) {
  known *k = p;
  g_free(k->mid);
  g_free(k->ufrag);
  g_free(k->pwd);
  g_free(k);
}

gw_restarts *gw_restarts_new(void) {
  gw_restarts *r = g_new0(gw_restarts, 1);
  r->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
  return r;
}

void gw_restarts_free(gw_restarts *r) {
  if (!r) return;
  g_hash_table_unref(r->table);
  g_free(r);
}

static char *key_of(const char *jid, const char *sid) {
  g_autofree char *normal = jid ? gw_jid_normal(jid) : NULL;
  return normal && sid ? g_strconcat(normal, "\n", sid, NULL) : NULL;
}

static known *find(const gw_restarts *r, const char *jid, const char *sid) {
  g_autofree char *key = key_of(jid, sid);
  return key ? g_hash_table_lookup(r->table, key) : NULL;
}

void gw_restarts_learn(gw_restarts *r, const char *jid, const char *sid, const gw_desc *remote) {
  const gw_desc_media *m = gw_desc_audio(remote);
  char *key = m && m->mid && m->codecs->len && !find(r, jid, sid) ? key_of(jid, sid) : NULL;
  if (!key) return;
  known *k = g_new0(known, 1);
  k->mid = g_strdup(m->mid);
  g_hash_table_insert(r->table, key, k);
}

void gw_restarts_forget(gw_restarts *r, const char *jid, const char *sid) {
  g_autofree char *key = key_of(jid, sid);
  if (key) g_hash_table_remove(r->table, key);
}

gw_word *gw_restarts_in(gw_restarts *r, const gw_word *in) {
  if (in->kind != GW_WORD_JINGLE || in->u.jingle.action != GW_JINGLE_TRANSPORT_REPLACE) return NULL;
  known *k = find(r, in->from, in->u.jingle.sid);
  gw_word *w = gw_word_copy(in);
  w->u.jingle.action = GW_JINGLE_TRANSPORT_INFO;
  if (k) k->replacing = TRUE;
  return w;
}

gw_word *gw_restarts_answer(gw_restarts *r, const char *jid, const char *sid, gboolean we_initiated,
                            const gw_desc *transport) {
  known *k = find(r, jid, sid);
  const gw_desc_media *from = gw_desc_audio(transport);
  if (!k || !from) return NULL;
  gw_word *w = gw_word_new_jingle(
      k->replacing ? GW_JINGLE_TRANSPORT_ACCEPT : GW_JINGLE_TRANSPORT_INFO, jid, sid, we_initiated);
  w->u.jingle.desc = gw_desc_copy(transport);
  gw_desc_media *m = gw_desc_audio(w->u.jingle.desc);
  g_free(m->mid);
  m->mid = g_strdup(k->mid);
  g_free(k->ufrag);
  g_free(k->pwd);
  k->ufrag = g_strdup(from->ufrag);
  k->pwd = g_strdup(from->pwd);
  k->replacing = FALSE;
  return w;
}

gw_word *gw_restarts_out(const gw_restarts *r, const gw_word *out) {
  if (out->kind != GW_WORD_JINGLE || out->u.jingle.action != GW_JINGLE_TRANSPORT_INFO) return NULL;
  const known *k = find(r, out->to, out->u.jingle.sid);
  if (!k || !k->ufrag || !out->u.jingle.desc) return NULL;
  gw_word *w = gw_word_copy(out);
  for (guint i = 0; i < w->u.jingle.desc->media->len; i++) {
    gw_desc_media *m = w->u.jingle.desc->media->pdata[i];
    g_free(m->ufrag);
    g_free(m->pwd);
    m->ufrag = g_strdup(k->ufrag);
    m->pwd = g_strdup(k->pwd);
  }
  return w;
}
