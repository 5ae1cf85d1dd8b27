#include "gateway/media/srtp.h"

#include "base/limits.h"
#include "gateway/media/rtp.h"
#include "gateway/media/srtp_impl.h"

#include <pthread.h>
#include <string.h>

#define KEY_LEN 16
#define SALT_LEN_CM 14
#define SALT_LEN_GCM 12

struct gw_srtp {
  const gw_srtp_ops *ops;
  gpointer session;
  gboolean outbound;
};

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static gboolean inited;
static const gw_srtp_ops *chosen = &gw_srtp_evp;

void gw_srtp_init(void) {
  pthread_mutex_lock(&init_lock);
  if (!inited) gw_srtp_lib_init();
  inited = TRUE;
  pthread_mutex_unlock(&init_lock);
}

void gw_srtp_exit(void) {
  pthread_mutex_lock(&init_lock);
  if (inited) gw_srtp_lib_exit();
  inited = FALSE;
  pthread_mutex_unlock(&init_lock);
}

gboolean gw_srtp_use(const char *backend) {
  if (!backend || g_str_equal(backend, "auto") || g_str_equal(backend, "openssl"))
    chosen = &gw_srtp_evp;
  else if (g_str_equal(backend, "libsrtp2"))
    chosen = &gw_srtp_lib;
  else
    return FALSE;
  return TRUE;
}

guint gw_srtp_key_len(gw_srtp_suite suite) {
  return KEY_LEN + (suite == GW_SRTP_AEAD_AES_128_GCM ? SALT_LEN_GCM : SALT_LEN_CM);
}

gw_srtp *gw_srtp_new(gw_srtp_suite suite, gboolean outbound, const guint8 *key_and_salt) {
  gpointer session = chosen->make(suite, outbound, key_and_salt);
  if (!session) return NULL;
  gw_srtp *s = g_new0(gw_srtp, 1);
  *s = (gw_srtp){chosen, session, outbound};
  return s;
}

void gw_srtp_free(gw_srtp *s) {
  if (!s) return;
  s->ops->free(s->session);
  g_free(s);
}

gw_srtp_result gw_srtp_protect_rtp(gw_srtp *s, guint8 *packet, gsize *len, gsize cap) {
  gw_rtp rtp;
  if (!s->outbound || cap < GW_SRTP_TRAILER || *len > cap - GW_SRTP_TRAILER ||
      !gw_rtp_parse(packet, *len, 0, &rtp))
    return GW_SRTP_BAD;
  return s->ops->rtp(s->session, packet, len);
}

gw_srtp_result gw_srtp_unprotect_rtp(gw_srtp *s, guint8 *packet, gsize *len) {
  if (s->outbound || *len < 12 || *len > GW_MAX_DATAGRAM || packet[0] >> 6 != 2) return GW_SRTP_BAD;
  return s->ops->rtp(s->session, packet, len);
}

gw_srtp_result gw_srtp_protect_rtcp(gw_srtp *s, guint8 *packet, gsize *len, gsize cap) {
  if (!s->outbound || *len < 8 || cap < GW_SRTP_TRAILER || *len > cap - GW_SRTP_TRAILER ||
      !gw_rtp_is_rtcp(packet, *len))
    return GW_SRTP_BAD;
  return s->ops->rtcp(s->session, packet, len);
}

gw_srtp_result gw_srtp_unprotect_rtcp(gw_srtp *s, guint8 *packet, gsize *len) {
  if (s->outbound || *len < 8 || *len > GW_MAX_DATAGRAM || !gw_rtp_is_rtcp(packet, *len))
    return GW_SRTP_BAD;
  return s->ops->rtcp(s->session, packet, len);
}
