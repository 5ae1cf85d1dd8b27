/* Recorded calls of real JSXC pages through muc-sfu-server and Kurento, played to the flavour in the place of one participant.
 * What the room and the service told that participant goes in; what he said in the room and which streams he asked for is
 * compared with what the flavour does, and when, stands in expected/ for review (REPLAY_WRITE=1 writes it anew). */
#include <glib.h>
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/flavour.h"
#include "gateway/sfu/message.h"
#include "rig.h"
#include "sip/sip.h"
#include "xmpp/words_xml.h"

typedef struct {
  const char *name, *trace;
  const char *who;      /* nick that is played; "phone" is the foreign one, which had no page */
  const char *observer; /* page whose view of the room is taken */
  gint64 start;         /* ms: the phone is in the room */
  gboolean idle, patient;
  const char *silent;  /* nick whose sound stops */
  gint64 silent_at;    /* ms: ... and is told to be gone (ten seconds of nothing) */
  const char *differs; /* why our decisions are not the recorded ones; NULL: they must be equal */
} row;

static const row rows[] = {
    {"phone-second", "gw-keyframe", "phone", "alice", 500, .idle = FALSE},
    {"phone-third", "gw-leave", "phone", "alice", 2000, .idle = FALSE},
    {"phone-late", "gw-late-accept-36s", "phone", "alice", 36000, .idle = FALSE},
    {"phone-too-late", "gw-late-accept-33s", "phone", "alice", 33000,
     .differs =
         "the recorded one accepted, and alice never played it: nobody had answered for 30 s"},
    {"phone-proposes", "gw-propose", "phone", "alice", 0, .idle = TRUE},
    {"phone-joins-first", "gw-accept-before-join", "phone", "alice", 1400, .idle = FALSE},
    {"phone-beside-bob", "gw-crash", "phone", "alice", 400, .idle = FALSE},
    {"phone-frames", "gw-two-frames-then-none", "phone", "alice", 300, .idle = FALSE},
    {"phone-stranger", "gw-stranger-then-carol", "phone", "alice", 600, .idle = FALSE},
    {"proposer-hangs-up", "proposer-hangs-up", "phone", "alice", 1500, .silent = "alice",
     .silent_at = 15000},
    {"rejected-then-bob", "gw-reject", "bob", "bob", 2300, .idle = FALSE},
    {"as-alice", "3users-video", "alice", "alice", 0, .idle = TRUE},
    {"as-bob", "3users-video", "bob", "bob", 550, .idle = FALSE},
    {"as-carol", "3users-video", "carol", "carol", 2900, .idle = FALSE},
    {"both-plugins", "both-plugins", "bob", "bob", 300, .idle = FALSE},
    {"muted-other", "mute", "phone", "alice", 600, .idle = FALSE},
    {"at-once-bob", "simultaneous-accept", "bob", "bob", 660,
     .differs = "bob missed carol's accept and never heard her; we ask for everybody's stream"},
    {"at-once-carol", "simultaneous-accept", "carol", "carol", 580, .idle = FALSE},
    {"taken-back", "retract", "bob", "bob", 3300, .patient = TRUE},
};

typedef struct {
  gint64 at;
  char *whose, *text;
  char kind;
} line;
typedef enum { LOCAL, JOINED, ANSWER, ECHO, UP, RTP } due_kind;
typedef struct {
  gint64 at;
  due_kind kind;
  guint peer; /* of ECHO: the gw_jmuci_action */
  char *nick;
} due;
typedef struct {
  const row *row;
  gw_flavour *f;
  gw_ids *ids;
  gint64 now;
  GArray *lines, *later;
  GHashTable *peers;      /* nick -> peer */
  GPtrArray *there;       /* nicks that have joined the service, in order */
  gboolean in;            /* so have we */
  char *id, *ours_id;     /* of the call, recorded and (when we propose) ours */
  gw_desc *takes, *gives; /* Kurento's answers */
  GString *done;
  GPtrArray *ours, *theirs;
} play;

/* --- the recording --- */

static void line_clear(gpointer data) {
  g_free(((line *)data)->whose);
  g_free(((line *)data)->text);
}

