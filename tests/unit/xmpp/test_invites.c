/* Invitations as stanzas, row by row, and their refusal. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/words_xml.h"

#define USER(inside) "<x xmlns='http://jabber.org/protocol/muc#user'>" inside "</x>"
#define DIRECT(more) "<x xmlns='jabber:x:conference' " more "/>"
#define ROOM " from='R@c.x' to='101@p.x'"
#define ALICE " from='Alice@x.y/web' to='101@p.x'"

static const struct {
  const char *attributes, *inside;
  int mediated; /* -1: no invitation */
  const char *room, *inviter, *password, *reason;
  gboolean historic;
} rows[] = {
    {ROOM, USER("<invite from='Alice@x.y/web'/>"), 1, "r@c.x", "alice@x.y/web", NULL, NULL, FALSE},
    {ROOM, USER("<invite from='r@c.x/Al'><reason>now</reason></invite><password>k</password>"), 1,
     "r@c.x", "r@c.x/Al", "k", "now", FALSE},
    {ROOM, USER("<invite from='a@x.y'/>") DIRECT("jid='r@c.x' password='other'"), 1, "r@c.x",
     "a@x.y", NULL, NULL, FALSE},
    {ROOM, DIRECT("jid='r@c.x'") USER("<invite from='a@x.y'/>"), 1, "r@c.x", "a@x.y", NULL, NULL,
     FALSE},
    {ALICE, DIRECT("jid='R@c.x/nick' password='k' reason='now'"), 0, "r@c.x", "alice@x.y/web", "k",
     "now", FALSE},
    {ALICE " type='chat'",
     DIRECT("jid='r@c.x'") "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>", 0,
     "r@c.x", "alice@x.y/web", NULL, NULL, TRUE},
    {ALICE " type='normal'", DIRECT("jid='r@c.x' reason=''"), 0, "r@c.x", "alice@x.y/web", NULL,
     NULL, FALSE},
    /* an occupant says what only the room may say; the direct one beside it is his own */
    {" from='r@c.x/Al' to='101@p.x'", USER("<invite from='boss@x.y'/>"), -1, NULL, NULL, NULL, NULL,
     FALSE},
    {" from='r@c.x/Al' to='101@p.x'", USER("<invite from='boss@x.y'/>") DIRECT("jid='r@c.x'"), 0,
     "r@c.x", "r@c.x/Al", NULL, NULL, FALSE},
    {ROOM, USER("<invite to='a@x.y'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ROOM, USER("<invite from='@@'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ROOM, USER("<decline from='a@x.y'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ROOM " type='error'", USER("<invite from='a@x.y'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ROOM " type='groupchat'", USER("<invite from='a@x.y'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ALICE " type='headline'", DIRECT("jid='r@c.x'"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ALICE, DIRECT("jid='c.x'"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ALICE, DIRECT("reason='no room'"), -1, NULL, NULL, NULL, NULL, FALSE},
    {" from='c.x' to='101@p.x'", USER("<invite from='a@x.y'/>"), -1, NULL, NULL, NULL, NULL, FALSE},
    {ALICE, "<body>hello</body>", -1, NULL, NULL, NULL, NULL, FALSE},
};

static gw_word *parse(const char *attributes, const char *inside) {
  g_autofree char *text = g_strdup_printf("<message%s>%s</message>", attributes, inside);
  xmpp_stanza_t *s = gw_xml_parse(text, strlen(text));
  g_assert_nonnull(s);
  gw_word *w = gw_words_parse_invite(s);
  xmpp_stanza_release(s);
  return w;
}

static void parsing(void) {
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_word) w = parse(rows[i].attributes, rows[i].inside);
    g_test_message("row %u", i);
    g_assert_true((w != NULL) == (rows[i].mediated >= 0));
    if (!w) continue;
    g_autoptr(gw_word) copy = gw_word_copy(w);
    g_assert_cmpint(copy->kind, ==, GW_WORD_INVITE);
    g_assert_cmpint(copy->u.invite.mediated, ==, rows[i].mediated);
    g_assert_cmpstr(copy->u.invite.room, ==, rows[i].room);
    g_assert_cmpstr(copy->u.invite.inviter, ==, rows[i].inviter);
    g_assert_cmpstr(copy->u.invite.password, ==, rows[i].password);
    g_assert_cmpstr(copy->u.invite.reason, ==, rows[i].reason);
    g_assert_cmpint(copy->historic, ==, rows[i].historic);
    g_assert_cmpstr(copy->to, ==, "101@p.x");
  }
}

static void long_texts(void) {
  g_autofree char *much = g_strnfill(3000, 'x');
  g_autofree char *inside = g_strdup_printf(
      USER("<invite from='a@x.y'><reason>%s</reason></invite><password>%s</password>"), much, much);
  g_autoptr(gw_word) w = parse(ROOM, inside);
  g_assert_cmpuint(strlen(w->u.invite.reason), <=, 256);
  g_assert_null(w->u.invite.password); /* cut short it would only be wrong */
  g_autofree char *room = g_strdup_printf(DIRECT("jid='%s%s@c.x'"), much, much);
  g_autoptr(gw_word) none = parse(ALICE, room);
  g_assert_null(none);
}

static char *decline(const gw_word *w) {
  xmpp_stanza_t *s = gw_words_build_decline(w, "101@p.x", "Desk <1> is busy.", "7");
  char *text = gw_xml_print(s);
  xmpp_stanza_release(s);
  return g_strdelimit(text, "\"", '\'');
}

static void declining(void) {
  g_autoptr(gw_word) room = gw_word_new_invite(TRUE, "r@c.x", "a@x.y/web");
  g_autoptr(gw_word) person = gw_word_new_invite(FALSE, "r@c.x", "a@x.y/web");
  g_autofree char *by_room = decline(room), *by_message = decline(person);
  g_assert_nonnull(strstr(by_room, "to='r@c.x'"));
  g_assert_nonnull(strstr(
      by_room, "<decline to='a@x.y/web'><reason>Desk &lt;1&gt; is busy.</reason></decline>"));
  g_assert_null(strstr(by_room, "body"));
  g_assert_nonnull(strstr(by_message, "to='a@x.y/web'"));
  g_assert_nonnull(strstr(by_message, "type='chat'"));
  g_assert_nonnull(strstr(by_message, "<body>Desk &lt;1&gt; is busy.</body>"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/invites/parsing", parsing);
  g_test_add_func("/invites/long", long_texts);
  g_test_add_func("/invites/declining", declining);
  return g_test_run();
}
