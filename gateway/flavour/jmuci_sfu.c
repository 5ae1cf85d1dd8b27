/* JMUCI through a forwarding service: the flavour's class, its step, what the service says. */
#include "gateway/flavour/jmuci_sfu.h"
#include <string.h>
#include "gateway/flavour/session.h"

/* --- for all files of the flavour --- */

void gw_sfufl_say(gw_flavour *f, gw_jmuci_action action) {
  gw_word *w = gw_word_new_jmuci(action, TRUE, f->call_id);
  if (action == GW_JMUCI_PROPOSE)
    w->u.jmuci.audio = TRUE;
  else if (action != GW_JMUCI_RETRACT)
    w->u.jmuci.jid = g_strdup(f->own_jid);
  gw_fl_say(&f->common, w);
}

gw_action *gw_sfufl_ask(gw_flavour *f, gw_fl_sfu_ask ask, const char *nick) {
  gw_action *a = gw_actions_add(f->out, GW_ACT_SFU);
  a->ask = ask;
  a->nick = g_strdup(nick);
  return a;
}

gw_ledger_call *gw_sfufl_call(const gw_flavour *f) {
  return gw_ledger_find(f->ledger, f->call_id);
}

gboolean gw_sfufl_is_other(const gw_flavour *f, const char *nick) {
  const gw_jmuci_person *p = gw_jmuci_roster_find(gw_ledger_roster(f->ledger), nick);
  return p && !p->self && !p->seat && !p->watcher && strcmp(nick, f->own_nick);
}

/* --- life --- */

static gw_flavour *make(const gw_flavour_params *params) {
  gw_flavour *f = g_new0(gw_flavour, 1);
  gw_fl_common_init(&f->common, params);
  f->answer_id = g_strdup(params->answer_id);
  f->propose_when_idle = params->propose_when_idle;
  f->patient = params->patient;
  f->ledger = params->ledger ? gw_ledger_copy(params->ledger) : gw_ledger_new();
  f->legs = g_ptr_array_new_with_free_func(gw_sfu_leg_free);
  f->there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  f->left = g_ptr_array_new_with_free_func(g_free);
  f->idle_since = f->proposed_at = GW_NEVER;
  f->armed = TRUE;
  /* what the watcher saw of this nick was a former stay of it */
  for (guint i = 0; i < gw_ledger_count(f->ledger); i++)
    gw_ledger_kill(gw_ledger_at(f->ledger, i), f->own_nick);
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  gw_fl_common_clear(&f->common);
  g_free(f->answer_id);
  g_free(f->call_id);
  gw_ledger_free(f->ledger);
  g_ptr_array_unref(f->legs);
  g_hash_table_unref(f->there);
  g_ptr_array_unref(f->left);
  g_free(f);
}

/* --- transports --- */

/* Streams are negotiated once, so a broken one of ours takes a fresh start for all. */
static void start_afresh(gw_flavour *f) {
  if (!f->joined) return; /* it comes with the way back */
  if (f->starts >= GW_SFUFL_STARTS || (f->starts && f->now < f->started_at + GW_SFUFL_FRESH)) {
    gw_sfufl_end(f, GW_CAUSE_ICE_FAILED, "our stream to the forwarding service does not stand");
    return;
  }
  f->starts++;
  f->started_at = f->now;
  f->joined = FALSE;
  gw_sfufl_ask(f, GW_SFU_ASK_AGAIN, NULL);
}

static void peer_failed(gw_flavour *f, gw_sfu_leg *l) {
  const gboolean publish = l->publish;
  g_autofree char *nick = g_strdup(l->nick);
  gw_sfu_leg_lose(f, l);
  if (publish)
    start_afresh(f);
  else if (f->joined)
    gw_sfufl_silent(f, nick);
}

static void peer_speaks(gw_flavour *f, gw_sfu_leg *l) {
  l->rtp = f->rtp = TRUE;
  l->quiet = FALSE;
  l->due = GW_NEVER;
  f->starts = 0;
  gw_sfufl_speaks(f, l->nick);
}

static void on_peer_state(gw_flavour *f, void *leg, gw_fl_peer_state state, gw_cause cause) {
  gw_sfu_leg *l = leg;
  if (state == GW_PEER_FAILED) {
    peer_failed(f, l);
  } else if (state == GW_PEER_UP) {
    l->up = TRUE;
    if (l->publish) return;
    f->connected = TRUE;
    if (!l->rtp) l->due = f->now + GW_SFUFL_NO_RTP;
  } else if (state == GW_PEER_RTP && !l->publish) {
    peer_speaks(f, l);
  } else if (state == GW_PEER_QUIET && !l->publish) {
    l->quiet = TRUE;
    if (f->joined) gw_sfufl_silent(f, l->nick);
  }
}

