#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/seat_priv.h"

typedef struct {
  gw_seat *seat;
  guint ask;
} question;

static gw_log_ctx ctx_of(const gw_seat *s) {
  return (gw_log_ctx){.call = s->call->id, .room = s->conference->conf->room};
}

static void peer_free(void *p) {
  seat_peer *peer = p;
  g_free(peer->jid);
  g_free(peer->nick);
  g_free(peer->sid);
  g_free(peer->codec);
  g_free(peer);
}

static seat_peer *peer_by_id(const gw_seat *s, guint id) {
  for (guint i = 0; i < s->peers->len; i++) {
    seat_peer *p = s->peers->pdata[i];
    if (p->id == id) return p;
  }
  return NULL;
}

static seat_peer *peer_by_sid(const gw_seat *s, const char *jid, const char *sid) {
  for (guint i = 0; i < s->peers->len; i++) {
    seat_peer *p = s->peers->pdata[i];
    if (!g_strcmp0(p->sid, sid) && gw_jid_same(p->jid, jid)) return p;
  }
  return NULL;
}

static void feed(gw_seat *s, const gw_ev *ev);

/* A call that moves has two seats, and hears of its own one only. */
void gw_seat_post(gw_seat *s, const gw_ce *e) {
  if (s->call->seat == s)
    gw_call_post(s->call, e);
  else
    gw_transfer_seat_event(s, e);
}

/* What happens in the room, to all phones that sit there by this seat. */
static void post_all(gw_seat *s, const gw_ce *e) {
  gw_seat_post(s, e);
  gw_seat_shared_post(s, e);
}

/* --- actions --- */

static void fail_peer_later(gw_seat *s, guint id, gw_cause cause) {
  gw_ev *ev = g_new0(gw_ev, 1);
  *ev = (gw_ev){.type = GW_EV_PEER_STATE, .peer = id, .cause = cause, .u.state = GW_PEER_FAILED};
  g_queue_push_tail(&s->events, ev);
}

static void open_peer(gw_seat *s, const gw_action *a) {
  static const gw_media_use uses[] = {[GW_USE_BOTH] = GW_MEDIA_BOTH,
                                      [GW_USE_PUBLISH] = GW_MEDIA_PUBLISH,
                                      [GW_USE_RECEIVE] = GW_MEDIA_RECEIVE,
                                      [GW_USE_RECEIVE_MANY] = GW_MEDIA_RECEIVE_MANY};
  gw_bridge *b = s->call->bridge;
  seat_peer *p = g_new0(seat_peer, 1);
  p->id = a->peer;
  p->offerer = a->offerer;
  p->use = a->use;
  p->jid = g_strdup(a->jid);
  p->nick = g_strdup(a->nick);
  p->sid = g_strdup(a->sid);
  g_ptr_array_add(s->peers, p);
  gw_peer_params params = {.leg = s->shared ? GW_HANDLE_NONE : s->call->leg,
                           .offerer = a->offerer,
                           .use = uses[a->use],
                           .setup = a->offerer ? GW_SETUP_ACTPASS : a->setup,
                           .cname = "tipring",
                           .talker = a->use == GW_USE_PUBLISH ? NULL
                                     : a->text                ? a->text
                                                              : a->jid};
  p->media = gw_media_peer(b->media, s->conference->room, &params);
  if (p->media.v)
    gw_bridge_own(b, p->media, s->call, s, p->id);
  else
    fail_peer_later(s, p->id, GW_CAUSE_OVERLOAD);
  gw_seat_session_begun(s, p);
  gw_call_hop(s->call, !a->sid      ? "stream-opened"
                       : a->offerer ? "session-offered"
                                    : "session-received");
}

static void close_peer(gw_seat *s, guint id) {
  gw_bridge *b = s->call->bridge;
  seat_peer *p = peer_by_id(s, id);
  if (!p) return;
  if (p->use != GW_USE_PUBLISH) gw_seat_remember_peer(s, p);
  if (p->media.v) gw_bridge_disown(b, p->media);
  gw_seat_session_over(s, p);
  g_ptr_array_remove(s->peers, p);
}

/* What we send is the first codec of the answer, whoever wrote it. */
static void agree(gw_seat *s, seat_peer *p, const gw_desc *answer) {
  const gw_desc_media *audio = gw_desc_audio(answer);
  if (!audio || !audio->codecs->len) return;
  g_free(p->codec);
  p->codec = g_strdup(g_array_index(audio->codecs, gw_codec, 0).name);
  p->negotiated = TRUE;
  gw_media_peer_agreed(s->call->bridge->media, p->media, answer);
}

