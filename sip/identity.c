#include "sip/identity.h"
#include <string.h>

#define MAX_VALUE 1024 /* bytes of a header that is looked at */

void gw_identity_clear(gw_identity *i) {
  g_free(i->user);
  g_free(i->name);
  *i = (gw_identity){0};
}

/* Behind a quoted string, or NULL when it has no end. */
static const char *behind_quotes(const char *p) {
  for (p++; *p && *p != '"'; p++)
    if (*p == '\\' && p[1]) p++;
  return *p ? p + 1 : NULL;
}

static char *unquoted(const char *from, gsize n) {
  g_autofree char *text = g_strstrip(g_strndup(from, n));
  gsize k = strlen(text);
  if (k < 2 || text[0] != '"' || text[k - 1] != '"') return gw_sip_clean(text, 256);
  text[k - 1] = 0;
  g_autofree char *inner = g_strcompress(text + 1);
  return gw_sip_clean(inner, 256);
}

/* "sip:+4930@host;user=phone" -> "+4930"; NULL: no SIP or tel address. */
static char *user_of(const char *uri, gsize n) {
  g_autofree char *text = g_strstrip(g_strndup(uri, n));
  const char *colon = strchr(text, ':');
  if (!colon) return NULL;
  gboolean tel = g_ascii_strncasecmp(text, "tel:", 4) == 0;
  gboolean sip =
      g_ascii_strncasecmp(text, "sip:", 4) == 0 || g_ascii_strncasecmp(text, "sips:", 5) == 0;
  const char *at = strchr(colon, '@');
  if (tel) at = colon + strcspn(colon, ";?");
  if (!(tel || sip) || !at) return NULL;
  g_autofree char *user = g_strndup(colon + 1, (gsize)(at - colon - 1));
  user[strcspn(user, ";:")] = 0; /* parameters and password of a user part */
  return gw_sip_unescape(user);
}

/* The end of one entry of a list: a comma outside of quotes and brackets. */
static const char *entry_end(const char *p) {
  gboolean inside = FALSE;
  for (; *p && (inside || *p != ','); p++) {
    if (*p == '"' && !inside) {
      p = behind_quotes(p);
      if (!p) return NULL;
      p--;
    } else if (*p == '<') {
      inside = TRUE;
    } else if (*p == '>') {
      inside = FALSE;
    }
  }
  return p;
}

static gboolean parse_entry(const char *p, const char *end, char **user, char **name,
                            char **parameters) {
  const char *open = *p == '"' ? behind_quotes(p) : p;
  while (open && open < end && *open != '<')
    open++;
  if (open && open < end) {
    const char *close = memchr(open, '>', (gsize)(end - open));
    if (!close || !(*user = user_of(open + 1, (gsize)(close - open - 1)))) return FALSE;
    *name = unquoted(p, (gsize)(open - p));
    *parameters = g_strndup(close + 1, (gsize)(end - close - 1));
    return TRUE;
  }
  gsize n = strcspn(p, ";,");
  if (!(*user = user_of(p, MIN(n, (gsize)(end - p))))) return FALSE;
  *name = g_strdup("");
  *parameters =
      g_strndup(p + MIN(n, (gsize)(end - p)), (gsize)(end - p) - MIN(n, (gsize)(end - p)));
  return TRUE;
}

gboolean gw_identity_parse(const char *value, char **user, char **name, char **parameters) {
  if (!value || strlen(value) > MAX_VALUE) return FALSE;
  for (const char *p = value; p && *p;) {
    while (*p == ' ' || *p == '\t' || *p == ',')
      p++;
    const char *end = entry_end(p);
    if (!end) return FALSE;
    if (end > p && parse_entry(p, end, user, name, parameters)) return TRUE;
    p = end;
  }
  return FALSE;
}

static const char *header(const sip_t *msg, const char *name) {
  for (const sip_unknown_t *u = msg->sip_unknown; u; u = u->un_next)
    if (u->un_name && u->un_value && g_ascii_strcasecmp(u->un_name, name) == 0) return u->un_value;
  return NULL;
}

static gboolean is_anonymous(const char *user, const char *host) {
  return !*user || g_ascii_strcasecmp(user, "anonymous") == 0 ||
         (host && g_ascii_strcasecmp(host, "anonymous.invalid") == 0);
}

static gboolean shown(const char *word) {
  return g_ascii_strcasecmp(word, "none") == 0 || g_ascii_strcasecmp(word, "critical") == 0;
}

/* RFC 3323 4.2: "none" says show it; id, header and user say do not. The library may know the header or not. */
static gboolean wants_privacy(const sip_t *msg) {
  const sip_privacy_t *p = sip_privacy(msg);
  const char *text = header(msg, "Privacy");
  for (gsize i = 0; p && p->priv_values && p->priv_values[i]; i++)
    if (!shown(p->priv_values[i])) return TRUE;
  g_auto(GStrv) words = g_strsplit_set(text ? text : "", "; ", 16);
  for (char **w = words; *w; w++)
    if (**w && !shown(*w)) return TRUE;
  return FALSE;
}

static gboolean hidden(const char *parameters) {
  g_autofree char *low = g_ascii_strdown(parameters, -1);
  return strstr(low, "privacy=full") || strstr(low, "privacy=uri") || strstr(low, "privacy=name");
}

static void asserted(const sip_t *msg, gw_identity *ret) {
  static const char *const headers[] = {"P-Asserted-Identity", "Remote-Party-ID"};
  for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
    char *user = NULL, *name = NULL, *parameters = NULL;
    if (!gw_identity_parse(header(msg, headers[i]), &user, &name, &parameters)) continue;
    gw_identity_clear(ret);
    *ret = (gw_identity){user, name, is_anonymous(user, NULL) || hidden(parameters)};
    g_free(parameters);
    return;
  }
}

void gw_identity_read(const sip_t *msg, gboolean trusted, gw_identity *ret) {
  const sip_from_t *from = msg->sip_from;
  const char *display = from->a_display ? from->a_display : "";
  ret->user = gw_sip_unescape(from->a_url->url_user);
  ret->name = unquoted(display, strlen(display));
  ret->anonymous = is_anonymous(ret->user, from->a_url->url_host);
  if (trusted) asserted(msg, ret);
  ret->anonymous |= wants_privacy(msg);
}

char *gw_identity_print(const char *user, const char *name, const char *host) {
  if (!user || !*user) return g_strdup("Privacy: id\r\n");
  g_autofree char *display = gw_sip_display(name);
  g_autofree char *escaped = gw_sip_escape(user);
  return g_strdup_printf("P-Asserted-Identity: %s<sip:%s@%s>\r\n", display, escaped, host);
}
