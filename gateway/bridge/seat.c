#include "gateway/bridge/seat_priv.h"

gw_log_ctx gw_seat_log_ctx(const gw_seat *s) {
  return (gw_log_ctx){.call = s->call->id, .room = s->conference->conf->room};
}

/* A call that moves has two seats, and hears of its own one only. */
void gw_seat_post(gw_seat *s, const gw_ce *e) {
  if (s->call->seat == s)
    gw_call_post(s->call, e);
  else
    gw_transfer_seat_event(s, e);
}

void gw_seat_post_all(gw_seat *s, const gw_ce *e) {
  gw_seat_post(s, e);
  gw_seat_shared_post(s, e);
}

/* --- actions --- */

void gw_seat_say(gw_seat *s, const gw_word *word) {
  gw_seat_trace_word(s->call, s->muc, s->nick, word, GW_TRACE_OUT);
  gw_seat_expect_after(s, word);
  if (word->kind == GW_WORD_JMUCI) gw_call_hop(s->call, gw_jmuci_action_name(word->u.jmuci.action));
  if (word->kind == GW_WORD_JMI) gw_call_hop(s->call, gw_jmi_action_name(word->u.jmi.action));
  if (word->kind == GW_WORD_JINGLE && word->u.jingle.action != GW_JINGLE_TRANSPORT_INFO)
    gw_call_hop(s->call, gw_jingle_action_name(word->u.jingle.action));
  if (word->kind == GW_WORD_JINGLE && word->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) {
    seat_peer *p = gw_seat_peer_by_sid(s, word->to, word->u.jingle.sid);
    if (p) gw_seat_agree(s, p, word->u.jingle.desc);
  }
  g_autoptr(gw_word) marked = gw_coin_mark(s->call, word);
  g_autoptr(gw_word) now = gw_restarts_out(s->restarts, marked ? marked : word);
  gw_persona_say(s->persona, s->muc, now ? now : marked ? marked : word);
}

/* Two phones of ours hear each other without any session: for the call that is talking. */
void gw_seat_tell(gw_seat *s, gw_cause cause) {
  gw_fl_call_state state = gw_seat_main(s)->state;
  if (state != GW_CALL_ENDED && gw_seat_started(s) && gw_conference_active_seats(s->conference, s))
    state = GW_CALL_TALKING;
  gw_seat_post(s, &(gw_ce){.type = GW_CE_FLAVOUR, .flavour = state, .cause = cause});
}

static void tell_call(gw_seat *s, const gw_action *a) {
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  s->state = a->call;
  if (a->call == GW_CALL_ENDED) s->started = FALSE;
  if (a->text) gw_info(&ctx, "flavour-says", "text=%s cause=%s", a->text, gw_cause_word(a->cause));
  if (a->text) gw_seat_trace_why(s->call, a->cause, a->text);
  if (a->call == GW_CALL_RINGING) gw_seat_post(s, &(gw_ce){.type = GW_CE_THEY_RING});
  if (a->call == GW_CALL_RINGING) return;
  if (s->call->machine.direct && !s->call->machine.joined && a->call != GW_CALL_ENDED)
    gw_seat_post(s, &(gw_ce){.type = GW_CE_JOINED}); /* he has taken the call */
  gw_seat_tell(s, a->cause);
  gw_seat_shared_tell(s, a->cause);
}

static void present(gw_seat *s, const gw_muji *muji) {
  const char *event = !muji ? "muji-out" : muji->preparing ? "muji-preparing" : "muji-in";
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_OUT, NULL, "%s",
                !muji             ? "takes no part any more"
                : muji->preparing ? "prepares to take part"
                                  : "takes part");
  gw_call_hop(s->call, event);
  if (s->muc) gw_muc_set_muji(s->muc, muji);
}

static void note(const gw_seat *s, const char *text) {
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_warn(&ctx, "flavour-notes", "text=%s", text);
}

