/* SRTP by OpenSSL's ciphers: a third of what libsrtp2 costs on NSS, and the same however many sessions live. */
#include "gateway/media/srtp_impl.h"

#include "base/limits.h"
#include "gateway/media/rtp.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define KEY 16
#define SALT 14 /* of GCM 12; the rest stays zero */
#define AUTH_KEY 20
#define TAG_CM 10
#define TAG_GCM 16
#define RTCP_HEAD 8
#define RTCP_INDEX 4
#define RTCP_ENCRYPTED 0x80000000u
#define RTCP_LAST 0x7fffffffu
#define WORDS                                                                                      \
  (GW_SRTP_WINDOW / 64 + 1) /* the oldest indices may not share a word with the newest */

/* RFC 3711 3.3.2: the bits are indices below top, in a ring. */
typedef struct {
  gboolean started;
  guint64 top;
  guint64 seen[WORDS];
} window;

typedef struct {
  guint32 ssrc;
  guint32 rtcp_sent; /* index of the last one */
  window rtp, rtcp;
} source;

/* One of the two halves: RTP or RTCP. */
typedef struct {
  EVP_CIPHER_CTX *cipher;
  EVP_MAC_CTX *mac; /* CM only */
  guint8 salt[SALT];
} half;

typedef struct {
  gboolean gcm, outbound;
  half rtp, rtcp;
  GPtrArray *sources; /* that have authenticated; the last used one in front */
} evp;

static guint32 get32(const guint8 *p) {
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

static void put32(guint8 *p, guint32 v) {
  p[0] = (guint8)(v >> 24);
  p[1] = (guint8)(v >> 16);
  p[2] = (guint8)(v >> 8);
  p[3] = (guint8)v;
}

static void xor32(guint8 *p, guint32 v) {
  put32(p, get32(p) ^ v);
}

/* ---- keys */

/* RFC 3711 4.3: the key stream of the master key at the label. */
static gboolean derive(const guint8 *master, const guint8 *salt, guint8 label, guint8 *out, int n) {
  static const guint8 zero[32];
  guint8 iv[16] = {0};
  int got = 0;
  memcpy(iv, salt, SALT);
  iv[7] ^= label;
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  gboolean ok = c && EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, master, iv) == 1 &&
                EVP_EncryptUpdate(c, out, &got, zero, n) == 1 && got == n;
  EVP_CIPHER_CTX_free(c);
  return ok;
}

static EVP_MAC_CTX *hmac_new(const guint8 *key) {
  char digest[] = "SHA1";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                         OSSL_PARAM_construct_end()};
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *c = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
  EVP_MAC_free(hmac); /* the context holds it */
  if (c && EVP_MAC_init(c, key, AUTH_KEY, params) == 1) return c;
  EVP_MAC_CTX_free(c);
  return NULL;
}

/* label: of the encryption key; those of authentication and salt follow. */
static gboolean make_half(const evp *e, half *h, const guint8 *master, const guint8 *salt,
                          guint8 label) {
  guint8 key[KEY], auth[AUTH_KEY];
  gboolean ok = derive(master, salt, label, key, KEY) &&
                derive(master, salt, label + 1, auth, AUTH_KEY) &&
                derive(master, salt, label + 2, h->salt, e->gcm ? 12 : SALT);
  h->cipher = EVP_CIPHER_CTX_new();
  ok = ok && h->cipher &&
       EVP_CipherInit_ex(h->cipher, e->gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, key, NULL,
                         e->outbound) == 1;
  if (ok && !e->gcm) ok = (h->mac = hmac_new(auth)) != NULL;
  explicit_bzero(key, sizeof key);
  explicit_bzero(auth, sizeof auth);
  return ok;
}

static void release(gpointer session) {
  evp *e = session;
  half *halves[] = {&e->rtp, &e->rtcp};
  for (guint i = 0; i < G_N_ELEMENTS(halves); i++) {
    EVP_CIPHER_CTX_free(halves[i]->cipher);
    EVP_MAC_CTX_free(halves[i]->mac);
  }
  g_ptr_array_unref(e->sources);
  explicit_bzero(e, sizeof *e);
  g_free(e);
}

