/* xmpp.h - the XMPP world: one component stream (XEP-0114) or client streams, personas, rooms, Jingle IQs.
 * Thread: control only.  Owner: gw_xmpp owns streams; the maker frees mucs, then personas, then gw_xmpp (which frees
 * what personas are left, so their pointers die with it).
 * Calls back: from the loop, never from inside the call that caused them; after x_free() no callback of x arrives.
 * Everything that comes in from JIDs outside our domain is untrusted: bounded, answered (IQ) or dropped, never fatal. */
#ifndef GW_XMPP_H
#define GW_XMPP_H
#include <glib.h>
#include "base/cause.h"
#include "xmpp/services.h"
#include "xmpp/coin.h"
#include "xmpp/gateway.h"
#include "xmpp/watchers.h"
#include "xmpp/words.h"

typedef struct gw_xmpp gw_xmpp;
typedef struct gw_persona gw_persona;   /* one JID of ours: local@domain/resource */
typedef struct gw_muc gw_muc;           /* one persona in one room (XEP-0045) */

typedef enum { GW_TLS_REQUIRED, GW_TLS_STARTTLS, GW_TLS_OFF } gw_tls_mode;
typedef struct {
  gboolean client;              /* FALSE: component */
  const char *domain;           /* component's domain; client: domain of the account */
  const char *jid;              /* client: bare JID of the account */
  const char *secret;           /* component secret or account password */
  const char *host;             /* name or address; names are resolved with GResolver before the library sees them */
  guint16 port;
  gw_tls_mode tls;              /* client */
  const char *ca_file;          /* client; NULL = system store */
  guint max_streams;            /* client: connections at once, one per persona + 1 */
  const char *name;             /* disco identity name, "Tipring" */
  const char *version;
  const char *services;         /* domain that is asked for STUN and TURN servers (XEP-0215); NULL: nobody */
  const char *const *features;  /* disco features of every persona, NULL-terminated */
  gboolean callable;            /* phones may be called directly: their standing presence announces calls */
} gw_xmpp_config;

typedef enum { GW_XMPP_DOWN, GW_XMPP_CONNECTING, GW_XMPP_UP } gw_xmpp_state;
typedef struct {
  void (*stream)(gw_xmpp *, gw_xmpp_state, const char *detail, void *user); /* of the main stream; detail: "not-authorized"... */
  /* Somebody asks a JID of ours into a room (a GW_WORD_INVITE). Mediated: only what the room's service says of itself is
   * sure, the inviter only when the room can be trusted. Direct: the inviter is who sent it. */
  void (*invite)(gw_xmpp *, const gw_word *, void *user);
  /* A GW_WORD_CALL_INVITE (XEP-0482, or the older form) said to a JID of ours and not to a room: an invite, or what became of
   * one. The sender is sure. */
  void (*call_invite)(gw_xmpp *, const gw_word *, void *user);
  /* A word of Jingle Message Initiation (XEP-0353, a GW_WORD_JMI) to a JID of ours, bare or full. Who wrote it is sure,
   * whether he may is decided by the receiver. Component mode only. */
  void (*jmi)(gw_xmpp *, const gw_word *, void *user);
  /* A session-initiate from `from` to a phone's standing JID (NUMBER@DOMAIN/tipring), where no persona is yet. Make one with
   * that resource, which then gets it as its word, and return NONE; or say why not. */
  gw_cause (*offer)(gw_xmpp *, const char *our_full_jid, const char *from, void *user);
  /* Somebody (bare JID) wants to see a phone of ours (bare JID), or no longer: to be kept over restarts. */
  void (*watcher)(gw_xmpp *, const char *our_bare, const char *their_bare, gboolean added, void *user);
  /* The STUN and TURN servers (gw_service) that the server names have changed; all of them. */
  void (*services)(gw_xmpp *, const GPtrArray *good, void *user);
  /* Somebody who may see them asks for our rooms and phones: add them to the list. NULL: there are none. */
  void (*items)(gw_xmpp *, gw_items *, void *user);
} gw_xmpp_events;

/* Nothing is connected before gw_xmpp_start. Reconnects for ever: 1 s doubling to 60 s with jitter; after a refused secret 60 s. */
gw_xmpp *gw_xmpp_new(GMainContext *, const gw_xmpp_config *, const gw_xmpp_events *, void *user, GError **);
void gw_xmpp_start(gw_xmpp *);
/* Leaves all rooms with unavailable presence, closes the streams, then calls done (at most 3 s later). */
void gw_xmpp_stop(gw_xmpp *, void (*done)(void *), void *done_data);
void gw_xmpp_free(gw_xmpp *);
gw_xmpp_state gw_xmpp_get_state(const gw_xmpp *);
const char *gw_xmpp_jid(const gw_xmpp *);    /* component domain or account JID */
typedef struct { guint64 stanzas_in, stanzas_out, reconnects, strangers, dropped; } gw_xmpp_counters;
void gw_xmpp_get_counters(const gw_xmpp *, gw_xmpp_counters *ret);

