#include "gateway/bridge/call_machine.h"

typedef struct {
  gw_call_machine m;
  gint64 now;
  gw_ca got[GW_CA_MAX];
  guint n;
} world;

static void start(world *w) {
  *w = (world){.now = 1000};
  gw_call_machine_init(&w->m, 1800);
}

static void put(world *w, gw_ce e) {
  w->n = gw_call_machine_step(&w->m, &e, w->now, w->got);
}

static void put_type(world *w, gw_ce_type type) {
  put(w, (gw_ce){.type = type});
}

static void expect(const world *w, guint n, const gw_ca_type *types) {
  g_assert_cmpuint(w->n, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint(w->got[i].type, ==, types[i]);
}
#define EXPECT(w, ...)                                                                             \
  do {                                                                                             \
    const gw_ca_type types[] = {__VA_ARGS__};                                                      \
    expect(w, G_N_ELEMENTS(types), types);                                                         \
  } while (0)

static void flavour(world *w, gw_fl_call_state s, gw_cause cause) {
  put(w, (gw_ce){.type = GW_CE_FLAVOUR, .flavour = s, .cause = cause});
}

static void answered_call(world *w) {
  start(w);
  put_type(w, GW_CE_INVITE);
  put_type(w, GW_CE_LEG_READY);
  put_type(w, GW_CE_JOINED);
}

static void test_incoming(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_INVITE);
  EXPECT(&w, GW_CA_RINGING, GW_CA_MAKE_LEG, GW_CA_JOIN);
  put_type(&w, GW_CE_JOINED);
  g_assert_cmpuint(w.n, ==, 0); /* no answer before our media is there */
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_ANSWER, GW_CA_FLAVOUR_START);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "waiting");
  flavour(&w, GW_CALL_CONNECTING, GW_CAUSE_NONE);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "connecting");
  flavour(&w, GW_CALL_TALKING, GW_CAUSE_NONE);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "talking");
  put(&w, (gw_ce){.type = GW_CE_SIP_ENDED, .cause = GW_CAUSE_NORMAL});
  EXPECT(&w, GW_CA_FLAVOUR_STOP);
  flavour(&w, GW_CALL_ENDED, GW_CAUSE_NORMAL);
  EXPECT(&w, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, GW_NEVER);
  put_type(&w, GW_CE_HANGUP);
  g_assert_cmpuint(w.n, ==, 0); /* gone is gone */
}

static void test_join_refused(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_INVITE);
  put_type(&w, GW_CE_LEG_READY);
  put(&w, (gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_cmpint(w.got[0].cause, ==, GW_CAUSE_FORBIDDEN);
}

static void test_join_never_ends(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_INVITE);
  w.now = gw_call_machine_deadline(&w.m) - 1;
  put_type(&w, GW_CE_TICK);
  g_assert_cmpuint(w.n, ==, 0);
  w.now++;
  put_type(&w, GW_CE_TICK);
  g_assert_cmpint(w.got[0].type, ==, GW_CA_SIP_HANGUP);
  g_assert_cmpint(w.got[0].cause, ==, GW_CAUSE_TIMEOUT);
}

static void test_cancelled(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_INVITE);
  put(&w, (gw_ce){.type = GW_CE_SIP_ENDED, .cause = GW_CAUSE_CANCELLED});
  EXPECT(&w, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD,
         GW_CA_GONE); /* nobody is left to hang up on */
  g_assert_cmpint(w.m.cause, ==, GW_CAUSE_CANCELLED);
}

static void test_outgoing(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_RING);
  EXPECT(&w, GW_CA_MAKE_LEG);
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_DIAL);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "ringing");
  put_type(&w, GW_CE_SIP_ANSWERED);
  EXPECT(&w, GW_CA_JOIN);
  put_type(&w, GW_CE_JOINED);
  EXPECT(&w, GW_CA_MOVE); /* until now it was by itself, though it had been picked up */
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_FLAVOUR_START); /* no 200: it came from the phone */
}

