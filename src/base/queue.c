#include "base/queue.h"
#include <glib-unix.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct gw_queue {
  pthread_mutex_t lock; /* guards head, tail, length */
  gw_msg *head, *tail;
  guint length, max;
  int fd;
  void (*free_msg)(gw_msg *);
};

gw_queue *gw_queue_new(guint max, void (*free_msg)(gw_msg *)) {
  gw_queue *q = g_new0(gw_queue, 1);
  pthread_mutex_init(&q->lock, NULL);
  q->max = max;
  q->free_msg = free_msg;
  q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (q->fd < 0) g_error("no eventfd: out of file descriptors");
  return q;
}

void gw_queue_free(gw_queue *q) {
  if (!q) return;
  for (gw_msg *m = q->head, *next; m; m = next) {
    next = m->next;
    if (q->free_msg) q->free_msg(m);
  }
  close(q->fd);
  pthread_mutex_destroy(&q->lock);
  g_free(q);
}

static gboolean push(gw_queue *q, gw_msg *m, guint max) {
  m->next = NULL;
  pthread_mutex_lock(&q->lock);
  gboolean room = q->length < max;
  gboolean wake = room && !q->length;
  if (room) {
    if (q->tail)
      q->tail->next = m;
    else
      q->head = m;
    q->tail = m;
    q->length++;
  }
  pthread_mutex_unlock(&q->lock);
  if (wake) {
    guint64 one = 1;
    gssize n G_GNUC_UNUSED =
        write(q->fd, &one, sizeof one); /* a full counter is readable all the same */
  }
  return room;
}

gboolean gw_queue_push(gw_queue *q, gw_msg *m) {
  return push(q, m, q->max);
}

void gw_queue_push_always(gw_queue *q, gw_msg *m) {
  push(q, m, G_MAXUINT);
}

gw_msg *gw_queue_pop(gw_queue *q) {
  pthread_mutex_lock(&q->lock);
  gw_msg *m = q->head;
  if (m) {
    q->head = m->next;
    if (!q->head) q->tail = NULL;
    q->length--;
  }
  if (!q->head) { /* under the lock, or a push in between would lose its wake-up */
    guint64 n;
    gssize got G_GNUC_UNUSED = read(q->fd, &n, sizeof n);
  }
  pthread_mutex_unlock(&q->lock);
  if (m) m->next = NULL;
  return m;
}

guint gw_queue_length(gw_queue *q) {
  pthread_mutex_lock(&q->lock);
  guint n = q->length;
  pthread_mutex_unlock(&q->lock);
  return n;
}

int gw_queue_fd(gw_queue *q) {
  return q->fd;
}

typedef struct {
  gw_queue *queue;
  void (*handler)(gw_msg *, void *);
  void *user;
} watch;

static gboolean drain(gint fd, GIOCondition cond, gpointer user) {
  watch *w = user;
  /* Bounded, so that a flood of messages cannot starve the other sources of this loop. */
  for (guint i = 0; i < 256; i++) {
    gw_msg *m = gw_queue_pop(w->queue);
    if (!m) break;
    w->handler(m, w->user);
    if (g_source_is_destroyed(g_main_current_source())) break;
  }
  return G_SOURCE_CONTINUE;
}

GSource *gw_queue_attach(gw_queue *q, GMainContext *ctx, void (*handler)(gw_msg *, void *),
                         void *user) {
  watch *w = g_new0(watch, 1);
  *w = (watch){q, handler, user};
  GSource *s = g_unix_fd_source_new(q->fd, G_IO_IN);
  g_source_set_callback(s, G_SOURCE_FUNC(drain), w, g_free);
  g_source_attach(s, ctx);
  return s;
}
