#include "sip/hep.h"
#include <string.h>
#include "base/limits.h"

enum {
  FAMILY = 1,
  PROTOCOL = 2,
  FROM_IP4 = 3,
  TO_IP4 = 4,
  FROM_IP6 = 5,
  TO_IP6 = 6,
  FROM_PORT = 7,
  TO_PORT = 8,
  SECONDS = 9,
  MICROSECONDS = 10,
  KIND = 11,
  CAPTURE_ID = 12,
  KEY = 14,
  PAYLOAD = 15,
  CORRELATION = 17
};
#define KIND_SIP 1
#define IP4 2
#define IP6 10

/* --- packets --- */

static void chunk(GByteArray *out, guint type, const void *data, gsize n) {
  const guint8 head[6] = {0, 0, type >> 8, type & 255, (n + 6) >> 8, (n + 6) & 255};
  g_byte_array_append(out, head, sizeof head);
  g_byte_array_append(out, data, (guint)n);
}

static void chunk8(GByteArray *out, guint type, guint8 v) {
  chunk(out, type, &v, 1);
}

static void chunk16(GByteArray *out, guint type, guint16 v) {
  v = GUINT16_TO_BE(v);
  chunk(out, type, &v, sizeof v);
}

static void chunk32(GByteArray *out, guint type, guint32 v) {
  v = GUINT32_TO_BE(v);
  chunk(out, type, &v, sizeof v);
}

static void put_addresses(GByteArray *out, const gw_hep *h) {
  const gsize n = h->v6 ? 16 : 4;
  chunk8(out, FAMILY, h->v6 ? IP6 : IP4);
  chunk8(out, PROTOCOL, h->protocol);
  chunk(out, h->v6 ? FROM_IP6 : FROM_IP4, h->from_ip, n);
  chunk(out, h->v6 ? TO_IP6 : TO_IP4, h->to_ip, n);
  chunk16(out, FROM_PORT, h->from_port);
  chunk16(out, TO_PORT, h->to_port);
}

GByteArray *gw_hep_packet(const gw_hep *h) {
  GByteArray *out = g_byte_array_new();
  g_autofree char *call_id = gw_hep_call_id(h->message);
  g_byte_array_append(out, (const guint8 *)"HEP3\0\0", 6);
  put_addresses(out, h);
  chunk32(out, SECONDS, (guint32)(h->wall_us / G_USEC_PER_SEC));
  chunk32(out, MICROSECONDS, (guint32)(h->wall_us % G_USEC_PER_SEC));
  chunk8(out, KIND, KIND_SIP);
  chunk32(out, CAPTURE_ID, h->capture_id);
  if (h->password && *h->password) chunk(out, KEY, h->password, strnlen(h->password, GW_MAX_SID));
  if (*call_id) chunk(out, CORRELATION, call_id, strnlen(call_id, GW_MAX_SID));
  chunk(out, PAYLOAD, h->message, strnlen(h->message, GW_MAX_HEP_MESSAGE));
  out->data[4] = (guint8)(out->len >> 8);
  out->data[5] = (guint8)out->len;
  return out;
}

/* --- what it says --- */

static gboolean is_header(const char *line, const char *name) {
  const gsize n = strlen(name);
  return g_ascii_strncasecmp(line, name, n) == 0 && line[n + strspn(line + n, " \t")] == ':';
}

static const char *value_of(const char *line) {
  const char *colon = strchr(line, ':');
  return colon + 1 + strspn(colon + 1, " \t");
}

char *gw_hep_call_id(const char *message) {
  g_auto(GStrv) lines = g_strsplit(message, "\r\n", GW_MAX_SDP_LINES);
  for (char **l = lines; *l && **l; l++)
    if (is_header(*l, "Call-ID") || is_header(*l, "i")) return g_strdup(value_of(*l));
  return g_strdup("");
}

/* "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20": all behind "inline:", of each key. */
static void mask_crypto(GString *out, const char *line) {
  for (const char *key; (key = strstr(line, "inline:")); line = key) {
    key += strlen("inline:");
    g_string_append_len(out, line, key - line);
    g_string_append(out, "***");
    key += strcspn(key, " \t;");
  }
  g_string_append(out, line);
}

typedef struct {
  gboolean body, digits,
      secret; /* where we are: in the body; a body of digits; in a secret header */
} place;

static void mask_header(GString *out, place *p, const char *line) {
  const gboolean goes_on = *line == ' ' || *line == '\t';
  if (!goes_on)
    p->secret = is_header(line, "Authorization") || is_header(line, "Proxy-Authorization");
  if ((is_header(line, "Content-Type") || is_header(line, "c")) &&
      g_ascii_strncasecmp(value_of(line), "application/dtmf", strlen("application/dtmf")) == 0)
    p->digits = TRUE;
  if (p->secret && goes_on)
    g_string_append(out, " ***");
  else if (p->secret)
    g_string_append_printf(out, "%.*s: ***", (int)strcspn(line, " \t:"), line);
  else
    g_string_append(out, line);
}

static void mask_line(GString *out, place *p, const char *line) {
  if (!p->body) {
    p->body = !*line;
    mask_header(out, p, line);
  } else if (p->digits) {
    g_string_append(out, *line ? "***" : "");
  } else if (g_ascii_strncasecmp(line, "a=crypto:", strlen("a=crypto:")) == 0) {
    mask_crypto(out, line);
  } else {
    g_string_append(out, line);
  }
}

char *gw_hep_mask(const char *message) {
  GString *out = g_string_new(NULL);
  place p = {FALSE, FALSE, FALSE};
  for (const char *line = message; *line;) {
    const gsize n = strcspn(line, "\r\n");
    const gsize end = line[n] == '\r' && line[n + 1] == '\n' ? 2 : line[n] ? 1 : 0;
    g_autofree char *one = g_strndup(line, n);
    mask_line(out, &p, one);
    g_string_append_len(out, line + n, (gssize)end);
    line += n + end;
  }
  return g_string_free(out, FALSE);
}
