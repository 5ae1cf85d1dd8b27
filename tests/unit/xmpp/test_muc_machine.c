/* One stay in a room, event by event: what is done is compared as text. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/muc_machine.h"

#define ROOM "standup@conf.example"
#define OWN "100@phone.example/0a1b2c3d"

typedef struct {
  gw_muc_machine *m;
  gint64 now;
  const char *taken; /* a nick that another phone of ours has */
  GString *done;
} fixture;

static gboolean taken(const char *nick, void *user) {
  return !g_strcmp0(((fixture *)user)->taken, nick);
}

static void note_occupant(GString *s, const gw_ma *a) {
  static const char *const words[] = {"new", "changed", "gone", "renamed"};
  g_string_append_printf(s, "%s %s", words[a->change], a->occ->nick);
  if (a->old_nick) g_string_append_printf(s, " was %s", a->old_nick);
  for (guint i = 0; i + 1 < a->occ->jids->len; i++)
    g_string_append_printf(s, " %s", (char *)a->occ->jids->pdata[i]);
}

static void note(fixture *f, const gw_ma *a) {
  GString *s = f->done;
  if (s->len) g_string_append(s, "; ");
  switch (a->type) {
  case GW_MA_JOIN:
    g_string_append_printf(s, "join %s", gw_muc_machine_nick(f->m));
    break;
  case GW_MA_UNAVAILABLE:
    g_string_append_printf(s, "unavailable%s%s", a->text ? " " : "", a->text ? a->text : "");
    break;
  case GW_MA_DISCO:
    g_string_append(s, "disco");
    break;
  case GW_MA_ASK_NICK:
    g_string_append(s, "ask-nick");
    break;
  case GW_MA_CONFIGURE:
    g_string_append(s, "configure");
    break;
  case GW_MA_PING:
    g_string_append(s, "ping");
    break;
  case GW_MA_VOICE:
    g_string_append(s, "voice");
    break;
  case GW_MA_SEND:
    g_string_append_printf(s, "send %s", a->word->u.jmuci.id);
    break;
  case GW_MA_TELL_JOINED:
    g_string_append(s, a->again ? "in again" : "in");
    break;
  case GW_MA_TELL_LEFT:
    g_string_append_printf(s, "out %s (%s)", gw_cause_word(a->cause), a->text);
    break;
  case GW_MA_TELL_BARRED:
    g_string_append(s, "barred");
    break;
  case GW_MA_TELL_OCCUPANT:
    note_occupant(s, a);
    break;
  case GW_MA_TELL_WORD:
    g_string_append_printf(s, "word %s%s", a->word->u.jmuci.id, a->word->historic ? " old" : "");
    break;
  case GW_MA_WARN:
    g_string_append(s, "warn");
    break;
  }
}

static void step(fixture *f, const gw_me *e, const char *expected) {
  g_autoptr(GArray) acts = gw_ma_list_new();
  g_string_truncate(f->done, 0);
  gw_muc_machine_step(f->m, e, f->now, acts);
  for (guint i = 0; i < acts->len; i++)
    note(f, &g_array_index(acts, gw_ma, i));
  g_assert_cmpstr(f->done->str, ==, expected);
}

static void make(fixture *f, const char *nick) {
  gw_muc_params p = {ROOM, nick, OWN, "0a1b2c3d", taken, f};
  gw_muc_machine_free(f->m);
  f->m = gw_muc_machine_new(&p);
}

static void set_up(fixture *f, gconstpointer data) {
  f->done = g_string_new(NULL);
  f->now = GW_SEC(1000);
  make(f, "Anna");
}

static void tear_down(fixture *f, gconstpointer data) {
  gw_muc_machine_free(f->m);
  g_string_free(f->done, TRUE);
}

/* --- events in short */

static void start(fixture *f) {
  step(f, &(gw_me){.type = GW_ME_START, .flag = TRUE}, "disco");
}

static void disco(fixture *f, gboolean answered, gboolean open, gboolean closed,
                  const char *expected) {
  step(f, &(gw_me){.type = GW_ME_DISCO, .u.disco = {answered, open, closed}}, expected);
}

static void stream(fixture *f, gboolean up, const char *expected) {
  step(f, &(gw_me){.type = GW_ME_STREAM, .flag = up}, expected);
}

static void subject(fixture *f, const char *expected) {
  step(f, &(gw_me){.type = GW_ME_SUBJECT}, expected);
}

