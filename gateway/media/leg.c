#include "gateway/media/leg.h"
#include "base/clock.h"
#include "base/inside.h"
#include "base/log.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READS_PER_TICK 64
#define PORT_TRIES 256
#define PORT_STRIDE 7919 /* prime: the tries are spread over the whole range */
#define TOS_EF 0xb8      /* RFC 4594: telephony */
#define REPORT_TICKS (5 * GW_TICKS_PER_SEC)
#define FIRST_REPORT_TICKS (GW_TICKS_PER_SEC / 2)
#define EVENT_PT 101
#define EVENT_PT_OPUS                                                                              \
  102 /* telephone-event has the clock of the voice it interrupts (RFC 4733 2.1) */
#define OPUS_PT 107
#define TRAILER_ROOM 64 /* of a packet being written, for SRTP */
#define TONE_AMPLITUDE 0.2
#define TONE_MS_MAX 10000
#define IN_BAND_MS 100 /* told for a key whose length is not known yet */

/* ---- sockets */

static int bind_udp(gw_addr *a, guint16 port) {
  int family = a->u.sa.sa_family, on = 1, tos = TOS_EF;
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
  } else {
    setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
  }
  gw_addr_set_port(a, port);
  if (bind(fd, &a->u.sa, a->len) == 0) return fd;
  close(fd);
  return -1;
}

/* RTP on an even port, RTCP on the next (RFC 3550 11). Random start, so that workers seldom
 * collide. */
static gboolean bind_pair(gw_leg *leg) {
  const gw_engine *e = leg->env->engine;
  guint low = ((e->port_min ? e->port_min : 16384u) + 1) & ~1u,
        high = e->port_max ? e->port_max : 32767;
  guint pairs = high > low ? (high - low + 1) / 2 : 0;
  guint at = pairs ? gw_ids_u32(leg->env->ids) % pairs : 0;
  guint stride = pairs && pairs % PORT_STRIDE ? PORT_STRIDE : 1;
  for (guint i = 0; i < MIN(pairs, PORT_TRIES); i++, at = (at + stride) % pairs) {
    gw_addr next = leg->local;
    leg->rtp.watch.fd = bind_udp(&leg->local, (guint16)(low + 2 * at));
    if (leg->rtp.watch.fd < 0) continue;
    leg->rtcp.watch.fd = bind_udp(&next, (guint16)(low + 2 * at + 1));
    if (leg->rtcp.watch.fd >= 0) return TRUE;
    close(leg->rtp.watch.fd);
    leg->rtp.watch.fd = -1;
  }
  return FALSE;
}

/* Goes on with what a leg had that lived elsewhere until now. When to report was counted by the ticks of its worker. */
static gboolean inherit(gw_leg *leg, gw_estate *e) {
  leg->rtp.watch.fd = e->rtp_fd;
  leg->rtcp.watch.fd = e->rtcp_fd;
  e->rtp_fd = e->rtcp_fd = -1;
  gw_seal_take(&leg->seal, &e->seal);
  leg->out = e->out;
  leg->out.marker = TRUE;
  leg->out.report_tick = 0;
  leg->local.len = sizeof leg->local.u;
  return getsockname(leg->rtp.watch.fd, &leg->local.u.sa, &leg->local.len) == 0;
}

static int release(gw_env *env, gw_watch *w) {
  int fd = w->fd;
  gw_env_unwatch(env, w);
  w->fd = -1;
  return fd;
}

gw_estate *gw_leg_release(gw_leg *leg) {
  gw_estate *e = g_new0(gw_estate, 1);
  e->rtp_fd = release(leg->env, &leg->rtp.watch);
  e->rtcp_fd = release(leg->env, &leg->rtcp.watch);
  gw_seal_take(&e->seal, &leg->seal);
  e->out = leg->out;
  return e;
}

static void close_socket(gw_env *env, gw_watch *w) {
  if (w->fd < 0) return;
  gw_env_unwatch(env, w);
  close(w->fd);
  w->fd = -1;
}

