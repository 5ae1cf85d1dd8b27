/* meet.h - who publishes which contents in a meet (tigase:meet:0 joined and left), as plain structs.
 * Thread: any (pure values).  Owner: gw_meet_clear frees what is inside.  Calls back: never. */
#ifndef GW_XMPP_MEET_H
#define GW_XMPP_MEET_H
#include <glib.h>

typedef struct {
  char *jid;      /* bare, normal */
  char **mids;    /* names of contents of the session that brings them, NULL-terminated */
} gw_meet_who;
typedef struct {
  gboolean left;  /* else joined */
  GPtrArray *who; /* gw_meet_who*, owned */
} gw_meet;
void gw_meet_init(gw_meet *, gboolean left);
void gw_meet_add(gw_meet *, const char *jid, const char *const *mids);
void gw_meet_copy(gw_meet *to, const gw_meet *from);
void gw_meet_clear(gw_meet *);

#endif
