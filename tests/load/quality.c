/* What is left of a tone and of speech behind a bad network: the jitter buffer, the concealment and the codecs of the engine on a
 * fake clock, so that the table is the same on every machine and every day. */
#include "gateway/bridge/emodel.h"
#include "gateway/media/prompts.h"
#include "gateway/media/tone.h"
#include "gateway/media/tone_fft.h"
#include "tests/unit/media/core_sim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TONE_HZ 440
#define SECONDS 120
#define MS (GW_RATE / 1000)
#define LEAD (GW_RATE * 4) /* samples: the buffer and the estimate of loss settle */
#define WORD (GW_RATE / 2) /* samples: one reading of the delay */
#define FAR (GW_RATE / 2)  /* samples: no delay is longer */
#define FFT 512
#define BANDS 18

typedef struct {
  gdouble loss;    /* part of the packets */
  gboolean burst;  /* they get lost three at a time, on the average */
  guint jitter_ms; /* the longest way is longer than the shortest by so much, evenly spread */
} network;

typedef struct {
  network net;
  gboolean bad;      /* in a burst */
  const gint16 *pcm; /* speech, repeated; NULL: a tone */
  guint n, at;
} sender;

/* The simulator hands out itself only. */
static sender *the_sender;

static gint64 way(sim *s, guint i) {
  (void)i;
  return the_sender->net.jitter_ms
             ? g_rand_int_range(s->rnd, 0, (gint32)the_sender->net.jitter_ms * 1000)
             : 0;
}

/* Gilbert's model: good and bad states, all is lost in the bad one, which lasts for three packets. */
static gboolean is_lost(sim *s, guint i) {
  network *net = &the_sender->net;
  (void)i;
  if (!net->burst) return g_rand_double(s->rnd) < net->loss;
  gdouble leave = 1 / 3.0, enter = net->loss > 0 ? leave * net->loss / (1 - net->loss) : 0;
  the_sender->bad =
      the_sender->bad ? g_rand_double(s->rnd) >= leave : g_rand_double(s->rnd) < enter;
  return the_sender->bad;
}

static void speak(sim *s, gint16 *out, guint n) {
  (void)s;
  for (guint i = 0; i < n; i++)
    out[i] = the_sender->pcm[(the_sender->at + i) % the_sender->n];
  the_sender->at += n;
}

static void run(sim *s, const char *codec, network net, const gint16 *speech, guint n) {
  sender sends = {.net = net, .pcm = speech, .n = n};
  the_sender = &sends;
  sim_init(s, codec, TONE_HZ);
  s->delay = way;
  s->lost = is_lost;
  if (speech) s->sound = speak;
  sim_run(s, SECONDS);
  the_sender = NULL;
}

/* --- the tone: where is it missing? */

typedef struct {
  guint gaps, longest_ms; /* over 60 ms: 20 dB weaker than sent */
  gdouble level, weakest; /* dBFS, median and worst of 20 ms */
} tone_figures;

static gint by_value(gconstpointer a, gconstpointer b) {
  gdouble x = *(const gdouble *)a, y = *(const gdouble *)b;
  return x < y ? -1 : x > y;
}

static gdouble part_of(GArray *values, gdouble part) {
  g_array_sort(values, by_value);
  return values->len ? g_array_index(values, gdouble, (guint)(part * (values->len - 1))) : NAN;
}

static tone_figures read_tone(const sim *s) {
  const gint16 *x = (const gint16 *)(gpointer)s->pcm->data;
  tone_figures f = {.weakest = 0};
  g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(gdouble));
  for (guint i = LEAD; i + GW_FRAME <= s->pcm->len; i += GW_FRAME) {
    gdouble level = gw_goertzel_dbfs(x + i, GW_FRAME, GW_RATE, s->hz);
    g_array_append_val(levels, level);
    f.weakest = MIN(f.weakest, level);
  }
  f.gaps = sim_gaps(s, LEAD, &f.longest_ms);
  f.level = part_of(levels, 0.5);
  return f;
}

/* --- speech: how late is it, and how much like what was said? */

typedef struct {
  gdouble median_ms, p95_ms; /* from the microphone to what the mixer gets */
  gdouble distance;          /* dB: mean difference of the spectrum, by bands */
} speech_figures;

static gdouble likeness(const gint16 *a, const gint16 *b, guint n) {
  gdouble ab = 0, aa = 1, bb = 1;
  for (guint i = 0; i < n; i += 2) {
    ab += (gdouble)a[i] * b[i];
    aa += (gdouble)a[i] * a[i];
    bb += (gdouble)b[i] * b[i];
  }
  return ab / sqrt(aa * bb);
}

static gboolean is_loud(const gint16 *x, guint n) {
  gdouble sum = 0;
  for (guint i = 0; i < n; i++)
    sum += (gdouble)x[i] * x[i];
  return sum / n > 1e5; /* -50 dBFS */
}

/* Where in heard this word comes, samples after it was said; -1: it is not to be found. */
static gint find_word(const gint16 *said, const gint16 *heard) {
  gdouble best = 0.6;
  gint at = -1;
  for (guint d = 0; d < FAR; d += 4) {
    gdouble like = likeness(said, heard + d, WORD);
    if (like > best) best = like, at = (gint)d;
  }
  return at;
}

