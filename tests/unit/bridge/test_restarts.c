/* New transports in running sessions: what is told to whom, in which words. */
#include <glib.h>
#include "gateway/bridge/restarts.h"

#define PEER "alice@example/web"

static gw_desc *desc(const char *mid, const char *ufrag, gboolean codecs) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, mid);
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strconcat(ufrag, "-pwd", NULL);
  if (codecs) gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  return d;
}

static gw_word *word(gw_jingle_action a, const char *ufrag) {
  gw_word *w = gw_word_new_jingle(a, PEER, "S", FALSE);
  w->from = g_strdup(PEER);
  w->u.jingle.desc = desc("0", ufrag, FALSE);
  return w;
}

static gw_restarts *known(void) {
  gw_restarts *r = gw_restarts_new();
  g_autoptr(gw_desc) d = desc("0", "theirs", TRUE);
  gw_restarts_learn(r, PEER, "S", d);
  return r;
}

static void is(const gw_word *w, gw_jingle_action a, const char *mid, const char *ufrag) {
  g_assert_nonnull(w);
  const gw_desc_media *m = w->u.jingle.desc->media->pdata[0];
  g_assert_cmpint(w->u.jingle.action, ==, a);
  g_assert_cmpstr(m->mid, ==, mid);
  g_assert_cmpstr(m->ufrag, ==, ufrag);
  g_assert_true(g_str_has_prefix(m->pwd, ufrag));
}

/* Begun anew by a transport-info: answered by one. By a transport-replace: by transport-accept, once. */
static void answers(void) {
  g_autoptr(gw_restarts) r = known();
  g_autoptr(gw_desc) ours = desc(NULL, "new", FALSE);
  g_autoptr(gw_word) info = word(GW_JINGLE_TRANSPORT_INFO, "theirs2"),
                     replace = word(GW_JINGLE_TRANSPORT_REPLACE, "theirs3");
  g_assert_null(gw_restarts_in(r, info));
  g_autoptr(gw_word) first = gw_restarts_answer(r, PEER, "S", FALSE, ours);
  is(first, GW_JINGLE_TRANSPORT_INFO, "0", "new");
  g_autoptr(gw_word) as_info = gw_restarts_in(r, replace);
  is(as_info, GW_JINGLE_TRANSPORT_INFO, "0", "theirs3");
  g_autoptr(gw_word) second = gw_restarts_answer(r, PEER, "S", TRUE, ours);
  is(second, GW_JINGLE_TRANSPORT_ACCEPT, "0", "new");
  g_assert_true(second->u.jingle.we_initiated);
  g_autoptr(gw_word) third = gw_restarts_answer(r, PEER, "S", FALSE, ours);
  is(third, GW_JINGLE_TRANSPORT_INFO, "0", "new");
}

/* A candidate that is found late must not carry the credentials of before: that would begin anew over there. */
static void late_candidates(void) {
  g_autoptr(gw_restarts) r = known();
  g_autoptr(gw_desc) ours = desc(NULL, "new", FALSE);
  g_autoptr(gw_word) late = word(GW_JINGLE_TRANSPORT_INFO, "old"),
                     end = word(GW_JINGLE_SESSION_TERMINATE, "old");
  g_assert_null(gw_restarts_out(r, late));
  g_autoptr(gw_word) said = gw_restarts_answer(r, PEER, "S", FALSE, ours);
  g_autoptr(gw_word) mended = gw_restarts_out(r, late);
  is(mended, GW_JINGLE_TRANSPORT_INFO, "0", "new");
  g_assert_null(gw_restarts_out(r, end));
}

static void of_no_session(void) {
  g_autoptr(gw_restarts) r = known();
  g_autoptr(gw_desc) ours = desc(NULL, "new", FALSE);
  g_assert_null(gw_restarts_answer(r, PEER, "T", FALSE, ours));
  g_assert_null(gw_restarts_answer(r, PEER, NULL, FALSE, ours));
  gw_restarts_forget(r, PEER, "S");
  g_assert_null(gw_restarts_answer(r, PEER, "S", FALSE, ours));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/restarts/answers", answers);
  g_test_add_func("/restarts/late-candidates", late_candidates);
  g_test_add_func("/restarts/of-no-session", of_no_session);
  return g_test_run();
}
