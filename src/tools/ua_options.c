#include "tools/ua_options.h"
#include "gateway/media/codec.h"
#include "tools/ua_net.h"
#include <gio/gio.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define ALL (GW_UA_CALL | GW_UA_ANSWER | GW_UA_LOAD)
#define NONE_FIELD ((gsize)-1)

typedef enum { FLAG, TEXT, NUMBER, COUNT } kind;
typedef struct {
  const char *name;
  kind kind;
  guint commands;
  gsize field;
  const char *arg;    /* how the value is called in the help, NULL for a flag */
  const char *preset; /* parsed like a value, NULL: nothing */
  double min, max;
  gboolean (*check)(gw_ua_options *, const char *value, GError **);
  const char *help;
} option;

typedef struct {
  gw_ua_command command;
  const char *name, *usage, *help;
} command;

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean refuse(GError **error, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (error) *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, args);
  va_end(args);
  return FALSE;
}

/* -- checks of single options -- */

static gboolean check_transport(gw_ua_options *o, const char *value, GError **error) {
  if (g_str_equal(value, "udp") || g_str_equal(value, "tcp") || g_str_equal(value, "tls"))
    return TRUE;
  return refuse(error, "--transport wants udp, tcp or tls, not '%s'", value);
}

static gboolean check_srtp(gw_ua_options *o, const char *value, GError **error) {
  o->sdes = g_str_equal(value, "sdes");
  if (o->sdes || g_str_equal(value, "off")) return TRUE;
  return refuse(error, "--srtp wants off or sdes, not '%s'", value);
}

static gboolean check_codec(gw_ua_options *o, const char *value, GError **error) {
  static const char *const names[] = {"opus", "G722", "PCMA", "PCMU"};
  g_auto(GStrv) words = g_strsplit(value, ",", 0);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; words[i]; i++) {
    const char *name = NULL;
    for (guint k = 0; k < G_N_ELEMENTS(names); k++)
      if (g_ascii_strcasecmp(g_strstrip(words[i]), names[k]) == 0) name = names[k];
    if (!name)
      return refuse(error, "--codec knows opus, G722, PCMA and PCMU, parted by commas, not '%s'",
                    words[i]);
    if (!g_ptr_array_find_with_equal_func(list, name, g_str_equal, NULL))
      g_ptr_array_add(list, g_strdup(name));
  }
  if (!list->len) return refuse(error, "--codec wants at least one of opus, G722, PCMA, PCMU");
  g_ptr_array_add(list, NULL);
  g_strfreev(o->codecs);
  o->codecs = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
  return TRUE;
}

static gboolean check_dtmf(gw_ua_options *o, const char *value, GError **error) {
  if (*value && strlen(value) <= 100 && strspn(value, "0123456789*#ABCD,") == strlen(value))
    return TRUE;
  return refuse(error, "--dtmf wants digits 0-9 * # A-D (a comma waits a second), not '%s'", value);
}

static gboolean number(const char *text, double min, double max, double *ret) {
  char *end = NULL;
  double v = g_ascii_strtod(text, &end);
  if (end == text || *end || !isfinite(v) || v < min || v > max) return FALSE;
  *ret = v;
  return TRUE;
}

static gboolean check_hold(gw_ua_options *o, const char *value, GError **error) {
  g_auto(GStrv) parts = g_strsplit(value, ":", 3);
  if (g_strv_length(parts) == 2 && number(parts[0], 0, 86400, &o->hold_at_s) &&
      number(parts[1], 0.1, 86400, &o->hold_s))
    return TRUE;
  return refuse(error, "--hold wants AT:SECONDS, for example 2:3 (after 2 s, for 3 s), not '%s'",
                value);
}

static gboolean check_transfer(gw_ua_options *o, const char *value, GError **error) {
  g_auto(GStrv) parts = g_strsplit(value, ":", 2);
  gboolean ok = g_strv_length(parts) == 2 && number(parts[0], 0, 86400, &o->transfer_at_s) &&
                (g_str_has_prefix(parts[1], "sip:") || g_str_has_prefix(parts[1], "sips:")) &&
                !strpbrk(parts[1], "<> ");
  if (!ok)
    return refuse(error, "--transfer wants AT:URI, for example 5:sip:8001@192.0.2.1, not '%s'", value);
  g_free(o->transfer_to);
  o->transfer_to = g_strdup(parts[1]);
  return TRUE;
}

