#include "xmpp/muji_xml.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/ns.h"
#include "xmpp/rtp_xml.h"

/* --- presence */

/* Only what takes part in the common payload map is kept: a room of a thousand is held so. */
static gw_desc *audio_only(const gw_desc *all) {
  const gw_desc_media *from = gw_desc_audio(all);
  if (!from || !from->codecs->len) return NULL;
  gw_desc *d = gw_desc_new();
  gw_desc_media *to = gw_desc_add(d, GW_KIND_AUDIO, from->mid);
  for (guint i = 0; i < from->codecs->len && i < GW_MAX_MUJI_CODECS; i++) {
    const gw_codec *c = &g_array_index(from->codecs, gw_codec, i);
    gw_desc_media_add_codec(to, c->pt, c->name, c->clock, c->channels, c->fmtp);
  }
  return d;
}

gw_muji *gw_muji_xml_parse(xmpp_stanza_t *presence) {
  xmpp_stanza_t *s = gw_xml_child(presence, "muji", GW_NS_MUJI);
  if (!s || !gw_xml_bounded(presence)) return NULL;
  const char *why = NULL;
  gw_muji *m = gw_muji_new(gw_xml_child(s, "preparing", GW_NS_MUJI) != NULL, NULL);
  g_autoptr(gw_desc) all = gw_rtp_xml_parse(s, TRUE, &why);
  m->contents = all != NULL;
  if (all) m->desc = audio_only(all);
  return m;
}

void gw_muji_xml_add(xmpp_stanza_t *presence, const gw_muji *m) {
  if (!m) return;
  xmpp_stanza_t *s = gw_xml_add(presence, "muji", GW_NS_MUJI);
  if (m->preparing) gw_xml_add(s, "preparing", GW_NS_MUJI);
  if (m->desc) gw_rtp_xml_build(s, m->desc, TRUE, GW_RTP_DESCRIPTION);
}

/* --- the room that a session or an invite belongs to */

char *gw_muji_xml_room(xmpp_stanza_t *parent) {
  xmpp_stanza_t *s = gw_xml_child(parent, "muji", GW_NS_MUJI);
  const char *room = s ? gw_xml_get(s, "room") : NULL;
  g_autofree char *normal = room && strlen(room) <= GW_MAX_JID ? gw_jid_normal(room) : NULL;
  return normal && strchr(normal, '@') ? gw_jid_bare(normal) : NULL;
}

void gw_muji_xml_add_room(xmpp_stanza_t *parent, const char *room) {
  if (room) gw_xml_set(gw_xml_add(parent, "muji", GW_NS_MUJI), "room", room);
}

/* --- invites */

static gboolean id_ok(const char *id) {
  return id && *id && strlen(id) <= GW_MAX_SID;
}

static gboolean action_of(xmpp_stanza_t *s, gw_invite_action *ret) {
  const char *name = xmpp_stanza_get_name(s);
  const gboolean old = gw_xml_is(s, NULL, GW_NS_CALL_MESSAGE);
  if (!name || (!old && !gw_xml_is(s, NULL, GW_NS_CALL_INVITES))) return FALSE;
  if (!strcmp(name, "propose") || !strcmp(name, "finish")) {
    *ret = *name == 'p' ? GW_INVITE_INVITE : GW_INVITE_LEFT;
    return old;
  }
  for (guint i = 0; i <= GW_INVITE_LEFT; i++)
    if (!strcmp(name, gw_invite_action_name((gw_invite_action)i))) {
      *ret = (gw_invite_action)i;
      return TRUE;
    }
  return FALSE;
}

static void add_id(gw_call_invite *v, const char *id) {
  if (id_ok(id) && v->n_ids < GW_INVITE_MAX_IDS && !gw_call_invite_has_id(v, id))
    v->ids[v->n_ids++] = g_strdup(id);
}

static void ways_in(xmpp_stanza_t *s, gw_call_invite *v) {
  xmpp_stanza_t *jingle = gw_xml_child(s, "jingle", NULL);
  const char *sid = jingle ? gw_xml_get(jingle, "sid") : NULL;
  const char *jid = jingle ? gw_xml_get(jingle, "jid") : NULL;
  if (!v->muji_room) v->muji_room = gw_muji_xml_room(s);
  if (!v->jingle_sid && id_ok(sid)) {
    v->jingle_sid = g_strdup(sid);
    v->jingle_jid = jid ? gw_jid_normal(jid) : NULL;
  }
}

static gboolean truth(const char *value) {
  return value && (!strcmp(value, "true") || !strcmp(value, "1"));
}

