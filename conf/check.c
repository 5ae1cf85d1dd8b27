/* check.c - what no single value can see: required keys, doubled numbers, names that must exist
 * elsewhere. Pure. */
#include "conf/value.h"
#include <string.h>
#include "base/jid.h"

/* Lists whose number is dialled or called: one number plan. */
static const char *const numbered[] = {"phones", "rooms", "menus"};

static gboolean has(const gw_item *item, const char *leaf) {
  const gw_value *value = gw_item_get(item, leaf);
  return (value && (!value->str || *value->str)) || g_hash_table_contains(item->wrong, leaf);
}

static void missing(gw_problems *problems, const gw_item *item, const gw_key *key,
                    const char *path) {
  g_autofree char *accepted = gw_key_accepted(key);
  gw_problem(problems, item->line, path, "is missing; accepted: %s", accepted);
}

void gw_check_item(const gw_item *item, const char *list, const char *prefix,
                   gw_problems *problems) {
  g_autofree char *schema = g_strconcat(list, "[].", NULL);
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    g_autofree char *path = g_strconcat(prefix, gw_key_leaf(key), NULL);
    if (g_str_has_prefix(key->name, schema) && (key->flags & GW_KEY_REQUIRED) &&
        !has(item, gw_key_leaf(key)))
      missing(problems, item, key, path);
  }
  /* A file that could not be read has had its error already. */
  if (strcmp(list, "phones") == 0 && !has(item, "password") && !has(item, "password_file")) {
    g_autofree char *path = g_strconcat(prefix, "password", NULL);
    gw_problem(problems, item->line, path,
               "is missing; accepted: password = \"...\" or password_file = \"FILE\"");
  }
}

static gboolean comes_later(const gw_key *key, const gw_value *value) {
  if (!key->later || !value || (value->str && !*value->str)) return FALSE;
  const char *word = key->type == GW_CONF_BOOL ? (value->num[0] ? "true" : "false") : value->str;
  return strcmp(key->later, "*") == 0 || (word && gw_word_in(key->later, word, strlen(word)));
}

void gw_check_later(gw_conf *conf, const gw_item *item, const char *schema_prefix,
                    const char *prefix) {
  gw_problems warnings = {conf->file, conf->warnings, 0};
  gsize n = strlen(schema_prefix);
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    if (strncmp(key->name, schema_prefix, n) != 0 || strchr(key->name + n, '[')) continue;
    const gw_value *value = gw_item_get(item, item == conf->root ? key->name : gw_key_leaf(key));
    g_autofree char *path = g_strconcat(prefix, key->name + n, NULL);
    g_autofree char *text = value ? gw_value_text(key, value) : NULL;
    if (comes_later(key, value))
      gw_problem(&warnings, value->line, path, "%s has no effect in this version", text);
  }
}

static void warn_of_lists(gw_conf *conf) {
  gw_problems warnings = {conf->file, conf->warnings, 0};
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    if (key->type != GW_CONF_GROUPS || !key->later || gw_conf_count(conf, key->name) == 0) continue;
    const gw_item *first = g_ptr_array_index(gw_conf_items(conf, key->name), 0);
    gw_problem(&warnings, first->line, key->name, "this list has no effect in this version");
  }
}

/* --- values that follow from others */
static void derive_str(gw_conf *conf, const char *path, const char *text) {
  if (gw_item_get(conf->root, path)) return;
  gw_value *value = gw_value_new(0);
  value->given = FALSE;
  value->str = g_strdup(text);
  gw_item_set(conf->root, path, value);
}

static void derive_client(gw_conf *conf) {
  g_autofree char *domain = NULL;
  if (!gw_jid_split(gw_conf_str(conf, "xmpp.jid"), NULL, &domain, NULL)) return;
  derive_str(conf, "xmpp.host", domain);
  /* An old domain of a component would put phones where the account is not. */
  g_hash_table_remove(conf->root->values, "xmpp.domain");
  derive_str(conf, "xmpp.domain", domain);
  if (gw_item_get(conf->root, "xmpp.port")) return;
  gw_value *port = gw_value_new(0);
  port->given = FALSE;
  port->num[0] = 5222;
  gw_item_set(conf->root, "xmpp.port", port);
}

static void resolve_file(gw_conf *conf, const char *path) {
  gw_value *value = gw_item_get(conf->root, path);
  if (!value || !*value->str) return;
  char *full = gw_conf_beside(conf, value->str);
  g_free(value->str);
  value->str = full;
}

