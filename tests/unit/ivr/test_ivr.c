/* What a caller hears and what becomes of the keys: a script of keys and moments, and what was done
 * as one line of words. */
#include <string.h>
#include "base/clock.h"
#include "gateway/ivr/ivr.h"

#define PIN "4711"

typedef struct {
  gw_lockout *lockout;
  gw_ivr *m;
  gint64 now;
  GString *did;
} world;

static void note(world *w, const gw_ia *a) {
  static const char *const words[] = {"play", "tone",  "find",   "admit",  "mute",
                                      "hand", "wrong", "locked", "hangup", "stay",   "spoken"};
  g_string_append_printf(w->did, " %s", words[a->type]);
  if (a->type == GW_IA_PLAY) g_string_append_printf(w->did, ":%s", a->prompt ? a->prompt : "-");
  if (a->type == GW_IA_FIND_ROOM) g_string_append_printf(w->did, ":%s", a->digits);
  if (a->type == GW_IA_HAND) g_string_append_printf(w->did, ":%d", a->flag);
  if (a->type == GW_IA_WRONG_PIN) g_string_append_printf(w->did, ":%u", a->tries);
  if (a->type == GW_IA_HANGUP || a->type == GW_IA_STAY) g_string_append_printf(w->did, ":%s", gw_cause_word(a->cause));
}

static void put(world *w, gw_ie e) {
  gw_ia got[GW_IA_MAX];
  guint n = gw_ivr_step(w->m, &e, w->now, got);
  for (guint i = 0; i < n; i++)
    note(w, &got[i]);
}
#define PUT(w, ...) put(w, (gw_ie){__VA_ARGS__})

static void start(world *w) {
  *w = (world){.lockout = gw_lockout_new(), .now = GW_SEC(100), .did = g_string_new(NULL)};
  w->m = gw_ivr_new(w->lockout, "100");
}

static void another_call(world *w) {
  gw_ivr_free(w->m);
  w->m = gw_ivr_new(w->lockout, "100");
}

static void stop(world *w) {
  gw_ivr_free(w->m);
  gw_lockout_free(w->lockout);
  g_string_free(w->did, TRUE);
}

static void keys(world *w, const char *text) {
  for (; *text; text++) {
    w->now += GW_MS(200);
    PUT(w, .type = GW_IE_KEY, .key = *text);
  }
}

/* Time goes on, all deadlines on the way are kept. */
static void pass(world *w, gint64 us) {
  gint64 until = w->now + us;
  for (guint i = 0; i < 100 && gw_ivr_deadline(w->m) <= until; i++) {
    w->now = MAX(w->now, gw_ivr_deadline(w->m));
    PUT(w, .type = GW_IE_TICK);
  }
  g_assert_cmpint(gw_ivr_deadline(w->m), >, until);
  w->now = until;
}

static void played(world *w) {
  w->now += GW_MS(800);
  PUT(w, .type = GW_IE_PLAYED);
}

static void did(world *w, const char *expect) {
  g_assert_cmpstr(w->did->str, ==, expect);
  g_string_truncate(w->did, 0);
}

static void ask_pin(world *w) {
  PUT(w, .type = GW_IE_ASK_PIN, .room = "r@x", .pin = PIN);
}

static void inside(world *w, gboolean music) {
  PUT(w, .type = GW_IE_INSIDE, .flag = music);
}

static void company(world *w, guint in_call, gboolean waiting) {
  PUT(w, .type = GW_IE_COMPANY, .in_call = in_call, .in_room = in_call + 1, .flag = waiting);
}

static void test_right_pin(void) {
  world w;
  start(&w);
  ask_pin(&w);
  did(&w, " play:enter-pin");
  keys(&w, "4711#");
  did(&w, " play:-"); /* the first key silences the question; the verdict has its time */
  pass(&w, GW_MS(599));
  did(&w, "");
  pass(&w, GW_MS(1));
  did(&w, " admit");
  keys(&w, "#12*6");
  did(&w, "");
  stop(&w);
}

/* Whatever was keyed in, the answer takes as long. */
static void test_constant_time(void) {
  static const char *const entries[] = {"4711#", "9#", "4712#", "47111#", "00000000000000000000#"};
  for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
    world w;
    start(&w);
    ask_pin(&w);
    keys(&w, entries[i]);
    g_assert_cmpint(gw_ivr_deadline(w.m), ==, w.now + GW_MS(600));
    stop(&w);
  }
}

