/* Muji (XEP-0272): the flavour's class, its step, its phases and deadlines. */
#include "gateway/flavour/muji.h"
#include <string.h>

#define MAX_HELD (2 * GW_MAX_SESSIONS_PER_SEAT)

/* --- for all files of the flavour --- */

void gw_mj_say(gw_flavour *f, gw_word *word) {
  if (!f->frozen)
    gw_actions_add(f->out, GW_ACT_SAY)->word = word;
  else if (f->held->len < MAX_HELD)
    g_ptr_array_add(f->held, word);
  else
    gw_word_free(word);
}

void gw_mj_note(gw_flavour *f, gboolean *once, const char *text) {
  if (*once) return;
  *once = TRUE;
  gw_actions_add(f->out, GW_ACT_NOTE)->text = g_strdup(text);
}

static void tell(gw_flavour *f, gw_fl_call_state state, gw_cause cause, const char *text) {
  if (f->told == (int)state) return;
  f->told = (int)state;
  gw_action *a = gw_actions_add(f->out, GW_ACT_CALL);
  a->call = state;
  a->cause = cause;
  a->text = g_strdup(text);
}

static void present(gw_flavour *f, gw_muji *taken) {
  gw_actions_add(f->out, GW_ACT_PRESENCE)->muji = taken;
}

static void enter(gw_flavour *f, gw_mj_phase phase, gint64 until) {
  f->phase = phase;
  f->phase_until = until;
  f->reflected = FALSE;
}

/* --- life --- */

static gw_flavour *make(const gw_flavour_params *params) {
  gw_flavour *f = g_new0(gw_flavour, 1);
  f->own_nick = g_strdup(params->own_nick);
  f->own_jid = g_strdup(params->own_jid);
  f->room = g_strdup(params->room);
  f->starts = params->propose_when_idle || params->patient;
  f->patient = params->patient;
  f->ids = params->ids;
  f->members = g_ptr_array_new_with_free_func(gw_mj_member_free);
  f->early = g_ptr_array_new_with_free_func(gw_mj_early_free);
  f->held = g_ptr_array_new_with_free_func((GDestroyNotify)gw_word_free);
  f->phase_until = f->settle_at = f->alone_since = GW_NEVER;
  f->told = -1;
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  g_free(f->own_nick);
  g_free(f->own_jid);
  g_free(f->room);
  gw_desc_free(f->map);
  g_ptr_array_unref(f->members);
  g_ptr_array_unref(f->early);
  g_ptr_array_unref(f->held);
  g_free(f);
}

/* --- coming in --- */

static void start(gw_flavour *f) {
  if (f->phase == GW_MJ_NEW) enter(f, GW_MJ_WAITING, GW_NEVER);
}

static void prepare(gw_flavour *f) {
  present(f, gw_muji_new(TRUE, NULL));
  enter(f, GW_MJ_PREPARING, f->now + GW_MJ_PREPARE);
  f->alone_since = f->now;
}

static gw_desc *choose_map(gw_flavour *f) {
  g_autoptr(GPtrArray) lists = g_ptr_array_new();
  gboolean conflict = FALSE;
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    if (m->contents && m->desc) g_ptr_array_add(lists, m->desc);
  }
  gw_desc *map = gw_mj_map_common(lists, &conflict);
  if (conflict || (!map && lists->len))
    gw_mj_note(
        f, &f->map_noted,
        map ? "participants name one codec by different payload types: some may not hear each other"
            : "no codec is common to all participants");
  return map ? map : gw_mj_map_own();
}

static void publish(gw_flavour *f) {
  f->map = choose_map(f);
  present(f, gw_muji_new(FALSE, f->map));
  enter(f, GW_MJ_PUBLISHING, f->now + GW_MJ_REFLECTION);
}

static void go_in(gw_flavour *f) {
  for (guint i = 0; i < f->members->len; i++)
    gw_mj_arrange(f, f->members->pdata[i]);
  enter(f, GW_MJ_IN, GW_NEVER);
}

static void go_on(gw_flavour *f) {
  if (f->phase == GW_MJ_WAITING && (f->starts || gw_mj_company(f, TRUE))) prepare(f);
  if (f->phase == GW_MJ_PREPARING &&
      (f->now >= f->phase_until || (f->reflected && !gw_mj_must_wait(f))))
    publish(f);
  if (f->phase == GW_MJ_PUBLISHING && f->now >= f->phase_until) go_in(f);
}

/* --- going out --- */

