#include "gateway/media/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/media/ice.h"
#include "gateway/media/meter.h"
#include "gateway/media/room.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MS 5            /* between two looks at peers that set up */
#define CALM_TICKS 10        /* between two looks at the others: their timers are of seconds */
#define CATCH_UP 5           /* ticks mixed one after the other when late; more are skipped */
#define CONTEXT_TURNS 64     /* turns of libnice's context at a time */
#define OBEY_US GW_MS(5)     /* for commands between two ticks */
#define GOODBYE_US GW_SEC(1) /* for TURN servers at the end */
#define EVENTS 256           /* ready sockets taken from the kernel at once */

struct gw_worker {
  pthread_t thread;
  guint index;
  gw_queue *commands;
  int wake, timer; /* epoll set of command queue and timer; the timer */
  gw_env env;
  GPtrArray *rooms;   /* gw_room */
  GHashTable *places; /* handle -> place, of rooms, legs, peers */
  gboolean ticking, quit;
  guint busy_peers;
  gint64 busy_us;         /* when busy peers were last looked at */
  guint64 ticks, late;    /* since start */
  gw_meter meter;
  gint64 due_us; /* when the tick after the last one is due */
  gint64 cpu_us, wall_us; /* at the last figures */
  gdouble load;
};

typedef struct {
  guint64 handle; /* key */
  gw_room *room;
  gw_leg *leg; /* one of the two, or neither: the room itself */
  gw_peer *peer;
} place;

/* ---- the table */

static place *find(gw_worker *w, gw_handle h) {
  return g_hash_table_lookup(w->places, &h.v);
}

static void put(gw_worker *w, gw_handle h, gw_room *room, gw_leg *leg, gw_peer *peer) {
  place *p = g_new0(place, 1);
  *p = (place){h.v, room, leg, peer};
  g_hash_table_insert(w->places, &p->handle, p);
}

/* ---- the clock */

