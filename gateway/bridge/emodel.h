/* emodel.h - estimated quality of what was received, by the E-model (ITU-T G.107) with everything but delay and packet
 * loss at its default, as Cole and Rosenbluth reduced it.
 * Thread: any (pure).  Owner: -.  Calls back: never.
 * The scale is the narrow-band one for all codecs: an undisturbed call is 4.4, whatever it sounds like. */
#ifndef GW_EMODEL_H
#define GW_EMODEL_H
#include <glib.h>

typedef struct {
  const char *codec;            /* "PCMA"; NULL or unknown: judged as Opus */
  guint64 received, lost, late; /* packets; late: came, but too late to be played */
  guint rtt_ms, buffer_ms;      /* 0 = not known */
} gw_emodel_in;
double gw_emodel_r(const gw_emodel_in *); /* rating factor, 0..93.2 */
double
gw_emodel_mos(const gw_emodel_in *); /* 1.0..4.5; 0 = nothing was received, so nothing is known */

#endif
