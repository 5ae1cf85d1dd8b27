/* hunt.c - a call that leaves by a trunk, and by the next one when that fails: each is asked whether it may carry the number
 * at the moment when it is its turn (the file may have changed meanwhile). */
#include <string.h>
#include "gateway/bridge/private.h"

static gw_cause obstacle(const char *trunk, void *bridge) {
  const gw_bridge *b = bridge;
  gw_sip_trunk_info info;
  if (!gw_sip_find_trunk(b->sip, trunk, &info) || info.state == GW_TRUNK_DOWN)
    return GW_CAUSE_PEER_GONE;
  return gw_bridge_trunk_lines(b, trunk);
}

const gw_dialplan_way *gw_hunt_free_way(gw_bridge *b, const gw_hunt *h, const gw_dialplan_out *out,
                                        gw_cause *ret) {
  return gw_hunt_find(h, out->ways, obstacle, b, ret);
}

static gboolean another_could(const gw_call *c) {
  gw_cause why;
  g_autoptr(gw_dialplan_out) out =
      gw_dialplan_outbound(c->bridge->dialplan, gw_hunt_by(c->hunt), gw_hunt_number(c->hunt), NULL);
  return gw_hunt_free_way(c->bridge, c->hunt, out, &why) != NULL;
}

void gw_call_take_way(gw_call *c, const gw_dialplan_way *way, const char *e164) {
  gw_sip_trunk_info info = {0};
  gw_call_to_trunk(c, gw_bridge_conf_trunk(c->bridge->conf, way->trunk), e164);
  g_free(c->away);
  g_free(c->remote_hint);
  c->away = g_strdup(way->number);
  gw_sip_find_trunk(c->bridge->sip, way->trunk, &info);
  c->remote_hint = gw_host_of_source(info.host);
  gw_hunt_tried(c->hunt, way->trunk);
}

/* What the telephone network is told as the caller is a number that somebody has configured here, or none: the names of
 * persons and of other rooms are whatever those who made them wanted. */
gw_sip_call *gw_call_dial_trunk(gw_call *c, const gw_desc *offer, gw_cause *ret_why) {
  const gw_trunk_conf *t = gw_bridge_conf_trunk(c->bridge->conf, c->trunk);
  const gboolean own = t && t->owner; /* who calls from his own account is who he says there */
  gw_sip_call *sip = gw_sip_dial_trunk(c->bridge->sip, c->trunk, c->away,
                                       own ? t->caller : c->room_conf->number,
                                       own && *t->caller_name ? t->caller_name : NULL, offer, ret_why);
  if (sip && another_could(c)) gw_sip_call_hurry(sip);
  return sip;
}

/* What the failed one has said is void; its key, too: the leg is made anew. */
static void forget_answer(gw_call *c) {
  g_clear_pointer(&c->offer, gw_desc_free);
  g_clear_pointer(&c->leg_caps, gw_desc_free);
  g_clear_pointer(&c->codec, g_free);
  g_clear_pointer(&c->sip_reason, g_free);
  c->encrypted = FALSE;
  c->sip_status = 0;
}

gboolean gw_call_next_trunk(gw_call *c, gw_cause cause, guint status) {
  gw_bridge *b = c->bridge;
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_cause why;
  if (!c->hunt || c->machine.state != GW_CS_RINGING ||
      !gw_hunt_worth_another(cause, status, c->rang))
    return FALSE;
  g_autoptr(gw_dialplan_out) out =
      gw_dialplan_outbound(b->dialplan, gw_hunt_by(c->hunt), gw_hunt_number(c->hunt), NULL);
  const gw_dialplan_way *way = gw_hunt_free_way(b, c->hunt, out, &why);
  gw_warn(&ctx, "trunk-failed", "trunk=%s cause=%s status=%u next=%s", c->trunk,
          gw_cause_word(cause), status, way ? way->trunk : "none");
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "trunk %s failed (%s): %s%s", c->trunk,
                gw_cause_word(cause), way ? "next is " : "no other may take it now",
                way ? way->trunk : "");
  if (!way) return FALSE;
  g_autofree char *e164 = gw_dialplan_trunk_e164(b->dialplan, way->trunk, way->number);
  gw_call_take_way(c, way, e164);
  forget_answer(c);
  gw_call_post(c, &(gw_ce){.type = GW_CE_NEXT_TRUNK});
  return TRUE;
}
