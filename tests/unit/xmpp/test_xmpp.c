/* The shell over a scripted server: who is answered what, and who hears of it. */
#include "fake_server.h"
#include "kit.h"
#include "base/log.h"
#include "xmpp/xmpp.h"

#define DOMAIN "phone.localhost"
#define US "100@" DOMAIN "/leg"
#define ROOM "r@conf.localhost"

typedef struct {
  fake_server *server;
  gw_xmpp *x;
  gw_persona *p;
  gw_muc *muc;
  GString *heard;     /* what the callbacks were told */
  const char *wanted; /* for the condition */
  gboolean free_persona, leave_room;
  gw_persona *watcher; /* takes no calls */
} fixture;

static void on_word(gw_persona *p, const gw_word *w, void *user) {
  fixture *f = user;
  const gw_jingle *j = &w->u.jingle;
  if (w->kind == GW_WORD_MEET) {
    g_string_append_printf(f->heard, "%s meet;", w->from);
    return;
  }
  g_string_append_printf(f->heard, "%s %s %s;", w->from, gw_jingle_action_name(j->action),
                         j->error    ? j->error
                         : j->reason ? j->reason
                                     : "-");
  if (f->free_persona) {
    gw_muc_leave(g_steal_pointer(&f->muc), NULL);
    g_clear_pointer(&f->p, gw_persona_free);
  }
}

static void on_joined(gw_muc *m, gboolean again, void *user) {
  fixture *f = user;
  g_string_append(f->heard, again ? "in again;" : "in;");
  if (f->leave_room) gw_muc_leave(g_steal_pointer(&f->muc), "bye");
}

static void on_left(gw_muc *m, gw_cause cause, const char *detail, void *user) {
  g_string_append_printf(((fixture *)user)->heard, "out %s;", gw_cause_word(cause));
}

static void on_occupant(gw_muc *m, const gw_occupant *o, gw_occ_change change, void *user) {
  g_string_append_printf(((fixture *)user)->heard, "%s%s%s %d;", o->nick, o->self ? " self" : "",
                         o->ours ? " ours" : "", change);
}

static void on_room_word(gw_muc *m, const gw_word *w, void *user) {
  g_string_append_printf(((fixture *)user)->heard, "%s %s;", w->from,
                         gw_jmuci_action_name(w->u.jmuci.action));
}

static gboolean is_up(void *user) {
  return gw_xmpp_get_state(((fixture *)user)->x) == GW_XMPP_UP;
}

static gboolean server_got(void *user) {
  return strstr(((fixture *)user)->server->got->str, ((fixture *)user)->wanted) != NULL;
}

static gboolean was_heard(void *user) {
  return strstr(((fixture *)user)->heard->str, ((fixture *)user)->wanted) != NULL;
}

static void on_invite(gw_xmpp *x, const gw_word *w, void *user) {
  const gw_invite *i = &w->u.invite;
  g_string_append_printf(((fixture *)user)->heard, "%s invites %s into %s;", i->inviter, w->to,
                         i->room);
  gw_xmpp_decline(x, w, "Anna is busy.");
}

static void on_watcher(gw_xmpp *x, const char *ours, const char *theirs, gboolean added,
                       void *user) {
  g_string_append_printf(((fixture *)user)->heard, "%s%s sees %s;", added ? "+" : "-", theirs,
                         ours);
}

static void on_services(gw_xmpp *x, const GPtrArray *good, void *user) {
  fixture *f = user;
  g_string_append_printf(f->heard, "%u services:", good->len);
  for (guint i = 0; i < good->len; i++)
    g_string_append_printf(f->heard, " %s", ((const gw_service *)good->pdata[i])->user);
  g_string_append(f->heard, ";");
}

static gw_cause on_offer(gw_xmpp *x, const char *ours, const char *from, void *user) {
  g_string_append_printf(((fixture *)user)->heard, "%s calls %s;", from, ours);
  return GW_CAUSE_BUSY;
}

static void set_up(fixture *f, gconstpointer data) {
  static const char *const features[] = {"urn:xmpp:jingle-muc-message:0", NULL};
  static const gw_persona_events pe = {.word = on_word};
  f->server = fake_server_new();
  f->heard = g_string_new(NULL);
  gw_xmpp_config c = {.domain = DOMAIN,
                      .secret = "wire",
                      .host = "127.0.0.1",
                      .port = f->server->port,
                      .services = data,
                      .features = features};
  gw_xmpp_events e = {.invite = on_invite,
                      .offer = on_offer,
                      .watcher = on_watcher,
                      .services = on_services};
  f->x = gw_xmpp_new(NULL, &c, &e, f, NULL);
  f->p = gw_persona_new(f->x, "100", "leg", &pe, f);
  gw_xmpp_start(f->x);
  g_assert_true(kit_until(is_up, f, 10));
}

