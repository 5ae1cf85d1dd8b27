/* coin.h - who is in a mixed call, for a participant who sees one session only (XEP-0298, RFC 4575): the list, and when it is told.
 * Thread: any (pure values; time is a parameter).  Owner: gw_coin_free, gw_coin_teller_free.  Calls back: never. */
#ifndef GW_XMPP_COIN_H
#define GW_XMPP_COIN_H
#include <glib.h>

#define GW_NS_CONFERENCE_INFO "urn:ietf:params:xml:ns:conference-info"
#define GW_COIN_EVERY_US (1000 * 1000) /* not more often */

typedef struct {
  char *uri, *name;
} gw_coin_user;
typedef struct {
  char *uri; /* of the call */
  char *subject;
  GPtrArray *users; /* gw_coin_user, at most GW_MAX_COIN_TOLD, no URI twice */
  guint all;        /* of them and those beyond */
  guint version;    /* from 1; set by the teller */
} gw_coin;
gw_coin *gw_coin_new(const char *uri, const char *subject); /* copied */
void gw_coin_free(gw_coin *);
void gw_coin_add(gw_coin *, const char *uri, const char *name); /* copied */
char *gw_coin_uri(const char *scheme,
                  const char *jid); /* "xmpp" or "sip": a URI, escaped (RFC 5122); g_free */

/* Tells what is new, at once or when GW_COIN_EVERY_US have gone by. */
typedef struct gw_coin_teller gw_coin_teller;
gw_coin_teller *gw_coin_teller_new(void);
void gw_coin_teller_free(gw_coin_teller *);
void gw_coin_teller_set(gw_coin_teller *, gw_coin *taken); /* how it is now */
const gw_coin *
gw_coin_teller_due(gw_coin_teller *,
                   gint64 now_us); /* to be said now, until the next call; NULL: nothing */
gint64 gw_coin_teller_deadline(
    const gw_coin_teller *); /* when to ask again, GW_NEVER: not before the next set */
void gw_coin_teller_stop(gw_coin_teller *); /* the other side does not want it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_coin, gw_coin_free)

#endif
