/* What is printed: the members that operators' scripts rely on, by name and type. */
#include "tools/ua_totals.h"
#include <json-glib/json-glib.h>
#include <string.h>

static JsonObject *object_of(const char *text) {
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = json_from_string(text, &error);
  g_assert_no_error(error);
  g_assert_null(strchr(text, '\n')); /* answer prints one line for each call */
  return json_object_ref(json_node_get_object(node));
}

static void check_members(JsonObject *o, const char *const *names, guint n) {
  g_autoptr(GList) have = json_object_get_members(o);
  g_assert_cmpuint(g_list_length(have), ==, n);
  for (guint i = 0; i < n; i++) {
    g_test_message("%s", names[i]);
    g_assert_true(json_object_has_member(o, names[i]));
  }
}

static const char *const call_members[] = {
    "status", "reason",       "setup_ms",         "first_audio_ms", "duration_s",
    "codec",  "packets_sent", "packets_received", "lost",           "jitter_ms",
    "heard",  "gaps",         "ended_by",         "digits",         "peer", "transfer"};

static void fill(gw_ua_result *r) {
  gw_ua_gap gap = {.at_us = 2140000, .us = 80499};
  gw_ua_result_init(r);
  r->status = 200;
  r->setup_us = 34499;
  r->first_audio_us = 210500;
  r->duration_us = 2020000;
  r->sent = 101;
  g_strlcpy(r->codec, "opus", sizeof r->codec);
  r->ended_by = "us";
  r->heard.received = 99;
  r->heard.lost = 2;
  r->heard.jitter_ms = 1.26;
  r->heard.heard[0] = (gw_heard){.hz = 440, .dbfs = -12.34, .seconds = 1.999};
  r->heard.n_heard = 1;
  r->digits = g_strdup("47#");
  g_array_append_val(r->gaps, gap);
}

static void test_call(void) {
  gw_ua_result r;
  fill(&r);
  g_autofree char *text = gw_ua_result_json(&r);
  g_autoptr(JsonObject) o = object_of(text);
  check_members(o, call_members, G_N_ELEMENTS(call_members));
  g_assert_cmpint(json_object_get_int_member(o, "status"), ==, 200);
  g_assert_cmpstr(json_object_get_string_member(o, "reason"), ==, "OK");
  g_assert_cmpint(json_object_get_int_member(o, "setup_ms"), ==, 34);
  g_assert_cmpint(json_object_get_int_member(o, "first_audio_ms"), ==, 211);
  g_assert_cmpstr(json_object_get_string_member(o, "ended_by"), ==, "us");
  JsonObject *heard = json_array_get_object_element(json_object_get_array_member(o, "heard"), 0);
  g_assert_cmpint(json_object_get_int_member(heard, "hz"), ==, 440);
  JsonObject *gap = json_array_get_object_element(json_object_get_array_member(o, "gaps"), 0);
  g_assert_cmpint(json_object_get_int_member(gap, "ms"), ==, 80);
  /* for people's eyes: no tails of binary fractions */
  g_assert_nonnull(strstr(text, "\"duration_s\":2.02,"));
  g_assert_nonnull(strstr(text, "\"jitter_ms\":1.3,"));
  g_assert_nonnull(strstr(text, "\"dbfs\":-12.3,"));
  g_assert_nonnull(strstr(text, "\"at_s\":2.14,"));
  g_assert_true(gw_ua_result_good(&r));
  gw_ua_result_clear(&r);
}

static void test_unanswered(void) {
  gw_ua_result r;
  gw_ua_result_init(&r);
  r.status = 486;
  g_autofree char *text = gw_ua_result_json(&r), *people = gw_ua_result_text(&r);
  g_autoptr(JsonObject) o = object_of(text);
  check_members(o, call_members, G_N_ELEMENTS(call_members));
  g_assert_cmpstr(json_object_get_string_member(o, "reason"), ==, "Busy Here");
  g_assert_true(json_object_get_null_member(o, "setup_ms"));
  g_assert_true(json_object_get_null_member(o, "first_audio_ms"));
  g_assert_true(json_object_get_null_member(o, "codec"));
  g_assert_cmpstr(json_object_get_string_member(o, "ended_by"), ==, "none");
  g_assert_nonnull(strstr(people, "486 Busy Here"));
  g_assert_false(gw_ua_result_good(&r));
  gw_ua_result_clear(&r);
}

