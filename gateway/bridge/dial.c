/* dial.c - calls that begin here: whether a number can be rung for a room, and the ringing. For the operator's `call dial`
 * and for invitations. */
#include "gateway/bridge/private.h"

/* "Front desk", or the number where no name is known. */
char *gw_dial_name(const gw_bridge *b, const char *number) {
  const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, number);
  if (phone) return g_strdup(phone->name && *phone->name ? phone->name : phone->number);
  return gw_number_mask(number);
}

static const char *obstacle(const gw_bridge *b, const gw_phone_conf *phone, const char *room,
                            gw_cause *ret) {
  const gw_conference *c = gw_bridge_conference(b, room);
  *ret = gw_bridge_admission(b, phone->number);
  if (*ret == GW_CAUSE_BUSY) return "has as many calls as it may have";
  if (*ret) return gw_dial_phrase(*ret);
  *ret = GW_CAUSE_NOT_FOUND;
  if (!gw_sip_contacts(b->sip, phone->number)) return "is not registered";
  *ret = GW_CAUSE_BUSY;
  if (c && gw_conference_has_phone(c, phone->number))
    return "is in the room or being called already";
  return NULL;
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
    return "may not enter the room";
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

gw_call *gw_dial(gw_bridge *b, const char *number, const gw_room_conf *room, gw_cause *ret_cause,
                 const char **ret_why) {
  const gw_phone_conf *phone = gw_bridge_conf_phone(b->conf, number);
  *ret_cause = GW_CAUSE_NOT_FOUND;
  *ret_why = gw_dial_phrase(GW_CAUSE_NOT_FOUND);
  if (!phone) return NULL;
  *ret_why = obstacle(b, phone, room->room, ret_cause);
  if (*ret_why) return NULL;
  *ret_cause = GW_CAUSE_NO_CODEC;
  *ret_why = "cannot be called: the room's flavour is not part of this version";
  if (!gw_room_conf_flavour(room)) return NULL;
  gw_bridge_conference_for(b, room);
  gw_call *c = gw_call_new_out(b, phone, room, NULL);
  c->machine.ring_limit_us = GW_SEC(b->conf->ring_limit);
  gw_call_post(c, &(gw_ce){.type = GW_CE_RING});
  *ret_cause = GW_CAUSE_NONE;
  return c;
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
  gw_call *c = gw_dial(b, to, conf, &cause, &why);
  if (c) return g_strdup(c->id);
  *ret_why = g_strdup_printf("%s %s", to, why);
  gw_warn(&(gw_log_ctx){.room = conf->room}, "not-dialled", "number=%s cause=%s why=%s", to,
          gw_cause_word(cause), why);
  return NULL;
}
