/* The flavour of forwarded calls under any row of events, one byte each with up to two behind for its arguments; after
 * each step the promises of flavour.h are checked: streams are asked for after joining only, the accept after our own
 * stream was answered, every transport is closed once, all is bounded. */
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "gateway/flavour/jmuci_sfu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct {
  const uint8_t *at, *end;
  gw_flavour *f;
  gint64 now;
  gboolean joining, published, stopped, ended, answered_stop;
  GHashTable *open, *accepted;
} world;

static const gw_flavour_class *const class = &gw_flavour_jmuci_sfu;
static const char *const nicks[] = {"phone", "anna", "bert",  "carl",
                                    "dora",  "seat", "watch", "zoe"};

static guint8 byte(world *w) {
  return w->at < w->end ? *w->at++ : 0;
}

static void check_word(world *w, const gw_word *word) {
  if (word->kind == GW_WORD_JINGLE) return;
  const gw_jmuci_action a = word->u.jmuci.action;
  g_assert_true(word->u.jmuci.id && a != GW_JMUCI_REJECT && word->u.jmuci.sfu);
  g_assert_true(!w->stopped || a == GW_JMUCI_RETRACT || a == GW_JMUCI_ENDED);
  if (a == GW_JMUCI_PROPOSE || a == GW_JMUCI_ACCEPT) g_assert_true(w->published);
  if (a == GW_JMUCI_ACCEPT)
    g_assert_true(g_hash_table_add(w->accepted, g_strdup(word->u.jmuci.id)));
}

static void check_ask(world *w, const gw_action *a) {
  if (a->ask == GW_SFU_ASK_JOIN) {
    g_assert_true(a->text && !w->joining);
    w->joining = TRUE;
    w->published = FALSE;
  } else if (a->ask == GW_SFU_ASK_LEAVE) {
    g_assert_true(w->joining);
    w->joining = FALSE;
  } else if (a->ask != GW_SFU_ASK_AGAIN) {
    g_assert_true(a->nick && a->desc && w->joining);
  }
}

