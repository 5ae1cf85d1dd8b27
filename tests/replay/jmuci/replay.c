/* Recorded calls of real JSXC clients, played to the mesh flavour in the place of one participant.
 * A recording is what browsers sent and received; what that participant decided then is compared
 * with what the flavour decides now, and everything it does is written down in expected/
 * (REPLAY_WRITE=1 writes anew, to be reviewed as a diff). */
#include <glib/gstdio.h>
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/flavour.h"
#include "rig.h"
#include "xmpp/words_xml.h"

typedef struct {
  const char *name, *trace;
  const char *who;      /* nick that is played */
  const char *observer; /* browser whose view of the room is taken; the same as who: his own */
  gint64 start, stop;   /* ms of the recording; stop 0: at its end */
  gboolean idle, patient, deaf /* no RTP ever comes */;
  const char *differs; /* why our decisions are not the recorded ones; NULL: they must be equal */
} row;

static const row rows[] = {
    {"accept-audio", "jsxc-gw-accept-audio", "gw", "alice", 5300, 0, .idle = FALSE},
    {"accept-first", "jsxc-gw-accept-first", "gw", "bob", 3730, 0, .idle = FALSE},
    {"accept-video", "jsxc-gw-accept-video", "gw", "alice", 3100, 0, .idle = FALSE},
    {"component", "jsxc-comp-node", "gw", "alice", 3200, 0, .idle = FALSE},
    {"propose", "jsxc-gw-propose", "gw", "alice", 4500, 0, .idle = TRUE},
    {"mute-offer-cured", "jsxc-gw-reverse", "gw", "alice", 4340, 0, .idle = FALSE},
    {"mute-offer-answered", "jsxc-gw-simultaneous", "gw", "alice", 3545, 0,
     .differs = "the recorded one answered the mute offer and never heard bob; we cure it"},
    {"quick-terminate", "jsxc-gw-quick-terminate", "gw", "alice", 2840, 8600, .idle = FALSE},
    {"sole-terminate", "jsxc-gw-sole-terminate", "gw", "alice", 740, 5930, .idle = FALSE},
    {"as-carol", "jsxc-3users-audio", "carol", "carol", 9600, 0, .idle = FALSE},
    {"as-bob", "jsxc-3users-audio", "bob", "bob", 9350, 0, .idle = FALSE},
    {"as-alice", "jsxc-3users-audio", "alice", "alice", 9300, 18880, .idle = TRUE},
    {"mute-pair-of-two", "jsxc-simultaneous-accept", "carol", "carol", 5520, 0,
     .differs = "carol answered bob's mute offer with silence; we cure it"},
    {"zombie", "jsxc-hangup-then-accept", "carol", "carol", 16600, 0, .deaf = TRUE,
     .differs = "carol stayed in the dead call; we cure bob's mute offer (all leave before the ten "
                "silent seconds are over)"},
    {"video-as-bob", "../../words/traces/jsxc-3users-video", "bob", "bob", 5950, 0, .idle = FALSE},
    {"video-as-carol", "../../words/traces/jsxc-3users-video", "carol", "carol", 8500, 0,
     .idle = FALSE},
    {"video-as-alice", "../../words/traces/jsxc-3users-video", "alice", "alice", 5800, 17230,
     .idle = TRUE},
    {"after-a-reject", "jsxc-reject", "carol", "carol", 10800, 0, .idle = FALSE},
    {"late-after-a-reject", "jsxc-reject-then-late-accept", "bob", "bob", 41300, 0,
     .differs = "bob accepted when the proposer called nobody any more; we do not"},
    {"too-late", "jsxc-timeout30", "carol", "carol", 39800, 0,
     .differs = "carol accepted after 34 s, and alice had given up; we do not"},
    {"beside-a-silent-one", "jsxc-fake-noanswer", "bob", "bob", 10800, 0, .idle = FALSE},
    {"beside-a-busy-one", "jsxc-fake-term-busy", "bob", "bob", 7850, 0, .idle = FALSE},
    {"beside-a-declining-one", "jsxc-fake-term-decline", "bob", "bob", 5950, 0,
     .differs = "gw had accepted before bob and called nobody: we call it"},
    {"beside-a-stranger", "jsxc-fake-stranger", "bob", "bob", 5800, 0,
     .differs = "gw had accepted before bob and called nobody: we call it"},
    {"taken-back", "jsxc-retract-before-accept", "bob", "bob", 5400, 0, .patient = TRUE},
};

