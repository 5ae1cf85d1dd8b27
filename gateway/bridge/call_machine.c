#include "gateway/bridge/call_machine.h"

typedef struct {
  gw_call_machine *m;
  gw_ca *list;
  guint n;
  gint64 now;
} step;

static void act(step *s, gw_ca_type type, gw_cause cause) {
  g_assert(s->n < GW_CA_MAX);
  s->list[s->n++] = (gw_ca){type, cause};
}

static void finish(step *s) {
  gw_call_machine *m = s->m;
  if (m->state == GW_CS_GONE) return;
  m->state = GW_CS_GONE;
  m->deadline = m->stream_deadline = m->alone_deadline = m->patience = m->spoken_deadline =
      GW_NEVER;
  act(s, GW_CA_LEAVE, m->cause);
  act(s, GW_CA_CLOSE_MEDIA, m->cause);
  act(s, GW_CA_RECORD, m->cause);
  act(s, GW_CA_GONE, m->cause);
}

/* The flavour is through with the room, and nothing is left to be said to the phone. */
static void finish_when_done(step *s) {
  if (s->m->flavour_started) return;
  s->m->deadline = GW_NEVER;
  if (s->m->speaking)
    act(s, GW_CA_LEAVE, s->m->cause);
  else
    finish(s);
}

static void stop_speaking(step *s) {
  gw_call_machine *m = s->m;
  if (!m->speaking) return;
  m->speaking = FALSE;
  m->spoken_deadline = GW_NEVER;
  if (!m->sip_gone) act(s, GW_CA_SIP_HANGUP, m->cause);
  if (!m->flavour_started) finish(s);
}

gboolean gw_call_machine_worth_saying(gw_cause cause) {
  return cause == GW_CAUSE_NOT_FOUND || cause == GW_CAUSE_FORBIDDEN ||
         cause == GW_CAUSE_ROOM_CLOSED || cause == GW_CAUSE_XMPP_DOWN || cause == GW_CAUSE_TIMEOUT;
}

/* Not answered, so it costs the caller nothing; it gets its final response when all is said. */
static void refuse_aloud(step *s, gw_cause cause) {
  gw_call_machine *m = s->m;
  m->state = GW_CS_CLOSING;
  m->cause = cause;
  m->refusing = TRUE;
  m->patience = m->stream_deadline = m->alone_deadline = GW_NEVER;
  m->deadline = s->now + GW_CLOSE_LIMIT_US;
}

static void speak_early(step *s) {
  gw_call_machine *m = s->m;
  m->speaking = TRUE;
  m->deadline = GW_NEVER;
  m->spoken_deadline = s->now + GW_SPOKEN_LIMIT_US;
  act(s, GW_CA_EARLY, GW_CAUSE_NONE);
  act(s, GW_CA_SAY, m->cause);
}

/* Nobody in the room is heard while the reason is said, so the leg leaves it first, as soon as it is there. */
static void refuse_from_room(step *s, gw_cause cause) {
  gw_call_machine *m = s->m;
  refuse_aloud(s, cause);
  m->astray = !m->leg_ready && !m->aside;
  if (m->leg_ready) act(s, GW_CA_RETREAT, GW_CAUSE_NONE);
  m->leg_ready = FALSE;
  act(s, GW_CA_LEAVE, cause);
}

/* The phone never waits for the XMPP side: it is released first, then the room is left in order.
 * Nor does the room wait for the phone: what is still to be said to it is said meanwhile. */
static void begin_closing(step *s, gw_cause cause) {
  gw_call_machine *m = s->m;
  if (m->state >= GW_CS_CLOSING) return;
  if (m->early && !m->sip_up && !m->sip_gone && gw_call_machine_worth_saying(cause)) {
    refuse_from_room(s, cause);
    return;
  }
  m->state = GW_CS_CLOSING;
  m->cause = cause;
  m->stream_deadline = m->alone_deadline = m->patience = GW_NEVER;
  m->deadline = s->now + GW_CLOSE_LIMIT_US;
  m->speaking = m->speaks && m->sip_up && !m->sip_gone;
  if (m->speaking) {
    m->spoken_deadline = s->now + GW_SPOKEN_LIMIT_US;
    act(s, GW_CA_SAY, cause);
  } else if (!m->sip_gone) {
    act(s, GW_CA_SIP_HANGUP, cause);
  }
  if (m->flavour_started)
    act(s, GW_CA_FLAVOUR_STOP, cause);
  else
    finish_when_done(s);
}

static void answer_now(step *s) {
  act(s, GW_CA_ANSWER, GW_CAUSE_NONE);
  s->m->sip_up = TRUE;
  s->m->patience = GW_NEVER;
}

static void start_flavour(step *s) {
  s->m->flavour_started = TRUE;
  s->m->state = GW_CS_WAITING;
  s->m->deadline = GW_NEVER;
  act(s, GW_CA_FLAVOUR_START, GW_CAUSE_NONE);
}

static void place_leg(step *s, gw_ca_type where, gboolean aside) {
  s->m->aside = aside;
  s->m->leg_ready = FALSE;
  act(s, where, GW_CAUSE_NONE);
}