static void test_next_trunk(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_RING);
  gint64 limit = gw_call_machine_deadline(&w.m);
  put_type(&w, GW_CE_LEG_READY);
  for (guint i = 0; i < 3; i++) {
    w.now += GW_SEC(4);
    put_type(&w, GW_CE_NEXT_TRUNK);
    EXPECT(&w, GW_CA_RENEW_LEG);
    g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, limit); /* of all tries together */
    put_type(&w, GW_CE_LEG_READY);
    EXPECT(&w, GW_CA_DIAL);
  }
  put_type(&w, GW_CE_SIP_ANSWERED);
  EXPECT(&w, GW_CA_JOIN);
  put_type(&w, GW_CE_NEXT_TRUNK); /* too late */
  g_assert_cmpuint(w.n, ==, 0);
  put(&w, (gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NORMAL});
  put_type(&w, GW_CE_NEXT_TRUNK);
  g_assert_cmpuint(w.n, ==, 0);
}

static void test_ring_limit(void) {
  world w;
  start(&w);
  put_type(&w, GW_CE_RING);
  put_type(&w, GW_CE_LEG_READY);
  w.now += GW_RING_LIMIT_US;
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
}

/* Dialled by the operator or invited: the owner says how long. */
static void test_own_ring_limit(void) {
  static const struct {
    gw_cause end;
    gint64 after;
  } rows[] = {
      {GW_CAUSE_BUSY, 1}, {GW_CAUSE_REJECTED, 44}, {GW_CAUSE_NOT_FOUND, 0}, {GW_CAUSE_TIMEOUT, 45}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    w.m.ring_limit_us = GW_SEC(45);
    put_type(&w, GW_CE_RING);
    g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, w.now + GW_SEC(45));
    put_type(&w, GW_CE_LEG_READY);
    w.now += GW_SEC(rows[i].after);
    if (rows[i].end == GW_CAUSE_TIMEOUT) {
      put_type(&w, GW_CE_TICK);
      EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
    } else {
      put_type(&w, GW_CE_TICK);
      g_assert_cmpuint(w.n, ==, 0);
      put(&w, (gw_ce){.type = GW_CE_SIP_ENDED, .cause = rows[i].end});
      EXPECT(&w, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
    }
    g_assert_cmpint(w.m.cause, ==, rows[i].end);
    g_assert_false(w.m.sip_up || w.m.joined);
  }
}

/* Picked up while the ring limit runs out: the call is the phone's, and the join has its own limit. */
static void test_picked_up_in_time(void) {
  world w;
  start(&w);
  w.m.ring_limit_us = GW_SEC(10);
  put_type(&w, GW_CE_RING);
  put_type(&w, GW_CE_LEG_READY);
  w.now += GW_SEC(10);
  put_type(&w, GW_CE_SIP_ANSWERED);
  EXPECT(&w, GW_CA_JOIN);
  put_type(&w, GW_CE_TICK);
  g_assert_cmpuint(w.n, ==, 0);
  put(&w, (gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_true(w.m.sip_up && !w.m.joined);
}

static void test_flavour_ends(void) {
  world w;
  answered_call(&w);
  flavour(&w, GW_CALL_ENDED, GW_CAUSE_NO_MEDIA);
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_cmpint(w.got[0].cause, ==, GW_CAUSE_NO_MEDIA);
}

static void test_closing_has_a_limit(void) {
  world w;
  answered_call(&w);
  put(&w, (gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_SHUTDOWN});
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_FLAVOUR_STOP);
  put_type(&w, GW_CE_HANGUP);
  g_assert_cmpuint(w.n, ==, 0);
  put(&w, (gw_ce){.type = GW_CE_SIP_ENDED, .cause = GW_CAUSE_NORMAL});
  g_assert_cmpuint(w.n, ==, 0);
  w.now += GW_CLOSE_LIMIT_US;
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_cmpint(w.m.cause, ==, GW_CAUSE_SHUTDOWN);
}

static void test_stream(void) {
  world w;
  answered_call(&w);
  put_type(&w, GW_CE_STREAM_DOWN);
  gint64 limit = w.now + GW_STREAM_GRACE_US;
  w.now += GW_SEC(10);
  put_type(&w, GW_CE_STREAM_DOWN); /* a second loss does not buy more time */
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, limit);
  put_type(&w, GW_CE_STREAM_UP);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, GW_NEVER);
  put_type(&w, GW_CE_STREAM_DOWN);
  w.now = gw_call_machine_deadline(&w.m);
  put_type(&w, GW_CE_TICK);
  g_assert_cmpint(w.got[0].cause, ==, GW_CAUSE_XMPP_DOWN);
}

