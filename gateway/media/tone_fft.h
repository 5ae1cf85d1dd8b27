/* tone_fft.h - power spectrum of a block of samples (radix 2).
 * Thread: one per instance.  Owner: maker frees.  Calls back: never. */
#ifndef GW_TONE_FFT_H
#define GW_TONE_FFT_H
#include <glib.h>

typedef struct gw_fft gw_fft;
gw_fft *gw_fft_new(guint n); /* a power of two */
void gw_fft_free(gw_fft *);
/* |X|^2 of pcm times window, bins 0 to n/2 (n / 2 + 1 values). */
void gw_fft_power(gw_fft *, const gint16 *pcm, const gfloat *window, gfloat *ret_power);

#endif