static void element_in(xmpp_stanza_t *s, gw_call_invite *v) {
  add_id(v, gw_xml_get(s, "id"));
  v->video |= truth(gw_xml_get(s, "video"));
  v->multi |= truth(gw_xml_get(s, "multi"));
  ways_in(s, v);
}

/* What else the invite may be called by those who answer it. */
static void other_ids(xmpp_stanza_t *message, gw_call_invite *v) {
  g_autofree char *room = gw_jid_bare(xmpp_stanza_get_from(message));
  add_id(v, gw_xml_get(message, "id"));
  GW_XML_EACH(c, message) {
    const char *by = gw_xml_get(c, "by");
    if (gw_xml_is(c, "origin-id", GW_NS_SID)) add_id(v, gw_xml_get(c, "id"));
    if (gw_xml_is(c, "stanza-id", GW_NS_SID) && by && room && gw_jid_same(by, room))
      add_id(v, gw_xml_get(c, "id"));
  }
}

/* FALSE: nothing for us in it. */
static gboolean collect(xmpp_stanza_t *message, gw_call_invite *v, gboolean *ret_delayed) {
  gw_invite_action action;
  gboolean found = FALSE;
  GW_XML_EACH(c, message) {
    if (gw_xml_is(c, NULL, GW_NS_JMI)) return FALSE;
    if (gw_xml_is(c, "delay", GW_NS_DELAY) || gw_xml_is(c, "x", GW_NS_DELAY_OLD))
      *ret_delayed = TRUE;
    if (!action_of(c, &action)) continue;
    if (found && action != v->action) return FALSE;
    found = TRUE;
    v->action = action;
    element_in(c, v);
    if (gw_xml_is(c, NULL, GW_NS_CALL_MESSAGE))
      v->in_old = TRUE;
    else
      v->in_new = TRUE;
  }
  return found;
}

gw_word *gw_muji_xml_parse_invite(xmpp_stanza_t *message) {
  const char *type = xmpp_stanza_get_type(message), *from = xmpp_stanza_get_from(message);
  if (!gw_xml_is(message, "message", NULL) || !from || !g_strcmp0(type, "error")) return NULL;
  gw_word *w = g_new0(gw_word, 1);
  gw_call_invite *v = &w->u.call_invite;
  w->kind = GW_WORD_CALL_INVITE;
  const gboolean found = collect(message, v, &w->historic);
  if (found && v->action == GW_INVITE_INVITE) other_ids(message, v);
  if (!found || !v->n_ids || !gw_xml_bounded(message)) {
    gw_word_free(w);
    return NULL;
  }
  w->from = g_strdup(from);
  w->to = g_strdup(xmpp_stanza_get_to(message));
  return w;
}

static void one_form(xmpp_stanza_t *message, const gw_call_invite *v, const char *name,
                     const char *ns) {
  xmpp_stanza_t *s = gw_xml_add(message, name, ns);
  gw_xml_set(s, "id", v->ids[0]);
  if (v->action == GW_INVITE_INVITE) {
    gw_xml_set(s, "video", v->video ? "true" : "false");
    gw_xml_set(s, "multi", v->multi ? "true" : "false");
  }
  if (v->action > GW_INVITE_ACCEPT) return;
  gw_muji_xml_add_room(s, v->muji_room);
  if (!v->jingle_sid) return;
  xmpp_stanza_t *j = gw_xml_add(s, "jingle", ns);
  gw_xml_set(j, "sid", v->jingle_sid);
  gw_xml_set(j, "jid", v->jingle_jid);
}

xmpp_stanza_t *gw_muji_xml_build_invite(const gw_word *w, const char *from, const char *to,
                                        const char *type, const char *answer_id) {
  static const char *const old_names[] = {"propose", "accept", "reject", "retract", "finish"};
  const gw_call_invite *v = &w->u.call_invite;
  const gboolean first = v->action == GW_INVITE_INVITE, both = v->in_new == v->in_old;
  xmpp_stanza_t *message = gw_xml_new("message", NULL);
  gw_xml_set(message, "type", type);
  gw_xml_set(message, "from", from);
  gw_xml_set(message, "to", to);
  gw_xml_set(message, "id", first ? v->ids[0] : answer_id);
  if (both || v->in_new)
    one_form(message, v, gw_invite_action_name(v->action), GW_NS_CALL_INVITES);
  if (both || v->in_old) one_form(message, v, old_names[v->action], GW_NS_CALL_MESSAGE);
  if (first) gw_xml_set(gw_xml_add(message, "origin-id", GW_NS_SID), "id", v->ids[0]);
  gw_xml_add(message, "store", GW_NS_HINTS);
  return message;
}