void gw_xmpp_decline(gw_xmpp *, const gw_word *invite, const char *reason); /* tells the inviter why nobody comes */
void gw_xmpp_say_call_invite(gw_xmpp *, const gw_word *); /* a GW_WORD_CALL_INVITE to one person, from a bare JID of ours */
void gw_xmpp_reject(gw_xmpp *, const gw_word *propose, const char *reason); /* XEP-0353, from whom it was for */

/* Who is shown our rooms and phones (XEP-0030): patterns of bare JIDs, with * and ?; copied. Operators always are (adhoc.h). */
void gw_xmpp_set_visible_to(gw_xmpp *, const char *const *patterns);

/* Contacts of ours that people lack, since some clients take calls from contacts only. SUGGEST: they are asked to add them
 * (XEP-0144). WRITE: they are put into the list where the people's server lets us (XEP-0356), else suggested. Only for those who
 * may see our phones, each once, and again after the mode has been set. */
typedef enum { GW_HELP_OFF, GW_HELP_SUGGEST, GW_HELP_WRITE } gw_roster_help;
void gw_xmpp_set_roster_help(gw_xmpp *, gw_roster_help);
gboolean gw_xmpp_roster_help_due(const gw_xmpp *, const char *jid);
void gw_xmpp_help_roster(gw_xmpp *, const char *jid, const gw_items *contacts); /* a no-op when it is not due */

/* --- how a phone stands: presence of local@domain/tipring, told to those who watch it, a few at a time; told to them all
 * again after a reconnect. Nothing in client mode. */
void gw_xmpp_stand(gw_xmpp *, const char *local, const gw_stand * /* NULL: no such phone any more */);
void gw_xmpp_restore_watcher(gw_xmpp *, const char *our_bare, const char *their_bare); /* at start, from the store */

/* --- personas. Client mode: local is ignored, each persona has a stream and resource of its own. */
typedef struct {
  /* A Jingle action addressed to this persona's full JID. The IQ has been acknowledged already (or, for an unknown sid
   * and malformed ones, refused). session-initiate from anybody arrives here, but for those sent through a room: whether
   * the sender may is decided by the receiver, who refuses by saying session-terminate. From the session-initiate on the
   * session is known by (peer, sid) until either side ends it. Of two initiates that cross, the one with the lower sid
   * stays (XEP-0166 7.2.16): if ours loses, GW_JINGLE_ERROR "conflict" for it comes first and then their initiate. But
   * two of one JMUCI call (sids alike before the ':') both go on: the receiver ends one of them. NULL: this persona takes
   * no calls, each initiate is refused at once. */
  void (*word)(gw_persona *, const gw_word *, void *user);
  void (*stream)(gw_persona *, gboolean up, void *user);   /* its stream went down or is up again */
} gw_persona_events;
gw_persona *gw_persona_new(gw_xmpp *, const char *local, const char *resource, const gw_persona_events *, void *user);
void gw_persona_free(gw_persona *);
const char *gw_persona_jid(const gw_persona *);            /* full JID; NULL while a client stream has not bound yet */
/* Sends a word: groupchat to muc, Jingle IQ to word->to. An IQ error or 15 s without answer comes back as GW_JINGLE_ERROR
 * (not for terminate and transport-info); when it was the initiate or the accept, the session is over and the other side
 * has been told where it must be. Words of a session that is over are dropped. Nothing is kept while the stream is down
 * but session-terminate. from, and the ids of the stanza, are set in here. Whom it proposes to, or whose propose it takes,
 * is shown the persona's presence, so that he may ask what it can do; it is taken back with the persona. */
void gw_persona_say(gw_persona *, gw_muc *muc_or_null, const gw_word *);
/* Presence to one JID only (RFC 6121 4.6): some conference services let in only whom they have seen. */
void gw_persona_greet(gw_persona *, const char *jid, gboolean come);

/* --- rooms */
typedef enum { GW_OCC_JOINED, GW_OCC_CHANGED, GW_OCC_LEFT, GW_OCC_RENAMED } gw_occ_change;
typedef struct {
  const char *nick;
  const char *old_nick;         /* RENAMED (status 303), else NULL */
  const char *const *jids;      /* real full JIDs known of this nick, newest last, NULL-terminated; may be empty */
  const char *affiliation, *role;
  gboolean self;
  const gw_muji *muji;          /* what its presence says of Muji (XEP-0272), or NULL */
  gboolean ours;                /* bare JID in our component's domain (or our account) */
} gw_occupant;
typedef enum { GW_MUC_OUT, GW_MUC_JOINING, GW_MUC_IN } gw_muc_state;
typedef struct {
  void (*joined)(gw_muc *, gboolean again, void *user);    /* self-presence 110 and the subject have come; again: after a stream loss or a kick 332/333 */
  /* We are out for good: kicked, banned, destroyed, not let speak, or the join was refused (cause; detail: condition and
   * what the operator can do). Temporary trouble (332, 333, stream) is mended in here and is not told; but who is not back
   * 15 s after a shutdown of the room's service (332) is out with GW_CAUSE_ROOM_CLOSED, and may join again later. */
  void (*left)(gw_muc *, gw_cause, const char *detail, void *user);
  void (*occupant)(gw_muc *, const gw_occupant *, gw_occ_change, void *user);
  void (*word)(gw_muc *, const gw_word *, void *user);     /* groupchat call words, own reflections too, in the room's order */
  /* Somebody else has said something for people to read, now: no history, nothing encrypted. Cut at GW_MAX_CHAT bytes. */
  void (*text)(gw_muc *, const char *nick, const char *body, void *user);
  /* We have been in, and are refused as no members (any more): tried again each second, for 10 s; then `left`. */
  void (*barred)(gw_muc *, void *user);
} gw_muc_events;
/* Joins by XEP-0045 7.2: nick conflict -> "nick (2)".. "(5)" -> nick-<resource>; timers and retries inside. */
gw_muc *gw_muc_join(gw_persona *, const char *room, const char *nick, const char *password_or_null, const gw_muc_events *, void *user);
/* Said right after gw_muc_join: whenever we make the room (also anew, when its server was restarted), it shows real JIDs, lets
 * members invite, is listed nowhere and gone with the last of them. members_only: nobody else comes in. */
