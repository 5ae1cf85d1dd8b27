/* request.c - what comes in outside of dialogs: who may, and what is answered to those who may not. */
#include "sip/identity.h"
#include "sip/internal.h"
#include "sip/trunk.h"
#include <string.h>

#define FAILS_PER_USER 5 /* of one user from one address, within a minute: then a ban */
#define FAILS_PER_ADDRESS 30
#define RETRY_AFTER "30" /* s, with 503 */

typedef struct {
  gw_sip_port *port;
  nua_handle_t *nh;
  const sip_t *msg;
  char source[96], ip[64];
} request;

/* One answer, one line, and the handle is gone. */
static void refuse(const request *r, int status, const char *phrase, const char *reason) {
  r->port->sip->refused++;
  gw_info(NULL, "sip-refused", "method=%s status=%d reason=%s source=%s call_id=%s",
          r->msg->sip_request->rq_method_name, status, reason, r->source,
          r->msg->sip_call_id ? r->msg->sip_call_id->i_id : "");
  nua_respond(r->nh, status, phrase, NUTAG_WITH_THIS(r->port->nua),
              TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR(RETRY_AFTER)),
              TAG_IF(status == 415, SIPTAG_ACCEPT_STR("application/sdp")), TAG_END());
}

/* -- digest -- */

static void challenge(gw_sip_port *p, nua_handle_t *nh, const char *ip, gboolean stale) {
  g_autofree char *header = gw_digest_challenge(p->sip->digest, ip, gw_now_us(), stale);
  nua_respond(nh, SIP_401_UNAUTHORIZED, NUTAG_WITH_THIS(p->nua),
              SIPTAG_WWW_AUTHENTICATE_STR(header), TAG_END());
}

/* The Authorization header for our realm; there may be others for proxies on the way. */
static gboolean find_reply(const gw_sip *sip, const sip_t *msg, gw_digest_reply *ret) {
  for (const sip_authorization_t *au = msg->sip_authorization; au; au = au->au_next) {
    if (!au->au_scheme || g_ascii_strcasecmp(au->au_scheme, "Digest") != 0) continue;
    gw_digest_reply_parse((const char *const *)au->au_params, ret);
    if (ret->realm && strcmp(ret->realm, sip->realm) == 0 && ret->username) return TRUE;
    gw_digest_reply_clear(ret);
  }
  return FALSE;
}

gboolean gw_sip_brings_reply(const gw_sip *sip, const sip_t *msg) {
  g_auto(gw_digest_reply) reply = {0};
  return find_reply(sip, msg, &reply);
}

static void banned(gw_sip_port *p, nua_handle_t *nh, const char *user, const char *source,
                   gint64 us) {
  g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, us / GW_SEC(1) + 1);
  p->sip->refused++;
  gw_info(NULL, "sip-refused", "status=403 reason=banned user=%s source=%s for_s=%s", user, source,
          seconds);
  nua_respond(nh, 403, "Too Many Failures", NUTAG_WITH_THIS(p->nua),
              SIPTAG_RETRY_AFTER_STR(seconds), TAG_END());
}

static void failed(gw_sip_port *p, const char *user, const char *user_key, const char *place,
                   const char *source) {
  gint64 now = gw_now_us();
  p->sip->auth_failed++;
  gboolean ban = gw_guard_failed(p->sip->guard, user_key, FAILS_PER_USER, now);
  ban |= gw_guard_failed(p->sip->guard, place, FAILS_PER_ADDRESS, now);
  gw_warn(NULL, "sip-auth-failed", "user=%s source=%s banned=%d", user, source, ban);
}

