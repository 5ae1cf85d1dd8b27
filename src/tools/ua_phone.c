#include "tools/ua_phone.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/timer.h"
#include "tools/ua_call.h"
#include "tools/ua_net.h"
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MAX_CALLS 100000
#define REGISTER_S 300
#define LEAVE_US GW_SEC(4) /* SIP promises to be done in 3 s */

struct gw_ua_phone {
  const gw_ua_options *options;
  const gw_ua_mode *mode;
  void *user;
  GMainLoop *loop;
  gw_sip *sip;
  gw_sip_line *line;
  gboolean registered;
  gw_ua_media *media;
  gw_ua_wav *play;
  char *address;
  gw_timer *leave;
  guint signals[2];
  gboolean interrupted, ending;
  int exit_code;
};

void gw_ua_complain(const char *format, ...) {
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  fprintf(stderr, "tipring-ua: %s\n", text);
}

const gw_ua_options *gw_ua_phone_options(const gw_ua_phone *p) {
  return p->options;
}

gw_sip *gw_ua_phone_sip(const gw_ua_phone *p) {
  return p->sip;
}

gw_ua_media *gw_ua_phone_media(const gw_ua_phone *p) {
  return p->media;
}

const gw_ua_wav *gw_ua_phone_play(const gw_ua_phone *p) {
  return p->play;
}

const char *gw_ua_phone_address(const gw_ua_phone *p) {
  return p->address;
}

/* -- the way out -- */

static void left(void *user) {
  gw_ua_phone *p = user;
  g_main_loop_quit(p->loop);
}

void gw_ua_phone_end(gw_ua_phone *p, int exit_code) {
  if (p->ending) return;
  p->ending = TRUE;
  p->exit_code = exit_code;
  if (p->line) gw_sip_line_free(g_steal_pointer(&p->line));
  gw_timer_set(p->leave, gw_now_us() + LEAVE_US);
  gw_sip_shutdown(p->sip, left, p);
}

static gboolean on_signal(gpointer user) {
  gw_ua_phone *p = user;
  if (p->interrupted || p->ending) {
    g_main_loop_quit(p->loop);
    if (!p->ending) p->exit_code = 1;
  } else {
    p->interrupted = TRUE;
    p->mode->interrupted(p, p->user);
  }
  return G_SOURCE_CONTINUE;
}

/* -- SIP -- */

static void on_line(gw_sip_line *line, gboolean up, guint status, void *user) {
  gw_ua_phone *p = user;
  const gw_ua_options *o = p->options;
  if (p->ending) return;
  if (up) {
    if (!p->registered) gw_ua_complain("registered as %s at %s", o->user, o->proxy);
    p->registered = TRUE;
    return;
  }
  gw_ua_complain("registration of %s at %s failed: %u %s; check user, password and address",
                 o->user, o->proxy, status, gw_ua_phrase(status));
  if (!p->registered) gw_ua_phone_end(p, 1);
}

static void register_line(gw_ua_phone *p) {
  const gw_ua_options *o = p->options;
  g_autofree char *uri = g_strdup_printf("sip:%s%s", o->proxy, gw_ua_transport_parameter(o));
  p->line = gw_sip_line_new(p->sip, uri, o->user, o->password, REGISTER_S, on_line, p);
}

static void on_listening(gw_sip *sip, gboolean ok, const char *detail, void *user) {
  gw_ua_phone *p = user;
  if (p->ending) return;
  if (!ok) {
    gw_ua_complain("cannot listen for SIP: %s; choose another address with --listen ADDRESS:PORT",
                   detail);
    gw_ua_phone_end(p, 1);
    return;
  }
  if (p->options->command == GW_UA_ANSWER) {
    g_auto(GStrv) where = gw_sip_listening(sip);
    for (guint i = 0; where && where[i]; i++)
      gw_ua_complain("listening on %s", where[i]);
  }
  if (p->options->register_) register_line(p);
  p->mode->ready(p, p->user);
}

static void on_invite(gw_sip *sip, gw_sip_call *call, const gw_sip_invite *invite, void *user) {
  gw_ua_phone *p = user;
  if (p->mode->invite && !p->ending && !p->interrupted) p->mode->invite(p, call, invite, p->user);
}

static void on_state(gw_sip_call *sip, gw_sip_state state, gw_cause cause, guint status,
                     void *user) {
  gw_ua_call *call = gw_sip_call_user_data(sip);
  if (call) gw_ua_call_on_state(call, state, cause, status);
}

