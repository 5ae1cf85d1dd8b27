/* Whole Muji calls between several of our flavours and models of Dino, in simulated time: everybody sees the room's
 * presences in one order, each a little later; IQs go from one to the other, shuffled against the room. Whatever the
 * order, in the end each pair has one session, open at both ends, and all use one payload type for Opus. */
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/muji.h"
#include "rig.h"

#define PARTIES 6
#define ROOM_DELAY GW_MS(120)
#define IQ_DELAY GW_MS(200)

typedef struct sim sim;
typedef struct {
  sim *s;
  guint i;
  gboolean dino, in, started, ended;
  guint gateway; /* same number, not 0: phones of one gateway */
  char *nick, *jid;
  gint64 room_up, room_down, iq[PARTIES];
  gw_muji *says; /* as the room has it */
  /* ours */
  gw_flavour *f;
  gw_ids *ids;
  GHashTable *peers; /* peer -> sid */
  int state;
  /* Dino: who takes part as it has seen, whom it waits for, whom it expects to call */
  GHashTable *seen; /* nick -> gw_muji */
  GHashTable *wait_for, *expects, *had;
  GQueue early; /* gw_word: offers of those not seen yet */
  gboolean waiting;
} party;

typedef struct {
  guint a, b;
  gboolean a_open, b_open, up, said;
} session;

typedef struct {
  gint64 at;
  guint64 nth;
  void (*run)(party *, gw_word *, party *, gw_muji *);
  party *p, *about;
  gw_word *word;
  gw_muji *muji;
} item;

struct sim {
  gboolean trace; /* with SIM_TRACE set to the seed: everything done, as messages */
  GRand *rand;
  gint64 now;
  guint64 count, steps;
  GSequence *queue;
  party party[PARTIES];
  guint n;
  GHashTable *sessions; /* sid -> session */
};

static void item_free(gpointer data) {
  item *it = data;
  gw_word_free(it->word);
  gw_muji_free(it->muji);
  g_free(it);
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
  return s->now + GW_MS(1) + (gint64)(g_rand_double(s->rand) * (double)most);
}

/* Random, but never before what went the same way earlier. */
static gint64 after(sim *s, gint64 *way, gint64 most) {
  const gint64 at = soon(s, most);
  *way = MAX(*way, at);
  return *way;
}

static party *by_jid(sim *s, const char *jid) {
  for (guint i = 0; i < s->n; i++)
    if (gw_jid_same(s->party[i].jid, jid)) return &s->party[i];
  return NULL;
}

static party *by_nick(sim *s, const char *nick) {
  for (guint i = 0; i < s->n; i++)
    if (!strcmp(s->party[i].nick, nick)) return &s->party[i];
  return NULL;
}

/* --- the room --- */

static void dino_sees(party *to, party *who, const gw_muji *m, gboolean present);
static void feed(party *p, const gw_ev *ev);