static void tick(fixture *f, gint64 after, const char *expected) {
  f->now += after;
  step(f, &(gw_me){.type = GW_ME_TICK}, expected);
}

static void present(fixture *f, const char *nick, const char *jid, const char *expected) {
  gw_muc_presence p = {.nick = nick,
                       .items = {{.jid = jid, .affiliation = "member", .role = "participant"}},
                       .n_items = 1};
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, expected);
}

static void self(fixture *f, const char *nick, guint code, const char *role, const char *expected) {
  gw_muc_presence p = {.nick = nick,
                       .codes = {110, 100, code},
                       .n_codes = code ? 3 : 2,
                       .items = {{.jid = OWN, .affiliation = "member", .role = role}},
                       .n_items = 1};
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, expected);
}

static void away(fixture *f, const char *nick, guint code, guint code2, const char *new_nick,
                 const char *expected) {
  gw_muc_presence p = {.type = GW_PRES_UNAVAILABLE,
                       .nick = nick,
                       .codes = {code, code2},
                       .n_codes = !!code + !!code2,
                       .items = {{.nick = new_nick}},
                       .n_items = 1};
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, expected);
}

static void refused(fixture *f, const char *condition, const char *expected) {
  gw_muc_presence p = {.type = GW_PRES_ERROR, .nick = "Anna", .condition = condition};
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, expected);
}

static void word(fixture *f, gw_me_type type, const char *id, const char *expected) {
  g_autoptr(gw_word) w = gw_word_new_jmuci(GW_JMUCI_ACCEPT, FALSE, id);
  step(f, &(gw_me){.type = type, .u.word = w}, expected);
}

static void get_in(fixture *f) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  present(f, "Bob", "bob@example/web", "new Bob bob@example/web");
  self(f, "Anna", 0, "participant", "new Anna " OWN);
  subject(f, "in");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_IN);
}

/* --- cases */

static void joining(fixture *f, gconstpointer d) {
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_JOINING);
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  present(f, "Bob", "bob@example/web", "new Bob bob@example/web");
  self(f, "Anna", 0, "participant", "new Anna " OWN);
  word(f, GW_ME_WORD, "past", "word past old"); /* before the subject: history */
  subject(f, "in");
  word(f, GW_ME_WORD, "now", "word now");
  g_assert_cmpuint(gw_muc_roster_count(gw_muc_machine_roster(f->m)), ==, 2);
}

static void waits_for_the_stream(fixture *f, gconstpointer d) {
  step(f, &(gw_me){.type = GW_ME_START, .flag = FALSE}, "");
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, GW_NEVER);
  stream(f, TRUE, "disco");
}

static void subject_may_be_missing(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  self(f, "Anna", 0, "participant", "new Anna " OWN);
  tick(f, GW_SEC(4), "");
  tick(f, GW_SEC(1), "in");
}

static void disco_silent(fixture *f, gconstpointer d) {
  start(f);
  tick(f, GW_SEC(6), "join Anna");
  self(f, "Anna", 0, "participant", "new Anna " OWN); /* 100 shows that JIDs are seen */
  subject(f, "in");
}

static void hidden_jids(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, FALSE, TRUE,
        "unavailable; out forbidden (the room hides real JIDs: let anyone see them (whois = "
        "anyone) in " ROOM ")");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_OUT);
  make(f, "Anna"); /* the same when only the join shows it */
  start(f);
  disco(f, FALSE, FALSE, FALSE, "join Anna");
  gw_muc_presence p = {.nick = "Anna", .codes = {110}, .n_codes = 1};
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, "new Anna");
  subject(f, "unavailable; out forbidden (the room hides real JIDs: let anyone see them (whois = "
             "anyone) in " ROOM ")");
}

static void creates(fixture *f, gconstpointer d) {
  start(f);
  disco(f, FALSE, FALSE, FALSE, "join Anna");
  self(f, "Anna", 201, "moderator", "new Anna " OWN "; configure");
  subject(f, ""); /* locked until configured */
  step(f, &(gw_me){.type = GW_ME_CONFIGURED, .flag = TRUE}, "in");
}

static void nick_taken_in_room(fixture *f, gconstpointer d) {
  static const char *const next[] = {
      "join Anna (2)",      "join Anna (3)",
      "join Anna (4)",      "join Anna (5)",
      "join Anna-0a1b2c3d", "out forbidden (conflict: every nick that was tried is in use)"};
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  for (guint i = 0; i < G_N_ELEMENTS(next); i++)
    refused(f, "conflict", next[i]);
}