/* The address that the kernel would use towards another, for a socket bound to any. */
static void address_towards(const gw_addr *to, gw_addr *ret) {
  int fd = socket(to->u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gw_addr a = {.len = sizeof a.u}, target = *to;
  gw_addr_set_port(&target, 9);
  if (fd >= 0 && connect(fd, &target.u.sa, target.len) == 0 &&
      getsockname(fd, &a.u.sa, &a.len) == 0)
    *ret = a;
  if (fd >= 0) close(fd);
}

/* ---- what the phone sends */

static void take_digit(gw_leg *leg, const gw_rtp *rtp, guint clock, gint64 now_us) {
  char digit;
  guint ms;
  if (gw_dtmf_packet(&leg->dtmf, rtp, clock, now_us, &digit, &ms))
    gw_env_digit(leg->env, leg->handle, digit, ms);
}

static void take_rtcp(gw_leg *leg, guint8 *data, gsize n, const gw_addr *from, gint64 now_us) {
  gw_rtcp report;
  if (!gw_seal_open(&leg->seal, data, &n, TRUE) || !gw_addr_same_ip(from, &leg->latch.target) ||
      !gw_rtcp_parse(data, n, &report)) {
    leg->in.bad++;
    return;
  }
  leg->alive++;
  gw_flow_heard(&leg->out, &leg->in, &report, now_us, gw_wall_us());
}

static void take_rtp(gw_leg *leg, guint8 *data, gsize n, const gw_addr *from, gint64 now_us) {
  gw_rtp rtp;
  guint clock = 0;
  if (!gw_seal_open(&leg->seal, data, &n, FALSE)) {
    leg->in.bad++;
    return;
  }
  gboolean is_rtp = gw_rtp_parse(data, n, 0, &rtp);
  gw_in_use use = is_rtp ? gw_inflow_use(&leg->in, rtp.pt, &clock) : GW_IN_NONE;
  if (use == GW_IN_NONE && gw_addr_equal(from, &leg->latch.target)) {
    leg->alive++;
    if (is_rtp) gw_inflow_extra(&leg->in, &rtp, now_us);
    return;
  }
  if (use == GW_IN_NONE || !gw_latch_packet(&leg->latch, from)) {
    leg->in.bad++;
    return;
  }
  leg->alive++;
  gw_inflow_rtp(&leg->in, &rtp, n, now_us);
  if (use == GW_IN_DIGIT) take_digit(leg, &rtp, clock, now_us);
  if (!leg->heard_any) {
    leg->heard_any = TRUE;
    gw_env_state(leg->env, leg->handle, GW_MS_UP, GW_CAUSE_NONE);
  }
}

static void socket_ready(gw_watch *watch, gint64 now_us) {
  gw_leg *leg = ((gw_leg_socket *)watch)->leg;
  guint8 *data = leg->env->rx;
  for (guint i = gw_env_reads(leg->env, watch, READS_PER_TICK); i-- > 0;) {
    gw_addr from = {.len = sizeof from.u};
    ssize_t n = recvfrom(watch->fd, data, GW_RX_BYTES, MSG_DONTWAIT, &from.u.sa, &from.len);
    if (n < 0 && errno != EAGAIN) continue; /* an ICMP answer to something we sent */
    if (n < 0) return;
    if (n > GW_MAX_DATAGRAM)
      leg->in.bad++;
    else if (watch == &leg->rtcp.watch || gw_rtp_is_rtcp(data, (gsize)n))
      take_rtcp(leg, data, (gsize)n, &from, now_us);
    else
      take_rtp(leg, data, (gsize)n, &from, now_us);
  }
}

/* ---- life */

gw_leg *gw_leg_new(gw_env *env, gw_cmd *cmd) {
  g_autoptr(gw_leg) leg = g_new0(gw_leg, 1);
  leg->handle = cmd->handle;
  leg->env = env;
  leg->rtp = (gw_leg_socket){{.fd = -1, .ready = socket_ready}, leg};
  leg->rtcp = (gw_leg_socket){{.fd = -1, .ready = socket_ready}, leg};
  gw_addr hint = {0};
  gw_addr_parse(cmd->remote_hint, 0, &hint);
  gw_latch_init(&leg->latch, &hint);
  gw_seal_init(&leg->seal, env->ids);
  if (!gw_addr_parse(cmd->local_address, 0, &leg->local))
    gw_addr_parse(hint.u.sa.sa_family == AF_INET6 ? "::" : "0.0.0.0", 0, &leg->local);
  g_autofree char *cname = gw_ids_hex(env->ids, 8);
  gw_inflow_init(&leg->in, env->engine->even_levels);
  gw_inflow_align(&leg->in, TRUE);
  gw_outflow_init(&leg->out, env->ids, cname);
  gw_voice_init(&leg->voice);
  if (!(cmd->estate ? inherit(leg, cmd->estate) : bind_pair(leg))) return NULL;
  gw_env_watch(env, &leg->rtp.watch);
  gw_env_watch(env, &leg->rtcp.watch);
  return g_steal_pointer(&leg);
}

static gboolean send_report(gw_leg *leg, gboolean bye, gint64 now_us) {
  gw_addr to = leg->latch.target;
  if (!to.len) return FALSE;
  if (!leg->rtcp_mux) {
    if (gw_addr_equal(&to, &leg->latch.sdp) && gw_addr_sendable(&leg->rtcp_to))
      to = leg->rtcp_to;
    else
      gw_addr_set_port(&to, (guint16)(gw_addr_port(&to) + 1));
  }
  gsize n = gw_flow_report(&leg->out, &leg->in, bye, now_us, gw_wall_us(), leg->env->tx,
                           GW_RX_BYTES - TRAILER_ROOM);
  if (n && !gw_seal_close(&leg->seal, leg->env->tx, &n, GW_RX_BYTES, TRUE)) return FALSE;
  int fd = leg->rtcp_mux ? leg->rtp.watch.fd : leg->rtcp.watch.fd;
  if (n) sendto(fd, leg->env->tx, n, MSG_DONTWAIT | MSG_NOSIGNAL, &to.u.sa, to.len);
  return n != 0;
}

void gw_leg_free(gw_leg *leg) {
  if (!leg) return;
  if (leg->rtp.watch.fd >= 0 && leg->rtcp.watch.fd >= 0) send_report(leg, TRUE, gw_now_us());
  close_socket(leg->env, &leg->rtp.watch);
  close_socket(leg->env, &leg->rtcp.watch);
  gw_seal_clear(&leg->seal);
  gw_inflow_clear(&leg->in);
  gw_voice_clear(&leg->voice);
  g_clear_pointer(&leg->encoder, gw_encoder_free);
  gw_dtmf_ear_free(leg->ear);
  gw_prompt_free(leg->spoken);
  g_free(leg);
}

static void describe_codecs(gw_desc_media *m, const gw_cmd *cmd) {
  gboolean opus = FALSE, other = FALSE;
  for (guint i = 0; i < GW_LEG_CODECS && cmd->codecs[i][0]; i++) {
    gboolean is_opus = !g_ascii_strcasecmp(cmd->codecs[i], "opus");
    if (!gw_codec_fill(cmd->codecs[i], OPUS_PT, m)) continue;
    opus = opus || is_opus;
    other = other || !is_opus;
  }
  if (other) gw_desc_media_add_codec(m, EVENT_PT, "telephone-event", 8000, 1, "0-16");
  if (opus) gw_desc_media_add_codec(m, EVENT_PT_OPUS, "telephone-event", 48000, 1, "0-16");
}

gw_desc *gw_leg_describe(const gw_leg *leg, const gw_cmd *cmd) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_addr shown = leg->local;
  if (gw_addr_any(&shown) && leg->latch.hint.len) address_towards(&leg->latch.hint, &shown);
  m->proto = GW_PROTO_RTP_AVP;
  gw_addr outside; /* 1:1 NAT */
  char peer[64] = "";
  if (leg->latch.hint.len) gw_addr_text(&leg->latch.hint, peer, sizeof peer);
  if (gw_ip_beyond_nat(peer, leg->env->engine->public_address) &&
      gw_addr_parse(leg->env->engine->public_address, 0, &outside) &&
      outside.u.sa.sa_family == shown.u.sa.sa_family)
    shown = outside;
  gw_addr_text(&shown, m->addr, sizeof m->addr);
  m->port = gw_addr_port(&leg->local);
  m->dir = GW_DIR_SENDRECV;
  m->ptime = 20;
  describe_codecs(m, cmd);
  gw_sdes_offer(m, cmd->srtp, leg->seal.own);
  return d;
}

