#include <string.h>
#include "gateway/bridge/private.h"

#define ENDED_KEPT 10 /* calls answered from memory after their end; all of them are in the store */

gw_log_ctx gw_call_ctx(const gw_call *c) {
  return (gw_log_ctx){.call = c->id, .room = c->conference ? c->conference->conf->room : NULL};
}

void gw_call_hop(gw_call *c, const char *event) {
  for (guint i = 0; i < c->hops->len; i++)
    if (!strcmp(((gw_hop *)c->hops->pdata[i])->event, event)) return;
  gw_hop *h = g_new0(gw_hop, 1);
  gw_log_ctx ctx = gw_call_ctx(c);
  h->event = g_strdup(event);
  h->ms = (gw_now_us() - c->began_us + 500) / 1000;
  g_ptr_array_add(c->hops, h);
  gw_info(&ctx, "hop", "event=%s ms=%" G_GINT64_FORMAT, event, h->ms);
}

void gw_call_trace(gw_call *c, gw_lane lane, gw_trace_dir dir, const char *who, const char *fmt,
                   ...) {
  va_list args;
  va_start(args, fmt);
  g_autofree char *text = g_strdup_vprintf(fmt, args);
  va_end(args);
  gw_trace_add(c->trace, (gw_now_us() - c->began_us + 500) / 1000, lane, dir, who, text);
}

static void trace_sip(gw_call *c, gw_trace_dir dir, const char *what, const gw_desc *d) {
  const gw_desc_media *audio = d ? gw_desc_audio(d) : NULL;
  g_autoptr(GString) codecs = g_string_new(NULL);
  for (guint i = 0; audio && i < audio->codecs->len; i++)
    g_string_append_printf(codecs, " %s", g_array_index(audio->codecs, gw_codec, i).name);
  gw_call_trace(c, GW_LANE_SIP, dir, NULL, "%s%s%s", what, codecs->len ? ":" : "", codecs->str);
}

/* --- descriptions --- */

/* Our side as media made it, with a version of its own at each offer or answer (RFC 3264 8). */
static void stamp(gw_call *c, gw_desc *d) {
  d->session_id = c->session_id;
  d->version = ++c->version;
}

static void use_agreed(gw_call *c, const gw_desc *remote, const gw_desc *agreed) {
  gw_call_srtp_agreed(c, agreed);
  const gw_desc_media *audio = gw_desc_audio(agreed);
  if (audio && audio->codecs->len) {
    g_free(c->codec);
    c->codec = g_strdup(g_array_index(audio->codecs, gw_codec, 0).name);
  }
  gw_media_leg_remote(c->bridge->media, c->leg, remote, agreed);
}

static void apply_mute(gw_call *c) {
  gboolean silent = c->muted || c->held || c->asked;
  gw_media_mute(c->bridge->media, c->leg, silent);
  if (c->seat && c->held) gw_seat_step(c->seat, &(gw_ev){.type = GW_EV_HELD, .u.flag = TRUE});
  if (c->seat) gw_seat_mute(c->seat, silent);
  if (c->seat && !c->held) gw_seat_step(c->seat, &(gw_ev){.type = GW_EV_HELD, .u.flag = FALSE});
}

/* Hold by every form: sendonly, inactive, c=0.0.0.0 (RFC 3264 8.4, RFC 2543 B.5). What the phone
 * then plays, its hold music, must not come into the call. */
static void set_held(gw_call *c, const gw_desc *remote) {
  const gw_desc_media *audio = gw_desc_audio(remote);
  gboolean held = audio && (!(audio->dir & GW_DIR_RECVONLY) || !strcmp(audio->addr, "0.0.0.0"));
  if (held == c->held) return;
  gw_log_ctx ctx = gw_call_ctx(c);
  c->held = held;
  gw_call_trace(c, GW_LANE_MEDIA, GW_TRACE_NOTE, NULL, held ? "on hold" : "off hold");
  gw_info(&ctx, "hold", "on=%d", held);
  apply_mute(c);
  if (!held) gw_transfer_unheld(c);
}

static gboolean answer_to(gw_call *c, const gw_desc *offer, gw_desc **ret) {
  gw_cause why = GW_CAUSE_INTERNAL;
  gw_log_ctx ctx = gw_call_ctx(c);
  if (gw_desc_answer(offer, c->leg_caps, TRUE, ret, &why)) return TRUE;
  gw_warn(&ctx, "offer-refused", "cause=%s", gw_cause_word(why));
  return FALSE;
}

