#include "gateway/media/door.h"
#include <unistd.h>

static void close_both(int rtp_fd, int rtcp_fd) {
  if (rtp_fd >= 0) close(rtp_fd);
  if (rtcp_fd >= 0) close(rtcp_fd);
}

gw_cmd *gw_cmd_new(gw_cmd_type type, gw_handle handle) {
  gw_cmd *c = g_new0(gw_cmd, 1);
  c->type = type;
  c->handle = handle;
  c->rtp_fd = c->rtcp_fd = -1;
  return c;
}

void gw_cmd_free(gw_msg *msg) {
  gw_cmd *c = (gw_cmd *)msg;
  gw_desc_free(c->remote);
  gw_desc_free(c->agreed);
  g_free(c->talker);
  close_both(c->rtp_fd, c->rtcp_fd);
  g_free(c);
}

gw_event *gw_event_new(gw_event_type type, gw_handle handle) {
  gw_event *e = g_new0(gw_event, 1);
  e->type = type;
  e->handle = handle;
  e->rtp_fd = e->rtcp_fd = -1;
  return e;
}

void gw_event_free(gw_msg *msg) {
  gw_event *e = (gw_event *)msg;
  gw_desc_free(e->desc);
  g_free(e->rows);
  close_both(e->rtp_fd, e->rtcp_fd);
  g_free(e);
}
