/* ua_desc.h - session descriptions of the user agent: what it offers and what an agreement means.
 * Pure. Thread: any.  Owner: caller frees the result.  Calls back: never. */
#ifndef GW_UA_DESC_H
#define GW_UA_DESC_H
#include <glib.h>
#include "base/desc.h"

/* One audio of plain RTP with these codecs, and telephone-event for each of their clocks (RFC
 * 4733 2.1). */
gw_desc *gw_ua_desc_new(const char *address, guint16 port, const char *const *codecs, gw_dir);

typedef struct {
  char codec[24];
  guint8 pt;    /* to send with */
  int event_pt; /* telephone-event, -1 = not taken */
  guint event_clock;
  gw_dir dir; /* ours: what really flows */
  char address[64];
  guint16 port;
} gw_ua_agreed;
/* FALSE: no audio or no codec in common. */
gboolean gw_ua_desc_agreed(const gw_desc *remote, const gw_desc *own, gw_ua_agreed *ret);

#endif
