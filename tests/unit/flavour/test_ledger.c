/* The accept order of a room's calls, as the room reflects it. */
#include "gateway/flavour/jmuci_ledger_priv.h"
#include <string.h>

static gboolean join(gw_ledger *l, const char *nick, const char *jid) {
  const char *const jids[] = {jid, NULL};
  const gw_fl_occupant who = {.nick = nick, .jids = jids, .present = TRUE};
  return gw_ledger_occupant(l, &who, 0);
}

static gboolean leave(gw_ledger *l, const char *nick) {
  const gw_fl_occupant who = {.nick = nick};
  return gw_ledger_occupant(l, &who, 0);
}

typedef struct {
  gboolean historic, sfu;
  const char *jid;
} extra;

static gboolean word(gw_ledger *l, const char *nick, gw_jmuci_action action, const char *id,
                     gint64 now, extra x) {
  g_autoptr(gw_word) w = gw_word_new_jmuci(action, x.sfu, id);
  w->from = g_strconcat("room@muc/", nick, NULL);
  w->historic = x.historic;
  w->u.jmuci.jid = g_strdup(x.jid);
  return gw_ledger_word(l, w, now);
}

static gboolean say(gw_ledger *l, const char *nick, gw_jmuci_action action, const char *id) {
  return word(l, nick, action, id, GW_SEC(1), (extra){0});
}

static gw_ledger *room(void) {
  gw_ledger *l = gw_ledger_new();
  join(l, "P", "p@x/1");
  join(l, "A", "a@x/1");
  join(l, "B", "b@x/1");
  return l;
}

/* "P A- B": nicks in order, a dash behind who lives no more. */
static char *order(const gw_ledger *l, const char *id) {
  const gw_ledger_call *c = gw_ledger_find(l, id);
  GString *s = g_string_new(NULL);
  for (guint i = 0; c && i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    g_string_append_printf(s, "%s%s%s", i ? " " : "", e->nick, e->alive ? "" : "-");
  }
  return g_string_free(s, FALSE);
}

#define is_order(l, id, text)                                                                      \
  G_STMT_START {                                                                                   \
    g_autofree char *got = order(l, id);                                                           \
    g_assert_cmpstr(got, ==, text);                                                                \
  }                                                                                                \
  G_STMT_END

static void order_is_that_of_the_room(void) {
  g_autoptr(gw_ledger) l = room();
  g_assert_true(say(l, "P", GW_JMUCI_PROPOSE, "X"));
  g_assert_true(say(l, "B", GW_JMUCI_ACCEPT, "X"));
  g_assert_true(say(l, "A", GW_JMUCI_ACCEPT, "X"));
  is_order(l, "X", "P B A");
  g_assert_cmpint(gw_ledger_index(gw_ledger_find(l, "X"), "A"), ==, 2);
  g_assert_cmpint(gw_ledger_index(gw_ledger_find(l, "X"), "nobody"), ==, -1);
  g_assert_cmpuint(gw_ledger_count(l), ==, 1);
}

static void an_accept_counts_at_its_first_place(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  say(l, "B", GW_JMUCI_ACCEPT, "X");
  g_assert_false(say(l, "A", GW_JMUCI_ACCEPT, "X"));
  g_assert_false(say(l, "P", GW_JMUCI_ACCEPT, "X"));
  is_order(l, "X", "P A B");
}

static void the_same_proposal_again_changes_nothing_another_nicks_starts_over(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_false(say(l, "P", GW_JMUCI_PROPOSE, "X"));
  is_order(l, "X", "P A");
  g_assert_true(say(l, "B", GW_JMUCI_PROPOSE, "X"));
  is_order(l, "X", "B");
  g_assert_cmpuint(gw_ledger_count(l), ==, 1);
}

