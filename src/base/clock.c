#include "base/clock.h"
#include <time.h>

gint64 gw_now_us(void) {
  return g_get_monotonic_time();
}

gint64 gw_wall_us(void) {
  return g_get_real_time();
}

char *gw_rfc3339(gint64 wall_us) {
  time_t s = (time_t)(wall_us / G_USEC_PER_SEC);
  struct tm tm;
  char date[32];
  if (!gmtime_r(&s, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm))
    return g_strdup("");
  return g_strdup_printf("%s.%03dZ", date, (int)(wall_us / 1000 % 1000));
}
