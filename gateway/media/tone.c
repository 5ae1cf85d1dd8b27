#include "gateway/media/tone.h"

#include "gateway/media/tone_fft.h"

#include <math.h>
#include <string.h>

#define FULL 32767.0

void gw_tone_init(gw_tone *t, gdouble hz, gdouble amplitude, guint rate) {
  *t = (gw_tone){.hz = hz, .amplitude = amplitude, .rate = rate};
}

void gw_tone_fill(gw_tone *t, gint16 *out, guint n) {
  gdouble step = 2 * G_PI * t->hz / t->rate;
  for (guint i = 0; i < n; i++) {
    out[i] = (gint16)lrint(CLAMP(t->amplitude, 0, 1) * FULL * sin(t->phase));
    t->phase += step;
    if (t->phase > 2 * G_PI) t->phase -= 2 * G_PI;
  }
}

gdouble gw_goertzel_dbfs(const gint16 *pcm, guint n, guint rate, gdouble hz) {
  if (!n) return -127.0;
  gdouble w = 2 * G_PI * hz / rate, c = 2 * cos(w), s1 = 0, s2 = 0;
  for (guint i = 0; i < n; i++) {
    gdouble s0 = pcm[i] + c * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  gdouble power = s1 * s1 + s2 * s2 - c * s1 * s2;
  gdouble amplitude = 2 * sqrt(MAX(power, 0)) / n / FULL;
  return amplitude > 0 ? MAX(-127.0, 20 * log10(amplitude)) : -127.0;
}

/* ---- listener ---- */

#define MIN_HZ 250.0 /* voices hum below */
#define BLOCK_MIN_MS 100
#define FLOOR_DBFS -50.0
#define MIN_SECONDS 0.3
#define RANGE_DB 24.0           /* weaker than the loudest by this: what codecs and limiters add */
#define PEAK_OVER_SKIRT_DB 15.0 /* a sine stands alone, noise does not */
#define SKIRT_FROM 4            /* bins beside a peak where a windowed sine has ended */
#define SKIRT_TO 6
#define TRACK_HZ 2.5     /* off the mean so far: closer than a voice keeps its pitch */
#define TRACK_DB 8.0     /* the same for the level: codecs modulate it */
#define TRACK_GAP 2      /* blocks that one splice in the sound spoils */
#define SIDEBAND_HZ 60.0 /* what is this near to a tone and SIDEBAND_DB weaker is its modulation   \
                          */
#define SIDEBAND_DB 8.0
#define MERGE_HZ 10.0
#define MAX_PEAKS 12
#define MAX_TRACKS 12
#define MAX_HEARD 32

typedef struct {
  gdouble hz, dbfs;
} peak;

/* One tone that goes on: the sums are over its blocks. */
typedef struct {
  gboolean live;
  guint blocks, gap;
  gdouble hz_sum, power_sum;
} track;

typedef struct {
  guint blocks;
  gdouble seconds, hz_sum, power_sum;
} found;

struct gw_listener {
  guint rate, block, filled;
  gdouble bin_hz;
  gw_fft *fft;
  gint16 *pcm;
  gfloat *window, *power;
  track tracks[MAX_TRACKS];
  found founds[MAX_HEARD];
  guint n_founds;
};

gw_listener *gw_listener_new(guint rate) {
  gw_listener *l = g_new0(gw_listener, 1);
  l->rate = rate;
  for (l->block = 256; l->block * 1000 < rate * BLOCK_MIN_MS;)
    l->block *= 2;
  l->bin_hz = (gdouble)rate / l->block;
  l->fft = gw_fft_new(l->block);
  l->pcm = g_new0(gint16, l->block);
  l->window = g_new(gfloat, l->block);
  l->power = g_new0(gfloat, l->block / 2 + 1);
  for (guint i = 0; i < l->block; i++) /* Hann; scaled so that a full-scale sine has power one */
    l->window[i] = (gfloat)((1 - cos(2 * G_PI * i / l->block)) * 2 / l->block / FULL);
  return l;
}

void gw_listener_free(gw_listener *l) {
  if (!l) return;
  gw_fft_free(l->fft);
  g_free(l->pcm);
  g_free(l->window);
  g_free(l->power);
  g_free(l);
}

static gdouble db(gdouble power) {
  return 10 * log10(power + 1e-20);
}

/* Does the maximum at bin k stand out of its surroundings as a sine does? */
static gboolean stands_alone(const gw_listener *l, guint k) {
  gdouble left = 0, right = 0;
  for (guint d = SKIRT_FROM; d <= SKIRT_TO; d++) {
    left += l->power[k - d];
    right += l->power[k + d];
  }
  /* One side may hold another tone. */
  gdouble skirt = MIN(left, right) / (SKIRT_TO - SKIRT_FROM + 1);
  return db(l->power[k]) - db(skirt) > PEAK_OVER_SKIRT_DB;
}

/* Between which bins, and how high: exact for one sine under a Hann window, from the ratio of the
 * two highest bins. */
static peak peak_at(const gw_listener *l, guint k) {
  gdouble side = l->power[k + 1] > l->power[k - 1] ? 1 : -1;
  gdouble ratio = sqrt(MAX(l->power[k + 1], l->power[k - 1]) / l->power[k]);
  gdouble off = CLAMP((2 * ratio - 1) / (ratio + 1), 0, 0.5);
  gdouble loss = off > 0 ? sin(G_PI * off) / (G_PI * off * (1 - off * off)) : 1;
  return (peak){.hz = (k + side * off) * l->bin_hz, .dbfs = db(l->power[k]) - 20 * log10(loss)};
}

static guint drop_sidebands(peak *p, guint n) {
  guint kept = 0;
  for (guint i = 0; i < n; i++) {
    gboolean side = FALSE;
    for (guint k = 0; k < kept; k++)
      side |= fabs(p[k].hz - p[i].hz) < SIDEBAND_HZ && p[k].dbfs - p[i].dbfs > SIDEBAND_DB;
    if (!side) p[kept++] = p[i];
  }
  return kept;
}

/* The sines in the spectrum, loudest first. */
static guint find_peaks(const gw_listener *l, peak *ret) {
  guint n = 0, first = (guint)(MIN_HZ / l->bin_hz), end = l->block / 2 - SKIRT_TO;
  gdouble loudest = -200;
  for (guint k = MAX(first, SKIRT_TO); k < end; k++) {
    if (l->power[k] <= l->power[k - 1] || l->power[k] < l->power[k + 1]) continue;
    peak p = peak_at(l, k);
    if (p.dbfs < FLOOR_DBFS || !stands_alone(l, k)) continue;
    loudest = MAX(loudest, p.dbfs);
    guint at = n; /* the loudest are kept, in order */
    while (at > 0 && ret[at - 1].dbfs < p.dbfs)
      at--;
    if (at == MAX_PEAKS) continue;
    memmove(ret + at + 1, ret + at, (MIN(n, MAX_PEAKS - 1) - at) * sizeof *ret);
    ret[at] = p;
    n = MIN(n + 1, MAX_PEAKS);
  }
  while (n && ret[n - 1].dbfs < loudest - RANGE_DB)
    n--;
  return drop_sidebands(ret, n);
}

static gdouble hop_seconds(const gw_listener *l) {
  return l->block / 2.0 / l->rate;
}

/* A track that has ended counts when it was long enough. */
static void add_found(found *founds, guint *n, const track *t, gdouble hop) {
  gdouble hz = t->hz_sum / t->blocks;
  if (t->blocks * hop < MIN_SECONDS) return;
  found *f = NULL;
  for (guint i = 0; i < *n && !f; i++)
    if (fabs(founds[i].hz_sum / founds[i].blocks - hz) <= MERGE_HZ) f = &founds[i];
  if (!f) {
    if (*n == MAX_HEARD) return;
    f = &founds[(*n)++];
    memset(f, 0, sizeof *f);
  }
  f->blocks += t->blocks;
  f->seconds += t->blocks * hop;
  f->hz_sum += t->hz_sum;
  f->power_sum += t->power_sum;
}

static void extend(track *t, const peak *p) {
  t->live = TRUE;
  t->gap = 0;
  t->blocks++;
  t->hz_sum += p->hz;
  t->power_sum += pow(10, p->dbfs / 10);
}

static gboolean continues(const track *t, const peak *p) {
  return t->blocks && fabs(t->hz_sum / t->blocks - p->hz) <= TRACK_HZ &&
         fabs(db(t->power_sum / t->blocks) - p->dbfs) <= TRACK_DB;
}

static void follow(gw_listener *l, const peak *p) {
  track *empty = NULL;
  for (guint i = 0; i < MAX_TRACKS; i++) {
    track *t = &l->tracks[i];
    if (!t->live && continues(t, p)) {
      extend(t, p);
      return;
    }
    if (!t->blocks && !empty) empty = t;
  }
  if (empty) extend(empty, p);
}

static void analyse(gw_listener *l) {
  peak peaks[MAX_PEAKS];
  gw_fft_power(l->fft, l->pcm, l->window, l->power);
  guint n = find_peaks(l, peaks);
  for (guint i = 0; i < MAX_TRACKS; i++)
    l->tracks[i].live = FALSE;
  for (guint i = 0; i < n; i++)
    follow(l, &peaks[i]);
  for (guint i = 0; i < MAX_TRACKS; i++) {
    track *t = &l->tracks[i];
    if (t->live || !t->blocks || t->gap++ < TRACK_GAP) continue;
    add_found(l->founds, &l->n_founds, t, hop_seconds(l));
    memset(t, 0, sizeof *t);
  }
}

void gw_listener_feed(gw_listener *l, const gint16 *pcm, guint n) {
  while (n) {
    guint take = MIN(n, l->block - l->filled);
    memcpy(l->pcm + l->filled, pcm, take * sizeof *pcm);
    l->filled += take;
    pcm += take;
    n -= take;
    if (l->filled < l->block) continue;
    analyse(l);
    memmove(l->pcm, l->pcm + l->block / 2, l->block / 2 * sizeof *pcm);
    l->filled = l->block / 2;
  }
}

guint gw_listener_heard(const gw_listener *l, gw_heard *ret, guint max) {
  found founds[MAX_HEARD];
  guint n = l->n_founds, count = 0;
  memcpy(founds, l->founds, sizeof founds);
  for (guint i = 0; i < MAX_TRACKS; i++) /* those that still go on */
    if (l->tracks[i].blocks) add_found(founds, &n, &l->tracks[i], hop_seconds(l));
  for (guint i = 0; i < n; i++) {
    gw_heard h = {.hz = (guint)lrint(founds[i].hz_sum / founds[i].blocks),
                  .dbfs = db(founds[i].power_sum / founds[i].blocks),
                  .seconds = founds[i].seconds};
    guint at = count;
    while (at > 0 && ret[at - 1].dbfs < h.dbfs)
      at--;
    if (at == max) continue;
    memmove(ret + at + 1, ret + at, (MIN(count, max - 1) - at) * sizeof *ret);
    ret[at] = h;
    count = MIN(count + 1, max);
  }
  return count;
}
