/* operators.h - tipringctl's commands by XMPP (XEP-0050): the same table, the same handlers, forms made of the table's arguments.
 * Thread: control.  Owner: the maker frees it before what env points to.  Calls back: the handlers of commands.h. */
#ifndef GW_OPERATORS_H
#define GW_OPERATORS_H
#include <json-glib/json-glib.h>
#include "daemon/command_table.h"
#include "daemon/control.h"
#include "xmpp/adhoc.h"

typedef struct gw_operators gw_operators;
gw_operators *gw_operators_new(gw_control_env *);
void gw_operators_free(gw_operators *);

/* What a row's arguments ("NUMBER ROOM [KEY=VALUE...]") want filled in: gw_field*, with free function. Options in brackets with
 * two dashes are left out. Pure. */
GPtrArray *gw_operator_fields(const gw_command_row *);
/* The words of a command line: the row's name, then the values of each field (char** each). g_strfreev. Pure. */
char **gw_operator_words(const gw_command_row *, const GPtrArray *values);
/* A command's answer as people read it: its document when that is a list of objects, else its text. Pure. */
void gw_operator_result(int exit, const char *out, JsonNode *json, gw_adhoc_result *ret);

#endif
