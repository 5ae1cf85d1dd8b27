#include "gateway/media/stream.h"
#include "base/clock.h"
#include "gateway/media/mixer.h"
#include "gateway/media/pass.h"
#include <string.h>

#define EVENT 0x80             /* bit of use[]: telephone-event, low bits its clock in kHz */
#define CHANGE_US GW_MS(200)   /* codec changes of one stream are at least this far apart */
#define LEVEL_BYTES 8          /* of the audio level in a header */
#define NEXT 50                /* packets, a second: what may be missing before one that is plainly the next */
#define OPUS 0                 /* gw_codec_index("opus") */
#define RTT_MAX_MS 10000       /* more is a forged or broken report */

static const char *const codec_words[GW_CODECS] = {"opus", "G722", "PCMA", "PCMU"};

int gw_codec_index(const char *name) {
  for (int i = 0; i < GW_CODECS; i++)
    if (!g_ascii_strcasecmp(name, codec_words[i])) return i;
  return -1;
}

const char *gw_codec_word(int index) {
  return index < 0 ? "" : codec_words[index];
}

gboolean gw_codec_narrow(int index) {
  return index >= 2;
}

const gw_codec *gw_desc_first_voice(const gw_desc_media *m) {
  for (guint i = 0; m && i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    if (gw_codec_index(c->name) >= 0) return c;
  }
  return NULL;
}

void gw_inflow_init(gw_inflow *in, gboolean even) {
  memset(in, 0, sizeof *in);
  in->codec = -1;
  in->even = even;
  in->loudest = -127;
  gw_floor_init(&in->floor);
}

void gw_inflow_clear(gw_inflow *in) {
  g_clear_pointer(&in->jitter, gw_jitter_free);
  in->codec = -1;
}

static void map_one(guint8 *use, const gw_desc_media *m) {
  for (guint i = 0; m && i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    int index = gw_codec_index(c->name);
    if (c->pt > 127 || use[c->pt]) continue;
    if (index >= 0)
      use[c->pt] = (guint8)(1 + index);
    else if (gw_codec_is(c, "telephone-event") && c->clock >= 8000 && c->clock <= 48000)
      use[c->pt] = (guint8)(EVENT | c->clock / 1000);
  }
}

void gw_inflow_map(gw_inflow *in, const gw_desc_media *first, const gw_desc_media *second) {
  memset(in->use, 0, sizeof in->use);
  map_one(in->use, first);
  map_one(in->use, second);
}

gw_in_use gw_inflow_use(const gw_inflow *in, guint8 pt, guint *ret_clock) {
  guint8 use = in->use[pt & 127];
  if (!use) return GW_IN_NONE;
  if (!(use & EVENT)) return GW_IN_VOICE;
  *ret_clock = (use & ~EVENT) * 1000u;
  return GW_IN_DIGIT;
}

static gboolean take_codec(gw_inflow *in, int codec, gint64 now_us) {
  if (codec == in->codec) return TRUE;
  if (in->codec >= 0 && now_us - in->changed_us < CHANGE_US)
    return FALSE; /* a sender that alternates must not make us build decoders all day */
  const char *word = gw_codec_word(codec);
  gw_inflow_clear(in);
  in->jitter = gw_jitter_new(word, gw_codec_rtp_clock(word));
  in->codec = codec;
  gw_inflow_align(in, in->align);
  in->changed_us = now_us;
  return TRUE;
}

void gw_inflow_extra(gw_inflow *in, const gw_rtp *rtp, gint64 now_us) {
  if (!in->stats.started || in->stats.ssrc != rtp->ssrc) return;
  gw_rtp_stats_packet(&in->stats, rtp->seq, rtp->ts, now_us);
  if (in->jitter) gw_jitter_other(in->jitter, rtp, now_us);
}

gboolean gw_inflow_unopened(gw_inflow *in, const gw_rtp *rtp, gsize wire_bytes, gint64 now_us) {
  guint8 use = in->use[rtp->pt & 127];
  guint16 ahead = (guint16)(rtp->seq - in->stats.max_seq);
  if (!in->stats.started || in->stats.ssrc != rtp->ssrc || !use || (use & EVENT) || !ahead || ahead > NEXT)
    return FALSE;
  in->packets++;
  in->bytes += wire_bytes;
  gw_rtp_stats_packet(&in->stats, rtp->seq, rtp->ts, now_us);
  return TRUE;
}

void gw_inflow_unseen(gw_inflow *in, guint n, gsize wire_bytes) {
  in->packets += n;
  in->unread += n;
  in->bytes += n * wire_bytes;
  gw_rtp_stats_unseen(&in->stats, n);
}

