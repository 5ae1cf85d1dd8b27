/* forms.c - what single values look like: addresses, numbers, JIDs. Pure. */
#include "conf/schema.h"
#include <arpa/inet.h>
#include <string.h>
#include "base/jid.h"

static gboolean is_literal(const char *s, gsize n) {
  char buf[64];
  guint8 addr[16];
  if (n == 0 || n >= sizeof buf) return FALSE;
  memcpy(buf, s, n);
  buf[n] = '\0';
  return inet_pton(AF_INET, buf, addr) == 1 || inet_pton(AF_INET6, buf, addr) == 1;
}

static gboolean is_port(const char *s) {
  guint64 port;
  return g_ascii_string_to_unsigned(s, 10, 0, 65535, &port, NULL);
}

static gboolean is_name(const char *s, gsize n) {
  if (n == 0 || n > 253) return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(s[i]) && !strchr("-._", s[i]) && (guchar)s[i] < 0x80) return FALSE;
  return TRUE;
}

/* Splits "[v6]:port" and "host:port"; *ret_port NULL when absent. FALSE: brackets that do not fit.
 */
static gboolean split_port(const char *s, const char **ret_host, gsize *ret_n,
                           const char **ret_port) {
  if (*s == '[') {
    const char *end = strchr(s, ']');
    if (!end || (end[1] && end[1] != ':')) return FALSE;
    *ret_host = s + 1;
    *ret_n = (gsize)(end - s - 1);
    *ret_port = end[1] ? end + 2 : NULL;
    return TRUE;
  }
  const char *colon = strrchr(s, ':');
  *ret_host = s;
  *ret_n = colon ? (gsize)(colon - s) : strlen(s);
  *ret_port = colon ? colon + 1 : NULL;
  return TRUE;
}

static gboolean literal_and_port(const char *s) {
  const char *host, *port;
  gsize n;
  if (!split_port(s, &host, &n, &port) || !port) return FALSE;
  if (*s != '[' && memchr(host, ':', n))
    return FALSE; /* an IPv6 address without brackets hides where its port begins */
  return is_literal(host, n) && is_port(port);
}

gboolean gw_form_sip_listen(const char *s) {
  if (!g_str_has_prefix(s, "udp:") && !g_str_has_prefix(s, "tcp:") && !g_str_has_prefix(s, "tls:"))
    return FALSE;
  return literal_and_port(s + 4);
}

gboolean gw_form_listen(const char *s) {
  return !*s || literal_and_port(s);
}

gboolean gw_form_literal(const char *s) {
  return is_literal(s, strlen(s));
}

gboolean gw_form_address(const char *s) {
  return !*s || is_literal(s, strlen(s));
}

gboolean gw_form_network(const char *s) {
  const char *slash = strchr(s, '/');
  guint64 bits;
  if (!slash) return is_literal(s, strlen(s));
  guint64 most = memchr(s, ':', (gsize)(slash - s)) ? 128 : 32;
  return is_literal(s, (gsize)(slash - s)) &&
         g_ascii_string_to_unsigned(slash + 1, 10, 0, most, &bits, NULL);
}

gboolean gw_form_host(const char *s) {
  gsize n = strlen(s);
  return is_literal(s, n) || is_name(s, n);
}

gboolean gw_form_host_port(const char *s) {
  const char *host, *port;
  gsize n;
  if (!split_port(s, &host, &n, &port)) return FALSE;
  gboolean good_host = *s == '[' ? is_literal(host, n) : is_name(host, n);
  return good_host && (!port || is_port(port));
}

gboolean gw_form_host_port_or_none(const char *s) {
  return !*s || gw_form_host_port(s);
}

gboolean gw_form_digits(const char *s) {
  return strlen(s) <= 8 && strspn(s, "0123456789") == strlen(s);
}

gboolean gw_form_pattern(const char *s) {
  s += *s == '!';
  s += *s == '+';
  return *s && strlen(s) <= 32 && strspn(s, "0123456789?*") == strlen(s);
}

gboolean gw_form_domain(const char *s) {
  g_autofree char *node = NULL, *resource = NULL;
  return gw_jid_split(s, &node, NULL, &resource) && !node && !resource && is_name(s, strlen(s));
}

gboolean gw_form_services(const char *s) {
  return !*s || !strcmp(s, "off") || gw_form_domain(s);
}

gboolean gw_form_jid(const char *s) {
  g_autofree char *node = NULL, *resource = NULL;
  return gw_jid_split(s, &node, NULL, &resource) && node && !resource;
}

gboolean gw_form_text(const char *s) {
  if (!g_utf8_validate(s, -1, NULL) || strlen(s) > 1024) return FALSE;
  for (const char *p = s; *p; p = g_utf8_next_char(p))
    if (g_unichar_iscntrl(g_utf8_get_char(p))) return FALSE;
  return TRUE;
}

gboolean gw_form_number(const char *s) {
  if (!*s || strlen(s) > 64 || !gw_form_text(s)) return FALSE;
  for (const char *p = s; *p; p = g_utf8_next_char(p))
    if (g_unichar_isspace(g_utf8_get_char(p)) || strchr("@\"'<>&:;/\\,", *p)) return FALSE;
  return TRUE;
}

gboolean gw_form_pin(const char *s) {
  return strlen(s) <= 16 && strspn(s, "0123456789") == strlen(s);
}

gboolean gw_form_word(const char *s) {
  gsize n = strlen(s);
  return n >= 1 && n <= 64 && is_name(s, n) && (guchar)*s < 0x80;
}

gboolean gw_form_conference(const char *s) {
  return !*s || gw_form_jid(s) || gw_form_domain(s);
}

gboolean gw_form_ws(const char *s) {
  if (!*s) return TRUE;
  if (!gw_form_text(s)) return FALSE;
  const char *rest = g_str_has_prefix(s, "wss://")  ? s + 6
                     : g_str_has_prefix(s, "ws://") ? s + 5
                                                    : NULL;
  if (!rest) return FALSE;
  g_autofree char *authority = g_strndup(rest, strcspn(rest, "/"));
  return gw_form_host_port(authority);
}