/* In: 200 only when the room has let us in, so that a refused join still becomes a SIP code. */
static void answer_if_ready(step *s) {
  gw_call_machine *m = s->m;
  if (m->state != GW_CS_JOINING || !m->leg_ready || !m->joined) return;
  if (m->aside) {
    place_leg(s, GW_CA_MOVE, FALSE);
    return;
  }
  if (!m->sip_up) answer_now(s);
  start_flavour(s);
}

/* The room takes its time: the caller is told so instead of hearing it ring on, by itself: who hears the others has been
 * let in. */
static void answer_and_wait(step *s) {
  gw_call_machine *m = s->m;
  m->patience = GW_NEVER;
  if (m->state != GW_CS_JOINING || !m->leg_ready || m->joined) return;
  if (m->sip_up)
    act(s, GW_CA_WAIT, GW_CAUSE_NONE);
  else
    place_leg(s, GW_CA_RETREAT, TRUE);
}

static void wait_aside(step *s) {
  if (!s->m->aside || s->m->sip_up) return;
  answer_now(s);
  act(s, GW_CA_WAIT, GW_CAUSE_NONE);
}

static void join_now(step *s) {
  s->m->flavour_started |= s->m->direct;
  act(s, GW_CA_JOIN, GW_CAUSE_NONE);
}

/* Whoever is called has as long as a phone would have, and the session its own time. That session is of our leg's room and
 * begins before he has taken the call: the leg comes out of its lobby first. */
static void join(step *s, gint64 limit) {
  gw_call_machine *m = s->m;
  m->deadline = s->now + (m->direct ? m->ring_limit_us + GW_DIRECT_LIMIT_US : limit);
  if (m->direct) m->patience = GW_NEVER;
  m->join_due = m->direct && m->aside;
  if (m->join_due)
    place_leg(s, GW_CA_MOVE, FALSE);
  else
    join_now(s);
}

static void on_admitted(step *s) {
  gw_call_machine *m = s->m;
  if (m->state != GW_CS_MENU) return;
  m->state = GW_CS_JOINING;
  m->patience = s->now + GW_ADMITTED_PATIENCE_US;
  join(s, GW_JOIN_LIMIT_US);
}

static void on_leg_ready(step *s) {
  s->m->leg_ready = TRUE;
  if (s->m->refusing && s->m->astray) {
    s->m->astray = FALSE;
    place_leg(s, GW_CA_RETREAT, TRUE);
  } else if (s->m->refusing && !s->m->speaking) {
    speak_early(s);
  } else if (s->m->out && s->m->state == GW_CS_RINGING) {
    act(s, GW_CA_DIAL, GW_CAUSE_NONE);
  } else if (s->m->state == GW_CS_MENU) {
    if (s->m->sip_up) return;
    answer_now(s);
    act(s, GW_CA_ASK, GW_CAUSE_NONE);
  } else if (s->m->state == GW_CS_JOINING && s->m->join_due) {
    s->m->join_due = FALSE;
    join_now(s);
    answer_if_ready(s);
  } else if (s->m->state == GW_CS_JOINING && !s->m->joined) {
    wait_aside(s);
  } else {
    answer_if_ready(s);
  }
}

static void on_invite(step *s, gboolean asks) {
  gw_call_machine *m = s->m;
  m->state = asks ? GW_CS_MENU : GW_CS_JOINING;
  m->aside = asks;
  m->deadline = s->now + GW_MENU_LIMIT_US;
  if (asks || !m->direct) act(s, GW_CA_RINGING, GW_CAUSE_NONE);
  act(s, GW_CA_MAKE_LEG, GW_CAUSE_NONE);
  if (asks) return;
  if (m->speaks) m->patience = s->now + GW_PATIENCE_US;
  join(s, GW_JOIN_LIMIT_US);
}

static void on_ring(step *s) {
  s->m->out = s->m->aside = TRUE;
  s->m->state = GW_CS_RINGING;
  s->m->deadline = s->now + s->m->ring_limit_us;
  act(s, GW_CA_MAKE_LEG, GW_CAUSE_NONE);
}

/* With a new leg: the other trunk may want another encryption, and must not have the first one's key. */
static void on_next_trunk(step *s) {
  if (s->m->state != GW_CS_RINGING) return;
  place_leg(s, GW_CA_RENEW_LEG, TRUE);
}

static void on_picked_up(step *s) {
  if (s->m->state != GW_CS_RINGING) return;
  s->m->sip_up = TRUE;
  s->m->state = GW_CS_JOINING;
  join(s, GW_JOIN_LIMIT_US);
}

/* Not before: 180 is what the caller hears as "it rings there". */
static void on_they_ring(step *s) {
  const gw_call_machine *m = s->m;
  if (!m->out && m->state == GW_CS_JOINING && !m->sip_up) act(s, GW_CA_RINGING, GW_CAUSE_NONE);
}

