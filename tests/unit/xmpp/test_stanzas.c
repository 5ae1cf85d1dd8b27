/* The small ones: capabilities, IQ table, room stanzas. */
#include <glib.h>
#include <string.h>
#include "kit.h"
#include "base/clock.h"
#include "xmpp/caps.h"
#include "xmpp/iq.h"
#include "xmpp/muc_xml.h"
#include "xmpp/ns.h"

static void caps(void) { /* XEP-0115 5.2 */
  static const char *const features[] = {"http://jabber.org/protocol/muc",
                                         "http://jabber.org/protocol/caps",
                                         "http://jabber.org/protocol/disco#items", NULL};
  static const char *const more[] = {"http://jabber.org/protocol/disco#info",
                                     "http://jabber.org/protocol/muc", NULL};
  g_auto(GStrv) sorted = gw_caps_sorted(features, more);
  g_assert_cmpuint(g_strv_length(sorted), ==, 4);
  g_autofree char *ver = gw_caps_ver("client", "pc", "Exodus 0.9.1", (const char *const *)sorted);
  g_assert_cmpstr(ver, ==, "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

static xmpp_stanza_t *xml(const char *text) {
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  return s;
}

/* --- questions */

typedef struct {
  guint calls;
  char *condition;
  gboolean unknown;
} heard;

static void on_answer(xmpp_stanza_t *answer, void *data) {
  heard *h = data;
  h->calls++;
  g_free(h->condition);
  h->condition = g_strdup(gw_iq_condition(answer));
  h->unknown = gw_iq_has_jingle(answer, "unknown-session");
}

static gboolean answer(gw_iqs *q, const char *type, const char *id, const char *from,
                       const char *inside) {
  g_autofree char *text =
      g_strdup_printf("<iq type='%s' id='%s' %s%s%s>%s</iq>", type, id, from ? "from='" : "",
                      from ? from : "", from ? "'" : "", inside);
  xmpp_stanza_t *s = xml(text);
  gboolean took = gw_iqs_answer(q, s);
  xmpp_stanza_release(s);
  return took;
}

static void questions(void) {
  gw_ids *ids = gw_ids_new_fixed(1);
  gw_iqs *q = gw_iqs_new(NULL, ids);
  heard h = {0};
  g_autofree char *id = g_strdup(gw_iqs_add(q, "r@c/Anna", &h, 15, on_answer, &h, NULL));
  g_assert_false(answer(q, "result", "other", "r@c/Anna", ""));
  g_assert_false(answer(q, "result", id, "r@c/Mallory", "")); /* only from where we asked */
  g_assert_false(answer(q, "result", id, NULL, ""));
  g_assert_cmpuint(h.calls, ==, 0);
  g_assert_true(answer(q, "result", id, "R@C/Anna", ""));
  g_assert_cmpuint(h.calls, ==, 1);
  g_assert_null(h.condition);
  g_assert_false(answer(q, "result", id, "r@c/Anna", "")); /* once */
  g_autofree char *second = g_strdup(gw_iqs_add(q, "a@b/c", &h, 15, on_answer, &h, NULL));
  g_assert_true(answer(q, "error", second, "a@b/c",
                       "<error type='cancel'><text "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no</text><item-not-found "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><unknown-session "
                       "xmlns='urn:xmpp:jingle:errors:1'/></error>"));
  g_assert_cmpstr(h.condition, ==, "item-not-found");
  g_assert_true(h.unknown);
  g_autofree char *third = g_strdup(gw_iqs_add(q, NULL, &h, 15, on_answer, &h, NULL));
  g_assert_true(answer(q, "error", third, NULL, ""));
  g_assert_cmpstr(h.condition, ==, "undefined-condition");
  g_autofree char *fourth = g_strdup(gw_iqs_add(q, NULL, &h, 15, on_answer, &h, NULL));
  gw_iqs_forget(q, &h);
  g_assert_false(answer(q, "result", fourth, NULL, ""));
  g_assert_cmpuint(h.calls, ==, 3);
  g_free(h.condition);
  gw_iqs_free(q);
  gw_ids_free(ids);
}

static gboolean was_called(void *user) {
  return ((heard *)user)->calls > 0;
}

static void unanswered(void) {
  gw_ids *ids = gw_ids_new_fixed(1);
  gw_iqs *q = gw_iqs_new(NULL, ids);
  heard h = {0};
  g_autofree char *id = g_strdup(gw_iqs_add(q, NULL, &h, 0, on_answer, &h, NULL));
  g_assert_cmpuint(h.calls, ==, 0); /* never from inside the call */
  g_assert_true(kit_until(was_called, &h, 5));
  g_assert_cmpstr(h.condition, ==, "timeout");
  g_assert_false(answer(q, "result", id, NULL, ""));
  g_free(h.condition);
  gw_iqs_free(q);
  gw_ids_free(ids);
}

static void replies(void) {
  xmpp_stanza_t *iq = xml("<iq type='set' id='rr-1+/x' from='r@c/Anna' to='p@g/l'/>");
  xmpp_stanza_t *ok = gw_iq_result(iq), *bad = gw_iq_error(iq, "cancel", "conflict", "tie-break");
  g_assert_cmpstr(gw_xml_get(ok, "id"), ==, "rr-1+/x");
  g_assert_cmpstr(gw_xml_get(ok, "from"), ==, "p@g/l");
  g_assert_cmpstr(gw_xml_get(ok, "to"), ==, "r@c/Anna");
  g_assert_cmpstr(gw_iq_condition(bad), ==, "conflict");
  g_assert_true(gw_iq_has_jingle(bad, "tie-break"));
  g_assert_cmpstr(gw_xml_get(bad, "from"), ==, "p@g/l");
  xmpp_stanza_release(iq);
  xmpp_stanza_release(ok);
  xmpp_stanza_release(bad);
}

/* --- rooms */

static void presences(void) {
  xmpp_stanza_t *s =
      xml("<presence from='r@c/Anna/x' to='p@g/l'><x xmlns='vcard-temp:x:update'/><x "
          "xmlns='http://jabber.org/protocol/muc#user'>"
          "<status code='100'/><item role='participant' affiliation='member' jid='a@b/1'/><item "
          "jid='a@b/2' role='moderator'/>"
          "<status code='110'/><status code='x'/><status code='1000'/></x></presence>");
  gw_muc_presence p;
  gw_muc_xml_presence(s, &p);
  g_assert_cmpint(p.type, ==, GW_PRES_AVAILABLE);
  g_assert_cmpstr(p.nick, ==, "Anna/x");
  g_assert_cmpuint(p.n_codes, ==, 2);
  g_assert_cmpuint(p.codes[1], ==, 110);
  g_assert_cmpuint(p.n_items, ==, 2);
  g_assert_cmpstr(p.items[1].jid, ==, "a@b/2");
  g_assert_false(p.destroyed);
  xmpp_stanza_release(s);
  s = xml("<presence type='unavailable' from='r@c/A'><x "
          "xmlns='http://jabber.org/protocol/muc#user'><item nick='B'/><destroy "
          "jid='n@c'/></x></presence>");
  gw_muc_xml_presence(s, &p);
  g_assert_cmpint(p.type, ==, GW_PRES_UNAVAILABLE);
  g_assert_true(p.destroyed);
  g_assert_cmpstr(p.alternate, ==, "n@c");
  g_assert_cmpstr(p.items[0].nick, ==, "B");
  xmpp_stanza_release(s);
  s = xml("<presence type='error' from='r@c'><error code='302'><gone "
          "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'> xmpp:n@c?join </gone></error></presence>");
  gw_muc_xml_presence(s, &p);
  g_autofree char *alternate = gw_muc_xml_alternate(s);
  g_assert_cmpint(p.type, ==, GW_PRES_ERROR);
  g_assert_null(p.nick);
  g_assert_cmpstr(p.condition, ==, "gone");
  g_assert_cmpstr(alternate, ==, "n@c");
  xmpp_stanza_release(s);
}

static void flood_of_items(void) {
  GString *t =
      g_string_new("<presence from='r@c/A'><x xmlns='http://jabber.org/protocol/muc#user'>");
  for (guint i = 0; i < 500; i++)
    g_string_append_printf(t, "<item jid='a@b/%u'/><status code='110'/>", i);
  g_string_append(t, "</x></presence>");
  xmpp_stanza_t *s = xml(t->str);
  gw_muc_presence p;
  gw_muc_xml_presence(s, &p);
  g_assert_cmpuint(p.n_items, ==, GW_MAX_JIDS_PER_NICK);
  g_assert_cmpuint(p.n_codes, ==, GW_MUC_MAX_CODES);
  xmpp_stanza_release(s);
  g_string_free(t, TRUE);
}

static void subjects(void) {
  static const struct {
    const char *text;
    gboolean is;
  } rows[] = {
      {"<message type='groupchat' from='r@c'><subject/></message>", TRUE},
      {"<message type='groupchat' from='r@c/A'><subject>Hi</subject></message>", TRUE},
      {"<message type='groupchat' from='r@c/A'><subject>Hi</subject><body>x</body></message>",
       FALSE},
      {"<message type='groupchat' from='r@c/A'><body>x</body></message>", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    xmpp_stanza_t *s = xml(rows[i].text);
    g_assert_cmpint(gw_muc_xml_is_subject(s), ==, rows[i].is);
    xmpp_stanza_release(s);
  }
}

#define DISCO(inside)                                                                              \
  "<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'>" inside "</query></iq>"

static void room_features(void) {
  static const struct {
    const char *text;
    gboolean answered, open, closed, members_only;
  } rows[] = {
      {DISCO("<feature var='muc_nonanonymous'/><feature var='muc_membersonly'/>"), 1, 1, 0, 1},
      {DISCO("<feature var='muc_semianonymous'/><feature var='muc_open'/>"), 1, 0, 1, 0},
      {DISCO(""), 1, 0, 0, 0},
      {"<iq type='error'><error><item-not-found "
       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
       0, 0, 0, 0}};
  gw_muc_disco d;
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    xmpp_stanza_t *s = xml(rows[i].text);
    gw_muc_xml_disco(s, &d);
    g_assert_cmpint(d.answered, ==, rows[i].answered);
    g_assert_cmpint(d.open, ==, rows[i].open);
    g_assert_cmpint(d.closed, ==, rows[i].closed);
    g_assert_cmpint(d.members_only, ==, rows[i].members_only);
    xmpp_stanza_release(s);
  }
  gw_muc_xml_disco(NULL, &d);
  g_assert_false(d.answered);
}

static void built(void) {
  xmpp_stanza_t *s = gw_xml_new("presence", NULL);
  gw_muc_xml_add_join(s, "s3cret");
  g_autofree char *join = gw_xml_print(s);
  g_assert_nonnull(strstr(join, "<history maxstanzas=\"0\"/>"));
  g_assert_nonnull(strstr(join, "<password>s3cret</password>"));
  xmpp_stanza_release(s);
  s = gw_xml_new("iq", NULL);
  gw_muc_xml_add_affiliation(s, "100@g", "member");
  g_autofree char *member = gw_xml_print(s);
  g_assert_nonnull(strstr(member, "affiliation=\"member\""));
  g_assert_nonnull(strstr(member, "jid=\"100@g\""));
  xmpp_stanza_release(s);
  s = gw_xml_new("iq", NULL);
  gw_muc_xml_add_submit(s, FALSE, FALSE);
  g_assert_nonnull(gw_xml_child(gw_xml_child(s, "query", GW_NS_MUC_OWNER), "x", GW_NS_DATA));
  xmpp_stanza_release(s);
  for (guint closed = 0; closed < 2; closed++) {
    s = gw_xml_new("iq", NULL);
    gw_muc_xml_add_submit(s, TRUE, closed);
    g_autofree char *form = gw_xml_print(s);
    const char *members = strstr(form, "muc#roomconfig_membersonly");
    g_assert_nonnull(members);
    g_assert_true(g_str_has_prefix(strstr(members, "<value>"), closed ? "<value>1<" : "<value>0<"));
    g_assert_nonnull(strstr(form, "muc#roomconfig_persistentroom"));
    xmpp_stanza_release(s);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stanzas/caps", caps);
  g_test_add_func("/stanzas/iq/questions", questions);
  g_test_add_func("/stanzas/iq/unanswered", unanswered);
  g_test_add_func("/stanzas/iq/replies", replies);
  g_test_add_func("/stanzas/muc/presences", presences);
  g_test_add_func("/stanzas/muc/flood", flood_of_items);
  g_test_add_func("/stanzas/muc/subjects", subjects);
  g_test_add_func("/stanzas/muc/features", room_features);
  g_test_add_func("/stanzas/muc/built", built);
  return g_test_run();
}