static gboolean has_events(const gw_desc_media *m) {
  for (guint i = 0; i < m->codecs->len; i++)
    if (gw_codec_is(&g_array_index(m->codecs, gw_codec, i), "telephone-event")) return TRUE;
  return FALSE;
}

/* Tones are looked for only where there is no better way: voices make some now and then. */
static void listen_for_keys(gw_leg *leg, const gw_desc_media *ours, int codec) {
  gboolean wanted = gw_codec_narrow(codec) && !has_events(ours);
  if (wanted && !leg->ear) leg->ear = gw_dtmf_ear_new();
  if (!wanted) g_clear_pointer(&leg->ear, gw_dtmf_ear_free);
}

/* We send with the other side's payload types, and receive with our own (RFC 3264 5.1); phones mix
 * that up, so both are understood. */
static void agree_codec(gw_leg *leg, const gw_desc_media *theirs, const gw_desc_media *ours) {
  const gw_codec *c = gw_desc_first_voice(ours);
  gw_inflow_map(&leg->in, ours, theirs);
  if (!c) return;
  int index = gw_codec_index(c->name);
  listen_for_keys(leg, ours, index);
  const gw_codec *their = gw_desc_media_codec(theirs, c->name, c->clock);
  if (index != leg->out.codec || !leg->encoder) {
    g_clear_pointer(&leg->encoder, gw_encoder_free);
    leg->encoder = gw_encoder_new(gw_codec_word(index), FALSE, TRUE);
    gw_voice_narrow(&leg->voice, gw_codec_narrow(index));
  }
  gw_outflow_codec(&leg->out, leg->env->ids, index, their ? their->pt : c->pt);
  leg->out.bounded = gw_pass_bounded(their);
}

