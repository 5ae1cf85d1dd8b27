/* thin.h - of RTP that is only counted, most packets end in the kernel: a classic filter on the socket lets through one in
 * GW_THIN_EVERY of a known sender and all that is anything else (STUN, DTLS, RTCP, first packets of a talk, strangers), and the
 * socket counts what it has dropped. Linux only; where it does not work everything is read as before.
 * Thread: the socket's.  Owner: the socket has the filter.  Calls back: never. */
#ifndef GW_THIN_H
#define GW_THIN_H
#include "gateway/media/addr.h"

#define GW_THIN_EVERY 32 /* by sequence number; far fewer than a rollover guess bridges */

gboolean gw_thin_on(int fd, const gw_addr *sender); /* FALSE: not possible here */
void gw_thin_off(int fd);
/* Packets that the socket has dropped in all, by its filter or because it was full; wraps. FALSE: it does not tell. */
gboolean gw_thin_dropped(int fd, guint32 *ret);

#endif
