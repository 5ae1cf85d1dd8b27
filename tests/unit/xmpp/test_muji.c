/* Muji presences and call invites: what is read, what is written, and what is passed over. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/muc_roster.h"
#include "xmpp/muji_xml.h"
#include "xmpp/words_xml.h"

#define MUJI "xmlns='urn:xmpp:jingle:muji:0'"
#define NEW "xmlns='urn:xmpp:call-invites:0'"
#define OLD "xmlns='urn:xmpp:call-message:1'"
#define CONTENT                                                                                    \
  "<content xmlns='urn:xmpp:jingle:1' name='audio'><description "                                  \
  "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>%s</description></content>"
#define OPUS                                                                                       \
  "<payload-type id='111' name='opus' clockrate='48000' channels='2'><parameter "                  \
  "name='useinbandfec' value='1'/></payload-type>"

static xmpp_stanza_t *xml(const char *text) {
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  return s;
}

static gw_muji *presence(const char *inside) {
  g_autofree char *text = g_strdup_printf("<presence from='r@m/n'>%s</presence>", inside);
  xmpp_stanza_t *s = xml(text);
  gw_muji *m = gw_muji_xml_parse(s);
  xmpp_stanza_release(s);
  return m;
}

static gw_muji *with_types(const char *types) {
  g_autofree char *inside = g_strdup_printf("<muji " MUJI ">" CONTENT "</muji>", types);
  return presence(inside);
}

static gw_word *message(const char *attributes, const char *inside) {
  g_autofree char *text =
      g_strdup_printf("<message from='a@x/r' to='p@g' %s>%s</message>", attributes, inside);
  xmpp_stanza_t *s = xml(text);
  gw_word *w = gw_muji_xml_parse_invite(s);
  xmpp_stanza_release(s);
  return w;
}

/* What is written, with the single quotes of the tests. */
static char *printed(xmpp_stanza_t *taken) {
  char *text = gw_xml_print(taken);
  xmpp_stanza_release(taken);
  return g_strdelimit(text, "\"", '\'');
}

static void presences(void) {
  g_assert_null(presence(""));
  g_autoptr(gw_muji) bare = presence("<muji " MUJI "/>");
  g_assert_true(bare && !bare->preparing && !bare->contents && !bare->desc);
  g_autoptr(gw_muji) prep = presence("<muji " MUJI "><preparing/></muji>");
  g_assert_true(prep->preparing && !prep->contents);
  g_autoptr(gw_muji) in = with_types(OPUS);
  const gw_desc_media *m = gw_desc_audio(in->desc);
  const gw_codec *c = gw_desc_media_codec_pt(m, 111);
  g_assert_true(in->contents && !in->preparing);
  g_assert_cmpstr(m->mid, ==, "audio");
  g_assert_cmpstr(c->fmtp, ==, "useinbandfec=1");
  g_assert_cmpuint(c->channels, ==, 2);
  g_autoptr(gw_muji) silent = with_types("");
  g_assert_true(silent->contents && !silent->desc);
  /* a content of another namespace is none, a broken one is not taken part with */
  g_autoptr(gw_muji) odd = presence("<muji " MUJI "><content name='audio'/></muji>");
  g_assert_false(odd->contents);
  g_autoptr(gw_muji) broken = with_types("<payload-type id='777' name='x' clockrate='1'/>");
  g_assert_false(broken->contents);
}

static void bounded(void) {
  GString *many = g_string_new(NULL);
  for (guint i = 0; i < 40; i++)
    g_string_append_printf(many, "<payload-type id='%u' name='c%u' clockrate='8000'/>", 80 + i, i);
  g_autoptr(gw_muji) m = with_types(many->str);
  g_assert_cmpuint(gw_desc_audio(m->desc)->codecs->len, ==, GW_MAX_MUJI_CODECS);
  g_string_free(many, TRUE);
}

static void written(void) {
  g_autoptr(gw_muji) in = with_types(OPUS "<payload-type id='0' name='PCMU' clockrate='8000'/>");
  xmpp_stanza_t *s = gw_xml_new("presence", NULL);
  gw_muji_xml_add(s, in);
  g_autofree char *text = printed(s);
  s = xml(text);
  g_autoptr(gw_muji) back = gw_muji_xml_parse(s);
  g_assert_true(gw_muji_equal(in, back));
  xmpp_stanza_t *muji = gw_xml_child(s, "muji", "urn:xmpp:jingle:muji:0");
  xmpp_stanza_t *content = gw_xml_child(muji, "content", "urn:xmpp:jingle:1");
  g_assert_cmpstr(gw_xml_get(content, "creator"), ==, "initiator");
  g_assert_null(gw_xml_get(content, "senders")); /* of a session, and none of these are */
  g_assert_null(gw_xml_child(content, "transport", NULL));
  xmpp_stanza_release(s);
  s = gw_xml_new("presence", NULL);
  g_autoptr(gw_muji) prep = gw_muji_new(TRUE, NULL);
  gw_muji_xml_add(s, prep);
  gw_muji_xml_add(s, NULL);
  g_autofree char *short_text = printed(s);
  g_assert_cmpstr(short_text, ==,
                  "<presence><muji xmlns='urn:xmpp:jingle:muji:0'><preparing/></muji></presence>");
}

