/* man.c - tipring.conf(5), written from the schema. */
#include <string.h>
#include "conf/roff.h"
#include "conf/value.h"

void gw_roff_text(GString *out, const char *text) {
  for (const char *p = text; *p; p++) {
    if (*p == '\\')
      g_string_append(out, "\\e");
    else if (*p == '-')
      g_string_append(out, "\\-");
    else if (*p == ',' && p[1] != ' ')
      g_string_append(out, ",\\:");
    else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
      g_string_append_printf(out, "\\&%c", *p);
    else
      g_string_append_c(out, *p);
  }
}

static void paragraph(GString *out, const char *text) {
  gw_roff_text(out, text);
  g_string_append_c(out, '\n');
}

static void man_key(GString *out, const gw_key *key) {
  g_autofree char *accepted = gw_key_accepted(key);
  g_autofree char *def = gw_value_text(key, NULL);
  g_string_append(out, ".TP\n\\fB");
  gw_roff_text(out, gw_key_leaf(key));
  g_string_append(out, "\\fR\n");
  paragraph(out, key->help);
  g_string_append(out, ".br\nAccepted: ");
  gw_roff_text(out, accepted);
  g_string_append(out, ".\n");
  if (key->flags & GW_KEY_REQUIRED)
    g_string_append(out, "Required.\n");
  else if (key->def && key->type != GW_CONF_GROUPS) {
    g_string_append(out, "Default: ");
    gw_roff_text(out, def);
    g_string_append(out, ".\n");
  }
  if (key->later)
    g_string_append_printf(out, "%s no effect in this version.\n",
                           strcmp(key->later, "*") == 0 ? "Has"
                                                        : "Not every value works yet; some have");
  if (!(key->flags & GW_KEY_RELOAD) && !strchr(key->name, '['))
    g_string_append(out, "A new value needs a restart.\n");
}

static void man_section(GString *out, const gw_section *section) {
  gsize n = strlen(section->name);
  g_string_append_printf(out, ".SS %s\n", section->name);
  paragraph(out, section->help);
  for (guint i = 0; i < gw_n_keys; i++)
    if (strncmp(gw_keys[i].name, section->name, n) == 0 && strchr(".[", gw_keys[i].name[n]) &&
        gw_keys[i].name[n])
      man_key(out, &gw_keys[i]);
}

char *gw_conf_man(void) {
  GString *out = g_string_new(
      ".TH TIPRING.CONF 5 \"\" \"Tipring " TIPRING_VERSION "\"\n"
      ".SH NAME\ntipring.conf \\- configuration of the telephone gateway tipringd\n"
      ".SH SYNOPSIS\n" GW_CONF_DEFAULT_FILE "\n"
      ".SH DESCRIPTION\n"
      "The file holds groups NAME = { KEY = VALUE; ... }; and lists of groups NAME = ( { ... }, "
      "{ ... } );. Text stands in double quotes; # and // begin a comment. Other files cannot be "
      "included.\n.PP\n"
      "Every key has a default that works on one machine, except those marked as required. An "
      "unknown key, a value of another type or out of range is an error; all errors are shown at "
      "once:\n.PP\n.RS\ntipringd \\-t \\-c FILE\n.RE\n.PP\n"
      "A secret stands in the file itself or in a file that the key ending in _file names, "
      "relative to the configuration. A file with secrets that others can read is refused.\n.PP\n"
      "SIGHUP or \\fBtipringctl reload\\fR takes a new file into use without dropping a call; a "
      "broken file leaves the old one in force.\n"
      ".SH KEYS\n");
  for (const gw_section *section = gw_sections; section->name; section++)
    man_section(out, section);
  g_string_append(out, ".SH EXAMPLE\n.nf\n"
                       "xmpp = { domain = \"phone.example.org\"; secret_file = "
                       "\"component.secret\"; };\n"
                       "phones = ( { number = \"100\"; password_file = \"100.secret\"; } );\n"
                       "rooms = ( { number = \"8000\"; room = \"standup@conference.example.org\"; "
                       "} );\n.fi\n"
                       ".SH SEE ALSO\n.BR tipringd (8),\n.BR tipringctl (1)\n");
  return g_string_free(out, FALSE);
}
