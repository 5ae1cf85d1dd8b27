/* JMUCI over a mesh: the flavour's class, its step, its deadlines. */
#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"

/* --- for all files of the mesh --- */

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
  gw_fl_common_init(&f->common, params);
  f->answer_id = g_strdup(params->answer_id);
  f->propose_when_idle = params->propose_when_idle;
  f->patient = params->patient;
  f->ledger = params->ledger ? gw_ledger_copy(params->ledger) : gw_ledger_new();
  f->pairs = g_ptr_array_new_with_free_func(gw_pair_free);
  f->early = gw_fl_earlies_new();
  f->left = g_ptr_array_new_with_free_func(g_free);
  f->first_up = f->idle_since = f->proposed_at = GW_NEVER;
  f->armed = TRUE;
  forget_former_self(f);
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  gw_fl_common_clear(&f->common);
  g_free(f->answer_id);
  g_free(f->call_id);
  gw_ledger_free(f->ledger);
  g_ptr_array_unref(f->pairs);
  g_ptr_array_unref(f->early);
  g_ptr_array_unref(f->left);
  g_free(f);
}

/* --- events --- */

static void on_peer_state(gw_flavour *f, void *pair, gw_fl_peer_state state, gw_cause cause) {
  gw_pair *p = pair;
  if (state == GW_PEER_FAILED) {
    gw_pair_gone(f, p, gw_cause_jingle(cause ? cause : GW_CAUSE_ICE_FAILED));
    return;
  }
  if (state == GW_PEER_RTP) f->rtp = TRUE;
  if (state != GW_PEER_UP && state != GW_PEER_RTP) return;
  p->s.up = TRUE;
  if (p->state == GW_PAIR_ACTIVE) p->due = GW_NEVER;
  if (f->first_up == GW_NEVER) f->first_up = f->now;
}

static void *find_peer(const gw_flavour *f, guint peer) {
  return gw_pair_by_peer(f, peer);
}

static void on_local(gw_flavour *f, void *pair, const gw_desc *desc) {
  gw_pair_local(f, pair, desc);
}

static void on_candidate(gw_flavour *f, void *pair, const gw_candidate *candidate) {
  gw_fl_session_candidate(&f->common, &((gw_pair *)pair)->s, candidate);
}

static void on_muted(gw_flavour *f) {
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    if (p->state == GW_PAIR_ACTIVE) gw_fl_session_mute(&f->common, &p->s);
  }
}

static void on_stream_down(gw_flavour *f) {
  gw_jmuci_roster_doubt(gw_ledger_roster(f->ledger));
}

/* The phone has gone, what was to be begun need not be any more. An accept is owed all the same. */
static gboolean is_end(const gw_word *w) {
  return w->kind == GW_WORD_JINGLE && (w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE ||
                                       w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT);
}

/* Nobody could speak while the stream was away: all waiting times stood still. */
static void shift_times(gw_flavour *f, gint64 by) {
  gint64 *const times[] = {&f->accept_at, &f->hold_until, &f->said_at, &f->idle_since};
  for (guint i = 0; i < G_N_ELEMENTS(times); i++)
    gw_fl_shift(times[i], by);
  for (guint i = 0; i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    gw_fl_shift(&p->due, by);
    gw_fl_shift(&p->said_us, by);
  }
  gw_fl_earlies_shift(f->early, by);
}

static gboolean still_heard(const char *nick, const void *user) {
  const gw_pair *p = gw_pair_find(user, nick);
  return p && p->state == GW_PAIR_ACTIVE && p->s.up;
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

static void on_stream_up(gw_flavour *f, gint64 away) {
  gw_fl_say_held(&f->common, NULL);
  shift_times(f, away);
  f->gap = f->call_id != NULL;
  settle(f, FALSE);
}

static void on_start(gw_flavour *f) {
  if (f->phase == GW_MESH_NEW) f->phase = GW_MESH_WAITING;
}

static void on_stop(gw_flavour *f, gw_cause cause) {
  gw_fl_say_held(&f->common, is_end);
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

/* --- time --- */

static void run_due(gw_flavour *f) {
  if (f->frozen) return;
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

static gboolean is_done(const gw_flavour *f) {
  return f->phase == GW_MESH_DONE;
}

static gboolean look(const gw_flavour *f, gboolean *ret_up, gboolean *ret_busy) {
  *ret_busy = f->phase == GW_MESH_HOLDING || f->phase == GW_MESH_ACCEPTING;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    *ret_busy |= gw_pair_busy(p);
    *ret_up |= p->s.up;
  }
  return f->phase != GW_MESH_NEW && f->phase < GW_MESH_STOPPING;
}

static const gw_fl_table table = {.start = on_start,
                                  .stop = on_stop,
                                  .occupant = gw_mesh_occupant,
                                  .word = on_word,
                                  .down = on_stream_down,
                                  .up = on_stream_up,
                                  .muted = on_muted,
                                  .find = find_peer,
                                  .state = on_peer_state,
                                  .local = on_local,
                                  .candidate = on_candidate,
                                  .due = run_due,
                                  .done = is_done,
                                  .look = look};

static void step(gw_flavour *f, const gw_ev *ev, gint64 now_us, gw_actions *ret) {
  gw_fl_step(f, &table, ev, now_us, ret);
}

static gint64 deadline(const gw_flavour *f) {
  if (f->phase == GW_MESH_DONE || f->frozen) return GW_NEVER;
  gint64 at = MIN(f->settle_at, gw_mesh_call_deadline(f));
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    if (f->phase != GW_MESH_STOPPING || p->state >= GW_PAIR_OPENING) at = MIN(at, p->due);
  }
  return MIN(at, gw_fl_earlies_deadline(f->early));
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