static void values(void) {
  g_autoptr(gw_muji) a = with_types(OPUS), b = with_types(OPUS), prep = gw_muji_new(TRUE, NULL);
  g_autoptr(gw_muji) other =
      with_types("<payload-type id='96' name='opus' clockrate='48000' channels='2'/>");
  g_autoptr(gw_muji) copy = gw_muji_copy(a);
  g_assert_true(gw_muji_equal(a, b) && gw_muji_equal(a, copy) && gw_muji_equal(NULL, NULL));
  g_assert_false(gw_muji_equal(a, other) || gw_muji_equal(a, prep) || gw_muji_equal(a, NULL));
  gw_muc_roster *r = gw_muc_roster_new();
  gw_muc_occ *o = NULL;
  gw_muc_roster_see(r, "n", NULL, 0, FALSE, &o);
  g_assert_true(gw_muc_occ_set_muji(o, a));
  g_assert_false(gw_muc_occ_set_muji(o, b));
  g_autoptr(gw_muc_occ) kept = gw_muc_occ_copy(o);
  g_assert_true(gw_muc_occ_set_muji(o, NULL));
  g_assert_true(gw_muji_equal(kept->muji, a) && !o->muji);
  gw_muc_roster_free(r);
}

static void both_forms(void) {
  g_autoptr(gw_word) w =
      message("type='groupchat' id='m'",
              "<invite " NEW " id='U' video='true' multi='1'><muji " MUJI
              " room='Call@muc.x/Nick'/></invite>"
              "<propose " OLD " id='U' video='false'><muji " MUJI " room='call@muc.x'/></propose>"
              "<origin-id xmlns='urn:xmpp:sid:0' id='O'/><stanza-id xmlns='urn:xmpp:sid:0' id='S' "
              "by='a@x'/>"
              "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='other@x'/>");
  const gw_call_invite *v = &w->u.call_invite;
  g_assert_cmpint(w->kind, ==, GW_WORD_CALL_INVITE);
  g_assert_cmpint(v->action, ==, GW_INVITE_INVITE);
  g_assert_cmpstr(v->ids[0], ==, "U");
  g_assert_cmpstr(v->muji_room, ==, "call@muc.x");
  g_assert_true(v->video && v->multi && !w->historic);
  g_assert_cmpuint(v->n_ids, ==, 4);
  for (const char *const *id = (const char *const[]){"U", "m", "O", "S", NULL}; *id; id++)
    g_assert_true(gw_call_invite_has_id(v, *id));
  g_assert_false(gw_call_invite_has_id(v, "forged") || gw_call_invite_has_id(v, NULL));
}

static void each_action(void) {
  static const struct {
    const char *xml;
    int action; /* -1: none */
  } rows[] = {
      {"<invite " NEW " id='U'/>", GW_INVITE_INVITE},
      {"<propose " OLD " id='U'/>", GW_INVITE_INVITE},
      {"<accept " NEW " id='U'/>", GW_INVITE_ACCEPT},
      {"<accept " OLD " id='U'/>", GW_INVITE_ACCEPT},
      {"<reject " NEW " id='U'/>", GW_INVITE_REJECT},
      {"<reject " OLD " id='U'/>", GW_INVITE_REJECT},
      {"<retract " NEW " id='U'/>", GW_INVITE_RETRACT},
      {"<left " NEW " id='U'/>", GW_INVITE_LEFT},
      {"<finish " OLD " id='U'/>", GW_INVITE_LEFT},
      {"<propose " NEW " id='U'/>", -1},
      {"<finish " NEW " id='U'/>", -1},
      {"<accept " NEW "/>", -1},
      {"<accept " NEW " id='U'/><reject " NEW " id='U'/>", -1},
      {"<propose " OLD " id='U'/><propose xmlns='urn:xmpp:jingle-message:0' id='U'/>", -1},
      {"<body>hello</body>", -1},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_word) w = message("type='chat'", rows[i].xml);
    g_assert_cmpint(w ? (int)w->u.call_invite.action : -1, ==, rows[i].action);
  }
  g_autoptr(gw_word) old = message("", "<propose " OLD " id='U'/><delay xmlns='urn:xmpp:delay'/>");
  g_assert_true(old->historic);
  g_autoptr(gw_word) error = message("type='error'", "<propose " OLD " id='U'/>");
  g_assert_null(error);
  /* XEP-0482 itself has no id on invite: the message's is it */
  g_autoptr(gw_word) plain =
      message("id='m'", "<invite " NEW "><jingle sid='J' jid='a@x/R'/></invite>");
  g_assert_cmpstr(plain->u.call_invite.ids[0], ==, "m");
  g_assert_cmpstr(plain->u.call_invite.jingle_sid, ==, "J");
  g_assert_cmpstr(plain->u.call_invite.jingle_jid, ==, "a@x/R");
  g_assert_null(plain->u.call_invite.muji_room);
}

