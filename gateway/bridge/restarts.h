/* restarts.h - new transports in running sessions, between what the peers say and what the engine does: ICE restarts (XEP-0176 5.11:
 * a transport-info with other credentials) and transport-replace (XEP-0166 7.2.14), for every flavour alike.
 * Thread: any (pure).  Owner: caller frees; words that are returned are the caller's.  Calls back: never. */
#ifndef GW_BRIDGE_RESTARTS_H
#define GW_BRIDGE_RESTARTS_H
#include "xmpp/words.h"

typedef struct gw_restarts gw_restarts;
gw_restarts *gw_restarts_new(void);
void gw_restarts_free(gw_restarts *);
/* A description of theirs: what the audio content is called there. */
void gw_restarts_learn(gw_restarts *, const char *jid, const char *sid, const gw_desc *remote);
void gw_restarts_forget(gw_restarts *, const char *jid, const char *sid);
/* A word of theirs. A transport-replace is a transport-info to all but us: that one, or NULL for every other word. */
gw_word *gw_restarts_in(gw_restarts *, const gw_word *in);
/* The engine has begun anew with this transport (credentials, candidates): what to tell them, transport-accept or
 * transport-info, with their content's name. */
gw_word *gw_restarts_answer(gw_restarts *, const char *jid, const char *sid, gboolean we_initiated,
                            const gw_desc *transport);
/* A word of ours: a transport-info that still has the credentials of before, with the new ones; NULL: right as it is. */
gw_word *gw_restarts_out(const gw_restarts *, const gw_word *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_restarts, gw_restarts_free)

#endif
