/* Each press once, by whichever ways it comes. */
#include "base/clock.h"
#include "gateway/ivr/keys.h"

typedef struct {
  gint64 ms;
  gw_key_source from;
  char digit;
  gboolean fresh;
} press;

static void play(const press *p, guint n) {
  gw_keys k = {0};
  for (guint i = 0; i < n; i++) {
    if (gw_keys_take(&k, p[i].from, p[i].digit, GW_MS(p[i].ms)) == p[i].fresh) continue;
    g_test_message("press %u", i);
    g_test_fail();
  }
}
#define PLAY(...)                                                                                  \
  do {                                                                                             \
    const press list[] = {__VA_ARGS__};                                                            \
    play(list, G_N_ELEMENTS(list));                                                                \
  } while (0)

static void test_one_way(void) {
  PLAY({0, GW_KEY_MEDIA, '1', TRUE}, {100, GW_KEY_MEDIA, '1', TRUE},
       {200, GW_KEY_MEDIA, '1', TRUE});
  PLAY({0, GW_KEY_INFO, '*', TRUE}, {100, GW_KEY_INFO, '*', TRUE}, {110, GW_KEY_INFO, '#', TRUE});
}

static void test_two_ways(void) {
  PLAY({0, GW_KEY_MEDIA, '1', TRUE}, {90, GW_KEY_INFO, '1', FALSE});
  PLAY({0, GW_KEY_INFO, '1', TRUE}, {90, GW_KEY_MEDIA, '1', FALSE});
  /* two equal presses, both by both ways, in either interleaving */
  PLAY({0, GW_KEY_MEDIA, '5', TRUE}, {100, GW_KEY_MEDIA, '5', TRUE}, {150, GW_KEY_INFO, '5', FALSE},
       {250, GW_KEY_INFO, '5', FALSE}, {300, GW_KEY_INFO, '5', TRUE});
  PLAY({0, GW_KEY_MEDIA, '5', TRUE}, {50, GW_KEY_INFO, '5', FALSE}, {100, GW_KEY_MEDIA, '5', TRUE},
       {150, GW_KEY_INFO, '5', FALSE});
  /* another digit, or much later: another press */
  PLAY({0, GW_KEY_MEDIA, '1', TRUE}, {50, GW_KEY_INFO, '2', TRUE});
  PLAY({0, GW_KEY_MEDIA, '1', TRUE}, {1600, GW_KEY_INFO, '1', TRUE});
}

static void test_junk(void) {
  PLAY({0, GW_KEY_MEDIA, 0, FALSE}, {0, GW_KEY_INFO, 'x', FALSE}, {0, GW_KEY_INFO, '\n', FALSE},
       {0, GW_KEY_INFO, 'D', TRUE});
}

static void test_flood(void) {
  gw_keys k = {0};
  guint passed = 0;
  for (guint i = 0; i < 10000; i++)
    passed += gw_keys_take(&k, GW_KEY_INFO, "0123456789*#"[i % 12], GW_MS(i));
  g_assert_cmpuint(passed, <=, 200); /* 10 s at 20 a second */
  g_assert_cmpuint(passed, >, 100);
  g_assert_true(gw_keys_take(&k, GW_KEY_INFO, '1', GW_SEC(20)));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/keys/one-way", test_one_way);
  g_test_add_func("/keys/two-ways", test_two_ways);
  g_test_add_func("/keys/junk", test_junk);
  g_test_add_func("/keys/flood", test_flood);
  return g_test_run();
}
