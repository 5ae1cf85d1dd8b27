/* Our stream at a conference service that speaks Jingle: a session that is kept for after a crash, and whose transport may be
 * begun anew. */
#include "kit.h"

#define SERVICE "meet@conf.test"

static void at_a_conference(world *w) {
  setup(w);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_free(r->flavour);
  r->flavour = g_strdup("jingle-sfu");
  r->conference = g_strdup(SERVICE);
  r->conference_kind = g_strdup("xep-0521");
  gw_bridge_reconfigure(w->b, c);
  fake_clear();
}

static gw_desc *transport(const char *ufrag, gboolean whole) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strdup("ssssssssssssssssssssss");
  if (!whole) return d;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  m->rtcp_mux = TRUE;
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("CC:DD");
  m->setup = GW_SETUP_ACTIVE;
  return d;
}

static void service_says(gw_jingle_action a, const char *sid, gw_desc *taken) {
  gw_word *word = gw_word_new_jingle(a, NULL, sid, FALSE);
  word->from = g_strdup(SERVICE);
  word->u.jingle.desc = taken;
  fake_jingle("100@", word);
  spin();
}

static void test_restart(void) {
  static const struct {
    gw_jingle_action said;
    const char *answer;
  } rows[] = {{GW_JINGLE_TRANSPORT_INFO, "jingle transport-info to=" SERVICE},
              {GW_JINGLE_TRANSPORT_REPLACE, "jingle transport-accept to=" SERVICE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    at_a_conference(&w);
    gw_sip_call *sip = seated(&w);
    fake_local_desc(fake_last(GW_MEDIA_PEER), w.b);
    const char *said = strstr(fake_log(), "jingle session-initiate to=" SERVICE " sid=");
    g_assert_nonnull(said);
    g_autofree char *sid = g_strndup(strstr(said, "sid=") + 4, 36);
    g_assert_nonnull(strstr(w.store->str, "+session " SERVICE)); /* from the offer on */
    service_says(GW_JINGLE_SESSION_ACCEPT, sid, transport("rrrr", TRUE));
    fake_clear();
    service_says(rows[i].said, sid, transport("nnnn", FALSE));
    g_assert_true(fake_said("media peer-remote"));
    g_autoptr(gw_desc) anew = transport("oooo", FALSE);
    gw_bridge_media_events.restarted(fake_last(GW_MEDIA_PEER), anew, w.b);
    g_assert_true(fake_said(rows[i].answer));
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    g_assert_true(fake_said("jingle session-terminate to=" SERVICE));
    g_assert_nonnull(strstr(w.store->str, "-session " SERVICE));
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/published/restart", test_restart);
  return g_test_run();
}
