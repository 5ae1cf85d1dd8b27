/* call_room_rules.h - calls that are invited to in one room and take place in another (XEP-0482): which invitations count,
 * and where a phone goes that dials the first room's number.
 * Thread: any (pure).  Owner: nothing is kept; strings of the facts are the caller's.  Calls back: never. */
#ifndef GW_CALL_ROOM_RULES_H
#define GW_CALL_ROOM_RULES_H
#include <glib.h>

/* JIDs of rooms. */
typedef struct {
  const char *room;    /* the one that is dialled */
  const char *taken;   /* where phones of ours that dialled it are in a call; NULL: none is. They hear each other without
                        * a session, so all are in one call */
  const char *invited; /* where the newest invitation that counts leads; NULL: there is none */
  gboolean running;    /* a call runs in the room itself */
} gw_call_room_facts;
const char *gw_call_room_where(const gw_call_room_facts *); /* one of the facts' strings, or NULL: in the room itself */

typedef struct {
  const char *leads_to;      /* NULL: no way in that we know */
  const char *taken;         /* as above */
  gboolean wanted;           /* the room's flavour allows such calls */
  gboolean occupants_invite; /* the room's occupants may */
} gw_call_room_ask;
const char *gw_call_room_why_not(const gw_call_room_ask *); /* static; NULL: it counts */

#endif
