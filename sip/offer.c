/* offer.c - offers and answers within a dialog: re-INVITE and UPDATE, both ways (RFC 3264, 3311, 6337). */
#include "sip/internal.h"
#include "sip/trunk.h"
#include <string.h>

#define GLARE_TRIES 3

static void refuse(gw_sip_leg *leg, const sip_t *msg, int status, const char *phrase,
                   const char *reason) {
  gw_info(&(gw_log_ctx){.call = leg->call ? leg->call->id : NULL}, "sip-refused",
          "method=%s status=%d reason=%s", msg->sip_request->rq_method_name, status, reason);
  leg->sip->refused++;
  nua_respond(leg->nh, status, phrase, NUTAG_WITH_THIS(leg->port->nua),
              TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR("3")),
              TAG_IF(status == 415, SIPTAG_ACCEPT_STR("application/sdp")), TAG_END());
}

/* Whoever speaks in this dialog from another address than before shows the password first: a seen Call-ID and tags
 * are not enough to take a call over. FALSE: answered. */
gboolean gw_sip_same_speaker(gw_sip_leg *leg, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  char source[96], ip[64];
  gw_sip_port_source(leg->port, source, sizeof source, ip, sizeof ip);
  if (leg->sip->open || !call->source_ip || strcmp(call->source_ip, ip) == 0) return TRUE;
  if (call->trunk && gw_trunk_speaks(leg->sip, call->trunk, ip)) return TRUE;
  if (!call->phone) {
    refuse(leg, msg, 403, "Forbidden", "from another address");
    return FALSE;
  }
  g_autofree char *who = gw_sip_authorize(leg->port, leg->nh, msg, source, ip);
  if (!who) return FALSE;
  if (strcmp(who, call->phone) != 0) {
    refuse(leg, msg, 403, "Forbidden", "another phone's call");
    return FALSE;
  }
  gw_info(&(gw_log_ctx){.call = call->id}, "sip-moved", "from=%s to=%s", call->source_ip, source);
  g_free(call->source_ip);
  call->source_ip = g_strdup(ip);
  g_autofree char *back = gw_sip_source_uri(source);
  if (!msg->sip_record_route) nua_set_hparams(leg->nh, NUTAG_PROXY(back), TAG_END());
  return TRUE;
}

/* What every request that may move the dialog has to pass. 481 and no other code: the library then forgets the dialog
 * without a BYE; with 400 it would try one to the bad address, and abort. */
gboolean gw_sip_acceptable(gw_sip_leg *leg, const sip_t *msg) {
  if (!leg->call || leg->call->hanging || leg->call->ended) {
    refuse(leg, msg, 481, "Call Does Not Exist", "call is over");
    return FALSE;
  }
  if (msg->sip_contact && !gw_sip_contact_usable(msg)) {
    leg->call->end_cause = GW_CAUSE_BAD_REQUEST;
    refuse(leg, msg, 481, "Bad Contact", "contact is no SIP address");
    return FALSE;
  }
  return gw_sip_same_speaker(leg, msg);
}

static gboolean read_offer(gw_sip_leg *leg, const sip_t *msg, gw_desc **ret) {
  g_autoptr(GError) error = NULL;
  gsize n = 0;
  const char *sdp = gw_sip_body(msg, &n);
  if (!sdp) {
    refuse(leg, msg, 415, "Unsupported Media Type", "body is not application/sdp");
    return FALSE;
  }
  *ret = gw_sdp_parse(sdp, n, &error);
  if (!*ret) refuse(leg, msg, 400, "Bad Session Description", error->message);
  return *ret != NULL;
}

static gboolean has_body(const sip_t *msg) {
  return msg->sip_payload && msg->sip_payload->pl_len > 0;
}

/* A re-INVITE without an offer asks for one of ours: all we can do, both ways (RFC 6337 4.2), so that a call held by
 * it can come back by it. The ACK answers. */
