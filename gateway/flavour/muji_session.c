/* One session with one member of the call. */
#include "base/jid.h"
#include "gateway/flavour/muji.h"
#include "gateway/flavour/session_desc.h"

static void set_state(gw_mj_member *m, gw_mj_state state, gint64 due) {
  m->state = state;
  m->due = due;
}

/* --- ending --- */

void gw_mj_close(gw_flavour *f, gw_mj_member *m, const char *reason) {
  if (reason && m->state >= GW_MJ_OFFERED) gw_fl_session_terminate(&f->common, &m->s, reason);
  set_state(m, GW_MJ_NONE, GW_NEVER);
  m->carried = FALSE;
  gw_fl_session_close(&f->common, &m->s);
}

void gw_mj_again(gw_flavour *f, gw_mj_member *m, const char *reason, gint64 wait) {
  gw_mj_close(f, m, reason);
  if (f->phase == GW_MJ_IN && m->contents) gw_mj_expect(f, m, wait);
}

/* --- calling --- */

void gw_mj_call(gw_flavour *f, gw_mj_member *m) {
  const guint n = g_strv_length(m->jids);
  if (!n) {
    gw_fl_note(&f->common, &f->hidden_noted,
               "the room hides real JIDs: nobody can be called (make it non-anonymous)");
    set_state(m, GW_MJ_NONE, GW_NEVER);
    return;
  }
  m->attempts++;
  m->s.offerer = TRUE;
  gw_fl_session_open(&f->common, &m->s, m->nick, m->jids[n - 1], gw_ids_uuid(f->ids),
                     GW_SETUP_ACTPASS);
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

static void say_offer(gw_flavour *f, gw_mj_member *m, const gw_desc *local) {
  gw_desc *offer = gw_sd_offer(local, "audio", FALSE, m->s.local);
  if (!offer) {
    gw_mj_close(f, m, NULL);
    return;
  }
  gw_mj_map_offer(f->map, gw_desc_audio(offer));
  gw_fl_session_initiate(&f->common, &m->s, offer, f->room);
  set_state(m, GW_MJ_OFFERED, f->now + GW_MJ_UNANSWERED);
}

static void become_active(gw_flavour *f, gw_mj_member *m) {
  set_state(m, GW_MJ_ACTIVE, f->now + GW_MJ_CONNECT);
  if (f->muted) gw_fl_session_mute(&f->common, &m->s);
}

static void say_answer(gw_flavour *f, gw_mj_member *m, const gw_desc *local) {
  const char *reason = NULL;
  gw_desc *answer = gw_sd_answer(m->s.offer, local, TRUE, m->s.local, &reason);
  if (!answer) {
    gw_mj_close(f, m, reason);
    return;
  }
  gw_mj_map_answer(m->s.offer, answer);
  gw_fl_session_accept(&f->common, &m->s, answer);
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
  gw_fl_session_take(&f->common, &m->s, m->nick, w);
  set_state(m, GW_MJ_ANSWERING, f->now + GW_MJ_LOCAL);
}

void gw_mj_accepted(gw_flavour *f, gw_mj_member *m, const gw_desc *desc) {
  const char *reason = gw_fl_session_accepted(&f->common, &m->s, desc);
  if (reason)
    gw_mj_close(f, m, reason);
  else
    become_active(f, m);
}

void gw_mj_remote(gw_flavour *f, gw_mj_member *m, const gw_desc *desc) {
  if (m->state == GW_MJ_ANSWERING || m->state == GW_MJ_ACTIVE)
    gw_fl_session_remote(&f->common, &m->s, desc);
  else if (m->state != GW_MJ_OFFERED || !gw_fl_session_keep(&m->s, desc))
    f->ignored++;
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
    gw_mj_again(f, m, "connectivity-error", m->s.offerer ? 0 : GW_MJ_PAUSE);
    break;
  case GW_MJ_NONE:
    m->due = GW_NEVER;
    break;
  }
}
