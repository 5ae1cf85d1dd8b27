/* relays.h - which STUN and TURN servers the media engine uses: those of the configuration and those that the XMPP server names
 * (XEP-0215), their names resolved without anybody waiting.
 * Thread: control.  Owner: maker frees, before media.  Calls back: never; gw_media_set_relays when the list is another. */
#ifndef GW_DAEMON_RELAYS_H
#define GW_DAEMON_RELAYS_H
#include "conf/conf.h"
#include "daemon/json.h"
#include "gateway/media/media.h"
#include "xmpp/xmpp.h"

typedef struct gw_relay_book gw_relay_book;
gw_relay_book *gw_relay_book_new(gw_media *);
void gw_relay_book_free(gw_relay_book *);
void gw_relay_book_configure(
    gw_relay_book *, const gw_conf *); /* at start and at reload; also looks up names again */
void gw_relay_book_found(gw_relay_book *,
                         const GPtrArray *services); /* what the XMPP server names now */
/* Those in use as an array; without secrets. book may be NULL. */
void gw_relay_book_json(const gw_relay_book *, JsonBuilder *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_relay_book, gw_relay_book_free)

#endif
