/* message.c - MESSAGE (RFC 3428): from phones of ours, in a dialog or outside of one, each with its password; and to them, in
 * the dialog of their call, which is the one address that is sure to be the telephone that somebody holds. */
#include "sip/message.h"
#include <string.h>
#include "sip/internal.h"

#define RETRY_AFTER "5" /* s, to who writes too fast */

typedef struct {
  gw_sip_port *port;
  nua_handle_t *nh;
  const sip_t *msg;
  char source[96], ip[64];
} request;

static void refuse(const request *r, guint status, const char *phrase, const char *why) {
  g_autofree char *warning = g_strdup_printf("399 tipring \"%s\"", why);
  r->port->sip->refused++;
  gw_info(NULL, "sip-refused", "method=MESSAGE status=%u reason=%s source=%s call_id=%s", status,
          why, r->source, r->msg->sip_call_id ? r->msg->sip_call_id->i_id : "");
  nua_respond(r->nh, (int)status, phrase, NUTAG_WITH_THIS(r->port->nua),
              SIPTAG_WARNING_STR(warning),
              TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR(RETRY_AFTER)),
              TAG_IF(status == 415, SIPTAG_ACCEPT_STR("text/plain")), TAG_END());
}

static const char *phrase_of(guint status) {
  const char *standard = sip_status_phrase((int)status);
  return standard ? standard : "Refused";
}

/* FALSE: answered. */
static gboolean read_text(const request *r, char **ret) {
  const sip_content_type_t *c = r->msg->sip_content_type;
  const sip_content_encoding_t *e = r->msg->sip_content_encoding;
  const sip_payload_t *pl = r->msg->sip_payload;
  const gw_message_type type = {c ? c->c_type : NULL,
                                c ? msg_header_find_param(c->c_common, "charset") : NULL,
                                e && e->k_items ? e->k_items[0] : NULL};
  const char *why = NULL;
  guint status = gw_message_read(&type, pl ? pl->pl_data : NULL, pl ? pl->pl_len : 0, ret, &why);
  if (status) refuse(r, status, phrase_of(status), why);
  return !status;
}

static void deliver(const request *r, const char *phone, gw_sip_call *call, const char *text) {
  gw_sip *sip = r->port->sip;
  const char *user = r->msg->sip_request->rq_url->url_user, *why = "nobody takes text here";
  g_autofree char *to = gw_sip_unescape(user);
  const gw_sip_message m = {.phone = phone, .to_user = to, .call = call, .text = text};
  guint status = sip->on.message ? sip->on.message(sip, &m, &why, sip->user_data) : 403;
  if (status < 300)
    nua_respond(r->nh, (int)status, phrase_of(status), NUTAG_WITH_THIS(r->port->nua), TAG_END());
  else
    refuse(r, status, phrase_of(status), why);
}

void gw_sip_message_in(gw_sip_port *p, nua_handle_t *nh, const sip_t *msg, gw_sip_call *call) {
  request r = {.port = p, .nh = nh, .msg = msg};
  g_autofree char *phone = NULL, *text = NULL;
  gw_sip_port_source(p, r.source, sizeof r.source, r.ip, sizeof r.ip);
  if (msg->sip_max_forwards && msg->sip_max_forwards->mf_count == 0)
    refuse(&r, SIP_483_TOO_MANY_HOPS, "max-forwards is 0");
  else if (p->sip->freed)
    refuse(&r, SIP_503_SERVICE_UNAVAILABLE, "draining");
  else if (call && !call->phone)
    refuse(&r, SIP_403_FORBIDDEN, "not from a phone of this gateway");
  else if (!(phone = gw_sip_authorize(p, nh, msg, r.source, r.ip)))
    return;
  else if (call && strcmp(phone, call->phone))
    refuse(&r, SIP_403_FORBIDDEN, "in another phone's call");
  else if (read_text(&r, &text))
    deliver(&r, phone, call, text);
}

/* --- to a phone */

gboolean gw_sip_call_send_text(gw_sip_call *call, const char *text) {
  GW_ON_CONTROL();
  gw_sip_leg *leg = call->leg;
  if (call->state != GW_SIP_CONFIRMED || call->hanging || !leg || leg->takes_no_text ||
      leg->texts_out >= GW_MAX_TEXTS_OUT)
    return FALSE;
  leg->texts_out++;
  nua_message(leg->nh, SIPTAG_CONTENT_TYPE_STR("text/plain;charset=UTF-8"),
              SIPTAG_PAYLOAD_STR(text), TAG_END());
  return TRUE;
}

/* A telephone that refuses one text is not bothered with the next in this call. */
void gw_sip_message_out_done(gw_sip_leg *leg, int status) {
  if (status < 200) return;
  if (leg->texts_out) leg->texts_out--;
  if (status < 300 || leg->takes_no_text) return;
  leg->takes_no_text = TRUE;
  gw_info(&(gw_log_ctx){.call = leg->call ? leg->call->id : NULL}, "sip-text-refused",
          "status=%d why=%s", status, "no more text is sent to this phone in this call");
}
