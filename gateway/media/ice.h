/* ice.h - one ICE agent (RFC 8445, 8838, 7675) with one component: candidates in both directions, a
 * proven path, and the datagrams on it that are not STUN. Thread: its worker.  Owner: maker frees.
 * Calls back: candidate from gw_ice_step only; datagram from gw_ice_pump and from the tick's
 * reading of its sockets. Signals of the library only set flags, because they fire inside its
 * calls. No function is ever attached to the agent: it is asked for packets while it sets up and
 * whenever STUN lies on one of its sockets; media is read from those sockets directly once a pair
 * is selected. */
#ifndef GW_ICE_H
#define GW_ICE_H
#include "gateway/media/env.h"

typedef struct gw_ice gw_ice;
typedef enum { GW_ICE_WORKING, GW_ICE_CONNECTED, GW_ICE_READY, GW_ICE_FAILED } gw_ice_state;

typedef struct {
  void (*candidate)(const gw_candidate *, void *user); /* a further local one */
  /* Not STUN, but perhaps junk. proven: it came on the selected pair, or from an address that ICE
   * has checked. data may be changed. */
  void (*datagram)(guint8 *data, gsize n, gboolean proven, gint64 now_us, void *user);
} gw_ice_events;

gw_ice *gw_ice_new(gw_env *, gboolean controlling, const gw_relays *or_null,
                   const gw_ice_events *, void *user); /* NULL: no port free */
void gw_ice_adopt(gw_ice *, const gw_ice_events *, void *user); /* is somebody else's from now on; before gw_ice_describe */
void gw_ice_free(gw_ice *);     /* with TURN it lingers in env->closing until the server knows */
void gw_ice_drain(gw_env *, gint64 now_us); /* looks after those; the context must run as well */
void gw_ice_describe(gw_ice *,
                     gw_desc_media *add_to); /* credentials, and the candidates known by now */
/* Credentials (the first ones count, until gw_ice_restart) and further candidates of the other side: those that are not
 * for us (TCP, other components, names, multicast, loopback from afar) are left out, and at most
 * GW_MAX_CANDIDATES are taken. FALSE: no credentials yet. */
gboolean gw_ice_remote(gw_ice *, const gw_desc_media *);
/* Would gw_ice_remote of this begin anew? It has other credentials than those in use (RFC 8445 9). */
gboolean gw_ice_is_restart(const gw_ice *, const gw_desc_media *);
/* New credentials of ours, their candidates forgotten; the old pair carries on until a new one is found. Theirs follow by
 * gw_ice_remote. */
void gw_ice_restart(gw_ice *);
gboolean gw_ice_is_settled(const gw_ice *); /* FALSE: begun anew, and no new pair yet */
void gw_ice_pump(gw_ice *, gint64 now_us); /* asks the agent for what has come */
void gw_ice_step(gw_ice *, gint64 now_us); /* after the context ran: gives out new candidates */
gw_ice_state gw_ice_get_state(const gw_ice *);
gboolean gw_ice_gathered(const gw_ice *);
gboolean gw_ice_relayed(const gw_ice *); /* the pair goes through TURN: only pumping reads it */
gboolean gw_ice_send(gw_ice *, const guint8 *data, gsize n);
/* Of the selected pair's RTP one packet in GW_THIN_EVERY gets through (thin.h), or all of it again. To be said each tick, as the
 * pair may change. Returns how it is now. */
gboolean gw_ice_thin(gw_ice *, gboolean on);
guint gw_ice_thinned(gw_ice *); /* packets kept back since this was last asked */
/* Makes the library's types known before any worker runs. */
void gw_ice_prepare(void);

#endif
