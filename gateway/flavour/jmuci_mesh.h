/* jmuci_mesh.h - inside of the mesh flavour: its state, shared by jmuci_mesh.c (dispatch, timers), jmuci_call.c (which
 * call, when in, when out), jmuci_inbound.c (Jingle from others) and jmuci_pair.c (one session).
 * Thread: any (pure).  Owner: the flavour owns all.  Calls back: never. */
#ifndef GW_JMUCI_MESH_H
#define GW_JMUCI_MESH_H
#include "gateway/flavour/session.h"
#include "gateway/flavour/jmuci_ledger_priv.h"

/* Times of docs/jmuci.md 3. */
#define GW_MESH_ACCEPT_GAP GW_MS(1500)    /* after anybody else's accept: closer ones give mute pairs */
#define GW_MESH_HOLD_MAX GW_SEC(10)       /* but a flood of accepts keeps us out no longer */
#define GW_MESH_SILENT GW_SEC(10)         /* an earlier accepter who has not called by then is called */
#define GW_MESH_EARLY GW_SEC(5)           /* an offer that overtook its sender's accept waits so long */
#define GW_MESH_UNANSWERED GW_SEC(60)     /* own proposal; also the least time between two */
#define GW_MESH_CURE GW_SEC(1)            /* from refusing a mute offer to our own */
/* A transport that never gets ready. Long: the offer is answered as soon as it is ready and its sender waits 30 s, so to
 * give up earlier gains nothing, and an offer given up is a session lost that might have stood. */
#define GW_MESH_LOCAL GW_SEC(10)
#define GW_MESH_OFFERED GW_SEC(30)        /* our offer without an answer */
#define GW_MESH_CONNECT GW_SEC(20)        /* from session-accept to DTLS done */
#define GW_MESH_DECLINED GW_SEC(2)        /* a decline so soon comes from the wrong device: try another */
#define GW_MESH_NO_RTP GW_SEC(10)         /* since the first connection: a zombie call */
#define GW_MESH_IDLE GW_SEC(10)           /* a call without any session is over */
#define GW_MESH_BACK GW_SEC(30)           /* after a stream loss others come back later than we do, and talk meanwhile */
#define GW_MESH_GOODBYE GW_SEC(3)         /* the phone has gone, offers under way are still answered */
#define GW_MESH_ATTEMPTS 8                /* offers to one occupant in one call */
#define GW_MESH_MAX_EARLY 16              /* offers held back at once */

typedef enum {
  GW_PAIR_NONE,         /* nothing under way */
  GW_PAIR_EXPECT,       /* earlier than us: should call. due: then we call (never for the proposer) */
  GW_PAIR_PAUSE,        /* refused a mute offer. due: call */
  GW_PAIR_OPENING,      /* PEER_OPEN as offerer, no local description yet */
  GW_PAIR_OFFERED,      /* session-initiate said */
  GW_PAIR_ANSWERING,    /* PEER_OPEN as answerer, no local description yet */
  GW_PAIR_ACTIVE        /* session-accept said or received */
} gw_pair_state;

/* We and one other occupant: at most one session at a time. */
typedef struct {
  char *nick;
  gw_pair_state state;
  gint64 due;           /* what then happens hangs on the state; GW_NEVER */
  gint64 said_us;       /* our session-initiate */
  gw_fl_session s;
  char *last_sid;       /* of the session before: never taken again */
  gboolean cured;
  guint attempts;
  GPtrArray *tried;     /* JIDs that would not do */
} gw_pair;

typedef enum { GW_MESH_NEW, GW_MESH_WAITING, GW_MESH_HOLDING /* accept comes at accept_at */, GW_MESH_ACCEPTING,
               GW_MESH_PROPOSING, GW_MESH_IN, GW_MESH_STOPPING, GW_MESH_DONE } gw_mesh_phase;