void gw_muc_make_for_call(gw_muc *, gboolean members_only);
void gw_muc_leave(gw_muc *, const char *status_or_null);   /* unavailable presence; frees the muc */
gw_muc_state gw_muc_get_state(const gw_muc *);
const char *gw_muc_nick(const gw_muc *);                   /* as the room granted it */
const char *gw_muc_room(const gw_muc *);
gboolean gw_muc_is_members_only(const gw_muc *);           /* as disco#info showed before the join or since; also once `left` */
void gw_muc_foreach(const gw_muc *, void (*fn)(const gw_occupant *, void *), void *user); /* present occupants, self too */
guint gw_muc_count(const gw_muc *);
/* Plain text in the room, for people to read. Nothing while we are not in it. */
void gw_muc_tell(gw_muc *, const char *text);
/* Replaces the status shown in the room ("on hold"), NULL to clear. */
void gw_muc_set_status(gw_muc *, const char *show_or_null, const char *status_or_null);
/* What our presence in the room says of Muji from now on, also after a rejoin; copied, NULL: nothing (XEP-0272). */
void gw_muc_set_muji(gw_muc *, const gw_muji *);

/* --- questions; each answer comes once, or "unknown" after its timeout */
typedef enum { GW_ANSWER_YES, GW_ANSWER_NO, GW_ANSWER_UNKNOWN } gw_answer;
/* Does user (bare JID) have our persona in the roster? Presence probe, answered within 2 s. Ask about people who are
 * online only: ejabberd says nothing of one who is away, and that looks like "no". */
void gw_persona_ask_roster(gw_persona *, const char *bare_jid, void (*fn)(gw_answer, void *), void *user);
/* disco#info of a JID: identity name ("JSXC", "" when none) and features; features NULL when no answer in 5 s. */
void gw_persona_ask_disco(gw_persona *, const char *jid, void (*fn)(const char *name, const char *const *features, void *), void *user);
/* Asks which devices of that person are there, as far as the phone (our bare JID) may see him: fn for each, with its full JID, now and whenever
 * one more comes, until the persona is freed; eight in all. One person at a time. Nothing in client mode. */
void gw_persona_watch_devices(gw_persona *, const char *bare_jid, void (*fn)(const char *full_jid, void *), void *user);
/* Who is in the call that this device has with us (XEP-0298). fn: once, whether it takes such words; no answer within 15 s
 * counts as yes. */
void gw_persona_tell_conference(gw_persona *, const char *jid, const gw_coin *, void (*fn)(gboolean taken, void *), void *user);
/* Make bare_jid a member of room (persona must be owner or admin). */
void gw_persona_grant_member(gw_persona *, const char *room, const char *bare_jid, void (*fn)(gw_answer, const char *detail, void *), void *user);
/* The same, as an owner. */
void gw_persona_grant_owner(gw_persona *, const char *room, const char *bare_jid, void (*fn)(gw_answer, const char *detail, void *), void *user);

/* --- meets (tigase:meet:0, 3.1): who may come is named by bare JIDs, NULL-terminated. Each answer comes once, if the persona
 * still stands, at most 15 s later. */
/* A new one at a service. meet: its bare JID, or NULL with why: a stanza condition, "timeout", "bad-answer". */
void gw_persona_meet_make(gw_persona *, const char *service, const char *const *who,
                          void (*fn)(const char *meet_or_null, const char *why, void *), void *user);
void gw_persona_meet_allow(gw_persona *, const char *meet, const char *const *who,
                           void (*fn)(gw_answer, const char *detail, void *), void *user);
void gw_persona_meet_end(gw_persona *, const char *meet); /* for everybody; nobody hears whether it worked */

/* --- after a crash: what the store still knew. Both send from a JID of ours that has no persona any more. */
void gw_xmpp_bury_session(gw_xmpp *, const char *our_full_jid, const char *peer_full_jid, const char *sid); /* terminate success */
void gw_xmpp_bury_occupant(gw_xmpp *, const char *our_full_jid, const char *room_slash_nick);               /* unavailable */

#endif
