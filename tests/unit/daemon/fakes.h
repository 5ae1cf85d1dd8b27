/* fakes.h - what the stand-ins for bridge, SIP, XMPP and media tell and remember. One test at a
 * time. */
#ifndef FAKES_H
#define FAKES_H
#include "daemon/control.h"

typedef struct {
  guint calls;            /* that run: c0, c1, ... */
  guint bans, slowed;     /* how many are told of: at most 2 and 1 */
  const char *registered; /* the one phone that is */
  gw_xmpp_state stream;
  guint up_after; /* looks at the stream until it is up, 0: never by itself */
  gboolean let_in; /* the test call gets into the room */
  char *hung_up, *muted, *forgotten;
} fake_world;
extern fake_world fake;
void fake_reset(void);

#endif