static void an_orphan_accept_waits_sixty_seconds_for_its_proposal(void) {
  g_autoptr(gw_ledger) l = room();
  g_assert_false(word(l, "A", GW_JMUCI_ACCEPT, "X", GW_SEC(10), (extra){0}));
  g_assert_false(word(l, "B", GW_JMUCI_ACCEPT, "Y", GW_SEC(11), (extra){0}));
  g_assert_true(word(l, "P", GW_JMUCI_PROPOSE, "X", GW_SEC(69), (extra){.historic = TRUE}));
  is_order(l, "X", "P A");
  g_assert_false(gw_ledger_find(l, "X")->historic);
  g_assert_cmpint(gw_ledger_find(l, "X")->last_accept_us, ==, GW_SEC(10));
  g_assert_nonnull(gw_ledger_live(l, FALSE, GW_SEC(1000)));
  word(l, "P", GW_JMUCI_PROPOSE, "Y", GW_SEC(71), (extra){.historic = TRUE});
  is_order(l, "Y", "P");
}

static void orphans_are_bounded(void) {
  g_autoptr(gw_ledger) l = room();
  for (guint i = 0; i < 3 * GW_MAX_ORDER; i++) {
    g_autofree char *id = g_strdup_printf("o%u", i);
    word(l, "A", GW_JMUCI_ACCEPT, id, GW_SEC(1), (extra){0});
  }
  g_assert_cmpuint(l->orphans->len, ==, GW_MAX_ORDER);
  word(l, "A", GW_JMUCI_ACCEPT, "new", GW_SEC(62), (extra){0});
  g_assert_cmpuint(l->orphans->len, ==, 1);
}

static void retract_counts_from_the_proposer_only(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  g_assert_false(say(l, "A", GW_JMUCI_RETRACT, "X"));
  g_assert_true(say(l, "P", GW_JMUCI_RETRACT, "X"));
  g_assert_false(say(l, "P", GW_JMUCI_RETRACT, "X"));
  g_assert_true(gw_ledger_find(l, "X")->retracted);
  g_assert_false(say(l, "A", GW_JMUCI_ACCEPT, "X")); /* accept after retract */
  is_order(l, "X", "P");
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(1)));
}

static void retract_after_an_accept_speaks_for_the_proposer_only(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_true(say(l, "P", GW_JMUCI_RETRACT, "X"));
  is_order(l, "X", "P- A");
  g_assert_nonnull(gw_ledger_live(l, FALSE, GW_SEC(1))); /* A came just now */
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(31)));   /* A alone is no call */
  say(l, "B", GW_JMUCI_ACCEPT, "X");
  g_assert_nonnull(gw_ledger_live(l, FALSE, GW_SEC(1)));
}

/* Clients hang up without a word: who turns up in another call has left this one. */
static void nobody_is_in_two_calls(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  say(l, "B", GW_JMUCI_ACCEPT, "X");
  say(l, "P", GW_JMUCI_PROPOSE, "Y");
  is_order(l, "X", "P- A B");
  g_assert_cmpstr(gw_ledger_live(l, FALSE, GW_SEC(1))->id, ==,
                  "Y"); /* its proposer is there, X's has gone */
  say(l, "A", GW_JMUCI_ACCEPT, "Y");
  is_order(l, "X", "P- A- B");
  is_order(l, "Y", "P A");
  g_assert_cmpstr(gw_ledger_live(l, FALSE, GW_SEC(100))->id, ==, "Y");
}

static void ended_and_leaving_kill_an_entry_and_all_kill_the_call(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_true(say(l, "A", GW_JMUCI_ENDED, "X"));
  g_assert_false(say(l, "A", GW_JMUCI_ENDED, "X"));
  g_assert_false(say(l, "B", GW_JMUCI_ENDED, "X"));
  g_assert_false(say(l, "B", GW_JMUCI_ENDED, "Y"));
  is_order(l, "X", "P A-");
  g_assert_true(leave(l, "P"));
  g_assert_false(leave(l, "P"));
  g_assert_false(leave(l, "B"));
  g_assert_true(gw_ledger_find(l, "X")->dead);
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(1)));
  g_assert_true(say(l, "A", GW_JMUCI_ACCEPT, "X")); /* there again, at the old place */
  is_order(l, "X", "P- A");
  g_assert_false(gw_ledger_find(l, "X")->dead);
}

