/* The clock of phones that have gone silent, with a time of our own. */
#include "gateway/media/quiet.h"

#define SEC 1000000
#define LIMIT (5 * SEC)

static void test_steps(void) {
  static const struct {
    gint64 at_s;
    guint64 packets;
    gboolean expected, too_long;
  } rows[] = {
      {0, 0, FALSE, FALSE},  {9, 0, FALSE, FALSE},                       /* nothing agreed yet */
      {10, 0, TRUE, FALSE},  {14, 0, TRUE, FALSE},  {15, 0, TRUE, TRUE}, /* never a packet */
      {16, 1, TRUE, FALSE},  {20, 1, TRUE, FALSE},  {21, 1, TRUE, TRUE},
      {22, 2, TRUE, FALSE},  {26, 3, TRUE, FALSE},  {30, 4, TRUE, FALSE}, /* one in time each */
      {31, 4, FALSE, FALSE}, {99, 4, FALSE, FALSE},                       /* held */
      {100, 4, TRUE, FALSE}, {104, 4, TRUE, FALSE}, {105, 4, TRUE, TRUE}, /* and back */
  };
  gw_quiet q = {0};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("row %u", i);
    g_assert_cmpint(
        gw_quiet_too_long(&q, rows[i].packets, rows[i].expected, rows[i].at_s * SEC, LIMIT), ==,
        rows[i].too_long);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/quiet/steps", test_steps);
  return g_test_run();
}
