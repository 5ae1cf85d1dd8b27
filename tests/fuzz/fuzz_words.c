/* Stanzas of strangers: whatever the bytes, parsing ends, stays within bounds, and what was
 * understood can be written and understood again as the same. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/jingle_session.h"
#include "xmpp/form_xml.h"
#include "xmpp/jmi_xml.h"
#include "xmpp/muc_xml.h"
#include "xmpp/meet_xml.h"
#include "xmpp/muji_xml.h"
#include "xmpp/services_xml.h"
#include "xmpp/words_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_bounds(const gw_desc *d) {
  if (!d) return;
  g_assert(d->media->len <= GW_MAX_MEDIA);
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    g_assert(m->mid && m->codecs->len <= GW_MAX_CODECS && m->candidates->len <= GW_MAX_CANDIDATES &&
             m->sources->len <= GW_MAX_SSRCS);
    for (guint k = 0; k < m->candidates->len; k++) {
      const gw_candidate *c = &g_array_index(m->candidates, gw_candidate, k);
      g_assert(c->udp && c->component == 1 && c->port && *c->ip);
    }
  }
}

static xmpp_stanza_t *rewritten(const gw_word *w) {
  xmpp_stanza_t *s = w->kind == GW_WORD_JINGLE ? gw_words_build_jingle(w, w->from, "i")
                                               : gw_words_build_jmuci(w, w->from, w->to, "i");
  g_autofree char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  g_assert(text);
  return gw_xml_parse(text, strlen(text));
}

static void jingle(xmpp_stanza_t *s, gboolean we_initiated) {
  const char *why = NULL;
  g_autoptr(gw_word) w = gw_words_parse_jingle(s, we_initiated, &why);
  if (!w) {
    g_assert(why);
    return;
  }
  check_bounds(w->u.jingle.desc);
  w->u.jingle.we_initiated = !we_initiated;
  xmpp_stanza_t *again = rewritten(w);
  g_assert(again);
  g_autoptr(gw_word) back = w->u.jingle.action == GW_JINGLE_UNKNOWN
                                ? NULL
                                : gw_words_parse_jingle(again, we_initiated, &why);
  if (w->u.jingle.action != GW_JINGLE_UNKNOWN && w->u.jingle.action != GW_JINGLE_SESSION_INFO) {
    g_assert(back && back->u.jingle.action == w->u.jingle.action &&
             !strcmp(back->u.jingle.sid, w->u.jingle.sid));
    g_assert((back->u.jingle.desc != NULL) == (w->u.jingle.desc != NULL));
  }
  xmpp_stanza_release(again);
}

static void session(xmpp_stanza_t *s) {
  const char *why = NULL;
  gw_verdict v;
  g_autoptr(gw_sessions) t = gw_sessions_new(2);
  g_autoptr(gw_word) w = gw_words_parse_jingle(s, FALSE, &why);
  if (!w || !w->from) return;
  for (guint i = 0; i < 2; i++) {
    gw_sessions_in(t, w, &v);
    g_assert(v.ack || (v.type && v.condition && !v.deliver));
    gw_verdict_clear(&v);
  }
}

static xmpp_stanza_t *printed(xmpp_stanza_t *taken) {
  g_autofree char *text = gw_xml_print(taken);
  xmpp_stanza_release(taken);
  return text ? gw_xml_parse(text, strlen(text)) : NULL;
}

static void muji(xmpp_stanza_t *s) {
  g_autoptr(gw_muji) m = gw_muji_xml_parse(s);
  if (!m) return;
  check_bounds(m->desc);
  g_assert(!m->desc || (m->contents && m->desc->media->len == 1 &&
                        gw_desc_audio(m->desc)->codecs->len <= GW_MAX_MUJI_CODECS));
  if (!m->desc) return;
  xmpp_stanza_t *presence = gw_xml_new("presence", NULL);
  gw_muji_xml_add(presence, m);
  presence = printed(presence);
  g_assert(presence);
  g_autoptr(gw_muji) back = gw_muji_xml_parse(presence);
  xmpp_stanza_release(presence);
  g_assert(back && back->desc && back->preparing == m->preparing &&
           gw_desc_audio(back->desc)->codecs->len == gw_desc_audio(m->desc)->codecs->len);
}

static void invite(xmpp_stanza_t *s) {
  g_autoptr(gw_word) w = gw_muji_xml_parse_invite(s);
  if (!w) return;
  const gw_call_invite *v = &w->u.call_invite;
  g_assert(v->n_ids > 0 && v->n_ids <= GW_INVITE_MAX_IDS);
  s = printed(gw_muji_xml_build_invite(w, w->from, w->to, "chat", "i"));
  g_assert(s);
  g_autoptr(gw_word) back = gw_muji_xml_parse_invite(s);
  xmpp_stanza_release(s);
  g_assert(back && back->u.call_invite.action == v->action && !strcmp(back->u.call_invite.ids[0], v->ids[0]));
  if (v->action <= GW_INVITE_ACCEPT) g_assert(!g_strcmp0(back->u.call_invite.muji_room, v->muji_room));
}

static void meet_invite(xmpp_stanza_t *s) {
  g_autoptr(gw_word) w = gw_meet_xml_parse_invite(s);
  if (!w) return;
  const gw_call_invite *v = &w->u.call_invite;
  g_assert(v->n_ids == 1 && (!v->meet || strchr(v->meet, '@')));
  s = printed(gw_meet_xml_build_invite(w, "i"));
  g_assert(s);
  g_autoptr(gw_word) back = gw_meet_xml_parse_invite(s);
  xmpp_stanza_release(s);
  g_assert(back && back->u.call_invite.action == v->action);
  if (v->meet) g_assert(!g_strcmp0(back->u.call_invite.meet, v->meet));
}

static void invitation(xmpp_stanza_t *s) {
  g_autoptr(gw_word) w = gw_words_parse_invite(s);
  if (!w) return;
  const gw_invite *i = &w->u.invite;
  g_assert(w->kind == GW_WORD_INVITE && i->room && strchr(i->room, '@') && i->inviter);
  g_assert(strlen(i->room) <= GW_MAX_JID && strlen(i->inviter) <= GW_MAX_JID);
  g_assert((!i->reason || strlen(i->reason) <= 256) &&
           (!i->password || strlen(i->password) <= 256));
  g_autoptr(gw_word) copy = gw_word_copy(w);
  g_assert_cmpstr(copy->u.invite.room, ==, i->room);
  xmpp_stanza_t *no = gw_words_build_decline(copy, "1@p.x", "is busy", "i");
  g_autofree char *text = gw_xml_print(no);
  xmpp_stanza_release(no);
  xmpp_stanza_t *again = text ? gw_xml_parse(text, strlen(text)) : NULL;
  g_assert(again);
  g_autoptr(gw_word) none = gw_words_parse_invite(again);
  g_assert(!none); /* a refusal is no invitation: two gateways do not invite each other for ever */
  xmpp_stanza_release(again);
}

