#include "tools/ua_net.h"
#include "base/clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PORT_TRIES 50

/* Past "sip:", "udp:"... and "user@"; a host never contains them. */
static const char *skip_to_host(const char *text) {
  static const char *const schemes[] = {"sips:", "sip:", "udp:", "tcp:", "tls:"};
  for (guint i = 0; i < G_N_ELEMENTS(schemes); i++) {
    if (g_ascii_strncasecmp(text, schemes[i], strlen(schemes[i])) != 0) continue;
    text += strlen(schemes[i]);
    break;
  }
  const char *at = strchr(text, '@');
  return at ? at + 1 : text;
}

gboolean gw_ua_host_port(const char *text, char **ret_host, guint16 *ret_port) {
  const char *host = skip_to_host(text), *end;
  gboolean literal6 = *host == '[';
  if (literal6) host++;
  end = host + strcspn(host, literal6 ? "]" : ":;?>");
  if (end == host || (literal6 && *end != ']')) return FALSE;
  const char *rest = literal6 ? end + 1 : end;
  guint64 port = 0;
  if (*rest == ':') {
    g_autofree char *digits = g_strndup(rest + 1, strcspn(rest + 1, ";?>"));
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT16, &port, NULL)) return FALSE;
  } else if (*rest && !strchr(";?>", *rest)) {
    return FALSE;
  }
  *ret_host = g_strndup(host, (gsize)(end - host));
  *ret_port = (guint16)port;
  return TRUE;
}

static char *numeric(const struct sockaddr_storage *a, socklen_t len) {
  char text[NI_MAXHOST];
  if (getnameinfo((const struct sockaddr *)a, len, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
    return NULL;
  return g_strdup(text);
}

/* The source address that the routing table would choose; connecting a UDP socket sends nothing. */
static char *source_towards(const struct addrinfo *to) {
  struct sockaddr_storage own;
  socklen_t len = sizeof own;
  char *text = NULL;
  int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return NULL;
  if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
      getsockname(fd, (struct sockaddr *)&own, &len) == 0)
    text = numeric(&own, len);
  close(fd);
  return text;
}

char *gw_ua_local_address(const char *host, GError **error) {
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
  int rc = getaddrinfo(host, "5060", &hints, &list);
  if (rc != 0) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND,
                "cannot find the host '%s': %s; check its name", host, gai_strerror(rc));
    return NULL;
  }
  char *text = NULL;
  for (const struct addrinfo *i = list; i && !text; i = i->ai_next)
    text = source_towards(i);
  freeaddrinfo(list);
  if (!text)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE,
                "no way to the host '%s'; check the network", host);
  return text;
}

gboolean gw_ua_sockaddr(const char *address, guint16 port, struct sockaddr_storage *ret,
                        socklen_t *ret_len) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memset(ret, 0, sizeof *ret);
  if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
    memcpy(ret, &v4, sizeof v4);
    *ret_len = sizeof v4;
    return v4.sin_addr.s_addr != htonl(INADDR_ANY);
  }
  if (inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return FALSE;
  memcpy(ret, &v6, sizeof v6);
  *ret_len = sizeof v6;
  return !IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
}

/* A bound socket on any even port, or -1 with errno. */
static int bind_even(const char *address, guint16 *ret_port) {
  struct sockaddr_storage a, own;
  socklen_t len = 0;
  gw_ua_sockaddr(address, 0, &a, &len);
  for (guint i = 0; len && i < PORT_TRIES; i++) {
    int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    socklen_t own_len = sizeof own;
    gboolean ok = bind(fd, (struct sockaddr *)&a, len) == 0 &&
                  getsockname(fd, (struct sockaddr *)&own, &own_len) == 0;
    guint16 port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                                   : ((struct sockaddr_in *)&own)->sin_port);
    if (ok && port % 2 == 0) {
      *ret_port = port;
      return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    if (!ok) return -1;
  }
  errno = EADDRINUSE;
  return -1;
}

int gw_ua_rtp_socket(const char *address, guint16 *ret_port, GError **error) {
  int fd = bind_even(address, ret_port), on = 1;
  if (fd < 0) {
    int why = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(why),
                "cannot open an RTP port on %s: %s", address, g_strerror(why));
    return -1;
  }
  /* without kernel times (never seen) gw_ua_receive takes the time of reading */
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
    g_debug("no kernel time stamps");
  return fd;
}

static gint64 kernel_time(struct msghdr *msg, gint64 now_us) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
    struct timespec ts;
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    memcpy(&ts, CMSG_DATA(c), sizeof ts);
    gint64 age = gw_wall_us() - ((gint64)ts.tv_sec * G_USEC_PER_SEC + ts.tv_nsec / 1000);
    /* a step of the wall clock between arrival and now must not move the packet */
    return age >= 0 && age < G_USEC_PER_SEC ? now_us - age : now_us;
  }
  return now_us;
}

gssize gw_ua_receive(int fd, guint8 *out, gsize cap, gint64 *ret_at_us) {
  char control[CMSG_SPACE(sizeof(struct timespec))] __attribute__((aligned(8)));
  struct iovec iov = {.iov_base = out, .iov_len = cap};
  struct msghdr msg = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  gssize n = recvmsg(fd, &msg, 0);
  if (n < 0) return -1;
  *ret_at_us = kernel_time(&msg, gw_now_us());
  return n;
}

void gw_ua_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) g_debug("file limit not raised");
}