static void nick_taken_by_us(fixture *f, gconstpointer d) {
  f->taken = "Anna";
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna (2)");
}

static void nick_given_by_service(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  self(f, "anna", 210, "participant", "new anna " OWN);
  subject(f, "in");
  g_assert_cmpstr(gw_muc_machine_nick(f->m), ==, "anna");
}

static const struct {
  const char *condition, *expected;
} refusals[] = {
    {"not-authorized", "out forbidden (not-authorized: the room's password is missing or wrong)"},
    {"registration-required",
     "out forbidden (registration-required: make 100@phone.example a member of " ROOM ")"},
    {"forbidden", "out forbidden (forbidden: banned from the room)"},
    {"service-unavailable", "out busy (service-unavailable: the room is full)"},
    {"resource-constraint",
     "out busy (resource-constraint: the room is full or the server at a limit)"},
    {"not-allowed", "out forbidden (not-allowed: rooms may not be created there)"},
    {"jid-malformed", "join 0a1b2c3d"},
    {"not-acceptable", "ask-nick"},
    {"gone", "out not-found (gone: the room is gone)"},
    {"item-not-found", ""},        /* locked: again in a second */
    {"remote-server-timeout", ""}, /* later */
    {"some-new-condition", ""},
};

static void refusal_table(void) {
  for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
    fixture f = {0};
    set_up(&f, NULL);
    start(&f);
    disco(&f, TRUE, TRUE, FALSE, "join Anna");
    g_test_message("%s", refusals[i].condition);
    refused(&f, refusals[i].condition, refusals[i].expected);
    tear_down(&f, NULL);
  }
}

static void locked_room(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  for (guint i = 0; i < 10; i++) {
    refused(f, "item-not-found", "");
    tick(f, GW_SEC(1), "join Anna");
  }
  refused(f, "item-not-found",
          "out not-found (item-not-found: no such room, or not configured by its creator)");
}

static void far_server(fixture *f, gconstpointer d) {
  static const int waits[] = {5, 30, 120};
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
    refused(f, "remote-server-not-found", "");
    tick(f, GW_SEC(waits[i]) - 1, "");
    tick(f, 1, "join Anna");
  }
  refused(f, "remote-server-not-found",
          "out not-found (remote-server-not-found: the room's server is not reachable)");
}

static void no_answer(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  tick(f, GW_SEC(15), "unavailable");
  tick(f, GW_SEC(5), "join Anna");
  tick(f, GW_SEC(15), ""); /* a far server may need long */
  self(f, "Anna", 0, "participant", "new Anna " OWN);
  subject(f, "in");
}

static void registered_nick(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  refused(f, "not-acceptable", "ask-nick");
  step(f, &(gw_me){.type = GW_ME_REGISTERED_NICK, .u.text = "Phone 100"}, "join Phone 100");
  refused(f, "not-acceptable", "out forbidden (not-acceptable: the room wants a registered nick)");
  make(f, "Anna");
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  refused(f, "not-acceptable", "ask-nick");
  step(f, &(gw_me){.type = GW_ME_REGISTERED_NICK},
       "out forbidden (not-acceptable: the room wants a registered nick and has none for us)");
}

static void moved_room(fixture *f, gconstpointer d) {
  gw_muc_presence p = {.type = GW_PRES_ERROR, .condition = "gone", .alternate = "new@conf.example"};
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, "disco");
  g_assert_cmpstr(gw_muc_machine_room(f->m), ==, "new@conf.example");
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p},
       "out not-found (gone: the room is gone)"); /* once */
}

static void occupants(fixture *f, gconstpointer d) {
  get_in(f);
  present(f, "Bob", "bob@example/web", ""); /* nothing new */
  present(f, "Bob", "bob@example/phone", "changed Bob bob@example/web bob@example/phone");
  present(f, "Bob", "bob@example/web", ""); /* keeps its place: the order is that of joining */
  present(f, "Carl", "carl@example", "new Carl"); /* no resource: nobody can call that */
  present(f, "Dora", NULL, "new Dora");
  present(f, NULL, NULL, ""); /* the room's own presence */
  away(f, "Bob", 303, 0, "Robert", "renamed Robert was Bob bob@example/web bob@example/phone");
  present(f, "Robert", "bob@example/web", "");
  away(f, "Robert", 0, 0, NULL, "gone Robert bob@example/web bob@example/phone");
  away(f, "Robert", 0, 0, NULL, "");
  away(f, "Anna", 303, 110, "Anne", "renamed Anne was Anna " OWN);
  g_assert_cmpstr(gw_muc_machine_nick(f->m), ==, "Anne");
}

