/* trunk_machine.h - one trunk as a machine: when to look its hosts up, to register, to ask whether it lives, and when
 * to try again. Events in, actions out, time and chance are parameters.
 * Thread: any (pure).  Owner: caller.  Calls back: never. */
#ifndef GW_TRUNK_MACHINE_H
#define GW_TRUNK_MACHINE_H
#include <glib.h>
#include "base/clock.h"

typedef enum { GW_TS_TRYING, GW_TS_UP, GW_TS_DOWN } gw_ts; /* the order of gw_sip_trunk_state */

typedef enum {
  GW_TE_START, /* or: the configuration has changed */
  GW_TE_HOSTS, /* looked up: n of them, kept is where the one in use stands among them now, -1 it is gone. None: the old ones stay */
  GW_TE_OK,      /* REGISTER accepted for granted_s */
  GW_TE_REFUSED, /* REGISTER refused: status, and min_expires_s or retry_after_s when it said so */
  GW_TE_ALIVE,   /* OPTIONS answered, with anything but 503 */
  GW_TE_SILENT,  /* no answer to either, or none that is worth one; reason */
  GW_TE_TICK
} gw_te_type;

typedef struct {
  gw_te_type type;
  guint n;
  int kept;
  guint status, granted_s, min_expires_s, retry_after_s;
  const char *reason; /* REFUSED: phrase. SILENT: "no answer" */
} gw_te;

typedef enum { GW_TA_RESOLVE, GW_TA_REGISTER, GW_TA_PING, GW_TA_CHANGED } gw_ta;
#define GW_TA_MAX 4

typedef enum { GW_TB_IDLE, GW_TB_RESOLVING, GW_TB_REGISTERING, GW_TB_PINGING } gw_tb;

typedef struct {
  gboolean registers;
  gint64 keepalive_us; /* 0: nobody asks */
  guint wish_s;        /* Expires that is asked for */
  /* what the shell reads */
  gw_ts state;
  char reason[128]; /* of state; "" up */
  guint host;       /* in use */
  guint expires_s;  /* of the next REGISTER */
  /* its own */
  guint n;
  gw_tb busy;
  gboolean renegotiated;
  gboolean looking; /* a lookup is out; of a trunk that is up nothing waits for it */
  guint rounds, missed;
  gint64 refresh_us, ping_us, retry_us, resolve_us;
} gw_trunk_machine;

void gw_trunk_machine_init(gw_trunk_machine *, gboolean registers, guint keepalive_s,
                           guint expires_s);
/* random: any number, for jitter. Returns how many actions were written (at most GW_TA_MAX). */
guint gw_trunk_machine_step(gw_trunk_machine *, const gw_te *, gint64 now_us, guint32 random,
                            gw_ta *ret);
gint64 gw_trunk_machine_deadline(const gw_trunk_machine *); /* when TICK is due; GW_NEVER */

#endif
