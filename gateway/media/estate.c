#include "gateway/media/estate.h"
#include <unistd.h>

void gw_estate_free(gw_estate *e) {
  if (!e) return;
  if (e->rtp_fd >= 0) close(e->rtp_fd);
  if (e->rtcp_fd >= 0) close(e->rtcp_fd);
  gw_seal_clear(&e->seal);
  g_free(e);
}
