#include "gateway/media/relays.h"

gw_relays *gw_relays_new(const char *stun_host, guint16 stun_port) {
  gw_relays *r = g_new0(gw_relays, 1);
  r->stun_host = stun_host && *stun_host ? g_strdup(stun_host) : NULL;
  r->stun_port = stun_port;
  r->turn = g_new0(gw_turn_server, GW_MAX_RELAYS);
  return r;
}

void gw_relays_add(gw_relays *r, const gw_turn_server *t) {
  if (r->n_turn >= GW_MAX_RELAYS) return;
  r->turn[r->n_turn++] = (gw_turn_server){.host = g_strdup(t->host),
                                          .port = t->port,
                                          .user = g_strdup(t->user ? t->user : ""),
                                          .password = g_strdup(t->password ? t->password : ""),
                                          .tcp = t->tcp,
                                          .tls = t->tls,
                                          .name = g_strdup(t->name)};
}

gw_relays *gw_relays_copy(const gw_relays *r) {
  if (!r) return NULL;
  gw_relays *copy = gw_relays_new(r->stun_host, r->stun_port);
  for (guint i = 0; i < r->n_turn; i++)
    gw_relays_add(copy, &r->turn[i]);
  return copy;
}

static gboolean same_server(const gw_turn_server *a, const gw_turn_server *b) {
  return a->port == b->port && a->tcp == b->tcp && a->tls == b->tls && !g_strcmp0(a->host, b->host) &&
         !g_strcmp0(a->name, b->name) && !g_strcmp0(a->user, b->user) && !g_strcmp0(a->password, b->password);
}

gboolean gw_relays_equal(const gw_relays *a, const gw_relays *b) {
  if (!a || !b) return a == b;
  gboolean same = a->stun_port == b->stun_port && a->n_turn == b->n_turn && !g_strcmp0(a->stun_host, b->stun_host);
  for (guint i = 0; same && i < a->n_turn; i++)
    same = same_server(&a->turn[i], &b->turn[i]);
  return same;
}

void gw_relays_free(gw_relays *r) {
  if (!r) return;
  for (guint i = 0; i < r->n_turn; i++) {
    g_free(r->turn[i].host);
    g_free(r->turn[i].user);
    g_free(r->turn[i].password);
    g_free(r->turn[i].name);
  }
  g_free(r->turn);
  g_free(r->stun_host);
  g_free(r);
}
