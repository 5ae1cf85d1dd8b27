#include "xmpp/conference_xml.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/ns.h"

#define MAX_MIDS 16 /* contents of one participant that we remember */
#define SCHEME "xmpp:"

/* --- XEP-0298 */

static gboolean truth(const char *value) {
  return value && (!strcmp(value, "true") || !strcmp(value, "1"));
}

static gboolean printable(const char *s) {
  for (; *s; s++)
    if ((guchar)*s <= 0x20 || *s == 0x7f) return FALSE;
  return TRUE;
}

/* An xmpp: URI names a JID (RFC 5122), anything else stays as it is: a service may bring people by other ways. */
static char *owner_of(const char *entity) {
  if (!entity || !*entity || strlen(entity) > GW_MAX_JID) return NULL;
  if (g_ascii_strncasecmp(entity, SCHEME, strlen(SCHEME)))
    return printable(entity) ? g_strdup(entity) : NULL;
  g_autofree char *path =
      g_strndup(entity + strlen(SCHEME), strcspn(entity + strlen(SCHEME), "?#"));
  g_autofree char *plain = g_uri_unescape_string(path, NULL);
  return plain && g_utf8_validate(plain, -1, NULL) ? gw_jid_normal(plain) : NULL;
}

static char **strings_of(GPtrArray *taken) {
  g_ptr_array_add(taken, NULL);
  return (char **)g_ptr_array_steal(taken, NULL);
}

void gw_coin_xml_read(xmpp_stanza_t *jingle, gw_jingle *ret) {
  xmpp_stanza_t *info = gw_xml_child(jingle, "conference-info", GW_NS_COIN);
  if (!info) return;
  ret->focus = truth(gw_xml_get(info, "isfocus"));
  xmpp_stanza_t *users = gw_xml_child(info, "users", GW_NS_COIN);
  if (!users) return;
  g_autoptr(GPtrArray) here = g_ptr_array_new(), gone = g_ptr_array_new();
  ret->partial = !g_strcmp0(gw_xml_get(info, "state"), "partial");
  GW_XML_EACH(c, users) {
    char *who = gw_xml_is(c, "user", GW_NS_COIN) ? owner_of(gw_xml_get(c, "entity")) : NULL;
    GPtrArray *list = !g_strcmp0(gw_xml_get(c, "state"), "deleted") ? gone : here;
    if (who && list->len < GW_MAX_COIN_USERS)
      g_ptr_array_add(list, who);
    else
      g_free(who);
  }
  ret->users = strings_of(here);
  ret->gone = strings_of(gone);
}

void gw_coin_xml_add_focus(xmpp_stanza_t *jingle) {
  gw_xml_set(gw_xml_add(jingle, "conference-info", GW_NS_COIN), "isfocus", "true");
}

static xmpp_stanza_t *add_text(xmpp_stanza_t *parent, const char *name, const char *text) {
  xmpp_stanza_t *s = gw_xml_add(parent, name, GW_NS_CONFERENCE_INFO);
  if (text) gw_xml_set_text(s, text);
  return s;
}

static void add_user(xmpp_stanza_t *users, const gw_coin_user *u) {
  xmpp_stanza_t *user = add_text(users, "user", NULL);
  gw_xml_set(user, "entity", u->uri);
  gw_xml_set(user, "state", "full");
  add_text(user, "display-text", u->name);
  xmpp_stanza_t *endpoint = add_text(user, "endpoint", NULL);
  gw_xml_set(endpoint, "entity", u->uri);
  add_text(endpoint, "status", "connected");
  xmpp_stanza_t *media = add_text(endpoint, "media", NULL);
  gw_xml_set(media, "id", "1");
  add_text(media, "type", "audio");
}

void gw_coin_xml_build(xmpp_stanza_t *iq, const gw_coin *c) {
  g_autofree char *all = g_strdup_printf("%u", c->all);
  xmpp_stanza_t *s = add_text(iq, "conference-info", NULL);
  gw_xml_set(s, "entity", c->uri);
  gw_xml_set(s, "state", "full");
  gw_xml_set_uint(s, "version", c->version);
  add_text(add_text(s, "conference-description", NULL), "subject", c->subject);
  add_text(add_text(s, "conference-state", NULL), "user-count", all);
  xmpp_stanza_t *users = add_text(s, "users", NULL);
  for (guint i = 0; i < c->users->len; i++)
    add_user(users, c->users->pdata[i]);
}

gboolean gw_coin_xml_is(xmpp_stanza_t *iq) {
  return gw_xml_child(iq, "conference-info", GW_NS_CONFERENCE_INFO) != NULL;
}

/* --- Tigase Meet */

static xmpp_stanza_t *meet_of(xmpp_stanza_t *iq) {
  xmpp_stanza_t *s = gw_xml_child(iq, "joined", GW_NS_MEET);
  return s ? s : gw_xml_child(iq, "left", GW_NS_MEET);
}

gboolean gw_meet_xml_is(xmpp_stanza_t *iq) {
  return meet_of(iq) != NULL;
}

static gboolean add_participant(xmpp_stanza_t *s, gw_meet *m) {
  const char *jid = gw_xml_get(s, "jid");
  g_autofree char *bare = jid && strlen(jid) <= GW_MAX_JID ? gw_jid_bare(jid) : NULL;
  g_autoptr(GPtrArray) mids = g_ptr_array_new();
  if (!bare) return FALSE;
  GW_XML_EACH(c, s) {
    const char *mid = gw_xml_is(c, "stream", NULL) ? gw_xml_get(c, "mid") : NULL;
    if (mid && *mid && strlen(mid) <= GW_MAX_SID && mids->len < MAX_MIDS)
      g_ptr_array_add(mids, (void *)mid);
  }
  g_ptr_array_add(mids, NULL);
  gw_meet_add(m, bare, (const char *const *)mids->pdata);
  return TRUE;
}

/* The document names the element participant in its examples and publisher in its text. */
gw_word *gw_meet_xml_parse(xmpp_stanza_t *iq) {
  xmpp_stanza_t *s = meet_of(iq);
  if (!s || !gw_xml_bounded(iq)) return NULL;
  g_autoptr(gw_word) w = gw_word_new_meet(gw_xml_is(s, "left", NULL));
  w->from = g_strdup(xmpp_stanza_get_from(iq));
  w->to = g_strdup(xmpp_stanza_get_to(iq));
  GW_XML_EACH(c, s) {
    if (!gw_xml_is(c, "participant", NULL) && !gw_xml_is(c, "publisher", NULL)) continue;
    if (w->u.meet.who->len >= GW_MAX_SFU_NAMES || !add_participant(c, &w->u.meet)) return NULL;
  }
  return g_steal_pointer(&w);
}
