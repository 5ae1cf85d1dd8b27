/* register.h - people's own SIP accounts at the component's own JID (XEP-0077, XEP-0100 4.1 to 4.3). What an account does is the
 * daemon's affair; who may have one, the form and the XML are in here. Component mode only.
 * Thread: control.  Owner: patterns and events are copied; accounts as said.  Calls back: as said, from the loop. */
#ifndef GW_REGISTER_H
#define GW_REGISTER_H
#include <glib.h>
#include "xmpp/account.h"
#include "xmpp/xmpp.h"

typedef struct {
  /* The account of this bare JID, NULL none; *ret_status: how it is, for people. Both live until the handler's next call. */
  const gw_account *(*get)(const char *bare, const char **ret_status, void *user);
  /* From now on this is his. NULL: taken; else the condition of the stanza error, "conflict" or "resource-constraint". */
  const char *(*set)(const char *bare, const gw_account *, void *user);
  void (*remove)(const char *bare, void *user); /* there is one */
} gw_register_events;

void gw_xmpp_set_register_events(gw_xmpp *, const gw_register_events *, void *user);
/* Who may (patterns of bare JIDs, with * and ?), and at which registrars: at start and at reload. Nobody, or nowhere: nothing is
 * announced, nothing answered. */
void gw_xmpp_set_registration(gw_xmpp *, const char *const *patterns, const char *const *registrars);
gboolean gw_xmpp_may_register(const gw_xmpp *, const char *jid);
/* A message of the gateway for a person to read. FALSE: the stream is down. The presence that he sees says `status` as well. */
gboolean gw_xmpp_tell_account(gw_xmpp *, const char *bare, const char *status, const char *text);

#endif
