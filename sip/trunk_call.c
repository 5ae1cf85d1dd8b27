/* trunk_call.c - calls that go out by a trunk: who is shown, which host takes it, and the next one when it does not. */
#include "sip/identity.h"
#include "sip/trunk.h"
#include <string.h>

#define SILENCE                                                                                    \
  GW_SEC(4) /* a host that says nothing at all to an INVITE for so long is left for the next one */

struct gw_trunk_try {
  gw_trunk *trunk;
  gw_sip_call *call; /* owns this */
  GPtrArray *hosts;  /* as they were when the call began, the one in use first */
  guint next;
  char *number, *from, *extra;
  gw_desc *offer;
  gw_timer *silence;
  gint64 asked_us; /* the host that is being asked */
  gboolean hurried; /* the last host gets no longer than the others */
};

void gw_trunk_try_free(gw_trunk_try *y) {
  gw_trunk_unref(y->trunk);
  g_ptr_array_unref(y->hosts);
  g_free(y->number);
  g_free(y->from);
  g_free(y->extra);
  gw_desc_free(y->offer);
  gw_timer_free(y->silence);
  g_free(y);
}

static void *copy_host(const void *p, void *unused) {
  const gw_dns_host *h = p;
  gw_dns_host *c = g_new0(gw_dns_host, 1);
  *c = (gw_dns_host){g_strdup(h->address), g_strdup(h->name), h->port, h->transport};
  return c;
}

static GPtrArray *hosts_in_order(const gw_trunk *t) {
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dns_host_free);
  for (guint i = 0; i < t->hosts->len; i++)
    g_ptr_array_add(all, copy_host(t->hosts->pdata[(t->machine.host + i) % t->hosts->len], NULL));
  return all;
}

/* TRUE: an INVITE is on its way to one more host. */
static gboolean begin_next(gw_sip_call *call) {
  gw_trunk_try *y = call->try;
  gw_trunk *t = y->trunk;
  while (t->sip && y->next < y->hosts->len) {
    const gw_dns_host *h = y->hosts->pdata[y->next++];
    gw_sip_port *port = gw_trunk_port(t, h);
    g_autofree char *sdp = NULL;
    if (!port || !gw_sip_offer_for(call, y->offer, port->transport == GW_TLS, &sdp)) continue;
    g_autofree char *route = gw_trunk_route(h), *user = gw_sip_escape(y->number);
    g_autofree char *uri = t->domain_port
                               ? g_strdup_printf("sip:%s@%s:%u", user, t->domain, t->domain_port)
                               : g_strdup_printf("sip:%s@%s", user, t->domain);
    g_autofree char *to = g_strdup_printf("<sip:%s@%s>", user, t->domain);
    g_free(call->source_ip);
    call->source_ip = g_strdup(h->address);
    gw_info(&(gw_log_ctx){.call = call->id}, "trunk-dial", "trunk=%s host=%s", t->conf.name,
            h->address);
    const char *own = *t->conf.user ? t->conf.user : NULL;
    gw_sip_branch branch = {port, uri, route, to, y->from, own, h->address, y->extra};
    if (!gw_sip_start_branch(call, &branch, sdp)) continue;
    y->asked_us = gw_now_us();
    gw_watch_ask(call->source_ip);
    gboolean waits = y->hurried || y->next < y->hosts->len;
    gw_timer_set(y->silence, waits ? gw_now_us() + SILENCE : GW_NEVER);
    return TRUE;
  }
  return FALSE;
}

static gboolean undecided(const gw_sip_call *call) {
  return call->try && !call->hanging && !call->ended && !call->leg && call->state < GW_SIP_RINGING;
}

void gw_trunk_try_heard(gw_sip_call *call) {
  if (call && call->try) gw_timer_set(call->try->silence, GW_NEVER);
}

void gw_trunk_try_next(gw_sip_call *call) {
  if (undecided(call)) begin_next(call);
}

