#include "xmpp/gateway.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

typedef struct {
  char *jid, *name;
} item;

struct gw_items {
  GPtrArray *list; /* item*, sorted */
};

static void item_free(void *p) {
  item *i = p;
  g_free(i->jid);
  g_free(i->name);
  g_free(i);
}

gw_items *gw_items_new(void) {
  gw_items *l = g_new0(gw_items, 1);
  l->list = g_ptr_array_new_with_free_func(item_free);
  return l;
}

void gw_items_free(gw_items *l) {
  if (!l) return;
  g_ptr_array_unref(l->list);
  g_free(l);
}

void gw_items_add(gw_items *l, const char *jid, const char *name) {
  g_autofree char *normal = gw_jid_normal(jid);
  guint low = 0, high = l->list->len;
  if (!normal || l->list->len >= GW_MAX_ITEMS) return;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    int order = strcmp(((item *)l->list->pdata[middle])->jid, normal);
    if (!order) return;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  item *i = g_new0(item, 1);
  *i = (item){g_steal_pointer(&normal), g_strdup(name ? name : "")};
  g_ptr_array_insert(l->list, (gint)low, i);
}

guint gw_items_count(const gw_items *l) {
  return l->list->len;
}

const char *gw_items_jid(const gw_items *l, guint i) {
  return ((const item *)l->list->pdata[i])->jid;
}

const char *gw_items_name(const gw_items *l, guint i) {
  return ((const item *)l->list->pdata[i])->name;
}

/* A number loses what people write for the eye only; anything else stays as it was typed. */
static char *plain_number(const char *typed) {
  GString *out = g_string_new(NULL);
  gboolean number = TRUE;
  for (const char *p = typed; *p; p++) {
    if (strchr(" -/().", *p)) continue;
    if (!g_ascii_isdigit(*p) && !strchr("+*#", *p)) number = FALSE;
    g_string_append_c(out, *p);
  }
  char *all = g_string_free(out, FALSE);
  if (number) return all;
  g_free(all);
  return g_strdup(typed);
}

char *gw_gateway_address(const char *typed, const char *domain) {
  g_autofree char *text = g_strdup(typed ? typed : "");
  g_strstrip(text);
  if (!*text || strlen(text) > GW_MAX_NUMBER || !g_utf8_validate(text, -1, NULL)) return NULL;
  g_autofree char *number = plain_number(text);
  g_autofree char *node = gw_jid_escape(number);
  g_autofree char *jid = gw_jid_join(node, domain, NULL);
  return *number ? gw_jid_bare(jid) : NULL;
}
