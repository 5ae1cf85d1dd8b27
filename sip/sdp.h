/* sdp.h - what the reader and the writer of SDP share. gw_sdp_parse and gw_sdp_print: sip.h.
 * Thread: any (pure).  Owner: -.  Calls back: never. */
#ifndef GW_SDP_H
#define GW_SDP_H
#include "sip/sip.h"

gw_proto gw_sdp_proto(const char *word); /* "RTP/AVP"; OTHER when unknown */

#endif
