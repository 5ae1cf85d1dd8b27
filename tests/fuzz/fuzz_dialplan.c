/* A dialled number may be anything. Normalising twice is normalising once, and every number gets a
 * decision. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "base/limits.h"
#include "gateway/dialplan/dialplan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  g_autofree char *text = g_strndup((const char *)data, n);
  g_autofree char *once = gw_dialplan_normalise(text);
  if (once) {
    g_assert_cmpuint(strlen(once), <=, GW_MAX_NUMBER);
    g_assert_null(strpbrk(once, " -./()@;?"));
  }
  g_autoptr(gw_dialplan) d = gw_dialplan_new();
  gw_dialplan_add_room(d, "8000", "a@b", FALSE);
  gw_dialplan_add_phone(d, "100", "8000");
  const gboolean added = gw_dialplan_add_room(d, text, "x@y", TRUE);
  g_assert_true(!added || (once && *once));
  g_autoptr(GPtrArray) steps =
      g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
  g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, text, text, steps);
  g_assert_true(steps->len > 0 && steps->len <= 5);
  g_assert_true((r->cause == GW_CAUSE_NONE) == (r->room != NULL));
  if (added) g_assert_cmpstr(r->room, ==, "x@y");
  return 0;
}
