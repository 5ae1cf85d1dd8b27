/* Which call of the room we take part in: joining it, proposing one, leaving it (docs/jmuci.md 3). */
#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"

/* --- who else --- */

static gboolean is_mesh_entry(const gw_flavour *f, const gw_order_entry *e) {
  return gw_ledger_entry_lives(f->ledger, e) && gw_mesh_is_other(f, e->nick);
}

/* Anybody but us alive in the call; seats_only: phones of this gateway, whom we hear without a
 * session. */
static gboolean somebody_lives(const gw_flavour *f, gboolean seats_only) {
  const gw_ledger_call *c = gw_mesh_call(f);
  for (guint i = 0; c && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    if (!strcmp(e->nick, f->own_nick) || !gw_ledger_entry_lives(f->ledger, e)) continue;
    if (!seats_only || !gw_mesh_is_other(f, e->nick)) return TRUE;
  }
  return FALSE;
}

static gboolean any_pair(const gw_flavour *f, gboolean (*is)(const gw_pair *)) {
  for (guint i = 0; i < f->pairs->len; i++)
    if (is(f->pairs->pdata[i])) return TRUE;
  return FALSE;
}

static gboolean pair_is_active(const gw_pair *p) {
  return p->state == GW_PAIR_ACTIVE;
}

static gboolean pair_is_up(const gw_pair *p) {
  return p->s.up;
}

static gboolean in_call(const gw_flavour *f) {
  return f->phase == GW_MESH_ACCEPTING || f->phase == GW_MESH_IN;
}

static gboolean unanswered(const gw_flavour *f) {
  return f->phase == GW_MESH_PROPOSING || (f->phase == GW_MESH_IN && f->proposer && !f->answered);
}

/* --- leaving --- */

static void say_jmuci(gw_flavour *f, gw_jmuci_action action) {
  gw_word *w = gw_word_new_jmuci(action, FALSE, f->call_id);
  if (action == GW_JMUCI_PROPOSE)
    w->u.jmuci.audio = TRUE;
  else if (action != GW_JMUCI_RETRACT)
    w->u.jmuci.jid = g_strdup(f->own_jid);
  gw_fl_say(&f->common, w);
}

/* A shutdown is a plain hang-up to the others: JSXC closes its side of it cleanly. */
const char *gw_mesh_farewell(const gw_flavour *f) {
  return f->stop_cause == GW_CAUSE_ROOM_CLOSED ? gw_cause_jingle(f->stop_cause)
                                               : gw_cause_jingle(GW_CAUSE_NORMAL);
}

/* Without us there is at most one left: his last session was ours, and his window closes with it. */
static gboolean we_end_it(const gw_flavour *f) {
  const gw_ledger_call *c = gw_mesh_call(f);
  guint n = 0;
  if (somebody_lives(f, TRUE)) return FALSE; /* another phone of ours will see to it */
  for (guint i = 0; c && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    n += strcmp(e->nick, f->own_nick) && gw_ledger_entry_lives(f->ledger, e);
  }
  return n < 2;
}

static void say_goodbye(gw_flavour *f) {
  for (guint i = 0; i < f->pairs->len; i++)
    gw_pair_close(f, f->pairs->pdata[i], gw_mesh_farewell(f));
  gw_fl_earlies_refuse(&f->common, f->early, "decline");
  if (unanswered(f))
    say_jmuci(f, GW_JMUCI_RETRACT);
  else if (in_call(f) || f->phase == GW_MESH_STOPPING) {
    if (we_end_it(f)) gw_mesh_dead(f, NULL);
    say_jmuci(f, GW_JMUCI_ENDED);
  }
}

/* Through with this call for good: an accept is never repeated. A proposal of ours that nobody took
 * is another thing: somebody's accept may have crossed our retract, and then he is not left alone.
 */
