/* Transports that gather ahead: how long one may wait, with a time of our own, and whose the ports are when there are no others. */
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/media/spares.h"
#include "tests/unit/media/shell_kit.h"
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HERE "127.0.0.77" /* nobody else's */
#define HERE_HEX " 4D00007F:555" /* of that and the ports, as the kernel writes them */
#define LOW 21840                 /* below what the kernel gives to others, on any address (32768 and more) */
#define HIGH 21843

typedef struct {
  gw_engine engine;
  gw_env env;
} world;

static void world_init(world *w) {
  static char *here[] = {(char *)HERE, NULL};
  w->engine.local_addresses = here;
  w->env.engine = &w->engine;
  w->env.ctx = g_main_context_new();
  w->env.ids = gw_ids_new_fixed(7);
  w->env.sockets = epoll_create1(EPOLL_CLOEXEC);
  w->env.closing = g_ptr_array_new();
  g_main_context_push_thread_default(w->env.ctx);
}

static void world_clear(world *w) {
  g_main_context_pop_thread_default(w->env.ctx);
  g_assert_cmpuint(w->env.n_watches, ==, 0);
  while (g_main_context_iteration(w->env.ctx, FALSE))
    ;
  g_main_context_unref(w->env.ctx);
  gw_ids_free(w->env.ids);
  g_ptr_array_unref(w->env.closing);
  close(w->env.sockets);
}

/* Was there anything to do? Without servers all is gathered at once. */
static gboolean drive(world *w, gw_spares *s, gint64 at_s) {
  gboolean busy = gw_spares_drive(s, GW_SEC(at_s));
  for (int i = 0; i < 100 && gw_spares_drive(s, GW_SEC(at_s)); i++)
    g_main_context_iteration(w->env.ctx, FALSE);
  return busy;
}

/* Phones come all the time, so that transports are always wanted, but nobody takes one. */
static void test_age(void) {
  world w = {0};
  world_init(&w);
  gw_spares *s = gw_spares_new(&w.env);
  gw_spares_expect(s, FALSE, 1, NULL, GW_SEC(10));
  g_assert_true(drive(&w, s, 10));
  g_assert_cmpuint(gw_spares_count(s), ==, 1);
  for (gint at_s = 11; at_s < 10 + GW_SPARE_S; at_s++) {
    gw_spares_expect(s, FALSE, 1, NULL, GW_SEC(at_s));
    g_assert_false(drive(&w, s, at_s));
  }
  g_assert_true(drive(&w, s, 10 + GW_SPARE_S)); /* another one is made */
  g_assert_cmpuint(gw_spares_count(s), ==, 1);
  g_assert_true(gw_spares_give_up(s));
  g_assert_false(gw_spares_give_up(s));
  g_assert_false(drive(&w, s, 10 + GW_SPARE_S));
  g_assert_cmpuint(gw_spares_count(s), ==, 0);
  gw_spares_free(s);
  world_clear(&w);
}

/* Looked up, not tried: who tries a port has it for a moment. */
static gboolean all_taken(void *user) {
  g_autofree char *table = NULL;
  guint n = 0;
  if (!g_file_get_contents("/proc/net/udp", &table, NULL, NULL)) return FALSE;
  for (const char *at = table; (at = strstr(at, HERE_HEX)); at++)
    n++;
  return n == HIGH - LOW + 1;
}

typedef struct {
  kit *k;
  guint64 ticks;
} mark;

static gboolean moved_on(void *user) {
  mark *m = user;
  gw_worker_stats s;
  gw_media_get_worker(m->k->media, 0, &s);
  return s.ticks >= m->ticks + 1;
}

/* Until the worker has told its figures once more, and has driven all agents by then: one that is freed before it knows its server's
 * address leaves a few bytes behind in the library. */
static void let_them_begin(kit *k) {
  gw_worker_stats s;
  gw_media_get_worker(k->media, 0, &s);
  mark m = {k, s.ticks};
  g_assert_true(kit_until(moved_on, &m, 10000));
}

/* Transports for sessions that may come have taken the last ports: who is here gets them. (Not with a session of XMPP: the library leaves
 * a few bytes behind when there is no port for it and it has a server.) */
static void test_ports(void) {
  static const char *const here[] = {HERE, NULL}, *const codecs[] = {"PCMU", NULL};
  gw_media_config config = {.rtp_port_min = LOW, .rtp_port_max = HIGH, .local_addresses = here, .workers = 1};
  kit *k = kit_new_config(&config);
  gw_handle room = gw_media_room(k->media), other = gw_media_room(k->media);
  g_autoptr(gw_relays) silent = gw_relays_new(HERE, 9);
  gw_media_set_relays(k->media, silent);
  gw_media_expect(k->media, other, FALSE, GW_MAX_SPARES);
  g_assert_true(kit_until(all_taken, NULL, 10000));
  let_them_begin(k);
  gw_leg_params leg = {.local_address = HERE, .codecs = codecs};
  g_assert_nonnull(gw_desc_audio(kit_desc(k, gw_media_leg(k->media, room, &leg))));
  kit_free(k);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/spares/age", test_age);
  g_test_add_func("/media/spares/ports", test_ports);
  return g_test_run();
}
