/* rig.h - one flavour on a bench: events in by short words, actions out as text.
 * Thread: one.  Owner: rig_clear.  Calls back: never.
 * The room is "room@muc"; the flavour under test is nick "phone", JID "phone@gw/1". Actions are collected since the last
 * rig_expect, joined by " | ":
 *   propose P       accept X       retract P      ended X             room words (P: an id that we made)
 *   initiate JID    answer JID     end JID REASON info JID mute:0     cand JID
 *   open 1 nick offer | answer:active | answer:passive     remote 1     close 1     named 1 NICK (VOICE)
 *   muji preparing | muji in | muji none      note                    what our presence says; what the operator is told
 *   sfu join X     sfu again      sfu stream NICK    sfu cand NICK     sfu leave    open 1 nick publish | receive
 *   waiting | connecting | talking | ended:CAUSE */
#ifndef RIG_H
#define RIG_H
#include "gateway/flavour/jmuci_ledger_priv.h"

typedef struct {
  const gw_flavour_class *class;
  gw_flavour *f;
  gw_muji *muji;          /* what our presence says */
  gw_ids *ids;
  gint64 now;
  GString *log;
  char *proposed;         /* id of our last propose */
  char *sid;              /* of our last session-initiate */
  gw_word *said;          /* last word said */
  gw_desc *answer;        /* in our last session-accept */
  gw_desc *remote;        /* of the last PEER_REMOTE */
  guint saves;
  GString *dead;          /* what the watcher was told since the last rig_expect_dead: "carol", "*" the whole call */
  GHashTable *accepted;   /* ids accepted so far: none may come twice */
  GHashTable *open;       /* peers open now */
} rig;

typedef struct {
  const gw_flavour_class *class; /* NULL: the mesh */
  gboolean idle, patient;
  const char *answer_id;
  const gw_ledger *ledger;
  const gw_fl_running *running;
} rig_opt;

void rig_init(rig *, rig_opt);
void rig_clear(rig *);
void rig_ev(rig *, const gw_ev *);                     /* one step, its actions are noted */
void rig_start(rig *);
void rig_stop(rig *);
void rig_join(rig *, const char *nick, const char *jids /* by space, newest last */);
void rig_join_as(rig *, const char *nick, const char *jid, gboolean seat, gboolean watcher);
void rig_present(rig *, const char *nick, const char *jid, const gw_muji *); /* in the room, with that presence */
void rig_leave(rig *, const char *nick);
void rig_rename(rig *, const char *old_nick, const char *nick, const char *jid);
void rig_say(rig *, const char *nick, gw_jmuci_action, const char *id); /* "P": our proposal */
void rig_word(rig *, gw_word *taken);
void rig_jingle(rig *, gw_jingle_action, const char *from, const char *sid);
void rig_end(rig *, const char *from, const char *sid, const char *reason);
void rig_error(rig *, const char *from, const char *sid, gw_jingle_action of, const char *condition);
void rig_offer(rig *, const char *from, const char *sid);           /* JSXC's: audio, BUNDLE, actpass */
void rig_offer_with(rig *, const char *from, const char *sid, gw_desc *taken);
void rig_accepts(rig *, const char *from, const char *sid);         /* session-accept */
void rig_local(rig *, guint peer);
void rig_state(rig *, guint peer, gw_fl_peer_state);
void rig_after(rig *, gint64 us);                      /* time passes, deadlines are kept on the way */
#define rig_expect(r, text) rig_expect_at(r, text, __FILE__, __LINE__)
void rig_expect_at(rig *, const char *text, const char *file, int line);
void rig_expect_dead(rig *, const char *text);         /* all of them were said of call X */

/* --- scenes: the flavour under test and */
#define BOB "bob@x/1"
#define CAROL "carol@x/1"
#define DAVE "dave@x/1"
void rig_two(rig *, rig_opt);     /* bob and carol in the room */
void rig_running(rig *, rig_opt); /* ... bob proposed X long ago, carol accepted it */
void rig_inside(rig *, rig_opt);  /* ... and we have accepted it, too */
void rig_three(rig *);            /* the same with dave in the room */
void rig_talking(rig *);          /* ... carol has called us: peer 1, session X:1, up */
void rig_offered(rig *);          /* ... dave has accepted after us and got our offer: peer 2 */
const gw_desc *rig_said(const rig *); /* description in the last word said */

/* --- also for the simulated rooms */
gw_desc *rig_desc(gw_dir dir, gboolean source, gboolean video, gboolean bundle, gw_setup); /* what a peer writes */
gw_desc *rig_caps(guint peer);                                          /* what media would give */
char *rig_action_text(const gw_action *, const char *proposed);

#endif
