#include "gateway/media/spread.h"

#define FULL 0.85       /* busy share */
#define ROOM_LOAD 0.002 /* a new room counts this much until its real load is known */

gboolean gw_spread_full(const gw_worker_stats *w) {
  return w->load >= FULL;
}

gboolean gw_spread_takes(const gw_worker_stats *all, guint to, gint from) {
  return (gint)to == from || !gw_spread_full(&all[to]);
}

gint gw_spread_choose(const gw_worker_stats *all, const guint *rooms, guint n) {
  gint best = -1;
  gdouble least = 0;
  for (guint i = 0; i < n; i++) {
    gdouble score = all[i].load + ROOM_LOAD * rooms[i];
    if (gw_spread_full(&all[i]) || (best >= 0 && score >= least)) continue;
    best = (gint)i;
    least = score;
  }
  return best;
}
