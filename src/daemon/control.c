/* control.c - the socket: connections, lines, deadlines. What a command means is in commands*.c. */
#include "daemon/control.h"
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"
#include "base/thread.h"
#include "base/timer.h"
#include "daemon/command_table.h"
#include "daemon/request.h"

#define MAX_LINE 65536      /* bytes of a request */
#define MAX_CONNECTIONS 16  /* more: the oldest that waits for nothing goes */
#define DEADLINE GW_SEC(30) /* for a whole request, and for taking the answer */
#define FD_PAUSE GW_SEC(1)  /* out of file descriptors: no accept for that long */

typedef struct {
  gw_control *control;
  int fd;
  GSource *in, *out;
  gw_timer *deadline;
  GString *line;       /* the request so far */
  GString *answer;     /* still to be sent */
  gw_request *pending; /* being worked on */
  gboolean answered;   /* the answer is on its way: then we hang up */
} connection;

struct gw_control {
  GMainContext *ctx;
  gw_control_env *env;
  char *path;
  ino_t inode; /* of our socket file: another daemon's is not removed */
  int fd;
  GSource *source;
  gw_timer *pause;
  GPtrArray *connections; /* oldest first */
};

static void source_drop(GSource **source) {
  if (!*source) return;
  g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void connection_free(void *data) {
  connection *c = data;
  if (c->pending) gw_request_orphan(c->pending);
  source_drop(&c->in);
  source_drop(&c->out);
  gw_timer_free(c->deadline);
  close(c->fd);
  g_string_free(c->line, TRUE);
  g_string_free(c->answer, TRUE);
  g_free(c);
}

static void hang_up(connection *c) {
  g_ptr_array_remove(c->control->connections, c);
}

static void on_deadline(void *user) {
  hang_up(user);
}

static GSource *watch(connection *c, GIOCondition cond, GUnixFDSourceFunc fn) {
  GSource *source = g_unix_fd_source_new(c->fd, cond);
  g_source_set_callback(source, G_SOURCE_FUNC(fn), c, NULL);
  g_source_attach(source, c->control->ctx);
  return source;
}

/* --- one request, one answer, then we hang up */
static gboolean on_writable(gint fd, GIOCondition cond, gpointer user);

/* The connection may be gone afterwards. */
static void flush(connection *c) {
  while (c->answer->len > 0) {
    gssize n = send(c->fd, c->answer->str, c->answer->len, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!c->out) c->out = watch(c, G_IO_OUT, on_writable);
      return;
    }
    if (n < 0) break;
    g_string_erase(c->answer, 0, n);
    gw_timer_set(c->deadline, gw_now_us() + DEADLINE);
  }
  hang_up(c);
}

static gboolean on_writable(gint fd, GIOCondition cond, gpointer user) {
  flush(user);
  return G_SOURCE_CONTINUE; /* a destroyed source stays destroyed */
}

static void on_reply(int exit, const char *out, JsonNode *json, void *user) {
  connection *c = user;
  g_autofree char *line = gw_request_answer(exit, out, json);
  c->pending = NULL;
  c->answered = TRUE;
  g_string_append(c->answer, line);
  flush(c);
}

static void note_command(connection *c, const char *const *words) {
  struct ucred who = {0};
  socklen_t n = sizeof who;
  const char *const *rest;
  gw_command command = gw_command_find(words, &rest);
  getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
  /* The name only: arguments may hold a password. */
  gw_debug(NULL, "control-command", "name=%s uid=%u",
           command < GW_N_COMMANDS ? gw_command_table[command].name : "unknown", (guint)who.uid);
}

static void run_line(connection *c, const char *line, gsize n) {
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) words = gw_request_words(line, n, &error);
  gw_timer_set(c->deadline, gw_now_us() + DEADLINE);
  c->pending = gw_request_new(on_reply, c);
  if (words) {
    note_command(c, (const char *const *)words);
    gw_command_run(c->pending, c->control->env, (const char *const *)words);
  } else {
    gw_request_usage(c->pending, "bad request: %s", error->message);
  }
}

