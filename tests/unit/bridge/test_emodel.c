/* The E-model against points that G.107 and the usual tables name, and its shape. */
#include "gateway/bridge/emodel.h"

static void test_points(void) {
  static const struct {
    gw_emodel_in in;
    double r, mos; /* +- 0.1, +- 0.02 */
  } rows[] = {
      /* Id 0.48: packet only */
      {{"PCMA", 1000, 0, 0, 0, 0}, 92.72, 4.40},
      /* 150 ms one way: Id 0.024 * 150 */
      {{"PCMA", 1000, 0, 0, 160, 50}, 89.6, 4.33},
      /* 400 ms: 9.6 + 0.11 * 222.7 */
      {{"PCMU", 1000, 0, 0, 600, 80}, 59.1, 3.05},
      /* 1 %, 5 %, 20 % random loss of G.711: 95 * p / (p + 25.1) */
      {{"PCMA", 990, 10, 0, 0, 0}, 89.08, 4.32},
      {{"PCMA", 950, 50, 0, 0, 0}, 76.94, 3.91},
      {{"PCMA", 800, 200, 0, 0, 0}, 50.59, 2.61},
      /* what came too late is lost to the ear */
      {{"PCMA", 1000, 0, 50, 0, 0}, 76.94, 3.91},
      {{"opus", 1000, 0, 0, 0, 0}, 92.56, 4.39},
      {{"OPUS", 950, 50, 0, 0, 0}, 73.56, 3.77},
      {{NULL, 950, 50, 0, 0, 0}, 73.56, 3.77},
      {{"something", 950, 50, 0, 0, 0}, 73.56, 3.77},
      {{"G722", 950, 50, 0, 0, 0}, 61.02, 3.14},
      /* all gone, all late: the floor */
      {{"G722", 1, 1000000, 0, 4000, 1000}, 0, 1.0},
      {{"PCMA", 10, 0, G_MAXUINT64, 0, 0}, 16.8, 1.16},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    double r = gw_emodel_r(&rows[i].in), mos = gw_emodel_mos(&rows[i].in);
    g_test_message("%u: R %.2f MOS %.3f", i, r, mos);
    g_assert_cmpfloat_with_epsilon(r, rows[i].r, 0.1);
    g_assert_cmpfloat_with_epsilon(mos, rows[i].mos, 0.02);
  }
  g_assert_cmpfloat(gw_emodel_mos(&(gw_emodel_in){"PCMA", 0, 5, 0, 0, 0}), ==, 0);
}

/* More loss or delay is never better. */
static void test_falls(void) {
  double before = 5;
  for (guint lost = 0; lost <= 1000; lost += 10) {
    double mos = gw_emodel_mos(&(gw_emodel_in){"opus", 1000, lost, 0, 0, 0});
    g_assert_cmpfloat(mos, <, before);
    before = mos;
  }
  before = 5;
  for (guint rtt = 0; rtt <= 1200; rtt += 20) {
    double mos = gw_emodel_mos(&(gw_emodel_in){"opus", 1000, 0, 0, rtt, 40});
    g_assert_cmpfloat(mos, <, before);
    before = mos;
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/emodel/points", test_points);
  g_test_add_func("/emodel/falls", test_falls);
  return g_test_run();
}
