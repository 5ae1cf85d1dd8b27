/* Codecs, the rate change between 8 and 16 kHz, and concealment. */
#include "gateway/media/codec.h"
#include "gateway/media/mixer.h"
#include "gateway/media/plc.h"
#include "gateway/media/resample.h"
#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

#define SECOND_FRAMES 50
static const char *const names[] = {"PCMA", "PCMU", "G722", "opus"};

static void tone(gint16 *out, guint n, guint rate, gdouble hz, gdouble amplitude) {
  gw_tone t;
  gw_tone_init(&t, hz, amplitude, rate);
  gw_tone_fill(&t, out, n);
}

static void test_names(void) {
  g_assert_true(gw_codec_known("opus") && gw_codec_known("OPUS") && gw_codec_known("pcma"));
  g_assert_false(gw_codec_known("telephone-event") || gw_codec_known(""));
  g_assert_null(gw_decoder_new("speex"));
  g_assert_null(gw_encoder_new("speex", FALSE, FALSE));
  g_assert_cmpuint(gw_codec_rtp_clock("opus"), ==, 48000);
  g_assert_cmpuint(gw_codec_rtp_clock("G722"), ==, 8000);
}

static void test_fill(void) {
  static const struct {
    const char *name;
    guint pt;
    guint32 clock;
    guint channels;
    const char *fmtp;
  } want[] = {{"opus", 111, 48000, 2, "useinbandfec=1"},
              {"G722", 9, 8000, 1, NULL},
              {"PCMA", 8, 8000, 1, NULL},
              {"PCMU", 0, 8000, 1, NULL}};
  g_autoptr(gw_desc) desc = gw_desc_new();
  gw_desc_media *m = gw_desc_add(desc, GW_KIND_AUDIO, "0");
  for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
    g_assert_true(gw_codec_fill(want[i].name, 111, m));
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    g_assert_cmpstr(c->name, ==, want[i].name);
    g_assert_cmpuint(c->pt, ==, want[i].pt);
    g_assert_cmpuint(c->clock, ==, want[i].clock);
    g_assert_cmpuint(c->channels, ==, want[i].channels);
    g_assert_cmpstr(c->fmtp, ==, want[i].fmtp);
  }
  g_assert_false(gw_codec_fill("speex", 97, m));
  g_assert_cmpuint(m->codecs->len, ==, 4);
}

/* A second of tone through encoder and decoder; the level of its last half. */
static gdouble through(const char *name, gboolean narrow, gdouble hz, gdouble amplitude) {
  gw_encoder *e = gw_encoder_new(name, narrow, TRUE);
  gw_decoder *d = gw_decoder_new(name);
  gint16 pcm[GW_FRAME * SECOND_FRAMES], out[GW_FRAME * SECOND_FRAMES];
  tone(pcm, G_N_ELEMENTS(pcm), GW_RATE, hz, amplitude);
  for (guint i = 0; i < SECOND_FRAMES; i++) {
    guint8 packet[1500];
    int n = gw_encoder_frame(e, pcm + i * GW_FRAME, packet, sizeof packet);
    g_assert_cmpint(n, >, 0);
    g_assert_cmpint(gw_decoder_samples(d, packet, (gsize)n), ==, GW_FRAME);
    g_assert_cmpint(gw_decoder_packet(d, packet, (gsize)n, FALSE, out + i * GW_FRAME, GW_FRAME), ==,
                    GW_FRAME);
  }
  gw_encoder_free(e);
  gw_decoder_free(d);
  return gw_goertzel_dbfs(out + G_N_ELEMENTS(out) / 2, G_N_ELEMENTS(out) / 2, GW_RATE, hz);
}

static void test_levels(void) {
  static const gdouble hz[] = {300, 1000, 3000};
  static const gdouble amplitudes[] = {0.9, 0.1, 0.01};
  for (guint c = 0; c < G_N_ELEMENTS(names); c++)
    for (guint h = 0; h < G_N_ELEMENTS(hz); h++)
      for (guint a = 0; a < G_N_ELEMENTS(amplitudes); a++)
        for (guint narrow = 0; narrow < 2; narrow++) {
          gdouble level = through(names[c], narrow, hz[h], amplitudes[a]);
          g_assert_cmpfloat(fabs(level - 20 * log10(amplitudes[a])), <, 1.5);
        }
}

static void test_bandwidth(void) {
  g_assert_cmpfloat(through("G722", FALSE, 6000, 0.3), >, -12);
  g_assert_cmpfloat(through("opus", FALSE, 6000, 0.3), >, -14);
  g_assert_cmpfloat(through("opus", TRUE, 6000, 0.3), <, -50);
  g_assert_cmpfloat(through("PCMA", FALSE, 6000, 0.3), <, -50);
}

