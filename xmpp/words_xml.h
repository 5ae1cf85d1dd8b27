/* words_xml.h - stanzas <-> words: the JMUCI and Jingle dialects (XEP-0166, 0167, 0176, 0320, 0338, 0339).
 * Works on stanza trees without a connection, so recordings and fuzzers drive it too.
 * Thread: control.  Owner: caller frees words (gw_word_free) and stanzas (xmpp_stanza_release).  Calls back: never. */
#ifndef GW_XMPP_WORDS_XML_H
#define GW_XMPP_WORDS_XML_H
#include "xmpp/words.h"
#include "xmpp/xml.h"

/* A groupchat message's JMUCI word; NULL: none, or broken. historic is set from a delay only. */
gw_word *gw_words_parse_jmuci(xmpp_stanza_t *message);
xmpp_stanza_t *gw_words_build_jmuci(const gw_word *, const char *from, const char *room, const char *id);

/* An invitation into a room, mediated (XEP-0045 7.8.2) or direct (XEP-0249); of both in one message, as old rooms send
 * them, the mediated one. NULL: none, or not one to be acted on (an error, said in a room, no usable JIDs). historic: it
 * was delayed on the way. */
gw_word *gw_words_parse_invite(xmpp_stanza_t *message);
/* To the inviter, that nobody will come: through the room (XEP-0045 7.8.2, decline), or as a chat message. from: bare JID
 * of who was asked, or NULL for a stream's own. */
xmpp_stanza_t *gw_words_build_decline(const gw_word *invite, const char *from, const char *reason, const char *id);

/* What can be said of a Jingle IQ before its session is looked up. sid points into the stanza; NULL when absent or over
 * GW_MAX_SID. FALSE: no <jingle/> of XEP-0166 in it. */
typedef struct { gw_jingle_action action; const char *sid; } gw_jingle_head;
gboolean gw_words_peek_jingle(xmpp_stanza_t *iq, gw_jingle_head *ret);
/* we_initiated: our side began this session; turns senders into directions of the writer. NULL with *ret_why (a static
 * phrase for the log): malformed, to be answered with bad-request. */
gw_word *gw_words_parse_jingle(xmpp_stanza_t *iq, gboolean we_initiated, const char **ret_why);
xmpp_stanza_t *gw_words_build_jingle(const gw_word *, const char *from, const char *id);

#endif