/* --- the stream */
static guint line_of(const gw_conf *conf, const char *path) {
  const gw_value *value = gw_item_get(conf->root, path);
  return value && value->line ? value->line : conf->root->line;
}

static gboolean is_loopback(const char *host) {
  return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
         g_str_has_prefix(host, "127.");
}

static void need(gw_conf *conf, const char *path, const char *also, gw_problems *problems) {
  if (has(conf->root, path) || (also && has(conf->root, also))) return;
  const gw_key *key = gw_key_find(path);
  g_autofree char *accepted = gw_key_accepted(key);
  gw_problem(problems, line_of(conf, "xmpp.mode"), path, "is missing; accepted: %s%s%s", accepted,
             also ? ", or a file in " : "", also ? also : "");
}

static gboolean any(const gw_conf *conf, const char *path) {
  g_auto(GStrv) list = gw_conf_strv(conf, path);
  return list && *list;
}

static void check_registration(const gw_conf *conf, gw_problems *problems) {
  if (!any(conf, "xmpp.registration")) return;
  if (!any(conf, "xmpp.registrars"))
    gw_problem(problems, line_of(conf, "xmpp.registration"), "xmpp.registrars",
               "is missing; registration needs it; accepted: a list of HOST or HOST:PORT");
  if (!strcmp(gw_conf_str(conf, "xmpp.mode"), "client"))
    gw_problem(problems, line_of(conf, "xmpp.registration"), "xmpp.registration",
               "needs mode = \"component\"; accepted: an empty list");
}

static void check_stream(gw_conf *conf, gw_problems *problems) {
  check_registration(conf, problems);
  if (strcmp(gw_conf_str(conf, "xmpp.mode"), "client") != 0) {
    need(conf, "xmpp.domain", NULL, problems);
    need(conf, "xmpp.secret", "xmpp.secret_file", problems);
    return;
  }
  need(conf, "xmpp.jid", NULL, problems);
  need(conf, "xmpp.password", "xmpp.password_file", problems);
  derive_client(conf);
  if (strcmp(gw_conf_str(conf, "xmpp.tls"), "off") == 0 &&
      !is_loopback(gw_conf_str(conf, "xmpp.host")))
    gw_problem(problems, line_of(conf, "xmpp.tls"), "xmpp.tls",
               "off would send the password over the network; accepted: \"required\", or a host on "
               "this machine");
}

/* --- lists */
static void check_unique(const gw_conf *conf, const gw_key *key, GHashTable *seen,
                         gw_problems *problems) {
  g_autofree char *list = g_strndup(key->name, (gsize)(strchr(key->name, '[') - key->name));
  const GPtrArray *items = gw_conf_items(conf, list);
  for (guint i = 0; items && i < items->len; i++) {
    const gw_item *item = g_ptr_array_index(items, i);
    const char *text = gw_item_str(item, gw_key_leaf(key));
    const char *before = g_hash_table_lookup(seen, text);
    char *path = g_strdup_printf("%s[%u].%s", list, i, gw_key_leaf(key));
    if (*text && before) {
      const gw_value *value = gw_item_get(item, gw_key_leaf(key));
      gw_problem(problems, value->line, path, "\"%s\" is taken by %s; accepted: one not used yet",
                 text, before);
    }
    if (*text && !before)
      g_hash_table_insert(seen, g_strdup(text), path);
    else
      g_free(path);
  }
}

static void check_doubles(const gw_conf *conf, gw_problems *problems) {
  g_autoptr(GHashTable) numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    if (!(key->flags & GW_KEY_UNIQUE)) continue;
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    check_unique(conf, key, strcmp(gw_key_leaf(key), "number") == 0 ? numbers : names, problems);
  }
}

static gboolean name_exists(const gw_conf *conf, const char *list, const char *leaf,
                            const char *name) {
  const GPtrArray *items = gw_conf_items(conf, list);
  for (guint i = 0; items && i < items->len; i++)
    if (strcmp(gw_item_str(g_ptr_array_index(items, i), leaf), name) == 0) return TRUE;
  return FALSE;
}

static void check_ring(const gw_conf *conf, const gw_item *room, guint i, gw_problems *problems) {
  const gw_value *ring = gw_item_get(room, "ring");
  g_autofree char *path = g_strdup_printf("rooms[%u].ring", i);
  for (char **number = ring ? ring->list : NULL; number && *number; number++)
    if (!name_exists(conf, "phones", "number", *number))
      gw_problem(problems, ring->line, path,
                 "\"%s\" is no phone; accepted: numbers from the list phones", *number);
}