struct gw_flavour {
  union { gw_fl_common common; struct { GW_FL_COMMON }; };
  char *answer_id;
  gboolean propose_when_idle, patient;
  gw_ledger *ledger;
  gw_mesh_phase phase;
  GPtrArray *pairs;     /* gw_pair */
  GPtrArray *early;     /* gw_fl_early */
  /* the call we are in, or hold an accept for */
  char *call_id;
  gboolean proposer, answered /* own proposal was */, had_session, rtp, buried /* said to be dead */;
  gint64 accept_at, hold_until;
  gint64 said_at;       /* our accept or propose */
  gint64 first_up, idle_since;
  /* proposing */
  gboolean armed;
  gint64 proposed_at;   /* last time; GW_NEVER none */
  GPtrArray *left;      /* char*: ids that we are through with */
  /* stream */
  gboolean gap;         /* after a stream loss: accepts may have been missed */
  gint64 goodbye_by;
  gw_cause stop_cause;
};

/* --- jmuci_mesh.c */
/* Our sessions show that nick, or (NULL) all of our call, is dead: the watcher is to know it too. */
void gw_mesh_dead(gw_flavour *, const char *nick_or_null);
gw_ledger_call *gw_mesh_call(const gw_flavour *);             /* the ledger's view of call_id, or NULL */
gboolean gw_mesh_is_other(const gw_flavour *, const char *nick); /* in the room, a session is made with him */

gboolean gw_mesh_is_missed(const gw_flavour *, const char *nick); /* out of the room since a stream loss, but still heard */

/* --- jmuci_pair.c */
gw_pair *gw_pair_new(const char *nick);
void gw_pair_free(gpointer pair);
gw_pair *gw_pair_find(const gw_flavour *, const char *nick);  /* or NULL */
gw_pair *gw_pair_get(gw_flavour *, const char *nick);         /* made when new; NULL: too many */
gw_pair *gw_pair_by_peer(const gw_flavour *, guint peer);
gw_pair *gw_pair_by_sid(const gw_flavour *, const char *jid, const char *sid);
gboolean gw_pair_busy(const gw_pair *);                       /* something is under way or stands */
void gw_pair_expect(gw_flavour *, gw_pair *);
void gw_pair_call(gw_flavour *, gw_pair *);                   /* we offer, to the best JID that is left */
void gw_pair_take(gw_flavour *, gw_pair *, const gw_word *offer); /* we answer */
void gw_pair_accepted(gw_flavour *, gw_pair *, const gw_desc *);  /* their session-accept */
void gw_pair_local(gw_flavour *, gw_pair *, const gw_desc *);
void gw_pair_remote(gw_flavour *, gw_pair *, const gw_desc *);    /* their transport-info */
/* Ends what there is; reason: said as session-terminate if the other side knows of the session, NULL: not said. An offer
 * that waits for our answer is accepted first, unless another session takes its place. */
void gw_pair_close(gw_flavour *, gw_pair *, const char *reason);
void gw_pair_gone(gw_flavour *, gw_pair *, const char *reason);   /* and the other lives no more for us */
void gw_pair_due(gw_flavour *, gw_pair *);
gboolean gw_pair_retry(gw_flavour *, gw_pair *);              /* another JID of the nick; FALSE: none left */

/* --- jmuci_inbound.c */
void gw_mesh_jingle(gw_flavour *, const gw_word *);
void gw_mesh_early_flush(gw_flavour *, const char *nick);     /* his accept has come */
void gw_mesh_early_due(gw_flavour *);

/* --- jmuci_call.c */
void gw_mesh_jmuci(gw_flavour *, const gw_word *);
void gw_mesh_occupant(gw_flavour *, const gw_fl_occupant *);
void gw_mesh_gone(gw_flavour *, const gw_fl_occupant *);      /* out of the room for good */
void gw_mesh_decide(gw_flavour *);                            /* WAITING: is there something to take part in? */
void gw_mesh_say_accept(gw_flavour *);                        /* HOLDING: now */
void gw_mesh_check_call(gw_flavour *);                        /* over, dead, zombie, unanswered? */
gint64 gw_mesh_call_deadline(const gw_flavour *);
void gw_mesh_stop(gw_flavour *, gw_cause);
void gw_mesh_check_goodbye(gw_flavour *);
const char *gw_mesh_farewell(const gw_flavour *);             /* Jingle reason of sessions that we end */
void gw_mesh_vanished(gw_flavour *, const char *nick);        /* left the room */
void gw_mesh_end(gw_flavour *, gw_cause, const char *text);   /* ENDED by ourselves */

#endif
