/* trunk_probe.c - is anybody there? OPTIONS from a plain socket, for the doctor: without a running stack, and blocking. */
#include "sip/trunk.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUND_MS 1000 /* for one try; UDP is tried thrice */
#define ROUNDS 3

void gw_sip_probe_free(gw_sip_probe *p) {
  if (!p) return;
  g_free(p->host);
  g_free(p->said);
  g_free(p);
}

static int open_to(const gw_dns_host *h) {
  g_autofree char *port = g_strdup_printf("%u", h->port);
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                           .ai_socktype = h->transport == GW_DNS_UDP ? SOCK_DGRAM : SOCK_STREAM},
                  *ai = NULL;
  if (getaddrinfo(h->address, port, &hints, &ai) != 0) return -1;
  int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0 && errno != EINPROGRESS) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(ai);
  return fd;
}

static gboolean ready(int fd, short what, int ms) {
  struct pollfd p = {fd, what, 0};
  return poll(&p, 1, ms) == 1 && !(p.revents & (POLLERR | POLLNVAL));
}

static char *options(int fd, const gw_dns_host *h, guint32 id) {
  struct sockaddr_storage own;
  socklen_t n = sizeof own;
  char address[64] = "127.0.0.1", port[8] = "9";
  if (getsockname(fd, (struct sockaddr *)&own, &n) == 0)
    getnameinfo((struct sockaddr *)&own, n, address, sizeof address, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
  g_autofree char *me = g_strdup_printf(strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, port);
  g_autofree char *there = g_strdup_printf(strchr(h->name, ':') ? "[%s]" : "%s", h->name);
  return g_strdup_printf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/%s "
                         "%s;branch=z9hG4bK%08x;rport\r\nMax-Forwards: 70\r\n"
                         "From: <sip:tipring@%s>;tag=%08x\r\nTo: <sip:%s>\r\nCall-ID: "
                         "%08x@tipring\r\nCSeq: 1 OPTIONS\r\n"
                         "Contact: <sip:tipring@%s>\r\nUser-Agent: Tipring/" TIPRING_VERSION
                         "\r\nContent-Length: 0\r\n\r\n",
                         there, h->transport == GW_DNS_UDP ? "UDP" : "TCP", me, id, there, id,
                         there, id, me);
}

/* The status line of what came, or NULL: not an answer to this question. */
static char *read_status(int fd, guint32 id) {
  char text[2048];
  g_autofree char *call_id = g_strdup_printf("%08x@tipring", id);
  gssize n = recv(fd, text, sizeof text - 1, 0);
  if (n < 12 || memcmp(text, "SIP/2.0 ", 8) != 0) return NULL;
  text[n] = 0;
  if (!strstr(text, call_id)) return NULL;
  text[strcspn(text, "\r\n")] = 0;
  return gw_sip_clean(text + 8, 64);
}

static char *ask(int fd, const gw_dns_host *h) {
  guint32 id = g_random_int();
  g_autofree char *text = options(fd, h, id);
  for (guint i = 0; i < ROUNDS; i++) {
    if ((i == 0 || h->transport == GW_DNS_UDP) && send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
      return NULL;
    char *said = ready(fd, POLLIN, ROUND_MS) ? read_status(fd, id) : NULL;
    if (said) return said;
  }
  return NULL;
}

/* With TLS only the door is tried: what is behind it shows when the daemon connects. */
static gw_sip_probe *probe(const gw_dns_host *h) {
  gw_sip_probe *p = g_new0(gw_sip_probe, 1);
  p->host = gw_dns_host_text(h);
  int fd = open_to(h);
  gboolean open = fd >= 0 && ready(fd, POLLOUT, ROUND_MS * ROUNDS);
  if (open && h->transport == GW_DNS_TLS)
    p->said = g_strdup("its port is open");
  else if (open)
    p->said = ask(fd, h);
  p->ok = p->said != NULL;
  if (!p->ok) p->said = g_strdup(open ? "no answer to OPTIONS" : "cannot be reached");
  if (fd >= 0) close(fd);
  return p;
}

GPtrArray *gw_sip_trunk_probe(const gw_sip_trunk *t) {
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)gw_sip_probe_free);
  gboolean outbound = t->outbound_proxy && *t->outbound_proxy,
           any = !t->transport || !*t->transport;
  guint port;
  g_autofree char *host = gw_trunk_split_host(outbound ? t->outbound_proxy : t->proxy, &port);
  g_autofree char *bare = *host == '[' ? g_strndup(host + 1, strlen(host) - 2) : g_strdup(host);
  gw_transport one = any ? GW_UDP : gw_transport_of(t->transport);
  gw_dns_question q = {.name = bare,
                       .port = port,
                       .v4 = TRUE,
                       .v6 = TRUE,
                       .wanted = any             ? GW_DNS_UDP | GW_DNS_TCP
                                 : one == GW_TLS ? GW_DNS_TLS
                                 : one == GW_TCP ? GW_DNS_TCP
                                                 : GW_DNS_UDP};
  g_autoptr(GPtrArray) hosts = gw_dns_find(&q);
  for (guint i = 0; i < hosts->len; i++)
    g_ptr_array_add(all, probe(hosts->pdata[i]));
  return all;
}