static void remote_peer(gw_seat *s, const gw_action *a) {
  seat_peer *p = peer_by_id(s, a->peer);
  if (!p || !p->media.v) return;
  gw_restarts_learn(s->restarts, p->jid, p->sid, a->desc);
  gw_media_peer_remote(s->call->bridge->media, p->media, a->desc);
  if (p->offerer) agree(s, p, a->desc);
}

static void trace_word(gw_seat *s, const gw_word *word, gw_trace_dir dir) {
  gw_seat_trace_word(s->call, s->muc, s->nick, word, dir);
}

static void say(gw_seat *s, const gw_word *word) {
  trace_word(s, word, GW_TRACE_OUT);
  if (word->kind == GW_WORD_JMUCI) gw_call_hop(s->call, gw_jmuci_action_name(word->u.jmuci.action));
  if (word->kind == GW_WORD_JMI) gw_call_hop(s->call, gw_jmi_action_name(word->u.jmi.action));
  if (word->kind == GW_WORD_JINGLE && word->u.jingle.action != GW_JINGLE_TRANSPORT_INFO)
    gw_call_hop(s->call, gw_jingle_action_name(word->u.jingle.action));
  if (word->kind == GW_WORD_JINGLE && word->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) {
    seat_peer *p = peer_by_sid(s, word->to, word->u.jingle.sid);
    if (p) agree(s, p, word->u.jingle.desc);
  }
  g_autoptr(gw_word) now = gw_restarts_out(s->restarts, word);
  gw_persona_say(s->persona, s->muc, now ? now : word);
}

/* Two phones of ours hear each other without any session: for the call that is talking. */
void gw_seat_tell(gw_seat *s, gw_cause cause) {
  gw_fl_call_state state = gw_seat_main(s)->state;
  if (state != GW_CALL_ENDED && gw_seat_started(s) && gw_conference_active_seats(s->conference, s))
    state = GW_CALL_TALKING;
  gw_seat_post(s, &(gw_ce){.type = GW_CE_FLAVOUR, .flavour = state, .cause = cause});
}

static void tell_call(gw_seat *s, const gw_action *a) {
  gw_log_ctx ctx = ctx_of(s);
  s->state = a->call;
  if (a->call == GW_CALL_ENDED) s->started = FALSE;
  if (a->text) gw_info(&ctx, "flavour-says", "text=%s cause=%s", a->text, gw_cause_word(a->cause));
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
  gw_log_ctx ctx = ctx_of(s);
  gw_warn(&ctx, "flavour-notes", "text=%s", text);
}

static void on_sfu(const gw_ev *ev, void *user) {
  gw_seat *s = user;
  gw_seat_trace_sfu(s->call, s->nick, ev->u.sfu);
  feed(s, ev);
}

static void say_to_sfu(const gw_word *word, void *user) {
  gw_seat_session_published(user, word);
  say(user, word);
}

static void greet_sfu(const char *jid, gboolean come, void *user) {
  gw_persona_greet(((gw_seat *)user)->persona, jid, come);
}

