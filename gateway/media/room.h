/* room.h - who hears whom: one tick of the mixer for one call. Each phone hears all other phones,
 * its own peers and the shared ones; a peer hears its phone, a shared peer all phones; nobody hears
 * itself. Thread: its worker.  Owner: the worker; the room owns its legs and peers.  Calls back:
 * never (legs and peers do). */
#ifndef GW_ROOM_H
#define GW_ROOM_H
#include "gateway/media/leg.h"
#include "gateway/media/peer.h"

typedef struct gw_room gw_room;
gw_room *gw_room_new(gw_env *, gw_handle);
void gw_room_free(gw_room *); /* with all legs and peers in it */
gw_spares *gw_room_spares(gw_room *);
void gw_room_add_leg(gw_room *, gw_leg *taken);
void gw_room_add_peer(gw_room *, gw_peer *taken, const char *talker_or_null);
void gw_room_name_peer(gw_room *, const gw_peer *, const char *talker_or_null); /* it brings another's voice now */
void gw_room_inherit(gw_room *, gw_leg *heir, const gw_leg *old); /* its peers are the heir's now */
void gw_room_drop_leg(gw_room *, gw_leg *, gint64 now_us);   /* fades it out and frees it */
void gw_room_drop_peer(gw_room *, gw_peer *, gint64 now_us); /* the same */
void gw_room_codecs(
    gw_room *); /* after a leg's or peer's codec was agreed: makes the encoders that are missing */
void gw_room_read(gw_room *, gint64 now_us); /* before a tick: what no watched socket shows */
/* One tick, in this order (gw_stage in media.h); a worker does each step for all its rooms. */
void gw_room_phones(gw_room *, gint64 now_us);
void gw_room_remotes(gw_room *, gint64 now_us);
void gw_room_say(gw_room *, gint64 now_us);
void gw_room_encode(gw_room *, gint64 now_us);
void gw_room_send(gw_room *, gint64 now_us);
void gw_room_skip(gw_room *,
                  guint ticks); /* ticks that came too late to be mixed: only time goes on */
/* Drives spare transports and the peers: all of them, or only those that set up. Returns how many set up. */
guint gw_room_drive(gw_room *, gboolean only_busy, gint64 now_us);
const GPtrArray *gw_room_legs(const gw_room *); /* gw_leg* */
guint gw_room_peer_count(const gw_room *);
gw_peer *gw_room_peer(const gw_room *, guint i);

#endif
