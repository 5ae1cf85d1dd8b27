#include "xmpp/services.h"
#include <string.h>
#include "base/limits.h"

#define AGAIN GW_SEC(6 * 3600) /* when nothing says how long it is good */
#define SOONEST GW_SEC(10)     /* between two questions, whatever the lifetimes */
#define SKEWED GW_SEC(300)     /* what is out of date when it is said: somebody's clock is wrong */
#define RETRY_FIRST GW_SEC(60)
#define RETRY_LAST GW_SEC(3600)

typedef struct {
  gw_service *service;
  gint64 until_us; /* monotonic; GW_NEVER */
  gboolean asked;  /* its credentials were asked for */
} known;

struct gw_services {
  char **domains;
  guint at; /* the domain that is asked, or was */
  gboolean up, have_asked, told;
  guint failures;
  gint64 ask_us;   /* when to ask (again) */
  GArray *all;     /* known */
  GPtrArray *good; /* gw_service, copies */
};

/* --- values */

gw_service *gw_service_new(gw_service_type type, gboolean tcp, const char *host, guint16 port) {
  gw_service *s = g_new0(gw_service, 1);
  s->type = type;
  s->tcp = tcp;
  s->host = g_strdup(host);
  s->port = port;
  return s;
}

gw_service *gw_service_copy(const gw_service *from) {
  gw_service *s = gw_service_new(from->type, from->tcp, from->host, from->port);
  s->action = from->action;
  s->user = g_strdup(from->user);
  s->password = g_strdup(from->password);
  s->restricted = from->restricted;
  s->expires_wall_us = from->expires_wall_us;
  return s;
}

void gw_service_free(gw_service *s) {
  if (!s) return;
  g_free(s->host);
  g_free(s->user);
  g_free(s->password);
  g_free(s);
}

static void free_service(void *s) {
  gw_service_free(s);
}

GPtrArray *gw_service_list_new(void) {
  return g_ptr_array_new_with_free_func(free_service);
}

gboolean gw_service_same(const gw_service *a, const gw_service *b) {
  return a->type == b->type && a->tcp == b->tcp && a->port == b->port &&
         !g_ascii_strcasecmp(a->host, b->host);
}

/* --- what is known */

static void clear_known(void *data) {
  gw_service_free(((known *)data)->service);
}

gw_services *gw_services_new(const char *const *domains) {
  gw_services *s = g_new0(gw_services, 1);
  s->domains = g_strdupv((char **)domains);
  s->ask_us = GW_NEVER;
  s->all = g_array_new(FALSE, TRUE, sizeof(known));
  g_array_set_clear_func(s->all, clear_known);
  s->good = gw_service_list_new();
  return s;
}

void gw_services_free(gw_services *s) {
  if (!s) return;
  g_strfreev(s->domains);
  g_array_unref(s->all);
  g_ptr_array_unref(s->good);
  g_free(s);
}

static known *at(const gw_services *s, guint i) {
  return &g_array_index(s->all, known, i);
}

static known *find(const gw_services *s, const gw_service *like) {
  for (guint i = 0; i < s->all->len; i++)
    if (gw_service_same(at(s, i)->service, like)) return at(s, i);
  return NULL;
}

/* What we cannot use is not kept: STUN is asked by UDP, and TURN over DTLS is nobody's. */
static gboolean usable(const gw_service *v) {
  return v->type == GW_SERVICE_STUN ? !v->tcp : v->type == GW_SERVICE_TURN || v->tcp;
}

static gint64 until(const gw_service *v, gint64 now, gint64 wall) {
  if (!v->expires_wall_us) return GW_NEVER;
  return now + (v->expires_wall_us > wall ? v->expires_wall_us - wall : SKEWED);
}

static void put(gw_services *s, const gw_service *v, gint64 now, gint64 wall) {
  known *old = find(s, v);
  if (!usable(v) || (!old && s->all->len >= GW_MAX_SERVICES)) return;
  if (!old) {
    g_array_set_size(s->all, s->all->len + 1);
    old = at(s, s->all->len - 1);
  }
  gw_service_free(old->service);
  *old = (known){.service = gw_service_copy(v), .until_us = until(v, now, wall)};
}

static void drop(gw_services *s, const gw_service *like) {
  for (guint i = s->all->len; i-- > 0;)
    if (gw_service_same(at(s, i)->service, like)) g_array_remove_index(s->all, i);
}

static gboolean has_credentials(const gw_service *v) {
  return v->user && *v->user && v->password;
}

