#include "base/log.h"
#include <string.h>

static void keep(const char *line, void *user) {
  g_string_assign(user, line);
}

static void test_escape(void) {
  static const struct {
    const char *value, *line;
  } rows[] = {
      {"plain", "info e k=plain n=7"},
      {"two words", "info e k=\"two words\" n=7"},
      {"a\r\nerror fake k=v", "info e k=\"a\\u000d\\u000aerror fake k=v\" n=7"},
      {"\x1b[31m", "info e k=\"\\u001b[31m\" n=7"},
      {"q\"\\", "info e k=\"q\\\"\\\\\" n=7"},
      {"", "info e k=\"\" n=7"},
      {"\xff\xfe", "info e k=\"\\xff\\xfe\" n=7"},
      {"\u202egnp", "info e k=\"\\u202egnp\" n=7"},
      {"\u2022", "info e k=\"\u2022\" n=7"},
      {"a=b", "info e k=\"a=b\" n=7"},
  };
  g_autoptr(GString) got = g_string_new(NULL);
  gw_log_set_hook(keep, got);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_log(GW_LOG_INFO, NULL, "e", "k=%s n=%u", rows[i].value, 7u);
    g_assert_cmpstr(got->str, ==, rows[i].line);
  }
  gw_log_set_hook(NULL, NULL);
}

static void test_redaction(void) {
  g_autoptr(GString) got = g_string_new(NULL);
  gw_log_set_hook(keep, got);
  gw_log(GW_LOG_WARN, NULL, "e", "user=%s password=%s pin=%d digit=%c x=%s", "bob", "geheim", 4711,
         '5', "y");
  g_assert_cmpstr(got->str, ==, "warn e user=bob password=*** pin=*** digit=*** x=y");
  gw_log_set_hook(NULL, NULL);
}

static void test_numbers(void) {
  g_autoptr(GString) got = g_string_new(NULL);
  gw_log_set_hook(keep, got);
  gw_log_ctx ctx = {.call = "c1", .room = "r@x"};
  gw_log(GW_LOG_INFO, &ctx, "e",
         "a=%d b=%" G_GUINT64_FORMAT " c=%lld d=%x e=%.1f f=%c g=%zu h=%05d", -3, G_MAXUINT64, -5LL,
         255, 1.25, 'z', (size_t)9, 42);
  g_assert_cmpstr(
      got->str, ==,
      "info e call=c1 room=r@x a=-3 b=18446744073709551615 c=-5 d=ff e=1.2 f=z g=9 h=00042");
  gw_log_set_hook(NULL, NULL);
}

static void test_long(void) {
  g_autoptr(GString) got = g_string_new(NULL);
  g_autofree char *big = g_strnfill(5000, 'a');
  gw_log_set_hook(keep, got);
  gw_log(GW_LOG_INFO, NULL, "e", "k=%s", big);
  g_assert_cmpuint(got->len, <, 1024);
  gw_log_set_hook(NULL, NULL);
}

static void test_level(void) {
  g_autoptr(GString) got = g_string_new("none");
  gw_log_set_hook(keep, got);
  gw_debug(NULL, "e", "k=%d", 1);
  g_assert_cmpstr(got->str, ==, "none");
  gw_log_level l;
  g_assert_true(gw_log_level_parse("trace", &l) && l == GW_LOG_TRACE);
  g_assert_false(gw_log_level_parse("loud", &l));
  gw_log_set_hook(NULL, NULL);
}

static void *flood(void *arg) {
  for (guint i = 0; i < 500; i++)
    gw_log(GW_LOG_INFO, NULL, "flood", "i=%u", i);
  return NULL;
}

/* Many threads into the writer: nothing is lost without being counted, and stop writes the rest. */
static void test_threads(void) {
  if (!g_test_subprocess()) {
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    return;
  }
  GThread *t[4];
  gw_log_start(GW_LOG_INFO);
  for (guint i = 0; i < 4; i++)
    t[i] = g_thread_new("flood", flood, NULL);
  for (guint i = 0; i < 4; i++)
    g_thread_join(t[i]);
  gw_log_stop();
  g_assert_cmpuint(gw_log_dropped(), <=, 2000);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/log/escape", test_escape);
  g_test_add_func("/log/redaction", test_redaction);
  g_test_add_func("/log/numbers", test_numbers);
  g_test_add_func("/log/long", test_long);
  g_test_add_func("/log/level", test_level);
  g_test_add_func("/log/threads", test_threads);
  return g_test_run();
}
