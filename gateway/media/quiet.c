#include "gateway/media/quiet.h"

gboolean gw_quiet_too_long(gw_quiet *q, guint64 packets, gboolean expected, gint64 now_us,
                           gint64 limit_us) {
  if (!expected || !q->counting || packets != q->packets) {
    *q = (gw_quiet){.counting = expected, .packets = packets, .since_us = now_us};
    return FALSE;
  }
  return now_us - q->since_us >= limit_us;
}
