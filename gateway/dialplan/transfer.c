#include "gateway/dialplan/transfer.h"

static void refuse(gw_transfer_decision *ret, guint status, const char *why) {
  *ret = (gw_transfer_decision){.status = status, .why = why};
}

static void decide_number(const gw_dialplan *d, const gw_transfer_facts *f, const char *target,
                          gw_transfer_decision *ret) {
  g_autoptr(gw_dialplan_decision) room = gw_dialplan_route(d, f->phone, target, NULL);
  g_autoptr(gw_dialplan_out) out = gw_dialplan_outbound(d, f->phone, target, NULL);
  if (room->cause == GW_CAUSE_NONE && room->menu)
    refuse(ret, 403, "a menu is dialled, not transferred to");
  else if (room->cause == GW_CAUSE_NONE && !g_strcmp0(room->room, f->room))
    refuse(ret, 403, "it is in that room already");
  else if (room->cause == GW_CAUSE_NONE)
    *ret = (gw_transfer_decision){.kind = GW_TRANSFER_ROOM,
                                  .number = g_strdup(room->number),
                                  .asks = room->has_pin};
  else if (out->phone && !g_strcmp0(out->phone, f->phone))
    refuse(ret, 403, "to itself");
  else if (out->phone)
    *ret = (gw_transfer_decision){.kind = GW_TRANSFER_PHONE, .number = g_strdup(out->phone)};
  else
    refuse(ret, 404, "no room and no phone here has that number");
}

/* A call that is still asked for a PIN has got nowhere: whoever takes its place is asked instead. */
static void decide_call(const gw_dialplan *d, const gw_transfer_facts *f,
                        gw_transfer_decision *ret) {
  if (!f->call_phone)
    refuse(ret, 404, "the call it names does not exist");
  else if (g_strcmp0(f->call_phone, f->phone))
    refuse(ret, 403, "the call it names is another phone's");
  else if (f->call_up)
    *ret = (gw_transfer_decision){.kind = GW_TRANSFER_CALL};
  else if (f->call_asked)
    decide_number(d, f, f->call_asked, ret);
  else
    refuse(ret, 403, "the call it names is in no room");
}

void gw_transfer_decide(const gw_dialplan *d, const gw_transfer_facts *f,
                        gw_transfer_decision *ret) {
  if (!f->allowed)
    refuse(ret, 403, "transfers are switched off");
  else if (!f->phone)
    refuse(ret, 403, "only phones of this gateway may transfer");
  else if (!f->room)
    refuse(ret, 403, "the call is in no room");
  else if (!f->ours)
    refuse(ret, 403, "nothing is called outside by a transfer");
  else if (f->names_call)
    decide_call(d, f, ret);
  else if (!f->target || !*f->target)
    refuse(ret, 404, "no number");
  else
    decide_number(d, f, f->target, ret);
}

void gw_transfer_decision_clear(gw_transfer_decision *d) {
  g_free(d->number);
  *d = (gw_transfer_decision){0};
}
