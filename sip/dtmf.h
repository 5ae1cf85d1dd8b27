/* dtmf.h - key presses in the body of a SIP INFO: application/dtmf-relay and application/dtmf.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_DTMF_H
#define GW_DTMF_H
#include <glib.h>

/* FALSE when the body holds no key of 0-9 * # A-D. *ret_ms is 100 when absent, at most 6000. */
gboolean gw_dtmf_parse(const char *content_type, const char *body, gsize n, char *ret_digit, guint *ret_ms);
char *gw_dtmf_print(char digit, guint ms); /* body of application/dtmf-relay */

#endif