static void set_ticking(gw_worker *w, gboolean on) {
  struct itimerspec spec = {0};
  if (w->ticking == on) return;
  w->ticking = on;
  if (on) {
    clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
    w->due_us = spec.it_value.tv_sec * G_USEC_PER_SEC + spec.it_value.tv_nsec / 1000;
    spec.it_interval.tv_nsec = GW_TICK_US * 1000;
  }
  timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static gint64 cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (gint64)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- figures */

static guint add_rows(const gw_room *r, gw_stats_row *rows) {
  const GPtrArray *legs = gw_room_legs(r);
  guint n = 0;
  for (guint i = 0; i < legs->len; i++) {
    gw_leg *leg = g_ptr_array_index(legs, i);
    rows[n].handle = leg->handle;
    gw_flow_figures(&leg->out, &leg->in, &rows[n++].stats);
  }
  for (guint i = 0; i < gw_room_peer_count(r); i++) {
    gw_peer *peer = gw_room_peer(r, i);
    rows[n].handle = gw_peer_handle(peer);
    gw_peer_figures(peer, &rows[n++].stats);
  }
  return n;
}

static void send_figures(gw_worker *w, gint64 now_us) {
  gint64 cpu = cpu_us(), wall = MAX(now_us - w->wall_us, 1);
  gdouble share = w->wall_us ? CLAMP((gdouble)(cpu - w->cpu_us) / (gdouble)wall, 0, 1) : 0;
  w->load = w->ticking ? (w->load + share) / 2 : 0;
  w->cpu_us = cpu;
  w->wall_us = now_us;
  gw_event *e = gw_event_new(GW_EVENT_STATS, GW_HANDLE_NONE);
  e->worker = w->index;
  e->load = (gw_worker_stats){w->rooms->len, w->load, w->ticks, w->late};
  memcpy(e->load.stage_us, w->meter.stage_us, sizeof e->load.stage_us);
  memcpy(e->load.lateness, w->meter.lateness, sizeof e->load.lateness);
  e->load.lateness_us = w->meter.lateness_us;
  e->rows = g_new0(gw_stats_row, g_hash_table_size(w->places) + 1);
  for (guint i = 0; i < w->rooms->len; i++)
    e->n_rows += add_rows(g_ptr_array_index(w->rooms, i), e->rows + e->n_rows);
  if (!gw_queue_push(w->env.engine->events, &e->msg)) gw_event_free(&e->msg);
}

/* ---- sockets and agents */

/* Level triggered: what is not read to its end in one tick waits for the next. The kernel hands out
 * ready sockets in turn, so this many rounds see each of them once. */
static gboolean read_ready(gw_worker *w, gint64 now_us) {
  struct epoll_event ready[EVENTS];
  gboolean any = FALSE;
  for (guint round = 0; round <= w->env.n_watches / EVENTS; round++) {
    int n = epoll_wait(w->env.sockets, ready, EVENTS, 0);
    for (int i = 0; i < n; i++) {
      gw_watch *watch = ready[i].data.ptr;
      watch->ready(watch, now_us);
    }
    any = any || n > 0;
    if (n < EVENTS) break;
  }
  return any;
}

/* Twice: most sockets have one datagram a tick, and those that have more are read to their end then (gw_env_reads). */
static void read_sockets(gw_worker *w, gint64 now_us) {
  if (read_ready(w, now_us)) read_ready(w, now_us);
  for (guint i = 0; i < w->rooms->len; i++)
    gw_room_read(g_ptr_array_index(w->rooms, i), now_us);
}

static void turn_context(gw_worker *w) {
  for (int i = 0; i < CONTEXT_TURNS && g_main_context_iteration(w->env.ctx, FALSE); i++)
    ;
}

static void drive_peers(gw_worker *w, gboolean only_busy, gint64 now_us) {
  guint busy = 0;
  gw_meter_begin(&w->meter, cpu_us());
  turn_context(w);
  gw_ice_drain(&w->env, now_us);
  for (guint i = 0; i < w->rooms->len; i++)
    busy += gw_room_drive(g_ptr_array_index(w->rooms, i), only_busy, now_us);
  w->busy_peers = busy;
  w->busy_us = now_us;
  gw_meter_end(&w->meter, GW_STAGE_ICE, cpu_us());
}

/* ---- the tick */

static void mix(gw_worker *w, gint64 now_us) {
  static void (*const steps[])(gw_room *, gint64 now_us) = {
      [GW_STAGE_PHONES] = gw_room_phones, [GW_STAGE_REMOTES] = gw_room_remotes, [GW_STAGE_SAY] = gw_room_say,
      [GW_STAGE_ENCODE] = gw_room_encode, [GW_STAGE_SEND] = gw_room_send};
  for (gw_stage stage = GW_STAGE_PHONES; stage <= GW_STAGE_SEND; stage++) {
    for (guint r = 0; r < w->rooms->len; r++)
      steps[stage](g_ptr_array_index(w->rooms, r), now_us);
    gw_meter_end(&w->meter, stage, cpu_us());
  }
}

static void on_tick(gw_worker *w, guint64 due) {
  gint64 now_us = gw_now_us();
  guint64 mixed = MIN(due, CATCH_UP);
  if (due > 1) w->late += due - 1;
  w->due_us += (gint64)due * GW_TICK_US;
  gw_meter_late(&w->meter, due, now_us - (w->due_us - GW_TICK_US));
  gw_meter_begin(&w->meter, cpu_us());
  read_sockets(w, now_us);
  gw_meter_end(&w->meter, GW_STAGE_READ, cpu_us());
  for (guint r = 0; r < w->rooms->len && due > mixed; r++)
    gw_room_skip(g_ptr_array_index(w->rooms, r), (guint)(due - mixed));
  for (guint64 i = mixed; i-- > 0;)
    mix(w, now_us - (gint64)i * GW_TICK_US);
  guint64 before = w->env.tick;
  w->ticks += mixed;
  w->env.tick += due;
  if (before / CALM_TICKS != w->env.tick / CALM_TICKS) drive_peers(w, FALSE, now_us);
  if (before / GW_TICKS_PER_SEC != w->env.tick / GW_TICKS_PER_SEC) send_figures(w, now_us);
}

/* ---- commands */

static void cannot(gw_worker *w, gw_handle h, const char *what) {
  gw_warn(NULL, "media-no-port", "what=%s handle=%" G_GINT64_MODIFIER "x error=%s", what, h.v,
          g_strerror(errno));
  gw_env_state(&w->env, h, GW_MS_FAILED, GW_CAUSE_OVERLOAD);
}

/* Ports that wait for sessions which may come are for those who are here. Behind TURN they are free a moment later only. */
static gboolean give_up_spares(gw_worker *w) {
  gboolean any = FALSE;
  for (guint i = 0; i < w->rooms->len; i++)
    any |= gw_spares_give_up(gw_room_spares(g_ptr_array_index(w->rooms, i)));
  return any;
}

static void make_leg(gw_worker *w, gw_cmd *c, gw_room *room) {
  gw_leg *leg = gw_leg_new(&w->env, c);
  if (!leg && !c->estate && give_up_spares(w)) leg = gw_leg_new(&w->env, c);
  if (!leg) {
    cannot(w, c->handle, "leg");
    return;
  }
  gw_room_add_leg(room, leg);
  put(w, c->handle, room, leg, NULL);
  gw_env_desc(&w->env, c->handle, gw_leg_describe(leg, c));
}

static void make_peer(gw_worker *w, const gw_cmd *c, gw_room *room) {
  gw_peer *peer = gw_peer_new(&w->env, c, gw_room_spares(room));
  if (!peer && give_up_spares(w)) peer = gw_peer_new(&w->env, c, NULL);
  if (!peer) {
    cannot(w, c->handle, "peer");
    return;
  }
  gw_room_add_peer(room, peer, c->talker);
  put(w, c->handle, room, NULL, peer);
  gw_env_desc(&w->env, c->handle, gw_peer_describe(peer));
}

static gboolean in_room(gpointer key, gpointer value, gpointer room) {
  return ((place *)value)->room == room;
}

static void close_place(gw_worker *w, place *p) {
  gint64 now_us = gw_now_us();
  gw_room *room = p->room;
  guint64 key = p->handle;
  if (p->leg)
    gw_room_drop_leg(room, p->leg, now_us);
  else if (p->peer)
    gw_room_drop_peer(room, p->peer, now_us);
  if (p->leg || p->peer) {
    g_hash_table_remove(w->places, &key);
    return;
  }
  g_hash_table_foreach_remove(w->places, in_room, room);
  g_ptr_array_remove_fast(w->rooms, room);
  gw_room_free(room);
  if (w->rooms->len) return;
  set_ticking(w, FALSE);
  send_figures(w, now_us);
}

static void make(gw_worker *w, gw_cmd *c) {
  if (c->type == GW_CMD_ROOM) {
    gw_room *room = gw_room_new(&w->env, c->handle);
    g_ptr_array_add(w->rooms, room);
    put(w, c->handle, room, NULL, NULL);
    set_ticking(w, TRUE);
    return;
  }
  place *p = find(w, c->room);
  if (p && c->type == GW_CMD_LEG)
    make_leg(w, c, p->room);
  else if (p)
    make_peer(w, c, p->room);
}

/* A leg belongs to its worker: it ends here, and its heir is made elsewhere. */
static void hand_over(gw_worker *w, place *p, gw_handle heir) {
  gw_estate *estate = NULL;
  if (p && p->leg) {
    estate = gw_leg_release(p->leg);
    close_place(w, p);
  }
  gw_env_handed_over(&w->env, heir, estate);
}

static void inherit(gw_worker *w, const place *p, gw_handle old) {
  const place *from = find(w, old);
  if (p->leg && from && from->leg && from->room == p->room)
    gw_room_inherit(p->room, p->leg, from->leg);
}

static void change_leg(gw_leg *leg, gw_cmd *c) {
  if (c->type == GW_CMD_LEG_REMOTE)
    gw_leg_remote(leg, c->remote, c->agreed);
  else if (c->type == GW_CMD_MUTE)
    leg->muted = c->muted || leg->retired;
  else if (c->type == GW_CMD_RETIRE)
    leg->muted = leg->retired = TRUE;
  else if (c->type == GW_CMD_PLAY)
    gw_leg_play(leg, c->prompt, g_steal_pointer(&c->spoken));
  else if (c->type == GW_CMD_TONE)
    gw_leg_tone(leg, c->hz, c->ms);
}

static void change_peer(gw_room *room, gw_peer *peer, const gw_cmd *c) {
  if (c->type == GW_CMD_PEER_REMOTE)
    gw_peer_remote(peer, c->remote, gw_now_us());
  else if (c->type == GW_CMD_PEER_AGREED)
    gw_peer_agreed(peer, c->agreed);
  else if (c->type == GW_CMD_PEER_TALKER)
    gw_room_name_peer(room, peer, c->talker);
}

static void obey(gw_worker *w, gw_cmd *c) {
  if (c->type == GW_CMD_QUIT) {
    w->quit = TRUE;
    return;
  }
  if (c->type <= GW_CMD_PEER) {
    make(w, c);
    return;
  }
  place *p = find(w, c->handle);
  if (c->type == GW_CMD_HAND_OVER) {
    hand_over(w, p, c->heir);
    return;
  }
  if (!p) return; /* could not be made, which control has been told */
  if (c->type == GW_CMD_CLOSE) {
    close_place(w, p);
    return;
  }
  if (c->type == GW_CMD_INHERIT)
    inherit(w, p, c->leg);
  else if (c->type == GW_CMD_EXPECT)
    gw_spares_expect(gw_room_spares(p->room), c->offerer, c->sessions, g_steal_pointer(&c->relays), gw_now_us());
  else if (p->leg)
    change_leg(p->leg, c);
  else if (p->peer)
    change_peer(p->room, p->peer, c);
  gw_room_codecs(p->room);
}

/* A hundred new peers at once must not stop the mixer: what is left waits for the next turn. */
static void obey_some(gw_worker *w) {
  gint64 until_us = gw_now_us() + OBEY_US;
  gboolean any = FALSE;
  for (gw_msg *m; !w->quit && gw_now_us() < until_us && (m = gw_queue_pop(w->commands));
       any = TRUE) {
    obey(w, (gw_cmd *)m);
    gw_cmd_free(m);
  }
  if (any) drive_peers(w, TRUE, gw_now_us());
}

/* ---- the thread */

/* Peers that set up, or agents that say goodbye, need the libraries' timers between the ticks. */
static gboolean is_busy(const gw_worker *w) {
  return w->busy_peers || w->env.closing->len;
}

static void wait_and_work(gw_worker *w) {
  struct epoll_event ready[2];
  guint64 due = 0;
  epoll_wait(w->wake, ready, 2, is_busy(w) ? BUSY_MS : -1);
  obey_some(w);
  if (w->quit) return;
  if (read(w->timer, &due, sizeof due) == sizeof due && due) on_tick(w, due);
  gint64 now_us = gw_now_us();
  if (is_busy(w) && now_us - w->busy_us >= GW_MS(BUSY_MS) - 500) drive_peers(w, TRUE, now_us);
}

/* At the end of the thread: bounded, for the TURN server may be gone. */
static void say_goodbye(gw_worker *w) {
  struct epoll_event none;
  gint64 until_us = gw_now_us() + GOODBYE_US;
  turn_context(w);
  while (w->env.closing->len && gw_now_us() < until_us) {
    epoll_wait(w->env.sockets, &none, 1,
               BUSY_MS); /* nothing is watched any more: only time passes */
    gw_ice_drain(&w->env, gw_now_us());
    turn_context(w);
  }
}

static void *run(void *user) {
  gw_worker *w = user;
  char name[16];
  g_snprintf(name, sizeof name, "media-%u", w->index);
  pthread_setname_np(pthread_self(), name);
  g_main_context_push_thread_default(w->env.ctx);
  while (!w->quit)
    wait_and_work(w);
  for (guint i = 0; i < w->rooms->len; i++)
    gw_room_free(g_ptr_array_index(w->rooms, i));
  say_goodbye(w);
  g_main_context_pop_thread_default(w->env.ctx);
  return NULL;
}

static gboolean open_fds(gw_worker *w) {
  w->wake = epoll_create1(EPOLL_CLOEXEC);
  w->env.sockets = epoll_create1(EPOLL_CLOEXEC);
  w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event ev = {.events = EPOLLIN};
  return w->wake >= 0 && w->env.sockets >= 0 && w->timer >= 0 &&
         !epoll_ctl(w->wake, EPOLL_CTL_ADD, w->timer, &ev) &&
         !epoll_ctl(w->wake, EPOLL_CTL_ADD, gw_queue_fd(w->commands), &ev);
}

static void close_fds(gw_worker *w) {
  int fds[] = {w->wake, w->env.sockets, w->timer};
  for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
    if (fds[i] >= 0) close(fds[i]);
}

static void release(gw_worker *w) {
  close_fds(w);
  gw_queue_free(w->commands);
  g_main_context_unref(w->env.ctx);
  gw_ids_free(w->env.ids);
  g_ptr_array_unref(w->rooms);
  g_ptr_array_unref(w->env.closing);
  g_hash_table_unref(w->places);
  g_free(w);
}

/* Signals belong to control. */
static int start_thread(gw_worker *w) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int rc = pthread_create(&w->thread, NULL, run, w);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return rc;
}