static void forget_call(gw_flavour *f) {
  if (!f->call_id) return;
  if (unanswered(f)) {
    if (gw_mesh_call(f)) gw_ledger_kill(gw_mesh_call(f), f->own_nick);
    g_clear_pointer(&f->call_id, g_free);
  } else {
    gw_ledger_forget(f->ledger, f->call_id);
    if (f->left->len >= GW_MAX_CALLS_PER_ROOM) g_ptr_array_remove_index(f->left, 0);
    g_ptr_array_add(f->left, g_steal_pointer(&f->call_id));
  }
  g_ptr_array_set_size(f->pairs, 0);
  f->proposer = f->answered = f->had_session = f->rtp = f->gap = f->buried = FALSE;
  f->first_up = f->idle_since = GW_NEVER;
}

void gw_mesh_end(gw_flavour *f, gw_cause cause, const char *text) {
  say_goodbye(f);
  forget_call(f);
  f->phase = GW_MESH_DONE;
  gw_fl_tell(&f->common, GW_CALL_ENDED, cause, text);
}

/* Back to waiting; a phone that was rung for this one call is through. */
static void leave_call(gw_flavour *f, gw_cause cause, const char *text) {
  if (f->patient) {
    gw_mesh_end(f, cause, text);
    return;
  }
  say_goodbye(f);
  forget_call(f);
  f->phase = GW_MESH_WAITING;
  gw_fl_tell(&f->common, GW_CALL_WAITING, GW_CAUSE_NONE, text);
}

/* --- joining --- */

static gboolean is_left(const gw_flavour *f, const char *id) {
  return g_ptr_array_find_with_equal_func(f->left, id, g_str_equal, NULL);
}

static gw_ledger_call *joinable(const gw_flavour *f, const char *id) {
  gw_ledger_call *c = gw_ledger_find(f->ledger, id);
  return c && !c->sfu && !is_left(f, id) && gw_ledger_joinable(f->ledger, c, f->now) ? c : NULL;
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
  return f->proposed_at == GW_NEVER ? f->now : f->proposed_at + GW_MESH_UNANSWERED;
}

static void propose(gw_flavour *f) {
  f->call_id = gw_ids_uuid(f->ids);
  f->proposer = TRUE;
  f->armed = FALSE;
  f->proposed_at = f->said_at = f->now;
  f->phase = GW_MESH_PROPOSING;
  say_jmuci(f, GW_JMUCI_PROPOSE);
}

/* The last accept of somebody who will call us; a phone of ours, or one who has gone, will not. */
static gint64 last_foreign_accept(const gw_flavour *f, const gw_ledger_call *c) {
  gint64 last = 0;
  for (guint i = 1; i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    if (is_mesh_entry(f, e)) last = MAX(last, e->at_us);
  }
  return last;
}

/* One who accepted just now opens his microphone only when the proposer's offer reaches him: not too close behind. */
static void hold_accept(gw_flavour *f, const gw_ledger_call *c) {
  const gint64 last = last_foreign_accept(f, c);
  const gint64 gap = last ? last + GW_MESH_ACCEPT_GAP : f->now;
  f->accept_at = MAX(f->now, MIN(gap, f->hold_until));
}

static void hold(gw_flavour *f, const gw_ledger_call *c) {
  f->call_id = g_strdup(c->id);
  f->phase = GW_MESH_HOLDING;
  f->hold_until = f->now + GW_MESH_HOLD_MAX;
  hold_accept(f, c);
}

void gw_mesh_decide(gw_flavour *f) {
  if (f->phase != GW_MESH_WAITING || f->frozen) return;
  const gw_ledger_call *c = pick(f);
  if (c)
    hold(f, c);
  else if (f->patient)
    gw_mesh_end(f, GW_CAUSE_CANCELLED, "the proposal was taken back");
  else if (may_propose(f) && f->now >= propose_at(f))
    propose(f);
}

