#include "daemon/accounts.h"
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pace.h"

#define KIND "accounts"   /* of the store's items */
#define PREFIX "account:" /* of trunk names; the file's names have no colon */
#define CALLS_OF_ONE 2    /* at once, as of a phone */
#define KEEPALIVE_S 30    /* keeps the way open where the registrar is beyond a NAT */
#define TOLD_AT_ONCE 6    /* messages to one person; from then on one in TOLD_EVERY */
#define TOLD_EVERY GW_SEC(600)

typedef struct {
  char *jid; /* bare */
  gw_account *account;
  char *trunk, *address;
  char *told;    /* what he knows of it, NULL: nothing since the start or since he has set it */
  gboolean news; /* he waits for the outcome */
} entry;

struct gw_accounts {
  gw_store *store;
  gw_xmpp *xmpp;
  const gw_sip *sip;
  const gw_conf *conf;
  GPtrArray *list; /* entry, in the order of the JIDs */
  char **registrars;
  guint most;
  gw_pace *told_pace;
  char *status; /* of the last that was asked for */
  void (*changed)(void *);
  void *user;
};

static void entry_free(void *p) {
  entry *e = p;
  g_free(e->jid);
  gw_account_free(e->account);
  g_free(e->trunk);
  g_free(e->address);
  g_free(e->told);
  g_free(e);
}

static entry *entry_new(const char *jid, const gw_account *account) {
  entry *e = g_new0(entry, 1);
  *e = (entry){.jid = g_strdup(jid),
               .account = gw_account_copy(account),
               .trunk = g_strconcat(PREFIX, jid, NULL),
               .address = gw_account_address(account)};
  return e;
}

static entry *find(const gw_accounts *a, const char *jid) {
  for (guint i = 0; i < a->list->len; i++) {
    entry *e = a->list->pdata[i];
    if (!strcmp(e->jid, jid)) return e;
  }
  return NULL;
}

/* What the file says now decides, not what it said when the account was made. */
static gboolean is_used(const gw_accounts *a, const entry *e) {
  return gw_xmpp_may_register(a->xmpp, e->jid) && a->registrars &&
         g_strv_contains((const char *const *)a->registrars, e->account->registrar);
}

/* --- how it is */

typedef struct {
  const char *state, *reason;
  gint64 since_wall_us;
} condition;

static condition how(const gw_accounts *a, const entry *e) {
  static const char *const states[] = {"trying", "up", "down"};
  gw_sip_trunk_info t;
  if (!is_used(a, e)) return (condition){"off", "the operator does not let it be used any more", 0};
  if (!a->sip || !gw_sip_find_trunk(a->sip, e->trunk, &t))
    return (condition){"trying", "starting", 0};
  return (condition){states[t.state], t.state == GW_TRUNK_UP ? NULL : t.reason, t.since_wall_us};
}

static char *status_of(const gw_accounts *a, const entry *e) {
  const condition c = how(a, e);
  if (!strcmp(c.state, "up")) return g_strdup("registered");
  if (!strcmp(c.state, "trying")) return g_strdup("being registered");
  return g_strdup_printf("not registered (%s)", c.reason);
}

/* After a restart all is as it was: only bad news are any. */
static void tell(gw_accounts *a, entry *e) {
  const condition c = how(a, e);
  g_autofree char *status = status_of(a, e);
  if (!strcmp(c.state, "trying") || !g_strcmp0(status, e->told)) return;
  if (!e->told && !e->news && !c.reason) {
    e->told = g_steal_pointer(&status);
    return;
  }
  g_autofree char *text =
      g_strdup_printf("Your SIP account %s is %s.%s", e->address, status,
                      c.reason && strcmp(c.state, "off")
                          ? " It is tried again from time to time. If its password or name is "
                            "wrong, register here again."
                          : "");
  if (!gw_pace_take(a->told_pace, e->jid, gw_now_us(), NULL) ||
      !gw_xmpp_tell_account(a->xmpp, e->jid, status, text))
    return;
  e->news = FALSE;
  g_free(e->told);
  e->told = g_steal_pointer(&status);
}

void gw_accounts_trunk(gw_accounts *a, const gw_sip_trunk_info *t) {
  entry *e = g_str_has_prefix(t->name, PREFIX) ? find(a, t->name + strlen(PREFIX)) : NULL;
  if (e) tell(a, e);
}

