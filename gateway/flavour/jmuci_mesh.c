/* JMUCI over a mesh: the flavour's class, its step, its deadlines. */
#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"

#define MAX_HELD (2 * GW_MAX_SESSIONS_PER_SEAT)

/* --- for all files of the mesh --- */

void gw_mesh_say(gw_flavour *f, gw_word *word) {
  if (!f->frozen)
    gw_actions_add(f->out, GW_ACT_SAY)->word = word;
  else if (f->held->len < MAX_HELD)
    g_ptr_array_add(f->held, word);
  else
    gw_word_free(word);
}

void gw_mesh_tell(gw_flavour *f, gw_fl_call_state state, gw_cause cause, const char *text) {
  if (f->told == (int)state) return;
  f->told = (int)state;
  gw_action *a = gw_actions_add(f->out, GW_ACT_CALL);
  a->call = state;
  a->cause = cause;
  a->text = g_strdup(text);
}

void gw_mesh_dead(gw_flavour *f, const char *nick) {
  if (!nick && f->buried) return;
  f->buried |= !nick;
  gw_action *a = gw_actions_add(f->out, GW_ACT_LEDGER);
  a->text = g_strdup(f->call_id);
  a->nick = g_strdup(nick);
}

gw_ledger_call *gw_mesh_call(const gw_flavour *f) {
  return gw_ledger_find(f->ledger, f->call_id);
}

gboolean gw_mesh_is_other(const gw_flavour *f, const char *nick) {
  const gw_jmuci_person *p = gw_jmuci_roster_find(gw_ledger_roster(f->ledger), nick);
  return p && !p->self && !p->seat && !p->watcher && strcmp(nick, f->own_nick);
}

/* --- life --- */

/* What the watcher saw of this nick was a former stay of it: in no call have we accepted yet. */
static void forget_former_self(gw_flavour *f) {
  for (guint i = 0; i < gw_ledger_count(f->ledger); i++)
    gw_ledger_kill(gw_ledger_at(f->ledger, i), f->own_nick);
}

static gw_flavour *make(const gw_flavour_params *params) {
  gw_flavour *f = g_new0(gw_flavour, 1);
  f->own_nick = g_strdup(params->own_nick);
  f->own_jid = g_strdup(params->own_jid);
  f->answer_id = g_strdup(params->answer_id);
  f->propose_when_idle = params->propose_when_idle;
  f->patient = params->patient;
  f->ids = params->ids;
  f->ledger = params->ledger ? gw_ledger_copy(params->ledger) : gw_ledger_new();
  f->pairs = g_ptr_array_new_with_free_func(gw_pair_free);
  f->early = g_ptr_array_new_with_free_func(gw_early_free);
  f->left = g_ptr_array_new_with_free_func(g_free);
  f->held = g_ptr_array_new_with_free_func((GDestroyNotify)gw_word_free);
  f->first_up = f->idle_since = f->proposed_at = f->settle_at = GW_NEVER;
  f->armed = TRUE;
  f->told = -1;
  forget_former_self(f);
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  g_free(f->own_nick);
  g_free(f->own_jid);
  g_free(f->answer_id);
  g_free(f->call_id);
  gw_ledger_free(f->ledger);
  g_ptr_array_unref(f->pairs);
  g_ptr_array_unref(f->early);
  g_ptr_array_unref(f->left);
  g_ptr_array_unref(f->held);
  g_free(f);
}

/* --- events --- */

static void on_peer_state(gw_flavour *f, gw_pair *p, gw_fl_peer_state state, gw_cause cause) {
  if (state == GW_PEER_FAILED) {
    gw_pair_gone(f, p, gw_cause_jingle(cause ? cause : GW_CAUSE_ICE_FAILED));
    return;
  }
  if (state == GW_PEER_RTP) f->rtp = TRUE;
  if (state != GW_PEER_UP && state != GW_PEER_RTP) return;
  p->up = TRUE;
  if (p->state == GW_PAIR_ACTIVE) p->due = GW_NEVER;
  if (f->first_up == GW_NEVER) f->first_up = f->now;
}