static void two_items_in_one_presence(fixture *f, gconstpointer d) {
  gw_muc_presence p = {
      .nick = "Eve", .items = {{.jid = "eve@example/1"}, {.jid = "eve@example/2"}}, .n_items = 2};
  get_in(f);
  step(f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p},
       "new Eve eve@example/1 eve@example/2");
}

static void crowd(fixture *f, gconstpointer d) {
  get_in(f);
  for (guint i = 0; i < 5000; i++) {
    g_autofree char *nick = g_strdup_printf("n%u", i);
    gw_muc_presence p = {.nick = nick};
    g_autoptr(GArray) acts = gw_ma_list_new();
    gw_muc_machine_step(f->m, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, f->now, acts);
    g_assert_cmpuint(acts->len, <=, 1);
  }
  g_assert_cmpuint(gw_muc_roster_count(gw_muc_machine_roster(f->m)), ==, GW_MAX_OCCUPANTS);
  for (guint i = 0; i < 20; i++) {
    g_autofree char *jid = g_strdup_printf("n0@example/%u", i);
    gw_muc_presence p = {.nick = "n0", .items = {{.jid = jid}}, .n_items = 1};
    g_autoptr(GArray) acts = gw_ma_list_new();
    gw_muc_machine_step(f->m, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, f->now, acts);
  }
  g_assert_cmpuint(gw_muc_roster_find(gw_muc_machine_roster(f->m), "n0")->jids->len, ==,
                   GW_MAX_JIDS_PER_NICK + 1);
}

static const struct {
  guint code, code2;
  gboolean destroyed;
  const char *expected;
} removals[] = {
    {110, 301, 0, "out room-closed (banned from the room)"},
    {110, 307, 0, "out room-closed (kicked from the room)"},
    {110, 321, 0, "out room-closed (no longer a member of the room)"},
    {110, 322, 0, "out room-closed (the room is for members only now: make us a member)"},
    {110, 0, 1, "out room-closed (the room was destroyed)"},
    {0, 0, 1, "out room-closed (the room was destroyed)"}, /* ejabberd: without any code */
    {110, 333, 0, "join Anna"},
    {307, 333, 0, "join Anna"},
    {0, 0, 0, "join Anna"}, /* ejabberd's kick for errors */
    {110, 332, 0, ""},
};

static void removal_table(void) {
  for (guint i = 0; i < G_N_ELEMENTS(removals); i++) {
    fixture f = {0};
    set_up(&f, NULL);
    get_in(&f);
    g_test_message("row %u", i);
    gw_muc_presence p = {.type = GW_PRES_UNAVAILABLE,
                         .nick = "Anna",
                         .codes = {removals[i].code, removals[i].code2},
                         .n_codes = 2,
                         .destroyed = removals[i].destroyed};
    step(&f, &(gw_me){.type = GW_ME_PRESENCE, .u.presence = &p}, removals[i].expected);
    tear_down(&f, NULL);
  }
}

static void kicked_again_and_again(fixture *f, gconstpointer d) {
  get_in(f);
  for (guint i = 0; i < 3; i++) {
    away(f, "Anna", 110, 333, NULL, "join Anna");
    present(f, "Bob", "bob@example/web", "changed Bob bob@example/web");
    self(f, "Anna", 0, "participant", "changed Anna " OWN);
    subject(f, "in again");
    f->now += GW_SEC(10);
  }
  away(f, "Anna", 110, 333, NULL, "out room-closed (removed again and again for errors)");
}

static void service_restart(fixture *f, gconstpointer d) {
  get_in(f);
  away(f, "Anna", 110, 332, NULL, "");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_JOINING);
  tick(f, GW_SEC(5), "join Anna");
  refused(f, "service-unavailable", ""); /* it is down, not full */
  tick(f, GW_SEC(5), "join Anna");
  self(f, "Anna", 0, "participant", "changed Anna " OWN);
  tick(f, GW_SEC(4), "");                                   /* in: only the subject is missing */
  tick(f, GW_SEC(1), "gone Bob bob@example/web; in again"); /* those who did not come back */
  tick(f, GW_SEC(60), "");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_IN);
}

