#include "base/jid.h"
#include <string.h>
#include "base/limits.h"

static gboolean clean(const char *jid) {
  gsize n = strlen(jid);
  if (!n || n > GW_MAX_JID || !g_utf8_validate(jid, (gssize)n, NULL)) return FALSE;
  for (const char *p = jid; *p; p++)
    if ((guchar)*p < 0x20 || *p == 0x7f) return FALSE;
  return TRUE;
}

gboolean gw_jid_split(const char *jid, char **ret_node, char **ret_domain, char **ret_resource) {
  if (!jid || !clean(jid)) return FALSE;
  const char *slash = strchr(jid, '/');
  gsize bare_len = slash ? (gsize)(slash - jid) : strlen(jid);
  const char *at = memchr(jid, '@', bare_len);
  const char *domain = at ? at + 1 : jid;
  gsize domain_len = (gsize)(jid + bare_len - domain);
  if (!domain_len || memchr(domain, '@', domain_len) || at == jid || (slash && !slash[1]))
    return FALSE;
  if (ret_node) *ret_node = at ? g_utf8_strdown(jid, at - jid) : NULL;
  if (ret_domain) *ret_domain = g_utf8_strdown(domain, (gssize)domain_len);
  if (ret_resource) *ret_resource = slash ? g_strdup(slash + 1) : NULL;
  return TRUE;
}

char *gw_jid_join(const char *node, const char *domain, const char *resource) {
  return g_strconcat(node ? node : "", node ? "@" : "", domain, resource ? "/" : "",
                     resource ? resource : "", NULL);
}

static char *rebuilt(const char *jid, gboolean with_resource) {
  g_autofree char *node = NULL, *domain = NULL, *resource = NULL;
  if (!gw_jid_split(jid, &node, &domain, &resource)) return NULL;
  return gw_jid_join(node, domain, with_resource ? resource : NULL);
}

char *gw_jid_bare(const char *jid) {
  return rebuilt(jid, FALSE);
}

char *gw_jid_normal(const char *jid) {
  return rebuilt(jid, TRUE);
}

const char *gw_jid_resource(const char *jid) {
  const char *slash = jid ? strchr(jid, '/') : NULL;
  return slash ? slash + 1 : NULL;
}

const char *gw_jid_domain_above(const char *domain) {
  const char *dot = domain ? strchr(domain, '.') : NULL;
  return dot && dot[1] ? dot + 1 : NULL;
}

gboolean gw_jid_same(const char *a, const char *b) {
  g_autofree char *x = gw_jid_normal(a), *y = gw_jid_normal(b);
  return x && y && !strcmp(x, y);
}

gboolean gw_jid_same_bare(const char *a, const char *b) {
  g_autofree char *x = gw_jid_bare(a), *y = gw_jid_bare(b);
  return x && y && !strcmp(x, y);
}

static const char escaped[] = " \"&'/:<>@\\";

char *gw_jid_escape(const char *node) {
  GString *s = g_string_new(NULL);
  for (const char *p = node; *p; p++)
    if (strchr(escaped, *p))
      g_string_append_printf(s, "\\%02x", (guchar)*p);
    else
      g_string_append_c(s, *p);
  return g_string_free(s, FALSE);
}

char *gw_jid_unescape(const char *node) {
  GString *s = g_string_new(NULL);
  for (const char *p = node; *p; p++) {
    int hi = *p == '\\' ? g_ascii_xdigit_value(p[1]) : -1;
    int lo = hi >= 0 ? g_ascii_xdigit_value(p[2]) : -1;
    if (lo >= 0 && (hi * 16 + lo) && strchr(escaped, hi * 16 + lo)) {
      g_string_append_c(s, (char)(hi * 16 + lo));
      p += 2;
    } else {
      g_string_append_c(s, *p);
    }
  }
  return g_string_free(s, FALSE);
}

/* Bidirectional overrides and isolates let a name pose as another one; line and paragraph
 * separators break logs. */
static gboolean nick_char(gunichar c) {
  return !g_unichar_iscntrl(c) && !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) &&
         c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0x200e && c != 0x200f;
}

char *gw_nick_clean(const char *display) {
  if (!display) return NULL;
  g_autofree char *valid = g_utf8_make_valid(display, -1);
  g_autofree char *nfc = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
  GString *s = g_string_new(NULL);
  guint n = 0;
  for (const char *p = nfc; *p && n < GW_MAX_NICK; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (!nick_char(c)) continue;
    g_string_append_unichar(s, c);
    n++;
  }
  char *out = g_strstrip(g_string_free(s, FALSE));
  if (*out) return out;
  g_free(out);
  return NULL;
}

char *gw_number_mask(const char *number) {
  GString *digits = g_string_new(NULL);
  for (const char *p = number; *p; p++)
    if (g_ascii_isdigit(*p) || (*p == '+' && p == number)) g_string_append_c(digits, *p);
  if (digits->len < 8) { /* an extension tells nothing about a person */
    g_string_free(digits, TRUE);
    return g_strdup(number);
  }
  char *out = *digits->str == '+'
                  ? g_strdup_printf("%.3s %.2s ••• %s", digits->str, digits->str + 3,
                                    digits->str + digits->len - 2)
                  : g_strdup_printf("%.5s ••• %s", digits->str, digits->str + digits->len - 2);
  g_string_free(digits, TRUE);
  return out;
}
