/* The model of a JSXC page and of the person before it. */
#include "sim.h"
#include <string.h>
#include "base/jid.h"

static void say(sim_party *p, gw_jmuci_action action, const char *id) {
  sim_say_room(p, gw_word_new_jmuci(action, FALSE, id));
}

static int place(const sim_party *p, const char *nick) {
  for (guint i = 0; i < p->j.history->len; i++)
    if (!strcmp(p->j.history->pdata[i], nick)) return (int)i;
  return -1;
}

static void note_sid(sim_party *p, const sim_party *to, const char *sid, gboolean sends) {
  sim_link *l = g_new0(sim_link, 1);
  *l = (sim_link){.a = p->i, .b = to->i, .a_open = TRUE, .a_sends = sends};
  g_hash_table_insert(p->s->links, g_strdup(sid), l);
  g_hash_table_insert(p->j.pending, GUINT_TO_POINTER(to->i + 1), g_strdup(sid));
}

/* A proposer has its microphone, an accepter only after an offer has reached it; video is asked for
 * by accepters. */
static char *call(sim_party *p, sim_party *to) {
  const gboolean sends = p->j.proposer || p->j.mic;
  g_autofree char *uuid = g_strdup_printf("%08x", g_rand_int(p->s->rand));
  char *sid = g_strconcat(p->j.call, ":", uuid, NULL);
  note_sid(p, to, sid, sends);
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, to->jid, sid, TRUE);
  w->u.jingle.desc = rig_desc(sends ? GW_DIR_SENDRECV : GW_DIR_RECVONLY, sends, !p->j.proposer,
                              TRUE, GW_SETUP_ACTPASS);
  sim_say_iq(p, w);
  return sid;
}

/* One after the other: the next only when this one has answered. */
static void serve_next(sim_party *p) {
  if (p->j.current || g_queue_is_empty(&p->j.waiting)) return;
  sim_party *to = &p->s->party[GPOINTER_TO_UINT(g_queue_pop_head(&p->j.waiting))];
  p->j.current = call(p, to);
}

/* --- the person --- */

static void press_accept(sim_party *p, gw_word *w) {
  if (!p->in || !p->j.call || strcmp(p->j.call, w->u.jmuci.id)) return;
  say(p, GW_JMUCI_ACCEPT, p->j.call);
}

static void press_call(sim_party *p, gw_word *w) {
  p->j.call = g_strdup_printf("jsxc-%08x", g_rand_int(p->s->rand));
  p->j.proposer = TRUE;
  say(p, GW_JMUCI_PROPOSE, p->j.call);
}

void sim_jsxc_propose(sim_party *p, gint64 at) {
  sim_later(p->s, at, press_call, p, NULL);
}

static void hang_up(sim_party *p, gw_word *w) {
  GHashTableIter it;
  gpointer sid, value;
  p->ended = TRUE;
  g_hash_table_iter_init(&it, p->s->links);
  while (g_hash_table_iter_next(&it, &sid, &value)) {
    sim_link *l = value;
    const gboolean a = l->a == p->i, mine = a ? l->a_open : l->b == p->i && l->b_open;
    if (!mine) continue;
    *(a ? &l->a_open : &l->b_open) = FALSE;
    gw_word *end =
        gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, p->s->party[a ? l->b : l->a].jid, sid, a);
    end->u.jingle.reason = g_strdup("success");
    sim_say_iq(p, end);
  }
}

void sim_jsxc_hangup(sim_party *p, gint64 at) {
  sim_later(p->s, at, hang_up, p, NULL);
}

/* --- words of the room --- */

static void on_propose(sim_party *p, const gw_word *w, const char *nick) {
  if (p->j.call && strcmp(p->j.call, w->u.jmuci.id)) return; /* this person takes one call only */
  g_ptr_array_set_size(p->j.history, 0);
  g_ptr_array_add(p->j.history, g_strdup(nick));
  if (p->j.call) return;
  p->j.call = g_strdup(w->u.jmuci.id);
  sim_later(p->s, p->s->now + sim_rand(p->s, GW_MS(300), GW_SEC(12)), press_accept, p,
            gw_word_new_jmuci(GW_JMUCI_ACCEPT, FALSE, p->j.call));
}

