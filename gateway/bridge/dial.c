/* dial.c - calls that begin here: by which way a number can be rung for a room, and the ringing. For the operator's `call
 * dial` and for invitations. */
#include <string.h>
#include "gateway/bridge/private.h"

/* "Front desk", or the number where no name is known. */
char *gw_dial_name(const gw_bridge *b, const char *number) {
  const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, number);
  if (phone) return g_strdup(phone->name && *phone->name ? phone->name : phone->number);
  return gw_number_mask(number);
}

const char *gw_dial_phrase(gw_cause cause) {
  switch (cause) {
  case GW_CAUSE_BUSY:
    return "is busy";
  case GW_CAUSE_REJECTED:
    return "declined";
  case GW_CAUSE_TIMEOUT:
    return "did not answer";
  case GW_CAUSE_NOT_FOUND:
    return "is not known here";
  case GW_CAUSE_FORBIDDEN:
    return "may not be called";
  case GW_CAUSE_CANCELLED:
    return "is not called any more";
  case GW_CAUSE_NO_CODEC:
    return "speaks no codec that we do";
  case GW_CAUSE_OVERLOAD:
    return "cannot be called: all lines are in use";
  case GW_CAUSE_XMPP_DOWN:
    return "cannot be called: the meeting server cannot be reached";
  case GW_CAUSE_SHUTDOWN:
    return "cannot be called: the gateway is shutting down";
  default:
    return "could not be reached";
  }
}

/* In the room, or being rung for it. */
static gboolean is_there(const gw_bridge *b, const char *room, const char *phone,
                         const char *caller) {
  const gw_conference *c = gw_bridge_conference(b, room);
  for (guint i = 0; c && i < b->calls->len; i++) {
    const gw_call *call = b->calls->pdata[i];
    if (call->conference != c || call->machine.state >= GW_CS_CLOSING) continue;
    if (phone ? !g_strcmp0(call->phone, phone) : !g_strcmp0(call->caller, caller)) return TRUE;
  }
  return FALSE;
}

static const char already[] = "is in the room or being called already";

static const char *phone_obstacle(const gw_bridge *b, const gw_phone_conf *phone, const char *room,
                                  gw_cause *ret) {
  *ret = gw_bridge_admission(b, phone->number);
  if (*ret == GW_CAUSE_BUSY) return "has as many calls as it may have";
  if (*ret) return gw_dial_phrase(*ret);
  *ret = GW_CAUSE_NOT_FOUND;
  if (!gw_sip_contacts(b->sip, phone->number)) return "is not registered";
  *ret = GW_CAUSE_BUSY;
  return is_there(b, room, phone->number, NULL) ? already : NULL;
}

static const char *trunk_obstacle(gw_bridge *b, const gw_hunt *hunt, const gw_dialplan_out *out,
                                  const char *room, const gw_dialplan_way **ret_way,
                                  gw_cause *ret) {
  *ret_way = NULL;
  *ret = out->cause;
  if (out->cause == GW_CAUSE_FORBIDDEN && b->conf->trunks->len)
    return "is not called: no rule lets it leave";
  if (out->cause || !out->ways->len) return gw_dial_phrase(GW_CAUSE_NOT_FOUND);
  *ret_way = gw_hunt_free_way(b, hunt, out, ret);
  if (*ret == GW_CAUSE_PEER_GONE) return "cannot be called: no trunk that may call it is up";
  if (*ret == GW_CAUSE_BUSY) return "cannot be called: all lines of the trunk are in use";
  if (!*ret) *ret = gw_bridge_capacity(b);
  if (*ret) return gw_dial_phrase(*ret);
  *ret = GW_CAUSE_BUSY;
  return is_there(b, room, NULL, out->number) ? already : NULL;
}

gw_call *gw_dial(gw_bridge *b, const char *by, const char *number, const gw_room_conf *room,
                 gw_cause *ret_cause, const char **ret_why) {
  g_autoptr(gw_dialplan_out) out = gw_dialplan_outbound(b->dialplan, by, number, NULL);
  const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, out->phone);
  g_autoptr(gw_hunt) hunt = gw_hunt_new(by, number);
  const gw_dialplan_way *way = NULL;
  *ret_why = phone ? phone_obstacle(b, phone, room->room, ret_cause)
                   : trunk_obstacle(b, hunt, out, room->room, &way, ret_cause);
  if (*ret_why) return NULL;
  *ret_cause = GW_CAUSE_NO_CODEC;
  *ret_why = "cannot be called: the room's flavour is not part of this version";
  if (!gw_room_conf_flavour(room)) return NULL;
  if (!gw_direct_is(room)) gw_bridge_conference_for(b, room);
  gw_call *c = phone ? gw_call_new_out(b, phone, room, NULL)
                     : gw_call_new_away(b, g_steal_pointer(&hunt), way, out->number, room);
  c->machine.ring_limit_us = GW_SEC(b->conf->ring_limit);
  gw_call_post(c, &(gw_ce){.type = GW_CE_RING});
  *ret_cause = GW_CAUSE_NONE;
  *ret_why = NULL;
  return c;
}

gboolean gw_dial_allowed(const gw_bridge *b, const char *by, const char *number) {
  g_autoptr(gw_dialplan_out) out = gw_dialplan_outbound(b->dialplan, by, number, NULL);
  return out->phone || (!out->cause && out->ways->len);
}

char *gw_bridge_dial(gw_bridge *b, const char *number, const char *room, char **ret_why) {
  g_autofree char *to = gw_dialplan_normalise(number);
  const gw_room_conf *conf = gw_bridge_conf_room(b->conf, room);
  gw_cause cause;
  const char *why;
  if (!conf) conf = gw_bridge_conf_by_jid(b->conf, room);
  if (!conf) {
    *ret_why = g_strdup_printf("there is no room %s: tipringctl room list", room);
    return NULL;
  }
  if (!to || !*to) {
    *ret_why = g_strdup_printf("%s is no number", number);
    return NULL;
  }
  gw_call *c = gw_dial(b, NULL, to, conf, &cause, &why);
  if (c) return g_strdup(c->id);
  *ret_why = g_strdup_printf("%s %s: tipringctl route explain operator %s", to, why, to);
  gw_warn(&(gw_log_ctx){.room = conf->room}, "not-dialled", "number=%s cause=%s why=%s", to,
          gw_cause_word(cause), why);
  return NULL;
}
