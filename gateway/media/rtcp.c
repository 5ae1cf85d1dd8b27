/* RTCP compounds (RFC 3550 6), also in reduced size (RFC 5506). */
#include "gateway/media/rtp.h"

#include <string.h>

enum { PT_SR = 200, PT_RR = 201, PT_SDES = 202, PT_BYE = 203, PT_PSFB = 206 };
#define BLOCK_LEN 24
#define SR_LEN 28
#define RR_LEN 8
#define SDES_CNAME 1
#define FMT_PLI 1 /* RFC 4585 6.3.1 */
#define MAX_CNAME 255
#define NTP_1970 2208988800ULL /* seconds from 1900 to 1970 */

static guint32 get32(const guint8 *p) {
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

static guint8 *put32(guint8 *p, guint32 v) {
  p[0] = (guint8)(v >> 24);
  p[1] = (guint8)(v >> 16);
  p[2] = (guint8)(v >> 8);
  p[3] = (guint8)v;
  return p + 4;
}

static gboolean parse_blocks(const guint8 *p, gsize n, guint count, gw_rtcp *r) {
  if (n < (gsize)count * BLOCK_LEN) return FALSE;
  for (guint i = 0; i < count && r->n_blocks < G_N_ELEMENTS(r->blocks); i++, p += BLOCK_LEN) {
    guint32 lost = get32(p + 4) & 0xFFFFFF;
    r->blocks[r->n_blocks++] =
        (gw_rtcp_block){.ssrc = get32(p),
                        .fraction = p[4],
                        .lost = lost & 0x800000 ? (gint32)lost - 0x1000000 : (gint32)lost,
                        .highest_seq = get32(p + 8),
                        .jitter = get32(p + 12),
                        .lsr = get32(p + 16),
                        .dlsr = get32(p + 20)};
  }
  return TRUE;
}

static gboolean parse_report(const guint8 *p, gsize n, guint count, gboolean sr, gw_rtcp *r) {
  gsize fixed = sr ? SR_LEN : RR_LEN;
  if (n < fixed) return FALSE;
  r->sender_ssrc = get32(p + 4);
  if (sr) {
    r->has_sr = TRUE;
    r->ntp = (guint64)get32(p + 8) << 32 | get32(p + 12);
    r->rtp_ts = get32(p + 16);
    r->sr_packets = get32(p + 20);
    r->sr_bytes = get32(p + 24);
  }
  return parse_blocks(p + fixed, n - fixed, count, r);
}

/* One packet of the compound; n is its length without padding. */
static gboolean parse_one(const guint8 *p, gsize n, gw_rtcp *r) {
  guint count = p[0] & 0x1F;
  switch (p[1]) {
  case PT_SR:
  case PT_RR:
    return parse_report(p, n, count, p[1] == PT_SR, r);
  case PT_BYE:
    if (n < 4 + 4 * (gsize)count) return FALSE;
    r->bye = TRUE;
    if (count && !r->sender_ssrc) r->sender_ssrc = get32(p + 4);
    return TRUE;
  case PT_PSFB:
    if (n < 12) return FALSE;
    if (count == FMT_PLI) r->fb_pli = TRUE;
    if (!r->sender_ssrc) r->sender_ssrc = get32(p + 4);
    return TRUE;
  default:
    return TRUE;
  }
}

gboolean gw_rtcp_parse(const guint8 *data, gsize n, gw_rtcp *ret) {
  if (n < 8) return FALSE;
  gw_rtcp r = {0};
  gsize at = 0;
  while (at < n) {
    const guint8 *p = data + at;
    if (n - at < 4 || p[0] >> 6 != 2 || p[1] < 192 || p[1] > 223) return FALSE;
    gsize len = 4 * ((gsize)(p[2] << 8 | p[3]) + 1), used = len;
    if (len > n - at) return FALSE;
    if (p[0] & 0x20) { /* RFC 3550 6.4.1: only the last packet may be padded */
      if (at + len != n || !p[len - 1] || p[len - 1] % 4 || p[len - 1] > len - 4) return FALSE;
      used -= p[len - 1];
    }
    if (!parse_one(p, used, &r)) return FALSE;
    at += len;
  }
  *ret = r;
  return TRUE;
}

guint64 gw_rtcp_ntp(gint64 wall_us) {
  guint64 us = (guint64)wall_us;
  return (us / 1000000 + NTP_1970) << 32 | ((us % 1000000) << 32) / 1000000;
}

static guint8 *write_head(guint8 *p, guint count, guint pt, gsize len, guint32 ssrc) {
  gsize words = len / 4 - 1;
  *p++ = (guint8)(0x80 | count);
  *p++ = (guint8)pt;
  *p++ = (guint8)(words >> 8);
  *p++ = (guint8)words;
  return put32(p, ssrc);
}

static guint8 *write_block(guint8 *p, const gw_rtcp_block *b) {
  p = put32(p, b->ssrc);
  p = put32(p, (guint32)b->fraction << 24 | ((guint32)b->lost & 0xFFFFFF));
  p = put32(p, b->highest_seq);
  p = put32(p, b->jitter);
  p = put32(p, b->lsr);
  return put32(p, b->dlsr);
}

gsize gw_rtcp_write(guint8 *out, gsize cap, guint32 ssrc, guint64 ntp, guint32 rtp_ts,
                    guint32 packets, guint32 bytes, const gw_rtcp_block *report,
                    const char *cname) {
  gboolean sr = packets > 0;
  gsize name = MIN(strlen(cname), MAX_CNAME);
  gsize first = (sr ? SR_LEN : RR_LEN) + (report ? BLOCK_LEN : 0);
  /* The item list ends with at least one zero and is filled up to a word (RFC 3550 6.5). */
  gsize sdes = 8 + (2 + name + 4) / 4 * 4;
  if (cap < first + sdes) return 0;
  guint8 *p = write_head(out, report ? 1 : 0, sr ? PT_SR : PT_RR, first, ssrc);
  if (sr) {
    p = put32(p, (guint32)(ntp >> 32));
    p = put32(p, (guint32)ntp);
    p = put32(p, rtp_ts);
    p = put32(p, packets);
    p = put32(p, bytes);
  }
  if (report) p = write_block(p, report);
  p = write_head(p, 1, PT_SDES, sdes, ssrc);
  memset(p, 0, sdes - 8);
  p[0] = SDES_CNAME;
  p[1] = (guint8)name;
  memcpy(p + 2, cname, name);
  return first + sdes;
}
