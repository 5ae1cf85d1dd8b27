/* tls_mend.c - frees what the SIP library forgets. It leaves the OpenSSL object of each TLS connection behind when the
 * connection ends, about 50 kB, so anybody could fill the memory just by connecting. Its own reference to the connection's
 * BIO is the last thing that it does give back: seeing that BIO go, we free the object. So that both can be freed, the
 * object gets a BIO of its own on the same socket. A library that frees the object itself would free it twice: hence the
 * look at its version, which Debian 12 has had for all its life. */
#include "sip/internal.h"
#include "sip/tls.h"
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sofia-sip/sofia_features.h>
#include <string.h>

static int index_of_newest = -1;
static SSL *newest; /* made last by this thread */
static guint freed;

static void on_new(void *parent, void *ptr, CRYPTO_EX_DATA *data, int i, long l, void *p) {
  if (gw_thread_is_control()) newest = parent;
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int i, long l, void *p) {
  if (gw_thread_is_control() && newest == parent) newest = NULL;
}

void gw_tls_mend_start(void) {
  if (index_of_newest < 0 && g_str_has_prefix(SOFIA_SIP_VERSION, "1.12.11"))
    index_of_newest = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, on_new, NULL, on_free);
}

static long on_bio(BIO *bio, int what, const char *data, size_t n, int i, long l, int ret,
                   size_t *done) {
  SSL *ssl = (SSL *)BIO_get_callback_arg(bio);
  if (what != BIO_CB_FREE || !ssl) return ret;
  BIO_set_callback_arg(bio, NULL);
  SSL_CTX_up_ref(SSL_get_SSL_CTX(ssl)); /* the library has given back one that was the object's */
  SSL_free(ssl);
  freed++;
  return ret;
}

void gw_tls_mend_connection(void) {
  SSL *ssl = g_steal_pointer(&newest);
  BIO *theirs = ssl ? SSL_get_rbio(ssl) : NULL;
  int fd = theirs ? (int)BIO_get_fd(theirs, NULL) : -1;
  BIO *own = fd >= 0 ? BIO_new_socket(fd, BIO_NOCLOSE) : NULL;
  if (!own) return;
  BIO_up_ref(theirs); /* the library's; the object gives back its own two now */
  SSL_set_bio(ssl, own, own);
  BIO_set_callback_ex(theirs, on_bio);
  BIO_set_callback_arg(theirs, (char *)ssl);
}

guint gw_tls_mend_count(void) {
  return freed;
}
