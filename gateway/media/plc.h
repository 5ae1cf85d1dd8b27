/* plc.h - packet loss concealment for codecs that have none (G.711, G.722): repeats the last pitch
 * periods, fading, and blends back into the sound that follows. 16 kHz.
 * Thread: the one that owns the state.  Owner: caller; zeros are ready.  Calls back: never. */
#ifndef GW_PLC_H
#define GW_PLC_H
#include <glib.h>

#define GW_PLC_HISTORY 640
typedef struct {
  gint16 history[GW_PLC_HISTORY]; /* last samples given out */
  guint period, at;               /* of the repetition that runs; period 0: none runs */
  guint concealed;                /* samples since the last good one */
} gw_plc;
void gw_plc_good(gw_plc *, gint16 *pcm,
                 guint n); /* after decoding; changes the first samples behind a loss */
void gw_plc_conceal(gw_plc *, gint16 *out, guint n);
/* Level 0..1 of concealment after this many samples: one at first, none after about 60 ms. */
gfloat gw_plc_gain(guint concealed);

#endif
