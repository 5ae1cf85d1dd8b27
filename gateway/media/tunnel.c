#include "gateway/media/tunnel.h"
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"

#define PATIENCE_MS 10000 /* from being knocked at until hands are shaken with the server */
#define ALIVE_S 60        /* a server that says nothing is asked whether it is there */
#define BACKLOG 16
#define PAUSE_S 1 /* in which nobody is let in, when there is no room for one more */
#define GOODBYE_TURNS 1000

typedef struct {
  struct gw_tunnels *t;
  guint refs; /* the thread's: being listened for, and each connection */
  char *host, *name;
  guint16 port;
  GSocket *listener;
  GSource *source;  /* the thread's: who knocks, or a pause */
  gboolean failing; /* told once, until it works again */
} target;

struct gw_tunnels {
  pthread_t thread;
  gboolean running;
  GMainContext *ctx;
  GMainLoop *loop;
  gw_queue *news; /* order, from control */
  GSource *news_source;
  GTlsDatabase *authorities; /* or NULL: the system's */
  GHashTable *doors;         /* control's: server -> door */
  GPtrArray *targets;        /* the thread's: target */
  GPtrArray *pipes;          /* the thread's: connections under way */
  guint patience_ms;
};

typedef struct {
  gw_msg msg;
  target *target; /* NULL: the end */
  gboolean close; /* it leads nowhere any more; what goes through goes on */
} order;

typedef struct {
  target *target; /* the thread's: only to name it in orders */
  guint16 port;
  gboolean wanted;
} door;

static void order_free(gw_msg *m) {
  g_free(m);
}

/* --- on the thread: one connection --- */

typedef struct {
  target *to;
  GIOStream *near, *far;
  GCancellable *stop;
  GSource
      *late; /* until hands are shaken: nobody listens to near before, so nothing else ends it */
} pipe_;

static void told(target *to, const char *why) {
  if (!why && to->failing) gw_info(NULL, "turn-tls-works", "server=%s:%u", to->name, to->port);
  if (why && !to->failing)
    gw_warn(NULL, "turn-tls-failed", "server=%s:%u why=%s mend=%s", to->name, to->port, why,
            "look at the server's certificate and port; media.turn_ca names who has signed it");
  to->failing = why != NULL;
}

static void stop_listening(target *to) {
  if (!to->source) return;
  g_source_destroy(to->source);
  g_clear_pointer(&to->source, g_source_unref);
  g_socket_close(to->listener, NULL);
}

static void target_unref(void *data) {
  target *to = data;
  if (--to->refs) return;
  stop_listening(to);
  g_object_unref(to->listener);
  g_free(to->host);
  g_free(to->name);
  g_free(to);
}

static void in_time(pipe_ *p) {
  if (p->late) g_source_destroy(p->late);
  g_clear_pointer(&p->late, g_source_unref);
}

static void pipe_end(pipe_ *p) {
  g_ptr_array_remove_fast(p->to->t->pipes, p);
  target_unref(p->to);
  in_time(p);
  g_object_unref(p->stop);
  g_clear_object(&p->near);
  g_clear_object(&p->far);
  g_free(p);
}

static void on_carried(GObject *near, GAsyncResult *result, gpointer user) {
  g_io_stream_splice_finish(result, NULL); /* either side may just go */
  pipe_end(user);
}

static gboolean on_late(gpointer user) {
  pipe_ *p = user;
  told(p->to, "it does not answer in time");
  in_time(p);
  g_cancellable_cancel(p->stop);
  return G_SOURCE_REMOVE;
}