static void test_alone(void) {
  world w;
  answered_call(&w);
  flavour(&w, GW_CALL_WAITING, GW_CAUSE_NONE);
  gint64 limit = gw_call_machine_deadline(&w.m);
  g_assert_cmpint(limit, ==, w.now + GW_SEC(1800));
  flavour(&w, GW_CALL_CONNECTING, GW_CAUSE_NONE);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, GW_NEVER);
  flavour(&w, GW_CALL_WAITING, GW_CAUSE_NONE);
  w.now = gw_call_machine_deadline(&w.m);
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_FLAVOUR_STOP);
  start(&w);
  gw_call_machine_init(&w.m, 0);
  put_type(&w, GW_CE_INVITE);
  put_type(&w, GW_CE_LEG_READY);
  put_type(&w, GW_CE_JOINED);
  flavour(&w, GW_CALL_WAITING, GW_CAUSE_NONE);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, GW_NEVER);
}

/* Any events in any order: the call ends in GONE exactly once, closes media once, and never acts
 * after it. */
static void test_any_order(void) {
  for (guint32 seed = 0; seed < 20000; seed++) {
    g_autoptr(GRand) r = g_rand_new_with_seed(seed);
    world w;
    guint gone = 0, closed = 0, starts = 0, answers = 0, hangups = 0, joins = 0;
    start(&w);
    w.m.speaks = (seed & 2) != 0;
    w.m.direct = (seed & 8) != 0;
    put(&w, (gw_ce){.type = seed & 1 ? GW_CE_RING : GW_CE_INVITE, .asks = (seed & 4) != 0});
    for (guint k = 0; k < w.n; k++)
      joins += w.got[k].type == GW_CA_JOIN;
    for (guint i = 0; i < 60; i++) {
      gw_ce e = {.type = (gw_ce_type)g_rand_int_range(r, GW_CE_LEG_READY, GW_CE_TICK + 1)};
      e.flavour = (gw_fl_call_state)g_rand_int_range(r, 0, GW_CALL_ENDED + 1);
      w.now += g_rand_int_range(r, 0, 10000000);
      put(&w, i < 59 ? e : (gw_ce){.type = GW_CE_HANGUP});
      if (i == 59) {
        for (gint64 at;
             w.m.state != GW_CS_GONE && (at = gw_call_machine_deadline(&w.m)) != GW_NEVER;) {
          w.now = MAX(w.now, at);
          put_type(&w, GW_CE_TICK);
          for (guint k = 0; k < w.n; k++) {
            gone += w.got[k].type == GW_CA_GONE;
            closed += w.got[k].type == GW_CA_CLOSE_MEDIA;
            hangups += w.got[k].type == GW_CA_SIP_HANGUP;
          }
        }
        w.n = 0;
      }
      for (guint k = 0; k < w.n; k++) {
        g_assert_cmpuint(gone, ==, 0);
        gone += w.got[k].type == GW_CA_GONE;
        closed += w.got[k].type == GW_CA_CLOSE_MEDIA;
        starts += w.got[k].type == GW_CA_FLAVOUR_START;
        answers += w.got[k].type == GW_CA_ANSWER;
        hangups += w.got[k].type == GW_CA_SIP_HANGUP;
        joins += w.got[k].type == GW_CA_JOIN;
        if (w.got[k].type == GW_CA_FLAVOUR_START || w.got[k].type == GW_CA_FLAVOUR_STOP)
          g_assert_cmpuint(joins, ==, 1); /* there is a seat that can do it */
      }
    }
    g_assert_cmpuint(starts, <=, 1);
    g_assert_cmpuint(answers, <=, 1);
    g_assert_cmpuint(hangups, <=, 1);
    g_assert_cmpuint(gone, ==, 1);
    g_assert_cmpuint(closed, ==, 1);
    g_assert_true(w.m.sip_gone || hangups == 1);
    g_assert_cmpint(w.m.state, ==, GW_CS_GONE);
  }
}

