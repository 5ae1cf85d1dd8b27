#include "gateway/media/leveller.h"

#include <math.h>

#define LEARN 0.02        /* of the difference in each frame: a second of speech */
#define UP_DB 0.06        /* in a frame: 3 dB a second */
#define DOWN_DB 0.2       /* 10 dB a second: too loud hurts, too quiet does not */

static gdouble wanted_db(const gw_leveller *l) {
  return CLAMP(GW_LEVELLER_TARGET - l->speech_db, GW_LEVELLER_LEAST, GW_LEVELLER_MOST);
}

static void learn(gw_leveller *l, gdouble level_db) {
  if (l->speech_db == 0)
    l->speech_db = GW_LEVELLER_TARGET; /* who has just come is believed to be right */
  l->speech_db += (level_db - l->speech_db) * LEARN;
  l->gain_db += CLAMP(wanted_db(l) - l->gain_db, -DOWN_DB, UP_DB);
}

/* From one gain to the other within the frame: a step would be heard. */
static void scale(gint16 *frame, gdouble from_db, gdouble to_db) {
  gfloat gain = (gfloat)pow(10, from_db / 20),
         step = ((gfloat)pow(10, to_db / 20) - gain) / GW_FRAME;
  for (guint i = 0; i < GW_FRAME; i++, gain += step)
    frame[i] = (gint16)CLAMP((gfloat)frame[i] * gain, -32767, 32767);
}

void gw_leveller_frame(gw_leveller *l, gint16 *frame, gdouble level_dbfs) {
  gdouble before = l->gain_db;
  if (level_dbfs > GW_SPEECH_DBFS) learn(l, level_dbfs);
  if (before != 0 || l->gain_db != 0) scale(frame, before, l->gain_db);
}
