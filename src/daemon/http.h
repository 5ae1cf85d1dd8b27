/* http.h - read-only HTTP: /metrics (Prometheus), /health, / (status page). Nothing can be changed
 * over it. Thread: control.  Owner: the caller frees; env stays the daemon's and must outlive the
 * gw_http.  Calls back: never. */
#ifndef GW_HTTP_H
#define GW_HTTP_H
#include <glib.h>
#include "daemon/control.h"

typedef struct gw_http gw_http;
/* listen: "127.0.0.1:9160", "[::1]:0" (0 = choose). An empty string is refused: the caller leaves
 * HTTP off. */
gw_http *gw_http_new(GMainContext *, const char *listen, const gw_control_env *, GError **);
guint16 gw_http_port(const gw_http *); /* the real one */
void gw_http_free(gw_http *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_http, gw_http_free)

#endif