static void menu_call(world *w) {
  start(w);
  w->m.speaks = TRUE;
  put(w, (gw_ce){.type = GW_CE_INVITE, .asks = TRUE});
}

static void test_menu(void) {
  world w;
  menu_call(&w);
  EXPECT(&w, GW_CA_RINGING, GW_CA_MAKE_LEG); /* nobody joins before the PIN is right */
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "menu");
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_ANSWER, GW_CA_ASK);
  put_type(&w, GW_CE_ADMITTED);
  EXPECT(&w, GW_CA_JOIN);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "joining");
  w.now += GW_ADMITTED_PATIENCE_US; /* the room takes its time */
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_WAIT);
  put_type(&w, GW_CE_JOINED);
  EXPECT(&w, GW_CA_MOVE); /* not before the room has let us in */
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_FLAVOUR_START);
  menu_call(&w); /* the usual case: the room is quick, and nothing is said */
  put_type(&w, GW_CE_LEG_READY);
  put_type(&w, GW_CE_ADMITTED);
  put_type(&w, GW_CE_JOINED);
  EXPECT(&w, GW_CA_MOVE);
  w.now += GW_ADMITTED_PATIENCE_US;
  put_type(&w, GW_CE_TICK);
  g_assert_cmpuint(w.n, ==, 0);
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_FLAVOUR_START);
}

/* A call to one person has its session in the leg's room from the join on: the leg leaves its lobby before it. */
static void test_direct_from_lobby(void) {
  for (guint dialled = 0; dialled < 2; dialled++) {
    world w;
    start(&w);
    w.m.speaks = w.m.direct = TRUE;
    put(&w, (gw_ce){.type = dialled ? GW_CE_RING : GW_CE_INVITE, .asks = !dialled});
    put_type(&w, GW_CE_LEG_READY);
    put_type(&w, dialled ? GW_CE_SIP_ANSWERED : GW_CE_ADMITTED);
    EXPECT(&w, GW_CA_MOVE);
    g_assert_false(w.m.flavour_started); /* there is none to be stopped yet */
    put_type(&w, GW_CE_LEG_READY);
    EXPECT(&w, GW_CA_JOIN);
    g_assert_true(w.m.flavour_started);
    put_type(&w, GW_CE_JOINED); /* the person has taken it */
    EXPECT(&w, GW_CA_FLAVOUR_START);
  }
}

static void test_admitted_once(void) {
  world w;
  answered_call(&w);
  put_type(&w, GW_CE_ADMITTED);
  g_assert_cmpuint(w.n, ==, 0);
}

/* A refusal after the answer is spoken, and the phone is kept until it is. */
static void test_spoken(void) {
  world w;
  menu_call(&w);
  put_type(&w, GW_CE_LEG_READY);
  put(&w, (gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_AUTH});
  EXPECT(&w, GW_CA_SAY, GW_CA_LEAVE);
  g_assert_cmpstr(gw_call_state_word(w.m.state), ==, "closing");
  put_type(&w, GW_CE_SPOKEN);
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
  g_assert_cmpint(w.got[0].cause, ==, GW_CAUSE_AUTH);
}

static void test_spoken_limit(void) {
  world w;
  menu_call(&w);
  put_type(&w, GW_CE_LEG_READY);
  put_type(&w, GW_CE_HANGUP);
  w.now += GW_SPOKEN_LIMIT_US;
  g_assert_cmpint(gw_call_machine_deadline(&w.m), <=, w.now);
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_SIP_HANGUP, GW_CA_LEAVE, GW_CA_CLOSE_MEDIA, GW_CA_RECORD, GW_CA_GONE);
}

