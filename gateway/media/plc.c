#include "gateway/media/plc.h"

#include "gateway/media/stretch.h"

#include <string.h>

#define LAG_MIN 40    /* 400 Hz */
#define LAG_MAX 256   /* 62 Hz */
#define MATCH 320     /* samples compared */
#define FADE_FROM 320 /* full level for 20 ms */
#define FADE_TO 960   /* silent at 60 ms */
#define BLEND 80      /* back into the sound */

gfloat gw_plc_gain(guint concealed) {
  if (concealed <= FADE_FROM) return 1.0f;
  if (concealed >= FADE_TO) return 0.0f;
  return (gfloat)(FADE_TO - concealed) / (FADE_TO - FADE_FROM);
}

static void remember(gw_plc *p, const gint16 *pcm, guint n) {
  if (n >= GW_PLC_HISTORY) {
    memcpy(p->history, pcm + n - GW_PLC_HISTORY, sizeof p->history);
    return;
  }
  memmove(p->history, p->history + n, (GW_PLC_HISTORY - n) * sizeof *pcm);
  memcpy(p->history + GW_PLC_HISTORY - n, pcm, n * sizeof *pcm);
}

/* The lag at which the end of the history is most like itself. */
static guint best_lag(const gint16 *end) {
  const gint16 *ref = end - MATCH;
  return LAG_MAX - gw_match(ref, MATCH, ref - LAG_MAX, LAG_MAX - LAG_MIN + 1, NULL);
}

/* Sample k of the repetition, without fading. */
static gint16 repeated(const gw_plc *p, guint k) {
  return p->history[GW_PLC_HISTORY - p->period + k % p->period];
}

/* The history stands still while concealment runs: it is what is repeated. */
void gw_plc_conceal(gw_plc *p, gint16 *out, guint n) {
  if (!p->period) {
    p->period = best_lag(p->history + GW_PLC_HISTORY);
    p->at = 0;
  }
  for (guint i = 0; i < n; i++, p->at++)
    out[i] = (gint16)(repeated(p, p->at) * gw_plc_gain(p->concealed + i));
  p->at %= p->period;
  p->concealed = MIN(p->concealed + n, FADE_TO);
}

void gw_plc_good(gw_plc *p, gint16 *pcm, guint n) {
  if (p->period) {
    guint blend = MIN(n, BLEND);
    gfloat gain = gw_plc_gain(p->concealed);
    for (guint i = 0; i < blend; i++) {
      gfloat w = (i + 0.5f) / blend;
      pcm[i] = (gint16)(pcm[i] * w + repeated(p, p->at + i) * gain * (1 - w));
    }
    p->period = 0;
  }
  p->concealed = 0;
  remember(p, pcm, n);
}
