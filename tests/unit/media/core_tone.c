/* Tones made and found, also behind codecs. */
#include "gateway/media/codec.h"
#include "gateway/media/tone.h"

#include <math.h>
#include <string.h>

#define MAX_TONES 4
#define QUIET_FRAMES 25
#define SOUND_FRAMES 150 /* 3 s */

static const gdouble mixes[][MAX_TONES] = {{440},
                                           {1000},
                                           {400},
                                           {440, 660},
                                           {350, 440},
                                           {697, 1209},
                                           {440, 660, 880},
                                           {440, 660, 880, 1320},
                                           {440, 660, 1000, 1320},
                                           {500, 1000, 2000, 3000}};

static void test_generator(void) {
  gint16 a[3200], b[3200];
  gw_tone t, u;
  gw_tone_init(&t, 1000, 0.5, 16000);
  u = t;
  gw_tone_fill(&t, a, 3200);
  for (guint i = 0; i < 3200; i += 320) /* goes on where it was */
    gw_tone_fill(&u, b + i, 320);
  g_assert_cmpmem(a, sizeof a, b, sizeof b);
  g_assert_cmpfloat(fabs(gw_goertzel_dbfs(a, 3200, 16000, 1000) + 6.02), <, 0.01);
  g_assert_cmpfloat(gw_goertzel_dbfs(a, 3200, 16000, 1500), <, -80);
  gw_tone_init(&t, 1000, 1, 16000);
  gw_tone_fill(&t, a, 3200);
  g_assert_cmpfloat(fabs(gw_goertzel_dbfs(a, 3200, 16000, 1000)), <, 0.01);
  memset(a, 0, sizeof a);
  g_assert_cmpfloat(gw_goertzel_dbfs(a, 3200, 16000, 1000), ==, -127);
  g_assert_cmpfloat(gw_goertzel_dbfs(a, 0, 16000, 1000), ==, -127);
}

typedef struct {
  gw_encoder *encoder;
  gw_decoder *decoder;
} line;

static void line_pass(const line *l, gint16 *pcm) {
  guint8 packet[1500];
  if (!l->encoder) return;
  int n = gw_encoder_frame(l->encoder, pcm, packet, sizeof packet);
  g_assert_cmpint(gw_decoder_packet(l->decoder, packet, (gsize)n, FALSE, pcm, GW_FRAME), ==,
                  GW_FRAME);
}

/* Half a second of silence, three of the mix, half a second of silence. */
static guint hear(const gdouble *hz, gdouble amplitude, const char *codec, gw_heard *ret,
                  guint max) {
  line l = {0};
  gw_listener *ear = gw_listener_new(GW_RATE);
  gw_tone tones[MAX_TONES];
  if (codec) l = (line){gw_encoder_new(codec, TRUE, TRUE), gw_decoder_new(codec)};
  for (guint k = 0; k < MAX_TONES; k++)
    gw_tone_init(&tones[k], hz[k], hz[k] > 0 ? amplitude : 0, GW_RATE);
  for (guint f = 0; f < SOUND_FRAMES + 2 * QUIET_FRAMES; f++) {
    gint16 pcm[GW_FRAME] = {0}, one[GW_FRAME];
    for (guint k = 0; k < MAX_TONES; k++) {
      gw_tone_fill(&tones[k], one, GW_FRAME);
      for (guint i = 0; i < GW_FRAME && f >= QUIET_FRAMES && f < QUIET_FRAMES + SOUND_FRAMES; i++)
        pcm[i] = (gint16)(pcm[i] + one[i]);
    }
    line_pass(&l, pcm);
    gw_listener_feed(ear, pcm, GW_FRAME);
  }
  guint n = gw_listener_heard(ear, ret, max);
  gw_listener_free(ear);
  gw_encoder_free(l.encoder);
  gw_decoder_free(l.decoder);
  return n;
}

static const gw_heard *find(const gw_heard *h, guint n, gdouble hz) {
  for (guint i = 0; i < n; i++)
    if (fabs(h[i].hz - hz) <= 10) return &h[i];
  return NULL;
}

