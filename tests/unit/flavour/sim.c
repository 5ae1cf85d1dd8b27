#include "sim.h"
#include <string.h>
#include "base/jid.h"

typedef struct {
  gint64 at;
  guint64 nth;
  void (*run)(sim_party *, gw_word *);
  sim_party *party;
  gw_word *word;
} item;

static void item_free(gpointer data) {
  item *it = data;
  gw_word_free(it->word);
  g_free(it);
}

static int by_time(gconstpointer a, gconstpointer b, gpointer data) {
  const item *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->nth < y->nth ? -1 : x->nth > y->nth;
}

void sim_later(sim *s, gint64 at, void (*run)(sim_party *, gw_word *), sim_party *p, gw_word *w) {
  item *it = g_new0(item, 1);
  *it = (item){at, s->count++, run, p, w};
  g_sequence_insert_sorted(s->queue, it, by_time, NULL);
}

gint64 sim_rand(sim *s, gint64 from, gint64 to) {
  return from + (gint64)(g_rand_double(s->rand) * (double)(to - from));
}

/* Random, but never before what went the same way earlier. */
static gint64 after(sim *s, gint64 *way, gint64 most) {
  const gint64 at = s->now + sim_rand(s, GW_MS(1), most);
  *way = MAX(*way, at);
  return *way;
}

sim_party *sim_by_jid(sim *s, const char *jid) {
  for (guint i = 0; i < s->n; i++)
    if (gw_jid_same(s->party[i].jid, jid)) return &s->party[i];
  return NULL;
}

sim_party *sim_by_nick(sim *s, const char *nick) {
  for (guint i = 0; i < s->n; i++)
    if (!strcmp(s->party[i].nick, nick)) return &s->party[i];
  return NULL;
}

sim_link *sim_link_of(sim *s, const char *sid) {
  return g_hash_table_lookup(s->links, sid);
}

/* --- one step of a flavour --- */

static void feed(sim_party *p, const gw_ev *ev);
static void local_ready(sim_party *p, gw_word *w);

static guint peer_of(const sim_party *p, const char *sid) {
  GHashTableIter it;
  gpointer key, value;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, &key, &value))
    if (!strcmp(value, sid)) return GPOINTER_TO_UINT(key);
  return 0;
}

/* A word that only carries a sid through the queue. */
static gw_word *about(const char *sid) {
  return gw_word_new_jingle(GW_JINGLE_UNKNOWN, NULL, sid, FALSE);
}

static void open_peer(sim_party *p, const gw_action *a) {
  sim *s = p->s;
  sim_party *other = sim_by_jid(s, a->jid);
  g_assert_true(!p->stopped || !a->offerer); /* after STOP we only answer */
  g_assert_nonnull(other);
  GHashTableIter it;
  gpointer value;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, NULL, &value)) { /* no two sessions with one occupant */
    const sim_link *l = sim_link_of(s, value);
    g_assert_true(l->a != other->i && l->b != other->i);
  }
  g_hash_table_insert(p->peers, GUINT_TO_POINTER(a->peer), g_strdup(a->sid));
  if (a->offerer) {
    sim_link *l = g_new0(sim_link, 1);
    *l = (sim_link){.a = p->i, .b = other->i, .a_open = TRUE, .a_sends = TRUE};
    g_assert_true(g_hash_table_insert(s->links, g_strdup(a->sid), l));
  } else {
    sim_link *l = sim_link_of(s, a->sid);
    g_assert_true(l->b == p->i);
    l->b_open = l->b_sends = TRUE;
  }
  sim_later(s, s->now + sim_rand(s, 0, GW_MS(50)), local_ready, p, about(a->sid));
}

static void close_peer(sim_party *p, guint peer) {
  const char *sid = g_hash_table_lookup(p->peers, GUINT_TO_POINTER(peer));
  g_assert_nonnull(sid); /* closed once */
  sim_link *l = sim_link_of(p->s, sid);
  if (l->a == p->i)
    l->a_open = FALSE;
  else
    l->b_open = FALSE;
  g_hash_table_remove(p->peers, GUINT_TO_POINTER(peer));
}

