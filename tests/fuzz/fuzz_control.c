/* fuzz_control.c - any bytes as a request line, and its words as a command: an exit code and one
 * line come back. */
#include <string.h>
#include "daemon/command_table.h"
#include "daemon/commands.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

static void try_options(const char *const *words) {
  static const char *const names[] = {"--since", "--limit", NULL};
  const char *values[2] = {NULL}, *wrong = NULL;
  gint64 since;
  gboolean good = gw_command_options(words, names, values, &wrong);
  g_assert(good || wrong);
  if (good && values[0]) gw_since_parse(values[0], G_GINT64_CONSTANT(1790000000000000), &since);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n) {
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) words = gw_request_words((const char *)data, n, &error);
  g_assert((words == NULL) == (error != NULL));
  if (words) {
    const char *const *rest = NULL;
    gw_command command = gw_command_find((const char *const *)words, &rest);
    g_assert(command == GW_N_COMMANDS || rest);
    if (rest) g_free(gw_command_usage(command, g_strv_length((char **)rest)));
    try_options((const char *const *)words);
    gint64 since;
    gw_since_parse(words[0], G_GINT64_CONSTANT(1790000000000000), &since);
  }
  /* Whatever came in can be sent out: one line. */
  g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)n);
  g_autofree char *line = gw_request_answer(1, text, NULL);
  g_assert(strchr(line, '\n') == line + strlen(line) - 1);
  return 0;
}
