#include "gateway/flavour/direct_plain.h"
#include "base/jid.h"
#include "gateway/flavour/session_desc.h"

static void branch_free(void *data) {
  gw_dp_branch *b = data;
  gw_fl_session_clear(&b->s);
  g_free(b);
}

GPtrArray *gw_dp_new(void) {
  return g_ptr_array_new_with_free_func(branch_free);
}

gw_dp_branch *gw_dp_of_session(const GPtrArray *list, const gw_fl_session *s) {
  for (guint i = 0; i < list->len; i++)
    if (&((gw_dp_branch *)list->pdata[i])->s == s) return list->pdata[i];
  return NULL;
}

gw_fl_session *gw_dp_of_peer(const GPtrArray *list, guint peer) {
  for (guint i = 0; i < list->len; i++) {
    gw_dp_branch *b = list->pdata[i];
    if (b->s.peer == peer) return &b->s;
  }
  return NULL;
}

gw_dp_branch *gw_dp_of_word(const GPtrArray *list, const gw_word *w) {
  for (guint i = 0; i < list->len; i++) {
    gw_dp_branch *b = list->pdata[i];
    if (b->offered && gw_fl_session_is(&b->s, w->from, w->u.jingle.sid)) return b;
  }
  return NULL;
}

void gw_dp_call(gw_fl_common *c, GPtrArray *list, const char *nick, const char *device,
                gw_ids *ids) {
  for (guint i = 0; i < list->len; i++)
    if (gw_jid_same(((gw_dp_branch *)list->pdata[i])->s.jid, device)) return;
  if (list->len >= GW_DP_MAX) {
    c->ignored++;
    return;
  }
  gw_dp_branch *b = g_new0(gw_dp_branch, 1);
  gw_fl_session_init(&b->s);
  b->s.offerer = TRUE;
  g_ptr_array_add(list, b);
  gw_fl_session_open(c, &b->s, nick, device, gw_ids_uuid(ids), GW_SETUP_ACTPASS);
}

void gw_dp_local(gw_fl_common *c, GPtrArray *list, gw_dp_branch *b, const gw_desc *local) {
  if (b->offered) return;
  gw_desc *offer = gw_sd_offer(local, "audio", FALSE, b->s.local);
  if (!offer) {
    gw_dp_drop(c, list, b, NULL);
    return;
  }
  b->offered = TRUE;
  gw_fl_session_initiate(c, &b->s, offer, NULL);
}

void gw_dp_drop(gw_fl_common *c, GPtrArray *list, gw_dp_branch *b, const char *reason) {
  if (reason && b->offered) gw_fl_session_terminate(c, &b->s, reason);
  gw_fl_session_close(c, &b->s);
  g_ptr_array_remove(list, b);
}

void gw_dp_drop_all(gw_fl_common *c, GPtrArray *list, const char *reason) {
  while (list->len)
    gw_dp_drop(c, list, list->pdata[0], reason);
}

void gw_dp_move(GPtrArray *list, gw_dp_branch *b, gw_fl_session *to) {
  const gw_fl_session fresh = *to;
  *to = b->s;
  b->s = fresh;
  g_ptr_array_remove(list, b);
}