static void see(party *to, party *who, const gw_muji *m, gboolean present) {
  const char *const jids[] = {who->jid, NULL};
  const gw_fl_occupant o = {.nick = who->nick,
                            .jids = jids,
                            .present = present,
                            .self = to == who,
                            .seat = to != who && to->gateway && to->gateway == who->gateway,
                            .muji = m};
  if (!to->in) return;
  if (to->s->trace)
    g_test_message("%8.3f %s sees %s: %s", (double)(to->s->now - GW_SEC(1000)) / 1e6, to->nick,
                   who->nick,
                   !present       ? "gone"
                   : !m           ? "none"
                   : m->preparing ? "preparing"
                                  : "in");
  if (to->dino)
    dino_sees(to, who, m, present);
  else
    feed(to, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void deliver(party *to, gw_word *w, party *who, gw_muji *m) {
  see(to, who, m, TRUE);
}

static void deliver_gone(party *to, gw_word *w, party *who, gw_muji *m) {
  see(to, who, NULL, FALSE);
}

static void reflect(party *from, gw_word *w, party *x, gw_muji *m) {
  sim *s = from->s;
  if (!from->in) return;
  gw_muji_free(from->says);
  from->says = gw_muji_copy(m);
  for (guint i = 0; i < s->n; i++)
    later(s, (item){.at = after(s, &s->party[i].room_down, ROOM_DELAY),
                    .run = deliver,
                    .p = &s->party[i],
                    .about = from,
                    .muji = gw_muji_copy(m)});
}

static void say_presence(party *p, const gw_muji *m) {
  later(p->s, (item){.at = after(p->s, &p->room_up, ROOM_DELAY),
                     .run = reflect,
                     .p = p,
                     .muji = gw_muji_copy(m)});
}

static void go_out(party *p, gw_word *w, party *x, gw_muji *m) {
  sim *s = p->s;
  p->in = FALSE;
  for (guint i = 0; i < s->n; i++)
    if (i != p->i)
      later(s, (item){.at = after(s, &s->party[i].room_down, ROOM_DELAY),
                      .run = deliver_gone,
                      .p = &s->party[i],
                      .about = p});
}

/* --- IQs --- */

static void dino_iq(party *p, const gw_word *w);

static session *session_of(sim *s, const char *sid) {
  return g_hash_table_lookup(s->sessions, sid);
}

/* The sid of an offer of a to b that b has not answered. */
static const char *pending(sim *s, const party *a, const party *b) {
  GHashTableIter it;
  gpointer sid, value;
  g_hash_table_iter_init(&it, s->sessions);
  while (g_hash_table_iter_next(&it, &sid, &value)) {
    const session *x = value;
    if (x->a == a->i && x->b == b->i && x->said && x->a_open && !x->up) return sid;
  }
  return NULL;
}

/* What the Jingle machine below our flavours does with offers that cross: the lower sid stays. TRUE: theirs is refused. */
static gboolean tie_break(party *to, const gw_word *w) {
  const char *ours = pending(to->s, to, by_jid(to->s, w->from));
  if (w->u.jingle.action != GW_JINGLE_SESSION_INITIATE || !ours) return FALSE;
  if (strcmp(ours, w->u.jingle.sid) < 0) return TRUE;
  g_autoptr(gw_word) e = gw_word_new_jingle(GW_JINGLE_ERROR, to->jid, ours, TRUE);
  e->from = g_strdup(w->from);
  e->u.jingle.of = GW_JINGLE_SESSION_INITIATE;
  e->u.jingle.error = g_strdup("conflict");
  feed(to, &(gw_ev){.type = GW_EV_WORD, .u.word = e});
  return FALSE;
}

static void deliver_iq(party *to, gw_word *w, party *x, gw_muji *m) {
  if (to->dino)
    dino_iq(to, w);
  else if (!tie_break(to, w))
    feed(to, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

/* Every Opus said by anybody is the same element. */
static void check_opus(const gw_desc *d) {
  const gw_codec *c = d ? gw_desc_media_codec(gw_desc_audio(d), "opus", 48000) : NULL;
  if (!c) return;
  g_assert_cmpuint(c->pt, ==, 111);
  g_assert_cmpstr(c->fmtp, ==, "useinbandfec=1");
}

static void say_iq(party *p, gw_word *w /* taken */) {
  party *to = by_jid(p->s, w->to);
  if (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE ||
      w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT)
    check_opus(w->u.jingle.desc);
  if (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE)
    session_of(p->s, w->u.jingle.sid)->said = TRUE;
  if (w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) session_of(p->s, w->u.jingle.sid)->up = TRUE;
  w->from = g_strdup(p->jid);
  w->u.jingle.we_initiated = !w->u.jingle.we_initiated;
  later(p->s,
        (item){.at = after(p->s, &p->iq[to->i], IQ_DELAY), .run = deliver_iq, .p = to, .word = w});
}

static session *open_session(sim *s, const char *sid, const party *a, const party *b) {
  session *x = g_new0(session, 1);
  *x = (session){.a = a->i, .b = b->i, .a_open = TRUE};
  g_assert_true(g_hash_table_insert(s->sessions, g_strdup(sid), x));
  return x;
}

/* --- Dino, as observed: newcomers call; who is expected may call once; all others are passed over without a word --- */

static gw_desc *dino_desc(gw_setup setup) {
  gw_desc *d = rig_caps(1);
  gw_desc_media *m = gw_desc_audio(d);
  g_free(m->mid);
  m->mid = g_strdup("audio");
  m->setup = setup;
  return d;
}

static void dino_say(party *p, gw_jingle_action action, const char *to, const char *sid,
                     gboolean ours, gw_desc *d) {
  gw_word *w = gw_word_new_jingle(action, to, sid, ours);
  w->u.jingle.desc = d;
  if (action == GW_JINGLE_SESSION_TERMINATE) w->u.jingle.reason = g_strdup("cancel");
  say_iq(p, w);
}

static void dino_answer(party *p, const gw_word *w) {
  session *x = session_of(p->s, w->u.jingle.sid);
  if (!x) return;
  x->b_open = x->up = TRUE;
  g_hash_table_remove(p->expects, p->s->party[x->a].nick);
  dino_say(p, GW_JINGLE_SESSION_ACCEPT, w->from, w->u.jingle.sid, FALSE,
           dino_desc(GW_SETUP_ACTIVE));
}

static void dino_iq(party *p, const gw_word *w) {
  session *x = session_of(p->s, w->u.jingle.sid);
  const party *from = by_jid(p->s, w->from);
  if (w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE && x) {
    x->a_open &= x->a != p->i;
    x->b_open &= x->b != p->i;
  }
  if (w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT && x) x->up = TRUE;
  if (w->u.jingle.action != GW_JINGLE_SESSION_INITIATE) return;
  g_assert_cmpstr(w->u.jingle.muji_room, ==, "room@muc"); /* else it rings as another call */
  if (g_hash_table_contains(p->expects, from->nick))
    dino_answer(p, w);
  else if (!g_hash_table_contains(p->seen, from->nick))
    g_queue_push_tail(&p->early, gw_word_copy(w));
}

static void dino_calls(party *p, gw_word *unused, party *to, gw_muji *m) {
  if (!p->in || !g_hash_table_contains(p->seen, to->nick)) return;
  g_autofree char *sid =
      g_strdup_printf("%s-%s-%" G_GUINT64_FORMAT, p->nick, to->nick, p->s->count);
  open_session(p->s, sid, p, to);
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, to->jid, sid, TRUE);
  w->u.jingle.desc = dino_desc(GW_SETUP_ACTPASS);
  w->u.jingle.muji_room = g_strdup("room@muc");
  say_iq(p, w);
}

/* It asks for everybody's features before it calls, so its presence is well ahead. */
static void dino_goes_on(party *p) {
  GHashTableIter it;
  gpointer nick, value;
  if (!p->waiting || g_hash_table_size(p->wait_for)) return;
  p->waiting = FALSE;
  g_autoptr(gw_desc) own = gw_mj_map_own();
  g_autoptr(gw_muji) contents = gw_muji_new(FALSE, own);
  say_presence(p, contents);
  g_hash_table_iter_init(&it, p->seen);
  while (g_hash_table_iter_next(&it, &nick, &value)) {
    if (((gw_muji *)value)->preparing || !g_hash_table_add(p->had, g_strdup(nick))) continue;
    later(p->s, (item){.at = p->s->now + GW_MS(300),
                       .run = dino_calls,
                       .p = p,
                       .about = by_nick(p->s, nick)});
  }
}

/* Its halves of all sessions with who (NULL: with everybody). */
static void dino_ends(party *p, const party *who) {
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, p->s->sessions);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    session *x = value;
    if (x->a == p->i && (!who || x->b == who->i)) x->a_open = FALSE;
    if (x->b == p->i && (!who || x->a == who->i)) x->b_open = FALSE;
  }
}

static void dino_gone(party *p, party *who) {
  g_hash_table_remove(p->seen, who->nick);
  g_hash_table_remove(p->wait_for, who->nick);
  dino_ends(p, who);
}

static void dino_sees(party *p, party *who, const gw_muji *m, gboolean present) {
  if (!present) {
    dino_gone(p, who);
    dino_goes_on(p);
    return;
  }
  if (who == p) { /* own preparing is back: now it knows whom to wait for */
    if (!m || !m->preparing) return;
    GHashTableIter it;
    gpointer nick, value;
    g_hash_table_iter_init(&it, p->seen);
    while (g_hash_table_iter_next(&it, &nick, &value))
      if (((gw_muji *)value)->preparing) g_hash_table_add(p->wait_for, g_strdup(nick));
    p->waiting = TRUE;
    dino_goes_on(p);
    return;
  }
  if (!m) return; /* losing the element means nothing to it */
  const gw_muji *was = g_hash_table_lookup(p->seen, who->nick);
  const gboolean fresh = !m->preparing && (!was || was->preparing);
  g_hash_table_insert(p->seen, g_strdup(who->nick), gw_muji_copy(m));
  if (!m->preparing) g_hash_table_remove(p->wait_for, who->nick);
  if (fresh && p->says && !p->says->preparing && !g_hash_table_contains(p->had, who->nick))
    g_hash_table_add(p->expects, g_strdup(who->nick));
  for (guint n = p->early.length; n-- > 0;) {
    g_autoptr(gw_word) w = g_queue_pop_head(&p->early);
    dino_iq(p, w);
  }
  dino_goes_on(p);
}

/* --- our flavour --- */

static void local_ready(party *p, gw_word *w, party *x, gw_muji *m) {
  GHashTableIter it;
  gpointer peer, sid;
  guint found = 0;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, &peer, &sid))
    if (!strcmp(sid, w->u.jingle.sid)) found = GPOINTER_TO_UINT(peer);
  g_autoptr(gw_desc) d = found ? rig_caps(found) : NULL;
  if (d) feed(p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = found, .u.desc = d});
}

