#include "xmpp/services_xml.h"
#include <string.h>
#include "base/limits.h"
#include "xmpp/ns.h"

static const char *const types[] = {"stun", "turn", "turns"};

static gboolean text_ok(const char *s) {
  if (!s || !*s || strlen(s) > GW_MAX_SERVICE_TEXT) return FALSE;
  for (; *s; s++)
    if ((guchar)*s < 0x20 || *s == 0x7f) return FALSE;
  return TRUE;
}

/* What GResolver and an address may hold; nothing that would look odd in a log. */
static gboolean host_ok(const char *s) {
  if (!text_ok(s) || strlen(s) > 255) return FALSE;
  for (; *s; s++)
    if (!g_ascii_isalnum(*s) && !strchr("-._:", *s)) return FALSE;
  return TRUE;
}

static gboolean type_of(const char *word, gw_service_type *ret) {
  for (guint i = 0; word && i < G_N_ELEMENTS(types); i++) {
    if (strcmp(word, types[i])) continue;
    *ret = (gw_service_type)i;
    return TRUE;
  }
  return FALSE;
}

static gw_service_action action_of(const char *word) {
  return !g_strcmp0(word, "delete")   ? GW_SERVICE_DELETE
         : !g_strcmp0(word, "modify") ? GW_SERVICE_MODIFY
                                      : GW_SERVICE_ADD;
}

/* XEP-0082; 0: none, or not to be read. */
static gint64 moment(const char *text) {
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_autoptr(GDateTime) d =
      text && strlen(text) < 64 ? g_date_time_new_from_iso8601(text, utc) : NULL;
  return d ? MAX(g_date_time_to_unix(d), 1) * G_USEC_PER_SEC : 0;
}

static gw_service *service_of(xmpp_stanza_t *e) {
  gw_service_type type;
  const char *host = gw_xml_get(e, "host"), *transport = gw_xml_get(e, "transport");
  guint64 port;
  if (!type_of(gw_xml_get(e, "type"), &type) || !host_ok(host)) return NULL;
  const gboolean turns = type == GW_SERVICE_TURNS;
  if (!gw_xml_get_uint(e, "port", G_MAXUINT16, &port)) {
    if (gw_xml_get(e, "port")) return NULL;
    port = turns ? 5349 : 3478;
  }
  if (!port || (transport && strcmp(transport, "udp") && strcmp(transport, "tcp"))) return NULL;
  const gboolean tcp = transport ? !strcmp(transport, "tcp") : turns;
  gw_service *s = gw_service_new(type, tcp, host, (guint16)port);
  const char *user = gw_xml_get(e, "username"), *password = gw_xml_get(e, "password");
  const char *restricted = gw_xml_get(e, "restricted");
  if (text_ok(user) && text_ok(password)) {
    s->user = g_strdup(user);
    s->password = g_strdup(password);
  }
  s->action = action_of(gw_xml_get(e, "action"));
  s->restricted = restricted && (!strcmp(restricted, "1") || !strcmp(restricted, "true"));
  s->expires_wall_us = moment(gw_xml_get(e, "expires"));
  return s;
}

GPtrArray *gw_services_xml_parse(xmpp_stanza_t *iq) {
  xmpp_stanza_t *list = gw_xml_child(iq, "services", GW_NS_EXTDISCO);
  if (!list) list = gw_xml_child(iq, "credentials", GW_NS_EXTDISCO);
  if (!list || !gw_xml_bounded(iq)) return NULL;
  GPtrArray *ret = gw_service_list_new();
  GW_XML_EACH(e, list) {
    gw_service *s = gw_xml_is(e, "service", GW_NS_EXTDISCO) ? service_of(e) : NULL;
    if (s && ret->len < GW_MAX_SERVICES)
      g_ptr_array_add(ret, s);
    else
      gw_service_free(s);
  }
  return ret;
}

void gw_services_xml_ask(xmpp_stanza_t *iq) {
  gw_xml_add(iq, "services", GW_NS_EXTDISCO);
}

void gw_services_xml_ask_credentials(xmpp_stanza_t *iq, const gw_service *of) {
  xmpp_stanza_t *e =
      gw_xml_add(gw_xml_add(iq, "credentials", GW_NS_EXTDISCO), "service", GW_NS_EXTDISCO);
  gw_xml_set(e, "type", types[of->type]);
  gw_xml_set(e, "host", of->host);
  gw_xml_set_uint(e, "port", of->port);
}
