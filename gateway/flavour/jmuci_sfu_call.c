/* Which call of the room we take part in, when the service is on the way: join, publish, and only then accept. */
#include "gateway/flavour/jmuci_sfu.h"
#include <string.h>
#include "base/jid.h"

/* --- who else --- */

gboolean gw_sfufl_in_call(const gw_flavour *f) {
  return f->phase == GW_SFUFL_ACCEPTING || f->phase == GW_SFUFL_PROPOSING ||
         f->phase == GW_SFUFL_IN;
}

/* Alive in the call, ourselves not counted; others_only: phones of this gateway neither. */
static guint living(const gw_flavour *f, gboolean others_only) {
  const gw_ledger_call *c = gw_sfufl_call(f);
  guint n = 0;
  for (guint i = 0; c && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    if (!strcmp(e->nick, f->own_nick) || !gw_ledger_entry_lives(f->ledger, e)) continue;
    n += !others_only || gw_sfufl_is_other(f, e->nick);
  }
  return n;
}

static gboolean unanswered(const gw_flavour *f) {
  return gw_sfufl_in_call(f) && f->proposer && !f->answered;
}

/* Everybody alive in the order, whatever the place: a stream is asked for by whoever wants it. */
static void want_all(gw_flavour *f) {
  const gw_ledger_call *c = gw_sfufl_call(f);
  for (guint i = 0; c && f->published && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    if (!gw_ledger_entry_lives(f->ledger, e) || !gw_sfufl_is_other(f, e->nick)) continue;
    gw_sfu_leg_want(f, e->nick);
  }
}

static void tell_watcher(gw_flavour *f, const char *nick) {
  if (!nick && f->buried) return;
  f->buried |= !nick;
  gw_action *a = gw_actions_add(f->out, GW_ACT_LEDGER);
  a->text = g_strdup(f->call_id);
  a->nick = g_strdup(nick);
}

/* --- leaving --- */

static void say_goodbye(gw_flavour *f) {
  gw_sfu_legs_drop_all(f);
  if (unanswered(f)) {
    gw_sfufl_say(f, GW_JMUCI_RETRACT);
  } else if (gw_sfufl_in_call(f)) {
    if (living(f, TRUE) < 2 && living(f, FALSE) == living(f, TRUE)) tell_watcher(f, NULL);
    gw_sfufl_say(f, GW_JMUCI_ENDED);
  }
  if (f->call_id) gw_sfufl_ask(f, GW_SFU_ASK_LEAVE, NULL);
}

/* An accept is never repeated, so a call that we have been in is through for good. */
static void forget_call(gw_flavour *f) {
  if (!f->call_id) return;
  const gboolean been = gw_sfufl_in_call(f) && !unanswered(f);
  if (been) {
    gw_ledger_forget(f->ledger, f->call_id);
    if (f->left->len >= GW_MAX_CALLS_PER_ROOM) g_ptr_array_remove_index(f->left, 0);
    g_ptr_array_add(f->left, g_steal_pointer(&f->call_id));
  } else {
    if (gw_sfufl_call(f)) gw_ledger_kill(gw_sfufl_call(f), f->own_nick);
    g_clear_pointer(&f->call_id, g_free);
  }
  f->proposer = f->answered = f->rtp = f->connected = f->buried = f->joined = f->published = FALSE;
  f->starts = 0;
  f->idle_since = GW_NEVER;
  g_hash_table_remove_all(f->there);
}

void gw_sfufl_end(gw_flavour *f, gw_cause cause, const char *text) {
  say_goodbye(f);
  forget_call(f);
  f->phase = GW_SFUFL_DONE;
  gw_fl_tell(&f->common, GW_CALL_ENDED, cause, text);
}

/* Back to waiting; a phone that was rung for this one call is through. */
static void leave_call(gw_flavour *f, gw_cause cause, const char *text) {
  if (f->patient) {
    gw_sfufl_end(f, cause, text);
    return;
  }
  say_goodbye(f);
  forget_call(f);
  f->phase = GW_SFUFL_WAITING;
  gw_fl_tell(&f->common, GW_CALL_WAITING, GW_CAUSE_NONE, text);
}

/* --- joining --- */

