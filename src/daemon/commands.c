/* commands.c - from words to handler. */
#include "daemon/commands.h"
#include "daemon/command_table.h"

static gw_command_fn *const handlers[GW_N_COMMANDS] = {
    [GW_CMD_STATUS] = gw_do_status,
    [GW_CMD_CALL_LIST] = gw_do_call_list,
    [GW_CMD_CALL_SHOW] = gw_do_call_show,
    [GW_CMD_CALL_TRACE] = gw_do_call_trace,
    [GW_CMD_CALL_HANGUP] = gw_do_call_hangup,
    [GW_CMD_CALL_MUTE] = gw_do_call_mute,
    [GW_CMD_CALL_UNMUTE] = gw_do_call_unmute,
    [GW_CMD_CALL_DIAL] = gw_do_call_dial,
    [GW_CMD_ROOM_LIST] = gw_do_room_list,
    [GW_CMD_ROOM_ADD] = gw_do_room_add,
    [GW_CMD_ROOM_REMOVE] = gw_do_room_remove,
    [GW_CMD_PHONE_LIST] = gw_do_phone_list,
    [GW_CMD_PHONE_ADD] = gw_do_phone_add,
    [GW_CMD_PHONE_REMOVE] = gw_do_phone_remove,
    [GW_CMD_TRUNK_LIST] = gw_do_trunk_list,
    [GW_CMD_ACCOUNT_LIST] = gw_do_account_list,
    [GW_CMD_ACCOUNT_REMOVE] = gw_do_account_remove,
    [GW_CMD_ROUTE_EXPLAIN] = gw_do_route_explain,
    [GW_CMD_HISTORY] = gw_do_history,
    [GW_CMD_CONFIG] = gw_do_config,
    [GW_CMD_LOG] = gw_do_log,
    [GW_CMD_RELOAD] = gw_do_reload,
    [GW_CMD_DRAIN] = gw_do_drain,
    [GW_CMD_VERSION] = gw_do_version,
};

void gw_command_run(gw_request *request, gw_control_env *env, const char *const *args) {
  const char *const *rest = NULL;
  gw_command command = gw_command_find(args, &rest);
  if (command == GW_N_COMMANDS || !handlers[command]) {
    gw_request_usage(request, "this daemon does not know the command \"%s\": tipringctl --help",
                     args[0] ? args[0] : "");
    return;
  }
  g_autofree char *usage = gw_command_usage(command, g_strv_length((char **)rest));
  if (usage)
    gw_request_usage(request, "%s", usage);
  else
    handlers[command](request, env, rest);
}
