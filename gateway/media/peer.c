#include "gateway/media/peer.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/media/crowd.h"
#include "gateway/media/dtls.h"
#include "gateway/media/ice.h"
#include "gateway/media/picture.h"
#include <string.h>

#define HELD 8 /* DTLS datagrams kept until ICE is through */
#define SETUP_US                                                                                   \
  GW_SEC(20) /* for a pair after the remote description, and again for DTLS after the pair */
#define LOST_US GW_SEC(8) /* after consent is lost, for the other side to begin ICE anew: who changed networks does */
#define REPORT_TICKS (5 * GW_TICKS_PER_SEC)
#define FIRST_REPORT_TICKS (GW_TICKS_PER_SEC / 2)
#define OPUS_PT 111
#define OPEN_EVERY 32 /* packets: far fewer than a rollover guess bridges */
#define OPEN_WITHIN GW_SEC(2) /* of a voice that pauses they are few: it must not be taken for gone */
#define THIN_AFTER GW_TICKS_PER_SEC /* ticks that a voice has to be a copy only: a filter costs more than a packet */
#define LEVEL_EXT 1   /* id in our offers, as browsers have it */
#define VP8_PT 96
#define HANDLE "peer=%" G_GINT64_MODIFIER "x"

typedef struct {
  gsize n;
  guint8 data[GW_MAX_DATAGRAM];
} held;

/* What every tick looks at comes first. */
struct gw_peer {
  gboolean up, failed, heard_any;
  gboolean thin; /* most packets end in the kernel */
  gw_media_use use;
  guint steady;  /* ticks for which they need not be opened */
  gint64 rtp_us; /* when the last RTP came; 0 never */
  gw_env *env;
  gw_ice *ice;
  gw_outflow out;
  gw_inflow in;    /* with a crowd: the sum of it */
  gw_crowd *crowd; /* RECEIVE_MANY while it works, else NULL */
  gw_handle handle, leg;
  gboolean offerer;
  gw_picture picture; /* PUBLISH */
  gboolean quiet;
  gw_setup setup, remote_setup;
  char *fp_hash, *fp_value; /* of the other side; NULL until known */
  gw_dtls *dtls;
  GPtrArray *early; /* held: DTLS that came before ICE was through */
  gw_srtp *srtp_in, *srtp_out;
  gboolean said_gathered, said_ice;
  char *mid;           /* their name of the audio content; NULL until known */
  gboolean bundled;    /* any content of theirs may carry the transport */
  gboolean restarting; /* ICE begins anew */
  gint64 lost_us, restart_us, window_us; /* consent lost at, 0: not; restarted at; counting since */
  guint restarts;                        /* since then */
  guint shut;         /* packets not opened since the last one that was */
  gsize last_bytes;   /* of the last RTP packet */
  gboolean resting;   /* the last packet sent was silence */
  gint64 deadline_us; /* of the step now running; 0: none */
};

static void fail(gw_peer *p, gw_cause cause, const char *why) {
  if (p->failed) return;
  p->failed = TRUE;
  gw_inflow_clear(&p->in);
  g_clear_pointer(&p->crowd, gw_crowd_free);
  gw_info(NULL, "peer-failed", HANDLE " cause=%s why=%s", p->handle.v, gw_cause_word(cause), why);
  gw_env_state(p->env, p->handle, GW_MS_FAILED, cause);
}

/* ---- DTLS */

static void dtls_out(const guint8 *data, gsize n, void *user) {
  gw_ice_send(((gw_peer *)user)->ice, data, n);
}

static void come_up(gw_peer *p) {
  if (!gw_dtls_sessions(p->dtls, &p->srtp_in, &p->srtp_out)) {
    fail(p, GW_CAUSE_DTLS_FAILED, "no-srtp-suite");
    return;
  }
  p->up = TRUE;
  p->deadline_us = 0;
  p->out.report_tick = p->env->tick + FIRST_REPORT_TICKS;
  gw_env_state(p->env, p->handle, GW_MS_UP, GW_CAUSE_NONE);
}

