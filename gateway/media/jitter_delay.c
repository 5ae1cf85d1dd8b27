#include "gateway/media/jitter_delay.h"

#include "gateway/media/jitter.h"

#include <string.h>

#define WINDOW_US G_USEC_PER_SEC
#define MAX_NEED_US (GW_JITTER_MAX_MS * 1000)
#define SETTLED_US 20000
#define STALL_US G_USEC_PER_SEC

static void forget(gw_delay *d, gint64 now_us) {
  memset(d->w, 0, sizeof d->w);
  d->at = 0;
  d->window_from = now_us;
  d->stalled = FALSE;
  d->started = FALSE;
}

static void turn_windows(gw_delay *d, gint64 now_us) {
  if (now_us - d->window_from >= GW_DELAY_WINDOWS * WINDOW_US) {
    memset(d->w, 0, sizeof d->w);
    d->window_from = now_us;
  }
  while (now_us - d->window_from >= WINDOW_US) {
    d->window_from += WINDOW_US;
    d->at = (d->at + 1) % GW_DELAY_WINDOWS;
    memset(&d->w[d->at], 0, sizeof d->w[d->at]);
  }
}

static void note_slow(gw_delay_window *w, gint64 transit) {
  if (transit > w->max) {
    w->second = w->max;
    w->max = transit;
  } else if (transit > w->second) {
    w->second = transit;
  }
}

static void sum_up(gw_delay *d) {
  gw_delay_window all = {.min = G_MAXINT64, .max = G_MININT64, .second = G_MININT64};
  for (guint i = 0; i < GW_DELAY_WINDOWS; i++) {
    if (!d->w[i].any) continue;
    all.min = MIN(all.min, d->w[i].min);
    note_slow(&all, d->w[i].max);
    note_slow(&all, d->w[i].second);
  }
  d->base = all.min;
  d->need = CLAMP(all.second > all.min ? all.second - all.min : 0, 0, MAX_NEED_US);
}

/* An outage longer than what could ever be bridged, and the burst behind it, say nothing about
 * jitter: they are left out, unless it turns out that the path itself has become that much longer.
 */
static gboolean is_outage(gw_delay *d, gint64 late, gint64 now_us) {
  if (!d->stalled) {
    d->stalled = late > MAX_NEED_US;
    d->stalled_from = now_us;
  } else if (late <= d->need + SETTLED_US) {
    d->stalled = FALSE;
  } else if (now_us - d->stalled_from > STALL_US) {
    forget(d, now_us);
  }
  return d->stalled;
}

void gw_delay_packet(gw_delay *d, gint64 transit_us, gint64 now_us) {
  turn_windows(d, now_us);
  if (d->started && is_outage(d, transit_us - d->base, now_us)) return;
  gw_delay_window *w = &d->w[d->at];
  if (!w->any)
    *w = (gw_delay_window){.any = TRUE, .min = transit_us, .max = transit_us, .second = G_MININT64};
  else
    note_slow(w, transit_us);
  w->min = MIN(w->min, transit_us);
  d->started = TRUE;
  sum_up(d);
}
