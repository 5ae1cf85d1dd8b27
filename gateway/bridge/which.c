/* Which kind of call a room with flavour = "auto" has: a running call decides, else what the others announce. */
#include "gateway/bridge/private.h"

#define MAX_ASKED 64 /* occupants of one room whose features are asked for */

/* What an occupant's client can do (XEP-0030), asked by the watcher when it comes. */
typedef struct {
  gw_conference *conference;
  char *nick;
  gboolean jmuci, jmuci_sfu, muji, gone;
  gboolean asked; /* the answer has not come yet: it points here */
} client;

static void client_free(void *p) {
  g_free(((client *)p)->nick);
  g_free(p);
}

GPtrArray *gw_which_clients_new(void) {
  return g_ptr_array_new_with_free_func(client_free);
}

static client *find(const gw_conference *c, const char *nick) {
  for (guint i = 0; i < c->clients->len; i++) {
    client *k = c->clients->pdata[i];
    if (!k->gone && !g_strcmp0(k->nick, nick)) return k;
  }
  return NULL;
}

static void on_features(const char *name, const char *const *features, void *user) {
  client *k = user;
  k->asked = FALSE;
  if (features) {
    k->jmuci = g_strv_contains(features, GW_NS_JMUCI_MESH);
    k->jmuci_sfu = g_strv_contains(features, GW_NS_JMUCI_SFU);
    k->muji = g_strv_contains(features, GW_NS_MUJI);
  }
  if (k->gone) g_ptr_array_remove_fast(k->conference->clients, k);
}

static void forget(gw_conference *c, const char *nick) {
  client *k = find(c, nick);
  if (!k) return;
  k->gone = TRUE;
  if (!k->asked) g_ptr_array_remove_fast(c->clients, k);
}

void gw_which_forget_all(gw_conference *c) {
  for (guint i = c->clients->len; i-- > 0;) {
    client *k = c->clients->pdata[i];
    k->gone = TRUE;
    if (!k->asked) g_ptr_array_remove_index_fast(c->clients, i);
  }
}

void gw_which_occupant(gw_conference *c, const gw_fl_occupant *who) {
  const guint n = who->jids ? g_strv_length((char **)who->jids) : 0;
  if (who->old_nick) forget(c, who->old_nick);
  if (!who->present) forget(c, who->nick);
  if (!who->present || who->seat || who->watcher || !n || find(c, who->nick)) return;
  if (c->clients->len >= MAX_ASKED) return;
  client *k = g_new0(client, 1);
  *k = (client){.conference = c, .nick = g_strdup(who->nick), .asked = TRUE};
  g_ptr_array_add(c->clients, k);
  gw_persona_ask_disco(c->watcher, who->jids[n - 1], on_features, k);
}

static void look(const gw_occupant *o, void *user) {
  gboolean *live = user;
  if (!o->self && o->muji && (o->muji->preparing || o->muji->contents)) *live = TRUE;
}

gboolean gw_which_muji_runs(const gw_conference *c) {
  gboolean live = FALSE;
  if (c->watch_muc) gw_muc_foreach(c->watch_muc, look, &live);
  return live;
}

/* muc: also seen there, or NULL. conf: whether there is a forwarding service to join such calls at. */
static gw_room_facts facts_of(const gw_conference *c, const gw_muc *muc, const gw_room_conf *conf) {
  const gint64 now = gw_now_us();
  const gboolean served = conf->sfu != NULL;
  const gw_ledger_call *mesh = gw_ledger_live(c->ledger, FALSE, now),
                       *sfu = served ? gw_ledger_live(c->ledger, TRUE, now) : NULL;
  const gboolean forwarded = sfu && (!mesh || gw_ledger_better(c->ledger, sfu, mesh));
  gw_room_facts f = {.jmuci_live = mesh && !forwarded,
                     .jmuci_sfu_live = forwarded,
                     .conference = conf->conference && conf->conference_named};
  if (c->watch_muc) gw_muc_foreach(c->watch_muc, look, &f.muji_live);
  if (muc) gw_muc_foreach(muc, look, &f.muji_live);
  for (guint i = 0; i < c->clients->len; i++) {
    const client *k = c->clients->pdata[i];
    f.feature_jmuci |= !k->gone && k->jmuci;
    f.feature_jmuci_sfu |= !k->gone && k->jmuci_sfu && served;
    f.feature_muji |= !k->gone && k->muji;
  }
  return f;
}

const gw_flavour_class *gw_which_flavour(const gw_conference *c, const gw_room_conf *conf,
                                         const gw_seat *but, const gw_muc *muc) {
  if (!g_str_equal(conf->flavour, "auto")) return gw_room_conf_flavour(conf);
  for (guint i = 0; i < c->seats->len; i++) { /* our phones are in one call, not in two */
    const gw_seat *s = c->seats->pdata[i];
    if (s != but && gw_seat_started(s)) return gw_seat_flavour(s);
  }
  const gw_room_facts facts = facts_of(c, muc, conf);
  return gw_flavour_for(&facts);
}
