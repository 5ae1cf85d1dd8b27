/* trunk_dns.c - names to hosts with the C library's resolver, which knows resolv.conf and the hosts file, and has stood
 * the network for longer than the SIP library's own. */
#include "sip/trunk_dns.h"
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define MAX_RECORDS 32     /* looked at of one answer */
#define ANSWER_BYTES 16384 /* of one answer */
#define SIP_PORT 5060
#define SIPS_PORT 5061

void gw_dns_host_free(gw_dns_host *h) {
  if (!h) return;
  g_free(h->address);
  g_free(h->name);
  g_free(h);
}

/* --- order --- */

static int by_priority(const void *a, const void *b) {
  const gw_dns_srv *x = a, *y = b;
  if (x->priority != y->priority) return x->priority < y->priority ? -1 : 1;
  return x->weight < y->weight ? -1
                               : x->weight > y->weight; /* those of weight 0 first (RFC 2782) */
}

void gw_dns_order(gw_dns_srv *rows, guint n, guint32 (*random)(void *), void *data) {
  if (!n) return;
  qsort(rows, n, sizeof *rows, by_priority);
  for (guint i = 0; i < n; i++) {
    guint64 sum = 0, run = 0;
    for (guint k = i; k < n && rows[k].priority == rows[i].priority; k++)
      sum += rows[k].weight;
    guint64 pick = sum ? random(data) % (sum + 1) : 0;
    guint chosen = i;
    for (guint k = i; k < n && rows[k].priority == rows[i].priority; k++) {
      run += rows[k].weight;
      if (run >= pick) {
        chosen = k;
        break;
      }
    }
    gw_dns_srv row = rows[chosen];
    memmove(&rows[i + 1], &rows[i], (chosen - i) * sizeof *rows);
    rows[i] = row;
  }
}

/* --- answers --- */

typedef struct {
  struct __res_state state;
  guint8 *answer;
  int length;
  ns_msg msg;
  guint records;
} query;

static gboolean ask(query *q, const char *name, int type) {
  q->length = res_nquery(&q->state, name, ns_c_in, type, q->answer, ANSWER_BYTES);
  if (q->length <= 0 || q->length > ANSWER_BYTES) return FALSE;
  if (ns_initparse(q->answer, q->length, &q->msg) != 0) return FALSE;
  q->records = MIN((guint)ns_msg_count(q->msg, ns_s_an), MAX_RECORDS);
  return TRUE;
}

static void srv_clear(void *row) {
  g_free(((gw_dns_srv *)row)->target);
}

static gboolean usable_name(const char *name) {
  gsize n = strlen(name);
  return n && n < 254 &&
         strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

/* Appends the SRV records of a name. */
static void read_srv(query *q, const char *name, gw_dns_transport transport, GArray *ret) {
  if (!ask(q, name, ns_t_srv)) return;
  for (guint i = 0; i < q->records; i++) {
    ns_rr rr;
    char target[NS_MAXDNAME];
    if (ns_parserr(&q->msg, ns_s_an, (int)i, &rr) != 0 || ns_rr_type(rr) != ns_t_srv ||
        ns_rr_rdlen(rr) < 7)
      continue;
    const guint8 *d = ns_rr_rdata(rr);
    if (dn_expand(q->answer, q->answer + q->length, d + 6, target, sizeof target) < 0 ||
        !usable_name(target))
      continue;
    gw_dns_srv row = {.priority = ns_get16(d),
                      .weight = ns_get16(d + 2),
                      .port = ns_get16(d + 4),
                      .target = g_strdup(target),
                      .transport = transport};
    g_array_append_val(ret, row);
  }
}

typedef struct {
  guint order, preference;
  gw_dns_transport transport;
  char replacement[NS_MAXDNAME];
} naptr;

static const struct {
  gw_dns_transport transport;
  const char *service, *srv;
} services[] = {{GW_DNS_UDP, "SIP+D2U", "_sip._udp."},
                {GW_DNS_TCP, "SIP+D2T", "_sip._tcp."},
                {GW_DNS_TLS, "SIPS+D2T", "_sips._tcp."}};

/* One <character-string>; NULL: it runs over the end. */
static const guint8 *take(const guint8 *d, const guint8 *end, char *ret, gsize size) {
  if (d >= end || d + 1 + *d > end) return NULL;
  gsize n = MIN((gsize)*d, size - 1);
  memcpy(ret, d + 1, n);
  ret[n] = 0;
  return d + 1 + *d;
}

static gboolean parse_naptr(const query *q, const ns_rr *rr, naptr *ret) {
  const guint8 *d = ns_rr_rdata(*rr), *end = d + ns_rr_rdlen(*rr);
  char flags[8], service[32], regexp[8];
  if (ns_rr_rdlen(*rr) < 7) return FALSE;
  *ret = (naptr){.order = ns_get16(d), .preference = ns_get16(d + 2)};
  if (!(d = take(d + 4, end, flags, sizeof flags)) ||
      !(d = take(d, end, service, sizeof service)) || !(d = take(d, end, regexp, sizeof regexp)) ||
      g_ascii_strcasecmp(flags, "s") != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(services); i++)
    if (g_ascii_strcasecmp(service, services[i].service) == 0)
      ret->transport = services[i].transport;
  return ret->transport &&
         dn_expand(q->answer, q->answer + q->length, d, ret->replacement,
                   sizeof ret->replacement) >= 0 &&
         usable_name(ret->replacement);
}

static int by_order(const void *a, const void *b) {
  const naptr *x = a, *y = b;
  if (x->order != y->order) return x->order < y->order ? -1 : 1;
  return x->preference < y->preference ? -1 : x->preference > y->preference;
}

static GArray *read_naptr(query *q, const char *name, gw_dns_transport wanted) {
  GArray *all = g_array_new(FALSE, TRUE, sizeof(naptr));
  if (!ask(q, name, ns_t_naptr)) return all;
  for (guint i = 0; i < q->records; i++) {
    ns_rr rr;
    naptr row;
    if (ns_parserr(&q->msg, ns_s_an, (int)i, &rr) == 0 && ns_rr_type(rr) == ns_t_naptr &&
        parse_naptr(q, &rr, &row) && (row.transport & wanted))
      g_array_append_val(all, row);
  }
  if (all->len) qsort(all->data, all->len, sizeof(naptr), by_order);
  return all;
}

/* --- addresses --- */

static gboolean known(const GPtrArray *hosts, const char *address, guint port,
                      gw_dns_transport transport) {
  for (guint i = 0; i < hosts->len; i++) {
    const gw_dns_host *h = hosts->pdata[i];
    if (h->port == port && h->transport == transport && strcmp(h->address, address) == 0)
      return TRUE;
  }
  return FALSE;
}

static void add_addresses(GPtrArray *hosts, const gw_dns_question *question, const char *name,
                          guint port, gw_dns_transport transport) {
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                           .ai_family = question->v4 && question->v6 ? AF_UNSPEC
                                        : question->v6               ? AF_INET6
                                                                     : AF_INET},
                  *list = NULL;
  if (getaddrinfo(name, NULL, &hints, &list) != 0) return;
  for (const struct addrinfo *a = list; a && hosts->len < GW_DNS_HOSTS; a = a->ai_next) {
    char address[64];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) !=
            0 ||
        strchr(address, '%') || known(hosts, address, port, transport))
      continue;
    gw_dns_host *h = g_new0(gw_dns_host, 1);
    *h = (gw_dns_host){g_strdup(address), g_strdup(question->name), port, transport};
    g_ptr_array_add(hosts, h);
  }
  freeaddrinfo(list);
}

