#include "gateway/flavour/jmuci_ledger_priv.h"
#include <string.h>
#include "base/jid.h"

/* A proposer lists nobody who is first to accept after 30 s: of those a word needs some on its way there and back. */
#define OPEN_FOR GW_SEC(29)
#define ORPHAN_FOR GW_SEC(60)

typedef struct {
  char *id, *nick, *jid;
  gint64 at_us;
} orphan;

/* --- life --- */

static void entry_clear(gpointer data) {
  gw_order_entry *e = data;
  g_free(e->nick);
  g_free(e->jid);
}

static void orphan_clear(gpointer data) {
  orphan *o = data;
  g_free(o->id);
  g_free(o->nick);
  g_free(o->jid);
}

gw_ledger_call *gw_ledger_call_new(const char *id) {
  gw_ledger_call *c = g_new0(gw_ledger_call, 1);
  c->id = g_strdup(id);
  c->order = g_array_new(FALSE, TRUE, sizeof(gw_order_entry));
  g_array_set_clear_func(c->order, entry_clear);
  return c;
}

void gw_ledger_call_free(gpointer data) {
  gw_ledger_call *c = data;
  g_free(c->id);
  g_array_unref(c->order);
  g_free(c);
}

gw_ledger *gw_ledger_new(void) {
  gw_ledger *l = g_new0(gw_ledger, 1);
  l->calls = g_ptr_array_new_with_free_func(gw_ledger_call_free);
  l->orphans = g_array_new(FALSE, TRUE, sizeof(orphan));
  g_array_set_clear_func(l->orphans, orphan_clear);
  l->roster = gw_jmuci_roster_new();
  return l;
}

static gw_ledger_call *call_copy(const gw_ledger_call *from) {
  gw_ledger_call *c = gw_ledger_call_new(from->id);
  GArray *order = c->order;
  char *id = c->id;
  *c = *from;
  c->id = id;
  c->order = order;
  for (guint i = 0; i < from->order->len; i++) {
    gw_order_entry e = *gw_ledger_entry(from, i);
    e.nick = g_strdup(e.nick);
    e.jid = g_strdup(e.jid);
    g_array_append_val(c->order, e);
  }
  return c;
}

gw_ledger *gw_ledger_copy(const gw_ledger *from) {
  gw_ledger *l = gw_ledger_new();
  for (guint i = 0; i < from->calls->len; i++)
    g_ptr_array_add(l->calls, call_copy(from->calls->pdata[i]));
  for (guint i = 0; i < from->orphans->len; i++) {
    orphan o = g_array_index(from->orphans, orphan, i);
    o.id = g_strdup(o.id);
    o.nick = g_strdup(o.nick);
    o.jid = g_strdup(o.jid);
    g_array_append_val(l->orphans, o);
  }
  gw_jmuci_roster_free(l->roster);
  l->roster = gw_jmuci_roster_copy(from->roster);
  l->now_us = from->now_us;
  return l;
}

void gw_ledger_free(gw_ledger *l) {
  if (!l) return;
  g_ptr_array_unref(l->calls);
  g_array_unref(l->orphans);
  gw_jmuci_roster_free(l->roster);
  g_free(l);
}

/* --- reading --- */

guint gw_ledger_count(const gw_ledger *l) {
  return l->calls->len;
}

gw_ledger_call *gw_ledger_at(const gw_ledger *l, guint i) {
  return l->calls->pdata[i];
}

gw_ledger_call *gw_ledger_find(const gw_ledger *l, const char *id) {
  for (guint i = 0; id && i < l->calls->len; i++) {
    gw_ledger_call *c = l->calls->pdata[i];
    if (!strcmp(c->id, id)) return c;
  }
  return NULL;
}

gw_jmuci_roster *gw_ledger_roster(const gw_ledger *l) {
  return l->roster;
}

gw_order_entry *gw_ledger_entry(const gw_ledger_call *c, guint i) {
  return &g_array_index(c->order, gw_order_entry, i);
}

int gw_ledger_index(const gw_ledger_call *c, const char *nick) {
  for (guint i = 0; nick && i < c->order->len; i++)
    if (!strcmp(gw_ledger_entry(c, i)->nick, nick)) return (int)i;
  return -1;
}

