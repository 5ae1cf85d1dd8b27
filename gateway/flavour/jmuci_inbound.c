/* Jingle words from others: whose session is it, may it be. */
#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"

/* --- offers --- */

/* sid = id of the call we are in, one colon, something. */
static gboolean sid_fits(const gw_flavour *f, const char *sid) {
  const gboolean in =
      f->phase == GW_MESH_ACCEPTING || f->phase == GW_MESH_IN || f->phase == GW_MESH_STOPPING;
  const gsize n = in && f->call_id ? strlen(f->call_id) : 0;
  return n && strlen(sid) <= GW_MAX_SID && !strncmp(sid, f->call_id, n) && sid[n] == ':' &&
         sid[n + 1] && !strchr(sid + n + 1, ':');
}

/* The nick behind a full JID, when it is somebody in the room with whom sessions are made. */
static const char *nick_of(const gw_flavour *f, const char *jid) {
  const gw_jmuci_person *p = gw_jmuci_roster_by_jid(gw_ledger_roster(f->ledger), jid);
  return p && gw_mesh_is_other(f, p->nick) ? p->nick : NULL;
}

/* JSXC's offer before its microphone is open: it wants to hear, says nothing, and stays mute for
 * good. */
static gboolean is_mute(const gw_desc *offer) {
  const gw_desc_media *m = gw_desc_audio(offer);
  return !(m->dir & GW_DIR_SENDONLY) && !m->sources->len;
}

static gboolean hold_offer(gw_flavour *f, const gw_word *w) {
  if (f->early->len >= GW_MESH_MAX_EARLY) return FALSE;
  gw_fl_early_add(f->early, w, f->now + GW_MESH_EARLY);
  return TRUE;
}

static void cure(gw_flavour *f, gw_pair *p, const gw_word *w) {
  gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "alternative-session");
  p->cured = TRUE;
  if (p->state == GW_PAIR_ANSWERING) gw_pair_close(f, p, "alternative-session");
  if (p->state != GW_PAIR_NONE && p->state != GW_PAIR_EXPECT)
    return; /* ours is out already, or stands */
  p->state = GW_PAIR_PAUSE;
  p->due = f->now + GW_MESH_CURE;
}

/* Both offered: the later accepter's offer stands (it called because it had waited too long, or for
 * its cure). */
static gboolean ours_stands(const gw_flavour *f, const gw_pair *p, int theirs) {
  const gw_ledger_call *c = gw_mesh_call(f);
  const int mine = c ? gw_ledger_index(c, f->own_nick) : -1;
  return (p->state == GW_PAIR_OPENING || p->state == GW_PAIR_OFFERED) && theirs < mine;
}

/* An offer from somebody in the order. FALSE: ours is out and stands, keep theirs in case ours
 * fails. */
static gboolean take_offer(gw_flavour *f, const char *nick, int theirs, const gw_word *w) {
  gw_pair *p = gw_pair_get(f, nick);
  if (!p || !g_strcmp0(p->last_sid, w->u.jingle.sid)) {
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid,
                 p ? "decline" : gw_cause_jingle(GW_CAUSE_OVERLOAD));
    return TRUE;
  }
  if (f->phase != GW_MESH_STOPPING && is_mute(w->u.jingle.desc) && theirs != 0 && !p->cured) {
    cure(f, p, w);
    return TRUE;
  }
  if (ours_stands(f, p, theirs)) return FALSE;
  gw_pair_take(f, p, w);
  return TRUE;
}

static int index_of(gw_flavour *f, const char *nick) {
  gw_ledger_call *c = gw_mesh_call(f);
  const int i = c ? gw_ledger_index(c, nick) : -1;
  if (i >= 0 || !c || !f->gap || c->order->len >= GW_MAX_ORDER) return i;
  /* the room was out of sight for a while: who knows the call's id and sits in the room has
   * accepted meanwhile */
  gw_ledger_append(c, nick, NULL, f->now);
  return (int)c->order->len - 1;
}

static void on_initiate(gw_flavour *f, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  if (gw_pair_by_sid(f, w->from, j->sid) || gw_fl_early_find(f->early, w))
    return; /* known: said twice */
  const char *nick = sid_fits(f, j->sid) ? nick_of(f, w->from) : NULL;
  if (!nick) {
    gw_fl_refuse(&f->common, w->from, j->sid, "decline");
    return;
  }
  if (!gw_desc_audio(j->desc)) {
    gw_fl_refuse(&f->common, w->from, j->sid, "incompatible-parameters");
    return;
  }
  const int i = index_of(f, nick);
  if (i >= 0 && take_offer(f, nick, i, w)) return;
  if (!hold_offer(f, w)) gw_fl_refuse(&f->common, w->from, j->sid, "decline");
}