static void on_sfu(const gw_ev *ev, void *user) {
  gw_seat *s = user;
  gw_seat_trace_sfu(s->call, s->nick, ev->u.sfu);
  gw_seat_step(s, ev);
}

static void say_to_sfu(const gw_word *word, void *user) {
  gw_seat_session_published(user, word);
  gw_seat_say(user, word);
}

static void greet_sfu(const char *jid, gboolean come, void *user) {
  gw_persona_greet(((gw_seat *)user)->persona, jid, come);
}

static void open_sfu(gw_seat *s) {
  const gboolean jingle = s->class == &gw_flavour_jingle_sfu;
  const gw_seat_sfu_params params = {.kind = jingle ? s->conf->conference_kind : "socket.io",
                                     .address = jingle ? gw_seat_service(s) : s->conf->sfu,
                                     .room = s->conference->conf->room,
                                     .in_room = s->muc != NULL,
                                     .nick = s->nick,
                                     .feed = on_sfu,
                                     .say = say_to_sfu,
                                     .greet = greet_sfu,
                                     .user = s};
  s->sfu = gw_seat_sfu_new(&params);
}

static void ask_sfu(gw_seat *s, const gw_action *a) {
  if (!s->sfu) open_sfu(s);
  gw_seat_trace_sfu_ask(s->call, a);
  gw_seat_sfu_ask(s->sfu, a);
}

