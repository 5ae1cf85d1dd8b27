/* leveller.h - brings a voice slowly to the level of the others: a quiet telephone is made louder, a shouting headset softer. It
 * learns from speech only; in pauses the gain stays, so that the noise of a line does not swell. Pure.
 * Thread: one.  Owner: value, zeros are ready.  Calls back: never. */
#ifndef GW_LEVELLER_H
#define GW_LEVELLER_H
#include "gateway/media/codec.h"

#define GW_SPEECH_DBFS (-45.0) /* what is quieter is a pause */
#define GW_LEVELLER_TARGET (-22.0) /* dBFS, mean of speech */
#define GW_LEVELLER_MOST 9.0       /* dB up */
#define GW_LEVELLER_LEAST (-12.0)  /* dB down */

typedef struct {
  gdouble speech_db; /* mean level of the speech of the last seconds; 0: nothing was said yet */
  gdouble gain_db;   /* at the end of the frame before */
} gw_leveller;

/* One frame of GW_FRAME samples, changed in place; level_dbfs: how loud it is now. */
void gw_leveller_frame(gw_leveller *, gint16 *frame, gdouble level_dbfs);

#endif