/* Everybody alive before us in the order is to call us. */
static void expect_earlier(gw_flavour *f, const gw_ledger_call *c) {
  const int mine = gw_ledger_index(c, f->own_nick);
  const guint n = mine < 0 ? c->order->len : (guint)mine;
  for (guint i = 0; i < n; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    gw_pair *p = is_mesh_entry(f, e) ? gw_pair_get(f, e->nick) : NULL;
    if (p && p->state == GW_PAIR_NONE) gw_pair_expect(f, p);
  }
}

/* Only when we take our old place again is anybody alive behind us. */
static void call_later(gw_flavour *f, const gw_ledger_call *c) {
  const int mine = gw_ledger_index(c, f->own_nick);
  for (guint i = (guint)(mine + 1); mine >= 0 && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    gw_pair *p = is_mesh_entry(f, e) ? gw_pair_get(f, e->nick) : NULL;
    if (p && !gw_pair_busy(p)) gw_pair_call(f, p);
  }
}

void gw_mesh_say_accept(gw_flavour *f) {
  const gw_ledger_call *c = joinable(f, f->call_id);
  if (!c) { /* retracted or left by all meanwhile: nothing was said, nothing is to be taken back */
    g_clear_pointer(&f->call_id, g_free);
    f->phase = GW_MESH_WAITING;
    return;
  }
  if (f->now < f->accept_at) return;
  f->phase = GW_MESH_ACCEPTING;
  f->said_at = f->now;
  say_jmuci(f, GW_JMUCI_ACCEPT);
  expect_earlier(f, c);
}

/* --- words of the room --- */

/* Two proposals: the first one seen counts, and one that runs counts more than ours that nobody
 * took. */
static void maybe_yield(gw_flavour *f, const char *id) {
  if (!unanswered(f) || !strcmp(id, f->call_id)) return;
  const gw_ledger_call *c = joinable(f, id);
  if (!c || (f->phase == GW_MESH_IN && !c->last_accept_us)) return;
  leave_call(f, GW_CAUSE_NONE, "another call runs already");
  f->armed = TRUE;
}

static void own_accept(gw_flavour *f, const gw_ledger_call *c) {
  if (f->phase != GW_MESH_ACCEPTING) return;
  f->phase = GW_MESH_IN;
  expect_earlier(f, c);
  call_later(f, c);
}

static void others_accept(gw_flavour *f, const gw_ledger_call *c, const char *nick) {
  if (f->phase == GW_MESH_HOLDING) {
    hold_accept(f, c);
    return;
  }
  if (gw_mesh_is_other(f, nick)) f->answered = TRUE; /* another phone of ours is no answer */
  gw_mesh_early_due(f); /* his offer may have been faster than his accept */
  const int mine = gw_ledger_index(c, f->own_nick), theirs = gw_ledger_index(c, nick);
  gw_pair *p = gw_mesh_is_other(f, nick) ? gw_pair_get(f, nick) : NULL;
  if (!p || p->state > GW_PAIR_EXPECT) return;
  if (f->phase == GW_MESH_ACCEPTING || theirs < mine)
    gw_pair_expect(f, p);
  else if (mine >= 0)
    gw_pair_call(f, p);
}

static void on_accept(gw_flavour *f, const char *id, const char *nick) {
  const gw_ledger_call *c = gw_mesh_call(f);
  if (!c || strcmp(id, f->call_id)) {
    maybe_yield(f, id);
    return;
  }
  if (f->phase != GW_MESH_HOLDING && !in_call(f)) return;
  if (!strcmp(nick, f->own_nick))
    own_accept(f, c);
  else
    others_accept(f, c, nick);
}

static void on_propose(gw_flavour *f, const char *id, const char *nick) {
  if (f->phase == GW_MESH_PROPOSING && !strcmp(id, f->call_id) && !strcmp(nick, f->own_nick))
    f->phase = GW_MESH_IN;
  else
    maybe_yield(f, id);
}

static void on_retract(gw_flavour *f, const char *id, const char *nick) {
  if (!in_call(f) || f->proposer || strcmp(id, f->call_id) || any_pair(f, pair_is_active)) return;
  if (!strcmp(nick, f->own_nick)) return; /* said before we took part again */
  leave_call(f, GW_CAUSE_CANCELLED, "the proposal was taken back");
  if (gw_mesh_is_other(f, nick))
    f->armed = FALSE; /* else it was for us as well, and we are still here */
}

