#include "gateway/media/mixer.h"

#include <math.h>
#include <string.h>

/* Below the knee the mix is untouched; above it the curve bends with slope one towards full scale
 * and never reaches it, so two people shouting are squeezed instead of clipped. */
#define KNEE 28000
#define ROOM (32767 - KNEE)

void gw_mix_clear(gw_mix *m) {
  memset(m, 0, sizeof *m);
}

void gw_mix_add(gw_mix *m, const gint16 *frame) {
  for (guint i = 0; i < GW_FRAME; i++)
    m->sum[i] += frame[i];
}

void gw_mix_sub(gw_mix *m, const gint16 *frame) {
  for (guint i = 0; i < GW_FRAME; i++)
    m->sum[i] -= frame[i];
}

/* No branch inside, so that the compiler does several samples at once. */
static void limit(const gint32 *in, gint16 *out) {
  for (guint i = 0; i < GW_FRAME; i++) {
    gint32 a = in[i] < 0 ? -in[i] : in[i];
    gint32 over = a > KNEE ? a - KNEE : 0;
    gfloat bent = (gfloat)over * ROOM / ((gfloat)over + ROOM);
    gint32 y = a - over + (gint32)bent;
    out[i] = (gint16)(in[i] < 0 ? -y : y);
  }
}

void gw_mix_out(const gw_mix *m, const gint16 *own, gint16 *out) {
  if (!own) {
    limit(m->sum, out);
    return;
  }
  gint32 rest[GW_FRAME];
  for (guint i = 0; i < GW_FRAME; i++)
    rest[i] = m->sum[i] - own[i];
  limit(rest, out);
}

gdouble gw_level_dbfs(const gint16 *pcm, guint n) {
  gint64 sum = 0;
  for (guint i = 0; i < n; i++)
    sum += (gint32)pcm[i] * pcm[i];
  if (!sum) return -127.0;
  return MAX(-127.0, 10.0 * log10((gdouble)sum / n / (32768.0 * 32768.0)));
}
