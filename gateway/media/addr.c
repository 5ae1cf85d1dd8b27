#include "gateway/media/addr.h"
#include <arpa/inet.h>
#include <string.h>

gboolean gw_addr_parse(const char *literal, guint16 port, gw_addr *ret) {
  gw_addr a = {0};
  if (!literal) return FALSE;
  if (inet_pton(AF_INET, literal, &a.u.v4.sin_addr) == 1) {
    a.u.v4.sin_family = AF_INET;
    a.u.v4.sin_port = htons(port);
    a.len = sizeof a.u.v4;
  } else if (inet_pton(AF_INET6, literal, &a.u.v6.sin6_addr) == 1) {
    a.u.v6.sin6_family = AF_INET6;
    a.u.v6.sin6_port = htons(port);
    a.len = sizeof a.u.v6;
  } else {
    return FALSE;
  }
  *ret = a;
  return TRUE;
}

/* sin_port and sin6_port lie at the same place. */
guint16 gw_addr_port(const gw_addr *a) {
  return a->len ? ntohs(a->u.v4.sin_port) : 0;
}

void gw_addr_set_port(gw_addr *a, guint16 port) {
  a->u.v4.sin_port = htons(port);
}

gboolean gw_addr_same_ip(const gw_addr *a, const gw_addr *b) {
  if (!a->len || !b->len || a->u.sa.sa_family != b->u.sa.sa_family) return FALSE;
  if (a->u.sa.sa_family == AF_INET) return a->u.v4.sin_addr.s_addr == b->u.v4.sin_addr.s_addr;
  return memcmp(&a->u.v6.sin6_addr, &b->u.v6.sin6_addr, sizeof a->u.v6.sin6_addr) == 0;
}

gboolean gw_addr_equal(const gw_addr *a, const gw_addr *b) {
  return gw_addr_same_ip(a, b) && a->u.v4.sin_port == b->u.v4.sin_port;
}

void gw_addr_text(const gw_addr *a, char *ret, gsize n) {
  const void *ip =
      a->u.sa.sa_family == AF_INET6 ? (const void *)&a->u.v6.sin6_addr : &a->u.v4.sin_addr;
  if (!a->len || !inet_ntop(a->u.sa.sa_family, ip, ret, (socklen_t)n)) ret[0] = 0;
}

gboolean gw_addr_loopback(const gw_addr *a) {
  if (a->u.sa.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&a->u.v6.sin6_addr);
  return a->len && (ntohl(a->u.v4.sin_addr.s_addr) >> 24) == 127;
}

gboolean gw_addr_link_local(const gw_addr *a) {
  if (a->u.sa.sa_family == AF_INET6) return IN6_IS_ADDR_LINKLOCAL(&a->u.v6.sin6_addr);
  return a->len && (ntohl(a->u.v4.sin_addr.s_addr) >> 16) == 0xa9fe;
}

gboolean gw_addr_any(const gw_addr *a) {
  if (a->u.sa.sa_family == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&a->u.v6.sin6_addr);
  return a->len && a->u.v4.sin_addr.s_addr == 0;
}

gboolean gw_addr_sendable(const gw_addr *a) {
  if (!a->len || gw_addr_port(a) == 0 || gw_addr_any(a)) return FALSE;
  if (a->u.sa.sa_family == AF_INET6)
    return !IN6_IS_ADDR_MULTICAST(&a->u.v6.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr);
  return (ntohl(a->u.v4.sin_addr.s_addr) >> 28) < 14; /* 224/4 multicast, 240/4 with broadcast */
}
