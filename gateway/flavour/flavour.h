/* flavour.h - a kind of call in a room: one const struct each. Says whom to connect to and in which direction, never how.
 * Thread: any (pure: base, xmpp/words.h and own state only).  Owner: the seat owns the instance; actions own their
 * pointers until gw_actions_clear.  Calls back: never.
 * Contract: one step, then all its actions in order, then the next step. A flavour never asks the time and makes no
 * random values: both come in. Unknown words are ignored and counted. After STOP only closing actions follow; offers that
 * were under way may still be answered before they are ended (PEER_OPEN as answerer, at most 3 s, so the phone's media
 * objects stay until ENDED). Every STOP is answered by one ENDED, also when the flavour had said ENDED by itself. */
#ifndef GW_FLAVOUR_H
#define GW_FLAVOUR_H
#include <glib.h>
#include "base/cause.h"
#include "base/clock.h"
#include "base/desc.h"
#include "base/ids.h"
#include "gateway/flavour/table/flavour_rows.h"
#include "xmpp/words.h"

typedef struct gw_flavour gw_flavour;

/* An occupant as a flavour sees it. Strings are copied by the flavour. */
typedef struct {
  const char *nick;
  const char *old_nick;          /* renamed from, else NULL */
  const char *const *jids;       /* real full JIDs, newest last */
  gboolean present;              /* FALSE: left */
  gboolean self;
  gboolean seat;                 /* another seat of this gateway in this room: counts as there, no session with it */
  gboolean watcher;              /* our watcher: never counts */
  const gw_muji *muji;           /* what its presence says of Muji, or NULL */
} gw_fl_occupant;

typedef enum { GW_PEER_CONNECTING, GW_PEER_ICE /* pair found */, GW_PEER_UP /* DTLS done, keys in */,
               GW_PEER_RTP /* first authentic RTP came, or again after QUIET */, GW_PEER_FAILED,
               GW_PEER_QUIET /* RECEIVE only: no RTP any more for GW_PEER_QUIET_S */ } gw_fl_peer_state;
/* What a transport is for. PUBLISH: audio and a constant picture, sendonly. RECEIVE: one source, recvonly. */
typedef enum { GW_USE_BOTH, GW_USE_PUBLISH, GW_USE_RECEIVE, GW_USE_RECEIVE_MANY /* of several sources, as their descriptions say */ } gw_peer_use;

/* A forwarding service; gateway/sfu carries it. One beside XMPP: its names are occupants of this room, nicks here, and
 * streams are asked for. One spoken with by Jingle: streams have sids, ours too (it is ours to choose), and are offered. */
typedef enum {
  GW_SFU_ASK_JOIN,      /* text: id of the call; offers may be made after JOINED */
  GW_SFU_ASK_AGAIN,     /* leave and join afresh: all streams end */
  GW_SFU_ASK_STREAM,    /* nick (own: publish), desc: our offer; ANSWER comes, also when the service stays silent */
  GW_SFU_ASK_CANDIDATE, /* nick, desc: one media with mid and candidates */
  GW_SFU_ASK_LEAVE,
  GW_SFU_ASK_ANSWER,    /* sid, desc: to an OFFER. With text no: the Jingle reason; desc: of contents that came later, theirs */
  GW_SFU_ASK_CLOSE      /* sid; text: the Jingle reason */
} gw_fl_sfu_ask;
typedef enum {
  GW_SFU_SAID_JOINED,   /* nicks: who is there already; all streams of before are no more */
  GW_SFU_SAID_ANSWER,   /* nick; desc, or NULL: refused */
  GW_SFU_SAID_CANDIDATE, /* nick, desc: one media with a candidate */
  GW_SFU_SAID_COMES, GW_SFU_SAID_GOES, /* nick */
  GW_SFU_SAID_DOWN,     /* not to be reached; tried again, JOINED or FAILED follows */
  GW_SFU_SAID_FAILED,   /* given up; text */
  GW_SFU_SAID_OFFER,    /* sid, desc, users, many; again with the sid of before: these contents come to it */
  GW_SFU_SAID_ENDED,    /* sid, text: its reason; cause */
  GW_SFU_SAID_OWNERS    /* sid, users: it brings theirs from now on */
} gw_fl_sfu_news;
typedef struct {
  gw_fl_sfu_news news;
  const char *nick;
  const char *const *nicks;
  const gw_desc *desc;
  const char *text;
  /* Jingle only */
  const char *sid, *jid;         /* of the session, and who holds its other end */
  const char *const *users;      /* OFFER, OWNERS: whose sound, as JIDs or other URIs; NULL or empty: it does not say */
  const char *who;               /* COMES, GOES: a JID; with mids, the contents */
  const char *const *mids;
  gboolean many;                 /* contents of several people, told apart by their sources */
} gw_fl_sfu;