char *gw_sip_authorize(gw_sip_port *p, nua_handle_t *nh, const sip_t *msg, const char *source,
                       const char *ip) {
  gw_sip *sip = p->sip;
  g_auto(gw_digest_reply) reply = {0};
  if (!find_reply(sip, msg, &reply)) {
    gw_debug(NULL, "sip-challenge", "method=%s source=%s", msg->sip_request->rq_method_name,
             source);
    challenge(p, nh, ip, FALSE);
    return NULL;
  }
  g_autofree char *user = gw_sip_clean(reply.username, 128);
  g_autofree char *place = gw_guard_source(ip);
  g_autofree char *user_key = g_strdup_printf("%s %s", place, user);
  gint64 now = gw_now_us();
  gint64 ban =
      MAX(gw_guard_banned_us(sip->guard, user_key, now), gw_guard_banned_us(sip->guard, place, now));
  if (ban) {
    banned(p, nh, user, source, ban);
    return NULL;
  }
  const char *password = NULL;
  if (!sip->on.credential || !sip->on.credential(sip, reply.username, &password, sip->user_data))
    password = NULL;
  g_autofree char *uri = url_as_string(NULL, msg->sip_request->rq_url);
  gw_digest_result result = gw_digest_check(sip->digest, &reply, msg->sip_request->rq_method_name,
                                            uri, password, ip, now);
  if (result == GW_DIGEST_OK) {
    gw_guard_ok(sip->guard, user_key);
    return g_strdup(reply.username);
  }
  if (result == GW_DIGEST_WRONG || result == GW_DIGEST_BAD) failed(p, user, user_key, place, source);
  challenge(p, nh, ip, result == GW_DIGEST_STALE);
  return NULL;
}

/* -- INVITE -- */

/* A dialog whose target is no SIP address makes the library abort when it wants to say goodbye. */
gboolean gw_sip_contact_usable(const sip_t *msg) {
  const sip_contact_t *m = msg->sip_contact;
  if (!m || !m->m_url->url_host || !*m->m_url->url_host) return FALSE;
  return m->m_url->url_type == url_sip || m->m_url->url_type == url_sips;
}

gboolean gw_sip_takes_update(const sip_t *msg) {
  return msg->sip_allow && sip_is_allowed(msg->sip_allow, sip_method_update, NULL);
}

gboolean gw_sip_is_sips(const sip_t *msg) {
  return msg->sip_request && msg->sip_request->rq_url->url_type == url_sips;
}

static gboolean too_many_waiting(const gw_sip *sip, const char *ip) {
  guint waiting = 0, limit = MAX(50, sip->max_calls / 2);
  for (guint i = 0; i < sip->legs->len; i++) {
    const gw_sip_leg *leg = g_ptr_array_index(sip->legs, i);
    if (leg->call && leg->call->inbound && !leg->answered &&
        g_strcmp0(leg->call->source_ip, ip) == 0)
      waiting++;
  }
  return waiting >= limit;
}

/* An address elsewhere, as in alice@example.org. NULL: the number is meant for us. */
static const char *foreign_host(const gw_sip *sip, const sip_t *msg) {
  const char *host = msg->sip_request->rq_url->url_host;
  return gw_sip_is_foreign(sip, host) ? host : NULL;
}

gboolean gw_sip_is_foreign(const gw_sip *sip, const char *host) {
  if (!host || !*host || *host == '[' || g_hostname_is_ip_address(host) ||
      !g_ascii_strcasecmp(host, sip->realm))
    return FALSE;
  for (guint i = 0; i < sip->ports->len; i++) {
    const gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    if (!g_ascii_strcasecmp(host, p->bound) || !g_ascii_strcasecmp(host, p->shown)) return FALSE;
  }
  return TRUE;
}

static void offer_call(gw_sip_call *call, gw_sip_leg *leg, const request *r, const gw_desc *offer,
                       gw_sip_call *replaces) {
  gw_sip *sip = call->sip;
  const gw_trunk *trunk = call->trunk ? gw_trunk_named(sip, call->trunk) : NULL;
  g_auto(gw_identity) who = {0};
  gw_identity_read(r->msg, trunk && gw_trunk_trusted(trunk), &who);
  g_autofree char *to = gw_trunk_dialled(trunk, r->msg);
  call->contact = gw_sip_port_contact_for(r->port, to, gw_sip_is_sips(r->msg), r->ip);
  gw_info(&(gw_log_ctx){.call = call->id}, "sip-invite",
          "phone=%s trunk=%s from=%s to=%s source=%s offer=%d", call->phone ? call->phone : "",
          call->trunk ? call->trunk : "", who.user, to, r->source, offer != NULL);
  g_autofree char *history = gw_sip_history(r->msg);
  if (*history) gw_info(&(gw_log_ctx){.call = call->id}, "sip-diverted", "history=%s", history);
  gw_sip_invite invite = {.phone = call->phone,
                          .trunk = call->trunk,
                          .from_user = who.user,
                          .from_name = who.name,
                          .anonymous = who.anonymous,
                          .replaces = replaces,
                          .history = history,
                          .to_user = to,
                          .to_host = foreign_host(sip, r->msg),
                          .source = call->source,
                          .call_id = call->id,
                          .offer = offer};
  guint before = call->refs;
  if (sip->on.invite) sip->on.invite(sip, call, &invite, sip->user_data);
  if (call->refs == before) gw_sip_call_hangup(call, GW_CAUSE_NORMAL);
}

