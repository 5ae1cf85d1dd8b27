#include "gateway/media/picture.h"
#include <string.h>
#include "gateway/media/rtp.h"

/* RFC 7741 4.2: start of partition 0, no extension; then the frame. */
static const guint8 payload[] = {0x10, 0xb0, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x00, 0x30,
                                 0x00, 0x00, 0x47, 0x08, 0x85, 0x85, 0x88, 0x99, 0x84, 0x88,
                                 0x02, 0x02, 0x00, 0x06, 0x8e, 0x4f, 0xcc, 0xc7, 0x9b, 0xf1,
                                 0x58, 0x00, 0xfe, 0xff, 0xab, 0x50, 0x80};

void gw_picture_init(gw_picture *p, gw_ids *ids) {
  memset(p, 0, sizeof *p);
  p->ssrc = gw_ids_u32(ids);
  p->ts = gw_ids_u32(ids);
  p->seq = (guint16)(gw_ids_u32(ids) & 0x7fff);
}

void gw_picture_agree(gw_picture *p, const gw_desc *answer) {
  p->on = FALSE;
  for (guint i = 0; i < answer->media->len && !p->on; i++) {
    const gw_desc_media *m = g_ptr_array_index(answer->media, i);
    const gw_codec *c = m->kind == GW_KIND_VIDEO ? gw_desc_media_codec(m, "VP8", 0) : NULL;
    p->on = c && !m->refused && (m->dir & GW_DIR_RECVONLY);
    if (p->on) p->pt = c->pt;
  }
}

gsize gw_picture_packet(gw_picture *p, guint64 tick, guint8 *out, gsize cap) {
  if (!p->on || tick < p->due_tick || cap < 12 + sizeof payload) return 0;
  if (p->due_tick) p->ts += (guint32)(tick - p->due_tick) * (GW_PICTURE_CLOCK / 50);
  gsize n = gw_rtp_write_header(out, p->pt, TRUE, p->seq++, p->ts, p->ssrc);
  memcpy(out + n, payload, sizeof payload);
  p->ts += GW_PICTURE_CLOCK;
  p->due_tick = tick + GW_PICTURE_TICKS;
  p->packets++;
  return n + sizeof payload;
}

gsize gw_picture_report(const gw_picture *p, const char *cname, guint64 tick, gint64 wall_us, guint8 *out, gsize cap) {
  if (!p->on || !p->packets) return 0;
  const guint32 ts = p->ts + (guint32)(tick - p->due_tick) * (GW_PICTURE_CLOCK / 50); /* wraps when it is not due yet */
  return gw_rtcp_write(out, cap, p->ssrc, gw_rtcp_ntp(wall_us), ts, p->packets, p->packets * (guint32)sizeof payload, NULL,
                       cname);
}
