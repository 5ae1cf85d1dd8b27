#include "gateway/media/voice.h"
#include "gateway/media/mixer.h"
#include <string.h>

#define TOLD 3 /* times that the silence is said at first: one may get lost */
#define OPUS 0 /* gw_codec_index("opus") */

void gw_voice_init(gw_voice *v) {
  memset(v, 0, sizeof *v);
}

void gw_voice_clear(gw_voice *v) {
  for (int i = 0; i < GW_CODECS; i++)
    g_clear_pointer(&v->as[i].encoder, gw_encoder_free);
}

void gw_voice_prepare(gw_voice *v, int codec) {
  if (codec < 0 || v->as[codec].encoder) return;
  v->as[codec].encoder = gw_encoder_new(gw_codec_word(codec), v->narrow, TRUE);
  gw_encoder_copies(v->as[codec].encoder, v->copies > 0);
  v->as[codec].len = -1;
  v->as[codec].toc = 0;
}

void gw_voice_narrow(gw_voice *v, gboolean narrow) {
  if (v->narrow == narrow) return;
  v->narrow = narrow;
  if (v->as[OPUS].encoder) {
    g_clear_pointer(&v->as[OPUS].encoder, gw_encoder_free);
    gw_voice_prepare(v, OPUS);
  }
}

static void send_copies(gw_voice *v, gboolean on) {
  if (v->as[OPUS].encoder) gw_encoder_copies(v->as[OPUS].encoder, on);
}

void gw_voice_lost(gw_voice *v, guint8 fraction) {
  if (fraction < GW_VOICE_LOSING) return;
  if (!v->copies) send_copies(v, TRUE);
  v->copies = GW_VOICE_COPIES;
}

void gw_voice_frame(gw_voice *v, const gint16 *pcm, gboolean whole) {
  if (v->pass.stale) memcpy(v->last, v->pcm, sizeof v->last);
  if (v->copies && !--v->copies) send_copies(v, FALSE);
  v->source = NULL;
  v->came_len = 0;
  if (pcm)
    memcpy(v->pcm, pcm, sizeof v->pcm);
  else
    memset(v->pcm, 0, sizeof v->pcm);
  v->closed = gw_gate_frame(&v->gate, pcm, whole);
  v->level = -1;
  for (int i = 0; i < GW_CODECS; i++)
    v->as[i].len = -1;
}

void gw_voice_came(gw_voice *v, const void *source, const guint8 *packet, int n) {
  v->source = source;
  v->came = packet;
  v->came_len = gw_pass_fit(packet, n, v->bounded, v->lossy);
}

guint8 gw_voice_level(gw_voice *v) {
  if (v->level < 0) v->level = v->closed ? 127 : (gint)(0.5 - gw_level_dbfs(v->pcm, GW_FRAME));
  return (guint8)(v->level | (v->closed ? 0 : 0x80));
}

/* FALSE: to be encoded. */
static gboolean passed_on(gw_voice *v) {
  switch (gw_pass_frame(&v->pass, v->source, v->came_len, -(gdouble)(gw_voice_level(v) & 127))) {
  case GW_PASS_ON:
    memcpy(v->as[OPUS].data, v->came, (gsize)v->came_len);
    v->as[OPUS].toc = v->came[0] & 0xfc; /* configuration and channels, one frame */
    v->as[OPUS].len = v->came_len;
    return TRUE;
  case GW_PASS_HOLE:
    v->as[OPUS].len = GW_VOICE_HOLE;
    return TRUE;
  case GW_PASS_ANEW:
    gw_encoder_begin(v->as[OPUS].encoder, v->last);
    return FALSE;
  default:
    return FALSE;
  }
}

int gw_voice_packet(gw_voice *v, int codec, const guint8 **ret) {
  if (codec < 0 || !v->as[codec].encoder) return 0;
  *ret = v->as[codec].data;
  if (v->as[codec].len != -1) return v->as[codec].len;
  if (codec == OPUS && v->closed && v->as[codec].toc) {
    v->as[codec].data[0] = v->as[codec].toc;
    gw_pass_rest(&v->pass);
    return v->as[codec].len = v->closed <= TOLD || v->closed % GW_VOICE_EVERY == 0;
  }
  if (codec == OPUS && passed_on(v)) return v->as[codec].len;
  int n = gw_encoder_frame(v->as[codec].encoder, v->pcm, v->as[codec].data, GW_VOICE_BYTES);
  if (n > 0 && codec == OPUS) v->as[codec].toc = v->as[codec].data[0] & 0xfc;
  return v->as[codec].len = MAX(n, 0);
}
