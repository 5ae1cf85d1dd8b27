/* commands_guard.c - what `status` tells of those who try passwords and PINs. */
#include "daemon/commands_guard.h"
#include "daemon/json.h"

#define SHOWN 20 /* of many; the counts tell the rest */

static void json_bans(const gw_control_env *env, JsonBuilder *b) {
  gw_sip_ban bans[SHOWN];
  guint all = env->sip ? gw_sip_bans(env->sip, bans, SHOWN) : 0;
  gw_json_int(b, "banned", all);
  json_builder_set_member_name(b, "bans");
  json_builder_begin_array(b);
  for (guint i = 0; i < MIN(all, SHOWN); i++) {
    json_builder_begin_object(b);
    gw_json_string(b, "source", bans[i].source);
    gw_json_string(b, "user", *bans[i].user ? bans[i].user : NULL);
    gw_json_int(b, "seconds", bans[i].seconds);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

static void json_slowed(const gw_control_env *env, JsonBuilder *b) {
  gw_lockout_slow slow[SHOWN];
  guint all = env->bridge ? gw_bridge_slowed(env->bridge, slow, SHOWN) : 0;
  json_builder_set_member_name(b, "pins_slowed");
  json_builder_begin_array(b);
  for (guint i = 0; i < MIN(all, SHOWN); i++) {
    json_builder_begin_object(b);
    gw_json_string(b, slow[i].kind == GW_LOCK_ROOM ? "room" : "source", slow[i].key);
    gw_json_int(b, "tries", slow[i].tries);
    gw_json_int(b, "seconds", slow[i].wait_s);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

void gw_status_guard_json(const gw_control_env *env, JsonBuilder *b) {
  gw_sip_counters n = {0};
  if (env->sip) gw_sip_get_counters(env->sip, &n);
  json_builder_set_member_name(b, "guard");
  json_builder_begin_object(b);
  gw_json_int(b, "auth_failed", n.auth_failed);
  gw_json_int(b, "refused", n.refused);
  gw_json_int(b, "bad_messages", n.bad_messages);
  json_bans(env, b);
  json_slowed(env, b);
  json_builder_end_object(b);
}

void gw_status_guard_text(const gw_control_env *env, GString *out) {
  gw_sip_counters n = {0};
  gw_sip_ban bans[SHOWN];
  gw_lockout_slow slow[SHOWN];
  guint banned = env->sip ? gw_sip_bans(env->sip, bans, SHOWN) : 0;
  guint slowed = env->bridge ? gw_bridge_slowed(env->bridge, slow, SHOWN) : 0;
  if (env->sip) gw_sip_get_counters(env->sip, &n);
  g_string_append_printf(out,
                         "refused   %" G_GUINT64_FORMAT " requests, %" G_GUINT64_FORMAT
                         " wrong passwords, %u banned\n",
                         n.refused, n.auth_failed, banned);
  for (guint i = 0; i < MIN(banned, SHOWN); i++)
    g_string_append_printf(out, "  banned  %s%s%s for %u s\n", bans[i].source,
                           *bans[i].user ? " as " : "", bans[i].user, bans[i].seconds);
  for (guint i = 0; i < MIN(slowed, SHOWN); i++)
    g_string_append_printf(out, "  PINs    %s %s: %u wrong, next try in %u s\n",
                           slow[i].kind == GW_LOCK_ROOM ? "room" : "source", slow[i].key,
                           slow[i].tries, slow[i].wait_s);
}