#define CLOSED "out room-closed (the room's service was shut down)"

/* Media is kept for so long: whoever is not back by then is out, and is told. */
static void service_shutdown(fixture *f, gconstpointer d) {
  get_in(f);
  away(f, "Anna", 110, 332, NULL, "");
  tick(f, GW_SEC(5), "join Anna");
  refused(f, "remote-server-timeout", "");
  tick(f, GW_SEC(5), "join Anna");
  tick(f, GW_SEC(5) - 1, "");
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, f->now + 1);
  tick(f, 1, "unavailable; " CLOSED);
  make(f, "Anna"); /* the same when each attempt is refused */
  get_in(f);
  away(f, "Anna", 110, 332, NULL, "");
  for (guint i = 0; i < 2; i++) {
    tick(f, GW_SEC(5), "join Anna");
    refused(f, i ? "remote-server-not-found" : "item-not-found", "");
  }
  tick(f, GW_SEC(5), CLOSED);
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_OUT);
}

/* But who loses the stream meanwhile goes by the stream's own time. */
static void service_shutdown_then_stream_loss(fixture *f, gconstpointer d) {
  get_in(f);
  away(f, "Anna", 110, 332, NULL, "");
  stream(f, FALSE, "");
  tick(f, GW_SEC(60), "");
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, GW_NEVER);
  stream(f, TRUE, "join Anna");
  refused(f, "remote-server-timeout", "");
  tick(f, GW_SEC(5), "join Anna");
  refused(f, "remote-server-timeout", "");
  tick(f, GW_SEC(29), "");
  tick(f, GW_SEC(1), "join Anna");
}

static void stream_loss(fixture *f, gconstpointer d) {
  get_in(f);
  present(f, "Carl", "carl@example/x", "new Carl carl@example/x");
  stream(f, FALSE, "");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_JOINING);
  present(f, "Dora", "dora@example/x", ""); /* nothing is believed in between */
  stream(f, TRUE, "join Anna");
  present(f, "Bob", "bob@example/new", "changed Bob bob@example/new"); /* only what is true now */
  self(f, "Anna", 0, "participant", "changed Anna " OWN);
  subject(f, "gone Carl carl@example/x; in again");
}

static void self_ping(fixture *f, gconstpointer d) {
  get_in(f);
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, f->now + GW_SEC(300));
  tick(f, GW_SEC(200), "");
  present(f, "Carl", "carl@example/x",
          "new Carl carl@example/x"); /* the room has spoken: it is not silent */
  tick(f, GW_SEC(200), "");
  tick(f, GW_SEC(100), "ping");
  step(f, &(gw_me){.type = GW_ME_PINGED, .u.ping = GW_PING_UNDECIDED}, "");
  tick(f, GW_SEC(119), "");
  tick(f, GW_SEC(1), "ping");
  step(f, &(gw_me){.type = GW_ME_PINGED, .u.ping = GW_PING_JOINED}, "");
  tick(f, GW_SEC(299), "");
  tick(f, GW_SEC(1), "ping");
  step(f, &(gw_me){.type = GW_ME_PINGED, .u.ping = GW_PING_GONE}, "join Anna");
}

static void error_in_the_room_makes_it_ask(fixture *f, gconstpointer d) {
  get_in(f);
  refused(f, "not-acceptable", "");
  tick(f, 0, "ping");
}

static void one_word_a_second(fixture *f, gconstpointer d) {
  start(f);
  word(f, GW_ME_SAY, "early", "");
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  self(f, "Anna", 0, "participant", "new Anna " OWN);
  subject(f, "in; send early");
  word(f, GW_ME_SAY, "1", "");
  word(f, GW_ME_SAY, "2", "");
  tick(f, GW_MS(999), "");
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, f->now + GW_MS(1));
  tick(f, GW_MS(1), "send 1");
  tick(f, GW_SEC(1), "send 2");
  tick(f, GW_SEC(5), "");
  word(f, GW_ME_SAY, "3", "send 3");
}