static void a_reject_never_removes_an_accept(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_false(say(l, "A", GW_JMUCI_REJECT, "X"));
  is_order(l, "X", "P A");
}

static void renamed_ones_keep_their_place(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  const char *const jids[] = {"a@x/1", NULL};
  const gw_fl_occupant who = {.nick = "Anna", .old_nick = "A", .jids = jids, .present = TRUE};
  g_assert_true(gw_ledger_occupant(l, &who, 0));
  is_order(l, "X", "P Anna");
  g_assert_false(leave(l, "A"));
  g_assert_true(leave(l, "Anna"));
  const gw_fl_occupant late = {.nick = "Z", .old_nick = "unknown", .jids = jids, .present = TRUE};
  g_assert_false(gw_ledger_occupant(l, &late, 0));
}

static void history_is_recorded_only(void) {
  g_autoptr(gw_ledger) l = room();
  word(l, "gone", GW_JMUCI_PROPOSE, "X", 0, (extra){.historic = TRUE});
  word(l, "gone2", GW_JMUCI_ACCEPT, "X", 0, (extra){.historic = TRUE});
  g_assert_true(gw_ledger_find(l, "X")->historic);
  is_order(l, "X", "gone gone2");
  g_assert_null(gw_ledger_live(l, FALSE, 0));
  g_assert_true(word(l, "A", GW_JMUCI_ACCEPT, "X", 0,
                     (extra){0})); /* somebody accepts it now: no story of old */
  g_assert_false(gw_ledger_find(l, "X")->historic);
  g_assert_nonnull(gw_ledger_live(l, FALSE, 0));
}

static void a_replay_undoes_nothing_the_real_thing_replaces_it(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_false(word(l, "B", GW_JMUCI_PROPOSE, "X", 0, (extra){.historic = TRUE}));
  is_order(l, "X", "P A");
  word(l, "P", GW_JMUCI_PROPOSE, "Y", 0, (extra){.historic = TRUE});
  g_assert_true(say(l, "P", GW_JMUCI_PROPOSE, "Y"));
  g_assert_false(gw_ledger_find(l, "Y")->historic);
}

static void the_jid_is_the_newest_at_that_time_or_the_vouched_attribute(void) {
  g_autoptr(gw_ledger) l = room();
  const char *const jids[] = {"a@x/desk", "a@x/mobile", NULL};
  const gw_fl_occupant who = {.nick = "A", .jids = jids, .present = TRUE};
  gw_ledger_occupant(l, &who, 0);
  say(l, "A", GW_JMUCI_PROPOSE, "X");
  g_assert_cmpstr(gw_ledger_entry(gw_ledger_find(l, "X"), 0)->jid, ==, "a@x/mobile");
  word(l, "A", GW_JMUCI_PROPOSE, "Y", 0, (extra){.jid = "A@X/desk"});
  g_assert_cmpstr(gw_ledger_entry(gw_ledger_find(l, "Y"), 0)->jid, ==, "A@X/desk");
  word(l, "A", GW_JMUCI_PROPOSE, "Z", 0, (extra){.jid = "evil@x/desk"});
  g_assert_cmpstr(gw_ledger_entry(gw_ledger_find(l, "Z"), 0)->jid, ==, "a@x/mobile");
  word(l, "A", GW_JMUCI_PROPOSE, "W", 0, (extra){.jid = "a@x"});
  g_assert_cmpstr(gw_ledger_entry(gw_ledger_find(l, "W"), 0)->jid, ==, "a@x/mobile");
  join(l, "N", "nores@x");
  word(l, "N", GW_JMUCI_PROPOSE, "V", 0, (extra){0});
  g_assert_null(gw_ledger_entry(gw_ledger_find(l, "V"), 0)->jid);
}

