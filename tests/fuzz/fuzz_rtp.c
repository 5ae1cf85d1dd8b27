/* Everything that a media datagram reaches: the first byte chooses the parser, the rest is its
 * input. */
#include "gateway/media/codec.h"
#include "gateway/media/dtmf.h"
#include "gateway/media/jitter.h"
#include "gateway/media/rtp.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { RTP, RTCP, JITTER, DTMF, DECODER, STATS, N_PARSERS };
#define MAX_STEPS 2000 /* of one input */

static const char *const codecs[] = {"opus", "G722", "PCMA", "PCMU"};

static void check(gboolean good) {
  if (!good) __builtin_trap();
}

/* Takes bytes from the front; zeros when there are no more. */
typedef struct {
  const guint8 *p;
  gsize n;
} bytes;

static guint take(bytes *b, guint count) {
  guint v = 0;
  while (count--) {
    v = v << 8 | (b->n ? *b->p : 0);
    if (b->n) b->p++, b->n--;
  }
  return v;
}

static void fuzz_rtp(bytes b) {
  gw_rtp rtp;
  guint id = take(&b, 1);
  gw_rtp_is_rtcp(b.p, b.n);
  if (!gw_rtp_parse(b.p, b.n, id, &rtp)) return;
  check(rtp.payload >= b.p && rtp.payload + rtp.payload_len <= b.p + b.n);
  check(rtp.header_len + rtp.payload_len <= b.n && rtp.header_len >= 12);
  check(rtp.level >= -1 && rtp.level <= 127);
}

static void fuzz_rtcp(bytes b) {
  gw_rtcp r;
  if (!gw_rtcp_parse(b.p, b.n, &r)) return;
  check(b.n >= 8 && r.n_blocks <= G_N_ELEMENTS(r.blocks));
}

/* Packets with invented headers, some of them copies of an honest stream; a frame now and then. */
static void fuzz_jitter(bytes b) {
  gw_jitter *j =
      gw_jitter_new(codecs[take(&b, 1) % G_N_ELEMENTS(codecs)], take(&b, 1) % 2 ? 8000 : 48000);
  gw_rtp rtp = {.ssrc = 1};
  gint64 now = 1;
  gint16 out[GW_FRAME];
  gw_jitter_stats s;
  for (guint i = 0; b.n && i < MAX_STEPS; i++) {
    guint what = take(&b, 1);
    rtp.seq = what & 1 ? (guint16)take(&b, 2) : (guint16)(rtp.seq + 1);
    rtp.ts = what & 2 ? take(&b, 4) : rtp.ts + 160;
    if (what & 4) rtp.ssrc = take(&b, 1);
    if (what & 8) now += take(&b, 3);
    gsize len = what & 16 ? take(&b, 2) : what >> 5;
    rtp.payload = b.p;
    rtp.payload_len = MIN(b.n, len);
    if (what & 32 && what & 64)
      gw_jitter_other(j, &rtp, now);
    else
      gw_jitter_put(j, &rtp, now);
    if (what & 128) gw_jitter_get(j, now += 20000, out);
  }
  for (guint i = 0; i < 20; i++)
    gw_jitter_get(j, now += 20000, out);
  gw_jitter_stats_get(j, &s);
  check(s.target_ms <= GW_JITTER_MAX_MS && s.depth_ms < 60000);
  gw_jitter_free(j);
}

static void fuzz_dtmf(bytes b) {
  gw_dtmf_in in = {0};
  guint clock = take(&b, 1) % 2 ? 8000 : 48000, heard = 0;
  gint64 now = 0;
  for (guint i = 0; b.n && i < MAX_STEPS; i++) {
    gw_rtp rtp = {.ts = take(&b, 4), .payload_len = take(&b, 1) % 8};
    rtp.payload = b.p;
    rtp.payload_len = MIN(rtp.payload_len, b.n);
    char digit = 0;
    guint ms = 0;
    if (gw_dtmf_packet(&in, &rtp, clock, now, &digit, &ms)) {
      check(strchr("0123456789*#ABCD", digit) && digit && ms <= 8192);
      heard++;
    }
    take(&b, (guint)rtp.payload_len);
    now += 1000;
  }
  check(heard <= 25 * (1 + now / G_USEC_PER_SEC));
}

/* Packets with their length in front, and losses in between. */
static void fuzz_decoder(bytes b) {
  gw_decoder *d = gw_decoder_new(codecs[take(&b, 1) % G_N_ELEMENTS(codecs)]);
  for (guint i = 0; b.n && i < MAX_STEPS / 10; i++) {
    guint what = take(&b, 1);
    gsize want = take(&b, 2) % 1600, len = MIN(b.n, want);
    g_autofree guint8 *packet = g_memdup2(b.p, len);
    gint16 *out = g_new(gint16, GW_MAX_FRAME); /* on the heap, so that a sample too far is seen */
    int cap = what & 2 ? GW_MAX_FRAME : (int)(what >> 2) * 10;
    int expect = gw_decoder_samples(d, packet, len);
    int got = gw_decoder_packet(d, packet, len, what & 1, out, cap);
    check(got >= 0 && got <= cap && (what & 1 || !got || got == expect));
    if (what & 4) check(gw_decoder_conceal(d, out, 40 * (int)(what >> 4)) >= 0);
    if (what == 0xff) gw_decoder_reset(d);
    g_free(out);
    take(&b, (guint)len);
  }
  gw_decoder_free(d);
}

static void fuzz_stats(bytes b) {
  gw_rtp_stats s;
  gw_rtcp_block block;
  gint64 now = 0;
  gw_rtp_stats_init(&s, 1, take(&b, 1) % 2 ? 8000 : 48000);
  for (guint i = 0; b.n && i < MAX_STEPS; i++) {
    guint seq = take(&b, 2), ts = take(&b, 4);
    gw_rtp_stats_packet(&s, (guint16)seq, ts, now += take(&b, 3));
    check(s.jitter >= 0 && s.jitter < 5.0 * 48000);
  }
  gw_rtp_stats_block(&s, 0, 0, &block);
  check(block.lost >= -0x800000 && block.lost <= 0x7fffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  static void (*const parsers[N_PARSERS])(bytes) = {fuzz_rtp,  fuzz_rtcp,    fuzz_jitter,
                                                    fuzz_dtmf, fuzz_decoder, fuzz_stats};
  if (n) parsers[data[0] % N_PARSERS]((bytes){data + 1, n - 1});
  return 0;
}