static void *find_peer(const gw_flavour *f, guint peer) {
  return gw_sfu_leg_by_peer(f, peer);
}

static void on_local(gw_flavour *f, void *leg, const gw_desc *desc) {
  gw_sfu_leg_local(f, leg, desc);
}

static void on_candidate(gw_flavour *f, void *leg, const gw_candidate *candidate) {
  gw_sfu_leg_candidate(f, leg, candidate);
}

/* --- the service --- */

static void on_joined(gw_flavour *f, const char *const *nicks) {
  if (!f->call_id) return;
  f->joined = TRUE;
  f->published = FALSE;
  gw_sfu_legs_drop_all(f);
  g_hash_table_remove_all(f->there);
  for (guint i = 0; nicks && nicks[i] && i < GW_MAX_SFU_NAMES; i++)
    if (strcmp(nicks[i], f->own_nick)) g_hash_table_add(f->there, g_strdup(nicks[i]));
  gw_sfu_leg_publish(f);
}

static void on_answer(gw_flavour *f, const char *nick, const gw_desc *desc) {
  gw_sfu_leg *l = gw_sfu_leg_of(f, nick);
  if (!l || l->state != GW_LEG_ASKED) return;
  if (!desc && !f->joined)
    return; /* no refusal: the connection is lost, and all begins afresh with the next */
  const gboolean good = gw_sfu_leg_answer(f, l, desc);
  if (!l->publish) {
    if (!good) gw_sfufl_silent(f, nick);
  } else if (good) {
    f->published = TRUE;
    gw_sfufl_ready(f);
  } else {
    gw_sfufl_end(f, desc ? GW_CAUSE_NO_CODEC : GW_CAUSE_SFU_DOWN,
                 "the forwarding service does not take our stream");
  }
}

static void on_comes(gw_flavour *f, const char *nick) {
  if (!strcmp(nick, f->own_nick) || g_hash_table_size(f->there) >= GW_MAX_SFU_NAMES) return;
  g_hash_table_add(f->there, g_strdup(nick));
  gw_sfu_leg *l = gw_sfu_leg_of(f, nick);
  if (l && l->state == GW_LEG_WANTED) {
    gw_sfu_leg_there(f, l);
    return;
  }
  if (l) gw_sfu_leg_drop(f, l); /* he starts afresh, and so does his stream */
  if (gw_sfufl_in_call(f)) gw_sfufl_speaks(f, nick);
}

static void on_goes(gw_flavour *f, const char *nick) {
  gw_sfu_leg *l = gw_sfu_leg_of(f, nick);
  g_hash_table_remove(f->there, nick);
  if (!l || l->publish) return;
  g_autofree char *who = g_strdup(nick);
  gw_sfu_leg_drop(f, l);
  gw_sfufl_silent(f, who);
}

static void on_sfu(gw_flavour *f, const gw_fl_sfu *s, gw_cause cause) {
  gw_sfu_leg *l;
  if (!f->call_id) return; /* of a call that we have left */
  switch (s->news) {
  case GW_SFU_SAID_JOINED:
    on_joined(f, s->nicks);
    break;
  case GW_SFU_SAID_ANSWER:
    on_answer(f, s->nick, s->desc);
    break;
  case GW_SFU_SAID_CANDIDATE:
    if ((l = gw_sfu_leg_of(f, s->nick))) gw_sfu_leg_remote(f, l, s->desc);
    break;
  case GW_SFU_SAID_COMES:
    on_comes(f, s->nick);
    break;
  case GW_SFU_SAID_GOES:
    on_goes(f, s->nick);
    break;
  case GW_SFU_SAID_DOWN:
    /* what stands may stand on: sound does not go by that connection; nothing new is asked for before we are in again */
    f->joined = f->published = FALSE;
    break;
  case GW_SFU_SAID_FAILED:
    gw_sfufl_end(f, cause ? cause : GW_CAUSE_SFU_DOWN, s->text);
    break;
  case GW_SFU_SAID_OFFER: /* of another kind of service */
  case GW_SFU_SAID_ENDED:
  case GW_SFU_SAID_OWNERS:
    break;
  }
}

/* --- the XMPP stream --- */

gboolean gw_sfufl_still_heard(const char *nick, const void *user) {
  const gw_sfu_leg *l = gw_sfu_leg_of(user, nick);
  return l && l->rtp && !l->quiet;
}

static void on_stream_down(gw_flavour *f) {
  gw_jmuci_roster_doubt(gw_ledger_roster(f->ledger));
}

/* The phone has gone, what was to be begun need not be any more. */
static gboolean begins_nothing(const gw_word *w) {
  return w->kind != GW_WORD_JMUCI ||
         (w->u.jmuci.action != GW_JMUCI_PROPOSE && w->u.jmuci.action != GW_JMUCI_ACCEPT);
}