typedef enum {
  GW_EV_START,          /* phone has answered and sits in the room: take part */
  GW_EV_STOP,           /* phone has gone: wind down */
  GW_EV_OCCUPANT,       /* u.who */
  GW_EV_WORD,           /* u.word: JMUCI word of the room (own reflection too), Jingle word for our JID */
  GW_EV_PEER_STATE,     /* peer, u.state, cause */
  GW_EV_LOCAL_DESC,     /* peer, u.desc: transport ready (ICE, DTLS, ssrc, host candidates); an offer or raw caps */
  GW_EV_CANDIDATE,      /* peer, u.candidate: a further local candidate */
  GW_EV_STREAM_DOWN,    /* XMPP gone: freeze */
  GW_EV_STREAM_UP,      /* rejoined; occupants have been told again before this */
  GW_EV_MUTED,          /* u.flag: our phone is muted or on hold / no longer */
  GW_EV_HELD,           /* u.flag: our phone is on hold / no longer. Comes before the MUTED of a hold, and after that of its end */
  GW_EV_RINGING,        /* direct: our phone rings */
  GW_EV_DEVICE,         /* direct: u.device, a full JID of the person, takes calls but cannot be asked before (XEP-0353) */
  GW_EV_SFU,            /* u.sfu */
  GW_EV_TICK            /* deadline reached */
} gw_ev_type;
typedef struct {
  gw_ev_type type;
  guint peer;           /* local id given in PEER_OPEN */
  gw_cause cause;       /* PEER_STATE FAILED, STOP */
  union {
    const gw_fl_occupant *who; const gw_word *word; gw_fl_peer_state state; const gw_desc *desc;
    const gw_candidate *candidate; gboolean flag; const gw_fl_sfu *sfu; const char *device;
  } u;
} gw_ev;

typedef enum {
  GW_ACT_SAY,           /* send u.word: JMUCI to the room, Jingle to word->to (from is set by the shell) */
  GW_ACT_PEER_OPEN,     /* make a transport: peer (fresh local id), offerer, jid and nick of the other side, sid */
  GW_ACT_PEER_REMOTE,   /* desc: remote description, or candidates only (transport-info; desc with ufrag/candidates) */
  GW_ACT_PEER_NAMED,    /* peer, nick, text as in PEER_OPEN: what it brings is somebody else's from now on */
  GW_ACT_PEER_CLOSE,    /* peer */
  GW_ACT_PRESENCE,      /* what our presence in the room says of Muji from now on: muji, NULL nothing */
  GW_ACT_NOTE,          /* text: something the operator should know, said once */
  GW_ACT_CALL,          /* state of the whole call for bridge and operator: u.call, cause */
  GW_ACT_SAVE,          /* order of a call changed: persist (ledger), id in text */
  GW_ACT_LEDGER,        /* what only our sessions show, for the watcher's ledger: in the call `text` (its id) the entry
                         * `nick` is dead, or, with nick NULL, the whole call is dead for newcomers: forget its id. May
                         * come twice, and for ids or nicks that the watcher does not know. */
  GW_ACT_SFU,           /* ask: to the forwarding service; nick, text, desc */
  GW_ACT_HELD           /* direct: the other side holds us (flag), or no longer */
} gw_act_type;
typedef enum {
  GW_CALL_WAITING,      /* nobody to talk to */
  GW_CALL_CONNECTING,   /* sessions being set up */
  GW_CALL_TALKING,      /* at least one peer up */
  GW_CALL_ENDED,        /* flavour is through: hang up the phone (cause), or answer to STOP */
  GW_CALL_RINGING       /* direct: a device of the other side rings; CONNECTING once somebody has taken the call */
} gw_fl_call_state;
typedef struct {
  gw_act_type type;
  guint peer;
  gboolean offerer;     /* PEER_OPEN: we make the offer (ICE controlling) */
  gboolean flag;        /* HELD */
  gw_peer_use use;      /* PEER_OPEN */
  gw_fl_sfu_ask ask;    /* SFU */
  gw_setup setup;       /* PEER_OPEN as answerer: DTLS role we take (ACTIVE or PASSIVE) */
  char *jid, *nick, *sid; /* PEER_OPEN; nick: LEDGER too; nick or sid: SFU */
  gw_word *word;        /* SAY */
  gw_desc *desc;        /* PEER_REMOTE */
  gw_muji *muji;        /* PRESENCE */
  gw_fl_call_state call;
  gw_cause cause;
  char *text;           /* CALL: reason in words for the log, or NULL; NOTE; SAVE, LEDGER: id of the call;
                         * PEER_OPEN: whose voice it brings when that is not jid's (media.h: talker), or NULL */
} gw_action;
typedef struct { GArray *list; /* gw_action */ } gw_actions;
void gw_actions_init(gw_actions *);
void gw_actions_clear(gw_actions *);         /* frees what the actions own */
gw_action *gw_actions_add(gw_actions *, gw_act_type);
guint gw_actions_count(const gw_actions *);
gw_action *gw_actions_at(const gw_actions *, guint i);

