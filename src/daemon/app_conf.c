#include "daemon/app_conf.h"
#include <gio/gio.h>
#include <stdarg.h>
#include <string.h>
#include "base/log.h"
#include "gateway/flavour/flavour.h"
#include "xmpp/adhoc.h"

gw_arena *gw_arena_new(void) {
  return g_ptr_array_new_with_free_func(g_free);
}

static void *keep(gw_arena *a, void *memory) {
  g_ptr_array_add(a, memory);
  return memory;
}

static const char *const *keep_strv(gw_arena *a, char **list) {
  for (char **s = list; *s; s++)
    keep(a, *s);
  return keep(a, list);
}

static const char *str(const gw_conf *c, gw_arena *a, const char *path) {
  const char *s = gw_conf_str(c, path);
  return keep(a, g_strdup(s ? s : ""));
}

/* "host:port" or "host"; the literal address of it, or NULL. Blocks: start-up only. */
static char *resolve(const char *host) {
  g_autoptr(GInetAddress) literal = g_inet_address_new_from_string(host);
  if (literal) return g_strdup(host);
  g_autoptr(GResolver) r = g_resolver_get_default();
  g_autoptr(GError) e = NULL;
  GList *found = g_resolver_lookup_by_name(r, host, NULL, &e);
  if (!found) {
    gw_warn(NULL, "name-not-found", "host=%s why=%s", host, e->message);
    return NULL;
  }
  char *address = g_inet_address_to_string(found->data);
  g_resolver_free_addresses(found);
  return address;
}

/* Resolved once, at start: a copy of a message must not wait for a name. */
static const char *capture_server(const gw_conf *c, gw_arena *a) {
  const char *named = str(c, a, "hep.server");
  if (!*named) return NULL;
  g_autoptr(GSocketConnectable) at = g_network_address_parse(named, 9060, NULL);
  g_autofree char *address =
      at ? resolve(g_network_address_get_hostname(G_NETWORK_ADDRESS(at))) : NULL;
  if (!address) return NULL;
  return keep(a, g_strdup_printf(strchr(address, ':') ? "[%s]:%u" : "%s:%u", address,
                                 g_network_address_get_port(G_NETWORK_ADDRESS(at))));
}

void gw_app_sip_config(const gw_conf *c, gw_arena *a, gw_sip_config *ret) {
  const char *realm = str(c, a, "sip.realm");
  *ret = (gw_sip_config){.listen = keep_strv(a, gw_conf_strv(c, "sip.listen")),
                         .realm = *realm ? realm : str(c, a, "xmpp.domain"),
                         .public_address = str(c, a, "sip.public_address"),
                         .certificate = str(c, a, "sip.certificate"),
                         .key = str(c, a, "sip.key"),
                         .client_ca = str(c, a, "sip.client_ca"),
                         .server_ca = str(c, a, "sip.server_ca"),
                         .hep_server = capture_server(c, a),
                         .hep_id = (guint)gw_conf_int(c, "hep.id"),
                         .hep_password = keep(a, g_strdup(gw_conf_secret(c, "hep.password"))),
                         .max_calls = (guint)gw_conf_int(c, "sip.max_calls")};
}

/* What every persona announces (XEP-0030); the flavours add theirs. */
static const char *const base_features[] = {"urn:xmpp:jingle:1",
                                            "urn:xmpp:jingle:apps:rtp:1",
                                            "urn:xmpp:jingle:apps:rtp:audio",
                                            "urn:xmpp:jingle:apps:dtls:0",
                                            "urn:xmpp:jingle:apps:grouping:0",
                                            "urn:xmpp:jingle:apps:rtp:ssma:0",
                                            "urn:xmpp:jingle:transports:ice-udp:1",
                                            "urn:ietf:rfc:3264",
                                            "urn:ietf:rfc:5576",
                                            "urn:ietf:rfc:5888",
                                            "urn:ietf:rfc:5761"};

static const char *item(const gw_conf *c, const char *list, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("%s[%u].%s", list, i, key);
  return gw_conf_str(c, path);
}

static gboolean is_jingle_sfu(const gw_conf *c, guint i) {
  return strcmp(item(c, "sfu", i, "kind"), "socket.io") != 0;
}

