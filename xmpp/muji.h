/* muji.h - what the presences of a Muji call (XEP-0272) and call invites (XEP-0482) say, as plain structs. Part of words.h.
 * Thread: any (pure values).  Owner: the free functions free all strings and descriptions.  Calls back: never. */
#ifndef GW_MUJI_H
#define GW_MUJI_H
#include <glib.h>
#include "base/desc.h"

#define GW_NS_MUJI "urn:xmpp:jingle:muji:0"

/* The muji element of one occupant's presence. Both may be set: media are being changed (XEP-0272 "Adding media"). */
typedef struct {
  gboolean preparing;
  gboolean contents;     /* takes part: at least one content is announced */
  gw_desc *desc;         /* the first audio content, its name and at most GW_MAX_MUJI_CODECS payload types; NULL none usable */
} gw_muji;
gw_muji *gw_muji_new(gboolean preparing, const gw_desc *audio_or_null); /* copied */
gw_muji *gw_muji_copy(const gw_muji *);
void gw_muji_free(gw_muji *);
gboolean gw_muji_equal(const gw_muji *, const gw_muji *);               /* NULL is a value too */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_muji, gw_muji_free)

/* XEP-0482 0.1.0; in the older form "propose" and "finish" for invite and left. */
typedef enum { GW_INVITE_INVITE, GW_INVITE_ACCEPT, GW_INVITE_REJECT, GW_INVITE_RETRACT, GW_INVITE_LEFT,
               GW_INVITE_FAILED /* Tigase Meet: taken, and then it could not be joined */ } gw_invite_action;
#define GW_INVITE_MAX_IDS 4
typedef struct {
  gw_invite_action action;
  char *ids[GW_INVITE_MAX_IDS]; /* all names of the invite, the first one is said back: id of the element, message id,
                                 * origin-id (XEP-0359), stanza-id of the room; of an answer only the first */
  guint n_ids;
  gboolean video, multi;
  gboolean in_new, in_old; /* said in XEP-0482's form, in the older one; neither: both are to be written */
  char *muji_room;       /* bare JID, or NULL */
  char *jingle_sid, *jingle_jid; /* or NULL */
  gboolean in_meet;      /* said in the form of Tigase Meet (meet_xml.h), and answered in it */
  char *meet;            /* of that form: where the call is, bare JID, or NULL */
} gw_call_invite;
void gw_call_invite_copy(gw_call_invite *to, const gw_call_invite *from);
void gw_call_invite_clear(gw_call_invite *);
/* Is this the id of that invite? By any of its names. */
gboolean gw_call_invite_has_id(const gw_call_invite *, const char *id);
const char *gw_invite_action_name(gw_invite_action);                    /* "invite" */

#endif
