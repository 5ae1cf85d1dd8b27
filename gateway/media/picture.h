/* picture.h - the smallest picture there is: one constant VP8 key frame, 64 by 48 and black, once a second. Pages that wait
 * for a first frame before they play anything hear a telephone only beside one. Pure; no encoder.
 * Thread: its owner's.  Owner: embedded in a peer.  Calls back: never. */
#ifndef GW_PICTURE_H
#define GW_PICTURE_H
#include "base/desc.h"
#include "base/ids.h"

#define GW_PICTURE_CLOCK 90000
#define GW_PICTURE_TICKS 50 /* between two frames; 20 ms each */

typedef struct {
  guint32 ssrc, ts;
  guint16 seq;
  guint8 pt;
  gboolean on; /* somebody takes it */
  guint64 due_tick;
  guint32 packets;
} gw_picture;

void gw_picture_init(gw_picture *, gw_ids *);
/* Goes on or off by the answer: a video that takes VP8, with its payload type. */
void gw_picture_agree(gw_picture *, const gw_desc *answer);
/* The RTP packet that is due at this tick, or 0. */
gsize gw_picture_packet(gw_picture *, guint64 tick, guint8 *out, gsize cap);
/* Its sender report (RFC 3550 6.4.1), or 0 before the first packet: with the sound's it says what belongs together. */
gsize gw_picture_report(const gw_picture *, const char *cname, guint64 tick, gint64 wall_us, guint8 *out, gsize cap);

#endif