static gpointer make(gw_srtp_suite suite, gboolean outbound, const guint8 *key_and_salt) {
  guint8 salt[SALT] = {0};
  evp *e = g_new0(evp, 1);
  e->gcm = suite == GW_SRTP_AEAD_AES_128_GCM;
  e->outbound = outbound;
  e->sources = g_ptr_array_new_with_free_func(g_free);
  memcpy(salt, key_and_salt + KEY, gw_srtp_key_len(suite) - KEY);
  gboolean ok =
      make_half(e, &e->rtp, key_and_salt, salt, 0) && make_half(e, &e->rtcp, key_and_salt, salt, 3);
  explicit_bzero(salt, sizeof salt);
  if (ok) return e;
  release(e);
  return NULL;
}

/* ---- indices */

static gw_srtp_result look_up(const window *w, guint64 index) {
  if (!w->started || index > w->top) return GW_SRTP_OK;
  if (w->top - index >= GW_SRTP_WINDOW) return GW_SRTP_REPLAY;
  return w->seen[index / 64 % WORDS] >> (index % 64) & 1 ? GW_SRTP_REPLAY : GW_SRTP_OK;
}

static void note(window *w, guint64 index) {
  if (!w->started || index > w->top) {
    guint64 from = w->started ? w->top : index, steps = MIN(index / 64 - from / 64, WORDS);
    for (guint64 i = 0; i < steps; i++)
      w->seen[(index / 64 - i) % WORDS] = 0;
    w->top = index;
    w->started = TRUE;
  }
  w->seen[index / 64 % WORDS] |= G_GUINT64_CONSTANT(1) << (index % 64);
}

/* RFC 3711 3.3.1, appendix A: the rollover that the sequence number most likely has. */
static guint64 guess(const window *w, guint16 seq) {
  guint32 roc = (guint32)(w->top >> 16), last = w->top & 0xffff;
  if (last < 0x8000 && seq > last + 0x8000 && roc)
    roc--;
  else if (last >= 0x8000 && last - 0x8000 > seq)
    roc++;
  return (guint64)roc << 16 | seq;
}

static source *find(evp *e, guint32 ssrc) {
  for (guint i = 0; i < e->sources->len; i++) {
    source *s = g_ptr_array_index(e->sources, i);
    if (s->ssrc != ssrc) continue;
    e->sources->pdata[i] = e->sources->pdata[0];
    return e->sources->pdata[0] = s;
  }
  return NULL;
}

/* Of an authentic source: where its indices are kept. What is to be sent may forget the source that was not used for longest;
 * what has come may not, for with it would go its replay window. */
static source *keep(evp *e, source *known, guint32 ssrc) {
  if (known) return known;
  if (e->sources->len >= GW_MAX_SRTP_SSRCS)
    g_ptr_array_remove_index(e->sources, e->sources->len - 1);
  source *s = g_new0(source, 1);
  s->ssrc = ssrc;
  g_ptr_array_add(e->sources, s);
  return s;
}

static gboolean refused(const evp *e, const source *known) {
  return !known && !e->outbound && e->sources->len >= GW_MAX_SRTP_SSRCS;
}

/* ---- ciphers */

/* RFC 7714 8.1, 9.1. head is authenticated, then body both; more (of RTCP) only authenticated. Outbound the tag is written
 * behind the body, inbound it is there. */
static gboolean gcm(const evp *e, const half *h, const guint8 *iv, const guint8 *head, gsize n_head,
                    const guint8 *more, gsize n_more, guint8 *body, gsize n) {
  EVP_CIPHER_CTX *c = h->cipher;
  int got;
  if (EVP_CipherInit_ex(c, NULL, NULL, NULL, iv, -1) != 1) return FALSE;
  if (!e->outbound && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_GCM, body + n) != 1)
    return FALSE;
  if (EVP_CipherUpdate(c, NULL, &got, head, (int)n_head) != 1) return FALSE;
  if (n_more && EVP_CipherUpdate(c, NULL, &got, more, (int)n_more) != 1) return FALSE;
  if (n && EVP_CipherUpdate(c, body, &got, body, (int)n) != 1) return FALSE;
  if (EVP_CipherFinal_ex(c, body + n, &got) != 1) return FALSE;
  return !e->outbound || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_GCM, body + n) == 1;
}