/* Muted and raised hand as the room sees them, beside what the flavour says of a mute. */
static void show_status(gw_call *c) {
  const char *text = c->muted && c->hand ? "muted, hand raised"
                     : c->muted          ? "muted"
                     : c->hand           ? "hand raised"
                                         : NULL;
  if (!c->seat || !g_strcmp0(text, c->status)) return;
  c->status = text;
  gw_seat_set_status(c->seat, text);
}

/* --- actions --- */

gboolean gw_call_leg_params(gw_call *c, gw_leg_params *ret) {
  *ret = (gw_leg_params){.remote_hint = c->remote_hint,
                         .codecs = (const char *const *)c->bridge->conf->codecs};
  gw_dial_in_leg(c, ret);
  if (gw_call_srtp_params(c, ret)) return TRUE;
  gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_FORBIDDEN});
  return FALSE;
}

static void own_leg(gw_call *c) {
  if (c->leg.v)
    gw_bridge_own(c->bridge, c->leg, c, NULL, 0);
  else
    gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_OVERLOAD});
}

static void make_leg(gw_call *c) {
  gw_media *media = c->bridge->media;
  gw_leg_params params;
  gw_handle room = GW_HANDLE_NONE;
  if (!gw_call_leg_params(c, &params)) return;
  if (c->machine.aside || !c->conference)
    room = c->lobby = gw_media_room(media);
  else if (gw_conference_take_room(c->conference))
    room = c->conference->room;
  if (room.v) c->leg = gw_media_leg(media, room, &params);
  own_leg(c);
}

static void close_lobby(gw_call *c) {
  if (c->lobby.v) gw_media_close(c->bridge->media, c->lobby);
  c->lobby = GW_HANDLE_NONE;
}

/* Who has not been let in yet neither hears the room nor is heard: until now the leg was by itself. */
void gw_call_move_leg(gw_call *c) {
  gw_leg_params params;
  gw_handle old = c->leg, there = GW_HANDLE_NONE;
  if (!gw_call_leg_params(c, &params)) return;
  if (gw_conference_take_room(c->conference))
    there = gw_media_move(c->bridge->media, old, c->conference->room, &params);
  if (!there.v) { /* it stays where it is, and goes with the call */
    gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_OVERLOAD});
    return;
  }
  gw_bridge_disown(c->bridge, old);
  close_lobby(c);
  c->leg = there;
  c->moving = TRUE;
  own_leg(c);
}

/* Whoever is not let in hears nobody in the room, and is not heard there. */
static void retreat(gw_call *c) {
  gw_leg_params params;
  gw_handle old = c->leg;
  if (!gw_call_leg_params(c, &params)) return;
  c->lobby = gw_media_room(c->bridge->media);
  c->leg = c->lobby.v ? gw_media_move(c->bridge->media, old, c->lobby, &params) : GW_HANDLE_NONE;
  gw_bridge_disown(c->bridge, old);
  own_leg(c);
}

/* 183 with our answer: the caller hears why before it is refused. */
static void answer_early(gw_call *c) {
  g_autoptr(gw_desc) d = NULL;
  if (!c->sip || !answer_to(c, c->offer, &d)) {
    gw_call_post(c, &(gw_ce){.type = GW_CE_SPOKEN});
    return;
  }
  stamp(c, d);
  gw_sip_call_progress(c->sip, d);
  trace_sip(c, GW_TRACE_OUT, "183 Session Progress", d);
  use_agreed(c, c->offer, d);
}

void gw_call_reoffer(gw_call *c, gw_desc *offer) {
  stamp(c, offer);
  trace_sip(c, GW_TRACE_OUT, "new offer", offer);
  gw_sip_call_reinvite(c->sip, offer);
}

