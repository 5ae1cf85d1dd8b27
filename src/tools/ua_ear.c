#include "tools/ua_ear.h"
#include "gateway/media/codec.h"
#include "gateway/media/dtmf.h"
#include "gateway/media/mixer.h"
#include <string.h>

#define MAX_DIGITS 256
#define FRAME_US 20000
#define US_PER_SAMPLE_NUM 125 /* 1 sample at 16 kHz = 62.5 us */
#define US_PER_SAMPLE_DEN 2
#define JUMP_US (10 * G_USEC_PER_SEC) /* a longer step of the timestamps is a new time line */

struct gw_ua_ear {
  gboolean thorough;
  GArray *codecs; /* gw_codec, fmtp not kept */
  gw_decoder *decoder;
  int decoder_pt; /* -1 none */
  gw_codec codec; /* of the decoder */
  gw_listener *listener;
  gw_ua_gaps *gaps;
  gw_rtp_stats stats;
  guint64 lost_before; /* by streams that ended (SSRC changed) */
  gboolean timeline;
  guint32 last_ts;
  gint64 last_at_us;
  gint64 media_us;        /* media time of last_ts, unwrapped */
  gint16 frame[GW_FRAME]; /* packets need not have 20 ms */
  guint filled;
  gint64 first_audio_us;
  guint64 received;
  gw_dtmf_in dtmf;
  GString *digits;
};

gw_ua_ear *gw_ua_ear_new(gboolean thorough) {
  gw_ua_ear *e = g_new0(gw_ua_ear, 1);
  e->thorough = thorough;
  e->codecs = g_array_new(FALSE, FALSE, sizeof(gw_codec));
  e->decoder_pt = -1;
  e->listener = thorough ? gw_listener_new(GW_RATE) : NULL;
  e->gaps = gw_ua_gaps_new();
  e->digits = g_string_new(NULL);
  return e;
}

void gw_ua_ear_free(gw_ua_ear *e) {
  if (!e) return;
  gw_decoder_free(e->decoder);
  if (e->listener) gw_listener_free(e->listener);
  gw_ua_gaps_free(e->gaps);
  g_array_unref(e->codecs);
  g_string_free(e->digits, TRUE);
  g_free(e);
}

void gw_ua_ear_codecs(gw_ua_ear *e, const gw_desc_media *own) {
  g_array_set_size(e->codecs, 0);
  for (guint i = 0; i < own->codecs->len; i++) {
    gw_codec c = g_array_index(own->codecs, gw_codec, i);
    c.fmtp = NULL;
    g_array_append_val(e->codecs, c);
  }
  e->decoder_pt = -1; /* a payload type may mean something else now */
}

const gw_codec *gw_ua_ear_codec(const gw_ua_ear *e, guint8 pt) {
  for (guint i = 0; i < e->codecs->len; i++) {
    const gw_codec *c = &g_array_index(e->codecs, gw_codec, i);
    if (c->pt == pt) return c;
  }
  return NULL;
}

static void count(gw_ua_ear *e, const gw_rtp *rtp, guint clock, gboolean event, gint64 at_us) {
  guint32 ts = rtp->ts;
  e->received++;
  if (!e->stats.started || e->stats.ssrc != rtp->ssrc) {
    if (e->stats.started) e->lost_before += gw_rtp_stats_lost(&e->stats);
    gw_rtp_stats_init(&e->stats, rtp->ssrc, clock);
    e->timeline = FALSE;
  }
  /* All packets of an event carry its beginning (RFC 4733 2.1): that is no jitter, so time as it
   * should be is taken. */
  if (event && e->timeline)
    ts = e->last_ts + (guint32)((at_us - e->last_at_us) * e->stats.clock / G_USEC_PER_SEC);
  gw_rtp_stats_packet(&e->stats, rtp->seq, ts, at_us);
}

/* Moves the media time line to this packet. FALSE: it is older than one that was heard already. */
static gboolean move_timeline(gw_ua_ear *e, guint32 ts, guint clock, gint64 at_us) {
  gint64 step_us = (gint64)(gint32)(ts - e->last_ts) * G_USEC_PER_SEC / clock;
  gboolean jump = !e->timeline || ABS(step_us) > JUMP_US;
  if (!jump && step_us <= 0) return FALSE;
  if (jump) {
    gw_ua_gaps_new_timeline(e->gaps);
    e->timeline = TRUE;
    e->filled = 0;
  } else {
    e->media_us += step_us;
  }
  e->last_ts = ts;
  e->last_at_us = at_us;
  return TRUE;
}

