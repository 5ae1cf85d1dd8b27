/* Which of a phone's rooms gets a text, and how what is said in a room is written to a phone. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/chat_rule.h"

static void test_pick(void) {
  static const struct {
    gw_chat_call calls[3]; /* dialog, addressed, inside */
    guint n;
    gboolean room_number;
    int found;
    guint status;
  } rows[] = {
      {{{0}}, 0, FALSE, -1, 480},
      {{{0}}, 0, TRUE, -1, 480},
      {{{FALSE, FALSE, TRUE}}, 1, FALSE, 0, 0},
      {{{FALSE, FALSE, FALSE}}, 1, FALSE, -1, 480}, /* asked for its PIN still */
      {{{FALSE, FALSE, TRUE}}, 1, TRUE, -1, 480},   /* another room's number */
      {{{FALSE, TRUE, TRUE}}, 1, TRUE, 0, 0},
      {{{FALSE, TRUE, FALSE}}, 1, TRUE, -1, 480},
      {{{FALSE, FALSE, TRUE}, {FALSE, FALSE, TRUE}}, 2, FALSE, -1, 485},
      {{{FALSE, FALSE, TRUE}, {FALSE, TRUE, TRUE}}, 2, TRUE, 1, 0},
      {{{FALSE, FALSE, TRUE}, {TRUE, FALSE, TRUE}}, 2, FALSE, 1, 0}, /* its dialog says which */
      {{{FALSE, TRUE, TRUE}, {TRUE, FALSE, TRUE}}, 2, TRUE, 1, 0},
      {{{FALSE, FALSE, TRUE}, {TRUE, FALSE, FALSE}}, 2, FALSE, -1, 480},
      {{{FALSE, TRUE, TRUE}, {FALSE, TRUE, TRUE}},
       2,
       TRUE,
       1,
       0}, /* twice in one room: the newer */
      {{{FALSE, FALSE, FALSE}, {FALSE, FALSE, TRUE}}, 2, FALSE, 1, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    guint status = 0;
    const char *why = NULL;
    g_test_message("row %u", i);
    g_assert_cmpint(gw_chat_pick(rows[i].calls, rows[i].n, rows[i].room_number, &status, &why), ==,
                    rows[i].found);
    g_assert_cmpuint(status, ==, rows[i].status);
    g_assert_true((why != NULL) == (rows[i].found < 0));
  }
}

static void test_line(void) {
  static const struct {
    const char *nick, *body, *line;
  } rows[] = {
      {"Anna", "hello", "Anna: hello"},
      {"Anna", "  two\nlines\t ", "Anna: two\nlines"},
      {"Anna", "a\x01\x1b[31mb", "Anna: a[31mb"},
      {"Anna", "\xff", "Anna: \xef\xbf\xbd"},
      {"A\nB", "x", "AB: x"},
      {"", "x", "x"},
      {NULL, "x", "x"},
      {"Anna", "", NULL},
      {"Anna", " \n", NULL},
      {"Anna", NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *line = gw_chat_line(rows[i].nick, rows[i].body);
    g_assert_cmpstr(line, ==, rows[i].line);
  }
}

/* Cut between characters, and no longer than a datagram has room for. */
static void test_cut(void) {
  GString *s = g_string_new(NULL);
  for (guint i = 0; i < 3000; i++)
    g_string_append(s, i % 2 ? "\xc3\xa4" : "\xf0\x9f\x98\x80");
  for (guint shift = 0; shift < 6; shift++) {
    g_autofree char *nick = g_strnfill(shift + 1, 'n');
    g_autofree char *line = gw_chat_line(nick, s->str);
    g_assert_true(g_utf8_validate(line, -1, NULL));
    g_assert_cmpuint(strlen(line), <=, GW_MAX_CHAT_LINE);
    g_assert_cmpuint(strlen(line), >, GW_MAX_CHAT_LINE - 8);
    g_assert_true(g_str_has_suffix(line, "\xe2\x80\xa6"));
  }
  g_string_free(s, TRUE);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/chat_rule/pick", test_pick);
  g_test_add_func("/chat_rule/line", test_line);
  g_test_add_func("/chat_rule/cut", test_cut);
  return g_test_run();
}
