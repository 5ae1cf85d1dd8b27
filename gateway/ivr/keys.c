#include "gateway/ivr/keys.h"
#include <string.h>
#include "base/clock.h"

#define SAME_US GW_MS(1500) /* INFO crosses a proxy or two and may be sent again after 500 ms */
#define PER_SECOND 20

static gboolean too_fast(gw_keys *k, gint64 now_us) {
  if (!k->in_second || now_us - k->second_us >= GW_SEC(1)) {
    k->second_us = now_us;
    k->in_second = 0;
  }
  return ++k->in_second > PER_SECOND;
}

gboolean gw_keys_take(gw_keys *k, gw_key_source source, char digit, gint64 now_us) {
  const guint bit = 1u << source;
  if (!digit || !strchr("0123456789*#ABCD", digit)) return FALSE;
  for (guint i = 0; i < GW_KEYS_KEPT;
       i++) { /* oldest first: presses come in one order by each way */
    const guint at = (k->next + i) % GW_KEYS_KEPT;
    if (k->kept[at].digit != digit || k->kept[at].seen & bit ||
        now_us - k->kept[at].at_us > SAME_US)
      continue;
    k->kept[at].seen |= bit;
    return FALSE;
  }
  if (too_fast(k, now_us)) return FALSE;
  k->kept[k->next].digit = digit;
  k->kept[k->next].at_us = now_us;
  k->kept[k->next].seen = bit;
  k->next = (k->next + 1) % GW_KEYS_KEPT;
  return TRUE;
}