static gboolean check_session(gw_ua_options *o, const char *value, GError **error) {
  g_auto(GStrv) parts = g_strsplit(value, ":", 2);
  double s = 0;
  gboolean who = !parts[0] || !parts[1] || g_str_equal(parts[1], "us");
  if (!who || !parts[0] || !number(parts[0], 90, 86400, &s))
    return refuse(error, "--session-timer wants SECONDS or SECONDS:us, 90 or more, not '%s'", value);
  o->session_s = (guint)s;
  o->refreshes = parts[1] && g_str_equal(parts[1], "us");
  return TRUE;
}

static gboolean is_host_port(const char *value) {
  g_autofree char *host = NULL;
  guint16 port = 0;
  return !strpbrk(value, "@; ") && gw_ua_host_port(value, &host, &port);
}

static gboolean check_proxy(gw_ua_options *o, const char *value, GError **error) {
  return is_host_port(value) ||
         refuse(error, "--proxy wants HOST:PORT, for example 192.0.2.1:5060, not '%s'", value);
}

static gboolean check_listen(gw_ua_options *o, const char *value, GError **error) {
  return is_host_port(value) || refuse(error,
                                       "--listen wants ADDRESS:PORT (port 0: any free one), for "
                                       "example 127.0.0.1:5060, not '%s'",
                                       value);
}

/* -- the tables -- */

static const command commands[] = {
    {GW_UA_CALL, "call", "call URI [OPTION...]",
     "Makes one call, says what --tone, --play or --dtmf ask for, and shows what was heard."},
    {GW_UA_ANSWER, "answer", "answer [OPTION...]",
     "Waits for calls and answers each of them, until it is interrupted. Shows what was heard in "
     "each call."},
    {GW_UA_LOAD, "load", "load URI --calls N --rate R --duration S [OPTION...]",
     "Makes many calls at once and shows counts and percentiles."},
};

