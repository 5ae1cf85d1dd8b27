/* resample.h - 8 <-> 16 kHz by a half-band filter, and recordings of other rates:
 * the half-band is flat to 3.4 kHz, 60 dB down from 4.6 kHz, 1.4 ms
 * of delay.
 * Thread: the one that owns the state.  Owner: caller; zeros are ready.  Calls back: never. */
#ifndef GW_RESAMPLE_H
#define GW_RESAMPLE_H
#include <glib.h>

#define GW_HALF_TAPS                                                                               \
  24 /* the taps beside the middle one; every other one of them is zero and not kept */
typedef struct {
  gfloat odd[GW_HALF_TAPS], even[GW_HALF_TAPS];
} gw_half;
void gw_half_down(gw_half *, const gint16 *in, guint n_out,
                  gint16 *out);                                        /* reads 2 * n_out samples */
void gw_half_up(gw_half *, const gint16 *in, guint n_in, gint16 *out); /* writes 2 * n_in samples */

/* Any rate to any other, all at once; not for a stream. The result is owned by the caller. */
gint16 *gw_resample_all(const gint16 *in, gsize n, guint from_hz, guint to_hz, gsize *ret_n);

#endif
