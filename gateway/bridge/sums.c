/* sums.c - what all running calls come to, for whoever asks often: nothing is copied, and other phones of the gateway, which bring no stream of
 * their own, are not looked at. */
#include "gateway/bridge/private.h"

static void add(gw_stream_sums *to, const gw_media *media, gw_handle h) {
  gw_media_stats s;
  if (!h.v || !gw_media_get_stats(media, h, &s)) return;
  to->streams++;
  to->lost += s.lost;
  to->concealed_ms += s.concealed_ms;
  to->listened_ms += s.listened_ms;
  to->spoken_ms += s.spoken_ms;
  to->jitter_ms = MAX(to->jitter_ms, s.jitter_ms);
  to->buffer_ms = MAX(to->buffer_ms, s.buffer_ms);
}

void gw_bridge_sum_streams(const gw_bridge *b, gw_stream_sums *ret_phones, gw_stream_sums *ret_room) {
  *ret_phones = *ret_room = (gw_stream_sums){0};
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    add(ret_phones, b->media, c->leg);
    gw_handle h;
    for (guint k = 0; c->seat && gw_seat_stream(c->seat, k, &h); k++)
      add(ret_room, b->media, h);
  }
}
