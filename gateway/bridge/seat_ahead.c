/* seat_ahead.c - the sessions that a seat is likely to have soon, told to media so that their transports gather while the phone still comes
 * into the room. A guess: what is wrong of it costs a transport that nobody uses. */
#include "gateway/bridge/seat_priv.h"

static guint living(const gw_ledger_call *c) {
  guint n = 0;
  for (guint i = 0; c && i < c->order->len; i++)
    n += g_array_index(c->order, gw_order_entry, i).alive;
  return n;
}

/* Who was rung or asked for a PIN has been by itself until now: the media room may still be to be made. */
static void expect(const gw_seat *s, gboolean offerer, guint sessions) {
  if (sessions && gw_conference_take_room(s->conference)) gw_media_expect(s->call->bridge->media, s->conference->room, offerer, sessions);
}

/* Who is in a call through a mesh calls the newcomer; in the others the newcomer calls, but for what a service sends. */
void gw_seat_expect(const gw_seat *s) {
  const gw_ledger *l = s->conference->ledger;
  if (s->host) return; /* the shared seat has them */
  if (s->class == &gw_flavour_jmuci_mesh)
    expect(s, FALSE, living(gw_ledger_live(l, FALSE, gw_now_us())));
  else if (s->class == &gw_flavour_jmuci_sfu)
    expect(s, TRUE, 1 + living(gw_ledger_live(l, TRUE, gw_now_us())));
  else if (s->class == &gw_flavour_direct)
    expect(s, !s->call->direct, 1);
  else
    expect(s, s->class == &gw_flavour_muji, 1);
}

/* Whoever takes a call that we propose is called by us; whose call we take calls us. */
void gw_seat_expect_after(const gw_seat *s, const gw_word *said) {
  if (said->kind == GW_WORD_JMUCI && said->u.jmuci.action == GW_JMUCI_PROPOSE)
    expect(s, TRUE, 1);
  else if (said->kind == GW_WORD_JMUCI && said->u.jmuci.action == GW_JMUCI_ACCEPT)
    gw_seat_expect(s);
}
