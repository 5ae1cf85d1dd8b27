#include "gateway/media/ice.h"
#include "base/log.h"
#include "gateway/media/addr.h"
#include "gateway/media/thin.h"
#include <agent.h>
#include <errno.h>
#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#define SOCKETS 8 /* host sockets of one agent */
#define LOCAL_CANDIDATES 32
#define READS_PER_TICK 64 /* datagrams taken from one socket in one tick */
#define ASKS 16           /* of them, those left to the agent */
#define TOS_EF 0xb8       /* RFC 4594: telephony */

typedef struct {
  gw_watch watch;
  gw_ice *ice;
} ice_socket;

struct gw_ice {
  gw_env *env;
  NiceAgent *agent;
  guint stream;
  const gw_ice_events *events;
  void *user;
  gw_ice_state state;
  gboolean gathered, described, have_remote, loopback;
  gboolean settling;  /* begun anew: no new pair yet */
  char *remote_ufrag; /* in use, or NULL */
  gboolean pair_changed, relayed, turned; /* turned: has TURN servers */
  gw_addr remote; /* of the selected pair */
  gw_cand_type local_type, remote_type;
  int fd;         /* socket of the selected pair, -1: send through the agent */
  int thin_fd;    /* the socket whose RTP is thinned out, -1 none */
  gw_addr thin_for;
  guint32 thin_from; /* what it had dropped when that was last looked at */
  guint kept_back;
  guint n_remote;
  GArray *local; /* gw_candidate: known so far */
  guint given;   /* of them, how many were given out */
  ice_socket sockets[SOCKETS];
  guint n_sockets;
};

/* ---- candidates, theirs and ours */

static gw_cand_type type_from_nice(NiceCandidateType t) {
  switch (t) {
  case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
    return GW_CAND_SRFLX;
  case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
    return GW_CAND_PRFLX;
  case NICE_CANDIDATE_TYPE_RELAYED:
    return GW_CAND_RELAY;
  default:
    return GW_CAND_HOST;
  }
}

