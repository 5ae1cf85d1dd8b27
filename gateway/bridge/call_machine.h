/* call_machine.h - the life of one bridged call as events in, actions out (architecture: NEW ->
 * RINGING | MENU | JOINING -> WAITING <-> CONNECTING <-> TALKING -> CLOSING -> GONE). Thread: any (pure).
 * Owner: caller's struct.  Calls back: never. Contract: one step, then its actions in order, then
 * the next step; time is a parameter. */
#ifndef GW_CALL_MACHINE_H
#define GW_CALL_MACHINE_H
#include <glib.h>
#include "base/cause.h"
#include "gateway/flavour/flavour.h"

typedef enum {
  GW_CS_NEW,
  GW_CS_RINGING,
  GW_CS_MENU, /* answered, and asked for room or PIN */
  GW_CS_JOINING,
  GW_CS_WAITING,
  GW_CS_CONNECTING,
  GW_CS_TALKING,
  GW_CS_CLOSING,
  GW_CS_GONE
} gw_call_state;

typedef enum {
  GW_CE_INVITE,       /* in: the phone calls; asks: room or PIN are asked for first */
  GW_CE_REFUSE,       /* in: instead of INVITE. cause: it is refused, and told why before */
  GW_CE_RING,         /* out: ring this phone */
  GW_CE_LEG_READY,    /* media address of our side known */
  GW_CE_NEXT_TRUNK,   /* out: the one that was dialled failed, another one is to be */
  GW_CE_SIP_ANSWERED, /* out: the phone was picked up */
  GW_CE_SIP_ENDED,    /* cause */
  GW_CE_JOINED,       /* the seat is in the room and may start */
  GW_CE_JOIN_FAILED,  /* cause: never got in, or was thrown out */
  GW_CE_FLAVOUR,      /* flavour, cause when ENDED */
  GW_CE_THEY_RING,    /* direct, in: a device of the person rings */
  GW_CE_HANGUP,       /* cause: operator, shutdown, media */
  GW_CE_ADMITTED,     /* room and PIN are right */
  GW_CE_SPOKEN,       /* what SAY asked for has been said */
  GW_CE_STREAM_DOWN,
  GW_CE_STREAM_UP,
  GW_CE_TICK
} gw_ce_type;
typedef struct {
  gw_ce_type type;
  gw_cause cause;
  gw_fl_call_state flavour;
  gboolean asks;
} gw_ce;

typedef enum {
  GW_CA_MAKE_LEG,
  GW_CA_RENEW_LEG, /* another one in its place; LEG_READY comes again */
  GW_CA_RINGING, /* in: 180 */
  GW_CA_DIAL,    /* out: INVITE */
  GW_CA_JOIN,
  GW_CA_ANSWER, /* in: 200 */
  GW_CA_ASK,    /* for room or PIN */
  GW_CA_MOVE,    /* the leg from its lobby into the room, which has let us in; LEG_READY comes again */
  GW_CA_RETREAT, /* the leg out of the room, before anything is heard by it; LEG_READY comes again */
  GW_CA_EARLY,   /* in: 183, and the phone hears us from now on */
  GW_CA_WAIT,   /* says that it takes a moment */
  GW_CA_SAY,    /* cause: why the call ends; SPOKEN comes back */
  GW_CA_FLAVOUR_START,
  GW_CA_FLAVOUR_STOP,
  GW_CA_SIP_HANGUP, /* cause */
  GW_CA_LEAVE,
  GW_CA_CLOSE_MEDIA,
  GW_CA_RECORD, /* cause: of the whole call */
  GW_CA_GONE    /* last */
} gw_ca_type;
typedef struct {
  gw_ca_type type;
  gw_cause cause;
} gw_ca;
#define GW_CA_MAX 8

typedef struct {
  gw_call_state state;
  gboolean out, leg_ready, joined, flavour_started, sip_up, sip_gone;
  gboolean direct;   /* set by the owner: to or from one person. The flavour runs from the beginning; in: JOINED says that he
                        has taken the call */
  gboolean join_due; /* direct: JOIN comes when the leg has come out of its lobby */
  gboolean aside;    /* the leg is in a lobby: it hears nobody, and nobody hears it */
  gboolean speaks;   /* set by the owner: there are prompts */
  gboolean speaking; /* SAY is under way: the phone is kept until SPOKEN */
  gboolean early;    /* set by the owner: an unanswered caller may be told why it is refused */
  gboolean refusing; /* and is: with early media, in a room of its own */
  gboolean astray;   /* refused before its leg was there: it comes up in the room, and has to leave that first */
  gint64 patience, spoken_deadline;
  gint64 deadline; /* GW_NEVER: none */
  gint64 stream_deadline, alone_deadline;
  gint64 alone_limit_us;
  gint64 ring_limit_us; /* out: how long the phone rings */
  gw_cause cause;       /* why it ends */
} gw_call_machine;

#define GW_RING_LIMIT_US                                                                           \
  GW_SEC(25) /* for a proposal: JSXC's proposer closes its list 30 s after it */
#define GW_JOIN_LIMIT_US GW_SEC(20)
#define GW_DIRECT_LIMIT_US GW_SEC(30) /* after the time that a person may be rung: for all that follows */
#define GW_PATIENCE_US GW_SEC(2)     /* a join that takes longer is answered, to tell the caller */
#define GW_ADMITTED_PATIENCE_US GW_MS(300) /* who was asked for a PIN listens already */
#define GW_MENU_LIMIT_US GW_SEC(600) /* the questions have limits of their own */
#define GW_SPOKEN_LIMIT_US GW_SEC(8) /* for the last word */
#define GW_CLOSE_LIMIT_US GW_SEC(4)
#define GW_STREAM_GRACE_US GW_SEC(120)

void gw_call_machine_init(gw_call_machine *, guint alone_limit_s /* 0 = never */);
guint gw_call_machine_step(gw_call_machine *, const gw_ce *, gint64 now_us,
                           gw_ca ret[GW_CA_MAX]); /* count of actions */
gboolean gw_call_machine_worth_saying(gw_cause); /* before a refusal: the caller can do something about it */
gint64 gw_call_machine_deadline(const gw_call_machine *);
const char *gw_call_state_word(gw_call_state); /* "joining": as `call list` names it */

#endif