static gw_ledger_call *joinable(const gw_flavour *f, const char *id) {
  gw_ledger_call *c = gw_ledger_find(f->ledger, id);
  const gboolean left = c && g_ptr_array_find_with_equal_func(f->left, id, g_str_equal, NULL);
  return c && c->sfu && !left && gw_ledger_joinable(f->ledger, c, f->now) ? c : NULL;
}

/* The call we were rung for, else the best of those that run. */
static gw_ledger_call *pick(const gw_flavour *f) {
  gw_ledger_call *best = joinable(f, f->answer_id);
  if (best || f->patient) return best;
  for (guint i = 0; i < gw_ledger_count(f->ledger); i++) {
    gw_ledger_call *c = joinable(f, gw_ledger_at(f->ledger, i)->id);
    if (c && (!best || gw_ledger_better(f->ledger, c, best))) best = c;
  }
  return best;
}

static gboolean may_propose(const gw_flavour *f) {
  return f->propose_when_idle && !f->patient && f->armed &&
         gw_jmuci_roster_others(gw_ledger_roster(f->ledger)) > 0;
}

static gint64 propose_at(const gw_flavour *f) {
  return f->proposed_at == GW_NEVER ? f->now : f->proposed_at + GW_SFUFL_UNANSWERED;
}

static void enter(gw_flavour *f, char *taken_id, gboolean proposer) {
  f->call_id = taken_id;
  f->proposer = proposer;
  f->phase = GW_SFUFL_ENTERING;
  gw_sfufl_ask(f, GW_SFU_ASK_JOIN, NULL)->text = g_strdup(f->call_id);
}

void gw_sfufl_decide(gw_flavour *f) {
  if (f->phase != GW_SFUFL_WAITING || f->frozen) return;
  const gw_ledger_call *c = pick(f);
  if (c) {
    enter(f, g_strdup(c->id), FALSE);
  } else if (f->patient) {
    gw_sfufl_end(f, GW_CAUSE_CANCELLED, "the proposal was taken back");
  } else if (may_propose(f) && f->now >= propose_at(f)) {
    f->armed = FALSE;
    f->proposed_at = f->now;
    enter(f, gw_ids_uuid(f->ids), TRUE);
  }
}

void gw_sfufl_ready(gw_flavour *f) {
  if (gw_sfufl_in_call(f)) { /* back at the service: the room has our word already */
    want_all(f);
  } else if (f->phase == GW_SFUFL_ENTERING && f->proposer) {
    f->phase = GW_SFUFL_PROPOSING;
    f->said_at = f->now;
    gw_sfufl_say(f, GW_JMUCI_PROPOSE);
  } else if (f->phase == GW_SFUFL_ENTERING) {
    f->phase = GW_SFUFL_HOLDING;
    f->hold_until = f->now + GW_SFUFL_HOLD_MAX;
  }
}

/* Somebody in the room is at the service, but has not accepted yet. */
static gboolean is_expected(const gw_flavour *f) {
  const gw_ledger_call *c = gw_sfufl_call(f);
  GHashTableIter it;
  gpointer nick;
  g_hash_table_iter_init(&it, f->there);
  while (g_hash_table_iter_next(&it, &nick, NULL))
    if (gw_sfufl_is_other(f, nick) && gw_ledger_index(c, nick) < 0) return TRUE;
  return FALSE;
}

/* On the way in, or about to say so: is there still something to be in? */
static void check_entering(gw_flavour *f) {
  if (f->phase != GW_SFUFL_ENTERING && f->phase != GW_SFUFL_HOLDING) return;
  if (f->proposer ? pick(f) != NULL : !joinable(f, f->call_id)) {
    f->armed |= f->proposer;
    leave_call(f, GW_CAUSE_CANCELLED,
               f->proposer ? "another call runs already" : "the call is over");
    return;
  }
  if (f->phase != GW_SFUFL_HOLDING || (is_expected(f) && f->now < f->hold_until)) return;
  f->phase = GW_SFUFL_ACCEPTING;
  f->said_at = f->now;
  gw_sfufl_say(f, GW_JMUCI_ACCEPT);
  want_all(f);
}

