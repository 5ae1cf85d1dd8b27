#include "sip/dtmf.h"
#include <string.h>

#define DEFAULT_MS 100
#define LONGEST_MS 6000

static gboolean is_key(char c) {
  return c && strchr("0123456789*#ABCD", c);
}

static gboolean relay(const char *text, char *digit, guint *ms) {
  g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", 8);
  for (char **l = lines; *l; l++) {
    char *eq = strchr(*l, '=');
    if (!eq) continue;
    *eq = 0;
    char *name = g_strstrip(*l), *value = g_strstrip(eq + 1);
    if (g_ascii_strcasecmp(name, "Signal") == 0) *digit = g_ascii_toupper(value[0]);
    if (g_ascii_strcasecmp(name, "Duration") == 0) {
      guint64 n = g_ascii_strtoull(value, NULL, 10);
      if (n > 0) *ms = (guint)MIN(n, LONGEST_MS);
    }
  }
  return is_key(*digit);
}

gboolean gw_dtmf_parse(const char *type, const char *body, gsize n, char *ret_digit,
                       guint *ret_ms) {
  if (!type || !body || n > 256) return FALSE;
  g_autofree char *text = g_strndup(body, n);
  char digit = 0;
  guint ms = DEFAULT_MS;
  if (g_ascii_strcasecmp(type, "application/dtmf-relay") == 0) {
    if (!relay(text, &digit, &ms)) return FALSE;
  } else if (g_ascii_strcasecmp(type, "application/dtmf") == 0) {
    digit = g_ascii_toupper(g_strstrip(text)[0]);
    if (!is_key(digit)) return FALSE;
  } else {
    return FALSE;
  }
  *ret_digit = digit;
  *ret_ms = ms;
  return TRUE;
}

char *gw_dtmf_print(char digit, guint ms) {
  return g_strdup_printf("Signal=%c\r\nDuration=%u\r\n", digit, ms ? ms : DEFAULT_MS);
}
