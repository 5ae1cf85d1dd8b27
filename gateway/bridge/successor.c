/* successor.c - another dialog takes the place of a call's own: an INVITE with Replaces (RFC 3891) of the same phone, or a
 * call of it that a transfer names. The seat in the room stays as it is. The new leg stands in the room beside the old one
 * until its sound has come and its buffer is filled; then it inherits the peers, and the old dialog is let go. */
#include <string.h>
#include "gateway/bridge/private.h"

#define SETUP_US GW_SEC(5)    /* for its media to be made, or moved here; and for the answer to our offer */
#define SOUND_US GW_MS(1500)  /* from our answer to its first packet; then it goes on without */
#define FILLING_US GW_MS(120) /* from its first packet until its jitter buffer plays */

struct gw_successor {
  gw_call *call;
  gw_call_end end; /* end.agreed: it is up, as far as SIP goes */
  gboolean sounds;
  gboolean moved; /* it was a call of its own before */
  gboolean alone; /* the old dialog has ended meanwhile: the call ends when this one comes to nothing */
  gw_timer *timer;
};

gboolean gw_successor_is(const gw_call *c, const gw_sip_call *sip) {
  return c->successor && c->successor->end.sip == sip;
}

gboolean gw_successor_is_leg(const gw_call *c, gw_handle leg) {
  return c->successor && gw_handle_is(c->successor->end.leg, leg);
}

static void end_clear(gw_call_end *e) {
  gw_desc_free(e->offer);
  gw_desc_free(e->caps);
  gw_desc_free(e->agreed);
  g_free(e->hint);
  *e = (gw_call_end){0};
}

static void release(gw_sip_call *sip, gw_cause cause) {
  if (!sip) return;
  gw_sip_call_set_user_data(sip, NULL);
  if (cause) gw_sip_call_hangup(sip, cause);
  gw_sip_call_unref(sip);
}

/* It came to nothing; the call goes on as it was. */
static void drop(gw_call *c, gw_cause cause) {
  gw_successor *n = g_steal_pointer(&c->successor);
  if (!n) return;
  release(g_steal_pointer(&n->end.sip), cause);
  if (n->alone)
    gw_call_post(c, &(gw_ce){.type = GW_CE_SIP_ENDED, .cause = cause ? cause : GW_CAUSE_PEER_GONE});
  if (n->end.leg.v) gw_bridge_disown(c->bridge, n->end.leg);
  gw_timer_free(n->timer);
  end_clear(&n->end);
  g_free(n);
}

void gw_successor_drop(gw_call *c, gw_cause cause) {
  drop(c, cause ? cause : GW_CAUSE_PEER_GONE);
}

static void step_in(gw_call *c) {
  gw_successor *n = g_steal_pointer(&c->successor);
  gw_media *media = c->bridge->media;
  gw_handle old = c->leg;
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_media_inherit(media, n->end.leg, old);
  gw_bridge_disown(c->bridge, old);
  c->leg = GW_HANDLE_NONE;
  release(g_steal_pointer(&c->sip), GW_CAUSE_ALTERNATIVE);
  gw_call_take_end(c, &n->end);
  gw_info(&ctx, "call-taken-over", "sound=%d", n->sounds);
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "another dialog took over");
  gw_call_hop(c, "taken-over");
  gw_attendant_tell(c->attendant,
                    &(gw_ie){.type = GW_IE_PLAYED}); /* what was being said went with the leg */
  if (n->moved) gw_sip_call_refer_progress(c->sip, 200);
  gw_timer_free(n->timer);
  end_clear(&n->end);
  g_free(n);
}

static void on_timer(void *user) {
  gw_successor *n = user;
  gw_call *c = n->call;
  gw_log_ctx ctx = gw_call_ctx(c);
  if (n->end.agreed) {
    step_in(c);
    return;
  }
  gw_warn(&ctx, "takeover-failed", "why=%s", n->end.caps ? "no answer to our offer" : "no media in time");
  drop(c, GW_CAUSE_OVERLOAD);
}

static gw_successor *successor_new(gw_call *c, gw_sip_call *sip) {
  gw_successor *n = g_new0(gw_successor, 1);
  n->call = c;
  n->end.sip = gw_sip_call_ref(sip);
  n->timer = gw_timer_new(c->bridge->ctx, on_timer, n);
  gw_timer_set(n->timer, gw_now_us() + SETUP_US);
  gw_sip_call_set_user_data(sip, c);
  c->successor = n;
  return n;
}

/* NULL: the call can be taken over now. */
static const char *objection(const gw_call *c) {
  if (c->machine.state < GW_CS_WAITING || c->machine.state > GW_CS_TALKING || !c->seat)
    return "it is in no room";
  if (c->successor || c->transfer || c->moving) return "it is being moved already";
  return NULL;
}

static void refuse(gw_call *c, gw_sip_call *sip, gw_cause cause, const char *why) {
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_warn(&ctx, "call-refused", "replaces=1 cause=%s why=%s", gw_cause_word(cause), why);
  gw_sip_call_hangup(sip, cause);
}

