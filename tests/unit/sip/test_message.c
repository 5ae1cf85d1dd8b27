/* MESSAGE (RFC 3428): what a body may be, who may write, and text to a phone in its call. */
#include <string.h>
#include "base/limits.h"
#include "sip/message.h"
#include "talk.h"

#define TEXT "Content-Type: text/plain\r\n"

static void test_body(void) {
  static const struct {
    gw_message_type type;
    const char *body;
    guint status;
    const char *text;
  } rows[] = {
      {{"text/plain"}, "hello", 0, "hello"},
      {{"Text/Plain", "UTF-8"}, "gr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f"},
      {{"text/plain", "\"utf-8\""}, "x", 0, "x"},
      {{"text/plain", "us-ascii", "identity"}, "x", 0, "x"},
      {{"text/plain"}, " a\r\nb\tc\x07 ", 0, "a\nb\tc"},
      {{"text/plain"}, "a\xc2\x85z", 0, "az"}, /* a C1 control character */
      {{"text/plain"}, "", 400},
      {{"text/plain"}, " \r\n", 400},
      {{"text/plain"}, "\xff\xfe", 400},
      {{"text/plain"}, "\xed\xa0\x80", 400}, /* a surrogate */
      {{"text/plain", "iso-8859-1"}, "x", 415},
      {{"text/plain", "utf-8", "gzip"}, "x", 415},
      {{"text/html"}, "<b>x</b>", 415},
      {{"message/cpim"}, "x", 415},
      {{"application/im-iscomposing+xml"}, "<isComposing/>", 415},
      {{NULL}, "x", 415},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = NULL;
    const char *why = NULL;
    g_test_message("row %u", i);
    g_assert_cmpuint(
        gw_message_read(&rows[i].type, rows[i].body, strlen(rows[i].body), &text, &why), ==,
        rows[i].status);
    g_assert_cmpstr(text, ==, rows[i].text);
    g_assert_true((why != NULL) == (rows[i].status != 0));
  }
}

static void test_body_size(void) {
  const gw_message_type type = {"text/plain"};
  g_autofree char *body = g_strnfill(GW_MAX_CHAT + 1, 'x');
  for (guint more = 0; more < 2; more++) {
    g_autofree char *text = NULL;
    const char *why;
    g_assert_cmpuint(gw_message_read(&type, body, GW_MAX_CHAT + more, &text, &why), ==,
                     more ? 413 : 0);
  }
  g_autofree char *text = NULL;
  const char *why;
  g_assert_cmpuint(gw_message_read(&type, "a\0b", 3, &text, &why), ==, 400);
}

static guint code(const char *response) {
  return response ? (guint)g_ascii_strtoull(response + strlen("SIP/2.0 "), NULL, 10) : 0;
}

/* Outside of a call: 401 first, then what the handler says. */
static void test_outside(void) {
  static const struct {
    const char *extra, *body;
    guint says, status;
  } rows[] = {{TEXT, "hello", 202, 202},
              {TEXT, "hello", 480, 480},
              {TEXT, "hello", 503, 503},
              {"Content-Type: text/html\r\n", "<p>", 202, 415},
              {"Content-Type: text/plain;charset=latin1\r\n", "x", 202, 415},
              {TEXT "Content-Encoding: gzip\r\n", "x", 202, 415},
              {NULL, NULL, 202, 400}};
  rig *r = rig_new();
  for (guint tcp = 0; tcp < 2; tcp++)
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
      wire *w = tcp ? wire_tcp(r, r->server.tcp) : wire_udp(r, r->server.udp);
      g_autofree char *id = g_strdup_printf("text%u-%u", tcp, i);
      guint cseq = 1, before = r->server.texts->len, lines = rig_count_lines(r, "method=MESSAGE");
      r->server.text_status = rows[i].says;
      g_autofree char *answer =
          with_digest(r, w, "MESSAGE", id, &cseq, rows[i].extra, rows[i].body, "100", "secret");
      g_test_message("row %u", i);
      g_assert_cmpuint(cseq, ==, 2); /* it was challenged */
      g_assert_cmpuint(code(answer), ==, rows[i].status);
      g_assert_cmpuint(r->server.texts->len - before, ==,
                       rows[i].status == 415 || rows[i].status == 400 ? 0 : 1);
      g_assert_cmpuint(rig_count_lines(r, "method=MESSAGE") - lines, ==,
                       rows[i].status == 202 ? 0 : 1);
      g_autofree char *accept = wire_header(answer, "Accept"),
                      *warning = wire_header(answer, "Warning");
      if (rows[i].status == 415) g_assert_cmpstr(accept, ==, "text/plain");
      g_assert_true((warning != NULL) == (rows[i].status != 202));
      wire_free(w);
    }
  g_assert_cmpuint(rig_count_lines(r, "hello"), ==, 0); /* never in a log */
  rig_free(r);
}