gw_worker *gw_worker_new(const gw_engine *engine, guint index, GError **error) {
  gw_worker *w = g_new0(gw_worker, 1);
  w->index = index;
  w->commands = gw_queue_new(GW_DOOR_COMMANDS, gw_cmd_free);
  w->env.engine = engine;
  w->env.ctx = g_main_context_new();
  w->env.ids = gw_ids_new();
  w->env.closing = g_ptr_array_new();
  w->rooms = g_ptr_array_new();
  w->places = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
  int rc = open_fds(w) ? start_thread(w) : errno;
  if (!rc) return w;
  g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(rc), "media worker %u: %s", index,
              g_strerror(rc));
  release(w);
  return NULL;
}

void gw_worker_free(gw_worker *w) {
  if (!w) return;
  gw_worker_tell_always(w, gw_cmd_new(GW_CMD_QUIT, GW_HANDLE_NONE));
  pthread_join(w->thread, NULL);
  release(w);
}

gboolean gw_worker_tell(gw_worker *w, gw_cmd *taken) {
  if (gw_queue_push(w->commands, &taken->msg)) return TRUE;
  gw_cmd_free(&taken->msg);
  return FALSE;
}

void gw_worker_tell_always(gw_worker *w, gw_cmd *taken) {
  gw_queue_push_always(w->commands, &taken->msg);
}
