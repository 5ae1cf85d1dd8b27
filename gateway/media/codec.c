#include "gateway/media/codec.h"

#include "gateway/media/codec_impl.h"

struct gw_decoder {
  const gw_codec_ops *ops;
  gpointer state;
};

struct gw_encoder {
  const gw_codec_ops *ops;
  gpointer state;
};

static const gw_codec_ops *ops_of(const char *name) {
  static const gw_codec_ops *const all[] = {&gw_codec_opus, &gw_codec_g722, &gw_codec_pcma,
                                            &gw_codec_pcmu};
  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    if (!g_ascii_strcasecmp(name, all[i]->name)) return all[i];
  return NULL;
}

gboolean gw_codec_known(const char *name) {
  return ops_of(name) != NULL;
}

gboolean gw_codec_fill(const char *name, guint8 dynamic_pt, gw_desc_media *add_to) {
  const gw_codec_ops *ops = ops_of(name);
  if (!ops) return FALSE;
  guint8 pt = ops->static_pt >= 0 ? (guint8)ops->static_pt : dynamic_pt;
  gw_desc_media_add_codec(add_to, pt, ops->name, ops->rtp_clock, ops->channels, ops->fmtp);
  return TRUE;
}

guint gw_codec_rtp_clock(const char *name) {
  const gw_codec_ops *ops = ops_of(name);
  return ops ? ops->rtp_clock : 8000;
}

gw_decoder *gw_decoder_new(const char *name) {
  const gw_codec_ops *ops = ops_of(name);
  if (!ops) return NULL;
  gw_decoder *d = g_new0(gw_decoder, 1);
  d->ops = ops;
  d->state = ops->decoder_new();
  return d;
}

void gw_decoder_free(gw_decoder *d) {
  if (!d) return;
  d->ops->decoder_free(d->state);
  g_free(d);
}

int gw_decoder_samples(gw_decoder *d, const guint8 *payload, gsize n) {
  int samples = n ? d->ops->samples(payload, n) : 0;
  return samples <= GW_MAX_FRAME ? samples : 0;
}

int gw_decoder_packet(gw_decoder *d, const guint8 *payload, gsize n, gboolean fec, gint16 *out,
                      int cap) {
  int samples = gw_decoder_samples(d, payload, n);
  if (!samples) return 0;
  if (fec) return d->ops->decode_fec ? d->ops->decode_fec(d->state, payload, n, out, cap) : 0;
  return samples <= cap ? d->ops->decode(d->state, payload, n, out, cap) : 0;
}

int gw_decoder_conceal(gw_decoder *d, gint16 *out, int samples) {
  return d->ops->conceal(d->state, out, MIN(samples, GW_MAX_FRAME));
}

void gw_decoder_reset(gw_decoder *d) {
  d->ops->reset(d->state);
}

gw_encoder *gw_encoder_new(const char *name, gboolean narrow, gboolean fec) {
  const gw_codec_ops *ops = ops_of(name);
  if (!ops) return NULL;
  gw_encoder *e = g_new0(gw_encoder, 1);
  e->ops = ops;
  e->state = ops->encoder_new(narrow, fec);
  return e;
}

void gw_encoder_free(gw_encoder *e) {
  if (!e) return;
  e->ops->encoder_free(e->state);
  g_free(e);
}

void gw_encoder_begin(gw_encoder *e, const gint16 *before) {
  guint8 unheard[1500];
  if (!e->ops->begin) return;
  e->ops->begin(e->state);
  e->ops->encode(e->state, before, unheard, sizeof unheard);
}

void gw_encoder_copies(gw_encoder *e, gboolean on) {
  if (e->ops->copies) e->ops->copies(e->state, on);
}

int gw_encoder_frame(gw_encoder *e, const gint16 *pcm, guint8 *out, int cap) {
  return e->ops->encode(e->state, pcm, out, cap);
}