void gw_sfufl_catch_up(gw_flavour *f) {
  gw_ledger_call *c = gw_sfufl_call(f);
  GHashTableIter it;
  gpointer nick;
  if (!c || !gw_sfufl_in_call(f)) return;
  g_hash_table_iter_init(&it, f->there);
  while (g_hash_table_iter_next(&it, &nick, NULL))
    if (gw_sfufl_is_other(f, nick) && gw_ledger_index(c, nick) < 0 &&
        c->order->len < GW_MAX_ORDER) {
      gw_ledger_append(c, nick, NULL, f->now);
      f->answered = TRUE;
    }
  want_all(f);
}

/* --- words of the room --- */

/* Two proposals: the first one seen counts, and one that runs counts more than ours that nobody took. */
static void maybe_yield(gw_flavour *f, const char *id) {
  if (!unanswered(f) || !strcmp(id, f->call_id)) return;
  const gw_ledger_call *c = joinable(f, id);
  if (!c || (f->phase == GW_SFUFL_IN && !c->last_accept_us)) return;
  leave_call(f, GW_CAUSE_NONE, "another call runs already");
  f->armed = TRUE;
}

static void on_accept(gw_flavour *f, const char *id, const char *nick) {
  if (!f->call_id || strcmp(id, f->call_id)) {
    maybe_yield(f, id);
    return;
  }
  if (!gw_sfufl_in_call(f)) return;
  if (!strcmp(nick, f->own_nick) && f->phase == GW_SFUFL_ACCEPTING) f->phase = GW_SFUFL_IN;
  if (gw_sfufl_is_other(f, nick)) f->answered = TRUE; /* another phone of ours is no answer */
  want_all(f);
}

static void on_propose(gw_flavour *f, const char *id, const char *nick) {
  if (f->phase == GW_SFUFL_PROPOSING && !strcmp(id, f->call_id) && !strcmp(nick, f->own_nick))
    f->phase = GW_SFUFL_IN;
  else
    maybe_yield(f, id);
}

static gboolean any_heard(const gw_flavour *f) {
  for (guint i = 0; i < f->legs->len; i++)
    if (gw_sfufl_still_heard(((gw_sfu_leg *)f->legs->pdata[i])->nick, f)) return TRUE;
  return FALSE;
}

static void on_retract(gw_flavour *f, const char *id, const char *nick) {
  if (!gw_sfufl_in_call(f) || f->proposer || strcmp(id, f->call_id) || any_heard(f)) return;
  if (!strcmp(nick, f->own_nick)) return; /* said before we took part again */
  leave_call(f, GW_CAUSE_CANCELLED, "the proposal was taken back");
  if (gw_sfufl_is_other(f, nick))
    f->armed = FALSE; /* else it was for us as well, and we are still here */
}

static void on_ended(gw_flavour *f, const char *id, const char *nick) {
  gw_sfu_leg *l = f->call_id && !strcmp(id, f->call_id) ? gw_sfu_leg_of(f, nick) : NULL;
  if (l && !l->publish) gw_sfu_leg_drop(f, l);
}

void gw_sfufl_word(gw_flavour *f, const gw_word *w) {
  const char *id = w->u.jmuci.id, *nick = gw_jid_resource(w->from);
  if (!gw_ledger_word(f->ledger, w, f->now)) {
    f->ignored++;
    return;
  }
  gw_actions_add(f->out, GW_ACT_SAVE)->text = g_strdup(id);
  if (w->historic || !w->u.jmuci.sfu) return;
  if (w->u.jmuci.action == GW_JMUCI_PROPOSE)
    on_propose(f, id, nick);
  else if (w->u.jmuci.action == GW_JMUCI_ACCEPT)
    on_accept(f, id, nick);
  else if (w->u.jmuci.action == GW_JMUCI_RETRACT)
    on_retract(f, id, nick);
  else if (w->u.jmuci.action == GW_JMUCI_ENDED)
    on_ended(f, id, nick);
}

/* --- occupants and streams --- */

void gw_sfufl_silent(gw_flavour *f, const char *nick) {
  gw_ledger_call *c = gw_sfufl_call(f);
  gw_order_entry *e = c ? gw_ledger_entry_of(c, nick) : NULL;
  if (!e || !e->alive) return;
  gw_ledger_kill(c, nick);
  tell_watcher(f, nick);
}

