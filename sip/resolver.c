#include "sip/resolver.h"
#include <pthread.h>
#include <string.h>
#include "base/queue.h"

/* What the threads know of their resolver: it stands until the last of them has handed in its answer. */
typedef struct {
  pthread_mutex_t lock; /* guards users */
  guint users;          /* the resolver and each thread */
  gw_queue *answers;
} counter;

typedef struct {
  gw_msg msg;
  counter *counter;
  gw_dns_question question;
  char *name;
  GPtrArray *hosts;                  /* found; handed over by the queue */
  void (*done)(GPtrArray *, void *); /* these two are control's: NULL when nobody waits any more */
  void *data;
} errand;

struct gw_resolver {
  counter *counter;
  GSource *source;
  GPtrArray *out; /* errand, not owned: their threads do, then the queue */
};

static void errand_free(gw_msg *m) {
  errand *e = (errand *)m;
  g_clear_pointer(&e->hosts, g_ptr_array_unref);
  g_free(e->name);
  g_free(e);
}

static void counter_leave(counter *c) {
  pthread_mutex_lock(&c->lock);
  gboolean last = --c->users == 0;
  pthread_mutex_unlock(&c->lock);
  if (!last) return;
  gw_queue_free(c->answers);
  pthread_mutex_destroy(&c->lock);
  g_free(c);
}

static void counter_enter(counter *c) {
  pthread_mutex_lock(&c->lock);
  c->users++;
  pthread_mutex_unlock(&c->lock);
}

static gpointer run(gpointer p) {
  errand *e = p;
  counter *c = e->counter;
  e->hosts = gw_dns_find(&e->question);
  gw_queue_push_always(c->answers, &e->msg); /* from here on it is the reader's */
  counter_leave(c);
  return NULL;
}

static void answered(gw_msg *m, void *user) {
  gw_resolver *r = user;
  errand *e = (errand *)m;
  g_ptr_array_remove_fast(r->out, e);
  if (e->done) e->done(g_steal_pointer(&e->hosts), e->data);
  errand_free(m);
}

gw_resolver *gw_resolver_new(GMainContext *ctx) {
  gw_resolver *r = g_new0(gw_resolver, 1);
  r->counter = g_new0(counter, 1);
  r->counter->users = 1;
  pthread_mutex_init(&r->counter->lock, NULL);
  r->counter->answers = gw_queue_new(G_MAXUINT, errand_free);
  r->source = gw_queue_attach(r->counter->answers, ctx, answered, r);
  r->out = g_ptr_array_new();
  return r;
}

void gw_resolver_free(gw_resolver *r) {
  if (!r) return;
  g_source_destroy(r->source);
  g_source_unref(r->source);
  for (guint i = 0; i < r->out->len; i++) {
    errand *e = r->out->pdata[i];
    if (e->done) e->done(NULL, e->data);
    e->done = NULL;
  }
  g_ptr_array_unref(r->out);
  counter_leave(r->counter);
  g_free(r);
}

void gw_resolver_ask(gw_resolver *r, const gw_dns_question *question,
                     void (*done)(GPtrArray *, void *), void *data) {
  errand *e = g_new0(errand, 1);
  *e = (errand){.counter = r->counter,
                .question = *question,
                .name = g_strdup(question->name),
                .done = done,
                .data = data};
  e->question.name = e->name;
  g_ptr_array_add(r->out, e);
  counter_enter(r->counter);
  g_autoptr(GThread) thread = g_thread_try_new("names", run, e, NULL);
  if (thread) return;
  e->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)gw_dns_host_free);
  gw_queue_push_always(r->counter->answers, &e->msg);
  counter_leave(r->counter);
}
