#include "xmpp/xml.h"
#include <string.h>
#include "base/limits.h"
#include "base/log.h"

static void library_log(void *user, xmpp_log_level_t level, const char *area, const char *msg) {
  if (level >= XMPP_LEVEL_WARN) gw_debug(NULL, "strophe", "area=%s text=%s", area, msg);
}

xmpp_ctx_t *gw_xml_ctx(void) {
  static xmpp_log_t log = {library_log, NULL};
  static xmpp_ctx_t *ctx;
  if (!ctx) {
    xmpp_initialize();
    ctx = xmpp_ctx_new(NULL, &log);
  }
  return ctx;
}

xmpp_stanza_t *gw_xml_new(const char *name, const char *ns) {
  xmpp_stanza_t *s = xmpp_stanza_new(gw_xml_ctx());
  xmpp_stanza_set_name(s, name);
  if (ns) xmpp_stanza_set_ns(s, ns);
  return s;
}

xmpp_stanza_t *gw_xml_add(xmpp_stanza_t *parent, const char *name, const char *ns) {
  xmpp_stanza_t *s = gw_xml_new(name, ns);
  xmpp_stanza_add_child_ex(parent, s, 0);
  return s;
}

/* XML 1.0 2.2 Char. */
static gboolean xml_char(gunichar c) {
  return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) ||
         (c >= 0xe000 && c != 0xfffe && c != 0xffff);
}

static char *clean(const char *value) {
  char *valid = g_utf8_make_valid(value, -1);
  char *to = valid;
  for (const char *p = valid, *next; *p; p = next) {
    next = g_utf8_next_char(p);
    if (!xml_char(g_utf8_get_char(p))) continue;
    memmove(to, p, (gsize)(next - p));
    to += next - p;
  }
  *to = 0;
  return valid;
}

void gw_xml_set(xmpp_stanza_t *s, const char *key, const char *value) {
  if (!value) return;
  g_autofree char *safe = clean(value);
  xmpp_stanza_set_attribute(s, key, safe);
}

void gw_xml_set_uint(xmpp_stanza_t *s, const char *key, guint64 value) {
  char buf[24];
  g_snprintf(buf, sizeof buf, "%" G_GUINT64_FORMAT, value);
  xmpp_stanza_set_attribute(s, key, buf);
}

void gw_xml_set_text(xmpp_stanza_t *s, const char *text) {
  if (!text) return;
  g_autofree char *safe = clean(text);
  xmpp_stanza_t *t = xmpp_stanza_new(gw_xml_ctx());
  xmpp_stanza_set_text(t, safe);
  xmpp_stanza_add_child_ex(s, t, 0);
}

const char *gw_xml_get(xmpp_stanza_t *s, const char *key) {
  return xmpp_stanza_get_attribute(s, key);
}

gboolean gw_xml_get_uint(xmpp_stanza_t *s, const char *key, guint64 max, guint64 *ret) {
  const char *v = gw_xml_get(s, key);
  return v && g_ascii_string_to_unsigned(v, 10, 0, max, ret, NULL);
}

gboolean gw_xml_is(xmpp_stanza_t *s, const char *name, const char *ns) {
  const char *have = xmpp_stanza_get_name(s), *have_ns = xmpp_stanza_get_ns(s);
  return have && (!name || !strcmp(have, name)) && (!ns || (have_ns && !strcmp(have_ns, ns)));
}

static xmpp_stanza_t *element(xmpp_stanza_t *s) {
  while (s && !xmpp_stanza_is_tag(s))
    s = xmpp_stanza_get_next(s);
  return s;
}

xmpp_stanza_t *gw_xml_first(xmpp_stanza_t *s) {
  return element(xmpp_stanza_get_children(s));
}

xmpp_stanza_t *gw_xml_next(xmpp_stanza_t *s) {
  return element(xmpp_stanza_get_next(s));
}

xmpp_stanza_t *gw_xml_child(xmpp_stanza_t *s, const char *name, const char *ns) {
  GW_XML_EACH(c, s)
  if (gw_xml_is(c, name, ns)) return c;
  return NULL;
}