void gw_successor_invited(gw_call *c, gw_sip_call *sip, const gw_sip_invite *i) {
  gw_transfer_supersede(c);
  const char *why = objection(c);
  gboolean secure = gw_sip_call_secure(sip);
  if (why || (c->srtp == GW_SDES_REQUIRED && !secure)) {
    refuse(c, sip, why ? GW_CAUSE_BUSY : GW_CAUSE_FORBIDDEN, why ? why : "srtp needs tls");
    return;
  }
  gw_successor *n = successor_new(c, sip);
  n->end.hint = gw_host_of_source(i->source);
  n->end.offer = i->offer ? gw_desc_copy(i->offer) : NULL;
  gw_leg_params params = {.remote_hint = n->end.hint,
                          .codecs = (const char *const *)c->bridge->conf->codecs,
                          .srtp = secure ? c->srtp : GW_SDES_OFF};
  n->end.leg = gw_media_leg(c->bridge->media, c->conference->room, &params);
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_IN, NULL, "INVITE that replaces");
  if (n->end.leg.v)
    gw_bridge_own(c->bridge, n->end.leg, c, NULL, 0);
  else
    drop(c, GW_CAUSE_OVERLOAD);
}

void gw_successor_adopt(gw_call *c, gw_call *from) {
  gw_leg_params params;
  if (!gw_call_leg_params(from, &params)) return;
  gw_handle old = from->leg;
  gw_transfer_supersede(c);
  gw_handle leg = objection(c) || !from->offer
                      ? GW_HANDLE_NONE
                      : gw_media_move(c->bridge->media, old, c->conference->room, &params);
  if (!leg.v) {
    gw_sip_call_refer_progress(from->sip, 480);
    return;
  }
  gw_successor *n = successor_new(c, from->sip);
  n->moved = TRUE;
  n->end.leg = leg;
  n->end.hint = g_strdup(from->remote_hint);
  n->end.offer = gw_desc_copy(from->offer);
  gw_bridge_disown(c->bridge, old);
  gw_bridge_own(c->bridge, leg, c, NULL, 0);
  from->leg = GW_HANDLE_NONE;
  g_clear_pointer(&from->sip, gw_sip_call_unref);
  gw_call_trace(from, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "goes on as call %s", c->id);
  gw_call_post(from, &(gw_ce){.type = GW_CE_SIP_ENDED, .cause = GW_CAUSE_ALTERNATIVE});
}

void gw_successor_sip_state(gw_call *c, gw_sip_state state) {
  if (state == GW_SIP_ENDED) drop(c, GW_CAUSE_NONE);
}

static void stamp(gw_call *c, gw_desc *d) {
  d->session_id = c->session_id;
  d->version = ++c->version;
}

/* What the phone sent, and what we have, have something in common. FALSE: they have not, and it is dropped. */
static gboolean agree(gw_call *c) {
  gw_successor *n = c->successor;
  gw_cause why = GW_CAUSE_INTERNAL;
  if (!gw_desc_answer(n->end.offer, n->end.caps, TRUE, &n->end.agreed, &why)) {
    refuse(c, n->end.sip, why, "nothing in common");
    drop(c, why);
    return FALSE;
  }
  stamp(c, n->end.agreed);
  return TRUE;
}

/* It is up: with its first sound it takes over, or at once when nobody else is left. */
static void begin(gw_call *c) {
  gw_successor *n = c->successor;
  gw_media_leg_remote(c->bridge->media, n->end.leg, n->end.offer, n->end.agreed);
  gw_timer_set(n->timer, gw_now_us() + SOUND_US);
  if (n->alone) step_in(c);
}

/* RFC 3261 13.2.1: who makes no offer gets ours. */
static void offer(gw_call *c) {
  gw_successor *n = c->successor;
  g_autoptr(gw_desc) ours = gw_desc_copy(n->end.caps);
  stamp(c, ours);
  gw_sip_call_answer(n->end.sip, ours);
  gw_timer_set(n->timer, gw_now_us() + SETUP_US);
}

void gw_successor_leg_desc(gw_call *c, const gw_desc *d) {
  gw_successor *n = c->successor;
  n->end.caps = gw_desc_copy(d);
  if (!n->end.offer) {
    offer(c);
  } else if (agree(c)) {
    if (n->moved) { /* nothing changes in SIP */
      step_in(c);
      return;
    }
    gw_sip_call_answer(n->end.sip, n->end.agreed);
    begin(c);
  }
}

void gw_successor_sip_remote(gw_call *c, const gw_desc *answer) {
  gw_successor *n = c->successor;
  if (n->end.offer || !n->end.caps) return;
  n->end.offer = gw_desc_copy(answer);
  if (agree(c)) begin(c);
}

void gw_successor_leg_state(gw_call *c, gw_media_state state) {
  gw_successor *n = c->successor;
  if (state == GW_MS_FAILED) {
    drop(c, GW_CAUSE_OVERLOAD);
  } else if (state == GW_MS_UP && n->end.agreed && !n->sounds) {
    n->sounds = TRUE;
    gw_timer_set(n->timer, gw_now_us() + FILLING_US);
  }
}

gboolean gw_successor_steps_in(gw_call *c) {
  if (!c->successor || c->machine.state >= GW_CS_CLOSING) return FALSE;
  release(g_steal_pointer(&c->sip), GW_CAUSE_NONE);
  c->successor->alone = TRUE;
  if (c->successor->end.agreed) step_in(c);
  return TRUE;
}
