/* jmuci_roster.h - who is in the room: nick -> real JIDs and whether the nick is one of ours. Private to flavour/.
 * Thread: any (pure).  Owner: caller frees; entries belong to the roster.  Calls back: never. */
#ifndef GW_JMUCI_ROSTER_H
#define GW_JMUCI_ROSTER_H
#include <glib.h>
#include "gateway/flavour/flavour.h"

typedef struct gw_jmuci_roster gw_jmuci_roster;
typedef struct {
  char *nick;
  char **jids;           /* real full JIDs, newest last, at most GW_MAX_JIDS_PER_NICK */
  gboolean self, seat, watcher;
  gboolean stale;        /* not told again since gw_jmuci_roster_doubt */
} gw_jmuci_person;

gw_jmuci_roster *gw_jmuci_roster_new(void);
/* A copy for somebody else: whoever was `self` there is a watcher here. */
gw_jmuci_roster *gw_jmuci_roster_copy(const gw_jmuci_roster *);
void gw_jmuci_roster_free(gw_jmuci_roster *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_jmuci_roster, gw_jmuci_roster_free)
/* TRUE when a nick has come in that was not there (a rename is not). Over GW_MAX_OCCUPANTS: ignored. */
gboolean gw_jmuci_roster_set(gw_jmuci_roster *, const gw_fl_occupant *);
gw_jmuci_person *gw_jmuci_roster_find(const gw_jmuci_roster *, const char *nick); /* or NULL */
/* Who has this full JID; else, of those with the same bare JID, any but ours (another device of the nick). */
gw_jmuci_person *gw_jmuci_roster_by_jid(const gw_jmuci_roster *, const char *jid);
guint gw_jmuci_roster_others(const gw_jmuci_roster *); /* neither self, seat nor watcher */
void gw_jmuci_roster_doubt(gw_jmuci_roster *);         /* the stream went: nobody is certain */
/* Drops those who stayed in doubt; returns their nicks (free with g_ptr_array_unref). */
/* One that is doubted from now on. */
void gw_jmuci_roster_miss(gw_jmuci_roster *, const char *nick);
/* keep (or NULL) says who is doubted further. */
GPtrArray *gw_jmuci_roster_settle(gw_jmuci_roster *, gboolean (*keep)(const char *nick, const void *user), const void *user);
const char *gw_jmuci_person_newest(const gw_jmuci_person *); /* newest JID with a resource, or NULL */
gboolean gw_jmuci_person_owns(const gw_jmuci_person *, const char *jid); /* jid has one of its bare JIDs and a resource */

#endif
