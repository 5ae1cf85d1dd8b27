/* coin.c - whoever is in a room's call by a call between two (dial_in.c) is told who else is there (XEP-0298). */
#include "gateway/bridge/seat_priv.h"

struct gw_coin_line {
  gw_call *call; /* his */
  gw_coin_teller *teller;
  gw_timer *timer;
};

/* What the room shows: our phones have a number, people and callers who may not be named have the name that they have there. */
static char *uri_of(const gw_seat *s, const gw_peer_info *p) {
  g_autofree char *node = NULL;
  if (p->jid && !g_strcmp0(p->codec, "local")) gw_jid_split(p->jid, &node, NULL, NULL);
  g_autofree char *number = node ? gw_jid_unescape(node) : NULL;
  if (gw_bridge_conf_phone(s->call->bridge->conf, number)) {
    g_autofree char *bare = gw_jid_bare(p->jid);
    return gw_coin_uri("sip", bare);
  }
  if (!p->nick) return p->jid ? gw_coin_uri("xmpp", p->jid) : NULL;
  g_autofree char *occupant = g_strconcat(gw_seat_room(s), "/", p->nick, NULL);
  return gw_coin_uri("xmpp", occupant);
}

static void add(gw_coin *c, const gw_seat *s, const gw_peer_info *p) {
  g_autofree char *uri = g_str_equal(p->state, "up") ? uri_of(s, p) : NULL;
  if (uri) gw_coin_add(c, uri, p->nick ? p->nick : p->jid);
}

static gw_coin *look(const gw_call *his, const gw_call *there) {
  const gw_seat *s = there->seat;
  g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func((GDestroyNotify)gw_peer_info_free);
  g_autofree char *ours = gw_jid_bare(gw_seat_jid(his->seat)), *uri = gw_coin_uri("xmpp", ours);
  g_autofree char *own = gw_coin_uri("xmpp", there->dial_in->to);
  g_autofree char *subject = NULL;
  gw_jid_split(gw_seat_room(s), &subject, NULL, NULL);
  gw_coin *c = gw_coin_new(uri, subject);
  gw_coin_add(c, own, gw_seat_nick(s));
  gw_seat_peers(s, peers);
  for (guint i = 0; i < peers->len; i++)
    add(c, s, peers->pdata[i]);
  return c;
}

/* The session that is up, NULL none: not yet, or it is a group call by now. */
static const seat_peer *session_of(const gw_call *his) {
  const gw_seat *s = his->seat;
  if (!s || s->class != &gw_flavour_direct || his->machine.state >= GW_CS_CLOSING) return NULL;
  const seat_peer *p = s->peers->len ? s->peers->pdata[0] : NULL;
  return p && p->negotiated && p->jid ? p : NULL;
}

/* A client that does not know such words has said so, and is left alone. */
static void on_told(gboolean taken, void *user) {
  gw_call *his = user;
  if (taken) return;
  gw_coin_teller_stop(his->dial_in->line->teller);
  gw_call_trace(his, GW_LANE_JINGLE, GW_TRACE_NOTE, NULL, "does not take conference-info");
}

static void tell(void *user) {
  gw_coin_line *l = user;
  const seat_peer *p = session_of(l->call);
  const gw_coin *c = p ? gw_coin_teller_due(l->teller, gw_now_us()) : NULL;
  if (c) {
    gw_call_trace(l->call, GW_LANE_JINGLE, GW_TRACE_OUT, p->jid, "conference-info: %u there",
                  c->all);
    gw_persona_tell_conference(l->call->seat->persona, p->jid, c, on_told, l->call);
  }
  gw_timer_set(l->timer, p ? gw_coin_teller_deadline(l->teller) : GW_NEVER);
}

static gw_coin_line *line_new(gw_call *his) {
  gw_coin_line *l = g_new0(gw_coin_line, 1);
  l->call = his;
  l->teller = gw_coin_teller_new();
  l->timer = gw_timer_new(his->bridge->ctx, tell, l);
  return l;
}

void gw_coin_line_free(gw_coin_line *l) {
  if (!l) return;
  gw_coin_teller_free(l->teller);
  gw_timer_free(l->timer);
  g_free(l);
}

void gw_coin_changed(gw_call *c) {
  gw_call *other =
      c->dial_in && c->dial_in->other ? gw_bridge_call_by_id(c->bridge, c->dial_in->other) : NULL;
  if (!other) return;
  gw_call *his = c->dial_in->there ? other : c, *there = his == c ? other : c;
  if (!session_of(his) || !there->seat || there->machine.state >= GW_CS_CLOSING) return;
  if (!his->dial_in->line) his->dial_in->line = line_new(his);
  gw_coin_line *l = his->dial_in->line;
  gw_coin_teller_set(l->teller, look(his, there));
  gw_timer_set(l->timer, gw_coin_teller_deadline(l->teller));
}

/* He hears a mix: said with the word that takes his call (XEP-0298 5). */
gw_word *gw_coin_mark(const gw_call *c, const gw_word *w) {
  if (!c->dial_in || c->dial_in->there || w->kind != GW_WORD_JINGLE ||
      w->u.jingle.action != GW_JINGLE_SESSION_ACCEPT)
    return NULL;
  gw_word *marked = gw_word_copy(w);
  marked->u.jingle.focus = TRUE;
  return marked;
}
