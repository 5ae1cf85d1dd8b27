/* registrar.c - REGISTER (RFC 3261 10.3): digest, bindings, and what the world is told about them. */
#include "sip/internal.h"
#include <string.h>

#define EXPIRES_MIN 60
#define EXPIRES_MAX 3600
#define EXPIRES_NAT 120 /* over UDP from behind NAT: a refresh keeps the way back open */

static void tell(gw_sip *sip, const gw_bound *b, gboolean gone) {
  gw_sip_binding said = {.number = b->number,
                         .contact = b->contact,
                         .source = b->source,
                         .user_agent = b->user_agent,
                         .expires_wall_us = gone ? 0 : b->expires_us};
  gw_info(NULL, gone ? "sip-unregistered" : "sip-registered", "number=%s contact=%s source=%s",
          b->number, b->contact, b->source);
  if (sip->on.binding && !sip->freed) sip->on.binding(sip, &said, sip->user_data);
}

void gw_sip_bindings_watch(gw_sip *sip) {
  gint64 wall = gw_wall_us();
  for (gw_bound *b; (b = gw_bindings_take_expired(sip->bindings, wall));) {
    tell(sip, b, TRUE);
    gw_bound_free(b);
  }
  gint64 next = gw_bindings_next_us(sip->bindings);
  gw_timer_set(sip->expiry, next == GW_NEVER ? GW_NEVER : gw_now_us() + MAX(next - wall, 0));
}

typedef struct {
  gw_sip *sip;
  gw_bound *bound;
} farewell;

static void farewell_tell(void *p) {
  farewell *f = p;
  tell(f->sip, f->bound, TRUE);
}

static void farewell_free(void *p) {
  farewell *f = p;
  gw_bound_free(f->bound);
  gw_sip_unref(f->sip);
  g_free(f);
}

static void drop_all(gw_sip *sip, const char *number) {
  for (gw_bound *b; (b = gw_bindings_take(sip->bindings, number));) {
    farewell *f = g_new0(farewell, 1);
    *f = (farewell){gw_sip_ref(sip), b};
    gw_sip_post(sip, farewell_tell, f, farewell_free);
  }
  gw_sip_bindings_watch(sip);
}

/* -- one REGISTER -- */

typedef struct {
  gw_sip_port *port;
  const sip_t *msg;
  char *number;
  char source[96], ip[64];
  int status; /* 200 unless something was wrong */
  const char *phrase;
} registration;

/* The contact's own expires, else the Expires header, else the longest. */
static guint asked_for(const sip_t *msg, const sip_contact_t *m) {
  if (m->m_expires) return (guint)MIN(g_ascii_strtoull(m->m_expires, NULL, 10), G_MAXINT);
  if (msg->sip_expires) return (guint)MIN(msg->sip_expires->ex_delta, G_MAXINT);
  return EXPIRES_MAX;
}

static gboolean behind_nat(const registration *r, const sip_contact_t *m) {
  return m->m_url->url_host && strcmp(m->m_url->url_host, r->ip) != 0;
}

static gboolean fail(registration *r, int status, const char *phrase) {
  r->status = status;
  r->phrase = phrase;
  return FALSE;
}

static gboolean apply(registration *r, const sip_contact_t *m) {
  gw_sip *sip = r->port->sip;
  const sip_t *msg = r->msg;
  guint expires = asked_for(msg, m);
  gboolean scheme = m->m_url->url_type == url_sip ||
                    (m->m_url->url_type == url_sips && r->port->transport == GW_TLS);
  if (!scheme || !m->m_url->url_host || !*m->m_url->url_host) return fail(r, 400, "Bad Contact");
  if (expires > 0 && expires < EXPIRES_MIN) return fail(r, 423, "Interval Too Brief");
  expires =
      MIN(expires, behind_nat(r, m) && r->port->transport == GW_UDP ? EXPIRES_NAT : EXPIRES_MAX);
  g_autofree char *uri = url_as_string(NULL, m->m_url);
  g_autofree char *contact = gw_sip_clean(uri, 512);
  g_autofree char *agent =
      gw_sip_clean(msg->sip_user_agent ? msg->sip_user_agent->g_string : "", 128);
  g_autofree char *call_id = gw_sip_clean(msg->sip_call_id->i_id, 256);
  const char *instance = msg_header_find_param(m->m_common, "+sip.instance=");
  gw_bound b = {.number = r->number,
                .contact = contact,
                .instance = (char *)(instance ? instance : ""),
                .source = r->source,
                .user_agent = agent,
                .call_id = call_id,
                .cseq = msg->sip_cseq->cs_seq,
                .listener = r->port->index,
                .expires_us = expires ? gw_wall_us() + GW_SEC((gint64)expires) : 0};
  switch (gw_bindings_put(sip->bindings, &b)) {
  case GW_BOUND_ADDED:
  case GW_BOUND_REFRESHED:
    tell(sip, &b, FALSE);
    return TRUE;
  case GW_BOUND_GONE:
    tell(sip, &b, TRUE);
    return TRUE;
  case GW_BOUND_UNKNOWN:
    return TRUE;
  case GW_BOUND_OLD:
    return fail(r, 500, "Out Of Order");
  default:
    return fail(r, 403, "Too Many Contacts");
  }
}

