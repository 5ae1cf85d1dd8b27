/* Jingle Message Initiation as stanzas, row by row, and back. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/jmi_xml.h"

#define IN(name, more, inside)                                                                     \
  "<" name " xmlns='urn:xmpp:jingle-message:0' " more ">" inside "</" name ">"
#define AUDIO "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>"
#define VIDEO "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/>"
#define WHY(reason) "<reason xmlns='urn:xmpp:jingle:1'><text>so</text><" reason "/></reason>"
#define STORE "<store xmlns='urn:xmpp:hints'/>"
#define ERROR(condition)                                                                           \
  "<error type='cancel'><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

static const struct {
  const char *attributes, *inside;
  int action; /* -1: none of this kind */
  const char *id, *reason;
  gboolean audio, video, tie, historic;
} rows[] = {
    {" type='chat'", IN("propose", "id='a'", AUDIO) STORE, GW_JMI_PROPOSE, "a", NULL, TRUE, FALSE,
     FALSE, FALSE},
    {" type='chat'", IN("propose", "id='a'", AUDIO VIDEO), GW_JMI_PROPOSE, "a", NULL, TRUE, TRUE,
     FALSE, FALSE},
    {"", IN("proceed", "id='a'", "<device xmlns='x' id='1'/>"), GW_JMI_PROCEED, "a", NULL, FALSE,
     FALSE, FALSE, FALSE},
    {" type='chat'", IN("ringing", "id='a'", ""), GW_JMI_RINGING, "a", NULL, FALSE, FALSE, FALSE,
     FALSE},
    {" type='chat'", IN("accept", "id='a'", ""), GW_JMI_ACCEPT, "a", NULL, FALSE, FALSE, FALSE,
     FALSE},
    {" type='chat'", IN("reject", "id='a'", WHY("busy")), GW_JMI_REJECT, "a", "busy", FALSE, FALSE,
     FALSE, FALSE},
    {" type='chat'", IN("reject", "id='a'", WHY("expired") "<tie-break/>"), GW_JMI_REJECT, "a",
     "expired", FALSE, FALSE, TRUE, FALSE},
    {" type='chat'", IN("retract", "id='a'", ""), GW_JMI_RETRACT, "a", NULL, FALSE, FALSE, FALSE,
     FALSE},
    {" type='chat'", IN("finish", "id='a'", "<reason><success/></reason>"), GW_JMI_FINISH, "a",
     "success", FALSE, FALSE, FALSE, FALSE},
    {" type='chat'",
     IN("retract", "id='a'", "") "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>",
     GW_JMI_RETRACT, "a", NULL, FALSE, FALSE, FALSE, TRUE},
    {" type='error' id='jm-propose-a'", ERROR("service-unavailable"), GW_JMI_ERROR, "a",
     "service-unavailable", FALSE, FALSE, FALSE, FALSE},
    {" type='error' id='jm-propose-a'", "", GW_JMI_ERROR, "a", "undefined-condition", FALSE, FALSE,
     FALSE, FALSE},
    {" type='error' id='other'", ERROR("service-unavailable"), -1, NULL, NULL, FALSE, FALSE, FALSE,
     FALSE},
    {" type='error' id='jm-propose-'", ERROR("service-unavailable"), -1, NULL, NULL, FALSE, FALSE,
     FALSE, FALSE},
    {" type='error'", IN("reject", "id='a'", ""), -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='groupchat'", IN("propose", "id='a'", AUDIO), -1, NULL, NULL, FALSE, FALSE, FALSE,
     FALSE},
    {" type='chat'", IN("propose", "", AUDIO), -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", IN("propose", "id=''", AUDIO), -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", IN("dance", "id='a'", ""), -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", IN("error", "id='a'", ""), -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", IN("propose", "id='a'", AUDIO) IN("propose", "id='b'", AUDIO), -1, NULL, NULL,
     FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", "<propose id='a'/>", -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
    {" type='chat'", "<body>hello</body>", -1, NULL, NULL, FALSE, FALSE, FALSE, FALSE},
};

static gw_word *parse(const char *text) {
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  gw_word *w = gw_jmi_xml_parse(s);
  xmpp_stanza_release(s);
  return w;
}

static gw_word *again(const gw_word *w) {
  xmpp_stanza_t *s = gw_jmi_xml_build(w, w->from, "unique");
  g_autofree char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  return parse(text);
}

static void check(const gw_word *w, guint i) {
  const gw_jmi *j = &w->u.jmi;
  g_assert_cmpint(w->kind, ==, GW_WORD_JMI);
  g_assert_cmpint((int)j->action, ==, rows[i].action);
  g_assert_cmpstr(j->id, ==, rows[i].id);
  g_assert_cmpstr(w->from, ==, "alice@x.y/web");
  g_assert_cmpstr(w->to, ==, "101@p.x");
  g_assert_cmpstr(j->action == GW_JMI_ERROR ? j->error : j->reason, ==, rows[i].reason);
  g_assert_true(j->audio == rows[i].audio && j->video == rows[i].video &&
                j->tie_break == rows[i].tie);
}

static void both_ways(void) {
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text =
        g_strdup_printf("<message from='alice@x.y/web' to='101@p.x'%s>%s</message>",
                        rows[i].attributes, rows[i].inside);
    g_autoptr(gw_word) w = parse(text);
    g_assert_true((w != NULL) == (rows[i].action >= 0));
    if (!w) continue;
    check(w, i);
    g_assert_true(w->historic == rows[i].historic);
    if (rows[i].action == GW_JMI_ERROR) continue;
    g_autoptr(gw_word) copy = gw_word_copy(w), back = again(copy);
    g_assert_nonnull(back);
    check(back, i);
  }
}

/* Our propose says by the message's id what it is, so that its error can be told from others. */
static void wire(void) {
  g_autoptr(gw_word) w = gw_word_new_jmi(GW_JMI_PROPOSE, "alice@x.y", "a");
  w->u.jmi.audio = TRUE;
  xmpp_stanza_t *s = gw_jmi_xml_build(w, "101@p.x/1", "unique");
  g_autofree char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  static const char *const parts[] = {"type=\"chat\"",    "id=\"jm-propose-a\"",
                                      "to=\"alice@x.y\"", "from=\"101@p.x/1\"",
                                      "media=\"audio\"",  "<store xmlns=\"urn:xmpp:hints\"/>",
                                      "<propose"};
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    g_assert_nonnull(strstr(text, parts[i]));
  g_assert_null(strstr(text, "video"));
  g_assert_null(strstr(text, "reason"));
}

static void bounds(void) {
  g_autofree char *longest = g_strnfill(GW_MAX_SID + 1, 'i');
  g_autofree char *text =
      g_strdup_printf("<message from='a@x/1'>" IN("ringing", "id='%s'", "") "</message>", longest);
  g_autoptr(gw_word) too_long = parse(text);
  g_assert_null(too_long);
  longest[GW_MAX_SID] = 0;
  g_autofree char *fits =
      g_strdup_printf("<message from='a@x/1'>" IN("ringing", "id='%s'", "") "</message>", longest);
  g_autoptr(gw_word) w = parse(fits);
  g_assert_nonnull(w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/jmi/both-ways", both_ways);
  g_test_add_func("/jmi/wire", wire);
  g_test_add_func("/jmi/bounds", bounds);
  return g_test_run();
}
