#include "gateway/dialplan/dialplan.h"
#include <string.h>
#include "base/limits.h"
#include "gateway/dialplan/plan.h"

static void room_free(gpointer data) {
  gw_plan_room *r = data;
  g_free(r->number);
  g_free(r->jid);
  g_free(r);
}

static void phone_free(gpointer data) {
  gw_plan_phone *p = data;
  g_free(p->number);
  g_free(p->default_room);
  g_free(p);
}

void gw_dialplan_step_free(gw_dialplan_step *s) {
  if (!s) return;
  g_free(s->rule);
  g_free(s->why);
  g_free(s);
}

void gw_dialplan_decision_free(gw_dialplan_decision *r) {
  if (!r) return;
  g_free(r->number);
  g_free(r->room);
  g_free(r);
}

gw_dialplan *gw_dialplan_new(void) {
  gw_dialplan *d = g_new0(gw_dialplan, 1);
  d->rooms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, room_free);
  d->phones = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, phone_free);
  d->menus = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  d->trunks = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dialplan_trunk_free);
  return d;
}

void gw_dialplan_free(gw_dialplan *d) {
  if (!d) return;
  g_hash_table_unref(d->rooms);
  g_hash_table_unref(d->phones);
  g_hash_table_unref(d->menus);
  g_ptr_array_unref(d->trunks);
  g_free(d);
}

/* --- numbers --- */

static gboolean sound(const char *text) {
  const gsize n = strlen(text);
  if (n > GW_MAX_NUMBER || !g_utf8_validate(text, (gssize)n, NULL)) return FALSE;
  for (const char *p = text; *p; p = g_utf8_next_char(p))
    if (g_unichar_iscntrl(g_utf8_get_char(p))) return FALSE;
  return TRUE;
}

static const char *skip_scheme(const char *text) {
  static const char *const schemes[] = {"sip:", "sips:", "tel:"};
  for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
    if (!g_ascii_strncasecmp(text, schemes[i], strlen(schemes[i])))
      return text + strlen(schemes[i]);
  return text;
}

char *gw_dialplan_normalise(const char *text) {
  if (!text) text = "";
  if (!sound(text)) return NULL;
  while (*text == ' ')
    text++;
  text = skip_scheme(text);
  GString *s = g_string_new(NULL);
  for (const char *p = text; *p && !strchr("@;?", *p); p++)
    if (!strchr(" -./()", *p)) g_string_append_c(s, *p);
  return g_string_free(s, FALSE);
}

/* A number to be added: usable and free. */
static char *fresh_number(const gw_dialplan *d, const char *number) {
  g_autofree char *n = gw_dialplan_normalise(number);
  if (!n || !*n || g_hash_table_contains(d->rooms, n) || g_hash_table_contains(d->phones, n) ||
      g_hash_table_contains(d->menus, n))
    return NULL;
  return g_steal_pointer(&n);
}

gboolean gw_dialplan_add_room(gw_dialplan *d, const char *number, const char *room_jid,
                              gboolean has_pin) {
  g_autofree char *n = fresh_number(d, number);
  if (!n) return FALSE;
  gw_plan_room *r = g_new0(gw_plan_room, 1);
  r->number = g_steal_pointer(&n);
  r->jid = g_strdup(room_jid);
  r->has_pin = has_pin;
  g_hash_table_insert(d->rooms, r->number, r);
  return TRUE;
}

gboolean gw_dialplan_add_menu(gw_dialplan *d, const char *number) {
  char *n = fresh_number(d, number);
  return n && g_hash_table_add(d->menus, n);
}

gboolean gw_dialplan_add_phone(gw_dialplan *d, const char *number, const char *default_room) {
  g_autofree char *n = fresh_number(d, number);
  if (!n) return FALSE;
  gw_plan_phone *p = g_new0(gw_plan_phone, 1);
  p->number = g_steal_pointer(&n);
  p->default_room = default_room && *default_room ? gw_dialplan_normalise(default_room) : NULL;
  g_hash_table_insert(d->phones, p->number, p);
  return TRUE;
}

/* --- deciding --- */

void gw_dialplan_tried(GPtrArray *steps, const char *rule, gboolean matched, const char *why, ...) {
  if (!steps) return;
  va_list ap;
  va_start(ap, why);
  gw_dialplan_step *s = g_new0(gw_dialplan_step, 1);
  s->rule = g_strdup(rule);
  s->matched = matched;
  s->why = g_strdup_vprintf(why, ap);
  va_end(ap);
  g_ptr_array_add(steps, s);
}

