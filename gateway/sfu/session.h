/* session.h - one participant at one forwarding service, from the first connection to the clean leave: handshake, join,
 * questions with timers of our own (the service leaves some without any answer), pings, and after a lost connection leave
 * and join again, since the service goes on listing whom it lost. Pure: events in, actions out, time a parameter.
 * Thread: any (one at a time).  Owner: caller frees; actions are freed by gw_sfu_outs_clear.  Calls back: never. */
#ifndef GW_SFU_SESSION_H
#define GW_SFU_SESSION_H
#include <glib.h>
#include "base/cause.h"
#include "base/clock.h"

#define GW_SFU_FIRST GW_SEC(10)      /* to be joined for the first time: somebody waits for it on the phone */
#define GW_SFU_AGAIN GW_SEC(60)      /* to be joined again after a loss: sound may still flow */
#define GW_SFU_CONNECT GW_SEC(5)     /* for one connection: socket, handshake, join */
#define GW_SFU_ANSWER GW_SEC(10)     /* for the answer to one offer */
#define GW_SFU_BACKOFF_MAX GW_SEC(16) /* between two connections: 1, 2, 4, 8, 16 s */

typedef enum {
  GW_SFU_EV_START,      /* connect and join */
  GW_SFU_EV_OPENED,     /* the WebSocket stands */
  GW_SFU_EV_TEXT,       /* text: one frame */
  GW_SFU_EV_CLOSED,     /* the WebSocket is gone or could not be made; text: why */
  GW_SFU_EV_REQUEST,    /* text: our offer for the leg of src; src == own name publishes */
  GW_SFU_EV_CANDIDATE,  /* text: a candidate of ours for the leg of src, mid, mline */
  GW_SFU_EV_REJOIN,     /* leave and join again: all legs start afresh */
  GW_SFU_EV_LEAVE,      /* for good */
  GW_SFU_EV_TICK
} gw_sfu_ev_type;
typedef struct { gw_sfu_ev_type type; const char *text, *src, *mid; guint mline; } gw_sfu_ev;

typedef enum {
  GW_SFU_CONNECTING,    /* shell: make a WebSocket (after dropping the one before) */
  GW_SFU_SEND,          /* shell: text */
  GW_SFU_CLOSE,         /* shell: close it, a moment after what was sent: a service drops what it has read but not yet
                         * looked at when a goodbye comes right behind it, and would list us for ever */
  GW_SFU_JOINED,        /* user: in the room; names: who else is. Legs of before are no more */
  GW_SFU_ANSWER_TO,     /* user: text = SDP, NULL = refused or not answered; name */
  GW_SFU_REMOTE,        /* user: candidate text of the leg `name`, mid, mline */
  GW_SFU_COMES,         /* user: name has joined */
  GW_SFU_GOES,          /* user: name has left */
  GW_SFU_DOWN,          /* user: connection lost, text why; it is tried again */
  GW_SFU_FAILED         /* user: given up; cause, text why. Nothing comes after it */
} gw_sfu_out_type;
typedef struct {
  gw_sfu_out_type type;
  char *text, *name, *mid;
  guint mline;
  char **names;
  gw_cause cause;
} gw_sfu_out;
GArray *gw_sfu_outs_new(void);       /* gw_sfu_out; g_array_unref frees all */

typedef struct gw_sfu_session gw_sfu_session;
gw_sfu_session *gw_sfu_session_new(const char *room, const char *name);
void gw_sfu_session_free(gw_sfu_session *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_sfu_session, gw_sfu_session_free)
void gw_sfu_session_step(gw_sfu_session *, const gw_sfu_ev *, gint64 now_us, GArray *ret /* appended */);
gint64 gw_sfu_session_deadline(const gw_sfu_session *); /* us, GW_NEVER */
gboolean gw_sfu_session_joined(const gw_sfu_session *);
guint64 gw_sfu_session_ignored(const gw_sfu_session *); /* frames that meant nothing */

#endif