static void up(party *p, gw_word *w, party *x, gw_muji *m) {
  GHashTableIter it;
  gpointer peer, sid;
  guint found = 0;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, &peer, &sid)) {
    const session *c = session_of(p->s, sid);
    if (!strcmp(sid, w->u.jingle.sid) && c->a_open && c->b_open) found = GPOINTER_TO_UINT(peer);
  }
  if (found) feed(p, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = found, .u.state = GW_PEER_UP});
}

static void tell_up(sim *s, const char *sid) {
  const session *x = session_of(s, sid);
  const guint both[] = {x->a, x->b};
  for (guint i = 0; i < 2; i++)
    if (!s->party[both[i]].dino)
      later(s, (item){.at = soon(s, GW_MS(600)),
                      .run = up,
                      .p = &s->party[both[i]],
                      .word = gw_word_new_jingle(GW_JINGLE_UNKNOWN, NULL, sid, FALSE)});
}

static void opened(party *p, const gw_action *a) {
  sim *s = p->s;
  party *other = by_jid(s, a->jid);
  g_assert_nonnull(other);
  g_assert_false(p->gateway && p->gateway == other->gateway);
  GHashTableIter it;
  gpointer sid;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, NULL, &sid)) { /* no two sessions with one occupant */
    const session *x = session_of(s, sid);
    g_assert_true(x->a != other->i && x->b != other->i);
  }
  g_hash_table_insert(p->peers, GUINT_TO_POINTER(a->peer), g_strdup(a->sid));
  if (a->offerer)
    open_session(s, a->sid, p, other);
  else
    session_of(s, a->sid)->b_open = TRUE;
  later(s, (item){.at = soon(s, GW_MS(80)),
                  .run = local_ready,
                  .p = p,
                  .word = gw_word_new_jingle(GW_JINGLE_UNKNOWN, NULL, a->sid, FALSE)});
}

