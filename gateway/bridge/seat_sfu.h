/* seat_sfu.h - a seat's line to the forwarding service of its room, whatever kind of service that is: the flavour asks and
 * is told in the words of flavour.h (join, streams, candidates, who comes and goes, leave), and a row of gw_sfu_kinds
 * knows how its service wants to hear them.
 * Thread: control.  Owner: the seat.  Calls back: feed, from the loop; say and greet, from inside of ask and of itself from
 * the loop; nothing after gw_seat_sfu_free. */
#ifndef GW_SEAT_SFU_H
#define GW_SEAT_SFU_H
#include "gateway/flavour/flavour.h"

typedef struct gw_seat_sfu gw_seat_sfu;
typedef void (*gw_seat_feed)(const gw_ev *, void *user);
typedef struct {
  const char *kind;      /* of tipring.conf */
  const char *address;   /* URL, or JID of a conference or of a service; NULL: none is configured, each call fails at once */
  const char *room, *nick;
  gboolean in_room;      /* we sit there: it has seen us */
  gw_seat_feed feed;
  void (*say)(const gw_word *, void *user);                    /* sends a Jingle word */
  void (*greet)(const char *jid, gboolean come, void *user);   /* presence for that JID only */
  void *user;
} gw_seat_sfu_params;
gw_seat_sfu *gw_seat_sfu_new(const gw_seat_sfu_params *); /* copied */
void gw_seat_sfu_free(gw_seat_sfu *);                     /* leaves */
void gw_seat_sfu_ask(gw_seat_sfu *, const gw_action *);
gboolean gw_seat_sfu_word(gw_seat_sfu *, const gw_word *); /* a word for our JID. TRUE: the service's */

#endif
