/* ua_media.h - the sound of the user agent's calls: one tick of 20 ms serves all, on the main loop.
 * Thread: the one of the loop.  Owner: maker frees; a stream must be freed before its gw_ua_media.
 * Calls back: never. */
#ifndef GW_UA_MEDIA_H
#define GW_UA_MEDIA_H
#include <glib.h>
#include "base/desc.h"
#include "tools/ua_ear.h"
#include "tools/ua_wav.h"

typedef struct gw_ua_media gw_ua_media;
typedef struct gw_ua_stream gw_ua_stream;

gw_ua_media *gw_ua_media_new(GMainContext *, GError **);
void gw_ua_media_free(gw_ua_media *);

typedef struct {
  const char *const *codecs; /* order of preference; must outlive the stream */
  gdouble tone_hz;           /* 0 = none */
  const gw_ua_wav *play;     /* or NULL; must outlive the stream */
  gboolean fec;              /* Opus packets carry a copy of the one before */
  gboolean echo;             /* say what was heard */
  const char *record;        /* WAV file to write, or NULL */
  gboolean thorough;         /* tones and gaps are looked for */
  gboolean sdes;             /* encrypted, or nothing */
  gboolean shared;           /* all streams say the same, encoded once; not with echo */
} gw_ua_sound;
/* Opens the RTP port on a literal address. */
gw_ua_stream *gw_ua_stream_new(gw_ua_media *, const char *address, const gw_ua_sound *, GError **);
gboolean gw_ua_stream_free(gw_ua_stream *,
                           GError **); /* FALSE: the recording could not be written whole */
/* Our offer, or what we can when somebody offers: codecs, address, port. */
gw_desc *gw_ua_stream_desc(const gw_ua_stream *, gw_dir);
/* What was agreed: remote = their description, own = ours (its direction and payload types count).
 */
void gw_ua_stream_agreed(gw_ua_stream *, const gw_desc *remote, const gw_desc *own);
void gw_ua_stream_start(gw_ua_stream *); /* answered: begins to speak, gaps count */
void gw_ua_stream_hold(
    gw_ua_stream *); /* gaps do not count until a direction that receives is agreed */
void gw_ua_stream_stop(gw_ua_stream *); /* over: what waits is read, then nothing comes or goes */
/* By RFC 4733. FALSE: the other side does not take them (use SIP INFO). */
gboolean gw_ua_stream_digits(gw_ua_stream *, const char *digits);
gw_ua_ear *gw_ua_stream_ear(gw_ua_stream *);
guint64 gw_ua_stream_sent(const gw_ua_stream *);
const char *gw_ua_stream_codec(const gw_ua_stream *); /* "" until agreed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_media, gw_ua_media_free)

#endif
