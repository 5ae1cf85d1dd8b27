/* G.722 at 64 kbit/s by spandsp. The RTP clock says 8000 though the sound has 16 kHz (RFC
 * 3551 4.5.2). */
#include "gateway/media/codec_impl.h"
#include "gateway/media/plc.h"

#include <spandsp.h>

#define BIT_RATE 64000

typedef struct {
  g722_decode_state_t *g722;
  gw_plc plc;
} g722_decoder;

static gpointer decoder_new(void) {
  g722_decoder *d = g_new0(g722_decoder, 1);
  d->g722 = g722_decode_init(NULL, BIT_RATE, 0);
  return d;
}

static void decoder_free(gpointer state) {
  g722_decoder *d = state;
  g722_decode_free(d->g722);
  g_free(d);
}

static int samples(const guint8 *payload, gsize n) {
  return n <= GW_MAX_FRAME / 2 ? (int)(2 * n) : 0;
}

static int decode(gpointer state, const guint8 *payload, gsize n, gint16 *out, int cap) {
  g722_decoder *d = state;
  int got = g722_decode(d->g722, out, payload, (int)n);
  if (got <= 0) return 0;
  gw_plc_good(&d->plc, out, (guint)got);
  return got;
}

static int conceal(gpointer state, gint16 *out, int n) {
  g722_decoder *d = state;
  gw_plc_conceal(&d->plc, out, (guint)n);
  return n;
}

static void reset(gpointer state) {
  g722_decoder *d = state;
  g722_decode_init(d->g722, BIT_RATE, 0);
}

static gpointer encoder_new(gboolean narrow, gboolean fec) {
  return g722_encode_init(NULL, BIT_RATE, 0);
}

static void encoder_free(gpointer state) {
  g722_encode_free(state);
}

static int encode(gpointer state, const gint16 *pcm, guint8 *out, int cap) {
  return cap < GW_FRAME / 2 ? 0 : g722_encode(state, out, pcm, GW_FRAME);
}

const gw_codec_ops gw_codec_g722 = {.name = "G722",
                                    .static_pt = 9,
                                    .rtp_clock = 8000,
                                    .channels = 1,
                                    .decoder_new = decoder_new,
                                    .decoder_free = decoder_free,
                                    .samples = samples,
                                    .decode = decode,
                                    .conceal = conceal,
                                    .reset = reset,
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encode = encode};