static void closed(party *p, guint peer) {
  const char *sid = g_hash_table_lookup(p->peers, GUINT_TO_POINTER(peer));
  g_assert_nonnull(sid);
  session *x = session_of(p->s, sid);
  x->a_open &= x->a != p->i;
  x->b_open &= x->b != p->i;
  g_hash_table_remove(p->peers, GUINT_TO_POINTER(peer));
}

static void carry_out(party *p, const gw_action *a) {
  g_assert_false(p->ended);
  if (p->s->trace) {
    g_autofree char *text = rig_action_text(a, NULL);
    g_test_message("%8.3f %s: %s", (double)(p->s->now - GW_SEC(1000)) / 1e6, p->nick, text);
  }
  if (a->type == GW_ACT_PRESENCE) say_presence(p, a->muji);
  if (a->type == GW_ACT_SAY) say_iq(p, gw_word_copy(a->word));
  if (a->type == GW_ACT_SAY && a->word->u.jingle.action == GW_JINGLE_SESSION_ACCEPT)
    tell_up(p->s, a->word->u.jingle.sid);
  if (a->type == GW_ACT_PEER_OPEN) opened(p, a);
  if (a->type == GW_ACT_PEER_CLOSE) closed(p, a->peer);
  if (a->type == GW_ACT_PEER_REMOTE && gw_desc_audio(a->desc)->codecs->len) {
    const session *x = session_of(p->s, g_hash_table_lookup(p->peers, GUINT_TO_POINTER(a->peer)));
    if (x->up)
      tell_up(p->s,
              g_hash_table_lookup(p->peers, GUINT_TO_POINTER(a->peer))); /* a Dino has answered */
  }
  if (a->type != GW_ACT_CALL) return;
  p->state = a->call;
  p->ended = a->call == GW_CALL_ENDED;
  if (p->ended)
    later(p->s, (item){.at = after(p->s, &p->room_up, ROOM_DELAY), .run = go_out, .p = p});
}