/* Has what this offer waits for come? TRUE: dealt with. */
static gboolean look_again(gw_flavour *f, gw_fl_early *e) {
  const char *from = e->offer->from, *sid = e->offer->u.jingle.sid, *nick = nick_of(f, from);
  const int i = nick && sid_fits(f, sid) ? index_of(f, nick) : -1;
  const gw_pair *p = i >= 0 ? gw_pair_find(f, nick) : NULL;
  if (p && (p->state == GW_PAIR_ACTIVE || p->state == GW_PAIR_ANSWERING)) {
    gw_fl_refuse(&f->common, from, sid, "alternative-session");
    return TRUE;
  }
  if (i >= 0 && take_offer(f, nick, i, e->offer)) {
    gw_pair *taken = gw_pair_by_sid(f, from, sid);
    for (guint k = 0; taken && k < e->infos->len; k++)
      gw_pair_remote(f, taken, ((const gw_word *)e->infos->pdata[k])->u.jingle.desc);
    return TRUE;
  }
  if (f->now < e->until) return FALSE;
  gw_fl_refuse(&f->common, from, sid, i >= 0 ? "alternative-session" : "decline");
  return TRUE;
}

void gw_mesh_early_due(gw_flavour *f) {
  for (guint i = 0; i < f->early->len;)
    if (look_again(f, f->early->pdata[i]))
      g_ptr_array_remove_index(f->early, i);
    else
      i++;
}

/* --- the rest of a session --- */

static void on_transport_info(gw_flavour *f, const gw_word *w) {
  gw_pair *p = gw_pair_by_sid(f, w->from, w->u.jingle.sid);
  gw_fl_early *e = p ? NULL : gw_fl_early_find(f->early, w);
  if (p && w->u.jingle.desc)
    gw_pair_remote(f, p, w->u.jingle.desc);
  else if (e)
    gw_fl_early_info(&f->common, e, w);
  else
    f->ignored++;
}

static void on_accept(gw_flavour *f, const gw_word *w) {
  gw_pair *p = gw_pair_by_sid(f, w->from, w->u.jingle.sid);
  if (p && p->state == GW_PAIR_OFFERED)
    gw_pair_accepted(f, p, w->u.jingle.desc);
  else
    f->ignored++; /* a second one says nothing new */
}

static void on_terminate(gw_flavour *f, const gw_word *w) {
  gw_fl_early *e = gw_fl_early_find(f->early, w);
  if (e) g_ptr_array_remove(f->early, e);
  gw_pair *p = gw_pair_by_sid(f, w->from, w->u.jingle.sid);
  if (!p) return;
  const char *reason = w->u.jingle.reason;
  const gboolean hasty = p->state == GW_PAIR_OFFERED && f->now - p->said_us < GW_MESH_DECLINED;
  if (hasty && !g_strcmp0(reason, "decline") && gw_pair_retry(f, p)) return;
  if (!g_strcmp0(reason, "alternative-session") && f->phase != GW_MESH_STOPPING) {
    gw_pair_close(f, p, NULL);
    gw_pair_expect(f, p); /* there is to be another session instead of this one */
    return;
  }
  gw_pair_gone(f, p, NULL);
}

static gboolean means_elsewhere(const char *condition) {
  return !g_strcmp0(condition, "item-not-found") || !g_strcmp0(condition, "service-unavailable") ||
         !g_strcmp0(condition, "recipient-unavailable");
}

static void offer_failed(gw_flavour *f, gw_pair *p, const char *condition) {
  if (means_elsewhere(condition) && gw_pair_retry(f, p)) return;
  if (!g_strcmp0(condition, "conflict")) { /* tie-break: theirs is on its way, or held already */
    gw_pair_close(f, p, NULL);
    gw_pair_expect(f, p);
    return;
  }
  gw_pair_gone(f, p, !g_strcmp0(condition, "timeout") ? "timeout" : NULL);
}

/* Local word: the sid is ours to know, whoever is named as its sender. */
static gw_pair *pair_of_error(const gw_flavour *f, const gw_word *w) {
  for (guint i = 0; i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    if (p->s.sid && !strcmp(p->s.sid, w->u.jingle.sid) &&
        (!w->from || gw_jid_same(p->s.jid, w->from) || gw_jid_same(f->own_jid, w->from)))
      return p;
  }
  return NULL;
}

static void on_error(gw_flavour *f, const gw_word *w) {
  gw_pair *p = pair_of_error(f, w);
  const gw_jingle_action of = w->u.jingle.of;
  if (p && of == GW_JINGLE_SESSION_INITIATE && p->state == GW_PAIR_OFFERED)
    offer_failed(f, p, w->u.jingle.error);
  else if (p && of == GW_JINGLE_SESSION_ACCEPT && p->state == GW_PAIR_ACTIVE)
    gw_pair_gone(f, p, "general-error");
  else
    f->ignored++;
}

void gw_mesh_jingle(gw_flavour *f, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  if (!j->sid || (!w->from && j->action != GW_JINGLE_ERROR)) {
    f->ignored++;
    return;
  }
  switch (j->action) {
  case GW_JINGLE_SESSION_INITIATE:
    on_initiate(f, w);
    break;
  case GW_JINGLE_SESSION_ACCEPT:
    on_accept(f, w);
    break;
  case GW_JINGLE_SESSION_TERMINATE:
    on_terminate(f, w);
    break;
  case GW_JINGLE_TRANSPORT_INFO:
    on_transport_info(f, w);
    break;
  case GW_JINGLE_ERROR:
    on_error(f, w);
    break;
  default:
    f->ignored++;
    break; /* ringing, hold, mute of theirs: nothing for us to do */
  }
}
