/* devices.c - a person's devices that cannot be asked first whether they take a call (no XEP-0353; JSXC): those whose presence the phone
 * may see, and that say they speak Jingle, are named to the flavour, which offers them a session beside its question to all others. */
#include "gateway/bridge/seat_priv.h"

typedef struct {
  gw_seat *seat;
  char *jid;
} question;

static void question_free(void *p) {
  g_free(((question *)p)->jid);
  g_free(p);
}

static gboolean takes_sessions(const char *const *features) {
  static const char *const needed[] = {"urn:xmpp:jingle:1", "urn:xmpp:jingle:apps:rtp:1",
                                       "urn:xmpp:jingle:apps:rtp:audio",
                                       "urn:xmpp:jingle:transports:ice-udp:1"};
  for (guint i = 0; i < G_N_ELEMENTS(needed); i++)
    if (!g_strv_contains(features, needed[i])) return FALSE;
  return !g_strv_contains(features, "urn:xmpp:jingle-message:0");
}

static void on_features(const char *name, const char *const *features, void *user) {
  question *q = user;
  gw_seat *s = q->seat;
  if (features && takes_sessions(features) && s->class == &gw_flavour_direct && !s->stopped) {
    gw_log_ctx ctx = gw_seat_log_ctx(s);
    gw_info(&ctx, "device", "jid=%s client=%s", q->jid, name && *name ? name : "-");
    gw_call_trace(s->call, GW_LANE_JINGLE, GW_TRACE_NOTE, q->jid, "cannot be asked first");
    gw_seat_step(s, &(gw_ev){.type = GW_EV_DEVICE, .u.device = q->jid});
  }
  g_ptr_array_remove_fast(s->devices, q);
}

static void on_device(const char *jid, void *user) {
  gw_seat *s = user;
  question *q = g_new0(question, 1);
  *q = (question){s, g_strdup(jid)};
  g_ptr_array_add(s->devices, q);
  gw_persona_ask_disco(s->persona, jid, on_features, q);
}

void gw_devices_watch(gw_seat *s) {
  if (gw_jid_resource(s->conf->room)) return; /* one device is called, and no other */
  s->devices = g_ptr_array_new_with_free_func(question_free);
  gw_persona_watch_devices(s->persona, s->conf->room, on_device, s);
}