/* He speaks no more; a session that stands ends by its own terminate. */
static void on_ended(gw_flavour *f, const char *id, const char *nick) {
  gw_pair *p = f->call_id && !strcmp(id, f->call_id) ? gw_pair_find(f, nick) : NULL;
  if (p && (p->state == GW_PAIR_EXPECT || p->state == GW_PAIR_PAUSE)) gw_pair_close(f, p, NULL);
}

static void save(gw_flavour *f, const char *id) {
  gw_actions_add(f->out, GW_ACT_SAVE)->text = g_strdup(id);
}

void gw_mesh_jmuci(gw_flavour *f, const gw_word *w) {
  const char *id = w->u.jmuci.id, *nick = gw_jid_resource(w->from);
  if (!gw_ledger_word(f->ledger, w, f->now)) { /* nothing new: repeated, of strangers, rejects */
    f->ignored++;
    return;
  }
  save(f, id);
  if (w->historic || w->u.jmuci.sfu) return;
  switch (w->u.jmuci.action) {
  case GW_JMUCI_PROPOSE:
    on_propose(f, id, nick);
    break;
  case GW_JMUCI_ACCEPT:
    on_accept(f, id, nick);
    break;
  case GW_JMUCI_RETRACT:
    on_retract(f, id, nick);
    break;
  case GW_JMUCI_ENDED:
    on_ended(f, id, nick);
    break;
  case GW_JMUCI_REJECT:
    break;
  }
}

/* --- occupants --- */

void gw_mesh_vanished(gw_flavour *f, const char *nick) {
  gw_pair *p = gw_pair_find(f, nick);
  if (!p) return;
  gw_pair_close(
      f, p,
      gw_cause_jingle(
          GW_CAUSE_PEER_GONE)); /* who was only put out of the room still holds a session */
  g_ptr_array_remove(f->pairs, p);
}

static void renamed(gw_flavour *f, const char *old_nick, const char *nick) {
  gw_pair *p = gw_pair_find(f, old_nick);
  if (!strcmp(old_nick, f->own_nick)) {
    g_free(f->own_nick);
    f->own_nick = g_strdup(nick);
  }
  if (!p || gw_pair_find(f, nick)) return;
  g_free(p->nick);
  p->nick = g_strdup(nick);
}

void gw_mesh_gone(gw_flavour *f, const gw_fl_occupant *who) {
  if (gw_ledger_occupant(f->ledger, who, f->now) && f->call_id) save(f, f->call_id);
  gw_mesh_vanished(f, who->nick);
}

static void is_there(gw_flavour *f, const gw_fl_occupant *who) {
  const gw_jmuci_roster *r = gw_ledger_roster(f->ledger);
  const gboolean moved = who->old_nick && strcmp(who->old_nick, who->nick);
  const gboolean known = gw_jmuci_roster_find(r, moved ? who->old_nick : who->nick) != NULL;
  if (moved) renamed(f, who->old_nick, who->nick);
  if (gw_ledger_occupant(f->ledger, who, f->now) && f->call_id) save(f, f->call_id);
  if (!known && gw_mesh_is_other(f, who->nick)) f->armed = TRUE;
}

void gw_mesh_occupant(gw_flavour *f, const gw_fl_occupant *who) {
  if (who->present)
    is_there(f, who);
  else if (gw_mesh_is_missed(f, who->nick))
    gw_jmuci_roster_miss(gw_ledger_roster(f->ledger), who->nick);
  else
    gw_mesh_gone(f, who);
}

/* --- time --- */

/* Since when there is nothing, and when that means the end; GW_NEVER while something is under way.
 */
