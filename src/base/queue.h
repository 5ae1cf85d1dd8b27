/* queue.h - the door between threads: a bounded queue of messages with an eventfd to wait on.
 * pthread mutex + list + eventfd: the form that ThreadSanitizer understands (GLib's own locks give false races).
 * Thread: push from any thread, pop from the one reader.  Owner: a pushed message belongs to the queue, then to the
 * reader.  Calls back: gw_queue_attach's handler, on the thread that iterates the context, until empty.
 * Messages embed gw_msg as their first member. */
#ifndef GW_QUEUE_H
#define GW_QUEUE_H
#include <glib.h>

typedef struct gw_msg { struct gw_msg *next; } gw_msg;
typedef struct gw_queue gw_queue;
gw_queue *gw_queue_new(guint max, void (*free_msg)(gw_msg *));
void gw_queue_free(gw_queue *);                     /* frees what is still queued */
gboolean gw_queue_push(gw_queue *, gw_msg *);       /* FALSE: full, message still the caller's */
void gw_queue_push_always(gw_queue *, gw_msg *);    /* for messages that free things: never refused */
gw_msg *gw_queue_pop(gw_queue *);                   /* NULL: empty */
guint gw_queue_length(gw_queue *);
int gw_queue_fd(gw_queue *);                        /* readable while not empty */
/* Source that drains the queue on ctx; handler owns each message. Destroy with g_source_destroy + unref. */
GSource *gw_queue_attach(gw_queue *, GMainContext *ctx, void (*handler)(gw_msg *, void *user), void *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_queue, gw_queue_free)

#endif