static void tear_down(fixture *f, gconstpointer data) {
  if (f->muc) gw_muc_leave(f->muc, NULL);
  gw_persona_free(f->watcher);
  gw_persona_free(f->p);
  gw_xmpp_free(f->x);
  fake_server_free(f->server);
  g_string_free(f->heard, TRUE);
}

static void expect(fixture *f, const char *reply) {
  f->wanted = reply;
  if (!kit_until(server_got, f, 5)) g_test_message("wanted %s in %s", reply, f->server->got->str);
  g_assert_true(server_got(f));
}

static void expect_heard(fixture *f, const char *what) {
  f->wanted = what;
  if (!kit_until(was_heard, f, 5)) g_test_message("wanted %s in %s", what, f->heard->str);
  g_assert_true(was_heard(f));
}

static void say(fixture *f, const char *stanza) {
  g_string_truncate(f->server->got, 0);
  fake_server_say(f->server, stanza);
}

/* A last question whose answer shows that all before it has been dealt with. */
static void settle(fixture *f) {
  fake_server_say(f->server, "<iq type='get' id='settled' from='x@y' to='" DOMAIN
                             "'><ping xmlns='urn:xmpp:ping'/></iq>");
  expect(f, "settled");
}

static void get_in(fixture *f) {
  static const gw_muc_events me = {
      .joined = on_joined, .left = on_left, .occupant = on_occupant, .word = on_room_word};
  f->muc = gw_muc_join(f->p, ROOM, "Anna", "pw", &me, f);
  expect(f, "disco#info");
  const char *id = strstr(f->server->got->str, "id=\"") + 4;
  g_autofree char *disco = g_strdup_printf("<iq type='result' id='%.16s' from='" ROOM "' to='" US
                                           "'><query xmlns='http://jabber.org/protocol/disco#info'>"
                                           "<feature var='muc_nonanonymous'/></query></iq>",
                                           id);
  say(f, disco);
  expect(f, "<password>pw</password>");
  expect(f, "maxstanzas=\"0\"");
  expect(f, "http://jabber.org/protocol/caps");
  say(f, "<presence from='" ROOM "/Bob' to='" US
         "'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='bob@x/y' role='participant' "
         "affiliation='member'/></x></presence>"
         "<presence from='" ROOM "/Anna' to='" US
         "'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='" US
         "' role='participant' affiliation='member'/><status code='110'/></x></presence>"
         "<message type='groupchat' from='" ROOM "' to='" US "'><subject/></message>");
  expect_heard(f, "Bob 0;Anna self ours 0;in;");
}

/* --- */

#define GET(id, from, to, inside)                                                                  \
  "<iq type='get' id='" id "' from='" from "' to='" to "'>" inside "</iq>"
#define INFO "<query xmlns='http://jabber.org/protocol/disco#info'/>"

