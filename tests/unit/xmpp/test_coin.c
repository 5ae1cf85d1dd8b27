/* Who is in a mixed call, for somebody who sees one session (XEP-0298): the list, its XML, and how often it is told. */
#include <glib.h>
#include <string.h>
#include "base/clock.h"
#include "base/limits.h"
#include "xmpp/conference_xml.h"
#include "xmpp/words_xml.h"

static gw_coin *list(guint n) {
  gw_coin *c = gw_coin_new("xmpp:8000@gw.x", "standup");
  for (guint i = 0; i < n; i++) {
    g_autofree char *uri = g_strdup_printf("sip:1%02u@gw.x", i),
                    *name = g_strdup_printf("Phone %u", i);
    gw_coin_add(c, uri, name);
  }
  return c;
}

static void test_bounds(void) {
  g_autoptr(gw_coin) c = list(GW_MAX_COIN_TOLD + 5);
  g_assert_cmpuint(c->users->len, ==, GW_MAX_COIN_TOLD);
  g_assert_cmpuint(c->all, ==, GW_MAX_COIN_TOLD + 5);
  gw_coin_add(c, "sip:100@gw.x", "once more");
  g_assert_cmpuint(c->all, ==, GW_MAX_COIN_TOLD + 5);
}

static void test_uri(void) {
  static const char *const rows[][3] = {{"xmpp", "a@b.x", "xmpp:a@b.x"},
                                        {"sip", "100@gw.x", "sip:100@gw.x"},
                                        {"xmpp", "r@muc.x/Two Words", "xmpp:r@muc.x/Two%20Words"},
                                        {"xmpp", "r@muc.x/a?b#c", "xmpp:r@muc.x/a%3Fb%23c"},
                                        {"xmpp", "r@muc.x/\xc3\xa4", "xmpp:r@muc.x/%C3%A4"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *uri = gw_coin_uri(rows[i][0], rows[i][1]);
    g_assert_cmpstr(uri, ==, rows[i][2]);
  }
}

/* Each row: how many are there now, when it is looked, which version is told (0: nothing), when to look again. */
static void test_pace(void) {
  static const struct {
    int now;
    gint64 at_ms;
    guint version, users;
    gint64 again_ms; /* -1 never */
  } rows[] = {{2, 0, 1, 2, -1},      {2, 10, 0, 0, -1},     {3, 20, 0, 0, 1000},
              {4, 500, 0, 0, 1000},  {-1, 999, 0, 0, 1000}, {-1, 1000, 2, 4, -1},
              {3, 1100, 0, 0, 2000}, {4, 1200, 0, 0, -1}, /* as it was told */
              {-1, 2000, 0, 0, -1},  {1, 5000, 3, 1, -1}};
  gw_coin_teller *t = gw_coin_teller_new();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (rows[i].now >= 0) gw_coin_teller_set(t, list((guint)rows[i].now));
    const gw_coin *told = gw_coin_teller_due(t, rows[i].at_ms * 1000);
    g_assert_cmpuint(told ? told->version : 0, ==, rows[i].version);
    if (told) g_assert_cmpuint(told->users->len, ==, rows[i].users);
    g_assert_cmpint(gw_coin_teller_deadline(t), ==,
                    rows[i].again_ms < 0 ? GW_NEVER : rows[i].again_ms * 1000);
  }
  gw_coin_teller_stop(t);
  gw_coin_teller_set(t, list(7));
  g_assert_null(gw_coin_teller_due(t, GW_SEC(60)));
  gw_coin_teller_free(t);
}

static xmpp_stanza_t *at(xmpp_stanza_t *s, const char *path) {
  g_auto(GStrv) names = g_strsplit(path, "/", 0);
  for (guint i = 0; names[i]; i++) {
    s = gw_xml_child(s, names[i], GW_NS_CONFERENCE_INFO);
    g_assert_nonnull(s);
  }
  return s;
}

static void says(xmpp_stanza_t *s, const char *path, const char *text) {
  g_autofree char *own = gw_xml_text(at(s, path), 100);
  g_assert_cmpstr(own, ==, text);
}

/* What RFC 4575 wants, and Dino misses where it is not: version, states, an endpoint of each. */
static void test_xml(void) {
  g_autoptr(gw_coin) c = list(1);
  gw_coin_add(c, "xmpp:standup@muc.x/bob", "bob <b>");
  c->version = 7;
  xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
  gw_coin_xml_build(iq, c);
  xmpp_stanza_t *s = at(iq, "conference-info"), *user = at(s, "users/user");
  g_assert_true(gw_coin_xml_is(iq));
  g_assert_cmpstr(gw_xml_get(s, "entity"), ==, "xmpp:8000@gw.x");
  g_assert_cmpstr(gw_xml_get(s, "state"), ==, "full");
  g_assert_cmpstr(gw_xml_get(s, "version"), ==, "7");
  says(s, "conference-description/subject", "standup");
  says(s, "conference-state/user-count", "2");
  static const char *const rows[][2] = {{"sip:100@gw.x", "Phone 0"},
                                        {"xmpp:standup@muc.x/bob", "bob <b>"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++, user = gw_xml_next(user)) {
    g_assert_cmpstr(gw_xml_get(user, "entity"), ==, rows[i][0]);
    g_assert_cmpstr(gw_xml_get(user, "state"), ==, "full");
    g_assert_cmpstr(gw_xml_get(at(user, "endpoint"), "entity"), ==, rows[i][0]);
    g_assert_cmpstr(gw_xml_get(at(user, "endpoint/media"), "id"), ==, "1");
    says(user, "display-text", rows[i][1]);
    says(user, "endpoint/status", "connected");
    says(user, "endpoint/media/type", "audio");
  }
  g_assert_null(user);
  xmpp_stanza_release(iq);
}

/* A mixer says so when it takes a call, and in no other word (XEP-0298 5). */
static void test_focus(void) {
  static const gw_jingle_action actions[] = {GW_JINGLE_SESSION_ACCEPT, GW_JINGLE_SESSION_TERMINATE};
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
    g_autoptr(gw_word) w = gw_word_new_jingle(actions[i], "alice@x/1", "s1", FALSE);
    w->u.jingle.focus = TRUE;
    xmpp_stanza_t *iq = gw_words_build_jingle(w, "8000@gw.x/1", "i1");
    xmpp_stanza_t *jingle = gw_xml_child(iq, "jingle", NULL),
                  *mark = gw_xml_child(jingle, "conference-info", "urn:xmpp:coin:1");
    g_assert_true((mark != NULL) == !i);
    if (mark) g_assert_cmpstr(gw_xml_get(mark, "isfocus"), ==, "true");
    xmpp_stanza_release(iq);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/coin/bounds", test_bounds);
  g_test_add_func("/coin/uri", test_uri);
  g_test_add_func("/coin/pace", test_pace);
  g_test_add_func("/coin/xml", test_xml);
  g_test_add_func("/coin/focus", test_focus);
  return g_test_run();
}
