/* What a Refer-To or a Replaces may be made of: anything. What is taken is bounded and could not become a header. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "base/limits.h"
#include "sip/replaces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const gw_replaces *r) {
  if (!r) return;
  g_assert_nonnull(r->to_tag);
  g_assert_nonnull(r->from_tag);
  g_assert_cmpuint(strlen(r->call_id), <=, GW_MAX_REPLACES);
  g_assert_null(strpbrk(r->call_id, ";\r\n "));
  g_assert_null(strpbrk(r->to_tag, ";=\r\n "));
  g_assert_null(strpbrk(r->from_tag, ";=\r\n "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  g_autofree char *text = g_strndup((const char *)data, n);
  g_autoptr(gw_replaces) r = gw_replaces_parse(text);
  check(r);
  g_autoptr(gw_refer_to) to = gw_refer_to_parse(text);
  if (!to) return 0;
  check(to->replaces);
  g_assert_cmpuint(strlen(to->user), <=, GW_MAX_NUMBER);
  g_assert_null(strpbrk(to->user, "\r\n"));
  g_assert_cmpuint(strlen(to->host), >, 0);
  g_assert_cmpuint(to->port, <=, 65535);
  return 0;
}
