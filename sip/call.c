/* call.c - the life of a call as its user sees it: reference, state, answer, hang-up. */
#include "base/sdes.h"
#include "sip/internal.h"
#include "sip/dtmf.h"
#include "sip/trunk.h"
#include <string.h>

gw_sip_call *gw_sip_call_new(gw_sip *sip, gboolean inbound) {
  gw_sip_call *call = g_new0(gw_sip_call, 1);
  call->refs = 1;
  call->sip = gw_sip_ref(sip);
  call->inbound = inbound;
  call->legs = g_ptr_array_new();
  call->sdp_id = gw_ids_u32(sip->ids) >> 1;
  call->sdp_version = 1;
  g_queue_init(&call->updates);
  g_hash_table_add(sip->calls, call);
  return call;
}

gw_sip_call *gw_sip_call_ref(gw_sip_call *call) {
  call->refs++;
  return call;
}

static void call_free(gw_sip_call *call) {
  g_ptr_array_unref(call->legs);
  g_free(call->id);
  g_free(call->phone);
  g_free(call->trunk);
  g_free(call->source);
  g_free(call->source_ip);
  g_free(call->contact);
  g_free(call->reason);
  g_free(call->from_number);
  g_free(call->from_name);
  gw_desc_free(call->offer);
  if (call->numbers) g_ptr_array_unref(call->numbers);
  g_free(call->sdp_sent);
  gw_desc_free(call->desc_sent);
  g_free(call->user);
  if (call->password) memset(call->password, 0, strlen(call->password));
  g_free(call->password);
  gw_sip_unref(call->sip);
  g_free(call);
}

/* Besides its user only the legs hold a call. One that its user has let go of is hung up, and nobody is told. */
void gw_sip_call_unref(gw_sip_call *call) {
  if (!call) return;
  if (!call->ended && call->refs == call->legs->len + 1) gw_sip_call_hangup(call, GW_CAUSE_NORMAL);
  if (--call->refs == 0) call_free(call);
}

void gw_sip_call_set_user_data(gw_sip_call *call, void *data) {
  call->user_data = data;
}

void *gw_sip_call_user_data(const gw_sip_call *call) {
  return call->user_data;
}

const char *gw_sip_call_id(const gw_sip_call *call) {
  return call->id;
}

const char *gw_sip_call_reason(const gw_sip_call *call) {
  return call->reason;
}

gboolean gw_sip_call_secure(const gw_sip_call *call) {
  const gw_sip_leg *leg = call->leg              ? call->leg
                          : call->legs->len == 1 ? g_ptr_array_index(call->legs, 0)
                                                 : NULL;
  return leg && leg->port->transport == GW_TLS;
}

/* -- state -- */

void gw_sip_call_set_state(gw_sip_call *call, gw_sip_state state, gw_cause cause, guint status) {
  gboolean again = state == GW_SIP_RINGING && status != call->last_18x;
  if (call->ended || state < call->state ||
      (state == call->state && state != GW_SIP_CALLING && !again))
    return;
  call->state = state;
  if (state == GW_SIP_RINGING) call->last_18x = status;
  gw_sip *sip = call->sip;
  if (sip->on.state && gw_sip_alive(sip)) sip->on.state(call, state, cause, status, sip->user_data);
}

typedef struct {
  gw_sip_call *call;
  gw_cause cause;
  guint status;
} ending;

static void ending_tell(void *p) {
  ending *e = p;
  gw_sip *sip = e->call->sip;
  e->call->state = GW_SIP_ENDED;
  gw_info(&(gw_log_ctx){.call = e->call->id}, "sip-ended", "cause=%s status=%u",
          gw_cause_word(e->cause), e->status);
  gboolean held = e->call->refs > 1; /* by somebody besides this event */
  if (held && sip->on.state && gw_sip_alive(sip))
    sip->on.state(e->call, GW_SIP_ENDED, e->cause, e->status, sip->user_data);
}

