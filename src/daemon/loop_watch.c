#include "daemon/loop_watch.h"
#include "base/clock.h"
#include "base/log.h"

/* GLib's poll function takes no user data, hence one watch per process. */
static struct {
  GPollFunc poll;
  gint64 woke_us, minute_us, said_us;
  gint64 *worst_us;
  guint64 *slow;
} watch;

static void turn_ended(gint64 now) {
  gint64 busy = now - watch.woke_us;
  if (now - watch.minute_us > GW_SEC(60)) {
    watch.minute_us = now;
    *watch.worst_us = 0;
  }
  *watch.worst_us = MAX(*watch.worst_us, busy);
  if (busy < GW_SLOW_TURN_US) return;
  ++*watch.slow;
  if (now - watch.said_us < GW_SEC(10))
    return; /* a busy minute is one story, not a thousand lines */
  watch.said_us = now;
  gw_warn(NULL, "slow-turn", "ms=%d so_far=%" G_GUINT64_FORMAT, (int)(busy / 1000), *watch.slow);
}

static gint watched_poll(GPollFD *fds, guint n, gint timeout) {
  if (watch.woke_us) turn_ended(gw_now_us());
  gint ready = watch.poll(fds, n, timeout);
  watch.woke_us = gw_now_us();
  return ready;
}

void gw_loop_watch(GMainContext *ctx, gint64 *worst_us, guint64 *slow) {
  watch.poll = g_main_context_get_poll_func(ctx);
  watch.woke_us = 0;
  watch.minute_us = gw_now_us();
  watch.worst_us = worst_us;
  watch.slow = slow;
  g_main_context_set_poll_func(ctx, watched_poll);
}

void gw_loop_unwatch(GMainContext *ctx) {
  g_main_context_set_poll_func(ctx, watch.poll);
}
