/* Words as values, and stanzas <-> words row by row of the mapping table. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/words_xml.h"

#define FP                                                                                         \
  "AB:CD:EF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:"  \
  "CC"
#define RTP "xmlns='urn:xmpp:jingle:apps:rtp:1'"
#define ICE "xmlns='urn:xmpp:jingle:transports:ice-udp:1'"
#define LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define OPUS "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"

static gw_word *parse(const char *action, const char *inside, gboolean we_initiated,
                      const char **why) {
  g_autofree char *text = g_strdup_printf(
      "<iq type='set' id='1' from='a@x/r' to='p@g/l'><jingle xmlns='urn:xmpp:jingle:1' "
      "action='%s' sid='S:1'>%s</jingle></iq>",
      action, inside);
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  gw_word *w = gw_words_parse_jingle(s, we_initiated, why);
  xmpp_stanza_release(s);
  return w;
}

static gw_word *parse_ok(const char *action, const char *inside, gboolean we_initiated) {
  const char *why = "";
  gw_word *w = parse(action, inside, we_initiated, &why);
  if (!w) g_test_message("%s: %s", action, why);
  g_assert_nonnull(w);
  return w;
}

/* What we write, with the single quotes of the tests. */
static char *build(const gw_word *w) {
  xmpp_stanza_t *s = gw_words_build_jingle(w, "p@g/l", "7");
  char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  return g_strdelimit(text, "\"", '\'');
}

static const gw_desc_media *only(const gw_word *w) {
  g_assert_nonnull(w->u.jingle.desc);
  g_assert_cmpuint(w->u.jingle.desc->media->len, ==, 1);
  return w->u.jingle.desc->media->pdata[0];
}

static void names(void) {
  g_assert_cmpstr(gw_jingle_action_name(GW_JINGLE_SESSION_INITIATE), ==, "session-initiate");
  g_assert_cmpstr(gw_jingle_action_name(GW_JINGLE_SECURITY_INFO), ==, "security-info");
  g_assert_cmpstr(gw_jmuci_action_name(GW_JMUCI_ENDED), ==, "ended");
  for (guint i = 0; i <= GW_JINGLE_UNKNOWN; i++)
    g_assert_nonnull(gw_jingle_action_name((gw_jingle_action)i));
  for (guint i = 0; i < GW_JINGLE_ERROR; i++) {
    g_autoptr(gw_word) w = parse_ok(
        gw_jingle_action_name((gw_jingle_action)i),
        i == GW_JINGLE_SESSION_INFO ? "" : "<content creator='initiator' name='a'/>", FALSE);
    g_assert_cmpint(w->u.jingle.action, ==, i);
  }
}

static void copies(void) {
  g_autoptr(gw_word) w = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, "a@x/r", "S", TRUE);
  w->from = g_strdup("me");
  w->historic = TRUE;
  w->u.jingle.reason = g_strdup("busy");
  w->u.jingle.desc = gw_desc_new();
  gw_desc_add(w->u.jingle.desc, GW_KIND_AUDIO, "0");
  g_autoptr(gw_word) c = gw_word_copy(w);
  g_assert_cmpstr(c->to, ==, "a@x/r");
  g_assert_cmpstr(c->from, ==, "me");
  g_assert_true(c->historic && c->u.jingle.we_initiated);
  g_assert_cmpstr(c->u.jingle.reason, ==, "busy");
  g_assert_nonnull(gw_desc_by_mid(c->u.jingle.desc, "0"));
  g_assert_true(c->u.jingle.desc != w->u.jingle.desc);
  g_autoptr(gw_word) j = gw_word_new_jmuci(GW_JMUCI_ACCEPT, TRUE, "X");
  j->u.jmuci.jid = g_strdup("p@g/l");
  g_autoptr(gw_word) k = gw_word_copy(j);
  g_assert_cmpstr(k->u.jmuci.id, ==, "X");
  g_assert_cmpstr(k->u.jmuci.jid, ==, "p@g/l");
  g_assert_true(k->u.jmuci.sfu);
  g_assert_null(gw_word_copy(NULL));
}

/* --- JMUCI */

static gw_word *jmuci(const char *message) {
  xmpp_stanza_t *s = gw_xml_parse(message, strlen(message));
  g_assert_nonnull(s);
  gw_word *w = gw_words_parse_jmuci(s);
  xmpp_stanza_release(s);
  return w;
}

