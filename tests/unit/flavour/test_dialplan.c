/* What a dialled number means. */
#include "gateway/dialplan/dialplan.h"
#include <string.h>
#include "base/limits.h"

static gw_dialplan *plan(void) {
  gw_dialplan *d = gw_dialplan_new();
  g_assert_true(gw_dialplan_add_room(d, "8000", "standup@conf", FALSE));
  g_assert_true(gw_dialplan_add_room(d, "80-01", "board@conf", TRUE));
  g_assert_true(gw_dialplan_add_room(d, "+49 (30) 123.45", "world@conf", FALSE));
  g_assert_true(gw_dialplan_add_room(d, "lobby", "lobby@conf", FALSE));
  g_assert_true(gw_dialplan_add_phone(d, "100", "8001"));
  g_assert_true(gw_dialplan_add_phone(d, "101", NULL));
  g_assert_true(gw_dialplan_add_phone(d, "102", "8999"));
  return d;
}

static void numbers_are_normalised(void) {
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"8000", "8000"},
      {"80 00", "8000"},
      {"(80) 0-0", "8000"},
      {"8.0.0.0", "8000"},
      {"+49 30/123-45", "+493012345"},
      {"sip:8000@gw.example", "8000"},
      {"SIPS:8000@gw.example:5061;transport=tls", "8000"},
      {"tel:+49-30-1;phone-context=x", "+49301"},
      {"8000@gw", "8000"},
      {"8000;user=phone", "8000"},
      {"8000?x=y", "8000"},
      {"*6", "*6"},
      {"lobby", "lobby"},
      {"", ""},
      {NULL, ""},
      {" sip:8000@x", "8000"},
      {"sip:", ""},
      {"sip:@gw", ""},
      {"8000#", "8000#"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *n = gw_dialplan_normalise(rows[i].in);
    g_assert_cmpstr(n, ==, rows[i].out);
  }
}

static void malformed_numbers_are_refused(void) {
  g_autofree char *lengthy = g_strnfill(GW_MAX_NUMBER + 1, '1');
  const char *const bad[] = {"80\n00", "80\x7f", "\x80\xff", "8\xc2\x85", lengthy};
  g_autoptr(gw_dialplan) d = plan();
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_assert_null(gw_dialplan_normalise(bad[i]));
    g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, "100", bad[i], NULL);
    g_assert_cmpint(r->cause, ==, GW_CAUSE_BAD_REQUEST);
    g_assert_null(r->room);
  }
}

static void a_menu_is_a_number_too(void) {
  g_autoptr(gw_dialplan) d = plan();
  g_autoptr(GPtrArray) steps =
      g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
  g_assert_true(gw_dialplan_add_menu(d, "8-900"));
  g_assert_false(gw_dialplan_add_menu(d, "8900"));
  g_assert_false(gw_dialplan_add_menu(d, "8000"));
  g_assert_false(gw_dialplan_add_room(d, "8900", "other@conf", FALSE));
  g_assert_false(gw_dialplan_add_phone(d, "8900", NULL));
  g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, "100", "sip:8900@gw", steps);
  g_assert_true(r->menu && r->cause == GW_CAUSE_NONE && !r->room);
  const gw_dialplan_step *last = steps->pdata[steps->len - 1];
  g_assert_cmpstr(last->rule, ==, "menu");
  g_autoptr(gw_dialplan_decision) room = gw_dialplan_route(d, "100", "8000", NULL);
  g_assert_false(room->menu);
}

static void a_number_belongs_to_one(void) {
  g_autoptr(gw_dialplan) d = plan();
  g_assert_false(gw_dialplan_add_room(d, "8000", "other@conf", FALSE));
  g_assert_false(gw_dialplan_add_room(d, "80 00", "other@conf", FALSE));
  g_assert_false(gw_dialplan_add_room(d, "100", "other@conf", FALSE));
  g_assert_false(gw_dialplan_add_phone(d, "8000", NULL));
  g_assert_false(gw_dialplan_add_phone(d, "100", NULL));
  g_assert_false(gw_dialplan_add_phone(d, "", NULL));
  g_assert_false(gw_dialplan_add_phone(d, "-", NULL));
  g_assert_false(gw_dialplan_add_room(d, "\n", "other@conf", FALSE));
}

typedef struct {
  const char *from, *to;
  gw_cause cause;
  const char *room, *number;
  gboolean pin;
  const char *steps; /* rule, + matched or - not */
} row;

