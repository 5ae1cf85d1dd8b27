/* tls_identity.h - what we show in TLS and whom we believe, read and looked at: PEM files become objects that sockets can
 * take into use. Internal to sip/ (OpenSSL's types).
 * Thread: any (reading blocks; taking into use: control).  Owner: caller frees.  Calls back: never. */
#ifndef GW_SIP_TLS_IDENTITY_H
#define GW_SIP_TLS_IDENTITY_H
#include <openssl/ssl.h>
#include "sip/tls.h"

typedef struct {
  GPtrArray *chain;       /* X509*, ours first; NULL: none was named */
  EVP_PKEY *key;          /* of chain[0] */
  GPtrArray *authorities; /* X509*; NULL: nobody is checked */
  gint64 expires;         /* chain[0]: s since 1970; G_MAXINT64 without one */
} gw_tls_identity;

/* NULL with an error in words that gw_tls_check describes. */
gw_tls_identity *gw_tls_identity_read(const gw_tls_files *, GError **);
void gw_tls_identity_free(gw_tls_identity *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_tls_identity, gw_tls_identity_free)

/* -- tls_renew.c: the SIP library reads certificates once and gives no way to others. Its OpenSSL context, however, can be
 * told to ask us at each handshake; connections that are up keep what they have. -- */
typedef struct gw_tls_context gw_tls_context; /* that of one socket of the library */
void gw_tls_context_expect(void);             /* a socket is about to be opened */
gw_tls_context *gw_tls_context_caught(void);  /* its context, or NULL: none was made since */
/* After the socket is gone. */
void gw_tls_context_free(gw_tls_context *);
/* New connections get this; takes nothing, may be freed. FALSE: out of memory. Without a chain the old one stays. */
gboolean gw_tls_context_renew(gw_tls_context *, const gw_tls_identity *);

#endif
