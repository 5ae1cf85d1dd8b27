#include "xmpp/muc_xml.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/iq.h"
#include "xmpp/ns.h"

static void item(xmpp_stanza_t *s, gw_muc_presence *p) {
  if (p->n_items >= G_N_ELEMENTS(p->items)) return;
  p->items[p->n_items++] = (gw_muc_item){gw_xml_get(s, "jid"), gw_xml_get(s, "nick"),
                                         gw_xml_get(s, "affiliation"), gw_xml_get(s, "role")};
}

static void user_element(xmpp_stanza_t *x, gw_muc_presence *p) {
  GW_XML_EACH(c, x) {
    guint64 code;
    if (gw_xml_is(c, "item", NULL)) item(c, p);
    if (gw_xml_is(c, "status", NULL) && p->n_codes < GW_MUC_MAX_CODES &&
        gw_xml_get_uint(c, "code", 999, &code))
      p->codes[p->n_codes++] = (guint)code;
    if (gw_xml_is(c, "destroy", NULL)) {
      p->destroyed = TRUE;
      p->alternate = gw_xml_get(c, "jid");
    }
  }
}

void gw_muc_xml_presence(xmpp_stanza_t *s, gw_muc_presence *ret) {
  const char *type = xmpp_stanza_get_type(s);
  *ret = (gw_muc_presence){.nick = gw_jid_resource(xmpp_stanza_get_from(s))};
  ret->type = !type                          ? GW_PRES_AVAILABLE
              : !strcmp(type, "unavailable") ? GW_PRES_UNAVAILABLE
                                             : GW_PRES_ERROR;
  if (ret->type == GW_PRES_ERROR) ret->condition = gw_iq_condition(s);
  GW_XML_EACH(c, s)
  if (gw_xml_is(c, "x", GW_NS_MUC_USER)) user_element(c, ret);
}

char *gw_muc_xml_alternate(xmpp_stanza_t *presence) {
  xmpp_stanza_t *error = gw_xml_child(presence, "error", NULL);
  xmpp_stanza_t *gone = error ? gw_xml_child(error, "gone", XMPP_NS_STANZAS_IETF) : NULL;
  char *text = gone ? gw_xml_text(gone, GW_MAX_JID) : NULL;
  if (!text) return NULL;
  g_strstrip(text);
  if (g_str_has_prefix(text, "xmpp:")) memmove(text, text + 5, strlen(text + 5) + 1);
  text[strcspn(text, "?;")] = 0;
  return text;
}

/* XEP-0045 7.2.15: a subject element and no body; a message with both is just a message. */
gboolean gw_muc_xml_is_subject(xmpp_stanza_t *message) {
  return gw_xml_child(message, "subject", NULL) && !gw_xml_child(message, "body", NULL) &&
         !gw_xml_child(message, "thread", NULL);
}

char *gw_muc_xml_text(xmpp_stanza_t *message) {
  xmpp_stanza_t *body = NULL;
  GW_XML_EACH(c, message) {
    if (gw_xml_is(c, "delay", GW_NS_DELAY) || gw_xml_is(c, "x", GW_NS_DELAY_OLD) ||
        gw_xml_is(c, "encryption", GW_NS_EME))
      return NULL;
    if (!body && gw_xml_is(c, "body", NULL)) body = c;
  }
  return body ? gw_xml_text(body, GW_MAX_CHAT) : NULL;
}

void gw_muc_xml_disco(xmpp_stanza_t *result, gw_muc_disco *ret) {
  xmpp_stanza_t *query =
      gw_iq_ok(result) ? gw_xml_child(result, "query", XMPP_NS_DISCO_INFO) : NULL;
  *ret = (gw_muc_disco){0};
  if (!query) return;
  ret->answered = TRUE;
  GW_XML_EACH(c, query) {
    const char *var = gw_xml_is(c, "feature", NULL) ? gw_xml_get(c, "var") : NULL;
    if (!var) continue;
    if (!strcmp(var, "muc_nonanonymous")) ret->open = TRUE;
    if (!strcmp(var, "muc_membersonly")) ret->members_only = TRUE;
    if (!strcmp(var, "muc_semianonymous") || !strcmp(var, "muc_fullyanonymous")) ret->closed = TRUE;
  }
}

void gw_muc_xml_add_join(xmpp_stanza_t *presence, const char *password) {
  xmpp_stanza_t *x = gw_xml_add(presence, "x", GW_NS_MUC);
  gw_xml_set(gw_xml_add(x, "history", GW_NS_MUC), "maxstanzas", "0");
  if (password) gw_xml_set_text(gw_xml_add(x, "password", GW_NS_MUC), password);
}

static void field(xmpp_stanza_t *form, const char *var, const char *type, const char *value) {
  xmpp_stanza_t *f = gw_xml_add(form, "field", GW_NS_DATA);
  gw_xml_set(f, "var", var);
  gw_xml_set(f, "type", type);
  gw_xml_set_text(gw_xml_add(f, "value", GW_NS_DATA), value);
}

void gw_muc_xml_add_submit(xmpp_stanza_t *iq, gboolean for_a_call, gboolean members_only) {
  xmpp_stanza_t *form = gw_xml_add(gw_xml_add(iq, "query", GW_NS_MUC_OWNER), "x", GW_NS_DATA);
  gw_xml_set(form, "type", "submit");
  if (!for_a_call) return;
  field(form, "FORM_TYPE", "hidden", GW_NS_MUC_ROOMCONFIG);
  field(form, "muc#roomconfig_membersonly", "boolean", members_only ? "1" : "0");
  field(form, "muc#roomconfig_whois", "list-single", "anyone");
  field(form, "muc#roomconfig_allowinvites", "boolean", "1");
  field(form, "muc#roomconfig_persistentroom", "boolean", "0");
  field(form, "muc#roomconfig_publicroom", "boolean", "0");
}

void gw_muc_xml_add_voice(xmpp_stanza_t *message) {
  xmpp_stanza_t *form = gw_xml_add(message, "x", GW_NS_DATA);
  gw_xml_set(form, "type", "submit");
  field(form, "FORM_TYPE", "hidden", GW_NS_MUC_REQUEST);
  field(form, "muc#role", "list-single", "participant");
}

void gw_muc_xml_add_affiliation(xmpp_stanza_t *iq, const char *bare_jid, const char *affiliation) {
  xmpp_stanza_t *i = gw_xml_add(gw_xml_add(iq, "query", GW_NS_MUC_ADMIN), "item", GW_NS_MUC_ADMIN);
  gw_xml_set(i, "affiliation", affiliation);
  gw_xml_set(i, "jid", bare_jid);
}