/* Code words known from G.711 and from every telephone: idle, full scale, and the first steps. */
static void test_g711_words(void) {
  static const struct {
    const char *law;
    guint8 code;
    gint16 value;
  } words[] = {{"PCMU", 0xff, 0},      {"PCMU", 0x7f, 0},  {"PCMU", 0x80, 32124},
               {"PCMU", 0x00, -32124}, {"PCMU", 0xfe, 8},  {"PCMU", 0x7e, -8},
               {"PCMA", 0xd5, 8},      {"PCMA", 0x55, -8}, {"PCMA", 0xaa, 32256},
               {"PCMA", 0x2a, -32256}, {"PCMA", 0xd4, 24}};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    gw_decoder *d = gw_decoder_new(words[i].law);
    gw_encoder *e = gw_encoder_new(words[i].law, TRUE, FALSE);
    guint8 packet[160];
    gint16 out[GW_FRAME];
    memset(packet, words[i].code, sizeof packet);
    g_assert_cmpint(gw_decoder_packet(d, packet, sizeof packet, FALSE, out, GW_FRAME), ==,
                    GW_FRAME);
    g_assert_cmpint(ABS(out[300] - words[i].value), <=, 1); /* a constant passes the filter */
    for (guint k = 0; k < GW_FRAME; k++)
      out[k] = words[i].value;
    g_assert_cmpint(gw_encoder_frame(e, out, packet, sizeof packet), ==, 160);
    if (words[i].value) g_assert_cmpuint(packet[150], ==, words[i].code);
    gw_decoder_free(d);
    gw_encoder_free(e);
  }
}

/* G.711 and G.722 packets of any length up to 120 ms, decoded piece by piece as in one go. */
static void test_lengths(void) {
  static const guint lengths[] = {1, 7, 80, 98, 160, 240, 480, 960};
  for (guint c = 0; c < 3; c++)
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
      gw_decoder *d = gw_decoder_new(names[c]);
      guint8 packet[960];
      gint16 out[GW_MAX_FRAME];
      memset(packet, 0xd5, sizeof packet);
      g_assert_cmpint(gw_decoder_samples(d, packet, lengths[i]), ==, 2 * lengths[i]);
      g_assert_cmpint(gw_decoder_packet(d, packet, lengths[i], FALSE, out, GW_MAX_FRAME), ==,
                      2 * lengths[i]);
      g_assert_cmpint(gw_decoder_packet(d, packet, lengths[i], FALSE, out, 2 * (int)lengths[i] - 1),
                      ==, 0);
      g_assert_cmpint(gw_decoder_samples(d, packet, 961), ==, 0);
      g_assert_cmpint(gw_decoder_packet(d, packet, 0, FALSE, out, GW_MAX_FRAME), ==, 0);
      gw_decoder_free(d);
    }
}

/* Opus packets that are none: 120 ms is the longest (RFC 6716 3.2.5). */
static void test_opus_broken(void) {
  static const struct {
    guint8 bytes[4];
    gsize n;
    int samples;
  } cases[] = {
      {{0xff, 0x3f, 0, 0}, 2, 0},    /* code 3 with 63 frames of 20 ms */
      {{0xfb, 0x06, 0, 0}, 2, 1920}, /* six frames of 20 ms, empty */
      {{0xfb, 0x00, 0, 0}, 2, 0},    /* no frame */
      {{0xfb, 0, 0, 0}, 1, 0},       /* code 3 without its count */
      {{0x78, 0, 0, 0}, 1, 320},     /* TOC alone: DTX */
  };
  gw_decoder *d = gw_decoder_new("opus");
  gint16 out[GW_MAX_FRAME];
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree guint8 *packet = g_memdup2(cases[i].bytes, cases[i].n);
    g_assert_cmpint(gw_decoder_samples(d, packet, cases[i].n), ==, cases[i].samples);
    int got = gw_decoder_packet(d, packet, cases[i].n, FALSE, out, GW_MAX_FRAME);
    g_assert_true(got == 0 || got == cases[i].samples);
    g_assert_cmpint(gw_decoder_packet(d, packet, cases[i].n, TRUE, out, GW_FRAME), ==, 0);
  }
  gw_decoder_free(d);
}

/* Buzz in the rhythm of speech, so that the encoder sees a voice. */
static void voice(gint16 *out, guint n) {
  gdouble phase = 0;
  for (guint i = 0; i < n; i++) {
    gdouble t = (gdouble)i / GW_RATE, v = 0;
    phase += 2 * G_PI * (130 + 25 * sin(2 * G_PI * 0.7 * t)) / GW_RATE;
    for (guint h = 1; h <= 20; h++)
      v += sin(h * phase) / h;
    out[i] = (gint16)(5000 * v * (0.6 + 0.4 * sin(2 * G_PI * 3 * t)));
  }
}

