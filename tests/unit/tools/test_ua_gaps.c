/* The gap detector: what counts as a hole in the received sound, and what does not. */
#include "tools/ua_gaps.h"

#define MS 1000
#define FRAME (20 * MS)

/* Sound of 20 ms at each of the given times (ms), the media time line beside the arrival. -1 ends.
 */
static void feed(gw_ua_gaps *g, const gint64 (*frames)[2]) {
  for (; (*frames)[0] >= 0; frames++)
    gw_ua_gaps_sound(g, (*frames)[0] * MS, (*frames)[1] * MS, FRAME);
}

typedef struct {
  const char *name;
  gint64 frames[8][2]; /* arrival, media */
  guint n;
  gint64 at_ms, ms; /* of the first gap */
} row;

static const row rows[] = {
    {"steady", {{0, 0}, {20, 20}, {40, 40}, {60, 60}, {-1}}, 0, 0, 0},
    {"sixty ms are none", {{0, 0}, {80, 80}, {100, 100}, {-1}}, 0, 0, 0},
    {"over sixty are one", {{0, 0}, {81, 80}, {101, 100}, {-1}}, 1, 20, 61},
    {"lost packets, arrival steady", {{0, 0}, {20, 120}, {40, 140}, {-1}}, 1, 20, 100},
    {"late burst, media steady", {{0, 0}, {150, 20}, {150, 40}, {150, 60}, {-1}}, 1, 20, 130},
    {"both at once: the longer", {{0, 0}, {120, 220}, {-1}}, 1, 20, 200},
    {"two gaps", {{0, 0}, {120, 120}, {240, 240}, {-1}}, 2, 20, 100},
    {"nothing before the first sound", {{700, 0}, {720, 20}, {-1}}, 0, 0, 0},
};

static void test_rows(void) {
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
    guint n = 0;
    g_test_message("%s", rows[i].name);
    gw_ua_gaps_resume(g, 0);
    feed(g, rows[i].frames);
    const gw_ua_gap *found = gw_ua_gaps_found(g, &n);
    g_assert_cmpuint(n, ==, rows[i].n);
    if (!n) continue;
    g_assert_cmpint(found[0].at_us, ==, rows[i].at_ms * MS);
    g_assert_cmpint(found[0].us, ==, rows[i].ms * MS);
  }
}

static void test_end(void) {
  g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
  guint n = 0;
  gw_ua_gaps_resume(g, 1000 * MS);
  gw_ua_gaps_sound(g, 1500 * MS, 0, FRAME);
  gw_ua_gaps_pause(g, 1580 * MS);
  gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 0);
  gw_ua_gaps_resume(g, 1580 * MS);
  gw_ua_gaps_pause(g, 2580 * MS);
  const gw_ua_gap *found = gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 1);
  g_assert_cmpint(found->at_us, ==, 580 * MS); /* since the first resume */
  g_assert_cmpint(found->us, ==, 1000 * MS);
}

/* A hold is no gap; slow return after it is. */
static void test_hold(void) {
  g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
  guint n = 0;
  gw_ua_gaps_resume(g, 0);
  gw_ua_gaps_sound(g, 0, 0, FRAME);
  gw_ua_gaps_pause(g, 20 * MS);
  gw_ua_gaps_sound(g, 500 * MS, 500 * MS, FRAME); /* a straggler */
  gw_ua_gaps_resume(g, 2000 * MS);
  gw_ua_gaps_sound(g, 2050 * MS, 2050 * MS, FRAME);
  gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 0);
  gw_ua_gaps_pause(g, 2070 * MS);
  gw_ua_gaps_resume(g, 3000 * MS);
  gw_ua_gaps_sound(g, 3100 * MS, 3100 * MS, FRAME);
  const gw_ua_gap *found = gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 1);
  g_assert_cmpint(found->us, ==, 100 * MS);
}

static void test_never_heard(void) {
  g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
  guint n = 1;
  gw_ua_gaps_resume(g, 0);
  gw_ua_gaps_pause(g, 10000 * MS);
  gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 0);
}

static void test_new_timeline(void) {
  g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
  guint n = 1;
  gw_ua_gaps_resume(g, 0);
  gw_ua_gaps_sound(g, 0, 0, FRAME);
  gw_ua_gaps_new_timeline(g);
  gw_ua_gaps_sound(g, 20 * MS, 99999 * MS, FRAME);
  gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, 0);
}

static void test_bounded(void) {
  g_autoptr(gw_ua_gaps) g = gw_ua_gaps_new();
  guint n = 0;
  gw_ua_gaps_resume(g, 0);
  for (gint64 i = 0; i < GW_UA_GAPS_MAX + 100; i++)
    gw_ua_gaps_sound(g, i * 200 * MS, i * 200 * MS, FRAME);
  gw_ua_gaps_found(g, &n);
  g_assert_cmpuint(n, ==, GW_UA_GAPS_MAX);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ua/gaps/rows", test_rows);
  g_test_add_func("/ua/gaps/end", test_end);
  g_test_add_func("/ua/gaps/hold", test_hold);
  g_test_add_func("/ua/gaps/never-heard", test_never_heard);
  g_test_add_func("/ua/gaps/new-timeline", test_new_timeline);
  g_test_add_func("/ua/gaps/bounded", test_bounded);
  return g_test_run();
}