void gw_sfufl_speaks(gw_flavour *f, const char *nick) {
  gw_ledger_call *c = gw_sfufl_call(f);
  gw_order_entry *e = c ? gw_ledger_entry_of(c, nick) : NULL;
  if (!e) return;
  e->alive = TRUE;
  c->dead = FALSE;
  want_all(f);
}

void gw_sfufl_gone(gw_flavour *f, const char *nick) {
  const gw_fl_occupant who = {.nick = nick, .present = FALSE};
  if (gw_ledger_occupant(f->ledger, &who, f->now) && f->call_id)
    gw_actions_add(f->out, GW_ACT_SAVE)->text = g_strdup(f->call_id);
  gw_sfu_leg *l = gw_sfu_leg_of(f, nick);
  if (l && !l->publish) gw_sfu_leg_drop(f, l);
}

/* The service goes on knowing him by the old name: his stream stays where it is. */
static void renamed(gw_flavour *f, const char *old_nick, const char *nick) {
  gw_sfu_leg *l = gw_sfu_leg_of(f, old_nick);
  if (!l || l->publish || gw_sfu_leg_of(f, nick)) return;
  g_free(l->nick);
  l->nick = g_strdup(nick);
}

static void is_there(gw_flavour *f, const gw_fl_occupant *who) {
  const gw_jmuci_roster *r = gw_ledger_roster(f->ledger);
  const gboolean moved = who->old_nick && strcmp(who->old_nick, who->nick);
  const gboolean known = gw_jmuci_roster_find(r, moved ? who->old_nick : who->nick) != NULL;
  if (moved) renamed(f, who->old_nick, who->nick);
  if (gw_ledger_occupant(f->ledger, who, f->now) && f->call_id)
    gw_actions_add(f->out, GW_ACT_SAVE)->text = g_strdup(f->call_id);
  if (!known && gw_sfufl_is_other(f, who->nick)) f->armed = TRUE;
}

void gw_sfufl_occupant(gw_flavour *f, const gw_fl_occupant *who) {
  const gboolean doubted = f->frozen || f->settle_at != GW_NEVER;
  if (who->present)
    is_there(f, who);
  else if (doubted && gw_sfufl_still_heard(who->nick, f))
    gw_jmuci_roster_miss(gw_ledger_roster(f->ledger), who->nick);
  else
    gw_sfufl_gone(f, who->nick);
}

/* --- time --- */

static gint64 over_at(const gw_flavour *f) {
  if (!gw_sfufl_in_call(f) || unanswered(f) || !f->joined || f->idle_since == GW_NEVER)
    return GW_NEVER;
  return f->idle_since + GW_SFUFL_ALONE;
}

gint64 gw_sfufl_deadline(const gw_flavour *f) {
  if (f->phase == GW_SFUFL_WAITING) return may_propose(f) ? propose_at(f) : GW_NEVER;
  if (f->phase == GW_SFUFL_HOLDING) return f->hold_until;
  return MIN(unanswered(f) ? f->said_at + GW_SFUFL_UNANSWERED : GW_NEVER, over_at(f));
}

static void call_is_over(gw_flavour *f) {
  const gboolean deaf = f->connected && !f->rtp;
  f->armed = FALSE; /* one call has been; the next is for somebody to ask for */
  tell_watcher(f, NULL);
  if (deaf)
    gw_sfufl_end(f, GW_CAUSE_NO_MEDIA, "connected, but nobody was ever heard");
  else
    leave_call(f, GW_CAUSE_NORMAL, "the call is over");
}

void gw_sfufl_check(gw_flavour *f) {
  check_entering(f);
  if (!gw_sfufl_in_call(f) || living(f, FALSE))
    f->idle_since = GW_NEVER;
  else if (f->idle_since == GW_NEVER)
    f->idle_since = f->now;
  if (unanswered(f) && f->now >= f->said_at + GW_SFUFL_UNANSWERED)
    leave_call(f, GW_CAUSE_TIMEOUT, "nobody answered our proposal");
  else if (f->now >= over_at(f))
    call_is_over(f);
}
