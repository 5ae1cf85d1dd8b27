/* The Muji flavour under any row of events: one byte each, with one to three behind for its arguments; after each step
 * the promises of flavour.h are checked. */
#include <glib.h>
#include <string.h>
#include "flavour_rig.h"
#include "gateway/flavour/muji.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* --- what must hold --- */

static void check_word(fz *w, const gw_word *word) {
  const gw_jingle *j = &word->u.jingle;
  g_assert_cmpint(word->kind, ==, GW_WORD_JINGLE);
  if (j->action == GW_JINGLE_SESSION_INITIATE) g_assert_cmpstr(j->muji_room, ==, "room@muc");
}

static gboolean same_nick(gpointer peer, gpointer nick, gpointer wanted) {
  return !strcmp(nick, wanted);
}

static void check_action(fz *w, const gw_action *a) {
  g_assert_true(a->type != GW_ACT_SFU && a->type != GW_ACT_SAVE && a->type != GW_ACT_LEDGER);
  if (a->type == GW_ACT_PEER_OPEN) {
    g_assert_true(a->sid && !w->stopped);
    g_assert_null(
        g_hash_table_find(w->open, same_nick, a->nick)); /* no two sessions with one occupant */
  }
  if (a->type == GW_ACT_PRESENCE)
    g_assert_true(!a->muji || (!w->stopped && (a->muji->preparing || a->muji->desc)));
}

static void check_state(const fz *w) {
  g_assert_cmpuint(w->f->members->len, <=, GW_MAX_SESSIONS_PER_SEAT);
  g_assert_cmpuint(w->f->early->len, <=, GW_MJ_MAX_EARLY);
}

/* --- events from bytes --- */

static gw_desc *any_desc(fz *w) {
  static const char *const names[] = {
      "opus", "OPUS", "PCMU", "PCMA", "speex", "G722", "telephone-event", "x"};
  const guint8 shape = fz_byte(w);
  gw_desc *d = gw_desc_new();
  gw_desc_media *m =
      gw_desc_add(d, shape & 1 ? GW_KIND_VIDEO : GW_KIND_AUDIO, shape & 2 ? "0" : "audio");
  d->bundle = (shape & 4) != 0;
  for (guint n = (shape >> 3) & 3; n > 0; n--) {
    const guint8 c = fz_byte(w);
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

static void occupant(fz *w) {
  const guint8 who = fz_byte(w), what = fz_byte(w);
  const guint n = who % FZ_OCCUPANTS;
  const char *const one[] = {fz_jids[(what >> 4) & 1 ? (n + 1) % FZ_OCCUPANTS : n], NULL};
  g_autoptr(gw_desc) d = what & 4 ? any_desc(w) : NULL;
  g_autoptr(gw_muji) m =
      what & 2 ? gw_muji_new((what & 8) != 0, d && gw_desc_audio(d) ? d : NULL) : NULL;
  fz_occupant(w, n, what & 32 ? what | 8 : what & ~8, what & 64 ? NULL : one, what & 1, m);
}

static void jingle(fz *w) {
  static const char *const own_sids[] = {"a", "b", "c", "d"};
  const guint8 what = fz_byte(w), from = fz_byte(w);
  const char *sid = what & 128 ? w->sids[from >> 6] : own_sids[from >> 6];
  g_autoptr(gw_word) word =
      gw_word_new_jingle((gw_jingle_action)((what & 31) % (GW_JINGLE_UNKNOWN + 1)), "phone@gw/1",
                         sid ? sid : "e", what & 128);
  word->from = g_strdup(fz_jids[from & 7]);
  word->u.jingle.of = what & 64 ? GW_JINGLE_SESSION_INITIATE : GW_JINGLE_TRANSPORT_INFO;
  if (what & 32) word->u.jingle.reason = g_strdup(from & 8 ? "success" : "timeout");
  if (from & 16) word->u.jingle.muji_room = g_strdup(from & 32 ? "room@muc" : "other@muc");
  const gw_jingle_action a = word->u.jingle.action;
  if (a == GW_JINGLE_SESSION_INITIATE || a == GW_JINGLE_SESSION_ACCEPT ||
      a == GW_JINGLE_TRANSPORT_INFO)
    word->u.jingle.desc = any_desc(w);
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void media(fz *w, guint8 kind) {
  const guint8 id = fz_byte(w), what = fz_byte(w);
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  if (what & 1) gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  m->fp_value = g_strdup("AB");
  m->ufrag = g_strdup("u");
  m->pwd = g_strdup("p");
  fz_media(w, d, (guint8)((id & 7) | (kind == 1 ? 8 : kind == 2 ? 16 : 0)), what);
}

static void wait(fz *w) {
  static const gint64 spans[] = {GW_MS(10), GW_MS(300), GW_SEC(1),  GW_SEC(3),
                                 GW_SEC(5), GW_SEC(10), GW_SEC(30), GW_SEC(100)};
  fz_pass(w, spans[fz_byte(w) & 7]);
}

static void one(fz *w, guint8 b) {
  switch (b & 15) {
  case 0:
    fz_feed(w, &(gw_ev){.type = GW_EV_START});
    break;
  case 1:
    if (b & 128) fz_stop(w);
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
    media(w, (guint8)((b & 15) - 9));
    break;
  case 12:
    fz_feed(w, &(gw_ev){.type = b & 16 ? GW_EV_STREAM_UP : GW_EV_STREAM_DOWN});
    break;
  case 13:
    fz_feed(w, &(gw_ev){.type = GW_EV_MUTED, .u.flag = (b & 16) != 0});
    break;
  default:
    wait(w);
  }
}

static const fz_kind kind = {.class = &gw_flavour_muji,
                             .event = one,
                             .word = check_word,
                             .action = check_action,
                             .state = check_state};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!n) return 0;
  gw_flavour_params params = {
      .room = "room@muc", .propose_when_idle = data[0] & 1, .patient = (data[0] & 2) != 0};
  fz_run(&kind, &params, data + 1, n - 1, NULL);
  return 0;
}
