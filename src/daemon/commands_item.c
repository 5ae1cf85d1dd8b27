/* commands_item.c - phones and rooms added and removed while running. */
#include <string.h>
#include "base/ids.h"
#include "base/log.h"
#include "daemon/commands.h"

void gw_items_load(gw_conf *conf, gw_store *store) {
  static const char *const lists[] = {"phones", "rooms"};
  for (guint k = 0; k < G_N_ELEMENTS(lists); k++) {
    g_autoptr(GPtrArray) items = gw_store_items(store, lists[k]);
    for (guint i = 0; i < items->len; i++) {
      GHashTable *keys = g_ptr_array_index(items, i);
      g_autoptr(GError) error = NULL;
      if (!gw_conf_add_item(conf, lists[k], keys, &error))
        gw_warn(NULL, "stored-item-left-out", "list=%s number=%s reason=%s", lists[k],
                (const char *)g_hash_table_lookup(keys, "number"), error->message);
    }
  }
}

/* KEY=VALUE arguments into keys; FALSE with *ret_wrong. */
static gboolean take_pairs(const char *const *pairs, GHashTable *keys, const char **ret_wrong) {
  for (; *pairs; pairs++) {
    const char *eq = strchr(*pairs, '=');
    g_autofree char *key = eq ? g_strndup(*pairs, (gsize)(eq - *pairs)) : NULL;
    if (!eq || eq == *pairs || g_hash_table_contains(keys, key)) {
      *ret_wrong = *pairs;
      return FALSE;
    }
    g_hash_table_insert(keys, g_steal_pointer(&key), g_strdup(eq + 1));
  }
  return TRUE;
}

static GHashTable *keys_new(const char *number) {
  GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert(keys, g_strdup("number"), g_strdup(number));
  return keys;
}

/* FALSE: answered already. */
static gboolean add(gw_request *request, gw_control_env *env, const char *list, GHashTable *keys) {
  const char *number = g_hash_table_lookup(keys, "number");
  g_autoptr(GError) error = NULL;
  if (!env->conf || !env->store) {
    gw_request_fail(request, "the daemon runs without its store: look at its log");
    return FALSE;
  }
  if (!gw_conf_add_item(env->conf, list, keys, &error)) {
    gw_request_fail(request, "%s", error->message);
    return FALSE;
  }
  gw_store_item_put(env->store, list, number, keys);
  gw_info(NULL, "item-added", "list=%s number=%s", list, number);
  if (env->conf_changed) env->conf_changed(env->user);
  return TRUE;
}

static gboolean drop(gw_request *request, gw_control_env *env, const char *list,
                     const char *number) {
  g_autoptr(GError) error = NULL;
  if (!env->conf || !env->store) {
    gw_request_fail(request, "the daemon runs without its store: look at its log");
    return FALSE;
  }
  if (!gw_conf_remove_item(env->conf, list, number, &error)) {
    gw_request_fail(request, "%s", error->message);
    return FALSE;
  }
  gw_store_item_remove(env->store, list, number);
  gw_info(NULL, "item-removed", "list=%s number=%s", list, number);
  if (env->conf_changed) env->conf_changed(env->user);
  return TRUE;
}

void gw_do_room_add(gw_request *request, gw_control_env *env, const char *const *rest) {
  g_autoptr(GHashTable) keys = keys_new(rest[0]);
  const char *wrong = NULL;
  g_hash_table_insert(keys, g_strdup("room"), g_strdup(rest[1]));
  if (!take_pairs(rest + 2, keys, &wrong)) {
    gw_request_usage(request, "\"%s\": keys are given once each, as KEY=VALUE", wrong);
    return;
  }
  if (!add(request, env, "rooms", keys)) return;
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "number", rest[0]);
  gw_json_string(b, "room", rest[1]);
  json_builder_end_object(b);
  gw_request_reply(request, 0, g_strdup_printf("%s leads to %s\n", rest[0], rest[1]),
                   gw_json_done(b));
}

