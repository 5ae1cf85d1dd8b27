#include "xmpp/muji.h"
#include <string.h>

gw_muji *gw_muji_new(gboolean preparing, const gw_desc *audio) {
  gw_muji *m = g_new0(gw_muji, 1);
  m->preparing = preparing;
  m->contents = audio != NULL;
  m->desc = gw_desc_copy(audio);
  return m;
}

gw_muji *gw_muji_copy(const gw_muji *m) {
  if (!m) return NULL;
  gw_muji *c = gw_muji_new(m->preparing, m->desc);
  c->contents = m->contents;
  return c;
}

void gw_muji_free(gw_muji *m) {
  if (!m) return;
  gw_desc_free(m->desc);
  g_free(m);
}

static gboolean same_codec(const gw_codec *a, const gw_codec *b) {
  return a->pt == b->pt && !strcmp(a->name, b->name) && a->clock == b->clock &&
         a->channels == b->channels && !g_strcmp0(a->fmtp, b->fmtp);
}

static gboolean same_audio(const gw_desc *a, const gw_desc *b) {
  if (!a || !b) return a == b;
  const gw_desc_media *x = gw_desc_audio(a), *y = gw_desc_audio(b);
  if (g_strcmp0(x->mid, y->mid) || x->codecs->len != y->codecs->len) return FALSE;
  for (guint i = 0; i < x->codecs->len; i++)
    if (!same_codec(&g_array_index(x->codecs, gw_codec, i), &g_array_index(y->codecs, gw_codec, i)))
      return FALSE;
  return TRUE;
}

gboolean gw_muji_equal(const gw_muji *a, const gw_muji *b) {
  if (!a || !b) return a == b;
  return !a->preparing == !b->preparing && !a->contents == !b->contents &&
         same_audio(a->desc, b->desc);
}

void gw_call_invite_copy(gw_call_invite *to, const gw_call_invite *from) {
  *to = *from;
  for (guint i = 0; i < from->n_ids; i++)
    to->ids[i] = g_strdup(from->ids[i]);
  to->muji_room = g_strdup(from->muji_room);
  to->jingle_sid = g_strdup(from->jingle_sid);
  to->jingle_jid = g_strdup(from->jingle_jid);
  to->meet = g_strdup(from->meet);
}

void gw_call_invite_clear(gw_call_invite *v) {
  for (guint i = 0; i < v->n_ids; i++)
    g_free(v->ids[i]);
  g_free(v->muji_room);
  g_free(v->jingle_sid);
  g_free(v->jingle_jid);
  g_free(v->meet);
  *v = (gw_call_invite){0};
}

gboolean gw_call_invite_has_id(const gw_call_invite *v, const char *id) {
  for (guint i = 0; id && i < v->n_ids; i++)
    if (!strcmp(v->ids[i], id)) return TRUE;
  return FALSE;
}

const char *gw_invite_action_name(gw_invite_action action) {
  static const char *const names[] = {"invite",  "accept", "reject",
                                      "retract", "left",   "failure"};
  return (guint)action < G_N_ELEMENTS(names) ? names[action] : "unknown";
}
