/* ua_mouth.h - what a call of the user agent says: one RTP packet per 20 ms of tone, file, echo,
 * silence or digits. Pure. Thread: one.  Owner: maker frees.  Calls back: never. */
#ifndef GW_UA_MOUTH_H
#define GW_UA_MOUTH_H
#include <glib.h>
#include "base/ids.h"
#include "tools/ua_voice.h"

#define GW_UA_TICK_US 20000

typedef struct gw_ua_mouth gw_ua_mouth;
gw_ua_mouth *gw_ua_mouth_new(gw_ids *, gw_ua_voices *borrowed);
void gw_ua_mouth_free(gw_ua_mouth *);
/* How to send: the codec and its payload type; event_pt: telephone-event, -1 = none. */
void gw_ua_mouth_codec(gw_ua_mouth *, const char *name, guint8 pt, int event_pt, guint event_clock);
/* Digits 0-9 * # A-D by RFC 4733, 100 ms each; a comma waits a second. They take the place of the
 * sound. */
void gw_ua_mouth_digits(gw_ua_mouth *, const char *digits);
/* The packet of this tick; 0 before a codec is set. frame (GW_FRAME samples or NULL) is said
 * instead of the voice. */
gsize gw_ua_mouth_packet(gw_ua_mouth *, guint64 tick, const gint16 *frame, guint8 *out, gsize cap);
/* A tick in which nothing is sent (hold, or we were late): time goes on. */
void gw_ua_mouth_skip(gw_ua_mouth *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_mouth, gw_ua_mouth_free)

#endif
