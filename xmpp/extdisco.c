/* extdisco.c - the shell around services.h: asks the server, takes its pushes, tells what is good. */
#include <string.h>
#include "base/jid.h"
#include "base/log.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"
#include "xmpp/services_xml.h"

struct gw_extdisco {
  gw_xmpp *x;
  gw_services *services;
  gw_timer *timer;
};

static void step(gw_extdisco *d, const gw_sv_event *ev);

static void on_services(xmpp_stanza_t *answer, void *user) {
  gw_extdisco *d = user;
  g_autoptr(GPtrArray) list = gw_iq_ok(answer) ? gw_services_xml_parse(answer) : NULL;
  const char *condition = gw_iq_condition(answer);
  if (list)
    step(d, &(gw_sv_event){.type = GW_SV_LIST, .list = list});
  else
    step(d, &(gw_sv_event){.type = GW_SV_REFUSED,
                           .condition = condition ? condition : "undefined-condition"});
}

static void on_credentials(xmpp_stanza_t *answer, void *user) {
  g_autoptr(GPtrArray) list = gw_iq_ok(answer) ? gw_services_xml_parse(answer) : NULL;
  step(user, &(gw_sv_event){.type = GW_SV_CREDENTIALS, .list = list});
}

static void ask(gw_extdisco *d, const char *domain, const gw_service *credentials_of) {
  gw_xmpp *x = d->x;
  const char *id = gw_iqs_add(x->iqs, domain, d, GW_IQ_WAIT,
                              credentials_of ? on_credentials : on_services, d, NULL);
  xmpp_stanza_t *iq = gw_iq_new("get", x->client ? NULL : x->domain, domain, id);
  if (credentials_of)
    gw_services_xml_ask_credentials(iq, credentials_of);
  else
    gw_services_xml_ask(iq);
  gw_xmpp_send(x, x->main, iq, FALSE);
}

static void step(gw_extdisco *d, const gw_sv_event *ev) {
  gw_sv_todo todo;
  gw_xmpp *x = d->x;
  gw_services_step(d->services, ev, gw_now_us(), gw_wall_us(), &todo);
  g_autoptr(GPtrArray) lacking = todo.lacking;
  const char *asked = gw_services_asked(d->services);
  if (ev->type == GW_SV_REFUSED && !todo.ask)
    gw_log(todo.mend ? GW_LOG_WARN : GW_LOG_INFO, NULL, "no-relays", "asked=%s answer=%s mend=%s",
           asked ? asked : "-", ev->condition, todo.mend ? todo.mend : "-");
  if (ev->type == GW_SV_LIST)
    gw_info(NULL, "relays-told", "by=%s services=%u again_in_s=%" G_GINT64_FORMAT, asked,
            ev->list->len, (gw_services_deadline(d->services) - gw_now_us()) / GW_SEC(1));
  if (todo.ask) ask(d, todo.ask, NULL);
  for (guint i = 0; asked && lacking && i < lacking->len; i++)
    ask(d, asked, lacking->pdata[i]);
  gw_timer_set(d->timer, gw_services_deadline(d->services));
  if (todo.changed && x->events.services)
    x->events.services(x, gw_services_good(d->services), x->user);
}

static void on_time(void *user) {
  step(user, &(gw_sv_event){.type = GW_SV_TICK});
}

gw_extdisco *gw_extdisco_new(gw_xmpp *x, const char *domain) {
  const char *const domains[] = {domain, NULL};
  if (!domain || !*domain) return NULL;
  gw_extdisco *d = g_new0(gw_extdisco, 1);
  d->x = x;
  d->services = gw_services_new(domains);
  d->timer = gw_timer_new(x->ctx, on_time, d);
  return d;
}

void gw_extdisco_free(gw_extdisco *d) {
  if (!d) return;
  gw_iqs_forget(d->x->iqs, d);
  gw_timer_free(d->timer);
  gw_services_free(d->services);
  g_free(d);
}

void gw_extdisco_stream(gw_extdisco *d, gboolean up) {
  if (!d) return;
  if (!up) gw_iqs_forget(d->x->iqs, d);
  step(d, &(gw_sv_event){.type = up ? GW_SV_UP : GW_SV_DOWN});
}

gboolean gw_extdisco_push(gw_extdisco *d, gw_stream *s, xmpp_stanza_t *iq) {
  const char *from = xmpp_stanza_get_from(iq);
  const char *asked = d ? gw_services_asked(d->services) : NULL;
  if (!asked || !from || !gw_jid_same(from, asked) || g_strcmp0(xmpp_stanza_get_type(iq), "set"))
    return FALSE;
  g_autoptr(GPtrArray) list = gw_services_xml_parse(iq);
  if (!list) return FALSE;
  gw_xmpp_send(d->x, s, gw_iq_result(iq), FALSE);
  step(d, &(gw_sv_event){.type = GW_SV_PUSH, .list = list});
  return TRUE;
}
