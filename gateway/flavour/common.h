/* common.h - what every flavour has and does, whatever its protocol: what it says while the stream is away, which state it
 * tells, how events find their peer, a stop that comes twice. A flavour is this head, a table, and its own rules.
 * Private to flavour/.
 * Thread: any (pure).  Owner: the flavour.  Calls back: the functions of the table, from gw_fl_step. */
#ifndef GW_FL_COMMON_H
#define GW_FL_COMMON_H
#include "gateway/flavour/flavour.h"

#define GW_FL_MAX_HELD (2 * GW_MAX_SESSIONS_PER_SEAT) /* words kept for the time when the stream is back */

#define GW_FL_COMMON                                                                                                   \
  char *own_nick, *own_jid;                                                                                            \
  gw_ids *ids;                                                                                                         \
  guint last_peer;                                                                                                     \
  gboolean frozen;      /* the stream is away */                                                                       \
  gint64 frozen_at, settle_at; /* settle_at: who has not come back by then has gone; GW_NEVER */                       \
  GPtrArray *held;      /* gw_word: said once the stream is up again */                                                \
  gboolean muted, stop_told;                                                                                           \
  int told;             /* gw_fl_call_state last told, -1 none */                                                      \
  guint64 ignored;      /* words that meant nothing to us */                                                           \
  gint64 now;           /* these two: of the step that runs */                                                         \
  gw_actions *out;

/* The same members by both ways: the flavour's struct begins with `union { gw_fl_common common; struct { GW_FL_COMMON }; }`,
 * so that its own files write f->now, and these functions take &f->common. */
typedef struct {
  GW_FL_COMMON
} gw_fl_common;

/* What gw_fl_step calls; `peer` is whatever `find` gave. NULL where a flavour has nothing to do: then the event is passed over. */
typedef struct {
  void (*start)(gw_flavour *);
  void (*stop)(gw_flavour *, gw_cause);                   /* not through yet; may come again */
  void (*occupant)(gw_flavour *, const gw_fl_occupant *);
  void (*word)(gw_flavour *, const gw_word *);
  void (*down)(gw_flavour *);                             /* the stream; `frozen` is set already */
  void (*up)(gw_flavour *, gint64 away_us);               /* `frozen` is still set: gw_fl_say_held, gw_fl_shift */
  void (*sfu)(gw_flavour *, const gw_fl_sfu *, gw_cause);
  void (*muted)(gw_flavour *);                            /* f->muted has changed: whoever is to know is told */
  void (*held)(gw_flavour *, gboolean on);                /* our phone is on hold */
  void (*ringing)(gw_flavour *);                          /* our phone rings */
  void (*device)(gw_flavour *, const char *jid);
  void *(*find)(const gw_flavour *, guint peer);          /* NULL: closed meanwhile, so the event is too late */
  void (*state)(gw_flavour *, void *peer, gw_fl_peer_state, gw_cause);
  void (*local)(gw_flavour *, void *peer, const gw_desc *);
  void (*candidate)(gw_flavour *, void *peer, const gw_candidate *);
  void (*due)(gw_flavour *);                              /* after each event: what time and event have brought about */
  gboolean (*done)(const gw_flavour *);                   /* ENDED has been told */
  /* What the call looks like now; FALSE: not to be told (not begun, or leaving). */
  gboolean (*look)(const gw_flavour *, gboolean *ret_up, gboolean *ret_busy);
} gw_fl_table;

void gw_fl_common_init(gw_fl_common *, const gw_flavour_params *);
void gw_fl_common_clear(gw_fl_common *);
/* The whole of a flavour's step: f begins with a gw_fl_common. */
void gw_fl_step(gw_flavour *, const gw_fl_table *, const gw_ev *, gint64 now_us, gw_actions *ret);

void gw_fl_say(gw_fl_common *, gw_word *taken);           /* now, or once the stream is back */
void gw_fl_say_held(gw_fl_common *, gboolean (*wanted)(const gw_word *) /* NULL: all */); /* the stream is no longer away */
void gw_fl_note(gw_fl_common *, gboolean *once, const char *text);
void gw_fl_tell(gw_fl_common *, gw_fl_call_state, gw_cause, const char *text_or_null); /* only what is new */
void gw_fl_shift(gint64 *t, gint64 by);                   /* a waiting time that stood still; GW_NEVER stays */

#endif
