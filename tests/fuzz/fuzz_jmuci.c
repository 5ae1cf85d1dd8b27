/* The mesh flavour under any row of events, and its ledger under any text.
 * First byte even: the rest is events, one byte each with one to three behind for its arguments;
 * after each step the promises of flavour.h are checked. First byte odd: the rest is a saved
 * ledger. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "gateway/flavour/jmuci_mesh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct {
  const uint8_t *at, *end;
  gw_flavour *f;
  gw_ids *ids;
  gint64 now;
  gboolean stopped, ended, answered_stop;
  GHashTable *open;     /* peer -> nick when opened */
  GHashTable *owed;     /* peer -> "jid sid" of an offer that can be answered and is not yet */
  gboolean late;        /* what is said now was decided while the stream was away */
  char *offer;          /* "jid sid" of the offer whose transport was opened last, or NULL */
  GHashTable *accepted; /* ids */
  char *sids[4];        /* of our offers */
  guint n_sids;
} world;

static const char *const nicks[] = {"phone", "anna", "bert",  "carl",
                                    "dora",  "seat", "watch", "zoe"};
static const char *const jids[] = {"phone@gw/1", "anna@x/1",  "bert@x/1",     "bert@x/2",
                                   "dora@x/1",   "seat@gw/2", "gateway@gw/w", "zoe@x"};

static guint8 byte(world *w) {
  return w->at < w->end ? *w->at++ : 0;
}

/* --- what must hold --- */

static gboolean is_value(gpointer peer, gpointer value, gpointer wanted) {
  return !strcmp(value, wanted);
}

/* A proposer whose offer is ended before it is accepted calls nobody any more. */
static void check_answered(world *w, const gw_word *word) {
  const gw_jingle *j = &word->u.jingle;
  g_autofree char *key = g_strconcat(word->to, " ", j->sid, NULL);
  if (j->action == GW_JINGLE_SESSION_ACCEPT)
    g_hash_table_foreach_remove(w->owed, is_value, key);
  else if (j->action == GW_JINGLE_SESSION_TERMINATE && !w->late &&
           strcmp(j->reason, "alternative-session"))
    g_assert_null(g_hash_table_find(w->owed, is_value, key));
}

static void check_word(world *w, const gw_word *word) {
  if (word->kind == GW_WORD_JMUCI) {
    const gw_jmuci_action a = word->u.jmuci.action;
    g_assert_true(word->u.jmuci.id && a != GW_JMUCI_REJECT && !word->u.jmuci.sfu);
    g_assert_true(!w->stopped || a == GW_JMUCI_RETRACT || a == GW_JMUCI_ENDED);
    if (a == GW_JMUCI_ACCEPT)
      g_assert_true(g_hash_table_add(w->accepted, g_strdup(word->u.jmuci.id)));
    return;
  }
  const gw_jingle *j = &word->u.jingle;
  g_assert_true(word->to && j->sid && *j->sid);
  if (j->action == GW_JINGLE_SESSION_TERMINATE) g_assert_nonnull(j->reason);
  check_answered(w, word);
  if (j->action != GW_JINGLE_SESSION_INITIATE) return;
  g_assert_false(w->stopped);
  g_assert_true(gw_desc_audio(j->desc)->codecs->len > 0);
  g_free(w->sids[w->n_sids % 4]);
  w->sids[w->n_sids++ % 4] = g_strdup(j->sid);
}

static void check_open(world *w, const gw_action *a) {
  const gw_ledger_call *c = gw_mesh_call(w->f);
  g_assert_true(a->jid && a->nick && a->sid && a->peer);
  g_assert_true(!a->offerer || !w->stopped);
  g_assert_true(!a->offerer || !c ||
                gw_ledger_index(c, a->nick) != 0); /* never towards a proposer */
  g_assert_true(g_hash_table_insert(w->open, GUINT_TO_POINTER(a->peer), g_strdup(a->nick)));
  g_assert_cmpuint(g_hash_table_size(w->open), <=, GW_MAX_SESSIONS_PER_SEAT);
}

static void note_offer(world *w, const gw_action *a) {
  g_free(w->offer);
  w->offer = a->offerer ? NULL : g_strconcat(a->jid, " ", a->sid, NULL);
}

/* The description that follows is the offer itself. */
static void note_owed(world *w, const gw_action *a) {
  g_autofree char *key = g_steal_pointer(&w->offer);
  const gw_desc_media *m = gw_desc_audio(a->desc);
  if (key && m && m->codecs->len && m->fp_value && m->rtcp_mux)
    g_hash_table_insert(w->owed, GUINT_TO_POINTER(a->peer), g_steal_pointer(&key));
}

