#include "gateway/media/resample.h"

#include <math.h>
#include <string.h>

#define CHUNK 160
#define HALF (GW_HALF_TAPS / 2)
#define KAISER_BETA 5.65 /* 60 dB */

/* Half-band: the middle tap is 1/2, every second other tap is zero; taps[k] is the one at distance
 * 2k + 1. */
static gfloat taps[HALF];

static gdouble bessel_i0(gdouble x) {
  gdouble sum = 1, term = 1;
  for (int k = 1; k < 40; k++) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

static void taps_make(void) {
  gdouble sum = 0;
  for (int k = 0; k < HALF; k++) {
    gdouble d = 2 * k + 1, edge = d / (2 * HALF);
    gdouble window = bessel_i0(KAISER_BETA * sqrt(1 - edge * edge)) / bessel_i0(KAISER_BETA);
    taps[k] = (gfloat)(sin(G_PI * d / 2) / (G_PI * d) * window);
    sum += 2 * taps[k];
  }
  for (int k = 0; k < HALF; k++) /* exactly one at 0 Hz */
    taps[k] = (gfloat)(taps[k] * 0.5 / sum);
}

static void taps_init(void) {
  static gsize done;
  if (g_once_init_enter(&done)) {
    taps_make();
    g_once_init_leave(&done, 1);
  }
}

/* lrintf() may be a call; this the compiler does for several samples at once. */
static gint16 clip16(gfloat x) {
  gfloat limited = CLAMP(x, -32767.0f, 32766.0f);
  return (gint16)(gint32)(limited + (limited < 0 ? -0.5f : 0.5f));
}

/* acc[i] = sum of taps over x, centred between x[i + HALF - 1] and x[i + HALF]. */
static void fir(const gfloat *x, guint n, gfloat *acc) {
  memset(acc, 0, n * sizeof *acc);
  for (guint k = 0; k < HALF; k++)
    for (guint i = 0; i < n; i++)
      acc[i] += taps[k] * (x[i + HALF - 1 - k] + x[i + HALF + k]);
}

static void down_chunk(gw_half *s, const gint16 *in, guint n, gint16 *out) {
  gfloat odd[GW_HALF_TAPS + CHUNK], even[GW_HALF_TAPS + CHUNK], acc[CHUNK];
  memcpy(odd, s->odd, sizeof s->odd);
  memcpy(even, s->even, sizeof s->even);
  for (guint i = 0; i < n; i++) {
    even[GW_HALF_TAPS + i] = in[2 * i];
    odd[GW_HALF_TAPS + i] = in[2 * i + 1];
  }
  fir(odd + 1, n, acc);
  /* The middle tap falls on the even sample between the two middle odd ones. */
  for (guint i = 0; i < n; i++)
    out[i] = clip16(acc[i] + 0.5f * even[i + HALF + 1]);
  memcpy(s->odd, odd + n, sizeof s->odd);
  memcpy(s->even, even + n, sizeof s->even);
}

void gw_half_down(gw_half *s, const gint16 *in, guint n_out, gint16 *out) {
  taps_init();
  for (guint i = 0; i < n_out; i += CHUNK)
    down_chunk(s, in + 2 * i, MIN(CHUNK, n_out - i), out + i);
}

static void up_chunk(gw_half *s, const gint16 *in, guint n, gint16 *out) {
  gfloat x[GW_HALF_TAPS + CHUNK], acc[CHUNK];
  memcpy(x, s->odd, sizeof s->odd);
  for (guint i = 0; i < n; i++)
    x[GW_HALF_TAPS + i] = in[i];
  fir(x + 1, n, acc);
  for (guint i = 0; i < n; i++) {
    out[2 * i] = clip16(x[i + HALF]);
    out[2 * i + 1] = clip16(2 * acc[i]);
  }
  memcpy(s->odd, x + n, sizeof s->odd);
}

void gw_half_up(gw_half *s, const gint16 *in, guint n_in, gint16 *out) {
  taps_init();
  for (guint i = 0; i < n_in; i += CHUNK)
    up_chunk(s, in + i, MIN(CHUNK, n_in - i), out + 2 * i);
}

/* --- recordings --- */

#define SIDE 12 /* taps a side, at the lower of the two rates */

static guint gcd(guint a, guint b) {
  while (b) {
    guint rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The taps for a sound that lies `off` (0..1) behind the sample in the middle; Hann window, in sum one. */
static void phase_make(gfloat *ret, guint side, gdouble off, gdouble cut) {
  gdouble sum = 0;
  for (guint i = 0; i < 2 * side; i++) {
    gdouble x = (gdouble)i - side + 1 - off, edge = x / side;
    gdouble tap = x == 0 ? cut : sin(G_PI * x * cut) / (G_PI * x);
    ret[i] = (gfloat)(fabs(edge) < 1 ? tap * (1 + cos(G_PI * edge)) : 0);
    sum += ret[i];
  }
  for (guint i = 0; i < 2 * side; i++)
    ret[i] = (gfloat)(ret[i] / sum);
}

gint16 *gw_resample_all(const gint16 *in, gsize n, guint from_hz, guint to_hz, gsize *ret_n) {
  const guint common = gcd(from_hz, to_hz), up = to_hz / common, down = from_hz / common;
  const guint side = SIDE * MAX(from_hz, to_hz) / to_hz;
  const gdouble cut = 0.92 * MIN(1.0, (gdouble)to_hz / from_hz);
  g_autofree gfloat *phases = g_new(gfloat, (gsize)up * 2 * side);
  g_autofree gint16 *padded = g_new0(gint16, n + 2 * side);
  const gsize n_out = n * up / down;
  gint16 *out = g_new(gint16, n_out + 1);
  memcpy(padded + side - 1, in, n * sizeof *in);
  for (guint p = 0; p < up; p++)
    phase_make(phases + (gsize)p * 2 * side, side, (gdouble)p / up, cut);
  for (gsize i = 0; i < n_out; i++) {
    const gfloat *taps_of = phases + (i * down % up) * 2 * side;
    const gint16 *around = padded + i * down / up;
    gfloat sum = 0;
    for (guint k = 0; k < 2 * side; k++)
      sum += taps_of[k] * around[k];
    out[i] = (gint16)CLAMP(lrintf(sum), G_MININT16, G_MAXINT16);
  }
  *ret_n = n_out;
  return out;
}
