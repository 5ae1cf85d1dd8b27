/* pair.c - a call between two parts of this gateway: the two ends of it, and nothing between them. What one end says the other
 * hears from the loop, in that order, as from a network. */
#include "sip/internal.h"

typedef struct {
  gw_sip_call *to;
  gw_sip_state state; /* ENDED: only the description is told */
  gw_desc *desc;      /* or NULL */
  gboolean is_offer;
} saying;

static void saying_free(void *p) {
  saying *s = p;
  gw_sip_call_unref(s->to);
  gw_desc_free(s->desc);
  g_free(s);
}

static void deliver(void *p) {
  saying *s = p;
  if (s->to->ended) return;
  if (s->state != GW_SIP_ENDED)
    gw_sip_call_set_state(s->to, s->state, GW_CAUSE_NONE,
                          s->state == GW_SIP_RINGING    ? 180
                          : s->state == GW_SIP_ANSWERED ? 200
                                                        : 0);
  if (!s->desc || s->to->ended) return;
  if (s->is_offer) s->to->theirs = GW_OFFER_REINVITE;
  gw_sip_call_remote(s->to, s->desc, s->is_offer);
}

static void say(gw_sip_call *to, gw_sip_state state, const gw_desc *desc, gboolean is_offer) {
  saying *s = g_new0(saying, 1);
  *s = (saying){gw_sip_call_ref(to), state, desc ? gw_desc_copy(desc) : NULL, is_offer};
  gw_sip_post(to->sip, deliver, s, saying_free);
}

void gw_sip_pair(gw_sip *sip, gw_sip_call **ret_caller, gw_sip_call **ret_callee) {
  GW_ON_CONTROL();
  gw_sip_call *caller = gw_sip_call_new(sip, FALSE), *callee = gw_sip_call_new(sip, TRUE);
  const guint name = gw_ids_u32(sip->ids);
  caller->id = g_strdup_printf("inside-%08x", name);
  callee->id = g_strdup(caller->id);
  caller->mate = callee;
  callee->mate = caller;
  callee->theirs = GW_OFFER_INVITE;
  *ret_caller = caller;
  *ret_callee = callee;
}

void gw_pair_ring(gw_sip_call *call) {
  call->state = GW_SIP_RINGING;
  say(call->mate, GW_SIP_RINGING, NULL, FALSE);
}

void gw_pair_answer(gw_sip_call *call, gw_sip_offer what, const gw_desc *desc) {
  gw_sip_call *mate = call->mate;
  say(mate, what == GW_OFFER_INVITE ? GW_SIP_ANSWERED : GW_SIP_ENDED, desc, FALSE);
  if (what != GW_OFFER_INVITE) return;
  call->state = GW_SIP_ANSWERED;
  say(call, GW_SIP_CONFIRMED, NULL, FALSE);
  say(mate, GW_SIP_CONFIRMED, NULL, FALSE);
}

void gw_pair_offer(gw_sip_call *call, const gw_desc *offer) {
  if (call->state >= GW_SIP_ANSWERED) say(call->mate, GW_SIP_ENDED, offer, TRUE);
}

void gw_pair_part(gw_sip_call *call, gw_cause cause, guint status) {
  gw_sip_call *mate = g_steal_pointer(&call->mate);
  if (!mate) return;
  mate->mate = NULL;
  gw_sip_call_end(mate, cause, status);
}
