/* A seat's line to the forwarding service: nicks become names, descriptions SDP, and back; foreign names are nobody. */
#include <string.h>
#include "base/timer.h"
#include "gateway/bridge/seat_sfu.h"
#include "gateway/sfu/sfu.h"

/* --- the service, played here */

struct gw_sfu {
  gw_sfu_listener listener;
  void *user;
};
static GString *asked, *told;
static gw_sfu *live;

gw_sfu *gw_sfu_new(const char *url, const char *room, const char *name, gw_sfu_listener listener,
                   void *user) {
  g_assert_null(live);
  live = g_new0(gw_sfu, 1);
  *live = (gw_sfu){listener, user};
  g_string_append_printf(asked, "join %s %s %s\n", url, room, name);
  return live;
}

void gw_sfu_free(gw_sfu *s) {
  if (!s) return;
  g_string_append(asked, "leave\n");
  g_free(s);
  live = NULL;
}

void gw_sfu_rejoin(gw_sfu *s) {
  g_string_append(asked, "again\n");
}

void gw_sfu_request(gw_sfu *s, const char *src, const char *offer) {
  g_assert_nonnull(strstr(offer, "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
  g_string_append_printf(asked, "stream %s\n", src);
}

void gw_sfu_candidate(gw_sfu *s, const char *src, const char *candidate, const char *mid) {
  g_string_append_printf(asked, "%s %s %s\n", src, mid, candidate);
}

/* --- the flavour, played here */

static void on_feed(const gw_ev *ev, void *user) {
  static const char *const words[] = {"joined", "answer", "candidate", "comes",
                                      "goes",   "down",   "failed"};
  const gw_fl_sfu *s = ev->u.sfu;
  g_assert_cmpint(ev->type, ==, GW_EV_SFU);
  g_string_append_printf(told, "%s %s", words[s->news], s->nick ? s->nick : "-");
  for (guint i = 0; s->nicks && s->nicks[i]; i++)
    g_string_append_printf(told, " %s", s->nicks[i]);
  if (s->desc) {
    const gw_desc_media *m = s->desc->media->pdata[0];
    g_string_append_printf(told, " codecs=%u candidates=%u", m->codecs->len, m->candidates->len);
  }
  g_string_append_printf(told, "%s%s\n", ev->cause ? " " : "",
                         ev->cause ? gw_cause_word(ev->cause) : "");
}

static void says(gw_sfu_news n) {
  live->listener(&n, live->user);
}

static void ask(gw_seat_sfu *s, gw_fl_sfu_ask what, const char *nick, const char *text,
                gw_desc *desc) {
  const gw_action a = {
      .type = GW_ACT_SFU, .ask = what, .nick = (char *)nick, .text = (char *)text, .desc = desc};
  gw_seat_sfu_ask(s, &a);
}

static void expect(GString *log, const char *want) {
  g_assert_cmpstr(log->str, ==, want);
  g_string_truncate(log, 0);
}

static gw_desc *offer(void) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  const gw_candidate c = {
      .foundation = "1", .component = 1, .udp = TRUE, .priority = 7, .ip = "192.0.2.1", .port = 40};
  m->proto = GW_PROTO_DTLS_SAVPF;
  m->port = 9;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  g_array_append_val(m->candidates, c);
  return d;
}

static void test_both_ways(void) {
  static const char *const names[] = {"room@muc.x/bob", "Room@MUC.x/Carol D", "other@muc.x/eve",
                                      "room@muc.x",     "room@muc.x/",        NULL};
  gw_seat_sfu *s = gw_seat_sfu_new("ws://h", "room@muc.x", "phone", on_feed, NULL);
  g_autoptr(gw_desc) d = offer();
  ask(s, GW_SFU_ASK_STREAM, "bob", NULL, d); /* in no call */
  ask(s, GW_SFU_ASK_JOIN, NULL, "ID", NULL);
  ask(s, GW_SFU_ASK_STREAM, "bob", NULL, d);
  ask(s, GW_SFU_ASK_CANDIDATE, "bob", NULL, d);
  ask(s, GW_SFU_ASK_AGAIN, NULL, NULL, NULL);
  expect(asked, "join ws://h ID room@muc.x/phone\nstream room@muc.x/bob\n"
                "room@muc.x/bob 0 candidate:1 1 UDP 7 192.0.2.1 40 typ host generation 0\nagain\n");
  says((gw_sfu_news){.type = GW_SFU_IS_IN, .names = names});
  says((gw_sfu_news){.type = GW_SFU_ANSWERS,
                     .name = names[0],
                     .text = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
                             "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"});
  says((gw_sfu_news){.type = GW_SFU_ANSWERS, .name = names[0]});
  says((gw_sfu_news){.type = GW_SFU_ANSWERS, .name = names[0], .text = "rubbish"});
  says((gw_sfu_news){.type = GW_SFU_ANSWERS, .name = names[2], .text = "rubbish"});
  says((gw_sfu_news){.type = GW_SFU_TRICKLES,
                     .name = names[0],
                     .text = "candidate:1 1 UDP 5 192.0.2.9 7 typ host",
                     .mid = "0"});
  says((gw_sfu_news){.type = GW_SFU_TRICKLES,
                     .name = names[0],
                     .text = "candidate:1 1 UDP 5 abc.local 7 typ host"});
  says((gw_sfu_news){.type = GW_SFU_ONE_COMES, .name = names[1]});
  says((gw_sfu_news){.type = GW_SFU_ONE_GOES, .name = names[3]});
  says((gw_sfu_news){.type = GW_SFU_IS_DOWN, .text = "why"});
  expect(told, "joined - bob Carol D\nanswer bob codecs=1 candidates=0\nanswer bob\nanswer bob\n"
               "candidate bob codecs=0 candidates=1\ncomes Carol D\ndown -\n");
  ask(s, GW_SFU_ASK_LEAVE, NULL, NULL, NULL);
  ask(s, GW_SFU_ASK_JOIN, NULL, "ID2", NULL);
  gw_seat_sfu_free(s);
  expect(asked, "leave\njoin ws://h ID2 room@muc.x/phone\nleave\n");
}

static void test_unserved(void) {
  static const char *const urls[] = {NULL, ""};
  for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
    gw_seat_sfu *s = gw_seat_sfu_new(urls[i], "room@muc.x", "phone", on_feed, NULL);
    ask(s, GW_SFU_ASK_JOIN, NULL, "ID", NULL);
    expect(told, ""); /* never from inside a call */
    while (!told->len)
      g_main_context_iteration(NULL, TRUE);
    expect(told, "failed - sfu-down\n");
    gw_seat_sfu_free(s);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  asked = g_string_new(NULL);
  told = g_string_new(NULL);
  g_test_add_func("/bridge/seat-sfu/both-ways", test_both_ways);
  g_test_add_func("/bridge/seat-sfu/unserved", test_unserved);
  int rc = g_test_run();
  g_string_free(asked, TRUE);
  g_string_free(told, TRUE);
  return rc;
}
