/* crowd.h - several voices on one transport: each source that the other side has announced gets a jitter buffer of its own,
 * and together they sound as one stream. A source that nobody announced is not heard.
 * Thread: the owner's worker.  Owner: gw_crowd_free.  Calls back: never. Allocates when sources are announced, not in the
 * tick. */
#ifndef GW_CROWD_H
#define GW_CROWD_H
#include "gateway/media/stream.h"

#define GW_CROWD_LOUDEST 3 /* decoded at once */

typedef struct gw_crowd gw_crowd;
gw_crowd *gw_crowd_new(gboolean even /* gw_inflow_init */);
void gw_crowd_free(gw_crowd *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_crowd, gw_crowd_free)
/* From now on the sources of these audio media, at most GW_MAX_SFU_CONTENTS; those of before that are named again go on. */
void gw_crowd_announce(gw_crowd *, const gw_desc *);
guint gw_crowd_count(const gw_crowd *);
/* A packet of a payload type that `sum` knows. FALSE: nobody's. While sum follows another stream it is only counted. */
gboolean gw_crowd_rtp(gw_crowd *, gw_inflow *sum, const gw_rtp *, gsize wire_bytes, gint64 now_us);
void gw_crowd_play(gw_crowd *, gw_inflow *sum, gint64 now_us); /* one frame of all into sum's pcm */

#endif
