/* seat_peers.c - the transports of a seat, one for each of its flavour's peers. */
#include "gateway/bridge/seat_priv.h"

void gw_seat_peer_free(void *p) {
  seat_peer *peer = p;
  g_free(peer->jid);
  g_free(peer->nick);
  g_free(peer->sid);
  g_free(peer->codec);
  g_free(peer);
}

static seat_peer *peer_by_id(const gw_seat *s, guint id) {
  for (guint i = 0; i < s->peers->len; i++) {
    seat_peer *p = s->peers->pdata[i];
    if (p->id == id) return p;
  }
  return NULL;
}

seat_peer *gw_seat_peer_by_sid(const gw_seat *s, const char *jid, const char *sid) {
  for (guint i = 0; i < s->peers->len; i++) {
    seat_peer *p = s->peers->pdata[i];
    if (!g_strcmp0(p->sid, sid) && gw_jid_same(p->jid, jid)) return p;
  }
  return NULL;
}

static void fail_peer_later(gw_seat *s, guint id, gw_cause cause) {
  gw_ev *ev = g_new0(gw_ev, 1);
  *ev = (gw_ev){.type = GW_EV_PEER_STATE, .peer = id, .cause = cause, .u.state = GW_PEER_FAILED};
  g_queue_push_tail(&s->events, ev);
}

void gw_seat_open_peer(gw_seat *s, const gw_action *a) {
  static const gw_media_use uses[] = {[GW_USE_BOTH] = GW_MEDIA_BOTH,
                                      [GW_USE_PUBLISH] = GW_MEDIA_PUBLISH,
                                      [GW_USE_RECEIVE] = GW_MEDIA_RECEIVE,
                                      [GW_USE_RECEIVE_MANY] = GW_MEDIA_RECEIVE_MANY};
  gw_bridge *b = s->call->bridge;
  seat_peer *p = g_new0(seat_peer, 1);
  p->id = a->peer;
  p->offerer = a->offerer;
  p->use = a->use;
  p->jid = g_strdup(a->jid);
  p->nick = g_strdup(a->nick);
  p->sid = g_strdup(a->sid);
  g_ptr_array_add(s->peers, p);
  gw_peer_params params = {.leg = s->shared ? GW_HANDLE_NONE : s->call->leg,
                           .offerer = a->offerer,
                           .use = uses[a->use],
                           .setup = a->offerer ? GW_SETUP_ACTPASS : a->setup,
                           .talker = a->use == GW_USE_PUBLISH ? NULL
                                     : a->text                ? a->text
                                                              : a->jid};
  p->media = gw_media_peer(b->media, s->conference->room, &params);
  if (p->media.v)
    gw_bridge_own(b, p->media, s->call, s, p->id);
  else
    fail_peer_later(s, p->id, GW_CAUSE_OVERLOAD);
  gw_seat_session_begun(s, p);
  gw_call_hop(s->call, !a->sid      ? "stream-opened"
                       : a->offerer ? "session-offered"
                                    : "session-received");
}

void gw_seat_name_peer(gw_seat *s, const gw_action *a) {
  seat_peer *p = peer_by_id(s, a->peer);
  if (!p) return;
  gw_call_trace(s->call, GW_LANE_SFU, GW_TRACE_NOTE, a->nick, "what %s sent is his now", p->nick);
  g_free(p->nick);
  p->nick = g_strdup(a->nick);
  if (p->media.v) gw_media_peer_talker(s->call->bridge->media, p->media, a->text);
}

void gw_seat_close_peer(gw_seat *s, guint id) {
  gw_bridge *b = s->call->bridge;
  seat_peer *p = peer_by_id(s, id);
  if (!p) return;
  const gboolean rang_only = s->class == &gw_flavour_direct && !p->negotiated; /* another device has the call */
  if (p->use != GW_USE_PUBLISH && !rang_only) gw_seat_remember_peer(s, p);
  if (p->media.v) gw_bridge_disown(b, p->media);
  gw_seat_session_over(s, p);
  g_ptr_array_remove(s->peers, p);
}

void gw_seat_agree(gw_seat *s, seat_peer *p, const gw_desc *answer) {
  const gw_desc_media *audio = gw_desc_audio(answer);
  if (!audio || !audio->codecs->len) return;
  g_free(p->codec);
  p->codec = g_strdup(g_array_index(audio->codecs, gw_codec, 0).name);
  p->negotiated = TRUE;
  gw_media_peer_agreed(s->call->bridge->media, p->media, answer);
}

void gw_seat_remote_peer(gw_seat *s, const gw_action *a) {
  seat_peer *p = peer_by_id(s, a->peer);
  if (!p || !p->media.v) return;
  gw_restarts_learn(s->restarts, p->jid, p->sid, a->desc);
  gw_media_peer_remote(s->call->bridge->media, p->media, a->desc);
  if (p->offerer) gw_seat_agree(s, p, a->desc);
}

void gw_seat_media_desc(gw_seat *s, guint peer, const gw_desc *desc) {
  gw_seat_step(s, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = desc});
}

void gw_seat_media_candidate(gw_seat *s, guint peer, const gw_candidate *candidate) {
  gw_seat_step(s, &(gw_ev){.type = GW_EV_CANDIDATE, .peer = peer, .u.candidate = candidate});
}

void gw_seat_media_restarted(gw_seat *s, guint peer, const gw_desc *transport) {
  const seat_peer *p = peer_by_id(s, peer);
  g_autoptr(gw_word) w =
      p ? gw_restarts_answer(s->restarts, p->jid, p->sid, p->offerer, transport) : NULL;
  if (w) gw_seat_say(s, w);
}

void gw_seat_media_state(gw_seat *s, guint peer, gw_media_state state, gw_cause cause) {
  static const gw_fl_peer_state map[] = {[GW_MS_GATHERED] = GW_PEER_CONNECTING,
                                         [GW_MS_ICE] = GW_PEER_ICE,
                                         [GW_MS_UP] = GW_PEER_UP,
                                         [GW_MS_RTP] = GW_PEER_RTP,
                                         [GW_MS_FAILED] = GW_PEER_FAILED,
                                         [GW_MS_QUIET] = GW_PEER_QUIET};
  static const char *const hops[] = {[GW_MS_ICE] = "ice",
                                     [GW_MS_UP] = "dtls",
                                     [GW_MS_RTP] = "peer-rtp",
                                     [GW_MS_FAILED] = NULL,
                                     [GW_MS_QUIET] = "peer-quiet"};
  seat_peer *p = peer_by_id(s, peer);
  if (!p || state == GW_MS_GATHERED) return;
  gw_log_ctx ctx = gw_seat_log_ctx(s);
  if (state == GW_MS_FAILED)
    gw_warn(&ctx, "peer-failed", "jid=%s cause=%s", p->jid, gw_cause_word(cause));
  else
    gw_info(&ctx, "peer", "jid=%s state=%s", p->jid, hops[state]);
  gw_seat_trace_media(s->call, p->nick ? p->nick : p->jid, state, cause);
  if (hops[state]) gw_call_hop(s->call, hops[state]);
  p->state = map[state];
  gw_seat_step(
      s, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .cause = cause, .u.state = map[state]});
}
