#include "tools/ua_wav.h"
#include "gateway/media/codec.h"
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEADER 44

static guint32 le(const guint8 *p, guint bytes) {
  guint32 v = 0;
  for (guint i = 0; i < bytes; i++)
    v |= (guint32)p[i] << (8 * i);
  return v;
}

static void put_le(guint8 *p, guint32 v, guint bytes) {
  for (guint i = 0; i < bytes; i++)
    p[i] = (guint8)(v >> (8 * i));
}

/* Windowed sinc, good for about -60 dB of images: files are converted once, before the call, so
 * speed is no matter. */
static void resample(const gint16 *in, gsize n, guint rate, gw_ua_wav *ret) {
  const int half = rate > GW_RATE ? 48 : 24;
  const double step = (double)rate / GW_RATE, cut = rate > GW_RATE ? 0.92 * GW_RATE / rate : 0.92;
  ret->n = MAX(1, (gsize)((double)n / step));
  ret->pcm = g_new0(gint16, ret->n);
  for (gsize i = 0; i < ret->n; i++) {
    double at = (double)i * step, sum = 0;
    gint64 mid = (gint64)at;
    for (gint64 k = MAX(0, mid - half + 1); k <= mid + half && k < (gint64)n; k++) {
      double x = (double)k - at, w = 0.5 + 0.5 * cos(G_PI * x / (half + 1));
      sum += in[k] * w * cut * (fabs(x) < 1e-9 ? 1 : sin(G_PI * cut * x) / (G_PI * cut * x));
    }
    ret->pcm[i] = (gint16)CLAMP(lrint(sum), G_MININT16, G_MAXINT16);
  }
}

/* The chunk's bytes, cut at the end of the file (a recording that was interrupted has no right
 * length). */
static const guint8 *chunk(const guint8 *data, gsize n, const char *name, gsize *ret_n) {
  for (gsize at = 12; at + 8 <= n;) {
    gsize len = le(data + at + 4, 4), left = n - at - 8;
    if (memcmp(data + at, name, 4) == 0) {
      *ret_n = MIN(len, left);
      return data + at + 8;
    }
    if (len > left) break;
    at += 8 + len + (len & 1);
  }
  return NULL;
}

gw_ua_wav *gw_ua_wav_parse(const guint8 *data, gsize n, GError **error) {
  gsize n_fmt = 0, n_pcm = 0;
  gboolean riff = n >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WAVE", 4) == 0;
  const guint8 *fmt = riff ? chunk(data, n, "fmt ", &n_fmt) : NULL;
  const guint8 *pcm = riff ? chunk(data, n, "data", &n_pcm) : NULL;
  if (!fmt || n_fmt < 16 || !pcm || n_pcm < 2) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "is no WAV file with sound in it");
    return NULL;
  }
  guint32 tag = le(fmt, 2), channels = le(fmt + 2, 2), rate = le(fmt + 4, 4),
          bits = le(fmt + 14, 2);
  gboolean known = rate == 8000 || rate == GW_RATE || rate == 48000;
  /* 0xFFFE: "extensible"; with 16 bits and one channel it can only be PCM in practice */
  if ((tag != 1 && tag != 0xFFFE) || channels != 1 || bits != 16 || !known) {
    g_set_error(
        error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        "has %u channels, %u bits, %u Hz; wanted: 1 channel, 16 bits, 8000, 16000 or 48000 Hz",
        channels, bits, rate);
    return NULL;
  }
  gsize samples = MIN(n_pcm / 2, (gsize)rate * GW_UA_WAV_MAX_S);
  g_autofree gint16 *in = g_new(gint16, samples);
  for (gsize i = 0; i < samples; i++)
    in[i] = (gint16)le(pcm + 2 * i, 2);
  gw_ua_wav *wav = g_new0(gw_ua_wav, 1);
  if (rate != GW_RATE) {
    resample(in, samples, rate, wav);
  } else {
    wav->pcm = g_steal_pointer(&in);
    wav->n = samples;
  }
  return wav;
}

gw_ua_wav *gw_ua_wav_load(const char *path, GError **error) {
  g_autofree char *data = NULL;
  gsize n = 0;
  if (!g_file_get_contents(path, &data, &n, error)) return NULL;
  gw_ua_wav *wav = gw_ua_wav_parse((const guint8 *)data, n, error);
  if (!wav) g_prefix_error(error, "%s ", path);
  return wav;
}

void gw_ua_wav_free(gw_ua_wav *wav) {
  if (!wav) return;
  g_free(wav->pcm);
  g_free(wav);
}

struct gw_ua_wav_writer {
  FILE *file;
  char *path;
  guint32 bytes;
  int error; /* errno of the first failed write */
};

static void write_header(gw_ua_wav_writer *w) {
  guint8 h[HEADER] = "RIFF....WAVEfmt ....................data....";
  put_le(h + 4, HEADER - 8 + w->bytes, 4);
  put_le(h + 16, 16, 4);
  put_le(h + 20, 1, 2); /* PCM */
  put_le(h + 22, 1, 2);
  put_le(h + 24, GW_RATE, 4);
  put_le(h + 28, GW_RATE * 2, 4);
  put_le(h + 32, 2, 2);
  put_le(h + 34, 16, 2);
  put_le(h + 40, w->bytes, 4);
  if (fwrite(h, 1, HEADER, w->file) != HEADER && !w->error) w->error = errno;
}

static gboolean fail(const char *path, int err, GError **error) {
  g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(err), "cannot write %s: %s", path,
              g_strerror(err));
  return FALSE;
}

gw_ua_wav_writer *gw_ua_wav_create(const char *path, GError **error) {
  FILE *file = g_fopen(path, "wbe");
  if (!file) {
    fail(path, errno, error);
    return NULL;
  }
  gw_ua_wav_writer *w = g_new0(gw_ua_wav_writer, 1);
  w->file = file;
  w->path = g_strdup(path);
  write_header(w);
  return w;
}

void gw_ua_wav_write(gw_ua_wav_writer *w, const gint16 *pcm, guint n) {
  if (w->error || w->bytes > G_MAXINT32) return;
  for (guint i = 0; i < n && !w->error; i++) {
    guint8 sample[2];
    put_le(sample, (guint16)pcm[i], 2);
    if (fwrite(sample, 1, 2, w->file) != 2) w->error = errno;
  }
  w->bytes += 2 * n;
}

gboolean gw_ua_wav_close(gw_ua_wav_writer *w, GError **error) {
  if (!w) return TRUE;
  if (fseek(w->file, 0, SEEK_SET) == 0) write_header(w);
  if (fclose(w->file) != 0 && !w->error) w->error = errno;
  gboolean ok = !w->error || fail(w->path, w->error, error);
  g_free(w->path);
  g_free(w);
  return ok;
}