#define GC(inside) "<message type='groupchat' from='r@c/Anna' to='p@g/l'>" inside "</message>"
#define MESH "xmlns='urn:xmpp:jingle-muc-message:0'"
#define SFU "xmlns='urn:xmpp:jingle-muc-media-sfu:0'"

static void jmuci_table(void) {
  static const struct {
    const char *text;
    int action;
    gboolean sfu, historic, audio, video;
  } rows[] = {
      {GC("<propose " MESH " id='X'><description " RTP " media='audio'/></propose>"),
       GW_JMUCI_PROPOSE, 0, 0, 1, 0},
      {GC("<propose " MESH " id='X'><description " RTP " media='audio'/><description " RTP
          " media='video'/></propose>"),
       GW_JMUCI_PROPOSE, 0, 0, 1, 1},
      {GC("<propose " SFU " id='X'/>"), GW_JMUCI_PROPOSE, 1, 0, 0, 0},
      {GC("<accept " MESH " id='X'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='q'/>"),
       GW_JMUCI_ACCEPT, 0, 0, 0, 0},
      {GC("<ACCEPT " MESH " id='X'/>"), GW_JMUCI_ACCEPT, 0, 0, 0, 0},
      {GC("<reject " MESH " id='X'/>"), GW_JMUCI_REJECT, 0, 0, 0, 0},
      {GC("<retract " MESH " id='X'/>"), GW_JMUCI_RETRACT, 0, 0, 0, 0},
      {GC("<ended " MESH " id='X'/>"), GW_JMUCI_ENDED, 0, 0, 0, 0},
      {GC("<end " MESH " id='X'/>"), GW_JMUCI_ENDED, 0, 0, 0, 0},
      {GC("<finish " MESH " id='X'/>"), GW_JMUCI_ENDED, 0, 0, 0, 0},
      {GC("<left " MESH " id='X'/>"), GW_JMUCI_ENDED, 0, 0, 0, 0},
      {GC("<accept " MESH " id='X'/><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"),
       GW_JMUCI_ACCEPT, 0, 1, 0, 0},
      {GC("<accept " MESH " id='X'/><x xmlns='jabber:x:delay'/>"), GW_JMUCI_ACCEPT, 0, 1, 0, 0},
      {GC("<accept " MESH "/>"), -1, 0, 0, 0, 0},
      {GC("<accept " MESH " id=''/>"), -1, 0, 0, 0, 0},
      {GC("<dance " MESH " id='X'/>"), -1, 0, 0, 0, 0},
      {GC("<accept xmlns='urn:other' id='X'/>"), -1, 0, 0, 0, 0},
      {GC("<accept " MESH " id='X'/><reject " MESH " id='X'/>"), -1, 0, 0, 0, 0},
      {"<message type='chat' from='r@c/A'><accept " MESH " id='X'/></message>", -1, 0, 0, 0, 0},
      {"<message type='error' from='r@c/A'><accept " MESH " id='X'/></message>", -1, 0, 0, 0, 0},
      {"<message from='r@c/A'><accept " MESH " id='X'/></message>", -1, 0, 0, 0, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_word) w = jmuci(rows[i].text);
    g_test_message("%s", rows[i].text);
    g_assert_cmpint(w ? (int)w->u.jmuci.action : -1, ==, rows[i].action);
    if (!w) continue;
    g_assert_cmpstr(w->from, ==, "r@c/Anna");
    g_assert_cmpstr(w->u.jmuci.id, ==, "X");
    g_assert_cmpint(w->u.jmuci.sfu, ==, rows[i].sfu);
    g_assert_cmpint(w->historic, ==, rows[i].historic);
    g_assert_cmpint(w->u.jmuci.audio, ==, rows[i].audio);
    g_assert_cmpint(w->u.jmuci.video, ==, rows[i].video);
  }
}

static void jmuci_jid_and_limits(void) {
  g_autoptr(gw_word) w = jmuci(GC("<accept " MESH " id='X' jid='P@G/Leg'/>"));
  g_assert_cmpstr(w->u.jmuci.jid, ==, "p@g/Leg");
  g_autoptr(gw_word) bare = jmuci(GC("<accept " MESH " id='X' jid='p@g'/>"));
  g_assert_null(bare->u.jmuci.jid);
  g_autofree char *id = g_strnfill(GW_MAX_SID + 1, 'i');
  g_autofree char *text = g_strdup_printf(GC("<accept " MESH " id='%s'/>"), id);
  g_assert_null(jmuci(text));
}

