#include "tools/ua_desc.h"
#include "gateway/media/codec.h"
#include <string.h>

#define FIRST_DYNAMIC_PT 96 /* RFC 3551 6 */
#define EVENT "telephone-event"

gw_desc *gw_ua_desc_new(const char *address, guint16 port, const char *const *codecs, gw_dir dir) {
  gw_desc *desc = gw_desc_new();
  gw_desc_media *audio = gw_desc_add(desc, GW_KIND_AUDIO, NULL);
  guint8 pt = FIRST_DYNAMIC_PT;
  g_strlcpy(audio->addr, address, sizeof audio->addr);
  audio->port = port;
  audio->proto = GW_PROTO_RTP_AVP;
  audio->dir = dir;
  audio->ptime = 20;
  audio->rtcp_mux = TRUE;
  for (guint i = 0; codecs[i]; i++)
    gw_codec_fill(codecs[i], pt++, audio);
  for (guint i = 0; codecs[i]; i++) {
    guint clock = gw_codec_rtp_clock(codecs[i]);
    if (!gw_desc_media_codec(audio, EVENT, clock))
      gw_desc_media_add_codec(audio, pt++, EVENT, clock, 1, "0-15");
  }
  return desc;
}

/* The one with the clock of the sound (RFC 4733 2.1); phones that have only 8000 beside Opus mean
 * it all the same. */
static const gw_codec *event_of(const gw_desc_media *remote, const gw_desc_media *own,
                                guint32 clock) {
  const gw_codec *event = gw_desc_media_codec(remote, EVENT, clock);
  if (!event) event = gw_desc_media_codec(remote, EVENT, 8000);
  return event && gw_desc_media_codec(own, EVENT, event->clock) ? event : NULL;
}

gboolean gw_ua_desc_agreed(const gw_desc *remote, const gw_desc *own, gw_ua_agreed *ret) {
  const gw_desc_media *theirs = gw_desc_audio(remote), *ours = gw_desc_audio(own);
  for (guint i = 0; theirs && ours && i < theirs->codecs->len; i++) {
    const gw_codec *codec = &g_array_index(theirs->codecs, gw_codec, i);
    if (!gw_codec_known(codec->name) || !gw_desc_media_codec(ours, codec->name, codec->clock))
      continue;
    memset(ret, 0, sizeof *ret);
    g_strlcpy(ret->codec, codec->name, sizeof ret->codec);
    ret->pt = codec->pt;
    const gw_codec *event = event_of(theirs, ours, codec->clock);
    ret->event_pt = event ? event->pt : -1;
    ret->event_clock = event ? event->clock : 0;
    ret->dir = ours->dir & gw_dir_flip(theirs->dir);
    g_strlcpy(ret->address, theirs->addr, sizeof ret->address);
    ret->port = theirs->port;
    return TRUE;
  }
  return FALSE;
}
