/* One payload type and one set of parameters for each codec of the whole call: a Dino keeps one encoder for each payload
 * type, and a second Opus that differs in anything gets silence. */
#include "gateway/flavour/muji.h"
#include "gateway/flavour/session_desc.h"

static const struct {
  const char *name;
  guint8 pt;
  guint32 clock;
  guint8 channels;
  const char *fmtp;
} own[] = {{"opus", 111, 48000, 2, "useinbandfec=1"},
           {"PCMU", 0, 8000, 1, NULL},
           {"PCMA", 8, 8000, 1, NULL}};

static gboolean is_own(const gw_codec *c) {
  for (guint i = 0; i < G_N_ELEMENTS(own); i++)
    if (gw_codec_is(c, own[i].name) && c->clock == own[i].clock && c->channels == own[i].channels)
      return TRUE;
  return FALSE;
}

gw_desc *gw_mj_map_own(void) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  for (guint i = 0; i < G_N_ELEMENTS(own); i++)
    gw_desc_media_add_codec(m, own[i].pt, own[i].name, own[i].clock, own[i].channels, own[i].fmtp);
  return d;
}

static const gw_codec *same_in(const gw_desc_media *m, const gw_codec *c) {
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *o = &g_array_index(m->codecs, gw_codec, i);
    if (gw_codec_is(o, c->name) && o->clock == c->clock && o->channels == c->channels) return o;
  }
  return NULL;
}

/* Has everybody this one? */
static gboolean common(const GPtrArray *lists, const gw_codec *c, gboolean *ret_conflict) {
  for (guint i = 0; i < lists->len; i++) {
    const gw_codec *o = same_in(gw_desc_audio(lists->pdata[i]), c);
    if (!o) return FALSE;
    *ret_conflict |= o->pt != c->pt || g_strcmp0(o->fmtp, c->fmtp);
  }
  return TRUE;
}

gw_desc *gw_mj_map_common(const GPtrArray *lists, gboolean *ret_conflict) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *to = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  const gw_desc_media *first = lists->len ? gw_desc_audio(lists->pdata[0]) : NULL;
  *ret_conflict = FALSE;
  for (guint i = 0; first && i < first->codecs->len; i++) {
    const gw_codec *c = &g_array_index(first->codecs, gw_codec, i);
    if (is_own(c) && !same_in(to, c) && common(lists, c, ret_conflict))
      gw_desc_media_add_codec(to, c->pt, c->name, c->clock, c->channels, c->fmtp);
  }
  return to->codecs->len ? g_steal_pointer(&d) : NULL;
}

void gw_mj_map_offer(const gw_desc *map, gw_desc_media *offer) {
  g_autoptr(gw_desc) scratch = gw_desc_new();
  gw_desc_media *had = gw_desc_add(scratch, GW_KIND_AUDIO, NULL);
  const gw_desc_media *m = gw_desc_audio(map);
  GArray *codecs = offer->codecs;
  offer->codecs = had->codecs;
  had->codecs = codecs;
  for (guint round = 0; round < 2 && !offer->codecs->len;
       round++) /* second: better a hopeless offer than an empty one */
    for (guint i = 0; i < m->codecs->len; i++) {
      const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
      if (round || same_in(had, c))
        gw_desc_media_add_codec(offer, c->pt, c->name, c->clock, c->channels, c->fmtp);
    }
}

void gw_mj_map_answer(const gw_desc *offer, gw_desc *answer) {
  const gw_desc_media *theirs = gw_desc_audio(offer);
  gw_desc_media *ours = gw_desc_audio(answer);
  for (guint i = 0; ours && i < ours->codecs->len; i++) {
    gw_codec *c = &g_array_index(ours->codecs, gw_codec, i);
    const gw_codec *o = gw_desc_media_codec_pt(theirs, c->pt);
    if (!o || !gw_codec_is(o, c->name)) continue;
    g_free(c->fmtp);
    c->fmtp = g_strdup(o->fmtp);
    g_strlcpy(c->name, o->name, sizeof c->name);
  }
  gw_sd_leave_out_refused(answer);
}
