/* gateway.c - the component's own JID as a gateway: stanzas around gateway.h and page.h. */
#include "xmpp/gateway.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "xmpp/adhoc.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"
#include "xmpp/page.h"
#include "xmpp/register.h"

#define PAGE 100 /* items in one answer */

char **gw_patterns_folded(const char *const *patterns) {
  GPtrArray *list = g_ptr_array_new();
  for (; patterns && *patterns; patterns++)
    g_ptr_array_add(list, g_utf8_strdown(*patterns, -1));
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_free(list, FALSE);
}

gboolean gw_patterns_match(char *const *folded, const char *bare) {
  for (; folded && *folded; folded++)
    if (g_pattern_match_simple(*folded, bare)) return TRUE;
  return FALSE;
}

void gw_xmpp_set_visible_to(gw_xmpp *x, const char *const *patterns) {
  g_strfreev(x->visible_to);
  x->visible_to = gw_patterns_folded(patterns);
}

gboolean gw_gateway_may_see(const gw_xmpp *x, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  return bare && (gw_patterns_match(x->visible_to, bare) || gw_adhoc_is_operator(x, jid));
}

/* --- items (XEP-0030 4, XEP-0059) */

typedef struct {
  gw_page_ask ask;
  char *after, *before, *max, *index;
} page_words;

static void words_clear(page_words *w) {
  g_free(w->after);
  g_free(w->before);
  g_free(w->max);
  g_free(w->index);
}

static char *word(xmpp_stanza_t *set, const char *name) {
  xmpp_stanza_t *c = gw_xml_child(set, name, GW_NS_RSM);
  char *text = c ? gw_xml_text(c, GW_MAX_JID) : NULL;
  return c && !text ? g_strdup("") : text;
}

/* FALSE: no number where one belongs. */
static gboolean number(const char *text, gboolean *ret_given, guint *ret) {
  guint64 n = 0;
  if (!text) return TRUE;
  *ret_given = TRUE;
  if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT, &n, NULL)) return FALSE;
  *ret = (guint)n;
  return TRUE;
}

static gboolean read_page(xmpp_stanza_t *query, page_words *ret) {
  xmpp_stanza_t *set = gw_xml_child(query, "set", GW_NS_RSM);
  *ret = (page_words){.ask = {0}};
  if (!set) return TRUE;
  ret->after = word(set, "after");
  ret->before = word(set, "before");
  ret->max = word(set, "max");
  ret->index = word(set, "index");
  ret->ask.after = ret->after;
  ret->ask.before = ret->before;
  return number(ret->max, &ret->ask.limited, &ret->ask.max) &&
         number(ret->index, &ret->ask.by_index, &ret->ask.index);
}

static void add_set(xmpp_stanza_t *query, const gw_items *list, const gw_page *page) {
  xmpp_stanza_t *set = gw_xml_add(query, "set", GW_NS_RSM);
  g_autofree char *count = g_strdup_printf("%u", gw_items_count(list));
  if (page->count) {
    xmpp_stanza_t *first = gw_xml_add(set, "first", GW_NS_RSM);
    gw_xml_set_uint(first, "index", page->first);
    gw_xml_set_text(first, gw_items_jid(list, page->first));
    gw_xml_set_text(gw_xml_add(set, "last", GW_NS_RSM),
                    gw_items_jid(list, page->first + page->count - 1));
  }
  gw_xml_set_text(gw_xml_add(set, "count", GW_NS_RSM), count);
}

static xmpp_stanza_t *page_answer(xmpp_stanza_t *iq, const gw_items *list, const gw_page *page,
                                  gboolean with_set) {
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", XMPP_NS_DISCO_ITEMS);
  for (guint i = page->first; i < page->first + page->count; i++) {
    xmpp_stanza_t *item = gw_xml_add(query, "item", XMPP_NS_DISCO_ITEMS);
    gw_xml_set(item, "jid", gw_items_jid(list, i));
    if (*gw_items_name(list, i)) gw_xml_set(item, "name", gw_items_name(list, i));
  }
  if (with_set) add_set(query, list, page);
  return reply;
}