static gboolean on_readable(gint fd, GIOCondition cond, gpointer user) {
  connection *c = user;
  char buf[4096];
  gssize n = recv(fd, buf, sizeof buf, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return G_SOURCE_CONTINUE;
  if (n <= 0 || c->line->len + (gsize)n > MAX_LINE) {
    if (n > 0) gw_warn(NULL, "control-line-too-long", "most=%d", MAX_LINE);
    hang_up(c);
    return G_SOURCE_CONTINUE;
  }
  if (c->pending || c->answered)
    return G_SOURCE_CONTINUE; /* words behind the request: not for us */
  g_string_append_len(c->line, buf, n);
  const char *end = memchr(c->line->str, '\n', c->line->len);
  if (!end) return G_SOURCE_CONTINUE;
  g_autoptr(GBytes) line = g_bytes_new(c->line->str, (gsize)(end - c->line->str)); /* c may go */
  run_line(c, g_bytes_get_data(line, NULL), g_bytes_get_size(line));
  return G_SOURCE_CONTINUE;
}

/* --- connections */
static void make_room(gw_control *control) {
  for (guint i = 0; control->connections->len >= MAX_CONNECTIONS && i < control->connections->len;
       i++) {
    connection *c = g_ptr_array_index(control->connections, i);
    if (c->pending) continue;
    hang_up(c);
    return;
  }
}

static void welcome(gw_control *control, int fd) {
  make_room(control);
  if (control->connections->len >= MAX_CONNECTIONS) {
    close(fd);
    return;
  }
  connection *c = g_new0(connection, 1);
  c->control = control;
  c->fd = fd;
  c->line = g_string_new(NULL);
  c->answer = g_string_new(NULL);
  c->deadline = gw_timer_new(control->ctx, on_deadline, c);
  gw_timer_set(c->deadline, gw_now_us() + DEADLINE);
  c->in = watch(c, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable);
  g_ptr_array_add(control->connections, c);
}

static void listen_on(gw_control *control);

static gboolean on_connect(gint fd, GIOCondition cond, gpointer user) {
  gw_control *control = user;
  int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (peer >= 0) {
    welcome(control, peer);
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
    /* The waiting connection would wake us again at once. */
    gw_warn(NULL, "control-no-descriptors", "reason=%s", g_strerror(errno));
    source_drop(&control->source);
    gw_timer_set(control->pause, gw_now_us() + FD_PAUSE);
  }
  return G_SOURCE_CONTINUE;
}

static void on_pause_over(void *user) {
  listen_on(user);
}

static void listen_on(gw_control *control) {
  control->source = g_unix_fd_source_new(control->fd, G_IO_IN);
  g_source_set_callback(control->source, G_SOURCE_FUNC(on_connect), control, NULL);
  g_source_attach(control->source, control->ctx);
}

/* --- the socket file */
static gboolean wrong(GError **error, const char *path, const char *what) {
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "control socket %s: %s", path, what);
  return FALSE;
}

/* A file left by a daemon that is gone is removed; anything else is not ours to remove. */
static gboolean clear_path(const struct sockaddr_un *addr, GError **error) {
  struct stat st;
  if (lstat(addr->sun_path, &st) < 0) return TRUE;
  if (!S_ISSOCK(st.st_mode))
    return wrong(error, addr->sun_path, "there is a file that is no socket: move it away");
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)addr, sizeof *addr);
  int why = errno;
  if (fd >= 0) close(fd);
  if (rc == 0 || why != ECONNREFUSED)
    return wrong(error, addr->sun_path,
                 rc == 0 || why == EAGAIN ? "another tipringd runs with it: stop that one first"
                                          : g_strerror(why));
  unlink(addr->sun_path);
  return TRUE;
}

static gboolean open_socket(gw_control *control, GError **error) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  struct stat st;
  if (g_strlcpy(addr.sun_path, control->path, sizeof addr.sun_path) >= sizeof addr.sun_path)
    return wrong(error, control->path, "the path is too long: at most 107 bytes");
  g_autofree char *dir = g_path_get_dirname(control->path);
  if (g_mkdir_with_parents(dir, 0750) < 0) return wrong(error, control->path, g_strerror(errno));
  if (!clear_path(&addr, error)) return FALSE;
  control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* Nobody can connect before listen(): the mode is right by then. */
  if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&addr, sizeof addr) < 0 ||
      chmod(control->path, 0660) < 0 || listen(control->fd, MAX_CONNECTIONS) < 0 ||
      lstat(control->path, &st) < 0)
    return wrong(error, control->path, g_strerror(errno));
  control->inode = st.st_ino;
  return TRUE;
}

gw_control *gw_control_new(GMainContext *ctx, const char *socket_path, gw_control_env *env,
                           GError **error) {
  GW_ON_CONTROL();
  g_autoptr(gw_control) control = g_new0(gw_control, 1);
  control->ctx = g_main_context_ref(ctx ? ctx : g_main_context_default());
  control->env = env;
  control->path = g_strdup(socket_path);
  control->fd = -1;
  control->connections = g_ptr_array_new_with_free_func(connection_free);
  control->pause = gw_timer_new(ctx, on_pause_over, control);
  if (!open_socket(control, error)) return NULL;
  listen_on(control);
  gw_info(NULL, "control-listening", "socket=%s", socket_path);
  return g_steal_pointer(&control);
}

void gw_control_free(gw_control *control) {
  struct stat st;
  if (!control) return;
  source_drop(&control->source);
  gw_timer_free(control->pause);
  g_ptr_array_unref(control->connections);
  if (control->fd >= 0) close(control->fd);
  if (control->inode && lstat(control->path, &st) == 0 && st.st_ino == control->inode)
    unlink(control->path);
  g_main_context_unref(control->ctx);
  g_free(control->path);
  g_free(control);
}
