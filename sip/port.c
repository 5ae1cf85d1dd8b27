/* port.c - one listening socket with its own instance of the stack, and the addresses that follow from it. */
#include "base/inside.h"
#include "sip/internal.h"
#include "sip/capture.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/tport_tag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MESSAGE 65536          /* bytes of one SIP message; 413 above */
#define TCP_IDLE_MS (3720u * 1000) /* longer than any registration that lives on the connection */
#define MAX_ADDRESSES 64           /* of this host, behind a wildcard */
#define MIN_SESSION_S 90           /* RFC 4028 5 */
#define MAX_OPEN_REQUESTS 2000     /* server transactions without a final answer; 503 above */

static GQuark port_error_quark(void) {
  return g_quark_from_static_string("gw-sip-listen");
}

static gboolean listen_fail(GError **error, const char *listen, const char *why) {
  g_set_error(error, port_error_quark(), 1, "%s: %s", listen, why);
  return FALSE;
}

typedef struct {
  const char *listen; /* as configured */
  gw_transport transport;
  gboolean v6, wildcard;
  char host[64];
  guint port;
} wish;

static const char *const transports[] = {[GW_UDP] = "udp", [GW_TCP] = "tcp", [GW_TLS] = "tls"};

const char *gw_transport_word(gw_transport t) {
  return transports[t];
}

gw_transport gw_transport_of(const char *text) {
  for (guint i = 0; i < G_N_ELEMENTS(transports); i++)
    if (g_ascii_strncasecmp(text, transports[i], 3) == 0 && (!text[3] || text[3] == ':'))
      return (gw_transport)i;
  return GW_UDP;
}

/* "udp:0.0.0.0:5060", "tcp:[::1]:0" */
static gboolean parse_listen(const char *listen, wish *w, GError **error) {
  guint8 bytes[16];
  gw_transport transport = gw_transport_of(listen);
  if (!g_str_has_prefix(listen, transports[transport]) || listen[3] != ':')
    return listen_fail(error, listen, "must begin with udp:, tcp: or tls:");
  const char *host = listen + 4, *colon = strrchr(host, ':');
  char *end = NULL;
  guint64 port = colon ? g_ascii_strtoull(colon + 1, &end, 10) : 0;
  if (!colon || !g_ascii_isdigit(colon[1]) || *end || port > 65535)
    return listen_fail(error, listen, "must end with :PORT, 0 to 65535");
  gsize n = (gsize)(colon - host);
  if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
    host++;
    n -= 2;
  }
  if (n == 0 || n >= sizeof w->host) return listen_fail(error, listen, "has no address");
  *w = (wish){.listen = listen, .transport = transport, .port = (guint)port};
  memcpy(w->host, host, n);
  w->v6 = inet_pton(AF_INET6, w->host, bytes) == 1;
  if (!w->v6 && inet_pton(AF_INET, w->host, bytes) != 1)
    return listen_fail(error, listen, "needs an IP address, IPv6 in brackets");
  w->wildcard = strcmp(w->host, "0.0.0.0") == 0 || strcmp(w->host, "::") == 0;
  return TRUE;
}

/* Our own address on the way to a peer; the peer of a question without one is the world. */
static gboolean facing(gboolean v6, const char *peer, char *ret, gsize n) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM},
                  *ai = NULL;
  struct sockaddr_storage own;
  socklen_t len = sizeof own;
  if (getaddrinfo(peer ? peer : v6 ? "2001:db8::1" : "192.0.2.1", "9", &hints, &ai) != 0)
    return FALSE;
  int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok =
      fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
      getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
      getnameinfo((struct sockaddr *)&own, len, ret, (socklen_t)n, NULL, 0, NI_NUMERICHOST) == 0;
  if (fd >= 0) close(fd);
  freeaddrinfo(ai);
  return ok;
}

static char *bracketed(const char *host) {
  return strchr(host, ':') ? g_strdup_printf("[%s]", host) : g_strdup(host);
}

static gboolean is_loopback(const char *host) {
  return g_str_has_prefix(host, "127.") || strcmp(host, "::1") == 0;
}

/* The URL that the stack listens on. Behind 1:1 NAT it names one address and binds another (maddr). */
static char *listen_url(const gw_sip_port *p) {
  g_autofree char *bound = bracketed(p->bound), *named = bracketed(p->shown);
  g_autofree char *number = p->port ? g_strdup_printf("%u", p->port) : g_strdup("*");
  const char *scheme = p->transport == GW_TLS ? "sips" : "sip";
  const char *transport = transports[p->transport];
  if (strcmp(p->bound, p->shown) == 0)
    return g_strdup_printf("%s:%s:%s;transport=%s", scheme, bound, number, transport);
  return g_strdup_printf("%s:%s:%s;maddr=%s;transport=%s", scheme, named, number, bound, transport);
}

