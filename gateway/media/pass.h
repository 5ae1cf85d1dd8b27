/* pass.h - which frames of Opus may go on as they came, in place of being decoded and encoded again, and how a stream changes
 * between the two without being heard: at once away from what came, back only in silence, or in a quiet moment after half a second
 * in which it would have done. Pure. Thread: one.  Owner: values, zeros are ready.  Calls back: never. */
#ifndef GW_PASS_H
#define GW_PASS_H
#include "gateway/media/codec.h"

/* Frames in a row that would have done, before the first quiet one changes; or so many without one. */
#define GW_PASS_PATIENCE 25
#define GW_PASS_LONG 500
#define GW_PASS_QUIET_DBFS (-40.0)
/* Lost packets in a row that are left out: no longer may anything be concealed from them. */
#define GW_PASS_HOLES 3
/* Of 256, fraction lost at which a listener needs the copies of in-band FEC. */
#define GW_PASS_LOSSY 12
#define GW_FAINT_DBFS (-55.0) /* beside a voice nobody misses it */

typedef enum {
  GW_PASS_ENCODE,
  GW_PASS_ANEW, /* encode, with an encoder that has not made the frame before (gw_encoder_begin) */
  GW_PASS_ON,   /* the packet as it came */
  GW_PASS_HOLE  /* nothing: its number is left out, for the listener to see that it was lost */
} gw_pass_way;

typedef struct {
  const void *source; /* whose sound the last frame was */
  guint run;          /* frames of it in a row that would have done */
  guint holes;
  gboolean on, stale; /* stale: our encoder did not make the last frame */
  gboolean spoken;    /* something was encoded since the last silence */
} gw_pass;

/* One frame. source: who alone is heard in it, NULL: nobody, or several. n: bytes of the packet that is exactly this frame,
 * 0: there is none, or it must not be passed, -1: exactly one packet is missing (gw_jitter_packet). dbfs: how
 * loud it is, -127 nothing at all. */
gw_pass_way gw_pass_frame(gw_pass *, const void *source, int n, gdouble dbfs);
/* A frame that is not sent: the listener hears silence, and what comes next may be anybody's. */
void gw_pass_rest(gw_pass *);

/* What goes out to somebody: n, or 0 where the packet would not do. bounded: the listener has asked for a bit-rate; lossy: it
 * needs FEC, as an encoder of ours has it. */
int gw_pass_fit(const guint8 *payload, int n, gboolean bounded, gboolean lossy);
gboolean gw_pass_bounded(const gw_codec *or_null); /* RFC 7587 6.1 */

/* Who is in a mix, with his level. */
typedef struct {
  guint n;
  struct {
    const void *source; /* NULL: nothing that could be passed on */
    gdouble dbfs;
  } of[6];
} gw_solo;
void gw_solo_clear(gw_solo *);
void gw_solo_add(gw_solo *, const void *source_or_null, gdouble dbfs);
/* Who of both but own is heard alone: the only one, the only one who is not faint, or where all are faint the one who was.
 * NULL: nobody is. *ret_any: somebody is there. */
const void *gw_solo_of(const gw_solo *, const gw_solo *, const void *own, const void *was,
                       gboolean *ret_any);

#endif
