/* meter.h - where a worker's time goes: CPU of each stage of its tick, and how late its ticks begin. Pure: times are told.
 * Thread: one.  Owner: value, zeros are ready.  Calls back: never. */
#ifndef GW_METER_H
#define GW_METER_H
#include "gateway/media/media.h"

typedef struct {
  gint64 mark_us; /* CPU time of the thread when the stage now running began */
  guint64 stage_us[GW_STAGES];
  guint64 lateness[GW_LATENESS_BINS];
  guint64 lateness_us; /* sum */
} gw_meter;

void gw_meter_begin(gw_meter *, gint64 cpu_us);
void gw_meter_end(gw_meter *, gw_stage, gint64 cpu_us); /* of that stage; the next one begins */
/* Ticks that are due now, the last of them late by late_us, each one before it by 20 ms more. */
void gw_meter_late(gw_meter *, guint64 due, gint64 late_us);

#endif
