/* trunk.c - the life of a trunk: configuration, state, and the machine's wishes carried out. */
#include "sip/trunk.h"
#include "sip/resolver.h"
#include <string.h>

#define EXPIRES_S 600

/* --- configuration --- */

static gboolean same_text(const char *mine, const char *new) {
  return strcmp(mine, new ? new : "") == 0;
}

static gboolean same_conf(const gw_trunk_own *mine, const gw_sip_trunk *new) {
  static const char *const none[] = {NULL};
  const char *const *addresses = new->addresses ? new->addresses : none;
  return same_text(mine->name, new->name) && same_text(mine->proxy, new->proxy) &&
         same_text(mine->outbound_proxy, new->outbound_proxy) &&
         same_text(mine->transport, new->transport) && same_text(mine->user, new->user) &&
         same_text(mine->password, new->password) && same_text(mine->caller, new->caller) &&
         mine->registers == new->registers && mine->trusted == new->trusted &&
         mine->personal == new->personal &&
         mine->expires_s == (new->expires_s ? new->expires_s : EXPIRES_S) &&
         mine->keepalive_s ==
             new->keepalive_s &&g_strv_equal((const char *const *)mine->addresses, addresses);
}

static char *own(const char *s) {
  return g_strdup(s ? s : "");
}

static void take_conf(gw_trunk_own *mine, const gw_sip_trunk *new) {
  *mine = (gw_trunk_own){.name = own(new->name),
                         .proxy = own(new->proxy),
                         .outbound_proxy = own(new->outbound_proxy),
                         .transport = own(new->transport),
                         .user = own(new->user),
                         .password = own(new->password),
                         .caller = own(new->caller),
                         .addresses = new->addresses ? g_strdupv((char **)new->addresses)
                                                     : g_new0(char *, 1),
                         .registers = new->registers,
                         .trusted = new->trusted,
                         .personal = new->personal,
                         .expires_s = new->expires_s ? new->expires_s : EXPIRES_S,
                         .keepalive_s = new->keepalive_s};
}

/* "HOST", "HOST:PORT", "[v6]:PORT". *ret_port 0: none said. */
char *gw_trunk_split_host(const char *text, guint *ret_port) {
  const char *end = *text == '[' ? strchr(text, ']') : NULL;
  const char *colon = strchr(end ? end : text, ':');
  *ret_port = colon ? (guint)g_ascii_strtoull(colon + 1, NULL, 10) : 0;
  return colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
}

/* --- memory --- */

gw_trunk *gw_trunk_ref(gw_trunk *t) {
  t->refs++;
  return t;
}

/* Takes it off the wire; what is left is memory, for as long as the resolver holds it. */
static void trunk_close(gw_trunk *t) {
  gw_trunk_ask_drop(t);
  g_clear_pointer(&t->timer, gw_timer_free);
  t->sip = NULL;
}

void gw_trunk_unref(void *data) {
  gw_trunk *t = data;
  if (--t->refs) return;
  trunk_close(t);
  g_free(t->conf.name);
  g_free(t->conf.proxy);
  g_free(t->conf.outbound_proxy);
  g_free(t->conf.transport);
  g_free(t->conf.user);
  memset(t->conf.password, 0, strlen(t->conf.password));
  g_free(t->conf.password);
  g_free(t->conf.caller);
  g_strfreev(t->conf.addresses);
  g_free(t->domain);
  g_free(t->call_id);
  g_free(t->host_text);
  g_ptr_array_unref(t->hosts);
  g_free(t);
}

void gw_trunk_gone(gw_trunk *t) {
  gw_sip *sip = t->sip;
  trunk_close(t);
  g_ptr_array_remove(sip->trunks, t);
  gw_sip_leg_gone(sip);
}

/* --- hosts --- */

const gw_dns_host *gw_trunk_host(const gw_trunk *t) {
  return t->machine.host < t->hosts->len ? t->hosts->pdata[t->machine.host] : NULL;
}

static gw_transport transport_of(gw_dns_transport t) {
  return t == GW_DNS_TLS ? GW_TLS : t == GW_DNS_TCP ? GW_TCP : GW_UDP;
}

gw_sip_port *gw_trunk_port(const gw_trunk *t, const gw_dns_host *h) {
  return gw_sip_port_for(t->sip, transport_of(h->transport), strchr(h->address, ':') != NULL,
                         h->address);
}

/* With TLS the name stays, for the certificate is looked at with it; the address that was found goes beside it. */
char *gw_trunk_route(const gw_dns_host *h) {
  const char *word = gw_transport_word(transport_of(h->transport));
  g_autofree char *address =
      strchr(h->address, ':') ? g_strdup_printf("[%s]", h->address) : g_strdup(h->address);
  if (h->transport != GW_DNS_TLS || g_hostname_is_ip_address(h->name))
    return g_strdup_printf("sip:%s:%u;transport=%s", address, h->port, word);
  return g_strdup_printf("sip:%s:%u;transport=%s;maddr=%s", h->name, h->port, word, address);
}

