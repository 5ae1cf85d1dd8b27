/* ua_phone.h - what all commands share: main loop, SIP endpoint, media, signals, the way out.
 * Thread: the main one.  Owner: gw_ua_phone_run owns it all.  Calls back: the mode's functions,
 * from the loop. */
#ifndef GW_UA_PHONE_H
#define GW_UA_PHONE_H
#include <glib.h>
#include "sip/sip.h"
#include "tools/ua_media.h"
#include "tools/ua_options.h"

typedef struct gw_ua_phone gw_ua_phone;
typedef struct {
  void (*ready)(gw_ua_phone *, void *user); /* SIP listens */
  void (*invite)(gw_ua_phone *, gw_sip_call *, const gw_sip_invite *,
                 void *user); /* NULL: refused */
  /* Ctrl-C or SIGTERM: end the calls, then gw_ua_phone_end. A second one ends the program at once.
   */
  void (*interrupted)(gw_ua_phone *, void *user);
  void (*closing)(void *user); /* the loop is over: free the calls that are left */
} gw_ua_mode;

/* Runs until gw_ua_phone_end; returns the exit code. */
int gw_ua_phone_run(const gw_ua_options *, const gw_ua_mode *, void *user);
void gw_ua_phone_end(gw_ua_phone *,
                     int exit_code); /* the first one counts; unregisters, then leaves the loop */

const gw_ua_options *gw_ua_phone_options(const gw_ua_phone *);
gw_sip *gw_ua_phone_sip(const gw_ua_phone *);
gw_ua_media *gw_ua_phone_media(const gw_ua_phone *);
const gw_ua_wav *gw_ua_phone_play(const gw_ua_phone *); /* --play, or NULL */
const char *gw_ua_phone_address(
    const gw_ua_phone *); /* our literal address; "0.0.0.0" or "::" when it depends on the caller */
void gw_ua_complain(const char *format, ...) G_GNUC_PRINTF(1, 2); /* one line on stderr */

#endif