static void feed(party *p, const gw_ev *ev) {
  if (p->ended) return;
  gw_actions actions;
  gw_actions_init(&actions);
  p->s->steps++;
  gw_flavour_muji.step(p->f, ev, p->s->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    carry_out(p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

/* --- life --- */

static void begin(party *p, gw_word *w, party *x, gw_muji *m) {
  sim *s = p->s;
  p->in = p->started = TRUE;
  for (guint i = 0; i < s->n; i++)
    if (s->party[i].in && s->party[i].i != p->i && (s->party[i].says || !p->dino))
      see(p, &s->party[i], s->party[i].says, TRUE);
  if (p->dino) {
    g_autoptr(gw_muji) prep = gw_muji_new(TRUE, NULL);
    say_presence(p, prep);
  } else {
    feed(p, &(gw_ev){.type = GW_EV_START});
  }
}

static void stop(party *p, gw_word *w, party *x, gw_muji *m) {
  if (p->dino) {
    dino_ends(p, NULL);
    go_out(p, NULL, NULL, NULL);
  } else {
    feed(p, &(gw_ev){.type = GW_EV_STOP});
  }
}

static sim *sim_of(guint32 seed) {
  sim *s = g_new0(sim, 1);
  const char *wanted = g_getenv("SIM_TRACE");
  s->trace = wanted && g_ascii_strtoull(wanted, NULL, 10) == seed;
  s->rand = g_rand_new_with_seed(seed);
  s->now = GW_SEC(1000);
  s->queue = g_sequence_new(item_free);
  s->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return s;
}

static party *add(sim *s, gboolean dino, guint gateway, gint64 at) {
  party *p = &s->party[s->n];
  *p = (party){.s = s, .i = s->n++, .dino = dino, .gateway = gateway, .state = -1};
  p->nick = g_strdup_printf("%c%u", dino ? 'd' : 'm', p->i);
  p->jid = g_strdup_printf("%s@x/r", p->nick);
  p->peers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  p->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)gw_muji_free);
  p->wait_for = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  p->expects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  p->had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  p->ids = gw_ids_new_fixed(g_rand_int(s->rand));
  const gw_flavour_params params = {.own_nick = p->nick,
                                    .own_jid = p->jid,
                                    .room = "room@muc",
                                    .propose_when_idle = TRUE,
                                    .ids = p->ids};
  p->f = dino ? NULL : gw_flavour_muji.make(&params);
  later(s, (item){.at = at, .run = begin, .p = p});
  return p;
}

static void sim_free(sim *s) {
  for (guint i = 0; i < s->n; i++) {
    party *p = &s->party[i];
    gw_flavour_muji.free(p->f);
    gw_ids_free(p->ids);
    gw_muji_free(p->says);
    g_hash_table_unref(p->peers);
    g_hash_table_unref(p->seen);
    g_hash_table_unref(p->wait_for);
    g_hash_table_unref(p->expects);
    g_hash_table_unref(p->had);
    g_queue_clear_full(&p->early, (GDestroyNotify)gw_word_free);
    g_free(p->nick);
    g_free(p->jid);
  }
  g_sequence_free(s->queue);
  g_hash_table_unref(s->sessions);
  g_rand_free(s->rand);
  g_free(s);
}

static party *next_due(sim *s, gint64 *at) {
  party *who = NULL;
  for (guint i = 0; i < s->n; i++) {
    party *p = &s->party[i];
    const gint64 d = p->f && p->started && !p->ended ? gw_flavour_muji.deadline(p->f) : GW_NEVER;
    if (d >= *at) continue;
    *at = d;
    who = p;
  }
  return who;
}

static void run(sim *s, gint64 until) {
  for (guint guard = 0; guard < 200000; guard++) {
    GSequenceIter *first = g_sequence_get_begin_iter(s->queue);
    item *it = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
    gint64 at = it ? MIN(it->at, until + 1) : until + 1;
    party *due = next_due(s, &at);
    if (at > until) break;
    s->now = MAX(s->now, at);
    if (due) {
      feed(due, &(gw_ev){.type = GW_EV_TICK});
      g_assert_true(due->ended || gw_flavour_muji.deadline(due->f) > s->now);
      continue;
    }
    item copy = *it;
    it->word = NULL;
    it->muji = NULL;
    g_sequence_remove(first);
    copy.run(copy.p, copy.word, copy.about, copy.muji);
    gw_word_free(copy.word);
    gw_muji_free(copy.muji);
  }
  s->now = until;
}

static guint open_between(const sim *s, guint i, guint k, gboolean *ret_both) {
  GHashTableIter it;
  gpointer value;
  guint n = 0;
  *ret_both = FALSE;
  g_hash_table_iter_init(&it, s->sessions);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const session *x = value;
    if (!((x->a == i && x->b == k) || (x->a == k && x->b == i)) || (!x->a_open && !x->b_open))
      continue;
    n++;
    *ret_both |= x->a_open && x->b_open;
  }
  return n;
}