static void on_accept(sim_party *p, const char *nick) {
  if (!p->j.history->len || place(p, nick) >= 0) return;
  g_ptr_array_add(p->j.history, g_strdup(nick));
  sim_party *who = sim_by_nick(p->s, nick);
  if (p->j.proposer) {
    g_queue_push_tail(&p->j.waiting, GUINT_TO_POINTER(who->i));
    serve_next(p);
  } else if (who != p && place(p, p->nick) > 0) {
    g_free(call(p, who));
  }
}

void sim_jsxc_room(sim_party *p, const gw_word *w) {
  const char *nick = gw_jid_resource(w->from);
  if (w->u.jmuci.action == GW_JMUCI_PROPOSE)
    on_propose(p, w, nick);
  else if (w->u.jmuci.action == GW_JMUCI_ACCEPT && p->j.call && !strcmp(p->j.call, w->u.jmuci.id))
    on_accept(p, nick);
}

/* --- Jingle --- */

static void answer(sim_party *p, gw_word *w) {
  sim_link *l = sim_link_of(p->s, w->u.jingle.sid);
  if (!l->a_open) return; /* terminated meanwhile */
  l->b_open = l->b_sends = TRUE;
  gw_word *a = gw_word_new_jingle(GW_JINGLE_SESSION_ACCEPT, w->from, w->u.jingle.sid, FALSE);
  a->u.jingle.desc = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTIVE);
  sim_say_iq(p, a);
}

static void on_initiate(sim_party *p, const gw_word *w) {
  const char *sid = w->u.jingle.sid;
  const sim_party *from = sim_by_jid(p->s, w->from);
  g_assert_false(
      p->j.proposer); /* would ring there as a new call: never initiate towards index 0 */
  g_assert_true(p->j.call && g_str_has_prefix(sid, p->j.call) &&
                sid[strlen(p->j.call)] == ':'); /* else it rings, too */
  const char *mine = g_hash_table_lookup(p->j.pending, GUINT_TO_POINTER(from->i + 1));
  if (mine && strcmp(mine, sid) > 0) {
    gw_word *e = gw_word_new_jingle(GW_JINGLE_ERROR, w->from, sid, FALSE);
    e->u.jingle.of = GW_JINGLE_SESSION_INITIATE;
    e->u.jingle.error = g_strdup("conflict");
    sim_say_iq(p, e);
    return;
  }
  p->j.mic = TRUE;
  sim_later(p->s, p->s->now + sim_rand(p->s, GW_MS(100), GW_MS(400)), answer, p, gw_word_copy(w));
}

static void no_longer_pending(sim_party *p, const char *sid) {
  const sim_link *l = sim_link_of(p->s, sid);
  if (l->a == p->i) g_hash_table_remove(p->j.pending, GUINT_TO_POINTER(l->b + 1));
}

static void on_terminate(sim_party *p, const gw_word *w) {
  const char *sid = w->u.jingle.sid;
  sim_link *l = sim_link_of(p->s, sid);
  if (l->a == p->i)
    l->a_open = FALSE;
  else
    l->b_open = FALSE;
  no_longer_pending(p, sid);
  /* a proposer whose offer is not accepted first never calls anybody again */
  g_assert_true(!p->j.current || strcmp(p->j.current, sid));
}

static void on_accepted(sim_party *p, const gw_word *w) {
  sim_connected(p->s, w->u.jingle.sid);
  no_longer_pending(p, w->u.jingle.sid);
  if (g_strcmp0(p->j.current, w->u.jingle.sid)) return;
  g_clear_pointer(&p->j.current, g_free);
  serve_next(p);
}

void sim_jsxc_iq(sim_party *p, const gw_word *w) {
  switch (w->u.jingle.action) {
  case GW_JINGLE_SESSION_INITIATE:
    on_initiate(p, w);
    break;
  case GW_JINGLE_SESSION_ACCEPT:
    on_accepted(p, w);
    break;
  case GW_JINGLE_SESSION_TERMINATE:
    on_terminate(p, w);
    break;
  default:
    break;
  }
}

void sim_jsxc_clear(sim_party *p) {
  if (p->kind != SIM_JSXC) return;
  g_free(p->j.call);
  g_free(p->j.current);
  g_ptr_array_unref(p->j.history);
  g_hash_table_unref(p->j.pending);
  g_queue_clear(&p->j.waiting);
}