typedef struct {
  gint64 at;
  gboolean sent;
  char *who, *xml;
} block;
typedef struct {
  char *from, *to;
} swap; /* recorded text -> ours: ids and sids that we made differ */
typedef struct {
  gint64 at;
  guint peer;
  int what;
  char *id; /* of an echo */
} due;      /* what: LOCAL, ECHO (peer: the gw_jmuci_action), else a peer state */

typedef struct {
  const row *row;
  gw_flavour *f;
  guint said; /* bits: gw_jmuci_action */
  gw_ids *ids;
  gint64 now;
  GArray *blocks, *swaps, *later;
  GHashTable *jids;  /* nick -> real JID in the recording */
  GHashTable *peers; /* peer -> sid */
  GString *done;
  GPtrArray *ours, *theirs; /* decisions as text */
  char *my_jid;
} play;

/* --- the recording --- */

static void block_clear(gpointer data) {
  block *b = data;
  g_free(b->who);
  g_free(b->xml);
}

static void swap_clear(gpointer data) {
  swap *s = data;
  g_free(s->from);
  g_free(s->to);
}

static GArray *read_trace(const char *path) {
  g_autofree char *text = NULL;
  GArray *blocks = g_array_new(FALSE, FALSE, sizeof(block));
  g_array_set_clear_func(blocks, block_clear);
  if (!g_file_get_contents(path, &text, NULL, NULL)) g_error("no recording %s", path);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] && lines[i + 1]; i++) {
    g_auto(GStrv) head = g_strsplit(g_strstrip(lines[i]), " ", 3);
    if (g_strv_length(head) != 3 || lines[i + 1][0] != '<') continue;
    const block b = {(gint64)(g_ascii_strtod(head[0], NULL) * 1e6), !strcmp(head[1], "SENT"),
                     g_strdup(head[2]), g_strdup(lines[i + 1])};
    g_array_append_val(blocks, b);
  }
  g_assert_cmpuint(blocks->len, >, 5);
  return blocks;
}

#define LOCAL -1
#define ECHO -2

static char *swapped(const play *p, const char *xml) {
  GString *s = g_string_new(xml);
  for (guint i = p->swaps->len; i > 0; i--) {
    const swap *w = &g_array_index(p->swaps, swap, i - 1);
    g_string_replace(s, w->from, w->to, 0);
  }
  return g_string_free(s, FALSE);
}

/* --- what the flavour does --- */

static const char *nick_of(const play *p, const char *jid) {
  GHashTableIter it;
  gpointer nick, value;
  g_hash_table_iter_init(&it, p->jids);
  while (g_hash_table_iter_next(&it, &nick, &value))
    if (gw_jid_same(value, jid)) return nick;
  return "?";
}

/* Only what decides: whom we call, answer, end, and what we say to the room. Not the politeness
 * that the recorded ones lack: ended, and a last word to those who have left. */
static char *decision(const play *p, const gw_word *w) {
  if (w->kind == GW_WORD_JMUCI)
    return w->u.jmuci.action == GW_JMUCI_ENDED ? NULL
                                               : g_strdup(gw_jmuci_action_name(w->u.jmuci.action));
  const gw_jingle_action a = w->u.jingle.action;
  const char *nick = nick_of(p, w->to);
  if (a == GW_JINGLE_SESSION_TERMINATE && !g_strcmp0(w->u.jingle.reason, "gone")) return NULL;
  if (a == GW_JINGLE_SESSION_TERMINATE)
    return g_strdup_printf("end %s %s", nick, w->u.jingle.reason);
  if (a != GW_JINGLE_SESSION_INITIATE && a != GW_JINGLE_SESSION_ACCEPT) return NULL;
  return g_strdup_printf("%s %s", gw_jingle_action_name(a), nick);
}

static void add_decision(const play *p, GPtrArray *list, const gw_word *w) {
  char *text = decision(p, w);
  if (text) g_ptr_array_add(list, text);
}

/* The recorded session-initiate of our part towards this JID, not matched yet: its answers are
 * answers to ours. */
