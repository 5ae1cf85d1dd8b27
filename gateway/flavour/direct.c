#include "gateway/flavour/direct.h"
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/direct_plain.h"
#include "gateway/flavour/session_desc.h"

typedef enum {
  NEW,
  PROPOSED,  /* out: his devices are asked */
  OPENING,   /* out: taken; our transport gets ready */
  OFFERED,   /* out: session-initiate said */
  RINGING,   /* in: our phone rings, or is about to */
  PROCEEDED, /* in: taken; his session-initiate is awaited */
  ANSWERING, /* in: our transport gets ready */
  ACTIVE,
  DONE
} dc_phase;

struct gw_flavour {
  union {
    gw_fl_common common;
    struct {
      GW_FL_COMMON
    };
  };
  char *bare, *device; /* device: his full JID, NULL until one has taken the call */
  char *id;            /* of the propose, and the sid of the session */
  gboolean jmi, incoming;
  dc_phase phase;
  gint64 due, ring_us;
  gw_fl_session s;
  GPtrArray *plain; /* gw_dp_branch: while nobody has taken the call */
  gw_cause bounced; /* the propose has come back: only those are left */
  gw_word *offer;   /* his session-initiate, until our phone is picked up */
  gboolean crossed; /* it will come with a sid of its own */
  gboolean taken;   /* somebody wants to talk: his user out, ours in */
  gboolean rang, on_hold, said_hold, said_mute, his_hold;
};

static void enter(gw_flavour *f, dc_phase phase, gint64 limit) {
  f->phase = phase;
  f->due = limit ? f->now + limit : GW_NEVER;
}

/* --- saying --- */

static void jmi_about(gw_flavour *f, gw_jmi_action action, const char *to, const char *id,
                      const char *reason, gboolean tie) {
  gw_word *w = gw_word_new_jmi(action, to, id);
  w->u.jmi.reason = g_strdup(reason);
  w->u.jmi.tie_break = tie;
  w->u.jmi.audio = action == GW_JMI_PROPOSE;
  gw_fl_say(&f->common, w);
}

static void jmi(gw_flavour *f, gw_jmi_action action, const char *to, const char *reason) {
  jmi_about(f, action, to, f->id, reason, FALSE);
}

static void info(gw_flavour *f, gw_jingle_info info, const char *name) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_INFO, f->device, f->id, !f->incoming);
  w->u.jingle.info = info;
  w->u.jingle.info_name = g_strdup(name);
  gw_fl_say(&f->common, w);
}

/* A session of somebody else: it was made known when it came, and must be ended. */
static void refuse(gw_flavour *f, const gw_word *w, const char *reason) {
  gw_fl_refuse(&f->common, w->from, w->u.jingle.sid, reason);
}

/* --- ending --- */

static gboolean in_session(const gw_flavour *f) {
  return f->phase == OFFERED || f->phase == ANSWERING || f->phase == ACTIVE ||
         (f->phase == RINGING && f->offer);
}

static void terminate(gw_flavour *f, const char *reason) {
  if (f->s.sid)
    gw_fl_session_terminate(&f->common, &f->s, reason);
  else
    refuse(f, f->offer, reason);
}

/* Both sides say it, so that their archives agree (XEP-0353, "Finishing a Started Session"). */
static void finish(gw_flavour *f, const char *reason) {
  if (f->jmi && f->phase != RINGING) jmi(f, GW_JMI_FINISH, f->bare, reason);
}

static void goodbye(gw_flavour *f, const char *reason) {
  if (in_session(f)) {
    terminate(f, reason);
    finish(f, reason);
  } else if (f->phase == PROPOSED || (f->phase == OPENING && f->jmi)) {
    if (!f->bounced) jmi(f, GW_JMI_RETRACT, f->bare, "cancel");
  } else if (f->phase == RINGING && f->jmi) {
    jmi(f, GW_JMI_REJECT, f->device, reason);
  } else if (f->phase == PROCEEDED) {
    finish(f, reason);
  }
}

/* What waits for a stream that is away makes no sense any more, but for the end of the session. */
static gboolean ends(const gw_word *w) {
  return w->kind == GW_WORD_JINGLE && w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE;
}

static void over(gw_flavour *f, gw_cause cause) {
  if (f->phase == DONE) return;
  gw_dp_drop_all(&f->common, f->plain, "cancel");
  gw_fl_session_close(&f->common, &f->s);
  if (f->frozen) gw_fl_say_held(&f->common, ends);
  enter(f, DONE, 0);
  gw_fl_tell(&f->common, GW_CALL_ENDED, cause, NULL);
}

