#include "xmpp/roster_help.h"
#include <string.h>
#include "base/jid.h"

typedef struct {
  char *jid, *name;
  gboolean there;
} contact;

struct gw_lack {
  GPtrArray *contacts; /* contact* */
  guint next, given;
};

static void contact_free(void *p) {
  contact *c = p;
  g_free(c->jid);
  g_free(c->name);
  g_free(c);
}

gw_lack *gw_lack_new(const gw_items *ours) {
  gw_lack *l = g_new0(gw_lack, 1);
  l->contacts = g_ptr_array_new_with_free_func(contact_free);
  for (guint i = 0; i < gw_items_count(ours); i++) {
    contact *c = g_new0(contact, 1);
    *c = (contact){g_strdup(gw_items_jid(ours, i)), g_strdup(gw_items_name(ours, i)), FALSE};
    g_ptr_array_add(l->contacts, c);
  }
  return l;
}

void gw_lack_free(gw_lack *l) {
  if (!l) return;
  g_ptr_array_unref(l->contacts);
  g_free(l);
}

void gw_lack_has(gw_lack *l, const char *jid, gboolean both) {
  g_autofree char *bare = both ? gw_jid_bare(jid) : NULL;
  for (guint i = 0; bare && i < l->contacts->len; i++) {
    contact *c = l->contacts->pdata[i];
    if (!strcmp(c->jid, bare)) c->there = TRUE;
  }
}

guint gw_lack_count(const gw_lack *l) {
  guint n = 0;
  for (guint i = 0; i < l->contacts->len; i++)
    n += !((const contact *)l->contacts->pdata[i])->there;
  return n;
}

void gw_lack_again(gw_lack *l) {
  l->next = l->given = 0;
}

gboolean gw_lack_next(gw_lack *l, const char **ret_jid, const char **ret_name) {
  while (l->given < GW_HELP_MOST && l->next < l->contacts->len) {
    const contact *c = l->contacts->pdata[l->next++];
    if (c->there) continue;
    l->given++;
    *ret_jid = c->jid;
    *ret_name = c->name;
    return TRUE;
  }
  return FALSE;
}