static void do_say(sim_party *p, const gw_word *w) {
  if (w->kind == GW_WORD_JMUCI) {
    g_assert_true(w->u.jmuci.action != GW_JMUCI_REJECT);
    sim_say_room(p, gw_word_copy(w));
  } else {
    sim_say_iq(p, gw_word_copy(w));
  }
}

static void trace(const sim_party *p, const gw_action *a) {
  g_autofree char *text = rig_action_text(a, NULL);
  if (text) g_test_message("%8.3f %s: %s", (double)(p->s->now - GW_SEC(1000)) / 1e6, p->nick, text);
}

static void carry_out(sim_party *p, const gw_action *a) {
  g_assert_false(p->ended);
  if (p->s->trace) trace(p, a);
  switch (a->type) {
  case GW_ACT_SAY:
    do_say(p, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    open_peer(p, a);
    break;
  case GW_ACT_PEER_CLOSE:
    close_peer(p, a->peer);
    break;
  case GW_ACT_PEER_REMOTE: {
    const char *sid = g_hash_table_lookup(p->peers, GUINT_TO_POINTER(a->peer));
    g_assert_nonnull(sid);
    const sim_link *l = sim_link_of(p->s, sid);
    if (l->a == p->i && gw_desc_audio(a->desc)->codecs->len) sim_connected(p->s, sid);
    break;
  }
  case GW_ACT_CALL:
    p->state = a->call;
    p->ended = a->call == GW_CALL_ENDED;
    break;
  case GW_ACT_PEER_NAMED:
  case GW_ACT_PRESENCE:
  case GW_ACT_NOTE:
  case GW_ACT_SFU:
  case GW_ACT_HELD:
    g_assert_not_reached(); /* of others */
  case GW_ACT_SAVE:
  case GW_ACT_LEDGER:
    break;
  }
}

static void feed(sim_party *p, const gw_ev *ev) {
  if (p->ended) return;
  gw_actions actions;
  gw_actions_init(&actions);
  p->s->steps++;
  gw_flavour_jmuci_mesh.step(p->f, ev, p->s->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    carry_out(p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

static void local_ready(sim_party *p, gw_word *w) {
  const guint peer = peer_of(p, w->u.jingle.sid);
  g_autoptr(gw_desc) d = peer ? rig_caps(peer) : NULL;
  if (d) feed(p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = d});
}

/* --- media --- */

static void tell_up(sim_party *p, gw_word *w) {
  sim_link *l = sim_link_of(p->s, w->u.jingle.sid);
  const guint peer = p->kind == SIM_MESH ? peer_of(p, w->u.jingle.sid) : 0;
  if (!l->a_open || !l->b_open || !peer) return;
  feed(p, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = GW_PEER_UP});
  if (l->a == p->i ? l->b_sends : l->a_sends)
    feed(p, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = GW_PEER_RTP});
}

void sim_connected(sim *s, const char *sid) {
  sim_link *l = sim_link_of(s, sid);
  l->up = TRUE;
  sim_later(s, s->now + sim_rand(s, GW_MS(20), GW_MS(300)), tell_up, &s->party[l->a], about(sid));
  sim_later(s, s->now + sim_rand(s, GW_MS(20), GW_MS(300)), tell_up, &s->party[l->b], about(sid));
}

const sim_link *sim_pair(const sim *s, guint i, guint k, guint *ret_open) {
  GHashTableIter it;
  gpointer value;
  const sim_link *found = NULL;
  *ret_open = 0;
  g_hash_table_iter_init(&it, s->links);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    const sim_link *l = value;
    if (!((l->a == i && l->b == k) || (l->a == k && l->b == i)) || (!l->a_open && !l->b_open))
      continue;
    ++*ret_open;
    if (l->a_open && l->b_open) found = l;
  }
  return found;
}