static void answers(fixture *f, gconstpointer d) {
  static const struct {
    const char *ask, *reply;
  } rows[] = {
      {GET("d1", ROOM "/Bob", US, INFO), "<identity category=\"client\" "},
      {GET("d2", "bob@x/y", US, INFO), "var=\"urn:xmpp:jingle-muc-message:0\""},
      {GET("d3", "bob@x/y", US, INFO), "var=\"urn:xmpp:jingle:apps:rtp:audio\""},
      {GET("d4", "bob@x/y", DOMAIN, INFO), "category=\"gateway\""},
      {GET("d5", "bob@x/y", "100@" DOMAIN, INFO), "category=\"account\""},
      {GET("d6", "bob@x/y", "100@" DOMAIN "/undefined", INFO), "service-unavailable"},
      {GET("d7", "bob@x/y", "999@" DOMAIN, INFO), "service-unavailable"},
      {GET("d8", "bob@x/y", US,
           "<query xmlns='http://jabber.org/protocol/disco#info' node='strange'/>"),
       "item-not-found"},
      {GET("d9", "bob@x/y", US, "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
       "disco#items"},
      {GET("da", "bob@x/y", US, "<ping xmlns='urn:xmpp:ping'/>"), "type=\"result\""},
      {GET("db", "bob@x/y", US, "<query xmlns='jabber:iq:version'/>"), "<name>Tipring</name>"},
      {GET("dc", "bob@x/y", US, "<vCard xmlns='vcard-temp'/>"), "service-unavailable"},
      {GET("dd", "bob@x/y", US, ""), "service-unavailable"},
      {GET("de+/=:"
           "0123456789012345678901234567890123456789012345678901234567890123456789",
           "bob@x/y", US, INFO),
       "de+/=:0123"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s", rows[i].ask);
    say(f, rows[i].ask);
    settle(f);
    expect(f, rows[i].reply);
    g_assert_null(strstr(f->server->got->str, "video"));
  }
  say(f, GET("occ", ROOM "/Bob", US,
             INFO)); /* through the room: to exactly that address, from exactly ours */
  settle(f);
  expect(f, "to=\"" ROOM "/Bob\"");
  expect(f, "from=\"" US "\"");
}

static void silence(fixture *f, gconstpointer d) {
  g_autofree char *long_id = g_strnfill(600, 'i');
  g_autofree char *long_iq = g_strdup_printf(GET("%s", "bob@x/y", US, INFO), long_id);
  const char *const quiet[] = {
      GET("q1", "bob@x/y", "100@elsewhere/leg", INFO),           /* not ours */
      "<iq type='get' from='bob@x/y' to='" US "'>" INFO "</iq>", /* no id */
      "<iq type='result' id='q2' from='bob@x/y' to='" US "'/>",  /* nobody asked */
      "<iq type='error' id='q3' from='bob@x/y' to='" US "'/>",
      "<iq type='dance' id='q4' from='bob@x/y' to='" US "'/>",
      "<message from='bob@x/y' to='" US "' type='chat'><body>hi</body></message>",
      "<message from='" ROOM "/Bob' to='" US "' type='groupchat'><body>hi</body></message>",
      "<message from='" ROOM "/Bob' to='" US "' type='error'><error/></message>",
      "<presence from='" ROOM "/Bob' to='" US "' type='error'><error/></presence>",
      "<presence from='" DOMAIN "' to='100@" DOMAIN "' type='subscribe'/>", /* ourselves */
      long_iq};
  for (guint i = 0; i < G_N_ELEMENTS(quiet); i++) {
    say(f, quiet[i]);
    settle(f);
    g_auto(GStrv) sent = g_strsplit(f->server->got->str, "<iq ", -1);
    g_test_message("%s: %s", quiet[i], f->server->got->str);
    g_assert_cmpuint(g_strv_length(sent), ==, 2);
    g_assert_null(strstr(f->server->got->str, "<presence"));
    g_assert_null(strstr(f->server->got->str, "<message"));
  }
}

#define JINGLE(from, to, action, sid, inside)                                                      \
  "<iq type='set' id='j' from='" from "' to='" to                                                  \
  "'><jingle xmlns='urn:xmpp:jingle:1' action='" action "' sid='" sid "'>" inside "</jingle></iq>"
#define AUDIO                                                                                      \
  "<content creator='initiator' name='0'><description xmlns='urn:xmpp:jingle:apps:rtp:1' "         \
  "media='audio'><payload-type id='0'/></description></content>"

static void jingle(fixture *f, gconstpointer d) {
  static const struct {
    const char *ask, *reply, *heard;
  } rows[] = {
      {JINGLE("bob@x/y", US, "session-terminate", "S", ""), "<unknown-session ", NULL},
      {JINGLE("bob@x/y", US, "session-initiate", "S", ""), "<bad-request ", NULL},
      {JINGLE("bob@x/y", US, "session-initiate", "S", ""), "<general-error/>", NULL},
      {JINGLE("bob@x/y", "100@" DOMAIN "/undefined", "session-initiate", "S", AUDIO),
       "<item-not-found ", NULL},
      {JINGLE("bob@x/y", DOMAIN, "session-initiate", "S", AUDIO), "<item-not-found ", NULL},
      {JINGLE("bob@x/y", "100@" DOMAIN "/undefined", "transport-info", "S", AUDIO),
       "<unknown-session ", NULL},
      {JINGLE(ROOM "/Bob", US, "session-initiate", "S", AUDIO), "<service-unavailable ",
       NULL}, /* through the room */
      {JINGLE("bob@x/y", US, "session-initiate", "S", AUDIO), "type=\"result\"",
       "bob@x/y session-initiate -;"},
      {JINGLE("bob@x/y", US, "session-initiate", "S", AUDIO), "<conflict ", NULL},
      {JINGLE("bob@x/z", US, "session-terminate", "S", ""), "<unknown-session ", NULL},
      {JINGLE("bob@x/y", US, "session-accept", "S", AUDIO), "<out-of-order ", NULL},
      {JINGLE("bob@x/y", US, "security-info", "S", ""), "<feature-not-implemented ", NULL},
      {JINGLE("bob@x/y", US, "content-add", "S", "<content name='v'/>"),
       "action=\"content-reject\"", NULL},
      {JINGLE("bob@x/y", US, "session-terminate", "S", "<reason><success/></reason>"),
       "type=\"result\"", "bob@x/y session-terminate success;"},
  };
  gw_xmpp_counters n;
  get_in(f);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s", rows[i].ask);
    g_string_truncate(f->heard, 0);
    say(f, rows[i].ask);
    settle(f);
    expect(f, rows[i].reply);
    g_assert_cmpstr(f->heard->str, ==, rows[i].heard ? rows[i].heard : "");
  }
  gw_xmpp_get_counters(f->x, &n);
  g_assert_cmpuint(n.strangers, ==, 4);
}

/* The room itself may be a meet; who sits in it does not speak for it. */
static void meet(fixture *f, gconstpointer d) {
  static const struct {
    const char *from, *reply, *heard;
  } rows[] = {{ROOM, "type=\"result\"", ROOM " meet;"},
              {ROOM "/Bob", "<service-unavailable ", ""},
              {"talks.localhost/x", "type=\"result\"", "talks.localhost/x meet;"}};
  get_in(f);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *iq =
        g_strdup_printf("<iq type='set' id='m' from='%s' to='" US "'><left xmlns='tigase:meet:0'>"
                        "<publisher jid='eve@x'/></left></iq>",
                        rows[i].from);
    g_string_truncate(f->heard, 0);
    say(f, iq);
    settle(f);
    expect(f, rows[i].reply);
    g_assert_cmpstr(f->heard->str, ==, rows[i].heard);
  }
}

