/* Calls at a conference service that speaks Jingle: the flavour's class, its step, what the service says. */
#include "gateway/flavour/jingle_sfu.h"
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/session.h"

/* --- for all files of the flavour --- */

gw_action *gw_jsfu_ask(gw_flavour *f, gw_fl_sfu_ask ask, const char *sid) {
  gw_action *a = gw_actions_add(f->out, GW_ACT_SFU);
  a->ask = ask;
  a->sid = g_strdup(sid);
  return a;
}

/* The service knows people by their real JIDs; one that is the room itself may use the names there. */
static gboolean is_occupant(const gw_flavour *f, const gw_jsfu_occupant *o, const char *who) {
  if (gw_jid_same_bare(who, f->room)) return !g_strcmp0(gw_jid_resource(who), o->nick);
  for (guint i = 0; o->jids && o->jids[i]; i++)
    if (gw_jid_same_bare(o->jids[i], who)) return TRUE;
  return FALSE;
}

static const gw_jsfu_occupant *occupant_of(const gw_flavour *f, const char *who) {
  for (guint i = 0; who && i < f->occupants->len; i++)
    if (is_occupant(f, f->occupants->pdata[i], who)) return f->occupants->pdata[i];
  return NULL;
}

gboolean gw_jsfu_is_ours(const gw_flavour *f, const char *who) {
  const gw_jsfu_occupant *o = occupant_of(f, who);
  return (o && o->ours) || (who && gw_jid_same_bare(who, f->own_jid));
}

const char *gw_jsfu_name(const gw_flavour *f, const char *who) {
  const gw_jsfu_occupant *o = occupant_of(f, who);
  return o ? o->nick : who ? who : "unknown";
}

gboolean gw_jsfu_content_is_ours(const gw_flavour *f, const char *mid) {
  for (guint i = 0; i < f->publishers->len; i++) {
    const gw_jsfu_publisher *p = f->publishers->pdata[i];
    if (p->mids && g_strv_contains((const char *const *)p->mids, mid))
      return gw_jsfu_is_ours(f, p->jid);
  }
  return FALSE;
}

/* --- life --- */

static void occupant_free(gpointer data) {
  gw_jsfu_occupant *o = data;
  g_free(o->nick);
  g_strfreev(o->jids);
  g_free(o);
}

static void publisher_free(gpointer data) {
  gw_jsfu_publisher *p = data;
  g_free(p->jid);
  g_strfreev(p->mids);
  g_free(p);
}

static gw_flavour *make(const gw_flavour_params *params) {
  gw_flavour *f = g_new0(gw_flavour, 1);
  gw_fl_common_init(&f->common, params);
  f->room = g_strdup(params->room);
  f->legs = g_ptr_array_new_with_free_func(gw_jsfu_leg_free);
  f->occupants = g_ptr_array_new_with_free_func(occupant_free);
  f->publishers = g_ptr_array_new_with_free_func(publisher_free);
  f->due = f->give_up = f->alone_since = GW_NEVER;
  f->patient = params->patient;
  return f;
}

static void flavour_free(gw_flavour *f) {
  if (!f) return;
  gw_fl_common_clear(&f->common);
  g_free(f->room);
  g_ptr_array_unref(f->legs);
  g_ptr_array_unref(f->occupants);
  g_ptr_array_unref(f->publishers);
  g_free(f);
}

/* --- coming and going --- */

static void end(gw_flavour *f, gw_cause cause, const char *text) {
  gw_jsfu_legs_drop_all(f);
  if (f->phase != GW_JSFU_NEW && f->phase != GW_JSFU_DONE) gw_jsfu_ask(f, GW_SFU_ASK_LEAVE, NULL);
  f->phase = GW_JSFU_DONE;
  f->due = GW_NEVER;
  gw_fl_tell(&f->common, GW_CALL_ENDED, cause, text);
}

/* What will not be better in a second. */
static gboolean is_final(gw_cause cause) {
  return cause == GW_CAUSE_FORBIDDEN || cause == GW_CAUSE_NOT_FOUND || cause == GW_CAUSE_NO_CODEC ||
         cause == GW_CAUSE_REJECTED || cause == GW_CAUSE_BUSY;
}