/* mod_turn_external names the TLS port without a user: that of the same server's TURN is meant. */
static const known *lender(const gw_services *s, const gw_service *v) {
  for (guint i = 0; i < s->all->len; i++) {
    const known *k = at(s, i);
    if (k->service->type != GW_SERVICE_STUN && has_credentials(k->service) &&
        !g_ascii_strcasecmp(k->service->host, v->host))
      return k;
  }
  return NULL;
}

static void fill_gaps(gw_services *s) {
  for (guint i = 0; i < s->all->len; i++) {
    known *k = at(s, i);
    gw_service *v = k->service;
    const known *from = v->type == GW_SERVICE_STUN || has_credentials(v) ? NULL : lender(s, v);
    if (!from) continue;
    g_free(v->user);
    g_free(v->password);
    v->user = g_strdup(from->service->user);
    v->password = g_strdup(from->service->password);
    v->expires_wall_us = from->service->expires_wall_us;
    k->until_us = MIN(k->until_us, from->until_us);
  }
}

static gboolean complete(const gw_service *v) {
  return v->type == GW_SERVICE_STUN || has_credentials(v);
}

static gboolean same_lists(const GPtrArray *a, const GPtrArray *b) {
  if (a->len != b->len) return FALSE;
  for (guint i = 0; i < a->len; i++) {
    const gw_service *x = a->pdata[i], *y = b->pdata[i];
    if (!gw_service_same(x, y) || g_strcmp0(x->user, y->user) ||
        g_strcmp0(x->password, y->password))
      return FALSE;
  }
  return TRUE;
}

/* Out with what has expired; the list of the good ones made anew. TRUE: it is another. */
static gboolean weigh(gw_services *s, gint64 now) {
  GPtrArray *good = gw_service_list_new();
  for (guint i = s->all->len; i-- > 0;)
    if (at(s, i)->until_us <= now) g_array_remove_index(s->all, i);
  for (guint i = 0; i < s->all->len; i++)
    if (complete(at(s, i)->service)) g_ptr_array_add(good, gw_service_copy(at(s, i)->service));
  const gboolean changed = !same_lists(good, s->good);
  g_ptr_array_unref(s->good);
  s->good = good;
  return changed;
}

/* --- whom to ask, and when */

static void ask(gw_services *s, gw_sv_todo *ret) {
  s->ask_us = GW_NEVER;
  if (!s->up || !s->domains[s->at]) return;
  s->have_asked = TRUE;
  ret->ask = s->domains[s->at];
}

/* A quarter of the life is left for a server that is busy. */
static void plan(gw_services *s, gint64 now) {
  gint64 wait = AGAIN;
  for (guint i = 0; i < s->all->len; i++)
    if (at(s, i)->until_us != GW_NEVER) wait = MIN(wait, (at(s, i)->until_us - now) / 4 * 3);
  s->ask_us = now + MAX(wait, SOONEST);
}

static void want_credentials(gw_services *s, gw_sv_todo *ret) {
  for (guint i = 0; i < s->all->len; i++) {
    known *k = at(s, i);
    if (complete(k->service) || k->asked || !s->up) continue;
    k->asked = TRUE;
    if (!ret->lacking) ret->lacking = gw_service_list_new();
    g_ptr_array_add(ret->lacking, gw_service_copy(k->service));
  }
}

static void on_list(gw_services *s, const GPtrArray *list, gint64 now, gint64 wall,
                    gw_sv_todo *ret) {
  g_array_set_size(s->all, 0);
  for (guint i = 0; i < list->len; i++)
    put(s, list->pdata[i], now, wall);
  fill_gaps(s);
  s->failures = 0;
  s->told = FALSE;
  plan(s, now);
  want_credentials(s, ret);
}

static gint64 patience(const gw_services *s) {
  return MIN(RETRY_FIRST << MIN(s->failures, 6u), RETRY_LAST);
}

static void on_refused(gw_services *s, const char *condition, gint64 now, gw_sv_todo *ret) {
  const gboolean silent = !strcmp(condition, "timeout");
  if (s->domains[s->at] && s->domains[s->at + 1]) {
    s->at++;
    ask(s, ret);
    return;
  }
  s->at = 0;
  s->ask_us = now + (silent ? patience(s) : RETRY_LAST);
  s->failures++;
  if (!s->told && (!strcmp(condition, "forbidden") || !strcmp(condition, "not-allowed")))
    ret->mend =
        "let the gateway ask: Prosody external_service_access, ejabberd mod_stun_disco access";
  s->told = TRUE;
}