#define FIELD(name) offsetof(gw_ua_options, name)
static const option options[] = {
    {"user", TEXT, ALL, FIELD(user), "U",
     .help = "SIP user: who calls, and the name that answers a challenge."},
    {"password", TEXT, ALL, FIELD(password), "P",
     .help = "Password of that user (digest); else that of the environment, TIPRING_UA_PASSWORD, "
             "which others on the machine "
             "cannot see."},
    {"proxy", TEXT, ALL, FIELD(proxy), "H:P", .check = check_proxy,
     .help = "Where requests are sent to, whatever the URI says. With --register: the registrar."},
    {"transport", TEXT, ALL, FIELD(transport), "udp|tcp|tls", .preset = "udp",
     .check = check_transport,
     .help = "Transport of SIP. answer: listens on UDP and TCP whatever is said here, with tls on "
             "TLS only; it is used to register."},
    {"ca", TEXT, ALL, FIELD(ca), "FILE",
     .help = "With tls: the server must show a certificate that one of these (PEM) has signed, for "
             "the name that is called. Without: any certificate will do."},
    {"certificate", TEXT, ALL, FIELD(certificate), "FILE",
     .help = "With tls: our own certificate (PEM), for servers that ask for one. Without: one that "
             "we sign ourselves."},
    {"key", TEXT, ALL, FIELD(key), "FILE", .help = "Key of that certificate (PEM)."},
    {"srtp", TEXT, ALL, FIELD(srtp), "off|sdes", .preset = "off", .check = check_srtp,
     .help = "Encryption of the sound. sdes: with keys in the SDP (RFC 4568), and nothing goes or "
             "comes that is not encrypted; it takes --transport tls to keep the keys secret."},
    {"codec", TEXT, ALL, FIELD(codec), "LIST", .preset = "opus,G722,PCMA,PCMU",
     .check = check_codec, .help = "Codecs in order of preference, parted by commas."},
    {"tone", NUMBER, ALL, FIELD(tone_hz), "HZ", .preset = "0", .min = 0, .max = 7500,
     .help = "Says a steady tone of -12 dBFS. 0: silence is sent."},
    {"play", TEXT, ALL, FIELD(play), "WAV",
     .help = "Says this file, again and again until the call ends: one channel, 16 bits, 8000, "
             "16000 or 48000 Hz."},
    {"fec", FLAG, ALL, FIELD(fec),
     .help = "Opus packets carry a copy of the one before, for who has lost that."},
    {"echo", FLAG, GW_UA_ANSWER, FIELD(echo), .help = "Says what it hears."},
    {"record", TEXT, GW_UA_CALL | GW_UA_ANSWER, FIELD(record), "WAV",
     .help = "Writes what was heard, as a telephone plays it (16 kHz). answer: from the second "
             "call on, -2, -3... is put before .wav."},
    {"dtmf", TEXT, GW_UA_CALL | GW_UA_ANSWER, FIELD(dtmf), "DIGITS", .check = check_dtmf,
     .help = "Sends digits half a second after the answer: by RTP (RFC 4733), by SIP INFO if the "
             "other side does not take "
             "these. A comma waits a second."},
    {"hold", TEXT, GW_UA_CALL, FIELD(hold), "AT:SECONDS", .check = check_hold,
     .help = "Holds the call AT seconds after the answer, for SECONDS. While it is held missing "
             "sound is no gap."},
    {"transfer", TEXT, GW_UA_CALL, FIELD(transfer), "AT:URI", .check = check_transfer,
     .help = "Transfers the call AT seconds after the answer to that SIP URI (REFER), as a telephone "
             "does it: holds it first, and takes it back when it is told how that went. Use hang-up or "
             "--duration to leave it."},
    {"replaces", TEXT, GW_UA_CALL, FIELD(replaces), "CALL",
     .help = "Takes the place of a call that the other side has with the same user (RFC 3891): its "
             "CALL-ID;to-tag=TAG;from-tag=TAG, to-tag being the other side's."},
    {"session-timer", TEXT, GW_UA_CALL, FIELD(session), "S[:us]", .check = check_session,
     .help = "Session timer that is asked for (RFC 4028), in seconds. With :us we want to refresh it; else the other side says who does."},
    {"duration", NUMBER, ALL, FIELD(duration_s), "S", .min = 0, .max = 86400,
     .help = "Hangs up S seconds after the answer. Without: when the other side does (load: 10)."},
    {"calls", COUNT, GW_UA_LOAD | GW_UA_ANSWER, FIELD(calls), "N", .min = 0, .max = 100000,
     .help = "load: how many calls are made (default 10). answer: ends after so many."},
    {"rate", NUMBER, GW_UA_LOAD, FIELD(rate), "R", .preset = "5", .min = 0.01, .max = 1000,
     .help = "New calls per second."},
    {"concurrency", COUNT, GW_UA_LOAD, FIELD(concurrency), "N", .min = 0, .max = 100000,
     .help = "No more calls than this at the same time; further ones wait. Without: no bound."},
    {"register", FLAG, GW_UA_ANSWER, FIELD(register_),
     .help = "Registers first; needs --user, --password and --proxy."},
    {"listen", TEXT, ALL, FIELD(listen), "ADDRESS:PORT", .check = check_listen,
     .help = "Own SIP address. Default: any free port; answer without --register: 0.0.0.0:5060. "
             "Port 0: any free one, told on stderr."},
    {"json", FLAG, ALL, FIELD(json),
     .help = "Prints JSON on stdout: one document; answer: one line for each call."},
    {"verbose", FLAG, ALL, FIELD(verbose), .help = "Writes a log to stderr."},
    {"help", FLAG, ALL, NONE_FIELD, .help = "Shows this text."},
};

const char *gw_ua_transport_parameter(const gw_ua_options *o) {
  if (g_str_equal(o->transport, "tls")) return ";transport=tls";
  return g_str_equal(o->transport, "tcp") ? ";transport=tcp" : "";
}

/* -- parsing -- */

static gboolean take(gw_ua_options *o, const option *row, const char *value, GError **error) {
  void *field = (char *)o + row->field;
  double v = 0;
  switch (row->kind) {
  case FLAG:
    *(gboolean *)field = TRUE;
    return TRUE;
  case TEXT:
    if (!*value) return refuse(error, "--%s wants %s, not an empty word", row->name, row->arg);
    g_free(*(char **)field);
    *(char **)field = g_strdup(value);
    return !row->check || row->check(o, value, error);
  default:
    if (!number(value, row->min, row->max, &v) || (row->kind == COUNT && !(floor(v) >= v)))
      return refuse(error, "--%s wants a %snumber from %g to %.0f, not '%s'", row->name,
                    row->kind == COUNT ? "whole " : "", row->min, row->max, value);
    if (row->kind == COUNT)
      *(guint *)field = (guint)v;
    else
      *(gdouble *)field = v;
    return TRUE;
  }
}

