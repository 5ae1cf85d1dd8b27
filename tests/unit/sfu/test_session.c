/* One participant at one service: whole dialogues as tables of what comes in and what goes out. */
#include <string.h>
#include "base/limits.h"
#include "gateway/sfu/session.h"

#define OPEN                                                                                       \
  "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":"   \
  "1000000}"
#define JOIN "420[\"join\",{\"roomId\":\"r\",\"name\":\"me\"}]"
#define LEAVE "42[\"leave\",{\"room\":\"r\",\"name\":\"me\"}]"

typedef struct {
  gw_sfu_session *s;
  gint64 now;
  GString *log;
} bench;

static void note(bench *b, const gw_sfu_out *o) {
  static const char *const words[] = {"connect", "send ",  "close", "joined ", "answer ",
                                      "remote ", "comes ", "goes ", "down ",   "failed "};
  g_autofree char *names = o->names ? g_strjoinv(",", o->names) : g_strdup("");
  g_string_append_printf(b->log, "%s%s%s%s%s%s%s\n", words[o->type], o->name ? o->name : "",
                         o->name && o->text ? "=" : "", o->text ? o->text : "", names,
                         o->cause ? " cause=" : "", o->cause ? gw_cause_word(o->cause) : "");
}

static void step(bench *b, const gw_sfu_ev *ev) {
  g_autoptr(GArray) outs = gw_sfu_outs_new();
  gw_sfu_session_step(b->s, ev, b->now, outs);
  for (guint i = 0; i < outs->len; i++)
    note(b, &g_array_index(outs, gw_sfu_out, i));
  g_assert_cmpint(gw_sfu_session_deadline(b->s), >, b->now);
}

static void ev(bench *b, gw_sfu_ev_type type, const char *text) {
  step(b, &(gw_sfu_ev){.type = type, .text = text});
}

static void ask(bench *b, const char *src, const char *sdp) {
  step(b, &(gw_sfu_ev){.type = GW_SFU_EV_REQUEST, .src = src, .text = sdp});
}

static void after(bench *b, gint64 us) {
  const gint64 end = b->now + us;
  for (guint turns = 0; gw_sfu_session_deadline(b->s) <= end; turns++) {
    g_assert_cmpuint(turns, <, 1000);
    b->now = gw_sfu_session_deadline(b->s);
    ev(b, GW_SFU_EV_TICK, NULL);
  }
  b->now = end;
}

#define expect(b, want) expect_at(b, want, __LINE__)
static void expect_at(bench *b, const char *want, int line) {
  if (strcmp(b->log->str, want)) g_error("line %d: got\n%s--- want\n%s", line, b->log->str, want);
  g_string_truncate(b->log, 0);
}

static void begin(bench *b) {
  *b = (bench){gw_sfu_session_new("r", "me"), GW_SEC(50), g_string_new(NULL)};
  ev(b, GW_SFU_EV_START, NULL);
  expect(b, "connect\n");
}

static void enter(bench *b, const char *join_ack) {
  ev(b, GW_SFU_EV_OPENED, NULL);
  ev(b, GW_SFU_EV_TEXT, OPEN);
  ev(b, GW_SFU_EV_TEXT, "40{\"sid\":\"t\"}");
  if (join_ack) ev(b, GW_SFU_EV_TEXT, join_ack);
}

static void inside(bench *b) {
  begin(b);
  enter(b, "430[[\"al\",\"bo\"]]");
  expect(b, "send 40\nsend " JOIN "\njoined al,bo\n");
}

static void end(bench *b) {
  expect(b, "");
  gw_sfu_session_free(b->s);
  g_string_free(b->log, TRUE);
}