static void dial(gw_call *c) {
  gw_cause why = GW_CAUSE_NONE;
  g_autoptr(gw_desc) offer = gw_desc_copy(c->leg_caps);
  stamp(c, offer);
  c->offer_is_ours = TRUE;
  g_autofree char *what = c->away ? g_strdup_printf("INVITE by trunk %s", c->trunk) : g_strdup("INVITE");
  trace_sip(c, GW_TRACE_OUT, what, offer);
  c->sip = c->away      ? gw_call_dial_trunk(c, offer, &why)
           : c->dial_in ? gw_dial_in_call(c, offer, &why)
                        : gw_sip_dial_phone(c->bridge->sip, c->phone, c->number,
                                            c->conference->conf->room, offer, &why);
  if (c->sip)
    gw_sip_call_set_user_data(c->sip, c);
  else if (!gw_call_next_trunk(c, why, 0))
    gw_call_post(c, &(gw_ce){.type = GW_CE_SIP_ENDED, .cause = why});
}

static void answer(gw_call *c) {
  g_autoptr(gw_desc) d = NULL;
  if (!c->sip) return; /* given up meanwhile: the event that says so is the next one */
  if (c->offer && !answer_to(c, c->offer, &d)) {
    gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NO_CODEC});
    return;
  }
  c->offer_is_ours = !c->offer;
  if (!d) d = gw_desc_copy(c->leg_caps);
  stamp(c, d);
  gw_sip_call_answer(c->sip, d);
  trace_sip(c, GW_TRACE_OUT, "200 OK", d);
  gw_call_hop(c, "answered");
  if (!c->offer) return;
  use_agreed(c, c->offer, d);
  set_held(c, c->offer);
}

/* The figures are taken while the room still stands: leaving it may close its media. */
static void leave(gw_call *c) {
  if (c->leg.v) c->have_last_stats = gw_media_get_stats(c->bridge->media, c->leg, &c->last_stats);
  if (!c->seat) return;
  c->last_nick = g_strdup(gw_seat_nick(c->seat));
  g_clear_pointer(&c->seat, gw_seat_free);
}

static void close_media(gw_call *c) {
  if (c->leg.v) gw_bridge_disown(c->bridge, c->leg);
  c->leg = GW_HANDLE_NONE;
  close_lobby(c);
}

static void release_sip(gw_call *c, gw_cause cause) {
  gw_successor_drop(c, c->machine.cause);
  if (!c->sip) return;
  const guint status = gw_cause_sip(cause);
  if (!c->machine.sip_up) c->sip_status = status;
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_OUT, NULL, c->machine.sip_up ? "hang-up: %s" : "hang-up: %s (%u before an answer)",
                gw_cause_word(cause), status);
  gw_sip_call_hangup(c->sip, cause);
}

static void record(gw_call *c) {
  gw_bridge *b = c->bridge;
  gw_log_ctx ctx = gw_call_ctx(c);
  c->ended_wall_us = gw_wall_us();
  gw_info(&ctx, "call-ended", "cause=%s seconds=%" G_GINT64_FORMAT, gw_cause_word(c->machine.cause),
          (gw_now_us() - c->began_us) / G_USEC_PER_SEC);
  gw_call_info *info = gw_call_info_of(c);
  g_autofree char *json = gw_call_record_json(info);
  gw_call_count(&b->counters, info);
  if (b->store.record) b->store.record(c->id, json, c->since_wall_us, b->store_user);
  g_queue_push_head(&b->ended, info);
  if (b->ended.length > ENDED_KEPT) gw_call_info_free(g_queue_pop_tail(&b->ended));
}

void gw_call_enter(gw_call *c) {
  gw_seat_start(c->seat);
  show_status(c);
  gw_attendant_inside(c->attendant);
}