static const command *find_command(const char *name) {
  for (guint i = 0; name && i < G_N_ELEMENTS(commands); i++)
    if (g_str_equal(commands[i].name, name)) return &commands[i];
  return NULL;
}

static const option *find_option(const char *name, gsize n, guint which) {
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    if ((options[i].commands & which) && strlen(options[i].name) == n &&
        strncmp(options[i].name, name, n) == 0)
      return &options[i];
  return NULL;
}

static gboolean take_uri(gw_ua_options *o, const char *word, GError **error) {
  if (o->command == GW_UA_ANSWER)
    return refuse(error, "answer takes no URI ('%s'): it waits for calls; --register needs --proxy",
                  word);
  if (o->uri) return refuse(error, "one URI is enough: '%s' and '%s' given", o->uri, word);
  o->uri = g_strdup(word);
  return TRUE;
}

static gboolean take_words(gw_ua_options *o, char **words, gboolean *ret_help, GError **error) {
  for (; *words; words++) {
    if (**words != '-') {
      if (!take_uri(o, *words, error)) return FALSE;
      continue;
    }
    const char *name = g_str_equal(*words, "-h")        ? "help"
                       : g_str_has_prefix(*words, "--") ? *words + 2
                                                        : "";
    const char *equals = strchr(name, '=');
    const option *row =
        find_option(name, equals ? (gsize)(equals - name) : strlen(name), o->command);
    if (!row) return refuse(error, "unknown option '%s'", *words);
    if (row->field == NONE_FIELD) {
      *ret_help = TRUE;
      return TRUE;
    }
    if (row->kind == FLAG && equals) return refuse(error, "--%s takes no value", row->name);
    const char *value = row->kind == FLAG ? NULL : equals ? equals + 1 : *++words;
    if (row->kind != FLAG && !value)
      return refuse(error, "--%s wants a value: --%s %s", row->name, row->name, row->arg);
    if (!take(o, row, value, error)) return FALSE;
  }
  return TRUE;
}

/* "8000@host" is what people type; the rest of the program sees a whole SIP URI that says its
 * transport. */
static gboolean complete_uri(gw_ua_options *o, GError **error) {
  g_autofree char *host = NULL;
  guint16 port = 0;
  if (!o->uri)
    return refuse(error, "whom to call? Give a SIP URI, for example sip:8000@127.0.0.1:5060");
  gboolean sips = g_ascii_strncasecmp(o->uri, "sips:", 5) == 0;
  g_autofree char *uri = sips || g_ascii_strncasecmp(o->uri, "sip:", 4) == 0
                             ? g_strdup(o->uri)
                             : g_strconcat("sip:", o->uri, NULL);
  if (strpbrk(uri, " <>\"") || !gw_ua_host_port(uri, &host, &port))
    return refuse(error, "'%s' is no SIP URI; it looks like sip:8000@127.0.0.1:5060", o->uri);
  g_autofree char *lower = g_ascii_strdown(uri, -1);
  const char *said = strstr(lower, ";transport=");
  const char *word = sips ? "tls" : NULL;
  if (!sips && said) {
    said += strlen(";transport=");
    word = g_str_has_prefix(said, "tcp") ? "tcp" : g_str_has_prefix(said, "tls") ? "tls" : "udp";
  }
  if (word) {
    g_free(o->transport);
    o->transport = g_strdup(word);
  }
  g_free(o->uri);
  o->uri = g_strconcat(uri, word ? "" : gw_ua_transport_parameter(o), NULL);
  return TRUE;
}

static gboolean complete(gw_ua_options *o, GError **error) {
  if (o->command != GW_UA_ANSWER && !complete_uri(o, error)) return FALSE;
  if (o->user && !o->password) o->password = g_strdup(g_getenv("TIPRING_UA_PASSWORD"));
  if (o->register_ && (!o->user || !o->password || !o->proxy))
    return refuse(error,
                  "--register needs --user U --password P and --proxy HOST:PORT (the registrar)");
  if (o->password && !o->user) return refuse(error, "--password needs --user U");
  if (!o->certificate != !o->key)
    return refuse(error, "--certificate and --key belong together: give both");
  if (o->play && o->tone_hz > 0) return refuse(error, "--tone or --play, not both");
  if (o->echo && (o->play || o->tone_hz > 0))
    return refuse(error, "--echo says what it hears: leave --tone and --play out");
  if (o->command == GW_UA_LOAD && o->duration_s <= 0) o->duration_s = 10;
  if (o->command == GW_UA_LOAD && !o->calls) o->calls = 10;
  return TRUE;
}

