#include "base/sdes.h"
#include <string.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" /* bytes 0..29 */
#define KEY_B "HRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"

static void add_crypto(gw_desc_media *m, guint tag, const char *suite, const char *key) {
  gw_crypto c = {.tag = tag, .key = g_strdup(key)};
  g_strlcpy(c.suite, suite, sizeof c.suite);
  g_array_append_val(m->cryptos, c);
}

static void test_key(void) {
  static const struct {
    const char *suite, *key;
    gboolean good;
  } rows[] = {
      {GW_SDES_SUITE, KEY_A, TRUE},
      {GW_SDES_SUITE, "QUJD", FALSE}, /* short */
      {GW_SDES_SUITE, "", FALSE},
      {GW_SDES_SUITE, NULL, FALSE},
      {GW_SDES_SUITE, KEY_A "AA==", FALSE},                               /* long */
      {GW_SDES_SUITE, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx==", FALSE}, /* 28 bytes */
      {GW_SDES_SUITE, "!!ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd", FALSE},
      {"AES_CM_128_HMAC_SHA1_32", KEY_A, FALSE},
      {"F8_128_HMAC_SHA1_80", KEY_A, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_crypto c = {.tag = 1, .key = (char *)rows[i].key};
    guint8 key[GW_SDES_KEY_LEN] = {0xff};
    g_strlcpy(c.suite, rows[i].suite, sizeof c.suite);
    g_test_message("row %u", i);
    g_assert_cmpint(gw_sdes_key(&c, key), ==, rows[i].good);
    if (!rows[i].good) continue;
    for (guint b = 0; b < sizeof key; b++)
      g_assert_cmpuint(key[b], ==, b);
  }
}

/* What the other side offers, what we want, and what comes of it. */
static void test_answer(void) {
  static const struct {
    gw_proto proto;
    const char *suite, *key; /* NULL: no crypto line */
    gw_sdes_policy ours;
    gboolean good, encrypted;
  } rows[] = {
      {GW_PROTO_RTP_AVP, NULL, NULL, GW_SDES_OFF, TRUE, FALSE},
      {GW_PROTO_RTP_AVP, GW_SDES_SUITE, KEY_B, GW_SDES_OFF, TRUE, FALSE},
      {GW_PROTO_RTP_SAVP, GW_SDES_SUITE, KEY_B, GW_SDES_OFF, FALSE, FALSE},
      {GW_PROTO_RTP_SAVP, NULL, NULL, GW_SDES_OFF, FALSE, FALSE},
      {GW_PROTO_RTP_AVP, NULL, NULL, GW_SDES_OPTIONAL, TRUE, FALSE},
      {GW_PROTO_RTP_AVP, GW_SDES_SUITE, KEY_B, GW_SDES_OPTIONAL, TRUE, TRUE},
      {GW_PROTO_RTP_SAVP, GW_SDES_SUITE, KEY_B, GW_SDES_OPTIONAL, TRUE, TRUE},
      {GW_PROTO_RTP_SAVP, NULL, NULL, GW_SDES_OPTIONAL, FALSE, FALSE},
      {GW_PROTO_RTP_SAVP, GW_SDES_SUITE, "QUJD", GW_SDES_OPTIONAL, FALSE, FALSE},
      {GW_PROTO_RTP_SAVP, GW_SDES_SUITE, KEY_A, GW_SDES_OPTIONAL, FALSE, FALSE}, /* our own */
      {GW_PROTO_RTP_SAVP, "AES_CM_128_HMAC_SHA1_32", KEY_B, GW_SDES_OPTIONAL, FALSE, FALSE},
      {GW_PROTO_RTP_AVP, GW_SDES_SUITE, "QUJD", GW_SDES_OPTIONAL, TRUE, FALSE},
      {GW_PROTO_RTP_AVP, NULL, NULL, GW_SDES_REQUIRED, FALSE, FALSE},
      {GW_PROTO_RTP_AVP, GW_SDES_SUITE, "QUJD", GW_SDES_REQUIRED, FALSE, FALSE},
      {GW_PROTO_RTP_AVP, GW_SDES_SUITE, KEY_B, GW_SDES_REQUIRED, TRUE, TRUE},
      {GW_PROTO_RTP_SAVP, GW_SDES_SUITE, KEY_B, GW_SDES_REQUIRED, TRUE, TRUE},
      {GW_PROTO_DTLS_SAVPF, GW_SDES_SUITE, KEY_B, GW_SDES_OPTIONAL, FALSE, FALSE},
      {GW_PROTO_OTHER, NULL, NULL, GW_SDES_OFF, FALSE, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desc) offer = gw_desc_new(), caps = gw_desc_new(), answer = NULL;
    gw_desc_media *theirs = gw_desc_add(offer, GW_KIND_AUDIO, NULL),
                  *ours = gw_desc_add(caps, GW_KIND_AUDIO, NULL);
    guint8 own[GW_SDES_KEY_LEN];
    gw_cause why = GW_CAUSE_NONE;
    for (guint b = 0; b < sizeof own; b++)
      own[b] = (guint8)b;
    gw_desc_media_add_codec(theirs, 0, "PCMU", 8000, 1, NULL);
    gw_desc_media_add_codec(ours, 0, "PCMU", 8000, 1, NULL);
    theirs->proto = rows[i].proto;
    if (rows[i].key) add_crypto(theirs, 7, rows[i].suite, rows[i].key);
    gw_sdes_offer(ours, rows[i].ours, own);
    g_test_message("row %u", i);
    g_assert_cmpint(gw_desc_answer(offer, caps, TRUE, &answer, &why), ==, rows[i].good);
    if (!rows[i].good) {
      g_assert_cmpint(why, ==, GW_CAUSE_NO_CODEC);
      continue;
    }
    const gw_desc_media *m = gw_desc_audio(answer);
    g_assert_cmpint(m->proto, ==, rows[i].proto);
    g_assert_cmpuint(m->cryptos->len, ==, rows[i].encrypted ? 1 : 0);
    if (!rows[i].encrypted) continue;
    const gw_crypto *c = gw_sdes_by_tag(m, 7);
    g_assert_nonnull(c);
    g_assert_cmpstr(c->key, ==, KEY_A);
    g_assert_cmpstr(c->suite, ==, GW_SDES_SUITE);
  }
}

/* Several lines: the first one that we can do, by its own tag. */
static void test_choice(void) {
  g_autoptr(gw_desc) offer = gw_desc_new(), caps = gw_desc_new();
  gw_desc_media *theirs = gw_desc_add(offer, GW_KIND_AUDIO, NULL),
                *ours = gw_desc_add(caps, GW_KIND_AUDIO, NULL);
  add_crypto(theirs, 1, "AEAD_AES_256_GCM", KEY_B);
  add_crypto(theirs, 2, GW_SDES_SUITE, "QUJD");
  add_crypto(theirs, 3, GW_SDES_SUITE, KEY_B);
  add_crypto(theirs, 4, GW_SDES_SUITE, KEY_A);
  g_assert_cmpuint(gw_sdes_choose(theirs, ours)->tag, ==, 3);
  g_assert_null(gw_sdes_by_tag(theirs, 9));
}

static void test_strip(void) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  guint8 key[GW_SDES_KEY_LEN] = {0};
  gw_sdes_offer(m, GW_SDES_REQUIRED, key);
  g_assert_cmpint(m->proto, ==, GW_PROTO_RTP_SAVP);
  g_assert_cmpuint(m->cryptos->len, ==, 1);
  gw_sdes_strip(m);
  g_assert_cmpint(m->proto, ==, GW_PROTO_RTP_AVP);
  g_assert_cmpuint(m->cryptos->len, ==, 0);
  gw_sdes_offer(m, GW_SDES_OFF, key);
  g_assert_cmpuint(m->cryptos->len, ==, 0);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sdes/key", test_key);
  g_test_add_func("/sdes/answer", test_answer);
  g_test_add_func("/sdes/choice", test_choice);
  g_test_add_func("/sdes/strip", test_strip);
  return g_test_run();
}