static void ending_free(void *p) {
  ending *e = p;
  gw_sip_call_unref(e->call);
  g_free(e);
}

void gw_sip_call_end(gw_sip_call *call, gw_cause cause, guint status) {
  if (call->ended) return;
  call->ended = TRUE;
  gw_pair_part(call, cause, status);
  gw_sip *sip = call->sip;
  g_hash_table_remove(sip->calls, call);
  while (call->legs->len)
    gw_sip_leg_detach(g_ptr_array_index(call->legs, 0));
  call->leg = NULL;
  if (call->update[0]) nua_destroy_event(call->update);
  g_clear_pointer(&call->referral, gw_sip_referral_free);
  g_queue_clear_full(&call->updates, (GDestroyNotify)gw_desc_free);
  g_clear_pointer(&call->retry, gw_timer_free);
  g_clear_pointer(&call->try, gw_trunk_try_free);
  ending *e = g_new0(ending, 1);
  *e = (ending){gw_sip_call_ref(call), cause, status};
  gw_sip_post(sip, ending_tell, e, ending_free);
}

void gw_sip_call_remote(gw_sip_call *call, const gw_desc *desc, gboolean is_offer) {
  gw_sip *sip = call->sip;
  if (!call->hanging && !call->ended && sip->on.remote && gw_sip_alive(sip))
    sip->on.remote(call, desc, is_offer, sip->user_data);
}

/* -- bodies -- */

/* RFC 3264 8: the o= line keeps its id, and its version grows by one with each change. */
char *gw_sip_call_sdp(gw_sip_call *call, const gw_desc *desc) {
  gw_desc *mine = gw_desc_copy(desc);
  gw_desc_media *audio = gw_desc_audio(mine);
  if (audio && call->leg && !call->sip->open && !gw_sip_call_secure(call))
    gw_sdes_strip(audio); /* a key that anybody can read is none */
  mine->session_id = call->sdp_id;
  mine->version = call->sdp_version;
  char *text = gw_sdp_print(mine);
  if (call->sdp_sent && strcmp(text, call->sdp_sent) != 0) {
    mine->version = ++call->sdp_version;
    g_free(text);
    text = gw_sdp_print(mine);
  }
  g_free(call->sdp_sent);
  call->sdp_sent = g_strdup(text);
  gw_desc_free(call->desc_sent);
  call->desc_sent = mine;
  return text;
}

char *gw_sip_reason(gw_cause cause) {
  return g_strdup_printf("Q.850;cause=%u;text=\"%s\"", gw_cause_q850(cause), gw_cause_text(cause));
}

/* -- what the user does -- */

static gboolean live(const gw_sip_call *call) {
  GW_ON_CONTROL();
  return !call->ended && !call->hanging && gw_sip_alive(call->sip);
}

static gboolean unanswered(const gw_sip_call *call) {
  return live(call) && call->inbound && call->theirs == GW_OFFER_INVITE;
}

void gw_sip_call_ringing(gw_sip_call *call) {
  if (!unanswered(call) || call->state >= GW_SIP_RINGING) return;
  if (call->reliable && call->late) return; /* RFC 3262 5: it would have to carry the offer */
  if (call->mate) {
    gw_pair_ring(call);
    return;
  }
  nua_respond(call->leg->nh, SIP_180_RINGING, SIPTAG_CONTACT_STR(call->contact), TAG_END());
}

