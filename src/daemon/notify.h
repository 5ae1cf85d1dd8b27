/* notify.h - tells the service manager how far we are (sd_notify(3) protocol, without its library).
 * Thread: control.  Owner: -.  Calls back: never. */
#ifndef GW_NOTIFY_H
#define GW_NOTIFY_H
#include <glib.h>

/* state: "READY=1", "STOPPING=1", "STATUS=3 calls". FALSE: no manager listens ($NOTIFY_SOCKET
 * unset) or it could not be told; never an error for the daemon. */
gboolean gw_notify(const char *state);

#endif