/* "udp:192.0.2.1:5060" as a phone wants it: "192.0.2.1:5060 (udp)". The address that others see stands before the one
 * that is listened on; the wildcard is no address. */
static char *server_for_phones(const gw_conf *conf, const char *listen) {
  const char *seen = gw_conf_str(conf, "sip.public_address");
  const char *host = listen + strcspn(listen, ":") + 1, *port = strrchr(listen, ':') + 1;
  g_autofree char *proto = g_strndup(listen, strcspn(listen, ":"));
  g_autofree char *own = g_strndup(host, (gsize)(port - 1 - host));
  gboolean any = g_str_equal(own, "0.0.0.0") || g_str_equal(own, "[::]");
  return g_strdup_printf("%s:%s (%s)",
                         *seen ? seen
                         : any ? "this machine's address"
                               : own,
                         port, proto);
}

/* What is to be typed into the phone. */
static char *phone_sheet(const gw_conf *conf, const char *number, const char *password) {
  GString *out = g_string_new(NULL);
  g_auto(GStrv) listen = gw_conf_strv(conf, "sip.listen"),
                codecs = gw_conf_strv(conf, "media.codecs");
  const char *realm = gw_conf_str(conf, "sip.realm");
  g_autofree char *codec_list = g_strjoinv(", ", codecs);
  g_string_append_printf(out, "phone %s\nType into the phone:\n", number);
  for (char **one = listen; *one; one++) {
    g_autofree char *server = server_for_phones(conf, *one);
    g_string_append_printf(out, "  %-16s%s\n", one == listen ? "SIP server" : "or", server);
  }
  g_string_append_printf(out, "  %-16s%s\n", "user, login", number);
  g_string_append_printf(out, "  %-16s%s\n", "password", password ? password : "as given");
  g_string_append_printf(out, "  %-16s%s\n", "domain, realm",
                         *realm ? realm : gw_conf_str(conf, "xmpp.domain"));
  g_string_append_printf(out, "  %-16s%s\n", "codecs", codec_list);
  g_string_append_printf(out, "  %-16s%s\n", "keys (DTMF)", "RFC 4733 (RFC 2833), or SIP INFO");
  return g_string_free(out, FALSE);
}

void gw_do_phone_add(gw_request *request, gw_control_env *env, const char *const *rest) {
  g_autoptr(GHashTable) keys = keys_new(rest[0]);
  const char *wrong = NULL;
  if (!take_pairs(rest + 1, keys, &wrong)) {
    gw_request_usage(request, "\"%s\": keys are given once each, as KEY=VALUE", wrong);
    return;
  }
  gboolean made = !g_hash_table_contains(keys, "password");
  if (made) {
    g_autoptr(gw_ids) ids = gw_ids_new();
    g_hash_table_insert(keys, g_strdup("password"), gw_ids_hex(ids, 10));
  }
  if (!add(request, env, "phones", keys)) return;
  const char *password = g_hash_table_lookup(keys, "password");
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "number", rest[0]);
  gw_json_string(b, "password", password);
  json_builder_end_object(b);
  gw_request_reply(request, 0, phone_sheet(env->conf, rest[0], made ? password : NULL),
                   gw_json_done(b));
}

void gw_do_room_remove(gw_request *request, gw_control_env *env, const char *const *rest) {
  if (drop(request, env, "rooms", rest[0]))
    gw_request_reply(request, 0, g_strdup_printf("room %s removed\n", rest[0]), NULL);
}

void gw_do_phone_remove(gw_request *request, gw_control_env *env, const char *const *rest) {
  if (!drop(request, env, "phones", rest[0])) return;
  if (env->sip) gw_sip_forget_phone(env->sip, rest[0]);
  gw_request_reply(request, 0, g_strdup_printf("phone %s removed\n", rest[0]), NULL);
}