static void look_at_dtls(gw_peer *p) {
  gw_dtls_state s = gw_dtls_get_state(p->dtls);
  if (s == GW_DTLS_FAILED)
    fail(p, GW_CAUSE_DTLS_FAILED, gw_dtls_why(p->dtls));
  else if (s == GW_DTLS_DONE && !p->up)
    come_up(p);
}

static void start_dtls(gw_peer *p) {
  gboolean server;
  if (!gw_dtls_role(p->setup, p->remote_setup, &server)) {
    fail(p, GW_CAUSE_DTLS_FAILED, "both-sides-want-the-same-role");
    return;
  }
  p->dtls = gw_dtls_new(p->env->engine->identity, server, p->fp_hash, p->fp_value, dtls_out, p);
  gw_dtls_start(p->dtls);
  for (guint i = 0; i < p->early->len; i++) {
    const held *h = g_ptr_array_index(p->early, i);
    gw_dtls_input(p->dtls, h->data, h->n);
  }
  g_ptr_array_set_size(p->early, 0);
  look_at_dtls(p);
}

/* A browser's ClientHello is here before our own ICE knows that it is through; a lost first flight
 * costs a second. */
static void hold(gw_peer *p, const guint8 *data, gsize n) {
  if (p->early->len >= HELD || n > GW_MAX_DATAGRAM) return;
  held *h = g_new(held, 1);
  h->n = n;
  memcpy(h->data, data, n);
  g_ptr_array_add(p->early, h);
}

/* ---- SRTP */

static void take_rtcp(gw_peer *p, guint8 *data, gsize n, gint64 now_us) {
  gw_rtcp report;
  if (gw_srtp_unprotect_rtcp(p->srtp_in, data, &n) != GW_SRTP_OK ||
      !gw_rtcp_parse(data, n, &report))
    p->in.bad++;
  else
    gw_flow_heard(&p->out, &p->in, &report, now_us, gw_wall_us());
}

/* Of a voice that another connection brings as well, one packet in many is opened: that keeps the rollover counter and the
 * replay window going, and shows that it is still real. */
static gboolean left_shut(gw_peer *p, const guint8 *data, gsize n, gboolean proven, gint64 now_us) {
  gw_rtp rtp;
  gboolean shut = p->in.lazy && !p->thin && proven && p->shut < OPEN_EVERY &&
                  now_us - p->rtp_us < OPEN_WITHIN && gw_rtp_parse(data, n, 0, &rtp) &&
                  gw_inflow_unopened(&p->in, &rtp, n, now_us);
  p->shut = shut ? p->shut + 1 : 0;
  return shut;
}

static void take_rtp(gw_peer *p, guint8 *data, gsize n, gboolean proven, gint64 now_us) {
  gw_rtp rtp;
  guint clock;
  if (left_shut(p, data, n, proven, now_us)) return;
  gsize wire_bytes = n;
  if (gw_srtp_unprotect_rtp(p->srtp_in, data, &n) != GW_SRTP_OK ||
      !gw_rtp_parse(data, n, p->in.level_ext, &rtp)) {
    p->in.bad++;
    return;
  }
  p->rtp_us = now_us;
  p->last_bytes = wire_bytes;
  if (p->thin) gw_inflow_unseen(&p->in, gw_ice_thinned(p->ice), wire_bytes);
  if (!p->heard_any || p->quiet) {
    p->heard_any = TRUE;
    p->quiet = FALSE;
    gw_dtls_settle(p->dtls);
    gw_env_state(p->env, p->handle, GW_MS_RTP, GW_CAUSE_NONE);
  }
  if (gw_inflow_use(&p->in, rtp.pt, &clock) != GW_IN_VOICE)
    return; /* video, or an extra we did not agree to */
  if (!p->crowd)
    gw_inflow_rtp(&p->in, &rtp, n, now_us);
  else if (!gw_crowd_rtp(p->crowd, &p->in, &rtp, n, now_us))
    p->in.bad++;
}

static void take_dtls(gw_peer *p, const guint8 *data, gsize n) {
  if (!p->dtls) {
    hold(p, data, n);
    return;
  }
  gw_dtls_input(p->dtls, data, n);
  look_at_dtls(p);
}

/* RFC 7983. DTLS never from where ICE has not been: a foreign ClientHello must not start or disturb
 * anything. */
