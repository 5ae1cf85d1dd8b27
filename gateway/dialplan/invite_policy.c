#include "gateway/dialplan/invite_policy.h"

typedef struct {
  char **from, **rooms, **numbers;
} invite_rule;

struct gw_invite_policy {
  GPtrArray *rules;
};

static void rule_free(void *p) {
  invite_rule *r = p;
  g_strfreev(r->from);
  g_strfreev(r->rooms);
  g_strfreev(r->numbers);
  g_free(r);
}

gw_invite_policy *gw_invite_policy_new(void) {
  gw_invite_policy *p = g_new0(gw_invite_policy, 1);
  p->rules = g_ptr_array_new_with_free_func(rule_free);
  return p;
}

void gw_invite_policy_free(gw_invite_policy *p) {
  if (!p) return;
  g_ptr_array_unref(p->rules);
  g_free(p);
}

/* JIDs are compared in lower case, as they are normalised. */
static char **folded(const char *const *list) {
  char **copy = g_strdupv((char **)list);
  for (char **s = copy; s && *s; s++) {
    char *lower = g_utf8_strdown(*s, -1);
    g_free(*s);
    *s = lower;
  }
  return copy;
}

void gw_invite_policy_add(gw_invite_policy *p, const char *const *from, const char *const *rooms,
                          const char *const *numbers) {
  invite_rule *r = g_new0(invite_rule, 1);
  *r = (invite_rule){folded(from), folded(rooms), g_strdupv((char **)numbers)};
  g_ptr_array_add(p->rules, r);
}

static gboolean any_fits(char *const *patterns, const char *text) {
  for (; patterns && *patterns; patterns++)
    if (g_pattern_match_simple(*patterns, text)) return TRUE;
  return FALSE;
}

static gboolean given(char *const *patterns) {
  return patterns && *patterns;
}

static gboolean rule_fits(const invite_rule *r, const gw_invite_ask *a) {
  gboolean room =
      given(r->rooms) ? any_fits(r->rooms, a->room) : a->room_configured || a->call_room;
  gboolean number = !given(r->numbers) || any_fits(r->numbers, a->number);
  return room && number && any_fits(r->from, a->inviter);
}

static gboolean may_enter(const gw_invite_policy *p, const gw_invite_ask *a) {
  if ((a->room_configured || a->call_room) && a->occupants_may && a->occupant) return TRUE;
  for (guint i = 0; i < p->rules->len; i++)
    if (rule_fits(p->rules->pdata[i], a)) return TRUE;
  return FALSE;
}

gboolean gw_invite_policy_allows(const gw_invite_policy *p, const gw_invite_ask *a,
                                 const char **ret_why) {
  gboolean in = may_enter(p, a);
  if (in && a->callable) return TRUE;
  if (in)
    *ret_why = "is not called: no rule lets you have that number called";
  else if (a->call_room)
    *ret_why = "is not called: no rule lets you call, and you are in no room of the gateway";
  else if (a->room_configured && a->occupants_may)
    *ret_why = "is not called: only those who are in the room may invite";
  else
    *ret_why = "is not called: no rule lets you invite into that room";
  return FALSE;
}
