/* tipringctl_help.c - --help and tipringctl(1), both from the command table. */
#include <string.h>
#include "conf/roff.h"
#include "daemon/command_table.h"
#include "tools/tipringctl.h"

static const struct {
  const char *option, *help;
} options[] = {
    {"-s, --socket SOCKET", "Control socket. Else the one that the configuration names."},
    {"-c, --config FILE", "Configuration file, " GW_CONF_DEFAULT_FILE " when not given."},
    {"--json", "Prints one JSON document on stdout and nothing else there."},
    {"-h, --help", "Prints this, or the help of a command."},
};

static char *synopsis(const gw_command_row *row) {
  return g_strdup_printf("%s%s%s", row->name, *row->arguments ? " " : "", row->arguments);
}

/* Words of text in lines of at most 78 columns, each indented. */
static void wrap(GString *out, const char *text, guint indent) {
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  guint column = 0;
  for (char **word = words; *word; word++) {
    guint n = (guint)g_utf8_strlen(*word, -1);
    if (column && column + 1 + n > 78) {
      g_string_append_c(out, '\n');
      column = 0;
    }
    g_string_append_printf(out, "%*s%s", column ? 1 : (int)indent, "", *word);
    column += n + (column ? 1 : indent);
  }
  g_string_append_c(out, '\n');
}

char *gw_ctl_help(void) {
  GString *out = g_string_new("usage: tipringctl [-s SOCKET] [-c FILE] [--json] COMMAND ...\n\n");
  for (guint i = 0; i < GW_N_COMMANDS; i++) {
    g_autofree char *line = synopsis(&gw_command_table[i]);
    g_string_append_printf(out, "  %s\n", line);
    wrap(out, gw_command_table[i].help, 6);
  }
  g_string_append(out, "\n");
  for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
    g_string_append_printf(out, "  %s\n", options[i].option);
    wrap(out, options[i].help, 6);
  }
  g_string_append(out,
                  "\nexit: 0 done, 1 it failed (one line on stderr says why and what to do), 2 "
                  "wrong usage\n");
  return g_string_free(out, FALSE);
}

static void entry(GString *out, const char *head, const char *text) {
  g_string_append(out, ".TP\n\\fB");
  gw_roff_text(out, head);
  g_string_append(out, "\\fR\n");
  gw_roff_text(out, text);
  g_string_append_c(out, '\n');
}

char *gw_ctl_man(void) {
  GString *out = g_string_new(
      ".TH TIPRINGCTL 1 \"\" \"Tipring " TIPRING_VERSION "\"\n"
      ".ad l\n.SH NAME\ntipringctl \\- look at and steer a running tipringd\n"
      ".SH SYNOPSIS\n.B tipringctl\n[\\-s SOCKET] [\\-c FILE] [\\-\\-json] COMMAND ...\n"
      ".SH DESCRIPTION\nTalks to the daemon over its Unix socket, whose file is open to the "
      "daemon's user and group. \\fBinit\\fR and \\fBcheck\\fR need no daemon.\n"
      ".SH OPTIONS\n");
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    entry(out, options[i].option, options[i].help);
  g_string_append(out, ".SH COMMANDS\n");
  for (guint i = 0; i < GW_N_COMMANDS; i++) {
    const gw_command_row *row = &gw_command_table[i];
    g_autofree char *head = synopsis(row);
    entry(out, head, row->help);
    if (!row->json) continue;
    g_string_append(out, ".br\nJSON: ");
    gw_roff_text(out, row->json);
    g_string_append_c(out, '\n');
  }
  g_string_append(
      out, ".SH EXIT STATUS\n0: done. 1: it failed; one line on stderr says why and what to "
           "do. 2: wrong usage.\n"
           ".SH JSON\nWhat is unknown or not yet known is null; times are RFC 3339, UTC. New "
           "members may be added, none is renamed.\n"
           ".SH SEE ALSO\n.BR tipringd (8),\n.BR tipring.conf (5)\n");
  return g_string_free(out, FALSE);
}
