/* jmuci_ledger.h - the accept order of JMUCI calls in one room, as the room reflects it (docs/jmuci.md 2).
 * The watcher keeps one for each room from the first proposal on; each seat copies it when its phone comes in.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_JMUCI_LEDGER_H
#define GW_JMUCI_LEDGER_H
#include <glib.h>
#include "gateway/flavour/flavour.h"

typedef struct {
  char *nick;
  char *jid;             /* real full JID at the time of the word, or of its jid attribute; NULL unknown */
  gboolean alive;        /* FALSE: ended, left, or our session with it ended */
  gint64 at_us;
} gw_order_entry;
typedef struct {
  char *id;
  gboolean sfu, video;
  gboolean historic;     /* seen in history only: never ring, never join */
  gboolean retracted, dead;
  gint64 proposed_us, last_accept_us;   /* last_accept_us 0: nobody accepted yet */
  GArray *order;         /* gw_order_entry; index 0 = proposer */
} gw_ledger_call;

gw_ledger *gw_ledger_new(void);
gw_ledger *gw_ledger_copy(const gw_ledger *);
void gw_ledger_free(gw_ledger *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ledger, gw_ledger_free)
/* Returns TRUE when something changed (so that it can be saved). */
gboolean gw_ledger_occupant(gw_ledger *, const gw_fl_occupant *, gint64 now_us);
gboolean gw_ledger_word(gw_ledger *, const gw_word *, gint64 now_us);
guint gw_ledger_count(const gw_ledger *);
gw_ledger_call *gw_ledger_at(const gw_ledger *, guint i);
gw_ledger_call *gw_ledger_find(const gw_ledger *, const char *id);
/* The call that a newcomer should join: not dead, not retracted, not historic, and accepted with two living entries left
 * or proposed less than 29 s ago with its proposer there. Of several the one whose proposer is still in it, then the one
 * accepted last, then the first proposed. NULL: none runs. */
gw_ledger_call *gw_ledger_live(const gw_ledger *, gboolean sfu, gint64 now_us);
/* Of two that could be joined: rather a than b? The order above, whatever kind they are. */
gboolean gw_ledger_better(const gw_ledger *, const gw_ledger_call *a, const gw_ledger_call *b);
/* What gw_ledger_live asks of one call. */
gboolean gw_ledger_joinable(const gw_ledger *, const gw_ledger_call *, gint64 now_us);
void gw_ledger_forget(gw_ledger *, const char *id);             /* a call that turned out to be dead */
/* The entry lives no more: a session with it ended. With its last living entry a call is dead. TRUE when that changed
 * something; unknown ids and nicks are ignored. */
gboolean gw_ledger_kill_nick(gw_ledger *, const char *id, const char *nick);
int gw_ledger_index(const gw_ledger_call *, const char *nick);  /* first index, -1 */
/* Text for the store: at most GW_MAX_LEDGER_BYTES; times as offsets from the last word or occupant seen. */
char *gw_ledger_save(const gw_ledger *);
/* NULL when broken. Calls that nobody had accepted come back as historic: their proposers have long given up. The
 * living entries of the others count again as soon as their nicks have been told as occupants. */
gw_ledger *gw_ledger_load(const char *text, gint64 now_us);

#endif
