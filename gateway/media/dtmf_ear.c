#include "gateway/media/dtmf_ear.h"
#include <spandsp.h>
#include "gateway/media/codec.h"
#include "gateway/media/resample.h"

struct gw_dtmf_ear {
  dtmf_rx_state_t *rx; /* listens at 8 kHz */
  gw_half half;
};

gw_dtmf_ear *gw_dtmf_ear_new(void) {
  gw_dtmf_ear *e = g_new0(gw_dtmf_ear, 1);
  e->rx = dtmf_rx_init(NULL, NULL, NULL);
  return e;
}

void gw_dtmf_ear_free(gw_dtmf_ear *e) {
  if (!e) return;
  dtmf_rx_free(e->rx);
  g_free(e);
}

char gw_dtmf_ear_frame(gw_dtmf_ear *e, const gint16 *pcm) {
  gint16 low[GW_FRAME / 2];
  char key[2] = {0};
  gw_half_down(&e->half, pcm, GW_FRAME / 2, low);
  dtmf_rx(e->rx, low, GW_FRAME / 2);
  return dtmf_rx_get(e->rx, key, 1) ? key[0] : 0; /* 20 ms cannot bring two */
}
