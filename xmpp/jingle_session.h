/* jingle_session.h - the Jingle sessions of one persona and what may be done in which state (XEP-0166 5, 6, 7.2).
 * Decides how each request is answered; whom to call, and whether to accept, is decided elsewhere.
 * Thread: any (pure).  Owner: caller frees; a verdict owns its words until cleared.  Calls back: never. */
#ifndef GW_XMPP_JINGLE_SESSION_H
#define GW_XMPP_JINGLE_SESSION_H
#include <glib.h>
#include "xmpp/words.h"

typedef struct gw_sessions gw_sessions;
typedef struct {
  gboolean ack;            /* answer the IQ with an empty result; else with the error below */
  const char *type;        /* "cancel", "modify", "wait" */
  const char *condition;   /* stanza condition, RFC 6120 8.3.3 */
  const char *jingle;      /* condition of urn:xmpp:jingle:errors:1, or NULL */
  gw_word *local;          /* a word of our own making to hand over first, or NULL */
  gboolean deliver;        /* hand over the word that came in */
  gw_word *further;        /* to be sent after the answer, or NULL */
} gw_verdict;
void gw_verdict_clear(gw_verdict *);

gw_sessions *gw_sessions_new(guint max);
void gw_sessions_free(gw_sessions *);
guint gw_sessions_count(const gw_sessions *);
/* peer: full JID. FALSE: no such session. Told apart by peer and sid together: a sid alone says nothing. */
gboolean gw_sessions_known(const gw_sessions *, const char *peer, const char *sid, gboolean *ret_we_initiated);

/* A well-formed request came in (from and to are set). ret is overwritten; clear it. A session-initiate that is refused
 * is ended by a session-terminate too (further), unless its sid is that of another session with this peer, which it would
 * end. Of two that cross within one JMUCI call ("call:...") none is refused. */
void gw_sessions_in(gw_sessions *, const gw_word *in, gw_verdict *ret);
/* Any session-initiate to somebody who takes no calls at all. sid may be NULL. */
void gw_sessions_deny(const char *peer, const char *sid, gw_verdict *ret);
/* A malformed one: sid NULL when even that was unusable. */
void gw_sessions_in_broken(gw_sessions *, const char *peer, const char *sid, gw_jingle_action, gw_verdict *ret);
/* We are about to send: FALSE when that makes no sense any more (session gone, wrong state, full) and nothing may be
 * sent; an answer to a transport-replace passes once. Words without a session of ours never pass; session-initiate makes one, session-terminate ends it. */
gboolean gw_sessions_out(gw_sessions *, const gw_word *out);
/* A request of ours failed. condition: of the stanza error, or "timeout"; unknown: the Jingle condition was
 * unknown-session. ret->local is the error to hand over, ret->further a session-terminate to send. */
void gw_sessions_failed(gw_sessions *, const char *peer, const char *sid, gw_jingle_action of, const char *condition,
                        gboolean unknown, gw_verdict *ret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_sessions, gw_sessions_free)

#endif
