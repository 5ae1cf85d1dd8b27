/* The trace of one call: order, bounds, and that nothing of what strangers send can break a terminal or grow it. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/trace.h"

static void add(gw_trace *t, gint64 ms, const char *text) {
  gw_trace_add(t, ms, GW_LANE_SIP, GW_TRACE_IN, NULL, text);
}

static void test_order(void) {
  g_autoptr(gw_trace) t = gw_trace_new();
  add(t, 0, "INVITE");
  gw_trace_add(t, 5, GW_LANE_MUC, GW_TRACE_OUT, NULL, "join");
  gw_trace_add(t, 9, GW_LANE_JINGLE, GW_TRACE_IN, "alice", "session-initiate");
  g_assert_cmpuint(gw_trace_count(t), ==, 3);
  g_assert_cmpstr(gw_trace_at(t, 0)->who, ==, "phone");
  g_assert_cmpstr(gw_trace_at(t, 1)->who, ==, "room");
  g_assert_cmpstr(gw_trace_at(t, 2)->who, ==, "alice");
  g_assert_cmpint(gw_trace_at(t, 2)->ms, ==, 9);
  g_assert_cmpstr(gw_lane_word(gw_trace_at(t, 2)->lane), ==, "jingle");
  g_assert_cmpuint(gw_trace_dropped(t), ==, 0);
}

static void test_repeats(void) {
  g_autoptr(gw_trace) t = gw_trace_new();
  for (guint i = 0; i < 1000; i++)
    add(t, i, "same");
  gw_trace_add(t, 1000, GW_LANE_SIP, GW_TRACE_OUT, NULL, "same"); /* another direction */
  add(t, 1001, "same");
  g_assert_cmpuint(gw_trace_count(t), ==, 3);
  g_assert_cmpuint(gw_trace_at(t, 0)->times, ==, 1000);
  g_assert_cmpint(gw_trace_at(t, 0)->ms, ==, 0);
  g_assert_cmpuint(gw_trace_at(t, 2)->times, ==, 1);
}

/* The beginning stays, the end stays, the middle is counted. */
static void test_bound(void) {
  g_autoptr(gw_trace) t = gw_trace_new();
  const guint n = 10000;
  for (guint i = 0; i < n; i++) {
    g_autofree char *text = g_strdup_printf("event %u", i);
    add(t, i, text);
  }
  g_assert_cmpuint(gw_trace_count(t), ==, GW_MAX_TRACE);
  g_assert_cmpuint(gw_trace_dropped(t), ==, n - GW_MAX_TRACE);
  for (guint i = 0; i < GW_MAX_TRACE / 4; i++)
    g_assert_cmpint(gw_trace_at(t, i)->ms, ==, i);
  for (guint i = GW_MAX_TRACE / 4; i < GW_MAX_TRACE; i++)
    g_assert_cmpint(gw_trace_at(t, i)->ms, ==, n - GW_MAX_TRACE + i);
}

static void test_clean(void) {
  static const struct {
    const char *in, *out;
  } rows[] = {{"plain", "plain"},
              {"", ""},
              {"\033[2Jred", "?[2Jred"},
              {"a\nb\tc", "a?b?c"},
              {"\342\200\256right", "?right"}, /* bidi override */
              {"J\303\274rgen", "J\303\274rgen"}};
  g_autoptr(gw_trace) t = gw_trace_new();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_trace_add(t, i, GW_LANE_MUC, GW_TRACE_NOTE, rows[i].in, rows[i].in);
    g_assert_cmpstr(gw_trace_at(t, i)->text, ==, rows[i].out);
    g_assert_cmpstr(gw_trace_at(t, i)->who, ==, rows[i].out);
  }
  gw_trace_add(t, 9, GW_LANE_MUC, GW_TRACE_NOTE, "\xff\xfe", "\xc3");
  const gw_trace_event *e = gw_trace_at(t, gw_trace_count(t) - 1);
  g_assert_true(g_utf8_validate(e->who, -1, NULL) && g_utf8_validate(e->text, -1, NULL));
  g_autofree char *huge = g_strnfill(1 << 20, 'x');
  gw_trace_add(t, 10, GW_LANE_MUC, GW_TRACE_NOTE, huge, huge);
  e = gw_trace_at(t, gw_trace_count(t) - 1);
  g_assert_cmpuint(strlen(e->who), <=, 64);
  g_assert_cmpuint(strlen(e->text), <=, 120);
}

static void test_counted(void) {
  gw_trace *t = gw_trace_new();
  add(t, 1, "one");
  gw_trace *other = gw_trace_ref(t);
  gw_trace_unref(t);
  g_assert_cmpuint(gw_trace_count(other), ==, 1);
  gw_trace_unref(other);
  gw_trace_unref(NULL);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/trace/order", test_order);
  g_test_add_func("/trace/repeats", test_repeats);
  g_test_add_func("/trace/bound", test_bound);
  g_test_add_func("/trace/clean", test_clean);
  g_test_add_func("/trace/counted", test_counted);
  return g_test_run();
}