static gboolean counter(const half *h, const guint8 *iv, guint8 *body, gsize n) {
  int got;
  return EVP_CipherInit_ex(h->cipher, NULL, NULL, NULL, iv, -1) == 1 &&
         (!n || EVP_CipherUpdate(h->cipher, body, &got, body, (int)n) == 1);
}

static gboolean mac(const half *h, const guint8 *data, gsize n, const guint8 *more, gsize n_more,
                    guint8 *tag) {
  guint8 all[AUTH_KEY];
  gsize got;
  if (EVP_MAC_init(h->mac, NULL, 0, NULL) != 1 || EVP_MAC_update(h->mac, data, n) != 1 ||
      (n_more && EVP_MAC_update(h->mac, more, n_more) != 1) ||
      EVP_MAC_final(h->mac, all, &got, sizeof all) != 1)
    return FALSE;
  memcpy(tag, all, TAG_CM);
  return TRUE;
}

/* ---- RTP */

static void rtp_iv(const evp *e, guint32 ssrc, guint64 index, guint8 iv[16]) {
  memset(iv, 0, 16);
  memcpy(iv, e->rtp.salt, SALT);
  guint at = e->gcm ? 2 : 4; /* RFC 7714 8.1, RFC 3711 4.1.1 */
  xor32(iv + at, ssrc);
  xor32(iv + at + 4, (guint32)(index >> 16));
  iv[at + 8] ^= (guint8)(index >> 8);
  iv[at + 9] ^= (guint8)index;
}

static gboolean rtp_out(const evp *e, guint8 *p, gsize *len, gsize head, guint64 index) {
  guint8 iv[16], roc[4];
  rtp_iv(e, get32(p + 8), index, iv);
  put32(roc, (guint32)(index >> 16));
  if (e->gcm ? !gcm(e, &e->rtp, iv, p, head, NULL, 0, p + head, *len - head)
             : !counter(&e->rtp, iv, p + head, *len - head) ||
                   !mac(&e->rtp, p, *len, roc, sizeof roc, p + *len))
    return FALSE;
  *len += e->gcm ? TAG_GCM : TAG_CM;
  return TRUE;
}

static gboolean rtp_in(const evp *e, guint8 *p, gsize *len, gsize head, guint64 index) {
  guint8 iv[16], roc[4], tag[TAG_CM];
  gsize n = *len - (e->gcm ? TAG_GCM : TAG_CM);
  rtp_iv(e, get32(p + 8), index, iv);
  put32(roc, (guint32)(index >> 16));
  if (e->gcm ? !gcm(e, &e->rtp, iv, p, head, NULL, 0, p + head, n - head)
             : !mac(&e->rtp, p, n, roc, sizeof roc, tag) || CRYPTO_memcmp(tag, p + n, TAG_CM) ||
                   !counter(&e->rtp, iv, p + head, n - head))
    return FALSE;
  *len = n;
  return TRUE;
}

/* Bytes that stay readable: header, CSRCs, extension. 0: they do not fit. */
static gsize head_of(const guint8 *p, gsize n) {
  gsize head = 12 + 4 * (gsize)(p[0] & 0x0f);
  if (p[0] & 0x10) {
    if (head + 4 > n) return 0;
    head += 4 + 4 * ((gsize)p[head + 2] << 8 | p[head + 3]);
  }
  return head <= n ? head : 0;
}

static gw_srtp_result rtp(gpointer session, guint8 *p, gsize *len) {
  static const window fresh;
  evp *e = session;
  gsize tag = e->outbound ? 0 : e->gcm ? TAG_GCM : TAG_CM;
  gsize head = *len >= 12 + tag ? head_of(p, *len - tag) : 0;
  if (!head) return GW_SRTP_BAD;
  guint32 ssrc = get32(p + 8);
  source *s = find(e, ssrc);
  if (refused(e, s)) return GW_SRTP_BAD;
  const window *w = s ? &s->rtp : &fresh;
  guint64 index = guess(w, (guint16)(p[2] << 8 | p[3]));
  gw_srtp_result r = look_up(w, index);
  if (r != GW_SRTP_OK) return r;
  if (e->outbound ? !rtp_out(e, p, len, head, index) : !rtp_in(e, p, len, head, index))
    return GW_SRTP_AUTH;
  note(&keep(e, s, ssrc)->rtp, index);
  return GW_SRTP_OK;
}

