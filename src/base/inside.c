#include "base/inside.h"
#include <arpa/inet.h>
#include <string.h>

static gboolean private4(const guint8 b[4]) {
  return b[0] == 127 || b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
         (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
}

static gboolean loopback(const char *literal) {
  return g_str_has_prefix(literal, "127.") || strcmp(literal, "::1") == 0;
}

gboolean gw_ip_private(const char *literal) {
  struct in6_addr six;
  guint8 four[4];
  if (!literal) return FALSE;
  if (inet_pton(AF_INET, literal, four) == 1) return private4(four);
  if (inet_pton(AF_INET6, literal, &six) != 1) return FALSE;
  const guint8 *b = six.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return private4(b + 12);
  return IN6_IS_ADDR_LOOPBACK(&six) || (b[0] & 0xfe) == 0xfc ||
         (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

gboolean gw_ip_beyond_nat(const char *peer, const char *public_address) {
  if (!public_address || !*public_address) return FALSE;
  if (!peer || !*peer) return TRUE;
  return gw_ip_private(public_address) ? !loopback(peer) : !gw_ip_private(peer);
}
