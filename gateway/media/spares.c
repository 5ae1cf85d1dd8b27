#include "gateway/media/spares.h"
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/media/spare_plan.h"
#include <string.h>

typedef struct {
  gw_ice *ice;
  gint64 made_us;
} spare;

struct gw_spares {
  gw_env *env;
  gw_spare_plan plan;
  gw_relays *relays;
  spare ready[GW_MAX_SPARES]; /* the oldest first, all for the plan's role and with these relays */
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
    gw_ice_free(s->ready[--s->n].ice);
}

static gw_ice *take_oldest(gw_spares *s) {
  gw_ice *ice = s->ready[0].ice;
  s->n--;
  memmove(s->ready, s->ready + 1, s->n * sizeof *s->ready);
  return ice;
}

/* Before its first check an agent sends nothing: by then a NAT on the way has forgotten what the candidates say, and a TURN server would see
 * another client. A plan that goes on with each phone must not keep them that long. */
static void let_go_of_old(gw_spares *s, gint64 now_us) {
  while (s->n && now_us - s->ready[0].made_us >= GW_SEC(GW_SPARE_S))
    gw_ice_free(take_oldest(s));
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
  gw_ice *ice = take_oldest(s);
  gw_ice_adopt(ice, events, user);
  return ice;
}

gboolean gw_spares_give_up(gw_spares *s) {
  gboolean any = s->n > 0;
  let_go(s, 0);
  s->plan.until_us = 0;
  return any;
}

static void make_one(gw_spares *s, gint64 now_us) {
  static const gw_ice_events nobody = {on_candidate, on_datagram};
  gw_ice *ice = gw_ice_new(s->env, s->plan.controlling, s->relays, &nobody, s);
  if (ice)
    s->ready[s->n++] = (spare){ice, now_us};
  else
    s->plan.until_us = 0; /* no port is free: those that there are belong to sessions */
}

gboolean gw_spares_drive(gw_spares *s, gint64 now_us) {
  guint keep = gw_spare_plan_keep(&s->plan, now_us);
  let_go_of_old(s, now_us);
  gboolean gathering = s->n < keep;
  let_go(s, keep);
  if (s->n < keep) make_one(s, now_us);
  for (guint i = 0; i < s->n; i++) {
    if (gw_ice_gathered(s->ready[i].ice)) continue;
    gw_ice_pump(s->ready[i].ice, now_us);
    gathering = TRUE;
  }
  return gathering;
}

guint gw_spares_count(const gw_spares *s) {
  return s->n;
}