static gboolean parse(gw_ua_options *o, char **words, gboolean *ret_help, GError **error) {
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    if (options[i].preset && !take(o, &options[i], options[i].preset, error)) return FALSE;
  return take_words(o, words, ret_help, error) && (*ret_help || complete(o, error));
}

gw_ua_options *gw_ua_options_parse(int argc, char **argv, char **ret_text, GError **error) {
  const char *first = argc > 1 ? argv[1] : "";
  const command *cmd = find_command(first);
  gboolean help = FALSE;
  if (g_str_equal(first, "--help") || g_str_equal(first, "-h") || g_str_equal(first, "help")) {
    *ret_text = gw_ua_help(0);
  } else if (g_str_equal(first, "--version") || g_str_equal(first, "-V")) {
    *ret_text = g_strdup("tipring-ua " TIPRING_VERSION "\n");
  } else if (g_str_equal(first, "--man")) {
    *ret_text = gw_ua_man();
  } else if (!cmd) {
    refuse(error, "%s%s%swants one of: call, answer, load; try tipring-ua --help",
           *first ? "'" : "", first, *first ? "' is no command: it " : "");
  } else {
    g_autoptr(gw_ua_options) o = g_new0(gw_ua_options, 1);
    o->command = cmd->command;
    if (!parse(o, argv + 2, &help, error))
      g_prefix_error(error, "%s: ", cmd->name);
    else if (help)
      *ret_text = gw_ua_help(cmd->command);
    else
      return g_steal_pointer(&o);
  }
  return NULL;
}

void gw_ua_options_free(gw_ua_options *o) {
  if (!o) return;
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    if (options[i].kind == TEXT) g_free(*(char **)((char *)o + options[i].field));
  g_free(o->uri);
  g_free(o->transfer_to);
  g_strfreev(o->codecs);
  g_free(o);
}

/* -- help and man page -- */

#define HELP_INDENT 26
#define HELP_WIDTH 100

static void wrap(GString *out, const char *text, gsize column) {
  g_auto(GStrv) words = g_strsplit(text, " ", 0);
  for (guint i = 0; words[i]; i++) {
    if (column + 1 + strlen(words[i]) > HELP_WIDTH) {
      g_string_append_printf(out, "\n%*s", HELP_INDENT, "");
      column = HELP_INDENT;
    } else if (i) {
      g_string_append_c(out, ' ');
      column++;
    }
    g_string_append(out, words[i]);
    column += strlen(words[i]);
  }
  g_string_append_c(out, '\n');
}

static void help_option(GString *out, const option *row) {
  gsize from = out->len;
  g_string_append_printf(out, "  --%s%s%s", row->name, row->arg ? " " : "",
                         row->arg ? row->arg : "");
  do
    g_string_append_c(out, ' ');
  while (out->len - from < HELP_INDENT);
  g_autofree char *text = row->preset ? g_strdup_printf("%s Default: %s.", row->help, row->preset)
                                      : g_strdup(row->help);
  wrap(out, text, out->len - from);
}

char *gw_ua_help(guint command_or_0) {
  GString *out = g_string_new("usage:\n");
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (!command_or_0 || commands[i].command == command_or_0)
      g_string_append_printf(out, "  tipring-ua %s\n      %s\n", commands[i].usage,
                             commands[i].help);
  if (!command_or_0)
    g_string_append(out, "  tipring-ua COMMAND --help | --version | --man\n");
  else
    g_string_append(out, "options:\n");
  for (guint i = 0; command_or_0 && i < G_N_ELEMENTS(options); i++)
    if (options[i].commands & command_or_0) help_option(out, &options[i]);
  g_string_append(out, "exit: 0 answered and heard, 1 failed, 2 wrong usage\n");
  return g_string_free(out, FALSE);
}

/* Words of the table are plain: only what roff would take for its own is escaped. */
static void roff(GString *out, const char *text) {
  for (; *text; text++) {
    if (*text == '-' || *text == '\\') g_string_append_c(out, '\\');
    g_string_append_c(out, *text);
  }
}

