/* Against a real Prosody on loopback: what no fake server can prove. Skipped (77) where Prosody is
 * not installed. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "kit.h"
#include "base/log.h"
#include "xmpp/xmpp.h"

#define DOMAIN "phone.localhost"
#define ROOM "standup@conference.localhost"

static char *folder;
static guint16 c2s_port, component_port;
static GPid prosody;

static const char config[] =
    "run_as_root = true\ndaemonize = false\npidfile = \"%1$s/prosody.pid\"\ndata_path = "
    "\"%1$s/data\"\n"
    "log = { info = \"%1$s/prosody.log\" }\nuse_libevent = false\ninterfaces = { \"127.0.0.1\" }\n"
    "modules_enabled = { \"roster\", \"saslauth\", \"tls\", \"disco\", \"ping\", \"presence\", "
    "\"iq\", \"message\" }\n"
    "modules_disabled = { \"s2s\" }\nc2s_ports = { %2$u }\nlegacy_ssl_ports = {}\nhttp_ports = "
    "{}\nhttps_ports = {}\n"
    "component_ports = { %3$u }\ncomponent_interfaces = { \"127.0.0.1\" }\nauthentication = "
    "\"internal_plain\"\n"
    "c2s_require_encryption = false\nssl = { key = \"%1$s/key.pem\", certificate = "
    "\"%1$s/cert.pem\" }\n"
    "VirtualHost \"localhost\"\nComponent \"conference.localhost\" \"muc\"\n  "
    "muc_room_default_members_only = true\n"
    "  muc_room_default_public_jids = true\n  muc_room_default_persistent = true\n"
    "Component \"hidden.localhost\" \"muc\"\n  muc_room_default_public_jids = false\n"
    "Component \"quiet.localhost\" \"muc\"\n  muc_room_default_public_jids = true\n"
    "  muc_room_default_moderated = true\n"
    "Component \"" DOMAIN "\"\n  component_secret = \"wire\"\n";

static void run_quietly(const char *const *argv) {
  int status = 0;
  g_assert_true(
      g_spawn_sync(NULL, (char **)argv, NULL,
                   G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                   NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint(status, ==, 0);
}

static char *in_folder(const char *name) {
  return g_build_filename(folder, name, NULL);
}

static void make_certificate(void) {
  g_autofree char *key = in_folder("key.pem"), *cert = in_folder("cert.pem");
  const char *argv[] = {"openssl",  "req",
                        "-x509",    "-newkey",
                        "rsa:2048", "-nodes",
                        "-keyout",  key,
                        "-out",     cert,
                        "-days",    "2",
                        "-subj",    "/CN=localhost",
                        "-addext",  "subjectAltName=DNS:localhost",
                        NULL};
  run_quietly(argv);
}

static void make_account(const char *name) {
  g_autofree char *path = g_strdup_printf("%s/data/localhost/accounts", folder);
  g_autofree char *file = g_strdup_printf("%s/%s.dat", path, name);
  g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
  g_assert_true(g_file_set_contents(file, "return { [\"password\"] = \"pw\"; };\n", -1, NULL));
}

static void make_roster(const char *name, const char *contact) {
  g_autofree char *path = g_strdup_printf("%s/data/localhost/roster", folder);
  g_autofree char *file = g_strdup_printf("%s/%s.dat", path, name);
  g_autofree char *text =
      g_strdup_printf("return { [false] = { [\"version\"] = 1; }; [\"%s\"] = { [\"subscription\"] "
                      "= \"both\"; [\"groups\"] = {}; }; };\n",
                      contact);
  g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
  g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void make_folder(void) {
  folder = g_dir_make_tmp("tipring-xmpp-XXXXXX", NULL);
  c2s_port = kit_free_port();
  component_port = kit_free_port();
  g_autofree char *text = g_strdup_printf(config, folder, c2s_port, component_port);
  g_autofree char *path = in_folder("prosody.cfg.lua");
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
  make_certificate();
  make_account("alice");
  make_roster("alice", "101@" DOMAIN);
}

/* A test that fails aborts: the server must not outlive it. */
static void die_with_us(void *user) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void prosody_start(void) {
  g_autofree char *path = in_folder("prosody.cfg.lua");
  const char *argv[] = {"prosody", "-F", "--config", path, NULL};
  g_assert_true(g_spawn_async(NULL, (char **)argv, NULL,
                              G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                  G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                              die_with_us, NULL, &prosody, NULL));
}

