/* trunk_ask.c - one REGISTER or OPTIONS to a host of a trunk. The library neither refreshes nor repeats anything on its
 * own here: when what is sent is the machine's affair, and so is patience. */
#include "sip/trunk.h"
#include <sofia-sip/nta.h>
#include <string.h>

#define PATIENCE GW_SEC(4) /* for an answer; silence means another host */
#define GOODBYE_PATIENCE GW_SEC(1)

struct gw_trunk_ask {
  gw_sip_owner owner;
  gw_trunk *trunk; /* holds this */
  gw_ask_kind kind;
  nua_handle_t *nh;
  gw_timer *patience;
  char *realm;
  gboolean tls;
  guint tls_failures; /* of all connections, when this began */
};

static void ask_free(gw_trunk_ask *a) {
  nua_handle_bind(a->nh, NULL);
  nua_handle_destroy(a->nh);
  gw_timer_free(a->patience);
  g_free(a->realm);
  g_free(a);
}

void gw_trunk_ask_drop(gw_trunk *t) {
  g_clear_pointer(&t->ask, ask_free);
}

/* The request is over; the machine hears of it, or the trunk is gone. */
static void done(gw_trunk_ask *a, const gw_te *e) {
  gw_trunk *t = gw_trunk_ref(a->trunk);
  gboolean leaving = a->kind == GW_ASK_UNREGISTER;
  gw_trunk_ask_drop(t);
  if (leaving)
    gw_trunk_gone(t);
  else
    gw_trunk_event(t, e);
  gw_trunk_unref(t);
}

/* What the registrar granted to our contact: the answer may list others of the same account. */
static guint granted(const gw_trunk_ask *a, const sip_t *msg) {
  const gw_trunk *t = a->trunk;
  g_autofree char *user = gw_sip_escape(t->conf.user);
  for (const sip_contact_t *m = msg->sip_contact; m; m = m->m_next) {
    if (!m->m_expires || g_strcmp0(m->m_url->url_user, user) != 0) continue;
    return (guint)MIN(g_ascii_strtoull(m->m_expires, NULL, 10), G_MAXUINT);
  }
  return msg->sip_expires ? (guint)msg->sip_expires->ex_delta : t->machine.expires_s;
}

static void answered(gw_trunk_ask *a, guint status, const sip_t *msg) {
  g_autofree char *phrase = gw_sip_clean(msg->sip_status->st_phrase, 64);
  gw_te e = {.type = GW_TE_REFUSED,
             .status = status,
             .reason = phrase,
             .min_expires_s = msg->sip_min_expires ? (guint)msg->sip_min_expires->me_delta : 0,
             .retry_after_s = msg->sip_retry_after ? (guint)msg->sip_retry_after->af_delta : 0};
  if (a->kind == GW_ASK_PING) {
    e.type = status == 503 ? GW_TE_SILENT : GW_TE_ALIVE;
    if (status == 503) e.reason = "503 to OPTIONS";
  } else if (status < 300) {
    e = (gw_te){.type = GW_TE_OK, .granted_s = granted(a, msg)};
  }
  done(a, &e);
}

/* Only a host of the trunk is told the password, and only once per request. */
static gboolean authenticate(gw_trunk_ask *a, const sip_t *msg) {
  gw_trunk *t = a->trunk;
  const gw_sip_port *port = gw_trunk_port(t, gw_trunk_host(t));
  char source[96], ip[64];
  if (a->realm || !*t->conf.password || !port) return FALSE;
  gw_sip_port_source(port, source, sizeof source, ip, sizeof ip);
  if (!gw_trunk_speaks(t->sip, t->conf.name, ip) && !t->leaving) return FALSE;
  return gw_sip_authenticate(a->nh, msg, t->conf.user, t->conf.password, &a->realm);
}

/* The library says in its log only that a handshake failed, and not for whom. */
static const char *why_silent(const gw_trunk_ask *a, const char *why) {
  return a->tls && gw_watch_tls_failures() != a->tls_failures
             ? "no answer by TLS; for its certificate see sip-tls-failed in the log"
             : why;
}

