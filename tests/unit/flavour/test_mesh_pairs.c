/* Whole rooms, many of them: everybody ends up connected with everybody, once, and nothing is left
 * behind. */
#include "sim.h"

#define MOST_US (G_USEC_PER_SEC * 6 / 10) /* per case; at least LEAST rooms, whatever it takes */
#define LEAST 25
#define MANY 4000

static gboolean mates(const sim_party *a, const sim_party *b) {
  return a->gateway && a->gateway == b->gateway;
}

/* Every pair with a mesh in it has one session, open at both ends, heard both ways; phones of one
 * gateway have none. */
static void all_connected(const sim *s) {
  for (guint i = 0; i < s->n; i++)
    for (guint k = 0; k < i; k++) {
      const sim_party *a = &s->party[k], *b = &s->party[i];
      if ((a->kind == SIM_JSXC && b->kind == SIM_JSXC) || a->ended || b->ended || !a->in || !b->in)
        continue;
      guint open;
      const sim_link *l = sim_pair(s, i, k, &open);
      if (mates(a, b)) {
        g_assert_cmpuint(open, ==, 0);
        continue;
      }
      if (open != 1 || !l || !l->a_sends || !l->b_sends)
        g_test_message("seed %u: %s and %s: %u sessions, whole: %d", s->seed, a->nick, b->nick,
                       open, l != NULL);
      g_assert_cmpuint(open, ==, 1);
      g_assert_true(l && l->up && l->a_sends && l->b_sends);
    }
}

static void all_closed(const sim *s) {
  for (guint i = 0; i < s->n; i++) {
    const sim_party *p = &s->party[i];
    if (p->kind != SIM_MESH) continue;
    g_assert_true(p->ended);
    g_assert_cmpuint(g_hash_table_size(p->peers), ==, 0);
    for (guint k = 0; k < s->n; k++) {
      guint open;
      sim_pair(s, i, k, &open);
      g_assert_cmpuint(open, ==, 0); /* the other end has been told, too */
    }
  }
}

static void stop_all(sim *s) {
  for (guint i = 0; i < s->n; i++)
    if (s->party[i].kind == SIM_MESH && !s->party[i].stopped)
      sim_stop(&s->party[i], sim_rand(s, s->now, s->now + GW_SEC(1)));
  sim_run(s, s->now + GW_SEC(10));
  all_closed(s);
}

static void many(void (*one)(guint32 seed)) {
  const gint64 began = g_get_monotonic_time();
  guint n = 0;
  const char *only = g_getenv("SIM_SEED"); /* to look at one room, with SIM_TRACE */
  if (only) {
    one((guint32)g_ascii_strtoull(only, NULL, 10));
    return;
  }
  while (n < MANY && (n < LEAST || g_get_monotonic_time() - began < MOST_US))
    one(n++);
  g_test_message("%u rooms", n);
}

/* --- mesh only --- */

/* All idle, all dial in at about the same time: proposals cross, one call comes of it. */
static void meshes(guint32 seed) {
  sim *s =
      sim_new(seed, seed % 3 == 0 ? GW_SEC(2) : GW_MS(100), seed % 3 == 1 ? GW_SEC(2) : GW_MS(100));
  const guint n = 2 + seed % 7;
  for (guint i = 0; i < n; i++)
    sim_mesh(s, TRUE, seed % 5 == 0 && i < 2 && n > 2 ? 1 : 0);
  for (guint i = 0; i < n; i++)
    sim_start(&s->party[i], s->now + sim_rand(s, 0, seed % 2 ? GW_MS(200) : GW_SEC(20)));
  sim_run(s, s->now + GW_SEC(60));
  all_connected(s);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint(s->party[i].state, ==, GW_CALL_TALKING);
  stop_all(s);
  sim_free(s);
}

static void meshes_all_find_each_other(void) {
  many(meshes);
}

/* Some hang up, some vanish, at any moment; those who stay are connected, those who went have left
 * nothing. */
static void leavers(guint32 seed) {
  sim *s = sim_new(seed, GW_MS(200), GW_MS(200));
  const guint n = 4 + seed % 5;
  for (guint i = 0; i < n; i++)
    sim_mesh(s, TRUE, 0);
  for (guint i = 0; i < n; i++)
    sim_start(&s->party[i], s->now + sim_rand(s, 0, GW_SEC(5)));
  for (guint i = 0; i < n / 2; i++) {
    sim_party *p = &s->party[g_rand_int_range(s->rand, 0, (gint32)n)];
    const gint64 at = s->now + sim_rand(s, GW_SEC(6), GW_SEC(30));
    if (p->stopped) continue;
    p->stopped = TRUE; /* for this choice only: sim_stop says when */
    if (g_rand_boolean(s->rand)) sim_stop(p, at);
    sim_leave(p, at + GW_SEC(5));
  }
  for (guint i = 0; i < n; i++)
    s->party[i].stopped = FALSE;
  sim_run(s, s->now + GW_SEC(90));
  all_connected(s);
  stop_all(s);
  sim_free(s);
}