static void prosody_kill(void) {
  if (!prosody) return;
  kill(prosody, SIGKILL);
  waitpid(prosody, NULL, 0);
  prosody = 0;
}

/* --- one side of the world */

typedef struct {
  gw_persona *persona;
  gw_muc *muc;
  guint joined, again, downs, ups;
  gw_cause left;
  char *detail;
  GString *words;    /* what the room said, in order */
  GPtrArray *jingle; /* gw_word copies */
  GString *occupants;
} side;

static gw_xmpp *xmpp;
static char *stream_detail;
static gw_answer answer;
static guint answers;
static char *disco_name;
static guint disco_features;

static void on_stream(gw_xmpp *x, gw_xmpp_state state, const char *detail, void *user) {
  g_free(stream_detail);
  stream_detail = g_strdup(detail);
}

static void on_jingle(gw_persona *p, const gw_word *w, void *user) {
  g_ptr_array_add(((side *)user)->jingle, gw_word_copy(w));
}

static void on_persona_stream(gw_persona *p, gboolean up, void *user) {
  side *s = user;
  if (up)
    s->ups++;
  else
    s->downs++;
}

static void on_joined(gw_muc *m, gboolean again, void *user) {
  side *s = user;
  s->joined++;
  s->again += again;
}

static void on_left(gw_muc *m, gw_cause cause, const char *detail, void *user) {
  side *s = user;
  s->left = cause;
  s->detail = g_strdup(detail);
}

static void on_occupant(gw_muc *m, const gw_occupant *o, gw_occ_change change, void *user) {
  static const char *const words[] = {"joined", "changed", "left", "renamed"};
  g_string_append_printf(((side *)user)->occupants, "%s %s %s;", o->nick, words[change],
                         o->jids[0] ? o->jids[0] : "-");
}

static void on_word(gw_muc *m, const gw_word *w, void *user) {
  g_string_append_printf(((side *)user)->words, "%s:%s:%s;", strrchr(w->from, '/') + 1,
                         gw_jmuci_action_name(w->u.jmuci.action), w->historic ? "old" : "new");
}

static const gw_persona_events persona_events = {on_jingle, on_persona_stream};
static const gw_muc_events muc_events = {.joined = on_joined, .left = on_left, .occupant = on_occupant, .word = on_word};

static void word_free(void *w) {
  gw_word_free(w);
}

static side *side_new(const char *local, const char *resource) {
  side *s = g_new0(side, 1);
  s->words = g_string_new(NULL);
  s->occupants = g_string_new(NULL);
  s->jingle = g_ptr_array_new_with_free_func(word_free);
  s->persona = gw_persona_new(xmpp, local, resource, &persona_events, s);
  return s;
}

static void side_join(side *s, const char *room, const char *nick) {
  s->joined = s->again = 0;
  s->left = GW_CAUSE_NONE;
  s->muc = gw_muc_join(s->persona, room, nick, NULL, &muc_events, s);
}

static void side_free(side *s) {
  if (s->muc) gw_muc_leave(s->muc, NULL);
  gw_persona_free(s->persona);
  g_string_free(s->words, TRUE);
  g_string_free(s->occupants, TRUE);
  g_ptr_array_unref(s->jingle);
  g_free(s->detail);
  g_free(s);
}

/* --- waiting */

static gboolean is_up(void *user) {
  return gw_xmpp_get_state(xmpp) == GW_XMPP_UP;
}

static gboolean is_down(void *user) {
  return gw_xmpp_get_state(xmpp) == GW_XMPP_DOWN;
}

static gboolean has_joined(void *user) {
  return ((side *)user)->joined > 0 || ((side *)user)->left != GW_CAUSE_NONE;
}

static gboolean has_left(void *user) {
  return ((side *)user)->left != GW_CAUSE_NONE;
}

