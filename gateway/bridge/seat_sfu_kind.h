/* seat_sfu_kind.h - what a kind of forwarding service has to bring: one row of gw_sfu_kinds. Private to the seat's line.
 * Thread: control.  Owner: the line owns what open made.  Calls back: gw_seat_sfu_feed, from the loop. */
#ifndef GW_SEAT_SFU_KIND_H
#define GW_SEAT_SFU_KIND_H
#include "gateway/bridge/seat_sfu.h"

typedef struct {
  const char *kind;                                     /* of tipring.conf */
  void *(*open)(gw_seat_sfu *, const char *call);       /* joins the call of that id; NULL: no such address */
  void (*ask)(void *, const gw_action *);               /* all but JOIN and LEAVE */
  gboolean (*word)(void *, const gw_word *);            /* NULL: nothing comes by XMPP */
  void (*close)(void *);                                /* leaves */
} gw_sfu_kind;
extern const gw_sfu_kind gw_sfu_kind_sio, gw_sfu_kind_xep0521, gw_sfu_kind_tigase_meet;

struct gw_seat_sfu {
  const gw_sfu_kind *kind;
  char *address, *room, *name; /* name: room/nick */
  gw_seat_sfu_params params;   /* its strings are not ours */
  void *line;                  /* NULL: in no call */
  struct gw_timer *unserved;   /* there is no service to ask: said from the loop, too */
};
void gw_seat_sfu_feed(gw_seat_sfu *, const gw_fl_sfu *, gw_cause);

#endif
