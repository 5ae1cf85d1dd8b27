/* RTP and RTCP on the wire, and the statistics. */
#include "gateway/media/rtp.h"

#include <string.h>

#define LEVEL_ID 3

typedef struct {
  const char *what, *hex;
  gboolean good;
  gsize header, payload;
  gint level;
} wire;

#define FIXED "6f1234deadbeefcafebabe" /* pt 111, seq 0x1234, ts, ssrc */

static const wire wires[] = {
    {"plain", "80" FIXED "0102", TRUE, 12, 2, -1},
    {"empty", "80" FIXED, TRUE, 12, 0, -1},
    {"short",
     "80"
     "6f1234deadbeefcafeba",
     FALSE, 0, 0, 0},
    {"version 1", "40" FIXED "0102", FALSE, 0, 0, 0},
    {"two csrcs",
     "82" FIXED "0000000100000002"
     "aa",
     TRUE, 20, 1, -1},
    {"csrcs missing", "82" FIXED "00000001", FALSE, 0, 0, 0},
    {"padding 3",
     "a0" FIXED "0102"
     "000003",
     TRUE, 12, 2, -1},
    {"padding is all", "a0" FIXED "0002", TRUE, 12, 0, -1},
    {"padding 0", "a0" FIXED "010200", FALSE, 0, 0, 0},
    {"padding too long", "a0" FIXED "010209", FALSE, 0, 0, 0},
    {"padding without payload", "a0" FIXED, FALSE, 0, 0, 0},
    {"one byte level",
     "90" FIXED "bede0001"
     "30ff0000"
     "01",
     TRUE, 20, 1, 127},
    {"one byte level behind others",
     "90" FIXED "bede0002"
     "12010203"
     "00309100"
     "01",
     TRUE, 24, 1, 17},
    {"one byte other id",
     "90" FIXED "bede0001"
     "40850000"
     "01",
     TRUE, 20, 1, -1},
    {"one byte stop",
     "90" FIXED "bede0001"
     "f0003085"
     "01",
     TRUE, 20, 1, -1},
    {"one byte overruns",
     "90" FIXED "bede0001"
     "3f003085"
     "01",
     TRUE, 20, 1, -1},
    {"two byte level",
     "90" FIXED "10000001"
     "03010500"
     "01",
     TRUE, 20, 1, 5},
    {"two byte empty",
     "90" FIXED "10000001"
     "03000000"
     "01",
     TRUE, 20, 1, -1},
    {"two byte cut",
     "90" FIXED "10000001"
     "00000003"
     "01",
     TRUE, 20, 1, -1},
    {"unknown profile",
     "90" FIXED "abcd0001"
     "30850000"
     "01",
     TRUE, 20, 1, -1},
    {"extension of nothing",
     "90" FIXED "bede0000"
     "01",
     TRUE, 16, 1, -1},
    {"extension too long",
     "90" FIXED "bede0002"
     "30850000"
     "01",
     FALSE, 0, 0, 0},
    {"extension head cut", "90" FIXED "bede", FALSE, 0, 0, 0},
};

