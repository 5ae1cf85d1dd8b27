/* roster_check.h - may we take part in this proposer's call? (docs/jmuci.md 5) One accepter that a JSXC proposer does not
 * have in its roster ruins the call for everybody, so each proposal is weighed before the flavour hears of it: until the
 * answers are in, the room's words wait; a proposal that would do harm, and all that follows it, never gets through.
 * Thread: any (pure).  Owner: the seat; actions own what they carry.  Calls back: never. Contract: one step, then its
 * actions in order, then the next step. No time: whoever is asked answers or is given up by the shell. */
#ifndef GW_ROSTER_CHECK_H
#define GW_ROSTER_CHECK_H
#include "xmpp/words.h"
#include "xmpp/xmpp.h"

typedef struct gw_roster_check gw_roster_check;

/* What the shell knows of whoever proposes. */
typedef struct {
  const char *jid; /* real full JID; NULL: not known, so there is nobody to ask about */
  gboolean ours;   /* a seat or the watcher of this gateway */
  gw_answer jsxc;  /* has it been asked already what it is? */
} gw_proposer;

typedef enum {
  GW_RC_JOINED, /* we are in the room and come for the running call `id` (NULL: none), `proposer` */
  GW_RC_WORD,   /* the room said `word`; `proposer`: who did, when gw_roster_check_wants() it */
  GW_RC_CLIENT, /* ASK_CLIENT's answer, to `ask`: `name`, NULL when there was none */
  GW_RC_ROSTER  /* ASK_ROSTER's, to `ask`: `answer` */
} gw_rc_type;
typedef struct {
  gw_rc_type type;
  const char *id, *name;
  const gw_word *word;
  gw_proposer proposer;
  gw_answer answer;
  guint ask; /* of the action that asked: an answer may come when somebody else is being weighed */
} gw_rc_event;

typedef enum {
  GW_RC_ASK_CLIENT, /* what is `jid`? */
  GW_RC_ASK_ROSTER, /* does the bare `jid` have us in its roster? */
  GW_RC_HARM,       /* `jid`, a JSXC, lacks us: for the log */
  GW_RC_ADMIT,      /* answer to JOINED: the phone may be let in */
  GW_RC_REFUSE,     /* answer to JOINED: it must not */
  GW_RC_PASS        /* `word` is for the flavour */
} gw_rc_act;
typedef struct {
  gw_rc_act type;
  char *jid;
  gw_word *word;
  guint ask; /* ASK_* */
} gw_rc_action;

gw_roster_check *gw_roster_check_new(gboolean enabled); /* FALSE: everything passes */
void gw_roster_check_free(gw_roster_check *);
gboolean gw_roster_check_wants(const gw_word *); /* is it a word whose proposer must be known? */
GArray *gw_roster_check_step(gw_roster_check *, const gw_rc_event *); /* gw_rc_action; unref it */

#endif
