/* G.711: both laws from tables. The decoding tables follow the formulas of the recommendation, the
 * encoding tables name the nearest code word of each 14 bit value. */
#include "gateway/media/codec_impl.h"
#include "gateway/media/plc.h"
#include "gateway/media/resample.h"

#include <string.h>

#define CODE_BITS 14
#define N_CODES (1 << CODE_BITS)
#define MAX_BYTES (GW_MAX_FRAME / 2)

typedef struct {
  gint16 decode[256];
  guint8 encode[N_CODES]; /* index: (sample >> 2) + 8192 */
} law;
static law alaw, ulaw;

/* All other bits of the code word are inverted on the wire in mu-law, every second one in A-law. */
static gint ulaw_value(guint8 code) {
  guint c = (guint8)~code;
  gint exponent = (c >> 4) & 7, mantissa = c & 15;
  gint v = (((2 * mantissa + 33) << exponent) - 33) * 4;
  return c & 0x80 ? -v : v;
}

static gint alaw_value(guint8 code) {
  guint c = code ^ 0x55;
  gint exponent = (c >> 4) & 7, mantissa = c & 15;
  gint v = 2 * mantissa + 1;
  if (exponent) v = (v + 32) << (exponent - 1);
  return c & 0x80 ? v * 8 : -v * 8;
}

static guint8 nearest(const law *l, gint value, guint from, guint to) {
  guint best = from;
  for (guint c = from; c < to; c++)
    if (ABS(l->decode[c] - value) < ABS(l->decode[best] - value)) best = c;
  return (guint8)best;
}

static void law_make(law *l, gint (*value)(guint8)) {
  for (guint c = 0; c < 256; c++)
    l->decode[c] = (gint16)value((guint8)c);
  /* Code words from 128 on are the positive half in both laws. */
  for (gint i = 0; i < N_CODES; i++) {
    gint v = (i - N_CODES / 2) * 4 + 2;
    l->encode[i] = v > 0 ? nearest(l, v, 128, 256) : nearest(l, v, 0, 128);
  }
}

static void laws_init(void) {
  static gsize done;
  if (g_once_init_enter(&done)) {
    law_make(&alaw, alaw_value);
    law_make(&ulaw, ulaw_value);
    g_once_init_leave(&done, 1);
  }
}

typedef struct {
  const law *law;
  gw_half half;
  gw_plc plc;
} g711_decoder;

static gpointer decoder_new(const law *l) {
  laws_init();
  g711_decoder *d = g_new0(g711_decoder, 1);
  d->law = l;
  return d;
}

static gpointer alaw_decoder_new(void) {
  return decoder_new(&alaw);
}

static gpointer ulaw_decoder_new(void) {
  return decoder_new(&ulaw);
}

static int samples(const guint8 *payload, gsize n) {
  return n <= MAX_BYTES ? (int)(2 * n) : 0;
}

static int decode(gpointer state, const guint8 *payload, gsize n, gint16 *out, int cap) {
  g711_decoder *d = state;
  gint16 narrow[MAX_BYTES];
  for (gsize i = 0; i < n; i++)
    narrow[i] = d->law->decode[payload[i]];
  gw_half_up(&d->half, narrow, (guint)n, out);
  gw_plc_good(&d->plc, out, (guint)(2 * n));
  return (int)(2 * n);
}

static int conceal(gpointer state, gint16 *out, int n) {
  g711_decoder *d = state;
  gw_plc_conceal(&d->plc, out, (guint)n);
  return n;
}

/* Nothing is carried from one sample to the next but the filter, and the concealment that blends
 * over. */
static void reset(gpointer state) {
  g711_decoder *d = state;
  memset(&d->half, 0, sizeof d->half);
}

typedef struct {
  const law *law;
  gw_half half;
} g711_encoder;

static gpointer encoder_new(const law *l) {
  laws_init();
  g711_encoder *e = g_new0(g711_encoder, 1);
  e->law = l;
  return e;
}

static gpointer alaw_encoder_new(gboolean narrow, gboolean fec) {
  return encoder_new(&alaw);
}

static gpointer ulaw_encoder_new(gboolean narrow, gboolean fec) {
  return encoder_new(&ulaw);
}

static int encode(gpointer state, const gint16 *pcm, guint8 *out, int cap) {
  g711_encoder *e = state;
  gint16 narrow[GW_FRAME / 2];
  if (cap < GW_FRAME / 2) return 0;
  gw_half_down(&e->half, pcm, GW_FRAME / 2, narrow);
  for (guint i = 0; i < GW_FRAME / 2; i++)
    out[i] = e->law->encode[(narrow[i] >> 2) + N_CODES / 2];
  return GW_FRAME / 2;
}

const gw_codec_ops gw_codec_pcma = {.name = "PCMA",
                                    .static_pt = 8,
                                    .rtp_clock = 8000,
                                    .channels = 1,
                                    .decoder_new = alaw_decoder_new,
                                    .decoder_free = g_free,
                                    .samples = samples,
                                    .decode = decode,
                                    .conceal = conceal,
                                    .reset = reset,
                                    .encoder_new = alaw_encoder_new,
                                    .encoder_free = g_free,
                                    .encode = encode};
const gw_codec_ops gw_codec_pcmu = {.name = "PCMU",
                                    .static_pt = 0,
                                    .rtp_clock = 8000,
                                    .channels = 1,
                                    .decoder_new = ulaw_decoder_new,
                                    .decoder_free = g_free,
                                    .samples = samples,
                                    .decode = decode,
                                    .conceal = conceal,
                                    .reset = reset,
                                    .encoder_new = ulaw_encoder_new,
                                    .encoder_free = g_free,
                                    .encode = encode};
