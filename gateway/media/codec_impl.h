/* codec_impl.h - the table behind codec.h, for the codec_*.c files only. A codec decodes to and
 * encodes from GW_RATE.
 * Thread: the one that owns the instance.  Owner: maker frees.  Calls back: never. */
#ifndef GW_CODEC_IMPL_H
#define GW_CODEC_IMPL_H
#include "gateway/media/codec.h"

typedef struct {
  const char *name;
  gint static_pt; /* RFC 3551 6, -1: dynamic */
  guint32 rtp_clock;
  guint8 channels;  /* as written in descriptions */
  const char *fmtp; /* or NULL */
  gpointer (*decoder_new)(void);
  void (*decoder_free)(gpointer);
  int (*samples)(const guint8 *payload, gsize n); /* at GW_RATE; 0 = broken */
  int (*decode)(gpointer, const guint8 *payload, gsize n, gint16 *out, int cap);
  int (*decode_fec)(gpointer, const guint8 *payload, gsize n, gint16 *out, int cap); /* or NULL */
  void (*reset)(gpointer);
  int (*conceal)(gpointer, gint16 *out, int samples);
  gpointer (*encoder_new)(gboolean narrow, gboolean fec);
  void (*encoder_free)(gpointer);
  int (*encode)(gpointer, const gint16 *pcm, guint8 *out, int cap);
  void (*copies)(gpointer, gboolean on); /* or NULL */
  void (*begin)(gpointer); /* or NULL: has no memory worth the name */
} gw_codec_ops;
extern const gw_codec_ops gw_codec_opus, gw_codec_g722, gw_codec_pcma, gw_codec_pcmu;

#endif
