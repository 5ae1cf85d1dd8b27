/* direct.h - times of the flavour for calls between one phone and one person (XEP-0353 with XEP-0166; docs/direct.md).
 * Thread: any (pure).  Owner: -.  Calls back: never. */
#ifndef GW_FL_DIRECT_H
#define GW_FL_DIRECT_H
#include "base/clock.h"
#include "gateway/flavour/flavour.h"

#define GW_DC_INITIATE GW_SEC(10) /* from our proceed to his session-initiate */
#define GW_DC_ANSWER GW_SEC(15)   /* from our session-initiate to the accept of who had proceeded */
#define GW_DC_LOCAL GW_SEC(10)    /* a transport of ours that never gets ready */
#define GW_DC_CONNECT GW_SEC(20)  /* from session-accept to DTLS done */
#define GW_DC_CROSSED GW_SEC(5)   /* our offer gave way to his, which has not come yet */

/* The session of a call in which both hear each other, for another flavour to go on with; strings live as long as this one.
 * *ret_held: he holds us. FALSE: there is none. */
gboolean gw_direct_running(const gw_flavour *, gw_fl_running *ret, gboolean *ret_held);

#endif