static void words_of_strangers_and_broken_ones_are_nothing(void) {
  g_autoptr(gw_ledger) l = room();
  g_assert_false(say(l, "stranger", GW_JMUCI_PROPOSE, "X"));
  g_assert_false(say(l, "", GW_JMUCI_PROPOSE, "X"));
  g_assert_false(say(l, "P", GW_JMUCI_PROPOSE, ""));
  g_autofree char *lengthy = g_strnfill(GW_MAX_SID + 1, 'x');
  g_assert_false(say(l, "P", GW_JMUCI_PROPOSE, lengthy));
  g_autoptr(gw_word) w = gw_word_new_jmuci(GW_JMUCI_PROPOSE, FALSE, "X");
  w->from = g_strdup("room@muc");
  g_assert_false(gw_ledger_word(l, w, 0));
  g_autoptr(gw_word) j = gw_word_new_jingle(GW_JINGLE_SESSION_INFO, "a@x/1", "s", FALSE);
  g_assert_false(gw_ledger_word(l, j, 0));
  g_assert_cmpuint(gw_ledger_count(l), ==, 0);
}

static void mesh_and_sfu_calls_are_two_things(void) {
  g_autoptr(gw_ledger) l = room();
  word(l, "P", GW_JMUCI_PROPOSE, "X", GW_SEC(1), (extra){.sfu = TRUE});
  g_assert_false(say(l, "A", GW_JMUCI_ACCEPT, "X"));
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(2)));
  g_assert_nonnull(gw_ledger_live(l, TRUE, GW_SEC(2)));
}

static void live_is_the_oldest_that_can_be_joined(void) {
  g_autoptr(gw_ledger) l = room();
  g_assert_null(gw_ledger_live(l, FALSE, 0));
  word(l, "P", GW_JMUCI_PROPOSE, "X", GW_SEC(100), (extra){0});
  word(l, "A", GW_JMUCI_PROPOSE, "Y", GW_SEC(110), (extra){0});
  g_assert_cmpstr(gw_ledger_live(l, FALSE, GW_SEC(128))->id, ==, "X");
  g_assert_cmpstr(gw_ledger_live(l, FALSE, GW_SEC(129))->id, ==, "Y"); /* nobody took it, and an accept would come after 30 s */
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(140)));
  word(l, "B", GW_JMUCI_ACCEPT, "Y", GW_SEC(150), (extra){0});
  g_assert_cmpstr(gw_ledger_live(l, FALSE, GW_SEC(9999))->id, ==, "Y"); /* accepted: no limit */
  gw_ledger_forget(l, "Y");
  gw_ledger_forget(l, "Y");
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(160)));
}

static void a_call_with_only_watchers_and_ourselves_is_not_live(void) {
  g_autoptr(gw_ledger) l = room();
  const char *const jids[] = {"w@x/1", NULL};
  const gw_fl_occupant watcher = {.nick = "W", .jids = jids, .present = TRUE, .watcher = TRUE};
  const gw_fl_occupant self = {.nick = "S", .jids = jids, .present = TRUE, .self = TRUE};
  const gw_fl_occupant seat = {.nick = "T", .jids = jids, .present = TRUE, .seat = TRUE};
  gw_ledger_occupant(l, &watcher, 0);
  gw_ledger_occupant(l, &self, 0);
  gw_ledger_occupant(l, &seat, 0);
  say(l, "W", GW_JMUCI_PROPOSE, "X");
  say(l, "S", GW_JMUCI_ACCEPT, "X");
  g_assert_null(gw_ledger_live(l, FALSE, GW_SEC(2)));
  say(l, "T", GW_JMUCI_ACCEPT, "X"); /* another phone of ours counts */
  g_assert_nonnull(gw_ledger_live(l, FALSE, GW_SEC(2)));
}

