/* tipringctl: everything an operator does with a running tipringd; and the doctor, without one. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "daemon/command_table.h"
#include "tools/tipringctl.h"
#include "tools/tipringctl_init.h"

#define DEFAULT_SOCKET "/run/tipring/control.sock"
#define POLL_US 100000 /* between two looks of status --wait */

typedef struct {
  const char *socket, *file;
  gboolean json, help;
  GPtrArray *words; /* of the command */
} options;

static int usage(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
static int usage(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  g_autofree char *text = g_strdup_vprintf(fmt, args);
  va_end(args);
  fprintf(stderr, "tipringctl: %s\n", text);
  return 2;
}

static int fail(const char *text) {
  g_autofree char *line = g_strchomp(g_strdup(text));
  fprintf(stderr, "tipringctl: %s\n", line);
  return 1;
}

static void print_json(JsonNode *node) {
  g_autofree char *text = node ? gw_json_text(node) : g_strdup("null");
  printf("%s\n", text);
}

/* Options of single commands; all but --force take a value. */
static gboolean of_a_command(const char *arg) {
  static const char *const names[] = {"--wait",   "--since", "--limit",    "--domain",
                                      "--secret", "--room",  "--password", "--phone",
                                      "--number", "--force", NULL};
  return g_strv_contains(names, arg);
}

/* An option of ours at argv[i]; the arguments it eats, 0: none of ours. */
static int read_option(int argc, char **argv, int i, options *o) {
  const char *arg = argv[i];
  gboolean socket = g_str_equal(arg, "-s") || g_str_equal(arg, "--socket");
  gboolean file = g_str_equal(arg, "-c") || g_str_equal(arg, "--config");
  if ((socket || file) && i + 1 < argc) {
    *(socket ? &o->socket : &o->file) = argv[i + 1];
    return 2;
  }
  gboolean help = g_str_equal(arg, "-h") || g_str_equal(arg, "--help");
  o->help |= help;
  o->json |= g_str_equal(arg, "--json");
  return help || g_str_equal(arg, "--json");
}

/* Options stand anywhere before "--". The argument that is not understood, or NULL. */
static const char *read_options(int argc, char **argv, options *o) {
  int i = 1;
  while (i < argc && !g_str_equal(argv[i], "--")) {
    gboolean own = of_a_command(argv[i]);
    int eaten = argv[i][0] == '-' && !own ? read_option(argc, argv, i, o) : 0;
    if (!eaten && argv[i][0] == '-' && !own) return argv[i];
    if (!eaten) g_ptr_array_add(o->words, argv[i]);
    if (own && i + 1 < argc && !g_str_equal(argv[i], "--force"))
      g_ptr_array_add(o->words, argv[++i]);
    i += MAX(eaten, 1);
  }
  for (i++; i < argc; i++)
    g_ptr_array_add(o->words, argv[i]);
  g_ptr_array_add(o->words, NULL);
  return NULL;
}

static char *find_socket(const options *o) {
  if (o->socket) return g_strdup(o->socket);
  char *named = gw_conf_peek(o->file, "control.socket");
  return named ? named : g_strdup(DEFAULT_SOCKET);
}

/* --- commands */
static int show(const options *o, const gw_answer *a) {
  if (a->exit != 0) {
    fail(a->out);
    return a->exit;
  }
  if (o->json)
    print_json(a->json);
  else
    fputs(a->out, stdout);
  return 0;
}

static int ask(const options *o, const char *socket) {
  g_autoptr(GError) error = NULL;
  g_auto(gw_answer) a = {0};
  if (!gw_talk(socket, (const char *const *)o->words->pdata, &a, &error))
    return fail(error->message);
  return show(o, &a);
}

static char *why_not_ready(const gw_answer *a) {
  const char *state = gw_json_get_string(gw_json_get(a->json, "xmpp"), "state");
  return g_strdup_printf("not ready: the XMPP stream is %s: tipringctl check, and the daemon's log",
                         state ? state : "not known");
}

/* status --wait S: asks until ready. A daemon that is not there yet may still come. */
static int wait_ready(const options *o, const char *socket, const char *seconds) {
  static const char *const words[] = {"status", NULL};
  char *end = NULL;
  double limit = g_ascii_strtod(seconds, &end);
  if (end == seconds || *end || !(limit >= 0 && limit <= 86400))
    return usage("\"%s\" is no number of seconds: tipringctl status --wait SECONDS", seconds);
  gint64 until = gw_now_us() + (gint64)(limit * 1e6);
  for (;;) {
    g_autoptr(GError) error = NULL;
    g_auto(gw_answer) a = {0};
    gboolean there = gw_talk(socket, words, &a, &error);
    if (there && a.exit == 0 && gw_json_get_bool(a.json, "ready")) return show(o, &a);
    if (gw_now_us() >= until) {
      g_autofree char *why = there ? why_not_ready(&a) : g_strdup(error->message);
      return fail(why);
    }
    g_usleep(POLL_US);
  }
}

static int status(const options *o, const char *socket, const char *const *rest) {
  if (!rest[0]) return ask(o, socket);
  if (!g_str_equal(rest[0], "--wait") || !rest[1])
    return usage("usage: tipringctl status [--wait SECONDS]");
  return wait_ready(o, socket, rest[1]);
}

static int check(const options *o, const char *socket) {
  g_autoptr(gw_doctor) doctor = gw_doctor_examine(o->file, socket);
  g_autoptr(JsonNode) json = gw_doctor_json(doctor);
  g_autofree char *text = gw_doctor_text(doctor);
  if (o->json)
    print_json(json);
  else
    fputs(text, stdout);
  return gw_doctor_well(doctor) ? 0 : 1;
}

static int version(const options *o, const char *socket) {
  static const char *const words[] = {"version", NULL};
  g_auto(gw_answer) a = {0};
  gboolean there = gw_talk(socket, words, &a, NULL);
  const char *daemon = there ? gw_json_get_string(a.json, "version") : NULL;
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "version", TIPRING_VERSION);
  gw_json_string(b, "daemon", daemon);
  json_builder_end_object(b);
  g_autoptr(JsonNode) json = gw_json_done(b);
  if (o->json)
    print_json(json);
  else
    printf("tipringctl %s\ntipringd %s\n", TIPRING_VERSION, daemon ? daemon : "(not running)");
  return 0;
}