/* Who has never been in is told at once; who was waits for the service to come back. */
void gw_jsfu_lost(gw_flavour *f, gw_cause cause, const char *text) {
  if (f->give_up == GW_NEVER) f->give_up = f->now + GW_JSFU_AGAIN;
  f->backoff = f->backoff ? MIN(2 * f->backoff, GW_JSFU_BACKOFF_MAX) : GW_SEC(1);
  if (!f->been_in || is_final(cause) || f->now + f->backoff >= f->give_up) {
    end(f, cause, text);
    return;
  }
  gw_jsfu_legs_drop_all(f);
  g_ptr_array_set_size(f->publishers, 0);
  f->phase = GW_JSFU_PAUSE;
  f->due = f->now + f->backoff;
}

static void enter(gw_flavour *f, gw_fl_sfu_ask ask) {
  f->phase = GW_JSFU_ENTERING;
  f->due = GW_NEVER;
  gw_jsfu_ask(f, ask, NULL);
}

/* --- the service --- */

static void on_joined(gw_flavour *f) {
  gw_jsfu_legs_drop_all(f);
  g_ptr_array_set_size(f->publishers, 0);
  gw_jsfu_leg_publish(f);
}

static void on_answer(gw_flavour *f, const gw_fl_sfu *s, gw_cause cause) {
  gw_jsfu_leg *l = gw_jsfu_leg_of(f, s->sid);
  if (!l) return;
  gw_jsfu_leg_answer(f, l, s->desc, cause, s->text);
  if (f->phase == GW_JSFU_ENTERING) f->phase = GW_JSFU_IN;
}

/* It ends our stream: for reasons that a fresh start may mend, or it wants us out. */
static void on_put_out(gw_flavour *f, const char *reason) {
  static const char *const trouble[] = {"connectivity-error", "failed-transport", "timeout",
                                        "general-error",      "media-error",      "gone"};
  for (guint i = 0; reason && i < G_N_ELEMENTS(trouble); i++)
    if (!strcmp(reason, trouble[i])) {
      gw_jsfu_lost(f, GW_CAUSE_SFU_DOWN, "the service ended our stream");
      return;
    }
  end(f, GW_CAUSE_ROOM_CLOSED, "the service put us out");
}

static void on_ended(gw_flavour *f, const gw_fl_sfu *s) {
  gw_jsfu_leg *l = gw_jsfu_leg_of(f, s->sid);
  if (!l) return;
  if (l->publish)
    on_put_out(f, s->text);
  else
    gw_jsfu_leg_drop(f, l, NULL);
}

static gw_jsfu_publisher *publisher_of(const gw_flavour *f, const char *jid) {
  for (guint i = 0; i < f->publishers->len; i++) {
    gw_jsfu_publisher *p = f->publishers->pdata[i];
    if (gw_jid_same_bare(p->jid, jid)) return p;
  }
  return NULL;
}

static void on_publisher(gw_flavour *f, const gw_fl_sfu *s) {
  gw_jsfu_publisher *p = publisher_of(f, s->who);
  f->named = TRUE;
  if (s->news == GW_SFU_SAID_GOES) {
    if (p) g_ptr_array_remove(f->publishers, p);
    return; /* its contents are silent by themselves */
  }
  if (!p) {
    if (f->publishers->len >= GW_MAX_SFU_NAMES) return;
    p = g_new0(gw_jsfu_publisher, 1);
    p->jid = g_strdup(s->who);
    g_ptr_array_add(f->publishers, p);
  }
  g_strfreev(p->mids);
  p->mids = g_strdupv((char **)s->mids);
  if (!gw_jsfu_is_ours(f, p->jid)) return;
  for (guint i = 0; i < f->legs->len; i++)
    gw_jsfu_leg_heard(f, f->legs->pdata[i]);
}

static void on_offer(gw_flavour *f, const gw_fl_sfu *s) {
  gw_jsfu_leg *l = gw_jsfu_leg_of(f, s->sid);
  if (l)
    gw_jsfu_leg_added(f, l, s->desc);
  else
    gw_jsfu_leg_offered(f, s);
}