static void say_word(fixture *f, gw_jingle_action a, const char *sid) {
  g_autoptr(gw_word) w = gw_word_new_jingle(a, "bob@x/y", sid, a == GW_JINGLE_SESSION_INITIATE);
  if (a == GW_JINGLE_SESSION_TERMINATE) w->u.jingle.reason = g_strdup("busy");
  if (a != GW_JINGLE_SESSION_TERMINATE) {
    w->u.jingle.desc = gw_desc_new();
    gw_desc_add(w->u.jingle.desc, GW_KIND_AUDIO, "0");
  }
  gw_persona_say(f->p, NULL, w);
}

/* JSXC answers an accept it does not like with an error and keeps its half of the session: it has
 * to be told. */
static void refused_accept(fixture *f, gconstpointer d) {
  say(f, JINGLE("bob@x/y", US, "session-initiate", "S", AUDIO));
  expect_heard(f, "session-initiate");
  settle(f);
  g_string_truncate(f->server->got, 0);
  say_word(f, GW_JINGLE_SESSION_ACCEPT, "S");
  expect(f, "session-accept");
  const char *id = strstr(f->server->got->str, " id=\"") + 5;
  g_autofree char *error = g_strdup_printf(
      "<iq type='error' id='%.16s' from='bob@x/y' to='" US "'><error type='cancel'/></iq>", id);
  say(f, error);
  expect_heard(f, "bob@x/y error undefined-condition;");
  expect(f, "session-terminate");
  expect(f, "<failed-application/>");
  g_string_truncate(f->server->got, 0);
  say_word(f, GW_JINGLE_SESSION_TERMINATE,
           "S"); /* whoever is told may say so again: it is gone already */
  settle(f);
  g_assert_null(strstr(f->server->got->str, "session-terminate"));
}

/* The watcher: nobody is to hang in a session with it. */
static void takes_no_calls(fixture *f, gconstpointer d) {
  static const gw_persona_events none = {NULL};
  f->watcher = gw_persona_new(f->x, "gateway", "r", &none, NULL);
  for (guint i = 0; i < 2; i++) { /* the second is no duplicate: nothing was kept of the first */
    say(f, JINGLE("bob@x/y", "gateway@" DOMAIN "/r", "session-initiate", "S", AUDIO));
    settle(f);
    expect(f, "<service-unavailable ");
    expect(f, "action=\"session-terminate\"");
    expect(f, "sid=\"S\"");
    expect(f, "<decline/>");
  }
  say(f, JINGLE("bob@x/y", "gateway@" DOMAIN "/r", "transport-info", "S", AUDIO));
  settle(f);
  expect(f, "<unknown-session ");
  g_assert_null(strstr(f->server->got->str, "session-terminate"));
  say(f, JINGLE("bob@x/y", "gateway@" DOMAIN "/r", "session-initiate", "T", "")); /* malformed */
  settle(f);
  expect(f, "<service-unavailable ");
  expect(f, "<decline/>");
}

static void say_in_room(fixture *f, gw_jmuci_action a) {
  g_autoptr(gw_word) w = gw_word_new_jmuci(a, FALSE, "X");
  gw_persona_say(f->p, f->muc, w);
}

/* Only the room itself tells that we have no voice. */
static void no_voice(fixture *f, gconstpointer d) {
  get_in(f);
  say_in_room(f, GW_JMUCI_ACCEPT);
  expect(f, "<accept ");
#define FORBIDDEN(from)                                                                            \
  "<message type='error' from='" from "' to='" US "'><error type='auth'>"                          \
  "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
  say(f, FORBIDDEN(ROOM "/Bob"));
  settle(f);
  g_assert_null(strstr(f->server->got->str, "muc#request"));
  say(f, FORBIDDEN(ROOM));
  settle(f);
  expect(f, "http://jabber.org/protocol/muc#request");
  say(f, "<presence from='" ROOM "/Anna' to='" US
         "'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='" US
         "' role='participant' affiliation='member'/><status code='110'/></x></presence>");
  expect(f, "<accept ");
}

