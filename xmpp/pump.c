#include "xmpp/pump.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h> /* the C library's own tcp_info ends before tcpi_bytes_acked */
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <strophe.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "xmpp/xml.h"

#define ROUNDS 4 /* one read takes 4 KiB; a TLS record of 16 KiB hides its rest from poll() */
#define TICK GW_MS(500) /* the library's own timers */
#define REST GW_SEC(2)  /* the same when nothing has come or gone for RESTING ticks: they only watch over connections that set up */
#define RESTING 10

typedef struct {
  GSource base;
  gw_pump *pump;
} source;
typedef struct {
  void (*fn)(void *);
  void *data;
} job;
struct gw_pump {
  guint refs;
  source *source;
  GPtrArray *links; /* gw_pump_link; NULL where one left while we were running */
  GArray *spares;   /* int */
  guint wanted;     /* spares that there should be */
  gboolean dirty, running, stop;
  gint64 tick_at;
  guint resting; /* ticks since anything came or went */
  GArray *outside; /* job */
};
static gw_pump *the_pump;

/* --- spare descriptors */

static void refill(gw_pump *p) {
  while (p->spares->len < p->wanted) {
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fd < FD_SETSIZE) {
      g_array_append_val(p->spares, fd);
      continue;
    }
    if (fd >= 0) close(fd);
    break;
  }
}

void gw_pump_reserve(gw_pump *p, guint n) {
  p->wanted += n;
  refill(p);
  if (p->spares->len < p->wanted)
    gw_warn(NULL, "xmpp-descriptors-short", "kept=%u wanted=%u", p->spares->len, p->wanted);
}

void gw_pump_spend(gw_pump *p) {
  if (!p->spares->len) return;
  close(g_array_index(p->spares, int, 0));
  g_array_remove_index(p->spares, 0);
}

void gw_pump_regain(gw_pump *p) {
  refill(p);
}

/* --- which descriptors want what */

static guint64 sent_so_far(int fd) {
  struct tcp_info info;
  socklen_t n = sizeof info;
  int queued = 0;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n)) return 0;
  if (ioctl(fd, SIOCOUTQ, &queued)) queued = 0;
  return info.tcpi_bytes_acked + (guint64)queued;
}

static gboolean writable(int fd) {
  struct pollfd pf = {.fd = fd, .events = POLLOUT};
  return poll(&pf, 1, 0) == 1 && (pf.revents & POLLOUT);
}

static void want(gw_pump_link *l, gboolean out) {
  l->out = out;
  if (l->tag)
    g_source_modify_unix_fd((GSource *)l->pump->source, l->tag,
                            G_IO_IN | G_IO_HUP | G_IO_ERR | (out ? G_IO_OUT : 0));
}

gboolean gw_pump_watch(gw_pump *p, gw_pump_link *l, int fd) {
  gw_pump_unwatch(l);
  if (fd >= FD_SETSIZE) return FALSE;
  l->pump = p;
  l->fd = fd;
  l->tag = g_source_add_unix_fd((GSource *)p->source, fd, G_IO_IN | G_IO_OUT | G_IO_HUP | G_IO_ERR);
  l->out = TRUE;
  g_ptr_array_add(p->links, l);
  return TRUE;
}

void gw_pump_unwatch(gw_pump_link *l) {
  guint i;
  if (!l->tag) return;
  g_source_remove_unix_fd((GSource *)l->pump->source, l->tag);
  l->tag = NULL;
  if (!g_ptr_array_find(l->pump->links, l, &i)) return;
  if (l->pump->running)
    l->pump->links->pdata[i] = NULL;
  else
    g_ptr_array_remove_index(l->pump->links, i);
}

void gw_pump_wake(gw_pump_link *l) {
  if (!l->tag) return;
  l->pump->dirty = TRUE;
  want(l, TRUE);
}

void gw_pump_stop_early(gw_pump *p) {
  p->stop = TRUE;
}

/* --- one round */