/* --- forwarding services */
static gboolean is_jingle(const gw_item *sfu) {
  const char *kind = gw_item_str(sfu, "kind"); /* "": the default */
  return !strcmp(kind, "xep-0521") || !strcmp(kind, "tigase-meet");
}

static void check_sfu(const gw_conf *conf, gw_problems *problems) {
  const GPtrArray *list = gw_conf_items(conf, "sfu");
  for (guint i = 0; list && i < list->len; i++) {
    const gw_item *sfu = g_ptr_array_index(list, i);
    const char *needed = is_jingle(sfu) ? "jid" : "url", *other = is_jingle(sfu) ? "url" : "jid";
    const char *kind = is_jingle(sfu) ? gw_item_str(sfu, "kind") : "socket.io";
    g_autofree char *path = g_strdup_printf("sfu[%u].%s", i, needed);
    g_autofree char *idle = g_strdup_printf("sfu[%u].%s", i, other);
    if (!*gw_item_str(sfu, needed))
      gw_problem(problems, gw_item_get(sfu, "name")->line, path,
                 "is missing, and a service of the kind %s is reached by it; accepted: %s", kind,
                 is_jingle(sfu) ? "\"NAME@SERVICE\" or \"SERVICE\"" : "\"ws://HOST:PORT\"");
    if (*gw_item_str(sfu, other))
      gw_problem(problems, gw_item_get(sfu, other)->line, idle,
                 "means nothing to a service of the kind %s; accepted: %s alone", kind, needed);
  }
}

/* The service that such a flavour of the room needs: named, else any. NULL: there is none. */
static const gw_item *sfu_of(const gw_conf *conf, const char *name, gboolean jingle) {
  const GPtrArray *list = gw_conf_items(conf, "sfu");
  for (guint i = 0; list && i < list->len; i++) {
    const gw_item *sfu = g_ptr_array_index(list, i);
    if (is_jingle(sfu) == jingle && (!*name || !strcmp(name, gw_item_str(sfu, "name")))) return sfu;
  }
  return NULL;
}

static void check_room_sfu(const gw_conf *conf, const gw_item *room, guint i, gw_problems *problems) {
  const char *sfu = gw_item_str(room, "sfu"), *flavour = gw_item_str(room, "flavour");
  const gboolean jingle = !strcmp(flavour, "jingle-sfu");
  g_autofree char *path = g_strdup_printf("rooms[%u].sfu", i);
  if (*sfu && !name_exists(conf, "sfu", "name", sfu))
    gw_problem(problems, gw_item_get(room, "sfu")->line, path,
               "\"%s\" is not known; accepted: a name from the list sfu", sfu);
  else if ((jingle || !strcmp(flavour, "jmuci-sfu")) && !sfu_of(conf, sfu, jingle))
    gw_problem(problems, gw_item_get(room, "flavour")->line, path,
               "leads to none that fits, and the flavour %s needs a server of the kind %s; accepted: a "
               "name from the list sfu",
               flavour, jingle ? "xep-0521 or tigase-meet" : "socket.io");
}

static void check_names(const gw_conf *conf, gw_problems *problems) {
  const GPtrArray *rooms = gw_conf_items(conf, "rooms"), *phones = gw_conf_items(conf, "phones");
  for (guint i = 0; rooms && i < rooms->len; i++) {
    const gw_item *room = g_ptr_array_index(rooms, i);
    check_ring(conf, room, i, problems);
    check_room_sfu(conf, room, i, problems);
  }
  for (guint i = 0; phones && i < phones->len; i++) {
    const gw_item *phone = g_ptr_array_index(phones, i);
    const char *room = gw_item_str(phone, "room");
    g_autofree char *path = g_strdup_printf("phones[%u].room", i);
    if (*room && !name_exists(conf, "rooms", "number", room))
      gw_problem(problems, gw_item_get(phone, "room")->line, path,
                 "\"%s\" is no room; accepted: a number from the list rooms", room);
  }
}

static gboolean listens(const gw_conf *conf, const char *transport) {
  const gw_value *listen = gw_item_get(conf->root, "sip.listen");
  for (char **one = listen ? listen->list : NULL; one && *one; one++)
    if (g_str_has_prefix(*one, transport)) return TRUE;
  return FALSE;
}