static void silent(void *data) {
  const gw_trunk_try *y = data;
  gw_sip_call *call = y->call;
  if (!undecided(call) || gw_watch_trying(call->source_ip, y->asked_us)) return;
  gw_sip_leg *old = call->legs->len ? g_ptr_array_index(call->legs, call->legs->len - 1) : NULL;
  if (!begin_next(call)) {
    if (y->hurried) gw_sip_call_hangup(call, GW_CAUSE_TIMEOUT);
  } else if (old) {
    gw_sip_leg_close(old, GW_CAUSE_TIMEOUT);
    gw_sip_leg_detach(old);
  }
}

void gw_sip_call_hurry(gw_sip_call *call) {
  GW_ON_CONTROL();
  if (!undecided(call) || call->try->hurried) return;
  call->try->hurried = TRUE;
  if (call->try->next >= call->try->hosts->len)
    gw_timer_set(call->try->silence, gw_now_us() + SILENCE);
}

gboolean gw_trunk_may_ask(const gw_sip_leg *leg) {
  char source[96], ip[64];
  if (!leg->call || !leg->call->trunk) return TRUE;
  gw_sip_port_source(leg->port, source, sizeof source, ip, sizeof ip);
  return gw_trunk_speaks(leg->sip, leg->call->trunk, ip);
}

/* Who is shown: the trunk's own number where it has one, for providers refuse foreign ones in From. */
static void say_who(gw_trunk_try *y, const char *number, const char *name) {
  const gw_trunk_own *c = &y->trunk->conf;
  gboolean shown = number && *number;
  const char *user = *c->caller ? c->caller : *c->user ? c->user : number;
  y->from = shown || *c->user
                ? gw_sip_from_header(shown ? name : "Anonymous", user, y->trunk->domain)
                : g_strdup("\"Anonymous\" <sip:anonymous@anonymous.invalid>");
  if (c->trusted)
    y->extra = gw_identity_print(number, name, y->trunk->domain);
  else if (!shown)
    y->extra = g_strdup("Privacy: id\r\n");
}

static gw_cause may_dial(const gw_sip *sip, const gw_trunk *t, const gw_desc *offer) {
  const gw_desc_media *audio = gw_desc_audio(offer);
  if (sip->closing) return GW_CAUSE_SHUTDOWN;
  if (!t) return GW_CAUSE_NOT_FOUND;
  if (t->machine.state == GW_TS_DOWN || !gw_trunk_host(t)) return GW_CAUSE_PEER_GONE;
  if (audio && audio->proto == GW_PROTO_RTP_SAVP && gw_trunk_host(t)->transport != GW_DNS_TLS)
    return GW_CAUSE_FORBIDDEN;
  return GW_CAUSE_NONE;
}

gw_sip_call *gw_sip_dial_trunk(gw_sip *sip, const char *name, const char *number,
                               const char *from_number, const char *from_name, const gw_desc *offer,
                               gw_cause *ret_why) {
  GW_ON_CONTROL();
  gw_trunk *t = gw_trunk_named(sip, name);
  *ret_why = may_dial(sip, t, offer);
  if (*ret_why) {
    gw_warn(NULL, "trunk-not-dialled", "trunk=%s cause=%s reason=%s", name, gw_cause_word(*ret_why),
            t ? t->machine.reason : "no such trunk");
    return NULL;
  }
  gw_sip_call *call = gw_sip_call_out(sip, offer);
  gw_trunk_try *y = call->try = g_new0(gw_trunk_try, 1);
  *y = (gw_trunk_try){.trunk = gw_trunk_ref(t),
                      .call = call,
                      .hosts = hosts_in_order(t),
                      .number = g_strdup(number),
                      .offer = offer ? gw_desc_copy(offer) : NULL};
  y->silence = gw_timer_new(sip->ctx, silent, y);
  say_who(y, from_number, from_name);
  call->trunk = g_strdup(name);
  call->user = *t->conf.user ? g_strdup(t->conf.user) : NULL;
  call->password = *t->conf.password ? g_strdup(t->conf.password) : NULL;
  if (begin_next(call)) return call;
  *ret_why = GW_CAUSE_PEER_GONE;
  gw_sip_call_unref(call);
  return NULL;
}
