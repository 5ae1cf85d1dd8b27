/* Where a phone goes that dials a room from which calls are invited to elsewhere, and which invitations count. */
#include "gateway/bridge/call_room_rules.h"

#define ROOM "standup@muc.test"
#define HERE "Standup@muc.test"
#define THERE "c0ffee@muc.test"
#define ELSEWHERE "decaf@muc.test"

static void test_where(void) {
  static const struct {
    gw_call_room_facts facts;
    const char *expect;
  } rows[] = {
      {{.room = ROOM}, NULL},
      {{.room = ROOM, .running = TRUE}, NULL},
      {{.room = ROOM, .invited = THERE}, THERE},
      {{.room = ROOM, .invited = THERE, .running = TRUE}, NULL},
      {{.room = ROOM, .invited = HERE}, NULL}, /* a call in the room itself */
      /* all phones of one room are in one call */
      {{.room = ROOM, .taken = THERE}, THERE},
      {{.room = ROOM, .taken = THERE, .running = TRUE}, THERE},
      {{.room = ROOM, .taken = THERE, .invited = ELSEWHERE}, THERE},
      {{.room = ROOM, .taken = HERE, .invited = THERE}, NULL},
      {{.room = ROOM, .taken = HERE, .invited = THERE, .running = TRUE}, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("row %u", i);
    g_assert_cmpstr(gw_call_room_where(&rows[i].facts), ==, rows[i].expect);
  }
}

static void test_why_not(void) {
  static const struct {
    gw_call_room_ask ask;
    gboolean counts;
  } rows[] = {
      {{.leads_to = THERE, .wanted = TRUE, .occupants_invite = TRUE}, TRUE},
      {{.wanted = TRUE, .occupants_invite = TRUE}, FALSE},
      {{.leads_to = THERE, .occupants_invite = TRUE}, FALSE},
      {{.leads_to = THERE, .wanted = TRUE}, FALSE},
      {{.leads_to = THERE, .taken = THERE, .wanted = TRUE, .occupants_invite = TRUE}, TRUE},
      {{.leads_to = THERE, .taken = ELSEWHERE, .wanted = TRUE, .occupants_invite = TRUE}, FALSE},
      {{.leads_to = THERE, .taken = ROOM, .wanted = TRUE, .occupants_invite = TRUE}, FALSE},
      {{.leads_to = ROOM, .taken = HERE, .wanted = TRUE, .occupants_invite = TRUE}, TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("row %u", i);
    g_assert_true((gw_call_room_why_not(&rows[i].ask) == NULL) == rows[i].counts);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/call-room/where", test_where);
  g_test_add_func("/call-room/why-not", test_why_not);
  return g_test_run();
}