static void members_only(fixture *f, gconstpointer d) {
  get_in(f);
  g_assert_false(gw_muc_is_members_only(f->muc));
  say(f, "<message type='groupchat' from='" ROOM "' to='" US
         "'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>");
  expect(f, "disco#info");
  const char *id = strstr(f->server->got->str, "id=\"") + 4;
  g_autofree char *disco = g_strdup_printf("<iq type='result' id='%.16s' from='" ROOM "' to='" US
                                           "'><query xmlns='http://jabber.org/protocol/disco#info'>"
                                           "<feature var='muc_membersonly'/>"
                                           "<feature var='muc_nonanonymous'/></query></iq>",
                                           id);
  say(f, disco);
  settle(f);
  g_assert_true(gw_muc_is_members_only(f->muc));
}

static void subscriptions(fixture *f, gconstpointer d) {
  say(f, "<presence type='subscribe' from='bob@x' to='100@" DOMAIN "'/>");
  settle(f);
  expect(f, "type=\"subscribed\"");
  expect(f, "type=\"subscribe\"");
  expect(f, "from=\"" US "\""); /* and is shown who stands there */
  say(f, "<presence type='subscribe' from='bob@x' to='100@" DOMAIN
         "'/>"); /* asked back once, or two gateways would never end */
  settle(f);
  g_assert_null(strstr(f->server->got->str, "type=\"subscribe\""));
  say(f, "<presence type='probe' from='bob@x/y' to='100@" DOMAIN "'/>");
  settle(f);
  expect(f, "http://jabber.org/protocol/caps");
  say(f, "<presence type='probe' from='bob@x/y' to='200@" DOMAIN "'/>");
  settle(f);
  expect(f, "type=\"unavailable\"");
  say(f, "<presence type='unsubscribe' from='bob@x' to='100@" DOMAIN "'/>");
  settle(f);
  expect(f, "type=\"unsubscribed\"");
  expect(f, "type=\"unsubscribe\""); /* he was asked, too */
}

static void on_device(const char *jid, void *list) {
  g_ptr_array_add(list, g_strdup(jid));
}

/* Each device of his that shows itself to our phone, once, eight in all; nobody else's, and not what it shows others of ours. */
static void devices(fixture *f, gconstpointer d) {
  g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
  gw_persona_watch_devices(f->p, "bob@x", on_device, seen);
  settle(f);
  expect(f, "type=\"probe\"");
  say(f, "<presence from='bob@x/1' to='100@" DOMAIN "'/><presence from='bob@x/1' to='" US "'/>"
         "<presence from='bob@x' to='100@" DOMAIN "'/><presence from='bob@x/2' to='101@" DOMAIN "'/>"
         "<presence from='eve@x/1' to='100@" DOMAIN "'/><presence type='unavailable' from='bob@x/3' to='100@" DOMAIN "'/>");
  settle(f);
  g_assert_cmpuint(seen->len, ==, 1);
  g_assert_cmpstr(seen->pdata[0], ==, "bob@x/1");
  for (guint i = 10; i < 30; i++) {
    g_autofree char *more = g_strdup_printf("<presence from='bob@x/%u' to='100@" DOMAIN "'/>", i);
    say(f, more);
  }
  settle(f);
  g_assert_cmpuint(seen->len, ==, 8);
}

/* The answer to the newest question of ours to that one, or to bob@x. */
static void answer_from(fixture *f, const char *who, const char *type, const char *inside) {
  g_autofree char *to = g_strdup_printf("to=\"%s\"", who);
  const char *last = g_strrstr(f->server->got->str, to);
  g_assert_nonnull(last);
  const char *iq = g_strrstr_len(f->server->got->str, last - f->server->got->str, "<iq ");
  g_autofree char *id = g_strndup(strstr(iq, "id=\"") + 4, 16);
  g_autofree char *text =
      g_strdup_printf("<iq type='%s' id='%s' from='%s' to='" DOMAIN "'>%s</iq>", type, id, who, inside);
  g_string_truncate(f->server->got, 0);
  say(f, text);
}

static void answer(fixture *f, const char *type, const char *inside) {
  answer_from(f, "bob@x", type, inside);
}

static void answer_bob(fixture *f, const char *inside) {
  answer(f, "result", inside);
}

/* Contact lists: written where their own server lets us, and not where somebody says he is one. */
static void on_told(gboolean taken, void *user) {
  g_string_append(((fixture *)user)->heard, taken ? "taken;" : "not taken;");
}

/* Who is in the call, both ways: said, and how it is answered; heard, acknowledged and passed over. */
static void conference(fixture *f, gconstpointer d) {
  static const char *const rows[][2] = {{"result", "taken;"}, {"error", "not taken;"}};
  get_in(f);
  g_autoptr(gw_coin) c = gw_coin_new("xmpp:8000@gw", "standup");
  gw_coin_add(c, "sip:100@gw", "Front desk");
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_string_truncate(f->heard, 0);
    g_string_truncate(f->server->got, 0);
    gw_persona_tell_conference(f->p, "bob@x/y", c, on_told, f);
    expect(f, "<display-text>Front desk</display-text>");
    answer_from(f, "bob@x/y", rows[i][0], "");
    expect_heard(f, rows[i][1]);
    g_assert_cmpstr(f->heard->str, ==, rows[i][1]);
  }
  g_string_truncate(f->heard, 0);
  say(f, "<iq type='set' id='c1' from='bob@x/y' to='" US "'><jingle xmlns='urn:xmpp:jingle:1' sid='S'/>"
         "<conference-info xmlns='urn:ietf:params:xml:ns:conference-info' entity='xmpp:bob@x' version='1'/></iq>");
  settle(f);
  expect(f, "type=\"result\"");
  g_assert_cmpstr(f->heard->str, ==, "");
}

