/* invite_xml.c - invitations into a room as stanzas, and their refusal. */
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/ns.h"
#include "xmpp/words_xml.h"

#define MAX_REASON 256   /* bytes kept of why somebody invites */
#define MAX_PASSWORD 256 /* bytes of a room's password; a longer one is none */

static gboolean is_for_us(xmpp_stanza_t *message) {
  const char *type = xmpp_stanza_get_type(message);
  if (!gw_xml_is(message, "message", NULL)) return FALSE;
  return !type || !strcmp(type, "normal") || !strcmp(type, "chat");
}

/* A room's node is what makes it a room and not a service. */
static char *room_of(const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  return bare && strchr(bare, '@') ? g_steal_pointer(&bare) : NULL;
}

static char *short_text(const char *text, gsize max) {
  return text && *text && strlen(text) <= max ? g_strdup(text) : NULL;
}

/* Only the room itself says this: its bare JID is the sender, and the room. */
static gw_word *mediated(xmpp_stanza_t *message, xmpp_stanza_t *x, xmpp_stanza_t *invite) {
  const char *from = xmpp_stanza_get_from(message), *inviter = gw_xml_get(invite, "from");
  g_autofree char *room = from && !gw_jid_resource(from) ? room_of(from) : NULL;
  g_autofree char *who = inviter ? gw_jid_normal(inviter) : NULL;
  if (!room || !who) return NULL;
  gw_word *w = gw_word_new_invite(TRUE, room, who);
  xmpp_stanza_t *password = gw_xml_child(x, "password", NULL);
  xmpp_stanza_t *reason = gw_xml_child(invite, "reason", NULL);
  g_autofree char *secret = password ? gw_xml_text(password, MAX_PASSWORD + 1) : NULL;
  w->u.invite.password = short_text(secret, MAX_PASSWORD);
  w->u.invite.reason = reason ? gw_xml_text(reason, MAX_REASON) : NULL;
  return w;
}

static gw_word *direct(xmpp_stanza_t *message, xmpp_stanza_t *x) {
  const char *from = xmpp_stanza_get_from(message), *reason = gw_xml_get(x, "reason");
  g_autofree char *room = room_of(gw_xml_get(x, "jid"));
  g_autofree char *who = from ? gw_jid_normal(from) : NULL;
  if (!room || !who) return NULL;
  gw_word *w = gw_word_new_invite(FALSE, room, who);
  w->u.invite.password = short_text(gw_xml_get(x, "password"), MAX_PASSWORD);
  w->u.invite.reason = short_text(reason, MAX_REASON);
  return w;
}

gw_word *gw_words_parse_invite(xmpp_stanza_t *message) {
  gw_word *w = NULL;
  gboolean delayed = FALSE;
  xmpp_stanza_t *conference = NULL;
  if (!is_for_us(message) || !gw_xml_bounded(message)) return NULL;
  GW_XML_EACH(c, message) {
    xmpp_stanza_t *invite =
        gw_xml_is(c, "x", GW_NS_MUC_USER) ? gw_xml_child(c, "invite", NULL) : NULL;
    delayed |= gw_xml_is(c, "delay", GW_NS_DELAY) || gw_xml_is(c, "x", GW_NS_DELAY_OLD);
    if (invite && !w) w = mediated(message, c, invite);
    if (gw_xml_is(c, "x", GW_NS_CONFERENCE) && !conference) conference = c;
  }
  if (!w && conference) w = direct(message, conference);
  if (!w) return NULL;
  w->from = g_strdup(xmpp_stanza_get_from(message));
  w->to = g_strdup(xmpp_stanza_get_to(message));
  w->historic = delayed;
  return w;
}

xmpp_stanza_t *gw_words_build_decline(const gw_word *invite, const char *from, const char *reason,
                                      const char *id) {
  const gw_invite *i = &invite->u.invite;
  xmpp_stanza_t *message = gw_xml_new("message", NULL);
  gw_xml_set(message, "from", from);
  gw_xml_set(message, "to", i->mediated ? i->room : i->inviter);
  gw_xml_set(message, "id", id);
  if (!i->mediated) {
    gw_xml_set(message, "type", "chat");
    gw_xml_set_text(gw_xml_add(message, "body", NULL), reason);
    return message;
  }
  xmpp_stanza_t *decline =
      gw_xml_add(gw_xml_add(message, "x", GW_NS_MUC_USER), "decline", GW_NS_MUC_USER);
  gw_xml_set(decline, "to", i->inviter);
  gw_xml_set_text(gw_xml_add(decline, "reason", GW_NS_MUC_USER), reason);
  return message;
}