static nua_t *stack_new(gw_sip_port *p, const char *url) {
  return nua_create(
      p->sip->root, gw_sip_on_event, p, NUTAG_URL(url), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOALERT(0),
      NUTAG_AUTOANSWER(0), NUTAG_AUTOACK(0), NUTAG_AUTO302(0), NUTAG_AUTO305(0),
      NUTAG_MAX_RETRY_AFTER(0), NUTAG_EARLY_MEDIA(0), NUTAG_ENABLEMESSAGE(!p->sip->open),
      NUTAG_SESSION_TIMER(p->sip->session_s), NUTAG_MIN_SE(MIN(MIN_SESSION_S, p->sip->session_s)),
      NUTAG_SESSION_REFRESHER(p->sip->refreshes ? nua_local_refresher : nua_remote_refresher), NUTAG_UPDATE_REFRESH(1),
      NUTAG_OUTBOUND("no-options-keepalive no-outbound no-validate"),
      SIPTAG_USER_AGENT_STR("Tipring/" TIPRING_VERSION),
      SIPTAG_ALLOW_STR(p->sip->open ? GW_SIP_METHODS ", NOTIFY" : GW_SIP_METHODS ", REGISTER, MESSAGE"),
      SIPTAG_SUPPORTED_STR(GW_SIP_FEATURES), NUTAG_ONLY183_100REL(1), NUTAG_REFER_WITH_ID(1),
      NUTAG_APPL_METHOD("OPTIONS"), NUTAG_APPL_METHOD("UPDATE"), NUTAG_APPL_METHOD("PRACK"),
      NUTAG_APPL_METHOD("REFER"), NUTAG_APPL_METHOD("INFO"), NUTAG_APPL_METHOD("MESSAGE"), NTATAG_UDP_MTU(65535),
      NTATAG_MAXSIZE(MAX_MESSAGE), NTATAG_MAX_PROCEEDING(MAX_OPEN_REQUESTS),
      TPTAG_IDLE(TCP_IDLE_MS), TPTAG_PONG2PING(1),
      TPTAG_LOG(gw_capture_on()),
      TAG_IF(p->transport == GW_TLS, NUTAG_CERTIFICATE_DIR(p->sip->tls_folder)),
      TAG_IF(p->transport == GW_TLS, TPTAG_TLS_VERIFY_POLICY(p->sip->tls_policy)), TAG_END());
}

void gw_sip_port_free(void *data) {
  gw_sip_port *p = data;
  gw_tls_context_free(p->tls);
  g_free(p->spec);
  g_free(p);
}

static gboolean open_one(gw_sip *sip, const wish *w, const char *address, gboolean first,
                         GError **error) {
  gw_sip_port *p = g_new0(gw_sip_port, 1);
  p->sip = sip;
  p->index = sip->ports->len;
  p->transport = w->transport;
  p->v6 = w->v6;
  p->port = w->port;
  if (first) p->spec = g_strndup(w->listen, (gsize)(strrchr(w->listen, ':') - w->listen));
  g_strlcpy(p->bound, address, sizeof p->bound);
  g_strlcpy(p->shown, *sip->public_address && !is_loopback(address) ? sip->public_address : address,
            sizeof p->shown);
  g_autofree char *url = listen_url(p);
  gw_tls_context_expect();
  p->nua = stack_new(p, url);
  p->tls = gw_tls_context_caught();
  if (!p->nua) {
    const char *why = gw_watch_bind_error();
    listen_fail(error, w->listen, why ? why : g_strerror(errno));
    gw_sip_port_free(p);
    return FALSE;
  }
  g_ptr_array_add(sip->ports, p);
  nua_get_params(p->nua, TAG_ANY(), TAG_END());
  return TRUE;
}

/* All addresses of this host and family; those of one link only (fe80::) are no use in a Contact. */
static GPtrArray *own_addresses(gboolean v6) {
  GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
  struct ifaddrs *list = NULL;
  if (getifaddrs(&list) != 0) return all;
  for (const struct ifaddrs *i = list; i && all->len < MAX_ADDRESSES; i = i->ifa_next) {
    char host[64];
    if (!i->ifa_addr || i->ifa_addr->sa_family != (v6 ? AF_INET6 : AF_INET)) continue;
    socklen_t len = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (getnameinfo(i->ifa_addr, len, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0 ||
        strchr(host, '%'))
      continue;
    if (!g_ptr_array_find_with_equal_func(all, host, g_str_equal, NULL))
      g_ptr_array_add(all, g_strdup(host));
  }
  freeifaddrs(list);
  return all;
}

/* A port that is free on all addresses at this moment: for tests, which ask for 0. */
static guint free_port(const wish *w) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                           .ai_socktype = w->transport == GW_UDP ? SOCK_DGRAM : SOCK_STREAM},
                  *ai = NULL;
  char serv[8] = "0";
  if (getaddrinfo(w->host, serv, &hints, &ai) != 0) return 0;
  int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
  struct sockaddr_storage own;
  socklen_t len = sizeof own;
  if (fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
      getsockname(fd, (struct sockaddr *)&own, &len) == 0)
    getnameinfo((struct sockaddr *)&own, len, NULL, 0, serv, sizeof serv, NI_NUMERICSERV);
  if (fd >= 0) close(fd);
  freeaddrinfo(ai);
  return (guint)g_ascii_strtoull(serv, NULL, 10);
}

