/* Ad-hoc commands: who may, which stage follows which, sessions that end and are nobody else's. */
#include <string.h>
#include "base/clock.h"
#include "xmpp/adhoc_desk.h"

#define ALICE "alice@x.test/a"

static gw_desk_answer step(gw_desk *d, gw_desk_ask ask, gint64 now) {
  gw_desk_answer a;
  gw_desk_step(d, &ask, now, &a);
  return a;
}

static void test_beginnings(void) {
  static const struct {
    gboolean may;
    int command;
    gw_stage stage;
    gboolean wanted, complete;
    gw_desk_verdict verdict;
    const char *condition, *detail;
  } rows[] = {
      {FALSE, 0, GW_STAGE_EXECUTE, FALSE, TRUE, GW_DESK_REFUSED, "forbidden", NULL},
      {FALSE, -1, GW_STAGE_EXECUTE, FALSE, TRUE, GW_DESK_REFUSED, "forbidden",
       NULL}, /* nor learn what there is */
      {TRUE, -1, GW_STAGE_EXECUTE, FALSE, TRUE, GW_DESK_REFUSED, "item-not-found", NULL},
      {TRUE, 0, GW_STAGE_EXECUTE, FALSE, TRUE, GW_DESK_RUN, NULL, NULL},
      {TRUE, 0, GW_STAGE_EXECUTE, TRUE, FALSE, GW_DESK_FORM, NULL, NULL},
      {TRUE, 0, GW_STAGE_EXECUTE, TRUE, TRUE, GW_DESK_RUN, NULL, NULL},
      {TRUE, 0, GW_STAGE_COMPLETE, TRUE, TRUE, GW_DESK_REFUSED, "bad-request", "bad-action"},
      {TRUE, 0, GW_STAGE_CANCEL, FALSE, TRUE, GW_DESK_REFUSED, "bad-request", "bad-action"},
      {TRUE, 0, GW_STAGE_OTHER, FALSE, TRUE, GW_DESK_REFUSED, "bad-request", "malformed-action"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desk) d = gw_desk_new();
    gw_desk_answer a = step(d,
                            (gw_desk_ask){.who = ALICE,
                                          .may = rows[i].may,
                                          .command = rows[i].command,
                                          .stage = rows[i].stage,
                                          .form_wanted = rows[i].wanted,
                                          .form_complete = rows[i].complete,
                                          .fresh = "s1"},
                            0);
    g_test_message("row %u", i);
    g_assert_cmpint(a.verdict, ==, rows[i].verdict);
    g_assert_cmpstr(a.condition, ==, rows[i].condition);
    g_assert_cmpstr(a.detail, ==, rows[i].detail);
    g_assert_cmpuint(gw_desk_count(d), ==, rows[i].verdict == GW_DESK_FORM);
  }
}