static void run(gw_seat *s, const gw_action *a) {
  switch (a->type) {
  case GW_ACT_SAY:
    gw_seat_say(s, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    gw_seat_open_peer(s, a);
    break;
  case GW_ACT_PEER_REMOTE:
    gw_seat_remote_peer(s, a);
    break;
  case GW_ACT_PEER_NAMED:
    gw_seat_name_peer(s, a);
    break;
  case GW_ACT_PEER_CLOSE:
    gw_seat_close_peer(s, a->peer);
    break;
  case GW_ACT_PRESENCE:
    present(s, a->muji);
    break;
  case GW_ACT_NOTE:
    note(s, a->text);
    break;
  case GW_ACT_CALL:
    tell_call(s, a);
    break;
  case GW_ACT_SFU:
    ask_sfu(s, a);
    break;
  case GW_ACT_SAVE:
    gw_conference_touch_ledger(s->conference);
    break;
  case GW_ACT_LEDGER:
    gw_conference_learn(s->conference, s, a->text, a->nick);
    break;
  case GW_ACT_HELD:
    gw_direct_held(s->call, a->flag);
    break;
  }
}

static void step(gw_seat *s, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  s->class->step(s->flavour, ev, gw_now_us(), &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    run(s, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

void gw_seat_step(gw_seat *s, const gw_ev *ev) {
  if (!s->flavour) return;
  g_assert(
      !s->stepping); /* all events come from the loop; what an action causes at once is queued */
  s->stepping = TRUE;
  step(s, ev);
  for (gw_ev *later; (later = g_queue_pop_head(&s->events)); g_free(later))
    step(s, later);
  s->stepping = FALSE;
  gw_timer_set(s->timer, s->class->deadline(s->flavour));
  gw_attendant_company(s->call->attendant);
  gw_coin_changed(s->call);
}

static void on_deadline(void *user) {
  if (((gw_seat *)user)->host) gw_seat_post(user, &(gw_ce){.type = GW_CE_JOINED});
  gw_seat_stand(user);
  gw_seat_step(user, &(gw_ev){.type = GW_EV_TICK});
}

/* A session for a phone that has not been answered yet can only be a stray one; or its caller may not call. */
static void refuse_word(gw_seat *s, const gw_word *word) {
  if (word->kind != GW_WORD_JINGLE || word->u.jingle.action != GW_JINGLE_SESSION_INITIATE) return;
  g_autoptr(gw_word) no =
      gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, word->from, word->u.jingle.sid, FALSE);
  no->u.jingle.reason = g_strdup("decline");
  gw_persona_say(s->persona, NULL, no);
}

static void on_word(gw_persona *p, const gw_word *word, void *user) {
  gw_seat *s = user;
  gw_seat_trace_word(s->call, s->muc, s->nick, word, GW_TRACE_IN);
  g_autoptr(gw_word) renewed = gw_restarts_in(s->restarts, word);
  if (s->sfu && gw_seat_sfu_word(s->sfu, renewed ? renewed : word)) return;
  if (s->flavour && gw_direct_lets(s->call, word))
    gw_seat_step(s, &(gw_ev){.type = GW_EV_WORD, .u.word = renewed ? renewed : word});
  else
    refuse_word(s, word);
}

static void on_stream(gw_persona *p, gboolean up, void *user) {
  gw_seat *s = user;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, up ? "stream up" : "stream down");
  if (up && (s->class == &gw_flavour_direct || s->conference->conf->no_room)) {
    gw_seat_step(s, &(gw_ev){.type = GW_EV_STREAM_UP});
    gw_seat_post(s, &(gw_ce){.type = GW_CE_STREAM_UP});
  }
  if (!up) gw_upgrade_lost(s);
  if (up) return; /* in a room the rejoin is what counts */
  gw_seat_step(s, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  gw_seat_post_all(s, &(gw_ce){.type = GW_CE_STREAM_DOWN});
}

/* --- life --- */

static const gw_persona_events persona_events = {.word = on_word, .stream = on_stream};

gw_seat *gw_seat_new(gw_call *call, gw_conference *conference, const gw_room_conf *room_conf) {
  gw_seat *s = g_new0(gw_seat, 1);
  gw_bridge *b = call->bridge;
  s->call = call;
  s->conference = conference;
  s->conf = gw_room_conf_copy(room_conf);
  s->class = gw_conference_flavour(conference, room_conf);
  s->peers = g_ptr_array_new_with_free_func(gw_seat_peer_free);
  s->restarts = gw_restarts_new();
  s->check = gw_roster_check_new(s->conf->roster_check);
  s->questions = g_ptr_array_new_with_free_func(g_free);
  s->timer = gw_timer_new(b->ctx, on_deadline, s);
  gw_conference_add_seat(conference, s);
  gw_seat_take_place(s);
  return s;
}

void gw_seat_take_place(gw_seat *s) {
  gw_bridge *b = s->call->bridge;
  if (gw_seat_shared_begin(s)) return;
  gw_seat_expect(s);
  const gboolean direct = s->class == &gw_flavour_direct;
  g_autofree char *leg_id = direct ? gw_direct_resource(s->call) : gw_ids_hex(b->ids, 4);
  g_autofree char *node = gw_jid_escape(s->shared ? "phones" : s->call->node);
  s->persona = gw_persona_new(b->xmpp, node, leg_id, &persona_events, s);
  if (direct)
    s->flavour = gw_direct_flavour(s->call, gw_seat_jid(s));
  else
    gw_seat_find_room(s);
}

void gw_seat_start(gw_seat *s) {
  if (s->flavour) { /* a person's: it runs already */
    s->started = TRUE;
    gw_direct_picked_up(s);
    return;
  }
  s = gw_seat_shared_start(s);
  s->due = !s->admitted; /* its shared one went in the meantime */
  if (!s->host && !s->due) gw_seat_begin(s);
}

void gw_seat_begin(gw_seat *s) {
  gw_conference *c = s->conference;
  if (s->stopped || s->flavour) return;
  s->class = s->call->flavour =
      s->call_room ? &gw_flavour_muji : gw_which_flavour(c, s->conf, s, s->muc);
  s->begun = TRUE;
  if (s->class == &gw_flavour_jingle_sfu && gw_own_meet_wait(c, s)) return;
  gw_flavour_params params = {.own_nick = s->nick,
                              .own_jid = gw_seat_jid(s),
                              .room = s->muc ? gw_muc_room(s->muc) : gw_seat_room(s),
                              .propose_when_idle = s->conf->propose_when_idle,
                              .patient = s->call->answer_id || s->call_room,
                              .answer_id = s->call->answer_id,
                              .ledger = c->ledger,
                              .ids = s->call->bridge->ids};
  s->flavour = s->class->make(&params);
  s->started = TRUE;
  gw_seat_tell_occupants(s);
  gw_seat_step(s, &(gw_ev){.type = GW_EV_START});
  if (s->muted) gw_seat_mute(s, TRUE);
  gw_conference_changed(c);
  gw_seat_shared_started(s);
}

void gw_seat_stop(gw_seat *s, gw_cause cause) {
  s = gw_seat_shared_pass(s);
  gw_seat_add_local(s, s->call->last_peers);
  s->stopped = TRUE;
  gw_upgrade_drop(s);
  gw_conference_changed(s->conference);
  gw_seat_step(s, &(gw_ev){.type = GW_EV_STOP, .cause = cause});
  if (!s->flavour) /* it was to start when the leg had come */
    gw_seat_post(s, &(gw_ce){.type = GW_CE_FLAVOUR, .flavour = GW_CALL_ENDED, .cause = cause});
}

void gw_seat_mute(gw_seat *s, gboolean on) {
  s->muted = on;
  if (gw_seat_is_shared(s)) return; /* the others are heard on */
  gw_seat_step(s, &(gw_ev){.type = GW_EV_MUTED, .u.flag = on});
}

void gw_seat_free(gw_seat *s) {
  if (!s) return;
  s = gw_seat_shared_pass(s);
  if (s->call->seat == s) s->call->seat = NULL;
  while (s->peers->len)
    gw_seat_close_peer(s, ((seat_peer *)s->peers->pdata[0])->id);
  gw_upgrade_drop(s);
  gw_seat_leave_room(s);
  gw_conference_remove_seat(s->conference, s);
  gw_seat_shared_end(s);
  gw_seat_sfu_free(s->sfu);
  gw_persona_free(s->persona);
  if (s->flavour) s->class->free(s->flavour);
  gw_timer_free(s->timer);
  g_queue_clear_full(&s->events, g_free);
  g_ptr_array_unref(s->peers);
  gw_restarts_free(s->restarts);
  gw_room_conf_free(s->conf);
  g_free(s->meet);
  gw_roster_check_free(s->check);
  g_ptr_array_unref(s->questions);
  g_clear_pointer(&s->devices, g_ptr_array_unref);
  g_free(s);
}

/* --- for others --- */

gw_muc *gw_seat_muc(const gw_seat *s) {
  return gw_seat_main(s)->muc;
}

const char *gw_seat_nick(const gw_seat *s) {
  s = gw_seat_main(s);
  return s->nick ? s->nick : s->muc ? gw_muc_nick(s->muc) : NULL;
}

const char *gw_seat_room(const gw_seat *s) {
  s = gw_seat_main(s);
  return s->call_room ? s->call_room : s->conference->conf->room;
}

const char *gw_seat_jid(const gw_seat *s) {
  const gw_persona *p = gw_seat_main(s)->persona;
  const char *jid = p ? gw_persona_jid(p) : NULL;
  return jid ? jid : "";
}

gw_persona *gw_seat_persona(const gw_seat *s) {
  return s->persona;
}

gw_call *gw_seat_call(const gw_seat *s) {
  return s->call;
}

const gw_flavour_class *gw_seat_flavour(const gw_seat *s) {
  return s->class;
}

gboolean gw_seat_started(const gw_seat *s) {
  return s->started && !s->stopped;
}

void gw_seat_set_status(gw_seat *s, const char *text) {
  if (s->muc && !s->shared) gw_muc_set_status(s->muc, NULL, text);
}
