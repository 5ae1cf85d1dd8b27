/* seat_sessions.c - the Jingle sessions of a seat, as they are kept to be ended after a crash. */
#include "gateway/bridge/seat_priv.h"

void gw_seat_session_begun(const gw_seat *s, const seat_peer *p) {
  const gw_bridge *b = s->call->bridge;
  if (p->sid && b->store.session_add)
    b->store.session_add(gw_seat_jid(s), p->jid, p->sid, b->store_user);
}

void gw_seat_session_over(gw_seat *s, const seat_peer *p) {
  const gw_bridge *b = s->call->bridge;
  gw_restarts_forget(s->restarts, p->jid, p->sid);
  if (p->sid && b->store.session_remove)
    b->store.session_remove(gw_seat_jid(s), p->jid, p->sid, b->store_user);
}

void gw_seat_session_published(gw_seat *s, const gw_word *w) {
  if (w->kind != GW_WORD_JINGLE || w->u.jingle.action != GW_JINGLE_SESSION_INITIATE) return;
  for (guint i = 0; i < s->peers->len; i++) {
    seat_peer *p = s->peers->pdata[i];
    if (p->use != GW_USE_PUBLISH || p->sid) continue;
    g_free(p->jid);
    p->jid = g_strdup(w->to);
    p->sid = g_strdup(w->u.jingle.sid);
    gw_seat_session_begun(s, p);
    return;
  }
}
