#include "gateway/bridge/private.h"

gw_room_conf *gw_room_conf_new(void) {
  gw_room_conf *r = g_new0(gw_room_conf, 1);
  r->flavour = g_strdup("auto");
  r->identity = g_strdup("per-phone");
  r->alone = g_strdup("silence");
  r->pin = g_strdup("");
  r->propose_when_idle = r->watch = r->roster_check = r->occupants_invite = TRUE;
  r->alone_limit = 1800;
  return r;
}

gw_room_conf *gw_room_conf_copy(const gw_room_conf *r) {
  gw_room_conf *c = g_new0(gw_room_conf, 1);
  *c = *r;
  c->number = g_strdup(r->number);
  c->room = g_strdup(r->room);
  c->flavour = g_strdup(r->flavour);
  c->pin = g_strdup(r->pin);
  c->password = g_strdup(r->password);
  c->identity = g_strdup(r->identity);
  c->alone = g_strdup(r->alone);
  c->sfu = g_strdup(r->sfu);
  c->conference = g_strdup(r->conference);
  c->conference_kind = g_strdup(r->conference_kind);
  c->ring = g_strdupv(r->ring);
  c->people = g_strdupv(r->people);
  return c;
}

void gw_room_conf_free(gw_room_conf *r) {
  if (!r) return;
  g_free(r->number);
  g_free(r->room);
  g_free(r->flavour);
  g_free(r->pin);
  g_free(r->password);
  g_free(r->identity);
  g_free(r->alone);
  g_free(r->sfu);
  g_free(r->conference);
  g_free(r->conference_kind);
  g_strfreev(r->ring);
  g_strfreev(r->people);
  g_free(r);
}

void gw_phone_conf_free(gw_phone_conf *p) {
  if (!p) return;
  g_free(p->number);
  g_free(p->password);
  g_free(p->name);
  g_free(p->room);
  g_free(p);
}

void gw_menu_conf_free(gw_menu_conf *m) {
  if (!m) return;
  g_free(m->number);
  g_free(m->language);
  g_free(m);
}

void gw_trunk_conf_free(gw_trunk_conf *t) {
  if (!t) return;
  g_free(t->name);
  g_free(t->country);
  g_free(t->international);
  g_free(t->national);
  g_free(t->format);
  g_strfreev(t->dial_out);
  g_strfreev(t->dial_out_by);
  g_free(t->owner);
  g_free(t->caller);
  g_free(t->caller_name);
  g_free(t);
}

gw_bridge_conf *gw_bridge_conf_new(void) {
  gw_bridge_conf *c = g_new0(gw_bridge_conf, 1);
  c->phones = g_ptr_array_new_with_free_func((GDestroyNotify)gw_phone_conf_free);
  c->rooms = g_ptr_array_new_with_free_func((GDestroyNotify)gw_room_conf_free);
  c->menus = g_ptr_array_new_with_free_func((GDestroyNotify)gw_menu_conf_free);
  c->trunks = g_ptr_array_new_with_free_func((GDestroyNotify)gw_trunk_conf_free);
  c->language = g_strdup("en");
  c->max_calls = 200;
  c->ring_limit = 45;
  c->invites = gw_invite_policy_new();
  c->transfer = c->spoken_refusals = TRUE;
  c->callers = g_strsplit("local", ",", 0);
  c->dial_users = g_strsplit("*", ",", 0);
  return c;
}

void gw_bridge_conf_free(gw_bridge_conf *c) {
  if (!c) return;
  g_free(c->domain);
  g_strfreev(c->codecs);
  g_ptr_array_unref(c->phones);
  g_ptr_array_unref(c->rooms);
  g_ptr_array_unref(c->menus);
  g_ptr_array_unref(c->trunks);
  g_free(c->language);
  gw_invite_policy_free(c->invites);
  g_strfreev(c->callers);
  g_strfreev(c->dial_users);
  g_free(c);
}

const gw_phone_conf *gw_bridge_conf_phone(const gw_bridge_conf *c, const char *number) {
  for (guint i = 0; number && i < c->phones->len; i++) {
    const gw_phone_conf *p = c->phones->pdata[i];
    if (g_str_equal(p->number, number)) return p;
  }
  return NULL;
}

