/* core_sim.h - one sender, one network, one jitter buffer on a fake clock.
 * Thread: one.  Owner: caller; sim_clear frees what is inside.
 * Calls back: delay, lost and sound, for each packet. */
#ifndef CORE_SIM_H
#define CORE_SIM_H
#include <glib.h>
#include "gateway/media/jitter.h"

typedef struct sim sim;
struct sim {
  const char *codec;
  guint ptime; /* ms; multiples of 20 but for G.711 */
  gdouble hz, amplitude;
  gint64 (*delay)(sim *, guint i); /* us on the way of packet i, NULL: none */
  gboolean (*lost)(sim *, guint i);
  void (*sound)(sim *, gint16 *out, guint n); /* NULL: a tone of hz and amplitude */
  guint copies;                               /* of each packet, at least 1 */
  gdouble ppm;                                /* the sender's clock is faster by this */
  guint16 first_seq;
  guint32 first_ts, ssrc;
  gboolean align; /* packets are played as frames where that can be had */
  GRand *rnd;
  /* what came out */
  gint64 began_us; /* on the sender's clock: when the first frame that was TRUE was played */
  GArray *pcm;          /* gint16, from the first frame that was TRUE */
  guint frames, silent; /* since then; those that were FALSE */
  gw_jitter_stats stats;
  guint depth_min, depth_max; /* ms, over the second half */
};
void sim_init(sim *, const char *codec, gdouble hz);
void sim_run(sim *, gdouble seconds);
void sim_clear(sim *);
/* Greatest |x[n] - 2 cos(w) x[n-1] + x[n-2]| over the amplitude, from sample `from` on: what a
 * click leaves of a sine. */
gdouble sim_roughness(const sim *, guint from);
/* Weakest and strongest 20 ms of the tone, dBFS, from sample `from` on. */
void sim_levels(const sim *, guint from, gdouble *ret_min, gdouble *ret_max);
/* How often, from sample `from` on, the tone was 20 dB weaker than sent for more than 60 ms, and the longest time that it was. */
guint sim_gaps(const sim *, guint from, guint *ret_longest_ms);

#endif