static void open_sfu(gw_seat *s) {
  const gboolean jingle = s->class == &gw_flavour_jingle_sfu;
  const gw_seat_sfu_params params = {.kind = jingle ? s->conf->conference_kind : "socket.io",
                                     .address = jingle ? s->conf->conference : s->conf->sfu,
                                     .room = s->conference->conf->room,
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
    say(s, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    open_peer(s, a);
    break;
  case GW_ACT_PEER_REMOTE:
    remote_peer(s, a);
    break;
  case GW_ACT_PEER_CLOSE:
    close_peer(s, a->peer);
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

static void feed(gw_seat *s, const gw_ev *ev) {
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
}

void gw_seat_step(gw_seat *s, const gw_ev *ev) {
  feed(s, ev);
}

static void on_deadline(void *user) {
  if (((gw_seat *)user)->host) gw_seat_post(user, &(gw_ce){.type = GW_CE_JOINED});
  feed(user, &(gw_ev){.type = GW_EV_TICK});
}

/* --- the room --- */

static void feed_occupant(gw_seat *s, const gw_occupant *o, gboolean present) {
  gw_fl_occupant who = {.nick = o->nick,
                        .old_nick = o->old_nick,
                        .jids = o->jids,
                        .present = present,
                        .self = o->self,
                        .muji = o->muji};
  if (!o->self) who.seat = gw_conference_is_ours(s->conference, o->jids, o->nick, &who.watcher);
  feed(s, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
}

static void tell_occupant(const gw_occupant *o, void *user) {
  feed_occupant(user, o, TRUE);
}

static void on_occupant(gw_muc *muc, const gw_occupant *o, gw_occ_change change, void *user) {
  gw_seat *s = user;
  if (s->started && !o->self && (change == GW_OCC_JOINED || change == GW_OCC_LEFT))
    gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, o->nick,
                  change == GW_OCC_LEFT ? "left the room" : "joined the room");
  feed_occupant(user, o, change != GW_OCC_LEFT);
}

static void admitted(gw_seat *s) {
  s->admitted = TRUE;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "joined as %s", s->nick);
  gw_call_hop(s->call, "muc-joined");
  post_all(s, &(gw_ce){.type = GW_CE_JOINED});
  if (s->due) gw_seat_start(s);
}

/* --- the roster check (roster_check.h) --- */

static void check(gw_seat *s, const gw_rc_event *ev);

static question *question_new(gw_seat *s, guint ask) {
  question *q = g_new0(question, 1);
  *q = (question){s, ask};
  g_ptr_array_add(s->questions, q);
  return q;
}

static question question_end(question *q) {
  const question was = *q;
  g_ptr_array_remove_fast(was.seat->questions, q);
  return was;
}

static void on_client(const char *name, const char *const *features, void *user) {
  const question q = question_end(user);
  check(q.seat, &(gw_rc_event){.type = GW_RC_CLIENT, .name = name, .ask = q.ask});
}

static void on_roster(gw_answer answer, void *user) {
  const question q = question_end(user);
  check(q.seat, &(gw_rc_event){.type = GW_RC_ROSTER, .answer = answer, .ask = q.ask});
}

static void warn_harm(const gw_seat *s, const char *proposer) {
  gw_log_ctx ctx = ctx_of(s);
  g_autofree char *ours = gw_jid_bare(gw_seat_jid(s));
  gw_warn(&ctx, "roster-check", "proposer=%s lacks=%s mend=%s", proposer, ours,
          "put this JID into the proposer's roster (shared roster group), or roster_check = false");
}

static void run_check(gw_seat *s, const gw_rc_action *a) {
  switch (a->type) {
  case GW_RC_ASK_CLIENT:
    gw_persona_ask_disco(s->persona, a->jid, on_client, question_new(s, a->ask));
    break;
  case GW_RC_ASK_ROSTER:
    gw_persona_ask_roster(s->persona, a->jid, on_roster, question_new(s, a->ask));
    break;
  case GW_RC_HARM:
    warn_harm(s, a->jid);
    break;
  case GW_RC_ADMIT:
    admitted(s);
    break;
  case GW_RC_REFUSE:
    post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
    break;
  case GW_RC_PASS:
    feed(s, &(gw_ev){.type = GW_EV_WORD, .u.word = a->word});
    break;
  }
}

static void check(gw_seat *s, const gw_rc_event *ev) {
  g_autoptr(GArray) actions = gw_roster_check_step(s->check, ev);
  for (guint i = 0; i < actions->len; i++)
    run_check(s, &g_array_index(actions, gw_rc_action, i));
}

static gw_proposer proposer_of(const gw_seat *s, const char *jid) {
  gboolean watcher;
  const char *const jids[] = {jid, NULL};
  if (!jid) return (gw_proposer){.jsxc = GW_ANSWER_UNKNOWN};
  return (gw_proposer){jid, gw_conference_is_ours(s->conference, jids, NULL, &watcher),
                       gw_conference_is_jsxc(s->conference, jid)};
}

typedef struct {
  const char *nick;
  char *jid;
} lookup;

static void match_nick(const gw_occupant *o, void *user) {
  lookup *l = user;
  if (g_strcmp0(o->nick, l->nick) || !o->jids || !o->jids[0]) return;
  g_free(l->jid);
  l->jid = g_strdup(o->jids[g_strv_length((char **)o->jids) - 1]);
}

static void on_muc_word(gw_muc *muc, const gw_word *word, void *user) {
  gw_seat *s = user;
  trace_word(s, word, GW_TRACE_IN);
  if (!s->flavour) return; /* the ledger has it */
  lookup l = {.nick = gw_jid_resource(word->from)};
  if (gw_roster_check_wants(word)) gw_muc_foreach(muc, match_nick, &l);
  g_autofree char *jid = l.jid;
  check(s, &(gw_rc_event){.type = GW_RC_WORD, .word = word, .proposer = proposer_of(s, jid)});
}

static void remember_occupant(gw_seat *s) {
  gw_bridge *b = s->call->bridge;
  char *now = g_strdup_printf("%s/%s", gw_muc_room(s->muc), gw_muc_nick(s->muc));
  if (s->occupant && b->store.occupant_remove)
    b->store.occupant_remove(gw_seat_jid(s), s->occupant, b->store_user);
  g_free(s->occupant);
  s->occupant = now;
  g_free(s->nick);
  s->nick = g_strdup(gw_muc_nick(s->muc));
  if (b->store.occupant_add) b->store.occupant_add(gw_seat_jid(s), s->occupant, b->store_user);
}

static gboolean is_sfu(const gw_seat *s) {
  return s->class == &gw_flavour_jmuci_sfu;
}

/* The call that we come for is weighed before the phone is answered: the one that rings us, else the one that runs. */
static void weigh_running(gw_seat *s) {
  const gw_ledger *l = s->conference->ledger;
  const gboolean wordless = s->class == &gw_flavour_jingle_sfu;
  const char *answers = gw_seat_answer_id(s);
  const gw_ledger_call *c = s->call_room || wordless ? NULL
                            : answers                ? gw_ledger_find(l, answers)
                                                     : gw_ledger_live(l, is_sfu(s), gw_now_us());
  const char *jid = c && c->order->len ? g_array_index(c->order, gw_order_entry, 0).jid : NULL;
  check(s, &(gw_rc_event){
               .type = GW_RC_JOINED, .id = c ? c->id : NULL, .proposer = proposer_of(s, jid)});
}

static void on_joined(gw_muc *muc, gboolean again, void *user) {
  gw_seat *s = user;
  remember_occupant(s);
  if (!again) {
    gw_own_room_joined(s->conference, s);
    weigh_running(s);
    return;
  }
  gw_log_ctx ctx = ctx_of(s);
  gw_info(&ctx, "rejoined", "nick=%s", s->nick);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "joined again as %s", s->nick);
  gw_muc_foreach(s->muc, tell_occupant, s);
  feed(s, &(gw_ev){.type = GW_EV_STREAM_UP});
  post_all(s, &(gw_ce){.type = GW_CE_STREAM_UP});
}

static void join(gw_seat *s);

/* The watcher's answer: the seat may be another's by now, so the conference looks it up again. */
void gw_seat_granted(gw_seat *s, gw_answer answer, const char *detail) {
  gw_log_ctx ctx = ctx_of(s);
  if (answer == GW_ANSWER_YES) gw_info(&ctx, "member-granted", "jid=%s", gw_seat_jid(s));
  if (answer == GW_ANSWER_YES ||
      !s->muc) { /* not granted, but perhaps a member already: the join will tell */
    gw_muc_leave(g_steal_pointer(&s->muc), NULL);
    join(s);
    return;
  }
  g_autofree char *bare = gw_jid_bare(gw_seat_jid(s));
  gw_error(&ctx, "join-refused", "detail=%s mend=%s jid=%s", detail ? detail : "-",
           "make this JID a member of the room", bare);
  post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
}

static void on_left(gw_muc *muc, gw_cause cause, const char *detail, void *user) {
  gw_seat *s = user;
  gw_log_ctx ctx = ctx_of(s);
  gw_conference *c = s->conference;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "refused or put out: %s%s%s",
                gw_cause_word(cause), detail ? ", " : "", detail ? detail : "");
  gboolean not_member = detail && strstr(detail, "registration-required");
  if (not_member && !s->granted && gw_conference_grant(c, s)) {
    s->granted = TRUE;
    return;
  }
  gw_warn(&ctx, "room-left", "cause=%s detail=%s", gw_cause_word(cause), detail ? detail : "-");
  post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = cause});
}

