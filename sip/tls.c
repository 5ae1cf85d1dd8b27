/* tls.c - PEM files of the operator into what the SIP library reads (one folder, agent.pem and cafile.pem), with every
 * mistake told in words: the library itself only says that it cannot listen. */
#include "sip/tls_identity.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_SIGNED_DAYS 30
#define MAX_CHAIN 32 /* certificates looked at in one file */
#define DAY_S 86400

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static gboolean given(const char *file) {
  return file && *file;
}

static gboolean fail(GError **error, const char *file, const char *why) {
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", file, why);
  return FALSE;
}

static BIO *open_pem(const char *file, GError **error) {
  BIO *bio = BIO_new_file(file, "r");
  if (!bio) fail(error, file, g_strerror(errno));
  return bio;
}

/* An encrypted key must be an error, not a question on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *user) {
  return -1;
}

/* All certificates of a file, in its order. */
static GPtrArray *read_chain(const char *file, GError **error) {
  g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
  g_autoptr(BIO) bio = open_pem(file, error);
  if (!bio) return NULL;
  while (chain->len < MAX_CHAIN) {
    X509 *x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (!x) break;
    g_ptr_array_add(chain, x);
  }
  if (chain->len) return g_steal_pointer(&chain);
  fail(error, file, "holds no certificate in PEM form");
  return NULL;
}

static EVP_PKEY *read_key(const char *file, GError **error) {
  GStatBuf st;
  g_autoptr(BIO) bio = open_pem(file, error);
  if (!bio) return NULL;
  if (g_stat(file, &st) == 0 && (st.st_mode & S_IRWXO)) {
    fail(error, file, "the key is open to others; chmod 640 or stricter");
    return NULL;
  }
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
  if (!key) fail(error, file, "holds no key in PEM form without a passphrase");
  return key;
}

static gint64 seconds_until(const ASN1_TIME *t) {
  int days = 0, seconds = 0;
  return ASN1_TIME_diff(&days, &seconds, NULL, t) ? (gint64)days * DAY_S + seconds : 0;
}

static gboolean check_dates(const char *file, X509 *x, gint64 *ret_expires, GError **error) {
  gint64 left = seconds_until(X509_get0_notAfter(x));
  if (left <= 0) return fail(error, file, "the certificate has expired");
  if (seconds_until(X509_get0_notBefore(x)) > 0)
    return fail(error, file, "the certificate is not valid yet; is the clock right?");
  *ret_expires = g_get_real_time() / G_USEC_PER_SEC + left;
  return TRUE;
}

gw_tls_identity *gw_tls_identity_read(const gw_tls_files *f, GError **error) {
  g_autoptr(gw_tls_identity) id = g_new0(gw_tls_identity, 1);
  id->expires = G_MAXINT64;
  if (given(f->ca) && !(id->authorities = read_chain(f->ca, error))) return NULL;
  if (!given(f->certificate)) return g_steal_pointer(&id);
  if (!(id->chain = read_chain(f->certificate, error)) || !(id->key = read_key(f->key, error)))
    return NULL;
  X509 *own = g_ptr_array_index(id->chain, 0);
  if (!X509_check_private_key(own, id->key)) {
    fail(error, f->key, "is the key of another certificate");
    return NULL;
  }
  return check_dates(f->certificate, own, &id->expires, error) ? g_steal_pointer(&id) : NULL;
}

void gw_tls_identity_free(gw_tls_identity *id) {
  if (!id) return;
  if (id->chain) g_ptr_array_unref(id->chain);
  if (id->authorities) g_ptr_array_unref(id->authorities);
  EVP_PKEY_free(id->key);
  g_free(id);
}

gboolean gw_tls_check(const gw_tls_files *f, gint64 *ret_expires, GError **error) {
  g_autoptr(gw_tls_identity) id = gw_tls_identity_read(f, error);
  if (id && id->chain && ret_expires) *ret_expires = id->expires;
  return id != NULL;
}

/* -- the folder -- */

static gboolean write_pem(const char *folder, const char *name, BIO *from, GError **error) {
  g_autofree char *path = g_build_filename(folder, name, NULL);
  char *text = NULL;
  long n = BIO_get_mem_data(from, &text);
  int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0 && write(fd, text, (gsize)n) == n;
  int why = errno;
  if (fd >= 0) close(fd);
  return ok || fail(error, path, g_strerror(why));
}

static X509 *self_signed(EVP_PKEY *key) {
  g_autoptr(X509) x = X509_new();
  X509_NAME *name = X509_get_subject_name(x);
  gboolean ok =
      X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), g_random_int() | 1) &&
      X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
      X509_gmtime_adj(X509_getm_notAfter(x), (long)SELF_SIGNED_DAYS * DAY_S) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const guint8 *)"tipring", -1, -1, 0) &&
      X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256());
  return ok ? g_steal_pointer(&x) : NULL;
}

/* What cafile.pem gets beside the authorities: the library sends what it finds there as the way up to the root. The
 * root itself stays out, as it would be an authority for everybody else's certificate. */
static void add_way_up(const GPtrArray *chain, BIO *to) {
  for (guint i = 1; i < chain->len; i++) {
    X509 *x = g_ptr_array_index(chain, i);
    if (X509_check_issued(x, x) != X509_V_OK) PEM_write_bio_X509(to, x);
  }
}

static gboolean lay_out(const char *folder, EVP_PKEY *key, GPtrArray *chain, GPtrArray *authorities,
                        GError **error) {
  g_autoptr(BIO) agent = BIO_new(BIO_s_mem()), ca = BIO_new(BIO_s_mem());
  X509 *own = g_ptr_array_index(chain, 0);
  PEM_write_bio_PrivateKey(agent, key, NULL, NULL, 0, NULL, NULL);
  PEM_write_bio_X509(agent, own);
  for (guint i = 0; authorities && i < authorities->len; i++)
    PEM_write_bio_X509(ca, g_ptr_array_index(authorities, i));
  if (!authorities) PEM_write_bio_X509(ca, own); /* the file must not be empty; nobody is checked */
  add_way_up(chain, ca);
  return write_pem(folder, "agent.pem", agent, error) && write_pem(folder, "cafile.pem", ca, error);
}

static gboolean self_made(gw_tls_identity *id, GError **error) {
  X509 *x = (id->key = EVP_EC_gen("P-256")) ? self_signed(id->key) : NULL;
  if (!x) return fail(error, "TLS", "cannot make a certificate");
  id->chain = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
  g_ptr_array_add(id->chain, x);
  return TRUE;
}

static gboolean fill(const char *folder, const gw_tls_files *f, GError **error) {
  g_autoptr(gw_tls_identity) id = gw_tls_identity_read(f, error);
  if (!id || (!id->chain && !self_made(id, error))) return FALSE;
  return lay_out(folder, id->key, id->chain, id->authorities, error);
}

char *gw_tls_folder_new(const gw_tls_files *f, GError **error) {
  char *folder = g_dir_make_tmp("tipring-tls-XXXXXX", error);
  if (!folder) return NULL;
  if (fill(folder, f, error)) return folder;
  gw_tls_folder_free(folder);
  return NULL;
}

void gw_tls_folder_free(char *folder) {
  if (!folder) return;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_unlink(path);
  }
  g_rmdir(folder);
  g_free(folder);
}
