/* estate.h - what a leg leaves to its heir in another room: the sockets, the encryption (the phone knows its key, and has
 * seen most of its counters) and the stream that the phone hears, which goes on without a break.
 * Thread: any; it belongs to whoever holds it.  Owner: the heir, or gw_estate_free.  Calls back: never. */
#ifndef GW_ESTATE_H
#define GW_ESTATE_H
#include "gateway/media/seal.h"
#include "gateway/media/stream.h"

typedef struct {
  int rtp_fd, rtcp_fd;
  gw_seal seal;
  gw_outflow out;
} gw_estate;

/* The heir takes these out of it; what is still in it is closed and wiped. */
void gw_estate_free(gw_estate *);

#endif
