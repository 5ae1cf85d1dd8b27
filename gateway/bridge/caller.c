/* caller.c - who is at the other end of a call: a phone of ours or somebody behind a trunk, and what the room sees of it. */
#include <string.h>
#include "gateway/bridge/private.h"

#define GUEST "guest"

void gw_call_from_phone(gw_call *c, const char *phone) {
  c->phone = g_strdup(phone);
  c->node = g_strdup(phone);
}

/* A provider without a name for the caller puts the number there: shown as it is, it would undo the masking. */
static gboolean is_number(const char *name) {
  guint digits = 0;
  for (const char *p = name; *p; p++) {
    if (g_ascii_isalpha(*p) || (guchar)*p >= 0x80) return FALSE;
    digits += g_ascii_isdigit(*p) != 0;
  }
  return digits > 0;
}

static char *shown_name(const gw_sip_invite *i, const char *number) {
  g_autofree char *name = i->anonymous ? NULL : gw_nick_clean(i->from_name);
  if (name && !is_number(name)) return g_steal_pointer(&name);
  return i->anonymous || !*number ? g_strdup("Anonymous caller") : gw_number_mask(number);
}

static gboolean is_e164(const char *n) {
  return *n == '+' && strspn(n + 1, "0123456789") == strlen(n + 1) && strlen(n) > 7 &&
         strlen(n) < 17;
}

/* A JID of its own by its number; never that of a phone of ours, which the number alone does not make it. */
static char *node_of(const gw_call *c, const gw_trunk_conf *t, const char *number) {
  gboolean named = t && t->number_jid && is_e164(number) &&
                   !gw_bridge_conf_phone(c->bridge->conf, number);
  return g_strdup(named ? number : GUEST);
}

void gw_call_from_trunk(gw_call *c, const gw_sip_invite *i) {
  const gw_trunk_conf *t = gw_bridge_conf_trunk(c->bridge->conf, i->trunk);
  c->trunk = g_strdup(i->trunk);
  c->caller = gw_dialplan_trunk_e164(c->bridge->dialplan, i->trunk, i->from_user);
  c->sip_name = shown_name(i, c->caller);
  c->node = node_of(c, i->anonymous ? NULL : t, c->caller);
  c->srtp = t ? t->srtp : GW_SDES_OFF;
}

void gw_call_to_trunk(gw_call *c, const gw_trunk_conf *t, const char *e164) {
  g_free(c->trunk);
  g_free(c->caller);
  g_free(c->sip_name);
  g_free(c->node);
  c->trunk = g_strdup(t->name);
  c->caller = g_strdup(e164);
  c->sip_name = gw_number_mask(e164);
  c->node = node_of(c, t, e164);
  c->srtp = t->srtp;
}

static guint calls_by(const gw_bridge *b, const char *trunk) {
  guint n = 0;
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    n += c->machine.state < GW_CS_CLOSING && !g_strcmp0(c->trunk, trunk);
  }
  return n;
}

gw_cause gw_bridge_trunk_lines(const gw_bridge *b, const char *trunk) {
  const gw_trunk_conf *t = gw_bridge_conf_trunk(b->conf, trunk);
  if (!t) return GW_CAUSE_FORBIDDEN;
  return t->max_calls && calls_by(b, trunk) >= t->max_calls ? GW_CAUSE_BUSY : GW_CAUSE_NONE;
}

gw_cause gw_bridge_trunk_admission(const gw_bridge *b, const char *trunk) {
  gw_cause full = gw_bridge_trunk_lines(b, trunk);
  return full ? full : gw_bridge_capacity(b);
}
