/* commands.h - the handlers behind the command table, by subject. Internal to src/daemon.
 * Thread: control.  Owner: each handler answers its request exactly once.  Calls back: env's
 * functions. */
#ifndef GW_COMMANDS_H
#define GW_COMMANDS_H
#include "daemon/request.h"

typedef void gw_command_fn(gw_request *, gw_control_env *, const char *const *rest);
/* commands_call.c */
gw_command_fn gw_do_call_list, gw_do_call_show, gw_do_call_hangup, gw_do_call_mute,
    gw_do_call_unmute, gw_do_call_dial, gw_do_history;
/* commands_trace.c */
gw_command_fn gw_do_call_trace;
/* commands_list.c */
gw_command_fn gw_do_room_list, gw_do_phone_list, gw_do_trunk_list, gw_do_route_explain;
/* commands_item.c */
gw_command_fn gw_do_room_add, gw_do_room_remove, gw_do_phone_add, gw_do_phone_remove;
/* commands_account.c */
gw_command_fn gw_do_account_list, gw_do_account_remove;
/* commands_daemon.c */
gw_command_fn gw_do_status, gw_do_config, gw_do_log, gw_do_reload, gw_do_drain, gw_do_version;

/* The document of `status`; also behind the status page and /metrics (commands_daemon.c). */
JsonNode *gw_status_json(const gw_control_env *);
guint gw_trunks_up(const gw_control_env *);
guint gw_phones_registered(const gw_control_env *);
/* Time as `history --since` takes it; FALSE when it is none. Pure. */
gboolean gw_since_parse(const char *text, gint64 now_wall_us, gint64 *ret_wall_us);

/* One document of `call trace` as a ladder: a column for the phone, the gateway, the room and each participant, an arrow
 * for each event. Pure. */
char *gw_ladder_text(JsonNode *trace);

/* A table for people: rows of columns, each as wide as its widest cell. */
typedef struct gw_table gw_table;
gw_table *gw_table_new(const char *const *heads);        /* NULL-terminated */
void gw_table_row(gw_table *, const char *const *cells); /* as many; NULL and "": "-" */
char *gw_table_text(gw_table *taken);

#endif