static void on_push(gw_services *s, const GPtrArray *list, gint64 now, gint64 wall,
                    gw_sv_todo *ret) {
  if (!s->have_asked) return;
  for (guint i = 0; i < list->len; i++) {
    const gw_service *v = list->pdata[i];
    if (v->action == GW_SERVICE_DELETE)
      drop(s, v);
    else
      put(s, v, now, wall);
  }
  fill_gaps(s);
  plan(s, now);
  want_credentials(s, ret);
}

/* Only for those that we know: an answer must not bring in what was not asked about. */
static void on_credentials(gw_services *s, const GPtrArray *list, gint64 now, gint64 wall) {
  for (guint i = 0; list && i < list->len; i++) {
    const gw_service *v = list->pdata[i];
    known *k = find(s, v);
    if (!k || !k->asked || !has_credentials(v)) continue;
    put(s, v, now, wall);
    find(s, v)->asked = TRUE;
  }
  fill_gaps(s);
  plan(s, now);
}

void gw_services_step(gw_services *s, const gw_sv_event *ev, gint64 now, gint64 wall,
                      gw_sv_todo *ret) {
  *ret = (gw_sv_todo){0};
  if (ev->type == GW_SV_UP) {
    s->up = TRUE;
    s->at = 0;
    ask(s, ret);
  } else if (ev->type == GW_SV_DOWN) {
    s->up = s->have_asked = FALSE;
    s->ask_us = GW_NEVER;
  } else if (ev->type == GW_SV_LIST) {
    on_list(s, ev->list, now, wall, ret);
  } else if (ev->type == GW_SV_REFUSED) {
    on_refused(s, ev->condition, now, ret);
  } else if (ev->type == GW_SV_CREDENTIALS) {
    on_credentials(s, ev->list, now, wall);
  } else if (ev->type == GW_SV_PUSH) {
    on_push(s, ev->list, now, wall, ret);
  } else if (now >= s->ask_us) {
    ask(s, ret);
  }
  ret->changed = weigh(s, now);
}

gint64 gw_services_deadline(const gw_services *s) {
  gint64 first = s->ask_us;
  for (guint i = 0; i < s->all->len; i++)
    first = MIN(first, at(s, i)->until_us);
  return first;
}

const char *gw_services_asked(const gw_services *s) {
  return s->have_asked ? s->domains[s->at] : NULL;
}

const GPtrArray *gw_services_good(const gw_services *s) {
  return s->good;
}

/* --- what an agent should use */

typedef enum { BY_UDP, BY_TCP, BY_TLS, KINDS } kind;

static kind kind_of(const gw_service *v) {
  return v->type == GW_SERVICE_TURNS ? BY_TLS : v->tcp ? BY_TCP : BY_UDP;
}

static gboolean has(const GPtrArray *list, const gw_service *v) {
  for (guint i = 0; i < list->len; i++)
    if (gw_service_same(list->pdata[i], v)) return TRUE;
  return FALSE;
}

static GPtrArray *joined(const GPtrArray *configured, const GPtrArray *found, gboolean stun) {
  GPtrArray *ret = g_ptr_array_new();
  for (guint l = 0; l < 2; l++) {
    const GPtrArray *list = l ? found : configured;
    for (guint i = 0; i < list->len; i++) {
      gw_service *v = list->pdata[i];
      if ((v->type == GW_SERVICE_STUN) == stun && !has(ret, v)) g_ptr_array_add(ret, v);
    }
  }
  return ret;
}

/* The nth of its kind, or NULL. */
static gw_service *nth(const GPtrArray *list, kind k, guint n) {
  for (guint i = 0; i < list->len; i++)
    if (kind_of(list->pdata[i]) == k && n-- == 0) return list->pdata[i];
  return NULL;
}

GPtrArray *gw_services_choose(const GPtrArray *configured, const GPtrArray *found, guint most) {
  GPtrArray *ret = g_ptr_array_new();
  g_autoptr(GPtrArray) stun = joined(configured, found, TRUE),
                       turn = joined(configured, found, FALSE);
  if (stun->len) g_ptr_array_add(ret, stun->pdata[0]);
  for (guint n = 0, taken = 0; n < turn->len; n++) {
    for (guint k = 0; k < KINDS && taken < most; k++) {
      gw_service *v = nth(turn, k, n);
      if (!v) continue;
      g_ptr_array_add(ret, v);
      taken++;
    }
  }
  return ret;
}