static gboolean has_jingle(void *user) {
  return ((side *)user)->jingle->len > 0;
}

static gboolean has_persona_jid(void *user) {
  return gw_persona_jid(((side *)user)->persona) != NULL;
}

static gboolean has_two_words(void *user) {
  const char *first = strchr(((side *)user)->words->str, ';');
  return first && strchr(first + 1, ';');
}

static gboolean has_answer(void *user) {
  return answers > 0;
}

static gboolean has_disco(void *user) {
  return disco_name != NULL;
}

static void on_granted(gw_answer a, const char *detail, void *user) {
  answer = a;
  answers++;
}

static void on_roster(gw_answer a, void *user) {
  answer = a;
  answers++;
}

static void on_disco(const char *name, const char *const *features, void *user) {
  disco_name = g_strdup(name);
  disco_features = features ? g_strv_length((char **)features) : 0;
}

static gw_xmpp *component(const char *secret) {
  static const char *const features[] = {"urn:xmpp:jingle-muc-message:0", NULL};
  gw_xmpp_config c = {.domain = DOMAIN,
                      .secret = secret,
                      .host = "127.0.0.1",
                      .port = component_port,
                      .features = features};
  gw_xmpp_events e = {on_stream};
  return gw_xmpp_new(NULL, &c, &e, NULL, NULL);
}

static gw_desc *offer(void) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  m->ufrag = g_strdup("abcd");
  m->pwd = g_strdup("0123456789012345678901");
  m->rtcp_mux = TRUE;
  return d;
}

static void say_jingle(side *from, const char *to, gw_jingle_action a, const char *sid,
                       gboolean initiator, gboolean desc) {
  g_autoptr(gw_word) w = gw_word_new_jingle(a, to, sid, initiator);
  if (desc) w->u.jingle.desc = offer();
  if (a == GW_JINGLE_SESSION_TERMINATE) w->u.jingle.reason = g_strdup("success");
  gw_persona_say(from->persona, NULL, w);
}

static void say_room(side *from, gw_jmuci_action a) {
  g_autoptr(gw_word) w = gw_word_new_jmuci(a, FALSE, "X");
  gw_persona_say(from->persona, from->muc, w);
}

/* --- cases, in order: each builds on the room that the first has made */

static side *a, *b;

static void wrong_secret(void) {
  xmpp = component("wrong");
  gw_xmpp_start(xmpp);
  g_assert_true(kit_until(is_down, NULL, 0.1)); /* not yet connecting */
  gint64 end = g_get_monotonic_time() + 20000000;
  while (g_strcmp0(stream_detail, "not-authorized") && g_get_monotonic_time() < end)
    kit_until(kit_never, NULL, 0.05);
  g_assert_cmpstr(stream_detail, ==, "not-authorized");
  gw_xmpp_free(xmpp);
}

static void joins(void) {
  xmpp = component("wire");
  a = side_new("gateway", "tipring");
  b = side_new("100", "0a1b2c3d");
  gw_xmpp_start(xmpp);
  g_assert_true(kit_until(is_up, NULL, 10));
  side_join(a, ROOM, "Telephone gateway");
  g_assert_true(kit_until(has_joined, a, 10));
  g_assert_cmpint(a->left, ==, GW_CAUSE_NONE);
  g_assert_nonnull(
      strstr(a->occupants->str, "Telephone gateway joined gateway@" DOMAIN "/tipring;"));
}

static void members_only(void) {
  side_join(b, ROOM, "Front desk");
  g_assert_true(kit_until(has_left, b, 10));
  g_assert_cmpint(b->left, ==, GW_CAUSE_FORBIDDEN);
  g_assert_nonnull(strstr(b->detail, "make 100@" DOMAIN " a member of " ROOM));
  g_assert_true(gw_muc_is_members_only(b->muc));
  gw_muc_leave(g_steal_pointer(&b->muc), NULL);
  gw_persona_grant_member(a->persona, ROOM, "100@" DOMAIN, on_granted, NULL);
  g_assert_true(kit_until(has_answer, NULL, 10));
  g_assert_cmpint(answer, ==, GW_ANSWER_YES);
  side_join(b, ROOM, "Front desk");
  g_assert_true(kit_until(has_joined, b, 10));
  g_assert_cmpuint(b->joined, ==, 1);
  g_assert_cmpuint(gw_muc_count(b->muc), ==, 2);
  g_assert_nonnull(strstr(a->occupants->str, "Front desk joined 100@" DOMAIN "/0a1b2c3d;"));
}