static void endless_talk(fixture *f, gconstpointer d) {
  guint warnings = 0;
  get_in(f);
  for (guint i = 0; i < 500; i++) {
    g_autoptr(gw_word) w = gw_word_new_jmuci(GW_JMUCI_ACCEPT, FALSE, "x");
    g_autoptr(GArray) acts = gw_ma_list_new();
    gw_muc_machine_step(f->m, &(gw_me){.type = GW_ME_SAY, .u.word = w}, f->now, acts);
    if (acts->len && g_array_index(acts, gw_ma, 0).type == GW_MA_WARN) warnings++;
  }
  g_assert_cmpuint(warnings, >, 400);
}

static void leaving(fixture *f, gconstpointer d) {
  get_in(f);
  word(f, GW_ME_SAY, "1", "send 1");
  word(f, GW_ME_SAY, "ended", "");
  step(f, &(gw_me){.type = GW_ME_LEAVE, .u.text = "bye"},
       "send ended; unavailable bye"); /* words first */
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_OUT);
  away(f, "Anna", 110, 0, NULL, "");
  word(f, GW_ME_SAY, "late", "");
  stream(f, FALSE, "");
  stream(f, TRUE, "");
}

static void leaving_before_joined(fixture *f, gconstpointer d) {
  start(f);
  step(f, &(gw_me){.type = GW_ME_LEAVE}, "");
  make(f, "Anna");
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  step(f, &(gw_me){.type = GW_ME_LEAVE}, "unavailable");
  make(f, "Anna");
  get_in(f);
  stream(f, FALSE, "");
  step(f, &(gw_me){.type = GW_ME_LEAVE}, "unavailable"); /* a ghost may still sit there */
}

static void not_let_speak(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  self(f, "Anna", 0, "visitor", "new Anna " OWN);
  subject(f, "in; voice; warn");
}

static void say_refused(fixture *f, const char *condition, const char *expected) {
  step(f, &(gw_me){.type = GW_ME_SAY_REFUSED, .u.text = condition}, expected);
}

#define NO_VOICE                                                                                   \
  "unavailable; out forbidden (forbidden: the room is moderated: give this occupant voice)"

/* Asked once, waited for a while: then whoever rang is told why. */
static void words_refused(fixture *f, gconstpointer d) {
  get_in(f);
  say_refused(f, "forbidden", ""); /* none of ours */
  word(f, GW_ME_SAY, "1", "send 1");
  say_refused(f, "policy-violation", "");
  say_refused(f, "forbidden", "voice; warn");
  say_refused(f, "forbidden", "");
  word(f, GW_ME_SAY, "2", ""); /* would be refused, too */
  tick(f, GW_SEC(10) - 1, "");
  g_assert_cmpint(gw_muc_machine_deadline(f->m), ==, f->now + 1);
  tick(f, 1, NO_VOICE);
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_OUT);
}

static void voice_is_given(fixture *f, gconstpointer d) {
  start(f);
  disco(f, TRUE, TRUE, FALSE, "join Anna");
  self(f, "Anna", 0, "visitor", "new Anna " OWN);
  subject(f, "in; voice; warn");
  word(f, GW_ME_SAY, "1", "send 1");
  say_refused(f, "forbidden", ""); /* asked already */
  word(f, GW_ME_SAY, "2", "");
  tick(f, GW_SEC(5), "");
  self(f, "Anna", 0, "visitor", "");                                 /* nothing new */
  self(f, "Anna", 0, "participant", "changed Anna " OWN "; send 1"); /* the room has not seen it */
  tick(f, GW_SEC(1), "send 2");
  tick(f, GW_SEC(20), "");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_IN);
  say_refused(f, "forbidden", ""); /* and again: it is not asked twice */
  tick(f, GW_SEC(10), NO_VOICE);
}

static void leaving_without_voice(fixture *f, gconstpointer d) {
  get_in(f);
  word(f, GW_ME_SAY, "1", "send 1");
  say_refused(f, "forbidden", "voice; warn");
  word(f, GW_ME_SAY, "ended", "");
  step(f, &(gw_me){.type = GW_ME_LEAVE}, "unavailable");
}

