/* dtmf_ear.h - keys as pairs of tones in the voice (ITU-T Q.23, Q.24), for phones that send no
 * telephone-events.
 * Thread: the one that owns the instance.  Owner: maker frees.  Calls back: never.
 * No allocation after _new. */
#ifndef GW_DTMF_EAR_H
#define GW_DTMF_EAR_H
#include <glib.h>

typedef struct gw_dtmf_ear gw_dtmf_ear;
gw_dtmf_ear *gw_dtmf_ear_new(void);
void gw_dtmf_ear_free(gw_dtmf_ear *);
/* One frame of GW_FRAME samples: the key whose tones have been there long enough now, each press
 * once; 0: none. */
char gw_dtmf_ear_frame(gw_dtmf_ear *, const gint16 *pcm);

#endif
