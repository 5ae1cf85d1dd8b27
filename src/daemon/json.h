/* json.h - JSON with bounds in, and null where a value is not known out.
 * Thread: any.  Owner: caller unrefs nodes.  Calls back: never. */
#ifndef GW_JSON_H
#define GW_JSON_H
#include <glib.h>
#include <json-glib/json-glib.h>

/* NULL and the error when it is not one JSON value, not UTF-8, or nested deeper than depth
 * (json-glib recurses). */
JsonNode *gw_json_parse(const char *text, gsize n, guint depth, GError **);
char *gw_json_text(JsonNode *); /* one line, g_free */

void gw_json_string(JsonBuilder *, const char *name, const char *value); /* NULL and "": null */
void gw_json_int(JsonBuilder *, const char *name, gint64 value);
void gw_json_bool(JsonBuilder *, const char *name, gboolean value);
void gw_json_real(JsonBuilder *, const char *name, double value);
void gw_json_time(JsonBuilder *, const char *name, gint64 wall_us); /* RFC 3339; 0: null */
void gw_json_null(JsonBuilder *, const char *name);
JsonNode *gw_json_done(JsonBuilder *); /* the root; the builder is freed */

const char *gw_json_get_string(JsonNode *object,
                               const char *name);              /* NULL: absent or of another type */
gboolean gw_json_get_bool(JsonNode *object, const char *name); /* FALSE: absent, too */
gint64 gw_json_get_int(JsonNode *object, const char *name, gint64 otherwise);
JsonNode *gw_json_get(JsonNode *object, const char *name); /* NULL: absent or no object */

#endif
