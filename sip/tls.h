/* tls.h - the certificates of the TLS sockets: looked at before anything listens, and laid out as the SIP library wants
 * to read them.
 * Thread: any (blocks: start-up only).  Owner: caller frees what is returned.  Calls back: never. */
#ifndef GW_SIP_TLS_H
#define GW_SIP_TLS_H
#include <glib.h>

typedef struct {
  const char *certificate; /* PEM: the certificate, then those between it and its root; NULL or "": one that we sign ourselves */
  const char *key;         /* PEM, not encrypted */
  const char *ca;          /* PEM: who must have signed the other side's certificate; NULL or "": nobody is checked */
} gw_tls_files;

/* FALSE with an error that names the file: missing, no PEM, open to others (the key), expired, not valid yet, key of
 * another certificate. *ret_expires: when the certificate does, s since 1970; may be NULL. */
gboolean gw_tls_check(const gw_tls_files *, gint64 *ret_expires, GError **);
/* Makes a private folder with agent.pem and cafile.pem. NULL with an error. */
char *gw_tls_folder_new(const gw_tls_files *, GError **);
void gw_tls_folder_free(char *folder); /* removes it: the library has read it once a socket is open */

/* -- tls_mend.c: frees the OpenSSL objects that the SIP library forgets. Control thread only. -- */
void gw_tls_mend_start(void);      /* before any TLS socket is opened; again: no-op */
void gw_tls_mend_connection(void); /* the library has just said that it made a TLS connection */
guint gw_tls_mend_count(void);     /* how many were freed so far */

#endif