void gw_leg_remote(gw_leg *leg, const gw_desc *remote, const gw_desc *agreed) {
  const gw_desc_media *theirs = gw_desc_audio(remote), *ours = gw_desc_audio(agreed);
  gw_addr to = {0}, rtcp = {0};
  if (!theirs || !ours || !gw_seal_agree(&leg->seal, theirs, ours)) {
    leg->dir = GW_DIR_INACTIVE; /* the audio was refused, or would no longer be encrypted */
    return;
  }
  gboolean family = gw_addr_parse(theirs->addr, theirs->port, &to) &&
                    to.u.sa.sa_family == leg->local.u.sa.sa_family;
  if (!family || gw_addr_equal(&to, &leg->local))
    to.len = 0; /* another protocol, or our own port: a loop */
  gw_addr_parse(theirs->addr, (guint16)(theirs->rtcp_port ? theirs->rtcp_port : theirs->port + 1),
                &rtcp);
  gw_latch_sdp(&leg->latch, &to);
  leg->rtcp_to = family ? rtcp : (gw_addr){0};
  leg->rtcp_mux = ours->rtcp_mux && theirs->rtcp_mux;
  if (leg->dir != ours->dir) leg->out.marker = TRUE;
  leg->dir = ours->dir;
  agree_codec(leg, theirs, ours);
  if (!leg->out.report_tick) leg->out.report_tick = leg->env->tick + FIRST_REPORT_TICKS;
}

/* ---- prompts and beeps */

void gw_leg_play(gw_leg *leg, const gw_prompt *prompt, gw_prompt *spoken) {
  gw_prompt_free(leg->spoken);
  leg->spoken = spoken;
  leg->prompt = spoken ? spoken : prompt;
  leg->prompt_at = 0;
}

void gw_leg_tone(gw_leg *leg, guint hz, guint ms) {
  gw_tone_init(&leg->tone, CLAMP(hz, 50, 4000), TONE_AMPLITUDE, GW_RATE);
  leg->tone_left = MAX(1, MIN(ms, TONE_MS_MAX) / 20);
  leg->tone_played = 0;
}

static void add_own(gw_leg *leg, const gint16 *frame) {
  gw_mix_add(&leg->near, frame);
  gw_solo_add(&leg->near_by, NULL, 0);
}

static void mix_prompt(gw_leg *leg) {
  gint16 frame[GW_FRAME] = {0};
  gsize n = MIN(leg->prompt->n - leg->prompt_at, GW_FRAME);
  memcpy(frame, leg->prompt->pcm + leg->prompt_at, n * sizeof *frame);
  add_own(leg, frame);
  leg->prompt_at += n;
  if (leg->prompt_at < leg->prompt->n) return;
  gw_leg_play(leg, NULL, NULL);
  gw_env_prompt_end(leg->env, leg->handle);
}

static void mix_tone(gw_leg *leg) {
  gint16 frame[GW_FRAME];
  gw_tone_fill(&leg->tone, frame, GW_FRAME);
  if (!leg->tone_played++) gw_fade(frame, TRUE);
  if (!--leg->tone_left) gw_fade(frame, FALSE);
  add_own(leg, frame);
}

