/* Calls to one person under any row of events: one byte each, with one to three behind for its arguments. */
#include <string.h>
#include "flavour_rig.h"
#include "gateway/flavour/direct.h"
#include "gateway/flavour/direct_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef struct {
  gboolean incoming;
  char *proposed;
  gboolean offered;
} target;

static const char plain_device[] = "alice@x/2"; /* the one that is not asked */

static const char *const jids[] = {"alice@x/1", "alice@x/2", "alice@x", "mallory@x/1"};

/* --- what must hold --- */

static void check_word(fz *w, const gw_word *word) {
  target *t = w->user;
  const gw_jmi *j = &word->u.jmi;
  g_assert_nonnull(word->to);
  if (word->kind == GW_WORD_JINGLE && word->u.jingle.action == GW_JINGLE_SESSION_INITIATE) {
    const gboolean unasked = t->proposed && strcmp(t->proposed, word->u.jingle.sid);
    g_assert_false(t->incoming);
    g_assert_true(unasked ? !strcmp(word->to, plain_device) : !t->offered); /* one session, offered once */
    t->offered |= !unasked;
  }
  if (word->kind != GW_WORD_JMI) return;
  g_assert_true(j->id && *j->id && j->action != GW_JMI_ERROR && j->action != GW_JMI_ACCEPT);
  g_assert_true(g_str_has_prefix(word->to, "alice@x")); /* a stranger gets nothing */
  if (j->action == GW_JMI_REJECT || j->action == GW_JMI_RETRACT || j->action == GW_JMI_FINISH)
    g_assert_nonnull(j->reason);
  if (j->action != GW_JMI_PROPOSE) return;
  g_assert_false(t->incoming || w->stopped || t->proposed);
  t->proposed = g_strdup(j->id);
}

static void check_action(fz *w, const gw_action *a) {
  g_assert_true(a->type != GW_ACT_PRESENCE && a->type != GW_ACT_SFU && a->type != GW_ACT_SAVE &&
                a->type != GW_ACT_LEDGER);
  if (a->type == GW_ACT_PEER_OPEN)
    g_assert_true(a->sid && !w->stopped && g_hash_table_size(w->open) < GW_DP_MAX);
}

/* --- events from bytes --- */

static gw_desc *any_desc(fz *w) {
  const guint8 shape = fz_byte(w);
  gw_desc *d = gw_desc_new();
  gw_desc_media *m =
      gw_desc_add(d, shape & 1 ? GW_KIND_VIDEO : GW_KIND_AUDIO, shape & 2 ? "0" : "audio");
  if (shape & 4) gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  if (shape & 8) gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  if (shape & 16) m->fp_value = g_strdup("AB:CD");
  m->rtcp_mux = (shape & 32) != 0;
  if (shape & 64) m->ufrag = g_strdup("u");
  if (shape & 64) m->pwd = g_strdup("p");
  m->setup = (gw_setup)(shape & 3);
  m->dir = (gw_dir)(shape >> 6);
  return d;
}

static const char *any_sid(const fz *w, guint8 b) {
  const target *t = w->user;
  const char *const all[] = {"s1", w->sids[0] ? w->sids[0] : "s2", t->proposed ? t->proposed : "s3",
                             "!"};
  return all[b & 3];
}

static void jmi(fz *w) {
  const guint8 what = fz_byte(w), from = fz_byte(w);
  g_autoptr(gw_word) word =
      gw_word_new_jmi((gw_jmi_action)(what & 7), "100@gw", any_sid(w, from >> 4));
  word->from = g_strdup(jids[from & 3]);
  word->historic = (what & 128) != 0;
  word->u.jmi.tie_break = (what & 64) != 0;
  if (what & 32) word->u.jmi.reason = g_strdup("busy");
  if (what & 16) word->u.jmi.error = g_strdup("forbidden");
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void jingle(fz *w) {
  const guint8 what = fz_byte(w), from = fz_byte(w);
  g_autoptr(gw_word) word =
      gw_word_new_jingle((gw_jingle_action)((what & 31) % (GW_JINGLE_UNKNOWN + 1)), "100@gw/1",
                         any_sid(w, from >> 4), what & 128);
  word->from = g_strdup(jids[from & 3]);
  word->u.jingle.info = (gw_jingle_info)((what >> 5) % (GW_INFO_UNKNOWN + 1));
  word->u.jingle.of = what & 64 ? GW_JINGLE_SESSION_INITIATE : GW_JINGLE_SESSION_ACCEPT;
  word->u.jingle.error = g_strdup(what & 32 ? "conflict" : "item-not-found");
  if (from & 8) word->u.jingle.reason = g_strdup("decline");
  const gw_jingle_action a = word->u.jingle.action;
  if (a == GW_JINGLE_SESSION_INITIATE || a == GW_JINGLE_SESSION_ACCEPT ||
      a == GW_JINGLE_TRANSPORT_INFO || a == GW_JINGLE_CONTENT_MODIFY)
    word->u.jingle.desc = any_desc(w);
  fz_feed(w, &(gw_ev){.type = GW_EV_WORD, .u.word = word});
}

static void media(fz *w) {
  const guint8 which = fz_byte(w), state = fz_byte(w);
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  m->fp_value = g_strdup("AB");
  m->ufrag = g_strdup("u");
  m->pwd = g_strdup("p");
  fz_media(w, d, which, state);
}

static void one(fz *w, guint8 b) {
  static const gw_ev_type plain[] = {GW_EV_RINGING, GW_EV_MUTED, GW_EV_HELD, GW_EV_STREAM_DOWN};
  static const gint64 spans[] = {GW_MS(10), GW_SEC(1), GW_SEC(5), GW_SEC(60)};
  const guint8 kind = b & 15;
  if (kind == 0)
    fz_feed(w, &(gw_ev){.type = w->stopped ? GW_EV_TICK : GW_EV_START});
  else if (kind == 1 && b > 200)
    fz_stop(w);
  else if (kind < 6)
    jmi(w);
  else if (kind < 10)
    jingle(w);
  else if (kind == 12 && b & 128)
    fz_feed(w, &(gw_ev){.type = GW_EV_DEVICE, .u.device = b & 64 ? plain_device : "mallory@x/2"});
  else if (kind < 13)
    media(w);
  else if (kind == 13)
    fz_feed(w, &(gw_ev){.type = plain[(b >> 4) & 3], .u.flag = (b & 64) != 0});
  else if (b & 128)
    fz_feed(w, &(gw_ev){.type = GW_EV_STREAM_UP});
  else
    fz_pass(w, spans[fz_byte(w) & 3]);
}

static const fz_kind kind = {
    .class = &gw_flavour_direct, .event = one, .word = check_word, .action = check_action};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  if (!n) return 0;
  target t = {.incoming = data[0] & 1};
  gw_flavour_params params = {.peer = data[0] & 3 ? jids[0] : jids[2],
                              .incoming = t.incoming,
                              .sid = data[0] & 4 && t.incoming ? "s1" : NULL,
                              .ring_us = GW_SEC(45)};
  fz_run(&kind, &params, data + 1, n - 1, &t);
  g_free(t.proposed);
  return 0;
}
