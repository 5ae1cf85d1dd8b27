/* voice.h - one voice that several peers hear: each codec is encoded once per tick, however many
 * listen. While nothing is said (gate.h) the encoder rests, and Opus sends an empty frame now and then, as discontinuous
 * transmission does (RFC 6716 2.1.9, RFC 7587 3.1.3): the listener's decoder makes the noise of the line, and knows that the
 * sender is there. What came as Opus, and is heard alone, is passed on as it came (pass.h).
 * Thread: the owner's worker.  Owner: embedded;
 * gw_voice_clear frees.  Calls back: never. Allocates only in gw_voice_prepare. */
#ifndef GW_VOICE_H
#define GW_VOICE_H
#include "gateway/media/gate.h"
#include "gateway/media/pass.h"
#include "gateway/media/stream.h"

#define GW_VOICE_BYTES 640
#define GW_VOICE_EMPTY 2  /* bytes: an Opus packet of no more says "silence from here" */
#define GW_VOICE_HOLE -2  /* in place of a length: nothing, and a number is left out */
#define GW_VOICE_LOSING 2    /* of 256, fraction lost at which a listener is sent copies of frames (in-band FEC) ... */
#define GW_VOICE_COPIES 1500 /* ... for so many ticks (30 s) from then on */
#define GW_VOICE_EVERY 20 /* ticks between two of them (400 ms, as libopus does) */

typedef struct {
  gint16 pcm[GW_FRAME];
  gboolean narrow;
  gw_gate gate;
  gint level;   /* RFC 6464 of this tick's frame, -1: not measured */
  guint closed; /* ticks since the gate closed, 0: open */
  gw_pass pass;
  gint16 last[GW_FRAME]; /* the frame before, while packets are passed on */
  const void *source;    /* of this tick's frame, with the packet that it came in (gw_pass_frame) */
  const guint8 *came;
  int came_len;
  guint copies;            /* ticks for which copies go along in a voice of 8 kHz; one of 16 kHz always has them */
  gboolean bounded, lossy; /* of those who listen: see gw_pass_fit */
  struct {
    gw_encoder *encoder;
    guint8 toc; /* of the last Opus packet */
    int len;    /* of data, GW_VOICE_HOLE, or -1: not encoded this tick */
    guint8 data[GW_VOICE_BYTES];
  } as[GW_CODECS];
} gw_voice;

void gw_voice_init(gw_voice *);
void gw_voice_clear(gw_voice *);
/* Makes the encoder of a codec that will be asked for. narrow: the source has 8 kHz. */
void gw_voice_prepare(gw_voice *, int codec);
void gw_voice_narrow(gw_voice *, gboolean narrow);
/* A listener has lost so much of it, of 256, as its last report says (RFC 3550 6.4.1). Each tick. */
void gw_voice_lost(gw_voice *, guint8 fraction);
/* The frame of this tick; NULL: silence. whole: nothing in it was made up for lost packets (gate.h). */
void gw_voice_frame(gw_voice *, const gint16 *pcm_or_null, gboolean whole);
/* That frame alone is what this source's Opus packet brought, unchanged; n as of gw_jitter_packet. Valid for this tick. */
void gw_voice_came(gw_voice *, const void *source, const guint8 *packet, int n);
guint8 gw_voice_level(gw_voice *);              /* RFC 6464: bit 7 while anything is said, -dBov */
int gw_voice_packet(gw_voice *, int codec, const guint8 **ret); /* bytes, <= 0: nothing to send (GW_VOICE_HOLE) */

#endif