static void hidden_room(void) {
  side *c = side_new("101", "x");
  side_join(c, "secret@hidden.localhost", "C");
  g_assert_true(kit_until(has_left, c, 10));
  g_assert_cmpint(c->left, ==, GW_CAUSE_FORBIDDEN);
  g_assert_nonnull(strstr(c->detail, "hides real JIDs"));
  side_free(c);
}

/* A visitor's word is refused; nobody looks at our request for voice. */
static void moderated_room(void) {
  side *owner = side_new("102", "x"), *visitor = side_new("103", "x");
  side_join(owner, "talk@quiet.localhost", "Owner");
  g_assert_true(kit_until(has_joined, owner, 10));
  g_assert_cmpint(owner->left, ==, GW_CAUSE_NONE);
  side_join(visitor, "talk@quiet.localhost", "Visitor");
  g_assert_true(kit_until(has_joined, visitor, 10));
  g_assert_cmpint(visitor->left, ==, GW_CAUSE_NONE);
  say_room(visitor, GW_JMUCI_ACCEPT);
  g_assert_true(kit_until(has_left, visitor, 20));
  g_assert_cmpint(visitor->left, ==, GW_CAUSE_FORBIDDEN);
  g_assert_nonnull(strstr(visitor->detail, "give this occupant voice"));
  g_assert_cmpstr(owner->words->str, ==, "");
  side_free(visitor);
  side_free(owner);
}

static void words_in_order(void) {
  say_room(a, GW_JMUCI_PROPOSE);
  g_assert_false(kit_until(has_two_words, a, 0.3));
  say_room(b, GW_JMUCI_ACCEPT);
  g_assert_true(kit_until(has_two_words, a, 5));
  g_assert_true(kit_until(has_two_words, b, 5));
  g_assert_cmpstr(a->words->str, ==, "Telephone gateway:propose:new;Front desk:accept:new;");
  g_assert_cmpstr(b->words->str, ==, a->words->str);
}

static const gw_jingle *first(side *s) {
  return &((gw_word *)s->jingle->pdata[0])->u.jingle;
}

static void jingle_through_the_server(void) {
  const char *to = gw_persona_jid(b->persona), *from = gw_persona_jid(a->persona);
  say_jingle(a, to, GW_JINGLE_SESSION_INITIATE, "X:1", TRUE, TRUE);
  g_assert_true(kit_until(has_jingle, b, 5));
  g_assert_cmpint(first(b)->action, ==, GW_JINGLE_SESSION_INITIATE);
  g_assert_false(first(b)->we_initiated);
  g_assert_cmpstr(gw_desc_audio(first(b)->desc)->ufrag, ==, "abcd");
  say_jingle(b, from, GW_JINGLE_SESSION_ACCEPT, "X:1", FALSE, TRUE);
  g_assert_true(kit_until(has_jingle, a, 5));
  g_assert_cmpint(first(a)->action, ==, GW_JINGLE_SESSION_ACCEPT);
  g_ptr_array_set_size(b->jingle, 0);
  say_jingle(a, to, GW_JINGLE_SESSION_TERMINATE, "X:1", TRUE, FALSE);
  g_assert_true(kit_until(has_jingle, b, 5));
  g_assert_cmpint(first(b)->action, ==, GW_JINGLE_SESSION_TERMINATE);
  g_assert_cmpstr(first(b)->reason, ==, "success");
  g_ptr_array_set_size(a->jingle, 0);
  g_ptr_array_set_size(b->jingle, 0);
}

