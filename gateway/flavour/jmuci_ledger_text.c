/* The ledger as text: one line per call, then one per entry of its order.
 *   tipring-ledger 1
 *   call <id> <flags> <proposed> <last accept>      flags: s sfu, v video, h historic, r retracted,
 * - none entry <nick> <jid or -> <1 alive, 0 not> <at>   names percent-encoded, times us before the
 * ledger's last event */
#include "gateway/flavour/jmuci_ledger_priv.h"
#include <string.h>

#define HEAD "tipring-ledger 1"
#define OLDEST_US ((gint64)366 * 24 * 3600 * 1000000)

static void put_name(GString *s, const char *name) {
  g_autofree char *e = g_uri_escape_string(name, NULL, FALSE);
  g_string_append_printf(s, " %s", e);
}

static void put_flags(GString *s, const gw_ledger_call *c) {
  const gsize before = s->len + 1;
  g_string_append_c(s, ' ');
  if (c->sfu) g_string_append_c(s, 's');
  if (c->video) g_string_append_c(s, 'v');
  if (c->historic) g_string_append_c(s, 'h');
  if (c->retracted) g_string_append_c(s, 'r');
  if (s->len == before) g_string_append_c(s, '-');
}

static gint64 age(const gw_ledger *l, gint64 at_us) {
  return CLAMP(l->now_us - at_us, 0, OLDEST_US);
}

static void put_call(GString *s, const gw_ledger *l, const gw_ledger_call *c) {
  g_string_append(s, "call");
  put_name(s, c->id);
  put_flags(s, c);
  g_string_append_printf(s, " %" G_GINT64_FORMAT, age(l, c->proposed_us));
  g_string_append_printf(s, " %" G_GINT64_FORMAT "\n",
                         c->last_accept_us ? age(l, c->last_accept_us) : -1);
  for (guint i = 0; i < c->order->len; i++) {
    const gw_order_entry *e = gw_ledger_entry(c, i);
    g_string_append(s, "entry");
    put_name(s, e->nick);
    if (e->jid)
      put_name(s, e->jid);
    else
      g_string_append(s, " -");
    g_string_append_printf(s, " %d %" G_GINT64_FORMAT "\n", e->alive ? 1 : 0, age(l, e->at_us));
  }
}

char *gw_ledger_save(const gw_ledger *l) {
  GString *s = g_string_new(HEAD "\n");
  for (guint i = 0; i < l->calls->len; i++) {
    const gsize before = s->len;
    put_call(s, l, l->calls->pdata[i]);
    if (s->len <= GW_MAX_LEDGER_BYTES) continue;
    g_string_truncate(
        s, before); /* monstrous names: rather one call less than a text that load refuses */
    break;
  }
  return g_string_free(s, FALSE);
}

/* --- reading --- */

static char *get_name(const char *word, gsize max) {
  g_autofree char *name = g_uri_unescape_string(word, NULL);
  if (!name || !*name || strlen(name) > max || !g_utf8_validate(name, -1, NULL)) return NULL;
  return g_steal_pointer(&name);
}

static gboolean get_age(const char *word, gint64 least, gint64 *ret) {
  return g_ascii_string_to_signed(word, 10, least, OLDEST_US, ret, NULL);
}

static gw_ledger_call *read_call(char **word, gint64 now_us) {
  gint64 proposed, accepted;
  if (g_strv_length(word) != 5 || !get_age(word[3], 0, &proposed) ||
      !get_age(word[4], -1, &accepted) || strspn(word[2], "-svhr") != strlen(word[2]))
    return NULL;
  g_autofree char *id = get_name(word[1], GW_MAX_SID);
  if (!id) return NULL;
  gw_ledger_call *c = gw_ledger_call_new(id);
  c->sfu = strchr(word[2], 's') != NULL;
  c->video = strchr(word[2], 'v') != NULL;
  c->retracted = strchr(word[2], 'r') != NULL;
  c->historic = strchr(word[2], 'h') || accepted < 0;
  c->proposed_us = now_us - proposed;
  c->last_accept_us = accepted < 0 ? 0 : now_us - accepted;
  c->dead = TRUE; /* until an entry that lives is read */
  return c;
}

static gboolean read_entry(gw_ledger_call *c, char **word, gint64 now_us) {
  gint64 alive, at;
  if (!c || c->order->len >= GW_MAX_ORDER || g_strv_length(word) != 5 ||
      !g_ascii_string_to_signed(word[3], 10, 0, 1, &alive, NULL) || !get_age(word[4], 0, &at))
    return FALSE;
  g_autofree char *nick = get_name(word[1], GW_MAX_JID);
  g_autofree char *jid = strcmp(word[2], "-") ? get_name(word[2], GW_MAX_JID) : NULL;
  if (!nick || (!jid && strcmp(word[2], "-"))) return FALSE;
  const gboolean dead = c->dead && !alive;
  gw_ledger_append(c, nick, jid, now_us - at);
  gw_ledger_entry(c, c->order->len - 1)->alive = alive != 0;
  c->dead = dead;
  return TRUE;
}

static gboolean read_line(gw_ledger *l, gw_ledger_call **last, const char *line, gint64 now_us) {
  g_auto(GStrv) word = g_strsplit(line, " ", 6);
  if (!strcmp(word[0], "entry")) return read_entry(*last, word, now_us);
  if (strcmp(word[0], "call") || l->calls->len >= GW_MAX_CALLS_PER_ROOM ||
      (*last && !(*last)->order->len))
    return FALSE;
  gw_ledger_call *c = read_call(word, now_us);
  if (!c) return FALSE;
  const gboolean twice = gw_ledger_find(l, c->id) != NULL;
  g_ptr_array_add(l->calls, c);
  *last = c;
  return !twice;
}

gw_ledger *gw_ledger_load(const char *text, gint64 now_us) {
  if (!text || !g_str_has_prefix(text, HEAD "\n") || strlen(text) > GW_MAX_LEDGER_BYTES)
    return NULL;
  g_autoptr(gw_ledger) l = gw_ledger_new();
  gw_ledger_call *last = NULL;
  g_auto(GStrv) lines = g_strsplit(text + strlen(HEAD) + 1, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (*lines[i] && !read_line(l, &last, lines[i], now_us)) return NULL;
  if (last && !last->order->len) return NULL;
  l->now_us = now_us;
  return g_steal_pointer(&l);
}
