/* The mesh flavour under any row of events, and its ledger under any text.
 * First byte even: the rest is events, one byte each with one to three behind for its arguments;
 * after each step the promises of flavour.h are checked. First byte odd: the rest is a saved
 * ledger. */
#include <glib.h>
#include <string.h>
#include "flavour_rig.h"
#include "gateway/flavour/jmuci_mesh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Beside what the rig looks at. */
typedef struct {
  GHashTable *owed;     /* peer -> "jid sid" of an offer that can be answered and is not yet */
  char *offer;          /* "jid sid" of the offer whose transport was opened last, or NULL */
  GHashTable *accepted; /* ids */
} extra;

/* --- what must hold --- */

static gboolean is_value(gpointer peer, gpointer value, gpointer wanted) {
  return !strcmp(value, wanted);
}

/* A proposer whose offer is ended before it is accepted calls nobody any more. */
static void check_answered(fz *w, const gw_word *word) {
  const gw_jingle *j = &word->u.jingle;
  const extra *x = w->user;
  g_autofree char *key = g_strconcat(word->to, " ", j->sid, NULL);
  if (j->action == GW_JINGLE_SESSION_ACCEPT)
    g_hash_table_foreach_remove(x->owed, is_value, key);
  else if (j->action == GW_JINGLE_SESSION_TERMINATE && !w->late &&
           strcmp(j->reason, "alternative-session"))
    g_assert_null(g_hash_table_find(x->owed, is_value, key));
}

static void check_word(fz *w, const gw_word *word) {
  const extra *x = w->user;
  if (word->kind == GW_WORD_JINGLE) {
    check_answered(w, word);
    return;
  }
  const gw_jmuci_action a = word->u.jmuci.action;
  g_assert_true(word->u.jmuci.id && a != GW_JMUCI_REJECT && !word->u.jmuci.sfu);
  g_assert_true(!w->stopped || a == GW_JMUCI_RETRACT || a == GW_JMUCI_ENDED);
  if (a == GW_JMUCI_ACCEPT)
    g_assert_true(g_hash_table_add(x->accepted, g_strdup(word->u.jmuci.id)));
}

static void check_open(const fz *w, const gw_action *a) {
  const gw_ledger_call *c = gw_mesh_call(w->f);
  g_assert_nonnull(a->sid);
  g_assert_true(!a->offerer || !c ||
                gw_ledger_index(c, a->nick) != 0); /* never towards a proposer */
}

static void note_offer(extra *x, const gw_action *a) {
  g_free(x->offer);
  x->offer = a->offerer ? NULL : g_strconcat(a->jid, " ", a->sid, NULL);
}

/* The description that follows is the offer itself. */
static void note_owed(extra *x, const gw_action *a) {
  g_autofree char *key = g_steal_pointer(&x->offer);
  const gw_desc_media *m = gw_desc_audio(a->desc);
  if (key && m && m->codecs->len && m->fp_value && m->rtcp_mux)
    g_hash_table_insert(x->owed, GUINT_TO_POINTER(a->peer), g_steal_pointer(&key));
}

static void check_action(fz *w, const gw_action *a) {
  extra *x = w->user;
  g_assert_true(a->type != GW_ACT_PRESENCE && a->type != GW_ACT_NOTE && a->type != GW_ACT_SFU);
  if (a->type == GW_ACT_PEER_OPEN) {
    check_open(w, a);
    note_offer(x, a);
  }
  if (a->type == GW_ACT_PEER_REMOTE) note_owed(x, a);
  if (a->type == GW_ACT_PEER_CLOSE) g_hash_table_remove(x->owed, GUINT_TO_POINTER(a->peer));
}