static void run(gw_call *c, const gw_ca *a) {
  switch (a->type) {
  case GW_CA_MAKE_LEG:
    make_leg(c);
    break;
  case GW_CA_RENEW_LEG:
    close_media(c);
    make_leg(c);
    break;
  case GW_CA_RINGING:
    if (!c->sip) break;
    trace_sip(c, GW_TRACE_OUT, "180 Ringing", NULL);
    gw_sip_call_ringing(c->sip);
    break;
  case GW_CA_DIAL:
    dial(c);
    break;
  case GW_CA_JOIN:
    if (!c->seat) c->seat = gw_seat_new(c, c->conference, c->room_conf);
    if (c->machine.direct) gw_direct_begin(c);
    break;
  case GW_CA_ANSWER:
    answer(c);
    break;
  case GW_CA_ASK:
    gw_call_hop(c, "asked");
    gw_attendant_ask(c->attendant, c->room_conf);
    break;
  case GW_CA_MOVE:
    gw_call_move_leg(c);
    break;
  case GW_CA_RETREAT:
    retreat(c);
    break;
  case GW_CA_EARLY:
    answer_early(c);
    break;
  case GW_CA_WAIT:
    gw_attendant_tell(c->attendant, &(gw_ie){.type = GW_IE_WAIT});
    break;
  case GW_CA_SAY:
    gw_media_retire(c->bridge->media, c->leg); /* the room is through with him, and he with it: our other phones, too */
    gw_attendant_tell(c->attendant, &(gw_ie){.type = GW_IE_END, .cause = a->cause});
    break;
  case GW_CA_FLAVOUR_START:
    gw_call_enter(c);
    break;
  case GW_CA_FLAVOUR_STOP:
    gw_seat_stop(c->seat, a->cause);
    break;
  case GW_CA_SIP_HANGUP:
    release_sip(c, a->cause);
    break;
  case GW_CA_LEAVE:
    leave(c);
    break;
  case GW_CA_CLOSE_MEDIA:
    close_media(c);
    break;
  case GW_CA_RECORD:
    record(c);
    gw_invite_over(c);
    break;
  case GW_CA_GONE:
    c->gone = TRUE;
    break;
  }
}

static void step(gw_call *c, const gw_ce *e) {
  gw_ca actions[GW_CA_MAX];
  gw_call_state before = c->machine.state;
  guint n = gw_call_machine_step(&c->machine, e, gw_now_us(), actions);
  if (c->machine.state != before) {
    gw_log_ctx ctx = gw_call_ctx(c);
    gw_info(&ctx, "call-state", "state=%s", gw_call_state_word(c->machine.state));
    gw_bridge_phone_changed(c->bridge, c->phone);
  }
  for (guint i = 0; i < n; i++)
    run(c, &actions[i]);
  gw_attendant_company(c->attendant);
  gw_coin_changed(c);
  gw_transfer_watch(c);
}

static void step_all(void *user) {
  gw_call *c = user;
  for (guint i = 0; i < c->pending->len; i++) {
    gw_ce e = g_array_index(c->pending, gw_ce, i);
    step(c, &e);
  }
  g_array_set_size(c->pending, 0);
  if (!c->gone) {
    gw_timer_set(c->timer, gw_call_machine_deadline(&c->machine));
    return;
  }
  gw_conference *conference = c->conference;
  gw_bridge *b = c->bridge;
  g_ptr_array_remove(b->calls, c); /* frees it */
  if (conference) gw_conference_changed(conference);
  gw_bridge_drop_rooms(b);
  if (b->stopped && !b->calls->len) gw_timer_set(b->stop_timer, 0);
}

void gw_call_post(gw_call *c, const gw_ce *e) {
  g_array_append_val(c->pending, *e);
  gw_timer_set(c->soon, 0);
}

static void on_deadline(void *user) {
  gw_call_post(user, &(gw_ce){.type = GW_CE_TICK});
}

/* --- from SIP and media --- */

void gw_call_sip_state(gw_call *c, gw_sip_state state, gw_cause cause, guint status) {
  gw_log_ctx ctx = gw_call_ctx(c);
  if (state == GW_SIP_RINGING && c->machine.out) {
    gw_call_trace(c, GW_LANE_SIP, GW_TRACE_IN, NULL, "%u Ringing", status ? status : 180);
    gw_call_hop(c, "ringing");
    c->rang |= status != 183; /* which may be an announcement of the trunk itself */
    if (c->seat) gw_seat_step(c->seat, &(gw_ev){.type = GW_EV_RINGING});
  }
  if (state == GW_SIP_ANSWERED && c->machine.out) {
    trace_sip(c, GW_TRACE_IN, "200 OK", c->offer);
    gw_call_hop(c, "answered");
    gw_call_invite_answered(c);
    gw_call_post(c, &(gw_ce){.type = GW_CE_SIP_ANSWERED});
  }
  if (state != GW_SIP_ENDED || gw_successor_steps_in(c)) return;
  gw_successor_drop(c, cause);
  g_free(c->sip_reason);
  c->sip_reason = g_strdup(gw_sip_call_reason(c->sip));
  if (!c->sip_status) c->sip_status = status;
  gw_call_trace(c, GW_LANE_SIP, GW_TRACE_IN, NULL, status ? "ended: %s, %u" : "ended: %s",
                gw_cause_word(cause), status);
  if (c->sip_reason)
    gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "reason: %s", c->sip_reason);
  gw_info(&ctx, "sip-ended", "cause=%s status=%u", gw_cause_word(cause), status);
  gw_sip_call_set_user_data(c->sip, NULL);
  g_clear_pointer(&c->sip, gw_sip_call_unref);
  if (gw_call_next_trunk(c, cause, status)) return;
  gw_call_post(c, &(gw_ce){.type = GW_CE_SIP_ENDED, .cause = cause});
}