static void on_peer(gw_flavour *f, const gw_ev *ev) {
  gw_pair *p = gw_pair_by_peer(f, ev->peer);
  if (!p) return; /* closed meanwhile */
  if (ev->type == GW_EV_PEER_STATE)
    on_peer_state(f, p, ev->u.state, ev->cause);
  else if (ev->type == GW_EV_LOCAL_DESC)
    gw_pair_local(f, p, ev->u.desc);
  else
    gw_pair_candidate(f, p, ev->u.candidate);
}

static void on_muted(gw_flavour *f, gboolean muted) {
  if (!f->muted == !muted) return;
  f->muted = muted;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    if (p->state == GW_PAIR_ACTIVE) gw_pair_mute(f, p);
  }
}

static void on_stream_down(gw_flavour *f) {
  if (f->frozen) return;
  f->frozen = TRUE;
  f->frozen_at = f->now;
  gw_jmuci_roster_doubt(gw_ledger_roster(f->ledger));
}

/* only_ends: the phone has gone, what was to be begun need not be any more. An accept is owed all the same. */
static void say_held(gw_flavour *f, gboolean only_ends) {
  f->frozen = FALSE;
  for (guint i = 0; i < f->held->len; i++) {
    const gw_word *w = f->held->pdata[i];
    const gboolean ends =
        w->kind == GW_WORD_JINGLE && (w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE ||
                                      w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT);
    if (ends || !only_ends)
      gw_actions_add(f->out, GW_ACT_SAY)->word = g_steal_pointer(&f->held->pdata[i]);
  }
  g_ptr_array_set_size(f->held, 0);
}

static void shift(gint64 *t, gint64 by) {
  if (*t != GW_NEVER) *t += by;
}

/* Nobody could speak while the stream was away: all waiting times stood still. */
static void shift_times(gw_flavour *f, gint64 by) {
  gint64 *const times[] = {&f->accept_at, &f->hold_until, &f->said_at, &f->idle_since};
  for (guint i = 0; i < G_N_ELEMENTS(times); i++)
    shift(times[i], by);
  for (guint i = 0; i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    shift(&p->due, by);
    shift(&p->said_us, by);
  }
  for (guint i = 0; i < f->early->len; i++)
    shift(&((gw_early *)f->early->pdata[i])->until, by);
}

static gboolean still_heard(const char *nick, const void *user) {
  const gw_pair *p = gw_pair_find(user, nick);
  return p && p->state == GW_PAIR_ACTIVE && p->up;
}

gboolean gw_mesh_is_missed(const gw_flavour *f, const char *nick) {
  return (f->frozen || f->settle_at != GW_NEVER) && still_heard(nick, f);
}

/* Whoever is stale by now has gone; who is still heard may come back until settle_at, for our rejoin may be the quicker. */
static void settle(gw_flavour *f, gboolean all) {
  g_autoptr(GPtrArray) gone =
      gw_jmuci_roster_settle(gw_ledger_roster(f->ledger), all ? NULL : still_heard, f);
  f->settle_at = all ? GW_NEVER : f->now + GW_MESH_BACK;
  for (guint i = 0; i < gone->len; i++) {
    const gw_fl_occupant who = {.nick = gone->pdata[i], .present = FALSE};
    gw_mesh_gone(f, &who);
  }
}

static void on_stream_up(gw_flavour *f) {
  if (!f->frozen) return;
  say_held(f, FALSE);
  shift_times(f, f->now - f->frozen_at);
  f->gap = f->call_id != NULL;
  settle(f, FALSE);
}

static void on_stop(gw_flavour *f, gw_cause cause) {
  if (f->phase == GW_MESH_DONE) {
    if (f->stop_told) return;
    f->stop_told =
        TRUE; /* we ended by ourselves: whoever stops us waits for an answer all the same */
    f->told = -1;
    gw_mesh_tell(f, GW_CALL_ENDED, cause ? cause : GW_CAUSE_NORMAL, NULL);
    return;
  }
  say_held(f, TRUE);
  gw_mesh_stop(f, cause);
}