static void on_datagram(guint8 *data, gsize n, gboolean proven, gint64 now_us, void *user) {
  gw_peer *p = user;
  gboolean dtls = data[0] >= 20 && data[0] <= 63, media = data[0] >= 128 && data[0] <= 191;
  if (p->failed) return;
  if (!(dtls && proven) && !media)
    p->in.bad++;
  else if (dtls)
    take_dtls(p, data, n);
  else if (p->up && gw_rtp_is_rtcp(data, n))
    take_rtcp(p, data, n, now_us);
  else if (p->up)
    take_rtp(p, data, n, proven, now_us);
}

/* ---- life */

static void on_candidate(const gw_candidate *c, void *user) {
  gw_peer *p = user;
  gw_env_candidate(p->env, p->handle, c);
}

gw_peer *gw_peer_new(gw_env *env, const gw_cmd *cmd, gw_spares *spares) {
  static const gw_ice_events events = {on_candidate, on_datagram};
  g_autoptr(gw_peer) p = g_new0(gw_peer, 1);
  p->handle = cmd->handle;
  p->leg = cmd->leg;
  p->env = env;
  p->offerer = cmd->offerer;
  p->use = cmd->use;
  p->setup = cmd->offerer ? GW_SETUP_ACTPASS : cmd->setup;
  p->early = g_ptr_array_new_with_free_func(g_free);
  gw_inflow_init(&p->in, env->engine->even_levels);
  if (cmd->use == GW_MEDIA_RECEIVE_MANY) p->crowd = gw_crowd_new(env->engine->even_levels);
  g_autofree char *cname = *cmd->cname ? g_strdup(cmd->cname) : gw_ids_hex(env->ids, 12);
  gw_outflow_init(&p->out, env->ids, cname);
  gw_picture_init(&p->picture, env->ids);
  p->ice = gw_spares_take(spares, cmd->offerer, cmd->relays, &events, p);
  if (!p->ice) p->ice = gw_ice_new(env, cmd->offerer, cmd->relays, &events, p);
  return p->ice ? g_steal_pointer(&p) : NULL;
}

static gboolean send_report(gw_peer *p, gboolean bye, gint64 now_us) {
  guint8 *to = p->env->tx;
  gsize n = gw_flow_report(&p->out, &p->in, bye, now_us, gw_wall_us(), to, GW_RX_BYTES - 64);
  if (n && gw_srtp_protect_rtcp(p->srtp_out, to, &n, GW_RX_BYTES) == GW_SRTP_OK)
    gw_ice_send(p->ice, to, n);
  return n != 0;
}

void gw_peer_free(gw_peer *p) {
  if (!p) return;
  if (p->up && !p->failed) send_report(p, TRUE, gw_now_us());
  gw_dtls_free(p->dtls); /* still speaks, by the agent */
  gw_ice_free(p->ice);
  gw_srtp_free(p->srtp_in);
  gw_srtp_free(p->srtp_out);
  gw_inflow_clear(&p->in);
  gw_crowd_free(p->crowd);
  g_clear_pointer(&p->early, g_ptr_array_unref);
  g_free(p->fp_hash);
  g_free(p->fp_value);
  g_free(p->mid);
  g_free(p);
}

gw_handle gw_peer_handle(const gw_peer *p) {
  return p->handle;
}

gw_handle gw_peer_leg(const gw_peer *p) {
  return p->leg;
}

static gw_desc_media *add_media(const gw_peer *p, gw_desc *d, gw_kind kind) {
  static const gw_dir dirs[] = {[GW_MEDIA_BOTH] = GW_DIR_SENDRECV,
                                [GW_MEDIA_PUBLISH] = GW_DIR_SENDONLY,
                                [GW_MEDIA_RECEIVE] = GW_DIR_RECVONLY,
                                [GW_MEDIA_RECEIVE_MANY] = GW_DIR_RECVONLY};
  gw_desc_media *m = gw_desc_add(d, kind, NULL);
  m->proto = GW_PROTO_DTLS_SAVPF;
  m->dir = dirs[p->use];
  m->rtcp_mux = TRUE;
  m->level_ext = LEVEL_EXT;
  m->setup = p->setup;
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup(gw_identity_fingerprint(p->env->engine->identity));
  return m;
}

