/* trunk_match.c - is it a trunk that calls? By its address, and by the account that the call is for. */
#include "sip/trunk.h"
#include <arpa/inet.h>
#include <string.h>
#include "base/limits.h"

static int parse(const char *text, guint8 ret[16]) {
  if (inet_pton(AF_INET, text, ret) == 1) return 4;
  return inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0;
}

gboolean gw_net_contains(const char *network, const char *ip) {
  guint8 net[16], own[16];
  const char *slash = strchr(network, '/');
  g_autofree char *base = slash ? g_strndup(network, (gsize)(slash - network)) : g_strdup(network);
  int n = parse(base, net);
  guint64 bits = 0;
  if (!n || parse(ip, own) != n) return FALSE;
  if (!slash) return memcmp(net, own, (gsize)n) == 0;
  if (!g_ascii_string_to_unsigned(slash + 1, 10, 0, (guint64)n * 8, &bits, NULL)) return FALSE;
  gsize whole = (gsize)bits / 8;
  guint8 mask = (guint8)(0xff00u >> (bits % 8));
  return memcmp(net, own, whole) == 0 && (bits % 8 == 0 || ((net[whole] ^ own[whole]) & mask) == 0);
}

static gboolean is_host(const gw_trunk *t, const char *ip) {
  for (guint i = 0; i < t->hosts->len; i++)
    if (gw_net_contains(((gw_dns_host *)t->hosts->pdata[i])->address, ip)) return TRUE;
  return FALSE;
}

static gboolean speaks(const gw_trunk *t, const char *ip) {
  for (char **a = t->conf.addresses; *a; a++)
    if (gw_net_contains(*a, ip)) return TRUE;
  return (t->conf.registers || !*t->conf.addresses) && is_host(t, ip);
}

static gboolean for_account(const gw_trunk *t, const sip_t *msg) {
  g_autofree char *user = gw_sip_unescape(msg->sip_request->rq_url->url_user);
  return t->conf.registers && strcmp(user, t->conf.user) == 0;
}

/* A phone of ours that is registered from there, or brings an answer to our challenge. */
static gboolean is_phone(const gw_sip *sip, const sip_t *msg, const char *source) {
  const gw_bound *bound[GW_MAX_BINDINGS];
  g_autofree char *number = gw_sip_unescape(msg->sip_from->a_url->url_user);
  guint n = gw_bindings_get(sip->bindings, number, gw_wall_us(), bound, GW_MAX_BINDINGS);
  for (guint i = 0; i < n; i++)
    if (strcmp(bound[i]->source, source) == 0) return TRUE;
  return gw_sip_brings_reply(sip, msg);
}

/* An address alone can be forged by UDP: a trunk that speaks TLS is believed by TLS only. */
static gboolean comes_by(const gw_trunk *t, const char *source) {
  return gw_transport_of(t->conf.transport) != GW_TLS || gw_transport_of(source) == GW_TLS;
}

/* Whoever may have an account of his own must not get the calls of others who are at the same registrar: by a user name that is
 * not his, or by what is for nobody's account. That it is his the registrar has said. */
static gboolean is_meant(const gw_trunk *t, const sip_t *msg) {
  return !t->conf.personal || (t->machine.state == GW_TS_UP && for_account(t, msg));
}

/* Of several domains at one address each may have that user: To has the one that was called, where nobody on the way has
 * written it anew. */
static guint rank_of(const gw_trunk *t, const sip_t *msg) {
  const char *host = msg->sip_to ? msg->sip_to->a_url->url_host : NULL;
  if (!for_account(t, msg)) return t->conf.registers ? 1 : 2;
  return host && !g_ascii_strcasecmp(host, t->domain) ? 4 : 3;
}

/* Accounts of two people, and nothing says whose it is. */
static gboolean is_rival(const gw_trunk *t, const gw_trunk *best) {
  return t->conf.personal && best->conf.personal && strcmp(t->conf.proxy, best->conf.proxy) != 0;
}

/* A phone may stand at the same address as a PBX: that is asked for its password as ever. Of several trunks at one
 * address the one whose account is called, else one that is known by address alone, else the first. */
gw_trunk *gw_trunk_of(const gw_sip *sip, const sip_t *msg, const char *source, const char *ip) {
  gw_trunk *best = NULL;
  const gw_trunk *rival = NULL;
  guint rank = 0;
  for (guint i = 0; i < sip->trunks->len; i++) {
    gw_trunk *t = sip->trunks->pdata[i];
    if (t->leaving || !speaks(t, ip) || !comes_by(t, source) || !is_meant(t, msg)) continue;
    guint r = rank_of(t, msg);
    if (r > rank)
      best = t, rank = r, rival = NULL;
    else if (r == rank && is_rival(t, best))
      rival = t;
  }
  if (!best || is_phone(sip, msg, source)) return NULL;
  if (rival)
    gw_warn(NULL, "trunk-unclear", "trunk=%s or=%s source=%s why=same user, same address", best->conf.name,
            rival->conf.name, source);
  return rival ? NULL : best;
}

static gboolean is_at(const gw_trunk *t, const char *ip) {
  return speaks(t, ip) || is_host(t, ip);
}

gboolean gw_trunk_speaks(const gw_sip *sip, const char *name, const char *ip) {
  const gw_trunk *t = gw_trunk_named(sip, name);
  return t && is_at(t, ip);
}

gboolean gw_trunk_any_speaks(const gw_sip *sip, const char *ip) {
  for (guint i = 0; i < sip->trunks->len; i++) {
    const gw_trunk *t = sip->trunks->pdata[i];
    if (!t->leaving && is_at(t, ip)) return TRUE;
  }
  return FALSE;
}

gboolean gw_trunk_trusted(const gw_trunk *t) {
  return t->conf.trusted;
}

const char *gw_trunk_name(const gw_trunk *t) {
  return t->conf.name;
}

char *gw_trunk_dialled(const gw_trunk *t, const sip_t *msg) {
  const url_t *url = msg->sip_request->rq_url;
  if (t && msg->sip_to && (for_account(t, msg) || (url->url_type != url_tel && !url->url_user)))
    url = msg->sip_to->a_url;
  return gw_sip_unescape(url->url_type == url_tel && !url->url_user ? url->url_host
                                                                    : url->url_user);
}