void gw_call_sip_remote(gw_call *c, const gw_desc *d, gboolean is_offer) {
  g_autoptr(gw_desc) agreed = NULL;
  trace_sip(c, GW_TRACE_IN, is_offer ? "new offer" : "answer", d);
  if (!is_offer) gw_call_srtp_answered(c);
  if (!c->leg_caps || !answer_to(c, d, &agreed)) {
    if (is_offer)
      gw_sip_call_refuse_offer(c->sip, GW_CAUSE_NO_CODEC);
    else
      gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NO_CODEC});
    return;
  }
  stamp(c, agreed);
  if (is_offer) gw_sip_call_answer(c->sip, agreed);
  gw_desc_free(c->offer);
  c->offer = gw_desc_copy(d);
  use_agreed(c, d, agreed);
  set_held(c, d);
}

void gw_call_take_end(gw_call *c, gw_call_end *e) {
  g_assert(!c->sip && !c->leg.v);
  c->sip = g_steal_pointer(&e->sip);
  c->leg = e->leg;
  gw_desc_free(c->offer);
  gw_desc_free(c->leg_caps);
  g_free(c->remote_hint);
  c->offer = g_steal_pointer(&e->offer);
  c->leg_caps = g_steal_pointer(&e->caps);
  c->remote_hint = g_steal_pointer(&e->hint);
  c->encrypted = FALSE;
  use_agreed(c, c->offer, e->agreed);
  c->held = FALSE;
  set_held(c, c->offer);
  apply_mute(c);
}

/* The leg has moved: what was agreed with the phone still holds. */
static void go_on(gw_call *c) {
  g_autoptr(gw_desc) agreed = NULL;
  if (c->offer && answer_to(c, c->offer, &agreed)) {
    use_agreed(c, c->offer, agreed);
    if (c->muted || c->held) apply_mute(c);
  }
  c->moving = FALSE;
  gw_attendant_leg_ready(c->attendant);
  gw_transfer_leg_ready(c);
  gw_call_post(c, &(gw_ce){.type = GW_CE_LEG_READY});
}

void gw_call_leg_desc(gw_call *c, const gw_desc *d) {
  gw_desc_free(c->leg_caps);
  c->leg_caps = gw_desc_copy(d);
  if (c->moving) {
    go_on(c);
    return;
  }
  if (c->offer) { /* known now already: a codec mismatch is told before anything is joined or rung
                   */
    g_autoptr(gw_desc) probe = NULL;
    if (!answer_to(c, c->offer, &probe)) {
      gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_NO_CODEC});
      return;
    }
  }
  gw_call_post(c, &(gw_ce){.type = GW_CE_LEG_READY});
}

void gw_call_leg_state(gw_call *c, gw_media_state state, gw_cause cause) {
  if (state == GW_MS_UP) {
    gw_call_trace(c, GW_LANE_MEDIA, GW_TRACE_IN, NULL, "first RTP");
    gw_call_hop(c, "phone-rtp");
  }
  if (state != GW_MS_FAILED) return;
  gw_call_trace(c, GW_LANE_MEDIA, GW_TRACE_NOTE, NULL, "failed: %s", gw_cause_word(cause));
  gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = cause});
}

void gw_call_set_muted(gw_call *c, gboolean on) {
  if (c->muted == on) return;
  c->muted = on;
  gw_call_trace(c, GW_LANE_MEDIA, GW_TRACE_NOTE, NULL, on ? "muted" : "heard again");
  apply_mute(c);
  show_status(c);
  gw_attendant_tell(c->attendant, &(gw_ie){.type = GW_IE_MUTED, .flag = on});
}

