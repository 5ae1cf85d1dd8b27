#include <glib.h>
#include <string.h>
#include "base/cause.h"
#include "base/clock.h"
#include "base/handle.h"
#include "base/ids.h"
#include "base/jid.h"
#include "base/pace.h"
#include "base/queue.h"
#include "base/timer.h"

static void test_cause(void) {
  for (gw_cause c = GW_CAUSE_NONE; c < GW_N_CAUSES; c++) {
    g_assert_nonnull(gw_cause_word(c));
    g_assert_nonnull(gw_cause_text(c));
    g_assert_nonnull(gw_cause_jingle(c));
    g_assert_cmpuint(gw_cause_sip(c), >=, 400);
    g_assert_cmpuint(gw_cause_q850(c), >, 0);
    for (gw_cause d = (gw_cause)(c + 1); d < GW_N_CAUSES; d++)
      g_assert_cmpstr(gw_cause_word(c), !=, gw_cause_word(d));
  }
  g_assert_cmpint(gw_cause_from_sip(200), ==, GW_CAUSE_NONE);
  g_assert_cmpint(gw_cause_from_sip(486), ==, GW_CAUSE_BUSY);
  g_assert_cmpint(gw_cause_from_sip(599), ==, GW_CAUSE_INTERNAL);
  g_assert_cmpint(gw_cause_from_sip(699), ==, GW_CAUSE_PEER_GONE);
  g_assert_cmpint(gw_cause_from_jingle("decline"), ==, GW_CAUSE_REJECTED);
  g_assert_cmpint(gw_cause_from_jingle(NULL), ==, GW_CAUSE_PEER_GONE);
  static const struct {
    const char *condition;
    gw_cause cause;
  } rows[] = {{"item-not-found", GW_CAUSE_NOT_FOUND},
              {"registration-required", GW_CAUSE_FORBIDDEN},
              {"not-authorized", GW_CAUSE_FORBIDDEN},
              {"remote-server-not-found", GW_CAUSE_TIMEOUT},
              {"resource-constraint", GW_CAUSE_BUSY}, /* theirs, not ours */
              {"not-acceptable", GW_CAUSE_NO_CODEC},
              {"undefined-condition", GW_CAUSE_SFU_DOWN},
              {NULL, GW_CAUSE_SFU_DOWN}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_assert_cmpint(gw_cause_from_condition(rows[i].condition, GW_CAUSE_SFU_DOWN), ==,
                    rows[i].cause);
  g_assert_cmpstr(gw_cause_word((gw_cause)999), ==, "internal");
}

static void test_handles(void) {
  g_autoptr(gw_handles) t = gw_handles_new(2);
  int a, b, c;
  gw_handle ha = gw_handles_add(t, 1, &a), hb = gw_handles_add(t, 2, &b);
  g_assert_true(gw_handles_get(t, ha, 1) == &a);
  g_assert_null(gw_handles_get(t, ha, 2)); /* wrong kind */
  g_assert_null(gw_handles_get(t, GW_HANDLE_NONE, 1));
  g_assert_cmpuint(gw_handles_add(t, 1, &c).v, ==, 0); /* full */
  g_assert_true(gw_handles_remove(t, ha, 1) == &a);
  gw_handle hc = gw_handles_add(t, 1, &c);
  g_assert_null(gw_handles_get(t, ha, 1)); /* stale: same slot, other generation */
  g_assert_null(gw_handles_remove(t, ha, 1));
  g_assert_true(gw_handles_get(t, hc, 1) == &c);
  g_assert_true(gw_handles_get(t, hb, 2) == &b);
  g_assert_cmpuint(gw_handles_count(t), ==, 2);
  g_assert_null(gw_handles_get(t, (gw_handle){G_MAXUINT64}, 255));
}

static void test_ids(void) {
  g_autoptr(gw_ids) x = gw_ids_new_fixed(1), y = gw_ids_new_fixed(1), z = gw_ids_new();
  g_autofree char *a = gw_ids_uuid(x), *b = gw_ids_uuid(y), *c = gw_ids_uuid(z),
                  *h = gw_ids_hex(z, 4);
  g_assert_cmpstr(a, ==, b);
  g_assert_cmpstr(a, !=, c);
  g_assert_true(g_uuid_string_is_valid(a) && g_uuid_string_is_valid(c));
  g_assert_cmpint(c[14], ==, '4');
  g_assert_cmpuint(strlen(h), ==, 8);
}

static void test_jid(void) {
  g_autofree char *n = NULL, *d = NULL, *r = NULL;
  g_assert_true(gw_jid_split("Alice@Example.ORG/Desk Phone", &n, &d, &r));
  g_assert_cmpstr(n, ==, "alice");
  g_assert_cmpstr(d, ==, "example.org");
  g_assert_cmpstr(r, ==, "Desk Phone");
  static const char *const bad[] = {"", "@x", "a@", "a@b@c", "a@b/", "a\n@b", "\xff@b", "/x"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
    g_assert_false(gw_jid_split(bad[i], NULL, NULL, NULL));
  g_autofree char *long_jid = g_strnfill(4000, 'a');
  g_assert_false(gw_jid_split(long_jid, NULL, NULL, NULL));
  g_assert_true(gw_jid_same("A@b/R", "a@B/R"));
  g_assert_cmpstr(gw_jid_domain_above("sip.example.org"), ==, "example.org");
  g_assert_true(!gw_jid_domain_above("localhost") && !gw_jid_domain_above("x.") &&
                !gw_jid_domain_above(NULL));
  g_assert_false(gw_jid_same("a@b/R", "a@b/r"));
  g_assert_true(gw_jid_same_bare("a@b/R", "a@b/r"));
  g_assert_false(gw_jid_same(NULL, NULL));
  g_autofree char *e = gw_jid_escape("d'artagnan & co@x/y"), *u = gw_jid_unescape(e);
  g_assert_cmpstr(e, ==, "d\\27artagnan\\20\\26\\20co\\40x\\2fy");
  g_assert_cmpstr(u, ==, "d'artagnan & co@x/y");
}

static void test_nick(void) {
  static const struct {
    const char *in, *out;
  } rows[] = {{"  Front desk ", "Front desk"},
              {"a\r\nb\x1b", "ab"},
              {"\u202eevil", "evil"},
              {"", NULL},
              {"\n", NULL},
              {NULL, NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = gw_nick_clean(rows[i].in);
    g_assert_cmpstr(got, ==, rows[i].out);
  }
  g_autofree char *big = g_strnfill(500, 'x'), *cut = gw_nick_clean(big);
  g_assert_cmpuint(strlen(cut), ==, 64);
  g_autofree char *m = gw_number_mask("+49301234547"), *s = gw_number_mask("100");
  g_assert_cmpstr(m, ==, "+49 30 ••• 47");
  g_assert_cmpstr(s, ==, "100");
}

static void test_time(void) {
  g_autofree char *t = gw_rfc3339(G_GINT64_CONSTANT(1763805600123000));
  g_assert_cmpstr(t, ==, "2025-11-22T10:00:00.123Z");
}

/* --- queue --- */

typedef struct {
  gw_msg head;
  guint n;
} number;
typedef struct {
  guint next, wrong;
  GMainLoop *loop;
} reader;

static void free_number(gw_msg *m) {
  g_free(m);
}

static void on_number(gw_msg *m, void *user) {
  reader *r = user;
  r->wrong += ((number *)m)->n != r->next++;
  if (r->next == 10000) g_main_loop_quit(r->loop);
  g_free(m);
}

static void *push_numbers(void *q) {
  for (guint i = 0; i < 10000;) {
    number *m = g_new0(number, 1);
    m->n = i;
    if (gw_queue_push(q, &m->head))
      i++;
    else
      g_free(m), g_thread_yield();
  }
  return NULL;
}

static void test_queue_threads(void) {
  g_autoptr(gw_queue) q = gw_queue_new(50, free_number);
  g_autoptr(GMainContext) ctx = g_main_context_new();
  reader r = {.loop = g_main_loop_new(ctx, FALSE)};
  GSource *s = gw_queue_attach(q, ctx, on_number, &r);
  GThread *t = g_thread_new("push", push_numbers, q);
  g_main_loop_run(r.loop);
  g_thread_join(t);
  g_assert_cmpuint(r.next, ==, 10000);
  g_assert_cmpuint(r.wrong, ==, 0);
  g_source_destroy(s);
  g_source_unref(s);
  g_main_loop_unref(r.loop);
}

static void test_queue_full(void) {
  g_autoptr(gw_queue) q = gw_queue_new(1, free_number);
  number *a = g_new0(number, 1), *b = g_new0(number, 1);
  g_assert_true(gw_queue_push(q, &a->head));
  g_assert_false(gw_queue_push(q, &b->head));
  gw_queue_push_always(q, &b->head);
  g_assert_cmpuint(gw_queue_length(q), ==, 2);
  gw_msg *m = gw_queue_pop(q);
  g_assert_true(m == &a->head);
  g_free(m); /* b is freed with the queue */
}

/* --- timer --- */

typedef struct {
  guint fired;
  gw_timer *timer;
} fire;

static void on_fire(void *user) {
  fire *f = user;
  f->fired++;
}

static void on_fire_free(void *user) {
  fire *f = user;
  f->fired++;
  gw_timer_free(g_steal_pointer(&f->timer));
}

static void test_timer(void) {
  g_autoptr(GMainContext) ctx = g_main_context_new();
  fire f = {0};
  g_autoptr(gw_timer) t = gw_timer_new(ctx, on_fire, &f);
  g_assert_false(g_main_context_iteration(ctx, FALSE));
  gw_timer_set(t, gw_now_us() + GW_SEC(3600));
  gw_timer_set(t, 0);
  g_main_context_iteration(ctx, TRUE);
  g_assert_cmpuint(f.fired, ==, 1);
  g_assert_false(g_main_context_iteration(ctx, FALSE));
  gw_timer_set(t, 0);
  gw_timer_set(t, GW_NEVER);
  g_assert_false(g_main_context_iteration(ctx, FALSE));
  fire own = {0};
  own.timer = gw_timer_new(ctx, on_fire_free, &own);
  gw_timer_set(own.timer, 0);
  g_main_context_iteration(ctx, TRUE);
  g_assert_cmpuint(own.fired, ==, 1);
}

static void test_pace(void) {
  g_autoptr(gw_pace) p = gw_pace_new(3, GW_SEC(10), 2);
  gboolean first;
  for (guint i = 0; i < 3; i++)
    g_assert_true(gw_pace_take(p, "a", 0, NULL));
  g_assert_false(gw_pace_take(p, "a", 0, &first));
  g_assert_true(first);
  g_assert_false(gw_pace_take(p, "a", GW_SEC(9), &first));
  g_assert_false(first); /* told once */
  g_assert_true(gw_pace_take(p, "a", GW_SEC(10), &first));
  g_assert_false(first);
  g_assert_false(gw_pace_take(p, "a", GW_SEC(11), &first)); /* refusals cost nothing */
  g_assert_true(first);
  g_assert_true(gw_pace_take(p, "b", GW_SEC(11), NULL));    /* each by itself */
  g_assert_false(gw_pace_take(p, "c", GW_SEC(11), &first)); /* full, and nobody idle */
  g_assert_false(first);
  g_assert_true(gw_pace_take(p, "c", GW_SEC(21), NULL)); /* b has nothing on account any more */
  g_assert_true(gw_pace_take(p, "a", GW_SEC(1000), NULL));
  g_assert_true(gw_pace_take(p, "a", GW_SEC(1000), NULL));
  g_assert_true(gw_pace_take(p, "a", GW_SEC(1000), NULL));
  g_assert_false(gw_pace_take(p, "a", GW_SEC(1000), NULL)); /* rest does not pile up */
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/cause", test_cause);
  g_test_add_func("/base/handles", test_handles);
  g_test_add_func("/base/ids", test_ids);
  g_test_add_func("/base/jid", test_jid);
  g_test_add_func("/base/nick", test_nick);
  g_test_add_func("/base/time", test_time);
  g_test_add_func("/base/queue/threads", test_queue_threads);
  g_test_add_func("/base/queue/full", test_queue_full);
  g_test_add_func("/base/timer", test_timer);
  g_test_add_func("/base/pace", test_pace);
  return g_test_run();
}
