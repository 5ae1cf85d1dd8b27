/* outbound.c - numbers that leave: how each trunk writes them, and what is allowed to go. Nothing is, without a rule. */
#include <string.h>
#include "base/jid.h"
#include "gateway/dialplan/plan.h"

#define E164_MIN 7 /* digits; what is shorter is an extension */
#define MAX_OUT 32 /* characters of a number that leaves */

/* --- rows --- */

static const char *own(const char *s) {
  return g_strdup(s ? s : "");
}

static const char *const *own_list(const char *const *list) {
  static const char *const none[] = {NULL};
  return (const char *const *)g_strdupv((char **)(list ? list : none));
}

gw_dialplan_trunk *gw_dialplan_trunk_copy(const gw_dialplan_trunk *t) {
  gw_dialplan_trunk *c = g_new0(gw_dialplan_trunk, 1);
  *c = (gw_dialplan_trunk){.name = own(t->name),
                           .country = own(t->country),
                           .international = own(t->international),
                           .national = own(t->national),
                           .format = own(t->format),
                           .dial_out = own_list(t->dial_out),
                           .dial_out_by = own_list(t->dial_out_by),
                           .owner = g_strdup(t->owner)};
  return c;
}

void gw_dialplan_trunk_free(gw_dialplan_trunk *t) {
  if (!t) return;
  g_free((char *)t->name);
  g_free((char *)t->country);
  g_free((char *)t->international);
  g_free((char *)t->national);
  g_free((char *)t->format);
  g_strfreev((char **)t->dial_out);
  g_strfreev((char **)t->dial_out_by);
  g_free((char *)t->owner);
  g_free(t);
}

void gw_dialplan_add_trunk(gw_dialplan *d, const gw_dialplan_trunk *t) {
  g_ptr_array_add(d->trunks, gw_dialplan_trunk_copy(t));
}

const gw_dialplan_trunk *gw_dialplan_trunk_named(const gw_dialplan *d, const char *name) {
  for (guint i = 0; name && i < d->trunks->len; i++) {
    const gw_dialplan_trunk *t = d->trunks->pdata[i];
    if (strcmp(t->name, name) == 0) return t;
  }
  return NULL;
}

void gw_dialplan_way_free(gw_dialplan_way *w) {
  if (!w) return;
  g_free(w->trunk);
  g_free(w->number);
  g_free(w);
}

void gw_dialplan_out_free(gw_dialplan_out *o) {
  if (!o) return;
  g_free(o->number);
  g_free(o->phone);
  g_ptr_array_unref(o->ways);
  g_free(o);
}

/* --- numbers --- */

static gboolean digits(const char *s) {
  return *s && strspn(s, "0123456789") == strlen(s);
}

static gboolean dialable(const char *n) {
  return digits(*n == '+' ? n + 1 : n) && strlen(n) <= MAX_OUT;
}

/* What is left of a number behind a prefix, when that can be a number; else NULL. */
static const char *behind(const char *n, const char *prefix) {
  gsize k = strlen(prefix);
  return k && strncmp(n, prefix, k) == 0 && strlen(n + k) + 2 >= E164_MIN ? n + k : NULL;
}

char *gw_dialplan_e164(const gw_dialplan_trunk *t, const char *n) {
  const char *country = t->country ? t->country : "", *rest;
  if (!*country || !digits(n)) return g_strdup(n);
  if ((rest = behind(n, t->international))) return g_strconcat("+", rest, NULL);
  if ((rest = behind(n, t->national))) return g_strconcat("+", country, rest, NULL);
  if (strlen(n) < E164_MIN) return g_strdup(n);
  if (strcmp(t->format, "plain") == 0) return g_strconcat("+", n, NULL);
  if (!*t->national) return g_strconcat("+", country, n, NULL);
  return g_strdup(n);
}

char *gw_dialplan_for_trunk(const gw_dialplan_trunk *t, const char *n) {
  gsize k = strlen(t->country);
  if (*n != '+' || strcmp(t->format, "e164") == 0 || !*t->format) return g_strdup(n);
  if (strcmp(t->format, "plain") == 0) return g_strdup(n + 1);
  if (strcmp(t->format, "national") == 0 && k && strncmp(n + 1, t->country, k) == 0)
    return g_strconcat(t->national, n + 1 + k, NULL);
  return g_strconcat(t->international, n + 1, NULL);
}

char *gw_dialplan_trunk_e164(const gw_dialplan *d, const char *trunk, const char *number) {
  const gw_dialplan_trunk *t = gw_dialplan_trunk_named(d, trunk);
  g_autofree char *n = gw_dialplan_normalise(number);
  return t && n ? gw_dialplan_e164(t, n) : g_strdup(n ? n : "");
}

/* --- rules --- */

/* One pass, remembering the last star: linear for all but hostile patterns, and those are the operator's own. */
static gboolean fits(const char *pattern, const char *n) {
  const char *star = NULL, *from = NULL;
  while (*n) {
    if (*pattern == '*')
      star = pattern++, from = n;
    else if (*pattern == *n || (*pattern == '?' && g_ascii_isdigit(*n)))
      pattern++, n++;
    else if (star)
      pattern = star + 1, n = ++from;
    else
      return FALSE;
  }
  while (*pattern == '*')
    pattern++;
  return !*pattern;
}

static const char *first_match(const char *const *patterns, const char *n) {
  for (; *patterns; patterns++)
    if (fits(**patterns == '!' ? *patterns + 1 : *patterns, n)) return *patterns;
  return NULL;
}