static void accept_invite(request *r, const char *phone, const gw_trunk *trunk,
                          const gw_desc *offer, gw_sip_call *replaces) {
  gw_sip_call *call = gw_sip_call_new(r->port->sip, TRUE);
  call->id = gw_sip_clean(r->msg->sip_call_id->i_id, 256);
  call->phone = g_strdup(phone);
  call->trunk = trunk ? g_strdup(gw_trunk_name(trunk)) : NULL;
  call->source = g_strdup(r->source);
  call->source_ip = g_strdup(r->ip);
  call->late = offer == NULL;
  call->reliable = gw_sip_requires(r->msg, "100rel");
  call->theirs = GW_OFFER_INVITE;
  gw_sip_leg *leg = gw_sip_leg_new(call, r->port, r->nh);
  call->leg = leg;
  /* Behind NAT the Contact leads nowhere: what we send in this dialog goes where the INVITE came from, unless a proxy
   * has put itself in between. */
  if (!r->msg->sip_record_route) {
    g_autofree char *back = gw_sip_source_uri(r->source);
    nua_set_hparams(r->nh, NUTAG_PROXY(back), TAG_END());
  }
  /* Without UPDATE we could only refresh by a re-INVITE that lacks a description: nothing that phones are good at. */
  if (!gw_sip_takes_update(r->msg) && !r->msg->sip_session_expires)
    nua_set_hparams(r->nh, NUTAG_SESSION_TIMER(0), TAG_END());
  nua_handle_bind(r->nh, &leg->owner);
  offer_call(call, leg, r, offer, replaces);
  gw_sip_call_unref(call);
}

/* FALSE: answered. */
static gboolean read_offer(const request *r, gw_desc **ret) {
  g_autoptr(GError) error = NULL;
  gsize n = 0;
  const char *sdp = gw_sip_body(r->msg, &n);
  if (!sdp && r->msg->sip_payload && r->msg->sip_payload->pl_len) {
    refuse(r, 415, "Unsupported Media Type", "body is not application/sdp");
    return FALSE;
  }
  if (!sdp) return TRUE;
  *ret = gw_sdp_parse(sdp, n, &error);
  if (!*ret) refuse(r, 400, "Bad Session Description", error->message);
  return *ret != NULL;
}

/* RFC 3891 3: only whoever may have the call at all, that is the same phone, may take it over. FALSE: answered. */
static gboolean read_replaces(const request *r, const char *phone, gw_sip_call **ret) {
  const sip_replaces_t *rp = sip_replaces(r->msg);
  if (!rp || r->port->sip->open) return TRUE;
  g_autofree char *text =
      g_strdup_printf("%s;to-tag=%s;from-tag=%s", rp->rp_call_id,
                      rp->rp_to_tag ? rp->rp_to_tag : "", rp->rp_from_tag ? rp->rp_from_tag : "");
  g_autoptr(gw_replaces) named = gw_replaces_parse(text);
  if (!named) return refuse(r, 400, "Bad Replaces", "Replaces is malformed"), FALSE;
  gw_sip_call *call = gw_sip_named_call(r->port->sip, named);
  if (call && (!phone || g_strcmp0(call->phone, phone) != 0))
    return refuse(r, 403, "Forbidden", "Replaces names another phone's call"), FALSE;
  if (!call || call->state != GW_SIP_CONFIRMED)
    return refuse(r, 481, "Call Does Not Exist", "Replaces names no call that is up"), FALSE;
  if (rp->rp_early_only)
    return refuse(r, 486, "Busy Here", "Replaces names an answered call"), FALSE;
  *ret = call;
  return TRUE;
}

