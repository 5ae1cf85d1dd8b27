/* ua_call.h - one call of the user agent, from the INVITE to its result.
 * Thread: the main one.  Owner: maker frees.  Calls back: ended, once, from the loop; the result is
 * complete then and the call may be freed in there. */
#ifndef GW_UA_CALL_H
#define GW_UA_CALL_H
#include <glib.h>
#include "tools/ua_phone.h"
#include "tools/ua_report.h"

typedef struct gw_ua_call gw_ua_call;
typedef struct {
  gboolean thorough;  /* look for tones and gaps */
  gboolean shared;    /* all calls say the same: encoded once for all */
  const char *record; /* WAV file, or NULL */
  void (*ended)(gw_ua_call *, void *user);
  void *user;
} gw_ua_call_params;

gw_ua_call *gw_ua_call_dial(gw_ua_phone *, const gw_ua_call_params *,
                            GError **); /* to the URI of the options */
/* Answers an INVITE; NULL: refused, with a line on stderr. */
gw_ua_call *gw_ua_call_take(gw_ua_phone *, gw_sip_call *, const gw_sip_invite *,
                            const gw_ua_call_params *);
void gw_ua_call_hangup(gw_ua_call *); /* BYE or CANCEL; ended follows, at the latest after 4 s */
const gw_ua_result *gw_ua_call_result(const gw_ua_call *);
void gw_ua_call_free(gw_ua_call *);

/* From gw_ua_phone. */
void gw_ua_call_on_state(gw_ua_call *, gw_sip_state, gw_cause, guint status);
void gw_ua_call_on_remote(gw_ua_call *, const gw_desc *, gboolean is_offer);
void gw_ua_call_on_digit(gw_ua_call *, char digit);
void gw_ua_call_on_referred(gw_ua_call *, guint status);

#endif
