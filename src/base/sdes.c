#include "base/sdes.h"
#include <string.h>

#define KEY_TEXT 40 /* base64 of 30 bytes, without padding */

static void add(gw_desc_media *m, guint tag, const char *key) {
  gw_crypto c = {.tag = tag, .suite = GW_SDES_SUITE, .key = g_strdup(key)};
  g_array_append_val(m->cryptos, c);
}

void gw_sdes_offer(gw_desc_media *m, gw_sdes_policy policy, const guint8 key[GW_SDES_KEY_LEN]) {
  if (policy == GW_SDES_OFF) return;
  g_autofree char *text = g_base64_encode(key, GW_SDES_KEY_LEN);
  add(m, 1, text);
  explicit_bzero(text, strlen(text));
  if (policy == GW_SDES_REQUIRED) m->proto = GW_PROTO_RTP_SAVP;
}

void gw_sdes_strip(gw_desc_media *m) {
  g_array_set_size(m->cryptos, 0);
  if (m->proto == GW_PROTO_RTP_SAVP) m->proto = GW_PROTO_RTP_AVP;
}

gboolean gw_sdes_key(const gw_crypto *c, guint8 ret[GW_SDES_KEY_LEN]) {
  gsize n = 0;
  if (strcmp(c->suite, GW_SDES_SUITE) != 0 || !c->key || strlen(c->key) != KEY_TEXT) return FALSE;
  guchar *raw = g_base64_decode(c->key, &n);
  gboolean ok = n == GW_SDES_KEY_LEN;
  if (ok) memcpy(ret, raw, n);
  explicit_bzero(raw, n);
  g_free(raw);
  return ok;
}

static gboolean is_ours(const gw_crypto *c, const gw_desc_media *ours) {
  for (guint i = 0; i < ours->cryptos->len; i++)
    if (!g_strcmp0(g_array_index(ours->cryptos, gw_crypto, i).key, c->key)) return TRUE;
  return FALSE;
}

const gw_crypto *gw_sdes_choose(const gw_desc_media *theirs, const gw_desc_media *ours) {
  guint8 key[GW_SDES_KEY_LEN];
  const gw_crypto *found = NULL;
  for (guint i = 0; i < theirs->cryptos->len && !found; i++) {
    const gw_crypto *c = &g_array_index(theirs->cryptos, gw_crypto, i);
    if (gw_sdes_key(c, key) && !is_ours(c, ours)) found = c;
  }
  explicit_bzero(key, sizeof key);
  return found;
}

const gw_crypto *gw_sdes_by_tag(const gw_desc_media *m, guint tag) {
  for (guint i = 0; i < m->cryptos->len; i++) {
    const gw_crypto *c = &g_array_index(m->cryptos, gw_crypto, i);
    if (c->tag == tag) return c;
  }
  return NULL;
}

gboolean gw_sdes_answer(gw_desc_media *answer, const gw_desc_media *offer,
                        const gw_desc_media *ours) {
  gboolean demanded = offer->proto == GW_PROTO_RTP_SAVP || ours->proto == GW_PROTO_RTP_SAVP;
  const gw_crypto *theirs = ours->cryptos->len ? gw_sdes_choose(offer, ours) : NULL;
  if (!theirs) return !demanded;
  add(answer, theirs->tag, g_array_index(ours->cryptos, gw_crypto, 0).key);
  return TRUE;
}
