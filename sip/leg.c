/* leg.c - one dialog with the library: its events become states of the call. A leg lives until the library says that
 * the dialog is over, which may be long after the call has ended for its user (a BYE that nobody answers: 32 s). */
#include "sip/internal.h"
#include "sip/dtmf.h"
#include "sip/trunk.h"
#include <sofia-sip/nta.h>
#include <string.h>

#define UNREACHABLE                                                                                \
  480 /* what the library's own 503 means: the other side's address does not answer at all */

static void leg_event(gw_sip_owner *, nua_event_t, int, const char *, const sip_t *, tagi_t *);

gw_sip_leg *gw_sip_leg_new(gw_sip_call *call, gw_sip_port *port, nua_handle_t *nh) {
  gw_sip_leg *leg = g_new0(gw_sip_leg, 1);
  leg->owner.event = leg_event;
  leg->sip = call->sip;
  leg->call = gw_sip_call_ref(call);
  leg->port = port;
  leg->nh = nh;
  g_ptr_array_add(call->legs, leg);
  g_ptr_array_add(call->sip->legs, leg);
  /* In calls only: outside of one the library sends a NOTIFY to wherever Contact says, before we are asked. */
  if (!call->sip->open) nua_set_hparams(nh, SIPTAG_ALLOW_STR(GW_SIP_METHODS ", REFER, MESSAGE"), TAG_END());
  return leg;
}

void gw_sip_leg_detach(gw_sip_leg *leg) {
  gw_sip_call *call = leg->call;
  if (!call) return;
  g_ptr_array_remove(call->legs, leg);
  if (call->leg == leg) call->leg = NULL;
  leg->call = NULL;
  gw_sip_call_unref(call);
}

void gw_sip_leg_free(void *data) {
  gw_sip_leg *leg = data;
  g_free(leg->realm);
  g_free(leg->early_sdp);
  g_free(leg->number);
  g_free(leg);
}

static void leg_done(gw_sip_leg *leg) {
  gw_sip *sip = leg->sip;
  gw_sip_leg_detach(leg);
  nua_handle_bind(leg->nh, NULL);
  nua_handle_destroy(leg->nh);
  g_ptr_array_remove_fast(sip->legs, leg);
  gw_sip_leg_gone(sip);
}

/* ACKs are sent by us and not by the library: to a 2xx whose Contact is no SIP address it could send neither ACK nor
 * BYE, and loses their memory. Such a one gets them at the address that it spoke from. ok NULL: looked at before. */
void gw_sip_leg_ack(gw_sip_leg *leg, const sip_t *ok, const char *sdp) {
  if (ok && !gw_sip_contact_usable(ok)) {
    char source[96], ip[64];
    gw_sip_port_source(leg->port, source, sizeof source, ip, sizeof ip);
    g_autofree char *back = gw_sip_source_uri(source);
    nua_set_hparams(leg->nh, NUTAG_PROXY(back), TAG_END());
  }
  leg->owes_ack = FALSE;
  nua_ack(leg->nh, TAG_IF(sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
          TAG_IF(sdp, SIPTAG_PAYLOAD_STR(sdp)), TAG_END());
}

/* RFC 3326: why, in the words of the telephone network. */
void gw_sip_leg_close(gw_sip_leg *leg, gw_cause cause) {
  g_autofree char *reason = gw_sip_reason(cause);
  g_autofree char *warning = g_strdup_printf("399 tipring \"%s\"", gw_cause_text(cause));
  guint status = gw_cause_sip(cause);
  if (leg->owes_ack) gw_sip_leg_ack(leg, NULL, NULL);
  if (leg->answered)
    nua_bye(leg->nh, SIPTAG_REASON_STR(reason), TAG_END());
  else if (leg->call && leg->call->inbound)
    nua_respond(leg->nh, (int)status, gw_cause_sip_phrase(cause), SIPTAG_REASON_STR(reason),
                SIPTAG_WARNING_STR(warning), /* what many phones show */
                TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR("30")), TAG_END());
  else
    nua_cancel(leg->nh, SIPTAG_REASON_STR(reason), TAG_END());
}

const char *gw_sip_body(const sip_t *msg, gsize *ret_n) {
  const sip_content_type_t *type = msg->sip_content_type;
  if (!msg->sip_payload || !msg->sip_payload->pl_len) return NULL;
  if (!type || g_ascii_strcasecmp(type->c_type, "application/sdp") != 0) return NULL;
  *ret_n = msg->sip_payload->pl_len;
  return msg->sip_payload->pl_data;
}

static void note_end(gw_sip_leg *leg, gw_cause cause, guint status) {
  if (!leg->call || leg->call->end_cause != GW_CAUSE_NONE) return;
  leg->call->end_cause = cause;
  leg->call->end_status = status;
}

