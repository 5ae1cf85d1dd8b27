#include "gateway/flavour/common.h"

void gw_fl_common_init(gw_fl_common *c, const gw_flavour_params *params) {
  c->own_nick = g_strdup(params->own_nick);
  c->own_jid = g_strdup(params->own_jid);
  c->ids = params->ids;
  c->held = g_ptr_array_new_with_free_func((GDestroyNotify)gw_word_free);
  c->settle_at = GW_NEVER;
  c->told = -1;
}

void gw_fl_common_clear(gw_fl_common *c) {
  g_free(c->own_nick);
  g_free(c->own_jid);
  g_ptr_array_unref(c->held);
}

/* --- saying and telling --- */

void gw_fl_say(gw_fl_common *c, gw_word *word) {
  if (!c->frozen)
    gw_actions_add(c->out, GW_ACT_SAY)->word = word;
  else if (c->held->len < GW_FL_MAX_HELD)
    g_ptr_array_add(c->held, word);
  else
    gw_word_free(word);
}

void gw_fl_say_held(gw_fl_common *c, gboolean (*wanted)(const gw_word *)) {
  c->frozen = FALSE;
  for (guint i = 0; i < c->held->len; i++)
    if (!wanted || wanted(c->held->pdata[i]))
      gw_actions_add(c->out, GW_ACT_SAY)->word = g_steal_pointer(&c->held->pdata[i]);
  g_ptr_array_set_size(c->held, 0);
}

void gw_fl_note(gw_fl_common *c, gboolean *once, const char *text) {
  if (*once) return;
  *once = TRUE;
  gw_actions_add(c->out, GW_ACT_NOTE)->text = g_strdup(text);
}

void gw_fl_tell(gw_fl_common *c, gw_fl_call_state state, gw_cause cause, const char *text) {
  if (c->told == (int)state) return;
  c->told = (int)state;
  gw_action *a = gw_actions_add(c->out, GW_ACT_CALL);
  a->call = state;
  a->cause = cause;
  a->text = g_strdup(text);
}

void gw_fl_shift(gint64 *t, gint64 by) {
  if (*t != GW_NEVER) *t += by;
}

/* --- events --- */

static void on_peer(gw_flavour *f, const gw_fl_table *t, const gw_ev *ev) {
  void *peer = ev->peer && t->find ? t->find(f, ev->peer) : NULL;
  if (!peer) return;
  if (ev->type == GW_EV_PEER_STATE)
    t->state(f, peer, ev->u.state, ev->cause);
  else if (ev->type == GW_EV_LOCAL_DESC)
    t->local(f, peer, ev->u.desc);
  else
    t->candidate(f, peer, ev->u.candidate);
}

/* Whoever stops a flavour that has ended by itself waits for an answer all the same, once. */
static void on_stop(gw_flavour *f, const gw_fl_table *t, gw_cause cause) {
  gw_fl_common *c = (gw_fl_common *)f;
  const gboolean answered = c->stop_told;
  if (!cause) cause = GW_CAUSE_NORMAL;
  c->stop_told = TRUE;
  if (!t->done(f)) {
    t->stop(f, cause);
  } else if (!answered) {
    c->told = -1;
    gw_fl_tell(c, GW_CALL_ENDED, cause, NULL);
  }
}

static void on_muted(gw_flavour *f, const gw_fl_table *t, gboolean muted) {
  gw_fl_common *c = (gw_fl_common *)f;
  if (!c->muted == !muted) return;
  c->muted = muted;
  if (t->muted) t->muted(f);
}

static void on_stream(gw_flavour *f, const gw_fl_table *t, gboolean up) {
  gw_fl_common *c = (gw_fl_common *)f;
  if (c->frozen != up) return; /* said twice */
  if (up) {
    t->up(f, c->now - c->frozen_at);
    return;
  }
  c->frozen = TRUE;
  c->frozen_at = c->now;
  t->down(f);
}

static void on_event(gw_flavour *f, const gw_fl_table *t, const gw_ev *ev) {
  switch (ev->type) {
  case GW_EV_START:
    t->start(f);
    break;
  case GW_EV_STOP:
    on_stop(f, t, ev->cause);
    break;
  case GW_EV_OCCUPANT:
    t->occupant(f, ev->u.who);
    break;
  case GW_EV_WORD:
    t->word(f, ev->u.word);
    break;
  case GW_EV_PEER_STATE:
  case GW_EV_LOCAL_DESC:
  case GW_EV_CANDIDATE:
    on_peer(f, t, ev);
    break;
  case GW_EV_STREAM_DOWN:
  case GW_EV_STREAM_UP:
    on_stream(f, t, ev->type == GW_EV_STREAM_UP);
    break;
  case GW_EV_MUTED:
    on_muted(f, t, ev->u.flag);
    break;
  case GW_EV_HELD:
    if (t->held) t->held(f, ev->u.flag);
    break;
  case GW_EV_RINGING:
    if (t->ringing) t->ringing(f);
    break;
  case GW_EV_DEVICE:
    if (t->device) t->device(f, ev->u.device);
    break;
  case GW_EV_SFU:
    if (t->sfu) t->sfu(f, ev->u.sfu, ev->cause);
    break;
  case GW_EV_TICK:
    break;
  }
}

static void tell_state(gw_flavour *f, const gw_fl_table *t) {
  gboolean up = FALSE, busy = FALSE;
  if (!t->look(f, &up, &busy)) return;
  gw_fl_tell((gw_fl_common *)f,
             up     ? GW_CALL_TALKING
             : busy ? GW_CALL_CONNECTING
                    : GW_CALL_WAITING,
             GW_CAUSE_NONE, NULL);
}

void gw_fl_step(gw_flavour *f, const gw_fl_table *t, const gw_ev *ev, gint64 now_us,
                gw_actions *ret) {
  gw_fl_common *c = (gw_fl_common *)f;
  c->now = MAX(c->now, now_us);
  c->out = ret;
  if (!t->done(f) || ev->type == GW_EV_STOP) on_event(f, t, ev);
  if (!t->done(f)) t->due(f);
  tell_state(f, t);
  c->out = NULL;
}