static gsize from_hex(const char *hex, guint8 *out) {
  gsize n = strlen(hex) / 2;
  for (gsize i = 0; i < n; i++)
    out[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
  return n;
}

static void test_parse(void) {
  for (guint i = 0; i < G_N_ELEMENTS(wires); i++) {
    const wire *w = &wires[i];
    guint8 bytes[64];
    gsize n = from_hex(w->hex, bytes);
    g_autofree guint8 *data =
        g_memdup2(bytes, n); /* exact length: the sanitizer sees a byte too far */
    gw_rtp rtp = {.pt = 99};
    g_test_message("%s", w->what);
    g_assert_cmpint(gw_rtp_parse(data, n, LEVEL_ID, &rtp), ==, w->good);
    if (!w->good) {
      g_assert_cmpuint(rtp.pt, ==, 99); /* untouched */
      continue;
    }
    g_assert_cmpuint(rtp.pt, ==, 111);
    g_assert_cmpuint(rtp.seq, ==, 0x1234);
    g_assert_cmpuint(rtp.ts, ==, 0xdeadbeef);
    g_assert_cmpuint(rtp.ssrc, ==, 0xcafebabe);
    g_assert_cmpuint(rtp.header_len, ==, w->header);
    g_assert_cmpuint(rtp.payload_len, ==, w->payload);
    g_assert_true(rtp.payload == data + w->header);
    g_assert_cmpint(rtp.level, ==, w->level);
    g_assert_true(gw_rtp_parse(data, n, 0, &rtp));
    g_assert_cmpint(rtp.level, ==, -1);
  }
}

static void test_write(void) {
  guint8 out[12];
  gw_rtp rtp;
  g_assert_cmpuint(gw_rtp_write_header(out, 96, TRUE, 0xfffe, 0x80000001, 0x12345678), ==, 12);
  g_assert_true(gw_rtp_parse(out, 12, 0, &rtp));
  g_assert_true(rtp.marker);
  g_assert_cmpuint(rtp.pt, ==, 96);
  g_assert_cmpuint(rtp.seq, ==, 0xfffe);
  g_assert_cmpuint(rtp.ts, ==, 0x80000001);
  g_assert_cmpuint(rtp.ssrc, ==, 0x12345678);
}

static void test_is_rtcp(void) {
  static const struct {
    guint8 b0, b1;
    gboolean rtcp;
  } cases[] = {{0x80, 200, TRUE},  {0x81, 201, TRUE},  {0x80, 192, TRUE}, {0x80, 223, TRUE},
               {0x80, 191, FALSE}, {0x80, 224, FALSE}, {0x80, 0, FALSE},  {0x80, 111, FALSE},
               {0x80, 239, FALSE}, {0x40, 200, FALSE}, {0x16, 200, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    guint8 d[2] = {cases[i].b0, cases[i].b1};
    g_assert_cmpint(gw_rtp_is_rtcp(d, 2), ==, cases[i].rtcp);
  }
  g_assert_false(gw_rtp_is_rtcp((const guint8 *)"\x80", 1));
}

static void assert_same_block(const gw_rtcp_block *a, const gw_rtcp_block *b) {
  g_assert_cmpuint(a->ssrc, ==, b->ssrc);
  g_assert_cmpuint(a->fraction, ==, b->fraction);
  g_assert_cmpint(a->lost, ==, b->lost);
  g_assert_cmpuint(a->highest_seq, ==, b->highest_seq);
  g_assert_cmpuint(a->jitter, ==, b->jitter);
  g_assert_cmpuint(a->lsr, ==, b->lsr);
  g_assert_cmpuint(a->dlsr, ==, b->dlsr);
}

static void test_rtcp_round_trip(void) {
  gw_rtcp_block block = {.ssrc = 1,
                         .fraction = 26,
                         .lost = -5,
                         .highest_seq = 0x10002,
                         .jitter = 40,
                         .lsr = 0xaabbccdd,
                         .dlsr = 65536};
  for (guint with_sr = 0; with_sr < 2; with_sr++)
    for (guint name = 0; name < 9; name++) {
      guint8 out[128];
      gw_rtcp r;
      g_autofree char *cname = g_strnfill(name, 'x');
      gsize n = gw_rtcp_write(out, sizeof out, 0x11223344, 0x0102030405060708, 160, with_sr ? 7 : 0,
                              700, &block, cname);
      g_assert_cmpuint(n % 4, ==, 0);
      g_assert_true(gw_rtp_is_rtcp(out, n));
      g_autofree guint8 *exact = g_memdup2(out, n);
      g_assert_true(gw_rtcp_parse(exact, n, &r));
      g_assert_cmpint(r.has_sr, ==, with_sr);
      g_assert_cmpuint(r.sender_ssrc, ==, 0x11223344);
      if (with_sr) g_assert_cmpuint(r.ntp, ==, 0x0102030405060708);
      g_assert_cmpuint(r.sr_packets, ==, with_sr ? 7 : 0);
      g_assert_cmpuint(r.n_blocks, ==, 1);
      assert_same_block(&r.blocks[0], &block);
      g_assert_false(r.bye);
      g_assert_cmpuint(gw_rtcp_write(out, n - 1, 1, 0, 0, with_sr ? 7 : 0, 0, &block, cname), ==,
                       0);
    }
}

/* The CNAME on the wire: RFC 3550 6.5. */
static void test_rtcp_sdes(void) {
  guint8 out[64], want[64];
  gsize n = gw_rtcp_write(out, sizeof out, 0x01020304, 0, 0, 0, 0, NULL, "ab");
  gsize m = from_hex("80c9000101020304"
                     "81ca0003010203040102616200000000",
                     want);
  g_assert_cmpmem(out, n, want, m);
}

typedef struct {
  const char *what, *hex;
  gboolean good, bye, pli;
  guint blocks;
} compound;
#define BLOCK                                                                                      \
  "00000001000000000000000000000000"                                                               \
  "0000000000000000"

static const compound compounds[] = {
    {"four octets", "80c80000", FALSE, 0, 0, 0},
    {"empty rr", "80c9000100000001", TRUE, 0, 0, 0},
    {"sr too short", "80c8000100000001", FALSE, 0, 0, 0},
    {"block missing", "81c9000100000001", FALSE, 0, 0, 0},
    {"block there", "81c9000700000001" BLOCK, TRUE, 0, 0, 1},
    {"length beyond end", "80c9000200000001", FALSE, 0, 0, 0},
    {"bye",
     "80c9000100000001"
     "81cb000100000001",
     TRUE, TRUE, 0, 0},
    {"bye alone (reduced size)", "81cb000100000001", TRUE, TRUE, 0, 0},
    {"bye of more than it holds",
     "80c9000100000001"
     "83cb000100000001",
     FALSE, 0, 0, 0},
    {"pli",
     "80c9000100000001"
     "81ce00020000000100000002",
     TRUE, 0, TRUE, 0},
    {"pli cut",
     "80c9000100000001"
     "81ce000100000001",
     FALSE, 0, 0, 0},
    {"unknown type",
     "80c9000100000001"
     "80d0000100000001",
     TRUE, 0, 0, 0},
    {"rtp behind",
     "80c9000100000001"
     "806f000100000001",
     FALSE, 0, 0, 0},
    {"rest of two bytes",
     "80c9000100000001"
     "80c9",
     FALSE, 0, 0, 0},
    {"padding in the last",
     "80c9000100000001"
     "a1cb00020000000100000004",
     TRUE, TRUE, 0, 0},
    {"padding in the first",
     "a0c900020000000100000004"
     "81cb000100000001",
     FALSE, 0, 0, 0},
    {"padding eats the block",
     "a1c9000700000001"
     "000000010000000000000000000000000000000000000018",
     FALSE, 0, 0, 0},
    {"padding of 5", "a0c900020000000100000005", FALSE, 0, 0, 0},
    {"version", "40c9000100000001", FALSE, 0, 0, 0},
};

static void test_rtcp_parse(void) {
  for (guint i = 0; i < G_N_ELEMENTS(compounds); i++) {
    const compound *c = &compounds[i];
    guint8 bytes[128];
    gsize n = from_hex(c->hex, bytes);
    g_autofree guint8 *data = g_memdup2(bytes, n);
    gw_rtcp r = {.n_blocks = 77};
    g_test_message("%s", c->what);
    g_assert_cmpint(gw_rtcp_parse(data, n, &r), ==, c->good);
    g_assert_cmpuint(r.n_blocks, ==, c->good ? c->blocks : 77);
    if (!c->good) continue;
    g_assert_cmpint(r.bye, ==, c->bye);
    g_assert_cmpint(r.fb_pli, ==, c->pli);
  }
}

/* No more blocks than there is room for, however many reports come. */
static void test_rtcp_many_blocks(void) {
  guint8 data[3 * (8 + 31 * 24)] = {0};
  for (guint i = 0; i < 3; i++) {
    guint8 *p = data + i * (8 + 31 * 24);
    p[0] = 0x80 | 31;
    p[1] = 201;
    p[3] = 1 + 31 * 6;
  }
  gw_rtcp r;
  g_assert_true(gw_rtcp_parse(data, sizeof data, &r));
  g_assert_cmpuint(r.n_blocks, ==, 31);
}

static void test_stats(void) {
  gw_rtp_stats s;
  gw_rtcp_block b;
  gw_rtp_stats_init(&s, 9, 8000);
  g_assert_cmpuint(gw_rtp_stats_lost(&s), ==, 0);
  for (guint i = 0; i < 200; i++) /* over the wrap; every tenth is lost */
    if (i % 10 != 5) gw_rtp_stats_packet(&s, (guint16)(65500 + i), i * 160, i * 20000);
  g_assert_cmpuint(gw_rtp_stats_lost(&s), ==, 20);
  g_assert_cmpfloat(s.jitter, <, 1);
  gw_rtp_stats_block(&s, 5, 6, &b);
  g_assert_cmpuint(b.ssrc, ==, 9);
  g_assert_cmpuint(b.fraction, ==, 25); /* 20 / 200 in 256ths */
  g_assert_cmpint(b.lost, ==, 20);
  g_assert_cmpuint(b.highest_seq, ==, 65500 + 199);
  g_assert_cmpuint(b.lsr, ==, 5);
  g_assert_cmpuint(b.dlsr, ==, 6);
  gw_rtp_stats_block(&s, 0, 0, &b);
  g_assert_cmpuint(b.fraction, ==, 0); /* a new interval */
}

static void test_stats_copies(void) {
  gw_rtp_stats s;
  gw_rtcp_block b;
  gw_rtp_stats_init(&s, 9, 8000);
  for (guint i = 0; i < 50; i++)
    for (guint k = 0; k < 2; k++)
      gw_rtp_stats_packet(&s, (guint16)i, i * 160, i * 20000);
  g_assert_cmpuint(gw_rtp_stats_lost(&s), ==, 0);
  gw_rtp_stats_block(&s, 0, 0, &b);
  g_assert_cmpint(b.lost, ==, -50);
  g_assert_cmpuint(b.fraction, ==, 0);
}

/* Packets that come alternately 0 and 10 ms late: RFC 3550 A.8 tends to 10 ms = 80 units. */
static void test_stats_jitter(void) {
  gw_rtp_stats s;
  gw_rtp_stats_init(&s, 9, 8000);
  for (guint i = 0; i < 500; i++)
    gw_rtp_stats_packet(&s, (guint16)i, i * 160, i * 20000 + (i & 1 ? 10000 : 0));
  g_assert_cmpfloat(s.jitter, >, 75);
  g_assert_cmpfloat(s.jitter, <, 81);
  gw_rtp_stats_packet(&s, 500, 0x80000000u, 500 * 20000); /* another clock is no jitter */
  g_assert_cmpfloat(s.jitter, <, 81);
}

static void test_stats_restart(void) {
  gw_rtp_stats s;
  gw_rtp_stats_init(&s, 9, 8000);
  for (guint i = 0; i < 10; i++)
    gw_rtp_stats_packet(&s, (guint16)i, i * 160, i * 20000);
  gw_rtp_stats_packet(&s, 40000, 0, 0); /* a stray one */
  g_assert_cmpuint(gw_rtp_stats_lost(&s), ==, 0);
  g_assert_cmpuint(s.received, ==, 10);
  gw_rtp_stats_packet(&s, 10, 0, 0);
  g_assert_cmpuint(s.received, ==, 11);
  gw_rtp_stats_packet(&s, 20000, 0, 0);
  gw_rtp_stats_packet(&s, 20001, 0, 0); /* two in a row */
  gw_rtp_stats_packet(&s, 20002, 0, 0);
  g_assert_cmpuint(gw_rtp_stats_lost(&s), ==, 0);
  g_assert_cmpuint(s.max_seq, ==, 20002);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rtp/parse", test_parse);
  g_test_add_func("/rtp/write", test_write);
  g_test_add_func("/rtp/is-rtcp", test_is_rtcp);
  g_test_add_func("/rtcp/round-trip", test_rtcp_round_trip);
  g_test_add_func("/rtcp/sdes", test_rtcp_sdes);
  g_test_add_func("/rtcp/parse", test_rtcp_parse);
  g_test_add_func("/rtcp/many-blocks", test_rtcp_many_blocks);
  g_test_add_func("/rtp-stats/loss", test_stats);
  g_test_add_func("/rtp-stats/copies", test_stats_copies);
  g_test_add_func("/rtp-stats/jitter", test_stats_jitter);
  g_test_add_func("/rtp-stats/restart", test_stats_restart);
  return g_test_run();
}
