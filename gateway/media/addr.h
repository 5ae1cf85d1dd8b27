/* addr.h - one socket address: parsing, comparing, and what we never send to. Pure.
 * Thread: any.  Owner: values.  Calls back: never. */
#ifndef GW_ADDR_H
#define GW_ADDR_H
#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

typedef struct {
  union {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } u;
  socklen_t len; /* 0: none */
} gw_addr;

gboolean gw_addr_parse(const char *literal, guint16 port, gw_addr *ret); /* FALSE: not a literal */
guint16 gw_addr_port(const gw_addr *);
void gw_addr_set_port(gw_addr *, guint16 port);
gboolean gw_addr_equal(const gw_addr *, const gw_addr *);   /* address and port */
gboolean gw_addr_same_ip(const gw_addr *, const gw_addr *); /* FALSE when either is none */
void gw_addr_text(const gw_addr *, char *ret, gsize n);     /* address without port */
gboolean gw_addr_loopback(const gw_addr *);
gboolean gw_addr_link_local(const gw_addr *);
gboolean gw_addr_any(const gw_addr *); /* 0.0.0.0 or :: */
/* A host that media may go to: not none, any, multicast, broadcast or port 0. */
gboolean gw_addr_sendable(const gw_addr *);

#endif
