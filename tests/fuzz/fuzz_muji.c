/* The Muji flavour under any row of events: one byte each, with one to three behind for its arguments; after each step
 * the promises of flavour.h are checked. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "gateway/flavour/muji.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct {
  const uint8_t *at, *end;
  gw_flavour *f;
  gw_ids *ids;
  gint64 now;
  gboolean stopped, ended, answered_stop;
  GHashTable *open; /* peer -> nick when opened */
  char *sids[4];    /* of our offers */
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

static void check_word(world *w, const gw_word *word) {
  const gw_jingle *j = &word->u.jingle;
  g_assert_cmpint(word->kind, ==, GW_WORD_JINGLE);
  g_assert_true(word->to && j->sid && *j->sid);
  if (j->action == GW_JINGLE_SESSION_TERMINATE) g_assert_nonnull(j->reason);
  if (j->action == GW_JINGLE_SESSION_ACCEPT) g_assert_true(j->desc && j->desc->media->len);
  if (j->action != GW_JINGLE_SESSION_INITIATE) return;
  g_assert_false(w->stopped);
  g_assert_cmpstr(j->muji_room, ==, "room@muc");
  g_assert_true(gw_desc_audio(j->desc)->codecs->len > 0);
  g_free(w->sids[w->n_sids % 4]);
  w->sids[w->n_sids++ % 4] = g_strdup(j->sid);
}

static gboolean same_nick(gpointer peer, gpointer nick, gpointer wanted) {
  return !strcmp(nick, wanted);
}

