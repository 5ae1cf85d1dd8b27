/* seat_sfu.h - a seat's line to the forwarding service of its room: what the flavour asks goes out as the service's words
 * (names are room/nick, descriptions are SDP), and what it says comes back as events of the flavour.
 * Thread: control.  Owner: the seat.  Calls back: feed, from the loop; nothing after gw_seat_sfu_free. */
#ifndef GW_SEAT_SFU_H
#define GW_SEAT_SFU_H
#include "gateway/flavour/flavour.h"

typedef struct gw_seat_sfu gw_seat_sfu;
typedef void (*gw_seat_feed)(const gw_ev *, void *user);
/* url: NULL: none is configured, each call then fails at once. */
gw_seat_sfu *gw_seat_sfu_new(const char *url, const char *room, const char *nick, gw_seat_feed, void *user);
void gw_seat_sfu_free(gw_seat_sfu *); /* leaves */
void gw_seat_sfu_ask(gw_seat_sfu *, const gw_action *);

#endif
