/* ua_voice.h - tone, file or silence, encoded: one payload per 20 ms. Many calls may say the same:
 * it is encoded once. Pure. Thread: one.  Owner: maker frees; a voice belongs to its gw_ua_voices.
 * Calls back: never. */
#ifndef GW_UA_VOICE_H
#define GW_UA_VOICE_H
#include <glib.h>
#include "tools/ua_wav.h"

typedef struct gw_ua_voice gw_ua_voice;   /* in one codec */
typedef struct gw_ua_voices gw_ua_voices; /* the same in several codecs */

/* tone_hz 0: none. wav (borrowed, may be NULL) is repeated. Neither: silence. fec: Opus packets
 * carry a copy of the one before (RFC 6716 2.1.7). */
gw_ua_voices *gw_ua_voices_new(gdouble tone_hz, const gw_ua_wav *wav, gboolean fec);
void gw_ua_voices_free(gw_ua_voices *);
gw_ua_voice *gw_ua_voices_get(gw_ua_voices *, const char *codec);
/* The payload of this tick, which lives until the next call; the same for all who ask in one tick.
 * frame (GW_FRAME samples, or NULL) is said instead. Returns bytes, <= 0: nothing to send. */
int gw_ua_voice_say(gw_ua_voice *, guint64 tick, const gint16 *frame, const guint8 **ret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_voices, gw_ua_voices_free)

#endif
