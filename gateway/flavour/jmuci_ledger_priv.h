/* jmuci_ledger_priv.h - inside of the ledger, for its two source files and the mesh.
 * Thread: any (pure).  Owner: as jmuci_ledger.h.  Calls back: never. */
#ifndef GW_JMUCI_LEDGER_PRIV_H
#define GW_JMUCI_LEDGER_PRIV_H
#include "gateway/flavour/jmuci_ledger.h"
#include "gateway/flavour/jmuci_roster.h"

struct gw_ledger {
  GPtrArray *calls;      /* gw_ledger_call, in the room's order */
  GArray *orphans;       /* accepts of calls whose proposal was not seen */
  gw_jmuci_roster *roster;
  gint64 now_us;         /* of the last event: saved times are offsets from it */
};

gw_ledger_call *gw_ledger_call_new(const char *id);
void gw_ledger_call_free(gpointer call);
gw_order_entry *gw_ledger_entry(const gw_ledger_call *, guint i);
gw_order_entry *gw_ledger_entry_of(const gw_ledger_call *, const char *nick); /* first one, or NULL */
void gw_ledger_append(gw_ledger_call *, const char *nick, const char *jid, gint64 at_us); /* bounded; alive */
void gw_ledger_kill(gw_ledger_call *, const char *nick);        /* this entry lives no more */
gw_jmuci_roster *gw_ledger_roster(const gw_ledger *);
/* The entry is alive, in the room, and neither ourselves nor our watcher. */
gboolean gw_ledger_entry_lives(const gw_ledger *, const gw_order_entry *);

#endif