static void jmuci_built(void) {
  static const gw_jmuci_action all[] = {GW_JMUCI_PROPOSE, GW_JMUCI_ACCEPT, GW_JMUCI_REJECT,
                                        GW_JMUCI_RETRACT, GW_JMUCI_ENDED};
  for (guint i = 0; i < 2 * G_N_ELEMENTS(all); i++) {
    g_autoptr(gw_word) w = gw_word_new_jmuci(all[i / 2], i % 2, "X'&<");
    w->u.jmuci.audio = TRUE;
    w->u.jmuci.jid = g_strdup("p@g/l");
    xmpp_stanza_t *s = gw_words_build_jmuci(w, "p@g/l", "r@c", "m1");
    g_assert_cmpstr(gw_xml_get(s, "type"), ==, "groupchat");
    g_assert_cmpstr(gw_xml_get(s, "from"), ==, "p@g/l");
    g_assert_cmpstr(gw_xml_get(s, "id"), ==, "m1");
    g_autofree char *text = gw_xml_print(s);
    xmpp_stanza_release(s);
    g_autoptr(gw_word) back = jmuci(text);
    g_assert_cmpint(back->u.jmuci.action, ==, all[i / 2]);
    g_assert_cmpint(back->u.jmuci.sfu, ==, i % 2);
    g_assert_cmpstr(back->u.jmuci.id, ==, "X'&<");
    g_assert_cmpstr(back->u.jmuci.jid, ==, "p@g/l");
    g_assert_true(back->u.jmuci.audio && !back->u.jmuci.video);
    g_assert_null(strstr(text, "hints"));
  }
}

/* --- directions: senders names parties, a description's direction is its writer's */