static void set_active(gw_call_machine *m, gw_call_state state, gint64 now) {
  if (m->state < GW_CS_WAITING || m->state > GW_CS_TALKING) return;
  if (state == GW_CS_WAITING && m->alone_deadline == GW_NEVER && m->alone_limit_us)
    m->alone_deadline = now + m->alone_limit_us;
  if (state != GW_CS_WAITING) m->alone_deadline = GW_NEVER;
  m->state = state;
}

static void on_flavour(step *s, const gw_ce *e) {
  static const gw_call_state map[] = {[GW_CALL_WAITING] = GW_CS_WAITING,
                                      [GW_CALL_CONNECTING] = GW_CS_CONNECTING,
                                      [GW_CALL_TALKING] = GW_CS_TALKING};
  if (e->flavour != GW_CALL_ENDED) {
    set_active(s->m, map[e->flavour], s->now);
    return;
  }
  s->m->flavour_started = FALSE;
  if (s->m->state == GW_CS_CLOSING)
    finish_when_done(s);
  else
    begin_closing(s, e->cause);
}

static void give_up_flavour(step *s) {
  if (s->m->refusing && !s->m->speaking && !s->m->sip_gone) act(s, GW_CA_SIP_HANGUP, s->m->cause);
  s->m->flavour_started = FALSE;
  finish_when_done(s);
}

static void on_tick(step *s) {
  gw_call_machine *m = s->m;
  if (s->now >= m->patience)
    answer_and_wait(s);
  else if (s->now >= m->spoken_deadline)
    stop_speaking(s);
  else if (s->now >= m->stream_deadline)
    begin_closing(s, GW_CAUSE_XMPP_DOWN);
  else if (s->now >= m->alone_deadline)
    begin_closing(s, GW_CAUSE_NORMAL);
  else if (s->now < m->deadline)
    return;
  else if (m->state == GW_CS_CLOSING)
    give_up_flavour(s);
  else
    begin_closing(s, GW_CAUSE_TIMEOUT);
}

static void dispatch(step *s, const gw_ce *e) {
  gw_call_machine *m = s->m;
  switch (e->type) {
  case GW_CE_INVITE:
    on_invite(s, e->asks);
    break;
  case GW_CE_REFUSE:
    refuse_aloud(s, e->cause);
    act(s, GW_CA_MAKE_LEG, GW_CAUSE_NONE);
    break;
  case GW_CE_RING:
    on_ring(s);
    break;
  case GW_CE_LEG_READY:
    on_leg_ready(s);
    break;
  case GW_CE_NEXT_TRUNK:
    on_next_trunk(s);
    break;
  case GW_CE_SIP_ANSWERED:
    on_picked_up(s);
    break;
  case GW_CE_SIP_ENDED:
    m->sip_gone = TRUE;
    begin_closing(s, e->cause);
    stop_speaking(s);
    if (m->refusing) finish(s);
    break;
  case GW_CE_ADMITTED:
    on_admitted(s);
    break;
  case GW_CE_SPOKEN:
    stop_speaking(s);
    break;
  case GW_CE_JOINED:
    m->joined = TRUE;
    answer_if_ready(s);
    break;
  case GW_CE_JOIN_FAILED:
  case GW_CE_HANGUP:
    begin_closing(s, e->cause);
    break;
  case GW_CE_THEY_RING:
    on_they_ring(s);
    break;
  case GW_CE_FLAVOUR:
    on_flavour(s, e);
    break;
  case GW_CE_STREAM_DOWN:
    if (m->state < GW_CS_CLOSING && m->stream_deadline == GW_NEVER)
      m->stream_deadline = s->now + GW_STREAM_GRACE_US;
    break;
  case GW_CE_STREAM_UP:
    m->stream_deadline = GW_NEVER;
    break;
  case GW_CE_TICK:
    on_tick(s);
    break;
  }
}

void gw_call_machine_init(gw_call_machine *m, guint alone_limit_s) {
  *m = (gw_call_machine){.state = GW_CS_NEW,
                         .deadline = GW_NEVER,
                         .stream_deadline = GW_NEVER,
                         .alone_deadline = GW_NEVER,
                         .patience = GW_NEVER,
                         .spoken_deadline = GW_NEVER};
  m->alone_limit_us = GW_SEC(alone_limit_s);
  m->ring_limit_us = GW_RING_LIMIT_US;
}

guint gw_call_machine_step(gw_call_machine *m, const gw_ce *e, gint64 now_us,
                           gw_ca ret[GW_CA_MAX]) {
  step s = {m, ret, 0, now_us};
  if (m->state != GW_CS_GONE) dispatch(&s, e);
  return s.n;
}

gint64 gw_call_machine_deadline(const gw_call_machine *m) {
  gint64 calm = MIN(m->deadline, MIN(m->stream_deadline, m->alone_deadline));
  return MIN(calm, MIN(m->patience, m->spoken_deadline));
}

const char *gw_call_state_word(gw_call_state s) {
  static const char *const words[] = {"joining",    "ringing", "menu",    "joining", "waiting",
                                      "connecting", "talking", "closing", "ended"};
  return words[s];
}