static void check_action(world *w, const gw_action *a) {
  g_assert_true(!w->ended || (a->type == GW_ACT_CALL && a->call == GW_CALL_ENDED && w->stopped &&
                              !w->answered_stop));
  switch (a->type) {
  case GW_ACT_SAY:
    check_word(w, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    check_open(w, a);
    note_offer(w, a);
    break;
  case GW_ACT_PEER_REMOTE:
    g_assert_true(a->desc && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
    note_owed(w, a);
    break;
  case GW_ACT_PEER_CLOSE:
    g_hash_table_remove(w->owed, GUINT_TO_POINTER(a->peer));
    g_assert_true(g_hash_table_remove(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_CALL:
    if (w->ended) w->answered_stop = TRUE;
    if (a->call == GW_CALL_ENDED) w->ended = TRUE;
    break;
  case GW_ACT_PRESENCE:
  case GW_ACT_NOTE:
  case GW_ACT_SFU:
    g_assert_not_reached(); /* of others */
  case GW_ACT_SAVE:
  case GW_ACT_LEDGER:
    g_assert_nonnull(a->text);
    break;
  }
}

/* No two sessions with one occupant, everything within its bounds. */
static void check_state(const world *w) {
  const gw_flavour *f = w->f;
  g_assert_cmpuint(f->pairs->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(f->early->len, <=, GW_MESH_MAX_EARLY);
  g_assert_cmpuint(f->left->len, <=, GW_MAX_CALLS_PER_ROOM);
  g_assert_cmpuint(f->held->len, <=, 2 * GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(gw_ledger_count(f->ledger), <=, GW_MAX_CALLS_PER_ROOM);
  for (guint i = 0; i < gw_ledger_count(f->ledger); i++)
    g_assert_cmpuint(gw_ledger_at(f->ledger, i)->order->len, <=, GW_MAX_ORDER);
  guint with_peer = 0;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    with_peer += p->peer != 0;
    g_assert_cmpuint(p->remote->len, <=, GW_MAX_CANDIDATES);
    for (guint k = 0; k < i; k++)
      g_assert_cmpstr(p->nick, !=, ((gw_pair *)f->pairs->pdata[k])->nick);
  }
  g_assert_cmpuint(with_peer, ==, g_hash_table_size(w->open));
}

static void feed(world *w, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  w->late = w->f->frozen;
  gw_flavour_jmuci_mesh.step(w->f, ev, w->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    check_action(w, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  check_state(w);
  g_assert_cmpint(gw_flavour_jmuci_mesh.deadline(w->f), >, w->now); /* or a shell would spin */
}

/* --- bytes to events --- */

static gw_desc *some_desc(guint8 b) {
  if (b % 16 == 15) return NULL;
  gw_desc *d = gw_desc_new();
  d->bundle = b & 1;
  if (b % 16 == 14) return d;
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  m->dir = (gw_dir)((b >> 1) & 3);
  m->rtcp_mux = b % 16 != 13;
  m->setup = (gw_setup)((b >> 3) & 3);
  if (b % 16 != 12) m->fp_value = g_strdup("AA");
  if (b % 16 != 11) gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  const gw_source s = {.ssrc = b};
  if (b & 0x40) g_array_append_val(m->sources, s);
  if (b & 0x80)
    gw_desc_media_add_codec(gw_desc_add(d, GW_KIND_VIDEO, "1"), 96, "VP8", 90000, 1, NULL);
  return d;
}

static char *some_id(world *w, guint8 b) {
  if (b % 4 == 3 && w->f->call_id) return g_strdup(w->f->call_id);
  return g_strdup_printf("call%u", b % 4);
}

static char *some_sid(world *w, guint8 b) {
  if (b % 8 < 4) return g_strdup(w->sids[b % 4] ? w->sids[b % 4] : "none:none");
  g_autofree char *id = some_id(w, b >> 3);
  return g_strdup_printf(b % 8 == 7 ? "%s:%u:x" : "%s:%u", id, b & 3);
}

static void occupant(world *w) {
  const guint8 a = byte(w), b = byte(w);
  const guint who = a % G_N_ELEMENTS(nicks);
  const char *const list[] = {jids[who], b & 1 ? jids[(who + 1) % 8] : NULL, NULL};
  const gw_fl_occupant o = {.nick = nicks[who],
                            .old_nick = b & 8 ? nicks[(b >> 4) % 8] : NULL,
                            .jids = list,
                            .present = (b & 6) != 0,
                            .self = who == 0,
                            .seat = who == 5,
                            .watcher = who == 6};
  feed(w, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void room_word(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autofree char *id = some_id(w, b);
  g_autoptr(gw_word) word = gw_word_new_jmuci((gw_jmuci_action)((a >> 3) % 5), b % 32 == 31, id);
  word->from = g_strconcat("r@m/", nicks[a % 8], NULL);
  word->historic = b % 16 == 9;
  word->u.jmuci.jid = b & 0x80 ? g_strdup(jids[b % 8]) : NULL;
  feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void jingle_word(world *w) {
  static const gw_jingle_action actions[] = {
      GW_JINGLE_SESSION_INITIATE, GW_JINGLE_SESSION_ACCEPT, GW_JINGLE_SESSION_TERMINATE,
      GW_JINGLE_TRANSPORT_INFO,   GW_JINGLE_ERROR,          GW_JINGLE_SESSION_INFO};
  static const char *const reasons[] = {"success", "decline", "alternative-session", NULL};
  static const char *const errors[] = {"item-not-found", "conflict", "timeout", "bad-request"};
  const guint8 a = byte(w), b = byte(w), c = byte(w);
  g_autofree char *sid = some_sid(w, b);
  g_autoptr(gw_word) word = gw_word_new_jingle(actions[(a >> 3) % 6], jids[0], sid, FALSE);
  word->from = g_strdup(jids[a % 8]);
  word->u.jingle.desc = some_desc(c);
  word->u.jingle.reason = g_strdup(reasons[c % 4]);
  word->u.jingle.error = g_strdup(errors[c % 4]);
  word->u.jingle.of = c & 16 ? GW_JINGLE_SESSION_ACCEPT : GW_JINGLE_SESSION_INITIATE;
  feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static guint some_peer(world *w, guint8 b) {
  return w->f->last_peer - MIN(w->f->last_peer, b % 8u);
}

static void media(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autoptr(gw_desc) d = some_desc(b % 16 == 15 ? 0 : b);
  const gw_candidate c = {.component = 1, .udp = TRUE, .port = a};
  if (a & 8)
    feed(w, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = some_peer(w, a), .u.desc = d});
  else if (a & 16)
    feed(w, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = some_peer(w, a), .u.candidate = &c});
  else
    feed(w, &(gw_ev){.type = GW_EV_PEER_STATE,
                     .peer = some_peer(w, a),
                     .u.state = (gw_fl_peer_state)(b % 5)});
}

static void pass_time(world *w, gint64 us) {
  const gint64 until = w->now + us;
  for (guint i = 0; i < 2000; i++) {
    const gint64 next = gw_flavour_jmuci_mesh.deadline(w->f);
    if (next > until) break;
    w->now = next;
    feed(w, &(gw_ev){.type = GW_EV_TICK});
  }
  w->now = until;
}

static void one_event(world *w) {
  const guint8 b = byte(w);
  switch (b % 12) {
  case 0:
  case 1:
    occupant(w);
    break;
  case 2:
  case 3:
  case 4:
    room_word(w);
    break;
  case 5:
  case 6:
  case 7:
    jingle_word(w);
    break;
  case 8:
    media(w);
    break;
  case 9:
    pass_time(w, GW_MS(100) * (b >> 1));
    break;
  case 10:
    feed(w, &(gw_ev){.type = b & 16 ? GW_EV_MUTED : GW_EV_START, .u.flag = b & 32});
    break;
  default:
    if (b % 64 == 59) {
      w->stopped = TRUE;
      feed(w, &(gw_ev){.type = GW_EV_STOP});
    } else {
      feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_DOWN : GW_EV_STREAM_UP});
    }
  }
}

static void events(const uint8_t *data, size_t n) {
  if (n < 2) return;
  world w = {.at = data + 1, .end = data + n, .now = GW_SEC(100), .ids = gw_ids_new_fixed(1)};
  const gw_flavour_params params = {.own_nick = nicks[0],
                                    .own_jid = jids[0],
                                    .propose_when_idle = data[0] & 1,
                                    .patient = (data[0] & 6) == 6,
                                    .answer_id = data[0] & 2 ? "call1" : NULL,
                                    .ids = w.ids};
  w.f = gw_flavour_jmuci_mesh.make(&params);
  w.open = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  w.owed = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  w.accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  while (w.at < w.end)
    one_event(&w);
  w.stopped = TRUE;
  feed(&w, &(gw_ev){.type = GW_EV_STOP});
  pass_time(&w, GW_SEC(4));
  g_assert_true(w.ended);
  g_assert_cmpuint(g_hash_table_size(w.open), ==, 0);
  gw_flavour_jmuci_mesh.free(w.f);
  gw_ids_free(w.ids);
  g_hash_table_unref(w.open);
  g_hash_table_unref(w.accepted);
  g_hash_table_unref(w.owed);
  g_free(w.offer);
  for (guint i = 0; i < 4; i++)
    g_free(w.sids[i]);
}

/* What was loaded can be saved, and loads to the same again. */
static void ledger(const uint8_t *data, size_t n) {
  g_autofree char *text = g_strndup((const char *)data, n);
  g_autoptr(gw_ledger) l = gw_ledger_load(text, GW_SEC(1000));
  if (!l) return;
  g_autofree char *once = gw_ledger_save(l);
  g_autoptr(gw_ledger) m = gw_ledger_load(once, GW_SEC(1000));
  g_assert_nonnull(m);
  g_autofree char *twice = gw_ledger_save(m);
  g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!n) return 0;
  if (data[0] & 1)
    ledger(data + 1, n - 1);
  else
    events(data + 1, n - 1);
  return 0;
}
