#include <string.h>
#include "base/jid.h"
#include "xmpp/caps.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"

#define CAPS_NODE "https://tipring.invalid/caps" /* a name, never fetched (XEP-0115 4) */

/* What this room can do for every persona; the configuration adds what flavours can. */
static const char *const own_features[] = {XMPP_NS_DISCO_INFO,  XMPP_NS_DISCO_ITEMS,
                                           GW_NS_CAPS,          GW_NS_PING,
                                           GW_NS_VERSION,       GW_NS_JINGLE,
                                           GW_NS_RTP,           "urn:xmpp:jingle:apps:rtp:audio",
                                           GW_NS_RTP_INFO,      GW_NS_ICE,
                                           GW_NS_DTLS,          GW_NS_GROUPING,
                                           GW_NS_SSMA,          "urn:ietf:rfc:3264",
                                           "urn:ietf:rfc:5576", "urn:ietf:rfc:5761",
                                           "urn:ietf:rfc:5888", GW_NS_COIN, NULL};
static const char *const domain_features[] = {XMPP_NS_DISCO_INFO, XMPP_NS_DISCO_ITEMS, GW_NS_PING,
                                              GW_NS_VERSION, NULL};

static void identity(xmpp_stanza_t *query, const char *category, const char *type,
                     const char *name) {
  xmpp_stanza_t *i = gw_xml_add(query, "identity", XMPP_NS_DISCO_INFO);
  gw_xml_set(i, "category", category);
  gw_xml_set(i, "type", type);
  gw_xml_set(i, "name", name);
}

static void features(xmpp_stanza_t *query, const char *const *list) {
  for (; *list; list++)
    gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", *list);
}

/* Where nobody may call phones, no calls are announced: people would get a button that does nothing. */
static const char *const standing_features[] = {
    XMPP_NS_DISCO_INFO, XMPP_NS_DISCO_ITEMS, GW_NS_CAPS, GW_NS_PING,
    GW_NS_VERSION,      GW_NS_CONFERENCE,    NULL};
static const char *const call_features[] = {GW_NS_JINGLE, GW_NS_RTP, "urn:xmpp:jingle:apps:rtp:audio",
                                            GW_NS_RTP_INFO, GW_NS_ICE, GW_NS_DTLS, GW_NS_JMI, GW_NS_COIN, NULL};

static void init_standing(gw_xmpp *x) {
  g_auto(GStrv) sorted = gw_caps_sorted(standing_features, x->callable ? call_features : NULL);
  x->standing_ver = gw_caps_ver("client", "phone", x->name, (const char *const *)sorted);
  x->standing_query = gw_xml_new("query", XMPP_NS_DISCO_INFO);
  identity(x->standing_query, "client", "phone", x->name);
  features(x->standing_query, (const char *const *)sorted);
}

void gw_disco_init(gw_xmpp *x, const char *const *configured) {
  x->features = gw_caps_sorted(own_features, configured);
  x->caps_ver = gw_caps_ver("client", "phone", x->name, (const char *const *)x->features);
  x->disco_query = gw_xml_new("query", XMPP_NS_DISCO_INFO);
  identity(x->disco_query, "client", "phone", x->name);
  features(x->disco_query, (const char *const *)x->features);
  init_standing(x);
}

void gw_disco_clear(gw_xmpp *x) {
  g_strfreev(x->features);
  g_free(x->caps_ver);
  g_free(x->standing_ver);
  if (x->disco_query) xmpp_stanza_release(x->disco_query);
  if (x->standing_query) xmpp_stanza_release(x->standing_query);
}

static void add_caps(xmpp_stanza_t *presence, const char *ver) {
  xmpp_stanza_t *c = gw_xml_add(presence, "c", GW_NS_CAPS);
  gw_xml_set(c, "hash", "sha-1"); /* JSXC passes over all others */
  gw_xml_set(c, "node", CAPS_NODE);
  gw_xml_set(c, "ver", ver);
}

void gw_disco_add_caps(const gw_xmpp *x, xmpp_stanza_t *presence) {
  add_caps(presence, x->caps_ver);
}

void gw_disco_add_standing_caps(const gw_xmpp *x, xmpp_stanza_t *presence) {
  add_caps(presence, x->standing_ver);
}

/* A deep copy: in this version of the library a cloned child that outlives its parent dangles. */
static void answer_made(xmpp_stanza_t *reply, xmpp_stanza_t *made, const char *node) {
  xmpp_stanza_t *query = xmpp_stanza_copy(made);
  gw_xml_set(query, "node", node);
  xmpp_stanza_add_child_ex(reply, query, 0);
}

static void answer_other(const gw_xmpp *x, xmpp_stanza_t *reply, gboolean bare) {
  xmpp_stanza_t *query = gw_xml_add(reply, "query", XMPP_NS_DISCO_INFO);
  if (bare)
    identity(query, "account", "registered", NULL);
  else
    identity(query, "gateway", "sip", x->name);
  features(query, domain_features);
  if (!bare) gw_gateway_add_features(x, query, xmpp_stanza_get_to(reply));
}

static gboolean node_known(const char *ver, const char *node) {
  g_autofree char *ours = g_strdup_printf("%s#%s", CAPS_NODE, ver);
  return !node || !strcmp(node, ours);
}

static xmpp_stanza_t *info(const gw_xmpp *x, xmpp_stanza_t *iq, xmpp_stanza_t *query,
                           gw_disco_who who) {
  const char *node = gw_xml_get(query, "node"), *to = xmpp_stanza_get_to(iq);
  const char *ver = who == GW_DISCO_PERSONA ? x->caps_ver : x->standing_ver;
  if (who == GW_DISCO_OTHER ? node != NULL : !node_known(ver, node))
    return gw_iq_error(iq, "cancel", "item-not-found", NULL);
  xmpp_stanza_t *reply = gw_iq_result(iq);
  if (who == GW_DISCO_OTHER)
    answer_other(x, reply, to && strchr(to, '@'));
  else
    answer_made(reply, who == GW_DISCO_PERSONA ? x->disco_query : x->standing_query, node);
  return reply;
}

static xmpp_stanza_t *version(const gw_xmpp *x, xmpp_stanza_t *iq) {
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", GW_NS_VERSION);
  gw_xml_set_text(gw_xml_add(query, "name", GW_NS_VERSION), x->name);
  gw_xml_set_text(gw_xml_add(query, "version", GW_NS_VERSION), x->version);
  return reply;
}

gboolean gw_disco_serve(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq, gw_disco_who who) {
  xmpp_stanza_t *c = gw_xml_first(iq), *reply = NULL;
  if (!c || g_strcmp0(xmpp_stanza_get_type(iq), "get")) return FALSE;
  if (gw_xml_is(c, "query", XMPP_NS_DISCO_INFO)) {
    reply = info(x, iq, c, who);
  } else if (gw_xml_is(c, "query", XMPP_NS_DISCO_ITEMS)) {
    reply = gw_iq_result(iq);
    gw_xml_add(reply, "query", XMPP_NS_DISCO_ITEMS);
  } else if (gw_xml_is(c, "ping", GW_NS_PING)) {
    reply = gw_iq_result(iq);
  } else if (gw_xml_is(c, "query", GW_NS_VERSION)) {
    reply = version(x, iq);
  }
  if (reply) gw_xmpp_send(x, s, reply, FALSE);
  return reply != NULL;
}
