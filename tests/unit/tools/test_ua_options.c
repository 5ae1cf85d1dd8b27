/* The command line: one table, so the tests ask what users would: is it understood, is the refusal
 * a help? */
#include "tools/ua_net.h"
#include "tools/ua_options.h"
#include <string.h>

static gw_ua_options *parse(const char *line, char **ret_text, GError **error) {
  g_autofree char *all = g_strconcat("tipring-ua ", line, NULL);
  g_auto(GStrv) argv = g_strsplit(all, " ", 0);
  g_autofree char **view = g_memdup2(argv, (g_strv_length(argv) + 1) * sizeof *argv);
  return gw_ua_options_parse((int)g_strv_length(argv), view, ret_text, error);
}

static gw_ua_options *good(const char *line) {
  g_autoptr(GError) error = NULL;
  char *text = NULL;
  gw_ua_options *o = parse(line, &text, &error);
  g_assert_no_error(error);
  g_assert_nonnull(o);
  g_assert_null(text);
  return o;
}

static void test_call(void) {
  g_autoptr(gw_ua_options) o =
      good("call sip:8000@h:5060 --user 100 --password p --proxy 1.2.3.4:5070 --codec pcmu,OPUS "
           "--tone 440.5 "
           "--record r.wav --dtmf 4711# --hold 2:3.5 --duration 10 --json");
  g_assert_cmpint(o->command, ==, GW_UA_CALL);
  g_assert_cmpstr(o->uri, ==, "sip:8000@h:5060");
  g_assert_cmpstr(o->user, ==, "100");
  g_assert_cmpstr(o->password, ==, "p");
  g_assert_cmpstr(o->proxy, ==, "1.2.3.4:5070");
  g_assert_cmpstr(o->codecs[0], ==, "PCMU");
  g_assert_cmpstr(o->codecs[1], ==, "opus");
  g_assert_null(o->codecs[2]);
  g_assert_cmpfloat(o->tone_hz, ==, 440.5);
  g_assert_cmpstr(o->dtmf, ==, "4711#");
  g_assert_cmpfloat(o->hold_at_s, ==, 2);
  g_assert_cmpfloat(o->hold_s, ==, 3.5);
  g_assert_cmpfloat(o->duration_s, ==, 10);
  g_assert_true(o->json);
  g_assert_cmpstr(o->transport, ==, "udp");
}

static void test_defaults(void) {
  g_autoptr(gw_ua_options) call = good("call 8000@h"), load = good("load sip:h"),
                           answer = good("answer");
  g_assert_cmpstr(call->uri, ==, "sip:8000@h");
  g_assert_cmpuint(g_strv_length(call->codecs), ==, 4);
  g_assert_cmpstr(call->codecs[0], ==, "opus");
  g_assert_cmpfloat(call->duration_s, ==, 0);
  g_assert_cmpfloat(call->hold_s, ==, 0);
  g_assert_cmpuint(load->calls, ==, 10);
  g_assert_cmpfloat(load->duration_s, ==, 10);
  g_assert_cmpuint(answer->calls, ==, 0);
}

static void test_transport(void) {
  static const struct {
    const char *line, *uri, *transport;
  } rows[] = {
      {"call sip:a@h", "sip:a@h", "udp"},
      {"call sip:a@h --transport=tcp", "sip:a@h;transport=tcp", "tcp"},
      {"call sip:a@h;transport=TCP", "sip:a@h;transport=TCP", "tcp"},
      {"call sip:a@h;transport=udp --transport tcp", "sip:a@h;transport=udp", "udp"},
      {"call SIP:a@[::1]:5060 --transport tcp", "SIP:a@[::1]:5060;transport=tcp", "tcp"},
      {"call sip:a@h --transport tls", "sip:a@h;transport=tls", "tls"},
      {"call sip:a@h;transport=TLS", "sip:a@h;transport=TLS", "tls"},
      {"call sips:a@h", "sips:a@h", "tls"},
      {"call sips:a@h --transport udp", "sips:a@h", "tls"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_ua_options) o = good(rows[i].line);
    g_assert_cmpstr(o->uri, ==, rows[i].uri);
    g_assert_cmpstr(o->transport, ==, rows[i].transport);
  }
}