static void on_text(gw_muc *muc, const char *nick, const char *body, void *user) {
  gw_chat_heard(user, nick, body);
}

static const gw_muc_events muc_events = {.joined = on_joined,
                                         .left = on_left,
                                         .occupant = on_occupant,
                                         .word = on_muc_word,
                                         .text = on_text};

static gboolean nick_was_used(const gw_ledger *l, const char *nick) {
  for (guint i = 0; i < gw_ledger_count(l); i++) {
    const gw_ledger_call *c = gw_ledger_at(l, i);
    if (!c->dead && !c->retracted && gw_ledger_index(c, nick) >= 0) return TRUE;
  }
  return FALSE;
}

/* JSXC keys the accept order by nick and takes no notice of a second accept of the same one: who dials in again into a
 * running call comes under another name, or the proposer would never call. */
static char *fresh_nick(const gw_seat *s) {
  g_autofree char *name = s->shared ? g_strdup("Phones") : gw_nick_clean(s->call->sip_name);
  const char *base = name ? name : s->call->node;
  char *nick = g_strdup(base);
  for (guint n = 2; n < GW_MAX_ORDER && nick_was_used(s->conference->ledger, nick); n++) {
    g_free(nick);
    nick = g_strdup_printf("%s (%u)", base, n);
  }
  return nick;
}

