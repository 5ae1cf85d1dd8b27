#include "gateway/media/dtls.h"
#include <gio/gio.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#define MTU 1200
#define CERT_DAYS 365
#define DAY_S 86400
#define FAREWELL 128 /* bytes; of all suites offered the longest is 51 */
#define READS 8 /* records looked at per datagram */

struct gw_identity {
  SSL_CTX *ctx;
  BIO_METHOD *out; /* a BIO that hands each write to gw_dtls_send: one write is one datagram */
  char *fingerprint;
};

struct gw_dtls {
  SSL *ssl; /* NULL: settled */
  BIO *in;
  gboolean settling;
  guint8 farewell[FAREWELL]; /* the record that says close_notify, made beforehand */
  gsize n_farewell;
  gw_dtls_send send;
  void *user;
  char *hash, *value;
  gw_dtls_state state;
  const char *why;
};

static int out_write(BIO *bio, const char *data, int n) {
  gw_dtls *d = BIO_get_data(bio);
  if (d->settling && (gsize)n <= sizeof d->farewell) {
    memcpy(d->farewell, data, (gsize)n);
    d->n_farewell = (gsize)n;
  }
  if (d->settling) return n;
  d->send((const guint8 *)data, (gsize)n, d->user); /* lost or not: DTLS repeats */
  return n;
}

static long out_ctrl(BIO *bio, int cmd, long num, void *ptr) {
  return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP ? 1 : 0;
}

static int out_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

static char *digest_text(X509 *cert, const EVP_MD *md) {
  guint8 raw[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (!X509_digest(cert, md, raw, &n)) return NULL;
  GString *s = g_string_new(NULL);
  for (unsigned i = 0; i < n; i++)
    g_string_append_printf(s, "%s%02X", i ? ":" : "", raw[i]);
  return g_string_free(s, FALSE);
}

static X509 *self_signed(EVP_PKEY *key) {
  X509 *x = X509_new();
  X509_NAME *name = X509_get_subject_name(x);
  guint8 serial[8];
  BIGNUM *bn = BN_new();
  gboolean ok =
      BN_rand(bn, sizeof serial * 8 - 1, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
      BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) && X509_set_version(x, 2) &&
      X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
      X509_gmtime_adj(X509_getm_notAfter(x), (long)CERT_DAYS * DAY_S) && X509_set_pubkey(x, key) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guint8 *)"tipring", -1, -1, 0) &&
      X509_set_issuer_name(x, name) && X509_sign(x, key, EVP_sha256());
  BN_free(bn);
  if (!ok) g_clear_pointer(&x, X509_free);
  return x;
}

/* The fingerprint is checked after the handshake; here every certificate passes. */
static int any_certificate(int preverified, X509_STORE_CTX *store) {
  return 1;
}

static gboolean set_up(gw_identity *id, EVP_PKEY *key, X509 *cert) {
  SSL_CTX *c = id->ctx = SSL_CTX_new(DTLS_method());
  id->out = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tipring");
  if (!c || !id->out) return FALSE;
  BIO_meth_set_write(id->out, out_write);
  BIO_meth_set_ctrl(id->out, out_ctrl);
  BIO_meth_set_create(id->out, out_create);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, any_certificate);
  SSL_CTX_set_options(c, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) && SSL_CTX_use_certificate(c, cert) &&
         SSL_CTX_use_PrivateKey(c, key) && SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") &&
         SSL_CTX_set_cipher_list(c,
                                 "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES128:!PSK:!aNULL:!eNULL") &&
         gw_identity_suites(id, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
}

gboolean gw_identity_suites(gw_identity *id, const char *list) {
  return SSL_CTX_set_tlsext_use_srtp(id->ctx, list) == 0; /* 0 is success here */
}

gw_identity *gw_identity_new(GError **error) {
  g_autoptr(gw_identity) id = g_new0(gw_identity, 1);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = key ? self_signed(key) : NULL;
  gboolean ok = cert && set_up(id, key, cert);
  if (ok) id->fingerprint = digest_text(cert, EVP_sha256());
  X509_free(cert);
  EVP_PKEY_free(key);
  if (ok && id->fingerprint) return g_steal_pointer(&id);
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make a DTLS certificate: %s", text);
  return NULL;
}

