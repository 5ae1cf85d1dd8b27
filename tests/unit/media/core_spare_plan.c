/* How many transports gather ahead of their sessions, with a time of our own. */
#include "gateway/media/spare_plan.h"
#include "base/clock.h"
#include "base/limits.h"

enum { EXPECT, BEGAN, KEEP };

static void test_steps(void) {
  static const struct {
    gint at_s;
    int what;
    guint n; /* EXPECT: sessions; KEEP: what it has to say */
  } rows[] = {
      {0, KEEP, 0}, {0, BEGAN, 0}, {0, KEEP, 0}, /* nobody comes */
      {10, EXPECT, 2}, {10, KEEP, 2}, {11, BEGAN, 0}, {11, KEEP, 1}, {11, BEGAN, 0}, {11, KEEP, 1}, /* one more for who comes too */
      {12, BEGAN, 0}, {12, KEEP, 1}, {10 + GW_SPARE_S - 1, KEEP, 1}, {10 + GW_SPARE_S, KEEP, 0}, /* nobody wanted it */
      {40, EXPECT, 200}, {40, KEEP, GW_MAX_SPARES}, {41, BEGAN, 0}, {41, KEEP, GW_MAX_SPARES}, /* refilled */
      {42, EXPECT, 3}, {42, KEEP, GW_MAX_SPARES}, {40 + GW_SPARE_S, KEEP, GW_MAX_SPARES}, {42 + GW_SPARE_S, KEEP, 0}, /* a second phone: longer */
      {90, EXPECT, 1}, {90, KEEP, 1}, {200, KEEP, 0}, {201, EXPECT, 2}, {201, KEEP, 2}, /* what was expected once counts no more */
  };
  gw_spare_plan p = {0};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("row %u", i);
    if (rows[i].what == EXPECT)
      gw_spare_plan_expect(&p, FALSE, rows[i].n, GW_SEC((gint64)rows[i].at_s));
    else if (rows[i].what == BEGAN)
      gw_spare_plan_began(&p);
    else
      g_assert_cmpuint(gw_spare_plan_keep(&p, GW_SEC((gint64)rows[i].at_s)), ==, rows[i].n);
  }
}

/* The role goes with the last one who came: for the other one there is no use any more. */
static void test_role(void) {
  gw_spare_plan p = {0};
  gw_spare_plan_expect(&p, FALSE, 4, 0);
  gw_spare_plan_expect(&p, TRUE, 1, 1);
  g_assert_true(p.controlling);
  g_assert_cmpuint(gw_spare_plan_keep(&p, 2), ==, 1);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/spare-plan/steps", test_steps);
  g_test_add_func("/media/spare-plan/role", test_role);
  return g_test_run();
}
