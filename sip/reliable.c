/* reliable.c - provisional responses that are acknowledged (RFC 3262), both ways. The library sends a 18x reliably to
 * whoever requires it and a 183 also to whoever supports it; the PRACKs go through our hands, because the address that they
 * are sent to comes from the other side. Of ours only a 183 before a refusal carries a description, so no answer ever
 * waits for a PRACK of a phone that says 100rel and does not do it. */
#include "sip/internal.h"

gboolean gw_sip_requires(const sip_t *msg, const char *feature) {
  return msg->sip_require && sip_has_feature(msg->sip_require, feature);
}

/* Theirs of a 18x of ours: it brings nothing that we asked for. */
void gw_sip_prack_in(gw_sip_leg *leg, const sip_t *msg) {
  gboolean offers = msg->sip_payload && msg->sip_payload->pl_len;
  gw_debug(&(gw_log_ctx){.call = leg->call ? leg->call->id : NULL}, "sip-prack", "offer=%d",
           offers);
  if (offers)
    nua_respond(leg->nh, SIP_488_NOT_ACCEPTABLE, NUTAG_WITH_THIS(leg->port->nua), TAG_END());
  else
    nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(leg->port->nua), TAG_END());
}

/* Ours of a 18x of theirs. FALSE: it has an address that no request can be sent to, and the branch is given up. */
gboolean gw_sip_prack_out(gw_sip_leg *leg, const sip_t *msg) {
  sip_rack_t rack[1];
  if (!msg->sip_rseq || !gw_sip_requires(msg, "100rel")) return TRUE;
  if (!gw_sip_contact_usable(msg)) {
    gw_warn(&(gw_log_ctx){.call = leg->call ? leg->call->id : NULL}, "sip-bad-contact",
            "status=%d reason=%s", msg->sip_status->st_status, "contact is no SIP address");
    gw_sip_leg_close(leg, GW_CAUSE_BAD_REQUEST);
    return FALSE;
  }
  sip_rack_init(rack);
  rack->ra_response = msg->sip_rseq->rs_response;
  rack->ra_cseq = msg->sip_cseq->cs_seq;
  rack->ra_method = msg->sip_cseq->cs_method;
  rack->ra_method_name = msg->sip_cseq->cs_method_name;
  nua_prack(leg->nh, SIPTAG_RACK(rack), TAG_END());
  return TRUE;
}