static void end(gw_flavour *f, const char *reason, gw_cause cause) {
  goodbye(f, reason);
  over(f, cause);
}

/* --- our descriptions --- */

static void begin_offer(gw_flavour *f) {
  f->s.offerer = TRUE;
  gw_fl_session_open(&f->common, &f->s, f->bare, f->device, g_strdup(f->id), GW_SETUP_ACTPASS);
  enter(f, OPENING, GW_DC_LOCAL);
}

/* What the phone is doing. While it holds the call, its mute says nothing. */
static void show(gw_flavour *f) {
  if (f->phase != ACTIVE) return;
  if (f->on_hold != f->said_hold) info(f, f->on_hold ? GW_INFO_HOLD : GW_INFO_ACTIVE, NULL);
  f->said_hold = f->on_hold;
  if (f->on_hold || f->muted == f->said_mute) return;
  f->said_mute = f->muted;
  gw_fl_session_mute(&f->common, &f->s);
}

static void become_active(gw_flavour *f) {
  f->taken = TRUE;
  enter(f, ACTIVE, f->s.up ? 0 : GW_DC_CONNECT);
  show(f);
}

static void say_offer(gw_flavour *f, const gw_desc *local) {
  gw_desc *offer = gw_sd_offer(local, "audio", FALSE, f->s.local);
  if (!offer) {
    end(f, "general-error", GW_CAUSE_INTERNAL);
    return;
  }
  gw_fl_session_initiate(&f->common, &f->s, offer, NULL);
  enter(f, OFFERED, f->jmi ? GW_DC_ANSWER : f->ring_us);
}

static void say_answer(gw_flavour *f, const gw_desc *local) {
  const char *reason = NULL;
  gw_desc *answer = gw_sd_answer(f->s.offer, local, TRUE, f->s.local, &reason);
  if (!answer) {
    end(f, reason, gw_cause_from_jingle(reason));
    return;
  }
  gw_sd_leave_out_refused(answer);
  gw_fl_session_accept(&f->common, &f->s, answer);
  become_active(f);
}

static void *find_peer(const gw_flavour *f, guint peer) {
  return f->s.peer == peer ? (void *)&f->s : gw_dp_of_peer(f->plain, peer);
}

static void on_local(gw_flavour *f, void *session, const gw_desc *local) {
  gw_dp_branch *b = gw_dp_of_session(f->plain, session);
  if (b)
    gw_dp_local(&f->common, f->plain, b, local);
  else if (f->phase == OPENING)
    say_offer(f, local);
  else if (f->phase == ANSWERING)
    say_answer(f, local);
}

static void on_candidate(gw_flavour *f, void *session, const gw_candidate *c) {
  gw_fl_session_candidate(&f->common, session, c);
}

/* --- his offer --- */

/* We take the call that he has offered. */
static void answer_offer(gw_flavour *f) {
  g_autoptr(GPtrArray) early = g_steal_pointer(&f->s.remote);
  g_autoptr(gw_word) offer = g_steal_pointer(&f->offer);
  f->s.remote = g_ptr_array_new_with_free_func((GDestroyNotify)gw_desc_free);
  gw_fl_session_take(&f->common, &f->s, f->bare, offer);
  for (guint i = 0; i < early->len; i++)
    gw_fl_session_remote(&f->common, &f->s, early->pdata[i]);
  enter(f, ANSWERING, GW_DC_LOCAL);
}

/* Is it the session that this call is about? */
static gboolean fits(const gw_flavour *f, const gw_word *w) {
  const gboolean plain = f->incoming && !f->jmi && !f->id;
  if (f->offer || !f->device || !gw_jid_same(w->from, f->device)) return FALSE;
  if (f->phase == NEW || f->phase == RINGING || f->phase == PROCEEDED)
    return plain || f->crossed || !g_strcmp0(w->u.jingle.sid, f->id);
  return FALSE;
}

static void initiate_in(gw_flavour *f, const gw_word *w) {
  if (!fits(f, w)) {
    refuse(f, w, "busy"); /* who may not call was not let through to here */
    return;
  }
  const char *unfit = gw_sd_unfit(w->u.jingle.desc);
  const gboolean taken = f->phase == PROCEEDED;
  g_free(f->id);
  f->id = g_strdup(w->u.jingle.sid);
  f->offer = gw_word_copy(w);
  f->incoming = TRUE;
  enter(f, RINGING, 0);
  if (unfit)
    end(f, unfit, gw_cause_from_jingle(unfit));
  else if (taken)
    answer_offer(f);
}

