/* commands_account.c - people's own SIP accounts: who has one, and taking one away. No password is shown by anything. */
#include "base/clock.h"
#include "daemon/accounts.h"
#include "daemon/commands.h"

static void list_account(gw_accounts *accounts, guint i, JsonBuilder *b, gw_table *table) {
  gw_account_info a;
  gw_accounts_get(accounts, i, &a);
  g_autofree char *since = a.since_wall_us ? gw_rfc3339(a.since_wall_us) : NULL;
  json_builder_begin_object(b);
  gw_json_string(b, "jid", a.jid);
  gw_json_string(b, "account", a.address);
  gw_json_string(b, "name", *a.name ? a.name : NULL);
  gw_json_string(b, "state", a.state);
  gw_json_time(b, "since", a.since_wall_us);
  gw_json_string(b, "reason", a.reason);
  json_builder_end_object(b);
  gw_table_row(table, (const char *const[]){a.jid, a.address, a.state, since, a.reason, NULL});
}

void gw_do_account_list(gw_request *request, gw_control_env *env, const char *const *rest) {
  JsonBuilder *b = json_builder_new();
  gw_table *table =
      gw_table_new((const char *const[]){"JID", "ACCOUNT", "STATE", "SINCE", "REASON", NULL});
  json_builder_begin_array(b);
  for (guint i = 0; env->accounts && i < gw_accounts_count(env->accounts); i++)
    list_account(env->accounts, i, b, table);
  json_builder_end_array(b);
  gw_request_reply(request, 0, gw_table_text(table), gw_json_done(b));
}

void gw_do_account_remove(gw_request *request, gw_control_env *env, const char *const *rest) {
  if (env->accounts && gw_accounts_drop(env->accounts, rest[0]))
    gw_request_reply(request, 0, g_strdup_printf("account of %s removed\n", rest[0]), NULL);
  else
    gw_request_fail(request, "%s has no account here: tipringctl account list", rest[0]);
}
