/* iq.h - IQ discipline: every question of ours ends once, with its answer or without; every question to us is answered.
 * Thread: control.  Owner: maker frees; data belongs to the caller.  Calls back: answers from the loop. */
#ifndef GW_XMPP_IQ_H
#define GW_XMPP_IQ_H
#include "base/ids.h"
#include "xmpp/xml.h"

#define GW_MAX_IQ_ID 512 /* a room's server rewrites ids to long ones */

typedef struct gw_iqs gw_iqs;
/* answer: result or error from where we asked; NULL: none came in time. */
typedef void (*gw_iq_fn)(xmpp_stanza_t *answer_or_null, void *data);
gw_iqs *gw_iqs_new(GMainContext *, gw_ids *);
void gw_iqs_free(gw_iqs *);                     /* forgets all silently, destroying data */
/* Id for a question to `to` (NULL: our own server). owner: for gw_iqs_forget. Valid until the answer is dealt with. */
const char *gw_iqs_add(gw_iqs *, const char *to, void *owner, guint seconds, gw_iq_fn, void *data, GDestroyNotify);
gboolean gw_iqs_answer(gw_iqs *, xmpp_stanza_t *iq);   /* FALSE: nobody waits for it */
void gw_iqs_forget(gw_iqs *, void *owner);

gboolean gw_iq_ok(xmpp_stanza_t *answer_or_null);      /* came, and is a result */
/* "item-not-found" ..., "timeout" when NULL, "undefined-condition" when the error names none; NULL for a result. */
const char *gw_iq_condition(xmpp_stanza_t *answer_or_null);
gboolean gw_iq_has_jingle(xmpp_stanza_t *answer_or_null, const char *condition); /* urn:xmpp:jingle:errors:1 */

/* Answers: from exactly the address asked, to exactly the asker, with exactly the id. */
xmpp_stanza_t *gw_iq_result(xmpp_stanza_t *iq);
xmpp_stanza_t *gw_iq_error(xmpp_stanza_t *iq, const char *type, const char *condition, const char *jingle_or_null);
xmpp_stanza_t *gw_iq_new(const char *type, const char *from, const char *to, const char *id);

#endif