static gdouble distance(const gint16 *a, const gint16 *b, guint n) {
  gdouble d = 0, e = 1;
  for (guint i = 0; i < n; i++) {
    d += (a[i] - b[i]) * (gdouble)(a[i] - b[i]);
    e += a[i] * (gdouble)a[i];
  }
  return d / e;
}

/* A frame rebuilt from the copy in the next packet is nearer to the truth than one made up; also of a phone with 8 kHz, whose lower rate
 * has to be high enough for copies. */
static void test_fec(gconstpointer narrow) {
  enum { N = 100 };
  gw_encoder *e = gw_encoder_new("opus", GPOINTER_TO_INT(narrow), TRUE);
  gw_decoder *good = gw_decoder_new("opus");
  static gint16 pcm[GW_FRAME * N], truth[GW_FRAME * N];
  static guint8 packets[N][400];
  int sizes[N];
  guint carried = 0, nearer = 0;
  voice(pcm, G_N_ELEMENTS(pcm));
  for (guint i = 0; i < N; i++) {
    sizes[i] = gw_encoder_frame(e, pcm + i * GW_FRAME, packets[i], sizeof packets[i]);
    gw_decoder_packet(good, packets[i], (gsize)sizes[i], FALSE, truth + i * GW_FRAME, GW_FRAME);
  }
  for (guint lost = 20; lost < N - 1; lost += 5) {
    gw_decoder *mended = gw_decoder_new("opus"), *made_up = gw_decoder_new("opus");
    gint16 a[GW_FRAME], b[GW_FRAME];
    for (guint i = 0; i < lost; i++) {
      gw_decoder_packet(mended, packets[i], (gsize)sizes[i], FALSE, a, GW_FRAME);
      gw_decoder_packet(made_up, packets[i], (gsize)sizes[i], FALSE, b, GW_FRAME);
    }
    if (gw_decoder_packet(mended, packets[lost + 1], (gsize)sizes[lost + 1], TRUE, a, GW_FRAME) ==
        GW_FRAME) {
      carried++;
      g_assert_cmpint(gw_decoder_conceal(made_up, b, GW_FRAME), ==, GW_FRAME);
      nearer += distance(truth + lost * GW_FRAME, a, GW_FRAME) <
                distance(truth + lost * GW_FRAME, b, GW_FRAME);
    }
    gw_decoder_free(mended);
    gw_decoder_free(made_up);
  }
  g_assert_cmpuint(carried, >=, 8);
  g_assert_cmpuint(nearer * 10, >=, carried * 8);
  gw_encoder_free(e);
  gw_decoder_free(good);
}

static void test_no_fec_without(void) {
  gw_encoder *e = gw_encoder_new("opus", FALSE, FALSE);
  gw_decoder *d = gw_decoder_new("opus");
  static gint16 pcm[GW_FRAME * 50];
  voice(pcm, G_N_ELEMENTS(pcm));
  for (guint i = 0; i < 50; i++) {
    guint8 packet[400];
    gint16 out[GW_FRAME];
    int n = gw_encoder_frame(e, pcm + i * GW_FRAME, packet, sizeof packet);
    g_assert_cmpint(gw_decoder_packet(d, packet, (gsize)n, TRUE, out, GW_FRAME), ==, 0);
  }
  gw_encoder_free(e);
  gw_decoder_free(d);
}

/* Concealment ends in silence, soon and without a click. */
static void test_conceal_fades(void) {
  for (guint c = 0; c < G_N_ELEMENTS(names); c++) {
    gw_encoder *e = gw_encoder_new(names[c], FALSE, FALSE);
    gw_decoder *d = gw_decoder_new(names[c]);
    gint16 pcm[GW_FRAME * 10], out[GW_FRAME];
    guint8 packet[1500];
    tone(pcm, G_N_ELEMENTS(pcm), GW_RATE, 500, 0.5);
    for (guint i = 0; i < 10; i++) {
      int n = gw_encoder_frame(e, pcm + i * GW_FRAME, packet, sizeof packet);
      gw_decoder_packet(d, packet, (gsize)n, FALSE, out, GW_FRAME);
    }
    gint16 last = out[GW_FRAME - 1];
    for (guint i = 0; i < 6; i++) {
      g_assert_cmpint(gw_decoder_conceal(d, out, GW_FRAME), ==, GW_FRAME);
      g_assert_cmpint(ABS(out[0] - last), <, 0.5 * 32767 * 2 * G_PI * 500 / GW_RATE * 2);
      last = out[GW_FRAME - 1];
      if (i >= 4) g_assert_cmpfloat(gw_level_dbfs(out, GW_FRAME), ==, -127);
    }
    gw_encoder_free(e);
    gw_decoder_free(d);
  }
}