static void join(gw_seat *s) {
  const gw_room_conf *conf = s->conf;
  g_autofree char *nick = fresh_nick(s);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_OUT, NULL, "join as %s", nick);
  s->muc = gw_muc_join(s->persona, gw_seat_room(s), nick, s->call_room ? NULL : conf->password,
                       &muc_events, s);
  if (gw_own_room_is_maker(s->conference, s)) gw_muc_make_private(s->muc);
}

/* A members-only room is asked to take us before it has to refuse us; a call room is always one, and the watcher was made
 * its owner with everybody else. */
static void enter(gw_seat *s) {
  gw_conference *c = s->conference;
  const gboolean closed = s->call_room || (c->watch_muc && gw_muc_is_members_only(c->watch_muc));
  s->granted = closed && gw_conference_grant(c, s);
  if (!s->granted) join(s);
}

/* Does the call room still stand? To join one that is no more would make a new one. */
static void on_call_room(const char *name, const char *const *features, void *user) {
  gw_seat *s = user;
  gw_log_ctx ctx = ctx_of(s);
  const char *room = gw_call_room(s->conference);
  if (features && room) {
    s->call_room = g_strdup(room);
    gw_info(&ctx, "call-room", "call_room=%s", room);
    gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, "the call is in %s", room);
  } else if (!features && gw_seat_is_invited(s)) { /* we were asked into that one and no other */
    post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_ROOM_CLOSED});
    return;
  } else {
    gw_call_room_forget(s->conference);
    if (!gw_call_room(s->conference) && !gw_seat_is_invited(s)) { /* perhaps we begin one */
      gw_seat_find_room(s);
      return;
    }
  }
  enter(s);
}

void gw_seat_find_room(gw_seat *s) {
  gw_conference *c = s->conference;
  if (gw_own_room_wait(c, s)) return;
  const char *call_room = gw_call_room(c), *own = call_room ? NULL : gw_own_room_begin(c, s);
  if (own) {
    s->call_room = g_strdup(own);
    gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, "the call is to be in %s", own);
    join(s);
  } else if (call_room || gw_seat_is_invited(s)) {
    gw_persona_ask_disco(s->persona, call_room ? call_room : c->conf->room, on_call_room, s);
  } else {
    enter(s);
  }
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
  trace_word(s, word, GW_TRACE_IN);
  g_autoptr(gw_word) renewed = gw_restarts_in(s->restarts, word);
  if (s->sfu && gw_seat_sfu_word(s->sfu, renewed ? renewed : word)) return;
  if (s->flavour && gw_direct_lets(s->call, word))
    feed(s, &(gw_ev){.type = GW_EV_WORD, .u.word = renewed ? renewed : word});
  else
    refuse_word(s, word);
}

static void on_stream(gw_persona *p, gboolean up, void *user) {
  gw_seat *s = user;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, up ? "stream up" : "stream down");
  if (up && s->class == &gw_flavour_direct) {
    feed(s, &(gw_ev){.type = GW_EV_STREAM_UP});
    gw_seat_post(s, &(gw_ce){.type = GW_CE_STREAM_UP});
  }
  if (up) return; /* in a room the rejoin is what counts */
  feed(s, &(gw_ev){.type = GW_EV_STREAM_DOWN});
  post_all(s, &(gw_ce){.type = GW_CE_STREAM_DOWN});
}

/* --- media --- */

void gw_seat_media_desc(gw_seat *s, guint peer, const gw_desc *desc) {
  feed(s, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = desc});
}

void gw_seat_media_candidate(gw_seat *s, guint peer, const gw_candidate *candidate) {
  feed(s, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = candidate});
}

void gw_seat_media_restarted(gw_seat *s, guint peer, const gw_desc *transport) {
  const seat_peer *p = peer_by_id(s, peer);
  g_autoptr(gw_word) w =
      p ? gw_restarts_answer(s->restarts, p->jid, p->sid, p->offerer, transport) : NULL;
  if (w) say(s, w);
}

