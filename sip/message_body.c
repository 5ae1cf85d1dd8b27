#include "sip/message.h"
#include <string.h>
#include "base/limits.h"

static gboolean is_any(const char *word, const char *a, const char *b) {
  return !word || !g_ascii_strcasecmp(word, a) || !g_ascii_strcasecmp(word, b);
}

/* "\"UTF-8\"" is UTF-8, too. */
static gboolean charset_known(const char *charset) {
  g_autofree char *plain = charset ? g_strdup(charset) : NULL;
  if (plain) g_strstrip(g_strdelimit(plain, "\"", ' '));
  return is_any(plain, "utf-8", "us-ascii");
}

static char *readable(const char *body, gsize n) {
  GString *out = g_string_sized_new(n);
  for (const char *p = body; p < body + n; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c == '\n' || c == '\t' || !g_unichar_iscntrl(c)) g_string_append_unichar(out, c);
  }
  return g_strstrip(g_string_free(out, FALSE));
}

guint gw_message_read(const gw_message_type *t, const char *body, gsize n, char **ret_text,
                      const char **ret_why) {
  *ret_text = NULL;
  *ret_why = "the body is too long";
  if (n > GW_MAX_CHAT) return 413;
  *ret_why = "there is no text";
  if (!n) return 400;
  *ret_why = "text/plain in UTF-8 only";
  if (!t->type || g_ascii_strcasecmp(t->type, "text/plain") || !charset_known(t->charset) ||
      !is_any(t->encoding, "identity", ""))
    return 415;
  *ret_why = "the text is not UTF-8";
  if (memchr(body, 0, n) || !g_utf8_validate(body, (gssize)n, NULL)) return 400;
  g_autofree char *text = readable(body, n);
  *ret_why = "there is no text";
  if (!*text) return 400;
  *ret_why = NULL;
  *ret_text = g_steal_pointer(&text);
  return 0;
}
