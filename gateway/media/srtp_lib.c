/* SRTP by libsrtp2; the only file that knows it. */
#include "gateway/media/srtp_impl.h"

#include "base/limits.h"

#include <dlfcn.h>
#include <srtp2/srtp.h>
#include <string.h>

#define RTP_SSRC_AT 8
#define RTCP_SSRC_AT 4

typedef struct {
  srtp_t session;
  gboolean outbound;
  guint n_ssrcs;
  guint32 ssrcs[GW_MAX_SRTP_SSRCS]; /* inbound: those that have authenticated; the last used one in
                                       front */
} lib;

/* libsrtp2 may be built on NSS, which then opens it "optimised for space": 32 hash buckets for all
 * keys of the process, so that each packet gets dearer with each call. The first initialisation in
 * the process decides, hence an own context without that flag before srtp_init(). The symbol is
 * absent when libsrtp2 stands on something else. */
#define NSS_FLAGS 0x0F /* READONLY | NOCERTDB | NOMODDB | FORCEOPEN */
typedef void *(*nss_init_fn)(const char *, const char *, const char *, const char *, void *,
                             guint32);
typedef int (*nss_exit_fn)(void *);

static void *nss_context;

void gw_srtp_lib_init(void) {
  nss_init_fn nss_init = (nss_init_fn)dlsym(RTLD_DEFAULT, "NSS_InitContext");
  if (nss_init) nss_context = nss_init("", "", "", "", NULL, NSS_FLAGS);
  gboolean ok = srtp_init() == srtp_err_status_ok;
  g_assert(ok); /* the self-test of the library failed: nothing may be sent */
}

void gw_srtp_lib_exit(void) {
  srtp_shutdown();
  nss_exit_fn nss_exit = (nss_exit_fn)dlsym(RTLD_DEFAULT, "NSS_ShutdownContext");
  if (nss_context && nss_exit) nss_exit(nss_context);
  nss_context = NULL;
}

static gpointer make(gw_srtp_suite suite, gboolean outbound, const guint8 *key_and_salt) {
  guint8 key[SRTP_MAX_KEY_LEN] = {0};
  srtp_policy_t policy = {0};
  if (suite == GW_SRTP_AEAD_AES_128_GCM) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
  }
  memcpy(key, key_and_salt, gw_srtp_key_len(suite));
  policy.ssrc.type = outbound ? ssrc_any_outbound : ssrc_any_inbound;
  policy.key = key;
  policy.window_size = GW_SRTP_WINDOW;
  lib *s = g_new0(lib, 1);
  s->outbound = outbound;
  srtp_err_status_t err = srtp_create(&s->session, &policy);
  explicit_bzero(key, sizeof key);
  if (err == srtp_err_status_ok) return s;
  g_free(s);
  return NULL;
}

static void release(gpointer session) {
  lib *s = session;
  srtp_dealloc(s->session);
  g_free(s);
}

static gw_srtp_result result_of(srtp_err_status_t err) {
  switch (err) {
  case srtp_err_status_ok:
    return GW_SRTP_OK;
  case srtp_err_status_replay_fail:
  case srtp_err_status_replay_old:
    return GW_SRTP_REPLAY;
  case srtp_err_status_auth_fail:
  case srtp_err_status_cipher_fail: /* how a GCM tag that does not match is told */
    return GW_SRTP_AUTH;
  default:
    return GW_SRTP_BAD;
  }
}

static guint32 ssrc_at(const guint8 *p) {
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

static gboolean ssrc_known(lib *s, guint32 ssrc) {
  for (guint i = 0; i < s->n_ssrcs; i++) {
    if (s->ssrcs[i] != ssrc) continue;
    s->ssrcs[i] = s->ssrcs[0];
    s->ssrcs[0] = ssrc;
    return TRUE;
  }
  return FALSE;
}

typedef srtp_err_status_t (*srtp_fn)(srtp_t, void *, int *);

/* The library keeps a stream for each SSRC that has authenticated, for ever: an authentic peer that
 * changes its SSRC with each packet would fill the memory. To forget old ones would forget their
 * replay windows, so new ones are refused. */
static gw_srtp_result unprotect(lib *s, guint8 *packet, gsize *len, guint32 ssrc, srtp_fn fn) {
  gboolean known = ssrc_known(s, ssrc);
  if (!known && s->n_ssrcs == GW_MAX_SRTP_SSRCS) return GW_SRTP_BAD;
  int n = (int)*len;
  srtp_err_status_t err = fn(s->session, packet, &n);
  if (err != srtp_err_status_ok) return result_of(err);
  if (!known) s->ssrcs[s->n_ssrcs++] = ssrc;
  *len = (gsize)n;
  return GW_SRTP_OK;
}

static gw_srtp_result protect(lib *s, guint8 *packet, gsize *len, srtp_fn fn) {
  int n = (int)*len;
  srtp_err_status_t err = fn(s->session, packet, &n);
  if (err != srtp_err_status_ok) return result_of(err);
  *len = (gsize)n;
  return GW_SRTP_OK;
}

static gw_srtp_result rtp(gpointer session, guint8 *packet, gsize *len) {
  lib *s = session;
  return s->outbound ? protect(s, packet, len, srtp_protect)
                     : unprotect(s, packet, len, ssrc_at(packet + RTP_SSRC_AT), srtp_unprotect);
}

static gw_srtp_result rtcp(gpointer session, guint8 *packet, gsize *len) {
  lib *s = session;
  return s->outbound
             ? protect(s, packet, len, srtp_protect_rtcp)
             : unprotect(s, packet, len, ssrc_at(packet + RTCP_SSRC_AT), srtp_unprotect_rtcp);
}

const gw_srtp_ops gw_srtp_lib = {make, release, rtp, rtcp};
