#include "tools/ua_gaps.h"

struct gw_ua_gaps {
  gboolean counting, started, heard, same_timeline;
  gint64 zero_us, end_us, end_media_us; /* where the last sound ended */
  GArray *found;                        /* gw_ua_gap */
};

gw_ua_gaps *gw_ua_gaps_new(void) {
  gw_ua_gaps *g = g_new0(gw_ua_gaps, 1);
  g->found = g_array_new(FALSE, FALSE, sizeof(gw_ua_gap));
  return g;
}

void gw_ua_gaps_free(gw_ua_gaps *g) {
  if (!g) return;
  g_array_unref(g->found);
  g_free(g);
}

static void close_gap(gw_ua_gaps *g, gint64 us) {
  if (!g->counting || !g->heard || us <= GW_UA_GAP_US || g->found->len >= GW_UA_GAPS_MAX) return;
  gw_ua_gap gap = {.at_us = g->end_us - g->zero_us, .us = us};
  g_array_append_val(g->found, gap);
}

void gw_ua_gaps_resume(gw_ua_gaps *g, gint64 now_us) {
  if (g->counting) return;
  if (!g->started) g->zero_us = now_us;
  g->started = g->counting = TRUE;
  /* What was missing before does not count, neither by arrival nor by media time. */
  g->end_us = MAX(g->end_us, now_us);
  g->same_timeline = FALSE;
}

void gw_ua_gaps_pause(gw_ua_gaps *g, gint64 now_us) {
  close_gap(g, now_us - g->end_us);
  g->counting = FALSE;
}

void gw_ua_gaps_sound(gw_ua_gaps *g, gint64 at_us, gint64 media_us, gint64 us) {
  gint64 hole = at_us - g->end_us;
  if (g->same_timeline) hole = MAX(hole, media_us - g->end_media_us);
  close_gap(g, hole);
  g->heard = g->same_timeline = TRUE;
  g->end_us = at_us + us;
  g->end_media_us = media_us + us;
}

void gw_ua_gaps_new_timeline(gw_ua_gaps *g) {
  g->same_timeline = FALSE;
}

const gw_ua_gap *gw_ua_gaps_found(const gw_ua_gaps *g, guint *ret_n) {
  *ret_n = g->found->len;
  return (const gw_ua_gap *)(gconstpointer)g->found->data;
}
