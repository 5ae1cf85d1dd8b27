/* ua_ear.h - what a call of the user agent hears, measured on the packets as they came: no jitter
 * buffer and no concealment smooths anything here. Pure apart from its decoder. Thread: one. Owner:
 * maker frees.  Calls back: never. */
#ifndef GW_UA_EAR_H
#define GW_UA_EAR_H
#include <glib.h>
#include "base/desc.h"
#include "gateway/media/rtp.h"
#include "gateway/media/tone.h"
#include "tools/ua_gaps.h"

#define GW_UA_SOUND_DBFS (-60.0) /* a 20 ms frame (RMS) above this is sound */
#define GW_UA_HEARD_MAX 16       /* tones reported */

typedef struct gw_ua_ear gw_ua_ear;
/* thorough: tones and gaps too; else only counters and the first sound (load: many calls at once).
 */
gw_ua_ear *gw_ua_ear_new(gboolean thorough);
void gw_ua_ear_free(gw_ua_ear *);
/* Payload types that may come: the codecs of our own description. */
void gw_ua_ear_codecs(gw_ua_ear *, const gw_desc_media *own);
const gw_codec *gw_ua_ear_codec(const gw_ua_ear *, guint8 pt); /* NULL: not agreed */
/* An RTP packet that arrived at at_us. FALSE: a payload type that was not agreed, not counted. */
gboolean gw_ua_ear_packet(gw_ua_ear *, const gw_rtp *, gint64 at_us);
void gw_ua_ear_digit(gw_ua_ear *, char digit); /* one that came by SIP INFO */
gw_ua_gaps *gw_ua_ear_gaps(gw_ua_ear *);       /* to pause and resume */

typedef struct {
  gint64 first_audio_us; /* 0: none */
  guint64 received, lost;
  gdouble jitter_ms;
  char codec[24]; /* of the last sound packet, "" none */
  gw_heard heard[GW_UA_HEARD_MAX];
  guint n_heard;
  const char *digits; /* each digit once, in order */
} gw_ua_heard;
void gw_ua_ear_get(const gw_ua_ear *, gw_ua_heard *ret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_ear, gw_ua_ear_free)

#endif
