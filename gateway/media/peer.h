/* peer.h - one WebRTC party: ICE, DTLS, SRTP, one audio stream in, one out, or one of them only.
 * Thread: its worker.  Owner: its room.  Calls back: through env.h. */
#ifndef GW_PEER_H
#define GW_PEER_H
#include "gateway/media/door.h"
#include "gateway/media/env.h"
#include "gateway/media/spares.h"
#include "gateway/media/stream.h"
#include "gateway/media/voice.h"

typedef struct gw_peer gw_peer;
gw_peer *gw_peer_new(gw_env *, const gw_cmd *, gw_spares *or_null); /* with a transport of these if there is one. NULL: no port free */
void gw_peer_free(gw_peer *);                   /* says RTCP BYE and close_notify */
gw_handle gw_peer_handle(const gw_peer *);
gw_handle gw_peer_leg(const gw_peer *); /* NONE: shared by the room */
gw_desc *gw_peer_describe(gw_peer *);   /* our description, once */
void gw_peer_remote(gw_peer *, const gw_desc *remote, gint64 now_us);
void gw_peer_agreed(gw_peer *, const gw_desc *agreed);
int gw_peer_codec(const gw_peer *); /* to encode for it, -1: nothing yet */

gboolean gw_peer_hears(const gw_peer *); /* wants a packet each tick */

gboolean gw_peer_busy(const gw_peer *); /* setting up: to be driven every 5 ms, else every 200 ms */
/* After the worker's context ran. ask: look for packets too. */
void gw_peer_drive(gw_peer *, gboolean ask, gint64 now_us);

/* The tick. */
void gw_peer_read(gw_peer *, gint64 now_us); /* what its watched sockets cannot show */
gw_inflow *gw_peer_inflow(gw_peer *);        /* gw_peer_play it, then use pcm */
void gw_peer_play(gw_peer *, gint64 now_us); /* one frame */
void gw_peer_say(gw_peer *, const guint8 *payload, gsize n,
                 guint8 level); /* level: gw_voice_level */
void gw_peer_skip(gw_peer *); /* in place of gw_peer_say: a packet that it will see is missing */
const gw_outflow *gw_peer_outflow(const gw_peer *);
void gw_peer_report(gw_peer *, gint64 now_us);
void gw_peer_watch(gw_peer *, gint64 now_us); /* the constant picture; who has gone quiet; who need not be read */
void gw_peer_pass(gw_peer *, guint ticks);
void gw_peer_figures(gw_peer *, gw_media_stats *ret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_peer, gw_peer_free)

#endif
