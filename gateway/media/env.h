/* env.h - what rooms, legs and peers see of the worker they live on, and the engine's immutable
 * things. Thread: gw_engine: made and freed on control, read by all; gw_env: its worker only.
 * Owner: media.c the engine, worker.c its env.  Calls back: a watch's ready, from the tick. */
#ifndef GW_ENV_H
#define GW_ENV_H
#include "base/ids.h"
#include "base/queue.h"
#include "gateway/media/estate.h"
#include "gateway/media/dtls.h"
#include "gateway/media/media.h"
#include "gateway/media/prompts.h"

#define GW_TICK_US 20000
#define GW_TICKS_PER_SEC 50
#define GW_RX_BYTES 2048 /* more than GW_MAX_DATAGRAM, so that too long ones are seen */

typedef struct {
  guint16 port_min, port_max;
  gint64 rtp_timeout_us;
  gboolean even_levels;   /* voices are brought to one level */
  char *public_address;   /* or NULL */
  char **local_addresses; /* or NULL: look at the interfaces */
  gw_prompts *prompts;
  gw_identity *identity; /* our DTLS certificate */
  gw_queue *events;      /* to control */
} gw_engine;

gw_identity *gw_media_identity(gw_media *); /* for tests: another choice of SRTP suites */

/* A socket that is read on the tick. Embedded in its owner. */
typedef struct gw_watch {
  int fd;
  void (*ready)(struct gw_watch *, gint64 now_us);
  guint64 tick; /* when it was last read; for gw_env_reads */
} gw_watch;

typedef struct {
  const gw_engine *engine;
  GMainContext *ctx; /* libnice's timers */
  gw_ids *ids;
  int sockets; /* epoll set of all watches */
  guint n_watches;
  guint n_turned;     /* agents with TURN servers, whose sockets are not all watched */
  GPtrArray *closing; /* agents that still say goodbye to their TURN server (ice.h) */
  guint64 tick;       /* 20 ms each, also while skipping */
  guint8 rx[GW_RX_BYTES] __attribute__((aligned(8))); /* one datagram being read */
  guint8 tx[GW_RX_BYTES] __attribute__((aligned(8))); /* one being written */
} gw_env;

void gw_env_watch(gw_env *, gw_watch *);
void gw_env_unwatch(gw_env *, gw_watch *); /* before the fd is closed */
/* How many datagrams to take: one at first, for mostly there is no more and to look in vain costs as much as to find one; the
 * worker calls ready once more in the same tick where something is left, and then it is most. */
guint gw_env_reads(const gw_env *, gw_watch *, guint most);

/* Events to control. State, description and prompt end always get through (bounded per object), the
 * others when there is room. */
void gw_env_state(gw_env *, gw_handle, gw_media_state, gw_cause);
void gw_env_desc(gw_env *, gw_handle, gw_desc *taken);
void gw_env_restarted(gw_env *, gw_handle, gw_desc *taken);
void gw_env_candidate(gw_env *, gw_handle, const gw_candidate *);
void gw_env_digit(gw_env *, gw_handle, char digit, guint ms);
void gw_env_prompt_end(gw_env *, gw_handle);
void gw_env_handed_over(gw_env *, gw_handle heir, gw_estate *taken_or_null);

#endif
