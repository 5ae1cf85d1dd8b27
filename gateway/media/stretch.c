#include "gateway/media/stretch.h"

#include <math.h>
#include <string.h>

#define FADE 120    /* 7.5 ms */
#define LAG_MIN 40  /* 400 Hz */
#define LAG_MAX 200 /* 80 Hz */
#define QUIET 48    /* RMS, -56 dBFS: nobody hears a cut */
#define GOOD_SCORE 0.7f
#define MAX_MATCH 640
#define SCALED_BITS 10 /* so that MAX_MATCH products fit into 32 bits */

static guint loudest(const gint16 *x, guint n) {
  guint m = 0;
  for (guint i = 0; i < n; i++)
    m = MAX(m, (guint)ABS((gint)x[i]));
  return m;
}

/* Products of 16 bit numbers summed in 32: what the vector unit does at once. */
static gint32 dot(const gint16 *a, const gint16 *b, guint n) {
  gint32 sum = 0;
  for (guint i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

guint gw_match(const gint16 *ref, guint n, const gint16 *moving, guint n_at, gfloat *ret_score) {
  gint16 r[MAX_MATCH], m[2 * MAX_MATCH];
  n = MIN(n, MAX_MATCH);
  guint span = MIN(n + n_at - 1, 2 * MAX_MATCH), shift = 0;
  while (MAX(loudest(ref, n), loudest(moving, span)) >> shift >= 1u << SCALED_BITS)
    shift++;
  for (guint i = 0; i < n; i++)
    r[i] = (gint16)(ref[i] >> shift);
  for (guint i = 0; i < span; i++)
    m[i] = (gint16)(moving[i] >> shift);
  gfloat own = (gfloat)dot(r, r, n) + 1, best = -2;
  gint32 energy = dot(m, m, n);
  guint at = 0;
  for (guint k = 0; k + n <= span; k++) {
    gfloat score = (gfloat)dot(r, m + k, n) / sqrtf(own * ((gfloat)energy + 1));
    if (score > best) {
      best = score;
      at = k;
    }
    if (k + n < span) energy += m[k + n] * m[k + n] - m[k] * m[k];
  }
  if (ret_score) *ret_score = best;
  return at;
}

static gboolean is_quiet(const gint16 *x, guint n) {
  gint64 sum = 0;
  for (guint i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sum < (gint64)QUIET * QUIET * n;
}

/* out = from fading into to. */
static void cross_fade(const gint16 *from, const gint16 *to, gint16 *out) {
  for (guint i = 0; i < FADE; i++) {
    gfloat w = (i + 0.5f) / FADE;
    out[i] = (gint16)lrintf(from[i] * (1 - w) + to[i] * w);
  }
}

/* The lag to cut or repeat at: any in silence, else where the sound repeats itself; 0: none is good
 * enough. */
static guint choose_lag(const gint16 *pcm, guint n, guint max, guint want, gboolean force) {
  if (max < LAG_MIN) return 0;
  if (is_quiet(pcm, n)) return CLAMP(want, LAG_MIN, max);
  guint top = MIN(max, LAG_MAX);
  gfloat score;
  guint lag = LAG_MIN + gw_match(pcm, FADE, pcm + LAG_MIN, top - LAG_MIN + 1, &score);
  return score >= GOOD_SCORE || force ? lag : 0;
}

guint gw_stretch_shrink(gint16 *pcm, guint n, guint keep, guint want, gboolean force) {
  if (n < keep + LAG_MIN || n < FADE + LAG_MIN) return 0;
  guint lag = choose_lag(pcm, n, MIN(n - keep, n - FADE), want, force);
  if (!lag) return 0;
  gint16 seam[FADE];
  cross_fade(pcm, pcm + lag, seam);
  memmove(pcm, pcm + lag, (n - lag) * sizeof *pcm);
  memcpy(pcm, seam, sizeof seam);
  return lag;
}

guint gw_stretch_grow(gint16 *pcm, guint n, guint cap, guint want, gboolean force) {
  if (n < FADE + LAG_MIN || cap < n + LAG_MIN) return 0;
  guint lag = choose_lag(pcm, n, MIN(n - FADE, cap - n), want, force);
  if (!lag) return 0;
  gint16 seam[FADE];
  cross_fade(pcm + lag, pcm, seam);
  memmove(pcm + lag, pcm, n * sizeof *pcm);
  memcpy(pcm + lag, seam, sizeof seam);
  return lag;
}
