/* session_desc.h - how a mesh flavour dresses descriptions for Jingle: what media gives becomes our offer or our answer.
 * Private to flavour/.
 * Thread: any (pure).  Owner: callers own what is returned; nothing is kept.  Calls back: never. */
#ifndef GW_SESSION_DESC_H
#define GW_SESSION_DESC_H
#include "gateway/flavour/flavour.h"

/* Without cname and msid a browser's page attaches no stream and plays nothing. */
void gw_sd_dress_sources(gw_desc_media *);
/* Those that came before we could say them: what fits into GW_MAX_CANDIDATES. */
void gw_sd_add_candidates(gw_desc_media *, const GArray *candidates);
/* Our offer: the audio of local alone, under that name, with mux and actpass; codecs as media gave them. NULL: no audio. */
gw_desc *gw_sd_offer(const gw_desc *local, const char *mid, gboolean bundle, const GArray *candidates);
/* RFC 5763 5. Towards a browser (bundle) we may be the DTLS server, which wins the cheaper cipher; nobody else likes it. */
gw_setup gw_sd_answer_setup(const gw_desc *offer);
/* Our answer; NULL with the Jingle reason (static) why there is none. */
gw_desc *gw_sd_answer(const gw_desc *offer, const gw_desc *local, gboolean prefer_offer, const GArray *candidates,
                      const char **ret_reason);
/* Of who names no BUNDLE group each content has a transport of its own, and one that we do not take is not in our answer (XEP-0166): Dino
 * refuses a session-accept with a content that has no fingerprint. */
void gw_sd_leave_out_refused(gw_desc *answer);
/* Bundled contents share the first one's transport: its candidates are said once. Returns our audio. */
gw_desc_media *gw_sd_only_audio_candidates(gw_desc *answer);
/* A session-initiate that cannot be taken: the Jingle reason (static), or NULL: it can. */
const char *gw_sd_unfit(const gw_desc *offer);
/* transport-info with one candidate. */
gw_desc *gw_sd_trickle(const char *mid, const char *ufrag, const char *pwd, const gw_candidate *);

#endif