gw_order_entry *gw_ledger_entry_of(const gw_ledger_call *c, const char *nick) {
  const int i = gw_ledger_index(c, nick);
  return i < 0 ? NULL : gw_ledger_entry(c, (guint)i);
}

gboolean gw_ledger_entry_lives(const gw_ledger *l, const gw_order_entry *e) {
  const gw_jmuci_person *p = e->alive ? gw_jmuci_roster_find(l->roster, e->nick) : NULL;
  return p && !p->self && !p->watcher;
}

typedef struct {
  guint others, with_us;
  gint64 accepted_us; /* latest accept of a living one; 0 none */
} living;

static living count_living(const gw_ledger *l, const gw_ledger_call *c) {
  living n = {0};
  for (guint i = 0; i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    const gw_jmuci_person *p = e->alive ? gw_jmuci_roster_find(l->roster, e->nick) : NULL;
    n.others += gw_ledger_entry_lives(l, e);
    n.with_us += p && !p->watcher;
    if (i && gw_ledger_entry_lives(l, e)) n.accepted_us = MAX(n.accepted_us, e->at_us);
  }
  return n;
}

/* A call that was accepted and has one participant left is over, since clients hang up without a word in the room; unless
 * that one accepted just now and waits for the others. */
gboolean gw_ledger_joinable(const gw_ledger *l, const gw_ledger_call *c, gint64 now_us) {
  if (c->dead || c->retracted || c->historic) return FALSE;
  const living n = count_living(l, c);
  if (!n.others) return FALSE;
  if (c->last_accept_us && n.with_us > 1) return TRUE;
  if (c->last_accept_us) return n.accepted_us && now_us - n.accepted_us < OPEN_FOR;
  return now_us - c->proposed_us < OPEN_FOR;
}

static gboolean proposer_lives(const gw_ledger *l, const gw_ledger_call *c) {
  return c->order->len && gw_ledger_entry_lives(l, gw_ledger_entry(c, 0));
}

/* Of two calls that could be joined: the one whose proposer is still in it, then the one that somebody took, then the
 * latest taken; of two fresh proposals the first. */
gboolean gw_ledger_better(const gw_ledger *l, const gw_ledger_call *a, const gw_ledger_call *b) {
  const gboolean pa = proposer_lives(l, a), pb = proposer_lives(l, b);
  if (pa != pb) return pa;
  if (!a->last_accept_us != !b->last_accept_us) return a->last_accept_us != 0;
  return a->last_accept_us ? a->last_accept_us > b->last_accept_us
                           : a->proposed_us < b->proposed_us;
}

gw_ledger_call *gw_ledger_live(const gw_ledger *l, gboolean sfu, gint64 now_us) {
  gw_ledger_call *best = NULL;
  for (guint i = 0; i < l->calls->len; i++) {
    gw_ledger_call *c = l->calls->pdata[i];
    if (!c->sfu == !sfu && gw_ledger_joinable(l, c, now_us) &&
        (!best || gw_ledger_better(l, c, best)))
      best = c;
  }
  return best;
}

void gw_ledger_forget(gw_ledger *l, const char *id) {
  gw_ledger_call *c = gw_ledger_find(l, id);
  if (c) g_ptr_array_remove(l->calls, c);
}

/* --- changing one call --- */

void gw_ledger_append(gw_ledger_call *c, const char *nick, const char *jid, gint64 at_us) {
  const gw_order_entry e = {g_strdup(nick), g_strdup(jid), TRUE, at_us};
  g_array_append_val(c->order, e);
  c->dead = FALSE;
}

static void look_if_dead(gw_ledger_call *c) {
  gboolean alive = FALSE;
  for (guint i = 0; i < c->order->len; i++)
    alive |= gw_ledger_entry(c, i)->alive;
  c->dead = !alive;
}

void gw_ledger_kill(gw_ledger_call *c, const char *nick) {
  gw_order_entry *e = gw_ledger_entry_of(c, nick);
  if (e) e->alive = FALSE;
  look_if_dead(c);
}

static gboolean left_in(gw_ledger_call *c, const char *nick) {
  const gw_order_entry *e = gw_ledger_entry_of(c, nick);
  if (!e || !e->alive) return FALSE;
  gw_ledger_kill(c, nick);
  return TRUE;
}

