/* srtp.h - SRTP and SRTCP (RFC 3711, 7714) behind a narrow door: by OpenSSL's ciphers or by libsrtp2.
 * Thread: one per session; gw_srtp_init once before any worker runs.
 * Owner: maker frees.  Calls back: never. */
#ifndef GW_SRTP_H
#define GW_SRTP_H
#include <glib.h>

typedef enum { GW_SRTP_AES_CM_128_HMAC_SHA1_80, GW_SRTP_AEAD_AES_128_GCM } gw_srtp_suite;
typedef enum { GW_SRTP_OK, GW_SRTP_REPLAY, GW_SRTP_AUTH, GW_SRTP_BAD } gw_srtp_result;
typedef struct gw_srtp gw_srtp;
void gw_srtp_init(void); /* with the own NSS context that keeps libsrtp2 flat; idempotent */
/* Who does the work of sessions made from now on: "libsrtp2", "openssl", "auto" or NULL (what is cheapest: openssl).
 * Before any worker runs. FALSE: no such word. */
gboolean gw_srtp_use(const char *backend);
void gw_srtp_exit(void);
guint gw_srtp_key_len(gw_srtp_suite); /* master key + salt: 30 or 28 bytes */
gw_srtp *gw_srtp_new(gw_srtp_suite, gboolean outbound, const guint8 *key_and_salt);
void gw_srtp_free(gw_srtp *);
/* In place; *len in and out; protect needs cap >= *len + 32. */
gw_srtp_result gw_srtp_protect_rtp(gw_srtp *, guint8 *packet, gsize *len, gsize cap);
gw_srtp_result gw_srtp_unprotect_rtp(gw_srtp *, guint8 *packet, gsize *len);
gw_srtp_result gw_srtp_protect_rtcp(gw_srtp *, guint8 *packet, gsize *len, gsize cap);
gw_srtp_result gw_srtp_unprotect_rtcp(gw_srtp *, guint8 *packet, gsize *len);

#endif