static void test_whole(void) {
  bench b;
  inside(&b);
  ask(&b, "me", "OFFER");
  expect(&b, "send "
             "421[\"requestStream\",{\"roomId\":\"r\",\"name\":\"me\",\"src\":\"me\",\"offer\":"
             "\"OFFER\"}]\n");
  step(&b,
       &(gw_sfu_ev){.type = GW_SFU_EV_CANDIDATE, .src = "me", .text = "candidate:1", .mid = "0"});
  expect(&b, "send "
             "42[\"iceCandidate\",{\"name\":\"me\",\"candidate\":{\"candidate\":\"candidate:1\","
             "\"sdpMid\":\"0\","
             "\"sdpMLineIndex\":0}}]\n");
  ev(&b, GW_SFU_EV_TEXT, "431[\"ANSWER\"]");
  ev(&b, GW_SFU_EV_TEXT,
     "42[\"iceCandidate\",{\"roomId\":\"r\",\"peerId\":\"me\",\"candidate\":{\"candidate\":"
     "\"candidate:9\"}}]");
  ev(&b, GW_SFU_EV_TEXT, "42[\"joined\",{\"roomId\":\"r\",\"name\":\"ca\"}]");
  ev(&b, GW_SFU_EV_TEXT, "42[\"left\",{\"room\":\"r\",\"name\":\"al\"}]");
  expect(&b, "answer me=ANSWER\nremote me=candidate:9\ncomes ca\ngoes al\n");
  ev(&b, GW_SFU_EV_LEAVE, NULL);
  expect(&b, "send " LEAVE "\nclose\n");
  ev(&b, GW_SFU_EV_TEXT, "42[\"joined\",{\"roomId\":\"r\",\"name\":\"da\"}]");
  ev(&b, GW_SFU_EV_CLOSED, "eof");
  after(&b, GW_SEC(300));
  end(&b);
}

static void test_pings(void) {
  bench b;
  inside(&b);
  for (int i = 0; i < 5; i++) {
    after(&b, GW_SEC(25));
    ev(&b, GW_SFU_EV_TEXT, "2");
    expect(&b, "send 3\n");
  }
  after(&b, GW_SEC(45) - 1);
  expect(&b, "");
  after(&b, 1);
  expect(&b, "down it says nothing any more\nclose\n");
  after(&b, GW_SEC(1));
  expect(&b, "connect\n");
  end(&b);
}

/* The service leaves questions of strangers without an answer, and refuses with null. */
static void test_unanswered(void) {
  bench b;
  inside(&b);
  ask(&b, "al", "A");
  ask(&b, "bo", "B");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_TEXT, "432[null]");
  expect(&b, "answer bo\n");
  ev(&b, GW_SFU_EV_TEXT, "43777[\"who\"]");
  after(&b, GW_SFU_ANSWER);
  expect(&b, "answer al\n");
  ev(&b, GW_SFU_EV_TEXT, "431[\"LATE\"]");
  expect(&b, "");
  g_assert_cmpuint(gw_sfu_session_ignored(b.s), ==, 2);
  end(&b);
}

/* A name like ours was left behind there, by a daemon that died or a connection that did: our stream is refused, since one
 * of that name was negotiated before (recorded: kurento-rejoin). */
static void test_ghost(void) {
  bench b;
  inside(&b);
  ask(&b, "me", "O");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_TEXT, "431[null]");
  expect(&b, "send " LEAVE "\nsend 422[\"join\",{\"roomId\":\"r\",\"name\":\"me\"}]\n");
  ev(&b, GW_SFU_EV_TEXT, "432[[\"al\",\"bo\"]]");
  expect(&b, "joined al,bo\n");
  ask(&b, "me", "O");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_TEXT, "433[null]"); /* once is enough: now it is no ghost */
  expect(&b, "answer me\n");
  ask(&b, "al", "O");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_TEXT, "434[null]");
  expect(&b, "answer al\n");
  end(&b);
}

static void test_never_there(void) {
  bench b;
  begin(&b);
  for (int i = 0; i < 3; i++) { /* after 1, 2 and 4 s; the next would be too late */
    ev(&b, GW_SFU_EV_CLOSED, "refused");
    expect(&b, "close\n");
    after(&b, GW_SEC(1 << i));
    expect(&b, "connect\n");
  }
  ev(&b, GW_SFU_EV_CLOSED, "refused");
  expect(&b, "close\nfailed refused cause=sfu-down\n");
  after(&b, GW_SEC(100));
  end(&b);
}