/* "Contact: *" with Expires: 0, alone (RFC 3261 10.2.2). */
static gboolean is_star(const sip_contact_t *m) {
  return m->m_url->url_type == url_any;
}

static void apply_all(registration *r) {
  const sip_contact_t *m = r->msg->sip_contact;
  if (m && is_star(m)) {
    if (m->m_next || !r->msg->sip_expires || r->msg->sip_expires->ex_delta != 0)
      fail(r, 400, "Bad Contact");
    else
      drop_all(r->port->sip, r->number);
    return;
  }
  guint n = 0;
  for (; m && n < GW_MAX_BINDINGS; m = m->m_next, n++)
    if (!apply(r, m)) return;
}

static void append_contacts(GString *out, const gw_sip *sip, const char *number) {
  const gw_bound *all[GW_MAX_BINDINGS];
  gint64 wall = gw_wall_us();
  guint n = gw_bindings_get(sip->bindings, number, wall, all, G_N_ELEMENTS(all));
  for (guint i = 0; i < n; i++)
    g_string_append_printf(out, "%s<%s>;expires=%" G_GINT64_FORMAT, i ? ", " : "", all[i]->contact,
                           (all[i]->expires_us - wall + GW_SEC(1) - 1) / GW_SEC(1));
}

static void respond(registration *r, nua_handle_t *nh) {
  gw_sip *sip = r->port->sip;
  if (r->status != 200) {
    sip->refused++;
    gw_info(NULL, "sip-refused", "method=REGISTER status=%d reason=%s user=%s source=%s", r->status,
            r->phrase, r->number, r->source);
    nua_respond(nh, r->status, r->phrase, NUTAG_WITH_THIS(r->port->nua),
                TAG_IF(r->status == 423, SIPTAG_MIN_EXPIRES_STR(G_STRINGIFY(EXPIRES_MIN))),
                TAG_END());
    return;
  }
  g_autoptr(GString) contacts = g_string_new(NULL);
  append_contacts(contacts, sip, r->number);
  nua_respond(nh, SIP_200_OK, NUTAG_WITH_THIS(r->port->nua),
              TAG_IF(contacts->len, SIPTAG_CONTACT_STR(contacts->str)), TAG_END());
}

void gw_sip_register(gw_sip_port *p, nua_handle_t *nh, const sip_t *msg) {
  registration r = {.port = p, .msg = msg, .status = 200, .phrase = "OK"};
  gw_sip_port_source(p, r.source, sizeof r.source, r.ip, sizeof r.ip);
  r.number = gw_sip_authorize(p, nh, msg, r.source, r.ip);
  if (!r.number) return;
  g_autofree char *aor = gw_sip_unescape(msg->sip_to->a_url->url_user);
  if (strcmp(aor, r.number) != 0)
    fail(&r, 403, "Not Your Number");
  else
    apply_all(&r);
  respond(&r, nh);
  gw_sip_bindings_watch(p->sip);
  g_free(r.number);
}

/* -- for the rest of the daemon -- */

void gw_sip_restore_binding(gw_sip *sip, const gw_sip_binding *said) {
  GW_ON_CONTROL();
  if (said->expires_wall_us <= gw_wall_us()) return;
  gw_bound b = {.number = (char *)said->number,
                .contact = (char *)said->contact,
                .source = (char *)said->source,
                .user_agent = (char *)said->user_agent,
                .listener = G_MAXUINT,
                .expires_us = said->expires_wall_us};
  gw_bindings_put(sip->bindings, &b);
  gw_sip_bindings_watch(sip);
}

void gw_sip_forget_phone(gw_sip *sip, const char *number) {
  GW_ON_CONTROL();
  drop_all(sip, number);
}

char *gw_sip_phone_source(const gw_sip *sip, const char *number) {
  const gw_bound *all[GW_MAX_BINDINGS];
  guint n = gw_bindings_get(sip->bindings, number, gw_wall_us(), all, G_N_ELEMENTS(all));
  return n ? g_strdup(all[n - 1]->source) : NULL;
}

guint gw_sip_contacts(const gw_sip *sip, const char *number) {
  const gw_bound *all[GW_MAX_BINDINGS];
  return gw_bindings_get(sip->bindings, number, gw_wall_us(), all, G_N_ELEMENTS(all));
}
