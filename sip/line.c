/* line.c - we register elsewhere, as a phone would: at a provider, or at a registrar under test (RFC 3261 10.2). The
 * library refreshes; what fails is tried again later and later. */
#include "sip/internal.h"
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <string.h>

#define FIRST_RETRY GW_SEC(30)
#define LAST_RETRY GW_SEC(600)

struct gw_sip_line {
  gw_sip_owner owner;
  gw_sip *sip;
  nua_handle_t *nh;
  char *registrar, *user, *password, *realm;
  guint expires_s;
  gboolean tried_auth, leaving;
  gboolean registered; /* the other side knows us */
  gw_timer *retry;
  gint64 wait;
  void (*state)(gw_sip_line *, gboolean, guint, void *);
  void *user_data;
};

static void start(gw_sip_line *l) {
  g_autofree char *expires = g_strdup_printf("%u", l->expires_s);
  l->tried_auth = FALSE;
  g_clear_pointer(&l->realm, g_free);
  nua_register(l->nh, NUTAG_REGISTRAR(l->registrar), NUTAG_M_USERNAME(l->user),
               SIPTAG_EXPIRES_STR(expires), TAG_END());
}

void gw_sip_line_discard(void *data) {
  gw_sip_line *l = data;
  gw_timer_free(l->retry);
  g_free(l->registrar);
  g_free(l->user);
  if (l->password) memset(l->password, 0, strlen(l->password));
  g_free(l->password);
  g_free(l->realm);
  g_free(l);
}

static void line_done(gw_sip_line *l) {
  gw_sip *sip = l->sip;
  nua_handle_bind(l->nh, NULL);
  nua_handle_destroy(l->nh);
  g_ptr_array_remove_fast(sip->lines, l);
  gw_sip_leg_gone(sip);
}

static void tell(gw_sip_line *l, gboolean up, guint value) {
  gw_info(NULL, up ? "sip-line-up" : "sip-line-down", "user=%s registrar=%s value=%u", l->user,
          l->registrar, value);
  if (l->state && !l->sip->freed) l->state(l, up, value, l->user_data);
}

static guint granted(const gw_sip_line *l, const sip_t *msg) {
  const sip_contact_t *m = msg->sip_contact;
  if (m && m->m_expires) return (guint)g_ascii_strtoull(m->m_expires, NULL, 10);
  return msg->sip_expires ? (guint)msg->sip_expires->ex_delta : l->expires_s;
}

static void answered(gw_sip_line *l, int status, const sip_t *msg) {
  if (status < 200) return;
  if (status < 300 && msg) {
    l->wait = FIRST_RETRY;
    l->registered = TRUE;
    tell(l, TRUE, granted(l, msg));
    return;
  }
  if (status == 401 || status == 407) {
    if (!l->tried_auth && gw_sip_authenticate(l->nh, msg, l->user, l->password, &l->realm)) {
      l->tried_auth = TRUE;
      return;
    }
    nua_authenticate(l->nh, TAG_END());
  }
  if (status >= 900) return; /* the library's own word for what has been told already */
  l->registered = FALSE;
  gw_timer_set(l->retry, gw_now_us() + l->wait);
  l->wait = MIN(l->wait * 2, LAST_RETRY);
  tell(l, FALSE, (guint)status);
}

static void line_event(gw_sip_owner *owner, nua_event_t event, int status, const char *phrase,
                       const sip_t *msg, tagi_t *tags) {
  gw_sip_line *l = (gw_sip_line *)owner;
  if (event == nua_r_unregister && status >= 200) {
    if (status == 401 || status == 407) nua_authenticate(l->nh, TAG_END());
    line_done(l);
  } else if (event == nua_r_register && !l->leaving) {
    answered(l, status, msg);
  }
}

static void on_retry(void *data) {
  start(data);
}

static void line_handle(gw_sip_line *l, const gw_sip_port *port, const char *host) {
  g_autofree char *escaped = gw_sip_escape(l->user);
  g_autofree char *aor = g_strdup_printf("<sip:%s@%s>", escaped, host);
  l->nh = nua_handle(port->nua, &l->owner, SIPTAG_TO_STR(aor), SIPTAG_FROM_STR(aor), TAG_END());
}

gw_sip_line *gw_sip_line_new(gw_sip *sip, const char *registrar, const char *user,
                             const char *password, guint expires_s,
                             void (*state)(gw_sip_line *, gboolean, guint, void *),
                             void *user_data) {
  GW_ON_CONTROL();
  su_home_t home[1] = {SU_HOME_INIT(home)};
  const url_t *url = url_make(home, registrar);
  gw_sip_port *port = url && url->url_host && *url->url_host ? gw_sip_port_for_url(sip, url) : NULL;
  gw_sip_line *l = NULL;
  if (port) {
    l = g_new0(gw_sip_line, 1);
    l->owner.event = line_event;
    l->sip = sip;
    l->registrar = g_strdup(registrar);
    l->user = g_strdup(user);
    l->password = g_strdup(password);
    l->expires_s = expires_s;
    l->state = state;
    l->user_data = user_data;
    l->wait = FIRST_RETRY;
    l->retry = gw_timer_new(sip->ctx, on_retry, l);
    line_handle(l, port, url->url_host);
    g_ptr_array_add(sip->lines, l);
    start(l);
  } else {
    gw_warn(NULL, "sip-line-bad", "registrar=%s", registrar);
  }
  su_home_deinit(home);
  return l;
}

void gw_sip_line_free(gw_sip_line *l) {
  if (!l || l->leaving) return;
  GW_ON_CONTROL();
  l->leaving = TRUE;
  l->state = NULL;
  gw_timer_set(l->retry, GW_NEVER);
  /* Behind a REGISTER that is still under way the library would put it aside, and forget it there when it shuts down. */
  if (l->registered)
    nua_unregister(l->nh, NUTAG_REGISTRAR(l->registrar), TAG_END());
  else
    line_done(l);
}