gboolean gw_sip_ports_open(gw_sip *sip, const char *listen, GError **error) {
  wish w;
  if (!parse_listen(listen, &w, error)) return FALSE;
  if (!w.wildcard) return open_one(sip, &w, w.host, TRUE, error);
  if (!w.port) w.port = free_port(&w);
  g_autoptr(GPtrArray) all = own_addresses(w.v6);
  for (guint i = 0; i < all->len; i++)
    if (!open_one(sip, &w, g_ptr_array_index(all, i), i == 0, error)) return FALSE;
  return all->len ? TRUE : listen_fail(error, listen, "this host has no address of that family");
}

/* The answer to nua_get_params: our own Contact, and in it the port that was given for 0. */
void gw_sip_port_event(gw_sip_port *p, nua_event_t event, int status, tagi_t *tags) {
  sip_contact_t const *m = NULL;
  if (event != nua_r_get_params || p->known) return;
  tl_gets(tags, NTATAG_CONTACT_REF(m), TAG_END());
  if (m && m->m_url->url_port) p->port = (guint)g_ascii_strtoull(m->m_url->url_port, NULL, 10);
  if (!p->port) p->port = p->transport == GW_TLS ? 5061 : 5060;
  p->known = TRUE;
}

gw_sip_port *gw_sip_port_for(const gw_sip *sip, gw_transport transport, gboolean v6,
                             const char *peer) {
  char own[64] = "";
  gw_sip_port *first = NULL;
  if (!facing(v6, peer, own, sizeof own)) *own = 0;
  for (guint i = 0; i < sip->ports->len; i++) {
    gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    if (p->transport != transport || p->v6 != v6) continue;
    if (strcmp(p->bound, own) == 0) return p;
    if (!first) first = p;
  }
  return first;
}

gw_sip_port *gw_sip_port_for_source(const gw_sip *sip, const char *source, guint index) {
  if (index < sip->ports->len) return g_ptr_array_index(sip->ports, index);
  g_autofree char *ip = gw_sip_source_ip(source);
  return gw_sip_port_for(sip, gw_transport_of(source), strchr(source, '[') != NULL, ip);
}

char *gw_sip_port_host(const gw_sip_port *p) {
  return bracketed(p->shown);
}

/* RFC 5630 5.1: a dialog that began with sips: has such Contacts; TLS alone needs none. */
char *gw_sip_port_contact_for(const gw_sip_port *p, const char *user, gboolean sips,
                              const char *peer_ip) {
  static const char *const parameters[] = {
      [GW_UDP] = "", [GW_TCP] = ";transport=tcp", [GW_TLS] = ";transport=tls"};
  /* whose packets come from this side of a 1:1 NAT is told the address on this side */
  g_autofree char *host =
      bracketed(gw_ip_beyond_nat(peer_ip, p->sip->public_address) ? p->shown : p->bound);
  g_autofree char *escaped = gw_sip_escape(user && *user ? user : "tipring");
  return g_strdup_printf("<%s:%s@%s:%u%s>", sips ? "sips" : "sip", escaped, host, p->port,
                         sips ? "" : parameters[p->transport]);
}

char *gw_sip_port_contact(const gw_sip_port *p, const char *user, gboolean sips) {
  return gw_sip_port_contact_for(p, user, sips, NULL);
}

char *gw_sip_source_ip(const char *source) {
  const char *p = strchr(source, ':');
  if (!p) return NULL;
  if (*++p == '[') return g_strndup(p + 1, strcspn(p + 1, "]"));
  return g_strndup(p, strcspn(p, ":"));
}

void gw_sip_port_source(const gw_sip_port *p, char *source, gsize n, char *ip, gsize ip_n) {
  msg_t *msg = nua_current_request(p->nua);
  su_sockaddr_t *su = msg ? msg_addr(msg) : NULL;
  char host[64] = "", serv[8] = "";
  if (su) {
    socklen_t len =
        su->su_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (getnameinfo(&su->su_sa, len, host, sizeof host, serv, sizeof serv,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
      *host = 0;
  }
  char *scope = strchr(host, '%');
  if (scope) *scope = 0;
  g_strlcpy(ip, host, ip_n);
  g_snprintf(source, n, strchr(host, ':') ? "%s:[%s]:%s" : "%s:%s:%s", transports[p->transport],
             host, serv);
}

char *gw_sip_source_uri(const char *source) {
  const char *colon = strchr(source, ':');
  if (!colon) return NULL;
  return g_strdup_printf("sip:%s;transport=%.*s", colon + 1, (int)(colon - source), source);
}
