/* direct_plain.h - devices of a person that cannot be asked before (no XEP-0353): each is offered a session of its own beside the
 * question to all others, and the first that takes one has the call.
 * Private to the flavour "direct".
 * Thread: any (pure).  Owner: the flavour owns the list.  Calls back: never. */
#ifndef GW_FL_DIRECT_PLAIN_H
#define GW_FL_DIRECT_PLAIN_H
#include "gateway/flavour/session.h"

#define GW_DP_MAX 3 /* at once: each costs a transport of ours */

typedef struct {
  gw_fl_session s;
  gboolean offered; /* session-initiate has been said */
} gw_dp_branch;

GPtrArray *gw_dp_new(void); /* of gw_dp_branch */
gw_dp_branch *gw_dp_of_session(const GPtrArray *, const gw_fl_session *);
gw_fl_session *gw_dp_of_peer(const GPtrArray *, guint peer);
gw_dp_branch *gw_dp_of_word(const GPtrArray *, const gw_word *); /* a word of that session */
/* PEER_OPEN, and the offer when our side is known. Nothing when it is offered one already, or too many are. */
void gw_dp_call(gw_fl_common *, GPtrArray *, const char *nick, const char *device, gw_ids *);
void gw_dp_local(gw_fl_common *, GPtrArray *, gw_dp_branch *, const gw_desc *local);
/* Frees it. reason: said, where the device knows of the session; NULL: it has ended it. */
void gw_dp_drop(gw_fl_common *, GPtrArray *, gw_dp_branch *, const char *reason);
void gw_dp_drop_all(gw_fl_common *, GPtrArray *, const char *reason);
void gw_dp_move(GPtrArray *, gw_dp_branch *, gw_fl_session *to); /* frees the branch; `to` is a fresh one, and is its session now */

#endif