/* The service that is named, else the first one; of those that speak Jingle, or of the others. -1: none. */
static int sfu_of(const gw_conf *c, const char *wanted, gboolean jingle) {
  for (guint i = 0; i < gw_conf_count(c, "sfu"); i++)
    if (is_jingle_sfu(c, i) == jingle && (!*wanted || !strcmp(wanted, item(c, "sfu", i, "name"))))
      return (int)i;
  return -1;
}

/* A client that sees the feature may start a call by the service: without one we had better not say so. */
static gboolean is_served(const gw_conf *c, const gw_flavour_class *flavour) {
  if (flavour == &gw_flavour_direct) return strcmp(gw_conf_str(c, "xmpp.mode"), "client") != 0;
  if (flavour == &gw_flavour_jmuci_sfu) return sfu_of(c, "", FALSE) >= 0;
  return flavour != &gw_flavour_jingle_sfu || sfu_of(c, "", TRUE) >= 0;
}

static const char *const *features(const gw_conf *c, gw_arena *a) {
  GPtrArray *list = g_ptr_array_new();
  for (guint i = 0; i < G_N_ELEMENTS(base_features); i++)
    g_ptr_array_add(list, (void *)base_features[i]);
  for (guint i = 0; gw_flavours[i]; i++)
    for (const char *const *f = gw_flavours[i]->features; f && *f && is_served(c, gw_flavours[i]);
         f++)
      g_ptr_array_add(list, (void *)*f);
  g_ptr_array_add(list, NULL);
  return keep(a, g_ptr_array_free(list, FALSE));
}

static gw_tls_mode tls_mode(const char *word) {
  return !strcmp(word, "off")        ? GW_TLS_OFF
         : !strcmp(word, "starttls") ? GW_TLS_STARTTLS
                                     : GW_TLS_REQUIRED;
}

void gw_app_xmpp_config(const gw_conf *c, gw_arena *a, gw_xmpp_config *ret) {
  gboolean client = !strcmp(gw_conf_str(c, "xmpp.mode"), "client");
  const char *secret = gw_conf_secret(c, client ? "xmpp.password" : "xmpp.secret");
  const char *jid = str(c, a, "xmpp.jid"), *domain = str(c, a, "xmpp.domain");
  const char *at = strchr(jid, '@');
  *ret = (gw_xmpp_config){.client = client,
                          .domain = client && at ? at + 1 : domain,
                          .jid = jid,
                          .secret = keep(a, g_strdup(secret ? secret : "")),
                          .host = str(c, a, "xmpp.host"),
                          .port = (guint16)gw_conf_int(c, "xmpp.port"),
                          .tls = tls_mode(gw_conf_str(c, "xmpp.tls")),
                          .max_streams = (guint)gw_conf_int(c, "sip.max_calls"),
                          .name = "Tipring",
                          .version = TIPRING_VERSION,
                          .services = keep(a, gw_conf_services_domain(c)),
                          .features = features(c, a)};
  g_auto(GStrv) callers = gw_conf_strv(c, "xmpp.callers");
  ret->callable = !client && callers && *callers;
}

static gint64 item_int(const gw_conf *c, const char *list, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("%s[%u].%s", list, i, key);
  return gw_conf_int(c, path);
}

static gboolean item_bool(const gw_conf *c, const char *list, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("%s[%u].%s", list, i, key);
  return gw_conf_bool(c, path);
}

static const char *item_secret(const gw_conf *c, const char *list, guint i) {
  g_autofree char *path = g_strdup_printf("%s[%u].password", list, i);
  return gw_conf_secret(c, path);
}

/* The folder that was installed may be missing (no synthesiser when it was built): callers then hear
 * no words. One that the operator names must be there. */
static const char *prompts_of(const gw_conf *c, gw_arena *a) {
  const char *named = str(c, a, "media.prompts");
  if (*named) return named;
  if (g_file_test(TIPRING_PROMPTS, G_FILE_TEST_IS_DIR)) return TIPRING_PROMPTS;
  gw_warn(NULL, "no-prompts", "folder=%s mend=%s", TIPRING_PROMPTS,
          "install the prompts, or name a folder of them in media.prompts");
  return NULL;
}

