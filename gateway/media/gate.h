/* gate.h - is anything being said? Before the encoder, so that a silent line costs nothing. Opens within the frame that a
 * sound begins in (looked at in pieces of 5 ms), closes half a second after the last one. The threshold follows the noise of
 * the line but stays between -66 and -48 dBFS: what is louder is sound, whatever it is. Pure.
 * Thread: one.  Owner: value, zeros are ready.  Calls back: never. */
#ifndef GW_GATE_H
#define GW_GATE_H
#include "gateway/media/codec.h"

#define GW_GATE_HANG                                                                               \
  25 /* frames that it stays open, so that the listener's decoder settles on the noise */
#define GW_GATE_WINDOWS 8 /* of half a second: where the noise's level is looked for */

typedef struct {
  guint64 quietest[GW_GATE_WINDOWS]; /* mean square of the quietest frame, 0: none yet */
  guint frames;                      /* that told of the noise, since the start */
  guint closed;                      /* frames since the last sound */
} gw_gate;

/* frame: GW_FRAME samples; NULL: digital silence. whole: all of it came from the line; what was made up for lost packets may
 * be sound but says nothing about the line's noise. Returns 0 while open, else for how many frames it has been closed. */
guint gw_gate_frame(gw_gate *, const gint16 *frame_or_null, gboolean whole);

#endif
