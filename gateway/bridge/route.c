/* route.c - what a call from here to there would meet: for calls that come in, and for the operator's question. */
#include <string.h>
#include "gateway/bridge/private.h"

void gw_route_free(gw_route *r) {
  if (!r) return;
  g_free(r->number);
  g_free(r->room);
  g_free(r->trunk);
  g_ptr_array_unref(r->tried);
  g_free(r);
}

static gw_route *route_new(void) {
  gw_route *r = g_new0(gw_route, 1);
  r->tried = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
  return r;
}

static void decide(gw_route *r, gw_cause cause) {
  r->cause = cause;
  r->allowed = cause == GW_CAUSE_NONE;
  r->code = cause ? gw_cause_sip(cause) : 0;
}

gw_route *gw_bridge_route_in(gw_bridge *b, const char *from, const char *to) {
  gw_route *r = route_new();
  g_autoptr(gw_dialplan_decision) d = gw_dialplan_route(b->dialplan, from, to, r->tried);
  decide(r, d->cause);
  r->has_pin = d->has_pin;
  r->menu = d->menu;
  r->number = g_strdup(d->number);
  r->room = g_strdup(d->room);
  return r;
}

static void step(gw_route *r, const char *rule, gboolean matched, const char *why) {
  gw_route_step *s = g_new0(gw_route_step, 1);
  *s = (gw_route_step){g_strdup(rule), matched, g_strdup(why)};
  g_ptr_array_add(r->tried, s);
}

/* The first way whose trunk is not down is the one that would be taken. */
static void choose(gw_bridge *b, gw_route *r, const gw_dialplan_out *out) {
  for (guint i = 0; i < out->ways->len && !r->trunk; i++) {
    const gw_dialplan_way *way = out->ways->pdata[i];
    gw_sip_trunk_info info;
    g_autofree char *rule = g_strdup_printf("state of %s", way->trunk);
    gboolean known = gw_sip_find_trunk(b->sip, way->trunk, &info);
    gboolean usable = known && info.state != GW_TRUNK_DOWN;
    step(r, rule, usable, !known ? "not running" : usable ? "it can be used" : info.reason);
    if (usable) r->trunk = g_strdup(way->trunk);
  }
  if (out->ways->len && !r->trunk) decide(r, GW_CAUSE_PEER_GONE);
}

static gw_route *route_out(gw_bridge *b, const char *by, const char *to) {
  gw_route *r = route_new();
  g_autoptr(gw_dialplan_out) out = gw_dialplan_outbound(b->dialplan, by, to, r->tried);
  decide(r, out->cause);
  r->number = g_strdup(out->number);
  choose(b, r, out);
  return r;
}

gw_route *gw_bridge_route(gw_bridge *b, const char *from, const char *to) {
  if (strcmp(from, "operator") == 0) return route_out(b, NULL, to);
  return strchr(from, '@') ? route_out(b, from, to) : gw_bridge_route_in(b, from, to);
}