/* --- Jingle --- */

static void accept_in(gw_flavour *f, const gw_desc *d) {
  if (f->phase != OFFERED) return;
  const char *reason = gw_fl_session_accepted(&f->common, &f->s, d);
  if (reason)
    end(f, reason, gw_cause_from_jingle(reason));
  else
    become_active(f);
}

static void hold_in(gw_flavour *f, gboolean on) {
  if (f->phase != ACTIVE || f->his_hold == on) return;
  f->his_hold = on;
  gw_actions_add(f->out, GW_ACT_HELD)->flag = on;
}

static void info_in(gw_flavour *f, gw_jingle_info what) {
  if (what == GW_INFO_RINGING && f->phase == OFFERED && !f->jmi)
    gw_fl_tell(&f->common, GW_CALL_RINGING, GW_CAUSE_NONE, NULL);
  if (what == GW_INFO_HOLD) hold_in(f, TRUE);
  if (what == GW_INFO_UNHOLD || what == GW_INFO_ACTIVE) hold_in(f, FALSE);
}

/* XEP-0166 content-modify: who no longer wants both directions holds the call. */
static void modify_in(gw_flavour *f, const gw_desc *d) {
  for (guint i = 0; d && i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    if (!g_strcmp0(m->mid, f->s.mid)) hold_in(f, m->dir != GW_DIR_SENDRECV);
  }
}

static void transport_in(gw_flavour *f, const gw_desc *d) {
  if (d && (f->phase == ANSWERING || f->phase == ACTIVE))
    gw_fl_session_remote(&f->common, &f->s, d);
  else if (!d || !in_session(f) || !gw_fl_session_keep(&f->s, d))
    f->ignored++;
}

/* Our offer gave way to his (XEP-0166 7.2.16): both want the same call. */
static void give_way(gw_flavour *f) {
  gw_fl_session_close(&f->common, &f->s);
  f->crossed = TRUE;
  f->jmi = FALSE;
  enter(f, PROCEEDED, GW_DC_CROSSED);
}

static void error_in(gw_flavour *f, const gw_jingle *j) {
  const gboolean lost = !g_strcmp0(j->error, "item-not-found");
  if (j->of == GW_JINGLE_SESSION_INITIATE && f->phase == OFFERED) {
    if (!g_strcmp0(j->error, "conflict"))
      give_way(f);
    else
      over(f, gw_cause_from_condition(j->error, GW_CAUSE_PEER_GONE));
  } else if (j->of == GW_JINGLE_SESSION_ACCEPT || (lost && in_session(f))) {
    finish(f, "general-error");
    over(f, lost ? GW_CAUSE_PEER_GONE : gw_cause_from_condition(j->error, GW_CAUSE_PEER_GONE));
  }
}

static void terminate_in(gw_flavour *f, const gw_jingle *j) {
  finish(f, j->reason ? j->reason : "success");
  over(f, gw_cause_from_jingle(j->reason));
}

/* --- devices that were not asked before */

/* Whoever takes a session has the call: who was asked, and who was offered another, is told that it is over for him. */
static void taken_by(gw_flavour *f, gw_dp_branch *b, const gw_desc *d) {
  const char *reason = gw_fl_session_accepted(&f->common, &b->s, d);
  if (reason) {
    gw_dp_drop(&f->common, f->plain, b, reason);
    return;
  }
  if (!f->bounced) jmi(f, GW_JMI_RETRACT, f->bare, "cancel");
  gw_dp_move(f->plain, b, &f->s);
  gw_dp_drop_all(&f->common, f->plain, "cancel");
  g_free(f->id);
  f->id = g_strdup(f->s.sid);
  f->device = g_strdup(f->s.jid);
  f->jmi = FALSE;
  become_active(f);
}

/* It does not take the call. A person who declines on one device declines on all, as a reject does. */
static void branch_ended(gw_flavour *f, gw_dp_branch *b, const char *reason) {
  gw_dp_drop(&f->common, f->plain, b, NULL);
  if (!g_strcmp0(reason, "decline")) end(f, "cancel", GW_CAUSE_REJECTED);
}