/* Sound and picture are one stream to a page: both carry its name. */
static void add_source(const gw_peer *p, gw_desc_media *m, guint32 ssrc, const char *track) {
  const char *cname = p->out.cname;
  gw_source source = {ssrc, g_strdup(cname), g_strdup_printf("%s %s%s", cname, cname, track)};
  g_array_append_val(m->sources, source);
}

static gboolean only_hears(const gw_peer *p) {
  return p->use == GW_MEDIA_RECEIVE || p->use == GW_MEDIA_RECEIVE_MANY;
}

gw_desc *gw_peer_describe(gw_peer *p) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = add_media(p, d, GW_KIND_AUDIO);
  d->bundle = TRUE;
  gw_codec_fill("opus", OPUS_PT, m);
  gw_codec_fill("PCMU", 0, m);
  gw_codec_fill("PCMA", 8, m);
  if (!only_hears(p)) add_source(p, m, p->out.ssrc, "a0");
  gw_ice_describe(p->ice, m);
  if (p->use != GW_MEDIA_PUBLISH) return d;
  gw_desc_media *v = add_media(p, d, GW_KIND_VIDEO);
  v->ufrag = g_strdup(m->ufrag); /* one transport for both */
  v->pwd = g_strdup(m->pwd);
  gw_desc_media_add_codec(v, VP8_PT, "VP8", GW_PICTURE_CLOCK, 1, NULL);
  add_source(p, v, p->picture.ssrc, "v0");
  return d;
}

/* Their transport of before is no more: ours begins anew, too, and they are told. A storm of it ends the peer. */
static void restart(gw_peer *p, gint64 now_us) {
  if (now_us - p->window_us > GW_SEC(GW_RESTART_WINDOW_S)) {
    p->window_us = now_us;
    p->restarts = 0;
  }
  if (++p->restarts > GW_MAX_RESTARTS) {
    fail(p, GW_CAUSE_ICE_FAILED, "too-many-restarts");
    return;
  }
  gw_ice_restart(p->ice);
  gw_desc *d = gw_desc_new();
  gw_ice_describe(p->ice, gw_desc_add(d, GW_KIND_AUDIO, NULL));
  gw_env_restarted(p->env, p->handle, d);
  gw_info(NULL, "ice-restarted", HANDLE " after_loss=%d", p->handle.v, p->lost_us != 0);
  p->restarting = TRUE;
  p->lost_us = 0;
  p->restart_us = now_us;
  p->deadline_us = now_us + SETUP_US;
}

/* FALSE: no credentials yet. */
static gboolean take_transport(gw_peer *p, const gw_desc_media *m, gint64 now_us) {
  if (gw_ice_is_restart(p->ice, m)) restart(p, now_us);
  return !p->failed && gw_ice_remote(p->ice, m);
}

static void take_names(gw_peer *p, const gw_desc *remote, const gw_desc_media *audio) {
  if (p->mid || !audio->mid || !audio->codecs->len) return;
  p->mid = g_strdup(audio->mid);
  p->bundled = remote->bundle;
}

/* Candidates come without a kind: those of another content, with a transport of its own, are not for us. */
static gboolean is_ours(const gw_peer *p, const gw_desc_media *m) {
  return !p->mid || p->bundled || !m->mid || !strcmp(m->mid, p->mid);
}

static void take_fingerprint(gw_peer *p, const gw_desc_media *m) {
  if (p->fp_value || !m->fp_hash || !m->fp_value) return; /* the first one is for good */
  p->fp_hash = g_strdup(m->fp_hash);
  p->fp_value = g_strdup(m->fp_value);
  p->remote_setup = m->setup;
}

/* In a bundle any content may carry what they all share; candidates alone may even come without a
 * kind. */
