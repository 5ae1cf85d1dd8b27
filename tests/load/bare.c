/* bare - the memory of a session of ICE and DTLS with nothing around it: pairs of them in one process, connected over loopback.
 * usage: bare [-t]. Prints "<k> KiB/session": what each one more costs, from 60 to 300 (20 and 100 phones with three each); with -t
 * "<m> ms/pair": the time until one pair is connected. */
#include "base/clock.h"
#include "gateway/media/dtls.h"
#include "gateway/media/ice.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define FEW 60
#define MANY 300
#define LIMIT_S 100
#define TURN_US 1000

typedef struct end {
  gw_ice *ice;
  gw_dtls *dtls;
  struct end *other;
  gw_desc *desc;
  gboolean server;
} end;

static void on_candidate(const gw_candidate *c, void *user) {}

static void on_datagram(guint8 *data, gsize n, gboolean proven, gint64 now_us, void *user) {
  end *e = user;
  if (e->dtls && proven) gw_dtls_input(e->dtls, data, n);
}

static void out(const guint8 *data, gsize n, void *user) {
  gw_ice_send(((end *)user)->ice, data, n);
}

static const gw_ice_events events = {on_candidate, on_datagram};

static void make_end(gw_env *env, end *e, end *other, gboolean server) {
  *e = (end){.other = other, .server = server, .desc = gw_desc_new()};
  e->ice = gw_ice_new(env, server, NULL, &events, e);
  if (!e->ice) g_error("bare: no agent");
  gw_ice_describe(e->ice, gw_desc_add(e->desc, GW_KIND_AUDIO, NULL));
}

static gboolean keys_do; /* up is who has keys, also before ICE has looked at all pairs */

/* FALSE: not yet up. */
static gboolean drive(const gw_env *env, end *e, gint64 now_us) {
  const char *print = gw_identity_fingerprint(env->engine->identity);
  gboolean path = gw_ice_get_state(e->ice) == GW_ICE_READY ||
                  (keys_do && gw_ice_get_state(e->ice) == GW_ICE_CONNECTED);
  if (e->dtls && gw_dtls_get_state(e->dtls) == GW_DTLS_DONE && path) return TRUE;
  gw_ice_pump(e->ice, now_us);
  gw_ice_step(e->ice, now_us);
  if (gw_ice_get_state(e->ice) == GW_ICE_FAILED) g_error("bare: no path");
  gboolean both = gw_ice_get_state(e->ice) != GW_ICE_WORKING &&
                  gw_ice_get_state(e->other->ice) != GW_ICE_WORKING;
  if (!e->dtls && both && (e->server || e->other->dtls)) { /* nothing gets lost */
    e->dtls = gw_dtls_new(env->engine->identity, e->server, "sha-256", print, out, e);
    gw_dtls_start(e->dtls);
  }
  if (e->dtls) gw_dtls_timeout(e->dtls);
  return FALSE;
}

static void connect_all(gw_env *env, end *ends, guint n) {
  gint64 until_us = gw_now_us() + GW_SEC(LIMIT_S);
  for (guint up = 0; up < n;) {
    up = 0;
    for (int i = 0; i < 64 && g_main_context_iteration(env->ctx, FALSE); i++)
      ;
    for (guint i = 0; i < n; i++)
      up += drive(env, &ends[i], gw_now_us());
    if (gw_now_us() > until_us) g_error("bare: %u of %u are up", up, n);
    if (up < n) g_usleep(TURN_US);
  }
}

static gdouble resident_kib(void) {
  g_autofree char *text = NULL;
  unsigned long pages = 0;
  malloc_trim(0);
  if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL)) sscanf(text, "%*u %lu", &pages);
  return (gdouble)pages * (gdouble)sysconf(_SC_PAGESIZE) / 1024;
}

static void open_pair(gw_env *env, end *a, end *b) {
  make_end(env, a, b, TRUE);
  make_end(env, b, a, FALSE);
  gw_ice_remote(a->ice, gw_desc_audio(b->desc));
  gw_ice_remote(b->ice, gw_desc_audio(a->desc));
  gw_desc_free(a->desc);
  gw_desc_free(b->desc);
}

/* The library is loaded and warm: a second pair is timed. */
static void print_time(gw_env *env, end *ends) {
  keys_do = TRUE;
  open_pair(env, &ends[0], &ends[1]);
  connect_all(env, ends, 2);
  gint64 from_us = gw_now_us();
  open_pair(env, &ends[2], &ends[3]);
  connect_all(env, ends, 4);
  printf("%.1f ms/pair\n", (gdouble)(gw_now_us() - from_us) / 1000);
}

int main(int argc, char **argv) {
  static char loop[] = "127.0.0.1", *local[] = {loop, NULL};
  static end ends[MANY];
  gw_srtp_init();
  gw_ice_prepare();
  gw_engine engine = {.local_addresses = local, .identity = gw_identity_new(NULL)};
  gw_env *env = g_new0(gw_env, 1);
  *env = (gw_env){.engine = &engine, .ctx = g_main_context_new(), .closing = g_ptr_array_new()};
  env->sockets = epoll_create1(EPOLL_CLOEXEC);
  g_main_context_push_thread_default(env->ctx);
  gdouble few = 0;
  if (argc > 1) {
    print_time(env, ends);
    return 0;
  }
  for (guint n = 0; n < MANY; n += FEW) { /* some at a time, as calls come */
    for (guint i = n; i < n + FEW; i += 2)
      open_pair(env, &ends[i], &ends[i + 1]);
    connect_all(env, ends, n + FEW);
    if (!n) few = resident_kib();
  }
  printf("%.1f KiB/session\n", (resident_kib() - few) / (MANY - FEW));
  return 0;
}
