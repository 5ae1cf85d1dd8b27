/* tone.h - sine tones made and found (Goertzel). Pure; used by prompts, tests and the test user
 * agent.
 * Thread: one.  Owner: caller.  Calls back: never. */
#ifndef GW_TONE_H
#define GW_TONE_H
#include <glib.h>

typedef struct {
  gdouble hz, amplitude /* 0..1 */, phase;
  guint rate;
} gw_tone;
void gw_tone_init(gw_tone *, gdouble hz, gdouble amplitude, guint rate);
void gw_tone_fill(gw_tone *, gint16 *out, guint n);
gdouble gw_goertzel_dbfs(const gint16 *pcm, guint n, guint rate,
                         gdouble hz); /* level of that tone, 0 = full-scale sine */

/* Finds steady tones in a stream: feed 20 ms frames, read at the end. */
typedef struct gw_listener gw_listener;
typedef struct {
  guint hz;
  gdouble dbfs, seconds;
} gw_heard;
gw_listener *gw_listener_new(guint rate);
void gw_listener_free(gw_listener *);
void gw_listener_feed(gw_listener *, const gint16 *pcm, guint n);
/* Tones over 0.3 s and above -50 dBFS, loudest first; returns the count (<= max). */
guint gw_listener_heard(const gw_listener *, gw_heard *ret, guint max);

#endif
