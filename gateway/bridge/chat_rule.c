#include "gateway/bridge/chat_rule.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

#define CUT "\xe2\x80\xa6" /* an ellipsis */

static int refused(guint status, const char *why, guint *ret_status, const char **ret_why) {
  *ret_status = status;
  *ret_why = why;
  return -1;
}

int gw_chat_pick(const gw_chat_call *calls, guint n, gboolean room_number, guint *ret_status,
                 const char **ret_why) {
  int found = -1;
  guint inside = 0;
  for (guint i = 0; i < n; i++) {
    if (calls[i].dialog && !calls[i].inside)
      return refused(480, "this call is in no room yet", ret_status, ret_why);
    if (calls[i].dialog) return (int)i;
    if (!calls[i].inside || (room_number && !calls[i].addressed)) continue;
    found = (int)i;
    inside++;
  }
  if (inside == 1 || (inside && room_number)) return found;
  if (inside)
    return refused(485, "in several rooms: write to a room's number", ret_status, ret_why);
  return refused(480, room_number ? "not in a call in that room" : "not in a call in a room",
                 ret_status, ret_why);
}

static gboolean is_seen(gunichar c) {
  return c == '\n' || c == '\t' || !g_unichar_iscntrl(c);
}

char *gw_chat_line(const char *nick, const char *body) {
  g_autofree char *valid = g_utf8_make_valid(body ? body : "", -1);
  g_autofree char *name = gw_nick_clean(nick ? nick : "");
  g_strstrip(valid);
  if (!*valid) return NULL;
  GString *out = g_string_new(name);
  g_string_append(out, name ? ": " : "");
  for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
    gsize bytes = (gsize)(g_utf8_next_char(p) - p);
    if (!is_seen(g_utf8_get_char(p))) continue;
    if (out->len + bytes + strlen(CUT) > GW_MAX_CHAT_LINE) {
      g_string_append(out, CUT);
      break;
    }
    g_string_append_len(out, p, (gssize)bytes);
  }
  return g_string_free(out, FALSE);
}
