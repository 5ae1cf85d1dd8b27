/* refer.c - transfers (RFC 3515): the REFER of a phone in a call is handed on, and how it went comes back in NOTIFYs of
 * the subscription that it implies (RFC 6665 in the same dialog), or not at all when it wanted none (RFC 4488). What a
 * transfer means is decided elsewhere; here nothing is ever called. Also the asking side, for the test phone. */
#include "sip/internal.h"
#include "sip/replaces.h"
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <string.h>

struct gw_sip_referral {
  nua_saved_event_t request[1]; /* awaits its answer */
  char *
      event; /* "refer;id=2": without the id a second REFER, even a refused one, would end the first */
  gboolean silent; /* no subscription */
};

void gw_sip_referral_free(gw_sip_referral *r) {
  if (!r) return;
  if (r->request[0]) nua_destroy_event(r->request);
  g_free(r->event);
  g_free(r);
}

/* -- which dialogs -- */

static gw_sip_call *call_of_handle(const gw_sip *sip, const nua_handle_t *nh) {
  for (guint i = 0; i < sip->legs->len; i++) {
    const gw_sip_leg *leg = g_ptr_array_index(sip->legs, i);
    if (leg->nh == nh) return leg->call;
  }
  return NULL;
}

gw_sip_call *gw_sip_named_call(const gw_sip *sip, const gw_replaces *named) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  gw_sip_call *found = NULL;
  sip_replaces_t *r = sip_replaces_format(home, "%s;from-tag=%s;to-tag=%s", named->call_id,
                                          named->from_tag, named->to_tag);
  for (guint i = 0; r && !found && i < sip->ports->len; i++) {
    nua_handle_t *nh =
        nua_handle_by_replaces(((gw_sip_port *)g_ptr_array_index(sip->ports, i))->nua, r);
    if (!nh) continue;
    found = call_of_handle(sip, nh);
    nua_handle_unref(nh);
  }
  su_home_deinit(home);
  return found && !found->ended && !found->hanging ? found : NULL;
}

gboolean gw_sip_is_ours(const gw_sip *sip, const gw_refer_to *to) {
  gboolean port = to->port == 0, named = *sip->realm && !g_ascii_strcasecmp(to->host, sip->realm);
  for (guint i = 0; i < sip->ports->len; i++) {
    const gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    port |= to->port == p->port;
    named |= !strcmp(to->host, p->bound) || !strcmp(to->host, p->shown);
  }
  return port && named;
}

/* -- asked -- */

static void refuse(gw_sip_leg *leg, int status, const char *phrase, const char *reason) {
  gw_info(&(gw_log_ctx){.call = leg->call->id}, "sip-refused", "method=REFER status=%d reason=%s",
          status, reason);
  leg->sip->refused++;
  nua_respond(leg->nh, status, phrase, NUTAG_WITH_THIS(leg->port->nua), TAG_END());
}

static gboolean wants_silence(const sip_t *msg) {
  const sip_refer_sub_t *rs = sip_refer_sub(msg);
  return rs && rs->rs_value && g_ascii_strcasecmp(rs->rs_value, "false") == 0;
}

static char *event_of(tagi_t *tags) {
  sip_event_t const *event = NULL;
  tl_gets(tags, NUTAG_REFER_EVENT_REF(event), TAG_END());
  return event && event->o_id ? g_strdup_printf("refer;id=%s", event->o_id) : g_strdup("refer");
}

static void hand_on(gw_sip_call *call, const char *uri, const gw_refer_to *to) {
  gw_sip *sip = call->sip;
  gw_sip_call *other = to->replaces ? gw_sip_named_call(sip, to->replaces) : NULL;
  gw_sip_refer refer = {.target = to->user,
                        .uri = uri,
                        .ours = gw_sip_is_ours(sip, to),
                        .names_call = to->replaces != NULL,
                        .replaces = other == call ? NULL : other};
  if (sip->on.refer && gw_sip_alive(sip))
    sip->on.refer(call, &refer, sip->user_data);
  else
    gw_sip_call_refer_answer(call, 603, "nobody is transferred here");
}

