#include "base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/timer.h"

struct gw_child {
  GMainContext *ctx;
  GPid pid;
  int out;
  gsize max_output;
  GByteArray *heard;
  GSource *reads, *ends; /* NULL: has come to its end */
  gboolean failed;
  gw_timer *limit;
  gw_child_fn done;
  void *user;
};

static void drop_source(GSource **source) {
  if (!*source) return;
  g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void bury(GPid pid, gint status, gpointer user) {}

/* Killed while nobody was told of its end, so the number is still its own; it is reaped when it has died. */
static void slay(gw_child *c) {
  if (!c->ends) return;
  kill(c->pid, SIGKILL);
  drop_source(&c->ends);
  g_autoptr(GSource) grave = g_child_watch_source_new(c->pid);
  g_source_set_callback(grave, G_SOURCE_FUNC(bury), NULL, NULL);
  g_source_attach(grave, c->ctx);
}

/* The last thing done: the owner may free us in it. */
static void finish(gw_child *c, const char *why) {
  slay(c);
  drop_source(&c->reads);
  gw_timer_set(c->limit, GW_NEVER);
  c->done(c->heard->data, c->heard->len, why, c->user);
}

static void on_ended(GPid pid, gint status, gpointer user) {
  gw_child *c = user;
  drop_source(&c->ends);
  c->failed = !g_spawn_check_wait_status(status, NULL);
  if (!c->reads) finish(c, c->failed ? "it failed" : NULL);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user) {
  gw_child *c = user;
  guint8 buf[16384];
  gssize n = read(fd, buf, sizeof buf);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return G_SOURCE_CONTINUE;
  if (n > 0 && c->heard->len + (gsize)n > c->max_output) {
    finish(c, "it says too much");
    return G_SOURCE_REMOVE;
  }
  if (n > 0) {
    g_byte_array_append(c->heard, buf, (guint)n);
    return G_SOURCE_CONTINUE;
  }
  drop_source(&c->reads);
  if (!c->ends) finish(c, c->failed ? "it failed" : NULL);
  return G_SOURCE_REMOVE;
}

static void on_limit(void *user) {
  finish(user, "it takes too long");
}

/* A file without a name: unlike a pipe it can be written to the end whatever the program does. -1: errno. */
static int file_of(const char *text) {
  gsize n = strlen(text);
  int fd = memfd_create("input", MFD_CLOEXEC);
  if (fd >= 0 && write(fd, text, n) == (gssize)n && lseek(fd, 0, SEEK_SET) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static gboolean launch(gw_child *c, const gw_child_params *p, GError **error) {
  int in = file_of(p->input ? p->input : "");
  if (in < 0) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no file for its input: %s",
                g_strerror(errno));
    return FALSE;
  }
  gboolean ok = g_spawn_async_with_pipes_and_fds(
      "/", p->argv, p->env, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, in,
      -1, -1, NULL, NULL, 0, &c->pid, NULL, &c->out, NULL, error);
  close(in);
  if (ok) fcntl(c->out, F_SETFL, O_NONBLOCK);
  return ok;
}

static GSource *watch(gw_child *c, GSource *source, GSourceFunc fn) {
  g_source_set_callback(source, fn, c, NULL);
  g_source_attach(source, c->ctx);
  return source;
}

gw_child *gw_child_new(GMainContext *ctx, const gw_child_params *p, gw_child_fn done, void *user,
                       GError **error) {
  g_autoptr(gw_child) c = g_new0(gw_child, 1);
  c->ctx = ctx;
  c->out = -1;
  c->max_output = p->max_output;
  c->done = done;
  c->user = user;
  c->heard = g_byte_array_new();
  c->limit = gw_timer_new(ctx, on_limit, c);
  if (!launch(c, p, error)) return NULL;
  c->reads = watch(c, g_unix_fd_source_new(c->out, G_IO_IN | G_IO_HUP), G_SOURCE_FUNC(on_readable));
  c->ends = watch(c, g_child_watch_source_new(c->pid), G_SOURCE_FUNC(on_ended));
  gw_timer_set(c->limit, gw_now_us() + p->limit_us);
  return g_steal_pointer(&c);
}

void gw_child_free(gw_child *c) {
  if (!c) return;
  slay(c);
  drop_source(&c->reads);
  if (c->out >= 0) close(c->out);
  gw_timer_free(c->limit);
  g_byte_array_unref(c->heard);
  g_free(c);
}
