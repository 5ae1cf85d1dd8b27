/* A conference service that says anything at all to a phone's line and flavour, three bytes each; after each step the promises
 * of both are checked: nothing after the end, every transport closed once, words only to who has a session, all bounded. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "gateway/bridge/focus.h"
#include "gateway/flavour/jingle_sfu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct {
  const uint8_t *at, *end;
  gw_flavour *f;
  gw_focus *line;
  gw_ids *ids;
  gint64 now;
  gboolean stopped, ended, answered_stop;
  guint last_peer;
  char *mine;
  GHashTable *open;
  GQueue *news; /* gw_focus_out* */
} world;

static const gw_flavour_class *const class = &gw_flavour_jingle_sfu;
static const char *const sids[] = {"a", "b", "c", "d", "e", "f", "g"};
static const char *const who[] = {NULL,       "anna@x/1",    "bert@x",  "phone@gw",
                                  "101@gw/2", "room@m/seat", "sip:z@y", "carl@x"};

static guint8 byte(world *w) {
  return w->at < w->end ? *w->at++ : 0;
}

static gw_desc *some_desc(guint8 b) {
  gw_desc *d = gw_desc_new();
  for (guint i = 0; i <= b % 3u; i++) {
    g_autofree char *mid = g_strdup_printf("%u", (b >> 2) % 8u + i);
    gw_desc_media *m = gw_desc_add(d,
                                   b & 0x20 && i  ? GW_KIND_VIDEO
                                   : b % 32 == 31 ? GW_KIND_OTHER
                                                  : GW_KIND_AUDIO,
                                   mid);
    const gw_source s = {.ssrc = b + i};
    m->dir = (gw_dir)(b & 3);
    m->rtcp_mux = b % 16 != 13;
    if (b % 16 != 12) m->fp_value = g_strdup("AA");
    if (b % 16 != 11) m->ufrag = g_strdup("u");
    m->pwd = g_strdup("p");
    if (b % 16 != 10) gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
    if (b & 0x40) g_array_append_val(m->sources, s);
  }
  d->bundle = (b & 0x80) != 0;
  return d;
}

static void check_action(world *w, const gw_action *a);

static void take(world *w, GArray *outs) {
  for (guint i = 0; i < outs->len; i++) {
    gw_focus_out *o = &g_array_index(outs, gw_focus_out, i);
    if (o->type == GW_FOCUS_SAY) g_assert_true(o->word->to && o->word->u.jingle.sid);
    if (o->type != GW_FOCUS_NEWS) continue;
    g_queue_push_tail(w->news, g_memdup2(o, sizeof *o));
    memset(o, 0, sizeof *o);
  }
  g_array_unref(outs);
  g_assert_cmpuint(gw_focus_streams(w->line), <=, GW_MAX_SFU_STREAMS);
  g_assert_cmpint(gw_focus_deadline(w->line), >, w->now);
}

