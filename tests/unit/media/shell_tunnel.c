/* TLS in front of a TURN server that does not do its part. */
#include "gateway/media/tunnel.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LONG_MS 20000 /* only where it fails */

/* The one that GLib calls, too: as if no descriptors were left, for a while. */
static gint64 starved_until;
static gint refused;

static int take(int fd, struct sockaddr *a, socklen_t *len, int flags) {
  if (g_get_monotonic_time() >= starved_until) return (int)syscall(SYS_accept4, fd, a, len, flags);
  g_atomic_int_inc(&refused);
  errno = EMFILE;
  return -1;
}

int accept(int fd, struct sockaddr *a, socklen_t *len) {
  return take(fd, a, len, 0);
}

int accept4(int fd, struct sockaddr *a, socklen_t *len, int flags) {
  return take(fd, a, len, flags);
}

static int listen_at(guint16 *ret_port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint(bind(fd, (struct sockaddr *)&a, len), ==, 0);
  g_assert_cmpint(listen(fd, 16), ==, 0);
  g_assert_cmpint(getsockname(fd, (struct sockaddr *)&a, &len), ==, 0);
  *ret_port = ntohs(a.sin_port);
  return fd;
}

static int connect_to(guint16 port) {
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint(connect(fd, (struct sockaddr *)&a, sizeof a), ==, 0);
  return fd;
}

static gboolean readable(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, LONG_MS) == 1;
}

/* Nothing but bytes, and then the end. */
static gboolean is_cut(int fd) {
  char bytes[2048];
  ssize_t n = 1;
  while (n > 0 && readable(fd))
    n = read(fd, bytes, sizeof bytes);
  return n <= 0;
}

/* It takes the connection and says nothing: neither side is held for longer than the patience. */
static void test_silent(void) {
  guint16 server_port = 0;
  const char *address = NULL;
  int listener = listen_at(&server_port);
  g_autoptr(gw_tunnels) t = gw_tunnels_new(NULL, NULL);
  gw_tunnels_set_patience(t, 200);
  guint16 port = gw_tunnels_to(t, "127.0.0.1", server_port, "turn.test", &address);
  g_assert_cmpuint(port, >, 0);
  int near = connect_to(port);
  g_assert_true(readable(listener));
  int far = accept(listener, NULL, NULL);
  g_assert_true(is_cut(near));
  g_assert_true(is_cut(far));
  close(near);
  close(far);
  close(listener);
}

/* Whoever cannot be let in waits, and is tried again after a second; in between nothing runs. */
static void test_starved(void) {
  guint16 server_port = 0;
  const char *address = NULL;
  int listener = listen_at(&server_port);
  g_autoptr(gw_tunnels) t = gw_tunnels_new(NULL, NULL);
  starved_until = g_get_monotonic_time() + 300 * G_TIME_SPAN_MILLISECOND;
  guint16 port = gw_tunnels_to(t, "127.0.0.1", server_port, "turn.test", &address);
  int near = connect_to(port);
  g_assert_true(readable(listener));
  g_assert_cmpint(g_atomic_int_get(&refused), <=, 1); /* 0: it came late to the first knock */
  close(near);
  close(listener);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/tunnel/silent", test_silent);
  g_test_add_func("/media/tunnel/starved", test_starved);
  return g_test_run();
}