static void calls_and_orders_are_bounded(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "runs");
  say(l, "A", GW_JMUCI_ACCEPT, "runs");
  for (guint i = 0; i < 5 * GW_MAX_CALLS_PER_ROOM; i++) {
    g_autofree char *id = g_strdup_printf("c%u", i);
    say(l, "B", GW_JMUCI_PROPOSE, id);
    if (i % 3 == 0) say(l, "B", GW_JMUCI_RETRACT, id);
  }
  g_assert_cmpuint(gw_ledger_count(l), ==, GW_MAX_CALLS_PER_ROOM);
  is_order(l, "runs", "P A"); /* what runs is never pushed out */
  for (guint i = 0; i < 2 * GW_MAX_ORDER; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i), *jid = g_strdup_printf("n%u@x/1", i);
    join(l, nick, jid);
    say(l, nick, GW_JMUCI_ACCEPT, "runs");
  }
  g_assert_cmpuint(gw_ledger_find(l, "runs")->order->len, ==, GW_MAX_ORDER);
}

static void when_all_run_a_new_one_is_refused(void) {
  g_autoptr(gw_ledger) l = room();
  for (guint i = 0; i < GW_MAX_CALLS_PER_ROOM; i++) {
    g_autofree char *id = g_strdup_printf("c%u", i), *p = g_strdup_printf("p%u", i),
                    *a = g_strdup_printf("a%u", i);
    g_autofree char *p_jid = g_strdup_printf("p%u@x/1", i), *a_jid = g_strdup_printf("a%u@x/1", i);
    join(l, p, p_jid);
    join(l, a, a_jid);
    say(l, p, GW_JMUCI_PROPOSE, id);
    say(l, a, GW_JMUCI_ACCEPT, id);
  }
  g_assert_false(say(l, "B", GW_JMUCI_PROPOSE, "one more"));
  g_assert_null(gw_ledger_find(l, "one more"));
}

static void a_copy_is_equal_and_apart(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "orphan");
  g_autoptr(gw_ledger) c = gw_ledger_copy(l);
  say(c, "A", GW_JMUCI_ACCEPT, "X");
  is_order(c, "X", "P A");
  is_order(l, "X", "P");
  say(c, "P", GW_JMUCI_PROPOSE, "orphan");
  is_order(c, "orphan", "P A");
}

/* --- text --- */

