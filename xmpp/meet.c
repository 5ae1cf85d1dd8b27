#include "xmpp/meet.h"

static void who_free(gpointer data) {
  gw_meet_who *w = data;
  g_free(w->jid);
  g_strfreev(w->mids);
  g_free(w);
}

void gw_meet_init(gw_meet *m, gboolean left) {
  m->left = left;
  m->who = g_ptr_array_new_with_free_func(who_free);
}

void gw_meet_add(gw_meet *m, const char *jid, const char *const *mids) {
  gw_meet_who *w = g_new0(gw_meet_who, 1);
  w->jid = g_strdup(jid);
  w->mids = g_strdupv((char **)mids);
  g_ptr_array_add(m->who, w);
}

void gw_meet_copy(gw_meet *to, const gw_meet *from) {
  gw_meet_init(to, from->left);
  for (guint i = 0; i < from->who->len; i++) {
    const gw_meet_who *w = from->who->pdata[i];
    gw_meet_add(to, w->jid, (const char *const *)w->mids);
  }
}

void gw_meet_clear(gw_meet *m) {
  g_clear_pointer(&m->who, g_ptr_array_unref);
}
