/* codec.h - encoders and decoders behind one table. Everything between them is signed 16 bit mono
 * at 8 or 16 kHz.
 * Thread: the one that owns the instance.  Owner: maker frees.  Calls back: never.
 * No allocation after _new. */
#ifndef GW_CODEC_H
#define GW_CODEC_H
#include <glib.h>
#include "base/desc.h"

#define GW_RATE 16000                       /* Hz: the mixer's rate */
#define GW_FRAME 320                        /* samples in 20 ms at GW_RATE */
#define GW_MAX_FRAME (GW_RATE / 1000 * 120) /* samples of the longest packet, 120 ms */

typedef struct gw_decoder gw_decoder;
typedef struct gw_encoder gw_encoder;
gboolean gw_codec_known(const char *name); /* "opus" "G722" "PCMA" "PCMU" */
/* Static payload type, clock of the RTP timestamp, channels and fmtp of our offers; FALSE when
 * unknown. */
gboolean gw_codec_fill(const char *name, guint8 dynamic_pt, gw_desc_media *add_to);
guint gw_codec_rtp_clock(const char *name); /* opus 48000, G722 8000 (RFC 3551 4.5.2), else 8000 */

/* Decodes to GW_RATE. */
gw_decoder *gw_decoder_new(const char *name);
void gw_decoder_free(gw_decoder *);
/* Samples written to out (cap samples), 0 for a broken packet. fec: rebuild the packet BEFORE this
 * one from its in-band FEC (Opus), cap = how many samples of it are wanted; returns 0 when it
 * carries none. */
int gw_decoder_packet(gw_decoder *, const guint8 *payload, gsize n, gboolean fec, gint16 *out,
                      int cap);
int gw_decoder_conceal(gw_decoder *, gint16 *out,
                       int samples); /* fades to silence after about 60 ms */
void gw_decoder_reset(gw_decoder *); /* another sender follows */
int gw_decoder_samples(gw_decoder *, const guint8 *payload,
                       gsize n); /* length of a packet at GW_RATE without decoding, 0 = broken */

/* Does an Opus packet say that there is voice in it (RFC 6716 4.2.3)? Without decoding; TRUE when it does not tell. */
gboolean gw_opus_has_voice(const guint8 *payload, gsize n);

/* Does an Opus packet carry a copy of the one before (in-band FEC)? */
gboolean gw_opus_has_fec(const guint8 *payload, gsize n);

/* Encodes GW_FRAME samples at GW_RATE for 20 ms; narrow: Opus of an 8 kHz source at 8 kHz
 * (complexity 5). */
gw_encoder *gw_encoder_new(const char *name, gboolean narrow, gboolean fec);
void gw_encoder_free(gw_encoder *);
/* An Opus encoder with fec for 8 kHz: do copies of frames go along? They cost a fifth of its work; at first they do. */
void gw_encoder_copies(gw_encoder *, gboolean on);
/* Begins anew, in step with a listener who has heard this frame from another encoder. */
void gw_encoder_begin(gw_encoder *, const gint16 *before);
int gw_encoder_frame(gw_encoder *, const gint16 *pcm, guint8 *out,
                     int cap); /* bytes, <= 0: nothing to send */

#endif