void gw_accounts_tell_all(gw_accounts *a) {
  for (guint i = 0; i < a->list->len; i++)
    tell(a, a->list->pdata[i]);
}

/* --- the events of registration */

static const gw_account *on_get(const char *bare, const char **ret_status, void *user) {
  gw_accounts *a = user;
  const entry *e = find(a, bare);
  if (!e) return NULL;
  g_free(a->status);
  *ret_status = a->status = status_of(a, e);
  return e->account;
}

static gboolean same_place(const gw_account *account, const char *user, const char *registrar) {
  return user && registrar && !strcmp(account->user, user) &&
         gw_account_same_registrar(account->registrar, registrar);
}

/* It is his, or may be: the registrar has taken his password, or has not answered yet. Who has entered a wrong one has nothing. */
static gboolean has(const gw_accounts *a, const entry *e, const gw_account *account) {
  const char *state = how(a, e).state;
  return same_place(account, e->account->user, e->account->registrar) &&
         (!strcmp(state, "up") || !strcmp(state, "trying"));
}

/* Two contacts of one account at one registrar would take each other's calls. */
static gboolean is_taken(const gw_accounts *a, const char *jid, const gw_account *account) {
  for (guint i = 0; i < a->list->len; i++) {
    const entry *e = a->list->pdata[i];
    if (strcmp(e->jid, jid) && has(a, e, account)) return TRUE;
  }
  for (guint i = 0; a->conf && i < gw_conf_count(a->conf, "trunks"); i++) {
    g_autofree char *user = g_strdup_printf("trunks[%u].user", i),
                    *proxy = g_strdup_printf("trunks[%u].proxy", i);
    if (same_place(account, gw_conf_str(a->conf, user), gw_conf_str(a->conf, proxy))) return TRUE;
  }
  return FALSE;
}

static void keep(gw_accounts *a, const char *jid, const gw_account *account) {
  g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
  g_hash_table_insert(keys, (char *)"number", (char *)jid);
  g_hash_table_insert(keys, (char *)"user", account->user);
  g_hash_table_insert(keys, (char *)"registrar", account->registrar);
  g_hash_table_insert(keys, (char *)"password", account->password);
  g_hash_table_insert(keys, (char *)"name", account->name);
  gw_store_item_put(a->store, KIND, jid, keys);
}

static gint by_jid(gconstpointer x, gconstpointer y) {
  return strcmp((*(entry *const *)x)->jid, (*(entry *const *)y)->jid);
}

static void insert(gw_accounts *a, entry *e) {
  g_ptr_array_add(a->list, e);
  g_ptr_array_sort(a->list, by_jid);
}

static const char *on_set(const char *bare, const gw_account *account, void *user) {
  gw_accounts *a = user;
  entry *old = find(a, bare);
  if (is_taken(a, bare, account)) return "conflict";
  if (!old && a->list->len >= a->most) return "resource-constraint";
  if (old) g_ptr_array_remove(a->list, old);
  entry *e = entry_new(bare, account);
  e->news = TRUE;
  insert(a, e);
  keep(a, bare, account);
  gw_info(NULL, "account-set", "jid=%s account=%s", bare, e->address);
  a->changed(a->user);
  tell(a, e); /* nothing but the name has changed: it is up already */
  return NULL;
}

static void on_remove(const char *bare, void *user) {
  gw_accounts *a = user;
  entry *e = find(a, bare);
  gw_info(NULL, "account-removed", "jid=%s account=%s", bare, e->address);
  gw_store_item_remove(a->store, KIND, bare);
  g_ptr_array_remove(a->list, e);
  a->changed(a->user);
}

gboolean gw_accounts_drop(gw_accounts *a, const char *jid) {
  g_autofree char *bare = gw_jid_bare(jid);
  const entry *e = bare ? find(a, bare) : NULL;
  if (!e) return FALSE;
  g_autofree char *text =
      g_strdup_printf("Your SIP account %s has been removed by the operator.", e->address);
  on_remove(bare, a);
  gw_xmpp_tell_account(a->xmpp, bare, NULL, text);
  return TRUE;
}

/* --- what they are made into */

