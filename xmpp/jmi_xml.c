#include "xmpp/jmi_xml.h"
#include <string.h>
#include "base/limits.h"
#include "xmpp/iq.h"
#include "xmpp/ns.h"

#define PROPOSE_ID "jm-propose-" /* in front of the id of the propose: that of its message */

static gboolean id_ok(const char *id) {
  return id && *id && strlen(id) <= GW_MAX_SID;
}

static gboolean action_of(xmpp_stanza_t *s, gw_jmi_action *ret) {
  for (guint i = 0; i < GW_JMI_ERROR; i++)
    if (gw_xml_is(s, gw_jmi_action_name((gw_jmi_action)i), NULL)) {
      *ret = (gw_jmi_action)i;
      return TRUE;
    }
  return FALSE;
}

static void media_in(xmpp_stanza_t *s, gw_jmi *j) {
  GW_XML_EACH(c, s) {
    if (!gw_xml_is(c, "description", GW_NS_RTP)) continue;
    j->audio |= !g_strcmp0(gw_xml_get(c, "media"), "audio");
    j->video |= !g_strcmp0(gw_xml_get(c, "media"), "video");
  }
}

/* Old clients write the reason without its namespace, and some write none. */
static char *reason_in(xmpp_stanza_t *s) {
  xmpp_stanza_t *reason = gw_xml_child(s, "reason", NULL);
  if (!reason) return NULL;
  GW_XML_EACH(c, reason)
  if (!gw_xml_is(c, "text", NULL) && id_ok(xmpp_stanza_get_name(c)))
    return g_strdup(xmpp_stanza_get_name(c));
  return NULL;
}

static gw_word *word_of(xmpp_stanza_t *message, gw_jmi_action action, const char *id) {
  gw_word *w = gw_word_new_jmi(action, xmpp_stanza_get_to(message), id);
  w->from = g_strdup(xmpp_stanza_get_from(message));
  return w;
}

static gw_word *error_in(xmpp_stanza_t *message) {
  const char *id = xmpp_stanza_get_id(message);
  if (!id || !g_str_has_prefix(id, PROPOSE_ID) || !id_ok(id + strlen(PROPOSE_ID))) return NULL;
  gw_word *w = word_of(message, GW_JMI_ERROR, id + strlen(PROPOSE_ID));
  w->u.jmi.error = g_strdup(gw_iq_condition(message));
  return w;
}

static gboolean is_late(xmpp_stanza_t *message) {
  return gw_xml_child(message, "delay", GW_NS_DELAY) || gw_xml_child(message, "x", GW_NS_DELAY_OLD);
}

gw_word *gw_jmi_xml_parse(xmpp_stanza_t *message) {
  const char *type = xmpp_stanza_get_type(message);
  xmpp_stanza_t *found = NULL;
  gw_jmi_action action;
  if (!gw_xml_is(message, "message", NULL) || !g_strcmp0(type, "groupchat") ||
      !gw_xml_bounded(message))
    return NULL;
  if (!g_strcmp0(type, "error")) return error_in(message);
  GW_XML_EACH(c, message) {
    if (!gw_xml_is(c, NULL, GW_NS_JMI)) continue;
    if (found) return NULL;
    found = c;
  }
  const char *id = found ? gw_xml_get(found, "id") : NULL;
  if (!id_ok(id) || !action_of(found, &action)) return NULL;
  gw_word *w = word_of(message, action, id);
  media_in(found, &w->u.jmi);
  w->u.jmi.reason = reason_in(found);
  w->u.jmi.tie_break = gw_xml_child(found, "tie-break", NULL) != NULL;
  w->historic = is_late(message);
  return w;
}

static void media_out(xmpp_stanza_t *s, const char *media) {
  gw_xml_set(gw_xml_add(s, "description", GW_NS_RTP), "media", media);
}

xmpp_stanza_t *gw_jmi_xml_build(const gw_word *w, const char *from, const char *unique) {
  const gw_jmi *j = &w->u.jmi;
  g_autofree char *id = j->action == GW_JMI_PROPOSE ? g_strconcat(PROPOSE_ID, j->id, NULL) : NULL;
  xmpp_stanza_t *message = gw_xml_new("message", NULL);
  gw_xml_set(message, "type", "chat");
  gw_xml_set(message, "from", from);
  gw_xml_set(message, "to", w->to);
  gw_xml_set(message, "id", id ? id : unique);
  xmpp_stanza_t *s = gw_xml_add(message, gw_jmi_action_name(j->action), GW_NS_JMI);
  gw_xml_set(s, "id", j->id);
  if (j->audio) media_out(s, "audio");
  if (j->video) media_out(s, "video");
  if (j->reason) gw_xml_add(gw_xml_add(s, "reason", GW_NS_JINGLE), j->reason, GW_NS_JINGLE);
  if (j->tie_break) gw_xml_add(s, "tie-break", GW_NS_JMI);
  gw_xml_add(message, "store", GW_NS_HINTS);
  return message;
}