void gw_app_media_config(const gw_conf *c, gw_arena *a, gw_media_config *ret) {
  *ret = (gw_media_config){.rtp_port_min = (guint16)gw_conf_int(c, "media.rtp_ports[0]"),
                           .rtp_port_max = (guint16)gw_conf_int(c, "media.rtp_ports[1]"),
                           .public_address = str(c, a, "media.public_address"),
                           .speaker = str(c, a, "media.speaker"),
                           .workers = (guint)gw_conf_int(c, "media.workers"),
                           .even_levels = gw_conf_bool(c, "media.even_levels"),
                           .srtp_backend = str(c, a, "media.srtp_backend")};
  const char *const *own = keep_strv(a, gw_conf_strv(c, "media.addresses"));
  if (*own) ret->local_addresses = own;
  ret->prompt_dir = prompts_of(c, a);
  const char *ca = str(c, a, "media.turn_ca");
  if (*ca) ret->turn_ca = ca;
}

static char *dup_word(const char *s) {
  return s && *s ? g_strdup(s) : NULL;
}

static gw_sdes_policy srtp_policy(const char *word) {
  return !g_strcmp0(word, "required")   ? GW_SDES_REQUIRED
         : !g_strcmp0(word, "optional") ? GW_SDES_OPTIONAL
                                        : GW_SDES_OFF;
}

static gw_phone_conf *phone_conf(const gw_conf *c, guint i) {
  gw_phone_conf *p = g_new0(gw_phone_conf, 1);
  p->number = g_strdup(item(c, "phones", i, "number"));
  p->password = g_strdup(item_secret(c, "phones", i));
  p->name = dup_word(item(c, "phones", i, "name"));
  p->room = dup_word(item(c, "phones", i, "room"));
  p->max_calls = (guint)item_int(c, "phones", i, "max_calls");
  p->srtp = srtp_policy(item(c, "phones", i, "srtp"));
  p->messages = item_bool(c, "phones", i, "messages");
  p->from_file = gw_conf_item_from_file(c, "phones", i);
  return p;
}

static void take(char **slot, const char *value) {
  g_free(*slot);
  *slot = g_strdup(value);
}

static void take_services(const gw_conf *c, guint room, gw_room_conf *r) {
  const char *wanted = item(c, "rooms", room, "sfu");
  const int sio = sfu_of(c, wanted, FALSE), jingle = sfu_of(c, wanted, TRUE);
  r->sfu = sio < 0 ? NULL : g_strdup(item(c, "sfu", (guint)sio, "url"));
  if (jingle < 0) return;
  r->conference = g_strdup(item(c, "sfu", (guint)jingle, "jid"));
  r->conference_kind = g_strdup(item(c, "sfu", (guint)jingle, "kind"));
  r->conference_named = *wanted != 0;
}

static gw_room_conf *room_conf(const gw_conf *c, guint i) {
  gw_room_conf *r = gw_room_conf_new();
  const char *pin = item(c, "rooms", i, "pin");
  g_autofree char *ring = g_strdup_printf("rooms[%u].ring", i);
  g_autofree char *people = g_strdup_printf("rooms[%u].people", i);
  r->number = g_strdup(item(c, "rooms", i, "number"));
  r->room = g_strdup(item(c, "rooms", i, "room"));
  take(&r->flavour, item(c, "rooms", i, "flavour"));
  take(&r->identity, item(c, "rooms", i, "identity"));
  take(&r->alone, item(c, "rooms", i, "alone"));
  take(&r->pin, pin ? pin : "");
  take_services(c, i, r);
  r->password = dup_word(item_secret(c, "rooms", i));
  r->ring = gw_conf_strv(c, ring);
  r->propose_when_idle = !strcmp(item(c, "rooms", i, "idle"), "propose");
  r->occupants_invite = !strcmp(item(c, "rooms", i, "invite"), "occupants");
  r->private_calls = !strcmp(item(c, "rooms", i, "call"), "private");
  r->people = gw_conf_strv(c, people);
  r->watch = item_bool(c, "rooms", i, "watch");
  r->roster_check = item_bool(c, "rooms", i, "roster_check");
  r->alone_limit = (guint)item_int(c, "rooms", i, "alone_limit");
  r->from_file = gw_conf_item_from_file(c, "rooms", i);
  return r;
}

