#include "base/clock.h"
#include "base/limits.h"
#include "gateway/ivr/lockout.h"

static void tries(gw_lockout *l, gw_lock_kind kind, const char *key, guint n, gint64 now) {
  for (guint i = 0; i < n; i++)
    gw_lockout_try(l, kind, key, now);
}

static void test_slower_and_slower(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  static const gint64 source_s[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
  gint64 now = GW_SEC(1000);
  for (guint i = 0; i < G_N_ELEMENTS(source_s); i++) {
    gint64 wait = gw_lockout_wait(l, GW_LOCK_SOURCE, "100", now);
    g_assert_cmpint(wait, ==, GW_SEC(source_s[i]));
    now += wait;
    gw_lockout_try(l, GW_LOCK_SOURCE, "100", now);
  }
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "101", now), ==, 0);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_ROOM, "100", now), ==, 0); /* another kind of key */
}

static void test_who_is_slowed(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  gw_lockout_slow slow[2];
  tries(l, GW_LOCK_SOURCE, "once", 2, 0);
  g_assert_cmpuint(gw_lockout_slowed(l, 0, slow, 2), ==, 0);
  tries(l, GW_LOCK_ROOM, "r@x", 4, 0);
  g_assert_cmpuint(gw_lockout_slowed(l, GW_MS(1500), slow, 2), ==, 1);
  g_assert_cmpint(slow[0].kind, ==, GW_LOCK_ROOM);
  g_assert_cmpstr(slow[0].key, ==, "r@x");
  g_assert_cmpuint(slow[0].tries, ==, 4);
  g_assert_cmpuint(slow[0].wait_s, ==, 2); /* 1 s, then 2 s, and half of the first is to come */
  g_assert_cmpuint(gw_lockout_slowed(l, GW_SEC(100000), slow, 2), ==, 0);
  tries(l, GW_LOCK_SOURCE, "100", 5, 0);
  g_assert_cmpuint(gw_lockout_slowed(l, 0, slow, 1), ==, 2);
}

static void test_room_is_never_closed(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  gint64 now = 0;
  for (guint i = 0; i < 100; i++) {
    now += gw_lockout_wait(l, GW_LOCK_ROOM, "r@x", now);
    gw_lockout_try(l, GW_LOCK_ROOM, "r@x", now);
    g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_ROOM, "r@x", now), <=, GW_SEC(10));
  }
}

/* Many calls at the same moment gain nothing: each try takes a slot of its own. */
static void test_at_once(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  tries(l, GW_LOCK_SOURCE, "100", 8, 0);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "100", 0), ==,
                  GW_SEC(1 + 2 + 4 + 8 + 16 + 32));
}

static void test_right(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  tries(l, GW_LOCK_SOURCE, "100", 5, 0);
  gw_lockout_right(l, GW_LOCK_SOURCE, "100");
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "100", 0), ==, 0);
  tries(l, GW_LOCK_ROOM, "r", 5, 0);
  gw_lockout_right(l, GW_LOCK_ROOM, "r"); /* somebody else goes on guessing */
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_ROOM, "r", 0), >, 0);
  gw_lockout_right(l, GW_LOCK_ROOM, "unknown");
  /* a room where everybody is right never slows down */
  for (guint i = 0; i < 20; i++) {
    gw_lockout_try(l, GW_LOCK_ROOM, "q", 0);
    gw_lockout_right(l, GW_LOCK_ROOM, "q");
  }
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_ROOM, "q", 0), ==, 0);
}

static void test_forgotten(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  tries(l, GW_LOCK_SOURCE, "100", 20, 0);
  tries(l, GW_LOCK_ROOM, "r", 20, 0);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_ROOM, "r", GW_SEC(15 * 60 + 1)), ==, 0);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "100", GW_SEC(15 * 60 + 1)), >, 0);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "100", GW_SEC(3601)), ==, 0);
  gw_lockout_try(l, GW_LOCK_SOURCE, "100", GW_SEC(3601));
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "100", GW_SEC(3601)), ==, 0);
}

static void test_bounded(void) {
  g_autoptr(gw_lockout) l = gw_lockout_new();
  tries(l, GW_LOCK_SOURCE, "busy", 12, 0);
  for (guint i = 0; i < GW_MAX_LOCKOUTS + 500; i++) {
    g_autofree char *key = g_strdup_printf("x%u", i);
    gw_lockout_try(l, GW_LOCK_SOURCE, key, GW_MS(i));
  }
  g_assert_cmpuint(gw_lockout_size(l), <=, GW_MAX_LOCKOUTS);
  g_assert_cmpint(gw_lockout_wait(l, GW_LOCK_SOURCE, "busy", 0), >,
                  GW_SEC(100)); /* not washed out */
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/lockout/slower-and-slower", test_slower_and_slower);
  g_test_add_func("/lockout/listed", test_who_is_slowed);
  g_test_add_func("/lockout/room-is-never-closed", test_room_is_never_closed);
  g_test_add_func("/lockout/at-once", test_at_once);
  g_test_add_func("/lockout/right", test_right);
  g_test_add_func("/lockout/forgotten", test_forgotten);
  g_test_add_func("/lockout/bounded", test_bounded);
  return g_test_run();
}