char *gw_xml_text(xmpp_stanza_t *s, gsize max) {
  char *text = xmpp_stanza_get_text(s);
  if (!text) return NULL;
  gsize n = strlen(text);
  if (n > max) {
    const char *end = g_utf8_find_prev_char(text, text + max + 1);
    n = end ? (gsize)(end - text) : 0;
  }
  char *copy = n ? g_strndup(text, n) : NULL;
  xmpp_free(gw_xml_ctx(), text);
  return copy;
}

static gsize attributes_size(xmpp_stanza_t *s) {
  int n = xmpp_stanza_get_attribute_count(s);
  if (n <= 0) return 0;
  if (n > GW_MAX_XML_BYTES / 4) return GW_MAX_XML_BYTES + 1;
  g_autofree const char **kv = g_new0(const char *, (gsize)n * 2);
  int got = xmpp_stanza_get_attributes(s, kv, n * 2);
  gsize size = 0;
  for (int i = 0; i < got; i++)
    size += strlen(kv[i]) + 2;
  return size;
}

static gboolean within(xmpp_stanza_t *s, guint depth, gsize *left) {
  gsize size;
  if (xmpp_stanza_is_text(s)) {
    const char *text = xmpp_stanza_get_text_ptr(s);
    size = text ? strlen(text) : 0;
  } else {
    const char *name = xmpp_stanza_get_name(s);
    size = 3 + (name ? strlen(name) : 0) + attributes_size(s);
  }
  if (!depth || size > *left) return FALSE;
  *left -= size;
  if (xmpp_stanza_is_text(s)) return TRUE;
  for (xmpp_stanza_t *c = xmpp_stanza_get_children(s); c; c = xmpp_stanza_get_next(c))
    if (!within(c, depth - 1, left)) return FALSE;
  return TRUE;
}

gboolean gw_xml_bounded(xmpp_stanza_t *s) {
  gsize left = GW_MAX_XML_BYTES;
  return within(s, GW_MAX_XML_DEPTH, &left);
}

/* Skips one tag from its '<'; returns the position behind its '>', NULL if it has no end. */
static const char *skip_tag(const char *p, const char *end, gboolean *ret_empty) {
  char quote = 0, last = 0;
  for (p++; p < end; p++) {
    if (quote) {
      if (*p == quote) quote = 0;
    } else if (*p == '"' || *p == '\'') {
      quote = *p;
    } else if (*p == '>') {
      *ret_empty = last == '/';
      return p + 1;
    }
    last = *p;
  }
  return NULL;
}

/* The library builds and frees its tree by recursion, so the depth is known before it sees the
 * text. */
static gboolean shape_ok(const char *text, gsize len) {
  const char *end = text + len;
  guint depth = 0;
  for (const char *p = text; (p = memchr(p, '<', (gsize)(end - p)));) {
    gboolean empty = FALSE, close = p + 1 < end && p[1] == '/';
    if (p + 1 >= end || p[1] == '!' || p[1] == '?') return FALSE;
    p = skip_tag(p, end, &empty);
    if (!p) return FALSE;
    if (close ? depth == 0 : depth + 1 > GW_MAX_XML_DEPTH) return FALSE;
    if (close)
      depth--;
    else if (!empty)
      depth++;
  }
  return depth == 0;
}

xmpp_stanza_t *gw_xml_parse(const char *text, gsize len) {
  if (!len || len > GW_MAX_XML_BYTES || memchr(text, 0, len) || !shape_ok(text, len)) return NULL;
  g_autofree char *copy = g_strndup(text, len);
  return xmpp_stanza_new_from_string(gw_xml_ctx(), copy);
}

char *gw_xml_print(xmpp_stanza_t *s) {
  char *text = NULL;
  gsize len = 0;
  if (xmpp_stanza_to_text(s, &text, &len) != XMPP_EOK) return NULL;
  char *copy = g_strndup(text, len);
  xmpp_free(gw_xml_ctx(), text);
  return copy;
}
