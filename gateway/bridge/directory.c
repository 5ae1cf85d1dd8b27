/* directory.c - the rooms and phones of this gateway, for those who may see them (XEP-0030 4), and whom the phones need in
 * their contact lists. */
#include "gateway/bridge/private.h"

static char *phone_jid(const gw_bridge *b, const char *number) {
  g_autofree char *node = gw_jid_escape(number);
  return gw_jid_join(node, b->conf->domain, NULL);
}

static void add_phones(const gw_bridge *b, gw_items *list) {
  for (guint i = 0; i < b->conf->phones->len; i++) {
    const gw_phone_conf *p = b->conf->phones->pdata[i];
    g_autofree char *jid = phone_jid(b, p->number);
    gw_items_add(list, jid, p->name && *p->name ? p->name : p->number);
  }
}

void gw_bridge_items(gw_xmpp *xmpp, gw_items *list, void *bridge) {
  const gw_bridge *b = bridge;
  add_phones(b, list);
  for (guint i = 0; i < b->conf->rooms->len; i++) {
    const gw_room_conf *r = b->conf->rooms->pdata[i];
    if (!gw_direct_is(r))
      gw_items_add(list, r->room, r->number); /* persons are shown by their own server */
  }
}

static gboolean any_shared(const gw_bridge *b) {
  for (guint i = 0; i < b->conf->rooms->len; i++) {
    const gw_room_conf *r = b->conf->rooms->pdata[i];
    if (!gw_direct_is(r) && g_str_equal(r->identity, "shared")) return TRUE;
  }
  return FALSE;
}

/* Whoever's calls come from here: each phone, callers of trunks, the watcher whose presence tells that we are there, and what all
 * phones of a room are together where one is shared. */
static void add_contacts(const gw_bridge *b, gw_items *list) {
  static const char *const others[][2] = {
      {"guest", "Guest"}, {"gateway", "Telephone gateway"}, {"phones", "Telephones"} /* last */};
  const guint n = any_shared(b) ? G_N_ELEMENTS(others) : G_N_ELEMENTS(others) - 1;
  add_phones(b, list);
  for (guint i = 0; i < n; i++) {
    g_autofree char *jid = phone_jid(b, others[i][0]);
    gw_items_add(list, jid, others[i][1]);
  }
}

void gw_directory_met(const gw_bridge *b, const gw_occupant *o) {
  const guint n = o->jids ? g_strv_length((char **)o->jids) : 0;
  if (!n || o->self || o->ours || !gw_xmpp_roster_help_due(b->xmpp, o->jids[n - 1])) return;
  g_autoptr(gw_items) list = gw_items_new();
  add_contacts(b, list);
  gw_xmpp_help_roster(b->xmpp, o->jids[n - 1], list);
}