static void saved_and_loaded_it_is_the_same(void) {
  g_autoptr(gw_ledger) l = room();
  join(l, "Ünï cödé\n%", "u@x/a b");
  word(l, "P", GW_JMUCI_PROPOSE, "X", GW_SEC(10), (extra){0});
  word(l, "Ünï cödé\n%", GW_JMUCI_ACCEPT, "X", GW_SEC(12), (extra){0});
  word(l, "A", GW_JMUCI_ACCEPT, "X", GW_SEC(13), (extra){0});
  leave(l, "A");
  word(l, "B", GW_JMUCI_PROPOSE, "sfu", GW_SEC(14), (extra){.sfu = TRUE});
  word(l, "ghost", GW_JMUCI_PROPOSE, "old", GW_SEC(15), (extra){.historic = TRUE});
  join(l, "Q", "q@x/1");
  word(l, "Q", GW_JMUCI_PROPOSE, "back", GW_SEC(16), (extra){0});
  word(l, "Q", GW_JMUCI_RETRACT, "back", GW_SEC(20), (extra){0});
  gw_ledger_find(l, "X")->video = TRUE;
  g_autofree char *text = gw_ledger_save(l);
  g_autoptr(gw_ledger) m = gw_ledger_load(text, GW_SEC(1000));
  g_assert_nonnull(m);
  g_assert_cmpuint(gw_ledger_count(m), ==, 4);
  is_order(m, "X", "P Ünï cödé\n% A-");
  const gw_ledger_call *x = gw_ledger_find(m, "X");
  g_assert_true(x->video && !x->sfu && !x->historic && !x->dead);
  g_assert_cmpint(x->proposed_us, ==, GW_SEC(990));
  g_assert_cmpint(x->last_accept_us, ==, GW_SEC(993));
  g_assert_cmpstr(gw_ledger_entry(x, 1)->jid, ==, "u@x/a b");
  g_assert_cmpint(gw_ledger_entry(x, 1)->at_us, ==, GW_SEC(992));
  g_assert_true(gw_ledger_find(m, "sfu")->sfu &&
                gw_ledger_find(m, "sfu")->historic); /* nobody had taken it */
  g_assert_null(gw_ledger_entry(gw_ledger_find(m, "old"), 0)->jid);
  g_assert_true(gw_ledger_find(m, "back")->retracted);
  g_assert_null(gw_ledger_live(m, FALSE, GW_SEC(1000))); /* nobody has been seen in the room yet */
  join(m, "P", "p@x/1");
  join(m, "Ünï cödé\n%", "u@x/a b");
  g_assert_cmpstr(gw_ledger_live(m, FALSE, GW_SEC(1000))->id, ==, "X");
  g_autofree char *again = gw_ledger_save(m);
  g_autoptr(gw_ledger) n = gw_ledger_load(again, GW_SEC(1000));
  is_order(n, "X", "P Ünï cödé\n% A-");
}

static void all_dead_stays_dead_when_loaded(void) {
  g_autoptr(gw_ledger) l =
      gw_ledger_load("tipring-ledger 1\ncall X - 5 4\nentry A - 0 5\nentry B - 0 5\n", 10);
  g_assert_true(gw_ledger_find(l, "X")->dead);
  g_autoptr(gw_ledger) m = gw_ledger_load(
      "tipring-ledger 1\ncall X - 5 4\nentry A - 0 5\nentry B - 1 5\nentry C - 0 5\n", 10);
  g_assert_false(gw_ledger_find(m, "X")->dead);
}

static void broken_text_is_refused(void) {
  static const char *const bad[] = {
      "",
      "x",
      "tipring-ledger 2\n",
      "tipring-ledger 1",
      "tipring-ledger 1\nhello\n",
      "tipring-ledger 1\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X - 0 0\n",
      "tipring-ledger 1\ncall X - 0 0\ncall Y - 0 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X - 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X q 0 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X - -1 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X - 0 -2\nentry A - 1 0\n",
      "tipring-ledger 1\ncall %GG - 0 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall %FF - 0 0\nentry A - 1 0\n",
      "tipring-ledger 1\ncall X - 0 0\nentry A - 2 0\n",
      "tipring-ledger 1\ncall X - 0 0\nentry A - 1 99999999999999999999\n",
      "tipring-ledger 1\ncall X - 0 0\nentry  - 1 0\n",
      "tipring-ledger 1\ncall X - 0 0\nentry A %ZZ 1 0\n",
      "tipring-ledger 1\ncall X - 0 0\nentry A - 1 0 7\n",
      "tipring-ledger 1\ncall X - 0 0\nentry A - 1 0\ncall X - 0 0\nentry A - 1 0\n",
  };
  g_assert_null(gw_ledger_load(NULL, 0));
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(gw_ledger) l = gw_ledger_load(bad[i], 0);
    if (l) g_test_message("taken: %s", bad[i]);
    g_assert_null(l);
  }
  g_autoptr(gw_ledger) empty = gw_ledger_load("tipring-ledger 1\n", 0);
  g_assert_nonnull(empty);
}