/* Concealment before anything was heard is silence. */
static void test_conceal_first(void) {
  for (guint c = 0; c < G_N_ELEMENTS(names); c++) {
    gw_decoder *d = gw_decoder_new(names[c]);
    gint16 out[GW_MAX_FRAME];
    g_assert_cmpint(gw_decoder_conceal(d, out, GW_MAX_FRAME), ==, GW_MAX_FRAME);
    g_assert_cmpfloat(gw_level_dbfs(out, GW_MAX_FRAME), <, -80);
    gw_decoder_free(d);
  }
}

static void test_reset(void) {
  for (guint c = 0; c < G_N_ELEMENTS(names); c++) {
    gw_decoder *d = gw_decoder_new(names[c]);
    gw_encoder *e = gw_encoder_new(names[c], FALSE, FALSE);
    gint16 pcm[GW_FRAME], out[GW_FRAME];
    guint8 packet[1500];
    tone(pcm, GW_FRAME, GW_RATE, 500, 0.5);
    int n = gw_encoder_frame(e, pcm, packet, sizeof packet);
    gw_decoder_packet(d, packet, (gsize)n, FALSE, out, GW_FRAME);
    gw_decoder_reset(d);
    g_assert_cmpint(gw_decoder_packet(d, packet, (gsize)n, FALSE, out, GW_FRAME), ==, GW_FRAME);
    gw_decoder_free(d);
    gw_encoder_free(e);
  }
}

/* Gain in dB of a tone through the rate change, at its last half. */
static gdouble down_gain(gdouble hz, gdouble seen_hz) {
  gint16 in[6400], out[3200];
  gw_half half = {0};
  tone(in, 6400, 16000, hz, 0.5);
  for (guint i = 0; i < 3200; i += 100) /* in pieces that are not the inner ones */
    gw_half_down(&half, in + 2 * i, 100, out + i);
  return gw_goertzel_dbfs(out + 1600, 1600, 8000, seen_hz) + 6.0206;
}

static gdouble up_gain(gdouble hz, gdouble seen_hz) {
  gint16 in[3200], out[6400];
  gw_half half = {0};
  tone(in, 3200, 8000, hz, 0.5);
  for (guint i = 0; i < 3200; i += 400)
    gw_half_up(&half, in + i, 400, out + 2 * i);
  return gw_goertzel_dbfs(out + 3200, 3200, 16000, seen_hz) + 6.0206;
}

static void test_resample(void) {
  for (gdouble hz = 100; hz <= 3400; hz += 100) {
    g_assert_cmpfloat(fabs(down_gain(hz, hz)), <, 0.1);
    g_assert_cmpfloat(fabs(up_gain(hz, hz)), <, 0.1);
    g_assert_cmpfloat(up_gain(hz, 8000 - hz), <, -55); /* its mirror image */
  }
  for (gdouble hz = 4600; hz < 8000; hz += 100)
    g_assert_cmpfloat(down_gain(hz, 8000 - hz), <, -55); /* what would fold down */
}

/* Full scale does not wrap. */
static void test_resample_clips(void) {
  gint16 in[640], narrow[320], wide[640];
  gw_half down = {0}, up = {0};
  for (guint i = 0; i < 640; i++)
    in[i] = i / 40 % 2 ? 32767 : -32768;
  gw_half_down(&down, in, 320, narrow);
  gw_half_up(&up, narrow, 320, wide);
  for (guint i = 100; i < 640; i++)
    if (i % 40 > 10 && i % 40 < 30) /* away from the edges: the sign of 2.9 ms ago */
      g_assert_true((wide[i] > 0) == (in[i - 46] > 0) || (i - 46) % 40 < 6 || (i - 46) % 40 > 34);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/codec/names", test_names);
  g_test_add_func("/codec/fill", test_fill);
  g_test_add_func("/codec/levels", test_levels);
  g_test_add_func("/codec/bandwidth", test_bandwidth);
  g_test_add_func("/codec/g711-words", test_g711_words);
  g_test_add_func("/codec/lengths", test_lengths);
  g_test_add_func("/codec/opus-broken", test_opus_broken);
  g_test_add_data_func("/codec/fec", GINT_TO_POINTER(FALSE), test_fec);
  g_test_add_data_func("/codec/fec-narrow", GINT_TO_POINTER(TRUE), test_fec);
  g_test_add_func("/codec/no-fec-without", test_no_fec_without);
  g_test_add_func("/codec/conceal-fades", test_conceal_fades);
  g_test_add_func("/codec/conceal-first", test_conceal_first);
  g_test_add_func("/codec/reset", test_reset);
  g_test_add_func("/resample/bands", test_resample);
  g_test_add_func("/resample/clips", test_resample_clips);
  return g_test_run();
}
