/* crowd.c - looks at the SIP connections every other second and closes those of strangers that are too many or too silent.
 * The SIP library accepts all there are and keeps them for as long as a registration may last; it does not tell their
 * descriptors, so they are found among the process's own, and shut rather than closed: the library sees their end. */
#include "sip/crowd.h"
#include "sip/internal.h"
#include "sip/trunk.h"
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#define EVERY_S 2
#define LOOKED_AT 65536 /* descriptors */

/* -- pure -- */

static int longest_silent_first(const void *a, const void *b) {
  const gw_crowd_member *x = *(gw_crowd_member *const *)a, *y = *(gw_crowd_member *const *)b;
  return x->idle_ms < y->idle_ms ? 1 : x->idle_ms > y->idle_ms ? -1 : 0;
}

static void count_one(GHashTable *counts, const char *ip) {
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, ip));
  g_hash_table_insert(counts, (char *)ip, GUINT_TO_POINTER(n + 1));
}

/* Each bound in turn, so that one address with many connections does not cost others theirs. */
static guint drop_over(gw_crowd_member **strangers, guint count, guint n_left, guint bound) {
  for (guint i = 0; i < count && n_left > bound; i++) {
    if (strangers[i]->drop) continue;
    strangers[i]->drop = TRUE;
    n_left--;
  }
  return n_left;
}

static guint drop_silent_and_many(gw_crowd_member **strangers, guint count) {
  g_autoptr(GHashTable) of_source = g_hash_table_new(g_str_hash, g_str_equal);
  guint left = 0;
  for (guint i = count; i-- > 0;) { /* those that said something last come first: they stay */
    gw_crowd_member *m = strangers[i];
    count_one(of_source, m->ip);
    m->drop = m->idle_ms > GW_CROWD_IDLE_MS ||
              GPOINTER_TO_UINT(g_hash_table_lookup(of_source, m->ip)) > GW_CROWD_PER_SOURCE;
    left += !m->drop;
  }
  return left;
}

guint gw_crowd_judge(gw_crowd_member *all, guint n) {
  g_autofree gw_crowd_member **strangers = g_new(gw_crowd_member *, n + 1);
  guint count = 0;
  for (guint i = 0; i < n; i++) {
    all[i].drop = FALSE;
    if (!all[i].known) strangers[count++] = &all[i];
  }
  qsort(strangers, count, sizeof *strangers, longest_silent_first);
  guint left = drop_silent_and_many(strangers, count);
  return count - drop_over(strangers, count, left, GW_CROWD_STRANGERS);
}

/* -- the connections of this process -- */

static gboolean name_of(const struct sockaddr_storage *a, char *ip, gsize n, guint *ret_port) {
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
  if (a->ss_family != AF_INET && a->ss_family != AF_INET6) return FALSE;
  *ret_port = ntohs(a->ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
  const void *bytes = a->ss_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr;
  return inet_ntop(a->ss_family, bytes, ip, (socklen_t)n) != NULL;
}

/* The socket of ours that took this connection in, or NULL: it is none of SIP. */
static const gw_sip_port *taken_by(const gw_sip *sip, int fd) {
  struct sockaddr_storage own;
  socklen_t len = sizeof own;
  char ip[64];
  guint port = 0;
  if (getsockname(fd, (struct sockaddr *)&own, &len) != 0 || !name_of(&own, ip, sizeof ip, &port))
    return NULL;
  for (guint i = 0; i < sip->ports->len; i++) {
    const gw_sip_port *p = g_ptr_array_index(sip->ports, i);
    if (p->transport != GW_UDP && p->port == port && strcmp(p->bound, ip) == 0) return p;
  }
  return NULL;
}

static gboolean look_at(const gw_sip *sip, int fd, GHashTable *known, gw_crowd_member *ret) {
  struct sockaddr_storage peer;
  struct tcp_info info = {0};
  socklen_t len = sizeof peer, info_len = sizeof info;
  guint port = 0;
  const gw_sip_port *p = taken_by(sip, fd);
  if (!p || getpeername(fd, (struct sockaddr *)&peer, &len) != 0 ||
      getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) != 0 ||
      !name_of(&peer, ret->ip, sizeof ret->ip, &port))
    return FALSE;
  g_autofree char *source = g_strdup_printf(strchr(ret->ip, ':') ? "%s:[%s]:%u" : "%s:%s:%u",
                                            gw_transport_word(p->transport), ret->ip, port);
  ret->idle_ms = info.tcpi_last_data_recv;
  ret->known = g_hash_table_contains(known, source) || gw_trunk_any_speaks(sip, ret->ip);
  return TRUE;
}

static void note_bound(const gw_bound *b, void *known) {
  g_hash_table_add(known, b->source);
}

/* Where our phones and calls are: strings of theirs, good until the next change. */
static GHashTable *known_sources(const gw_sip *sip) {
  GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
  GHashTableIter it;
  void *key;
  gw_bindings_foreach(sip->bindings, note_bound, known);
  g_hash_table_iter_init(&it, sip->calls);
  while (g_hash_table_iter_next(&it, &key, NULL)) {
    const gw_sip_call *call = key;
    if (call->source) g_hash_table_add(known, call->source);
  }
  return known;
}

static gboolean takes_connections(const gw_sip *sip) {
  for (guint i = 0; i < sip->ports->len; i++)
    if (((gw_sip_port *)g_ptr_array_index(sip->ports, i))->transport != GW_UDP) return TRUE;
  return FALSE;
}

void gw_crowd_beat(gw_sip *sip) {
  g_autoptr(GDir) dir = NULL;
  if (sip->open || sip->beat % EVERY_S || !takes_connections(sip) ||
      !(dir = g_dir_open("/proc/self/fd", 0, NULL)))
    return;
  g_autoptr(GHashTable) known = known_sources(sip);
  g_autoptr(GArray) members = g_array_new(FALSE, TRUE, sizeof(gw_crowd_member));
  g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
  for (const char *name; fds->len < LOOKED_AT && (name = g_dir_read_name(dir));) {
    int fd = (int)g_ascii_strtoll(name, NULL, 10);
    gw_crowd_member m = {0};
    if (!look_at(sip, fd, known, &m)) continue;
    g_array_append_val(members, m);
    g_array_append_val(fds, fd);
  }
  gw_crowd_member *all = (gw_crowd_member *)members->data;
  guint dropped = gw_crowd_judge(all, members->len);
  for (guint i = 0; i < members->len; i++)
    if (all[i].drop) shutdown(g_array_index(fds, int, i), SHUT_RDWR);
  sip->refused += dropped;
  if (dropped) gw_warn(NULL, "sip-connections-closed", "strangers=%u of=%u", dropped, members->len);
}