static void text_is_bounded(void) {
  g_autoptr(GString) s = g_string_new("tipring-ledger 1\n");
  for (guint i = 0; i <= GW_MAX_CALLS_PER_ROOM; i++)
    g_string_append_printf(s, "call c%u - 0 0\nentry A - 1 0\n", i);
  g_assert_null(gw_ledger_load(s->str, 0));
  g_string_assign(s, "tipring-ledger 1\ncall c - 0 0\n");
  for (guint i = 0; i <= GW_MAX_ORDER; i++)
    g_string_append_printf(s, "entry n%u - 1 0\n", i);
  g_assert_null(gw_ledger_load(s->str, 0));
  g_autofree char *huge = g_strnfill(GW_MAX_LEDGER_BYTES, '\n');
  g_string_printf(s, "tipring-ledger 1\n%s", huge);
  g_assert_null(gw_ledger_load(s->str, 0));
}

/* Names that fill every bound still give a text that can be loaded. */
static void monstrous_names_are_cut_whole(void) {
  g_autoptr(gw_ledger) l = gw_ledger_new();
  g_autofree char *tail = g_strnfill(2900, '\'');
  for (guint i = 0; i < GW_MAX_ORDER; i++) {
    g_autofree char *nick = g_strdup_printf("%u%s", i, tail),
                    *jid = g_strdup_printf("n@x/%s", tail);
    join(l, nick, jid);
    for (guint k = 0; k < 3; k++) {
      const char *const ids[] = {"x", "y", "z"};
      say(l, nick, i ? GW_JMUCI_ACCEPT : GW_JMUCI_PROPOSE, ids[k]);
    }
  }
  g_autofree char *text = gw_ledger_save(l);
  g_assert_cmpuint(strlen(text), <=, GW_MAX_LEDGER_BYTES);
  g_autoptr(gw_ledger) m = gw_ledger_load(text, 0);
  g_assert_nonnull(m);
  g_assert_cmpuint(gw_ledger_count(m), >=, 1);
  g_assert_cmpuint(gw_ledger_count(m), <, 3);
}

/* --- roster --- */

static void the_roster_knows_jids_and_bounds(void) {
  g_autoptr(gw_jmuci_roster) r = gw_jmuci_roster_new();
  const char *jids[GW_MAX_JIDS_PER_NICK + 3] = {0};
  for (guint i = 0; i < GW_MAX_JIDS_PER_NICK + 2; i++)
    jids[i] = i % 2 ? "a@x/odd" : "a@x/even";
  const gw_fl_occupant who = {.nick = "A", .jids = jids, .present = TRUE};
  g_assert_true(gw_jmuci_roster_set(r, &who));
  g_assert_false(gw_jmuci_roster_set(r, &who));
  g_assert_cmpuint(g_strv_length(gw_jmuci_roster_find(r, "A")->jids), ==, GW_MAX_JIDS_PER_NICK);
  const gw_fl_occupant hidden = {.nick = "H", .present = TRUE};
  gw_jmuci_roster_set(r, &hidden);
  g_assert_null(gw_jmuci_person_newest(gw_jmuci_roster_find(r, "H")));
  g_assert_cmpstr(gw_jmuci_roster_by_jid(r, "A@x/odd")->nick, ==, "A");
  g_assert_cmpstr(gw_jmuci_roster_by_jid(r, "a@x/third")->nick, ==, "A");
  g_assert_null(gw_jmuci_roster_by_jid(r, "b@x/odd"));
  g_assert_null(gw_jmuci_roster_find(r, NULL));
  for (guint i = 0; i < GW_MAX_OCCUPANTS + 5; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i);
    const gw_fl_occupant more = {.nick = nick, .present = TRUE};
    gw_jmuci_roster_set(r, &more);
  }
  g_assert_cmpuint(gw_jmuci_roster_others(r), ==, GW_MAX_OCCUPANTS);
}

