#include "xmpp/meet_xml.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/ns.h"

/* --- invitations */

/* `accept` is what the document says, `proceed` what its authors' clients say instead; both take the invitation. */
static const struct {
  const char *name;
  gw_invite_action action;
} verbs[] = {{"propose", GW_INVITE_INVITE},  {"accept", GW_INVITE_ACCEPT},
             {"proceed", GW_INVITE_ACCEPT},  {"reject", GW_INVITE_REJECT},
             {"retract", GW_INVITE_RETRACT}, {"failure", GW_INVITE_FAILED}};

static gboolean action_of(xmpp_stanza_t *s, gw_invite_action *ret) {
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
    if (gw_xml_is(s, verbs[i].name, NULL)) {
      *ret = verbs[i].action;
      return TRUE;
    }
  return FALSE;
}

/* A meet has a node: the bare service is none. */
static char *meet_of(const char *jid) {
  g_autofree char *bare = jid && strlen(jid) <= GW_MAX_JID ? gw_jid_bare(jid) : NULL;
  return bare && strchr(bare, '@') ? g_steal_pointer(&bare) : NULL;
}

/* A meet without sound is no way into a call. */
static void propose_in(xmpp_stanza_t *s, gw_call_invite *v) {
  gboolean audio = FALSE;
  GW_XML_EACH(c, s) {
    const char *type = gw_xml_is(c, "media", NULL) ? gw_xml_get(c, "type") : NULL;
    audio |= !g_strcmp0(type, "audio");
    v->video |= !g_strcmp0(type, "video");
  }
  v->multi = TRUE;
  if (audio) v->meet = meet_of(gw_xml_get(s, "jid"));
}

static gboolean is_late(xmpp_stanza_t *message) {
  return gw_xml_child(message, "delay", GW_NS_DELAY) || gw_xml_child(message, "x", GW_NS_DELAY_OLD);
}

gw_word *gw_meet_xml_parse_invite(xmpp_stanza_t *message) {
  const char *type = xmpp_stanza_get_type(message), *from = xmpp_stanza_get_from(message);
  xmpp_stanza_t *s = gw_xml_child(message, NULL, GW_NS_MEET);
  const char *id = s ? gw_xml_get(s, "id") : NULL;
  gw_invite_action action;
  if (!gw_xml_is(message, "message", NULL) || !from || !g_strcmp0(type, "error") ||
      !g_strcmp0(type, "groupchat") || !id || !*id || strlen(id) > GW_MAX_SID ||
      !action_of(s, &action) || !gw_xml_bounded(message))
    return NULL;
  gw_word *w = g_new0(gw_word, 1);
  gw_call_invite *v = &w->u.call_invite;
  w->kind = GW_WORD_CALL_INVITE;
  w->from = g_strdup(from);
  w->to = g_strdup(xmpp_stanza_get_to(message));
  w->historic = is_late(message);
  *v = (gw_call_invite){.action = action, .in_meet = TRUE, .n_ids = 1};
  v->ids[0] = g_strdup(id);
  if (action == GW_INVITE_INVITE) propose_in(s, v);
  return w;
}

static void add_media(xmpp_stanza_t *s, const char *type) {
  gw_xml_set(gw_xml_add(s, "media", GW_NS_MEET), "type", type);
}

/* The media of meets that we make: the service makes none without pictures, and who is asked sees what others may send. */
static void add_all_media(xmpp_stanza_t *s) {
  add_media(s, "audio");
  add_media(s, "video");
}

/* Of its words there is none for having left. */
static const char *name_of(gw_invite_action action) {
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
    if (verbs[i].action == action) return verbs[i].name;
  return NULL;
}

xmpp_stanza_t *gw_meet_xml_build_invite(const gw_word *w, const char *id) {
  const gw_call_invite *v = &w->u.call_invite;
  const char *name = name_of(v->action);
  if (!name) return NULL;
  xmpp_stanza_t *message = gw_xml_new("message", NULL);
  gw_xml_set(message, "type", "chat");
  gw_xml_set(message, "from", w->from);
  gw_xml_set(message, "to", w->to);
  gw_xml_set(message, "id", id);
  xmpp_stanza_t *s = gw_xml_add(message, name, GW_NS_MEET);
  gw_xml_set(s, "id", v->ids[0]);
  if (v->action != GW_INVITE_INVITE) return message;
  gw_xml_set(s, "jid", v->meet);
  add_all_media(s);
  return message;
}

/* --- making one */

/* The document has the JID as text in its examples and as an attribute in its words; the service reads the text. */
void gw_meet_xml_add(xmpp_stanza_t *iq, const char *verb, const char *const *who) {
  xmpp_stanza_t *s = gw_xml_add(iq, verb, GW_NS_MEET);
  if (!strcmp(verb, "create")) add_all_media(s);
  for (; who && *who; who++) {
    xmpp_stanza_t *p = gw_xml_add(s, "participant", GW_NS_MEET);
    gw_xml_set(p, "jid", *who);
    gw_xml_set_text(p, *who);
  }
}

char *gw_meet_xml_made(xmpp_stanza_t *result, const char *service) {
  xmpp_stanza_t *s = gw_xml_child(result, "create", GW_NS_MEET);
  const char *id = s ? gw_xml_get(s, "id") : NULL;
  if (!id || !*id || strpbrk(id, "@/") || strlen(id) > GW_MAX_SID) return NULL;
  g_autofree char *jid = g_strdup_printf("%s@%s", id, service);
  return meet_of(jid);
}