void gw_inflow_follow(gw_inflow *in, gboolean follows, gboolean lazy) {
  in->lazy = follows && lazy;
  if (follows && !in->follows)
    gw_inflow_clear(in); /* what it holds would be old when it is needed again */
  in->follows = follows;
}

void gw_inflow_rtp(gw_inflow *in, const gw_rtp *rtp, gsize wire_bytes, gint64 now_us) {
  guint8 use = in->use[rtp->pt & 127];
  gboolean voice = use && !(use & EVENT);
  int codec = voice ? use - 1 : in->codec;
  in->packets++;
  in->bytes += wire_bytes;
  if (voice && !in->follows && !take_codec(in, codec, now_us)) {
    in->bad++;
    return;
  }
  guint clock = codec < 0 ? 8000 : gw_codec_rtp_clock(gw_codec_word(codec));
  if (!in->stats.started || in->stats.ssrc != rtp->ssrc || in->stats.clock != clock)
    gw_rtp_stats_init(&in->stats, rtp->ssrc, clock);
  gw_rtp_stats_packet(&in->stats, rtp->seq, rtp->ts, now_us);
  if (voice) {
    in->voice_us = now_us;
    gboolean talks = rtp->level >= 0 || codec || gw_opus_has_voice(rtp->payload, rtp->payload_len);
    gw_floor_packet(&in->floor, rtp->level, talks);
    if (in->deaf && rtp->level >= 0) in->loudest = MAX(in->loudest, -rtp->level);
  }
  if (voice && in->jitter)
    gw_jitter_put(in->jitter, rtp, now_us);
  else if (in->jitter)
    gw_jitter_other(in->jitter, rtp, now_us);
}

void gw_inflow_deafen(gw_inflow *in, gboolean deaf) {
  in->deaf = deaf;
}

/* Whoever is not among the loudest does not speak. */
static void count_talk(gw_inflow *in, gdouble level) {
  in->spoken += level > GW_SPEECH_DBFS && !in->deaf;
}

void gw_inflow_align(gw_inflow *in, gboolean align) {
  in->align = align;
  if (in->jitter) gw_jitter_align(in->jitter, align && in->codec == OPUS);
}

int gw_inflow_packet(const gw_inflow *in, const guint8 **ret) {
  gboolean untouched = in->live && in->codec == OPUS && !in->even && !in->deaf && !in->touched;
  return untouched ? gw_jitter_packet(in->jitter, ret) : 0;
}

void gw_inflow_play(gw_inflow *in, gint64 now_us) {
  gboolean gone = in->deaf && in->was_deaf;
  in->touched = FALSE;
  if (in->jitter) gw_jitter_deafen(in->jitter, gone);
  in->live = in->jitter && gw_jitter_get(in->jitter, now_us, in->pcm) && !gone;
  in->whole = in->live && gw_jitter_whole(in->jitter);
  if (!in->live) {
    memset(in->pcm, 0, sizeof in->pcm);
  } else {
    gdouble level = gw_level_dbfs(in->pcm, GW_FRAME);
    in->loudest = MAX(in->loudest, level);
    in->dbfs = level;
    if (level < GW_PASS_QUIET_DBFS) gw_jitter_rest(in->jitter, now_us);
    gw_floor_heard(&in->floor, level);
    count_talk(in, level);
    if (in->even) gw_leveller_frame(&in->leveller, in->pcm, level);
    if (in->deaf) gw_fade(in->pcm, FALSE); /* the last one for now */
  }
  in->frames += in->jitter != NULL;
  in->was_deaf = in->deaf;
}

void gw_fade(gint16 *pcm, gboolean fade_in) {
  for (int i = 0; i < GW_FRAME; i++)
    pcm[i] = (gint16)(pcm[i] * (fade_in ? i + 1 : GW_FRAME - 1 - i) / GW_FRAME);
}

void gw_outflow_init(gw_outflow *out, gw_ids *ids, const char *cname) {
  memset(out, 0, sizeof *out);
  out->codec = -1;
  out->ssrc = gw_ids_u32(ids);
  out->ts = gw_ids_u32(ids);
  out->seq =
      (guint16)(gw_ids_u32(ids) & 0x7fff); /* the first wrap is far: kinder to SRTP receivers */
  out->marker = TRUE;
  g_strlcpy(out->cname, cname, sizeof out->cname);
}

static guint clock_of(const gw_outflow *out) {
  return gw_codec_rtp_clock(gw_codec_word(out->codec));
}

void gw_outflow_codec(gw_outflow *out, gw_ids *ids, int codec, guint8 pt) {
  if (out->codec >= 0 && out->packets &&
      gw_codec_rtp_clock(gw_codec_word(codec)) != clock_of(out)) {
    out->ssrc = gw_ids_u32(ids);
    out->packets = out->payload_bytes = 0;
  }
  if (codec != out->codec) out->marker = TRUE;
  out->codec = codec;
  out->pt = pt;
}