gboolean gw_ledger_kill_nick(gw_ledger *l, const char *id, const char *nick) {
  gw_ledger_call *c = gw_ledger_find(l, id);
  return c && left_in(c, nick);
}

/* An accept counts at its first place only; one who had ended and accepts again lives again there.
 */
static gboolean accept_in(gw_ledger_call *c, const char *nick, const char *jid, gint64 at_us) {
  gw_order_entry *e = gw_ledger_entry_of(c, nick);
  if (c->retracted || (e && e->alive) || (!e && c->order->len >= GW_MAX_ORDER)) return FALSE;
  if (e) {
    e->alive = TRUE;
    e->at_us = at_us;
    g_free(e->jid);
    e->jid = g_strdup(jid);
    c->dead = FALSE;
  } else {
    gw_ledger_append(c, nick, jid, at_us);
  }
  c->last_accept_us = at_us;
  return TRUE;
}

/* --- occupants --- */

static gboolean rename_in(gw_ledger_call *c, const char *old_nick, const char *nick) {
  gboolean changed = FALSE;
  for (guint i = 0; i < c->order->len; i++) {
    gw_order_entry *e = gw_ledger_entry(c, i);
    if (strcmp(e->nick, old_nick)) continue;
    g_free(e->nick);
    e->nick = g_strdup(nick);
    changed = TRUE;
  }
  return changed;
}

gboolean gw_ledger_occupant(gw_ledger *l, const gw_fl_occupant *who, gint64 now_us) {
  gboolean changed = FALSE;
  l->now_us = MAX(l->now_us, now_us);
  gw_jmuci_roster_set(l->roster, who);
  for (guint i = 0; i < l->calls->len; i++) {
    gw_ledger_call *c = l->calls->pdata[i];
    if (who->present && who->old_nick && strcmp(who->old_nick, who->nick))
      changed |= rename_in(c, who->old_nick, who->nick);
    if (!who->present) changed |= left_in(c, who->nick);
  }
  return changed;
}

/* --- words --- */

/* Room for one more: what is over goes first, then proposals nobody took; a call that runs stays.
 */
static gboolean make_room(gw_ledger *l) {
  if (l->calls->len < GW_MAX_CALLS_PER_ROOM) return TRUE;
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < l->calls->len; i++) {
      const gw_ledger_call *c = l->calls->pdata[i];
      const gboolean over = c->dead || c->retracted || c->historic;
      if (pass == 0 ? !over : c->last_accept_us != 0) continue;
      g_ptr_array_remove_index(l->calls, i);
      return TRUE;
    }
  return FALSE;
}

static void adopt_orphans(gw_ledger *l, gw_ledger_call *c, gint64 now_us) {
  for (guint i = 0; i < l->orphans->len;) {
    const orphan *o = &g_array_index(l->orphans, orphan, i);
    const gboolean mine = !strcmp(o->id, c->id);
    if (mine && now_us - o->at_us < ORPHAN_FOR) {
      accept_in(c, o->nick, o->jid, o->at_us);
      c->historic = FALSE; /* somebody took it just now: it is no story of old */
    }
    if (mine || now_us - o->at_us >= ORPHAN_FOR)
      g_array_remove_index(l->orphans, i);
    else
      i++;
  }
}

static void start_over(gw_ledger *l, gw_ledger_call *c, const gw_word *w, const char *nick,
                       const char *jid, gint64 now_us) {
  g_array_set_size(c->order, 0);
  c->video = w->u.jmuci.video;
  c->historic = w->historic;
  c->retracted = FALSE;
  c->proposed_us = now_us;
  c->last_accept_us = 0;
  gw_ledger_append(c, nick, jid, now_us);
  adopt_orphans(l, c, now_us);
}

/* Nobody is in two calls: who takes part in this one has left the others, said or unsaid. */
static void leave_others(gw_ledger *l, const gw_ledger_call *in, const char *nick) {
  for (guint i = 0; i < l->calls->len; i++)
    if (l->calls->pdata[i] != in) left_in(l->calls->pdata[i], nick);
}

