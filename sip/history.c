/* history.c - what a request says about how it came about: Diversion (RFC 5806), History-Info (RFC 7044), Reason (RFC
 * 3326). For the log and the call's record only; nobody gets a right by it. */
#include "sip/internal.h"
#include <string.h>

#define HEADERS 4

/* g_free; "" when there is none. */
char *gw_sip_history(const sip_t *msg) {
  static const char *const names[] = {"Diversion", "History-Info", "CC-Diversion"};
  GString *all = g_string_new(NULL);
  guint n = 0;
  for (const sip_unknown_t *un = msg->sip_unknown; un && n < HEADERS; un = un->un_next)
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
      if (un->un_name && un->un_value && g_ascii_strcasecmp(un->un_name, names[i]) == 0) {
        g_autofree char *value = gw_sip_clean(un->un_value, GW_MAX_HISTORY);
        g_string_append_printf(all, "%s%s: %s", n++ ? ", " : "", names[i], value);
      }
  g_autofree char *text = g_string_free(all, FALSE);
  return gw_sip_clean(text, GW_MAX_HISTORY);
}

/* The cause of their BYE or CANCEL, and *ret_text: "Q.850 16: Normal call clearing", g_free. */
gw_cause gw_sip_reason_of(const sip_t *msg, gw_cause otherwise, char **ret_text) {
  guint n = 0;
  for (const sip_reason_t *re = msg ? msg->sip_reason : NULL; re && n < HEADERS;
       re = re->re_next, n++) {
    if (!re->re_cause || !re->re_protocol) continue;
    guint value = (guint)MIN(g_ascii_strtoull(re->re_cause, NULL, 10), 999);
    gboolean q850 = g_ascii_strcasecmp(re->re_protocol, "Q.850") == 0;
    if (ret_text && (!*ret_text || q850)) {
      g_autofree char *protocol = gw_sip_clean(re->re_protocol, 16);
      g_autofree char *text = gw_sip_clean(re->re_text ? re->re_text : "", GW_MAX_REASON);
      g_free(*ret_text);
      g_strstrip(g_strdelimit(text, "\"", ' '));
      *ret_text = g_strdup_printf("%s %u%s%s", protocol, value, *text ? ": " : "", text);
    }
    if (q850) return gw_cause_from_q850(value, otherwise);
  }
  return otherwise;
}