static void end(gw_flavour *f, gw_cause cause, const char *text) {
  for (guint i = 0; i < f->members->len; i++)
    gw_mj_close(f, f->members->pdata[i],
                cause == GW_CAUSE_NORMAL ? "success" : gw_cause_jingle(cause));
  for (guint i = 0; i < f->early->len; i++) {
    const gw_word *w = ((gw_mj_early *)f->early->pdata[i])->offer;
    gw_mj_refuse(f, w->from, w->u.jingle.sid, "gone");
  }
  g_ptr_array_set_size(f->early, 0);
  for (guint i = 0; i < f->held->len;
       i++) /* ends only are kept by those who send while the stream is away */
    gw_actions_add(f->out, GW_ACT_SAY)->word = g_steal_pointer(&f->held->pdata[i]);
  g_ptr_array_set_size(f->held, 0);
  enter(f, GW_MJ_DONE, GW_NEVER);
  tell(f, GW_CALL_ENDED, cause, text);
}

/* Others see first that we are no part of the call any more: else our last word would look like a broken session. */
static void leave(gw_flavour *f, gw_cause cause) {
  f->stop_cause = cause ? cause : GW_CAUSE_NORMAL;
  const gboolean seen = f->phase >= GW_MJ_PREPARING && f->phase < GW_MJ_LEAVING;
  if (f->phase == GW_MJ_LEAVING) return;
  if (seen) present(f, NULL);
  enter(f, GW_MJ_LEAVING, seen && !f->frozen ? f->now + GW_MJ_GOODBYE : f->now);
}

static void stop(gw_flavour *f, gw_cause cause) {
  if (f->phase != GW_MJ_DONE) {
    leave(f, cause);
    return;
  }
  if (f->stop_told) return;
  f->stop_told =
      TRUE; /* we ended by ourselves: whoever stops us waits for an answer all the same */
  f->told = -1;
  tell(f, GW_CALL_ENDED, cause ? cause : GW_CAUSE_NORMAL, NULL);
}

/* A call that we were called to is over when everybody else has gone; in a room of its own the phone just waits. */
static void check_alone(gw_flavour *f) {
  if (f->phase < GW_MJ_PREPARING || f->phase >= GW_MJ_LEAVING) return;
  if (gw_mj_company(f, FALSE)) {
    f->had_company = TRUE;
    f->alone_since = GW_NEVER;
    return;
  }
  if (f->alone_since == GW_NEVER) f->alone_since = f->now;
  const gint64 most = f->had_company ? GW_MJ_ALONE : GW_MJ_NOBODY;
  if (f->patient && f->now - f->alone_since >= most) leave(f, GW_CAUSE_NORMAL);
}

/* --- events --- */

static void on_peer_state(gw_flavour *f, gw_mj_member *m, gw_fl_peer_state state, gw_cause cause) {
  if (state == GW_PEER_FAILED) {
    gw_mj_again(f, m, gw_cause_jingle(cause ? cause : GW_CAUSE_ICE_FAILED),
                m->offerer ? 0 : GW_MJ_PAUSE);
    return;
  }
  if (state != GW_PEER_UP && state != GW_PEER_RTP) return;
  m->up = TRUE;
  if (m->state == GW_MJ_ACTIVE) m->due = GW_NEVER;
}

static void on_peer(gw_flavour *f, const gw_ev *ev) {
  gw_mj_member *m = gw_mj_by_peer(f, ev->peer);
  if (!m) return; /* closed meanwhile */
  if (ev->type == GW_EV_PEER_STATE)
    on_peer_state(f, m, ev->u.state, ev->cause);
  else if (ev->type == GW_EV_LOCAL_DESC)
    gw_mj_local(f, m, ev->u.desc);
  else
    gw_mj_candidate(f, m, ev->u.candidate);
}

static void on_muted(gw_flavour *f, gboolean muted) {
  if (!f->muted == !muted) return;
  f->muted = muted;
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    if (m->state == GW_MJ_ACTIVE) gw_mj_mute(f, m);
  }
}

static void on_stream_down(gw_flavour *f) {
  if (f->frozen) return;
  f->frozen = TRUE;
  f->frozen_at = f->now;
  for (guint i = 0; i < f->members->len; i++)
    ((gw_mj_member *)f->members->pdata[i])->stale = TRUE;
}

static void shift(gint64 *t, gint64 by) {
  if (*t != GW_NEVER) *t += by;
}