/* Whoever is stale by now has gone; who is still heard may come back until settle_at. */
static void settle(gw_flavour *f, gboolean all) {
  g_autoptr(GPtrArray) gone =
      gw_jmuci_roster_settle(gw_ledger_roster(f->ledger), all ? NULL : gw_sfufl_still_heard, f);
  f->settle_at = all ? GW_NEVER : f->now + GW_SFUFL_BACK;
  for (guint i = 0; i < gone->len; i++)
    gw_sfufl_gone(f, gone->pdata[i]);
}

static void on_stream_up(gw_flavour *f, gint64 away) {
  gw_fl_say_held(&f->common, NULL);
  f->said_at += away;
  f->hold_until += away;
  settle(f, FALSE);
  gw_sfufl_catch_up(f);
}

/* --- events --- */

/* Nobody has a session with us: a stray offer, or one of a JSXC whose user declined. */
static void refuse(gw_flavour *f, const gw_word *w) {
  if (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE)
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "decline");
}

static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JMUCI)
    gw_sfufl_word(f, w);
  else if (w->kind == GW_WORD_JINGLE)
    refuse(f, w);
}

static void on_start(gw_flavour *f) {
  if (f->phase == GW_SFUFL_NEW) f->phase = GW_SFUFL_WAITING;
}

static void on_stop(gw_flavour *f, gw_cause cause) {
  gw_fl_say_held(&f->common, begins_nothing);
  gw_sfufl_end(f, cause, NULL);
}

/* --- time --- */

/* Connected and never heard: nobody sends there. */
static void leg_due(gw_flavour *f, gw_sfu_leg *l) {
  if (l->state == GW_LEG_ACTIVE && f->now >= l->due) {
    l->due = GW_NEVER;
    l->quiet = TRUE;
    gw_sfufl_silent(f, l->nick);
  } else {
    gw_sfu_leg_due(f, l);
    if (l->publish && l->state == GW_LEG_LOST) start_afresh(f);
  }
}

static void run_due(gw_flavour *f) {
  if (f->phase == GW_SFUFL_NEW || f->frozen) return;
  if (f->now >= f->settle_at) settle(f, TRUE);
  for (guint i = 0; f->joined && i < f->legs->len; i++)
    leg_due(f, f->legs->pdata[i]);
  gw_sfufl_check(f);
  gw_sfufl_decide(f);
}

static gboolean is_done(const gw_flavour *f) {
  return f->phase == GW_SFUFL_DONE;
}

static gboolean look(const gw_flavour *f, gboolean *ret_up, gboolean *ret_busy) {
  *ret_busy = f->phase == GW_SFUFL_ENTERING || f->phase == GW_SFUFL_HOLDING ||
              f->phase == GW_SFUFL_ACCEPTING;
  for (guint i = 0; i < f->legs->len; i++) {
    const gw_sfu_leg *l = f->legs->pdata[i];
    *ret_busy |= !l->publish && gw_sfu_leg_busy(l);
    *ret_up |= !l->publish && l->up;
  }
  return f->phase != GW_SFUFL_NEW && f->phase != GW_SFUFL_DONE;
}

/* There is nobody to be told of a mute: a muted phone goes on sending. */
static const gw_fl_table table = {.start = on_start,
                                  .stop = on_stop,
                                  .occupant = gw_sfufl_occupant,
                                  .word = on_word,
                                  .down = on_stream_down,
                                  .up = on_stream_up,
                                  .sfu = on_sfu,
                                  .find = find_peer,
                                  .state = on_peer_state,
                                  .local = on_local,
                                  .candidate = on_candidate,
                                  .due = run_due,
                                  .done = is_done,
                                  .look = look};

static void step(gw_flavour *f, const gw_ev *ev, gint64 now_us, gw_actions *ret) {
  gw_fl_step(f, &table, ev, now_us, ret);
}

static gint64 deadline(const gw_flavour *f) {
  if (f->phase == GW_SFUFL_DONE || f->phase == GW_SFUFL_NEW || f->frozen) return GW_NEVER;
  gint64 at = MIN(f->settle_at, gw_sfufl_deadline(f));
  for (guint i = 0; f->joined && i < f->legs->len; i++)
    at = MIN(at, ((const gw_sfu_leg *)f->legs->pdata[i])->due);
  return at;
}

static int probe(const gw_room_facts *facts) {
  if (facts->jmuci_sfu_live) return 100;
  if (facts->jmuci_live || facts->muji_live) return 0;
  return facts->feature_jmuci_sfu ? 50 : 0;
}

static const char *const features[] = {GW_NS_JMUCI_SFU, NULL};

const gw_flavour_class gw_flavour_jmuci_sfu = {
    .name = "jmuci-sfu",
    .features = features,
    .probe = probe,
    .make = make,
    .step = step,
    .deadline = deadline,
    .free = flavour_free,
};