static guint default_port(gw_dns_transport t) {
  return t == GW_DNS_TLS ? SIPS_PORT : SIP_PORT;
}

/* What is spoken when nothing says another: UDP, if we have it (RFC 3263 4.1). TLS only when it is the only one. */
static gw_dns_transport plain(gw_dns_transport wanted) {
  return wanted & GW_DNS_UDP ? GW_DNS_UDP : wanted & GW_DNS_TCP ? GW_DNS_TCP : GW_DNS_TLS;
}

static guint32 chance(void *unused) {
  return g_random_int();
}

static void add_srv(GPtrArray *hosts, const gw_dns_question *question, GArray *rows) {
  gw_dns_order((gw_dns_srv *)(void *)rows->data, rows->len, chance, NULL);
  for (guint i = 0; i < rows->len; i++) {
    const gw_dns_srv *row = &g_array_index(rows, gw_dns_srv, i);
    add_addresses(hosts, question, row->target, row->port, row->transport);
  }
}

static void find_srv(query *q, const gw_dns_question *question, GPtrArray *hosts) {
  g_autoptr(GArray) order = read_naptr(q, question->name, question->wanted);
  for (guint i = 0; i < order->len; i++) {
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(gw_dns_srv));
    g_array_set_clear_func(rows, srv_clear);
    const naptr *n = &g_array_index(order, naptr, i);
    read_srv(q, n->replacement, n->transport, rows);
    add_srv(hosts, question, rows);
  }
  for (guint i = 0; i < G_N_ELEMENTS(services) && !order->len; i++) {
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(gw_dns_srv));
    g_autofree char *name = g_strconcat(services[i].srv, question->name, NULL);
    g_array_set_clear_func(rows, srv_clear);
    if (services[i].transport & question->wanted) read_srv(q, name, services[i].transport, rows);
    add_srv(hosts, question, rows);
  }
}

GPtrArray *gw_dns_find(const gw_dns_question *question) {
  GPtrArray *hosts = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dns_host_free);
  gw_dns_transport t = plain(question->wanted);
  query q = {0};
  if (!question->port && !g_hostname_is_ip_address(question->name) && res_ninit(&q.state) == 0) {
    q.state.retrans =
        2; /* s: a dead name server must not cost a registration that lapses meanwhile */
    q.state.retry = 1;
    q.answer = g_malloc(ANSWER_BYTES);
    find_srv(&q, question, hosts);
    g_free(q.answer);
    res_nclose(&q.state);
  }
  if (!hosts->len)
    add_addresses(hosts, question, question->name,
                  question->port ? question->port : default_port(t), t);
  return hosts;
}
