/* dial.c - calls that we make: to a phone of ours at all its contacts at once, or to any SIP address. */
#include "base/sdes.h"
#include "sip/internal.h"
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <string.h>

gw_sip_call *gw_sip_call_out(gw_sip *sip, const gw_desc *offer) {
  gw_sip_call *call = gw_sip_call_new(sip, FALSE);
  call->id = gw_ids_uuid(sip->ids);
  call->late = offer == NULL;
  call->ours = offer != NULL;
  return call;
}

static GQuark dial_error_quark(void) {
  return g_quark_from_static_string("gw-sip-dial");
}

static const url_t *parse_url(su_home_t *home, const char *text, GError **error) {
  const url_t *url = url_make(home, text);
  if (url && (url->url_type == url_sip || url->url_type == url_sips) && url->url_host &&
      *url->url_host)
    return url;
  g_set_error(error, dial_error_quark(), 1,
              "%s is no SIP address (sip:user@host:port;transport=udp|tcp|tls)", text);
  return NULL;
}

/* NULL: no such addresses. The library takes a text that begins with a byte 0 for one of its own structures. */
static nua_handle_t *handle_for(const gw_sip_branch *b) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  gboolean readable = parse_url(home, b->uri, NULL) != NULL;
  su_home_deinit(home);
  return readable ? nua_handle(b->port->nua, NULL, NUTAG_URL(b->uri), SIPTAG_TO_STR(b->to),
                               SIPTAG_FROM_STR(b->from), TAG_END())
                  : NULL;
}