/* Their BYE or CANCEL, with the reason that it gives (RFC 3326). */
static void note_goodbye(gw_sip_leg *leg, const sip_t *msg, gw_cause cause, guint status) {
  g_autofree char *text = NULL;
  cause = gw_sip_reason_of(msg, cause, &text);
  if (leg->call && !leg->call->reason) leg->call->reason = g_steal_pointer(&text);
  note_end(leg, cause, status);
}

/* -- an outbound branch -- */

static gw_desc *parse_body(gw_sip_leg *leg, const char *sdp, gsize n) {
  g_autoptr(GError) error = NULL;
  gw_desc *d = sdp ? gw_sdp_parse(sdp, n, &error) : NULL;
  if (error)
    gw_warn(&(gw_log_ctx){.call = leg->call->id}, "sip-bad-sdp", "reason=%s", error->message);
  return d;
}

static void branch_ringing(gw_sip_leg *leg, guint status, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  gsize n = 0;
  const char *sdp = msg ? gw_sip_body(msg, &n) : NULL;
  if (!call || call->leg || status == 100) return;
  if (msg && !gw_sip_prack_out(leg, msg)) return;
  g_autoptr(gw_desc) early = NULL;
  if (sdp && !call->late) {
    g_free(leg->early_sdp);
    leg->early_sdp = g_strndup(sdp, n);
    early = parse_body(leg, sdp, n);
  }
  gw_sip_call_set_state(call, GW_SIP_RINGING, GW_CAUSE_NONE, status);
  /* with several phones ringing nobody could say whose early sound to play */
  if (early && leg->call && call->legs->len == 1) gw_sip_call_remote(call, early, FALSE);
}

static void close_others(gw_sip_call *call, const gw_sip_leg *winner) {
  for (guint i = call->legs->len; i-- > 0;) {
    gw_sip_leg *leg = g_ptr_array_index(call->legs, i);
    if (leg == winner) continue;
    gw_sip_leg_close(leg, GW_CAUSE_NORMAL);
    gw_sip_leg_detach(leg);
  }
}

/* Where the call was sent is where the library sends all that follows, whatever the route set says: so that becomes the
 * first of its hops, which is the last of Record-Route. */
static void follow_record_route(gw_sip_leg *leg, const sip_t *ok) {
  const sip_record_route_t *hop = ok->sip_record_route;
  while (hop && hop->r_next)
    hop = hop->r_next;
  if (!hop || !hop->r_url->url_host ||
      (hop->r_url->url_type != url_sip && hop->r_url->url_type != url_sips))
    return;
  g_autofree char *first = g_strdup_printf(
      "%s:%s%s%s%s%s", hop->r_url->url_scheme, hop->r_url->url_host,
      hop->r_url->url_port ? ":" : "", hop->r_url->url_port ? hop->r_url->url_port : "",
      hop->r_url->url_params ? ";" : "", hop->r_url->url_params ? hop->r_url->url_params : "");
  nua_set_hparams(leg->nh, NUTAG_PROXY(first), TAG_END());
}

/* Of all the contacts that rang this one is it: who speaks in this dialog from now on. */
static void note_who(gw_sip_leg *leg) {
  gw_sip_call *call = leg->call;
  char source[96], ip[64];
  gw_sip_port_source(leg->port, source, sizeof source, ip, sizeof ip);
  g_free(call->phone);
  g_free(call->source_ip);
  call->phone = g_strdup(leg->number);
  call->source_ip = g_strdup(ip);
}

static void branch_answered(gw_sip_leg *leg, guint status, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  leg->answered = TRUE;
  leg->owes_ack = call && !call->leg && call->late && gw_sip_contact_usable(msg);
  follow_record_route(leg, msg);
  if (!leg->owes_ack) gw_sip_leg_ack(leg, msg, NULL);
  if (!call || call->leg) { /* given up or lost the race while this was on its way */
    gw_sip_leg_close(leg, GW_CAUSE_NORMAL);
    gw_sip_leg_detach(leg);
    return;
  }
  /* session refreshes of ours (RFC 4028): by UPDATE to whoever takes it, else by re-INVITE */
  if (!gw_sip_takes_update(msg)) nua_set_hparams(leg->nh, NUTAG_UPDATE_REFRESH(0), TAG_END());
  call->leg = leg;
  call->ours = FALSE;
  if (leg->number) note_who(leg);
  gw_sip_call_ref(call);
  close_others(call, leg);
  gsize n = 0;
  const char *sdp = gw_sip_body(msg, &n);
  if (!sdp && leg->early_sdp) sdp = leg->early_sdp, n = strlen(sdp);
  g_autoptr(gw_desc) remote = parse_body(leg, sdp, n);
  gw_sip_call_set_state(call, GW_SIP_ANSWERED, GW_CAUSE_NONE, status);
  if (call->late) call->theirs = GW_OFFER_IN_200;
  if (remote && gw_sip_contact_usable(msg))
    gw_sip_call_remote(call, remote, call->late);
  else
    gw_sip_call_hangup(call, GW_CAUSE_BAD_REQUEST);
  gw_sip_call_unref(call);
}

