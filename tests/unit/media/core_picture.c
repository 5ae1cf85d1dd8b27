/* The constant picture: one packet a second, at the clock's pace, and only when it is wanted. */
#include <string.h>
#include "gateway/media/picture.h"
#include "gateway/media/rtp.h"

static gw_desc *answer(const char *codec, gw_dir dir, gboolean refused) {
  gw_desc *d = gw_desc_new();
  gw_desc_media_add_codec(gw_desc_add(d, GW_KIND_AUDIO, "0"), 111, "opus", 48000, 2, NULL);
  gw_desc_media *m = gw_desc_add(d, GW_KIND_VIDEO, "1");
  m->dir = dir;
  m->refused = refused;
  if (codec) gw_desc_media_add_codec(m, 101, codec, 90000, 1, NULL);
  return d;
}

static void test_agree(void) {
  static const struct {
    const char *codec;
    gw_dir dir;
    gboolean refused, on;
  } rows[] = {{"VP8", GW_DIR_RECVONLY, FALSE, TRUE},  {"vp8", GW_DIR_SENDRECV, FALSE, TRUE},
              {"VP8", GW_DIR_INACTIVE, FALSE, FALSE}, {"VP8", GW_DIR_SENDONLY, FALSE, FALSE},
              {"VP8", GW_DIR_RECVONLY, TRUE, FALSE},  {"H264", GW_DIR_RECVONLY, FALSE, FALSE},
              {NULL, GW_DIR_RECVONLY, FALSE, FALSE}};
  g_autoptr(gw_ids) ids = gw_ids_new_fixed(3);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desc) d = answer(rows[i].codec, rows[i].dir, rows[i].refused);
    guint8 out[100];
    gw_picture p;
    gw_picture_init(&p, ids);
    g_assert_cmpuint(gw_picture_packet(&p, 1, out, sizeof out), ==, 0);
    gw_picture_agree(&p, d);
    g_assert_cmpuint(gw_picture_packet(&p, 1, out, sizeof out) > 0, ==, rows[i].on);
    g_assert_cmpuint(gw_picture_packet(&p, 1000, out, 48), ==, 0); /* no place */
  }
}

static void test_pace(void) {
  g_autoptr(gw_ids) ids = gw_ids_new_fixed(3);
  g_autoptr(gw_desc) d = answer("VP8", GW_DIR_RECVONLY, FALSE);
  gw_picture p;
  gw_rtp first, rtp;
  guint8 out[100];
  guint n = 0;
  gw_picture_init(&p, ids);
  gw_picture_agree(&p, d);
  for (guint64 tick = 1000; tick < 1500; tick++) {
    if (tick > 1100 && tick < 1160) continue; /* the worker was late */
    gsize len = gw_picture_packet(&p, tick, out, sizeof out);
    if (!len) continue;
    g_assert_true(gw_rtp_parse(out, len, 0, &rtp));
    if (!n) first = rtp;
    g_assert_cmpuint(rtp.pt, ==, 101);
    g_assert_true(rtp.marker);
    g_assert_cmpuint((guint16)(rtp.seq - first.seq), ==, n);
    g_assert_cmpuint(rtp.ts - first.ts, ==, (guint32)(tick - 1000) * 1800);
    g_assert_cmpuint(rtp.payload_len, ==, 37);
    g_assert_cmpuint(rtp.payload[0], ==, 0x10);  /* first packet of a frame */
    g_assert_cmpuint(rtp.payload[1] & 1, ==, 0); /* a key frame (RFC 6386 9.1) */
    g_assert_cmpmem(rtp.payload + 4, 3, "\x9d\x01\x2a", 3);
    g_assert_cmpuint(rtp.payload[7] | rtp.payload[8] << 8, ==, 64);
    g_assert_cmpuint(rtp.payload[9] | rtp.payload[10] << 8, ==, 48);
    n++;
  }
  g_assert_cmpuint(n, ==, 10);
}

/* A report says where the picture's clock stands between two frames, how many there were, and by the name of the sound. */
static void test_report(void) {
  g_autoptr(gw_ids) ids = gw_ids_new_fixed(3);
  g_autoptr(gw_desc) d = answer("VP8", GW_DIR_RECVONLY, FALSE);
  gw_picture p;
  gw_rtp rtp;
  gw_rtcp r;
  guint8 out[100];
  gw_picture_init(&p, ids);
  gw_picture_agree(&p, d);
  g_assert_cmpuint(gw_picture_report(&p, "us", 1000, 0, out, sizeof out), ==, 0);
  for (guint64 tick = 1000; tick <= 1100; tick += 50) {
    gsize n = gw_picture_packet(&p, tick, out, sizeof out);
    g_assert_true(gw_rtp_parse(out, n, 0, &rtp));
  }
  const gsize n = gw_picture_report(&p, "us", 1110, 1500000, out, sizeof out);
  g_assert_cmpuint(n % 4, ==, 0);
  g_assert_true(gw_rtcp_parse(out, n, &r));
  g_assert_true(r.has_sr);
  g_assert_cmpuint(r.sender_ssrc, ==, rtp.ssrc);
  g_assert_cmpuint(r.rtp_ts, ==, rtp.ts + 10 * 1800);
  g_assert_cmpuint(r.sr_packets, ==, 3);
  g_assert_cmpuint(r.sr_bytes, ==, 3 * 37);
  g_assert_cmpuint(r.ntp >> 32, ==, 2208988801u);
  g_assert_cmpuint((guint32)r.ntp, ==, 1u << 31);
  g_assert_cmpuint(gw_picture_report(&p, "us", 1110, 0, out, 20), ==, 0); /* no place */
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/picture/agree", test_agree);
  g_test_add_func("/media/picture/pace", test_pace);
  g_test_add_func("/media/picture/report", test_report);
  return g_test_run();
}
