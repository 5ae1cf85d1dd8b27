/* Scenes as one row each: what happens, letter by letter, and what must come of it. */
#include "gateway/bridge/roster_check.h"
#include "base/limits.h"

#define BOB "bob@example.org/jsxc"

static gw_word *word(gw_jmuci_action action, const char *id, gboolean historic) {
  gw_word *w = gw_word_new_jmuci(action, FALSE, id);
  w->from = g_strdup("room@muc.example.org/bob");
  w->historic = historic;
  return w;
}

/* "P1": proposal 1, "A1": accept of 1, "H1": proposal 1 from the history, "I": a Jingle word; "p1": proposal 1 of a
 * proposer known as JSXC, "n1": known as another client, "o1": of one of ours, "u1": of somebody without an address;
 * "J1": joined for call 1, "J-": for none; "cY" "cN" "c-": it is JSXC, another, gave no answer; "rY" "rN" "rU": it has
 * us, lacks us, nobody knows; "C" and "R": the same, to what was asked before the last question. */
static guint asked;

static GArray *put(gw_roster_check *c, const char *what) {
  g_autoptr(gw_word) w = NULL;
  gw_rc_event ev = {.proposer = {BOB, FALSE, GW_ANSWER_UNKNOWN}};
  const char id[] = {what[1], 0};
  switch (what[0]) {
  case 'J':
    ev.type = GW_RC_JOINED;
    if (id[0] != '-') ev.id = id;
    if (!ev.id) ev.proposer.jid = NULL;
    break;
  case 'C':
  case 'c':
    ev.type = GW_RC_CLIENT;
    ev.ask = what[0] == 'c' ? asked : asked - 1;
    ev.name = id[0] == 'Y' ? "JSXC 4" : id[0] == 'N' ? "Dino" : NULL;
    break;
  case 'R':
  case 'r':
    ev.type = GW_RC_ROSTER;
    ev.ask = what[0] == 'r' ? asked : asked - 1;
    ev.answer = id[0] == 'Y' ? GW_ANSWER_YES : id[0] == 'N' ? GW_ANSWER_NO : GW_ANSWER_UNKNOWN;
    break;
  case 'I':
    ev.type = GW_RC_WORD;
    ev.word = w = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, "x@y", "s", FALSE);
    break;
  default:
    ev.type = GW_RC_WORD;
    if (what[0] == 'p') ev.proposer.jsxc = GW_ANSWER_YES;
    if (what[0] == 'n') ev.proposer.jsxc = GW_ANSWER_NO;
    if (what[0] == 'o') ev.proposer.ours = TRUE;
    if (what[0] == 'u') ev.proposer.jid = NULL;
    ev.word = w = word(what[0] == 'A' ? GW_JMUCI_ACCEPT : GW_JMUCI_PROPOSE, id, what[0] == 'H');
    break;
  }
  return gw_roster_check_step(c, &ev);
}

static void tell(GString *to, const gw_rc_action *a) {
  static const char *const names[] = {"client?", "roster?", "harm", "admit", "refuse", "pass"};
  g_string_append_printf(to, "%s%s", to->len ? " " : "", names[a->type]);
  if (a->type == GW_RC_ASK_CLIENT || a->type == GW_RC_HARM) g_assert_cmpstr(a->jid, ==, BOB);
  if (a->type == GW_RC_ASK_ROSTER) g_assert_cmpstr(a->jid, ==, "bob@example.org");
  if (a->type == GW_RC_ASK_ROSTER) asked = a->ask;
  if (a->type != GW_RC_PASS) return;
  if (a->word->kind == GW_WORD_JINGLE)
    g_string_append(to, "-jingle");
  else
    g_string_append_printf(to, "-%c%s", gw_jmuci_action_name(a->word->u.jmuci.action)[0],
                           a->word->u.jmuci.id);
}

static char *play(gboolean enabled, const char *scene) {
  asked = 0;
  gw_roster_check *c = gw_roster_check_new(enabled);
  GString *got = g_string_new(NULL);
  g_auto(GStrv) events = g_strsplit(scene, " ", -1);
  for (guint i = 0; events[i]; i++) {
    g_autoptr(GArray) actions = put(c, events[i]);
    for (guint k = 0; k < actions->len; k++)
      tell(got, &g_array_index(actions, gw_rc_action, k));
  }
  gw_roster_check_free(c);
  return g_string_free(got, FALSE);
}

