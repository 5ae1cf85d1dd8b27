/* app.h - wires the rooms of the house together; the only place that knows them all.
 * Thread: control.  Owner: main frees it.  Calls back: never. */
#ifndef GW_APP_H
#define GW_APP_H
#include <glib.h>
#include "conf/conf.h"

typedef struct gw_app gw_app;
gw_app *gw_app_new(gw_conf *conf /* taken, also on failure */,
                   GError **); /* everything is up but the XMPP stream */
int gw_app_run(gw_app *);      /* until SIGTERM, SIGINT or the end of a drain; exit code */
void gw_app_free(gw_app *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_app, gw_app_free)

#endif