void gw_peer_remote(gw_peer *p, const gw_desc *remote, gint64 now_us) {
  const gw_desc_media *audio = gw_desc_audio(remote);
  gboolean known = FALSE, first = !p->deadline_us && !p->said_ice;
  if (p->failed) return;
  if (p->crowd && audio && audio->codecs->len) gw_crowd_announce(p->crowd, remote);
  if (audio) {
    take_fingerprint(p, audio);
    take_names(p, remote, audio);
    if (audio->codecs->len) p->out.bounded = gw_pass_bounded(gw_desc_media_codec(audio, "opus", 0));
    if (is_ours(p, audio)) known = take_transport(p, audio, now_us);
  }
  for (guint i = 0; i < remote->media->len; i++) {
    const gw_desc_media *m = g_ptr_array_index(remote->media, i);
    if (m == audio || m->refused || !(remote->bundle || !audio) || !is_ours(p, m)) continue;
    take_fingerprint(p, m);
    known = take_transport(p, m, now_us) || known;
  }
  if (known && first) p->deadline_us = now_us + SETUP_US;
}

void gw_peer_agreed(gw_peer *p, const gw_desc *agreed) {
  const gw_desc_media *m = gw_desc_audio(agreed);
  const gw_codec *c = gw_desc_first_voice(m);
  if (!c || p->failed) return;
  if (p->use == GW_MEDIA_PUBLISH) gw_picture_agree(&p->picture, agreed);
  gw_inflow_map(&p->in, m, NULL);
  p->in.level_ext = p->out.level_ext = m->level_ext;
  if (only_hears(p)) return; /* without a codec nothing is encoded for it */
  gw_outflow_codec(&p->out, p->env->ids, gw_codec_index(c->name), c->pt);
}

int gw_peer_codec(const gw_peer *p) {
  return p->out.codec;
}

gboolean gw_peer_busy(const gw_peer *p) {
  if (p->failed) return FALSE;
  return !gw_ice_gathered(p->ice) || (p->deadline_us != 0) ||
         (p->said_ice && gw_ice_get_state(p->ice) == GW_ICE_CONNECTED);
}

/* Their network may have changed: for a while they can begin anew. Nothing is sent meanwhile (RFC 7675). */
static void look_at_loss(gw_peer *p, gint64 now_us) {
  if (!p->lost_us) {
    p->lost_us = now_us;
    gw_info(NULL, "ice-lost", HANDLE, p->handle.v);
  } else if (now_us - p->lost_us >= LOST_US) {
    fail(p, GW_CAUSE_ICE_FAILED, "no-consent");
  }
}

static void look_at_restart(gw_peer *p, gint64 now_us) {
  if (!gw_ice_is_settled(p->ice)) return;
  p->restarting = FALSE;
  p->deadline_us = p->up ? 0 : now_us + SETUP_US;
  gw_info(NULL, "ice-settled", HANDLE " ms=%" G_GINT64_FORMAT, p->handle.v,
          (now_us - p->restart_us) / 1000);
}

static void look_at_ice(gw_peer *p, gint64 now_us) {
  gw_ice_state s = gw_ice_get_state(p->ice);
  if (gw_ice_gathered(p->ice) && !p->said_gathered) {
    p->said_gathered = TRUE;
    gw_env_state(p->env, p->handle, GW_MS_GATHERED, GW_CAUSE_NONE);
  }
  if (s == GW_ICE_FAILED) {
    look_at_loss(p, now_us);
  } else if (p->restarting) {
    look_at_restart(p, now_us);
  } else if (s != GW_ICE_WORKING && !p->said_ice) {
    p->said_ice = TRUE;
    p->deadline_us = now_us + SETUP_US;
    gw_env_state(p->env, p->handle, GW_MS_ICE, GW_CAUSE_NONE);
  }
}

void gw_peer_drive(gw_peer *p, gboolean asking, gint64 now_us) {
  if (p->failed) return;
  if (asking) gw_ice_pump(p->ice, now_us);
  gw_ice_step(p->ice, now_us);
  look_at_ice(p, now_us);
  if (!p->failed && p->said_ice && !p->dtls && p->fp_value) start_dtls(p);
  if (p->dtls && !p->up && !p->failed) {
    gw_dtls_timeout(p->dtls);
    look_at_dtls(p);
  }
  if (p->failed || !p->deadline_us || now_us < p->deadline_us) return;
  if (!p->said_ice || p->restarting)
    fail(p, GW_CAUSE_ICE_FAILED, "no-pair-in-time");
  else
    fail(p, GW_CAUSE_DTLS_FAILED, p->fp_value ? "no-handshake-in-time" : "no-fingerprint");
}

/* ---- the tick */