static NiceCandidateType type_to_nice(gw_cand_type t) {
  static const NiceCandidateType map[] = {
      [GW_CAND_HOST] = NICE_CANDIDATE_TYPE_HOST,
      [GW_CAND_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
      [GW_CAND_PRFLX] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
      [GW_CAND_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
  };
  return map[t];
}

static void nice_ip(const NiceAddress *a, char ret[64]) {
  char text[NICE_ADDRESS_STRING_LEN];
  nice_address_to_string(a, text);
  g_strlcpy(ret, text, 64);
}

/* FALSE: not one that we tell anybody. */
static gboolean from_nice(const gw_ice *ice, const NiceCandidate *n, gw_candidate *ret) {
  if (n->transport != NICE_CANDIDATE_TRANSPORT_UDP || n->component_id != 1 ||
      n->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE)
    return FALSE;
  gw_candidate c = {
      .component = 1, .udp = TRUE, .priority = n->priority, .type = type_from_nice(n->type)};
  g_strlcpy(c.foundation, n->foundation, sizeof c.foundation);
  nice_ip(&n->addr, c.ip);
  c.port = (guint16)nice_address_get_port(&n->addr);
  gw_addr here, public;
  if (c.type == GW_CAND_HOST && ice->env->engine->public_address &&
      gw_addr_parse(ice->env->engine->public_address, 0, &public) &&
      gw_addr_parse(c.ip, 0, &here) && here.u.sa.sa_family == public.u.sa.sa_family) {
    g_strlcpy(c.ip, ice->env->engine->public_address, sizeof c.ip); /* 1:1 NAT */
  } else if (c.type != GW_CAND_HOST && nice_address_is_valid(&n->base_addr)) {
    nice_ip(&n->base_addr, c.rel_ip);
    c.rel_port = (guint16)nice_address_get_port(&n->base_addr);
  }
  *ret = c;
  return c.port != 0;
}

static void note_local(gw_ice *ice, const NiceCandidate *n) {
  gw_candidate c;
  if (ice->local->len >= LOCAL_CANDIDATES || !from_nice(ice, n, &c)) return;
  for (guint i = 0; i < ice->local->len; i++) {
    const gw_candidate *old = &g_array_index(ice->local, gw_candidate, i);
    if (old->type == c.type && old->port == c.port && !strcmp(old->ip, c.ip)) return;
  }
  g_array_append_val(ice->local, c);
}

/* Whom the other side may make us send STUN to. */
static gboolean reachable(const gw_ice *ice, const gw_candidate *c, gw_addr *ret) {
  return c->component == 1 && c->udp && gw_addr_parse(c->ip, c->port, ret) &&
         gw_addr_sendable(ret) && !gw_addr_link_local(ret) &&
         (ice->loopback || !gw_addr_loopback(ret));
}

static NiceCandidate *to_nice(const gw_ice *ice, const gw_candidate *c) {
  gw_addr a;
  if (!reachable(ice, c, &a)) return NULL;
  NiceCandidate *n = nice_candidate_new(type_to_nice(c->type));
  n->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  n->stream_id = ice->stream;
  n->component_id = 1;
  n->priority = MAX(c->priority, 1); /* 0 is refused by some versions of the library */
  g_strlcpy(n->foundation, c->foundation, sizeof n->foundation);
  nice_address_set_from_sockaddr(&n->addr, &a.u.sa);
  return n;
}

/* ---- signals: flags only */

static void on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer user) {
  gw_ice *ice = user;
  if (state == NICE_COMPONENT_STATE_FAILED) {
    /* Before the first pair a late candidate may still come: then the owner's deadline decides. */
    if (ice->state != GW_ICE_WORKING && !ice->settling) ice->state = GW_ICE_FAILED;
  } else if (ice->state == GW_ICE_FAILED) {
    return; /* consent was lost: until it begins anew */
  } else if (state == NICE_COMPONENT_STATE_READY) {
    ice->state = GW_ICE_READY;
    ice->settling = FALSE;
  } else if (state == NICE_COMPONENT_STATE_CONNECTED) {
    ice->state = MAX(ice->state, GW_ICE_CONNECTED);
  }
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer user) {
  ((gw_ice *)user)->gathered = TRUE;
}

static void on_candidate(NiceAgent *agent, NiceCandidate *c, gpointer user) {
  note_local(user, c);
}

static void on_pair(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
                    NiceCandidate *remote, gpointer user) {
  gw_ice *ice = user;
  ice->relayed = local->type == NICE_CANDIDATE_TYPE_RELAYED;
  ice->local_type = type_from_nice(local->type);
  ice->remote_type = type_from_nice(remote->type);
  ice->pair_changed = TRUE;
  nice_address_copy_to_sockaddr(&remote->addr, &ice->remote.u.sa);
  ice->remote.len =
      ice->remote.u.sa.sa_family == AF_INET6 ? sizeof ice->remote.u.v6 : sizeof ice->remote.u.v4;
}

/* ---- making */

static void add_local(gw_ice *ice, const struct sockaddr *sa) {
  NiceAddress a;
  nice_address_init(&a);
  nice_address_set_from_sockaddr(&a, sa);
  nice_address_set_port(&a, 0);
  nice_agent_add_local_address(ice->agent, &a);
}

static gboolean add_configured(gw_ice *ice) {
  for (char **l = ice->env->engine->local_addresses; l && *l; l++) {
    gw_addr a;
    if (!gw_addr_parse(*l, 0, &a)) continue;
    ice->loopback = ice->loopback || gw_addr_loopback(&a);
    add_local(ice, &a.u.sa);
  }
  return ice->env->engine->local_addresses != NULL;
}

static guint add_interfaces(gw_ice *ice, const struct ifaddrs *all, gboolean loopback) {
  guint n = 0;
  for (const struct ifaddrs *i = all; i && n < SOCKETS; i = i->ifa_next) {
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
        (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
      continue;
    gw_addr a = {.len = sizeof a.u};
    memcpy(&a.u, i->ifa_addr, i->ifa_addr->sa_family == AF_INET ? sizeof a.u.v4 : sizeof a.u.v6);
    if (gw_addr_loopback(&a) != loopback || gw_addr_link_local(&a)) continue;
    add_local(ice, &a.u.sa);
    n++;
  }
  return n;
}

static void add_addresses(gw_ice *ice) {
  struct ifaddrs *all = NULL;
  if (add_configured(ice) || getifaddrs(&all)) return;
  if (!add_interfaces(ice, all, FALSE)) {
    ice->loopback = TRUE;
    add_interfaces(ice, all, TRUE);
  }
  freeifaddrs(all);
}

/* Never NICE_RELAY_TYPE_TURN_TLS, which is no TLS: tunnel.h. */
static void add_servers(gw_ice *ice, const gw_relays *r) {
  if (!r) return;
  if (r->stun_host)
    g_object_set(ice->agent, "stun-server", r->stun_host, "stun-server-port",
                 (guint)(r->stun_port ? r->stun_port : 3478), NULL);
  for (guint i = 0; i < r->n_turn; i++) {
    const gw_turn_server *t = &r->turn[i];
    NiceRelayType type = t->tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP;
    nice_agent_set_relay_info(ice->agent, ice->stream, 1, t->host, t->port, t->user, t->password,
                              type);
  }
}

static NiceAgent *new_agent(GMainContext *ctx) {
  NiceAgent *a =
      nice_agent_new_full(ctx, NICE_COMPATIBILITY_RFC5245,
                          NICE_AGENT_OPTION_REGULAR_NOMINATION | NICE_AGENT_OPTION_ICE_TRICKLE |
                              NICE_AGENT_OPTION_CONSENT_FRESHNESS);
  g_object_set(a, "upnp", FALSE, "ice-tcp", FALSE, NULL);
  return a;
}

static void socket_ready(gw_watch *watch, gint64 now_us);

static void watch_sockets(gw_ice *ice) {
  GPtrArray *all = nice_agent_get_sockets(ice->agent, ice->stream, 1);
  for (guint i = 0; all && i < all->len && ice->n_sockets < SOCKETS; i++) {
    GSocket *s = g_ptr_array_index(all, i);
    if (g_socket_get_socket_type(s) != G_SOCKET_TYPE_DATAGRAM) continue;
    ice_socket *is = &ice->sockets[ice->n_sockets++];
    *is = (ice_socket){{.fd = g_socket_get_fd(s), .ready = socket_ready}, ice};
    gw_env_watch(ice->env, &is->watch);
  }
  g_clear_pointer(&all, g_ptr_array_unref);
}

static void connect_signals(gw_ice *ice) {
  g_signal_connect(ice->agent, "component-state-changed", G_CALLBACK(on_state), ice);
  g_signal_connect(ice->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), ice);
  g_signal_connect(ice->agent, "new-candidate-full", G_CALLBACK(on_candidate), ice);
  g_signal_connect(ice->agent, "new-selected-pair-full", G_CALLBACK(on_pair), ice);
}

gw_ice *gw_ice_new(gw_env *env, gboolean controlling, const gw_relays *relays,
                   const gw_ice_events *events, void *user) {
  gw_ice *ice = g_new0(gw_ice, 1);
  ice->turned = relays && relays->n_turn;
  env->n_turned += ice->turned;
  ice->env = env;
  ice->events = events;
  ice->user = user;
  ice->fd = ice->thin_fd = -1;
  ice->local = g_array_new(FALSE, TRUE, sizeof(gw_candidate));
  ice->agent = new_agent(env->ctx);
  g_object_set(ice->agent, "controlling-mode", controlling, NULL);
  connect_signals(ice);
  add_addresses(ice);
  ice->stream = nice_agent_add_stream(ice->agent, 1);
  if (env->engine->port_min)
    nice_agent_set_port_range(ice->agent, ice->stream, 1, env->engine->port_min,
                              env->engine->port_max);
  nice_agent_set_stream_tos(ice->agent, ice->stream, TOS_EF);
  add_servers(ice, relays);
  if (!nice_agent_gather_candidates(ice->agent, ice->stream)) {
    gw_ice_free(ice);
    return NULL;
  }
  GSList *host = nice_agent_get_local_candidates(ice->agent, ice->stream, 1);
  for (GSList *l = host; l; l = l->next)
    note_local(ice, l->data);
  g_slist_free_full(host, (GDestroyNotify)nice_candidate_free);
  watch_sockets(ice);
  return ice;
}

void gw_ice_adopt(gw_ice *ice, const gw_ice_events *events, void *user) {
  ice->events = events;
  ice->user = user;
}

static void destroy(gw_ice *ice) {
  g_object_unref(ice->agent);
  g_array_unref(ice->local);
  g_free(ice->remote_ufrag);
  g_free(ice);
}

static void on_closed(GObject *agent, GAsyncResult *result, gpointer user) {
  gw_ice *ice = user;
  g_ptr_array_remove_fast(ice->env->closing, ice);
  destroy(ice);
}

/* A TURN server is told that its port is free again, which takes a round trip; without one it ends
 * at once. */
void gw_ice_free(gw_ice *ice) {
  if (!ice) return;
  for (guint i = 0; i < ice->n_sockets; i++)
    gw_env_unwatch(ice->env, &ice->sockets[i].watch);
  g_signal_handlers_disconnect_by_data(ice->agent, ice);
  ice->events = NULL;
  ice->env->n_turned -= ice->turned;
  if (ice->turned) {
    g_ptr_array_add(ice->env->closing, ice);
    nice_agent_close_async(ice->agent, on_closed, ice);
    return;
  }
  nice_agent_remove_stream(ice->agent, ice->stream);
  destroy(ice);
}

void gw_ice_drain(gw_env *env, gint64 now_us) {
  for (guint i = env->closing->len; i-- > 0;)
    gw_ice_pump(g_ptr_array_index(env->closing, i), now_us);
}

void gw_ice_describe(gw_ice *ice, gw_desc_media *m) {
  g_free(m->ufrag);
  g_free(m->pwd);
  m->ufrag = m->pwd = NULL;
  nice_agent_get_local_credentials(ice->agent, ice->stream, &m->ufrag, &m->pwd);
  g_array_append_vals(m->candidates, ice->local->data, ice->local->len);
  ice->given = ice->local->len;
  ice->described = TRUE;
}

gboolean gw_ice_is_restart(const gw_ice *ice, const gw_desc_media *m) {
  return ice->have_remote && m->ufrag && m->pwd && strcmp(m->ufrag, ice->remote_ufrag) != 0;
}

void gw_ice_restart(gw_ice *ice) {
  if (!nice_agent_restart_stream(ice->agent, ice->stream)) return;
  ice->have_remote = FALSE;
  ice->settling = TRUE;
  ice->n_remote = 0;
  if (ice->state == GW_ICE_FAILED) ice->state = GW_ICE_WORKING;
}

gboolean gw_ice_is_settled(const gw_ice *ice) {
  return !ice->settling;
}

static void take_credentials(gw_ice *ice, const gw_desc_media *m) {
  ice->have_remote =
      nice_agent_set_remote_credentials(ice->agent, ice->stream, m->ufrag, m->pwd);
  g_free(ice->remote_ufrag);
  ice->remote_ufrag = g_strdup(m->ufrag);
}

gboolean gw_ice_remote(gw_ice *ice, const gw_desc_media *m) {
  if (m->ufrag && m->pwd && !ice->have_remote) take_credentials(ice, m);
  GSList *list = NULL;
  for (guint i = 0; i < m->candidates->len && ice->n_remote < GW_MAX_CANDIDATES; i++) {
    NiceCandidate *n = to_nice(ice, &g_array_index(m->candidates, gw_candidate, i));
    if (!n) continue;
    list = g_slist_prepend(list, n);
    ice->n_remote++;
  }
  if (list) nice_agent_set_remote_candidates(ice->agent, ice->stream, 1, list);
  g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
  return ice->have_remote;
}

/* One datagram through one agent: by then all types, locks and translations exist that a worker
 * would make. */
void gw_ice_prepare(void) {
  gw_addr loop;
  guint8 data[64] = {0};
  GInputVector v = {data, sizeof data};
  NiceInputMessage m = {&v, 1, NULL, 0};
  GMainContext *ctx = g_main_context_new();
  NiceAgent *a = new_agent(ctx);
  NiceAddress address;
  gw_addr_parse("127.0.0.1", 0, &loop);
  nice_address_init(&address);
  nice_address_set_from_sockaddr(&address, &loop.u.sa);
  nice_agent_add_local_address(a, &address);
  guint stream = nice_agent_add_stream(a, 1);
  nice_agent_gather_candidates(a, stream);
  GPtrArray *sockets = nice_agent_get_sockets(a, stream, 1);
  if (sockets && sockets->len) {
    int fd = g_socket_get_fd(g_ptr_array_index(sockets, 0));
    loop.len = sizeof loop.u;
    if (getsockname(fd, &loop.u.sa, &loop.len) == 0)
      sendto(fd, data, sizeof data, MSG_DONTWAIT, &loop.u.sa, loop.len);
    nice_agent_recv_messages_nonblocking(a, stream, 1, &m, 1, NULL, NULL);
  }
  g_clear_pointer(&sockets, g_ptr_array_unref);
  nice_agent_remove_stream(a, stream);
  g_object_unref(a);
  while (g_main_context_iteration(ctx, FALSE))
    ;
  g_main_context_unref(ctx);
}

/* ---- packets */

/* What only the agent can use: STUN by its cookie (RFC 8489 5), or channel data of a TURN server.
 * Everything else is kept from it: a single question makes it read all that lies behind. */
static gboolean is_for_agent(const gw_ice *ice, const guint8 *head, gsize n) {
  static const guint8 cookie[] = {0x21, 0x12, 0xa4, 0x42};
  if (n && head[0] >= 64 && head[0] <= 79) return ice->turned;
  return n >= 8 && head[0] <= 3 && memcmp(head + 4, cookie, sizeof cookie) == 0;
}

static void deliver(gw_ice *ice, guint8 *data, gsize n, gboolean proven, gint64 now_us) {
  if (ice->events && n && n <= GW_MAX_DATAGRAM)
    ice->events->datagram(data, n, proven, now_us, ice->user);
}

/* The agent eats its STUN and drops strangers; what it hands out may be the media behind. FALSE:
 * nothing there. */
static gboolean ask(gw_ice *ice, gint64 now_us) {
  GInputVector v = {ice->env->rx, GW_RX_BYTES};
  NiceInputMessage m = {&v, 1, NULL, 0};
  if (nice_agent_recv_messages_nonblocking(ice->agent, ice->stream, 1, &m, 1, NULL, NULL) <= 0)
    return FALSE;
  deliver(ice, ice->env->rx, m.length, TRUE, now_us);
  return TRUE;
}

void gw_ice_pump(gw_ice *ice, gint64 now_us) {
  for (int i = 0; i < ASKS && ask(ice, now_us); i++)
    ;
}

static void read_direct(gw_ice *ice, int fd, gint64 now_us) {
  gw_addr from = {.len = sizeof from.u};
  ssize_t n = recvfrom(fd, ice->env->rx, GW_RX_BYTES, MSG_DONTWAIT, &from.u.sa, &from.len);
  if (n > 0) deliver(ice, ice->env->rx, (gsize)n, gw_addr_equal(&from, &ice->remote), now_us);
}

static void socket_ready(gw_watch *watch, gint64 now_us) {
  gw_ice *ice = ((ice_socket *)watch)->ice;
  guint asks = 0, reads = gw_env_reads(ice->env, watch, READS_PER_TICK);
  for (guint i = 0; i < reads; i++) {
    guint8 head[8] = {0};
    ssize_t n = recv(watch->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0) return;
    if (ice->fd >= 0 && !is_for_agent(ice, head, (gsize)n)) {
      read_direct(ice, watch->fd, now_us);
    } else {
      ask(ice, now_us);
      if (++asks >= ASKS) return;
    }
  }
}

/* Media leaves by the selected socket itself; through TURN only the agent can send. */
static void take_pair(gw_ice *ice) {
  static const char *const types[] = {[GW_CAND_HOST] = "host",
                                      [GW_CAND_SRFLX] = "srflx",
                                      [GW_CAND_PRFLX] = "prflx",
                                      [GW_CAND_RELAY] = "relay"};
  gw_debug(NULL, "ice-pair", "local=%s remote=%s", types[ice->local_type], types[ice->remote_type]);
  ice->pair_changed = FALSE;
  ice->fd = -1;
  GSocket *s = ice->relayed ? NULL : nice_agent_get_selected_socket(ice->agent, ice->stream, 1);
  if (!s) return;
  if (g_socket_get_socket_type(s) == G_SOCKET_TYPE_DATAGRAM) ice->fd = g_socket_get_fd(s);
  g_object_unref(s);
}

void gw_ice_step(gw_ice *ice, gint64 now_us) {
  if (ice->pair_changed) take_pair(ice);
  while (ice->described && ice->given < ice->local->len) {
    gw_candidate c = g_array_index(ice->local, gw_candidate, ice->given++);
    ice->events->candidate(&c, ice->user);
  }
}

gboolean gw_ice_send(gw_ice *ice, const guint8 *data, gsize n) {
  if (ice->state != GW_ICE_CONNECTED && ice->state != GW_ICE_READY)
    return FALSE; /* no consent: not one packet */
  if (ice->pair_changed) take_pair(ice);
  if (ice->fd >= 0)
    return sendto(ice->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, &ice->remote.u.sa,
                  ice->remote.len) == (ssize_t)n;
  return nice_agent_send(ice->agent, ice->stream, 1, (guint)n, (const char *)data) == (gint)n;
}

static void count_dropped(gw_ice *ice) {
  guint32 now = ice->thin_from;
  if (ice->thin_fd >= 0) gw_thin_dropped(ice->thin_fd, &now);
  ice->kept_back += now - ice->thin_from;
  ice->thin_from = now;
}

static void stop_thinning(gw_ice *ice) {
  if (ice->thin_fd < 0) return;
  gw_thin_off(ice->thin_fd);
  count_dropped(ice);
  ice->thin_fd = -1;
}

gboolean gw_ice_thin(gw_ice *ice, gboolean on) {
  gboolean same = ice->thin_fd >= 0 && ice->thin_fd == ice->fd && gw_addr_equal(&ice->thin_for, &ice->remote);
  if (on && same) return TRUE;
  stop_thinning(ice);
  if (!on || ice->fd < 0 || !gw_thin_dropped(ice->fd, &ice->thin_from) || !gw_thin_on(ice->fd, &ice->remote))
    return FALSE;
  ice->thin_fd = ice->fd;
  ice->thin_for = ice->remote;
  return TRUE;
}

guint gw_ice_thinned(gw_ice *ice) {
  count_dropped(ice);
  guint n = ice->kept_back;
  ice->kept_back = 0;
  return n;
}

gw_ice_state gw_ice_get_state(const gw_ice *ice) {
  return ice->state;
}

gboolean gw_ice_gathered(const gw_ice *ice) {
  return ice->gathered;
}

gboolean gw_ice_relayed(const gw_ice *ice) {
  return ice->relayed;
}
