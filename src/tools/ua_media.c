#include "tools/ua_media.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/media/jitter.h"
#include "gateway/media/seal.h"
#include "tools/ua_desc.h"
#include "tools/ua_mouth.h"
#include "tools/ua_net.h"
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MAX_BURST                                                                                  \
  5 /* packets sent at once after we were late; what is missing beyond is left out */
#define SRTP_ROOM 64 /* of a packet, for what encryption adds */
#define MAX_CATCH_UP 250
#define MAX_READ 64 /* datagrams of one stream per tick */

struct gw_ua_media {
  int timer;
  GSource *source;
  GPtrArray *streams; /* gw_ua_stream, not owned */
  gw_ids *ids;
  guint64 ticks;
  gw_ua_voices *choir; /* of the streams that share, or NULL */
};

struct gw_ua_stream {
  gw_ua_media *media;
  gw_ua_sound sound;
  char *address;
  guint16 port;
  int fd;
  gboolean started, agreed;
  gw_dir dir;
  char codec[24];
  int event_pt;
  struct sockaddr_storage to;
  socklen_t to_len;     /* 0: nowhere */
  gw_ua_voices *voices; /* own, NULL when shared */
  gw_ua_mouth *mouth;
  gw_ua_ear *ear;
  gw_seal seal;
  guint64 sent;
  /* Play-out as a telephone would do it, for echo and recording only. */
  gw_jitter *jitter;
  guint8 jitter_pt;
  gw_ua_wav_writer *record;
};

/* -- one stream -- */

static void play_out(gw_ua_stream *s, const gw_rtp *rtp, gint64 at_us) {
  const gw_codec *codec = gw_ua_ear_codec(s->ear, rtp->pt);
  if (!codec || !gw_codec_known(codec->name)) return;
  if (!s->jitter || s->jitter_pt != rtp->pt) {
    gw_jitter_free(s->jitter);
    s->jitter = gw_jitter_new(codec->name, codec->clock);
    s->jitter_pt = rtp->pt;
  }
  gw_jitter_put(s->jitter, rtp, at_us);
}

static void read_all(gw_ua_stream *s) {
  guint8 data[GW_MAX_DATAGRAM];
  gint64 at_us = 0;
  gssize n;
  for (guint i = 0; i < MAX_READ && (n = gw_ua_receive(s->fd, data, sizeof data, &at_us)) >= 0;
       i++) {
    gw_rtp rtp;
    gsize len = (gsize)n;
    if (gw_rtp_is_rtcp(data, len) || !gw_seal_open(&s->seal, data, &len, FALSE) ||
        !gw_rtp_parse(data, len, 0, &rtp))
      continue;
    if (gw_ua_ear_packet(s->ear, &rtp, at_us) && (s->sound.echo || s->record))
      play_out(s, &rtp, at_us);
  }
}

static void say(gw_ua_stream *s, const gint16 *frame) {
  guint8 packet[GW_MAX_DATAGRAM];
  gsize n = gw_ua_mouth_packet(s->mouth, s->media->ticks, frame, packet, sizeof packet - SRTP_ROOM);
  if (n && gw_seal_close(&s->seal, packet, &n, sizeof packet, FALSE) &&
      sendto(s->fd, packet, n, 0, (struct sockaddr *)&s->to, s->to_len) == (gssize)n)
    s->sent++;
}

/* One tick. late: sending would make the burst too long. */
static void step(gw_ua_stream *s, gint64 now_us, gboolean late) {
  gint16 frame[GW_FRAME];
  gboolean heard = s->sound.echo || s->record;
  if (!s->started) return;
  if (heard && !(s->jitter && gw_jitter_get(s->jitter, now_us, frame)))
    memset(frame, 0, sizeof frame);
  if (s->record) gw_ua_wav_write(s->record, frame, GW_FRAME);
  if (late || !s->to_len || !(s->dir & GW_DIR_SENDONLY))
    gw_ua_mouth_skip(s->mouth);
  else
    say(s, s->sound.echo ? frame : NULL);
}

static gw_ua_voices *voices_for(gw_ua_stream *s) {
  gw_ua_voices **where = s->sound.shared ? &s->media->choir : &s->voices;
  if (!*where) *where = gw_ua_voices_new(s->sound.tone_hz, s->sound.play, s->sound.fec);
  return *where;
}

gw_ua_stream *gw_ua_stream_new(gw_ua_media *media, const char *address, const gw_ua_sound *sound,
                               GError **error) {
  guint16 port = 0;
  gw_ua_wav_writer *record = sound->record ? gw_ua_wav_create(sound->record, error) : NULL;
  if (sound->record && !record) return NULL;
  int fd = gw_ua_rtp_socket(address, &port, error);
  if (fd < 0) {
    gw_ua_wav_close(record, NULL);
    return NULL;
  }
  gw_ua_stream *s = g_new0(gw_ua_stream, 1);
  s->media = media;
  s->sound = *sound;
  s->address = g_strdup(address);
  s->port = port;
  s->fd = fd;
  s->record = record;
  s->event_pt = -1;
  if (sound->sdes) gw_seal_init(&s->seal, media->ids);
  s->mouth = gw_ua_mouth_new(media->ids, voices_for(s));
  s->ear = gw_ua_ear_new(sound->thorough);
  g_ptr_array_add(media->streams, s);
  return s;
}