void gw_identity_free(gw_identity *id) {
  if (!id) return;
  SSL_CTX_free(id->ctx);
  BIO_meth_free(id->out);
  g_free(id->fingerprint);
  g_free(id);
}

const char *gw_identity_fingerprint(const gw_identity *id) {
  return id->fingerprint;
}

gboolean gw_dtls_role(gw_setup local, gw_setup remote, gboolean *ret_server) {
  gboolean local_open = local != GW_SETUP_ACTIVE && local != GW_SETUP_PASSIVE;
  gboolean remote_open = remote != GW_SETUP_ACTIVE && remote != GW_SETUP_PASSIVE;
  if (!local_open && !remote_open && local == remote) return FALSE;
  if (!remote_open)
    *ret_server = remote == GW_SETUP_ACTIVE;
  else /* we answer as we said; an answer without a role to our actpass means active (RFC 5763 5) */
    *ret_server = local != GW_SETUP_ACTIVE;
  return TRUE;
}

gw_dtls *gw_dtls_new(const gw_identity *id, gboolean server, const char *hash, const char *value,
                     gw_dtls_send send, void *user) {
  gw_dtls *d = g_new0(gw_dtls, 1);
  d->send = send;
  d->user = user;
  d->hash = g_strdup(hash);
  d->value = g_strdup(value);
  d->ssl = SSL_new(id->ctx);
  d->in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(id->out);
  if (!d->ssl || !d->in || !out) { /* out of memory; GLib aborts in this case as well */
    g_error("openssl: no memory");
  }
  BIO_set_mem_eof_return(d->in, -1);
  BIO_set_data(out, d);
  SSL_set_bio(d->ssl, d->in, out);
  SSL_set_mtu(d->ssl, MTU);
  DTLS_set_link_mtu(d->ssl, MTU);
  if (server)
    SSL_set_accept_state(d->ssl);
  else
    SSL_set_connect_state(d->ssl);
  return d;
}

/* The library keeps 17 KiB for reading and as much for writing, and a session that is up mostly never speaks again until it ends. Those
 * for writing it does not make by itself when they are gone. */
static gboolean wake(gw_dtls *d) {
  return d->ssl && (d->state != GW_DTLS_DONE || SSL_alloc_buffers(d->ssl) == 1);
}

static void rest(gw_dtls *d) {
  if (d->state == GW_DTLS_DONE) SSL_free_buffers(d->ssl);
}

void gw_dtls_settle(gw_dtls *d) {
  if (d->state != GW_DTLS_DONE || !wake(d)) return;
  d->settling = TRUE;
  SSL_shutdown(d->ssl);
  ERR_clear_error();
  g_clear_pointer(&d->ssl, SSL_free); /* and both its BIOs */
  d->in = NULL;
}

void gw_dtls_free(gw_dtls *d) {
  if (!d) return;
  if (d->n_farewell) d->send(d->farewell, d->n_farewell, d->user);
  if (d->state == GW_DTLS_DONE && wake(d)) SSL_shutdown(d->ssl);
  ERR_clear_error();
  SSL_free(d->ssl);
  g_free(d->hash);
  g_free(d->value);
  g_free(d);
}

static const EVP_MD *hash_of(const char *name) {
  static const struct {
    const char *signalled, *openssl;
  } known[] = {{"sha-256", "SHA256"},
               {"sha-384", "SHA384"},
               {"sha-512", "SHA512"},
               {"sha-224", "SHA224"},
               {"sha-1", "SHA1"}};
  for (gsize i = 0; name && i < G_N_ELEMENTS(known); i++)
    if (!g_ascii_strcasecmp(name, known[i].signalled))
      return EVP_get_digestbyname(known[i].openssl);
  return NULL;
}

