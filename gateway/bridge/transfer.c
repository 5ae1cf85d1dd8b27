/* transfer.c - carries out what the REFER of a phone in a room asks for, and tells it how that goes. To another room: the
 * call is asked for its PIN where there is one, joins there, and leaves here only when it is in. To a phone of ours: that
 * phone is rung into this room; whoever asked hangs up when it likes. To a call of the same phone: see successor.c. */
#include <string.h>
#include "gateway/bridge/private.h"
#include "gateway/dialplan/transfer.h"

#define BACK_US GW_SEC(30) /* from hold, to be asked for a PIN */
#define JOIN_US GW_SEC(20)
#define TALK_US GW_SEC(5) /* until somebody is heard there; then it is done all the same */
#define LEAVE_US GW_SEC(4)

typedef enum { HELD, ASKING, JOINING, MOVING, STARTED } stage;
struct gw_transfer {
  gw_call *call;
  stage stage;
  gw_room_conf *to;
  gw_seat
      *seat; /* JOINING: the one there; afterwards the one that was left, NULL when it is gone */
  gw_cause cause; /* JOINING: how the join went; a seat is not changed in its own callback */
  gboolean told;
  gw_timer *soon, *timer, *leaving;
};

static gboolean in_room(const gw_call *c) {
  return !c->machine.direct && c->machine.state >= GW_CS_WAITING && c->machine.state <= GW_CS_TALKING && c->seat &&
         !gw_seat_is_shared(c->seat); /* others sit by that one, too */
}

static void tell(gw_call *c, guint status) {
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_OUT, NULL, "transfer: %u", status);
  if (c->sip) gw_sip_call_refer_progress(c->sip, status);
}

/* -- into another room -- */

void gw_transfer_drop(gw_call *c) {
  gw_transfer *t = g_steal_pointer(&c->transfer);
  if (!t) return;
  g_clear_pointer(&t->seat, gw_seat_free);
  gw_timer_free(t->soon);
  gw_timer_free(t->timer);
  gw_timer_free(t->leaving);
  gw_room_conf_free(t->to);
  g_free(t);
}

const char *gw_transfer_number(const gw_call *c) {
  return c->transfer->to->number;
}

/* In there, out of here, and told. */
static void settle(gw_transfer *t) {
  if (t->stage == STARTED && t->told && !t->seat) gw_transfer_drop(t->call);
}

static void finish(gw_call *c, guint status) {
  gw_transfer *t = c->transfer;
  if (!t->told) tell(c, status);
  gw_call_set_asked(c, FALSE);
  if (t->stage == JOINING) gw_attendant_tell(c->attendant, &(gw_ie){.type = GW_IE_BACK});
  t->told = TRUE;
  gw_timer_set(t->timer, GW_NEVER);
  if (t->stage <= JOINING)
    gw_transfer_drop(c);
  else
    settle(t);
}

static void on_timer(void *user) {
  gw_transfer *t = user;
  finish(t->call, t->stage <= JOINING ? 408 : 200);
}

/* The old room has said goodbye, or never will. */
static void on_left(void *user) {
  gw_transfer *t = user;
  gw_timer_set(t->leaving, GW_NEVER);
  g_clear_pointer(&t->seat, gw_seat_free);
  settle(t);
}

static void change_rooms(gw_call *c) {
  gw_transfer *t = c->transfer;
  gw_seat *there = t->seat;
  t->seat = c->seat;
  t->stage = MOVING;
  gw_timer_set(t->leaving, gw_now_us() + LEAVE_US);
  gw_timer_set(t->timer, gw_now_us() + TALK_US);
  c->seat = there; /* what the old one says from now on is for us */
  gw_seat_stop(t->seat, GW_CAUSE_NORMAL);
  c->status = NULL;
  g_clear_pointer(&c->answer_id, g_free);
  if (gw_call_invite_is(c)) gw_call_invite_over(c); /* whoever invited asked it into the old one */
  g_free(c->number);
  c->number = g_strdup(t->to->number);
  gw_call_set_room(c, t->to);
  gw_call_post(c, &(gw_ce){.type = GW_CE_FLAVOUR, .flavour = GW_CALL_WAITING});
  gw_call_hop(c, "moved");
  gw_call_move_leg(c);
}