static void on_sfu(gw_flavour *f, const gw_fl_sfu *s, gw_cause cause) {
  gw_jsfu_leg *l;
  if (f->phase == GW_JSFU_NEW) return;
  switch (s->news) {
  case GW_SFU_SAID_JOINED:
    if (f->phase == GW_JSFU_ENTERING) on_joined(f);
    break;
  case GW_SFU_SAID_ANSWER:
    on_answer(f, s, cause);
    break;
  case GW_SFU_SAID_CANDIDATE:
    if ((l = gw_jsfu_leg_of(f, s->sid))) gw_jsfu_leg_remote(f, l, s->desc);
    break;
  case GW_SFU_SAID_COMES:
  case GW_SFU_SAID_GOES:
    on_publisher(f, s);
    break;
  case GW_SFU_SAID_FAILED:
    end(f, cause ? cause : GW_CAUSE_SFU_DOWN, s->text);
    break;
  case GW_SFU_SAID_OFFER:
    on_offer(f, s);
    break;
  case GW_SFU_SAID_OWNERS:
    if ((l = gw_jsfu_leg_of(f, s->sid))) gw_jsfu_leg_owners(f, l, s->users);
    break;
  case GW_SFU_SAID_ENDED:
    on_ended(f, s);
    break;
  case GW_SFU_SAID_DOWN: /* the XMPP stream says so itself */
    break;
  }
}

/* --- transports --- */

static void *find_peer(const gw_flavour *f, guint peer) {
  return gw_jsfu_leg_by_peer(f, peer);
}

static void on_peer_state(gw_flavour *f, void *leg, gw_fl_peer_state state, gw_cause cause) {
  gw_jsfu_leg *l = leg;
  if (state == GW_PEER_UP) {
    l->up = TRUE;
    if (!l->publish) return;
    f->been_in = TRUE;
    f->give_up = GW_NEVER;
    f->backoff = 0;
  } else if (state == GW_PEER_RTP || state == GW_PEER_QUIET) {
    l->rtp = state == GW_PEER_RTP;
  } else if (state == GW_PEER_FAILED && l->publish) {
    gw_jsfu_lost(f, cause ? cause : GW_CAUSE_ICE_FAILED,
                 "our stream to the service does not stand");
  } else if (state == GW_PEER_FAILED) {
    gw_jsfu_leg_drop(f, l, "connectivity-error");
  }
}

static void on_local(gw_flavour *f, void *leg, const gw_desc *local) {
  gw_jsfu_leg_local(f, leg, local);
}

static void on_candidate(gw_flavour *f, void *leg, const gw_candidate *c) {
  gw_jsfu_leg_candidate(f, leg, c);
}

/* --- the room --- */

static void forget_occupant(gw_flavour *f, const char *nick) {
  for (guint i = 0; nick && i < f->occupants->len; i++)
    if (!g_strcmp0(((gw_jsfu_occupant *)f->occupants->pdata[i])->nick, nick)) {
      g_ptr_array_remove_index(f->occupants, i);
      return;
    }
}

static void on_occupant(gw_flavour *f, const gw_fl_occupant *who) {
  forget_occupant(f, who->nick);
  forget_occupant(f, who->old_nick);
  if (!who->present || f->occupants->len >= GW_MAX_SFU_NAMES) return;
  gw_jsfu_occupant *o = g_new0(gw_jsfu_occupant, 1);
  o->nick = g_strdup(who->nick);
  o->jids = g_strdupv((char **)who->jids);
  o->ours = who->self || who->seat || who->watcher;
  g_ptr_array_add(f->occupants, o);
}

/* --- events --- */

static void on_start(gw_flavour *f) {
  if (f->phase == GW_JSFU_NEW) enter(f, GW_SFU_ASK_JOIN);
}

static void on_stop(gw_flavour *f, gw_cause cause) {
  end(f, cause, NULL);
}

/* Nobody but the service has a session with us. */
static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JINGLE && w->u.jingle.action == GW_JINGLE_SESSION_INITIATE)
    gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, "decline");
}

/* Sound does not go by it. */
static void on_stream_down(gw_flavour *f) {}

/* What was said meanwhile is lost; a stream of ours that stands goes on, anything else begins afresh. */
static void on_stream_up(gw_flavour *f, gint64 away_us) {
  gw_fl_say_held(&f->common, NULL);
  for (guint i = 0; i < f->legs->len; i++) {
    const gw_jsfu_leg *l = f->legs->pdata[i];
    if (l->publish && l->state == GW_JLEG_ACTIVE) return;
  }
  if (f->phase == GW_JSFU_ENTERING || f->phase == GW_JSFU_IN) {
    gw_jsfu_legs_drop_all(f);
    enter(f, GW_SFU_ASK_AGAIN);
  }
}

