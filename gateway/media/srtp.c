/* SRTP by libsrtp2; the only file that knows it. */
#include "gateway/media/srtp.h"

#include "base/limits.h"
#include "gateway/media/rtp.h"

#include <dlfcn.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <string.h>

#define REPLAY_WINDOW 1024
#define KEY_LEN 16
#define SALT_LEN_CM 14
#define SALT_LEN_GCM 12
#define RTP_SSRC_AT 8
#define RTCP_SSRC_AT 4
#define TRAILER_ROOM 32

struct gw_srtp {
  srtp_t session;
  gboolean outbound;
  guint n_ssrcs;
  guint32 ssrcs[GW_MAX_SRTP_SSRCS]; /* inbound: those that have authenticated; the last used one in
                                       front */
};

/* libsrtp2 may be built on NSS, which then opens it "optimised for space": 32 hash buckets for all
 * keys of the process, so that each packet gets dearer with each call. The first initialisation in
 * the process decides, hence an own context without that flag before srtp_init(). The symbol is
 * absent when libsrtp2 stands on something else. */
#define NSS_FLAGS 0x0F /* READONLY | NOCERTDB | NOMODDB | FORCEOPEN */
typedef void *(*nss_init_fn)(const char *, const char *, const char *, const char *, void *,
                             guint32);
typedef int (*nss_exit_fn)(void *);

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static gboolean inited;
static void *nss_context;

void gw_srtp_init(void) {
  pthread_mutex_lock(&init_lock);
  if (!inited) {
    nss_init_fn nss_init = (nss_init_fn)dlsym(RTLD_DEFAULT, "NSS_InitContext");
    if (nss_init) nss_context = nss_init("", "", "", "", NULL, NSS_FLAGS);
    inited = srtp_init() == srtp_err_status_ok;
    g_assert(inited); /* the self-test of the library failed: nothing may be sent */
  }
  pthread_mutex_unlock(&init_lock);
}

void gw_srtp_exit(void) {
  pthread_mutex_lock(&init_lock);
  if (inited) {
    srtp_shutdown();
    nss_exit_fn nss_exit = (nss_exit_fn)dlsym(RTLD_DEFAULT, "NSS_ShutdownContext");
    if (nss_context && nss_exit) nss_exit(nss_context);
    nss_context = NULL;
    inited = FALSE;
  }
  pthread_mutex_unlock(&init_lock);
}

guint gw_srtp_key_len(gw_srtp_suite suite) {
  return KEY_LEN + (suite == GW_SRTP_AEAD_AES_128_GCM ? SALT_LEN_GCM : SALT_LEN_CM);
}

gw_srtp *gw_srtp_new(gw_srtp_suite suite, gboolean outbound, const guint8 *key_and_salt) {
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
  policy.window_size = REPLAY_WINDOW;
  gw_srtp *s = g_new0(gw_srtp, 1);
  s->outbound = outbound;
  srtp_err_status_t err = srtp_create(&s->session, &policy);
  explicit_bzero(key, sizeof key);
  if (err == srtp_err_status_ok) return s;
  g_free(s);
  return NULL;
}

void gw_srtp_free(gw_srtp *s) {
  if (!s) return;
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

static gboolean ssrc_known(gw_srtp *s, guint32 ssrc) {
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
static gw_srtp_result unprotect(gw_srtp *s, guint8 *packet, gsize *len, guint32 ssrc, srtp_fn fn) {
  gboolean known = ssrc_known(s, ssrc);
  if (!known && s->n_ssrcs == GW_MAX_SRTP_SSRCS) return GW_SRTP_BAD;
  int n = (int)*len;
  srtp_err_status_t err = fn(s->session, packet, &n);
  if (err != srtp_err_status_ok) return result_of(err);
  if (!known) s->ssrcs[s->n_ssrcs++] = ssrc;
  *len = (gsize)n;
  return GW_SRTP_OK;
}

static gw_srtp_result protect(gw_srtp *s, guint8 *packet, gsize *len, gsize cap, srtp_fn fn) {
  if (cap < TRAILER_ROOM || *len > cap - TRAILER_ROOM) return GW_SRTP_BAD;
  int n = (int)*len;
  srtp_err_status_t err = fn(s->session, packet, &n);
  if (err != srtp_err_status_ok) return result_of(err);
  *len = (gsize)n;
  return GW_SRTP_OK;
}

gw_srtp_result gw_srtp_protect_rtp(gw_srtp *s, guint8 *packet, gsize *len, gsize cap) {
  gw_rtp rtp;
  if (!s->outbound || !gw_rtp_parse(packet, *len, 0, &rtp)) return GW_SRTP_BAD;
  return protect(s, packet, len, cap, srtp_protect);
}

gw_srtp_result gw_srtp_unprotect_rtp(gw_srtp *s, guint8 *packet, gsize *len) {
  if (s->outbound || *len < 12 || *len > GW_MAX_DATAGRAM || packet[0] >> 6 != 2) return GW_SRTP_BAD;
  return unprotect(s, packet, len, ssrc_at(packet + RTP_SSRC_AT), srtp_unprotect);
}

gw_srtp_result gw_srtp_protect_rtcp(gw_srtp *s, guint8 *packet, gsize *len, gsize cap) {
  if (!s->outbound || *len < 8 || !gw_rtp_is_rtcp(packet, *len)) return GW_SRTP_BAD;
  return protect(s, packet, len, cap, srtp_protect_rtcp);
}

gw_srtp_result gw_srtp_unprotect_rtcp(gw_srtp *s, guint8 *packet, gsize *len) {
  if (s->outbound || *len < 8 || *len > GW_MAX_DATAGRAM || !gw_rtp_is_rtcp(packet, *len))
    return GW_SRTP_BAD;
  return unprotect(s, packet, len, ssrc_at(packet + RTCP_SSRC_AT), srtp_unprotect_rtcp);
}