static gw_dialplan_decision *refuse(gw_dialplan_decision *r, gw_cause cause) {
  r->cause = cause;
  return r;
}

/* "trunk:NAME" or the number of a phone. *ret_trunk: NULL when it is none. */
static const gw_plan_phone *caller(const gw_dialplan *d, const char *from,
                                   const gw_dialplan_trunk **ret_trunk, GPtrArray *steps) {
  *ret_trunk = NULL;
  if (!from || !*from) return NULL;
  if (g_str_has_prefix(from, "trunk:")) {
    *ret_trunk = gw_dialplan_trunk_named(d, from + strlen("trunk:"));
    gw_dialplan_tried(steps, "caller", *ret_trunk != NULL,
                      *ret_trunk ? "comes from trunk %s" : "no trunk is called %s",
                      from + strlen("trunk:"));
    return NULL;
  }
  g_autofree char *n = gw_dialplan_normalise(from);
  const gw_plan_phone *p = n ? g_hash_table_lookup(d->phones, n) : NULL;
  gw_dialplan_tried(steps, "caller", p != NULL,
                    p ? "%s is a phone of ours" : "%s is no phone of ours", n ? n : "(malformed)");
  return p;
}

/* A trunk's way of writing numbers is tried when the number as dialled is nothing of ours. */
static void apply_trunk_rules(const gw_dialplan *d, const gw_dialplan_trunk *trunk,
                              gw_dialplan_decision *r, GPtrArray *steps) {
  if (!trunk || g_hash_table_contains(d->rooms, r->number) ||
      g_hash_table_contains(d->menus, r->number))
    return;
  char *e164 = gw_dialplan_e164(trunk, r->number);
  gw_dialplan_tried(steps, "trunk number", strcmp(e164, r->number) != 0, "trunk %s means %s by it",
                    trunk->name, e164);
  g_free(r->number);
  r->number = e164;
}

/* Nothing dialled: the phone's own room. */
static gboolean apply_default(const gw_plan_phone *p, gw_dialplan_decision *r, GPtrArray *steps) {
  if (*r->number) {
    gw_dialplan_tried(steps, "default room", FALSE, "a number was dialled");
    return TRUE;
  }
  const gboolean has = p && p->default_room && *p->default_room;
  if (has) {
    gw_dialplan_tried(steps, "default room", TRUE, "nothing dialled, phone %s calls room %s",
                      p->number, p->default_room);
    g_free(r->number);
    r->number = g_strdup(p->default_room);
  } else {
    gw_dialplan_tried(steps, "default room", FALSE,
                      "nothing dialled, and the caller has no default room");
  }
  return has;
}

gw_dialplan_decision *gw_dialplan_route(const gw_dialplan *d, const char *from, const char *to,
                                        GPtrArray *steps) {
  gw_dialplan_decision *r = g_new0(gw_dialplan_decision, 1);
  const gw_dialplan_trunk *trunk = NULL;
  const gw_plan_phone *p = caller(d, from, &trunk, steps);
  r->number = gw_dialplan_normalise(to);
  if (!r->number) {
    gw_dialplan_tried(steps, "number", FALSE,
                      "malformed: too long, or characters that no number has");
    return refuse(r, GW_CAUSE_BAD_REQUEST);
  }
  gw_dialplan_tried(steps, "number", TRUE, "normalised to \"%s\"", r->number);
  if (!apply_default(p, r, steps)) return refuse(r, GW_CAUSE_NOT_FOUND);
  apply_trunk_rules(d, trunk, r, steps);
  const gw_plan_room *room = g_hash_table_lookup(d->rooms, r->number);
  if (room) {
    r->room = g_strdup(room->jid);
    r->has_pin = room->has_pin;
    gw_dialplan_tried(steps, "room", TRUE, "%s is room %s%s", r->number, room->jid,
                      room->has_pin ? ", asks for its PIN" : "");
    return r;
  }
  gw_dialplan_tried(steps, "room", FALSE, "no room has this number");
  r->menu = g_hash_table_contains(d->menus, r->number);
  if (r->menu) {
    gw_dialplan_tried(steps, "menu", TRUE, "%s asks for the number of a room, then for its PIN",
                      r->number);
    return r;
  }
  if (g_hash_table_contains(d->phones, r->number))
    gw_dialplan_tried(steps, "phone", FALSE,
                      "%s is a phone, and phones are not connected with each other", r->number);
  return refuse(r, GW_CAUSE_NOT_FOUND);
}