void gw_call_set_asked(gw_call *c, gboolean on) {
  if (c->asked == on) return;
  c->asked = on;
  apply_mute(c);
}

void gw_call_set_hand(gw_call *c, gboolean on) {
  c->hand = on;
  show_status(c);
  gw_attendant_tell(c->attendant, &(gw_ie){.type = GW_IE_HAND, .flag = on});
}

/* --- life --- */

void gw_call_set_room(gw_call *c, const gw_room_conf *conf) {
  gw_room_conf_free(c->room_conf);
  c->machine.direct = gw_direct_is(conf);
  c->conference = gw_bridge_conference_for(c->bridge, conf);
  c->room_conf = gw_room_conf_copy(conf);
  c->flavour = gw_conference_flavour(c->conference, conf);
  c->machine.alone_limit_us = GW_SEC(conf->alone_limit);
  if (!c->machine.direct) return;
  c->machine.speaks = FALSE; /* two people and nobody between them */
  c->machine.ring_limit_us = GW_SEC(c->bridge->conf->ring_limit);
}

char *gw_host_of_source(const char *source) {
  const char *colon = source ? strchr(source, ':') : NULL;
  const char *end = source ? strrchr(source, ':') : NULL;
  if (!colon || end <= colon) return NULL;
  const char *start = colon + 1;
  if (*start == '[') start++, end--;
  return g_strndup(start, (gsize)(end - start));
}

/* source: who answers for what is keyed in. */
static gw_call *call_new(gw_bridge *b, const char *phone, const char *source,
                         const char *language) {
  gw_call *c = g_new0(gw_call, 1);
  c->bridge = b;
  c->id = gw_ids_hex(b->ids, 4);
  c->began_us = gw_now_us();
  c->since_wall_us = gw_wall_us();
  c->session_id = gw_ids_u32(b->ids);
  c->hops = g_ptr_array_new_with_free_func((GDestroyNotify)gw_hop_free);
  c->trace = gw_trace_new();
  c->last_peers = g_ptr_array_new();
  c->pending = g_array_new(FALSE, FALSE, sizeof(gw_ce));
  c->timer = gw_timer_new(b->ctx, on_deadline, c);
  c->soon = gw_timer_new(b->ctx, step_all, c);
  if (phone) gw_call_from_phone(c, phone);
  c->attendant = gw_attendant_new(c, source, language);
  gw_call_machine_init(&c->machine, 0);
  c->machine.speaks = gw_attendant_has_voice(c->attendant);
  g_ptr_array_add(b->calls, c);
  return c;
}

static char *display_name(const gw_phone_conf *phone, const char *from_name) {
  if (phone && phone->name && *phone->name) return g_strdup(phone->name);
  return gw_nick_clean(from_name);
}

/* Whose wrong PINs these are. All callers of a trunk come from one address: one of them must not lock the others out. The number
 * can be forged, so what slows such guessing is the room. */
static char *guesser(const gw_sip_invite *i, const char *host) {
  if (i->phone) return g_strdup(i->phone);
  return i->trunk ? g_strdup_printf("trunk:%s %s", i->trunk, i->from_user) : g_strdup(host);
}

gw_call *gw_call_new_in(gw_bridge *b, gw_sip_call *sip, const gw_sip_invite *i,
                        const gw_room_conf *conf, const char *number, const char *language) {
  g_autofree char *host = gw_host_of_source(i->source), *who = guesser(i, host);
  gw_call *c = call_new(b, i->phone, who, language);
  if (conf) gw_call_set_room(c, conf);
  c->sip = gw_sip_call_ref(sip);
  gw_sip_call_set_user_data(sip, c);
  c->number = g_strdup(number);
  if (i->trunk) {
    gw_call_from_trunk(c, i);
  } else {
    c->name = gw_nick_clean(i->from_name);
    c->sip_name = display_name(gw_bridge_conf_phone(b->conf, i->phone), i->from_name);
    c->srtp = gw_bridge_conf_srtp(b->conf, c->phone);
  }
  c->remote_hint = g_steal_pointer(&host);
  c->offer = gw_desc_copy(i->offer);
  c->machine.early = c->machine.speaks && i->offer && b->conf->spoken_refusals;
  c->history = i->history && *i->history ? g_strdup(i->history) : NULL;
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_info(&ctx, "call-in", "phone=%s trunk=%s number=%s source=%s sip_id=%s",
          c->phone ? c->phone : "-", c->trunk ? c->trunk : "-", c->number, i->source, i->call_id);
  g_autofree char *what = c->trunk ? g_strdup_printf("INVITE %s by trunk %s", c->number, c->trunk)
                                   : g_strdup_printf("INVITE %s", c->number);
  trace_sip(c, GW_TRACE_IN, what, i->offer);
  if (c->history) gw_call_trace(c, GW_LANE_SIP, GW_TRACE_NOTE, NULL, "%s", c->history);
  gw_call_hop(c, "invite");
  return c;
}