static void leavers_leave_nothing_behind(void) {
  many(leavers);
}

/* STOP at any moment of the beginning. */
static void hasty(guint32 seed) {
  sim *s = sim_new(seed, GW_MS(300), GW_MS(300));
  const guint n = 2 + seed % 5;
  for (guint i = 0; i < n; i++)
    sim_mesh(s, TRUE, 0);
  for (guint i = 0; i < n; i++) {
    sim_start(&s->party[i], s->now + sim_rand(s, 0, GW_SEC(2)));
    sim_stop(&s->party[i], s->now + sim_rand(s, 0, GW_SEC(6)));
  }
  sim_run(s, s->now + GW_SEC(30));
  for (guint i = 0; i < n; i++)
    g_assert_true(s->party[i].ended);
  all_closed(s);
  sim_free(s);
}

static void hasty_hang_ups_leave_nothing_behind(void) {
  many(hasty);
}

/* --- with JSXC --- */

static void add_mixed(sim *s, guint meshes_n, guint jsxc_n, gboolean first_idle) {
  for (guint i = 0; i < meshes_n; i++)
    sim_mesh(s, first_idle && i == 0, 0);
  for (guint i = 0; i < jsxc_n; i++)
    sim_add_jsxc(s);
}

/* A JSXC user proposes, others and phones accept in any order: mute offers of hasty accepters are
 * cured. */
static void jsxc_proposes(guint32 seed) {
  sim *s = sim_new(seed, GW_MS(150), GW_MS(150));
  const guint m = 1 + seed % 3, j = 1 + (seed / 3) % 4;
  add_mixed(s, m, j, FALSE);
  sim_jsxc_propose(&s->party[m], s->now);
  for (guint i = 0; i < m; i++)
    sim_start(&s->party[i], s->now + sim_rand(s, GW_SEC(1), GW_SEC(25)));
  sim_run(s, s->now + GW_SEC(80));
  all_connected(s);
  stop_all(s);
  sim_free(s);
}

static void phones_join_a_jsxc_call(void) {
  many(jsxc_proposes);
}

/* A phone proposes: everybody is called at once, so that no JSXC stays mute. */
static void mesh_proposes(guint32 seed) {
  sim *s = sim_new(seed, GW_MS(150), GW_MS(150));
  const guint m = 1 + seed % 3, j = 1 + (seed / 3) % 4;
  add_mixed(s, m, j, TRUE);
  sim_start(&s->party[0], s->now);
  for (guint i = 1; i < m; i++)
    sim_start(&s->party[i], s->now + sim_rand(s, GW_SEC(2), GW_SEC(25)));
  sim_run(s, s->now + GW_SEC(80));
  all_connected(s);
  stop_all(s);
  sim_free(s);
}

static void jsxc_joins_a_phones_call(void) {
  many(mesh_proposes);
}

/* Users hang up one by one; phones that stay alone go back to waiting. */
static void hang_ups(guint32 seed) {
  sim *s = sim_new(seed, GW_MS(150), GW_MS(150));
  const guint m = 1 + seed % 2, j = 1 + (seed / 3) % 3;
  add_mixed(s, m, j, FALSE);
  sim_jsxc_propose(&s->party[m], s->now);
  for (guint i = 0; i < m; i++)
    sim_start(&s->party[i], s->now + sim_rand(s, GW_SEC(1), GW_SEC(20)));
  sim_run(s, s->now + GW_SEC(60));
  for (guint i = 0; i < j; i++)
    sim_jsxc_hangup(&s->party[m + i], s->now + sim_rand(s, 0, GW_SEC(20)));
  sim_run(s, s->now + GW_SEC(60));
  all_connected(s);
  for (guint i = 0; i < m; i++)
    g_assert_cmpint(s->party[i].state, ==, m == 1 ? GW_CALL_WAITING : GW_CALL_TALKING);
  stop_all(s);
  sim_free(s);
}

static void users_hang_up(void) {
  many(hang_ups);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/mesh/pairs/meshes_all_find_each_other", meshes_all_find_each_other);
  g_test_add_func("/mesh/pairs/leavers_leave_nothing_behind", leavers_leave_nothing_behind);
  g_test_add_func("/mesh/pairs/hasty_hang_ups_leave_nothing_behind",
                  hasty_hang_ups_leave_nothing_behind);
  g_test_add_func("/mesh/pairs/phones_join_a_jsxc_call", phones_join_a_jsxc_call);
  g_test_add_func("/mesh/pairs/jsxc_joins_a_phones_call", jsxc_joins_a_phones_call);
  g_test_add_func("/mesh/pairs/users_hang_up", users_hang_up);
  return g_test_run();
}
