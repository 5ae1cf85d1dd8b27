/* One session with one member of the call. */
#include "base/jid.h"
#include "gateway/flavour/muji.h"
#include "gateway/flavour/session_desc.h"

static gw_action *act(gw_flavour *f, gw_act_type type, const gw_mj_member *m) {
  gw_action *a = gw_actions_add(f->out, type);
  a->peer = m->peer;
  return a;
}

static void set_state(gw_mj_member *m, gw_mj_state state, gint64 due) {
  m->state = state;
  m->due = due;
}

static gw_word *jingle(const gw_mj_member *m, gw_jingle_action action) {
  return gw_word_new_jingle(action, m->jid, m->sid, m->offerer);
}

static void open_transport(gw_flavour *f, gw_mj_member *m, const char *jid, char *sid,
                           gw_setup setup) {
  m->jid = g_strdup(jid);
  m->sid = sid;
  m->peer = ++f->last_peer;
  gw_action *a = act(f, GW_ACT_PEER_OPEN, m);
  a->offerer = m->offerer;
  a->setup = setup;
  a->jid = g_strdup(jid);
  a->nick = g_strdup(m->nick);
  a->sid = g_strdup(sid);
}

static void say_remote(gw_flavour *f, const gw_mj_member *m, const gw_desc *desc) {
  act(f, GW_ACT_PEER_REMOTE, m)->desc = gw_desc_copy(desc);
}

/* --- ending --- */

static void say_terminate(gw_flavour *f, gw_word *w, const char *reason) {
  w->u.jingle.reason = g_strdup(reason);
  gw_mj_say(f, w);
}

void gw_mj_refuse(gw_flavour *f, const char *jid, const char *sid, const char *reason) {
  say_terminate(f, gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, jid, sid, FALSE), reason);
}

void gw_mj_close(gw_flavour *f, gw_mj_member *m, const char *reason) {
  if (reason && m->state >= GW_MJ_OFFERED)
    say_terminate(f, jingle(m, GW_JINGLE_SESSION_TERMINATE), reason);
  if (m->peer) act(f, GW_ACT_PEER_CLOSE, m);
  set_state(m, GW_MJ_NONE, GW_NEVER);
  m->peer = 0;
  m->offerer = m->up = FALSE;
  g_clear_pointer(&m->jid, g_free);
  g_clear_pointer(&m->sid, g_free);
  g_clear_pointer(&m->mid, g_free);
  g_clear_pointer(&m->ufrag, g_free);
  g_clear_pointer(&m->pwd, g_free);
  g_clear_pointer(&m->offer, gw_desc_free);
  g_array_set_size(m->local, 0);
  g_ptr_array_set_size(m->remote, 0);
}

void gw_mj_again(gw_flavour *f, gw_mj_member *m, const char *reason, gint64 wait) {
  gw_mj_close(f, m, reason);
  if (f->phase == GW_MJ_IN && m->contents) gw_mj_expect(f, m, wait);
}

/* --- calling --- */

void gw_mj_call(gw_flavour *f, gw_mj_member *m) {
  const guint n = g_strv_length(m->jids);
  if (!n) {
    gw_mj_note(f, &f->hidden_noted,
               "the room hides real JIDs: nobody can be called (make it non-anonymous)");
    set_state(m, GW_MJ_NONE, GW_NEVER);
    return;
  }
  m->attempts++;
  m->offerer = TRUE;
  open_transport(f, m, m->jids[n - 1], gw_ids_uuid(f->ids), GW_SETUP_ACTPASS);
  set_state(m, GW_MJ_OPENING, f->now + GW_MJ_LOCAL);
}

void gw_mj_expect(gw_flavour *f, gw_mj_member *m, gint64 wait) {
  const gboolean may = m->attempts < GW_MJ_ATTEMPTS;
  if (m->ours) return;
  if (may && !wait)
    gw_mj_call(f, m);
  else
    set_state(m, GW_MJ_EXPECT, may ? f->now + wait : GW_NEVER);
}

/* --- our descriptions are said --- */

static void remember_transport(gw_mj_member *m, const gw_desc_media *d) {
  m->mid = g_strdup(d->mid);
  m->ufrag = g_strdup(d->ufrag);
  m->pwd = g_strdup(d->pwd);
  g_array_set_size(m->local, 0);
}

static void say_offer(gw_flavour *f, gw_mj_member *m, const gw_desc *local) {
  gw_desc *offer = gw_sd_offer(local, "audio", FALSE, m->local);
  if (!offer) {
    gw_mj_close(f, m, NULL);
    return;
  }
  gw_mj_map_offer(f->map, gw_desc_audio(offer));
  remember_transport(m, gw_desc_audio(offer));
  gw_word *w = jingle(m, GW_JINGLE_SESSION_INITIATE);
  w->u.jingle.desc = offer;
  w->u.jingle.muji_room = g_strdup(f->room);
  gw_mj_say(f, w);
  set_state(m, GW_MJ_OFFERED, f->now + GW_MJ_UNANSWERED);
}

