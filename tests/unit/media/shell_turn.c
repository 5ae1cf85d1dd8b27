/* Peers that can only meet through a TURN server: one has IPv4 alone, the other IPv6 alone. Skipped
 * without coturn. */
#include "shell_kit.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static guint16 free_port(void) {
  gw_addr a;
  gw_addr_parse("127.0.0.1", 0, &a);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  g_assert_cmpint(bind(fd, &a.u.sa, a.len), ==, 0);
  g_assert_cmpint(getsockname(fd, &a.u.sa, &a.len), ==, 0);
  close(fd);
  return gw_addr_port(&a);
}

static gboolean have_ipv6(void) {
  gw_addr a;
  gw_addr_parse("::1", 0, &a);
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  gboolean ok = fd >= 0 && bind(fd, &a.u.sa, a.len) == 0;
  if (fd >= 0) close(fd);
  return ok;
}

typedef struct {
  int fd;
  gw_addr to;
} knock;

static gboolean answers(void *user) {
  static const guint8 binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1};
  knock *k = user;
  guint8 reply[200];
  if (recv(k->fd, reply, sizeof reply, MSG_DONTWAIT) > 0) return TRUE;
  sendto(k->fd, binding, sizeof binding, 0, &k->to.u.sa, k->to.len);
  g_usleep(10000); /* between two knocks; the loop itself has a deadline */
  return FALSE;
}