/* Guests of another gateway share one bare JID: each is known by the full one. */
static void two_nicks_of_one_bare_jid_are_told_apart(void) {
  g_autoptr(gw_jmuci_roster) r = gw_jmuci_roster_new();
  static const char *const names[] = {"one", "two", "three"};
  for (guint i = 0; i < 3; i++) {
    g_autofree char *jid = g_strdup_printf("guest@gw/%s", names[i]);
    const char *const jids[] = {jid, NULL};
    const gw_fl_occupant who = {.nick = names[i], .jids = jids, .present = TRUE};
    gw_jmuci_roster_set(r, &who);
  }
  for (guint i = 0; i < 3; i++) {
    g_autofree char *jid = g_strdup_printf("guest@gw/%s", names[i]);
    g_assert_cmpstr(gw_jmuci_roster_by_jid(r, jid)->nick, ==, names[i]);
  }
  g_assert_cmpstr(gw_jmuci_roster_by_jid(r, "guest@gw/other")->nick, ==, "one");
}

/* What a session shows: who is dead, and with the last of them the call. */
static void a_session_that_ended_kills_its_entry_and_the_last_one_the_call(void) {
  g_autoptr(gw_ledger) l = room();
  say(l, "P", GW_JMUCI_PROPOSE, "X");
  say(l, "A", GW_JMUCI_ACCEPT, "X");
  g_assert_true(gw_ledger_kill_nick(l, "X", "A"));
  g_assert_null(gw_ledger_live(l, FALSE, 0)); /* P has nobody left, so it has closed its window */
  g_assert_false(gw_ledger_kill_nick(l, "X", "A"));
  g_assert_false(gw_ledger_kill_nick(l, "X", "nobody"));
  g_assert_false(gw_ledger_kill_nick(l, "Y", "P"));
  g_assert_true(gw_ledger_kill_nick(l, "X", "P"));
  g_assert_null(gw_ledger_live(l, FALSE, 0));
  word(l, "B", GW_JMUCI_ACCEPT, "X", GW_SEC(5), (extra){0}); /* somebody lives in it again */
  g_assert_nonnull(gw_ledger_live(l, FALSE, GW_SEC(5)));
}

#define CASE(name) g_test_add_func("/ledger/" #name, name)

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  CASE(order_is_that_of_the_room);
  CASE(an_accept_counts_at_its_first_place);
  CASE(the_same_proposal_again_changes_nothing_another_nicks_starts_over);
  CASE(an_orphan_accept_waits_sixty_seconds_for_its_proposal);
  CASE(orphans_are_bounded);
  CASE(retract_counts_from_the_proposer_only);
  CASE(retract_after_an_accept_speaks_for_the_proposer_only);
  CASE(nobody_is_in_two_calls);
  CASE(ended_and_leaving_kill_an_entry_and_all_kill_the_call);
  CASE(a_reject_never_removes_an_accept);
  CASE(renamed_ones_keep_their_place);
  CASE(history_is_recorded_only);
  CASE(a_replay_undoes_nothing_the_real_thing_replaces_it);
  CASE(the_jid_is_the_newest_at_that_time_or_the_vouched_attribute);
  CASE(words_of_strangers_and_broken_ones_are_nothing);
  CASE(mesh_and_sfu_calls_are_two_things);
  CASE(live_is_the_oldest_that_can_be_joined);
  CASE(a_call_with_only_watchers_and_ourselves_is_not_live);
  CASE(calls_and_orders_are_bounded);
  CASE(when_all_run_a_new_one_is_refused);
  CASE(a_copy_is_equal_and_apart);
  CASE(saved_and_loaded_it_is_the_same);
  CASE(all_dead_stays_dead_when_loaded);
  CASE(broken_text_is_refused);
  CASE(text_is_bounded);
  CASE(monstrous_names_are_cut_whole);
  CASE(the_roster_knows_jids_and_bounds);
  CASE(two_nicks_of_one_bare_jid_are_told_apart);
  CASE(a_session_that_ended_kills_its_entry_and_the_last_one_the_call);
  return g_test_run();
}
