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
                                      "goes",   "down",   "failed",    "offer", "ended"};
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

static void on_say(const gw_word *w, void *user) {
  g_string_append_printf(asked, "%s %s %s\n", gw_jingle_action_name(w->u.jingle.action), w->to,
                         w->u.jingle.sid);
}

static void on_greet(const char *jid, gboolean come, void *user) {
  g_string_append_printf(asked, "%s %s\n", come ? "greet" : "part", jid);
}

static gw_seat_sfu *line_to(const char *kind, const char *address) {
  return gw_seat_sfu_new(&(gw_seat_sfu_params){.kind = kind,
                                               .address = address,
                                               .room = "room@muc.x",
                                               .nick = "phone",
                                               .in_room = TRUE,
                                               .feed = on_feed,
                                               .say = on_say,
                                               .greet = on_greet});
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
  gw_seat_sfu *s = line_to("socket.io", "ws://h");
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

/* --- by Jingle: the whole way of the words, with news told from the loop only */

static void turn(void) {
  while (g_main_context_iteration(NULL, FALSE)) continue;
}

static gboolean word(gw_seat_sfu *s, gw_jingle_action action, const char *from, const char *sid) {
  g_autoptr(gw_word) w = gw_word_new_jingle(action, "phone@gw/1", sid, sid[0] == 'm');
  w->from = g_strdup(from);
  if (action <= GW_JINGLE_SESSION_ACCEPT) w->u.jingle.desc = offer();
  w->u.jingle.focus = TRUE;
  if (action == GW_JINGLE_SESSION_INITIATE) w->u.jingle.users = g_strsplit("bob@x", ",", 0);
  return gw_seat_sfu_word(s, w);
}

static void jingle_ask(gw_seat_sfu *s, gw_fl_sfu_ask what, const char *sid, gw_desc *desc) {
  gw_seat_sfu_ask(s, &(gw_action){.type = GW_ACT_SFU, .ask = what, .sid = (char *)sid, .desc = desc});
}

static void test_jingle(void) {
  static const struct {
    const char *kind, *address, *jid, *first, *last;
  } rows[] = {{"xep-0521", "talks.x", "room@talks.x", "", ""},
              {"tigase-meet", "m1@meet.x", "m1@meet.x", "greet m1@meet.x\n", "part m1@meet.x\n"},
              {"tigase-meet", "muc.x", "room@muc.x", "", ""}};
  g_autoptr(gw_desc) d = offer();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *jid = rows[i].jid;
    gw_seat_sfu *s = line_to(rows[i].kind, rows[i].address);
    g_autofree char *begun = g_strdup_printf("%ssession-initiate %s mine\n", rows[i].first, jid);
    g_autofree char *left = g_strdup_printf("session-accept %s s1\nsession-terminate %s s1\n"
                                            "session-terminate %s mine\n%s", jid, jid, jid, rows[i].last);
    g_assert_false(word(s, GW_JINGLE_SESSION_INITIATE, jid, "s0")); /* in no call */
    jingle_ask(s, GW_SFU_ASK_JOIN, NULL, NULL);
    expect(told, "");
    turn();
    expect(told, "joined -\n");
    jingle_ask(s, GW_SFU_ASK_STREAM, "mine", d);
    expect(asked, begun);
    g_assert_false(word(s, GW_JINGLE_SESSION_INITIATE, "eve@x/1", "s1"));
    g_assert_true(word(s, GW_JINGLE_SESSION_ACCEPT, jid, "mine"));
    g_assert_true(word(s, GW_JINGLE_SESSION_INITIATE, jid, "s1"));
    expect(told, "");
    turn();
    expect(told, "answer - codecs=1 candidates=1\noffer - codecs=1 candidates=1\n");
    jingle_ask(s, GW_SFU_ASK_ANSWER, "s1", d);
    jingle_ask(s, GW_SFU_ASK_LEAVE, NULL, NULL);
    expect(asked, left);
    gw_seat_sfu_free(s);
    turn();
    expect(told, "");
  }
}

static void test_unserved(void) {
  static const char *const urls[] = {NULL, ""};
  for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
    gw_seat_sfu *s = line_to(i ? "xep-0521" : "socket.io", urls[i]);
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
  g_test_add_func("/bridge/seat-sfu/jingle", test_jingle);
  int rc = g_test_run();
  g_string_free(asked, TRUE);
  g_string_free(told, TRUE);
  return rc;
}