/* Each pair that is in the call has one session with both ends open, every other none. */
static void check_mesh(const sim *s, guint32 seed) {
  for (guint i = 0; i < s->n; i++)
    for (guint k = i + 1; k < s->n; k++) {
      const party *a = &s->party[i], *b = &s->party[k];
      gboolean both;
      const gboolean wanted = a->in && b->in && !(a->gateway && a->gateway == b->gateway);
      const guint open = open_between(s, i, k, &both);
      if (open != (guint)wanted || both != wanted)
        g_error("seed %u: %s and %s: %u open, both ends %d, wanted %d", seed, a->nick, b->nick,
                open, both, wanted);
    }
}

static void many(guint runs, guint ours, guint dinos, gint64 spread, gboolean with_leave) {
  guint64 steps = 0;
  for (guint32 seed = 1; seed <= runs; seed++) {
    sim *s = sim_of(seed);
    const gint64 t0 = s->now;
    for (guint i = 0; i < ours + dinos; i++) {
      const gboolean dino = i % 2 == 1 ? dinos > i / 2 : i / 2 >= ours;
      add(s, dino, 0, t0 + (gint64)(g_rand_double(s->rand) * (double)spread));
    }
    run(s, t0 + spread + GW_SEC(40));
    check_mesh(s, seed);
    for (guint i = 0; i < s->n; i++)
      g_assert_true(s->party[i].dino || s->n == 1 || s->party[i].state == GW_CALL_TALKING);
    if (with_leave) {
      party *p = &s->party[seed % s->n];
      later(s, (item){.at = s->now + GW_SEC(1), .run = stop, .p = p});
      run(s, s->now + GW_SEC(40));
      check_mesh(s, seed);
    }
    steps += s->steps;
    sim_free(s);
  }
  g_test_message("%u calls, %" G_GUINT64_FORMAT " steps", runs, steps);
}

static void one_after_the_other(void) {
  many(300, 4, 0, GW_SEC(40), TRUE);
}

static void all_at_once(void) {
  many(300, 4, 0, GW_MS(300), TRUE);
}

static void a_few_seconds(void) {
  many(300, 5, 0, GW_SEC(4), TRUE);
}

/* Two Dinos and phones, people come as they like; Dino itself is not made for two that come at the same moment. */
static void with_dinos(void) {
  many(300, 2, 2, GW_SEC(60), TRUE);
}

static void phones_of_one_gateway(void) {
  for (guint32 seed = 1; seed <= 100; seed++) {
    sim *s = sim_of(seed);
    const gint64 t0 = s->now;
    add(s, FALSE, 1, t0 + GW_SEC(1));
    add(s, TRUE, 0, t0 + GW_SEC(8));
    add(s, FALSE, 1, t0 + GW_SEC(16));
    add(s, FALSE, 1, t0 + GW_SEC(16));
    add(s, FALSE, 2, t0 + GW_SEC(17));
    run(s, t0 + GW_SEC(60));
    check_mesh(s, seed);
    sim_free(s);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muji-pairs/one-after-the-other", one_after_the_other);
  g_test_add_func("/muji-pairs/all-at-once", all_at_once);
  g_test_add_func("/muji-pairs/a-few-seconds", a_few_seconds);
  g_test_add_func("/muji-pairs/with-dinos", with_dinos);
  g_test_add_func("/muji-pairs/phones-of-one-gateway", phones_of_one_gateway);
  return g_test_run();
}
