#include "tools/ua_report.h"
#include "tools/ua_json.h"
#include <math.h>
#include <string.h>

#define S(us) ((gdouble)(us) / G_USEC_PER_SEC)

void gw_ua_result_init(gw_ua_result *r) {
  memset(r, 0, sizeof *r);
  r->setup_us = r->first_audio_us = -1;
  r->ended_by = "none";
  r->gaps = g_array_new(FALSE, FALSE, sizeof(gw_ua_gap));
}

void gw_ua_result_clear(gw_ua_result *r) {
  g_free(r->peer);
  g_free(r->digits);
  if (r->gaps) g_array_unref(r->gaps);
  memset(r, 0, sizeof *r);
}

gboolean gw_ua_result_answered(const gw_ua_result *r) {
  return r->setup_us >= 0;
}

gboolean gw_ua_result_good(const gw_ua_result *r) {
  return gw_ua_result_answered(r) && r->first_audio_us >= 0;
}

const char *gw_ua_phrase(guint status) {
  static const struct {
    guint status;
    const char *phrase;
  } table[] = {
      {200, "OK"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Moved Temporarily"},
      {305, "Use Proxy"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {410, "Gone"},
      {413, "Request Entity Too Large"},
      {415, "Unsupported Media Type"},
      {416, "Unsupported URI Scheme"},
      {420, "Bad Extension"},
      {421, "Extension Required"},
      {422, "Session Interval Too Small"},
      {423, "Interval Too Brief"},
      {480, "Temporarily Unavailable"},
      {481, "Call/Transaction Does Not Exist"},
      {482, "Loop Detected"},
      {483, "Too Many Hops"},
      {484, "Address Incomplete"},
      {485, "Ambiguous"},
      {486, "Busy Here"},
      {487, "Request Terminated"},
      {488, "Not Acceptable Here"},
      {491, "Request Pending"},
      {500, "Server Internal Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Server Time-out"},
      {505, "Version Not Supported"},
      {513, "Message Too Large"},
      {600, "Busy Everywhere"},
      {603, "Decline"},
      {604, "Does Not Exist Anywhere"},
      {606, "Not Acceptable"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(table); i++)
    if (table[i].status == status) return table[i].phrase;
  return "";
}

/* Digits that say nothing are left out before they are printed. */
static gdouble rounded(gdouble v, gdouble steps_per_unit) {
  return round(v * steps_per_unit) / steps_per_unit;
}

static JsonArray *heard_json(const gw_ua_heard *h) {
  JsonArray *list = json_array_new();
  for (guint i = 0; i < h->n_heard; i++) {
    JsonObject *tone = json_object_new();
    json_object_set_int_member(tone, "hz", h->heard[i].hz);
    json_object_set_double_member(tone, "dbfs", rounded(h->heard[i].dbfs, 10));
    json_object_set_double_member(tone, "seconds", rounded(h->heard[i].seconds, 100));
    json_array_add_object_element(list, tone);
  }
  return list;
}

static JsonArray *gaps_json(const GArray *gaps) {
  JsonArray *list = json_array_new();
  for (guint i = 0; i < gaps->len; i++) {
    const gw_ua_gap *gap = &g_array_index(gaps, gw_ua_gap, i);
    JsonObject *o = json_object_new();
    json_object_set_double_member(o, "at_s", rounded(S(gap->at_us), 100));
    json_object_set_int_member(o, "ms", gw_ua_ms(gap->us));
    json_array_add_object_element(list, o);
  }
  return list;
}

char *gw_ua_result_json(const gw_ua_result *r) {
  JsonObject *o = json_object_new();
  gw_ua_json_int(o, "status", r->status, r->status > 0);
  gw_ua_json_string(o, "reason", gw_ua_phrase(r->status));
  gw_ua_json_int(o, "setup_ms", gw_ua_ms(r->setup_us), r->setup_us >= 0);
  gw_ua_json_int(o, "first_audio_ms", gw_ua_ms(r->first_audio_us), r->first_audio_us >= 0);
  json_object_set_double_member(o, "duration_s", rounded(S(r->duration_us), 100));
  gw_ua_json_string(o, "codec", r->codec);
  json_object_set_int_member(o, "packets_sent", (gint64)r->sent);
  json_object_set_int_member(o, "packets_received", (gint64)r->heard.received);
  json_object_set_int_member(o, "lost", (gint64)r->heard.lost);
  json_object_set_double_member(o, "jitter_ms", rounded(r->heard.jitter_ms, 10));
  json_object_set_array_member(o, "heard", heard_json(&r->heard));
  json_object_set_array_member(o, "gaps", gaps_json(r->gaps));
  json_object_set_string_member(o, "ended_by", r->ended_by);
  if (r->transfer)
    json_object_set_int_member(o, "transfer", r->transfer);
  else
    json_object_set_null_member(o, "transfer");
  json_object_set_string_member(o, "digits", r->digits ? r->digits : "");
  gw_ua_json_string(o, "peer", r->peer);
  return gw_ua_json_line(o);
}

static void text_heard(GString *out, const gw_ua_result *r) {
  for (guint i = 0; i < r->heard.n_heard; i++)
    g_string_append_printf(out, "%s%u Hz at %.1f dBFS for %.1f s", i ? ", " : "",
                           r->heard.heard[i].hz, r->heard.heard[i].dbfs, r->heard.heard[i].seconds);
  if (!r->heard.n_heard)
    g_string_append(out, r->first_audio_us >= 0 ? "sound, no steady tone" : "nothing");
}

static void text_gaps(GString *out, const GArray *gaps) {
  const guint shown = 8;
  for (guint i = 0; i < MIN(gaps->len, shown); i++) {
    const gw_ua_gap *gap = &g_array_index(gaps, gw_ua_gap, i);
    g_string_append_printf(out, "%s%" G_GINT64_FORMAT " ms at %.2f s", i ? ", " : "",
                           gw_ua_ms(gap->us), S(gap->at_us));
  }
  if (gaps->len > shown) g_string_append_printf(out, " and %u more", gaps->len - shown);
  if (!gaps->len) g_string_append(out, "none");
}

static void text_ms(GString *out, const char *name, gint64 us) {
  if (us >= 0)
    g_string_append_printf(out, "%s%" G_GINT64_FORMAT " ms", name, gw_ua_ms(us));
  else
    g_string_append_printf(out, "%snever", name);
}

char *gw_ua_result_text(const gw_ua_result *r) {
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "%-10s %s\n", "call", r->peer ? r->peer : "");
  if (!gw_ua_result_answered(r)) {
    g_string_append_printf(out, "%-10s not answered: %u %s\n", "result", r->status,
                           gw_ua_phrase(r->status));
    return g_string_free(out, FALSE);
  }
  g_string_append_printf(out, "%-10s %u %s, ended by %s after %.1f s\n", "result", r->status,
                         gw_ua_phrase(r->status), r->ended_by, S(r->duration_us));
  text_ms(out, "answered   after ", r->setup_us);
  text_ms(out, ", first sound: ", r->first_audio_us);
  g_string_append_printf(out, "\n%-10s %s\n", "codec", *r->codec ? r->codec : "none");
  g_string_append_printf(out,
                         "%-10s %" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT
                         " received, %" G_GUINT64_FORMAT " lost, jitter %.1f ms\n",
                         "packets", r->sent, r->heard.received, r->heard.lost, r->heard.jitter_ms);
  g_string_append_printf(out, "%-10s ", "heard");
  text_heard(out, r);
  g_string_append_printf(out, "\n%-10s ", "gaps");
  text_gaps(out, r->gaps);
  g_string_append_c(out, '\n');
  if (r->digits && *r->digits) g_string_append_printf(out, "%-10s %s\n", "digits", r->digits);
  return g_string_free(out, FALSE);
}
