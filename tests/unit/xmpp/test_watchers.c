/* Who is told how a phone stands: once each, the newest state only, and no more people than there is room for. */
#include <glib.h>
#include "xmpp/watchers.h"

static const gw_stand here = {TRUE, NULL, NULL}, busy = {TRUE, "dnd", "in a call"},
                      gone = {FALSE, NULL, NULL};

static guint drain(gw_watchers *w, gw_stand *ret_last) {
  const char *ours, *theirs;
  gw_stand s;
  guint n = 0;
  while (gw_watchers_next(w, &ours, &theirs, &s)) {
    n++;
    if (ret_last) *ret_last = s;
  }
  return n;
}

static void told_once(void) {
  g_autoptr(gw_watchers) w = gw_watchers_new(10, 10);
  gw_stand last = {0};
  gw_watchers_set(w, "101@p", &gone);
  g_assert_true(gw_watchers_add(w, "101@p", "a@x"));
  g_assert_false(gw_watchers_add(w, "101@p", "a@x"));
  g_assert_true(gw_watchers_add(w, "101@p", "b@x"));
  g_assert_cmpuint(drain(w, NULL), ==, 0); /* whoever asks is answered at once, by others */
  gw_watchers_set(w, "101@p", &here);
  gw_watchers_set(w, "101@p", &busy);
  g_assert_cmpuint(drain(w, &last), ==, 2);
  g_assert_cmpstr(last.status, ==, "in a call");
  gw_watchers_set(w, "101@p", &busy);
  g_assert_cmpuint(drain(w, NULL), ==, 0); /* no news */
  gw_watchers_renew(w);
  g_assert_cmpuint(drain(w, NULL), ==, 2);
  g_assert_true(gw_watchers_remove(w, "101@p", "a@x"));
  g_assert_false(gw_watchers_remove(w, "101@p", "a@x"));
  gw_watchers_set(w, "101@p", &here);
  g_assert_cmpuint(drain(w, NULL), ==, 1);
}

static void removed_while_due(void) {
  g_autoptr(gw_watchers) w = gw_watchers_new(10, 10);
  gw_watchers_set(w, "101@p", &gone);
  gw_watchers_add(w, "101@p", "a@x");
  gw_watchers_set(w, "101@p", &here);
  gw_watchers_remove(w, "101@p", "a@x");
  g_assert_cmpuint(drain(w, NULL), ==, 0);
}

static void phone_removed(void) {
  g_autoptr(gw_watchers) w = gw_watchers_new(10, 10);
  gw_stand last = {0};
  g_assert_null(gw_watchers_get(w, "101@p"));
  gw_watchers_add(w, "101@p", "a@x"); /* from the store, before the phones are known */
  gw_watchers_renew(w);
  g_assert_cmpuint(drain(w, NULL), ==, 0);
  gw_watchers_set(w, "101@p", &gone);
  g_assert_cmpuint(drain(w, &last), ==,
                   1); /* it is a phone: those who watched before a restart hear of it */
  g_assert_false(last.available);
  gw_watchers_set(w, "101@p", &busy);
  drain(w, NULL);
  gw_watchers_set(w, "101@p", NULL);
  g_assert_null(gw_watchers_get(w, "101@p"));
  g_assert_cmpuint(drain(w, &last), ==, 1);
  g_assert_true(!last.available && !last.show && !last.status);
  gw_watchers_renew(w);
  g_assert_cmpuint(drain(w, NULL), ==, 0);
}

static void bounded(void) {
  g_autoptr(gw_watchers) w = gw_watchers_new(5, 3);
  guint kept = 0;
  gw_watchers_set(w, "1@p", &here);
  gw_watchers_set(w, "2@p", &here);
  for (guint i = 0; i < 20; i++) {
    g_autofree char *who = g_strdup_printf("u%u@x", i);
    kept += gw_watchers_add(w, i % 2 ? "1@p" : "2@p", who);
  }
  g_assert_cmpuint(kept, ==, 5);
  g_assert_cmpuint(gw_watchers_count(w), ==, 5);
  gw_watchers_renew(w);
  g_assert_cmpuint(drain(w, NULL), ==, 5);
  g_assert_true(gw_watchers_remove(w, "2@p", "u0@x"));
  g_assert_true(gw_watchers_add(w, "2@p", "v@x"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/watchers/told-once", told_once);
  g_test_add_func("/watchers/removed-while-due", removed_while_due);
  g_test_add_func("/watchers/phone-removed", phone_removed);
  g_test_add_func("/watchers/bounded", bounded);
  return g_test_run();
}