static void directions(void) {
  static const struct {
    const char *senders;
    gw_dir by_initiator, by_responder;
  } rows[] = {{"both", GW_DIR_SENDRECV, GW_DIR_SENDRECV},
              {"initiator", GW_DIR_SENDONLY, GW_DIR_RECVONLY},
              {"responder", GW_DIR_RECVONLY, GW_DIR_SENDONLY},
              {"none", GW_DIR_INACTIVE, GW_DIR_INACTIVE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    for (guint we = 0; we < 2; we++) {
      g_autofree char *in = g_strdup_printf("<content name='0' senders='%s'><description " RTP
                                            " media='audio'>" OPUS "</description></content>",
                                            rows[i].senders);
      g_autoptr(gw_word) w = parse_ok("content-modify", in, we);
      g_assert_cmpint(only(w)->dir, ==, we ? rows[i].by_responder : rows[i].by_initiator);
      /* Written back by us in the same role, our own sight of it must name the same parties. */
      ((gw_desc_media *)w->u.jingle.desc->media->pdata[0])->dir =
          we ? rows[i].by_initiator : rows[i].by_responder;
      g_autofree char *out = build(w), *expected = g_strdup_printf("senders='%s'", rows[i].senders);
      g_assert_nonnull(strstr(out, expected));
    }
  g_autoptr(gw_word) w =
      parse_ok("session-initiate",
               "<content name='0'><description " RTP " media='audio'/></content>", FALSE);
  g_assert_cmpint(only(w)->dir, ==, GW_DIR_SENDRECV);
  const char *why = NULL;
  g_assert_null(parse("session-initiate", "<content name='0' senders='alice'/>", FALSE, &why));
  g_assert_cmpstr(why, ==, "unknown senders");
}

/* --- payload types */

static void payloads(void) {
  g_autoptr(gw_word) w = parse_ok(
      "session-initiate",
      "<content name='0'><description " RTP " media='audio' ptime='30'>"
      "<payload-type id='111' name='opus' clockrate='48000' channels='2' maxptime='60'><parameter "
      "name='minptime' value='10'/><parameter name='useinbandfec' value='1'/></payload-type>"
      "<payload-type id='63' name='red' clockrate='48000' channels='2'><parameter "
      "value='111/111'/></payload-type>"
      "<payload-type id='0'/><payload-type id='8' name='PCMA' clockrate='8000' channels='1'/>"
      "<payload-type id='101' name='telephone-event' clockrate='8000'><parameter name='' "
      "value='0-15'/></payload-type>"
      "<payload-type id='97' name='a-codec-with-a-very-long-name-indeed' clockrate='8000'/>"
      "<payload-type id='98'/><rtcp-mux/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='2' "
      "uri='urn:ietf:params:rtp-hdrext:toffset'/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='15' uri='" LEVEL "'/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='4' uri='" LEVEL
      "' senders='initiator'/>"
      "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='3' uri='" LEVEL
      "' senders='both'/>"
      "</description></content>",
      FALSE);
  const gw_desc_media *m = only(w);
  g_assert_cmpuint(m->level_ext, ==, 3);
  g_assert_cmpint(m->kind, ==, GW_KIND_AUDIO);
  g_assert_cmpuint(m->codecs->len, ==, 5);
  const gw_codec *opus = gw_desc_media_codec_pt(m, 111), *red = gw_desc_media_codec_pt(m, 63);
  g_assert_cmpstr(opus->fmtp, ==, "minptime=10;useinbandfec=1");
  g_assert_cmpuint(opus->channels, ==, 2);
  g_assert_cmpstr(red->fmtp, ==, "111/111");
  g_assert_cmpstr(gw_desc_media_codec_pt(m, 0)->name, ==, "PCMU");
  g_assert_cmpuint(gw_desc_media_codec_pt(m, 0)->clock, ==, 8000);
  g_assert_cmpuint(gw_desc_media_codec_pt(m, 8)->channels, ==, 1);
  g_assert_cmpstr(gw_desc_media_codec_pt(m, 101)->fmtp, ==, "0-15");
  g_assert_cmpuint(m->ptime, ==, 30);
  g_assert_cmpuint(m->maxptime, ==, 60);
  g_assert_true(m->rtcp_mux);
  g_autofree char *out = build(w);
  g_assert_nonnull(strstr(out, "name='useinbandfec'"));
  g_assert_nonnull(strstr(out, "ptime='30'"));
  g_assert_nonnull(strstr(out, "<rtp-hdrext"));
  g_assert_nonnull(strstr(out, "id='3'"));
  g_assert_nonnull(strstr(out, LEVEL));
  g_assert_nonnull(strstr(out, "<rtcp-mux/>"));
}

static void payload_limits(void) {
  const char *why;
  GString *s = g_string_new("<content name='0'><description " RTP " media='audio'>");
  for (guint i = 0; i <= GW_MAX_CODECS; i++)
    g_string_append_printf(s, "<payload-type id='%u' name='c' clockrate='8000'/>", i % 128);
  g_string_append(s, "</description></content>");
  g_assert_null(parse("session-initiate", s->str, FALSE, &why));
  g_string_free(s, TRUE);
  g_assert_null(parse(
      "session-initiate",
      "<content name='0'><description " RTP
      " media='audio'><payload-type id='128' name='x' clockrate='1'/></description></content>",
      FALSE, &why));
  g_autofree char *value = g_strnfill(GW_MAX_FMTP + 1, 'v');
  g_autofree char *in =
      g_strdup_printf("<content name='0'><description " RTP
                      " media='audio'><payload-type id='1' name='x' clockrate='1'><parameter "
                      "name='p' value='%s'/></payload-type></description></content>",
                      value);
  g_assert_null(parse("session-initiate", in, FALSE, &why));
  g_assert_null(parse("session-initiate",
                      "<content name='0'><description " RTP
                      " media='audio'><payload-type id='1' name='x' clockrate='1'><parameter "
                      "name='p' value='a&#10;a=evil'/></payload-type></description></content>",
                      FALSE, &why));
}

/* --- sources */

static void sources(void) {
  g_autoptr(gw_word) w =
      parse_ok("session-initiate",
               "<content name='0'><description " RTP " media='audio' ssrc='9'>" OPUS
               "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='4294967295'>"
               "<parameter name='cname' value='c'/><parameter name='msid' value='s "
               "t'/></source></description></content>",
               FALSE);
  const gw_source *src = &g_array_index(only(w)->sources, gw_source, 0);
  g_assert_cmpuint(src->ssrc, ==, 4294967295u);
  g_assert_cmpstr(src->cname, ==, "c");
  g_assert_cmpstr(src->msid, ==, "s t");
  g_autofree char *out = build(w);
  g_assert_nonnull(strstr(out, "ssrc='4294967295'"));
  g_assert_nonnull(strstr(out, "value='s t'"));
  g_autoptr(gw_word) attr = parse_ok("session-initiate",
                                     "<content name='0'><description " RTP
                                     " media='audio' ssrc='9'>" OPUS "</description></content>",
                                     FALSE);
  g_assert_cmpuint(g_array_index(only(attr)->sources, gw_source, 0).ssrc, ==, 9);
  g_autoptr(gw_word) none = parse_ok("session-initiate",
                                     "<content name='0'><description " RTP " media='audio'>" OPUS
                                     "</description></content>",
                                     FALSE);
  g_assert_cmpuint(only(none)->sources->len, ==, 0);
  GString *s = g_string_new("<content name='0'><description " RTP " media='audio'>");
  for (guint i = 0; i < 10000; i++)
    g_string_append_printf(s, "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='%u'/>", i);
  g_string_append(s, "</description></content>");
  const char *why;
  g_autofree char *text = g_strdup_printf(
      "<iq><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'>%s</jingle></iq>",
      s->str);
  xmpp_stanza_t *iq =
      xmpp_stanza_new_from_string(gw_xml_ctx(), text); /* as the stream would give it */
  g_assert_null(gw_words_parse_jingle(iq, FALSE, &why));
  xmpp_stanza_release(iq);
  g_string_free(s, TRUE);
}

/* --- transport */

#define CAND(extra)                                                                                \
  "<candidate foundation='1' component='1' protocol='udp' priority='2130706431' ip='192.0.2.1' "   \
  "port='5000' type='host' " extra "/>"

static guint candidates_in(const char *candidates) {
  g_autofree char *in = g_strdup_printf("<content name='0'><transport " ICE
                                        " ufrag='u' pwd='p'>%s</transport></content>",
                                        candidates);
  g_autoptr(gw_word) w = parse_ok("transport-info", in, FALSE);
  return only(w)->candidates->len;
}

static void candidate_filter(void) {
  static const struct {
    const char *text;
    guint kept;
  } rows[] = {
      {CAND(""), 1},
      {"<candidate foundation='1' component='1' protocol='UDP' priority='1' ip='2001:db8::1' "
       "port='1' type='relay' rel-addr='192.0.2.9' rel-port='3'/>",
       1},
      {"<candidate foundation='1' component='2' protocol='udp' priority='1' ip='192.0.2.1' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='tcp' priority='1' ip='192.0.2.1' "
       "port='9' type='host' tcptype='active'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='192.0.2.1' "
       "port='0' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='192.0.2.1' "
       "port='65536' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='0' ip='192.0.2.1' "
       "port='1' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='3c9f.local' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='example.org' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='fe80::1' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='224.0.0.1' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='0.0.0.0' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='255.255.255.255' "
       "port='5000' type='host'/>",
       0},
      {"<candidate foundation='1' component='1' protocol='udp' priority='1' ip='192.0.2.1' "
       "port='5000' type='carrier-pigeon'/>",
       0},
      {"<candidate foundation='this-foundation-is-longer-than-32-bytes' component='1' "
       "protocol='udp' priority='1' ip='192.0.2.1' port='5000' type='host'/>",
       0},
      {"<candidate component='1' protocol='udp' priority='1' ip='192.0.2.1' port='5000' "
       "type='host'/>",
       0},
      {"<candidate/>", 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s", rows[i].text);
    g_assert_cmpuint(candidates_in(rows[i].text), ==, rows[i].kept);
  }
  GString *many = g_string_new(NULL);
  for (guint i = 0; i < 200; i++)
    g_string_append(many, CAND(""));
  g_assert_cmpuint(candidates_in(many->str), ==, GW_MAX_CANDIDATES);
  g_string_free(many, TRUE);
}

static void candidate_written(void) {
  g_autoptr(gw_word) w =
      parse_ok("transport-info",
               "<content name='0' creator='responder'><transport " ICE " ufrag='u' pwd='p'>"
               "<candidate foundation='f' component='1' protocol='udp' priority='4294967295' "
               "ip='192.0.2.1' port='65535' type='srflx' rel-addr='10.0.0.1' rel-port='7' "
               "generation='2' id='1.x' network='3'/></transport></content>",
               FALSE);
  const gw_candidate *c = &g_array_index(only(w)->candidates, gw_candidate, 0);
  g_assert_cmpuint(c->priority, ==, 4294967295u);
  g_assert_cmpuint(c->generation, ==, 2);
  g_assert_cmpstr(c->rel_ip, ==, "10.0.0.1");
  g_autofree char *out = build(w);
  static const char *const expected[] = {
      "creator='initiator'",   "ufrag='u'",           "pwd='p'",
      "foundation='f'",        "component='1'",       "protocol='udp'",
      "priority='4294967295'", "ip='192.0.2.1'",      "port='65535'",
      "type='srflx'",          "rel-addr='10.0.0.1'", "rel-port='7'",
      "generation='2'",        "network='0'",         "id='c"};
  for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
    g_assert_nonnull(strstr(out, expected[i]));
  g_assert_null(strstr(out, "senders="));
}

static void fingerprints(void) {
  static const struct {
    const char *text;
    gboolean ok;
    const char *hash;
    gw_setup setup;
  } rows[] = {
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>" FP
       "</fingerprint>",
       TRUE, "sha-256", GW_SETUP_ACTPASS},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='SHA-256' setup='active'>\n " FP
       "\n</fingerprint>",
       TRUE, "sha-256", GW_SETUP_ACTIVE},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='passive'>" FP
       "</fingerprint>",
       TRUE, "sha-256", GW_SETUP_PASSIVE},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256'>" FP "</fingerprint>", TRUE,
       "sha-256", GW_SETUP_NONE},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='md2' "
       "setup='active'>AA</fingerprint>",
       TRUE, NULL, GW_SETUP_NONE},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-1' "
       "setup='active'>AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD</fingerprint>"
       "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='active'>" FP
       "</fingerprint>",
       TRUE, "sha-256", GW_SETUP_ACTIVE},
      {"", TRUE, NULL, GW_SETUP_NONE},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' "
       "setup='active'>AB:CD</fingerprint>",
       FALSE, NULL, 0},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='active'/>", FALSE,
       NULL, 0},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='sideways'>" FP
       "</fingerprint>",
       FALSE, NULL, 0},
      {"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-1' "
       "setup='active'>AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:GG</fingerprint>",
       FALSE, NULL, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *why = NULL;
    g_autofree char *in = g_strdup_printf("<content name='0'><transport " ICE
                                          " ufrag='u' pwd='p'>%s</transport></content>",
                                          rows[i].text);
    g_autoptr(gw_word) w = parse("session-accept", in, TRUE, &why);
    g_test_message("%s", rows[i].text);
    g_assert_cmpint(w != NULL, ==, rows[i].ok);
    if (!w) continue;
    g_assert_cmpstr(only(w)->fp_hash, ==, rows[i].hash);
    g_assert_cmpint(only(w)->setup, ==, rows[i].setup);
    if (rows[i].hash) g_assert_cmpstr(only(w)->fp_value, ==, FP);
    g_assert_cmpint(only(w)->proto == GW_PROTO_DTLS_SAVPF, ==, rows[i].hash != NULL);
  }
}

