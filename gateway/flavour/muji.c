/* Muji (XEP-0272): the flavour's class, its step, its phases and deadlines. */
#include "gateway/flavour/muji.h"
#include <string.h>

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
  gw_fl_common_init(&f->common, params);
  f->room = g_strdup(params->room);
  f->starts = params->propose_when_idle || params->patient;
  f->patient = params->patient;
  f->members = g_ptr_array_new_with_free_func(gw_mj_member_free);
  f->early = gw_fl_earlies_new();
  f->phase_until = f->alone_since = GW_NEVER;
  gw_fl_session_init(&f->carried);
  if (params->running) {
    gw_fl_session_carry(&f->carried, params->running);
    f->last_peer = params->running->peer;
  }
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  gw_fl_common_clear(&f->common);
  g_free(f->room);
  gw_desc_free(f->map);
  gw_fl_session_clear(&f->carried);
  g_ptr_array_unref(f->members);
  g_ptr_array_unref(f->early);
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
    gw_fl_note(
        &f->common, &f->map_noted,
        map ? "participants name one codec by different payload types: some may not hear each other"
            : "no codec is common to all participants");
  return map ? map : gw_mj_map_own();
}

static void publish(gw_flavour *f) {
  f->map = choose_map(f);
  present(f, gw_muji_new(FALSE, f->map));
  enter(f, GW_MJ_PUBLISHING, f->now + GW_MJ_REFLECTION);
}

/* A session that belongs to nobody here. */
static void end_carried(gw_flavour *f) {
  if (!f->carried.jid) return;
  gw_fl_session_terminate(&f->common, &f->carried, "success");
  gw_fl_session_close(&f->common, &f->carried);
}

static void go_in(gw_flavour *f) {
  end_carried(f);
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
  end_carried(f);
  for (guint i = 0; i < f->members->len; i++)
    gw_mj_close(f, f->members->pdata[i],
                cause == GW_CAUSE_NORMAL ? "success" : gw_cause_jingle(cause));
  gw_fl_earlies_refuse(&f->common, f->early, "gone");
  gw_fl_say_held(&f->common,
                 NULL); /* ends only are kept by those who send while the stream is away */
  enter(f, GW_MJ_DONE, GW_NEVER);
  gw_fl_tell(&f->common, GW_CALL_ENDED, cause, text);
}

/* Others see first that we are no part of the call any more: else our last word would look like a broken session. */
static void leave(gw_flavour *f, gw_cause cause) {
  f->stop_cause = cause;
  const gboolean seen = f->phase >= GW_MJ_PREPARING && f->phase < GW_MJ_LEAVING;
  if (f->phase == GW_MJ_LEAVING) return;
  if (seen) present(f, NULL);
  enter(f, GW_MJ_LEAVING, seen && !f->frozen ? f->now + GW_MJ_GOODBYE : f->now);
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

static void on_peer_state(gw_flavour *f, void *member, gw_fl_peer_state state, gw_cause cause) {
  gw_mj_member *m = member;
  if (state == GW_PEER_FAILED) {
    gw_mj_again(f, m, gw_cause_jingle(cause ? cause : GW_CAUSE_ICE_FAILED),
                m->s.offerer ? 0 : GW_MJ_PAUSE);
    return;
  }
  if (state != GW_PEER_UP && state != GW_PEER_RTP) return;
  m->s.up = TRUE;
  if (m->state == GW_MJ_ACTIVE) m->due = GW_NEVER;
}

static void *find_peer(const gw_flavour *f, guint peer) {
  return gw_mj_by_peer(f, peer);
}

static void on_local(gw_flavour *f, void *member, const gw_desc *desc) {
  gw_mj_local(f, member, desc);
}

static void on_candidate(gw_flavour *f, void *member, const gw_candidate *candidate) {
  gw_fl_session_candidate(&f->common, &((gw_mj_member *)member)->s, candidate);
}

static void on_muted(gw_flavour *f) {
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    if (m->state == GW_MJ_ACTIVE) gw_fl_session_mute(&f->common, &m->s);
  }
}

static void on_stream_down(gw_flavour *f) {
  for (guint i = 0; i < f->members->len; i++)
    ((gw_mj_member *)f->members->pdata[i])->stale = TRUE;
}

/* Nobody could speak while the stream was away: all waiting times stood still. */
static void on_stream_up(gw_flavour *f, gint64 away) {
  gw_fl_say_held(&f->common, NULL);
  gw_fl_shift(&f->phase_until, away);
  gw_fl_shift(&f->alone_since, away);
  for (guint i = 0; i < f->members->len; i++)
    gw_fl_shift(&((gw_mj_member *)f->members->pdata[i])->due, away);
  gw_fl_earlies_shift(f->early, away);
  gw_mj_settle(f, FALSE);
}

static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JINGLE)
    gw_mj_jingle(f, w);
  else
    f->ignored++;
}

/* --- time --- */

static void take_part(gw_flavour *f) {
  if (f->now >= f->settle_at) gw_mj_settle(f, TRUE);
  go_on(f);
  for (guint i = 0; i < f->members->len; i++)
    gw_mj_due(f, f->members->pdata[i]);
  gw_mj_early_due(f);
  check_alone(f);
}

static void run_due(gw_flavour *f) {
  if (f->phase < GW_MJ_LEAVING && !f->frozen) take_part(f);
  if (f->phase == GW_MJ_LEAVING && f->now >= f->phase_until) end(f, f->stop_cause, NULL);
}

static gboolean is_done(const gw_flavour *f) {
  return f->phase == GW_MJ_DONE;
}

static gboolean look(const gw_flavour *f, gboolean *ret_up, gboolean *ret_busy) {
  const gboolean coming = f->phase == GW_MJ_PREPARING || f->phase == GW_MJ_PUBLISHING;
  *ret_busy = coming && gw_mj_company(f, FALSE);
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    *ret_busy |= m->state > GW_MJ_EXPECT || (m->state == GW_MJ_EXPECT && m->due != GW_NEVER);
    *ret_up |= m->s.up;
  }
  return f->phase != GW_MJ_NEW && f->phase < GW_MJ_LEAVING;
}

static const gw_fl_table table = {.start = start,
                                  .stop = leave,
                                  .occupant = gw_mj_occupant,
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
  return MIN(at, gw_fl_earlies_deadline(f->early));
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