static gboolean hops_are_over(const sip_t *msg) {
  return msg->sip_max_forwards && msg->sip_max_forwards->mf_count == 0;
}

/* What we send out and a proxy sends back to us would go round for ever; but for somebody's account, where it ends: people who
 * have theirs at one provider call each other. */
static gboolean is_our_own(const gw_sip *sip, const sip_t *msg) {
  for (guint i = 0; i < sip->legs->len; i++) {
    const gw_sip_call *call = ((gw_sip_leg *)g_ptr_array_index(sip->legs, i))->call;
    if (call && !call->inbound && g_str_has_prefix(msg->sip_call_id->i_id, call->id)) return TRUE;
  }
  return FALSE;
}

/* TRUE: the INVITE is a call now and keeps its handle. */
static gboolean request_invite(request *r) {
  gw_sip *sip = r->port->sip;
  g_autofree char *phone = NULL;
  g_autoptr(gw_desc) offer = NULL;
  gw_sip_call *replaces = NULL;
  if (hops_are_over(r->msg)) return refuse(r, 483, "Too Many Hops", "max-forwards is 0"), FALSE;
  const gw_trunk *trunk = sip->open ? NULL : gw_trunk_of(sip, r->msg, r->source, r->ip);
  if (!sip->open && !(trunk && trunk->conf.personal) && is_our_own(sip, r->msg))
    return refuse(r, 482, "Loop Detected", "a call of ours comes back"), FALSE;
  if (!gw_sip_contact_usable(r->msg))
    return refuse(r, 400, "Bad Contact", "contact is no SIP address"), FALSE;
  if (gw_sip_is_sips(r->msg) && r->port->transport != GW_TLS)
    return refuse(r, 403, "SIPS Needs TLS", "sips without TLS"), FALSE;
  if (sip->draining || sip->freed) return refuse(r, 503, "Shutting Down", "draining"), FALSE;
  if (sip->max_calls && g_hash_table_size(sip->calls) >= sip->max_calls)
    return refuse(r, 503, "All Lines In Use", "max_calls reached"), FALSE;
  if (!sip->open && !trunk &&
      !(phone = gw_sip_authorize(r->port, r->nh, r->msg, r->source, r->ip)))
    return FALSE;
  /* The library sends answers to where maddr says: whoever forges the trunk's address would get them. */
  if (trunk && r->msg->sip_via && r->msg->sip_via->v_maddr)
    return refuse(r, 400, "Bad Via", "maddr from a trunk"), FALSE;
  if (too_many_waiting(sip, r->ip))
    return refuse(r, 503, "Too Many Calls Waiting", "unanswered calls of one source"), FALSE;
  if (!read_offer(r, &offer) || !read_replaces(r, phone, &replaces)) return FALSE;
  accept_invite(r, phone, trunk, offer, replaces);
  return TRUE;
}

void gw_sip_request(gw_sip_port *p, nua_event_t event, nua_handle_t *nh, const sip_t *msg) {
  request r = {.port = p, .nh = nh, .msg = msg};
  gw_sip_port_source(p, r.source, sizeof r.source, r.ip, sizeof r.ip);
  switch (event) {
  case nua_i_invite:
    if (request_invite(&r)) return;
    break;
  case nua_i_register:
    if (p->sip->freed)
      refuse(&r, 503, "Shutting Down", "draining");
    else
      gw_sip_register(p, nh, msg);
    break;
  case nua_i_options:
    nua_respond(nh, SIP_200_OK, NUTAG_WITH_THIS(p->nua), SIPTAG_ACCEPT_STR("application/sdp"),
                TAG_END());
    break;
  case nua_i_message:
    gw_sip_message_in(p, nh, msg, NULL);
    break;
  default:
    refuse(&r, 481, "Call Does Not Exist", "outside of a call");
  }
  nua_handle_destroy(nh);
}