static void test_listener(void) {
  static const char *const codecs[] = {NULL, "PCMA", "PCMU", "G722", "opus"};
  static const gdouble amplitudes[] = {0.2, 0.05, 0.01};
  for (guint c = 0; c < G_N_ELEMENTS(codecs); c++)
    for (guint m = 0; m < G_N_ELEMENTS(mixes); m++)
      for (guint a = 0; a < G_N_ELEMENTS(amplitudes); a++) {
        gw_heard h[8];
        guint n = hear(mixes[m], amplitudes[a], codecs[c], h, 8), want = 0;
        gboolean opus =
            codecs[c] && !strcmp(codecs[c], "opus"); /* it does not keep levels that well */
        for (guint k = 0; k < MAX_TONES && mixes[m][k] > 0; k++, want++) {
          const gw_heard *t = find(h, n, mixes[m][k]);
          g_assert_nonnull(t);
          g_assert_cmpfloat(fabs(t->dbfs - 20 * log10(amplitudes[a])), <, opus ? 3 : 1);
          g_assert_cmpfloat(fabs(t->seconds - 3), <, opus ? 0.6 : 0.15);
        }
        g_assert_cmpuint(n, ==, want); /* and nothing else */
        for (guint i = 1; i < n; i++)
          g_assert_cmpfloat(h[i - 1].dbfs, >=, h[i].dbfs);
      }
}

static void test_listener_rates(void) {
  static const guint rates[] = {8000, 16000, 48000};
  for (guint r = 0; r < G_N_ELEMENTS(rates); r++) {
    gw_listener *ear = gw_listener_new(rates[r]);
    gint16 pcm[960];
    gw_tone t;
    gw_heard h[4];
    gw_tone_init(&t, 660, 0.3, rates[r]);
    for (guint f = 0; f < 100; f++) {
      gw_tone_fill(&t, pcm, rates[r] / 50);
      gw_listener_feed(ear, pcm, rates[r] / 50);
    }
    g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 1); /* though it still goes on */
    g_assert_cmpuint(h[0].hz, ==, 660);
    g_assert_cmpfloat(fabs(h[0].dbfs + 10.46), <, 0.1);
    g_assert_cmpfloat(fabs(h[0].seconds - 2), <, 0.2);
    gw_listener_free(ear);
  }
}

/* Too short, too weak, none. */
static void test_listener_nothing(void) {
  gw_heard h[4];
  gw_listener *ear = gw_listener_new(GW_RATE);
  gint16 pcm[GW_FRAME];
  gw_tone t;
  g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 0);
  gw_tone_init(&t, 800, 0.3, GW_RATE);
  for (guint f = 0; f < 100; f++) {
    memset(pcm, 0, sizeof pcm);
    if (f >= 20 && f < 30) gw_tone_fill(&t, pcm, GW_FRAME); /* 0.2 s */
    gw_listener_feed(ear, pcm, GW_FRAME);
  }
  g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 0);
  gw_tone_init(&t, 800, 0.002, GW_RATE); /* -54 dBFS */
  for (guint f = 0; f < 100; f++) {
    gw_tone_fill(&t, pcm, GW_FRAME);
    gw_listener_feed(ear, pcm, GW_FRAME);
  }
  g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 0);
  gw_listener_free(ear);
}

static void test_listener_max(void) {
  gw_heard h[2];
  g_assert_cmpuint(hear(mixes[7], 0.1, NULL, h, 2), ==, 2);
}

/* A tone whose level trembles is one tone, not three. */
static void test_listener_modulated(void) {
  gw_heard h[4];
  gw_listener *ear = gw_listener_new(GW_RATE);
  gw_tone t;
  gw_tone_init(&t, 1000, 0.3, GW_RATE);
  for (guint i = 0; i < 3 * GW_RATE; i++) {
    gint16 x;
    gw_tone_fill(&t, &x, 1);
    x = (gint16)(x * (1 + 0.4 * sin(2 * G_PI * 25 * i / GW_RATE)));
    gw_listener_feed(ear, &x, 1);
  }
  g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 1);
  g_assert_cmpuint(h[0].hz, ==, 1000);
  gw_listener_free(ear);
}