static gboolean on_propose(gw_ledger *l, const gw_word *w, const char *nick, const char *jid,
                           gint64 now_us) {
  gw_ledger_call *c = gw_ledger_find(l, w->u.jmuci.id);
  if (c) {
    /* the same once more says nothing new; a tale of the past never undoes what was seen */
    const gboolean again =
        !strcmp(gw_ledger_entry(c, 0)->nick, nick) && !(c->historic && !w->historic);
    if (again || w->historic) return FALSE;
  } else {
    if (!make_room(l)) return FALSE;
    c = gw_ledger_call_new(w->u.jmuci.id);
    c->sfu = w->u.jmuci.sfu;
    g_ptr_array_add(l->calls, c);
  }
  start_over(l, c, w, nick, jid, now_us);
  if (!w->historic) leave_others(l, c, nick);
  return TRUE;
}

static gboolean keep_orphan(gw_ledger *l, const gw_word *w, const char *nick, const char *jid,
                            gint64 now_us) {
  while (l->orphans->len && (now_us - g_array_index(l->orphans, orphan, 0).at_us >= ORPHAN_FOR ||
                             l->orphans->len >= GW_MAX_ORDER))
    g_array_remove_index(l->orphans, 0);
  const orphan o = {g_strdup(w->u.jmuci.id), g_strdup(nick), g_strdup(jid), now_us};
  g_array_append_val(l->orphans, o);
  return FALSE;
}

static gboolean on_accept(gw_ledger *l, const gw_word *w, const char *nick, const char *jid,
                          gint64 now_us) {
  gw_ledger_call *c = gw_ledger_find(l, w->u.jmuci.id);
  if (!c) return keep_orphan(l, w, nick, jid, now_us);
  if (!accept_in(c, nick, jid, now_us)) return FALSE;
  if (w->historic) return TRUE;
  c->historic = FALSE;
  leave_others(l, c, nick);
  return TRUE;
}

/* Only the proposer may take it back, and once somebody has accepted it only speaks for itself. */
static gboolean on_retract(gw_ledger *l, const gw_word *w, const char *nick) {
  gw_ledger_call *c = gw_ledger_find(l, w->u.jmuci.id);
  if (!c || gw_ledger_index(c, nick) != 0 || c->retracted) return FALSE;
  if (!c->last_accept_us) {
    c->retracted = TRUE;
    return TRUE;
  }
  return left_in(c, nick);
}

static gboolean on_ended(gw_ledger *l, const gw_word *w, const char *nick) {
  gw_ledger_call *c = gw_ledger_find(l, w->u.jmuci.id);
  return c && left_in(c, nick);
}

/* The attribute names the device that speaks, but only as far as the room vouches for it. */
static const char *jid_of(const gw_jmuci_person *p, const char *claimed) {
  if (!p) return NULL;
  return gw_jmuci_person_owns(p, claimed) ? claimed : gw_jmuci_person_newest(p);
}

gboolean gw_ledger_word(gw_ledger *l, const gw_word *w, gint64 now_us) {
  l->now_us = MAX(l->now_us, now_us);
  if (w->kind != GW_WORD_JMUCI || !w->u.jmuci.id || !*w->u.jmuci.id) return FALSE;
  const char *nick = gw_jid_resource(w->from);
  const gw_jmuci_person *p = gw_jmuci_roster_find(l->roster, nick);
  if (!nick || !*nick || strlen(w->u.jmuci.id) > GW_MAX_SID || (!p && !w->historic)) return FALSE;
  const gw_ledger_call *c = gw_ledger_find(l, w->u.jmuci.id);
  if (c && !c->sfu != !w->u.jmuci.sfu) return FALSE;
  const char *jid = jid_of(p, w->u.jmuci.jid);
  switch (w->u.jmuci.action) {
  case GW_JMUCI_PROPOSE:
    return on_propose(l, w, nick, jid, now_us);
  case GW_JMUCI_ACCEPT:
    return on_accept(l, w, nick, jid, now_us);
  case GW_JMUCI_RETRACT:
    return on_retract(l, w, nick);
  case GW_JMUCI_ENDED:
    return on_ended(l, w, nick);
  case GW_JMUCI_REJECT:
    return FALSE; /* another device of the nick may accept all the same */
  }
  return FALSE;
}
