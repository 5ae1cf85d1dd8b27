/* transfer.h - what the REFER of a phone in a room may lead to. The world outside is never called by it: whoever gets hold
 * of one phone, or talks its user into pressing keys, must not be able to make calls that somebody pays for.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_DIALPLAN_TRANSFER_H
#define GW_DIALPLAN_TRANSFER_H
#include "gateway/dialplan/dialplan.h"

typedef enum {
  GW_TRANSFER_REFUSED,
  GW_TRANSFER_ROOM,  /* the call moves into this room */
  GW_TRANSFER_PHONE, /* that phone is rung into the room that the call is in */
  GW_TRANSFER_CALL   /* the call takes the place of the one that was named */
} gw_transfer_kind;

typedef struct {
  gboolean allowed;       /* by configuration */
  const char *phone;      /* number of the phone that asks; NULL: no phone of ours */
  const char *room;       /* JID of the room that it is in; NULL: in none */
  const char *target;     /* as in Refer-To */
  gboolean ours;          /* Refer-To is an address of this gateway */
  gboolean names_call;    /* it has a Replaces */
  const char *call_phone; /* and that call is of this phone; NULL: there is no such call */
  gboolean call_up;       /* and is in a room */
  const char *call_asked; /* or is asked for the PIN of this room's number */
} gw_transfer_facts;

typedef struct {
  gw_transfer_kind kind;
  guint status;    /* of the refusal: 403, 404 */
  const char *why; /* static; of the refusal */
  char *number;    /* ROOM, PHONE; owned */
  gboolean asks;   /* ROOM: for its PIN first */
} gw_transfer_decision;
void gw_transfer_decide(const gw_dialplan *, const gw_transfer_facts *, gw_transfer_decision *ret);
void gw_transfer_decision_clear(gw_transfer_decision *);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gw_transfer_decision, gw_transfer_decision_clear)

#endif
