#include "gateway/media/floor.h"

#define SILENT 127      /* dBov of silence, and the scale of ours */
#define NO_VOICE 47     /* a packet without voice: -80 dBov */
#define UNTRIED 107     /* -20: who was never heard gets a turn at once */
#define TRY_AGAIN 110   /* as far as the guess grows */
#define GROW_PACKETS 50 /* by 1 dB each: 1 dB/s */
#define RELEASE 1       /* dB per tick: 50 dB/s, so that a pause between words costs little */
#define AHEAD 6         /* dB that somebody new has to be louder */

void gw_floor_init(gw_floor *f) {
  *f = (gw_floor){.own = UNTRIED};
}

static void wait_for_a_turn(gw_floor *f) {
  if (f->on || f->own >= TRY_AGAIN || ++f->waited < GROW_PACKETS) return;
  f->waited = 0;
  f->own++;
}

void gw_floor_packet(gw_floor *f, gint level, gboolean voice) {
  guint loud = level >= 0 ? SILENT - (guint)MIN(level, SILENT) : voice ? f->own : NO_VOICE;
  if (level < 0 && voice) wait_for_a_turn(f);
  f->now = MAX(f->now, loud);
}

void gw_floor_heard(gw_floor *f, gdouble dbfs) {
  guint loud = (guint)CLAMP(SILENT + dbfs, 0, SILENT);
  f->own = MAX(loud, f->own > RELEASE ? f->own - RELEASE : 0);
  f->own = MAX(f->own, NO_VOICE);
}

static guint worth(const gw_floor *f, gboolean was_on) {
  return f->loud + (was_on ? AHEAD : 0);
}

/* Marks among those not yet taken the one most worth it; bit 1 of on is what it was. */
static void take_best(gw_floor *const *all, guint n) {
  gw_floor *best = NULL;
  for (guint i = 0; i < n; i++) {
    gw_floor *f = all[i];
    if (f->on & 1) continue;
    if (!best || worth(f, f->on & 2) > worth(best, best->on & 2)) best = f;
  }
  if (best) best->on |= 1;
}

void gw_floor_choose(gw_floor *const *all, guint n, guint max) {
  for (guint i = 0; i < n; i++) {
    gw_floor *f = all[i];
    f->loud = MAX(f->now, f->loud > RELEASE ? f->loud - RELEASE : 0);
    f->now = 0;
    f->on = n <= max ? 1 : f->on ? 2 : 0;
  }
  for (guint k = 0; n > max && k < max; k++)
    take_best(all, n);
  for (guint i = 0; i < n; i++)
    all[i]->on &= 1;
}