void gw_peer_read(gw_peer *p, gint64 now_us) {
  if (gw_ice_relayed(p->ice)) gw_ice_pump(p->ice, now_us);
}

gw_inflow *gw_peer_inflow(gw_peer *p) {
  return &p->in;
}

void gw_peer_play(gw_peer *p, gint64 now_us) {
  if (p->crowd)
    gw_crowd_play(p->crowd, &p->in, now_us);
  else
    gw_inflow_play(&p->in, now_us);
}

gboolean gw_peer_hears(const gw_peer *p) {
  return p->up && !p->failed && p->out.codec >= 0;
}

void gw_peer_say(gw_peer *p, const guint8 *payload, gsize n, guint8 level) {
  guint8 *to = p->env->tx;
  gboolean rests = n <= GW_VOICE_EMPTY;
  if (p->resting && !rests) p->out.marker = TRUE; /* RFC 3551 4.1 */
  p->resting = rests;
  p->out.level = level;
  gsize len = gw_outflow_packet(&p->out, payload, n, to, GW_RX_BYTES - 64);
  if (len && gw_srtp_protect_rtp(p->srtp_out, to, &len, GW_RX_BYTES) == GW_SRTP_OK)
    gw_ice_send(p->ice, to, len);
}

void gw_peer_skip(gw_peer *p) {
  p->out.seq++;
}

const gw_outflow *gw_peer_outflow(const gw_peer *p) {
  return &p->out;
}

static void send_picture(gw_peer *p) {
  guint8 *to = p->env->tx;
  gsize n = gw_picture_packet(&p->picture, p->env->tick, to, GW_RX_BYTES - 64);
  if (n && gw_srtp_protect_rtp(p->srtp_out, to, &n, GW_RX_BYTES) == GW_SRTP_OK)
    gw_ice_send(p->ice, to, n);
}

/* Of a copy that has been one for a while only now and then a packet is wanted; all of them at once when the voice that is
 * listened to stops, or when of this one none came for long. */
static void thin_out(gw_peer *p, gint64 now_us) {
  gboolean spare = p->in.lazy && !p->crowd && now_us - p->rtp_us < OPEN_WITHIN;
  p->steady = spare ? p->steady + 1 : 0;
  gboolean want = p->steady >= THIN_AFTER;
  if (!want && !p->thin) return;
  p->thin = gw_ice_thin(p->ice, want);
  if (p->thin) return;
  gw_inflow_unseen(&p->in, gw_ice_thinned(p->ice), p->last_bytes);
  p->steady = 0;
}

void gw_peer_watch(gw_peer *p, gint64 now_us) {
  if (!p->up || p->failed) return;
  thin_out(p, now_us);
  if (p->use == GW_MEDIA_PUBLISH) send_picture(p);
  if (!only_hears(p) || !p->rtp_us || p->quiet) return;
  if (now_us - p->rtp_us < GW_SEC(GW_PEER_QUIET_S)) return;
  p->quiet = TRUE;
  gw_env_state(p->env, p->handle, GW_MS_QUIET, GW_CAUSE_NONE);
}

static void send_picture_report(gw_peer *p) {
  guint8 *to = p->env->tx;
  gsize n = gw_picture_report(&p->picture, p->out.cname, p->env->tick, gw_wall_us(), to, GW_RX_BYTES - 64);
  if (n && gw_srtp_protect_rtcp(p->srtp_out, to, &n, GW_RX_BYTES) == GW_SRTP_OK)
    gw_ice_send(p->ice, to, n);
}

void gw_peer_report(gw_peer *p, gint64 now_us) {
  if (!p->up || p->failed || p->env->tick < p->out.report_tick) return;
  gboolean said = send_report(p, FALSE, now_us);
  if (p->use == GW_MEDIA_PUBLISH) send_picture_report(p);
  p->out.report_tick = p->env->tick + (said ? REPORT_TICKS : FIRST_REPORT_TICKS);
}

void gw_peer_pass(gw_peer *p, guint ticks) {
  gw_outflow_tick(&p->out, ticks);
}

void gw_peer_figures(gw_peer *p, gw_media_stats *ret) {
  gw_flow_figures(&p->out, &p->in, ret);
}
