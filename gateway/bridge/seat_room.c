/* seat_room.c - a seat's way into its room and what is said there: joining, membership, the place of the call, occupants,
 * and the look at a proposer's client before its words count (roster_check.h). */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/seat_priv.h"

typedef struct {
  gw_seat *seat;
  guint ask;
} question;

static void feed_occupant(gw_seat *s, const gw_occupant *o, gboolean present) {
  gw_fl_occupant who = {.nick = o->nick,
                        .old_nick = o->old_nick,
                        .jids = o->jids,
                        .present = present,
                        .self = o->self,
                        .muji = o->muji};
  if (!o->self) who.seat = gw_conference_is_ours(s->conference, o->jids, o->nick, &who.watcher);
  gw_seat_step(s, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
}

static void tell_occupant(const gw_occupant *o, void *user) {
  feed_occupant(user, o, TRUE);
}

void gw_seat_tell_occupants(gw_seat *s) {
  if (s->muc)
    gw_muc_foreach(s->muc, tell_occupant, s);
  else
    gw_seat_meet_companions(s);
}

static void on_occupant(gw_muc *muc, const gw_occupant *o, gw_occ_change change, void *user) {
  gw_seat *s = user;
  if (s->started && !o->self && (change == GW_OCC_JOINED || change == GW_OCC_LEFT))
    gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, o->nick,
                  change == GW_OCC_LEFT ? "left the room" : "joined the room");
  feed_occupant(user, o, change != GW_OCC_LEFT);
  gw_upgrade_look(s);
}

void gw_seat_admitted(gw_seat *s) {
  s->admitted = TRUE;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "joined as %s", s->nick);
  gw_call_hop(s->call, "muc-joined");
  gw_seat_post_all(s, &(gw_ce){.type = GW_CE_JOINED});
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
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  g_autofree char *ours = gw_jid_bare(gw_seat_jid(s));
  gw_warn(&ctx, "roster-check", "proposer=%s lacks=%s mend=%s", proposer, ours,
          "put this JID into the proposer's roster (shared roster group), or roster_check = false");
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, proposer, "does not have %s in the roster: not joined", ours);
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
    gw_seat_admitted(s);
    break;
  case GW_RC_REFUSE:
    gw_seat_post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
    break;
  case GW_RC_PASS:
    gw_seat_step(s, &(gw_ev){.type = GW_EV_WORD, .u.word = a->word});
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
  gw_seat_trace_word(s->call, s->muc, s->nick, word, GW_TRACE_IN);
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

static void match_owner(const gw_occupant *o, void *user) {
  *(gboolean *)user |= o->self && !g_strcmp0(o->affiliation, "owner");
}

static gboolean is_owner(gw_muc *muc) {
  gboolean owner = FALSE;
  gw_muc_foreach(muc, match_owner, &owner);
  return owner;
}

static void on_joined(gw_muc *muc, gboolean again, void *user) {
  gw_seat *s = user;
  remember_occupant(s);
  if (gw_upgrade_joined(s)) return;
  if (is_owner(muc)) gw_own_room_again(s->conference, s);
  if (!again) {
    gw_own_room_joined(s->conference, s);
    weigh_running(s);
    return;
  }
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_info(&ctx, "rejoined", "nick=%s", s->nick);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "joined again as %s", s->nick);
  gw_seat_tell_occupants(s);
  gw_seat_step(s, &(gw_ev){.type = GW_EV_STREAM_UP});
  gw_seat_post_all(s, &(gw_ce){.type = GW_CE_STREAM_UP});
}

static void join(gw_seat *s);

/* The watcher's answer: the seat may be another's by now, so the conference looks it up again. */
void gw_seat_granted(gw_seat *s, gw_answer answer, const char *detail) {
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  if (answer == GW_ANSWER_YES) gw_info(&ctx, "member-granted", "jid=%s", gw_seat_jid(s));
  if (s->muc && gw_muc_get_state(s->muc) != GW_MUC_OUT) return; /* it tries again by itself */
  if (answer == GW_ANSWER_YES ||
      !s->muc) { /* not granted, but perhaps a member already: the join will tell */
    gw_muc_leave(g_steal_pointer(&s->muc), NULL);
    join(s);
    return;
  }
  g_autofree char *bare = gw_jid_bare(gw_seat_jid(s));
  gw_error(&ctx, "join-refused", "detail=%s mend=%s jid=%s", detail ? detail : "-",
           "make this JID a member of the room", bare);
  gw_seat_post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
}