/* Takes the connection and says nothing: at each step. */
static void test_mute(void) {
  for (int stage = 0; stage < 4; stage++) {
    bench b;
    begin(&b);
    if (stage > 0) ev(&b, GW_SFU_EV_OPENED, NULL);
    if (stage > 1) ev(&b, GW_SFU_EV_TEXT, OPEN);
    if (stage > 2) ev(&b, GW_SFU_EV_TEXT, "40");
    g_string_truncate(b.log, 0);
    after(&b, GW_SFU_CONNECT);
    expect(&b, "close\n");
    after(&b, GW_SEC(1));
    expect(&b, "connect\n");
    after(&b, GW_SFU_FIRST);
    expect(&b, "close\nfailed it does not let us join in time cause=sfu-down\n");
    end(&b);
  }
}

static void test_refused(void) {
  static const char *const acks[] = {"430[false]", "430[null]", "430[]", "430rubbish"};
  for (guint i = 0; i < G_N_ELEMENTS(acks); i++) {
    bench b;
    begin(&b);
    enter(&b, acks[i]);
    expect(&b, "send 40\nsend " JOIN "\nclose\nfailed it does not let us join cause=forbidden\n");
    end(&b);
  }
}

static void test_namespace_refused(void) {
  bench b;
  begin(&b);
  ev(&b, GW_SFU_EV_OPENED, NULL);
  ev(&b, GW_SFU_EV_TEXT, OPEN);
  ev(&b, GW_SFU_EV_TEXT, "44{\"message\":\"no\"}");
  expect(&b, "send 40\nclose\n");
  end(&b);
}

/* A lost connection: the service still lists us, so leave comes before join, and ids start anew. */
static void test_back(void) {
  bench b;
  inside(&b);
  ask(&b, "me", "OFFER");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_CLOSED, "eof");
  expect(&b, "down eof\nclose\n");
  ask(&b, "al", "OFFER");
  expect(&b, "answer al\n"); /* nobody is asked now */
  after(&b, GW_SEC(1));
  expect(&b, "connect\n");
  enter(&b, "430[[\"al\",\"me\"]]");
  expect(&b, "send 40\nsend " LEAVE "\nsend " JOIN "\njoined al,me\n");
  after(&b, GW_SFU_ANSWER);
  expect(&b, ""); /* the question of the old connection is forgotten */
  end(&b);
}

static void test_back_too_late(void) {
  bench b;
  guint tries = 0;
  inside(&b);
  ev(&b, GW_SFU_EV_CLOSED, "eof");
  g_string_truncate(b.log, 0);
  const gint64 lost = b.now;
  while (tries < 20 && !strstr(b.log->str, "failed")) {
    after(&b, gw_sfu_session_deadline(b.s) - b.now);
    if (!strcmp(b.log->str, "connect\n")) {
      tries++;
      g_string_truncate(b.log, 0);
      ev(&b, GW_SFU_EV_CLOSED, "refused");
      if (!strstr(b.log->str, "failed")) expect(&b, "close\n");
    }
  }
  expect(&b, "close\nfailed refused cause=sfu-down\n");
  g_assert_cmpuint(tries, ==, 6); /* after 1, 3, 7, 15, 31, 47 s */
  g_assert_cmpint(b.now - lost, <, GW_SFU_AGAIN);
  end(&b);
}

static void test_rejoin(void) {
  bench b;
  inside(&b);
  ask(&b, "me", "OFFER");
  g_string_truncate(b.log, 0);
  ev(&b, GW_SFU_EV_REJOIN, NULL);
  expect(&b, "send " LEAVE "\nsend 422[\"join\",{\"roomId\":\"r\",\"name\":\"me\"}]\n");
  ev(&b, GW_SFU_EV_TEXT, "431[\"OLD\"]");
  ev(&b, GW_SFU_EV_TEXT, "432[[]]");
  expect(&b, "joined \n");
  end(&b);
}

