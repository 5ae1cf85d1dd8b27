#include "gateway/flavour/session.h"
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/session_desc.h"

void gw_fl_session_init(gw_fl_session *s) {
  s->local = g_array_new(FALSE, FALSE, sizeof(gw_candidate));
  s->remote = g_ptr_array_new_with_free_func((GDestroyNotify)gw_desc_free);
}

void gw_fl_session_carry(gw_fl_session *s, const gw_fl_running *r) {
  s->peer = r->peer;
  s->offerer = r->offerer;
  s->up = TRUE;
  s->jid = g_strdup(r->jid);
  s->sid = g_strdup(r->sid);
  s->mid = g_strdup(r->mid);
  s->ufrag = g_strdup(r->ufrag);
  s->pwd = g_strdup(r->pwd);
}

static void forget(gw_fl_session *s) {
  g_clear_pointer(&s->jid, g_free);
  g_clear_pointer(&s->sid, g_free);
  g_clear_pointer(&s->mid, g_free);
  g_clear_pointer(&s->ufrag, g_free);
  g_clear_pointer(&s->pwd, g_free);
  g_clear_pointer(&s->offer, gw_desc_free);
}

void gw_fl_session_clear(gw_fl_session *s) {
  forget(s);
  g_array_unref(s->local);
  g_ptr_array_unref(s->remote);
}

gboolean gw_fl_session_is(const gw_fl_session *s, const char *jid, const char *sid) {
  return s->sid && jid && !g_strcmp0(s->sid, sid) && gw_jid_same(s->jid, jid);
}

static gw_action *act(gw_fl_common *c, gw_act_type type, const gw_fl_session *s) {
  gw_action *a = gw_actions_add(c->out, type);
  a->peer = s->peer;
  return a;
}

void gw_fl_session_open(gw_fl_common *c, gw_fl_session *s, const char *nick, const char *jid,
                        char *sid, gw_setup setup) {
  s->jid = g_strdup(jid);
  s->sid = sid;
  s->peer = ++c->last_peer;
  gw_action *a = act(c, GW_ACT_PEER_OPEN, s);
  a->offerer = s->offerer;
  a->setup = setup;
  a->jid = g_strdup(jid);
  a->nick = g_strdup(nick);
  a->sid = g_strdup(sid);
}

void gw_fl_session_take(gw_fl_common *c, gw_fl_session *s, const char *nick, const gw_word *w) {
  s->offer = gw_desc_copy(w->u.jingle.desc);
  gw_fl_session_open(c, s, nick, w->from, g_strdup(w->u.jingle.sid), gw_sd_answer_setup(s->offer));
  gw_fl_session_remote(c, s, s->offer);
}

void gw_fl_session_close(gw_fl_common *c, gw_fl_session *s) {
  if (s->peer) act(c, GW_ACT_PEER_CLOSE, s);
  s->peer = 0;
  s->offerer = s->up = FALSE;
  forget(s);
  g_array_set_size(s->local, 0);
  g_ptr_array_set_size(s->remote, 0);
}

/* --- words --- */

gw_word *gw_fl_session_word(const gw_fl_session *s, gw_jingle_action action) {
  return gw_word_new_jingle(action, s->jid, s->sid, s->offerer);
}

void gw_fl_session_terminate(gw_fl_common *c, const gw_fl_session *s, const char *reason) {
  gw_word *w = gw_fl_session_word(s, GW_JINGLE_SESSION_TERMINATE);
  w->u.jingle.reason = g_strdup(reason);
  gw_fl_say(c, w);
}

void gw_fl_refuse(gw_fl_common *c, const char *jid, const char *sid, const char *reason) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, jid, sid, FALSE);
  w->u.jingle.reason = g_strdup(reason);
  gw_fl_say(c, w);
}

static void remember_transport(gw_fl_session *s, const gw_desc_media *m) {
  s->mid = g_strdup(m->mid);
  s->ufrag = g_strdup(m->ufrag);
  s->pwd = g_strdup(m->pwd);
  g_array_set_size(s->local, 0);
}

void gw_fl_session_initiate(gw_fl_common *c, gw_fl_session *s, gw_desc *offer,
                            const char *muji_room) {
  remember_transport(s, gw_desc_audio(offer));
  gw_word *w = gw_fl_session_word(s, GW_JINGLE_SESSION_INITIATE);
  w->u.jingle.desc = offer;
  w->u.jingle.muji_room = g_strdup(muji_room);
  gw_fl_say(c, w);
}

