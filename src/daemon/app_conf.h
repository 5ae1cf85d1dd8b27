/* app_conf.h - from the configuration file's words to the small structs that each room takes.
 * Thread: control.  Owner: the arena frees everything that was made with it.  Calls back: never. */
#ifndef GW_APP_CONF_H
#define GW_APP_CONF_H
#include <glib.h>
#include "conf/conf.h"
#include "daemon/accounts.h"
#include "gateway/bridge/bridge.h"

/* Strings that the room configurations point into. */
typedef GPtrArray gw_arena;
gw_arena *gw_arena_new(void);

void gw_app_sip_config(const gw_conf *, gw_arena *, gw_sip_config *ret);
void gw_app_xmpp_config(const gw_conf *, gw_arena *, gw_xmpp_config *ret);
void gw_app_media_config(const gw_conf *, gw_arena *, gw_media_config *ret);
void gw_app_set_people(const gw_conf *, gw_xmpp *); /* operators, and who sees our phones */
void gw_app_set_trunks(const gw_conf *, const gw_accounts *, gw_sip *); /* at start, at reload, and when an account changes */
gw_bridge_conf *gw_app_bridge_conf(const gw_conf *, const gw_accounts *);
/* What differs between two files and needs a restart to take effect: "sip.listen, http.listen", or
 * NULL. */
char *gw_app_needs_restart(const gw_conf *before, const gw_conf *after);

#endif