/* Nobody could speak while the stream was away: all waiting times stood still. */
static void on_stream_up(gw_flavour *f) {
  if (!f->frozen) return;
  const gint64 by = f->now - f->frozen_at;
  f->frozen = FALSE;
  for (guint i = 0; i < f->held->len; i++)
    gw_actions_add(f->out, GW_ACT_SAY)->word = g_steal_pointer(&f->held->pdata[i]);
  g_ptr_array_set_size(f->held, 0);
  shift(&f->phase_until, by);
  shift(&f->alone_since, by);
  for (guint i = 0; i < f->members->len; i++)
    shift(&((gw_mj_member *)f->members->pdata[i])->due, by);
  for (guint i = 0; i < f->early->len; i++)
    shift(&((gw_mj_early *)f->early->pdata[i])->until, by);
  gw_mj_settle(f, FALSE);
}

static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JINGLE)
    gw_mj_jingle(f, w);
  else
    f->ignored++;
}

static void on_event(gw_flavour *f, const gw_ev *ev) {
  switch (ev->type) {
  case GW_EV_START:
    start(f);
    break;
  case GW_EV_STOP:
    stop(f, ev->cause);
    break;
  case GW_EV_OCCUPANT:
    gw_mj_occupant(f, ev->u.who);
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
  case GW_EV_SFU: /* no call of this kind has a service */
  case GW_EV_TICK:
    break;
  }
}

/* --- time --- */

static void run_due(gw_flavour *f) {
  if (f->now >= f->settle_at) gw_mj_settle(f, TRUE);
  go_on(f);
  for (guint i = 0; i < f->members->len; i++)
    gw_mj_due(f, f->members->pdata[i]);
  gw_mj_early_due(f);
  check_alone(f);
}

static void tell_state(gw_flavour *f) {
  gboolean busy = f->phase == GW_MJ_PREPARING || f->phase == GW_MJ_PUBLISHING, up = FALSE;
  if (f->phase == GW_MJ_NEW || f->phase >= GW_MJ_LEAVING) return;
  busy = busy && gw_mj_company(f, FALSE);
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    busy |= m->state > GW_MJ_EXPECT || (m->state == GW_MJ_EXPECT && m->due != GW_NEVER);
    up |= m->up;
  }
  tell(f, up ? GW_CALL_TALKING : busy ? GW_CALL_CONNECTING : GW_CALL_WAITING, GW_CAUSE_NONE, NULL);
}

static void step(gw_flavour *f, const gw_ev *ev, gint64 now_us, gw_actions *ret) {
  f->now = MAX(f->now, now_us);
  f->out = ret;
  if (f->phase != GW_MJ_DONE || ev->type == GW_EV_STOP) on_event(f, ev);
  if (f->phase < GW_MJ_LEAVING && !f->frozen) run_due(f);
  if (f->phase == GW_MJ_LEAVING && f->now >= f->phase_until) end(f, f->stop_cause, NULL);
  tell_state(f);
  f->out = NULL;
}

static gint64 alone_deadline(const gw_flavour *f) {
  if (!f->patient || f->alone_since == GW_NEVER || f->phase < GW_MJ_PREPARING) return GW_NEVER;
  return f->alone_since + (f->had_company ? GW_MJ_ALONE : GW_MJ_NOBODY);
}

static gint64 deadline(const gw_flavour *f) {
  if (f->phase == GW_MJ_DONE) return GW_NEVER;
  if (f->phase == GW_MJ_LEAVING) return f->phase_until;
  if (f->frozen) return GW_NEVER;
  gint64 at = MIN(MIN(f->phase_until, f->settle_at), alone_deadline(f));
  for (guint i = 0; i < f->members->len; i++)
    at = MIN(at, ((const gw_mj_member *)f->members->pdata[i])->due);
  for (guint i = 0; i < f->early->len; i++)
    at = MIN(at, ((const gw_mj_early *)f->early->pdata[i])->until);
  return at;
}

/* Presences of a running call decide; else who announces the feature. */
static int probe(const gw_room_facts *facts) {
  if (facts->jmuci_live || facts->jmuci_sfu_live) return 0;
  if (facts->muji_live) return 90;
  return facts->feature_muji ? 50 : 0;
}

static const char *const features[] = {GW_NS_MUJI, NULL};

const gw_flavour_class gw_flavour_muji = {
    .name = "muji",
    .features = features,
    .probe = probe,
    .make = make,
    .step = step,
    .deadline = deadline,
    .free = flavour_free,
};
