/* dump.c - all that is in force, for `tipringctl config`. */
#include <string.h>
#include "conf/value.h"

static void dumped_free(void *data) {
  gw_conf_value *v = data;
  g_free(v->path);
  g_free(v->text);
  g_free(v);
}

static void dump_one(GPtrArray *out, const gw_key *key, const gw_value *value, char *path_taken) {
  gw_conf_value *v = g_new0(gw_conf_value, 1);
  v->path = path_taken;
  v->type = key->type;
  v->text = gw_value_text(key, value);
  v->is_default = !value || !value->given;
  g_ptr_array_add(out, v);
}

/* All keys of all groups of one list. */
static void dump_list(const gw_conf *conf, const gw_key *list, GPtrArray *out) {
  const GPtrArray *items = gw_conf_items(conf, list->name);
  g_autofree char *prefix = g_strconcat(list->name, "[].", NULL);
  if (!items || items->len == 0) dump_one(out, list, NULL, g_strdup(list->name));
  for (guint n = 0; items && n < items->len; n++)
    for (guint i = 0; i < gw_n_keys; i++) {
      const char *leaf = gw_key_leaf(&gw_keys[i]);
      if (!g_str_has_prefix(gw_keys[i].name, prefix) || (gw_keys[i].flags & GW_KEY_SECRET_FILE))
        continue;
      dump_one(out, &gw_keys[i], gw_item_get(g_ptr_array_index(items, n), leaf),
               g_strdup_printf("%s[%u].%s", list->name, n, leaf));
    }
}

GPtrArray *gw_conf_dump(const gw_conf *conf) {
  GPtrArray *out = g_ptr_array_new_with_free_func(dumped_free);
  for (guint i = 0; i < gw_n_keys; i++) {
    const gw_key *key = &gw_keys[i];
    if (key->type == GW_CONF_GROUPS)
      dump_list(conf, key, out);
    else if (!strchr(key->name, '[') && !(key->flags & GW_KEY_SECRET_FILE))
      dump_one(out, key, gw_item_get(conf->root, key->name), g_strdup(key->name));
  }
  return out;
}
