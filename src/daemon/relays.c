#include "daemon/relays.h"
#include <gio/gio.h>
#include <string.h>
#include "base/limits.h"
#include "base/log.h"

/* One server that was chosen, on its way to an address. */
typedef struct {
  gw_service *service;
  char *address; /* literal; NULL: not (yet) known */
  gboolean configured;
} entry;

struct gw_relay_book {
  gw_media *media;
  GPtrArray *configured, *found; /* gw_service */
  GPtrArray *entries;            /* entry: what is used, once all names are resolved */
  GPtrArray *next;               /* entry, being resolved; NULL: none */
  guint waiting;
  GCancellable *lookups;
};

typedef struct {
  gw_relay_book *book;
  entry *entry;
} lookup;

static void entry_free(void *data) {
  entry *e = data;
  gw_service_free(e->service);
  g_free(e->address);
  g_free(e);
}

static const char *transport_word(const gw_service *s) {
  return s->type == GW_SERVICE_TURNS ? "tls" : s->tcp ? "tcp" : "udp";
}

static const char *type_word(const gw_service *s) {
  return s->type == GW_SERVICE_STUN ? "stun" : "turn";
}

/* --- to the engine --- */

static void add_to(gw_relays *r, const entry *e) {
  const gw_service *s = e->service;
  gw_relays_add(r, &(gw_turn_server){.host = e->address,
                                     .port = s->port,
                                     .user = s->user,
                                     .password = s->password,
                                     .tcp = s->tcp,
                                     .tls = s->type == GW_SERVICE_TURNS,
                                     .name = s->host});
}

static void tell_media(const gw_relay_book *b) {
  const entry *stun = NULL;
  for (guint i = 0; i < b->entries->len && !stun; i++) {
    const entry *e = b->entries->pdata[i];
    if (e->address && e->service->type == GW_SERVICE_STUN) stun = e;
  }
  g_autoptr(gw_relays) r =
      gw_relays_new(stun ? stun->address : NULL, stun ? stun->service->port : 0);
  for (guint i = 0; i < b->entries->len; i++) {
    const entry *e = b->entries->pdata[i];
    if (e->address && e->service->type != GW_SERVICE_STUN) add_to(r, e);
  }
  gw_media_set_relays(b->media, r);
}

static gboolean listed(const GPtrArray *entries, const entry *like) {
  for (guint i = 0; entries && i < entries->len; i++) {
    const entry *e = entries->pdata[i];
    if (gw_service_same(e->service, like->service) && e->configured == like->configured &&
        !g_strcmp0(e->address, like->address))
      return TRUE;
  }
  return FALSE;
}

static void log_entry(const entry *e, const char *event) {
  gw_info(NULL, event, "type=%s server=%s:%u transport=%s address=%s source=%s",
          type_word(e->service), e->service->host, e->service->port, transport_word(e->service),
          e->address ? e->address : "-", e->configured ? "configuration" : "xmpp");
}

/* New credentials of the same server are no news for people. */
static void log_changes(const GPtrArray *before, const GPtrArray *after) {
  for (guint i = 0; i < after->len; i++)
    if (!listed(before, after->pdata[i])) log_entry(after->pdata[i], "relay-added");
  for (guint i = 0; i < before->len; i++)
    if (!listed(after, before->pdata[i])) log_entry(before->pdata[i], "relay-gone");
}

static void take_next(gw_relay_book *b) {
  GPtrArray *after = g_steal_pointer(&b->next);
  log_changes(b->entries, after);
  g_ptr_array_unref(b->entries);
  b->entries = after;
  tell_media(b);
}

/* --- names --- */

