/* What a REFER may lead to: never outside. */
#include "gateway/dialplan/transfer.h"

static gw_dialplan *plan(void) {
  static const char *const any[] = {"*", NULL};
  gw_dialplan *d = gw_dialplan_new();
  gw_dialplan_add_room(d, "8000", "a@muc", FALSE);
  gw_dialplan_add_room(d, "8001", "b@muc", FALSE);
  gw_dialplan_add_room(d, "8002", "c@muc", TRUE);
  gw_dialplan_add_room(d, "8003", "a@muc", TRUE); /* another number of the first, with a PIN */
  gw_dialplan_add_menu(d, "8999");
  gw_dialplan_add_phone(d, "100", "8001");
  gw_dialplan_add_phone(d, "101", NULL);
  /* a trunk by which this phone may dial anything: not by transfer */
  gw_dialplan_add_trunk(d, &(gw_dialplan_trunk){.name = "t",
                                                .country = "49",
                                                .international = "00",
                                                .national = "0",
                                                .format = "e164",
                                                .dial_out = any,
                                                .dial_out_by = any});
  return d;
}

static void test_table(void) {
#define CALLER .allowed = TRUE, .phone = "100", .room = "a@muc"
  static const struct {
    gw_transfer_facts facts;
    gw_transfer_kind kind;
    guint status;
    const char *number;
    gboolean asks;
  } rows[] = {
      {{CALLER, .target = "8001", .ours = TRUE}, GW_TRANSFER_ROOM, 0, "8001"},
      {{CALLER, .target = "80-01", .ours = TRUE}, GW_TRANSFER_ROOM, 0, "8001"},
      {{CALLER, .target = "101", .ours = TRUE}, GW_TRANSFER_PHONE, 0, "101"},
      {{CALLER, .target = "8000", .ours = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL}, /* there already */
      {{CALLER, .target = "8002", .ours = TRUE}, GW_TRANSFER_ROOM, 0, "8002", TRUE}, /* PIN */
      {{CALLER, .target = "8003", .ours = TRUE}, GW_TRANSFER_REFUSED, 403, NULL}, /* there already */
      {{CALLER, .target = "8999", .ours = TRUE}, GW_TRANSFER_REFUSED, 403, NULL}, /* menu */
      {{CALLER, .target = "100", .ours = TRUE}, GW_TRANSFER_REFUSED, 403, NULL},  /* itself */
      {{CALLER, .target = "", .ours = TRUE},
       GW_TRANSFER_REFUSED,
       404,
       NULL}, /* and no default room */
      {{CALLER, .target = NULL, .ours = TRUE}, GW_TRANSFER_REFUSED, 404, NULL},
      {{CALLER, .target = "102", .ours = TRUE}, GW_TRANSFER_REFUSED, 404, NULL},
      {{CALLER, .target = "+4930123456", .ours = TRUE}, GW_TRANSFER_REFUSED, 404, NULL},
      {{CALLER, .target = "004930123456", .ours = TRUE}, GW_TRANSFER_REFUSED, 404, NULL},
      {{CALLER, .target = "0900123456", .ours = TRUE}, GW_TRANSFER_REFUSED, 404, NULL},
      {{CALLER, .target = "101", .ours = FALSE}, GW_TRANSFER_REFUSED, 403, NULL},
      {{CALLER, .target = "8001", .ours = FALSE}, GW_TRANSFER_REFUSED, 403, NULL},
      {{.allowed = FALSE, .phone = "100", .room = "a@muc", .target = "8001", .ours = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{.allowed = TRUE, .phone = NULL, .room = "a@muc", .target = "8001", .ours = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{.allowed = TRUE, .phone = "100", .room = NULL, .target = "8001", .ours = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{CALLER, .target = "8000", .ours = TRUE, .names_call = TRUE, .call_phone = "100",
        .call_up = TRUE},
       GW_TRANSFER_CALL,
       0,
       NULL},
      {{CALLER, .target = "8000", .ours = TRUE, .names_call = TRUE, .call_phone = "100"},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{CALLER, .target = "8002", .ours = TRUE, .names_call = TRUE, .call_phone = "100",
        .call_asked = "8002"}, /* attended, and its PIN has not been said yet */
       GW_TRANSFER_ROOM,
       0,
       "8002",
       TRUE},
      {{CALLER, .target = "8002", .ours = TRUE, .names_call = TRUE, .call_phone = "101",
        .call_asked = "8002"},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{CALLER, .target = "8000", .ours = TRUE, .names_call = TRUE, .call_phone = "101",
        .call_up = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
      {{CALLER, .target = "8000", .ours = TRUE, .names_call = TRUE},
       GW_TRANSFER_REFUSED,
       404,
       NULL},
      {{CALLER, .target = "8000", .names_call = TRUE, .call_phone = "100", .call_up = TRUE},
       GW_TRANSFER_REFUSED,
       403,
       NULL},
  };
  g_autoptr(gw_dialplan) d = plan();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_auto(gw_transfer_decision) got = {0};
    gw_transfer_decide(d, &rows[i].facts, &got);
    g_test_message("row %u: %s", i, got.why ? got.why : "-");
    g_assert_cmpint(got.kind, ==, rows[i].kind);
    g_assert_cmpuint(got.status, ==, rows[i].status);
    g_assert_cmpstr(got.number, ==, rows[i].number);
    g_assert_cmpint(got.asks, ==, rows[i].asks);
    g_assert_cmpint(got.why != NULL, ==, rows[i].kind == GW_TRANSFER_REFUSED);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/transfer/table", test_table);
  return g_test_run();
}
