/* seat_priv.h - inside of a seat, shared by seat.c (what it does) and seat_info.c (what is to be seen of it).
 * Thread: control.  Owner: the seat owns its peers.  Calls back: never. */
#ifndef GW_SEAT_PRIV_H
#define GW_SEAT_PRIV_H
#include "gateway/bridge/private.h"
#include "gateway/bridge/seat_sfu.h"

/* One transport of the flavour. */
typedef struct {
  guint id;
  gw_handle media;
  gboolean offerer;
  gw_peer_use use;
  char *jid, *nick, *sid; /* sid NULL: no Jingle session */
  char *codec;
  gw_fl_peer_state state;
  gboolean negotiated; /* both descriptions are known */
  gboolean ice;
} seat_peer;

struct gw_seat {
  gw_call *call;
  gw_conference *conference;
  gw_room_conf *conf; /* of the number that was dialled, as it was then */
  gw_persona *persona;
  gw_muc *muc;
  gw_flavour *flavour;
  const gw_flavour_class *class;
  gw_seat_sfu *sfu; /* NULL until the flavour asks for it */
  gw_timer *timer;
  GPtrArray *peers; /* seat_peer */
  GQueue events;    /* gw_ev*, while a step runs: a step is never nested */
  gboolean stepping, started, stopped, muted, granted;
  gw_fl_call_state state;
  char *call_room;        /* where the call takes place, NULL: in the conference's room */
  char *occupant;         /* room/nick as stored */
  char *nick;             /* as granted */
  gw_roster_check *check; /* the room's words reach the flavour through it */
};

/* --- seat_info.c */
void gw_seat_remember_peer(gw_seat *, const seat_peer *);        /* before it is closed, for the call's record */
void gw_seat_add_local(const gw_seat *, GPtrArray *ret /* gw_peer_info */); /* our other phones in this call */

#endif
