#include "gateway/media/spare_plan.h"
#include "base/clock.h"
#include "base/limits.h"

void gw_spare_plan_expect(gw_spare_plan *p, gboolean controlling, guint sessions, gint64 now_us) {
  gboolean same = p->until_us && p->controlling == controlling;
  p->expected = same ? MAX(p->expected, sessions) : sessions;
  p->controlling = controlling;
  p->until_us = now_us + GW_SEC(GW_SPARE_S);
}

void gw_spare_plan_began(gw_spare_plan *p) {
  if (p->expected) p->expected--;
}

guint gw_spare_plan_keep(gw_spare_plan *p, gint64 now_us) {
  if (now_us >= p->until_us) *p = (gw_spare_plan){0};
  return p->until_us ? CLAMP(p->expected, 1, GW_MAX_SPARES) : 0;
}
