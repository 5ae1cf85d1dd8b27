/* words.h - call signalling as plain structs, no XML: what flavours think in.
 * Thread: any (pure values).  Owner: gw_word_free frees all strings and the description.  Calls back: never. */
#ifndef GW_WORDS_H
#define GW_WORDS_H
#include <glib.h>
#include "base/desc.h"
#include "xmpp/meet.h"
#include "xmpp/jmi.h"
#include "xmpp/muji.h"

#define GW_NS_JMUCI_MESH "urn:xmpp:jingle-muc-message:0"
#define GW_NS_JMUCI_SFU "urn:xmpp:jingle-muc-media-sfu:0"
#define GW_NS_AV_CONFERENCES "urn:xmpp:jingle:av-conferences:0"
#define GW_NS_COIN "urn:xmpp:coin:1"

typedef enum { GW_WORD_JMUCI, GW_WORD_JINGLE, GW_WORD_INVITE, GW_WORD_CALL_INVITE, GW_WORD_MEET, GW_WORD_JMI } gw_word_kind;

/* JMUCI: groupchat messages (XEP-less, JSXC). ENDED is also read from <end/>, <finish/>, <left/>. */
typedef enum { GW_JMUCI_PROPOSE, GW_JMUCI_ACCEPT, GW_JMUCI_REJECT, GW_JMUCI_RETRACT, GW_JMUCI_ENDED } gw_jmuci_action;
typedef struct {
  gw_jmuci_action action;
  gboolean sfu;          /* namespace GW_NS_JMUCI_SFU, else GW_NS_JMUCI_MESH */
  char *id;
  char *jid;             /* attribute jid= of ours, or NULL */
  gboolean audio, video; /* propose: described media */
} gw_jmuci;

typedef enum {
  GW_JINGLE_SESSION_INITIATE, GW_JINGLE_SESSION_ACCEPT, GW_JINGLE_SESSION_TERMINATE, GW_JINGLE_SESSION_INFO,
  GW_JINGLE_TRANSPORT_INFO, GW_JINGLE_CONTENT_ADD, GW_JINGLE_CONTENT_REJECT, GW_JINGLE_CONTENT_MODIFY,
  GW_JINGLE_CONTENT_REMOVE, GW_JINGLE_DESCRIPTION_INFO, GW_JINGLE_TRANSPORT_REPLACE, GW_JINGLE_TRANSPORT_REJECT,
  GW_JINGLE_SOURCE_ADD, GW_JINGLE_SOURCE_REMOVE,
  GW_JINGLE_CONTENT_ACCEPT, GW_JINGLE_TRANSPORT_ACCEPT, GW_JINGLE_SECURITY_INFO,
  GW_JINGLE_ERROR,       /* local: our request failed (IQ error) or was not answered in 15 s; see error, of */
  GW_JINGLE_UNKNOWN
} gw_jingle_action;
typedef enum { GW_INFO_NONE, GW_INFO_RINGING, GW_INFO_ACTIVE, GW_INFO_HOLD, GW_INFO_UNHOLD, GW_INFO_MUTE, GW_INFO_UNMUTE, GW_INFO_UNKNOWN } gw_jingle_info;
typedef struct {
  gw_jingle_action action;
  char *sid;
  char *reason;          /* terminate: element name ("success"), or NULL */
  char *reason_text;     /* or NULL */
  gw_jingle_info info;
  char *info_name;       /* content name of mute/unmute, or NULL */
  gw_desc *desc;         /* initiate, accept, transport-info (ufrag, pwd, candidates by mid), content-*: or NULL.
                          * Directions in desc are those of the side that wrote it: the parser and the builder turn
                          * senders round by we_initiated (XEP-0166 7.3; both sides of the table in conformance.md). */
  gboolean we_initiated; /* our side is the initiator of this session */
  char *error;           /* ERROR: stanza condition ("item-not-found", "timeout" for no answer) */
  gw_jingle_action of;   /* ERROR: the action that failed */
  char *muji_room;       /* initiate: the Muji call that it belongs to, bare JID, or NULL (XEP-0272) */
  gboolean focus;        /* initiate, accept (ours: accept only): its writer calls itself a conference (XEP-0298 isfocus) */
  char **users, **gone;  /* initiate, session-info: whom XEP-0298 names, as JIDs or other URIs, at most GW_MAX_COIN_USERS; gone:
                          * who it says has left. NULL-terminated, or NULL: nothing is said of users */
  gboolean partial;      /* session-info: who was named before and is not now has not changed */
  gboolean grows;        /* accept of ours: the other side may add contents, and each is answered (content-accept) */
} gw_jingle;

/* Somebody is asked into a room: through the room (XEP-0045 7.8.2: from is the room) or directly (XEP-0249: from is the
 * inviter). Who is asked is `to`. */
typedef struct {
  gboolean mediated;
  char *room;            /* bare JID, normalised */
  char *inviter;         /* mediated: as the room names him, a real JID or room/nick; direct: the sender's full JID */
  char *password;        /* of the room, or NULL */
  char *reason;          /* or NULL */
} gw_invite;

typedef struct {
  gw_word_kind kind;
  char *from;            /* full JID; room/nick for what came through a room */
  char *to;
  gboolean historic;     /* delayed, or before the room's subject: record, never act */
  union { gw_jmuci jmuci; gw_jingle jingle; gw_invite invite; gw_call_invite call_invite; gw_meet meet; gw_jmi jmi; } u;
} gw_word;

gw_word *gw_word_new_jmuci(gw_jmuci_action, gboolean sfu, const char *id);
gw_word *gw_word_new_jingle(gw_jingle_action, const char *to, const char *sid, gboolean we_initiated);
gw_word *gw_word_new_jmi(gw_jmi_action, const char *to, const char *id);
gw_word *gw_word_new_invite(gboolean mediated, const char *room, const char *inviter);
gw_word *gw_word_new_meet(gboolean left);
gw_word *gw_word_copy(const gw_word *);
void gw_word_free(gw_word *);
const char *gw_jingle_action_name(gw_jingle_action);     /* "session-initiate" */
const char *gw_jmuci_action_name(gw_jmuci_action);       /* "propose" */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_word, gw_word_free)

#endif