static void on_left(gw_muc *muc, gw_cause cause, const char *detail, void *user) {
  gw_seat *s = user;
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  gw_conference *c = s->conference;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "refused or put out: %s%s%s",
                gw_cause_word(cause), detail ? ", " : "", detail ? detail : "");
  if (gw_upgrade_left(s, cause)) return;
  gboolean not_member = detail && strstr(detail, "registration-required");
  if (not_member && !s->granted && gw_conference_grant(c, s)) {
    s->granted = TRUE;
    return;
  }
  gw_warn(&ctx, "room-left", "cause=%s detail=%s", gw_cause_word(cause), detail ? detail : "-");
  gw_seat_post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = cause});
}

static void on_barred(gw_muc *muc, void *user) {
  gw_seat *s = user;
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_IN, NULL, "not let in again as no member");
  s->granted = TRUE; /* asked for here, and not once more when it is too late */
  gw_conference_grant(s->conference, s);
}

static void on_text(gw_muc *muc, const char *nick, const char *body, void *user) {
  gw_chat_heard(user, nick, body);
}

static const gw_muc_events muc_events = {.joined = on_joined,
                                         .left = on_left,
                                         .barred = on_barred,
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
char *gw_seat_fresh_nick(const gw_seat *s) {
  g_autofree char *name = s->shared ? g_strdup("Phones") : gw_nick_clean(s->call->sip_name);
  const char *base = name ? name : s->call->node;
  char *nick = g_strdup(base);
  for (guint n = 2; n < GW_MAX_ORDER && nick_was_used(s->conference->ledger, nick); n++) {
    g_free(nick);
    nick = g_strdup_printf("%s (%u)", base, n);
  }
  return nick;
}

/* A room that somebody has made for this call alone. Whoever is back first after a restart of its server makes it anew; we do
 * not know whom it had as members, and shut nobody out. */
static gboolean is_for_call(const gw_seat *s) {
  return s->call_room || (gw_seat_is_invited(s) &&
                          !gw_bridge_conf_by_jid(s->call->bridge->conf, gw_seat_room(s)));
}

static void join(gw_seat *s) {
  const gw_room_conf *conf = s->conf;
  g_autofree char *nick = gw_seat_fresh_nick(s);
  gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_OUT, NULL, "join as %s", nick);
  s->muc = gw_muc_join(s->persona, gw_seat_room(s), nick, s->call_room ? NULL : conf->password,
                       &muc_events, s);
  const gboolean own = gw_own_room_is_for(s->conference, s);
  if (own || is_for_call(s)) gw_muc_make_for_call(s->muc, own);
}

void gw_seat_join_call(gw_seat *s, const char *room) {
  s->call_room = g_strdup(room);
  join(s);
}

void gw_seat_leave_room(gw_seat *s) {
  const gw_bridge *b = s->call->bridge;
  if (s->occupant && b->store.occupant_remove)
    b->store.occupant_remove(gw_seat_jid(s), s->occupant, b->store_user);
  if (s->muc) gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_OUT, NULL, "leave");
  if (s->muc) gw_muc_leave(g_steal_pointer(&s->muc), NULL);
  g_clear_pointer(&s->call_room, g_free);
  g_clear_pointer(&s->occupant, g_free);
  g_clear_pointer(&s->nick, g_free);
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
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  const char *room = gw_call_room(s->conference);
  if (features && room) {
    s->call_room = g_strdup(room);
    gw_info(&ctx, "call-room", "call_room=%s", room);
    gw_call_trace(s->call, GW_LANE_MUC, GW_TRACE_NOTE, NULL, "the call is in %s", room);
  } else if (!features && gw_seat_is_invited(s)) { /* we were asked into that one and no other */
    gw_seat_post_all(s, &(gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_ROOM_CLOSED});
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
  if (gw_seat_stands_alone(s) || gw_own_room_wait(c, s)) return;
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