/* RFC 6464 3, in the one-byte form of RFC 8285 4.2. */
static gsize write_level(const gw_outflow *out, guint8 *to) {
  const guint8 ext[LEVEL_BYTES] = {0xBE, 0xDE, 0, 1, (guint8)(out->level_ext << 4), out->level};
  to[0] |= 0x10;
  memcpy(to + 12, ext, sizeof ext);
  return sizeof ext;
}

gsize gw_outflow_packet(gw_outflow *out, const guint8 *payload, gsize n, guint8 *to, gsize cap) {
  if (cap < 12 + LEVEL_BYTES + n) return 0;
  gsize head = gw_rtp_write_header(to, out->pt, out->marker, out->seq++, out->ts, out->ssrc);
  if (out->level_ext) head += write_level(out, to);
  memcpy(to + head, payload, n);
  out->marker = FALSE;
  out->packets++;
  out->payload_bytes += (guint32)n;
  out->bytes += head + n;
  return head + n;
}

void gw_outflow_tick(gw_outflow *out, guint ticks) {
  if (out->codec >= 0) out->ts += ticks * (clock_of(out) / 50);
}

/* The SDES that gw_rtcp_write adds is no place for BYE, so it follows as a packet of its own. */
static gsize append_bye(guint8 *out, gsize cap, guint32 ssrc) {
  if (cap < 8) return 0;
  guint8 bye[8] = {0x81, 203, 0, 1, ssrc >> 24, (ssrc >> 16) & 255, (ssrc >> 8) & 255, ssrc & 255};
  memcpy(out, bye, sizeof bye);
  return sizeof bye;
}

gsize gw_flow_report(gw_outflow *out, gw_inflow *in, gboolean bye, gint64 now_us, gint64 wall_us,
                     guint8 *to, gsize cap) {
  gw_rtcp_block block;
  gboolean about = in->stats.started;
  if (!about && !out->packets) return 0;
  if (about) {
    guint32 since = in->sr_mid ? (guint32)((now_us - in->sr_us) * 65536 / 1000000) : 0;
    gw_rtp_stats_block(&in->stats, in->sr_mid, since, &block);
  }
  gsize n = gw_rtcp_write(to, cap, out->ssrc, gw_rtcp_ntp(wall_us), out->ts, out->packets,
                          out->payload_bytes, about ? &block : NULL, out->cname);
  return n && bye ? n + append_bye(to + n, cap - n, out->ssrc) : n;
}

void gw_flow_heard(gw_outflow *out, gw_inflow *in, const gw_rtcp *r, gint64 now_us,
                   gint64 wall_us) {
  if (r->has_sr && in->stats.started && r->sender_ssrc == in->stats.ssrc) {
    in->sr_mid = (guint32)(r->ntp >> 16);
    in->sr_us = now_us;
  }
  for (guint i = 0; i < r->n_blocks; i++) {
    const gw_rtcp_block *b = &r->blocks[i];
    if (b->ssrc != out->ssrc) continue;
    out->loss = b->fraction;
    if (!b->lsr) continue;
    guint32 trip = (guint32)(gw_rtcp_ntp(wall_us) >> 16) - b->lsr - b->dlsr; /* RFC 3550 6.4.1 */
    guint64 ms = (guint64)trip * 1000 / 65536;
    if (ms <= RTT_MAX_MS) out->rtt_ms = (guint)ms;
  }
}

void gw_flow_figures(const gw_outflow *out, gw_inflow *in, gw_media_stats *ret) {
  gw_media_stats s = {.packets_in = in->packets,
                      .packets_out = out->packets,
                      .bytes_in = in->bytes,
                      .unread = in->unread,
                      .bytes_out = out->bytes,
                      .bad = in->bad,
                      .rtt_ms = out->rtt_ms,
                      .level_dbfs = in->loudest,
                      .listened_ms = in->frames * 20,
                      .spoken_ms = in->spoken * 20};
  g_strlcpy(s.codec, gw_codec_word(out->codec), sizeof s.codec);
  if (in->stats.started) {
    s.lost = gw_rtp_stats_lost(&in->stats);
    s.jitter_ms = (guint)(in->stats.jitter * 1000 / in->stats.clock);
  }
  if (in->jitter) {
    gw_jitter_stats j;
    gw_jitter_stats_get(in->jitter, &j);
    s.late = j.late;
    s.concealed_ms = j.concealed_ms;
    s.buffer_ms = j.depth_ms;
  }
  in->loudest = -127;
  *ret = s;
}
