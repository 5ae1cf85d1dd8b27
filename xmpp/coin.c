#include "xmpp/coin.h"
#include <string.h>
#include "base/clock.h"
#include "base/limits.h"

static void user_free(void *p) {
  gw_coin_user *u = p;
  g_free(u->uri);
  g_free(u->name);
  g_free(u);
}

gw_coin *gw_coin_new(const char *uri, const char *subject) {
  gw_coin *c = g_new0(gw_coin, 1);
  c->uri = g_strdup(uri);
  c->subject = g_strdup(subject);
  c->users = g_ptr_array_new_with_free_func(user_free);
  return c;
}

void gw_coin_free(gw_coin *c) {
  if (!c) return;
  g_free(c->uri);
  g_free(c->subject);
  g_ptr_array_unref(c->users);
  g_free(c);
}

static gboolean has(const gw_coin *c, const char *uri) {
  for (guint i = 0; i < c->users->len; i++)
    if (!strcmp(((const gw_coin_user *)c->users->pdata[i])->uri, uri)) return TRUE;
  return FALSE;
}

void gw_coin_add(gw_coin *c, const char *uri, const char *name) {
  if (has(c, uri)) return;
  c->all++;
  if (c->users->len >= GW_MAX_COIN_TOLD) return;
  gw_coin_user *u = g_new0(gw_coin_user, 1);
  *u = (gw_coin_user){g_strdup(uri), g_strdup(name)};
  g_ptr_array_add(c->users, u);
}

char *gw_coin_uri(const char *scheme, const char *jid) {
  g_autofree char *path = g_uri_escape_string(jid, "@/", FALSE);
  return g_strconcat(scheme, ":", path, NULL);
}

/* --- when */

struct gw_coin_teller {
  gw_coin *wanted, *told;
  gint64 again; /* not before */
  guint version;
  gboolean stopped;
};

static gboolean same(const gw_coin *a, const gw_coin *b) {
  if (a->all != b->all || a->users->len != b->users->len || g_strcmp0(a->subject, b->subject))
    return FALSE;
  for (guint i = 0; i < a->users->len; i++) {
    const gw_coin_user *x = a->users->pdata[i], *y = b->users->pdata[i];
    if (strcmp(x->uri, y->uri) || g_strcmp0(x->name, y->name)) return FALSE;
  }
  return TRUE;
}

gw_coin_teller *gw_coin_teller_new(void) {
  gw_coin_teller *t = g_new0(gw_coin_teller, 1);
  t->again = G_MININT64;
  return t;
}

void gw_coin_teller_free(gw_coin_teller *t) {
  if (!t) return;
  gw_coin_free(t->wanted);
  gw_coin_free(t->told);
  g_free(t);
}

void gw_coin_teller_set(gw_coin_teller *t, gw_coin *now) {
  gw_coin_free(t->wanted);
  t->wanted = now;
  if (t->stopped || (t->told && same(t->told, now))) g_clear_pointer(&t->wanted, gw_coin_free);
}

const gw_coin *gw_coin_teller_due(gw_coin_teller *t, gint64 now_us) {
  if (!t->wanted || now_us < t->again) return NULL;
  gw_coin_free(t->told);
  t->told = g_steal_pointer(&t->wanted);
  t->told->version = ++t->version;
  t->again = now_us + GW_COIN_EVERY_US;
  return t->told;
}

gint64 gw_coin_teller_deadline(const gw_coin_teller *t) {
  return t->wanted ? t->again : GW_NEVER;
}

void gw_coin_teller_stop(gw_coin_teller *t) {
  t->stopped = TRUE;
  g_clear_pointer(&t->wanted, gw_coin_free);
}
