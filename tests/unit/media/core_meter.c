/* How late ticks are told to be, and whose time is whose. */
#include "gateway/media/meter.h"

static void test_lateness(void) {
  static const struct {
    guint64 due;
    gint64 late_us;
    guint64 bins[GW_LATENESS_BINS];
    guint64 sum_us;
  } rows[] = {
      {1, 80, {1}, 80},
      {1, -30, {1}, 0}, /* clocks that were not read at the same moment */
      {1, 1000, {1}, 1000},
      {1, 1001, {0, 1}, 1001},
      {1, 19000, {0, 0, 0, 0, 1}, 19000},
      {3, 500, {1, 0, 0, 0, 0, 2}, 500 + 20500 + 40500}, /* held up for two more */
      {7, 0, {1, 0, 0, 0, 1, 1, 3, 1}, 21 * 20000},
      {100000, 0, {1, 0, 0, 0, 1, 1, 3, 99994}, 499500ull * 20000 + 99000ull * 20000000},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_meter m = {0};
    gw_meter_late(&m, rows[i].due, rows[i].late_us);
    g_test_message("row %u", i);
    for (guint k = 0; k < GW_LATENESS_BINS; k++)
      g_assert_cmpuint(m.lateness[k], ==, rows[i].bins[k]);
    g_assert_cmpuint(m.lateness_us, ==, rows[i].sum_us);
  }
}

static void test_stages(void) {
  gw_meter m = {0};
  gw_meter_begin(&m, 100);
  gw_meter_end(&m, GW_STAGE_READ, 130);
  gw_meter_end(&m, GW_STAGE_SEND, 137);
  gw_meter_begin(&m, 500); /* what was between belongs to nobody */
  gw_meter_end(&m, GW_STAGE_READ, 501);
  g_assert_cmpuint(m.stage_us[GW_STAGE_READ], ==, 31);
  g_assert_cmpuint(m.stage_us[GW_STAGE_SEND], ==, 7);
  for (gw_stage i = 0; i < GW_STAGES; i++)
    g_assert_nonnull(gw_stage_word(i));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/meter/lateness", test_lateness);
  g_test_add_func("/media/meter/stages", test_stages);
  return g_test_run();
}
