/* tls_renew.c - certificates without a restart. */
#include "base/thread.h"
#include "sip/tls_identity.h"
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

struct gw_tls_context {
  SSL_CTX *ctx;
  X509 *own; /* NULL: what the library has read itself */
  EVP_PKEY *key;
  STACK_OF(X509) * way_up;
};

static int index_of_contexts = -1;
static SSL_CTX *caught; /* made last by this thread since it was asked for */
static gboolean expecting;

static void on_new(void *parent, void *ptr, CRYPTO_EX_DATA *data, int i, long l, void *p) {
  if (expecting && gw_thread_is_control()) caught = parent;
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int i, long l, void *p) {
  if (gw_thread_is_control() && caught == parent) caught = NULL;
}

void gw_tls_context_expect(void) {
  if (index_of_contexts < 0)
    index_of_contexts =
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, on_new, NULL, on_free);
  caught = NULL;
  expecting = TRUE;
}

gw_tls_context *gw_tls_context_caught(void) {
  expecting = FALSE;
  SSL_CTX *ctx = g_steal_pointer(&caught);
  if (!ctx || !SSL_CTX_up_ref(ctx)) return NULL;
  gw_tls_context *c = g_new0(gw_tls_context, 1);
  c->ctx = ctx;
  return c;
}

static void forget(gw_tls_context *c) {
  X509_free(g_steal_pointer(&c->own));
  EVP_PKEY_free(g_steal_pointer(&c->key));
  sk_X509_pop_free(g_steal_pointer(&c->way_up), X509_free);
}

void gw_tls_context_free(gw_tls_context *c) {
  if (!c) return;
  SSL_CTX_set_cert_cb(c->ctx, NULL, NULL);
  SSL_CTX_free(c->ctx);
  forget(c);
  g_free(c);
}

/* At each handshake. The old ones are cleared first: a key of another kind would stay beside the new one, and the client
 * choose between them. */
static int show(SSL *ssl, void *context) {
  const gw_tls_context *c = context;
  if (!c->own) return 1;
  SSL_certs_clear(ssl);
  return SSL_use_cert_and_key(ssl, c->own, c->key, c->way_up, 1);
}

/* The root stays out: whoever does not know it does not believe it. */
static STACK_OF(X509) * way_up_of(const GPtrArray *chain) {
  STACK_OF(X509) *up = sk_X509_new_null();
  for (guint i = 1; up && i < chain->len; i++) {
    X509 *x = g_ptr_array_index(chain, i);
    if (X509_check_issued(x, x) != X509_V_OK && X509_up_ref(x)) sk_X509_push(up, x);
  }
  return up;
}

/* Whom we believe, and the names of them that are told to whoever connects. */
static gboolean believe(SSL_CTX *ctx, const GPtrArray *authorities) {
  X509_STORE *store = X509_STORE_new();
  STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
  gboolean ok = store && names;
  for (guint i = 0; ok && i < authorities->len; i++) {
    X509 *x = g_ptr_array_index(authorities, i);
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(x));
    ok = X509_STORE_add_cert(store, x) && name && sk_X509_NAME_push(names, name) > 0;
  }
  if (ok) {
    SSL_CTX_set1_cert_store(ctx, store);
    SSL_CTX_set_client_CA_list(ctx, g_steal_pointer(&names));
  }
  X509_STORE_free(store);
  sk_X509_NAME_pop_free(names, X509_NAME_free);
  return ok;
}

/* Sessions of before, kept here or by the client as tickets, would go round the new certificate and the new authorities. */
static void forget_sessions(SSL_CTX *ctx) {
  guint8 keys[80];
  SSL_CTX_flush_sessions(ctx, 0);
  if (RAND_bytes(keys, sizeof keys) == 1) SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof keys);
  OPENSSL_cleanse(keys, sizeof keys);
}

gboolean gw_tls_context_renew(gw_tls_context *c, const gw_tls_identity *id) {
  STACK_OF(X509) *up = id->chain ? way_up_of(id->chain) : NULL;
  ERR_clear_error();
  if ((id->chain && !up) || (id->authorities && !believe(c->ctx, id->authorities))) {
    sk_X509_pop_free(up, X509_free);
    return FALSE;
  }
  forget_sessions(c->ctx);
  if (!id->chain) return TRUE;
  X509 *own = g_ptr_array_index(id->chain, 0);
  X509_up_ref(own);
  EVP_PKEY_up_ref(id->key);
  forget(c);
  c->own = own;
  c->key = id->key;
  c->way_up = up;
  SSL_CTX_set_cert_cb(c->ctx, show, c);
  return TRUE;
}