void gw_accounts_add_trunks(const gw_accounts *a, GArray *list, GPtrArray *arena) {
  for (guint i = 0; i < a->list->len; i++) {
    const entry *e = a->list->pdata[i];
    const gw_account *s = e->account;
    char *words[] = {g_strdup(e->trunk), g_strdup(s->registrar), g_strdup(s->user),
                     g_strdup(s->password)};
    for (guint k = 0; k < G_N_ELEMENTS(words); k++)
      g_ptr_array_add(arena, words[k]);
    const gw_sip_trunk t = {.name = words[0],
                            .proxy = words[1],
                            .user = words[2],
                            .password = words[3],
                            .registers = TRUE,
                            .keepalive_s = KEEPALIVE_S,
                            .personal = TRUE};
    if (is_used(a, e)) g_array_append_val(list, t);
  }
}

static char **words_of(const char *one) {
  const char *const list[] = {one, NULL};
  return g_strdupv((char **)list);
}

void gw_accounts_add_ways(const gw_accounts *a, gw_bridge_conf *conf) {
  for (guint i = 0; i < a->list->len; i++) {
    const entry *e = a->list->pdata[i];
    if (!is_used(a, e)) continue;
    gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
    *t = (gw_trunk_conf){.name = g_strdup(e->trunk),
                         .owner = g_strdup(e->jid),
                         .caller = g_strdup(e->account->user),
                         .caller_name = g_strdup(e->account->name),
                         .dial_out = words_of("*"),
                         .dial_out_by = words_of(e->jid),
                         .number_jid = TRUE,
                         .max_calls = CALLS_OF_ONE};
    g_ptr_array_add(conf->trunks, t);
  }
}

/* --- for the operator */

guint gw_accounts_count(const gw_accounts *a) {
  return a->list->len;
}

void gw_accounts_get(gw_accounts *a, guint i, gw_account_info *ret) {
  const entry *e = a->list->pdata[i];
  const condition c = how(a, e);
  *ret =
      (gw_account_info){e->jid, e->address, e->account->name, c.state, c.reason, c.since_wall_us};
}

/* --- life */

static void load(gw_accounts *a) {
  g_autoptr(GPtrArray) items = gw_store_items(a->store, KIND);
  for (guint i = 0; i < items->len; i++) {
    GHashTable *k = items->pdata[i];
    const char *jid = g_hash_table_lookup(k, "number"), *user = g_hash_table_lookup(k, "user"),
               *registrar = g_hash_table_lookup(k, "registrar"),
               *password = g_hash_table_lookup(k, "password");
    if (!jid || !user || !registrar || !password) continue;
    g_autoptr(gw_account) account =
        gw_account_new(user, registrar, password, g_hash_table_lookup(k, "name"));
    insert(a, entry_new(jid, account));
  }
}

gw_accounts *gw_accounts_new(gw_store *store, gw_xmpp *xmpp, void (*changed)(void *), void *user) {
  static const gw_register_events events = {on_get, on_set, on_remove};
  gw_accounts *a = g_new0(gw_accounts, 1);
  *a = (gw_accounts){.store = store,
                     .xmpp = xmpp,
                     .list = g_ptr_array_new_with_free_func(entry_free),
                     .told_pace = gw_pace_new(TOLD_AT_ONCE, TOLD_EVERY, GW_MAX_ACCOUNTS),
                     .changed = changed,
                     .user = user};
  load(a);
  gw_xmpp_set_register_events(xmpp, &events, a);
  return a;
}

void gw_accounts_free(gw_accounts *a) {
  if (!a) return;
  gw_xmpp_set_register_events(a->xmpp, &(gw_register_events){0}, NULL);
  g_ptr_array_unref(a->list);
  g_strfreev(a->registrars);
  gw_pace_free(a->told_pace);
  g_free(a->status);
  g_free(a);
}

void gw_accounts_connect(gw_accounts *a, const gw_sip *sip) {
  a->sip = sip;
}

void gw_accounts_configure(gw_accounts *a, const gw_conf *conf) {
  g_auto(GStrv) people = gw_conf_strv(conf, "xmpp.registration");
  a->conf = conf;
  g_strfreev(a->registrars);
  a->registrars = gw_conf_strv(conf, "xmpp.registrars");
  a->most = (guint)gw_conf_int(conf, "xmpp.max_accounts");
  gw_xmpp_set_registration(a->xmpp, (const char *const *)people,
                           (const char *const *)a->registrars);
}