static void before(gw_pump *p) {
  for (guint i = 0; i < p->links->len; i++) {
    gw_pump_link *l = p->links->pdata[i];
    l->writable_before = writable(l->fd);
    l->sent_before = sent_so_far(l->fd);
  }
}

/* Nothing is pending when the socket could take more and got nothing. The library's own count of
 * its queue leaves out the half-written head, and a weaker rule than this leaves long stanzas lying
 * until the next tick. */
static void after(gw_pump *p) {
  int on = 1;
  for (guint i = p->links->len; i-- > 0;) {
    gw_pump_link *l = p->links->pdata[i];
    if (!l) {
      g_ptr_array_remove_index(p->links, i);
      continue;
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on); /* does not stay set */
    if (l->writable_before && sent_so_far(l->fd) == l->sent_before) want(l, FALSE);
  }
}

static void run_outside(gw_pump *p) {
  while (p->outside->len) {
    job j = g_array_index(p->outside, job, 0);
    g_array_remove_index(p->outside, 0);
    j.fn(j.data);
  }
}

void gw_pump_outside(gw_pump *p, void (*fn)(void *), void *data) {
  job j = {fn, data};
  if (p->running)
    g_array_append_val(p->outside, j);
  else
    fn(data);
}

/* Whether there was any reason for this round but the time. */
static gboolean has_work(gw_pump *p) {
  gboolean work = p->dirty;
  for (guint i = 0; i < p->links->len && !work; i++) {
    const gw_pump_link *l = p->links->pdata[i];
    work = l->out || g_source_query_unix_fd((GSource *)p->source, l->tag);
  }
  return work;
}

static void run(gw_pump *p) {
  p->resting = has_work(p) ? 0 : p->resting + 1;
  p->refs++; /* callbacks may drop the last other reference */
  p->dirty = p->stop = FALSE;
  p->tick_at = gw_now_us() + (p->resting < RESTING ? TICK : REST);
  before(p);
  p->running = TRUE;
  for (guint i = 0; i < ROUNDS && !p->stop; i++)
    xmpp_run_once(gw_xml_ctx(), 0);
  p->running = FALSE;
  after(p);
  run_outside(p);
  gw_pump_unref(p);
}

static gboolean prepare(GSource *s, int *timeout) {
  gw_pump *p = ((source *)s)->pump;
  gint64 left = p->tick_at - gw_now_us();
  *timeout = left > 0 ? (int)(left / 1000) + 1 : 0;
  return p->dirty || left <= 0;
}

static gboolean check(GSource *s) {
  gw_pump *p = ((source *)s)->pump;
  for (guint i = 0; i < p->links->len; i++)
    if (g_source_query_unix_fd(s, ((gw_pump_link *)p->links->pdata[i])->tag)) return TRUE;
  return p->dirty || gw_now_us() >= p->tick_at;
}

static gboolean dispatch(GSource *s, GSourceFunc fn, void *user) {
  run(((source *)s)->pump);
  return G_SOURCE_CONTINUE;
}

gw_pump *gw_pump_ref(GMainContext *ctx) {
  static GSourceFuncs funcs = {prepare, check, dispatch, NULL, NULL, NULL};
  if (the_pump) {
    the_pump->refs++;
    return the_pump;
  }
  gw_pump *p = the_pump = g_new0(gw_pump, 1);
  p->refs = 1;
  p->links = g_ptr_array_new();
  p->spares = g_array_new(FALSE, FALSE, sizeof(int));
  p->outside = g_array_new(FALSE, FALSE, sizeof(job));
  p->source = (source *)g_source_new(&funcs, sizeof(source));
  p->source->pump = p;
  g_source_set_name((GSource *)p->source, "xmpp");
  g_source_attach((GSource *)p->source, ctx);
  return p;
}

void gw_pump_unref(gw_pump *p) {
  if (!p || --p->refs) return;
  the_pump = NULL;
  g_source_destroy((GSource *)p->source);
  g_source_unref((GSource *)p->source);
  while (p->spares->len)
    gw_pump_spend(p);
  g_array_unref(p->spares);
  g_array_unref(p->outside);
  g_ptr_array_unref(p->links);
  g_free(p);
}
