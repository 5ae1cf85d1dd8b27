#include "gateway/media/meter.h"
#include "gateway/media/env.h"

#define TOLD_APART 1000 /* ticks of one hold-up: what is left counts as the longest */

const guint gw_lateness_us[GW_LATENESS_BINS] = {1000,  2000,  5000,   10000,
                                                20000, 50000, 100000, G_MAXUINT};

const char *gw_stage_word(gw_stage stage) {
  static const char *const words[GW_STAGES] = {
      [GW_STAGE_READ] = "read", [GW_STAGE_PHONES] = "phones", [GW_STAGE_REMOTES] = "remotes",
      [GW_STAGE_SAY] = "say",   [GW_STAGE_ENCODE] = "encode", [GW_STAGE_SEND] = "send",
      [GW_STAGE_ICE] = "ice"};
  return words[stage];
}

void gw_meter_begin(gw_meter *m, gint64 cpu_us) {
  m->mark_us = cpu_us;
}

void gw_meter_end(gw_meter *m, gw_stage stage, gint64 cpu_us) {
  m->stage_us[stage] += (guint64)MAX(0, cpu_us - m->mark_us);
  m->mark_us = cpu_us;
}

static guint bin_of(gint64 late_us) {
  guint i = 0;
  while (i < GW_LATENESS_BINS - 1 && late_us > gw_lateness_us[i])
    i++;
  return i;
}

void gw_meter_late(gw_meter *m, guint64 due, gint64 late_us) {
  guint64 apart = MIN(due, TOLD_APART);
  late_us = MAX(0, late_us);
  for (guint64 i = 0; i < apart; i++, late_us += GW_TICK_US) {
    m->lateness[bin_of(late_us)]++;
    m->lateness_us += (guint64)late_us;
  }
  m->lateness[GW_LATENESS_BINS - 1] += due - apart;
  m->lateness_us += (due - apart) * (guint64)late_us;
}
