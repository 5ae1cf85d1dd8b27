/* capture.h - copies of all SIP messages for a capture server (hep.h). The library has no capture of its own, but logs each
 * message line by line when asked to: the lines are put together again here. One per process, as that log is.
 * Thread: control.  Owner: -.  Calls back: never. Sending never waits: what the socket does not take at once is counted. */
#ifndef GW_CAPTURE_H
#define GW_CAPTURE_H
#include <stdarg.h>
#include "sip/sip.h"

gboolean gw_capture_start(gw_sip *, const gw_sip_config *, GError **); /* no server configured: does nothing */
void gw_capture_stop(gw_sip *);
gboolean gw_capture_on(void);
/* A line of the library's log; FALSE: not one of a message, and ap was not looked at. */
gboolean gw_capture_line(const char *fmt, va_list ap);
void gw_capture_counters(guint64 *ret_sent, guint64 *ret_lost);

#endif