void gw_seat_media_state(gw_seat *s, guint peer, gw_media_state state, gw_cause cause) {
  static const gw_fl_peer_state map[] = {[GW_MS_GATHERED] = GW_PEER_CONNECTING,
                                         [GW_MS_ICE] = GW_PEER_ICE,
                                         [GW_MS_UP] = GW_PEER_UP,
                                         [GW_MS_RTP] = GW_PEER_RTP,
                                         [GW_MS_FAILED] = GW_PEER_FAILED,
                                         [GW_MS_QUIET] = GW_PEER_QUIET};
  static const char *const hops[] = {[GW_MS_ICE] = "ice",
                                     [GW_MS_UP] = "dtls",
                                     [GW_MS_RTP] = "peer-rtp",
                                     [GW_MS_FAILED] = NULL,
                                     [GW_MS_QUIET] = "peer-quiet"};
  seat_peer *p = peer_by_id(s, peer);
  if (!p || state == GW_MS_GATHERED) return;
  gw_log_ctx ctx = ctx_of(s);
  if (state == GW_MS_FAILED)
    gw_warn(&ctx, "peer-failed", "jid=%s cause=%s", p->jid, gw_cause_word(cause));
  else
    gw_info(&ctx, "peer", "jid=%s state=%s", p->jid, hops[state]);
  gw_seat_trace_media(s->call, p->nick ? p->nick : p->jid, state, cause);
  if (hops[state]) gw_call_hop(s->call, hops[state]);
  p->state = map[state];
  feed(s, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .cause = cause, .u.state = map[state]});
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
  s->peers = g_ptr_array_new_with_free_func(peer_free);
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
  gw_conference *c = s->conference;
  if (s->flavour) { /* a person's: it runs already */
    s->started = TRUE;
    gw_direct_picked_up(s);
    return;
  }
  s = gw_seat_shared_start(s);
  s->due = !s->admitted; /* its shared one went in the meantime */
  if (s->host || s->due) return;
  gw_flavour_params params = {.own_nick = s->nick,
                              .own_jid = gw_seat_jid(s),
                              .room = gw_muc_room(s->muc),
                              .propose_when_idle = s->conf->propose_when_idle,
                              .patient = s->call->answer_id || s->call_room,
                              .answer_id = s->call->answer_id,
                              .ledger = c->ledger,
                              .ids = s->call->bridge->ids};
  s->class = s->call->flavour =
      s->call_room ? &gw_flavour_muji : gw_which_flavour(c, s->conf, s, s->muc);
  s->flavour = s->class->make(&params);
  s->started = TRUE;
  gw_muc_foreach(s->muc, tell_occupant, s);
  feed(s, &(gw_ev){.type = GW_EV_START});
  if (s->muted) gw_seat_mute(s, TRUE);
  gw_conference_changed(c);
  gw_seat_shared_started(s);
}

void gw_seat_stop(gw_seat *s, gw_cause cause) {
  s = gw_seat_shared_pass(s);
  gw_seat_add_local(s, s->call->last_peers);
  s->stopped = TRUE;
  gw_conference_changed(s->conference);
  feed(s, &(gw_ev){.type = GW_EV_STOP, .cause = cause});
  if (!s->flavour) /* it was to start when the leg had come */
    gw_seat_post(s, &(gw_ce){.type = GW_CE_FLAVOUR, .flavour = GW_CALL_ENDED, .cause = cause});
}

void gw_seat_mute(gw_seat *s, gboolean on) {
  s->muted = on;
  if (gw_seat_is_shared(s)) return; /* the others are heard on */
  feed(s, &(gw_ev){.type = GW_EV_MUTED, .u.flag = on});
}

void gw_seat_free(gw_seat *s) {
  if (!s) return;
  s = gw_seat_shared_pass(s);
  if (s->call->seat == s) s->call->seat = NULL;
  gw_bridge *b = s->call->bridge;
  while (s->peers->len)
    close_peer(s, ((seat_peer *)s->peers->pdata[0])->id);
  if (s->occupant && b->store.occupant_remove)
    b->store.occupant_remove(gw_seat_jid(s), s->occupant, b->store_user);
  if (s->muc) gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_OUT, NULL, "leave");
  if (s->muc) gw_muc_leave(s->muc, NULL);
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
  g_free(s->call_room);
  g_free(s->occupant);
  g_free(s->nick);
  gw_roster_check_free(s->check);
  g_ptr_array_unref(s->questions);
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