gboolean gw_ua_stream_free(gw_ua_stream *s, GError **error) {
  if (!s) return TRUE;
  gboolean ok = gw_ua_wav_close(s->record, error);
  g_ptr_array_remove_fast(s->media->streams, s);
  close(s->fd);
  gw_jitter_free(s->jitter);
  gw_ua_mouth_free(s->mouth);
  gw_ua_voices_free(s->voices);
  gw_ua_ear_free(s->ear);
  gw_seal_clear(&s->seal);
  g_free(s->address);
  g_free(s);
  return ok;
}

gw_desc *gw_ua_stream_desc(const gw_ua_stream *s, gw_dir dir) {
  gw_desc *d = gw_ua_desc_new(s->address, s->port, s->sound.codecs, dir);
  gw_sdes_offer(gw_desc_audio(d), s->sound.sdes ? GW_SDES_REQUIRED : GW_SDES_OFF, s->seal.own);
  return d;
}

/* Gaps count while we are answered and ought to hear something. */
static void count_gaps(gw_ua_stream *s) {
  gw_ua_gaps *gaps = gw_ua_ear_gaps(s->ear);
  if (s->started && (s->dir & GW_DIR_RECVONLY))
    gw_ua_gaps_resume(gaps, gw_now_us());
  else
    gw_ua_gaps_pause(gaps, gw_now_us());
}

void gw_ua_stream_agreed(gw_ua_stream *s, const gw_desc *remote, const gw_desc *own) {
  gw_ua_agreed a;
  if (!gw_ua_desc_agreed(remote, own, &a)) {
    gw_warn(NULL, "no-common-codec", "remote=%u", remote->media->len);
    return;
  }
  if (!gw_seal_agree(&s->seal, gw_desc_audio(remote), gw_desc_audio(own)) ||
      gw_seal_on(&s->seal) != s->sound.sdes) {
    gw_warn(NULL, "no-common-keys", "sdes=%d", s->sound.sdes);
    a.dir = GW_DIR_INACTIVE;
    a.port = 0;
  }
  g_strlcpy(s->codec, a.codec, sizeof s->codec);
  s->event_pt = a.event_pt;
  s->dir = a.dir;
  if (!a.port || !gw_ua_sockaddr(a.address, a.port, &s->to, &s->to_len)) s->to_len = 0;
  gw_ua_mouth_codec(s->mouth, a.codec, a.pt, a.event_pt, a.event_clock);
  gw_ua_ear_codecs(s->ear, gw_desc_audio(own));
  s->agreed = TRUE;
  count_gaps(s);
}

void gw_ua_stream_start(gw_ua_stream *s) {
  if (s->started) return;
  s->started = TRUE;
  if (s->agreed) count_gaps(s);
}

void gw_ua_stream_hold(gw_ua_stream *s) {
  read_all(s);
  gw_ua_gaps_pause(gw_ua_ear_gaps(s->ear), gw_now_us());
}

void gw_ua_stream_stop(gw_ua_stream *s) {
  if (!s->started) return;
  gw_ua_stream_hold(s);
  s->started = FALSE;
  s->dir = GW_DIR_INACTIVE;
}

gboolean gw_ua_stream_digits(gw_ua_stream *s, const char *digits) {
  if (s->event_pt < 0) return FALSE;
  gw_ua_mouth_digits(s->mouth, digits);
  return TRUE;
}

gw_ua_ear *gw_ua_stream_ear(gw_ua_stream *s) {
  return s->ear;
}

guint64 gw_ua_stream_sent(const gw_ua_stream *s) {
  return s->sent;
}

const char *gw_ua_stream_codec(const gw_ua_stream *s) {
  return s->codec;
}

/* -- the tick -- */

static gboolean on_tick(gint fd, GIOCondition condition, gpointer user) {
  gw_ua_media *m = user;
  guint64 ticks = 0;
  if (read(fd, &ticks, sizeof ticks) != (gssize)sizeof ticks) return G_SOURCE_CONTINUE;
  ticks = MIN(ticks, MAX_CATCH_UP);
  gint64 now_us = gw_now_us();
  for (guint i = 0; i < m->streams->len; i++) {
    gw_ua_stream *s = g_ptr_array_index(m->streams, i);
    if (s->agreed) read_all(s);
  }
  for (guint64 left = ticks; left > 0; left--, m->ticks++)
    for (guint i = 0; i < m->streams->len; i++)
      step(g_ptr_array_index(m->streams, i), now_us - (gint64)(left - 1) * GW_UA_TICK_US,
           left > MAX_BURST);
  return G_SOURCE_CONTINUE;
}

gw_ua_media *gw_ua_media_new(GMainContext *context, GError **error) {
  /* a periodic timer of the kernel keeps its absolute rhythm, however late we read it */
  struct itimerspec every = {.it_interval.tv_nsec = GW_UA_TICK_US * 1000,
                             .it_value.tv_nsec = GW_UA_TICK_US * 1000};
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) != 0) {
    int why = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(why), "no timer: %s",
                g_strerror(why));
    if (fd >= 0) close(fd);
    return NULL;
  }
  gw_ua_media *m = g_new0(gw_ua_media, 1);
  m->timer = fd;
  m->streams = g_ptr_array_new();
  m->ids = gw_ids_new();
  m->source = g_unix_fd_source_new(fd, G_IO_IN);
  g_source_set_callback(m->source, G_SOURCE_FUNC(on_tick), m, NULL);
  g_source_attach(m->source, context);
  return m;
}

void gw_ua_media_free(gw_ua_media *m) {
  if (!m) return;
  g_source_destroy(m->source);
  g_source_unref(m->source);
  close(m->timer);
  g_ptr_array_unref(m->streams);
  gw_ua_voices_free(m->choir);
  gw_ids_free(m->ids);
  g_free(m);
}