char *gw_dns_host_text(const gw_dns_host *h) {
  return g_strdup_printf(strchr(h->address, ':') ? "%s:[%s]:%u" : "%s:%s:%u",
                         gw_transport_word(transport_of(h->transport)), h->address, h->port);
}

static gw_dns_transport transports_we_have(const gw_trunk *t) {
  gw_dns_transport set = 0;
  for (guint i = 0; i < t->sip->ports->len; i++) {
    const gw_sip_port *p = g_ptr_array_index(t->sip->ports, i);
    set |= p->transport == GW_TLS ? GW_DNS_TLS : p->transport == GW_TCP ? GW_DNS_TCP : GW_DNS_UDP;
  }
  if (!*t->conf.transport)
    return set & (GW_DNS_UDP | GW_DNS_TCP) ? set & (GW_DNS_UDP | GW_DNS_TCP) : set;
  gw_transport one = gw_transport_of(t->conf.transport);
  return set & (one == GW_TLS ? GW_DNS_TLS : one == GW_TCP ? GW_DNS_TCP : GW_DNS_UDP);
}

static gboolean have_family(const gw_trunk *t, gboolean v6) {
  for (guint i = 0; i < t->sip->ports->len; i++)
    if (((gw_sip_port *)g_ptr_array_index(t->sip->ports, i))->v6 == v6) return TRUE;
  return FALSE;
}

/* Where the host in use stands in a new list; -1: no longer. */
static int place_of(const gw_trunk *t, const GPtrArray *hosts) {
  const gw_dns_host *now = gw_trunk_host(t);
  for (guint i = 0; now && i < hosts->len; i++) {
    const gw_dns_host *h = hosts->pdata[i];
    if (h->port == now->port && h->transport == now->transport &&
        strcmp(h->address, now->address) == 0)
      return (int)i;
  }
  return -1;
}

static void resolved(GPtrArray *hosts, void *data) {
  gw_trunk *t = data;
  if (hosts && t->sip && !t->leaving) {
    int kept = place_of(t, hosts);
    if (hosts->len) {
      g_ptr_array_unref(t->hosts);
      t->hosts = g_ptr_array_ref(hosts);
    }
    gw_trunk_event(t, &(gw_te){.type = GW_TE_HOSTS, .n = hosts->len, .kept = kept});
  }
  if (hosts) g_ptr_array_unref(hosts);
  gw_trunk_unref(t);
}

static void no_socket(void *data) {
  gw_trunk *t = data;
  if (t->sip && !t->leaving)
    gw_trunk_event(t, &(gw_te){.type = GW_TE_HOSTS, .reason = "we listen with no such transport"});
}

static void resolve(gw_trunk *t) {
  guint port;
  const char *hop = *t->conf.outbound_proxy ? t->conf.outbound_proxy : t->conf.proxy;
  g_autofree char *host = gw_trunk_split_host(hop, &port);
  g_autofree char *bare = *host == '[' ? g_strndup(host + 1, strlen(host) - 2) : g_strdup(host);
  gw_dns_question q = {.name = bare,
                       .port = port,
                       .wanted = transports_we_have(t),
                       .v4 = have_family(t, FALSE),
                       .v6 = have_family(t, TRUE)};
  if (!q.wanted) {
    gw_sip_post(t->sip, no_socket, gw_trunk_ref(t), gw_trunk_unref);
    return;
  }
  gw_resolver_ask(t->sip->resolver, &q, resolved, gw_trunk_ref(t));
}

/* --- the machine --- */

static void info_of(gw_trunk *t, gw_sip_trunk_info *ret) {
  g_free(t->host_text);
  const gw_dns_host *h = gw_trunk_host(t);
  t->host_text = h ? gw_dns_host_text(h) : g_strdup("");
  *ret = (gw_sip_trunk_info){.name = t->conf.name,
                             .host = t->host_text,
                             .reason = t->machine.reason,
                             .state = (gw_sip_trunk_state)t->machine.state,
                             .since_wall_us = t->since_wall_us,
                             .registers = t->conf.registers,
                             .personal = t->conf.personal};
}

static void changed(gw_trunk *t) {
  static const char *const events[] = {"trunk-trying", "trunk-up", "trunk-down"};
  gw_sip_trunk_info info;
  t->since_wall_us = gw_wall_us();
  info_of(t, &info);
  if (info.state == GW_TRUNK_UP)
    gw_info(NULL, events[info.state], "trunk=%s host=%s registered=%d", info.name, info.host,
            info.registers);
  else
    gw_warn(NULL, events[info.state], "trunk=%s host=%s reason=%s", info.name, info.host,
            info.reason);
  if (t->sip->on.trunk && gw_sip_alive(t->sip)) t->sip->on.trunk(t->sip, &info, t->sip->user_data);
}

void gw_trunk_event(gw_trunk *t, const gw_te *e) {
  gw_ta actions[GW_TA_MAX];
  guint n = gw_trunk_machine_step(&t->machine, e, gw_now_us(), gw_ids_u32(t->sip->ids), actions);
  for (guint i = 0; i < n; i++) {
    if (actions[i] == GW_TA_RESOLVE)
      resolve(t);
    else if (actions[i] == GW_TA_CHANGED)
      changed(t);
    else
      gw_trunk_ask_send(t, actions[i] == GW_TA_PING ? GW_ASK_PING : GW_ASK_REGISTER,
                        gw_trunk_host(t));
  }
  gw_timer_set(t->timer, gw_trunk_machine_deadline(&t->machine));
}