/* ---- RTCP */

static void rtcp_iv(const evp *e, guint32 ssrc, guint32 index, guint8 iv[16]) {
  memset(iv, 0, 16);
  memcpy(iv, e->rtcp.salt, SALT);
  xor32(iv + (e->gcm ? 2 : 4), ssrc); /* RFC 7714 9.1, RFC 3711 4.1.1 */
  xor32(iv + (e->gcm ? 8 : 10), index);
}

/* Where the tag is differs: GCM body, tag, index; CM body, index, tag. */
static gboolean rtcp_out(const evp *e, guint8 *p, gsize *len, guint32 index) {
  guint8 iv[16], word[RTCP_INDEX];
  gsize n = *len;
  rtcp_iv(e, get32(p + 4), index, iv);
  put32(word, index | RTCP_ENCRYPTED);
  if (e->gcm) {
    if (!gcm(e, &e->rtcp, iv, p, RTCP_HEAD, word, sizeof word, p + RTCP_HEAD, n - RTCP_HEAD))
      return FALSE;
    memcpy(p + n + TAG_GCM, word, sizeof word);
    *len = n + TAG_GCM + RTCP_INDEX;
    return TRUE;
  }
  if (!counter(&e->rtcp, iv, p + RTCP_HEAD, n - RTCP_HEAD)) return FALSE;
  memcpy(p + n, word, sizeof word);
  *len = n + RTCP_INDEX + TAG_CM;
  return mac(&e->rtcp, p, n + RTCP_INDEX, NULL, 0, p + n + RTCP_INDEX);
}

static gboolean rtcp_in(const evp *e, guint8 *p, gsize n, const guint8 *word) {
  guint8 iv[16], tag[TAG_CM];
  rtcp_iv(e, get32(p + 4), get32(word) & RTCP_LAST, iv);
  if (e->gcm)
    return gcm(e, &e->rtcp, iv, p, RTCP_HEAD, word, RTCP_INDEX, p + RTCP_HEAD, n - RTCP_HEAD);
  return mac(&e->rtcp, p, n + RTCP_INDEX, NULL, 0, tag) &&
         !CRYPTO_memcmp(tag, p + n + RTCP_INDEX, TAG_CM) &&
         counter(&e->rtcp, iv, p + RTCP_HEAD, n - RTCP_HEAD);
}

static gw_srtp_result rtcp_send(evp *e, guint8 *p, gsize *len) {
  guint32 ssrc = get32(p + 4);
  source *s = keep(e, find(e, ssrc), ssrc);
  if (s->rtcp_sent >= RTCP_LAST) return GW_SRTP_BAD; /* the key is worn out */
  return rtcp_out(e, p, len, ++s->rtcp_sent) ? GW_SRTP_OK : GW_SRTP_BAD;
}

static gw_srtp_result rtcp(gpointer session, guint8 *p, gsize *len) {
  static const window fresh;
  evp *e = session;
  if (e->outbound) return rtcp_send(e, p, len);
  gsize over = RTCP_INDEX + (e->gcm ? TAG_GCM : TAG_CM);
  if (*len < RTCP_HEAD + over) return GW_SRTP_BAD;
  gsize n = *len - over;
  const guint8 *word = p + *len - (e->gcm ? RTCP_INDEX : RTCP_INDEX + TAG_CM);
  guint32 ssrc = get32(p + 4), index = get32(word) & RTCP_LAST;
  source *s = find(e, ssrc);
  if (refused(e, s) || !(get32(word) & RTCP_ENCRYPTED)) return GW_SRTP_BAD;
  gw_srtp_result r = look_up(s ? &s->rtcp : &fresh, index);
  if (r != GW_SRTP_OK) return r;
  if (!rtcp_in(e, p, n, word)) return GW_SRTP_AUTH;
  note(&keep(e, s, ssrc)->rtcp, index);
  *len = n;
  return GW_SRTP_OK;
}

const gw_srtp_ops gw_srtp_evp = {make, release, rtp, rtcp};
