#include "base/timer.h"

struct gw_timer {
  GSource *source;
  void (*fn)(void *);
  void *user;
};

static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer user) {
  gw_timer *t = user;
  g_source_set_ready_time(source, -1);
  t->fn(t->user); /* may free t */
  return G_SOURCE_CONTINUE;
}

/* GLib dispatches only sources that have a callback; the work is done in dispatch. */
static gboolean unused(gpointer user) {
  return G_SOURCE_CONTINUE;
}

gw_timer *gw_timer_new(GMainContext *ctx, void (*fn)(void *), void *user) {
  static GSourceFuncs funcs = {.dispatch = dispatch};
  gw_timer *t = g_new0(gw_timer, 1);
  t->fn = fn;
  t->user = user;
  t->source = g_source_new(&funcs, sizeof(GSource));
  g_source_set_callback(t->source, unused, t, NULL);
  g_source_attach(t->source, ctx);
  return t;
}

void gw_timer_free(gw_timer *t) {
  if (!t) return;
  g_source_destroy(t->source);
  g_source_unref(t->source);
  g_free(t);
}

void gw_timer_set(gw_timer *t, gint64 at_us) {
  g_source_set_ready_time(t->source, at_us == GW_NEVER ? -1 : MAX(at_us, 0));
}
