/* ua.c - tipring-ua, the bundled SIP user agent: makes, answers and measures calls. */
#include "tools/ua_modes.h"
#include <stdio.h>

int main(int argc, char **argv) {
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(gw_ua_options) options = gw_ua_options_parse(argc, argv, &text, &error);
  if (text) {
    fputs(text, stdout);
    return 0;
  }
  if (!options) {
    fprintf(stderr, "tipring-ua: %s\n", error->message);
    return 2;
  }
  switch (options->command) {
  case GW_UA_ANSWER:
    return gw_ua_run_answer(options);
  case GW_UA_LOAD:
    return gw_ua_run_load(options);
  default:
    return gw_ua_run_call(options);
  }
}
