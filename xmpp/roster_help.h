/* roster_help.h - which contacts somebody lacks: our phones against a contact list as a server tells it.
 * Thread: any (pure).  Owner: caller frees; strings are copied.  Calls back: never. */
#ifndef GW_ROSTER_HELP_H
#define GW_ROSTER_HELP_H
#include <glib.h>
#include "xmpp/gateway.h"

#define GW_HELP_MOST 200 /* contacts that one person is given at once */

typedef struct gw_lack gw_lack;
/* Everything of ours; then what is there already is told, and what is left is lacking. */
gw_lack *gw_lack_new(const gw_items *ours);
void gw_lack_free(gw_lack *);
/* A contact that is there. both: each sees the other (RFC 6121 2.1.2.5); without that it does not count. */
void gw_lack_has(gw_lack *, const char *jid, gboolean both);
guint gw_lack_count(const gw_lack *);
void gw_lack_again(gw_lack *); /* from the first one on */
/* The next one that is lacking, once each, sorted, GW_HELP_MOST at most. FALSE: no more. Strings live as long as the lack. */
gboolean gw_lack_next(gw_lack *, const char **ret_jid, const char **ret_name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_lack, gw_lack_free)

#endif
