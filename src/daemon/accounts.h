/* accounts.h - people's own SIP accounts (XEP-0077): kept in the store, run as trunks of one person each. What may be had, and who
 * may have it, is said by the configuration; an account that it does not let through any more is kept and not used.
 * Thread: control.  Owner: the app; everything is copied.  Calls back: changed, from within set and remove; never while it configures. */
#ifndef GW_ACCOUNTS_H
#define GW_ACCOUNTS_H
#include "conf/conf.h"
#include "daemon/store.h"
#include "gateway/bridge/bridge.h"
#include "xmpp/register.h"

typedef struct gw_accounts gw_accounts;

/* changed: trunks and routes are to be made anew. Registers itself for the events of registration. */
gw_accounts *gw_accounts_new(gw_store *, gw_xmpp *, void (*changed)(void *), void *user);
void gw_accounts_free(gw_accounts *);
void gw_accounts_connect(gw_accounts *, const gw_sip *); /* whose trunks they are */
void gw_accounts_configure(gw_accounts *, const gw_conf *); /* at start and at reload; the file is looked at until the next */

/* Those in use, behind the operator's own: strings live as long as the arena. */
void gw_accounts_add_trunks(const gw_accounts *, GArray *list /* gw_sip_trunk */, GPtrArray *arena);
void gw_accounts_add_ways(const gw_accounts *, gw_bridge_conf *);
void gw_accounts_trunk(gw_accounts *, const gw_sip_trunk_info *); /* of any trunk */
void gw_accounts_tell_all(gw_accounts *); /* with the stream, and after a reload: what its owners do not know yet */

/* For the operator: the password stays in here. Strings live until the next call. */
typedef struct {
  const char *jid, *address /* "anna@sip.example.net" */, *name, *state /* up trying down off */, *reason /* NULL up */;
  gint64 since_wall_us; /* 0: not known */
} gw_account_info;
guint gw_accounts_count(const gw_accounts *);
void gw_accounts_get(gw_accounts *, guint i, gw_account_info *ret);
gboolean gw_accounts_drop(gw_accounts *, const char *jid); /* by the operator; its owner is told. FALSE: there is none */

#endif
