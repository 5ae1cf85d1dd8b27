#include "xmpp/caps.h"
#include <string.h>

static int by_octets(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_all(GPtrArray *to, const char *const *list) {
  for (; list && *list; list++)
    g_ptr_array_add(to, g_strdup(*list));
}

char **gw_caps_sorted(const char *const *a, const char *const *b) {
  GPtrArray *all = g_ptr_array_new();
  add_all(all, a);
  add_all(all, b);
  g_ptr_array_sort(all, by_octets);
  for (guint i = 1; i < all->len;)
    if (!strcmp(all->pdata[i - 1], all->pdata[i])) {
      g_free(all->pdata[i]);
      g_ptr_array_remove_index(all, i);
    } else {
      i++;
    }
  g_ptr_array_add(all, NULL);
  return (char **)g_ptr_array_free(all, FALSE);
}

char *gw_caps_ver(const char *category, const char *type, const char *name,
                  const char *const *sorted) {
  g_autoptr(GString) s = g_string_new(NULL);
  g_string_append_printf(s, "%s/%s//%s<", category, type, name);
  for (; *sorted; sorted++)
    g_string_append_printf(s, "%s<", *sorted);
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
  g_checksum_update(sum, (const guchar *)s->str, (gssize)s->len);
  guint8 digest[20];
  gsize n = sizeof digest;
  g_checksum_get_digest(sum, digest, &n);
  return g_base64_encode(digest, n);
}