static void test_entering(void) {
  static const struct {
    const char *entry;
    gboolean right;
  } rows[] = {{"4711#", TRUE},
              {"99*4711#", TRUE},
              {"#4711#", TRUE},
              {"4A711#", TRUE},
              {"471#", FALSE},
              {"47110#", FALSE},
              {"4710#", FALSE},
              {"5711#", FALSE},
              {"04711#", FALSE},
              {"4711471147114711#", FALSE},
              {"47114711471147114711#", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    ask_pin(&w);
    keys(&w, rows[i].entry);
    pass(&w, GW_SEC(1));
    g_test_message("%s", rows[i].entry);
    g_assert_true(!!strstr(w.did->str, " admit") == rows[i].right);
    g_assert_true(!!strstr(w.did->str, " wrong:1") != rows[i].right);
    stop(&w);
  }
}

static void test_without_hash(void) {
  world w;
  start(&w);
  ask_pin(&w);
  keys(&w, "4711");
  pass(&w, GW_MS(4900));
  g_assert_null(strstr(w.did->str, "admit"));
  pass(&w, GW_SEC(1));
  g_assert_nonnull(strstr(w.did->str, "admit"));
  stop(&w);
}

static void wrong(world *w) {
  keys(w, "0000#");
  pass(w, GW_MS(600));
}

static void test_three_wrong(void) {
  world w;
  start(&w);
  ask_pin(&w);
  wrong(&w);
  did(&w, " play:enter-pin play:- wrong:1 play:wrong-pin");
  played(&w);
  did(&w, " play:enter-pin"); /* asked again after the bad news */
  wrong(&w);
  wrong(&w);
  did(&w, " play:- wrong:2 play:wrong-pin play:- wrong:3 hangup:auth");
  g_assert_cmpint(gw_ivr_deadline(w.m), ==, GW_NEVER);
  keys(&w, "4711#");
  PUT(&w, .type = GW_IE_END, .cause = GW_CAUSE_AUTH);
  did(&w, " play:locked");
  played(&w);
  did(&w, " spoken");
  stop(&w);
}

/* The source is slowed over its calls, then sent away; a right PIN makes it trusted again. */
static void test_slowed(void) {
  world w;
  start(&w);
  gboolean sent_away = FALSE;
  for (guint call = 0; call < 4 && !sent_away; call++) {
    ask_pin(&w);
    for (guint i = 0; i < 3; i++) {
      keys(&w, "0000#");
      sent_away = strstr(w.did->str, "locked") != NULL;
      if (!sent_away) pass(&w, GW_SEC(15));
    }
    another_call(&w);
  }
  g_assert_true(sent_away);
  g_string_truncate(w.did, 0);
  ask_pin(&w);
  did(&w, " locked hangup:auth"); /* not even asked */
  w.now += GW_SEC(301);
  another_call(&w);
  ask_pin(&w);
  keys(&w, "4711#");
  pass(&w, GW_SEC(1));
  did(&w, " play:enter-pin play:- admit");
  g_assert_cmpint(gw_lockout_wait(w.lockout, GW_LOCK_SOURCE, "100", w.now), ==, 0);
  stop(&w);
}

static void test_silence(void) {
  world w;
  start(&w);
  ask_pin(&w);
  played(&w);
  pass(&w, GW_SEC(12));
  played(&w);
  pass(&w, GW_SEC(12));
  played(&w);
  did(&w, " play:enter-pin play:enter-pin play:enter-pin");
  pass(&w, GW_SEC(12));
  did(&w, " hangup:timeout");
  PUT(&w, .type = GW_IE_END, .cause = GW_CAUSE_TIMEOUT);
  did(&w, " play:nothing-entered");
  stop(&w);
}

/* Keys without end: the question ends nevertheless. */
static void test_question_limit(void) {
  world w;
  start(&w);
  ask_pin(&w);
  for (guint i = 0; i < 100 && !strstr(w.did->str, "hangup"); i++) {
    PUT(&w, .type = GW_IE_KEY, .key = i % 2 ? '*' : '1');
    pass(&w, GW_SEC(1));
  }
  g_assert_nonnull(strstr(w.did->str, "hangup:timeout"));
  g_assert_cmpint(w.now, <=, GW_SEC(100 + 91));
  stop(&w);
}

static void test_menu(void) {
  world w;
  start(&w);
  PUT(&w, .type = GW_IE_ASK_ROOM);
  keys(&w, "8000#");
  did(&w, " play:enter-room play:- find:8000");
  PUT(&w, .type = GW_IE_ROOM, .room = "r@x", .pin = PIN);
  did(&w, " play:enter-pin");
  keys(&w, "4711#");
  pass(&w, GW_SEC(1));
  did(&w, " play:- admit");
  stop(&w);
  start(&w); /* a room without PIN; too long a number */
  PUT(&w, .type = GW_IE_ASK_ROOM);
  keys(&w, "11111111111111111111#");
  did(&w, " play:enter-room play:- find:");
  PUT(&w, .type = GW_IE_ROOM, .room = NULL);
  did(&w, " play:no-such-room");
  keys(&w, "8#");
  PUT(&w, .type = GW_IE_ROOM, .room = "r@x", .pin = "");
  did(&w, " play:- find:8 admit");
  stop(&w);
}

static void test_menu_tries(void) {
  world w;
  start(&w);
  PUT(&w, .type = GW_IE_ASK_ROOM);
  for (guint i = 0; i < 3; i++) {
    keys(&w, "9#");
    PUT(&w, .type = GW_IE_ROOM);
  }
  g_assert_true(g_str_has_suffix(w.did->str, " find:9 hangup:not-found"));
  stop(&w);
}

static void test_commands(void) {
  static const struct {
    const char *pressed, *expect;
  } rows[] = {{"*6", " mute"},      {"*5", " hand:1"},       {"*9", " hand:0"},
              {"*1", " play:help"}, {"*3", " play:in-call"}, {"*0", " hangup:normal"},
              {"*7", " tone"},      {"**6", " mute"},        {"6", ""},
              {"3#", ""},           {"*#", " tone"},         {"*66", " mute"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    inside(&w, FALSE);
    company(&w, 2, FALSE);
    keys(&w, rows[i].pressed);
    did(&w, rows[i].expect);
    stop(&w);
  }
}

static void test_star_runs_out(void) {
  world w;
  start(&w);
  inside(&w, FALSE);
  company(&w, 1, FALSE);
  keys(&w, "*");
  pass(&w, GW_MS(3100));
  keys(&w, "6");
  did(&w, "");
  stop(&w);
}

static void test_how_many(void) {
  world w;
  start(&w);
  inside(&w, FALSE);
  company(&w, 12, FALSE);
  keys(&w, "*3");
  for (guint i = 0; i < 7; i++)
    played(&w);
  did(&w, " play:in-call play:digit-1 play:digit-2 play:in-room play:digit-1 play:digit-3"
          " play:" GW_IVR_NAMES);
  stop(&w);
}

/* Asked for the PIN of another room while he is in one: keys are digits then, and whatever comes of it, he is in a room. */
static void test_asked_inside(void) {
  world w;
  start(&w);
  inside(&w, TRUE);
  pass(&w, GW_SEC(5));
  played(&w);
  did(&w, " play:alone play:music");
  ask_pin(&w);
  did(&w, " play:- play:enter-pin");
  company(&w, 1, FALSE); /* no tone now */
  company(&w, 0, TRUE);
  for (guint i = 0; i < 3; i++)
    wrong(&w);
  did(&w, " play:- wrong:1 play:wrong-pin play:- wrong:2 play:wrong-pin play:- wrong:3 play:wrong-pin"
          " stay:auth");
  played(&w);
  did(&w, " play:not-moved");
  played(&w);
  pass(&w, GW_SEC(5));
  did(&w, " play:music"); /* it goes on as before */
  keys(&w, "*6");
  did(&w, " mute");
  ask_pin(&w); /* by now it is slowed */
  keys(&w, "4711#");
  pass(&w, GW_SEC(10));
  g_assert_true(g_str_has_suffix(w.did->str, " admit"));
  g_string_truncate(w.did, 0);
  keys(&w, "*0");
  did(&w, ""); /* between two rooms */
  PUT(&w, .type = GW_IE_BACK);
  did(&w, " play:not-moved");
  keys(&w, "*0");
  did(&w, " play:- hangup:normal");
  stop(&w);
}

static void test_asked_inside_ends(void) {
  for (guint way = 0; way < 3; way++) { /* nothing keyed in, let in, and the call ends meanwhile */
    world w;
    start(&w);
    inside(&w, FALSE);
    company(&w, 1, FALSE);
    pass(&w, GW_SEC(5));
    ask_pin(&w);
    if (way == 0) pass(&w, GW_SEC(36));
    if (way == 0) g_assert_nonnull(strstr(w.did->str, " stay:timeout"));
    if (way == 1) keys(&w, "4711#");
    if (way == 1) pass(&w, GW_SEC(1));
    if (way == 1) inside(&w, FALSE);
    if (way == 2) PUT(&w, .type = GW_IE_END, .cause = GW_CAUSE_ROOM_CLOSED);
    if (way == 2) g_assert_true(g_str_has_suffix(w.did->str, " play:room-closed"));
    g_assert_null(strstr(w.did->str, "hangup"));
    g_string_truncate(w.did, 0);
    keys(&w, "*0");
    g_assert_true((strstr(w.did->str, "hangup") != NULL) == (way != 2));
    stop(&w);
  }
}

static void test_confirmations(void) {
  world w;
  start(&w);
  PUT(&w, .type = GW_IE_MUTED,
      .flag = TRUE); /* by the operator, before the room: nothing is said */
  did(&w, "");
  inside(&w, FALSE);
  company(&w, 1, FALSE);
  PUT(&w, .type = GW_IE_MUTED, .flag = TRUE);
  PUT(&w, .type = GW_IE_MUTED, .flag = FALSE); /* the old word is cut */
  did(&w, " tone play:muted play:- tone play:unmuted");
  PUT(&w, .type = GW_IE_HAND, .flag = TRUE);
  did(&w, " play:- tone play:hand-up");
  stop(&w);
}

static void test_alone(void) {
  world w;
  start(&w);
  inside(&w, TRUE);
  pass(&w, GW_MS(3900));
  did(&w, "");
  pass(&w, GW_MS(200));
  did(&w, " play:alone");
  played(&w);
  did(&w, " play:music");
  played(&w);
  did(&w, " play:music"); /* round and round */
  keys(&w, "*3");
  did(&w, " play:in-call"); /* words come before music */
  for (guint i = 0; i < 4; i++)
    played(&w);
  did(&w, " play:digit-0 play:in-room play:digit-0 play:music");
  company(&w, 1, FALSE);
  did(&w, " play:- tone"); /* somebody comes: no more music */
  stop(&w);
}

static void test_alone_once(void) {
  world w;
  start(&w);
  inside(&w, FALSE);
  pass(&w, GW_SEC(5));
  played(&w);
  did(&w, " play:alone");
  pass(&w, GW_SEC(200));
  did(&w, ""); /* once */
  company(&w, 1, FALSE);
  company(&w, 0, TRUE);
  pass(&w, GW_SEC(5));
  g_assert_nonnull(strstr(w.did->str, "play:alone")); /* alone again, minutes later */
  stop(&w);
}

/* Not alone within the first seconds: a running call takes its newcomer in. */
static void test_not_alone(void) {
  world w;
  start(&w);
  inside(&w, TRUE);
  pass(&w, GW_SEC(2));
  company(&w, 3, FALSE);
  pass(&w, GW_SEC(60));
  did(&w, ""); /* neither words nor tones */
  stop(&w);
}

static void test_tones(void) {
  world w;
  start(&w);
  inside(&w, FALSE);
  company(&w, 1, FALSE);
  pass(&w, GW_SEC(5));
  company(&w, 2, FALSE);
  did(&w, " tone");
  for (guint i = 0; i < 100; i++) { /* a rush is two tones in three seconds, not a hundred */
    w.now += GW_MS(30);
    company(&w, 3 + i, FALSE);
  }
  did(&w, " tone");
  pass(&w, GW_SEC(3));
  company(&w, 1, FALSE);
  did(&w, " tone");
  stop(&w);
}

static void test_last_words(void) {
  static const struct {
    gw_cause cause;
    const char *expect;
  } rows[] = {{GW_CAUSE_NORMAL, " play:goodbye"},      {GW_CAUSE_FORBIDDEN, " play:forbidden"},
              {GW_CAUSE_XMPP_DOWN, " play:xmpp-down"}, {GW_CAUSE_SFU_DOWN, " play:xmpp-down"}, {GW_CAUSE_ROOM_CLOSED, " play:room-closed"},
              {GW_CAUSE_SHUTDOWN, " play:shutdown"},   {GW_CAUSE_TIMEOUT, " play:timeout"},
              {GW_CAUSE_ICE_FAILED, " play:trouble"},  {GW_CAUSE_OVERLOAD, " play:overload"},
              {GW_CAUSE_NOT_FOUND, " play:not-found"}, {GW_CAUSE_AUTH, " play:locked"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    start(&w);
    PUT(&w, .type = GW_IE_END, .cause = rows[i].cause);
    did(&w, rows[i].expect);
    PUT(&w, .type = GW_IE_MISSING);
    did(&w, " spoken");
    PUT(&w, .type = GW_IE_PLAYED);
    did(&w, ""); /* said once */
    stop(&w);
  }
}

static void test_wait_is_said(void) {
  world w;
  start(&w);
  PUT(&w, .type = GW_IE_WAIT);
  did(&w, " play:one-moment");
  PUT(&w, .type = GW_IE_END, .cause = GW_CAUSE_FORBIDDEN);
  did(&w, " play:- play:forbidden"); /* the reason does not wait for the rest */
  w.now += GW_MS(10);
  PUT(&w, .type = GW_IE_PLAYED); /* the end of "one moment" that crossed: not of the reason */
  did(&w, "");
  played(&w);
  did(&w, " spoken");
  stop(&w);
}

/* Anything in any order: actions stay few, nobody is admitted without the PIN, and the end is said. */
static void test_any_order(void) {
  g_autoptr(GRand) r = g_rand_new_with_seed(7);
  for (guint seed = 0; seed < 300; seed++) {
    world w;
    start(&w);
    ask_pin(&w);
    for (guint i = 0; i < 200; i++) {
      gw_ie e = {.type = (gw_ie_type)g_rand_int_range(r, GW_IE_WAIT, GW_IE_TICK + 1)};
      if (e.type == GW_IE_INSIDE || e.type == GW_IE_WAIT) e.type = GW_IE_KEY;
      e.key = "0123567890*#AD"[g_rand_int_range(r, 0, 14)]; /* no 4: never the PIN */
      e.flag = g_rand_boolean(r);
      e.in_call = (guint)g_rand_int_range(r, 0, 5);
      e.cause = (gw_cause)g_rand_int_range(r, 0, GW_N_CAUSES);
      w.now += g_rand_int_range(r, 0, 3000000);
      put(&w, e);
    }
    g_assert_null(strstr(w.did->str, "admit"));
    g_string_truncate(w.did, 0);
    PUT(&w, .type = GW_IE_END, .cause = GW_CAUSE_NORMAL);
    played(&w);
    g_assert_nonnull(strstr(w.did->str, "spoken"));
    stop(&w);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ivr/right-pin", test_right_pin);
  g_test_add_func("/ivr/constant-time", test_constant_time);
  g_test_add_func("/ivr/entering", test_entering);
  g_test_add_func("/ivr/without-hash", test_without_hash);
  g_test_add_func("/ivr/three-wrong", test_three_wrong);
  g_test_add_func("/ivr/slowed", test_slowed);
  g_test_add_func("/ivr/asked-inside", test_asked_inside);
  g_test_add_func("/ivr/asked-inside-ends", test_asked_inside_ends);
  g_test_add_func("/ivr/silence", test_silence);
  g_test_add_func("/ivr/question-limit", test_question_limit);
  g_test_add_func("/ivr/menu", test_menu);
  g_test_add_func("/ivr/menu-tries", test_menu_tries);
  g_test_add_func("/ivr/commands", test_commands);
  g_test_add_func("/ivr/star-runs-out", test_star_runs_out);
  g_test_add_func("/ivr/how-many", test_how_many);
  g_test_add_func("/ivr/confirmations", test_confirmations);
  g_test_add_func("/ivr/alone", test_alone);
  g_test_add_func("/ivr/alone-once", test_alone_once);
  g_test_add_func("/ivr/not-alone", test_not_alone);
  g_test_add_func("/ivr/tones", test_tones);
  g_test_add_func("/ivr/last-words", test_last_words);
  g_test_add_func("/ivr/wait-is-said", test_wait_is_said);
  g_test_add_func("/ivr/any-order", test_any_order);
  return g_test_run();
}