static void on_looked_up(GObject *resolver, GAsyncResult *result, gpointer user) {
  g_autofree lookup *l = user;
  g_autoptr(GError) error = NULL;
  GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
  if (!found && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the book may be gone, the entries are */
  if (found)
    l->entry->address = g_inet_address_to_string(found->data);
  else
    gw_warn(NULL, "name-not-found", "host=%s why=%s", l->entry->service->host, error->message);
  g_resolver_free_addresses(found);
  if (--l->book->waiting == 0) take_next(l->book);
}

static void look_up(gw_relay_book *b, entry *e) {
  g_autoptr(GInetAddress) literal = g_inet_address_new_from_string(e->service->host);
  if (literal) {
    e->address = g_strdup(e->service->host);
    return;
  }
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  lookup *l = g_new0(lookup, 1);
  *l = (lookup){b, e};
  b->waiting++;
  g_resolver_lookup_by_name_async(resolver, e->service->host, b->lookups, on_looked_up, l);
}

static void cancel(gw_relay_book *b) {
  g_cancellable_cancel(b->lookups);
  g_object_unref(b->lookups);
  g_clear_pointer(&b->next, g_ptr_array_unref);
  b->waiting = 0;
}

static void choose(gw_relay_book *b) {
  g_autoptr(GPtrArray) chosen = gw_services_choose(b->configured, b->found, GW_MAX_RELAYS);
  cancel(b);
  b->lookups = g_cancellable_new();
  b->next = g_ptr_array_new_with_free_func(entry_free);
  for (guint i = 0; i < chosen->len; i++) {
    entry *e = g_new0(entry, 1);
    e->service = gw_service_copy(chosen->pdata[i]);
    e->configured = g_ptr_array_find(b->configured, chosen->pdata[i], NULL);
    g_ptr_array_add(b->next, e);
  }
  for (guint i = 0; i < b->next->len; i++)
    look_up(b, b->next->pdata[i]);
  if (!b->waiting) take_next(b);
}

/* --- the configuration --- */

static const char *of_turn(const gw_conf *c, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("media.turn[%u].%s", i, key);
  return gw_conf_str(c, path);
}

static gw_service *turn_of(const gw_conf *c, guint i) {
  const char *transport = of_turn(c, i, "transport");
  g_autofree char *port = g_strdup_printf("media.turn[%u].port", i);
  g_autofree char *password = g_strdup_printf("media.turn[%u].password", i);
  const gboolean tls = !strcmp(transport, "tls");
  gw_service *s =
      gw_service_new(tls ? GW_SERVICE_TURNS : GW_SERVICE_TURN, strcmp(transport, "udp") != 0,
                     of_turn(c, i, "host"), (guint16)gw_conf_int(c, port));
  const char *secret = gw_conf_secret(c, password);
  s->user = g_strdup(of_turn(c, i, "user"));
  s->password = g_strdup(secret ? secret : "");
  return s;
}

static GPtrArray *configured(const gw_conf *c) {
  GPtrArray *ret = gw_service_list_new();
  g_auto(GStrv) stun = gw_conf_strv(c, "media.stun");
  for (char **one = stun; *one; one++) {
    g_autoptr(GSocketConnectable) at = g_network_address_parse(*one, 3478, NULL);
    if (!at) continue;
    GNetworkAddress *a = G_NETWORK_ADDRESS(at);
    g_ptr_array_add(ret, gw_service_new(GW_SERVICE_STUN, FALSE, g_network_address_get_hostname(a),
                                        g_network_address_get_port(a)));
  }
  for (guint i = 0; i < gw_conf_count(c, "media.turn"); i++)
    g_ptr_array_add(ret, turn_of(c, i));
  return ret;
}

/* --- life --- */

gw_relay_book *gw_relay_book_new(gw_media *media) {
  gw_relay_book *b = g_new0(gw_relay_book, 1);
  b->media = media;
  b->configured = gw_service_list_new();
  b->found = gw_service_list_new();
  b->entries = g_ptr_array_new_with_free_func(entry_free);
  b->lookups = g_cancellable_new();
  return b;
}

void gw_relay_book_free(gw_relay_book *b) {
  if (!b) return;
  cancel(b);
  g_ptr_array_unref(b->configured);
  g_ptr_array_unref(b->found);
  g_ptr_array_unref(b->entries);
  g_free(b);
}

void gw_relay_book_configure(gw_relay_book *b, const gw_conf *c) {
  g_ptr_array_unref(b->configured);
  b->configured = configured(c);
  choose(b);
}

void gw_relay_book_found(gw_relay_book *b, const GPtrArray *services) {
  g_ptr_array_set_size(b->found, 0);
  for (guint i = 0; i < services->len; i++)
    g_ptr_array_add(b->found, gw_service_copy(services->pdata[i]));
  choose(b);
}

void gw_relay_book_json(const gw_relay_book *b, JsonBuilder *json) {
  json_builder_begin_array(json);
  for (guint i = 0; b && i < b->entries->len; i++) {
    const entry *e = b->entries->pdata[i];
    json_builder_begin_object(json);
    gw_json_string(json, "type", type_word(e->service));
    gw_json_string(json, "host", e->service->host);
    gw_json_int(json, "port", e->service->port);
    gw_json_string(json, "transport", transport_word(e->service));
    gw_json_string(json, "address", e->address);
    gw_json_string(json, "source", e->configured ? "file" : "xmpp");
    gw_json_time(json, "expires", e->service->expires_wall_us);
    json_builder_end_object(json);
  }
  json_builder_end_array(json);
}