/* What the phone shows as the caller: the room. */
static char *number_of_room(const gw_room_conf *room) {
  return room->number ? g_strdup(room->number) : g_strndup(room->room, strcspn(room->room, "@"));
}

static void begin_out(gw_call *c, const gw_room_conf *room) {
  gw_call_set_room(c, room);
  c->number = number_of_room(room);
  c->machine.out = TRUE;
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_info(&ctx, "call-out", "phone=%s trunk=%s number=%s proposal=%s", c->phone ? c->phone : "-",
          c->trunk ? c->trunk : "-", c->caller ? c->caller : "-",
          c->answer_id ? c->answer_id : "-");
  gw_call_hop(c, "invite");
}

gw_call *gw_call_new_out(gw_bridge *b, const gw_phone_conf *phone, const gw_room_conf *room,
                         const char *answer_id) {
  gw_call *c = call_new(b, phone->number, phone->number, b->conf->language);
  g_autofree char *source = gw_sip_phone_source(b->sip, phone->number);
  c->srtp = phone->srtp;
  c->sip_name = display_name(phone, NULL);
  c->answer_id = g_strdup(answer_id);
  c->remote_hint = gw_host_of_source(source); /* our address towards it goes into the offer */
  begin_out(c, room);
  return c;
}

gw_call *gw_call_new_away(gw_bridge *b, gw_hunt *hunt, const gw_dialplan_way *way,
                          const char *e164, const gw_room_conf *room) {
  gw_call *c = call_new(b, NULL, e164, b->conf->language);
  c->hunt = hunt;
  gw_call_take_way(c, way, e164);
  begin_out(c, room);
  return c;
}

gw_call *gw_call_new_inside(gw_bridge *b, const char *number, const gw_room_conf *room) {
  gw_call *c = call_new(b, NULL, number, b->conf->language);
  c->dial_in = gw_dial_in_half_new(FALSE, number, NULL);
  c->caller = g_strdup(number);
  c->node = g_strdup(number);
  c->sip_name = g_strdup_printf("Room %s", number);
  begin_out(c, room);
  return c;
}

void gw_call_free(gw_call *c) {
  if (!c) return;
  gw_transfer_drop(c);
  gw_successor_drop(c, c->machine.cause);
  leave(c);
  close_media(c);
  gw_attendant_free(c->attendant);
  if (c->sip) {
    gw_sip_call_set_user_data(c->sip, NULL);
    gw_sip_call_unref(c->sip);
  }
  gw_timer_free(c->timer);
  gw_timer_free(c->soon);
  g_array_unref(c->pending);
  g_ptr_array_unref(c->hops);
  gw_trace_unref(c->trace);
  gw_hunt_free(c->hunt);
  g_ptr_array_set_free_func(c->last_peers, (GDestroyNotify)gw_peer_info_free);
  g_ptr_array_unref(c->last_peers);
  gw_desc_free(c->leg_caps);
  gw_desc_free(c->offer);
  g_free(c->id);
  g_free(c->phone);
  g_free(c->trunk);
  g_free(c->caller);
  g_free(c->away);
  g_free(c->node);
  g_free(c->name);
  g_free(c->sip_name);
  g_free(c->number);
  g_free(c->remote_hint);
  g_free(c->answer_id);
  gw_dial_in_half_free(c->dial_in);
  g_free(c->last_nick);
  gw_word_free(c->invitation);
  gw_direct_free(c->direct);
  gw_direct_free(c->crossed);
  gw_room_conf_free(c->room_conf);
  g_free(c->codec);
  g_free(c->jingle_reason);
  g_free(c->referrer);
  g_free(c->sip_reason);
  g_free(c->history);
  g_free(c);
}