static const char *check_fingerprint(gw_dtls *d) {
  const EVP_MD *md = hash_of(d->hash);
  if (!md || !d->value) return "no-fingerprint";
  X509 *cert = SSL_get1_peer_certificate(d->ssl);
  g_autofree char *seen = cert ? digest_text(cert, md) : NULL;
  X509_free(cert);
  if (!seen) return "no-certificate";
  return g_ascii_strcasecmp(seen, d->value) ? "wrong-fingerprint" : NULL;
}

static void fail(gw_dtls *d, const char *why) {
  d->state = GW_DTLS_FAILED;
  d->why = why;
}

static void handshake(gw_dtls *d) {
  ERR_clear_error();
  int rc = SSL_do_handshake(d->ssl);
  if (rc == 1) {
    const char *why = check_fingerprint(d);
    if (why)
      fail(d, why);
    else
      d->state = GW_DTLS_DONE;
    return;
  }
  int e = SSL_get_error(d->ssl, rc);
  if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) fail(d, "handshake");
}

void gw_dtls_start(gw_dtls *d) {
  if (d->state == GW_DTLS_RUNNING) handshake(d);
}

void gw_dtls_input(gw_dtls *d, const guint8 *data, gsize n) {
  if (d->state == GW_DTLS_FAILED || n > G_MAXINT || !wake(d)) return;
  BIO_write(d->in, data, (int)n);
  if (d->state == GW_DTLS_RUNNING) handshake(d);
  guint8
      nobody[256]; /* application data has no meaning here; reading also answers repeated flights */
  for (int i = 0; i < READS && d->state == GW_DTLS_DONE; i++) {
    ERR_clear_error();
    if (SSL_read(d->ssl, nobody, sizeof nobody) <= 0) break;
  }
  (void)BIO_reset(d->in); /* what it did not take is junk, and must not pile up */
  rest(d);
}

void gw_dtls_timeout(gw_dtls *d) {
  if (d->state != GW_DTLS_RUNNING) return;
  ERR_clear_error();
  if (DTLSv1_handle_timeout(d->ssl) < 0) fail(d, "no-answer");
}

gw_dtls_state gw_dtls_get_state(const gw_dtls *d) {
  return d->state;
}

const char *gw_dtls_why(const gw_dtls *d) {
  return d->why ? d->why : "";
}

gboolean gw_dtls_sessions(const gw_dtls *d, gw_srtp **ret_in, gw_srtp **ret_out) {
  const SRTP_PROTECTION_PROFILE *p =
      d->state == GW_DTLS_DONE && d->ssl ? SSL_get_selected_srtp_profile(d->ssl) : NULL;
  if (!p || (p->id != SRTP_AEAD_AES_128_GCM && p->id != SRTP_AES128_CM_SHA1_80)) return FALSE;
  gw_srtp_suite suite =
      p->id == SRTP_AEAD_AES_128_GCM ? GW_SRTP_AEAD_AES_128_GCM : GW_SRTP_AES_CM_128_HMAC_SHA1_80;
  gsize key = 16, salt = gw_srtp_key_len(suite) - key;
  guint8 material[60], client[30], server[30];
  if (SSL_export_keying_material(d->ssl, material, 2 * (key + salt), "EXTRACTOR-dtls_srtp", 19,
                                 NULL, 0, 0) != 1)
    return FALSE;
  memcpy(client, material, key); /* RFC 5764 4.2: both keys, then both salts */
  memcpy(server, material + key, key);
  memcpy(client + key, material + 2 * key, salt);
  memcpy(server + key, material + 2 * key + salt, salt);
  gboolean we_serve = SSL_is_server(d->ssl);
  *ret_in = gw_srtp_new(suite, FALSE, we_serve ? client : server);
  *ret_out = gw_srtp_new(suite, TRUE, we_serve ? server : client);
  OPENSSL_cleanse(material, sizeof material);
  OPENSSL_cleanse(client, sizeof client);
  OPENSSL_cleanse(server, sizeof server);
  return *ret_in && *ret_out;
}