static void check_action(world *w, const gw_action *a) {
  g_assert_true(!w->ended || (a->type == GW_ACT_CALL && a->call == GW_CALL_ENDED && w->stopped &&
                              !w->answered_stop));
  if (a->type == GW_ACT_SAY) check_word(w, a->word);
  if (a->type == GW_ACT_SFU) check_ask(w, a);
  if (a->type == GW_ACT_PEER_OPEN) {
    g_assert_true(a->jid && a->nick && a->offerer && a->use != GW_USE_BOTH && !w->stopped);
    g_assert_true(g_hash_table_add(w->open, GUINT_TO_POINTER(a->peer)));
  }
  if (a->type == GW_ACT_PEER_REMOTE)
    g_assert_true(a->desc && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
  if (a->type == GW_ACT_PEER_CLOSE)
    g_assert_true(g_hash_table_remove(w->open, GUINT_TO_POINTER(a->peer)));
  if (a->type != GW_ACT_CALL) return;
  if (w->ended) w->answered_stop = TRUE;
  if (a->call == GW_CALL_ENDED) w->ended = TRUE;
}

static void check_state(const world *w) {
  guint with_peer = 0;
  for (guint i = 0; i < w->f->legs->len; i++) {
    const gw_sfu_leg *l = w->f->legs->pdata[i];
    with_peer += l->peer != 0;
    g_assert_cmpuint(l->remote->len, <=, GW_MAX_CANDIDATES);
    for (guint k = 0; k < i; k++)
      g_assert_cmpstr(l->nick, !=, ((gw_sfu_leg *)w->f->legs->pdata[k])->nick);
  }
  g_assert_cmpuint(with_peer, ==, g_hash_table_size(w->open));
  g_assert_cmpuint(g_hash_table_size(w->f->there), <=, GW_MAX_SFU_NAMES);
}

static void feed(world *w, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  class->step(w->f, ev, w->now, &actions);
  if (ev->type == GW_EV_SFU) w->published |= w->f->published;
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    check_action(w, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  check_state(w);
  g_assert_cmpint(class->deadline(w->f), >, w->now); /* or a shell would spin */
}

static gw_desc *some_desc(guint8 b) {
  if (b % 16 == 15) return NULL;
  gw_desc *d = gw_desc_new();
  if (b % 16 == 14) return d;
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  m->dir = (gw_dir)((b >> 4) & 3);
  if (b % 16 != 13) m->fp_value = g_strdup("AA");
  if (b % 16 != 12) gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  if (b % 16 != 11) m->ufrag = g_strdup("u");
  m->pwd = g_strdup("p");
  const gw_candidate c = {.component = 1 + (b & 1), .udp = (b & 2) == 0};
  if (b & 0x40) g_array_append_val(m->candidates, c);
  return d;
}

static void occupant(world *w) {
  const guint8 a = byte(w), b = byte(w);
  const guint who = a % 8;
  const char *const jids[] = {"x@y/z", NULL};
  const gw_fl_occupant o = {.nick = nicks[who],
                            .old_nick = b & 8 ? nicks[(b >> 4) % 8] : NULL,
                            .jids = jids,
                            .present = (b & 6) != 0,
                            .self = who == 0,
                            .seat = who == 5,
                            .watcher = who == 6};
  feed(w, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

static void room_word(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autofree char *id =
      b % 4 == 3 && w->f->call_id ? g_strdup(w->f->call_id) : g_strdup_printf("call%u", b % 4);
  g_autoptr(gw_word) word = gw_word_new_jmuci((gw_jmuci_action)((a >> 3) % 5), b % 32 != 31, id);
  word->from = g_strconcat("r@m/", nicks[a % 8], NULL);
  word->historic = b % 16 == 9;
  feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void service(world *w) {
  static const char *const lists[][3] = {
      {NULL}, {"anna", NULL}, {"bert", "carl", NULL}, {"phone", "zoe", NULL}};
  const guint8 a = byte(w), b = byte(w);
  g_autoptr(gw_desc) d = some_desc(b);
  gw_fl_sfu s = {.news = (gw_fl_sfu_news)(a % 8 > 6 ? 0 : a % 8),
                 .nick = nicks[(a >> 3) % 8],
                 .nicks = lists[b % 4],
                 .desc = d};
  if (s.news == GW_SFU_SAID_FAILED && b < 200) s.news = GW_SFU_SAID_ANSWER;
  if (s.news == GW_SFU_SAID_CANDIDATE && !d) return;
  feed(w, &(gw_ev){.type = GW_EV_SFU, .u.sfu = &s});
}

static void media(world *w) {
  const guint8 a = byte(w), b = byte(w);
  g_autoptr(gw_desc) d = some_desc(0);
  const gw_candidate c = {.component = 1, .udp = TRUE, .port = a};
  const guint peer = w->f->last_peer - MIN(w->f->last_peer, a % 8u);
  if (a & 8)
    feed(w, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = d});
  else if (a & 16)
    feed(w, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = &c});
  else
    feed(w, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = (gw_fl_peer_state)(b % 6)});
}

static void pass_time(world *w, gint64 us) {
  const gint64 until = w->now + us;
  for (guint i = 0; i < 2000 && class->deadline(w->f) <= until; i++) {
    w->now = class->deadline(w->f);
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
  if (b % 12 < 2) {
    occupant(w);
  } else if (b % 12 < 4) {
    room_word(w);
  } else if (b % 12 < 7) {
    service(w);
  } else if (b % 12 < 9) {
    media(w);
  } else if (b % 12 == 9) {
    pass_time(w, GW_MS(100) * (b >> 1));
  } else if (b % 12 == 10) {
    feed(w, &(gw_ev){.type = GW_EV_START});
  } else if (b % 64 == 59) {
    stop(w);
  } else {
    feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_DOWN : GW_EV_STREAM_UP});
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (n < 2) return 0;
  g_autoptr(gw_ids) ids = gw_ids_new_fixed(1);
  world w = {.at = data + 1, .end = data + n, .now = GW_SEC(100)};
  const gw_flavour_params params = {.own_nick = nicks[0],
                                    .own_jid = "phone@gw/1",
                                    .propose_when_idle = data[0] & 1,
                                    .patient = (data[0] & 6) == 6,
                                    .answer_id = data[0] & 2 ? "call1" : NULL,
                                    .ids = ids};
  w.f = class->make(&params);
  w.open = g_hash_table_new(NULL, NULL);
  w.accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  while (w.at < w.end)
    one_event(&w);
  stop(&w);
  g_assert_true(w.ended);
  g_assert_cmpuint(g_hash_table_size(w.open), ==, 0);
  g_assert_false(w.joining);
  class->free(w.f);
  g_hash_table_unref(w.open);
  g_hash_table_unref(w.accepted);
  return 0;
}
