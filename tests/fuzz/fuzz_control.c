/* fuzz_control.c - any bytes as a request line, and its words as a command: an exit code and one
 * line come back. */
#include <string.h>
#include "daemon/commands.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n);

static const char conf_text[] = "xmpp = { domain = \"p.x\"; secret = \"s3cret\"; };\n"
                                "phones = ( { number = \"100\"; password = \"p\"; } );\n";

static guint replies;
static gboolean says_secret; /* the input itself */

static void on_reply(int exit, const char *out, JsonNode *json, void *user) {
  g_autofree char *line = gw_request_answer(exit, out, json);
  g_assert(strchr(line, '\n') == line + strlen(line) - 1);
  g_assert(says_secret || !strstr(line, "s3cret"));
  g_assert(exit >= 0 && exit <= 2);
  g_assert(exit == 0 || *out);
  replies++;
}

/* Without a store: what would be kept is refused, all else is done on the stand-ins. */
static void run(const char *const *words) {
  static gw_control_env env;
  if (!env.conf) env.conf = gw_conf_parse(conf_text, strlen(conf_text), "f.conf", NULL);
  env.bridge = (gw_bridge *)&env;
  replies = 0;
  gw_command_run(gw_request_new(on_reply, NULL), &env, words);
  g_assert(replies == 1);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize n) {
  g_autoptr(GError) error = NULL;
  says_secret = memmem(data, n, "s3cret", 6) != NULL;
  g_auto(GStrv) words = gw_request_words((const char *)data, n, &error);
  g_assert((words == NULL) == (error != NULL));
  if (words) {
    gint64 since;
    run((const char *const *)words);
    gw_since_parse(words[0], G_GINT64_CONSTANT(1790000000000000), &since);
  }
  /* Whatever came in can be sent out: one line. */
  g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)n);
  g_autofree char *line = gw_request_answer(1, text, NULL);
  g_assert(strchr(line, '\n') == line + strlen(line) - 1);
  return 0;
}