/* Asked before the call leaves its room: it would have none any more. */
static gboolean has_place(const gw_call *c) {
  const gw_conference *there = gw_bridge_conference(c->bridge, c->transfer->to->room);
  return gw_media_has_place(c->bridge->media, c->leg, there->room);
}

static void on_join(void *user) {
  gw_transfer *t = user;
  gw_call *c = t->call;
  if (t->cause)
    finish(c, gw_cause_sip(t->cause));
  else if (!in_room(c) || c->moving || !gw_bridge_conference(c->bridge, t->to->room))
    finish(c, 480);
  else if (!has_place(c))
    finish(c, gw_cause_sip(GW_CAUSE_OVERLOAD));
  else
    change_rooms(c);
}

void gw_transfer_leg_ready(gw_call *c) {
  if (!c->transfer || c->transfer->stage != MOVING) return;
  c->transfer->stage = STARTED;
  gw_call_enter(c);
  settle(c->transfer);
}

void gw_transfer_seat_event(gw_seat *s, const gw_ce *e) {
  gw_transfer *t = gw_seat_call(s)->transfer;
  if (!t || t->seat != s) return;
  if (t->stage != JOINING) {
    if (e->type == GW_CE_FLAVOUR && e->flavour == GW_CALL_ENDED) gw_timer_set(t->leaving, 0);
  } else if (e->type == GW_CE_JOINED || e->type == GW_CE_JOIN_FAILED) {
    t->cause = e->type == GW_CE_JOINED ? GW_CAUSE_NONE : e->cause;
    gw_timer_set(t->soon, 0);
  }
}

static void join(gw_call *c) {
  gw_transfer *t = c->transfer;
  gw_conference *there = gw_bridge_conference(c->bridge, t->to->room);
  t->stage = JOINING;
  if (!there) { /* configured no more since it was asked for */
    t->cause = GW_CAUSE_NOT_FOUND;
    gw_timer_set(t->soon, 0);
    return;
  }
  gw_timer_set(t->timer, gw_now_us() + JOIN_US);
  t->seat = gw_seat_new(c, there, t->to);
}

/* Who knows the PIN may talk on until it is let in there. */
void gw_transfer_admitted(gw_call *c) {
  gw_call_set_asked(c, FALSE);
  join(c);
}

void gw_transfer_stays(gw_call *c, gw_cause cause) {
  if (c->transfer) finish(c, cause == GW_CAUSE_TIMEOUT ? 408 : 403);
}

static void ask(gw_call *c) {
  gw_transfer *t = c->transfer;
  t->stage = ASKING;
  gw_timer_set(t->timer, GW_NEVER); /* the question has limits of its own */
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "asked for the PIN of %s", t->to->number);
  gw_call_set_asked(c, TRUE);
  gw_attendant_ask(c->attendant, t->to);
}

/* Most telephones hold a call before they transfer it, and hear no question then. Told that it was not done, they all come
 * back to it. */
static void challenge(gw_call *c) {
  gw_transfer *t = c->transfer;
  tell(c, 401);
  t->told = TRUE;
  t->stage = HELD;
  gw_timer_set(t->timer, gw_now_us() + BACK_US);
}

void gw_transfer_supersede(gw_call *c) {
  if (c->transfer && c->transfer->stage == HELD) gw_transfer_drop(c);
}

void gw_transfer_unheld(gw_call *c) {
  if (c->transfer && c->transfer->stage == HELD && in_room(c)) ask(c);
}

static void to_room(gw_call *c, const gw_room_conf *to, gboolean asks) {
  gw_transfer *t = g_new0(gw_transfer, 1);
  GMainContext *ctx = c->bridge->ctx;
  t->call = c;
  t->to = gw_room_conf_copy(to);
  t->soon = gw_timer_new(ctx, on_join, t);
  t->timer = gw_timer_new(ctx, on_timer, t);
  t->leaving = gw_timer_new(ctx, on_left, t);
  c->transfer = t;
  if (!asks)
    join(c);
  else if (c->held)
    challenge(c);
  else
    ask(c);
}

/* -- to another phone -- */