static gw_menu_conf *menu_conf(const gw_conf *c, guint i) {
  gw_menu_conf *m = g_new0(gw_menu_conf, 1);
  m->number = g_strdup(item(c, "menus", i, "number"));
  m->language = g_strdup(item(c, "menus", i, "language"));
  return m;
}

static char **item_list(const gw_conf *c, const char *list, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("%s[%u].%s", list, i, key);
  return gw_conf_strv(c, path);
}

static gw_trunk_conf *trunk_conf(const gw_conf *c, guint i) {
  gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
  t->name = g_strdup(item(c, "trunks", i, "name"));
  t->country = g_strdup(item(c, "trunks", i, "country"));
  t->international = g_strdup(item(c, "trunks", i, "international"));
  t->national = g_strdup(item(c, "trunks", i, "national"));
  t->format = g_strdup(item(c, "trunks", i, "format"));
  t->dial_out = item_list(c, "trunks", i, "dial_out");
  t->dial_out_by = item_list(c, "trunks", i, "dial_out_by");
  t->number_jid = !g_strcmp0(item(c, "trunks", i, "caller_jid"), "number");
  t->srtp = srtp_policy(item(c, "trunks", i, "srtp"));
  t->max_calls = (guint)item_int(c, "trunks", i, "max_calls");
  return t;
}

static gw_sip_trunk sip_trunk(const gw_conf *c, gw_arena *a, guint i) {
  const char *transport = item(c, "trunks", i, "transport");
  return (gw_sip_trunk){.name = item(c, "trunks", i, "name"),
                        .proxy = item(c, "trunks", i, "proxy"),
                        .outbound_proxy = item(c, "trunks", i, "outbound_proxy"),
                        .transport = g_strcmp0(transport, "auto") ? transport : "",
                        .registers = item_bool(c, "trunks", i, "register"),
                        .user = item(c, "trunks", i, "user"),
                        .password = item_secret(c, "trunks", i),
                        .expires_s = (guint)item_int(c, "trunks", i, "expires"),
                        .addresses = keep_strv(a, item_list(c, "trunks", i, "addresses")),
                        .trusted = item_bool(c, "trunks", i, "trust"),
                        .caller = item(c, "trunks", i, "caller"),
                        .keepalive_s = (guint)item_int(c, "trunks", i, "keepalive")};
}

void gw_app_set_trunks(const gw_conf *c, const gw_accounts *accounts, gw_sip *sip) {
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(gw_sip_trunk));
  g_autoptr(GPtrArray) arena = gw_arena_new();
  for (guint i = 0; i < gw_conf_count(c, "trunks"); i++) {
    const gw_sip_trunk t = sip_trunk(c, arena, i);
    g_array_append_val(list, t);
  }
  gw_accounts_add_trunks(accounts, list, arena);
  gw_sip_set_trunks(sip, (const gw_sip_trunk *)(void *)list->data, list->len);
}

void gw_app_set_people(const gw_conf *c, gw_xmpp *x) {
  g_auto(GStrv) operators = gw_conf_strv(c, "xmpp.operators");
  g_auto(GStrv) visible_to = gw_conf_strv(c, "xmpp.visible_to");
  gw_xmpp_set_operators(x, (const char *const *)operators);
  gw_xmpp_set_visible_to(x, (const char *const *)visible_to);
  const char *help = gw_conf_str(c, "xmpp.roster_help");
  gw_xmpp_set_roster_help(x, !strcmp(help, "write")     ? GW_HELP_WRITE
                             : !strcmp(help, "suggest") ? GW_HELP_SUGGEST
                                                        : GW_HELP_OFF);
}

static void add_invite_rule(const gw_conf *c, guint i, gw_invite_policy *policy) {
  static const char *const keys[] = {"from", "rooms", "numbers"};
  char **lists[G_N_ELEMENTS(keys)];
  for (guint k = 0; k < G_N_ELEMENTS(keys); k++) {
    g_autofree char *path = g_strdup_printf("invites[%u].%s", i, keys[k]);
    lists[k] = gw_conf_strv(c, path);
  }
  gw_invite_policy_add(policy, (const char *const *)lists[0], (const char *const *)lists[1],
                       (const char *const *)lists[2]);
  for (guint k = 0; k < G_N_ELEMENTS(keys); k++)
    g_strfreev(lists[k]);
}