/* end_us: when the last sample of the frame would be over if it is played as it comes;
 * media_end_us: the same on the sender's time line. */
static void hear_frame(gw_ua_ear *e, gint64 at_us, gint64 end_us, gint64 media_end_us) {
  gboolean sound = gw_level_dbfs(e->frame, GW_FRAME) > GW_UA_SOUND_DBFS;
  if (sound && !e->first_audio_us) e->first_audio_us = at_us;
  if (!e->thorough) return;
  gw_listener_feed(e->listener, e->frame, GW_FRAME);
  if (sound) gw_ua_gaps_sound(e->gaps, end_us - FRAME_US, media_end_us - FRAME_US, FRAME_US);
}

static void hear_pcm(gw_ua_ear *e, const gint16 *pcm, guint n, gint64 at_us) {
  for (guint done = 0; done < n;) {
    guint part = MIN(n - done, GW_FRAME - e->filled);
    memcpy(e->frame + e->filled, pcm + done, part * sizeof *pcm);
    done += part;
    e->filled += part;
    if (e->filled < GW_FRAME) continue;
    e->filled = 0;
    gint64 played_us = (gint64)done * US_PER_SAMPLE_NUM / US_PER_SAMPLE_DEN;
    hear_frame(e, at_us, at_us + played_us, e->media_us + played_us);
  }
}

static void hear_sound(gw_ua_ear *e, const gw_rtp *rtp, const gw_codec *codec, gint64 at_us) {
  gint16 pcm[GW_MAX_FRAME];
  if (e->decoder_pt != codec->pt) {
    gw_decoder_free(e->decoder);
    e->decoder = gw_decoder_new(codec->name);
    e->decoder_pt = codec->pt;
    e->codec = *codec;
  }
  if (!move_timeline(e, rtp->ts, gw_codec_rtp_clock(codec->name), at_us)) return;
  int n = gw_decoder_packet(e->decoder, rtp->payload, rtp->payload_len, FALSE, pcm, GW_MAX_FRAME);
  if (n > 0) hear_pcm(e, pcm, (guint)n, at_us);
}

/* A digit takes the place of the sound: no gap, and the time line of the sound begins anew after
 * it. */
static void hear_event(gw_ua_ear *e, const gw_rtp *rtp, const gw_codec *codec, gint64 at_us) {
  char digit = 0;
  guint ms = 0;
  if (gw_dtmf_packet(&e->dtmf, rtp, codec->clock, at_us, &digit, &ms)) gw_ua_ear_digit(e, digit);
  gw_ua_gaps_new_timeline(e->gaps);
  gw_ua_gaps_sound(e->gaps, at_us, 0, FRAME_US);
  gw_ua_gaps_new_timeline(e->gaps);
}

gboolean gw_ua_ear_packet(gw_ua_ear *e, const gw_rtp *rtp, gint64 at_us) {
  const gw_codec *codec = gw_ua_ear_codec(e, rtp->pt);
  if (!codec) return FALSE;
  gboolean event = gw_codec_is(codec, "telephone-event");
  count(e, rtp, codec->clock, event, at_us);
  if (event) {
    hear_event(e, rtp, codec, at_us);
  } else if (e->thorough || !e->first_audio_us) {
    hear_sound(e, rtp, codec, at_us);
  }
  return TRUE;
}

void gw_ua_ear_digit(gw_ua_ear *e, char digit) {
  if (e->digits->len < MAX_DIGITS) g_string_append_c(e->digits, digit);
}

gw_ua_gaps *gw_ua_ear_gaps(gw_ua_ear *e) {
  return e->gaps;
}

void gw_ua_ear_get(const gw_ua_ear *e, gw_ua_heard *ret) {
  memset(ret, 0, sizeof *ret);
  ret->first_audio_us = e->first_audio_us;
  ret->received = e->received;
  ret->lost = e->lost_before + (e->stats.started ? gw_rtp_stats_lost(&e->stats) : 0);
  if (e->stats.started && e->stats.clock)
    ret->jitter_ms = e->stats.jitter * 1000.0 / e->stats.clock;
  g_strlcpy(ret->codec, e->codec.name, sizeof ret->codec);
  if (e->listener) ret->n_heard = gw_listener_heard(e->listener, ret->heard, GW_UA_HEARD_MAX);
  ret->digits = e->digits->str;
}