/* NULL: it rings; else the status and why not. Counted like an invitation. */
static const char *to_phone(gw_call *c, const char *number, guint *ret_status) {
  gw_bridge *b = c->bridge;
  gw_cause cause = GW_CAUSE_OVERLOAD;
  const char *why = "phones were rung too often: wait a while";
  gw_call *out = gw_pace_take(b->invite_pace, c->phone, gw_now_us(), NULL)
                     ? gw_dial(b, c->phone, number, c->room_conf, &cause, &why)
                     : NULL;
  *ret_status = gw_cause_sip(cause);
  if (!out) return why;
  out->referrer = g_strdup(c->id);
  gw_call_trace(out, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "asked for by phone %s", c->phone);
  return NULL;
}

static void watch_rung(gw_call *out) {
  gboolean in = in_room(out);
  if (!in && out->machine.state < GW_CS_CLOSING) return;
  g_autofree char *id = g_steal_pointer(&out->referrer);
  gw_call *c = gw_bridge_call_by_id(out->bridge, id);
  if (c) tell(c, in ? 200 : gw_cause_sip(out->machine.cause));
}

/* -- asked -- */

void gw_transfer_watch(gw_call *c) {
  gw_transfer *t = c->transfer;
  if (c->referrer) watch_rung(c);
  if (!t) return;
  if (c->machine.state >= GW_CS_CLOSING)
    gw_transfer_drop(c);
  else if (t->stage == STARTED && !t->told && c->machine.state == GW_CS_TALKING)
    finish(c, 200);
}

/* NULL: it may begin; else the status and why not. */
static const char *objection(const gw_call *c, const gw_transfer_decision *d, guint *ret_status) {
  const gw_bridge *b = c->bridge;
  const gw_room_conf *room =
      d->kind == GW_TRANSFER_ROOM ? gw_bridge_conf_room(b->conf, d->number) : NULL;
  *ret_status = d->status;
  if (d->kind == GW_TRANSFER_REFUSED) return d->why;
  *ret_status = 480;
  if (c->transfer || c->successor || c->moving) return "it is being moved already";
  if (d->kind == GW_TRANSFER_ROOM &&
      (!room || !gw_room_conf_flavour(room) || !gw_bridge_conference(b, room->room)))
    return "the room cannot be used";
  return NULL;
}

/* A call whose place is taken before it was let in anywhere. */
static void release(gw_call *named) {
  gw_sip_call_hangup(named->sip, GW_CAUSE_ALTERNATIVE);
  gw_call_post(named, &(gw_ce){.type = GW_CE_SIP_ENDED, .cause = GW_CAUSE_ALTERNATIVE});
}

static void carry_out(gw_call *c, const gw_transfer_decision *d, gw_call *named) {
  if (d->kind == GW_TRANSFER_CALL) gw_successor_adopt(named, c);
  if (d->kind != GW_TRANSFER_ROOM) return;
  to_room(c, gw_bridge_conf_room(c->bridge->conf, d->number), d->asks);
  if (named) release(named);
}

static void decide(const gw_call *c, const gw_sip_refer *r, const gw_call *named,
                   gw_transfer_decision *ret) {
  const gboolean asked = named && named->machine.state == GW_CS_MENU && named->room_conf;
  const gw_transfer_facts facts = {.allowed = c->bridge->conf->transfer,
                                   .phone = c->phone,
                                   .room = in_room(c) ? c->conference->conf->room : NULL,
                                   .target = r->target,
                                   .ours = r->ours,
                                   .names_call = r->names_call,
                                   .call_phone = named ? named->phone : NULL,
                                   .call_up = named && in_room(named),
                                   .call_asked = asked ? named->room_conf->number : NULL};
  gw_transfer_decide(c->bridge->dialplan, &facts, ret);
}

void gw_transfer_asked(gw_call *c, const gw_sip_refer *r) {
  gw_call *named = r->replaces ? gw_sip_call_user_data(r->replaces) : NULL;
  g_auto(gw_transfer_decision) d = {0};
  guint status = 0;
  gw_transfer_supersede(c);
  decide(c, r, named, &d);
  const char *why = objection(c, &d, &status);
  if (!why && d.kind == GW_TRANSFER_PHONE) why = to_phone(c, d.number, &status);
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_info(&ctx, why ? "transfer-refused" : "transfer", "phone=%s to=%s status=%u why=%s", c->phone,
          r->uri, why ? status : 202, why ? why : "-");
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_IN, NULL, "REFER %s: %s", r->target,
                why ? why : "accepted");
  gw_sip_call_refer_answer(c->sip, why ? status : 202, why ? why : "transfer");
  if (!why) carry_out(c, &d, named);
}
