/* What conference services say beside Jingle, from XML: whose a session is, who publishes what. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/conference_xml.h"
#include "xmpp/words_xml.h"

#define COIN "xmlns='urn:xmpp:coin:1'"
#define HEAD "<iq type='set' id='i1' from='ball@talks.x' to='phone@gw/1'>"

static xmpp_stanza_t *stanza(const char *text) {
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  return s;
}

static gw_word *jingle(const char *action, const char *inside) {
  const char *why = "";
  g_autofree char *text =
      g_strdup_printf(HEAD "<jingle xmlns='urn:xmpp:jingle:1' action='%s' sid='s1'><content "
                           "creator='initiator' name='0'/>%s</jingle></iq>",
                      action, inside);
  xmpp_stanza_t *s = stanza(text);
  gw_word *w = gw_words_parse_jingle(s, FALSE, &why);
  xmpp_stanza_release(s);
  g_assert_nonnull(w);
  return w;
}

static void owners(void) {
  static const struct {
    const char *xml;
    gboolean focus;
    const char *owner;
  } rows[] = {
      {"", FALSE, NULL},
      {"<conference-info " COIN " isfocus='true'/>", TRUE, NULL},
      {"<conference-info " COIN " isfocus='1'><users/></conference-info>", TRUE, NULL},
      {"<conference-info xmlns='urn:else' isfocus='true'/>", FALSE, NULL},
      {"<conference-info " COIN
       "><users><user entity='xmpp:Nora@Hall.x'/></users></conference-info>",
       FALSE, "nora@hall.x"},
      {"<conference-info " COIN
       " isfocus='true'><users><user entity='xmpp:nora@hall.x/desk?x;y=z'/><user "
       "entity='xmpp:other@hall.x'/></users></conference-info>",
       TRUE, "nora@hall.x/desk"},
      {"<conference-info " COIN
       "><users><user entity='xmpp:hall@rooms.x/Two%20Words'/></users></conference-info>",
       FALSE, "hall@rooms.x/Two Words"},
      {"<conference-info " COIN "><users><user entity='sip:nora@pbx.x'/></users></conference-info>",
       FALSE, "sip:nora@pbx.x"},
      {"<conference-info " COIN "><users><user entity='two words'/></users></conference-info>",
       FALSE, NULL},
      {"<conference-info " COIN "><users><user entity=''/></users></conference-info>", FALSE, NULL},
      {"<conference-info " COIN "><users><user/></users></conference-info>", FALSE, NULL},
      {"<conference-info " COIN "><users><user entity='xmpp:%ff@x'/></users></conference-info>",
       FALSE, NULL},
  };
  static const char *const actions[] = {"session-initiate", "session-accept"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    for (guint k = 0; k < G_N_ELEMENTS(actions); k++) {
      g_autoptr(gw_word) w = jingle(actions[k], rows[i].xml);
      g_autoptr(gw_word) copy = gw_word_copy(w);
      g_assert_cmpint(w->u.jingle.focus, ==, rows[i].focus);
      g_assert_cmpstr(w->u.jingle.owner, ==, rows[i].owner);
      g_assert_cmpstr(copy->u.jingle.owner, ==, rows[i].owner);
    }
  g_autofree char *far = g_strnfill(GW_MAX_JID + 1, 'a');
  g_autofree char *xml = g_strdup_printf(
      "<conference-info " COIN "><users><user entity='%s'/></users></conference-info>", far);
  g_autoptr(gw_word) w = jingle("session-initiate", xml);
  g_assert_null(w->u.jingle.owner);
}

/* Updates about who is there are taken without a word, not refused. */
static void updates(void) {
  const char *why = "";
  xmpp_stanza_t *s =
      stanza(HEAD "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s1'>"
                  "<conference-info " COIN " state='partial' version='2'/></jingle></iq>");
  g_autoptr(gw_word) w = gw_words_parse_jingle(s, FALSE, &why);
  xmpp_stanza_release(s);
  g_assert_nonnull(w);
  g_assert_cmpint(w->u.jingle.info, ==, GW_INFO_NONE);
}

static char *meet(const char *inside) {
  g_autofree char *text = g_strconcat(HEAD, inside, "</iq>", NULL);
  xmpp_stanza_t *s = stanza(text);
  GString *out = g_string_new(gw_meet_xml_is(s) ? "" : "-");
  g_autoptr(gw_word) w = gw_meet_xml_parse(s);
  g_autoptr(gw_word) copy = gw_word_copy(w);
  xmpp_stanza_release(s);
  if (!copy) return g_string_free(g_string_append(out, "broken"), FALSE);
  g_string_append(out, copy->u.meet.left ? "left" : "joined");
  for (guint i = 0; i < copy->u.meet.who->len; i++) {
    const gw_meet_who *who = copy->u.meet.who->pdata[i];
    g_autofree char *mids = g_strjoinv(",", who->mids);
    g_string_append_printf(out, " %s(%s)", who->jid, mids);
  }
  g_assert_cmpstr(copy->from, ==, "ball@talks.x");
  return g_string_free(out, FALSE);
}

static void publishers(void) {
  static const struct {
    const char *xml, *want;
  } rows[] = {
      {"<joined xmlns='tigase:meet:0'><participant jid='Nora@hall.x'><stream mid='4'/><stream "
       "mid='5'/></participant>"
       "</joined>",
       "joined nora@hall.x(4,5)"},
      {"<joined xmlns='tigase:meet:0'><publisher jid='a@x/desk'/><publisher jid='b@x'><stream "
       "mid='0'/></publisher>"
       "</joined>",
       "joined a@x() b@x(0)"},
      {"<left xmlns='tigase:meet:0'><participant jid='a@x'><stream mid=''/><stream/><else "
       "mid='7'/></participant></left>",
       "left a@x()"},
      {"<left xmlns='tigase:meet:0'/>", "left"},
      {"<left xmlns='tigase:meet:0'><participant/></left>", "broken"},
      {"<joined xmlns='tigase:meet:0'><participant jid=''/></joined>", "broken"},
      {"<joined xmlns='tigase:meet:1'/>", "-broken"},
      {"<create xmlns='tigase:meet:0'/>", "-broken"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = meet(rows[i].xml);
    g_assert_cmpstr(got, ==, rows[i].want);
  }
  g_autoptr(GString) many = g_string_new("<joined xmlns='tigase:meet:0'><participant jid='a@x'>");
  for (guint i = 0; i < 40; i++)
    g_string_append_printf(many, "<stream mid='%u'/>", i);
  g_string_append(many, "</participant></joined>");
  g_autofree char *got = meet(many->str);
  g_assert_true(g_str_has_suffix(got, ",15)")); /* bounded */
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/conference/owners", owners);
  g_test_add_func("/conference/updates", updates);
  g_test_add_func("/conference/publishers", publishers);
  return g_test_run();
}