static void become_active(gw_flavour *f, gw_mj_member *m) {
  set_state(m, GW_MJ_ACTIVE, f->now + GW_MJ_CONNECT);
  if (f->muted) gw_mj_mute(f, m);
}

static void say_answer(gw_flavour *f, gw_mj_member *m, const gw_desc *local) {
  const char *reason = NULL;
  gw_desc *answer = gw_sd_answer(m->offer, local, TRUE, m->local, &reason);
  if (!answer) {
    gw_mj_close(f, m, reason);
    return;
  }
  gw_mj_map_answer(m->offer, answer);
  remember_transport(m, gw_sd_only_audio_candidates(answer));
  g_clear_pointer(&m->offer, gw_desc_free);
  gw_word *w = jingle(m, GW_JINGLE_SESSION_ACCEPT);
  w->u.jingle.desc = answer;
  gw_mj_say(f, w);
  become_active(f, m);
}

void gw_mj_local(gw_flavour *f, gw_mj_member *m, const gw_desc *local) {
  if (m->state == GW_MJ_OPENING)
    say_offer(f, m, local);
  else if (m->state == GW_MJ_ANSWERING)
    say_answer(f, m, local);
}

/* --- the other side --- */

void gw_mj_take(gw_flavour *f, gw_mj_member *m, const gw_word *w) {
  gw_mj_close(f, m, "alternative-session");
  m->offer = gw_desc_copy(w->u.jingle.desc);
  open_transport(f, m, w->from, g_strdup(w->u.jingle.sid), gw_sd_answer_setup(m->offer));
  set_state(m, GW_MJ_ANSWERING, f->now + GW_MJ_LOCAL);
  say_remote(f, m, m->offer);
}

void gw_mj_accepted(gw_flavour *f, gw_mj_member *m, const gw_desc *desc) {
  const gw_desc_media *audio = gw_desc_audio(desc);
  const char *reason = !audio || !audio->codecs->len ? "incompatible-parameters"
                       : !audio->fp_value            ? "security-error"
                                                     : NULL;
  if (reason) {
    gw_mj_close(f, m, reason);
    return;
  }
  say_remote(f, m, desc);
  for (guint i = 0; i < m->remote->len; i++)
    say_remote(f, m, m->remote->pdata[i]);
  g_ptr_array_set_size(m->remote, 0);
  become_active(f, m);
}

void gw_mj_remote(gw_flavour *f, gw_mj_member *m, const gw_desc *desc) {
  if (m->state == GW_MJ_ANSWERING || m->state == GW_MJ_ACTIVE)
    say_remote(f, m, desc);
  else if (m->state == GW_MJ_OFFERED && m->remote->len < GW_MAX_CANDIDATES)
    g_ptr_array_add(m->remote, gw_desc_copy(desc));
  else
    f->ignored++;
}

/* --- trickle and mute --- */

void gw_mj_candidate(gw_flavour *f, gw_mj_member *m, const gw_candidate *c) {
  if (m->state == GW_MJ_OPENING || m->state == GW_MJ_ANSWERING) {
    if (m->local->len < GW_MAX_CANDIDATES) g_array_append_val(m->local, *c);
    return;
  }
  gw_word *w = jingle(m, GW_JINGLE_TRANSPORT_INFO);
  w->u.jingle.desc = gw_sd_trickle(m->mid, m->ufrag, m->pwd, c);
  gw_mj_say(f, w);
}

void gw_mj_mute(gw_flavour *f, const gw_mj_member *m) {
  gw_word *w = jingle(m, GW_JINGLE_SESSION_INFO);
  w->u.jingle.info = f->muted ? GW_INFO_MUTE : GW_INFO_UNMUTE;
  w->u.jingle.info_name = g_strdup(m->mid);
  gw_mj_say(f, w);
}

/* --- time --- */

void gw_mj_due(gw_flavour *f, gw_mj_member *m) {
  if (f->now < m->due) return;
  switch (m->state) {
  case GW_MJ_EXPECT:
    gw_mj_call(f, m);
    break;
  case GW_MJ_OPENING:
    gw_mj_close(f, m, NULL);
    break;
  case GW_MJ_ANSWERING:
    gw_mj_close(f, m, "general-error");
    break;
  case GW_MJ_OFFERED:
    gw_mj_again(f, m, "timeout", 0);
    break;
  case GW_MJ_ACTIVE:
    gw_mj_again(f, m, "connectivity-error", m->offerer ? 0 : GW_MJ_PAUSE);
    break;
  case GW_MJ_NONE:
    m->due = GW_NEVER;
    break;
  }
}
