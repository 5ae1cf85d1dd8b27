/* ua_json.h - a JSON document as one line. Pure.
 * Thread: any.  Owner: caller frees.  Calls back: never. */
#ifndef GW_UA_JSON_H
#define GW_UA_JSON_H
#include <json-glib/json-glib.h>

char *gw_ua_json_line(JsonObject *take);                                     /* unrefs the object */
void gw_ua_json_int(JsonObject *, const char *name, gint64, gboolean known); /* not known: null */
void gw_ua_json_string(JsonObject *, const char *name, const char *);        /* "" and NULL: null */

#endif
