/* keepalive.c - OPTIONS to registered phones. A packet from outside alone does not refresh every NAT (RFC 4787 4.3): the
 * phone's answer does. Whatever it answers will do, and no answer changes nothing: a registration ends when its time is
 * over. No more than one question at a time is out for each binding. */
#include "sip/keepalive.h"
#include "sip/internal.h"
#include <string.h>

gboolean gw_keepalive_wanted(const char *source) {
  return g_str_has_prefix(source, "udp:") && !g_str_has_prefix(source, "udp:127.") &&
         !g_str_has_prefix(source, "udp:[::1]");
}

gboolean gw_keepalive_due(const char *source, gint64 after_s, gint64 until_s) {
  gint64 turn = g_str_hash(source) % GW_KEEPALIVE_SECONDS;
  /* the last turn that is not after until_s */
  gint64 last = until_s - (until_s - turn) % GW_KEEPALIVE_SECONDS;
  return until_s >= turn && last > after_s;
}

typedef struct {
  gw_sip_owner owner;
  gw_sip *sip;
  nua_handle_t *nh;
  char *source;
} probe;

static void probe_free(void *data) {
  probe *p = data;
  nua_handle_bind(p->nh, NULL);
  nua_handle_destroy(p->nh);
  g_free(p->source);
  g_free(p);
}

static void on_event(gw_sip_owner *owner, nua_event_t event, int status, const char *phrase,
                     const sip_t *msg, tagi_t *tags) {
  probe *p = (probe *)owner;
  if (event != nua_r_options || status < 200) return;
  if (status == 408) gw_debug(NULL, "sip-phone-silent", "source=%s", p->source);
  g_hash_table_remove(p->sip->probes, p->source);
}

static void ask(gw_sip *sip, const gw_bound *b) {
  gw_sip_port *port = gw_sip_port_for_source(sip, b->source, b->listener);
  if (!port || g_hash_table_contains(sip->probes, b->source)) return;
  g_autofree char *proxy = gw_sip_source_uri(b->source);
  g_autofree char *host = *sip->realm ? g_strdup(sip->realm) : gw_sip_port_host(port);
  g_autofree char *from = g_strdup_printf("<sip:%s>", host);
  g_autofree char *to = g_strdup_printf("<%s>", b->contact);
  probe *p = g_new0(probe, 1);
  p->owner.event = on_event;
  p->sip = sip;
  p->source = g_strdup(b->source);
  p->nh = nua_handle(port->nua, &p->owner, NUTAG_URL(b->contact), SIPTAG_TO_STR(to),
                     SIPTAG_FROM_STR(from), TAG_END());
  if (!p->nh) {
    g_free(p->source);
    g_free(p);
    return;
  }
  g_hash_table_insert(sip->probes, p->source, p);
  nua_options(p->nh, NUTAG_PROXY(proxy), TAG_END());
}

typedef struct {
  gw_sip *sip;
  gint64 after_s, until_s;
} beat;

static void ask_if_due(const gw_bound *b, void *data) {
  const beat *t = data;
  if (gw_keepalive_wanted(b->source) && gw_keepalive_due(b->source, t->after_s, t->until_s))
    ask(t->sip, b);
}

void gw_keepalive_beat(gw_sip *sip) {
  gint64 now_s = gw_now_us() / GW_SEC(1);
  if (sip->closing) return;
  if (!sip->probes) {
    sip->probes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, probe_free);
    sip->probed_s = now_s;
  }
  beat t = {sip, sip->probed_s, now_s};
  sip->probed_s = now_s;
  gw_bindings_foreach(sip->bindings, ask_if_due, &t);
}

void gw_keepalive_stop(gw_sip *sip) {
  g_clear_pointer(&sip->probes, g_hash_table_unref);
}
