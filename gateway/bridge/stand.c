/* stand.c - how each phone stands, for the people who watch it: registered, ringing, in a call. Numbers of rooms that people can
 * call are always there. */
#include "gateway/bridge/private.h"

static const gw_stand free_phone = {TRUE, NULL, NULL}, ringing = {TRUE, "dnd", "ringing"},
                      in_a_call = {TRUE, "dnd", "in a call"}, gone = {FALSE, NULL, NULL};

static const gw_stand *stand_of(const gw_bridge *b, const char *number) {
  const gw_stand *s = gw_sip_contacts(b->sip, number) ? &free_phone : &gone;
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    if (c->machine.state >= GW_CS_CLOSING || g_strcmp0(c->phone, number)) continue;
    if (c->machine.state != GW_CS_RINGING) return &in_a_call;
    s = &ringing;
  }
  return s;
}

void gw_bridge_phone_changed(gw_bridge *b, const char *number) {
  if (b->started && gw_bridge_conf_phone(b->conf, number))
    gw_xmpp_stand(b->xmpp, number, stand_of(b, number));
}

static void show_rooms(gw_bridge *b) {
  const char *why;
  for (guint i = 0; b->started && i < b->conf->rooms->len; i++) {
    const char *number = ((const gw_room_conf *)b->conf->rooms->pdata[i])->number;
    if (number && gw_dial_in_room(b, number, NULL, &why)) gw_xmpp_stand(b->xmpp, number, &free_phone);
  }
}

void gw_bridge_show_phones(gw_bridge *b) {
  show_rooms(b);
  for (guint i = 0; i < b->conf->phones->len; i++)
    gw_bridge_phone_changed(b, ((const gw_phone_conf *)b->conf->phones->pdata[i])->number);
}

void gw_bridge_hide_phones(gw_bridge *b, const gw_bridge_conf *before) {
  for (guint i = 0; i < before->phones->len; i++) {
    const char *number = ((const gw_phone_conf *)before->phones->pdata[i])->number;
    if (!gw_bridge_conf_phone(b->conf, number)) gw_xmpp_stand(b->xmpp, number, NULL);
  }
  for (guint i = 0; i < before->rooms->len; i++) {
    const char *number = ((const gw_room_conf *)before->rooms->pdata[i])->number, *why;
    if (number && !gw_bridge_conf_phone(b->conf, number) && !gw_dial_in_room(b, number, NULL, &why)) gw_xmpp_stand(b->xmpp, number, NULL);
  }
}
