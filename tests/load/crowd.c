/* Remote participants are made of the engine's own peers, without its mixer: packets that were encoded beforehand go
 * out on each tick, what comes is opened and counted. */
#include "base/clock.h"
#include "gateway/media/addr.h"
#include "gateway/media/ice.h"
#include "gateway/media/peer.h"
#include "gateway/media/stream.h"
#include "load.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_MS 5
#define EVENTS 256

typedef struct {
  int fd;
  gw_addr to;
  gw_outflow out;
  guint64 got;
} phone;

typedef struct {
  const load_plan *plan;
  int fd;
  load_sound *sound;
  gw_engine engine;
  gw_env env;
  gw_peer *peers[LOAD_MAX_CONNS];
  phone *phones;
  guint64 at; /* tick */
  GQueue
      waiting; /* load_message: said when the other end can take them, or both would wait for each other */
} crowd;

static void init(crowd *c) {
  static char loop[] = "127.0.0.1", *local[] = {loop, NULL};
  gw_srtp_init();
  gw_ice_prepare();
  c->sound = load_sound_new();
  c->engine.local_addresses = local;
  c->engine.events = gw_queue_new(65536, gw_event_free);
  c->engine.identity = gw_identity_new(NULL);
  c->env.engine = &c->engine;
  c->env.ctx = g_main_context_new();
  c->env.ids = gw_ids_new();
  c->env.closing = g_ptr_array_new();
  c->env.sockets = epoll_create1(EPOLL_CLOEXEC);
  c->phones = g_new0(phone, c->plan->m);
  g_main_context_push_thread_default(c->env.ctx);
}

static gw_desc *describe(const crowd *c, const load_message *m, gw_setup setup) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *a = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  a->proto = GW_PROTO_DTLS_SAVPF;
  a->dir = GW_DIR_SENDRECV;
  a->rtcp_mux = TRUE;
  a->setup = setup;
  a->ufrag = g_strdup(m->ufrag);
  a->pwd = g_strdup(m->pwd);
  a->fp_hash = g_strdup("sha-256");
  a->fp_value = g_strdup(m->fingerprint);
  gw_codec_fill("opus", 111, a);
  a->level_ext = c->plan->mute_level ? 0 : 1;
  gw_candidate cand = {
      .foundation = "1", .component = 1, .udp = TRUE, .priority = 1, .port = m->port};
  g_strlcpy(cand.ip, m->ip, sizeof cand.ip);
  g_array_append_val(a->candidates, cand);
  return d;
}

static void tell(crowd *c, const load_message *m) {
  g_queue_push_tail(&c->waiting, g_memdup2(m, sizeof *m));
}

