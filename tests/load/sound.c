#include "load.h"
#include <math.h>
#include <opus.h>
#include <string.h>

#define RATE 48000
#define FRAME 960
#define WARM 30 /* frames for the encoder to find its way */

typedef struct {
  gdouble b, c, g, y1, y2;
} resonator;

static void tune(resonator *r, gdouble hz, gdouble width) {
  r->c = -exp(-2 * G_PI * width / RATE);
  r->b = 2 * exp(-G_PI * width / RATE) * cos(2 * G_PI * hz / RATE);
  r->g = 1 - r->b - r->c;
}

static gdouble ring(resonator *r, gdouble x) {
  gdouble y = r->g * x + r->b * r->y1 + r->c * r->y2;
  r->y2 = r->y1;
  return r->y1 = y;
}

/* Syllables: pulses of a gliding pitch through three moving resonances, with hiss between them. */
static void speak(gint16 *pcm, guint n, GRand *rand) {
  resonator f[3] = {{0}};
  gdouble phase = 0, last = 0;
  for (guint i = 0; i < n; i++) {
    gdouble t = (gdouble)i / RATE, part = fmod(t * 4.1, 1);
    guint which = (guint)(t * 4.1) * 2654435761u >> 8;
    if (i % 240 == 0)
      for (int k = 0; k < 3; k++)
        tune(&f[k],
             (gdouble[]){300, 900, 2400}[k] + (which >> (4 * k) & 15) * (gdouble[]){35, 80, 70}[k],
             60 + 40 * k);
    phase += (115 + 25 * sin(t * 2.3) + (which & 31)) / RATE;
    gdouble pulse = phase >= 1 ? 1 : 0, noise = g_rand_double_range(rand, -1, 1);
    if (phase >= 1) phase -= 1;
    gdouble voiced = part > 0.18 && part < 0.92 ? sin((part - 0.18) / 0.74 * G_PI) : 0;
    gdouble x = voiced * (pulse * 60 + noise * 0.05);
    gdouble vowel = ring(&f[0], x) + ring(&f[1], x) * 0.8 + ring(&f[2], x) * 0.5;
    gdouble hiss = (noise - last) * (part < 0.15 ? 0.09 : 0.004);
    last = noise;
    pcm[i] = (gint16)CLAMP((vowel * 0.25 + hiss) * 9000, -32000, 32000);
  }
}

static guint8 level_of(const gint16 *pcm, guint n) {
  gdouble sum = 1e-9;
  for (guint i = 0; i < n; i++)
    sum += (gdouble)pcm[i] * pcm[i];
  return (guint8)CLAMP(-10 * log10(sum / n / (32768.0 * 32768.0)), 0, 127);
}

static OpusEncoder *browser(void) {
  OpusEncoder *e = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, NULL);
  opus_encoder_ctl(e, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(9));
  opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(10));
  return e;
}

static void encode(const gint16 *pcm, load_packet *out, guint8 *levels) {
  OpusEncoder *e = browser();
  for (guint i = 0; i < WARM + LOAD_LOOP; i++) {
    load_packet *p = &out[i < WARM ? 0 : i - WARM];
    p->n = opus_encode(e, pcm + i * FRAME, FRAME, p->data, sizeof p->data);
    if (levels && i >= WARM) levels[i - WARM] = level_of(pcm + i * FRAME, FRAME);
  }
  opus_encoder_destroy(e);
}

/* To 16 kHz, as the engine's encoders want it, with a crude low-pass. */
static void ring_up(const gint16 *pcm, guint8 out[][160]) {
  gw_encoder *e = gw_encoder_new("PCMU", TRUE, FALSE);
  for (guint i = 0; i < LOAD_LOOP; i++) {
    gint16 frame[GW_FRAME];
    for (guint k = 0; k < GW_FRAME; k++) {
      const gint16 *x = pcm + i * FRAME + 3 * k;
      frame[k] = (gint16)((x[0] + x[1] + x[2]) / 3);
    }
    gw_encoder_frame(e, frame, out[i], 160);
  }
  gw_encoder_free(e);
}

static void faint(gint16 *pcm, guint n, gint peak, GRand *rand) {
  for (guint i = 0; i < n; i++)
    pcm[i] = (gint16)g_rand_int_range(rand, -peak, peak + 1);
}

load_sound *load_sound_new(void) {
  load_sound *s = g_new0(load_sound, 1);
  GRand *rand = g_rand_new_with_seed(5);
  guint n = (WARM + LOAD_LOOP) * FRAME;
  gint16 *pcm = g_new(gint16, n);
  speak(pcm, n, rand);
  encode(pcm, s->talk, s->level);
  ring_up(pcm, s->phone);
  for (guint i = 0; i < LOAD_LOOP; i++)
    s->hybrid += s->talk[i].data[0] >> 3 >= 12 && s->talk[i].data[0] >> 3 <= 15;
  faint(pcm, n, 8, rand);
  encode(pcm, s->still, NULL);
  s->still_level = level_of(pcm, n);
  faint(pcm, n, 60, rand);
  ring_up(pcm, s->faint);
  g_free(pcm);
  g_rand_free(rand);
  return s;
}
