/* notify.h - tells the service manager how far we are (sd_notify(3) protocol, without its library).
 * Thread: control.  Owner: -.  Calls back: never. */
#ifndef GW_NOTIFY_H
#define GW_NOTIFY_H
#include <glib.h>

/* state: "READY=1", "STOPPING=1", "STATUS=3 calls". FALSE: no manager listens ($NOTIFY_SOCKET
 * unset) or it could not be told; never an error for the daemon. */
gboolean gw_notify(const char *state);
/* How often "WATCHDOG=1" is to be told, in us: half of what the manager waits (sd_watchdog_enabled(3)); 0: it does not
 * watch this process ($WATCHDOG_USEC, $WATCHDOG_PID). */
gint64 gw_notify_watchdog_us(void);

#endif