static void said(void) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_CALL_INVITE;
  w->u.call_invite = (gw_call_invite){.action = GW_INVITE_INVITE,
                                 .ids = {g_strdup("U")},
                                 .n_ids = 1,
                                 .multi = TRUE,
                                 .muji_room = g_strdup("c@m")};
  g_autofree char *text = printed(gw_muji_xml_build_invite(w, "p@g/l", "t@m", "groupchat", NULL));
  g_autoptr(gw_word) copy = gw_word_copy(w);
  gw_word_free(w);
  xmpp_stanza_t *s = xml(text);
  g_autoptr(gw_word) back = gw_muji_xml_parse_invite(s);
  g_assert_cmpstr(gw_xml_get(s, "id"), ==, "U");
  g_assert_nonnull(gw_xml_child(s, "invite", "urn:xmpp:call-invites:0"));
  g_assert_nonnull(gw_xml_child(s, "propose", "urn:xmpp:call-message:1"));
  g_assert_nonnull(gw_xml_child(s, "origin-id", "urn:xmpp:sid:0"));
  xmpp_stanza_release(s);
  g_assert_cmpuint(back->u.call_invite.n_ids, ==, 1); /* one id under all its names */
  g_assert_true(back->u.call_invite.multi && !back->u.call_invite.video);
  g_assert_cmpstr(back->u.call_invite.muji_room, ==, copy->u.call_invite.muji_room);
  for (guint a = GW_INVITE_ACCEPT; a <= GW_INVITE_LEFT; a++) {
    copy->u.call_invite.action = (gw_invite_action)a;
    g_autofree char *answer = printed(gw_muji_xml_build_invite(copy, "p@g/l", "a@x", "chat", "i"));
    g_assert_true(!strstr(answer, "room='c@m'") == (a != GW_INVITE_ACCEPT));
    g_assert_nonnull(strstr(answer, "urn:xmpp:call-message:1"));
    g_assert_nonnull(strstr(answer, "id='i'"));
  }
  /* an answer in the form of what it answers */
  g_assert_true(back->u.call_invite.in_new && back->u.call_invite.in_old);
  for (guint old = 0; old < 2; old++) {
    copy->u.call_invite.in_old = old;
    copy->u.call_invite.in_new = !old;
    g_autofree char *answer = printed(gw_muji_xml_build_invite(copy, "p@g/l", "a@x", "chat", "i"));
    g_assert_nonnull(strstr(answer, old ? "urn:xmpp:call-message:1" : "urn:xmpp:call-invites:0"));
    g_assert_null(strstr(answer, old ? "urn:xmpp:call-invites:0" : "urn:xmpp:call-message:1"));
  }
}

static void session_of_a_room(void) {
  static const char iq[] =
      "<iq type='set' id='1' from='a@x/r' to='p@g/l'><jingle xmlns='urn:xmpp:jingle:1' "
      "action='session-initiate' "
      "sid='s'><muji " MUJI
      " room='Call@m'/><content creator='initiator' name='audio'/></jingle></iq>";
  const char *why = NULL;
  xmpp_stanza_t *s = xml(iq);
  g_autoptr(gw_word) w = gw_words_parse_jingle(s, FALSE, &why);
  xmpp_stanza_release(s);
  g_assert_cmpstr(w->u.jingle.muji_room, ==, "call@m");
  g_autoptr(gw_word) copy = gw_word_copy(w);
  g_autofree char *text = printed(gw_words_build_jingle(copy, "p@g/l", "7"));
  g_assert_nonnull(strstr(text, "room='call@m'"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muji/presences", presences);
  g_test_add_func("/muji/bounded", bounded);
  g_test_add_func("/muji/written", written);
  g_test_add_func("/muji/values", values);
  g_test_add_func("/muji/both-forms", both_forms);
  g_test_add_func("/muji/each-action", each_action);
  g_test_add_func("/muji/said", said);
  g_test_add_func("/muji/session-of-a-room", session_of_a_room);
  return g_test_run();
}
