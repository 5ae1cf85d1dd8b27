#include "xmpp/words_xml.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/conference_xml.h"
#include "xmpp/muji_xml.h"
#include "xmpp/ns.h"
#include "xmpp/rtp_xml.h"

#define MAX_REASON_TEXT 256 /* bytes kept of what a peer gives as its reason */

static const char *const info_words[] = {
    [GW_INFO_RINGING] = "ringing", [GW_INFO_ACTIVE] = "active", [GW_INFO_HOLD] = "hold",
    [GW_INFO_UNHOLD] = "unhold",   [GW_INFO_MUTE] = "mute",     [GW_INFO_UNMUTE] = "unmute",
};

static gboolean id_ok(const char *id) {
  return id && *id && strlen(id) <= GW_MAX_SID;
}

/* --- JMUCI */

static gboolean jmuci_action_parse(const char *name, gw_jmuci_action *ret) {
  static const char *const synonyms[] = {"end", "finish", "left"};
  for (guint i = GW_JMUCI_PROPOSE; i <= GW_JMUCI_ENDED; i++)
    if (!g_ascii_strcasecmp(name, gw_jmuci_action_name((gw_jmuci_action)i))) {
      *ret = (gw_jmuci_action)i;
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS(synonyms); i++)
    if (!g_ascii_strcasecmp(name, synonyms[i])) {
      *ret = GW_JMUCI_ENDED;
      return TRUE;
    }
  return FALSE;
}

static gw_word *jmuci_read(xmpp_stanza_t *s, gboolean sfu) {
  gw_jmuci_action action;
  const char *id = gw_xml_get(s, "id"), *jid = gw_xml_get(s, "jid");
  if (!id_ok(id) || !jmuci_action_parse(xmpp_stanza_get_name(s), &action)) return NULL;
  gw_word *w = gw_word_new_jmuci(action, sfu, id);
  if (jid && gw_jid_resource(jid)) w->u.jmuci.jid = gw_jid_normal(jid);
  GW_XML_EACH(c, s) {
    if (!gw_xml_is(c, "description", GW_NS_RTP)) continue;
    if (!g_strcmp0(gw_xml_get(c, "media"), "audio")) w->u.jmuci.audio = TRUE;
    if (!g_strcmp0(gw_xml_get(c, "media"), "video")) w->u.jmuci.video = TRUE;
  }
  return w;
}

gw_word *gw_words_parse_jmuci(xmpp_stanza_t *message) {
  xmpp_stanza_t *found = NULL;
  gboolean sfu = FALSE, delayed = FALSE;
  const char *type = xmpp_stanza_get_type(message);
  if (!gw_xml_is(message, "message", NULL) || g_strcmp0(type, "groupchat")) return NULL;
  GW_XML_EACH(c, message) {
    gboolean mesh = gw_xml_is(c, NULL, GW_NS_JMUCI_MESH),
             other = gw_xml_is(c, NULL, GW_NS_JMUCI_SFU);
    delayed |= gw_xml_is(c, "delay", GW_NS_DELAY) || gw_xml_is(c, "x", GW_NS_DELAY_OLD);
    if (!mesh && !other) continue;
    if (found) return NULL; /* exactly one, as JSXC wants it */
    found = c;
    sfu = other;
  }
  if (!found || !gw_xml_bounded(message)) return NULL;
  gw_word *w = jmuci_read(found, sfu);
  if (!w) return NULL;
  w->from = g_strdup(xmpp_stanza_get_from(message));
  w->to = g_strdup(xmpp_stanza_get_to(message));
  w->historic = delayed;
  return w;
}

static void jmuci_media(xmpp_stanza_t *s, const char *media) {
  gw_xml_set(gw_xml_add(s, "description", GW_NS_RTP), "media", media);
}

