/* fuzz_conf.c - any bytes as configuration: refused with reasons, or everything in it can be read
 * and written back. */
#include <string.h>
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

static void read_back(const gw_conf *conf) {
  g_autoptr(GPtrArray) all = gw_conf_dump(conf);
  for (guint i = 0; i < all->len; i++) {
    const gw_conf_value *v = g_ptr_array_index(all, i);
    g_assert(v->path && v->text);
    if (v->type == GW_CONF_STRING) g_assert(gw_conf_str(conf, v->path));
    if (v->type == GW_CONF_INT) gw_conf_int(conf, v->path);
    if (v->type == GW_CONF_STRINGS) g_strfreev(gw_conf_strv(conf, v->path));
  }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  /* A folder that does not exist: relative secret files are never there. */
  g_autoptr(gw_conf) conf = gw_conf_parse((const char *)data, n, "/nonexistent/fuzz.conf", errors);
  g_assert((conf == NULL) == (errors->len > 0));
  for (guint i = 0; i < errors->len; i++)
    g_assert(g_str_has_prefix(g_ptr_array_index(errors, i), "/nonexistent/fuzz.conf:"));
  if (conf) read_back(conf);
  return 0;
}
