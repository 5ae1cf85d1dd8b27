#include "gateway/media/crowd.h"
#include <string.h>
#include "base/limits.h"
#include "gateway/media/mixer.h"

typedef struct {
  guint32 ssrc;
  gboolean stays;
  gw_inflow in;
} voice;

struct gw_crowd {
  gboolean even;
  GPtrArray *voices; /* voice */
  GPtrArray *floors; /* gw_floor*, of the tick that runs; as long as voices */
};

static void voice_free(gpointer data) {
  gw_inflow_clear(&((voice *)data)->in);
  g_free(data);
}

gw_crowd *gw_crowd_new(gboolean even) {
  gw_crowd *c = g_new0(gw_crowd, 1);
  c->even = even;
  c->voices = g_ptr_array_new_with_free_func(voice_free);
  c->floors = g_ptr_array_sized_new(GW_MAX_SFU_CONTENTS);
  return c;
}

void gw_crowd_free(gw_crowd *c) {
  if (!c) return;
  g_ptr_array_unref(c->voices);
  g_ptr_array_unref(c->floors);
  g_free(c);
}

guint gw_crowd_count(const gw_crowd *c) {
  return c->voices->len;
}

static voice *find(const gw_crowd *c, guint32 ssrc) {
  for (guint i = 0; i < c->voices->len; i++) {
    voice *v = c->voices->pdata[i];
    if (v->ssrc == ssrc) return v;
  }
  return NULL;
}

static void announce(gw_crowd *c, guint32 ssrc) {
  voice *v = find(c, ssrc);
  if (!v && c->voices->len < GW_MAX_SFU_CONTENTS) {
    v = g_new0(voice, 1);
    v->ssrc = ssrc;
    gw_inflow_init(&v->in, c->even);
    g_ptr_array_add(c->voices, v);
  }
  if (v) v->stays = TRUE;
}

void gw_crowd_announce(gw_crowd *c, const gw_desc *d) {
  for (guint i = 0; i < c->voices->len; i++)
    ((voice *)c->voices->pdata[i])->stays = FALSE;
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    for (guint k = 0; m->kind == GW_KIND_AUDIO && k < m->sources->len; k++)
      announce(c, g_array_index(m->sources, gw_source, k).ssrc);
  }
  for (guint i = c->voices->len; i-- > 0;)
    if (!((voice *)c->voices->pdata[i])->stays) g_ptr_array_remove_index_fast(c->voices, i);
}

gboolean gw_crowd_rtp(gw_crowd *c, gw_inflow *sum, const gw_rtp *rtp, gsize wire_bytes,
                      gint64 now_us) {
  voice *v = find(c, rtp->ssrc);
  if (!v) return FALSE;
  sum->packets++;
  sum->bytes += wire_bytes;
  sum->voice_us = now_us;
  if (sum->follows) {
    gw_inflow_clear(&v->in); /* what it holds would be old when it is needed again */
    return TRUE;
  }
  memcpy(v->in.use, sum->use, sizeof v->in.use);
  gw_inflow_rtp(&v->in, rtp, wire_bytes, now_us);
  return TRUE;
}

void gw_crowd_play(gw_crowd *c, gw_inflow *sum, gint64 now_us) {
  gw_mix mix;
  gw_mix_clear(&mix);
  sum->live = FALSE;
  g_ptr_array_set_size(c->floors, 0);
  for (guint i = 0; i < c->voices->len; i++)
    g_ptr_array_add(c->floors, &((voice *)c->voices->pdata[i])->in.floor);
  gw_floor_choose((gw_floor **)c->floors->pdata, c->floors->len, GW_CROWD_LOUDEST);
  for (guint i = 0; i < c->voices->len; i++) {
    gw_inflow *in = &((voice *)c->voices->pdata[i])->in;
    gw_inflow_deafen(in, !in->floor.on);
    gw_inflow_play(in, now_us);
    if (!in->live) continue;
    gw_mix_add(&mix, in->pcm);
    sum->live = TRUE;
  }
  gw_mix_out(&mix, NULL, sum->pcm);
  if (sum->live) sum->loudest = MAX(sum->loudest, gw_level_dbfs(sum->pcm, GW_FRAME));
}
