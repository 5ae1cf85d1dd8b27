#include "gateway/media/door.h"

gw_cmd *gw_cmd_new(gw_cmd_type type, gw_handle handle) {
  gw_cmd *c = g_new0(gw_cmd, 1);
  c->type = type;
  c->handle = handle;
  return c;
}

void gw_cmd_free(gw_msg *msg) {
  gw_cmd *c = (gw_cmd *)msg;
  gw_desc_free(c->remote);
  gw_desc_free(c->agreed);
  g_free(c->talker);
  gw_relays_free(c->relays);
  gw_estate_free(c->estate);
  gw_prompt_free(c->spoken);
  g_free(c);
}

gw_event *gw_event_new(gw_event_type type, gw_handle handle) {
  gw_event *e = g_new0(gw_event, 1);
  e->type = type;
  e->handle = handle;
  return e;
}

void gw_event_free(gw_msg *msg) {
  gw_event *e = (gw_event *)msg;
  gw_desc_free(e->desc);
  g_free(e->rows);
  gw_estate_free(e->estate);
  g_free(e);
}
