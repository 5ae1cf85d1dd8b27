/* What strangers call themselves, and what of it a synthesiser is given. */
#include <string.h>
#include "base/limits.h"
#include "gateway/media/speech_text.h"

static void test_words(void) {
  static const struct {
    const char *nick, *text;
  } rows[] = {
      {"alice", "alice. "},
      {"Anna-Lena O'Neill", "Anna Lena O'Neill. "},
      {"J\303\274rgen M\303\274ller", "J\303\274rgen M\303\274ller. "},
      {"Phone 100", "Phone 100. "},
      {"+49 30 \342\200\242\342\200\242\342\200\242 47", "49 30 47. "}, /* a masked number */
      {"; rm -rf / #", "rm rf. "},
      {"$(reboot)`id`|x", "reboot id x. "},
      {"--stdin -w /etc/passwd", "stdin w etc passwd. "},
      {"[[h@l'oU]]", "h l'oU. "}, /* phonemes, to espeak-ng */
      {"<break time=\"10s\"/>", "break time 10s. "},
      {"a\nb\r\tc\001d\177", "a b c d. "},
      {"a\342\200\256b\342\200\213c", "a b c. "}, /* turned writing, no width */
      {"bob \360\237\230\200 smith", "bob smith. "},
      {"\360\237\230\200", NULL},
      {"", NULL},
      {"...", NULL},
      {"''", NULL},
      {"\377\376x\200", "x. "},
      {"\346\235\216\345\260\217\351\276\231", "\346\235\216\345\260\217\351\276\231. "},
      {"  alice  ", "alice. "},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *const words[] = {rows[i].nick, NULL};
    g_autofree char *text = gw_speech_text(words);
    g_test_message("%u", i);
    g_assert_cmpstr(text, ==, rows[i].text);
  }
}

static void test_bounds(void) {
  g_autofree char *huge = g_strnfill(10000, 'x'), *marks = g_malloc(20001);
  for (guint i = 0; i < 10000; i++)
    memcpy(marks + 2 * i, "\314\201", 2); /* accents without end */
  marks[20000] = 0;
  const char *const one[] = {huge, marks, NULL};
  g_autofree char *text = gw_speech_text(one);
  g_assert_cmpuint(strlen(text), ==, GW_MAX_SPOKEN_NAME + 2);
  const char *many[GW_MAX_SPOKEN_NAMES + 5] = {NULL};
  for (guint i = 0; i < G_N_ELEMENTS(many) - 1; i++)
    many[i] = huge;
  g_autofree char *all = gw_speech_text(many);
  g_assert_cmpuint(strlen(all), ==, GW_MAX_SPOKEN_NAMES * (GW_MAX_SPOKEN_NAME + 2));
  const char *const none[] = {NULL};
  g_assert_null(gw_speech_text(none));
}

static void test_languages(void) {
  static const char *const good[] = {"en", "de", "en-gb", "pt-br"};
  static const char *const bad[] = {"",     "d",     "-w",          "../x", "EN",
                                    "en;x", "en gb", "abcdefghijk", "en\n"};
  for (guint i = 0; i < G_N_ELEMENTS(good); i++)
    g_assert_true(gw_speech_language_ok(good[i]));
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(gw_speech_language_ok(bad[i]));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/speech-text/words", test_words);
  g_test_add_func("/speech-text/bounds", test_bounds);
  g_test_add_func("/speech-text/languages", test_languages);
  return g_test_run();
}