static void test_stages(void) {
  static const struct {
    const char *who, *session;
    int command;
    gw_stage stage;
    gboolean complete;
    gint64 at_s;
    gw_desk_verdict verdict;
    const char *detail;
    guint left;
  } rows[] = {
      {ALICE, "s1", 0, GW_STAGE_COMPLETE, TRUE, 1, GW_DESK_RUN, NULL, 0},
      {ALICE, "s1", 0, GW_STAGE_EXECUTE, TRUE, 1, GW_DESK_RUN, NULL, 0},
      {ALICE, "s1", 0, GW_STAGE_NEXT, TRUE, 1, GW_DESK_RUN, NULL, 0},
      {ALICE, "s1", 0, GW_STAGE_COMPLETE, FALSE, 1, GW_DESK_FORM, NULL, 1},
      {ALICE, "s1", 0, GW_STAGE_CANCEL, FALSE, 1, GW_DESK_CANCELED, NULL, 0},
      {ALICE, "s1", 0, GW_STAGE_PREV, FALSE, 1, GW_DESK_REFUSED, "bad-action", 1},
      {ALICE, "s1", 0, GW_STAGE_OTHER, FALSE, 1, GW_DESK_REFUSED, "malformed-action", 1},
      {ALICE, "s2", 0, GW_STAGE_COMPLETE, TRUE, 1, GW_DESK_REFUSED, "bad-sessionid", 1},
      {ALICE, "s1", 1, GW_STAGE_COMPLETE, TRUE, 1, GW_DESK_REFUSED, "bad-sessionid", 1},
      {"alice@x.test/b", "s1", 0, GW_STAGE_COMPLETE, TRUE, 1, GW_DESK_REFUSED, "bad-sessionid", 1},
      {ALICE, "s1", 0, GW_STAGE_COMPLETE, TRUE, GW_DESK_LIFE_S - 1, GW_DESK_RUN, NULL, 0},
      {ALICE, "s1", 0, GW_STAGE_COMPLETE, TRUE, GW_DESK_LIFE_S, GW_DESK_REFUSED, "session-expired",
       0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desk) d = gw_desk_new();
    step(d, (gw_desk_ask){.who = ALICE, .may = TRUE, .form_wanted = TRUE, .fresh = "s1"}, 0);
    gw_desk_answer a = step(d,
                            (gw_desk_ask){.who = rows[i].who,
                                          .may = TRUE,
                                          .command = rows[i].command,
                                          .session = rows[i].session,
                                          .stage = rows[i].stage,
                                          .form_wanted = TRUE,
                                          .form_complete = rows[i].complete,
                                          .fresh = "s9"},
                            GW_SEC(rows[i].at_s));
    g_test_message("row %u", i);
    g_assert_cmpint(a.verdict, ==, rows[i].verdict);
    g_assert_cmpstr(a.detail, ==, rows[i].detail);
    g_assert_cmpuint(gw_desk_count(d), ==, rows[i].left);
    if (a.verdict != GW_DESK_REFUSED) g_assert_cmpstr(a.session, ==, "s1");
  }
}

/* Who opens many keeps the newest; all together stay within the bound. */
static void test_bounds(void) {
  g_autoptr(gw_desk) d = gw_desk_new();
  for (guint i = 0; i < 100; i++) {
    g_autofree char *id = g_strdup_printf("s%u", i);
    step(d, (gw_desk_ask){.who = ALICE, .may = TRUE, .form_wanted = TRUE, .fresh = id}, 0);
    g_assert_cmpuint(gw_desk_count(d), <=, GW_DESK_OF_ONE);
  }
  gw_desk_ask newest = {.who = ALICE, .may = TRUE, .session = "s99", .form_complete = TRUE};
  g_assert_cmpint(step(d, newest, 0).verdict, ==, GW_DESK_RUN);
  for (guint i = 0; i < 1000; i++) {
    g_autofree char *who = g_strdup_printf("o%u@x.test/a", i);
    step(d, (gw_desk_ask){.who = who, .may = TRUE, .form_wanted = TRUE, .fresh = who}, 0);
    g_assert_cmpuint(gw_desk_count(d), <=, GW_DESK_SESSIONS);
  }
}

static void test_actions(void) {
  static const char *const words[] = {"execute", "next",    "complete", "cancel",
                                      "prev",    "Execute", ""};
  static const gw_stage stages[] = {GW_STAGE_EXECUTE, GW_STAGE_NEXT, GW_STAGE_COMPLETE,
                                    GW_STAGE_CANCEL,  GW_STAGE_PREV, GW_STAGE_OTHER,
                                    GW_STAGE_OTHER};
  g_assert_cmpint(gw_stage_of(NULL), ==, GW_STAGE_EXECUTE);
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    g_assert_cmpint(gw_stage_of(words[i]), ==, stages[i]);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/adhoc_desk/beginnings", test_beginnings);
  g_test_add_func("/adhoc_desk/stages", test_stages);
  g_test_add_func("/adhoc_desk/bounds", test_bounds);
  g_test_add_func("/adhoc_desk/actions", test_actions);
  return g_test_run();
}