static void on_hands_shaken(GObject *tls, GAsyncResult *result, gpointer user) {
  pipe_ *p = user;
  g_autoptr(GError) error = NULL;
  gboolean ok = g_tls_connection_handshake_finish(G_TLS_CONNECTION(tls), result, &error);
  if (ok || !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    told(p->to, ok ? NULL : error->message);
  if (!ok) {
    pipe_end(p);
    return;
  }
  in_time(p);
  g_io_stream_splice_async(p->near, p->far,
                           G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2,
                           G_PRIORITY_DEFAULT, p->stop, on_carried, p);
}

static void no_delay(GSocketConnection *c) {
  g_socket_set_option(g_socket_connection_get_socket(c), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
}

/* A server that is gone without a word must not keep its connection. */
static void stay_alive(GSocketConnection *c) {
  GSocket *s = g_socket_connection_get_socket(c);
  g_socket_set_keepalive(s, TRUE);
  g_socket_set_option(s, IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_S, NULL);
}

static void on_connected(GObject *client, GAsyncResult *result, gpointer user) {
  pipe_ *p = user;
  gw_tunnels *t = p->to->t;
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketConnection) c =
      g_socket_client_connect_finish(G_SOCKET_CLIENT(client), result, &error);
  g_autoptr(GSocketConnectable) name = g_network_address_new(p->to->name, p->to->port);
  if (c) {
    no_delay(c);
    stay_alive(c);
    p->far = g_tls_client_connection_new(G_IO_STREAM(c), name, &error);
  }
  if (!p->far) {
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) told(p->to, error->message);
    pipe_end(p);
    return;
  }
  if (t->authorities) g_tls_connection_set_database(G_TLS_CONNECTION(p->far), t->authorities);
  g_tls_connection_handshake_async(G_TLS_CONNECTION(p->far), G_PRIORITY_DEFAULT, p->stop,
                                   on_hands_shaken, p);
}

static void carry(target *to, GSocket *taken) {
  gw_tunnels *t = to->t;
  g_autoptr(GSocket) s = taken;
  if (t->pipes->len >= GW_MAX_TUNNEL_CONNECTIONS) {
    told(to, "too many connections at once");
    return;
  }
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_autoptr(GSocketAddress) at = g_inet_socket_address_new_from_string(to->host, to->port);
  GSocketConnection *near = g_socket_connection_factory_create_connection(s);
  pipe_ *p = g_new0(pipe_, 1);
  p->to = to;
  to->refs++;
  p->near = G_IO_STREAM(near);
  p->stop = g_cancellable_new();
  p->late = g_timeout_source_new(t->patience_ms);
  g_source_set_callback(p->late, on_late, p, NULL);
  g_source_attach(p->late, t->ctx);
  g_ptr_array_add(t->pipes, p);
  no_delay(near);
  g_socket_client_set_enable_proxy(client, FALSE);
  g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(at), p->stop, on_connected, p);
}

static void begin_listening(target *to);

static gboolean on_pause_over(gpointer user) {
  begin_listening(user);
  return G_SOURCE_REMOVE;
}

static void attend(target *to, GSource *source, GSourceFunc fn) {
  if (to->source) g_source_destroy(to->source);
  g_clear_pointer(&to->source, g_source_unref);
  to->source = source;
  g_source_set_callback(source, fn, to, NULL);
  g_source_attach(source, to->t->ctx);
}

/* Whoever knocks and cannot be let in (no descriptors are left) knocks on: without a pause that is all that happens here. */
static gboolean on_knock(GSocket *listener, GIOCondition why, gpointer user) {
  target *to = user;
  g_autoptr(GError) error = NULL;
  GSocket *s = g_socket_accept(listener, NULL, &error);
  if (s) carry(to, s);
  if (s || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) return G_SOURCE_CONTINUE;
  told(to, error->message);
  attend(to, g_timeout_source_new_seconds(PAUSE_S), on_pause_over);
  return G_SOURCE_REMOVE;
}

static void begin_listening(target *to) {
  attend(to, g_socket_create_source(to->listener, G_IO_IN, NULL), G_SOURCE_FUNC(on_knock));
}

static void on_order(gw_msg *m, void *user) {
  gw_tunnels *t = user;
  const order o = *(order *)m;
  target *to = o.target;
  order_free(m);
  if (!to) {
    g_main_loop_quit(t->loop);
    return;
  }
  if (o.close) {
    stop_listening(to);
    g_ptr_array_remove(t->targets, to);
    return;
  }
  g_ptr_array_add(t->targets, to);
  begin_listening(to);
}

static void *run(void *user) {
  gw_tunnels *t = user;
  pthread_setname_np(pthread_self(), "turn-tls");
  g_main_context_push_thread_default(t->ctx);
  g_main_loop_run(t->loop);
  for (guint i = 0; i < t->pipes->len; i++)
    g_cancellable_cancel(((pipe_ *)t->pipes->pdata[i])->stop);
  for (guint i = 0; t->pipes->len && i < GOODBYE_TURNS; i++)
    if (!g_main_context_iteration(t->ctx, FALSE)) g_usleep(1000);
  g_main_context_pop_thread_default(t->ctx);
  return NULL;
}

/* --- on control --- */

