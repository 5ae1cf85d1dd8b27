#include "gateway/media/gate.h"

#define PIECE 80           /* samples, 5 ms */
#define WINDOW 25          /* frames */
#define ABOVE_NOISE 8      /* 9 dB over the quietest frame, as mean square */
#define LOWEST_SOUND 270   /* mean square of -66 dBFS */
#define SURELY_SOUND 17000 /* of -48 dBFS */

/* Mean square of the loudest piece. */
static guint64 level_of(const gint16 *frame) {
  guint64 most = 0;
  for (guint from = 0; frame && from < GW_FRAME; from += PIECE) {
    gint64 sum = 0;
    for (guint i = 0; i < PIECE; i++)
      sum += (gint32)frame[from + i] * frame[from + i];
    most = MAX(most, (guint64)sum / PIECE);
  }
  return most;
}

/* Of the second quietest window: one that is quieter by chance does not count. */
static guint64 noise_of(const gw_gate *g) {
  guint64 least = G_MAXUINT64, second = G_MAXUINT64;
  for (guint i = 0; i < GW_GATE_WINDOWS; i++) {
    guint64 q = g->quietest[i];
    if (!q) continue;
    second = MIN(second, MAX(q, least));
    least = MIN(least, q);
  }
  return second != G_MAXUINT64 ? second : least != G_MAXUINT64 ? least : 0;
}

static void learn(gw_gate *g, guint64 level) {
  guint at = g->frames / WINDOW % GW_GATE_WINDOWS;
  if (g->frames++ % WINDOW == 0 || level < g->quietest[at]) g->quietest[at] = level;
}

guint gw_gate_frame(gw_gate *g, const gint16 *frame, gboolean whole) {
  guint64 level = level_of(frame), noise = noise_of(g);
  if (level && whole) learn(g, level); /* nothing at all is no line */
  g->closed = level >= CLAMP(noise * ABOVE_NOISE, LOWEST_SOUND, SURELY_SOUND) ? 0 : g->closed + 1;
  return g->closed > GW_GATE_HANG ? g->closed - GW_GATE_HANG : 0;
}