/* --- time --- */

/* One session brings all: it stands also when there is nobody in it. */
static gboolean anybody(const gw_flavour *f, const gw_jsfu_leg *l) {
  for (guint i = 0; i < f->publishers->len; i++)
    if (!gw_jsfu_is_ours(f, ((gw_jsfu_publisher *)f->publishers->pdata[i])->jid)) return TRUE;
  return !l->many || (!f->named && l->rtp);
}

static gboolean in_company(const gw_flavour *f) {
  for (guint i = 0; i < f->legs->len; i++) {
    const gw_jsfu_leg *l = f->legs->pdata[i];
    if (!l->publish && anybody(f, l)) return TRUE;
  }
  return FALSE;
}

static gint64 alone_until(const gw_flavour *f) {
  if (!f->patient || f->alone_since == GW_NEVER) return GW_NEVER;
  return f->alone_since + (f->had_company ? GW_JSFU_ALONE : GW_JSFU_NOBODY);
}

/* A call that we were called to is over when everybody else has gone; in a room of its own the phone just waits. */
static void check_alone(gw_flavour *f) {
  const gboolean company = in_company(f);
  f->had_company |= company;
  if (company || f->phase != GW_JSFU_IN)
    f->alone_since = GW_NEVER;
  else if (f->alone_since == GW_NEVER)
    f->alone_since = f->now;
  if (f->now >= alone_until(f)) end(f, GW_CAUSE_NORMAL, "everybody else has gone");
}

static void run_due(gw_flavour *f) {
  if (f->frozen || f->phase == GW_JSFU_NEW) return;
  check_alone(f);
  for (guint i = f->legs->len; i-- > 0;)
    if (i < f->legs->len) gw_jsfu_leg_due(f, f->legs->pdata[i]);
  if (f->phase == GW_JSFU_PAUSE && f->now >= f->due) enter(f, GW_SFU_ASK_AGAIN);
}

static gboolean look(const gw_flavour *f, gboolean *ret_up, gboolean *ret_busy) {
  if (f->phase == GW_JSFU_NEW || f->phase == GW_JSFU_DONE) return FALSE;
  *ret_busy = f->phase != GW_JSFU_IN;
  for (guint i = 0; i < f->legs->len; i++) {
    const gw_jsfu_leg *l = f->legs->pdata[i];
    if (l->publish || !anybody(f, l)) continue;
    *ret_up |= l->up;
    *ret_busy |= !l->up;
  }
  return TRUE;
}

static gboolean done(const gw_flavour *f) {
  return f->phase == GW_JSFU_DONE;
}

static const gw_fl_table table = {.start = on_start,
                                  .stop = on_stop,
                                  .occupant = on_occupant,
                                  .word = on_word,
                                  .down = on_stream_down,
                                  .up = on_stream_up,
                                  .sfu = on_sfu,
                                  .find = find_peer,
                                  .state = on_peer_state,
                                  .local = on_local,
                                  .candidate = on_candidate,
                                  .due = run_due,
                                  .done = done,
                                  .look = look};

static void step(gw_flavour *f, const gw_ev *ev, gint64 now_us, gw_actions *ret) {
  gw_fl_step(f, &table, ev, now_us, ret);
}

static gint64 deadline(const gw_flavour *f) {
  if (f->phase == GW_JSFU_DONE || f->phase == GW_JSFU_NEW || f->frozen) return GW_NEVER;
  gint64 at = MIN(f->due, alone_until(f));
  for (guint i = 0; i < f->legs->len; i++)
    at = MIN(at, ((const gw_jsfu_leg *)f->legs->pdata[i])->due);
  return at;
}

/* A call that runs by other means is where the people are. */
static int probe(const gw_room_facts *facts) {
  if (facts->jmuci_live || facts->jmuci_sfu_live || facts->muji_live) return 0;
  return facts->conference ? 80 : 0;
}

static const char *const features[] = {GW_NS_AV_CONFERENCES, GW_NS_COIN, NULL};

const gw_flavour_class gw_flavour_jingle_sfu = {
    .name = "jingle-sfu",
    .features = features,
    .probe = probe,
    .make = make,
    .step = step,
    .deadline = deadline,
    .free = flavour_free,
};