static void man_option(GString *out, const option *row) {
  g_string_append(out, ".TP\n\\fB\\-\\-");
  roff(out, row->name);
  g_string_append(out, "\\fR");
  if (row->arg) g_string_append_printf(out, " \\fI%s\\fR", row->arg);
  if (row->commands != ALL) {
    g_string_append(out, " (");
    for (guint i = 0, n = 0; i < G_N_ELEMENTS(commands); i++)
      if (row->commands & commands[i].command)
        g_string_append_printf(out, "%s%s", n++ ? ", " : "", commands[i].name);
    g_string_append_c(out, ')');
  }
  g_string_append_c(out, '\n');
  roff(out, row->help);
  if (row->preset) g_string_append_printf(out, "\nDefault: %s.", row->preset);
  g_string_append_c(out, '\n');
}

static const char man_head[] = ".TH TIPRING\\-UA 1 \"\" \"Tipring " TIPRING_VERSION "\"\n"
                               ".SH NAME\ntipring\\-ua \\- SIP user agent that makes, answers and "
                               "measures calls\n.SH SYNOPSIS\n";
static const char man_tail[] =
    ".SH OUTPUT\nWithout \\fB\\-\\-json\\fR a few lines for people. With it, for each "
    "call:\n.PP\n.nf\n"
    "{\"status\",\"reason\",\"setup_ms\",\"first_audio_ms\",\"duration_s\",\"codec\",\"packets_"
    "sent\",\"packets_received\",\n"
    " \"lost\",\"jitter_ms\",\"heard\":[{\"hz\",\"dbfs\",\"seconds\"}],\"gaps\":[{\"at_s\",\"ms\"}]"
    ",\"ended_by\",\"transfer\",\"digits\",\"peer\"}\n.fi\n.PP\n"
    "\\fIstatus\\fR, \\fIreason\\fR: final SIP answer. \\fIsetup_ms\\fR: INVITE to 200. "
    "\\fIfirst_audio_ms\\fR: INVITE to the arrival of\n"
    "the first 20 ms of sound above \\-60 dBFS. \\fIheard\\fR: steady tones over 0.3 s and above "
    "\\-50 dBFS, loudest first.\n"
    "\\fIgaps\\fR: silence or nothing for more than 60 ms after the first sound, seconds after the "
    "answer; by arrival\n"
    "or by media time, whichever is longer, without any jitter buffer; not while the call is held. "
    "\\fIended_by\\fR: us, them, or\n"
    "none when it was never answered. \\fItransfer\\fR: final status of our REFER. \\fIdigits\\fR: those received. Unknown: null.\n"
    ".PP\nWith \\fBload\\fR, for all calls together:\n.PP\n.nf\n"
    "{\"calls\",\"answered\",\"audio\",\"failed\":{\"486\":2},\"setup_ms\":{\"p50\",\"p95\","
    "\"max\"},\n"
    " \"first_audio_ms\":{\"p50\",\"p95\",\"max\"},\"packets_sent\",\"packets_received\",\"lost\"}"
    "\n.fi\n"
    ".SH EXIT STATUS\n0: answered and audio received (load: all calls; answer: all calls that "
    "came). 1: not so. 2: wrong usage.\n"
    ".SH EXAMPLES\n.nf\n"
    "tipring\\-ua call sip:8000@127.0.0.1:5060 \\-\\-user 100 \\-\\-password secret \\-\\-tone 440 "
    "\\-\\-duration 10\n"
    "tipring\\-ua answer \\-\\-register \\-\\-user 100 \\-\\-password secret \\-\\-proxy "
    "127.0.0.1:5060 \\-\\-echo\n"
    "tipring\\-ua load sip:8000@127.0.0.1 \\-\\-calls 100 \\-\\-rate 10 \\-\\-duration 30 "
    "\\-\\-json\n.fi\n";

char *gw_ua_man(void) {
  GString *out = g_string_new(man_head);
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_string_append(out, i ? ".br\n\\fBtipring\\-ua\\fR " : "\\fBtipring\\-ua\\fR ");
    roff(out, commands[i].usage);
    g_string_append_c(out, '\n');
  }
  g_string_append(out, ".SH COMMANDS\n");
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
    g_string_append_printf(out, ".TP\n\\fB%s\\fR\n", commands[i].name);
    roff(out, commands[i].help);
    g_string_append_c(out, '\n');
  }
  g_string_append(out, ".SH OPTIONS\n");
  for (guint i = 0; i < G_N_ELEMENTS(options); i++)
    man_option(out, &options[i]);
  g_string_append(out, man_tail);
  return g_string_free(out, FALSE);
}
