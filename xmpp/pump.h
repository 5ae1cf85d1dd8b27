/* pump.h - drives the XMPP library from a GLib main loop: one GSource for all its connections (the library runs all at
 * once), with the file descriptors that its select() needs.
 * Thread: control.  Owner: reference counted, one per process.  Calls back: whatever the library calls, from the loop. */
#ifndef GW_XMPP_PUMP_H
#define GW_XMPP_PUMP_H
#include <glib.h>

typedef struct gw_pump gw_pump;
typedef struct {            /* one connection's socket; embedded by its owner, zeroed at first */
  gw_pump *pump;
  int fd;
  void *tag;
  gboolean out;             /* something waits to be sent, or the connection to come up */
  gboolean writable_before;
  guint64 sent_before;
} gw_pump_link;

/* The library's process-wide context can be driven from one main context only: the first one given. */
gw_pump *gw_pump_ref(GMainContext *);
void gw_pump_unref(gw_pump *);
/* select() aborts on numbers from FD_SETSIZE up, and a call server has thousands open: low numbers are kept in reserve,
 * one more for each connection, given free just before a socket is made and taken back when it is gone. */
void gw_pump_reserve(gw_pump *, guint n);
void gw_pump_spend(gw_pump *);
void gw_pump_regain(gw_pump *);

gboolean gw_pump_watch(gw_pump *, gw_pump_link *, int fd);  /* replaces a former fd; FALSE: number too high for select() */
void gw_pump_unwatch(gw_pump_link *);
void gw_pump_wake(gw_pump_link *);                          /* something was queued for sending */
void gw_pump_stop_early(gw_pump *);                         /* a connection has just ended: leave this round */
/* fn(data) when the library is not running: at once if it is not now. */
void gw_pump_outside(gw_pump *, void (*fn)(void *), void *data);

#endif