static void unknown_addressee(void) {
  say_jingle(a, "100@" DOMAIN "/undefined", GW_JINGLE_SESSION_INITIATE, "X", TRUE, TRUE);
  g_assert_true(kit_until(has_jingle, a, 5));
  g_assert_cmpint(first(a)->action, ==, GW_JINGLE_ERROR);
  g_assert_cmpint(first(a)->of, ==, GW_JINGLE_SESSION_INITIATE);
  g_assert_cmpstr(first(a)->error, ==, "item-not-found");
  g_ptr_array_set_size(a->jingle, 0);
}

/* A session that the other side never heard of: it says so, and nothing is delivered to it. */
static void unknown_session(void) {
  gw_xmpp_bury_session(xmpp, "100@" DOMAIN "/long-gone", gw_persona_jid(a->persona), "X:gone");
  g_assert_false(kit_until(has_jingle, a, 0.5));
}

static void questions(void) {
  gw_persona_ask_disco(b->persona, ROOM "/Telephone gateway", on_disco, NULL);
  g_assert_true(kit_until(has_disco, NULL, 5));
  g_assert_cmpstr(disco_name, ==, "Tipring");
  g_assert_cmpuint(disco_features, >=, 15);
  g_clear_pointer(&disco_name, g_free);
  gw_persona_ask_disco(b->persona, DOMAIN, on_disco, NULL);
  g_assert_true(kit_until(has_disco, NULL, 5));
  g_assert_cmpstr(disco_name, ==, "Tipring");
  answers = 0;
  gw_persona_ask_roster(b->persona, "alice@localhost", on_roster, NULL);
  g_assert_true(kit_until(has_answer, NULL, 5));
  g_assert_cmpint(answer, ==, GW_ANSWER_NO);
  side *known = side_new("101", "z");
  answers = 0;
  gw_persona_ask_roster(known->persona, "alice@localhost", on_roster, NULL);
  g_assert_true(kit_until(has_answer, NULL, 5));
  g_assert_cmpint(answer, ==, GW_ANSWER_YES);
  side_free(known);
}

static void nick_conflict(void) {
  side *c = side_new("101", "y");
  answers = 0;
  gw_persona_grant_member(a->persona, ROOM, "101@" DOMAIN, on_granted, NULL);
  g_assert_true(kit_until(has_answer, NULL, 5));
  side_join(c, ROOM, "Front desk");
  g_assert_true(kit_until(has_joined, c, 10));
  g_assert_cmpstr(gw_muc_nick(c->muc), ==, "Front desk (2)");
  side_free(c);
}

static gboolean both_again(void *user) {
  return a->again && b->again;
}

static void server_crash(void) {
  prosody_kill();
  g_assert_true(kit_until(is_down, NULL, 10));
  g_assert_cmpuint(a->downs, ==, 1);
  g_assert_cmpuint(a->again, ==, 0);
  prosody_start();
  g_assert_true(kit_until(both_again, NULL, 30));
  g_assert_cmpuint(a->ups, ==, 2);
  g_assert_cmpint(a->left, ==, GW_CAUSE_NONE);
  g_assert_cmpstr(gw_muc_nick(b->muc), ==, "Front desk");
  g_assert_cmpuint(gw_muc_count(a->muc), ==, 2);
  g_string_truncate(a->words, 0);
  say_room(b, GW_JMUCI_ENDED);
  say_room(b, GW_JMUCI_PROPOSE);
  g_assert_true(kit_until(has_two_words, a, 5));
  g_assert_cmpstr(a->words->str, ==, "Front desk:ended:new;Front desk:propose:new;");
  gw_xmpp_counters n;
  gw_xmpp_get_counters(xmpp, &n);
  g_assert_cmpuint(n.reconnects, >=, 1);
}

static void on_stopped(void *user) {
  *(gboolean *)user = TRUE;
}

static gboolean flag_set(void *user) {
  return *(gboolean *)user;
}

static void stops(void) {
  gboolean done = FALSE;
  gw_xmpp_stop(xmpp, on_stopped, &done);
  g_assert_false(done);
  g_assert_true(kit_until(flag_set, &done, 5));
  side_free(a);
  side_free(b);
  gw_xmpp_free(xmpp);
}

/* --- an account instead of a component */

