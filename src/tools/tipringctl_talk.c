/* tipringctl_talk.c - one question to the daemon over its Unix socket. */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "tools/tipringctl.h"

#define MAX_ANSWER (32 << 20) /* bytes */
#define MAX_DEPTH 24
#define SILENCE 35 /* s: longer than any answer of the daemon takes */

void gw_answer_clear(gw_answer *a) {
  g_clear_pointer(&a->out, g_free);
  g_clear_pointer(&a->json, json_node_unref);
}

static gboolean no_daemon(const char *path, int why, GError **error) {
  const char *mend = why == EACCES ? "be root or in the group of tipringd"
                                   : "is it running? systemctl status tipring";
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no tipringd answers on %s: %s: %s", path,
              g_strerror(why), mend);
  return FALSE;
}

static int connect_to(const char *path, GError **error) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  struct timeval limit = {.tv_sec = SILENCE};
  gboolean fits = g_strlcpy(addr.sun_path, path, sizeof addr.sun_path) < sizeof addr.sun_path;
  int fd = fits ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0) return fd;
  }
  no_daemon(path, fits ? errno : ENAMETOOLONG, error);
  if (fd >= 0) close(fd);
  return -1;
}

static char *request_line(const char *const *words) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  json_builder_set_member_name(b, "cmd");
  json_builder_begin_array(b);
  for (; *words; words++)
    json_builder_add_string_value(b, *words);
  json_builder_end_array(b);
  gw_json_bool(b, "json", TRUE);
  json_builder_end_object(b);
  g_autoptr(JsonNode) root = gw_json_done(b);
  g_autofree char *text = gw_json_text(root);
  return g_strconcat(text, "\n", NULL);
}

static gboolean send_all(int fd, const char *text) {
  for (gsize n = strlen(text); n > 0;) {
    gssize sent = send(fd, text, n, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return FALSE;
    text += sent;
    n -= (gsize)sent;
  }
  return TRUE;
}

static GString *receive_line(int fd) {
  GString *got = g_string_new(NULL);
  char buf[16384];
  while (got->len < MAX_ANSWER && !memchr(got->str, '\n', got->len)) {
    gssize n = recv(fd, buf, sizeof buf, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    g_string_append_len(got, buf, n);
  }
  return got;
}

static gboolean read_answer(const GString *line, gw_answer *ret) {
  g_autoptr(JsonNode) root = gw_json_parse(line->str, line->len, MAX_DEPTH, NULL);
  const char *out = root ? gw_json_get_string(root, "out") : NULL;
  JsonNode *json = root ? gw_json_get(root, "json") : NULL;
  gint64 exit = root ? gw_json_get_int(root, "exit", -1) : -1;
  if (!out || exit < 0 || exit > 2) return FALSE;
  *ret = (gw_answer){(int)exit, g_strdup(out),
                     json && !JSON_NODE_HOLDS_NULL(json) ? json_node_copy(json) : NULL};
  return TRUE;
}

gboolean gw_talk(const char *socket, const char *const *words, gw_answer *ret, GError **error) {
  g_autofree char *request = request_line(words);
  int fd = connect_to(socket, error);
  if (fd < 0) return FALSE;
  gboolean sent = send_all(fd, request);
  GString *line = sent ? receive_line(fd) : g_string_new(NULL);
  gboolean good = read_answer(line, ret);
  g_string_free(line, TRUE);
  close(fd);
  if (!good)
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                "tipringd gave no answer on %s: look at its log", socket);
  return good;
}