xmpp_stanza_t *gw_words_build_jmuci(const gw_word *w, const char *from, const char *room,
                                    const char *id) {
  const gw_jmuci *j = &w->u.jmuci;
  xmpp_stanza_t *message = gw_xml_new("message", NULL);
  gw_xml_set(message, "type", "groupchat");
  gw_xml_set(message, "from", from);
  gw_xml_set(message, "to", room);
  gw_xml_set(message, "id", id);
  xmpp_stanza_t *s = gw_xml_add(message, gw_jmuci_action_name(j->action),
                                j->sfu ? GW_NS_JMUCI_SFU : GW_NS_JMUCI_MESH);
  gw_xml_set(s, "id", j->id);
  gw_xml_set(s, "jid", j->jid);
  if (j->audio) jmuci_media(s, "audio");
  if (j->video) jmuci_media(s, "video");
  return message;
}

/* --- Jingle */

static gw_jingle_action jingle_action_parse(const char *name) {
  for (guint i = 0; name && i < GW_JINGLE_ERROR; i++)
    if (!strcmp(name, gw_jingle_action_name((gw_jingle_action)i))) return (gw_jingle_action)i;
  return GW_JINGLE_UNKNOWN;
}

gboolean gw_words_peek_jingle(xmpp_stanza_t *iq, gw_jingle_head *ret) {
  xmpp_stanza_t *s = gw_xml_child(iq, "jingle", GW_NS_JINGLE);
  if (!s) return FALSE;
  const char *sid = gw_xml_get(s, "sid");
  ret->action = jingle_action_parse(gw_xml_get(s, "action"));
  ret->sid = id_ok(sid) ? sid : NULL;
  return TRUE;
}

static void reason_parse(xmpp_stanza_t *jingle, gw_jingle *j) {
  xmpp_stanza_t *reason = gw_xml_child(jingle, "reason", NULL);
  if (!reason) return;
  GW_XML_EACH(c, reason) {
    if (gw_xml_is(c, "text", NULL)) {
      if (!j->reason_text) j->reason_text = gw_xml_text(c, MAX_REASON_TEXT);
    } else if (!j->reason && id_ok(xmpp_stanza_get_name(c))) {
      j->reason = g_strdup(xmpp_stanza_get_name(c));
    }
  }
}

static const char *info_parse(xmpp_stanza_t *jingle, gw_jingle *j) {
  xmpp_stanza_t *s = gw_xml_first(jingle);
  j->info = GW_INFO_NONE;
  if (!s) return NULL;
  if (gw_xml_next(s)) return "more than one payload in session-info";
  if (gw_xml_is(s, "conference-info", GW_NS_COIN)) {
    gw_coin_xml_read(jingle, j);
    return NULL;
  }
  j->info = GW_INFO_UNKNOWN;
  for (guint i = GW_INFO_RINGING; i < G_N_ELEMENTS(info_words); i++)
    if (gw_xml_is(s, info_words[i], GW_NS_RTP_INFO)) j->info = (gw_jingle_info)i;
  const char *name = gw_xml_get(s, "name");
  if (id_ok(name)) j->info_name = g_strdup(name);
  return NULL;
}

static gboolean needs_contents(gw_jingle_action a) {
  return a == GW_JINGLE_SESSION_INITIATE || a == GW_JINGLE_SESSION_ACCEPT ||
         a == GW_JINGLE_TRANSPORT_INFO || a == GW_JINGLE_CONTENT_ADD ||
         a == GW_JINGLE_CONTENT_MODIFY || a == GW_JINGLE_CONTENT_REMOVE ||
         a == GW_JINGLE_TRANSPORT_REPLACE;
}

