/* value.c - the loaded configuration: storage and getters. */
#include "conf/value.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

gw_value *gw_value_new(guint line) {
  gw_value *value = g_new0(gw_value, 1);
  value->line = line;
  value->given = TRUE;
  return value;
}

static void value_free(void *data) {
  gw_value *value = data;
  g_free(value->str);
  g_strfreev(value->list);
  g_free(value);
}

gw_item *gw_item_new(guint line, gboolean from_file) {
  gw_item *item = g_new0(gw_item, 1);
  item->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_free);
  item->wrong = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  item->line = line;
  item->from_file = from_file;
  return item;
}

void gw_item_free(gw_item *item) {
  if (!item) return;
  g_hash_table_unref(item->values);
  g_hash_table_unref(item->wrong);
  g_free(item);
}

void gw_item_set(gw_item *item, const char *leaf, gw_value *taken) {
  g_hash_table_replace(item->values, g_strdup(leaf), taken);
}

gw_value *gw_item_get(const gw_item *item, const char *leaf) {
  return g_hash_table_lookup(item->values, leaf);
}

const char *gw_item_str(const gw_item *item, const char *leaf) {
  const gw_value *value = gw_item_get(item, leaf);
  return value && value->str ? value->str : "";
}

gw_conf *gw_conf_new(const char *file) {
  gw_conf *conf = g_new0(gw_conf, 1);
  conf->file = g_strdup(file);
  conf->dir = g_path_get_dirname(file);
  conf->root = gw_item_new(1, TRUE);
  conf->lists =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  conf->warnings = g_ptr_array_new_with_free_func(g_free);
  return conf;
}

void gw_conf_free(gw_conf *conf) {
  if (!conf) return;
  gw_item_free(conf->root);
  g_hash_table_unref(conf->lists);
  g_ptr_array_unref(conf->warnings);
  g_free(conf->file);
  g_free(conf->dir);
  g_free(conf);
}

GPtrArray *gw_conf_items(const gw_conf *conf, const char *list) {
  return g_hash_table_lookup(conf->lists, list);
}

void gw_conf_append(gw_conf *conf, const char *list, gw_item *taken) {
  GPtrArray *items = gw_conf_items(conf, list);
  if (!items) {
    items = g_ptr_array_new_with_free_func((GDestroyNotify)gw_item_free);
    g_hash_table_insert(conf->lists, g_strdup(list), items);
  }
  g_ptr_array_add(items, taken);
}

char *gw_conf_beside(const gw_conf *conf, const char *path) {
  return g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(conf->dir, path, NULL);
}

void gw_problem(gw_problems *problems, guint line, const char *path, const char *fmt, ...) {
  problems->count++;
  if (!problems->errors) return;
  va_list args;
  va_start(args, fmt);
  g_autofree char *text = g_strdup_vprintf(fmt, args);
  va_end(args);
  g_autofree char *where =
      problems->file ? g_strdup_printf("%s:%u: ", problems->file, line ? line : 1) : g_strdup("");
  g_ptr_array_add(problems->errors,
                  g_strdup_printf("%s%s: %s", where, *path ? path : "(file)", text));
}

/* A path taken apart: "rooms[2].pin" is leaf "pin" of group 2 in "rooms"; "media.rtp_ports[1]" is
 * element 1 of a root key. */
typedef struct {
  const gw_item *item; /* NULL: no such group */
  const gw_key *key;
  const char *leaf;
  guint element;
} place;

static place find_place(const gw_conf *conf, const char *path) {
  place p = {.item = conf->root, .leaf = path};
  char schema[128], list[64];
  const char *open = strchr(path, '[');
  const char *close = open ? strchr(open, ']') : NULL;
  guint64 index = 0;
  g_strlcpy(schema, path, sizeof schema);
  if (close) {
    index = g_ascii_strtoull(open + 1, NULL, 10);
    g_strlcpy(list, path, MIN((gsize)(open - path) + 1, sizeof list));
    if (close[1] == '.') {
      GPtrArray *items = gw_conf_items(conf, list);
      p.item = items && index < items->len ? g_ptr_array_index(items, index) : NULL;
      p.leaf = close + 2;
      g_snprintf(schema, sizeof schema, "%s[].%s", list, p.leaf);
    } else {
      g_strlcpy(schema, list, sizeof schema);
      p.element = index < 2 ? (guint)index : 0;
    }
  }
  p.key = gw_key_find(schema);
  if (!p.key) g_error("configuration key %s is not in the schema", path);
  if (p.item == conf->root) p.leaf = p.key->name;
  return p;
}

