/* dtls.h - DTLS-SRTP (RFC 5763, 5764) over a datagram path that ICE has proven: datagrams in,
 * datagrams out, keys when the certificate has the announced fingerprint, and only then. Names and
 * dates of certificates are not looked at: the fingerprint came by signalling and is all that
 * counts (RFC 5763 5). Thread: gw_identity: made on control, read by all; gw_dtls: one.  Owner:
 * maker frees; the identity outlives all of its gw_dtls.  Calls back: send, from _start, _input,
 * _timeout and _free. */
#ifndef GW_DTLS_H
#define GW_DTLS_H
#include "base/desc.h"
#include "gateway/media/srtp.h"

typedef struct gw_identity
    gw_identity; /* our key and self-signed certificate: P-256, one per process */
gw_identity *gw_identity_new(GError **);
void gw_identity_free(gw_identity *);
const char *gw_identity_fingerprint(const gw_identity *); /* sha-256, "AB:CD:..." */
/* Which SRTP suites we offer or choose, for tests: OpenSSL's list. The default is GCM before CM. */
gboolean gw_identity_suites(gw_identity *, const char *list);

typedef struct gw_dtls gw_dtls;
typedef enum { GW_DTLS_RUNNING, GW_DTLS_DONE, GW_DTLS_FAILED } gw_dtls_state;
typedef void (*gw_dtls_send)(const guint8 *data, gsize n, void *user);

/* hash and value: the other side's fingerprint; NULL or an unknown hash fails. */
gw_dtls *gw_dtls_new(const gw_identity *, gboolean server, const char *hash, const char *value,
                     gw_dtls_send, void *user);
void gw_dtls_free(gw_dtls *); /* says close_notify when it was done */
/* DONE, and the other side has proved that it is as well (it sent SRTP): nothing has to be repeated any more. Keeps what
 * gw_dtls_free is to say and gives the rest back, some 46 KiB. */
void gw_dtls_settle(gw_dtls *);
void gw_dtls_start(gw_dtls *);
void gw_dtls_input(gw_dtls *, const guint8 *data, gsize n);
void gw_dtls_timeout(gw_dtls *); /* call now and then while RUNNING: sends again what got lost */
gw_dtls_state gw_dtls_get_state(const gw_dtls *);
const char *gw_dtls_why(const gw_dtls *); /* of FAILED: a word for the log */
/* DONE only, before gw_dtls_settle: makes both SRTP sessions. FALSE: no common suite. */
gboolean gw_dtls_sessions(const gw_dtls *, gw_srtp **ret_in, gw_srtp **ret_out);
/* The role of RFC 5763 5: ours was signalled as local, theirs as remote. FALSE: both want the same
 * one. */
gboolean gw_dtls_role(gw_setup local, gw_setup remote, gboolean *ret_server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_identity, gw_identity_free)

#endif