gw_bridge_conf *gw_app_bridge_conf(const gw_conf *c, const gw_accounts *accounts) {
  gw_bridge_conf *b = gw_bridge_conf_new();
  b->client_mode = !strcmp(gw_conf_str(c, "xmpp.mode"), "client");
  b->domain = g_strdup(gw_conf_str(c, "xmpp.domain"));
  b->max_calls = (guint)gw_conf_int(c, "sip.max_calls");
  b->codecs = gw_conf_strv(c, "media.codecs");
  for (guint i = 0; i < gw_conf_count(c, "phones"); i++)
    g_ptr_array_add(b->phones, phone_conf(c, i));
  for (guint i = 0; i < gw_conf_count(c, "rooms"); i++)
    g_ptr_array_add(b->rooms, room_conf(c, i));
  for (guint i = 0; i < gw_conf_count(c, "menus"); i++)
    g_ptr_array_add(b->menus, menu_conf(c, i));
  for (guint i = 0; i < gw_conf_count(c, "trunks"); i++)
    g_ptr_array_add(b->trunks, trunk_conf(c, i));
  gw_accounts_add_ways(accounts, b);
  for (guint i = 0; i < gw_conf_count(c, "invites"); i++)
    add_invite_rule(c, i, b->invites);
  b->ring_limit = (guint)gw_conf_int(c, "sip.ring_limit");
  take(&b->language, gw_conf_str(c, "media.language"));
  b->transfer = gw_conf_bool(c, "sip.transfer");
  b->spoken_refusals = gw_conf_bool(c, "media.spoken_refusals");
  g_strfreev(b->callers);
  b->callers = gw_conf_strv(c, "xmpp.callers");
  g_strfreev(b->dial_users);
  b->dial_users = gw_conf_strv(c, "sip.dial_users");
  return b;
}

static gboolean live(const char *path) {
  return g_str_has_prefix(path, "phones") || g_str_has_prefix(path, "rooms") ||
         g_str_has_prefix(path, "menus") || g_str_has_prefix(path, "trunks") ||
         g_str_has_prefix(path, "invites") || g_str_has_prefix(path, "health") ||
         g_str_has_prefix(path, "sfu") || g_str_has_prefix(path, "media.turn[") ||
         !strcmp(path, "media.stun") || !strcmp(path, "media.turn") ||
         g_str_has_prefix(path, "xmpp.operators") || g_str_has_prefix(path, "xmpp.visible_to") ||
         !strcmp(path, "xmpp.roster_help") || g_str_has_prefix(path, "xmpp.regist") ||
         !strcmp(path, "xmpp.max_accounts") ||
         !strcmp(path, "sip.ring_limit") || g_str_has_prefix(path, "xmpp.callers") ||
         g_str_has_prefix(path, "sip.dial_users") || !strcmp(path, "media.language") ||
         !strcmp(path, "media.codecs") || !strcmp(path, "sip.certificate") ||
         !strcmp(path, "sip.key");
}

static const char *value_of(const GPtrArray *dump, const char *path) {
  for (guint i = 0; i < dump->len; i++) {
    const gw_conf_value *v = dump->pdata[i];
    if (!strcmp(v->path, path)) return v->text;
  }
  return NULL;
}

/* Whose client certificates are good changes while running; whether they are asked for does not. */
static gboolean same_demand(const gw_conf *before, const gw_conf *after) {
  const char *old = gw_conf_str(before, "sip.client_ca"),
             *new = gw_conf_str(after, "sip.client_ca");
  return !*old == !*new;
}

char *gw_app_needs_restart(const gw_conf *before, const gw_conf *after) {
  g_autoptr(GPtrArray) old = gw_conf_dump(before), new = gw_conf_dump(after);
  GString *list = g_string_new(NULL);
  for (guint i = 0; i < new->len; i++) {
    const gw_conf_value *v = new->pdata[i];
    if (live(v->path) || !g_strcmp0(v->text, value_of(old, v->path))) continue;
    if (!strcmp(v->path, "sip.client_ca") && same_demand(before, after)) continue;
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", v->path);
  }
  return g_string_free(list, list->len == 0);
}
