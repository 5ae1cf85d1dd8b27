/* The body of a MESSAGE and what is said in a room: bytes of anybody. First line: type, charset and encoding, parted by '|'. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/chat_rule.h"
#include "sip/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!n) return 0;
  const uint8_t *end = memchr(data, '\n', n);
  gsize head = end ? (gsize)(end - data) : 0, rest = end ? head + 1 : 0;
  g_autofree char *line = g_strndup((const char *)data, head);
  g_auto(GStrv) part = g_strsplit(line, "|", 3);
  guint parts = g_strv_length(part);
  const gw_message_type type = {parts > 0 ? part[0] : NULL, parts > 1 ? part[1] : NULL,
                                parts > 2 ? part[2] : NULL};
  g_autofree char *text = NULL;
  const char *why = NULL;
  guint status =
      gw_message_read(&type, n > rest ? (const char *)data + rest : NULL, n - rest, &text, &why);
  g_assert_true((status == 0) == (text != NULL));
  g_assert_true((status == 0) == (why == NULL));
  if (text) {
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(strlen(text), <=, GW_MAX_CHAT);
    g_assert_null(strpbrk(text, "\r\x1b\x7f"));
  }
  g_autofree char *said = g_strndup((const char *)data + rest, n - rest);
  g_autofree char *shown = gw_chat_line(line, said);
  if (shown) {
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    g_assert_cmpuint(strlen(shown), <=, GW_MAX_CHAT_LINE);
  }
  return 0;
}