gw_sdes_policy gw_bridge_conf_srtp(const gw_bridge_conf *c, const char *phone) {
  const gw_phone_conf *p = gw_bridge_conf_phone(c, phone);
  return p ? p->srtp : GW_SDES_OFF;
}

const gw_room_conf *gw_bridge_conf_room(const gw_bridge_conf *c, const char *number) {
  for (guint i = 0; number && i < c->rooms->len; i++) {
    const gw_room_conf *r = c->rooms->pdata[i];
    if (g_str_equal(r->number, number)) return r;
  }
  return NULL;
}

const gw_trunk_conf *gw_bridge_conf_trunk(const gw_bridge_conf *c, const char *name) {
  for (guint i = 0; name && i < c->trunks->len; i++) {
    const gw_trunk_conf *t = c->trunks->pdata[i];
    if (g_str_equal(t->name, name)) return t;
  }
  return NULL;
}

const gw_room_conf *gw_bridge_conf_by_jid(const gw_bridge_conf *c, const char *room) {
  for (guint i = 0; i < c->rooms->len; i++) {
    const gw_room_conf *r = c->rooms->pdata[i];
    if (gw_jid_same_bare(r->room, room)) return r;
  }
  return NULL;
}

static gboolean listed(const GPtrArray *words, const char *word) {
  return g_ptr_array_find_with_equal_func((GPtrArray *)words, word, g_str_equal, NULL);
}

gw_room_conf *gw_bridge_conf_joined(const gw_bridge_conf *c, const char *room) {
  gw_room_conf *joined = NULL;
  g_autoptr(GPtrArray) ring = g_ptr_array_new();
  for (guint i = 0; i < c->rooms->len; i++) {
    const gw_room_conf *r = c->rooms->pdata[i];
    if (!gw_jid_same_bare(r->room, room)) continue;
    if (!joined) joined = gw_room_conf_copy(r);
    joined->watch |= r->watch;
    for (char **n = r->ring; n && *n; n++)
      if (!listed(ring, *n)) g_ptr_array_add(ring, *n);
  }
  if (!joined) return NULL;
  g_ptr_array_add(ring, NULL);
  char **all = g_strdupv((char **)ring->pdata);
  g_strfreev(joined->ring);
  joined->ring = all;
  return joined;
}

/* "auto" is weighed when a phone is in the room (which.c). */
const gw_flavour_class *gw_room_conf_flavour(const gw_room_conf *r) {
  gboolean any = g_str_equal(r->flavour, "auto");
  for (guint i = 0; gw_flavours[i]; i++)
    if (any || g_str_equal(gw_flavours[i]->name, r->flavour)) return gw_flavours[i];
  return NULL;
}

const gw_menu_conf *gw_bridge_conf_menu(const gw_bridge_conf *c, const char *number) {
  for (guint i = 0; number && i < c->menus->len; i++) {
    const gw_menu_conf *m = c->menus->pdata[i];
    if (g_str_equal(m->number, number)) return m;
  }
  return NULL;
}

gw_dialplan *gw_bridge_conf_dialplan(const gw_bridge_conf *c) {
  gw_dialplan *d = gw_dialplan_new();
  for (guint i = 0; i < c->rooms->len; i++) {
    const gw_room_conf *r = c->rooms->pdata[i];
    gw_dialplan_add_room(d, r->number, r->room, *r->pin != 0);
  }
  for (guint i = 0; i < c->menus->len; i++)
    gw_dialplan_add_menu(d, ((gw_menu_conf *)c->menus->pdata[i])->number);
  for (guint i = 0; i < c->phones->len; i++) {
    const gw_phone_conf *p = c->phones->pdata[i];
    gw_dialplan_add_phone(d, p->number, p->room);
  }
  for (guint i = 0; i < c->trunks->len; i++) {
    const gw_trunk_conf *t = c->trunks->pdata[i];
    gw_dialplan_add_trunk(d,
                          &(gw_dialplan_trunk){t->name, t->country, t->international, t->national,
                                               t->format, (const char *const *)t->dial_out,
                                               (const char *const *)t->dial_out_by, t->owner});
  }
  return d;
}
