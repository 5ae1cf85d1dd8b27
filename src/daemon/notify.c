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