static void offer_again(gw_sip_call *call) {
  g_autoptr(gw_desc) d = gw_desc_copy(call->desc_sent);
  gw_desc_media *audio = gw_desc_audio(d);
  if (audio) audio->dir = GW_DIR_SENDRECV;
  g_autofree char *sdp = gw_sip_call_sdp(call, d);
  call->ours = call->unacked = TRUE;
  nua_respond(call->leg->nh, SIP_200_OK, SIPTAG_CONTACT_STR(call->contact),
              SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

void gw_sip_reinvite_in(gw_sip_leg *leg, const sip_t *msg) {
  g_autoptr(gw_desc) offer = NULL;
  if (!gw_sip_acceptable(leg, msg)) return;
  gw_sip_call *call = leg->call;
  if (!has_body(msg) && call->desc_sent) {
    offer_again(call);
    return;
  }
  if (!read_offer(leg, msg, &offer)) return;
  call->theirs = GW_OFFER_REINVITE;
  gw_sip_call_remote(call, offer, TRUE);
}

void gw_sip_update_in(gw_sip_leg *leg, const sip_t *msg) {
  g_autoptr(gw_desc) offer = NULL;
  if (!gw_sip_acceptable(leg, msg)) return;
  gw_sip_call *call = leg->call;
  if (!has_body(msg)) {
    nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(leg->port->nua),
                SIPTAG_CONTACT_STR(call->contact), TAG_END());
    return;
  }
  if (call->theirs != GW_OFFER_NONE) { /* RFC 3311 5.2 */
    refuse(leg, msg, 500, "Overlapping Offer", "their last offer is not answered yet");
    return;
  }
  if (call->ours) {
    refuse(leg, msg, 491, "Request Pending", "our offer is not answered yet");
    return;
  }
  if (!read_offer(leg, msg, &offer)) return;
  call->theirs = GW_OFFER_UPDATE;
  nua_save_event(leg->port->nua, call->update);
  gw_sip_call_remote(call, offer, TRUE);
}

/* The ACK of a 200 that carried our offer. */
static void read_answer(gw_sip_call *call, const sip_t *msg) {
  g_autoptr(GError) error = NULL;
  gsize n = 0;
  call->ours = FALSE;
  const char *sdp = msg ? gw_sip_body(msg, &n) : NULL;
  g_autoptr(gw_desc) answer = sdp ? gw_sdp_parse(sdp, n, &error) : NULL;
  if (answer) {
    gw_sip_call_remote(call, answer, FALSE);
    return;
  }
  gw_warn(&(gw_log_ctx){.call = call->id}, "sip-no-answer-in-ack", "reason=%s",
          error ? error->message : "no body");
  if (call->state < GW_SIP_CONFIRMED) gw_sip_call_hangup(call, GW_CAUSE_BAD_REQUEST);
}

void gw_sip_ack_in(gw_sip_leg *leg, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  if (!call || !call->unacked) return;
  gw_sip_call_ref(call);
  call->unacked = FALSE;
  if (call->ours) read_answer(call, msg);
  gw_sip_reinvite_next(call);
  gw_sip_call_unref(call);
}

/* -- ours -- */

void gw_sip_reinvite_next(gw_sip_call *call) {
  if (call->ended || call->hanging || !call->leg || call->state < GW_SIP_CONFIRMED) return;
  /* RFC 3261 14.1: one INVITE at a time, either way */
  if (call->ours || call->unacked || call->theirs != GW_OFFER_NONE || call->retry ||
      g_queue_is_empty(&call->updates))
    return;
  g_autoptr(gw_desc) offer = g_queue_pop_head(&call->updates);
  g_autofree char *sdp = gw_sip_call_sdp(call, offer);
  call->ours = TRUE;
  nua_invite(call->leg->nh, SIPTAG_CONTACT_STR(call->contact),
             SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(sdp), TAG_END());
}

static void retry(void *data) {
  gw_sip_call *call = data;
  g_clear_pointer(&call->retry, gw_timer_free);
  gw_sip_reinvite_next(call);
}

/* RFC 3261 14.1: who made the call waits 2.1 to 4 s, the other up to 2 s. */
static void glare(gw_sip_call *call) {
  if (++call->retries > GLARE_TRIES || call->retry) return;
  if (g_queue_is_empty(&call->updates))
    g_queue_push_tail(&call->updates, gw_desc_copy(call->desc_sent));
  guint random = gw_ids_u32(call->sip->ids);
  gint64 wait = call->inbound ? GW_MS(random % 2000) : GW_MS(2100 + random % 1900);
  call->retry = gw_timer_new(call->sip->ctx, retry, call);
  gw_timer_set(call->retry, gw_now_us() + wait);
}

void gw_sip_reinvite_out_done(gw_sip_leg *leg, int status, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  gsize n = 0;
  if (status >= 200 && status < 300) gw_sip_leg_ack(leg, msg, NULL);
  if (!call || status < 200 || !call->ours) return;
  call->ours = FALSE;
  const char *sdp = msg && status < 300 ? gw_sip_body(msg, &n) : NULL;
  g_autoptr(gw_desc) answer = sdp ? gw_sdp_parse(sdp, n, NULL) : NULL;
  if (answer) {
    call->retries = 0;
    gw_sip_call_remote(call, answer, FALSE);
  } else {
    gw_info(&(gw_log_ctx){.call = call->id}, "sip-reinvite-failed", "status=%d", status);
    if (status == 491) glare(call);
  }
  gw_sip_reinvite_next(call);
}