static xmpp_stanza_t *items(gw_xmpp *x, xmpp_stanza_t *iq, xmpp_stanza_t *query) {
  g_autoptr(gw_items) list = gw_items_new();
  g_autofree const char **names = NULL;
  page_words w;
  gw_page page;
  if (x->events.items && gw_gateway_may_see(x, xmpp_stanza_get_from(iq)))
    x->events.items(x, list, x->user);
  guint n = gw_items_count(list);
  names = g_new0(const char *, n + 1);
  for (guint i = 0; i < n; i++)
    names[i] = gw_items_jid(list, i);
  gboolean readable = read_page(query, &w), asked = gw_xml_child(query, "set", GW_NS_RSM) != NULL;
  gboolean found = readable && gw_page_of(names, n, &w.ask, PAGE, &page);
  words_clear(&w);
  if (!readable) return gw_iq_error(iq, "modify", "bad-request", NULL);
  if (!found) return gw_iq_error(iq, "cancel", "item-not-found", NULL);
  return page_answer(iq, list, &page, asked || page.count < n);
}

/* --- the address of a number (XEP-0100 6.4) */

static xmpp_stanza_t *prompt(xmpp_stanza_t *iq) {
  xmpp_stanza_t *reply = gw_iq_result(iq), *query = gw_xml_add(reply, "query", GW_NS_GATEWAY);
  gw_xml_set_text(gw_xml_add(query, "desc", GW_NS_GATEWAY),
                  "Please enter the number of a phone, with + and country code if it is not one of "
                  "this house.");
  gw_xml_set_text(gw_xml_add(query, "prompt", GW_NS_GATEWAY), "Number");
  return reply;
}

static xmpp_stanza_t *address(const gw_xmpp *x, xmpp_stanza_t *iq, xmpp_stanza_t *query) {
  xmpp_stanza_t *p = gw_xml_child(query, "prompt", GW_NS_GATEWAY);
  g_autofree char *typed = p ? gw_xml_text(p, GW_MAX_JID) : NULL;
  g_autofree char *jid = gw_gateway_address(typed, x->domain);
  if (!jid) return gw_iq_error(iq, "modify", "not-acceptable", NULL);
  xmpp_stanza_t *reply = gw_iq_result(iq), *out = gw_xml_add(reply, "query", GW_NS_GATEWAY);
  gw_xml_set_text(gw_xml_add(out, "jid", GW_NS_GATEWAY), jid);
  return reply;
}

gboolean gw_gateway_serve(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq) {
  xmpp_stanza_t *c = gw_xml_first(iq), *reply = NULL;
  gboolean get = !g_strcmp0(xmpp_stanza_get_type(iq), "get");
  if (get && gw_xml_is(c, "query", XMPP_NS_DISCO_ITEMS) && !gw_xml_get(c, "node"))
    reply = items(x, iq, c);
  else if (gw_xml_is(c, "query", GW_NS_GATEWAY))
    reply = get ? prompt(iq) : address(x, iq, c);
  if (reply) gw_xmpp_send(x, s, reply, FALSE);
  return reply != NULL;
}

void gw_gateway_add_features(const gw_xmpp *x, xmpp_stanza_t *query, const char *asker) {
  static const char *const own[] = {GW_NS_GATEWAY, GW_NS_RSM, NULL};
  for (const char *const *f = own; *f; f++)
    gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", *f);
  if (gw_adhoc_on(x))
    gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", GW_NS_COMMANDS);
  if (gw_xmpp_may_register(x, asker))
    gw_xml_set(gw_xml_add(query, "feature", XMPP_NS_DISCO_INFO), "var", GW_NS_REGISTER);
}
