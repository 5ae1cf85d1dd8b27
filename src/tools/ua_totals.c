#include "tools/ua_totals.h"
#include "tools/ua_json.h"
#include <string.h>

struct gw_ua_totals {
  guint calls, answered, audio;
  guint64 sent, received, lost;
  GHashTable *failed;             /* status as text ("none" without an answer) -> count */
  GArray *setup_us, *first_audio; /* gint64 */
};

gw_ua_totals *gw_ua_totals_new(void) {
  gw_ua_totals *t = g_new0(gw_ua_totals, 1);
  t->failed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  t->setup_us = g_array_new(FALSE, FALSE, sizeof(gint64));
  t->first_audio = g_array_new(FALSE, FALSE, sizeof(gint64));
  return t;
}

void gw_ua_totals_free(gw_ua_totals *t) {
  if (!t) return;
  g_hash_table_unref(t->failed);
  g_array_unref(t->setup_us);
  g_array_unref(t->first_audio);
  g_free(t);
}

void gw_ua_totals_add(gw_ua_totals *t, const gw_ua_result *r) {
  t->calls++;
  t->sent += r->sent;
  t->received += r->heard.received;
  t->lost += r->heard.lost;
  if (gw_ua_result_answered(r)) {
    t->answered++;
    g_array_append_val(t->setup_us, r->setup_us);
  } else {
    char *key = r->status ? g_strdup_printf("%u", r->status) : g_strdup("none");
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(t->failed, key));
    g_hash_table_replace(t->failed, key, GUINT_TO_POINTER(n + 1));
  }
  if (!gw_ua_result_good(r)) return;
  t->audio++;
  g_array_append_val(t->first_audio, r->first_audio_us);
}

guint gw_ua_totals_calls(const gw_ua_totals *t) {
  return t->calls;
}

guint gw_ua_totals_answered(const gw_ua_totals *t) {
  return t->answered;
}

guint gw_ua_totals_audio(const gw_ua_totals *t) {
  return t->audio;
}

static int compare(gconstpointer a, gconstpointer b) {
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

gint64 gw_ua_percentile(GArray *values, guint p) {
  if (!values->len) return -1;
  g_array_sort(values, compare);
  guint64 rank = ((guint64)MIN(p, 100) * values->len + 99) / 100;
  return g_array_index(values, gint64, MAX(rank, 1) - 1);
}

static JsonObject *percentiles_json(GArray *values) {
  JsonObject *o = json_object_new();
  gw_ua_json_int(o, "p50", gw_ua_ms(gw_ua_percentile(values, 50)), values->len > 0);
  gw_ua_json_int(o, "p95", gw_ua_ms(gw_ua_percentile(values, 95)), values->len > 0);
  gw_ua_json_int(o, "max", gw_ua_ms(gw_ua_percentile(values, 100)), values->len > 0);
  return o;
}

static GList *failed_sorted(gw_ua_totals *t) {
  return g_list_sort(g_hash_table_get_keys(t->failed), (GCompareFunc)(void (*)(void))strcmp);
}

char *gw_ua_totals_json(gw_ua_totals *t) {
  JsonObject *o = json_object_new(), *failed = json_object_new();
  g_autoptr(GList) keys = failed_sorted(t);
  for (GList *i = keys; i; i = i->next)
    json_object_set_int_member(failed, i->data,
                               GPOINTER_TO_UINT(g_hash_table_lookup(t->failed, i->data)));
  json_object_set_int_member(o, "calls", t->calls);
  json_object_set_int_member(o, "answered", t->answered);
  json_object_set_int_member(o, "audio", t->audio);
  json_object_set_object_member(o, "failed", failed);
  json_object_set_object_member(o, "setup_ms", percentiles_json(t->setup_us));
  json_object_set_object_member(o, "first_audio_ms", percentiles_json(t->first_audio));
  json_object_set_int_member(o, "packets_sent", (gint64)t->sent);
  json_object_set_int_member(o, "packets_received", (gint64)t->received);
  json_object_set_int_member(o, "lost", (gint64)t->lost);
  return gw_ua_json_line(o);
}

static void text_percentiles(GString *out, const char *name, GArray *values) {
  g_string_append_printf(out, "%-12s ", name);
  if (values->len)
    g_string_append_printf(out,
                           "half within %" G_GINT64_FORMAT " ms, 95 %% within %" G_GINT64_FORMAT
                           " ms, longest %" G_GINT64_FORMAT " ms\n",
                           gw_ua_ms(gw_ua_percentile(values, 50)),
                           gw_ua_ms(gw_ua_percentile(values, 95)),
                           gw_ua_ms(gw_ua_percentile(values, 100)));
  else
    g_string_append(out, "never\n");
}

char *gw_ua_totals_text(gw_ua_totals *t) {
  GString *out = g_string_new(NULL);
  g_autoptr(GList) keys = failed_sorted(t);
  g_string_append_printf(out, "%-12s %u made, %u answered, %u heard sound\n", "calls", t->calls,
                         t->answered, t->audio);
  for (GList *i = keys; i; i = i->next)
    g_string_append_printf(out, "%-12s %s %s: %u\n", "failed", (char *)i->data,
                           gw_ua_phrase((guint)g_ascii_strtoull(i->data, NULL, 10)),
                           GPOINTER_TO_UINT(g_hash_table_lookup(t->failed, i->data)));
  text_percentiles(out, "answered", t->setup_us);
  text_percentiles(out, "first sound", t->first_audio);
  g_string_append_printf(out,
                         "%-12s %" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT
                         " received, %" G_GUINT64_FORMAT " lost\n",
                         "packets", t->sent, t->received, t->lost);
  return g_string_free(out, FALSE);
}
