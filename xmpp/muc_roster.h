/* muc_roster.h - who is in a room: nick -> affiliation, role and the real JIDs behind it (XEP-0045 7.2).
 * The set of JIDs of a nick is a hint: servers tell of several clients on one nick each in their own way.
 * Thread: any (pure).  Owner: caller frees; occupants belong to the roster until taken.  Calls back: never. */
#ifndef GW_XMPP_MUC_ROSTER_H
#define GW_XMPP_MUC_ROSTER_H
#include <glib.h>
#include "xmpp/muji.h"

typedef struct { const char *jid, *nick, *affiliation, *role; } gw_muc_item;    /* each may be NULL */

typedef struct {
  char *nick, *affiliation, *role;
  GPtrArray *jids;        /* char*, full JIDs, newest last, then one NULL */
  gw_muji *muji;          /* what the last presence said of Muji, or NULL */
  gboolean self;
  gboolean stale;         /* not seen since we had to join again */
} gw_muc_occ;
gw_muc_occ *gw_muc_occ_copy(const gw_muc_occ *);
void gw_muc_occ_free(gw_muc_occ *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_muc_occ, gw_muc_occ_free)

typedef struct gw_muc_roster gw_muc_roster;
gw_muc_roster *gw_muc_roster_new(void);
void gw_muc_roster_free(gw_muc_roster *);
gw_muc_occ *gw_muc_roster_find(const gw_muc_roster *, const char *nick);
gboolean gw_muc_roster_has_jid(const gw_muc_roster *, const char *full_jid);
guint gw_muc_roster_count(const gw_muc_roster *);
typedef enum { GW_ROSTER_NEW, GW_ROSTER_CHANGED, GW_ROSTER_SAME, GW_ROSTER_FULL } gw_roster_news;
/* Items without a usable full JID add none. FULL: GW_MAX_OCCUPANTS reached, nothing kept, *ret_occ untouched. */
gw_roster_news gw_muc_roster_see(gw_muc_roster *, const char *nick, const gw_muc_item *items, guint n, gboolean self,
                                 gw_muc_occ **ret_occ);
/* copied; TRUE when it is something new */
gboolean gw_muc_occ_set_muji(gw_muc_occ *, const gw_muji *);
gw_muc_occ *gw_muc_roster_take(gw_muc_roster *, const char *nick);                 /* caller frees; NULL unknown */
gw_muc_occ *gw_muc_roster_rename(gw_muc_roster *, const char *nick, const char *to); /* NULL: unknown nick */
void gw_muc_roster_clear(gw_muc_roster *);
void gw_muc_roster_mark_stale(gw_muc_roster *);
gw_muc_occ *gw_muc_roster_take_stale(gw_muc_roster *);                             /* any one, caller frees; NULL none left */
void gw_muc_roster_foreach(const gw_muc_roster *, void (*fn)(const gw_muc_occ *, void *), void *user);

#endif
