/* trunk_dns.h - where a SIP domain's requests go (RFC 3263): NAPTR, SRV and addresses, in the order to be tried.
 * Thread: gw_dns_order any (pure); gw_dns_find any, blocks (resolver.h: beside the loop).
 * Owner: caller frees the list.  Calls back: never. */
#ifndef GW_TRUNK_DNS_H
#define GW_TRUNK_DNS_H
#include <glib.h>

#define GW_DNS_HOSTS 8 /* at most so many are kept */

typedef enum { GW_DNS_UDP = 1, GW_DNS_TCP = 2, GW_DNS_TLS = 4 } gw_dns_transport; /* a set */

typedef struct {
  char *address; /* literal */
  char *name;    /* that it was found under: for certificates */
  guint port;
  gw_dns_transport transport;
} gw_dns_host;
void gw_dns_host_free(gw_dns_host *);

typedef struct {
  const char *name;        /* host or literal address; IPv6 with or without brackets */
  guint port;              /* 0: not said, so DNS may */
  gw_dns_transport wanted; /* those we have sockets for; one of them: it was said */
  gboolean v4, v6;         /* families that we have sockets for */
} gw_dns_question;

/* RFC 2782: by priority, and within one at random by weight. rows are put into order in place. */
typedef struct {
  guint priority, weight, port;
  char *target;
  gw_dns_transport transport;
} gw_dns_srv;
void gw_dns_order(gw_dns_srv *rows, guint n, guint32 (*random)(void *), void *random_data);

/* gw_dns_host*, with free function; never NULL, empty when the name leads nowhere. */
GPtrArray *gw_dns_find(const gw_dns_question *);

#endif
