/* generate.c - writes a man page: tipringctl.1, tipring.conf.5 from their tables, tipring-ua.1 from
 * its options. */
#include <glib.h>
#include <stdio.h>
#include "conf/conf.h"
#include "tools/tipringctl.h"
#include "tools/ua_options.h"

static const struct {
  const char *page;
  char *(*make)(void);
} pages[] = {
    {"tipringctl.1", gw_ctl_man},
    {"tipring.conf.5", gw_conf_man},
    {"tipring-ua.1", gw_ua_man},
};

int main(int argc, char **argv) {
  for (guint i = 0; argc == 2 && i < G_N_ELEMENTS(pages); i++) {
    if (g_strcmp0(pages[i].page, argv[1]) != 0) continue;
    g_autofree char *text = pages[i].make();
    return fputs(text, stdout) < 0;
  }
  fprintf(stderr, "usage: generate PAGE\n");
  return 2;
}