static void bands_of(gw_fft *fft, const gint16 *pcm, const gfloat *window, gdouble *ret) {
  gfloat power[FFT / 2 + 1];
  gw_fft_power(fft, pcm, window, power);
  for (guint b = 0; b < BANDS; b++) {
    guint from = (guint)(FFT / 2 * pow((b + 1.0) / (BANDS + 1), 2)),
          to = (guint)(FFT / 2 * pow((b + 2.0) / (BANDS + 1), 2));
    gdouble sum = 1e4; /* what is this faint nobody hears */
    for (guint i = from; i < MAX(to, from + 1); i++)
      sum += power[i];
    ret[b] = 10 * log10(sum);
  }
}

/* Mean over the word of the root mean square difference of both spectra up to 3.4 kHz. */
static gdouble spectral_distance(gw_fft *fft, const gfloat *window, const gint16 *said,
                                 const gint16 *heard) {
  gdouble sum = 0;
  guint n = 0;
  for (guint i = 0; i + FFT <= WORD; i += FFT / 2, n++) {
    gdouble a[BANDS], b[BANDS], square = 0;
    const guint heard_by_phones = BANDS * 2 / 3;
    bands_of(fft, said + i, window, a);
    bands_of(fft, heard + i, window, b);
    for (guint k = 0; k < heard_by_phones; k++)
      square += (a[k] - b[k]) * (a[k] - b[k]);
    sum += sqrt(square / heard_by_phones);
  }
  return sum / n;
}

static speech_figures read_speech(const sim *s, const gint16 *speech, guint n) {
  const gint16 *heard = (const gint16 *)(gpointer)s->pcm->data;
  guint late =
      (guint)(s->began_us * MS /
              1000); /* what was heard first was played so many samples after the first was said */
  gfloat window[FFT];
  gint16 said[WORD];
  gdouble distance = 0;
  guint words = 0;
  gw_fft *fft = gw_fft_new(FFT);
  g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(gdouble));
  for (guint i = 0; i < FFT; i++)
    window[i] = (gfloat)(0.5 - 0.5 * cos(2 * G_PI * i / FFT));
  for (guint at = LEAD; at - late + FAR + WORD < s->pcm->len; at += WORD) {
    for (guint i = 0; i < WORD; i++)
      said[i] = speech[(at + i) % n];
    if (!is_loud(said, WORD)) continue;
    gint d = find_word(said, heard + at - late);
    if (d < 0) continue;
    gdouble ms = (gdouble)d / MS + 20; /* a packet leaves when its 20 ms are full */
    g_array_append_val(delays, ms);
    distance += spectral_distance(fft, window, said, heard + at - late + d);
    words++;
  }
  gw_fft_free(fft);
  return (speech_figures){part_of(delays, 0.5), part_of(delays, 0.95),
                          words ? distance / words : NAN};
}

static gdouble opinion(const char *codec, const sim *s, gdouble delay_ms) {
  guint sent = (guint)(SECONDS * 1000 / s->ptime);
  guint64 lost = s->stats.concealed_ms / s->ptime;
  return gw_emodel_mos(&(gw_emodel_in){.codec = codec,
                                       .received = sent - MIN(lost, sent),
                                       .lost = lost,
                                       .buffer_ms = (guint)delay_ms});
}

static void row(const char *codec, network net, const gint16 *speech, guint n) {
  sim tone, talk;
  run(&tone, codec, net, NULL, 0);
  run(&talk, codec, net, speech, n);
  tone_figures t = read_tone(&tone);
  speech_figures f = read_speech(&talk, speech, n);
  printf("| %s | %g%s | %u | %u (%u) | %.0f | %.1f (%.1f) | %.0f, %.0f | %.2f | %.1f |\n", codec,
         net.loss * 100, net.burst ? " burst" : "", net.jitter_ms, t.gaps, t.longest_ms,
         (gdouble)talk.stats.concealed_ms / SECONDS * 60, t.level, t.weakest, f.median_ms, f.p95_ms,
         opinion(codec, &talk, f.median_ms), f.distance);
  fflush(stdout);
  sim_clear(&tone);
  sim_clear(&talk);
}

static gw_prompt *read_speech_file(const char *path) {
  g_autofree char *data = NULL;
  gsize n = 0;
  g_autoptr(GError) e = NULL;
  if (!g_file_get_contents(path, &data, &n, &e)) {
    fprintf(stderr, "%s\n", e->message);
    return NULL;
  }
  return gw_prompt_parse((const guint8 *)data, n);
}

int main(int argc, char **argv) {
  g_autoptr(gw_prompt) speech = argc == 2 ? read_speech_file(argv[1]) : NULL;
  if (!speech) {
    fprintf(stderr, "usage: quality SPEECH.WAV (16 bit, mono)\n");
    return 2;
  }
  printf("| codec | loss %% | jitter ms | gaps over 60 ms (longest) | concealed ms a minute | "
         "level dBFS (weakest 20 ms) | "
         "mouth to ear ms, median, 95th | E-model | distance dB "
         "|\n|---|---|---|---|---|---|---|---|---|\n");
  for (guint c = 0; c < 2; c++)
    for (guint jitter = 0; jitter < 3; jitter++)
      for (guint loss = 0; loss < 7; loss++) {
        network net = {(gdouble[]){0, 0.02, 0.05, 0.1, 0.02, 0.05, 0.1}[loss], loss > 3,
                       (guint[]){0, 30, 80}[jitter]};
        row(c ? "PCMU" : "opus", net, speech->pcm, (guint)speech->n);
      }
  return 0;
}