static void members_only(fixture *f, gconstpointer d) {
  g_assert_false(gw_muc_machine_members_only(f->m));
  start(f);
  step(f, &(gw_me){.type = GW_ME_DISCO, .u.disco = {TRUE, TRUE, FALSE, TRUE}}, "join Anna");
  g_assert_true(gw_muc_machine_members_only(f->m));
  refused(f, "registration-required",
          "out forbidden (registration-required: make 100@phone.example a member of " ROOM ")");
  g_assert_true(gw_muc_machine_members_only(f->m)); /* whoever could not get in may ask why */
  make(f, "Anna");
  get_in(f);
  step(f, &(gw_me){.type = GW_ME_DISCO, .u.disco = {TRUE, TRUE, FALSE, TRUE}}, ""); /* changed */
  g_assert_true(gw_muc_machine_members_only(f->m));
  step(f, &(gw_me){.type = GW_ME_DISCO}, ""); /* no answer says nothing */
  g_assert_true(gw_muc_machine_members_only(f->m));
}

/* Who has been in may be let in again: by whoever made the room anew, or by an admin. */
static void barred_again(fixture *f, gconstpointer d) {
  get_in(f);
  stream(f, FALSE, "");
  stream(f, TRUE, "join Anna");
  for (guint i = 0; i < 10; i++) {
    refused(f, "registration-required", "barred");
    tick(f, GW_SEC(1) - 1, "");
    tick(f, 1, "join Anna");
  }
  refused(f, "registration-required",
          "out forbidden (registration-required: make 100@phone.example a member of " ROOM ")");
  make(f, "Anna");
  get_in(f);
  stream(f, FALSE, "");
  stream(f, TRUE, "join Anna");
  refused(f, "registration-required", "barred");
  stream(f, FALSE, "");
  tick(f, GW_SEC(12), "");
  stream(f, TRUE, "join Anna"); /* nobody could let it in meanwhile */
  refused(f, "registration-required", "barred");
  tick(f, GW_SEC(1), "join Anna");
  self(f, "Anna", 0, "participant", "changed Anna " OWN);
  subject(f, "gone Bob bob@example/web; in again");
}

static void becomes_hidden(fixture *f, gconstpointer d) {
  get_in(f);
  disco(f, TRUE, FALSE, TRUE, "warn");
  g_assert_cmpint(gw_muc_machine_state(f->m), ==, GW_MUC_IN);
}

static void odd_nicks(void) {
  static const struct {
    const char *wish, *nick;
  } rows[] = {{"Anna", "Anna"}, {"", "0a1b2c3d"}, {"\x1b[2J", "[2J"}, {"a\nb", "ab"}, {" x ", "x"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fixture f = {0};
    set_up(&f, NULL);
    make(&f, rows[i].wish);
    g_assert_cmpstr(gw_muc_machine_nick(f.m), ==, rows[i].nick);
    tear_down(&f, NULL);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muc/refusals", refusal_table);
  g_test_add_func("/muc/removals", removal_table);
  g_test_add_func("/muc/odd-nicks", odd_nicks);
#define CASE(name, fn) g_test_add("/muc/" name, fixture, NULL, set_up, fn, tear_down)
  CASE("joining", joining);
  CASE("waits-for-the-stream", waits_for_the_stream);
  CASE("no-subject", subject_may_be_missing);
  CASE("disco-silent", disco_silent);
  CASE("hidden-jids", hidden_jids);
  CASE("creates", creates);
  CASE("nick-conflict", nick_taken_in_room);
  CASE("nick-of-another-phone", nick_taken_by_us);
  CASE("nick-given", nick_given_by_service);
  CASE("locked", locked_room);
  CASE("far-server", far_server);
  CASE("no-answer", no_answer);
  CASE("registered-nick", registered_nick);
  CASE("moved", moved_room);
  CASE("occupants", occupants);
  CASE("two-items", two_items_in_one_presence);
  CASE("crowd", crowd);
  CASE("kicked-again", kicked_again_and_again);
  CASE("service-restart", service_restart);
  CASE("service-shutdown", service_shutdown);
  CASE("service-shutdown-stream", service_shutdown_then_stream_loss);
  CASE("stream-loss", stream_loss);
  CASE("self-ping", self_ping);
  CASE("error-asks", error_in_the_room_makes_it_ask);
  CASE("one-word-a-second", one_word_a_second);
  CASE("endless-talk", endless_talk);
  CASE("leaving", leaving);
  CASE("leaving-early", leaving_before_joined);
  CASE("no-voice", not_let_speak);
  CASE("words-refused", words_refused);
  CASE("voice-given", voice_is_given);
  CASE("leaving-without-voice", leaving_without_voice);
  CASE("members-only", members_only);
  CASE("barred-again", barred_again);
  CASE("becomes-hidden", becomes_hidden);
  return g_test_run();
}
