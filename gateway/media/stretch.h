/* stretch.h - makes a piece of sound a little shorter or longer: one pitch period is taken out or
 * repeated where the sound is most like itself, with a cross-fade. 16 kHz. Pure, no allocation.
 * Thread: any.  Owner: caller's buffers.  Calls back: never. */
#ifndef GW_STRETCH_H
#define GW_STRETCH_H
#include <glib.h>

#define GW_STRETCH_NEED 640 /* samples that shrinking likes to see */
/* Where in moving[0 .. n_at + n) the n samples of ref fit best, 0 .. n_at - 1; *ret_score (may be
 * NULL): -1..1. n <= 640. */
guint gw_match(const gint16 *ref, guint n, const gint16 *moving, guint n_at, gfloat *ret_score);
/* Takes out up to about want samples (force: even where it can be heard) and returns how many; keep
 * samples stay. */
guint gw_stretch_shrink(gint16 *pcm, guint n, guint keep, guint want, gboolean force);
/* Puts in up to about want samples, n + result <= cap. */
guint gw_stretch_grow(gint16 *pcm, guint n, guint cap, guint want, gboolean force);

#endif
