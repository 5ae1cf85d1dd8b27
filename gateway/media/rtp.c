#include "gateway/media/rtp.h"

#include <string.h>

#define RTP_MIN 12
#define EXT_ONE_BYTE 0xBEDE /* RFC 8285 4.2 */
#define EXT_TWO_BYTE 0x1000 /* RFC 8285 4.3, the low four bits are free for the application */
#define EXT_TWO_BYTE_MASK 0xFFF0
#define EXT_ONE_BYTE_STOP 15 /* "processing of the extension SHOULD terminate" */

static guint16 get16(const guint8 *p) {
  return (guint16)(p[0] << 8 | p[1]);
}

static guint32 get32(const guint8 *p) {
  return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

static void put16(guint8 *p, guint v) {
  p[0] = (guint8)(v >> 8);
  p[1] = (guint8)v;
}

static void put32(guint8 *p, guint32 v) {
  put16(p, v >> 16);
  put16(p + 2, v & 0xFFFF);
}

/* Audio level (RFC 6464 3) of the element with this id, -1 when there is none or the block is
 * malformed. */
static gint ext_level(guint16 profile, const guint8 *p, gsize n, guint id) {
  gboolean one = profile == EXT_ONE_BYTE;
  if (!one && (profile & EXT_TWO_BYTE_MASK) != EXT_TWO_BYTE) return -1;
  gsize i = 0;
  while (i < n) {
    if (p[i] == 0) { /* padding between elements */
      i++;
      continue;
    }
    guint this_id = one ? p[i] >> 4 : p[i];
    if (one && this_id == EXT_ONE_BYTE_STOP) return -1;
    if (!one && i + 1 >= n) return -1;
    gsize len = one ? (gsize)(p[i] & 0x0F) + 1 : p[i + 1];
    i += one ? 1 : 2;
    if (len > n - i) return -1;
    if (this_id == id) return len ? p[i] & 0x7F : -1;
    i += len;
  }
  return -1;
}

gboolean gw_rtp_parse(const guint8 *data, gsize n, guint level_ext_id, gw_rtp *ret) {
  if (n < RTP_MIN || data[0] >> 6 != 2) return FALSE;
  gsize header = RTP_MIN + 4 * (gsize)(data[0] & 0x0F);
  gint level = -1;
  if (header > n) return FALSE;
  if (data[0] & 0x10) {
    if (n - header < 4) return FALSE;
    gsize ext = 4 * (gsize)get16(data + header + 2);
    if (ext > n - header - 4) return FALSE;
    if (level_ext_id) level = ext_level(get16(data + header), data + header + 4, ext, level_ext_id);
    header += 4 + ext;
  }
  gsize payload = n - header;
  if (data[0] & 0x20) { /* RFC 3550 5.1: the last byte counts the padding, itself included */
    if (!payload || !data[n - 1] || data[n - 1] > payload) return FALSE;
    payload -= data[n - 1];
  }
  *ret = (gw_rtp){.pt = data[1] & 0x7F,
                  .marker = data[1] >> 7,
                  .seq = get16(data + 2),
                  .ts = get32(data + 4),
                  .ssrc = get32(data + 8),
                  .payload = data + header,
                  .payload_len = payload,
                  .header_len = header,
                  .level = level};
  return TRUE;
}

gsize gw_rtp_write_header(guint8 *out, guint8 pt, gboolean marker, guint16 seq, guint32 ts,
                          guint32 ssrc) {
  out[0] = 0x80;
  out[1] = (guint8)((marker ? 0x80 : 0) | (pt & 0x7F));
  put16(out + 2, seq);
  put32(out + 4, ts);
  put32(out + 8, ssrc);
  return RTP_MIN;
}

gboolean gw_rtp_is_rtcp(const guint8 *data, gsize n) {
  return n >= 2 && data[0] >> 6 == 2 && data[1] >= 192 && data[1] <= 223;
}