static gboolean start(gw_tunnels *t) {
  sigset_t all, old;
  sigfillset(&all); /* signals belong to control */
  pthread_sigmask(SIG_SETMASK, &all, &old);
  t->running = pthread_create(&t->thread, NULL, run, t) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return t->running;
}

gw_tunnels *gw_tunnels_new(const char *ca_file, GError **error) {
  g_autoptr(gw_tunnels) t = g_new0(gw_tunnels, 1);
  t->ctx = g_main_context_new();
  t->loop = g_main_loop_new(t->ctx, FALSE);
  t->news = gw_queue_new(2 * GW_MAX_TUNNELS, order_free);
  t->news_source = gw_queue_attach(t->news, t->ctx, on_order, t);
  t->doors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  t->targets = g_ptr_array_new_with_free_func(target_unref);
  t->pipes = g_ptr_array_new();
  t->patience_ms = PATIENCE_MS;
  if (ca_file && *ca_file && !(t->authorities = g_tls_file_database_new(ca_file, error)))
    return NULL;
  return g_steal_pointer(&t);
}

void gw_tunnels_set_patience(gw_tunnels *t, guint ms) {
  t->patience_ms = ms;
}

void gw_tunnels_free(gw_tunnels *t) {
  if (!t) return;
  if (t->running) {
    order *end = g_new0(order, 1);
    gw_queue_push_always(t->news, &end->msg);
    pthread_join(t->thread, NULL);
  }
  g_source_destroy(t->news_source);
  g_source_unref(t->news_source);
  gw_queue_free(t->news);
  g_ptr_array_unref(t->targets);
  g_hash_table_unref(t->doors);
  g_main_loop_unref(t->loop);
  g_main_context_unref(t->ctx);
  g_clear_object(&t->authorities);
  g_ptr_array_unref(t->pipes);
  g_free(t);
}

static GSocket *listen_at(const char *address, guint16 *ret_port) {
  g_autoptr(GSocketAddress) at = g_inet_socket_address_new_from_string(address, 0);
  g_autoptr(GSocket) s = g_socket_new(g_socket_address_get_family(at), G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL);
  if (!s) return NULL;
  g_socket_set_blocking(s, FALSE);
  g_socket_set_listen_backlog(s, BACKLOG);
  if (!g_socket_bind(s, at, FALSE, NULL) || !g_socket_listen(s, NULL)) return NULL;
  g_autoptr(GSocketAddress) own = g_socket_get_local_address(s, NULL);
  if (!own) return NULL;
  *ret_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own));
  return g_steal_pointer(&s);
}

static void tell(gw_tunnels *t, target *to, gboolean close) {
  order *o = g_new0(order, 1);
  o->target = to;
  o->close = close;
  gw_queue_push_always(t->news, &o->msg);
}

static door *add(gw_tunnels *t, const char *host, guint16 port, const char *name,
                 const char *address) {
  guint16 local = 0;
  GSocket *s = listen_at(address, &local);
  if (!s) return NULL;
  target *to = g_new0(target, 1);
  *to = (target){.t = t,
                 .refs = 1,
                 .host = g_strdup(host),
                 .name = g_strdup(name),
                 .port = port,
                 .listener = s};
  door *d = g_new0(door, 1);
  *d = (door){.target = to, .port = local};
  tell(t, to, FALSE);
  return d;
}

guint16 gw_tunnels_to(gw_tunnels *t, const char *host, guint16 port, const char *name,
                      const char **ret_address) {
  g_autofree char *key = g_strdup_printf("%s|%u|%s", host, port, name);
  door *d = g_hash_table_lookup(t->doors, key);
  *ret_address = strchr(host, ':') ? "::1" : "127.0.0.1";
  if (!d && g_hash_table_size(t->doors) < GW_MAX_TUNNELS && (t->running || start(t))) {
    d = add(t, host, port, name, *ret_address);
    if (d) g_hash_table_insert(t->doors, g_steal_pointer(&key), d);
  }
  if (!d)
    gw_warn(NULL, "turn-tls-failed", "server=%s:%u why=%s", name, port, "no port for it here");
  if (d) d->wanted = TRUE;
  return d ? d->port : 0;
}

void gw_tunnels_sweep(gw_tunnels *t) {
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, t->doors);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    door *d = value;
    if (!d->wanted) {
      tell(t, d->target, TRUE);
      g_hash_table_iter_remove(&it);
      continue;
    }
    d->wanted = FALSE;
  }
}