/* In the room: it is left at once, while the caller still listens; who hangs up hears no more. */
static void test_spoken_in_the_room(void) {
  for (guint hung_up = 0; hung_up < 2; hung_up++) {
    world w;
    answered_call(&w);
    w.m.speaks = TRUE;
    put(&w, (gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NORMAL});
    EXPECT(&w, GW_CA_SAY, GW_CA_FLAVOUR_STOP);
    flavour(&w, GW_CALL_ENDED, GW_CAUSE_NORMAL);
    EXPECT(&w, GW_CA_LEAVE);
    put_type(&w, hung_up ? GW_CE_SIP_ENDED : GW_CE_SPOKEN);
    g_assert_cmpuint(w.n, ==, hung_up ? 4 : 5);
    g_assert_cmpint(w.got[w.n - 1].type, ==, GW_CA_GONE);
  }
}

/* The flavour that never ends does not cut the last word. */
static void test_closing_limit_while_speaking(void) {
  world w;
  answered_call(&w);
  w.m.speaks = TRUE;
  put_type(&w, GW_CE_HANGUP);
  w.now += GW_CLOSE_LIMIT_US;
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_LEAVE);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), >, w.now);
  put_type(&w, GW_CE_SPOKEN);
  g_assert_cmpint(w.m.state, ==, GW_CS_GONE);
}

/* A join that takes longer than 2 s is answered and explained, in a lobby: nobody hears the room before it has let him in,
 * nor is heard there. Refused then, the reason is spoken. */
static void test_patience(void) {
  world w;
  start(&w);
  w.m.speaks = TRUE;
  put_type(&w, GW_CE_INVITE);
  put_type(&w, GW_CE_LEG_READY);
  g_assert_cmpint(gw_call_machine_deadline(&w.m), ==, w.now + GW_PATIENCE_US);
  w.now += GW_PATIENCE_US;
  put_type(&w, GW_CE_TICK);
  EXPECT(&w, GW_CA_RETREAT);
  gw_call_machine retreating = w.m;
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_ANSWER, GW_CA_WAIT);
  gw_call_machine answered = w.m;
  put_type(&w, GW_CE_JOINED);
  EXPECT(&w, GW_CA_MOVE);
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_FLAVOUR_START);
  w.m = retreating; /* the room answers at that very moment: straight back */
  put_type(&w, GW_CE_JOINED);
  g_assert_cmpuint(w.n, ==, 0);
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_MOVE);
  put_type(&w, GW_CE_LEG_READY);
  EXPECT(&w, GW_CA_ANSWER, GW_CA_FLAVOUR_START);
  w.m = answered;
  put(&w, (gw_ce){.type = GW_CE_JOIN_FAILED, .cause = GW_CAUSE_FORBIDDEN});
  EXPECT(&w, GW_CA_SAY, GW_CA_LEAVE);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/call/incoming", test_incoming);
  g_test_add_func("/call/join-refused", test_join_refused);
  g_test_add_func("/call/next-trunk", test_next_trunk);
  g_test_add_func("/call/join-never-ends", test_join_never_ends);
  g_test_add_func("/call/cancelled", test_cancelled);
  g_test_add_func("/call/outgoing", test_outgoing);
  g_test_add_func("/call/ring-limit", test_ring_limit);
  g_test_add_func("/call/own-ring-limit", test_own_ring_limit);
  g_test_add_func("/call/picked-up-in-time", test_picked_up_in_time);
  g_test_add_func("/call/flavour-ends", test_flavour_ends);
  g_test_add_func("/call/closing-limit", test_closing_has_a_limit);
  g_test_add_func("/call/stream", test_stream);
  g_test_add_func("/call/alone", test_alone);
  g_test_add_func("/call/menu", test_menu);
  g_test_add_func("/call/direct-from-lobby", test_direct_from_lobby);
  g_test_add_func("/call/admitted-once", test_admitted_once);
  g_test_add_func("/call/spoken", test_spoken);
  g_test_add_func("/call/spoken-limit", test_spoken_limit);
  g_test_add_func("/call/spoken-in-the-room", test_spoken_in_the_room);
  g_test_add_func("/call/closing-limit-while-speaking", test_closing_limit_while_speaking);
  g_test_add_func("/call/patience", test_patience);
  g_test_add_func("/call/any-order", test_any_order);
  return g_test_run();
}