/* As an answer and as a push, twice: never more than is kept, and nothing unfit among what is good. */
static void services(xmpp_stanza_t *s) {
  static const char *const domains[] = {"x", NULL};
  g_autoptr(GPtrArray) list = gw_services_xml_parse(s);
  if (!list) return;
  g_assert(list->len <= GW_MAX_SERVICES);
  g_autoptr(gw_services) known = gw_services_new(domains);
  const gw_sv_type turns[] = {GW_SV_UP, GW_SV_LIST, GW_SV_PUSH, GW_SV_CREDENTIALS, GW_SV_PUSH};
  for (guint i = 0; i < G_N_ELEMENTS(turns); i++) {
    gw_sv_todo todo;
    gw_services_step(known, &(gw_sv_event){.type = turns[i], .list = list}, 1, 1, &todo);
    if (todo.lacking) g_ptr_array_unref(todo.lacking);
    g_assert(gw_services_good(known)->len <= GW_MAX_SERVICES && gw_services_deadline(known) > 1);
  }
  g_autoptr(GPtrArray) chosen = gw_services_choose(list, gw_services_good(known), 4);
  g_assert(chosen->len <= 5);
}

static void form(xmpp_stanza_t *s) {
  g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func((GDestroyNotify)gw_field_free);
  g_ptr_array_add(fields, gw_field_new("number", "", GW_FIELD_TEXT, TRUE));
  g_ptr_array_add(fields, gw_field_new("keys", "", GW_FIELD_LINES, FALSE));
  gboolean complete;
  g_autoptr(GPtrArray) got = gw_form_xml_read(s, fields, &complete);
  g_assert(got || !complete);
  for (guint i = 0; got && i < got->len; i++) {
    guint values = g_strv_length(got->pdata[i]);
    g_assert(values <= (i ? GW_FORM_VALUES : 1));
    for (guint k = 0; k < values; k++) {
      const char *text = ((char **)got->pdata[i])[k];
      g_assert(*text && strlen(text) <= GW_FORM_VALUE && !strpbrk(text, "\r\n"));
    }
  }
}

static void text(xmpp_stanza_t *s) {
  g_autofree char *body = gw_muc_xml_text(s);
  g_assert(!body || strlen(body) <= GW_MAX_CHAT);
}

static void jmi(xmpp_stanza_t *s) {
  g_autoptr(gw_word) w = gw_jmi_xml_parse(s);
  if (!w) return;
  g_assert(w->u.jmi.id && *w->u.jmi.id && strlen(w->u.jmi.id) <= GW_MAX_SID);
  if (w->u.jmi.action == GW_JMI_ERROR) return;
  s = printed(gw_jmi_xml_build(w, w->from, "i"));
  g_assert(s);
  g_autoptr(gw_word) back = gw_jmi_xml_parse(s);
  xmpp_stanza_release(s);
  g_assert(back && back->u.jmi.action == w->u.jmi.action && !strcmp(back->u.jmi.id, w->u.jmi.id));
  g_assert(!g_strcmp0(back->u.jmi.reason, w->u.jmi.reason) && back->u.jmi.audio == w->u.jmi.audio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  xmpp_stanza_t *s = gw_xml_parse((const char *)data, n);
  gw_jingle_head head;
  gw_muc_presence p;
  if (!s) return 0;
  g_autoptr(gw_word) w = gw_words_parse_jmuci(s);
  if (w) {
    xmpp_stanza_t *again = rewritten(w);
    g_autoptr(gw_word) back = again ? gw_words_parse_jmuci(again) : NULL;
    g_assert(back && back->u.jmuci.action == w->u.jmuci.action &&
             !strcmp(back->u.jmuci.id, w->u.jmuci.id));
    xmpp_stanza_release(again);
  }
  invitation(s);
  if (gw_words_peek_jingle(s, &head)) {
    jingle(s, FALSE);
    jingle(s, TRUE);
    session(s);
  }
  muji(s);
  invite(s);
  meet_invite(s);
  services(s);
  form(s);
  text(s);
  jmi(s);
  gw_muc_xml_presence(s, &p);
  g_assert(p.n_items <= GW_MAX_JIDS_PER_NICK && p.n_codes <= GW_MUC_MAX_CODES);
  xmpp_stanza_release(s);
  return 0;
}