static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JMUCI)
    gw_mesh_jmuci(f, w);
  else if (w->kind == GW_WORD_JINGLE)
    gw_mesh_jingle(f, w);
  else
    f->ignored++;
}

static void on_event(gw_flavour *f, const gw_ev *ev) {
  switch (ev->type) {
  case GW_EV_START:
    if (f->phase == GW_MESH_NEW) f->phase = GW_MESH_WAITING;
    break;
  case GW_EV_STOP:
    on_stop(f, ev->cause);
    break;
  case GW_EV_OCCUPANT:
    gw_mesh_occupant(f, ev->u.who);
    break;
  case GW_EV_WORD:
    on_word(f, ev->u.word);
    break;
  case GW_EV_PEER_STATE:
  case GW_EV_LOCAL_DESC:
  case GW_EV_CANDIDATE:
    on_peer(f, ev);
    break;
  case GW_EV_STREAM_DOWN:
    on_stream_down(f);
    break;
  case GW_EV_STREAM_UP:
    on_stream_up(f);
    break;
  case GW_EV_MUTED:
    on_muted(f, ev->u.flag);
    break;
  case GW_EV_SFU:
  case GW_EV_TICK:
    break;
  }
}

/* --- time --- */

static void run_due(gw_flavour *f) {
  if (f->now >= f->settle_at) settle(f, TRUE);
  for (guint i = 0; i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    /* going away, we call nobody any more */
    if (f->phase != GW_MESH_STOPPING || p->state >= GW_PAIR_OPENING) gw_pair_due(f, p);
  }
  gw_mesh_early_due(f);
  if (f->phase == GW_MESH_HOLDING) gw_mesh_say_accept(f);
  gw_mesh_check_call(f);
  gw_mesh_check_goodbye(f);
  gw_mesh_decide(f);
  if (f->phase == GW_MESH_HOLDING) gw_mesh_say_accept(f);
}

static void tell_state(gw_flavour *f) {
  gboolean busy = f->phase == GW_MESH_HOLDING || f->phase == GW_MESH_ACCEPTING, up = FALSE;
  if (f->phase == GW_MESH_NEW || f->phase >= GW_MESH_STOPPING) return;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    busy |= gw_pair_busy(p);
    up |= p->up;
  }
  gw_mesh_tell(f,
               up     ? GW_CALL_TALKING
               : busy ? GW_CALL_CONNECTING
                      : GW_CALL_WAITING,
               GW_CAUSE_NONE, NULL);
}

static void step(gw_flavour *f, const gw_ev *ev, gint64 now_us, gw_actions *ret) {
  f->now = MAX(f->now, now_us);
  f->out = ret;
  if (f->phase != GW_MESH_DONE || ev->type == GW_EV_STOP) on_event(f, ev);
  if (f->phase != GW_MESH_DONE && !f->frozen) run_due(f);
  tell_state(f);
  f->out = NULL;
}

static gint64 deadline(const gw_flavour *f) {
  if (f->phase == GW_MESH_DONE || f->frozen) return GW_NEVER;
  gint64 at = MIN(f->settle_at, gw_mesh_call_deadline(f));
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    if (f->phase != GW_MESH_STOPPING || p->state >= GW_PAIR_OPENING) at = MIN(at, p->due);
  }
  for (guint i = 0; i < f->early->len; i++)
    at = MIN(at, ((const gw_early *)f->early->pdata[i])->until);
  return at;
}

/* A live mesh call decides; else who announces the feature; else a faint "why not", so that one
 * waits here. */
static int probe(const gw_room_facts *facts) {
  if (facts->jmuci_live) return 100;
  if (facts->jmuci_sfu_live || facts->muji_live) return 0;
  return facts->feature_jmuci ? 60 : 1;
}

static const char *const features[] = {GW_NS_JMUCI_MESH, NULL};

const gw_flavour_class gw_flavour_jmuci_mesh = {
    .name = "jmuci-mesh",
    .features = features,
    .probe = probe,
    .make = make,
    .step = step,
    .deadline = deadline,
    .free = flavour_free,
};