/* Each wrong line, and a word that must be in the answer: what is wanted instead. */
static void test_refused(void) {
  static const char *const rows[][2] = {
      {"", "call, answer, load"},
      {"dial x", "call, answer, load"},
      {"call", "sip:8000@127.0.0.1:5060"},
      {"call sip:", "no SIP URI"},
      {"call sip:a@h:99999", "no SIP URI"},
      {"call sip:a@<h>", "no SIP URI"},
      {"call sip:a@h sip:b@h", "one URI"},
      {"call sip:a@h --transport sctp", "udp, tcp or tls"},
      {"call sip:a@h --srtp zrtp", "off or sdes"},
      {"call sip:a@h --certificate x.pem", "--key"},
      {"call sip:a@h --codec GSM", "opus, G722, PCMA and PCMU"},
      {"call sip:a@h --codec ,", "opus, G722, PCMA and PCMU"},
      {"call sip:a@h --tone", "--tone HZ"},
      {"call sip:a@h --tone high", "number from 0 to 7500"},
      {"call sip:a@h --tone nan", "number from 0 to 7500"},
      {"call sip:a@h --tone 440 --play x.wav", "not both"},
      {"call sip:a@h --hold 3", "AT:SECONDS"},
      {"call sip:a@h --hold 3:", "AT:SECONDS"},
      {"call sip:a@h --hold 1:2:3", "AT:SECONDS"},
      {"call sip:a@h --dtmf 12x", "0-9"},
      {"call sip:a@h --transfer 3", "AT:URI"},
      {"call sip:a@h --transfer 3:8001", "AT:URI"},
      {"call sip:a@h --transfer 3:tel:1", "AT:URI"},
      {"call sip:a@h --session-timer 30", "90 or more"},
      {"call sip:a@h --session-timer 90:me", "SECONDS:us"},
      {"call sip:a@h --proxy user@h", "HOST:PORT"},
      {"call sip:a@h --password p", "--user"},
      {"call sip:a@h --json=1", "no value"},
      {"call sip:a@h --echo", "unknown option"},
      {"call sip:a@h --jso", "unknown option"},
      {"call sip:a@h -x", "unknown option"},
      {"answer sip:a@h", "waits for calls"},
      {"answer --register --user 1 --password p", "--proxy"},
      {"answer --echo --tone 440", "leave --tone"},
      {"load sip:a@h --calls 2.5", "whole number"},
      {"load sip:a@h --rate 0", "number from"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_assert_null(parse(rows[i][0], &text, &error));
    g_assert_null(text);
    g_test_message("%s -> %s", rows[i][0], error->message);
    g_assert_nonnull(strstr(error->message, rows[i][1]));
    g_assert_null(strchr(error->message, '\n'));
  }
}

static char *shown(const char *line) {
  char *text = NULL;
  g_assert_null(parse(line, &text, NULL));
  g_assert_nonnull(text);
  return text;
}

/* Help of a command shows its own options only, and no line is too wide for a terminal. */
static void test_help(void) {
  g_autofree char *all = shown("--help"), *call = shown("call --help"),
                  *answer = shown("answer --echo --help");
  g_assert_nonnull(strstr(all, "tipring-ua load URI"));
  g_assert_nonnull(strstr(call, "--hold AT:SECONDS"));
  g_assert_null(strstr(call, "--echo"));
  g_auto(GStrv) lines = g_strsplit(call, "\n", 0);
  for (guint i = 0; lines[i]; i++)
    g_assert_cmpuint(strlen(lines[i]), <=, 110);
}

/* Everything of the table is in the man page, and dashes are typed as dashes. */
static void test_man(void) {
  static const char *const words[] = {"user",     "proxy", "srtp", "codec",       "tone",   "play",
                                      "record",   "dtmf",  "hold", "duration",    "json",   "echo",
                                      "register", "calls", "rate", "concurrency", "listen", "fec"};
  g_autofree char *man = shown("--man");
  g_assert_true(g_str_has_prefix(man, ".TH TIPRING\\-UA 1"));
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    g_autofree char *want = g_strdup_printf("\\fB\\-\\-%s\\fR", words[i]);
    g_assert_nonnull(strstr(man, want));
  }
  g_assert_nonnull(strstr(man, "first_audio_ms"));
}

static void test_host_port(void) {
  static const struct {
    const char *text, *host;
    guint port;
  } rows[] = {
      {"sip:8000@h.example:5070;x=y", "h.example", 5070},
      {"sip:h", "h", 0},
      {"udp:192.0.2.7:5060", "192.0.2.7", 5060},
      {"1.2.3.4:99", "1.2.3.4", 99},
      {"sip:a@[::1]:5060", "::1", 5060},
      {"[fe80::1]", "fe80::1", 0},
      {"sip:", NULL, 0},
      {"h:x", NULL, 0},
      {"h:", NULL, 0},
      {"h:70000", NULL, 0},
      {"[::1", NULL, 0},
      {"[::1]x", NULL, 0},
      {"sip:a@", NULL, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *host = NULL;
    guint16 port = 0;
    g_test_message("%s", rows[i].text);
    g_assert_cmpint(gw_ua_host_port(rows[i].text, &host, &port), ==, rows[i].host != NULL);
    g_assert_cmpstr(host, ==, rows[i].host);
    g_assert_cmpuint(port, ==, rows[i].port);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ua/options/call", test_call);
  g_test_add_func("/ua/options/defaults", test_defaults);
  g_test_add_func("/ua/options/transport", test_transport);
  g_test_add_func("/ua/options/refused", test_refused);
  g_test_add_func("/ua/options/help", test_help);
  g_test_add_func("/ua/options/man", test_man);
  g_test_add_func("/ua/options/host-port", test_host_port);
  return g_test_run();
}
