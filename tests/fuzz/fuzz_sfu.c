/* fuzz_sfu.c - lines as the frames of a forwarding service, up to and after joining: nothing is held without bound, every
 * deadline lies ahead, and after the leave nothing comes. A line that begins with '!' is seconds that pass. */
#include <string.h>
#include "base/limits.h"
#include "gateway/sfu/session.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

static guint outs_of(gw_sfu_session *s, const gw_sfu_ev *ev, gint64 now) {
  g_autoptr(GArray) outs = gw_sfu_outs_new();
  gw_sfu_session_step(s, ev, now, outs);
  g_assert(gw_sfu_session_deadline(s) > now);
  g_assert(outs->len <= GW_MAX_SFU_ASKED + 4);
  return outs->len;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n) {
  g_autofree char *text = g_strndup((const char *)data, MIN(n, 65536));
  g_auto(GStrv) lines = g_strsplit(text, "\n", 512);
  g_autoptr(gw_sfu_session) s = gw_sfu_session_new("r", "me");
  gint64 now = GW_SEC(1);
  outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_START}, now);
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i] == '!') {
      now += GW_SEC(g_ascii_strtoull(lines[i] + 1, NULL, 10) % 100);
      outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_TICK}, now);
    }
    outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_OPENED}, now);
    outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_TEXT, .text = lines[i]}, now);
    outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_REQUEST, .src = "al", .text = lines[i]}, now);
  }
  outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_LEAVE}, now);
  for (guint i = 0; lines[i]; i++)
    g_assert(!outs_of(s, &(gw_sfu_ev){.type = GW_SFU_EV_TEXT, .text = lines[i]}, now));
  g_assert(gw_sfu_session_deadline(s) == GW_NEVER);
  return 0;
}