static gw_xmpp *account(gw_tls_mode tls, const char *ca) {
  gw_xmpp_config c = {.client = TRUE,
                      .jid = "alice@localhost",
                      .secret = "pw",
                      .host = "127.0.0.1",
                      .port = c2s_port,
                      .tls = tls,
                      .ca_file = ca,
                      .max_streams = 4};
  gw_xmpp_events e = {on_stream};
  return gw_xmpp_new(NULL, &c, &e, NULL, NULL);
}

static void client_mode(void) {
  g_autofree char *cert = in_folder("cert.pem");
  xmpp = account(GW_TLS_REQUIRED, cert);
  a = side_new("ignored", "leg1");
  b = side_new("ignored", "leg2");
  gw_xmpp_start(xmpp);
  g_assert_true(kit_until(is_up, NULL, 10));
  g_assert_true(kit_until(has_persona_jid, a, 10));
  g_assert_true(kit_until(has_persona_jid, b, 10));
  g_assert_cmpstr(gw_persona_jid(a->persona), ==, "alice@localhost/leg1");
  side_join(a, "own@conference.localhost", "A");
  g_assert_true(kit_until(has_joined, a, 10));
  side_join(b, "own@conference.localhost", "A");
  g_assert_true(kit_until(has_joined, b, 10));
  g_assert_cmpstr(gw_muc_nick(b->muc), ==, "A (2)");
  say_jingle(a, gw_persona_jid(b->persona), GW_JINGLE_SESSION_INITIATE, "Y:1", TRUE, TRUE);
  g_assert_true(kit_until(has_jingle, b, 5));
  g_assert_cmpint(first(b)->action, ==, GW_JINGLE_SESSION_INITIATE);
  answers = 0;
  gw_persona_ask_roster(b->persona, "bob@localhost", on_roster, NULL);
  g_assert_true(kit_until(has_answer, NULL, 5));
  g_assert_cmpint(answer, ==, GW_ANSWER_NO);
  stops();
}

static gboolean certificate_refused(void *user) {
  return stream_detail && g_str_has_prefix(stream_detail, "certificate");
}

static void client_strange_certificate(void) {
  xmpp = account(GW_TLS_REQUIRED, NULL);
  gw_xmpp_start(xmpp);
  g_assert_true(kit_until(certificate_refused, NULL, 10));
  g_assert_cmpint(gw_xmpp_get_state(xmpp), ==, GW_XMPP_DOWN);
  gw_xmpp_free(xmpp);
}

static void remove_folder(void) {
  const char *argv[] = {"rm", "-rf", "--", folder, NULL};
  run_quietly(argv);
}

int main(int argc, char **argv) {
  g_autofree char *have = g_find_program_in_path("prosody"),
                  *ssl = g_find_program_in_path("openssl");
  if (!have || !ssl) return 77;
  g_test_init(&argc, &argv, NULL);
  gw_log_level level;
  gw_log_set_level(gw_log_level_parse(g_getenv("XMPP_LOG") ? g_getenv("XMPP_LOG") : "error", &level)
                       ? level
                       : GW_LOG_ERROR);
  make_folder();
  prosody_start();
  g_test_add_func("/prosody/wrong-secret", wrong_secret);
  g_test_add_func("/prosody/joins-and-creates", joins);
  g_test_add_func("/prosody/members-only", members_only);
  g_test_add_func("/prosody/hidden-room", hidden_room);
  g_test_add_func("/prosody/moderated-room", moderated_room);
  g_test_add_func("/prosody/words-in-order", words_in_order);
  g_test_add_func("/prosody/jingle", jingle_through_the_server);
  g_test_add_func("/prosody/unknown-addressee", unknown_addressee);
  g_test_add_func("/prosody/unknown-session", unknown_session);
  g_test_add_func("/prosody/questions", questions);
  g_test_add_func("/prosody/nick-conflict", nick_conflict);
  g_test_add_func("/prosody/server-crash", server_crash);
  g_test_add_func("/prosody/stop", stops);
  g_test_add_func("/prosody/client-mode", client_mode);
  g_test_add_func("/prosody/client-strange-certificate", client_strange_certificate);
  int rc = g_test_run();
  prosody_kill();
  remove_folder();
  return rc;
}