/* TRUE when an answer to the challenge was sent. Only the one that was called may ask, once, and only for one realm:
 * whoever is called must not fish for passwords. */
gboolean gw_sip_authenticate(nua_handle_t *nh, const sip_t *msg, const char *user,
                             const char *password, char **realm) {
  const msg_auth_t *au = msg && msg->sip_www_authenticate
                             ? (const msg_auth_t *)msg->sip_www_authenticate
                         : msg ? (const msg_auth_t *)msg->sip_proxy_authenticate
                               : NULL;
  const char *asked = au ? msg_header_find_param((const msg_common_t *)au, "realm=") : NULL;
  if (!asked || !user || !password || *realm) return FALSE;
  g_autofree char *auth = g_strdup_printf("Digest:%s:%s:%s", asked, user, password);
  *realm = g_strdup(asked);
  nua_authenticate(nh, NUTAG_AUTH(auth), TAG_END());
  return TRUE;
}

/* Without credentials the library would wait for them for ever. */
static void give_up_auth(gw_sip_leg *leg) {
  nua_authenticate(leg->nh, TAG_END());
}

static void branch_refused(gw_sip_leg *leg, guint status, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  if (!leg->status && status < 700)
    leg->status = status == 503 && nta_sip_is_internal(msg) ? UNREACHABLE : status;
  leg->unreachable = status == 503 || (status == 408 && nta_sip_is_internal(msg));
  if (status == 401 || status == 407) {
    if (call && !leg->tried_auth && gw_trunk_may_ask(leg) &&
        gw_sip_authenticate(leg->nh, msg, call->user, call->password, &leg->realm)) {
      leg->tried_auth = TRUE;
      leg->status = 0;
      return;
    }
    give_up_auth(leg);
  }
  if (call && status >= 300 && status < 400 && gw_sip_follow(leg, status, msg)) leg->status = 0;
  if (call && status >= 600 && status < 700)
    close_others(call, leg); /* RFC 3261 16.7: nobody else shall ring */
}

static void invite_response(gw_sip_leg *leg, int status, const sip_t *msg) {
  if (msg && !nta_sip_is_internal(msg)) gw_trunk_try_heard(leg->call);
  guint real = msg && msg->sip_status ? (guint)msg->sip_status->st_status : (guint)status;
  if (leg->answered) {
    gw_sip_reinvite_out_done(leg, (int)real, msg);
    if (real == 401 || real == 407) give_up_auth(leg);
  } else if (status < 200) {
    if (real < 200) branch_ringing(leg, real, msg);
  } else if (status < 300) {
    branch_answered(leg, real, msg);
  } else {
    branch_refused(leg, real, msg);
  }
}

/* Of several branches that failed the call tells the best answer (RFC 3261 16.7): 6xx, else the lowest class, and in it
 * anything but "did not answer". */
static guint better(guint a, guint b) {
  if (!a || !b) return MAX(a, b);
  if (a >= 600 || b >= 600) return MAX(a, b);
  if (a / 100 != b / 100) return MIN(a, b);
  return a == 408 || a == 480 || a == 487 ? b : a;
}

/* Of a trunk: was it the trunk that could not be reached? Then another one may do better. */
static gw_cause cause_of(const gw_sip_leg *last) {
  guint status = last->call->end_status ? last->call->end_status : UNREACHABLE;
  gboolean dead = last->call->trunk && last->unreachable && status == UNREACHABLE;
  return dead ? GW_CAUSE_PEER_GONE : gw_cause_from_sip(status);
}

static void leg_over(gw_sip_leg *leg, int status) {
  gw_sip_call *call = leg->call;
  if (call) {
    gw_sip_call_ref(call);
    if (!leg->status && status >= 300 && status < 700) leg->status = (guint)status;
    if (leg->unreachable) gw_trunk_try_next(call); /* then this one is not the last */
    if (!call->inbound && !leg->answered) call->end_status = better(call->end_status, leg->status);
    gboolean last = call->leg == leg || call->legs->len == 1;
    if (last) {
      if (call->end_cause == GW_CAUSE_NONE)
        call->end_cause = cause_of(leg);
      gw_sip_call_end(call, call->end_cause, call->end_status);
    }
    gw_sip_call_unref(call);
  }
  leg_done(leg);
}

/* -- events -- */