static void plain_in(gw_flavour *f, gw_dp_branch *b, const gw_jingle *j) {
  if (j->action == GW_JINGLE_SESSION_ACCEPT)
    taken_by(f, b, j->desc);
  else if (j->action == GW_JINGLE_SESSION_TERMINATE)
    branch_ended(f, b, j->reason);
  else if (j->action == GW_JINGLE_ERROR && j->of == GW_JINGLE_SESSION_INITIATE)
    branch_ended(f, b, NULL);
  else if (j->action == GW_JINGLE_SESSION_INFO && j->info == GW_INFO_RINGING)
    gw_fl_tell(&f->common, GW_CALL_RINGING, GW_CAUSE_NONE, NULL);
  else if (j->action != GW_JINGLE_TRANSPORT_INFO || !j->desc || !gw_fl_session_keep(&b->s, j->desc))
    f->ignored++;
}

static void device_in(gw_flavour *f, const char *jid) {
  if (f->phase == PROPOSED && gw_jid_same_bare(jid, f->bare))
    gw_dp_call(&f->common, f->plain, f->bare, jid, f->ids);
}

static void jingle_in(gw_flavour *f, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  gw_dp_branch *b = gw_dp_of_word(f->plain, w);
  if (b) {
    plain_in(f, b, j);
    return;
  }
  if (j->action == GW_JINGLE_SESSION_INITIATE) {
    initiate_in(f, w);
    return;
  }
  if (!f->device || !gw_jid_same(w->from, f->device) || g_strcmp0(j->sid, f->id)) {
    f->ignored++;
    return;
  }
  switch (j->action) {
  case GW_JINGLE_SESSION_ACCEPT:
    accept_in(f, j->desc);
    break;
  case GW_JINGLE_SESSION_TERMINATE:
    terminate_in(f, j);
    break;
  case GW_JINGLE_SESSION_INFO:
    info_in(f, j->info);
    break;
  case GW_JINGLE_TRANSPORT_INFO:
    transport_in(f, j->desc);
    break;
  case GW_JINGLE_CONTENT_MODIFY:
    modify_in(f, j->desc);
    break;
  case GW_JINGLE_ERROR:
    error_in(f, j);
    break;
  default:
    f->ignored++;
  }
}

/* --- JMI --- */

/* Two proposals have crossed: the lower id stays, of equal ones that of the lower JID. */
static gboolean ours_stays(const gw_flavour *f, const gw_word *w) {
  g_autofree char *us = gw_jid_bare(f->own_jid);
  const int order = strcmp(f->id, w->u.jmi.id);
  return order ? order < 0 : g_strcmp0(us, f->bare) < 0;
}

/* He calls while we call him: his propose is taken without asking anybody again, since our phone wants to talk to him. Where
 * we have called without asking, our session is on its way: he is told that, for silence would leave him ringing. */
static void propose_in(gw_flavour *f, const gw_word *w) {
  if (f->phase != PROPOSED) {
    jmi_about(f, GW_JMI_REJECT, w->from, w->u.jmi.id, "busy", FALSE);
  } else if (ours_stays(f, w)) {
    jmi_about(f, GW_JMI_REJECT, w->from, w->u.jmi.id, "expired", TRUE);
  } else {
    jmi_about(f, GW_JMI_RETRACT, f->bare, f->id, "expired", TRUE);
    g_free(f->id);
    f->id = g_strdup(w->u.jmi.id);
    f->device = gw_jid_normal(w->from);
    f->incoming = TRUE;
    gw_dp_drop_all(&f->common, f->plain, "cancel");
    jmi(f, GW_JMI_PROCEED, f->device, NULL);
    enter(f, PROCEEDED, GW_DC_INITIATE);
  }
}

static void proceed_in(gw_flavour *f, const gw_word *w) {
  if (f->phase != PROPOSED || !gw_jid_resource(w->from)) { /* another device was quicker */
    f->ignored++;
    return;
  }
  f->device = gw_jid_normal(w->from);
  gw_dp_drop_all(&f->common, f->plain, "cancel");
  begin_offer(f);
}

static void reject_in(gw_flavour *f, const gw_word *w) {
  const gw_jmi *j = &w->u.jmi;
  const gboolean mine = f->device && gw_jid_same(w->from, f->device);
  if (f->phase == PROPOSED && j->tie_break)
    f->due = MIN(f->due, f->now + GW_DC_CROSSED); /* his own propose is on its way */
  else if (f->phase == PROPOSED || (mine && !f->incoming))
    over(f, j->reason ? gw_cause_from_jingle(j->reason) : GW_CAUSE_REJECTED);
}