/* One tone in two parts is one tone. */
static void test_listener_adds(void) {
  gw_heard h[4];
  gw_listener *ear = gw_listener_new(GW_RATE);
  gint16 pcm[GW_FRAME];
  gw_tone t;
  gw_tone_init(&t, 880, 0.3, GW_RATE);
  for (guint f = 0; f < 250; f++) {
    memset(pcm, 0, sizeof pcm);
    if (f / 50 % 2 == 0) gw_tone_fill(&t, pcm, GW_FRAME);
    gw_listener_feed(ear, pcm, GW_FRAME);
  }
  g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 1);
  g_assert_cmpfloat(fabs(h[0].seconds - 3), <, 0.35);
  gw_listener_free(ear);
}

/* White noise, and a buzz that glides and beats as a voice does. */
static gint16 noise(GRand *rnd, guint i, gdouble *phase) {
  return (gint16)g_rand_int_range(rnd, -8000, 8000);
}

static gint16 voice(GRand *rnd, guint i, gdouble *phase) {
  gdouble t = (gdouble)i / GW_RATE, v = 0;
  *phase += 2 * G_PI * (140 + 40 * sin(2 * G_PI * 0.9 * t) + 5 * sin(2 * G_PI * 5 * t)) / GW_RATE;
  for (guint h = 1; h <= 20; h++)
    v += sin(h * *phase) / h;
  return (gint16)(5000 * v * fabs(sin(2 * G_PI * 2 * t)) + g_rand_int_range(rnd, -200, 200));
}

static void test_listener_not_fooled(void) {
  gint16 (*const sounds[])(GRand *, guint, gdouble *) = {noise, voice};
  for (guint s = 0; s < G_N_ELEMENTS(sounds); s++) {
    g_autoptr(GRand) rnd = g_rand_new_with_seed(11);
    gw_listener *ear = gw_listener_new(GW_RATE);
    gdouble phase = 0;
    gw_heard h[4];
    for (guint i = 0; i < 60 * GW_RATE; i++) {
      gint16 x = sounds[s](rnd, i, &phase);
      gw_listener_feed(ear, &x, 1);
    }
    g_assert_cmpuint(gw_listener_heard(ear, h, 4), ==, 0);
    gw_listener_free(ear);
  }
}

/* A tone is heard through the voice. */
static void test_listener_tone_in_voice(void) {
  g_autoptr(GRand) rnd = g_rand_new_with_seed(11);
  gw_listener *ear = gw_listener_new(GW_RATE);
  gdouble phase = 0;
  gw_tone t;
  gw_heard h[4];
  gw_tone_init(&t, 1000, 0.2, GW_RATE);
  for (guint i = 0; i < 10 * GW_RATE; i++) {
    gint16 x;
    gw_tone_fill(&t, &x, 1);
    x = (gint16)(x + voice(rnd, i, &phase) / 2);
    gw_listener_feed(ear, &x, 1);
  }
  guint n = gw_listener_heard(ear, h, 4);
  g_assert_cmpuint(n, >=, 1);
  const gw_heard *found = find(h, n, 1000);
  g_assert_nonnull(found);
  g_assert_cmpfloat(found->seconds, >, 7);
  gw_listener_free(ear);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tone/generator", test_generator);
  g_test_add_func("/listener/mixes", test_listener);
  g_test_add_func("/listener/rates", test_listener_rates);
  g_test_add_func("/listener/nothing", test_listener_nothing);
  g_test_add_func("/listener/max", test_listener_max);
  g_test_add_func("/listener/modulated", test_listener_modulated);
  g_test_add_func("/listener/adds", test_listener_adds);
  g_test_add_func("/listener/not-fooled", test_listener_not_fooled);
  g_test_add_func("/listener/tone-in-voice", test_listener_tone_in_voice);
  return g_test_run();
}