/* Branches are dialogs of their own and need Call-IDs of their own. */
gboolean gw_sip_start_branch(gw_sip_call *call, const gw_sip_branch *b, const char *sdp) {
  nua_handle_t *nh = handle_for(b);
  if (!nh) {
    gw_warn(&(gw_log_ctx){.call = call->id}, "sip-not-called", "uri=%s to=%s reason=%s", b->uri,
            b->to, "not an address that SIP could read");
    return FALSE;
  }
  g_autofree char *id =
      call->branches ? g_strdup_printf("%s-%u", call->id, call->branches) : g_strdup(call->id);
  call->branches++;
  gw_sip_leg *leg = gw_sip_leg_new(call, b->port, nh);
  leg->number = g_strdup(b->number);
  g_autofree char *contact = gw_sip_port_contact_for(
      b->port, b->user, g_ascii_strncasecmp(b->uri, "sips:", 5) == 0, b->peer);
  if (!call->contact) call->contact = g_strdup(contact);
  nua_handle_bind(nh, &leg->owner);
  if (b->proxy) nua_set_hparams(leg->nh, NUTAG_PROXY(b->proxy), TAG_END());
  nua_invite(leg->nh, SIPTAG_CALL_ID_STR(id), SIPTAG_CONTACT_STR(contact),
             TAG_IF(b->extra, SIPTAG_HEADER_STR(b->extra)),
             TAG_IF(sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
             TAG_IF(sdp, SIPTAG_PAYLOAD_STR(sdp)),
             TAG_IF(b->replaces, SIPTAG_REPLACES_STR(b->replaces)),
             TAG_IF(!sdp, SIPTAG_SUPPORTED_STR("timer")), /* no PRACK could answer their offer */
             TAG_END());
  return TRUE;
}

char *gw_sip_from_header(const char *name, const char *user, const char *host) {
  g_autofree char *display = gw_sip_display(name);
  g_autofree char *escaped = gw_sip_escape(user && *user ? user : "anonymous");
  return g_strdup_printf("%s<sip:%s@%s>", display, escaped, host);
}

gboolean gw_sip_offer_for(gw_sip_call *call, const gw_desc *offer, gboolean secure, char **ret) {
  const gw_desc_media *audio = gw_desc_audio(offer);
  if (!secure && audio && audio->proto == GW_PROTO_RTP_SAVP) return FALSE;
  g_autoptr(gw_desc) open = gw_desc_copy(offer);
  if (!secure && audio) gw_sdes_strip(gw_desc_audio(open));
  *ret = offer ? gw_sip_call_sdp(call, open) : NULL;
  return TRUE;
}

static void ring_contact(gw_sip_call *call, const gw_bound *b, const char *number) {
  gw_sip *sip = call->sip;
  gw_sip_port *port = gw_sip_port_for_source(sip, b->source, b->listener);
  if (!port) return;
  g_autofree char *sdp = NULL;
  if (!gw_sip_offer_for(call, call->offer, port->transport == GW_TLS, &sdp)) {
    gw_info(&(gw_log_ctx){.call = call->id}, "sip-not-rung", "contact=%s reason=%s", b->contact,
            "srtp needs tls");
    return;
  }
  g_autofree char *ip = gw_sip_source_ip(b->source);
  g_autofree char *host = *sip->realm ? g_strdup(sip->realm) : gw_sip_port_host(port);
  g_autofree char *from = gw_sip_from_header(call->from_name, call->from_number, host);
  g_autofree char *escaped = gw_sip_escape(number);
  g_autofree char *to = g_strdup_printf("<sip:%s@%s>", escaped, host);
  g_autofree char *proxy = gw_sip_source_uri(b->source);
  if (!call->source_ip) call->source_ip = g_strdup(ip);
  gw_sip_start_branch(call,
                      &(gw_sip_branch){.port = port,
                                       .uri = b->contact,
                                       .proxy = proxy,
                                       .to = to,
                                       .from = from,
                                       .user = call->from_number,
                                       .peer = ip,
                                       .number = number},
                      sdp);
}

gboolean gw_sip_ring_number(gw_sip_call *call, const char *number) {
  const gw_bound *all[GW_MAX_BINDINGS];
  guint n = gw_bindings_get(call->sip->bindings, number, gw_wall_us(), all, G_N_ELEMENTS(all)),
        before = call->legs->len;
  g_ptr_array_add(call->numbers, g_strdup(number));
  /* Those with keys last: the description that is remembered is then the fuller one. */
  for (guint tls = 0; tls < 2; tls++)
    for (guint i = 0; i < n; i++)
      if ((gw_transport_of(all[i]->source) == GW_TLS) == (tls == 1))
        ring_contact(call, all[i], number);
  return call->legs->len > before;
}

/* Nobody has heard of this call yet. */
static void undo(gw_sip_call *call) {
  call->ended = TRUE;
  g_hash_table_remove(call->sip->calls, call);
  gw_sip_call_unref(call);
}

gw_sip_call *gw_sip_dial_phone(gw_sip *sip, const char *number, const char *from_number,
                               const char *from_name, const gw_desc *offer, gw_cause *ret_why) {
  GW_ON_CONTROL();
  gboolean full = sip->max_calls && g_hash_table_size(sip->calls) >= sip->max_calls;
  gboolean known = gw_sip_contacts(sip, number) > 0;
  if (!known || full || sip->closing) {
    *ret_why = !known ? GW_CAUSE_NOT_FOUND : full ? GW_CAUSE_OVERLOAD : GW_CAUSE_SHUTDOWN;
    return NULL;
  }
  gw_sip_call *call = gw_sip_call_out(sip, offer);
  call->phone = g_strdup(number);
  call->from_number = g_strdup(from_number);
  call->from_name = g_strdup(from_name);
  call->offer = gw_desc_copy(offer);
  call->numbers = g_ptr_array_new_with_free_func(g_free);
  if (gw_sip_ring_number(call, number)) return call;
  undo(call);
  *ret_why =
      GW_CAUSE_NOT_FOUND; /* no socket of the right kind, no address that is one: as good as not registered */
  return NULL;
}

/* -- any address -- */

static char *literal_ip(const url_t *url) {
  if (url->url_host[0] == '[') return g_strndup(url->url_host + 1, strcspn(url->url_host + 1, "]"));
  return g_hostname_is_ip_address(url->url_host) ? g_strdup(url->url_host) : NULL;
}

/* Which socket of ours leads there. A name that is still to be looked up goes by IPv4. */
gw_sip_port *gw_sip_port_for_url(const gw_sip *sip, const url_t *url) {
  char transport[8] = "";
  gboolean v6 = url->url_host[0] == '[';
  g_autofree char *ip = literal_ip(url);
  if (url->url_params) url_param(url->url_params, "transport", transport, sizeof transport);
  if (url->url_type == url_sips) return gw_sip_port_for(sip, GW_TLS, v6, ip);
  gw_sip_port *p = gw_sip_port_for(sip, gw_transport_of(transport), v6, ip);
  return p || *transport ? p : gw_sip_port_for(sip, GW_TCP, v6, ip);
}

static char *proxy_uri(const char *proxy) {
  if (!proxy || !*proxy) return NULL;
  gboolean whole =
      g_ascii_strncasecmp(proxy, "sip:", 4) == 0 || g_ascii_strncasecmp(proxy, "sips:", 5) == 0;
  return whole ? g_strdup(proxy) : g_strdup_printf("sip:%s", proxy);
}

static gw_sip_call *dial(gw_sip *sip, su_home_t *home, const gw_sip_target *t, const gw_desc *offer,
                         GError **error) {
  g_autofree char *proxy = proxy_uri(t->proxy);
  const url_t *url = parse_url(home, t->uri, error);
  const url_t *hop = url && proxy ? parse_url(home, proxy, error) : url;
  if (!url || !hop) return NULL;
  gw_sip_port *port = gw_sip_port_for_url(sip, hop);
  if (!port) {
    g_set_error(error, dial_error_quark(), 2,
                "%s: no listening socket of that transport and address family", t->uri);
    return NULL;
  }
  g_autofree char *host = t->user && *t->user ? g_strdup(url->url_host) : gw_sip_port_host(port);
  g_autofree char *from = gw_sip_from_header(t->from_name, t->from_user, host);
  g_autofree char *to = g_strdup_printf("<%s>", t->uri);
  gw_sip_call *call = gw_sip_call_out(sip, offer);
  call->user = g_strdup(t->user);
  call->password = g_strdup(t->password);
  g_autofree char *sdp = offer ? gw_sip_call_sdp(call, offer) : NULL;
  gw_sip_branch branch = {.port = port,
                          .uri = t->uri,
                          .proxy = proxy,
                          .to = to,
                          .from = from,
                          .user = t->from_user,
                          .replaces = t->replaces};
  if (gw_sip_start_branch(call, &branch, sdp)) return call;
  undo(call);
  g_set_error(error, dial_error_quark(), 4,
              "%s cannot be called: what SIP would send could not be read", t->uri);
  return NULL;
}

gw_sip_call *gw_sip_dial(gw_sip *sip, const gw_sip_target *target, const gw_desc *offer,
                         GError **error) {
  GW_ON_CONTROL();
  if (sip->closing) {
    g_set_error_literal(error, dial_error_quark(), 3, "shutting down");
    return NULL;
  }
  su_home_t home[1] = {SU_HOME_INIT(home)};
  gw_sip_call *call = dial(sip, home, target, offer, error);
  su_home_deinit(home);
  return call;
}