static void state_event(gw_sip_leg *leg, int status, tagi_t *tags) {
  int state = -1;
  gw_sip_call *call = leg->call;
  tl_gets(tags, NUTAG_CALLSTATE_REF(state), TAG_END());
  if (state == nua_callstate_terminated) {
    leg_over(leg, status);
    return;
  }
  if (!call || (call->leg && call->leg != leg)) return;
  if (state == nua_callstate_early && call->inbound)
    gw_sip_call_set_state(call, GW_SIP_RINGING, GW_CAUSE_NONE, (guint)status);
  else if (state == nua_callstate_completed)
    gw_sip_call_set_state(call, GW_SIP_ANSWERED, GW_CAUSE_NONE, (guint)status);
  else if (state == nua_callstate_ready && leg->answered) {
    gw_sip_call_ref(call);
    gw_sip_call_set_state(call, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200);
    gw_sip_call_set_state(call, GW_SIP_CONFIRMED, GW_CAUSE_NONE, 200);
    gw_sip_reinvite_next(call);
    gw_sip_call_unref(call);
  }
}

static void info_in(gw_sip_leg *leg, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  char digit;
  guint ms;
  const char *type = msg->sip_content_type ? msg->sip_content_type->c_type : NULL;
  gsize n = msg->sip_payload ? msg->sip_payload->pl_len : 0;
  if (call && !call->hanging && !gw_sip_same_speaker(leg, msg)) return; /* digits may be a PIN, and end the call */
  if (n && !gw_dtmf_parse(type, msg->sip_payload->pl_data, n, &digit, &ms)) {
    gw_info(&(gw_log_ctx){.call = call ? call->id : NULL}, "sip-refused",
            "method=INFO status=415 reason=%s", type ? type : "no content type");
    leg->sip->refused++;
    nua_respond(leg->nh, SIP_415_UNSUPPORTED_MEDIA, NUTAG_WITH_THIS(leg->port->nua),
                SIPTAG_ACCEPT_STR("application/dtmf-relay, application/dtmf"), TAG_END());
    return;
  }
  nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(leg->port->nua), TAG_END());
  gw_sip *sip = leg->sip;
  if (n && call && !call->hanging && sip->on.digit && gw_sip_alive(sip))
    sip->on.digit(call, digit, ms, sip->user_data);
}

static void leg_event(gw_sip_owner *owner, nua_event_t event, int status, const char *phrase,
                      const sip_t *msg, tagi_t *tags) {
  gw_sip_leg *leg = (gw_sip_leg *)owner;
  switch (event) {
  case nua_r_invite:
    invite_response(leg, status, msg);
    break;
  case nua_i_state:
    state_event(leg, status, tags);
    break;
  case nua_i_invite:
    gw_sip_reinvite_in(leg, msg);
    break;
  case nua_i_update:
    gw_sip_update_in(leg, msg);
    break;
  case nua_i_prack:
    gw_sip_prack_in(leg, msg);
    break;
  case nua_i_refer:
    gw_sip_refer_in(leg, msg, tags);
    break;
  case nua_r_refer:
    if (status == 401 || status == 407) give_up_auth(leg);
    gw_sip_refer_out_done(leg, status);
    break;
  case nua_i_notify:
    gw_sip_notify_in(leg, msg);
    break;
  case nua_i_ack:
    gw_sip_ack_in(leg, msg);
    break;
  case nua_i_info:
    info_in(leg, msg);
    break;
  case nua_i_message:
    if (leg->call)
      gw_sip_message_in(leg->port, leg->nh, msg, leg->call);
    else
      nua_respond(leg->nh, SIP_481_NO_TRANSACTION, NUTAG_WITH_THIS(leg->port->nua), TAG_END());
    break;
  case nua_r_message:
    if (status == 401 || status == 407) give_up_auth(leg);
    gw_sip_message_out_done(leg, status);
    break;
  case nua_i_cancel:
    note_goodbye(leg, msg, GW_CAUSE_CANCELLED, 487);
    break;
  case nua_i_bye:
    note_goodbye(leg, msg, GW_CAUSE_NORMAL, 0);
    break;
  case nua_i_error:
    gw_debug(NULL, "sip-stack-error", "status=%d reason=%s", status, phrase);
    if (status == 408) note_end(leg, GW_CAUSE_TIMEOUT, 0);
    break;
  case nua_i_options:
    nua_respond(leg->nh, SIP_200_OK, NUTAG_WITH_THIS(leg->port->nua),
                SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
    break;
  case nua_r_bye:
  case nua_r_info:
  case nua_r_update:
  case nua_r_notify:
  case nua_r_prack:
    if (status == 401 || status == 407) give_up_auth(leg);
    break;
  default:
    break;
  }
}