static void test_scenes(void) {
  static const struct {
    const char *scene, *expect;
  } rows[] = {
      /* coming for a call */
      {"J-", "admit"},
      {"J1", "client? roster?"},
      {"J1 cN", "client? roster? admit"}, /* others do not mind, so the roster is not waited for */
      {"J1 c-", "client? roster? admit"},
      {"J1 cY", "client? roster?"},
      {"J1 cY rY", "client? roster? admit"},
      {"J1 rY cY", "client? roster? admit"},
      {"J1 cY rU", "client? roster? admit"}, /* only a clear no counts */
      {"J1 cY rN", "client? roster? harm refuse"},
      {"J1 rN cY", "client? roster? harm refuse"},
      {"J1 rN cN", "client? roster? admit"},
      {"J1 cN rN", "client? roster? admit"},         /* the late answer changes nothing */
      {"J1 cN P1", "client? roster? admit pass-p1"}, /* weighed once */
      {"J1 cY rN P1 A1", "client? roster? harm refuse"},
      /* a proposal while we sit there */
      {"P1", "client? roster?"},
      {"P1 A1 cY rY", "client? roster? pass-p1 pass-a1"},
      {"P1 A1 cY rN A1", "client? roster? harm"},
      {"P1 A2 cY rN", "client? roster? harm pass-a2"},
      {"P1 I cY rN", "client? roster? harm pass-jingle"}, /* behind it, but not of it */
      {"p1 rY", "roster? pass-p1"},
      {"p1 rN", "roster? harm"},
      {"n1 A1", "pass-p1 pass-a1"},
      {"o1", "pass-p1"},
      {"u1", "pass-p1"},
      {"H1", "pass-p1"},
      {"A1", "pass-a1"},
      {"P1 cY rY P1", "client? roster? pass-p1 pass-p1"},
      {"P1 cY rN P1", "client? roster? harm"},
      /* two proposals, one behind the other */
      {"P1 P2 A1 cY rY", "client? roster? pass-p1 client? roster?"},
      {"P1 P2 A1 cY rN cY rY", "client? roster? harm client? roster? pass-p2"},
      {"P1 P2 cN cN", "client? roster? pass-p1 client? roster? pass-p2"},
      /* an answer that comes when the next one is being weighed is not about him */
      {"P1 P2 cN RN cY", "client? roster? pass-p1 client? roster?"},
      {"P1 P2 cN RN cY rY", "client? roster? pass-p1 client? roster? pass-p2"},
      {"P1 P2 cN RY cY rN", "client? roster? pass-p1 client? roster? harm"},
      {"P1 rY cN P2 CY rN", "client? roster? pass-p1 client? roster?"},
      {"J1 cN P2 RN cY rY", "client? roster? admit client? roster? pass-p2"},
      /* answers nobody asked for */
      {"cY rN P1", "client? roster?"},
      {"rN A1", "pass-a1"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = play(TRUE, rows[i].scene);
    g_test_message("%s", rows[i].scene);
    g_assert_cmpstr(got, ==, rows[i].expect);
  }
}

static void test_switched_off(void) {
  g_autofree char *got = play(FALSE, "J1 p1 A1 P2 cY rN P1");
  g_assert_cmpstr(got, ==, "admit pass-p1 pass-a1 pass-p2 pass-p1");
}

/* A proposer that never answers must not make us keep the room's words without end. */
static void test_bounded(void) {
  gw_roster_check *c = gw_roster_check_new(TRUE);
  for (guint i = 0; i < GW_MAX_ORDER + 50; i++) {
    g_autoptr(GArray) none = put(c, i ? "A1" : "P1");
    g_assert_cmpuint(none->len, ==, i ? 0 : 2);
  }
  asked = 1;
  g_autoptr(GArray) all = put(c, "cN");
  g_assert_cmpuint(all->len, ==, GW_MAX_ORDER);
  gw_roster_check_free(c);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/roster-check/scenes", test_scenes);
  g_test_add_func("/roster-check/switched-off", test_switched_off);
  g_test_add_func("/roster-check/bounded", test_bounded);
  return g_test_run();
}
