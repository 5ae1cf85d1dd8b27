/* trunk.h - trunks as the other files of this room see them.
 * Thread: control.  Owner: gw_sip owns trunks; an errand of the resolver holds one a while longer.
 * Calls back: gw_sip_events.trunk, from the loop. */
#ifndef GW_TRUNK_H
#define GW_TRUNK_H
#include "sip/internal.h"
#include "sip/trunk_dns.h"
#include "sip/trunk_machine.h"

typedef struct gw_trunk_ask gw_trunk_ask;

/* Own copy of a gw_sip_trunk. */
typedef struct {
  char *name, *proxy, *outbound_proxy, *transport, *user, *password, *caller, **addresses;
  gboolean registers, trusted, personal;
  guint expires_s, keepalive_s;
} gw_trunk_own;

struct gw_trunk {
  guint refs;
  gw_sip *sip; /* NULL once it is closed */
  gw_trunk_own conf;
  char *domain;      /* of proxy, without port; IPv6 in brackets */
  guint domain_port; /* 0 none said */
  GPtrArray *hosts;  /* gw_dns_host, where requests go */
  gw_trunk_machine machine;
  gw_timer *timer;
  gw_trunk_ask *ask; /* the request that is out, NULL */
  gboolean started, leaving;
  gint64 since_wall_us;
  char *host_text; /* as last told */
  char *call_id;   /* of all its REGISTERs (RFC 3261 10.2.4) */
};

/* -- trunk.c -- */
void gw_trunks_start(gw_sip *); /* our own ports are known now */
gw_trunk *gw_trunk_ref(gw_trunk *);
void gw_trunk_unref(void *);
void gw_trunk_event(gw_trunk *, const gw_te *);
gw_trunk *gw_trunk_named(const gw_sip *, const char *name);
const gw_dns_host *gw_trunk_host(const gw_trunk *); /* in use, or NULL */
gw_sip_port *gw_trunk_port(const gw_trunk *,
                           const gw_dns_host *); /* our socket that faces it, or NULL */
char *gw_trunk_route(const gw_dns_host *);       /* "sip:192.0.2.7:5060;transport=udp" */
char *gw_trunk_split_host(const char *text, guint *ret_port); /* "[v6]:5060" -> "[v6]"; port 0: none said */
char *gw_dns_host_text(const gw_dns_host *);                    /* "udp:192.0.2.7:5060" */
void gw_trunk_gone(gw_trunk *);                  /* it has said goodbye */

/* -- trunk_ask.c: one REGISTER or OPTIONS -- */
typedef enum { GW_ASK_REGISTER, GW_ASK_UNREGISTER, GW_ASK_PING } gw_ask_kind;
void gw_trunk_ask_send(gw_trunk *, gw_ask_kind, const gw_dns_host *);
void gw_trunk_ask_drop(gw_trunk *); /* whatever is said to it, nobody listens */

/* -- trunk_match.c: who is it that calls -- */
gboolean gw_net_contains(const char *network,
                         const char *ip); /* "192.0.2.0/24", "2001:db8::/32", "192.0.2.7". Pure */
gw_trunk *gw_trunk_of(const gw_sip *, const sip_t *invite, const char *source, const char *ip);
gboolean gw_trunk_speaks(const gw_sip *, const char *name,
                         const char *ip); /* this address is one of that trunk's */
gboolean gw_trunk_any_speaks(const gw_sip *, const char *ip); /* or of any trunk's */
gboolean gw_trunk_trusted(const gw_trunk *);
const char *gw_trunk_name(const gw_trunk *);
char *gw_trunk_dialled(const gw_trunk *or_null, const sip_t *invite);

/* -- trunk_call.c: calls that go out -- */
void gw_trunk_try_free(gw_trunk_try *);
void gw_trunk_try_heard(
    gw_sip_call *or_null); /* somebody has answered: no other host is tried because of silence */
void gw_trunk_try_next(
    gw_sip_call *); /* this host cannot be reached: begins a branch at the next one, if any */
gboolean gw_trunk_may_ask(const gw_sip_leg *); /* whoever asks for the password: is it the trunk? */

#endif
