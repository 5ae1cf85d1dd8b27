/* tipringd: desk phones in XMPP group calls. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "base/log.h"
#include "base/thread.h"
#include "daemon/app.h"
#include "sip/sip.h"

typedef struct {
  char *file, *level;
  gboolean test, version;
} options;

static gboolean parse(int *argc, char ***argv, options *o, GError **error) {
  const GOptionEntry entries[] = {
      {"config", 'c', 0, G_OPTION_ARG_FILENAME, &o->file,
       "Configuration file (default " GW_CONF_DEFAULT_FILE ")", "FILE"},
      {"test", 't', 0, G_OPTION_ARG_NONE, &o->test, "Check the configuration and exit", NULL},
      {"log", 'l', 0, G_OPTION_ARG_STRING, &o->level, "error, warn, info (default), debug or trace",
       "LEVEL"},
      {"version", 'V', 0, G_OPTION_ARG_NONE, &o->version, "Print the version and exit", NULL},
      {NULL}};
  g_autoptr(GOptionContext) ctx =
      g_option_context_new("- lets SIP desk phones take part in XMPP group calls");
  g_option_context_set_description(
      ctx,
      "The daemon stays in the foreground and logs to stderr. SIGHUP reloads the file, SIGTERM "
      "ends running calls politely.\nSee tipringd(8), tipring.conf(5), tipringctl(1).");
  g_option_context_add_main_entries(ctx, entries, NULL);
  if (!g_option_context_parse(ctx, argc, argv, error)) return FALSE;
  if (*argc == 1) return TRUE;
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unknown argument \"%s\"", (*argv)[1]);
  return FALSE;
}

static gw_conf *load(const char *file) {
  g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
  gw_conf *c = gw_conf_load(file, errors);
  for (guint i = 0; i < errors->len; i++)
    fprintf(stderr, "%s\n", (char *)errors->pdata[i]);
  return c;
}

static int test(const gw_conf *c) {
  const GPtrArray *notes = gw_conf_warnings(c);
  for (guint i = 0; i < notes->len; i++)
    fprintf(stderr, "%s\n", (char *)notes->pdata[i]);
  g_autoptr(GError) error = NULL;
  if (!gw_sip_tls_check(gw_conf_str(c, "sip.certificate"), gw_conf_str(c, "sip.key"),
                        gw_conf_str(c, "sip.client_ca"), NULL, &error)) {
    fprintf(stderr, "%s: %s\n", gw_conf_file(c), error->message);
    return 1;
  }
  printf("%s: ok\n", gw_conf_file(c));
  return 0;
}

/* One call holds about two sockets for the phone and two for each peer. */
static void raise_descriptors(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r)) return;
  r.rlim_cur = MIN(r.rlim_max, 65536);
  setrlimit(RLIMIT_NOFILE, &r);
}

static int serve(gw_conf *conf, gw_log_level level) {
  g_autoptr(GError) error = NULL;
  gw_thread_claim_control();
  signal(SIGPIPE, SIG_IGN);
  raise_descriptors();
  gw_log_start(level);
  gw_app *app = gw_app_new(conf, &error);
  int code = 1;
  if (app)
    code = gw_app_run(app);
  else
    gw_error(NULL, "not-started", "why=%s", error->message);
  gw_app_free(app);
  gw_log_stop();
  return code;
}

int main(int argc, char **argv) {
  setlocale(LC_ALL, "C.UTF-8");
  g_autoptr(GError) error = NULL;
  options o = {0};
  gw_log_level level = GW_LOG_INFO;
  gboolean ok = parse(&argc, &argv, &o, &error);
  g_autofree char *file = o.file ? o.file : g_strdup(GW_CONF_DEFAULT_FILE), *word = o.level;
  if (ok && word && !gw_log_level_parse(word, &level)) {
    ok = FALSE;
    g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unknown log level \"%s\"", word);
  }
  if (!ok) {
    fprintf(stderr, "tipringd: %s (try --help)\n", error->message);
    return 2;
  }
  if (o.version) {
    printf("tipringd %s\n", TIPRING_VERSION);
    return 0;
  }
  gw_conf *conf = load(file);
  if (!conf) return 1;
  if (!o.test) return serve(conf, level);
  int code = test(conf);
  gw_conf_free(conf);
  return code;
}
