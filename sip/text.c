/* text.c - strings from the network made fit for logs, nicks and URIs. */
#include "sip/internal.h"
#include <string.h>

char *gw_sip_clean(const char *text, gsize max) {
  g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
  GString *out = g_string_new(NULL);
  for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    gsize n = (gsize)(g_utf8_next_char(p) - p);
    if (out->len + n > max) break;
    if (!g_unichar_iscntrl(c)) g_string_append_len(out, p, (gssize)n);
  }
  return g_string_free(out, FALSE);
}

char *gw_sip_unescape(const char *user) {
  GString *out = g_string_new(NULL);
  for (const char *p = user ? user : ""; *p; p++) {
    if (*p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
      char c = (char)(g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2]));
      if (c) g_string_append_c(out, c);
      p += 2;
    } else {
      g_string_append_c(out, *p);
    }
  }
  g_autofree char *raw = g_string_free(out, FALSE);
  return gw_sip_clean(raw, 256);
}

char *gw_sip_escape(const char *user) {
  GString *out = g_string_new(NULL);
  for (const char *p = user ? user : ""; *p; p++) {
    if (g_ascii_isalnum(*p) || strchr("-_.!~*'()&=+$,", *p))
      g_string_append_c(out, *p);
    else
      g_string_append_printf(out, "%%%02X", (guchar)*p);
  }
  return g_string_free(out, FALSE);
}

char *gw_sip_display(const char *name) {
  g_autofree char *clean = gw_sip_clean(name, 128);
  if (!*clean) return g_strdup("");
  GString *out = g_string_new("\"");
  for (const char *p = clean; *p; p++) {
    if (*p == '"' || *p == '\\') g_string_append_c(out, '\\');
    g_string_append_c(out, *p);
  }
  g_string_append(out, "\" ");
  return g_string_free(out, FALSE);
}
