/* items.c - phones and rooms added while running. */
#include <gio/gio.h>
#include <string.h>
#include "conf/value.h"

static gboolean set_key(gw_item *item, const char *list, const char *leaf, const char *text,
                        GError **error) {
  g_autofree char *schema = g_strdup_printf("%s[].%s", list, leaf);
  const gw_key *key = gw_key_find(schema);
  g_autofree char *why = NULL;
  if (!key || (key->flags & GW_KEY_SECRET_FILE)) {
    g_autofree char *prefix = g_strdup_printf("%s[].", list);
    g_autofree char *names = gw_key_names_in(prefix);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s; accepted: %s", leaf,
                key ? "only in the file" : "unknown key", names);
    return FALSE;
  }
  gw_value *value = gw_value_from_text(key, text, &why);
  if (!value) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s", leaf, why);
    return FALSE;
  }
  gw_item_set(item, leaf, value);
  return TRUE;
}

static gboolean first_problem(GPtrArray *errors, GError **error) {
  if (errors->len == 0) return FALSE;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s",
              (const char *)g_ptr_array_index(errors, 0));
  return TRUE;
}

gboolean gw_conf_add_item(gw_conf *conf, const char *list, GHashTable *keys, GError **error) {
  g_autoptr(gw_item) item = gw_item_new(0, FALSE);
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  gw_problems problems = {NULL, errors, 0};
  GHashTableIter iter;
  void *leaf, *text;
  g_hash_table_iter_init(&iter, keys);
  while (g_hash_table_iter_next(&iter, &leaf, &text))
    if (!set_key(item, list, leaf, text, error)) return FALSE;
  gw_check_item(item, list, "", &problems);
  if (first_problem(errors, error)) return FALSE;
  g_autofree char *taken = gw_check_number_taken(conf, gw_item_str(item, "number"));
  if (taken) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s", taken);
    return FALSE;
  }
  gw_conf_append(conf, list, g_steal_pointer(&item));
  return TRUE;
}

gboolean gw_conf_remove_item(gw_conf *conf, const char *list, const char *number, GError **error) {
  int i = gw_conf_find(conf, list, number);
  if (i < 0) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "number %s is not in the list %s", number,
                list);
    return FALSE;
  }
  if (gw_conf_item_from_file(conf, list, (guint)i)) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_READ_ONLY,
                "number %s is in %s: remove it there, then tipringctl reload", number, conf->file);
    return FALSE;
  }
  g_ptr_array_remove_index(gw_conf_items(conf, list), (guint)i);
  return TRUE;
}