static void retract_in(gw_flavour *f) {
  if (!f->incoming || (f->phase != NEW && f->phase != RINGING && f->phase != PROCEEDED)) return;
  if (f->offer) terminate(f, "cancel");
  over(f, GW_CAUSE_CANCELLED);
}

static void finish_in(gw_flavour *f, const gw_word *w) {
  if (!f->device || !gw_jid_same(w->from, f->device)) return; /* one of his other devices */
  if (in_session(f)) terminate(f, "success");
  finish(f, "success");
  over(f, w->u.jmi.reason ? gw_cause_from_jingle(w->u.jmi.reason) : GW_CAUSE_NORMAL);
}

static void jmi_in(gw_flavour *f, const gw_word *w) {
  const gw_jmi *j = &w->u.jmi;
  const gboolean ours = f->jmi && !g_strcmp0(j->id, f->id);
  if (w->historic || !gw_jid_same_bare(w->from, f->bare)) {
    f->ignored++;
    return;
  }
  if (j->action == GW_JMI_PROPOSE) {
    if (!ours) propose_in(f, w);
    return;
  }
  if (!ours) return;
  if (j->action == GW_JMI_RINGING && f->phase == PROPOSED)
    gw_fl_tell(&f->common, GW_CALL_RINGING, GW_CAUSE_NONE, NULL);
  else if (j->action == GW_JMI_PROCEED)
    proceed_in(f, w);
  else if (j->action == GW_JMI_REJECT)
    reject_in(f, w);
  else if (j->action == GW_JMI_RETRACT)
    retract_in(f);
  else if (j->action == GW_JMI_FINISH)
    finish_in(f, w);
  else if (j->action == GW_JMI_ERROR && f->phase == PROPOSED)
    f->bounced = gw_cause_from_condition(j->error, GW_CAUSE_PEER_GONE);
}

/* --- our phone --- */

static void pick_up(gw_flavour *f) {
  f->taken = TRUE;
  if (f->offer) {
    answer_offer(f);
    return;
  }
  if (f->jmi) jmi(f, GW_JMI_PROCEED, f->device, NULL);
  enter(f, PROCEEDED, GW_DC_INITIATE);
}

static void start(gw_flavour *f) {
  if (f->phase == RINGING || (f->phase == NEW && f->incoming)) {
    pick_up(f);
  } else if (f->phase == NEW) {
    f->id = gw_ids_uuid(f->ids);
    if (!f->jmi) {
      begin_offer(f);
      return;
    }
    jmi(f, GW_JMI_PROPOSE, f->bare, NULL);
    enter(f, PROPOSED, f->ring_us);
  }
}

static void phone_rings(gw_flavour *f) {
  if (f->phase != RINGING || f->rang) return;
  f->rang = TRUE;
  if (f->offer)
    info(f, GW_INFO_RINGING, NULL);
  else if (f->jmi)
    jmi(f, GW_JMI_RINGING, f->device, NULL);
}

/* A hang-up before anybody spoke is a call given up, or declined. */
static const char *reason_of_stop(const gw_flavour *f, gw_cause cause) {
  if (cause != GW_CAUSE_NORMAL || f->phase == ACTIVE) return gw_cause_jingle(cause);
  return f->phase == RINGING ? "decline" : "cancel";
}

static void stop(gw_flavour *f, gw_cause cause) {
  end(f, reason_of_stop(f, cause), cause);
}

static void on_state(gw_flavour *f, void *session, gw_fl_peer_state state, gw_cause cause) {
  gw_dp_branch *b = gw_dp_of_session(f->plain, session);
  if (b) {
    if (state == GW_PEER_FAILED) gw_dp_drop(&f->common, f->plain, b, "general-error");
  } else if (state == GW_PEER_UP && f->phase == ACTIVE) {
    f->s.up = TRUE;
    f->due = GW_NEVER;
  } else if (state == GW_PEER_FAILED) {
    if (!cause) cause = GW_CAUSE_ICE_FAILED;
    end(f, gw_cause_jingle(cause), cause);
  }
}

static void held(gw_flavour *f, gboolean on) {
  f->on_hold = on;
  show(f);
}

static void on_word(gw_flavour *f, const gw_word *w) {
  if (w->kind == GW_WORD_JMI)
    jmi_in(f, w);
  else if (w->kind == GW_WORD_JINGLE)
    jingle_in(f, w);
}