/* A session that runs already and goes on in this call: a person's, who leads the phone into a group call. */
typedef struct {
  guint peer;                    /* its transport, by the id that the flavour gave which had it until now */
  gboolean offerer;
  const char *jid, *sid, *mid, *ufrag, *pwd;
} gw_fl_running;

typedef struct gw_ledger gw_ledger;          /* jmuci_ledger.h: proposals and accept orders of one room */

typedef struct {
  const char *own_nick;            /* as granted by the room */
  const char *own_jid;             /* full JID of the persona */
  const char *room;                /* bare JID of the room that we sit in */
  gboolean propose_when_idle;      /* idle = "propose" */
  gboolean patient;                /* rung by a proposal: accept `answer_id`, never propose, ENDED when that call is over */
  const char *answer_id;           /* or NULL */
  const gw_ledger *ledger;         /* what the watcher knows of the room (copied), or NULL */
  gw_ids *ids;                     /* injected, outlives the flavour */
  const gw_fl_running *running;    /* muji only: it is that of an occupant who is told before START; NULL */
  /* direct only; room, own_nick and ledger are NULL then */
  const char *peer;                /* whom we call: bare JID (any device that takes it) or full; who calls us: full */
  gboolean incoming;               /* he calls our phone; START: it was picked up */
  const char *sid;                 /* incoming: id of his propose; NULL: a session-initiate without one is about to come */
  gint64 ring_us;                  /* outgoing: nobody takes the call in that time */
} gw_flavour_params;

typedef struct { gboolean jmuci_live, jmuci_sfu_live, muji_live; gboolean feature_jmuci, feature_jmuci_sfu, feature_muji;
                 gboolean conference; /* the operator named a Jingle conference service for this very room */ } gw_room_facts;

typedef struct {
  const char *name;                          /* "jmuci-mesh": conf value and log tag */
  const char *const *features;               /* disco features it adds, NULL-terminated */
  int (*probe)(const gw_room_facts *);       /* 0 = not mine .. 100: chooses for flavour = "auto" */
  gw_flavour *(*make)(const gw_flavour_params *);
  void (*step)(gw_flavour *, const gw_ev *, gint64 now_us, gw_actions *ret); /* appends */
  gint64 (*deadline)(const gw_flavour *);    /* us; GW_NEVER */
  void (*free)(gw_flavour *);
} gw_flavour_class;
#define ROW(name) extern const gw_flavour_class gw_flavour_##name;
GW_FLAVOUR_ROWS /* of the only table: table/meson.build */
#undef ROW
extern const gw_flavour_class *const gw_flavours[];   /* the same; NULL-terminated */
/* flavour = "auto": who of the table bids most for such a room; of equals the first. */
const gw_flavour_class *gw_flavour_for(const gw_room_facts *);

#endif
