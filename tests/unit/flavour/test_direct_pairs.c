/* Whole calls to one person between two of our flavours, in simulated time: words go from one to the other in order, each a
 * little later; somebody picks up, declines, gives up or hangs up at any moment, both may call at once. Whatever happens, in
 * the end both talk in one session, or both have ended and nothing is open. */
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/direct.h"
#include "direct_rig.h"

#define DELAY GW_MS(400)

typedef struct sim sim;
typedef struct {
  sim *s;
  guint i;
  const char *jid, *bare;
  gw_flavour *f; /* NULL: is not in a call yet */
  gw_ids *ids;
  gboolean incoming, started, stopped, ended, up;
  guint open;
  char *sid;  /* of the session that is open */
  gint64 way; /* what it said last arrives then */
} side;

typedef enum { WORD, PICK_UP, HANG_UP, READY, UP } kind;
typedef struct {
  gint64 at;
  guint64 nth;
  kind kind;
  guint to, peer;
  gw_word *word;
} item;

struct sim {
  GRand *rand;
  gint64 now;
  guint64 count;
  GSequence *queue;
  side side[2];
  gboolean jmi;
};

static void item_free(gpointer data) {
  gw_word_free(((item *)data)->word);
  g_free(data);
}

static int by_time(gconstpointer a, gconstpointer b, gpointer data) {
  const item *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->nth < y->nth ? -1 : x->nth > y->nth;
}

static void later(sim *s, item it) {
  it.nth = s->count++;
  g_sequence_insert_sorted(s->queue, g_memdup2(&it, sizeof it), by_time, NULL);
}

static gint64 soon(sim *s, gint64 most) {
  return s->now + 1 + (gint64)(g_rand_double(s->rand) * (double)most);
}

static void feed(side *p, const gw_ev *ev);

static void say(side *p, const gw_word *w) {
  sim *s = p->s;
  gw_word *copy = gw_word_copy(w);
  copy->from = g_strdup(p->jid);
  if (w->kind == GW_WORD_JINGLE && w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE)
    g_assert_nonnull(w->u.jingle.reason);
  p->way = MAX(p->way, soon(s, DELAY));
  later(s, (item){.at = p->way, .kind = WORD, .to = !p->i, .word = copy});
}

static void carry_out(side *p, const gw_action *a) {
  switch (a->type) {
  case GW_ACT_SAY:
    say(p, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    g_assert_cmpuint(p->open, ==, 0);
    p->open = a->peer;
    g_free(p->sid);
    p->sid = g_strdup(a->sid);
    later(p->s, (item){.at = soon(p->s, GW_MS(50)), .kind = READY, .to = p->i, .peer = a->peer});
    break;
  case GW_ACT_PEER_CLOSE:
    g_assert_cmpuint(p->open, ==, a->peer);
    p->open = 0;
    p->up = FALSE;
    break;
  case GW_ACT_CALL:
    p->ended = a->call == GW_CALL_ENDED;
    if (a->call == GW_CALL_CONNECTING)
      later(p->s, (item){.at = soon(p->s, GW_MS(500)), .kind = UP, .to = p->i});
    break;
  default:
    break;
  }
}

static void feed(side *p, const gw_ev *ev) {
  gw_actions actions;
  if (!p->f || p->ended) return;
  gw_actions_init(&actions);
  gw_flavour_direct.step(p->f, ev, p->s->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    carry_out(p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

static void make(side *p, const char *peer, const char *sid, gboolean incoming) {
  const gw_flavour_params params = {.own_jid = p->jid,
                                    .peer = peer,
                                    .sid = sid,
                                    .incoming = incoming,
                                    .ring_us = GW_SEC(45),
                                    .ids = p->ids};
  p->f = gw_flavour_direct.make(&params);
  p->incoming = incoming;
}

/* What the bridge does with a call that nobody knows of yet. */
static void called(side *p, const gw_word *w) {
  sim *s = p->s;
  const gboolean jmi = w->kind == GW_WORD_JMI;
  if (p->f ||
      (jmi ? w->u.jmi.action != GW_JMI_PROPOSE : w->u.jingle.action != GW_JINGLE_SESSION_INITIATE))
    return;
  make(p, w->from, jmi ? w->u.jmi.id : NULL, TRUE);
  if (g_rand_int_range(s->rand, 0, 4))
    later(s, (item){.at = soon(s, GW_SEC(10)), .kind = PICK_UP, .to = p->i});
  if (!g_rand_int_range(s->rand, 0, 3))
    later(s, (item){.at = soon(s, GW_SEC(20)), .kind = HANG_UP, .to = p->i});
}

static void happen(sim *s, item *it) {
  side *p = &s->side[it->to];
  switch (it->kind) {
  case WORD:
    called(p, it->word);
    feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = it->word});
    break;
  case PICK_UP:
    if (!p->ended && !p->started) {
      p->started = TRUE;
      feed(p, &(gw_ev){.type = GW_EV_START});
    }
    break;
  case HANG_UP:
    p->stopped = TRUE;
    feed(p, &(gw_ev){.type = GW_EV_STOP, .cause = GW_CAUSE_NORMAL});
    g_assert_true(!p->f || p->ended);
    break;
  case READY: {
    g_autoptr(gw_desc) d = dr_desc();
    if (it->peer == p->open)
      feed(p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = p->open, .u.desc = d});
    break;
  }
  case UP:
    if (!p->open || !s->side[!it->to].open) break;
    p->up = TRUE;
    feed(p, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = p->open, .u.state = GW_PEER_UP});
    break;
  }
}