static void due_clear(gpointer data) {
  g_free(((due *)data)->nick);
}

static GArray *read_lines(const char *name) {
  g_autofree char *file = g_strconcat(name, ".txt", NULL), *text = NULL;
  g_autofree char *path = g_build_filename(g_getenv("REPLAY_DIR"), "traces", file, NULL);
  GArray *all = g_array_new(FALSE, FALSE, sizeof(line));
  g_array_set_clear_func(all, line_clear);
  if (!g_file_get_contents(path, &text, NULL, NULL)) g_error("no recording %s", path);
  g_auto(GStrv) raw = g_strsplit(text, "\n", -1);
  for (guint i = 0; raw[i]; i++) {
    g_auto(GStrv) part = g_strsplit(raw[i], " ", 4);
    if (*raw[i] == '#' || g_strv_length(part) < 4) continue;
    const line l = {(gint64)(g_ascii_strtod(part[0], NULL) * 1e6), g_strdup(part[1]),
                    g_strdup(part[3]), *part[2]};
    g_array_append_val(all, l);
  }
  g_assert_cmpuint(all->len, >, 5);
  return all;
}

/* The JSON of a frame, behind its numbers. */
static const char *json_of(const char *frame) {
  return frame + strspn(frame, "0123456789");
}

static char *nick_of(const char *name) {
  return g_strdup(gw_jid_resource(name));
}

/* One answer of each direction is in the recording: any will do for us. */
static void learn_answer(play *p, const char *frame) {
  g_autofree char *sdp = gw_sfu_read_answer(json_of(frame));
  if (!sdp || !*sdp) return;
  gw_desc *d = gw_sdp_parse(sdp, strlen(sdp), NULL);
  g_assert_nonnull(d);
  gw_desc **to = gw_desc_audio(d)->dir == GW_DIR_RECVONLY ? &p->takes : &p->gives;
  if (*to)
    gw_desc_free(d);
  else
    *to = d;
}

static char *between(const char *text, const char *mark) {
  const char *at = strstr(text, mark);
  return at ? g_strndup(at + strlen(mark), strcspn(at + strlen(mark), "\"'")) : NULL;
}

static void learn(play *p) {
  for (guint i = 0; i < p->lines->len; i++) {
    const line *l = &g_array_index(p->lines, line, i);
    if (l->kind == 'S' && g_str_has_prefix(l->text, "43")) learn_answer(p, l->text);
    if (l->kind == 'R' && !p->id) p->id = between(strstr(l->text, "<propose"), " id='");
  }
  g_assert_nonnull(p->id);
  g_assert_true(p->takes && (p->gives || p->row->patient));
}

/* --- what the flavour does --- */

static void in_future(play *p, gint64 us, due_kind kind, guint peer, const char *nick) {
  const due d = {p->now + us, kind, peer, g_strdup(nick)};
  g_array_append_val(p->later, d);
}

static void decided(GPtrArray *list, const char *what, const char *of) {
  g_ptr_array_add(list, of ? g_strdup_printf("%s %s", what, of) : g_strdup(what));
}

static void on_sfu(play *p, const gw_action *a) {
  if (a->ask == GW_SFU_ASK_JOIN) {
    decided(p->ours, "join", NULL);
    in_future(p, GW_MS(20), JOINED, 0, NULL);
  } else if (a->ask == GW_SFU_ASK_STREAM) {
    decided(p->ours, "stream", a->nick);
    in_future(p, GW_MS(30), ANSWER, 0, a->nick);
  }
}

static void on_open(play *p, const gw_action *a) {
  g_hash_table_replace(p->peers, g_strdup(a->nick), GUINT_TO_POINTER(a->peer));
  in_future(p, GW_MS(20), LOCAL, a->peer, NULL);
}

/* What we say the room says back; what the recorded one said there we did not say. */
static void on_say(play *p, const gw_word *w) {
  const gw_jmuci_action action = w->u.jmuci.action;
  if (action == GW_JMUCI_PROPOSE) p->ours_id = g_strdup(w->u.jmuci.id);
  if (action != GW_JMUCI_ENDED) decided(p->ours, gw_jmuci_action_name(action), NULL);
  in_future(p, GW_MS(30), ECHO, action, w->u.jmuci.id);
}

