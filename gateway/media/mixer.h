/* mixer.h - sums sources and gives each listener everybody but itself (mix-minus). Pure, no
 * allocation.
 * Thread: one.  Owner: caller's buffers.  Calls back: never. */
#ifndef GW_MIXER_H
#define GW_MIXER_H
#include <glib.h>
#include "gateway/media/codec.h"

typedef struct {
  gint32 sum[GW_FRAME];
} gw_mix;
void gw_mix_clear(gw_mix *);
void gw_mix_add(gw_mix *, const gint16 *frame);
void gw_mix_sub(gw_mix *, const gint16 *frame);
/* total (or total minus own when own is not NULL), soft-limited to 16 bit without wrap. */
void gw_mix_out(const gw_mix *, const gint16 *own_or_null, gint16 *out);
gdouble
gw_level_dbfs(const gint16 *pcm,
              guint n); /* RMS; full-scale square wave 0, sine -3 (as RFC 6464); silence -127 */

#endif
