#include "sip/replaces.h"
#include "base/limits.h"
#include <string.h>

#define PARAMETERS 16

/* RFC 3261 25.1: word and "@" in a Call-ID, token in a tag. Nothing that could become a header of its own. */
static gboolean made_of(const char *text, const char *more) {
  if (!*text) return FALSE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum(*p) && !strchr(more, *p)) return FALSE;
  return TRUE;
}

static gboolean take_tag(char **ret, const char *value) {
  if (*ret || !made_of(value, "-.!%*_+`'~")) return FALSE;
  *ret = g_strdup(value);
  return TRUE;
}

static gboolean take_parameter(gw_replaces *r, char *word) {
  char *equals = strchr(word, '=');
  const char *value = equals ? g_strstrip(equals + 1) : "";
  if (equals) *equals = 0;
  const char *name = g_strstrip(word);
  if (g_ascii_strcasecmp(name, "to-tag") == 0) return take_tag(&r->to_tag, value);
  if (g_ascii_strcasecmp(name, "from-tag") == 0) return take_tag(&r->from_tag, value);
  if (g_ascii_strcasecmp(name, "early-only") == 0) r->early_only = TRUE;
  return TRUE;
}

gw_replaces *gw_replaces_parse(const char *text) {
  if (!text || strlen(text) > GW_MAX_REPLACES) return NULL;
  g_auto(GStrv) words = g_strsplit(text, ";", PARAMETERS + 1);
  if (!words[0] || g_strv_length(words) > PARAMETERS) return NULL;
  g_autoptr(gw_replaces) r = g_new0(gw_replaces, 1);
  r->call_id = g_strdup(g_strstrip(words[0]));
  if (!made_of(r->call_id, "-.!%*_+`'~()<>:\\\"/[]?{}@")) return NULL;
  for (char **w = words + 1; *w; w++)
    if (!take_parameter(r, *w)) return NULL;
  return r->to_tag && r->from_tag ? g_steal_pointer(&r) : NULL;
}

void gw_replaces_free(gw_replaces *r) {
  if (!r) return;
  g_free(r->call_id);
  g_free(r->to_tag);
  g_free(r->from_tag);
  g_free(r);
}

void gw_refer_to_free(gw_refer_to *r) {
  if (!r) return;
  g_free(r->user);
  g_free(r->host);
  gw_replaces_free(r->replaces);
  g_free(r);
}

/* "host", "host:5060", "[::1]:5060" */
static gboolean take_host(gw_refer_to *r, const char *text) {
  const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
  if (!end) return FALSE;
  r->host = *text == '[' ? g_strndup(text + 1, (gsize)(end - text - 1))
                         : g_strndup(text, (gsize)(end - text));
  if (*text == '[') end++;
  if (!made_of(r->host, *text == '[' ? ".:" : "-.")) return FALSE;
  if (!*end) return TRUE;
  guint64 port = 0;
  if (*end != ':' || !g_ascii_string_to_unsigned(end + 1, 10, 1, 65535, &port, NULL)) return FALSE;
  r->port = (guint)port;
  return TRUE;
}

/* What a dialled number may be made of is the dial plan's affair; here it has to be text. */
static gboolean take_user(gw_refer_to *r, const char *text, gsize n) {
  g_autofree char *raw = g_strndup(text, MIN(n, strcspn(text, ":")));
  r->user = g_uri_unescape_string(raw, NULL);
  if (!r->user || strlen(r->user) > GW_MAX_NUMBER || !g_utf8_validate(r->user, -1, NULL))
    return FALSE;
  for (const char *p = r->user; *p; p = g_utf8_next_char(p))
    if (g_unichar_iscntrl(g_utf8_get_char(p))) return FALSE;
  return TRUE;
}

static gboolean invites(const char *parameters) {
  g_auto(GStrv) words = g_strsplit(parameters, ";", PARAMETERS + 1);
  for (char **w = words; *w; w++)
    if (g_ascii_strncasecmp(*w, "method=", 7) == 0 && g_ascii_strcasecmp(*w + 7, "INVITE") != 0)
      return FALSE;
  return TRUE;
}

static gboolean take_headers(gw_refer_to *r, const char *text) {
  g_auto(GStrv) words = g_strsplit(text, "&", PARAMETERS + 1);
  for (char **w = words; *w; w++) {
    if (g_ascii_strncasecmp(*w, "Replaces=", 9) != 0) continue;
    g_autofree char *value = g_uri_unescape_string(*w + 9, NULL);
    if (r->replaces || !(r->replaces = gw_replaces_parse(value))) return FALSE;
  }
  return TRUE;
}

gw_refer_to *gw_refer_to_parse(const char *uri) {
  if (!uri || strlen(uri) > GW_MAX_REFER_TO) return NULL;
  gsize scheme = g_ascii_strncasecmp(uri, "sip:", 4) == 0    ? 4
                 : g_ascii_strncasecmp(uri, "sips:", 5) == 0 ? 5
                                                             : 0;
  if (!scheme) return NULL;
  g_auto(GStrv) parts = g_strsplit(uri + scheme, "?", 2);
  if (!parts[0]) return NULL;
  const char *at = strrchr(parts[0], '@'), *host = at ? at + 1 : parts[0];
  g_autofree char *hostport = g_strndup(host, strcspn(host, ";"));
  g_autoptr(gw_refer_to) r = g_new0(gw_refer_to, 1);
  gboolean ok = take_user(r, parts[0], at ? (gsize)(at - parts[0]) : 0) && take_host(r, hostport) &&
                invites(host + strlen(hostport)) && (!parts[1] || take_headers(r, parts[1]));
  return ok ? g_steal_pointer(&r) : NULL;
}