/* No two sessions with one occupant, everything within its bounds. */
static void check_state(const fz *w) {
  const gw_flavour *f = w->f;
  g_assert_cmpuint(f->pairs->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(f->early->len, <=, GW_MESH_MAX_EARLY);
  g_assert_cmpuint(f->left->len, <=, GW_MAX_CALLS_PER_ROOM);
  g_assert_cmpuint(gw_ledger_count(f->ledger), <=, GW_MAX_CALLS_PER_ROOM);
  for (guint i = 0; i < gw_ledger_count(f->ledger); i++)
    g_assert_cmpuint(gw_ledger_at(f->ledger, i)->order->len, <=, GW_MAX_ORDER);
  guint with_peer = 0;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    with_peer += p->s.peer != 0;
    g_assert_cmpuint(p->s.remote->len, <=, GW_MAX_CANDIDATES);
    for (guint k = 0; k < i; k++)
      g_assert_cmpstr(p->nick, !=, ((gw_pair *)f->pairs->pdata[k])->nick);
  }
  g_assert_cmpuint(with_peer, ==, g_hash_table_size(w->open));
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

static char *some_id(fz *w, guint8 b) {
  if (b % 4 == 3 && w->f->call_id) return g_strdup(w->f->call_id);
  return g_strdup_printf("call%u", b % 4);
}

static char *some_sid(fz *w, guint8 b) {
  if (b % 8 < 4) return g_strdup(w->sids[b % 4] ? w->sids[b % 4] : "none:none");
  g_autofree char *id = some_id(w, b >> 3);
  return g_strdup_printf(b % 8 == 7 ? "%s:%u:x" : "%s:%u", id, b & 3);
}

static void occupant(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  const guint who = a % FZ_OCCUPANTS;
  const char *const list[] = {fz_jids[who], b & 1 ? fz_jids[(who + 1) % FZ_OCCUPANTS] : NULL, NULL};
  fz_occupant(w, who, b, list, (b & 6) != 0, NULL);
}

static void room_word(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  g_autofree char *id = some_id(w, b);
  g_autoptr(gw_word) word = gw_word_new_jmuci((gw_jmuci_action)((a >> 3) % 5), b % 32 == 31, id);
  word->from = g_strconcat("r@m/", fz_nicks[a % 8], NULL);
  word->historic = b % 16 == 9;
  word->u.jmuci.jid = b & 0x80 ? g_strdup(fz_jids[b % 8]) : NULL;
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void jingle_word(fz *w) {
  static const gw_jingle_action actions[] = {
      GW_JINGLE_SESSION_INITIATE, GW_JINGLE_SESSION_ACCEPT, GW_JINGLE_SESSION_TERMINATE,
      GW_JINGLE_TRANSPORT_INFO,   GW_JINGLE_ERROR,          GW_JINGLE_SESSION_INFO};
  static const char *const reasons[] = {"success", "decline", "alternative-session", NULL};
  static const char *const errors[] = {"item-not-found", "conflict", "timeout", "bad-request"};
  const guint8 a = fz_byte(w), b = fz_byte(w), c = fz_byte(w);
  g_autofree char *sid = some_sid(w, b);
  g_autoptr(gw_word) word = gw_word_new_jingle(actions[(a >> 3) % 6], fz_jids[0], sid, FALSE);
  word->from = g_strdup(fz_jids[a % 8]);
  word->u.jingle.desc = some_desc(c);
  word->u.jingle.reason = g_strdup(reasons[c % 4]);
  word->u.jingle.error = g_strdup(errors[c % 4]);
  word->u.jingle.of = c & 16 ? GW_JINGLE_SESSION_ACCEPT : GW_JINGLE_SESSION_INITIATE;
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void media(fz *w) {
  const guint8 a = fz_byte(w), b = fz_byte(w);
  g_autoptr(gw_desc) d = some_desc(b % 16 == 15 ? 0 : b);
  fz_media(w, d, a, b);
}

static void one_event(fz *w, guint8 b) {
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
    fz_pass(w, GW_MS(100) * (b >> 1));
    break;
  case 10:
    fz_feed(w, &(gw_ev){.type = b & 16 ? GW_EV_MUTED : GW_EV_START, .u.flag = b & 32});
    break;
  default:
    if (b % 64 == 59)
      fz_stop(w);
    else
      fz_feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_DOWN : GW_EV_STREAM_UP});
  }
}

static const fz_kind kind = {.class = &gw_flavour_jmuci_mesh,
                             .event = one_event,
                             .word = check_word,
                             .action = check_action,
                             .state = check_state};

static void events(const uint8_t *data, size_t n) {
  if (n < 2) return;
  gw_flavour_params params = {.propose_when_idle = data[0] & 1,
                              .patient = (data[0] & 6) == 6,
                              .answer_id = data[0] & 2 ? "call1" : NULL};
  extra x = {.owed = g_hash_table_new_full(NULL, NULL, NULL, g_free),
             .accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  fz_run(&kind, &params, data + 1, n - 1, &x);
  g_hash_table_unref(x.accepted);
  g_hash_table_unref(x.owed);
  g_free(x.offer);
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