static const row rows[] = {
    {"101", "8000", GW_CAUSE_NONE, "standup@conf", "8000", FALSE,
     "caller+ number+ default room- room+"},
    {"101", "sip:8001@gw", GW_CAUSE_NONE, "board@conf", "8001", TRUE,
     "caller+ number+ default room- room+"},
    {NULL, "+49 30 12345", GW_CAUSE_NONE, "world@conf", "+493012345", FALSE,
     "number+ default room- room+"},
    {"100", "", GW_CAUSE_NONE, "board@conf", "8001", TRUE, "caller+ number+ default room+ room+"},
    {"100", NULL, GW_CAUSE_NONE, "board@conf", "8001", TRUE, "caller+ number+ default room+ room+"},
    {"101", "", GW_CAUSE_NOT_FOUND, NULL, "", FALSE, "caller+ number+ default room-"},
    {NULL, "", GW_CAUSE_NOT_FOUND, NULL, "", FALSE, "number+ default room-"},
    {"102", "", GW_CAUSE_NOT_FOUND, NULL, "8999", FALSE, "caller+ number+ default room+ room-"},
    {"100", "9999", GW_CAUSE_NOT_FOUND, NULL, "9999", FALSE, "caller+ number+ default room- room-"},
    {"100", "101", GW_CAUSE_NOT_FOUND, NULL, "101", FALSE,
     "caller+ number+ default room- room- phone-"},
    {"555", "8000", GW_CAUSE_NONE, "standup@conf", "8000", FALSE,
     "caller- number+ default room- room+"},
    {"5\n5", "8000", GW_CAUSE_NONE, "standup@conf", "8000", FALSE,
     "caller- number+ default room- room+"},
    {"sip:1 0 0@gw", "lobby", GW_CAUSE_NONE, "lobby@conf", "lobby", FALSE,
     "caller+ number+ default room- room+"},
    {"101", "8\t0", GW_CAUSE_BAD_REQUEST, NULL, NULL, FALSE, "caller+ number-"},
};

static char *steps_text(GPtrArray *steps) {
  GString *s = g_string_new(NULL);
  for (guint i = 0; i < steps->len; i++) {
    const gw_dialplan_step *t = steps->pdata[i];
    g_assert_true(t->why && *t->why);
    g_string_append_printf(s, "%s%s%c", i ? " " : "", t->rule, t->matched ? '+' : '-');
  }
  return g_string_free(s, FALSE);
}

static void every_number_gets_a_decision_and_its_reasons(void) {
  g_autoptr(gw_dialplan) d = plan();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
    g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, rows[i].from, rows[i].to, steps);
    g_autofree char *text = steps_text(steps);
    g_assert_cmpint(r->cause, ==, rows[i].cause);
    g_assert_cmpstr(r->room, ==, rows[i].room);
    g_assert_cmpstr(r->number, ==, rows[i].number);
    g_assert_true(r->has_pin == rows[i].pin);
    g_assert_cmpstr(text, ==, rows[i].steps);
  }
}

static void the_reason_for_404_says_what_is_missing(void) {
  g_autoptr(gw_dialplan) d = plan();
  g_autoptr(GPtrArray) steps =
      g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
  g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, "100", "101", steps);
  g_assert_cmpuint(gw_cause_sip(r->cause), ==, 404);
  g_assert_cmpstr(((gw_dialplan_step *)steps->pdata[3])->why, ==, "no room has this number");
  gw_dialplan_step_free(NULL);
  gw_dialplan_decision_free(NULL);
  gw_dialplan_free(NULL);
}

/* -- numbers that leave -- */

static const char *const de_out[] = {"!+49900*", "+49*", "112", "2??", NULL};
static const char *const de_by[] = {"anna@example.org", "office.example", "100", NULL};
static const char *const us_out[] = {"+1202*", "+4930*", NULL};
static const gw_dialplan_trunk de = {"de", "49", "00", "0", "e164", de_out, de_by};
static const gw_dialplan_trunk us = {"us", "1", "011", "", "plain", us_out, NULL};

static void a_trunk_writes_numbers_its_way(void) {
  static const struct {
    const char *country, *international, *national, *format, *in, *e164, *out;
  } lines[] = {
      {"49", "00", "0", "e164", "030123456", "+4930123456", "+4930123456"},
      {"49", "00", "0", "national", "030123456", "+4930123456", "030123456"},
      {"49", "00", "0", "national", "0044207946000", "+44207946000", "0044207946000"},
      {"49", "00", "0", "international", "030123456", "+4930123456", "004930123456"},
      {"49", "00", "0", "plain", "4930123456", "+4930123456", "4930123456"},
      {"49", "00", "0", "plain", "030123456", "+4930123456", "4930123456"},
      {"49", "00", "0", "e164", "+4930123456", "+4930123456", "+4930123456"},
      {"49", "00", "0", "e164", "100", "100", "100"},
      {"49", "00", "0", "e164", "0", "0", "0"},
      {"49", "00", "0", "e164", "00", "00", "00"},
      {"49", "00", "0", "plain", "112", "112", "112"},
      {"1", "011", "", "national", "2025550123", "+12025550123", "2025550123"},
      {"1", "011", "", "e164", "01144207946000", "+44207946000", "+44207946000"},
      {"1", "011", "1", "e164", "12025550123", "+12025550123", "+12025550123"},
      {"", "00", "0", "e164", "030123456", "030123456", "030123456"},
      {"49", "00", "0", "e164", "lobby", "lobby", "lobby"},
      {"49", "00", "0", "e164", "", "", ""},
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    gw_dialplan_trunk t = {.name = "t",
                           .country = lines[i].country,
                           .international = lines[i].international,
                           .national = lines[i].national,
                           .format = lines[i].format};
    g_autofree char *e164 = gw_dialplan_e164(&t, lines[i].in);
    g_assert_cmpstr(e164, ==, lines[i].e164);
    g_autofree char *out = gw_dialplan_for_trunk(&t, e164);
    g_assert_cmpstr(out, ==, lines[i].out);
  }
}

