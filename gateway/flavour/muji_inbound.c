/* Jingle from other members of the call. */
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/muji.h"
#include "gateway/flavour/session_desc.h"

static gw_mj_member *of_session(const gw_flavour *f, const gw_word *w) {
  for (guint i = 0; i < f->members->len; i++) {
    gw_mj_member *m = f->members->pdata[i];
    if (gw_fl_session_is(&m->s, w->from, w->u.jingle.sid)) return m;
  }
  return NULL;
}

/* --- offers */

static void hold(gw_flavour *f, const gw_word *w) {
  if (f->early->len >= GW_MJ_MAX_EARLY)
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "busy");
  else
    gw_fl_early_add(f->early, w, f->now + GW_MJ_EARLY);
}

/* In the call, as far as its presence says: then its offer is taken, whoever should have called. */
static gw_mj_member *caller(const gw_flavour *f, const gw_word *w) {
  gw_mj_member *m = gw_mj_by_jid(f, w->from);
  return m && !m->ours && f->phase >= GW_MJ_PREPARING ? m : NULL;
}

static void initiate(gw_flavour *f, const gw_word *w) {
  const char *other_room = w->u.jingle.muji_room;
  const char *unfit = gw_sd_unfit(w->u.jingle.desc);
  gw_mj_member *m = caller(f, w);
  if (f->phase >= GW_MJ_LEAVING)
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "gone");
  else if (other_room && !gw_jid_same_bare(other_room, f->room))
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "decline");
  else if (unfit)
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, unfit);
  else if (m)
    gw_mj_take(f, m, w);
  else
    hold(f, w);
}

void gw_mj_early_flush(gw_flavour *f) {
  for (guint i = 0; i < f->early->len;) {
    gw_fl_early *e = f->early->pdata[i];
    gw_mj_member *m = caller(f, e->offer);
    if (!m) {
      i++;
      continue;
    }
    gw_mj_take(f, m, e->offer);
    for (guint k = 0; k < e->infos->len; k++)
      gw_mj_remote(f, m, ((gw_word *)e->infos->pdata[k])->u.jingle.desc);
    g_ptr_array_remove_index(f->early, i);
  }
}

void gw_mj_early_due(gw_flavour *f) {
  for (guint i = 0; i < f->early->len;) {
    const gw_fl_early *e = f->early->pdata[i];
    if (f->now < e->until) {
      i++;
      continue;
    }
    gw_fl_refuse(&f->common, e->offer->from, e->offer->u.jingle.sid, "decline");
    g_ptr_array_remove_index(f->early, i);
  }
}

/* TRUE: it was about an offer that is held back. */
static gboolean about_early(gw_flavour *f, const gw_word *w) {
  gw_fl_early *e = gw_fl_early_find(f->early, w);
  if (!e) return FALSE;
  if (w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE)
    g_ptr_array_remove(f->early, e);
  else if (w->u.jingle.action == GW_JINGLE_TRANSPORT_INFO)
    gw_fl_early_info(&f->common, e, w);
  return TRUE;
}

/* --- within a session */

/* Ended on purpose, or because something went wrong that a second try may mend? */
static gboolean on_purpose(const char *reason) {
  static const char *const trouble[] = {"connectivity-error", "failed-transport", "timeout",
                                        "general-error", "media-error"};
  for (guint i = 0; reason && i < G_N_ELEMENTS(trouble); i++)
    if (!strcmp(reason, trouble[i])) return FALSE;
  return TRUE;
}

/* Who ends the session of before, and stays, wants one of this call; who leaves is out of the room a moment later. */
static void terminated(gw_flavour *f, gw_mj_member *m, const char *reason) {
  if (m->carried)
    gw_mj_again(f, m, NULL, GW_MJ_UNCARRIED);
  else if (on_purpose(reason))
    gw_mj_close(f, m, NULL);
  else
    gw_mj_again(f, m, NULL, m->s.offerer ? GW_MJ_PAUSE : 2 * GW_MJ_PAUSE);
}

/* Only initiate and accept end the session; the XMPP side has said what was to be said. */
static void failed(gw_flavour *f, gw_mj_member *m, const gw_jingle *j) {
  if (j->of == GW_JINGLE_SESSION_INITIATE || j->of == GW_JINGLE_SESSION_ACCEPT)
    gw_mj_again(f, m, NULL, GW_MJ_PAUSE);
}

void gw_mj_jingle(gw_flavour *f, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  if (!w->from || !j->sid) return;
  if (j->action == GW_JINGLE_SESSION_INITIATE) {
    initiate(f, w);
    return;
  }
  gw_mj_member *m = of_session(f, w);
  if (!m) {
    if (!about_early(f, w)) f->ignored++;
    return;
  }
  if (j->action == GW_JINGLE_SESSION_ACCEPT && m->state == GW_MJ_OFFERED && j->desc)
    gw_mj_accepted(f, m, j->desc);
  else if (j->action == GW_JINGLE_SESSION_TERMINATE)
    terminated(f, m, j->reason);
  else if (j->action == GW_JINGLE_TRANSPORT_INFO && j->desc)
    gw_mj_remote(f, m, j->desc);
  else if (j->action == GW_JINGLE_ERROR)
    failed(f, m, j);
  else
    f->ignored++;
}