/* --- the room --- */

static void room_word(sim_party *p, gw_word *w) {
  if (!p->in) return;
  if (p->s->trace)
    g_test_message("%8.3f %s hears %s: %s %s", (double)(p->s->now - GW_SEC(1000)) / 1e6, p->nick,
                   w->from, gw_jmuci_action_name(w->u.jmuci.action), w->u.jmuci.id);
  if (p->kind == SIM_MESH)
    feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
  else
    sim_jsxc_room(p, w);
}

/* The room has it now: from here on the order is the same for all. */
static void reflect(sim_party *from, gw_word *w) {
  sim *s = from->s;
  if (!from->in) return;
  g_free(w->from);
  w->from = g_strconcat("room@muc/", from->nick, NULL);
  for (guint i = 0; i < s->n; i++)
    sim_later(s, after(s, &s->party[i].room_down, s->room_delay), room_word, &s->party[i],
              gw_word_copy(w));
}

void sim_say_room(sim_party *p, gw_word *w) {
  sim_later(p->s, after(p->s, &p->room_up, p->s->room_delay), reflect, p, w);
}

static void tell_occupant(sim_party *to, const sim_party *who, gboolean present) {
  const char *const jids[] = {who->jid, NULL};
  const gw_fl_occupant o = {.nick = who->nick,
                            .jids = jids,
                            .present = present,
                            .self = to == who,
                            .seat = to != who && to->gateway && to->gateway == who->gateway};
  if (to->kind == SIM_MESH) feed(to, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void gone(sim_party *to, gw_word *w) {
  const sim_party *who = sim_by_nick(to->s, gw_jid_resource(w->from));
  if (to->in) tell_occupant(to, who, FALSE);
}

static void out_of_room(sim_party *p, gw_word *unused) {
  sim *s = p->s;
  p->in = FALSE;
  for (guint i = 0; i < s->n; i++) {
    gw_word *w = about("");
    w->from = g_strconcat("room@muc/", p->nick, NULL);
    sim_later(s, after(s, &s->party[i].room_down, s->room_delay), gone, &s->party[i], w);
  }
}

/* --- IQs --- */

static void iq_word(sim_party *p, gw_word *w) {
  if (p->kind == SIM_JSXC) {
    sim_jsxc_iq(p, w);
    return;
  }
  feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

static void bounce(sim_party *p, gw_word *w) {
  gw_word *e = gw_word_new_jingle(GW_JINGLE_ERROR, p->jid, w->u.jingle.sid, TRUE);
  e->from = g_strdup(w->to);
  e->u.jingle.of = w->u.jingle.action;
  e->u.jingle.error = g_strdup("item-not-found");
  iq_word(p, e);
  gw_word_free(e);
}

void sim_say_iq(sim_party *p, gw_word *w) {
  sim *s = p->s;
  sim_party *to = sim_by_jid(s, w->to);
  g_assert_nonnull(to);
  const gint64 at = after(s, &p->iq[to->i], s->iq_delay);
  if (!to->in && (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE ||
                  w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT)) {
    sim_later(s, at, bounce, p, w);
    return;
  }
  g_free(w->from);
  w->from = g_strdup(p->jid);
  w->u.jingle.we_initiated = !w->u.jingle.we_initiated;
  if (w->u.jingle.action != GW_JINGLE_SESSION_INITIATE || p->kind == SIM_MESH ||
      sim_link_of(s, w->u.jingle.sid))
    sim_later(s, at, iq_word, to, w);
}

/* --- life --- */

sim *sim_new(guint32 seed, gint64 room_delay, gint64 iq_delay) {
  sim *s = g_new0(sim, 1);
  s->seed = seed;
  s->trace = g_getenv("SIM_TRACE") != NULL;
  s->rand = g_rand_new_with_seed(seed);
  s->now = GW_SEC(1000);
  s->room_delay = room_delay;
  s->iq_delay = iq_delay;
  s->queue = g_sequence_new(item_free);
  s->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return s;
}

void sim_free(sim *s) {
  for (guint i = 0; i < s->n; i++) {
    sim_party *p = &s->party[i];
    gw_flavour_jmuci_mesh.free(p->f);
    gw_ids_free(p->ids);
    g_hash_table_unref(p->peers);
    sim_jsxc_clear(p);
    g_free(p->nick);
    g_free(p->jid);
  }
  g_sequence_free(s->queue);
  g_hash_table_unref(s->links);
  g_rand_free(s->rand);
  g_free(s);
}

static sim_party *add(sim *s, sim_kind kind) {
  g_assert_cmpuint(s->n, <, SIM_MAX);
  sim_party *p = &s->party[s->n];
  *p = (sim_party){.s = s, .i = s->n++, .kind = kind, .in = TRUE, .state = -1};
  p->nick = g_strdup_printf("%c%u", kind == SIM_MESH ? 'm' : 'j', p->i);
  p->jid = g_strdup_printf("%s@x/r", p->nick);
  p->peers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  return p;
}

sim_party *sim_mesh(sim *s, gboolean idle, guint gateway) {
  sim_party *p = add(s, SIM_MESH);
  p->gateway = gateway;
  p->ids = gw_ids_new_fixed(g_rand_int(s->rand));
  const gw_flavour_params params = {
      .own_nick = p->nick, .own_jid = p->jid, .propose_when_idle = idle, .ids = p->ids};
  p->f = gw_flavour_jmuci_mesh.make(&params);
  return p;
}

sim_party *sim_add_jsxc(sim *s) {
  sim_party *p = add(s, SIM_JSXC);
  p->j.history = g_ptr_array_new_with_free_func(g_free);
  p->j.pending = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  g_queue_init(&p->j.waiting);
  return p;
}

static void start(sim_party *p, gw_word *unused) {
  p->started = TRUE;
  feed(p, &(gw_ev){.type = GW_EV_START});
}

static void stop(sim_party *p, gw_word *unused) {
  p->stopped = TRUE;
  feed(p, &(gw_ev){.type = GW_EV_STOP});
}

void sim_start(sim_party *p, gint64 at) {
  for (guint i = 0; !p->started && i < p->s->n; i++)
    tell_occupant(p, &p->s->party[i], TRUE);
  sim_later(p->s, at, start, p, NULL);
}

void sim_stop(sim_party *p, gint64 at) {
  sim_later(p->s, at, stop, p, NULL);
}

void sim_leave(sim_party *p, gint64 at) {
  sim_later(p->s, at, out_of_room, p, NULL);
}

static sim_party *next_due(sim *s, gint64 *at) {
  sim_party *who = NULL;
  for (guint i = 0; i < s->n; i++) {
    sim_party *p = &s->party[i];
    const gint64 d =
        p->kind == SIM_MESH && !p->ended ? gw_flavour_jmuci_mesh.deadline(p->f) : GW_NEVER;
    if (d >= *at) continue;
    *at = d;
    who = p;
  }
  return who;
}

void sim_run(sim *s, gint64 until) {
  for (guint guard = 0; guard < 2000000; guard++) {
    GSequenceIter *first = g_sequence_get_begin_iter(s->queue);
    item *it = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
    gint64 at = it ? MIN(it->at, until + 1) : until + 1;
    sim_party *due = next_due(s, &at);
    if (at > until) break;
    s->now = MAX(s->now, at);
    if (due) {
      feed(due, &(gw_ev){.type = GW_EV_TICK});
      g_assert_true(due->ended || gw_flavour_jmuci_mesh.deadline(due->f) > s->now);
      continue;
    }
    gw_word *w = g_steal_pointer(&it->word);
    void (*run)(sim_party *, gw_word *) = it->run;
    sim_party *p = it->party;
    g_sequence_remove(first);
    run(p, w);
    gw_word_free(w);
  }
  s->now = until;
}