gw_word *gw_words_parse_jingle(xmpp_stanza_t *iq, gboolean we_initiated, const char **ret_why) {
  gw_jingle_head head;
  const char *why = NULL;
  if (!gw_words_peek_jingle(iq, &head)) {
    *ret_why = "no jingle element";
    return NULL;
  }
  if (!head.sid) {
    *ret_why = "no usable sid";
    return NULL;
  }
  if (!gw_xml_bounded(iq)) {
    *ret_why = "stanza too large or too deep";
    return NULL;
  }
  xmpp_stanza_t *s = gw_xml_child(iq, "jingle", GW_NS_JINGLE);
  g_autoptr(gw_word) w =
      gw_word_new_jingle(head.action, xmpp_stanza_get_to(iq), head.sid, we_initiated);
  w->from = g_strdup(xmpp_stanza_get_from(iq));
  reason_parse(s, &w->u.jingle);
  if (head.action == GW_JINGLE_SESSION_INITIATE) w->u.jingle.muji_room = gw_muji_xml_room(s);
  if (head.action <= GW_JINGLE_SESSION_ACCEPT) gw_coin_xml_read(s, &w->u.jingle);
  if (head.action == GW_JINGLE_SESSION_INFO)
    why = info_parse(s, &w->u.jingle);
  else
    w->u.jingle.desc = gw_rtp_xml_parse(s, !we_initiated, &why);
  if (!why && needs_contents(head.action) && !w->u.jingle.desc) why = "no content";
  if (why) {
    *ret_why = why;
    return NULL;
  }
  return g_steal_pointer(&w);
}

static void reason_build(xmpp_stanza_t *s, const gw_jingle *j) {
  if (!j->reason) return;
  xmpp_stanza_t *reason = gw_xml_add(s, "reason", GW_NS_JINGLE);
  gw_xml_add(reason, j->reason, GW_NS_JINGLE);
  if (j->reason_text) gw_xml_set_text(gw_xml_add(reason, "text", GW_NS_JINGLE), j->reason_text);
}

static void info_build(xmpp_stanza_t *s, const gw_jingle *j) {
  if (j->info < GW_INFO_RINGING || j->info >= GW_INFO_UNKNOWN) return;
  xmpp_stanza_t *c = gw_xml_add(s, info_words[j->info], GW_NS_RTP_INFO);
  if (j->info == GW_INFO_MUTE || j->info == GW_INFO_UNMUTE) {
    gw_xml_set(c, "creator", "initiator");
    gw_xml_set(c, "name", j->info_name);
  }
}

static gw_rtp_extent extent_of(gw_jingle_action a) {
  switch (a) {
  case GW_JINGLE_TRANSPORT_INFO:
  case GW_JINGLE_TRANSPORT_REPLACE:
  case GW_JINGLE_TRANSPORT_ACCEPT:
  case GW_JINGLE_TRANSPORT_REJECT:
    return GW_RTP_TRANSPORT;
  case GW_JINGLE_CONTENT_MODIFY:
  case GW_JINGLE_CONTENT_REMOVE:
  case GW_JINGLE_CONTENT_REJECT:
    return GW_RTP_NAMES;
  default:
    return GW_RTP_WHOLE;
  }
}

xmpp_stanza_t *gw_words_build_jingle(const gw_word *w, const char *from, const char *id) {
  const gw_jingle *j = &w->u.jingle;
  xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
  gw_xml_set(iq, "type", "set");
  gw_xml_set(iq, "from", from);
  gw_xml_set(iq, "to", w->to);
  gw_xml_set(iq, "id", id);
  xmpp_stanza_t *s = gw_xml_add(iq, "jingle", GW_NS_JINGLE);
  gw_xml_set(s, "action", gw_jingle_action_name(j->action));
  gw_xml_set(s, "sid", j->sid);
  if (j->action == GW_JINGLE_SESSION_INITIATE) gw_xml_set(s, "initiator", from);
  if (j->action == GW_JINGLE_SESSION_ACCEPT) gw_xml_set(s, "responder", from);
  if (j->desc) gw_rtp_xml_build(s, j->desc, j->we_initiated, extent_of(j->action));
  if (j->action == GW_JINGLE_SESSION_INITIATE) gw_muji_xml_add_room(s, j->muji_room);
  if (j->action == GW_JINGLE_SESSION_INFO) info_build(s, j);
  if (j->action == GW_JINGLE_SESSION_ACCEPT && j->focus) gw_coin_xml_add_focus(s);
  reason_build(s, j);
  return iq;
}
