/* route.c - what a call from here to there would meet: for calls that come in, and for the operator's question. */
#include <string.h>
#include "gateway/bridge/private.h"

void gw_route_free(gw_route *r) {
  if (!r) return;
  g_free(r->number);
  g_free(r->room);
  g_free(r->trunk);
  gw_room_conf_free(r->person);
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

static void step(gw_route *r, const char *rule, gboolean matched, const char *why) {
  gw_route_step *s = g_new0(gw_route_step, 1);
  *s = (gw_route_step){g_strdup(rule), matched, g_strdup(why)};
  g_ptr_array_add(r->tried, s);
}

/* --- calls that come in */

static void by_number(gw_bridge *b, gw_route *r, const char *from, const char *to) {
  g_autoptr(gw_dialplan_decision) d = gw_dialplan_route(b->dialplan, from, to, r->tried);
  decide(r, d->cause);
  r->has_pin = d->has_pin;
  r->menu = d->menu;
  r->number = g_strdup(d->number);
  r->room = g_strdup(d->room);
}

static void to_person(gw_route *r, gw_room_conf *person /* taken */) {
  r->person = person;
  g_free(r->number);
  g_free(r->room);
  r->number = g_strdup(person->room);
  r->room = g_strdup(person->room);
  r->has_pin = *person->pin != 0;
  decide(r, GW_CAUSE_NONE);
}

/* No number of ours: an address, which a phone may dial as well. */
static void by_address(gw_bridge *b, gw_route *r, const char *to, const char *to_host) {
  g_autofree char *jid = NULL;
  gw_room_conf *person = gw_direct_dialled(b, to, to_host, &jid);
  if (jid)
    step(r, "address", person != NULL,
         person ? "sip.dial_users lets phones call that person"
                : "sip.dial_users does not let phones call that person");
  if (person) to_person(r, person);
}

/* Somebody's own account takes his calls, whatever number was dialled there. */
static gboolean by_account(gw_bridge *b, gw_route *r, const char *trunk) {
  gw_room_conf *owner = gw_direct_owner(b, trunk);
  if (!owner) return FALSE;
  step(r, "account", TRUE, "it is the own account of one person");
  to_person(r, owner);
  return TRUE;
}

static const char *obstacle(const gw_bridge *b, const gw_room_conf *conf, gw_cause *ret) {
  *ret = GW_CAUSE_INTERNAL;
  if (!conf || !(gw_direct_is(conf) || gw_bridge_conference(b, conf->room)))
    return "no conference for the room";
  *ret = GW_CAUSE_FORBIDDEN;
  if (gw_direct_is(conf) && b->conf->client_mode)
    return "persons can be called in component mode only";
  *ret = GW_CAUSE_NO_CODEC;
  return gw_room_conf_flavour(conf) ? NULL : "the room's flavour is not part of this version";
}

gw_route *gw_bridge_route_in(gw_bridge *b, const char *from, const char *to, const char *to_host) {
  gw_route *r = route_new();
  const gboolean trunk = g_str_has_prefix(from, "trunk:");
  gw_cause cause;
  if (!trunk || !by_account(b, r, from + strlen("trunk:"))) by_number(b, r, from, to);
  if (*from && !trunk && (r->cause == GW_CAUSE_NOT_FOUND || r->cause == GW_CAUSE_BAD_REQUEST))
    by_address(b, r, to, to_host);
  if (!r->allowed || r->menu) return r;
  const char *why = obstacle(b, r->person ? r->person : gw_bridge_conf_room(b->conf, r->number), &cause);
  if (!why) return r;
  step(r, "room", FALSE, why);
  decide(r, cause);
  return r;
}

/* --- calls that go out */

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

static void refuse(gw_route *r, const char *rule, gw_cause cause, const char *why) {
  step(r, rule, FALSE, why);
  decide(r, cause);
}

/* The number of a room, which he hears by a call like any other. */
static gboolean into_room(gw_bridge *b, gw_route *r, const char *bare, const char *number) {
  const char *why = NULL;
  const gw_room_conf *room = gw_dial_in_room(b, number, bare, &why);
  if (why) refuse(r, "room", GW_CAUSE_FORBIDDEN, why);
  if (!room) return why != NULL;
  const char *rule = gw_direct_rule(b, bare);
  g_free(r->room);
  r->room = g_strdup(room->room);
  step(r, "room", TRUE, "it is the number of a room");
  step(r, "callers", rule != NULL, rule ? rule : "no number leads to him, and xmpp.callers does not have him");
  decide(r, rule ? GW_CAUSE_NONE : GW_CAUSE_FORBIDDEN);
  return TRUE;
}

/* A person calls one of our JIDs, NUMBER@DOMAIN: he is told no more of a number that he must not call than that. */
static gw_route *route_of_person(gw_bridge *b, const char *person, const char *to) {
  g_autofree char *bare = gw_jid_bare(person), *domain = NULL, *at = NULL;
  if (strchr(to, '@')) gw_jid_split(to, NULL, &domain, NULL);
  if (domain) at = gw_direct_number(b, to);
  gw_route *r = route_out(b, bare ? bare : person, at ? at : to);
  const gboolean here = !domain || !g_strcmp0(domain, b->conf->domain);
  if (here && bare && into_room(b, r, bare, at ? at : to)) return r;
  if (!here) {
    refuse(r, "address", GW_CAUSE_NOT_FOUND, "it is no address of this gateway");
  } else if (!r->allowed && r->cause != GW_CAUSE_PEER_GONE) {
    decide(r, GW_CAUSE_FORBIDDEN);
  } else if (r->allowed && !r->trunk) {
    const char *rule = gw_direct_rule(b, bare);
    step(r, "callers", rule != NULL, rule ? rule : "no number leads to him, and xmpp.callers does not have him");
    if (!rule) decide(r, GW_CAUSE_FORBIDDEN);
    else if (!gw_sip_contacts(b->sip, r->number))
      refuse(r, "registered", GW_CAUSE_NOT_FOUND, "the phone is not registered");
  }
  return r;
}

/* An address is split as a phone sends it: its domain beside the number, and none where that is ours. */
static gw_route *route_of_call(gw_bridge *b, const char *from, const char *to) {
  if (g_str_has_prefix(to, "sip:")) to += strlen("sip:");
  const char *at = strrchr(to, '@');
  g_autofree char *user = at ? g_strndup(to, (gsize)(at - to)) : g_strdup(to);
  return gw_bridge_route_in(b, from, user, at && gw_sip_is_foreign(b->sip, at + 1) ? at + 1 : NULL);
}

gw_route *gw_bridge_route(gw_bridge *b, const char *from, const char *to) {
  if (strcmp(from, "operator") == 0) return route_out(b, NULL, to);
  return strchr(from, '@') && !g_str_has_prefix(from, "trunk:") ? route_of_person(b, from, to)
                                                                : route_of_call(b, from, to);
}