static gint64 over_at(const gw_flavour *f) {
  if (!in_call(f) || unanswered(f) || f->idle_since == GW_NEVER) return GW_NEVER;
  if (!somebody_lives(f, FALSE)) return f->idle_since;
  if (f->had_session || f->proposer) return f->idle_since + GW_MESH_IDLE;
  return somebody_lives(f, TRUE) ? GW_NEVER : f->said_at + GW_MESH_SILENT;
}

static gint64 zombie_at(const gw_flavour *f) {
  const gboolean deaf = f->first_up != GW_NEVER && !f->rtp && any_pair(f, pair_is_up);
  return deaf ? f->first_up + GW_MESH_NO_RTP : GW_NEVER;
}

gint64 gw_mesh_call_deadline(const gw_flavour *f) {
  switch (f->phase) {
  case GW_MESH_WAITING:
    return may_propose(f) ? propose_at(f) : GW_NEVER;
  case GW_MESH_HOLDING:
    return f->accept_at;
  case GW_MESH_STOPPING:
    return f->goodbye_by;
  default:
    break;
  }
  const gint64 answer = unanswered(f) ? f->said_at + GW_MESH_UNANSWERED : GW_NEVER;
  return MIN(answer, MIN(over_at(f), zombie_at(f)));
}

/* Nobody after us is to try this call either, but for one that another phone of ours is in. */
static void bury_call(gw_flavour *f) {
  if (!somebody_lives(f, TRUE)) gw_mesh_dead(f, NULL);
}

static void call_is_over(gw_flavour *f) {
  const gboolean dead = !f->had_session && !f->proposer;
  if (!dead) f->armed = FALSE; /* one call has been; the next is for somebody to ask for */
  bury_call(f);
  leave_call(f, dead ? GW_CAUSE_TIMEOUT : GW_CAUSE_NORMAL,
             dead ? "nobody called us into the call" : "the call is over");
}

static void end_zombie(gw_flavour *f) {
  bury_call(f);
  gw_mesh_end(f, GW_CAUSE_NO_MEDIA, "connected, but nobody was ever heard");
}

void gw_mesh_check_call(gw_flavour *f) {
  if (!in_call(f) || any_pair(f, gw_pair_busy))
    f->idle_since = GW_NEVER;
  else if (f->idle_since == GW_NEVER)
    f->idle_since = f->now;
  if (unanswered(f) && f->now >= f->said_at + GW_MESH_UNANSWERED)
    leave_call(f, GW_CAUSE_TIMEOUT, "nobody answered our proposal");
  else if (f->now >= zombie_at(f))
    end_zombie(f);
  else if (f->now >= over_at(f))
    call_is_over(f);
}

/* --- the phone has gone --- */

/* Offers under way are answered before they are ended: a proposer left without an answer calls
 * nobody after us. */
static gboolean owes_answer(const gw_flavour *f, const gw_pair *p) {
  return p->state == GW_PAIR_ANSWERING ||
         (p->state == GW_PAIR_EXPECT && p->due != GW_NEVER && f->now < p->due);
}

void gw_mesh_check_goodbye(gw_flavour *f) {
  gboolean wait = FALSE;
  if (f->phase != GW_MESH_STOPPING) return;
  for (guint i = 0; i < f->pairs->len; i++)
    wait |= owes_answer(f, f->pairs->pdata[i]);
  if (wait && f->now < f->goodbye_by) return;
  gw_mesh_end(f, f->stop_cause, NULL);
}

void gw_mesh_stop(gw_flavour *f, gw_cause cause) {
  f->stop_cause = cause;
  if (f->phase == GW_MESH_STOPPING) return;
  if (!in_call(f) || unanswered(f)) {
    gw_mesh_end(f, f->stop_cause, NULL);
    return;
  }
  f->phase = GW_MESH_STOPPING;
  f->goodbye_by = f->now + GW_MESH_GOODBYE;
  for (guint i = 0; i < f->pairs->len; i++)
    if (!owes_answer(f, f->pairs->pdata[i]))
      gw_pair_close(f, f->pairs->pdata[i], gw_mesh_farewell(f));
}
