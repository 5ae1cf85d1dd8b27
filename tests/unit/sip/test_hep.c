/* HEP 3 packets byte by byte, and what is masked of a message. */
#include <string.h>
#include "base/limits.h"
#include "sip/hep.h"

#define INVITE                                                                                     \
  "INVITE sip:8000@192.0.2.1 SIP/2.0\r\n"                                                          \
  "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKx\r\n"                                            \
  "Call-ID: abc@192.0.2.7\r\n"                                                                     \
  "CSeq: 2 INVITE\r\n"

static void expect_chunk(const guint8 **at, guint type, const void *data, guint n) {
  const guint8 *p = *at;
  g_assert_cmpuint((guint)p[0] << 8 | p[1], ==, 0); /* vendor: generic */
  g_assert_cmpuint((guint)p[2] << 8 | p[3], ==, type);
  g_assert_cmpuint((guint)p[4] << 8 | p[5], ==, n + 6);
  g_assert_cmpmem(p + 6, n, data, n);
  *at = p + 6 + n;
}

static void test_packet(void) {
  gw_hep h = {.protocol = 17,
              .from_ip = {192, 0, 2, 7},
              .to_ip = {192, 0, 2, 1},
              .from_port = 5062,
              .to_port = 5060,
              .wall_us = G_GINT64_CONSTANT(1790000000123456),
              .capture_id = 2001,
              .password = "pw",
              .message = INVITE "\r\n"};
  g_autoptr(GByteArray) a = gw_hep_packet(&h);
  const guint8 *p = a->data;
  g_assert_cmpmem(p, 4, "HEP3", 4);
  g_assert_cmpuint((guint)p[4] << 8 | p[5], ==, a->len);
  p += 6;
  expect_chunk(&p, 1, "\x02", 1);
  expect_chunk(&p, 2, "\x11", 1);
  expect_chunk(&p, 3, "\xc0\x00\x02\x07", 4);
  expect_chunk(&p, 4, "\xc0\x00\x02\x01", 4);
  expect_chunk(&p, 7, "\x13\xc6", 2);
  expect_chunk(&p, 8, "\x13\xc4", 2);
  expect_chunk(&p, 9, "\x6a\xb1\x3b\x80", 4);
  expect_chunk(&p, 10, "\x00\x01\xe2\x40", 4);
  expect_chunk(&p, 11, "\x01", 1);
  expect_chunk(&p, 12, "\x00\x00\x07\xd1", 4);
  expect_chunk(&p, 14, "pw", 2);
  expect_chunk(&p, 17, "abc@192.0.2.7", 13);
  expect_chunk(&p, 15, h.message, (guint)strlen(h.message));
  g_assert_true(p == a->data + a->len);
}

static void test_packet_v6(void) {
  gw_hep h = {.v6 = TRUE, .protocol = 6, .from_ip = {0x20, 1}, .to_ip = {[15] = 1}, .message = "x"};
  g_autoptr(GByteArray) a = gw_hep_packet(&h);
  const guint8 *p = a->data + 6;
  expect_chunk(&p, 1, "\x0a", 1);
  expect_chunk(&p, 2, "\x06", 1);
  expect_chunk(&p, 5, h.from_ip, 16);
  expect_chunk(&p, 6, h.to_ip, 16);
}

/* The length has 16 bits, and a datagram no more. */
static void test_bounds(void) {
  g_autofree char *many = g_strnfill(200000, 'x');
  g_autofree char *message = g_strdup_printf("Call-ID: %s\r\n\r\n%s", many, many);
  g_autoptr(GByteArray) a = gw_hep_packet(&(gw_hep){.message = message, .password = many});
  g_assert_cmpuint(a->len, <, 65000);
  g_assert_cmpuint((guint)a->data[4] << 8 | a->data[5], ==, a->len);
}

static void test_call_id(void) {
  static const char *const rows[][2] = {
      {INVITE "\r\n", "abc@192.0.2.7"},
      {"OPTIONS x SIP/2.0\r\ni: short\r\n\r\n", "short"},
      {"OPTIONS x SIP/2.0\r\ncall-id  :  blanks\r\n\r\n", "blanks"},
      {"OPTIONS x SIP/2.0\r\n\r\nCall-ID: body\r\n", ""},
      {"", ""},
      {"Call-ID", ""},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *id = gw_hep_call_id(rows[i][0]);
    g_assert_cmpstr(id, ==, rows[i][1]);
  }
}

static void test_mask(void) {
  static const char *const rows[][2] = {
      {INVITE "\r\n", INVITE "\r\n"}, /* nothing to hide: byte by byte the same */
      {"", ""},
      {"INVITE x\r\nAuthorization: Digest username=\"100\", response=\"ab\"\r\nCSeq: 1 "
       "INVITE\r\n\r\n",
       "INVITE x\r\nAuthorization: ***\r\nCSeq: 1 INVITE\r\n\r\n"},
      {"R x\r\nproxy-authorization :Digest\r\n response=\"ab\"\r\n\tcnonce=\"c\"\r\nVia: x\r\n\r\n",
       "R x\r\nproxy-authorization: ***\r\n ***\r\n ***\r\nVia: x\r\n\r\n"},
      {"401 x\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\n",
       "401 x\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\n"}, /* not a secret, and needed to understand */
      {"I x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
       "inline:c2VjcmV0|2^20|1:4;inline:c2Vj WSH=64\r\na=sendrecv\r\n",
       "I x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
       "inline:***;inline:*** WSH=64\r\na=sendrecv\r\n"},
      {"I x\r\n\r\nA=CRYPTO:1 X inline:c2Vj\n", "I x\r\n\r\nA=CRYPTO:1 X inline:***\n"},
      {"INFO x\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\nDuration=160\r\n",
       "INFO x\r\nContent-Type: application/dtmf-relay\r\n\r\n***\r\n***\r\n"},
      {"INFO x\r\nc: application/dtmf\r\n\r\n5", "INFO x\r\nc: application/dtmf\r\n\r\n***"},
      {"I x\r\n\r\nAuthorization: is a word of the body\r\n",
       "I x\r\n\r\nAuthorization: is a word of the body\r\n"},
      {"Authorization", "Authorization"}, /* no header: no colon */
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = gw_hep_mask(rows[i][0]);
    g_assert_cmpstr(got, ==, rows[i][1]);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/hep/packet", test_packet);
  g_test_add_func("/hep/packet-v6", test_packet_v6);
  g_test_add_func("/hep/bounds", test_bounds);
  g_test_add_func("/hep/call-id", test_call_id);
  g_test_add_func("/hep/mask", test_mask);
  return g_test_run();
}
