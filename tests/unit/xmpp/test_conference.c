/* What conference services say beside Jingle, from XML: whose a session is, who publishes what. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/conference_xml.h"
#include "xmpp/meet_xml.h"
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

static const char *first_of(const gw_word *w) {
  return w->u.jingle.users ? w->u.jingle.users[0] : NULL;
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
      g_assert_cmpstr(first_of(w), ==, rows[i].owner);
      g_assert_cmpstr(first_of(copy), ==, rows[i].owner);
    }
  g_autofree char *far = g_strnfill(GW_MAX_JID + 1, 'a');
  g_autofree char *xml = g_strdup_printf(
      "<conference-info " COIN "><users><user entity='%s'/></users></conference-info>", far);
  g_autoptr(gw_word) w = jingle("session-initiate", xml);
  g_assert_null(first_of(w));
}

static char *users_text(const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  g_autofree char *here = j->users ? g_strjoinv(",", j->users) : g_strdup("-");
  g_autofree char *gone = j->gone ? g_strjoinv(",", j->gone) : g_strdup("-");
  return g_strdup_printf("%s gone %s%s", here, gone, j->partial ? " partial" : "");
}

#define USER(who) "<user entity='xmpp:" who "'/>"
#define LEFT(who) "<user entity='xmpp:" who "' state='deleted'/>"

/* Updates about who is there, in a running session; several users of one stream; bounded. */
static void updates(void) {
  static const struct {
    const char *attributes, *users, *want;
  } rows[] = {{"state='partial' version='2'", NULL, "- gone -"},
              {"state='partial'", "<users>" USER("a@x") LEFT("b@x") "</users>", "a@x gone b@x partial"},
              {"state='full'", "<users>" USER("a@x") USER("b@x/r") "</users>", "a@x,b@x/r gone "},
              {"", "<users/>", " gone "},
              {"", "<users><else/>" USER("a@x") "<user/></users>", "a@x gone "}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *why = "";
    g_autofree char *text = g_strdup_printf(
        HEAD "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s1'>"
             "<conference-info " COIN " %s>%s</conference-info></jingle></iq>",
        rows[i].attributes, rows[i].users ? rows[i].users : "");
    xmpp_stanza_t *s = stanza(text);
    g_autoptr(gw_word) w = gw_words_parse_jingle(s, FALSE, &why);
    xmpp_stanza_release(s);
    g_assert_nonnull(w);
    g_assert_cmpint(w->u.jingle.info, ==, GW_INFO_NONE);
    g_autofree char *got = users_text(w);
    g_assert_cmpstr(got, ==, rows[i].want);
  }
  g_autoptr(GString) many = g_string_new("<conference-info " COIN "><users>");
  for (guint i = 0; i < 30; i++)
    g_string_append_printf(many, "<user entity='xmpp:u%u@x'/>", i);
  g_string_append(many, "</users></conference-info>");
  g_autoptr(gw_word) w = jingle("session-initiate", many->str);
  g_assert_cmpuint(g_strv_length(w->u.jingle.users), ==, GW_MAX_COIN_USERS);
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

#define MEET "xmlns='tigase:meet:0'"
#define AUDIO "<media type='audio'/>"

static char *invitation(const char *attributes, const char *inside) {
  g_autofree char *text = g_strdup_printf(
      "<message from='nora@hall.x/desk' to='100@gw.x' %s>%s</message>", attributes, inside);
  xmpp_stanza_t *s = stanza(text);
  g_autoptr(gw_word) first = gw_meet_xml_parse_invite(s);
  g_autoptr(gw_word) w = gw_word_copy(first);
  xmpp_stanza_release(s);
  if (!w) return g_strdup("none");
  const gw_call_invite *v = &w->u.call_invite;
  g_assert_true(v->in_meet && v->n_ids == 1 && !v->muji_room);
  return g_strdup_printf("%s %s %s%s%s", gw_invite_action_name(v->action), v->ids[0],
                         v->meet ? v->meet : "nowhere", v->video ? " video" : "",
                         w->historic ? " late" : "");
}

static void invitations(void) {
  g_autofree char *long_id = g_strnfill(GW_MAX_SID + 1, 'i');
  g_autofree char *too_long =
      g_strdup_printf("<propose " MEET " id='%s' jid='a@m.x'>" AUDIO "</propose>", long_id);
  const struct {
    const char *attributes, *xml, *want;
  } rows[] = {
      {"type='chat'", "<propose " MEET " id='u1' jid='A@Meet.x'>" AUDIO "<media type='video'/></propose>",
       "invite u1 a@meet.x video"},
      {"", "<propose " MEET " id='u1' jid='a@m.x/r'>" AUDIO "</propose>", "invite u1 a@m.x"},
      {"", "<propose " MEET " id='u1' jid='a@m.x'><media type='video'/></propose>", "invite u1 nowhere video"},
      {"", "<propose " MEET " id='u1' jid='a@m.x'/>", "invite u1 nowhere"},
      {"", "<propose " MEET " id='u1' jid='m.x'>" AUDIO "</propose>", "invite u1 nowhere"},
      {"", "<propose " MEET " id='u1'>" AUDIO "</propose>", "invite u1 nowhere"},
      {"", "<propose " MEET " id='u1' jid='a@m.x'>" AUDIO "</propose><delay xmlns='urn:xmpp:delay'/>",
       "invite u1 a@m.x late"},
      {"", "<accept " MEET " id='u1'/>", "accept u1 nowhere"},
      {"", "<proceed " MEET " id='u1'/>", "accept u1 nowhere"},
      {"", "<reject " MEET " id='u1'/>", "reject u1 nowhere"},
      {"", "<retract " MEET " id='u1'/>", "retract u1 nowhere"},
      {"", "<failure " MEET " id='u1'/>", "failure u1 nowhere"},
      {"", "<propose " MEET " jid='a@m.x'>" AUDIO "</propose>", "none"},
      {"", "<propose xmlns='tigase:meet:1' id='u1' jid='a@m.x'>" AUDIO "</propose>", "none"},
      {"", "<create " MEET " id='u1'/>", "none"},
      {"type='error'", "<propose " MEET " id='u1' jid='a@m.x'>" AUDIO "</propose>", "none"},
      {"type='groupchat'", "<propose " MEET " id='u1' jid='a@m.x'>" AUDIO "</propose>", "none"},
      {"", too_long, "none"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *got = invitation(rows[i].attributes, rows[i].xml);
    g_assert_cmpstr(got, ==, rows[i].want);
  }
}

static void invitations_said(void) {
  static const struct {
    gw_invite_action action;
    const char *want;
  } rows[] = {
      {GW_INVITE_INVITE, "<message id=\"i\" to=\"nora@hall.x\" type=\"chat\" from=\"100@gw.x\"><propose "
                         "xmlns=\"tigase:meet:0\" id=\"u1\" jid=\"a@m.x\"><media type=\"audio\"/><media "
                         "type=\"video\"/></propose></message>"},
      {GW_INVITE_ACCEPT, "<accept"}, {GW_INVITE_REJECT, "<reject"},
      {GW_INVITE_RETRACT, "<retract"}, {GW_INVITE_FAILED, "<failure"}, {GW_INVITE_LEFT, NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_word) w = g_new0(gw_word, 1);
    w->kind = GW_WORD_CALL_INVITE;
    w->from = g_strdup("100@gw.x");
    w->to = g_strdup("nora@hall.x");
    w->u.call_invite = (gw_call_invite){.action = rows[i].action, .in_meet = TRUE, .n_ids = 1};
    w->u.call_invite.ids[0] = g_strdup("u1");
    w->u.call_invite.meet = g_strdup("a@m.x");
    xmpp_stanza_t *s = gw_meet_xml_build_invite(w, "i");
    g_assert_cmpint(s != NULL, ==, rows[i].want != NULL);
    if (!s) continue;
    g_autoptr(gw_word) back = gw_meet_xml_parse_invite(s);
    g_assert_cmpint(back->u.call_invite.action, ==, rows[i].action);
    g_assert_cmpstr(back->u.call_invite.meet, ==, i ? NULL : "a@m.x");
    xmpp_stanza_release(s);
  }
}

static void requests(void) {
  static const char *const who[] = {"nora@hall.x", "100@gw.x", NULL};
  static const struct {
    const char *verb, *media;
    guint people;
  } rows[] = {{"create", "audio video", 2}, {"allow", "", 2}, {"destroy", "", 0}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
    g_autoptr(GString) media = g_string_new(NULL);
    guint people = 0;
    gw_meet_xml_add(iq, rows[i].verb, rows[i].people ? who : NULL);
    xmpp_stanza_t *verb = gw_xml_child(iq, rows[i].verb, "tigase:meet:0");
    g_assert_nonnull(verb);
    GW_XML_EACH(c, verb) {
      if (gw_xml_is(c, "media", NULL))
        g_string_append_printf(media, "%s%s", media->len ? " " : "", gw_xml_get(c, "type"));
      if (!gw_xml_is(c, "participant", NULL)) continue;
      g_autofree char *text = gw_xml_text(c, 100);
      g_assert_cmpstr(text, ==, who[people]);
      g_assert_cmpstr(gw_xml_get(c, "jid"), ==, who[people++]);
    }
    g_assert_cmpstr(media->str, ==, rows[i].media);
    g_assert_cmpuint(people, ==, rows[i].people);
    xmpp_stanza_release(iq);
  }
}

static void made(void) {
  static const struct {
    const char *xml, *want;
  } rows[] = {{"<create " MEET " id='23423'/>", "23423@meet.x"},
              {"<create " MEET "/>", NULL},
              {"<create " MEET " id=''/>", NULL},
              {"<create " MEET " id='a@elsewhere.x'/>", NULL},
              {"<create " MEET " id='a/b'/>", NULL},
              {"<allow " MEET " id='a'/>", NULL},
              {"", NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = g_strconcat(HEAD, rows[i].xml, "</iq>", NULL);
    xmpp_stanza_t *s = stanza(text);
    g_autofree char *got = gw_meet_xml_made(s, "meet.x");
    xmpp_stanza_release(s);
    g_assert_cmpstr(got, ==, rows[i].want);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/conference/owners", owners);
  g_test_add_func("/conference/updates", updates);
  g_test_add_func("/conference/publishers", publishers);
  g_test_add_func("/conference/invitations", invitations);
  g_test_add_func("/conference/invitations-said", invitations_said);
  g_test_add_func("/conference/requests", requests);
  g_test_add_func("/conference/made", made);
  return g_test_run();
}
