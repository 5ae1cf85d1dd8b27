/* ua_gaps.h - holes in received sound: silence or nothing for more than 60 ms. Pure.
 * Thread: one.  Owner: maker frees; results live as long as the detector.  Calls back: never.
 * A hole is measured twice, by arrival and by media time (RTP timestamps), and the longer one
 * counts: a late burst shows in the first, lost packets and silence inside of packets in the
 * second. */
#ifndef GW_UA_GAPS_H
#define GW_UA_GAPS_H
#include <glib.h>

#define GW_UA_GAP_US 60000  /* longer than this is a gap */
#define GW_UA_GAPS_MAX 1000 /* kept of one call; later ones are left out */

typedef struct {
  gint64 at_us; /* since the first gw_ua_gaps_resume */
  gint64 us;    /* length */
} gw_ua_gap;
typedef struct gw_ua_gaps gw_ua_gaps;

gw_ua_gaps *gw_ua_gaps_new(void); /* paused: nothing counts yet */
void gw_ua_gaps_free(gw_ua_gaps *);
/* From now on holes count, if sound was or will be heard. The first call also sets the zero of
 * at_us. */
void gw_ua_gaps_resume(gw_ua_gaps *, gint64 now_us);
/* Holes no longer count (hold, end of call); one that is open now is closed here. */
void gw_ua_gaps_pause(gw_ua_gaps *, gint64 now_us);
/* Sound: arrived at at_us, plays media_us .. media_us + us on the sender's own time line. In order
 * of media time. */
void gw_ua_gaps_sound(gw_ua_gaps *, gint64 at_us, gint64 media_us, gint64 us);
/* The sender's time line begins anew (other SSRC, jump): the next hole is measured by arrival
 * alone. */
void gw_ua_gaps_new_timeline(gw_ua_gaps *);
const gw_ua_gap *gw_ua_gaps_found(const gw_ua_gaps *, guint *ret_n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ua_gaps, gw_ua_gaps_free)

#endif
