/* services.h - STUN and TURN servers that the XMPP server names (XEP-0215): whom to ask, when to ask again, and which of them
 * are good now. Events in, what to do out, time a parameter.
 * Thread: any (pure).  Owner: caller frees; lists given in are copied.  Calls back: never. */
#ifndef GW_XMPP_SERVICES_H
#define GW_XMPP_SERVICES_H
#include <glib.h>
#include "base/clock.h"

typedef enum { GW_SERVICE_STUN, GW_SERVICE_TURN, GW_SERVICE_TURNS } gw_service_type;
typedef enum { GW_SERVICE_ADD, GW_SERVICE_MODIFY, GW_SERVICE_DELETE } gw_service_action;
typedef struct {
  gw_service_action action; /* in a push */
  gw_service_type type;
  gboolean tcp;
  char *host; /* name or address */
  guint16 port;
  char *user, *password;  /* or NULL */
  gboolean restricted;    /* needs a user and a password */
  gint64 expires_wall_us; /* 0: not said */
} gw_service;
gw_service *gw_service_new(gw_service_type, gboolean tcp, const char *host, guint16 port);
gw_service *gw_service_copy(const gw_service *);
void gw_service_free(gw_service *);
gboolean gw_service_same(const gw_service *,
                         const gw_service *); /* type, transport, host and port */
GPtrArray *gw_service_list_new(void);         /* gw_service, owned */

typedef enum {
  GW_SV_UP,      /* the stream is up: ask */
  GW_SV_DOWN,    /* it is down: nothing can be asked; what is known stays good until it expires */
  GW_SV_LIST,    /* list: the answer */
  GW_SV_REFUSED, /* condition: of the error, or "timeout" */
  GW_SV_CREDENTIALS, /* list: the answer about one service; NULL: refused */
  GW_SV_PUSH,        /* list: changes, each with its action, from whom we asked last */
  GW_SV_TICK         /* the deadline has passed */
} gw_sv_type;
typedef struct {
  gw_sv_type type;
  const GPtrArray *list;
  const char *condition;
} gw_sv_event;

typedef struct {
  const char *ask; /* ask this domain for its services, or NULL */
  GPtrArray *
      lacking; /* gw_service: ask the same domain for the credentials of each of these; or NULL. Caller unrefs */
  gboolean changed; /* gw_services_good has changed */
  const char
      *mend; /* nobody has any for us: what the operator can do, or NULL; once until it changes */
} gw_sv_todo;

typedef struct gw_services gw_services;
gw_services *
gw_services_new(const char *const *domains); /* asked in this order until one answers */
void gw_services_free(gw_services *);
void gw_services_step(gw_services *, const gw_sv_event *, gint64 now_us, gint64 wall_us,
                      gw_sv_todo *ret);
gint64 gw_services_deadline(const gw_services *);   /* monotonic us; GW_NEVER */
const char *gw_services_asked(const gw_services *); /* the domain that was asked last, or NULL */
/* Those that can be used: known, with credentials where needed, not expired. Valid until the next step. */
const GPtrArray *gw_services_good(const gw_services *);
/* Of both lists what an agent should use, at most `most` TURN servers: kind by kind (UDP, TCP, TLS) in turn, so that no server
 * with many ports of one kind keeps out the others; one STUN server (UDP) first if there is one. Elements belong to the lists. */
GPtrArray *gw_services_choose(const GPtrArray *configured, const GPtrArray *found, guint most);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_service, gw_service_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_services, gw_services_free)

#endif
