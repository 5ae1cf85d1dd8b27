/* Opus: decoded at 16 kHz whatever the sender used (the cheapest rate measured), encoded at the
 * rate of the source. */
#include "gateway/media/codec_impl.h"
#include "gateway/media/plc.h"
#include "gateway/media/resample.h"

#include <opus.h>
#include <string.h>

#define UNIT 40 /* 2.5 ms at GW_RATE: concealment comes in multiples of it */
#define BITRATE_WIDE 24000
#define BITRATE_NARROW 16000
#define BITRATE_NARROW_COPIES 20000 /* below 18400 the library leaves the copies out, at 10 % expected loss */
#define COMPLEXITY 5
#define EXPECTED_LOSS 10 /* per cent */
#define NARROW_RATE 8000

typedef struct {
  OpusDecoder *opus;
  guint concealed; /* samples since the last good one */
} opus_decoder;

static gpointer decoder_new(void) {
  opus_decoder *d = g_new0(opus_decoder, 1);
  d->opus = opus_decoder_create(GW_RATE, 1, NULL);
  g_assert(d->opus); /* fails only for want of memory */
  return d;
}

static void decoder_free(gpointer state) {
  opus_decoder *d = state;
  opus_decoder_destroy(d->opus);
  g_free(d);
}

static int samples(const guint8 *payload, gsize n) {
  return n > G_MAXINT ? 0 : MAX(0, opus_packet_get_nb_samples(payload, (opus_int32)n, GW_RATE));
}

static int decode(gpointer state, const guint8 *payload, gsize n, gint16 *out, int cap) {
  opus_decoder *d = state;
  int got = opus_decode(d->opus, payload, (opus_int32)n, out, cap, 0);
  if (got <= 0) return 0;
  d->concealed = 0;
  return got;
}

/* Does the packet carry the low bit-rate copy of the one before? RFC 6716 4.2.3 and 4.2.4: a SILK
 * frame starts, for each channel, with one VAD bit per 20 ms and one LBRR bit. */
gboolean gw_opus_has_fec(const guint8 *payload, gsize n) {
  const guint8 *frames[48];
  opus_int16 sizes[48];
  if (payload[0] & 0x80) return FALSE; /* CELT only */
  if (opus_packet_parse(payload, (opus_int32)n, NULL, frames, sizes, NULL) <= 0) return FALSE;
  if (sizes[0] < 1) return FALSE;
  int silk_frames = MAX(1, opus_packet_get_samples_per_frame(payload, 1000) / 20);
  gboolean fec = (frames[0][0] >> (7 - silk_frames)) & 1;
  if (opus_packet_get_nb_channels(payload) == 2) fec |= (frames[0][0] >> (6 - 2 * silk_frames)) & 1;
  return fec;
}

/* The first bits of each SILK frame; of a stereo packet those of the middle are enough. */
gboolean gw_opus_has_voice(const guint8 *payload, gsize n) {
  const guint8 *frames[48];
  opus_int16 sizes[48];
  if (n <= 2) return FALSE;
  if (payload[0] & 0x80) return TRUE; /* CELT only */
  int count = opus_packet_parse(payload, (opus_int32)n, NULL, frames, sizes, NULL);
  int per_frame = MAX(1, opus_packet_get_samples_per_frame(payload, 1000) / 20);
  for (int i = 0; i < count; i++)
    if (sizes[i] > 0 && frames[i][0] >> (8 - per_frame)) return TRUE;
  return FALSE;
}

static int decode_fec(gpointer state, const guint8 *payload, gsize n, gint16 *out, int cap) {
  opus_decoder *d = state;
  int want = cap / UNIT * UNIT;
  if (want <= 0 || !gw_opus_has_fec(payload, n)) return 0;
  int got = opus_decode(d->opus, payload, (opus_int32)n, out, want, 1);
  if (got <= 0) return 0;
  d->concealed = 0;
  return got;
}

/* The library fades too, but slowly: ours ends at the same time for all codecs, and then costs
 * nothing. */
static int conceal(gpointer state, gint16 *out, int n) {
  opus_decoder *d = state;
  gint16 pcm[GW_MAX_FRAME];
  int want = (n + UNIT - 1) / UNIT * UNIT, got = 0;
  if (gw_plc_gain(d->concealed) > 0) got = opus_decode(d->opus, NULL, 0, pcm, want, 0);
  for (int i = 0; i < n; i++)
    out[i] = i < got ? (gint16)(pcm[i] * gw_plc_gain(d->concealed + (guint)i)) : 0;
  d->concealed = MIN(d->concealed + (guint)n, GW_RATE);
  return n;
}

static void reset(gpointer state) {
  opus_decoder *d = state;
  opus_decoder_ctl(d->opus, OPUS_RESET_STATE);
  d->concealed = 0;
}

typedef struct {
  OpusEncoder *opus;
  gboolean narrow;
  gw_half half;
} opus_encoder;

static gpointer encoder_new(gboolean narrow, gboolean fec) {
  opus_encoder *e = g_new0(opus_encoder, 1);
  e->narrow = narrow;
  e->opus = opus_encoder_create(narrow ? NARROW_RATE : GW_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
  g_assert(e->opus); /* fails only for want of memory */
  opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
  opus_encoder_ctl(e->opus, OPUS_SET_BITRATE(!narrow ? BITRATE_WIDE : fec ? BITRATE_NARROW_COPIES : BITRATE_NARROW));
  opus_encoder_ctl(e->opus, OPUS_SET_DTX(0));
  opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(fec ? 1 : 0));
  opus_encoder_ctl(e->opus, OPUS_SET_PACKET_LOSS_PERC(fec ? EXPECTED_LOSS : 0));
  return e;
}

static void encoder_free(gpointer state) {
  opus_encoder *e = state;
  opus_encoder_destroy(e->opus);
  g_free(e);
}

static int encode(gpointer state, const gint16 *pcm, guint8 *out, int cap) {
  opus_encoder *e = state;
  if (!e->narrow) return opus_encode(e->opus, pcm, GW_FRAME, out, cap);
  gint16 narrow[GW_FRAME / 2];
  gw_half_down(&e->half, pcm, GW_FRAME / 2, narrow);
  return opus_encode(e->opus, narrow, GW_FRAME / 2, out, cap);
}

static void copies(gpointer state, gboolean on) {
  opus_encoder *e = state;
  if (!e->narrow) return;
  opus_encoder_ctl(e->opus, OPUS_SET_BITRATE(on ? BITRATE_NARROW_COPIES : BITRATE_NARROW));
  opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(on ? 1 : 0)); /* once begun, the lower rate alone does not end them */
}

static void begin(gpointer state) {
  opus_encoder *e = state;
  opus_encoder_ctl(e->opus, OPUS_RESET_STATE);
}

/* One parameter only: some clients compare the whole list when they look for a codec that all have
 * in common. */
const gw_codec_ops gw_codec_opus = {.name = "opus",
                                    .static_pt = -1,
                                    .rtp_clock = 48000,
                                    .channels = 2,
                                    .fmtp = "useinbandfec=1",
                                    .decoder_new = decoder_new,
                                    .decoder_free = decoder_free,
                                    .samples = samples,
                                    .decode = decode,
                                    .decode_fec = decode_fec,
                                    .conceal = conceal,
                                    .reset = reset,
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encode = encode,
                                    .copies = copies,
                                    .begin = begin};