static const gw_value *value_at(const place *p, gw_conf_type type) {
  g_assert(p->key->type == type);
  return p->item ? gw_item_get(p->item, p->leaf) : NULL;
}

const char *gw_conf_str(const gw_conf *conf, const char *path) {
  place p = find_place(conf, path);
  const gw_value *value = value_at(&p, GW_CONF_STRING);
  if (value) return value->str;
  return p.key->def ? p.key->def : "";
}

static gint64 default_number(const gw_key *key, guint element) {
  const char *text = key->def ? key->def : "0";
  const char *comma = strchr(text, ',');
  return g_ascii_strtoll(element && comma ? comma + 1 : text, NULL, 10);
}

gint64 gw_conf_int(const gw_conf *conf, const char *path) {
  place p = find_place(conf, path);
  const gw_value *value = value_at(&p, p.key->type == GW_CONF_INTS ? GW_CONF_INTS : GW_CONF_INT);
  return value ? value->num[p.element] : default_number(p.key, p.element);
}

gboolean gw_conf_bool(const gw_conf *conf, const char *path) {
  place p = find_place(conf, path);
  const gw_value *value = value_at(&p, GW_CONF_BOOL);
  return value ? value->num[0] != 0 : g_strcmp0(p.key->def, "true") == 0;
}

char **gw_conf_strv(const gw_conf *conf, const char *path) {
  place p = find_place(conf, path);
  const gw_value *value = value_at(&p, GW_CONF_STRINGS);
  if (value) return g_strdupv(value->list);
  return g_strsplit(p.key->def ? p.key->def : "", ",", -1);
}

guint gw_conf_count(const gw_conf *conf, const char *list) {
  const gw_key *key = gw_key_find(list);
  g_assert(key && key->type == GW_CONF_GROUPS);
  const GPtrArray *items = gw_conf_items(conf, list);
  return items ? items->len : 0;
}

const char *gw_conf_file(const gw_conf *conf) {
  return conf->file;
}

const char *gw_conf_secret(const gw_conf *conf, const char *base) {
  /* The loader puts what a _file holds into the value of the key itself. */
  const char *value = gw_conf_str(conf, base);
  return *value ? value : NULL;
}

char *gw_conf_services_domain(const gw_conf *conf) {
  const char *wanted = gw_conf_str(conf, "xmpp.services");
  const gboolean client = strcmp(gw_conf_str(conf, "xmpp.mode"), "client") == 0;
  if (strcmp(wanted, "off") == 0) return NULL;
  if (*wanted) return g_strdup(wanted);
  const char *jid = gw_conf_str(conf, "xmpp.jid"), *at = jid ? strchr(jid, '@') : NULL;
  if (!client) return g_strdup(gw_jid_domain_above(gw_conf_str(conf, "xmpp.domain")));
  return at && at[1] ? g_strdup(at + 1) : NULL;
}

const GPtrArray *gw_conf_warnings(const gw_conf *conf) {
  return conf->warnings;
}

gboolean gw_conf_item_from_file(const gw_conf *conf, const char *list, guint i) {
  const GPtrArray *items = gw_conf_items(conf, list);
  return items && i < items->len && ((const gw_item *)g_ptr_array_index(items, i))->from_file;
}

int gw_conf_find(const gw_conf *conf, const char *list, const char *number) {
  const GPtrArray *items = gw_conf_items(conf, list);
  for (guint i = 0; items && i < items->len; i++)
    if (strcmp(gw_item_str(g_ptr_array_index(items, i), "number"), number) == 0) return (int)i;
  return -1;
}
