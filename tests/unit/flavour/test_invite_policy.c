/* Who may have whom called into which room, row by row. */
#include "gateway/dialplan/invite_policy.h"

#define IN "alice@example.org", "team@c.example.org"

static const struct {
  const char *inviter, *room, *number;
  gboolean configured, occupants_may, occupant, callable;
  gboolean bare, ruled; /* allowed without rules, and with those of the test */
} rows[] = {
    /* a configured room: those who are in it */
    {IN, "101", TRUE, TRUE, TRUE, TRUE, TRUE, TRUE},
    {IN, "101", TRUE, TRUE, FALSE, TRUE, FALSE, FALSE},
    {IN, "101", TRUE, FALSE, TRUE, TRUE, FALSE, FALSE},
    {IN, "999", TRUE, TRUE, TRUE, FALSE, FALSE, FALSE},
    /* a room that nobody configured */
    {IN, "101", FALSE, FALSE, TRUE, TRUE, FALSE, FALSE},
    /* rule 1: boss@example.org, all configured rooms, all numbers */
    {"boss@example.org", "team@c.example.org", "101", TRUE, FALSE, FALSE, TRUE, FALSE, TRUE},
    {"boss@example.org", "team@c.example.org", "+4930", TRUE, TRUE, FALSE, TRUE, FALSE, TRUE},
    {"boss@example.org", "team@c.example.org", "+4930", TRUE, TRUE, TRUE, FALSE, FALSE, FALSE},
    {"boss@example.org", "party@c.example.org", "101", FALSE, FALSE, FALSE, TRUE, FALSE, FALSE},
    {"boss@example.org.evil", "team@c.example.org", "101", TRUE, FALSE, FALSE, TRUE, FALSE, FALSE},
    /* rule 2: anybody of staff.org, rooms *@c.staff.org, numbers 1?? */
    {"eve@staff.org", "any@c.staff.org", "101", FALSE, FALSE, FALSE, TRUE, FALSE, TRUE},
    {"eve@staff.org", "any@c.staff.org", "1011", FALSE, FALSE, FALSE, TRUE, FALSE, FALSE},
    {"eve@staff.org", "team@c.example.org", "101", TRUE, FALSE, FALSE, TRUE, FALSE, FALSE},
    {"eve@x.org", "any@c.staff.org", "101", FALSE, FALSE, FALSE, TRUE, FALSE, FALSE},
    /* a room that was made for one call: who is in a room of ours, and rules without rooms */
    {"alice@example.org", "c0ffee@c.x.org", "101", FALSE, TRUE, TRUE, TRUE, TRUE, TRUE},
    {"alice@example.org", "c0ffee@c.x.org", "101", FALSE, TRUE, FALSE, TRUE, FALSE, FALSE},
    {"alice@example.org", "c0ffee@c.x.org", "+4930", FALSE, TRUE, TRUE, FALSE, FALSE, FALSE},
    {"boss@example.org", "c0ffee@c.x.org", "101", FALSE, TRUE, FALSE, TRUE, FALSE, TRUE},
    {"eve@staff.org", "c0ffee@c.x.org", "101", FALSE, TRUE, FALSE, TRUE, FALSE, FALSE},
    {"eve@staff.org", "c0ffee@c.staff.org", "101", FALSE, TRUE, FALSE, TRUE, FALSE, TRUE},
};

static gboolean allowed(const gw_invite_policy *p, guint i) {
  const gw_invite_ask ask = {.inviter = rows[i].inviter,
                             .room = rows[i].room,
                             .number = rows[i].number,
                             .room_configured = rows[i].configured,
                             .call_room = g_str_has_prefix(rows[i].room, "c0ffee"),
                             .occupants_may = rows[i].occupants_may,
                             .occupant = rows[i].occupant,
                             .callable = rows[i].callable};
  const char *why = NULL;
  gboolean ok = gw_invite_policy_allows(p, &ask, &why);
  g_assert_true(ok == (why == NULL));
  return ok;
}

static void test_rows(void) {
  static const char *const boss[] = {"Boss@example.org", NULL},
                           *const staff[] = {"*@staff.org", NULL},
                           *const rooms[] = {"*@C.staff.org", NULL},
                           *const numbers[] = {"1??", NULL}, *const nothing[] = {NULL};
  g_autoptr(gw_invite_policy) bare = gw_invite_policy_new(), ruled = gw_invite_policy_new();
  gw_invite_policy_add(ruled, boss, nothing, NULL);
  gw_invite_policy_add(ruled, staff, rooms, numbers);
  gw_invite_policy_add(ruled, nothing, NULL, NULL); /* from nobody */
  gw_invite_policy_add(ruled, NULL, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("row %u", i);
    g_assert_cmpint(allowed(bare, i), ==, rows[i].bare);
    g_assert_cmpint(allowed(ruled, i), ==, rows[i].ruled);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/invite-policy/rows", test_rows);
  return g_test_run();
}
