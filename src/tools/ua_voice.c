#include "tools/ua_voice.h"
#include "base/limits.h"
#include "gateway/media/codec.h"
#include "gateway/media/tone.h"
#include <string.h>

#define AMPLITUDE 0.25 /* of a tone: -12 dBFS, so that several fit into one mix */

struct gw_ua_voice {
  char codec[24];
  gw_encoder *encoder;
  gboolean has_tone;
  gw_tone tone;
  const gw_ua_wav *wav;
  gsize wav_at;
  gboolean said; /* payload is the one of tick */
  guint64 tick;
  guint8 payload[GW_MAX_DATAGRAM];
  int n;
};

struct gw_ua_voices {
  gdouble tone_hz;
  const gw_ua_wav *wav;
  gboolean fec;
  GPtrArray *list; /* gw_ua_voice, owned */
};

static void voice_free(gpointer voice) {
  gw_encoder_free(((gw_ua_voice *)voice)->encoder);
  g_free(voice);
}

gw_ua_voices *gw_ua_voices_new(gdouble tone_hz, const gw_ua_wav *wav, gboolean fec) {
  gw_ua_voices *v = g_new0(gw_ua_voices, 1);
  v->tone_hz = tone_hz;
  v->wav = wav;
  v->fec = fec;
  v->list = g_ptr_array_new_with_free_func(voice_free);
  return v;
}

void gw_ua_voices_free(gw_ua_voices *v) {
  if (!v) return;
  g_ptr_array_unref(v->list);
  g_free(v);
}

gw_ua_voice *gw_ua_voices_get(gw_ua_voices *v, const char *codec) {
  for (guint i = 0; i < v->list->len; i++) {
    gw_ua_voice *known = g_ptr_array_index(v->list, i);
    if (g_ascii_strcasecmp(known->codec, codec) == 0) return known;
  }
  gw_ua_voice *voice = g_new0(gw_ua_voice, 1);
  g_strlcpy(voice->codec, codec, sizeof voice->codec);
  voice->encoder = gw_encoder_new(codec, FALSE, v->fec);
  voice->has_tone = v->tone_hz > 0;
  gw_tone_init(&voice->tone, v->tone_hz, AMPLITUDE, GW_RATE);
  voice->wav = v->wav;
  g_ptr_array_add(v->list, voice);
  return voice;
}

static void next_frame(gw_ua_voice *voice, gint16 *out) {
  if (voice->wav) {
    for (guint i = 0; i < GW_FRAME; i++) {
      out[i] = voice->wav->pcm[voice->wav_at];
      voice->wav_at = (voice->wav_at + 1) % voice->wav->n;
    }
  } else if (voice->has_tone) {
    gw_tone_fill(&voice->tone, out, GW_FRAME);
  } else {
    memset(out, 0, GW_FRAME * sizeof *out);
  }
}

int gw_ua_voice_say(gw_ua_voice *voice, guint64 tick, const gint16 *frame, const guint8 **ret) {
  gint16 own[GW_FRAME];
  *ret = voice->payload;
  if (!frame && voice->said && voice->tick == tick) return voice->n;
  if (!frame) next_frame(voice, own);
  voice->n =
      gw_encoder_frame(voice->encoder, frame ? frame : own, voice->payload, sizeof voice->payload);
  voice->said = !frame;
  voice->tick = tick;
  return voice->n;
}