static void match_sid(play *p, const char *to, const char *sid) {
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (!strstr(b->xml, "session-initiate") || strncmp(b->xml, "<iq", 3)) continue;
    xmpp_stanza_t *iq = gw_xml_parse(b->xml, strlen(b->xml));
    const char *from = gw_xml_get(iq, "from");
    const gboolean mine = b->sent ? !strcmp(b->who, p->row->who) : gw_jid_same(from, p->my_jid);
    const char *theirs = gw_xml_get(gw_xml_first(iq), "sid");
    gboolean fits = mine && gw_jid_same(gw_xml_get(iq, "to"), to);
    for (guint k = 0; fits && k < p->swaps->len; k++)
      fits = strcmp(g_array_index(p->swaps, swap, k).from, theirs) != 0;
    const swap s = {g_strdup(theirs), g_strdup(sid)};
    xmpp_stanza_release(iq);
    if (fits) {
      g_array_append_val(p->swaps, s);
      return;
    }
    g_free(s.from);
    g_free(s.to);
  }
}

/* Ours has another id than the recorded proposal. */
static void match_id(play *p, const char *id) {
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (!strstr(b->xml, "<propose")) continue;
    xmpp_stanza_t *m = gw_xml_parse(b->xml, strlen(b->xml));
    const swap s = {g_strdup(gw_xml_get(gw_xml_child(m, "propose", NULL), "id")), g_strdup(id)};
    xmpp_stanza_release(m);
    g_array_append_val(p->swaps, s);
    return;
  }
}

static void in_future(play *p, gint64 us, guint peer, int what) {
  const due d = {p->now + us, peer, what, NULL};
  g_array_append_val(p->later, d);
}

/* What we say comes back from the room when it did in the recording, or a moment later if that is over; what the recorded
 * one said and we do not, does not come. */
static void echo_soon(play *p, const gw_word *w) {
  g_autofree char *tag = g_strconcat("<", gw_jmuci_action_name(w->u.jmuci.action), NULL);
  g_autofree char *from = g_strdup_printf("/%s'", p->row->who);
  p->said |= 1u << w->u.jmuci.action;
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (b->at >= p->now && !b->sent && !strcmp(b->who, p->row->observer) && strstr(b->xml, tag) &&
        strstr(b->xml, from))
      return;
  }
  const due d = {p->now + GW_MS(15), w->u.jmuci.action, ECHO, g_strdup(w->u.jmuci.id)};
  g_array_append_val(p->later, d);
}

static void connect_soon(play *p, const char *sid) {
  GHashTableIter it;
  gpointer peer, value;
  g_hash_table_iter_init(&it, p->peers);
  while (g_hash_table_iter_next(&it, &peer, &value)) {
    if (strcmp(value, sid)) continue;
    in_future(p, GW_MS(300), GPOINTER_TO_UINT(peer), GW_PEER_UP);
    if (!p->row->deaf) in_future(p, GW_MS(320), GPOINTER_TO_UINT(peer), GW_PEER_RTP);
  }
}

static void on_say(play *p, const gw_word *w) {
  add_decision(p, p->ours, w);
  if (w->kind == GW_WORD_JMUCI && w->u.jmuci.action == GW_JMUCI_PROPOSE) match_id(p, w->u.jmuci.id);
  if (w->kind == GW_WORD_JMUCI) echo_soon(p, w);
  if (w->kind != GW_WORD_JINGLE) return;
  if (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE) match_sid(p, w->to, w->u.jingle.sid);
  if (w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) connect_soon(p, w->u.jingle.sid);
}

static void on_action(play *p, const gw_action *a) {
  g_autofree char *text = rig_action_text(a, NULL);
  if (a->type == GW_ACT_SAY) on_say(p, a->word);
  if (a->type == GW_ACT_PEER_OPEN) {
    g_hash_table_insert(p->peers, GUINT_TO_POINTER(a->peer), g_strdup(a->sid));
    in_future(p, GW_MS(20), a->peer, LOCAL);
  }
  if (a->type == GW_ACT_PEER_CLOSE) g_hash_table_remove(p->peers, GUINT_TO_POINTER(a->peer));
  if (!text || (a->type == GW_ACT_PEER_REMOTE && !gw_desc_audio(a->desc)))
    return; /* candidates: many */
  if (a->type == GW_ACT_SAY && a->word->kind == GW_WORD_JMUCI)
    *strrchr(text, ' ') = 0; /* the id says nothing */
  g_string_append_printf(p->done, "%8.3f %s\n", (double)p->now / 1e6, text);
}

