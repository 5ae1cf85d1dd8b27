#include "flavour_rig.h"

const char *const fz_nicks[] = {"phone", "anna", "bert", "carl", "dora", "seat", "watch", "zoe"};
const char *const fz_jids[] = {"phone@gw/1", "anna@x/1",  "bert@x/1",     "bert@x/2",
                               "dora@x/1",   "seat@gw/2", "gateway@gw/w", "zoe@x"};

const gw_fl_common *fz_common(const fz *w) {
  return (const gw_fl_common *)w->f;
}

guint8 fz_byte(fz *w) {
  return w->at < w->end ? *w->at++ : 0;
}

/* --- what must hold for every flavour --- */

static void check_word(fz *w, const gw_word *word) {
  const gw_jingle *j = &word->u.jingle;
  if (w->kind->word) w->kind->word(w, word);
  if (word->kind != GW_WORD_JINGLE) return;
  g_assert_true(word->to && j->sid && *j->sid);
  if (j->action == GW_JINGLE_SESSION_TERMINATE) g_assert_nonnull(j->reason);
  if (j->action == GW_JINGLE_SESSION_ACCEPT) g_assert_true(j->desc && j->desc->media->len);
  if (j->action != GW_JINGLE_SESSION_INITIATE) return;
  g_assert_false(w->stopped);
  g_assert_true(gw_desc_audio(j->desc)->codecs->len > 0);
  g_free(w->sids[w->n_sids % 4]);
  w->sids[w->n_sids++ % 4] = g_strdup(j->sid);
}

static void check_action(fz *w, const gw_action *a) {
  g_assert_true(!w->ended || (a->type == GW_ACT_CALL && a->call == GW_CALL_ENDED && w->stopped &&
                              !w->answered_stop));
  if (w->kind->action) w->kind->action(w, a);
  switch (a->type) {
  case GW_ACT_SAY:
    check_word(w, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    g_assert_true(a->jid && a->nick && a->peer && (!a->offerer || !w->stopped));
    g_assert_true(g_hash_table_insert(w->open, GUINT_TO_POINTER(a->peer), g_strdup(a->nick)));
    g_assert_cmpuint(g_hash_table_size(w->open), <=, GW_MAX_SESSIONS_PER_SEAT);
    break;
  case GW_ACT_PEER_NAMED:
    g_assert_true(a->nick && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_PEER_REMOTE:
    g_assert_true(a->desc && g_hash_table_contains(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_PEER_CLOSE:
    g_assert_true(g_hash_table_remove(w->open, GUINT_TO_POINTER(a->peer)));
    break;
  case GW_ACT_CALL:
    if (w->ended) w->answered_stop = TRUE;
    if (a->call == GW_CALL_ENDED) w->ended = TRUE;
    break;
  case GW_ACT_NOTE:
  case GW_ACT_SAVE:
  case GW_ACT_LEDGER:
    g_assert_nonnull(a->text);
    break;
  case GW_ACT_PRESENCE:
  case GW_ACT_SFU:
  case GW_ACT_HELD:
    g_assert_nonnull(w->kind->action); /* the target knows what these mean */
    break;
  }
}

void fz_feed(fz *w, const gw_ev *ev) {
  const gw_flavour_class *class = w->kind->class;
  gw_actions actions;
  gw_actions_init(&actions);
  w->late = fz_common(w)->frozen;
  class->step(w->f, ev, w->now, &actions);
  if (w->kind->stepped) w->kind->stepped(w, ev);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    check_action(w, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  if (w->kind->state) w->kind->state(w);
  g_assert_cmpuint(fz_common(w)->held->len, <=, GW_FL_MAX_HELD);
  g_assert_true(!w->ended || !g_hash_table_size(w->open));
  g_assert_cmpint(class->deadline(w->f), >, w->now); /* or a shell would spin */
}

/* --- events --- */

void fz_stop(fz *w) {
  w->stopped = TRUE;
  fz_feed(w, &(gw_ev){.type = GW_EV_STOP});
}

void fz_pass(fz *w, gint64 us) {
  const gint64 until = w->now + us;
  for (guint i = 0; i < 2000 && w->kind->class->deadline(w->f) <= until; i++) {
    w->now = w->kind->class->deadline(w->f);
    fz_feed(w, &(gw_ev){.type = GW_EV_TICK});
  }
  w->now = until;
}

void fz_occupant(fz *w, guint who, guint8 what, const char *const *jids, gboolean present,
                 const gw_muji *muji) {
  const gw_fl_occupant o = {.nick = fz_nicks[who],
                            .old_nick = what & 8 ? fz_nicks[(what >> 4) % FZ_OCCUPANTS] : NULL,
                            .jids = jids,
                            .present = present,
                            .self = who == 0,
                            .seat = who == 5,
                            .watcher = who == 6,
                            .muji = present ? muji : NULL};
  fz_feed(w, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

void fz_media(fz *w, const gw_desc *local, guint8 which, guint8 state) {
  const guint last = fz_common(w)->last_peer;
  const gw_candidate c = {.component = 1, .udp = TRUE, .ip = "127.0.0.1", .port = which};
  gw_ev ev = {.peer = last - MIN(last, which % 8u)};
  if (which & 8) {
    ev.type = GW_EV_LOCAL_DESC;
    ev.u.desc = local;
  } else if (which & 16) {
    ev.type = GW_EV_CANDIDATE;
    ev.u.candidate = &c;
  } else {
    ev.type = GW_EV_PEER_STATE;
    ev.u.state = (gw_fl_peer_state)(state % (GW_PEER_QUIET + 1));
    ev.cause = state & 64 ? GW_CAUSE_ICE_FAILED : GW_CAUSE_NONE;
  }
  fz_feed(w, &ev);
}

void fz_run(const fz_kind *kind, gw_flavour_params *params, const uint8_t *data, size_t n,
            void *user) {
  g_autoptr(gw_ids) ids = gw_ids_new_fixed(1);
  fz w = {.kind = kind, .at = data, .end = data + n, .now = GW_SEC(100), .user = user};
  params->own_nick = fz_nicks[0];
  params->own_jid = fz_jids[0];
  params->ids = ids;
  w.f = kind->class->make(params);
  w.open = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  for (guint guard = 0; guard < 4000 && w.at < w.end; guard++)
    kind->event(&w, fz_byte(&w));
  fz_stop(&w);
  fz_pass(&w, GW_SEC(10));
  g_assert_true(w.ended); /* every STOP is answered */
  g_assert_cmpuint(g_hash_table_size(w.open), ==, 0);
  kind->class->free(w.f);
  g_hash_table_unref(w.open);
  for (guint i = 0; i < 4; i++)
    g_free(w.sids[i]);
}
