/* command_table.h - every command of tipringctl: one row each. Help, man page, arguments and
 * handlers hang on it. Linked by the daemon, by tipringctl and by the man page generator; knows
 * nothing of any of them. Thread: any (const).  Owner: all strings are static.  Calls back: never.
 */
#ifndef GW_COMMAND_TABLE_H
#define GW_COMMAND_TABLE_H
#include <glib.h>

typedef enum {
  GW_CMD_INIT,
  GW_CMD_CHECK,
  GW_CMD_STATUS,
  GW_CMD_CALL_LIST,
  GW_CMD_CALL_SHOW,
  GW_CMD_CALL_TRACE,
  GW_CMD_CALL_HANGUP,
  GW_CMD_CALL_MUTE,
  GW_CMD_CALL_UNMUTE,
  GW_CMD_CALL_DIAL,
  GW_CMD_ROOM_LIST,
  GW_CMD_ROOM_ADD,
  GW_CMD_ROOM_REMOVE,
  GW_CMD_PHONE_LIST,
  GW_CMD_PHONE_ADD,
  GW_CMD_PHONE_REMOVE,
  GW_CMD_TRUNK_LIST,
  GW_CMD_ACCOUNT_LIST,
  GW_CMD_ACCOUNT_REMOVE,
  GW_CMD_ROUTE_EXPLAIN,
  GW_CMD_HISTORY,
  GW_CMD_CONFIG,
  GW_CMD_LOG,
  GW_CMD_RELOAD,
  GW_CMD_DRAIN,
  GW_CMD_VERSION,
  GW_N_COMMANDS
} gw_command;

typedef struct {
  const char *name;      /* "call show" */
  const char *arguments; /* "ID", "" */
  guint min, max;        /* arguments behind the name */
  gboolean local;        /* tipringctl does it, without a daemon */
  const char *help;
  const char *json; /* shape of the JSON document, NULL: null */
} gw_command_row;

extern const gw_command_row gw_command_table[GW_N_COMMANDS];

/* Finds the command that args begin with. GW_N_COMMANDS: none; *ret_rest: the arguments behind its
 * name. */
gw_command gw_command_find(const char *const *args, const char *const **ret_rest);
/* NULL when the count fits, else "usage: tipringctl call show ID" (g_free). */
char *gw_command_usage(gw_command, guint n_rest);
/* "option VALUE" pairs as `--since 2h`: the value, NULL when absent; FALSE with *ret_wrong:
 * something else is there. */
gboolean gw_command_options(const char *const *rest, const char *const *names,
                            const char **ret_values, const char **ret_wrong);

#endif