static void on_remote(gw_sip_call *sip, const gw_desc *desc, gboolean is_offer, void *user) {
  gw_ua_call *call = gw_sip_call_user_data(sip);
  if (call) gw_ua_call_on_remote(call, desc, is_offer);
}

static void on_digit(gw_sip_call *sip, char digit, guint ms, void *user) {
  gw_ua_call *call = gw_sip_call_user_data(sip);
  if (call) gw_ua_call_on_digit(call, digit);
}

static void on_referred(gw_sip_call *sip, guint status, void *user) {
  gw_ua_call *call = gw_sip_call_user_data(sip);
  if (call) gw_ua_call_on_referred(call, status);
}

/* -- start -- */

static char *listen_word(const char *transport, const char *address, guint port) {
  gboolean v6 = strchr(address, ':') != NULL;
  return g_strdup_printf("%s:%s%s%s:%u", transport, v6 ? "[" : "", address, v6 ? "]" : "", port);
}

/* Where SIP listens: --listen, else the address on the way to the other side; whoever only waits
 * takes 5060 of all. */
static char **listen_words(gw_ua_phone *p, GError **error) {
  const gw_ua_options *o = p->options;
  const char *towards = o->proxy ? o->proxy : o->uri;
  gboolean answer = o->command == GW_UA_ANSWER;
  g_autofree char *host = NULL;
  guint16 port = !answer || o->register_            ? 0
                 : g_str_equal(o->transport, "tls") ? 5061
                                                    : 5060,
          unused = 0;
  GPtrArray *words = g_ptr_array_new();
  if (o->listen) {
    gw_ua_host_port(o->listen, &p->address, &port);
  } else if (towards && gw_ua_host_port(towards, &host, &unused)) {
    p->address = gw_ua_local_address(host, error);
  } else {
    p->address = g_strdup("0.0.0.0");
  }
  gboolean both = answer && !g_str_equal(o->transport, "tls");
  if (p->address && both) g_ptr_array_add(words, listen_word("udp", p->address, port));
  if (p->address)
    g_ptr_array_add(words, listen_word(both ? "tcp" : o->transport, p->address, port));
  g_ptr_array_add(words, NULL);
  return (char **)g_ptr_array_free(words, FALSE);
}

static gboolean start(gw_ua_phone *p, GError **error) {
  static const gw_sip_events events = {.invite = on_invite,
                                       .state = on_state,
                                       .remote = on_remote,
                                       .digit = on_digit,
                                       .referred = on_referred,
                                       .listening = on_listening};
  GMainContext *context = g_main_context_default();
  gw_sip_config config = {.realm = "tipring-ua",
                          .public_address = "",
                          .max_calls = MAX_CALLS,
                          .certificate = p->options->certificate,
                          .key = p->options->key,
                          .server_ca = p->options->ca,
                          .session_s = p->options->session_s,
                          .refreshes = p->options->refreshes,
                          .open = TRUE};
  if (p->options->play && !(p->play = gw_ua_wav_load(p->options->play, error))) return FALSE;
  if (!(p->media = gw_ua_media_new(context, error))) return FALSE;
  g_auto(GStrv) listen = listen_words(p, error);
  if (!p->address) return FALSE;
  config.listen = (const char *const *)listen;
  p->leave = gw_timer_new(context, left, p);
  p->sip = gw_sip_new(context, &config, &events, p, error);
  return p->sip != NULL;
}

static void clear(gw_ua_phone *p) {
  p->mode->closing(p->user);
  for (guint i = 0; i < G_N_ELEMENTS(p->signals); i++)
    g_clear_handle_id(&p->signals[i], g_source_remove);
  gw_sip_free(p->sip);
  gw_timer_free(p->leave);
  gw_ua_media_free(p->media);
  gw_ua_wav_free(p->play);
  g_free(p->address);
  g_main_loop_unref(p->loop);
}

int gw_ua_phone_run(const gw_ua_options *options, const gw_ua_mode *mode, void *user) {
  gw_ua_phone p = {.options = options, .mode = mode, .user = user, .exit_code = 1};
  g_autoptr(GError) error = NULL;
  gw_thread_claim_control();
  gw_log_set_level(options->verbose ? GW_LOG_DEBUG : GW_LOG_ERROR);
  gw_ua_raise_file_limit();
  p.loop = g_main_loop_new(NULL, FALSE);
  if (start(&p, &error)) {
    p.signals[0] = g_unix_signal_add(SIGINT, on_signal, &p);
    p.signals[1] = g_unix_signal_add(SIGTERM, on_signal, &p);
    g_main_loop_run(p.loop);
  } else {
    gw_ua_complain("%s", error->message);
  }
  clear(&p);
  return p.exit_code;
}
