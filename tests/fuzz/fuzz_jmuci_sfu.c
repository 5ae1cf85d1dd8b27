/* The flavour of forwarded calls under any row of events, one byte each with up to two behind for its arguments; after
 * each step the promises of flavour.h are checked: streams are asked for after joining only, the accept after our own
 * stream was answered, every transport is closed once, all is bounded. */
#include <glib.h>
#include <string.h>
#include "flavour_rig.h"
#include "gateway/flavour/jmuci_sfu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Beside what the rig looks at. */
typedef struct {
  gboolean joining, published;
  GHashTable *accepted; /* ids */
} extra;

static void check_word(fz *w, const gw_word *word) {
  const extra *x = w->user;
  if (word->kind == GW_WORD_JINGLE) return;
  const gw_jmuci_action a = word->u.jmuci.action;
  g_assert_true(word->u.jmuci.id && a != GW_JMUCI_REJECT && word->u.jmuci.sfu);
  g_assert_true(!w->stopped || a == GW_JMUCI_RETRACT || a == GW_JMUCI_ENDED);
  if (a == GW_JMUCI_PROPOSE || a == GW_JMUCI_ACCEPT) g_assert_true(x->published);
  if (a == GW_JMUCI_ACCEPT)
    g_assert_true(g_hash_table_add(x->accepted, g_strdup(word->u.jmuci.id)));
}

static void check_ask(extra *x, const gw_action *a) {
  if (a->ask == GW_SFU_ASK_JOIN) {
    g_assert_true(a->text && !x->joining);
    x->joining = TRUE;
    x->published = FALSE;
  } else if (a->ask == GW_SFU_ASK_LEAVE) {
    g_assert_true(x->joining);
    x->joining = FALSE;
  } else if (a->ask != GW_SFU_ASK_AGAIN) {
    g_assert_true(a->nick && a->desc && x->joining);
  }
}

static void check_action(fz *w, const gw_action *a) {
  if (a->type == GW_ACT_SFU) check_ask(w->user, a);
  if (a->type == GW_ACT_PEER_OPEN) g_assert_true(a->offerer && a->use != GW_USE_BOTH);
}

static void check_state(const fz *w) {
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

static void stepped(fz *w, const gw_ev *ev) {
  if (ev->type == GW_EV_SFU) ((extra *)w->user)->published |= w->f->published;
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

static void occupant(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  const char *const jids[] = {"x@y/z", NULL};
  fz_occupant(w, a % FZ_OCCUPANTS, b, jids, (b & 6) != 0, NULL);
}

static void room_word(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  g_autofree char *id =
      b % 4 == 3 && w->f->call_id ? g_strdup(w->f->call_id) : g_strdup_printf("call%u", b % 4);
  g_autoptr(gw_word) word = gw_word_new_jmuci((gw_jmuci_action)((a >> 3) % 5), b % 32 != 31, id);
  word->from = g_strconcat("r@m/", fz_nicks[a % 8], NULL);
  word->historic = b % 16 == 9;
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void service(fz *w) {
  static const char *const lists[][3] = {
      {NULL}, {"anna", NULL}, {"bert", "carl", NULL}, {"phone", "zoe", NULL}};
  const guint8 a = fz_byte(w), b = fz_byte(w);
  g_autoptr(gw_desc) d = some_desc(b);
  gw_fl_sfu s = {.news = (gw_fl_sfu_news)(a % 8 > 6 ? 0 : a % 8),
                 .nick = fz_nicks[(a >> 3) % 8],
                 .nicks = lists[b % 4],
                 .desc = d};
  if (s.news == GW_SFU_SAID_FAILED && b < 200) s.news = GW_SFU_SAID_ANSWER;
  if (s.news == GW_SFU_SAID_CANDIDATE && !d) return;
  fz_feed(w, &(gw_ev){.type = GW_EV_SFU, .u.sfu = &s});
}

static void media(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  g_autoptr(gw_desc) d = some_desc(0);
  fz_media(w, d, a, b);
}

static void one_event(fz *w, guint8 b) {
  if (b % 12 < 2)
    occupant(w);
  else if (b % 12 < 4)
    room_word(w);
  else if (b % 12 < 7)
    service(w);
  else if (b % 12 < 9)
    media(w);
  else if (b % 12 == 9)
    fz_pass(w, GW_MS(100) * (b >> 1));
  else if (b % 12 == 10)
    fz_feed(w, &(gw_ev){.type = GW_EV_START});
  else if (b % 64 == 59)
    fz_stop(w);
  else
    fz_feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_DOWN : GW_EV_STREAM_UP});
}

static const fz_kind kind = {.class = &gw_flavour_jmuci_sfu,
                             .event = one_event,
                             .stepped = stepped,
                             .word = check_word,
                             .action = check_action,
                             .state = check_state};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (n < 2) return 0;
  gw_flavour_params params = {.propose_when_idle = data[0] & 1,
                              .patient = (data[0] & 6) == 6,
                              .answer_id = data[0] & 2 ? "call1" : NULL};
  extra x = {.accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  fz_run(&kind, &params, data + 1, n - 1, &x);
  g_assert_false(x.joining);
  g_hash_table_unref(x.accepted);
  return 0;
}