static void feed(play *p, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  gw_flavour_jmuci_mesh.step(p->f, ev, p->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    on_action(p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

/* --- what the recording says --- */

static void feed_presence(play *p, xmpp_stanza_t *s) {
  const char *nick = gw_jid_resource(gw_xml_get(s, "from"));
  xmpp_stanza_t *x = gw_xml_child(s, "x", "http://jabber.org/protocol/muc#user");
  xmpp_stanza_t *item = x ? gw_xml_child(x, "item", NULL) : NULL;
  const char *jid = item ? gw_xml_get(item, "jid") : NULL, *const jids[] = {jid, NULL};
  if (!nick) return;
  const gw_fl_occupant who = {.nick = nick,
                              .jids = jids,
                              .present = g_strcmp0(gw_xml_get(s, "type"), "unavailable") != 0,
                              .self = !strcmp(nick, p->row->who)};
  feed(p, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
}

static void feed_word(play *p, const gw_word *w) {
  feed(p, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

static gboolean we_initiated(const play *p, const char *sid) {
  for (guint i = 0; i < p->swaps->len; i++)
    if (!g_strcmp0(g_array_index(p->swaps, swap, i).to, sid)) return TRUE;
  return FALSE;
}

static void feed_jingle(play *p, xmpp_stanza_t *iq) {
  const char *why = NULL;
  gw_jingle_head head;
  if (!gw_words_peek_jingle(iq, &head)) return;
  g_autoptr(gw_word) w = gw_words_parse_jingle(iq, we_initiated(p, head.sid), &why);
  if (!w) g_error("%s: not understood: %s", p->row->name, why);
  if (w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) connect_soon(p, w->u.jingle.sid);
  feed_word(p, w);
}

/* A Jingle word for the part that is played, or from it: what it decided then. A browser that is
 * played has its own view; of a part without one the others saw what it sent, and sent what it got.
 */
static void look_at_iq(play *p, const block *b, xmpp_stanza_t *iq) {
  const char *from = b->sent ? g_hash_table_lookup(p->jids, b->who) : gw_xml_get(iq, "from"), *why;
  const gboolean has_view = !strcmp(p->row->who, p->row->observer),
                 its_view = !strcmp(b->who, p->row->who);
  if (g_strcmp0(gw_xml_get(iq, "type"), "set") || has_view != its_view) return;
  if (gw_jid_same(from, p->my_jid) && b->sent == has_view) {
    g_autoptr(gw_word) w = gw_words_parse_jingle(iq, FALSE, &why);
    if (w) add_decision(p, p->theirs, w);
  } else if (gw_jid_same(gw_xml_get(iq, "to"), p->my_jid) && b->sent != has_view) {
    g_autofree char *copy = g_strdup(from);
    gw_xml_set(iq, "from", copy);
    feed_jingle(p, iq);
  }
}

static void look_at_message(play *p, const block *b, xmpp_stanza_t *m) {
  if (b->sent || strcmp(b->who, p->row->observer)) return;
  g_autoptr(gw_word) w = gw_words_parse_jmuci(m);
  if (!w) return;
  if (!g_strcmp0(gw_jid_resource(w->from), p->row->who)) add_decision(p, p->theirs, w);
  if (g_strcmp0(gw_jid_resource(w->from), p->row->who) || p->said & 1u << w->u.jmuci.action)
    feed_word(p, w);
}

static void look_at(play *p, const block *b) {
  g_autofree char *xml = swapped(p, b->xml);
  xmpp_stanza_t *s = gw_xml_parse(xml, strlen(xml));
  g_assert_nonnull(s);
  if (gw_xml_is(s, "presence", NULL) && !b->sent && !strcmp(b->who, p->row->observer))
    feed_presence(p, s);
  else if (gw_xml_is(s, "message", NULL))
    look_at_message(p, b, s);
  else if (gw_xml_is(s, "iq", NULL))
    look_at_iq(p, b, s);
  xmpp_stanza_release(s);
}

/* --- time --- */

static void echo(play *p, const due *d) {
  g_autoptr(gw_word) w = gw_word_new_jmuci((gw_jmuci_action)d->peer, FALSE, d->id);
  w->from = g_strconcat("room@muc/", p->row->who, NULL);
  feed_word(p, w);
}

static void run_later(play *p, guint i) {
  const due d = g_array_index(p->later, due, i);
  g_autofree char *id = d.id;
  g_array_remove_index(p->later, i);
  if (d.what == ECHO) {
    echo(p, &d);
    return;
  }
  g_autoptr(gw_desc) local = rig_caps(d.peer);
  if (d.what == LOCAL)
    feed(p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = d.peer, .u.desc = local});
  else
    feed(p,
         &(gw_ev){.type = GW_EV_PEER_STATE, .peer = d.peer, .u.state = (gw_fl_peer_state)d.what});
}

static void run_until(play *p, gint64 until) {
  for (guint guard = 0; guard < 10000; guard++) {
    gint64 at = gw_flavour_jmuci_mesh.deadline(p->f);
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

static void learn_jids(play *p) {
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (strncmp(b->xml, "<presence", 9)) continue;
    xmpp_stanza_t *s = gw_xml_parse(b->xml, strlen(b->xml));
    xmpp_stanza_t *x = gw_xml_child(s, "x", "http://jabber.org/protocol/muc#user");
    xmpp_stanza_t *item = x ? gw_xml_child(x, "item", NULL) : NULL;
    const char *nick = gw_jid_resource(gw_xml_get(s, "from"));
    if (item && nick && gw_xml_get(item, "jid"))
      g_hash_table_replace(p->jids, g_strdup(nick), g_strdup(gw_xml_get(item, "jid")));
    xmpp_stanza_release(s);
  }
  p->my_jid = g_strdup(g_hash_table_lookup(p->jids, p->row->who));
  g_assert_nonnull(p->my_jid);
}

static char *proposal_of(const play *p) {
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (!strstr(b->xml, "<propose")) continue;
    xmpp_stanza_t *m = gw_xml_parse(b->xml, strlen(b->xml));
    char *id = g_strdup(gw_xml_get(gw_xml_child(m, "propose", NULL), "id"));
    xmpp_stanza_release(m);
    return id;
  }
  return NULL;
}

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
  if (p->row->differs)
    g_assert_cmpstr(ours, !=, theirs);
  else
    g_assert_cmpstr(ours, ==, theirs);
}

static void play_all(play *p) {
  const gint64 start = p->row->start * 1000, stop = p->row->stop * 1000;
  gboolean started = FALSE, stopped = FALSE;
  for (guint i = 0; i < p->blocks->len; i++) {
    const block *b = &g_array_index(p->blocks, block, i);
    if (!started && b->at >= start) {
      run_until(p, start);
      feed(p, &(gw_ev){.type = GW_EV_START});
      started = TRUE;
    }
    if (stop && !stopped && b->at >= stop) {
      run_until(p, stop);
      feed(p, &(gw_ev){.type = GW_EV_STOP});
      stopped = TRUE;
    }
    run_until(p, b->at);
    look_at(p, b);
  }
  if (!started) feed(p, &(gw_ev){.type = GW_EV_START});
  run_until(p, p->now + GW_SEC(30));
}

static void one(gconstpointer data) {
  play p = {.row = data, .ids = gw_ids_new_fixed(3), .done = g_string_new(NULL)};
  g_autofree char *path =
      g_strconcat(g_getenv("REPLAY_DIR"), "/traces/", p.row->trace, ".xml", NULL);
  p.blocks = read_trace(path);
  p.swaps = g_array_new(FALSE, FALSE, sizeof(swap));
  g_array_set_clear_func(p.swaps, swap_clear);
  p.later = g_array_new(FALSE, FALSE, sizeof(due));
  p.jids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  p.peers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  p.ours = g_ptr_array_new_with_free_func(g_free);
  p.theirs = g_ptr_array_new_with_free_func(g_free);
  learn_jids(&p);
  g_autofree char *id = proposal_of(&p);
  const gw_flavour_params params = {.own_nick = p.row->who,
                                    .own_jid = p.my_jid,
                                    .propose_when_idle = p.row->idle,
                                    .patient = p.row->patient,
                                    .answer_id = p.row->patient ? id : NULL,
                                    .ids = p.ids};
  p.f = gw_flavour_jmuci_mesh.make(&params);
  play_all(&p);
  compare(&p);
  gw_flavour_jmuci_mesh.free(p.f);
  gw_ids_free(p.ids);
  g_string_free(p.done, TRUE);
  g_array_unref(p.blocks);
  g_array_unref(p.swaps);
  g_array_unref(p.later);
  g_hash_table_unref(p.jids);
  g_hash_table_unref(p.peers);
  g_ptr_array_unref(p.ours);
  g_ptr_array_unref(p.theirs);
  g_free(p.my_jid);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *name = g_strconcat("/replay/jmuci/", rows[i].name, NULL);
    g_test_add_data_func(name, &rows[i], one);
  }
  return g_test_run();
}
