/* jmi.h - Jingle Message Initiation (XEP-0353) as plain structs: who is asked whether he takes a call, before there is a
 * session. Part of words.h.
 * Thread: any (pure values).  Owner: gw_jmi_clear frees all strings.  Calls back: never. */
#ifndef GW_JMI_H
#define GW_JMI_H
#include <glib.h>

typedef enum {
  GW_JMI_PROPOSE,
  GW_JMI_RINGING,
  GW_JMI_PROCEED,
  GW_JMI_ACCEPT,         /* of old versions: to the sender's own other devices */
  GW_JMI_REJECT,
  GW_JMI_RETRACT,
  GW_JMI_FINISH,
  GW_JMI_ERROR           /* local: our propose came back, see error; id is that of the propose */
} gw_jmi_action;
typedef struct {
  gw_jmi_action action;
  char *id;              /* also the sid of the session that follows */
  char *reason;          /* element name ("busy"), or NULL */
  gboolean audio, video; /* propose: described media */
  gboolean tie_break;    /* reject, retract: two proposals crossed (XEP-0353, "Tie Breaking") */
  char *error;           /* ERROR: stanza condition */
} gw_jmi;
void gw_jmi_copy(gw_jmi *to, const gw_jmi *from);
void gw_jmi_clear(gw_jmi *);
const char *gw_jmi_action_name(gw_jmi_action); /* "propose" */

#endif
