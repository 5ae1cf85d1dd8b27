/* srtp_impl.h - what is behind srtp.h: the libraries that can do the work, as one table each. A session has one direction;
 * lengths have been checked: RTP of at least 12 bytes, RTCP of 8, and room for the trailer. inbound: new sources are refused
 * when GW_MAX_SRTP_SSRCS have authenticated. Thread: one per session.  Owner: maker frees.  Calls back: never. */
#ifndef GW_SRTP_IMPL_H
#define GW_SRTP_IMPL_H
#include "gateway/media/srtp.h"

#define GW_SRTP_WINDOW 1024 /* packets: how far one may be overtaken */
#define GW_SRTP_TRAILER 32  /* bytes, at most */

typedef struct {
  gpointer (*make)(gw_srtp_suite, gboolean outbound, const guint8 *key_and_salt); /* NULL: cannot */
  void (*free)(gpointer);
  gw_srtp_result (*rtp)(gpointer, guint8 *packet, gsize *len); /* protects or unprotects, as made */
  gw_srtp_result (*rtcp)(gpointer, guint8 *packet, gsize *len);
} gw_srtp_ops;
extern const gw_srtp_ops gw_srtp_lib; /* libsrtp2 */
extern const gw_srtp_ops gw_srtp_evp; /* OpenSSL's ciphers */

void gw_srtp_lib_init(void);
void gw_srtp_lib_exit(void);

#endif