static void flush(crowd *c) {
  load_message *m;
  while ((m = g_queue_peek_head(&c->waiting)) &&
         send(c->fd, m, sizeof *m, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
    g_free(g_queue_pop_head(&c->waiting));
}

static void take_peer(crowd *c, const load_message *m, gint64 now_us) {
  gw_cmd cmd = {.handle = {m->index + 1}, .setup = GW_SETUP_ACTIVE, .cname = "crowd"};
  gw_peer *p = gw_peer_new(&c->env, &cmd, NULL);
  g_assert(p && m->index < LOAD_MAX_CONNS);
  c->peers[m->index] = p;
  g_autoptr(gw_desc) ours = gw_peer_describe(p);
  g_autoptr(gw_desc) theirs = describe(c, m, GW_SETUP_ACTPASS);
  const gw_desc_media *a = gw_desc_audio(ours);
  const gw_candidate *at = &g_array_index(a->candidates, gw_candidate, 0);
  load_message back = {.what = LOAD_PEER, .index = m->index, .port = at->port};
  g_strlcpy(back.ufrag, a->ufrag, sizeof back.ufrag);
  g_strlcpy(back.pwd, a->pwd, sizeof back.pwd);
  g_strlcpy(back.fingerprint, a->fp_value, sizeof back.fingerprint);
  g_strlcpy(back.ip, at->ip, sizeof back.ip);
  gw_inflow_follow(gw_peer_inflow(p), TRUE, FALSE); /* counted, never decoded */
  gw_peer_remote(p, theirs, now_us);
  gw_peer_agreed(p, theirs);
  tell(c, &back);
}

static void take_phone(crowd *c, const load_message *m) {
  phone *p = &c->phones[m->index];
  gw_addr here;
  gw_addr_parse("127.0.0.1", 0, &here);
  p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(p->fd, &here.u.sa, here.len) || getsockname(p->fd, &here.u.sa, &here.len))
    g_error("crowd: no port");
  gw_addr_parse(m->ip, m->port, &p->to);
  gw_outflow_init(&p->out, c->env.ids, "phone");
  if (c->plan->opus)
    gw_outflow_codec(&p->out, c->env.ids, gw_codec_index("opus"), LOAD_OPUS_PT);
  else
    gw_outflow_codec(&p->out, c->env.ids, gw_codec_index("PCMU"), 0);
  load_message back = {
      .what = LOAD_PHONE, .index = m->index, .ip = "127.0.0.1", .port = gw_addr_port(&here)};
  tell(c, &back);
}

static void count(crowd *c) {
  load_message back = {.what = LOAD_COUNT};
  for (guint i = 0; i < LOAD_MAX_CONNS; i++)
    if (c->peers[i]) back.audio += gw_peer_inflow(c->peers[i])->packets;
  for (guint i = 0; i < c->plan->m; i++)
    back.phones += c->phones[i].got;
  tell(c, &back);
}

/* FALSE: the end. */
static gboolean obey(crowd *c, gint64 now_us) {
  load_message m;
  for (;;) {
    ssize_t n = recv(c->fd, &m, sizeof m, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return TRUE;
    if (n != sizeof m || m.what == LOAD_END) return FALSE;
    if (m.what == LOAD_PEER)
      take_peer(c, &m, now_us);
    else if (m.what == LOAD_PHONE)
      take_phone(c, &m);
    else
      count(c);
  }
}

static void read_all(crowd *c, gint64 now_us) {
  struct epoll_event ready[EVENTS];
  for (guint round = 0; round < 2 + 2 * c->env.n_watches / EVENTS; round++) {
    int n = epoll_wait(c->env.sockets, ready, EVENTS, 0);
    for (int i = 0; i < n; i++) {
      gw_watch *w = ready[i].data.ptr;
      w->ready(w, now_us);
    }
  }
  guint8 data[1500];
  for (guint i = 0; i < c->plan->m; i++)
    while (c->phones[i].to.len && recv(c->phones[i].fd, data, sizeof data, MSG_DONTWAIT) > 0)
      c->phones[i].got++;
}

/* Who is loudest changes from second to second. */
static guint8 level_of(const crowd *c, guint remote, guint at) {
  guint turn = (remote * 29 + (guint)(c->at / 50) * 17) % 60;
  return remote < c->plan->talking ? (guint8)(0x80 | MIN(126, c->sound->level[at] + turn / 4))
                                   : c->sound->still_level;
}

/* What a phone says in this tick. */
static gsize phone_says(const crowd *c, guint at, const guint8 **ret) {
  const load_sound *s = c->sound;
  const load_packet *packet = &(c->plan->quiet ? s->still : s->talk)[at];
  *ret = c->plan->opus ? packet->data : (c->plan->quiet ? s->faint : s->phone)[at];
  return c->plan->opus ? (gsize)packet->n : sizeof s->phone[at];
}

static void speak(crowd *c) {
  const load_plan *plan = c->plan;
  guint8 packet[500];
  for (guint i = 0; i < plan->m; i++) {
    phone *p = &c->phones[i];
    if (!p->to.len) continue;
    const guint8 *said;
    gsize n = phone_says(c, (guint)(c->at + i * 61) % LOAD_LOOP, &said);
    n = gw_outflow_packet(&p->out, said, n, packet, sizeof packet);
    sendto(p->fd, packet, n, 0, &p->to.u.sa, p->to.len);
    gw_outflow_tick(&p->out, 1);
  }
  for (guint i = 0; i < plan->n * plan->m; i++) {
    gw_peer *p = c->peers[i];
    if (!p) continue;
    guint remote = i % plan->n, at = (guint)(c->at + remote * 37) % LOAD_LOOP;
    const load_packet *said = &(remote < plan->talking ? c->sound->talk : c->sound->still)[at];
    if (gw_peer_hears(p)) gw_peer_say(p, said->data, (gsize)said->n, level_of(c, remote, at));
    gw_peer_report(p, gw_now_us());
    gw_peer_pass(p, 1);
  }
}

/* Returns how many still set up. */
static guint drive(crowd *c, gboolean all, gint64 now_us) {
  guint busy = 0;
  for (int i = 0; i < 64 && g_main_context_iteration(c->env.ctx, FALSE); i++)
    ;
  for (guint i = 0; i < LOAD_MAX_CONNS; i++) {
    gw_peer *p = c->peers[i];
    if (!p) continue;
    gboolean is_busy = gw_peer_busy(p);
    if (all || is_busy) gw_peer_drive(p, is_busy, now_us);
    busy += gw_peer_busy(p);
  }
  return busy;
}

static void tick(crowd *c, gint64 now_us) {
  read_all(c, now_us);
  speak(c);
  c->at++;
  c->env.tick++;
  for (gw_msg *e; (e = gw_queue_pop(c->engine.events));)
    gw_event_free(e);
}

int load_crowd(const load_plan *plan, int fd) {
  crowd *c = g_new0(crowd, 1);
  c->plan = plan;
  c->fd = fd;
  init(c);
  gint64 due_us = gw_now_us();
  for (guint turn = 0;; turn++) {
    struct pollfd p = {fd, POLLIN, 0};
    guint busy = drive(c, turn % 5 == 0, gw_now_us());
    gint64 wait_us = MAX(0, due_us - gw_now_us());
    poll(&p, 1, busy ? (int)MIN(TURN_MS, wait_us / 1000) : (int)(wait_us / 1000));
    gint64 now_us = gw_now_us();
    if (!obey(c, now_us)) return 0;
    flush(c);
    if (now_us < due_us) continue;
    if (now_us - due_us > GW_MS(500)) due_us = now_us; /* held up: no burst afterwards */
    due_us += GW_TICK_US;
    tick(c, now_us);
  }
}
