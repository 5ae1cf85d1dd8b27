/* seat_priv.h - inside of a seat, shared by seat.c (what it does), seat_room.c (in its room), seat_peers.c (its transports),
 * seat_info.c (what is to be seen of it), seat_meet.c (at a meet), seat_sessions.c (its Jingle sessions) and seat_shared.c (one for all phones).
 * Thread: control.  Owner: the seat owns its peers.  Calls back: never. */
#ifndef GW_SEAT_PRIV_H
#define GW_SEAT_PRIV_H
#include "gateway/bridge/private.h"
#include "gateway/bridge/restarts.h"
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
  gboolean shared;  /* of all phones of the room; the call is that of one of them */
  gboolean admitted, lost; /* the room has let us in; has put us out */
  gboolean due;     /* was to start before the room had let us in */
  gboolean begun;   /* its call has started, though its flavour may not have: the meet is being found */
  gboolean had_company; /* a session with somebody, which has ended by now */
  gw_seat *host;    /* the shared one that this phone is part of: then there is no persona, room or flavour here */
  gw_timer *timer;
  GPtrArray *peers; /* seat_peer */
  gw_restarts *restarts;
  GQueue events;    /* gw_ev*, while a step runs: a step is never nested */
  gboolean stepping, started, stopped, muted, granted;
  gw_fl_call_state state;
  GPtrArray *devices;     /* direct: questions to them (devices.c), or NULL */
  gw_upgrade *upgrade;    /* direct: on its way into a group call, or NULL */
  char *meet;             /* where the call takes place, when it has been found for it (own_meet.c) */
  char *call_room;        /* where the call takes place, NULL: in the conference's room */
  char *occupant;         /* room/nick as stored */
  char *nick;             /* as granted */
  gw_roster_check *check; /* the room's words reach the flavour through it */
  GPtrArray *questions;   /* of the check, not answered yet */
};

/* --- seat.c */
gw_log_ctx gw_seat_log_ctx(const gw_seat *);
void gw_seat_post(gw_seat *, const gw_ce *);
void gw_seat_post_all(gw_seat *, const gw_ce *); /* what happens in the room, to all phones that sit there by this seat */
void gw_seat_say(gw_seat *, const gw_word *);
void gw_seat_take_place(gw_seat *); /* new, or its shared one is gone: into the room, one way or the other */

/* --- seat_room.c */
void gw_seat_tell_occupants(gw_seat *); /* who is there, to the flavour */

void gw_seat_join_call(gw_seat *, const char *room); /* a call room; the conference's own is entered by gw_seat_find_room */
void gw_seat_leave_room(gw_seat *);     /* and nothing of it is left */
void gw_seat_admitted(gw_seat *);       /* it may start */
char *gw_seat_fresh_nick(const gw_seat *);

/* --- seat_peers.c */
void gw_seat_peer_free(void *seat_peer);
seat_peer *gw_seat_peer_by_sid(const gw_seat *, const char *jid, const char *sid);
void gw_seat_open_peer(gw_seat *, const gw_action *);
void gw_seat_remote_peer(gw_seat *, const gw_action *);
void gw_seat_name_peer(gw_seat *, const gw_action *); /* what it brings is somebody else's now */
void gw_seat_close_peer(gw_seat *, guint id);
void gw_seat_agree(gw_seat *, seat_peer *, const gw_desc *answer); /* what we send is the first codec of it, whoever wrote it */

/* --- seat_meet.c */
const char *gw_seat_service(const gw_seat *); /* the conference service that it goes to, or NULL */
gboolean gw_seat_stands_alone(gw_seat *); /* TRUE: there is but the conference, and it may start soon */
void gw_seat_stand(gw_seat *);            /* soon: its timer */
void gw_seat_meet_companions(gw_seat *); /* in no room: our other phones in the call are told of each other */

/* --- seat_sessions.c */
void gw_seat_session_begun(const gw_seat *, const seat_peer *);
void gw_seat_session_over(gw_seat *, const seat_peer *);
/* A word to a conference service. Our stream is a session with it from its session-initiate on; the flavour knows neither
 * address nor name of it. */
void gw_seat_session_published(gw_seat *, const gw_word *);

/* --- seat_shared.c */
const gw_seat *gw_seat_main(const gw_seat *);    /* the one that sits in the room */
gboolean gw_seat_shared_begin(gw_seat *);        /* TRUE: it is part of a shared one and need not go anywhere */
void gw_seat_shared_post(gw_seat *, const gw_ce *); /* to the other phones that are part of it */
/* This phone starts, its shared seat has not yet: it gets that, or waits for it. The seat that the call has now. */
gw_seat *gw_seat_shared_start(gw_seat *);
void gw_seat_shared_started(gw_seat *);          /* the shared one has: those who wait for it do, too */
void gw_seat_shared_tell(gw_seat *, gw_cause);   /* the call's state, to the other phones */
gw_seat *gw_seat_shared_pass(gw_seat *);         /* its phone goes: another one gets it. The seat that the call has now */
void gw_seat_shared_end(gw_seat *);              /* it leaves: phones that are not in yet begin anew */

/* --- seat_ahead.c */
void gw_seat_expect_after(const gw_seat *, const gw_word *said); /* it has said this to the room */

/* --- seat_info.c */
void gw_seat_remember_peer(gw_seat *, const seat_peer *);        /* before it is closed, for the call's record */
void gw_seat_remember_all(const gw_seat *, gw_call *);           /* who is there now, for the record of that call */
void gw_seat_add_local(const gw_seat *, GPtrArray *ret /* gw_peer_info */); /* our other phones in this call */

#endif