void gw_leg_mix_own(gw_leg *leg) {
  if (!leg->encoder)
    return; /* not negotiated: a prompt waits for its listener; on hold it runs on */
  if (leg->prompt) mix_prompt(leg);
  if (leg->tone_left) mix_tone(leg);
}

/* ---- the tick */

/* Before any mute: its key has to work when one is muted. */
static void hear_key(gw_leg *leg) {
  char key = leg->ear ? gw_dtmf_ear_frame(leg->ear, leg->in.pcm) : 0;
  if (key) gw_env_digit(leg->env, leg->handle, key, IN_BAND_MS);
}

void gw_leg_listen(gw_leg *leg, gint64 now_us) {
  gboolean silenced = leg->muted || !(leg->dir & GW_DIR_RECVONLY);
  gw_inflow_play(&leg->in, now_us);
  leg->in.touched = silenced || leg->was_silenced;
  hear_key(leg);
  if (silenced != leg->was_silenced && leg->in.live)
    gw_fade(leg->in.pcm, !silenced); /* no click */
  else if (silenced && leg->in.live)
    memset(leg->in.pcm, 0, sizeof leg->in.pcm);
  leg->in.live = leg->in.live && !(silenced && leg->was_silenced);
  leg->was_silenced = silenced;
}

gboolean gw_leg_hears(const gw_leg *leg) {
  return leg->encoder && leg->latch.target.len && (leg->dir & GW_DIR_SENDONLY);
}

static void send_voice(gw_leg *leg, const guint8 *payload, int n) {
  if (n <= 0) return;
  const gw_addr *to = &leg->latch.target;
  gsize len =
      gw_outflow_packet(&leg->out, payload, (gsize)n, leg->env->tx, GW_RX_BYTES - TRAILER_ROOM);
  if (!gw_seal_close(&leg->seal, leg->env->tx, &len, GW_RX_BYTES, FALSE)) return;
  sendto(leg->rtp.watch.fd, leg->env->tx, len, MSG_DONTWAIT | MSG_NOSIGNAL, &to->u.sa, to->len);
}

void gw_leg_say(gw_leg *leg, const gint16 *pcm, gboolean silent, const gw_inflow *one) {
  guint8 encoded[GW_VOICE_BYTES];
  const guint8 *payload = NULL;
  int n = one ? gw_inflow_packet(one, &payload) : 0;
  n = gw_pass_fit(payload, n, leg->out.bounded, leg->out.loss > GW_PASS_LOSSY);
  gw_pass_way way = gw_pass_frame(&leg->pass, one, n, silent ? -127 : one ? one->dbfs : 0);
  if (way == GW_PASS_ANEW) gw_encoder_begin(leg->encoder, leg->last);
  if (leg->pass.stale) memcpy(leg->last, pcm, sizeof leg->last);
  if (way == GW_PASS_HOLE)
    leg->out.seq++;
  else if (way == GW_PASS_ON)
    send_voice(leg, payload, n);
  else
    send_voice(leg, encoded, gw_encoder_frame(leg->encoder, pcm, encoded, sizeof encoded));
}

/* A phone that lost its power or its network says no BYE. Not while it is held, as many then send nothing. */
static void look_for_life(gw_leg *leg, gint64 now_us) {
  gboolean expected = leg->encoder && leg->latch.target.len && leg->dir == GW_DIR_SENDRECV;
  if (leg->given_up || !gw_quiet_too_long(&leg->quiet, leg->alive, expected, now_us,
                                          leg->env->engine->rtp_timeout_us))
    return;
  leg->given_up = TRUE;
  gw_info(NULL, "phone-quiet", "leg=%" G_GINT64_MODIFIER "x for_s=%d", leg->handle.v,
          (int)(leg->env->engine->rtp_timeout_us / GW_SEC(1)));
  gw_env_state(leg->env, leg->handle, GW_MS_FAILED, GW_CAUSE_NO_MEDIA);
}

void gw_leg_report(gw_leg *leg, gint64 now_us) {
  look_for_life(leg, now_us);
  if (!leg->out.report_tick || leg->env->tick < leg->out.report_tick) return;
  gboolean said = send_report(leg, FALSE, now_us);
  leg->out.report_tick = leg->env->tick + (said ? REPORT_TICKS : FIRST_REPORT_TICKS);
}

void gw_leg_pass(gw_leg *leg, guint ticks) {
  gw_outflow_tick(&leg->out, ticks);
}
