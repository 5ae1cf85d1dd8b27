/* jmuci_sfu.h - inside of the flavour for JMUCI calls through a forwarding service (docs/jmuci.md 6): its state, shared by
 * jmuci_sfu.c (dispatch, the service's news), jmuci_sfu_call.c (which call, when in, when out) and jmuci_sfu_leg.c (one
 * stream). Who takes part is said in the room, as in the mesh; the streams are asked for at the service.
 * Thread: any (pure).  Owner: the flavour owns all.  Calls back: never. */
#ifndef GW_JMUCI_SFU_H
#define GW_JMUCI_SFU_H
#include "gateway/flavour/common.h"
#include "gateway/flavour/jmuci_ledger_priv.h"

/* JSXC misses for good the accept of somebody that comes between its own and its echo: who is at the service already and
 * has not accepted is let go first, for so long. */
#define GW_SFUFL_HOLD_MAX GW_SEC(3)
#define GW_SFUFL_UNJOINED GW_SEC(3)    /* a stream asked for before its owner has joined stays silent for good */
#define GW_SFUFL_LOCAL GW_SEC(10)      /* a transport that never gets ready */
#define GW_SFUFL_NO_RTP GW_SEC(10)     /* connected, but nothing comes: nobody is there */
#define GW_SFUFL_UNANSWERED GW_SEC(60) /* own proposal; also the least time between two */
#define GW_SFUFL_ALONE GW_SEC(2)       /* the last one may only have left to join afresh */
#define GW_SFUFL_BACK GW_SEC(30)       /* after a stream loss others come back later than we do */
#define GW_SFUFL_FRESH GW_SEC(10)      /* between two fresh starts at the service */
#define GW_SFUFL_STARTS 3              /* fresh starts in one call without being heard */

typedef enum {
  GW_LEG_WANTED,        /* due: asked for then, or as soon as its owner has joined */
  GW_LEG_OPENING,       /* PEER_OPEN, no local description yet */
  GW_LEG_ASKED,
  GW_LEG_ACTIVE,        /* answered */
  GW_LEG_LOST           /* refused, failed: a stream can be asked for once */
} gw_sfu_leg_state;

/* One stream: ours out (publish), or one participant's in. */
typedef struct {
  char *nick;
  gboolean publish;
  gw_sfu_leg_state state;
  gint64 due;           /* GW_NEVER */
  guint peer;           /* 0 none */
  gboolean up, rtp, quiet;
  char *ufrag, *pwd;    /* of the answer */
  GArray *local;        /* gw_candidate before we could say them */
  GPtrArray *remote;    /* gw_desc: their candidates before the answer */
} gw_sfu_leg;

typedef enum { GW_SFUFL_NEW, GW_SFUFL_WAITING, GW_SFUFL_ENTERING /* join and publish */, GW_SFUFL_HOLDING /* the accept */,
               GW_SFUFL_ACCEPTING, GW_SFUFL_PROPOSING, GW_SFUFL_IN, GW_SFUFL_DONE } gw_sfufl_phase;

struct gw_flavour {
  union { gw_fl_common common; struct { GW_FL_COMMON }; };
  char *answer_id;
  gboolean propose_when_idle, patient;
  gw_ledger *ledger;
  gw_sfufl_phase phase;
  GPtrArray *legs;      /* gw_sfu_leg */
  /* the call we are in or on the way to */
  char *call_id;
  gboolean proposer, answered, rtp, connected, buried;
  gint64 hold_until, said_at, idle_since;
  /* the service */
  gboolean joined, published;
  GHashTable *there;    /* nicks that have joined, ours not */
  guint starts;
  gint64 started_at;
  /* proposing */
  gboolean armed;
  gint64 proposed_at;   /* last time; GW_NEVER none */
  GPtrArray *left;      /* char*: ids that we are through with */
};

/* --- jmuci_sfu.c */
void gw_sfufl_say(gw_flavour *, gw_jmuci_action);
gw_action *gw_sfufl_ask(gw_flavour *, gw_fl_sfu_ask, const char *nick_or_null);
gw_ledger_call *gw_sfufl_call(const gw_flavour *);
gboolean gw_sfufl_is_other(const gw_flavour *, const char *nick); /* in the room, and no phone of ours */
gboolean gw_sfufl_still_heard(const char *nick, const void *flavour);

/* --- jmuci_sfu_leg.c */
void gw_sfu_leg_free(gpointer leg);
gw_sfu_leg *gw_sfu_leg_of(const gw_flavour *, const char *nick);
gw_sfu_leg *gw_sfu_leg_by_peer(const gw_flavour *, guint peer);
void gw_sfu_leg_publish(gw_flavour *);
void gw_sfu_leg_want(gw_flavour *, const char *nick);       /* once; again only after gw_sfu_leg_drop */
void gw_sfu_leg_drop(gw_flavour *, gw_sfu_leg *);           /* closed and forgotten */
void gw_sfu_legs_drop_all(gw_flavour *);
void gw_sfu_leg_local(gw_flavour *, gw_sfu_leg *, const gw_desc *);
void gw_sfu_leg_candidate(gw_flavour *, gw_sfu_leg *, const gw_candidate *);
gboolean gw_sfu_leg_answer(gw_flavour *, gw_sfu_leg *, const gw_desc *or_null); /* FALSE: no use, LOST */
void gw_sfu_leg_remote(gw_flavour *, gw_sfu_leg *, const gw_desc *);
void gw_sfu_leg_lose(gw_flavour *, gw_sfu_leg *);           /* closed, not asked for again */
void gw_sfu_leg_there(gw_flavour *, gw_sfu_leg *);          /* its owner has joined */
void gw_sfu_leg_due(gw_flavour *, gw_sfu_leg *);
gboolean gw_sfu_leg_busy(const gw_sfu_leg *);

/* --- jmuci_sfu_call.c */
void gw_sfufl_word(gw_flavour *, const gw_word *);
void gw_sfufl_occupant(gw_flavour *, const gw_fl_occupant *);
void gw_sfufl_gone(gw_flavour *, const char *nick);         /* out of the room for good */
void gw_sfufl_silent(gw_flavour *, const char *nick);       /* takes part no more, as his stream shows */
void gw_sfufl_speaks(gw_flavour *, const char *nick);       /* takes part after all */
void gw_sfufl_ready(gw_flavour *);                          /* published */
void gw_sfufl_catch_up(gw_flavour *);                       /* accepts may have been missed */
void gw_sfufl_decide(gw_flavour *);
void gw_sfufl_check(gw_flavour *);
gint64 gw_sfufl_deadline(const gw_flavour *);
void gw_sfufl_end(gw_flavour *, gw_cause, const char *text);
gboolean gw_sfufl_in_call(const gw_flavour *);              /* our accept or propose has been said */

#endif
