/* Where rooms go, and when a worker takes no more. */
#include "gateway/media/spread.h"

static void test_choice(void) {
  static const struct {
    gdouble load[3];
    guint rooms[3];
    gint best;
  } rows[] = {
      {{0, 0, 0}, {0, 0, 0}, 0},          /* nothing runs */
      {{0, 0, 0}, {1, 0, 0}, 1},          /* in turn, while nothing is measured yet */
      {{0, 0, 0}, {1, 1, 0}, 2},          /* */
      {{0.5, 0.1, 0.3}, {1, 9, 1}, 1},    /* by load, not by number of rooms */
      {{0.3, 0.29, 0.9}, {0, 20, 0}, 0},  /* but many rooms that are only just there count */
      {{0.9, 0.84, 0.85}, {0, 40, 0}, 1}, /* full ones never */
      {{0.9, 0.85, 1}, {0, 0, 0}, -1},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_worker_stats all[3] = {{0}};
    for (guint k = 0; k < 3; k++)
      all[k].load = rows[i].load[k];
    g_test_message("row %u", i);
    g_assert_cmpint(gw_spread_choose(all, rows[i].rooms, 3), ==, rows[i].best);
  }
  g_assert_cmpint(gw_spread_choose(NULL, NULL, 0), ==, -1);
}

static void test_full(void) {
  static const struct {
    gdouble load;
    gboolean full;
  } rows[] = {{0, FALSE}, {0.849, FALSE}, {0.85, TRUE}, {1, TRUE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_worker_stats w = {.load = rows[i].load};
    g_assert_cmpint(gw_spread_full(&w), ==, rows[i].full);
  }
}

/* Into a room of a full worker nobody comes from another one; who is there already changes rooms. */
static void test_takes(void) {
  const gw_worker_stats all[] = {{.load = 0.2}, {.load = 0.9}};
  static const struct {
    guint to;
    gint from;
    gboolean takes;
  } rows[] = {{0, -1, TRUE}, {0, 1, TRUE}, {1, -1, FALSE}, {1, 0, FALSE}, {1, 1, TRUE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(gw_spread_takes(all, rows[i].to, rows[i].from), ==, rows[i].takes);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/spread/choice", test_choice);
  g_test_add_func("/media/spread/full", test_full);
  g_test_add_func("/media/spread/takes", test_takes);
  return g_test_run();
}
