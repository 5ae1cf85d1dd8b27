/* relays.h - the STUN and TURN servers that new peers use, as plain values: no part of media keeps the list of another.
 * Thread: any (pure values).  Owner: caller frees.  Calls back: never. */
#ifndef GW_RELAYS_H
#define GW_RELAYS_H
#include <glib.h>

#define GW_MAX_RELAYS                                                                              \
  6 /* TURN servers of one agent: each costs an allocation for each own address */

/* host: literal address. name: what its certificate must be made out for (tls), or NULL: host. */
typedef struct {
  char *host;
  guint16 port;
  char *user, *password;
  gboolean tcp, tls;
  char *name;
} gw_turn_server;

typedef struct {
  char *stun_host; /* literal address, or NULL */
  guint16 stun_port;
  gw_turn_server *turn;
  guint n_turn;
} gw_relays;

gw_relays *gw_relays_new(const char *stun_host_or_null, guint16 stun_port);
void gw_relays_add(gw_relays *, const gw_turn_server *copied); /* beyond GW_MAX_RELAYS: left out */
gw_relays *gw_relays_copy(const gw_relays *);                  /* NULL of NULL */
gboolean gw_relays_equal(const gw_relays *, const gw_relays *); /* in all, credentials too; NULL equals NULL */
void gw_relays_free(gw_relays *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_relays, gw_relays_free)

#endif