/* What is not for us, and what is no frame at all. */
/* A join that was not answered may have been heard: leave and join, and leave when it is given up. */
static void test_join_unanswered(void) {
  bench b;
  begin(&b);
  enter(&b, NULL);
  expect(&b, "send 40\nsend " JOIN "\n");
  ev(&b, GW_SFU_EV_CLOSED, "eof");
  after(&b, GW_SEC(1));
  expect(&b, "close\nconnect\n");
  enter(&b, NULL);
  expect(&b, "send 40\nsend " LEAVE "\nsend " JOIN "\n");
  after(&b, GW_SFU_FIRST);
  expect(&b, "close\nconnect\nclose\nfailed it does not let us join in time cause=sfu-down\n");
  end(&b);
  begin(&b);
  after(&b, GW_SEC(4));
  enter(&b, NULL); /* late: the time for all of it ends while the answer is waited for */
  g_string_truncate(b.log, 0);
  after(&b, GW_SFU_FIRST);
  expect(&b, "send " LEAVE "\nclose\nfailed no answer to join in time cause=sfu-down\n");
  end(&b);
}

static void test_noise(void) {
  static const char *const noise[] = {"",
                                      "9",
                                      "HTTP/1.1 400 Bad Request",
                                      "42[\"joined\",{\"roomId\":\"other\",\"name\":\"x\"}]",
                                      "42[]",
                                      "42[\"joined\"]",
                                      "5",
                                      "6",
                                      "3",
                                      "42[\"left\",{\"room\":7,\"name\":7}]",
                                      "42/x,[\"joined\",{\"name\":\"x\"}]",
                                      "451-[{}]",
                                      "43[]",
                                      "42\xff",
                                      "42[\"iceCandidate\",{\"roomId\":\"r\"}]",
                                      OPEN,
                                      "40{}"};
  bench b;
  inside(&b);
  for (guint i = 0; i < G_N_ELEMENTS(noise); i++)
    ev(&b, GW_SFU_EV_TEXT, noise[i]);
  ev(&b, GW_SFU_EV_TEXT, "42[\"joined\",{\"roomId\":\"r\",\"name\":\"me\"}]"); /* ourselves */
  ev(&b, GW_SFU_EV_TEXT,
     "42[\"iceCandidate\",{\"peerId\":\"al\",\"candidate\":{\"candidate\":\"\"}}]"); /* no more */
  expect(&b, "");
  end(&b);
}

static void test_bounds(void) {
  bench b;
  g_autofree char *huge = g_strnfill(GW_MAX_SFU_FRAME, 'x');
  inside(&b);
  ask(&b, "al", huge);
  expect(&b, "answer al\n"); /* the service would cut the connection */
  for (guint i = 0; i < GW_MAX_SFU_ASKED; i++)
    ask(&b, "al", "OFFER");
  g_string_truncate(b.log, 0);
  ask(&b, "bo", "OFFER");
  expect(&b, "answer bo\n");
  end(&b);
}

static void test_leave_early(void) {
  bench b;
  begin(&b);
  ev(&b, GW_SFU_EV_LEAVE, NULL);
  expect(&b, "close\n");
  end(&b);
  begin(&b);
  ev(&b, GW_SFU_EV_CLOSED, "refused");
  ev(&b, GW_SFU_EV_LEAVE, NULL);
  expect(&b, "close\n");
  after(&b, GW_SEC(100));
  end(&b);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sfu/session/whole", test_whole);
  g_test_add_func("/sfu/session/pings", test_pings);
  g_test_add_func("/sfu/session/unanswered", test_unanswered);
  g_test_add_func("/sfu/session/ghost", test_ghost);
  g_test_add_func("/sfu/session/never-there", test_never_there);
  g_test_add_func("/sfu/session/mute", test_mute);
  g_test_add_func("/sfu/session/refused", test_refused);
  g_test_add_func("/sfu/session/namespace-refused", test_namespace_refused);
  g_test_add_func("/sfu/session/back", test_back);
  g_test_add_func("/sfu/session/back-too-late", test_back_too_late);
  g_test_add_func("/sfu/session/rejoin", test_rejoin);
  g_test_add_func("/sfu/session/join-unanswered", test_join_unanswered);
  g_test_add_func("/sfu/session/noise", test_noise);
  g_test_add_func("/sfu/session/bounds", test_bounds);
  g_test_add_func("/sfu/session/leave-early", test_leave_early);
  return g_test_run();
}