/* An aborted test must not leave a server behind. */
static void on_child(gpointer user) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static GPid start_server(guint16 port, const char *ip, const char *dir) {
  g_autoptr(GError) error = NULL;
  g_autofree char *p = g_strdup_printf("%u", port);
  g_autofree char *pid = g_build_filename(dir, "pid", NULL),
                  *db = g_build_filename(dir, "db", NULL);
  const char *argv[] = {"turnserver",
                        "-n",
                        "--listening-ip",
                        "127.0.0.1",
                        "--listening-ip",
                        "::1",
                        "--relay-ip",
                        "127.0.0.1",
                        "--listening-port",
                        p,
                        "--min-port",
                        "42000",
                        "--max-port",
                        "42999",
                        "--user",
                        "u:pass",
                        "--realm",
                        "r",
                        "--lt-cred-mech",
                        "--allow-loopback-peers",
                        "--no-tls",
                        "--no-dtls",
                        "--no-cli",
                        "--pidfile",
                        pid,
                        "--userdb",
                        db,
                        "--log-file",
                        "stdout",
                        NULL};
  GPid child = 0;
  g_spawn_async(NULL, (char **)argv, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                    G_SPAWN_STDERR_TO_DEV_NULL,
                on_child, NULL, &child, &error);
  g_assert_no_error(error);
  knock k = {socket(strchr(ip, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), {.len = 0}};
  gw_addr_parse(ip, port, &k.to);
  gboolean up = FALSE;
  for (int i = 0; i < 500 && !up; i++)
    up = answers(&k);
  close(k.fd);
  g_assert_true(up);
  return child;
}

typedef struct {
  kit *k;
  gw_handle peer;
  gw_cand_type type;
  gw_candidate found;
} search;

static gboolean has_candidate(void *user) {
  search *s = user;
  for (guint i = 0; i < s->k->candidates->len; i++) {
    const kit_candidate *c = &g_array_index(s->k->candidates, kit_candidate, i);
    if (!gw_handle_is(c->handle, s->peer) || c->candidate.type != s->type) continue;
    s->found = c->candidate;
    return TRUE;
  }
  return FALSE;
}

static gboolean possible(void) {
  g_autofree char *program = g_find_program_in_path("turnserver");
  if (program && have_ipv6()) return TRUE;
  g_test_skip("needs turnserver and IPv6");
  return FALSE;
}

static void end_server(GPid server, const char *dir) {
  kill(server, SIGTERM);
  waitpid(server, NULL, 0);
  static const char *const left[] = {"pid", "db", ""};
  for (gsize i = 0; i < G_N_ELEMENTS(left); i++) {
    g_autofree char *path = g_build_filename(dir, left[i], NULL);
    g_remove(path);
  }
}

static void test_relay(void) {
  if (!possible()) return;
  static const char *const v4[] = {"127.0.0.1", NULL}, *const v6[] = {"::1", NULL};
  guint16 port = free_port();
  g_autofree char *dir = g_dir_make_tmp("turn-XXXXXX", NULL);
  GPid server = start_server(port, "::1", dir);
  gw_turn_server turn = {
      .host = (char *)"::1", .port = port, .user = (char *)"u", .password = (char *)"pass"};
  gw_media_config c[2] = {
      {.rtp_port_min = 30000, .rtp_port_max = 34999, .local_addresses = v4, .workers = 1},
      {.rtp_port_min = 30000,
       .rtp_port_max = 34999,
       .local_addresses = v6,
       .workers = 1}};
  kit *k[2];
  gw_handle room[2], leg[2], peer[2];
  phone *p[2];
  for (int i = 0; i < 2; i++) {
    k[i] = kit_new_config(&c[i]);
    g_autoptr(gw_relays) relays = gw_relays_new(NULL, 0);
    gw_relays_add(relays, &turn);
    if (i) gw_media_set_relays(k[i]->media, relays);
    room[i] = gw_media_room(k[i]->media);
    leg[i] = kit_leg(k[i], room[i]);
    p[i] = phone_new("127.0.0.1", "PCMU", 0, i ? 1000 : 440);
    phone_join(p[i], k[i], leg[i]);
    gw_peer_params params = {.leg = leg[i], .offerer = !i, .setup = GW_SETUP_ACTIVE, .cname = "c"};
    peer[i] = gw_media_peer(k[i]->media, room[i], &params);
  }
  search relay = {k[1], peer[1], GW_CAND_RELAY, {.port = 0}};
  g_assert_true(kit_until(has_candidate, &relay, 10000));
  g_assert_cmpstr(relay.found.ip, ==, "127.0.0.1");
  g_assert_true(relay.found.port >= 42000 && relay.found.port <= 42999);
  for (int i = 0; i < 2; i++) {
    g_autoptr(gw_desc) d = gw_desc_copy(kit_desc(k[1 - i], peer[1 - i]));
    if (i == 0) g_array_append_val(gw_desc_audio(d)->candidates, relay.found);
    gw_media_peer_remote(k[i]->media, peer[i], d);
    gw_media_peer_agreed(k[i]->media, peer[i], d);
  }
  for (int i = 0; i < 2; i++) {
    g_assert_true(kit_state(k[i], peer[i], GW_MS_GATHERED));
    g_assert_true(kit_state(k[i], peer[i], GW_MS_RTP));
  }
  g_assert_true(phone_hears(p[0], 1000));
  g_assert_true(phone_hears(p[1], 440));
  for (int i = 0; i < 2; i++) {
    phone_free(p[i]);
    kit_free(k[i]);
  }
  end_server(server, dir);
}

/* Is the server's address in a new peer's first description? Only a transport that was there before can know it. */
static gboolean knows_relay(kit *k, gw_handle room, gboolean offerer) {
  gw_peer_params params = {.offerer = offerer, .setup = offerer ? GW_SETUP_ACTPASS : GW_SETUP_ACTIVE, .cname = "c"};
  gw_handle peer = gw_media_peer(k->media, room, &params);
  const GArray *all = gw_desc_audio(kit_desc(k, peer))->candidates;
  gboolean relay = FALSE;
  for (guint i = 0; i < all->len; i++)
    relay = relay || g_array_index(all, gw_candidate, i).type == GW_CAND_RELAY;
  gw_media_close(k->media, peer);
  return relay;
}

static gboolean knows_relay_soon(kit *k, gw_handle room, gboolean offerer) {
  gboolean known = FALSE;
  for (int i = 0; i < 50 && !known; i++) {
    kit_run(200); /* what was taken is made again, and gathers */
    known = knows_relay(k, room, offerer);
  }
  return known;
}

static void test_ahead(void) {
  if (!possible()) return;
  static const char *const v6[] = {"::1", NULL};
  guint16 port = free_port();
  g_autofree char *dir = g_dir_make_tmp("turn-XXXXXX", NULL);
  GPid server = start_server(port, "::1", dir);
  gw_turn_server turn = {
      .host = (char *)"::1", .port = port, .user = (char *)"u", .password = (char *)"pass"};
  gw_media_config c = {
      .rtp_port_min = 30000, .rtp_port_max = 34999, .local_addresses = v6, .workers = 1};
  kit *k = kit_new_config(&c);
  gw_handle room = gw_media_room(k->media);
  gw_media_expect(k->media, room, FALSE, 2); /* no servers: there is nothing to gather */
  kit_settle(k, room);
  guint before = kit_fds();
  g_autoptr(gw_relays) relays = gw_relays_new(NULL, 0);
  gw_relays_add(relays, &turn);
  gw_media_set_relays(k->media, relays);
  g_assert_false(knows_relay(k, room, FALSE));
  gw_media_expect(k->media, room, FALSE, 2);
  g_assert_false(knows_relay(k, room, TRUE)); /* gathered for the other role */
  g_assert_true(knows_relay_soon(k, room, FALSE));
  gw_media_expect(k->media, room, TRUE, 1);
  g_assert_false(knows_relay(k, room, FALSE));
  g_assert_true(knows_relay_soon(k, room, TRUE));
  g_autoptr(gw_relays) later = gw_relays_new(NULL, 0);
  turn.password = (char *)"renewed";
  gw_relays_add(later, &turn);
  gw_media_set_relays(k->media, later);
  g_assert_false(knows_relay(k, room, TRUE)); /* with credentials of before: not to be used any more */
  gw_media_close(k->media, room);
  gw_handle other = gw_media_room(k->media);
  kit_settle(k, other);
  for (int i = 0; i < 100 && kit_fds() > before; i++)
    kit_run(50); /* goodbyes to the server */
  g_assert_cmpuint(kit_fds(), <=, before);
  kit_free(k);
  end_server(server, dir);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/turn/relay", test_relay);
  g_test_add_func("/media/turn/ahead", test_ahead);
  return g_test_run();
}