static int run(const options *o, gw_command command, const char *const *rest) {
  g_autofree char *socket = find_socket(o);
  switch (command) {
  case GW_CMD_INIT:
    return gw_init_run(o->file, rest, o->json);
  case GW_CMD_CHECK:
    return check(o, socket);
  case GW_CMD_VERSION:
    return version(o, socket);
  case GW_CMD_STATUS:
    return status(o, socket, rest);
  default:
    return ask(o, socket);
  }
}

static int help(gw_command command) {
  g_autofree char *text = gw_ctl_help();
  if (command == GW_N_COMMANDS) {
    fputs(text, stdout);
    return 0;
  }
  const gw_command_row *row = &gw_command_table[command];
  printf("usage: tipringctl %s %s\n%s\n", row->name, row->arguments, row->help);
  if (row->json) printf("--json: %s\n", row->json);
  return 0;
}

static int tell_and_do(int argc, char **argv) {
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  options o = {.file = GW_CONF_DEFAULT_FILE, .words = words};
  const char *const *rest = NULL;
  const char *wrong = read_options(argc, argv, &o);
  if (wrong) return usage("option %s is not known or lacks its value: tipringctl --help", wrong);
  gw_command command = gw_command_find((const char *const *)words->pdata, &rest);
  if (o.help) return help(command);
  if (words->len == 1) return usage("which command? tipringctl --help");
  if (command == GW_N_COMMANDS) {
    g_autofree char *line = g_strjoinv(" ", (char **)words->pdata);
    return usage("unknown command \"%s\": tipringctl --help", line);
  }
  g_autofree char *wrong_count = gw_command_usage(command, g_strv_length((char **)rest));
  if (wrong_count) return usage("%s", wrong_count);
  return run(&o, command, rest);
}

/* Not exit(): a thread of GLib's resolver may still be on its way out, and GLib's destructors under its feet abort the
 * process (pthread_setspecific: Invalid argument; seen in 3 of 150 runs of `check`). */
int main(int argc, char **argv) {
  setlocale(LC_ALL, "");
  int code = tell_and_do(argc, argv);
  fflush(NULL);
  _exit(code);
}
