/* muji.h - inside of the Muji flavour (XEP-0272; docs/muji.md): its state, shared by muji.c (dispatch, phases, timers),
 * muji_member.c (who takes part, and who calls whom), muji_session.c (one session), muji_inbound.c (Jingle from others) and
 * muji_map.c (one payload map for all).
 * Thread: any (pure).  Owner: the flavour owns all.  Calls back: never. */
#ifndef GW_FL_MUJI_H
#define GW_FL_MUJI_H
#include "gateway/flavour/session.h"

/* Times of docs/muji.md 3. */
#define GW_MJ_OTHERS GW_SEC(3)      /* that we wait for others who prepare: some never finish */
#define GW_MJ_PREPARE GW_SEC(5)     /* that others have to wait for us: Dino does so without end */
#define GW_MJ_REFLECTION GW_SEC(5)  /* our presence, back from the room */
#define GW_MJ_SETTLE GW_MS(300)     /* from its reflection to our first offer: others take their time to read it */
#define GW_MJ_LATE GW_SEC(10)       /* who came after us and has not called by then is called */
#define GW_MJ_PAUSE GW_SEC(5)       /* after a session that went wrong, before our own try */
#define GW_MJ_LOCAL GW_SEC(10)      /* a transport that never gets ready */
#define GW_MJ_UNANSWERED GW_SEC(5)  /* our offer without an answer: nobody asks a person here */
#define GW_MJ_CONNECT GW_SEC(10)    /* from session-accept to DTLS done */
#define GW_MJ_UNCARRIED GW_SEC(1)   /* a session of before the call has ended, its member is still here: he is called then */
#define GW_MJ_EARLY GW_SEC(5)       /* an offer of somebody whose presence was not seen yet */
#define GW_MJ_GOODBYE GW_MS(200)    /* from our last presence to the first session-terminate */
#define GW_MJ_ALONE GW_SEC(10)      /* everybody else has gone: the call is over */
#define GW_MJ_NOBODY GW_SEC(60)     /* nobody ever came */
#define GW_MJ_BACK GW_SEC(30)       /* after a stream loss others come back later than we do, and talk meanwhile */
#define GW_MJ_ATTEMPTS 2            /* offers to one member in one stay of his */
#define GW_MJ_MAX_EARLY 16          /* offers held back at once */
#define GW_MJ_CROWD 5               /* participants: with more a Dino refuses to come in */

typedef enum { GW_MJ_NONE, GW_MJ_EXPECT /* should call; due: then we do */, GW_MJ_OPENING, GW_MJ_OFFERED,
               GW_MJ_ANSWERING, GW_MJ_ACTIVE } gw_mj_state;

/* An occupant whose presence has a muji element, and our session with it. */
typedef struct {
  char *nick;
  char **jids;          /* real full JIDs, newest last */
  gboolean ours;        /* another seat of this gateway: counts as there, no session */
  gboolean stale;       /* not told again since a stream loss */
  gboolean before;      /* was here when we came: we call it */
  gboolean preparing, contents;
  gw_desc *desc;        /* announced payload types, or NULL */
  gw_mj_state state;
  gint64 due;
  guint attempts;
  gboolean carried;     /* s is the session of a call that has become this one */
  gw_fl_session s;
} gw_mj_member;

typedef enum { GW_MJ_NEW, GW_MJ_WAITING /* for somebody else's call */, GW_MJ_PREPARING, GW_MJ_PUBLISHING, GW_MJ_IN,
               GW_MJ_LEAVING, GW_MJ_DONE } gw_mj_phase;

struct gw_flavour {
  union { gw_fl_common common; struct { GW_FL_COMMON }; };
  char *room;
  gboolean starts /* a call when there is none */, patient;
  gw_mj_phase phase;
  gint64 phase_until;   /* PREPARING, PUBLISHING, LEAVING: goes on at the latest then */
  gboolean reflected;   /* PREPARING: our presence has come back, so the order is known */
  gw_desc *map;         /* payload types of this call: those we announced */
  GPtrArray *members;   /* gw_mj_member */
  GPtrArray *early;     /* gw_fl_early */
  gw_fl_session carried; /* jid NULL: none, or its member has it */
  gint64 alone_since;   /* GW_NEVER: not alone */
  gboolean had_company;
  gboolean crowd_noted, map_noted, hidden_noted;
  gw_cause stop_cause;
};

/* --- muji_member.c */
void gw_mj_member_free(gpointer member);
void gw_mj_occupant(gw_flavour *, const gw_fl_occupant *);
gw_mj_member *gw_mj_by_jid(const gw_flavour *, const char *full_jid);
gw_mj_member *gw_mj_by_peer(const gw_flavour *, guint peer);
gboolean gw_mj_must_wait(const gw_flavour *);   /* somebody who was preparing before us still is */
guint gw_mj_company(const gw_flavour *, gboolean ours_too);
void gw_mj_arrange(gw_flavour *, gw_mj_member *); /* IN: call it, or expect its call */
void gw_mj_settle(gw_flavour *, gboolean all);  /* who has not come back after a stream loss has gone */

/* --- muji_session.c */
void gw_mj_call(gw_flavour *, gw_mj_member *);
void gw_mj_expect(gw_flavour *, gw_mj_member *, gint64 wait);
void gw_mj_take(gw_flavour *, gw_mj_member *, const gw_word *offer);
void gw_mj_accepted(gw_flavour *, gw_mj_member *, const gw_desc *);
void gw_mj_local(gw_flavour *, gw_mj_member *, const gw_desc *);
void gw_mj_remote(gw_flavour *, gw_mj_member *, const gw_desc *);
/* Ends what there is; reason: said as session-terminate if the other side knows of the session, NULL: not said. */
void gw_mj_close(gw_flavour *, gw_mj_member *, const char *reason);
void gw_mj_again(gw_flavour *, gw_mj_member *, const char *reason, gint64 wait); /* the same, and another try later */
void gw_mj_due(gw_flavour *, gw_mj_member *);

/* --- muji_inbound.c */
void gw_mj_jingle(gw_flavour *, const gw_word *);
void gw_mj_early_flush(gw_flavour *);           /* somebody's presence has come */
void gw_mj_early_due(gw_flavour *);

/* --- muji_map.c */
gw_desc *gw_mj_map_own(void);                   /* what we announce when alone */
/* What all have in common, with their payload types and parameters unchanged; lists: gw_desc. NULL: nothing of ours.
 * *ret_conflict: they do not mean the same by one payload type. */
gw_desc *gw_mj_map_common(const GPtrArray *lists, gboolean *ret_conflict);
void gw_mj_map_offer(const gw_desc *map, gw_desc_media *offer); /* its codecs become those of the map that we have now */
void gw_mj_map_answer(const gw_desc *offer, gw_desc *answer);   /* their entries are repeated unchanged, the rest left out */

#endif
