#include "daemon/notify.h"
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

gboolean gw_notify(const char *state) {
  const char *path = g_getenv("NOTIFY_SOCKET");
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  gsize n = path ? strlen(path) : 0;
  if (n < 2 || n >= sizeof addr.sun_path || (*path != '/' && *path != '@')) return FALSE;
  memcpy(addr.sun_path, path, n);
  if (*path == '@') addr.sun_path[0] = '\0'; /* the abstract namespace */
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return FALSE;
  gssize sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
  close(fd);
  return sent == (gssize)strlen(state);
}

static gboolean number_of(const char *name, guint64 min, guint64 max, guint64 *ret) {
  const char *text = g_getenv(name);
  return text && g_ascii_string_to_unsigned(text, 10, min, max, ret, NULL);
}

gint64 gw_notify_watchdog_us(void) {
  guint64 us, pid;
  gboolean ours = !g_getenv("WATCHDOG_PID") ||
                  (number_of("WATCHDOG_PID", 1, G_MAXINT, &pid) && pid == (guint64)getpid());
  if (!ours || !number_of("WATCHDOG_USEC", 1000, G_MAXINT64, &us)) return 0;
  return (gint64)us / 2;
}