/* --- contents, group, who writes what */

static void contents(void) {
  static const struct {
    const char *text;
    const char *why;
  } rows[] = {
      {"", "no content"},
      {"<content creator='initiator'/>", "content without a usable name"},
      {"<content name=''/>", "content without a usable name"},
      {"<content name='a'/><content name='a'/>", "two contents of one name"},
      {"<content name='1'/><content name='2'/><content name='3'/><content name='4'/><content "
       "name='5'/><content name='6'/><content name='7'/><content name='8'/><content name='9'/>",
       "too many contents"},
      {"<content name='a'><transport " ICE " ufrag='a b' pwd='p'/></content>", "broken transport"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *why = NULL;
    g_assert_null(parse("session-initiate", rows[i].text, FALSE, &why));
    g_assert_cmpstr(why, ==, rows[i].why);
  }
}

static void bundle_written(void) {
  g_autoptr(gw_word) w = parse_ok(
      "session-initiate",
      "<content creator='initiator' name='0' senders='both'><description " RTP
      " media='audio'>" OPUS "<rtcp-mux/></description><transport " ICE " ufrag='u' pwd='p'>" CAND(
          "") "</transport></content>"
              "<content creator='initiator' name='1' senders='none'><description " RTP
              " media='video'><payload-type id='96' name='VP8' "
              "clockrate='90000'/><rtcp-mux/></description><transport " ICE
              " ufrag='u' pwd='p'>" CAND(
                  "") "</transport></content>"
                      "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content "
                      "name='0'/><content name='1'/></group>",
      FALSE);
  g_assert_true(w->u.jingle.desc->bundle);
  g_assert_cmpint(((gw_desc_media *)w->u.jingle.desc->media->pdata[1])->kind, ==, GW_KIND_VIDEO);
  w->u.jingle.action = GW_JINGLE_SESSION_ACCEPT;
  g_autofree char *out = build(w);
  g_assert_nonnull(strstr(out, "responder='p@g/l'"));
  g_assert_null(strstr(out, "initiator='p@g/l'"));
  g_assert_nonnull(strstr(out, "semantics='BUNDLE'"));
  g_assert_nonnull(strstr(out, "senders='none'"));
  g_auto(GStrv) parts = g_strsplit(out, "<candidate ", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 2); /* said once, for the first content */
  w->u.jingle.action = GW_JINGLE_SESSION_INITIATE;
  w->u.jingle.desc->bundle = FALSE;
  g_autofree char *plain = build(w);
  g_assert_nonnull(strstr(plain, "initiator='p@g/l'"));
  g_assert_null(strstr(plain, "BUNDLE"));
}

static void infos(void) {
  static const struct {
    const char *text;
    gw_jingle_info info;
    const char *name;
  } rows[] = {
      {"", GW_INFO_NONE, NULL},
      {"<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_RINGING, NULL},
      {"<active xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_ACTIVE, NULL},
      {"<hold xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_HOLD, NULL},
      {"<unhold xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_UNHOLD, NULL},
      {"<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='initiator' name='audio'/>",
       GW_INFO_MUTE, "audio"},
      {"<unmute xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_UNMUTE, NULL},
      {"<ringing xmlns='urn:other'/>", GW_INFO_UNKNOWN, NULL},
      {"<song xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>", GW_INFO_UNKNOWN, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_word) w = parse_ok("session-info", rows[i].text, FALSE);
    g_assert_cmpint(w->u.jingle.info, ==, rows[i].info);
    g_assert_cmpstr(w->u.jingle.info_name, ==, rows[i].name);
    if (rows[i].info == GW_INFO_UNKNOWN) continue;
    g_autofree char *out = build(w);
    xmpp_stanza_t *s = gw_xml_parse(out, strlen(out));
    const char *why;
    g_autoptr(gw_word) back = gw_words_parse_jingle(s, FALSE, &why);
    xmpp_stanza_release(s);
    g_assert_cmpint(back->u.jingle.info, ==, rows[i].info);
    g_assert_cmpstr(back->u.jingle.info_name, ==, rows[i].name);
  }
  const char *why;
  g_assert_null(parse("session-info",
                      "<hold xmlns='urn:xmpp:jingle:apps:rtp:info:1'/><mute "
                      "xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>",
                      FALSE, &why));
}

static void reasons(void) {
  g_autoptr(gw_word) w = parse_ok(
      "session-terminate", "<reason><busy/><text>on the \xc3\xbc phone</text></reason>", TRUE);
  g_assert_cmpstr(w->u.jingle.reason, ==, "busy");
  g_assert_cmpstr(w->u.jingle.reason_text, ==, "on the \xc3\xbc phone");
  g_autofree char *out = build(w);
  g_assert_nonnull(strstr(out, "<reason><busy/><text>on the \xc3\xbc phone</text></reason>"));
  g_autoptr(gw_word) none = parse_ok("session-terminate", "", TRUE);
  g_assert_null(none->u.jingle.reason);
  g_autofree char *long_text = g_strnfill(5000, 't');
  g_autofree char *in = g_strdup_printf("<reason><gone/><text>%s</text></reason>", long_text);
  g_autoptr(gw_word) cut = parse_ok("session-terminate", in, TRUE);
  g_assert_cmpuint(strlen(cut->u.jingle.reason_text), <=, 256);
}

static void sids(void) {
  static const struct {
    const char *text;
    gboolean jingle, sid;
  } rows[] = {
      {"<iq><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='a'/></iq>", TRUE,
       TRUE},
      {"<iq><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate'/></iq>", TRUE, FALSE},
      {"<iq><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid=''/></iq>", TRUE,
       FALSE},
      {"<iq><jingle xmlns='urn:xmpp:jingle:2' sid='a'/></iq>", FALSE, FALSE},
      {"<iq/>", FALSE, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    xmpp_stanza_t *s = gw_xml_parse(rows[i].text, strlen(rows[i].text));
    gw_jingle_head head = {0};
    g_assert_cmpint(gw_words_peek_jingle(s, &head), ==, rows[i].jingle);
    if (rows[i].jingle) g_assert_cmpint(head.sid != NULL, ==, rows[i].sid);
    const char *why = NULL;
    g_autoptr(gw_word) w = gw_words_parse_jingle(s, FALSE, &why);
    g_assert_cmpint(w != NULL, ==, rows[i].sid);
    xmpp_stanza_release(s);
  }
}

/* --- the XML helpers themselves */

static void xml_refused(void) {
  static const char *const bad[] = {"",
                                    "x",
                                    "<a",
                                    "<a>",
                                    "</a>",
                                    "<a></b>",
                                    "<a/><!--c-->",
                                    "<?xml version='1.0'?><a/>",
                                    "<!DOCTYPE a><a/>",
                                    "<a b='",
                                    "<a b='>'",
                                    "<a><![CDATA[x]]></a>"};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    xmpp_stanza_t *s = gw_xml_parse(bad[i], strlen(bad[i]));
    g_test_message("%s", bad[i]);
    g_assert_null(s);
  }
  for (guint depth = GW_MAX_XML_DEPTH; depth <= GW_MAX_XML_DEPTH + 1; depth++) {
    GString *t = g_string_new(NULL);
    for (guint i = 0; i < depth; i++)
      g_string_append(t, "<a>");
    for (guint i = 0; i < depth; i++)
      g_string_append(t, "</a>");
    xmpp_stanza_t *s = gw_xml_parse(t->str, t->len);
    g_assert_cmpint(s != NULL, ==, depth == GW_MAX_XML_DEPTH);
    if (s) g_assert_true(gw_xml_bounded(s));
    if (s) xmpp_stanza_release(s);
    xmpp_stanza_t *unchecked = xmpp_stanza_new_from_string(gw_xml_ctx(), t->str);
    g_assert_cmpint(gw_xml_bounded(unchecked), ==, depth == GW_MAX_XML_DEPTH);
    xmpp_stanza_release(unchecked);
    g_string_free(t, TRUE);
  }
  g_autofree char *huge = g_strnfill(GW_MAX_XML_BYTES + 1, ' ');
  g_assert_null(gw_xml_parse(huge, strlen(huge)));
}

/* One byte that is no XML would make the server end the stream for everybody. */
static void xml_cleaned(void) {
  xmpp_stanza_t *s = gw_xml_new("a", NULL);
  gw_xml_set(s, "k",
             "a\x01"
             "b\xff<&\"\x1b[0m\xef\xbf\xbf");
  gw_xml_set_text(s, "t\x08\x0c\xc3(");
  g_autofree char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  xmpp_stanza_t *back = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(back);
  g_assert_cmpstr(gw_xml_get(back, "k"), ==, "ab\xef\xbf\xbd<&\"[0m");
  g_autofree char *t = gw_xml_text(back, 100);
  g_assert_cmpstr(t, ==, "t\xef\xbf\xbd(");
  xmpp_stanza_release(back);
}

static void xml_numbers(void) {
  static const struct {
    const char *v;
    gboolean ok;
  } rows[] = {{"0", 1},  {"255", 1}, {"256", 0}, {"-1", 0},  {"+1", 0},
              {"1x", 0}, {"", 0},    {" 1", 0},  {"0x1", 0}, {"99999999999999999999999", 0}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    guint64 v;
    xmpp_stanza_t *s = gw_xml_new("a", NULL);
    gw_xml_set(s, "n", rows[i].v);
    g_assert_cmpint(gw_xml_get_uint(s, "n", 255, &v), ==, rows[i].ok);
    xmpp_stanza_release(s);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/words/names", names);
  g_test_add_func("/words/copies", copies);
  g_test_add_func("/words/jmuci/table", jmuci_table);
  g_test_add_func("/words/jmuci/jid-and-limits", jmuci_jid_and_limits);
  g_test_add_func("/words/jmuci/built", jmuci_built);
  g_test_add_func("/words/jingle/directions", directions);
  g_test_add_func("/words/jingle/payloads", payloads);
  g_test_add_func("/words/jingle/payload-limits", payload_limits);
  g_test_add_func("/words/jingle/sources", sources);
  g_test_add_func("/words/jingle/candidate-filter", candidate_filter);
  g_test_add_func("/words/jingle/candidate-written", candidate_written);
  g_test_add_func("/words/jingle/fingerprints", fingerprints);
  g_test_add_func("/words/jingle/contents", contents);
  g_test_add_func("/words/jingle/bundle", bundle_written);
  g_test_add_func("/words/jingle/infos", infos);
  g_test_add_func("/words/jingle/reasons", reasons);
  g_test_add_func("/words/jingle/sids", sids);
  g_test_add_func("/words/xml/refused", xml_refused);
  g_test_add_func("/words/xml/cleaned", xml_cleaned);
  g_test_add_func("/words/xml/numbers", xml_numbers);
  return g_test_run();
}