/* The sound goes on, and nothing is lost but time: the server of the other side keeps what he says for nobody. */
static void stream_down(gw_flavour *f) {}

static void stream_up(gw_flavour *f, gint64 away) {
  gw_fl_say_held(&f->common, NULL);
  gw_fl_shift(&f->due, away);
}

static void no_room(gw_flavour *f, const gw_fl_occupant *who) {}

/* --- time --- */

static void due(gw_flavour *f) {
  const gboolean heard = f->told == GW_CALL_RINGING;
  if (f->phase == PROPOSED && f->bounced && !f->plain->len)
    over(f, f->bounced); /* nobody is left who could take it */
  if (f->frozen || f->now < f->due) return;
  switch (f->phase) {
  case PROPOSED: /* nothing rang: he is not there */
    end(f, "cancel", heard ? GW_CAUSE_TIMEOUT : GW_CAUSE_PEER_GONE);
    break;
  case OFFERED:
  case PROCEEDED:
    end(f, "timeout", GW_CAUSE_TIMEOUT);
    break;
  case OPENING:
  case ANSWERING:
    end(f, "general-error", GW_CAUSE_INTERNAL);
    break;
  case ACTIVE:
    end(f, "connectivity-error", GW_CAUSE_ICE_FAILED);
    break;
  default:
    f->due = GW_NEVER;
  }
}

/* --- handed on --- */

gboolean gw_direct_running(const gw_flavour *f, gw_fl_running *ret, gboolean *ret_held) {
  const gw_fl_session *s = &f->s;
  if (f->phase != ACTIVE || !s->up || f->frozen) return FALSE;
  *ret_held = f->his_hold;
  *ret = (gw_fl_running){s->peer, s->offerer, s->jid, s->sid, s->mid, s->ufrag, s->pwd};
  return TRUE;
}

/* --- the class --- */

static gboolean is_done(const gw_flavour *f) {
  return f->phase == DONE;
}

static gboolean look(const gw_flavour *f, gboolean *ret_up, gboolean *ret_busy) {
  *ret_up = f->s.up;
  *ret_busy = TRUE;
  return f->taken && f->phase != DONE;
}

static const gw_fl_table table = {.start = start,
                                  .stop = stop,
                                  .occupant = no_room,
                                  .word = on_word,
                                  .down = stream_down,
                                  .up = stream_up,
                                  .muted = show,
                                  .held = held,
                                  .ringing = phone_rings,
                                  .device = device_in,
                                  .find = find_peer,
                                  .state = on_state,
                                  .local = on_local,
                                  .candidate = on_candidate,
                                  .due = due,
                                  .done = is_done,
                                  .look = look};

static void direct_step(gw_flavour *f, const gw_ev *ev, gint64 now, gw_actions *ret) {
  gw_fl_step(f, &table, ev, now, ret);
}

static gw_flavour *direct_make(const gw_flavour_params *p) {
  gw_flavour *f = g_new0(gw_flavour, 1);
  gw_fl_common_init(&f->common, p);
  gw_fl_session_init(&f->s);
  f->plain = gw_dp_new();
  f->bare = gw_jid_bare(p->peer);
  f->incoming = p->incoming;
  f->jmi = p->incoming ? p->sid != NULL : !gw_jid_resource(p->peer);
  f->id = g_strdup(p->sid);
  if (!f->jmi || p->incoming) f->device = gw_jid_normal(p->peer);
  f->ring_us = p->ring_us;
  f->due = GW_NEVER;
  f->phase = p->incoming && p->sid ? RINGING : NEW;
  return f;
}

static void direct_free(gw_flavour *f) {
  if (!f) return;
  gw_fl_common_clear(&f->common);
  gw_fl_session_clear(&f->s);
  g_ptr_array_unref(f->plain);
  gw_word_free(f->offer);
  g_free(f->bare);
  g_free(f->device);
  g_free(f->id);
  g_free(f);
}

static gint64 direct_deadline(const gw_flavour *f) {
  return f->frozen ? GW_NEVER : f->due;
}

static int never_in_a_room(const gw_room_facts *facts) {
  return 0;
}

static const char *const features[] = {"urn:xmpp:jingle-message:0", NULL};

const gw_flavour_class gw_flavour_direct = {.name = "direct",
                                            .features = features,
                                            .probe = never_in_a_room,
                                            .make = direct_make,
                                            .step = direct_step,
                                            .deadline = direct_deadline,
                                            .free = direct_free};
