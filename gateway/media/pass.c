#include "gateway/media/pass.h"
#include <string.h>

#define SILENCE_DBFS (-127.0)

static gboolean may_begin(const gw_pass *p, gdouble dbfs) {
  return !p->spoken || p->run >= GW_PASS_LONG ||
         (p->run >= GW_PASS_PATIENCE && dbfs < GW_PASS_QUIET_DBFS);
}

gw_pass_way gw_pass_frame(gw_pass *p, const void *source, int n, gdouble dbfs) {
  gboolean same = source && source == p->source;
  p->source = source;
  p->run = (same && n ? p->run : 0) + (source && n > 0);
  if (p->on && same && n < 0 && p->holes < GW_PASS_HOLES) {
    p->holes++;
    return GW_PASS_HOLE;
  }
  p->on = source && n > 0 && (p->on ? same : may_begin(p, dbfs));
  p->holes = 0;
  gw_pass_way way = p->on ? GW_PASS_ON : p->stale ? GW_PASS_ANEW : GW_PASS_ENCODE;
  p->stale = p->on;
  p->spoken = p->on || source || dbfs > SILENCE_DBFS;
  return way;
}

void gw_pass_rest(gw_pass *p) {
  *p = (gw_pass){.stale = p->stale};
}

static gboolean is_stereo(guint8 toc) {
  return (toc & 4) != 0;
}

int gw_pass_fit(const guint8 *payload, int n, gboolean bounded, gboolean lossy) {
  if (n <= 0) return n;
  gboolean does =
      !bounded && !is_stereo(payload[0]) && (!lossy || gw_opus_has_fec(payload, (gsize)n));
  return does ? n : 0;
}

gboolean gw_pass_bounded(const gw_codec *c) {
  char value[16];
  if (!c) return FALSE;
  const char *cbr = gw_codec_param(c, "cbr", value, sizeof value);
  return (cbr && !strcmp(cbr, "1")) || gw_codec_param(c, "maxaveragebitrate", value, sizeof value);
}

void gw_solo_clear(gw_solo *s) {
  s->n = 0;
}

void gw_solo_add(gw_solo *s, const void *source, gdouble dbfs) {
  if (s->n < G_N_ELEMENTS(s->of)) {
    s->of[s->n].source = source;
    s->of[s->n].dbfs = source ? dbfs : 0; /* the rest is never faint */
  }
  s->n++;
}

typedef struct {
  guint there, loud;
  const void *last, *loudest, *was;
} count;

static void count_in(count *c, const gw_solo *s, const void *own, const void *was) {
  for (guint i = 0; i < MIN(s->n, G_N_ELEMENTS(s->of)); i++) {
    const void *source = s->of[i].source;
    if (source && source == own) continue;
    c->there++;
    c->last = source;
    if (source && source == was) c->was = was;
    if (s->of[i].dbfs < GW_FAINT_DBFS) continue;
    c->loud++;
    c->loudest = source;
  }
}

const void *gw_solo_of(const gw_solo *a, const gw_solo *b, const void *own, const void *was,
                       gboolean *ret_any) {
  count c = {0};
  count_in(&c, a, own, was);
  count_in(&c, b, own, was);
  *ret_any = c.there > 0;
  if (MAX(a->n, b->n) > G_N_ELEMENTS(a->of)) return NULL;
  if (c.there == 1) return c.last;
  return c.loud == 1 ? c.loudest : c.loud ? NULL : c.was;
}