static void step(world *w, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  class->step(w->f, ev, w->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    check_action(w, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  g_assert_cmpint(class->deadline(w->f), >, w->now);
  g_assert_cmpuint(w->f->legs->len, ==, g_hash_table_size(w->open));
  g_assert_cmpuint(w->f->legs->len, <=, GW_MAX_SFU_STREAMS);
  for (guint i = 0; i < w->f->legs->len; i++) {
    const gw_jsfu_leg *l = w->f->legs->pdata[i];
    g_assert_cmpuint(l->early->len, <=, GW_MAX_CANDIDATES);
  }
}

/* As the shell does: what it has for the flavour comes after the step. */
static void feed(world *w, const gw_ev *ev) {
  step(w, ev);
  for (gw_focus_out *o; (o = g_queue_pop_head(w->news)); g_free(o)) {
    g_autoptr(GArray) owner = gw_focus_outs_new();
    step(w, &(gw_ev){.type = GW_EV_SFU, .cause = o->cause, .u.sfu = &o->news});
    g_array_append_val(owner, *o);
  }
}

static void check_action(world *w, const gw_action *a) {
  g_assert_true(!w->ended || (a->type == GW_ACT_CALL && a->call == GW_CALL_ENDED && w->stopped &&
                              !w->answered_stop));
  if (a->type == GW_ACT_SFU) {
    GArray *outs = gw_focus_outs_new();
    if (a->ask == GW_SFU_ASK_STREAM) {
      g_free(w->mine);
      w->mine = g_strdup(a->sid);
    }
    gw_focus_ask(w->line, a, w->now, outs);
    take(w, outs);
  }
  if (a->type == GW_ACT_PEER_OPEN) {
    g_assert_true(a->jid && a->nick && a->use != GW_USE_BOTH && !w->stopped &&
                  a->offerer == (a->use == GW_USE_PUBLISH));
    g_assert_true(g_hash_table_add(w->open, GUINT_TO_POINTER(a->peer)));
    w->last_peer = a->peer;
  }
  if (a->type == GW_ACT_PEER_REMOTE)
    g_assert_true(a->desc && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
  if (a->type == GW_ACT_PEER_CLOSE)
    g_assert_true(g_hash_table_remove(w->open, GUINT_TO_POINTER(a->peer)));
  if (a->type != GW_ACT_CALL) return;
  if (w->ended) w->answered_stop = TRUE;
  if (a->call == GW_CALL_ENDED) w->ended = TRUE;
}

static void says(world *w, gw_word *taken, guint8 b) {
  GArray *outs = gw_focus_outs_new();
  taken->from = g_strdup(b % 16 == 15 ? "eve@x" : b & 16 ? "room@talks/mixer" : "room@talks");
  gw_focus_word(w->line, taken, w->now, outs);
  take(w, outs);
  gw_word_free(taken);
  feed(w, &(gw_ev){.type = GW_EV_TICK});
}

static void jingle(world *w) {
  static const gw_jingle_action actions[] = {GW_JINGLE_SESSION_INITIATE,
                                             GW_JINGLE_SESSION_INITIATE,
                                             GW_JINGLE_SESSION_ACCEPT,
                                             GW_JINGLE_SESSION_TERMINATE,
                                             GW_JINGLE_TRANSPORT_INFO,
                                             GW_JINGLE_CONTENT_ADD,
                                             GW_JINGLE_ERROR,
                                             GW_JINGLE_CONTENT_MODIFY};
  static const char *const reasons[] = {NULL, "success", "gone", "general-error"};
  const guint8 a = byte(w), b = byte(w);
  const char *sid = (a >> 3) % 8 == 7 && w->mine ? w->mine : sids[(a >> 3) % 7];
  gw_word *out = gw_word_new_jingle(actions[a % 8], "phone@gw/1", sid, FALSE);
  gw_jingle *j = &out->u.jingle;
  if (j->action == GW_JINGLE_SESSION_TERMINATE) j->reason = g_strdup(reasons[b % 4]);
  if (j->action != GW_JINGLE_SESSION_TERMINATE && j->action != GW_JINGLE_ERROR)
    j->desc = some_desc(b);
  if (j->action == GW_JINGLE_SESSION_INITIATE || j->action == GW_JINGLE_SESSION_INFO) {
    const char *users[] = {who[b % 8], who[(b >> 3) % 8], NULL}, *gone[] = {who[a % 8], NULL};
    j->users = g_strdupv((char **)users);
    j->gone = g_strdupv((char **)gone);
    j->partial = a & 1;
  }
  j->focus = b & 1;
  j->of = b & 2 ? GW_JINGLE_SESSION_INITIATE : GW_JINGLE_SESSION_ACCEPT;
  j->error = g_strdup(b & 4 ? "forbidden" : "timeout");
  says(w, out, a & 0x80 ? b : 0);
}

static void publisher(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autofree char *mid = g_strdup_printf("%u", b % 10);
  const char *const mids[] = {mid, NULL};
  gw_word *out = gw_word_new_meet(a & 1);
  gw_meet_add(&out->u.meet, who[1 + (a >> 1) % 4], mids);
  says(w, out, 0);
}

static void media(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autoptr(gw_desc) d = some_desc(0x81);
  const gw_candidate c = {.component = 1, .udp = TRUE, .port = a};
  const guint peer = w->last_peer - MIN(w->last_peer, a % 4u);
  if (a & 8)
    feed(w, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = d});
  else if (a & 16)
    feed(w, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = &c});
  else
    feed(w, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = (gw_fl_peer_state)(b % 6)});
}

static void occupant(world *w) {
  static const char *const nicks[] = {"phone", "anna", "seat", "zoe"};
  const guint8 a = byte(w), b = byte(w);
  const char *const jids[] = {who[1 + b % 4], NULL};
  const gw_fl_occupant o = {.nick = nicks[a % 4],
                            .old_nick = b & 8 ? nicks[(b >> 4) % 4] : NULL,
                            .jids = jids,
                            .present = (b & 6) != 0,
                            .self = a % 4 == 0,
                            .seat = a % 4 == 2};
  feed(w, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void pass_time(world *w, gint64 us) {
  const gint64 until = w->now + us;
  for (guint i = 0; i < 2000; i++) {
    const gint64 next = MIN(class->deadline(w->f), gw_focus_deadline(w->line));
    if (next > until) break;
    GArray *outs = gw_focus_outs_new();
    w->now = next;
    gw_focus_tick(w->line, w->now, outs);
    take(w, outs);
    feed(w, &(gw_ev){.type = GW_EV_TICK});
  }
  w->now = until;
}

static void stop(world *w) {
  w->stopped = TRUE;
  feed(w, &(gw_ev){.type = GW_EV_STOP});
}

static void one_event(world *w) {
  const guint8 b = byte(w);
  if (b % 12 < 4)
    jingle(w);
  else if (b % 12 == 4)
    publisher(w);
  else if (b % 12 < 8)
    media(w);
  else if (b % 12 == 8)
    occupant(w);
  else if (b % 12 == 9)
    pass_time(w, GW_MS(100) * (b >> 1));
  else if (b % 12 == 10)
    feed(w, &(gw_ev){.type = GW_EV_START});
  else if (b % 64 == 59)
    stop(w);
  else
    feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_DOWN : GW_EV_STREAM_UP});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (n < 2) return 0;
  world w = {.at = data + 1, .end = data + n, .now = GW_SEC(100), .ids = gw_ids_new_fixed(1)};
  const gw_flavour_params params = {
      .own_nick = "phone", .own_jid = "phone@gw/1", .room = "room@m", .ids = w.ids};
  w.f = class->make(&params);
  w.line = gw_focus_new(data[0] & 1 ? &gw_focus_tigase_meet : &gw_focus_xep0521, "room@talks");
  w.open = g_hash_table_new(NULL, NULL);
  w.news = g_queue_new();
  while (w.at < w.end)
    one_event(&w);
  stop(&w);
  g_assert_true(w.ended);
  g_assert_cmpuint(g_hash_table_size(w.open), ==, 0);
  g_assert_cmpuint(gw_focus_streams(w.line), ==, 0);
  class->free(w.f);
  gw_focus_free(w.line);
  gw_ids_free(w.ids);
  g_hash_table_unref(w.open);
  g_queue_free(w.news);
  g_free(w.mine);
  return 0;
}