static void test_text(void) {
  gw_ua_result r;
  fill(&r);
  g_autofree char *text = gw_ua_result_text(&r);
  g_assert_nonnull(strstr(text, "440 Hz at -12.3 dBFS for 2.0 s"));
  g_assert_nonnull(strstr(text, "80 ms at 2.14 s"));
  g_assert_nonnull(strstr(text, "200 OK, ended by us after 2.0 s"));
  gw_ua_result_clear(&r);
}

static void test_percentile(void) {
  g_autoptr(GArray) v = g_array_new(FALSE, FALSE, sizeof(gint64));
  g_assert_cmpint(gw_ua_percentile(v, 50), ==, -1);
  for (gint64 i = 100; i >= 1; i--)
    g_array_append_val(v, i);
  g_assert_cmpint(gw_ua_percentile(v, 0), ==, 1);
  g_assert_cmpint(gw_ua_percentile(v, 50), ==, 50);
  g_assert_cmpint(gw_ua_percentile(v, 95), ==, 95);
  g_assert_cmpint(gw_ua_percentile(v, 100), ==, 100);
  g_array_set_size(v, 3); /* 1 2 3 */
  g_assert_cmpint(gw_ua_percentile(v, 50), ==, 2);
  g_assert_cmpint(gw_ua_percentile(v, 95), ==, 3);
  g_array_set_size(v, 1);
  g_assert_cmpint(gw_ua_percentile(v, 50), ==, 1);
}

static void add(gw_ua_totals *t, guint status, gint64 setup_us, gint64 audio_us) {
  gw_ua_result r;
  gw_ua_result_init(&r);
  r.status = status;
  r.setup_us = setup_us;
  r.first_audio_us = audio_us;
  r.sent = 10;
  r.heard.received = 9;
  r.heard.lost = 1;
  gw_ua_totals_add(t, &r);
  gw_ua_result_clear(&r);
}

static void test_totals(void) {
  static const char *const members[] = {"calls",        "answered",         "audio",
                                        "failed",       "setup_ms",         "first_audio_ms",
                                        "packets_sent", "packets_received", "lost"};
  static const char *const percentiles[] = {"p50", "p95", "max"};
  g_autoptr(gw_ua_totals) t = gw_ua_totals_new();
  for (gint64 i = 1; i <= 20; i++)
    add(t, 200, i * 1000, i * 2000);
  add(t, 200, 50000, -1); /* answered and mute */
  add(t, 486, -1, -1);
  add(t, 486, -1, -1);
  add(t, 503, -1, -1);
  add(t, 0, -1, -1);
  g_autofree char *text = gw_ua_totals_json(t), *people = gw_ua_totals_text(t);
  g_autoptr(JsonObject) o = object_of(text);
  check_members(o, members, G_N_ELEMENTS(members));
  g_assert_cmpint(json_object_get_int_member(o, "calls"), ==, 25);
  g_assert_cmpint(json_object_get_int_member(o, "answered"), ==, 21);
  g_assert_cmpint(json_object_get_int_member(o, "audio"), ==, 20);
  JsonObject *failed = json_object_get_object_member(o, "failed");
  g_assert_cmpint(json_object_get_int_member(failed, "486"), ==, 2);
  g_assert_cmpint(json_object_get_int_member(failed, "503"), ==, 1);
  g_assert_cmpint(json_object_get_int_member(failed, "none"), ==, 1);
  JsonObject *setup = json_object_get_object_member(o, "setup_ms"),
             *audio = json_object_get_object_member(o, "first_audio_ms");
  check_members(setup, percentiles, 3);
  g_assert_cmpint(json_object_get_int_member(setup, "p50"), ==, 11);
  g_assert_cmpint(json_object_get_int_member(setup, "max"), ==, 50);
  g_assert_cmpint(json_object_get_int_member(audio, "p95"), ==, 38);
  g_assert_cmpint(json_object_get_int_member(o, "lost"), ==, 25);
  g_assert_nonnull(strstr(people, "486 Busy Here: 2"));
}

static void test_totals_empty(void) {
  g_autoptr(gw_ua_totals) t = gw_ua_totals_new();
  g_autofree char *text = gw_ua_totals_json(t);
  g_autoptr(JsonObject) o = object_of(text);
  g_assert_true(json_object_get_null_member(json_object_get_object_member(o, "setup_ms"), "p50"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/ua/report/call", test_call);
  g_test_add_func("/ua/report/unanswered", test_unanswered);
  g_test_add_func("/ua/report/text", test_text);
  g_test_add_func("/ua/report/percentile", test_percentile);
  g_test_add_func("/ua/report/totals", test_totals);
  g_test_add_func("/ua/report/totals-empty", test_totals_empty);
  return g_test_run();
}
