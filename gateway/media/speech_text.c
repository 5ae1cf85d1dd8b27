#include "gateway/media/speech_text.h"
#include <string.h>
#include "base/limits.h"

/* Appends the word; nothing when it holds no letter and no digit. */
static void add_word(GString *out, const char *word) {
  g_autofree char *valid =
      g_utf8_make_valid(word, (gssize)MIN(strlen(word), GW_MAX_SPOKEN_NAME * 8));
  g_autoptr(GString) clean = g_string_new(NULL);
  gboolean any = FALSE, gap = FALSE;
  guint n = 0;
  for (const char *p = valid; *p && n < GW_MAX_SPOKEN_NAME; p = g_utf8_next_char(p), n++) {
    gunichar c = g_utf8_get_char(p);
    if (!g_unichar_isalnum(c) && !g_unichar_ismark(c) && c != '\'') {
      gap = any;
      continue;
    }
    if (gap) g_string_append_c(clean, ' ');
    g_string_append_unichar(clean, c);
    any |= g_unichar_isalnum(c);
    gap = FALSE;
  }
  if (any) g_string_append_printf(out, "%s. ", clean->str);
}

char *gw_speech_text(const char *const *words) {
  GString *out = g_string_new(NULL);
  for (guint i = 0; words[i] && i < GW_MAX_SPOKEN_NAMES; i++)
    add_word(out, words[i]);
  if (out->len) return g_string_free(out, FALSE);
  g_string_free(out, TRUE);
  return NULL;
}

gboolean gw_speech_language_ok(const char *s) {
  gsize n = strlen(s);
  return n >= 2 && n <= 10 && g_ascii_isalpha(s[0]) &&
         strspn(s, "abcdefghijklmnopqrstuvwxyz-") == n;
}
