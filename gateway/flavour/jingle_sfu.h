/* jingle_sfu.h - inside of the flavour for calls at a conference service that speaks Jingle (docs/sfu.md): its state, shared
 * by jingle_sfu.c (dispatch, the service's news, coming and going) and jingle_sfu_leg.c (one stream). There are no words
 * in the room: whoever has a stream at the service takes part.
 * Thread: any (pure).  Owner: the flavour owns all.  Calls back: never. */
#ifndef GW_JINGLE_SFU_H
#define GW_JINGLE_SFU_H
#include "gateway/flavour/common.h"

#define GW_JSFU_LOCAL GW_SEC(10)      /* a transport that never gets ready */
#define GW_JSFU_AGAIN GW_SEC(60)      /* who was in has so long to be in again */
#define GW_JSFU_ALONE GW_SEC(10)      /* everybody else has gone: a call that we were called to is over */
#define GW_JSFU_NOBODY GW_SEC(60)     /* the same, when nobody ever came */
#define GW_JSFU_BACKOFF_MAX GW_SEC(16) /* between two tries: 1, 2, 4, 8, 16 s */

typedef enum {
  GW_JLEG_OPENING,      /* PEER_OPEN, no local description yet */
  GW_JLEG_ASKED,        /* ours: offered */
  GW_JLEG_ACTIVE        /* both descriptions are known */
} gw_jsfu_leg_state;

/* One session with the service: ours out, one participant's in, or with `many` those of all. */
typedef struct {
  char *sid, *jid;      /* jid: who holds the other end; ours: NULL until answered */
  char *who;            /* whose: as the service says, or NULL */
  gboolean publish, many, up, rtp;
  gw_jsfu_leg_state state;
  gint64 due;           /* of the state; GW_NEVER */
  guint peer;
  gw_desc *contents;    /* of theirs: all that were offered */
  gw_desc *local;       /* ours, for answers to what is added */
  char *mid, *ufrag, *pwd; /* of what we said */
  GArray *waiting;      /* gw_candidate: ours, before they could be said */
  GPtrArray *early;     /* gw_desc: theirs, before the answer */
} gw_jsfu_leg;

typedef enum { GW_JSFU_NEW, GW_JSFU_ENTERING, GW_JSFU_IN, GW_JSFU_PAUSE /* before the next try */, GW_JSFU_DONE } gw_jsfu_phase;

typedef struct {
  char *nick, **jids;
  gboolean ours;        /* a phone of this gateway */
} gw_jsfu_occupant;

typedef struct {
  char *jid, **mids;
} gw_jsfu_publisher;

struct gw_flavour {
  union { gw_fl_common common; struct { GW_FL_COMMON }; };
  char *room;
  gw_jsfu_phase phase;
  GPtrArray *legs;       /* gw_jsfu_leg */
  GPtrArray *occupants;  /* gw_jsfu_occupant */
  GPtrArray *publishers; /* gw_jsfu_publisher, where the service names them */
  gboolean named;        /* the service says who publishes */
  gboolean been_in, silent_noted;
  gboolean patient, had_company; /* patient: called to this one call */
  gint64 alone_since;    /* GW_NEVER: in company, or not in */
  gint64 due, give_up, backoff; /* due: the next try; give_up: GW_NEVER while in */
};

/* --- jingle_sfu.c */
gw_action *gw_jsfu_ask(gw_flavour *, gw_fl_sfu_ask, const char *sid_or_null);
void gw_jsfu_lost(gw_flavour *, gw_cause, const char *text); /* our stream: tried again, or ended */
gboolean gw_jsfu_is_ours(const gw_flavour *, const char *who_or_null); /* a phone of this gateway: heard without the service */
gboolean gw_jsfu_content_is_ours(const gw_flavour *, const char *mid);
const char *gw_jsfu_name(const gw_flavour *, const char *who_or_null); /* the nick when he is in the room */

/* --- jingle_sfu_leg.c */
void gw_jsfu_leg_free(gpointer leg);
gw_jsfu_leg *gw_jsfu_leg_of(const gw_flavour *, const char *sid);
gw_jsfu_leg *gw_jsfu_leg_by_peer(const gw_flavour *, guint peer);
void gw_jsfu_leg_publish(gw_flavour *);
void gw_jsfu_leg_offered(gw_flavour *, const gw_fl_sfu *);
void gw_jsfu_leg_owners(gw_flavour *, gw_jsfu_leg *, const char *const *users_or_null); /* theirs is what it brings now */
void gw_jsfu_leg_added(gw_flavour *, gw_jsfu_leg *, const gw_desc *); /* contents, to one that stands */
void gw_jsfu_leg_local(gw_flavour *, gw_jsfu_leg *, const gw_desc *);
void gw_jsfu_leg_candidate(gw_flavour *, gw_jsfu_leg *, const gw_candidate *);
void gw_jsfu_leg_answer(gw_flavour *, gw_jsfu_leg *, const gw_desc *or_null, gw_cause, const char *why);
void gw_jsfu_leg_remote(gw_flavour *, gw_jsfu_leg *, const gw_desc *);
void gw_jsfu_leg_heard(gw_flavour *, gw_jsfu_leg *);        /* who is to be heard on it has changed */
void gw_jsfu_leg_drop(gw_flavour *, gw_jsfu_leg *, const char *reason_or_null); /* NULL: it is over already */
void gw_jsfu_legs_drop_all(gw_flavour *);                   /* without a word */
void gw_jsfu_leg_due(gw_flavour *, gw_jsfu_leg *);

#endif