static void test_strangers(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  guint cseq = 1;
  g_autofree char *wrong = with_digest(r, w, "MESSAGE", "wrong", &cseq, TEXT, "x", "100", "wrong");
  g_assert_cmpuint(code(wrong), ==, 401);
  cseq = 1;
  g_autofree char *nobody =
      with_digest(r, w, "MESSAGE", "nobody", &cseq, TEXT, "x", "999", "secret");
  g_assert_cmpuint(code(nobody), ==, 401);
  g_assert_cmpuint(r->server.texts->len, ==, 0);
  wire_free(w);
  rig_free(r);
}

/* In the dialog: the password is asked for all the same, and another phone's will not do. */
static void test_in_dialog(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  r->server.on_invite = DO_ANSWER;
  r->server.text_status = 202;
  guint cseq = 1;
  g_autofree char *tag = NULL;
  end *e = wire_call(r, w, &r->server, "talk", &cseq, &tag);
  g_autofree char *uri = g_strdup_printf("sip:8000@127.0.0.1:%u", w->peer);
  static const struct {
    const char *user, *password;
    guint status;
  } rows[] = {{"100", "secret", 202}, {"101", "other secret", 403}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    send_request(w, "MESSAGE", "talk", ++cseq, tag, TEXT, "hi");
    g_autofree char *first = wire_final(r, w, 3000);
    g_assert_cmpuint(code(first), ==, 401);
    g_autofree char *challenge = wire_header(first, "WWW-Authenticate");
    g_autofree char *auth =
        wire_authorization(challenge, "MESSAGE", uri, rows[i].user, rows[i].password, 1);
    g_autofree char *all = g_strconcat(TEXT, auth, NULL);
    send_request(w, "MESSAGE", "talk", ++cseq, tag, all, "hi");
    g_autofree char *answer = wire_final(r, w, 3000);
    g_assert_cmpuint(code(answer), ==, rows[i].status);
  }
  g_assert_cmpuint(r->server.texts->len, ==, 1);
  g_assert_cmpstr(r->server.texts->pdata[0], ==, "100 8000 in call: hi");
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0); /* a refused text ends no call */
  wire_free(w);
  rig_free(r);
}

/* To the phone, in its call; bounded while it does not answer; none after it has refused one. */
static void test_to_phone(void) {
  rig *r = rig_new();
  wire *w = wire_udp(r, r->server.udp);
  r->server.on_invite = DO_ANSWER;
  guint cseq = 1;
  g_autofree char *tag = NULL;
  end *e = wire_call(r, w, &r->server, "show", &cseq, &tag);
  g_assert_true(gw_sip_call_send_text(e->call, "Anna: gr\xc3\xbc\xc3\x9f Gott"));
  g_autofree char *got = asked(r, w, "MESSAGE");
  g_assert_nonnull(got);
  g_assert_nonnull(strstr(got, "\r\n\r\nAnna: gr\xc3\xbc\xc3\x9f Gott"));
  g_autofree char *type = wire_header(got, "Content-Type"), *id = wire_header(got, "Call-ID");
  g_assert_cmpstr(type, ==, "text/plain;charset=UTF-8");
  g_assert_cmpstr(id, ==, "show");
  for (guint i = 1; i < GW_MAX_TEXTS_OUT; i++)
    g_assert_true(gw_sip_call_send_text(e->call, "more"));
  g_assert_false(gw_sip_call_send_text(e->call, "too many"));
  say(w, got, "200 OK", "x", NULL, NULL);
  g_autofree char *next = asked(r, w, "MESSAGE");
  g_assert_nonnull(next);
  say(w, next, "405 Method Not Allowed", "x", NULL, NULL);
  g_assert_true(RIG_WAIT(r, rig_count_lines(r, "sip-text-refused") == 1));
  g_assert_false(gw_sip_call_send_text(e->call, "never again"));
  g_assert_cmpuint(e->states[GW_SIP_ENDED], ==, 0);
  gw_sip_call_hangup(e->call, GW_CAUSE_NORMAL);
  g_assert_false(gw_sip_call_send_text(e->call, "over"));
  wire_free(w);
  rig_free(r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sip/message/body", test_body);
  g_test_add_func("/sip/message/body-size", test_body_size);
  g_test_add_func("/sip/message/outside", test_outside);
  g_test_add_func("/sip/message/strangers", test_strangers);
  g_test_add_func("/sip/message/in-dialog", test_in_dialog);
  g_test_add_func("/sip/message/to-phone", test_to_phone);
  return g_test_run();
}