static void nothing_leaves_without_a_rule(void) {
  static const struct {
    const char *by, *number;
    gw_cause cause;
    const char *phone, *ways;
  } lines[] = {
      {NULL, "030 123456", GW_CAUSE_NONE, NULL, "de:+4930123456"},
      {NULL, "+4930123456", GW_CAUSE_NONE, NULL, "de:+4930123456 us:4930123456"},
      {"anna@example.org/phone", "+4930123456", GW_CAUSE_NONE, NULL, "de:+4930123456"},
      {"ANNA@example.org", "112", GW_CAUSE_NONE, NULL, "de:112"},
      {"bert@example.org", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {"anyone@office.example", "+4930123456", GW_CAUSE_NONE, NULL, "de:+4930123456"},
      {"anyone@evil.office.example", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {"office.example@evil.example", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {"@office.example", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {"100", "+4930123456", GW_CAUSE_NONE, NULL, "de:+4930123456"},
      {"101", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {"", "+4930123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "+49900123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "0900123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "0049900123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "0088216123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "+88216123456", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "201", GW_CAUSE_NONE, NULL, "de:201"},
      {NULL, "2011", GW_CAUSE_FORBIDDEN, NULL, ""},
      {NULL, "2*1", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "+49*", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "++4930123456", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "+4930123456,,1", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "+49301234567890123456789012345678901", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "", GW_CAUSE_BAD_REQUEST, NULL, ""},
      {NULL, "8000", GW_CAUSE_NOT_FOUND, NULL, ""},
      {"stranger@nowhere.example", "100", GW_CAUSE_NONE, "100", ""},
  };
  g_autoptr(gw_dialplan) d = plan(), empty = plan();
  gw_dialplan_add_trunk(d, &de);
  gw_dialplan_add_trunk(d, &us);
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_step_free);
    g_autoptr(gw_dialplan_out) o = gw_dialplan_outbound(d, lines[i].by, lines[i].number, steps);
    g_autoptr(GString) ways = g_string_new(NULL);
    for (guint k = 0; k < o->ways->len; k++) {
      const gw_dialplan_way *w = o->ways->pdata[k];
      g_string_append_printf(ways, "%s%s:%s", k ? " " : "", w->trunk, w->number);
    }
    g_assert_cmpint(o->cause, ==, lines[i].cause);
    g_assert_cmpstr(ways->str, ==, lines[i].ways);
    g_assert_cmpstr(o->phone, ==, lines[i].phone);
    g_assert_cmpuint(steps->len, >=, 2);
    g_autoptr(gw_dialplan_out) none = gw_dialplan_outbound(empty, NULL, lines[i].number, NULL);
    g_assert_cmpuint(none->ways->len, ==, 0);
    g_assert_true(none->cause != GW_CAUSE_NONE || none->phone);
  }
}

/* Somebody's own account: his calls go by it and by nothing else, and nobody else's do, the operator's neither. */
static void own_accounts(void) {
  static const char *const any[] = {"*", NULL}, *const anna[] = {"anna@example.org", NULL};
  static const gw_dialplan_trunk own = {.name = "account:anna@example.org", .dial_out = any, .dial_out_by = anna, .owner = "anna@example.org"};
  static const struct {
    const char *by, *number;
    gw_cause cause;
    const char *way;
  } lines[] = {
      {"anna@example.org/phone", "0900 123456", GW_CAUSE_NONE, "0900123456"},
      {"Anna@Example.org", "+4930123456", GW_CAUSE_NONE, "+4930123456"},
      {"anna@example.org", "0900x", GW_CAUSE_BAD_REQUEST, NULL},
      {"bert@example.org", "0900123456", GW_CAUSE_FORBIDDEN, NULL},
      {"example.org", "0900123456", GW_CAUSE_FORBIDDEN, NULL},
      {NULL, "0900123456", GW_CAUSE_FORBIDDEN, NULL},
      {"100", "0900123456", GW_CAUSE_FORBIDDEN, NULL},
  };
  g_autoptr(gw_dialplan) d = plan();
  gw_dialplan_add_trunk(d, &de);
  gw_dialplan_add_trunk(d, &own);
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(gw_dialplan_out) o = gw_dialplan_outbound(d, lines[i].by, lines[i].number, NULL);
    g_test_message("line %u", i);
    g_assert_cmpint(o->cause, ==, lines[i].cause);
    g_assert_cmpuint(o->ways->len, ==, lines[i].way ? 1 : 0);
    const gw_dialplan_way *w = lines[i].way ? o->ways->pdata[0] : NULL;
    g_assert_cmpstr(w ? w->trunk : NULL, ==, w ? own.name : NULL);
    g_assert_cmpstr(w ? w->number : NULL, ==, lines[i].way);
  }
}

/* A pattern judges the number that is really dialled: a prefix behind the country code is none of the number. */
static void patterns_are_not_walked_around(void) {
  static const char *const all_but[] = {"!+49900*", "!+1900*", "+49*", "+1*", NULL};
  static const struct {
    const char *country, *international, *national, *format, *number, *out;
  } lines[] = {
      {"49", "00", "0", "national", "+490441234567", "0441234567"}, /* not 00441234567, in another country */
      {"49", "00", "0", "national", "+4900441234567", "0441234567"},
      {"49", "00", "0", "e164", "+490900123456", NULL}, /* what a provider that drops the zero would dial */
      {"49", "00", "0", "e164", "+49(0)30 123456", "+4930123456"},
      {"49", "00", "0", "national", "+49900123456", NULL},
      {"1", "011", "", "national", "+1011442079460", NULL},
      {"1", "011", "", "national", "+12025550123", "2025550123"},
      {"1", "011", "1", "national", "+112025550123", "12025550123"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    const gw_dialplan_trunk t = {.name = "t",
                                 .country = lines[i].country,
                                 .international = lines[i].international,
                                 .national = lines[i].national,
                                 .format = lines[i].format,
                                 .dial_out = all_but,
                                 .dial_out_by = all_but};
    g_autoptr(gw_dialplan) d = plan();
    gw_dialplan_add_trunk(d, &t);
    g_autoptr(gw_dialplan_out) o = gw_dialplan_outbound(d, NULL, lines[i].number, NULL);
    g_assert_cmpuint(o->ways->len, ==, lines[i].out ? 1 : 0);
    if (lines[i].out)
      g_assert_cmpstr(((const gw_dialplan_way *)o->ways->pdata[0])->number, ==, lines[i].out);
  }
}

static void a_trunk_dials_rooms_its_way(void) {
  g_autoptr(gw_dialplan) d = plan();
  gw_dialplan_add_trunk(d, &de);
  static const struct {
    const char *from, *to, *room;
  } lines[] = {
      {"trunk:de", "03012345", "world@conf"},   {"trunk:de", "004930 12345", "world@conf"},
      {"trunk:de", "+493012345", "world@conf"}, {"trunk:de", "8000", "standup@conf"},
      {"trunk:us", "03012345", NULL},           {NULL, "03012345", NULL},
      {"trunk:de", "0900123456", NULL},         {"trunk:de", "100", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(gw_dialplan_decision) r = gw_dialplan_route(d, lines[i].from, lines[i].to, NULL);
    g_assert_cmpstr(r->room, ==, lines[i].room);
    g_assert_cmpint(r->cause, ==, lines[i].room ? GW_CAUSE_NONE : GW_CAUSE_NOT_FOUND);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dialplan/numbers_are_normalised", numbers_are_normalised);
  g_test_add_func("/dialplan/malformed_numbers_are_refused", malformed_numbers_are_refused);
  g_test_add_func("/dialplan/a_menu_is_a_number_too", a_menu_is_a_number_too);
  g_test_add_func("/dialplan/a_number_belongs_to_one", a_number_belongs_to_one);
  g_test_add_func("/dialplan/every_number_gets_a_decision_and_its_reasons",
                  every_number_gets_a_decision_and_its_reasons);
  g_test_add_func("/dialplan/the_reason_for_404_says_what_is_missing",
                  the_reason_for_404_says_what_is_missing);
  g_test_add_func("/dialplan/trunk-numbers", a_trunk_writes_numbers_its_way);
  g_test_add_func("/dialplan/outbound", nothing_leaves_without_a_rule);
  g_test_add_func("/dialplan/own-accounts", own_accounts);
  g_test_add_func("/dialplan/not-walked-around", patterns_are_not_walked_around);
  g_test_add_func("/dialplan/from-trunk", a_trunk_dials_rooms_its_way);
  return g_test_run();
}
