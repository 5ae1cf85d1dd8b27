/* kit.h - what the tests of this room share: a bounded main loop and free ports.
 * Thread: control.  Owner: none.  Calls back: condition, while waiting. */
#ifndef GW_TEST_XMPP_KIT_H
#define GW_TEST_XMPP_KIT_H
#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline guint16 kit_free_port(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint(bind(fd, (struct sockaddr *)&a, sizeof a), ==, 0);
  g_assert_cmpint(getsockname(fd, (struct sockaddr *)&a, &n), ==, 0);
  close(fd);
  return ntohs(a.sin_port);
}

static inline gboolean kit_wake(void *user) {
  return G_SOURCE_CONTINUE;
}

/* Runs the loop until the condition holds; FALSE when it did not within the seconds. */
static inline gboolean kit_until(gboolean (*holds)(void *), void *user, double seconds) {
  gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
  guint tick = g_timeout_add(10, kit_wake, NULL);
  gboolean ok;
  while (!(ok = holds(user)) && g_get_monotonic_time() < end)
    g_main_context_iteration(NULL, TRUE);
  g_source_remove(tick);
  return ok;
}

static inline gboolean kit_never(void *user) {
  return FALSE;
}

#endif