static void on_action(play *p, const gw_action *a) {
  g_autofree char *text = rig_action_text(a, NULL);
  const gw_word *w = a->type == GW_ACT_SAY ? a->word : NULL;
  if (a->type == GW_ACT_SFU) on_sfu(p, a);
  if (a->type == GW_ACT_PEER_OPEN) on_open(p, a);
  if (w) on_say(p, w);
  if (!text || a->type == GW_ACT_PEER_REMOTE ||
      (a->type == GW_ACT_SFU && a->ask == GW_SFU_ASK_CANDIDATE))
    return;
  if (w || (a->type == GW_ACT_SFU && a->ask == GW_SFU_ASK_JOIN))
    *strrchr(text, ' ') = 0; /* the id says nothing */
  g_string_append_printf(p->done, "%8.3f %s\n", (double)p->now / 1e6, text);
}

static void feed(play *p, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  gw_flavour_jmuci_sfu.step(p->f, ev, p->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    on_action(p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

static void feed_news(play *p, gw_fl_sfu news) {
  feed(p, &(gw_ev){.type = GW_EV_SFU, .u.sfu = &news});
}

/* --- what the recording says --- */

static void appear(play *p, const char *nick) {
  g_autofree char *jid = g_strdup_printf("%s@localhost/1", nick);
  const char *const jids[] = {jid, NULL};
  const gw_fl_occupant who = {
      .nick = nick, .jids = jids, .present = TRUE, .self = !strcmp(nick, p->row->who)};
  feed(p, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
}

static void comes(play *p, const char *nick) {
  if (g_ptr_array_find_with_equal_func(p->there, nick, g_str_equal, NULL)) return;
  g_ptr_array_add(p->there, g_strdup(nick));
  if (p->in) feed_news(p, (gw_fl_sfu){.news = GW_SFU_SAID_COMES, .nick = nick});
}

static void goes(play *p, const char *nick) {
  guint at;
  if (!g_ptr_array_find_with_equal_func(p->there, nick, g_str_equal, &at)) return;
  g_ptr_array_remove_index(p->there, at);
  if (p->in) feed_news(p, (gw_fl_sfu){.news = GW_SFU_SAID_GOES, .nick = nick});
}

/* Who joins is told to all that are there, so any page's view will do; what becomes of ourselves we do anew. */
static void look_at_service(play *p, const char *frame) {
  gw_sfu_message m;
  if (!gw_sfu_message_read(json_of(frame), &m)) return;
  g_autofree char *nick = m.name ? nick_of(m.name) : NULL;
  if (nick && strcmp(nick, p->row->who) && m.type == GW_SFU_MSG_JOINED) comes(p, nick);
  if (nick && strcmp(nick, p->row->who) && m.type == GW_SFU_MSG_LEFT) goes(p, nick);
  gw_sfu_message_clear(&m);
}

/* A page that joins: what it asked for is what it decided, when it is the one that is played. */
static void look_at_page(play *p, const line *l) {
  g_autofree char *name = between(l->text, "\"src\":\""), *nick = name ? nick_of(name) : NULL;
  const gboolean mine = !strcmp(l->whose, p->row->who), join = strstr(l->text, "[\"join\"") != NULL;
  if (join && !mine) comes(p, l->whose);
  if (mine && join) decided(p->theirs, "join", NULL);
  if (mine && nick) decided(p->theirs, "stream", nick);
}

/* The foreign one's own words: "join ack", "sent accept", "answer for ROOM/NICK". */
static void look_at_log(play *p, const char *text) {
  if (strcmp(p->row->who, "phone")) return;
  if (g_str_has_prefix(text, "join")) decided(p->theirs, "join", NULL);
  if (g_str_has_prefix(text, "answer for ")) {
    g_autofree char *nick = nick_of(text + strlen("answer for "));
    decided(p->theirs, "stream", nick);
  }
}

static void look_at_room(play *p, const line *l) {
  if (strcmp(l->whose, p->row->observer)) return;
  GString *xml = g_string_new(l->text);
  if (p->ours_id) g_string_replace(xml, p->id, p->ours_id, 0);
  xmpp_stanza_t *s = gw_xml_parse(xml->str, xml->len);
  g_assert_nonnull(s);
  g_autoptr(gw_word) w = gw_words_parse_jmuci(s);
  xmpp_stanza_release(s);
  g_string_free(xml, TRUE);
  g_assert_nonnull(w);
  g_assert_true(w->u.jmuci.sfu);
  if (!g_strcmp0(gw_jid_resource(w->from), p->row->who))
    decided(p->theirs, gw_jmuci_action_name(w->u.jmuci.action), NULL);
  else
    feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

static void look_at(play *p, const line *l) {
  if (l->kind == 'R')
    look_at_room(p, l);
  else if (l->kind == 'S' && g_str_has_prefix(l->text, "42"))
    look_at_service(p, l->text);
  else if (l->kind == 'C')
    look_at_page(p, l);
  else if (l->kind == 'L')
    look_at_log(p, l->text);
}

/* --- time --- */

static void say_joined(play *p) {
  p->in = TRUE;
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < p->there->len; i++)
    g_ptr_array_add(names, p->there->pdata[i]);
  g_ptr_array_add(names, NULL);
  feed_news(p, (gw_fl_sfu){.news = GW_SFU_SAID_JOINED, .nicks = (const char *const *)names->pdata});
}

static void say_answer(play *p, const char *nick) {
  const gboolean publish = !strcmp(nick, p->row->who);
  const guint peer = GPOINTER_TO_UINT(g_hash_table_lookup(p->peers, nick));
  feed_news(
      p,
      (gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .nick = nick, .desc = publish ? p->takes : p->gives});
  in_future(p, GW_MS(100), UP, peer, NULL);
  if (!publish) in_future(p, GW_MS(120), RTP, peer, NULL);
}

static void echo(play *p, gw_jmuci_action action, const char *id) {
  g_autoptr(gw_word) w = gw_word_new_jmuci(action, TRUE, id);
  w->from = g_strconcat("room@muc/", p->row->who, NULL);
  w->u.jmuci.audio = action == GW_JMUCI_PROPOSE;
  feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

static void run_later(play *p, guint i) {
  const due d = g_array_index(p->later, due, i);
  g_autofree char *nick = g_strdup(d.nick);
  g_array_remove_index(p->later, i);
  if (d.kind == JOINED) {
    say_joined(p);
  } else if (d.kind == ANSWER) {
    say_answer(p, nick);
  } else if (d.kind == ECHO) {
    echo(p, (gw_jmuci_action)d.peer, nick);
  } else if (d.kind == LOCAL) {
    g_autoptr(gw_desc) local = rig_caps(d.peer);
    feed(p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = d.peer, .u.desc = local});
  } else {
    feed(p, &(gw_ev){.type = GW_EV_PEER_STATE,
                     .peer = d.peer,
                     .u.state = d.kind == UP ? GW_PEER_UP : GW_PEER_RTP});
  }
}

static void run_until(play *p, gint64 until) {
  for (guint guard = 0; guard < 10000; guard++) {
    gint64 at = gw_flavour_jmuci_sfu.deadline(p->f);
    int which = -1;
    for (guint i = 0; i < p->later->len; i++)
      if (g_array_index(p->later, due, i).at < at)
        at = g_array_index(p->later, due, (guint)(which = (int)i)).at;
    if (at > until) break;
    p->now = at;
    if (which < 0)
      feed(p, &(gw_ev){.type = GW_EV_TICK});
    else
      run_later(p, (guint)which);
  }
  p->now = until;
}

/* --- one play --- */

static int by_text(gconstpointer a, gconstpointer b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(GPtrArray *list) {
  g_ptr_array_sort(list, by_text);
  g_ptr_array_add(list, NULL);
  return g_strjoinv(", ", (char **)list->pdata);
}

static void compare(play *p) {
  g_autofree char *path =
      g_strconcat(g_getenv("REPLAY_DIR"), "/expected/", p->row->name, ".txt", NULL);
  g_autofree char *ours = sorted(p->ours), *theirs = sorted(p->theirs), *expected = NULL;
  g_string_append_printf(p->done, "decided:  %s\nrecorded: %s\n", ours, theirs);
  if (p->row->differs) g_string_append_printf(p->done, "differs:  %s\n", p->row->differs);
  if (g_getenv("REPLAY_WRITE")) g_assert_true(g_file_set_contents(path, p->done->str, -1, NULL));
  g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
  g_assert_cmpstr(p->done->str, ==, expected);
  g_assert_true(p->row->differs ? strcmp(ours, theirs) : !strcmp(ours, theirs));
}

static void start(play *p) {
  static const char *const nicks[] = {"alice", "bob", "carol", "phone"};
  for (guint i = 0; i < G_N_ELEMENTS(nicks); i++) {
    g_autofree char *name = g_strconcat("/", nicks[i], NULL);
    gboolean named = !strcmp(nicks[i], p->row->who);
    for (guint k = 0; !named && k < p->lines->len; k++)
      named = strstr(g_array_index(p->lines, line, k).text, name) != NULL;
    if (named) appear(p, nicks[i]);
  }
}

static void play_all(play *p) {
  const gint64 from = p->row->start * 1000,
               silent = p->row->silent ? p->row->silent_at * 1000 : G_MAXINT64;
  gboolean started = FALSE, stopped = FALSE;
  start(p);
  for (guint i = 0; i <= p->lines->len; i++) {
    const line *l = i < p->lines->len ? &g_array_index(p->lines, line, i) : NULL;
    if (!started && (!l || l->at >= from)) {
      run_until(p, from);
      feed(p, &(gw_ev){.type = GW_EV_START});
      started = TRUE;
    }
    if (!stopped && silent != G_MAXINT64 && (!l || l->at >= silent)) {
      run_until(p, silent);
      stopped = TRUE;
      feed(p, &(gw_ev){.type = GW_EV_PEER_STATE,
                       .u.state = GW_PEER_QUIET,
                       .peer = GPOINTER_TO_UINT(g_hash_table_lookup(p->peers, p->row->silent))});
    }
    if (!l) break;
    run_until(p, MAX(p->now, l->at));
    look_at(p, l);
  }
  run_until(p, p->now + GW_SEC(5));
}

static void one(gconstpointer data) {
  play p = {.row = data, .ids = gw_ids_new_fixed(3), .done = g_string_new(NULL)};
  p.lines = read_lines(p.row->trace);
  p.later = g_array_new(FALSE, FALSE, sizeof(due));
  g_array_set_clear_func(p.later, due_clear);
  p.peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  p.there = g_ptr_array_new_with_free_func(g_free);
  p.ours = g_ptr_array_new_with_free_func(g_free);
  p.theirs = g_ptr_array_new_with_free_func(g_free);
  learn(&p);
  const gw_flavour_params params = {.own_nick = p.row->who,
                                    .own_jid = "100@gw/1",
                                    .propose_when_idle = p.row->idle,
                                    .patient = p.row->patient,
                                    .answer_id = p.row->patient ? p.id : NULL,
                                    .ids = p.ids};
  p.f = gw_flavour_jmuci_sfu.make(&params);
  play_all(&p);
  compare(&p);
  gw_flavour_jmuci_sfu.free(p.f);
  gw_ids_free(p.ids);
  g_string_free(p.done, TRUE);
  g_array_unref(p.lines);
  g_array_unref(p.later);
  g_hash_table_unref(p.peers);
  g_ptr_array_unref(p.there);
  g_ptr_array_unref(p.ours);
  g_ptr_array_unref(p.theirs);
  gw_desc_free(p.takes);
  gw_desc_free(p.gives);
  g_free(p.id);
  g_free(p.ours_id);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *name = g_strconcat("/replay/jsfu/", rows[i].name, NULL);
    g_test_add_data_func(name, &rows[i], one);
  }
  return g_test_run();
}