static void on_timer(void *data) {
  gw_trunk_event(data, &(gw_te){.type = GW_TE_TICK});
}

/* --- the list --- */

static gw_trunk *trunk_new(gw_sip *sip, const gw_sip_trunk *conf) {
  gw_trunk *t = g_new0(gw_trunk, 1);
  t->refs = 1;
  t->sip = sip;
  take_conf(&t->conf, conf);
  t->domain = gw_trunk_split_host(t->conf.proxy, &t->domain_port);
  t->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dns_host_free);
  t->call_id = gw_ids_uuid(sip->ids);
  t->since_wall_us = gw_wall_us();
  t->timer = gw_timer_new(sip->ctx, on_timer, t);
  gw_trunk_machine_init(&t->machine, t->conf.registers, t->conf.keepalive_s, t->conf.expires_s);
  return t;
}

static void start(gw_trunk *t) {
  if (t->started) return;
  t->started = TRUE;
  gw_trunk_event(t, &(gw_te){.type = GW_TE_START});
}

void gw_trunks_start(gw_sip *sip) {
  for (guint i = 0; i < sip->trunks->len; i++)
    start(sip->trunks->pdata[i]);
}

/* Another one has the same contact at the same registrar now: what that registers must not be taken back by this one. One that the
 * registrar refuses registers nothing. */
static gboolean is_replaced(const gw_trunk *t) {
  for (guint i = 0; i < t->sip->trunks->len; i++) {
    const gw_trunk *o = t->sip->trunks->pdata[i];
    if (!o->leaving && o->conf.registers && o->machine.state != GW_TS_DOWN && strcmp(o->conf.proxy, t->conf.proxy) == 0 &&
        strcmp(o->conf.user, t->conf.user) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A registration that stands is taken back; all else just ends. It stays in the list until that is answered. */
static void leave(gw_trunk *t) {
  const gw_dns_host *h = gw_trunk_host(t);
  gboolean again = t->leaving;
  t->leaving = TRUE;
  gw_timer_set(t->timer, GW_NEVER);
  if (is_replaced(t))
    gw_trunk_gone(t);
  else if (!again && t->conf.registers && t->machine.state == GW_TS_UP && h)
    gw_trunk_ask_send(t, GW_ASK_UNREGISTER, h);
  else if (!again)
    gw_trunk_gone(t);
}

static gw_trunk *take_same(GPtrArray *old, const gw_sip_trunk *conf) {
  for (guint i = 0; i < old->len; i++) {
    gw_trunk *t = old->pdata[i];
    if (!t->leaving && same_conf(&t->conf, conf)) return g_ptr_array_steal_index(old, i);
  }
  return NULL;
}

void gw_sip_set_trunks(gw_sip *sip, const gw_sip_trunk *list, guint n) {
  GW_ON_CONTROL();
  GPtrArray *old = sip->trunks;
  sip->trunks = g_ptr_array_new_with_free_func(gw_trunk_unref);
  for (guint i = 0; i < n; i++) {
    gw_trunk *same = take_same(old, &list[i]);
    g_ptr_array_add(sip->trunks, same ? same : trunk_new(sip, &list[i]));
  }
  g_autoptr(GPtrArray) leaving = g_ptr_array_new();
  while (old->len) {
    gw_trunk *t = g_ptr_array_steal_index(old, 0);
    g_ptr_array_add(sip->trunks, t);
    g_ptr_array_add(leaving, t);
  }
  g_ptr_array_unref(old);
  for (guint i = 0; i < leaving->len; i++)
    leave(leaving->pdata[i]);
  if (sip->listening_told && !sip->closing) gw_trunks_start(sip);
}

gw_trunk *gw_trunk_named(const gw_sip *sip, const char *name) {
  for (guint i = 0; i < sip->trunks->len; i++) {
    gw_trunk *t = sip->trunks->pdata[i];
    if (!t->leaving && g_strcmp0(t->conf.name, name) == 0) return t;
  }
  return NULL;
}

guint gw_sip_trunk_count(const gw_sip *sip) {
  guint n = 0;
  while (n < sip->trunks->len && !((gw_trunk *)sip->trunks->pdata[n])->leaving)
    n++;
  return n;
}

gboolean gw_sip_get_trunk(const gw_sip *sip, guint i, gw_sip_trunk_info *ret) {
  if (i >= gw_sip_trunk_count(sip)) return FALSE;
  info_of(sip->trunks->pdata[i], ret);
  return TRUE;
}

gboolean gw_sip_find_trunk(const gw_sip *sip, const char *name, gw_sip_trunk_info *ret) {
  for (guint i = 0; gw_sip_get_trunk(sip, i, ret); i++)
    if (strcmp(ret->name, name) == 0) return TRUE;
  return FALSE;
}
