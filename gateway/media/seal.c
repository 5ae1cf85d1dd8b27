#include "gateway/media/seal.h"
#include <string.h>

#define SUITE GW_SRTP_AES_CM_128_HMAC_SHA1_80

void gw_seal_init(gw_seal *s, gw_ids *ids) {
  gw_srtp_init();
  memset(s, 0, sizeof *s);
  gw_ids_bytes(ids, s->own, sizeof s->own);
}

void gw_seal_clear(gw_seal *s) {
  gw_srtp_free(s->in);
  gw_srtp_free(s->out);
  explicit_bzero(s, sizeof *s);
}

void gw_seal_take(gw_seal *s, gw_seal *from) {
  gw_seal_clear(s);
  *s = *from;
  explicit_bzero(from, sizeof *from);
}

gboolean gw_seal_on(const gw_seal *s) {
  return s->in != NULL;
}

static gboolean keys_of(const gw_desc_media *theirs, const gw_crypto *agreed, guint8 *own,
                        guint8 *their) {
  const gw_crypto *c = gw_sdes_by_tag(theirs, agreed->tag);
  return c && gw_sdes_key(c, their) && gw_sdes_key(agreed, own) &&
         memcmp(own, their, GW_SDES_KEY_LEN) != 0;
}

/* One direction; a key that has not changed keeps its session with rollover counter and replay window. */
static gboolean renew(gw_srtp **session, gboolean outbound, guint8 *current, const guint8 *key) {
  if (*session && memcmp(current, key, GW_SDES_KEY_LEN) == 0) return TRUE;
  gw_srtp *fresh = gw_srtp_new(SUITE, outbound, key);
  if (!fresh) return FALSE;
  gw_srtp_free(*session);
  *session = fresh;
  memcpy(current, key, GW_SDES_KEY_LEN);
  return TRUE;
}

gboolean gw_seal_agree(gw_seal *s, const gw_desc_media *theirs, const gw_desc_media *ours) {
  guint8 own[GW_SDES_KEY_LEN], their[GW_SDES_KEY_LEN];
  if (!ours->cryptos->len) return !gw_seal_on(s);
  gboolean ok = keys_of(theirs, &g_array_index(ours->cryptos, gw_crypto, 0), own, their) &&
                renew(&s->out, TRUE, s->own, own) && renew(&s->in, FALSE, s->theirs, their);
  explicit_bzero(own, sizeof own);
  explicit_bzero(their, sizeof their);
  return ok;
}

gboolean gw_seal_open(gw_seal *s, guint8 *packet, gsize *len, gboolean rtcp) {
  if (!s->in) return TRUE;
  gw_srtp_result r =
      rtcp ? gw_srtp_unprotect_rtcp(s->in, packet, len) : gw_srtp_unprotect_rtp(s->in, packet, len);
  return r == GW_SRTP_OK;
}

gboolean gw_seal_close(gw_seal *s, guint8 *packet, gsize *len, gsize cap, gboolean rtcp) {
  if (!s->out) return TRUE;
  gw_srtp_result r = rtcp ? gw_srtp_protect_rtcp(s->out, packet, len, cap)
                          : gw_srtp_protect_rtp(s->out, packet, len, cap);
  return r == GW_SRTP_OK;
}
