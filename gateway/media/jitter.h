/* jitter.h - adaptive jitter buffer of one RTP stream, played out in 20 ms frames at GW_RATE. Pure
 * apart from the decoder that it owns: packets and time in, samples out.
 * Thread: one.  Owner: maker frees; packets are copied (bounded: GW_JITTER_MAX).
 * Calls back: never.
 * It keeps the depth that the last seconds' arrival times needed (25..GW_JITTER_MAX_MS),
 * grows at once on late packets and shrinks slowly, drops or repeats only in silence or by a short
 * cross-fade; over a jump of timestamp or SSRC the sound goes on without a gap. A pause of talk is
 * silence and no loss. */
#ifndef GW_JITTER_H
#define GW_JITTER_H
#include <glib.h>
#include "gateway/media/codec.h"
#include "gateway/media/rtp.h"

#define GW_JITTER_MAX 64     /* packets held */
#define GW_JITTER_MAX_MS 300 /* deepest target */
#define GW_JITTER_KEPT 240   /* bytes of a packet that is to be had after it was played */
typedef struct gw_jitter gw_jitter;
typedef struct {
  guint64 played_ms;     /* frames that were TRUE */
  guint64 concealed_ms;  /* of them made up for lost or late packets */
  guint64 late, dropped; /* packets: after their time; broken, out of place or too many */
  guint64 fec_used; /* packets rebuilt from the copy in the next one; not among the concealed */
  guint depth_ms, target_ms; /* now */
} gw_jitter_stats;
gw_jitter *gw_jitter_new(const char *codec, guint rtp_clock);
void gw_jitter_free(gw_jitter *);
void gw_jitter_put(gw_jitter *, const gw_rtp *, gint64 now_us);
/* A packet of the same source that carries no sound (telephone-event): its sequence number is not a
 * loss. */
void gw_jitter_other(gw_jitter *, const gw_rtp *, gint64 now_us);
/* One frame (GW_FRAME samples). TRUE: sound (also concealment); FALSE: nothing runs, out is
 * silence. */
gboolean gw_jitter_get(gw_jitter *, gint64 now_us, gint16 *out);
gboolean gw_jitter_whole(const gw_jitter *); /* of that frame nothing was made up */
/* Deaf: all goes on as before but nothing is decoded, and what comes out is silence. The decoder begins anew afterwards. */
void gw_jitter_deafen(gw_jitter *, gboolean deaf);
/* Where it can be had without anybody hearing it, a packet of 20 ms is played as one frame, of no other packet's sound. */
void gw_jitter_align(gw_jitter *, gboolean);
/* After gw_jitter_get: the last frame is what this packet carries, all of it and nothing else (until the next call). 0: it is
 * not; -1: it stands for exactly one packet that has been lost, or is late. */
int gw_jitter_packet(const gw_jitter *, const guint8 **ret);
/* After gw_jitter_get: it was quiet, so that here packets and frames may be brought in step again, by less than a frame. */
void gw_jitter_rest(gw_jitter *, gint64 now_us);
void gw_jitter_stats_get(const gw_jitter *, gw_jitter_stats *ret);

#endif