void gw_sip_call_progress(gw_sip_call *call, const gw_desc *early) {
  if (!unanswered(call) || call->mate) return; /* inside nobody listens before the answer */
  g_autofree char *sdp = gw_sip_call_sdp(call, early);
  nua_respond(call->leg->nh, SIP_183_SESSION_PROGRESS, SIPTAG_CONTACT_STR(call->contact),
              SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

void gw_sip_call_answer(gw_sip_call *call, const gw_desc *desc) {
  if (!live(call) || call->theirs == GW_OFFER_NONE) return;
  gw_sip_offer what = call->theirs;
  call->theirs = GW_OFFER_NONE;
  if (call->mate) {
    gw_pair_answer(call, what, desc);
    return;
  }
  g_autofree char *sdp = gw_sip_call_sdp(call, desc);
  nua_handle_t *nh = call->leg->nh;
  switch (what) {
  case GW_OFFER_INVITE:
    call->ours = call->late;
    call->leg->answered = TRUE;
    G_GNUC_FALLTHROUGH;
  case GW_OFFER_REINVITE:
    call->unacked = TRUE;
    nua_respond(nh, SIP_200_OK, SIPTAG_CONTACT_STR(call->contact),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
    break;
  case GW_OFFER_UPDATE:
    nua_respond(nh, SIP_200_OK, NUTAG_WITH_SAVED(call->update), SIPTAG_CONTACT_STR(call->contact),
                SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
    nua_destroy_event(call->update);
    break;
  default: /* the offer came in the 200 to our INVITE: the ACK answers it */
    gw_sip_leg_ack(call->leg, NULL, sdp);
  }
  gw_sip_reinvite_next(call);
}

void gw_sip_call_refuse_offer(gw_sip_call *call, gw_cause cause) {
  if (!live(call) || call->theirs == GW_OFFER_NONE) return;
  gw_sip_offer what = call->theirs;
  if (what == GW_OFFER_INVITE || what == GW_OFFER_IN_200) {
    gw_sip_call_hangup(call, cause);
    return;
  }
  guint status = gw_cause_sip(cause);
  gw_info(&(gw_log_ctx){.call = call->id}, "sip-offer-refused", "status=%u reason=%s", status,
          gw_cause_word(cause));
  call->sip->refused++;
  call->theirs = GW_OFFER_NONE;
  if (call->mate) return;
  if (what == GW_OFFER_UPDATE) {
    nua_respond(call->leg->nh, (int)status, gw_cause_sip_phrase(cause),
                NUTAG_WITH_SAVED(call->update), TAG_END());
    nua_destroy_event(call->update);
  } else {
    nua_respond(call->leg->nh, (int)status, gw_cause_sip_phrase(cause), TAG_END());
  }
  gw_sip_reinvite_next(call);
}

void gw_sip_call_reinvite(gw_sip_call *call, const gw_desc *offer) {
  if (call->mate && live(call)) gw_pair_offer(call, offer);
  if (!live(call) || !call->leg || !call->leg->answered) return;
  g_queue_clear_full(&call->updates,
                     (GDestroyNotify)gw_desc_free); /* only the newest wish counts */
  g_queue_push_tail(&call->updates, gw_desc_copy(offer));
  gw_sip_reinvite_next(call);
}

void gw_sip_call_hangup(gw_sip_call *call, gw_cause cause) {
  if (!live(call)) return;
  call->hanging = TRUE;
  if (call->mate) {
    gw_sip_call_end(call, cause, call->state < GW_SIP_ANSWERED ? gw_cause_sip(cause) : 0);
    return;
  }
  gboolean refusing = call->inbound && !call->leg->answered;
  guint status = refusing ? gw_cause_sip(cause) : 0;
  if (refusing) {
    gw_info(&(gw_log_ctx){.call = call->id}, "sip-refused",
            "method=INVITE status=%u reason=%s source=%s", status, gw_cause_word(cause),
            call->source);
    call->sip->refused++;
  }
  for (guint i = 0; i < call->legs->len; i++)
    gw_sip_leg_close(g_ptr_array_index(call->legs, i), cause);
  gw_sip_call_end(call, cause, status);
}

void gw_sip_call_send_info(gw_sip_call *call, char digit, guint ms) {
  if (!live(call) || !call->leg || !call->leg->answered) return;
  g_autofree char *body = gw_dtmf_print(digit, ms);
  nua_info(call->leg->nh, SIPTAG_CONTENT_TYPE_STR("application/dtmf-relay"),
           SIPTAG_PAYLOAD_STR(body), TAG_END());
}