static gboolean may(const gw_dialplan_trunk *t, const char *by) {
  g_autofree char *domain = NULL;
  if (!by) return TRUE;
  if (strchr(by, '@') && !gw_jid_split(by, NULL, &domain, NULL)) return FALSE;
  for (const char *const *p = t->dial_out_by; *p; p++)
    if (domain ? (strchr(*p, '@') ? gw_jid_same_bare(*p, by) : gw_jid_same(*p, domain))
               : strcmp(*p, by) == 0)
      return TRUE;
  return FALSE;
}

/* +49(0)30 is +4930: patterns must not be walked around by a zero that the provider drops. */
static char *without_inner_prefix(const gw_dialplan_trunk *t, char *n) {
  const gsize k = strlen(t->country), q = strlen(t->national);
  while (k && q && *n == '+' && !strncmp(n + 1, t->country, k) && !strncmp(n + 1 + k, t->national, q))
    memmove(n + 1 + k, n + 1 + k + q, strlen(n + 1 + k + q) + 1);
  return n;
}

/* What the patterns have judged must be what is dialled: +49 0 44... would be 0044... there, another country. */
static gboolean is_the_same_there(const gw_dialplan_trunk *t, const char *n) {
  g_autofree char *there = gw_dialplan_for_trunk(t, n), *back = gw_dialplan_e164(t, there);
  return !*t->country || *n != '+' || strcmp(back, n) == 0;
}

static void try_trunk(const gw_dialplan_trunk *t, const char *by, const char *dialled,
                      gw_dialplan_out *out, GPtrArray *steps) {
  g_autofree char *n = without_inner_prefix(t, gw_dialplan_e164(t, dialled)),
                  *rule = g_strdup_printf("trunk %s", t->name);
  if (!is_the_same_there(t, n)) {
    gw_dialplan_tried(steps, rule, FALSE, "%s would be another number there", n);
    return;
  }
  const char *pattern = first_match(t->dial_out, n);
  if (!pattern || *pattern == '!') {
    if (pattern)
      gw_dialplan_tried(steps, rule, FALSE, "%s is excluded by \"%s\"", n, pattern);
    else
      gw_dialplan_tried(steps, rule, FALSE, "%s fits no pattern of its dial_out", n);
    return;
  }
  if (!may(t, by)) {
    gw_dialplan_tried(steps, rule, FALSE, "%s fits \"%s\", but %s is not in its dial_out_by", n,
                      pattern, by);
    return;
  }
  gw_dialplan_way *w = g_new0(gw_dialplan_way, 1);
  *w = (gw_dialplan_way){g_strdup(t->name), gw_dialplan_for_trunk(t, n)};
  gw_dialplan_tried(steps, rule, TRUE, "%s fits \"%s\", goes out as %s", n, pattern, w->number);
  if (!out->ways->len) {
    g_free(out->number);
    out->number = g_strdup(n);
  }
  g_ptr_array_add(out->ways, w);
}

/* TRUE: a phone of ours, or nothing that could be called. */
static gboolean inside(const gw_dialplan *d, gw_dialplan_out *out, GPtrArray *steps) {
  if (g_hash_table_contains(d->phones, out->number)) {
    out->phone = g_strdup(out->number);
    gw_dialplan_tried(steps, "phone", TRUE, "%s is a phone of ours", out->number);
    return TRUE;
  }
  gw_dialplan_tried(steps, "phone", FALSE, "no phone has this number");
  if (g_hash_table_contains(d->rooms, out->number) ||
      g_hash_table_contains(d->menus, out->number)) {
    gw_dialplan_tried(steps, "room", FALSE, "%s is a room, nobody to be called", out->number);
    out->cause = GW_CAUSE_NOT_FOUND;
  } else if (!dialable(out->number)) {
    gw_dialplan_tried(steps, "dialable", FALSE, "only digits, with or without + in front, leave");
    out->cause = GW_CAUSE_BAD_REQUEST;
  }
  return out->cause != GW_CAUSE_NONE;
}

static const gw_dialplan_trunk *account_of(const gw_dialplan *d, const char *by) {
  for (guint i = 0; by && i < d->trunks->len; i++) {
    const gw_dialplan_trunk *t = d->trunks->pdata[i];
    if (t->owner && gw_jid_same_bare(t->owner, by)) return t;
  }
  return NULL;
}

gw_dialplan_out *gw_dialplan_outbound(const gw_dialplan *d, const char *by, const char *number,
                                      GPtrArray *steps) {
  gw_dialplan_out *out = g_new0(gw_dialplan_out, 1);
  out->ways = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_way_free);
  out->number = gw_dialplan_normalise(number);
  gw_dialplan_tried(steps, "caller", TRUE, "%s", by ? by : "the operator");
  if (!out->number || !*out->number) {
    gw_dialplan_tried(steps, "number", FALSE, "nothing that could be dialled");
    out->cause = GW_CAUSE_BAD_REQUEST;
    return out;
  }
  gw_dialplan_tried(steps, "number", TRUE, "normalised to \"%s\"", out->number);
  if (inside(d, out, steps)) return out;
  g_autofree char *dialled = g_strdup(out->number);
  const gw_dialplan_trunk *own = account_of(d, by);
  if (own) gw_dialplan_tried(steps, "account", TRUE, "%s has an account: no other trunk is used", by);
  for (guint i = 0; i < d->trunks->len; i++) {
    const gw_dialplan_trunk *t = d->trunks->pdata[i];
    if (own ? t == own : !t->owner) try_trunk(t, by, dialled, out, steps);
  }
  if (out->ways->len) return out;
  gw_dialplan_tried(steps, "rules", FALSE, "%s: nothing leaves without a rule",
                    d->trunks->len ? "no trunk takes it" : "there is no trunk");
  out->cause = GW_CAUSE_FORBIDDEN;
  return out;
}