void gw_fl_session_accept(gw_fl_common *c, gw_fl_session *s, gw_desc *answer) {
  remember_transport(s, gw_sd_only_audio_candidates(answer));
  g_clear_pointer(&s->offer, gw_desc_free);
  gw_word *w = gw_fl_session_word(s, GW_JINGLE_SESSION_ACCEPT);
  w->u.jingle.desc = answer;
  gw_fl_say(c, w);
}

void gw_fl_session_mute(gw_fl_common *c, const gw_fl_session *s) {
  gw_word *w = gw_fl_session_word(s, GW_JINGLE_SESSION_INFO);
  w->u.jingle.info = c->muted ? GW_INFO_MUTE : GW_INFO_UNMUTE;
  w->u.jingle.info_name = g_strdup(s->mid);
  gw_fl_say(c, w);
}

/* --- the other side --- */

void gw_fl_session_remote(gw_fl_common *c, const gw_fl_session *s, const gw_desc *desc) {
  act(c, GW_ACT_PEER_REMOTE, s)->desc = gw_desc_copy(desc);
}

const char *gw_fl_session_accepted(gw_fl_common *c, gw_fl_session *s, const gw_desc *desc) {
  const gw_desc_media *m = desc ? gw_desc_audio(desc) : NULL;
  if (!m || !m->codecs->len) return "incompatible-parameters";
  if (!m->fp_value) return "security-error";
  gw_fl_session_remote(c, s, desc);
  for (guint i = 0; i < s->remote->len; i++)
    gw_fl_session_remote(c, s, s->remote->pdata[i]);
  g_ptr_array_set_size(s->remote, 0);
  return NULL;
}

gboolean gw_fl_session_keep(gw_fl_session *s, const gw_desc *desc) {
  if (s->remote->len >= GW_MAX_CANDIDATES) return FALSE;
  g_ptr_array_add(s->remote, gw_desc_copy(desc));
  return TRUE;
}

void gw_fl_session_candidate(gw_fl_common *c, gw_fl_session *s, const gw_candidate *candidate) {
  if (!s->mid) {
    if (s->local->len < GW_MAX_CANDIDATES) g_array_append_val(s->local, *candidate);
    return;
  }
  gw_word *w = gw_fl_session_word(s, GW_JINGLE_TRANSPORT_INFO);
  w->u.jingle.desc = gw_sd_trickle(s->mid, s->ufrag, s->pwd, candidate);
  gw_fl_say(c, w);
}

/* --- early offers --- */

static void early_free(gpointer data) {
  gw_fl_early *e = data;
  gw_word_free(e->offer);
  g_ptr_array_unref(e->infos);
  g_free(e);
}

GPtrArray *gw_fl_earlies_new(void) {
  return g_ptr_array_new_with_free_func(early_free);
}

gw_fl_early *gw_fl_early_find(const GPtrArray *earlies, const gw_word *w) {
  for (guint i = 0; i < earlies->len; i++) {
    gw_fl_early *e = earlies->pdata[i];
    if (!strcmp(e->offer->u.jingle.sid, w->u.jingle.sid) && gw_jid_same(e->offer->from, w->from))
      return e;
  }
  return NULL;
}

void gw_fl_early_add(GPtrArray *earlies, const gw_word *offer, gint64 until) {
  gw_fl_early *e = g_new0(gw_fl_early, 1);
  e->offer = gw_word_copy(offer);
  e->infos = g_ptr_array_new_with_free_func((GDestroyNotify)gw_word_free);
  e->until = until;
  g_ptr_array_add(earlies, e);
}

void gw_fl_early_info(gw_fl_common *c, gw_fl_early *e, const gw_word *info) {
  if (info->u.jingle.desc && e->infos->len < GW_MAX_CANDIDATES)
    g_ptr_array_add(e->infos, gw_word_copy(info));
  else
    c->ignored++;
}

void gw_fl_earlies_shift(GPtrArray *earlies, gint64 by) {
  for (guint i = 0; i < earlies->len; i++)
    gw_fl_shift(&((gw_fl_early *)earlies->pdata[i])->until, by);
}

gint64 gw_fl_earlies_deadline(const GPtrArray *earlies) {
  gint64 at = GW_NEVER;
  for (guint i = 0; i < earlies->len; i++)
    at = MIN(at, ((const gw_fl_early *)earlies->pdata[i])->until);
  return at;
}

void gw_fl_earlies_refuse(gw_fl_common *c, GPtrArray *earlies, const char *reason) {
  for (guint i = 0; i < earlies->len; i++) {
    const gw_word *w = ((gw_fl_early *)earlies->pdata[i])->offer;
    gw_fl_refuse(c, w->from, w->u.jingle.sid, reason);
  }
  g_ptr_array_set_size(earlies, 0);
}