static gint64 next_deadline(const sim *s, guint *ret_side) {
  gint64 at = GW_NEVER;
  for (guint i = 0; i < 2; i++) {
    const side *p = &s->side[i];
    const gint64 due = p->f && !p->ended ? gw_flavour_direct.deadline(p->f) : GW_NEVER;
    if (due < at) at = due, *ret_side = i;
  }
  return at;
}

static void run(sim *s, gint64 until) {
  for (guint guard = 0; guard < 10000; guard++) {
    GSequenceIter *first = g_sequence_get_begin_iter(s->queue);
    item *it = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
    guint who = 0;
    const gint64 due = next_deadline(s, &who), at = MIN(due, it ? it->at : GW_NEVER);
    if (at > until) return;
    s->now = MAX(s->now, at);
    if (it && it->at <= due) {
      item mine = *it;
      it->word = NULL;
      g_sequence_remove(first);
      happen(s, &mine);
      gw_word_free(mine.word);
    } else {
      feed(&s->side[who], &(gw_ev){.type = GW_EV_TICK});
    }
  }
  g_assert_not_reached();
}

static void judge(const sim *s) {
  const side *a = &s->side[0], *b = &s->side[1];
  const gboolean talk = a->up && b->up && !a->ended && !b->ended;
  if (talk) {
    g_assert_cmpstr(a->sid, ==, b->sid);
    g_assert_true(a->incoming != b->incoming || !s->jmi || a->started);
  } else {
    g_assert_true(a->ended && !a->open);
    g_assert_true((!b->f || b->ended) && !b->open);
  }
}

static gboolean play(guint32 seed, gboolean *ret_talked) {
  sim s = {
      .rand = g_rand_new_with_seed(seed), .now = GW_SEC(1000), .queue = g_sequence_new(item_free)};
  static const char *const full[] = {"100@gw.test/a", "alice@x.test/phone"}, *const bare[] = {
                                                                                 "100@gw.test",
                                                                                 "alice@x.test"};
  s.jmi = g_rand_boolean(s.rand);
  for (guint i = 0; i < 2; i++)
    s.side[i] = (side){&s, i, full[i], bare[i], .ids = gw_ids_new_fixed(seed * 2 + i)};
  const gboolean both = s.jmi && g_rand_int_range(s.rand, 0, 3) == 0;
  for (guint i = 0; i < (both ? 2u : 1u); i++) {
    make(&s.side[i], s.jmi ? bare[!i] : full[!i], NULL, FALSE);
    s.side[i].started = TRUE;
    feed(&s.side[i], &(gw_ev){.type = GW_EV_START});
    if (!g_rand_int_range(s.rand, 0, 3))
      later(&s, (item){.at = soon(&s, GW_SEC(15)), .kind = HANG_UP, .to = i});
  }
  run(&s, GW_SEC(1000) + GW_SEC(300));
  judge(&s);
  *ret_talked = s.side[0].up;
  for (guint i = 0; i < 2; i++) {
    gw_flavour_direct.free(s.side[i].f);
    gw_ids_free(s.side[i].ids);
    g_free(s.side[i].sid);
  }
  g_sequence_free(s.queue);
  g_rand_free(s.rand);
  return both;
}

static void test_pairs(void) {
  guint talked = 0, crossed = 0, crossed_talked = 0;
  for (guint32 seed = 1; seed <= 4000; seed++) {
    gboolean talk = FALSE;
    const gboolean both = play(seed, &talk);
    talked += talk;
    crossed += both;
    crossed_talked += both && talk;
  }
  g_test_message("%u talked; %u crossed, %u of them talked", talked, crossed, crossed_talked);
  g_assert_cmpuint(talked, >, 500);
  g_assert_cmpuint(crossed_talked, >, crossed / 4);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/direct/pairs", test_pairs);
  return g_test_run();
}
