/* sim.h - a room full of mesh flavours and models of JSXC, with a clock of its own. Everybody sees the room's words in
 * one order, each a little later; Jingle IQs go from one to the other in their own order, shuffled against the room.
 * Thread: one.  Owner: sim_free.  Calls back: never. */
#ifndef SIM_H
#define SIM_H
#include "rig.h"

#define SIM_MAX 10

typedef enum { SIM_MESH, SIM_JSXC } sim_kind;
typedef struct sim sim;

/* JSXC as observed: a proposer serves one accepter after the other, a microphone opens with the first offer that comes. */
typedef struct {
  char *call;             /* proposed or accepted */
  GPtrArray *history;     /* char*: nicks in order */
  gboolean proposer, mic;
  GQueue waiting;         /* guint: accepters to be served */
  char *current;          /* sid of the offer that must be answered first */
  GHashTable *pending;    /* guint -> sid: own offers without an answer */
} sim_jsxc;

typedef struct {
  sim *s;
  guint i;
  sim_kind kind;
  char *nick, *jid;
  gboolean in, started, stopped, ended;
  gint64 room_up, room_down, iq[SIM_MAX]; /* when the last word on this way arrives: ways keep their order */
  gw_flavour *f;
  gw_ids *ids;
  GHashTable *peers;      /* peer -> sid */
  guint gateway;          /* same number, not 0: phones of one gateway */
  int state;
  sim_jsxc j;
} sim_party;

/* One session as both ends see it. */
typedef struct {
  guint a, b;             /* who offered, to whom */
  gboolean a_open, b_open, up, a_sends, b_sends;
} sim_link;

struct sim {
  guint32 seed;
  gboolean trace;         /* with SIM_TRACE set: everything done, as messages */
  GRand *rand;
  gint64 now;
  guint64 steps, count;
  gint64 room_delay, iq_delay;
  GSequence *queue;
  sim_party party[SIM_MAX];
  guint n;
  GHashTable *links;      /* sid -> sim_link */
};

sim *sim_new(guint32 seed, gint64 room_delay, gint64 iq_delay);
void sim_free(sim *);
sim_party *sim_mesh(sim *, gboolean idle, guint gateway);   /* sits in the room at once, START comes by sim_start */
sim_party *sim_add_jsxc(sim *);
void sim_start(sim_party *, gint64 at);
void sim_stop(sim_party *, gint64 at);
void sim_leave(sim_party *, gint64 at);                      /* out of the room, without a word */
void sim_jsxc_propose(sim_party *, gint64 at);
void sim_jsxc_hangup(sim_party *, gint64 at);
void sim_run(sim *, gint64 until);
gint64 sim_rand(sim *, gint64 from, gint64 to);
const sim_link *sim_pair(const sim *, guint i, guint k, guint *ret_open); /* the one open at both ends; how many are open at any */

/* --- between sim.c and sim_jsxc.c */
void sim_later(sim *, gint64 at, void (*run)(sim_party *, gw_word *), sim_party *, gw_word *taken_or_null);
void sim_say_room(sim_party *, gw_word *taken);
void sim_say_iq(sim_party *, gw_word *taken);
sim_link *sim_link_of(sim *, const char *sid);
void sim_connected(sim *, const char *sid);
sim_party *sim_by_jid(sim *, const char *jid);
sim_party *sim_by_nick(sim *, const char *nick);
void sim_jsxc_room(sim_party *, const gw_word *);
void sim_jsxc_iq(sim_party *, const gw_word *);
void sim_jsxc_clear(sim_party *);

#endif