static void check_action(world *w, const gw_action *a) {
  g_assert_true(!w->ended || (a->type == GW_ACT_CALL && a->call == GW_CALL_ENDED && w->stopped &&
                              !w->answered_stop));
  switch (a->type) {
  case GW_ACT_SAY:
    check_word(w, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    g_assert_true(a->jid && a->nick && a->sid && a->peer && !w->stopped);
    g_assert_null(
        g_hash_table_find(w->open, same_nick, a->nick)); /* no two sessions with one occupant */
    g_assert_true(g_hash_table_insert(w->open, GUINT_TO_POINTER(a->peer), g_strdup(a->nick)));
    break;
  case GW_ACT_PEER_REMOTE:
    g_assert_true(a->desc && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_PEER_CLOSE:
    g_assert_true(g_hash_table_remove(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_PRESENCE:
    g_assert_true(!a->muji || (!w->stopped && (a->muji->preparing || a->muji->desc)));
    break;
  case GW_ACT_NOTE:
    g_assert_nonnull(a->text);
    break;
  case GW_ACT_CALL:
    if (w->ended) w->answered_stop = TRUE;
    if (a->call == GW_CALL_ENDED) w->ended = TRUE;
    break;
  case GW_ACT_SFU:
  case GW_ACT_SAVE:
  case GW_ACT_LEDGER:
    g_assert_not_reached();
  }
}

static void feed(world *w, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  gw_flavour_muji.step(w->f, ev, w->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    check_action(w, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  g_assert_cmpint(gw_flavour_muji.deadline(w->f), >, w->now);
  g_assert_true(!w->ended || !g_hash_table_size(w->open));
  g_assert_cmpuint(w->f->members->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(w->f->early->len, <=, GW_MJ_MAX_EARLY);
}

/* --- events from bytes --- */

static gw_desc *any_desc(world *w) {
  static const char *const names[] = {
      "opus", "OPUS", "PCMU", "PCMA", "speex", "G722", "telephone-event", "x"};
  const guint8 shape = byte(w);
  gw_desc *d = gw_desc_new();
  gw_desc_media *m =
      gw_desc_add(d, shape & 1 ? GW_KIND_VIDEO : GW_KIND_AUDIO, shape & 2 ? "0" : "audio");
  d->bundle = (shape & 4) != 0;
  for (guint n = (shape >> 3) & 3; n > 0; n--) {
    const guint8 c = byte(w);
    gw_desc_media_add_codec(m, (guint8)(c & 8 ? 111 : c & 127), names[c & 7], c & 16 ? 8000 : 48000,
                            c & 32 ? 1 : 2, c & 64 ? "useinbandfec=1" : NULL);
  }
  if (shape & 32) m->fp_value = g_strdup("AB:CD");
  m->rtcp_mux = (shape & 64) != 0;
  if (shape & 128) m->ufrag = g_strdup("u");
  if (shape & 128) m->pwd = g_strdup("p");
  m->setup = (gw_setup)(shape & 3);
  return d;
}

static void occupant(world *w) {
  const guint8 who = byte(w), what = byte(w);
  const guint n = who & 7;
  const char *const one[] = {jids[(what >> 4) & 1 ? (n + 1) & 7 : n], NULL};
  g_autoptr(gw_desc) d = what & 4 ? any_desc(w) : NULL;
  g_autoptr(gw_muji) m =
      what & 2 ? gw_muji_new((what & 8) != 0, d && gw_desc_audio(d) ? d : NULL) : NULL;
  const gw_fl_occupant o = {.nick = nicks[n],
                            .old_nick = what & 32 ? nicks[(what >> 5) & 7] : NULL,
                            .jids = what & 64 ? NULL : one,
                            .present = (what & 1) != 0,
                            .self = n == 0,
                            .seat = n == 5,
                            .watcher = n == 6,
                            .muji = what & 1 ? m : NULL};
  feed(w, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void jingle(world *w) {
  static const char *const own_sids[] = {"a", "b", "c", "d"};
  const guint8 what = byte(w), from = byte(w);
  const char *sid = what & 128 ? w->sids[from >> 6] : own_sids[from >> 6];
  g_autoptr(gw_word) word =
      gw_word_new_jingle((gw_jingle_action)((what & 31) % (GW_JINGLE_UNKNOWN + 1)), "phone@gw/1",
                         sid ? sid : "e", what & 128);
  word->from = g_strdup(jids[from & 7]);
  word->u.jingle.of = what & 64 ? GW_JINGLE_SESSION_INITIATE : GW_JINGLE_TRANSPORT_INFO;
  if (what & 32) word->u.jingle.reason = g_strdup(from & 8 ? "success" : "timeout");
  if (from & 16) word->u.jingle.muji_room = g_strdup(from & 32 ? "room@muc" : "other@muc");
  const gw_jingle_action a = word->u.jingle.action;
  if (a == GW_JINGLE_SESSION_INITIATE || a == GW_JINGLE_SESSION_ACCEPT ||
      a == GW_JINGLE_TRANSPORT_INFO)
    word->u.jingle.desc = any_desc(w);
  feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void peer(world *w, guint8 kind) {
  const guint8 id = byte(w), what = byte(w);
  gw_ev ev = {.peer = id & 15, .cause = what & 8 ? GW_CAUSE_ICE_FAILED : GW_CAUSE_NONE};
  g_autoptr(gw_desc) d = gw_desc_new();
  const gw_candidate c = {.component = 1, .udp = TRUE, .ip = "127.0.0.1", .port = 9};
  if (kind == 0) {
    ev.type = GW_EV_PEER_STATE;
    ev.u.state = (gw_fl_peer_state)(what % (GW_PEER_FAILED + 1));
  } else if (kind == 1) {
    gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
    gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
    if (what & 1) gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
    m->fp_value = g_strdup("AB");
    m->ufrag = g_strdup("u");
    m->pwd = g_strdup("p");
    ev.type = GW_EV_LOCAL_DESC;
    ev.u.desc = d;
  } else {
    ev.type = GW_EV_CANDIDATE;
    ev.u.candidate = &c;
  }
  feed(w, &ev);
}

static void wait(world *w) {
  static const gint64 spans[] = {GW_MS(10), GW_MS(300), GW_SEC(1),  GW_SEC(3),
                                 GW_SEC(5), GW_SEC(10), GW_SEC(30), GW_SEC(100)};
  const gint64 until = w->now + spans[byte(w) & 7];
  for (guint guard = 0; guard < 2000 && gw_flavour_muji.deadline(w->f) <= until; guard++) {
    w->now = gw_flavour_muji.deadline(w->f);
    feed(w, &(gw_ev){.type = GW_EV_TICK});
  }
  w->now = until;
}

static void stop(world *w) {
  w->stopped = TRUE;
  feed(w, &(gw_ev){.type = GW_EV_STOP});
}

static void one(world *w) {
  const guint8 b = byte(w);
  switch (b & 15) {
  case 0:
    feed(w, &(gw_ev){.type = GW_EV_START});
    break;
  case 1:
    if (b & 128) stop(w);
    break;
  case 2:
  case 3:
  case 4:
  case 5:
    occupant(w);
    break;
  case 6:
  case 7:
  case 8:
    jingle(w);
    break;
  case 9:
  case 10:
  case 11:
    peer(w, (guint8)((b & 15) - 9));
    break;
  case 12:
    feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_UP : GW_EV_STREAM_DOWN});
    break;
  case 13:
    feed(w, &(gw_ev){.type = GW_EV_MUTED, .u.flag = (b & 16) != 0});
    break;
  default:
    wait(w);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!n) return 0;
  world w = {.at = data + 1, .end = data + n, .now = GW_SEC(1000), .ids = gw_ids_new_fixed(1)};
  w.open = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  const gw_flavour_params params = {.own_nick = "phone",
                                    .own_jid = "phone@gw/1",
                                    .room = "room@muc",
                                    .propose_when_idle = data[0] & 1,
                                    .patient = (data[0] & 2) != 0,
                                    .ids = w.ids};
  w.f = gw_flavour_muji.make(&params);
  for (guint guard = 0; guard < 4000 && w.at < w.end; guard++)
    one(&w);
  stop(&w);
  w.now += GW_SEC(10);
  feed(&w, &(gw_ev){.type = GW_EV_TICK});
  g_assert_true(w.ended); /* every STOP is answered */
  g_assert_cmpuint(g_hash_table_size(w.open), ==, 0);
  gw_flavour_muji.free(w.f);
  gw_ids_free(w.ids);
  g_hash_table_unref(w.open);
  for (guint i = 0; i < 4; i++)
    g_free(w.sids[i]);
  return 0;
}