static void contact_lists(fixture *f, gconstpointer d) {
  static const char *const seen_by[] = {"*@x", NULL};
  g_autoptr(gw_items) ours = gw_items_new();
  gw_items_add(ours, "100@" DOMAIN, "Desk");
  gw_items_add(ours, "101@" DOMAIN, "Shop");
  gw_xmpp_set_visible_to(f->x, seen_by);
  g_assert_false(gw_xmpp_roster_help_due(f->x, "bob@x/web"));
  gw_xmpp_set_roster_help(f->x, GW_HELP_WRITE);
  g_assert_true(gw_xmpp_roster_help_due(f->x, "bob@x/web"));
  g_assert_false(gw_xmpp_roster_help_due(f->x, "eve@y/web"));
  g_assert_false(gw_xmpp_roster_help_due(f->x, "101@" DOMAIN));
  say(f, "<message from='bob@x' to='" DOMAIN "'><privilege xmlns='urn:xmpp:privilege:2'>"
         "<perm access='roster' type='both'/></privilege></message>");
  settle(f);
  gw_xmpp_help_roster(f->x, "bob@x/web", ours);
  expect(f, "http://jabber.org/protocol/rosterx");
  g_assert_false(gw_xmpp_roster_help_due(f->x, "bob@x/web"));
  say(f, "<message from='x' to='" DOMAIN "'><privilege xmlns='urn:xmpp:privilege:1'>"
         "<perm access='roster' type='both'/><perm access='message' type='outgoing'/></privilege></message>");
  settle(f);
  gw_xmpp_set_roster_help(f->x, GW_HELP_WRITE);
  gw_xmpp_help_roster(f->x, "bob@x/web", ours);
  expect(f, "<query xmlns=\"jabber:iq:roster\"/>");
  answer_bob(f, "<query xmlns='jabber:iq:roster'><item jid='101@" DOMAIN "' subscription='both'/></query>");
  settle(f);
  expect(f, "jid=\"100@" DOMAIN "\"");
  expect(f, "subscription=\"both\"");
  g_assert_null(strstr(f->server->got->str, "101@"));
  answer_bob(f, "");
  settle(f);
  g_assert_false(gw_xmpp_roster_help_due(f->x, "bob@x"));
  gw_xmpp_set_roster_help(f->x, GW_HELP_WRITE);
  gw_xmpp_help_roster(f->x, "bob@x/web", ours);
  expect(f, "<query xmlns=\"jabber:iq:roster\"/>");
  answer_bob(f, "<query xmlns='jabber:iq:roster'/>");
  expect(f, "subscription=\"both\"");
  answer(f, "error", "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
  expect(f, "http://jabber.org/protocol/rosterx"); /* it cannot keep its word */
  expect(f, "jid=\"101@" DOMAIN "\"");
}

static void room_words(fixture *f, gconstpointer d) {
  get_in(f);
  say(f, "<message type='groupchat' from='" ROOM "/Bob' to='" US
         "'><propose xmlns='urn:xmpp:jingle-muc-message:0' id='X'/></message>"
         "<message type='groupchat' from='" ROOM "' to='" US
         "'><propose xmlns='urn:xmpp:jingle-muc-message:0' id='Y'/></message>"
         "<message type='chat' from='" ROOM "/Bob' to='" US
         "'><propose xmlns='urn:xmpp:jingle-muc-message:0' id='Z'/></message>");
  settle(f);
  g_assert_true(g_str_has_suffix(f->heard->str, "in;" ROOM "/Bob propose;"));
  g_assert_null(strstr(f->server->got->str, "error"));
  gw_muc_set_status(f->muc, "away", "on hold");
  expect(f, "<status>on hold</status>");
  say(f, "<presence type='unavailable' from='" ROOM "/Anna' to='" US
         "'><x xmlns='http://jabber.org/protocol/muc#user'><item/><status code='110'/><status "
         "code='307'/></x></presence>");
  expect_heard(f, "out room-closed;");
  g_assert_cmpuint(gw_muc_count(f->muc), ==, 0);
}

static void free_inside(fixture *f, gconstpointer d) {
  f->free_persona = TRUE;
  get_in(f);
  say(f, JINGLE("bob@x/y", US, "session-initiate", "S", AUDIO)
             JINGLE("bob@x/y", US, "session-terminate", "S", ""));
  expect_heard(f, "session-initiate");
  expect(f, "type=\"unavailable\"");
  settle(f);
  g_assert_null(f->p);
  g_assert_null(strstr(f->heard->str, "session-terminate"));
}

static void leave_inside(fixture *f, gconstpointer d) {
  f->leave_room = TRUE;
  get_in(f);
  g_assert_null(f->muc);
  expect(f, "<status>bye</status>");
}

static void buried(fixture *f, gconstpointer d) {
  g_string_truncate(f->server->got, 0);
  gw_xmpp_bury_occupant(f->x, "101@" DOMAIN "/old", ROOM "/Old");
  gw_xmpp_bury_session(f->x, "101@" DOMAIN "/old", "bob@x/y", "S:1");
  gw_xmpp_bury_occupant(f->x, "101@elsewhere/old", ROOM "/Foreign");
  settle(f);
  expect(f, "to=\"" ROOM "/Old\"");
  expect(f, "action=\"session-terminate\"");
  expect(f, "<success/>");
  g_assert_null(strstr(f->server->got->str, "Foreign"));
}

/* --- invitations */
#define CONFERENCE "<x xmlns='jabber:x:conference' jid='" ROOM "'/>"
#define USER(inside) "<x xmlns='http://jabber.org/protocol/muc#user'>" inside "</x>"

static void invitations(fixture *f, gconstpointer d) {
  say(f, "<message from='bob@x/y' to='101@" DOMAIN "'>" CONFERENCE "</message>"
         "<message from='" ROOM "' to='101@" DOMAIN "/tipring'>" USER(
             "<invite from='bob@x/y'/>") "</message>"
                                         "<message from='102@" DOMAIN "/leg' to='101@" DOMAIN
                                         "'>" CONFERENCE "</message>"
                                         "<message from='bob@x/y' to='101@elsewhere'>" CONFERENCE
                                         "</message>"
                                         "<message from='bob@x/y' to='101@" DOMAIN
                                         "' type='error'>" CONFERENCE "</message>"
                                         "<message from='bob@x/y' to='101@" DOMAIN
                                         "'><body>hello</body></message>");
  settle(f);
  g_assert_cmpstr(f->heard->str, ==,
                  "bob@x/y invites 101@" DOMAIN " into " ROOM ";bob@x/y invites 101@" DOMAIN
                  "/tipring into " ROOM ";");
  expect(f, "to=\"bob@x/y\"");
  expect(f, "<body>Anna is busy.</body>");
  expect(f, "<decline to=\"bob@x/y\"><reason>Anna is busy.</reason></decline>");
  g_assert_nonnull(strstr(f->server->got->str, "from=\"101@" DOMAIN "\"")); /* no resource */
}

/* --- presence of phones */

static guint count(const fixture *f, const char *part) {
  guint n = 0;
  for (const char *p = f->server->got->str; (p = strstr(p, part)); p += strlen(part))
    n++;
  return n;
}

static gboolean all_told(void *user) {
  return count(user, "from=\"101@" DOMAIN "/tipring\"") >= 120;
}

static void standing(fixture *f, gconstpointer d) {
  const gw_stand here = {TRUE, NULL, NULL}, busy = {TRUE, "dnd", "in a call"};
  gw_xmpp_stand(f->x, "101", &here);
  say(f, "<presence type='probe' from='bob@x/y' to='101@" DOMAIN "'/>"
         "<presence type='probe' from='bob@x/z' to='101@" DOMAIN "'/>"
         "<presence type='probe' from='102@" DOMAIN "/leg' to='101@" DOMAIN "'/>"
         "<presence type='subscribe' from='carol@x' to='101@" DOMAIN "'/>"
         "<presence type='probe' from='bob@x/y' to='777@" DOMAIN "'/>"
         "<iq type='get' id='known' from='bob@x/y' to='101@" DOMAIN
         "/tipring'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
  settle(f);
  expect_heard(f, "+bob@x sees 101@" DOMAIN ";+carol@x sees 101@" DOMAIN ";");
  g_assert_null(strstr(f->heard->str, "777"));
  expect(f, "from=\"101@" DOMAIN "/tipring\"");
  expect(f, "var=\"jabber:x:conference\"");
  g_assert_null(strstr(f->server->got->str, "urn:xmpp:jingle:1"));
  g_string_truncate(f->server->got, 0);
  gw_xmpp_stand(f->x, "101", &busy);
  expect(f, "<status>in a call</status>");
  say(f, "<presence type='unsubscribe' from='carol@x' to='101@" DOMAIN "'/>"
         "<presence type='error' from='bob@x' to='101@" DOMAIN "/tipring'/>");
  expect_heard(f, "-carol@x sees 101@" DOMAIN ";-bob@x sees 101@" DOMAIN ";");
  gw_xmpp_stand(f->x, "101", &here);
  settle(f);
  g_assert_null(strstr(f->server->got->str, "/tipring"));
}

/* A session-initiate to a phone that is in no call: what can be read is a call, what cannot never is. */
static void offered(fixture *f, gconstpointer d) {
  static const struct {
    const char *contents;
    gboolean calls;
  } rows[] = {{"", FALSE}, {"<content/>", FALSE}, {AUDIO, TRUE}};
  const gw_stand here = {TRUE, NULL, NULL};
  gw_xmpp_stand(f->x, "101", &here);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *iq = g_strdup_printf(
        JINGLE("bob@x/y", "101@" DOMAIN "/tipring", "session-initiate", "S", "%s"),
        rows[i].contents);
    g_string_truncate(f->heard, 0);
    say(f, iq);
    expect(f, rows[i].calls ? "type=\"result\"" : "<bad-request ");
    expect(f, rows[i].calls ? "<busy/>" : "<general-error/>");
    settle(f);
    g_assert_cmpstr(f->heard->str, ==,
                    rows[i].calls ? "bob@x/y calls 101@" DOMAIN "/tipring;" : "");
  }
}

/* Many are told in batches: all of them, and each once though it changed twice. */
static void many_watchers(fixture *f, gconstpointer d) {
  const gw_stand here = {TRUE, NULL, NULL}, busy = {TRUE, "dnd", "in a call"};
  for (guint i = 0; i < 120; i++) {
    g_autofree char *who = g_strdup_printf("u%u@x", i);
    gw_xmpp_restore_watcher(f->x, "101@" DOMAIN, who);
  }
  gw_xmpp_restore_watcher(f->x, "101@elsewhere", "u@x");
  g_string_truncate(f->server->got, 0);
  gw_xmpp_stand(f->x, "101", &here);
  gw_xmpp_stand(f->x, "101", &busy);
  expect(f, "in a call");
  g_assert_true(kit_until(all_told, f, 10));
  settle(f);
  g_assert_cmpuint(count(f, "from=\"101@" DOMAIN "/tipring\""), ==, 120);
  g_assert_cmpuint(count(f, "in a call"), ==, 120);
}

#define TURN(port, user)                                                                           \
  "<service type='turn' host='t.localhost' port='" port "' username='" user "' password='p'/>"
#define SERVICES(inside) "<services xmlns='urn:xmpp:extdisco:2'>" inside "</services>"

/* STUN and TURN servers: asked for when the stream is up, an answer and pushes taken from whom we asked, from nobody else. */
static void services(fixture *f, gconstpointer d) {
  expect(f, "<services xmlns=\"urn:xmpp:extdisco:2\"/>");
  const char *question = g_strrstr(f->server->got->str, "<iq");
  g_assert_nonnull(strstr(question, "to=\"localhost\""));
  g_assert_nonnull(strstr(question, "from=\"" DOMAIN "\""));
  g_autofree char *id = g_strndup(strstr(question, "id=\"") + 4, 16);
  g_autofree char *wrong = g_strdup_printf(
      "<iq type='result' id='%s' from='evil' to='" DOMAIN "'>" SERVICES(TURN("1", "evil")) "</iq>", id);
  g_autofree char *right = g_strdup_printf(
      "<iq type='result' id='%s' from='localhost' to='" DOMAIN "'>" SERVICES(TURN("1", "u")) "</iq>", id);
  say(f, wrong);
  say(f, right);
  expect_heard(f, "1 services: u;");
  g_assert_null(strstr(f->heard->str, "evil"));
  say(f, "<iq type='set' id='p1' from='evil' to='" DOMAIN "'>" SERVICES(TURN("2", "evil")) "</iq>");
  expect(f, "service-unavailable");
  say(f, "<iq type='set' id='p2' from='localhost' to='" DOMAIN "'>" SERVICES(TURN("2", "v")) "</iq>");
  expect(f, "id=\"p2\"");
  g_assert_null(strstr(f->server->got->str, "error"));
  expect_heard(f, "2 services: u v;");
  g_assert_null(strstr(f->heard->str, "evil"));
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  gw_log_set_level(GW_LOG_ERROR);
#define CASE(name, fn) g_test_add("/xmpp/" name, fixture, NULL, set_up, fn, tear_down)
  CASE("contact-lists", contact_lists);
  CASE("answers", answers);
  CASE("silence", silence);
  CASE("jingle", jingle);
  CASE("meet", meet);
  CASE("refused-accept", refused_accept);
  CASE("takes-no-calls", takes_no_calls);
  CASE("no-voice", no_voice);
  CASE("members-only", members_only);
  CASE("subscriptions", subscriptions);
  CASE("devices", devices);
  CASE("room-words", room_words);
  CASE("free-inside", free_inside);
  CASE("leave-inside", leave_inside);
  CASE("buried", buried);
  CASE("invitations", invitations);
  g_test_add("/xmpp/services", fixture, "localhost", set_up, services, tear_down);
  CASE("standing", standing);
  CASE("conference", conference);
  CASE("offered", offered);
  CASE("many-watchers", many_watchers);
  return g_test_run();
}
