#include "gateway/media/tone_fft.h"

#include <math.h>

struct gw_fft {
  guint n;
  gfloat *re, *im, *cosine, *sine;
  guint *order; /* bits of the index turned round */
};

gw_fft *gw_fft_new(guint n) {
  gw_fft *f = g_new0(gw_fft, 1);
  f->n = n;
  f->re = g_new0(gfloat, n);
  f->im = g_new0(gfloat, n);
  f->cosine = g_new(gfloat, n / 2);
  f->sine = g_new(gfloat, n / 2);
  f->order = g_new0(guint, n);
  for (guint i = 0; i < n / 2; i++) {
    f->cosine[i] = (gfloat)cos(2 * G_PI * i / n);
    f->sine[i] = (gfloat)-sin(2 * G_PI * i / n);
  }
  for (guint i = 1; i < n; i++)
    f->order[i] = f->order[i / 2] / 2 + (i & 1 ? n / 2 : 0);
  return f;
}

void gw_fft_free(gw_fft *f) {
  if (!f) return;
  g_free(f->re);
  g_free(f->im);
  g_free(f->cosine);
  g_free(f->sine);
  g_free(f->order);
  g_free(f);
}

static void butterflies(gw_fft *f, guint half, guint from) {
  guint step = f->n / (2 * half);
  for (guint k = 0; k < half; k++) {
    guint a = from + k, b = a + half;
    gfloat c = f->cosine[k * step], s = f->sine[k * step];
    gfloat re = f->re[b] * c - f->im[b] * s, im = f->re[b] * s + f->im[b] * c;
    f->re[b] = f->re[a] - re;
    f->im[b] = f->im[a] - im;
    f->re[a] += re;
    f->im[a] += im;
  }
}

void gw_fft_power(gw_fft *f, const gint16 *pcm, const gfloat *window, gfloat *ret_power) {
  for (guint i = 0; i < f->n; i++) {
    f->re[f->order[i]] = pcm[i] * window[i];
    f->im[f->order[i]] = 0;
  }
  for (guint half = 1; half < f->n; half *= 2)
    for (guint from = 0; from < f->n; from += 2 * half)
      butterflies(f, half, from);
  for (guint k = 0; k <= f->n / 2; k++)
    ret_power[k] = f->re[k] * f->re[k] + f->im[k] * f->im[k];
}