static void wrong(const gw_item *item, guint i, const char *leaf, gw_problems *problems,
                  const char *what) {
  const gw_value *value = gw_item_get(item, leaf);
  g_autofree char *path = g_strdup_printf("trunks[%u].%s", i, leaf);
  gw_problem(problems, value && value->line ? value->line : item->line, path, "%s", what);
}

static void check_trunk(const gw_conf *conf, const gw_item *trunk, guint i, gw_problems *problems) {
  const char *transport = gw_item_str(trunk, "transport"), *srtp = gw_item_str(trunk, "srtp");
  const gw_value *enlists = gw_item_get(trunk, "register");
  if (enlists && enlists->num[0] && !*gw_item_str(trunk, "user"))
    wrong(trunk, i, "user", problems, "is missing; register needs it; accepted: text");
  if (*transport && strcmp(transport, "auto") != 0 && !listens(conf, transport))
    wrong(trunk, i, "transport", problems,
          "needs a listener of that kind; accepted: \"auto\", or add one to sip.listen");
  if (*srtp && strcmp(srtp, "off") != 0 && strcmp(transport, "tls") != 0)
    wrong(trunk, i, "srtp", problems, "needs transport = \"tls\"; accepted: \"off\"");
}

static void check_trunks(const gw_conf *conf, gw_problems *problems) {
  const GPtrArray *trunks = gw_conf_items(conf, "trunks");
  for (guint i = 0; trunks && i < trunks->len; i++)
    check_trunk(conf, g_ptr_array_index(trunks, i), i, problems);
  if (has(conf->root, "sip.client_ca") && has(conf->root, "sip.server_ca"))
    gw_problem(problems, line_of(conf, "sip.server_ca"), "sip.server_ca",
               "cannot be used together with sip.client_ca; accepted: one of them");
}

static const char *const tls_keys[] = {"sip.certificate", "sip.key"};

/* What would be a false sense of security is an error, not a warning. */
static void check_promises(const gw_conf *conf, gw_problems *problems) {
  const GPtrArray *phones = gw_conf_items(conf, "phones");
  const gw_value *listen = gw_item_get(conf->root, "sip.listen");
  gboolean tls = FALSE;
  for (char **one = listen ? listen->list : NULL; one && *one; one++)
    tls |= g_str_has_prefix(*one, "tls:");
  for (guint i = 0; !tls && phones && i < phones->len; i++) {
    const gw_item *phone = g_ptr_array_index(phones, i);
    g_autofree char *path = g_strdup_printf("phones[%u].srtp", i);
    if (strcmp(gw_item_str(phone, "srtp"), "required") == 0)
      gw_problem(
          problems, gw_item_get(phone, "srtp")->line, path,
          "\"required\" needs tls; accepted: a \"tls:ADDRESS:PORT\" in sip.listen, or \"off\"");
  }
  for (guint i = 0; tls && i < G_N_ELEMENTS(tls_keys); i++)
    if (!has(conf->root, tls_keys[i]))
      gw_problem(problems, listen->line, tls_keys[i],
                 "is missing; a tls listener needs it; accepted: a PEM file");
  if (listen && !*listen->list)
    gw_problem(problems, listen->line, "sip.listen",
               "is empty; accepted: at least one \"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\"");
}

char *gw_check_number_taken(const gw_conf *conf, const char *number) {
  for (guint i = 0; i < G_N_ELEMENTS(numbered); i++)
    if (name_exists(conf, numbered[i], "number", number))
      return g_strdup_printf("number %s is in the list %s", number, numbered[i]);
  return NULL;
}

void gw_check_whole(gw_conf *conf, gw_problems *problems) {
  check_stream(conf, problems);
  derive_str(conf, "sip.realm", gw_conf_str(conf, "xmpp.domain"));
  check_doubles(conf, problems);
  check_names(conf, problems);
  check_sfu(conf, problems);
  check_promises(conf, problems);
  check_trunks(conf, problems);
  warn_of_lists(conf);
  resolve_file(conf, "media.prompts");
  resolve_file(conf, "store.path");
  resolve_file(conf, "control.socket");
  resolve_file(conf, "sip.certificate");
  resolve_file(conf, "sip.key");
  resolve_file(conf, "sip.client_ca");
  resolve_file(conf, "sip.server_ca");
  resolve_file(conf, "media.turn_ca");
}