static void ask_event(gw_sip_owner *owner, nua_event_t event, int status, const char *phrase,
                      const sip_t *msg, tagi_t *tags) {
  gw_trunk_ask *a = (gw_trunk_ask *)owner;
  if ((event != nua_r_method && event != nua_r_options) || status < 200) return;
  guint real = msg && msg->sip_status ? (guint)msg->sip_status->st_status : (guint)status;
  if (!msg || !msg->sip_status || nta_sip_is_internal(msg)) {
    g_autofree char *phrase_clean = gw_sip_clean(phrase, 64);
    const char *why = real == 408 ? "no answer" : real == 503 ? "cannot be reached" : phrase_clean;
    done(a, &(gw_te){.type = GW_TE_SILENT, .reason = why_silent(a, why)});
  } else if ((real != 401 && real != 407) || a->kind == GW_ASK_PING || !authenticate(a, msg)) {
    answered(a, real, msg);
  }
}

static void out_of_patience(void *data) {
  done(data, &(gw_te){.type = GW_TE_SILENT, .reason = why_silent(data, "no answer")});
}

static void no_port(void *data) {
  gw_trunk *t = data;
  if (t->sip)
    gw_trunk_event(t, &(gw_te){.type = GW_TE_SILENT, .reason = "no socket that leads there"});
}

static void send_register(gw_trunk_ask *a, const gw_sip_port *port, const char *peer) {
  gw_trunk *t = a->trunk;
  g_autofree char *contact = gw_sip_port_contact_for(port, t->conf.user, FALSE, peer);
  g_autofree char *expires =
      g_strdup_printf("%u", a->kind == GW_ASK_REGISTER ? t->machine.expires_s : 0);
  nua_method(a->nh, NUTAG_METHOD("REGISTER"), SIPTAG_CALL_ID_STR(t->call_id),
             SIPTAG_CONTACT_STR(contact), SIPTAG_EXPIRES_STR(expires), TAG_END());
}

void gw_trunk_ask_send(gw_trunk *t, gw_ask_kind kind, const gw_dns_host *host) {
  gw_sip_port *port = gw_trunk_port(t, host);
  gw_trunk_ask_drop(t);
  if (!port && t->leaving) {
    gw_trunk_gone(t);
    return;
  }
  if (!port) {
    gw_sip_post(t->sip, no_port, gw_trunk_ref(t), gw_trunk_unref);
    return;
  }
  gw_trunk_ask *a = t->ask = g_new0(gw_trunk_ask, 1);
  g_autofree char *route = gw_trunk_route(host),
                  *user = gw_sip_escape(*t->conf.user ? t->conf.user : "tipring");
  g_autofree char *aor = g_strdup_printf("<sip:%s@%s>", user, t->domain);
  g_autofree char *server = t->domain_port ? g_strdup_printf("sip:%s:%u", t->domain, t->domain_port)
                                           : g_strdup_printf("sip:%s", t->domain);
  a->owner.event = ask_event;
  a->trunk = t;
  a->kind = kind;
  a->tls = host->transport == GW_DNS_TLS;
  a->tls_failures = gw_watch_tls_failures();
  a->patience = gw_timer_new(t->sip->ctx, out_of_patience, a);
  gw_timer_set(a->patience,
               gw_now_us() + (kind == GW_ASK_UNREGISTER ? GOODBYE_PATIENCE : PATIENCE));
  g_autofree char *to = kind == GW_ASK_PING ? g_strdup_printf("<%s>", server) : g_strdup(aor);
  a->nh = nua_handle(port->nua, &a->owner, NUTAG_URL(server), SIPTAG_TO_STR(to),
                     SIPTAG_FROM_STR(aor), TAG_END());
  nua_set_hparams(a->nh, NUTAG_PROXY(route), TAG_END());
  if (kind == GW_ASK_PING)
    nua_options(a->nh, TAG_END());
  else
    send_register(a, port, host->address);
}