void gw_sip_refer_in(gw_sip_leg *leg, const sip_t *msg, tagi_t *tags) {
  if (!gw_sip_acceptable(leg, msg)) return;
  gw_sip_call *call = leg->call;
  if (call->state != GW_SIP_CONFIRMED) {
    refuse(leg, 403, "Not In This State", "the call is not up");
    return;
  }
  if (call->referral) {
    refuse(leg, 491, "Request Pending", "another transfer is under way");
    return;
  }
  su_home_t home[1] = {SU_HOME_INIT(home)};
  const char *text = msg->sip_refer_to ? url_as_string(home, msg->sip_refer_to->r_url) : NULL;
  g_autofree char *uri = gw_sip_clean(text, GW_MAX_REFER_TO + 1);
  g_autoptr(gw_refer_to) to = gw_refer_to_parse(uri);
  su_home_deinit(home);
  if (!to) {
    refuse(leg, 400, "Bad Refer-To", "no Refer-To that we understand");
    return;
  }
  call->referral = g_new0(gw_sip_referral, 1);
  call->referral->silent = wants_silence(msg);
  call->referral->event = event_of(tags);
  nua_save_event(leg->port->nua, call->referral->request);
  gw_sip_call_ref(call);
  hand_on(call, uri, to);
  gw_sip_call_unref(call);
}

static void notify(gw_sip_call *call, guint status, gboolean final) {
  const char *phrase = sip_status_phrase((int)status);
  g_autofree char *body = g_strdup_printf("SIP/2.0 %u %s\r\n", status, phrase ? phrase : "Failed");
  nua_notify(call->leg->nh, SIPTAG_EVENT_STR(call->referral->event),
             NUTAG_SUBSTATE(final ? nua_substate_terminated : nua_substate_active),
             SIPTAG_CONTACT_STR(call->contact),
             SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(body),
             TAG_END());
}

static gboolean referring(const gw_sip_call *call) {
  GW_ON_CONTROL();
  return call->referral && call->leg && !call->ended && !call->hanging && gw_sip_alive(call->sip);
}

/* RFC 5057: any other answer would end the call that the REFER came in. */
static gboolean harmless(guint status) {
  return status < 300 || status == 403 || status == 486 || status == 491 || status == 503 ||
         status == 603;
}

void gw_sip_call_refer_answer(gw_sip_call *call, guint status, const char *why) {
  if (!referring(call) || !call->referral->request[0]) return;
  if (!harmless(status) && !call->referral->silent) {
    gw_sip_call_refer_answer(call, 202, why);
    gw_sip_call_refer_progress(call, status);
    return;
  }
  if (!harmless(status)) status = 403;
  gw_sip_referral *r = call->referral;
  nua_handle_t *nh = call->leg->nh;
  gw_info(&(gw_log_ctx){.call = call->id}, status < 300 ? "sip-transfer" : "sip-refused",
          "method=REFER status=%u reason=%s", status, why);
  nua_respond(nh, (int)status, sip_status_phrase((int)status), NUTAG_WITH_SAVED(r->request),
              SIPTAG_CONTACT_STR(call->contact),
              TAG_IF(r->silent && status < 300, SIPTAG_HEADER_STR("Refer-Sub: false")), TAG_END());
  nua_destroy_event(r->request);
  if (status >= 300) {
    call->sip->refused++;
    g_clear_pointer(&call->referral, gw_sip_referral_free);
  } else if (!r->silent) {
    notify(call, 100, FALSE);
  }
}

void gw_sip_call_refer_progress(gw_sip_call *call, guint status) {
  gboolean final = status >= 200;
  if (!referring(call) || call->referral->request[0]) return;
  if (!call->referral->silent) notify(call, status, final);
  if (final) g_clear_pointer(&call->referral, gw_sip_referral_free);
}

/* -- asking -- */

void gw_sip_call_refer(gw_sip_call *call, const char *uri) {
  GW_ON_CONTROL();
  if (call->ended || call->hanging || call->state != GW_SIP_CONFIRMED) return;
  g_autofree char *to = g_strdup_printf("<%s>", uri);
  nua_refer(call->leg->nh, SIPTAG_REFER_TO_STR(to), SIPTAG_CONTACT_STR(call->contact), TAG_END());
}

static void tell(gw_sip_leg *leg, guint status) {
  gw_sip *sip = leg->sip;
  if (leg->call && sip->on.referred && gw_sip_alive(sip))
    sip->on.referred(leg->call, status, sip->user_data);
}

void gw_sip_refer_out_done(gw_sip_leg *leg, int status) {
  if (status >= 300) tell(leg, (guint)status);
}

/* "SIP/2.0 200 OK" */
void gw_sip_notify_in(gw_sip_leg *leg, const sip_t *msg) {
  const sip_payload_t *body = msg ? msg->sip_payload : NULL;
  if (!body || body->pl_len < 11 || strncmp(body->pl_data, "SIP/2.0 ", 8) != 0) return;
  g_autofree char *digits = g_strndup(body->pl_data + 8, 3);
  tell(leg, (guint)g_ascii_strtoull(digits, NULL, 10));
}
