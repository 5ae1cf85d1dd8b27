#include "gateway/media/spares.h"
#include "base/limits.h"
#include "gateway/media/spare_plan.h"

struct gw_spares {
  gw_env *env;
  gw_spare_plan plan;
  gw_relays *relays;
  gw_ice *ready[GW_MAX_SPARES]; /* the oldest first, all for the plan's role and with these relays */
  guint n;
};

/* Nobody knows where it is: what comes nevertheless is not looked at. */
static void on_candidate(const gw_candidate *c, void *user) {
}

static void on_datagram(guint8 *data, gsize n, gboolean proven, gint64 now_us, void *user) {
}

gw_spares *gw_spares_new(gw_env *env) {
  gw_spares *s = g_new0(gw_spares, 1);
  s->env = env;
  return s;
}

static void let_go(gw_spares *s, guint keep) {
  while (s->n > keep)
    gw_ice_free(s->ready[--s->n]);
}

void gw_spares_free(gw_spares *s) {
  if (!s) return;
  let_go(s, 0);
  gw_relays_free(s->relays);
  g_free(s);
}

static gboolean fits(const gw_spares *s, gboolean controlling, const gw_relays *relays) {
  return s->plan.controlling == controlling && gw_relays_equal(s->relays, relays);
}

void gw_spares_expect(gw_spares *s, gboolean controlling, guint sessions, gw_relays *taken, gint64 now_us) {
  if (!fits(s, controlling, taken)) let_go(s, 0);
  gw_relays_free(s->relays);
  s->relays = taken;
  gw_spare_plan_expect(&s->plan, controlling, sessions, now_us);
}

gw_ice *gw_spares_take(gw_spares *s, gboolean controlling, const gw_relays *relays, const gw_ice_events *events, void *user) {
  if (!s || !fits(s, controlling, relays)) return NULL;
  gw_spare_plan_began(&s->plan);
  if (!s->n) return NULL;
  gw_ice *ice = s->ready[0];
  for (guint i = 1; i < s->n; i++)
    s->ready[i - 1] = s->ready[i];
  s->n--;
  gw_ice_adopt(ice, events, user);
  return ice;
}

static void make_one(gw_spares *s) {
  static const gw_ice_events nobody = {on_candidate, on_datagram};
  gw_ice *ice = gw_ice_new(s->env, s->plan.controlling, s->relays, &nobody, s);
  if (ice)
    s->ready[s->n++] = ice;
  else
    s->plan.until_us = 0; /* no port is free: those that there are belong to sessions */
}

gboolean gw_spares_drive(gw_spares *s, gint64 now_us) {
  guint keep = gw_spare_plan_keep(&s->plan, now_us);
  gboolean gathering = s->n < keep;
  let_go(s, keep);
  if (s->n < keep) make_one(s);
  for (guint i = 0; i < s->n; i++) {
    if (gw_ice_gathered(s->ready[i])) continue;
    gw_ice_pump(s->ready[i], now_us);
    gathering = TRUE;
  }
  return gathering;
}

guint gw_spares_count(const gw_spares *s) {
  return s->n;
}
